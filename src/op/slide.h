/* SPDX-License-Identifier: MIT */
/*
 * Aggregates that slide: for windows that overlap, accumulators that can take
 * back what was merged (counts, the histograms of percentiles) are kept for
 * the window at hand. From one window to the next, the slices that come are
 * merged in and those that go are taken out, whatever the window's length.
 * Where what is left would not have the value of a fresh merge, it is made
 * anew, so results do not depend on the path.
 */
#ifndef WEIR_OP_SLIDE_H
#define WEIR_OP_SLIDE_H

#include "op/window_kind.h"
#include "state/table.h"

struct group_config;

struct slide {
	const struct group_config *c;
	struct table *(*table_at)(void *arg, int64_t start);
	void *arg;
	struct table cells; /* a cell's revision: slices that hold its key */
	struct span span;   /* the slices in it; start == end: none */
	size_t n_gone;	    /* cells whose key is in no slice any more */
	size_t heap_made;   /* bytes of the heap when it was made anew */
};

void slide_init(struct slide *s, const struct group_config *c,
    struct table *(*table_at)(void *arg, int64_t start), void *arg);
void slide_release(struct slide *s);

/* Moves to the window and sets what slides in the cells of t. */
void slide_fill(struct slide *s, struct span window, struct table *t);

/* Forgets what it has. */
void slide_clear(struct slide *s);

/* A slice is about to be dropped. */
void slide_drop(struct slide *s, struct span slice, const struct table *t);

/* Rows have come to a slice. */
void slide_stale(struct slide *s, struct span slice);

#endif

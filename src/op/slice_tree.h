/* SPDX-License-Identifier: MIT */
/*
 * Merges of neighbouring slices, kept so that overlapping windows share them.
 *
 * A window of n slices is the merge of at most 2 log2(n) nodes of a binary
 * tree over time, each of which covers 2^level slices and is the merge of its
 * two halves. A node is made when a window first needs it and forgotten when
 * one of its slices changes or is dropped. So a sliding window costs a few
 * merges per slide and key instead of n (after Tangwongsan et al., "General
 * incremental sliding-window aggregation", VLDB 2015). Which merges happen
 * depends on event time alone: results are the same however the input is cut.
 *
 * Aggregates that can be taken back are left out of the merges (they stay
 * zero): slide.h has a cheaper way for them.
 */
#ifndef WEIR_OP_SLICE_TREE_H
#define WEIR_OP_SLICE_TREE_H

#include "base/hash.h"
#include "state/index.h"
#include "state/table.h"

struct group_config;

struct slice_tree {
	const struct group_config *c;
	/* The table of the slice that starts at a time, or NULL. */
	struct table *(*table_at)(void *arg, int64_t start);
	void *arg;
	struct index nodes;
	unsigned levels;  /* the highest level there is a node of */
	int64_t built_to; /* no node covers this slice number or later ones */
	struct table sum; /* of the window asked for last */
};

void slice_tree_init(struct slice_tree *t, const struct group_config *c,
    struct table *(*table_at)(void *arg, int64_t start), void *arg);
void slice_tree_release(struct slice_tree *t);

/* The number of the slice that starts at a time. */
int64_t slice_tree_number(const struct slice_tree *t, int64_t start);

/* Forgets all merges. */
void slice_tree_clear(struct slice_tree *t);

/*
 * The merge of all slices in [start, end), which are slice boundaries: a
 * table that may be read until slice_tree_done, or NULL if all are empty.
 */
struct table *slice_tree_merge(
    struct slice_tree *t, int64_t start, int64_t end);
void slice_tree_done(struct slice_tree *t, struct table *merged);

/* The slice's cells have changed. */
void slice_tree_stale(struct slice_tree *t, int64_t start);

/* The slice is dropped. */
void slice_tree_forget(struct slice_tree *t, int64_t start);

#endif

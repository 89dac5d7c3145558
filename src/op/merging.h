/* SPDX-License-Identifier: MIT */
/*
 * More things than there is memory for, in order: they are sorted a run at a
 * time, runs lie in the step's state as pages, and are merged at the end
 * (Knuth, TAOCP 5.4). Nothing of it is there between two records, so nothing of
 * it is ever part of a commit.
 */
#ifndef WEIR_OP_MERGING_H
#define WEIR_OP_MERGING_H

#include "state/state.h"

/* What things are; arg is the owner's. */
struct merging_kind {
	/* A thing of its bytes; NULL: they are none. */
	void *(*read)(void *arg, struct str bytes);
	void (*drop)(void *arg, void *thing);
	/* Never 0: what came first is first. */
	int (*order)(void *arg, const void *a, const void *b);
};

struct merging_run;

struct merging {
	const struct merging_kind *kind;
	void *arg;
	struct state_map *map;
	struct merging_run **runs; /* a heap by their first thing, once read */
	size_t n, cap;
	int64_t next_bucket;
	struct buf page; /* of the run that is written */
	uint64_t n_pages;
	bool reading;
	void *given;
};

void merging_init(struct merging *m, const struct merging_kind *kind, void *arg,
    struct state_map *map);
void merging_release(struct merging *m);

/* Writes a run: its things in order, one after another, and its end. */
void merging_put(struct merging *m, struct str bytes);
void merging_end(struct merging *m);

/* The next thing of all runs, valid until the next call; NULL at the end. */
void *merging_next(struct merging *m);

#endif

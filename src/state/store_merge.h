/* SPDX-License-Identifier: MIT */
/*
 * A merge under way, and which one is due. Inside state/store_merge.c and
 * store_pick.c only.
 */
#ifndef WEIR_STATE_STORE_MERGE_H
#define WEIR_STATE_STORE_MERGE_H

#include "state/merge.h"
#include "state/store_in.h"

struct store_merge {
	struct store *store;
	struct version inputs; /* copies; the oldest first */
	size_t n_pile;	       /* of them, pieces of one run, the oldest */
	size_t n_low;	       /* as many if they go one by one, or 0 */
	struct merge_output *made;
	size_t n_made;
	uint64_t low;	/* bytes of those */
	uint64_t piece; /* of an output */
	uint64_t least; /* bytes for which a pause is worth it */
	bool pausable;	/* all inputs begin at the same place */
	/* What is ready, with the store's lock; and what of it is installed. */
	struct merge_output *ready;
	size_t n_ready, cap_ready;
	struct merge_reach reach; /* of that; at: as merge_job has inputs */
	bool fresh;		  /* some of it is not installed */
	size_t installed, low_installed;
	uint64_t waiting,
	    most; /* bytes that are not installed; before it waits */
	bool hurry;
	uint64_t next, end; /* numbers of runs that it may take */
	bool last;	    /* nothing is older than the inputs */
	/*
	 * Bytes of the run it makes that were there when it began, and of the
	 * pile that were left to go.
	 */
	uint64_t before, rest;
	uint64_t all; /* bytes of the inputs */
	pthread_t thread;
	atomic_int order; /* enum merge_order */
	atomic_uint_least64_t written;
	atomic_uint_least64_t goal;   /* says so when so much is written, */
	atomic_uint_least64_t budget; /* and pauses */
	atomic_bool finished;
	int rc; /* of merge_do */
	struct err err;
};

/*
 * The runs from `base` on that are to be merged: *n of them from *first on.
 * False: none.
 */
bool pick(struct version *v, size_t base, size_t *first, size_t *n);

/* Runs that lie over each other. */
size_t pick_depth(const struct version *v);

/*
 * Bytes that a merge should write by now, so that what comes meanwhile does not
 * pile up. slack: less, as much as may be left to the next run.
 */
uint64_t pick_due(const struct store_merge *m, bool slack);

#endif

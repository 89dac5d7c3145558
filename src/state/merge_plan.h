/* SPDX-License-Identifier: MIT */
/*
 * Which runs to merge. Runs lie over each other, the newest on top; reads ask
 * them from the top down, and what is on top hides what is below.
 *
 * Runs of about the same size are merged once there are MERGE_FAN of them
 * (size tiers), so that every entry is written about once per tier, and the
 * tiers are few. The bottom is only written again when what is hidden by the
 * runs on it comes to 60 % of it, or when much of it is dead. So a state that
 * changes at random takes less than four bytes for each that is changed, and
 * up to twice its size on the disk, since the pieces of the bottom go one by
 * one while it is written again (merge.h); more while commits come faster than
 * merges go. One that grows, or whose
 * buckets come and go, is not written again and again for nothing.
 *
 * Runs that follow each other in the order of keys (the pieces that a merge
 * has cut its result into) count as one.
 */
#ifndef WEIR_STATE_MERGE_PLAN_H
#define WEIR_STATE_MERGE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MERGE_FAN 8	    /* runs of a tier, and the ratio of tiers */
#define MERGE_DEPTH_MAX 32  /* runs over each other: more are never left */
#define MERGE_DEPTH_SLOW 40 /* from here on who adds one waits for a merge */
#define MERGE_DEPTH_END 32  /* up to here a run may end without merging */

#define MERGE_HIDDEN 60 /* of a hundred parts of the bottom: all are merged */
#define MERGE_EARLY 45	/* and here, if most of that is to be merged anyway */
#define MERGE_BEHIND 40 /* when so many more are that is to have ended */
#define MERGE_SLACK 10	/* as many are left to the next run of the program */

struct merge_run {
	uint64_t bytes;
	uint64_t dead;	 /* of them, of sections that are dropped */
	uint64_t covers; /* of them, of entries that hide others: a guess */
	uint64_t n_entries, n_deleted;
	bool follows; /* all of its keys are behind those of the run before */
};

/*
 * The runs, the oldest first. True: merge [*from, *from + *n), which follow
 * one another in age.
 */
bool merge_plan(
    const struct merge_run *runs, size_t n_runs, size_t *from, size_t *n);

/*
 * The same of runs below which others are being merged: small ones that pile
 * up meanwhile.
 */
bool merge_plan_top(
    const struct merge_run *runs, size_t n_runs, size_t *from, size_t *n);

/* Runs that lie over each other, pieces of one counted as one. */
size_t merge_depth(const struct merge_run *runs, size_t n_runs);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Values of count(DISTINCT …) by themselves: where a group has seen many, each
 * is an entry of the step's map "distinct", in the bucket of the group's table,
 * under the group's key, the value and the number of the call. So a set may be
 * larger than memory, and what is put of it is what has come.
 *
 * Where results come at the end, nobody asks whether a value is there: entries
 * are put as the cells that had them are (group_far_shed), as often as need
 * be, and counted when the result is asked for, in one scan beside the walk
 * over the groups. Where each change is shown they are cells of a table that
 * are looked up (group_far_add), and the count is always known.
 *
 * Both find what the other has left. Only groups that are in one table at a
 * time have values there: not those of windows that overlap or are corrected.
 */
#ifndef WEIR_OP_GROUP_FAR_H
#define WEIR_OP_GROUP_FAR_H

#include "expr/agg_far.h"
#include "op/group.h"

struct group_far {
	const struct group_config *c;
	struct state_map *map; /* NULL: nothing is kept there */
	unsigned *calls;       /* those whose values go, by number */
	struct buf ids;	       /* … as keys, the same in every version */
	int64_t *counts;       /* of the group at hand */
	unsigned n;
	uint64_t least; /* values from which on they do */
	bool shown;	/* each change is */
	bool again;	/* results are asked for more than once: none goes */
	bool stays;	/* there is memory for all: none has to go */
	bool said;	/* that there are some that were not counted */
	struct table seen;
	struct buf key;
};

/* keep: that of the step, with its versions; step NULL: there is no state. */
void group_far_init(struct group_far *f, const struct group_config *c,
    const struct group_keep *keep, struct state_step *step);
void group_far_release(struct group_far *f);

/* ---- results at the end ---- */

/* By the codec, before a cell is written down. */
void group_far_shed(
    struct group_far *f, int64_t bucket, struct table *t, struct cell *c);

/* The same of all cells in memory. */
void group_far_shed_all(struct group_far *f, int64_t bucket, struct table *t);

/* Beside a walk over the table of a bucket: counts each cell's values. */
struct far_count {
	struct group_far *far;
	int64_t bucket;
	struct store_scan *scan;
	struct str at; /* the next entry's key */
	bool begun, more;
};
void group_far_count(struct far_count *f, struct str key, char *acc);
void group_far_counted(struct far_count *f);

/*
 * An earlier run has given values away, and this one asks for results more than
 * once: they go back to their cells.
 */
void group_far_take_back(struct group_far *f, int64_t bucket, struct table *t);

/* The bucket's table is dropped. */
void group_far_drop(struct group_far *f, int64_t bucket);

/* ---- changes that are shown ---- */

/* From now on entries are looked up; those that were not counted are. */
void group_far_show(struct group_far *f, int64_t bucket, struct table *t);

/* group_far_add will be called for each of these rows and their groups. */
void group_far_fetch(struct group_far *f, const struct group_prep *p,
    const struct table *t, const struct agg_rows *rows);

/* Adds one row to its group: what group_add does besides counting rows. */
void group_far_add(struct group_far *f, const struct group_prep *p,
    struct table *t, struct agg_rows *row);

#endif

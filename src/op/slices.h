/* SPDX-License-Identifier: MIT */
/*
 * Running over slices: what its files share.
 *
 *   slices.c       slices, entering rows, firing
 *   slices_late.c  late rows: results that are written again, or taken back
 *   slices_kept.c  what is left for the next run
 *   slices_walk.c  windows of several slices when memory is short
 */
#ifndef WEIR_OP_SLICES_H
#define WEIR_OP_SLICES_H

#include "base/heap.h"
#include "op/group_far.h"
#include "op/slice_tree.h"
#include "op/slide.h"
#include "state/index.h"
#include "state/table.h"

struct slice {
	struct span span;
	int64_t first_end; /* of the first window that contains it */
	int64_t last_end;  /* of the last one */
	struct table table;
	uint64_t n_before; /* keys it had when this run began */
	uint64_t n_saved;  /* keys as noted for the next run */
	unsigned order;	   /* among the slices of the rows at hand, from 1 */
	bool done;	   /* all its windows have fired */
};

/* A window that fired and was corrected since: corrections per key. */
struct corrected {
	struct span window;
	struct table revisions; /* cell: uint32_t corrections */
};

/* What a window has shown for a key. */
struct result {
	struct value *values;
	bool shown;
};

struct slices_run {
	struct op_run run; /* first */
	const struct group_config *c;
	struct index by_start; /* of struct slice */
	struct heap due;
	struct slice *last; /* the slice of the last row, or NULL */
	int64_t watermark;  /* up to which windows have fired */
	struct group_rows rows;
	struct slice_tree tree; /* merged runs of slices, for hop & co */
	struct slide slide;	/* what slides from window to window */
	struct index corrected; /* of struct corrected, by window */
	struct heap forgotten;	/* when which of them is too old to matter */
	struct result *earlier; /* live: results a late row will change */
	size_t n_earlier, cap_earlier, n_given;
	struct arena values; /* of theirs */

	/* What is kept; step NULL: nothing is. */
	struct group_keep keep;
	struct group_far far;
	struct state_map *cells, *starts, *revisions, *own;
	int64_t saved; /* the watermark that is noted */

	/* Rows judged but not yet entered. */
	unsigned n_wait;
	uint16_t wait_row[BATCH_ROWS];
	uint16_t wait_k[BATCH_ROWS];
	struct slice *wait_slice[BATCH_ROWS];
	struct slice *touched[BATCH_ROWS]; /* distinct, in order */
	unsigned n_touched;
};

/* ---- slices.c ---- */

/* The slice that starts at a time, or NULL. */
struct slice *slices_find(const struct slices_run *r, int64_t start);

/* Makes it, scheduled by the watermark of now. */
struct slice *slices_make(struct slices_run *r, struct span span);

/* Its keys, in memory or not. */
static inline uint64_t
slice_keys(const struct slice *s)
{
	return s->n_before + s->table.n_made;
}

/* The cell is part of a result: a later one of its key is a correction. */
void slices_mark(struct slices_run *r, struct table *t, struct cell *c);

/* The table of the slice that starts at a time, or NULL. */
struct table *slices_table(const struct slices_run *r, int64_t start);

/* A row that is in the slice will be entered with the next ones. */
void slices_wait(
    struct slices_run *r, struct slice *s, unsigned row, unsigned k);

/* Enters the rows judged so far, in order within each slice. */
void slices_enter(
    struct slices_run *r, const struct batch *b, const struct group_prep *p);

/* ---- slices_late.c ---- */

/*
 * A row for a slice of which some windows have fired. Within allowed lateness
 * those are corrected at once; beyond it (or without) the row counts only for
 * the windows still open.
 */
void slices_late_row(struct slices_run *r, struct batch *b,
    const struct group_prep *p, struct slice *s, unsigned row, unsigned k);

/* The corrections of a window, which may have none yet. */
struct corrected *slices_corrected(struct slices_run *r, struct span w);

/* Drops those of windows that are too old to matter at watermark w. */
void slices_drop_corrected(struct slices_run *r, int64_t w);

void corrected_free(struct corrected *c);

/* ---- slices_walk.c ---- */

/* Is there no memory to have all cells of the window's slices at once? */
bool slices_are_many(const struct slices_run *r, struct span window);

/* The results of a window of several slices, key by key. */
void slices_walk(struct slices_run *r, struct span window);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Aggregation per key and window: what its files share.
 *
 *   group.c      the steps `group` and `window`: arguments, binding, prepare
 *   group_row.c  result rows: keys and aggregates to columns, HAVING, SELECT
 *   slices.c     running over slices (tumble, hop, cumulate, calendar, all),
 *                with slice_tree.c and slide.c for windows that overlap
 *   sessions.c   running over sessions
 *   group_live.c running over everything where rows change: they are taken
 *                back, or results are wanted as they change
 *
 * Columns of a result batch: 0 window_start, 1 window_end, 2 the number of a
 * correction, then the keys, then the aggregates, then what SELECT computes.
 */
#ifndef WEIR_OP_GROUP_H
#define WEIR_OP_GROUP_H

#include "expr/agg.h"
#include "op/op.h"
#include "op/window_kind.h"

enum {
	GROUP_START,
	GROUP_END,
	GROUP_REV,
	GROUP_KEYS
};

struct group_config {
	struct window_spec window;
	struct expr **keys;
	unsigned n_keys;
	struct grouping grouping; /* the aggregate calls */
	unsigned cell_bytes;	  /* all accumulators */
	bool *slides;		  /* by aggregate: see slide.h */
	unsigned n_slides;	  /* how many do */
	unsigned n_base;	  /* result columns before computed ones */
	unsigned n_cols;

	struct expr *having;
	struct group_item { /* what SELECT computes */
		struct expr *expr;
		unsigned col;
	} * items;
	unsigned n_items;

	int64_t allowed; /* allowed lateness, µs; WHEN_MAX = for ever */

	/*
	 * Changes go out row by row. counts: a cell also has the number of its
	 * rows, an int64_t at count_at.
	 */
	bool live, counts;
	unsigned count_at;
};

/* What prepare makes of a batch; index k is that of the selection. */
struct group_prep {
	struct str *keys;
	uint64_t *hashes;
	struct column **args; /* [aggregate][argument] */
	struct column *filters;
	int8_t *sign; /* by row: what comes is added or taken back, or NULL */
};

/* ---- group_row.c ---- */

/* Collects result rows and emits them in batches. */
struct group_rows {
	struct op_run *run;
	const struct group_config *c;
	struct batch *batch;
};

void group_rows_init(
    struct group_rows *g, struct op_run *run, const struct group_config *c);
void group_rows_release(struct group_rows *g);

/*
 * Adds a row; key and acc must live until the next group_rows_flush. rev 0:
 * not a correction.
 */
void group_rows_add(struct group_rows *g, struct span window, struct str key,
    const char *acc, uint32_t rev);
void group_rows_flush(struct group_rows *g);

/*
 * The same as a change of one kind, with the values of the aggregates. Before
 * CHANGE_BEFORE there is room for the CHANGE_AFTER, too.
 */
void group_rows_change(struct group_rows *g, struct span window, struct str key,
    const struct value *values, enum change kind);

/* Values of the aggregates of a cell. */
void group_values(const struct group_config *c, const char *acc,
    struct arena *a, struct value *out);

/* Two cells' values: is it the same row? */
bool group_same(
    const struct group_config *c, const struct value *a, const struct value *b);

static inline int64_t
group_count(const struct group_config *c, const char *acc)
{
	int64_t n;

	memcpy(&n, acc + c->count_at, sizeof n);
	return n;
}

/* Which aggregates of a cell to merge. */
enum group_part {
	GROUP_EACH,
	GROUP_SLIDING,
	GROUP_OTHERS
};

/* Merges accumulators of one cell into another. */
void group_merge(const struct group_config *c, enum group_part part,
    struct arena *heap, char *into, const char *from);

/* Adds rows to cells, aggregate by aggregate. rows->args is filled here. */
void group_add(const struct group_config *c, struct arena *heap,
    const struct group_prep *prep, struct agg_rows *rows);

/* ---- running ---- */

struct op_run *slices_open(const struct op *op);
void slices_apply(struct op_run *r, struct batch *b, void *prepared,
    unsigned from, unsigned to, struct watermark *w);
void slices_advance(struct op_run *r, int64_t w);
void slices_close(struct op_run *r);

/* False if all rows of the cell have been taken back. */
static inline bool
group_there(const struct group_config *c, const char *acc)
{
	return !c->counts || group_count(c, acc) > 0;
}

struct op_run *group_live_open(const struct op *op);
void group_live_apply(struct op_run *r, struct batch *b, void *prepared,
    unsigned from, unsigned to, struct watermark *w);
void group_live_advance(struct op_run *r, int64_t w);
void group_live_close(struct op_run *r);

struct op_run *sessions_open(const struct op *op);
void sessions_apply(struct op_run *r, struct batch *b, void *prepared,
    unsigned from, unsigned to, struct watermark *w);
void sessions_advance(struct op_run *r, int64_t w);
void sessions_close(struct op_run *r);

#endif

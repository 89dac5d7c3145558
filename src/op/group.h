/* SPDX-License-Identifier: MIT */
/*
 * Aggregation per key and window: what its files share.
 *
 *   group.c      the steps `group` and `window`: arguments, binding, prepare
 *   group_row.c  result rows: keys and aggregates to columns, HAVING, SELECT
 *   slices.c     running over slices (tumble, hop, cumulate, calendar, all),
 *                with slice_tree.c and slide.c for windows that overlap
 *   sessions.c   running over sessions
 *   count_windows.c  running over windows of so many rows
 *   group_live.c running over everything where rows change: they are taken
 *                back, or results are wanted as they change
 *
 *   group_set.c  grouping sets: which keys each has, grouping()
 *
 * Columns of a result batch: window_start, window_end, the number of a
 * correction, the grouping set, then the keys, then the aggregates, then what
 * SELECT computes.
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
	GROUP_SET, /* with grouping sets: see group_set.c */
	GROUP_KEYS
};

/* Nobody's name of a column: how trees written out find it. */
#define GROUP_SET_NAME "\001grouping set"

/* Keys there may be with grouping sets, and sets. */
#define GROUP_SETS_KEYS 40
#define GROUP_SETS_MAX 4096

struct group_config {
	struct window_spec window;
	struct expr **keys;
	unsigned n_keys;
	/*
	 * Grouping sets: a row belongs to a group of each. The first key is the
	 * highest of n_keys bits, set if the key is left out; bits above count
	 * equal sets before. NULL: there is one, with all keys.
	 */
	int64_t *sets;
	unsigned n_sets;	  /* at least 1 */
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
	struct str *keys; /* set by set, each `stride` apart */
	uint64_t *hashes;
	unsigned stride;
	struct column **args; /* [aggregate][argument] */
	struct column *filters;
	int8_t *sign; /* by row: what comes is added or taken back, or NULL */
};

/* ---- group_set.c ---- */

/* Reads the parameter `sets`; the keys are bound. */
int group_sets(const struct op *op, const struct bind *b,
    struct group_config *c, const struct node *const *keys);

/* Is the key left out of the set? */
static inline bool
group_left_out(const struct group_config *c, unsigned set, unsigned key)
{
	return c->sets && c->sets[set] >> (c->n_keys - 1 - key) & 1;
}

/* Has the set no keys? It has a row then even if nothing comes in. */
bool group_is_total(const struct group_config *c, unsigned set);

/* The group of such a set as a key. */
struct str group_total_key(
    const struct group_config *c, unsigned set, struct arena *a);

/* grouping(), grouping_id() and group_id() of a tree written out. */
struct node *group_write_out(const struct op *op, const struct group_config *c,
    const struct node *const *keys, struct node *n, const struct bind *b);

/* ---- group_row.c ---- */

/* Collects result rows and emits them in batches. */
struct group_rows {
	struct op_run *run;
	const struct group_config *c;
	struct batch *batch;
	int64_t time; /* of the next row, where windows are not of time */
};

void group_rows_init(
    struct group_rows *g, struct op_run *run, const struct group_config *c);
void group_rows_release(struct group_rows *g);

/*
 * Adds a row; key and acc must live until the next group_rows_flush. rev 0:
 * not a correction; of a window of rows: whole, else it is marked as partial.
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

struct op_run *count_windows_open(const struct op *op);
void count_windows_apply(struct op_run *r, struct batch *b, void *prepared,
    unsigned from, unsigned to, struct watermark *w);
void count_windows_advance(struct op_run *r, int64_t w);
void count_windows_close(struct op_run *r);

struct op_run *sessions_open(const struct op *op);
void sessions_apply(struct op_run *r, struct batch *b, void *prepared,
    unsigned from, unsigned to, struct watermark *w);
void sessions_advance(struct op_run *r, int64_t w);
void sessions_close(struct op_run *r);

#endif

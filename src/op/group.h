/* SPDX-License-Identifier: MIT */
/*
 * Aggregation per key and window: what its files share.
 *
 *   group.c      the steps `group` and `window`: arguments, binding, prepare
 *   group_state.c  what is kept of them between runs
 *   group_show.c   the same for people
 *   group_far.c  values of count(DISTINCT …) that are too many for a cell
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
#include "state/table.h"

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
	/*
	 * Rows may be added to pieces of cells (state/table.h). logs: some
	 * aggregates have the rows themselves there (expr/agg_log.h).
	 */
	bool pieces, logs;
	bool grows;  /* there are, and a cell may be large (agg_grows) */
	int64_t ttl; /* live: µs of event time keys are kept; 0 = for ever */
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
 * The next cell of a walk over a table, whose cells become rows: now and then
 * the rows go on, and what the walk has read is forgotten. *n counts them.
 */
struct cell *group_rows_walk(
    struct group_rows *g, struct table_walk *walk, unsigned *n);

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

/*
 * Adds to a piece, or to a cell that is whole, the accumulators of a piece
 * whose rows came behind.
 */
void group_merge_piece(const struct group_config *c, struct arena *heap,
    char *into, bool into_piece, const char *piece);

/* Adds rows to cells, aggregate by aggregate. rows->args is filled here. */
void group_add(const struct group_config *c, struct arena *heap,
    const struct group_prep *prep, struct agg_rows *rows);

/* The first part of it: their number, where that is known. */
void group_count_rows(const struct group_config *c,
    const struct group_prep *prep, struct agg_rows *rows);

/*
 * The same to cells of a table of which some may be pieces: where these have
 * become large, what came before them is got.
 */
void group_add_to_pieces(const struct group_config *c, struct table *t,
    const struct group_prep *prep, struct agg_rows *rows);

/* ---- group_state.c ---- */

struct group_far;

/* How cells of accumulators are kept: the arg of group_codec. */
struct group_keep {
	const struct group_config *c;
	struct state_step *step;
	/* By version of the schema: which of its aggregates each is, or -1. */
	int **from;
	unsigned *n_from; /* aggregates of the version */
	unsigned version;
	struct arena arena;
	struct group_far *far; /* whose values may be by themselves, or NULL */
};

extern const struct cell_codec group_codec;

void group_schema(const struct op *op, struct schema *out);
/* step NULL: cells are only moved about in memory. */
void group_keep_init(struct group_keep *k, const struct group_config *c,
    struct state_step *step);
void group_keep_release(struct group_keep *k);

/* Accumulators as bytes, and back: acc is zeroed. */
void group_save_acc(
    const struct group_keep *k, const char *acc, struct buf *out);
bool group_load_acc(const struct group_keep *k, struct arena *heap, char *acc,
    struct str bytes);

/* Adds what a saved piece has to accumulators of rows that came before it. */
bool group_add_saved(const struct group_keep *k, struct arena *heap, char *acc,
    struct str piece);

/* The slices there are: the start of each, and how many keys it has. */
struct group_slice {
	int64_t start;
	uint64_t n_keys;
};
void group_note_slice(struct state_map *m, int64_t start, uint64_t n_keys);
void group_forget_slice(struct state_map *m, int64_t start);
/* False at the end. */
bool group_next_slice(
    struct state_map *m, struct store_scan *scan, struct group_slice *out);

/* Is it a key that such a step can have? */
bool group_is_key(const struct group_config *c, struct str key);

/*
 * Whole numbers that a step keeps under a name: false if there is none. What is
 * kept but is no number is damage.
 */
bool group_get_number(struct state_map *m, const char *name, int64_t *out);
void group_put_number(struct state_map *m, const char *name, int64_t n);

/* ---- group_show.c ---- */

bool group_show(struct op_show *s, const struct op_entry *e);

/* ---- running ---- */

struct op_run *slices_open(const struct op *op);
void slices_apply(struct op_run *r, struct batch *b, void *prepared,
    unsigned from, unsigned to, struct watermark *w);
void slices_advance(struct op_run *r, int64_t w);
void slices_close(struct op_run *r);
int slices_restore(struct op_run *r, struct state_step *s, struct err *err);
void slices_save(struct op_run *r);

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
int group_live_restore(struct op_run *r, struct state_step *s, struct err *err);
void group_live_save(struct op_run *r);

struct op_run *count_windows_open(const struct op *op);
void count_windows_apply(struct op_run *r, struct batch *b, void *prepared,
    unsigned from, unsigned to, struct watermark *w);
void count_windows_advance(struct op_run *r, int64_t w);
void count_windows_close(struct op_run *r);
int count_windows_restore(
    struct op_run *r, struct state_step *s, struct err *err);
void count_windows_save(struct op_run *r);

struct op_run *sessions_open(const struct op *op);
void sessions_apply(struct op_run *r, struct batch *b, void *prepared,
    unsigned from, unsigned to, struct watermark *w);
void sessions_advance(struct op_run *r, int64_t w);
void sessions_close(struct op_run *r);
int sessions_restore(struct op_run *r, struct state_step *s, struct err *err);
void sessions_save(struct op_run *r);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The rows that are there now, of a flow in which rows take earlier ones
 * back: what a table would hold that all changes had been applied to.
 *
 * With a key a row takes the place of the earlier one of its key. Without one
 * equal rows are counted. Rows are packed to bytes and belong to a cell of
 * their key; a row that grows gets new bytes in the table's heap.
 */
#ifndef WEIR_OP_STANDING_H
#define WEIR_OP_STANDING_H

#include "op/ttl.h"
#include "state/table.h"

/* A cell's bytes. */
struct standing_row {
	int64_t count; /* rows like this one; with a key 0 or 1 */
	int64_t time;
	char *p; /* the columns, packed */
	uint32_t n, cap;
	bool dirty, shown; /* for whoever keeps the rows */
	uint64_t arrival;  /* of the first of them, from 1 */
};

struct standing {
	const struct op *op;
	unsigned *cols; /* what later steps or the output read */
	unsigned n_cols;
	const unsigned *key; /* columns */
	unsigned n_key;
	bool keyed;
	bool timed; /* rows have event time */
	struct table table;
	struct ttl_cells ttl; /* instead, if ttl.ttl: keys are forgotten */
	struct arena *heap;   /* of the cell that was found last */
	int64_t now;	      /* with a ttl: the watermark */
	struct buf scratch;
	struct batch *out;
	unsigned n_out; /* rows in it */
	uint64_t arrivals;
	struct state_step *state; /* NULL: no state is kept */
	struct state_map *map;	  /* of the table */
};

/*
 * Binds the parameter `key`, a list of column names, if it is given: op->in
 * then has that key.
 */
int standing_key(struct op *op, const struct bind *b);

/* For a step that gives the columns it gets; key as its input has it. */
void standing_init(struct standing *t, const struct op *op);
void standing_release(struct standing *t);

/*
 * Keys are forgotten so long after a row of theirs came last; 0: they are not.
 * The step says when the watermark rises. Keys there are now.
 */
void standing_forgets(struct standing *t, int64_t ttl);
void standing_rise(struct standing *t, int64_t w);
uint64_t standing_keys(const struct standing *t);

/* table_settle, wherever the rows are. */
void standing_settle(struct standing *t);

/* Keys of a batch: an op_kind.prepare. */
struct standing_prep {
	struct str *keys;
	uint64_t *hashes;
};
void *standing_prepare(const struct op *op, struct eval *ev, struct batch *b);

/* keys_fetch (keys.h), wherever the cells are. */
void standing_fetch(struct standing *t, const struct batch *b,
    const struct standing_prep *p, unsigned from, unsigned to);

/* The cell's bytes of selected row k of a batch; made if it is new. */
struct standing_row *standing_find(struct standing *t, const struct batch *b,
    const struct standing_prep *p, unsigned k);

/* That of a key, which counts as changed; NULL: there is none. */
struct standing_row *standing_row_of(struct standing *t, struct str key);

/* Would row `at` of a batch be stored as something else than this? */
bool standing_differs(struct standing *t, const struct batch *b,
    const struct standing_row *row, unsigned at);

/* Applies selected row k of a batch and returns the cell's bytes. */
struct standing_row *standing_take(struct standing *t, const struct batch *b,
    const struct standing_prep *p, unsigned k);

/*
 * Adds a row to those that are to come out; when `room` more do not fit into
 * the batch, those before are given on first. Returns its number in t->out.
 */
unsigned standing_put(struct standing *t, struct op_run *run,
    const struct standing_row *row, unsigned room);

/* Gives on what was put. */
void standing_flush(struct standing *t, struct op_run *run);

/* ---- state ---- */

/* The parts of the schema that all such steps have. */
bool standing_show(struct op_show *s, const struct op_entry *e);
void standing_schema(const struct op *op, struct schema *out);

/*
 * From now on the rows are kept in the step's map "rows". Nothing may point to
 * one between two batches. 0, or -1 and *err.
 */
int standing_keep(struct standing *t, struct state_step *s, struct err *err);
void standing_save(struct standing *t);

/* A table of such rows, where no other has that bucket. */
void standing_keep_table(struct standing *t, struct table *table,
    struct state_map *map, int64_t bucket);

/*
 * The same in a bucket of a map; then, or where no state is kept, all rows are
 * forgotten, and the next ones go into another bucket, that had none.
 */
int standing_keep_in(struct standing *t, struct state_step *s,
    struct state_map *map, int64_t bucket, struct err *err);
void standing_anew(struct standing *t, int64_t bucket);

/*
 * Columns of what a step gets that somebody behind it reads: *out is an array
 * of mem.h.
 */
unsigned columns_read(const struct op *op, unsigned **out);

/* True if the flow has a key and all columns of it are still there. */
bool flow_keyed(const struct flow *f);

/*
 * Columns that tell rows apart go wherever the rows go, whoever else reads
 * them.
 */
void flow_hand_on(const struct flow *f, const unsigned *cols, unsigned n);

/* Fails as the step would need a key, and what comes in has none. -1. */
int flow_no_key(const struct op *op, const struct bind *b);

#endif

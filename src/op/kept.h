/* SPDX-License-Identifier: MIT */
/*
 * Rows that a step keeps beyond their batch.
 *
 * A kept row has slots, values the step calculates with (what rows are
 * ordered by, arguments of functions), and carries the columns that later
 * steps or the output need, packed to bytes, until it is put into a batch
 * again. Everything a row has is its own: nothing points into a batch.
 *
 * Where state is kept (kept_keep) a row's owner says where it is. Those that
 * wait (kept_wait) are entries of their own, put at the next cut, or earlier if
 * many are new, and deleted when the row is dropped; a row that comes and goes
 * between two cuts leaves no trace. They are all read when the step begins
 * (kept_waiting). Those of a key (kept_place) are written down with its cell:
 * as part of it if they are short, so that a key is found by one look-up, else
 * as entries of their own beneath it (kept_inline, kept_fetch).
 */
#ifndef WEIR_OP_KEPT_H
#define WEIR_OP_KEPT_H

#include "op/op.h"
#include "state/table.h"

struct kept_row {
	struct kept_row *next, *prev; /* of the free ones, or of the new ones */
	struct cell *cell;	      /* of its key, if it has a place */
	int64_t bucket;		      /* of its entry */
	uint64_t number;	      /* of its entry */
	bool waiting;		      /* its entry is among those that wait */
	bool stored;		      /* it has an entry */
	bool fresh;		      /* it waits, and is not in its entry */
	uint64_t arrival;
	int64_t time; /* 0 where there is no event time */
	char *bytes;  /* of the slots' values, or NULL */
	char *carry;  /* packed columns; NULL: none, or let go */
	uint32_t carry_len;
	bool held; /* somebody still points to it: dropped means gone */
	bool gone;
	struct value *results; /* where its owner has put some, or NULL */
	uint64_t at;	       /* place in its key's sequence */
	uint64_t group;	       /* number of its group of peers */
	uint64_t first;	       /* place of the first of its peers */
	void *owner;	       /* the key's cell */
	struct value slots[];
};

/* A place where rows are kept, all with as many slots. */
struct kept {
	const struct op *op;
	unsigned n_slots;
	unsigned *cols; /* columns that are carried */
	unsigned n_cols;
	bool timed; /* rows have event time */
	struct arena arena;
	struct kept_row *free;
	struct batch *out; /* rows on their way on */
	struct buf text, packed;

	bool single; /* rows are allocated one by one: they may be let go of */
	struct state_step *state;      /* NULL: no state is kept */
	struct state_map *rows;	       /* those of keys */
	struct state_map *waits;       /* those that wait */
	unsigned cell_bytes;	       /* of the tables whose cells own rows */
	struct kept_row *first, *last; /* new rows */
	size_t n_fresh;
	size_t n_rows;
	size_t n_bytes; /* of all rows, besides the rows themselves */
	size_t more;	/* that the owner has besides: counted with them */
};

/* carries: rows carry columns (else they are slots alone). */
void kept_init(
    struct kept *k, const struct op *op, unsigned n_slots, bool carries);
void kept_release(struct kept *k);

/* Keeps a row; slots are copied. */
struct kept_row *kept_take(struct kept *k, const struct batch *b, unsigned row,
    const struct value *slots);

/* Lets go of what it carries; of the row (unless it is held). */
void kept_let_carry_go(struct kept *k, struct kept_row *row);
void kept_drop(struct kept *k, struct kept_row *row);

/* Bytes of memory that each row takes, and with all that it has. */
size_t kept_row_size(const struct kept *k);
size_t kept_row_bytes(const struct kept *k, const struct kept_row *row);

/*
 * Puts the row's columns into k->out and returns its number there. There must
 * be room: out->n_rows < BATCH_ROWS.
 */
unsigned kept_put(struct kept *k, const struct kept_row *row);

/* The carried columns, in the order of k->cols; their bytes live in `a`. */
void kept_columns(const struct kept *k, const struct kept_row *row,
    struct value *out, struct arena *a);

/*
 * A row of zeros; its slots, and what it carries, copied; its end, without a
 * look at the state.
 */
struct kept_row *kept_new(struct kept *k);
void kept_slots(
    struct kept *k, struct kept_row *row, const struct value *slots);
void kept_carry(struct kept *k, struct kept_row *row, struct str packed);
void kept_recycle(struct kept *k, struct kept_row *row);

/* ---- rows in the state (kept_state.c) ---- */

/*
 * From now on rows are entries of the step's maps "rows" and "waiting".
 * cell_bytes: of the cells that own them.
 */
void kept_keep(struct kept *k, struct state_step *s, unsigned cell_bytes);

/* No row is dropped from the state any more: the run closes. */
void kept_leave(struct kept *k);

/*
 * Says where a row is: beneath a cell, or waiting (its entry has the cell's
 * key, too, if there is a cell). number: unique there. What it was under
 * before is deleted.
 */
void kept_place(struct kept *k, struct kept_row *row, struct cell *cell,
    int64_t bucket, uint64_t number);
void kept_wait(
    struct kept *k, struct kept_row *row, struct cell *cell, uint64_t number);

/* The row has no entry any more: whoever has it writes it down himself. */
void kept_unplace(struct kept *k, struct kept_row *row);

/* Puts the rows that are new; kept_settle, after each batch, only if they are
 * many. */
void kept_store(struct kept *k);
void kept_settle(struct kept *k);

/*
 * By the codec of the cell that has these n rows, ring[i & mask] for i from
 * `from` on: appends them if they are short. False if they are not: then each
 * is an entry beneath the cell (kept_store_row).
 */
bool kept_inline(struct kept *k, struct kept_row *const *ring, size_t mask,
    uint64_t from, size_t n, struct buf *out);

/* Puts a row of a cell beneath it, unless it is there. */
void kept_store_row(struct kept *k, struct kept_row *row);

/* Does a row follow that kept_inline has appended? */
bool kept_is_inline(const char *p, const char *end);

/* Of its bytes: its numbers, taken off the front of the row itself. */
bool kept_inline_row(struct str *row, int64_t *number, int64_t *stored);

/* That row, *p behind it; NULL: it is none. */
struct kept_row *kept_get_inline(struct kept *k, struct cell *cell,
    int64_t bucket, const char **p, const char *end);

/* Lets go of a row, whose entry is gone already, or stays. */
void kept_forget(struct kept *k, struct kept_row *row);

/* How much memory the rows take; says so (state_hold). */
size_t kept_bytes(const struct kept *k);
void kept_measure(struct kept *k);

/*
 * A row that kept_inline has appended, or one of the number that follows; NULL:
 * it is none.
 */
struct kept_row *kept_get(struct kept *k, const struct table *t,
    struct cell *cell, int64_t bucket, const char **p, const char *end);

/* The row of an entry beneath a cell; NULL: there is none, or none such. */
struct kept_row *kept_fetch(struct kept *k, const struct table *t,
    struct cell *cell, int64_t bucket, uint64_t number);

/*
 * Reads the rows that wait whose numbers are below `until`, in their order, and
 * gives each to `take`, which says whether it can be; key.p NULL: it has no
 * key, else one of the table's (t NULL: its cells are not asked for). 0, or -1
 * and *err.
 */
int kept_waiting(struct kept *k, struct table *t, uint64_t until,
    bool (*take)(void *arg, struct kept_row *row, struct str key), void *arg,
    struct err *err);

/*
 * The cell of the key of a row that waits: table_cell, but it has not changed
 * if it is there.
 */
struct cell *kept_cell(struct table *t, struct str key);

/* Forgets the entries of all rows that wait. */
void kept_waited(struct kept *k);

/* A row as bytes begins with so many numbers. */
#define KEPT_NUMBERS 5

/* A row as bytes, and back; NULL: that is no row of so many slots. */
void kept_pack(
    const struct kept *k, const struct kept_row *row, struct buf *out);
struct kept_row *kept_unpack(struct kept *k, struct str bytes);

/* A fixed part of a schema: what rows carry. */
void kept_schema(const struct op *op, struct schema *out);

/* ---- rows on their way on ---- */

/* Begins k->out anew if it is empty. */
void kept_begin(struct kept *k);

/* How rows are ordered by slots [0, n). */
struct kept_order {
	bool descending, nulls_first;
};
int kept_order(const struct kept_order *o, unsigned n, const struct value *a,
    const struct value *b);

/* ---- keys ---- */

/* Keys of the selected rows of a batch, by index of the selection. */
struct row_keys {
	struct str *keys;
	uint64_t *hashes;
};

/*
 * Keys from their columns; a row whose key is too long becomes a bad row.
 * eval_begin has been called, and what has failed is settled here.
 */
void row_keys_make(struct row_keys *out, const struct column *cols, unsigned n,
    struct eval *ev, struct batch *b);

/*
 * What a step asks of the rows of a batch that has keys and an order: a column
 * for each expression, none where one is NULL (event time), and the keys.
 */
struct row_values {
	struct column *orders;
	struct row_keys keys;
};
void row_values_make(struct row_values *out, struct expr *const *keys,
    unsigned n_keys, struct expr *const *orders, unsigned n_orders,
    struct eval *ev, struct batch *b);

/* Binds a list of expressions; NULL and the error if one is wrong. */
struct expr **bind_list(const struct arg *arg, struct scope *scope,
    const struct bind *b, unsigned *n);

/* Steps that keep rows take no corrections of earlier ones. */
int refuse_updates(const struct op *op, const struct bind *b);

#endif

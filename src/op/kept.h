/* SPDX-License-Identifier: MIT */
/*
 * Rows that a step keeps beyond their batch.
 *
 * A kept row has slots, values the step calculates with (what rows are
 * ordered by, arguments of functions), and carries the columns that later
 * steps or the output need, packed to bytes, until it is put into a batch
 * again. Everything a row has is its own: nothing points into a batch.
 */
#ifndef WEIR_OP_KEPT_H
#define WEIR_OP_KEPT_H

#include "op/op.h"

struct kept_row {
	struct kept_row *next; /* of the free ones */
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
	struct buf text;
};

/* carries: rows carry columns (else they are slots alone). */
void kept_init(
    struct kept *k, const struct op *op, unsigned n_slots, bool carries);
void kept_release(struct kept *k);

/* Keeps a row; slots are copied. */
struct kept_row *kept_take(struct kept *k, const struct batch *b, unsigned row,
    const struct value *slots);

/* Lets go of what it carries; of the row (unless it is held). */
void kept_let_carry_go(struct kept_row *row);
void kept_drop(struct kept *k, struct kept_row *row);

/*
 * Puts the row's columns into k->out and returns its number there. There must
 * be room: out->n_rows < BATCH_ROWS.
 */
unsigned kept_put(struct kept *k, const struct kept_row *row);

/* The carried columns, in the order of k->cols; their bytes live in `a`. */
void kept_columns(const struct kept *k, const struct kept_row *row,
    struct value *out, struct arena *a);

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

/* Binds a list of expressions; NULL and the error if one is wrong. */
struct expr **bind_list(const struct arg *arg, struct scope *scope,
    const struct bind *b, unsigned *n);

/* Steps that keep rows take no corrections of earlier ones. */
int refuse_updates(const struct op *op, const struct bind *b);

#endif

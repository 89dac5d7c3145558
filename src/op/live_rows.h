/* SPDX-License-Identifier: MIT */
/*
 * The rows of a key that are there now, in their order: what steps keep that
 * show a result as it changes (top_live.h, over_live.c).
 *
 * Rows are ordered by their first slots. Where they may be taken back, one
 * more slot is a row's identity, by which it is found again: the columns of
 * the flow's key, or all that can be seen behind the step; then the slots
 * before it have to be the same, too. Equal rows are ordered as they would
 * be if the rows had come at the end of input: by the flow's key, or by
 * arrival, those that are alike next to each other.
 */
#ifndef WEIR_OP_LIVE_ROWS_H
#define WEIR_OP_LIVE_ROWS_H

#include "op/kept.h"

struct live_order {
	const struct kept_order *orders; /* of slots [0, n_orders) */
	unsigned n_orders;
	bool last;	   /* backwards, arrival too */
	bool retracts;	   /* rows may be taken back … */
	bool keyed;	   /* … and the flow has a key */
	unsigned identity; /* slot of the identity, if retracts */
};

struct live_rows {
	struct kept_row **rows;
	size_t n, cap;
};

/* By what rows are ordered by: peers are equal. */
int live_order(
    const struct live_order *o, const struct value *a, const struct value *b);

/*
 * The place of the first row that is not before these values, which have come
 * as number `arrival`.
 */
size_t live_place(const struct live_order *o, const struct live_rows *l,
    const struct value *slots, uint64_t arrival);

bool live_same(const struct live_order *o, const struct value *slots,
    const struct kept_row *row);

/*
 * The place of a row of the same identity; l->n: there is none. Without a key
 * all rows of the same order are looked at.
 */
size_t live_find(const struct live_order *o, const struct live_rows *l,
    const struct value *slots);

/*
 * The place for a new row, and the arrival it gets: that of one that is alike
 * if there is one, else the one given.
 */
size_t live_new_place(const struct live_order *o, const struct live_rows *l,
    const struct value *slots, uint64_t *arrival);

void live_insert(struct live_rows *l, size_t at, struct kept_row *row);
struct kept_row *live_remove(struct live_rows *l, size_t at);

/* Would both be written alike? (What they carry.) */
bool live_looks_same(const struct kept_row *a, const struct kept_row *b);

/* Forgets the rows (kept_forget), and the list. */
void live_release(struct live_rows *l, struct kept *kept);

/*
 * The rows as bytes, or their numbers, each an entry beneath the key's cell
 * (kept_inline); and back, into an empty list. False: those bytes are none, or
 * a row is missing.
 */
void live_save(const struct live_rows *l, struct kept *kept, struct buf *out);
bool live_load(const struct live_order *o, struct live_rows *l,
    struct kept *kept, const struct table *t, struct cell *cell,
    struct str bytes);

/*
 * Is selected row k one half of an update whose other half comes next, of the
 * same key?
 */
bool live_is_half(
    const struct batch *b, const struct row_keys *keys, unsigned k);

#endif

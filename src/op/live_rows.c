/* SPDX-License-Identifier: MIT */
/* Rows of a key in order, as they are now; see live_rows.h. */
#include "op/live_rows.h"

#include "base/mem.h"
#include "data/key.h"
#include "op/written.h"

/* ---- the order ---- */

static struct str
identity(const struct live_order *o, const struct value *slots)
{
	return value_str(slots[o->identity]);
}

int
live_order(
    const struct live_order *o, const struct value *a, const struct value *b)
{
	int d = kept_order(o->orders, o->n_orders, a, b);

	return o->last ? -d : d;
}

/* Where a row of these values stands to another, which came earlier. */
static int
compare(const struct live_order *o, const struct value *slots, uint64_t arrival,
    const struct kept_row *row)
{
	int d = live_order(o, slots, row->slots);

	if (d)
		return d;
	if (o->retracts && o->keyed)
		d = key_cmp(identity(o, slots), identity(o, row->slots));
	else
		d = arrival < row->arrival ? -1 : arrival > row->arrival;
	return o->last ? -d : d;
}

size_t
live_place(const struct live_order *o, const struct live_rows *l,
    const struct value *slots, uint64_t arrival)
{
	size_t lo = 0, hi = l->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (compare(o, slots, arrival, l->rows[mid]) > 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* What else a step calculates with need not be seen behind it. */
static bool
same_slots(const struct live_order *o, const struct value *slots,
    const struct kept_row *row)
{
	for (unsigned i = o->n_orders; i < o->identity; i++)
		if (!value_eq(slots[i], row->slots[i]))
			return false;
	return true;
}

bool
live_same(const struct live_order *o, const struct value *slots,
    const struct kept_row *row)
{
	return str_eq(identity(o, slots), identity(o, row->slots)) &&
	       (o->keyed || same_slots(o, slots, row));
}

size_t
live_find(const struct live_order *o, const struct live_rows *l,
    const struct value *slots)
{
	size_t i = live_place(o, l, slots, o->last ? UINT64_MAX : 0);

	if (o->keyed)
		return i < l->n && live_same(o, slots, l->rows[i]) ? i : l->n;
	for (; i < l->n && !live_order(o, slots, l->rows[i]->slots); i++)
		if (live_same(o, slots, l->rows[i]))
			return i;
	return l->n;
}

size_t
live_new_place(const struct live_order *o, const struct live_rows *l,
    const struct value *slots, uint64_t *arrival)
{
	size_t at = o->retracts ? live_find(o, l, slots) : l->n;

	if (at == l->n)
		return live_place(o, l, slots, *arrival);
	*arrival = l->rows[at]->arrival;
	return at;
}

void
live_insert(struct live_rows *l, size_t at, struct kept_row *row)
{
	mem_grow(&l->rows, &l->cap, l->n + 1, sizeof(void *));
	memmove(l->rows + at + 1, l->rows + at, (l->n - at) * sizeof(void *));
	l->rows[at] = row;
	l->n++;
}

struct kept_row *
live_remove(struct live_rows *l, size_t at)
{
	struct kept_row *row = l->rows[at];

	l->n--;
	memmove(l->rows + at, l->rows + at + 1, (l->n - at) * sizeof(void *));
	return row;
}

bool
live_looks_same(const struct kept_row *a, const struct kept_row *b)
{
	return a == b || (a->carry_len == b->carry_len &&
			     (!a->carry_len ||
				 !memcmp(a->carry, b->carry, a->carry_len)));
}

bool
live_is_half(const struct batch *b, const struct row_keys *keys, unsigned k)
{
	return !b->raw && k + 1 < b->n_sel &&
	       batch_change(b, batch_row(b, k)) == CHANGE_BEFORE &&
	       batch_change(b, batch_row(b, k + 1)) == CHANGE_AFTER &&
	       str_eq(keys->keys[k], keys->keys[k + 1]);
}

/* ---- state ---- */

void
live_release(struct live_rows *l, struct kept *kept)
{
	for (size_t i = 0; i < l->n; i++)
		kept_forget(kept, l->rows[i]);
	mem_free(l->rows);
	*l = (struct live_rows){0};
}

void
live_save(const struct live_rows *l, struct kept *kept, struct buf *out)
{
	if (kept_inline(kept, l->rows, SIZE_MAX, 0, l->n, out))
		return;
	for (size_t i = 0; i < l->n; i++) {
		kept_store_row(kept, l->rows[i]);
		written_put_int(out, (int64_t)l->rows[i]->number);
	}
}

/* Is it a row as one was put there? */
static bool
is_whole(const struct live_order *o, const struct kept *kept,
    const struct kept_row *row)
{
	const struct value *v;

	if (kept->n_cols && !row->carry)
		return false;
	if (!o->retracts)
		return true;
	v = &row->slots[o->identity];
	return v->type == T_BYTES && key_check(value_str(*v));
}

bool
live_load(const struct live_order *o, struct live_rows *l, struct kept *kept,
    const struct table *t, struct cell *cell, struct str bytes)
{
	const char *p = bytes.p, *end = p + bytes.n;
	struct kept_row *row;

	while (p != end) {
		row = kept_get(kept, t, cell, 0, &p, end);
		if (!row)
			return false;
		row->group = row->first = 0;
		live_insert(l, l->n, row);
		if (!is_whole(o, kept, row))
			return false;
	}
	return true;
}

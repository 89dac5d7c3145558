/* SPDX-License-Identifier: MIT */
/*
 * Columns as vectors: what the operators do to whole columns besides their
 * own arithmetic. Columns may be shared (a field of the batch, a constant of
 * the plan), so everything here that changes one makes a new one first.
 */
#include "expr/code.h"

#define NULL_WORDS (BATCH_ROWS / 64)

#define I4(i) (i), (i) + 1, (i) + 2, (i) + 3
#define I16(i) I4(i), I4((i) + 4), I4((i) + 8), I4((i) + 12)
#define I64(i) I16(i), I16((i) + 16), I16((i) + 32), I16((i) + 48)
#define I256(i) I64(i), I64((i) + 64), I64((i) + 128), I64((i) + 192)

const uint16_t rows_all[BATCH_ROWS] = {
    I256(0), I256(256), I256(512), I256(768)};

_Static_assert(BATCH_ROWS == 1024, "rows_all lists them all");

void
col_normal(struct column *c)
{
	if (c->constant && column_is_null(c, 0))
		*c = col_null();
}

uint64_t *
col_nulls(struct eval *ev, const struct column *a, const struct column *b)
{
	const uint64_t *x = a->constant ? NULL : a->nulls;
	const uint64_t *y = !b || b->constant ? NULL : b->nulls;
	uint64_t *bits;

	if (!x && !y)
		return NULL;
	bits = arena_alloc(ev->arena, NULL_WORDS * sizeof(*bits));
	for (unsigned i = 0; i < NULL_WORDS; i++)
		bits[i] = (x ? x[i] : 0) | (y ? y[i] : 0);
	return bits;
}

struct rows
col_present(struct eval *ev, const struct column *c, struct rows rows)
{
	uint16_t *sel;
	unsigned n = 0;

	if (c->type == T_NULL)
		return rows_of(rows.sel, 0);
	if (c->constant || (!c->nulls && type_store(c->type) != STORE_VALUE))
		return rows;
	sel = rows_new(ev, rows.n);
	if (type_store(c->type) == STORE_VALUE) {
		for (unsigned k = 0; k < rows.n; k++) {
			sel[n] = rows.sel[k];
			n += !column_is_null(c, rows.sel[k]);
		}
	} else {
		for (unsigned k = 0; k < rows.n; k++) {
			sel[n] = rows.sel[k];
			n += !bit_get(c->nulls, rows.sel[k]);
		}
	}
	return rows_of(sel, n);
}

void
col_spread(struct eval *ev, struct column *c, struct rows rows)
{
	struct column full;
	unsigned n = rows.n ? rows.sel[rows.n - 1] + 1u : 0;

	if (!c->constant)
		return;
	full = column_new(ev->arena, c->type);
	switch (type_store(c->type)) {
	case STORE_NONE:
		break;
	case STORE_BYTE:
		memset(full.b, c->b[0], n);
		break;
	case STORE_I64:
		for (unsigned i = 0; i < n; i++)
			full.i[i] = c->i[0];
		break;
	case STORE_F64:
		for (unsigned i = 0; i < n; i++)
			full.f[i] = c->f[0];
		break;
	case STORE_STR:
		for (unsigned i = 0; i < n; i++)
			full.s[i] = c->s[0];
		break;
	case STORE_VALUE:
		for (unsigned i = 0; i < n; i++)
			full.v[i] = c->v[0];
		break;
	}
	*c = full;
}

static void
scatter_values(struct column *out, const struct column *from, struct rows rows)
{
	for (unsigned k = 0; k < rows.n; k++)
		out->v[rows.sel[k]] = column_get(from, rows.sel[k]);
}

static void
scatter_same(struct column *out, const struct column *from, struct rows rows)
{
	unsigned mask = from->constant ? 0 : ~0u;

	switch (type_store(out->type)) {
	case STORE_NONE:
		break;
	case STORE_BYTE:
		for (unsigned k = 0; k < rows.n; k++)
			out->b[rows.sel[k]] = from->b[rows.sel[k] & mask];
		break;
	case STORE_I64:
		for (unsigned k = 0; k < rows.n; k++)
			out->i[rows.sel[k]] = from->i[rows.sel[k] & mask];
		break;
	case STORE_F64:
		for (unsigned k = 0; k < rows.n; k++)
			out->f[rows.sel[k]] = from->f[rows.sel[k] & mask];
		break;
	case STORE_STR:
		for (unsigned k = 0; k < rows.n; k++)
			out->s[rows.sel[k]] = from->s[rows.sel[k] & mask];
		break;
	case STORE_VALUE:
		scatter_values(out, from, rows);
		break;
	}
}

void
col_scatter(struct eval *ev, struct column *out, const struct column *from,
    struct rows rows)
{
	if (from->type == T_NULL) {
		for (unsigned k = 0; k < rows.n; k++)
			column_set_null(out, ev->arena, rows.sel[k]);
	} else if (out->type != from->type) {
		must(out->type == T_ANY);
		scatter_values(out, from, rows);
	} else {
		scatter_same(out, from, rows);
	}
	if (from->type == T_NULL || !from->nulls)
		return;
	for (unsigned k = 0; k < rows.n; k++)
		if (column_is_null(from, rows.sel[k]))
			column_set_null(out, ev->arena, rows.sel[k]);
}

void
col_fail(struct eval *ev, struct column *c, unsigned row, const char *reason)
{
	eval_fail(ev, row, reason);
	column_set_null(c, ev->arena, row);
}

void
col_text(struct eval *ev, struct column *c, struct rows rows)
{
	struct column out;
	struct buf text = {0};

	if (c->type == T_TEXT || c->type == T_NULL)
		return;
	if (c->constant)
		rows.n = rows.n ? 1 : 0;
	out = column_new(ev->arena, T_TEXT);
	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = c->constant ? 0 : rows.sel[k];
		struct value v = column_get(c, row);

		if (v.type == T_NULL) {
			column_set_null(&out, ev->arena, row);
		} else if (v.type == T_TEXT) {
			out.s[row] = value_str(v);
		} else {
			text.n = 0;
			value_print(&text, v);
			out.s[row] = arena_str(ev->arena, buf_str(&text));
		}
	}
	buf_release(&text);
	out.constant = c->constant;
	*c = out;
}

void
col_bool(struct eval *ev, struct column *c, struct rows rows)
{
	struct column out;

	if (c->type == T_BOOL || c->type == T_NULL)
		return;
	out = column_new(ev->arena, T_BOOL);
	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = rows.sel[k];
		struct value v = column_get(c, row);

		if (v.type == T_BOOL)
			out.b[row] = v.b;
		else if (v.type == T_NULL)
			column_set_null(&out, ev->arena, row);
		else
			col_fail(ev, &out, row,
			    reason_value(ev->arena, "not a condition", v));
	}
	*c = out;
}

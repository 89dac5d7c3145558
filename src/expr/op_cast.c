/* SPDX-License-Identifier: MIT */
/*
 * CAST and TRY_CAST. Values are converted by value_cast; here are the types'
 * parameters (DECIMAL(p, s) rounds, VARCHAR(n) cuts, CHAR(n) also pads,
 * TIMESTAMP(p) and DATE cut the fraction or the day) and what a failure means:
 * a bad row, or NULL for TRY_CAST.
 */
#include "base/num.h"
#include "base/utf8.h"
#include "base/when.h"
#include "data/cast.h"
#include "expr/code.h"
#include "expr/unit.h"

/* ---- parameters ---- */

static bool
fit_decimal(struct arena *a, struct cast_type t, struct value *v)
{
	static const struct dec one = {.v = 1};
	struct dec d = *v->d, limit = one;

	if (t.precision < 0)
		return true;
	if (!dec_round(d, t.scale, &d))
		return false;
	for (int i = 0; i < t.precision; i++)
		limit.v *= 10;
	if (d.v >= limit.v || d.v <= -limit.v)
		return false;
	*v = value_decimal(a, d);
	return true;
}

static void
fit_text(struct arena *a, struct cast_type t, struct value *v)
{
	struct str s = value_str(*v);
	size_t len, pad;
	char *p;

	if (t.precision < 0)
		return;
	s.n = utf8_offset(s, (size_t)t.precision);
	len = t.scale >= 0 ? utf8_len(s) : 0;
	if (t.scale >= 0 && len < (size_t)t.scale) {
		pad = (size_t)t.scale - len;
		p = arena_alloc(a, s.n + pad);
		memcpy(p, s.p, s.n);
		memset(p + s.n, ' ', pad);
		s = (struct str){p, s.n + pad};
	}
	*v = value_text(s);
}

static bool
fit_time(struct cast_type t, struct value *v)
{
	int64_t us = 1, left;

	if (t.date)
		return unit_round(UNIT_DAY, v->i, false, &v->i);
	if (t.precision < 0)
		return true;
	for (int p = t.precision; p < 6; p++)
		us *= 10;
	left = v->i % us;
	v->i -= left < 0 ? left + us : left;
	return true;
}

static bool
cast_value(
    struct arena *a, struct cast_type t, struct value v, struct value *out)
{
	if (!value_cast(a, v, t.type, NULL, out))
		return false;
	if (out->type == T_DECIMAL)
		return fit_decimal(a, t, out);
	if (out->type == T_TEXT)
		fit_text(a, t, out);
	else if (out->type == T_TIME)
		return fit_time(t, out);
	return true;
}

/* ---- columns ---- */

struct cast_plan {
	struct cast_type type;
	bool try;   /* failures are NULL */
	bool plain; /* no parameters */
};

static const char *
failure(struct arena *a, struct cast_type t, struct value v)
{
	struct buf name = {0};
	const char *reason;

	buf_lit(&name, "cannot cast to ");
	cast_type_print(&name, t);
	reason = reason_value(a, buf_z(&name), v);
	buf_release(&name);
	return reason;
}

/* Floats lose their fraction; what does not fit fails. */
static bool
floats_to_ints(struct eval *ev, const struct column *x, struct rows rows,
    struct column *out)
{
	*out = column_new(ev->arena, T_INT);
	out->nulls = col_nulls(ev, x, NULL);
	for (unsigned k = 0; k < rows.n; k++) {
		double f = x->f[rows.sel[k]];

		if (!(f >= -0x1p63 && f < 0x1p63))
			return false; /* or a NULL's element: look closer */
		out->i[rows.sel[k]] = (int64_t)f;
	}
	return true;
}

static bool
texts_to_ints(struct eval *ev, const struct column *x, struct rows rows,
    struct column *out)
{
	*out = column_new(ev->arena, T_INT);
	out->nulls = col_nulls(ev, x, NULL);
	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = rows.sel[k];

		if (out->nulls && bit_get(out->nulls, row))
			continue;
		if (!num_parse_int(x->s[row], &out->i[row]))
			return false;
	}
	return true;
}

/* The common casts of whole columns; false: go value by value. */
static bool
cast_column(const struct cast_plan *p, struct eval *ev, const struct column *x,
    struct rows rows, struct column *out)
{
	*out = *x;
	if (x->type == T_NULL || (x->type == p->type.type && p->plain))
		return true;
	if (x->constant)
		return false;
	if (p->type.type == T_FLOAT && x->type == T_INT) {
		col_convert(ev, out, rows, (struct sig_type){T_FLOAT, false});
		return true;
	}
	if (p->type.type == T_INT && x->type == T_FLOAT)
		return floats_to_ints(ev, x, rows, out);
	if (p->type.type == T_INT && x->type == T_TEXT)
		return texts_to_ints(ev, x, rows, out);
	return false;
}

static void
eval_cast(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	const struct cast_plan *p = e->more;
	struct column x;

	expr_run(e->args[0], ev, b, rows, &x);
	if (cast_column(p, ev, &x, rows, out))
		return;
	*out = column_new(ev->arena, p->type.type);
	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = rows.sel[k];
		struct value from = column_get(&x, row), to = VALUE_NULL;
		const char *reason = NULL;

		if (from.type != T_NULL &&
		    !cast_value(ev->arena, p->type, from, &to)) {
			to = VALUE_NULL;
			if (!p->try)
				reason = failure(ev->arena, p->type, from);
		}
		column_put(out, ev->arena, row, to);
		if (reason)
			eval_fail(ev, row, reason);
	}
}

/* ---- binding ---- */

/* Pairs that can never work, known when both types are. */
static bool
possible(enum type from, enum type to)
{
	bool nested_from = from == T_LIST || from == T_MAP;
	bool nested_to = to == T_LIST || to == T_MAP;

	if (from == T_ANY || from == T_NULL || from == T_JSON || from == to ||
	    from == T_TEXT || to == T_TEXT)
		return true;
	if (nested_from || nested_to || from == T_BYTES || to == T_BYTES)
		return false;
	if (to == T_DURATION || from == T_DURATION)
		return false;
	return !(from == T_TIME && to == T_BOOL) &&
	       !(from == T_BOOL && to == T_TIME);
}

static int
bind_cast(struct binder *bd, const struct node *n, struct expr *e)
{
	struct cast_plan *p = arena_alloc(bd->arena, sizeof(*p));
	enum type from = e->args[0]->type;

	if (!possible(from, n->cast.type))
		return bind_fail(bd, n->where, "cannot cast %s to %s",
		    type_name(from), type_name(n->cast.type));
	*p = (struct cast_plan){
	    n->cast, *n->name.p == 't', n->cast.precision < 0 && !n->cast.date};
	e->eval = eval_cast;
	e->type = n->cast.type;
	e->more = p;
	return 0;
}

const struct op ops_cast[] = {
    {"cast", 1, 1, bind_cast},
    {"try_cast", 1, 1, bind_cast},
    {NULL, 0, 0, NULL},
};

/* SPDX-License-Identifier: MIT */
/*
 * CAST and TRY_CAST. Values are converted by value_cast; here are the types'
 * parameters (DECIMAL(p, s) rounds, VARCHAR(n) cuts, CHAR(n) also pads,
 * TIMESTAMP(p) cuts the fraction), the types of elements, and what a failure
 * means: a bad row, or NULL for TRY_CAST. One element that cannot be cast fails
 * the list, map or row that it is in.
 */
#include "base/num.h"
#include "base/utf8.h"
#include "base/when.h"
#include "data/cast.h"
#include "data/pack.h"
#include "expr/code.h"
#include "expr/daytime.h"
#include "expr/mapping.h"

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

	if (t.precision < 0)
		return true;
	for (int p = t.precision; p < 6; p++)
		us *= 10;
	left = v->i % us;
	v->i -= left < 0 ? left + us : left;
	return true;
}

/* ---- times of day ---- */

/* To whole seconds if no digits are stated, as in Flink. */
static bool
cast_daytime(
    struct arena *a, struct cast_type t, struct value v, struct value *out)
{
	static const struct when_layout iso = {.kind = WHEN_ISO};
	int64_t us = v.i, unit = WHEN_SECOND;
	struct str s = v.type == T_TEXT ? str_trim(value_str(v)) : STR("");

	if (v.type == T_TEXT && !daytime_read(s, &us)) {
		if (!value_cast(a, v, T_TIME, &iso, &v))
			return false;
		us = v.i;
	}
	if (type_is_instant(v.type))
		us = (us % WHEN_DAY + WHEN_DAY) % WHEN_DAY;
	else if (v.type != T_TEXT && v.type != T_DURATION)
		return false;
	if (us < 0 || us >= WHEN_DAY)
		return false;
	for (int p = 0; p < t.precision && unit > 1; p++)
		unit /= 10;
	*out = value_text(daytime_text(a, us - us % unit));
	return true;
}

/* ---- elements ---- */

static bool cast_value(
    struct arena *a, struct cast_type t, struct value v, struct value *out);

static bool
cast_items(struct arena *a, const struct cast_elements *of, struct value v,
    struct value *out)
{
	const char *p = v.p, *end = v.p + v.len;
	struct buf bytes = {0};
	struct value from, to;
	bool good;
	uint32_t n = 0;

	good = pack_get_array(&p, end, &n);
	pack_put_array(&bytes, n);
	for (uint32_t i = 0; good && i < n; i++) {
		good = pack_get(&p, end, a, &from) == PACK_OK &&
		       cast_value(a, of->types[0], from, &to);
		if (good)
			pack_put(&bytes, to);
	}
	if (good)
		*out = value_of_str(T_LIST, arena_str(a, buf_str(&bytes)));
	buf_release(&bytes);
	return good;
}

/* Keys may have become equal: '1' and '01'. */
static bool
cast_pairs(struct arena *a, const struct cast_elements *of, struct value v,
    struct value *out)
{
	const char *p = v.p, *end = v.p + v.len;
	struct value from, key, to;
	struct mapping m;
	uint32_t n;

	if (!pack_get_map(&p, end, &n))
		return false;
	m = mapping_start(a, n < 64 ? n : 64);
	for (uint32_t i = 0; i < n; i++) {
		if (pack_get(&p, end, a, &from) != PACK_OK ||
		    !cast_value(a, of->types[0], from, &key) ||
		    pack_get(&p, end, a, &from) != PACK_OK ||
		    !cast_value(a, of->types[1], from, &to))
			return false;
		mapping_put(&m, key, to);
	}
	mapping_done(&m, out);
	return true;
}

/* A row's fields: of a list by place, of a map by name, NULL if it is not
 * there. */
static bool
cast_row(struct arena *a, const struct cast_elements *of, struct value v,
    struct value *out)
{
	struct buf bytes = {0};
	struct value from, to;
	bool good = true;

	if (v.type == T_LIST && pack_count(v) != of->n)
		return false;
	pack_put_map(&bytes, of->n);
	for (unsigned i = 0; good && i < of->n; i++) {
		bool there = v.type == T_LIST
				 ? pack_list_at(v, i, a, &from)
				 : pack_map_find(v, of->names[i], a, &from);

		if (!there)
			from = VALUE_NULL;
		good = cast_value(a, of->types[i], from, &to);
		pack_put_text(&bytes, of->names[i]);
		if (good)
			pack_put(&bytes, to);
	}
	if (good)
		*out = value_of_str(T_MAP, arena_str(a, buf_str(&bytes)));
	buf_release(&bytes);
	return good;
}

static bool
cast_nested(
    struct arena *a, struct cast_type t, struct value v, struct value *out)
{
	bool row = t.of->names;

	if (v.type == T_TEXT && !pack_parse_json(value_str(v), a, &v))
		return false;
	if (v.type == T_JSON)
		v = pack_of_json(value_str(v), a);
	if (row ? v.type != T_LIST && v.type != T_MAP
		: (enum type)v.type != t.type)
		return false;
	if (row)
		return cast_row(a, t.of, v, out);
	return t.type == T_MAP ? cast_pairs(a, t.of, v, out)
			       : cast_items(a, t.of, v, out);
}

static bool
cast_value(
    struct arena *a, struct cast_type t, struct value v, struct value *out)
{
	*out = v;
	if (v.type == T_NULL)
		return true;
	if (t.nested)
		return cast_nested(a, t, v, out);
	if (t.daytime)
		return cast_daytime(a, t, v, out);
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

static void
times_to_dates(struct eval *ev, const struct column *x, struct rows rows,
    struct column *out)
{
	*out = column_new(ev->arena, T_DATE);
	out->nulls = col_nulls(ev, x, NULL);
	rows = col_present(ev, x, rows);
	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = rows.sel[k];
		int64_t t = x->i[row], past = t % WHEN_DAY;

		out->i[row] = t - past - (past < 0 ? WHEN_DAY : 0);
	}
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
	if (p->type.type == T_TIME && x->type == T_DATE) {
		out->type = T_TIME; /* midnight fits any precision */
		return true;
	}
	if (p->type.type == T_DATE && x->type == T_TIME) {
		times_to_dates(ev, x, rows, out);
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
possible(enum type from, struct cast_type t)
{
	enum type to = t.type;
	bool nested_from = from == T_LIST || from == T_MAP;
	bool nested_to = to == T_LIST || to == T_MAP;

	if (t.daytime && !type_is_instant(from) && from != T_DURATION)
		return from == T_ANY || from == T_NULL || from == T_JSON ||
		       from == T_TEXT;
	if (from == T_ANY || from == T_NULL || from == T_JSON || from == to ||
	    from == T_TEXT || to == T_TEXT)
		return true;
	if (t.nested && t.of->names && from == T_LIST)
		return true;
	if (nested_from || nested_to || from == T_BYTES || to == T_BYTES)
		return false;
	if (to == T_DURATION || from == T_DURATION)
		return false;
	return !(type_is_instant(from) && to == T_BOOL) &&
	       !(from == T_BOOL && type_is_instant(to));
}

/* True if values are not of the type without being asked for it. */
static bool
is_stranger(enum type from, enum type to)
{
	bool plain_from = type_is_number(from) || from == T_BOOL ||
			  type_is_instant(from) || from == T_TEXT;
	bool plain_to =
	    type_is_number(to) || to == T_BOOL || type_is_instant(to);

	return plain_from && plain_to && from != to &&
	       !(type_is_number(from) && type_is_number(to)) &&
	       !(type_is_instant(from) && type_is_instant(to));
}

static int
bind_cast(struct binder *bd, const struct node *n, struct expr *e)
{
	struct cast_plan *p = arena_alloc(bd->arena, sizeof(*p));
	enum type from = e->args[0]->type;

	if (n->cast.column && is_stranger(from, n->cast.type)) {
		char shown[4 * 64 + 8];

		err_quote(shown, *n->cast.column, 64);
		bind_fail(bd, n->where,
		    "the query gives %s for \"%s\", which is %s",
		    type_name(from), shown, type_name(n->cast.type));
		err_hint(bd->err, "CAST(… AS %s), or TRY_CAST",
		    type_name(n->cast.type));
		return -1;
	}
	if (!possible(from, n->cast)) {
		struct buf to = {0};

		cast_type_print(&to, n->cast);
		bind_fail(bd, n->where, "cannot cast %s to %s", type_name(from),
		    buf_z(&to));
		buf_release(&to);
		return -1;
	}
	*p = (struct cast_plan){n->cast, *n->name.p == 't',
	    n->cast.precision < 0 && !n->cast.daytime && !n->cast.nested};
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

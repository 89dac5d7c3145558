/* SPDX-License-Identifier: MIT */
/*
 * Implicit conversions: what a function's parameter makes of its argument.
 *
 * They are narrower than CAST: a text is read as a number, boolean, time or
 * duration, numbers widen, a float without fraction is an integer, a date is a
 * time; nothing is cut, and a number is never a time. What cannot be converted
 * makes the row bad, with the value in its reason.
 */
#include "base/num.h"
#include "base/when.h"
#include "data/cast.h"
#include "expr/code.h"

#define REASON_VALUE_MAX 40 /* bytes of a value shown in a reason */

const char *
reason_value(struct arena *a, const char *reason, struct value v)
{
	char shown[4 * REASON_VALUE_MAX + 8];
	struct buf text = {0};
	const char *z;

	value_print(&text, v);
	err_quote(shown, buf_str(&text), REASON_VALUE_MAX);
	z = arena_printf(a, "%s: %s", reason, shown).p;
	buf_release(&text);
	return z;
}

/* [+-]digits */
static bool
only_digits(struct str s)
{
	size_t i = s.n && (*s.p == '-' || *s.p == '+');

	for (; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

bool
text_number(struct arena *a, struct str s, struct value *out)
{
	struct dec d;
	char first;

	s = str_trim(s);
	if (num_parse_int(s, &out->i)) {
		*out = value_int(out->i);
		return true;
	}
	if (!s.n)
		return false;
	if (only_digits(s) && dec_parse(s, &d)) {
		*out = value_decimal(a, d);
		return true;
	}
	/* "inf" and "nan" are words, not numbers. */
	first = s.p[s.n > 1 && (*s.p == '-' || *s.p == '+')];
	if (first != '.' && (first < '0' || first > '9'))
		return false;
	out->type = T_FLOAT;
	out->len = 0;
	return num_parse_float(s, &out->f);
}

/* ---- by target ---- */

static bool
to_int(struct arena *a, struct value v, struct value *out)
{
	int64_t i;

	if (v.type == T_TEXT && !text_number(a, value_str(v), &v))
		return false;
	if (v.type == T_DECIMAL) {
		if (!dec_to_int(*v.d, &i))
			return false;
		v = value_int(i);
	}
	if (v.type == T_FLOAT) {
		if (!(v.f >= -0x1p63 && v.f < 0x1p63) ||
		    v.f != __builtin_trunc(v.f))
			return false;
		v = value_int((int64_t)v.f);
	}
	*out = v;
	return v.type == T_INT;
}

static bool
to_float(struct arena *a, struct value v, struct value *out)
{
	if (v.type == T_TEXT && !text_number(a, value_str(v), &v))
		return false;
	if (v.type == T_INT)
		v = value_float((double)v.i);
	else if (v.type == T_DECIMAL)
		v = value_float(dec_to_float(*v.d));
	*out = v;
	return v.type == T_FLOAT;
}

static bool
to_decimal(struct arena *a, struct value v, struct value *out)
{
	struct dec d;

	if (v.type == T_TEXT && !text_number(a, value_str(v), &v))
		return false;
	if (v.type == T_INT) {
		v = value_decimal(a, dec_of_int(v.i));
	} else if (v.type == T_FLOAT) {
		if (!dec_of_float(v.f, &d))
			return false;
		v = value_decimal(a, d);
	}
	*out = v;
	return v.type == T_DECIMAL;
}

static bool
to_number(struct arena *a, struct value v, struct value *out)
{
	if (v.type == T_TEXT)
		return text_number(a, value_str(v), out);
	*out = v;
	return type_is_number(v.type);
}

static bool
to_text(struct arena *a, struct value v, struct value *out)
{
	struct buf text = {0};

	*out = v;
	if (v.type == T_TEXT)
		return true;
	if (v.type == T_BYTES || v.type == T_LIST || v.type == T_MAP)
		return false;
	value_print(&text, v);
	*out = value_text(arena_str(a, buf_str(&text)));
	buf_release(&text);
	return true;
}

/* Types that take only themselves and, most of them, text. */
static bool
to_same(struct arena *a, struct value v, enum type want, struct value *out)
{
	*out = v;
	if ((enum type)v.type == want)
		return true;
	if (v.type == T_DATE && want == T_TIME) {
		out->type = T_TIME;
		return true;
	}
	if (v.type != T_TEXT || want == T_LIST || want == T_MAP)
		return false;
	if (want == T_BYTES) {
		out->type = T_BYTES;
		return true;
	}
	return value_cast(a, v, want, NULL, out);
}

static bool
convert(struct arena *a, struct value v, enum type want, struct value *out)
{
	switch (want) {
	case T_INT:
		return to_int(a, v, out);
	case T_FLOAT:
		return to_float(a, v, out);
	case T_DECIMAL:
		return to_decimal(a, v, out);
	case T_TEXT:
		return to_text(a, v, out);
	case T_BOOL:
	case T_BYTES:
	case T_TIME:
	case T_DATE:
	case T_DURATION:
	case T_LIST:
	case T_MAP:
		return to_same(a, v, want, out);
	case T_NULL:
	case T_JSON:
	case T_ANY:
		break;
	}
	*out = v;
	return true;
}

static const char *
mismatch(struct sig_type want)
{
	switch (want.type) {
	case T_BOOL:
		return "not a boolean";
	case T_INT:
		return "not a whole number";
	case T_FLOAT:
	case T_DECIMAL:
		return "not a number";
	case T_TEXT:
		return "not a text";
	case T_BYTES:
		return "not bytes";
	case T_TIME:
		return "not a time";
	case T_DATE:
		return "not a date";
	case T_DURATION:
		return "not a duration";
	case T_LIST:
		return "not an array";
	case T_MAP:
		return "not a map";
	case T_NULL:
	case T_JSON:
	case T_ANY:
		break;
	}
	return want.number ? "not a number" : "not a value";
}

const char *
value_convert(
    struct arena *a, struct value v, struct sig_type want, struct value *out)
{
	bool fits =
	    want.number ? to_number(a, v, out) : convert(a, v, want.type, out);

	return fits ? NULL : reason_value(a, mismatch(want), v);
}

const char *
sig_type_name(struct sig_type t)
{
	return t.number ? "number" : type_name(t.type);
}

bool
type_converts(enum type t, struct sig_type want)
{
	bool number = want.number || type_is_number(want.type);

	if (t == T_ANY || t == T_NULL || t == T_JSON ||
	    (want.type == T_ANY && !want.number) || t == want.type)
		return true;
	if (number)
		return type_is_number(t) || t == T_TEXT;
	if (want.type == T_TIME && t == T_DATE)
		return true;
	if (want.type == T_TEXT)
		return t != T_BYTES && t != T_LIST && t != T_MAP;
	return t == T_TEXT && want.type != T_LIST && want.type != T_MAP;
}

/* ---- columns ---- */

static void
ints_to_floats(struct eval *ev, struct column *c, struct rows rows)
{
	struct column out = column_new(ev->arena, T_FLOAT);

	if (c->constant)
		out.f[0] = (double)c->i[0];
	else
		for (unsigned k = 0; k < rows.n; k++)
			out.f[rows.sel[k]] = (double)c->i[rows.sel[k]];
	out.nulls = c->nulls;
	out.constant = c->constant;
	*c = out;
}

/* Value by value. A value that cannot be converted fails in each row, so a
 * constant is spread only then. */
static void
convert_values(
    struct eval *ev, struct column *c, struct rows rows, struct sig_type want)
{
	struct column out = col_null();
	struct value v;

	if (want.type != T_ANY)
		out = column_new(ev->arena, want.type);
	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = rows.sel[k];
		const char *reason = NULL;

		v = column_get(c, row);
		if (v.type != T_NULL)
			reason = value_convert(ev->arena, v, want, &v);
		if (reason) {
			eval_fail(ev, row, reason);
			v = VALUE_NULL;
		}
		column_put(&out, ev->arena, row, v);
	}
	*c = out;
}

void
col_convert(
    struct eval *ev, struct column *c, struct rows rows, struct sig_type want)
{
	struct value v;

	if (c->type == T_NULL || (want.type == T_ANY && !want.number) ||
	    (!want.number && c->type == want.type) ||
	    (want.number && type_is_number(c->type)))
		return;
	if (want.type == T_FLOAT && c->type == T_INT) {
		ints_to_floats(ev, c, rows);
		return;
	}
	if (want.type == T_TIME && c->type == T_DATE) {
		c->type = T_TIME;
		return;
	}
	if (c->constant &&
	    !value_convert(ev->arena, column_get(c, 0), want, &v)) {
		*c = column_const(ev->arena, v);
		return;
	}
	convert_values(ev, c, rows, want);
}

/* SPDX-License-Identifier: MIT */
/*
 * Single values: their order, copies, and plain text.
 *
 * The order is total and exact. Numbers of different types are never
 * converted into one another where that could round: an int against a float
 * is compared by the float's integral part, then by its fraction.
 */
#include "data/value.h"

#include "base/num.h"
#include "base/when.h"
#include "data/pack.h"

struct value
value_decimal(struct arena *a, struct dec d)
{
	struct dec *copy = arena_alloc(a, sizeof *copy);

	*copy = d;
	return (struct value){.d = copy, .type = T_DECIMAL};
}

/* ---- order ---- */

static int
cmp_int(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

static int
cmp_float(double a, double b)
{
	bool nan_a = a != a, nan_b = b != b;

	if (nan_a || nan_b)
		return nan_a - nan_b;
	return a < b ? -1 : a > b;
}

static int
cmp_int_float(int64_t i, double f)
{
	int64_t whole;
	double rest;

	if (f != f || f >= 0x1p63)
		return -1;
	if (f < -0x1p63)
		return 1;
	whole = (int64_t)f;
	if (i != whole)
		return i < whole ? -1 : 1;
	rest = f - (double)whole; /* exact: |f| < 2^53 where it has one */
	return rest > 0 ? -1 : rest < 0;
}

static int
cmp_number(struct value a, struct value b)
{
	if (a.type == b.type) {
		if (a.type == T_INT)
			return cmp_int(a.i, b.i);
		if (a.type == T_FLOAT)
			return cmp_float(a.f, b.f);
		return dec_cmp(*a.d, *b.d);
	}
	if (a.type > b.type)
		return -cmp_number(b, a);
	if (b.type == T_FLOAT)
		return cmp_int_float(a.i, b.f);
	if (a.type == T_INT)
		return dec_cmp(dec_of_int(a.i), *b.d);
	return -dec_cmp_float(*b.d, a.f);
}

int
value_cmp(struct value a, struct value b)
{
	if (a.type != b.type) {
		if (type_is_number(a.type) && type_is_number(b.type))
			return cmp_number(a, b);
		return a.type < b.type ? -1 : 1;
	}
	switch ((enum type)a.type) {
	case T_NULL:
	case T_ANY:
		return 0;
	case T_BOOL:
		return a.b - b.b;
	case T_INT:
	case T_TIME:
	case T_DATE:
	case T_DURATION:
		return cmp_int(a.i, b.i);
	case T_FLOAT:
	case T_DECIMAL:
		return cmp_number(a, b);
	case T_TEXT:
	case T_BYTES:
	case T_JSON:
		return str_cmp(value_str(a), value_str(b));
	case T_LIST:
	case T_MAP:
		return pack_cmp(a, b);
	}
	return 0;
}

bool
value_eq(struct value a, struct value b)
{
	if (a.type == T_TEXT && b.type == T_TEXT)
		return str_eq(value_str(a), value_str(b));
	return value_cmp(a, b) == 0;
}

struct value
value_canon(struct value v, struct dec *room)
{
	int64_t i;
	double f;

	if (v.type == T_FLOAT) {
		if (v.f >= -0x1p63 && v.f < 0x1p63 &&
		    (double)(int64_t)v.f == v.f)
			return value_int((int64_t)v.f);
		return v.f != v.f ? value_float(__builtin_nan("")) : v;
	}
	if (v.type != T_DECIMAL)
		return v;
	if (dec_to_int(*v.d, &i))
		return value_int(i);
	f = dec_to_float(*v.d);
	if (!dec_cmp_float(*v.d, f))
		return value_float(f);
	*room = dec_normal(*v.d);
	return (struct value){.d = room, .type = T_DECIMAL};
}

struct value
value_copy(struct arena *a, struct value v)
{
	switch ((enum type)v.type) {
	case T_DECIMAL:
		return value_decimal(a, *v.d);
	case T_TEXT:
	case T_BYTES:
	case T_LIST:
	case T_MAP:
	case T_JSON:
		return value_of_str(v.type, arena_str(a, value_str(v)));
	case T_NULL:
	case T_BOOL:
	case T_INT:
	case T_FLOAT:
	case T_TIME:
	case T_DATE:
	case T_DURATION:
	case T_ANY:
		break;
	}
	return v;
}

/* ---- plain text ---- */

static void
print_hex(struct buf *out, struct str s)
{
	static const char digits[] = "0123456789abcdef";
	char *p = buf_reserve(out, s.n * 2);
	size_t i;

	for (i = 0; i < s.n; i++) {
		*p++ = digits[(unsigned char)s.p[i] >> 4];
		*p++ = digits[(unsigned char)s.p[i] & 15];
	}
	out->n += s.n * 2;
}

static void
print_json(struct buf *out, struct str s)
{
	if (s.n >= 2 && s.p[0] == '"')
		out->n += json_unescape(
		    buf_reserve(out, s.n), (struct str){s.p + 1, s.n - 2});
	else if (!str_eq(s, STR("null")))
		buf_adds(out, s);
}

/* Advances over what was written behind the end. */
static void
ended(struct buf *out, const char *end)
{
	out->n = (size_t)(end - out->p);
}

void
value_print(struct buf *out, struct value v)
{
	switch ((enum type)v.type) {
	case T_NULL:
	case T_ANY:
		break;
	case T_BOOL:
		buf_addz(out, v.b ? "true" : "false");
		break;
	case T_INT:
		ended(out, num_put_int(buf_reserve(out, NUM_INT_MAX), v.i));
		break;
	case T_FLOAT:
		ended(out, num_put_float(buf_reserve(out, NUM_FLOAT_MAX), v.f));
		break;
	case T_DECIMAL:
		out->n += dec_print(buf_reserve(out, DEC_TEXT_MAX), *v.d);
		break;
	case T_TEXT:
		buf_adds(out, value_str(v));
		break;
	case T_BYTES:
		print_hex(out, value_str(v));
		break;
	case T_TIME:
		ended(out, when_put(buf_reserve(out, WHEN_TEXT_MAX), v.i));
		break;
	case T_DATE:
		ended(out, when_put_date(buf_reserve(out, WHEN_TEXT_MAX), v.i));
		break;
	case T_DURATION:
		ended(out,
		    when_put_duration(buf_reserve(out, WHEN_TEXT_MAX), v.i));
		break;
	case T_LIST:
	case T_MAP:
		pack_json(out, v);
		break;
	case T_JSON:
		print_json(out, value_str(v));
		break;
	}
}

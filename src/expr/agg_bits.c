/* SPDX-License-Identifier: MIT */
/*
 * bit_and(), bit_or(), bit_xor() of integers, and rate(). What is no integer
 * is left out, as other aggregates leave out what is no number.
 */
#include <math.h>

#include "data/cast.h"
#include "expr/agg_part.h"

/* ---- bits ---- */

struct bits {
	int64_t bits;
	int64_t n;
};

static unsigned
bits_size(const struct agg_call *call)
{
	(void)call;
	return sizeof(struct bits);
}

static int
bits_bind(struct agg_call *call, struct err *err)
{
	call->type = T_INT;
	return agg_bind_number(call, false, err);
}

static void
bits_put(const struct agg_call *call, struct bits *b, int64_t bits, int64_t n)
{
	if (call->agg == &agg_bit_xor)
		b->bits ^= bits;
	else if (call->agg == &agg_bit_or)
		b->bits |= bits;
	else
		b->bits = b->n ? b->bits & bits : bits;
	b->n += n;
}

static void
bits_add(
    const struct agg_call *call, struct arena *heap, const struct agg_rows *r)
{
	(void)heap;
	for (unsigned k = 0; k < r->n; k++) {
		struct value v = agg_arg(r, 0, k);
		struct dec space;
		int64_t i;

		if (!agg_number(v, &v, &space))
			continue;
		if (v.type == T_INT)
			i = v.i;
		else if (v.type != T_DECIMAL || !dec_to_int(*v.d, &i))
			continue;
		bits_put(call, agg_acc(call, r, k), i, agg_sign(r, k));
	}
}

static void
bits_merge(const struct agg_call *call, struct arena *heap, void *into,
    const void *from)
{
	const struct bits *f = from;

	(void)heap;
	if (f->n || f->bits)
		bits_put(call, into, f->bits, f->n);
}

static struct value
bits_value(const struct agg_call *call, const void *acc, struct arena *out)
{
	const struct bits *b = acc;

	(void)call, (void)out;
	return b->n ? value_int(b->bits) : VALUE_NULL;
}

static void
bits_save(const struct agg_call *call, const void *acc, struct buf *out)
{
	const struct bits *b = acc;

	(void)call;
	agg_put_u8(out, AGG_SAVE_VERSION);
	agg_put_i64(out, b->bits);
	agg_put_i64(out, b->n);
}

static bool
bits_load(const struct agg_call *call, struct arena *heap, void *acc,
    struct str bytes)
{
	struct agg_in in = agg_in_start(bytes);
	struct bits *b = acc;

	(void)call, (void)heap;
	b->bits = agg_get_i64(&in);
	b->n = agg_get_count(&in);
	return agg_in_done(&in);
}

#define BITS_PARTS                                                             \
	.aliases = "", .signature = "number -> bigint", .flink = NULL,         \
	.args_min = 1, .args_max = 1, .bind = bits_bind, .size = bits_size,    \
	.add = bits_add, .merge = bits_merge, .parts = AGG_PARTS_EXACT,        \
	.value = bits_value, .save = bits_save, .load = bits_load

const struct agg agg_bit_and = {
    .name = "bit_and",
    .doc = "Bits that are set in all of the integers.",
    .example = "bit_and(x) of 6, 3, NULL",
    .result = "2",
    .ignores_duplicates = true,
    BITS_PARTS,
};

const struct agg agg_bit_or = {
    .name = "bit_or",
    .doc = "Bits that are set in some of the integers.",
    .example = "bit_or(x) of 6, 3, NULL",
    .result = "7",
    .ignores_duplicates = true,
    BITS_PARTS,
};

const struct agg agg_bit_xor = {
    .name = "bit_xor",
    .doc = "Bits that are set in an odd number of the integers.",
    .example = "bit_xor(x) of 6, 3, NULL",
    .result = "5",
    .retracts = true,
    BITS_PARTS,
};

/* ---- rate ---- */

struct rate {
	int64_t n;
	int64_t from, until; /* of the rows, µs */
	double sum, rest;
};

static unsigned
rate_size(const struct agg_call *call)
{
	(void)call;
	return sizeof(struct rate);
}

static int
rate_bind(struct agg_call *call, struct err *err)
{
	enum type t = agg_arg_type(call, 1);

	call->type = T_FLOAT;
	if (!type_is_instant(t) && t != T_TEXT && t != T_ANY && t != T_NULL)
		return err_set(err, ERR_SPEC, agg_arg_where(call, 1),
		    "%s() needs a time as its second argument, this is a %s",
		    call->agg->name, type_name(t));
	return agg_bind_number(call, false, err);
}

static void
rate_put(struct rate *a, const struct rate *b)
{
	double t = a->sum + b->sum, back = t - a->sum;

	if (!b->n)
		return;
	a->rest += (a->sum - (t - back)) + (b->sum - back) + b->rest;
	a->sum = t;
	a->from = a->n && a->from < b->from ? a->from : b->from;
	a->until = a->n && a->until > b->until ? a->until : b->until;
	a->n += b->n;
}

static void
rate_add(
    const struct agg_call *call, struct arena *heap, const struct agg_rows *r)
{
	(void)heap;
	for (unsigned k = 0; k < r->n; k++) {
		struct value v = agg_arg(r, 0, k), t = agg_arg(r, 1, k);
		struct rate one = {.n = 1};
		struct dec space;

		if (t.type == T_NULL || !agg_number(v, &v, &space) ||
		    !value_cast(NULL, t, T_TIME, NULL, &t))
			continue;
		one.from = one.until = t.i;
		one.sum = v.type == T_INT     ? (double)v.i
			  : v.type == T_FLOAT ? v.f
					      : dec_to_float(*v.d);
		rate_put(agg_acc(call, r, k), &one);
	}
}

static void
rate_merge(const struct agg_call *call, struct arena *heap, void *into,
    const void *from)
{
	(void)call, (void)heap;
	rate_put(into, from);
}

static struct value
rate_value(const struct agg_call *call, const void *acc, struct arena *out)
{
	const struct rate *a = acc;
	double seconds = ((double)a->until - (double)a->from) / 1e6;

	(void)call, (void)out;
	if (!a->n || a->until == a->from)
		return VALUE_NULL;
	return value_float(
	    (isfinite(a->sum) ? a->sum + a->rest : a->sum) / seconds);
}

static void
rate_save(const struct agg_call *call, const void *acc, struct buf *out)
{
	const struct rate *a = acc;

	(void)call;
	agg_put_u8(out, AGG_SAVE_VERSION);
	agg_put_i64(out, a->n);
	agg_put_i64(out, a->from);
	agg_put_i64(out, a->until);
	agg_put_f64(out, a->sum);
	agg_put_f64(out, a->rest);
}

static bool
rate_load(const struct agg_call *call, struct arena *heap, void *acc,
    struct str bytes)
{
	struct agg_in in = agg_in_start(bytes);
	struct rate *a = acc;

	(void)call, (void)heap;
	a->n = agg_get_count(&in);
	a->from = agg_get_i64(&in);
	a->until = agg_get_i64(&in);
	a->sum = agg_get_f64(&in);
	a->rest = agg_get_f64(&in);
	return agg_in_done(&in) && a->n >= 0;
}

const struct agg agg_rate = {
    .name = "rate",
    .aliases = "",
    .signature = "number, time -> float",
    .doc = "Sum per second: of the numbers, over the time from the earliest "
	   "row to the latest; NULL if that is no time at all. Rows per second "
	   "are rate(1, t).",
    .example = "rate(x, t) of (10, TIMESTAMP '2026-03-01 00:00:00'), (20, "
	       "TIMESTAMP '2026-03-01 00:00:10')",
    .result = "3.0",
    .flink = NULL,
    .args_min = 2,
    .args_max = 2,
    .bind = rate_bind,
    .size = rate_size,
    .add = rate_add,
    .merge = rate_merge,
    .value = rate_value,
    .save = rate_save,
    .load = rate_load,
};

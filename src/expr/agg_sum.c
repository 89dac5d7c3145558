/* SPDX-License-Identifier: MIT */
/*
 * sum() and avg(). Integers are added exactly in 128 bits, decimals exactly in
 * 38 digits, floats in a sum with its rounding errors carried along (Neumaier
 * 1974; the error by Knuth's branch-free two-sum). The three meet only when
 * the result is asked for, so it does not matter in which order kinds of
 * numbers came. Where rows may be taken back, floats are added exactly, too.
 */
#include <math.h>

#include "expr/agg_exact.h"
#include "expr/agg_part.h"

/* A sum of ints beyond this was never saved. */
#define INTS_MAX ((__int128)1 << 124)

struct dec_sum {
	struct dec sum;
	int64_t n;
	bool over; /* more than 38 digits: there is no result */
};

struct sum {
	agg_i128 ints;
	union {
		struct {
			double f, c; /* the floats' sum and its correction */
		};
		struct exact *exact; /* their sum where rows are taken back */
	};
	int64_t n_ints, n_floats;
	struct dec_sum *dec; /* NULL until a decimal comes */
};

static unsigned
sum_size(const struct agg_call *call)
{
	(void)call;
	return sizeof(struct sum);
}

static int
sum_bind(struct agg_call *call, struct err *err)
{
	enum type t = agg_arg_type(call, 0);

	if (agg_bind_number(call, false, err))
		return -1;
	if (t == T_FLOAT || t == T_DURATION || t == T_DECIMAL)
		call->type = t;
	else
		call->type = T_ANY; /* bigint, or decimal when it is large */
	return 0;
}

static int
avg_bind(struct agg_call *call, struct err *err)
{
	enum type t = agg_arg_type(call, 0);

	if (agg_bind_number(call, false, err))
		return -1;
	if (t == T_INT || t == T_FLOAT || t == T_DURATION || t == T_DECIMAL)
		call->type = t;
	else
		call->type = t == T_BOOL ? T_INT : T_ANY;
	return 0;
}

/* ---- adding ---- */

/* Adds x to the sum *f with its correction *c. */
static inline void
two_sum(double *f, double *c, double x)
{
	double t = *f + x, back = t - *f;

	*c += (*f - (t - back)) + (x - back);
	*f = t;
}

static void
float_add(struct sum *s, double x)
{
	two_sum(&s->f, &s->c, x);
}

static void
dec_add_to(struct sum *s, struct arena *heap, struct dec d, int sign)
{
	struct dec_sum *to = s->dec;

	if (!to)
		to = s->dec = arena_zalloc(heap, sizeof *to);
	if (!(sign > 0 ? dec_add : dec_sub)(to->sum, d, &to->sum))
		to->over = true;
	to->n += sign;
	if (!to->n && !to->sum.v)
		*to = (struct dec_sum){0};
}

static struct exact *
sum_exact(struct sum *s, struct arena *heap)
{
	if (!s->exact)
		s->exact = arena_zalloc(heap, sizeof *s->exact);
	return s->exact;
}

static void
number_add(const struct agg_call *call, struct sum *s, struct arena *heap,
    struct value v, int sign)
{
	switch ((enum type)v.type) {
	case T_INT:
		s->ints += sign > 0 ? v.i : -(__int128)v.i;
		s->n_ints += sign;
		break;
	case T_FLOAT:
		s->n_floats += sign;
		if (call->retract)
			exact_add(sum_exact(s, heap), v.f, sign);
		else
			float_add(s, v.f);
		break;
	default:
		dec_add_to(s, heap, *v.d, sign);
	}
}

/* Any column, signs too. */
static void
add_any(
    const struct agg_call *call, struct arena *heap, const struct agg_rows *r)
{
	bool durations = call->type == T_DURATION;

	for (unsigned k = 0; k < r->n; k++) {
		struct value v = agg_arg(r, 0, k);
		struct dec space;

		if ((v.type == T_DURATION) == durations &&
		    agg_number(v, &v, &space))
			number_add(
			    call, agg_acc(call, r, k), heap, v, agg_sign(r, k));
	}
}

static void
add_ints(const struct agg_call *call, const struct agg_rows *r)
{
	const struct column *c = r->args;

	for (unsigned k = 0; k < r->n; k++) {
		struct sum *s = agg_acc(call, r, k);
		unsigned row = r->rows[k];

		if (agg_null(c, row))
			continue;
		s->ints += c->i[row];
		s->n_ints++;
	}
}

/* Rows that all go to one cell: the sum stays out of memory meanwhile. */
static void
add_floats_one(const struct agg_call *call, const struct agg_rows *r)
{
	const struct column *col = r->args;
	struct sum *s = agg_acc(call, r, 0);
	double f = s->f, c = s->c;
	int64_t n = s->n_floats;

	for (unsigned k = 0; k < r->n; k++) {
		unsigned row = r->rows[k];

		if (agg_null(col, row))
			continue;
		two_sum(&f, &c, col->f[row]);
		n++;
	}
	s->f = f;
	s->c = c;
	s->n_floats = n;
}

static bool
one_cell(const struct agg_rows *r)
{
	bool one = r->n > 0;

	for (unsigned k = 1; k < r->n && one; k++)
		one = r->cells[k] == r->cells[0];
	return one;
}

static void
add_floats(const struct agg_call *call, const struct agg_rows *r)
{
	const struct column *col = r->args;

	if (one_cell(r)) {
		add_floats_one(call, r);
		return;
	}
	for (unsigned k = 0; k < r->n; k++) {
		struct sum *s = agg_acc(call, r, k);
		unsigned row = r->rows[k];

		if (agg_null(col, row))
			continue;
		two_sum(&s->f, &s->c, col->f[row]);
		s->n_floats++;
	}
}

static void
sum_add(
    const struct agg_call *call, struct arena *heap, const struct agg_rows *r)
{
	const struct column *c = r->args;
	bool durations = call->type == T_DURATION;

	if (!agg_plain(r, c))
		add_any(call, heap, r);
	else if (c->type == (durations ? T_DURATION : T_INT))
		add_ints(call, r);
	else if (c->type == T_FLOAT && !durations && !call->retract)
		add_floats(call, r);
	else if (c->type != T_NULL)
		add_any(call, heap, r);
}

/* True if decimals have come, or more of them have gone. */
static bool
dec_any(const struct sum *s)
{
	return s->dec && (s->dec->n || s->dec->sum.v);
}

static void
sum_merge(const struct agg_call *call, struct arena *heap, void *into,
    const void *from)
{
	const struct sum *b = from;
	struct sum *a = into;

	a->ints += b->ints;
	a->n_ints += b->n_ints;
	if (!call->retract) {
		float_add(a, b->f);
		a->c += b->c;
	} else if (b->exact) {
		exact_merge(sum_exact(a, heap), b->exact);
	}
	a->n_floats += b->n_floats;
	if (dec_any(b)) {
		int64_t n = a->dec ? a->dec->n : 0;

		dec_add_to(a, heap, b->dec->sum, +1);
		a->dec->n = n + b->dec->n;
		a->dec->over |= b->dec->over;
	}
}

/* ---- results ---- */

static struct value
int_value(const struct agg_call *call, __int128 i, struct arena *out)
{
	if (i < INT64_MIN || i > INT64_MAX)
		return value_decimal(out, (struct dec){.v = i});
	if (call->type == T_DURATION)
		return value_duration((int64_t)i);
	return value_int((int64_t)i);
}

/* The same, rounded once. An int of 128 bits is up to three doubles. */
static double
exact_total(const struct sum *s)
{
	struct exact e = *s->exact;
	__int128 ints = s->ints;

	for (unsigned i = 0; i < 3; i++) {
		double part = (double)ints;

		exact_add(&e, part, 1);
		ints -= (__int128)part;
	}
	if (s->dec && s->dec->n)
		exact_add(&e, dec_to_float(s->dec->sum), 1);
	return exact_value(&e);
}

/* Sum of all as a float. */
static double
float_total(const struct agg_call *call, const struct sum *s)
{
	struct sum t = {.n_floats = 1};
	double ints = (double)s->ints;

	if (call->retract)
		return exact_total(s);
	t.f = s->f;
	t.c = s->c;
	float_add(&t, ints);
	t.c += (double)(s->ints - (__int128)ints);
	if (s->dec && s->dec->n)
		float_add(&t, dec_to_float(s->dec->sum));
	return isfinite(t.f) ? t.f + t.c : t.f;
}

/* Sum of decimals and ints; false if it has more than 38 digits. */
static bool
dec_total(const struct sum *s, struct dec *out)
{
	struct dec ints = {.v = s->ints};

	return !s->dec->over && dec_add(s->dec->sum, ints, out);
}

static struct value
sum_value(const struct agg_call *call, const void *acc, struct arena *out)
{
	const struct sum *s = acc;
	struct dec d;

	if (s->n_floats)
		return value_float(float_total(call, s));
	if (s->dec && s->dec->n)
		return dec_total(s, &d) ? value_decimal(out, d) : VALUE_NULL;
	return s->n_ints ? int_value(call, s->ints, out) : VALUE_NULL;
}

/* d / n with scale max(6, d.scale), half away from zero. */
static bool
dec_mean(struct dec d, int64_t n, struct dec *out)
{
	struct dec wide;
	__int128 rest;

	if (!dec_round(d, d.scale > 6 ? d.scale : 6, &wide))
		return dec_div_count(d, n, out);
	rest = wide.v % n;
	wide.v /= n;
	if (rest >= n - rest)
		wide.v++;
	else if (-rest >= n + rest)
		wide.v--;
	*out = wide;
	return true;
}

static struct value
avg_value(const struct agg_call *call, const void *acc, struct arena *out)
{
	const struct sum *s = acc;
	int64_t n_decs = s->dec ? s->dec->n : 0;
	int64_t n = s->n_ints + s->n_floats + n_decs;
	struct dec d;

	if (!n)
		return VALUE_NULL;
	if (s->n_floats)
		return value_float(float_total(call, s) / (double)n);
	if (n_decs)
		return dec_total(s, &d) && dec_mean(d, n, &d)
			   ? value_decimal(out, d)
			   : VALUE_NULL;
	return int_value(call, s->ints / n, out);
}

/* ---- state on disk ---- */

static void
sum_save(const struct agg_call *call, const void *acc, struct buf *out)
{
	const struct sum *s = acc;
	bool decs = dec_any(s);

	agg_put_u8(out, AGG_SAVE_VERSION);
	agg_put_i128(out, s->ints);
	agg_put_i64(out, s->n_ints);
	if (!call->retract) {
		agg_put_f64(out, s->f);
		agg_put_f64(out, s->c);
	} else {
		agg_put_u8(out, s->exact != NULL);
		if (s->exact)
			exact_save(s->exact, out);
	}
	agg_put_i64(out, s->n_floats);
	agg_put_u8(out, decs);
	if (decs) {
		agg_put_i128(out, s->dec->sum.v);
		agg_put_u8(out, s->dec->sum.scale);
		agg_put_u8(out, s->dec->over);
		agg_put_i64(out, s->dec->n);
	}
}

static bool
dec_load(struct agg_in *in, struct arena *heap, struct sum *s)
{
	struct dec_sum *d = s->dec = arena_zalloc(heap, sizeof *d);
	struct dec zero = {0};

	d->sum.v = agg_get_i128(in);
	d->sum.scale = agg_get_u8(in);
	d->over = agg_get_u8(in) & 1;
	d->n = agg_get_count(in);
	/* Adding nothing checks that it has at most 38 digits. */
	return d->sum.scale <= DEC_DIGITS_MAX && dec_any(s) &&
	       dec_add(d->sum, zero, &d->sum);
}

static bool
sum_load(const struct agg_call *call, struct arena *heap, void *acc,
    struct str bytes)
{
	struct agg_in in = agg_in_start(bytes);
	struct sum *s = acc;
	uint8_t decs;

	s->ints = agg_get_i128(&in);
	s->n_ints = agg_get_count(&in);
	if (!call->retract) {
		s->f = agg_get_f64(&in);
		s->c = agg_get_f64(&in);
	} else if (agg_get_u8(&in) && !exact_load(sum_exact(s, heap), &in)) {
		return false;
	}
	s->n_floats = agg_get_count(&in);
	decs = agg_get_u8(&in);
	if (call->retract && s->n_floats && !s->exact)
		return false;
	if (s->ints > INTS_MAX || s->ints < -INTS_MAX)
		return false;
	if (decs > 1 || (decs && !dec_load(&in, heap, s)))
		return false;
	return agg_in_done(&in);
}

/* ---- the rows ---- */

const struct agg agg_sum = {
    .name = "sum",
    .aliases = "",
    .signature = "number -> number",
    .doc = "Sum. Integers add up exactly, to a decimal where a bigint is too "
	   "small; decimals exactly (NULL beyond 38 digits); floats with "
	   "compensated rounding; durations to a duration. Text that is no "
	   "number is left out.",
    .example = "sum(x) of 3, 1, NULL",
    .result = "4",
    .flink = "SUM",
    .args_min = 1,
    .args_max = 1,
    .bind = sum_bind,
    .size = sum_size,
    .add = sum_add,
    .retracts = true,
    .back = AGG_BACK_INTS,
    .merge = sum_merge,
    .parts = AGG_PARTS_INTS,
    .value = sum_value,
    .save = sum_save,
    .load = sum_load,
};

const struct agg agg_avg = {
    .name = "avg",
    .aliases = "mean",
    .signature = "number -> number",
    .doc = "Average: of integers the integer, truncated; of decimals a "
	   "decimal with at least 6 digits of fraction; of durations a "
	   "duration; else a float.",
    .example = "avg(x) of 1, 2, 2",
    .result = "1",
    .flink = "AVG",
    .args_min = 1,
    .args_max = 1,
    .bind = avg_bind,
    .size = sum_size,
    .add = sum_add,
    .retracts = true,
    .back = AGG_BACK_INTS,
    .merge = sum_merge,
    .parts = AGG_PARTS_INTS,
    .value = avg_value,
    .save = sum_save,
    .load = sum_load,
};

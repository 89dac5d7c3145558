/* SPDX-License-Identifier: MIT */
/*
 * Variance and standard deviation: sums of x - k and (x - k)^2 in pairs of
 * doubles (about 106 bits; Dekker 1971), k being the first value. So nothing
 * of weight is lost when the mean is far from zero. Where rows may be taken
 * back, exact sums of x and x^2 instead, in the heap.
 */
#include <math.h>

#include "expr/agg_exact.h"
#include "expr/agg_pair.h"
#include "expr/agg_part.h"

struct var {
	int64_t n;
	double k; /* subtracted from every value; fixed by the first one */
	struct pair s, q;
	uint64_t has_k;
};

bool
agg_pair(struct value v, struct pair *out)
{
	struct dec space;

	*out = (struct pair){0, 0};
	if (!agg_number(v, &v, &space))
		return false;
	if (v.type == T_INT)
		*out = pair_of_int(v.i);
	else
		out->hi = v.type == T_FLOAT ? v.f : dec_to_float(*v.d);
	return true;
}

/* ---- the accumulator ---- */

static unsigned
var_size(const struct agg_call *call)
{
	return call->retract ? sizeof(struct moments *) : sizeof(struct var);
}

static struct moments *
var_moments(void *acc, struct arena *heap)
{
	struct moments **m = acc;

	if (!*m)
		*m = moments_new(heap, 1);
	return *m;
}

static int
stddev_bind(struct agg_call *call, struct err *err)
{
	call->type = agg_arg_type(call, 0) == T_DURATION ? T_DURATION : T_FLOAT;
	return agg_bind_number(call, false, err);
}

static int
var_bind(struct agg_call *call, struct err *err)
{
	if (agg_arg_type(call, 0) == T_DURATION)
		return err_set(err, ERR_SPEC, agg_arg_where(call, 0),
		    "the variance of a duration is no duration; "
		    "use stddev_samp() or stddev_pop()");
	return stddev_bind(call, err);
}

static void
var_put(struct var *a, struct pair x)
{
	struct pair d, d2;

	if (!a->has_k) {
		a->k = x.hi;
		a->has_k = 1;
	}
	d = pair_add(x, (struct pair){-a->k, 0});
	d2 = pair_mul(d, d);
	a->s = pair_add(a->s, d);
	a->q = pair_add(a->q, d2);
	a->n++;
}

static void
var_add(
    const struct agg_call *call, struct arena *heap, const struct agg_rows *r)
{
	const struct column *c = r->args;
	bool floats = c->type == T_FLOAT && agg_plain(r, c);

	for (unsigned k = 0; k < r->n; k++) {
		void *a = agg_acc(call, r, k);
		struct pair x = {0, 0};

		if (floats) {
			if (agg_null(c, r->rows[k]))
				continue;
			x.hi = c->f[r->rows[k]];
		} else if (!agg_pair(agg_arg(r, 0, k), &x)) {
			continue;
		}
		if (call->retract)
			moments_put(var_moments(a, heap), x, x, agg_sign(r, k));
		else
			var_put(a, x);
	}
}

/* Sums around k as sums around k + shift. */
static void
var_shift(struct var *a, double k)
{
	struct pair d = two_sum(a->k, -k);
	struct pair n = pair_of_int(a->n), nd = pair_mul(n, d);
	struct pair two = {2, 0};

	/* sum (x-k')^2 = q + 2 d s + n d^2, d = k - k' */
	a->q = pair_add(a->q, pair_mul(two, pair_mul(d, a->s)));
	a->q = pair_add(a->q, pair_mul(nd, d));
	a->s = pair_add(a->s, nd);
	a->k = k;
}

static void
var_merge(const struct agg_call *call, struct arena *heap, void *into,
    const void *from)
{
	const struct moments *const *m = from;
	struct var *a = into, b;

	if (call->retract) {
		if (*m)
			moments_merge(var_moments(into, heap), *m);
		return;
	}
	b = *(const struct var *)from;
	if (!b.n)
		return;
	if (!a->n) {
		*a = b;
		return;
	}
	var_shift(&b, a->k);
	a->n += b.n;
	a->s = pair_add(a->s, b.s);
	a->q = pair_add(a->q, b.q);
}

/* Sum of squared deviations from the mean. */
static double
var_total(const struct var *a)
{
	struct pair mean = pair_div(a->s, (double)a->n);
	struct pair t = pair_add(a->q, pair_neg(pair_mul(mean, a->s)));
	double d = t.hi + t.lo;

	return d < 0 ? 0 : d;
}

static double
moments_total(const struct moments *m)
{
	int exponent;
	double d = moments_cross(m, MOMENT_XX, &exponent);

	return ldexp(d / (double)m->n, exponent);
}

/* less: what the divisor is less than the number of values. */
static struct value
var_value(const struct agg_call *call, const void *acc, int64_t less)
{
	const struct moments *const *m = acc;
	const struct var *a = acc;
	int64_t n = !call->retract ? a->n : *m ? (*m)->n : 0;
	double total;

	if (n <= less)
		return VALUE_NULL;
	total = call->retract ? moments_total(*m) : var_total(a);
	return value_float(total / (double)(n - less));
}

static struct value
root_value(const struct agg_call *call, struct value v)
{
	if (v.type == T_NULL)
		return v;
	v.f = sqrt(v.f);
	return call->type == T_DURATION ? value_duration(llround(v.f)) : v;
}

static struct value
var_pop_value(const struct agg_call *call, const void *acc, struct arena *out)
{
	(void)out;
	return var_value(call, acc, 0);
}

static struct value
var_samp_value(const struct agg_call *call, const void *acc, struct arena *out)
{
	(void)out;
	return var_value(call, acc, 1);
}

static struct value
stddev_pop_value(
    const struct agg_call *call, const void *acc, struct arena *out)
{
	(void)out;
	return root_value(call, var_value(call, acc, 0));
}

static struct value
stddev_samp_value(
    const struct agg_call *call, const void *acc, struct arena *out)
{
	(void)out;
	return root_value(call, var_value(call, acc, 1));
}

static void
var_save(const struct agg_call *call, const void *acc, struct buf *out)
{
	const struct moments *const *m = acc;
	const struct var *a = acc;

	agg_put_u8(out, AGG_SAVE_VERSION);
	if (call->retract) {
		agg_put_u8(out, *m != NULL);
		if (*m)
			moments_save(*m, out);
		return;
	}
	agg_put_u8(out, a->has_k != 0);
	agg_put_i64(out, a->n);
	agg_put_f64(out, a->k);
	agg_put_f64(out, a->s.hi);
	agg_put_f64(out, a->s.lo);
	agg_put_f64(out, a->q.hi);
	agg_put_f64(out, a->q.lo);
}

static bool
var_load(const struct agg_call *call, struct arena *heap, void *acc,
    struct str bytes)
{
	struct agg_in in = agg_in_start(bytes);
	struct var *a = acc;

	if (call->retract)
		return (!agg_get_u8(&in) ||
			   moments_load(var_moments(acc, heap), &in)) &&
		       agg_in_done(&in);
	a->has_k = agg_get_u8(&in);
	a->n = agg_get_count(&in);
	a->k = agg_get_f64(&in);
	a->s.hi = agg_get_f64(&in);
	a->s.lo = agg_get_f64(&in);
	a->q.hi = agg_get_f64(&in);
	a->q.lo = agg_get_f64(&in);
	return agg_in_done(&in) && a->has_k <= 1;
}

/* ---- the rows ---- */

#define VAR_PARTS                                                              \
	.signature = "number -> float", .args_min = 1, .args_max = 1,          \
	.size = var_size, .add = var_add, .retracts = true,                    \
	.merge = var_merge, .save = var_save, .load = var_load

const struct agg agg_stddev_samp = {
    .name = "stddev_samp",
    .aliases = "stddev",
    .doc = "Standard deviation of a sample (divided by n - 1); NULL for fewer "
	   "than two values.",
    .example = "stddev_samp(x) of 1, 3, 5",
    .result = "2.0",
    .flink = "STDDEV_SAMP",
    .bind = stddev_bind,
    .value = stddev_samp_value,
    VAR_PARTS,
};

const struct agg agg_stddev_pop = {
    .name = "stddev_pop",
    .aliases = "",
    .doc = "Standard deviation of the whole population (divided by n).",
    .example = "stddev_pop(x) of 1, 5",
    .result = "2.0",
    .flink = "STDDEV_POP",
    .bind = stddev_bind,
    .value = stddev_pop_value,
    VAR_PARTS,
};

const struct agg agg_var_samp = {
    .name = "var_samp",
    .aliases = "variance",
    .doc = "Variance of a sample (divided by n - 1); NULL for fewer than two "
	   "values.",
    .example = "var_samp(x) of 1, 3, 5",
    .result = "4.0",
    .flink = "VAR_SAMP",
    .bind = var_bind,
    .value = var_samp_value,
    VAR_PARTS,
};

const struct agg agg_var_pop = {
    .name = "var_pop",
    .aliases = "",
    .doc = "Variance of the whole population (divided by n).",
    .example = "var_pop(x) of 1, 5",
    .result = "4.0",
    .flink = "VAR_POP",
    .bind = var_bind,
    .value = var_pop_value,
    VAR_PARTS,
};

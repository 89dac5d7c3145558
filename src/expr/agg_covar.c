/* SPDX-License-Identifier: MIT */
/*
 * Two numbers and how they go together: covariance, correlation, and the line
 * of least squares. Sums of x, y and their products in pairs of doubles
 * (about 106 bits), so that what is left of n * sum of xy - sum of x * sum of
 * y is right to the last digits unless the means are 10^8 deviations from
 * zero; exact sums where rows may be taken back.
 *
 * As in SQL the first argument is y, the second x; rows where either is NULL
 * are left out.
 */
#include <math.h>

#include "expr/agg_exact.h"
#include "expr/agg_pair.h"

struct covar {
	int64_t n;
	struct pair x, y, xx, xy, yy;
};

static unsigned
covar_size(const struct agg_call *call)
{
	return call->retract ? sizeof(struct moments *) : sizeof(struct covar);
}

static int
covar_bind(struct agg_call *call, struct err *err)
{
	call->type = T_FLOAT;
	for (unsigned i = 0; i < 2; i++) {
		enum type t = agg_arg_type(call, i);

		if (t == T_BYTES || t == T_LIST || t == T_MAP ||
		    type_is_instant(t))
			return err_set(err, ERR_SPEC, agg_arg_where(call, i),
			    "%s() needs numbers, this is a %s", call->agg->name,
			    type_name(t));
	}
	return 0;
}

static int
count_bind(struct agg_call *call, struct err *err)
{
	if (covar_bind(call, err))
		return -1;
	call->type = T_INT;
	return 0;
}

static struct moments *
covar_moments(void *acc, struct arena *heap)
{
	struct moments **m = acc;

	if (!*m)
		*m = moments_new(heap, 2);
	return *m;
}

static void
covar_put(struct covar *c, struct pair x, struct pair y)
{
	c->n++;
	c->x = pair_add(c->x, x);
	c->y = pair_add(c->y, y);
	c->xx = pair_add(c->xx, pair_mul(x, x));
	c->xy = pair_add(c->xy, pair_mul(x, y));
	c->yy = pair_add(c->yy, pair_mul(y, y));
}

static void
covar_add(
    const struct agg_call *call, struct arena *heap, const struct agg_rows *r)
{
	for (unsigned k = 0; k < r->n; k++) {
		void *acc = agg_acc(call, r, k);
		struct pair x, y;

		if (!agg_pair(agg_arg(r, 0, k), &y) ||
		    !agg_pair(agg_arg(r, 1, k), &x))
			continue;
		if (call->retract)
			moments_put(
			    covar_moments(acc, heap), x, y, agg_sign(r, k));
		else
			covar_put(acc, x, y);
	}
}

static void
covar_merge(const struct agg_call *call, struct arena *heap, void *into,
    const void *from)
{
	const struct moments *const *m = from;
	const struct covar *f = from;
	struct covar *c = into;

	if (call->retract) {
		if (*m)
			moments_merge(covar_moments(into, heap), *m);
		return;
	}
	c->n += f->n;
	c->x = pair_add(c->x, f->x);
	c->y = pair_add(c->y, f->y);
	c->xx = pair_add(c->xx, f->xx);
	c->xy = pair_add(c->xy, f->xy);
	c->yy = pair_add(c->yy, f->yy);
}

/* ---- results ---- */

/* n, means, and sums of products of deviations from them. */
struct line {
	double n, mean_x, mean_y, xx, xy, yy;
};

static double
cross(const struct covar *c, struct pair ab, struct pair a, struct pair b)
{
	struct pair n = pair_of_int(c->n);
	struct pair d = pair_add(pair_mul(n, ab), pair_neg(pair_mul(a, b)));

	return (d.hi + d.lo) / (double)c->n;
}

static double
exact_cross(const struct moments *m, enum moment which)
{
	int exponent;
	double d = moments_cross(m, which, &exponent);

	return ldexp(d / (double)m->n, exponent);
}

static struct line
line_of(const struct agg_call *call, const void *acc)
{
	const struct moments *const *m = acc;
	const struct covar *c = acc;
	struct line l = {0};

	if (call->retract && *m && (*m)->n > 0) {
		l.n = (double)(*m)->n;
		l.mean_x = moments_sum(*m, 0) / l.n;
		l.mean_y = moments_sum(*m, 1) / l.n;
		l.xx = exact_cross(*m, MOMENT_XX);
		l.xy = exact_cross(*m, MOMENT_XY);
		l.yy = exact_cross(*m, MOMENT_YY);
	} else if (!call->retract && c->n) {
		l.n = (double)c->n;
		l.mean_x = (c->x.hi + c->x.lo) / l.n;
		l.mean_y = (c->y.hi + c->y.lo) / l.n;
		l.xx = cross(c, c->xx, c->x, c->x);
		l.xy = cross(c, c->xy, c->x, c->y);
		l.yy = cross(c, c->yy, c->y, c->y);
	}
	l.xx = l.xx < 0 ? 0 : l.xx;
	l.yy = l.yy < 0 ? 0 : l.yy;
	return l;
}

static struct value
covar_pop_value(const struct agg_call *call, const void *acc, struct arena *out)
{
	struct line l = line_of(call, acc);

	(void)out;
	return l.n > 0 ? value_float(l.xy / l.n) : VALUE_NULL;
}

static struct value
covar_samp_value(
    const struct agg_call *call, const void *acc, struct arena *out)
{
	struct line l = line_of(call, acc);

	(void)out;
	return l.n > 1 ? value_float(l.xy / (l.n - 1)) : VALUE_NULL;
}

static struct value
corr_value(const struct agg_call *call, const void *acc, struct arena *out)
{
	struct line l = line_of(call, acc);
	double both = l.xx * l.yy, r;

	(void)out;
	if (l.n < 2 || l.xx == 0 || l.yy == 0)
		return VALUE_NULL;
	r = l.xy / (isnormal(both) ? sqrt(both) : sqrt(l.xx) * sqrt(l.yy));
	return value_float(r > 1 ? 1 : r < -1 ? -1 : r);
}

static struct value
slope_value(const struct agg_call *call, const void *acc, struct arena *out)
{
	struct line l = line_of(call, acc);

	(void)out;
	return l.n > 1 && l.xx != 0 ? value_float(l.xy / l.xx) : VALUE_NULL;
}

static struct value
intercept_value(const struct agg_call *call, const void *acc, struct arena *out)
{
	struct line l = line_of(call, acc);

	(void)out;
	if (l.n < 2 || l.xx == 0)
		return VALUE_NULL;
	return value_float(l.mean_y - l.xy / l.xx * l.mean_x);
}

static struct value
r2_value(const struct agg_call *call, const void *acc, struct arena *out)
{
	struct line l = line_of(call, acc);

	(void)out;
	if (l.n < 2 || l.xx == 0)
		return VALUE_NULL;
	if (l.yy == 0)
		return value_float(1);
	return value_float(l.xy / l.xx * (l.xy / l.yy));
}

static struct value
count_value(const struct agg_call *call, const void *acc, struct arena *out)
{
	(void)out;
	return value_int((int64_t)line_of(call, acc).n);
}

/* ---- state on disk ---- */

static void
pair_save(struct pair p, struct buf *out)
{
	agg_put_f64(out, p.hi);
	agg_put_f64(out, p.lo);
}

static void
pair_load(struct pair *p, struct agg_in *in)
{
	p->hi = agg_get_f64(in);
	p->lo = agg_get_f64(in);
}

static void
covar_save(const struct agg_call *call, const void *acc, struct buf *out)
{
	const struct moments *const *m = acc;
	const struct covar *c = acc;

	agg_put_u8(out, AGG_SAVE_VERSION);
	if (call->retract) {
		agg_put_u8(out, *m != NULL);
		if (*m)
			moments_save(*m, out);
		return;
	}
	agg_put_i64(out, c->n);
	pair_save(c->x, out);
	pair_save(c->y, out);
	pair_save(c->xx, out);
	pair_save(c->xy, out);
	pair_save(c->yy, out);
}

static bool
covar_load(const struct agg_call *call, struct arena *heap, void *acc,
    struct str bytes)
{
	struct agg_in in = agg_in_start(bytes);
	struct covar *c = acc;

	if (call->retract)
		return (!agg_get_u8(&in) ||
			   moments_load(covar_moments(acc, heap), &in)) &&
		       agg_in_done(&in);
	c->n = agg_get_count(&in);
	pair_load(&c->x, &in);
	pair_load(&c->y, &in);
	pair_load(&c->xx, &in);
	pair_load(&c->xy, &in);
	pair_load(&c->yy, &in);
	return agg_in_done(&in) && c->n >= 0;
}

/* ---- the rows ---- */

#define COVAR_PARTS                                                            \
	.aliases = "", .flink = NULL, .args_min = 2, .args_max = 2,            \
	.size = covar_size, .add = covar_add, .retracts = true,                \
	.merge = covar_merge, .save = covar_save, .load = covar_load

const struct agg agg_corr = {
    .name = "corr",
    .signature = "number, number -> float",
    .doc = "Correlation of two numbers (Pearson's), -1 to 1; NULL if one of "
	   "them is always the same.",
    .example = "corr(y, x) of (1, 1), (2, 2), (3, 3)",
    .result = "1.0",
    .bind = covar_bind,
    .value = corr_value,
    COVAR_PARTS,
};

const struct agg agg_covar_pop = {
    .name = "covar_pop",
    .signature = "number, number -> float",
    .doc = "Covariance of the whole population (divided by n).",
    .example = "covar_pop(y, x) of (1, 2), (3, 6)",
    .result = "2.0",
    .bind = covar_bind,
    .value = covar_pop_value,
    COVAR_PARTS,
};

const struct agg agg_covar_samp = {
    .name = "covar_samp",
    .signature = "number, number -> float",
    .doc = "Covariance of a sample (divided by n - 1).",
    .example = "covar_samp(y, x) of (1, 2), (3, 6)",
    .result = "4.0",
    .bind = covar_bind,
    .value = covar_samp_value,
    COVAR_PARTS,
};

const struct agg agg_regr_count = {
    .name = "regr_count",
    .nothing = {.i = 0, .type = T_INT},
    .signature = "number, number -> bigint",
    .doc = "Number of rows where both numbers are there.",
    .example = "regr_count(y, x) of (1, 2), (3, NULL)",
    .result = "1",
    .bind = count_bind,
    .value = count_value,
    COVAR_PARTS,
};

const struct agg agg_regr_intercept = {
    .name = "regr_intercept",
    .signature = "number, number -> float",
    .doc = "Where the line of least squares through (x, y) has x = 0; y is "
	   "the first argument.",
    .example = "regr_intercept(y, x) of (3, 1), (5, 2), (7, 3)",
    .result = "1.0",
    .bind = covar_bind,
    .value = intercept_value,
    COVAR_PARTS,
};

const struct agg agg_regr_r2 = {
    .name = "regr_r2",
    .signature = "number, number -> float",
    .doc = "Share of the variance of y, the first argument, that the line of "
	   "least squares explains.",
    .example = "regr_r2(y, x) of (3, 1), (5, 2), (7, 3)",
    .result = "1.0",
    .bind = covar_bind,
    .value = r2_value,
    COVAR_PARTS,
};

const struct agg agg_regr_slope = {
    .name = "regr_slope",
    .signature = "number, number -> float",
    .doc = "Slope of the line of least squares through (x, y); y is the "
	   "first argument.",
    .example = "regr_slope(y, x) of (3, 1), (5, 2), (7, 3)",
    .result = "2.0",
    .bind = covar_bind,
    .value = slope_value,
    COVAR_PARTS,
};

/* SPDX-License-Identifier: MIT */
/*
 * Sums of floats without any rounding, so that what was added can be taken
 * back: a fixed-point number as wide as all doubles (Kulisch 1971), in digits
 * of 32 bits whose carries wait. Infinities and NaNs are counted. The sum does
 * not depend on the order of its summands; it is rounded once, when asked for.
 *
 * Moments are such sums of x, y and their products, for variances and what
 * goes with them.
 */
#ifndef WEIR_EXPR_AGG_EXACT_H
#define WEIR_EXPR_AGG_EXACT_H

#include "expr/agg_part.h"

#define EXACT_DIGITS 68 /* 2^-1074 to 2^1024, and 2^60 of the greatest */

struct exact {
	int64_t digits[EXACT_DIGITS]; /* of 32 bits and waiting carries */
	int64_t nans, infs, neg_infs;
	uint64_t n; /* summands since the carries were settled */
};

/* sign: 1 or -1. */
void exact_add(struct exact *e, double x, int sign);
void exact_merge(struct exact *into, const struct exact *from);

/* Rounded to nearest; infinite or NaN as a sum of doubles would be. */
double exact_value(const struct exact *e);

/* True if it is 0 and no infinity or NaN is in it. */
bool exact_is_zero(const struct exact *e);

void exact_save(const struct exact *e, struct buf *out);
bool exact_load(struct exact *e, struct agg_in *in);

/* ---- moments ---- */

/* A number as hi + lo. */
struct pair {
	double hi, lo;
};

struct pair pair_of_int(int64_t i);

/* Which product. */
enum moment {
	MOMENT_XX,
	MOMENT_XY,
	MOMENT_YY
};

struct moments {
	int64_t n;
	int64_t odd; /* rows that are not finite, or whose squares are not */
	uint64_t vars;
	struct exact sums[]; /* x, xx; with two variables x, y, xx, xy, yy */
};

/* vars: 1 or 2. */
struct moments *moments_new(struct arena *heap, unsigned vars);
void moments_put(struct moments *m, struct pair x, struct pair y, int sign);
void moments_merge(struct moments *into, const struct moments *from);

/* Sum of a variable (0: x, 1: y). */
double moments_sum(const struct moments *m, unsigned var);

/*
 * n * sum of ab - sum of a * sum of b, without rounding before the end, as
 * mantissa * 2^*exponent; NaN if it is not finite.
 */
double moments_cross(const struct moments *m, enum moment which, int *exponent);

void moments_save(const struct moments *m, struct buf *out);
bool moments_load(struct moments *m, struct agg_in *in);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Numbers as pairs of doubles, a sum hi + lo of about 106 bits (Dekker 1971,
 * Knuth's two-sum), for moments whose differences matter.
 */
#ifndef WEIR_EXPR_AGG_PAIR_H
#define WEIR_EXPR_AGG_PAIR_H

#include <math.h>

#include "expr/agg_exact.h"

static inline struct pair
two_sum(double a, double b)
{
	double s = a + b, back = s - a;

	return (struct pair){s, (a - (s - back)) + (b - back)};
}

/* |a| >= |b|. */
static inline struct pair
fast_sum(double a, double b)
{
	double s = a + b;

	return (struct pair){s, b - (s - a)};
}

static inline struct pair
pair_add(struct pair a, struct pair b)
{
	struct pair s = two_sum(a.hi, b.hi), t = two_sum(a.lo, b.lo);

	s = fast_sum(s.hi, s.lo + t.hi);
	return fast_sum(s.hi, s.lo + t.lo);
}

static inline struct pair
pair_mul(struct pair a, struct pair b)
{
	double p = a.hi * b.hi;
	double e = fma(a.hi, b.hi, -p);

	return fast_sum(p, e + (a.hi * b.lo + a.lo * b.hi));
}

static inline struct pair
pair_neg(struct pair a)
{
	return (struct pair){-a.hi, -a.lo};
}

static inline struct pair
pair_div(struct pair a, double b)
{
	double q = a.hi / b;
	struct pair back = pair_mul((struct pair){q, 0}, (struct pair){b, 0});
	struct pair rest = pair_add(a, pair_neg(back));

	return fast_sum(q, rest.hi / b);
}

/* A value as a pair; false if it is no number. */
bool agg_pair(struct value v, struct pair *out);

#endif

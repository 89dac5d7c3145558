/* SPDX-License-Identifier: MIT */
/*
 * Exact sums; see agg_exact.h. A double is its mantissa, an integer, at a
 * place counted in bits from 2^-1074, the unit of all sums. Products of sums
 * are long multiplications; zeros at both ends are left out, so that sums of
 * usual numbers are short.
 */
#include "expr/agg_exact.h"

#include <math.h>

#define UNIT_BITS 1074
#define SUMMANDS_MAX ((uint64_t)1 << 29) /* before carries are settled */

static void
settle(struct exact *e)
{
	for (unsigned i = 0; i + 1 < EXACT_DIGITS; i++) {
		int64_t low = (int64_t)(uint32_t)e->digits[i];

		e->digits[i + 1] += (e->digits[i] - low) / ((int64_t)1 << 32);
		e->digits[i] = low;
	}
	e->n = 0;
}

void
exact_add(struct exact *e, double x, int sign)
{
	unsigned __int128 wide;
	uint64_t bits, m;
	unsigned exponent, at;

	if (!isfinite(x)) {
		e->nans += x != x ? sign : 0;
		e->infs += x > 0 ? sign : 0;
		e->neg_infs += x < 0 ? sign : 0;
		return;
	}
	memcpy(&bits, &x, sizeof bits);
	exponent = (unsigned)(bits >> 52) & 2047;
	m = bits & (((uint64_t)1 << 52) - 1);
	if (exponent)
		m |= (uint64_t)1 << 52;
	at = exponent ? exponent - 1 : 0;
	if (bits >> 63)
		sign = -sign;
	wide = (unsigned __int128)m << at % 32;
	for (at /= 32; wide; wide >>= 32)
		e->digits[at++] += sign * (int64_t)(uint32_t)wide;
	if (++e->n == SUMMANDS_MAX)
		settle(e);
}

void
exact_merge(struct exact *into, const struct exact *from)
{
	struct exact f = *from;

	settle(&f);
	settle(into);
	for (unsigned i = 0; i < EXACT_DIGITS; i++)
		into->digits[i] += f.digits[i];
	into->nans += f.nans;
	into->infs += f.infs;
	into->neg_infs += f.neg_infs;
	settle(into);
}

/* ---- long numbers ---- */

/* Sums of sums' products, and their units. */
#define LONG_DIGITS (2 * EXACT_DIGITS + 8)

/* |x| = digits * 2^(32 * shift) units, lowest digit first, top not 0. */
struct longnum {
	bool negative;
	unsigned n;
	uint32_t digits[LONG_DIGITS];
	int shift;
};

static void
long_trim(struct longnum *l)
{
	unsigned low = 0;

	while (l->n && !l->digits[l->n - 1])
		l->n--;
	while (low < l->n && !l->digits[low])
		low++;
	l->n -= low;
	l->shift += (int)low;
	memmove(l->digits, l->digits + low, l->n * sizeof *l->digits);
}

static void
long_of(struct longnum *l, const struct exact *from)
{
	struct exact e = *from;

	settle(&e);
	*l = (struct longnum){.negative = e.digits[EXACT_DIGITS - 1] < 0};
	if (l->negative) {
		for (unsigned i = 0; i < EXACT_DIGITS; i++)
			e.digits[i] = -e.digits[i];
		settle(&e);
	}
	for (unsigned i = 0; i < EXACT_DIGITS; i++)
		l->digits[i] = (uint32_t)e.digits[i];
	l->digits[EXACT_DIGITS] = (uint32_t)(e.digits[EXACT_DIGITS - 1] >> 32);
	l->n = EXACT_DIGITS + 1;
	long_trim(l);
}

/* Neither factor is longer than half of a long number. */
static void
long_mul(struct longnum *out, const struct longnum *a, const struct longnum *b)
{
	*out = (struct longnum){.negative = a->negative != b->negative,
	    .n = a->n + b->n,
	    .shift = a->shift + b->shift};
	for (unsigned i = 0; i < a->n; i++) {
		uint64_t carry = 0;

		for (unsigned k = 0; k < b->n; k++) {
			carry += out->digits[i + k] +
				 (uint64_t)a->digits[i] * b->digits[k];
			out->digits[i + k] = (uint32_t)carry;
			carry >>= 32;
		}
		out->digits[i + b->n] = (uint32_t)carry;
	}
	long_trim(out);
}

static int64_t
long_digit(const struct longnum *l, int at)
{
	at -= l->shift;
	return at >= 0 && at < (int)l->n ? (int64_t)l->digits[at] : 0;
}

/* True if |a| < |b|; low and high become the places of their digits. */
static bool
long_less(const struct longnum *a, const struct longnum *b, int *low, int *high)
{
	*low = !a->n || (b->n && b->shift < a->shift) ? b->shift : a->shift;
	*high = a->shift + (int)a->n;
	if (b->shift + (int)b->n > *high)
		*high = b->shift + (int)b->n;
	for (int i = *high; i-- > *low;) {
		int64_t x = long_digit(a, i), y = long_digit(b, i);

		if (x != y)
			return x < y;
	}
	return false;
}

/* a - b */
static void
long_sub(struct longnum *out, const struct longnum *a, const struct longnum *b)
{
	bool unlike = a->negative != b->negative;
	int low, high;
	bool less = long_less(a, b, &low, &high);
	const struct longnum *big = less ? b : a, *small = less ? a : b;
	int64_t carry = 0;

	*out = (struct longnum){
	    .negative = unlike ? a->negative : a->negative != less,
	    .n = (unsigned)(high - low + 1),
	    .shift = low};
	for (int i = low; i <= high; i++) {
		int64_t x = long_digit(big, i), y = long_digit(small, i);

		carry += unlike ? x + y : x - y;
		out->digits[i - low] = (uint32_t)carry;
		carry >>= 32;
	}
	long_trim(out);
}

/* mantissa * 2^*exponent units, rounded to nearest. */
static double
long_round(const struct longnum *l, int *exponent)
{
	unsigned __int128 top = 0;
	int at = l->shift + (int)l->n - 4;
	bool rest = false;
	double m;

	*exponent = 32 * at;
	if (!l->n)
		return 0;
	for (int i = 3; i >= 0; i--)
		top = top << 32 | (uint32_t)long_digit(l, at + i);
	/* The lowest of 128 bits stands for all that are below. */
	for (int i = l->shift; i < at; i++)
		rest |= long_digit(l, i) != 0;
	m = (double)(top | rest);
	return l->negative ? -m : m;
}

/* ---- the sum ---- */

double
exact_value(const struct exact *e)
{
	struct longnum l;
	double m;
	int exponent;

	if (e->nans > 0 || (e->infs > 0 && e->neg_infs > 0))
		return (double)NAN;
	if (e->infs > 0)
		return (double)INFINITY;
	if (e->neg_infs > 0)
		return -(double)INFINITY;
	long_of(&l, e);
	m = long_round(&l, &exponent);
	return ldexp(m, exponent - UNIT_BITS);
}

bool
exact_is_zero(const struct exact *e)
{
	struct longnum l;

	if (e->nans || e->infs || e->neg_infs)
		return false;
	long_of(&l, e);
	return !l.n;
}

/* Counters, then the digits that are not 0: first, number, digits. */
void
exact_save(const struct exact *e, struct buf *out)
{
	struct longnum l;

	long_of(&l, e);
	agg_put_i64(out, e->nans);
	agg_put_i64(out, e->infs);
	agg_put_i64(out, e->neg_infs);
	agg_put_u8(out, l.negative);
	agg_put_u8(out, l.n ? (uint8_t)l.shift : 0);
	agg_put_u8(out, (uint8_t)l.n);
	for (unsigned i = 0; i < l.n; i++)
		for (unsigned k = 0; k < 4; k++)
			agg_put_u8(out, (uint8_t)(l.digits[i] >> 8 * k));
}

bool
exact_load(struct exact *e, struct agg_in *in)
{
	uint8_t negative, shift, n;

	*e = (struct exact){0};
	e->nans = agg_get_count(in);
	e->infs = agg_get_count(in);
	e->neg_infs = agg_get_count(in);
	negative = agg_get_u8(in);
	shift = agg_get_u8(in);
	n = agg_get_u8(in);
	if (in->bad || negative > 1 || shift + n > EXACT_DIGITS)
		return false;
	for (unsigned i = 0; i < n; i++) {
		int64_t digit = 0;

		for (unsigned k = 0; k < 4; k++)
			digit |= (int64_t)agg_get_u8(in) << 8 * k;
		e->digits[shift + i] = negative ? -digit : digit;
	}
	return !in->bad;
}

/* ---- moments ---- */

struct moments *
moments_new(struct arena *heap, unsigned vars)
{
	unsigned n = vars == 1 ? 2 : 5;
	struct moments *m =
	    arena_zalloc(heap, sizeof *m + n * sizeof(struct exact));

	m->vars = vars;
	return m;
}

struct pair
pair_of_int(int64_t i)
{
	double hi = (double)i;

	/* The difference is small, and hi may be 2^63. */
	return (struct pair){hi, (double)(i - (__int128)hi)};
}

static void
add_product(struct exact *e, double a, double b, int sign)
{
	double p = a * b;

	exact_add(e, p, sign);
	exact_add(e, fma(a, b, -p), sign);
}

static void
add_pairs(struct exact *e, struct pair a, struct pair b, int sign)
{
	add_product(e, a.hi, b.hi, sign);
	if (b.lo != 0)
		add_product(e, a.hi, b.lo, sign);
	if (a.lo != 0)
		add_product(e, a.lo, b.hi, sign);
	if (a.lo != 0 && b.lo != 0)
		add_product(e, a.lo, b.lo, sign);
}

static void
add_pair(struct exact *e, struct pair a, int sign)
{
	exact_add(e, a.hi, sign);
	if (a.lo != 0)
		exact_add(e, a.lo, sign);
}

void
moments_put(struct moments *m, struct pair x, struct pair y, int sign)
{
	m->n += sign;
	if (!isfinite(x.hi * x.hi) || !isfinite(y.hi * y.hi)) {
		m->odd += sign;
		return;
	}
	add_pair(&m->sums[0], x, sign);
	if (m->vars == 1) {
		add_pairs(&m->sums[1], x, x, sign);
		return;
	}
	add_pair(&m->sums[1], y, sign);
	add_pairs(&m->sums[2 + MOMENT_XX], x, x, sign);
	add_pairs(&m->sums[2 + MOMENT_XY], x, y, sign);
	add_pairs(&m->sums[2 + MOMENT_YY], y, y, sign);
}

void
moments_merge(struct moments *into, const struct moments *from)
{
	into->n += from->n;
	into->odd += from->odd;
	for (unsigned i = 0; i < (into->vars == 1 ? 2 : 5); i++)
		exact_merge(&into->sums[i], &from->sums[i]);
}

double
moments_sum(const struct moments *m, unsigned var)
{
	return m->odd ? (double)NAN : exact_value(&m->sums[var]);
}

double
moments_cross(const struct moments *m, enum moment which, int *exponent)
{
	const struct exact *a = &m->sums[which == MOMENT_YY];
	const struct exact *b = &m->sums[which != MOMENT_XX];
	struct longnum la, lb, n = {.n = 2}, ab, q, nq;
	double mantissa;

	*exponent = 0;
	if (m->odd)
		return (double)NAN;
	n.digits[0] = (uint32_t)m->n;
	n.digits[1] = (uint32_t)(m->n >> 32);
	long_trim(&n);
	long_of(&la, a);
	long_of(&lb, b);
	long_mul(&ab, &la, &lb);
	long_of(&q, &m->sums[m->vars == 1 ? 1 : 2 + which]);
	long_mul(&nq, &n, &q);
	/* A unit of ab is 2^-2148, one of nq 2^-1074 = 2^(33 * 32 + 18 - 2148)
	 */
	n = (struct longnum){.n = 1, .digits = {1u << 18}, .shift = 33};
	long_mul(&q, &nq, &n);
	long_sub(&n, &q, &ab);
	mantissa = long_round(&n, exponent);
	*exponent -= 2 * UNIT_BITS;
	return mantissa;
}

void
moments_save(const struct moments *m, struct buf *out)
{
	agg_put_i64(out, m->n);
	agg_put_i64(out, m->odd);
	for (unsigned i = 0; i < (m->vars == 1 ? 2 : 5); i++)
		exact_save(&m->sums[i], out);
}

bool
moments_load(struct moments *m, struct agg_in *in)
{
	bool good = true;

	m->n = agg_get_count(in);
	m->odd = agg_get_count(in);
	for (unsigned i = 0; good && i < (m->vars == 1 ? 2 : 5); i++)
		good = exact_load(&m->sums[i], in);
	return good && !in->bad;
}

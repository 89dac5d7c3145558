/* SPDX-License-Identifier: MIT */
/*
 * Decimal digits to doubles, always the nearest.
 *
 * After Eisel and Lemire ("Number parsing at a gigabyte per second", 2021):
 * w * 10^q is multiplied out with a 128-bit power of ten, whose error lies on
 * a known side. The product therefore is an interval. Where both its ends
 * round to the same double, that one is right, whatever the exact product;
 * where they do not (about once in 10^15, and at exact ties), or where digits
 * beyond the 19th could decide, the digits are compared as big integers with
 * the point half-way between the two doubles in question.
 */
#include "base/num_float.h"

#include <stdbool.h>
#include <string.h>

#include "base/must.h"
#include "base/num_pow.h"

#define INFINITE UINT64_C(0x7ff0000000000000)

#define DIGITS_MAX 19 /* as many always fit 64 bits */

/*
 * A point half-way between two doubles has at most 767 digits, so digits
 * behind these only matter in that there is one that is not zero.
 */
#define DIGITS_DECISIVE 800

typedef unsigned __int128 u128;

const double num_ten[23] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
    1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21,
    1e22};

/* A number cut to the bits of a double: the double below, and what is left. */
struct cut {
	uint64_t floor; /* the double's bits */
	uint64_t rest, half;
};

/* Cuts x (bit 63 or 62 set); exp is the biased exponent if bit 62 leads. */
static inline struct cut
cut(uint64_t x, int exp)
{
	int up = (int)(x >> 63), drop = 10 + up;
	struct cut c = {INFINITE, 0, 1};

	exp += up;
	if (exp >= 2047)
		return c;
	if (exp < 1) {
		drop += 1 - exp;
		exp = 1;
		if (drop > 64) {
			c.floor = 0;
			return c;
		}
	}
	c.half = UINT64_C(1) << (drop - 1);
	c.rest = x & (2 * c.half - 1);
	c.floor = (drop == 64 ? 0 : x >> drop) + ((uint64_t)(exp - 1) << 52);
	return c;
}

static inline uint64_t
rounded(struct cut c, bool more)
{
	bool odd = c.floor & 1;

	return c.floor +
	       (c.rest > c.half || (c.rest == c.half && (more || odd)));
}

/* What is known of w * 10^q. */
struct estimate {
	uint64_t bits;	/* the nearest double, if sure */
	uint64_t floor; /* the greatest double not above, or one below that
			   if the product is within 2^-60 of it */
	bool sure;
};

/* With all 192 bits of the product w * power; w has its bit 63 set. */
static __attribute__((noinline)) struct estimate
estimate_wide(uint64_t w, int q, int exp)
{
	const struct num_pow *power = &num_pow[q - NUM_POW_MIN];
	u128 low = (u128)w * power->lo;
	u128 high = (u128)w * power->hi + (uint64_t)(low >> 64);
	uint64_t tail = (uint64_t)low;
	bool exact = q >= NUM_POW_EXACT_MIN && q <= NUM_POW_EXACT_MAX;
	struct cut top = cut((uint64_t)(high >> 64), exp), bottom;
	struct estimate e;

	e.bits = rounded(top, (uint64_t)high || tail);
	e.floor = top.floor;
	e.sure = true;
	if (!exact) {
		/* The power is too great by less than one: so the product is,
		 * by less than w. */
		high -= tail < w;
		bottom = cut((uint64_t)(high >> 64), exp);
		e.floor = bottom.floor;
		e.sure = e.bits == rounded(bottom, true);
	}
	return e;
}

/* w is not 0, q within [NUM_POW_MIN, 308]. */
static inline struct estimate
estimate(uint64_t w, int q)
{
	int zeros = __builtin_clzll(w);
	int exp = num_pow_log2(q) + 63 - zeros + 1023;
	uint64_t high;
	struct cut c;

	w <<= zeros;
	/* What the power's low half would add is less than 2. */
	high = (uint64_t)((u128)w * num_pow[q - NUM_POW_MIN].hi >> 64);
	c = cut(high, exp);
	if (((c.rest + 1) & (c.half - 1)) < 2)
		return estimate_wide(w, q, exp);
	return (struct estimate){rounded(c, true), c.floor, true};
}

/* --- big integers, for the rare case ------------------------------------- */

#define BIG_WORDS 64 /* 4096 bits; 2800 are needed at most */

struct big {
	unsigned n;
	uint64_t word[BIG_WORDS]; /* least first; word[n - 1] != 0 */
};

static void
big_muladd(struct big *b, uint64_t factor, uint64_t add)
{
	u128 carry = add;

	for (unsigned i = 0; i < b->n; i++) {
		carry += (u128)b->word[i] * factor;
		b->word[i] = (uint64_t)carry;
		carry >>= 64;
	}
	if (carry) {
		must(b->n < BIG_WORDS);
		b->word[b->n++] = (uint64_t)carry;
	}
}

static void
big_mul_pow5(struct big *b, unsigned e)
{
	for (; e >= 27; e -= 27)
		big_muladd(b, UINT64_C(7450580596923828125), 0);
	for (; e; e--)
		big_muladd(b, 5, 0);
}

static void
big_shift(struct big *b, unsigned by)
{
	unsigned words = by / 64;

	big_muladd(b, UINT64_C(1) << by % 64, 0);
	if (!words || !b->n)
		return;
	must(b->n + words <= BIG_WORDS);
	memmove(b->word + words, b->word, b->n * sizeof *b->word);
	memset(b->word, 0, words * sizeof *b->word);
	b->n += words;
}

static int
big_cmp(const struct big *a, const struct big *b)
{
	if (a->n != b->n)
		return a->n < b->n ? -1 : 1;
	for (unsigned i = a->n; i--;)
		if (a->word[i] != b->word[i])
			return a->word[i] < b->word[i] ? -1 : 1;
	return 0;
}

/*
 * The double nearest to digits * 10^q, if that is floor or the next one: by
 * which side of the point half-way between them it lies on.
 */
static uint64_t
nearest(struct big *digits, int q, uint64_t floor)
{
	uint64_t fraction = floor & ((UINT64_C(1) << 52) - 1);
	int exp = (int)(floor >> 52), shift, order;
	struct big half = {0};

	if (floor >= INFINITE)
		return floor;
	if (exp)
		fraction |= UINT64_C(1) << 52;
	big_muladd(&half, 0, 2 * fraction + 1);
	/* half * 2^shift against digits * 5^q, either side kept whole */
	shift = (exp ? exp : 1) - 1075 - 1 - q;
	if (q < 0)
		big_mul_pow5(&half, (unsigned)-q);
	else
		big_mul_pow5(digits, (unsigned)q);
	if (shift < 0)
		big_shift(digits, (unsigned)-shift);
	else
		big_shift(&half, (unsigned)shift);
	order = big_cmp(digits, &half);
	return floor + (order > 0 || (order == 0 && (floor & 1)));
}

/* --- the ways in --------------------------------------------------------- */

static double
of_bits(uint64_t bits)
{
	double f;

	memcpy(&f, &bits, sizeof f);
	return f;
}

double
num_float_exact(uint64_t w, int64_t q)
{
	struct estimate e;
	struct big digits = {0};

	if (!w || q < NUM_POW_MIN)
		return 0;
	if (q > 308)
		return of_bits(INFINITE);
	e = estimate(w, (int)q);
	if (__builtin_expect(e.sure, 1))
		return of_bits(e.bits);
	big_muladd(&digits, 0, w);
	return of_bits(nearest(&digits, (int)q, e.floor));
}

/* Steps through the digits of a text. */
struct walk {
	const struct num_text *t;
	const char *p;
};

/* The next digit, or -1. */
static int
walk_digit(struct walk *w)
{
	if (w->p == w->t->whole_end)
		w->p = w->t->part;
	if (w->p == w->t->part_end)
		return -1;
	return *w->p++ - '0';
}

/* Takes digits into b, the decisive ones; returns how many. */
static int64_t
take_digits(struct big *b, struct walk w, bool *more)
{
	int64_t n = 0;
	int d;

	*more = false;
	while ((d = walk_digit(&w)) >= 0) {
		if (n == DIGITS_DECISIVE) {
			if (!d)
				continue;
			*more = true;
			break;
		}
		big_muladd(b, 10, (uint64_t)d);
		n++;
	}
	return n;
}

/* Compares all the digits; exp is the exponent behind the n-th one. */
static double
by_all_digits(struct walk from, int64_t n, int64_t exp, uint64_t floor)
{
	struct big digits = {0};
	int64_t taken;
	bool more;

	taken = take_digits(&digits, from, &more);
	exp += n - taken;
	if (more) {
		big_muladd(&digits, 10, 1);
		exp--;
	}
	return of_bits(nearest(&digits, (int)exp, floor));
}

double
num_float_text(const struct num_text *t)
{
	struct walk walk = {t, t->whole}, first;
	int64_t left, exp;
	struct estimate low, high;
	uint64_t w = 0;
	int d;

	left = (t->whole_end - t->whole) + (t->part_end - t->part);
	exp = t->exp - (t->part_end - t->part);
	do {
		first = walk;
		d = walk_digit(&walk);
		left--;
	} while (d == 0);
	if (d < 0)
		return 0;
	w = (uint64_t)d;
	for (int n = 1; n < DIGITS_MAX && left; n++, left--)
		w = 10 * w + (uint64_t)walk_digit(&walk);
	exp += left;
	if (!left || exp < NUM_POW_MIN || exp > 308)
		return num_float_exact(w, exp);
	/* The digits left make it w or more, and less than w + 1. */
	low = estimate(w, (int)exp);
	high = estimate(w + 1, (int)exp);
	if (low.sure && high.sure && low.bits == high.bits)
		return of_bits(low.bits);
	return by_all_digits(first, DIGITS_MAX, exp, low.floor);
}

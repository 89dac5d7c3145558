/* SPDX-License-Identifier: MIT */
/*
 * Exact decimals.
 *
 * Whatever can pass 128 bits on the way (products, aligned operands,
 * dividends) is computed in 256 bits, which hold 10^76; only the result has
 * to fit 38 digits. Signs are kept apart from magnitudes throughout.
 */
#include "base/dec.h"

#include "base/must.h"
#include "base/num.h"
#include "base/num_float.h"

typedef unsigned __int128 u128;

#define SCALE_MAX 38
#define DIV_SCALE_MIN 6
#define PRODUCT_SCALE_MIN 6
#define INT_DIGITS 10
#define BIGINT_DIGITS 19
#define E19 ((u128)10000000000000000000u)

/* 10^0 ... 10^38 */
static const u128 ten[DEC_DIGITS_MAX + 1] = {1, 10, 100, 1000, 10000, 100000,
    1000000, 10000000, 100000000, 1000000000, 10000000000, 100000000000,
    1000000000000, 10000000000000, 100000000000000, 1000000000000000,
    10000000000000000, 100000000000000000, 1000000000000000000, E19, E19 * 10,
    E19 * 100, E19 * 1000, E19 * 10000, E19 * 100000, E19 * 1000000,
    E19 * 10000000, E19 * 100000000, E19 * 1000000000, E19 * 10000000000,
    E19 * 100000000000, E19 * 1000000000000, E19 * 10000000000000,
    E19 * 100000000000000, E19 * 1000000000000000, E19 * 10000000000000000,
    E19 * 100000000000000000, E19 * 1000000000000000000, E19 *E19};

static u128
magnitude(struct dec d)
{
	return d.v < 0 ? -(u128)d.v : (u128)d.v;
}

static struct dec
signed_dec(u128 v, unsigned scale, bool neg)
{
	return (struct dec){(__int128)(neg ? -v : v), (uint8_t)scale};
}

static unsigned
count_digits(u128 v)
{
	unsigned n = 0;

	while (n <= DEC_DIGITS_MAX && v >= ten[n])
		n++;
	return n;
}

/* --- 256 bits ------------------------------------------------------------ */

struct wide {
	uint64_t word[4]; /* least first */
};

static struct wide
wide_of(u128 v)
{
	return (struct wide){{(uint64_t)v, (uint64_t)(v >> 64), 0, 0}};
}

/* False if the product passes 256 bits. */
static bool
wide_mul(struct wide *a, uint64_t by)
{
	u128 carry = 0;

	for (int i = 0; i < 4; i++) {
		carry += (u128)a->word[i] * by;
		a->word[i] = (uint64_t)carry;
		carry >>= 64;
	}
	return !carry;
}

static bool
wide_mul_ten(struct wide *a, unsigned e)
{
	for (; e > 19; e -= 19)
		if (!wide_mul(a, (uint64_t)E19))
			return false;
	return wide_mul(a, (uint64_t)ten[e]);
}

static struct wide
wide_product(u128 a, u128 b)
{
	struct wide lo = wide_of(a), hi = wide_of(a);
	u128 carry = 0;

	wide_mul(&lo, (uint64_t)b);
	wide_mul(&hi, (uint64_t)(b >> 64));
	for (int i = 0; i < 3; i++) {
		carry += (u128)lo.word[i + 1] + hi.word[i];
		lo.word[i + 1] = (uint64_t)carry;
		carry >>= 64;
	}
	return lo;
}

static int
wide_cmp(const struct wide *a, const struct wide *b)
{
	for (int i = 3; i >= 0; i--)
		if (a->word[i] != b->word[i])
			return a->word[i] < b->word[i] ? -1 : 1;
	return 0;
}

/* a + b; what is added never passes 2 * 10^76. */
static struct wide
wide_add(struct wide a, const struct wide *b)
{
	u128 carry = 0;

	for (int i = 0; i < 4; i++) {
		carry += (u128)a.word[i] + b->word[i];
		a.word[i] = (uint64_t)carry;
		carry >>= 64;
	}
	must(!carry);
	return a;
}

/* a - b, a >= b */
static struct wide
wide_sub(struct wide a, const struct wide *b)
{
	uint64_t borrow = 0;

	for (int i = 0; i < 4; i++) {
		u128 d = (u128)a.word[i] - b->word[i] - borrow;

		a.word[i] = (uint64_t)d;
		borrow = (uint64_t)(d >> 64) & 1;
	}
	return a;
}

static bool
wide_shift(struct wide *a, unsigned by)
{
	for (; by > 63; by -= 63)
		if (!wide_mul(a, UINT64_C(1) << 63))
			return false;
	return wide_mul(a, UINT64_C(1) << by);
}

/*
 * One digit of a division in base 2^64 (Knuth, TAOCP 2, 4.3.1 algorithm D):
 * (rest * 2^64 + next) / by with rest < by and bit 127 of by set.
 */
static uint64_t
divide_step(u128 *rest, uint64_t next, u128 by)
{
	uint64_t hi = (uint64_t)(by >> 64), lo = (uint64_t)by;
	u128 q = *rest / hi, r = *rest % hi;

	/* The digit guessed from by's high half is at most 2 too great. */
	while (q >> 64 || q * lo > (r << 64 | next)) {
		q--;
		r += hi;
		if (r >> 64)
			break;
	}
	*rest = (*rest << 64 | next) - q * by;
	return (uint64_t)q;
}

/* Divides a in place; returns the remainder. */
static u128
wide_divide(struct wide *a, u128 by)
{
	unsigned shift;
	u128 rest = 0;

	if (!(by >> 64)) {
		for (int i = 3; i >= 0; i--) {
			rest = rest << 64 | a->word[i];
			a->word[i] = (uint64_t)(rest / by);
			rest %= by;
		}
		return rest;
	}
	/* Both are shifted so that by has its highest bit set. */
	shift = (unsigned)__builtin_clzll((uint64_t)(by >> 64));
	by <<= shift;
	rest = (u128)a->word[3] << shift >> 64;
	for (int i = 3; i >= 0; i--) {
		u128 pair = (u128)a->word[i] << 64 | (i ? a->word[i - 1] : 0);

		a->word[i] =
		    divide_step(&rest, (uint64_t)(pair << shift >> 64), by);
	}
	return rest >> shift;
}

/* a * 10^e, which passes 256 bits for no a < 10^38 and e <= 38. */
static struct wide
wide_aligned(u128 a, unsigned e)
{
	struct wide w = wide_of(a);

	must(wide_mul_ten(&w, e));
	return w;
}

/*
 * The decimal w / 10^scale if it has at most 38 digits; zeros at the end of
 * the fraction give way.
 */
static bool
fit(struct wide w, unsigned scale, bool neg, struct dec *out)
{
	u128 v;

	while (w.word[3] || w.word[2] || scale > SCALE_MAX ||
	       ((u128)w.word[1] << 64 | w.word[0]) >= ten[DEC_DIGITS_MAX]) {
		if (!scale || wide_divide(&w, 10))
			return false;
		scale--;
	}
	v = (u128)w.word[1] << 64 | w.word[0];
	*out = signed_dec(v, scale, neg);
	return true;
}

/* The same, rounded half away from zero to as many digits of fraction as there
 * is room for, but not fewer than `least`. */
static bool
fit_rounded(
    struct wide w, unsigned scale, unsigned least, bool neg, struct dec *out)
{
	for (unsigned k = 1; k <= DEC_DIGITS_MAX && scale >= least + k; k++) {
		struct wide q = w;
		u128 rest = wide_divide(&q, ten[k]), v;

		v = (u128)q.word[1] << 64 | q.word[0];
		if (q.word[3] || q.word[2] || scale - k > SCALE_MAX ||
		    v >= ten[DEC_DIGITS_MAX])
			continue;
		v += rest >= ten[k] - rest;
		if (v >= ten[DEC_DIGITS_MAX])
			continue;
		*out = signed_dec(v, scale - k, neg);
		return true;
	}
	return false;
}

/* --- arithmetic ---------------------------------------------------------- */

/* Both at the greater of the two scales, which is returned. */
static unsigned
align(struct dec a, struct dec b, struct wide *wa, struct wide *wb)
{
	unsigned scale = a.scale > b.scale ? a.scale : b.scale;

	*wa = wide_aligned(magnitude(a), scale - a.scale);
	*wb = wide_aligned(magnitude(b), scale - b.scale);
	return scale;
}

/* Brings the two to one scale if 128 bits are sure to be enough for it. */
static void
align_small(struct dec *a, struct dec *b)
{
	struct dec *low = a->scale < b->scale ? a : b;
	uint8_t scale = low == a ? b->scale : a->scale;
	unsigned e = (unsigned)scale - low->scale;

	if (e <= 18 && low->v == (int64_t)low->v) {
		low->v *= (__int128)ten[e]; /* less than 10^37 */
		low->scale = scale;
	}
}

bool
dec_add(struct dec a, struct dec b, struct dec *out)
{
	struct wide wa, wb;
	unsigned scale;

	align_small(&a, &b);
	if (a.scale == b.scale) {
		__int128 sum;

		if (!__builtin_add_overflow(a.v, b.v, &sum) &&
		    sum < (__int128)ten[DEC_DIGITS_MAX] &&
		    sum > -(__int128)ten[DEC_DIGITS_MAX]) {
			*out = (struct dec){sum, a.scale};
			return true;
		}
	}
	scale = align(a, b, &wa, &wb);
	if ((a.v < 0) == (b.v < 0))
		return fit(wide_add(wa, &wb), scale, a.v < 0, out);
	if (wide_cmp(&wa, &wb) >= 0)
		return fit(wide_sub(wa, &wb), scale, a.v < 0, out);
	return fit(wide_sub(wb, &wa), scale, b.v < 0, out);
}

bool
dec_sub(struct dec a, struct dec b, struct dec *out)
{
	b.v = -b.v;
	return dec_add(a, b, out);
}

bool
dec_mul(struct dec a, struct dec b, struct dec *out)
{
	struct wide w = wide_product(magnitude(a), magnitude(b));
	unsigned scale = (unsigned)a.scale + b.scale;
	bool neg = (a.v < 0) != (b.v < 0);

	return fit(w, scale, neg, out) ||
	       fit_rounded(w, scale,
		   scale < PRODUCT_SCALE_MIN ? scale : PRODUCT_SCALE_MIN, neg,
		   out);
}

/* a / b rounded at the given scale, and whether it is exact; false if it does
 * not fit 38 digits. */
static bool
divide_at(
    struct dec a, struct dec b, unsigned scale, struct dec *out, bool *exact)
{
	struct wide w = wide_of(magnitude(a));
	u128 by = magnitude(b), rest, v;

	/* If a passes 256 bits, its quotient passes 38 digits. The power is
	 * not negative: scale > a.scale, or there is nothing to take away. */
	if (!wide_mul_ten(&w, scale + b.scale - a.scale))
		return false;
	rest = wide_divide(&w, by);
	v = (u128)w.word[1] << 64 | w.word[0];
	if (w.word[3] || w.word[2] || v >= ten[DEC_DIGITS_MAX])
		return false;
	v += rest >= by - rest;
	if (v >= ten[DEC_DIGITS_MAX])
		return false;
	*exact = !rest;
	*out = signed_dec(v, scale, (a.v < 0) != (b.v < 0));
	return true;
}

/* a / b, where b counts as a number of so many digits. */
static bool
divide(
    struct dec a, struct dec b, unsigned digits, struct dec *out, bool *exact)
{
	unsigned scale = a.scale + digits + 1, least = DIV_SCALE_MIN;

	if (scale < DIV_SCALE_MIN)
		scale = DIV_SCALE_MIN;
	if (scale > SCALE_MAX)
		scale = SCALE_MAX;
	if (b.scale + least < a.scale)
		least = a.scale - b.scale;
	for (; scale >= least; scale--)
		if (divide_at(a, b, scale, out, exact))
			return true;
	return false;
}

bool
dec_div(struct dec a, struct dec b, struct dec *out)
{
	unsigned digits = count_digits(magnitude(b)), type;
	bool exact;

	if (!b.v || !divide(a, b, digits, out, &exact))
		return false;
	type = digits <= INT_DIGITS ? INT_DIGITS : BIGINT_DIGITS;
	return exact || b.scale || digits >= type ||
	       divide(a, b, type, out, &exact);
}

bool
dec_div_count(struct dec sum, int64_t n, struct dec *out)
{
	struct dec b = dec_of_int(n);
	bool exact;

	return n && divide(sum, b, count_digits(magnitude(b)), out, &exact);
}

bool
dec_mod(struct dec a, struct dec b, struct dec *out)
{
	struct wide wa, wb;
	unsigned scale;
	u128 rest;

	if (!b.v)
		return false;
	scale = align(a, b, &wa, &wb);
	if (wide_cmp(&wa, &wb) < 0) {
		/* All of a; it may have to do with its own, smaller scale. */
		return fit(wa, scale, a.v < 0, out);
	}
	/* Only the one with the smaller scale has grown: if that was b, it is
	 * less than a yet, and so within 128 bits like a. */
	rest = wide_divide(&wa, (u128)wb.word[1] << 64 | wb.word[0]);
	*out = signed_dec(rest, scale, a.v < 0);
	return true;
}

bool
dec_round(struct dec a, int scale, struct dec *out)
{
	u128 v = magnitude(a), by, rest;
	int cut;

	if (scale < -DEC_DIGITS_MAX - 1)
		scale = -DEC_DIGITS_MAX - 1;
	cut = (int)a.scale - scale;
	if (cut <= 0) {
		struct wide w = wide_of(v);

		if (scale > SCALE_MAX || !wide_mul_ten(&w, (unsigned)-cut) ||
		    w.word[3] || w.word[2])
			return false;
		v = (u128)w.word[1] << 64 | w.word[0];
	} else if (cut > DEC_DIGITS_MAX) {
		v = 0; /* less than a half of it */
	} else {
		by = ten[cut];
		rest = v % by;
		v = v / by + (rest >= by - rest);
		if (scale < 0 && v) {
			/* v <= 10^(38 - cut), so this is 10^38 at most unless
			 * a has a scale, then it is less. */
			v *= ten[-scale];
		}
	}
	if (v >= ten[DEC_DIGITS_MAX])
		return false;
	*out = signed_dec(v, scale < 0 ? 0 : (unsigned)scale, a.v < 0);
	return true;
}

int
dec_cmp(struct dec a, struct dec b)
{
	struct wide wa, wb;
	int order;

	align_small(&a, &b);
	if (a.scale == b.scale || (a.v < 0) != (b.v < 0))
		return a.v < b.v ? -1 : a.v > b.v;
	align(a, b, &wa, &wb);
	order = wide_cmp(&wa, &wb);
	return a.v < 0 ? -order : order;
}

/* |a| against f = m * 2^e, f positive and within 2^-127 ... 2^127 */
static int
cmp_binary(struct dec a, uint64_t m, int e)
{
	struct wide left = wide_of(magnitude(a)), right = wide_of(m);

	must(wide_mul_ten(&right, a.scale));
	if (e >= 0)
		must(wide_shift(&right, (unsigned)e));
	else if (!wide_shift(&left, (unsigned)-e))
		return 1; /* right has at most 53 + 127 bits */
	return wide_cmp(&left, &right);
}

int
dec_cmp_float(struct dec a, double f)
{
	uint64_t bits, m;
	double size = f < 0 ? -f : f;
	int order;

	if (f != f)
		return -1;
	if (!a.v || f == 0 || (a.v < 0) != (f < 0)) {
		int sign_a = a.v < 0 ? -1 : a.v > 0,
		    sign_f = f < 0 ? -1 : f > 0;

		return (sign_a > sign_f) - (sign_a < sign_f);
	}
	memcpy(&bits, &size, sizeof bits);
	m = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52;
	if (size >= 0x1p127) /* greater than 10^38 */
		order = -1;
	else if (size < 0x1p-127) /* less than 10^-38 */
		order = 1;
	else
		order = cmp_binary(a, m, (int)(bits >> 52) - 1075);
	return a.v < 0 ? -order : order;
}

struct dec
dec_normal(struct dec d)
{
	while (d.scale && d.v % 10 == 0) {
		d.v /= 10;
		d.scale--;
	}
	return d;
}

/* --- conversions --------------------------------------------------------- */

struct dec
dec_of_int(int64_t i)
{
	return (struct dec){i, 0};
}

bool
dec_trunc_int(struct dec d, int64_t *out)
{
	__int128 whole = d.v / (__int128)ten[d.scale];

	if (whole < INT64_MIN || whole > INT64_MAX)
		return false;
	*out = (int64_t)whole;
	return true;
}

bool
dec_to_int(struct dec d, int64_t *out)
{
	return d.v % (__int128)ten[d.scale] == 0 && dec_trunc_int(d, out);
}

double
dec_to_float(struct dec d)
{
	u128 v = magnitude(d);
	char text[DEC_TEXT_MAX];
	double f;

	if (!(v >> 64)) {
		f = num_float((uint64_t)v, -(int)d.scale);
		return d.v < 0 ? -f : f;
	}
	must(num_parse_float((struct str){text, dec_print(text, d)}, &f));
	return f;
}

bool
dec_of_float(double f, struct dec *out)
{
	char text[NUM_FLOAT_MAX];
	size_t n = (size_t)(num_put_float(text, f) - text);

	if (text[n - 1] == '0' && text[n - 2] == '.')
		n -= 2; /* a whole number has no digits behind the point */
	return dec_parse((struct str){text, n}, out);
}

/* What has been read: v * 10^zeros, v without zeros at its end. */
struct reading {
	u128 v;
	unsigned digits; /* of v */
	int64_t zeros;
	bool too_long;
};

static const char *
read_digits(const char *p, const char *end, struct reading *r)
{
	for (; p < end && *p >= '0' && *p <= '9'; p++) {
		if (*p == '0') {
			r->zeros += r->v != 0;
			continue;
		}
		if (r->digits + r->zeros + 1 > DEC_DIGITS_MAX) {
			r->too_long = true;
			continue;
		}
		r->v = r->v * ten[r->zeros + 1] + (unsigned)(*p - '0');
		r->digits += (unsigned)r->zeros + 1;
		r->zeros = 0;
	}
	return p;
}

/* The exponent from behind 'e'; NULL if there is none. */
static const char *
read_exponent(const char *p, const char *end, int64_t *exp)
{
	bool neg = p < end && *p == '-';
	const char *from;

	p += p < end && (*p == '-' || *p == '+');
	for (from = p; p < end && *p >= '0' && *p <= '9'; p++)
		if (*exp < INT64_C(1000000000000))
			*exp = *exp * 10 + (*p - '0');
	if (neg)
		*exp = -*exp;
	return p > from ? p : NULL;
}

/* Gives the number its scale, if it has 38 digits with any. */
static bool
settle(struct reading *r, int64_t scale, bool neg, struct dec *out)
{
	int64_t excess;

	if (!r->v) {
		scale = scale < 0 ? 0 : scale > SCALE_MAX ? SCALE_MAX : scale;
		*out = signed_dec(0, (unsigned)scale, false);
		return true;
	}
	if (scale < 0) {
		r->zeros -= scale;
		scale = 0;
	}
	excess = r->digits + r->zeros - DEC_DIGITS_MAX;
	if (excess < scale - SCALE_MAX)
		excess = scale - SCALE_MAX;
	if (excess > 0) {
		if (excess > r->zeros || excess > scale)
			return false;
		r->zeros -= excess;
		scale -= excess;
	}
	*out = signed_dec(r->v * ten[r->zeros], (unsigned)scale, neg);
	return true;
}

bool
dec_parse(struct str s, struct dec *out)
{
	const char *p = s.p, *end = s.p + s.n, *from;
	bool neg = s.n && *p == '-';
	struct reading r = {0};
	int64_t scale = 0, exp = 0;

	p += s.n && (*p == '-' || *p == '+');
	from = p;
	p = read_digits(p, end, &r);
	if (p == from)
		return false;
	if (p < end && *p == '.') {
		from = p + 1;
		p = read_digits(from, end, &r);
		scale = p - from;
		if (!scale)
			return false;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p = read_exponent(p + 1, end, &exp);
		if (!p)
			return false;
	}
	return p == end && !r.too_long && settle(&r, scale - exp, neg, out);
}

size_t
dec_print(char *out, struct dec d)
{
	char digits[DEC_TEXT_MAX], *end = digits + sizeof digits, *p = end;
	u128 v = magnitude(d);
	char *o = out;
	uint64_t low;
	size_t n;

	for (; v >> 64; v /= 10)
		*--p = (char)('0' + (unsigned)(v % 10));
	/* At least one digit before the point. */
	for (low = (uint64_t)v; low || end - p <= d.scale; low /= 10)
		*--p = (char)('0' + low % 10);
	if (d.v < 0)
		*o++ = '-';
	n = (size_t)(end - p) - d.scale;
	memcpy(o, p, n);
	o += n;
	if (d.scale) {
		*o++ = '.';
		memcpy(o, p + n, d.scale);
		o += d.scale;
	}
	return (size_t)(o - out);
}

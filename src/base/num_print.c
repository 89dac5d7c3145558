/* SPDX-License-Identifier: MIT */
/*
 * Numbers to text.
 *
 * Floating numbers print with the fewest digits that read back. Logs are full
 * of 12.345, so thousandths and millionths are tried first: a decimal of at
 * most 15 digits that reads back is the only one of at most 15 digits that
 * does, hence the shortest. All others go through Schubfach (Giulietti, "The
 * Schubfach way to render doubles", 2020), which computes with 128-bit powers
 * of ten and a rounding to odd that makes its few comparisons exact.
 */
#include "base/num.h"

#include "base/num_pow.h"

typedef unsigned __int128 u128;

static const char two_digits[] = "00010203040506070809"
				 "10111213141516171819"
				 "20212223242526272829"
				 "30313233343536373839"
				 "40414243444546474849"
				 "50515253545556575859"
				 "60616263646566676869"
				 "70717273747576777879"
				 "80818283848586878889"
				 "90919293949596979899";

static unsigned
count_digits(uint64_t u)
{
	static const uint64_t ten[20] = {0, 10, 100, 1000, 10000, 100000,
	    1000000, 10000000, 100000000, 1000000000, 10000000000, 100000000000,
	    1000000000000, 10000000000000, 100000000000000, 1000000000000000,
	    10000000000000000, 100000000000000000, 1000000000000000000,
	    10000000000000000000u};
	/* 1233/4096 is a little over log10(2) */
	unsigned bits = 64 - (unsigned)__builtin_clzll(u | 1);
	unsigned n = bits * 1233 >> 12;

	return n + (u >= ten[n]);
}

/* Writes the n low digits of u that end before end. */
static void
put_digits(char *end, uint64_t u, unsigned n)
{
	for (; n >= 2; n -= 2) {
		end -= 2;
		memcpy(end, two_digits + 2 * (u % 100), 2);
		u /= 100;
	}
	if (n)
		end[-1] = (char)('0' + u % 10);
}

char *
num_put_uint(char *out, uint64_t u)
{
	unsigned n = u ? count_digits(u) : 1;

	put_digits(out + n, u, n);
	return out + n;
}

char *
num_put_int(char *out, int64_t i)
{
	uint64_t u = (uint64_t)i;

	if (i < 0) {
		*out++ = '-';
		u = -u;
	}
	return num_put_uint(out, u);
}

/* A decimal: digits * 10^exp, the last digit not 0. */
struct decimal {
	uint64_t digits;
	int exp;
};

static struct decimal
without_zeros(struct decimal d)
{
	while (d.digits % 100 == 0) {
		d.digits /= 100;
		d.exp += 2;
	}
	if (d.digits % 10 == 0) {
		d.digits /= 10;
		d.exp++;
	}
	return d;
}

/* The high 64 of 192 bits of power * c, the last bit set if any below is. */
static uint64_t
mul_odd(struct num_pow power, uint64_t c)
{
	u128 low = (u128)power.lo * c;
	u128 high = (u128)power.hi * c + (uint64_t)(low >> 64);

	return (uint64_t)(high >> 64) | ((uint64_t)high > 1);
}

/*
 * The shortest decimal that reads back as c * 2^q, and of these the nearest.
 * The names are those of Giulietti's paper, section 9: values are in quarters
 * of 10^k, where the decimals that read back, lower to upper, are at least
 * one apart and less than ten.
 */
static struct decimal
schubfach(uint64_t c, int q, bool lower_is_closer)
{
	int k = (q * 1262611 - (lower_is_closer ? 524031 : 0)) >> 22;
	int h = q + ((-k * 1741647) >> 19) + 1;
	struct num_pow power = num_pow[-k - NUM_POW_MIN];
	uint64_t odd = c & 1, v, lower, upper, s, tens;
	bool in, in_next;

	v = mul_odd(power, (4 * c) << h);
	lower = mul_odd(power, (4 * c - 2 + lower_is_closer) << h) + odd;
	upper = mul_odd(power, (4 * c + 2) << h) - odd;
	s = v / 4;
	tens = s / 10;
	if (s >= 10) {
		in = lower <= 40 * tens;
		in_next = 40 * tens + 40 <= upper;
		if (in != in_next)
			return (struct decimal){tens + in_next, k + 1};
	}
	in = lower <= 4 * s;
	in_next = 4 * s + 4 <= upper;
	if (in == in_next)
		in_next = v > 4 * s + 2 || (v == 4 * s + 2 && (s & 1));
	return (struct decimal){s + in_next, k};
}

static struct decimal
shortest(uint64_t bits)
{
	uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1);
	int exp = (int)(bits >> 52 & 2047);

	if (!exp)
		return schubfach(fraction, -1074, false);
	return schubfach(
	    fraction | UINT64_C(1) << 52, exp - 1075, !fraction && exp > 1);
}

/* Writes the n digits u with a point behind the first whole of them. */
static char *
put_pointed(char *out, uint64_t u, unsigned n, unsigned whole)
{
	put_digits(out + n + 1, u, n);
	memmove(out, out + 1, whole);
	out[whole] = '.';
	return out + n + 1;
}

static char *
put_scientific(char *out, uint64_t u, unsigned n, int exp)
{
	if (n > 1) {
		out = put_pointed(out, u, n, 1);
	} else {
		*out++ = (char)('0' + u);
	}
	*out++ = 'e';
	*out++ = exp < 0 ? '-' : '+';
	return num_put_uint(out, (uint64_t)(exp < 0 ? -exp : exp));
}

/* A float stays one when it is read again. */
static char *
put_point_zero(char *out)
{
	memcpy(out, ".0", 2);
	return out + 2;
}

/* ECMA-262, Number::toString, but for the ".0" of whole numbers. */
static char *
put_decimal(char *out, struct decimal d)
{
	unsigned n = count_digits(d.digits);
	int point = (int)n + d.exp; /* digits before the point */

	if (point > 21 || point <= -6)
		return put_scientific(out, d.digits, n, point - 1);
	if (d.exp >= 0) {
		put_digits(out + n, d.digits, n);
		memset(out + n, '0', (unsigned)d.exp);
		return put_point_zero(out + point);
	}
	if (point > 0)
		return put_pointed(out, d.digits, n, (unsigned)point);
	memcpy(out, "0.00000", 7);
	out += 2 - point;
	put_digits(out + n, d.digits, n);
	return out + n;
}

/* f > 0 as thousandths or millionths, if it is so with 15 digits or less. */
static bool
few_digits(double f, struct decimal *d)
{
	uint64_t u;

	if (f >= 1e9 || f < 1e-6)
		return false;
	u = (uint64_t)(f * 1e3 + 0.5);
	if ((double)u / 1e3 == f) {
		*d = (struct decimal){u, -3};
		return true;
	}
	u = (uint64_t)(f * 1e6 + 0.5);
	if ((double)u / 1e6 != f)
		return false;
	*d = (struct decimal){u, -6};
	return true;
}

char *
num_put_float(char *out, double f)
{
	struct decimal d;
	uint64_t bits;

	memcpy(&bits, &f, sizeof bits);
	if (f != f) {
		memcpy(out, "NaN", 3);
		return out + 3;
	}
	if (bits >> 63) {
		*out++ = '-';
		bits = bits << 1 >> 1;
		f = -f;
	}
	if (f < 0x1p53 && f == (double)(uint64_t)f)
		return put_point_zero(num_put_uint(out, (uint64_t)f));
	if (bits >> 52 == 2047) {
		memcpy(out, "Infinity", 8);
		return out + 8;
	}
	if (!few_digits(f, &d))
		d = shortest(bits);
	return put_decimal(out, without_zeros(d));
}

/* SPDX-License-Identifier: MIT */
/*
 * Numbers as times: seconds since the epoch and its thousandths. Numbers in
 * text are exact decimals throughout, so 1767225600.123456 loses nothing; a
 * double cannot hold it, and is taken as the microsecond it is nearest to if
 * it is within its own error. What is finer is cut towards the past, as in a
 * civil time's fraction.
 */
#include "base/when_read.h"

/* A decimal number as it stood: sign, m * 10^e, and whether more was cut. */
struct decimal {
	uint64_t m;
	int e;
	bool negative, more;
};

/* Adds the digits at *p; those behind a point count e down. */
static const char *
add_digits(const char *p, const char *end, bool point, struct decimal *d)
{
	for (; p < end && when_digit(*p) <= 9; p++) {
		if (d->m <= (UINT64_MAX - 9) / 10) {
			d->m = d->m * 10 + when_digit(*p);
			d->e -= point;
		} else {
			d->more |= *p != '0';
			d->e += !point;
		}
	}
	return p;
}

/* All of s as -ddd[.ddd][e[+-]dd]. */
static bool
read_decimal(struct str s, struct decimal *d)
{
	const char *p = s.p, *end = s.p + s.n, *first;
	int exponent = 0, sign = 1;

	*d = (struct decimal){.negative = s.n && *p == '-'};
	p += d->negative;
	first = p;
	p = add_digits(p, end, false, d);
	if (p == first)
		return false;
	if (p < end && *p == '.') {
		first = p + 1;
		p = add_digits(first, end, true, d);
		if (p == first)
			return false;
	}
	if (p == end)
		return true;
	if ((*p++ | 0x20) != 'e' || p == end)
		return false;
	if (*p == '+' || *p == '-')
		sign = *p++ == '-' ? -1 : 1;
	for (first = p; p < end && when_digit(*p) <= 9; p++)
		if (exponent < 100000)
			exponent = exponent * 10 + (int)when_digit(*p);
	d->e += sign * exponent;
	return p == end && p != first;
}

static uint64_t
power_of_ten(unsigned n)
{
	uint64_t v = 1;

	while (n--)
		v *= 10;
	return v;
}

/* |d| * 10^shift as a whole number; false if above limit. *rest: it was cut. */
static bool
decimal_whole(const struct decimal *d, int shift, uint64_t limit,
    uint64_t *whole, bool *rest)
{
	uint64_t m = d->m;
	int e = d->e + shift;

	*rest = d->more;
	if (!m || e < -19) {
		*rest |= m != 0;
		*whole = 0;
		return true;
	}
	if (e < 0) {
		uint64_t by = power_of_ten((unsigned)-e);

		*rest |= m % by != 0;
		m /= by;
	} else if (e > 18 ||
		   __builtin_mul_overflow(m, power_of_ten((unsigned)e), &m)) {
		return false;
	}
	*whole = m;
	return m <= limit;
}

/* Powers of ten from the unit to microseconds; 99: not a number's layout. */
static int
unit_shift(enum when_kind kind)
{
	switch (kind) {
	case WHEN_EPOCH_S:
		return 6;
	case WHEN_EPOCH_MS:
		return 3;
	case WHEN_EPOCH_US:
		return 0;
	case WHEN_EPOCH_NS:
		return -3;
	case WHEN_AUTO:
	case WHEN_EPOCH:
	case WHEN_ISO:
	case WHEN_CLF:
	case WHEN_MAIL:
	case WHEN_CTIME:
	case WHEN_PATTERN:
		break;
	}
	return 99;
}

/* The same by the magnitude of a number, whole without its fraction. */
static int
magnitude_shift(uint64_t whole)
{
	if (whole < 100000000000u)
		return 6;
	if (whole < 100000000000000u)
		return 3;
	return whole < 100000000000000000u ? 0 : -3;
}

static bool
decimal_time(enum when_kind kind, const struct decimal *d, int64_t *out)
{
	int shift = unit_shift(kind);
	uint64_t whole;
	int64_t t;
	bool rest;

	if (shift == 99) {
		if (!decimal_whole(d, 0, UINT64_MAX, &whole, &rest))
			whole = UINT64_MAX;
		shift = magnitude_shift(whole);
	}
	if (!decimal_whole(d, shift, (uint64_t)WHEN_LAST, &whole, &rest))
		return false;
	t = (int64_t)whole;
	*out = d->negative ? -t - rest : t;
	return when_in_range(*out);
}

bool
when_read_number(enum when_kind kind, struct str s, int64_t *out)
{
	struct decimal d;

	return read_decimal(s, &d) && decimal_time(kind, &d, out);
}

bool
when_of_int(const struct when_layout *l, int64_t n, int64_t *out)
{
	struct decimal d = {n < 0 ? -(uint64_t)n : (uint64_t)n, 0, n < 0, 0};
	char digits[24], *p = digits + sizeof(digits);

	if (l->kind == WHEN_CLF)
		return false;
	if (l->kind != WHEN_ISO && l->kind != WHEN_PATTERN)
		return decimal_time(l->kind, &d, out);
	do
		*--p = (char)('0' + d.m % 10);
	while (d.m /= 10);
	if (n < 0)
		*--p = '-';
	return when_parse(l, NULL,
	    (struct str){p, (size_t)(digits + sizeof(digits) - p)}, out);
}

/*
 * Microseconds of v, cut towards the past. A double cannot hold 0.1: what is
 * within its own error of a whole microsecond is meant to be that.
 */
static bool
float_time(double v, int64_t *out)
{
	double near = v < 0 ? -v * 0x1p-52 : v * 0x1p-52;
	int64_t t;

	if (!(v >= (double)WHEN_FIRST && v <= (double)WHEN_LAST))
		return false;
	t = (int64_t)v;
	if ((double)t > v)
		t--;
	if ((double)t < v && (double)t + 1 - v <= near)
		t++;
	*out = t;
	return when_in_range(t);
}

/* Microseconds in the unit that is told by a number's magnitude. */
static double
magnitude_scale(double size)
{
	if (size < 1e11)
		return 1e6;
	if (size < 1e14)
		return 1e3;
	return size < 1e17 ? 1 : 0.001;
}

bool
when_of_float(const struct when_layout *l, double n, int64_t *out)
{
	double size = n < 0 ? -n : n, scale = 0.001;

	switch (l->kind) {
	case WHEN_EPOCH_S:
		scale = 1e6;
		break;
	case WHEN_EPOCH_MS:
		scale = 1e3;
		break;
	case WHEN_EPOCH_US:
		scale = 1;
		break;
	case WHEN_EPOCH_NS:
		break;
	case WHEN_AUTO:
	case WHEN_EPOCH:
		scale = magnitude_scale(size);
		break;
	case WHEN_ISO:
	case WHEN_CLF:
	case WHEN_MAIL:
	case WHEN_CTIME:
	case WHEN_PATTERN:
		return size < 9e18 && (double)(int64_t)n == n &&
		       when_of_int(l, (int64_t)n, out);
	}
	/* Dividing is exact where multiplying by 0.001 is not. */
	return float_time(scale < 1 ? n / 1e3 : n * scale, out);
}

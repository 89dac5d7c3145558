/* SPDX-License-Identifier: MIT */
/*
 * Functions of whole numbers and their bits, of ranges, and of kinds of
 * floats. Integers are exact; what does not fit makes the row bad.
 */
#include <math.h>

#include "expr/fn_part.h"

#define INT_OVERFLOW "integer overflow"

static void
give_int(struct fn_frame *f, bool good, __int128 i, struct value *out)
{
	if (good && i >= INT64_MIN && i <= INT64_MAX) {
		*out = value_int((int64_t)i);
		return;
	}
	fn_fail(f, INT_OVERFLOW);
	*out = VALUE_NULL;
}

/* ---- bits ---- */

FN_ROW(bitand_row)
{
	*out = value_int(args[0].i & args[1].i);
}

FN_ROW(bitor_row)
{
	*out = value_int(args[0].i | args[1].i);
}

FN_ROW(bitxor_row)
{
	*out = value_int(args[0].i ^ args[1].i);
}

FN_ROW(bitnot_row)
{
	*out = value_int(~args[0].i);
}

FN_ROW(bit_count_row)
{
	*out = value_int(__builtin_popcountll((uint64_t)args[0].i));
}

/* 0 for other places than 0 to 63. */
FN_ROW(bit_get_row)
{
	int64_t at = args[1].i;

	*out = value_int(
	    at < 0 || at > 63 ? 0 : (int64_t)((uint64_t)args[0].i >> at & 1));
}

FN_ROW(shift_left_row)
{
	int64_t by = args[1].i;
	uint64_t bits = (uint64_t)args[0].i;

	*out = value_int(by < 0 || by > 63 ? 0 : (int64_t)(bits << by));
}

FN_ROW(shift_right_row)
{
	int64_t by = args[1].i, i = args[0].i;

	if (by < 0 || by > 63)
		*out = value_int(i < 0 ? -1 : 0);
	else
		*out = value_int(i < 0 ? ~(~i >> by) : i >> by);
}

/* ---- whole numbers ---- */

static uint64_t
without_sign(int64_t i)
{
	return i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
}

static uint64_t
common_divisor(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

FN_ROW(gcd_row)
{
	uint64_t a = without_sign(args[0].i), b = without_sign(args[1].i);

	give_int(f, true, (__int128)common_divisor(a, b), out);
}

FN_ROW(lcm_row)
{
	uint64_t a = without_sign(args[0].i), b = without_sign(args[1].i);

	give_int(f, true, a && b ? (__int128)(a / common_divisor(a, b)) * b : 0,
	    out);
}

FN_ROW(factorial_row)
{
	int64_t n_of = args[0].i;
	__int128 product = 1;

	for (int64_t i = 2; i <= n_of && product <= INT64_MAX; i++)
		product *= i;
	if (n_of >= 0) {
		give_int(f, true, product, out);
		return;
	}
	fn_fail(f, "factorial of a negative number");
	*out = VALUE_NULL;
}

/* Toward minus infinity. */
static bool
divide_down(int64_t a, int64_t b, __int128 *out)
{
	if (!b)
		return false;
	*out = (__int128)a / b;
	if (*out * b != a && (a < 0) != (b < 0))
		--*out;
	return true;
}

FN_ROW(div_row)
{
	__int128 q;

	if (args[1].i) {
		q = (__int128)args[0].i / args[1].i;
		give_int(f, true, q, out);
		return;
	}
	fn_fail(f, "division by zero");
	*out = VALUE_NULL;
}

FN_ROW(pmod_row)
{
	__int128 q;

	if (divide_down(args[0].i, args[1].i, &q)) {
		give_int(f, true, args[0].i - q * args[1].i, out);
		return;
	}
	fn_fail(f, "division by zero");
	*out = VALUE_NULL;
}

/* ---- digits ---- */

FN_ROW(to_base_row)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	uint64_t u = without_sign(args[0].i);
	int64_t base = args[1].i;
	char text[66], *p = text + sizeof text;

	*out = VALUE_NULL;
	if (base < 2 || base > 36) {
		fn_fail(f, "a base is from 2 to 36");
		return;
	}
	do {
		*--p = digits[u % (uint64_t)base];
		u /= (uint64_t)base;
	} while (u);
	if (args[0].i < 0)
		*--p = '-';
	*out = value_text(arena_str(
	    f->eval->arena, (struct str){p, (size_t)(text + sizeof text - p)}));
}

/* The value of a digit, or 99. */
static unsigned
digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	c |= 32;
	return c >= 'a' && c <= 'z' ? (unsigned)(c - 'a') + 10 : 99;
}

FN_ROW(from_base_row)
{
	struct str s = str_trim(value_str(args[0]));
	int64_t base = args[1].i;
	bool negative = s.n && *s.p == '-';
	__int128 i = 0;

	*out = VALUE_NULL;
	if (base < 2 || base > 36) {
		fn_fail(f, "a base is from 2 to 36");
		return;
	}
	if (s.n && (negative || *s.p == '+'))
		s = (struct str){s.p + 1, s.n - 1};
	for (size_t k = 0; k < s.n; k++) {
		if (digit_of(s.p[k]) >= base)
			return;
		if (i <= INT64_MAX)
			i = i * base + digit_of(s.p[k]);
	}
	if (s.n)
		give_int(f, true, negative ? -i : i, out);
}

/* ---- ranges ---- */

FN_ROW(clamp_row)
{
	*out = args[0];
	if (value_cmp(*out, args[1]) < 0)
		*out = args[1];
	else if (value_cmp(*out, args[2]) > 0)
		*out = args[2];
}

static double
as_float(struct value v)
{
	return v.type == T_INT	   ? (double)v.i
	       : v.type == T_FLOAT ? v.f
				   : dec_to_float(*v.d);
}

/* 0 below the first of n equal parts of [low, high), n + 1 above the last. */
FN_ROW(width_bucket_row)
{
	double x = as_float(args[0]), low = as_float(args[1]);
	double high = as_float(args[2]), at;
	int64_t parts = args[3].i;

	*out = VALUE_NULL;
	if (parts < 1 || parts > INT32_MAX || !(low != high) ||
	    !isfinite(low) || !isfinite(high) || x != x) {
		fn_fail(f, "no parts of a range");
		return;
	}
	at = (x - low) / (high - low) * (double)parts;
	*out = value_int(at < 0		       ? 0
			 : at >= (double)parts ? parts + 1
					       : (int64_t)at + 1);
}

/* The greatest multiple of width that is not greater. */
FN_ROW(bucket_row)
{
	struct value v = args[0], w = args[1];
	__int128 q;

	*out = VALUE_NULL;
	if (v.type == T_INT && w.type == T_INT && w.i > 0) {
		divide_down(v.i, w.i, &q);
		give_int(f, true, q * w.i, out);
	} else if (as_float(w) > 0) {
		*out =
		    value_float(floor(as_float(v) / as_float(w)) * as_float(w));
	} else {
		fn_fail(f, "a bucket's width is more than 0");
	}
}

/* ---- floats ---- */

FN_ROW(is_nan_row)
{
	*out = value_bool(args[0].type == T_FLOAT && args[0].f != args[0].f);
}

FN_ROW(is_finite_row)
{
	*out = value_bool(args[0].type != T_FLOAT || isfinite(args[0].f));
}

FN_ROW(hypot_row)
{
	*out = value_float(hypot(args[0].f, args[1].f));
}

FN_ROW(cbrt_row)
{
	double x = args[0].f, r = cbrt(x);

	/* One step of Newton's makes the root of a cube exact. */
	if (isnormal(r))
		r -= (r * r * r - x) / (3 * r * r);
	*out = value_float(r);
}

FN_ROW(asinh_row)
{
	*out = value_float(asinh(args[0].f));
}

FN_ROW(acosh_row)
{
	*out = value_float(acosh(args[0].f));
}

FN_ROW(atanh_row)
{
	*out = value_float(atanh(args[0].f));
}

FN_ROW(expm1_row)
{
	*out = value_float(expm1(args[0].f));
}

FN_ROW(log1p_row)
{
	*out = value_float(log1p(args[0].f));
}

/* clang-format off */
#define MATH .family = "math", .flink = NULL
#define BITS MATH, .aliases = "", .signature = "bigint, bigint -> bigint"
#define FLOAT MATH, .aliases = "", .signature = "float -> float"

const struct fn fn_bits_rows[] = {
	{.name = "acosh", FLOAT,
	 .doc = "Inverse hyperbolic cosine; NaN below 1.",
	 .example = "acosh(1)", .result = "0.0", .row = acosh_row},
	{.name = "asinh", FLOAT,
	 .doc = "Inverse hyperbolic sine.",
	 .example = "asinh(0)", .result = "0.0", .row = asinh_row},
	{.name = "atanh", FLOAT,
	 .doc = "Inverse hyperbolic tangent; NaN beyond -1 and 1.",
	 .example = "atanh(0)", .result = "0.0", .row = atanh_row},
	{.name = "bit_count", MATH, .aliases = "popcount",
	 .signature = "bigint -> bigint",
	 .doc = "Number of bits that are set in an integer of 64 bits.",
	 .example = "bit_count(7)", .result = "3", .row = bit_count_row},
	{.name = "bit_get", BITS,
	 .doc = "The bit of an integer at a place, from 0 for the lowest.",
	 .example = "bit_get(4, 2)", .result = "1", .row = bit_get_row},
	{.name = "bitand", BITS,
	 .doc = "Bits that are set in both integers.",
	 .example = "bitand(6, 3)", .result = "2", .row = bitand_row},
	{.name = "bitnot", MATH, .aliases = "", .signature = "bigint -> bigint",
	 .doc = "All bits of an integer turned over.",
	 .example = "bitnot(0)", .result = "-1", .row = bitnot_row},
	{.name = "bitor", BITS,
	 .doc = "Bits that are set in one of the integers.",
	 .example = "bitor(6, 3)", .result = "7", .row = bitor_row},
	{.name = "bitxor", BITS,
	 .doc = "Bits that are set in just one of the integers.",
	 .example = "bitxor(6, 3)", .result = "5", .row = bitxor_row},
	{.name = "bucket", MATH, .aliases = "",
	 .signature = "number, number -> number",
	 .doc = "The greatest multiple of a width that is not greater than the "
		"number: the start of its bucket in a histogram.",
	 .example = "bucket(127, 50)", .result = "100", .row = bucket_row},
	{.name = "cbrt", FLOAT,
	 .doc = "Cube root.",
	 .example = "cbrt(27)", .result = "3.0", .row = cbrt_row},
	{.name = "clamp", MATH, .aliases = "",
	 .signature = "any, any, any -> same",
	 .doc = "The first value, held between the second and the third.",
	 .example = "clamp(12, 0, 10)", .result = "10", .row = clamp_row},
	{.name = "div", BITS,
	 .doc = "Whole part of a division of integers, toward zero.",
	 .example = "div(-7, 2)", .result = "-3", .row = div_row},
	{.name = "expm1", FLOAT,
	 .doc = "exp(x) - 1, exact also near 0.",
	 .example = "expm1(0)", .result = "0.0", .row = expm1_row},
	{.name = "factorial", MATH, .aliases = "",
	 .signature = "bigint -> bigint",
	 .doc = "Product of the integers from 1 to n.",
	 .example = "factorial(5)", .result = "120", .row = factorial_row},
	{.name = "from_base", MATH, .aliases = "",
	 .signature = "text, bigint -> bigint",
	 .doc = "The integer that digits to a base of 2 to 36 stand for; NULL "
		"of other text.",
	 .example = "from_base('ff', 16)", .result = "255",
	 .row = from_base_row},
	{.name = "gcd", BITS,
	 .doc = "Greatest common divisor.",
	 .example = "gcd(12, 18)", .result = "6", .row = gcd_row},
	{.name = "hypot", MATH, .aliases = "",
	 .signature = "float, float -> float",
	 .doc = "Length of the hypotenuse: the root of the sum of squares.",
	 .example = "hypot(3, 4)", .result = "5.0", .row = hypot_row},
	{.name = "is_finite", MATH, .aliases = "isfinite",
	 .signature = "number -> bool",
	 .doc = "True unless the number is infinite or NaN.",
	 .example = "is_finite(1.5)", .result = "true", .row = is_finite_row},
	{.name = "is_nan", MATH, .aliases = "isnan",
	 .signature = "number -> bool",
	 .doc = "True if the number is NaN.",
	 .example = "is_nan(sqrt(-1))", .result = "true", .row = is_nan_row},
	{.name = "lcm", BITS,
	 .doc = "Least common multiple.",
	 .example = "lcm(4, 6)", .result = "12", .row = lcm_row},
	{.name = "log1p", FLOAT,
	 .doc = "ln(1 + x), exact also near 0.",
	 .example = "log1p(0)", .result = "0.0", .row = log1p_row},
	{.name = "pmod", BITS,
	 .doc = "Remainder of a division with the sign of the divisor: of a "
		"positive one never negative.",
	 .example = "pmod(-7, 3)", .result = "2", .row = pmod_row},
	{.name = "shift_left", BITS,
	 .doc = "Bits moved n places up; 0 beyond 63.",
	 .example = "shift_left(1, 4)", .result = "16",
	 .row = shift_left_row},
	{.name = "shift_right", BITS,
	 .doc = "Bits moved n places down, the sign kept.",
	 .example = "shift_right(-16, 2)", .result = "-4",
	 .row = shift_right_row},
	{.name = "to_base", MATH, .aliases = "",
	 .signature = "bigint, bigint -> text",
	 .doc = "Digits of an integer to a base of 2 to 36.",
	 .example = "to_base(255, 16)", .result = "ff", .row = to_base_row},
	{.name = "width_bucket", MATH, .aliases = "",
	 .signature = "number, number, number, bigint -> bigint",
	 .doc = "Number of the part of a range, from 1, that a number is in, "
		"the range cut into n; 0 below it, n + 1 at its end and above.",
	 .example = "width_bucket(35, 0, 100, 10)", .result = "4",
	 .row = width_bucket_row},
};
/* clang-format on */
const unsigned fn_bits_n = sizeof fn_bits_rows / sizeof *fn_bits_rows;

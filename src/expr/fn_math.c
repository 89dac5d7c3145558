/* SPDX-License-Identifier: MIT */
/*
 * Functions of numbers. Integers and decimals stay what they are and are
 * exact; what does not fit makes the row bad. Functions of analysis give
 * floats, with NaN and infinity where IEEE 754 has them.
 */
#include <math.h>

#include "expr/fn_part.h"

#define INT_OVERFLOW "integer overflow"
#define DEC_OVERFLOW "decimal overflow"

static void
give_dec(struct fn_frame *f, bool good, struct dec d, struct value *out)
{
	if (good) {
		*out = value_decimal(f->eval->arena, d);
		return;
	}
	fn_fail(f, DEC_OVERFLOW);
	*out = VALUE_NULL;
}

/* ---- signs and rounding ---- */

FN_ROW(abs_row)
{
	struct value v = args[0];

	*out = v;
	if (v.type == T_FLOAT) {
		out->f = fabs(v.f);
	} else if (v.type == T_DECIMAL && v.d->v < 0) {
		give_dec(f, true,
		    (struct dec){.v = -v.d->v, .scale = v.d->scale}, out);
	} else if (v.type == T_INT && v.i == INT64_MIN) {
		fn_fail(f, INT_OVERFLOW);
		*out = VALUE_NULL;
	} else if (v.type == T_INT && v.i < 0) {
		out->i = -v.i;
	}
}

FN_ROW(sign_row)
{
	struct value v = args[0];

	*out = v;
	if (v.type == T_INT)
		out->i = (v.i > 0) - (v.i < 0);
	else if (v.type == T_FLOAT)
		out->f = v.f > 0 ? 1 : v.f < 0 ? -1 : v.f;
	else
		*out = value_int((v.d->v > 0) - (v.d->v < 0));
}

/* A decimal cut to its whole part, then up or down by one if it had more. */
static void
whole(struct fn_frame *f, struct dec d, bool up, struct value *out)
{
	__int128 unit = 1, q;

	for (unsigned i = 0; i < d.scale; i++)
		unit *= 10;
	q = d.v / unit;
	if (q * unit != d.v && (d.v > 0) == up)
		q += up ? 1 : -1;
	*out = value_decimal(f->eval->arena, (struct dec){.v = q});
}

FN_ROW(ceil_row)
{
	*out = args[0];
	if (args[0].type == T_FLOAT)
		out->f = ceil(args[0].f);
	else if (args[0].type == T_DECIMAL)
		whole(f, *args[0].d, true, out);
}

FN_ROW(floor_row)
{
	*out = args[0];
	if (args[0].type == T_FLOAT)
		out->f = floor(args[0].f);
	else if (args[0].type == T_DECIMAL)
		whole(f, *args[0].d, false, out);
}

/* d with `places` digits of fraction, all others cut off. */
static bool
dec_cut(struct dec d, int places, struct dec *out)
{
	__int128 unit = 1;
	int drop = d.scale - places;

	*out = d;
	if (drop <= 0)
		return true;
	if (drop > DEC_DIGITS_MAX) {
		out->v = 0;
	} else {
		for (int i = 0; i < drop; i++)
			unit *= 10;
		out->v -= out->v % unit;
	}
	if (places >= 0)
		return dec_round(*out, places, out);
	return dec_round(*out, 0, out);
}

/* Rounds to `places` digits, tens and hundreds if it is negative. */
static bool
dec_places(struct dec d, int places, bool cut, struct dec *out)
{
	__int128 unit = 1, half, rest;

	if (cut)
		return dec_cut(d, places, out);
	if (places >= 0)
		return dec_round(d, places < d.scale ? places : d.scale, out);
	if (-places > DEC_DIGITS_MAX - 1) {
		*out = (struct dec){0};
		return true;
	}
	if (!dec_cut(d, 0, out))
		return false;
	for (int i = 0; i < -places; i++)
		unit *= 10;
	half = unit / 2;
	rest = out->v % unit;
	out->v -= rest;
	if (rest >= half)
		out->v += unit;
	else if (rest <= -half)
		out->v -= unit;
	/* Adding nothing checks the digits. */
	return dec_add(*out, (struct dec){0}, out);
}

/* By the shortest decimal that reads as f: round(2.675, 2) is 2.68. */
static double
float_places(double x, int places, bool cut)
{
	struct dec d;

	if (!dec_of_float(x, &d))
		/* Not finite, huge, or tiny: more than 38 digits. */
		return fabs(x) < 1e-20 && places < 20 ? copysign(0, x) : x;
	if (!dec_places(d, places, cut, &d))
		return x;
	return copysign(dec_to_float(d), x);
}

static void
round_to(
    struct fn_frame *f, const struct value *args, bool cut, struct value *out)
{
	int64_t want = args[1].i;
	int places = want > 99 ? 99 : want < -99 ? -99 : (int)want;
	struct dec d;

	*out = args[0];
	switch ((enum type)args[0].type) {
	case T_FLOAT:
		out->f = float_places(args[0].f, places, cut);
		break;
	case T_DECIMAL:
		if (dec_places(*args[0].d, places, cut, &d))
			*out = value_decimal(f->eval->arena, d);
		else
			give_dec(f, false, d, out);
		break;
	default:
		if (places >= 0)
			break;
		if (!dec_places(dec_of_int(args[0].i), places, cut, &d) ||
		    !dec_to_int(d, &out->i)) {
			fn_fail(f, INT_OVERFLOW);
			*out = VALUE_NULL;
		}
	}
}

FN_ROW(round_row)
{
	round_to(f, args, false, out);
}

FN_ROW(truncate_row)
{
	round_to(f, args, true, out);
}

/* ---- remainder, extremes ---- */

static double
as_float(struct value v)
{
	switch ((enum type)v.type) {
	case T_INT:
		return (double)v.i;
	case T_DECIMAL:
		return dec_to_float(*v.d);
	default:
		return v.f;
	}
}

static struct dec
as_dec(struct value v)
{
	return v.type == T_INT ? dec_of_int(v.i) : *v.d;
}

FN_ROW(mod_row)
{
	struct value a = args[0], b = args[1];
	struct dec d;

	*out = VALUE_NULL;
	if (a.type == T_FLOAT || b.type == T_FLOAT) {
		*out = value_float(fmod(as_float(a), as_float(b)));
	} else if (as_dec(b).v == 0) {
		fn_fail(f, "division by zero");
	} else if (a.type == T_INT && b.type == T_INT) {
		*out = value_int(b.i == -1 ? 0 : a.i % b.i);
	} else {
		bool good = dec_mod(as_dec(a), as_dec(b), &d);

		give_dec(f, good, d, out);
	}
}

FN_ROW(greatest_row)
{
	*out = args[0];
	for (unsigned i = 1; i < n; i++)
		if (value_cmp(args[i], *out) > 0)
			*out = args[i];
}

FN_ROW(least_row)
{
	*out = args[0];
	for (unsigned i = 1; i < n; i++)
		if (value_cmp(args[i], *out) < 0)
			*out = args[i];
}

/* ---- analysis ---- */

#define FLOAT_ROW(name, expression)                                            \
	FN_ROW(name)                                                           \
	{                                                                      \
		double x = args[0].f;                                          \
                                                                               \
		*out = value_float(expression);                                \
	}

FLOAT_ROW(acos_row, acos(x))
FLOAT_ROW(asin_row, asin(x))
FLOAT_ROW(atan_row, atan(x))
FLOAT_ROW(cos_row, cos(x))
FLOAT_ROW(cosh_row, cosh(x))
FLOAT_ROW(cot_row, 1 / tan(x))
FLOAT_ROW(degrees_row, x / M_PI * 180)
FLOAT_ROW(exp_row, exp(x))
FLOAT_ROW(ln_row, log(x))
FLOAT_ROW(log10_row, log10(x))
FLOAT_ROW(log2_row, log2(x))
FLOAT_ROW(radians_row, x / 180 * M_PI)
FLOAT_ROW(sin_row, sin(x))
FLOAT_ROW(sinh_row, sinh(x))
FLOAT_ROW(sqrt_row, sqrt(x))
FLOAT_ROW(tan_row, tan(x))
FLOAT_ROW(tanh_row, tanh(x))

FN_ROW(atan2_row)
{
	*out = value_float(atan2(args[0].f, args[1].f));
}

FN_ROW(power_row)
{
	*out = value_float(pow(args[0].f, args[1].f));
}

/* log(x), log(base, x) */
FN_PREPARE(log_prepare)
{
	(void)args, (void)arena, (void)prepared;
	if (n <= 2)
		return 0;
	return err_set(err, ERR_SPEC, at ? at[2] : (struct where){0},
	    "log() takes a number, or a base and a number");
}

FN_ROW(log_row)
{
	double x = log(args[n - 1].f);

	*out = value_float(n > 1 ? x / log(args[0].f) : x);
}

FN_ROW(e_row)
{
	*out = value_float(M_E);
}

FN_ROW(pi_row)
{
	*out = value_float(M_PI);
}

/* ---- the rows ---- */

/* clang-format off */
#define MATH .family = "math", .aliases = ""
#define MATH_OR(words) .family = "math", .aliases = words
#define ANALYSIS MATH, .signature = "float -> float"

const struct fn fn_math_rows[] = {
	{.name = "abs", MATH, .signature = "number -> same",
	 .doc = "The number without its sign.",
	 .example = "abs(-2)", .result = "2",
	 .flink = "ABS", .row = abs_row},
	{.name = "acos", ANALYSIS,
	 .doc = "Arc cosine, in radians.",
	 .example = "acos(1.0)", .result = "0.0",
	 .flink = "ACOS", .row = acos_row},
	{.name = "asin", ANALYSIS,
	 .doc = "Arc sine, in radians.",
	 .example = "asin(0.0)", .result = "0.0",
	 .flink = "ASIN", .row = asin_row},
	{.name = "atan", ANALYSIS,
	 .doc = "Arc tangent, in radians.",
	 .example = "atan(0.0)", .result = "0.0",
	 .flink = "ATAN", .row = atan_row},
	{.name = "atan2", MATH, .signature = "float, float -> float",
	 .doc = "Angle of the point (second, first), in radians.",
	 .example = "atan2(0.0, 1.0)", .result = "0.0",
	 .flink = "ATAN2", .row = atan2_row},
	{.name = "ceil", MATH_OR("ceiling"), .signature = "number -> same",
	 .doc = "Least whole number that is not less. Of a time: CEIL(t TO "
		"unit).",
	 .example = "ceil(1.2e0)", .result = "2.0",
	 .flink = "CEIL", .row = ceil_row},
	{.name = "cos", ANALYSIS,
	 .doc = "Cosine of an angle in radians.",
	 .example = "cos(0)", .result = "1.0",
	 .flink = "COS", .row = cos_row},
	{.name = "cosh", ANALYSIS,
	 .doc = "Hyperbolic cosine.",
	 .example = "cosh(0)", .result = "1.0",
	 .flink = "COSH", .row = cosh_row},
	{.name = "cot", ANALYSIS,
	 .doc = "Cotangent of an angle in radians.",
	 .example = "round(cot(1), 4)", .result = "0.6421",
	 .flink = "COT", .row = cot_row},
	{.name = "degrees", ANALYSIS,
	 .doc = "Radians as degrees.",
	 .example = "degrees(pi())", .result = "180.0",
	 .flink = "DEGREES", .row = degrees_row},
	{.name = "e", MATH, .signature = "-> float",
	 .doc = "Euler's number.",
	 .example = "e()", .result = "2.718281828459045",
	 .flink = "E", .row = e_row},
	{.name = "exp", ANALYSIS,
	 .doc = "Power of Euler's number.",
	 .example = "exp(0)", .result = "1.0",
	 .flink = "EXP", .row = exp_row},
	{.name = "floor", MATH, .signature = "number -> same",
	 .doc = "Greatest whole number that is not greater. Of a time: "
		"FLOOR(t TO unit).",
	 .example = "floor(-1.2e0)", .result = "-2.0",
	 .flink = "FLOOR", .row = floor_row},
	{.name = "greatest", MATH, .signature = "any ... -> same",
	 .doc = "Greatest of the arguments; NULL if one of them is.",
	 .example = "greatest(1, 3, 2)", .result = "3",
	 .flink = "GREATEST", .row = greatest_row},
	{.name = "least", MATH, .signature = "any ... -> same",
	 .doc = "Least of the arguments; NULL if one of them is.",
	 .example = "least(3, 1, 2)", .result = "1",
	 .flink = "LEAST", .row = least_row},
	{.name = "ln", ANALYSIS,
	 .doc = "Natural logarithm.",
	 .example = "ln(1)", .result = "0.0",
	 .flink = "LN", .row = ln_row},
	{.name = "log", MATH, .signature = "float ... -> float",
	 .doc = "Natural logarithm, or with two arguments the logarithm of "
		"the second to the base of the first.",
	 .example = "log(2, 8)", .result = "3.0",
	 .flink = "LOG", .prepare = log_prepare, .row = log_row},
	{.name = "log10", ANALYSIS,
	 .doc = "Logarithm to base 10.",
	 .example = "log10(1000)", .result = "3.0",
	 .flink = "LOG10", .row = log10_row},
	{.name = "log2", ANALYSIS,
	 .doc = "Logarithm to base 2.",
	 .example = "log2(8)", .result = "3.0",
	 .flink = "LOG2", .row = log2_row},
	{.name = "mod", MATH, .signature = "number, number -> number",
	 .doc = "Remainder of a division, with the sign of the dividend.",
	 .example = "mod(-7, 3)", .result = "-1",
	 .flink = "MOD", .row = mod_row},
	{.name = "pi", MATH, .signature = "-> float",
	 .doc = "The number pi.",
	 .example = "pi()", .result = "3.141592653589793",
	 .flink = "PI", .row = pi_row},
	{.name = "power", MATH_OR("pow"), .signature = "float, float -> float",
	 .doc = "The first number to the power of the second.",
	 .example = "power(2, 10)", .result = "1024.0",
	 .flink = "POWER", .row = power_row},
	{.name = "radians", ANALYSIS,
	 .doc = "Degrees as radians.",
	 .example = "radians(180)", .result = "3.141592653589793",
	 .flink = "RADIANS", .row = radians_row},
	{.name = "round", MATH, .signature = "number, bigint = 0 -> same",
	 .doc = "Rounded to n digits of fraction, half away from zero; to "
		"tens, hundreds … if n is negative.",
	 .example = "round(-2.5)", .result = "-3",
	 .flink = "ROUND", .row = round_row},
	{.name = "sign", MATH_OR("signum"), .signature = "number -> number",
	 .doc = "-1, 0 or 1.",
	 .example = "sign(-7)", .result = "-1",
	 .flink = "SIGN", .row = sign_row},
	{.name = "sin", ANALYSIS,
	 .doc = "Sine of an angle in radians.",
	 .example = "sin(0)", .result = "0.0",
	 .flink = "SIN", .row = sin_row},
	{.name = "sinh", ANALYSIS,
	 .doc = "Hyperbolic sine.",
	 .example = "sinh(0)", .result = "0.0",
	 .flink = "SINH", .row = sinh_row},
	{.name = "sqrt", ANALYSIS,
	 .doc = "Square root; NaN of a negative number.",
	 .example = "sqrt(16)", .result = "4.0",
	 .flink = "SQRT", .row = sqrt_row},
	{.name = "tan", ANALYSIS,
	 .doc = "Tangent of an angle in radians.",
	 .example = "tan(0)", .result = "0.0",
	 .flink = "TAN", .row = tan_row},
	{.name = "tanh", ANALYSIS,
	 .doc = "Hyperbolic tangent.",
	 .example = "tanh(0)", .result = "0.0",
	 .flink = "TANH", .row = tanh_row},
	{.name = "truncate", MATH_OR("trunc"),
	 .signature = "number, bigint = 0 -> same",
	 .doc = "Cut to n digits of fraction, toward zero; to tens, hundreds "
		"… if n is negative.",
	 .example = "truncate(-2.57, 1)", .result = "-2.5",
	 .flink = "TRUNCATE", .row = truncate_row},
};
/* clang-format on */
const unsigned fn_math_n = sizeof fn_math_rows / sizeof *fn_math_rows;

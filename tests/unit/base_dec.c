/* SPDX-License-Identifier: MIT */
/*
 * Exact decimals: worked cases at the limits, random ones against 128-bit
 * integers, and conversions against the C library.
 */
#include "base/dec.h"

#include <math.h>
#include <stdlib.h>

#include "tap.h"

static uint64_t rng_state = 42;

static uint64_t
rng(void)
{
	uint64_t z = rng_state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static struct dec
dec(const char *text)
{
	struct dec d = {0, 99};

	if (!dec_parse(str_of(text), &d))
		ok(0, "%s is a decimal", text);
	return d;
}

static const char *
text_of(struct dec d)
{
	static char out[DEC_TEXT_MAX + 1];

	out[dec_print(out, d)] = 0;
	return out;
}

static const struct worked {
	char op;
	const char *a, *b, *want;
} worked[] = {
#include "base_dec_cases.h"
};

static const char *
work(char op, struct dec a, struct dec b)
{
	struct dec d;
	int order;

	if (op == '?') {
		order = dec_cmp(a, b);
		if (dec_cmp(b, a) != -order)
			return "not antisymmetric";
		return order < 0 ? "<" : order > 0 ? ">" : "=";
	}
	if (op == '+'	? dec_add(a, b, &d)
	    : op == '-' ? dec_sub(a, b, &d)
	    : op == '*' ? dec_mul(a, b, &d)
	    : op == '/' ? dec_div(a, b, &d)
			: dec_mod(a, b, &d))
		return text_of(d);
	return "-";
}

static void
test_worked(void)
{
	for (size_t i = 0; i < sizeof worked / sizeof *worked; i++) {
		const struct worked *w = &worked[i];
		struct dec a = dec(w->a), b = dec(w->b);
		char what[160];

		snprintf(what, sizeof what, "%s %c %s", w->a, w->op, w->b);
		same(work(w->op, a, b), w->want, what);
	}
}

/* Operands so small that 128 bits hold everything. */
static void
test_small(void)
{
	unsigned wrong = 0;

	for (int i = 0; i < 100000; i++) {
		struct dec a = {
		    (int32_t)rng() >> rng() % 32, (uint8_t)(rng() % 6)};
		struct dec b = {
		    (int32_t)rng() >> rng() % 32, (uint8_t)(rng() % 6)};
		__int128 va = a.v, vb = b.v;
		int scale = a.scale > b.scale ? a.scale : b.scale;
		struct dec d = {0, 0};

		for (int s = a.scale; s < scale; s++)
			va *= 10;
		for (int s = b.scale; s < scale; s++)
			vb *= 10;
		wrong +=
		    !dec_add(a, b, &d) || d.v != va + vb || d.scale != scale;
		wrong += !dec_sub(a, b, &d) || d.v != va - vb;
		wrong += !dec_mul(a, b, &d) || d.v != a.v * b.v ||
			 d.scale != a.scale + b.scale;
		wrong += dec_cmp(a, b) != (va > vb) - (va < vb);
		if (!b.v) {
			wrong += dec_mod(a, b, &d) || dec_div(a, b, &d);
			continue;
		}
		wrong +=
		    !dec_mod(a, b, &d) || d.v != va % vb || d.scale != scale;
		wrong += !dec_div(a, b, &d) || d.scale < 6;
		/* |quotient * b - a| is at most half of b's last place */
		for (int s = 0; s < d.scale; s++)
			va *= 10;
		va -= d.v * vb;
		wrong += 2 * (va < 0 ? -va : va) > (vb < 0 ? -vb : vb);
	}
	ok(!wrong, "random small operands (%u wrong)", wrong);
}

static void
test_parse(void)
{
	static const char *const none[] = {"", "-", "+", ".5", "5.", "1e",
	    "1e+", " 1", "1 ", "1x", "--1", "1.2.3", "inf", "nan",
	    "100000000000000000000000000000000000000", "1e38", "1e-39",
	    "1.000000000000000000000000000000000000001",
	    "123456789012345678901234567890123456789",
	    "1e999999999999999999999", "1e-999999999999999999999"};
	static const char *const as_is[] = {"0", "12.30", "-0.001", "1.500",
	    "99999999999999999999999999999999999999",
	    "-0.99999999999999999999999999999999999999", "0.00"};
	struct dec d;

	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		ok(!dec_parse(str_of(none[i]), &d), "'%s' is none", none[i]);
	for (size_t i = 0; i < sizeof as_is / sizeof *as_is; i++)
		same(text_of(dec(as_is[i])), as_is[i], "as it stands");
	same(text_of(dec("+1.5e2")), "150", "exponent");
	same(text_of(dec("1.5E-2")), "0.015", "negative exponent");
	same(text_of(dec("1.500e1")), "15.00", "zeros stay");
	same(text_of(dec("00012.5")), "12.5", "zeros before do not count");
	same(text_of(dec("-0")), "0", "no minus zero");
	same(text_of(dec("0e-999999")),
	    "0.00000000000000000000000000000000000000",
	    "zero has 38 places at most");
	same(text_of(dec("1e37")), "10000000000000000000000000000000000000",
	    "the greatest power");
	same(text_of(dec("10e-39")), "0.00000000000000000000000000000000000001",
	    "the least power");
	same(text_of(
		 dec("1.00000000000000000000000000000000000000000000000000")),
	    "1.0000000000000000000000000000000000000",
	    "zeros without room give way");
	same(text_of(dec("1234567890123456789012345678.00000000000000000000")),
	    "1234567890123456789012345678.0000000000",
	    "beside many digits too");
}

static const char *
rounded(const char *text, int scale)
{
	struct dec d;

	return dec_round(dec(text), scale, &d) ? text_of(d) : "-";
}

static void
test_round(void)
{
	same(rounded("2.5", 0), "3", "half goes away from zero");
	same(rounded("-2.5", 0), "-3", "on both sides");
	same(rounded("2.4999", 0), "2", "less than half");
	same(rounded("1.005", 2), "1.01", "exactly half");
	same(rounded("1.5", 3), "1.500", "widened");
	same(rounded("1250", -2), "1300", "to hundreds");
	same(rounded("49", -2), "0", "to nothing");
	same(rounded("55.55", -1), "60", "to tens with a fraction");
	same(rounded("1", -40), "0", "far left");
	same(rounded("99999999999999999999999999999999999999", -38), "-",
	    "up to 39 digits");
	same(rounded("49999999999999999999999999999999999999", -38), "0",
	    "down from 38 digits");
	same(rounded("99999999999999999999999999999999999999", -2000000000),
	    "0", "farther left");
	same(rounded("99999999999999999999999999999999999999", 1), "-",
	    "no room");
	same(rounded("9999999999999999999999999999999999999.9", 0),
	    "10000000000000000000000000000000000000", "carried");
	same(rounded("1", 39), "-", "too wide");
	same(rounded("1", 2000000000), "-", "far too wide");
	same(rounded("0.00000000000000000000000000000000000005", 37),
	    "0.0000000000000000000000000000000000001", "at the right end");
}

static void
test_int(void)
{
	int64_t i = 1;

	ok(dec_to_int(dec("-9223372036854775808"), &i) && i == INT64_MIN &&
		dec_to_int(dec("9223372036854775807.000"), &i) &&
		i == INT64_MAX,
	    "integers");
	ok(!dec_to_int(dec("1.5"), &i) &&
		!dec_to_int(dec("9223372036854775808"), &i) &&
		!dec_to_int(dec("-9223372036854775809"), &i),
	    "not integers");
	ok(dec_trunc_int(dec("-1.9"), &i) && i == -1 &&
		dec_trunc_int(dec("9223372036854775807.9"), &i) &&
		i == INT64_MAX,
	    "toward zero");
	ok(!dec_trunc_int(dec("9223372036854775808.1"), &i), "too great");
	same(text_of(dec_of_int(INT64_MIN)), "-9223372036854775808", "of int");
}

static void
test_normal(void)
{
	same(text_of(dec_normal(dec("1.500"))), "1.5", "zeros go");
	same(text_of(dec_normal(dec("2.0"))), "2", "all of them");
	same(text_of(dec_normal(dec("100"))), "100", "not before the point");
	same(text_of(dec_normal(dec("-0.00"))), "0", "zero");
}

static struct dec
random_dec(void)
{
	unsigned __int128 v = (unsigned __int128)rng() << 64 | rng();
	unsigned bits = (unsigned)(rng() % 126) + 1;

	v >>= 128 - bits;
	return (struct dec){
	    (__int128)(rng() & 1 ? -v : v), (uint8_t)(rng() % 39)};
}

static void
test_float(void)
{
	unsigned wrong = 0;
	struct dec d;

	for (int i = 0; i < 50000; i++) {
		struct dec a = random_dec();
		double f = dec_to_float(a), want = strtod(text_of(a), NULL);
		int order;

		wrong += f != want;
		if (!dec_of_float(f, &d))
			continue;
		wrong += dec_to_float(d) != f;
		/* What rounds to a neighbour lies on its side. */
		order = dec_cmp_float(a, f);
		wrong +=
		    order < 0 && dec_cmp_float(a, nextafter(f, -HUGE_VAL)) <= 0;
		wrong +=
		    order > 0 && dec_cmp_float(a, nextafter(f, HUGE_VAL)) >= 0;
	}
	ok(!wrong, "to floats and back (%u wrong)", wrong);
	ok(dec_of_float(0.1, &d) && !strcmp(text_of(d), "0.1") &&
		dec_of_float(-1e21, &d) &&
		!strcmp(text_of(d), "-1000000000000000000000") &&
		dec_of_float(5e-7, &d) && !strcmp(text_of(d), "0.0000005") &&
		dec_of_float(-3, &d) && !strcmp(text_of(d), "-3") &&
		dec_of_float(1e20, &d) &&
		!strcmp(text_of(d), "100000000000000000000") &&
		dec_of_float(-0.0, &d) && !strcmp(text_of(d), "0"),
	    "of floats");
	ok(!dec_of_float(nan(""), &d) && !dec_of_float(HUGE_VAL, &d) &&
		!dec_of_float(1e38, &d) && !dec_of_float(1e-39, &d),
	    "not of floats");
}

static void
test_cmp_float(void)
{
	ok(dec_cmp_float(dec("0.5"), 0.5) == 0 &&
		dec_cmp_float(dec("-2.50"), -2.5) == 0 &&
		dec_cmp_float(dec("0"), -0.0) == 0 &&
		dec_cmp_float(dec("10000000000000000000000"), 1e22) == 0,
	    "equal");
	/* 0.1 as a double is a little over 0.1, 0.3 a little under 0.3 */
	ok(dec_cmp_float(dec("0.1"), 0.1) < 0 &&
		dec_cmp_float(dec("0.3"), 0.3) > 0 &&
		dec_cmp_float(dec("-0.1"), -0.1) > 0,
	    "exact");
	ok(dec_cmp_float(dec("9007199254740993"), 9007199254740992.0) > 0 &&
		dec_cmp_float(dec("9007199254740993"), 9007199254740994.0) < 0,
	    "between doubles");
	ok(dec_cmp_float(dec("1"), nan("")) < 0 &&
		dec_cmp_float(dec("1"), HUGE_VAL) < 0 &&
		dec_cmp_float(dec("1"), -HUGE_VAL) > 0 &&
		dec_cmp_float(
		    dec("99999999999999999999999999999999999999"), 1e39) < 0 &&
		dec_cmp_float(
		    dec("99999999999999999999999999999999999999"), 1e38) > 0,
	    "great");
	ok(dec_cmp_float(dec("1e-38"), 5e-324) > 0 &&
		dec_cmp_float(dec("-1e-38"), -5e-324) < 0 &&
		dec_cmp_float(dec("-1e-38"), 5e-324) < 0 &&
		dec_cmp_float(dec("0"), 5e-324) < 0 &&
		dec_cmp_float(
		    dec("99999999999999999999999999999999999999"), 1e-37) > 0 &&
		dec_cmp_float(dec("1e-38"), 1.1e-38) < 0,
	    "small");
}

int
main(void)
{
	test_worked();
	test_small();
	test_parse();
	test_round();
	test_int();
	test_normal();
	test_float();
	test_cmp_float();
	return tap_done();
}

/* SPDX-License-Identifier: MIT */
/*
 * Numbers as text, against the C library: it reads and prints doubles
 * exactly too, by other means.
 */
#include "base/num.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "tap.h"

static uint64_t rng_state = 0x9e3779b97f4a7c15u;

static uint64_t
rng(void)
{
	uint64_t z = rng_state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static uint64_t
bits_of(double f)
{
	uint64_t bits;

	memcpy(&bits, &f, sizeof bits);
	return bits;
}

static double
of_bits(uint64_t bits)
{
	double f;

	memcpy(&f, &bits, sizeof f);
	return f;
}

/* --- reading floating numbers -------------------------------------------- */

static unsigned wrong;

/* Prints the first few numbers that went wrong. */
static void
complain(const char *what, const char *text)
{
	if (wrong++ < 5)
		printf("# %s: %.200s\n", what, text);
}

/* What may stand behind the end: it must not be taken for the number's. */
static const char *const behind[] = {
    "77777777", "3,455555", ".5,55555", "e5,55555", "5.25,555", ",5555555"};
#define BEHIND (sizeof behind / sizeof *behind)

static void
scan_as_libc(const char *text, size_t n, double want)
{
	static unsigned turn;
	char padded[1024];
	struct num num = {0};

	memcpy(padded, text, n);
	memcpy(padded + n, behind[turn++ % BEHIND], 8);
	if (num_scan(padded, padded + n, &num) != padded + n ||
	    num_skip(padded, padded + n) != padded + n)
		complain("num_scan", text);
	if (num.kind != NUM_INT && bits_of(num.f) != bits_of(want))
		complain("value of num_scan", text);
	if (num.kind == NUM_INT && num.i != strtoll(text, NULL, 10))
		complain("integer of num_scan", text);
}

static void
read_as_libc(const char *text)
{
	size_t n = strlen(text);
	double want = strtod(text, NULL), f = 0;
	struct num num;

	if (!num_parse_float((struct str){text, n}, &f) ||
	    bits_of(f) != bits_of(want))
		complain("num_parse_float", text);
	scan_as_libc(text, n, want);
	num = num_guess((struct str){text, n});
	if (num.kind != NUM_INT && bits_of(num.f) != bits_of(want))
		complain("num_guess", text);
}

static void
test_read_known(void)
{
	static const char *const known[] = {"0.0", "-0", "-0.0", "-0e5", "1.5",
	    "12.345", "1.7976931348623157e308", "1.7976931348623158e308",
	    "1.7976931348623159e308", "1e308", "1e309", "1e400", "-1e999999",
	    "1e-999999", "4.9e-324", "2.4703282292062327e-324",
	    "2.4703282292062328e-324", "2.5e-324", "1e-323", "1e-343", "1e-342",
	    "9999999999999999999e-343", "9999999999999999999e-342",
	    "2.2250738585072011e-308", "2.2250738585072014e-308",
	    "2.2250738585072012e-308", "9007199254740991.0",
	    "9007199254740992.0", "9007199254740993.0", "9007199254740993",
	    "9007199254740993.00000000000000000000000000000000001",
	    "9007199254740992.99999999999999999999999999999999999",
	    "9007199254740995.0", "1e22", "1e23", "8.5e22", "123456789e15",
	    "9223372036854775807", "9223372036854775808",
	    "-9223372036854775808", "-9223372036854775809",
	    "18446744073709551615", "18446744073709551616",
	    "99999999999999999999999999999999999999",
	    "100000000000000000000000000000000000000", "1E5", "1e+05",
	    "1e00000000000000000000000000005", "0e999999999999999999999",
	    "0.000000000000000000000000000000000000000000000000012345678901"
	    "234567890",
	    "6.631236846766476e-316", "3.237883913302901e-319",
	    "7.2057594037927933e16", "0.1e-6", "5e-324",
	    "179769313486231580793728971405303415079934132710037826936173778980"
	    "444968292764750946649017977587207096330286416692887910946555547851"
	    "940402630657488671505820681908902000708383676273854845817711531764"
	    "475730270069855571366959622842914819860834936475292719074168444365"
	    "510704342711559699508093042880.0"};

	wrong = 0;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		read_as_libc(known[i]);
	ok(!wrong, "known hard numbers");
}

static void
test_read_random(void)
{
	char text[64];

	wrong = 0;
	for (int i = 0; i < 100000; i++) {
		double f = of_bits(rng());

		if (!isfinite(f))
			continue;
		snprintf(text, sizeof text, "%.*e", (int)(rng() % 20), f);
		read_as_libc(text);
	}
	for (int i = 0; i < 60000; i++) {
		snprintf(text, sizeof text, "%s%llu.%0*llue%d",
		    rng() & 1 ? "-" : "",
		    (unsigned long long)(rng() >> rng() % 64),
		    (int)(rng() % 20),
		    (unsigned long long)(rng() >> rng() % 64),
		    (int)(rng() % 700) - 360);
		read_as_libc(text);
	}
	for (int i = 0; i < 60000; i++) {
		snprintf(text, sizeof text, "%lld.%0*llu",
		    (long long)(rng() % 100000), (int)(rng() % 6) + 1,
		    (unsigned long long)(rng() % 1000));
		read_as_libc(text);
	}
	ok(!wrong, "random numbers (%u wrong)", wrong);
}

/* Points half-way between two doubles, all digits, and just beside them. */
static void
test_read_halfway(void)
{
	char text[1300];

	wrong = 0;
	for (int i = 0; i < 4000; i++) {
		uint64_t bits = i & 1 ? rng() >> 1 : rng() >> (12 + rng() % 50);
		long double half;
		size_t n;

		if (bits >> 52 >= 2046)
			continue;
		half = ((long double)of_bits(bits) +
			   (long double)of_bits(bits + 1)) /
		       2;
		n = (size_t)snprintf(text, sizeof text, "%.780Le", half);
		if (n > 900)
			continue;
		read_as_libc(text);
		*strchr(text, 'e') = 0; /* without exponent, another number */
		read_as_libc(text);
		snprintf(text, sizeof text, "%.800Le", half);
		strchr(text, 'e')[-1] = '1';
		read_as_libc(text);
		snprintf(
		    text, sizeof text, "%.*Le", 16 + (int)(rng() % 30), half);
		read_as_libc(text);
	}
	ok(!wrong, "half-way points (%u wrong)", wrong);
}

static void
test_read_long(void)
{
	char text[1000];

	wrong = 0;
	for (int i = 0; i < 3000; i++) {
		size_t n = 20 + rng() % 400, point = rng() % n;

		text[0] = (char)('1' + rng() % 9);
		for (size_t j = 1; j < n; j++)
			text[j] = (char)('0' + rng() % 10);
		if (point)
			text[point] = '.';
		if (text[n - 1] == '.')
			text[n - 1] = '0';
		snprintf(text + n, 20, "e%d", (int)(rng() % 800) - 500);
		read_as_libc(text);
	}
	for (int zeros = 1; zeros < 900; zeros += 7) {
		snprintf(text, sizeof text, "0.%0*d1e%d", zeros, 0, zeros);
		read_as_libc(text);
		snprintf(text, sizeof text, "1%0*d.5e-%d", zeros, 0, zeros);
		read_as_libc(text);
	}
	ok(!wrong, "long digit strings (%u wrong)", wrong);
}

static void
test_read_more_than_decisive(void)
{
	static char text[200000];
	size_t n = (size_t)snprintf(text, sizeof text, "9007199254740993.");
	double f;

	memset(text + n, '0', sizeof text - n);
	ok(num_parse_float((struct str){text, sizeof text}, &f) &&
		f == 9007199254740992.0,
	    "a tie with many zeros");
	text[sizeof text - 1] = '1';
	ok(num_parse_float((struct str){text, sizeof text}, &f) &&
		f == 9007199254740994.0,
	    "and a 1 far behind");
	memset(text, '0', sizeof text);
	memcpy(text, "0.", 2);
	memcpy(text + sizeof text - 10, "15e+199987", 10);
	ok(num_parse_float((struct str){text, sizeof text}, &f) && f == 0.015,
	    "a long fraction and its exponent");
}

/* --- what is a number ---------------------------------------------------- */

/* Where the JSON number at the start of text ends; -1 if there is none. */
static long
json_end(const char *text)
{
	char padded[64] = {0};
	size_t n = strlen(text);
	struct num num;
	const char *a, *b, *first = NULL;

	wrong = 0;
	memcpy(padded, text, n);
	for (size_t i = 0; i < BEHIND; i++) {
		memcpy(padded + n, behind[i], 8);
		a = num_scan(padded, padded + n, &num);
		b = num_skip(padded, padded + n);
		first = i ? first : a;
		wrong += a != b || a != first;
	}
	ok(!wrong, "num_scan and num_skip agree on '%s'", text);
	return first ? first - padded : -1;
}

static void
test_grammar(void)
{
	static const char *const none[] = {"", "-", "+1", ".5", "1.", "01",
	    "-01", "00", "1.e5", "1e", "1e+", "1e-", "- 1", "a", "-a", "e5",
	    "1.x", "-.5", "NaN", "Infinity", "00.5", "0000000000"};

	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		ok(json_end(none[i]) == -1, "'%s' is none", none[i]);
	ok(json_end("0") == 1 && json_end("-0") == 2 && json_end("0.0") == 3 &&
		json_end("1,2") == 1 && json_end("1.5}") == 3 &&
		json_end("1e5]") == 3 && json_end("0x1") == 1 &&
		json_end("123456789012 ") == 12 && json_end("1.25e-3,") == 7,
	    "numbers end where they end");
}

static enum num_kind
guess(const char *text)
{
	return num_guess(str_of(text)).kind;
}

static void
test_guess(void)
{
	static const char *const none[] = {"", "007", "1_000", "+1", "0x1f",
	    " 1", "1 ", "-", "1.", ".5", "1e", "12:30", "1.2.3", "2024-01-01",
	    "abc", "--1", "1-", "nan", "inf"};

	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		ok(guess(none[i]) == NUM_NONE, "'%s' is text", none[i]);
	ok(guess("0") == NUM_INT && guess("-12") == NUM_INT &&
		guess("9223372036854775807") == NUM_INT &&
		guess("-9223372036854775808") == NUM_INT,
	    "integers");
	ok(guess("9223372036854775808") == NUM_BIGINT &&
		guess("-9223372036854775809") == NUM_BIGINT &&
		guess("18446744073709551616") == NUM_BIGINT &&
		guess("99999999999999999999999999999999999999") == NUM_BIGINT,
	    "great integers");
	ok(guess("100000000000000000000000000000000000000") == NUM_FLOAT &&
		guess("1.0") == NUM_FLOAT && guess("1e3") == NUM_FLOAT &&
		guess("-0") == NUM_FLOAT && guess("-0.5") == NUM_FLOAT,
	    "floats");
	ok(signbit(num_guess(STR("-0")).f), "-0 keeps its sign");
	ok(num_guess(STR("123456789012345678")).i == 123456789012345678 &&
		num_guess(STR("-1234567")).i == -1234567,
	    "values");
}

/* Cells of every length, at the very end of what may be read. */
static void
test_bounds(void)
{
	const char *text = "-123456789012345678.12345678e12";

	wrong = 0;
	for (size_t n = 1; n <= strlen(text); n++) {
		char *exact = malloc(n), z[64] = {0};
		struct num got, want;

		memcpy(exact, text, n);
		memcpy(z, text, n);
		got = num_guess((struct str){exact, n});
		if (num_scan(z, z + n, &want) != z + n)
			want.kind = NUM_NONE;
		wrong += got.kind != want.kind;
		wrong += want.kind != NUM_NONE &&
			 (got.i != want.i || bits_of(got.f) != bits_of(want.f));
		wrong += num_skip(exact, exact + n) !=
			 (want.kind ? exact + n : NULL);
		free(exact);
	}
	ok(!wrong, "no byte behind the end is looked at");
}

static bool
int_is(const char *text, int64_t want)
{
	int64_t i = ~want;

	return num_parse_int(str_of(text), &i) && i == want;
}

static void
test_parse_int(void)
{
	static const char *const none[] = {"", "-", "+", "1x", "x1", " 1", "1 ",
	    "1.0", "9223372036854775808", "-9223372036854775809",
	    "18446744073709551617", "100000000000000000000", "--1", "0x10"};
	int64_t i;

	ok(int_is("0", 0) && int_is("-0", 0) && int_is("+5", 5) &&
		int_is("007", 7) && int_is("-000", 0) &&
		int_is("9223372036854775807", INT64_MAX) &&
		int_is("-9223372036854775808", INT64_MIN) &&
		int_is("00000000000000000000000000000042", 42),
	    "integers are read");
	for (size_t k = 0; k < sizeof none / sizeof *none; k++)
		ok(!num_parse_int(str_of(none[k]), &i), "not '%s'", none[k]);
}

static void
test_parse_float(void)
{
	static const char *const none[] = {"", "-", "+", ".", "-.", "e5", ".e5",
	    "1e", "1e+", " 1", "1 ", "1x", "in", "nano", "+-1", "1..2",
	    "infinit", "0x10"};
	double f = 0;

	for (size_t k = 0; k < sizeof none / sizeof *none; k++)
		ok(!num_parse_float(str_of(none[k]), &f), "not '%s'", none[k]);
	ok(num_parse_float(STR("+1.5"), &f) && f == 1.5 &&
		num_parse_float(STR(".5"), &f) && f == 0.5 &&
		num_parse_float(STR("5."), &f) && f == 5 &&
		num_parse_float(STR("-.5e1"), &f) && f == -5 &&
		num_parse_float(STR("5.e1"), &f) && f == 50 &&
		num_parse_float(STR("007.50"), &f) && f == 7.5,
	    "loose forms");
	ok(num_parse_float(STR("-inf"), &f) && f == -HUGE_VAL &&
		num_parse_float(STR("+Infinity"), &f) && f == HUGE_VAL &&
		num_parse_float(STR("NaN"), &f) && isnan(f),
	    "words");
}

static bool
size_is(const char *text, uint64_t want)
{
	uint64_t n = ~want;

	return num_parse_size(str_of(text), &n) && n == want;
}

static void
test_parse_size(void)
{
	static const char *const none[] = {"", "M", "-1", "+1", "1.5G", "1x",
	    "1 M", "16E", "99999999999999999999", "1MM", "18014398509481984K"};
	uint64_t n;

	ok(size_is("1048576", 1048576) && size_is("64M", 64 << 20) &&
		size_is("1G", 1 << 30) && size_is("512k", 512 << 10) &&
		size_is("0", 0) && size_is("2t", UINT64_C(2) << 40) &&
		size_is("15E", UINT64_C(15) << 60),
	    "sizes");
	for (size_t k = 0; k < sizeof none / sizeof *none; k++)
		ok(!num_parse_size(str_of(none[k]), &n), "not '%s'", none[k]);
}

/* --- printing ------------------------------------------------------------ */

static const char *
put(double f)
{
	static char out[NUM_FLOAT_MAX + 1];

	*num_put_float(out, f) = 0;
	return out;
}

static void
test_put_known(void)
{
	same(put(0.1), "0.1", "a tenth");
	same(put(12.5), "12.5", "12.5");
	same(put(3), "3.0", "no fraction");
	same(put(-0.0), "-0.0", "minus zero");
	same(put(1e21), "1e+21", "1e21");
	same(put(-1e20), "-100000000000000000000.0", "1e20");
	same(put(123456789012345678901.0), "123456789012345680000.0", "zeros");
	same(put(5e-7), "5e-7", "5e-7");
	same(put(-1.5e-7), "-1.5e-7", "-1.5e-7");
	same(put(1e-6), "0.000001", "1e-6");
	same(put(1.25e-6), "0.00000125", "1.25e-6");
	same(put(0.1 + 0.2), "0.30000000000000004", "0.1 + 0.2");
	same(put(5e-324), "5e-324", "the least");
	same(put(DBL_MIN), "2.2250738585072014e-308", "the least normal");
	same(put(-DBL_MAX), "-1.7976931348623157e+308", "the greatest");
	same(put(9007199254740993.0), "9007199254740992.0", "2^53");
	same(put(9007199254740994.0), "9007199254740994.0", "2^53 + 2");
	same(put(9.5367431640625e-7), "9.5367431640625e-7", "2^-20");
	same(put(2e-44), "2e-44", "2e-44");
	same(put(9e-265), "9e-265", "9e-265");
	same(put(nan("")), "NaN", "not a number");
	same(put(-HUGE_VAL), "-Infinity", "infinity");
}

/* Digits without sign, point and zeros at the ends, and their number. */
static size_t
digits_of(const char *text, char *digits)
{
	size_t n = 0;

	for (; *text && *text != 'e'; text++)
		if (*text >= '0' && *text <= '9' && (n || *text != '0'))
			digits[n++] = *text;
	while (n && digits[n - 1] == '0')
		n--;
	digits[n] = 0;
	return n;
}

/*
 * printf gives the nearest decimal of any length: with a digit less it must
 * not read back, and with as many digits, where it reads back (beside powers
 * of two it may not), it is the one wanted.
 */
static void
print_shortest(double f)
{
	char want[40], a[40], b[40];
	const char *text = put(f);
	int n = (int)digits_of(text, a);

	if (strlen(text) > NUM_FLOAT_MAX ||
	    bits_of(strtod(text, NULL)) != bits_of(f))
		complain("does not read back", text);
	if (f == 0)
		return;
	snprintf(want, sizeof want, "%.*e", n - 1, f);
	digits_of(want, b);
	if (strtod(want, NULL) == f && strcmp(a, b))
		complain("not the nearest", text);
	if (n > 1) {
		snprintf(want, sizeof want, "%.*e", n - 2, f);
		if (strtod(want, NULL) == f)
			complain("not the shortest", text);
	}
}

/*
 * Short decimals half-way between two doubles: they read as the even one,
 * so that one is printed as them.
 */
static void
test_put_boundary(void)
{
	uint64_t five = 1;
	char text[40];

	wrong = 0;
	for (int e = 0; e < 23; e++, five *= 5) {
		for (int i = 0; i < 300; i++) {
			uint64_t d = ((UINT64_C(1) << 53) +
					 (rng() >> 11) % (UINT64_C(1) << 53)) /
				     five;

			snprintf(text, sizeof text, "%llue%d",
			    (unsigned long long)(d | 1), e);
			print_shortest(strtod(text, NULL));
		}
	}
	ok(!wrong, "decimals between doubles (%u wrong)", wrong);
}

static void
test_put_random(void)
{
	wrong = 0;
	for (int i = 0; i < 100000; i++) {
		double f = of_bits(rng());

		if (isfinite(f))
			print_shortest(f);
	}
	for (int i = 0; i < 50000; i++) {
		print_shortest((double)(rng() % 100000000) / 1000);
		print_shortest((double)(rng() >> rng() % 64) / 1e6);
	}
	for (int i = 0; i < 20000; i++) {
		print_shortest(of_bits(rng() >> (12 + rng() % 52)));
		print_shortest((double)(rng() >> rng() % 64));
	}
	ok(!wrong, "random numbers (%u wrong)", wrong);
	wrong = 0;
	for (int e = -1074; e < 1024; e++) {
		print_shortest(ldexp(1, e));
		print_shortest(nextafter(ldexp(1, e), 0));
		print_shortest(nextafter(ldexp(1, e), HUGE_VAL));
	}
	for (int e = -323; e < 309; e++) {
		char text[16];

		snprintf(text, sizeof text, "1e%d", e);
		print_shortest(strtod(text, NULL));
	}
	ok(!wrong, "powers of two and ten (%u wrong)", wrong);
}

/* Among shortest forms the nearest: neighbours in the last digit are not. */
static void
test_put_nearest(void)
{
	wrong = 0;
	for (int i = 0; i < 50000; i++) {
		double f = of_bits(rng() % (UINT64_C(0x7ff) << 52));
		char text[40], near[40];
		char *digit;
		long double exact = f, d0, d1;

		snprintf(text, sizeof text, "%s", put(f));
		digit = text + strcspn(text, "e") - 1;
		if (!strchr(text, 'e') || *digit == '9' || *digit <= '1' ||
		    fabs(f) > 1e300 || fabs(f) < 1e-300)
			continue;
		d0 = fabsl(strtold(text, NULL) - exact);
		for (int step = -1; step <= 1; step += 2) {
			memcpy(near, text, sizeof text);
			near[digit - text] = (char)(*digit + step);
			d1 = fabsl(strtold(near, NULL) - exact);
			if (d1 < d0)
				complain("a nearer one is as short", near);
		}
	}
	ok(!wrong, "of the shortest the nearest (%u wrong)", wrong);
}

static void
put_int_as_libc(uint64_t u)
{
	char got[NUM_INT_MAX + 1], want[32];

	*num_put_uint(got, u) = 0;
	snprintf(want, sizeof want, "%llu", (unsigned long long)u);
	if (strcmp(got, want))
		complain("num_put_uint", got);
	*num_put_int(got, (int64_t)u) = 0;
	snprintf(want, sizeof want, "%lld", (long long)u);
	if (strcmp(got, want))
		complain("num_put_int", got);
}

static void
test_put_int(void)
{
	wrong = 0;
	for (uint64_t u = 1;; u *= 10) {
		put_int_as_libc(u);
		put_int_as_libc(u - 1);
		put_int_as_libc(-u);
		if (u > UINT64_MAX / 10)
			break;
	}
	for (int i = 0; i < 20000; i++)
		put_int_as_libc(rng() >> rng() % 64);
	put_int_as_libc(UINT64_MAX);
	put_int_as_libc(INT64_MAX);
	put_int_as_libc((uint64_t)INT64_MIN);
	ok(!wrong, "integers (%u wrong)", wrong);
}

int
main(void)
{
	test_read_known();
	test_read_random();
	test_read_halfway();
	test_read_long();
	test_read_more_than_decisive();
	test_grammar();
	test_guess();
	test_bounds();
	test_parse_int();
	test_parse_float();
	test_parse_size();
	test_put_known();
	test_put_random();
	test_put_boundary();
	test_put_nearest();
	test_put_int();
	return tap_done();
}

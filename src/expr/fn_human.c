/* SPDX-License-Identifier: MIT */
/*
 * Numbers as people write them: sizes, durations, digits in groups, and
 * printf. Nothing here depends on a locale.
 */
#include <math.h>

#include "base/num.h"
#include "base/utf8.h"
#include "base/when.h"
#include "expr/fn_part.h"

/* ---- sizes ---- */

static const char letters[] = "kMGTPE";

/* "1.5 MiB": at most one digit of fraction. */
static void
put_bytes(struct fn_frame *f, double n, bool si, struct value *out)
{
	double step = si ? 1000 : 1024, x = fabs(n);
	unsigned k = 0;
	char unit[4] = "B", digits[32];
	int len;

	/* What would be rounded up to a whole step belongs to the next. */
	while (k < 6 && x >= (k ? step - 0.05 : step)) {
		x /= step;
		k++;
	}
	if (k) {
		unit[0] = k == 1 && !si ? 'K' : letters[k - 1];
		memcpy(unit + 1, si ? "B" : "iB", si ? 2 : 3);
	}
	len = snprintf(digits, sizeof digits, "%.*f", k && x < 1e6 ? 1 : 0, x);
	if (len > 2 && digits[len - 2] == '.' && digits[len - 1] == '0')
		len -= 2;
	*out = value_text(arena_printf(
	    f->eval->arena, "%s%.*s %s", n < 0 ? "-" : "", len, digits, unit));
}

static double
as_float(struct value v)
{
	return v.type == T_INT	   ? (double)v.i
	       : v.type == T_FLOAT ? v.f
				   : dec_to_float(*v.d);
}

FN_ROW(format_bytes_row)
{
	double x = as_float(args[0]);

	*out = VALUE_NULL;
	if (!str_eq_nocase(value_str(args[1]), STR("iec")) &&
	    !str_eq_nocase(value_str(args[1]), STR("si")))
		fn_fail(f, "sizes are written 'iec' or 'si'");
	else if (isfinite(x))
		put_bytes(
		    f, x, str_eq_nocase(value_str(args[1]), STR("si")), out);
}

/* The factor of "", "B", "k", "KB", "KiB" …; 0 if it is none. */
static double
size_unit(struct str s)
{
	static const char units[] = "kmgtpe";
	double step = 1000, factor = 1;
	const char *at;

	if (s.n && (s.p[s.n - 1] | 32) == 'b')
		s.n--;
	if (!s.n)
		return 1;
	if (s.n == 2 && (s.p[1] | 32) == 'i') {
		step = 1024;
		s.n = 1;
	}
	at = strchr(units, *s.p | 32);
	if (s.n != 1 || !at || !*at)
		return 0;
	for (long k = at - units; k >= 0; k--)
		factor *= step;
	return factor;
}

FN_ROW(parse_bytes_row)
{
	struct str s = str_trim(value_str(args[0])), digits = s;
	double x, unit;

	*out = VALUE_NULL;
	digits.n = 0;
	while (digits.n < s.n && strchr("+-.0123456789", s.p[digits.n]))
		digits.n++;
	unit =
	    size_unit(str_trim((struct str){s.p + digits.n, s.n - digits.n}));
	if (unit == 0 || !num_parse_float(digits, &x))
		return;
	x = nearbyint(x * unit);
	if (x >= -0x1p63 && x < 0x1p63)
		*out = value_int((int64_t)x);
	else
		fn_fail(f, "integer overflow");
}

/* ---- durations ---- */

FN_ROW(format_duration_row)
{
	char text[WHEN_TEXT_MAX], *end = when_put_duration(text, args[0].i);

	*out = value_text(arena_str(
	    f->eval->arena, (struct str){text, (size_t)(end - text)}));
}

/* "1:02:03.5" */
static bool
clock_duration(struct str s, int64_t *out)
{
	int64_t part = 0;
	double seconds;
	unsigned n = 0;

	*out = 0;
	for (size_t at = 0; n < 3; n++) {
		long colon = str_find(s, STR(":"), at);
		struct str digits = {
		    s.p + at, (colon < 0 ? s.n : (size_t)colon) - at};

		if (!digits.n || digits.p[0] < '0' || digits.p[0] > '9' ||
		    *out > INT64_MAX / 100)
			return false;
		if (colon < 0) {
			if (!num_parse_float(digits, &seconds) || seconds >= 60)
				return false;
			*out = *out * 60 * WHEN_SECOND + llround(seconds * 1e6);
			return n > 0;
		}
		if (!num_parse_int(digits, &part) || part > 1000000 ||
		    (n && part >= 60))
			return false;
		*out = *out * 60 + part;
		at = (size_t)colon + 1;
	}
	return false;
}

/* PT1H2.5S, P1DT2H (ISO 8601), without years and months. */
static bool
iso_duration(struct str s, int64_t *out)
{
	char plain[64];
	size_t n = 0;
	bool time = false;

	if (s.n < 3 || s.n > sizeof plain || (*s.p | 32) != 'p')
		return false;
	for (size_t i = 1; i < s.n; i++) {
		char c = s.p[i], low = (char)(c | 32);

		if (low == 't' && !time)
			time = true;
		else if (low == 'w' || low == 'd' ? time : !time && c > '9')
			return false;
		else
			plain[n++] = c == ',' ? '.' : c > '9' ? low : c;
	}
	return when_parse_duration((struct str){plain, n}, out);
}

FN_ROW(parse_duration_row)
{
	struct str s = str_trim(value_str(args[0]));
	bool negative = s.n && *s.p == '-';
	int64_t us;

	if (negative)
		s = (struct str){s.p + 1, s.n - 1};
	if (when_parse_duration(s, &us) || clock_duration(s, &us) ||
	    iso_duration(s, &us))
		*out = value_duration(negative ? -us : us);
	else
		*out = VALUE_NULL;
}

FN_ROW(to_seconds_row)
{
	*out = value_float((double)args[0].i / 1e6);
}

FN_ROW(make_duration_row)
{
	double us = args[0].f * 1e6;

	*out = VALUE_NULL;
	if (us > -0x1p63 && us < 0x1p63)
		*out = value_duration(llround(us));
	else
		fn_fail(f, "duration out of range");
}

/* ---- digits in groups ---- */

FN_ROW(format_number_row)
{
	struct growing g = {.f = f};
	struct value v = args[0];
	int64_t places = args[1].i;
	char text[400];
	int n_text;
	struct dec d;

	*out = VALUE_NULL;
	if (places < 0 || places > 30) {
		fn_fail(f, "from 0 to 30 digits of fraction");
		return;
	}
	if (v.type == T_FLOAT) {
		if (!isfinite(v.f)) {
			*out = value_text(fn_print(f, v));
			return;
		}
		n_text = snprintf(text, sizeof text, "%.*f", (int)places, v.f);
	} else {
		d = v.type == T_INT ? dec_of_int(v.i) : *v.d;
		if (!dec_round(d, (int)places, &d)) {
			fn_fail(f, "decimal overflow");
			return;
		}
		n_text = (int)dec_print(text, d);
		text[n_text] = 0;
	}
	for (int i = 0, whole = (int)strcspn(text, "."); i < n_text; i++) {
		if (i && i < whole && text[i - 1] != '-' &&
		    (whole - i) % 3 == 0)
			growing_addc(&g, ',');
		growing_addc(&g, text[i]);
	}
	growing_done(&g, out);
}

/* ---- printf ---- */

struct directive {
	bool left, zeros, plus, space, groups;
	int width, places; /* places -1: none given */
	char letter;
};

static int
read_count(const char **p, const char *end)
{
	int n = 0;

	for (; *p < end && **p >= '0' && **p <= '9'; ++*p)
		if (n < 100000)
			n = n * 10 + (**p - '0');
	return n;
}

/* Behind the '%'. */
static bool
read_directive(const char **p, const char *end, struct directive *d)
{
	*d = (struct directive){.places = -1};
	for (; *p < end && strchr("-0+ ,", **p); ++*p) {
		d->left |= **p == '-';
		d->zeros |= **p == '0';
		d->plus |= **p == '+';
		d->space |= **p == ' ';
		d->groups |= **p == ',';
	}
	d->width = read_count(p, end);
	if (*p < end && **p == '.') {
		++*p;
		d->places = read_count(p, end);
	}
	if (*p < end)
		d->letter = *(*p)++;
	return d->letter && strchr("sdixXoeEfgGbcn%", d->letter) &&
	       d->width < 10000 && d->places < 1000;
}

/* Fills up to the width; digits[0..n_sign) stay in front of zeros. */
static void
put_filled(struct growing *g, const struct directive *d, struct str s,
    size_t n_sign, bool zeros)
{
	size_t have = utf8_len(s), width = (size_t)d->width;
	size_t fill = have < width ? width - have : 0;

	if (!d->left && !zeros)
		for (; fill; fill--)
			growing_addc(g, ' ');
	growing_add(g, (struct str){s.p, n_sign});
	if (!d->left)
		for (; fill; fill--)
			growing_addc(g, '0');
	growing_add(g, (struct str){s.p + n_sign, s.n - n_sign});
	for (; fill; fill--)
		growing_addc(g, ' ');
}

static void
put_number(struct growing *g, const struct directive *d, struct str digits,
    bool negative)
{
	char sign = negative ? '-' : d->plus ? '+' : d->space ? ' ' : 0;
	size_t whole = 0;
	struct buf b = {0};

	if (sign)
		buf_addc(&b, sign);
	while (whole < digits.n && digits.p[whole] >= '0' &&
	       digits.p[whole] <= '9')
		whole++;
	for (size_t i = 0; i < digits.n; i++) {
		if (d->groups && i && i < whole && (whole - i) % 3 == 0)
			buf_addc(&b, ',');
		buf_addc(&b, digits.p[i]);
	}
	put_filled(g, d, buf_str(&b), sign != 0, d->zeros);
	buf_release(&b);
}

static bool
put_int(struct growing *g, const struct directive *d, struct value v)
{
	char text[80];
	int64_t i = 0;
	uint64_t u;
	size_t n = sizeof text;
	unsigned base = d->letter == 'o'	  ? 8
			: d->letter == 'b'	  ? 2
			: (d->letter | 32) == 'x' ? 16
						  : 10;

	if (v.type == T_BOOL)
		i = v.b;
	else if (v.type == T_INT)
		i = v.i;
	else if (v.type != T_DECIMAL || !dec_to_int(*v.d, &i))
		return false;
	u = base == 10 && i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
	do {
		text[--n] = (d->letter == 'X' ? "0123456789ABCDEF"
					      : "0123456789abcdef")[u % base];
		u /= base;
	} while (u);
	put_number(
	    g, d, (struct str){text + n, sizeof text - n}, base == 10 && i < 0);
	return true;
}

static bool
put_float(struct growing *g, const struct directive *d, struct value v)
{
	int places = d->places < 0 ? 6 : d->places;
	char text[1400];
	double x;
	int n;

	if (!type_is_number((enum type)v.type))
		return false;
	x = as_float(v);
	switch (d->letter) {
	case 'e':
		n = snprintf(text, sizeof text, "%.*e", places, fabs(x));
		break;
	case 'E':
		n = snprintf(text, sizeof text, "%.*E", places, fabs(x));
		break;
	case 'g':
		n = snprintf(text, sizeof text, "%.*g", places, fabs(x));
		break;
	case 'G':
		n = snprintf(text, sizeof text, "%.*G", places, fabs(x));
		break;
	default:
		n = snprintf(text, sizeof text, "%.*f", places, fabs(x));
	}
	put_number(g, d, (struct str){text, (size_t)n}, signbit(x) && x == x);
	return true;
}

static bool
put_char(struct growing *g, const struct directive *d, struct value v)
{
	char bytes[4];

	if (v.type == T_TEXT) {
		put_filled(g, d, value_str(v), 0, false);
		return true;
	}
	if (v.type != T_INT || v.i < 0 || v.i > 0x10ffff ||
	    (v.i >= 0xd800 && v.i < 0xe000))
		return false;
	put_filled(g, d, (struct str){bytes, utf8_put(bytes, (uint32_t)v.i)}, 0,
	    false);
	return true;
}

static bool
put_directive(struct growing *g, const struct directive *d, struct value v)
{
	struct str s;

	if (v.type == T_NULL || d->letter == 's') {
		s = v.type == T_NULL ? STR("null") : fn_print(g->f, v);
		if (d->places >= 0)
			s.n = utf8_offset(s, (size_t)d->places);
		put_filled(g, d, s, 0, false);
		return true;
	}
	if (d->letter == 'c')
		return put_char(g, d, v);
	if (strchr("eEfgG", d->letter))
		return put_float(g, d, v);
	return put_int(g, d, v);
}

FN_ROW(printf_row)
{
	struct str s = value_str(args[0]);
	struct growing g = {.f = f};
	const char *p = s.p, *end = s.p + s.n;
	unsigned at = 1;

	*out = VALUE_NULL;
	if (args[0].type != T_TEXT)
		return;
	while (p < end) {
		struct directive d;

		if (*p != '%') {
			growing_addc(&g, *p++);
			continue;
		}
		p++;
		if (!read_directive(&p, end, &d)) {
			fn_fail(f, "malformed format");
			return;
		}
		if (d.letter == '%' || d.letter == 'n') {
			growing_addc(&g, d.letter == 'n' ? '\n' : '%');
			continue;
		}
		if (at >= n || !put_directive(&g, &d, args[at])) {
			fn_fail(f, at >= n ? "a format without its argument"
					   : "a format that is not of the "
					     "argument's type");
			return;
		}
		at++;
	}
	growing_done(&g, out);
}

/* clang-format off */
#define HUMAN .aliases = "", .flink = NULL

const struct fn fn_human_rows[] = {
	{.name = "format_bytes", HUMAN, .family = "text",
	 .signature = "number, text = 'iec' -> text",
	 .doc = "A number of bytes as people read it: in steps of 1024 (KiB, "
		"MiB …) or, with 'si', of 1000 (kB, MB …).",
	 .example = "format_bytes(1536)", .result = "1.5 KiB",
	 .row = format_bytes_row},
	{.name = "format_duration", HUMAN, .family = "time",
	 .signature = "duration -> text",
	 .doc = "A duration as text.",
	 .example = "format_duration(INTERVAL '90' MINUTE)",
	 .result = "1h30m",
	 .row = format_duration_row},
	{.name = "format_number", HUMAN, .family = "text",
	 .signature = "number, bigint = 0 -> text",
	 .doc = "A number with n digits of fraction and commas between "
		"thousands.",
	 .example = "format_number(1234567.891, 2)",
	 .result = "1,234,567.89",
	 .row = format_number_row},
	{.name = "make_duration", HUMAN, .family = "time",
	 .signature = "float -> duration",
	 .doc = "A number of seconds as a duration.",
	 .example = "make_duration(90.5)", .result = "1m30s500ms",
	 .row = make_duration_row},
	{.name = "parse_bytes", HUMAN, .family = "text",
	 .signature = "text -> bigint",
	 .doc = "The number of bytes of a size: 1.5K, 20 MB (steps of 1000), "
		"3GiB (steps of 1024); NULL of other text.",
	 .example = "parse_bytes('1.5 KiB')", .result = "1536",
	 .row = parse_bytes_row},
	{.name = "parse_duration", HUMAN, .family = "time",
	 .signature = "text -> duration",
	 .doc = "The duration a text stands for: 1h30m, 250ms, 1.5s, "
		"1:02:03.5, PT1M30S (ISO 8601); NULL of other text.",
	 .example = "parse_duration('1:30:00')", .result = "1h30m",
	 .row = parse_duration_row},
	{.name = "printf", .aliases = "format format_string", .family = "text",
	 .signature = "any, any ... = NULL -> text",
	 .doc = "Text with values put in as C and Java write them: %s, %d, "
		"%x, %o, %b, %e, %f, %g, %c, with -, 0, +, ',', a width and a "
		"precision; %% is a percent sign.",
	 .example = "printf('%05.1f %-4s|', 3.14159, 'ab')",
	 .result = "003.1 ab  |",
	 .flink = "PRINTF", .flags = FN_NULLS, .row = printf_row},
	{.name = "to_seconds", HUMAN, .family = "time",
	 .signature = "duration -> float",
	 .doc = "A duration as a number of seconds.",
	 .example = "to_seconds(INTERVAL '1.5' MINUTE)", .result = "90.0",
	 .row = to_seconds_row},
};
/* clang-format on */
const unsigned fn_human_n = sizeof fn_human_rows / sizeof *fn_human_rows;

/* SPDX-License-Identifier: MIT */
/*
 * A field's text into its column: the usual cases of cell_put, which is the
 * rule. Text that cannot be a number or a boolean, integers of up to 18
 * digits, decimals of up to 15 (exact by one division: Clinger, "How to read
 * floating point numbers accurately", 1990), and times that are readable.
 */
#include "io/text.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* What text of a first byte may be besides text. */
enum first {
	TEXT,
	NUMBER,
	BOOLEAN
};

static const uint8_t first[256] = {
    ['0'] = NUMBER,
    ['1'] = NUMBER,
    ['2'] = NUMBER,
    ['3'] = NUMBER,
    ['4'] = NUMBER,
    ['5'] = NUMBER,
    ['6'] = NUMBER,
    ['7'] = NUMBER,
    ['8'] = NUMBER,
    ['9'] = NUMBER,
    ['-'] = NUMBER,
    ['t'] = BOOLEAN,
    ['f'] = BOOLEAN,
};

enum form {
	OTHER,
	INTEGER,
	DECIMAL
};

struct number {
	uint64_t digits;   /* all of them, as one integer */
	unsigned fraction; /* how many stand behind the point */
};

#define EACH(byte) ((byte) * (uint64_t)0x0101010101010101u)

/* Eight digits, the first in the lowest byte, as a number. */
static uint64_t
eight_digits(uint64_t w)
{
	w = (w & EACH(0x0f)) * 2561 >> 8;
	w = (w & 0x00ff00ff00ff00ffu) * 6553601 >> 16;
	return (w & 0x0000ffff0000ffffu) * 42949672960001u >> 32;
}

/* One to eight bytes at once, without a loop. */
static inline enum form
tiny_number(const char *p, unsigned n, struct number *out)
{
	uint64_t w, x, below;
	unsigned point;

	memcpy(&w, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	w <<= 64 - 8 * n;
	if (n < 8)
		w |= EACH('0') >> 8 * n;
	x = w ^ EACH('.');
	x = (x - EACH(1)) & ~x & EACH(0x80); /* its lowest bit is exact */
	out->fraction = 0;
	if (x) {
		point = (unsigned)__builtin_ctzll(x) & ~7u;
		if (point == 64 - 8 * n || point == 56)
			return OTHER;
		below = ((uint64_t)1 << point) - 1;
		w = (w & below) << 8 | (w & ~(below << 8 | 0xff)) | '0';
		out->fraction = (56 - point) / 8;
	}
	if (((w & EACH(0xf0)) | ((w + EACH(6)) >> 4 & EACH(0x0f))) !=
	    EACH(0x33))
		return OTHER;
	out->digits = eight_digits(w);
	return x ? DECIMAL : INTEGER;
}

static enum form
longer_number(const char *p, const char *end, struct number *out)
{
	const char *from = p, *point;

	out->digits = 0;
	while (p < end && is_digit(*p))
		out->digits = out->digits * 10 + (unsigned)(*p++ - '0');
	if (p == end)
		return INTEGER;
	if (p == from || *p != '.' || end - p == 1 || end - from > 16)
		return OTHER;
	point = p++;
	while (p < end && is_digit(*p))
		out->digits = out->digits * 10 + (unsigned)(*p++ - '0');
	out->fraction = (unsigned)(p - point - 1);
	return p == end ? DECIMAL : OTHER;
}

/* A short plain number without its sign; OTHER for all else. */
static inline enum form
short_number(const char *p, size_t n, struct number *out)
{
	if (n - 1 >= 18 || (*p == '0' && n > 1 && p[1] != '.'))
		return OTHER;
	if (n <= 8)
		return tiny_number(p, (unsigned)n, out);
	return longer_number(p, p + n, out);
}

static double
decimal(const struct number *n)
{
	static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7,
	    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

	return (double)(int64_t)n->digits / powers[n->fraction];
}

/* Numbers with an exponent or many digits apart, these are none. */
static bool
surely_text(struct str s)
{
	bool point = false;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '.' && !point)
			point = true;
		else if (!is_digit(c) && c != 'e' && c != 'E' && c != '-' &&
			 c != '+')
			return true;
	}
	return false;
}

static inline void
not_null(struct column *c, unsigned row)
{
	if (c->nulls)
		c->nulls[row >> 6] &= ~((uint64_t)1 << (row & 63));
}

static inline bool
put_text(struct column *c, struct arena *a, unsigned row, struct str s)
{
	not_null(c, row);
	column_put_text(c, a, row, s);
	return true;
}

static inline bool
put_number(struct column *c, struct arena *a, unsigned row, struct str s)
{
	bool minus = *s.p == '-';
	struct number n;

	switch (short_number(s.p + minus, s.n - minus, &n)) {
	case OTHER:
		break;
	case INTEGER:
		if (minus && !n.digits)
			return false; /* -0 is a float */
		not_null(c, row);
		column_put_int(
		    c, a, row, minus ? -(int64_t)n.digits : (int64_t)n.digits);
		return true;
	case DECIMAL:
		not_null(c, row);
		column_put_float(c, a, row, minus ? -decimal(&n) : decimal(&n));
		return true;
	}
	return surely_text(s) && put_text(c, a, row, s);
}

/* By content; false if the usual cases do not cover it. */
static inline bool
put_guess(
    struct column *c, struct arena *a, unsigned row, struct str s, bool quoted)
{
	if (!s.n && !quoted)
		return false;
	switch ((enum first)(quoted ? TEXT : first[(unsigned char)*s.p])) {
	case TEXT:
		break;
	case NUMBER:
		return put_number(c, a, row, s);
	case BOOLEAN:
		if (s.n <= 5)
			return false;
	}
	return put_text(c, a, row, s);
}

static bool
put_time(struct text_decoder *d, struct field_want w, struct batch *b,
    unsigned row, struct str s)
{
	const struct want *want = &d->base.spec->wants[w.want];
	int64_t t;

	if (!s.n || !when_parse(&want->layout, &d->caches[w.want], s, &t))
		return false;
	if (w.how == TEXT_EVENT) {
		b->time[row] = t;
		return true;
	}
	not_null(&b->cols[w.want], row);
	column_put_time(&b->cols[w.want], b->arena, row, t);
	return true;
}

const char *
text_put(struct text_decoder *d, struct field_want w, struct batch *b,
    unsigned row, struct str text, bool quoted)
{
	if (w.how == TEXT_GUESS) {
		if (put_guess(&b->cols[w.want], b->arena, row, text, quoted))
			return NULL;
	} else if (w.how != TEXT_OTHER) {
		if (put_time(d, w, b, row, text))
			return NULL;
	}
	return cell_put(
	    d->base.spec, w.want, &d->caches[w.want], b, row, text, quoted);
}

const char *
text_put_value(struct text_decoder *d, struct field_want w, struct batch *b,
    unsigned row, struct value v)
{
	struct column *c = &b->cols[w.want];

	if (w.how != TEXT_GUESS)
		return cell_value(
		    d->base.spec, w.want, &d->caches[w.want], b, row, v);
	not_null(c, row);
	if (v.type == T_INT)
		column_put_int(c, b->arena, row, v.i);
	else
		column_put(c, b->arena, row, v);
	return NULL;
}

/* SPDX-License-Identifier: MIT */
/*
 * Numbers from text.
 *
 * Runs of digits are taken eight bytes at a time: one subtraction tells where
 * the digits end, a shift throws away what is behind, and three
 * multiplications join eight digits (Lemire, "Quickly parsing eight digits",
 * 2018). How long a number is therefore costs no branch that could be
 * mispredicted. The digits before and behind the point run into the same
 * 64 bits, which wrap silently; whoever uses them counts the digits.
 */
#include "base/num.h"

#include "base/dec.h"
#include "base/num_float.h"

#define ALWAYS_INLINE inline __attribute__((always_inline))

#define EXPONENT_MAX INT64_C(1000000000000) /* no text is as long */

/* Loads with the first byte lowest, whatever the machine. */
static ALWAYS_INLINE uint64_t
load_word(const char *p)
{
	uint64_t x;

	memcpy(&x, p, 8);
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap64(x)
						      : x;
}

static ALWAYS_INLINE uint64_t
load_half(const char *p)
{
	uint32_t x;

	memcpy(&x, p, 4);
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap32(x)
						      : x;
}

/* The n < 8 bytes at p without touching what is behind, zeros above. */
static ALWAYS_INLINE uint64_t
load_tail(const char *p, size_t n)
{
	uint64_t x = 0;

	if (n >= 4)
		return load_half(p) | load_half(p + n - 4) << (8 * (n - 4));
	for (size_t i = 0; i < n; i++)
		x |= (uint64_t)(unsigned char)p[i] << (8 * i);
	return x;
}

/* Eight bytes; those behind end are anything (padded) or 0. */
static ALWAYS_INLINE uint64_t
load8(const char *p, const char *end, bool padded)
{
	if (!padded && end - p < 8)
		return load_tail(p, (size_t)(end - p));
	return load_word(p);
}

#define ZEROS 0x3030303030303030u

/* Flags the bytes of x ^ ZEROS that are no digits. */
static ALWAYS_INLINE uint64_t
not_digits(uint64_t x)
{
	return (((x & 0x7f7f7f7f7f7f7f7fu) + 0x7676767676767676u) | x) &
	       0x8080808080808080u;
}

/* Number of digits at p, at most 8 and not beyond end; *x holds them. */
static ALWAYS_INLINE size_t
digits_at(const char *p, const char *end, bool padded, uint64_t *x)
{
	uint64_t flags;
	size_t n, most = (size_t)(end - p);

	*x = load8(p, end, padded) ^ ZEROS;
	flags = not_digits(*x);
	n = flags ? (size_t)__builtin_ctzll(flags) / 8 : 8;
	return n < most ? n : most;
}

/* The value of eight digits, the first in the lowest byte. */
static ALWAYS_INLINE uint64_t
join8(uint64_t x)
{
	x = x * 10 + (x >> 8);
	return ((x & 0x000000ff000000ffu) * 0x000f424000000064u +
		   ((x >> 16) & 0x000000ff000000ffu) * 0x0000271000000001u) >>
	       32;
}

/* Runs over digits from p and appends them to *w; returns their end. */
static ALWAYS_INLINE const char *
digits_run(const char *p, const char *end, bool padded, uint64_t *w)
{
	static const uint32_t ten[9] = {
	    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
	uint64_t x;
	size_t n;

	do {
		n = digits_at(p, end, padded, &x);
		if (!n)
			break;
		*w = *w * ten[n] + join8(x << (64 - 8 * n));
		p += n;
	} while (__builtin_expect(n == 8, 0));
	return p;
}

static ALWAYS_INLINE const char *
digits_skip(const char *p, const char *end)
{
	uint64_t x;
	size_t n;

	do
		p += n = digits_at(p, end, false, &x);
	while (__builtin_expect(n == 8, 0));
	return p;
}

/* The exponent behind 'e'; its end, or NULL if there is none. */
static const char *
exponent(const char *p, const char *end, int64_t *exp)
{
	bool neg = p < end && *p == '-';
	const char *from;
	int64_t e = 0;

	p += p < end && (*p == '-' || *p == '+');
	for (from = p; p < end && *p >= '0' && *p <= '9'; p++)
		if (e < EXPONENT_MAX)
			e = e * 10 + (*p - '0');
	*exp = neg ? -e : e;
	return p > from ? p : NULL;
}

static ALWAYS_INLINE bool
is_e(char c)
{
	return (c | 0x20) == 'e';
}

/* The digits of t, whose value is w if there are not too many of them. */
static ALWAYS_INLINE double
to_float(const struct num_text *t, uint64_t w, bool neg)
{
	int64_t part = t->part_end - t->part;
	double f;

	if (t->whole_end - t->whole + part <= 19)
		f = num_float(w, t->exp - part);
	else
		f = num_float_text(t);
	return neg ? -f : f;
}

/* An integer of 19 digits or more, or -0. */
static __attribute__((noinline)) struct num
odd_integer(const char *p, const char *end, uint64_t w, bool neg)
{
	struct num_text t = {p, end, end, end, 0};
	int64_t n = end - p;
	struct num out = {NUM_FLOAT, 0, 0};

	if (n == 19 && w <= (uint64_t)INT64_MAX + neg)
		return (struct num){NUM_INT, (int64_t)(neg ? -w : w), 0};
	if (n >= 19 && n <= DEC_DIGITS_MAX)
		out.kind = NUM_BIGINT;
	out.f = to_float(&t, w, neg);
	return out;
}

/* From the '.' or 'e' behind the whole digits on. */
static ALWAYS_INLINE const char *
scan_fraction(struct num_text *t, const char *end, bool padded, uint64_t *w)
{
	const char *p = t->whole_end;

	t->part = t->part_end = p;
	t->exp = 0;
	if (*p == '.') {
		t->part = p + 1;
		p = t->part_end = digits_run(p + 1, end, padded, w);
		if (p == t->part)
			return NULL;
	}
	if (p < end && is_e(*p))
		p = exponent(p + 1, end, &t->exp);
	return p;
}

/* A number that ends within eight bytes, in bits of these: "12.345,". */
struct brief {
	unsigned whole; /* before the point or the end */
	unsigned all;	/* up to the end, 0 if it is no such number */
};

/*
 * Finds a brief number without exponent in the eight bytes x ^ '0'..., of
 * which most may be looked at. One load tells all of it, so that the next
 * number's place is known early.
 */
static ALWAYS_INLINE struct brief
find_brief(uint64_t x, size_t most)
{
	uint64_t flags = not_digits(x);
	struct brief b = {0, 0}, none = {0, 0};
	unsigned c;

	if (!flags)
		return none;
	b.whole = b.all = (unsigned)__builtin_ctzll(flags) & ~7u;
	c = (x >> b.all) & 0xff;
	if (c == ('.' ^ '0')) {
		flags &= flags - 1;
		if (!flags)
			return none;
		b.all = (unsigned)__builtin_ctzll(flags) & ~7u;
		c = (x >> b.all) & 0xff;
		if (b.all == b.whole + 8)
			return none;
	}
	if ((c | 0x20) == ('E' ^ '0') || !b.whole || b.all > 8 * most ||
	    (b.whole > 8 && !(x & 0xff)))
		return none;
	return b;
}

static ALWAYS_INLINE struct num
brief_value(uint64_t x, struct brief b, bool neg)
{
	uint64_t low, w;
	double f;

	if (b.whole == b.all) {
		w = join8(x << (64 - b.all));
		return (struct num){NUM_INT, (int64_t)(neg ? -w : w), 0};
	}
	/* The digits before the point move over it. */
	low = x & ((UINT64_C(1) << b.whole) - 1);
	w = join8(
	    ((x >> b.whole >> 8 << 8 << b.whole) | low << 8) << (64 - b.all));
	f = num_float(w, 1 - (int)(b.all - b.whole) / 8);
	return (struct num){NUM_FLOAT, 0, neg ? -f : f};
}

/* Any number, from behind its sign. */
static ALWAYS_INLINE const char *
scan_any(const char *p, const char *end, bool padded, bool neg, struct num *out)
{
	struct num_text t;
	uint64_t w = 0;

	t.whole = p;
	p = t.whole_end = digits_run(p, end, padded, &w);
	if (p == t.whole || (*t.whole == '0' && p - t.whole > 1))
		return NULL;
	if (p < end && (*p == '.' || is_e(*p))) {
		p = scan_fraction(&t, end, padded, &w);
		if (p)
			*out = (struct num){NUM_FLOAT, 0, to_float(&t, w, neg)};
		return p;
	}
	if (__builtin_expect(p - t.whole > 18 || (neg && !w), 0))
		*out = odd_integer(t.whole, p, w, neg);
	else
		*out = (struct num){NUM_INT, (int64_t)(neg ? -w : w), 0};
	return p;
}

/* From behind the sign. */
static ALWAYS_INLINE const char *
scan(const char *p, const char *end, bool padded, bool neg, struct num *out)
{
	uint64_t x = load8(p, end, padded) ^ ZEROS;
	struct brief b = find_brief(x, (size_t)(end - p));

	if (!b.all || (neg && !(x & 0xff)))
		return scan_any(p, end, padded, neg, out);
	*out = brief_value(x, b, neg);
	return p + b.all / 8;
}

/* A sign is foretold from number to number better than computed with. */
static __attribute__((noinline)) const char *
scan_negative(const char *p, const char *end, struct num *out)
{
	return scan(p, end, true, true, out);
}

const char *
num_scan(const char *p, const char *end, struct num *out)
{
	if (p == end)
		return NULL;
	if (*p == '-')
		return scan_negative(p + 1, end, out);
	return scan(p, end, true, false, out);
}

static __attribute__((noinline)) const char *
skip_any(const char *p, const char *end)
{
	const char *from = p;
	int64_t exp;

	p = digits_skip(p, end);
	if (p == from || (*from == '0' && p - from > 1))
		return NULL;
	if (p < end && *p == '.') {
		from = p + 1;
		p = digits_skip(from, end);
		if (p == from)
			return NULL;
	}
	if (p < end && is_e(*p))
		p = exponent(p + 1, end, &exp);
	return p;
}

const char *
num_skip(const char *p, const char *end)
{
	struct brief b;

	if (p < end && *p == '-')
		p++;
	b = find_brief(load8(p, end, false) ^ ZEROS, (size_t)(end - p));
	return b.all ? p + b.all / 8 : skip_any(p, end);
}

struct num
num_guess(struct str s)
{
	struct num n = {NUM_NONE, 0, 0};
	const char *end = s.p + s.n;
	bool neg;

	if (!s.n || (s.p[0] != '-' && (s.p[0] < '0' || s.p[0] > '9')))
		return n;
	neg = s.p[0] == '-';
	if (scan(s.p + neg, end, false, neg, &n) != end)
		n = (struct num){NUM_NONE, 0, 0};
	return n;
}

bool
num_parse_int(struct str s, int64_t *out)
{
	const char *p = s.p, *end = s.p + s.n, *from;
	bool neg = s.n && *p == '-';
	uint64_t w = 0;

	p += s.n && (*p == '-' || *p == '+');
	if (p == end)
		return false;
	while (end - p > 1 && *p == '0')
		p++;
	from = p;
	p = digits_run(p, end, false, &w);
	if (p != end || p == from || p - from > 19 ||
	    w > (uint64_t)INT64_MAX + neg)
		return false;
	*out = (int64_t)(neg ? -w : w);
	return true;
}

/* inf, infinity, nan */
static bool
parse_word(struct str s, double *f)
{
	if (str_eq_nocase(s, STR("inf")) || str_eq_nocase(s, STR("infinity")))
		*f = __builtin_inf();
	else if (str_eq_nocase(s, STR("nan")))
		*f = __builtin_nan("");
	else
		return false;
	return true;
}

bool
num_parse_float(struct str s, double *out)
{
	const char *p = s.p, *end = s.p + s.n;
	bool neg = s.n && *p == '-';
	struct num_text t = {0};
	uint64_t w = 0;
	double f;

	p += s.n && (*p == '-' || *p == '+');
	t.whole = p;
	p = t.whole_end = t.part = t.part_end = digits_run(p, end, false, &w);
	if (p < end && *p == '.') {
		t.part = p + 1;
		p = t.part_end = digits_run(p + 1, end, false, &w);
	}
	if (t.whole == t.whole_end && t.part == t.part_end) {
		p = t.whole;
		if (!parse_word((struct str){p, (size_t)(end - p)}, &f))
			return false;
		*out = neg ? -f : f;
		return true;
	}
	if (p < end && is_e(*p))
		p = exponent(p + 1, end, &t.exp);
	if (p != end)
		return false;
	*out = to_float(&t, w, neg);
	return true;
}

bool
num_parse_size(struct str s, uint64_t *out)
{
	static const char units[] = "kmgtpe";
	const char *unit;
	int64_t n;
	unsigned shift = 0;

	if (!s.n || s.p[0] < '0' || s.p[0] > '9')
		return false;
	unit = memchr(units, s.p[s.n - 1] | 0x20, sizeof units - 1);
	if (unit) {
		shift = 10 * ((unsigned)(unit - units) + 1);
		s.n--;
	}
	if (!num_parse_int(s, &n) || (uint64_t)n > UINT64_MAX >> shift)
		return false;
	*out = (uint64_t)n << shift;
	return true;
}

/* SPDX-License-Identifier: MIT */
/*
 * Reading times: ISO 8601 and common log, and the door to all layouts.
 *
 * Stamps of a log repeat everything but their seconds. The cache keeps the
 * text up to the minute, the text of the offset, and the minute's instant; a
 * stamp that agrees with both costs three compares, two digits and one
 * multiplication per fraction (digits eight at a time: Lemire, "Number
 * parsing at a gigabyte per second", 2021). All others take the plain road,
 * which refuses what is wrong and fills the cache. So the quick road accepts
 * only what the plain one has accepted in the same minute.
 */
#include "base/when_read.h"

#include <string.h>

#include "base/zone.h"

#define ISO_PREFIX 17 /* 2026-03-01T10:00: */
#define CLF_PREFIX 18 /* 28/Mar/2026:22:00: */

/* The instant of a civil time in a zone, by the cache's last offset if fit. */
static inline int64_t
to_instant(const struct zone *zone, struct when_cache *c, int64_t civil)
{
	struct zone_memo *m = &c->zone;

	if (!zone)
		return civil;
	if (civil < m->from || civil >= m->until)
		m->offset_s =
		    zone_civil_offset(zone, civil, 0, &m->from, &m->until);
	return civil - m->offset_s * WHEN_SECOND;
}

bool
when_of_stamp(const struct stamp *st, const struct when_layout *l,
    struct when_cache *c, int64_t *out)
{
	bool leap = st->second == 60;
	int64_t t;

	if (st->month < 1 || st->month > 12 || st->day < 1 ||
	    (st->day > 28 &&
		st->day > when_days_in_month(st->year, st->month)) ||
	    st->hour > 24 || st->minute > 59 || st->second > 60 ||
	    st->year < 0 || st->year > 9999)
		return false;
	if (st->hour == 24 && (st->minute || st->second || st->ns))
		return false;
	t = when_days(st->year, st->month, st->day) * WHEN_DAY +
	    st->hour * WHEN_HOUR + st->minute * WHEN_MINUTE +
	    st->second * WHEN_SECOND;
	if (!leap)
		t += st->ns / 1000;
	if (st->has_offset)
		t -= st->offset_s * WHEN_SECOND;
	else if (st->zone)
		t = zone_instant(st->zone, t, 0);
	else
		t = to_instant(l->zone, c, t);
	*out = t;
	return when_in_range(t) && (!leap || t % WHEN_DAY == 0);
}

/* --- eight bytes at a time ---------------------------------------------- */

static inline uint64_t
load8(const char *p)
{
	uint64_t w;

	memcpy(&w, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	return w;
}

static inline bool
eight_digits(uint64_t w)
{
	return ((w & (w + 0x0606060606060606u) & 0xf0f0f0f0f0f0f0f0u) ^
		   0x3030303030303030u) == 0;
}

static inline unsigned
eight_value(uint64_t w)
{
	w = (w & 0x0f0f0f0f0f0f0f0fu) * 2561 >> 8;
	w = (w & 0x00ff00ff00ff00ffu) * 6553601 >> 16;
	return (unsigned)((w & 0x0000ffff0000ffffu) * 42949672960001u >> 32);
}

/*
 * Microseconds of the n digits (1 to 9) that end at end, or -1. At least 8
 * bytes before end can be read.
 */
static inline int
quick_fraction(const char *end, size_t n)
{
	uint64_t w;

	if (n == 9) {
		if (when_digit(*--end) > 9)
			return -1;
		n = 8;
	}
	w = load8(end - 8) >> (64 - 8 * n);
	if (n < 8)
		w |= 0x3030303030303030u << (8 * n);
	return eight_digits(w) ? (int)(eight_value(w) / 100) : -1;
}

/* --- the remembered minute ---------------------------------------------- */

static inline __attribute__((always_inline)) bool
same_prefix(const char *a, const char *b, size_t n)
{
	return ((load8(a) ^ load8(b)) | (load8(a + 8) ^ load8(b + 8)) |
		   (load8(a + n - 8) ^ load8(b + n - 8))) == 0;
}

/* Compares the n (0 to 7) bytes before the two ends. */
static inline bool
same_tail(const char *a_end, const char *b_end, size_t n)
{
	uint64_t d = load8(a_end - 8) ^ load8(b_end - 8);

	return d >> (56 - 8 * n) >> 8 == 0;
}

/* Reads s if it is the remembered minute and offset; prefix is constant. */
static inline __attribute__((always_inline)) bool
read_again(const struct when_layout *l, struct when_cache *c, struct str s,
    size_t prefix, int64_t *out)
{
	const char *p = s.p + prefix, *end = s.p + s.n - c->tail;
	unsigned hi, lo;
	int64_t t;

	if (s.n < prefix + 2 + c->tail || !same_prefix(s.p, c->text, prefix) ||
	    !same_tail(s.p + s.n, c->text + prefix + c->tail, c->tail))
		return false;
	hi = when_digit(p[0]);
	lo = when_digit(p[1]);
	if (hi > 5 || lo > 9)
		return false;
	t = c->base + (int64_t)(hi * 10 + lo) * WHEN_SECOND;
	p += 2;
	if (p != end) {
		size_t n = (size_t)(end - p) - 1;
		int us;

		if ((*p != '.' && *p != ',') || n - 1 > 8)
			return false;
		us = quick_fraction(end, n);
		if (us < 0)
			return false;
		t += us;
	}
	*out = c->tail ? t : to_instant(l->zone, c, t);
	return true;
}

/*
 * Remembers the minute of a stamp that was just read. Not at the ends of
 * time, where some seconds of the minute may be out of range.
 */
static void
remember(struct when_cache *c, const struct stamp *st, struct str s,
    size_t prefix, struct str tail)
{
	int64_t base;

	if (prefix + tail.n > sizeof(c->text) || st->hour == 24 ||
	    st->year < 1 || st->year > 9998)
		return;
	base = when_days(st->year, st->month, st->day) * WHEN_DAY +
	       st->hour * WHEN_HOUR + st->minute * WHEN_MINUTE;
	if (tail.n)
		base -= st->offset_s * WHEN_SECOND;
	memcpy(c->text, s.p, prefix);
	memcpy(c->text + prefix, tail.p, tail.n);
	c->prefix = (uint8_t)prefix;
	c->tail = (uint8_t)tail.n;
	c->base = base;
}

/* --- fields ------------------------------------------------------------- */

static unsigned
four(const char *p)
{
	unsigned hi = when_two(p), lo = when_two(p + 2);

	return hi < 100 && lo < 100 ? hi * 100 + lo : 10000;
}

int
when_fraction(const char *p, size_t n)
{
	unsigned v = 0;

	if (n - 1 > 8)
		return -1;
	for (size_t i = 0; i < 9; i++) {
		unsigned d = i < n ? when_digit(p[i]) : 0;

		if (d > 9)
			return -1;
		v = v * 10 + d;
	}
	return (int)v;
}

int
when_month_abbr(const char *p)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
	char a = (char)(p[0] | 0x20), b = (char)(p[1] | 0x20);
	char c = (char)(p[2] | 0x20);

	for (int i = 0; i < 12; i++)
		if (a == names[3 * i] && b == names[3 * i + 1] &&
		    c == names[3 * i + 2])
			return i + 1;
	return 0;
}

/*
 * The fraction at *p, if one begins there, of any number of digits up to
 * nine. False if it is malformed.
 */
static bool
read_fraction(const char **p, const char *end, int *ns)
{
	const char *q = *p, *first;

	*ns = 0;
	if (q == end || (*q != '.' && *q != ','))
		return true;
	for (first = ++q; q < end && when_digit(*q) <= 9;)
		q++;
	/* RFC 3339 allows any number of digits. */
	*ns = when_fraction(first, q - first > 9 ? 9 : (size_t)(q - first));
	*p = q;
	return *ns >= 0;
}

bool
when_read_offset(struct str rest, struct stamp *st)
{
	st->has_offset = rest.n > 0;
	st->offset_s = 0;
	if (!rest.n || (rest.n == 1 && rest.p[0] == 'Z'))
		return true;
	if (rest.p[0] == ' ') {
		rest.p++;
		rest.n--;
	}
	return when_parse_offset(rest, &st->offset_s);
}

/*
 * hh:mm[:ss[.f]] at *p, or hhmm[ss[.f]] when colon is false. Sets *seconds to
 * where the seconds stand, or NULL.
 */
static bool
read_clock(const char **p, const char *end, bool colon, struct stamp *st,
    const char **seconds)
{
	const char *q = *p;
	size_t step = colon ? 3 : 2;

	if ((size_t)(end - q) < step + 2 || (colon && q[2] != ':'))
		return false;
	st->hour = (int)when_two(q);
	st->minute = (int)when_two(q + step);
	st->second = 0;
	st->ns = 0;
	*seconds = NULL;
	q += step + 2;
	*p = q;
	if (colon ? q == end || *q != ':' : q == end || when_digit(*q) > 9)
		return true;
	q += colon;
	if (end - q < 2)
		return false;
	st->second = (int)when_two(q);
	*seconds = q;
	*p = q + 2;
	return read_fraction(p, end, &st->ns);
}

/* --- ISO 8601 and common log -------------------------------------------- */

static bool
iso_date(struct str s, struct stamp *st, size_t *used)
{
	bool dash = s.n >= 10 && s.p[4] == '-';

	if (s.n < 8 || (dash && s.p[7] != '-'))
		return false;
	*used = dash ? 10 : 8;
	st->year = (int)four(s.p);
	st->month = (int)when_two(s.p + 4 + dash);
	st->day = (int)when_two(s.p + 6 + 2 * dash);
	return true;
}

static bool
read_iso(const struct when_layout *l, struct when_cache *c, struct str s,
    int64_t *out)
{
	const char *p, *end = s.p + s.n, *seconds;
	struct stamp st = {0};
	struct str tail;
	size_t used;

	if (!iso_date(s, &st, &used))
		return false;
	if (s.n == used)
		return when_of_stamp(&st, l, c, out);
	p = s.p + used;
	if ((*p | 0x20) != 't' && *p != ' ')
		return false;
	p++;
	if (!read_clock(&p, end, used == 10, &st, &seconds))
		return false;
	tail = (struct str){p, (size_t)(end - p)};
	if (!when_read_offset(tail, &st) || !when_of_stamp(&st, l, c, out))
		return false;
	if (seconds == s.p + ISO_PREFIX)
		remember(c, &st, s, ISO_PREFIX, tail);
	return true;
}

static bool
read_clf(const struct when_layout *l, struct when_cache *c, struct str s,
    int64_t *out)
{
	const char *p, *end = s.p + s.n, *seconds;
	struct stamp st = {0};
	struct str tail;

	if (s.n < CLF_PREFIX + 2 || s.p[2] != '/' || s.p[6] != '/' ||
	    s.p[11] != ':')
		return false;
	st.day = (int)when_two(s.p);
	st.month = when_month_abbr(s.p + 3);
	st.year = (int)four(s.p + 7);
	p = s.p + 12;
	if (!read_clock(&p, end, true, &st, &seconds) || !seconds)
		return false;
	tail = (struct str){p, (size_t)(end - p)};
	if (!when_read_offset(tail, &st) || !when_of_stamp(&st, l, c, out))
		return false;
	remember(c, &st, s, CLF_PREFIX, tail);
	return true;
}

/* --- the door ----------------------------------------------------------- */

static bool
read_auto(const struct when_layout *l, struct when_cache *c, struct str s,
    int64_t *out)
{
	if (when_read_number(WHEN_AUTO, s, out))
		return true;
	if (s.n > 2 && s.p[2] == '/')
		return read_clf(l, c, s, out);
	return read_iso(l, c, s, out) || when_read_odd(l, c, s, out);
}

static __attribute__((noinline)) bool
read_plain(const struct when_layout *l, struct when_cache *c, struct str s,
    int64_t *out)
{
	struct when_cache none = {0};

	if (!c)
		c = &none;
	/* Common logs put their times into brackets. */
	if (s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']' &&
	    (l->kind == WHEN_AUTO || l->kind == WHEN_CLF))
		s = (struct str){s.p + 1, s.n - 2};
	switch (l->kind) {
	case WHEN_AUTO:
		return read_auto(l, c, s, out);
	case WHEN_ISO:
		return read_iso(l, c, s, out) || when_read_odd(l, c, s, out);
	case WHEN_CLF:
		return read_clf(l, c, s, out);
	case WHEN_PATTERN:
		return when_read_pattern(l, c, s, out);
	case WHEN_MAIL:
	case WHEN_CTIME:
		return when_read_odd(l, c, s, out);
	case WHEN_EPOCH_S:
	case WHEN_EPOCH_MS:
	case WHEN_EPOCH_US:
	case WHEN_EPOCH_NS:
	case WHEN_EPOCH:
		break;
	}
	return when_read_number(l->kind, s, out);
}

bool
when_parse(const struct when_layout *l, struct when_cache *c, struct str s,
    int64_t *out)
{
	if (c && c->prefix == ISO_PREFIX &&
	    read_again(l, c, s, ISO_PREFIX, out))
		return true;
	if (c && c->prefix == CLF_PREFIX &&
	    read_again(l, c, s, CLF_PREFIX, out))
		return true;
	return read_plain(l, c, s, out);
}

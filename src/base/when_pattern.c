/* SPDX-License-Identifier: MIT */
/*
 * Reading a time by a pattern: one pass over pattern and text together.
 * Fields that are plain numbers are rows of a table; each row says how many
 * digits it takes, what it may be, and where it goes. A letter that stands
 * for others (%T) is walked in place of itself, one level deep.
 */
#include <stddef.h>
#include <string.h>

#include "base/when_read.h"

/* What the pattern has yielded so far. */
struct reading {
	int year, month, day; /* year -1: not given */
	int hour, minute, second;
	int of_year;	  /* day of the year; 0: not given */
	int week_year;	  /* ISO 8601's */
	int week;	  /* -1: not given; of which kind: */
	char week_kind;	  /* U: from Sunday, W: from Monday, V: ISO's */
	int weekday;	  /* 0 = Sunday; -1: not given */
	int hour12, half; /* 1-12 and 1 = AM, 2 = PM; 0: not given */
	int two_digits;	  /* of the year; -1: not given */
	int ms;		  /* -1: not given */
	int ns;
	bool is_epoch;
	int64_t epoch;	   /* seconds */
	struct stamp zone; /* its offset or zone */
};

static const struct number {
	char letter;
	unsigned char digits_min, digits_max;
	short low, high;
	size_t at;
} numbers[] = {
    {'Y', 4, 4, 0, 9999, offsetof(struct reading, year)},
    {'m', 1, 2, 1, 12, offsetof(struct reading, month)},
    {'d', 1, 2, 1, 31, offsetof(struct reading, day)},
    {'e', 1, 2, 1, 31, offsetof(struct reading, day)},
    {'H', 1, 2, 0, 24, offsetof(struct reading, hour)},
    {'M', 1, 2, 0, 59, offsetof(struct reading, minute)},
    {'S', 1, 2, 0, 60, offsetof(struct reading, second)},
    {'I', 1, 2, 1, 12, offsetof(struct reading, hour12)},
    {'L', 3, 3, 0, 999, offsetof(struct reading, ms)},
    {'j', 1, 3, 1, 366, offsetof(struct reading, of_year)},
    {'y', 2, 2, 0, 99, offsetof(struct reading, two_digits)},
    {'k', 1, 2, 0, 24, offsetof(struct reading, hour)},
    {'l', 1, 2, 1, 12, offsetof(struct reading, hour12)},
    {'G', 4, 4, 0, 9999, offsetof(struct reading, week_year)},
    {'U', 1, 2, 0, 53, offsetof(struct reading, week)},
    {'W', 1, 2, 0, 53, offsetof(struct reading, week)},
    {'V', 1, 2, 1, 53, offsetof(struct reading, week)},
    {'u', 1, 1, 1, 7, offsetof(struct reading, weekday)},
    {'w', 1, 1, 0, 6, offsetof(struct reading, weekday)},
};

#define N_NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

const char *
when_composite(char letter)
{
	switch (letter) {
	case 'T':
		return "%H:%M:%S";
	case 'D':
		return "%m/%d/%y";
	case 'F':
		return "%Y-%m-%d";
	case 'R':
		return "%H:%M";
	case 'r':
		return "%I:%M:%S %p";
	case 'c':
		return "%a %b %e %H:%M:%S %Y";
	case 'x':
		return "%m/%d/%y";
	case 'X':
		return "%H:%M:%S";
	default:
		return NULL;
	}
}

/* --- fields; each returns what follows it, or NULL ---------------------- */

static const char *
read_field(
    const struct number *f, struct reading *r, const char *p, const char *end)
{
	unsigned v = 0, n = 0;
	int out;

	if (p < end && *p == ' ' && memchr("ekl", f->letter, 3))
		p++;
	for (; p < end && n < f->digits_max && when_digit(*p) <= 9; p++, n++)
		v = v * 10 + when_digit(*p);
	out = (int)v;
	if (n < f->digits_min || out < f->low || out > f->high)
		return NULL;
	memcpy((char *)r + f->at, &out, sizeof(out));
	if (f->at == offsetof(struct reading, week))
		r->week_kind = f->letter;
	return p;
}

/* One of n names, short or long; *index is from 0. */
static const char *
read_name(
    const char *const *names, int n, const char *p, const char *end, int *index)
{
	for (int i = 0; i < n; i++) {
		struct str name = str_of(names[i]);

		if ((size_t)(end - p) >= name.n &&
		    str_eq_nocase((struct str){p, name.n}, name)) {
			*index = i;
			return p + name.n;
		}
	}
	for (int i = 0; i < n; i++)
		if (end - p >= 3 && str_eq_nocase((struct str){p, 3},
					(struct str){names[i], 3})) {
			*index = i;
			return p + 3;
		}
	return NULL;
}

static const char *
read_half(struct reading *r, const char *p, const char *end)
{
	if (end - p < 2 || (p[1] | 0x20) != 'm')
		return NULL;
	if ((p[0] | 0x20) == 'a')
		r->half = 1;
	else if ((p[0] | 0x20) == 'p')
		r->half = 2;
	else
		return NULL;
	return p + 2;
}

static const char *
read_digits(struct reading *r, const char *p, const char *end)
{
	size_t n = 0;

	while (p + n < end && n < 9 && when_digit(p[n]) <= 9)
		n++;
	r->ns = when_fraction(p, n);
	return r->ns < 0 ? NULL : p + n;
}

/* A point or comma and a fraction, or nothing. */
static const char *
read_point(struct reading *r, const char *p, const char *end)
{
	if (p == end || (*p != '.' && *p != ','))
		return p;
	p = read_digits(r, p + 1, end);
	while (p && p < end && when_digit(*p) <= 9)
		p++;
	return p;
}

/* The longest offset that stands at p. */
static const char *
read_offset(struct reading *r, const char *p, const char *end)
{
	size_t room = (size_t)(end - p), from = 6, to = 3;

	if (room && (*p | 0x20) == 'z')
		from = to = 1;
	else if (room && *p != '+' && *p != '-')
		return NULL;
	for (size_t n = from; n >= to; n--)
		if (n <= room &&
		    when_parse_offset((struct str){p, n}, &r->zone.offset_s)) {
			r->zone.has_offset = true;
			return p + n;
		}
	return NULL;
}

static bool
is_letter(char c)
{
	return (unsigned char)((c | 0x20) - 'a') < 26;
}

/* The name of a zone: letters, and in those with a slash more. */
static const char *
read_zone_name(struct reading *r, const char *p, const char *end)
{
	const char *q = p;
	bool slash = false;

	for (; q < end; q++) {
		slash = slash || *q == '/';
		if (!is_letter(*q) && *q != '/' &&
		    !(slash && (*q == '_' || *q == '-' || *q == '+' ||
				   when_digit(*q) <= 9)))
			break;
	}
	return when_read_zone_name((struct str){p, (size_t)(q - p)}, &r->zone)
		   ? q
		   : NULL;
}

static const char *
read_epoch(struct reading *r, const char *p, const char *end)
{
	bool negative = p < end && *p == '-';
	const char *first = p += negative;

	r->epoch = 0;
	for (; p < end && p - first < 12 && when_digit(*p) <= 9; p++)
		r->epoch = r->epoch * 10 + when_digit(*p);
	if (p == first)
		return NULL;
	if (negative)
		r->epoch = -r->epoch;
	r->is_epoch = true;
	return p;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static const char *
skip_blanks(const char *p, const char *end)
{
	const char *first = p;

	while (p < end && is_blank(*p))
		p++;
	return p == first ? NULL : p;
}

static const char *
read_letter(struct reading *r, char letter, const char *p, const char *end)
{
	for (size_t i = 0; i < N_NUMBERS; i++)
		if (numbers[i].letter == letter)
			return read_field(&numbers[i], r, p, end);
	switch (letter) {
	case 'b':
	case 'B':
	case 'h':
		p = read_name(when_months, 12, p, end, &r->month);
		r->month++;
		return p;
	case 'a':
	case 'A':
		return read_name(when_weekdays, 7, p, end, &r->weekday);
	case 'p':
	case 'P':
		return read_half(r, p, end);
	case 'f':
	case 'N':
		return read_digits(r, p, end);
	case '.':
		return read_point(r, p, end);
	case 'z':
		return read_offset(r, p, end);
	case 'Z':
		return read_zone_name(r, p, end);
	case 's':
		return read_epoch(r, p, end);
	case 'n':
	case 't':
		return skip_blanks(p, end);
	case '%':
		return p < end && *p == '%' ? p + 1 : NULL;
	default:
		return NULL;
	}
}

/* --- the whole ---------------------------------------------------------- */

static bool
walk(const char *pattern, struct str s, struct reading *r)
{
	const char *f = pattern, *resume = NULL, *within;
	const char *p = s.p, *end = s.p + s.n;
	char c;

	while (p) {
		if (!*f && resume) {
			f = resume;
			resume = NULL;
		}
		if (!*f)
			return p == end;
		c = *f++;
		if (is_blank(c)) {
			p = skip_blanks(p, end);
			while (is_blank(*f))
				f++;
		} else if (c != '%') {
			p = p < end && *p == c ? p + 1 : NULL;
		} else if (!*f) {
			return false;
		} else if ((within = when_composite(*f)) != NULL) {
			resume = f + 1;
			f = within;
		} else {
			f += *f == ':' && f[1] == 'z';
			p = read_letter(r, *f++, p, end);
		}
	}
	return false;
}

/* The month and day of a day of the year; false if it has no such day. */
static bool
day_of_year(struct reading *r)
{
	int year;

	when_civil_of_days(when_days(r->year, 1, 1) + r->of_year - 1, &year,
	    &r->month, &r->day);
	return year == r->year;
}

/* The date of a day of a week, the first one if that is not given. */
static bool
day_of_week(struct reading *r)
{
	bool iso = r->week_kind == 'V';
	int year = iso ? r->week_year : r->year;
	int64_t first = when_days(year, 1, iso ? 4 : 1), day;
	int weekday = when_weekday(first), back = (weekday + 6) % 7, of_year;

	/* first: the Sunday or Monday at which week 1 begins */
	if (r->week_kind == 'U')
		first += (7 - weekday) % 7;
	else
		first += iso ? -back : (7 - back) % 7;
	if (r->weekday < 0)
		r->weekday = r->week_kind == 'U' ? 0 : 1;
	day = first + (r->week - 1) * 7 +
	      (r->week_kind == 'U' ? r->weekday : (r->weekday + 6) % 7);
	when_civil_of_days(iso ? first + (r->week - 1) * 7 + 3 : day, &of_year,
	    &r->month, &r->day);
	if (of_year != year)
		return false;
	when_civil_of_days(day, &r->year, &r->month, &r->day);
	return true;
}

/* The year of a time that has none; false if such a one is not expected. */
static bool
find_year(const struct when_layout *l, struct reading *r)
{
	struct civil from, c = {.month = r->month,
			       .day = r->day,
			       .hour = r->hour,
			       .minute = r->minute,
			       .second = r->second};

	if (!l->since || !r->month || !r->day)
		return false;
	when_to_civil(l->since, &from);
	c.year = from.year;
	c.year += when_of_civil(&c) < l->since;
	/* A leap day in a year without one: the nearest one before it. */
	for (int i = 0; i < 8 && r->day > when_days_in_month(c.year, r->month);
	     i++)
		c.year--;
	r->year = c.year;
	return true;
}

/* Year, month and day, from whatever was given instead. */
static bool
find_day(const struct when_layout *l, struct reading *r)
{
	if (r->two_digits >= 0)
		r->year = r->two_digits + (r->two_digits < 69 ? 2000 : 1900);
	if (r->week >= 0 && !r->day &&
	    (r->week_kind == 'V' ? r->week_year >= 0 : r->year >= 0))
		return day_of_week(r);
	if (r->year < 0 && !find_year(l, r))
		return false;
	return !r->of_year || r->day || day_of_year(r);
}

static bool
epoch_time(const struct reading *r, int64_t *out)
{
	*out = r->epoch * WHEN_SECOND + r->ns / 1000;
	return when_in_range(*out);
}

bool
when_read_pattern(const struct when_layout *l, struct when_cache *c,
    struct str s, int64_t *out)
{
	struct reading r = {.year = -1,
	    .two_digits = -1,
	    .ms = -1,
	    .week_year = -1,
	    .week = -1,
	    .weekday = -1};
	struct stamp st;

	if (!walk(l->pattern, s, &r))
		return false;
	if (r.ms >= 0)
		r.ns = r.ms * 1000000;
	if (r.is_epoch)
		return epoch_time(&r, out);
	if (r.hour12)
		r.hour = r.hour12 % 12 + (r.half == 2 ? 12 : 0);
	if (!find_day(l, &r))
		return false;
	st = r.zone;
	st.year = r.year;
	st.month = r.month ? r.month : 1;
	st.day = r.day ? r.day : 1;
	st.hour = r.hour;
	st.minute = r.minute;
	st.second = r.second;
	st.ns = r.ns;
	return when_of_stamp(&st, l, c, out);
}

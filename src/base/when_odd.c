/* SPDX-License-Identifier: MIT */
/*
 * Times in their rarer forms: what ISO 8601 allows besides dates and clocks
 * as everybody writes them, RFC 9557's brackets, names of zones, and the
 * forms of mail (RFC 5322, with its obsolete zones), HTTP (RFC 9110, section
 * 5.6.7), ctime() and date(1).
 *
 * They are tried when the usual ones do not fit, by what the text begins
 * with; those of mail and kin are patterns.
 */
#include <string.h>

#include "base/when_read.h"
#include "base/zone.h"

/* --- names of zones ------------------------------------------------------ */

/*
 * Abbreviations that mean one thing; others (IST, BST outside of Britain) are
 * not guessed, except for what RFC 5322 says of the American ones.
 */
static const struct abbr {
	char name[6];
	short minutes;
} abbrs[] = {
    {"ACDT", 630},
    {"ACST", 570},
    {"AEDT", 660},
    {"AEST", 600},
    {"AKDT", -480},
    {"AKST", -540},
    {"AWST", 480},
    {"BST", 60},
    {"CDT", -300},
    {"CEST", 120},
    {"CET", 60},
    {"CST", -360},
    {"EAT", 180},
    {"EDT", -240},
    {"EEST", 180},
    {"EET", 120},
    {"EST", -300},
    {"GMT", 0},
    {"HKT", 480},
    {"HST", -600},
    {"JST", 540},
    {"KST", 540},
    {"MDT", -360},
    {"MSK", 180},
    {"MST", -420},
    {"NZDT", 780},
    {"NZST", 720},
    {"PDT", -420},
    {"PKT", 300},
    {"PST", -480},
    {"SAST", 120},
    {"SGT", 480},
    {"UT", 0},
    {"UTC", 0},
    {"WAT", 60},
    {"WEST", 60},
    {"WET", 0},
    {"Z", 0},
};

bool
when_read_zone_name(struct str name, struct stamp *st)
{
	for (size_t i = 0; i < sizeof abbrs / sizeof *abbrs; i++)
		if (str_eq_nocase(name, str_of(abbrs[i].name))) {
			st->offset_s = abbrs[i].minutes * 60;
			st->has_offset = true;
			return true;
		}
	if (!name.n || !memchr(name.p, '/', name.n))
		return false;
	st->has_offset = false;
	st->zone = zone_named(name);
	return st->zone != NULL;
}

/* --- ISO 8601 --------------------------------------------------------------
 */

/* Number of n digits, or -1. */
static int
digits(const char *p, size_t n)
{
	int v = 0;

	for (size_t i = 0; i < n; i++) {
		if (when_digit(p[i]) > 9)
			return -1;
		v = v * 10 + (int)when_digit(p[i]);
	}
	return v;
}

/* Day number `day` (from 0) of the year's days; false if that is elsewhere. */
static bool
set_day(struct stamp *st, int year, int64_t days, bool same_year)
{
	when_civil_of_days(days, &st->year, &st->month, &st->day);
	return !same_year || st->year == year;
}

/* 2026-W13-6 or 2026W136, the day may be missing (then it is Monday). */
static bool
week_date(struct str s, struct stamp *st)
{
	bool dash = s.p[4] == '-';
	const char *w = s.p + 4 + dash;
	size_t n = s.n - 4 - dash;
	int year = digits(s.p, 4), week, day = 1;
	int64_t fourth, monday;

	if (n < 3 || (*w | 0x20) != 'w' || year < 0)
		return false;
	week = digits(w + 1, 2);
	if (n > 3) {
		if (n != 4u + dash || (dash && w[3] != '-'))
			return false;
		day = digits(w + 3 + dash, 1);
	}
	if (week < 1 || week > 53 || day < 1 || day > 7)
		return false;
	/* Week 1 has January 4th in it. */
	fourth = when_days(year, 1, 4);
	monday = fourth - (when_weekday(fourth) + 6) % 7 + (week - 1) * 7;
	/* The year's last week is the one with its last Thursday. */
	if (week == 53 && !set_day(st, year, monday + 3, true))
		return false;
	return set_day(st, year, monday + day - 1, false);
}

/* 2026-087 or 2026087: the day of the year. */
static bool
ordinal_date(struct str s, struct stamp *st)
{
	bool dash = s.p[4] == '-';
	int year = digits(s.p, 4), day = digits(s.p + 4 + dash, 3);

	if (year < 0 || day < 1)
		return false;
	return set_day(st, year, when_days(year, 1, 1) + day - 1, true);
}

static bool
calendar_date(struct str s, struct stamp *st)
{
	bool dash = s.p[4] == '-';

	st->year = digits(s.p, 4);
	st->month = digits(s.p + 4 + dash, 2);
	st->day = 1;
	if (s.n == 7 && dash) /* 2026-03 */
		return st->year >= 0 && st->month > 0;
	if (s.n != 8u + 2 * dash || (dash && s.p[7] != '-'))
		return false;
	st->day = digits(s.p + 6 + 2 * dash, 2);
	return st->year >= 0 && st->month > 0 && st->day > 0;
}

static bool
any_date(struct str s, struct stamp *st)
{
	bool dash = s.n > 4 && s.p[4] == '-';

	if (s.n < 7)
		return false;
	if ((s.p[4 + dash] | 0x20) == 'w')
		return week_date(s, st);
	if (s.n == 7u + dash)
		return ordinal_date(s, st);
	return calendar_date(s, st);
}

/* A fraction of a unit of so many nanoseconds, added to the clock. */
static bool
add_fraction(struct str s, int64_t unit_ns, struct stamp *st)
{
	int64_t ns;
	int part =
	    s.n > 1 ? when_fraction(s.p + 1, s.n > 10 ? 9 : s.n - 1) : -1;

	if (part < 0)
		return false;
	for (size_t i = 10; i < s.n; i++)
		if (when_digit(s.p[i]) > 9)
			return false;
	ns = unit_ns / 1000000000 * part;
	st->minute += (int)(ns / 60000000000);
	st->second += (int)(ns / 1000000000 % 60);
	st->ns = (int)(ns % 1000000000);
	return true;
}

/* hh[:mm[:ss]], with or without the colons, the last one with a fraction. */
static bool
read_clock(struct str s, struct stamp *st)
{
	int *parts[] = {&st->hour, &st->minute, &st->second};
	int64_t unit = 3600000000000;
	bool colon = s.n > 2 && s.p[2] == ':';
	const char *p = s.p, *end = s.p + s.n;

	st->hour = st->minute = st->second = st->ns = 0;
	for (unsigned i = 0; i < 3; i++, unit /= 60) {
		if (i && colon && *p++ != ':')
			return false;
		if (end - p < 2)
			return false;
		*parts[i] = digits(p, 2);
		p += 2;
		if (*parts[i] < 0)
			return false;
		if (p == end)
			return true;
		if (*p == '.' || *p == ',')
			return add_fraction(
			    (struct str){p, (size_t)(end - p)}, unit, st);
	}
	return false;
}

/* Where the offset or zone of a clock begins. */
static size_t
clock_end(struct str s)
{
	size_t n = 0;

	while (n < s.n && (when_digit(s.p[n]) <= 9 || s.p[n] == ':' ||
			      s.p[n] == '.' || s.p[n] == ','))
		n++;
	return n;
}

/* extended: with colons, as the date has dashes. */
static bool
any_clock(struct str s, bool extended, struct stamp *st)
{
	size_t n = clock_end(s);
	struct str rest = {s.p + n, s.n - n};

	if (n > 2 && when_digit(s.p[2]) <= 9 && extended)
		return false;
	if (n > 2 && s.p[2] == ':' && !extended)
		return false;
	if (!read_clock((struct str){s.p, n}, st))
		return false;
	if (when_read_offset(rest, st))
		return true;
	rest.p++;
	return rest.n > 1 && rest.p[-1] == ' ' &&
	       when_read_zone_name((struct str){rest.p, rest.n - 1}, st);
}

/* RFC 9557: a zone in brackets behind the time; an offset goes before it. */
static bool
cut_bracket(struct str *s, const struct zone **zone)
{
	const char *open = memchr(s->p, '[', s->n);
	struct str name;

	*zone = NULL;
	if (!open)
		return true;
	if (s->p[s->n - 1] != ']')
		return false;
	name = (struct str){open + 1, s->n - (size_t)(open - s->p) - 2};
	if (name.n && name.p[0] == '!') {
		name.p++;
		name.n--;
	}
	*zone = zone_named(name);
	s->n = (size_t)(open - s->p);
	return *zone != NULL;
}

static bool
odd_iso(const struct when_layout *l, struct when_cache *c, struct str s,
    int64_t *out)
{
	struct stamp st = {0};
	const struct zone *zone;
	size_t n = 0;

	if (!cut_bracket(&s, &zone))
		return false;
	while (n < s.n && (s.p[n] | 0x20) != 't' && s.p[n] != ' ')
		n++;
	if (!any_date((struct str){s.p, n}, &st))
		return false;
	if (n < s.n && !any_clock((struct str){s.p + n + 1, s.n - n - 1},
			   s.p[4] == '-', &st))
		return false;
	if (zone && !st.has_offset)
		st.zone = zone;
	return when_of_stamp(&st, l, c, out);
}

/* --- patterns ----------------------------------------------------------------
 */

static const char *const mail[] = {"%a, %d %b %Y %H:%M:%S %z",
    "%a, %d %b %Y %H:%M:%S %Z", "%A, %d-%b-%y %H:%M:%S %Z",
    "%d %b %Y %H:%M:%S %z", "%d %b %Y %H:%M:%S %Z", "%a, %d %b %Y %H:%M %z",
    "%a, %d %b %Y %H:%M %Z", "%d %b %Y %H:%M %z", "%d %b %Y %H:%M %Z",
    "%a, %d %b %Y %H:%M:%S", "%d %b %Y %H:%M:%S%.", "%a, %d %b %y %H:%M:%S %z",
    "%a, %d %b %y %H:%M:%S %Z", "%d %b %y %H:%M:%S %z", "%d %b %y %H:%M %Z",
    NULL};

static const char *const ctimes[] = {"%a %b %e %H:%M:%S%. %Y",
    "%a %b %e %H:%M:%S %Z %Y", "%a %b %e %H:%M:%S %z %Y",
    "%a %e %b %H:%M:%S %Z %Y", "%a %b %e %I:%M:%S %p %Z %Y",
    "%a %d %b %Y %I:%M:%S %p %Z", "%a %Y-%m-%d %H:%M:%S%. %Z",
    "%b %e, %Y %I:%M:%S %p", "%b %e, %Y, %I:%M:%S %p", "%b %e %Y %H:%M:%S%.",
    NULL};

/* RFC 3164; the layout says in which twelve months it is. */
static const char *const yearless[] = {"%b %e %H:%M:%S%.", NULL};

/* Those of logs that begin with a digit. */
static const char *const slashed[] = {
    "%Y/%m/%d %H:%M:%S%.", "%Y/%m/%d %H:%M:%S%. %z", "%Y/%m/%d", NULL};
static const char *const dashed[] = {
    "%d-%b-%Y %H:%M:%S%.", "%d-%b-%Y %H:%M:%S%. %z", NULL};

static bool
any_pattern(const struct when_layout *l, struct when_cache *c,
    const char *const *patterns, struct str s, int64_t *out)
{
	struct when_layout by = *l;

	by.kind = WHEN_PATTERN;
	for (; *patterns; patterns++) {
		by.pattern = *patterns;
		if (when_read_pattern(&by, c, s, out))
			return true;
	}
	return false;
}

/*
 * What Go's time.String() adds: the zone's abbreviation behind its offset, and
 * the monotonic clock. "2026-03-28 22:00:00 +0100 CET m=+0.5"
 */
static void
cut_go(struct str *s)
{
	long clock = str_find(*s, STR(" m="), 0);
	const char *p;

	if (clock > 0)
		s->n = (size_t)clock;
	p = memrchr(s->p, ' ', s->n);
	if (p && p - s->p > 6 && p[-6] == ' ' && (p[-5] == '+' || p[-5] == '-'))
		s->n = (size_t)(p - s->p);
}

/* A comment behind a time of mail: "+0100 (CET)". */
static void
cut_comment(struct str *s)
{
	const char *open = memrchr(s->p, '(', s->n);

	if (s->p[s->n - 1] != ')' || !open || open - s->p < 8)
		return;
	s->n = (size_t)(open - s->p);
	*s = str_trim(*s);
}

static bool
of_words(const struct when_layout *l, struct when_cache *c, struct str s,
    int64_t *out)
{
	return any_pattern(l, c, ctimes, s, out) ||
	       any_pattern(l, c, mail, s, out) ||
	       (l->since && any_pattern(l, c, yearless, s, out));
}

bool
when_read_odd(const struct when_layout *l, struct when_cache *c, struct str s,
    int64_t *out)
{
	bool letter;

	if (s.n < 7)
		return false;
	letter = (s.p[0] | 0x20) >= 'a' && (s.p[0] | 0x20) <= 'z';
	if (l->kind == WHEN_MAIL || l->kind == WHEN_AUTO)
		cut_comment(&s);
	if (l->kind == WHEN_ISO || l->kind == WHEN_AUTO)
		cut_go(&s);
	if (s.n < 7)
		return false;
	switch (l->kind) {
	case WHEN_ISO:
		return !letter && odd_iso(l, c, s, out);
	case WHEN_MAIL:
		return any_pattern(l, c, mail, s, out);
	case WHEN_CTIME:
		return any_pattern(l, c, ctimes, s, out);
	default:
		break;
	}
	if (letter)
		return of_words(l, c, s, out);
	if (s.p[4] == '/')
		return any_pattern(l, c, slashed, s, out);
	return odd_iso(l, c, s, out) ||
	       ((s.p[2] == '-' || s.p[1] == '-') &&
		   any_pattern(l, c, dashed, s, out)) ||
	       any_pattern(l, c, mail, s, out);
}

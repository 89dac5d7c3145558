/* SPDX-License-Identifier: MIT */
/*
 * Times as text: the calendar against a day-by-day count and the C library,
 * reading against vectors, writing against strftime, round trips, and what
 * must be refused. Every text is also read from a heap copy of just its
 * length, and with a cache that has seen its neighbours: the answer must be
 * the same.
 */
#include "base/when.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "base/zone.h"
#include "base_when_bad.h"
#include "tap.h"

#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* strftime */

#define N(a) (sizeof(a) / sizeof((a)[0]))

static uint64_t dice = 88172645463325252u;

static uint64_t
roll(void)
{
	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	return dice;
}

/* A random instant that can be printed. */
static int64_t
any_time(void)
{
	int64_t t = (int64_t)(roll() % (uint64_t)(WHEN_LAST - WHEN_FIRST));

	t += WHEN_FIRST;
	if (roll() & 1)
		t -= t % WHEN_SECOND;
	else if (roll() & 1)
		t -= t % WHEN_MS;
	return t;
}

/* Reads a copy that ends where the text ends, so that ASan sees overruns. */
static bool
read_copy(const struct when_layout *l, struct when_cache *c, struct str s,
    int64_t *out)
{
	char *copy = malloc(s.n ? s.n : 1);
	bool good;

	if (!copy)
		abort();
	memcpy(copy, s.p, s.n);
	good = when_parse(l, c, (struct str){copy, s.n}, out);
	free(copy);
	return good;
}

static bool
read_as(enum when_kind kind, const char *text, int64_t *out)
{
	struct when_layout l = {.kind = kind};

	return read_copy(&l, NULL, str_of(text), out);
}

static bool
read_pattern(const char *pattern, const char *text, int64_t *out)
{
	struct when_layout l = {.kind = WHEN_PATTERN, .pattern = pattern};

	return read_copy(&l, NULL, str_of(text), out);
}

/* --- the calendar ------------------------------------------------------- */

static void
test_calendar(void)
{
	int64_t days = when_days(-400, 1, 1), wrong = 0;
	int weekday = when_weekday(days);

	for (int y = -400; y <= 10400; y++)
		for (int m = 1; m <= 12; m++)
			for (int d = 1; d <= when_days_in_month(y, m); d++) {
				int y2, m2, d2;

				when_civil_of_days(days, &y2, &m2, &d2);
				wrong += when_days(y, m, d) != days ||
					 y2 != y || m2 != m || d2 != d ||
					 when_weekday(days) != weekday;
				weekday = (weekday + 1) % 7;
				days++;
			}
	ok(!wrong, "every day of 10800 years has its number and weekday");
	ok(when_days(1970, 1, 1) == 0 && when_weekday(0) == 4,
	    "the epoch was a Thursday");
	ok(when_days_in_month(1900, 2) == 28 &&
		when_days_in_month(2000, 2) == 29,
	    "centuries are leap years only by 400");
	ok(when_days(0, 1, 1) * WHEN_DAY == WHEN_FIRST &&
		when_days(10000, 1, 1) * WHEN_DAY == WHEN_LAST + 1,
	    "the range is the years 0000 to 9999");
}

static void
test_civil(void)
{
	const int64_t ends[] = {WHEN_MIN, WHEN_MIN + 1, WHEN_MAX - 1, WHEN_MAX};
	struct civil c;
	int wrong = 0;

	for (int i = 0; i < 20000; i++) {
		int64_t t = any_time();
		time_t s = t / WHEN_SECOND - (t % WHEN_SECOND < 0);
		struct tm tm;

		gmtime_r(&s, &tm);
		when_to_civil(t, &c);
		wrong += c.year != tm.tm_year + 1900 ||
			 c.month != tm.tm_mon + 1 || c.day != tm.tm_mday ||
			 c.hour != tm.tm_hour || c.minute != tm.tm_min ||
			 c.second != tm.tm_sec || c.us != t - s * WHEN_SECOND ||
			 when_of_civil(&c) != t;
	}
	ok(!wrong, "20000 instants agree with gmtime_r and come back");
	for (size_t i = 0; i < N(ends); i++) {
		when_to_civil(ends[i], &c);
		ok(when_of_civil(&c) == ends[i], "int64's end %zu comes back",
		    i);
	}
	c = (struct civil){.year = 2000000, .month = 1, .day = 1};
	ok(when_of_civil(&c) == WHEN_MAX, "beyond int64 is after all times");
	c.year = -2000000;
	ok(when_of_civil(&c) == WHEN_MIN, "and before all times");
}

/* --- reading ------------------------------------------------------------ */

static const struct vector {
	enum when_kind kind;
	const char *text;
	int64_t want;
} vectors[] = {
#include "base_when_vectors.h"
};

static void
test_vectors(void)
{
	for (size_t i = 0; i < N(vectors); i++) {
		const struct vector *v = &vectors[i];
		int64_t t = -42;

		ok(read_as(v->kind, v->text, &t) && t == v->want, "reads %s",
		    v->text);
	}
	for (size_t i = 0; i < N(vectors); i++) {
		const struct vector *v = &vectors[i];
		int64_t t = -42;

		if (v->kind == WHEN_CLF || strchr(v->text, 'T'))
			ok(read_as(WHEN_AUTO, v->text, &t) && t == v->want,
			    "reads %s unasked", v->text);
	}
}

static void
refused(
    enum when_kind kind, const char *const *texts, size_t n, const char *what)
{
	for (size_t i = 0; i < n; i++) {
		int64_t t;

		ok(!read_as(kind, texts[i], &t), "%s refuses \"%s\"", what,
		    texts[i]);
	}
}

static void
test_refusals(void)
{
	refused(WHEN_ISO, bad_iso, N(bad_iso), "iso");
	refused(WHEN_CLF, bad_clf, N(bad_clf), "clf");
	refused(WHEN_EPOCH_S, bad_number, N(bad_number), "s");
	refused(WHEN_AUTO, bad_auto, N(bad_auto), "auto");
}

/* --- the cache ---------------------------------------------------------- */

/* Reads with a warm cache and with none; says whether they agree. */
static bool
agrees(const struct when_layout *l, struct when_cache *c, struct str s)
{
	int64_t warm = -1, cold = -1;
	bool a = read_copy(l, c, s, &warm), b = read_copy(l, NULL, s, &cold);

	return a == b && (!a || warm == cold);
}

/* Every byte value at every place of a text, and every cut of it. */
static int
disagreements(const struct when_layout *l, const char *text)
{
	struct when_cache c = {.prefix = 0};
	char copy[64];
	size_t n = strlen(text);
	int wrong = 0;
	int64_t t;

	memcpy(copy, text, n + 1);
	for (size_t i = 0; i < n; i++) {
		for (int b = 0; b < 256; b++) {
			when_parse(l, &c, str_of(text), &t);
			copy[i] = (char)b;
			wrong += !agrees(l, &c, (struct str){copy, n});
		}
		copy[i] = text[i];
	}
	for (size_t i = 0; i <= n; i++) {
		when_parse(l, &c, str_of(text), &t);
		wrong += !agrees(l, &c, (struct str){text, i});
		wrong += !agrees(l, &c, (struct str){text + i, n - i});
	}
	return wrong;
}

static void
test_cache_bytes(const struct zone *zone)
{
	static const char *const texts[] = {"2026-03-29T01:59:58Z",
	    "2026-03-29T01:59:58.123Z", "2026-03-29T01:59:58.123456Z",
	    "2026-03-29T01:59:58.123456789Z", "2026-03-29T01:59:58",
	    "2026-03-29 01:59:58.5", "2026-03-29T01:59:58+01:00",
	    "2026-03-29T01:59:58.12345678+01:00", "2026-03-29 01:59:58 +0100",
	    "2026-03-29 01:59:58 UTC", "2026-03-29T01:59:58.5-03",
	    "2026-03-29T01:59", "2016-12-31T23:59:59Z", "2016-12-31T23:59:60Z",
	    "2026-03-29T24:00:00Z", "20260329T015958Z", "9999-12-31T23:59:59Z",
	    "0000-01-01T00:00:00Z", "28/Mar/2026:22:00:01 +0000",
	    "28/Mar/2026:22:00:01.25 +0100", "28/Mar/2026:22:00:01"};

	for (int kind = 0; kind < 2; kind++)
		for (size_t i = 0; i < N(texts); i++) {
			struct when_layout l = {
			    .kind = kind || strchr(texts[i], '/') ? WHEN_AUTO
								  : WHEN_ISO,
			    .zone = zone};

			ok(!disagreements(&l, texts[i]),
			    "cache: one byte off %s", texts[i]);
		}
}

/* Streams of stamps near each other, in mixed forms, through one cache. */
static void
test_cache_streams(const struct zone *zone)
{
	static const char *const forms[] = {"%FT%TZ", "%FT%T.%LZ", "%FT%T.%fZ",
	    "%FT%T", "%F %T.%f", "%FT%T+01:00", "%FT%T.%L-08:00",
	    "%d/%b/%Y:%T +0000", "%d/%b/%Y:%T -0700", "%d/%b/%Y:%T", "%FT%R",
	    "%F"};
	struct when_layout l = {.kind = WHEN_AUTO, .zone = zone};
	struct when_cache c = {.prefix = 0};
	struct buf b = {0};
	int wrong = 0;

	for (int i = 0; i < 3000; i++) {
		int64_t t = any_time();
		const char *form = forms[roll() % N(forms)];

		for (int j = 0; j < 12; j++) {
			b.n = 0;
			when_format(&b, form, t, NULL);
			wrong += !agrees(&l, &c, buf_str(&b));
			t += (int64_t)(roll() % (40 * (uint64_t)WHEN_SECOND));
		}
	}
	buf_release(&b);
	ok(!wrong, "cache: 36000 stamps in short runs of one form");
}

/* --- numbers ------------------------------------------------------------ */

static void
test_ints(void)
{
	struct when_layout l = {.kind = WHEN_AUTO};
	int64_t t;

	ok(when_of_int(&l, 1767225600, &t) && t == 1767225600 * WHEN_SECOND,
	    "an int of seconds");
	ok(when_of_int(&l, 1767225600123, &t) && t == 1767225600123 * WHEN_MS,
	    "of milliseconds");
	ok(when_of_int(&l, 1767225600123456, &t) && t == 1767225600123456,
	    "of microseconds");
	ok(when_of_int(&l, 1767225600123456789, &t) && t == 1767225600123456,
	    "of nanoseconds");
	ok(when_of_int(&l, -1767225600123, &t) && t == -1767225600123 * WHEN_MS,
	    "magnitude does not look at the sign");
	ok(when_of_int(&l, -1000000000000000001, &t) && t == -1000000000000001,
	    "nanoseconds are cut towards the past");
	l.kind = WHEN_EPOCH_S;
	ok(!when_of_int(&l, 253402300800, &t), "the year 10000 is refused");
	ok(!when_of_int(&l, INT64_MAX, &t) && !when_of_int(&l, INT64_MIN, &t),
	    "int64's ends are no seconds");
	l.kind = WHEN_EPOCH_NS;
	ok(when_of_int(&l, INT64_MIN, &t) && t == -9223372036854776,
	    "but nanoseconds");
	l.kind = WHEN_ISO;
	ok(when_of_int(&l, 20260301, &t) && t == 1772323200 * WHEN_SECOND,
	    "the digits of a basic date");
	ok(!when_of_int(&l, 1767225600, &t), "iso takes no other number");
	l = (struct when_layout){.kind = WHEN_PATTERN, .pattern = "%Y%m%d%H"};
	ok(when_of_int(&l, 2026030110, &t) && t == 1772359200 * WHEN_SECOND,
	    "the digits of a pattern");
	l.kind = WHEN_CLF;
	ok(!when_of_int(&l, 1767225600, &t), "common log takes no number");
}

static void
test_floats(void)
{
	struct when_layout l = {.kind = WHEN_EPOCH_S};
	int wrong = 0;
	int64_t t;

	for (int i = 0; i < 100000; i++) {
		int64_t us = (int64_t)(roll() % 4000000000000000u);

		wrong += !when_of_float(&l, (double)us / 1e6, &t) || t != us;
		wrong += !when_of_float(&l, -(double)us / 1e6, &t) || t != -us;
	}
	ok(!wrong, "a double of seconds gives the microsecond it stands for");
	ok(when_of_float(&l, 1.0000019, &t) && t == 1000001, "finer is cut");
	ok(when_of_float(&l, -0.0000001, &t) && t == -1, "towards the past");
	ok(!when_of_float(&l, (double)NAN, &t) &&
		!when_of_float(&l, (double)INFINITY, &t) &&
		!when_of_float(&l, -1e300, &t),
	    "what is no finite number is refused");
	ok(when_of_float(&l, 253402300799.0, &t) &&
		!when_of_float(&l, 253402300800.0, &t),
	    "the range holds for doubles");
	l.kind = WHEN_EPOCH_US;
	for (int64_t us = 4503599627370490; us < 4503599627370510; us++)
		wrong += !when_of_float(&l, (double)us, &t) || t != us;
	ok(!wrong, "whole microseconds stay what they are");
	l.kind = WHEN_AUTO;
	ok(when_of_float(&l, 1767225600123.5, &t) && t == 1767225600123500,
	    "by magnitude");
	ok(when_of_float(&l, 1767225600.5, &t) && t == 1767225600500000 &&
		when_of_float(&l, 1e15, &t) && t == 1000000000000000 &&
		when_of_float(&l, 1e20, &t) && !when_of_float(&l, 1e21, &t),
	    "of all four units");
	l.kind = WHEN_EPOCH_MS;
	ok(when_of_float(&l, -1.5, &t) && t == -1500, "milliseconds");
	l.kind = WHEN_EPOCH_NS;
	ok(when_of_float(&l, 1500.0, &t) && t == 1, "nanoseconds");
	l.kind = WHEN_ISO;
	ok(when_of_float(&l, 20260301.0, &t) &&
		!when_of_float(&l, 20260301.5, &t),
	    "iso takes whole doubles");
}

/* --- patterns ----------------------------------------------------------- */

static const struct {
	const char *pattern, *text;
	int64_t seconds;
} patterns[] = {
    {"%Y-%m-%d %H:%M:%S", "2026-03-01 10:00:00", 1772359200},
    {"%Y-%m-%d %H:%M:%S", "2026-3-1 1:2:3", 1772326923},
    {"%Y-%m-%d %H:%M:%S", "2026-03-01   10:00:00", 1772359200},
    {"%Y-%m-%d%n%H:%M:%S", "2026-03-01\t10:00:00", 1772359200},
    {"%Y%m%d%H%M%S", "20260301100000", 1772359200},
    {"%F %T", "2026-03-01 10:00:00", 1772359200},
    {"%F %R", "2026-03-01 10:00", 1772359200},
    {"%FT%T%z", "2026-03-01T11:00:00+01:00", 1772359200},
    {"%FT%T%z", "2026-03-01T11:00:00+0100", 1772359200},
    {"%FT%T%z", "2026-03-01T11:00:00+01", 1772359200},
    {"%FT%T%z", "2026-03-01T10:00:00Z", 1772359200},
    {"%FT%T %Z", "2026-03-01T10:00:00 UTC", 1772359200},
    {"%FT%T %Z", "2026-03-01T10:00:00 gmt", 1772359200},
    {"%FT%T %Z", "2026-03-01T10:00:00 CET", 1772355600},
    {"%FT%T%. %Z", "2026-03-01T10:00:00 America/New_York", 1772377200},
    {"%H:%M:%S %z on %d.%m.%Y", "10:00:00 -0000 on 01.03.2026", 1772359200},
    {"%z%Y-%m-%d", "+01002026-03-01", 1772319600},
    {"%D", "03/01/26", 1772323200},
    {"%d/%m/%y", "01/03/69", -26438400},
    {"%d/%m/%y", "01/03/68", 3097785600},
    {"%d %b %Y", "01 Mar 2026", 1772323200},
    {"%d %b %Y", "1 march 2026", 1772323200},
    {"%d %B %Y", "1 MAY 2026", 1777593600},
    {"%d %h %Y", "1 May 2026", 1777593600},
    {"%e %B %Y", " 1 September 2026", 1788220800},
    {"%a, %d %b %Y %T %Z", "Sun, 01 Mar 2026 10:00:00 GMT", 1772359200},
    {"%A %d %b %Y", "sunday 01 Mar 2026", 1772323200},
    {"%a %b %e %H:%M:%S %Y", "Sun Mar  1 10:00:00 2026", 1772359200},
    {"%Y-%j", "2026-060", 1772323200},
    {"%Y-%j", "2024-366", 1735603200},
    {"%j %Y", "1 2026", 1767225600},
    {"%F %I:%M %p", "2026-03-01 10:00 am", 1772359200},
    {"%F %I:%M %p", "2026-03-01 12:00 AM", 1772323200},
    {"%F %I:%M %p", "2026-03-01 12:00 PM", 1772366400},
    {"%F %I:%M%p", "2026-03-01 1:00PM", 1772370000},
    {"%s", "1772359200", 1772359200},
    {"%s", "-5", -5},
    {"at %s%%", "at 7%", 7},
    {"%F %H", "2026-03-01 24", 1772409600},
    {"%F %T", "2016-12-31 23:59:60", 1483228800},
    {"%F%t%T", "2026-03-01 10:00:00", 1772359200},
};

static const struct {
	const char *pattern, *text;
} bad_patterns[] = {
    {"%Y-%m-%d", "26-03-01"},
    {"%Y-%m-%d", "2026-03-01x"},
    {"%Y-%m-%d", "2026-03-"},
    {"%Y-%m-%d", "2026-02-30"},
    {"%Y-%m-%d", ""},
    {"%Y-%m-%d %H", "2026-03-01 25"},
    {"%Y-%m-%d %H", "2026-03-0110"},
    {"%F %H:%M", "2026-03-01 24:01"},
    {"%F %T", "2026-03-01 10:00:60"},
    {"%F %T.%f", "2026-03-01 10:00:00."},
    {"%F %T.%f", "2026-03-01 10:00:00.1234567890"},
    {"%F %T.%L", "2026-03-01 10:00:00.12"},
    {"%F %T.%L", "2026-03-01 10:00:00.1234"},
    {"%FT%T%z", "2026-03-01T10:00:00"},
    {"%FT%T%z", "2026-03-01T10:00:00UTC"},
    {"%FT%T%z", "2026-03-01T10:00:00+1"},
    {"%FT%T%z", "2026-03-01T10:00:00+24:00"},
    {"%FT%T %Z", "2026-03-01T10:00:00 XYZ"},
    {"%FT%T %Z", "2026-03-01T10:00:00 +01"},
    {"%FT%T %Z", "2026-03-01T10:00:00 Europe/Berlim"},
    {"%d %b %Y", "01 Mrz 2026"},
    {"%d %b %Y", "01 Mar2026"},
    {"%d/%m/%y", "01/03/2026"},
    {"%d/%m/%y", "01/03/6"},
    {"%a %F", "Foo 2026-03-01"},
    {"%Y-%j", "2026-366"},
    {"%Y-%j", "2026-000"},
    {"%Y-%j", "2026-367"},
    {"%F %I %p", "2026-03-01 13 PM"},
    {"%F %I %p", "2026-03-01 00 AM"},
    {"%F %I %p", "2026-03-01 10 XM"},
    {"%s", "x"},
    {"%s", "-"},
    {"%s", "253402300800"},
    {"%s", "9999999999999"},
    {"%s%%", "7"},
    {"%F%", "2026-03-01%"},
    {"%F%q", "2026-03-01q"},
};

static void
test_patterns(void)
{
	int64_t t;

	for (size_t i = 0; i < N(patterns); i++)
		ok(read_pattern(patterns[i].pattern, patterns[i].text, &t) &&
			t == patterns[i].seconds * WHEN_SECOND,
		    "\"%s\" reads \"%s\"", patterns[i].pattern,
		    patterns[i].text);
	for (size_t i = 0; i < N(bad_patterns); i++)
		ok(!read_pattern(
		       bad_patterns[i].pattern, bad_patterns[i].text, &t),
		    "\"%s\" refuses \"%s\"", bad_patterns[i].pattern,
		    bad_patterns[i].text);
	ok(read_pattern("%F %T.%f", "2026-03-01 10:00:00.5", &t) &&
		t % WHEN_SECOND == 500000,
	    "%%f is a fraction, not a count");
	ok(read_pattern("%F %T,%L", "2026-03-01 10:00:00,005", &t) &&
		t % WHEN_SECOND == 5000,
	    "%%L is milliseconds");
	ok(read_pattern("%s.%f", "5.25", &t) && t == 5250000,
	    "a fraction adds to %%s");
}

/* --- layouts ------------------------------------------------------------ */

static void
test_layout_names(void)
{
	static const struct {
		const char *name;
		enum when_kind kind;
	} names[] = {{"auto", WHEN_AUTO}, {"rfc3339", WHEN_ISO},
	    {"iso8601", WHEN_ISO}, {"ISO8601", WHEN_ISO}, {"s", WHEN_EPOCH_S},
	    {"ms", WHEN_EPOCH_MS}, {"us", WHEN_EPOCH_US}, {"ns", WHEN_EPOCH_NS},
	    {"epoch", WHEN_EPOCH}, {"clf", WHEN_CLF}};
	struct when_layout l;
	struct err err = {0};
	struct arena a;
	char text[] = "%Y-%m-%d";

	arena_init(&a, 4096);
	for (size_t i = 0; i < N(names); i++)
		ok(!when_layout_parse(str_of(names[i].name), &a, &l, &err) &&
			l.kind == names[i].kind && !l.zone,
		    "layout %s", names[i].name);
	ok(!when_layout_parse(str_of(text), &a, &l, &err) &&
		l.kind == WHEN_PATTERN,
	    "a pattern");
	text[0] = 'x';
	same(l.pattern, "%Y-%m-%d", "is kept in the arena");
	arena_release(&a);
}

static void
test_layout_errors(void)
{
	static const struct {
		struct str text;
		const char *says;
	} rows[] = {
	    {STR("iso8600"), "unknown time layout \"iso8600\""},
	    {STR(""), "unknown time layout \"\""},
	    {STR("yyyy-MM-dd"), "unknown time layout \"yyyy-MM-dd\""},
	    {STR("%Y-%m-%d %Q"), "unknown letter %Q"},
	    {STR("%Y-%m-%d %"), "lone %"},
	    {STR("%F\0%T"), "contains a NUL"},
	    {STR("%H:%M"), "no year"},
	    {STR("%b %d %T"), "no year"},
	    {STR("%Y %d"), "no month"},
	    {STR("%Y-%m"), "no day"},
	    {STR("%F %I"), "%I without %p"},
	    {STR("%%"), "no year"},
	};
	struct when_layout l;
	struct err err = {0};
	struct arena a;

	arena_init(&a, 4096);
	for (size_t i = 0; i < N(rows); i++) {
		int rc = when_layout_parse(rows[i].text, &a, &l, &err);

		ok(rc == -1 && err.code == ERR_SPEC &&
			strstr(err.message, rows[i].says),
		    "layout \"%s\": %s", rows[i].text.p, rows[i].says);
	}
	when_layout_parse(STR("iso8600"), &a, &l, &err);
	ok(strstr(err.hint, "iso8601") != NULL, "the nearest name is given");
	when_layout_parse(STR("yyyy-MM-dd"), &a, &l, &err);
	ok(strstr(err.hint, "%Y-%m-%d") != NULL, "letters are explained");
	ok(!when_format_check(STR("%H:%M %I %%"), &err),
	    "for writing any letter will do");
	ok(when_format_check(STR("%H:%q"), &err) == -1 &&
		strstr(err.message, "%q"),
	    "an unknown one will not");
	err_release(&err);
	arena_release(&a);
}

/* --- writing ------------------------------------------------------------ */

static const char *
put(int64_t t)
{
	static char text[WHEN_TEXT_MAX + 1];

	*when_put(text, t) = 0;
	return text;
}

static void
test_put(void)
{
	same(put(1772359200000000), "2026-03-01T10:00:00Z", "whole seconds");
	same(put(1772359200120000), "2026-03-01T10:00:00.120Z", "millis");
	same(put(1772359200000001), "2026-03-01T10:00:00.000001Z", "micros");
	same(put(-1), "1969-12-31T23:59:59.999999Z", "before the epoch");
	same(put(WHEN_FIRST), "0000-01-01T00:00:00Z", "the first");
	same(put(WHEN_LAST), "9999-12-31T23:59:59.999999Z", "the last");
	same(put(WHEN_MIN), "0000-01-01T00:00:00Z", "before all times");
	same(put(WHEN_MAX), "9999-12-31T23:59:59.999999Z", "after all times");
}

static const char *
format(const char *pattern, int64_t t)
{
	static struct buf b;

	b.n = 0;
	when_format(&b, pattern, t, NULL);
	return buf_z(&b);
}

static void
test_format(void)
{
	static const char *const letters[] = {"%Y", "%m", "%d", "%H", "%M",
	    "%S", "%y", "%j", "%b", "%B", "%h", "%a", "%A", "%e", "%I", "%p",
	    "%s", "%T", "%D", "%F", "%R", "%n", "%t", "%%", "%z",
	    "%A, %e %B %Y at %T (%%)%n"};
	int64_t t = 1772359205123456;

	setenv("TZ", "UTC0", 1);
	tzset();
	for (size_t i = 0; i < N(letters); i++) {
		int wrong = 0;

		for (int j = 0; j < 2000; j++) {
			int64_t at = any_time();
			time_t s = at / WHEN_SECOND - (at % WHEN_SECOND < 0);
			char want[128];
			struct tm tm;

			localtime_r(&s, &tm);
			if (tm.tm_year + 1900 < 1000)
				continue; /* glibc's %Y does not pad */
			strftime(want, sizeof(want), letters[i], &tm);
			wrong += strcmp(format(letters[i], at), want) != 0;
		}
		ok(!wrong, "%s writes what strftime writes", letters[i]);
	}
	same(format("%L %f %Z %z", t), "123 123456 UTC +0000", "%L %f %Z %z");
	same(format("%q%", t), "%q%", "what is unknown stays");
	same(format("", t), "", "nothing of nothing");
	same(format("%Y|%y", WHEN_FIRST), "0000|00", "the year 0");
	same(format("%s.%f", -500000), "-1.500000", "%s is towards the past");
}

/* --- round trips -------------------------------------------------------- */

static void
test_round_trips(void)
{
	static const char *const forms[] = {"%FT%T.%f%z", "%Y%m%d%H%M%S%f",
	    "%A %e %B %Y %I:%M:%S.%f %p", "%Y-%j %T,%f", "%s.%f",
	    "%d/%b/%Y:%H:%M:%S.%f %Z"};
	struct when_layout iso = {.kind = WHEN_ISO};
	struct when_cache c = {.prefix = 0};
	int64_t back;
	int wrong = 0;

	for (int i = 0; i < 50000; i++) {
		int64_t t = any_time();

		wrong +=
		    !when_parse(&iso, &c, str_of(put(t)), &back) || back != t;
	}
	ok(!wrong, "50000 instants survive when_put");
	for (size_t i = 0; i < N(forms); i++) {
		wrong = 0;
		for (int j = 0; j < 5000; j++) {
			int64_t t = any_time();

			wrong += !read_pattern(
				     forms[i], format(forms[i], t), &back) ||
				 back != t;
		}
		ok(!wrong, "5000 instants survive \"%s\"", forms[i]);
	}
}

/* --- durations ---------------------------------------------------------- */

static const struct {
	const char *text;
	int64_t us;
} durations[] = {
    {"0s", 0},
    {"250ms", 250000},
    {"1h30m", 5400000000},
    {"1.5h", 5400000000},
    {"1w", 604800000000},
    {"7d", 604800000000},
    {"1d12h", 129600000000},
    {"1m1m", 120000000},
    {"5us", 5},
    {"999ns", 0},
    {"1000ns", 1},
    {"500ns500ns", 1},
    {"0.5us500ns", 1},
    {"1s1ms1us", 1001001},
    {"0.000001s", 1},
    {"0.0000019s", 1},
    {"0.1s", 100000},
    {"00010s", 10000000},
    {"1.000000000000000000000000009s", 1000000},
    {"9223372036854775807us", INT64_MAX},
    {"9223372036854.775807s", INT64_MAX},
};

static void
test_durations(void)
{
	char text[WHEN_TEXT_MAX + 1];
	int64_t us;
	int wrong = 0;

	for (size_t i = 0; i < N(durations); i++)
		ok(when_parse_duration(str_of(durations[i].text), &us) &&
			us == durations[i].us,
		    "duration %s", durations[i].text);
	for (size_t i = 0; i < N(bad_durations); i++)
		ok(!when_parse_duration(str_of(bad_durations[i]), &us),
		    "no duration: \"%s\"", bad_durations[i]);
	for (int i = 0; i < 50000; i++) {
		int64_t t = (int64_t)(roll() >> 1 >> roll() % 63);

		*when_put_duration(text, t) = 0;
		wrong += !when_parse_duration(str_of(text), &us) || us != t;
	}
	ok(!wrong, "50000 durations come back");
	*when_put_duration(text, 0) = 0;
	same(text, "0s", "nothing");
	*when_put_duration(text, 129600000000) = 0;
	same(text, "1d12h", "days and hours");
	*when_put_duration(text, -5400000000) = 0;
	same(text, "-1h30m", "a negative duration");
	*when_put_duration(text, INT64_MIN) = 0;
	same(text, "-106751991d4h54s775ms808us", "the longest");
	ok(strlen(text) <= WHEN_TEXT_MAX, "fits");
}

static void
test_offsets(void)
{
	int32_t off;

	ok(when_parse_offset(STR("+05:30"), &off) && off == 19800, "+05:30");
	ok(when_parse_offset(STR("-0800"), &off) && off == -28800, "-0800");
	ok(when_parse_offset(STR("-00:00"), &off) && off == 0, "-00:00");
	ok(when_parse_offset(STR("utc"), &off) && off == 0, "utc");
	ok(!when_parse_offset(STR(""), &off) &&
		!when_parse_offset(STR("A"), &off) &&
		!when_parse_offset(STR("UTZ"), &off) &&
		!when_parse_offset(STR("05:30"), &off),
	    "others are refused");
}

int
main(void)
{
	struct err err = {0};
	const struct zone *india =
	    zone_load(STR("+05:30"), (struct where){0}, &err);

	test_calendar();
	test_civil();
	test_vectors();
	test_refusals();
	test_cache_bytes(NULL);
	test_cache_bytes(india);
	test_cache_streams(NULL);
	test_cache_streams(india);
	test_ints();
	test_floats();
	test_patterns();
	test_layout_names();
	test_layout_errors();
	test_put();
	test_format();
	test_round_trips();
	test_durations();
	test_offsets();
	return tap_done();
}

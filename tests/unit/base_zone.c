/* SPDX-License-Identifier: MIT */
/*
 * Time zones against the C library, which reads the same files, and against
 * Python's zoneinfo; POSIX rules against the C library's own; files that are
 * damaged in every way. The tests that need the tz database are skipped where
 * there is none.
 */
#include "base/zone.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/when.h"
#include "base/zone_table.h"
#include "base_zone_vectors.h"
#include "tap.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const struct where nowhere;

static uint64_t dice = 88172645463325252u;

static uint64_t
roll(void)
{
	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	return dice;
}

/* A number from low up to below high. */
static int64_t
between(int64_t low, int64_t high)
{
	return low + (int64_t)(roll() % (uint64_t)(high - low));
}

static const struct zone *
load(const char *name)
{
	struct err err = {0};
	const struct zone *z = zone_load(str_of(name), nowhere, &err);

	if (!z)
		printf("# %s: %s\n", name, err.message);
	err_release(&err);
	return z;
}

static int64_t
us(int64_t seconds)
{
	return seconds * WHEN_SECOND;
}

/* The instant of a civil time in a zone, all given as text. */
static const char *
instant(const char *zone, const char *civil, int later)
{
	static char text[WHEN_TEXT_MAX + 1];
	struct when_layout iso = {.kind = WHEN_ISO};
	int64_t t;

	if (!when_parse(&iso, NULL, str_of(civil), &t))
		return "unreadable";
	*when_put(text, zone_instant(load(zone), t, later)) = 0;
	return text;
}

/* --- against the C library ---------------------------------------------- */

static void
use(const char *tz)
{
	setenv("TZ", tz, 1);
	tzset();
}

/* Whether zone and C library agree on the second s; glibc's TZ is set. */
static bool
agrees(const struct zone *z, int64_t s)
{
	time_t t = s;
	struct tm tm;

	localtime_r(&t, &tm);
	if (zone_offset(z, us(s), NULL, NULL) == tm.tm_gmtoff &&
	    !strcmp(zone_abbr(z, us(s)), tm.tm_zone))
		return true;
	printf("# %s at %lld: %d %s, not %ld %s\n", zone_name(z), (long long)s,
	    zone_offset(z, us(s), NULL, NULL), zone_abbr(z, us(s)),
	    tm.tm_gmtoff, tm.tm_zone);
	return false;
}

static const char *const places[] = {"Europe/Berlin", "America/New_York",
    "America/Sao_Paulo", "Africa/Cairo", "Australia/Lord_Howe", "Asia/Kolkata",
    "Asia/Kathmandu", "Pacific/Apia", "Pacific/Chatham", "America/St_Johns",
    "Europe/Dublin", "Antarctica/Troll", "Africa/Casablanca", "Asia/Tehran",
    "America/Caracas", "Asia/Manila", "America/Juneau", "Africa/Monrovia",
    "Etc/GMT+5", "EST5EDT"};

#define YEAR 31556952 /* seconds, on average */

static void
test_instants(const char *place)
{
	const struct zone *z = load(place);
	char tz[64];
	int wrong = 0;

	snprintf(tz, sizeof(tz), ":%s", place);
	use(tz);
	for (int i = 0; i < 3000; i++) {
		wrong += !agrees(z, between(-150 * (int64_t)YEAR, 0));
		wrong += !agrees(z, between(0, 70 * (int64_t)YEAR));
		wrong += !agrees(z, between(0, 1000 * (int64_t)YEAR));
	}
	ok(!wrong, "%s: 9000 instants", place);
}

/* Walks all changes from the first to the year 2600, comparing at each. */
static void
test_changes(const char *place)
{
	const struct zone *z = load(place);
	int64_t t = -us(200 * (int64_t)YEAR), from, until, last = WHEN_MIN;
	int wrong = 0, n = 0;

	while (t < us(630 * (int64_t)YEAR)) {
		int32_t off = zone_offset(z, t, &from, &until), again;

		wrong += from != last || until <= t;
		if (until == WHEN_MAX)
			break;
		again = zone_offset(z, until - 1, &from, &last);
		wrong += again != off || last != until;
		wrong += !agrees(z, until / WHEN_SECOND) ||
			 !agrees(z, until / WHEN_SECOND - 1);
		t = last = until;
		n++;
	}
	ok(!wrong, "%s: %d changes, one behind the other", place, n);
}

/* The offset the C library gives. */
static int64_t
libc_offset(int64_t s)
{
	time_t t = s;
	struct tm tm;

	localtime_r(&t, &tm);
	return tm.tm_gmtoff;
}

/*
 * All instants whose civil time is c, found by trying the offsets near it;
 * a skipped time by the offset before the gap.
 */
static void
libc_instants(int64_t c, int64_t *earlier, int64_t *later)
{
	*earlier = INT64_MAX;
	*later = INT64_MIN;
	for (int64_t near = c - 90000; near <= c + 90000; near += 3600) {
		int64_t t = c - libc_offset(near);

		if (libc_offset(t) != c - t)
			continue;
		if (t < *earlier)
			*earlier = t;
		if (t > *later)
			*later = t;
	}
	if (*earlier == INT64_MAX)
		*earlier = *later = c - libc_offset(c - 86400 * 2);
}

static void
test_civils(const char *place)
{
	const struct zone *z = load(place);
	int64_t t = us(-60 * (int64_t)YEAR), until;
	int wrong = 0, n = 0;

	for (;; n++, t = until) {
		int32_t before = zone_offset(z, t, NULL, &until);
		int32_t after;

		if (until == WHEN_MAX || until > us(100 * (int64_t)YEAR))
			break;
		after = zone_offset(z, until, NULL, NULL);
		for (int i = 0; i < 12; i++) {
			int64_t c = until / WHEN_SECOND, a, b;

			c += i & 1 ? before : after;
			c += i < 6 ? i / 2 - 1 : between(-7200, 7200);
			libc_instants(c, &a, &b);
			wrong += zone_instant(z, us(c), 0) != us(a) ||
				 zone_instant(z, us(c), 1) != us(b);
		}
	}
	ok(!wrong, "%s: civil times at %d changes", place, n);
}

/* What one civil time says of its neighbours must hold for them. */
static void
test_civil_ranges(const char *place)
{
	const struct zone *z = load(place);
	int wrong = 0;

	for (int i = 0; i < 2000; i++) {
		int64_t c =
		    us(between(-150 * (int64_t)YEAR, 800 * (int64_t)YEAR));
		int later = i & 1;
		int64_t from, until, f, u;
		int32_t off = zone_civil_offset(z, c, later, &from, &until);

		wrong += c < from || c >= until;
		if (from != WHEN_MIN) {
			wrong +=
			    zone_civil_offset(z, from, later, &f, &u) != off;
			wrong += f != from || u != until;
			zone_civil_offset(z, from - 1, later, &f, &u);
			wrong += u != from;
		}
		if (until != WHEN_MAX) {
			wrong += zone_civil_offset(
				     z, until - 1, later, &f, &u) != off;
			wrong += f != from || u != until;
			zone_civil_offset(z, until, later, &f, &u);
			wrong += f != until;
		}
	}
	ok(!wrong, "%s: ranges of civil times", place);
}

/* Civil text with seconds read through one cache, in order and at random. */
static void
test_parse(const char *place)
{
	struct when_layout l = {.kind = WHEN_ISO, .zone = load(place)};
	struct when_cache c = {.prefix = 0};
	int64_t t = us(50 * (int64_t)YEAR), got, back;
	char text[WHEN_TEXT_MAX];
	int wrong = 0;

	for (int i = 0; i < 30000; i++) {
		struct str s = {text, 0};

		t += between(0, us(40000));
		if (i % 5000 == 0)
			t = us(
			    between(-100 * (int64_t)YEAR, 500 * (int64_t)YEAR));
		s.n = (size_t)(when_put(text, t) - text) - 1;
		wrong += !when_parse(&l, &c, s, &got) ||
			 got != zone_instant(l.zone, t, 0);
		s.n = (size_t)(when_put_zone(text, t, l.zone) - text);
		wrong += !when_parse(&l, &c, s, &back) || back != t;
	}
	ok(!wrong, "%s: text with and without offset", place);
}

/* --- rules -------------------------------------------------------------- */

static const char *const rules[] = {"CET-1CEST,M3.5.0,M10.5.0/3",
    "EST5EDT,M3.2.0,M11.1.0", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
    "IST-1GMT0,M10.5.0,M3.5.0/1", "NZST-12NZDT,M9.5.0,M4.1.0/3",
    "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "<+0330>-3:30<+0430>,J79/24,J263/24",
    "AAA3BBB,J60,J300", "AAA3BBB,59,299/1:30:15", "AAA3BBB,0/0,365/1",
    "XXX3EDT4,0/0,J365/23", "AAA-5:45:30BBB-7,M1.1.6/0,M12.3.3/167",
    "EET-2EEST,M3.4.4/50,M10.4.4/50", "AAA+10BBB,M2.5.0,M8.3.3/-24", "MSK-3",
    "<-00>0", "<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45"};

static const char *const bad_rules[] = {"", "C", "CE-1", "CET", "CET-",
    "CET1:", "CET-25", "CET-1:60", "CET-1CE", "CET-1CEST", "CET-1CEST,",
    "CET-1CEST,M3.5", "CET-1CEST,M3.5.0", "CET-1CEST,M3.5.0,",
    "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0",
    "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,M0.5.0,M10.5.0",
    "CET-1CEST,M3.0.0,M10.5.0", "CET-1CEST,J0,J300", "CET-1CEST,J366,J300",
    "CET-1CEST,366,300", "CET-1CEST,M3.5.0/168,M10.5.0",
    "CET-1CEST,M3.5.0,M10.5.0/3x", "<CET-1", "<C>-1", "<C$T>-1", "C3T-1",
    "CET-1CEST,M3.5.0,M10.5.0,M1.1.0", "CET-1CEST,M3,M10", "CET-1CEST,,",
    ":Europe/Berlin"};

static void
empty(struct zone *z)
{
	mem_free(z->at);
	mem_free(z->kind);
	mem_free(z->types);
	*z = (struct zone){.name = z->name};
}

/*
 * The C library looks at each year by itself, so it misses summer times that
 * go on into the next year; and it has no rules before 1970.
 */
static bool
near_new_year(int64_t t)
{
	time_t s = t + 2 * 86400;
	struct tm tm;

	gmtime_r(&s, &tm);
	return tm.tm_yday < 4;
}

static void
test_rules(void)
{
	char name[] = "rule";

	for (size_t i = 0; i < N(rules); i++) {
		struct zone z = {.name = name};
		bool good = zone_add_rule(&z, str_of(rules[i]), INT64_MIN);
		int wrong = !good;

		use(rules[i]);
		for (int j = 0; good && j < 4000 && !wrong; j++) {
			int64_t t =
			    between(2 * (int64_t)YEAR, 2000 * (int64_t)YEAR);

			wrong += !near_new_year(t) && !agrees(&z, t);
		}
		ok(!wrong, "rule %s", rules[i]);
		empty(&z);
	}
	for (size_t i = 0; i < N(bad_rules); i++) {
		struct zone z = {.name = name};

		ok(!zone_add_rule(&z, str_of(bad_rules[i]), INT64_MIN),
		    "no rule: \"%s\"", bad_rules[i]);
		empty(&z);
	}
}

/* --- documented cases --------------------------------------------------- */

static void
test_vectors(void)
{
	int wrong = 0;

	for (size_t i = 0; i < N(instants); i++) {
		const struct zone *z = load(instants[i].zone);
		int64_t t = us(instants[i].at);

		wrong +=
		    zone_offset(z, t, NULL, NULL) != instants[i].offset_s ||
		    strcmp(zone_abbr(z, t), instants[i].abbr) != 0;
	}
	ok(!wrong, "%zu instants of Python", N(instants));
	wrong = 0;
	for (size_t i = 0; i < N(civils); i++) {
		const struct zone *z = load(civils[i].zone);
		int64_t c = us(civils[i].civil);

		wrong += zone_instant(z, c, 0) != us(civils[i].earlier) ||
			 zone_instant(z, c, 1) != us(civils[i].later);
	}
	ok(!wrong, "%zu civil times of Python", N(civils));
}

static void
test_gaps(void)
{
	const char *berlin = "Europe/Berlin", *howe = "Australia/Lord_Howe";

	same(instant(berlin, "2026-03-29T02:30:00", 0), "2026-03-29T01:30:00Z",
	    "a skipped time moves forward by the gap");
	same(instant(berlin, "2026-03-29T02:30:00", 1), "2026-03-29T01:30:00Z",
	    "whichever is asked for");
	same(instant(berlin, "2026-10-25T02:30:00", 0), "2026-10-25T00:30:00Z",
	    "the earlier of two");
	same(instant(berlin, "2026-10-25T02:30:00", 1), "2026-10-25T01:30:00Z",
	    "the later of two");
	same(instant(berlin, "2026-10-25T03:00:00", 0), "2026-10-25T02:00:00Z",
	    "right after the repeated hour");
	same(instant(howe, "2026-10-04T02:15:00", 0), "2026-10-03T15:45:00Z",
	    "a gap of half an hour");
	same(instant(howe, "2026-04-05T01:45:00", 1), "2026-04-04T15:15:00Z",
	    "a repeat of half an hour");
	same(instant("America/Sao_Paulo", "2018-11-04", 0),
	    "2018-11-04T03:00:00Z", "a day whose midnight was skipped");
	same(instant("Africa/Cairo", "2024-04-26", 0), "2024-04-25T22:00:00Z",
	    "and another");
	same(instant("Pacific/Apia", "2011-12-30T12:00:00", 0),
	    "2011-12-30T22:00:00Z", "a day that was skipped");
	same(instant(berlin, "2099-07-01T12:00:00", 0), "2099-07-01T10:00:00Z",
	    "summer in 2099");
	same(instant(berlin, "9999-01-01T12:00:00", 0), "9999-01-01T11:00:00Z",
	    "winter in 9999");
	same(instant("Asia/Kolkata", "1500-01-01T00:00:00", 0),
	    "1499-12-31T18:06:32Z", "mean time before all zones");
}

/* Seconds from one civil midnight to the next. */
static int64_t
day_length(const char *zone, const char *day)
{
	struct when_layout l = {.kind = WHEN_ISO, .zone = load(zone)}, utc = l;
	int64_t civil = 0, a = 0;

	utc.zone = NULL;
	when_parse(&utc, NULL, str_of(day), &civil);
	when_parse(&l, NULL, str_of(day), &a);
	return (zone_instant(l.zone, civil + WHEN_DAY, 0) - a) / WHEN_SECOND;
}

static void
test_days(void)
{
	ok(day_length("Europe/Berlin", "2026-03-29") == 23 * 3600, "23 hours");
	ok(day_length("Europe/Berlin", "2026-10-25") == 25 * 3600, "25 hours");
	ok(day_length("Europe/Berlin", "2026-10-26") == 24 * 3600, "24 hours");
	ok(day_length("Australia/Lord_Howe", "2026-10-04") == 84600,
	    "23 and a half");
	ok(day_length("America/Sao_Paulo", "2018-11-04") == 23 * 3600,
	    "23 hours from one o'clock");
	ok(day_length("Pacific/Apia", "2011-12-30") == 0 ||
		day_length("Pacific/Apia", "2011-12-30") == 86400,
	    "none");
}

static const char *
shown(int64_t t, const char *zone)
{
	static char text[WHEN_TEXT_MAX + 1];

	*when_put_zone(text, t, zone ? load(zone) : NULL) = 0;
	return text;
}

static void
test_put(void)
{
	int64_t t = us(1774735200);

	same(shown(t, "Europe/Berlin"), "2026-03-28T23:00:00+01:00", "Berlin");
	same(shown(t + 1, "America/St_Johns"),
	    "2026-03-28T19:30:00.000001-02:30", "St John's");
	same(shown(t, "Europe/London"), "2026-03-28T22:00:00+00:00", "London");
	same(shown(us(-4000000000), "Europe/Berlin"),
	    "1843-03-31T17:46:20+00:53", "mean time, in whole minutes");
	same(shown(WHEN_FIRST, "America/New_York"), "0000-01-01T00:00:00Z",
	    "no year before 0000");
	same(shown(WHEN_LAST, "Europe/Berlin"), "9999-12-31T23:59:59.999999Z",
	    "none after 9999");
}

/* Zones that need no files. */
static void
test_fixed(void)
{
	const struct zone *z = load("+05:30");
	int64_t from, until;

	ok(z && zone_offset(z, 0, &from, &until) == 19800 && from == WHEN_MIN &&
		until == WHEN_MAX,
	    "an offset is a zone for ever");
	ok(z == load("+05:30"), "and kept");
	same(zone_name(z), "+05:30", "by its name");
	same(zone_abbr(z, 0), "+0530", "and abbreviated");
	same(zone_abbr(load("-03"), 0), "-03", "shortly");
	ok(zone_offset(load("-0800"), 0, NULL, NULL) == -28800, "-0800");
	ok(zone_offset(load("GMT-03:00"), 0, NULL, NULL) == -10800 &&
		zone_offset(load("UTC+0530"), 0, NULL, NULL) == 19800,
	    "an offset from UTC or GMT, as Java has it");
	ok(load("UTC") == zone_utc() && load("Z") == zone_utc() &&
		load("utc") == zone_utc(),
	    "UTC and Z are one");
	same(zone_abbr(load("GMT"), 0), "GMT", "GMT is called so");
	ok(zone_instant(z, WHEN_MIN, 0) == WHEN_MIN &&
		zone_instant(load("-03"), WHEN_MAX, 0) == WHEN_MAX,
	    "the ends of time stay there");
	same(shown(us(1774735200), "UTC"), "2026-03-28T22:00:00Z", "UTC is Z");
	same(shown(us(1774735200), NULL), "2026-03-28T22:00:00Z", "none is Z");
	same(shown(us(1774735200), "-08:00"), "2026-03-28T14:00:00-08:00",
	    "an offset is shown");
	same(instant("+05:30", "2026-03-01T10:00:00", 0),
	    "2026-03-01T04:30:00Z", "and taken away");
}

/* --- names that are none ------------------------------------------------ */

static void
test_unknown(bool database)
{
	static const struct {
		struct str name;
		const char *hint; /* needs the database; NULL: any */
	} rows[] = {
	    {STR(""), NULL},
	    {STR("Europe/Berln"), "Europe/Berlin"},
	    {STR("europe/berlin"), "Europe/Berlin"},
	    {STR("Berlin"), "Europe/Berlin"},
	    {STR("New York"), "America/New_York"},
	    {STR("America/Argentina/Bueno_Aires"),
		"America/Argentina/Buenos_Aires"},
	    {STR("PST"), NULL},
	    {STR("Europe"), NULL},
	    {STR("Europe/"), NULL},
	    {STR("/etc/passwd"), NULL},
	    {STR("/usr/share/zoneinfo/Europe/Berlin"), NULL},
	    {STR("../zoneinfo/Europe/Berlin"), NULL},
	    {STR("Europe/../Europe/Berlin"), NULL},
	    {STR("zone.tab"), NULL},
	    {STR("Europe/Berlin\0x"), NULL},
	    {STR("Europe/Berlin\n"), NULL},
	    {STR("+24:00"), NULL},
	    {STR("+1"), NULL},
	    {STR("UTC+1"), NULL},
	    {STR("UTC05:00"), NULL},
	    {STR("GMT+24:00"), NULL},
	    {STR("qqqqqqqqqqqq"), "such as Europe/Berlin"},
	};

	for (size_t i = 0; i < N(rows); i++) {
		struct err err = {0};
		const struct zone *z = zone_load(rows[i].name, nowhere, &err);

		ok(!z && err.code == ERR_SPEC && err.message && err.hint,
		    "no zone: \"%.*s\"", STR_ARG(rows[i].name));
		if (database && rows[i].hint)
			ok(strstr(err.hint, rows[i].hint) != NULL,
			    "the hint names %s", rows[i].hint);
		err_release(&err);
	}
}

static void
test_no_database(void)
{
	struct err err = {0};
	char folder[64];

	snprintf(folder, sizeof(folder), "/nonexistent-%ld", (long)getpid());
	setenv("TZDIR", folder, 1);
	ok(!zone_load(STR("Mars/Olympus"), nowhere, &err) &&
		strstr(err.hint, folder),
	    "without a database the hint says where it was sought");
	unsetenv("TZDIR");
	err_release(&err);
}

/* --- files -------------------------------------------------------------- */

static size_t
slurp(const char *path, char *out, size_t room)
{
	FILE *f = fopen(path, "rb");
	size_t n = f ? fread(out, 1, room, f) : 0;

	if (f)
		fclose(f);
	return n;
}

/* Reads a heap copy of just these bytes, and asks questions of the result. */
static const char *
read_bytes(const char *p, size_t n)
{
	struct zone z = {0};
	char *copy = malloc(n ? n : 1);
	const char *wrong;
	int64_t from, until;

	if (!copy)
		abort();
	memcpy(copy, p, n);
	wrong = zone_read(&z, (struct str){copy, n});
	free(copy);
	for (int i = 0; !wrong && i < 20; i++) {
		int64_t t = (int64_t)roll();

		zone_offset(&z, t, &from, &until);
		if (t < from || (t >= until && until != WHEN_MAX))
			wrong = "a range without its instant";
		zone_civil_offset(&z, t, i & 1, &from, &until);
		if (t < from || (t >= until && until != WHEN_MAX))
			wrong = "a civil range without its time";
	}
	empty(&z);
	return wrong;
}

static void
test_damage(void)
{
	static char bytes[8192], copy[8192];
	size_t n =
	    slurp("/usr/share/zoneinfo/Europe/Berlin", bytes, sizeof(bytes));
	int wrong = 0, read = 0;

	ok(n > 100 && n < sizeof(bytes) && !read_bytes(bytes, n), "a file");
	for (size_t i = 0; i < n; i++)
		wrong += !read_bytes(bytes, i);
	ok(!wrong, "cut at any length it is refused");
	memcpy(copy, bytes, n);
	for (size_t i = 0; i < n; i++) {
		for (int j = 0; j < 3; j++) {
			copy[i] = (char)roll();
			read += read_bytes(copy, n) == NULL;
		}
		copy[i] = bytes[i];
	}
	ok(read > 0, "with one byte changed it does no harm (%d still read)",
	    read);
	for (int i = 0; i < 2000; i++) {
		memcpy(copy, bytes, n);
		for (int j = 0; j < 8; j++)
			copy[roll() % 60 + (roll() & 1 ? n / 3 : 0)] =
			    (char)roll();
		read_bytes(copy, n);
	}
	ok(1, "nor with eight");
}

/* A file of version 1: two types, one change at 1000. */
static const char small_file[] = "TZif\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
				 "\0\0\0\0\0\0\0\0\0\0\0\0"
				 "\0\0\0\1\0\0\0\2\0\0\0\10"
				 "\0\0\3\350\1"
				 "\0\0\16\20\0\0\0\0\34 \1\4"
				 "AAA\0BBB";

static void
test_small(void)
{
	struct zone z = {0};
	char bad[sizeof(small_file)];
	static const struct {
		size_t at;
		char byte;
		const char *what;
	} rows[] = {{0, 'X', "the magic"}, {39, 0, "no types"},
	    {43, 7, "a name without end"}, {48, 2, "a type beyond the table"},
	    {54, 8, "a name beyond the names"}, {49, 1, "an offset too large"},
	    {35, 2, "more changes than bytes"},
	    {31, 1, "leaps beyond the end"}};

	ok(!zone_read(&z, (struct str){small_file, sizeof(small_file)}),
	    "a file of version 1");
	ok(zone_offset(&z, us(999), NULL, NULL) == 3600 &&
		zone_offset(&z, us(1000), NULL, NULL) == 7200,
	    "has its change");
	same(zone_abbr(&z, us(1000)), "BBB", "and its names");
	empty(&z);
	for (size_t i = 0; i < N(rows); i++) {
		memcpy(bad, small_file, sizeof(bad));
		bad[rows[i].at] = rows[i].byte;
		ok(zone_read(&z, (struct str){bad, sizeof(bad)}) != NULL,
		    "refused: %s", rows[i].what);
		empty(&z);
	}
}

/* Up to 2020: the tables with leap seconds end where those do. */
static void
test_right(void)
{
	const struct zone *a = load("Europe/Berlin");
	const struct zone *b = load("right/Europe/Berlin");
	int wrong = 0;

	for (int i = 0; i < 3000; i++) {
		int64_t t = us(
			    between(-100 * (int64_t)YEAR, 50 * (int64_t)YEAR)),
			from[2], until[2];

		wrong += zone_offset(a, t, &from[0], &until[0]) !=
			     zone_offset(b, t, &from[1], &until[1]) ||
			 from[0] != from[1] || until[0] != until[1];
	}
	ok(!wrong, "right/Europe/Berlin is Europe/Berlin");
}

static void
test_database(void)
{
	for (size_t i = 0; i < N(places); i++) {
		test_instants(places[i]);
		test_changes(places[i]);
		test_civils(places[i]);
		test_civil_ranges(places[i]);
		test_parse(places[i]);
	}
	test_vectors();
	test_gaps();
	test_days();
	test_put();
	test_damage();
	if (!access("/usr/share/zoneinfo/right/Europe/Berlin", R_OK))
		test_right();
	ok(load("Europe/Berlin") == load("Europe/Berlin"), "zones are kept");
	same(zone_name(load("Europe/Berlin")), "Europe/Berlin", "by name");
}

int
main(void)
{
	bool database = !access("/usr/share/zoneinfo/Europe/Berlin", R_OK);

	unsetenv("TZDIR");
	if (database)
		test_database();
	else
		printf("ok %d # SKIP no tz database\n", ++tap_n);
	test_rules();
	test_fixed();
	test_small();
	test_unknown(database);
	test_no_database();
	return tap_done();
}

/* SPDX-License-Identifier: MIT */
/*
 * Time as text, both ways. A time is an instant: microseconds since
 * 1970-01-01T00:00:00Z in an int64, years 0000 to 9999. Civil arithmetic is
 * the proleptic Gregorian calendar (Hinnant, "chrono-compatible low-level date
 * algorithms"). Month and day names are English, never the locale's.
 */
#ifndef WEIR_BASE_WHEN_H
#define WEIR_BASE_WHEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/dec.h"
#include "base/err.h"
#include "base/str.h"

struct buf;

struct zone;

#define WHEN_MS ((int64_t)1000)
#define WHEN_SECOND ((int64_t)1000000)
#define WHEN_MINUTE (60 * WHEN_SECOND)
#define WHEN_HOUR (60 * WHEN_MINUTE)
#define WHEN_DAY (24 * WHEN_HOUR)

/* "Before all times" and "after all times": watermarks start and end here. */
#define WHEN_MIN INT64_MIN
#define WHEN_MAX INT64_MAX

/* The range of years 0000-9999, what may be read and printed. */
#define WHEN_FIRST ((int64_t)-62167219200 * WHEN_SECOND)
#define WHEN_LAST ((int64_t)253402300800 * WHEN_SECOND - 1)

#define WHEN_TEXT_MAX 40 /* bytes when_put may write */

/* A civil (wall clock) time in some zone. */
struct civil {
	int year;
	int month, day;		  /* from 1 */
	int hour, minute, second; /* second 60 is accepted as a leap second */
	int us;
};

extern const char *const when_months[12];  /* "January" …; 3 letters do */
extern const char *const when_weekdays[7]; /* "Sunday" … */

/* Days since 1970-01-01 of a civil date, and back (of any instant). */
int64_t when_days(int year, int month, int day);
void when_civil_of_days(int64_t days, int *year, int *month, int *day);

/* As if the civil time were UTC. Out of int64 gives WHEN_MIN or WHEN_MAX. */
int64_t when_of_civil(const struct civil *c);
void when_to_civil(int64_t t, struct civil *c);

int when_weekday(int64_t days); /* 0 = Sunday */
int when_days_in_month(int year, int month);

/*
 * How a time is written. WHEN_AUTO takes RFC 3339/ISO 8601 forms, common log,
 * mail's, HTTP's and ctime's forms, 2026/03/28 22:00:01 (the log of Go), and
 * numbers as epoch with the unit told by magnitude (under 1e11 s, under
 * 1e14 ms, under 1e17 us, else ns; by the number without its sign). Text that
 * is all digits is a number to WHEN_AUTO, a basic date to WHEN_ISO: 20260301.
 */
enum when_kind {
	WHEN_AUTO,
	WHEN_ISO,      /* rfc3339: 2026-03-01T10:00:00.123+01:00 and kin */
	WHEN_EPOCH_S,  /* fraction allowed: 1767225600.25 */
	WHEN_EPOCH_MS, /* and so in the others */
	WHEN_EPOCH_US,
	WHEN_EPOCH_NS,
	WHEN_EPOCH,  /* a number, the unit told by magnitude */
	WHEN_CLF,    /* common log: 28/Mar/2026:22:00:01 +0000 */
	WHEN_MAIL,   /* rfc5322, HTTP: Sat, 28 Mar 2026 22:00:01 GMT */
	WHEN_CTIME,  /* Sat Mar 28 22:00:01 [CET ]2026 */
	WHEN_PATTERN /* strptime-like: %Y-%m-%d %H:%M:%S.%f %z … */
};

struct when_layout {
	enum when_kind kind;
	const char *pattern;	 /* WHEN_PATTERN, NUL-terminated */
	const struct zone *zone; /* of times without offset; NULL = UTC */
	/*
	 * Times without a year lie in the twelve months from here, as if it
	 * were UTC; 0: there are no such times.
	 */
	int64_t since;
};

/*
 * "rfc3339" | "iso8601" | "s" | "ms" | "us" | "ns" | "epoch" (=auto number) |
 * "clf" | "ctime" | "http" = "mail" = "rfc1123" = "rfc2822" = "rfc5322" |
 * "auto" | a pattern with '%'. Pattern letters: Y m d H M S y j b B h
 * a A e I k l p P f N (1-9 digits of fraction) L (milliseconds) z :z (+hhmm,
 * +hh:mm, Z) Z (zone name: UTC, CET, Europe/Berlin) s (epoch) G V U W u w
 * (weeks) T F D R r c x X n t %%. Unknown letters are an error that names the
 * letter; a pattern must yield at least a date or epoch. Strings are kept in
 * the arena. The zone is left NULL.
 *
 * Reading by pattern: Y, y and L take all their digits (4, 2, 3), the others
 * one or two (j: up to three); y 69-99 is 1969-1999; names are matched
 * without case, short or long; a blank stands for one or more; weekdays are
 * read but not compared with the date; f and L add to s. %. is a point or
 * comma and a fraction, or nothing.
 */
int when_layout_parse(
    struct str text, struct arena *a, struct when_layout *out, struct err *err);

/*
 * The same for times of records, whose year may not be written: "syslog", and
 * patterns without one. `since` has to be set.
 */
int when_layout_parse_records(
    struct str text, struct arena *a, struct when_layout *out, struct err *err);

/* The same day and clock of the year before, for `since`. */
int64_t when_year_before(int64_t t);

/* 0, or -1 and *err naming the first letter when_format does not know. */
int when_format_check(struct str pattern, struct err *err);

/*
 * A memory of the last stamp parsed, so that runs of similar ones cost a
 * compare (one per thread and column, never shared between layouts;
 * zero-initialise).
 */
struct when_cache {
	char text[24];	/* the stamp up to its minute, then its offset */
	uint8_t prefix; /* bytes up to the minute; 0: nothing remembered */
	uint8_t tail;	/* bytes of the offset; 0: civil time in the zone */
	int64_t base;	/* the minute: an instant, or civil when tail is 0 */
	struct zone_memo {
		int64_t from, until; /* civil times that have this offset */
		int32_t offset_s;
	} zone;
};

/*
 * Reads all of s (no blanks around). False if it does not fit the layout or
 * is out of range. Fractions beyond microseconds are cut. A leap second
 * (23:59:60 UTC, with any fraction) counts as the next second's first
 * instant; 24:00:00 is the end of the day. ISO forms: date alone, 'T', 't' or
 * blank between, seconds may be missing, 1-9 digits of fraction after '.' or
 * ',', basic form 20260301T100000Z, offsets Z z UTC GMT +hh +hhmm +hh:mm up
 * to 23:59 with or without a blank before, none = zone; week dates, days of
 * the year, a month alone; hours or minutes with a fraction; a zone's name
 * behind a blank or in brackets (RFC 9557). c may be NULL.
 */
bool when_parse(const struct when_layout *l, struct when_cache *c, struct str s,
    int64_t *out);

/*
 * A number as time by the layout's unit (WHEN_AUTO: by magnitude). Fractions
 * of a microsecond are cut towards the past, but a double next to a whole
 * microsecond is that. WHEN_ISO and WHEN_PATTERN read a whole number's digits
 * (20260301 by "%Y%m%d"); WHEN_CLF takes none.
 */
bool when_of_int(const struct when_layout *l, int64_t n, int64_t *out);
bool when_of_float(const struct when_layout *l, double n, int64_t *out);

/*
 * Writes RFC 3339 in UTC: 2026-03-28T22:00:00Z, with 3 or 6 digits of
 * fraction only if there is one. Out of range prints as the nearest end.
 * Returns the end.
 */
char *when_put(char *out, int64_t t);

/* 2026-03-28, of the day that a time is in (UTC). Returns its end. */
char *when_put_date(char *out, int64_t t);

/*
 * The same in a zone, with its offset: 2026-03-28T23:00:00+01:00. Offsets are
 * written in whole minutes (local mean times had seconds): the text is always
 * RFC 3339 and reads back as t. NULL = UTC, written with Z.
 */
char *when_put_zone(char *out, int64_t t, const struct zone *z);

/*
 * strftime-like, the letters of when_layout_parse; zone NULL = UTC. %f writes
 * 6 digits, %Z the zone's abbreviation. An unknown letter stays as it is.
 */
void when_format(
    struct buf *out, const char *pattern, int64_t t, const struct zone *z);

/*
 * A layout to write times in: the names of when_layout_parse less "auto" and
 * "epoch", or any pattern. http and its kin are in GMT (RFC 9110), whatever the
 * zone. The zone is left NULL.
 */
int when_out_parse(
    struct str text, struct arena *a, struct when_layout *out, struct err *err);

/*
 * True if the layout is a number, which it sets: s, ms, us or ns, exact, with
 * no more digits behind the point than it takes.
 */
bool when_out_number(const struct when_layout *l, int64_t t, struct dec *out);

/* Adds the time as text by another layout; its zone NULL = UTC. */
void when_out(struct buf *out, const struct when_layout *l, int64_t t);

/*
 * A duration: one or more number+unit, units ns us ms s m h d w (also written
 * out: "5 minutes" is the SQL parser's business, not this one's). "1h30m",
 * "250ms", "0s"; they are added. Numbers may have a fraction: 1.5h. False if
 * malformed, negative or out of range. Result in microseconds; less than 1us is
 * cut.
 */
bool when_parse_duration(struct str s, int64_t *out);

/*
 * "1d12h", "1h30m", "250ms", "0s", in d h m s ms us; negative with a leading
 * '-'. At most WHEN_TEXT_MAX bytes. Returns the end.
 */
char *when_put_duration(char *out, int64_t us);

/*
 * An offset from UTC in seconds: +hh, +hhmm, +hh:mm up to 23:59, Z, z; UTC
 * and GMT without case.
 */
bool when_parse_offset(struct str s, int32_t *out);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What the parts of when.h share. Times are read in two steps: a stamp is
 * the fields as they stood in the text, not yet checked; it becomes an
 * instant, or is refused, in one place. Private to base/when*.
 */
#ifndef WEIR_BASE_WHEN_READ_H
#define WEIR_BASE_WHEN_READ_H

#include "base/when.h"

struct stamp {
	int year, month, day;
	int hour, minute, second;
	int ns;
	int32_t offset_s;
	bool has_offset; /* else the time is civil, in its zone */
	const struct zone
	    *zone; /* named beside the time, or NULL: the layout's */
};

/*
 * Checks the fields and makes them an instant: days that exist, 24:00:00 as
 * the end of the day, second 60 only at the end of a day of UTC, years 0000
 * to 9999. False if any of it fails.
 */
bool when_of_stamp(const struct stamp *st, const struct when_layout *l,
    struct when_cache *c, int64_t *out);

/* Reads s by l->pattern. */
bool when_read_pattern(const struct when_layout *l, struct when_cache *c,
    struct str s, int64_t *out);

/*
 * The rarer forms: ISO 8601's other dates and clocks, times with the name of a
 * zone, and for WHEN_AUTO those that mail, HTTP, ctime and Go's log write. For
 * WHEN_MAIL and WHEN_CTIME all of theirs.
 */
bool when_read_odd(const struct when_layout *l, struct when_cache *c,
    struct str s, int64_t *out);

/*
 * The rest of a stamp: an offset or a zone's name, with or without a blank
 * before it, or nothing.
 */
bool when_read_offset(struct str rest, struct stamp *st);

/*
 * Offset or zone by a name such as CET or Europe/Berlin; sets it in st. False
 * if there is none. Abbreviations are those with one meaning (and in the USA
 * those of RFC 5322): summer and winter time as they say, whatever the date.
 */
bool when_read_zone_name(struct str name, struct stamp *st);

/* All of s as a number: -ddd[.ddd][e[+-]dd], by the unit of its kind. */
bool when_read_number(enum when_kind kind, struct str s, int64_t *out);

static inline bool
when_in_range(int64_t t)
{
	return t >= WHEN_FIRST && t <= WHEN_LAST;
}

/* Two digits, or 100 if they are none. */
static inline unsigned
when_two(const char *p)
{
	unsigned hi = (unsigned char)p[0] - '0', lo = (unsigned char)p[1] - '0';

	return hi <= 9 && lo <= 9 ? hi * 10 + lo : 100;
}

/* A digit's value, or more than 9 if it is none. */
static inline unsigned
when_digit(char c)
{
	return (unsigned)(unsigned char)c - '0';
}

/* What %T, %D, %F and %R stand for; NULL for other letters. */
const char *when_composite(char letter);

/* Nanoseconds of 1 to 9 digits of fraction; -1 if they are no such. */
int when_fraction(const char *p, size_t n);

/* The number 1-12 of the month whose three letters stand at p, or 0. */
int when_month_abbr(const char *p);

#endif

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
	bool has_offset; /* else the time is civil, in the layout's zone */
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

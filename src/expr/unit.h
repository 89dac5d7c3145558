/* SPDX-License-Identifier: MIT */
/*
 * Units of time as SQL names them (DAY, SECONDS, ISODOW …), and what is done
 * by unit: fields of a time or duration, rounding, calendar arithmetic. Times
 * are taken in UTC.
 */
#ifndef WEIR_EXPR_UNIT_H
#define WEIR_EXPR_UNIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum unit {
	UNIT_MICROSECOND,
	UNIT_MILLISECOND,
	UNIT_SECOND,
	UNIT_MINUTE,
	UNIT_HOUR,
	UNIT_DAY,
	UNIT_WEEK,
	UNIT_MONTH,
	UNIT_QUARTER,
	UNIT_YEAR,
	UNIT_DECADE,
	UNIT_CENTURY,
	UNIT_MILLENNIUM,
	UNIT_DOW,     /* 1 = Sunday */
	UNIT_ISODOW,  /* 1 = Monday */
	UNIT_DOY,     /* from 1 */
	UNIT_ISOYEAR, /* of the ISO week */
	UNIT_EPOCH,   /* seconds */
	UNIT_NONE
};

/* Singular or plural, without case; UNIT_NONE if there is none. */
enum unit unit_find(struct str name);
const char *unit_name(enum unit u); /* lower-case singular */

/* The names, for suggestions. */
const struct str *unit_names(unsigned *n);

/* µs of a unit of fixed length (up to WEEK), 0 for others. */
int64_t unit_us(enum unit u);

/*
 * EXTRACT(u FROM t). Weeks are ISO 8601 weeks; MILLISECOND and MICROSECOND
 * include the whole seconds of the minute, as in Calcite and PostgreSQL.
 */
int64_t unit_of_time(enum unit u, int64_t t);

/* The same of a duration: days are not limited, smaller units are what is
 * left over. False for units beyond DAY. */
bool unit_of_duration(enum unit u, int64_t us, int64_t *out);

/*
 * The start of the unit t is in, or t itself where it is a start (up: the next
 * start otherwise). Weeks start on Sunday, as in Flink's FLOOR. False if out
 * of range or u has no starts (DOW, EPOCH …).
 */
bool unit_round(enum unit u, int64_t t, bool up, int64_t *out);

/* t plus n units; a day beyond the month's end becomes its last. False if out
 * of range. */
bool unit_add(enum unit u, int64_t n, int64_t t, int64_t *out);

/* Whole units from a to b, negative if b is earlier. */
bool unit_diff(enum unit u, int64_t a, int64_t b, int64_t *out);

#endif

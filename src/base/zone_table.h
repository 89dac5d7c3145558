/* SPDX-License-Identifier: MIT */
/*
 * What a zone is: a table of instants at which its offset changes. Rules for
 * the years after the file's table are written out into it for 400 years,
 * the period of the Gregorian calendar (146097 days are whole weeks), so a
 * lookup is one binary search, if need be some periods earlier. Never changed
 * once loaded. Private to base/zone*.
 */
#ifndef WEIR_BASE_ZONE_TABLE_H
#define WEIR_BASE_ZONE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/zone.h"

#define ZONE_PERIOD (INT64_C(146097) * 86400) /* seconds in 400 years */

/* RFC 8536 section 3.2: offsets are within -25 and +26 hours. */
#define ZONE_OFFSET_MIN (-89999)
#define ZONE_OFFSET_MAX 93599

struct zone_type {
	int32_t offset_s;
	char abbr[12];
};

struct zone {
	struct zone *next; /* loaded earlier */
	char *name;
	int64_t *at;	/* seconds since the epoch, ascending */
	uint16_t *kind; /* types[kind[i]] holds from at[i] on */
	size_t n, at_cap, kind_cap;
	struct zone_type *types; /* the first holds before at[0] */
	size_t n_types, types_cap;
	int64_t end; /* the 400 years before repeat for ever; 0: never */
};

/* The number of the type with this offset and name, added if new. */
uint16_t zone_add_type(struct zone *z, int32_t offset_s, struct str abbr);

/*
 * Adds a change. What was to change at or after it no longer does; one that
 * changes nothing is left out.
 */
void zone_add_change(struct zone *z, int64_t at, uint16_t kind);

/*
 * Fills z from the bytes of a TZif file (RFC 8536, versions 1 to 4). NULL, or
 * what is wrong with them.
 */
const char *zone_read(struct zone *z, struct str bytes);

/*
 * Writes the years after the second `after` (INT64_MIN: all years) into the
 * table by a POSIX TZ rule, as in the footer of a TZif file
 * ("CET-1CEST,M3.5.0,M10.5.0/3"). False if malformed.
 */
bool zone_add_rule(struct zone *z, struct str rule, int64_t after);

#endif

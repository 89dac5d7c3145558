/* SPDX-License-Identifier: MIT */
/*
 * Time zones from the system's tz database (TZif files, RFC 8536, read from
 * $TZDIR or /usr/share/zoneinfo), with the POSIX rule in the footer for times
 * after the table. Also fixed offsets ("+01:00") and "UTC"/"Z". Nothing here
 * looks at TZ or the locale.
 */
#ifndef WEIR_BASE_ZONE_H
#define WEIR_BASE_ZONE_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct zone;

/*
 * Loads a zone by name ("Europe/Berlin"; "UTC", "GMT", "Z" and offsets such as
 * "+05:30" or, as Flink spells them, "GMT-03:00", need no file). Zones are
 * cached for the program's life and shared between threads; any may load. NULL
 * and *err with the nearest names when there is none; names with "..", a
 * leading '/' or odd characters are refused.
 */
const struct zone *zone_load(
    struct str name, struct where where, struct err *err);

/* The same for a name in the data; NULL if there is no such zone. */
const struct zone *zone_named(struct str name);

const struct zone *zone_utc(void);
const char *zone_name(const struct zone *z);

/* What clocks call the time at t: "CET", "-03"; "UTC" in UTC. */
const char *zone_abbr(const struct zone *z, int64_t t);

/*
 * Seconds east of UTC at instant t (µs). *from and *until (may be NULL): a
 * half-open range of instants around t in which that offset holds, WHEN_MIN
 * and WHEN_MAX where it has no end. (The range ends also where only the
 * abbreviation changes.)
 */
int32_t zone_offset(
    const struct zone *z, int64_t t, int64_t *from, int64_t *until);

/*
 * The instant of a civil time (µs as if UTC). A time that was skipped maps
 * forward by the gap; an ambiguous one to its earlier instant, or the later
 * one if later is set.
 */
int64_t zone_instant(const struct zone *z, int64_t civil_us, int later);

/*
 * The same as the offset to take from the civil time, in seconds, with the
 * half-open range of civil times (may be NULL) that share it: what a cache
 * needs to know.
 */
int32_t zone_civil_offset(const struct zone *z, int64_t civil_us, int later,
    int64_t *from, int64_t *until);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Civil times as logs write them: without a zone, some without a year. Pieces
 * for the scanners of formats; each reads at *p and goes behind what it read,
 * or returns false and leaves *p.
 */
#ifndef WEIR_IO_STAMP_H
#define WEIR_IO_STAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/when.h"
#include "base/zone.h"

/* "Mar", in any case: 1 to 12. */
bool stamp_month(const char **p, const char *end, int *month);

/* From `least` to `most` digits. */
bool stamp_digits(
    const char **p, const char *end, int least, int most, int *out);

/* hh:mm:ss and a fraction behind '.' or ',', if there is one. */
bool stamp_clock(const char **p, const char *end, struct civil *c);

/* "Mar  1 10:00:00", with a year behind the day if there is one (Cisco and
 * some daemons); c->year is 0 if there is none. */
bool stamp_bsd(const char **p, const char *end, struct civil *c);

/* True if there is such a day. */
bool stamp_is_day(const struct civil *c);

/* The instant of a civil time in a zone; NULL = UTC. */
int64_t stamp_instant(const struct civil *c, const struct zone *zone);

#endif

/* SPDX-License-Identifier: MIT */
/* What to answer to a zone's name that is none. Private to base/zone*. */
#ifndef WEIR_BASE_ZONE_NAMES_H
#define WEIR_BASE_ZONE_NAMES_H

#include "base/err.h"
#include "base/str.h"

/*
 * Sets *err to "unknown time zone", with the nearest of the names in the tz
 * database's folder, of which the last part may do ("berlin"). Returns -1.
 */
int zone_unknown(
    struct str name, const char *folder, struct where where, struct err *err);

#endif

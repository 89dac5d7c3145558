/* SPDX-License-Identifier: MIT */
/*
 * Times of day, SQL's TIME: texts of the form 22:05:00, with 3 or 6 digits of
 * fraction where there is one. So they print as they are read, their order as
 * texts is the order of times, and they are keys like other texts.
 */
#ifndef WEIR_EXPR_DAYTIME_H
#define WEIR_EXPR_DAYTIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

/*
 * Reads h:mm, h:mm:ss or h:mm:ss.f (1-9 digits, beyond six cut) from 0:00 to
 * below 24:00 as microseconds since midnight.
 */
bool daytime_read(struct str s, int64_t *us);

/* The text of microseconds since midnight. */
struct str daytime_text(struct arena *a, int64_t us);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The wall clock, for what asks for it by name (now(), processing time,
 * timeouts while following). The only place that reads it, so that it can be
 * set still.
 */
#ifndef WEIR_BASE_CLOCK_H
#define WEIR_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Microseconds since 1970-01-01T00:00:00Z. */
int64_t clock_now(void);

/* Milliseconds since some moment in the past; never set back. */
int64_t clock_elapsed_ms(void);

/* When so many milliseconds are over, on CLOCK_MONOTONIC: for timed waits. */
struct timespec clock_in_ms(int ms);

/* From now on the clock shows t. */
void clock_set(int64_t t);

#endif

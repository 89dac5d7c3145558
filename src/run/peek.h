/* SPDX-License-Identifier: MIT */
/*
 * Thousands of files in event-time order: where a file begins is known by a
 * look at its first record, after which it is closed until it is its turn. So
 * only those whose times overlap are open at once.
 */
#ifndef WEIR_RUN_PEEK_H
#define WEIR_RUN_PEEK_H

#include "run/input.h"

/* From so many inputs on. */
#define PEEK_INPUTS 32

/* Event time of an opened input's first record; false if none is at hand. */
bool peek_time(const struct input *in, int64_t *time);

#endif

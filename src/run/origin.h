/* SPDX-License-Identifier: MIT */
/* Filling in the columns that say where records come from (op/op.h). */
#ifndef WEIR_RUN_ORIGIN_H
#define WEIR_RUN_ORIGIN_H

#include "run/input.h"

/*
 * Sets the columns asked for in a batch that has just been decoded from the
 * block of n bytes at b->block. Bad rows are those that did not decode.
 */
void origin_columns(
    const struct scan *s, const struct input *in, struct batch *b, size_t n);

#endif

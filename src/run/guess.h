/* SPDX-License-Identifier: MIT */
/*
 * What to decode of an input: the plan's fields, and event time, whose field
 * is stated, or the format's own, or found in the first record.
 */
#ifndef WEIR_RUN_GUESS_H
#define WEIR_RUN_GUESS_H

#include "run/input.h"

/* Fills in->spec from the plan and the first record in in->head. */
int guess_spec(struct input *in, const struct plan *plan,
    const struct run_options *options, bool needs_time, size_t block_bytes,
    struct err *err);

/*
 * True if an output gets nothing but the input's records, in the same format:
 * they are then written as they stand.
 */
bool passes_records(const struct input *in, const struct plan *plan,
    const struct plan_output *out);

#endif

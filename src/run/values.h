/* SPDX-License-Identifier: MIT */
/* Constant rows (VALUES) as an input: batches made of them, once. */
#ifndef WEIR_RUN_VALUES_H
#define WEIR_RUN_VALUES_H

#include "run/lane.h"

struct values;

/* number: of the input, for its batches. NULL and *err if a row has no time. */
struct values *values_new(const struct plan_input *plan, unsigned number,
    const struct lane_path *path, struct err *err);
void values_free(struct values *v);

/* The next batch, good until the next call: 1; 0 at the end. */
int values_next(struct values *v, struct prepared **out);

#endif

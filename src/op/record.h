/* SPDX-License-Identifier: MIT */
/*
 * Whole records made anew: what a flow would write as one row, as one value of
 * type MAP. For steps that bring flows of different columns together.
 */
#ifndef WEIR_OP_RECORD_H
#define WEIR_OP_RECORD_H

#include "op/op.h"

struct record_spec;

/* Reads all columns of the flow; NULL and *err if it cannot. */
struct record_spec *record_bind(
    const struct flow *f, struct arena *a, struct where where, struct err *err);

/* The selected rows of b as records; the column lives in b's arena. */
struct column record_column(
    const struct record_spec *s, struct eval *ev, const struct batch *b);

#endif

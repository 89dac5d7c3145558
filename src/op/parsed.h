/* SPDX-License-Identifier: MIT */
/* What op.c asks of parsed.c and origin.c about names. */
#ifndef WEIR_OP_PARSED_H
#define WEIR_OP_PARSED_H

#include "op/op.h"

/* The parsed field of a column, and (may be NULL) what parsed it; or NULL. */
struct parsed_field *parsed_of(const struct flow *f, unsigned col);

/*
 * The column of a path whose first name is the column c of the flow, or none
 * (NULL); -1 if that is nothing a step has parsed.
 */
int parsed_field(const struct flow *f, const struct flow_column *c,
    struct path path, enum type *type);

/* Steps [1, n) of a path behind those of another. */
struct path path_behind(struct arena *a, struct path front, struct path path);

/* The column of _file, _line …; -1 if the path is none of them. */
int origin_field(const struct flow *f, struct path path, enum type *type);

#endif

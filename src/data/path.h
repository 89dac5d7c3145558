/* SPDX-License-Identifier: MIT */
/*
 * Where a field is inside a record: a.b[1] is name "a", name "b", element 1.
 * SQL counts elements from 1; a path holds them 0-based.
 */
#ifndef WEIR_DATA_PATH_H
#define WEIR_DATA_PATH_H

#include "base/arena.h"
#include "base/buf.h"
#include "data/value.h"

struct path_step {
	struct str name; /* p NULL: an element */
	uint32_t index;
};

struct path {
	const struct path_step *steps;
	unsigned n;
};

/* A path of one name. */
struct path path_of_name(struct arena *a, struct str name);

bool path_eq(struct path a, struct path b);

/* "a.b[1]", names that need it in backticks. */
void path_print(struct buf *out, struct path p);

/*
 * Follows steps [from, n) through a packed value; NULL value when some step
 * is missing or of the wrong kind.
 */
struct value path_get(
    struct value v, struct path p, unsigned from, struct arena *a);

#endif

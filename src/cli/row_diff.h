/* SPDX-License-Identifier: MIT */
/*
 * How the rows that came differ from those that were expected: row by row, and
 * of rows that stand for one another field by field.
 */
#ifndef WEIR_CLI_ROW_DIFF_H
#define WEIR_CLI_ROW_DIFF_H

#include "base/err.h"
#include "data/value.h"
#include "op/op.h"

struct row_diff {
	const struct value *want; /* maps */
	const struct where *at;	  /* where they are written */
	unsigned n_want;
	const struct value *got; /* maps, as JSON has them */
	unsigned n_got;
	const struct flow *flow; /* their columns */
	bool unordered;
	struct arena *arena;
};

/*
 * True if they are the same by value: numbers as numbers, and in columns of
 * times and durations what is written in another way. Otherwise adds lines that
 * begin with "# " to out.
 */
bool row_diff_same(const struct row_diff *d, struct buf *out);

#endif

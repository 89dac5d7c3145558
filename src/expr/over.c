/* SPDX-License-Identifier: MIT */
/* The table of functions that look at other rows; see over.h. */
#include "expr/over.h"

// clang-format off
const struct over_fn over_fns[] = {
	{"cume_dist", "-> float",
	    "Rows up to the last peer, as a share of all rows of the key.",
	    "cume_dist()", 0, 0, false, false},
	{"dense_rank", "-> bigint",
	    "Number of the row's group of peers: ranks without gaps.",
	    "dense_rank()", 0, 0, false, false},
	{"first_value", "any -> same",
	    "Value of the first row of the frame.",
	    "first_value(x)", 1, 1, true, true},
	{"lag", "any, bigint = 1, any = NULL -> same",
	    "Value so many rows before; the default if there is no such row.",
	    "lag(x, 1, 0)", 1, 3, false, true},
	{"last_value", "any -> same",
	    "Value of the last row of the frame.",
	    "last_value(x)", 1, 1, true, true},
	{"lead", "any, bigint = 1, any = NULL -> same",
	    "Value so many rows behind; the default if there is no such row.",
	    "lead(x, 1, 0)", 1, 3, false, true},
	{"nth_value", "any, bigint -> same",
	    "Value of the n-th row of the frame, counted from 1.",
	    "nth_value(x, 2)", 2, 2, true, true},
	{"ntile", "bigint -> bigint",
	    "Number of the row's part, of n parts as equal as can be.",
	    "ntile(4)", 1, 1, false, false},
	{"percent_rank", "-> float",
	    "Rank less 1 over the rows of the key less 1; 0 for a single row.",
	    "percent_rank()", 0, 0, false, false},
	{"rank", "-> bigint",
	    "One more than the rows before the first peer.",
	    "rank()", 0, 0, false, false},
	{"row_number", "-> bigint",
	    "Number of the row within its key, from 1.",
	    "row_number()", 0, 0, false, false},
};
// clang-format on
const unsigned n_over_fns = sizeof over_fns / sizeof *over_fns;

const struct over_fn *
over_fn_find(struct str name)
{
	for (unsigned i = 0; i < n_over_fns; i++)
		if (str_is(name, over_fns[i].name))
			return &over_fns[i];
	return NULL;
}

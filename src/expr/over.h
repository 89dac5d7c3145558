/* SPDX-License-Identifier: MIT */
/*
 * The functions that look at other rows (SQL's OVER) and are no aggregates:
 * their table. They are no expressions; a step has them (op/running.c).
 */
#ifndef WEIR_EXPR_OVER_H
#define WEIR_EXPR_OVER_H

#include <stdbool.h>

#include "base/str.h"

enum over_kind {
	OVER_AGGREGATE, /* none of the table */
	OVER_CUME_DIST, /* the first of it, and so on in its order */
	OVER_DENSE_RANK,
	OVER_FIRST_VALUE,
	OVER_LAG,
	OVER_LAST_VALUE,
	OVER_LEAD,
	OVER_NTH_VALUE,
	OVER_NTILE,
	OVER_PERCENT_RANK,
	OVER_RANK,
	OVER_ROW_NUMBER
};

struct over_fn {
	const char *name;
	const char *signature;
	const char *doc;
	const char *example; /* the call alone */
	unsigned args_min, args_max;
	bool framed; /* it looks at the frame */
	bool nulls;  /* it takes IGNORE NULLS */
};
extern const struct over_fn over_fns[];
extern const unsigned n_over_fns;

/* By name (lower case), or NULL. */
const struct over_fn *over_fn_find(struct str name);

static inline enum over_kind
over_fn_kind(const struct over_fn *f)
{
	return (enum over_kind)(OVER_CUME_DIST + (f - over_fns));
}

#endif

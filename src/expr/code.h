/* SPDX-License-Identifier: MIT */
/*
 * A bound expression from the inside: what bind.c makes, eval.c runs and the
 * op_*.c files provide. Not included outside of src/expr.
 *
 * Each expression has a function that computes its column for some rows of a
 * batch, and conditions may have a second one that yields the rows where they
 * are TRUE without making a column. Functions look at the types of the columns
 * they got, once per batch; static types only choose the functions and catch
 * mistakes early.
 */
#ifndef WEIR_EXPR_CODE_H
#define WEIR_EXPR_CODE_H

#include "base/must.h"
#include "expr/expr.h"
#include "expr/fn.h"

/* Rows to compute: sel[0..n), or 0..n if sel is NULL. */
struct rows {
	const uint16_t *sel;
	unsigned n;
};

static inline unsigned
rows_at(struct rows r, unsigned k)
{
	return r.sel ? r.sel[k] : k;
}

struct expr;

typedef void expr_fn(const struct expr *e, struct eval *ev,
    const struct batch *b, struct rows rows, struct column *out);

/* Writes the rows where e is TRUE to out, ascending; returns their number. */
typedef unsigned select_fn(const struct expr *e, struct eval *ev,
    const struct batch *b, struct rows rows, uint16_t *out);

struct expr {
	expr_fn *eval;
	select_fn *select; /* NULL: by way of the column */
	enum type type;
	bool constant; /* value holds it */
	bool is_column;
	bool varies; /* volatile: not folded */
	struct where where;
	struct expr **args;
	unsigned n_args;
	struct column value; /* constant */
	unsigned col;	     /* is_column */
	unsigned op;	     /* which of a family of operators */
	const void *more;    /* what the operator prepared */
};

/* What a thread keeps between batches. */
struct eval_cache {
	struct regex_pool *regex;
};

#endif

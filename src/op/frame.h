/* SPDX-License-Identifier: MIT */
/*
 * Frames: which rows around a row a function sees. A row's frame is a stretch
 * of its key's rows in their order; as one goes from row to row, neither end
 * ever moves back.
 */
#ifndef WEIR_OP_FRAME_H
#define WEIR_OP_FRAME_H

#include "op/op.h"

enum frame_unit {
	FRAME_ROWS,
	FRAME_RANGE,
	FRAME_GROUPS
};

enum bound_kind {
	BOUND_FIRST, /* UNBOUNDED PRECEDING */
	BOUND_PRECEDING,
	BOUND_CURRENT,
	BOUND_FOLLOWING,
	BOUND_LAST /* UNBOUNDED FOLLOWING */
};

struct frame_bound {
	enum bound_kind kind;
	uint64_t n;	     /* of rows or groups */
	struct value offset; /* of a range */
};

struct frame {
	enum frame_unit unit;
	struct frame_bound from, to;
};

/*
 * What a tree made by frame_parse says; NULL: SQL's default (up to the row's
 * last peer if rows are ordered, else all). order: how many expressions rows
 * are ordered by.
 */
int frame_bind(const struct node *n, unsigned n_order, const struct bind *b,
    struct frame *out);

/* The value a range's bound is at, seen from v; NULL if there is none. */
struct value frame_reach(struct value v, const struct frame_bound *b,
    bool descending, struct dec *room);

#endif

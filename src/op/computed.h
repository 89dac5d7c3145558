/* SPDX-License-Identifier: MIT */
/*
 * Columns a stateless step computes: what select, set, drop and rename have in
 * common. Each goes into a column of its own, so nothing the step got changes.
 */
#ifndef WEIR_OP_COMPUTED_H
#define WEIR_OP_COMPUTED_H

#include "op/op.h"

struct computed {
	struct computed_item {
		struct expr *expr; /* NULL: the column `from` once more, or, if
				      that is COL_RECORD, nothing but NULL */
		unsigned from;
		unsigned col;
	} * items;
	unsigned n_items;
};

/* Room for n items. */
void computed_init(struct computed *c, unsigned n, struct arena *a);

/* Each adds a column to the flow's segment and returns its number. */
unsigned computed_expr(struct computed *c, struct flow *f, struct expr *e);
unsigned computed_copy(struct computed *c, struct flow *f, unsigned from);

/* Hides a name of an open flow: see flow_column.dropped. */
void computed_drop(struct computed *c, struct flow *f, struct str name);

/* The op_kind.batch of a step whose config begins with a struct computed. */
void computed_batch(const struct op *op, struct eval *ev, struct batch *b);

#endif

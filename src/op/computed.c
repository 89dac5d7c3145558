/* SPDX-License-Identifier: MIT */
/* Columns a stateless step computes; see computed.h. */
#include "op/computed.h"

void
computed_init(struct computed *c, unsigned n, struct arena *a)
{
	c->items = arena_array(a, n, sizeof *c->items);
	c->n_items = 0;
}

unsigned
computed_expr(struct computed *c, struct flow *f, struct expr *e)
{
	unsigned col = flow_compute(f);

	c->items[c->n_items++] = (struct computed_item){e, 0, col};
	return col;
}

unsigned
computed_copy(struct computed *c, struct flow *f, unsigned from)
{
	unsigned col = flow_compute(f);

	c->items[c->n_items++] = (struct computed_item){NULL, from, col};
	return col;
}

void
computed_drop(struct computed *c, struct flow *f, struct str name)
{
	unsigned col = computed_copy(c, f, COL_RECORD);
	struct flow_column *at = flow_set(f, name, col, T_NULL);

	at->dropped = at->omit_null = true;
}

void
computed_batch(const struct op *op, struct eval *ev, struct batch *b)
{
	const struct computed *c = op->config;

	if (!c->n_items)
		return;
	eval_begin(ev, b);
	for (unsigned i = 0; i < c->n_items; i++) {
		const struct computed_item *item = &c->items[i];
		struct column *to = flow_place(&op->out, b, item->col);

		if (item->expr)
			expr_eval(item->expr, ev, b, NULL, 0, to);
		else if (item->from != COL_RECORD)
			*to = b->cols[item->from];
		else
			*to = (struct column){.type = T_NULL};
	}
	eval_settle(ev, b);
}

/* SPDX-License-Identifier: MIT */
/*
 * CURRENT_WATERMARK(ts): a column that the step watermark makes of the rows of
 * FROM, before WHERE and everything behind it. Groups have no such column.
 */
#include "front/sql_lower.h"
#include "front/tree.h"

struct watermark_use {
	struct sql_block *b;
	struct str name; /* of the column; empty: there is none yet */
	bool grouped;	 /* outside aggregates there are groups, not rows */
};

static struct node *
watermark_column(struct tree_edit *edit, struct node *n, bool in_aggregate)
{
	struct watermark_use *u = edit->owner;
	struct sql *s = u->b->s;
	struct sql_ident hidden;
	struct op *op;

	if (n->kind != NODE_CALL || !str_is(n->name, "current_watermark") ||
	    (u->grouped && !in_aggregate))
		return NULL;
	if (n->n_args != 1 || n->args[0]->kind != NODE_NAME) {
		err_set(s->err, ERR_SPEC, n->where,
		    "current_watermark() takes the time of the rows");
		edit->failed = true;
		return NULL;
	}
	if (sql_rel_time(s, &u->b->rel, n->args[0])) {
		edit->failed = true;
		return NULL;
	}
	if (!u->name.n) {
		u->name =
		    arena_printf(s->arena, "_watermark_%u", ++s->n_values);
		op = sql_op(s, "watermark", n->where);
		plan_arg(s->plan, op, "as", 1, n->where)->items[0] =
		    (struct arg_item){.name = u->name, .where = n->where};
		hidden = (struct sql_ident){u->name, n->where};
		sql_hide(u->b, &(struct sql_idents){&hidden, 1});
	}
	return node_name(edit->arena, u->name, n->where);
}

static int
watermark_in(struct watermark_use *u, struct node **n, bool grouped)
{
	struct tree_edit edit = {.replace = watermark_column,
	    .arena = u->b->s->arena,
	    .err = u->b->s->err,
	    .owner = u};

	u->grouped = grouped;
	if (*n)
		*n = tree_change(&edit, *n);
	return edit.failed || !n ? -1 : 0;
}

int
sql_mark_steps(struct sql_block *b)
{
	struct watermark_use u = {.b = b};
	bool grouped = sql_is_grouped(b);

	if (watermark_in(&u, &b->sel.where, false) ||
	    watermark_in(&u, &b->sel.having, true) ||
	    watermark_in(&u, &b->sel.qualify, grouped))
		return -1;
	for (unsigned i = 0; i < b->sel.n_groups; i++)
		if (b->sel.groups[i].node &&
		    watermark_in(&u, &b->sel.groups[i].node, false))
			return -1;
	for (unsigned i = 0; i < b->sel.n_items; i++)
		if (watermark_in(&u, &b->sel.items[i].node, grouped))
			return -1;
	for (unsigned i = 0; i < b->orders.n; i++)
		if (watermark_in(&u, &b->orders.list[i].node, grouped))
			return -1;
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Add columns, or give existing ones another value; the others stay.
 *
 * The columns are made in the order they are written, and each sees those
 * before it.
 */
#include "op/computed.h"

static int
set_item(struct op *op, struct computed *c, const struct arg_item *item,
    struct scope *scope, const struct bind *b)
{
	struct expr *e;
	unsigned col;

	if (item->node->kind == NODE_STAR)
		return err_set(b->err, ERR_SPEC, item->where,
		    "* has no place here: all columns stay anyway");
	if (!item->alias)
		return err_set(b->err, ERR_SPEC, item->where,
		    "name: expression is expected here");
	e = expr_bind(item->node, scope, b->arena, b->err);
	if (!e)
		return -1;
	col = computed_expr(c, &op->out, e);
	flow_set(&op->out, item->name, col, expr_type(e));
	flow_scope_add(scope, item->name, col, expr_type(e));
	return 0;
}

static int
check_names(const struct arg *columns, const struct bind *b)
{
	for (unsigned i = 0; i < columns->n_items; i++)
		for (unsigned k = 0; k < i; k++)
			if (str_eq(
				columns->items[i].name, columns->items[k].name))
				return err_set(b->err, ERR_SPEC,
				    columns->items[i].where,
				    "\"%.*s\" is set twice",
				    STR_ARG(columns->items[i].name));
	return 0;
}

static int
set_bind(struct op *op, const struct bind *b)
{
	const struct arg *columns = op_arg(op, "columns");
	struct computed *c = arena_zalloc(b->arena, sizeof *c);
	struct scope scope;

	op->config = c;
	computed_init(c, columns->n_items, b->arena);
	op->out = flow_copy(&op->in, columns->n_items, b->arena);
	if (check_names(columns, b))
		return -1;
	flow_scope_grow(&op->out, columns->n_items, b, &scope);
	for (unsigned i = 0; i < columns->n_items; i++)
		if (set_item(op, c, &columns->items[i], &scope, b))
			return -1;
	return 0;
}

// clang-format off
static const struct param set_params[] = {
	{"columns", PARAM_NAMED, true, "Pairs of name: expression."},
};

const struct op_kind op_set = {
	.name = "set",
	.doc = "Add columns or change their values; the others stay.",
	.about =
	    "A column that exists keeps its place and gets the new value; any "
	    "other is added at the end. The columns are made in the order they "
	    "are written, and each may use those before it.",
	.example =
	    "- set: {ms: request_time * 1000, slow: ms > 500}\n",
	.params = set_params,
	.n_params = sizeof set_params / sizeof *set_params,
	.primary = "columns",
	.bind = set_bind,
	.batch = computed_batch,
};
// clang-format on

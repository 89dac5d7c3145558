/* SPDX-License-Identifier: MIT */
/*
 * Keep the rows whose condition is true.
 *
 * The smallest operator, and the one to copy. It is stateless: bind turns the
 * condition into a bound expression, batch shortens the batch's selection, and
 * nothing is kept in between. What goes out has the columns of what came in.
 */
#include "op/op.h"

struct where_config {
	struct expr *condition;
};

static int
where_bind(struct op *op, const struct bind *b)
{
	struct where_config *c = arena_zalloc(b->arena, sizeof *c);
	struct scope scope;

	op->config = c;
	op->out = op->in;
	op->out.steady = false;
	flow_scope(&op->in, b, &scope);
	c->condition = expr_bind(
	    op_arg(op, "condition")->items[0].node, &scope, b->arena, b->err);
	return c->condition ? 0 : -1;
}

static void
where_batch(const struct op *op, struct eval *ev, struct batch *b)
{
	const struct where_config *c = op->config;

	eval_begin(ev, b);
	expr_filter(c->condition, ev, b);
	if (!b->raw)
		batch_mend(b);
}

// clang-format off
static const struct param where_params[] = {
	{"condition", PARAM_EXPR, true, "What must be true of a row."},
};

const struct op_kind op_where = {
	.name = "where",
	.doc = "Keep the rows whose condition is true.",
	.about =
	    "A row for which the condition is false or NULL is dropped and "
	    "counted as filtered. A row for which it cannot be computed (a "
	    "division by zero, a text that is no number) is a bad record.",
	.example = "- where: status >= 500 AND path LIKE '/api/%'\n",
	.params = where_params,
	.n_params = sizeof where_params / sizeof *where_params,
	.primary = "condition",
	.bind = where_bind,
	.batch = where_batch,
};
// clang-format on

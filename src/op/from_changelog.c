/* SPDX-License-Identifier: MIT */
/*
 * Records that are changes of a table become changes of rows: a field says
 * what each does, and is then no longer a column.
 *
 * Flink: FROM_CHANGELOG. A kind that is not known, or missing, is a bad
 * record.
 */
#include "op/computed.h"

struct from_config {
	struct computed hide; /* first: what computed_batch runs */
	struct expr *kind;
};

static int
from_bind(struct op *op, const struct bind *b)
{
	struct from_config *c = arena_zalloc(b->arena, sizeof *c);
	const struct arg_item *item = &op_arg(op, "kind")->items[0];
	const struct flow_column *at = flow_find(&op->in, item->name);
	struct scope scope;

	op->config = c;
	computed_init(&c->hide, 1, b->arena);
	flow_scope(&op->in, b, &scope);
	c->kind =
	    expr_bind(op_name_node(item, b->arena), &scope, b->arena, b->err);
	if (!c->kind)
		return -1;
	op->out = flow_copy(&op->in, 1, b->arena);
	op->out.changes = true;
	op->out.steady = op->out.keyed = false;
	if (op->out.open)
		computed_drop(&c->hide, &op->out, item->name);
	else
		flow_remove(&op->out, flow_find(&op->out, at->name));
	if (!op->out.n_cols)
		return err_set(
		    b->err, ERR_SPEC, item->where, "no column is left");
	return 0;
}

static void
read_kind(
    struct eval *ev, struct batch *b, const struct column *c, unsigned row)
{
	struct value v = column_get(c, row);
	enum change kind;

	if (v.type == T_TEXT && change_parse(value_str(v), &kind))
		b->kind[row] = (uint8_t)kind;
	else
		eval_fail(ev, row,
		    v.type == T_NULL ? "no kind of change"
				     : "not a kind of change");
}

static void
from_batch(const struct op *op, struct eval *ev, struct batch *b)
{
	const struct from_config *c = op->config;
	struct column kinds;

	eval_begin(ev, b);
	expr_eval(c->kind, ev, b, NULL, 0, &kinds);
	b->kind = arena_zalloc(b->arena, b->n_rows + 1);
	for (unsigned k = 0; k < b->n_sel; k++)
		read_kind(ev, b, &kinds, batch_row(b, k));
	eval_settle(ev, b);
	computed_batch(op, ev, b);
}

// clang-format off
static const struct param from_params[] = {
	{"kind", PARAM_NAMES, true, "The field that says what a record does."},
};

const struct op_kind op_from_changelog = {
	.name = "from_changelog",
	.doc = "Take records as changes of earlier ones.",
	.about =
	    "The field says what a record does: +I, -U, +U or -D, as written "
	    "by the output mode changelog; INSERT, UPDATE_BEFORE, UPDATE_AFTER "
	    "or DELETE; c, r, u or d. A record that says -U or -D takes back "
	    "an earlier one that was equal but for that field. Later steps do "
	    "not see the field. The setting changelog of an input does the "
	    "same.",
	.example = "- from_changelog: op\n",
	.params = from_params,
	.n_params = sizeof from_params / sizeof *from_params,
	.primary = "kind",
	.changes = CHANGES_MAKE,
	.bind = from_bind,
	.batch = from_batch,
};
// clang-format on

/* SPDX-License-Identifier: MIT */
/*
 * Leave columns out.
 *
 * Where the columns are known, they are taken off the list. Of a record whose
 * fields are not known before it is read, the name is hidden: later steps do
 * not see it, and the writer leaves the member out.
 */
#include "op/computed.h"

static int
drop_one(struct op *op, struct computed *c, const struct arg_item *item,
    const struct bind *b)
{
	struct flow *out = &op->out;
	const struct flow_column *at = flow_find(out, item->name);

	if (at && at->dropped)
		return err_set(b->err, ERR_SPEC, item->where,
		    "\"%.*s\" was dropped or renamed before",
		    STR_ARG(item->name));
	if (flow_is_open(out))
		computed_drop(c, out, item->name);
	else if (at)
		flow_remove(out, at);
	else
		return flow_unknown(out, item->name, item->where, b->err);
	return 0;
}

static int
drop_bind(struct op *op, const struct bind *b)
{
	const struct arg *names = op_arg(op, "columns");
	struct computed *c = arena_zalloc(b->arena, sizeof *c);

	op->config = c;
	computed_init(c, names->n_items, b->arena);
	op->out = flow_copy(&op->in, names->n_items, b->arena);
	for (unsigned i = 0; i < names->n_items; i++)
		if (drop_one(op, c, &names->items[i], b))
			return -1;
	if (!op->out.n_cols)
		return err_set(
		    b->err, ERR_SPEC, names->where, "no column is left");
	return 0;
}

// clang-format off
static const struct param drop_params[] = {
	{"columns", PARAM_NAMES, true, "Names of the columns to leave out."},
};

const struct op_kind op_drop = {
	.name = "drop",
	.doc = "Leave columns out; the others stay.",
	.about =
	    "Only whole columns can be dropped, not members inside of them. "
	    "Later steps do not see a dropped column.",
	.example = "- drop: [agent, referer]\n",
	.params = drop_params,
	.n_params = sizeof drop_params / sizeof *drop_params,
	.primary = "columns",
	.bind = drop_bind,
	.batch = computed_batch,
};
// clang-format on

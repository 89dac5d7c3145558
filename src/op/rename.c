/* SPDX-License-Identifier: MIT */
/*
 * Give columns other names; their values and places stay.
 *
 * All pairs are taken at once, so two names can be exchanged. A field of a
 * record whose fields are not known before it is read becomes a column of its
 * own, and its old name is hidden (see drop.c).
 */
#include "op/computed.h"

/* The pair with this old (or new) name; NULL if there is none. */
static const struct arg_item *
pair_of(const struct arg *pairs, struct str name, bool new)
{
	for (unsigned i = 0; i < pairs->n_items; i++) {
		const struct arg_item *item = &pairs->items[i];

		if (str_eq(new ? item->to : item->name, name))
			return item;
	}
	return NULL;
}

/* Each old and each new name is said once; a new name must be free. */
static int
check_pair(const struct op *op, const struct arg *pairs,
    const struct arg_item *item, struct err *err)
{
	const struct flow_column *c = flow_find(&op->in, item->to);

	if (pair_of(pairs, item->name, false) != item)
		return err_set(err, ERR_SPEC, item->where,
		    "\"%.*s\" is renamed twice", STR_ARG(item->name));
	if (pair_of(pairs, item->to, true) != item)
		return err_set(err, ERR_SPEC, item->where,
		    "there are two columns named \"%.*s\"", STR_ARG(item->to));
	if (c && !c->dropped && !pair_of(pairs, item->to, false))
		return err_set(err, ERR_SPEC, item->where,
		    "there is a column \"%.*s\" already", STR_ARG(item->to));
	return 0;
}

/* Columns that are there already, under their new names. */
static void
rename_columns(struct op *op, const struct arg *pairs)
{
	for (unsigned i = 0; i < op->in.n_cols; i++) {
		struct flow_column c = op->in.cols[i];
		const struct arg_item *item =
		    c.spread || c.dropped ? NULL
					  : pair_of(pairs, c.name, false);

		if (item)
			c.name = item->to;
		else if (c.dropped && pair_of(pairs, c.name, true))
			continue;
		op->out.cols[op->out.n_cols++] = c;
	}
}

/* A field of the record read becomes a column. */
static int
rename_field(struct op *op, const struct arg_item *item, const struct bind *b)
{
	const struct flow_column *c = flow_find(&op->in, item->name);
	struct path path = path_of_name(b->arena, item->name);
	enum type type;
	int col;

	if (c && !c->dropped)
		return 0;
	if (c || !flow_is_open(&op->in))
		return flow_unknown(&op->in, item->name, item->where, b->err);
	col = flow_field(
	    &op->in, path, false, b->arena, &type, item->where, b->err);
	flow_add(&op->out, item->to, (unsigned)col, type);
	return col < 0 ? -1 : 0;
}

static int
rename_bind(struct op *op, const struct bind *b)
{
	struct computed *c = arena_zalloc(b->arena, sizeof *c);
	const struct arg *pairs = op_arg(op, "columns");

	op->config = c;
	computed_init(c, pairs->n_items, b->arena);
	op->out = flow_copy(&op->in, 2 * pairs->n_items, b->arena);
	op->out.n_cols = 0;
	rename_columns(op, pairs);
	for (unsigned i = 0; i < pairs->n_items; i++)
		if (check_pair(op, pairs, &pairs->items[i], b->err) ||
		    rename_field(op, &pairs->items[i], b))
			return -1;
	for (unsigned i = 0; flow_is_open(&op->out) && i < pairs->n_items; i++)
		if (!flow_find(&op->out, pairs->items[i].name))
			computed_drop(c, &op->out, pairs->items[i].name);
	return 0;
}

// clang-format off
static const struct param rename_params[] = {
	{"columns", PARAM_RENAME, true, "Pairs of old: new."},
};

const struct op_kind op_rename = {
	.name = "rename",
	.doc = "Give columns other names.",
	.about =
	    "All pairs are taken at once, so that {a: b, b: a} exchanges two "
	    "names. A new name must not be that of another column.",
	.example = "- rename: {remote_addr: client}\n",
	.params = rename_params,
	.n_params = sizeof rename_params / sizeof *rename_params,
	.primary = "columns",
	.bind = rename_bind,
	.batch = computed_batch,
};
// clang-format on

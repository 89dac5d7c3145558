/* SPDX-License-Identifier: MIT */
/*
 * Keep some columns, under the names given, and compute new ones.
 *
 * A plain field or column is passed on as it is; only what has to be computed
 * gets a column of its own. `*` stands for everything there is; a column
 * written out beside it takes the place of one of the same name.
 */
#include "op/computed.h"

struct select_bind {
	const struct bind *b;
	struct op *op;
	struct computed *computed;
	struct scope scope;
	bool star;			/* met already */
	unsigned star_from, star_until; /* columns that came from it */
};

static int
add_star(struct select_bind *s, const struct arg_item *item)
{
	const struct flow *in = &s->op->in;
	struct flow *out = &s->op->out;

	if (item->node->path.n)
		return err_set(s->b->err, ERR_SPEC, item->where,
		    "only * alone is possible here");
	if (s->star)
		return err_set(
		    s->b->err, ERR_SPEC, item->where, "* is given twice");
	s->star = true;
	s->star_from = out->n_cols;
	out->open = in->open;
	out->parsed = in->parsed;
	for (unsigned i = 0; i < in->n_cols; i++)
		if (in->cols[i].spread || !flow_find(out, in->cols[i].name))
			out->cols[out->n_cols++] = in->cols[i];
	s->star_until = out->n_cols;
	return 0;
}

/* Makes room for a name: it may replace one of the star's, no other. */
static int
claim_name(struct select_bind *s, const struct arg_item *item)
{
	struct flow *out = &s->op->out;
	struct flow_column *c = flow_find(out, item->name);
	unsigned at;

	if (!c)
		return 0;
	at = (unsigned)(c - out->cols);
	if (at < s->star_from || at >= s->star_until)
		return err_set(s->b->err, ERR_SPEC, item->where,
		    "there are two columns named \"%.*s\"",
		    STR_ARG(item->name));
	out->n_cols--;
	s->star_until--;
	for (; at < out->n_cols; at++)
		out->cols[at] = out->cols[at + 1];
	return 0;
}

static bool
is_shown(const struct flow *f, unsigned col)
{
	for (unsigned i = 0; i < f->n_cols; i++)
		if (f->cols[i].col == col)
			return true;
	return false;
}

static int
add_item(struct select_bind *s, const struct arg_item *item)
{
	struct flow *out = &s->op->out;
	enum type type;
	unsigned col;
	int pass;

	pass = flow_pass(&s->op->in, item->node, s->b, &col, &type);
	if (pass < 0)
		return -1;
	if (!pass) {
		struct expr *e =
		    expr_bind(item->node, &s->scope, s->b->arena, s->b->err);

		if (!e)
			return -1;
		type = expr_type(e);
		col = computed_expr(s->computed, out, e);
	}
	if (claim_name(s, item))
		return -1;
	/* Behind this step a column has one name. */
	if (pass && is_shown(out, col))
		col = computed_copy(s->computed, out, col);
	flow_add(out, item->name, col, type);
	return 0;
}

/* Corrections stay recognisable whatever is selected. */
static void
add_marks(struct select_bind *s)
{
	const struct flow *in = &s->op->in;
	struct flow *out = &s->op->out;

	for (unsigned i = 0; i < in->n_cols; i++) {
		const struct flow_column *c = &in->cols[i];

		if (in->updates && c->omit_null && !c->dropped &&
		    !is_shown(out, c->col) && !flow_find(out, c->name))
			out->cols[out->n_cols++] = *c;
	}
}

static int
select_bind(struct op *op, const struct bind *b)
{
	const struct arg *columns = op_arg(op, "columns");
	struct computed *c = arena_zalloc(b->arena, sizeof *c);
	struct select_bind s = {.b = b, .op = op, .computed = c};

	op->config = c;
	computed_init(c, columns->n_items, b->arena);
	flow_scope(&op->in, b, &s.scope);
	op->out = op->in;
	op->out.open = NULL;
	op->out.parsed = NULL;
	op->out.n_cols = 0;
	op->out.cols = arena_array(b->arena,
	    2 * op->in.n_cols + columns->n_items, sizeof *op->out.cols);
	for (unsigned i = 0; i < columns->n_items; i++) {
		const struct arg_item *item = &columns->items[i];

		if (item->node->kind == NODE_STAR ? add_star(&s, item)
						  : add_item(&s, item))
			return -1;
	}
	add_marks(&s);
	return 0;
}

// clang-format off
static const struct param select_params[] = {
	{"columns", PARAM_NAMED, true,
	    "Columns: expressions, or name: expression pairs; * for all."},
};

const struct op_kind op_select = {
	.name = "select",
	.doc = "Keep some columns and compute new ones.",
	.about =
	    "What goes out has exactly the columns listed, in that order. A "
	    "column without a name of its own takes that of the field, or the "
	    "text of the expression. '*' stands for all there is; a "
	    "column written beside it takes the place of one of the same name.",
	.example = "- select: {path, ms: request_time * 1000}\n",
	.params = select_params,
	.n_params = sizeof select_params / sizeof *select_params,
	.primary = "columns",
	.bind = select_bind,
	.batch = computed_batch,
};
// clang-format on

/* SPDX-License-Identifier: MIT */
/*
 * The arguments of fill to its configuration: columns are those of the rows
 * that come in, and what is filled is read as a value where it is computed
 * with.
 */
#include "base/when.h"
#include "op/fill.h"
#include "op/kept.h"

static int
column_named(struct op *op, const struct bind *b, struct str name,
    struct where where, unsigned *col)
{
	const struct node n = {.kind = NODE_NAME,
	    .where = where,
	    .path = path_of_name(b->arena, name),
	    .depth = 1,
	    .size = 1};
	enum type type;
	int rc = flow_pass(&op->in, &n, b, col, &type);

	return rc < 0 ? -1
	       : rc   ? 0
		      : flow_unknown(&op->in, name, where, b->err);
}

static int
bind_times(struct op *op, const struct bind *b, struct fill_config *c)
{
	const struct arg *time = op_arg(op, "time");
	const struct flow_column *start, *end;

	c->end = COL_RECORD;
	if (time)
		return column_named(
		    op, b, time->items[0].name, time->items[0].where, &c->time);
	start = flow_find(&op->in, STR("window_start"));
	end = flow_find(&op->in, STR("window_end"));
	if (!start) {
		err_set(b->err, ERR_SPEC, op->where,
		    "these rows have no window_start: which column is their "
		    "time?");
		return err_hint(b->err, "time: NAME");
	}
	c->time = start->col;
	if (end)
		c->end = end->col;
	return 0;
}

static int
bind_every(const struct op *op, const struct bind *b, struct fill_config *c)
{
	const struct arg_item *every = &op_arg(op, "every")->items[0];
	struct scope scope = {.params = b->params, .n_params = b->n_params};
	struct value v;

	if (expr_eval_constant(every->node, &scope, b->arena, &v, b->err))
		return -1;
	if (v.type != T_DURATION || v.i <= 0)
		return err_set(b->err, ERR_SPEC, every->where,
		    "a duration is expected here, such as 5m");
	c->every = v.i;
	return 0;
}

static bool
is_word(const struct node *n, const char *word)
{
	return n->kind == NODE_NAME && n->path.n == 1 &&
	       n->path.steps[0].name.p && str_is(n->path.steps[0].name, word);
}

static int
bind_column(struct op *op, const struct bind *b, const struct arg_item *item,
    struct fill_config *c)
{
	struct fill_column *f = &c->columns[c->n_columns++];
	struct scope scope = {.params = b->params, .n_params = b->n_params};
	struct flow_column *in, *out;

	*f = (struct fill_column){.how = FILL_VALUE};
	if (column_named(op, b, item->name, item->where, &f->col))
		return -1;
	if (is_word(item->node, "previous"))
		f->how = FILL_PREVIOUS;
	else if (is_word(item->node, "linear"))
		f->how = FILL_LINEAR;
	else if (expr_eval_constant(
		     item->node, &scope, b->arena, &f->value, b->err))
		return err_hint(
		    b->err, "previous, linear, or a value such as 0 or NULL");
	in = flow_find(&op->in, item->name);
	if (f->how == FILL_LINEAR && in)
		f->col = flow_value(&op->in, in);
	c->linear |= f->how == FILL_LINEAR;
	out = flow_find(&op->out, item->name);
	if (out && (f->how == FILL_LINEAR ||
		       (f->how == FILL_VALUE && f->value.type != T_NULL &&
			   f->value.type != out->type)))
		out->type = T_ANY;
	return 0;
}

/* Between two dates there are no hours. */
static int
check_dates(
    const struct op *op, const struct bind *b, const struct fill_config *c)
{
	const struct flow *in = &op->in;

	for (unsigned i = 0; i < in->n_cols; i++) {
		if (in->cols[i].col != c->time || in->cols[i].type != T_DATE ||
		    c->every % WHEN_DAY == 0)
			continue;
		err_set(b->err, ERR_SPEC, op_arg(op, "every")->items[0].where,
		    "the rows have dates, which are whole days apart");
		return err_hint(b->err, "every: 1d");
	}
	return 0;
}

int
fill_bind(struct op *op, const struct bind *b)
{
	struct fill_config *c = arena_zalloc(b->arena, sizeof *c);
	const struct arg *by = op_arg(op, "by"), *with = op_arg(op, "with");
	unsigned n = with ? with->n_items : 0;

	op->config = c;
	op->out = flow_copy(&op->in, 0, b->arena);
	for (unsigned i = 0; i < op->in.n_cols; i++)
		if (op->in.cols[i].spread) {
			err_set(b->err, ERR_SPEC, op->where,
			    "a row that is made has columns, not a record");
			return err_hint(
			    b->err, "say before which columns: select: [a, b]");
		}
	c->lateness = b->lateness;
	if (refuse_updates(op, b) || bind_every(op, b, c) ||
	    bind_times(op, b, c) || check_dates(op, b, c))
		return -1;
	if (op->in.scan)
		op->in.scan->needs_time = true;
	c->n_keys = by ? by->n_items : 0;
	if (!c->n_keys)
		op->grows = NULL;
	c->keys = arena_array(b->arena, c->n_keys, sizeof *c->keys);
	for (unsigned i = 0; i < c->n_keys; i++)
		if (column_named(op, b, by->items[i].name, by->items[i].where,
			&c->keys[i]))
			return -1;
	c->ttl = b->ttl;
	if (op_forgets(op, b))
		return -1;
	c->columns = arena_array(b->arena, n, sizeof *c->columns);
	for (unsigned i = 0; i < n; i++)
		if (bind_column(op, b, &with->items[i], c))
			return -1;
	return 0;
}

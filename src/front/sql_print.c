/* SPDX-License-Identifier: MIT */
/*
 * A plan as SQL: what sql_parse reads back to a plan with the same result.
 *
 * Every step is a query that reads the one before it, by a name of WITH; the
 * last one is the query itself. An input that says something of itself becomes
 * a CREATE TABLE. What has no SQL form is an error that names it.
 */
#include "base/zone.h"
#include "front/front.h"
#include "front/tree.h"

struct writer {
	const struct plan *plan;
	struct buf *out;
	struct err *err;
	struct edge reading; /* of the step at hand */
};

/* ---- names, trees ---- */

static bool
name_is_used(const struct plan *p, struct str name)
{
	for (unsigned i = 0; i < p->n_inputs; i++)
		if (str_eq(p->inputs[i].name, name))
			return true;
	return false;
}

static void
put_edge(struct writer *w, struct edge e)
{
	const struct plan_input *in;

	if (e.step) {
		buf_printf(w->out, "s%u", e.number + 1);
		return;
	}
	in = &w->plan->inputs[e.number];
	if (!in->closed && in->n_files == 1 && !str_is(in->files[0], "-"))
		buf_quoted(w->out, in->files[0], '\'');
	else
		name_print(w->out, in->name);
}

/* The only input needs no name. */
static bool
is_nameless(const struct plan *p, struct edge e)
{
	const struct plan_input *in = &p->inputs[e.step ? 0 : e.number];

	return !e.step && !in->name.n &&
	       (in->n_files != 1 || str_is(in->files[0], "-"));
}

static void
put_from(struct writer *w)
{
	if (is_nameless(w->plan, w->reading))
		return;
	buf_lit(w->out, " FROM ");
	put_edge(w, w->reading);
}

static bool
is_alias(const struct arg_item *item, struct arena *a)
{
	return item->name.n && item->node->kind != NODE_STAR &&
	       !str_eq(item->name, node_alias(item->node, a));
}

static void
put_item(struct writer *w, const struct arg_item *item)
{
	struct arena a;

	arena_init(&a, 256);
	node_print(w->out, item->node);
	if (is_alias(item, &a)) {
		buf_lit(w->out, " AS ");
		name_print(w->out, item->name);
	}
	arena_release(&a);
}

static void
put_items(struct writer *w, const struct arg *arg)
{
	for (unsigned i = 0; arg && i < arg->n_items; i++) {
		if (i)
			buf_lit(w->out, ", ");
		put_item(w, &arg->items[i]);
	}
}

static void
put_exprs(struct writer *w, const struct arg *arg)
{
	for (unsigned i = 0; i < arg->n_items; i++) {
		if (i)
			buf_lit(w->out, ", ");
		node_print(w->out, arg->items[i].node);
	}
}

static void
put_order(struct writer *w, const struct arg *arg)
{
	for (unsigned i = 0; i < arg->n_items; i++) {
		const struct arg_item *item = &arg->items[i];

		if (i)
			buf_lit(w->out, ", ");
		node_print(w->out, item->node);
		if (item->descending)
			buf_lit(w->out, " DESC");
		if (item->nulls_first == item->descending)
			buf_addz(w->out,
			    item->nulls_first ? " NULLS FIRST" : " NULLS LAST");
	}
}

static void
put_names(struct writer *w, const struct arg *arg)
{
	for (unsigned i = 0; i < arg->n_items; i++) {
		if (i)
			buf_lit(w->out, ", ");
		name_print(w->out, arg->items[i].name);
	}
}

static void
put_node(struct writer *w, const char *word, const struct arg *arg)
{
	if (!arg)
		return;
	buf_addz(w->out, word);
	node_print(w->out, arg->items[0].node);
}

/* A list that is not empty. */
static const struct arg *
given(const struct op *op, const char *param)
{
	const struct arg *arg = op_arg(op, param);

	return arg && arg->n_items ? arg : NULL;
}

/* ---- steps ---- */

static int
put_where(struct writer *w, const struct op *op)
{
	buf_lit(w->out, "SELECT *");
	put_from(w);
	put_node(w, " WHERE ", op_arg(op, "condition"));
	return 0;
}

static int
put_select(struct writer *w, const struct op *op)
{
	buf_lit(w->out, "SELECT ");
	put_items(w, op_arg(op, "columns"));
	put_from(w);
	return 0;
}

/* Columns that see those before them: a query each, the last outside. */
static int
put_set(struct writer *w, const struct op *op)
{
	const struct arg *arg = op_arg(op, "columns");

	for (unsigned i = arg->n_items; i-- > 0;) {
		const struct arg_item *item = &arg->items[i];
		bool there = op->in.open || flow_find(&op->in, item->name);

		buf_addz(w->out, there ? "SELECT * REPLACE (" : "SELECT *, ");
		node_print(w->out, item->node);
		buf_lit(w->out, " AS ");
		name_print(w->out, item->name);
		if (there)
			buf_addc(w->out, ')');
		if (i)
			buf_lit(w->out, " FROM (");
	}
	put_from(w);
	for (unsigned i = 1; i < arg->n_items; i++)
		buf_addc(w->out, ')');
	return 0;
}

static int
put_rename(struct writer *w, const struct op *op)
{
	const struct flow *in = &op->in, *out = &op->out;

	if (in->open)
		return err_set(w->err, ERR_SPEC, op->where,
		    "to rename fields of records has no SQL form");
	buf_lit(w->out, "SELECT ");
	for (unsigned i = 0; i < in->n_cols; i++) {
		if (i)
			buf_lit(w->out, ", ");
		name_print(w->out, in->cols[i].name);
		if (str_eq(in->cols[i].name, out->cols[i].name))
			continue;
		buf_lit(w->out, " AS ");
		name_print(w->out, out->cols[i].name);
	}
	put_from(w);
	return 0;
}

/* The first to arrive; the first in another order comes in that order. */
static int
put_dedup(struct writer *w, const struct op *op)
{
	const struct arg *keep = op_arg(op, "keep");

	if (op_arg(op, "order") ||
	    (keep && !str_is(keep->items[0].name, "first")))
		return err_set(w->err, ERR_SPEC, op->where,
		    "rows that are first or last by an order have no SQL form "
		    "of the same order");
	buf_lit(w->out, "SELECT *");
	put_from(w);
	buf_lit(w->out, " LIMIT 1 BY ");
	put_exprs(w, op_arg(op, "by"));
	return 0;
}

static int
put_drop(struct writer *w, const struct op *op)
{
	buf_lit(w->out, "SELECT * EXCEPT (");
	put_names(w, op_arg(op, "columns"));
	buf_addc(w->out, ')');
	put_from(w);
	return 0;
}

static int
put_group(struct writer *w, const struct op *op)
{
	const struct arg *by = given(op, "by"), *window;
	const struct arg *select = given(op, "select");

	window = str_is(str_of(op->kind->name), "window") ? op_arg(op, "window")
							  : NULL;
	buf_lit(w->out, "SELECT ");
	if (window)
		buf_lit(w->out, "window_start, window_end");
	if (window && (by || select))
		buf_lit(w->out, ", ");
	put_items(w, by);
	if (by && select)
		buf_lit(w->out, ", ");
	put_items(w, select);
	put_from(w);
	if (by || window)
		buf_lit(w->out, " GROUP BY ");
	if (by)
		put_exprs(w, by);
	if (window)
		put_node(w, by ? ", " : "", window);
	put_node(w, " HAVING ", op_arg(op, "having"));
	return 0;
}

static int
put_sort(struct writer *w, const struct op *op)
{
	buf_lit(w->out, "SELECT *");
	put_from(w);
	buf_lit(w->out, " ORDER BY ");
	put_order(w, op_arg(op, "by"));
	put_node(w, " LIMIT ", op_arg(op, "limit"));
	return 0;
}

static int
put_limit(struct writer *w, const struct op *op)
{
	const struct arg *by = op_arg(op, "by");

	buf_lit(w->out, "SELECT *");
	put_from(w);
	put_node(w, " LIMIT ", op_arg(op, "rows"));
	if (by) {
		buf_lit(w->out, " BY ");
		put_exprs(w, by);
	}
	put_node(w, " OFFSET ", op_arg(op, "offset"));
	return 0;
}

/* True if all flows have the same columns in the same order. */
static bool
is_aligned(const struct op *op)
{
	for (unsigned i = 0; i < op->n_from; i++) {
		const struct flow *a = &op->ins[0], *b = &op->ins[i];

		if (!a->open != !b->open || a->n_cols != b->n_cols)
			return false;
		for (unsigned k = 0; k < a->n_cols; k++)
			if (a->cols[k].spread != b->cols[k].spread ||
			    (!a->cols[k].spread &&
				!str_eq(a->cols[k].name, b->cols[k].name)))
				return false;
	}
	return true;
}

static int
put_union(struct writer *w, const struct op *op)
{
	const struct arg *by = op_arg(op, "by");

	if (!(by && str_is(by->items[0].name, "position")) && !is_aligned(op))
		return err_set(w->err, ERR_SPEC, op->where,
		    "a union of different columns has no SQL form");
	for (unsigned i = 0; i < op->n_from; i++) {
		buf_addz(w->out, i ? " UNION ALL SELECT *" : "SELECT *");
		w->reading = op->from[i];
		put_from(w);
	}
	return 0;
}

static void
put_over(struct writer *w, const struct op *op)
{
	const struct arg *by = op_arg(op, "by"), *order = op_arg(op, "order");
	const struct arg *frame = NULL;

	for (unsigned i = 0; i < op->n_args; i++)
		if (op->args[i].param->kind == PARAM_FRAME)
			frame = &op->args[i];
	buf_lit(w->out, " OVER (");
	if (by) {
		buf_lit(w->out, "PARTITION BY ");
		put_exprs(w, by);
	}
	if (order) {
		buf_addz(w->out, by ? " ORDER BY " : "ORDER BY ");
		put_order(w, order);
	}
	if (frame) {
		buf_addc(w->out, ' ');
		frame_print(w->out, frame->items[0].node);
	}
	buf_addc(w->out, ')');
}

static int
put_running(struct writer *w, const struct op *op)
{
	const struct arg *select = op_arg(op, "select");

	for (unsigned i = 0; i < select->n_items; i++)
		if (!over_is_call(select->items[i].node)) {
			err_set(w->err, ERR_SPEC, select->items[i].where,
			    "this expression over other rows has no SQL form");
			return err_hint(w->err,
			    "compute the function alone, and the expression "
			    "in a step `set`");
		}
	buf_lit(w->out, "SELECT *");
	for (unsigned i = 0; i < select->n_items; i++) {
		buf_lit(w->out, ", ");
		node_print(w->out, select->items[i].node);
		put_over(w, op);
		buf_lit(w->out, " AS ");
		name_print(w->out, select->items[i].name);
	}
	put_from(w);
	return 0;
}

static int
put_top(struct writer *w, const struct op *op)
{
	const struct arg *rank = op_arg(op, "rank"), *ties = op_arg(op, "ties");
	struct str fn = ties ? ties->items[0].name : STR("row_number");

	buf_lit(w->out, "SELECT *");
	if (rank) {
		buf_printf(w->out, ", %.*s()", STR_ARG(fn));
		put_over(w, op);
		buf_lit(w->out, " AS ");
		name_print(w->out, rank->items[0].name);
	}
	put_from(w);
	buf_printf(w->out, " QUALIFY %.*s()", STR_ARG(fn));
	put_over(w, op);
	put_node(w, " <= ", op_arg(op, "rows"));
	if (op_arg(op, "from")) {
		buf_printf(w->out, " AND %.*s()", STR_ARG(fn));
		put_over(w, op);
		put_node(w, " >= ", op_arg(op, "from"));
	}
	return 0;
}

static int
put_windowed(struct writer *w, const struct op *op)
{
	const struct node *n = op_arg(op, "window")->items[0].node;
	const struct plan_time *t = &w->plan->inputs[0].time;

	if (!t->field.n || !n->n_args)
		return err_set(w->err, ERR_SPEC, op->where,
		    "the windows of single rows have an SQL form only if "
		    "time.field says where event time is");
	buf_printf(w->out, "SELECT * FROM %.*s(TABLE ", STR_ARG(n->name));
	put_edge(w, w->reading);
	buf_lit(w->out, ", DESCRIPTOR(");
	path_print(w->out, t->field);
	buf_addc(w->out, ')');
	for (unsigned i = 0; i < n->n_args; i++) {
		buf_lit(w->out, ", ");
		node_print(w->out, n->args[i]);
	}
	buf_addc(w->out, ')');
	return 0;
}

/* Steps that have an SQL form; sorted by name. */
static const struct form {
	const char *kind;
	int (*put)(struct writer *w, const struct op *op);
} forms[] = {
    {"dedup", put_dedup},
    {"drop", put_drop},
    {"group", put_group},
    {"limit", put_limit},
    {"rename", put_rename},
    {"running", put_running},
    {"select", put_select},
    {"set", put_set},
    {"sort", put_sort},
    {"top", put_top},
    {"union", put_union},
    {"where", put_where},
    {"window", put_group},
    {"windowed", put_windowed},
};

static int
put_step(struct writer *w, const struct op *op)
{
	w->reading = op->from[0];
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		if (!strcmp(forms[i].kind, op->kind->name))
			return forms[i].put(w, op);
	return err_set(w->err, ERR_SPEC, op->where,
	    "the step \"%s\" has no SQL form", op->kind->name);
}

/* ---- inputs ---- */

/* True if the input cannot be told by its name or file alone. */
static bool
needs_table(const struct plan_input *in)
{
	return in->closed || in->format || in->n_types ||
	       in->time.lateness != WHEN_MAX;
}

static int
put_columns(struct writer *w, const struct plan_input *in)
{
	for (unsigned i = 0; i < in->n_columns; i++) {
		if (i)
			buf_lit(w->out, ", ");
		name_print(w->out, in->columns[i].name);
		buf_printf(w->out, " %s",
		    in->columns[i].type == T_ANY
			? "text"
			: type_name(in->columns[i].type));
	}
	return 0;
}

/* The lateness as Flink's watermark, a millisecond behind ours. */
static void
put_watermark(struct writer *w, const struct plan_input *in)
{
	struct node n = {.kind = NODE_LITERAL, .depth = 1, .size = 1};

	if (in->time.lateness == WHEN_MAX || !in->time.field.n)
		return;
	buf_lit(w->out, ", WATERMARK FOR ");
	path_print(w->out, in->time.field);
	buf_lit(w->out, " AS ");
	path_print(w->out, in->time.field);
	n.value = value_duration(in->time.lateness + WHEN_MS);
	if (!n.value.i)
		return;
	buf_lit(w->out, " - ");
	node_print(w->out, &n);
}

static int
put_table(struct writer *w, const struct plan_input *in)
{
	if (!needs_table(in) || !in->name.n || in->values)
		return 0;
	if (!in->closed)
		return 0;
	buf_lit(w->out, "CREATE TABLE ");
	name_print(w->out, in->name);
	buf_lit(w->out, " (");
	put_columns(w, in);
	put_watermark(w, in);
	buf_lit(w->out, ") WITH ('connector' = ");
	if (in->n_files == 1 && !str_is(in->files[0], "-")) {
		buf_lit(w->out, "'filesystem', 'path' = ");
		buf_quoted(w->out, in->files[0], '\'');
	} else {
		buf_lit(w->out, "'stdin'");
	}
	if (in->format)
		buf_printf(w->out, ", 'format' = '%s'", in->format->name);
	buf_lit(w->out, ");\n");
	return 0;
}

/* ---- the whole ---- */

static int
check_plan(struct writer *w)
{
	const struct plan *p = w->plan;

	if (p->n_outputs != 1)
		return err_set(w->err, ERR_SPEC, (struct where){0},
		    "a spec of %u outputs has no SQL form", p->n_outputs);
	for (unsigned i = 0; i < p->n_inputs; i++)
		if (p->inputs[i].values && p->inputs[i].used)
			return err_set(w->err, ERR_SPEC, p->inputs[i].where,
			    "constant rows are not written as SQL");
	for (unsigned i = 0; i < p->n_ops; i++)
		if (name_is_used(
			p, arena_printf((struct arena *)(uintptr_t)&p->arena,
			       "s%u", i + 1)))
			return err_set(w->err, ERR_SPEC, p->ops[i].where,
			    "an input is called s%u, as this step would be",
			    i + 1);
	return 0;
}

/* Event time, lateness and the like are said on the command line. */
static void
put_comment(struct writer *w)
{
	const struct plan_time *t = &w->plan->time;

	if (t->field.n) {
		buf_lit(w->out, "-- event time: -T ");
		path_print(w->out, t->field);
		buf_addc(w->out, '\n');
	}
	if (t->lateness != WHEN_MAX) {
		char text[64];

		buf_lit(w->out, "-- lateness: -l ");
		buf_add(w->out, text,
		    (size_t)(when_put_duration(text, t->lateness) - text));
		buf_addc(w->out, '\n');
	}
	if (t->zone)
		buf_printf(w->out, "SET 'table.local-time-zone' = '%s';\n",
		    zone_name(t->zone));
}

static int
put_query(struct writer *w)
{
	const struct plan *p = w->plan;

	for (unsigned i = 0; i < p->n_ops; i++) {
		struct buf *out = w->out;
		size_t from = out->n;

		buf_printf(out, "%ss%u AS (", i ? ",\n" : "WITH ", i + 1);
		if (put_step(w, &p->ops[i])) {
			out->n = from;
			return -1;
		}
		buf_addc(out, ')');
	}
	if (p->n_ops)
		buf_addc(w->out, '\n');
	buf_lit(w->out, "SELECT *");
	w->reading = p->outputs[0].from;
	put_from(w);
	buf_addc(w->out, '\n');
	return 0;
}

int
sql_print(const struct plan *p, struct buf *out, struct err *err)
{
	struct writer w = {.plan = p, .out = out, .err = err};

	if (check_plan(&w))
		return -1;
	put_comment(&w);
	for (unsigned i = 0; i < p->n_inputs; i++)
		if (p->inputs[i].used && put_table(&w, &p->inputs[i]))
			return -1;
	return put_query(&w);
}

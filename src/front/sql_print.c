/* SPDX-License-Identifier: MIT */
/*
 * A plan as SQL: what sql_parse reads back to a plan with the same result.
 *
 * Every step is a query that reads the one before it, by a name of WITH; the
 * last one is the query itself. An input that says something of itself becomes
 * a CREATE TABLE. What has no SQL form is an error that names it.
 */
#include "front/sql_print.h"
#include "front/tree.h"

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
put_edge(struct sql_writer *w, struct edge e)
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
put_from(struct sql_writer *w)
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
put_item(struct sql_writer *w, const struct arg_item *item)
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
put_items(struct sql_writer *w, const struct arg *arg)
{
	for (unsigned i = 0; arg && i < arg->n_items; i++) {
		if (i)
			buf_lit(w->out, ", ");
		put_item(w, &arg->items[i]);
	}
}

static void
put_exprs(struct sql_writer *w, const struct arg *arg)
{
	for (unsigned i = 0; i < arg->n_items; i++) {
		if (i)
			buf_lit(w->out, ", ");
		node_print(w->out, arg->items[i].node);
	}
}

static void
put_order(struct sql_writer *w, const struct arg *arg)
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
put_names(struct sql_writer *w, const struct arg *arg)
{
	for (unsigned i = 0; i < arg->n_items; i++) {
		if (i)
			buf_lit(w->out, ", ");
		name_print(w->out, arg->items[i].name);
	}
}

static void
put_node(struct sql_writer *w, const char *word, const struct arg *arg)
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
put_where(struct sql_writer *w, const struct op *op)
{
	buf_lit(w->out, "SELECT *");
	put_from(w);
	put_node(w, " WHERE ", op_arg(op, "condition"));
	return 0;
}

static int
put_select(struct sql_writer *w, const struct op *op)
{
	buf_lit(w->out, "SELECT ");
	put_items(w, op_arg(op, "columns"));
	put_from(w);
	return 0;
}

/* Columns that see those before them: a query each, the last outside. */
static int
put_set(struct sql_writer *w, const struct op *op)
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
put_rename(struct sql_writer *w, const struct op *op)
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
put_dedup(struct sql_writer *w, const struct op *op)
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
put_drop(struct sql_writer *w, const struct op *op)
{
	buf_lit(w->out, "SELECT * EXCEPT (");
	put_names(w, op_arg(op, "columns"));
	buf_addc(w->out, ')');
	put_from(w);
	return 0;
}

/* The keys of a set: a key by its number is written as the key. */
static void
put_set_keys(struct sql_writer *w, const struct node *set, const struct arg *by)
{
	buf_addc(w->out, '(');
	for (unsigned i = 0; i < set->n_args; i++) {
		const struct node *n = set->args[i];

		if (i)
			buf_lit(w->out, ", ");
		if (n->kind == NODE_LITERAL && n->value.type == T_INT &&
		    n->value.i >= 1 && n->value.i <= by->n_items)
			n = by->items[n->value.i - 1].node;
		node_print(w->out, n);
	}
	buf_addc(w->out, ')');
}

/* ROLLUP (a, b), CUBE (a, b), GROUPING SETS ((a, b), (a), ()) */
static void
put_sets(struct sql_writer *w, const struct arg *by, const struct arg *sets)
{
	const struct node *first = sets->items[0].node;

	if (sets->n_items == 1 && first->kind == NODE_NAME) {
		buf_addz(w->out,
		    node_is_name(first, "cube") ? "CUBE (" : "ROLLUP (");
		put_exprs(w, by);
	} else {
		buf_lit(w->out, "GROUPING SETS (");
		for (unsigned i = 0; i < sets->n_items; i++) {
			if (i)
				buf_lit(w->out, ", ");
			put_set_keys(w, sets->items[i].node, by);
		}
	}
	buf_addc(w->out, ')');
}

static int
put_group(struct sql_writer *w, const struct op *op)
{
	const struct arg *by = given(op, "by"), *window;
	const struct arg *select = given(op, "select");
	const struct arg *sets = given(op, "sets");

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
	if (by && sets)
		put_sets(w, by, sets);
	else if (by)
		put_exprs(w, by);
	if (window)
		put_node(w, by ? ", " : "", window);
	put_node(w, " HAVING ", op_arg(op, "having"));
	return 0;
}

static int
put_sort(struct sql_writer *w, const struct op *op)
{
	buf_lit(w->out, "SELECT *");
	put_from(w);
	buf_lit(w->out, " ORDER BY ");
	put_order(w, op_arg(op, "by"));
	put_node(w, " LIMIT ", op_arg(op, "limit"));
	return 0;
}

static int
put_limit(struct sql_writer *w, const struct op *op)
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
put_union(struct sql_writer *w, const struct op *op)
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

static int
put_setop(struct sql_writer *w, const struct op *op)
{
	const struct arg *by = op_arg(op, "by"), *keep = op_arg(op, "keep");
	struct str word = keep ? keep->items[0].name : STR("union");

	if (by && str_is(by->items[0].name, "name") && !is_aligned(op))
		return err_set(w->err, ERR_SPEC, op->where,
		    "sets of rows of different columns have no SQL form");
	for (unsigned i = 0; i < op->n_from; i++) {
		if (i)
			buf_printf(w->out, " %s%s ",
			    str_is(word, "union")    ? "UNION"
			    : str_is(word, "except") ? "EXCEPT"
						     : "INTERSECT",
			    op_flag(op, "all") ? " ALL" : "");
		buf_lit(w->out, "SELECT *");
		w->reading = op->from[i];
		put_from(w);
	}
	return 0;
}

/* The condition or value of a semi-join, its other flow as a query. */
static void
put_semi_test(struct sql_writer *w, const struct op *op, struct str mode)
{
	const struct arg *keys = given(op, "keys");

	if (keys) {
		buf_addz(w->out, keys->n_items > 1 ? "(" : "");
		put_exprs(w, keys);
		buf_addz(w->out, keys->n_items > 1 ? ") " : " ");
	}
	if (str_starts(mode, STR("not ")))
		buf_lit(w->out, "NOT ");
	if (str_ends(mode, STR("exists")))
		buf_lit(w->out, "EXISTS ");
	else if (!str_is(mode, "scalar"))
		buf_lit(w->out, "IN ");
	buf_lit(w->out, "(SELECT * FROM ");
	put_edge(w, op->from[1]);
	buf_addc(w->out, ')');
}

static int
put_semi(struct sql_writer *w, const struct op *op)
{
	const struct arg *word = op_arg(op, "mode"), *as = op_arg(op, "as");
	struct str mode = word ? word->items[0].name : STR("in");

	if (given(op, "within") || op_arg(op, "else") ||
	    (given(op, "keys") && str_ends(mode, STR("exists"))))
		return err_set(w->err, ERR_SPEC, op->where,
		    "rows that are compared with those of another flow one by "
		    "one have no SQL form");
	buf_lit(w->out, "SELECT *");
	if (as) {
		buf_lit(w->out, ", ");
		put_semi_test(w, op, mode);
		buf_lit(w->out, " AS ");
		name_print(w->out, as->items[0].name);
	}
	put_from(w);
	if (!as) {
		buf_lit(w->out, " WHERE ");
		put_semi_test(w, op, mode);
	}
	return 0;
}

static int
put_explode(struct sql_writer *w, const struct op *op)
{
	const struct arg *as = given(op, "as"), *n = op_arg(op, "ordinality");
	bool outer = op_flag(op, "outer");

	if (!as) {
		err_set(w->err, ERR_SPEC, op->where,
		    "elements in the place of their list have no SQL form");
		return err_hint(w->err, "give the element a name: as");
	}
	buf_lit(w->out, "SELECT *");
	if (is_nameless(w->plan, w->reading))
		buf_lit(w->out, " FROM t");
	else
		put_from(w);
	buf_addz(w->out, outer ? " LEFT" : " CROSS");
	put_node(w, " JOIN UNNEST(", op_arg(op, "field"));
	buf_addz(w->out, n ? ") WITH ORDINALITY AS u (" : ") AS u (");
	put_names(w, as);
	if (n) {
		buf_lit(w->out, ", ");
		name_print(w->out, n->items[0].name);
	}
	buf_addz(w->out, outer ? ") ON TRUE" : ")");
	return 0;
}

static void
put_over(struct sql_writer *w, const struct op *op)
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
put_running(struct sql_writer *w, const struct op *op)
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
put_top(struct sql_writer *w, const struct op *op)
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
put_windowed(struct sql_writer *w, const struct op *op)
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
	int (*put)(struct sql_writer *w, const struct op *op);
} forms[] = {
    {"dedup", put_dedup},
    {"drop", put_drop},
    {"explode", put_explode},
    {"group", put_group},
    {"limit", put_limit},
    {"rename", put_rename},
    {"running", put_running},
    {"select", put_select},
    {"semi", put_semi},
    {"set", put_set},
    {"setop", put_setop},
    {"sort", put_sort},
    {"top", put_top},
    {"union", put_union},
    {"where", put_where},
    {"window", put_group},
    {"windowed", put_windowed},
};

static int
put_step(struct sql_writer *w, const struct op *op)
{
	w->reading = op->from[0];
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		if (!strcmp(forms[i].kind, op->kind->name))
			return forms[i].put(w, op);
	return err_set(w->err, ERR_SPEC, op->where,
	    "the step \"%s\" has no SQL form", op->kind->name);
}

/* ---- the whole ---- */

static int
check_plan(struct sql_writer *w)
{
	const struct plan *p = w->plan;

	if (p->n_outputs != 1)
		return err_set(w->err, ERR_SPEC, (struct where){0},
		    "a spec of %u outputs has no SQL form", p->n_outputs);
	for (unsigned i = 0; i < p->n_inputs; i++) {
		if (p->inputs[i].values && p->inputs[i].used)
			return err_set(w->err, ERR_SPEC, p->inputs[i].where,
			    "constant rows are not written as SQL");
		if (p->inputs[i].n_types && p->inputs[i].used) {
			err_set(w->err, ERR_SPEC, p->inputs[i].where,
			    "types of some fields have no SQL form");
			return err_hint(w->err, "CAST in the steps, or "
						"columns instead of types");
		}
	}
	for (unsigned i = 0; i < p->n_ops; i++)
		if (name_is_used(
			p, arena_printf((struct arena *)(uintptr_t)&p->arena,
			       "s%u", i + 1)))
			return err_set(w->err, ERR_SPEC, p->ops[i].where,
			    "an input is called s%u, as this step would be",
			    i + 1);
	return 0;
}

static int
put_query(struct sql_writer *w)
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
	struct sql_writer w = {.plan = p, .out = out, .err = err};

	if (check_plan(&w))
		return -1;
	sql_put_comment(&w);
	for (unsigned i = 0; i < p->n_inputs; i++)
		if (p->inputs[i].used && sql_put_table(&w, &p->inputs[i]))
			return -1;
	return put_query(&w);
}

/* SPDX-License-Identifier: MIT */
/*
 * Calls OVER other rows, as steps.
 *
 * Every call in the select list, in ORDER BY and in QUALIFY becomes a column
 * of a step `running` before them, and its name stands where the call was.
 * Calls over the same window share a step. A column is called as the select
 * item that is nothing but the call, unless somebody means a field by that
 * name; other columns get names that nobody wrote, and go in the end.
 */
#include "base/must.h"
#include "expr/agg.h"
#include "expr/over.h"
#include "front/sql_lower.h"
#include "front/tree.h"

/* A window with everything it takes from others. */
struct over_spec {
	struct sql_exprs partition;
	struct sql_orders orders;
	struct node *frame;
	bool framed; /* some call looks at the frame */
	bool emitted;
	struct where where;
};

struct over_column {
	struct node *call; /* without OVER */
	unsigned spec;
	struct str name;
	bool shown; /* by the select item of that name */
	struct where where;
};

struct over {
	struct sql_over_job *job;
	struct arena *arena;
	struct over_spec *specs;
	unsigned n_specs;
	struct over_column *cols;
	unsigned n_cols;
};

static bool
is_over(const struct node *n, const void *arg)
{
	(void)arg;
	return n->kind == NODE_CALL && n->over;
}

bool
sql_has_over(const struct node *n)
{
	return tree_any(n, is_over, NULL);
}

/* ---- windows by name ---- */

static const struct sql_over *
window_named(const struct over *o, const struct sql_ident *id)
{
	struct str *names;

	for (unsigned i = 0; i < o->job->n_windows; i++)
		if (str_eq(o->job->windows[i].name.name, id->name))
			return o->job->windows[i].over;
	err_set(o->job->err, ERR_SPEC, id->where, "there is no window \"%.*s\"",
	    STR_ARG(id->name));
	names = arena_array(o->arena, o->job->n_windows, sizeof *names);
	for (unsigned i = 0; i < o->job->n_windows; i++)
		names[i] = o->job->windows[i].name.name;
	err_suggest(o->job->err, id->name, names, o->job->n_windows);
	return NULL;
}

/* What is there twice: in the window named, and where it is named. */
static int
check_base(const struct over *o, const struct sql_over *over,
    const struct over_spec *base)
{
	const char *what = over->partition.n		      ? "PARTITION BY"
			   : over->orders.n && base->orders.n ? "ORDER BY"
							      : NULL;

	if (base->frame && (over->orders.n || over->frame))
		what = "a frame";
	if (!what)
		return 0;
	return err_set(o->job->err, ERR_SPEC, over->where,
	    "the window \"%.*s\" says %s already", STR_ARG(over->base.name),
	    what[0] == 'a' ? "its frame" : what);
}

static int
resolve(const struct over *o, const struct sql_over *over, unsigned depth,
    struct over_spec *out)
{
	const struct sql_over *base;

	*out = (struct over_spec){.where = over->where};
	if (over->base.name.n) {
		base = window_named(o, &over->base);
		if (!base)
			return -1;
		if (base == over || depth > o->job->n_windows)
			return err_set(o->job->err, ERR_SPEC, over->base.where,
			    "the window \"%.*s\" is made of itself",
			    STR_ARG(over->base.name));
		if (resolve(o, base, depth + 1, out) ||
		    check_base(o, over, out))
			return -1;
	}
	if (over->partition.n)
		out->partition = over->partition;
	if (over->orders.n)
		out->orders = over->orders;
	if (over->frame)
		out->frame = over->frame;
	return 0;
}

/* ---- what its trees mean ---- */

static int
settle(const struct over *o, struct node **n)
{
	if (sql_has_over(*n))
		return err_set(o->job->err, ERR_SPEC, (*n)->where,
		    "OVER within OVER is not possible");
	return o->job->settle(o->job->owner, n);
}

static int
settle_spec(const struct over *o, struct over_spec *s)
{
	struct node **partition =
	    arena_array(o->arena, s->partition.n, sizeof *partition);
	struct sql_order *orders =
	    arena_array(o->arena, s->orders.n, sizeof *orders);

	for (unsigned i = 0; i < s->partition.n; i++) {
		partition[i] = s->partition.list[i];
		if (settle(o, &partition[i]))
			return -1;
	}
	for (unsigned i = 0; i < s->orders.n; i++) {
		orders[i] = s->orders.list[i];
		if (settle(o, &orders[i].node))
			return -1;
	}
	s->partition.list = partition;
	s->orders.list = orders;
	return 0;
}

static bool
same_order(const struct over_spec *a, const struct over_spec *b)
{
	if (a->partition.n != b->partition.n || a->orders.n != b->orders.n)
		return false;
	for (unsigned i = 0; i < a->partition.n; i++)
		if (!node_eq(a->partition.list[i], b->partition.list[i]))
			return false;
	for (unsigned i = 0; i < a->orders.n; i++) {
		const struct sql_order *x = &a->orders.list[i];
		const struct sql_order *y = &b->orders.list[i];

		if (!node_eq(x->node, y->node) ||
		    x->descending != y->descending ||
		    x->nulls_first != y->nulls_first)
			return false;
	}
	return true;
}

static bool
same_frame(const struct over_spec *a, const struct over_spec *b)
{
	if (!a->framed || !b->framed)
		return true;
	return a->frame && b->frame ? node_eq(a->frame, b->frame)
				    : a->frame == b->frame;
}

/* Functions by place among the rows do not look at the frame. */
static bool
looks_at_frame(const struct node *call)
{
	const struct over_fn *f = over_fn_find(call->name);

	return !f || f->framed;
}

static unsigned
spec_number(struct over *o, const struct over_spec *s)
{
	struct over_spec *at;

	for (unsigned i = 0; i < o->n_specs; i++) {
		at = &o->specs[i];
		if (!same_order(at, s) || !same_frame(at, s))
			continue;
		if (s->framed && !at->framed) {
			at->framed = true;
			at->frame = s->frame;
		}
		return i;
	}
	at = plan_more(o->job->plan, &o->specs, &o->n_specs, sizeof *at);
	*at = *s;
	return o->n_specs - 1;
}

/* ---- finding the calls ---- */

static struct over_column *
find_column(const struct over *o, const struct node *call, unsigned spec)
{
	for (unsigned i = 0; i < o->n_cols; i++)
		if (o->cols[i].spec == spec && node_eq(o->cols[i].call, call))
			return &o->cols[i];
	return NULL;
}

static int
check_call(const struct over *o, const struct node *n)
{
	struct str *names;
	unsigned n_names = 0;

	for (unsigned i = 0; i < n->n_args; i++)
		if (sql_has_over(n->args[i]))
			return err_set(o->job->err, ERR_SPEC, n->args[i]->where,
			    "OVER within OVER is not possible");
	if (over_is_call(n))
		return 0;
	err_set(o->job->err, ERR_SPEC, n->name_at,
	    "%.*s is no function over other rows", STR_ARG(n->name));
	names = arena_array(o->arena, n_over_fns + n_aggs, sizeof *names);
	for (unsigned i = 0; i < n_over_fns; i++)
		names[n_names++] = str_of(over_fns[i].name);
	for (unsigned i = 0; i < n_aggs; i++)
		names[n_names++] = str_of(aggs[i]->name);
	return err_suggest(o->job->err, n->name, names, n_names);
}

/* The column of a call, made when it is met for the first time. */
static struct over_column *
column_of(struct over *o, const struct node *n)
{
	struct over_spec spec;
	struct node *call;
	struct over_column *c;
	unsigned number;

	if (check_call(o, n) || resolve(o, n->over, 0, &spec) ||
	    settle_spec(o, &spec))
		return NULL;
	call = arena_alloc(o->arena, sizeof *call);
	*call = *n;
	call->over = NULL;
	spec.framed = looks_at_frame(n);
	number = spec_number(o, &spec);
	c = find_column(o, call, number);
	if (c)
		return c;
	c = plan_more(o->job->plan, &o->cols, &o->n_cols, sizeof *c);
	*c = (struct over_column){
	    .call = call, .spec = number, .where = n->where};
	return c;
}

static struct node *
note_call(struct tree_edit *edit, struct node *n, bool in_aggregate)
{
	(void)in_aggregate;
	if (!is_over(n, NULL))
		return NULL;
	edit->failed = !column_of(edit->owner, n);
	return edit->failed ? NULL : n;
}

/* By the time names are given, all calls are known. */
static struct node *
replace_call(struct tree_edit *edit, struct node *n, bool in_aggregate)
{
	const struct over_column *c;

	(void)in_aggregate;
	if (!is_over(n, NULL))
		return NULL;
	c = column_of(edit->owner, n);
	must(c);
	return node_name(edit->arena, c->name, n->where);
}

/* Runs over all trees of the query. */
static int
change_all(struct over *o,
    struct node *(*replace)(struct tree_edit *, struct node *, bool))
{
	struct sql_over_job *job = o->job;
	struct tree_edit edit = {
	    .replace = replace, .arena = o->arena, .err = job->err, .owner = o};

	for (unsigned i = 0; i < *job->n_items; i++) {
		struct sql_item *item = &job->items[i];

		item->node = tree_change(&edit, item->node);
		if (!item->node)
			return -1;
		if (item->node->kind == NODE_NAME)
			item->alias = !str_eq(
			    item->name, node_alias(item->node, o->arena));
	}
	for (unsigned i = 0; i < job->n_orders; i++)
		if (job->orders[i].node && !(job->orders[i].node = tree_change(
						 &edit, job->orders[i].node)))
			return -1;
	if (job->qualify && !(job->qualify = tree_change(&edit, job->qualify)))
		return -1;
	return 0;
}

/* ---- names ---- */

/* True if some tree means a field by this name. */
static bool
is_meant(const struct over *o, struct str name)
{
	const struct sql_over_job *job = o->job;

	for (unsigned i = 0; i < *job->n_items; i++)
		if (tree_names(job->items[i].node, name))
			return true;
	if (job->qualify && tree_names(job->qualify, name))
		return true;
	for (unsigned i = 0; i < o->n_cols; i++)
		if (tree_names(o->cols[i].call, name))
			return true;
	for (unsigned i = 0; i < o->n_specs; i++) {
		const struct over_spec *s = &o->specs[i];

		for (unsigned k = 0; k < s->partition.n; k++)
			if (tree_names(s->partition.list[k], name))
				return true;
		for (unsigned k = 0; k < s->orders.n; k++)
			if (tree_names(s->orders.list[k].node, name))
				return true;
	}
	return false;
}

static bool
is_taken(const struct over *o, struct str name)
{
	for (unsigned i = 0; i < *o->job->n_items; i++)
		if (o->job->items[i].node->kind != NODE_STAR &&
		    str_eq(o->job->items[i].name, name))
			return true;
	for (unsigned i = 0; i < o->n_cols; i++)
		if (o->cols[i].name.n && str_eq(o->cols[i].name, name))
			return true;
	return is_meant(o, name);
}

static struct str
free_name(const struct over *o, struct str function)
{
	struct str name = arena_printf(o->arena, "_%.*s", STR_ARG(function));

	for (unsigned i = 2; is_taken(o, name); i++)
		name = arena_printf(o->arena, "_%.*s_%u", STR_ARG(function), i);
	return name;
}

static void
give_names(struct over *o)
{
	const struct sql_over_job *job = o->job;

	for (unsigned i = 0; i < *job->n_items; i++) {
		const struct sql_item *item = &job->items[i];
		struct over_column *c;

		if (!is_over(item->node, NULL) || is_meant(o, item->name))
			continue;
		c = column_of(o, item->node);
		must(c);
		if (!c->name.n) {
			c->name = item->name;
			c->shown = true;
		}
	}
	for (unsigned i = 0; i < o->n_cols; i++)
		if (!o->cols[i].name.n)
			o->cols[i].name = free_name(o, o->cols[i].call->name);
}

/* ---- steps ---- */

static void
order_arg(struct over *o, struct op *op, const struct over_spec *s)
{
	struct arg *arg = plan_arg(
	    o->job->plan, op, "order", s->orders.n, s->orders.list[0].where);

	for (unsigned i = 0; i < s->orders.n; i++)
		arg->items[i] =
		    (struct arg_item){.node = s->orders.list[i].node,
			.descending = s->orders.list[i].descending,
			.nulls_first = s->orders.list[i].nulls_first,
			.where = s->orders.list[i].where};
}

static unsigned
count_columns(const struct over *o, unsigned spec)
{
	unsigned n = 0;

	for (unsigned i = 0; i < o->n_cols; i++)
		n += o->cols[i].spec == spec;
	return n;
}

static void
running_step(struct over *o, unsigned number)
{
	const struct over_spec *s = &o->specs[number];
	struct plan *p = o->job->plan;
	struct op *op = plan_add(p, op_kind_find(STR("running")), s->where);
	unsigned n = 0;
	struct arg *arg =
	    plan_arg(p, op, "select", count_columns(o, number), s->where);

	for (unsigned i = 0; i < o->n_cols; i++) {
		const struct over_column *c = &o->cols[i];

		if (c->spec != number)
			continue;
		arg->items[n++] = (struct arg_item){.node = c->call,
		    .name = c->name,
		    .alias = !str_eq(c->name, node_alias(c->call, o->arena)),
		    .where = c->where};
	}
	if (s->partition.n) {
		arg = plan_arg(
		    p, op, "by", s->partition.n, s->partition.list[0]->where);
		for (unsigned i = 0; i < s->partition.n; i++)
			arg->items[i] =
			    (struct arg_item){.node = s->partition.list[i],
				.where = s->partition.list[i]->where};
	}
	if (s->orders.n)
		order_arg(o, op, s);
	if (s->framed && s->frame) {
		arg = plan_arg(p, op, "frame", 1, s->frame->where);
		arg->items[0] = (struct arg_item){
		    .node = s->frame, .where = s->frame->where};
	}
}

/* True if a column is asked for nowhere but in QUALIFY. */
static bool
is_hidden(const struct over *o, const struct over_column *c)
{
	const struct sql_over_job *job = o->job;

	if (c->shown)
		return false;
	for (unsigned i = 0; i < *job->n_items; i++)
		if (tree_names(job->items[i].node, c->name))
			return false;
	for (unsigned i = 0; i < job->n_orders; i++)
		if (job->orders[i].node &&
		    tree_names(job->orders[i].node, c->name))
			return false;
	return true;
}

static void
qualify_step(struct over *o)
{
	struct plan *p = o->job->plan;
	struct over_column *last = NULL;
	struct node *rest;
	struct arg *arg;
	bool hidden;

	for (unsigned i = 0; i < o->n_cols; i++)
		if (o->cols[i].spec == o->n_specs - 1)
			last = &o->cols[i];
	hidden = last && is_hidden(o, last);
	if (sql_top(p, o->job->floor, o->job->qualify, hidden, &rest) && hidden)
		last->shown = true; /* it is no column any more */
	if (!rest)
		return;
	arg = plan_arg(p, plan_add(p, op_kind_find(STR("where")), rest->where),
	    "condition", 1, rest->where);
	arg->items[0] = (struct arg_item){.node = rest, .where = rest->where};
}

/* Columns nobody asked to see. */
static void
note_hidden(struct over *o)
{
	struct sql_over_job *job = o->job;
	struct sql_ident *at;

	for (unsigned i = 0; i < o->n_cols; i++) {
		if (o->cols[i].shown)
			continue;
		at = plan_more(
		    job->plan, &job->hidden.list, &job->hidden.n, sizeof *at);
		*at = (struct sql_ident){o->cols[i].name, o->cols[i].where};
	}
}

/*
 * SELECT *, and then the new columns as they were made: the steps give that by
 * themselves.
 */
static void
leave_out_items(struct over *o)
{
	struct sql_over_job *job = o->job;
	unsigned k = 1;

	if (!o->n_cols || *job->n_items < 2 ||
	    job->items[0].node->kind != NODE_STAR || job->items[0].node->path.n)
		return;
	for (unsigned s = 0; s < o->n_specs; s++)
		for (unsigned i = 0; i < o->n_cols; i++) {
			const struct over_column *c = &o->cols[i];

			if (c->spec != s || !c->shown)
				continue;
			if (k == *job->n_items ||
			    !str_eq(job->items[k].name, c->name) ||
			    job->items[k].node->kind != NODE_NAME)
				return;
			k++;
		}
	if (k == *job->n_items)
		*job->n_items = 1;
}

int
sql_over_steps(struct sql_over_job *job)
{
	struct over o = {.job = job, .arena = &job->plan->arena};

	if (change_all(&o, note_call))
		return -1;
	give_names(&o);
	if (change_all(&o, replace_call))
		return -1;
	for (unsigned i = 0; i < o.n_specs; i++)
		running_step(&o, i);
	leave_out_items(&o);
	if (job->qualify)
		qualify_step(&o);
	note_hidden(&o);
	return 0;
}

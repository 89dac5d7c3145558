/* SPDX-License-Identifier: MIT */
/*
 * Groups whose rows are asked for more than a grouping step can give: OVER,
 * QUALIFY, or a query in HAVING or the select list. The step gives the keys
 * and the aggregates alone, and everything else is a SELECT over its rows.
 */
#include "front/sql_group.h"
#include "front/tree.h"

static bool
needs_stage(const struct node *n)
{
	return n && (sql_has_over(n) || sql_has_query(n));
}

bool
sql_group_is_staged(const struct group_plan *g)
{
	const struct sql_block *b = g->b;

	if (b->sel.qualify || b->limit_by.n || b->sel.distinct_on.n ||
	    needs_stage(b->sel.having))
		return true;
	for (unsigned i = 0; i < b->sel.n_items; i++)
		if (needs_stage(b->sel.items[i].node))
			return true;
	for (unsigned i = 0; i < b->orders.n; i++)
		if (needs_stage(b->orders.list[i].node))
			return true;
	return false;
}

/* ---- trees over the step's rows ---- */

static struct node *staged(struct group_plan *g, struct node *n);

static int
stage_list(struct group_plan *g, struct sql_exprs *e)
{
	struct sql_exprs to = {
	    arena_array(g->b->s->arena, e->n, sizeof *to.list), e->n};

	for (unsigned i = 0; i < e->n; i++)
		if (!(to.list[i] = staged(g, e->list[i])))
			return -1;
	*e = to;
	return 0;
}

static int
stage_orders(struct group_plan *g, struct sql_orders *o)
{
	struct sql_orders to = {
	    arena_array(g->b->s->arena, o->n, sizeof *to.list), o->n};

	for (unsigned i = 0; i < o->n; i++) {
		to.list[i] = o->list[i];
		if (o->list[i].node &&
		    !(to.list[i].node = staged(g, o->list[i].node)))
			return -1;
	}
	*o = to;
	return 0;
}

static struct sql_over *
stage_over(struct group_plan *g, const struct sql_over *over)
{
	struct sql_over *new = arena_alloc(g->b->s->arena, sizeof *new);

	*new = *over;
	return stage_list(g, &new->partition) || stage_orders(g, &new->orders)
		   ? NULL
		   : new;
}

/* A call OVER: its arguments and its window are over the step's rows. */
static struct node *
stage_call(struct tree_edit *edit, const struct node *n)
{
	struct group_plan *g = edit->owner;
	struct node *new = arena_alloc(edit->arena, sizeof *new);
	struct sql_exprs args = {n->args, n->n_args};

	*new = *n;
	new->over = stage_over(g, n->over);
	if (!new->over || stage_list(g, &args) ||
	    (n->filter && !(new->filter = staged(g, n->filter)))) {
		edit->failed = true;
		return NULL;
	}
	new->args = args.list;
	return new;
}

/* The step's column of an aggregate. */
static struct node *
aggregate_column(struct group_plan *g, struct node *n)
{
	struct arena *a = g->b->s->arena;
	struct str name;

	for (unsigned i = 0; i < g->n_select; i++)
		if (node_eq(g->select[i].node, n))
			return node_name(a, g->select[i].name, n->where);
	name = sql_group_name(g, node_alias(n, a));
	sql_group_select(g, n, name, n->where);
	return node_name(a, name, n->where);
}

/* Calls that only a grouping step knows. */
static bool
is_aggregate(const struct node *n)
{
	struct node alone = *n;

	if (n->kind != NODE_CALL || n->over)
		return false;
	if (str_is(n->name, "grouping") || str_is(n->name, "grouping_id") ||
	    str_is(n->name, "group_id"))
		return true;
	alone.n_args = 0;
	return node_has_aggregate(&alone);
}

static struct node *
stage_node(struct tree_edit *edit, struct node *n, bool in_aggregate)
{
	struct group_plan *g = edit->owner;
	const struct group_key *key = sql_group_key(g, n);

	(void)in_aggregate;
	if (key)
		return node_name(edit->arena, key->name, n->where);
	if (sql_group_edge(g, n))
		return n;
	if (n->kind == NODE_CALL && n->over)
		return stage_call(edit, n);
	if (is_aggregate(n) && sql_has_query(n)) {
		err_set(edit->err, ERR_SPEC, n->where,
		    "a query within an aggregate is not possible");
		err_hint(edit->err, "make it a column in a query of its own: "
				    "FROM (SELECT …, (SELECT …) AS x)");
		edit->failed = true;
		return NULL;
	}
	if (is_aggregate(n))
		return aggregate_column(g, n);
	if (n->kind != NODE_NAME)
		return NULL;
	err_set(edit->err, ERR_SPEC, n->where,
	    "\"%.*s\" is neither a key of GROUP BY nor in an aggregate",
	    STR_ARG(n->path.steps[0].name));
	edit->failed = true;
	return NULL;
}

static struct node *
staged(struct group_plan *g, struct node *n)
{
	struct tree_edit edit = {.replace = stage_node,
	    .arena = g->b->s->arena,
	    .err = g->b->s->err,
	    .owner = g};

	return tree_change(&edit, n);
}

/* ---- the SELECT over them ---- */

static bool
is_own(const void *arg, const struct node *n)
{
	const struct group_plan *g = arg;

	return sql_group_key(g, n) || sql_group_edge(g, n);
}

static int
stage_condition(struct group_plan *g, struct node **n)
{
	if (!*n)
		return 0;
	*n = sql_write_out(g->b, *n, is_own, g);
	if (*n)
		*n = staged(g, *n);
	return *n ? 0 : -1;
}

static int
stage_items(struct group_plan *g, struct sql_block *b)
{
	for (unsigned i = 0; i < b->sel.n_items; i++) {
		struct sql_item *item = &b->sel.items[i];

		item->node = staged(g, item->node);
		if (!item->node)
			return -1;
		item->alias =
		    !str_eq(item->name, node_alias(item->node, b->s->arena));
		item->aggregate = false;
	}
	return 0;
}

/* ORDER BY: what is no column of the result is made from the groups. */
static int
stage_order(struct group_plan *g, struct sql_block *b)
{
	for (unsigned i = 0; i < b->orders.n; i++) {
		struct sql_order *o = &b->orders.list[i];

		if (o->all || o->node->kind == NODE_LITERAL ||
		    (o->node->kind == NODE_NAME && o->node->path.n == 1 &&
			sql_item_named(g->b, o->node->path.steps[0].name)))
			continue;
		if (stage_condition(g, &o->node))
			return -1;
	}
	return 0;
}

static void
rows_of(const struct group_plan *g, struct sql_rel *r)
{
	struct sql *s = g->b->s;

	*r = (struct sql_rel){.updates = g->b->rel.updates};
	if (g->window) {
		sql_rel_add(s, r, STR("window_start"));
		sql_rel_add(s, r, STR("window_end"));
	}
	for (unsigned i = 0; i < g->n_keys; i++)
		sql_rel_add(s, r, g->keys[i].name);
	for (unsigned i = 0; i < g->n_select; i++)
		sql_rel_add(s, r, g->select[i].name);
}

/* The short spelling shows the window, if nothing else does. */
static void
show_window(struct group_plan *g, struct sql_block *b)
{
	struct sql_item *list;
	unsigned n = b->sel.n_items;

	if (!g->window || g->exact)
		return;
	list = arena_zalloc(b->s->arena, (n + 2) * sizeof *list);
	for (unsigned i = 0; i < 2; i++) {
		list[i].name = i ? STR("window_end") : STR("window_start");
		list[i].where = b->sel.at;
		list[i].node = node_name(b->s->arena, list[i].name, b->sel.at);
	}
	memcpy(list + 2, b->sel.items, n * sizeof *list);
	b->sel.items = list;
	b->sel.n_items = n + 2;
}

int
sql_group_staged(struct group_plan *g)
{
	struct sql_block b = *g->b;
	struct sql_select *sel = &b.sel;

	sel->items = arena_array(b.s->arena, sel->n_items, sizeof *sel->items);
	memcpy(sel->items, g->b->sel.items, sel->n_items * sizeof *sel->items);
	b.orders.list =
	    arena_array(b.s->arena, b.orders.n, sizeof *b.orders.list);
	if (b.orders.n)
		memcpy(b.orders.list, g->b->orders.list,
		    b.orders.n * sizeof *b.orders.list);
	if (stage_order(g, &b) || stage_condition(g, &sel->having) ||
	    stage_condition(g, &sel->qualify) ||
	    stage_list(g, &sel->distinct_on) || stage_list(g, &b.limit_by) ||
	    stage_items(g, &b))
		return -1;
	for (unsigned i = 0; i < sel->n_windows; i++)
		if (!(sel->windows[i].over =
			    stage_over(g, sel->windows[i].over)))
			return -1;
	show_window(g, &b);
	sql_group_step(g);
	rows_of(g, &b.rel);
	sel->group_at = (struct where){0};
	sel->n_groups = 0;
	if (sel->having && sql_sub_condition(&b, sel->having, &sel->having))
		return -1;
	if (sel->having)
		sql_step(
		    b.s, "where", "condition", sel->having, sel->having->where);
	sel->having = NULL;
	return sql_plain_steps(&b);
}

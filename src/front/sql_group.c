/* SPDX-License-Identifier: MIT */
/*
 * GROUP BY, HAVING and the select list over groups, as steps.
 *
 * The step `window` gives window_start, window_end, its keys and what its
 * `select` says; `group` the same without the first two. A `select` step
 * follows only if the query wants something else.
 *
 * Windows in the short spelling (GROUP BY path, tumble(5m)) give window_start
 * and window_end first when the select list mentions neither; when it mentions
 * one, and in Flink's spellings, the result is exactly the select list.
 */
#include "base/must.h"
#include "front/sql.h"
#include "front/tree.h"

struct group_key {
	struct node *node;
	struct str name;
	bool named; /* by a select item */
	struct where where;
};

/* A column the step makes, or shows: what of it, and its name in the end. */
struct group_column {
	struct node *node;
	struct str name;
	struct where where;
};

struct group_plan {
	struct sql_query *q;
	struct node *window; /* NULL: one group over everything per key */
	bool exact;	     /* nothing is shown but the select list */
	bool edges[2];	     /* GROUP BY names window_start, window_end */
	struct group_key *keys;
	unsigned n_keys;
	struct group_column *select; /* of the step, in order */
	unsigned n_select;
	struct group_column *result; /* node: the step's column */
	unsigned n_result;
	struct node *having;
	struct node **orders;
};

bool
sql_is_grouped(const struct sql_query *q)
{
	if (q->group_at.src || q->having || q->distinct || q->tvf.window)
		return true;
	for (unsigned i = 0; i < q->n_items; i++)
		if (q->items[i].aggregate)
			return true;
	for (unsigned i = 0; i < q->n_orders; i++)
		if (node_has_aggregate(q->orders[i].node))
			return true;
	return false;
}

/* ---- keys ---- */

static struct group_key *
find_key(const struct group_plan *g, const struct node *n)
{
	for (unsigned i = 0; i < g->n_keys; i++)
		if (node_eq(g->keys[i].node, n))
			return &g->keys[i];
	return NULL;
}

static int
add_key(struct group_plan *g, struct node *n, struct where where)
{
	struct group_key *key;

	if (node_has_aggregate(n))
		return err_set(
		    g->q->err, ERR_SPEC, where, "an aggregate cannot be a key");
	if (find_key(g, n))
		return 0;
	key = plan_more(g->q->plan, &g->keys, &g->n_keys, sizeof *key);
	*key = (struct group_key){.node = n, .where = where};
	return 0;
}

/* Durations of a window are written 5m, however the query spelt them. */
static struct node *
short_duration(struct tree_edit *edit, struct node *n, bool in_aggregate)
{
	struct node *new;

	(void)in_aggregate;
	if (n->kind != NODE_LITERAL || n->value.type != T_DURATION)
		return NULL;
	new = arena_alloc(edit->arena, sizeof *new);
	*new = *n;
	new->duration_text = true;
	return new;
}

/* TUMBLE(ts, size), Flink's group windows: the first argument is a field. */
static int
legacy_window(struct group_plan *g)
{
	struct node *n = g->window, *new;

	if (!n->n_args || n->args[0]->kind != NODE_NAME)
		return 0;
	if (sql_set_time(g->q, n->args[0]))
		return -1;
	new = arena_alloc(&g->q->plan->arena, sizeof *new);
	*new = *n;
	new->args++;
	new->n_args--;
	g->window = new;
	return 0;
}

static int
set_window(struct group_plan *g, struct node *n)
{
	struct tree_edit edit = {.replace = short_duration,
	    .arena = &g->q->plan->arena,
	    .err = g->q->err};

	if (g->window)
		return err_set(g->q->err, ERR_SPEC, n->where,
		    "a query has one window, and there is one already");
	g->window = tree_change(&edit, n);
	return g->window ? legacy_window(g) : -1;
}

/* GROUP BY ALL: everything in the select list that is no aggregate. */
static int
add_all(struct group_plan *g)
{
	const struct sql_query *q = g->q;

	for (unsigned i = 0; i < q->n_items; i++) {
		struct node *n = q->items[i].node;

		if (q->items[i].aggregate || sql_names_edge(n) ||
		    n->kind == NODE_STAR)
			continue;
		if (add_key(g, n, q->items[i].where))
			return -1;
	}
	return 0;
}

static int
add_group(struct group_plan *g, const struct sql_group *group)
{
	const struct sql_item *item;
	struct node *n = group->node;
	bool bad;

	if (!n)
		return add_all(g);
	item = sql_ordinal(g->q, n, &bad);
	if (bad)
		return -1;
	if (item)
		n = item->node;
	if (window_is(n))
		return set_window(g, n);
	if (node_is_name(n, "window_start"))
		g->edges[0] = true;
	else if (node_is_name(n, "window_end"))
		g->edges[1] = true;
	else
		return add_key(g, n, group->where);
	return 0;
}

/* window_start and window_end without a window are fields like others. */
static int
settle_edges(struct group_plan *g)
{
	struct sql_query *q = g->q;

	for (unsigned i = 0; i < q->n_groups; i++) {
		struct node *n = q->groups[i].node;

		if (n && !g->window &&
		    (node_is_name(n, "window_start") ||
			node_is_name(n, "window_end")) &&
		    add_key(g, n, q->groups[i].where))
			return -1;
	}
	return 0;
}

/* ---- Flink's window functions in FROM ---- */

/* Sessions are per key: the partition must be the keys. */
static int
check_partition(const struct group_plan *g)
{
	const struct sql_tvf *t = &g->q->tvf;
	bool same = t->n_partition == g->n_keys;

	if (!str_is(t->window->name, "session"))
		return 0;
	for (unsigned i = 0; i < t->n_partition; i++)
		same &= find_key(g, t->partition[i]) != NULL;
	if (same)
		return 0;
	err_set(g->q->err, ERR_SPEC, t->where,
	    "the sessions' PARTITION BY differs from the keys of GROUP BY");
	return err_hint(
	    g->q->err, "sessions are per key: name the same keys in both");
}

static int
tvf_window(struct group_plan *g)
{
	const struct sql_tvf *t = &g->q->tvf;

	if (!t->window)
		return 0;
	if (g->window)
		return err_set(g->q->err, ERR_SPEC, g->window->where,
		    "FROM says already which window it is");
	if (!g->edges[0] || !g->edges[1]) {
		err_set(g->q->err, ERR_SPEC,
		    g->q->group_at.src ? g->q->group_at : t->where,
		    "a window in FROM needs GROUP BY window_start, "
		    "window_end");
		return err_hint(g->q->err,
		    "or shorter, without it in FROM: GROUP BY tumble(5m)");
	}
	g->exact = true;
	if (set_window(g, t->window) || sql_set_time(g->q, t->time))
		return -1;
	return check_partition(g);
}

/* ---- all of GROUP BY ---- */

static int
read_distinct(struct group_plan *g)
{
	const struct sql_query *q = g->q;

	if (q->group_at.src || q->having || q->tvf.window)
		return err_set(q->err, ERR_SPEC, q->distinct_at,
		    "DISTINCT with GROUP BY is not supported yet");
	for (unsigned i = 0; i < q->n_items; i++) {
		const struct sql_item *item = &q->items[i];

		if (item->node->kind == NODE_STAR)
			return err_set(q->err, ERR_SPEC, item->where,
			    "SELECT DISTINCT * is not supported yet");
		if (item->aggregate)
			return err_set(q->err, ERR_SPEC, q->distinct_at,
			    "DISTINCT of aggregates is not supported yet");
		if (add_key(g, item->node, item->where))
			return -1;
	}
	return 0;
}

static int
read_groups(struct group_plan *g)
{
	const struct sql_query *q = g->q;

	if (q->distinct)
		return read_distinct(g);
	for (unsigned i = 0; i < q->n_items; i++)
		if (q->items[i].node->kind == NODE_STAR) {
			err_set(q->err, ERR_SPEC, q->items[i].where,
			    "* has no place beside groups");
			return err_hint(q->err, "name the keys and aggregates");
		}
	for (unsigned i = 0; i < q->n_groups; i++)
		if (add_group(g, &q->groups[i]))
			return -1;
	if (tvf_window(g))
		return -1;
	if (g->window && str_is(g->window->name, "all") && !g->window->n_args)
		g->window = NULL;
	for (unsigned i = 0; i < q->n_items; i++)
		g->exact |= sql_names_edge(q->items[i].node);
	return settle_edges(g);
}

/* ---- names of the step's columns ---- */

static bool
is_taken(const struct group_plan *g, struct str name)
{
	if (str_is(name, "window_start") || str_is(name, "window_end") ||
	    sql_item_named(g->q, name))
		return true;
	for (unsigned i = 0; i < g->n_keys; i++)
		if (str_eq(g->keys[i].name, name))
			return true;
	for (unsigned i = 0; i < g->n_select; i++)
		if (str_eq(g->select[i].name, name))
			return true;
	return false;
}

static struct str
free_name(const struct group_plan *g, struct str want)
{
	struct str name = want;

	for (unsigned i = 2; is_taken(g, name); i++)
		name = arena_printf(
		    &g->q->plan->arena, "%.*s_%u", STR_ARG(want), i);
	return name;
}

/* A key is called as the first select item that is the key. */
static void
name_keys(struct group_plan *g)
{
	const struct sql_query *q = g->q;

	for (unsigned i = 0; i < q->n_items; i++) {
		struct group_key *key = find_key(g, q->items[i].node);

		if (!key || key->named)
			continue;
		key->name = q->items[i].name;
		key->named = true;
	}
	for (unsigned i = 0; i < g->n_keys; i++)
		if (!g->keys[i].named)
			g->keys[i].name = free_name(
			    g, node_alias(g->keys[i].node, &q->plan->arena));
}

/* ---- the select list ---- */

static struct group_column *
add_column(struct group_plan *g, bool result, struct node *n, struct str name,
    struct where where)
{
	struct group_column *c =
	    result ? plan_more(g->q->plan, &g->result, &g->n_result, sizeof *c)
		   : plan_more(g->q->plan, &g->select, &g->n_select, sizeof *c);

	*c = (struct group_column){n, name, where};
	return c;
}

static void
show(struct group_plan *g, struct str column, struct str name,
    struct where where)
{
	add_column(
	    g, true, node_name(&g->q->plan->arena, column, where), name, where);
}

static bool
is_edge(const struct group_plan *g, const struct node *n)
{
	return g->window && (node_is_name(n, "window_start") ||
				node_is_name(n, "window_end"));
}

static int
add_items(struct group_plan *g)
{
	const struct sql_query *q = g->q;

	if (g->window && !g->exact) {
		show(g, STR("window_start"), STR("window_start"), q->select_at);
		show(g, STR("window_end"), STR("window_end"), q->select_at);
	}
	for (unsigned i = 0; i < q->n_items; i++) {
		const struct sql_item *item = &q->items[i];
		const struct group_key *key = find_key(g, item->node);
		struct str column = item->name;

		if (sql_item_named(q, item->name) != item)
			return err_set(q->err, ERR_SPEC, item->where,
			    "there are two columns named \"%.*s\"",
			    STR_ARG(item->name));
		if (key)
			column = key->name;
		else if (is_edge(g, item->node))
			column = item->node->path.steps[0].name;
		else
			add_column(g, false, item->node, column, item->where);
		show(g, column, item->name, item->where);
	}
	return 0;
}

/* ---- HAVING and ORDER BY ---- */

/* Names of keys and of the window's edges stay; other names are the list's. */
static bool
is_own(const void *arg, const struct node *n)
{
	const struct group_plan *g = arg;

	return find_key(g, n) || is_edge(g, n);
}

/* The step's column that an ORDER BY entry means; made if there is none. */
static struct node *
order_column(struct group_plan *g, const struct sql_order *o)
{
	struct arena *a = &g->q->plan->arena;
	const struct group_key *key;
	const struct sql_item *item;
	struct node *n = o->node;
	struct str name;
	bool bad;

	item = sql_ordinal(g->q, n, &bad);
	if (bad)
		return NULL;
	n = item ? item->node : sql_write_out(g->q, n, is_own, g);
	if (!n)
		return NULL;
	if (is_edge(g, n))
		return n;
	key = find_key(g, n);
	if (key)
		return node_name(a, key->name, o->where);
	for (unsigned i = 0; i < g->n_select; i++)
		if (node_eq(g->select[i].node, n))
			return node_name(a, g->select[i].name, o->where);
	name = free_name(g, node_alias(n, a));
	add_column(g, false, n, name, o->where);
	return node_name(a, name, o->where);
}

static int
read_having_and_order(struct group_plan *g)
{
	struct sql_query *q = g->q;

	if (q->having && !(g->having = sql_write_out(q, q->having, is_own, g)))
		return -1;
	g->orders =
	    arena_array(&q->plan->arena, q->n_orders, sizeof *g->orders);
	for (unsigned i = 0; i < q->n_orders; i++)
		if (!(g->orders[i] = order_column(g, &q->orders[i])))
			return -1;
	return 0;
}

/* ---- steps ---- */

static bool
is_alias(const struct group_plan *g, const struct node *n, struct str name)
{
	return !str_eq(name, node_alias(n, &g->q->plan->arena));
}

static void
fill(const struct group_plan *g, struct arg_item *item, struct node *n,
    struct str name, struct where where)
{
	*item = (struct arg_item){.node = n,
	    .name = name,
	    .alias = is_alias(g, n, name),
	    .where = where};
}

static void
group_step(struct group_plan *g)
{
	struct sql_query *q = g->q;
	struct plan *p = q->plan;
	struct where at = q->group_at.src ? q->group_at : q->select_at;
	const struct op_kind *kind =
	    op_kind_find(g->window ? STR("window") : STR("group"));
	struct op *op;
	struct arg *arg;

	must(kind);
	op = plan_add(p, kind, at);
	if (g->window) {
		arg = plan_arg(p, op, "window", 1, g->window->where);
		arg->items[0] = (struct arg_item){
		    .node = g->window, .where = g->window->where};
	}
	if (g->n_keys) {
		arg = plan_arg(p, op, "by", g->n_keys, at);
		for (unsigned i = 0; i < g->n_keys; i++)
			fill(g, &arg->items[i], g->keys[i].node,
			    g->keys[i].name, g->keys[i].where);
	}
	if (g->n_select) {
		arg = plan_arg(p, op, "select", g->n_select, q->select_at);
		for (unsigned i = 0; i < g->n_select; i++)
			fill(g, &arg->items[i], g->select[i].node,
			    g->select[i].name, g->select[i].where);
	}
	if (g->having) {
		arg = plan_arg(p, op, "having", 1, g->having->where);
		arg->items[0] = (struct arg_item){
		    .node = g->having, .where = g->having->where};
	}
}

/* Is the result what the step gives by itself? */
static bool
is_natural(const struct group_plan *g)
{
	unsigned edges = g->window ? 2 : 0, n = edges + g->n_keys;

	if (g->n_result != n + g->n_select)
		return false;
	for (unsigned i = 0; i < g->n_result; i++) {
		const struct group_column *c = &g->result[i];
		struct str own =
		    i < edges ? (i ? STR("window_end") : STR("window_start"))
		    : i < n   ? g->keys[i - edges].name
			      : g->select[i - n].name;

		if (!str_eq(c->name, own) ||
		    !str_eq(c->node->path.steps[0].name, own))
			return false;
	}
	return true;
}

static void
result_step(struct group_plan *g)
{
	struct sql_query *q = g->q;
	struct op *op;
	struct arg *arg;

	if (is_natural(g))
		return;
	op = plan_add(q->plan, op_kind_find(STR("select")), q->select_at);
	arg = plan_arg(q->plan, op, "columns", g->n_result, q->select_at);
	for (unsigned i = 0; i < g->n_result; i++)
		fill(g, &arg->items[i], g->result[i].node, g->result[i].name,
		    g->result[i].where);
}

static int
refuse_over(const struct sql_query *q)
{
	const struct node *n = q->qualify;

	for (unsigned i = 0; !n && i < q->n_items; i++)
		if (sql_has_over(q->items[i].node))
			n = q->items[i].node;
	for (unsigned i = 0; !n && i < q->n_orders; i++)
		if (sql_has_over(q->orders[i].node))
			n = q->orders[i].node;
	if (!n && q->limit_by.n)
		n = q->limit_by.list[0];
	return n ? err_set(q->err, ERR_SPEC, n->where,
		       "OVER, QUALIFY and LIMIT BY of groups are not "
		       "supported yet")
		 : 0;
}

int
sql_group_steps(struct sql_query *q)
{
	struct group_plan g = {.q = q};

	if (refuse_over(q))
		return -1;
	if (read_groups(&g))
		return -1;
	name_keys(&g);
	if (add_items(&g) || read_having_and_order(&g))
		return -1;
	group_step(&g);
	sql_order_steps(q, g.orders);
	result_step(&g);
	return 0;
}

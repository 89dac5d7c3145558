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
#include "front/sql_group.h"

#include "expr/agg.h"
#include "expr/fn.h"
#include "front/tree.h"

bool
sql_is_grouped(const struct sql_block *b)
{
	if (b->sel.group_at.src || b->sel.having)
		return true;
	for (unsigned i = 0; i < b->sel.n_items; i++)
		if (node_has_aggregate(b->sel.items[i].node))
			return true;
	for (unsigned i = 0; i < b->orders.n; i++)
		if (b->orders.list[i].node &&
		    node_has_aggregate(b->orders.list[i].node))
			return true;
	return false;
}

/* ---- keys ---- */

struct group_key *
sql_group_key(const struct group_plan *g, const struct node *n)
{
	for (unsigned i = 0; i < g->n_keys; i++)
		if (node_eq(g->keys[i].node, n))
			return &g->keys[i];
	return NULL;
}

int
sql_group_add_key(
    struct group_plan *g, struct node *n, struct where where, unsigned *number)
{
	struct group_key *key = sql_group_key(g, n);

	if (node_has_aggregate(n))
		return err_set(g->b->s->err, ERR_SPEC, where,
		    "an aggregate cannot be a key");
	if (sql_has_over(n))
		return err_set(g->b->s->err, ERR_SPEC, where,
		    "what is computed OVER rows cannot be a key");
	if (!key) {
		key =
		    plan_more(g->b->s->plan, &g->keys, &g->n_keys, sizeof *key);
		*key = (struct group_key){.node = n, .where = where};
	}
	if (number)
		*number = (unsigned)(key - g->keys);
	return 0;
}

/* ---- windows ---- */

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

	if (!n->n_args)
		return 0;
	if (sql_is_clock(n->args[0]))
		return sql_no_clock(g->b->s, n->args[0]->where);
	if (n->args[0]->kind != NODE_NAME)
		return 0;
	if (sql_rel_time(g->b->s, &g->b->rel, n->args[0]))
		return -1;
	new = arena_alloc(g->b->s->arena, sizeof *new);
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
	    .arena = g->b->s->arena,
	    .err = g->b->s->err};

	if (g->window && node_eq(g->window, n))
		return 0;
	if (g->window || g->b->rel.window)
		return err_set(g->b->s->err, ERR_SPEC, n->where,
		    g->window ? "a query has one window, and there is one "
				"already"
			      : "FROM says already which window it is");
	g->window = tree_change(&edit, n);
	return g->window ? legacy_window(g) : -1;
}

bool
sql_group_edge(const struct group_plan *g, const struct node *n)
{
	return g->windowed && (node_is_name(n, "window_start") ||
				  node_is_name(n, "window_end"));
}

static bool
is_window_time(const struct node *n)
{
	return n->kind == NODE_CALL && str_is(n->name, "-") && n->n_args == 2 &&
	       node_is_name(n->args[0], "window_end") &&
	       n->args[1]->kind == NODE_LITERAL &&
	       n->args[1]->value.type == T_DURATION &&
	       n->args[1]->value.i == WHEN_MS;
}

/* GROUP BY tumbel(5m): no function, but almost a window. */
static bool
misspelt_window(struct group_plan *g, const struct node *n)
{
	struct err *err = g->b->s->err;
	struct str near;

	if (n->kind != NODE_CALL || fn_find(n->name) || agg_find(n->name))
		return false;
	near = window_near(n->name);
	if (!near.p)
		return false;
	err_set(err, ERR_SPEC, n->name_at, "there is no window \"%.*s\"",
	    STR_ARG(n->name));
	err_hint(err, "did you mean %.*s?", STR_ARG(near));
	return true;
}

int
sql_group_window(struct group_plan *g, struct node *n, bool *taken)
{
	*taken = true;
	if (window_is(n))
		return set_window(g, n);
	if (misspelt_window(g, n))
		return -1;
	*taken = sql_group_edge(g, n) || (g->windowed && is_window_time(n));
	return 0;
}

/* Sessions are per key: the partition must be the keys. */
static int
check_partition(const struct group_plan *g)
{
	const struct sql_tvf *t = g->b->rel.window;
	bool same = t->partition.n == g->n_keys;

	if (!str_is(t->window->name, "session"))
		return 0;
	for (unsigned i = 0; i < t->partition.n; i++)
		same &= sql_group_key(g, t->partition.list[i]) != NULL;
	if (same)
		return 0;
	err_set(g->b->s->err, ERR_SPEC, g->b->rel.window_at,
	    "the sessions' PARTITION BY differs from the keys of GROUP BY");
	return err_hint(
	    g->b->s->err, "sessions are per key: name the same keys in both");
}

/* FROM says which window it is; GROUP BY has its edges. */
static int
tvf_window(struct group_plan *g)
{
	struct tree_edit edit = {.replace = short_duration,
	    .arena = g->b->s->arena,
	    .err = g->b->s->err};
	const struct sql_tvf *t = g->b->rel.window;

	if (!t)
		return 0;
	g->exact = true;
	g->window = tree_change(&edit, t->window);
	return g->window ? check_partition(g) : -1;
}

static bool
is_windowed(const struct sql_block *b)
{
	if (b->rel.window)
		return true;
	for (unsigned i = 0; i < b->sel.n_groups; i++) {
		const struct node *n = b->sel.groups[i].node;
		bool number = n && n->kind == NODE_LITERAL &&
			      n->value.type == T_INT && n->value.i >= 1 &&
			      n->value.i <= b->sel.n_items;

		if (number)
			n = b->sel.items[n->value.i - 1].node;
		if (n && window_is(n))
			return true;
	}
	return false;
}

static int
read_groups(struct group_plan *g)
{
	const struct sql_block *b = g->b;

	g->windowed = is_windowed(b);
	for (unsigned i = 0; i < b->sel.n_items; i++)
		if (b->sel.items[i].node->kind == NODE_STAR) {
			err_set(b->s->err, ERR_SPEC, b->sel.items[i].where,
			    "* has no place beside groups");
			return err_hint(
			    b->s->err, "name the keys and aggregates");
		}
	if (sql_group_read(g) || tvf_window(g))
		return -1;
	if (g->window && str_is(g->window->name, "all") && !g->window->n_args)
		g->window = NULL;
	for (unsigned i = 0; i < b->sel.n_items; i++)
		g->exact |= sql_names_edge(b->sel.items[i].node);
	return 0;
}

/* ---- names of the step's columns ---- */

static bool
is_taken(const struct group_plan *g, struct str name)
{
	if (str_is(name, "window_start") || str_is(name, "window_end") ||
	    sql_item_named(g->b, name))
		return true;
	for (unsigned i = 0; i < g->n_keys; i++)
		if (str_eq(g->keys[i].name, name))
			return true;
	for (unsigned i = 0; i < g->n_select; i++)
		if (str_eq(g->select[i].name, name))
			return true;
	return false;
}

struct str
sql_group_name(const struct group_plan *g, struct str want)
{
	struct str name = want;

	for (unsigned i = 2; is_taken(g, name); i++)
		name =
		    arena_printf(g->b->s->arena, "%.*s_%u", STR_ARG(want), i);
	return name;
}

/* A key is called as the first select item that is the key. */
static void
name_keys(struct group_plan *g)
{
	const struct sql_block *b = g->b;

	for (unsigned i = 0; i < b->sel.n_items; i++) {
		struct group_key *key = sql_group_key(g, b->sel.items[i].node);

		if (!key || key->named)
			continue;
		key->name = b->sel.items[i].name;
		key->named = true;
	}
	for (unsigned i = 0; i < g->n_keys; i++)
		if (!g->keys[i].named)
			g->keys[i].name = sql_group_name(
			    g, node_alias(g->keys[i].node, b->s->arena));
}

/* ---- the select list ---- */

struct group_column *
sql_group_select(
    struct group_plan *g, struct node *n, struct str name, struct where where)
{
	struct group_column *c =
	    plan_more(g->b->s->plan, &g->select, &g->n_select, sizeof *c);

	*c = (struct group_column){n, name, where};
	return c;
}

static void
show(struct group_plan *g, struct str column, struct str name,
    struct where where)
{
	struct group_column *c =
	    plan_more(g->b->s->plan, &g->result, &g->n_result, sizeof *c);

	*c = (struct group_column){
	    node_name(g->b->s->arena, column, where), name, where};
}

static int
add_items(struct group_plan *g)
{
	const struct sql_block *b = g->b;

	if (g->window && !g->exact) {
		show(g, STR("window_start"), STR("window_start"), b->sel.at);
		show(g, STR("window_end"), STR("window_end"), b->sel.at);
	}
	for (unsigned i = 0; i < b->sel.n_items; i++) {
		const struct sql_item *item = &b->sel.items[i];
		const struct group_key *key = sql_group_key(g, item->node);
		struct str column = item->name;

		if (sql_item_named(b, item->name) != item)
			return sql_two_named(b->s, item);
		if (key)
			column = key->name;
		else if (sql_group_edge(g, item->node))
			column = item->node->path.steps[0].name;
		else
			sql_group_select(g, item->node, column, item->where);
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

	return sql_group_key(g, n) || sql_group_edge(g, n);
}

/* The step's column that an ORDER BY entry means; made if there is none. */
static struct node *
order_column(struct group_plan *g, const struct sql_order *o)
{
	struct arena *a = g->b->s->arena;
	const struct group_key *key;
	const struct sql_item *item;
	struct node *n = o->node;
	struct str name;
	bool bad;

	item = sql_ordinal(g->b, n, &bad);
	if (bad)
		return NULL;
	n = item ? item->node : sql_write_out(g->b, n, is_own, g);
	if (!n)
		return NULL;
	if (sql_group_edge(g, n))
		return n;
	key = sql_group_key(g, n);
	if (key)
		return node_name(a, key->name, o->where);
	for (unsigned i = 0; i < g->n_select; i++)
		if (node_eq(g->select[i].node, n))
			return node_name(a, g->select[i].name, o->where);
	if (g->b->sel.distinct) {
		err_set(g->b->s->err, ERR_SPEC, o->where,
		    "rows that are DISTINCT can be ordered by columns of the "
		    "select list only");
		return NULL;
	}
	name = sql_group_name(g, node_alias(n, a));
	sql_group_select(g, n, name, o->where);
	return node_name(a, name, o->where);
}

static int
read_having_and_order(struct group_plan *g)
{
	struct sql_block *b = g->b;
	unsigned n = b->orders.n;

	if (b->sel.having &&
	    !(g->having = sql_write_out(b, b->sel.having, is_own, g)))
		return -1;
	g->orders = arena_array(b->s->arena, n, sizeof *g->orders);
	for (unsigned i = 0; i < n; i++)
		if (!(g->orders[i] = order_column(g, &b->orders.list[i])))
			return -1;
	return 0;
}

/* ---- steps ---- */

static bool
is_alias(const struct group_plan *g, const struct node *n, struct str name)
{
	return !str_eq(name, node_alias(n, g->b->s->arena));
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

/* Sets as lists of keys: [[a, b], [a], []]. */
static void
sets_arg(struct group_plan *g, struct op *op, struct where at)
{
	struct arena *a = g->b->s->arena;
	struct arg *arg = plan_arg(g->b->s->plan, op, "sets", g->sets.n, at);

	for (unsigned i = 0; i < g->sets.n; i++) {
		const struct group_set *set = &g->sets.list[i];
		struct node **keys = arena_array(a, set->n, sizeof *keys);

		for (unsigned k = 0; k < set->n; k++)
			keys[k] = g->keys[set->keys[k]].node;
		arg->items[i] = (struct arg_item){
		    .node = node_call(a, "set", keys, set->n, at), .where = at};
	}
}

void
sql_group_step(struct group_plan *g)
{
	struct sql_block *b = g->b;
	struct plan *p = b->s->plan;
	struct where at = b->sel.group_at.src ? b->sel.group_at : b->sel.at;
	struct op *op = sql_op(b->s, g->window ? "window" : "group", at);
	struct arg *arg;

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
	if (g->has_sets)
		sets_arg(g, op, at);
	if (g->n_select) {
		arg = plan_arg(p, op, "select", g->n_select, b->sel.at);
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
	struct sql_block *b = g->b;
	struct op *op;
	struct arg *arg;

	if (is_natural(g))
		return;
	op = sql_op(b->s, "select", b->sel.at);
	arg = plan_arg(b->s->plan, op, "columns", g->n_result, b->sel.at);
	for (unsigned i = 0; i < g->n_result; i++)
		fill(g, &arg->items[i], g->result[i].node, g->result[i].name,
		    g->result[i].where);
}

/* What the rows are called now. */
static void
result_of(const struct group_plan *g, struct sql_rel *out)
{
	*out = (struct sql_rel){.updates = g->b->rel.updates};
	for (unsigned i = 0; i < g->n_result; i++) {
		const struct sql_item *item =
		    sql_item_named(g->b, g->result[i].name);
		struct sql_column *c =
		    sql_rel_add(g->b->s, out, g->result[i].name);

		if (item && g->window && is_window_time(item->node))
			c->role = SQL_TIME;
	}
}

/* Ordered by what the select list calls it, behind DISTINCT. */
static int
distinct_order(struct group_plan *g)
{
	for (unsigned i = 0; i < g->b->orders.n; i++) {
		struct str name = g->orders[i]->path.steps[0].name;
		unsigned k = 0;

		while (k < g->n_result &&
		       !str_eq(g->result[k].node->path.steps[0].name, name))
			k++;
		if (k == g->n_result)
			return err_set(g->b->s->err, ERR_SPEC,
			    g->b->orders.list[i].where,
			    "rows that are DISTINCT can be ordered by columns "
			    "of the select list only");
		g->orders[i] = node_name(
		    g->b->s->arena, g->result[k].name, g->orders[i]->where);
	}
	return 0;
}

int
sql_group_steps(struct sql_block *b)
{
	struct group_plan g = {.b = b};

	if (read_groups(&g))
		return -1;
	name_keys(&g);
	if (sql_group_is_staged(&g))
		return sql_group_staged(&g);
	if (sql_order_by_all(b) || add_items(&g) || read_having_and_order(&g))
		return -1;
	sql_group_step(&g);
	result_of(&g, b->out);
	if (b->sel.distinct) {
		result_step(&g);
		if (sql_distinct_step(b->s, b->out, b->sel.distinct_at) ||
		    distinct_order(&g))
			return -1;
	}
	sql_order_steps(b, g.orders);
	if (!b->sel.distinct)
		result_step(&g);
	return 0;
}

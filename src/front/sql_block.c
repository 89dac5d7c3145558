/* SPDX-License-Identifier: MIT */
/*
 * The steps one SELECT stands for:
 *
 *   FROM                       what it reads (sql_read.c)
 *   WHERE                      where
 *   GROUP BY, HAVING, SELECT   window or group; select, if the select list is
 *                              not what the step gives by itself
 *   SELECT alone               select
 *   DISTINCT                   group, by every column
 *   ORDER BY, LIMIT            sort (with the limit inside), limit
 */
#include "front/sql_lower.h"
#include "front/tree.h"

/* ---- ORDER BY and LIMIT ---- */

/* Rows a sort has to keep: those of LIMIT and those of OFFSET. */
static struct node *
rows_needed(struct sql_block *b)
{
	struct node **args;
	int64_t sum;

	if (!b->limit || !b->offset)
		return b->limit;
	if (b->limit->kind == NODE_LITERAL && b->offset->kind == NODE_LITERAL &&
	    !__builtin_add_overflow(
		b->limit->value.i, b->offset->value.i, &sum))
		return node_literal(
		    b->s->arena, value_int(sum), b->limit->where);
	args = arena_array(b->s->arena, 2, sizeof *args);
	args[0] = b->limit;
	args[1] = b->offset;
	return node_call(b->s->arena, "+", args, 2, b->limit->where);
}

static void
one_item(struct sql *s, struct op *op, const char *param, struct node *n)
{
	struct arg *arg = plan_arg(s->plan, op, param, 1, n->where);

	arg->items[0] = (struct arg_item){.node = n, .where = n->where};
}

static void
items(struct sql *s, struct op *op, const char *param,
    const struct sql_exprs *list)
{
	struct arg *arg =
	    plan_arg(s->plan, op, param, list->n, list->list[0]->where);

	for (unsigned i = 0; i < list->n; i++)
		arg->items[i] = (struct arg_item){
		    .node = list->list[i], .where = list->list[i]->where};
}

static void
limit_step(struct sql_block *b)
{
	struct sql *s = b->s;
	struct op *op = sql_op(s, "limit", b->limit_at);
	struct node *rows = b->limit;

	if (!rows)
		rows =
		    node_literal(s->arena, value_int(INT64_MAX), b->limit_at);
	one_item(s, op, "rows", rows);
	if (b->limit_by.n)
		items(s, op, "by", &b->limit_by);
	if (b->offset)
		one_item(s, op, "offset", b->offset);
}

void
sql_order_steps(struct sql_block *b, struct node *const *keys)
{
	struct node *rows = b->limit_by.n ? NULL : rows_needed(b);
	const struct sql_orders *o = &b->orders;

	if (o->n) {
		struct where at = o->list[0].where;
		struct op *op = sql_op(b->s, "sort", at);
		struct arg *by = plan_arg(b->s->plan, op, "by", o->n, at);

		for (unsigned i = 0; i < o->n; i++)
			by->items[i] = (struct arg_item){.node = keys[i],
			    .descending = o->list[i].descending,
			    .nulls_first = o->list[i].nulls_first,
			    .where = o->list[i].where};
		if (rows)
			one_item(b->s, op, "limit", rows);
	}
	if (b->offset || b->limit_by.n || (b->limit && !o->n))
		limit_step(b);
}

/* ORDER BY ALL: every column, in its order. */
int
sql_order_by_all(struct sql_block *b)
{
	struct sql_order all = {0};
	struct sql_orders list = {0};

	if (!b->orders.n || !b->orders.list[0].all)
		return 0;
	all = b->orders.list[0];
	for (unsigned i = 0; i < b->sel.n_items; i++) {
		const struct sql_item *item = &b->sel.items[i];
		struct sql_order *o;

		if (item->node->kind == NODE_STAR)
			return err_set(b->s->err, ERR_SPEC, all.where,
			    "the columns of * are not known here; name them");
		o = plan_more(b->s->plan, &list.list, &list.n, sizeof *o);
		*o = all;
		o->all = false;
		o->node = node_literal(
		    b->s->arena, value_int((int64_t)i + 1), all.where);
	}
	b->orders = list;
	return 0;
}

/* ---- the select list ---- */

static const struct sql_item *
star_of(const struct sql_block *b)
{
	for (unsigned i = 0; i < b->sel.n_items; i++)
		if (b->sel.items[i].node->kind == NODE_STAR)
			return &b->sel.items[i];
	return NULL;
}

/* A column of the relation's window that its rows do not have yet. */
static bool
is_window_column(const struct sql_block *b, const struct node *n)
{
	const struct sql_column *c = sql_rel_passes(b->s, &b->rel, n);

	return b->rel.window && c &&
	       (c->role == SQL_START || c->role == SQL_END ||
		   c->role == SQL_WINDOW_TIME);
}

static void
drop_step(struct sql_block *b, const struct sql_item *star)
{
	unsigned n = star->except.n + b->rel.n_hidden;
	struct op *op;
	struct arg *arg;

	if (!n)
		return;
	op = sql_op(b->s, "drop", star->where);
	arg = plan_arg(b->s->plan, op, "columns", n, star->where);
	for (unsigned i = 0; i < star->except.n; i++)
		arg->items[i] =
		    (struct arg_item){.name = star->except.list[i].name,
			.where = star->except.list[i].where};
	for (unsigned i = 0; i < b->rel.n_hidden; i++)
		arg->items[star->except.n + i] = (struct arg_item){
		    .name = b->rel.hidden[i], .where = star->where};
}

/* * REPLACE (e AS a) of records: a is set beside the star. */
static int
check_replaced(struct sql_block *b, const struct sql_item *star)
{
	for (unsigned i = 0; i < star->n_replace; i++)
		if (sql_item_named(b, star->replace[i].name))
			return err_set(b->s->err, ERR_SPEC,
			    star->replace[i].where,
			    "there are two columns named \"%.*s\"",
			    STR_ARG(star->replace[i].name));
	for (unsigned i = 0; i < star->except.n; i++)
		if (sql_item_named(b, star->except.list[i].name))
			return err_set(b->s->err, ERR_SPEC,
			    star->except.list[i].where,
			    "\"%.*s\" is left out, and selected as well",
			    STR_ARG(star->except.list[i].name));
	return 0;
}

/* None of the columns replaced is named by what replaces another. */
static bool
are_apart(const struct sql_item *star)
{
	for (unsigned i = 0; i < star->n_replace; i++)
		for (unsigned k = 0; k < star->n_replace; k++)
			if (i != k && tree_names(star->replace[i].node,
					  star->replace[k].name))
				return false;
	return true;
}

/* SELECT * REPLACE (…) alone: columns keep their places. */
static void
set_step(struct sql_block *b, const struct sql_item *star)
{
	struct op *op = sql_op(b->s, "set", star->where);
	struct arg *arg =
	    plan_arg(b->s->plan, op, "columns", star->n_replace, star->where);

	for (unsigned i = 0; i < star->n_replace; i++)
		arg->items[i] = (struct arg_item){.node = star->replace[i].node,
		    .name = star->replace[i].name,
		    .alias = true,
		    .where = star->replace[i].where};
}

static int
select_step(struct sql_block *b)
{
	const struct sql_item *star = star_of(b);
	unsigned n_more = star ? star->n_replace : 0, k = 0;
	struct op *op;
	struct arg *arg;

	if (star && check_replaced(b, star))
		return -1;
	if (star && b->sel.n_items == 1 && (!n_more || are_apart(star))) {
		if (n_more)
			set_step(b, star);
		drop_step(b, star);
		return 0;
	}
	op = sql_op(b->s, "select", b->sel.at);
	arg = plan_arg(
	    b->s->plan, op, "columns", b->sel.n_items + n_more, b->sel.at);
	for (unsigned i = 0; i < b->sel.n_items; i++) {
		const struct sql_item *item = &b->sel.items[i];

		if (is_window_column(b, item->node))
			continue;
		arg->items[k++] = (struct arg_item){.node = item->node,
		    .name = item->name,
		    .alias = item->alias,
		    .where = item->where};
		for (unsigned r = 0; r < item->n_replace; r++)
			arg->items[k++] =
			    (struct arg_item){.node = item->replace[r].node,
				.name = item->replace[r].name,
				.alias = true,
				.where = item->replace[r].where};
	}
	arg->n_items = k;
	if (star)
		drop_step(b, star);
	return 0;
}

/* What the rows are called behind the select list. */
static int
result_of(struct sql_block *b, struct sql_rel *out)
{
	struct sql *s = b->s;

	*out = (struct sql_rel){.window = b->rel.window,
	    .window_at = b->rel.window_at,
	    .updates = b->rel.updates};
	for (unsigned i = 0; i < b->sel.n_items; i++) {
		const struct sql_item *item = &b->sel.items[i];
		const struct sql_column *from;
		struct sql_column *c;

		if (item->node->kind == NODE_STAR) {
			out->open = true;
			out->inputs = b->rel.inputs;
			out->n_inputs = b->rel.n_inputs;
			for (unsigned k = 0; k < b->rel.n_cols; k++)
				if (!sql_item_named(b, b->rel.cols[k].name))
					*sql_rel_add(
					    s, out, b->rel.cols[k].name) =
					    b->rel.cols[k];
			continue;
		}
		if (sql_item_named(b, item->name) != item)
			return sql_two_named(s, item);
		from = sql_rel_passes(s, &b->rel, item->node);
		c = sql_rel_add(s, out, item->name);
		if (sql_is_clock(item->node))
			c->role = SQL_CLOCK;
		if (!from)
			continue;
		*c = *from;
		c->name = item->name;
		c->part = (struct str){NULL, 0};
	}
	return 0;
}

/* ---- ORDER BY without groups ---- */

static bool
keep_none(const void *arg, const struct node *n)
{
	(void)arg;
	(void)n;
	return false;
}

/* The output column an ORDER BY entry is, or NULL; *bad on an error. */
static struct node *
output_column(struct sql_block *b, const struct sql_order *o, bool *bad)
{
	const struct sql_item *item = sql_ordinal(b, o->node, bad);

	if (*bad)
		return NULL;
	if (!item && o->node->kind == NODE_NAME && o->node->path.n == 1)
		item = sql_item_named(b, o->node->path.steps[0].name);
	for (unsigned i = 0; !item && i < b->sel.n_items; i++)
		if (node_eq(b->sel.items[i].node, o->node))
			item = &b->sel.items[i];
	return item ? node_name(b->s->arena, item->name, o->where) : NULL;
}

/*
 * Trees to order by. *after: they are columns of the select list (or, with *,
 * anything), so rows are ordered behind it; else before it, where all fields
 * of the input are there, with the list's names written out.
 */
static struct node **
order_keys(struct sql_block *b, bool *after)
{
	unsigned n = b->orders.n;
	struct node **keys = arena_array(b->s->arena, n, sizeof *keys);
	bool bad;

	*after = !b->sel.distinct_on.n;
	for (unsigned i = 0; i < b->limit_by.n; i++) {
		const struct node *by = b->limit_by.list[i];

		*after &= star_of(b) ||
			  (by->kind == NODE_NAME && by->path.n == 1 &&
			      by->path.steps[0].name.p &&
			      sql_item_named(b, by->path.steps[0].name));
	}
	for (unsigned i = 0; i < n; i++) {
		const struct sql_order *o = &b->orders.list[i];

		keys[i] = output_column(b, o, &bad);
		if (bad)
			return NULL;
		if (!keys[i] && star_of(b))
			keys[i] = o->node;
		*after &= keys[i] != NULL;
		if (keys[i] || !b->sel.distinct || b->sel.distinct_on.n)
			continue;
		err_set(b->s->err, ERR_SPEC, o->where,
		    "rows that are DISTINCT can be ordered by columns of the "
		    "select list only");
		return NULL;
	}
	for (unsigned i = 0; !*after && i < n; i++) {
		struct node *node = b->orders.list[i].node;
		const struct sql_item *item = sql_ordinal(b, node, &bad);

		keys[i] =
		    item ? item->node : sql_write_out(b, node, keep_none, NULL);
		if (!keys[i])
			return NULL;
	}
	return keys;
}

/* ---- DISTINCT ---- */

int
sql_distinct_step(struct sql *s, const struct sql_rel *r, struct where at)
{
	struct op *op = sql_op(s, "group", at);
	struct arg *by = plan_arg(s->plan, op, "by", r->n_cols, at);

	for (unsigned i = 0; i < r->n_cols; i++)
		by->items[i] = (struct arg_item){
		    .node = node_name(s->arena, r->cols[i].name, at),
		    .name = r->cols[i].name,
		    .where = at};
	return 0;
}

/* The select list is the keys. */
static int
distinct_items(struct sql_block *b)
{
	struct where at = b->sel.distinct_at;
	struct op *op;
	struct arg *by;

	if (star_of(b)) {
		err_set(b->s->err, ERR_SPEC, star_of(b)->where,
		    "the columns of * are not known here, and DISTINCT "
		    "compares them");
		return err_hint(b->s->err, "name the columns");
	}
	op = sql_op(b->s, "group", at);
	by = plan_arg(b->s->plan, op, "by", b->sel.n_items, at);
	for (unsigned i = 0; i < b->sel.n_items; i++) {
		const struct sql_item *item = &b->sel.items[i];

		by->items[i] = (struct arg_item){.node = item->node,
		    .name = item->name,
		    .alias = item->alias,
		    .where = item->where};
	}
	return 0;
}

/* DISTINCT ON (a): of every a the first row in the order that is asked for. */
static void
distinct_on(struct sql_block *b, struct node *const *keys)
{
	struct op *op = sql_op(b->s, "dedup", b->sel.distinct_at);
	const struct sql_orders *o = &b->orders;
	struct arg *arg;

	items(b->s, op, "by", &b->sel.distinct_on);
	if (!o->n)
		return;
	arg = plan_arg(b->s->plan, op, "order", o->n, o->list[0].where);
	for (unsigned i = 0; i < o->n; i++)
		arg->items[i] = (struct arg_item){.node = keys[i],
		    .descending = o->list[i].descending,
		    .nulls_first = o->list[i].nulls_first,
		    .where = o->list[i].where};
}

static void
forget_time(struct sql *s, struct sql_rel *r)
{
	struct sql_column *cols =
	    arena_array(s->arena, r->n_cols, sizeof *cols);

	for (unsigned i = 0; i < r->n_cols; i++)
		cols[i] = (struct sql_column){.name = r->cols[i].name};
	r->cols = cols;
	r->cap_cols = 0;
}

/* ---- OVER ---- */

static int
settle_over(void *owner, struct node **n)
{
	return sql_key_name(owner, n);
}

void
sql_hide(struct sql_block *b, const struct sql_idents *names)
{
	struct str *list =
	    arena_array(b->s->arena, b->rel.n_hidden + names->n, sizeof *list);

	for (unsigned i = 0; i < b->rel.n_hidden; i++)
		list[i] = b->rel.hidden[i];
	for (unsigned i = 0; i < names->n; i++)
		list[b->rel.n_hidden + i] = names->list[i].name;
	b->rel.hidden = list;
	b->rel.n_hidden += names->n;
}

/* Calls OVER other rows become columns; QUALIFY becomes a step. */
static int
over_steps(struct sql_block *b)
{
	unsigned n = b->sel.n_items;
	struct sql_over_job job = {.plan = b->s->plan,
	    .err = b->s->err,
	    .items = b->sel.items,
	    .n_items = &b->sel.n_items,
	    .orders = b->orders.list,
	    .n_orders = b->orders.n,
	    .windows = b->sel.windows,
	    .n_windows = b->sel.n_windows,
	    .settle = settle_over,
	    .owner = b,
	    .floor = b->s->floor,
	    .where = b->sel.at};

	if (b->sel.qualify &&
	    !(job.qualify = sql_write_out(b, b->sel.qualify, keep_none, NULL)))
		return -1;
	if (sql_over_steps(&job))
		return -1;
	/* What is left out of the list comes with the star. */
	for (unsigned i = b->sel.n_items; i < n; i++)
		sql_rel_add(b->s, &b->rel, b->sel.items[i].name);
	sql_hide(b, &job.hidden);
	return 0;
}

/* ---- SELECT without groups ---- */

static int
plain_values(struct sql_block *b)
{
	for (unsigned i = 0; i < b->sel.n_items; i++) {
		struct sql_item *item = &b->sel.items[i];

		if (item->node->kind != NODE_STAR &&
		    !(item->node = sql_sub_values(b, item->node)))
			return -1;
	}
	for (unsigned i = 0; i < b->orders.n; i++) {
		struct sql_order *o = &b->orders.list[i];

		if (!(o->node = sql_sub_values(b, o->node)))
			return -1;
	}
	return 0;
}

int
sql_plain_steps(struct sql_block *b)
{
	struct node **keys;
	struct sql_rel out;
	bool after;

	if (sql_order_by_all(b) || plain_values(b) || over_steps(b) ||
	    result_of(b, &out))
		return -1;
	keys = order_keys(b, &after);
	if (!keys)
		return -1;
	if (b->sel.distinct && !b->sel.distinct_on.n) {
		if (distinct_items(b))
			return -1;
		forget_time(b->s, &out);
	} else if (after && select_step(b)) {
		return -1;
	}
	if (b->sel.distinct_on.n)
		distinct_on(b, keys);
	sql_order_steps(b, keys);
	if (!after && select_step(b))
		return -1;
	*b->out = out;
	return 0;
}

/* ---- windows of FROM ---- */

static enum sql_role
role_of(const struct sql_block *b, const struct node *n)
{
	struct path path;
	const struct sql_column *c;

	if (!n || n->kind != NODE_NAME)
		return SQL_PLAIN;
	path = n->path;
	if (path.n == 2) {
		path.steps++;
		path.n--;
	}
	c = path.n == 1 && path.steps[0].name.p
		? sql_rel_find(&b->rel, path.steps[0].name)
		: NULL;
	if (c)
		return c->role;
	return SQL_PLAIN;
}

static bool
names_window(const struct node *n, const void *arg)
{
	enum sql_role role = role_of(arg, n);

	return role == SQL_START || role == SQL_END || role == SQL_WINDOW_TIME;
}

static bool
uses_window(const struct sql_block *b, const struct node *n)
{
	return n && tree_any(n, names_window, b);
}

/* GROUP BY has both edges, be it by an alias or a number. */
static bool
groups_by_window(struct sql_block *b)
{
	bool start = false, end = false;

	for (unsigned i = 0; i < b->sel.n_groups; i++) {
		const struct sql_group *g = &b->sel.groups[i];
		const struct node *n = g->node;
		const struct sql_item *item = NULL;
		enum sql_role role;

		if (g->kind == SQL_GROUP_ALL) {
			for (unsigned k = 0; k < b->sel.n_items; k++) {
				role = role_of(b, b->sel.items[k].node);
				start |= role == SQL_START;
				end |= role == SQL_END;
			}
			continue;
		}
		if (n && n->kind == NODE_LITERAL && n->value.type == T_INT &&
		    n->value.i >= 1 && n->value.i <= b->sel.n_items)
			item = &b->sel.items[n->value.i - 1];
		else if (n && n->kind == NODE_NAME && n->path.n == 1 &&
			 n->path.steps[0].name.p &&
			 !sql_rel_find(&b->rel, n->path.steps[0].name))
			item = sql_item_named(b, n->path.steps[0].name);
		role = role_of(b, item ? item->node : n);
		start |= role == SQL_START;
		end |= role == SQL_END;
	}
	return start && end;
}

/* True if the rows need not know their window yet. */
static bool
passes_window(const struct sql_block *b)
{
	const struct sql_select *sel = &b->sel;
	bool start = false, end = false;

	if (sel->distinct || sel->qualify || sel->n_windows || b->orders.n ||
	    b->limit || b->offset || uses_window(b, sel->where))
		return false;
	for (unsigned i = 0; i < sel->n_items; i++) {
		const struct sql_item *item = &sel->items[i];
		enum sql_role role = role_of(b, item->node);

		if (item->node->kind == NODE_STAR) {
			if (item->except.n || item->n_replace)
				return false;
			start = end = true;
			continue;
		}
		start |= role == SQL_START;
		end |= role == SQL_END;
		if (sql_has_over(item->node) || (!names_window(item->node, b) &&
						    uses_window(b, item->node)))
			return false;
	}
	return start && end;
}

static int
settle_window(struct sql_block *b)
{
	if (!b->rel.window)
		return 0;
	if (sql_is_grouped(b) ? groups_by_window(b) && !b->sel.distinct
			      : passes_window(b))
		return 0;
	return sql_settle(b->s, &b->rel);
}

/* ---- the whole ---- */

static int
check_no_window(struct sql_block *b)
{
	for (unsigned i = 0; i < b->sel.n_items; i++) {
		const struct node *n = b->sel.items[i].node;

		if (!window_is(n))
			continue;
		err_set(b->s->err, ERR_SPEC, n->where,
		    "a window belongs in GROUP BY");
		return err_hint(b->s->err,
		    "SELECT count(*) GROUP BY tumble(5m); its edges are "
		    "window_start and window_end");
	}
	return 0;
}

static int
where_step(struct sql_block *b)
{
	struct node *n = b->sel.where;

	if (!n)
		return 0;
	if (node_has_aggregate(n)) {
		err_set(b->s->err, ERR_SPEC, n->where,
		    "WHERE is asked before rows are grouped and "
		    "knows no aggregates");
		return err_hint(
		    b->s->err, "conditions on groups belong in HAVING");
	}
	if (sql_has_over(n)) {
		err_set(b->s->err, ERR_SPEC, n->where,
		    "WHERE is asked before OVER is computed");
		return err_hint(
		    b->s->err, "conditions on OVER belong in QUALIFY");
	}
	if (sql_sub_condition(b, n, &n))
		return -1;
	if (n)
		sql_top(b->s->plan, b->s->floor, n, false, &n);
	if (n)
		sql_step(b->s, "where", "condition", n, n->where);
	return 0;
}

static bool
is_field(const struct node *n, const void *arg)
{
	(void)arg;
	return n->kind == NODE_NAME || n->kind == NODE_STAR ||
	       n->kind == NODE_QUERY || n->over;
}

/*
 * SELECT of constants without FROM, within another query, is one row; alone
 * it is a row per record, as any SELECT without FROM.
 */
static bool
is_constant(const struct sql_block *b)
{
	const struct sql_select *sel = &b->sel;

	if (sel->from || b->env->top || sql_is_grouped(b) || sel->where)
		return false;
	for (unsigned i = 0; i < sel->n_items; i++)
		if (tree_any(sel->items[i].node, is_field, NULL))
			return false;
	return true;
}

int
sql_block_lower(struct sql *s, const struct sql_query *q,
    const struct sql_env *env, struct sql_rel *out)
{
	struct sql_env inner = *env;
	struct sql_block b = {.s = s,
	    .env = env,
	    .sel = *q->select,
	    .orders = q->orders,
	    .limit = q->limit,
	    .offset = q->offset,
	    .limit_by = q->limit_by,
	    .limit_at = q->limit_at,
	    .out = out};

	inner.top = false;
	if (is_constant(&b)) {
		sql_one_row(s, b.sel.at, &b.rel);
	} else if (sql_read(s, b.sel.from, &inner, &b.rel)) {
		return -1;
	}
	b.env = &inner;
	if (settle_window(&b) || sql_names(&b) || check_no_window(&b) ||
	    sql_mark_steps(&b) || where_step(&b))
		return -1;
	return sql_is_grouped(&b) ? sql_group_steps(&b) : sql_plain_steps(&b);
}

/* SPDX-License-Identifier: MIT */
/*
 * The steps a query stands for:
 *
 *   WHERE                      where
 *   GROUP BY, HAVING, SELECT   window or group; select, if the select list is
 *                              not what the step gives by itself
 *   SELECT alone               select
 *   ORDER BY, LIMIT            sort (with the limit inside), limit
 */
#include "base/must.h"
#include "front/sql.h"
#include "front/tree.h"

static struct op *
add_op(struct sql_query *q, const char *kind, struct where where)
{
	const struct op_kind *k = op_kind_find(str_of(kind));

	must(k);
	return plan_add(q->plan, k, where);
}

void
sql_step(struct sql_query *q, const char *kind, const char *param,
    struct node *n, struct where where)
{
	struct op *op = add_op(q, kind, where);
	struct arg *arg = plan_arg(q->plan, op, param, 1, where);

	arg->items[0] = (struct arg_item){.node = n, .where = n->where};
}

/* ---- ORDER BY and LIMIT ---- */

/* Rows a sort has to keep: those of LIMIT and those of OFFSET. */
static struct node *
rows_needed(struct sql_query *q)
{
	struct node **args;
	int64_t sum;

	if (!q->limit || !q->offset)
		return q->limit;
	if (q->limit->kind == NODE_LITERAL && q->offset->kind == NODE_LITERAL &&
	    !__builtin_add_overflow(
		q->limit->value.i, q->offset->value.i, &sum))
		return node_literal(
		    &q->plan->arena, value_int(sum), q->limit->where);
	args = arena_array(&q->plan->arena, 2, sizeof *args);
	args[0] = q->limit;
	args[1] = q->offset;
	return node_call(&q->plan->arena, "+", args, 2, q->limit->where);
}

static void
limit_step(struct sql_query *q)
{
	struct plan *p = q->plan;
	struct op *op = add_op(q, "limit", q->limit_at);
	struct node *rows = q->limit;
	struct arg *arg;

	if (!rows)
		rows =
		    node_literal(&p->arena, value_int(INT64_MAX), q->limit_at);
	arg = plan_arg(p, op, "rows", 1, rows->where);
	arg->items[0] = (struct arg_item){.node = rows, .where = rows->where};
	if (q->limit_by.n) {
		arg = plan_arg(
		    p, op, "by", q->limit_by.n, q->limit_by.list[0]->where);
		for (unsigned i = 0; i < q->limit_by.n; i++)
			arg->items[i] =
			    (struct arg_item){.node = q->limit_by.list[i],
				.where = q->limit_by.list[i]->where};
	}
	if (!q->offset)
		return;
	arg = plan_arg(p, op, "offset", 1, q->offset->where);
	arg->items[0] =
	    (struct arg_item){.node = q->offset, .where = q->offset->where};
}

void
sql_order_steps(struct sql_query *q, struct node *const *keys)
{
	struct node *rows = q->limit_by.n ? NULL : rows_needed(q);

	if (q->n_orders) {
		struct where at = q->orders[0].where;
		struct op *op = add_op(q, "sort", at);
		struct arg *by = plan_arg(q->plan, op, "by", q->n_orders, at);

		for (unsigned i = 0; i < q->n_orders; i++)
			by->items[i] = (struct arg_item){.node = keys[i],
			    .descending = q->orders[i].descending,
			    .nulls_first = q->orders[i].nulls_first,
			    .where = q->orders[i].where};
		if (rows) {
			struct arg *limit =
			    plan_arg(q->plan, op, "limit", 1, rows->where);

			limit->items[0] = (struct arg_item){
			    .node = rows, .where = rows->where};
		}
	}
	if (q->offset || q->limit_by.n || (q->limit && !q->n_orders))
		limit_step(q);
}

/* ---- SELECT without groups ---- */

static const struct node *
star_of(const struct sql_query *q)
{
	for (unsigned i = 0; i < q->n_items; i++)
		if (q->items[i].node->kind == NODE_STAR)
			return q->items[i].node;
	return NULL;
}

static void
select_step(struct sql_query *q)
{
	struct op *op;
	struct arg *arg;

	if (q->n_items == 1 && q->items[0].node->kind == NODE_STAR &&
	    !q->items[0].node->path.n)
		return;
	op = add_op(q, "select", q->select_at);
	arg = plan_arg(q->plan, op, "columns", q->n_items, q->select_at);
	for (unsigned i = 0; i < q->n_items; i++)
		arg->items[i] = (struct arg_item){.node = q->items[i].node,
		    .name = q->items[i].name,
		    .alias = q->items[i].alias,
		    .where = q->items[i].where};
}

static bool
keep_none(const void *arg, const struct node *n)
{
	(void)arg;
	(void)n;
	return false;
}

/* The output column an ORDER BY entry is, or NULL; *bad on an error. */
static struct node *
output_column(struct sql_query *q, const struct sql_order *o, bool *bad)
{
	const struct sql_item *item = sql_ordinal(q, o->node, bad);

	if (*bad)
		return NULL;
	if (!item && o->node->kind == NODE_NAME && o->node->path.n == 1)
		item = sql_item_named(q, o->node->path.steps[0].name);
	for (unsigned i = 0; !item && i < q->n_items; i++)
		if (node_eq(q->items[i].node, o->node))
			item = &q->items[i];
	return item ? node_name(&q->plan->arena, item->name, o->where) : NULL;
}

/*
 * Trees to order by. *after: they are columns of the select list (or, with *,
 * anything), so rows are ordered behind it; else before it, where all fields
 * of the input are there, with the list's names written out.
 */
static struct node **
order_keys(struct sql_query *q, bool *after)
{
	struct node **keys =
	    arena_array(&q->plan->arena, q->n_orders, sizeof *keys);
	bool bad;

	*after = true;
	for (unsigned i = 0; i < q->limit_by.n; i++) {
		struct node *n = q->limit_by.list[i];

		*after &=
		    star_of(q) || (n->kind == NODE_NAME && n->path.n == 1 &&
				      n->path.steps[0].name.p &&
				      sql_item_named(q, n->path.steps[0].name));
	}
	for (unsigned i = 0; i < q->n_orders; i++) {
		keys[i] = output_column(q, &q->orders[i], &bad);
		if (bad)
			return NULL;
		if (!keys[i] && star_of(q))
			keys[i] = q->orders[i].node;
		*after &= keys[i] != NULL;
	}
	for (unsigned i = 0; !*after && i < q->n_orders; i++) {
		const struct sql_item *item =
		    sql_ordinal(q, q->orders[i].node, &bad);

		keys[i] =
		    item ? item->node
			 : sql_write_out(q, q->orders[i].node, keep_none, NULL);
		if (!keys[i])
			return NULL;
	}
	return keys;
}

static int
settle_over(void *owner, struct node **n)
{
	return sql_key_name(owner, n);
}

static int
plain_steps(struct sql_query *q)
{
	struct sql_over_job job = {.plan = q->plan,
	    .err = q->err,
	    .items = q->items,
	    .n_items = &q->n_items,
	    .orders = q->orders,
	    .n_orders = q->n_orders,
	    .windows = q->windows,
	    .n_windows = q->n_windows,
	    .settle = settle_over,
	    .owner = q,
	    .where = q->select_at};
	struct node **keys;
	bool after;

	if (q->qualify &&
	    !(job.qualify = sql_write_out(q, q->qualify, keep_none, NULL)))
		return -1;
	if (sql_over_steps(&job))
		return -1;
	keys = order_keys(q, &after);
	if (!keys)
		return -1;
	if (after)
		select_step(q);
	sql_order_steps(q, keys);
	if (!after)
		select_step(q);
	sql_over_hide(&job);
	return 0;
}

/* ---- the whole ---- */

static void
set_input(struct sql_query *q)
{
	struct plan_input *in = &q->plan->inputs[0];

	if (!q->from.n)
		return;
	in->where = q->from_at;
	if (!q->from_file) {
		in->name = q->from;
		return;
	}
	in->files = arena_alloc(&q->plan->arena, sizeof *in->files);
	in->files[0] = q->from;
	in->n_files = 1;
}

static int
check_no_window(struct sql_query *q)
{
	for (unsigned i = 0; i < q->n_items; i++) {
		const struct node *n = q->items[i].node;

		if (!window_is(n))
			continue;
		err_set(
		    q->err, ERR_SPEC, n->where, "a window belongs in GROUP BY");
		return err_hint(q->err,
		    "SELECT count(*) GROUP BY tumble(5m); its edges are "
		    "window_start and window_end");
	}
	return 0;
}

int
sql_plan(struct sql_query *q)
{
	if (sql_names(q) || check_no_window(q))
		return -1;
	set_input(q);
	if (q->where) {
		if (node_has_aggregate(q->where)) {
			err_set(q->err, ERR_SPEC, q->where->where,
			    "WHERE is asked before rows are grouped and "
			    "knows no aggregates");
			return err_hint(
			    q->err, "conditions on groups belong in HAVING");
		}
		if (sql_has_over(q->where)) {
			err_set(q->err, ERR_SPEC, q->where->where,
			    "WHERE is asked before OVER is computed");
			return err_hint(
			    q->err, "conditions on OVER belong in QUALIFY");
		}
		sql_step(q, "where", "condition", q->where, q->where->where);
	}
	return sql_is_grouped(q) ? sql_group_steps(q) : plain_steps(q);
}

/* SPDX-License-Identifier: MIT */
/*
 * Queries to steps: WITH, set operations, VALUES, and ORDER BY and LIMIT
 * behind them. A SELECT is lowered in sql_block.c.
 */
#include "front/sql_lower.h"

#include "base/must.h"
#include "front/tree.h"

struct op *
sql_op(struct sql *s, const char *kind, struct where where)
{
	const struct op_kind *k = op_kind_find(str_of(kind));

	must(k);
	return plan_add(s->plan, k, where);
}

struct op *
sql_step(struct sql *s, const char *kind, const char *param, struct node *n,
    struct where where)
{
	struct op *op = sql_op(s, kind, where);
	struct arg *arg = plan_arg(s->plan, op, param, 1, where);

	arg->items[0] = (struct arg_item){.node = n, .where = n->where};
	return op;
}

/* ---- VALUES ---- */

/* Flink's names: EXPR$0, EXPR$1 … */
static struct str
value_name(struct sql *s, unsigned i)
{
	return arena_printf(s->arena, "EXPR$%u", i);
}

static bool
is_field(const struct node *n, const void *arg)
{
	(void)arg;
	return n->kind == NODE_NAME || n->kind == NODE_STAR;
}

/* Constant rows as an input of their own. */
static int
lower_values(struct sql *s, const struct sql_query *q, struct sql_rel *out)
{
	unsigned n = q->rows[0].n;
	unsigned number = sql_input_new(s, q->where);
	struct plan_input *in = &s->plan->inputs[number];

	in->values = in->closed = true;
	in->n_columns = n;
	in->columns = arena_zalloc(s->arena, n * sizeof *in->columns);
	in->n_rows = q->n_rows;
	in->cells = arena_array(s->arena, n * q->n_rows, sizeof *in->cells);
	for (unsigned r = 0; r < q->n_rows; r++)
		for (unsigned i = 0; i < n; i++) {
			struct node *cell = q->rows[r].list[i];

			if (tree_any(cell, is_field, NULL))
				return err_set(s->err, ERR_SPEC, cell->where,
				    "VALUES are constants and know no "
				    "columns");
			in->cells[r * n + i] = cell;
		}
	for (unsigned i = 0; i < n; i++) {
		in->columns[i] = (struct declared){
		    value_name(s, i), T_ANY, q->rows[0].list[i]->where};
		sql_rel_add(s, out, in->columns[i].name);
	}
	plan_read(s->plan, number);
	return 0;
}

/* ---- set operations ---- */

static const char *
word_of(const struct sql_query *q)
{
	switch (q->kind) {
	case SQL_UNION:
		return "UNION";
	case SQL_INTERSECT:
		return "INTERSECT";
	case SQL_EXCEPT:
		return "EXCEPT";
	case SQL_SELECT:
	case SQL_VALUES:
	case SQL_NESTED:
		break;
	}
	return "";
}

static int
check_sides(struct sql *s, const struct sql_query *q, const struct sql_rel *a,
    const struct sql_rel *b)
{
	if (a->open != b->open ||
	    (a->open && (!q->all || q->kind != SQL_UNION))) {
		err_set(s->err, ERR_SPEC, q->op_at,
		    "the columns of one side are not known, and %s goes by "
		    "their order",
		    word_of(q));
		return err_hint(s->err, "name the columns instead of *");
	}
	if (a->open || a->n_cols == b->n_cols)
		return 0;
	return err_set(s->err, ERR_SPEC, q->op_at, "%s of %u and %u columns",
	    word_of(q), a->n_cols, b->n_cols);
}

/* The time of the rows stays, where both sides have it in this column. */
static struct sql_rel
common(struct sql *s, const struct sql_rel *a, const struct sql_rel *b)
{
	struct sql_rel r = {
	    .open = a->open, .updates = a->updates | b->updates};

	for (unsigned i = 0; i < a->n_cols; i++) {
		struct sql_column *c = sql_rel_add(s, &r, a->cols[i].name);
		const struct sql_column *x = &a->cols[i], *y;
		unsigned n = x->n_origins;

		y = i < b->n_cols ? &b->cols[i] : x;
		if (x->role == SQL_TIME && y->role == SQL_TIME)
			c->role = SQL_TIME;
		if (!n || !y->n_origins)
			continue;
		c->origins =
		    arena_array(s->arena, n + y->n_origins, sizeof *c->origins);
		memcpy(c->origins, x->origins, n * sizeof *c->origins);
		memcpy(c->origins + n, y->origins,
		    y->n_origins * sizeof *c->origins);
		c->n_origins = n + y->n_origins;
	}
	if (!r.open)
		return r;
	r.inputs =
	    arena_array(s->arena, a->n_inputs + b->n_inputs, sizeof *r.inputs);
	for (unsigned i = 0; i < a->n_inputs; i++)
		r.inputs[r.n_inputs++] = a->inputs[i];
	for (unsigned i = 0; i < b->n_inputs; i++)
		r.inputs[r.n_inputs++] = b->inputs[i];
	return r;
}

/* The branches of a UNION ALL of UNION ALLs, from left to right. */
struct branches {
	struct edge *edges;
	unsigned n;
	struct sql_rel rel;
};

static int
lower_branches(struct sql *s, const struct sql_query *q,
    const struct sql_env *env, struct branches *out)
{
	struct sql_rel one = {0};
	struct edge *at;

	if (q->kind == SQL_UNION && q->all && !q->n_with && !sql_has_tail(q)) {
		struct branches right = {0};

		if (lower_branches(s, q->left, env, out) ||
		    lower_branches(s, q->right, env, &right) ||
		    check_sides(s, q, &out->rel, &right.rel))
			return -1;
		for (unsigned i = 0; i < right.n; i++) {
			at = plan_more(
			    s->plan, &out->edges, &out->n, sizeof *at);
			*at = right.edges[i];
		}
		out->rel = common(s, &out->rel, &right.rel);
		return 0;
	}
	if (sql_lower(s, q, env, &one) || sql_settle(s, &one))
		return -1;
	at = plan_more(s->plan, &out->edges, &out->n, sizeof *at);
	*at = s->plan->tail;
	out->rel = one;
	return 0;
}

static void
merge(struct sql *s, const char *kind, const struct edge *edges, unsigned n,
    struct where where)
{
	const struct op_kind *k = op_kind_find(str_of(kind));

	must(k);
	plan_merge(s->plan, k, edges, n, where);
}

/* An argument of the step added last that is one of its words. */
static void
word_arg(struct sql *s, const char *param, const char *word, struct where where)
{
	struct op *op = &s->plan->ops[s->plan->n_ops - 1];
	struct arg *arg = plan_arg(s->plan, op, param, 1, where);

	arg->items[0] = (struct arg_item){.name = str_of(word), .where = where};
}

static int
lower_union_all(struct sql *s, const struct sql_query *q,
    const struct sql_env *env, struct sql_rel *out)
{
	struct sql_query bare = *q;
	struct branches all = {0};

	bare.n_with = 0;
	bare.orders.n = 0;
	bare.limit = bare.offset = NULL;
	if (lower_branches(s, &bare, env, &all))
		return -1;
	merge(s, "union", all.edges, all.n, q->op_at);
	/* Records, whose fields are not known, go by name. */
	if (!all.rel.open)
		word_arg(s, "by", "position", q->op_at);
	*out = all.rel;
	return 0;
}

static int
lower_set(struct sql *s, const struct sql_query *q, const struct sql_env *env,
    struct sql_rel *out)
{
	struct sql_rel a = {0}, b = {0};
	struct edge edges[2];

	if (q->kind == SQL_UNION && q->all)
		return lower_union_all(s, q, env, out);
	if (sql_lower(s, q->left, env, &a) || sql_settle(s, &a))
		return -1;
	edges[0] = s->plan->tail;
	if (sql_lower(s, q->right, env, &b) || sql_settle(s, &b))
		return -1;
	edges[1] = s->plan->tail;
	if (check_sides(s, q, &a, &b))
		return -1;
	merge(s, "setop", edges, 2, q->op_at);
	if (q->kind != SQL_UNION)
		word_arg(s, "keep",
		    q->kind == SQL_INTERSECT ? "intersect" : "except",
		    q->op_at);
	if (q->all)
		word_arg(s, "all", "true", q->op_at);
	*out = common(s, &a, &b);
	return 0;
}

/* ---- ORDER BY and LIMIT of what is no SELECT ---- */

static int
lower_tail(struct sql *s, const struct sql_query *q, const struct sql_env *env,
    struct sql_rel *rel, struct sql_rel *out)
{
	struct sql_block b = {.s = s,
	    .env = env,
	    .orders = q->orders,
	    .limit = q->limit,
	    .offset = q->offset,
	    .limit_by = q->limit_by,
	    .limit_at = q->limit_at,
	    .rel = *rel,
	    .out = out};
	struct sql_item star = {0};
	struct node *n = arena_zalloc(s->arena, sizeof *n);

	n->kind = NODE_STAR;
	n->where = q->where;
	n->depth = n->size = 1;
	star.node = n;
	star.where = q->where;
	b.sel =
	    (struct sql_select){.at = q->where, .items = &star, .n_items = 1};
	b.rel.n_parts = 0;
	return sql_settle(s, &b.rel) || sql_names(&b) || sql_plain_steps(&b)
		   ? -1
		   : 0;
}

/* ---- WITH ---- */

static int
lower_kind(struct sql *s, const struct sql_query *q, const struct sql_env *env,
    struct sql_rel *out)
{
	struct sql_env within = *env;
	struct sql_rel rel = {0};

	within.top = false;
	switch (q->kind) {
	case SQL_SELECT:
		return sql_block_lower(s, q, env, out);
	case SQL_VALUES:
		if (lower_values(s, q, &rel))
			return -1;
		break;
	case SQL_NESTED:
		if (sql_lower(s, q->left, env, &rel))
			return -1;
		break;
	case SQL_UNION:
	case SQL_INTERSECT:
	case SQL_EXCEPT:
		if (lower_set(s, q, &within, &rel))
			return -1;
		break;
	}
	if (sql_has_tail(q))
		return lower_tail(s, q, env, &rel, out);
	*out = rel;
	return 0;
}

static struct where
place_of(const struct sql_with *w)
{
	return w->name.where;
}

/* A named query that nobody reads is a mistake more often than not. */
static int
check_read(struct sql *s, const struct sql_made *made, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < i; k++)
			if (str_eq(made[i].name, made[k].name))
				return err_set(s->err, ERR_SPEC,
				    place_of(made[i].with),
				    "there are two queries named \"%.*s\"",
				    STR_ARG(made[i].name));
	return 0;
}

int
sql_lower(struct sql *s, const struct sql_query *q, const struct sql_env *env,
    struct sql_rel *out)
{
	struct sql_made *made =
	    arena_zalloc(s->arena, (q->n_with + 1) * sizeof *made);
	struct sql_env *envs =
	    arena_zalloc(s->arena, (q->n_with + 1) * sizeof *envs);

	for (unsigned i = 0; i < q->n_with; i++) {
		made[i] = (struct sql_made){.name = q->with[i].name.name,
		    .with = &q->with[i],
		    .env = env};
		envs[i] = (struct sql_env){

		    .up = env, .made = &made[i], .now = env->now};
		env = &envs[i];
	}
	return check_read(s, made, q->n_with) ? -1 : lower_kind(s, q, env, out);
}

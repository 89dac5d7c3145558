/* SPDX-License-Identifier: MIT */
/*
 * Queries within expressions, as the step semi, whose second flow is the query:
 *
 *   WHERE x [NOT] IN (SELECT …)    keeps the rows that are, or are not, in it
 *   WHERE [NOT] EXISTS (SELECT …)
 *   (SELECT …) as a value          adds its one value as a column
 *
 * IN and EXISTS elsewhere than as a condition of their own (under OR, in the
 * select list) add a column as well, that says what they would.
 *
 * A query that names columns of the query around it (t.k) is asked anew for
 * every row. Where it does so only in conditions such as u.k = t.k, the rows
 * of u are all that is needed, and the keys are compared by the step; anything
 * else cannot be answered by reading the input once, and is an error.
 */
#include "base/must.h"
#include "front/sql_lower.h"
#include "front/tree.h"

/* ---- finding queries ---- */

static bool
is_query(const struct node *n, const void *arg)
{
	(void)arg;
	return n->kind == NODE_QUERY;
}

bool
sql_has_query(const struct node *n)
{
	return tree_any(n, is_query, NULL);
}

/* ---- columns of the query around ---- */

/* Names before a dot: of the query itself, and of those around it. */
struct correlation {
	struct sql_block *b;
	struct str *inner;
	unsigned n_inner;
	struct sql_exprs left;	/* keys: of the rows around */
	struct sql_exprs right; /* and of the query */
};

static void
add_parts(struct correlation *c, const struct sql_source *src)
{
	struct str *at;

	if (!src)
		return;
	if (src->alias.n || src->kind == SQL_TABLE) {
		at = plan_more(
		    c->b->s->plan, &c->inner, &c->n_inner, sizeof *at);
		*at = src->alias.n ? src->alias : src->name;
	}
	add_parts(c, src->left);
	add_parts(c, src->right);
}

static bool
has_part(const struct str *parts, unsigned n, struct str name)
{
	for (unsigned i = 0; i < n; i++)
		if (str_eq(parts[i], name))
			return true;
	return false;
}

static bool
is_outer(const struct node *n, const void *arg)
{
	const struct correlation *c = arg;
	const struct sql_rel *r = &c->b->rel;
	struct str name;

	if (n->kind != NODE_NAME || n->path.n < 2)
		return false;
	name = n->path.steps[0].name;
	return name.p && !has_part(c->inner, c->n_inner, name) &&
	       has_part(r->parts, r->n_parts, name);
}

static bool
is_inner(const struct node *n, const void *arg)
{
	return n->kind == NODE_NAME && !is_outer(n, arg);
}

static bool
names_outer(const struct correlation *c, const struct node *n)
{
	return n && tree_any(n, is_outer, c);
}

/* u.k = t.k: its sides become keys. */
static bool
take_key(struct correlation *c, const struct node *n)
{
	struct node *a, *b, **at;

	if (n->kind != NODE_CALL || !str_is(n->name, "=") || n->n_args != 2)
		return false;
	a = n->args[0];
	b = n->args[1];
	if (names_outer(c, b)) {
		a = n->args[1];
		b = n->args[0];
	}
	if (!names_outer(c, a) || tree_any(a, is_inner, c) ||
	    names_outer(c, b) || sql_has_query(n))
		return false;
	at = plan_more(c->b->s->plan, &c->left.list, &c->left.n, sizeof *at);
	*at = a;
	at = plan_more(c->b->s->plan, &c->right.list, &c->right.n, sizeof *at);
	*at = b;
	return true;
}

/* What is left of the query's WHERE without the keys. */
static struct node *
take_keys(struct correlation *c, struct node *n)
{
	struct node **rest;
	unsigned k = 0;

	if (!n || n->kind != NODE_CALL || !str_is(n->name, "and"))
		return n && take_key(c, n) ? NULL : n;
	rest = arena_array(c->b->s->arena, n->n_args, sizeof *rest);
	for (unsigned i = 0; i < n->n_args; i++)
		if (!take_key(c, n->args[i]))
			rest[k++] = n->args[i];
	if (k == n->n_args)
		return n;
	if (k < 2)
		return k ? rest[0] : NULL;
	return node_call(c->b->s->arena, "and", rest, k, n->where);
}

static const struct node *
find_outer(const struct correlation *c, const struct sql_select *sel)
{
	for (unsigned i = 0; i < sel->n_items; i++)
		if (names_outer(c, sel->items[i].node))
			return sel->items[i].node;
	for (unsigned i = 0; i < sel->n_groups; i++)
		if (names_outer(c, sel->groups[i].node))
			return sel->groups[i].node;
	return names_outer(c, sel->where)    ? sel->where
	       : names_outer(c, sel->having) ? sel->having
					     : NULL;
}

static int
refuse(struct correlation *c, const struct node *n)
{
	err_set(c->b->s->err, ERR_SPEC, n->where,
	    "this would have to be asked anew for every row of the query "
	    "around it");
	return err_hint(c->b->s->err,
	    "columns of both can be compared by = in WHERE, as in WHERE u.k = "
	    "t.k");
}

/* Keys are selected as well, under names of their own. */
static struct sql_query *
with_keys(struct correlation *c, const struct sql_query *q,
    struct sql_select *sel, bool only)
{
	struct sql *s = c->b->s;
	struct sql_query *new = arena_alloc(s->arena, sizeof *new);
	unsigned first = only ? 0 : sel->n_items;
	struct sql_item *items =
	    arena_zalloc(s->arena, (first + c->right.n) * sizeof *items);

	*new = *q;
	new->select = sel;
	if (first)
		memcpy(items, sel->items, first * sizeof *items);
	for (unsigned i = 0; i < c->right.n; i++)
		items[first + i] = (struct sql_item){.node = c->right.list[i],
		    .name = arena_printf(s->arena, "_key_%u", i + 1),
		    .alias = true,
		    .where = c->right.list[i]->where};
	sel->items = items;
	sel->n_items = first + c->right.n;
	return new;
}

/*
 * The query without what it says of the rows around it; *q is changed to one
 * that gives the keys, too. only: its own columns do not matter (EXISTS).
 */
static int
separate(struct correlation *c, const struct sql_query **q, bool only)
{
	struct sql_select *sel;
	const struct node *found;

	if ((*q)->kind != SQL_SELECT)
		return 0;
	sel = arena_alloc(c->b->s->arena, sizeof *sel);
	*sel = *(*q)->select;
	add_parts(c, sel->from);
	if (!find_outer(c, sel))
		return 0;
	sel->where = take_keys(c, sel->where);
	found = find_outer(c, sel);
	if (found)
		return refuse(c, found);
	if (!c->right.n)
		return 0;
	if (sel->group_at.src || sel->having || sel->distinct ||
	    sql_has_tail(*q) ||
	    (sel->n_items && node_has_aggregate(sel->items[0].node)))
		return refuse(c, c->left.list[0]);
	*q = with_keys(c, *q, sel, only);
	return 0;
}

/* ---- the step ---- */

struct sub {
	const char *mode;
	struct sql_exprs left; /* compared with the query's columns in order */
	struct str as;	       /* a column to add, or empty */
	struct where where;
};

static void
exprs_arg(struct sql *s, struct op *op, const char *param,
    const struct sql_exprs *list, struct where where)
{
	struct arg *arg = plan_arg(s->plan, op, param, list->n, where);

	for (unsigned i = 0; i < list->n; i++)
		arg->items[i] = (struct arg_item){
		    .node = list->list[i], .where = list->list[i]->where};
}

static void
word_arg(struct sql *s, struct op *op, const char *param, struct str word,
    struct where where)
{
	struct arg *arg = plan_arg(s->plan, op, param, 1, where);

	arg->items[0] = (struct arg_item){.name = word, .where = where};
}

/* Rows at hand on the first port, those of the query on the second. */
static int
semi_step(struct sql_block *b, const struct sql_query *q, const struct sub *sub)
{
	struct sql *s = b->s;
	const struct op_kind *kind = op_kind_find(STR("semi"));
	struct sql_env env = {.up = b->env, .rel = &b->rel, .now = b->env->now};
	struct edge edges[2] = {s->plan->tail};
	struct sql_rel rel = {0};
	struct op *op;

	must(kind);
	if (sql_lower(s, q, &env, &rel) || sql_settle(s, &rel))
		return -1;
	if (sub->left.n && rel.open)
		return err_set(s->err, ERR_SPEC, q->where,
		    "the columns of this query are not known; name them");
	if (sub->left.n && rel.n_cols != sub->left.n)
		return err_set(s->err, ERR_SPEC, q->where,
		    "this query gives %u columns, and %u %s compared with it",
		    rel.n_cols, sub->left.n, sub->left.n == 1 ? "is" : "are");
	edges[1] = s->plan->tail;
	op = plan_merge(s->plan, kind, edges, 2, sub->where);
	word_arg(s, op, "mode", str_of(sub->mode), sub->where);
	if (sub->left.n)
		exprs_arg(s, op, "keys", &sub->left, sub->where);
	if (sub->as.n)
		word_arg(s, op, "as", sub->as, sub->where);
	return 0;
}

/* ---- IN, EXISTS ---- */

static bool
is_call(const struct node *n, const char *name)
{
	return n->kind == NODE_CALL && str_is(n->name, name);
}

static const struct sql_query *
query_of(const struct node *n)
{
	return n->args[n->n_args - 1]->query;
}

static int
append(struct sql_block *b, struct sql_exprs *to, const struct sql_exprs *from)
{
	for (unsigned i = 0; i < from->n; i++) {
		struct node *n = sql_sub_values(b, from->list[i]), **at;

		n = n ? sql_unqualified(b->s, &b->rel, n) : NULL;
		if (!n)
			return -1;
		at = plan_more(b->s->plan, &to->list, &to->n, sizeof *at);
		*at = n;
	}
	return 0;
}

/* IN or EXISTS as a step; as.n: its answer becomes a column. */
static int
test_step(
    struct sql_block *b, const struct node *n, bool negative, struct str as)
{
	bool in = is_call(n, "in query");
	const struct sql_query *q = query_of(n);
	struct correlation c = {.b = b};
	struct sub sub = {.mode = in	     ? negative ? "not in" : "in"
				  : negative ? "not exists"
					     : "exists",
	    .as = as,
	    .where = n->where};

	if (in) {
		struct sql_exprs left;
		struct node *x = n->args[0];

		/* (x, y) IN … compares its parts. */
		left = is_call(x, "row")
			   ? (struct sql_exprs){x->args, x->n_args}
			   : (struct sql_exprs){&x, 1};
		if (append(b, &sub.left, &left))
			return -1;
	}
	if (separate(&c, &q, !in) || append(b, &sub.left, &c.left))
		return -1;
	/* NOT IN asks whether the value is NULL; keys are only compared. */
	if (in && negative && c.left.n)
		return refuse(&c, c.left.list[0]);
	return semi_step(b, q, &sub);
}

static bool
is_test(const struct node *n)
{
	return is_call(n, "in query") || is_call(n, "exists");
}

/* A condition that is such a test, or NOT one. */
static bool
is_plain_test(const struct node *n)
{
	return is_test(n) || (is_call(n, "not") && is_test(n->args[0]));
}

/* ---- values ---- */

static struct str
add_hidden(struct sql_block *b)
{
	struct sql_rel *r = &b->rel;
	struct str *list =
	    arena_array(b->s->arena, r->n_hidden + 1, sizeof *list);

	for (unsigned i = 0; i < r->n_hidden; i++)
		list[i] = r->hidden[i];
	r->hidden = list;
	list[r->n_hidden] =
	    arena_printf(b->s->arena, "_query_%u", ++b->s->n_values);
	return list[r->n_hidden++];
}

static int
value_step(struct sql_block *b, const struct node *n, struct str as)
{
	const struct sql_query *q = n->query;
	struct correlation c = {.b = b};
	struct sub sub = {.mode = "scalar", .as = as, .where = n->where};

	if (separate(&c, &q, false))
		return -1;
	if (c.left.n)
		return refuse(&c, c.left.list[0]);
	if (q->kind == SQL_SELECT && q->select->n_items != 1)
		return err_set(b->s->err, ERR_SPEC, n->where,
		    "a query that is a value gives one column, and this one "
		    "gives %u",
		    q->select->n_items);
	return semi_step(b, q, &sub);
}

static struct node *
replace_query(struct tree_edit *edit, struct node *n, bool in_aggregate)
{
	struct sql_block *b = edit->owner;
	bool test = is_test(n);
	struct str as;

	if (!test && n->kind != NODE_QUERY)
		return NULL;
	if (in_aggregate) {
		err_set(edit->err, ERR_SPEC, n->where,
		    "a query within an aggregate is not possible");
		err_hint(edit->err, "make it a column in a query of its own: "
				    "FROM (SELECT …, (SELECT …) AS x)");
		edit->failed = true;
		return NULL;
	}
	as = add_hidden(b);
	if (test ? test_step(b, n, false, as) : value_step(b, n, as)) {
		edit->failed = true;
		return NULL;
	}
	return node_name(edit->arena, as, n->where);
}

struct node *
sql_sub_values(struct sql_block *b, struct node *n)
{
	struct tree_edit edit = {.replace = replace_query,
	    .arena = b->s->arena,
	    .err = b->s->err,
	    .owner = b};

	return tree_change(&edit, n);
}

/* ---- conditions ---- */

static int
condition(struct sql_block *b, struct node *n, struct node **rest)
{
	bool negative = is_call(n, "not");

	*rest = NULL;
	if (is_plain_test(n))
		return test_step(b, negative ? n->args[0] : n, negative,
		    (struct str){NULL, 0});
	*rest = sql_sub_values(b, n);
	return *rest ? 0 : -1;
}

/* Tests that stand alone come last: they see fewer rows then. */
int
sql_sub_condition(struct sql_block *b, struct node *n, struct node **rest)
{
	struct node **args, *one;
	unsigned k = 0;

	*rest = n;
	if (!sql_has_query(n))
		return 0;
	if (!is_call(n, "and"))
		return condition(b, n, rest);
	args = arena_array(b->s->arena, n->n_args, sizeof *args);
	for (unsigned i = 0; i < n->n_args; i++)
		if (!sql_has_query(n->args[i]))
			args[k++] = n->args[i];
	if (k)
		sql_step(b->s, "where", "condition",
		    k == 1 ? args[0]
			   : node_call(b->s->arena, "and", args, k, n->where),
		    n->where);
	k = 0;
	for (unsigned i = 0; i < n->n_args; i++) {
		if (!sql_has_query(n->args[i]))
			continue;
		if (condition(b, n->args[i], &one))
			return -1;
		if (one)
			args[k++] = one;
	}
	*rest = k == 0	 ? NULL
		: k == 1 ? args[0]
			 : node_call(b->s->arena, "and", args, k, n->where);
	return 0;
}

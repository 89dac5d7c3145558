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
 *   x > ANY (SELECT …), x = ALL (SELECT …) and the like
 *
 * A query that names columns of the query around it (t.k) is asked anew for
 * every row. Where it does so only in conditions such as u.k = t.k, the query
 * is asked once for all k, grouped by them, and the keys are compared by the
 * step; anything else cannot be answered by reading the input once, and is an
 * error.
 *
 * A comparison with ANY or ALL values of a query depends on the least and the
 * greatest of them, and on whether one is NULL: these are asked for.
 */
#include "base/must.h"
#include "expr/agg.h"
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
outer_in(const struct correlation *c, const struct sql_exprs *e)
{
	for (unsigned i = 0; i < e->n; i++)
		if (names_outer(c, e->list[i]))
			return e->list[i];
	return NULL;
}

static const struct node *
find_outer(const struct correlation *c, const struct sql_query *q,
    const struct sql_select *sel)
{
	const struct node *n = outer_in(c, &sel->distinct_on);

	for (unsigned i = 0; !n && i < q->orders.n; i++)
		if (names_outer(c, q->orders.list[i].node))
			n = q->orders.list[i].node;
	if (n || (n = outer_in(c, &q->limit_by)))
		return n;
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

static struct str
key_name(const struct correlation *c, unsigned i)
{
	return arena_printf(c->b->s->arena, "_key_%u", i + 1);
}

/* Keys are selected as well, under names of their own. */
static void
select_keys(struct correlation *c, struct sql_select *sel, bool only)
{
	unsigned first = only ? 0 : sel->n_items;
	struct sql_item *items =
	    arena_zalloc(c->b->s->arena, (first + c->right.n) * sizeof *items);

	if (first)
		memcpy(items, sel->items, first * sizeof *items);
	for (unsigned i = 0; i < c->right.n; i++)
		items[first + i] = (struct sql_item){.node = c->right.list[i],
		    .name = key_name(c, i),
		    .alias = true,
		    .where = c->right.list[i]->where};
	sel->items = items;
	sel->n_items = first + c->right.n;
}

/* Rows are grouped by the keys, and by what they were grouped by before. */
static int
group_by_keys(struct correlation *c, struct sql_select *sel)
{
	struct sql_group *groups = arena_zalloc(
	    c->b->s->arena, (sel->n_groups + c->right.n) * sizeof *groups);

	for (unsigned i = 0; i < sel->n_groups; i++) {
		groups[i] = sel->groups[i];
		if (groups[i].kind != SQL_GROUP_EXPR ||
		    window_is(groups[i].node))
			return refuse(c, c->left.list[0]);
	}
	for (unsigned i = 0; i < c->right.n; i++)
		groups[sel->n_groups++] = (struct sql_group){
		    .node = c->right.list[i], .where = c->right.list[i]->where};
	sel->groups = groups;
	if (!sel->group_at.src)
		sel->group_at = sel->at;
	return 0;
}

/* LIMIT n holds for each key; an order without it means nothing. */
static int
limit_keys(struct correlation *c, struct sql_query *q, bool distinct)
{
	struct sql *s = c->b->s;

	if (q->offset || q->limit_by.n || (q->limit && distinct))
		return refuse(c, c->left.list[0]);
	if (!q->limit) {
		q->orders.n = 0;
		return 0;
	}
	q->limit_by.list = arena_array(s->arena, c->right.n, sizeof(void *));
	for (unsigned i = 0; i < c->right.n; i++)
		q->limit_by.list[q->limit_by.n++] =
		    node_name(s->arena, key_name(c, i), q->limit_at);
	return 0;
}

static bool
looks_around(const struct sql_select *sel)
{
	bool over = sel->n_windows || sel->qualify || sel->distinct_on.n;

	for (unsigned i = 0; i < sel->n_items; i++)
		over |= sql_has_over(sel->items[i].node);
	return over;
}

static bool
has_aggregate(const struct sql_select *sel)
{
	bool has = sel->having != NULL;

	for (unsigned i = 0; i < sel->n_items; i++)
		has |= node_has_aggregate(sel->items[i].node);
	return has;
}

static struct node *
of_nothing(struct tree_edit *edit, struct node *n, bool in_aggregate)
{
	const struct agg *agg;

	(void)in_aggregate;
	if (n->kind == NODE_NAME)
		return node_literal(edit->arena, VALUE_NULL, n->where);
	agg = n->kind == NODE_CALL ? agg_find(n->name) : NULL;
	return agg ? node_literal(edit->arena, agg->nothing, n->where) : NULL;
}

/* The value of a query of aggregates over no rows. */
static int
value_of_nothing(
    const struct correlation *c, struct node *n, struct sql_exprs *out)
{
	struct tree_edit edit = {.replace = of_nothing,
	    .arena = c->b->s->arena,
	    .err = c->b->s->err};

	out->list = arena_alloc(c->b->s->arena, sizeof *out->list);
	out->list[0] = tree_change(&edit, n);
	out->n = 1;
	return out->list[0] ? 0 : -1;
}

enum use {
	USE_IN,
	USE_EXISTS, /* the query's own columns do not matter */
	USE_VALUE
};

/*
 * The query without what it says of the rows around it; *q is changed to one
 * that gives the keys, too. nothing: gets the value for rows without any, if
 * it may be another than NULL.
 */
static int
separate(struct correlation *c, const struct sql_query **q, enum use use,
    struct sql_exprs *nothing)
{
	struct sql_query *new;
	struct sql_select *sel;
	const struct node *found;

	if ((*q)->kind != SQL_SELECT)
		return 0;
	sel = arena_alloc(c->b->s->arena, sizeof *sel);
	*sel = *(*q)->select;
	add_parts(c, sel->from);
	if (!find_outer(c, *q, sel))
		return 0;
	sel->where = take_keys(c, sel->where);
	found = find_outer(c, *q, sel);
	if (found)
		return refuse(c, found);
	new = arena_alloc(c->b->s->arena, sizeof *new);
	*new = **q;
	new->select = sel;
	*q = new;
	if (looks_around(sel) || limit_keys(c, new, sel->distinct))
		return refuse(c, c->left.list[0]);
	if (sel->group_at.src) {
		if (group_by_keys(c, sel))
			return -1;
	} else if (has_aggregate(sel)) {
		if (use != USE_VALUE || sel->having || new->limit)
			return refuse(c, c->left.list[0]);
		if (value_of_nothing(c, sel->items[0].node, nothing) ||
		    group_by_keys(c, sel))
			return -1;
	}
	select_keys(c, sel, use == USE_EXISTS);
	return 0;
}

/* ---- the step ---- */

struct sub {
	const char *mode;
	struct sql_exprs left; /* compared with the query's columns in order */
	struct sql_exprs within;  /* and with those behind, or the value */
	struct sql_exprs nothing; /* the value where none is equal */
	struct str as;		  /* a column to add, or empty */
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
	unsigned want = sub->left.n + sub->within.n;
	struct sql_rel rel = {0};
	struct op *op;

	must(kind);
	if (sql_lower(s, q, &env, &rel) || sql_settle(s, &rel))
		return -1;
	if (want && rel.open)
		return err_set(s->err, ERR_SPEC, q->where,
		    "the columns of this query are not known; name them");
	if (sub->left.n && rel.n_cols != want)
		return err_set(s->err, ERR_SPEC, q->where,
		    "this query gives %u columns, and %u %s compared with it",
		    rel.n_cols, want, want == 1 ? "is" : "are");
	edges[1] = s->plan->tail;
	op = plan_merge(s->plan, kind, edges, 2, sub->where);
	word_arg(s, op, "mode", str_of(sub->mode), sub->where);
	if (sub->left.n)
		exprs_arg(s, op, "keys", &sub->left, sub->where);
	if (sub->within.n)
		exprs_arg(s, op, "within", &sub->within, sub->where);
	if (sub->nothing.n)
		exprs_arg(s, op, "else", &sub->nothing, sub->where);
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
	struct sql_exprs nothing;
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
	/* IN asks whether a value is NULL; keys are only compared. */
	if (separate(&c, &q, in ? USE_IN : USE_EXISTS, &nothing) ||
	    append(b, in ? &sub.within : &sub.left, &c.left))
		return -1;
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

	if (separate(&c, &q, USE_VALUE, &sub.nothing) ||
	    append(b, &sub.within, &c.left))
		return -1;
	if (q->kind == SQL_SELECT && q->select->n_items != 1 + c.left.n)
		return err_set(b->s->err, ERR_SPEC, n->where,
		    "a query that is a value gives one column, and this one "
		    "gives %u",
		    q->select->n_items - c.left.n);
	return semi_step(b, q, &sub);
}

/* ---- ANY, ALL ---- */

/* x > ANY (query): "> any query" */
static bool
is_quantified(const struct node *n)
{
	static const char end[] = " query";
	size_t k = sizeof end - 1;

	return n->kind == NODE_CALL && n->name.n > k && !is_test(n) &&
	       !memcmp(n->name.p + n->name.n - k, end, k);
}

static struct node *
call(struct sql_block *b, const char *name, unsigned n, struct node **args,
    struct where where)
{
	struct node **copy = arena_array(b->s->arena, n, sizeof *copy);

	memcpy(copy, args, n * sizeof *copy);
	return node_call(b->s->arena, name, copy, n, where);
}

/*
 * What a comparison with all values of x has to know of them: a list of the
 * least and the greatest, and of NULL if one is NULL.
 */
static struct node *
extremes(struct sql_block *b, struct node *x)
{
	struct arena *a = b->s->arena;
	struct where w = x->where;
	struct node *zero = node_literal(a, value_int(0), w);
	struct node *list[3] = {call(b, "min", 1, &x, w),
	    call(b, "max", 1, &x, w), node_literal(a, VALUE_NULL, w)};
	struct node *rows = call(b, "count", 0, list, w);
	struct node *known = call(b, "count", 1, &x, w);
	struct node *arms[7];

	rows->star = true;
	arms[0] = call(b, "=", 2, (struct node *[]){rows, zero}, w);
	arms[1] = call(b, "list", 0, list, w);
	arms[2] = call(b, "=", 2, (struct node *[]){known, zero}, w);
	arms[3] = call(b, "list", 1, &list[2], w);
	arms[4] = call(b, "=", 2, (struct node *[]){known, rows}, w);
	arms[5] = call(b, "list", 2, list, w);
	arms[6] = call(b, "list", 3, list, w);
	return call(b, "case", 7, arms, w);
}

/* Nothing but rows and conditions: values of its column can be aggregated. */
static bool
is_bare(const struct sql_query *q)
{
	const struct sql_select *sel = q->select;

	return q->kind == SQL_SELECT && sel->from && !q->n_with &&
	       !sql_has_tail(q) && !q->limit_by.n && !sel->distinct &&
	       !sel->group_at.src && !has_aggregate(sel) &&
	       !looks_around(sel) && sel->n_items == 1 &&
	       sel->items[0].node->kind != NODE_STAR &&
	       !sql_has_query(sel->items[0].node);
}

/* SELECT … FROM (q) AS _query (_value) */
static struct sql_select *
select_from(struct sql_block *b, const struct sql_query *q)
{
	struct arena *a = b->s->arena;
	struct sql_select *sel = arena_zalloc(a, sizeof *sel);
	struct sql_source *from = arena_zalloc(a, sizeof *from);
	struct sql_query *inner = arena_alloc(a, sizeof *inner);

	*inner = *q;
	from->kind = SQL_SUBQUERY;
	from->where = q->where;
	from->query = inner;
	from->alias = STR("_query");
	from->columns.list = arena_zalloc(a, sizeof *from->columns.list);
	from->columns.list[0] = (struct sql_ident){STR("_value"), q->where};
	from->columns.n = 1;
	sel->at = q->where;
	sel->from = from;
	sel->n_items = 1;
	sel->items = arena_zalloc(a, sizeof *sel->items);
	sel->items[0].node = node_name(a, STR("_value"), q->where);
	return sel;
}

/* The query that gives the extremes of this one's column. */
static struct node *
extremes_of(struct sql_block *b, const struct node *n)
{
	struct arena *a = b->s->arena;
	struct node *new = arena_alloc(a, sizeof *new);
	struct sql_query *q = arena_zalloc(a, sizeof *q);
	const struct sql_query *old = n->query;
	struct sql_item *item = arena_alloc(a, sizeof *item);

	if (old->kind == SQL_SELECT && old->select->n_items != 1) {
		err_set(b->s->err, ERR_SPEC, n->where,
		    "this query gives %u columns, and 1 is compared with it",
		    old->select->n_items);
		return NULL;
	}
	if (is_bare(old)) {
		*q = *old;
		q->select = arena_alloc(a, sizeof *q->select);
		*q->select = *old->select;
	} else {
		*q = (struct sql_query){.kind = SQL_SELECT,
		    .where = old->where,
		    .select = select_from(b, old)};
	}
	*item = q->select->items[0];
	item->node = extremes(b, item->node);
	item->name = STR("_extremes");
	item->alias = true;
	q->select->items = item;
	*new = *n;
	new->query = q;
	return new;
}

static struct node *replace_query(
    struct tree_edit *edit, struct node *n, bool in_aggregate);

/* x > ANY (query) as x > ANY (list) */
static struct node *
quantified(struct tree_edit *edit, struct node *n, bool in_aggregate)
{
	struct sql_block *b = edit->owner;
	struct node *args[2] = {sql_sub_values(b, n->args[0])};
	struct node *q = args[0] ? extremes_of(b, n->args[1]) : NULL;
	size_t k = n->name.n - (sizeof " query" - 1);

	if (q)
		args[1] = replace_query(edit, q, in_aggregate);
	if (!args[0] || !args[1]) {
		edit->failed = true;
		return NULL;
	}
	return call(b, arena_printf(edit->arena, "%.*s", (int)k, n->name.p).p,
	    2, args, n->where);
}

static struct node *
replace_query(struct tree_edit *edit, struct node *n, bool in_aggregate)
{
	struct sql_block *b = edit->owner;
	bool test = is_test(n);
	struct str as;

	if (!in_aggregate && is_quantified(n))
		return quantified(edit, n, in_aggregate);
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

/* SPDX-License-Identifier: MIT */
/*
 * Top-N: a row's number OVER other rows, and a condition that only the first
 * few pass, are together the step `top`, which keeps only those.
 *
 *   running: {rn: row_number()}      top: 3
 *   by: [k]                          by: [k]
 *   order: [x desc]           is     order: [x desc]
 *   where: rn <= 3                   rank: rn
 *
 * The condition is asked when it is about to become a step; what is left of it
 * does. Rows ordered by event time stay with `running`, which gives them as
 * soon as the watermark has passed; of them the first alone is `dedup`.
 */
#include "front/sql_lower.h"
#include "front/tree.h"

struct top_rank {
	struct plan *plan;
	unsigned floor;
	struct str name;
	struct op *op; /* the step running that makes it */
	int64_t from, until;
	bool bounded;
};

/* ---- the step that makes the number ---- */

static const struct arg_item *
item_named(const struct arg *arg, struct str name)
{
	for (unsigned i = 0; arg && i < arg->n_items; i++)
		if (arg->items[i].node->kind != NODE_STAR &&
		    str_eq(arg->items[i].name, name))
			return &arg->items[i];
	return NULL;
}

static bool
has_star(const struct arg *arg)
{
	for (unsigned i = 0; i < arg->n_items; i++)
		if (arg->items[i].node->kind == NODE_STAR)
			return true;
	return false;
}

/* What a select step calls otherwise; false if it makes the column itself. */
static bool
behind_select(const struct op *op, struct str *name)
{
	const struct arg *columns = op_arg(op, "columns");
	const struct arg_item *item = item_named(columns, *name);

	if (!item)
		return has_star(columns);
	if (item->node->kind != NODE_NAME || item->node->path.n != 1)
		return false;
	*name = item->node->path.steps[0].name;
	return true;
}

static bool
is_number(const struct node *n)
{
	return n->kind == NODE_CALL && !n->n_args &&
	       (str_is(n->name, "row_number") || str_is(n->name, "rank") ||
		   str_is(n->name, "dense_rank"));
}

/* The step whose only column is the number, through select steps; or NULL. */
static struct op *
maker(const struct top_rank *t, struct str name)
{
	struct plan *p = t->plan;

	for (struct edge e = p->tail; e.step && e.number >= t->floor;) {
		struct op *op = &p->ops[e.number];
		const struct arg *select;

		if (str_is(str_of(op->kind->name), "select")) {
			if (!behind_select(op, &name))
				return NULL;
			e = op->from[0];
			continue;
		}
		if (!str_is(str_of(op->kind->name), "running"))
			return NULL;
		select = op_arg(op, "select");
		return select->n_items == 1 &&
			       str_eq(select->items[0].name, name) &&
			       is_number(select->items[0].node) &&
			       op_arg(op, "order")
			   ? op
			   : NULL;
	}
	return NULL;
}

/* ---- the condition ---- */

static bool
is_whole(const struct node *n, int64_t *out)
{
	if (n->kind != NODE_LITERAL || n->value.type != T_INT)
		return false;
	*out = n->value.i;
	return true;
}

static bool
is_rank(const struct top_rank *t, const struct node *n)
{
	return n->kind == NODE_NAME && n->path.n == 1 &&
	       str_eq(n->path.steps[0].name, t->name);
}

static void
at_most(struct top_rank *t, int64_t n)
{
	if (!t->bounded || n < t->until)
		t->until = n;
	t->bounded = true;
}

static void
at_least(struct top_rank *t, int64_t n)
{
	if (n > t->from)
		t->from = n;
}

/* True if the condition says nothing but how great the number may be. */
static bool
read_bound(struct top_rank *t, const struct node *n)
{
	struct str op = n->name;
	bool flip;
	int64_t x, y;

	if (n->kind != NODE_CALL)
		return false;
	if (str_is(op, "between") && n->n_args == 3 && is_rank(t, n->args[0]) &&
	    is_whole(n->args[1], &x) && is_whole(n->args[2], &y)) {
		at_least(t, x);
		at_most(t, y);
		return true;
	}
	if (n->n_args != 2)
		return false;
	flip = is_rank(t, n->args[1]);
	if ((!flip && !is_rank(t, n->args[0])) ||
	    !is_whole(n->args[flip ? 0 : 1], &x) || x <= INT32_MIN ||
	    x >= INT64_MAX)
		return false;
	if (str_is(op, "="))
		at_least(t, x), at_most(t, x);
	else if (str_is(op, flip ? ">=" : "<="))
		at_most(t, x);
	else if (str_is(op, flip ? ">" : "<"))
		at_most(t, x - 1);
	else if (str_is(op, flip ? "<=" : ">="))
		at_least(t, x);
	else if (str_is(op, flip ? "<" : ">"))
		at_least(t, x + 1);
	else
		return false;
	return true;
}

/* What is left of the condition; NULL: nothing. */
static struct node *
take_bounds(struct top_rank *t, struct node *n)
{
	struct arena *a = &t->plan->arena;
	struct node **rest;
	unsigned k = 0;

	if (n->kind != NODE_CALL || !str_is(n->name, "and"))
		return read_bound(t, n) ? NULL : n;
	rest = arena_array(a, n->n_args, sizeof *rest);
	for (unsigned i = 0; i < n->n_args; i++)
		if (!read_bound(t, n->args[i]))
			rest[k++] = n->args[i];
	if (k == n->n_args)
		return n;
	if (k < 2)
		return k ? rest[0] : NULL;
	return node_call(a, "and", rest, k, n->where);
}

static bool
names_rank(const struct node *n, const void *arg)
{
	const struct top_rank *t = arg;

	if (!is_rank(t, n))
		return false;
	return true;
}

/* The first name in the condition that may be such a number. */
static bool
find_rank(struct top_rank *t, const struct node *n)
{
	if (n->kind == NODE_NAME && n->path.n == 1 && n->path.steps[0].name.p) {
		t->name = n->path.steps[0].name;
		t->op = maker(t, t->name);
		return t->op != NULL;
	}
	for (unsigned i = 0; i < n->n_args; i++)
		if (find_rank(t, n->args[i]))
			return true;
	return false;
}

/* ---- the step made of both ---- */

static bool
is_word_of(const char *list, struct str word)
{
	size_t n;

	for (const char *p = list; *p; p += n + (p[n] == ' ')) {
		n = strcspn(p, " ");
		if (str_eq(word, (struct str){p, n}))
			return true;
	}
	return false;
}

/* True if the field may be an input's event time. */
static bool
may_be_time(const struct plan *p, const struct plan_input *in, struct path path)
{
	const struct format *f = in->format;
	struct path field = in->time.field.n ? in->time.field : p->time.field;

	if (field.n)
		return path_eq(field, path);
	return path.n == 1 && path.steps[0].name.p &&
	       is_word_of(f && f->time_fields ? f->time_fields : IO_TIME_FIELDS,
		   path.steps[0].name);
}

/* True if rows may be ordered by event time, ascending. */
static bool
may_be_by_time(const struct plan *p, const struct op *op)
{
	const struct arg_item *first = &op_arg(op, "order")->items[0];
	const struct node *n = first->node;

	if (first->descending || n->kind != NODE_NAME)
		return false;
	if (node_is_name(n, "window_start") || node_is_name(n, "window_end") ||
	    node_is_name(n, "window_time"))
		return true;
	for (unsigned i = 0; i < p->n_inputs; i++)
		if (may_be_time(p, &p->inputs[i], n->path))
			return true;
	return false;
}

/* Gives the step another kind; arguments of both have the same names. */
static void
become(struct plan *p, struct op *op, const char *kind)
{
	struct op old = *op;
	const char *const same[] = {"by", "order"};

	*op = (struct op){.kind = op_kind_find(str_of(kind)),
	    .from = old.from,
	    .n_from = old.n_from,
	    .name = old.name,
	    .named = old.named,
	    .where = old.where};
	op->args = arena_array(&p->arena, op->kind->n_params, sizeof *op->args);
	for (unsigned i = 0; i < 2; i++) {
		const struct arg *from = op_arg(&old, same[i]);
		struct arg *to;

		if (!from)
			continue;
		to = plan_arg(p, op, same[i], from->n_items, from->where);
		memcpy(
		    to->items, from->items, from->n_items * sizeof *to->items);
	}
}

static void
count_arg(struct plan *p, struct op *op, const char *name, int64_t n)
{
	struct arg *arg = plan_arg(p, op, name, 1, op->where);

	arg->items[0] = (struct arg_item){
	    .node = node_literal(&p->arena, value_int(n), op->where),
	    .where = op->where};
}

static void
name_arg(struct plan *p, struct op *op, const char *param, struct str name)
{
	struct arg *arg = plan_arg(p, op, param, 1, op->where);

	arg->items[0] = (struct arg_item){.name = name, .where = op->where};
}

static void
make_top(const struct top_rank *t, bool hidden)
{
	const struct arg_item number = op_arg(t->op, "select")->items[0];
	struct plan *p = t->plan;

	become(p, t->op, "top");
	count_arg(p, t->op, "rows", t->until > 0 ? t->until : 0);
	if (t->from > 1)
		count_arg(p, t->op, "from", t->from);
	if (!hidden)
		name_arg(p, t->op, "rank", number.name);
	if (!str_is(number.node->name, "row_number"))
		name_arg(p, t->op, "ties", number.node->name);
}

bool
sql_top(struct plan *p, unsigned floor, struct node *condition, bool hidden,
    struct node **rest)
{
	struct top_rank t = {.plan = p, .floor = floor, .from = 1};

	*rest = condition;
	if (!p->n_ops || !find_rank(&t, condition))
		return false;
	*rest = take_bounds(&t, condition);
	if (!t.bounded ||
	    (*rest && hidden && tree_any(*rest, names_rank, &t))) {
		*rest = condition;
		return false;
	}
	if (!may_be_by_time(p, t.op)) {
		make_top(&t, hidden);
		return true;
	}
	if (hidden && t.until == 1 && t.from <= 1 && op_arg(t.op, "by") &&
	    str_is(op_arg(t.op, "select")->items[0].node->name, "row_number")) {
		become(p, t.op, "dedup");
		return true;
	}
	*rest = condition;
	return false;
}

/* SPDX-License-Identifier: MIT */
/*
 * The arguments of `running` to its configuration: calls of functions over
 * other rows are found in what is to be computed, their arguments become slots
 * of every kept row, and what is left, an expression over their results, is
 * bound as any other.
 */
#include "base/must.h"
#include "op/over_live.h"

/* lag and lead IGNORE NULLS keep so many values. */
#define AWAY_MOST 100000

struct over_bind {
	struct op *op;
	const struct bind *b;
	struct over_config *c;
	struct scope rows;    /* names of the rows that come in */
	struct scope results; /* and of the calls' results */
	struct scope calls;   /* for aggregates: a grouping without keys */
	unsigned cap_calls;
	const struct node *item; /* being looked through */
};

/* ---- slots ---- */

static unsigned
slot_add(struct over_bind *o, struct expr *e, unsigned filter)
{
	struct over_config *c = o->c;
	struct over_slot *more;

	if (c->n_slots == c->cap_slots) {
		c->cap_slots = c->cap_slots ? 2 * c->cap_slots : 8;
		more = arena_array(o->b->arena, c->cap_slots, sizeof *more);
		if (c->n_slots)
			memcpy(more, c->slots, c->n_slots * sizeof *more);
		c->slots = more;
	}
	c->slots[c->n_slots] = (struct over_slot){e, filter};
	return c->n_slots++;
}

/* ---- order ---- */

static struct node *
wrap(struct over_bind *o, const char *name, struct node *n, struct node *with)
{
	struct node *call = arena_zalloc(o->b->arena, sizeof *call);

	*call = (struct node){.kind = NODE_CALL,
	    .name = str_of(name),
	    .where = n->where,
	    .name_at = n->where,
	    .args = arena_array(o->b->arena, 2, sizeof *call->args),
	    .n_args = with ? 2 : 1,
	    .cast = {.type = T_TIME, .precision = -1, .scale = -1},
	    .depth = n->depth + 1,
	    .size = n->size + (with != NULL) + 1};
	if (with)
		call->cast = (struct cast_type){0};
	call->args[0] = n;
	call->args[1] = with;
	return call;
}

/* A range reaches so far from the value: it must be a number, or a time. */
static int
measure(struct over_bind *o, struct node *n, struct expr **e)
{
	const struct frame *f = &o->c->frame;
	enum type t = expr_type(*e), with;
	struct node *zero;

	with = f->from.offset.type != T_NULL ? f->from.offset.type
					     : f->to.offset.type;
	if (f->unit != FRAME_RANGE || with == T_NULL)
		return 0;
	if (with == T_DURATION) {
		if (t == T_TIME || t == T_DURATION)
			return 0;
		n = wrap(o, "cast", n, NULL);
	} else {
		if (type_is_number(t))
			return 0;
		zero = arena_zalloc(o->b->arena, sizeof *zero);
		*zero = (struct node){.kind = NODE_LITERAL,
		    .where = n->where,
		    .value = value_int(0),
		    .depth = 1,
		    .size = 1};
		n = wrap(o, "+", n, zero);
	}
	*e = expr_bind(n, &o->rows, o->b->arena, o->b->err);
	return *e ? 0 : -1;
}

static int
bind_order(struct over_bind *o)
{
	const struct arg *order = op_arg(o->op, "order");
	struct over_config *c = o->c;

	c->n_orders = order ? order->n_items : 0;
	c->orders = arena_array(o->b->arena, c->n_orders, sizeof *c->orders);
	for (unsigned i = 0; i < c->n_orders; i++) {
		const struct arg_item *item = &order->items[i];
		struct expr *e = NULL;

		c->orders[i] =
		    (struct kept_order){item->descending, item->nulls_first};
		if (flow_is_time(&o->op->in, item->node, o->b)) {
			if (o->op->in.scan)
				o->op->in.scan->needs_time = true;
			if (!i && !item->descending)
				c->mode = OVER_TIME;
		} else {
			e = expr_bind(
			    item->node, &o->rows, o->b->arena, o->b->err);
			if (!e || measure(o, item->node, &e))
				return -1;
		}
		slot_add(o, e, SLOT_NONE);
	}
	if (c->n_orders && c->mode != OVER_TIME)
		c->mode = OVER_END;
	o->op->acts = c->mode == OVER_TIME;
	return 0;
}

/* ---- calls ---- */

static const struct over_fn *
fn_of(const struct node *n)
{
	return n->kind == NODE_CALL ? over_fn_find(n->name) : NULL;
}

bool
over_is_call(const struct node *n)
{
	if (n->kind != NODE_CALL)
		return false;
	return over_fn_find(n->name) ||
	       node_has_aggregate(
		   &(struct node){.kind = NODE_CALL, .name = n->name});
}

static int
wrong_args(
    const struct over_bind *o, const struct node *n, const struct over_fn *f)
{
	err_set(o->b->err, ERR_SPEC, n->where, "%s takes %s argument%s",
	    f->name,
	    f->args_max == 0		 ? "no"
	    : f->args_min == f->args_max ? f->args_max == 1 ? "1" : "2"
					 : "1 to 3",
	    f->args_max == 1 ? "" : "s");
	return err_hint(o->b->err, "%s: %s", f->example, f->doc);
}

static int
check_fn(
    const struct over_bind *o, const struct node *n, const struct over_fn *f)
{
	if (n->n_args < f->args_min || n->n_args > f->args_max)
		return wrong_args(o, n, f);
	if (n->distinct || n->star || n->filter)
		return err_set(o->b->err, ERR_SPEC, n->where,
		    "DISTINCT, * and FILTER belong to aggregates; %s is none",
		    f->name);
	if (n->ignore_nulls && !f->nulls)
		return err_set(o->b->err, ERR_SPEC, n->where,
		    "%s looks at no values, so there are no NULLs to ignore",
		    f->name);
	return 0;
}

/* A constant whole number among the arguments. */
static int
bind_number(struct over_bind *o, const struct node *n, int64_t from,
    int64_t until, int64_t *out)
{
	struct scope scope = {
	    .params = o->b->params, .n_params = o->b->n_params};
	struct value v;

	if (expr_eval_constant(n, &scope, o->b->arena, &v, o->b->err))
		return -1;
	if (v.type != T_INT || v.i < from || v.i > until)
		return err_set(o->b->err, ERR_SPEC, n->where,
		    until == INT64_MAX
			? "a whole number is expected here, %lld or greater"
			: "a whole number is expected here, from %lld to %lld",
		    (long long)from, (long long)until);
	*out = v.i;
	return 0;
}

static int
bind_argument(
    struct over_bind *o, const struct node *n, unsigned *slot, enum type *type)
{
	struct expr *e = expr_bind(n, &o->rows, o->b->arena, o->b->err);

	if (!e)
		return -1;
	*type = expr_type(e);
	*slot = slot_add(o, e, SLOT_NONE);
	return 0;
}

/* lag(x, n, default) looks the other way if n is negative. */
static int
bind_away(struct over_bind *o, const struct node *n, struct over_call *call)
{
	enum type other;

	call->n = 1;
	if (n->n_args > 1 &&
	    bind_number(o, n->args[1], -INT32_MAX,
		n->ignore_nulls ? AWAY_MOST : INT64_MAX, &call->n))
		return -1;
	if (call->n < 0) {
		if (n->ignore_nulls && call->n < -AWAY_MOST)
			return err_set(o->b->err, ERR_SPEC, n->args[1]->where,
			    "at most %d rows away", AWAY_MOST);
		call->n = -call->n;
		call->kind = call->kind == OVER_LAG ? OVER_LEAD : OVER_LAG;
	}
	if (n->n_args < 3)
		return 0;
	if (bind_argument(o, n->args[2], &call->otherwise, &other))
		return -1;
	if (other != call->type && other != T_NULL)
		call->type = T_ANY;
	return 0;
}

static int
bind_fn(struct over_bind *o, const struct node *n, const struct over_fn *f,
    struct over_call *call)
{
	call->kind = over_fn_kind(f);
	call->ignore_nulls = n->ignore_nulls;
	call->type = T_INT;
	call->n = 1;
	if (check_fn(o, n, f))
		return -1;
	switch (call->kind) {
	case OVER_CUME_DIST:
	case OVER_PERCENT_RANK:
		call->type = T_FLOAT;
		return 0;
	case OVER_NTILE:
		return bind_number(o, n->args[0], 1, INT64_MAX, &call->n);
	case OVER_DENSE_RANK:
	case OVER_RANK:
	case OVER_ROW_NUMBER:
	case OVER_AGGREGATE:
		return 0;
	case OVER_FIRST_VALUE:
	case OVER_LAG:
	case OVER_LAST_VALUE:
	case OVER_LEAD:
	case OVER_NTH_VALUE:
		break;
	}
	call->n_args = 1;
	if (bind_argument(o, n->args[0], &call->args[0], &call->type))
		return -1;
	if (call->kind == OVER_LAG || call->kind == OVER_LEAD)
		return bind_away(o, n, call);
	call->way = o->c->frame.from.kind == BOUND_FIRST ? WAY_ADD : WAY_BACK;
	if (call->kind == OVER_NTH_VALUE)
		return bind_number(o, n->args[1], 1, INT64_MAX, &call->n);
	return 0;
}

/*
 * An aggregate: its arguments are bound as those of any other; then they
 * become slots.
 */
static int
bind_agg(struct over_bind *o, const struct node *n, struct over_call *call)
{
	struct grouping *g = &o->c->grouping;
	struct agg_call *agg;

	if (!expr_bind(n, &o->calls, o->b->arena, o->b->err))
		return -1;
	agg = &g->aggs[g->n_aggs - 1];
	call->kind = OVER_AGGREGATE;
	call->type = agg->type;
	call->n_args = agg->n_args;
	if (agg->filter)
		call->filter = slot_add(o, agg->filter, SLOT_NONE);
	for (unsigned i = 0; i < agg->n_args; i++) {
		struct value v;

		call->args[i] = expr_constant(agg->args[i], &v) &&
					agg->params[i].type != T_NULL
				    ? SLOT_NONE
				    : slot_add(o, agg->args[i], call->filter);
	}
	return 0;
}

static int
bind_call(struct over_bind *o, const struct node *n)
{
	struct over_config *c = o->c;
	const struct over_fn *f = fn_of(n);
	struct over_call *call, *more;

	if (c->n_calls == o->cap_calls) {
		o->cap_calls = o->cap_calls ? 2 * o->cap_calls : 8;
		more = arena_array(o->b->arena, o->cap_calls, sizeof *more);
		if (c->n_calls)
			memcpy(more, c->calls, c->n_calls * sizeof *more);
		c->calls = more;
	}
	call = &c->calls[c->n_calls];
	*call = (struct over_call){
	    .node = n, .filter = SLOT_NONE, .otherwise = SLOT_NONE};
	if (f ? bind_fn(o, n, f, call) : bind_agg(o, n, call))
		return -1;
	call->col = flow_compute(&o->op->out);
	c->n_calls++;
	return 0;
}

/* ---- what is computed from the calls ---- */

static struct str
call_name(struct over_bind *o, unsigned i)
{
	return arena_printf(o->b->arena, "\001call %u", i);
}

static unsigned
find_call(const struct over_bind *o, const struct node *n)
{
	unsigned i = 0;

	while (i < o->c->n_calls && !node_eq(o->c->calls[i].node, n))
		i++;
	return i;
}

/* The tree with calls over other rows replaced by names; NULL on error. */
static struct node *
take_calls(struct over_bind *o, struct node *n)
{
	struct node *new;
	unsigned i;

	if (over_is_call(n)) {
		i = find_call(o, n);
		if (i == o->c->n_calls && bind_call(o, n))
			return NULL;
		new = arena_zalloc(o->b->arena, sizeof *new);
		*new = (struct node){.kind = NODE_NAME,
		    .where = n->where,
		    .path = path_of_name(o->b->arena, call_name(o, i)),
		    .depth = 1,
		    .size = 1};
		return new;
	}
	if (!n->n_args)
		return n;
	new = arena_alloc(o->b->arena, sizeof *new);
	*new = *n;
	new->args = arena_array(o->b->arena, n->n_args, sizeof *new->args);
	for (i = 0; i < n->n_args; i++) {
		new->args[i] = take_calls(o, n->args[i]);
		if (!new->args[i])
			return NULL;
	}
	return new;
}

/* A name alone that stands for a call: its result is the column. */
static bool
is_result(struct over_bind *o, const struct node *n, unsigned *call)
{
	for (*call = 0; *call < o->c->n_calls; ++*call)
		if (n->kind == NODE_NAME && n->path.n == 1 &&
		    str_eq(n->path.steps[0].name, call_name(o, *call)))
			return true;
	return false;
}

static int
no_call(const struct over_bind *o, const struct arg_item *item)
{
	err_set(o->b->err, ERR_SPEC, item->where,
	    "this looks at no other rows: it needs a function such as lag, "
	    "row_number or sum");
	return err_hint(o->b->err, "what a row says by itself belongs in set");
}

static int
put_item(struct over_bind *o, const struct arg_item *item, struct node *tree)
{
	struct over_config *c = o->c;
	struct flow *out = &o->op->out;
	unsigned call, col;
	struct expr *e;

	if (is_result(o, tree, &call)) {
		flow_set(
		    out, item->name, c->calls[call].col, c->calls[call].type);
		return 0;
	}
	e = expr_bind(tree, &o->results, o->b->arena, o->b->err);
	if (!e)
		return -1;
	col = flow_compute(out);
	c->items[c->n_items++] = (struct over_item){e, col};
	flow_set(out, item->name, col, expr_type(e));
	return 0;
}

/* A column that is there twice under one name would be one column. */
static int
check_items(const struct over_bind *o, const struct arg *select)
{
	for (unsigned i = 0; i < select->n_items; i++) {
		if (select->items[i].node->kind == NODE_STAR)
			return err_set(o->b->err, ERR_SPEC,
			    select->items[i].where,
			    "all columns stay, so * is not needed here");
		for (unsigned k = 0; k < i; k++)
			if (str_eq(
				select->items[k].name, select->items[i].name))
				return err_set(o->b->err, ERR_SPEC,
				    select->items[i].where,
				    "there are two columns named \"%.*s\"",
				    STR_ARG(select->items[i].name));
	}
	return 0;
}

static int
bind_items(struct over_bind *o)
{
	const struct arg *select = op_arg(o->op, "select");
	unsigned n = select->n_items;
	struct node **trees = arena_array(o->b->arena, n, sizeof *trees);
	struct over_config *c = o->c;

	if (check_items(o, select))
		return -1;
	for (unsigned i = 0; i < n; i++) {
		unsigned before = c->n_calls;

		trees[i] = take_calls(o, select->items[i].node);
		if (!trees[i])
			return -1;
		if (c->n_calls == before &&
		    node_eq(trees[i], select->items[i].node))
			return no_call(o, &select->items[i]);
	}
	c->items = arena_array(o->b->arena, n, sizeof *c->items);
	flow_scope_grow(&o->op->in, 0, o->b, &o->results);
	for (unsigned i = 0; i < c->n_calls; i++)
		flow_scope_add(&o->results, call_name(o, i), c->calls[i].col,
		    c->calls[i].type);
	for (unsigned i = 0; i < n; i++)
		if (put_item(o, &select->items[i], trees[i]))
			return -1;
	return 0;
}

/* ---- what follows from all of it ---- */

static void
look_at_calls(struct over_config *c)
{
	for (unsigned i = 0; i < c->n_calls; i++) {
		const struct over_call *call = &c->calls[i];

		switch (call->kind) {
		case OVER_AGGREGATE:
		case OVER_FIRST_VALUE:
		case OVER_LAST_VALUE:
		case OVER_NTH_VALUE:
			c->framed = true;
			break;
		case OVER_LAG:
			if (!call->ignore_nulls &&
			    (uint64_t)call->n > c->behind)
				c->behind = (uint64_t)call->n;
			break;
		case OVER_LEAD:
			if ((uint64_t)call->n > c->ahead)
				c->ahead = (uint64_t)call->n;
			break;
		case OVER_CUME_DIST:
		case OVER_NTILE:
		case OVER_PERCENT_RANK:
			c->whole = true;
			break;
		case OVER_DENSE_RANK:
		case OVER_RANK:
		case OVER_ROW_NUMBER:
			break;
		}
	}
}

static void
conclude(struct over_config *c)
{
	const struct frame *f = &c->frame;

	look_at_calls(c);
	if (c->framed && (f->to.kind == BOUND_LAST ||
			     (f->unit != FRAME_ROWS && !c->n_orders)))
		c->whole = true;
	if (c->mode == OVER_TIME && f->unit == FRAME_RANGE && c->framed &&
	    f->to.kind == BOUND_FOLLOWING)
		c->after = f->to.offset.i;
	c->at_once = c->mode == OVER_ARRIVAL && !c->whole && !c->ahead &&
		     !(c->framed && f->to.kind == BOUND_FOLLOWING);
}

/* Cells: what a key remembers, then a state and an accumulator per call. */
static void
lay_out(struct over_config *c)
{
	unsigned at = (sizeof(struct over_key) + 15) & ~15u, agg = 0;

	for (unsigned i = 0; i < c->n_calls; i++) {
		struct over_call *call = &c->calls[i];

		if (call->kind == OVER_AGGREGATE) {
			call->agg = &c->grouping.aggs[agg++];
			call->agg->offset = 0;
			over_agg_plan(call, &c->frame);
			c->anew |= call->way != WAY_ADD ||
				   c->frame.to.kind == BOUND_PRECEDING;
		}
		call->state = at;
		at += (sizeof(struct over_state) + 15) & ~15u;
		at += call->size;
	}
	c->cell_bytes = at;
}

int
over_bind(struct op *op, const struct bind *b)
{
	struct over_config *c = arena_zalloc(b->arena, sizeof *c);
	struct over_bind o = {.op = op, .b = b, .c = c};
	const struct arg *frame = op_arg(op, "frame");
	const struct arg *order = op_arg(op, "order");

	op->config = c;
	c->lateness = b->lateness;
	if (refuse_updates(op, b))
		return -1;
	op->out = flow_copy(&op->in, op_arg(op, "select")->n_items, b->arena);
	flow_scope(&op->in, b, &o.rows);
	c->grouping = (struct grouping){.input = &o.rows};
	o.calls = (struct scope){.params = b->params,
	    .n_params = b->n_params,
	    .grouping = &c->grouping};
	c->keys = bind_list(op_arg(op, "by"), &o.rows, b, &c->n_keys);
	if (!c->keys ||
	    frame_bind(frame ? frame->items[0].node : NULL,
		order ? order->n_items : 0, b, &c->frame) ||
	    bind_order(&o) || bind_items(&o))
		return -1;
	lay_out(c);
	conclude(c);
	c->grouping.input = NULL;
	over_live_bind(op, c);
	/* What is only known at the end must be there at the end. */
	if (!c->live && (c->mode == OVER_END || c->whole)) {
		c->in_order = c->mode == OVER_TIME;
		c->mode = OVER_END;
		op->grows = "every row is kept";
		return 0;
	}
	op->grows =
	    c->live ? "all rows of every key are kept" : "every key is kept";
	if (!c->n_keys && !c->live)
		op->grows = NULL;
	c->ttl = b->ttl;
	return op_forgets(op, b);
}

/* SPDX-License-Identifier: MIT */
/*
 * Binding: names to columns, calls to operators and functions, constants
 * folded, types found as far as they are known.
 *
 * A name is first a column of the scope, then a select alias, then a field of
 * the open record. An alias stands for its tree, bound anew at each use; while
 * it is being bound it is not visible to itself, so that `lower(path) AS path`
 * means the field inside. Nodes are counted as they are bound, with aliases
 * spelled out, so that aliases of aliases cannot blow up.
 */
#include <stdarg.h>

#include "base/mem.h"
#include "data/cast.h"
#include "expr/agg.h"
#include "expr/code.h"

int
bind_fail(struct binder *bd, struct where where, const char *fmt, ...)
{
	va_list ap;
	char line[400];

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	return err_set(bd->err, ERR_SPEC, where, "%s", line);
}

struct expr *
bind_new(struct binder *bd, const struct node *n, unsigned n_args)
{
	struct expr *e = arena_zalloc(bd->arena, sizeof(*e));

	e->where = n->where;
	e->type = T_ANY;
	e->n_args = n_args;
	e->args = arena_array(bd->arena, n_args, sizeof(struct expr *));
	return e;
}

struct expr *
bind_constant(struct binder *bd, struct value v, struct where where)
{
	struct expr *e = arena_zalloc(bd->arena, sizeof(*e));

	e->where = where;
	e->constant = true;
	e->type = v.type;
	e->value = column_const(bd->arena, value_copy(bd->arena, v));
	col_normal(&e->value);
	return e;
}

enum type
type_common(enum type a, enum type b)
{
	if (a == b || b == T_NULL)
		return a;
	if (a == T_NULL)
		return b;
	if (type_is_instant(a) && type_is_instant(b))
		return T_TIME;
	if (!type_is_number(a) || !type_is_number(b))
		return T_ANY;
	return a == T_FLOAT || b == T_FLOAT ? T_FLOAT : T_DECIMAL;
}

/* ---- constants ---- */

static void
need_eval(struct binder *bd)
{
	if (bd->ev)
		return;
	bd->ev = eval_new();
	bd->one = batch_new();
	bd->one->n_rows = bd->one->n_sel = 1;
}

/* The value of e, whose arguments are constant; false if it fails. */
static bool
value_of(
    struct binder *bd, struct expr *e, struct value *out, const char **reason)
{
	struct column c;

	need_eval(bd);
	eval_begin(bd->ev, bd->one);
	expr_run(e, bd->ev, bd->one, rows_dense(1), &c);
	if (bd->ev->any_bad) {
		*reason = arena_strdup(bd->arena, bd->ev->reasons[0]);
		return false;
	}
	*out = value_copy(bd->arena, column_get(&c, 0));
	return true;
}

static bool
is_foldable(const struct expr *e)
{
	if (e->constant || e->is_column || e->varies)
		return false;
	for (unsigned i = 0; i < e->n_args; i++)
		if (!e->args[i]->constant)
			return false;
	return true;
}

/* What fails stays as it is: perhaps no row ever needs it. */
struct expr *
bind_fold(struct binder *bd, struct expr *e)
{
	enum type type = e->type;
	const char *reason;
	struct value v;

	if (!is_foldable(e) || !value_of(bd, e, &v, &reason))
		return e;
	e = bind_constant(bd, v, e->where);
	if (v.type == T_NULL && type != T_ANY)
		e->type = type;
	return e;
}

int
bind_text_as(struct binder *bd, struct expr **e, enum type want)
{
	static const char *const what[] = {[T_BOOL] = "a boolean",
	    [T_TIME] = "a time",
	    [T_DATE] = "a date",
	    [T_DURATION] = "a duration"};
	struct value v, text;

	if (!(*e)->constant || (*e)->value.type != T_TEXT)
		return 0;
	text = column_get(&(*e)->value, 0);
	if (type_is_number(want)) {
		if (!text_number(bd->arena, value_str(text), &v))
			return bind_fail(bd, (*e)->where, "%s",
			    reason_value(bd->arena, "not a number", text));
	} else if (want == T_BOOL || type_is_instant(want) ||
		   want == T_DURATION) {
		/* Beside a date it may still be a time. */
		if (!value_cast(bd->arena, text, want == T_DATE ? T_TIME : want,
			NULL, &v))
			return bind_fail(bd, (*e)->where, "%s",
			    reason_value(bd->arena,
				arena_printf(bd->arena, "not %s", what[want]).p,
				text));
		if (want == T_DATE && v.i % WHEN_DAY == 0)
			v.type = T_DATE;
	} else {
		return 0;
	}
	*e = bind_constant(bd, v, (*e)->where);
	return 0;
}

/* ---- columns and paths ---- */

static struct expr *
bind_column(
    struct binder *bd, const struct node *n, unsigned col, enum type type)
{
	struct expr *e = bind_new(bd, n, 0);

	e->eval = eval_column;
	e->is_column = true;
	e->col = col;
	e->type = type == T_JSON ? T_ANY : type; /* it is converted when read */
	return e;
}

static void
eval_path(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	const struct path *p = e->more;
	struct column x;

	expr_run(e->args[0], ev, b, rows, &x);
	*out = col_null();
	for (unsigned k = 0; k < rows.n; k++) {
		struct value v = column_get(&x, rows.sel[k]);

		if (v.type == T_MAP || v.type == T_LIST)
			v = path_get(v, *p, 1, ev->arena);
		else
			v = VALUE_NULL;
		column_put(out, ev->arena, rows.sel[k], v);
	}
}

/* The steps of n's path behind the first, applied to base. */
static struct expr *
bind_steps(struct binder *bd, const struct node *n, struct expr *base)
{
	struct expr *e;
	enum type t;

	if (!base || n->path.n == 1)
		return base;
	t = base->type;
	if (t != T_LIST && t != T_MAP && t != T_ANY && t != T_JSON &&
	    t != T_NULL) {
		bind_fail(bd, n->where, "%.*s is %s: it has no fields",
		    STR_ARG(n->path.steps[0].name), type_name(t));
		return NULL;
	}
	e = bind_new(bd, n, 1);
	e->args[0] = base;
	e->eval = eval_path;
	e->more = &n->path;
	return bind_fold(bd, e);
}

/* ---- names ---- */

static bool
is_open(const struct binder *bd, const struct scope_alias *alias)
{
	for (unsigned i = 0; i < bd->n_open; i++)
		if (bd->open[i] == alias)
			return true;
	return false;
}

static struct expr *
bind_alias(
    struct binder *bd, const struct node *n, const struct scope_alias *alias)
{
	struct expr *e;

	if (bd->n_open == ALIAS_DEPTH_MAX) {
		bind_fail(bd, n->where, "more than %d aliases of aliases",
		    ALIAS_DEPTH_MAX);
		return NULL;
	}
	bd->open[bd->n_open++] = alias;
	e = bind_node(bd, alias->node);
	bd->n_open--;
	return bind_steps(bd, n, e);
}

/* All names there are, for "did you mean". */
static void
suggest(struct binder *bd, struct str name)
{
	const struct scope *s = bd->scope;
	unsigned max = s->n_cols + s->n_aliases, n = 0, same = 0;
	struct str *names = arena_array(bd->arena, max, sizeof(*names)), hit;

	for (unsigned i = 0; i < max; i++) {
		struct str known = i < s->n_cols
				       ? s->cols[i].name
				       : s->aliases[i - s->n_cols].name;

		if (!known.n)
			continue; /* a column without a name here */
		names[n++] = known;
		if (str_eq_nocase(known, name)) {
			hit = known;
			same++;
		}
	}
	if (same == 1)
		err_hint(bd->err,
		    "names are case-sensitive; did you mean \"%.*s\"?",
		    STR_ARG(hit));
	else
		err_suggest(bd->err, name, names, n);
}

static struct expr *
unknown_name(struct binder *bd, const struct node *n)
{
	struct str name = n->path.steps[0].name;
	char shown[4 * 64 + 8];

	if (str_is(name, "_offset")) {
		bind_fail(bd, n->where,
		    "these rows are not records, and begin nowhere in an "
		    "input");
		err_hint(bd->err, "a random number with a seed can go by a key "
				  "as well: rand_by(seed, key)");
		return NULL;
	}
	err_quote(shown, name, 64);
	if (bd->scope->grouping) {
		bind_fail(bd, n->where,
		    "\"%s\" is neither a key of GROUP BY nor inside an "
		    "aggregate",
		    shown);
		err_hint(bd->err, "add it to GROUP BY, or take one value per "
				  "group: any_value(…)");
		return NULL;
	}
	bind_fail(bd, n->where, "there is no column \"%s\"", shown);
	suggest(bd, name);
	return NULL;
}

static struct expr *
bind_name(struct binder *bd, const struct node *n)
{
	struct scope *s = bd->scope;
	struct str name = n->path.steps[0].name;
	enum type type = T_ANY;
	int col;

	for (unsigned i = 0; i < s->n_cols; i++)
		if (str_eq(s->cols[i].name, name))
			return bind_steps(
			    bd, n, bind_column(bd, n, i, s->cols[i].type));
	for (unsigned i = 0; i < s->n_aliases; i++)
		if (str_eq(s->aliases[i].name, name) &&
		    !is_open(bd, &s->aliases[i]))
			return bind_alias(bd, n, &s->aliases[i]);
	if (!s->field || s->grouping)
		return unknown_name(bd, n);
	col = s->field(s, n->path, &type, n->where, bd->err);
	return col < 0 ? NULL : bind_column(bd, n, (unsigned)col, type);
}

static struct expr *
bind_param(struct binder *bd, const struct node *n)
{
	const struct scope *s = bd->scope;
	struct str *names;

	for (unsigned i = 0; i < s->n_params; i++)
		if (str_eq(s->params[i].name, n->name))
			return bind_constant(bd, s->params[i].value, n->where);
	bind_fail(
	    bd, n->where, "there is no parameter \"%.*s\"", STR_ARG(n->name));
	names = arena_array(bd->arena, s->n_params, sizeof(*names));
	for (unsigned i = 0; i < s->n_params; i++)
		names[i] = s->params[i].name;
	if (s->n_params)
		err_suggest(bd->err, n->name, names, s->n_params);
	else
		err_hint(
		    bd->err, "give it a value: -p %.*s=…", STR_ARG(n->name));
	return NULL;
}

/* ---- calls ---- */

static const struct op *
find_op(const struct node *n)
{
	static const struct op *const tables[] = {ops_arith, ops_cast,
	    ops_compare, ops_list, ops_logic, ops_match, ops_time};
	char name[40];
	int len = snprintf(name, sizeof(name), "%.*s%s", STR_ARG(n->name),
	    n->unit.n ? " to" : "");

	if (len >= (int)sizeof(name))
		return NULL;
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
		for (const struct op *o = tables[t]; o->name; o++)
			if (!strcmp(o->name, name))
				return o;
	return NULL;
}

static int
check_args(struct binder *bd, const struct node *n, const struct op *o)
{
	if (n->distinct || n->star || n->filter)
		return bind_fail(bd, n->name_at,
		    "DISTINCT, * and FILTER belong to aggregates; %s is none",
		    o->name);
	if (n->n_args >= o->args_min && n->n_args <= o->args_max)
		return 0;
	if (o->args_max == UINT32_MAX)
		return bind_fail(bd, n->name_at,
		    "%s needs at least %u argument%s, got %u", o->name,
		    o->args_min, o->args_min == 1 ? "" : "s", n->n_args);
	if (o->args_max > o->args_min)
		return bind_fail(bd, n->name_at,
		    "%s needs %u to %u arguments, got %u", o->name, o->args_min,
		    o->args_max, n->n_args);
	return bind_fail(bd, n->name_at, "%s needs %u argument%s, got %u",
	    o->name, o->args_min, o->args_min == 1 ? "" : "s", n->n_args);
}

static struct expr *
bind_op_args(struct binder *bd, const struct node *n, const struct op *o)
{
	struct expr *e = bind_new(bd, n, n->n_args);

	for (unsigned i = 0; i < n->n_args; i++) {
		e->args[i] = bind_node(bd, n->args[i]);
		if (!e->args[i])
			return NULL;
	}
	if (o->bind(bd, n, e))
		return NULL;
	e->fails = !e->safe;
	for (unsigned i = 0; i < e->n_args; i++)
		e->fails |= e->args[i]->fails;
	return bind_fold(bd, e);
}

/* The node that begins each condition of a simple CASE, or NULL. */
static const struct node *
shared_operand(const struct node *n)
{
	const struct node *x = NULL;

	if (!str_is(n->name, "case") || n->n_args < 5)
		return NULL;
	for (unsigned i = 0; i + 1 < n->n_args; i += 2) {
		const struct node *when = n->args[i];

		if (when->kind != NODE_CALL || when->n_args < 2 ||
		    (x && when->args[0] != x))
			return NULL;
		x = when->args[0];
	}
	return x->kind == NODE_CALL ? x : NULL;
}

static void
eval_slot(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	(void)b;
	(void)rows;
	*out = ev->cache->shared[e->col];
}

/* Evaluates the operand (the first argument), then what uses it. */
static void
eval_shared(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	struct eval_cache *cache = ev->cache;
	struct column x;

	expr_run(e->args[0], ev, b, rows, &x);
	mem_grow(&cache->shared, &cache->cap_shared, e->col + 1,
	    sizeof(*cache->shared));
	cache->shared[e->col] = x;
	expr_run(e->args[1], ev, b, rows, out);
}

/* Binds n, where node x is evaluated once. */
static struct expr *
bind_shared(struct binder *bd, const struct node *n, const struct op *o,
    const struct node *x)
{
	struct expr *operand = bind_node(bd, x), *both, *e;
	struct shared shared = {x, operand, bd->shared};
	unsigned number = bd->n_shared;

	if (!operand)
		return NULL;
	if (!operand->constant && !operand->is_column) {
		shared.slot = bind_new(bd, x, 0);
		shared.slot->eval = eval_slot;
		shared.slot->type = operand->type;
		shared.slot->col = number;
		bd->n_shared++;
		shared.slot->varies = true;
	}
	bd->shared = &shared;
	e = bind_op_args(bd, n, o);
	bd->shared = shared.outer;
	if (!e || shared.slot == operand)
		return e;
	both = bind_new(bd, n, 2);
	both->args[0] = operand;
	both->args[1] = e;
	both->eval = eval_shared;
	both->col = number;
	both->type = e->type;
	both->fails = operand->fails || e->fails;
	return both;
}

static struct expr *
bind_op(struct binder *bd, const struct node *n, const struct op *o)
{
	const struct node *x = shared_operand(n);

	if (check_args(bd, n, o))
		return NULL;
	return x ? bind_shared(bd, n, o, x) : bind_op_args(bd, n, o);
}

static struct expr *
no_query(struct binder *bd, const struct node *n)
{
	bind_fail(bd, n->where, "subqueries are not supported here");
	err_hint(bd->err, "make it a column in a query of its own: FROM "
			  "(SELECT …, (SELECT …) AS x)");
	return NULL;
}

static struct expr *
bind_call(struct binder *bd, const struct node *n)
{
	const struct op *o = find_op(n);

	if (n->over) {
		bind_fail(bd, n->where, "OVER is not possible here");
		return NULL;
	}
	if (n->ignore_nulls && !agg_find(n->name)) {
		bind_fail(bd, n->where,
		    "IGNORE NULLS belongs to functions over other rows, such "
		    "as lag");
		return NULL;
	}
	if (o)
		return bind_op(bd, n, o);
	if (n->n_args && n->args[n->n_args - 1]->kind == NODE_QUERY)
		return no_query(bd, n);
	return bind_function(bd, n);
}

/* A key of the grouping that n is written like, or -1. */
static int
find_key(const struct binder *bd, const struct node *n)
{
	const struct grouping *g = bd->scope->grouping;

	for (unsigned i = 0; g && i < g->n_keys; i++)
		if (node_eq(g->keys[i], n))
			return (int)i;
	return -1;
}

struct expr *
bind_node(struct binder *bd, const struct node *n)
{
	int key;

	if (++bd->n_bound > NODE_SIZE_MAX) {
		bind_fail(bd, n->where,
		    "the expression is too large with its aliases spelled out");
		return NULL;
	}
	for (const struct shared *s = bd->shared; s; s = s->outer)
		if (s->node == n)
			return s->slot;
	key = find_key(bd, n);
	if (key >= 0)
		return bind_column(bd, n, bd->scope->n_cols + (unsigned)key,
		    bd->scope->grouping->key_types[key]);
	switch (n->kind) {
	case NODE_LITERAL:
		return bind_constant(bd, n->value, n->where);
	case NODE_NAME:
		return bind_name(bd, n);
	case NODE_PARAM:
		return bind_param(bd, n);
	case NODE_STAR:
		bind_fail(
		    bd, n->where, "* stands for all columns and is no value");
		return NULL;
	case NODE_QUERY:
		return no_query(bd, n);
	case NODE_CALL:
		return bind_call(bd, n);
	}
	return NULL;
}

/* ---- the door ---- */

static void
binder_release(struct binder *bd)
{
	eval_free(bd->ev);
	if (bd->one)
		batch_free(bd->one);
}

struct expr *
expr_bind(const struct node *n, struct scope *scope, struct arena *arena,
    struct err *err)
{
	struct binder bd = {.scope = scope, .arena = arena, .err = err};
	struct expr *e = bind_node(&bd, n);

	binder_release(&bd);
	return e;
}

enum type
expr_type(const struct expr *e)
{
	return e->type;
}

bool
expr_constant(const struct expr *e, struct value *out)
{
	if (e->constant)
		*out = column_get(&e->value, 0);
	return e->constant;
}

bool
expr_is_column(const struct expr *e, unsigned *col)
{
	if (e->is_column)
		*col = e->col;
	return e->is_column;
}

/* True if no column is read and nothing varies: then it has failed. */
static bool
is_closed(const struct expr *e)
{
	if (e->is_column || e->varies)
		return false;
	for (unsigned i = 0; i < e->n_args; i++)
		if (!is_closed(e->args[i]))
			return false;
	return true;
}

int
expr_eval_constant(const struct node *n, struct scope *scope,
    struct arena *arena, struct value *out, struct err *err)
{
	struct binder bd = {.scope = scope, .arena = arena, .err = err};
	struct expr *e = bind_node(&bd, n);
	const char *reason;
	int rc = 0;

	if (!e)
		rc = -1;
	else if (!is_closed(e))
		rc = bind_fail(&bd, n->where, "this must be constant");
	else if (!value_of(&bd, e, out, &reason))
		rc = bind_fail(&bd, n->where, "%s", reason);
	binder_release(&bd);
	return rc;
}

bool
node_has_aggregate(const struct node *n)
{
	if (n->kind != NODE_CALL)
		return false;
	if (!n->over && agg_find(n->name) && !fn_find(n->name))
		return true;
	for (unsigned i = 0; i < n->n_args; i++)
		if (node_has_aggregate(n->args[i]))
			return true;
	return false;
}

/* SPDX-License-Identifier: MIT */
/*
 * Calls of functions and aggregates: found by name, checked against their
 * signatures, arguments converted. A function sees values of its signature's
 * types only: constants are converted when binding, columns when running.
 */
#include "expr/agg.h"
#include "expr/over.h"
#include "expr/sig.h"
#include "expr/unit.h"

/* ---- running a function ---- */

struct call_plan {
	const struct fn *fn;
	struct sig sig;
	const void *prepared;
	unsigned n_given; /* arguments written; the rest are defaults */
	unsigned dates;	  /* which of the first are dates, a bit each */
};

/* Rows where the arguments written are not NULL. */
static struct rows
rows_called(const struct call_plan *p, struct eval *ev,
    const struct column *cols, struct rows rows)
{
	if (p->fn->flags & FN_NULLS)
		return rows;
	for (unsigned i = 0; i < p->n_given; i++)
		rows = col_present(ev, &cols[i], rows);
	return rows;
}

static void
call_rows(const struct call_plan *p, struct fn_frame *f,
    const struct column *cols, unsigned n, struct rows rows, struct column *out)
{
	struct rows called = rows_called(p, f->eval, cols, rows);
	struct value *args = arena_array(f->eval->arena, n, sizeof(*args));
	unsigned j = 0;

	for (unsigned k = 0; k < rows.n; k++) {
		struct value v = VALUE_NULL;

		f->row = rows.sel[k];
		if (j < called.n && called.sel[j] == f->row) {
			j++;
			for (unsigned i = 0; i < n; i++)
				args[i] = column_get(&cols[i], f->row);
			p->fn->row(f, args, n, &v);
		}
		column_put(out, f->eval->arena, f->row, v);
	}
}

static void
eval_call(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	static const struct sig_type times = {T_TIME, false};
	const struct call_plan *p = e->more;
	struct fn_frame f = {ev, 0, p->prepared, b};
	enum type result = p->sig.result.type;
	struct column *cols;

	cols = arena_array(ev->arena, e->n_args, sizeof(*cols));
	for (unsigned i = 0; i < e->n_args; i++) {
		expr_run(e->args[i], ev, b, rows, &cols[i]);
		col_convert(ev, &cols[i], rows, sig_param(&p->sig, i)->type);
		if (p->sig.same && e->type == T_TIME)
			col_convert(ev, &cols[i], rows, times);
	}
	if (p->fn->columns) {
		p->fn->columns(&f, cols, e->n_args, rows.sel, rows.n, out);
	} else {
		*out = result == T_ANY ? col_null()
				       : column_new(ev->arena, result);
		call_rows(p, &f, cols, e->n_args, rows, out);
		must(result == T_ANY || out->type == result);
	}
	if (p->sig.same && (e->type == T_FLOAT || e->type == T_DECIMAL))
		col_convert(ev, out, rows, (struct sig_type){e->type, false});
	if (result == T_TIME && e->type == T_DATE)
		out->type = T_DATE;
}

void
fn_fail(struct fn_frame *f, const char *reason)
{
	eval_fail(f->eval, f->row, reason);
}

/* ---- checks ---- */

static int
wrong_count(struct binder *bd, const struct node *n, const char *signature)
{
	unsigned n_args = n->n_args - n->n_order;

	bind_fail(bd, n->name_at, "%.*s cannot take %u argument%s",
	    STR_ARG(n->name), n_args, n_args == 1 ? "" : "s");
	return err_hint(bd->err, "its signature is: %s", signature);
}

static int
wrong_type(struct binder *bd, const struct node *n, unsigned i, enum type t,
    struct sig_type want, const char *signature)
{
	bind_fail(bd, n->args[i]->where, "%.*s takes %s here, not %s",
	    STR_ARG(n->name), sig_type_name(want), type_name(t));
	return err_hint(bd->err, "its signature is: %s", signature);
}

/* Converts a constant argument; the value's place is in the error. */
static int
convert_constant(struct binder *bd, struct expr **e, struct sig_type want)
{
	struct value v;
	const char *reason;

	if (!(*e)->constant)
		return 0;
	v = column_get(&(*e)->value, 0);
	if (v.type == T_NULL)
		return 0;
	reason = value_convert(bd->arena, v, want, &v);
	if (reason)
		return bind_fail(bd, (*e)->where, "%s", reason);
	*e = bind_constant(bd, v, (*e)->where);
	return 0;
}

static int
bind_args(struct binder *bd, const struct node *n, struct call_plan *p,
    struct expr *e)
{
	const char *signature = p->fn->signature;
	enum type common = T_NULL;

	if (n->n_args < p->sig.least ||
	    (n->n_args > p->sig.n && !p->sig.repeats))
		return wrong_count(bd, n, signature);
	for (unsigned i = 0; i < e->n_args; i++) {
		const struct sig_param *want = sig_param(&p->sig, i);

		if (i >= n->n_args) {
			e->args[i] = bind_constant(bd, want->value, n->where);
			continue;
		}
		e->args[i] = bind_node(bd, n->args[i]);
		if (!e->args[i])
			return -1;
		if (!type_converts(e->args[i]->type, want->type))
			return wrong_type(
			    bd, n, i, e->args[i]->type, want->type, signature);
		if (e->args[i]->type == T_DATE && i < SIG_PARAMS_MAX)
			p->dates |= 1u << i;
		if (convert_constant(bd, &e->args[i], want->type))
			return -1;
		if (want->type.type == T_ANY)
			common = type_common(common,
			    want->type.number && e->args[i]->type == T_TEXT
				? T_ANY
				: e->args[i]->type);
	}
	e->type = p->sig.same ? common : p->sig.result.type;
	return 0;
}

/* True if a function that makes times of times makes a date of a date. */
static bool
gives_date(const struct call_plan *p, const struct expr *e)
{
	bool date = false;

	if (!(p->fn->flags & FN_DATES) || p->n_given == p->sig.n)
		return false;
	for (unsigned i = 0; i < p->n_given; i++) {
		struct value v;

		date |=
		    p->sig.params[i].type.type == T_TIME && p->dates & 1u << i;
		if (p->sig.params[i].type.type == T_TEXT &&
		    expr_constant(e->args[i], &v) && v.type == T_TEXT &&
		    unit_find(value_str(v)) < UNIT_DAY)
			return false;
	}
	return date;
}

static int
prepare(struct binder *bd, struct call_plan *p, struct expr *e)
{
	struct value *values =
	    arena_array(bd->arena, e->n_args, sizeof(*values));
	struct where *at = arena_array(bd->arena, e->n_args, sizeof(*at));

	if (!p->fn->prepare)
		return 0;
	for (unsigned i = 0; i < e->n_args; i++) {
		at[i] = e->args[i]->where;
		values[i] = (struct value){.type = T_ANY};
		if (e->args[i]->constant)
			values[i] = column_get(&e->args[i]->value, 0);
	}
	return p->fn->prepare(
	    values, at, e->n_args, bd->arena, &p->prepared, bd->err);
}

static struct expr *
bind_fn(struct binder *bd, const struct node *n, const struct fn *fn)
{
	struct call_plan *p = arena_zalloc(bd->arena, sizeof(*p));
	struct expr *e;
	unsigned n_args;

	if (n->distinct || n->star || n->filter || n->n_order) {
		bind_fail(bd, n->name_at,
		    "DISTINCT, *, FILTER and ORDER BY belong to aggregates; "
		    "%s is none",
		    fn->name);
		return NULL;
	}
	p->fn = fn;
	p->n_given = n->n_args;
	sig_read(fn->signature, bd->arena, &p->sig);
	n_args = n->n_args;
	if (!p->sig.repeats && n_args < p->sig.n)
		n_args = p->sig.n;
	e = bind_new(bd, n, n_args);
	e->fails = true;
	e->eval = eval_call;
	e->more = p;
	e->varies = fn->flags & FN_VOLATILE;
	if (bind_args(bd, n, p, e) || prepare(bd, p, e))
		return NULL;
	if (gives_date(p, e))
		e->type = T_DATE;
	return bind_fold(bd, e);
}

/* ---- unknown names ---- */

static struct expr *
unknown_function(struct binder *bd, const struct node *n)
{
	static const struct str forms[] = {STR("case"), STR("cast"),
	    STR("coalesce"), STR("extract"), STR("if"), STR("ifnull"),
	    STR("nullif"), STR("try"), STR("try_cast")};
	unsigned n_forms = sizeof(forms) / sizeof(forms[0]), n_fns, k = 0;
	const struct fn *const *fns = fn_all(&n_fns);
	struct str *names =
	    arena_array(bd->arena, n_forms + n_fns + n_aggs, sizeof(*names));
	char shown[4 * 64 + 8];
	struct str near;

	for (unsigned i = 0; i < n_forms; i++)
		names[k++] = forms[i];
	for (unsigned i = 0; i < n_fns; i++)
		names[k++] = str_of(fns[i]->name);
	for (unsigned i = 0; i < n_aggs; i++)
		names[k++] = str_of(aggs[i]->name);
	err_quote(shown, n->name, 64);
	if (over_fn_find(n->name)) {
		bind_fail(bd, n->name_at,
		    "%s looks at other rows and needs OVER, or the step "
		    "running",
		    shown);
		err_hint(bd->err, "%s OVER (PARTITION BY key ORDER BY ts)",
		    over_fn_find(n->name)->example);
		return NULL;
	}
	bind_fail(bd, n->name_at, "there is no function \"%s\"", shown);
	near = str_nearest(n->name, names, k);
	if (near.p)
		err_hint(bd->err, "did you mean \"%.*s\"?", STR_ARG(near));
	else
		err_hint(bd->err, "weir help functions lists them");
	return NULL;
}

/* Batches pass the steps without state before the watermark is known that
 * holds at each of their rows: a step makes a column of it. */
static struct expr *
no_watermark(struct binder *bd, const struct node *n)
{
	bind_fail(bd, n->name_at, "current_watermark() is not known here");
	err_hint(bd->err,
	    "in a query: of the rows of FROM, not of groups; in a spec: the "
	    "step watermark makes a column of it");
	return NULL;
}

struct expr *
bind_function(struct binder *bd, const struct node *n)
{
	const struct fn *fn = fn_find(n->name);

	if (fn)
		return bind_fn(bd, n, fn);
	if (agg_find(n->name))
		return bind_aggregate(bd, n);
	if (str_is(n->name, "current_watermark"))
		return no_watermark(bd, n);
	return unknown_function(bd, n);
}

/* ---- aggregates ---- */

/* Binds within the rows that are aggregated. */
static struct expr *
bind_input(struct binder *bd, const struct node *n)
{
	struct scope *outer = bd->scope;
	struct expr *e;

	bd->scope = outer->grouping->input;
	bd->in_aggregate = true;
	e = bind_node(bd, n);
	bd->in_aggregate = false;
	bd->scope = outer;
	return e;
}

/* What some aggregates take for a number, too: their own check says which. */
static bool
is_measure(enum type t)
{
	return t == T_DURATION || type_is_instant(t);
}

static int
agg_arg(struct binder *bd, const struct node *n, unsigned i,
    const struct sig *sig, struct agg_call *call)
{
	const struct agg *agg = call->agg;
	const struct sig_param *want = sig_param(sig, i);
	struct expr *e = bind_input(bd, n->args[i]);

	if (!e)
		return -1;
	if (!type_converts(e->type, want->type) &&
	    !(want->type.number && is_measure(e->type)))
		return wrong_type(
		    bd, n, i, e->type, want->type, agg->signature);
	if (i >= agg->args_max - agg->n_constant) {
		if (convert_constant(bd, &e, want->type))
			return -1;
		if (!expr_constant(e, &call->params[i]))
			return bind_fail(bd, n->args[i]->where,
			    "this argument of %s must be constant", agg->name);
	}
	call->args[i] = e;
	return 0;
}

/*
 * ORDER BY inside a call. It is checked, and forgotten where the result does
 * not depend on the order of rows.
 */
static int
agg_ordering(struct binder *bd, const struct node *n, struct agg_call *call)
{
	if (call->n_args + n->n_order > AGG_ARGS_MAX)
		return bind_fail(bd, n->name_at,
		    "%s() with its ORDER BY has more than %d arguments",
		    call->agg->name, AGG_ARGS_MAX);
	for (unsigned i = 0; i < n->n_order; i++) {
		struct expr *e = bind_input(bd, n->args[call->n_args + i]);

		if (!e)
			return -1;
		if (agg_has_order(call->agg)) {
			call->args[call->n_args + i] = e;
			call->order[i] = n->order[i];
		}
	}
	if (agg_has_order(call->agg)) {
		call->n_args += n->n_order;
		call->n_order = n->n_order;
	}
	return 0;
}

static int
agg_args(struct binder *bd, const struct node *n, struct agg_call *call)
{
	const struct agg *agg = call->agg;
	unsigned n_args = n->n_args - n->n_order;
	struct sig sig;

	sig_read(agg->signature, bd->arena, &sig);
	if (n->star && (agg->args_min || n->n_args))
		return bind_fail(
		    bd, n->name_at, "%s(*) is not possible", agg->name);
	if (!n->star && (n_args < agg->args_min || n_args > agg->args_max ||
			    n_args > AGG_ARGS_MAX))
		return wrong_count(bd, n, agg->signature);
	call->n_args = n_args;
	for (unsigned i = 0; i < n_args; i++)
		if (agg_arg(bd, n, i, &sig, call))
			return -1;
	if (agg_ordering(bd, n, call))
		return -1;
	if (!n->filter)
		return 0;
	call->filter = bind_input(bd, n->filter);
	if (!call->filter)
		return -1;
	if (call->filter->type != T_BOOL && call->filter->type != T_ANY &&
	    call->filter->type != T_NULL)
		return bind_fail(bd, n->filter->where,
		    "FILTER needs a condition, not %s",
		    type_name(call->filter->type));
	return 0;
}

/* The number of n among the calls, entered if it is new; -1 on error. */
static int
agg_number(struct binder *bd, const struct node *n)
{
	struct grouping *g = bd->scope->grouping;
	struct agg_call call = {.agg = agg_find(n->name),
	    .node = n,
	    .distinct = n->distinct,
	    .type = T_ANY};

	for (unsigned i = 0; i < g->n_aggs; i++)
		if (node_eq(g->aggs[i].node, n))
			return (int)i;
	if (agg_args(bd, n, &call) ||
	    (call.agg->bind && call.agg->bind(&call, bd->err)))
		return -1;
	if (g->n_aggs == g->cap_aggs) {
		unsigned cap = g->cap_aggs ? 2 * g->cap_aggs : 8;
		struct agg_call *more =
		    arena_array(bd->arena, cap, sizeof(*more));

		if (g->n_aggs)
			memcpy(more, g->aggs, g->n_aggs * sizeof(*more));
		g->aggs = more;
		g->cap_aggs = cap;
	}
	g->aggs[g->n_aggs] = call;
	return (int)g->n_aggs++;
}

struct expr *
bind_aggregate(struct binder *bd, const struct node *n)
{
	struct grouping *g = bd->scope->grouping;
	struct expr *e;
	int i;

	if (!g) {
		bind_fail(bd, n->name_at,
		    bd->in_aggregate
			? "the aggregate %.*s cannot be inside another one"
			: "the aggregate %.*s needs GROUP BY or a window",
		    STR_ARG(n->name));
		return NULL;
	}
	i = agg_number(bd, n);
	if (i < 0)
		return NULL;
	e = bind_new(bd, n, 0);
	e->eval = eval_column;
	e->is_column = true;
	e->col = bd->scope->n_cols + g->n_keys + (unsigned)i;
	e->type = g->aggs[i].type;
	return e;
}

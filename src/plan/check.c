/* SPDX-License-Identifier: MIT */
/*
 * Looking over a bound plan; see check.h. Each check walks the steps and their
 * arguments as they are written. What cannot be told for sure is not said.
 */
#include "plan/check.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/mem.h"

enum kind {
	CHECK_ALWAYS_FALSE,
	CHECK_ALWAYS_TRUE,
	CHECK_GUESSED_TIME,
	CHECK_NO_EFFECT,
	CHECK_NO_LATENESS,
	CHECK_NO_TTL,
	CHECK_UNBOUNDED_STATE,
	CHECK_UNUSED_COLUMN,
	CHECK_UNUSED_INPUT,
	CHECK_UNUSED_PARAM,
	CHECK_N
};

const struct check_kind check_kinds[] = {
    [CHECK_ALWAYS_FALSE] = {"always-false",
	"A condition that no row can fulfil: it is constant, contradicts "
	"itself, or compares with NULL."},
    [CHECK_ALWAYS_TRUE] = {"always-true",
	"A condition that every row fulfils."},
    [CHECK_GUESSED_TIME] = {"guessed-time",
	"A step needs event time, and neither the spec nor the format says "
	"which field it is."},
    [CHECK_NO_EFFECT] = {"no-effect",
	"A step that changes nothing, or whose work the next step undoes."},
    [CHECK_NO_LATENESS] = {"no-lateness",
	"Windows over an input that may not end, without a stated lateness: "
	"they close at its end only."},
    [CHECK_NO_TTL] = {"no-ttl",
	"A time to live is stated, and a step that keeps ever more does not "
	"forget, or there is none."},
    [CHECK_UNBOUNDED_STATE] = {"unbounded-state",
	"A step that remembers ever more of an input that may not end."},
    [CHECK_UNUSED_COLUMN] = {"unused-column",
	"A column that is computed, and neither read nor written."},
    [CHECK_UNUSED_INPUT] = {"unused-input", "An input that nothing reads."},
    [CHECK_UNUSED_PARAM] = {"unused-param",
	"A parameter that no expression names."},
};
const unsigned n_check_kinds = CHECK_N;
_Static_assert(
    sizeof check_kinds / sizeof *check_kinds == CHECK_N, "a row for each kind");

struct checker {
	const struct plan *plan;
	struct arena arena;
	struct err *list;
	size_t n, cap;
};

/* ---- findings ---- */

__attribute__((format(printf, 4, 5))) static struct err *
find(
    struct checker *c, enum kind kind, struct where where, const char *fmt, ...)
{
	struct buf text = {0};
	char part[512];
	struct err *err;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(part, sizeof part, fmt, ap);
	va_end(ap);
	mem_grow(&c->list, &c->cap, c->n + 1, sizeof *c->list);
	err = &c->list[c->n++];
	*err = (struct err){0};
	buf_printf(&text, "%s [%s]", part, check_kinds[kind].name);
	err_set(err, ERR_SPEC, where, "%s", buf_z(&text));
	buf_release(&text);
	return err;
}

/* ---- trees ---- */

/*
 * Asks test about every node of a tree, until it says yes. Depth of trees is
 * limited, but high: a stack of one's own.
 */
static bool
any_node(const struct node *root,
    bool (*test)(const struct node *n, const void *arg), const void *arg)
{
	const struct node **stack = NULL;
	size_t n = 0, cap = 0;
	bool found = false;

	mem_grow(&stack, &cap, 1, sizeof *stack);
	stack[n++] = root;
	while (n && !found) {
		const struct node *at = stack[--n];

		if (!at)
			continue;
		found = test(at, arg);
		mem_grow(&stack, &cap, n + at->n_args + 1, sizeof *stack);
		for (unsigned i = 0; i < at->n_args; i++)
			stack[n++] = at->args[i];
		stack[n++] = at->filter;
	}
	mem_free(stack);
	return found;
}

static bool
is_param(const struct node *n, const void *arg)
{
	const struct str *name = arg;

	return n->kind == NODE_PARAM && (!name || str_eq(n->name, *name));
}

/* May be another value tomorrow: names, parameters, calls of the clock. */
static bool
may_vary(const struct node *n, const void *arg)
{
	(void)arg;
	return n->kind == NODE_NAME || n->kind == NODE_PARAM ||
	       n->kind == NODE_STAR || n->kind == NODE_QUERY ||
	       (n->kind == NODE_CALL && !n->n_args);
}

static bool
names_column(const struct node *n, const void *arg)
{
	const struct str *name = arg;

	if (n->kind == NODE_QUERY || n->over)
		return true;
	return (n->kind == NODE_NAME || n->kind == NODE_STAR) && n->path.n &&
	       n->path.steps[0].name.p && str_eq(n->path.steps[0].name, *name);
}

static bool
any_arg(const struct op *op,
    bool (*test)(const struct node *n, const void *arg), const void *arg)
{
	for (unsigned i = 0; i < op->n_args; i++)
		for (unsigned k = 0; k < op->args[i].n_items; k++)
			if (op->args[i].items[k].node &&
			    any_node(op->args[i].items[k].node, test, arg))
				return true;
	return false;
}

static bool
is_call(const struct node *n, const char *name)
{
	return n->kind == NODE_CALL && str_is(n->name, name);
}

/* ---- conditions ---- */

/* The parts of a AND b AND c. */
static void
flatten(struct checker *c, const struct node *root, const struct node ***list,
    unsigned *n)
{
	const struct node **stack =
	    arena_array(&c->arena, root->size + 1, sizeof *stack);
	unsigned depth = 0;

	*list = arena_array(&c->arena, root->size + 1, sizeof **list);
	*n = 0;
	stack[depth++] = root;
	while (depth) {
		const struct node *at = stack[--depth];

		if (!is_call(at, "and")) {
			(*list)[(*n)++] = at;
			continue;
		}
		for (unsigned i = at->n_args; i-- > 0;)
			stack[depth++] = at->args[i];
	}
}

/* field < 7, or the same the other way round. */
struct bound {
	const struct node *field;
	struct value value;
	char op; /* < > = , ( for <=, ) for >= */
};

static char
op_of(struct str name, bool turned)
{
	static const char *const names[] = {"<", ">", "=", "<=", ">="};
	static const char straight[] = "<>=()", other[] = "><=)(";

	for (int i = 0; i < 5; i++)
		if (str_is(name, names[i]))
			return turned ? other[i] : straight[i];
	return 0;
}

static bool
read_bound(const struct node *n, struct bound *out)
{
	bool turned;

	if (n->kind != NODE_CALL || n->n_args != 2)
		return false;
	turned = n->args[0]->kind == NODE_LITERAL;
	out->op = op_of(n->name, turned);
	out->field = n->args[turned];
	if (!out->op || out->field->kind != NODE_NAME ||
	    n->args[!turned]->kind != NODE_LITERAL)
		return false;
	out->value = n->args[!turned]->value;
	return true;
}

/* No value is below the one and above the other. */
static bool
excludes(const struct bound *low, const struct bound *high)
{
	int order = value_cmp(low->value, high->value);

	if (low->op == '<' || low->op == '(' || high->op == '>' ||
	    high->op == ')')
		return false;
	return order > 0 || (order == 0 && (low->op == '>' || high->op == '<'));
}

static bool
contradict(const struct bound *a, const struct bound *b)
{
	bool numbers = type_is_number((enum type)a->value.type) &&
		       type_is_number((enum type)b->value.type);

	if (!node_eq(a->field, b->field) ||
	    (!numbers && a->value.type != b->value.type) ||
	    a->value.type == T_NULL)
		return false;
	return excludes(a, b) || excludes(b, a);
}

static bool
compares_null(const struct node *n)
{
	return n->kind == NODE_CALL && n->n_args == 2 &&
	       (op_of(n->name, false) || str_is(n->name, "<>")) &&
	       ((n->args[0]->kind == NODE_LITERAL &&
		    n->args[0]->value.type == T_NULL) ||
		   (n->args[1]->kind == NODE_LITERAL &&
		       n->args[1]->value.type == T_NULL));
}

/* x < x, x <> x. */
static bool
is_never_true(const struct node *n)
{
	return (is_call(n, "<") || is_call(n, ">") || is_call(n, "<>")) &&
	       n->n_args == 2 && n->args[0]->kind == NODE_NAME &&
	       node_eq(n->args[0], n->args[1]);
}

static bool
check_constant(struct checker *c, const struct node *n)
{
	struct scope scope = {0};
	struct err err = {0};
	struct value v;

	if (any_node(n, may_vary, NULL))
		return false;
	if (expr_eval_constant(n, &scope, &c->arena, &v, &err)) {
		err_release(&err);
		return false;
	}
	if (v.type == T_BOOL && v.b)
		find(c, CHECK_ALWAYS_TRUE, n->where,
		    "this is true of every row");
	else
		find(c, CHECK_ALWAYS_FALSE, n->where, "this is true of no row");
	return true;
}

static void
check_pairs(struct checker *c, const struct node **parts, unsigned n)
{
	struct bound a, b;

	/* Long lists are made by programs. */
	if (n > 200)
		return;
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < i && read_bound(parts[i], &a); k++) {
			if (!read_bound(parts[k], &b) || !contradict(&a, &b))
				continue;
			find(c, CHECK_ALWAYS_FALSE, parts[i]->where,
			    "this is true of no row for which what stands "
			    "before it is true");
			return;
		}
}

static void
check_condition(struct checker *c, const struct node *n)
{
	const struct node **parts;
	unsigned n_parts;

	flatten(c, n, &parts, &n_parts);
	for (unsigned i = 0; i < n_parts; i++) {
		if (check_constant(c, parts[i]))
			return;
		if (is_never_true(parts[i]))
			find(c, CHECK_ALWAYS_FALSE, parts[i]->where,
			    "this is true of no row");
		if (compares_null(parts[i]))
			err_hint(find(c, CHECK_ALWAYS_FALSE, parts[i]->where,
				     "a comparison with NULL is never true"),
			    is_call(parts[i], "<>") ? "IS NOT NULL"
						    : "IS NULL");
	}
	check_pairs(c, parts, n_parts);
}

static void
check_conditions(struct checker *c, const struct op *op)
{
	static const char *const names[] = {"condition", "having"};

	for (int i = 0; i < 2; i++) {
		const struct arg *arg = op_arg(op, names[i]);

		if (arg && arg->n_items && arg->items[0].node)
			check_condition(c, arg->items[0].node);
	}
}

/* ---- steps without effect ---- */

/* a: a */
static bool
is_itself(const struct arg_item *item)
{
	return item->alias && item->node && item->node->kind == NODE_NAME &&
	       item->node->path.n == 1 &&
	       str_eq(item->node->path.steps[0].name, item->name);
}

static const struct op *
only_reader(const struct plan *p, const struct op *op)
{
	const struct readers *r = &p->step_readers[op->number];

	return r->n == 1 && !r->list[0].output ? &p->ops[r->list[0].number]
					       : NULL;
}

static void
check_effect(struct checker *c, const struct op *op)
{
	const struct op *next = only_reader(c->plan, op);
	const struct arg *columns = op_arg(op, "columns");

	if (!strcmp(op->kind->name, "sort") && next && next->kind == op->kind)
		find(c, CHECK_NO_EFFECT, op->where,
		    "this order is lost: the next step sorts again");
	if (!columns)
		return;
	if (!strcmp(op->kind->name, "select") && columns->n_items == 1 &&
	    columns->items[0].node &&
	    columns->items[0].node->kind == NODE_STAR &&
	    !columns->items[0].node->path.n)
		find(c, CHECK_NO_EFFECT, op->where,
		    "this step changes nothing: it selects all there is");
	for (unsigned i = 0; i < columns->n_items; i++)
		if (!strcmp(op->kind->name, "set") &&
		    is_itself(&columns->items[i]))
			find(c, CHECK_NO_EFFECT, columns->items[i].where,
			    "this changes nothing: the column becomes what "
			    "it is");
}

/* ---- names that nobody reads ---- */

static void
check_params(struct checker *c)
{
	const struct plan *p = c->plan;

	for (unsigned i = 0; i < p->n_params; i++) {
		struct str name = p->params[i].name;
		bool used =
		    p->time.expr && any_node(p->time.expr, is_param, &name);

		for (unsigned k = 0; k < p->n_ops && !used; k++)
			used = any_arg(&p->ops[k], is_param, &name);
		for (unsigned k = 0; k < p->n_inputs && !used; k++) {
			const struct plan_input *in = &p->inputs[k];

			used = in->time.expr &&
			       any_node(in->time.expr, is_param, &name);
			for (unsigned j = 0;
			     in->values && j < in->n_rows * in->n_columns; j++)
				used |= any_node(in->cells[j], is_param, &name);
		}
		if (!used && p->params[i].where.src)
			find(c, CHECK_UNUSED_PARAM, p->params[i].where,
			    "nothing uses the parameter %.*s", STR_ARG(name));
	}
}

static void
check_inputs(struct checker *c)
{
	for (unsigned i = 0; i < c->plan->n_inputs; i++) {
		const struct plan_input *in = &c->plan->inputs[i];

		if (!in->used && in->name.n && in->where.src)
			find(c, CHECK_UNUSED_INPUT, in->where,
			    "nothing reads the input %.*s", STR_ARG(in->name));
	}
}

/* The step names the column, or passes on what it is called by other means. */
static bool
reads_column(const struct op *op, struct str name)
{
	if (op->n_from > 1 || any_arg(op, names_column, &name))
		return true;
	for (unsigned i = 0; i < op->n_args; i++) {
		const struct arg *arg = &op->args[i];

		if (arg->param->kind != PARAM_RENAME &&
		    (arg->param->kind != PARAM_NAMES ||
			!strcmp(op->kind->name, "drop")))
			continue;
		for (unsigned k = 0; k < arg->n_items; k++)
			if (str_eq(arg->items[k].name, name))
				return true;
	}
	return false;
}

static bool
has_column(const struct flow *f, struct str name)
{
	for (unsigned i = 0; i < f->n_cols; i++)
		if (!f->cols[i].dropped && !f->cols[i].spread &&
		    str_eq(f->cols[i].name, name))
			return true;
	return false;
}

/* Its names are those of columns it makes, whatever had them before. */
static bool
makes_columns(const struct op *op)
{
	static const char *const kinds[] = {
	    "group", "running", "select", "set", "window"};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (!strcmp(op->kind->name, kinds[i]))
			return true;
	return false;
}

/* The step has the name among its name: expression pairs. */
static bool
has_pair(const struct op *op, struct str name)
{
	for (unsigned i = 0; i < op->n_args; i++)
		for (unsigned k = 0; k < op->args[i].n_items; k++)
			if (op->args[i].param->kind == PARAM_NAMED &&
			    str_eq(op->args[i].items[k].name, name))
				return true;
	return false;
}

/* Steps without expressions of their own look at all columns there are. */
static bool
looks_at_all(const struct op *op)
{
	return !op->n_args || op->implied;
}

/* Steps behind are later in the order, so each is looked at once. */
static bool
is_read(struct checker *c, unsigned step, struct str name)
{
	const struct plan *p = c->plan;
	bool *carries = arena_zalloc(&c->arena, p->n_ops * sizeof *carries);

	carries[step] = true;
	for (unsigned i = step; i < p->n_ops; i++) {
		const struct readers *r = &p->step_readers[i];

		for (unsigned k = 0; carries[i] && k < r->n; k++) {
			const struct op *next;

			if (r->list[k].output)
				return true;
			next = &p->ops[r->list[k].number];
			if (reads_column(next, name) || looks_at_all(next) ||
			    (!makes_columns(next) && has_pair(next, name)))
				return true;
			if (has_column(&next->out, name) &&
			    !has_pair(next, name))
				carries[next->number] = true;
		}
	}
	return false;
}

/* Another entry of the step that makes the column names it. */
static bool
is_read_beside(const struct op *op, const struct arg_item *made)
{
	for (unsigned i = 0; i < op->n_args; i++)
		for (unsigned k = 0; k < op->args[i].n_items; k++) {
			const struct arg_item *item = &op->args[i].items[k];

			if (item != made && item->node &&
			    any_node(item->node, names_column, &made->name))
				return true;
		}
	return false;
}

static void
check_columns(struct checker *c, const struct op *op)
{
	for (unsigned i = 0; i < op->n_args; i++) {
		const struct arg *arg = &op->args[i];

		for (unsigned k = 0; k < arg->n_items; k++) {
			const struct arg_item *item = &arg->items[k];

			if (arg->param->kind != PARAM_NAMED || !item->alias ||
			    !item->where.src ||
			    !has_column(&op->out, item->name) ||
			    !strcmp(arg->param->name, "by") ||
			    is_itself(item) || is_read_beside(op, item) ||
			    is_read(c, op->number, item->name))
				continue;
			find(c, CHECK_UNUSED_COLUMN, item->where,
			    "nothing reads the column %.*s",
			    STR_ARG(item->name));
		}
	}
}

/* ---- inputs that may not end ---- */

/* What is read from standard input, and no one knows how long. */
static bool
may_not_end(const struct plan_input *in)
{
	if (!in->used || in->values)
		return false;
	for (unsigned i = 0; i < in->n_files; i++)
		if (str_is(in->files[i], "-"))
			return true;
	return !in->n_files;
}

static bool
is_fed_by(const struct plan *p, const struct op *op, unsigned input)
{
	bool *reached = mem_zalloc(p->n_ops * sizeof *reached);
	bool found;

	for (unsigned i = 0; i <= op->number; i++)
		for (unsigned k = 0; k < p->ops[i].n_from; k++) {
			struct edge e = p->ops[i].from[k];

			reached[i] |=
			    e.step ? reached[e.number] : e.number == input;
		}
	found = reached[op->number];
	mem_free(reached);
	return found;
}

static const struct plan_input *
endless_input(const struct plan *p, const struct op *op)
{
	for (unsigned i = 0; i < p->n_inputs; i++)
		if (may_not_end(&p->inputs[i]) && is_fed_by(p, op, i))
			return &p->inputs[i];
	return NULL;
}

/* Would it forget keys if its results were shown as they change? */
static bool
forgets_live(const struct op *op)
{
	return !op->live && (op->kind->changes == CHANGES_TAKE ||
				op->kind->changes == CHANGES_LIVE);
}

static void
hint_at_bound(struct err *e, const struct op *op)
{
	const char *remedy = op->kind->remedy;

	if (op->may_forget)
		err_hint(e, "%s%s--ttl 1h: quiet keys are forgotten",
		    remedy ? remedy : "", remedy ? "; or " : "");
	else if (remedy)
		err_hint(e, "%s", remedy);
}

/* A time to live is stated, and this step does not forget. */
static void
check_forgets(struct checker *c, const struct op *op)
{
	struct err *e;

	if (!c->plan->time.ttl || !op->grows || op->forgets)
		return;
	e = find(c, CHECK_NO_TTL, op->where,
	    "the time to live does not act on step %s: %s", op->kind->name,
	    op->grows);
	if (forgets_live(op))
		err_hint(e,
		    "results that come at the end need all of it; -m upsert "
		    "shows them as they change");
	else if (op->kind->remedy)
		err_hint(e, "%s", op->kind->remedy);
}

/* A time to live is stated, and there is nothing to forget. */
static void
check_ttl(struct checker *c)
{
	const struct plan *p = c->plan;
	bool any = !p->time.ttl;

	for (unsigned i = 0; i < p->n_ops; i++) {
		any |= p->ops[i].forgets || p->ops[i].grows;
		check_forgets(c, &p->ops[i]);
	}
	if (!any)
		find(c, CHECK_NO_TTL, (struct where){0},
		    "the time to live does not act: no step keeps keys for "
		    "ever");
}

static void
check_state(struct checker *c, const struct op *op)
{
	const struct plan_input *in = endless_input(c->plan, op);

	if (!in || !op->where.src || op->implied)
		return;
	if (op->grows && !op->forgets)
		hint_at_bound(
		    find(c, CHECK_UNBOUNDED_STATE, op->where,
			"if the input never ends, the state of this step "
			"grows without bound: %s",
			op->grows),
		    op);
	if (op->acts && in->time.lateness == WHEN_MAX)
		err_hint(find(c, CHECK_NO_LATENESS, op->where,
			     "no lateness is stated, so nothing comes out "
			     "before the input ends"),
		    "time: {lateness: 10s}, or -l 10s");
}

static void
check_time(struct checker *c)
{
	for (unsigned i = 0; i < c->plan->n_inputs; i++) {
		const struct plan_input *in = &c->plan->inputs[i];

		if (!in->used || in->values || !in->scan->needs_time ||
		    in->time.field.n || in->time.expr ||
		    (in->format && in->format->time_fields))
			continue;
		err_hint(
		    find(c, CHECK_GUESSED_TIME,
			in->where.src ? in->where
				      : (struct where){&c->plan->source, 0, 0},
			"which field is event time is told by the first "
			"records"),
		    "time: {field: NAME}, or -T NAME");
	}
}

/* ---- the whole ---- */

static int
by_place(const void *a, const void *b)
{
	const struct err *x = a, *y = b;

	if (x->where.at != y->where.at)
		return x->where.at < y->where.at ? -1 : 1;
	return strcmp(x->message, y->message);
}

/* Hands out what was found, in the order of places. */
static void
give(struct checker *c, void (*found)(void *arg, const struct err *warning),
    void *arg)
{
	const char *before = "";

	if (c->n)
		qsort(c->list, c->n, sizeof *c->list, by_place);
	for (size_t i = 0; i < c->n; i++) {
		const struct err *e = &c->list[i];

		if (!i || e->where.at != c->list[i - 1].where.at ||
		    strcmp(before, e->message) != 0)
			found(arg, e);
		before = e->message;
	}
	for (size_t i = 0; i < c->n; i++)
		err_release(&c->list[i]);
	mem_free(c->list);
	arena_release(&c->arena);
}

void
plan_check_ttl(const struct plan *p,
    void (*found)(void *arg, const struct err *warning), void *arg)
{
	struct checker c = {.plan = p};

	arena_init(&c.arena, 256);
	check_ttl(&c);
	give(&c, found, arg);
}

void
plan_check(const struct plan *p,
    void (*found)(void *arg, const struct err *warning), void *arg)
{
	struct checker c = {.plan = p};

	arena_init(&c.arena, 4096);
	check_params(&c);
	check_inputs(&c);
	check_time(&c);
	check_ttl(&c);
	for (unsigned i = 0; i < p->n_ops; i++) {
		check_conditions(&c, &p->ops[i]);
		check_effect(&c, &p->ops[i]);
		check_columns(&c, &p->ops[i]);
		check_state(&c, &p->ops[i]);
	}
	give(&c, found, arg);
}

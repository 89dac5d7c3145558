/* SPDX-License-Identifier: MIT */
/*
 * Binding a plan.
 *
 * Steps are bound in order; each says what the next one sees. Which fields the
 * records are read for is known only when the last step is bound, but columns
 * that steps compute come behind those fields. So everything is bound twice:
 * once with room for the most fields there may be, to learn them, and once
 * more for good. The second time finds the fields in the order the first time
 * left them in.
 */
#include "base/must.h"
#include "plan/plan.h"

struct binder {
	struct plan *plan;
	struct bind bind;
	struct scan *scan;
	struct flow flow; /* what the next step sees */
};

/* ---- what steps see of the plan ---- */

static int
bind_params(struct plan *p, struct bind *b)
{
	struct scope_param *params =
	    arena_array(&p->arena, p->n_params, sizeof *params);

	for (unsigned i = 0; i < p->n_params; i++) {
		const struct plan_param *from = &p->params[i];

		if (!from->given && !from->has_default) {
			err_set(b->err, ERR_SPEC, from->where,
			    "the parameter \"%.*s\" has no value",
			    STR_ARG(from->name));
			return err_hint(
			    b->err, "-p %.*s=VALUE", STR_ARG(from->name));
		}
		params[i] = (struct scope_param){from->name, from->value};
	}
	b->params = params;
	b->n_params = p->n_params;
	return 0;
}

/* The fields an input has, if its format has the same in every input. */
static void
known_fields(struct scan *s, const struct format *format, struct arena *a)
{
	struct scope_column *known;
	const char *p;
	size_t n;

	if (!format || !format->fields)
		return;
	known = arena_array(a, strlen(format->fields), sizeof *known);
	for (p = format->fields; *p; p += n + (p[n] == ' ')) {
		n = strcspn(p, " ");
		known[s->n_known++] = (struct scope_column){{p, n}, T_ANY};
	}
	s->known = known;
}

static void
scan_begin(struct scan *s, struct plan *p, struct arena *a)
{
	const struct plan_input *in = p->inputs;
	struct scope_column *typed = arena_array(a, in->n_types, sizeof *typed);

	for (unsigned i = 0; i < in->n_types; i++)
		typed[i] =
		    (struct scope_column){in->types[i].name, in->types[i].type};
	*s = (struct scan){.arena = a, .typed = typed, .n_typed = in->n_types};
	known_fields(s, in->format, a);
}

/* Every record as it is, whatever its fields. */
static struct flow
whole_records(struct scan *scan, unsigned base, struct arena *a)
{
	struct segment *segment = arena_alloc(a, sizeof *segment);
	struct flow_column *c = arena_zalloc(a, sizeof *c);

	*segment = (struct segment){base, base};
	*c = (struct flow_column){
	    .col = COL_RECORD, .type = T_MAP, .spread = true};
	return (struct flow){.cols = c,
	    .n_cols = 1,
	    .segment = segment,
	    .open = scan,
	    .scan = scan};
}

/* ---- steps ---- */

static int
check_args(const struct op *op, struct err *err)
{
	const struct op_kind *kind = op->kind;

	for (unsigned i = 0; i < kind->n_params; i++) {
		const struct param *param = &kind->params[i];
		const struct arg *arg = op_arg(op, param->name);

		if (arg ? arg->n_items > 0 : !param->required)
			continue;
		if (arg && !param->required)
			continue;
		err_set(err, ERR_SPEC, arg ? arg->where : op->where,
		    arg ? "\"%s\" needs at least one entry"
			: "this step needs \"%s\"",
		    arg && kind->primary && !strcmp(param->name, kind->primary)
			? kind->name
			: param->name);
		return err_hint(err, "%s", param->doc);
	}
	return 0;
}

static int
bind_steps(struct binder *s)
{
	struct plan *p = s->plan;

	for (unsigned i = 0; i < p->n_ops; i++) {
		struct op *op = &p->ops[i];

		op->number = s->scan->step = i;
		op->in = s->flow;
		if (check_args(op, s->bind.err) || op->kind->bind(op, &s->bind))
			return -1;
		s->flow = op->out;
	}
	return 0;
}

/* What is written: the whole record is read only if it is. */
static int
bind_result(struct binder *s)
{
	struct plan *p = s->plan;
	struct flow *f = &p->result;

	s->scan->step = p->n_ops;
	*f = flow_copy(&s->flow, 0, s->bind.arena);
	for (unsigned i = 0; i < f->n_cols; i++) {
		struct flow_column *c = &f->cols[i];
		struct path path = {NULL, 0};
		int col = (int)c->col;

		flow_read(f, c->col);
		if (c->parsed) {
			col = parsed_record(c->parsed,
			    (struct where){&p->source, 0, 0}, s->bind.err);
			if (col < 0)
				return -1;
			c->col = (unsigned)col;
			continue;
		}
		if (!f->scan)
			continue;
		if (c->col < s->scan->n_wants)
			path = s->scan->wants[c->col].path;
		else if (c->col != COL_RECORD)
			continue;
		col = scan_want(s->scan, path, false,
		    (struct where){&p->source, 0, 0}, s->bind.err);
		if (col < 0)
			return -1;
		c->col = (unsigned)col;
	}
	return 0;
}

/* Binds everything into the arena; computed columns begin at base. */
static int
bind_pass(struct binder *s, struct arena *a, unsigned base)
{
	s->bind.arena = a;
	s->scan->needs_time = false;
	memset(s->scan->origin, 0, sizeof s->scan->origin);
	s->flow = whole_records(s->scan, base, a);
	return bind_steps(s) || bind_result(s) ? -1 : 0;
}

/* The fields found, for the second pass. */
static void
remember_wants(struct scan *to, const struct scan *from)
{
	struct arena *a = to->arena;
	unsigned n = from->n_wants;

	to->wants = arena_zalloc(a, n * sizeof *to->wants);
	to->computed = arena_zalloc(a, n * sizeof *to->computed);
	to->last = arena_zalloc(a, n * sizeof *to->last);
	to->n_wants = to->cap_wants = n;
	for (unsigned i = 0; i < n; i++) {
		struct path path = from->wants[i].path;
		struct path_step *steps = arena_array(a, path.n, sizeof *steps);

		for (unsigned k = 0; k < path.n; k++) {
			steps[k] = path.steps[k];
			if (steps[k].name.p)
				steps[k].name = arena_str(a, steps[k].name);
		}
		to->wants[i].path = (struct path){steps, path.n};
	}
}

/* ---- names of steps that keep state ---- */

static const struct op *
step_named(const struct plan *p, struct str name)
{
	for (unsigned i = 0; i < p->n_ops; i++)
		if (str_eq(p->ops[i].name, name))
			return &p->ops[i];
	return NULL;
}

static int
name_steps(struct plan *p, struct err *err)
{
	for (unsigned i = 0; i < p->n_ops; i++) {
		const struct op *op = &p->ops[i];

		if (op->named && step_named(p, op->name) != op)
			return err_set(err, ERR_SPEC, op->where,
			    "there are two steps named \"%.*s\"",
			    STR_ARG(op->name));
	}
	for (unsigned i = 0; i < p->n_ops; i++) {
		struct op *op = &p->ops[i];
		struct str name = str_of(op->kind->name);

		if (op->named || !op->kind->open)
			continue;
		for (unsigned n = 2; step_named(p, name); n++)
			name =
			    arena_printf(&p->arena, "%s-%u", op->kind->name, n);
		op->name = name;
	}
	return 0;
}

int
plan_bind(struct plan *p, struct err *err)
{
	struct binder s = {.plan = p,
	    .bind = {.allowed = p->time.allowed,
		.late_update = p->time.late == LATE_UPDATE,
		.err = err}};
	struct scan first;
	struct arena scratch;
	int bad;

	must(!p->bound && p->n_inputs > 0);
	if (p->n_ops > PLAN_STEPS_MAX)
		return err_set(err, ERR_SPEC, p->ops[PLAN_STEPS_MAX].where,
		    "more than %d steps", PLAN_STEPS_MAX);
	if (name_steps(p, err) || bind_params(p, &s.bind))
		return -1;
	arena_init(&scratch, 16384);
	scan_begin(&first, p, &scratch);
	s.scan = &first;
	bad = bind_pass(&s, &scratch, SCAN_WANTS_MAX + 1);
	if (!bad) {
		s.scan = p->scan = arena_alloc(&p->arena, sizeof *p->scan);
		scan_begin(p->scan, p, &p->arena);
		remember_wants(p->scan, &first);
		bad = bind_pass(&s, &p->arena, first.n_wants + 1);
		must(bad || p->scan->n_wants == first.n_wants);
	}
	arena_release(&scratch);
	if (bad)
		return -1;
	while (p->n_stateless < p->n_ops && !p->ops[p->n_stateless].kind->open)
		p->n_stateless++;
	p->bound = true;
	return 0;
}

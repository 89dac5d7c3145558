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
	struct scan *scans; /* by input */
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
scan_begin(struct scan *s, struct plan_input *in, struct arena *a)
{
	struct scope_column *typed = arena_array(a, in->n_types, sizeof *typed);

	for (unsigned i = 0; i < in->n_types; i++)
		typed[i] =
		    (struct scope_column){in->types[i].name, in->types[i].type};
	*s = (struct scan){.arena = a,
	    .typed = typed,
	    .n_typed = in->n_types,
	    .time_field = &in->time.field,
	    .time_own = in->format && in->format->time_fields,
	    .lateness = in->time.lateness};
	s->time_names = s->time_own ? in->format->time_fields : IO_TIME_FIELDS;
	known_fields(s, in->format, a);
}

/* Every record as it is, whatever its fields. */
static struct flow
whole_records(struct scan *scan, unsigned base, struct arena *a)
{
	struct segment *segment = arena_alloc(a, sizeof *segment);
	struct flow_column *c = arena_zalloc(a, sizeof *c);

	*segment = (struct segment){base, base, 0};
	*c = (struct flow_column){
	    .col = COL_RECORD, .type = T_MAP, .spread = true};
	return (struct flow){.cols = c,
	    .n_cols = 1,
	    .segment = segment,
	    .open = scan,
	    .scan = scan};
}

/* ---- the graph ---- */

static const struct flow *
flow_of(const struct plan *p, struct edge e)
{
	must(e.number < (e.step ? p->n_ops : p->n_inputs));
	return e.step ? &p->ops[e.number].out : &p->inputs[e.number].rows;
}

static void
find_used(struct plan *p)
{
	for (unsigned i = 0; i < p->n_ops; i++)
		for (unsigned k = 0; k < p->ops[i].n_from; k++)
			if (!p->ops[i].from[k].step)
				p->inputs[p->ops[i].from[k].number].used = true;
	for (unsigned i = 0; i < p->n_outputs; i++)
		if (!p->outputs[i].from.step)
			p->inputs[p->outputs[i].from.number].used = true;
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
		    kind->primary && !strcmp(param->name, kind->primary)
			? kind->name
			: param->name);
		return err_hint(err, "%s", param->doc);
	}
	return 0;
}

/* Step by step: what is read from now on is read by that step. */
static void
at_step(struct binder *s, unsigned step)
{
	for (unsigned i = 0; i < s->plan->n_inputs; i++)
		s->scans[i].step = step;
}

static int
bind_steps(struct binder *s)
{
	struct plan *p = s->plan;
	struct arena *a = s->bind.arena;

	for (unsigned i = 0; i < p->n_ops; i++) {
		struct op *op = &p->ops[i];

		op->number = i;
		at_step(s, i);
		op->ins = arena_array(a, op->n_from, sizeof *op->ins);
		for (unsigned k = 0; k < op->n_from; k++)
			op->ins[k] = *flow_of(p, op->from[k]);
		op->in = op->ins[0];
		if (check_args(op, s->bind.err) || op->kind->bind(op, &s->bind))
			return -1;
	}
	return 0;
}

/* What is written: the whole record is read only if it is. */
static int
bind_result(struct binder *s, struct plan_output *out)
{
	struct flow *f = &out->result;

	*f = flow_copy(flow_of(s->plan, out->from), 0, s->bind.arena);
	for (unsigned i = 0; i < f->n_cols; i++) {
		struct flow_column *c = &f->cols[i];
		struct path path = {NULL, 0};
		int col = (int)c->col;

		if (!f->scan)
			continue;
		if (c->col < f->scan->n_wants)
			path = f->scan->wants[c->col].path;
		else if (c->col != COL_RECORD)
			continue;
		col = scan_want(f->scan, path, false,
		    (struct where){&s->plan->source, 0, 0}, s->bind.err);
		if (col < 0)
			return -1;
		c->col = (unsigned)col;
	}
	return 0;
}

/*
 * Binds everything into the arena. Computed columns begin behind as many
 * fields as were found before, or as there may be.
 */
static int
bind_pass(struct binder *s, struct arena *a, const struct scan *found)
{
	struct plan *p = s->plan;

	s->bind.arena = a;
	for (unsigned i = 0; i < p->n_inputs; i++) {
		unsigned n = found ? found[i].n_wants : SCAN_WANTS_MAX;

		s->scans[i].needs_time = false;
		p->inputs[i].rows = whole_records(&s->scans[i], n + 1, a);
	}
	if (bind_steps(s))
		return -1;
	at_step(s, p->n_ops);
	for (unsigned i = 0; i < p->n_outputs; i++)
		if (bind_result(s, &p->outputs[i]))
			return -1;
	return 0;
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

static struct scan *
begin_scans(struct plan *p, struct arena *a)
{
	struct scan *scans = arena_array(a, p->n_inputs, sizeof *scans);

	for (unsigned i = 0; i < p->n_inputs; i++)
		scan_begin(&scans[i], &p->inputs[i], a);
	return scans;
}

static int
bind_twice(struct binder *s, struct arena *scratch)
{
	struct plan *p = s->plan;
	struct scan *found = begin_scans(p, scratch);

	s->scans = found;
	if (bind_pass(s, scratch, NULL))
		return -1;
	s->scans = begin_scans(p, &p->arena);
	for (unsigned i = 0; i < p->n_inputs; i++) {
		remember_wants(&s->scans[i], &found[i]);
		p->inputs[i].scan = &s->scans[i];
	}
	if (bind_pass(s, &p->arena, found))
		return -1;
	for (unsigned i = 0; i < p->n_inputs; i++)
		must(s->scans[i].n_wants == found[i].n_wants);
	return 0;
}

int
plan_bind(struct plan *p, struct err *err)
{
	struct binder s = {.plan = p,
	    .bind = {.allowed = p->time.allowed,
		.late_update = p->time.late == LATE_UPDATE,
		.err = err}};
	struct arena scratch;
	int bad;

	must(!p->bound && p->n_inputs > 0);
	plan_emit_default(p);
	if (p->n_ops > PLAN_STEPS_MAX)
		return err_set(err, ERR_SPEC, p->ops[PLAN_STEPS_MAX].where,
		    "more than %d steps", PLAN_STEPS_MAX);
	find_used(p);
	for (unsigned i = 0; i < p->n_inputs; i++)
		p->inputs[i].time = plan_time_of(p, &p->inputs[i]);
	if (name_steps(p, err) || bind_params(p, &s.bind))
		return -1;
	for (unsigned i = 0; i < p->n_inputs; i++)
		if (p->inputs[i].used &&
		    p->inputs[i].time.lateness > s.bind.lateness)
			s.bind.lateness = p->inputs[i].time.lateness;
	arena_init(&scratch, 16384);
	bad = bind_twice(&s, &scratch);
	arena_release(&scratch);
	p->bound = !bad;
	return bad;
}

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
#include "data/cast.h"
#include "plan/graph.h"
#include "plan/target.h"

struct binder {
	struct plan *plan;
	struct bind bind;
	/*
	 * By input, then by step: those of the inputs, and those of steps
	 * that bring several flows together.
	 */
	struct scan *scans, *own;
	const struct scan *found, *found_own; /* of the first pass, or NULL */
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
	bool own = in->format && in->format->time_fields;

	for (unsigned i = 0; i < in->n_types; i++)
		typed[i] =
		    (struct scope_column){in->types[i].name, in->types[i].type};
	*s = (struct scan){.arena = a,
	    .typed = typed,
	    .n_typed = in->n_types,
	    .time_field = &in->time.field,
	    .time_names = own ? in->format->time_fields : IO_TIME_FIELDS,
	    .time_own = own,
	    .lateness = in->time.lateness};
	if (!in->closed)
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

/* The columns of an input that has no others. */
static int
closed_records(struct scan *scan, const struct plan_input *in, unsigned base,
    struct bind *b, struct flow *out)
{
	struct segment *segment = arena_alloc(b->arena, sizeof *segment);

	*segment = (struct segment){base, base, 0};
	*out = (struct flow){.segment = segment,
	    .scan = scan,
	    .cols = arena_array(b->arena, in->n_columns, sizeof *out->cols)};
	for (unsigned i = 0; i < in->n_columns; i++) {
		const struct declared *d = &in->columns[i];
		unsigned col;

		if (scan_column(scan, d->name, &col, d->where, b->err))
			return -1;
		flow_add(out, d->name, col, d->type);
	}
	return 0;
}

/* ---- constant rows ---- */

/* The type that all rows of a column have. */
static int
column_type(struct binder *s, struct plan_input *in, unsigned column)
{
	struct declared *d = &in->columns[column];
	enum type type = T_NULL;

	for (unsigned row = 0; row < in->n_rows; row++) {
		unsigned at = row * in->n_columns + column;
		enum type other = (enum type)in->constants[at].type;

		if (type_unite(type, other, &type))
			continue;
		return err_set(s->bind.err, ERR_SPEC, in->cells[at]->where,
		    "this is %s, and the column is %s so far", type_name(other),
		    type_name(type));
	}
	d->type = type;
	for (unsigned row = 0; row < in->n_rows; row++) {
		struct value *v = &in->constants[row * in->n_columns + column];

		if (v->type != T_NULL && v->type != type)
			value_cast(&s->plan->arena, *v, type, NULL, v);
	}
	return 0;
}

static int
bind_values(struct binder *s, struct plan_input *in)
{
	struct scope scope = {
	    .params = s->bind.params, .n_params = s->bind.n_params};
	unsigned n = in->n_rows * in->n_columns;

	in->closed = true;
	in->constants = arena_array(&s->plan->arena, n, sizeof *in->constants);
	for (unsigned i = 0; i < n; i++)
		if (expr_eval_constant(in->cells[i], &scope, &s->plan->arena,
			&in->constants[i], s->bind.err))
			return -1;
	for (unsigned i = 0; i < in->n_columns; i++)
		if (column_type(s, in, i))
			return -1;
	return 0;
}

/* ---- the graph ---- */

static const struct flow *
flow_of(const struct plan *p, struct edge e)
{
	must(e.number < (e.step ? p->n_ops : p->n_inputs));
	return e.step ? &p->ops[e.number].out : &p->inputs[e.number].rows;
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

/* Step by step: what is read from now on is read by that step. */
static void
at_step(struct binder *s, unsigned step)
{
	for (unsigned i = 0; i < s->plan->n_inputs; i++)
		s->scans[i].step = step;
	for (unsigned i = 0; i < s->plan->n_ops; i++)
		s->own[i].step = step;
}

static bool
has_own_scan(const struct op *op)
{
	return op->kind->ports_max > 1;
}

/* What a step may use for results of its own. */
static void
lend_scan(struct binder *s, const struct op *op)
{
	s->bind.own = has_own_scan(op) ? &s->own[op->number] : NULL;
	s->bind.own_base = SCAN_BASE(
	    s->found_own ? s->found_own[op->number].n_wants : SCAN_WANTS_MAX);
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
		op->acts = op->kind->waits == WAITS_WATERMARK;
		op->grows = op->kind->grows;
		lend_scan(s, op);
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
	if (target_bind(out, s->bind.arena, s->bind.err))
		return -1;
	for (unsigned i = 0; i < f->n_cols; i++) {
		struct flow_column *c = &f->cols[i];
		struct path path = {NULL, 0};
		int col = (int)c->col;

		flow_read(f, c->col);
		if (c->parsed) {
			col = parsed_record(c->parsed,
			    (struct where){&s->plan->source, 0, 0},
			    s->bind.err);
			if (col < 0)
				return -1;
			c->col = (unsigned)col;
			continue;
		}
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

/* What is read behind a step that brings flows together is read before it. */
static void
hand_down(const struct op *op, const struct scan *own)
{
	for (unsigned port = 0; port < op->n_from; port++)
		if (own->needs_time && op->ins[port].scan)
			op->ins[port].scan->needs_time = true;
	for (unsigned i = 0; i < own->n_wants * own->n_ports; i++) {
		const struct scan_via *via = &own->via[i];
		unsigned want = i / own->n_ports;

		if (!own->read[want] || !via->scan)
			continue;
		via->scan->read[via->col] = true;
		via->scan->computed[via->col] |= own->computed[want];
		if (via->scan->last[via->col] < own->last[want])
			via->scan->last[via->col] = own->last[want];
	}
}

/* Event time that is computed: its fields are wanted, too. */
static int
bind_times(struct binder *s)
{
	for (unsigned i = 0; i < s->plan->n_inputs; i++) {
		struct plan_input *in = &s->plan->inputs[i];
		struct node **args, *cast;
		struct scope scope;

		if (!in->time.expr || !s->scans[i].needs_time)
			continue;
		cast = arena_zalloc(s->bind.arena, sizeof *cast);
		args = arena_alloc(s->bind.arena, sizeof *args);
		args[0] = in->time.expr;
		*cast = (struct node){.kind = NODE_CALL,
		    .where = args[0]->where,
		    .name = STR("cast"),
		    .name_at = args[0]->where,
		    .args = args,
		    .n_args = 1,
		    .cast = {.type = T_TIME, .precision = -1, .scale = -1},
		    .depth = args[0]->depth + 1,
		    .size = args[0]->size + 1};
		flow_scope(&in->rows, &s->bind, &scope);
		in->time_of =
		    expr_bind(cast, &scope, s->bind.arena, s->bind.err);
		if (!in->time_of)
			return -1;
	}
	return 0;
}

/*
 * Binds everything into the arena. Computed columns begin behind as many
 * fields as were found before, or as there may be.
 */
static int
bind_pass(struct binder *s)
{
	struct plan *p = s->plan;

	for (unsigned i = 0; i < p->n_inputs; i++) {
		struct plan_input *in = &p->inputs[i];
		unsigned n =
		    SCAN_BASE(s->found ? s->found[i].n_wants : SCAN_WANTS_MAX);

		if (!in->closed)
			in->rows =
			    whole_records(&s->scans[i], n, s->bind.arena);
		else if (closed_records(
			     &s->scans[i], in, n, &s->bind, &in->rows))
			return -1;
	}
	if (bind_steps(s))
		return -1;
	at_step(s, p->n_ops);
	for (unsigned i = 0; i < p->n_outputs; i++)
		if (bind_result(s, &p->outputs[i]))
			return -1;
	for (unsigned i = p->n_ops; i-- > 0;)
		if (has_own_scan(&p->ops[i]))
			hand_down(&p->ops[i], &s->own[i]);
	return bind_times(s);
}

/* The fields found and read, for the second pass. */
static void
remember_wants(struct scan *to, struct scan *from)
{
	struct arena *a = to->arena;
	unsigned n = 0;

	for (unsigned i = 0; i < from->n_wants; i++)
		if (from->read[i])
			from->wants[n++] = from->wants[i];
	from->n_wants = n;
	to->found = true;
	to->wants = arena_zalloc(a, n * sizeof *to->wants);
	to->read = arena_zalloc(a, n * sizeof *to->read);
	to->computed = arena_zalloc(a, n * sizeof *to->computed);
	to->last = arena_zalloc(a, n * sizeof *to->last);
	to->via = arena_zalloc(a, (size_t)n * to->n_ports * sizeof *to->via);
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

static void
begin_scans(struct binder *s, struct arena *a)
{
	struct plan *p = s->plan;

	s->bind.arena = a;
	s->scans = arena_array(a, p->n_inputs, sizeof *s->scans);
	for (unsigned i = 0; i < p->n_inputs; i++)
		scan_begin(&s->scans[i], &p->inputs[i], a);
	s->own = arena_zalloc(a, p->n_ops * sizeof *s->own);
	for (unsigned i = 0; i < p->n_ops; i++)
		s->own[i] = (struct scan){
		    .arena = a, .op = &p->ops[i], .n_ports = p->ops[i].n_from};
}

/* Now it is known which steps act on the watermark: others need no time. */
static void
heed(struct plan *p)
{
	for (unsigned i = 0; i < p->n_ops; i++)
		p->ops[i].heeded = p->ops[i].awaited = p->ops[i].refreshes =
		    false;
	for (unsigned i = p->n_ops; i--;) {
		const struct op *op = &p->ops[i];
		bool awaits = op->acts && op->kind->changes != CHANGES_SHOW;

		for (unsigned k = 0; k < op->n_from; k++) {
			struct op *from = &p->ops[op->from[k].number];

			if (!op->from[k].step)
				continue;
			from->heeded |= op->heeded | op->acts | op->forgets;
			from->awaited |= op->awaited | awaits;
			from->refreshes |=
			    op->forgets | (op->refreshes && !op->kind->open);
		}
	}
}

static int
bind_twice(struct binder *s, struct arena *scratch)
{
	struct plan *p = s->plan;
	struct scan *found, *found_own;

	begin_scans(s, scratch);
	if (bind_pass(s))
		return -1;
	heed(p);
	found = s->scans;
	found_own = s->own;
	begin_scans(s, &p->arena);
	for (unsigned i = 0; i < p->n_inputs; i++) {
		remember_wants(&s->scans[i], &found[i]);
		p->inputs[i].scan = &s->scans[i];
	}
	for (unsigned i = 0; i < p->n_ops; i++)
		remember_wants(&s->own[i], &found_own[i]);
	s->found = found;
	s->found_own = found_own;
	if (bind_pass(s))
		return -1;
	for (unsigned i = 0; i < p->n_inputs; i++)
		must(s->scans[i].n_wants == found[i].n_wants);
	return 0;
}

/* The greatest of all inputs that are read; WHEN_MAX if one states none. */
static int64_t
lateness_of(const struct plan *p)
{
	int64_t most = WHEN_MIN;

	for (unsigned i = 0; i < p->n_inputs; i++)
		if (p->inputs[i].used && p->inputs[i].time.lateness > most)
			most = p->inputs[i].time.lateness;
	return most;
}

/*
 * Results shown every so often are shown as time goes on. Where nothing else
 * waits for it no row can be late, and no lateness need be stated.
 */
static void
lateness_of_shows(struct plan *p)
{
	bool shows = false;

	for (unsigned i = 0; i < p->n_ops; i++) {
		const struct op *op = &p->ops[i];

		if (op->acts && op->kind->changes != CHANGES_SHOW)
			return;
		shows |= op->acts;
	}
	for (unsigned i = 0; shows && i < p->n_inputs; i++)
		if (p->inputs[i].time.lateness == WHEN_MAX)
			p->inputs[i].time.lateness = 0;
}

int
plan_bind(struct plan *p, struct err *err)
{
	struct binder s = {.plan = p,
	    .bind = {.allowed = p->time.allowed,
		.ttl = p->time.ttl,
		.late_update = p->time.late == LATE_UPDATE,
		.err = err}};
	struct arena scratch;
	int bad;

	must(!p->bound && p->n_inputs > 0);
	plan_emit_default(p);
	plan_changes(p);
	if (p->n_ops > PLAN_STEPS_MAX)
		return err_set(err, ERR_SPEC, p->ops[PLAN_STEPS_MAX].where,
		    "more than %d steps", PLAN_STEPS_MAX);
	if (p->n_outputs > OUTPUTS_MAX)
		return err_set(err, ERR_SPEC, p->outputs[OUTPUTS_MAX].where,
		    "more than %d outputs", OUTPUTS_MAX);
	for (unsigned i = 0; i < p->n_outputs; i++)
		if (target_read(p, &p->outputs[i], err))
			return -1;
	if (graph_settle(p, err))
		return -1;
	for (unsigned i = 0; i < p->n_inputs; i++)
		p->inputs[i].time = plan_time_of(p, &p->inputs[i]);
	if (name_steps(p, err) || bind_params(p, &s.bind))
		return -1;
	s.bind.lateness = lateness_of(p);
	for (unsigned i = 0; i < p->n_inputs; i++)
		if (p->inputs[i].values && bind_values(&s, &p->inputs[i]))
			return -1;
	arena_init(&scratch, 16384);
	bad = bind_twice(&s, &scratch);
	arena_release(&scratch);
	if (!bad)
		lateness_of_shows(p);
	p->bound = !bad;
	return bad;
}

/* SPDX-License-Identifier: MIT */
/* Making plans: what the front ends call; see plan.h. */
#include "plan/plan.h"

#include "base/must.h"
#include "base/zone.h"

void
plan_init(struct plan *p)
{
	*p = (struct plan){.time.lateness = WHEN_MAX};
	arena_init(&p->arena, 8192);
	plan_input_add(p, (struct where){0});
}

void
plan_release(struct plan *p)
{
	arena_release(&p->arena);
}

void *
plan_more(struct plan *p, void *list, unsigned *n, size_t size)
{
	void **at = list;

	/* Room doubles whenever the number is a power of two. */
	if (!(*n & (*n - 1))) {
		void *more =
		    arena_array(&p->arena, *n ? 2 * (size_t)*n : 1, size);

		if (*n)
			memcpy(more, *at, *n * size);
		*at = more;
	}
	return (char *)*at + (*n)++ * size;
}

struct plan_input *
plan_input_add(struct plan *p, struct where where)
{
	struct plan_input *in =
	    plan_more(p, &p->inputs, &p->n_inputs, sizeof *in);

	*in = (struct plan_input){.where = where, .time.lateness = WHEN_MAX};
	return in;
}

void
plan_read(struct plan *p, unsigned input)
{
	must(input < p->n_inputs);
	p->tail = (struct edge){.number = input};
}

struct plan_time
plan_time_of(const struct plan *p, const struct plan_input *in)
{
	struct plan_time t = in->time;

	if (!t.field.n && !t.expr) {
		t.field = p->time.field;
		t.expr = p->time.expr;
	}
	if (!t.layout_given) {
		t.layout = p->time.layout;
		t.layout_given = p->time.layout_given;
	}
	if (!t.zone)
		t.zone = p->time.zone;
	if (t.lateness == WHEN_MAX)
		t.lateness = p->time.lateness;
	if (!t.max_ahead)
		t.max_ahead = p->time.max_ahead;
	if (!t.idle)
		t.idle = p->time.idle;
	t.allowed = p->time.allowed;
	t.ttl = p->time.ttl;
	t.late = p->time.late;
	t.late_file = p->time.late_file;
	if (!t.where.src)
		t.where = p->time.where;
	return t;
}

struct op *
plan_merge(struct plan *p, const struct op_kind *kind, const struct edge *edges,
    unsigned n, struct where where)
{
	struct op *op = plan_more(p, &p->ops, &p->n_ops, sizeof *op);

	*op = (struct op){.kind = kind,
	    .where = where,
	    .args = arena_array(&p->arena, kind->n_params, sizeof *op->args),
	    .from = arena_array(&p->arena, n, sizeof *op->from),
	    .n_from = n};
	memcpy(op->from, edges, n * sizeof *edges);
	p->tail = (struct edge){true, p->n_ops - 1};
	return op;
}

struct op *
plan_add(struct plan *p, const struct op_kind *kind, struct where where)
{
	return plan_merge(p, kind, &p->tail, 1, where);
}

struct plan_output *
plan_emit(struct plan *p, struct where where)
{
	struct plan_output *out =
	    plan_more(p, &p->outputs, &p->n_outputs, sizeof *out);

	*out = (struct plan_output){.from = p->tail, .where = where};
	return out;
}

static bool
is_input(struct edge e, unsigned input)
{
	return !e.step && e.number == input;
}

bool
plan_is_read(const struct plan *p, unsigned input)
{
	for (unsigned i = 0; i < p->n_ops; i++)
		for (unsigned k = 0; k < p->ops[i].n_from; k++)
			if (is_input(p->ops[i].from[k], input))
				return true;
	for (unsigned i = 0; i < p->n_outputs; i++)
		if (is_input(p->outputs[i].from, input))
			return true;
	return !p->n_outputs && is_input(p->tail, input);
}

void
plan_emit_default(struct plan *p)
{
	if (!p->n_outputs)
		plan_emit(p, (struct where){0});
}

struct arg *
plan_arg(struct plan *p, struct op *op, const char *name, unsigned n,
    struct where where)
{
	struct arg *arg = &op->args[op->n_args];
	const struct op_kind *kind = op->kind;
	unsigned i;

	for (i = 0; i < kind->n_params; i++)
		if (!strcmp(kind->params[i].name, name))
			break;
	must(i < kind->n_params && !op_arg(op, name));
	op->n_args++;
	*arg = (struct arg){.param = &kind->params[i],
	    .items = arena_zalloc(&p->arena, n * sizeof *arg->items),
	    .n_items = n,
	    .where = where};
	return arg;
}

void
plan_time_text(struct buf *out, const struct plan_time *t, struct path field)
{
	if (t->expr)
		node_print(out, t->expr);
	else
		path_print(out, t->field.n ? t->field : field);
	if (t->zone && t->zone != zone_utc())
		buf_printf(out, " in %s", zone_name(t->zone));
}

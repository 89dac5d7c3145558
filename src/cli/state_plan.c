/* SPDX-License-Identifier: MIT */
/* The pipeline that a state belongs to; see state_plan.h. */
#include "cli/state_plan.h"

#include "base/mem.h"
#include "front/front.h"

#define NOWHERE ((struct where){0})

static int
bind(struct state_plan *p, struct err *err)
{
	p->source = (struct source){"the spec in the state",
	    arena_str(&p->plan->arena, state_spec(p->state))};
	if (!p->source.text.n)
		return err_set(err, ERR_STATE, NOWHERE,
		    "the state does not say what pipeline it is of");
	if (yaml_parse(p->plan, &p->source, err))
		return -1;
	plan_emit_default(p->plan);
	return plan_bind(p->plan, err);
}

/* A step whose parts are not those of the state stays unknown. */
static void
open_step(struct state_plan *p, const struct op *op)
{
	struct schema schema = {.arena = &p->plan->arena};
	struct err err = {0};
	struct state_step *step;

	if (!op->kind->open || !op->kind->restore)
		return;
	if (op->kind->schema)
		op->kind->schema(op, &schema);
	step = state_step(
	    p->state, op->name, op->kind->name, &schema, false, &err);
	if (step)
		op_show_init(&p->shows[op->number], op, step);
	err_release(&err);
}

int
state_plan_open(struct state_plan *p, struct store *store, struct err *err)
{
	const struct state_options options = {.memory = SIZE_MAX};

	*p = (struct state_plan){0};
	p->state = state_new(store, &options, err);
	if (!p->state)
		return -1;
	p->plan = mem_zalloc(sizeof *p->plan);
	plan_init(p->plan);
	if (bind(p, err))
		return -1;
	p->shows = mem_zalloc((p->plan->n_ops + 1) * sizeof *p->shows);
	for (unsigned i = 0; i < p->plan->n_ops; i++)
		open_step(p, &p->plan->ops[i]);
	return 0;
}

void
state_plan_close(struct state_plan *p)
{
	for (unsigned i = 0; p->shows && i < p->plan->n_ops; i++)
		if (p->shows[i].op)
			op_show_release(&p->shows[i]);
	mem_free(p->shows);
	if (p->plan)
		plan_release(p->plan);
	mem_free(p->plan);
	state_free(p->state);
	*p = (struct state_plan){0};
}

struct op_show *
state_plan_step(struct state_plan *p, struct str name)
{
	for (unsigned i = 0; p->shows && i < p->plan->n_ops; i++)
		if (p->shows[i].op && str_eq(p->shows[i].op->name, name))
			return &p->shows[i];
	return NULL;
}

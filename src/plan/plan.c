/* SPDX-License-Identifier: MIT */
/* Making plans: what the front ends call; see plan.h. */
#include "plan/plan.h"

#include "base/must.h"

void
plan_init(struct plan *p)
{
	*p = (struct plan){.time.lateness = WHEN_MAX, .n_inputs = 1};
	arena_init(&p->arena, 8192);
	p->inputs = arena_zalloc(&p->arena, sizeof *p->inputs);
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

struct op *
plan_add(struct plan *p, const struct op_kind *kind, struct where where)
{
	struct op *op = plan_more(p, &p->ops, &p->n_ops, sizeof *op);

	*op = (struct op){.kind = kind,
	    .where = where,
	    .args = arena_array(&p->arena, kind->n_params, sizeof *op->args)};
	return op;
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

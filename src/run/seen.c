/* SPDX-License-Identifier: MIT */
/* Which fields records have; see seen.h. */
#include "run/seen.h"

#include "base/mem.h"

struct seen *
seen_new(const struct plan *plan)
{
	struct seen *list = mem_zalloc(plan->n_inputs * sizeof *list);

	for (unsigned i = 0; i < plan->n_inputs; i++)
		if (plan->inputs[i].used)
			list[i].wants =
			    mem_zalloc(plan->inputs[i].scan->n_wants *
				       sizeof *list[i].wants);
	return list;
}

void
seen_free(struct seen *list, const struct plan *plan)
{
	for (unsigned i = 0; list && i < plan->n_inputs; i++)
		mem_free(list[i].wants);
	mem_free(list);
}

static bool
has_value(const struct column *c, unsigned n_rows)
{
	for (unsigned row = 0; row < n_rows && c->type != T_NULL; row++)
		if (!column_is_null(c, row))
			return true;
	return false;
}

/* The name is somewhere in the record: it may be there as NULL. */
static bool
is_named(const struct batch *b, const struct input *in, struct path path)
{
	struct str name = {NULL, 0};

	for (unsigned i = 0; i < path.n; i++)
		if (path.steps[i].name.p)
			name = path.steps[i].name;
	for (unsigned i = 0; i < in->layout->n_fields; i++)
		if (str_eq(in->layout->fields[i], name))
			return true;
	for (unsigned row = 0; b->raw && row < b->n_rows; row++)
		if (str_find(b->raw[row], name, 0) >= 0)
			return true;
	return false;
}

/* Records in which names are looked for. */
#define LOOK_RECORDS 1000

void
seen_look(struct seen *seen, const struct input *in, const struct prepared *p)
{
	const struct batch *b = p->batch;
	const struct scan *s = in->plan->scan;

	for (unsigned i = 0; i < s->n_wants; i++)
		if (!seen->wants[i] &&
		    (has_value(&p->read[i], b->n_rows) ||
			(seen->records < LOOK_RECORDS &&
			    is_named(b, in, s->wants[i].path))))
			seen->wants[i] = true;
	seen->records += b->n_rows;
}

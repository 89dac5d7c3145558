/* SPDX-License-Identifier: MIT */
/* Which fields records have; see seen.h. */
#include "run/seen.h"

#include "base/mem.h"
#include "data/pack.h"

struct seen *
seen_new(const struct plan *plan)
{
	struct seen *list = mem_zalloc(plan->n_inputs * sizeof *list);

	for (unsigned i = 0; i < plan->n_inputs; i++) {
		arena_init(&list[i].arena, 1024);
		if (plan->inputs[i].used)
			list[i].wants =
			    mem_zalloc(plan->inputs[i].scan->n_wants *
				       sizeof *list[i].wants);
	}
	return list;
}

void
seen_free(struct seen *list, const struct plan *plan)
{
	for (unsigned i = 0; list && i < plan->n_inputs; i++) {
		mem_free(list[i].wants);
		mem_free(list[i].names);
		arena_release(&list[i].arena);
	}
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

/* Records in which names are looked for, and the most that are noted. */
#define LOOK_RECORDS 1000
#define NAMES_MAX 1000

static void
add_name(struct seen *seen, struct str name)
{
	if (seen->n_names == NAMES_MAX)
		return;
	mem_grow(&seen->names, &seen->cap_names, seen->n_names + 1,
	    sizeof *seen->names);
	seen->names[seen->n_names++] = arena_str(&seen->arena, name);
}

/* The fields of the format, or else of the first record, if it is JSON. */
static void
note_names(struct seen *seen, const struct input *in, const struct batch *b)
{
	struct value record, v;
	const char *p, *end;
	uint32_t n;

	for (unsigned i = 0; i < in->layout->n_fields; i++)
		add_name(seen, in->layout->fields[i]);
	if (in->layout->n_fields || !b->raw || !b->n_rows ||
	    !pack_parse_json(b->raw[0], &seen->arena, &record) ||
	    record.type != T_MAP)
		return;
	p = record.p;
	end = p + record.len;
	if (!pack_get_map(&p, end, &n))
		return;
	for (uint32_t i = 0; i < 2 * n; i++) {
		if (pack_get(&p, end, &seen->arena, &v) != PACK_OK)
			return;
		if (i % 2 == 0 && v.type == T_TEXT)
			add_name(seen, value_str(v));
	}
}

void
seen_look(struct seen *seen, const struct input *in, const struct prepared *p)
{
	const struct batch *b = p->batch;
	const struct scan *s = in->plan->scan;
	bool all = true;

	for (unsigned i = 0; i < s->n_wants; i++)
		if (!seen->wants[i] &&
		    (has_value(&p->read[i], b->n_rows) ||
			(seen->records < LOOK_RECORDS &&
			    is_named(b, in, s->wants[i].path))))
			seen->wants[i] = true;
		else
			all &= seen->wants[i];
	if (!all && !seen->n_names)
		note_names(seen, in, b);
	seen->records += b->n_rows;
}

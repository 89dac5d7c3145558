/* SPDX-License-Identifier: MIT */
/*
 * Names behind a step that parses texts.
 *
 * Where every text has the same fields, they are columns from the start, which
 * hide what had their names. Where texts bring their own, a name that is asked
 * for becomes a column: the field of the text or, in rows whose text lacks it,
 * what the name means in front of the step. Either way a column is computed
 * only if something reads it.
 */
#include "op/parsed.h"

#include "base/must.h"

static struct parsed_field *
find_col(const struct parsed *p, unsigned col)
{
	for (unsigned i = 0; i < p->n_fields; i++)
		if (p->fields[i].col == col)
			return &p->fields[i];
	return NULL;
}

static struct parsed *
parser_of(const struct flow *f, unsigned col)
{
	for (struct parsed *p = f->parsed; p; p = p->in.parsed)
		if (find_col(p, col))
			return p;
	return NULL;
}

struct parsed_field *
parsed_of(const struct flow *f, unsigned col)
{
	struct parsed *p = parser_of(f, col);

	return p ? find_col(p, col) : NULL;
}

bool
flow_is_open(const struct flow *f)
{
	if (f->open)
		return true;
	for (const struct parsed *p = f->parsed; p; p = p->in.parsed)
		if (!p->known && !p->apart)
			return true;
	return false;
}

/* The path is kept; its steps are copied. */
static struct path
path_keep(struct arena *a, struct path path)
{
	struct path_step *steps = arena_array(a, path.n, sizeof *steps);

	for (unsigned i = 0; i < path.n; i++)
		steps[i] = path.steps[i];
	return (struct path){steps, path.n};
}

unsigned
parsed_add(struct parsed *p, struct path path)
{
	struct parsed_field *f;

	if (p->n_fields == p->cap_fields) {
		unsigned cap = p->cap_fields ? 2 * p->cap_fields : 16;
		struct parsed_field *fields =
		    arena_array(p->arena, cap, sizeof *fields);

		for (unsigned i = 0; i < p->n_fields; i++)
			fields[i] = p->fields[i];
		p->fields = fields;
		p->cap_fields = cap;
	}
	f = &p->fields[p->n_fields++];
	*f = (struct parsed_field){.path = path_keep(p->arena, path),
	    .col = flow_compute(&p->in),
	    .outer = -1};
	return f->col;
}

/* ---- what is read ---- */

/* The whole record in front of the step; -1 if there is none, or *err. */
static int
outer_record(struct parsed *p, struct where where, struct err *err)
{
	const struct flow *f = &p->in;

	for (unsigned i = 0; i < f->n_cols; i++) {
		const struct flow_column *c = &f->cols[i];

		if (!c->spread)
			continue;
		if (c->parsed)
			return parsed_record(c->parsed, where, err);
		if (f->scan)
			return scan_want(
			    f->scan, (struct path){NULL, 0}, true, where, err);
	}
	return -1;
}

/* Which fields of the record somebody wants, whatever a text has. */
static bool *
wants_so_far(const struct parsed *p)
{
	const struct scan *s = p->in.scan;
	unsigned n = s ? s->n_wants : 0;
	bool *wanted = arena_zalloc(p->arena, SCAN_WANTS_MAX + 1);

	for (unsigned i = 0; i < n; i++)
		wanted[i] =
		    !s->wants[i].optional && (s->computed[i] || s->last[i]);
	return wanted;
}

/* What the name means where the text has no such field: a column, or -1. */
static int
outer_field(struct parsed *p, struct path path)
{
	const struct flow_column *c = flow_find(&p->in, path.steps[0].name);
	struct err ignored = {0};
	bool *wanted = wants_so_far(p);
	enum type type;
	int col;

	if (c && c->dropped)
		return -1;
	col = flow_field(
	    &p->in, path, true, p->arena, &type, (struct where){0}, &ignored);
	err_release(&ignored);
	if (col < 0)
		return -1;
	if (p->in.scan && (unsigned)col < p->in.scan->n_wants)
		p->in.scan->wants[col].optional = !wanted[col];
	return col;
}

static void
read_field(struct parsed *p, struct parsed_field *f)
{
	if (f->used)
		return;
	f->used = true;
	if (f->path.n && !p->apart && (!p->known || p->keeps)) {
		struct path path = f->path;
		int outer = outer_field(p, path);

		f->outer = outer;
	}
}

void
flow_read(const struct flow *f, unsigned col)
{
	struct parsed *p = parser_of(f, col);
	struct parsed_field *field = p ? find_col(p, col) : NULL;

	if (field)
		read_field(p, field);
}

int
parsed_record(struct parsed *p, struct where where, struct err *err)
{
	struct err problem = {0};
	unsigned i, col;
	int outer;

	for (i = 0; i < p->n_fields; i++)
		if (!p->fields[i].path.n)
			return (int)p->fields[i].col;
	outer = outer_record(p, where, &problem);
	if (problem.message) {
		*err = problem;
		return -1;
	}
	col = parsed_add(p, (struct path){NULL, 0});
	p->fields[p->n_fields - 1].used = true;
	p->fields[p->n_fields - 1].outer = outer;
	return (int)col;
}

/* ---- asking ---- */

static int
ask(struct parsed *p, struct path path)
{
	unsigned i;

	for (i = 0; i < p->n_fields; i++)
		if (path_eq(p->fields[i].path, path))
			break;
	if (i == p->n_fields)
		parsed_add(p, path);
	read_field(p, &p->fields[i]);
	return (int)p->fields[i].col;
}

static bool
may_have(const struct parsed *p, struct str name)
{
	if (p->apart)
		return false;
	for (unsigned i = 0; i < p->n_known; i++)
		if (str_eq(p->known[i], name))
			return true;
	return !p->known;
}

int
parsed_field(const struct flow *f, const struct flow_column *c,
    struct path path, enum type *type)
{
	struct parsed *p = c ? parser_of(f, c->col) : f->parsed;
	const struct parsed_field *field;

	*type = T_ANY;
	if (!c) {
		while (p && !may_have(p, path.steps[0].name))
			p = p->in.parsed;
		return p ? ask(p, path) : -1;
	}
	if (!p)
		return -1;
	if (path.n == 1) {
		*type = c->type;
		flow_read(f, c->col);
		return (int)c->col;
	}
	/* A member: of the field that the column is, whatever its name now. */
	field = find_col(p, c->col);
	must(field);
	return ask(p, path_behind(p->arena, field->path, path));
}

unsigned *
flow_kept(const struct flow *f, unsigned step, struct arena *a, unsigned *n)
{
	unsigned n_wants = f->scan ? f->scan->n_wants : 0;
	unsigned n_cols = f->segment->n_cols;
	bool *keep = arena_zalloc(a, n_cols + 1);
	unsigned *cols = arena_array(a, n_cols, sizeof *cols);

	for (unsigned i = 0; i < n_wants; i++)
		keep[i] = f->scan->last[i] > step;
	for (unsigned i = 0; i < f->n_cols; i++)
		if (f->cols[i].col >= n_wants && f->cols[i].col != COL_RECORD)
			keep[f->cols[i].col] = true;
	for (unsigned i = 0; f->scan && i < ORIGIN_N; i++)
		if (f->scan->origin[i])
			keep[f->scan->origin[i] - 1] = true;
	for (const struct parsed *p = f->parsed; p; p = p->in.parsed)
		for (unsigned i = 0; i < p->n_fields; i++)
			keep[p->fields[i].col] |= p->fields[i].used;
	*n = 0;
	for (unsigned i = 0; i < n_cols; i++)
		if (keep[i])
			cols[(*n)++] = i;
	return cols;
}

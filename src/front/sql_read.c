/* SPDX-License-Identifier: MIT */
/*
 * FROM as the plan's tail: inputs, tables, views and queries named by WITH,
 * subqueries, windows, UNNEST.
 *
 * A name is looked for among the queries of WITH (the inner ones first), then
 * the views and tables of the script; any other name is an input of the
 * command line. What is read twice is made once, and the flow forks.
 */
#include "front/sql_lower.h"
#include "front/tree.h"

/* ---- inputs ---- */

/* A relation of all fields of an input. */
static void
open_input(struct sql *s, unsigned input, struct sql_rel *out)
{
	*out = (struct sql_rel){.open = true};
	out->inputs = arena_alloc(s->arena, sizeof *out->inputs);
	out->inputs[0] = input;
	out->n_inputs = 1;
	plan_read(s->plan, input);
}

/* True if nothing was said yet of the plan's first input. */
static bool
is_fresh(const struct plan *p)
{
	const struct plan_input *in = &p->inputs[0];

	return p->n_inputs == 1 && !p->n_ops && !p->n_outputs && !in->name.n &&
	       !in->n_files && !in->values && !in->where.src;
}

unsigned
sql_input_new(struct sql *s, struct where where)
{
	struct plan *p = s->plan;

	if (!is_fresh(p))
		plan_input_add(p, where);
	p->inputs[p->n_inputs - 1].where = where;
	return p->n_inputs - 1;
}

void
sql_one_row(struct sql *s, struct where where, struct sql_rel *out)
{
	unsigned number = sql_input_new(s, where);
	struct plan_input *in = &s->plan->inputs[number];

	in->values = in->closed = true;
	in->n_rows = in->n_columns = 1;
	in->columns = arena_zalloc(s->arena, sizeof *in->columns);
	in->columns[0] = (struct declared){STR("EXPR$0"), T_ANY, where};
	in->cells = arena_alloc(s->arena, sizeof(struct node *));
	in->cells[0] = node_literal(s->arena, VALUE_NULL, where);
	plan_read(s->plan, number);
	*out = (struct sql_rel){0};
}

/* The input of a name, a file, or (name empty) of neither; made if need be. */
static unsigned
find_input(struct sql *s, struct str name, bool file, struct where where)
{
	struct plan *p = s->plan;
	struct plan_input *in;
	unsigned n;

	for (unsigned i = 0; i < p->n_inputs; i++) {
		in = &p->inputs[i];
		if (in->values || (!in->where.src && !is_fresh(p)))
			continue;
		if (file ? in->n_files == 1 && str_eq(in->files[0], name)
			 : !in->n_files && in->where.src &&
			       str_eq(in->name, name))
			return i;
	}
	n = sql_input_new(s, where);
	in = &p->inputs[n];
	if (!file) {
		in->name = name;
	} else {
		in->files = arena_alloc(s->arena, sizeof *in->files);
		in->files[0] = name;
		in->n_files = 1;
	}
	return n;
}

/* ---- tables ---- */

/* Rows of a table: its columns in order, computed ones as well. */
static int
read_table(struct sql *s, struct sql_table *t, struct sql_rel *out)
{
	bool computed = false;
	unsigned input;

	if (sql_table_input(s, t, &input))
		return -1;
	plan_read(s->plan, input);
	*out = (struct sql_rel){0};
	if (!t->n_columns) {
		open_input(s, input, out);
		return 0;
	}
	for (unsigned i = 0; i < t->n_columns; i++) {
		struct sql_column *c =
		    sql_rel_add(s, out, t->columns[i].name.name);

		computed |=
		    t->columns[i].computed != NULL || t->columns[i].metadata;
		c->origins = arena_alloc(s->arena, sizeof *c->origins);
		c->origins[0] =
		    (struct sql_origin){input, path_of_name(s->arena, c->name)};
		c->n_origins = 1;
		if (t->columns[i].computed)
			c->n_origins = 0;
		if (t->columns[i].computed &&
		    sql_is_clock(t->columns[i].computed))
			c->role = SQL_CLOCK;
		if (t->watermark && str_eq(c->name, t->watermark_for.name))
			c->role = SQL_TIME;
	}
	if (computed)
		return sql_table_columns(s, t);
	return 0;
}

/* ---- queries that have a name ---- */

/* How often FROM names it, at most. */
static unsigned
count_reads(const struct sql *s, struct str name)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->n_reads; i++)
		n += str_eq(s->reads[i], name);
	return n;
}

/*
 * What is read once is lowered where it is read; of what is read again the
 * steps are there, and must stay as they are.
 */
static int
read_made(struct sql *s, struct sql_made *m, struct sql_rel *out)
{
	struct sql_env within = *m->env;
	unsigned now = s->now;

	within.top = false;
	if (m->open)
		return err_set(s->err, ERR_SPEC, m->with->name.where,
		    "this query reads itself");
	if (!m->done) {
		m->open = true;
		s->now = within.now;
		if (sql_lower(s, m->with->query, &within, &m->rel) ||
		    sql_rel_alias(
			s, &m->rel, (struct str){0}, &m->with->columns))
			return -1;
		s->now = now;
		m->open = false;
		m->edge = s->plan->tail;
		m->done = count_reads(s, m->name) > 1;
	}
	if (m->done)
		s->floor = s->plan->n_ops;
	s->plan->tail = m->edge;
	*out = m->rel;
	out->cap_cols = 0;
	return 0;
}

/* A view is a query that is written out where it is read, but made once. */
static int
read_view(struct sql *s, struct sql_view *v, struct sql_rel *out)
{
	struct sql_made *m = v->made;

	if (!m) {
		struct sql_with *w = arena_zalloc(s->arena, sizeof *w);
		struct sql_env *env = arena_zalloc(s->arena, sizeof *env);

		env->now = v->since;
		*w = (struct sql_with){v->name, v->columns, v->query};
		m = v->made = arena_zalloc(s->arena, sizeof *m);
		*m = (struct sql_made){
		    .name = v->name.name, .with = w, .env = env};
	}
	return read_made(s, m, out);
}

static int
read_name(struct sql *s, const struct sql_source *src,
    const struct sql_env *env, struct sql_rel *out)
{
	struct sql_view *v;
	struct sql_table *t;

	for (const struct sql_env *e = env; e; e = e->up)
		if (e->made && str_eq(e->made->name, src->name))
			return read_made(s, e->made, out);
	v = sql_view_find(s, src->name);
	if (v)
		return read_view(s, v, out);
	t = sql_table_find(s, src->name);
	if (t)
		return read_table(s, t, out);
	open_input(s, find_input(s, src->name, false, src->where), out);
	return 0;
}

/* ---- window functions ---- */

static int
read_tvf(struct sql *s, const struct sql_source *src, const struct sql_env *env,
    struct sql_rel *out)
{
	struct sql_tvf *t = arena_alloc(s->arena, sizeof *t);
	struct node *time;

	*t = src->tvf;
	if (sql_read(s, src->left, env, out) || sql_settle(s, out))
		return -1;
	time = sql_unqualified(s, out, t->time);
	if (!time || sql_rel_time(s, out, time))
		return -1;
	for (unsigned i = 0; i < t->partition.n; i++)
		if (!(t->partition.list[i] =
			    sql_unqualified(s, out, t->partition.list[i])))
			return -1;
	if (sql_rel_alias(s, out, out->open_part, NULL))
		return -1;
	sql_rel_add(s, out, STR("window_start"))->role = SQL_START;
	sql_rel_add(s, out, STR("window_end"))->role = SQL_END;
	sql_rel_add(s, out, STR("window_time"))->role = SQL_WINDOW_TIME;
	out->window = t;
	out->window_at = src->where;
	return 0;
}

/* ---- UNNEST, joins ---- */

static int
no_join(struct sql *s, const struct sql_source *src)
{
	struct where at = src->join_at;

	err_set(s->err, ERR_SPEC, at, "joins are not supported yet");
	return err_hint(s->err,
	    "rows of one side can be chosen by the other with "
	    "WHERE x IN (SELECT …)");
}

/* ---- all of FROM ---- */

static int
read_source(struct sql *s, const struct sql_source *src,
    const struct sql_env *env, struct sql_rel *out)
{
	switch (src->kind) {
	case SQL_TABLE:
		return read_name(s, src, env, out);
	case SQL_FILE:
		open_input(s, find_input(s, src->name, true, src->where), out);
		return 0;
	case SQL_SUBQUERY:
		return sql_lower(s, src->query, env, out);
	case SQL_TVF:
		return read_tvf(s, src, env, out);
	case SQL_UNNEST:
		return sql_unnest(s, src, env, out);
	case SQL_JOIN:
		break;
	}
	return no_join(s, src);
}

int
sql_read(struct sql *s, const struct sql_source *src, const struct sql_env *env,
    struct sql_rel *out)
{
	struct str part;

	*out = (struct sql_rel){0};
	if (!src) {
		open_input(s,
		    find_input(s, (struct str){0}, false,
			(struct where){&s->plan->source, 0, 0}),
		    out);
		return 0;
	}
	if (src->as_of) {
		err_set(s->err, ERR_SPEC, src->as_of->where,
		    "FOR SYSTEM_TIME AS OF belongs to a join, and joins are "
		    "not supported yet");
		return -1;
	}
	if (read_source(s, src, env, out))
		return -1;
	if (src->kind == SQL_UNNEST)
		return 0;
	part = src->alias.n		? src->alias
	       : src->kind == SQL_TABLE ? src->name
	       : src->kind == SQL_TVF	? out->open_part
					: (struct str){0};
	return sql_rel_alias(s, out, part, &src->columns);
}

/* SPDX-License-Identifier: MIT */
/* Relations: what the rows at the plan's tail are called; see sql_lower.h. */
#include "front/sql_lower.h"
#include "front/tree.h"

struct sql_column *
sql_rel_add(struct sql *s, struct sql_rel *r, struct str name)
{
	struct sql_column *c;

	if (r->n_cols >= r->cap_cols) {
		r->cap_cols = 2 * r->n_cols + 4;
		c = arena_array(s->arena, r->cap_cols, sizeof *c);
		if (r->n_cols)
			memcpy(c, r->cols, r->n_cols * sizeof *c);
		r->cols = c;
	}
	c = &r->cols[r->n_cols++];
	*c = (struct sql_column){.name = name};
	return c;
}

struct sql_column *
sql_rel_find(const struct sql_rel *r, struct str name)
{
	for (unsigned i = 0; i < r->n_cols; i++)
		if (str_eq(r->cols[i].name, name))
			return &r->cols[i];
	return NULL;
}

static void
rename_step(struct sql *s, struct sql_rel *r, const struct sql_idents *columns)
{
	unsigned n = columns->n;
	struct op *op = sql_op(s, "select", columns->list[0].where);
	struct arg *arg =
	    plan_arg(s->plan, op, "columns", n, columns->list[0].where);

	for (unsigned i = 0; i < n; i++)
		arg->items[i] = (struct arg_item){
		    .node = node_name(
			s->arena, r->cols[i].name, columns->list[i].where),
		    .name = columns->list[i].name,
		    .alias = !str_eq(r->cols[i].name, columns->list[i].name),
		    .where = columns->list[i].where};
}

static int
check_names(struct sql *s, const struct sql_idents *columns)
{
	for (unsigned i = 0; i < columns->n; i++)
		for (unsigned k = 0; k < i; k++)
			if (str_eq(
				columns->list[i].name, columns->list[k].name))
				return err_set(s->err, ERR_SPEC,
				    columns->list[i].where,
				    "there are two columns named \"%.*s\"",
				    STR_ARG(columns->list[i].name));
	return 0;
}

/* t(a, b): new names in order. */
static int
rename_columns(
    struct sql *s, struct sql_rel *r, const struct sql_idents *columns)
{
	struct where at = columns->list[0].where;

	at.len = columns->list[columns->n - 1].where.at - at.at +
		 columns->list[columns->n - 1].where.len;
	if (r->open)
		return err_set(s->err, ERR_SPEC, at,
		    "its columns are not known, so they cannot be named "
		    "in order");
	if (r->n_cols != columns->n)
		return err_set(s->err, ERR_SPEC, at, "%u names for %u column%s",
		    columns->n, r->n_cols, r->n_cols == 1 ? "" : "s");
	if (check_names(s, columns) || sql_settle(s, r))
		return -1;
	rename_step(s, r, columns);
	for (unsigned i = 0; i < columns->n; i++)
		r->cols[i].name = columns->list[i].name;
	return 0;
}

int
sql_rel_alias(struct sql *s, struct sql_rel *r, struct str part,
    const struct sql_idents *columns)
{
	struct sql_column *cols =
	    arena_array(s->arena, r->n_cols, sizeof *cols);

	/* The relation may be that of a query which is read again. */
	if (r->n_cols)
		memcpy(cols, r->cols, r->n_cols * sizeof *cols);
	r->cols = cols;
	r->cap_cols = 0;
	for (unsigned i = 0; i < r->n_cols; i++)
		cols[i].part = part;
	r->n_parts = 0;
	r->parts = NULL;
	if (part.n) {
		r->parts = arena_alloc(s->arena, sizeof *r->parts);
		r->parts[r->n_parts++] = part;
	}
	r->open_part = part;
	return columns && columns->n ? rename_columns(s, r, columns) : 0;
}

int
sql_rel_unknown(
    struct sql *s, const struct sql_rel *r, struct str name, struct where where)
{
	struct str *names = arena_array(s->arena, r->n_cols, sizeof *names);

	for (unsigned i = 0; i < r->n_cols; i++)
		names[i] = r->cols[i].name;
	err_set(s->err, ERR_SPEC, where, "there is no column \"%.*s\"",
	    STR_ARG(name));
	return err_suggest(s->err, name, names, r->n_cols);
}

const struct sql_column *
sql_rel_passes(struct sql *s, const struct sql_rel *r, const struct node *n)
{
	struct sql_column *c;

	if (n->kind != NODE_NAME)
		return NULL;
	c = n->path.steps[0].name.p ? sql_rel_find(r, n->path.steps[0].name)
				    : NULL;
	if (c)
		return n->path.n == 1 ? c : NULL;
	if (!r->open)
		return NULL;
	c = arena_zalloc(s->arena, sizeof *c);
	c->name = n->path.steps[0].name;
	c->n_origins = r->n_inputs;
	c->origins = arena_array(s->arena, r->n_inputs, sizeof *c->origins);
	for (unsigned i = 0; i < r->n_inputs; i++)
		c->origins[i] = (struct sql_origin){r->inputs[i], n->path};
	return c;
}

/* ---- event time ---- */

static int
set_time(struct sql *s, const struct sql_origin *o, struct where where)
{
	struct plan_time *t = &s->plan->inputs[o->input].time;
	struct buf text = {0};

	if (!t->field.n || path_eq(t->field, o->field)) {
		t->field = o->field;
		t->where = where;
		return 0;
	}
	path_print(&text, t->field);
	err_set(s->err, ERR_SPEC, where, "event time is in \"%s\" already",
	    buf_z(&text));
	buf_release(&text);
	return -1;
}

bool
sql_is_clock(const struct node *n)
{
	return n->kind == NODE_CALL && str_is(n->name, "proctime");
}

int
sql_no_clock(struct sql *s, struct where where)
{
	err_set(s->err, ERR_SPEC, where,
	    "there are no windows of processing time: results depend on the "
	    "records alone");
	return err_hint(s->err, "name the field that is event time");
}

int
sql_rel_time(struct sql *s, const struct sql_rel *r, const struct node *ts)
{
	const struct sql_column *c = sql_rel_passes(s, r, ts);
	struct buf text = {0};

	if (!c && !r->open && ts->path.steps[0].name.p &&
	    !sql_rel_find(r, ts->path.steps[0].name))
		return sql_rel_unknown(s, r, ts->path.steps[0].name, ts->where);
	if (c && c->role == SQL_CLOCK)
		return sql_no_clock(s, ts->where);
	if (c && c->role == SQL_TIME)
		return 0;
	for (unsigned i = 0; c && i < c->n_origins; i++)
		if (set_time(s, &c->origins[i], ts->where))
			return -1;
	if (c && c->n_origins)
		return 0;
	path_print(&text, ts->path);
	err_set(s->err, ERR_SPEC, ts->where,
	    "\"%s\" is computed, and no longer the time of the rows",
	    buf_z(&text));
	buf_release(&text);
	return err_hint(s->err,
	    "rows keep the time of the record they come from; of a window's "
	    "results that is window_time");
}

/* ---- windows of single rows ---- */

static struct str
edge_name(enum sql_role role)
{
	return role == SQL_START ? STR("window_start")
	       : role == SQL_END ? STR("window_end")
				 : STR("window_time");
}

static bool
is_edge(const struct sql_column *c)
{
	return c->role == SQL_START || c->role == SQL_END ||
	       c->role == SQL_WINDOW_TIME;
}

/* The step's columns under the relation's names, in its order. */
static void
arrange(struct sql *s, const struct sql_rel *r, struct where at)
{
	unsigned n = r->n_cols + r->n_hidden + (r->open ? 1 : 0), k = 0;
	struct op *op = sql_op(s, "select", at);
	struct arg *arg = plan_arg(s->plan, op, "columns", n, at);

	if (r->open) {
		struct node *star = arena_zalloc(s->arena, sizeof *star);

		star->kind = NODE_STAR;
		star->where = at;
		star->depth = star->size = 1;
		arg->items[k++] = (struct arg_item){.node = star, .where = at};
	}
	for (unsigned i = 0; i < r->n_cols; i++) {
		struct str name = r->cols[i].name;
		struct str from =
		    is_edge(&r->cols[i]) ? edge_name(r->cols[i].role) : name;

		if (r->open && str_eq(from, name))
			continue;
		arg->items[k++] =
		    (struct arg_item){.node = node_name(s->arena, from, at),
			.name = name,
			.alias = !str_eq(from, name),
			.where = at};
	}
	for (unsigned i = 0; i < r->n_hidden && !r->open; i++)
		arg->items[k++] = (struct arg_item){
		    .node = node_name(s->arena, r->hidden[i], at),
		    .name = r->hidden[i],
		    .where = at};
	arg->n_items = k;
}

/* Do the three columns stand last, under their own names? */
static bool
is_natural(const struct sql_rel *r)
{
	static const enum sql_role roles[] = {
	    SQL_START, SQL_END, SQL_WINDOW_TIME};

	for (unsigned i = 0; i < 3; i++) {
		const struct sql_column *c = &r->cols[r->n_cols - 3 + i];

		if (r->n_cols < 3 || c->role != roles[i] ||
		    !str_eq(c->name, edge_name(roles[i])))
			return false;
	}
	for (unsigned i = 0; i + 3 < r->n_cols; i++)
		if (is_edge(&r->cols[i]))
			return false;
	return true;
}

int
sql_settle(struct sql *s, struct sql_rel *r)
{
	const struct sql_tvf *w = r->window;
	struct sql_column *cols;

	if (!w)
		return 0;
	if (str_is(w->window->name, "session"))
		sql_session(s, w, r->window_at);
	else
		sql_step(s, "windowed", "window", w->window, r->window_at);
	if (!is_natural(r))
		arrange(s, r, r->window_at);
	r->window = NULL;
	cols = arena_array(s->arena, r->n_cols, sizeof *cols);
	for (unsigned i = 0; i < r->n_cols; i++) {
		cols[i] = r->cols[i];
		cols[i].n_origins = 0;
		cols[i].role =
		    cols[i].role == SQL_WINDOW_TIME ? SQL_TIME : SQL_PLAIN;
	}
	r->cols = cols;
	r->cap_cols = 0;
	r->n_inputs = 0;
	return 0;
}

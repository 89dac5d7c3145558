/* SPDX-License-Identifier: MIT */
/*
 * INSERT INTO: rows go to a table by position, each column as the type the
 * table declares for it. Where the table is, its WITH (…) says; without that,
 * or as NAME=FILE on the command line, it is standard output or a file.
 */
#include "front/sql_lower.h"
#include "front/sql_option.h"
#include "front/tree.h"

static int
unknown_table(struct sql *s, const struct sql_ident *name)
{
	struct str *names = arena_array(s->arena, s->n_tables, sizeof *names);
	unsigned n = 0;

	for (unsigned i = 0; i < s->n_tables; i++)
		if (sql_table_find(s, s->tables[i].name.name))
			names[n++] = s->tables[i].name.name;
	err_set(s->err, ERR_SPEC, name->where,
	    "there is no table named \"%.*s\"", STR_ARG(name->name));
	return n ? err_suggest(s->err, name->name, names, n)
		 : err_hint(s->err, "CREATE TABLE %.*s (…) WITH (…)",
		       STR_ARG(name->name));
}

static const struct sql_column_def *
column_named(const struct sql_table *t, struct str name)
{
	for (unsigned i = 0; i < t->n_columns; i++)
		if (str_eq(t->columns[i].name.name, name))
			return &t->columns[i];
	return NULL;
}

/* Computed and virtual columns are not written. */
static bool
is_written(const struct sql_column_def *c)
{
	return !c->computed && !c->metadata;
}

static const struct sql_option *
partition_value(const struct sql_insert *ins, struct str name)
{
	for (unsigned i = 0; i < ins->n_partition; i++)
		if (str_eq(ins->partition[i].key, name))
			return &ins->partition[i];
	return NULL;
}

/* The place of a column among those the query gives; -1 if it is none. */
static int
source_of(const struct sql_insert *ins, const struct sql_table *t,
    const struct sql_column_def *c)
{
	int at = 0;

	if (ins->columns.n) {
		for (unsigned i = 0; i < ins->columns.n; i++)
			if (str_eq(ins->columns.list[i].name, c->name.name))
				return (int)i;
		return -1;
	}
	if (partition_value(ins, c->name.name))
		return -1;
	for (const struct sql_column_def *k = t->columns; k < c; k++)
		at += is_written(k) && !partition_value(ins, k->name.name);
	return at;
}

static int
check_columns(struct sql *s, const struct sql_insert *ins,
    const struct sql_table *t, const struct sql_rel *r)
{
	unsigned n = ins->columns.n;

	for (unsigned i = 0; i < ins->columns.n; i++)
		if (!column_named(t, ins->columns.list[i].name))
			return err_set(s->err, ERR_SPEC,
			    ins->columns.list[i].where,
			    "%.*s has no column \"%.*s\"",
			    STR_ARG(t->name.name),
			    STR_ARG(ins->columns.list[i].name));
	for (unsigned i = 0; i < ins->n_partition; i++)
		if (!column_named(t, ins->partition[i].key))
			return err_set(s->err, ERR_SPEC,
			    ins->partition[i].key_at,
			    "%.*s has no column \"%.*s\"",
			    STR_ARG(t->name.name),
			    STR_ARG(ins->partition[i].key));
	for (unsigned i = 0; !ins->columns.n && i < t->n_columns; i++)
		n += is_written(&t->columns[i]) &&
		     !partition_value(ins, t->columns[i].name.name);
	if (r->open) {
		err_set(s->err, ERR_SPEC, ins->query->where,
		    "the columns of * are not known here, and INSERT INTO goes "
		    "by position");
		return err_hint(s->err, "name the columns");
	}
	if (n == r->n_cols)
		return 0;
	return err_set(s->err, ERR_SPEC, ins->query->where,
	    "the query gives %u column%s, and %.*s takes %u", r->n_cols,
	    r->n_cols == 1 ? "" : "s", STR_ARG(t->name.name), n);
}

/* A column as its type; what is of that type already stays as it is. */
static struct node *
as_type(struct sql *s, struct node *n, struct cast_type type,
    const struct str *column)
{
	struct node **args = arena_alloc(s->arena, sizeof *args);
	struct node *cast;

	if (type.nested || type.type == T_LIST || type.type == T_MAP)
		return n;
	args[0] = n;
	cast = node_call(s->arena, "cast", args, 1, n->where);
	cast->cast = type;
	if (n->kind != NODE_LITERAL)
		cast->cast.column = column;
	return cast;
}

static struct node *
value_of(struct sql *s, const struct sql_insert *ins, const struct sql_table *t,
    const struct sql_rel *r, const struct sql_column_def *c)
{
	const struct sql_option *fixed = partition_value(ins, c->name.name);
	int from = source_of(ins, t, c);
	struct where at = ins->query->where;

	if (from >= 0)
		return node_name(s->arena, r->cols[from].name, at);
	if (fixed)
		return node_literal(
		    s->arena, value_text(fixed->value), fixed->value_at);
	return node_literal(s->arena, VALUE_NULL, at);
}

static void
select_columns(struct sql *s, const struct sql_insert *ins,
    const struct sql_table *t, const struct sql_rel *r)
{
	struct where at = ins->query->where;
	struct op *op = sql_op(s, "select", at);
	struct arg *arg = plan_arg(s->plan, op, "columns", t->n_columns, at);
	unsigned n = 0;

	for (unsigned i = 0; i < t->n_columns; i++) {
		const struct sql_column_def *c = &t->columns[i];

		if (is_written(c))
			arg->items[n++] = (struct arg_item){
			    .node = as_type(s, value_of(s, ins, t, r, c),
				c->type, &c->name.name),
			    .name = c->name.name,
			    .alias = true,
			    .where = c->name.where};
	}
	arg->n_items = n;
}

/* A path as the name of an output, whose signs of time and columns it has
 * none. */
static void
put_plain(struct buf *b, struct str path)
{
	for (size_t i = 0; i < path.n; i++) {
		if (path.p[i] == '%' || path.p[i] == '{' || path.p[i] == '}')
			buf_addc(b, path.p[i]);
		buf_addc(b, path.p[i]);
	}
}

/* PARTITIONED BY (dt, hm): path/dt={dt}/hm={hm}/part-0.json, as Hive's. */
static struct str
partitioned_path(
    struct sql *s, const struct sql_table *t, const struct sql_place *p)
{
	const char *ending = p->format ? p->format->name : "json";
	struct str name, path = p->file;
	struct buf b = {0};

	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	put_plain(&b, path);
	for (unsigned i = 0; i < t->partitioned.n; i++) {
		buf_addc(&b, '/');
		put_plain(&b, t->partitioned.list[i].name);
		buf_printf(&b, "={%.*s}", STR_ARG(t->partitioned.list[i].name));
	}
	buf_printf(&b, "/part-0.%s", ending);
	name = arena_str(s->arena, buf_str(&b));
	buf_release(&b);
	return name;
}

static void
set_place(struct sql *s, const struct sql_table *t, const struct sql_place *p,
    struct plan_output *out)
{
	unsigned n = p->settings.n;
	struct setting *list;

	out->name = t->name.name;
	out->format = p->format;
	out->settings = p->settings;
	if (p->connector == SQL_FROM_FILE)
		out->file = t->partitioned.n && p->file.n
				? partitioned_path(s, t, p)
				: p->file;
	if (p->connector == SQL_TO_NOTHING)
		out->file = STR("/dev/null");
	if (!p->format || strcmp(p->format->name, "csv") != 0)
		return;
	list = arena_array(s->arena, n + 1, sizeof *list);
	if (n)
		memcpy(list, p->settings.list, n * sizeof *list);
	list[n] = (struct setting){STR("header"), STR("no"), p->format_at};
	out->settings.list = list;
	out->settings.n = n + 1;
}

int
sql_emit(struct sql *s, const struct sql_insert *ins, struct sql_rel *r)
{
	const struct sql_table *t = sql_table_find(s, ins->table.name);
	struct sql_place place;

	if (!t)
		return unknown_table(s, &ins->table);
	if (sql_place_of(s, t, true, &place))
		return -1;
	if (place.connector == SQL_FROM_STDIN)
		return err_set(s->err, ERR_SPEC, place.connector_at,
		    "this table can only be read");
	if (t->n_columns) {
		if (check_columns(s, ins, t, r))
			return -1;
		select_columns(s, ins, t, r);
	}
	set_place(s, t, &place, plan_emit(s->plan, ins->table.where));
	return 0;
}

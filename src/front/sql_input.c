/* SPDX-License-Identifier: MIT */
/*
 * A declared table as an input of the plan: its files and format, its columns
 * and their types, and the time of its rows.
 *
 * WATERMARK FOR ts AS ts - INTERVAL '5' SECOND is Flink's reading: the
 * watermark w says that no row of time w or earlier is still to come. Ours is
 * exclusive, so the lateness is a millisecond, the resolution of Flink's
 * watermarks, less.
 *
 * ts may be a computed column: if it reads a field as a time, that field is
 * event time, with the layout the expression says; else it is computed.
 */
#include "front/sql_lower.h"
#include "front/sql_option.h"
#include "front/tree.h"

/* ---- columns ---- */

static const struct sql_column_def *
column_named(const struct sql_table *t, struct str name)
{
	for (unsigned i = 0; i < t->n_columns; i++)
		if (str_eq(t->columns[i].name.name, name))
			return &t->columns[i];
	return NULL;
}

/* The fields records of the table have: computed columns are none. */
static void
set_columns(struct sql *s, const struct sql_table *t, struct plan_input *in)
{
	in->closed = true;
	in->columns = arena_array(s->arena, t->n_columns, sizeof *in->columns);
	for (unsigned i = 0; i < t->n_columns; i++) {
		const struct sql_column_def *c = &t->columns[i];

		if (c->computed || c->metadata)
			continue;
		in->columns[in->n_columns++] = (struct declared){
		    c->name.name, c->type.type, c->name.where};
	}
}

static bool
has_metadata(const struct sql_table *t)
{
	for (unsigned i = 0; i < t->n_columns; i++)
		if (t->columns[i].metadata)
			return true;
	return false;
}

/* Flink's CSV has no header: columns go by position. */
static void
set_header(struct sql *s, struct plan_input *in, bool writing)
{
	struct setting *list;
	struct buf names = {0};
	unsigned n = in->settings.n;

	if (!in->format || strcmp(in->format->name, "csv") != 0)
		return;
	list = arena_array(s->arena, n + 1, sizeof *list);
	if (n)
		memcpy(list, in->settings.list, n * sizeof *list);
	for (unsigned i = 0; i < in->n_columns; i++) {
		if (i)
			buf_addc(&names, ',');
		buf_adds(&names, in->columns[i].name);
	}
	list[n] = (struct setting){STR("header"),
	    writing ? STR("no") : arena_str(s->arena, buf_str(&names)),
	    in->where};
	buf_release(&names);
	in->settings.list = list;
	in->settings.n = n + 1;
}

/* ---- event time ---- */

/* Java's letters of a time, as those of strptime. */
static const struct letters {
	const char *java, *ours;
} letters[] = {{"yyyy", "%Y"}, {"uuuu", "%Y"}, {"MMM", "%b"}, {"MM", "%m"},
    {"dd", "%d"}, {"HH", "%H"}, {"mm", "%M"}, {"ss", "%S"}, {"SSSSSSSSS", "%f"},
    {"SSSSSS", "%f"}, {"SSS", "%f"}, {"SS", "%f"}, {"S", "%f"}, {"XXX", "%z"},
    {"XX", "%z"}, {"X", "%z"}, {"Z", "%z"}};

static bool
is_letter(char c)
{
	return (c | 32) >= 'a' && (c | 32) <= 'z';
}

static int
java_pattern(struct sql *s, struct str java, struct where at, struct str *out)
{
	struct buf text = {0};
	size_t i = 0;
	bool ok = true;

	while (i < java.n && ok) {
		bool found = false;

		if (java.p[i] == '\'') {
			for (i++; i < java.n && java.p[i] != '\''; i++)
				buf_addc(&text, java.p[i]);
			i++;
			continue;
		}
		for (size_t k = 0; k < sizeof letters / sizeof *letters; k++) {
			size_t n = strlen(letters[k].java);

			if (java.n - i < n ||
			    memcmp(java.p + i, letters[k].java, n) != 0)
				continue;
			buf_addz(&text, letters[k].ours);
			i += n;
			found = true;
			break;
		}
		if (found)
			continue;
		ok = !is_letter(java.p[i]);
		if (java.p[i] == '%')
			buf_addc(&text, '%');
		buf_addc(&text, java.p[i++]);
	}
	*out = arena_str(s->arena, buf_str(&text));
	buf_release(&text);
	return ok ? 0
		  : err_set(s->err, ERR_SPEC, at,
			"this pattern of a time cannot be read");
}

static bool
is_call(const struct node *n, const char *name, unsigned n_args)
{
	return n->kind == NODE_CALL && str_is(n->name, name) &&
	       n->n_args == n_args;
}

static bool
is_int(const struct node *n, int64_t value)
{
	return n->kind == NODE_LITERAL && n->value.type == T_INT &&
	       n->value.i == value;
}

/* The field a computed column reads as a time; NULL if it is another. */
static const struct node *
time_source(const struct node *n, const char **layout, const struct node **java)
{
	*layout = NULL;
	*java = NULL;
	if (n->kind == NODE_NAME)
		return n;
	if (is_call(n, "to_timestamp_ltz", 2) &&
	    n->args[0]->kind == NODE_NAME) {
		*layout = is_int(n->args[1], 3)	  ? "ms"
			  : is_int(n->args[1], 0) ? "s"
						  : NULL;
		return *layout ? n->args[0] : NULL;
	}
	if (is_call(n, "to_timestamp", 1) &&
	    is_call(n->args[0], "from_unixtime", 1) &&
	    n->args[0]->args[0]->kind == NODE_NAME) {
		*layout = "s";
		return n->args[0]->args[0];
	}
	if ((is_call(n, "to_timestamp", 1) ||
		(is_call(n, "cast", 1) && n->cast.type == T_TIME)) &&
	    n->args[0]->kind == NODE_NAME)
		return n->args[0];
	if (is_call(n, "to_timestamp", 2) && n->args[0]->kind == NODE_NAME &&
	    n->args[1]->kind == NODE_LITERAL &&
	    n->args[1]->value.type == T_TEXT) {
		*java = n->args[1];
		return n->args[0];
	}
	return NULL;
}

/* Columns that stand for others are written out, so that order is free. */
static struct node *
write_out(struct tree_edit *edit, struct node *n, bool in_aggregate)
{
	const struct sql_table *t = edit->owner;
	const struct sql_column_def *c;

	(void)in_aggregate;
	if (n->kind != NODE_NAME || !n->path.steps[0].name.p)
		return NULL;
	c = column_named(t, n->path.steps[0].name);
	return c && c->computed && n->path.n == 1 && edit->failed == false
		   ? c->computed
		   : NULL;
}

/* Which field is event time, and how it is written. */
static int
set_time_field(struct sql *s, const struct sql_table *t, struct plan_time *time)
{
	const struct sql_column_def *c = column_named(t, t->watermark_for.name);
	const struct node *from, *java = NULL;
	const char *layout = NULL;
	struct str text;

	time->where = t->watermark_for.where;
	if (!c || !c->computed) {
		time->field = path_of_name(s->arena, t->watermark_for.name);
		return 0;
	}
	from = time_source(c->computed, &layout, &java);
	if (!from) {
		struct tree_edit edit = {.replace = write_out,
		    .arena = s->arena,
		    .err = s->err,
		    .owner = (void *)(uintptr_t)t};

		time->expr = tree_change(&edit, c->computed);
		return time->expr ? 0 : -1;
	}
	time->field = from->path;
	text = layout ? str_of(layout) : (struct str){NULL, 0};
	if (java && java_pattern(s, value_str(java->value), java->where, &text))
		return -1;
	if (!text.n)
		return 0;
	time->layout_given = true;
	return when_layout_parse_records(text, s->arena, &time->layout, s->err);
}

/* The watermark's expression is the column, or the column less a duration. */
static int
set_lateness(struct sql *s, const struct sql_table *t, struct plan_time *time)
{
	const struct node *n = t->watermark, *by = NULL;

	if (is_call(n, "-", 2)) {
		by = n->args[1];
		n = n->args[0];
	}
	if (n->kind != NODE_NAME || n->path.n != 1 ||
	    !str_eq(n->path.steps[0].name, t->watermark_for.name) ||
	    (by && (by->kind != NODE_LITERAL || by->value.type != T_DURATION ||
		       by->value.i < 0))) {
		err_set(s->err, ERR_SPEC, t->watermark->where,
		    "a watermark is the column, or the column less a "
		    "duration");
		return err_hint(s->err,
		    "WATERMARK FOR %.*s AS %.*s - INTERVAL '5' SECOND",
		    STR_ARG(t->watermark_for.name),
		    STR_ARG(t->watermark_for.name));
	}
	time->lateness = (by ? by->value.i : 0) - WHEN_MS;
	return 0;
}

/* ---- the input ---- */

static int
set_place(struct sql *s, const struct sql_table *t, struct plan_input *in)
{
	struct sql_place p;

	if (sql_place_of(s, t, false, &p))
		return -1;
	if (p.connector == SQL_TO_STDOUT || p.connector == SQL_TO_NOTHING)
		return err_set(s->err, ERR_SPEC, p.connector_at,
		    "this table can only be written to");
	in->format = p.format;
	in->settings = p.settings;
	if (p.connector == SQL_FROM_STDIN)
		p.file = STR("-");
	if (p.file.n && p.connector != SQL_BY_NAME) {
		in->files = arena_alloc(s->arena, sizeof *in->files);
		in->files[0] = p.file;
		in->n_files = 1;
	}
	return 0;
}

int
sql_table_input(struct sql *s, struct sql_table *t, unsigned *input)
{
	struct plan *p = s->plan;
	struct plan_input in;

	if (t->input >= 0) {
		*input = (unsigned)t->input;
		return 0;
	}
	*input = sql_input_new(s, t->where);
	in = p->inputs[*input];
	t->input = (int)*input;
	in.name = t->name.name;
	in.where = t->name.where;
	if (set_place(s, t, &in))
		return -1;
	if (t->n_columns) {
		set_columns(s, t, &in);
		set_header(s, &in, false);
	}
	if (has_metadata(t)) {
		/* Only records whose fields are open have it; the step that
		 * lists the columns closes them. */
		in.closed = false;
		in.types = in.columns;
		in.n_types = in.n_columns;
		in.columns = NULL;
		in.n_columns = 0;
	}
	if (t->watermark &&
	    (set_time_field(s, t, &in.time) || set_lateness(s, t, &in.time)))
		return -1;
	p->inputs[*input] = in;
	return 0;
}

/* ---- computed columns ---- */

/* Metadata of a record, and the column that has it. */
static const struct metadata {
	const char *key, *column;
} metadata[] = {{"file", "_file"}, {"file.name", "_file"},
    {"file.path", "_file"}, {"input", "_input"}, {"line", "_line"},
    {"offset", "_offset"}};
#define N_METADATA (sizeof metadata / sizeof *metadata)

static struct node *
metadata_column(struct sql *s, const struct sql_column_def *c)
{
	struct str names[N_METADATA];

	for (size_t i = 0; i < N_METADATA; i++) {
		names[i] = str_of(metadata[i].key);
		if (str_eq(c->key.name, names[i]))
			return node_name(s->arena, str_of(metadata[i].column),
			    c->name.where);
	}
	err_set(s->err, ERR_SPEC, c->key.where,
	    "records have no metadata '%.*s'", STR_ARG(c->key.name));
	err_suggest(s->err, c->key.name, names, N_METADATA);
	return NULL;
}

int
sql_table_columns(struct sql *s, const struct sql_table *t)
{
	struct op *op = sql_op(s, "select", t->where);
	struct arg *arg =
	    plan_arg(s->plan, op, "columns", t->n_columns, t->where);

	for (unsigned i = 0; i < t->n_columns; i++) {
		const struct sql_column_def *c = &t->columns[i];
		struct tree_edit edit = {.replace = write_out,
		    .arena = s->arena,
		    .err = s->err,
		    .owner = (void *)(uintptr_t)t};
		struct node *n = c->computed;

		if (c->metadata)
			n = metadata_column(s, c);
		else if (n)
			n = tree_change(&edit, n);
		else
			n = node_name(s->arena, c->name.name, c->name.where);
		if (!n)
			return -1;
		arg->items[i] = (struct arg_item){.node = n,
		    .name = c->name.name,
		    .alias = c->computed != NULL || c->metadata,
		    .where = c->name.where};
	}
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * The grammar of CREATE TABLE:
 *
 *   CREATE TABLE t (
 *     a TYPE [NOT NULL] [PRIMARY KEY NOT ENFORCED] [COMMENT 'x'],
 *     b AS expr,
 *     c TYPE METADATA [FROM 'key'] [VIRTUAL],
 *     WATERMARK FOR a AS expr,
 *     PRIMARY KEY (a, …) NOT ENFORCED)
 *   [COMMENT 'x'] [PARTITIONED BY (a, …)] [WITH ('key' = 'value', …)]
 *   [LIKE t [( … )] | AS query]
 *
 * What the options mean is in sql_option.c.
 */
#include "front/sql.h"
#include "front/tree.h"

static bool
is_there(const struct sql *s, unsigned since, unsigned dropped)
{
	return since <= s->now && (!dropped || s->now < dropped);
}

struct sql_table *
sql_table_find(const struct sql *s, struct str name)
{
	for (unsigned i = s->n_tables; i-- > 0;) {
		struct sql_table *t = &s->tables[i];

		if (str_eq(t->name.name, name) &&
		    is_there(s, t->since, t->dropped))
			return t;
	}
	return NULL;
}

struct sql_view *
sql_view_find(const struct sql *s, struct str name)
{
	for (unsigned i = s->n_views; i-- > 0;) {
		struct sql_view *v = &s->views[i];

		if (str_eq(v->name.name, name) &&
		    is_there(s, v->since, v->dropped))
			return v;
	}
	return NULL;
}

static int
parse_text(struct sql *s, struct str *out, struct where *at)
{
	struct lexer *lx = &s->lx;
	char got[180];

	if (lx->tok.kind != TOK_TEXT)
		return lex_fail(lx, "expected a text in quotes, got %s",
		    lex_describe(lx, got, sizeof got));
	*out = lx->tok.string;
	*at = lx->tok.where;
	lex_next(lx);
	return 0;
}

static int
parse_comment(struct sql *s)
{
	struct str ignored;
	struct where at;

	return lex_accept(&s->lx, "COMMENT") ? parse_text(s, &ignored, &at) : 0;
}

int
sql_options_parse(struct sql *s, struct sql_option **list, unsigned *n)
{
	struct lexer *lx = &s->lx;

	if (lex_expect(lx, "("))
		return -1;
	do {
		struct sql_option o, *at;

		if (parse_text(s, &o.key, &o.key_at) || lex_expect(lx, "=") ||
		    parse_text(s, &o.value, &o.value_at))
			return -1;
		for (unsigned i = 0; i < *n; i++)
			if (str_eq((*list)[i].key, o.key)) {
				(*list)[i] = o;
				o.key.n = 0;
			}
		if (!o.key.n)
			continue;
		at = plan_more(s->plan, list, n, sizeof *at);
		*at = o;
	} while (lex_accept(lx, ","));
	return lex_expect(lx, ")");
}

/* ---- columns ---- */

/* PRIMARY KEY … NOT ENFORCED: a promise, nothing is checked. */
static int
parse_not_enforced(struct sql *s)
{
	return lex_expect(&s->lx, "NOT") || lex_expect(&s->lx, "ENFORCED");
}

static int
parse_primary(struct sql *s, struct sql_table *t)
{
	if (lex_expect(&s->lx, "KEY") ||
	    sql_ident_list(s, "a column", &t->primary))
		return -1;
	return parse_not_enforced(s);
}

static int
parse_watermark(struct sql *s, struct sql_table *t)
{
	struct lexer *lx = &s->lx;

	if (t->watermark)
		return lex_fail(lx, "a table has one WATERMARK");
	lex_next(lx);
	lex_next(lx);
	if (sql_ident(s, "the time column", &t->watermark_for) ||
	    lex_expect(lx, "AS"))
		return -1;
	t->watermark = expr_parse(lx);
	return t->watermark ? 0 : -1;
}

static int
parse_metadata(struct sql *s, struct sql_column_def *c)
{
	struct lexer *lx = &s->lx;

	c->metadata = true;
	c->key = c->name;
	if (lex_accept(lx, "FROM") &&
	    parse_text(s, &c->key.name, &c->key.where))
		return -1;
	c->is_virtual = lex_accept(lx, "VIRTUAL");
	return 0;
}

/* Behind the type: NOT NULL, PRIMARY KEY, METADATA, COMMENT. */
static int
parse_constraints(struct sql *s, struct sql_table *t, struct sql_column_def *c)
{
	struct lexer *lx = &s->lx;
	struct sql_ident *key;

	for (;;) {
		if (lex_is(lx, "NOT") && lex_next_is(lx, "NULL")) {
			lex_next(lx);
			lex_next(lx);
		} else if (lex_accept(lx, "PRIMARY")) {
			key = plan_more(s->plan, &t->primary.list,
			    &t->primary.n, sizeof *key);
			*key = c->name;
			if (lex_expect(lx, "KEY") || parse_not_enforced(s))
				return -1;
		} else if (lex_accept(lx, "METADATA")) {
			if (parse_metadata(s, c))
				return -1;
		} else if (!lex_accept(lx, "NULL")) {
			return parse_comment(s);
		}
	}
}

static int
parse_column(struct sql *s, struct sql_table *t)
{
	struct lexer *lx = &s->lx;
	struct sql_column_def c = {0}, *at;

	if (sql_ident(s, "a column", &c.name))
		return -1;
	for (unsigned i = 0; i < t->n_columns; i++)
		if (str_eq(t->columns[i].name.name, c.name.name))
			return err_set(s->err, ERR_SPEC, c.name.where,
			    "there are two columns named \"%.*s\"",
			    STR_ARG(c.name.name));
	if (lex_accept(lx, "AS")) {
		c.computed = expr_parse(lx);
		if (!c.computed || parse_comment(s))
			return -1;
	} else if (cast_type_parse(lx, &c.type) ||
		   parse_constraints(s, t, &c)) {
		return -1;
	}
	if (t->n_columns >= SQL_ITEMS_MAX)
		return lex_fail(lx, "more than %d columns", SQL_ITEMS_MAX);
	at = plan_more(s->plan, &t->columns, &t->n_columns, sizeof *at);
	*at = c;
	return 0;
}

static int
parse_element(struct sql *s, struct sql_table *t)
{
	struct lexer *lx = &s->lx;
	struct sql_ident ignored;

	if (lex_is(lx, "WATERMARK") && lex_next_is(lx, "FOR"))
		return parse_watermark(s, t);
	if (lex_is(lx, "CONSTRAINT") && lx->next.kind == TOK_NAME) {
		lex_next(lx);
		if (sql_ident(s, "the constraint", &ignored))
			return -1;
	}
	if (lex_is(lx, "PRIMARY") && lex_next_is(lx, "KEY")) {
		lex_next(lx);
		return parse_primary(s, t);
	}
	return parse_column(s, t);
}

static int
parse_elements(struct sql *s, struct sql_table *t)
{
	if (!lex_accept(&s->lx, "("))
		return 0;
	if (lex_accept(&s->lx, ")"))
		return 0;
	do {
		if (parse_element(s, t))
			return -1;
	} while (lex_accept(&s->lx, ","));
	return lex_expect(&s->lx, ")");
}

/* ---- LIKE ---- */

static int
like_column(struct sql *s, struct sql_table *t, const struct sql_column_def *c)
{
	struct sql_column_def *at;

	for (unsigned i = 0; i < t->n_columns; i++)
		if (str_eq(t->columns[i].name.name, c->name.name))
			return err_set(s->err, ERR_SPEC,
			    t->columns[i].name.where,
			    "the table behind LIKE has a column \"%.*s\" as "
			    "well",
			    STR_ARG(c->name.name));
	at = plan_more(s->plan, &t->columns, &t->n_columns, sizeof *at);
	*at = *c;
	return 0;
}

/* Columns of the other table come first; options given here win. */
static int
take_from(struct sql *s, struct sql_table *t, const struct sql_table *from,
    bool options, bool watermark)
{
	struct sql_table all = *t;

	all.columns = NULL;
	all.n_columns = 0;
	for (unsigned i = 0; i < from->n_columns; i++)
		if (like_column(s, &all, &from->columns[i]))
			return -1;
	for (unsigned i = 0; i < t->n_columns; i++)
		if (like_column(s, &all, &t->columns[i]))
			return -1;
	if (!t->watermark && watermark) {
		all.watermark = from->watermark;
		all.watermark_for = from->watermark_for;
	}
	for (unsigned i = 0; options && i < from->n_options; i++) {
		struct sql_option *at;
		bool given = false;

		for (unsigned k = 0; k < t->n_options; k++)
			given |=
			    str_eq(t->options[k].key, from->options[i].key);
		if (given)
			continue;
		at = plan_more(
		    s->plan, &all.options, &all.n_options, sizeof *at);
		*at = from->options[i];
	}
	*t = all;
	return 0;
}

/* ( EXCLUDING ALL | {INCLUDING | EXCLUDING | OVERWRITING} what … ) */
static int
parse_like_options(struct sql *s, bool *options, bool *watermark)
{
	struct lexer *lx = &s->lx;

	while (!lex_accept(lx, ")")) {
		bool excluding = lex_accept(lx, "EXCLUDING");

		if (!excluding && !lex_accept(lx, "INCLUDING") &&
		    lex_expect(lx, "OVERWRITING"))
			return -1;
		if (lex_is(lx, "OPTIONS") || lex_is(lx, "ALL"))
			*options = !excluding;
		if (lex_is(lx, "WATERMARKS") || lex_is(lx, "ALL"))
			*watermark = !excluding;
		if (lx->tok.kind != TOK_NAME)
			return lex_fail(lx, "expected OPTIONS, WATERMARKS or "
					    "ALL");
		lex_next(lx);
	}
	return 0;
}

static int
parse_like(struct sql *s, struct sql_table *t)
{
	bool options = true, watermark = true;
	const struct sql_table *from;
	struct sql_ident id;

	if (!lex_accept(&s->lx, "LIKE"))
		return 0;
	if (sql_ident(s, "a table", &id))
		return -1;
	from = sql_table_find(s, id.name);
	if (!from)
		return err_set(s->err, ERR_SPEC, id.where,
		    "there is no table named \"%.*s\"", STR_ARG(id.name));
	if (lex_accept(&s->lx, "(") &&
	    parse_like_options(s, &options, &watermark))
		return -1;
	return take_from(s, t, from, options, watermark);
}

/* ---- the whole ---- */

static int
check_partitions(struct sql *s, const struct sql_table *t)
{
	for (unsigned k = 0; k < t->partitioned.n; k++) {
		const struct sql_ident *id = &t->partitioned.list[k];
		unsigned i = 0;

		while (i < t->n_columns &&
		       !str_eq(t->columns[i].name.name, id->name))
			i++;
		if (i == t->n_columns)
			return err_set(s->err, ERR_SPEC, id->where,
			    "the table has no column \"%.*s\"",
			    STR_ARG(id->name));
	}
	return 0;
}

static int
check_watermark(struct sql *s, const struct sql_table *t)
{
	if (!t->watermark)
		return 0;
	for (unsigned i = 0; i < t->n_columns; i++)
		if (str_eq(t->columns[i].name.name, t->watermark_for.name))
			return 0;
	return err_set(s->err, ERR_SPEC, t->watermark_for.where,
	    "the table has no column \"%.*s\"", STR_ARG(t->watermark_for.name));
}

/* AS query: its columns are the table's. */
static int
parse_as(struct sql *s, const struct sql_table *t, struct sql_insert *as)
{
	if (t->n_columns) {
		err_set(s->err, ERR_SPEC, t->columns[0].name.where,
		    "CREATE TABLE … AS takes the columns of its query");
		return err_hint(
		    s->err, "or CREATE TABLE with columns, and INSERT INTO it");
	}
	if (t->watermark)
		return err_set(s->err, ERR_SPEC, t->watermark_for.where,
		    "a table that a query fills has no WATERMARK");
	lex_next(&s->lx);
	as->table = t->name;
	as->query = sql_query_parse(s);
	return as->query ? 0 : -1;
}

/* A table of a query that says not where it is: a view. */
static void
add_view(struct sql *s, const struct sql_insert *as)
{
	struct sql_view *at =
	    plan_more(s->plan, &s->views, &s->n_views, sizeof *at);

	*at = (struct sql_view){
	    .name = as->table, .query = as->query, .since = s->now};
}

static int
parse_rest(struct sql *s, struct sql_table *t, struct sql_insert *as)
{
	if (parse_elements(s, t) || parse_comment(s))
		return -1;
	if (lex_accept(&s->lx, "PARTITIONED") &&
	    (lex_expect(&s->lx, "BY") ||
		sql_ident_list(s, "a column", &t->partitioned)))
		return -1;
	if (lex_accept(&s->lx, "WITH") &&
	    sql_options_parse(s, &t->options, &t->n_options))
		return -1;
	if (lex_is(&s->lx, "AS"))
		return parse_as(s, t, as);
	return parse_like(s, t) || check_partitions(s, t) ||
	       check_watermark(s, t);
}

int
sql_create_table(struct sql *s, unsigned from, struct sql_insert *as)
{
	struct lexer *lx = &s->lx;
	struct sql_table t = {.input = -1, .since = s->now}, *at;
	struct sql_source name = {0};
	bool lenient = lex_accept(lx, "IF");

	if (lenient && (lex_expect(lx, "NOT") || lex_expect(lx, "EXISTS")))
		return -1;
	if (sql_source_name(s, &name))
		return -1;
	if (name.kind == SQL_FILE)
		return err_set(
		    s->err, ERR_SPEC, name.where, "a table's name is no text");
	t.name = (struct sql_ident){name.name, name.where};
	if (parse_rest(s, &t, as))
		return -1;
	t.where = sql_since(s, from);
	if (sql_table_find(s, t.name.name) || sql_view_find(s, t.name.name)) {
		as->query = NULL;
		return lenient ? 0
			       : err_set(s->err, ERR_SPEC, t.name.where,
				     "there is a table or view named \"%.*s\" "
				     "already",
				     STR_ARG(t.name.name));
	}
	if (as->query && !t.n_options && !t.partitioned.n) {
		add_view(s, as);
		as->query = NULL;
		return 0;
	}
	at = plan_more(s->plan, &s->tables, &s->n_tables, sizeof *at);
	*at = t;
	return 0;
}

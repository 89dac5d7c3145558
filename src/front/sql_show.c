/* SPDX-License-Identifier: MIT */
/*
 * Statements that look at what there is:
 *
 *   SHOW TABLES | VIEWS | FUNCTIONS [[NOT] LIKE 'pattern']
 *   SHOW CREATE TABLE t
 *   SHOW COLUMNS FROM t, DESCRIBE t
 *
 * Their rows are known when the query is read, so each is written as a query
 * over constant rows, which is lowered and run like any other.
 */
#include "expr/agg.h"
#include "expr/fn.h"
#include "expr/over.h"
#include "front/sql.h"

/* A query in the making: VALUES (…), (…). */
struct rows {
	struct sql *s;
	struct buf text;
	unsigned n;
	bool in_row;
};

static void
row(struct rows *r)
{
	if (r->n++)
		buf_lit(&r->text, "), ");
	buf_addc(&r->text, '(');
	r->in_row = false;
}

/* A text; NULL if it has no bytes. */
static void
cell(struct rows *r, struct str s)
{
	if (r->in_row)
		buf_lit(&r->text, ", ");
	r->in_row = true;
	if (s.n)
		buf_quoted(&r->text, s, '\'');
	else
		buf_lit(&r->text, "NULL");
}

static void
cell_buf(struct rows *r, struct buf *b)
{
	cell(r, buf_str(b));
	b->n = 0;
}

static struct rows
rows_of(struct sql *s)
{
	struct rows r = {.s = s};

	buf_lit(&r.text, "SELECT * FROM (VALUES ");
	return r;
}

/* Reads the text of a query as if it stood here. */
static struct sql_query *
parse_text(struct sql *s, struct str text)
{
	struct source *src = arena_alloc(s->arena, sizeof *src);
	struct lexer here = s->lx;
	struct sql_query *q;

	*src = (struct source){here.src->name, text};
	lex_init(&s->lx, src, 0, (unsigned)text.n, s->arena, s->err);
	s->lx.hooks = here.hooks;
	q = sql_query_parse(s);
	s->lx = here;
	return q;
}

/* The rows under these names, those of a condition; releases them. */
static struct sql_query *
rows_done(struct rows *r, unsigned n_cols, const char *names, struct str where)
{
	struct str text;
	bool none = !r->n;

	if (none)
		row(r);
	for (unsigned i = 0; none && i < n_cols; i++)
		cell(r, STR(""));
	buf_printf(&r->text, ")) AS t (%s)%s%.*s%s", names,
	    where.n ? " WHERE " : "", STR_ARG(where),
	    !none     ? ""
	    : where.n ? " AND FALSE"
		      : " WHERE FALSE");
	text = arena_str(r->s->arena, buf_str(&r->text));
	buf_release(&r->text);
	return parse_text(r->s, text);
}

/* ---- SHOW FUNCTIONS, TABLES, VIEWS ---- */

/* [[NOT] LIKE | ILIKE 'pattern'] as a condition on the name. */
static int
parse_like(struct sql *s, struct str *where)
{
	struct lexer *lx = &s->lx;
	struct buf b = {0};
	bool no = lex_accept(lx, "NOT"), any = lex_accept(lx, "ILIKE");

	*where = STR("");
	if (!any && !lex_accept(lx, "LIKE"))
		return no ? lex_expect(lx, "LIKE") : 0;
	if (lx->tok.kind != TOK_TEXT)
		return lex_fail(lx, "expected a pattern in quotes");
	buf_printf(&b, "name %sILIKE ", no ? "NOT " : "");
	buf_quoted(&b, lx->tok.string, '\'');
	*where = arena_str(s->arena, buf_str(&b));
	buf_release(&b);
	lex_next(lx);
	return 0;
}

static void
function(struct rows *r, const char *name, const char *kind,
    const char *signature, const char *doc)
{
	row(r);
	cell(r, str_of(name));
	cell(r, str_of(kind));
	cell(r, str_of(signature));
	cell(r, str_of(doc));
}

static struct sql_query *
show_functions(struct sql *s, struct str where)
{
	struct rows r = rows_of(s);
	const struct fn *const *fns;
	unsigned n;

	fns = fn_all(&n);
	for (unsigned i = 0; i < n; i++)
		function(&r, fns[i]->name, "function", fns[i]->signature,
		    fns[i]->doc);
	for (unsigned i = 0; i < n_aggs; i++)
		function(&r, aggs[i]->name, "aggregate", aggs[i]->signature,
		    aggs[i]->doc);
	for (unsigned i = 0; i < n_over_fns; i++)
		function(&r, over_fns[i].name, "over", over_fns[i].signature,
		    over_fns[i].doc);
	return rows_done(&r, 4, "name, kind, signature, doc", where);
}

static struct sql_query *
show_tables(struct sql *s, bool tables, struct str where)
{
	struct rows r = rows_of(s);

	for (unsigned i = 0; tables && i < s->n_tables; i++) {
		if (sql_table_find(s, s->tables[i].name.name) != &s->tables[i])
			continue;
		row(&r);
		cell(&r, s->tables[i].name.name);
		cell(&r, STR("table"));
	}
	for (unsigned i = 0; i < s->n_views; i++) {
		if (sql_view_find(s, s->views[i].name.name) != &s->views[i])
			continue;
		row(&r);
		cell(&r, s->views[i].name.name);
		cell(&r, STR("view"));
	}
	return rows_done(&r, 2, "name, kind", where);
}

/* ---- DESCRIBE, SHOW CREATE TABLE ---- */

static bool
is_key(const struct sql_table *t, struct str name)
{
	for (unsigned i = 0; i < t->primary.n; i++)
		if (str_eq(t->primary.list[i].name, name))
			return true;
	return false;
}

/* A table that was declared; NULL and the error if it is something else. */
static const struct sql_table *
declared(struct sql *s)
{
	const struct sql_table *t;
	struct lexer *lx = &s->lx;
	struct sql_ident id = {0};

	if (lex_is(lx, "SELECT") || lex_is(lx, "WITH") || lex_is(lx, "(")) {
		lex_fail(lx, "a query is not described");
		err_hint(s->err, "EXPLAIN says which columns it has");
		return NULL;
	}
	if (lx->tok.kind == TOK_TEXT) {
		lex_fail(lx, "a file declares no columns");
		err_hint(s->err,
		    "SELECT * FROM 'file' LIMIT 1 shows a record of it");
		return NULL;
	}
	if (sql_ident(s, "a table", &id))
		return NULL;
	t = sql_table_find(s, id.name);
	if (t && t->n_columns)
		return t;
	err_set(s->err, ERR_SPEC, id.where,
	    t || sql_view_find(s, id.name)
		? "the columns of \"%.*s\" are those of a query"
		: "no table \"%.*s\" has been declared before this",
	    STR_ARG(id.name));
	err_hint(s->err,
	    "EXPLAIN SELECT * FROM %.*s says which columns are known; SELECT "
	    "* … LIMIT 1 shows a record",
	    STR_ARG(id.name));
	return NULL;
}

static void
describe_column(
    struct rows *r, const struct sql_table *t, const struct sql_column_def *c)
{
	struct buf b = {0};

	row(r);
	cell(r, c->name.name);
	if (!c->computed)
		cast_type_print(&b, c->type);
	cell_buf(r, &b);
	cell(r, is_key(t, c->name.name) ? STR("PRIMARY KEY") : STR(""));
	if (c->computed) {
		buf_lit(&b, "AS ");
		node_print(&b, c->computed);
	} else if (c->metadata) {
		buf_lit(&b, "METADATA FROM ");
		buf_quoted(&b, c->key.name, '\'');
	}
	cell_buf(r, &b);
	if (t->watermark && str_eq(t->watermark_for.name, c->name.name))
		node_print(&b, t->watermark);
	cell_buf(r, &b);
	buf_release(&b);
}

static struct sql_query *
describe(struct sql *s)
{
	const struct sql_table *t = declared(s);
	struct rows r;

	if (!t)
		return NULL;
	r = rows_of(s);
	for (unsigned i = 0; i < t->n_columns; i++)
		describe_column(&r, t, &t->columns[i]);
	return rows_done(
	    &r, 5, "name, type, `key`, extras, watermark", STR(""));
}

static struct sql_query *
show_create(struct sql *s)
{
	const struct sql_table *t;
	struct rows r;

	if (lex_expect(&s->lx, "TABLE"))
		return NULL;
	t = declared(s);
	if (!t)
		return NULL;
	r = rows_of(s);
	row(&r);
	cell(
	    &r, (struct str){t->where.src->text.p + t->where.at, t->where.len});
	return rows_done(&r, 1, "statement", STR(""));
}

/* ---- the statements ---- */

static struct sql_query *
show(struct sql *s)
{
	struct lexer *lx = &s->lx;
	struct str where;
	char got[180];
	int what;

	if (lex_accept(lx, "CREATE"))
		return show_create(s);
	if (lex_accept(lx, "COLUMNS")) {
		if (!lex_accept(lx, "IN") && lex_expect(lx, "FROM"))
			return NULL;
		return describe(s);
	}
	what = lex_accept(lx, "FUNCTIONS") ? 0
	       : lex_accept(lx, "TABLES")  ? 1
	       : lex_accept(lx, "VIEWS")   ? 2
					   : 3;
	if (what == 3) {
		lex_fail(lx, "there is no SHOW of this: %s",
		    lex_describe(lx, got, sizeof got));
		err_hint(s->err, "there are SHOW TABLES, VIEWS, FUNCTIONS, "
				 "COLUMNS FROM t and CREATE TABLE t");
		return NULL;
	}
	if (parse_like(s, &where))
		return NULL;
	return what ? show_tables(s, what == 1, where)
		    : show_functions(s, where);
}

struct sql_query *
sql_show(struct sql *s)
{
	struct lexer *lx = &s->lx;

	if (lex_accept(lx, "SHOW"))
		return show(s);
	lex_next(lx);
	lex_accept(lx, "EXTENDED");
	return describe(s);
}

/* SPDX-License-Identifier: MIT */
/*
 * The grammar of FROM:
 *
 *   from    source {, source | join}
 *   source  name | 'file' | ( query ) | [TABLE(] TUMBLE(…) [)]
 *           | [LATERAL] UNNEST(x) [WITH ORDINALITY]    [[AS] alias [(a, …)]]
 *   join    [INNER | LEFT | RIGHT | FULL | CROSS] JOIN source [ON … | USING …]
 *
 * Joins and MATCH_RECOGNIZE are read as far as it takes to say what they are.
 */
#include "front/sql.h"

static struct sql_source *
source_new(struct sql *s, enum sql_source_kind kind)
{
	struct sql_source *src = arena_zalloc(s->arena, sizeof *src);

	src->kind = kind;
	src->where = s->lx.tok.where;
	return src;
}

/* ---- names and files ---- */

/* FROM logs/access.log: what follows the name at once belongs to it. */
static int
bare_file(struct sql *s, const struct sql_source *src)
{
	struct lexer *lx = &s->lx;
	struct str text = lx->src->text;
	struct where at = src->where;

	if ((!lex_is(lx, "/") && !lex_is(lx, "-") && !lex_is(lx, ".")) ||
	    lx->tok.where.at != lx->done)
		return 0;
	while (at.at + at.len < text.n &&
	       !strchr(" \t\r\n;,)", text.p[at.at + at.len]))
		at.len++;
	err_set(
	    s->err, ERR_SPEC, at, "the name of a file is written in quotes");
	return err_hint(s->err, "FROM \"%.*s\"", (int)at.len, text.p + at.at);
}

/* default_catalog.default_database.t is t. */
static void
skip_catalog(struct lexer *lx)
{
	while (
	    (lex_is(lx, "default_catalog") || lex_is(lx, "default_database")) &&
	    lex_next_is(lx, ".")) {
		lex_next(lx);
		lex_next(lx);
	}
}

int
sql_source_name(struct sql *s, struct sql_source *src)
{
	struct lexer *lx = &s->lx;
	struct str *name;
	char got[180];

	skip_catalog(lx);
	src->where = lx->tok.where;
	src->name = lx->tok.string;
	if (lx->tok.kind == TOK_TEXT) {
		src->kind = SQL_FILE;
		if (!src->name.n)
			return lex_fail(lx, "the name of a file is empty");
		lex_next(lx);
		return 0;
	}
	src->kind = SQL_TABLE;
	name = plan_more(s->plan, &s->reads, &s->n_reads, sizeof *name);
	*name = src->name;
	if (lx->tok.kind != TOK_NAME || (!lx->tok.quoted && sql_at_clause(lx)))
		return lex_fail(lx,
		    "expected the name of an input or a file in "
		    "quotes, got %s",
		    lex_describe(lx, got, sizeof got));
	lex_next(lx);
	return bare_file(s, src);
}

/* ---- one source ---- */

/* ( query ) or ( from ) */
static struct sql_source *
parse_parens(struct sql *s)
{
	struct lexer *lx = &s->lx;
	struct sql_source *src = source_new(s, SQL_SUBQUERY);
	unsigned from = lx->tok.where.at;

	lex_next(lx);
	if (sql_at_query(lx)) {
		src->query = sql_query_parse(s);
		if (sql_close(s, src->query))
			return NULL;
	} else {
		src = sql_from_parse(s);
		if (!src || lex_expect(lx, ")"))
			return NULL;
	}
	src->where = sql_since(s, from);
	return src;
}

/* UNNEST(x) [WITH ORDINALITY] */
static struct sql_source *
parse_unnest(struct sql *s)
{
	struct lexer *lx = &s->lx;
	struct sql_source *src = source_new(s, SQL_UNNEST);

	lex_next(lx);
	if (lex_expect(lx, "("))
		return NULL;
	src->node = expr_parse(lx);
	if (!src->node)
		return NULL;
	if (lex_is(lx, ",")) {
		lex_fail(lx, "UNNEST takes one list or map");
		return NULL;
	}
	if (lex_expect(lx, ")"))
		return NULL;
	if (lex_accept(lx, "WITH")) {
		if (lex_expect(lx, "ORDINALITY"))
			return NULL;
		src->ordinality = true;
	}
	src->where = sql_since(s, src->where.at);
	return src;
}

static struct sql_source *
parse_tvf(struct sql *s, bool table)
{
	struct sql_source *src = source_new(s, SQL_TVF);

	if (sql_tvf_parse(s, src) || (table && lex_expect(&s->lx, ")")))
		return NULL;
	return src;
}

static struct sql_source *
parse_operand(struct sql *s)
{
	struct lexer *lx = &s->lx;
	bool table = lex_is(lx, "TABLE") && lex_next_is(lx, "(");
	struct sql_source *src;

	if (table) {
		lex_next(lx);
		lex_next(lx);
		if (!sql_at_tvf(lx)) {
			static const struct str names[] = {STR("TUMBLE"),
			    STR("HOP"), STR("CUMULATE"), STR("SESSION")};
			char got[180];

			lex_fail(lx, "expected a window function, got %s",
			    lex_describe(lx, got, sizeof got));
			err_suggest(s->err, lx->tok.string, names, 4);
			return NULL;
		}
	}
	if (sql_at_tvf(lx))
		return parse_tvf(s, table);
	if (lex_is(lx, "UNNEST") && lex_next_is(lx, "("))
		return parse_unnest(s);
	if (lex_is(lx, "("))
		return parse_parens(s);
	if (lex_is(lx, "VALUES") && !lx->tok.quoted) {
		src = source_new(s, SQL_SUBQUERY);
		src->query = sql_query_parse(s);
		return src->query ? src : NULL;
	}
	src = source_new(s, SQL_TABLE);
	return sql_source_name(s, src) ? NULL : src;
}

/* [[AS] alias [(a, b)]] */
static int
parse_alias(struct sql *s, struct sql_source *src)
{
	struct lexer *lx = &s->lx;
	bool given;

	if (sql_alias(s, &src->alias, &given))
		return -1;
	if (given && lex_is(lx, "("))
		return sql_ident_list(s, "a column", &src->columns);
	return 0;
}

/* FOR SYSTEM_TIME AS OF expr, MATCH_RECOGNIZE (…): with their place. */
static int
parse_behind(struct sql *s, struct sql_source *src)
{
	struct lexer *lx = &s->lx;

	if (lex_is(lx, "FOR")) {
		lex_next(lx);
		if (lex_expect(lx, "SYSTEM_TIME") || lex_expect(lx, "AS") ||
		    lex_expect(lx, "OF"))
			return -1;
		src->as_of = expr_parse(lx);
		if (!src->as_of)
			return -1;
	}
	if (lex_is(lx, "MATCH_RECOGNIZE")) {
		lex_fail(lx, "MATCH_RECOGNIZE is not supported yet");
		return err_hint(s->err,
		    "rows can be compared with the one before by LAG(x) OVER "
		    "(PARTITION BY … ORDER BY …)");
	}
	return 0;
}

static struct sql_source *
parse_source(struct sql *s)
{
	bool lateral = lex_accept(&s->lx, "LATERAL");
	struct sql_source *src;

	if (lateral && lex_is(&s->lx, "TABLE")) {
		lex_fail(&s->lx, "table functions are not supported yet");
		err_hint(s->err, "UNNEST(list) makes rows of a list");
		return NULL;
	}
	src = parse_operand(s);
	if (!src)
		return NULL;
	src->lateral = lateral;
	return parse_behind(s, src) || parse_alias(s, src) ||
		       parse_behind(s, src) ||
		       (!src->alias.n && parse_alias(s, src))
		   ? NULL
		   : src;
}

/* ---- joins ---- */

/* The words of a join; false if there is none here. */
static bool
at_join(struct sql *s, struct sql_source *j)
{
	static const struct {
		const char *word;
		enum sql_join_kind kind;
	} words[] = {{"CROSS", SQL_JOIN_CROSS}, {"INNER", SQL_JOIN_INNER},
	    {"LEFT", SQL_JOIN_LEFT}, {"RIGHT", SQL_JOIN_RIGHT},
	    {"FULL", SQL_JOIN_FULL}};
	struct lexer *lx = &s->lx;
	unsigned from = lx->tok.where.at;

	if (lex_accept(lx, ",")) {
		j->join = SQL_JOIN_CROSS;
		j->join_at = sql_since(s, from);
		return true;
	}
	j->natural = lex_accept(lx, "NATURAL");
	for (unsigned i = 0; i < 5; i++) {
		if (!lex_is(lx, words[i].word))
			continue;
		j->join = words[i].kind;
		lex_next(lx);
		lex_accept(lx, "OUTER");
		break;
	}
	if (!lex_accept(lx, "JOIN")) {
		if (lx->done > from)
			lex_expect(lx, "JOIN");
		return false;
	}
	j->join_at = sql_since(s, from);
	return true;
}

static int
parse_on(struct sql *s, struct sql_source *j)
{
	struct lexer *lx = &s->lx;

	if (lex_accept(lx, "ON")) {
		j->on = expr_parse(lx);
		return j->on ? 0 : -1;
	}
	if (lex_accept(lx, "USING"))
		return sql_ident_list(s, "a column", &j->using);
	return 0;
}

/* An UNNEST takes the rows to its left as its own. */
static struct sql_source *
join_of(struct sql_source *left, struct sql_source *right, struct sql_source *j)
{
	if (right->kind == SQL_UNNEST && !right->left) {
		right->left = left;
		right->join = j->join;
		right->join_at = j->join_at;
		right->on = j->on;
		return right;
	}
	j->left = left;
	j->right = right;
	return j;
}

struct sql_source *
sql_from_parse(struct sql *s)
{
	struct sql_source *left = parse_source(s);

	for (unsigned n = 0; left; n++) {
		struct sql_source *j = source_new(s, SQL_JOIN), *right;
		unsigned from = s->lx.tok.where.at, done = s->lx.done;

		if (!at_join(s, j))
			return s->lx.done == done ? left : NULL;
		if (n == 32) {
			lex_fail(&s->lx, "more than 32 tables in a FROM");
			return NULL;
		}
		right = parse_source(s);
		if (!right || parse_on(s, j))
			return NULL;
		j->where = sql_since(s, from);
		left = join_of(left, right, j);
	}
	return NULL;
}

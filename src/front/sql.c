/* SPDX-License-Identifier: MIT */
/*
 * The grammar of queries around SELECT:
 *
 *   query  [WITH name [(a, …)] AS (query), …] body
 *          [ORDER BY …] [LIMIT n [BY a, …] | ALL] [OFFSET n [ROWS]]
 *          [FETCH FIRST n ROWS ONLY]
 *   body   term {UNION|EXCEPT [ALL|DISTINCT] term}
 *   term   part {INTERSECT [ALL|DISTINCT] part}
 *   part   SELECT … | VALUES (…), … | ( query )
 *
 * and what all files of the grammar share: words, aliases, lists, and what is
 * said where nothing fits.
 */
#include "front/sql.h"

#include "front/front.h"

#define QUERY_MAX ((size_t)1 << 20)

/* Clauses in their order; the first word of each. */
static const char *const clauses[] = {"SELECT", "FROM", "WHERE", "GROUP",
    "HAVING", "WINDOW", "QUALIFY", "ORDER", "LIMIT", "OFFSET"};
#define N_CLAUSES (sizeof clauses / sizeof *clauses)

/* Other words that are no alias: they go on with something. */
static const char *const others[] = {"AS", "ASC", "BY", "CROSS", "DESC", "EMIT",
    "EXCEPT", "FETCH", "FOR", "FULL", "INNER", "INTERSECT", "JOIN", "LATERAL",
    "LEFT", "MATCH_RECOGNIZE", "NATURAL", "NULLS", "ON", "RIGHT", "UNION",
    "USING", "WITH"};
#define N_OTHERS (sizeof others / sizeof *others)

/* ---- words ---- */

static bool
is_one_of(const struct lexer *lx, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (lex_is(lx, words[i]))
			return true;
	return false;
}

bool
sql_at_clause(const struct lexer *lx)
{
	/* A column may well be called window. */
	if (lex_is(lx, "WINDOW"))
		return lx->next.kind == TOK_NAME && !lex_next_is(lx, "FROM");
	return is_one_of(lx, clauses, N_CLAUSES) ||
	       is_one_of(lx, others, N_OTHERS);
}

struct where
sql_since(const struct sql *s, unsigned from)
{
	return (struct where){s->lx.src, from, s->lx.done - from};
}

static unsigned
clause_bit(const char *word)
{
	unsigned i = 0;

	while (i < N_CLAUSES && strcmp(clauses[i], word) != 0)
		i++;
	return 1u << i;
}

bool
sql_clause(struct sql *s, const char *word)
{
	if (!lex_accept(&s->lx, word))
		return false;
	s->seen |= clause_bit(word);
	return true;
}

/* A clause that comes too late, or once more. */
static int
out_of_order(struct sql *s, const char *word)
{
	if (!strcmp(word, "SELECT"))
		return lex_fail(&s->lx, "%s has no place here", word);
	if (s->seen & clause_bit(word))
		return lex_fail(&s->lx, "a second %s", word);
	lex_fail(&s->lx, "%s comes too late", word);
	return err_hint(s->err,
	    "the order is SELECT, FROM, WHERE, GROUP BY, HAVING, WINDOW, "
	    "QUALIFY, ORDER BY, LIMIT, OFFSET");
}

/* The clause a misspelt word was meant to be, or {NULL, 0}. */
static struct str
meant(struct str word)
{
	static const char *const more[] = {
	    "DESC", "EXCEPT", "FETCH", "INTERSECT", "NULLS", "UNION"};
	struct str names[N_CLAUSES + 6], near;

	for (size_t i = 0; i < N_CLAUSES; i++) {
		names[i] = str_of(clauses[i]);
		if (str_eq_nocase(word, names[i]))
			return (struct str){NULL, 0};
	}
	for (size_t i = 0; i < 6; i++)
		names[N_CLAUSES + i] = str_of(more[i]);
	near = str_nearest(word, names, N_CLAUSES + 6);
	if (near.p && str_is(near, "GROUP"))
		return STR("GROUP BY");
	if (near.p && str_is(near, "ORDER"))
		return STR("ORDER BY");
	return near;
}

/* SELECT a FORM b: what was taken for an alias was the clause. */
static bool
misspelt_alias(struct sql *s)
{
	struct where at = s->bare;
	struct str alias, word;

	if (!at.src || at.at + at.len != s->lx.done)
		return false;
	alias = (struct str){at.src->text.p + at.at, at.len};
	word = meant(alias);
	if (!word.p)
		return false;
	err_set(
	    s->err, ERR_SPEC, at, "\"%.*s\" has no place here", STR_ARG(alias));
	err_hint(s->err, "did you mean %.*s?", STR_ARG(word));
	return true;
}

int
sql_unexpected(struct sql *s)
{
	struct lexer *lx = &s->lx;
	struct str word;
	char got[180];

	if (lx->tok.kind == TOK_BAD || misspelt_alias(s))
		return -1;
	if (lx->tok.kind == TOK_NAME && !lx->tok.quoted)
		for (size_t i = 0; i < N_CLAUSES; i++)
			if (lex_is(lx, clauses[i]))
				return out_of_order(s, clauses[i]);
	if (lex_is(lx, ")"))
		return lex_fail(lx, "there is no ( for this )");
	if (lex_is(lx, "EMIT")) {
		lex_fail(lx, "EMIT is not part of Flink's SQL");
		return err_hint(s->err, "a window's result comes when the "
					"watermark passes its end");
	}
	lex_fail(lx, "expected an operator, a clause or the end, got %s",
	    lex_describe(lx, got, sizeof got));
	if (lx->tok.kind == TOK_NAME && !lx->tok.quoted) {
		word = meant(lx->tok.string);
		if (word.p)
			return err_hint(
			    s->err, "did you mean %.*s?", STR_ARG(word));
	}
	return lx->tok.kind == TOK_NAME && s->bare.src &&
		       s->bare.at + s->bare.len == lx->done
		   ? err_hint(s->err, "is a comma missing?")
		   : -1;
}

int
sql_alias(struct sql *s, struct str *name, bool *given)
{
	struct lexer *lx = &s->lx;
	bool as = lex_accept(lx, "AS");
	char got[180];

	*given = false;
	if (lx->tok.kind == TOK_TEXT ||
	    (lx->tok.kind == TOK_NAME && (as || !sql_at_clause(lx)))) {
		if (!lx->tok.string.n)
			return lex_fail(lx, "a name cannot be empty");
		*name = lx->tok.string;
		*given = true;
		if (!as && lx->tok.kind == TOK_NAME && !lx->tok.quoted)
			s->bare = lx->tok.where;
		lex_next(lx);
		return 0;
	}
	return as ? lex_fail(lx, "expected a name behind AS, got %s",
			lex_describe(lx, got, sizeof got))
		  : 0;
}

int
sql_ident(struct sql *s, const char *what, struct sql_ident *out)
{
	struct lexer *lx = &s->lx;
	char got[180];

	if (lx->tok.kind != TOK_NAME)
		return lex_fail(lx, "expected the name of %s, got %s", what,
		    lex_describe(lx, got, sizeof got));
	*out = (struct sql_ident){lx->tok.string, lx->tok.where};
	lex_next(lx);
	return 0;
}

static int
too_many(struct sql *s, unsigned n)
{
	return n < SQL_ITEMS_MAX
		   ? 0
		   : lex_fail(&s->lx, "more than %d entries in a list",
			 SQL_ITEMS_MAX);
}

int
sql_ident_list(struct sql *s, const char *what, struct sql_idents *out)
{
	if (lex_expect(&s->lx, "("))
		return -1;
	do {
		struct sql_ident id, *at;

		if (too_many(s, out->n) || sql_ident(s, what, &id))
			return -1;
		at = plan_more(s->plan, &out->list, &out->n, sizeof *at);
		*at = id;
	} while (lex_accept(&s->lx, ","));
	return lex_expect(&s->lx, ")");
}

int
sql_expr_list(struct sql *s, struct sql_exprs *out)
{
	do {
		struct node *n, **at;

		if (too_many(s, out->n))
			return -1;
		n = expr_parse(&s->lx);
		if (!n)
			return -1;
		if (n->kind == NODE_STAR)
			return err_set(s->err, ERR_SPEC, n->where,
			    "an expression is expected here, not *");
		at = plan_more(s->plan, &out->list, &out->n, sizeof *at);
		*at = n;
	} while (lex_accept(&s->lx, ","));
	return 0;
}

/* ---- ORDER BY, LIMIT, OFFSET ---- */

static int
parse_number(struct sql *s, struct node **out)
{
	char got[180];

	if (s->lx.tok.kind != TOK_INT && s->lx.tok.kind != TOK_PARAM)
		return lex_fail(&s->lx, "expected a number of rows, got %s",
		    lex_describe(&s->lx, got, sizeof got));
	*out = expr_parse(&s->lx);
	return *out ? 0 : -1;
}

/* FETCH FIRST n ROWS ONLY, the standard's LIMIT. */
static int
parse_fetch(struct sql *s, struct sql_query *q)
{
	struct lexer *lx = &s->lx;

	if (!lex_accept(lx, "FIRST") && lex_expect(lx, "NEXT"))
		return -1;
	if (lex_is(lx, "ROW") || lex_is(lx, "ROWS"))
		q->limit = expr_parse_text(
		    &(struct source){"", STR("1")}, 0, 1, s->arena, s->err);
	else if (parse_number(s, &q->limit))
		return -1;
	if (!lex_accept(lx, "ROW") && lex_expect(lx, "ROWS"))
		return -1;
	return lex_expect(lx, "ONLY");
}

static int
parse_limit(struct sql *s, struct sql_query *q)
{
	struct lexer *lx = &s->lx;

	q->limit_at = lx->tok.where;
	if (sql_clause(s, "LIMIT") && !lex_accept(lx, "ALL") &&
	    (parse_number(s, &q->limit) ||
		(lex_accept(lx, "BY") && sql_expr_list(s, &q->limit_by))))
		return -1;
	if (sql_clause(s, "OFFSET")) {
		if (parse_number(s, &q->offset))
			return -1;
		if (!lex_accept(lx, "ROWS"))
			lex_accept(lx, "ROW");
	}
	if (!q->limit && lex_accept(lx, "FETCH") && parse_fetch(s, q))
		return -1;
	q->limit_at.len = lx->done - q->limit_at.at;
	return 0;
}

static int
parse_tail(struct sql *s, struct sql_query *q)
{
	if (sql_clause(s, "ORDER") &&
	    (lex_expect(&s->lx, "BY") || sql_orders_parse(s, &q->orders)))
		return -1;
	return parse_limit(s, q);
}

/* ---- VALUES ---- */

static int
parse_values(struct sql *s, struct sql_query *q)
{
	struct lexer *lx = &s->lx;

	do {
		struct sql_exprs row = {0}, *at;
		unsigned from = lx->tok.where.at;

		if (too_many(s, q->n_rows))
			return -1;
		if (lex_accept(lx, "(")) {
			if (sql_expr_list(s, &row) || lex_expect(lx, ")"))
				return -1;
		} else {
			struct node *n = expr_parse(lx);

			if (!n)
				return -1;
			row.list = arena_alloc(s->arena, sizeof(struct node *));
			row.list[0] = n;
			row.n = 1;
		}
		if (q->n_rows && row.n != q->rows[0].n)
			return err_set(s->err, ERR_SPEC, sql_since(s, from),
			    "this row has %u column%s, the first one %u", row.n,
			    row.n == 1 ? "" : "s", q->rows[0].n);
		at = plan_more(s->plan, &q->rows, &q->n_rows, sizeof *at);
		*at = row;
	} while (lex_accept(lx, ","));
	return 0;
}

/* ---- queries ---- */

bool
sql_at_query(const struct lexer *lx)
{
	return lex_is(lx, "SELECT") || lex_is(lx, "WITH") ||
	       lex_is(lx, "VALUES") || lex_is(lx, "(");
}

static struct sql_query *
query_new(struct sql *s, enum sql_query_kind kind, unsigned from)
{
	struct sql_query *q = arena_zalloc(s->arena, sizeof *q);

	q->kind = kind;
	q->where = sql_since(s, from);
	return q;
}

/* The first word is none of a query's: an error that helps. */
static struct sql_query *
no_query(struct sql *s)
{
	struct lexer *lx = &s->lx;
	struct str select = STR("SELECT");
	char got[180];

	if (lx->tok.kind == TOK_BAD)
		return NULL;
	if (lx->tok.kind == TOK_END && !s->depth)
		lex_fail(lx, "the query is empty");
	else
		lex_fail(lx, "a query begins with SELECT, not with %s",
		    lex_describe(lx, got, sizeof got));
	if (lx->tok.kind == TOK_NAME && str_nearest(lx->tok.text, &select, 1).p)
		err_hint(s->err, "did you mean SELECT?");
	else
		err_hint(s->err, "SELECT path, count(*) WHERE status >= 500 "
				 "GROUP BY path");
	return NULL;
}

static struct sql_query *
parse_nested(struct sql *s)
{
	unsigned from = s->lx.tok.where.at;
	struct sql_query *inner, *q;

	lex_next(&s->lx);
	inner = sql_query_parse(s);
	if (sql_close(s, inner))
		return NULL;
	q = query_new(s, SQL_NESTED, from);
	q->left = inner;
	return q;
}

static struct sql_query *
parse_part(struct sql *s)
{
	struct lexer *lx = &s->lx;
	unsigned from = lx->tok.where.at;
	struct sql_query *q;

	if (lex_is(lx, "("))
		return parse_nested(s);
	if (lex_is(lx, "VALUES")) {
		lex_next(lx);
		q = query_new(s, SQL_VALUES, from);
		if (parse_values(s, q))
			return NULL;
	} else if (lex_is(lx, "SELECT")) {
		q = query_new(s, SQL_SELECT, from);
		q->select = sql_select_parse(s);
		if (!q->select)
			return NULL;
	} else {
		return no_query(s);
	}
	q->where = sql_since(s, from);
	return q;
}

/* left and what follows UNION, EXCEPT or INTERSECT. */
static struct sql_query *
combine(struct sql *s, enum sql_query_kind kind, struct sql_query *left,
    struct sql_query *(*right)(struct sql *))
{
	struct lexer *lx = &s->lx;
	struct where at = lx->tok.where;
	struct sql_query *q = query_new(s, kind, left->where.at);

	lex_next(lx);
	q->all = lex_accept(lx, "ALL");
	if (!q->all)
		lex_accept(lx, "DISTINCT");
	at.len = lx->done - at.at;
	q->op_at = at;
	q->left = left;
	q->right = right(s);
	if (!q->right)
		return NULL;
	q->where = sql_since(s, left->where.at);
	return q;
}

static struct sql_query *
parse_term(struct sql *s)
{
	struct sql_query *q = parse_part(s);

	for (unsigned n = 0; q && lex_is(&s->lx, "INTERSECT"); n++)
		q = too_many(s, 8 * n)
			? NULL
			: combine(s, SQL_INTERSECT, q, parse_part);
	return q;
}

static struct sql_query *
parse_body(struct sql *s)
{
	struct lexer *lx = &s->lx;
	struct sql_query *q = parse_term(s);

	for (unsigned n = 0; q && (lex_is(lx, "UNION") || lex_is(lx, "EXCEPT"));
	     n++)
		q = too_many(s, 8 * n)
			? NULL
			: combine(s,
			      lex_is(lx, "UNION") ? SQL_UNION : SQL_EXCEPT, q,
			      parse_term);
	return q;
}

static int
parse_with(struct sql *s, struct sql_with **list, unsigned *n)
{
	struct lexer *lx = &s->lx;

	if (!lex_accept(lx, "WITH"))
		return 0;
	if (lex_is(lx, "RECURSIVE") && lx->next.kind == TOK_NAME)
		return lex_fail(
		    lx, "queries that refer to themselves are not supported");
	do {
		struct sql_with w = {0}, *at;

		if (too_many(s, 8 * *n) ||
		    sql_ident(s, "a query behind WITH", &w.name) ||
		    (lex_is(lx, "(") &&
			sql_ident_list(s, "a column", &w.columns)) ||
		    lex_expect(lx, "AS") || lex_expect(lx, "("))
			return -1;
		w.query = sql_query_parse(s);
		if (sql_close(s, w.query))
			return -1;
		at = plan_more(s->plan, list, n, sizeof *at);
		*at = w;
	} while (lex_accept(lx, ","));
	return 0;
}

/* Parentheses around all of it mean nothing. */
static struct sql_query *
parse_whole(struct sql *s)
{
	unsigned from = s->lx.tok.where.at, n_with = 0;
	struct sql_with *with = NULL;
	struct sql_query *q;

	if (parse_with(s, &with, &n_with))
		return NULL;
	q = parse_body(s);
	if (!q)
		return NULL;
	if (q->kind == SQL_NESTED && !n_with && !lex_is(&s->lx, "ORDER") &&
	    !lex_is(&s->lx, "LIMIT") && !lex_is(&s->lx, "OFFSET") &&
	    !lex_is(&s->lx, "FETCH"))
		return q->left;
	q->with = with;
	q->n_with = n_with;
	if (parse_tail(s, q))
		return NULL;
	q->where = sql_since(s, from);
	return q;
}

struct sql_query *
sql_query_parse(struct sql *s)
{
	unsigned seen = s->seen;
	struct sql_query *q;

	if (s->depth >= SQL_DEPTH_MAX) {
		lex_fail(&s->lx, "more than %d queries within one another",
		    SQL_DEPTH_MAX);
		return NULL;
	}
	s->depth++;
	s->seen = 0;
	q = parse_whole(s);
	s->depth--;
	if (q)
		q->seen = seen;
	return q;
}

int
sql_close(struct sql *s, const struct sql_query *q)
{
	struct lexer *lx = &s->lx;

	if (!q)
		return -1;
	if (lx->tok.kind == TOK_END)
		return lex_expect(lx, ")");
	if (!lex_accept(lx, ")"))
		return sql_unexpected(s);
	s->seen = q->seen;
	return 0;
}

/* ---- the whole ---- */

/* A query in an expression; the '(' is taken, the ')' stays. */
static struct node *
query_hook(struct lexer *lx, void *owner)
{
	struct sql *s = owner;
	struct node *n = arena_zalloc(lx->arena, sizeof *n);

	/* There is one lexer, and the grammar works on it. */
	n->query = sql_query_parse(s);
	n->kind = NODE_QUERY;
	if (!n->query)
		return NULL;
	/* The grammar of expressions takes the ')'. */
	if (!lex_is(lx, ")")) {
		sql_close(s, n->query);
		return NULL;
	}
	s->seen = ((const struct sql_query *)n->query)->seen;
	return n;
}

/* #!/usr/bin/env -S weir -f is no statement. */
static unsigned
behind_hash_bang(struct str text)
{
	const char *end;

	if (text.n < 2 || memcmp(text.p, "#!", 2) != 0)
		return 0;
	end = memchr(text.p, '\n', text.n);
	return end ? (unsigned)(end - text.p) : (unsigned)text.n;
}

bool
sql_begins(struct str text)
{
	static const char *const words[] = {"SELECT", "WITH", "VALUES",
	    "CREATE", "INSERT", "SET", "EXPLAIN", "EXECUTE", "BEGIN", "DROP",
	    "USE", "RESET", "STATEMENT", "SHOW", "DESCRIBE", "DESC", "("};
	struct source src = {"", text};
	struct err ignored = {0};
	struct arena arena;
	struct lexer lx;
	bool begins;

	arena_init(&arena, 1024);
	lex_init(&lx, &src, behind_hash_bang(text), (unsigned)text.n, &arena,
	    &ignored);
	begins = is_one_of(&lx, words, sizeof words / sizeof *words) &&
		 !lex_next_is(&lx, ":");
	arena_release(&arena);
	err_release(&ignored);
	return begins;
}

int
sql_parse(struct plan *p, const struct source *src, struct err *err)
{
	struct sql *s = arena_zalloc(&p->arena, sizeof *s);

	p->source = *src;
	p->query = true;
	if (src->text.n > QUERY_MAX)
		return err_set(err, ERR_SPEC, (struct where){0},
		    "the query is longer than 1 MiB");
	s->plan = p;
	s->arena = &p->arena;
	s->err = err;
	s->hooks = (struct lex_hooks){
	    .query = query_hook, .over = sql_over_parse, .owner = s};
	lex_init(&s->lx, &p->source, behind_hash_bang(src->text),
	    (unsigned)src->text.n, &p->arena, err);
	s->lx.hooks = &s->hooks;
	return sql_script(s);
}

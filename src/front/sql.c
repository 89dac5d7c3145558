/* SPDX-License-Identifier: MIT */
/*
 * SQL text to plan: the grammar of a query around its expressions.
 *
 *   SELECT [DISTINCT] item [[AS] name], … [FROM source] [WHERE condition]
 *   [GROUP BY key, …, window | ALL] [HAVING condition]
 *   [WINDOW name AS (…), …] [QUALIFY condition]
 *   [ORDER BY expr [ASC|DESC] [NULLS FIRST|LAST], …]
 *   [LIMIT n] [OFFSET n] [;]
 *
 * This file reads the clauses; sql_from.c reads FROM, sql_plan.c turns the
 * whole into steps. What SQL has beyond this is refused by name at its place.
 */
#include "front/sql.h"

#include "front/front.h"

#define QUERY_MAX ((size_t)1 << 20)

/* Clauses in their order; the first word of each. */
static const char *const clauses[] = {"SELECT", "FROM", "WHERE", "GROUP",
    "HAVING", "WINDOW", "QUALIFY", "ORDER", "LIMIT", "OFFSET"};
#define N_CLAUSES (sizeof clauses / sizeof *clauses)

/* Words of SQL that mean something this version does not do. */
static const struct unsupported {
	const char *word, *what;
} unsupported[] = {{"CREATE", "CREATE"}, {"CROSS", "CROSS JOIN"},
    {"CUBE", "CUBE"}, {"DELETE", "DELETE"}, {"DROP", "DROP"},
    {"EXCEPT", "EXCEPT"}, {"EXPLAIN", "EXPLAIN"}, {"FULL", "FULL JOIN"},
    {"GROUPING", "GROUPING SETS"}, {"INNER", "JOIN"}, {"INSERT", "INSERT"},
    {"INTERSECT", "INTERSECT"}, {"JOIN", "JOIN"}, {"LATERAL", "LATERAL"},
    {"LEFT", "LEFT JOIN"}, {"MATCH_RECOGNIZE", "MATCH_RECOGNIZE"},
    {"NATURAL", "NATURAL JOIN"}, {"OVER", "OVER"}, {"RIGHT", "RIGHT JOIN"},
    {"ROLLUP", "ROLLUP"}, {"SET", "SET"}, {"UNION", "UNION"},
    {"UNNEST", "UNNEST"}, {"UPDATE", "UPDATE"}, {"VALUES", "VALUES"},
    {"WITH", "WITH"}};
#define N_UNSUPPORTED (sizeof unsupported / sizeof *unsupported)

/* ---- words ---- */

static bool
is_one_of(const struct lexer *lx, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (lex_is(lx, words[i]))
			return true;
	return false;
}

/* What the current token would mean, or NULL if it is no such word. */
static const char *
unsupported_here(const struct lexer *lx)
{
	for (size_t i = 0; i < N_UNSUPPORTED; i++)
		if (lex_is(lx, unsupported[i].word))
			return unsupported[i].what;
	return NULL;
}

bool
sql_at_clause(const struct lexer *lx)
{
	static const char *const more[] = {"AS", "ON", "USING", "FETCH", "BY",
	    "ASC", "DESC", "NULLS", "EMIT", "FOR"};

	return is_one_of(lx, clauses, N_CLAUSES) || unsupported_here(lx) ||
	       is_one_of(lx, more, sizeof more / sizeof *more);
}

static int
not_yet(struct sql_query *q, const char *what)
{
	return lex_fail(&q->lx, "%s is not supported yet", what);
}

/* A clause that comes too late, or once more. */
static int
out_of_order(struct sql_query *q, const char *word)
{
	if (!strcmp(word, "SELECT") || !strcmp(word, "OFFSET"))
		return lex_fail(&q->lx, "%s has no place here", word);
	if ((!strcmp(word, "WHERE") && q->where) ||
	    (!strcmp(word, "GROUP") && q->group_at.src) ||
	    (!strcmp(word, "HAVING") && q->having) ||
	    (!strcmp(word, "WINDOW") && q->n_windows) ||
	    (!strcmp(word, "QUALIFY") && q->qualify) ||
	    (!strcmp(word, "ORDER") && q->n_orders) ||
	    (!strcmp(word, "LIMIT") && q->limit) ||
	    (!strcmp(word, "FROM") && q->from_at.src))
		return lex_fail(&q->lx, "a second %s", word);
	lex_fail(&q->lx, "%s comes too late", word);
	return err_hint(q->err,
	    "the order is SELECT, FROM, WHERE, GROUP BY, HAVING, WINDOW, "
	    "QUALIFY, ORDER BY, LIMIT, OFFSET");
}

/* The clause a misspelt word was meant to be, or {NULL, 0}. */
static struct str
meant(struct str word)
{
	struct str names[N_CLAUSES], near;

	for (size_t i = 0; i < N_CLAUSES; i++) {
		names[i] = str_of(clauses[i]);
		if (str_eq_nocase(word, names[i]))
			return (struct str){NULL, 0};
	}
	near = str_nearest(word, names, N_CLAUSES);
	if (near.p && str_is(near, "GROUP"))
		return STR("GROUP BY");
	if (near.p && str_is(near, "ORDER"))
		return STR("ORDER BY");
	return near;
}

/*
 * SELECT a FORM b: what was taken for an alias was the clause. at: the alias,
 * the last thing before the current token.
 */
static int
misspelt_alias(struct sql_query *q, struct str alias, struct where at)
{
	struct str word = meant(alias);

	if (!word.p)
		return 0;
	err_set(
	    q->err, ERR_SPEC, at, "\"%.*s\" has no place here", STR_ARG(alias));
	return err_hint(q->err, "did you mean %.*s?", STR_ARG(word));
}

int
sql_unexpected(struct sql_query *q)
{
	struct lexer *lx = &q->lx;
	struct str word;
	char got[180];

	if (lx->tok.kind == TOK_BAD)
		return -1;
	if (lx->tok.kind == TOK_NAME && !lx->tok.quoted) {
		if (unsupported_here(lx))
			return not_yet(q, unsupported_here(lx));
		for (size_t i = 0; i < N_CLAUSES; i++)
			if (lex_is(lx, clauses[i]))
				return out_of_order(q, clauses[i]);
	}
	if (lex_is(lx, ")"))
		return lex_fail(lx, "there is no ( for this )");
	lex_fail(lx, "expected an operator, a clause or the end, got %s",
	    lex_describe(lx, got, sizeof got));
	if (lx->tok.kind != TOK_NAME || lx->tok.quoted)
		return -1;
	word = meant(lx->tok.string);
	return word.p ? err_hint(q->err, "did you mean %.*s?", STR_ARG(word))
		      : -1;
}

int
sql_alias(struct sql_query *q, struct str *name, bool *given)
{
	struct lexer *lx = &q->lx;
	bool as = lex_accept(lx, "AS");
	char got[180];

	*given = false;
	if (lx->tok.kind == TOK_TEXT ||
	    (lx->tok.kind == TOK_NAME && (as || !sql_at_clause(lx)))) {
		if (!lx->tok.string.n)
			return lex_fail(lx, "a name cannot be empty");
		*name = lx->tok.string;
		*given = true;
		lex_next(lx);
		return 0;
	}
	return as ? lex_fail(lx, "expected a name behind AS, got %s",
			lex_describe(lx, got, sizeof got))
		  : 0;
}

/* ---- SELECT ---- */

/* The first word: SELECT, or an error that helps. */
static int
parse_select_word(struct sql_query *q)
{
	struct lexer *lx = &q->lx;
	struct str select = STR("SELECT");
	char got[180];

	q->select_at = lx->tok.where;
	if (lex_accept(lx, "SELECT"))
		return 0;
	if (lx->tok.kind == TOK_BAD)
		return -1;
	if (unsupported_here(lx))
		return not_yet(q, unsupported_here(lx));
	if (lx->tok.kind == TOK_END)
		lex_fail(lx, "the query is empty");
	else
		lex_fail(lx, "a query begins with SELECT, not with %s",
		    lex_describe(lx, got, sizeof got));
	if (lx->tok.kind == TOK_NAME && str_nearest(lx->tok.text, &select, 1).p)
		return err_hint(q->err, "did you mean SELECT?");
	return err_hint(
	    q->err, "SELECT path, count(*) WHERE status >= 500 GROUP BY path");
}

static struct str
text_between(const struct sql_query *q, unsigned from, unsigned until)
{
	return (struct str){q->lx.src->text.p + from, until - from};
}

static int
too_many(struct sql_query *q, unsigned n)
{
	return n < SQL_ITEMS_MAX
		   ? 0
		   : lex_fail(&q->lx, "more than %d entries in a list",
			 SQL_ITEMS_MAX);
}

static int
parse_item(struct sql_query *q)
{
	struct lexer *lx = &q->lx;
	struct sql_item *item;
	struct node *n;
	struct str name = {NULL, 0};
	bool alias;

	if (sql_at_clause(lx) && !lex_next_is(lx, "("))
		return lex_fail(lx, "expected an expression before \"%.*s\"",
		    STR_ARG(lx->tok.text));
	if (too_many(q, q->n_items))
		return -1;
	n = expr_parse(lx);
	if (!n || sql_alias(q, &name, &alias))
		return -1;
	if (alias && n->kind == NODE_STAR)
		return err_set(q->err, ERR_SPEC, n->where,
		    "* stands for many columns and takes no name");
	if (!alias && n->kind != NODE_STAR)
		name = node_alias(n, &q->plan->arena);
	item = plan_more(q->plan, &q->items, &q->n_items, sizeof *item);
	*item = (struct sql_item){
	    .node = n, .name = name, .alias = alias, .where = n->where};
	return 0;
}

static int
parse_items(struct sql_query *q)
{
	struct lexer *lx = &q->lx;

	if (lex_is(lx, "DISTINCT")) {
		q->distinct = true;
		q->distinct_at = lx->tok.where;
		lex_next(lx);
	} else {
		lex_accept(lx, "ALL");
	}
	do {
		/* A comma behind the last item does no harm. */
		if (q->n_items && (lx->tok.kind == TOK_END ||
				      is_one_of(lx, clauses, N_CLAUSES)))
			break;
		if (parse_item(q))
			return -1;
	} while (lex_accept(lx, ","));
	return 0;
}

/* ---- the other clauses ---- */

static int
parse_condition(struct sql_query *q, const char *word, struct node **out)
{
	struct lexer *lx = &q->lx;

	if (!lex_accept(lx, word))
		return 0;
	*out = expr_parse(lx);
	if (!*out)
		return -1;
	if ((*out)->kind == NODE_STAR)
		return err_set(
		    q->err, ERR_SPEC, (*out)->where, "* is no condition");
	return 0;
}

static int
parse_group_item(struct sql_query *q)
{
	struct lexer *lx = &q->lx;
	struct where at = lx->tok.where;
	struct sql_group *g;
	struct node *n = NULL;

	if (unsupported_here(lx))
		return not_yet(q, unsupported_here(lx));
	if (too_many(q, q->n_groups))
		return -1;
	if (lex_is(lx, "ALL") && !lex_next_is(lx, "(")) {
		lex_next(lx);
	} else {
		n = expr_parse(lx);
		if (!n)
			return -1;
		if (n->kind == NODE_STAR)
			return err_set(
			    q->err, ERR_SPEC, n->where, "* is no key");
		at = n->where;
	}
	g = plan_more(q->plan, &q->groups, &q->n_groups, sizeof *g);
	*g = (struct sql_group){n, at};
	return 0;
}

static int
parse_group(struct sql_query *q)
{
	struct lexer *lx = &q->lx;
	struct where at = lx->tok.where;

	if (!lex_accept(lx, "GROUP"))
		return 0;
	q->group_at = at;
	if (lex_expect(lx, "BY"))
		return -1;
	do {
		if (parse_group_item(q))
			return -1;
	} while (lex_accept(lx, ","));
	return 0;
}

static int
parse_order_item(struct sql_query *q, struct sql_orders *out)
{
	struct lexer *lx = &q->lx;
	struct sql_order *o;
	struct node *n;
	unsigned from;
	char got[180];

	if (too_many(q, out->n))
		return -1;
	n = expr_parse(lx);
	if (!n)
		return -1;
	if (n->kind == NODE_STAR)
		return err_set(q->err, ERR_SPEC, n->where,
		    "rows are ordered by columns, not by *");
	o = plan_more(q->plan, &out->list, &out->n, sizeof *o);
	from = n->where.at;
	*o = (struct sql_order){.node = n, .where = n->where};
	o->descending = lex_accept(lx, "DESC");
	if (!o->descending)
		lex_accept(lx, "ASC");
	o->nulls_first = !o->descending;
	if (lex_accept(lx, "NULLS")) {
		o->nulls_first = lex_accept(lx, "FIRST");
		if (!o->nulls_first && !lex_accept(lx, "LAST"))
			return lex_fail(lx, "expected FIRST or LAST, got %s",
			    lex_describe(lx, got, sizeof got));
	}
	o->where.len = lx->done - from;
	return 0;
}

int
sql_orders(struct sql_query *q, struct sql_orders *out)
{
	do {
		if (parse_order_item(q, out))
			return -1;
	} while (lex_accept(&q->lx, ","));
	return 0;
}

static int
parse_order(struct sql_query *q)
{
	struct sql_orders orders = {0};

	if (!lex_accept(&q->lx, "ORDER"))
		return 0;
	if (lex_expect(&q->lx, "BY") || sql_orders(q, &orders))
		return -1;
	q->orders = orders.list;
	q->n_orders = orders.n;
	return 0;
}

static int
parse_number(struct sql_query *q, struct node **out)
{
	char got[180];

	if (q->lx.tok.kind != TOK_INT && q->lx.tok.kind != TOK_PARAM)
		return lex_fail(&q->lx, "expected a number of rows, got %s",
		    lex_describe(&q->lx, got, sizeof got));
	*out = expr_parse(&q->lx);
	return *out ? 0 : -1;
}

/* FETCH FIRST n ROWS ONLY, the standard's LIMIT. */
static int
parse_fetch(struct sql_query *q)
{
	struct lexer *lx = &q->lx;

	if (!lex_accept(lx, "FIRST") && lex_expect(lx, "NEXT"))
		return -1;
	if (parse_number(q, &q->limit))
		return -1;
	if (!lex_accept(lx, "ROW") && lex_expect(lx, "ROWS"))
		return -1;
	return lex_expect(lx, "ONLY");
}

/* LIMIT n BY key, …: the first n rows of each key. */
static int
parse_limit_by(struct sql_query *q)
{
	do {
		struct node *n = expr_parse(&q->lx), **at;

		if (!n)
			return -1;
		at = plan_more(
		    q->plan, &q->limit_by.list, &q->limit_by.n, sizeof *at);
		*at = n;
	} while (lex_accept(&q->lx, ","));
	return 0;
}

static int
parse_limit(struct sql_query *q)
{
	struct lexer *lx = &q->lx;

	q->limit_at = lx->tok.where;
	if (lex_accept(lx, "LIMIT") && !lex_accept(lx, "ALL") &&
	    parse_number(q, &q->limit))
		return -1;
	if (q->limit && lex_accept(lx, "BY") && parse_limit_by(q))
		return -1;
	if (lex_accept(lx, "OFFSET")) {
		if (parse_number(q, &q->offset))
			return -1;
		if (!lex_accept(lx, "ROWS"))
			lex_accept(lx, "ROW");
	}
	if (!q->limit && lex_accept(lx, "FETCH") && parse_fetch(q))
		return -1;
	q->limit_at.len = lx->done - q->limit_at.at;
	return 0;
}

/* ---- the whole ---- */

/* An alias right before a token that does not fit was perhaps a clause. */
static int
check_last_alias(struct sql_query *q)
{
	const struct lexer *lx = &q->lx;
	struct where at = q->from_at;
	struct str alias = q->alias;

	if (lx->tok.kind == TOK_END || q->where || q->group_at.src)
		return 0;
	if (!q->from_at.src && q->n_items) {
		const struct sql_item *last = &q->items[q->n_items - 1];

		at = last->where;
		alias = last->alias ? last->name : (struct str){NULL, 0};
	}
	if (!alias.n || lx->done - at.at < alias.n)
		return 0;
	at.at = lx->done - (unsigned)alias.n;
	at.len = (unsigned)alias.n;
	if (!str_eq(text_between(q, at.at, lx->done), alias))
		return 0;
	return misspelt_alias(q, alias, at);
}

static int
parse_end(struct sql_query *q)
{
	struct lexer *lx = &q->lx;

	while (lex_accept(lx, ";"))
		;
	if (lx->tok.kind == TOK_END)
		return 0;
	if (lx->tok.kind == TOK_BAD)
		return -1;
	if (q->lx.src->text.p[lx->done - 1] == ';')
		return lex_fail(lx, "only one query is possible");
	if (check_last_alias(q))
		return -1;
	return sql_unexpected(q);
}

static int
parse_query(struct sql_query *q)
{
	if (parse_select_word(q) || parse_items(q) || sql_from(q) ||
	    parse_condition(q, "WHERE", &q->where) || parse_group(q) ||
	    parse_condition(q, "HAVING", &q->having) || sql_windows(q) ||
	    parse_condition(q, "QUALIFY", &q->qualify) || parse_order(q) ||
	    parse_limit(q) || parse_end(q))
		return -1;
	return 0;
}

int
sql_parse(struct plan *p, const struct source *src, struct err *err)
{
	struct sql_query q = {.plan = p, .err = err};

	p->source = *src;
	if (src->text.n > QUERY_MAX)
		return err_set(err, ERR_SPEC, (struct where){0},
		    "the query is longer than 1 MiB");
	lex_init(&q.lx, src, 0, (unsigned)src->text.n, &p->arena, err);
	q.lx.hooks = &(struct lex_hooks){.over = sql_over_parse, .owner = &q};
	return parse_query(&q) || sql_plan(&q) ? -1 : 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * The grammar of one SELECT:
 *
 *   SELECT [ALL | DISTINCT [ON (a, …)]] item, … [FROM …] [WHERE condition]
 *   [GROUP BY key, window, ROLLUP (…), … | ALL] [HAVING condition]
 *   [WINDOW w AS (…), …] [QUALIFY condition]
 *   item  expr [[AS] name] | * [EXCEPT (a, …)] [REPLACE (expr AS a, …)] | t.*
 *
 * and ORDER BY.
 */
#include "front/sql.h"

static int
too_many(struct sql *s, unsigned n)
{
	return n < SQL_ITEMS_MAX
		   ? 0
		   : lex_fail(&s->lx, "more than %d entries in a list",
			 SQL_ITEMS_MAX);
}

/* ---- the select list ---- */

/* The word and a '(' that does not open a query. */
static bool
at_list(struct lexer *lx, const char *word)
{
	struct lexer ahead = *lx;
	struct err ignored = {0};
	bool list;

	if (!lex_is(lx, word) || !lex_next_is(lx, "("))
		return false;
	ahead.err = &ignored;
	lex_next(&ahead);
	lex_next(&ahead);
	list = !sql_at_query(&ahead);
	err_release(&ignored);
	return list;
}

/* EXCEPT (a, b) or EXCEPT a; EXCLUDE is DuckDB's word for it. */
static int
parse_except(struct sql *s, struct sql_item *item)
{
	struct lexer *lx = &s->lx;
	struct sql_ident *at;

	if (at_list(lx, "EXCEPT") || lex_is(lx, "EXCLUDE")) {
		lex_next(lx);
		if (lex_is(lx, "("))
			return sql_ident_list(s, "a column", &item->except);
		at = plan_more(
		    s->plan, &item->except.list, &item->except.n, sizeof *at);
		return sql_ident(s, "a column", at);
	}
	return 0;
}

/* REPLACE (expr AS a, …) */
static int
parse_replace(struct sql *s, struct sql_item *item)
{
	struct lexer *lx = &s->lx;

	if (!at_list(lx, "REPLACE"))
		return 0;
	lex_next(lx);
	lex_next(lx);
	do {
		struct sql_item one = {0}, *at;
		struct sql_ident id;

		if (too_many(s, item->n_replace))
			return -1;
		one.node = expr_parse(lx);
		if (!one.node || lex_expect(lx, "AS") ||
		    sql_ident(s, "the column to replace", &id))
			return -1;
		one.name = id.name;
		one.where = id.where;
		one.alias = true;
		at = plan_more(
		    s->plan, &item->replace, &item->n_replace, sizeof *at);
		*at = one;
	} while (lex_accept(lx, ","));
	return lex_expect(lx, ")");
}

static int
parse_item(struct sql *s, struct sql_select *sel)
{
	struct lexer *lx = &s->lx;
	struct sql_item item = {0}, *at;
	struct node *n;

	if (sql_at_clause(lx) && !lex_next_is(lx, "("))
		return lex_fail(lx, "expected an expression before \"%.*s\"",
		    STR_ARG(lx->tok.text));
	if (too_many(s, sel->n_items))
		return -1;
	n = item.node = expr_parse(lx);
	if (!n)
		return -1;
	item.where = n->where;
	if (n->kind == NODE_STAR &&
	    (parse_except(s, &item) || parse_replace(s, &item)))
		return -1;
	if (sql_alias(s, &item.name, &item.alias))
		return -1;
	if (item.alias && n->kind == NODE_STAR)
		return err_set(s->err, ERR_SPEC, n->where,
		    "* stands for many columns and takes no name");
	if (!item.alias && n->kind != NODE_STAR)
		item.name = node_alias(n, s->arena);
	at = plan_more(s->plan, &sel->items, &sel->n_items, sizeof *at);
	*at = item;
	return 0;
}

static int
parse_distinct(struct sql *s, struct sql_select *sel)
{
	struct lexer *lx = &s->lx;

	if (!lex_is(lx, "DISTINCT")) {
		lex_accept(lx, "ALL");
		return 0;
	}
	sel->distinct = true;
	sel->distinct_at = lx->tok.where;
	lex_next(lx);
	if (!lex_is(lx, "ON") || !lex_next_is(lx, "("))
		return 0;
	lex_next(lx);
	lex_next(lx);
	return sql_expr_list(s, &sel->distinct_on) || lex_expect(lx, ")") ? -1
									  : 0;
}

static int
parse_items(struct sql *s, struct sql_select *sel)
{
	struct lexer *lx = &s->lx;

	if (parse_distinct(s, sel))
		return -1;
	do {
		/* A comma behind the last item does no harm. */
		if (sel->n_items &&
		    (lx->tok.kind == TOK_END || lex_is(lx, ")") ||
			(sql_at_clause(lx) && !lex_next_is(lx, "("))))
			break;
		if (parse_item(s, sel))
			return -1;
	} while (lex_accept(lx, ","));
	return 0;
}

/* ---- conditions, GROUP BY ---- */

static int
parse_condition(struct sql *s, const char *word, struct node **out)
{
	struct lexer *lx = &s->lx;

	if (!sql_clause(s, word))
		return 0;
	*out = expr_parse(lx);
	if (!*out)
		return -1;
	if ((*out)->kind == NODE_STAR)
		return err_set(
		    s->err, ERR_SPEC, (*out)->where, "* is no condition");
	return 0;
}

static int parse_group_item(
    struct sql *s, struct sql_group **list, unsigned *n, unsigned depth);

/* The entries between parentheses, the '(' taken. */
static int
parse_group_list(struct sql *s, struct sql_group *g, unsigned depth)
{
	struct lexer *lx = &s->lx;

	if (depth >= 8)
		return lex_fail(lx, "grouping sets nested too deep");
	if (lex_accept(lx, ")"))
		return 0;
	do {
		if (parse_group_item(s, &g->list, &g->n, depth + 1))
			return -1;
	} while (lex_accept(lx, ","));
	return lex_expect(lx, ")");
}

/* ROLLUP (…), CUBE (…), GROUPING SETS (…), (a, b), (): *found if it is one. */
static int
parse_group_form(
    struct sql *s, struct sql_group *g, unsigned depth, bool *found)
{
	struct lexer *lx = &s->lx;

	*found = true;
	if (lex_is(lx, "ROLLUP") && lex_next_is(lx, "(")) {
		g->kind = SQL_GROUP_ROLLUP;
	} else if (lex_is(lx, "CUBE") && lex_next_is(lx, "(")) {
		g->kind = SQL_GROUP_CUBE;
	} else if (lex_is(lx, "GROUPING") && lex_next_is(lx, "SETS")) {
		g->kind = SQL_GROUP_SETS;
		lex_next(lx);
	} else {
		*found = false;
		return 0;
	}
	lex_next(lx);
	return lex_expect(lx, "(") || parse_group_list(s, g, depth) ? -1 : 0;
}

/* True if the '(' here opens a list of keys, not an expression. */
static bool
at_tuple(struct lexer *lx)
{
	struct lexer ahead = *lx;
	struct err ignored = {0};
	unsigned depth = 0;
	bool comma = false, over = false;

	if (!lex_is(lx, "("))
		return false;
	if (lex_next_is(lx, ")"))
		return true;
	ahead.err = &ignored;
	while (
	    !over && ahead.tok.kind != TOK_END && ahead.tok.kind != TOK_BAD) {
		if (lex_is(&ahead, "(") || lex_is(&ahead, "["))
			depth++;
		else if (lex_is(&ahead, ")") || lex_is(&ahead, "]"))
			over = --depth == 0;
		else
			comma |= depth == 1 && lex_is(&ahead, ",");
		lex_next(&ahead);
	}
	err_release(&ignored);
	return comma;
}

static int
parse_group_item(
    struct sql *s, struct sql_group **list, unsigned *n, unsigned depth)
{
	struct lexer *lx = &s->lx;
	struct sql_group g = {.where = lx->tok.where}, *at;
	bool found;

	if (too_many(s, *n) || parse_group_form(s, &g, depth, &found))
		return -1;
	if (found) {
		g.where = sql_since(s, g.where.at);
	} else if (!depth && lex_is(lx, "ALL") && !lex_next_is(lx, "(")) {
		lex_next(lx);
		g.kind = SQL_GROUP_ALL;
	} else if (at_tuple(lx)) {
		g.kind = SQL_GROUP_TUPLE;
		lex_next(lx);
		if (parse_group_list(s, &g, depth))
			return -1;
		g.where = sql_since(s, g.where.at);
	} else {
		g.node = expr_parse(lx);
		if (!g.node)
			return -1;
		if (g.node->kind == NODE_STAR)
			return err_set(
			    s->err, ERR_SPEC, g.node->where, "* is no key");
		g.where = g.node->where;
	}
	at = plan_more(s->plan, list, n, sizeof *at);
	*at = g;
	return 0;
}

static int
parse_group(struct sql *s, struct sql_select *sel)
{
	struct lexer *lx = &s->lx;
	struct where at = lx->tok.where;

	if (!sql_clause(s, "GROUP"))
		return 0;
	sel->group_at = at;
	if (lex_expect(lx, "BY"))
		return -1;
	if (lex_accept(lx, "DISTINCT"))
		return lex_fail(lx, "GROUP BY DISTINCT is not supported");
	do {
		if (parse_group_item(s, &sel->groups, &sel->n_groups, 0))
			return -1;
	} while (lex_accept(lx, ","));
	return 0;
}

/* ---- ORDER BY ---- */

static int
parse_order(struct sql *s, struct sql_orders *out)
{
	struct lexer *lx = &s->lx;
	unsigned from = lx->tok.where.at;
	struct sql_order o = {.where = lx->tok.where}, *at;
	char got[180];

	if (too_many(s, out->n))
		return -1;
	if (lex_is(lx, "ALL") && !lex_next_is(lx, "(")) {
		o.all = true;
		lex_next(lx);
	} else {
		o.node = expr_parse(lx);
		if (!o.node)
			return -1;
		if (o.node->kind == NODE_STAR)
			return err_set(s->err, ERR_SPEC, o.node->where,
			    "rows are ordered by columns, not by *");
	}
	o.descending = lex_accept(lx, "DESC");
	if (!o.descending)
		lex_accept(lx, "ASC");
	o.nulls_first = !o.descending;
	if (lex_accept(lx, "NULLS")) {
		o.nulls_first = lex_accept(lx, "FIRST");
		if (!o.nulls_first && !lex_accept(lx, "LAST"))
			return lex_fail(lx, "expected FIRST or LAST, got %s",
			    lex_describe(lx, got, sizeof got));
	}
	o.where = sql_since(s, from);
	at = plan_more(s->plan, &out->list, &out->n, sizeof *at);
	*at = o;
	return 0;
}

int
sql_orders_parse(struct sql *s, struct sql_orders *out)
{
	do {
		if (parse_order(s, out))
			return -1;
	} while (lex_accept(&s->lx, ","));
	for (unsigned i = 0; i < out->n; i++)
		if (out->list[i].all && out->n > 1)
			return err_set(s->err, ERR_SPEC, out->list[i].where,
			    "ALL stands for all columns and stands alone");
	return 0;
}

/* ---- the whole ---- */

struct sql_select *
sql_select_parse(struct sql *s)
{
	struct sql_select *sel = arena_zalloc(s->arena, sizeof *sel);

	sel->at = s->lx.tok.where;
	if (lex_expect(&s->lx, "SELECT") || parse_items(s, sel))
		return NULL;
	if (sql_clause(s, "FROM")) {
		sel->from = sql_from_parse(s);
		if (!sel->from)
			return NULL;
	}
	if (parse_condition(s, "WHERE", &sel->where) || parse_group(s, sel) ||
	    parse_condition(s, "HAVING", &sel->having) || sql_windows(s, sel) ||
	    parse_condition(s, "QUALIFY", &sel->qualify))
		return NULL;
	return sel;
}

/* SPDX-License-Identifier: MIT */
/*
 * FROM: a name, a file in quotes, or one of Flink's window functions over a
 * table:
 *
 *   FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '5' MINUTES))
 *   FROM HOP(DATA => TABLE t, TIMECOL => DESCRIPTOR(ts), SLIDE => 1m, …)
 *
 * The function becomes a window call in the short spelling, tumble(5m).
 */
#include "base/must.h"
#include "front/sql.h"
#include "front/tree.h"

/* The functions and the names of their arguments behind DESCRIPTOR. */
static const struct tvf {
	const char *name;
	const char *args[4]; /* as the window call takes them */
	unsigned n_required;
} tvfs[] = {
    {"TUMBLE", {"SIZE", "OFFSET"}, 1},
    {"HOP", {"SLIDE", "SIZE", "OFFSET"}, 2},
    {"CUMULATE", {"STEP", "SIZE", "OFFSET"}, 2},
    {"SESSION", {"GAP"}, 1},
};
#define N_TVFS (sizeof tvfs / sizeof *tvfs)

static const struct tvf *
tvf_here(const struct lexer *lx)
{
	for (size_t i = 0; i < N_TVFS; i++)
		if (lex_is(lx, tvfs[i].name) && lex_next_is(lx, "("))
			return &tvfs[i];
	return NULL;
}

/* ---- names and files ---- */

/* FROM logs/access.log: what follows the name at once belongs to it. */
static int
bare_file(struct sql_query *q)
{
	struct lexer *lx = &q->lx;
	struct str text = lx->src->text;
	struct where at = q->from_at;

	if ((!lex_is(lx, ".") && !lex_is(lx, "/") && !lex_is(lx, "-")) ||
	    lx->tok.where.at != lx->done)
		return 0;
	while (at.at + at.len < text.n &&
	       !strchr(" \t\r\n;,)", text.p[at.at + at.len]))
		at.len++;
	err_set(
	    q->err, ERR_SPEC, at, "the name of a file is written in quotes");
	return err_hint(q->err, "FROM \"%.*s\"", (int)at.len, text.p + at.at);
}

static int
parse_name(struct sql_query *q)
{
	struct lexer *lx = &q->lx;
	char got[180];

	if (lx->tok.kind != TOK_NAME || sql_at_clause(lx)) {
		lex_fail(lx,
		    "expected the name of an input or a file in "
		    "quotes, got %s",
		    lex_describe(lx, got, sizeof got));
		return -1;
	}
	q->from = lx->tok.string;
	q->from_at = lx->tok.where;
	lex_next(lx);
	return bare_file(q);
}

static int
parse_file(struct sql_query *q)
{
	q->from = q->lx.tok.string;
	q->from_at = q->lx.tok.where;
	q->from_file = true;
	if (!q->from.n)
		return lex_fail(&q->lx, "the name of a file is empty");
	lex_next(&q->lx);
	return 0;
}

/* ---- window functions ---- */

/* ( name {, name} ) or a name alone, behind PARTITION BY. */
static int
parse_partition(struct sql_query *q)
{
	struct lexer *lx = &q->lx;
	bool many = lex_accept(lx, "(");

	do {
		struct node *n = expr_parse(lx);
		struct node **at;

		if (!n)
			return -1;
		at = plan_more(q->plan, &q->tvf.partition, &q->tvf.n_partition,
		    sizeof *at);
		*at = n;
	} while (many && lex_accept(lx, ","));
	return many ? lex_expect(lx, ")") : 0;
}

static int
parse_table_arg(struct sql_query *q)
{
	struct lexer *lx = &q->lx;

	if (lex_expect(lx, "TABLE"))
		return -1;
	if (lx->tok.kind == TOK_TEXT ? parse_file(q) : parse_name(q))
		return -1;
	if (!lex_accept(lx, "PARTITION"))
		return 0;
	return lex_expect(lx, "BY") || parse_partition(q) ? -1 : 0;
}

static int
parse_descriptor(struct sql_query *q)
{
	struct lexer *lx = &q->lx;

	if (lex_expect(lx, "DESCRIPTOR") || lex_expect(lx, "("))
		return -1;
	q->tvf.time = expr_parse(lx);
	if (!q->tvf.time)
		return -1;
	if (q->tvf.time->kind != NODE_NAME)
		return err_set(q->err, ERR_SPEC, q->tvf.time->where,
		    "the name of the time field is expected here");
	return lex_expect(lx, ")");
}

/* Which argument comes: by its name, or the next in order. */
static int
argument_place(struct sql_query *q, const struct tvf *f, unsigned *at)
{
	struct lexer *lx = &q->lx;

	if (lx->tok.kind != TOK_NAME || !lex_next_is(lx, "=>"))
		return 0;
	*at = UINT32_MAX;
	if (lex_is(lx, "DATA"))
		*at = 0;
	else if (lex_is(lx, "TIMECOL"))
		*at = 1;
	for (unsigned i = 0; i < 4 && f->args[i]; i++)
		if (lex_is(lx, f->args[i]))
			*at = i + 2;
	if (*at == UINT32_MAX)
		return lex_fail(lx, "%s has no argument \"%.*s\"", f->name,
		    STR_ARG(lx->tok.text));
	lex_next(lx);
	lex_next(lx);
	return 0;
}

static int
parse_argument(
    struct sql_query *q, const struct tvf *f, unsigned at, struct node **args)
{
	struct lexer *lx = &q->lx;

	if (at == 0)
		return parse_table_arg(q);
	if (at == 1)
		return parse_descriptor(q);
	if (at > 5 || !f->args[at - 2])
		return lex_fail(lx, "%s takes no more arguments", f->name);
	args[at - 2] = expr_parse(lx);
	return args[at - 2] ? 0 : -1;
}

/* Checks what is there and makes the window call. */
static int
finish_tvf(struct sql_query *q, const struct tvf *f, struct node **args)
{
	static const char *const calls[N_TVFS] = {
	    "tumble", "hop", "cumulate", "session"};
	unsigned n = 0;

	if (!q->from.n || !q->tvf.time)
		return err_set(q->err, ERR_SPEC, q->tvf.where,
		    "%s needs TABLE name and DESCRIPTOR(time field)", f->name);
	while (n < 4 && args[n])
		n++;
	if (n < f->n_required)
		return err_set(q->err, ERR_SPEC, q->tvf.where, "%s needs %s",
		    f->name, f->args[n]);
	q->tvf.window =
	    node_call(&q->plan->arena, calls[f - tvfs], args, n, q->tvf.where);
	return 0;
}

static int
parse_tvf(struct sql_query *q, const struct tvf *f)
{
	struct lexer *lx = &q->lx;
	struct node **args = arena_zalloc(&q->plan->arena, 4 * sizeof *args);
	unsigned at = 0;

	q->tvf.where = lx->tok.where;
	lex_next(lx);
	lex_next(lx);
	do {
		if (argument_place(q, f, &at) || parse_argument(q, f, at, args))
			return -1;
		at++;
	} while (lex_accept(lx, ","));
	if (lex_expect(lx, ")"))
		return -1;
	q->tvf.where.len = lx->done - q->tvf.where.at;
	return finish_tvf(q, f, args);
}

/* ---- FROM ---- */

static int
parse_source(struct sql_query *q)
{
	struct lexer *lx = &q->lx;
	const struct tvf *f;
	bool table;

	if (lx->tok.kind == TOK_TEXT)
		return parse_file(q);
	if (lex_is(lx, "("))
		return lex_fail(lx, "subqueries are not supported yet");
	table = lex_is(lx, "TABLE") && lex_next_is(lx, "(");
	if (table) {
		lex_next(lx);
		lex_next(lx);
	}
	f = tvf_here(lx);
	if (f)
		return parse_tvf(q, f) || (table && lex_expect(lx, ")")) ? -1
									 : 0;
	if (table)
		return lex_fail(
		    lx, "expected TUMBLE, HOP, CUMULATE or SESSION here");
	if (lex_is(lx, "LATERAL") || lex_is(lx, "UNNEST"))
		return sql_unexpected(q);
	return parse_name(q);
}

int
sql_from(struct sql_query *q)
{
	struct lexer *lx = &q->lx;
	bool given;

	if (!lex_accept(lx, "FROM"))
		return 0;
	if (parse_source(q) || sql_alias(q, &q->alias, &given))
		return -1;
	if (lex_is(lx, ","))
		return lex_fail(lx, "joins are not supported yet");
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * The grammar of OVER and WINDOW:
 *
 *   call OVER w | OVER ([w] [PARTITION BY a, …] [ORDER BY a, …] [frame])
 *   WINDOW w AS (…), …
 *
 * A frame's grammar is that of the step `running` (op/frame.c).
 */
#include "front/sql.h"

static int
parse_name(struct sql_query *q, struct sql_ident *out)
{
	struct lexer *lx = &q->lx;
	char got[180];

	if (lx->tok.kind != TOK_NAME)
		return lex_fail(lx, "expected the name of a window, got %s",
		    lex_describe(lx, got, sizeof got));
	*out = (struct sql_ident){lx->tok.string, lx->tok.where};
	lex_next(lx);
	return 0;
}

static bool
at_frame(const struct lexer *lx)
{
	return lex_is(lx, "ROWS") || lex_is(lx, "RANGE") ||
	       lex_is(lx, "GROUPS");
}

static int
parse_partition(struct sql_query *q, struct sql_exprs *out)
{
	do {
		struct node *n = expr_parse(&q->lx), **at;

		if (!n)
			return -1;
		at = plan_more(q->plan, &out->list, &out->n, sizeof *at);
		*at = n;
	} while (lex_accept(&q->lx, ","));
	return 0;
}

static struct sql_over *
parse_over(struct sql_query *q)
{
	struct lexer *lx = &q->lx;
	struct sql_over *o = arena_zalloc(&q->plan->arena, sizeof *o);

	o->where = lx->tok.where;
	if (lex_expect(lx, "("))
		return NULL;
	if (lx->tok.kind == TOK_NAME && !lex_is(lx, "PARTITION") &&
	    !lex_is(lx, "ORDER") && !at_frame(lx) && parse_name(q, &o->base))
		return NULL;
	if (lex_accept(lx, "PARTITION") &&
	    (lex_expect(lx, "BY") || parse_partition(q, &o->partition)))
		return NULL;
	if (lex_accept(lx, "ORDER") &&
	    (lex_expect(lx, "BY") || sql_orders(q, &o->orders)))
		return NULL;
	if (at_frame(lx) && !(o->frame = frame_parse(lx)))
		return NULL;
	if (lex_expect(lx, ")"))
		return NULL;
	o->where.len = lx->done - o->where.at;
	return o;
}

struct node *
sql_over_parse(struct lexer *lx, struct node *call, void *owner)
{
	struct sql_query *q = owner;
	struct sql_over *o;

	lex_next(lx);
	if (lex_is(lx, "(")) {
		o = parse_over(q);
		if (!o)
			return NULL;
	} else {
		o = arena_zalloc(&q->plan->arena, sizeof *o);
		if (parse_name(q, &o->base))
			return NULL;
		o->where = o->base.where;
	}
	call->over = o;
	call->where.len = lx->done - call->where.at;
	return call;
}

int
sql_windows(struct sql_query *q)
{
	struct lexer *lx = &q->lx;

	if (!lex_accept(lx, "WINDOW"))
		return 0;
	do {
		struct sql_window w = {0}, *at;

		if (parse_name(q, &w.name) || lex_expect(lx, "AS"))
			return -1;
		w.over = parse_over(q);
		if (!w.over)
			return -1;
		for (unsigned i = 0; i < q->n_windows; i++)
			if (str_eq(q->windows[i].name.name, w.name.name))
				return err_set(q->err, ERR_SPEC, w.name.where,
				    "there are two windows named \"%.*s\"",
				    STR_ARG(w.name.name));
		at = plan_more(q->plan, &q->windows, &q->n_windows, sizeof *at);
		*at = w;
	} while (lex_accept(lx, ","));
	return 0;
}

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

static bool
at_frame(const struct lexer *lx)
{
	return lex_is(lx, "ROWS") || lex_is(lx, "RANGE") ||
	       lex_is(lx, "GROUPS");
}

/* ( [w] [PARTITION BY …] [ORDER BY …] [frame] ) */
static struct sql_over *
parse_over(struct sql *s)
{
	struct lexer *lx = &s->lx;
	unsigned from = lx->tok.where.at;
	struct sql_over *o = arena_zalloc(s->arena, sizeof *o);

	if (lex_expect(lx, "("))
		return NULL;
	if (lx->tok.kind == TOK_NAME && !lex_is(lx, "PARTITION") &&
	    !lex_is(lx, "ORDER") && !at_frame(lx) &&
	    sql_ident(s, "a window", &o->base))
		return NULL;
	if (lex_accept(lx, "PARTITION") &&
	    (lex_expect(lx, "BY") || sql_expr_list(s, &o->partition)))
		return NULL;
	if (lex_accept(lx, "ORDER") &&
	    (lex_expect(lx, "BY") || sql_orders_parse(s, &o->orders)))
		return NULL;
	if (at_frame(lx) && !(o->frame = frame_parse(lx)))
		return NULL;
	if (lex_expect(lx, ")"))
		return NULL;
	o->where = sql_since(s, from);
	return o;
}

struct node *
sql_over_parse(struct lexer *lx, struct node *call, void *owner)
{
	struct sql *s = owner;
	struct sql_over *o;

	lex_next(lx);
	if (lex_is(lx, "(")) {
		o = parse_over(s);
	} else {
		o = arena_zalloc(s->arena, sizeof *o);
		if (sql_ident(s, "a window", &o->base))
			return NULL;
		o->where = o->base.where;
	}
	if (!o)
		return NULL;
	call->over = o;
	call->where.len = lx->done - call->where.at;
	return call;
}

int
sql_windows(struct sql *s, struct sql_select *sel)
{
	struct lexer *lx = &s->lx;

	if (!lex_is(lx, "WINDOW") || lx->next.kind != TOK_NAME ||
	    !sql_clause(s, "WINDOW"))
		return 0;
	do {
		struct sql_window w = {0}, *at;

		if (sql_ident(s, "a window", &w.name) || lex_expect(lx, "AS"))
			return -1;
		w.over = parse_over(s);
		if (!w.over)
			return -1;
		for (unsigned i = 0; i < sel->n_windows; i++)
			if (str_eq(sel->windows[i].name.name, w.name.name))
				return err_set(s->err, ERR_SPEC, w.name.where,
				    "there are two windows named \"%.*s\"",
				    STR_ARG(w.name.name));
		at = plan_more(
		    s->plan, &sel->windows, &sel->n_windows, sizeof *at);
		*at = w;
	} while (lex_accept(lx, ","));
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * SESSION in FROM, without an aggregation over it: every row with the edges of
 * its session. Which session a row is in is known when the session ends, so
 * this is no step of its own but looks at other rows, as a query could:
 *
 *	a row begins a session if the one before it, of the same keys, is
 *	further away than the gap; sessions are numbered by counting these;
 *	a session lasts from its first row to its last one and the gap.
 *
 * The time of a row is the start of its window of one microsecond.
 */
#include "front/sql_lower.h"
#include "front/tree.h"

/* An expression of our own; it cannot be wrong. */
static struct lexer
text_lexer(struct sql *s, struct str text)
{
	struct source *src = arena_zalloc(s->arena, sizeof *src);
	struct lexer lx;

	*src = (struct source){.name = "session", .text = text};
	lex_init(&lx, src, 0, (unsigned)text.n, s->arena, s->err);
	return lx;
}

static struct arg_item
item_of(struct sql *s, const char *name, struct str text, struct where at)
{
	struct lexer lx = text_lexer(s, text);

	return (struct arg_item){.node = expr_parse(&lx),
	    .name = str_of(name),
	    .alias = true,
	    .where = at};
}

static void
set_one(struct sql *s, const char *name, struct str text, struct where at)
{
	struct arg *arg =
	    plan_arg(s->plan, sql_op(s, "set", at), "columns", 1, at);

	arg->items[0] = item_of(s, name, text, at);
}

/* The step running, over the keys and perhaps a column more. */
static struct op *
running(struct sql *s, const struct sql_tvf *w, const char *more,
    const char *const *names, const char *const *calls, unsigned n,
    struct where at)
{
	struct op *op = sql_op(s, "running", at);
	struct arg *arg = plan_arg(s->plan, op, "select", n, at);
	unsigned n_keys = w->partition.n + (more ? 1 : 0);

	for (unsigned i = 0; i < n; i++)
		arg->items[i] = item_of(s, names[i], str_of(calls[i]), at);
	if (!n_keys)
		return op;
	arg = plan_arg(s->plan, op, "by", n_keys, at);
	for (unsigned i = 0; i < w->partition.n; i++)
		arg->items[i] = (struct arg_item){
		    .node = w->partition.list[i], .where = at};
	if (more)
		arg->items[n_keys - 1] = (struct arg_item){
		    .node = node_name(s->arena, str_of(more), at), .where = at};
	return op;
}

/* The same in order of time, over the rows so far. */
static void
in_order(struct sql *s, const struct sql_tvf *w, const char *name,
    const char *call, bool framed, struct where at)
{
	struct op *op = running(s, w, NULL, &name, &call, 1, at);
	struct arg *arg = plan_arg(s->plan, op, "order", 1, at);

	arg->items[0] = (struct arg_item){
	    .node = node_name(s->arena, STR("window_time"), at),
	    .nulls_first = true,
	    .where = at};
	if (framed) {
		struct lexer lx = text_lexer(
		    s, STR("rows between unbounded preceding and current row"));

		arg = plan_arg(s->plan, op, "frame", 1, at);
		arg->items[0] =
		    (struct arg_item){.node = frame_parse(&lx), .where = at};
	}
}

void
sql_session(struct sql *s, const struct sql_tvf *w, struct where at)
{
	static const char *const helpers[] = {"_session_before",
	    "_session_begins", "_session", "_session_first", "_session_last"};
	static const char *const edges[] = {
	    "min(window_start)", "max(window_start)"};
	struct lexer each = text_lexer(s, STR("tumble(1us)"));
	struct buf b = {0};
	struct str gap;
	struct arg *arg;

	node_print(&b, w->window->args[0]);
	gap = arena_str(s->arena, buf_str(&b));
	buf_release(&b);
	sql_step(s, "windowed", "window", expr_parse(&each), at);
	in_order(s, w, helpers[0], "lag(window_start)", false, at);
	set_one(s, helpers[1],
	    arena_printf(s->arena,
		"CASE WHEN window_start - _session_before <= %.*s THEN 0 "
		"ELSE 1 END",
		STR_ARG(gap)),
	    at);
	in_order(s, w, helpers[2], "sum(_session_begins)", true, at);
	running(s, w, helpers[2], helpers + 3, edges, 2, at);
	set_one(s, "window_start", STR("_session_first"), at);
	set_one(s, "window_end",
	    arena_printf(s->arena, "_session_last + %.*s", STR_ARG(gap)), at);
	set_one(s, "window_time", STR("window_end - 1ms"), at);
	arg = plan_arg(s->plan, sql_op(s, "drop", at), "columns", 5, at);
	for (unsigned i = 0; i < 5; i++)
		arg->items[i] =
		    (struct arg_item){.name = str_of(helpers[i]), .where = at};
}

/* SPDX-License-Identifier: MIT */
/*
 * Flink's window functions in FROM:
 *
 *   FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '5' MINUTES))
 *   FROM HOP(DATA => TABLE t, TIMECOL => DESCRIPTOR(ts), SLIDE => 1m, …)
 *
 * The function becomes a window call in the short spelling, tumble(5m).
 */
#include "front/sql.h"
#include "front/tree.h"

/* The functions and the names of their arguments behind DESCRIPTOR. */
static const struct tvf {
	const char *name, *call;
	const char *args[4]; /* as the window call takes them */
	unsigned n_required;
} tvfs[] = {
    {"TUMBLE", "tumble", {"SIZE", "OFFSET"}, 1},
    {"HOP", "hop", {"SLIDE", "SIZE", "OFFSET"}, 2},
    {"CUMULATE", "cumulate", {"STEP", "SIZE", "OFFSET"}, 2},
    {"SESSION", "session", {"GAP"}, 1},
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

bool
sql_at_tvf(const struct lexer *lx)
{
	return tvf_here(lx) != NULL;
}

/* ( name {, name} ) or a name alone, behind PARTITION BY. */
static int
parse_partition(struct sql *s, struct sql_exprs *out)
{
	struct lexer *lx = &s->lx;
	struct node *n, **at;

	if (lex_accept(lx, "("))
		return sql_expr_list(s, out) || lex_expect(lx, ")") ? -1 : 0;
	n = expr_parse(lx);
	if (!n)
		return -1;
	at = plan_more(s->plan, &out->list, &out->n, sizeof *at);
	*at = n;
	return 0;
}

/* TABLE name, TABLE (query), (query), name or 'file' */
static int
parse_table_arg(struct sql *s, struct sql_source *src)
{
	struct lexer *lx = &s->lx;
	struct sql_source *data = arena_zalloc(s->arena, sizeof *data);
	bool table = lex_accept(lx, "TABLE");

	src->left = data;
	data->where = lx->tok.where;
	if (lex_is(lx, "(")) {
		lex_next(lx);
		data->kind = SQL_SUBQUERY;
		data->query = sql_query_parse(s);
		if (sql_close(s, data->query))
			return -1;
	} else if (!table && lex_next_is(lx, "(")) {
		return lex_expect(lx, "TABLE");
	} else if (sql_source_name(s, data)) {
		return -1;
	}
	if (!lex_accept(lx, "PARTITION"))
		return 0;
	return lex_expect(lx, "BY") || parse_partition(s, &src->tvf.partition)
		   ? -1
		   : 0;
}

static int
parse_descriptor(struct sql *s, struct sql_tvf *t)
{
	struct lexer *lx = &s->lx;

	if (lex_expect(lx, "DESCRIPTOR") || lex_expect(lx, "("))
		return -1;
	t->time = expr_parse(lx);
	if (!t->time)
		return -1;
	if (t->time->kind != NODE_NAME)
		return err_set(s->err, ERR_SPEC, t->time->where,
		    "the name of the time field is expected here");
	return lex_expect(lx, ")");
}

/* Fails for a named argument there is not. */
static int
no_argument(struct sql *s, const struct tvf *f)
{
	struct str names[6] = {STR("DATA"), STR("TIMECOL")}, word;
	unsigned n = 2;

	for (unsigned i = 0; i < 4 && f->args[i]; i++)
		names[n++] = str_of(f->args[i]);
	word = s->lx.tok.string;
	lex_fail(&s->lx, "%s has no argument \"%.*s\"", f->name, STR_ARG(word));
	return err_suggest(s->err, word, names, n);
}

/* Which argument comes: by its name, or the next in order. */
static int
argument_place(struct sql *s, const struct tvf *f, unsigned *at)
{
	struct lexer *lx = &s->lx;

	if (lx->tok.kind != TOK_NAME || !lex_next_is(lx, "=>"))
		return 0;
	*at = UINT32_MAX;
	if (str_eq_nocase(lx->tok.string, STR("DATA")))
		*at = 0;
	else if (str_eq_nocase(lx->tok.string, STR("TIMECOL")))
		*at = 1;
	for (unsigned i = 0; i < 4 && f->args[i]; i++)
		if (str_eq_nocase(lx->tok.string, str_of(f->args[i])))
			*at = i + 2;
	if (*at == UINT32_MAX)
		return no_argument(s, f);
	lex_next(lx);
	lex_next(lx);
	return 0;
}

static int
parse_argument(struct sql *s, struct sql_source *src, const struct tvf *f,
    unsigned at, struct node **args)
{
	struct lexer *lx = &s->lx;
	unsigned from = lx->tok.where.at;

	if ((at == 0 && src->left) || (at == 1 && src->tvf.time) ||
	    (at > 1 && at < 6 && args[at - 2]))
		return lex_fail(lx, "this argument is given twice");
	if (at == 0)
		return parse_table_arg(s, src);
	if (at == 1)
		return parse_descriptor(s, &src->tvf);
	if (at > 5 || !f->args[at - 2])
		return lex_fail(lx, "%s takes no more arguments", f->name);
	if (lex_is(lx, "DESCRIPTOR")) {
		err_set(s->err, ERR_SPEC, (struct where){lx->src, from, 10},
		    "DESCRIPTOR is given twice");
		return -1;
	}
	args[at - 2] = expr_parse(lx);
	return args[at - 2] ? 0 : -1;
}

/* Checks what is there and makes the window call. */
static int
finish_tvf(struct sql *s, struct sql_source *src, const struct tvf *f,
    struct node **args)
{
	unsigned n = 0, n_given = 0;

	src->tvf.name = f->name;
	if (!src->left || !src->tvf.time)
		return err_set(s->err, ERR_SPEC, src->where,
		    "%s needs TABLE name and DESCRIPTOR(time field)", f->name);
	for (unsigned i = 0; i < 4; i++)
		n_given += args[i] != NULL;
	while (n < 4 && args[n])
		n++;
	if (n < f->n_required || n < n_given)
		return err_set(s->err, ERR_SPEC, src->where, "%s needs %s",
		    f->name, f->args[n]);
	if (src->tvf.partition.n && strcmp(f->name, "SESSION") != 0) {
		err_set(s->err, ERR_SPEC, src->tvf.partition.list[0]->where,
		    "only the windows of SESSION are per key");
		return err_hint(s->err, "the keys belong in GROUP BY");
	}
	src->tvf.window = node_call(s->arena, f->call, args, n, src->where);
	return 0;
}

int
sql_tvf_parse(struct sql *s, struct sql_source *src)
{
	const struct tvf *f = tvf_here(&s->lx);
	struct lexer *lx = &s->lx;
	struct node **args = arena_zalloc(s->arena, 4 * sizeof *args);
	unsigned at = 0;

	lex_next(lx);
	lex_next(lx);
	do {
		if (argument_place(s, f, &at) ||
		    parse_argument(s, src, f, at, args))
			return -1;
		at++;
	} while (lex_accept(lx, ","));
	if (lex_expect(lx, ")"))
		return -1;
	src->where = sql_since(s, src->where.at);
	return finish_tvf(s, src, f, args);
}

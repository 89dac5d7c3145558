/* SPDX-License-Identifier: MIT */
/*
 * Statements, one after another, with ; between:
 *
 *   a query, whose result is written out
 *   INSERT INTO t [(a, …)] query, alone or in a STATEMENT SET
 *   CREATE TABLE, CREATE VIEW, CREATE FUNCTION, DROP, USE
 *   SET 'key' = 'value', RESET
 *   EXPLAIN [PLAN FOR] query or INSERT
 *   SHOW, DESCRIBE: queries of what there is
 *
 * All of them make one plan: what is declared is read when a query asks for
 * it, every query and INSERT adds an output.
 */
#include "base/zone.h"
#include "expr/fn.h"
#include "front/sql_lower.h"

int
sql_note(struct sql *s, const char *what, struct str key)
{
	struct str *at =
	    plan_more(s->plan, &s->plan->notes, &s->plan->n_notes, sizeof *at);

	*at = arena_printf(
	    s->arena, "the %s '%.*s' means nothing here", what, STR_ARG(key));
	return 0;
}

/* ---- queries ---- */

/* Something that writes is lowered when the whole script has been read. */
static void
add_job(struct sql *s, const struct sql_insert *job)
{
	struct sql_insert *at =
	    plan_more(s->plan, &s->jobs, &s->n_jobs, sizeof *at);

	*at = *job;
	at->now = s->now;
}

/* What a query gives is written out; `from` is where it begins. */
static int
add_query(struct sql *s, struct sql_query *q, unsigned from)
{
	struct sql_insert job = {.query = q};

	if (!q)
		return -1;
	if (s->lx.tok.kind != TOK_END && !lex_is(&s->lx, ";"))
		return sql_unexpected(s);
	if (s->queried) {
		err_set(s->err, ERR_SPEC, sql_since(s, from),
		    "there are two queries, and one output");
		return err_hint(s->err,
		    "INSERT INTO a table for each, or combine them with UNION "
		    "ALL");
	}
	s->queried = true;
	add_job(s, &job);
	return 0;
}

static int
query(struct sql *s)
{
	unsigned from = s->lx.tok.where.at;

	return add_query(s, sql_query_parse(s), from);
}

static int
lower_job(struct sql *s, const struct sql_insert *job)
{
	struct sql_env env = {.now = job->now, .top = !job->table.name.n};
	struct sql_rel rel = {0};

	s->now = job->now;
	if (sql_lower(s, job->query, &env, &rel) || sql_settle(s, &rel))
		return -1;
	if (job->table.name.n)
		return sql_emit(s, job, &rel);
	plan_emit(s->plan, job->query->where);
	return 0;
}

/* ---- INSERT ---- */

static int
parse_partition(struct sql *s, struct sql_insert *ins)
{
	struct lexer *lx = &s->lx;

	if (!lex_accept(lx, "PARTITION"))
		return 0;
	if (lex_expect(lx, "("))
		return -1;
	do {
		struct sql_option o = {0}, *at;
		struct sql_ident id;

		if (sql_ident(s, "a column", &id) || lex_expect(lx, "="))
			return -1;
		if (lx->tok.kind != TOK_TEXT && lx->tok.kind != TOK_INT)
			return lex_fail(lx, "a constant is expected here");
		o = (struct sql_option){id.name,
		    lx->tok.kind == TOK_TEXT ? lx->tok.string : lx->tok.text,
		    id.where, lx->tok.where};
		lex_next(lx);
		at = plan_more(
		    s->plan, &ins->partition, &ins->n_partition, sizeof *at);
		*at = o;
	} while (lex_accept(lx, ","));
	return lex_expect(lx, ")");
}

/* INTO is next. */
static int
insert(struct sql *s)
{
	struct sql_insert ins = {0};
	struct sql_source name = {0};
	struct lexer *lx = &s->lx;

	if (!lex_accept(lx, "OVERWRITE") && lex_expect(lx, "INTO"))
		return -1;
	if (sql_source_name(s, &name))
		return -1;
	ins.table = (struct sql_ident){name.name, name.where};
	if (name.kind == SQL_FILE)
		return err_set(s->err, ERR_SPEC, name.where,
		    "INSERT INTO takes the name of a table");
	if (parse_partition(s, &ins))
		return -1;
	if (lex_is(lx, "(") && !lex_next_is(lx, "SELECT") &&
	    !lex_next_is(lx, "WITH") && !lex_next_is(lx, "VALUES") &&
	    !lex_next_is(lx, "(") &&
	    sql_ident_list(s, "a column", &ins.columns))
		return -1;
	ins.query = sql_query_parse(s);
	if (!ins.query)
		return -1;
	if (lex_accept(lx, "ON"))
		return lex_fail(lx, "ON CONFLICT is not supported");
	if (lx->tok.kind != TOK_END && !lex_is(lx, ";"))
		return sql_unexpected(s);
	add_job(s, &ins);
	return 0;
}

/* BEGIN { INSERT …; } END, behind STATEMENT SET. */
static int
statement_set(struct sql *s)
{
	struct lexer *lx = &s->lx;

	while (lex_accept(lx, ";"))
		;
	while (!lex_accept(lx, "END")) {
		lex_accept(lx, "EXECUTE");
		if (lex_expect(lx, "INSERT") || insert(s))
			return -1;
		if (!lex_is(lx, "END") && lex_expect(lx, ";"))
			return -1;
		while (lex_accept(lx, ";"))
			;
	}
	return 0;
}

/* ---- CREATE ---- */

/* [IF NOT EXISTS] */
static int
if_not_exists(struct sql *s, bool *given)
{
	*given = lex_accept(&s->lx, "IF");
	if (!*given)
		return 0;
	return lex_expect(&s->lx, "NOT") || lex_expect(&s->lx, "EXISTS");
}

/* Checks a view's query now, though nobody may read it. */
static int
create_view(struct sql *s, bool replace)
{
	struct sql_view v = {.since = s->now}, *old, *at;
	bool lenient;

	if (if_not_exists(s, &lenient) || sql_ident(s, "the view", &v.name))
		return -1;
	if (lex_is(&s->lx, "(") && sql_ident_list(s, "a column", &v.columns))
		return -1;
	if (lex_accept(&s->lx, "COMMENT"))
		lex_next(&s->lx);
	if (lex_expect(&s->lx, "AS"))
		return -1;
	v.query = sql_query_parse(s);
	if (!v.query)
		return -1;
	old = sql_view_find(s, v.name.name);
	if (old || sql_table_find(s, v.name.name)) {
		if (lenient)
			return 0;
		if (!replace || !old)
			return err_set(s->err, ERR_SPEC, v.name.where,
			    "there is a table or view named \"%.*s\" already",
			    STR_ARG(v.name.name));
		old->dropped = s->now;
	}
	at = plan_more(s->plan, &s->views, &s->n_views, sizeof *at);
	*at = v;
	return 0;
}

/* CREATE FUNCTION f AS 'class': only what weir has of its own. */
static int
create_function(struct sql *s)
{
	struct lexer *lx = &s->lx;
	struct sql_ident id;
	bool lenient;
	char *lower;

	if (if_not_exists(s, &lenient) || sql_ident(s, "the function", &id) ||
	    lex_expect(lx, "AS"))
		return -1;
	if (lx->tok.kind != TOK_TEXT)
		return lex_fail(lx, "expected the name of a class in quotes");
	lex_next(lx);
	if (lex_accept(lx, "LANGUAGE"))
		lex_next(lx);
	lower = arena_alloc(s->arena, id.name.n);
	for (size_t i = 0; i < id.name.n; i++)
		lower[i] = (char)(id.name.p[i] >= 'A' && id.name.p[i] <= 'Z'
				      ? id.name.p[i] | 32
				      : id.name.p[i]);
	if (fn_find((struct str){lower, id.name.n}))
		return 0;
	err_set(s->err, ERR_SPEC, id.where,
	    "functions cannot be added, and there is none called \"%.*s\"",
	    STR_ARG(id.name));
	return err_hint(s->err, "`weir help functions` lists what there is");
}

static int
create(struct sql *s, unsigned from)
{
	struct lexer *lx = &s->lx;
	struct sql_insert as = {0};
	bool replace = false;
	char got[180];

	if (lex_accept(lx, "OR")) {
		if (lex_expect(lx, "REPLACE"))
			return -1;
		replace = true;
	}
	if (!lex_accept(lx, "TEMPORARY"))
		lex_accept(lx, "TEMP");
	lex_accept(lx, "SYSTEM");
	if (lex_accept(lx, "TABLE")) {
		if (sql_create_table(s, from, &as))
			return -1;
		if (as.query)
			add_job(s, &as);
		return 0;
	}
	if (lex_accept(lx, "VIEW"))
		return create_view(s, replace);
	if (lex_accept(lx, "FUNCTION"))
		return create_function(s);
	if (lex_is(lx, "CATALOG") || lex_is(lx, "DATABASE"))
		return lex_fail(lx, "there are no catalogs and databases");
	return lex_fail(lx, "expected TABLE, VIEW or FUNCTION, got %s",
	    lex_describe(lx, got, sizeof got));
}

/* ---- DROP, USE ---- */

static int
drop(struct sql *s)
{
	struct lexer *lx = &s->lx;
	struct sql_ident id;
	struct sql_view *v;
	struct sql_table *t;
	bool lenient = false, view;

	lex_accept(lx, "TEMPORARY");
	if (lex_accept(lx, "FUNCTION")) {
		if (lex_accept(lx, "IF") && lex_expect(lx, "EXISTS"))
			return -1;
		return sql_ident(s, "the function", &id);
	}
	view = lex_accept(lx, "VIEW");
	if (!view && lex_expect(lx, "TABLE"))
		return -1;
	if (lex_accept(lx, "IF")) {
		lenient = true;
		if (lex_expect(lx, "EXISTS"))
			return -1;
	}
	if (sql_ident(s, view ? "the view" : "the table", &id))
		return -1;
	v = view ? sql_view_find(s, id.name) : NULL;
	t = view ? NULL : sql_table_find(s, id.name);
	if (v)
		v->dropped = s->now;
	if (t)
		t->dropped = s->now;
	if (v || t || lenient)
		return 0;
	return err_set(s->err, ERR_SPEC, id.where,
	    "there is no %s named \"%.*s\"", view ? "view" : "table",
	    STR_ARG(id.name));
}

/* USE CATALOG c, USE db: there is one of each. */
static int
use(struct sql *s)
{
	struct sql_ident id;

	lex_accept(&s->lx, "CATALOG");
	return sql_ident(s, "the catalog", &id);
}

/* ---- SET ---- */

static int
set_zone(struct sql *s, const struct sql_option *o)
{
	s->plan->time.zone = zone_load(o->value, o->value_at, s->err);
	return s->plan->time.zone ? 0 : -1;
}

/* Flink's spelling of a duration, "5 min", as ours. */
static struct str
plain_duration(struct sql *s, struct str text)
{
	char *p = arena_alloc(s->arena, text.n);
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == ' ')
			continue;
		p[n++] = text.p[i];
		if (n >= 3 && !memcmp(p + n - 3, "min", 3))
			n -= 2;
	}
	return (struct str){p, n};
}

static int
set_allowed(struct sql *s, const struct sql_option *o)
{
	int64_t us;

	if (!when_parse_duration(plain_duration(s, o->value), &us))
		return err_set(s->err, ERR_SPEC, o->value_at,
		    "a duration is expected here, as in '5 min'");
	s->plan->time.allowed = us;
	return 0;
}

static int
set_ttl(struct sql *s, const struct sql_option *o)
{
	int64_t us;

	if (!when_parse_duration(plain_duration(s, o->value), &us))
		return err_set(s->err, ERR_SPEC, o->value_at,
		    "a duration is expected here, as in '1 d'");
	s->plan->time.ttl = us;
	return 0;
}

static int
set_late_fire(struct sql *s, const struct sql_option *o)
{
	if (str_eq_nocase(o->value, STR("true")))
		s->plan->time.late = LATE_UPDATE;
	return 0;
}

/* Keys of SET; those without code mean nothing to a program of one process. */
static const struct sql_key {
	const char *name;
	int (*set)(struct sql *s, const struct sql_option *o);
} keys[] = {
    {"execution.attached", NULL},
    {"execution.checkpointing.interval", NULL},
    {"execution.checkpointing.mode", NULL},
    {"execution.runtime-mode", NULL},
    {"parallelism.default", NULL},
    {"pipeline.auto-watermark-interval", NULL},
    {"pipeline.name", NULL},
    {"pipeline.object-reuse", NULL},
    {"sql-client.execution.result-mode", NULL},
    {"state.backend", NULL},
    {"table.dml-sync", NULL},
    {"table.exec.emit.allow-lateness", set_allowed},
    {"table.exec.emit.late-fire.delay", NULL},
    {"table.exec.emit.late-fire.enabled", set_late_fire},
    {"table.exec.mini-batch.allow-latency", NULL},
    {"table.exec.mini-batch.enabled", NULL},
    {"table.exec.mini-batch.size", NULL},
    {"table.exec.sink.not-null-enforcer", NULL},
    {"table.exec.source.idle-timeout", NULL},
    {"table.exec.state.ttl", set_ttl},
    {"table.local-time-zone", set_zone},
    {"table.optimizer.agg-phase-strategy", NULL},
    {"table.optimizer.distinct-agg.split.enabled", NULL},
};
#define N_KEYS (sizeof keys / sizeof *keys)

static int
unknown_key(struct sql *s, const struct sql_option *o)
{
	struct str names[N_KEYS];

	for (size_t i = 0; i < N_KEYS; i++)
		names[i] = str_of(keys[i].name);
	err_set(s->err, ERR_SPEC, o->key_at, "there is no setting '%.*s'",
	    STR_ARG(o->key));
	return err_suggest(s->err, o->key, names, N_KEYS);
}

/* A word, or several with dots and dashes between, or a text. */
static int
parse_key(struct sql *s, struct str *key, struct where *at)
{
	struct lexer *lx = &s->lx;
	unsigned from = lx->tok.where.at;

	*at = lx->tok.where;
	if (lx->tok.kind == TOK_TEXT) {
		*key = lx->tok.string;
		lex_next(lx);
		return 0;
	}
	if (lx->tok.kind != TOK_NAME)
		return lex_fail(lx, "expected a setting: SET 'key' = 'value'");
	while (lx->tok.kind == TOK_NAME || lex_is(lx, ".") || lex_is(lx, "-"))
		lex_next(lx);
	*at = sql_since(s, from);
	*key = (struct str){lx->src->text.p + from, lx->done - from};
	return 0;
}

static int
set(struct sql *s)
{
	struct lexer *lx = &s->lx;
	struct sql_option o = {0};
	unsigned from;

	if (lx->tok.kind == TOK_END || lex_is(lx, ";"))
		return lex_fail(lx, "expected a setting: SET 'key' = 'value'");
	if (parse_key(s, &o.key, &o.key_at) || lex_expect(lx, "="))
		return -1;
	from = lx->tok.where.at;
	o.value_at = lx->tok.where;
	if (lx->tok.kind == TOK_TEXT) {
		o.value = lx->tok.string;
		lex_next(lx);
	} else {
		while (lx->tok.kind != TOK_END && lx->tok.kind != TOK_BAD &&
		       !lex_is(lx, ";"))
			lex_next(lx);
		o.value_at = sql_since(s, from);
		o.value = (struct str){lx->src->text.p + from, lx->done - from};
	}
	for (size_t i = 0; i < N_KEYS; i++)
		if (str_is(o.key, keys[i].name))
			return keys[i].set ? keys[i].set(s, &o)
					   : sql_note(s, "setting", o.key);
	return unknown_key(s, &o);
}

/* ---- EXPLAIN ---- */

static int statement(struct sql *s);

static int
explain(struct sql *s)
{
	static const char *const details[] = {"CHANGELOG_MODE",
	    "ESTIMATED_COST", "JSON_EXECUTION_PLAN", "PLAN_ADVICE"};
	struct lexer *lx = &s->lx;

	s->plan->explain = true;
	if (lex_accept(lx, "PLAN"))
		return lex_expect(lx, "FOR") ? -1 : statement(s);
	for (unsigned i = 0; i < 4; i++)
		if (lex_accept(lx, details[i])) {
			lex_accept(lx, ",");
			i = UINT32_MAX;
		}
	return statement(s);
}

/* ---- statements ---- */

/* Words that begin statements there are not. */
static int
no_statement(struct sql *s)
{
	static const char *const known[] = {"ALTER", "ANALYZE", "CALL",
	    "DELETE", "LOAD", "MERGE", "TRUNCATE", "UNLOAD", "UPDATE"};
	struct lexer *lx = &s->lx;

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (!lex_is(lx, known[i]))
			continue;
		lex_fail(lx, "there is no statement %s", known[i]);
		return err_hint(s->err,
		    "there are SELECT, WITH, VALUES, CREATE TABLE, CREATE "
		    "VIEW, INSERT INTO, EXPLAIN, SHOW, DESCRIBE, SET, USE and "
		    "DROP");
	}
	return query(s);
}

static int
begin_set(struct sql *s)
{
	struct lexer *lx = &s->lx;

	if (lex_expect(lx, "STATEMENT") || lex_expect(lx, "SET"))
		return -1;
	return lex_is(lx, ";") ? statement_set(s)
			       : (lex_expect(lx, "BEGIN") || statement_set(s));
}

static int
statement(struct sql *s)
{
	struct lexer *lx = &s->lx;
	unsigned from = lx->tok.where.at;

	if (lx->tok.quoted)
		return no_statement(s);
	if (lex_accept(lx, "CREATE"))
		return create(s, from);
	if (lex_accept(lx, "INSERT"))
		return insert(s);
	if (lex_accept(lx, "EXECUTE"))
		return lex_accept(lx, "INSERT") ? insert(s) : begin_set(s);
	if (lex_accept(lx, "BEGIN"))
		return begin_set(s);
	if (lex_is(lx, "STATEMENT"))
		return begin_set(s);
	if (lex_accept(lx, "DROP"))
		return drop(s);
	if (lex_accept(lx, "USE"))
		return use(s);
	if (lex_accept(lx, "SET"))
		return set(s);
	if (lex_accept(lx, "RESET")) {
		struct sql_option o;

		return lex_is(lx, ";") || lx->tok.kind == TOK_END
			   ? 0
			   : parse_key(s, &o.key, &o.key_at);
	}
	if (lex_accept(lx, "EXPLAIN"))
		return explain(s);
	if (lex_is(lx, "SHOW") || lex_is(lx, "DESCRIBE") || lex_is(lx, "DESC"))
		return add_query(s, sql_show(s), from);
	return no_statement(s);
}

int
sql_script(struct sql *s)
{
	struct lexer *lx = &s->lx;

	while (lex_accept(lx, ";"))
		;
	do {
		s->now++;
		if (statement(s))
			return -1;
		if (lx->tok.kind != TOK_END && !lex_is(lx, ";"))
			return sql_unexpected(s);
		while (lex_accept(lx, ";"))
			;
	} while (lx->tok.kind != TOK_END && lx->tok.kind != TOK_BAD);
	if (lx->tok.kind == TOK_BAD)
		return -1;
	for (unsigned i = 0; i < s->n_jobs; i++)
		if (lower_job(s, &s->jobs[i]))
			return -1;
	if (s->n_jobs)
		return 0;
	err_set(s->err, ERR_SPEC, (struct where){lx->src, lx->done, 0},
	    "there is no query");
	return err_hint(s->err, "end with a SELECT, or with INSERT INTO");
}

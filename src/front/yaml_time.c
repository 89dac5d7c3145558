/* SPDX-License-Identifier: MIT */
/*
 * The keys of a spec's `time`, and of that of an input: where event time is,
 * how late records may come, and what becomes of those that come later.
 */
#include "base/zone.h"
#include "front/front.h"
#include "front/yaml.h"
#include "front/yaml_expr.h"

/* Puts a place to an error that has none. */
static int
fail_at(struct spec *s, const struct ynode *n)
{
	s->err->code = ERR_SPEC;
	if (!s->err->where.src)
		s->err->where = n->where;
	return -1;
}

static int
read_duration(struct spec *s, const struct ynode *n, int64_t *out)
{
	struct str text;

	if (spec_text(s, n, &text))
		return -1;
	if (when_parse_duration(text, out))
		return 0;
	err_set(s->err, ERR_SPEC, n->where, "this is no duration");
	return err_hint(s->err, "as in 250ms, 30s, 5m, 1h30m, 2d");
}

int
read_time(struct spec *s, const struct ynode *key, const struct ynode *value)
{
	if (s->time)
		return err_set(
		    s->err, ERR_SPEC, key->where, "\"time\" is there twice");
	s->time = key;
	s->time_to->where = key->where;
	return spec_map(s, "time", value, NULL);
}

int
read_time_field(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	struct yexpr y;
	struct node *n;

	(void)key;
	if (value->kind != Y_SCALAR || !value->text.n)
		return spec_expected(s, value, "the name of a field");
	/* log-time and my time are names; a.b[1] and `a.b` have parts. */
	if (!strpbrk(arena_str(s->arena, value->text).p, ".[`")) {
		s->time_to->field = path_of_name(s->arena, value->text);
		return 0;
	}
	yexpr_init(&y, value, s->arena, s->err);
	n = expr_parse(&y.lx);
	if (!n)
		return yexpr_fail(&y);
	if (n->kind != NODE_NAME || y.lx.tok.kind != TOK_END) {
		err_set(s->err, ERR_SPEC, value->where,
		    "the name of a field is expected here");
		return err_hint(s->err, "an odd name goes in backticks: "
					"\"`my time`\"");
	}
	s->time_to->field = n->path;
	return 0;
}

int
read_time_expr(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	struct yexpr y;
	struct node *n;

	(void)key;
	if (value->kind != Y_SCALAR || !value->text.n)
		return spec_expected(s, value, "an expression");
	yexpr_init(&y, value, s->arena, s->err);
	n = expr_parse(&y.lx);
	if (n && y.lx.tok.kind != TOK_END) {
		lex_fail(&y.lx, "expected an operator or the end");
		n = NULL;
	}
	if (!n)
		return yexpr_fail(&y);
	yexpr_settle(&y, n);
	s->time_to->expr = n;
	return 0;
}

int
read_time_format(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	struct plan_time *t = s->time_to;
	struct str text;

	(void)key;
	if (spec_text(s, value, &text))
		return -1;
	if (when_layout_parse(text, s->arena, &t->layout, s->err))
		return fail_at(s, value);
	t->layout_given = true;
	return 0;
}

int
read_time_zone(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	struct str text;

	(void)key;
	if (spec_text(s, value, &text))
		return -1;
	s->time_to->zone = zone_load(text, value->where, s->err);
	return s->time_to->zone ? 0 : -1;
}

/* A lateness below zero is a watermark ahead of the records' time. */
int
read_time_lateness(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	struct ynode rest = *value;
	int64_t *out = &s->time_to->lateness;

	(void)key;
	if (value->kind != Y_SCALAR || value->text.n < 2 ||
	    value->text.p[0] != '-')
		return read_duration(s, value, out);
	rest.text = (struct str){value->text.p + 1, value->text.n - 1};
	if (read_duration(s, &rest, out))
		return -1;
	*out = -*out;
	return 0;
}

int
read_time_max_ahead(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	(void)key;
	return read_duration(s, value, &s->time_to->max_ahead);
}

int
read_time_idle(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	(void)key;
	return read_duration(s, value, &s->time_to->idle);
}

int
read_time_allowed(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	(void)key;
	return read_duration(s, value, &s->plan->time.allowed);
}

int
read_time_ttl(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	(void)key;
	return read_duration(s, value, &s->plan->time.ttl);
}

int
read_time_late(
    struct spec *s, const struct ynode *key, const struct ynode *value)
{
	static const struct str words[] = {STR("drop"), STR("update")};
	struct plan_time *t = &s->plan->time;
	struct str text;

	(void)key;
	if (spec_text(s, value, &text))
		return -1;
	t->late = LATE_FILE;
	t->late_file = text;
	if (str_is(text, "drop"))
		t->late = LATE_DROP;
	else if (str_is(text, "update"))
		t->late = LATE_UPDATE;
	else if (!memchr(text.p, '.', text.n) && !memchr(text.p, '/', text.n) &&
		 str_nearest(text, words, 2).p) {
		err_set(s->err, ERR_SPEC, value->where,
		    "drop, update or a file is expected here");
		return err_suggest(s->err, text, words, 2);
	}
	return 0;
}

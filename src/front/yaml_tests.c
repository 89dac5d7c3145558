/* SPDX-License-Identifier: MIT */
/*
 * The tests of a spec: YAML to what is read and the rows that are expected.
 *
 * What stands in `input` becomes bytes, as an input has them, and watermarks at
 * places between them. What stands in `expect` becomes values by YAML's rules:
 * a plain 7 is a number, "7" is a text; a time is a text.
 */
#include "front/yaml_tests.h"

#include "data/cast.h"
#include "data/pack.h"
#include "front/front.h"

/* ---- the form ---- */

static int
check_rows(struct spec *s, const struct ynode *n)
{
	if (ynode_empty(n))
		return 0;
	if (n->kind != Y_SEQ)
		return spec_expected(s, n, "a list of rows");
	for (unsigned i = 0; i < n->n; i++) {
		const struct ynode *row = n->items[i];

		if (row->kind != Y_MAP)
			return spec_expected(
			    s, row, "a row (a map of column: value)");
		if (spec_no_doubles(s, row))
			return -1;
	}
	return 0;
}

static int
check_expect(struct spec *s, const struct ynode *n)
{
	if (n->kind != Y_MAP)
		return check_rows(s, n);
	if (spec_no_doubles(s, n))
		return -1;
	for (unsigned i = 0; i < n->n; i++)
		if (check_rows(s, n->items[i]))
			return -1;
	return 0;
}

static int
check_input(struct spec *s, const struct ynode *n)
{
	if (n->kind != Y_MAP)
		return 0;
	for (unsigned i = 0; i < n->n; i++)
		if (n->items[i]->kind == Y_MAP)
			return spec_expected(
			    s, n->items[i], "a text or a list of lines");
	return spec_no_doubles(s, n);
}

static int
check_count(struct spec *s, const struct ynode *n)
{
	struct value v = n->kind == Y_SCALAR
			     ? cell_guess(s->arena, n->text, false)
			     : VALUE_NULL;

	if (v.type == T_INT && v.i >= 0)
		return 0;
	return spec_expected(s, n, "a number of records");
}

static int
check_flag(struct spec *s, const struct ynode *n)
{
	if (n->kind == Y_SCALAR &&
	    (str_is(n->text, "true") || str_is(n->text, "false")))
		return 0;
	return spec_expected(s, n, "true or false");
}

static int
check_time(struct spec *s, const struct ynode *n)
{
	struct value v;

	if (n->kind == Y_SCALAR && n->text.n &&
	    value_cast(s->arena, value_text(n->text), T_TIME, NULL, &v))
		return 0;
	err_set(s->err, ERR_SPEC, n->where, "this is no time");
	return err_hint(s->err, "as in 2026-03-28T22:10:00Z");
}

static int
check_params(struct spec *s, const struct ynode *n)
{
	if (n->kind != Y_MAP)
		return spec_expected(s, n, "a map of name: value");
	return spec_no_doubles(s, n);
}

static int
check_crash(struct spec *s, const struct ynode *n)
{
	if (n->kind == Y_SCALAR && str_is(n->text, "everywhere"))
		return 0;
	err_set(s->err, ERR_SPEC, n->where, "this is no place for a crash");
	return err_hint(s->err, "crash: everywhere");
}

static int
check_name(struct spec *s, const struct ynode *n)
{
	struct str ignored;

	return spec_text(s, n, &ignored);
}

int
read_test(struct spec *s, const struct ynode *key, const struct ynode *value)
{
	static const struct {
		const char *key;
		int (*check)(struct spec *s, const struct ynode *n);
	} checks[] = {{"name", check_name}, {"input", check_input},
	    {"expect", check_expect}, {"unordered", check_flag},
	    {"bad", check_count}, {"late", check_count},
	    {"params", check_params}, {"now", check_time},
	    {"crash", check_crash}};

	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
		if (str_is(key->text, checks[i].key))
			return checks[i].check(s, value);
	return 0;
}

int
read_tests(struct spec *s, const struct ynode *key, const struct ynode *value)
{
	(void)key;
	if (value->kind != Y_SEQ)
		return spec_expected(s, value, "a list of tests");
	for (unsigned i = 0; i < value->n; i++)
		if (spec_map(s, "tests.*", value->items[i], NULL))
			return -1;
	s->plan->tests = value;
	return 0;
}

/* ---- what a test says ---- */

struct test_reader {
	struct plan *plan;
	struct arena *arena;
	struct err *err;
	struct spec_test *test;
	struct buf text; /* of the input being read */
};

static const struct ynode *
key_of(const struct ynode *map, const char *key)
{
	for (unsigned i = 0; map->kind == Y_MAP && i < map->n; i++)
		if (str_is(map->keys[i]->text, key))
			return map->items[i];
	return NULL;
}

static struct value
scalar_value(const struct test_reader *r, const struct ynode *n)
{
	struct value v;

	if (n->style == Y_PLAIN &&
	    (!n->text.n || str_is(n->text, "~") || str_is(n->text, "null")))
		return VALUE_NULL;
	v = cell_guess(r->arena, n->text, n->style != Y_PLAIN);
	return v.type == T_NULL ? value_text(n->text) : v;
}

/* The tree is at most YAML_DEPTH_MAX deep. */
static void
put_node(const struct test_reader *r, struct buf *out, const struct ynode *n)
{
	switch (n->kind) {
	case Y_SCALAR:
		pack_put(out, scalar_value(r, n));
		return;
	case Y_SEQ:
		pack_put_array(out, n->n);
		for (unsigned i = 0; i < n->n; i++)
			put_node(r, out, n->items[i]);
		return;
	case Y_MAP:
		pack_put_map(out, n->n);
		for (unsigned i = 0; i < n->n; i++) {
			pack_put_text(out, n->keys[i]->text);
			put_node(r, out, n->items[i]);
		}
	}
}

/* A list or a map. */
static struct value
node_value(const struct test_reader *r, const struct ynode *n)
{
	struct buf packed = {0};
	struct value v;

	put_node(r, &packed, n);
	v = value_of_str(n->kind == Y_MAP ? T_MAP : T_LIST,
	    arena_str(r->arena, buf_str(&packed)));
	buf_release(&packed);
	return v;
}

/* ---- input ---- */

static int
add_mark(struct test_reader *r, struct given *g, const struct ynode *time)
{
	struct value v;

	if (time->kind != Y_SCALAR || !time->text.n ||
	    !value_cast(r->arena, value_text(time->text), T_TIME, NULL, &v)) {
		err_set(r->err, ERR_SPEC, time->where, "this is no time");
		return err_hint(r->err, "{watermark: 2026-03-28T22:10:00Z}");
	}
	g->marks[g->n_marks++] = (struct given_mark){r->text.n, v.i};
	return 0;
}

static int
add_line(struct test_reader *r, struct given *g, const struct ynode *n)
{
	const struct ynode *time = key_of(n, "watermark");

	if (n->kind == Y_MAP && n->n == 1 && time)
		return add_mark(r, g, time);
	if (n->kind == Y_SCALAR)
		buf_adds(&r->text, n->text);
	else
		value_json(&r->text, node_value(r, n));
	if (!r->text.n || r->text.p[r->text.n - 1] != '\n')
		buf_addc(&r->text, '\n');
	return 0;
}

static int
read_given(struct test_reader *r, struct given *g, const struct ynode *n)
{
	int failed = 0;

	if (n->kind == Y_SCALAR) {
		g->text = n->text;
		return 0;
	}
	r->text = (struct buf){0};
	g->marks = arena_array(r->arena, n->n, sizeof *g->marks);
	for (unsigned i = 0; i < n->n && !failed; i++)
		failed = add_line(r, g, n->items[i]);
	g->text = arena_str(r->arena, buf_str(&r->text));
	buf_release(&r->text);
	return failed;
}

/* Of an input that is read from files. */
static bool
takes_bytes(const struct plan *p, unsigned input)
{
	return plan_is_read(p, input) && !p->inputs[input].values;
}

static int
no_input(struct test_reader *r, const struct ynode *name)
{
	struct plan *p = r->plan;
	struct str *names = arena_array(r->arena, p->n_inputs, sizeof *names);
	unsigned n = 0;

	for (unsigned i = 0; i < p->n_inputs; i++)
		if (takes_bytes(p, i) && p->inputs[i].name.n)
			names[n++] = p->inputs[i].name;
	if (!name->text.n || !n)
		return -1;
	err_set(r->err, ERR_SPEC, name->where, "no input \"%.*s\" is read",
	    STR_ARG(name->text));
	return err_suggest(r->err, name->text, names, n);
}

static int
read_named(struct test_reader *r, const struct ynode *map)
{
	struct plan *p = r->plan;

	for (unsigned k = 0; k < map->n; k++) {
		const struct ynode *name = map->keys[k];
		unsigned i = 0;

		while (i < p->n_inputs &&
		       !(takes_bytes(p, i) &&
			   str_eq(p->inputs[i].name, name->text)))
			i++;
		if (i == p->n_inputs) {
			err_set(r->err, ERR_SPEC, name->where,
			    "the input has no name: its text or lines stand "
			    "here alone");
			return no_input(r, name);
		}
		if (read_given(r, &r->test->given[i], map->items[k]))
			return -1;
	}
	return 0;
}

static int
read_input(struct test_reader *r, const struct ynode *n)
{
	struct plan *p = r->plan;
	unsigned only = p->n_inputs;

	if (n->kind == Y_MAP)
		return read_named(r, n);
	for (unsigned i = 0; i < p->n_inputs; i++) {
		if (!takes_bytes(p, i))
			continue;
		if (only < p->n_inputs) {
			err_set(r->err, ERR_SPEC, n->where,
			    "there are several inputs");
			return err_hint(r->err, "input: {%.*s: ..., %.*s: ...}",
			    STR_ARG(p->inputs[only].name),
			    STR_ARG(p->inputs[i].name));
		}
		only = i;
	}
	if (only < p->n_inputs)
		return read_given(r, &r->test->given[only], n);
	return err_set(r->err, ERR_SPEC, n->where,
	    "the spec reads no input that could be given");
}

/* ---- expected rows ---- */

static void
read_rows(struct test_reader *r, unsigned output, const struct ynode *n)
{
	struct spec_rows *rows = &r->test->expect[r->test->n_expect++];
	unsigned count = n->kind == Y_SEQ ? n->n : 0;

	*rows = (struct spec_rows){.output = output,
	    .rows = arena_array(r->arena, count, sizeof *rows->rows),
	    .at = arena_array(r->arena, count, sizeof *rows->at),
	    .n = count};
	for (unsigned i = 0; i < count; i++) {
		rows->rows[i] = node_value(r, n->items[i]);
		rows->at[i] = n->items[i]->where;
	}
}

static int
no_output(struct test_reader *r, const struct ynode *name)
{
	struct plan *p = r->plan;
	struct str *names = arena_array(r->arena, p->n_outputs, sizeof *names);
	unsigned n = 0;

	for (unsigned i = 0; i < p->n_outputs; i++)
		if (p->outputs[i].name.n)
			names[n++] = p->outputs[i].name;
	err_set(r->err, ERR_SPEC, name->where, "there is no output \"%.*s\"",
	    STR_ARG(name->text));
	return n ? err_suggest(r->err, name->text, names, n)
		 : err_hint(r->err,
		       "the only output has no name: expect is a list of rows");
}

static int
read_expect(struct test_reader *r, const struct ynode *n)
{
	struct plan *p = r->plan;

	r->test->expect =
	    arena_array(r->arena, p->n_outputs, sizeof *r->test->expect);
	if (n->kind != Y_MAP && p->n_outputs == 1) {
		read_rows(r, 0, n);
		return 0;
	}
	if (n->kind != Y_MAP) {
		err_set(r->err, ERR_SPEC, n->where, "there are %u outputs",
		    p->n_outputs);
		return err_hint(r->err, "expect: {%.*s: [...], ...}",
		    STR_ARG(p->outputs[0].name));
	}
	for (unsigned k = 0; k < n->n; k++) {
		unsigned i = 0;

		while (i < p->n_outputs &&
		       !(p->outputs[i].name.n &&
			   str_eq(p->outputs[i].name, n->keys[k]->text)))
			i++;
		if (i == p->n_outputs)
			return no_output(r, n->keys[k]);
		read_rows(r, i, n->items[k]);
	}
	return 0;
}

/* ---- the test ---- */

static uint64_t
read_count(struct test_reader *r, const struct ynode *n)
{
	return n ? (uint64_t)cell_guess(r->arena, n->text, false).i : 0;
}

static int64_t
read_now(struct test_reader *r, const struct ynode *n)
{
	struct value v = value_time(0);

	if (n)
		value_cast(r->arena, value_text(n->text), T_TIME, NULL, &v);
	return v.i;
}

static void
read_scalars(struct test_reader *r, const struct ynode *n)
{
	struct spec_test *t = r->test;
	const struct ynode *late = key_of(n, "late");
	const struct ynode *crash = key_of(n, "crash");
	const struct ynode *unordered = key_of(n, "unordered");

	t->unordered = unordered && str_is(unordered->text, "true");
	t->bad = read_count(r, key_of(n, "bad"));
	t->has_late = late != NULL;
	t->late = read_count(r, late);
	t->now = read_now(r, key_of(n, "now"));
	t->crash = crash != NULL;
	if (crash)
		t->crash_at = crash->where;
}

unsigned
spec_test_count(const struct plan *p)
{
	return p->tests ? p->tests->n : 0;
}

void
spec_test_name(const struct plan *p, unsigned i, struct spec_test *out)
{
	const struct ynode *n = p->tests->items[i];
	const struct ynode *name = key_of(n, "name");

	out->name = name ? name->text : (struct str){0};
	out->where = name ? name->where : n->where;
}

int
spec_test_read(
    struct plan *p, unsigned i, struct spec_test *out, struct err *err)
{
	struct test_reader r = {
	    .plan = p, .arena = &p->arena, .err = err, .test = out};
	const struct ynode *n = p->tests->items[i];
	const struct ynode *input = key_of(n, "input");
	const struct ynode *expect = key_of(n, "expect");

	*out = (struct spec_test){
	    .given = arena_zalloc(r.arena, p->n_inputs * sizeof *out->given)};
	spec_test_name(p, i, out);
	read_scalars(&r, n);
	if (!expect && !key_of(n, "bad") && !key_of(n, "late")) {
		err_set(err, ERR_SPEC, out->where,
		    "the test does not say what it expects");
		return err_hint(err, "expect: [] if nothing is to come out");
	}
	return (input && read_input(&r, input)) ||
		       (expect && read_expect(&r, expect))
		   ? -1
		   : 0;
}

/* ---- parameters ---- */

static int
no_param(struct plan *p, const struct ynode *name, struct err *err)
{
	struct str *names = arena_array(&p->arena, p->n_params, sizeof *names);

	for (unsigned i = 0; i < p->n_params; i++)
		names[i] = p->params[i].name;
	err_set(err, ERR_SPEC, name->where, "there is no parameter \"%.*s\"",
	    STR_ARG(name->text));
	return err_suggest(err, name->text, names, p->n_params);
}

static int
give_param(struct plan *p, struct plan_param *param, const struct ynode *n,
    struct err *err)
{
	struct test_reader r = {.plan = p, .arena = &p->arena, .err = err};
	int64_t duration;

	if (n->kind != Y_SCALAR)
		return err_set(err, ERR_SPEC, n->where,
		    "a value is expected here, not %s", ynode_kind(n));
	param->given = true;
	param->value = scalar_value(&r, n);
	if (param->type == T_ANY) {
		if (n->style == Y_PLAIN && param->value.type == T_TEXT &&
		    when_parse_duration(n->text, &duration))
			param->value = value_duration(duration);
		return 0;
	}
	if (value_cast(&p->arena, value_text(n->text), param->type, NULL,
		&param->value))
		return 0;
	return err_set(err, ERR_SPEC, n->where,
	    "this is no value for %.*s, which is a %s", STR_ARG(param->name),
	    type_name(param->type));
}

int
spec_test_params(struct plan *p, unsigned i, struct err *err)
{
	const struct ynode *params = key_of(p->tests->items[i], "params");

	for (unsigned k = 0; params && k < params->n; k++) {
		const struct ynode *name = params->keys[k];
		unsigned to = 0;

		while (
		    to < p->n_params && !str_eq(p->params[to].name, name->text))
			to++;
		if (to == p->n_params)
			return no_param(p, name, err);
		if (give_param(p, &p->params[to], params->items[k], err))
			return -1;
	}
	return 0;
}

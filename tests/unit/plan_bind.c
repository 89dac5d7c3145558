/* SPDX-License-Identifier: MIT */
/*
 * Binding: which fields are read and by whom, where columns are, what comes
 * out, how often a text may name a field, and mistakes that only binding sees.
 */
#include "front_plan.h"

/*
 * A bound plan in one line: the fields wanted (! computed with, @n last read
 * by step n), then the result's columns (= number, * spread, - dropped).
 */
static void
put_plan(struct buf *out, const struct plan *p)
{
	const struct scan *s = p->inputs[0].scan;
	unsigned n = 0;

	for (unsigned i = 0; i < s->n_wants; i++) {
		buf_addz(out, i ? " " : "");
		if (!s->wants[i].path.n)
			buf_lit(out, "(all)");
		path_print(out, s->wants[i].path);
		buf_printf(out, "%s@%u", s->computed[i] ? "!" : "", s->last[i]);
	}
	buf_lit(out, " ->");
	for (unsigned i = 0; i < p->outputs[0].result.n_cols; i++) {
		const struct flow_column *c = &p->outputs[0].result.cols[i];

		buf_printf(out, " %.*s%s%s=%u", STR_ARG(c->name),
		    c->spread ? "*" : "", c->dropped ? "-" : "", c->col);
		if (c->type != T_ANY)
			buf_printf(out, ":%s", type_name(c->type));
	}
	if (s->needs_time)
		buf_lit(out, " time");
	while (n < p->n_ops && !p->ops[n].kind->open)
		n++;
	buf_printf(out, " stateless %u", n);
}

static void
bind_text(const char *text, struct buf *out)
{
	struct source src = {"test", str_of(text)};
	struct err err = {0};
	struct plan p;
	bool yaml = !strncmp(text, "weir:", 5);

	out->n = 0;
	plan_init(&p);
	if ((yaml ? yaml_parse : sql_parse)(&p, &src, &err) ||
	    plan_bind(&p, &err))
		put_mistake(out, &err);
	else
		put_plan(out, &p);
	buf_z(out);
	err_release(&err);
	plan_release(&p);
}

// clang-format off
static const struct front_case cases[] = {
	{"SELECT *",
	    "(all)@0 -> *=0:map stateless 0"},
	{"SELECT a, b.c",
	    "a@1 b.c@1 -> a=0 c=1 stateless 1"},
	{"SELECT a WHERE a > 1",
	    "a!@2 -> a=0 stateless 2"},
	{"SELECT a, a AS b, a + 1 AS c",
	    "a!@1 -> a=0 b=2 c=3 stateless 1"},
	{"SELECT *, a AS b WHERE c",
	    "c!@0 a@2 (all)@2 -> *=2:map b=1 stateless 2"},
	{"SELECT a ORDER BY b",
	    "b!@0 a@2 -> a=1 stateless 0"},
	{"SELECT a AS x ORDER BY x LIMIT 2",
	    "a!@2 -> x=0 stateless 1"},
	{"SELECT k, count(*) AS n WHERE v > 1 GROUP BY k, tumble(5m)",
	    "v!@0 k!@1 -> window_start=0:timestamp window_end=1:timestamp k=4"
	    " n=5:bigint time stateless 1"},
	{"SELECT count(*)",
	    " -> count=4:bigint stateless 0"},
	{"weir: 1\nsteps:\n  - select: {x: a.b}\n  - where: x.c[2] > x.d",
	    "a.b@2 a.b.c[2]!@1 a.b.d!@1 -> x=0 stateless 2"},
	{"weir: 1\nsteps:\n  - set: {x: a + 1}\n  - where: x > 1 AND b > 1",
	    "a!@0 b!@1 (all)@2 -> *=2:map x=4 stateless 2"},
	{"weir: 1\nsteps:\n  - drop: [a]\n  - select: ['*', {a: b}]",
	    "b@2 (all)@2 -> *=1:map a=0 stateless 2"},
	{"weir: 1\nsteps:\n  - rename: {a: b}\n  - rename: {b: a}",
	    "a@2 (all)@2 -> *=1:map a=0 b-=4:null stateless 2"},
	{"weir: 1\nsteps:\n  - rename: {a: b, b: a}",
	    "a@1 b@1 (all)@1 -> *=2:map b=0 a=1 stateless 1"},
	{"weir: 1\nsteps:\n  - select: [a, b]\n  - rename: {a: b, b: a}",
	    "a@2 b@2 -> b=0 a=1 stateless 2"},
	{"weir: 1\nsteps:\n  - select: [a, b]\n  - drop: a\n  - limit: 1",
	    "a@0 b@3 -> b=1 stateless 2"},
	{"weir: 1\ninput: {types: {a: bigint}}\n"
	 "steps:\n  - select: {b: a, c: a + 1}",
	    "a!@1 -> b=0:bigint c=2:bigint stateless 1"},
	{"weir: 1\nsteps:\n  - select: [a, b]\n"
	 "  - window: tumble(5m)\n    by: a\n    select: {n: sum(b)}\n"
	 "  - window: tumble(1h)\n    select: {m: max(n)}",
	    "a!@1 b!@1 -> window_start=0:timestamp window_end=1:timestamp m=4"
	    " time stateless 1"},
	{"weir: 1\nsteps:\n  - group: [a, a]\n",
	    "3:16: there are two columns named \"a\""},
	{"weir: 1\nsteps:\n  - window: tumble(5m)\n  - where: path = 'x'\n",
	    "4:12: there is no column \"path\" | one of: window_start,"
	    " window_end"},
	{"weir: 1\nsteps:\n  - select: ['*', '*']\n",
	    "3:20: * is given twice"},
	{"weir: 1\nsteps:\n  - select: t.*\n",
	    "3:13: only * alone is possible here"},
	{"weir: 1\nsteps:\n  - set: '*'\n",
	    "3:11: * has no place here: all columns stay anyway"},
	{"weir: 1\nsteps:\n  - set: a + 1\n",
	    "3:10: name: expression is expected here"},
	{"weir: 1\nsteps:\n  - rename: {a: b}\n  - rename: {a: c}\n",
	    "4:14: there is no column \"a\" here | there is only: b"},
	{"weir: 1\nsteps:\n  - limit: 1\n    offset: -1\n",
	    "4:13: a whole number is expected here, 0 or greater"},
	{"weir: 1\ninput: {format: nginx}\nsteps:\n  - where: statsu > 1\n",
	    "4:12: the input has no field \"statsu\" | did you mean"
	    " \"status\"?"},
	{"weir: 1\ninput: {format: lines}\nsteps:\n  - select: [line, l]\n",
	    "4:20: the input has no field \"l\" | there is only: line"},
};
// clang-format on

static void
test_cases(struct buf *out)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bind_text(cases[i].text, out);
		same(buf_z(out), cases[i].want, cases[i].want);
	}
}

/* As many fields as there may be, and one more. */
static void
test_many_fields(struct buf *out)
{
	struct buf text = {0};

	buf_lit(&text, "SELECT f0");
	for (unsigned i = 1; i < SCAN_WANTS_MAX; i++)
		buf_printf(&text, ", f%u", i);
	bind_text(buf_z(&text), out);
	ok(str_ends(buf_str(out), STR(" f1023=1023 stateless 1")),
	    "1024 fields");
	buf_lit(&text, " WHERE more");
	bind_text(buf_z(&text), out);
	ok(str_find(buf_str(out), STR("more than 1024 different fields"), 0) >
		0,
	    "and no more");
	buf_release(&text);
}

/* A format that says which fields it has, has these and no others. */
static void
test_known_fields(void)
{
	for (unsigned i = 0; i < n_formats; i++) {
		const struct format *f = formats[i];
		struct settings settings = {0};
		struct layout *layout;
		struct buf head = {0}, names = {0};
		struct err err = {0};
		struct arena a;
		size_t used;

		if (!f->fields)
			continue;
		arena_init(&a, 4096);
		buf_printf(&head, "%s\n", f->example);
		ok(f->start(buf_str(&head), true, &settings, &limits_default,
		       &a, &layout, &used, &err) == START_OK,
		    "%s starts", f->name);
		for (unsigned k = 0; k < layout->n_fields; k++)
			buf_printf(&names, "%s%.*s", k ? " " : "",
			    STR_ARG(layout->fields[k]));
		same(buf_z(&names), f->fields, f->name);
		arena_release(&a);
		buf_release(&head);
		buf_release(&names);
	}
}

/* Names of steps that keep state are told apart, and given ones are kept. */
static void
test_names(void)
{
	static const char spec[] = "weir: 1\nsteps:\n"
				   "  - group: a\n"
				   "  - group: a\n"
				   "  - name: group-3\n    group: a\n"
				   "  - group: a\n";
	static const char *const want[] = {
	    "group", "group-2", "group-3", "group-4"};
	struct source src = {"test", str_of(spec)};
	struct err err = {0};
	struct plan p;

	plan_init(&p);
	ok(!yaml_parse(&p, &src, &err) && !plan_bind(&p, &err), "binds");
	for (unsigned i = 0; i < 4; i++)
		ok(str_is(p.ops[i].name, want[i]), "step %u is %s", i + 1,
		    want[i]);
	plan_release(&p);
}

/* Every operator says what it is, and its example is a step that binds. */
static void
test_operators(struct buf *out)
{
	for (unsigned i = 0; i < n_op_kinds; i++) {
		const struct op_kind *k = op_kinds[i];
		struct buf text = {0};
		struct str line = {k->example, 0};

		ok(!i || strcmp(op_kinds[i - 1]->name, k->name) < 0,
		    "%s is in its place in the table", k->name);
		ok(k->doc && k->about && k->primary, "%s has words", k->name);
		buf_lit(&text,
		    "weir: 1\ninputs: {web: {}, api: {columns: [path]}, "
		    "blocked: {columns: [ip]}}\nfrom: web\nsteps:\n");
		for (; *line.p; line.p += line.n) {
			line.n = strcspn(line.p, "\n");
			line.n += line.p[line.n] == '\n';
			buf_lit(&text, "  ");
			buf_adds(&text, line);
		}
		parse_plan(yaml_parse, buf_z(&text), true, out);
		ok(str_starts(buf_str(out), STR("inputs:\n")),
		    "the example of %s binds: %s", k->name, k->doc);
		buf_release(&text);
	}
}

int
main(void)
{
	struct buf out = {0};

	hash_init();
	test_cases(&out);
	test_many_fields(&out);
	test_known_fields();
	test_names();
	test_operators(&out);
	buf_release(&out);
	return tap_done();
}

/* SPDX-License-Identifier: MIT */
/*
 * weir test: runs the tests that specs bring along. Nothing is read but what a
 * test says, nothing written but its result (TAP), and the clock stands still.
 * All mistakes are found before the first test runs.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/pipeline.h"
#include "cli/row_diff.h"
#include "cli/temporary.h"
#include "cli/terminal.h"
#include "data/pack.h"
#include "front/front.h"
#include "run/run.h"

#define NOWHERE ((struct where){0})

/* A test, ready to be run. */
struct job {
	struct plan plan;
	struct spec_test test;
	const char *file;
	unsigned number; /* in its spec, from 0 */
};

struct suite {
	struct arena arena; /* the specs' texts */
	const struct options *options;
	const char **names; /* of the tests that are wanted; none: all */
	unsigned n_names, n_files;
	struct job **jobs;
	size_t n_jobs, cap_jobs;
	unsigned mistakes, failed;
};

/* ---- getting ready ---- */

/* What comes out is compared as values: what JSON makes of them. */
static void
settle_outputs(struct plan *p)
{
	plan_emit_default(p);
	for (unsigned i = 0; i < p->n_outputs; i++) {
		struct plan_output *out = &p->outputs[i];

		out->format = format_find(STR("json"));
		out->settings = (struct settings){0};
	}
	for (unsigned i = 0; i < p->n_inputs; i++) {
		struct plan_input *in = &p->inputs[i];

		if (in->n_files || in->values)
			continue;
		in->files = arena_array(&p->arena, 1, sizeof *in->files);
		in->files[in->n_files++] = STR("-");
	}
}

/* Fills the job's plan from the text; it is the plan's. */
static int
parse(struct job *j, const struct source *src, struct err *err)
{
	plan_init(&j->plan);
	j->plan.source = *src;
	if (yaml_parse(&j->plan, &j->plan.source, err))
		return -1;
	settle_outputs(&j->plan);
	return 0;
}

static int
prepare(struct suite *s, struct job *j, struct err *err)
{
	struct options o = *s->options;

	o.spec = j->file;
	if (pipeline_params(&j->plan, &o, err) ||
	    spec_test_params(&j->plan, j->number, err) ||
	    spec_test_read(&j->plan, j->number, &j->test, err))
		return -1;
	clock_set(j->test.now);
	return plan_bind(&j->plan, err);
}

static bool
is_wanted(const struct suite *s, const struct spec_test *t)
{
	for (unsigned i = 0; i < s->n_names; i++)
		if (str_find(t->name, str_of(s->names[i]), 0) >= 0)
			return true;
	return !s->n_names;
}

static void
free_job(struct job *j)
{
	plan_release(&j->plan);
	mem_free(j);
}

/* Adds test i of the spec, if it is wanted; a mistake is shown and counted. */
static void
add_job(struct suite *s, const char *file, const struct source *src, unsigned i)
{
	struct job *j = mem_zalloc(sizeof *j);
	struct err err = {0};
	struct spec_test *t = &j->test;

	j->file = file;
	j->number = i;
	if (parse(j, src, &err))
		goto failed;
	/* A test with a mistake has a name, too. */
	spec_test_name(&j->plan, i, t);
	if (!is_wanted(s, t)) {
		free_job(j);
		return;
	}
	if (prepare(s, j, &err))
		goto failed;
	mem_grow(&s->jobs, &s->cap_jobs, s->n_jobs + 1, sizeof *s->jobs);
	s->jobs[s->n_jobs++] = j;
	return;
failed:
	err_print(stderr, &err, terminal_colour(s->options, STDERR_FILENO));
	err_release(&err);
	free_job(j);
	s->mistakes++;
}

static void
add_spec(struct suite *s, const char *file)
{
	struct job first = {.file = file};
	struct source src;
	struct err err = {0};

	if (pipeline_read(&s->arena, file, &src, &err)) {
		err_print(
		    stderr, &err, terminal_colour(s->options, STDERR_FILENO));
		s->mistakes++;
	} else if (parse(&first, &src, &err)) {
		err_print(
		    stderr, &err, terminal_colour(s->options, STDERR_FILENO));
		s->mistakes++;
		plan_release(&first.plan);
	} else {
		for (unsigned i = 0; i < spec_test_count(&first.plan); i++)
			add_job(s, file, &src, i);
		plan_release(&first.plan);
	}
	err_release(&err);
}

/* ---- running ---- */

/* The lines of JSON that came out, as values. */
static struct value *
rows_of(struct plan *p, struct str text, unsigned *n)
{
	struct value *rows;
	unsigned count = 0;

	for (size_t i = 0; i < text.n; i++)
		count += text.p[i] == '\n';
	rows = arena_array(&p->arena, count, sizeof *rows);
	*n = 0;
	while (text.n && *n < count) {
		size_t len = (size_t)str_find(text, STR("\n"), 0);
		struct str line = {text.p, len};

		rows[(*n)++] = pack_of_json(line, &p->arena);
		text = (struct str){text.p + len + 1, text.n - len - 1};
	}
	return rows;
}

static void
compare_rows(struct job *j, const struct spec_rows *expect,
    const struct buf *captured, struct buf *out)
{
	const struct plan_output *output = &j->plan.outputs[expect->output];
	struct row_diff d = {.want = expect->rows,
	    .at = expect->at,
	    .n_want = expect->n,
	    .flow = &output->result,
	    .unordered = j->test.unordered,
	    .arena = &j->plan.arena};
	struct buf text = {0};

	d.got = rows_of(&j->plan, buf_str(&captured[expect->output]), &d.n_got);
	if (!row_diff_same(&d, &text)) {
		if (output->name.n)
			buf_printf(
			    out, "# output %.*s:\n", STR_ARG(output->name));
		buf_adds(out, buf_str(&text));
	}
	buf_release(&text);
}

/* The first few records that could not be read, with line and reason. */
static void
show_bad(struct job *j, struct str rejected, struct buf *out)
{
	for (int shown = 0; shown < 3 && rejected.n; shown++) {
		size_t len = (size_t)str_find(rejected, STR("\n"), 0);
		struct value bad, line, reason;

		bad =
		    pack_of_json((struct str){rejected.p, len}, &j->plan.arena);
		rejected =
		    (struct str){rejected.p + len + 1, rejected.n - len - 1};
		if (bad.type != T_MAP ||
		    !pack_map_find(bad, STR("line"), &j->plan.arena, &line) ||
		    !pack_map_find(bad, STR("reason"), &j->plan.arena, &reason))
			continue;
		buf_lit(out, "#   line ");
		value_print(out, line);
		buf_lit(out, " of the input: ");
		value_print(out, reason);
		buf_addc(out, '\n');
	}
}

static void
compare_counts(struct job *j, const struct run_counts *c, struct str rejected,
    struct buf *out)
{
	const struct spec_test *t = &j->test;

	if (c->bad + c->bad_results != t->bad) {
		buf_printf(out, "# bad: expected %llu, got %llu\n",
		    (unsigned long long)t->bad,
		    (unsigned long long)(c->bad + c->bad_results));
		show_bad(j, rejected, out);
	}
	if (t->has_late && c->late != t->late)
		buf_printf(out, "# late: expected %llu, got %llu\n",
		    (unsigned long long)t->late, (unsigned long long)c->late);
}

/*
 * Killed behind every record and run again. What has come out by then is put
 * together, as it would be in a file.
 */
static int
run_crashing(struct job *j, struct run_options *run, struct run_counts *counts,
    struct err *err)
{
	struct buf *all = run->captured, *rejected = run->rejected;
	unsigned n = j->plan.n_outputs;
	struct state_run state = {.final = true, .crash = true};
	struct temporary t;
	int failed;

	if (temporary_make(&t, err))
		return -1;
	state.dir = t.store;
	run->state = &state;
	run->captured = mem_zalloc(n * sizeof *run->captured);
	do {
		struct buf part = {0};

		run->rejected = &part;
		clock_set(j->test.now);
		failed = run_plan(&j->plan, run, counts, err);
		for (unsigned i = 0; i < n; i++) {
			buf_adds(&all[i], buf_str(&run->captured[i]));
			buf_release(&run->captured[i]);
		}
		buf_adds(rejected, buf_str(&part));
		buf_release(&part);
	} while (!failed && counts->killed);
	mem_free(run->captured);
	temporary_remove(&t);
	return failed;
}

/* Runs it; what is wrong with the result is added to out. */
static void
run_job(struct job *j, struct run_counts *counts, struct buf *out)
{
	struct plan *p = &j->plan;
	struct buf *captured = mem_zalloc(p->n_outputs * sizeof *captured);
	struct buf rejected = {0};
	struct err err = {0};
	struct run_options run = {.threads = 1,
	    .bad_max = BAD_ANY,
	    .quiet = true,
	    .limits = limits_default,
	    .given = j->test.given,
	    .captured = captured,
	    .rejected = &rejected};
	int failed;

	clock_set(j->test.now);
	failed = j->test.crash ? run_crashing(j, &run, counts, &err)
			       : run_plan(p, &run, counts, &err);
	if (failed) {
		buf_printf(out, "# %s\n", err.message);
		if (err.hint)
			buf_printf(out, "# hint: %s\n", err.hint);
	} else {
		for (unsigned i = 0; i < j->test.n_expect; i++)
			compare_rows(j, &j->test.expect[i], captured, out);
		compare_counts(j, counts, buf_str(&rejected), out);
	}
	for (unsigned i = 0; i < p->n_outputs; i++)
		buf_release(&captured[i]);
	mem_free(captured);
	buf_release(&rejected);
	err_release(&err);
}

/* ---- the report ---- */

static void
put_title(const struct suite *s, const struct job *j, struct buf *out)
{
	char name[4 * 200 + 8];

	err_quote(name, j->test.name, 200);
	if (s->n_files > 1)
		buf_printf(out, "%s: ", j->file);
	if (j->test.name.n)
		buf_addz(out, name);
	else
		buf_printf(out, "test %u", j->number + 1);
}

static void
put_place(const struct job *j, struct buf *out)
{
	unsigned line, column;

	where_line(j->test.where, &line, &column);
	buf_printf(out, "# %s:%u:%u: the test\n", j->file, line, column);
}

static int
report(struct suite *s, unsigned number, struct job *j, struct err *err)
{
	struct buf wrong = {0}, line = {0};
	struct run_counts c;
	int failed;

	run_job(j, &c, &wrong);
	s->failed += wrong.n > 0;
	if (wrong.n || !s->options->quiet) {
		buf_printf(&line, "%sok %u - ", wrong.n ? "not " : "", number);
		put_title(s, j, &line);
		buf_addc(&line, '\n');
	}
	if (wrong.n)
		put_place(j, &line);
	buf_adds(&line, buf_str(&wrong));
	if (s->options->verbose)
		buf_printf(&line,
		    "# in %llu = used %llu + filtered %llu + late %llu + bad "
		    "%llu; out %llu\n",
		    (unsigned long long)c.in, (unsigned long long)c.used,
		    (unsigned long long)c.filtered, (unsigned long long)c.late,
		    (unsigned long long)c.bad, (unsigned long long)c.out);
	failed = terminal_write(&line, err);
	buf_release(&line);
	buf_release(&wrong);
	return failed;
}

static int
run_all(struct suite *s, struct err *err)
{
	struct buf head = {0};
	int failed = 0;

	if (!s->options->quiet)
		buf_printf(&head, "1..%zu\n", s->n_jobs);
	failed = terminal_write(&head, err);
	buf_release(&head);
	for (size_t i = 0; i < s->n_jobs && !failed; i++)
		failed = report(s, (unsigned)i + 1, s->jobs[i], err);
	if (failed || !s->failed)
		return failed;
	return err_set(err, ERR_FAILED, NOWHERE, "%u of %zu test%s failed",
	    s->failed, s->n_jobs, s->n_jobs == 1 ? "" : "s");
}

/* ---- the command ---- */

/* The first operand is a spec; others that are files or look like specs, too.
 */
static bool
is_spec(const struct options *o, unsigned i)
{
	struct str s = str_of(o->operands[i]);

	return !i || str_ends(s, STR(".yaml")) || str_ends(s, STR(".yml")) ||
	       access(s.p, F_OK) == 0;
}

static int
run_suite(struct suite *s, struct err *err)
{
	if (s->mistakes)
		return err_set(err, ERR_SPEC, NOWHERE,
		    "no test was run: %u mistake%s", s->mistakes,
		    s->mistakes == 1 ? "" : "s");
	if (!s->n_jobs && s->n_names)
		return err_set(err, ERR_USAGE, NOWHERE,
		    "no test has \"%s\" in its name", s->names[0]);
	return run_all(s, err);
}

static int
run_test(const struct options *o, struct err *err)
{
	struct suite s = {.options = o};
	int failed;

	if (!o->n_operands) {
		err_set(err, ERR_USAGE, NOWHERE, "which spec is to be tested?");
		return err_hint(err, "weir test SPEC...");
	}
	arena_init(&s.arena, 4096);
	s.names = mem_array(o->n_operands, sizeof *s.names);
	for (unsigned i = 0; i < o->n_operands; i++) {
		s.n_files += is_spec(o, i);
		if (!is_spec(o, i))
			s.names[s.n_names++] = o->operands[i];
	}
	for (unsigned i = 0; i < o->n_operands; i++)
		if (is_spec(o, i))
			add_spec(&s, o->operands[i]);
	failed = run_suite(&s, err);
	for (size_t i = 0; i < s.n_jobs; i++)
		free_job(s.jobs[i]);
	mem_free(s.jobs);
	mem_free(s.names);
	arena_release(&s.arena);
	return failed;
}

const struct command command_test = {
    .name = "test",
    .usage = "test [OPTIONS] SPEC... [NAME...]",
    .doc = "Run the tests of specs, or those with one of the words in their "
	   "name, and print the results as TAP. Status 1 if one fails.",
    .use = USE_TEST,
    .run = run_test,
};

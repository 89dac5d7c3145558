/* SPDX-License-Identifier: MIT */
/*
 * A run: what weir does when its first operand is no command. Makes the plan
 * and runs it with what the options say about the process around it.
 */
#include <stdio.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/pipeline.h"
#include "cli/state_dir.h"
#include "cli/terminal.h"
#include "front/front.h"
#include "plan/check.h"
#include "run/run.h"

/* A state's spec names so many files of an input, or none. */
#define SPEC_FILES_MOST 16

/* The plan as a spec, as SQL, or (EXPLAIN) as what `weir explain` says. */
static int
print_plan(const struct plan *p, const struct options *o, struct err *err)
{
	struct buf text = {0};
	int failed = 0;

	if (o->print_spec)
		yaml_print(p, &text);
	else if (o->sql)
		failed = sql_print(p, &text, err);
	else
		plan_explain(p, &text);
	if (!failed)
		failed = terminal_write(&text, err);
	buf_release(&text);
	return failed;
}

/* Someone who forgot the file would wait for ever without a word. */
static void
hint_at_terminal(const struct plan *p, const struct options *o)
{
	if (o->quiet || !isatty(STDIN_FILENO))
		return;
	for (unsigned i = 0; i < p->n_inputs; i++)
		for (unsigned k = 0;
		     p->inputs[i].used && k < p->inputs[i].n_files; k++)
			if (str_is(p->inputs[i].files[k], "-"))
				fputs("weir: reading from the terminal; end "
				      "with ^D\n",
				    stderr);
}

static void
print_notes(const struct plan *p)
{
	for (unsigned i = 0; i < p->n_notes; i++)
		fprintf(stderr, "weir: %.*s\n", STR_ARG(p->notes[i]));
}

static void
say(void *options, const struct err *warning)
{
	err_print_finding(stderr, warning, "warning",
	    terminal_colour(options, STDERR_FILENO));
}

static struct run_options
run_options_of(const struct options *o)
{
	struct run_options r = {.threads = o->jobs,
	    .reject = o->reject,
	    .bad_max = o->bad_max,
	    .quiet = o->quiet,
	    .verbose = o->verbose,
	    .follow = o->follow,
	    .line_buffered = o->line_buffered,
	    .trust = o->trust,
	    .nul_data = o->nul_data,
	    .limits = limits_default,
	    .inflate_max = o->inflate_max ? o->inflate_max : UNPACK_RATIO,
	    .stats = o->stats,
	    .memory = o->memory};

	r.colour = terminal_colour(o, STDOUT_FILENO);
	r.width = terminal_width();
	if (o->reject && !o->bad_max_given)
		r.bad_max = BAD_ANY;
	if (o->record_max)
		r.limits.record_max = (uint32_t)o->record_max;
	return r;
}

/*
 * The plan as a spec that says what the state means: without tests, and where
 * there are many files without their names, which differ from run to run.
 */
static struct str
spec_of(struct plan *p)
{
	struct plan bare = *p;
	struct buf text = {0};
	struct str spec;

	bare.tests = NULL;
	bare.inputs = arena_array(&p->arena, p->n_inputs, sizeof *bare.inputs);
	for (unsigned i = 0; i < p->n_inputs; i++) {
		bare.inputs[i] = p->inputs[i];
		if (bare.inputs[i].n_files > SPEC_FILES_MOST)
			bare.inputs[i].n_files = 0;
	}
	yaml_print(&bare, &text);
	spec = arena_str(&p->arena, buf_str(&text));
	buf_release(&text);
	return spec;
}

static int
run_query(const struct options *o, struct err *err)
{
	/* Static: an error points into its text until main has printed it. */
	static struct plan plan;
	struct run_options run;
	struct state_run state;
	struct run_counts counts = {0};

	plan_init(&plan);
	if (pipeline_make(&plan, o, err))
		return -1;
	if (o->print_spec || o->sql || plan.explain)
		return print_plan(&plan, o, err);
	if (o->verbose)
		print_notes(&plan);
	if (!o->quiet)
		plan_check_ttl(&plan, say, (void *)(uintptr_t)o);
	hint_at_terminal(&plan, o);
	run = run_options_of(o);
	if (plan.bad_any && !o->bad_max_given)
		run.bad_max = BAD_ANY;
	if (state_run_of(o, &plan.arena, &state, err))
		return -1;
	if (state.dir) {
		state.spec = spec_of(&plan);
		run.state = &state;
	}
	return run_plan(&plan, &run, &counts, err);
}

const struct command command_run = {
    .usage = "[OPTIONS] 'SQL' [NAME=]FILE...\n"
	     "[OPTIONS] -f SPEC [NAME=]FILE...",
    .doc = "Run a query or a spec over files or standard input.",
    .use = USE_RUN,
    .run = run_query,
};

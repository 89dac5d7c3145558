/* SPDX-License-Identifier: MIT */
/*
 * weir check: reads and binds specs and queries without running them. Mistakes
 * and what is hardly meant are shown at their places, in the form of a
 * compiler's messages.
 */
#include <stdio.h>
#include <unistd.h>

#include "cli/against.h"
#include "cli/command.h"
#include "cli/pipeline.h"
#include "cli/terminal.h"
#include "front/front.h"
#include "plan/check.h"

#define NOWHERE ((struct where){0})

struct check {
	const struct options *options;
	unsigned n_errors, n_warnings; /* of the one at hand */
	unsigned n_wrong, n_warned;    /* specs */
	unsigned n_refused;	       /* by the state: steps */
	unsigned n_timed;	       /* inputs with another event time */
	struct err unread;	       /* why there is no state to compare */
};

static void
show(struct check *c, const struct err *err, const char *kind)
{
	err_print_finding(
	    stderr, err, kind, terminal_colour(c->options, STDERR_FILENO));
}

static void
on_error(struct check *c, struct err *err)
{
	c->n_errors++;
	show(c, err, "error");
	err_release(err);
}

static void
on_format(void *arg, struct err *err)
{
	on_error(arg, err);
}

static void
on_warning(void *arg, const struct err *warning)
{
	struct check *c = arg;

	c->n_warnings++;
	if (c->options->strict || !c->options->quiet)
		show(c, warning, c->options->strict ? "error" : "warning");
}

/* What stands in tests is checked as far as it can be without running them. */
static void
check_tests(struct check *c, struct plan *p)
{
	for (unsigned i = 0; i < spec_test_count(p); i++) {
		struct spec_test test;
		struct err err = {0};

		if (spec_test_params(p, i, &err) ||
		    spec_test_read(p, i, &test, &err))
			on_error(c, &err);
	}
}

static bool
is_query(const char *text)
{
	return access(text, F_OK) && strpbrk(text, " \t\r\n") &&
	       sql_begins(str_of(text));
}

/* The first message stays. */
static void
keep_first(struct err *first, struct err *err)
{
	if (first->message)
		err_release(err);
	else
		*first = *err;
}

static void
check_one(struct check *c, const char **operand)
{
	struct options one = *c->options;
	struct err err = {0};
	struct plan plan;

	one.operands = operand;
	one.n_operands = is_query(*operand);
	one.spec = one.n_operands ? NULL : *operand;
	c->n_errors = c->n_warnings = 0;
	plan_init(&plan);
	if (pipeline_make(&plan, &one, &err)) {
		on_error(c, &err);
	} else {
		check_formats(&plan, on_format, c);
		plan_check(&plan, on_warning, c);
		check_tests(c, &plan);
		if (c->options->against &&
		    against_state(
			&plan, c->options, &c->n_refused, &c->n_timed, &err))
			keep_first(&c->unread, &err);
	}
	plan_release(&plan);
	c->n_wrong += c->n_errors > 0;
	c->n_warned += c->n_warnings > 0;
}

static int
refused(const struct check *c, struct err *err)
{
	if (c->n_timed) {
		err_set(err, ERR_STATE, NOWHERE,
		    "a run would refuse the state: it goes by another time");
		return err_hint(err,
		    "name another directory, or begin anew: weir state rm %s",
		    c->options->against);
	}
	err_set(err, ERR_STATE, NOWHERE,
	    "a run would refuse the state of %u step%s", c->n_refused,
	    c->n_refused == 1 ? "" : "s");
	return err_hint(err,
	    "--reset STEP begins a step anew, --drop-state gives up those "
	    "that are gone");
}

static int
result(const struct check *c, unsigned n, struct err *err)
{
	const char *files = n == 1 ? "file" : "files";

	if (c->n_wrong)
		return err_set(err, ERR_SPEC, NOWHERE,
		    "%u %s checked, %u with a mistake", n, files, c->n_wrong);
	/* No mistake of the spec's. */
	if (c->unread.message) {
		*err = c->unread;
		return -1;
	}
	if (c->n_refused || c->n_timed)
		return refused(c, err);
	if (c->n_warned && c->options->strict)
		return err_set(err, ERR_FAILED, NOWHERE,
		    "%u %s checked, %u with a warning", n, files, c->n_warned);
	if (!c->options->quiet && c->n_warned)
		fprintf(stderr, "weir: %u %s checked, %u with a warning\n", n,
		    files, c->n_warned);
	else if (!c->options->quiet)
		fprintf(stderr, "weir: %u %s checked\n", n, files);
	return 0;
}

static int
run_check(const struct options *o, struct err *err)
{
	struct check c = {.options = o};
	int failed;

	if (!o->n_operands) {
		err_set(err, ERR_USAGE, NOWHERE, "there is nothing to check");
		return err_hint(err, "weir check SPEC...");
	}
	for (unsigned i = 0; i < o->n_operands; i++)
		check_one(&c, &o->operands[i]);
	failed = result(&c, o->n_operands, err);
	if (c.n_wrong)
		err_release(&c.unread);
	return failed;
}

const struct command command_check = {
    .name = "check",
    .usage = "check [OPTIONS] SPEC|'SQL'...",
    .doc = "Look for mistakes in specs and queries without running them, and "
	   "warn of what is hardly meant.",
    .use = USE_CHECK,
    .run = run_check,
};

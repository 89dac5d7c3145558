/* SPDX-License-Identifier: MIT */
/*
 * weir check: reads and binds specs without running them. All files are
 * checked, and each mistake is shown at its place.
 */
#include <stdio.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/pipeline.h"
#include "cli/terminal.h"

#define NOWHERE ((struct where){0})

static int
check_file(const struct options *o, const char *file)
{
	struct options one = *o;
	struct err err = {0};
	struct plan plan;
	int failed;

	one.spec = file;
	one.n_operands = 0;
	plan_init(&plan);
	failed = pipeline_make(&plan, &one, &err);
	if (failed)
		err_print(stderr, &err, terminal_colour(o, STDERR_FILENO));
	err_release(&err);
	plan_release(&plan);
	return failed;
}

static int
run_check(const struct options *o, struct err *err)
{
	unsigned n = o->n_operands, n_wrong = 0;

	if (!n) {
		err_set(err, ERR_USAGE, NOWHERE, "there is nothing to check");
		return err_hint(err, "weir check SPEC...");
	}
	for (unsigned i = 0; i < n; i++)
		n_wrong += check_file(o, o->operands[i]) != 0;
	if (n_wrong)
		return err_set(err, ERR_SPEC, NOWHERE,
		    "%u %s checked, %u with a mistake", n,
		    n == 1 ? "file" : "files", n_wrong);
	if (!o->quiet)
		fprintf(stderr, "weir: %u %s checked\n", n,
		    n == 1 ? "file" : "files");
	return 0;
}

const struct command command_check = {
    .name = "check",
    .usage = "check [OPTIONS] SPEC...",
    .doc = "Look for mistakes in specs without running them.",
    .use = USE_CHECK,
    .run = run_check,
};

/* SPDX-License-Identifier: MIT */
/* weir fmt: a spec in its canonical form. */
#include "cli/command.h"
#include "cli/pipeline.h"
#include "cli/terminal.h"
#include "front/front.h"

#define NOWHERE ((struct where){0})

static int
run_fmt(const struct options *o, struct err *err)
{
	/* Static: an error points into its text until main has printed it. */
	static struct plan plan;
	struct buf text = {0};
	int failed;

	if (o->n_operands > 1)
		return err_set(
		    err, ERR_USAGE, NOWHERE, "`weir fmt` takes one spec");
	plan_init(&plan);
	if (pipeline_read(&plan.arena, o->n_operands ? o->operands[0] : "-",
		&plan.source, err) ||
	    yaml_parse(&plan, &plan.source, err))
		return -1;
	yaml_print(&plan, &text);
	failed = terminal_write(&text, err);
	buf_release(&text);
	return failed;
}

const struct command command_fmt = {
    .name = "fmt",
    .usage = "fmt [SPEC]",
    .doc = "Print a spec in its canonical form.",
    .use = USE_OTHER,
    .run = run_fmt,
};

/* SPDX-License-Identifier: MIT */
/*
 * weir explain: the plan of a query or spec, step by step, with columns, keys,
 * windows and state; then the same pipeline as a spec. Reads no input.
 */
#include <unistd.h>

#include "cli/command.h"
#include "cli/pipeline.h"
#include "cli/terminal.h"
#include "front/front.h"

/* `weir explain SPEC`, as for the other commands, needs no -f. */
static struct options
with_spec(const struct options *o)
{
	struct options mine = *o;
	struct str first = str_of(o->n_operands ? o->operands[0] : "");

	if (o->spec ||
	    (!str_ends(first, STR(".yaml")) && !str_ends(first, STR(".yml")) &&
		!str_ends(first, STR(".sql"))) ||
	    access(first.p, F_OK))
		return mine;
	mine.spec = mine.operands[0];
	mine.operands++;
	mine.n_operands--;
	return mine;
}

static int
run_explain(const struct options *o, struct err *err)
{
	/* Static: an error points into its text until main has printed it. */
	static struct plan plan;
	struct options mine = with_spec(o);
	struct buf text = {0};
	int failed;

	/* A printed pipeline says nothing of this run's files. */
	mine.print_spec = o->as_yaml || o->sql;
	plan_init(&plan);
	if (pipeline_make(&plan, &mine, err))
		return -1;
	if (o->sql && sql_print(&plan, &text, err)) {
		buf_release(&text);
		return -1;
	}
	if (!o->sql && !o->as_yaml)
		plan_explain(&plan, &text);
	if (!o->sql && !o->as_yaml && o->verbose)
		buf_addc(&text, '\n');
	if (!o->sql && (o->as_yaml || o->verbose))
		yaml_print(&plan, &text);
	failed = terminal_write(&text, err);
	buf_release(&text);
	return failed;
}

const struct command command_explain = {
    .name = "explain",
    .usage = "explain [OPTIONS] 'SQL' [NAME=]FILE...\n"
	     "explain [OPTIONS] SPEC [NAME=]FILE...",
    .doc = "Show the steps of a query or spec, with columns, keys, windows and "
	   "state; with `-v` also, with `--yaml` only as a spec, with `--sql` "
	   "as a query.",
    .use = USE_EXPLAIN,
    .run = run_explain,
};

/* SPDX-License-Identifier: MIT */
/* weir schema: the form of a spec as a JSON Schema. */
#include "cli/command.h"
#include "cli/terminal.h"
#include "front/front.h"

static int
run_schema(const struct options *o, struct err *err)
{
	struct buf text = {0};
	int failed;

	if (o->n_operands)
		return err_set(err, ERR_USAGE, (struct where){0},
		    "`weir schema` takes no operands");
	spec_schema(&text);
	failed = terminal_write(&text, err);
	buf_release(&text);
	return failed;
}

const struct command command_schema = {
    .name = "schema",
    .usage = "schema",
    .doc = "Print the form of a spec as a JSON Schema, for editors.",
    .use = USE_OTHER,
    .run = run_schema,
};

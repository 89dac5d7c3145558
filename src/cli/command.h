/* SPDX-License-Identifier: MIT */
/*
 * Commands: `weir NAME …`. A command is a row of its own file, named in
 * command_list.h. What is no command is a query: command_run.
 */
#ifndef WEIR_CLI_COMMAND_H
#define WEIR_CLI_COMMAND_H

#include "base/err.h"
#include "cli/options.h"

struct command {
	const char *name;
	const char *usage; /* behind "weir ", one form a line */
	const char *doc;
	enum option_use use;
	bool verbs; /* the first operand is one of state_verbs */
	/* 0, or -1 and *err: it ends with the code's exit status. */
	int (*run)(const struct options *o, struct err *err);
};

#define COMMAND(name) extern const struct command command_##name;
#include "cli/command_list.h"
#undef COMMAND
extern const struct command command_run;

/* Sorted by name, without command_run. */
extern const struct command *const commands[];
extern const unsigned n_commands;

/* NULL if there is none of this name. */
const struct command *command_find(struct str name);

#endif

/* SPDX-License-Identifier: MIT */
/* The table of commands; see command.h. */
#include "cli/command.h"

const struct command *const commands[] = {
#define COMMAND(name) &command_##name,
#include "cli/command_list.h"
#undef COMMAND
};

const unsigned n_commands = sizeof commands / sizeof *commands;

const struct command *
command_find(struct str name)
{
	for (unsigned i = 0; i < n_commands; i++)
		if (str_is(name, commands[i]->name))
			return commands[i];
	return NULL;
}

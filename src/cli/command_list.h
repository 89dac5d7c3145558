/* SPDX-License-Identifier: MIT */
/* The commands: one line each, sorted by name; see command.h. */
COMMAND(check)
COMMAND(completion)
COMMAND(explain)
COMMAND(fmt)
COMMAND(help)
COMMAND(schema)
COMMAND(state)
COMMAND(test)

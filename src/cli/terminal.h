/* SPDX-License-Identifier: MIT */
/*
 * What is known of terminals: are the standard streams on one, may colours be
 * used, how wide is it. And writing to standard output with every write
 * checked, so that a full disk is never taken for success.
 */
#ifndef WEIR_CLI_TERMINAL_H
#define WEIR_CLI_TERMINAL_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "cli/options.h"

/*
 * True if colours belong on a standard stream (1 or 2). The order: what the
 * option says, the configuration file (of a terminal only, so that it never
 * changes bytes in a pipe), CLICOLOR_FORCE, then auto: a terminal, TERM is
 * not "dumb" and NO_COLOR is empty or unset (no-color.org).
 */
bool terminal_colour(const struct options *o, int fd);

/* Columns of the terminal on standard output; 0 if it is none. */
unsigned terminal_width(void);

/* Writes all of it to standard output. -1: *err (ERR_OUTPUT). */
int terminal_write(const struct buf *text, struct err *err);

#endif

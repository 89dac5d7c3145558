/* SPDX-License-Identifier: MIT */
/* The journal of standard input in a state directory, checked and mended. */
#ifndef WEIR_CLI_STATE_SPOOL_H
#define WEIR_CLI_STATE_SPOOL_H

#include <stdbool.h>

#include "base/err.h"

/*
 * Says what is missing of it, as the last commit knows it; mend: makes up for
 * it (spool_check). The number of damages; -1 and *err. A directory that does
 * not open has none.
 */
int state_spool_check(const char *dir, bool mend,
    void (*say)(void *arg, const char *line), void *arg, struct err *err);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Signals while running. SIGINT, SIGTERM and SIGHUP ask to stop: reading ends
 * as if the input had, results so far are written, and the signal is raised
 * again with its default effect (a second one ends the program at once).
 * SIGUSR1 asks for the counts on standard error. SIGPIPE keeps its default: a
 * reader that goes away ends us silently.
 */
#ifndef WEIR_RUN_SIGNALS_H
#define WEIR_RUN_SIGNALS_H

#include <stdbool.h>

void signals_install(void);

/* The signal that asked to stop, or 0. */
int signals_stop(void);

/* True once after each SIGUSR1. */
bool signals_stats(void);

/* Ends the program by the signal that asked to stop, if there was one. */
void signals_raise(void);

/*
 * Nobody reads standard output any more: from now on that is an error of
 * write(), so that the run can end in order, and then dies as it would have.
 * An error, too, where the signal was ignored from the beginning.
 */
void signals_hold_pipe(void);
void signals_raise_pipe(void);

#endif

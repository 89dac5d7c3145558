/* SPDX-License-Identifier: MIT */
/* weir check --against: a plan beside the state that an earlier run has kept.
 */
#ifndef WEIR_CLI_AGAINST_H
#define WEIR_CLI_AGAINST_H

#include "cli/options.h"
#include "plan/plan.h"

/*
 * Prints what a run of the bound plan would do with the state, step by step.
 * *n_refused: steps that would be refused, or that are gone, are added.
 * *n_timed: so are inputs with another event time. -1 and *err if the state
 * cannot be read.
 */
int against_state(const struct plan *p, const struct options *o,
    unsigned *n_refused, unsigned *n_timed, struct err *err);

#endif

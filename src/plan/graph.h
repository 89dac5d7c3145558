/* SPDX-License-Identifier: MIT */
/* The graph of a plan, before its steps are bound; see graph.c. */
#ifndef WEIR_PLAN_GRAPH_H
#define WEIR_PLAN_GRAPH_H

#include "plan/plan.h"

/*
 * Puts steps into their order, and finds who reads what, which inputs are
 * used and which are read first. Fails if a step reads too few or too many
 * flows.
 */
int graph_settle(struct plan *p, struct err *err);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The pipeline that a state belongs to: bound again from the spec that is kept
 * with it, so that its steps can say what their entries mean.
 */
#ifndef WEIR_CLI_STATE_PLAN_H
#define WEIR_CLI_STATE_PLAN_H

#include "plan/plan.h"
#include "state/state.h"

struct state_plan {
	struct plan *plan;
	struct source source;
	struct state *state;
	struct op_show *shows; /* by step; op NULL: nothing is known of it */
};

/*
 * Of a store that is only looked at. -1 and *err if there is no spec, or it
 * cannot be bound: then nothing is known of any step.
 */
int state_plan_open(struct state_plan *p, struct store *store, struct err *err);
void state_plan_close(struct state_plan *p);

/* The step of that name, or NULL. */
struct op_show *state_plan_step(struct state_plan *p, struct str name);

#endif

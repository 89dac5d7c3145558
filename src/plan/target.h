/* SPDX-License-Identifier: MIT */
/* Where an output's rows go: its file's name, read and bound. */
#ifndef WEIR_PLAN_TARGET_H
#define WEIR_PLAN_TARGET_H

#include "plan/plan.h"

/* Takes the name of the file apart; -1 and *err if it cannot be one. */
int target_read(struct plan *p, struct plan_output *out, struct err *err);

/*
 * Finds the columns its parts stand for among those of out->result, before
 * these are settled. -1 and *err if there is no such column.
 */
int target_bind(struct plan_output *out, struct arena *a, struct err *err);

#endif

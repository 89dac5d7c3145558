/* SPDX-License-Identifier: MIT */
/*
 * Inputs that another run called otherwise: a table of a query that has become
 * an input of a spec, or one that was renamed. What was read does not depend on
 * that, so an input that nobody has heard of takes over what is noted of its
 * files under a name that is gone.
 */
#ifndef WEIR_RUN_RENAMED_H
#define WEIR_RUN_RENAMED_H

#include "plan/plan.h"
#include "run/files.h"
#include "run/trail.h"

/* names: of all inputs, those of input i up to ends[i]. */
void renamed_adopt(struct trails *t, const struct plan *p,
    const struct files *names, const size_t *ends);

#endif

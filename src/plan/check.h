/* SPDX-License-Identifier: MIT */
/*
 * What is allowed in a plan, but hardly meant: steps without effect, names
 * nobody reads, state without bound.
 */
#ifndef WEIR_PLAN_CHECK_H
#define WEIR_PLAN_CHECK_H

#include "plan/plan.h"

/* Kinds of warnings, for the manual; sorted by name. */
struct check_kind {
	const char *name;
	const char *doc;
};
extern const struct check_kind check_kinds[];
extern const unsigned n_check_kinds;

/*
 * Calls found for each warning, in the order of their places. The warning is
 * the caller's for that long only. The plan is bound.
 */
void plan_check(const struct plan *p,
    void (*found)(void *arg, const struct err *warning), void *arg);

/* The same for what is to be said of a run, too: a --ttl that does not act. */
void plan_check_ttl(const struct plan *p,
    void (*found)(void *arg, const struct err *warning), void *arg);

#endif

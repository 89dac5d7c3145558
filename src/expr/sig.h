/* SPDX-License-Identifier: MIT */
/*
 * Signatures of functions and aggregates, read from their rows: "text, bigint,
 * bigint = 0 -> text". See fn.h for the words. A signature that cannot be read
 * is our bug.
 */
#ifndef WEIR_EXPR_SIG_H
#define WEIR_EXPR_SIG_H

#include "expr/code.h"

#define SIG_PARAMS_MAX 8

struct sig {
	struct sig_param {
		struct sig_type type;
		bool optional;
		struct value value; /* of an optional one left out */
	} params[SIG_PARAMS_MAX];
	unsigned n;
	unsigned least; /* arguments that must be there */
	bool repeats;	/* the last parameter takes any number */
	bool same;	/* the result is of the arguments' common type */
	struct sig_type result;
};

void sig_read(const char *text, struct arena *arena, struct sig *out);

/* The parameter of argument i. */
static inline const struct sig_param *
sig_param(const struct sig *s, unsigned i)
{
	return &s->params[i < s->n ? i : s->n - 1];
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Scalar functions. A function is a row at the foot of an fn_<family>.c file:
 * its name, signature, documentation, an example with its result (which is
 * run as a test), how Flink spells it, and its code, either value by value
 * (`row`) or column by column (`columns`, where speed matters).
 */
#ifndef WEIR_EXPR_FN_H
#define WEIR_EXPR_FN_H

#include "expr/expr.h"

enum fn_flag {
	FN_NULLS = 1,	 /* is called with NULLs; else NULL in, NULL out */
	FN_VOLATILE = 2, /* not folded: now() */
	/* In UTC, of a date and without a unit or with one of days or more:
	 * midnight again, so the result is a date. */
	FN_DATES = 4
};

/* What a function gets besides its arguments. */
struct fn_frame {
	struct eval *eval;
	unsigned row;	      /* of the batch, for fn_fail */
	const void *prepared; /* what prepare made of constant arguments */
	const struct batch *batch;
};

struct fn {
	const char *name;
	const char *aliases; /* "substr mid", or "" */
	/* text, math, time, logic, list, json, net, hash */
	const char *family;
	/*
	 * "text, bigint, bigint = 0 -> text"; types: any bool bigint float
	 * number text bytes time date duration list map; "..." repeats the
	 * last;
	 * "= x" makes it optional with that default; "any -> same".
	 */
	const char *signature;
	const char *doc;
	const char *example; /* "upper('Straße')" */
	const char *result;  /* as value_print gives it: "STRASSE" */
	const char *flink;   /* the name there, or NULL if it has none */
	unsigned flags;

	/*
	 * Called once when binding, with the values of the constant arguments
	 * (args[i].type T_ANY where not constant): compiles a pattern, loads a
	 * zone … into the arena. -1: *err says why.
	 */
	int (*prepare)(const struct value *args, const struct where *at,
	    unsigned n, struct arena *arena, const void **prepared,
	    struct err *err);

	/* One row; args are converted to the signature's types. */
	void (*row)(struct fn_frame *f, const struct value *args, unsigned n,
	    struct value *out);

	/* Or all rows sel[0..n_sel) at once, NULLs included. */
	void (*columns)(struct fn_frame *f, const struct column *args,
	    unsigned n, const uint16_t *sel, unsigned n_sel,
	    struct column *out);
};

/* Marks the frame's row bad and gives NULL. */
void fn_fail(struct fn_frame *f, const char *reason);

/* By name or alias, lower case; NULL if there is none. */
const struct fn *fn_find(struct str name);

/* All rows, sorted by name. */
const struct fn *const *fn_all(unsigned *n);

#endif

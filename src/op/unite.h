/* SPDX-License-Identifier: MIT */
/*
 * The columns of several flows as those of one: what union and setop share.
 */
#ifndef WEIR_OP_UNITE_H
#define WEIR_OP_UNITE_H

#include "op/op.h"
#include "op/record.h"

/* The config of such a step begins with it. */
struct unite {
	struct record_spec **built; /* by port: how records are made anew */
	enum type *types;	    /* by want: numbers are widened to it */
};

/* Sets op->config and op->out; b->own becomes the results' scan. */
int unite_bind(
    struct op *op, const struct bind *b, struct unite *u, bool by_name);

/* Columns of the results (of their segment) for a batch of some port. */
struct column *unite_columns(
    const struct op *op, struct eval *ev, struct batch *b);

#endif

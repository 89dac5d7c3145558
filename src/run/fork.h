/* SPDX-License-Identifier: MIT */
/*
 * Branches behind a fork: what each reader of an edge makes of a batch, and
 * serving them in order.
 */
#ifndef WEIR_RUN_FORK_H
#define WEIR_RUN_FORK_H

#include "run/pipe.h"

struct fork {
	struct leaf *leaves; /* in the batch's arena */
	unsigned n_leaves;
	struct bad_row *bad; /* of all branches, by row; mem_free */
	size_t n_bad;
};

/*
 * Runs everything without state behind an edge over a batch, which itself
 * stays as it is: the leaves in the order in which each record gets to them.
 */
void fork_run(
    struct pipe *p, struct edge e, const struct batch *b, struct fork *out);

/*
 * Applies rows [from, to) to the leaves. meet: row by row, each to all leaves;
 * else leaf by leaf. apply does it for one leaf.
 */
void fork_serve(struct pipe *p, struct leaf *leaves, unsigned n, unsigned from,
    unsigned to, bool meet,
    void (*apply)(
	struct pipe *p, struct leaf *leaf, unsigned from, unsigned to));

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The ways through a plan's graph, found once before a run.
 *
 * A leaf of an edge is what a batch gets to by steps without state alone: a
 * port of a step with state, or an output. Two leaves meet if something behind
 * the one is also behind the other; then what comes out there depends on the
 * order in which they are served, which is that of one record after another.
 */
#ifndef WEIR_RUN_ROUTE_H
#define WEIR_RUN_ROUTE_H

#include "plan/plan.h"

/* Where the watermark of a step with state comes from, and where it goes. */
struct route_step {
	bool first;	   /* inputs themselves are among its origins */
	unsigned *origins; /* steps with state right before it */
	unsigned n_origins;
	unsigned *targets; /* and right behind it, in order */
	unsigned n_targets;
	unsigned rank; /* greatest of the inputs before it */
	bool forks;    /* its rows have several readers, or none */
	bool meet;     /* leaves of its rows meet */
	bool branch;   /* it stands behind a fork of the records */
};

struct route_input {
	bool forks;
	bool meet;  /* its leaves meet: record after record */
	bool marks; /* the watermark must stop at each record that moves it */
};

struct routes {
	const struct plan *plan;
	struct arena arena;
	struct route_step *steps;   /* by step; of those with state */
	struct route_input *inputs; /* by the plan's input */
	unsigned *ranks;	    /* by step, of those without state, too */
};

void routes_init(struct routes *r, const struct plan *plan);
void routes_release(struct routes *r);

/* Rank of the rows of an edge. */
unsigned route_rank(const struct routes *r, struct edge e);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The owner's side of a run: steps with state and everything behind them, what
 * stands behind forks, and the results' ways out. All calls come from one
 * thread, in input order.
 *
 * Order. What comes out is what would come out if every record went through
 * the graph alone: at a fork to the readers in their order, each to the end of
 * its way, and a watermark that it moves fires the steps in their order before
 * the next record. Batches are only cut where that can be seen (route.h): a
 * plan without ways that meet is run batch by batch.
 */
#ifndef WEIR_RUN_PIPE_H
#define WEIR_RUN_PIPE_H

#include "run/lane.h"
#include "run/reject.h"
#include "run/route.h"
#include "run/run.h"
#include "run/sink.h"

/* What a batch gets to behind a fork: an output or a port of a step. */
struct leaf {
	const struct op *op; /* NULL: the output */
	unsigned output;
	struct batch batch; /* a view: columns shared, own selection */
	void *state;	    /* what the step's prepare returned */
};

struct pipe {
	const struct plan *plan;
	const struct lane_plan *lanes;
	struct routes routes;
	struct op_run **runs; /* by step number; NULL for stateless ones */
	int64_t *watermarks;  /* of stateful steps, by number */
	int64_t *forwarded;   /* what they have handed on */
	bool **ended;	      /* by step and port */
	bool *dead;	      /* by step: no further row matters */
	unsigned rank;	      /* of the inputs that are being read */
	int64_t now;	      /* their watermark */
	struct eval *eval;
	struct sink *sinks;   /* by output */
	struct output *late;  /* late rows go here, or NULL */
	char late_end;	      /* what ends them */
	struct input *inputs; /* by batch.input, for bad records */
	struct rejects *rejects;
	struct run_counts *counts;
	struct step_count *steps; /* by number: rows, of steps run here */
	bool *input_done; /* by the plan's input: nobody waits for more */
	struct err *err;  /* of the run */
	bool failed;	  /* a step could not answer; *err is set */
	bool done;	  /* no further input can matter */
};

/* Rows that a step got and gave, as far as the owner has run it. */
struct step_count {
	uint64_t in, out;
};

/* A step needs no more rows, and so do those that work for it alone. */
void pipe_set_dead(struct pipe *p, unsigned step);

/* The caller has set lanes, sinks, late, inputs, rejects and counts. */
void pipe_init(struct pipe *p, const struct plan *plan);
void pipe_release(struct pipe *p);

/*
 * Runs the branches behind a fork over a batch that has come; their bad rows
 * are added to the batch's.
 */
void pipe_arrive(struct pipe *p, unsigned input, struct prepared *b);

/*
 * Rows [from, to) of a prepared batch of the plan's input; w NULL: no event
 * time.
 */
void pipe_apply(struct pipe *p, unsigned input, struct prepared *b,
    unsigned from, unsigned to, struct watermark *w);

/* The watermark of the inputs being read rose to w. */
void pipe_advance(struct pipe *p, int64_t w);

/* All inputs of the rank, and of lower ones, have ended. */
void pipe_end(struct pipe *p, unsigned rank);

/* The run is about to wait: what the encoders hold back is written. */
void pipe_flush(struct pipe *p);

/* Closing bytes of the outputs. */
void pipe_finish(struct pipe *p);

/* Sums of the steps' counters. */
void pipe_counts(const struct pipe *p, struct op_counts *out);

#endif

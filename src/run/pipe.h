/* SPDX-License-Identifier: MIT */
/*
 * The owner's side of a run: stateful steps and everything behind them, and
 * the result's way out. All calls come from one thread, in input order.
 */
#ifndef WEIR_RUN_PIPE_H
#define WEIR_RUN_PIPE_H

#include "run/lane.h"
#include "run/output.h"
#include "run/reject.h"
#include "run/run.h"

struct pipe {
	const struct plan *plan;
	struct op_run **runs; /* by step number; NULL for stateless ones */
	int64_t *watermarks;  /* of stateful steps, by number */
	struct eval *eval;
	struct encoder *encoder;
	bool begun; /* the encoder has begun */
	struct output *out;
	struct output *late; /* late rows go here, or NULL */
	char late_end;	     /* what ends them */
	struct rejects *rejects;
	struct run_counts *counts;
	bool done; /* no further input can matter */
};

void pipe_init(struct pipe *p, const struct plan *plan, struct encoder *encoder,
    struct output *out, struct output *late, struct rejects *rejects,
    struct run_counts *counts);
void pipe_release(struct pipe *p);

/* Rows [from, to) of a prepared batch; w NULL: no event time. */
void pipe_apply(struct pipe *p, struct prepared *batch, unsigned from,
    unsigned to, struct watermark *w);

/* The watermark rose to w (WHEN_MAX: the end of all input). */
void pipe_advance(struct pipe *p, int64_t w);

/* The run is about to wait: what the encoder holds back is written. */
void pipe_flush(struct pipe *p);

/* Closing bytes of the output. */
void pipe_finish(struct pipe *p);

/* Sums of the steps' counters. */
void pipe_counts(const struct pipe *p, struct op_counts *out);

#endif

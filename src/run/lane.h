/* SPDX-License-Identifier: MIT */
/*
 * A lane is what one thread needs to turn blocks into prepared batches:
 * decoders, evaluation state. Everything a lane does depends on the block
 * alone, so any lane may do it; the order is restored by the owner.
 *
 * For every input a lane runs the steps of its path: those without state, up
 * to a fork, an output, or a step with state, for which it prepares the batch.
 */
#ifndef WEIR_RUN_LANE_H
#define WEIR_RUN_LANE_H

#include "run/input.h"

/* What lanes do with the batches of an input. */
struct lane_path {
	unsigned n_cols; /* of a batch, computed ones included */
	struct lane_step {
		const struct op *op;
		unsigned port;
	} * steps;
	unsigned n_steps;
	/* How it ends: with a step with state, an output, or (none) a fork. */
	struct lane_step stateful;
	const struct plan_output *output;
	struct encoder *encoder; /* of the output: lanes encode, too; or NULL */
	struct edge end;	 /* what that reads */
};

/* What every lane is told; read-only while running. */
struct lane_plan {
	const struct plan *plan;
	struct lane_path *paths; /* by number of the plan's input */
};

/* The paths of all inputs that are used; encoders are for the caller. */
void lane_plan_init(struct lane_plan *l, const struct plan *plan);
void lane_plan_release(struct lane_plan *l);

struct lane {
	const struct lane_plan *plan;
	struct eval *eval;
	struct decoder **decoders; /* by input */
	unsigned n_decoders;
};

/* A batch that is ready to be applied. */
struct prepared {
	struct batch *batch;
	const struct column *read; /* columns of the record's fields */
	void *state;	     /* what the stateful step's prepare returned */
	size_t n_bad_read;   /* bad rows that did not decode (the others failed
				in an expression and are among n_rows) */
	struct buf encoded;  /* result bytes, when the lane encodes */
	uint64_t n_out;	     /* result rows in it */
	struct leaf *leaves; /* behind a fork: see pipe.h; NULL = not yet */
	unsigned n_leaves;
	/* Behind it: what a batch that follows begins with (struct place). */
	uint64_t end, end_context, end_line;
	bool end_skipping;
};

void prepared_init(struct prepared *p);
void prepared_release(struct prepared *p);

/* Forgets what is in it. */
void prepared_reset(struct prepared *p);

void lane_init(struct lane *l, const struct lane_plan *plan, unsigned n_inputs);
void lane_release(struct lane *l);
void lane_forget(struct lane *l, const struct input *in);

/*
 * Decodes from the block at [from, to) into p and runs the stateless steps.
 * Returns the bytes used; 0 when there is no whole record.
 */
size_t lane_batch(struct lane *l, const struct input *in, const struct block *b,
    struct prepared *p);

/*
 * Runs the path's steps over a batch that has been filled, and prepares it for
 * the step with state or encodes it.
 */
void lane_steps(
    struct lane *l, const struct lane_path *path, struct prepared *p);

/* The output's columns, in order, as they are to be written: a view of the
 * batch. */
void result_view(
    const struct plan_output *out, const struct batch *b, struct batch *view);

#endif

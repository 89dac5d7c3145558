/* SPDX-License-Identifier: MIT */
/*
 * A lane is what one thread needs to turn blocks into prepared batches:
 * decoders, evaluation state. Everything a lane does depends on the block
 * alone, so any lane may do it; the order is restored by the owner.
 */
#ifndef WEIR_RUN_LANE_H
#define WEIR_RUN_LANE_H

#include "run/input.h"

/* What every lane is told; read-only while running. */
struct lane_plan {
	const struct plan *plan;
	unsigned n_cols;	   /* of the first segment */
	const struct op *stateful; /* the first stateful step, or NULL */
	struct encoder *encoder;   /* set: lanes encode the result, too */
	unsigned batch_rows;	   /* most rows of a batch (for tests) */
};

struct lane {
	const struct lane_plan *plan;
	struct eval *eval;
	struct decoder **decoders; /* by input */
	unsigned n_decoders;
};

/* A batch that is ready to be applied. */
struct prepared {
	struct batch *batch;
	void *state;	    /* what the stateful step's prepare returned */
	size_t n_bad_read;  /* bad rows that did not decode (the others failed
			       in an expression and are among n_rows) */
	struct buf encoded; /* result bytes, when the lane encodes */
	uint64_t n_out;	    /* result rows in it */
};

void prepared_init(struct prepared *p);
void prepared_release(struct prepared *p);

void lane_init(struct lane *l, const struct lane_plan *plan, unsigned n_inputs);
void lane_release(struct lane *l);
void lane_forget(struct lane *l, const struct input *in);

/*
 * Decodes from the block at [from, to) into p and runs the stateless steps.
 * Returns the bytes used; 0 when there is no whole record.
 */
size_t lane_batch(struct lane *l, const struct input *in, const struct block *b,
    struct prepared *p);

/* Number of the first step with state; n_ops if there is none. */
unsigned first_stateful(const struct plan *plan);

/* The columns of the plan's result, in order, as a view of the batch. */
void result_view(
    const struct flow *f, const struct batch *b, struct batch *view);

#endif

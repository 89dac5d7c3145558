/* SPDX-License-Identifier: MIT */
/*
 * Rows that have to wait until it is known what becomes of them, in their
 * order, and the watermarks that came between them: all of it as bytes.
 *
 * Where state is kept the bytes go into it chunk by chunk, and are no longer in
 * memory then; reading goes through the chunks, and then what has come since.
 */
#ifndef WEIR_OP_HELD_H
#define WEIR_OP_HELD_H

#include "op/op.h"

struct held {
	unsigned *cols; /* of the segment: what later steps read */
	unsigned n_cols;
	unsigned n_more; /* values kept besides, such as keys */
	bool timed;	 /* rows have event time */
	struct buf bytes;
	uint64_t n_rows;

	struct state_step *state; /* NULL: all is in bytes */
	uint64_t n_chunks;
	struct buf chunk; /* the one that is being read */
	uint64_t reading; /* its number + 1; n_chunks + 1: bytes are read */
	size_t at;	  /* in what is being read */
};

/* Keeps what steps behind op read of the rows of its first port. */
void held_init(struct held *h, const struct op *op, unsigned n_more);
/* Keeps the columns of a flow. */
void held_init_flow(struct held *h, const struct flow *f);
void held_release(struct held *h);

/* Adds a row of a batch, and its values in n_more other columns. */
void held_row(struct held *h, const struct batch *b, const struct column *more,
    unsigned row);

/* Adds a watermark. */
void held_mark(struct held *h, int64_t w);

/*
 * Reads what is next: up to a batch of rows (b has n_cols columns; true with
 * n_rows > 0), or a watermark (true with n_rows 0, and *mark). False at the
 * end; then all is forgotten.
 */
bool held_next(struct held *h, unsigned n_cols, struct batch *b,
    struct column *more, int64_t *mark);

/* ---- state ---- */

/* From now on what is held is in the step's state. 0, or -1 and *err. */
int held_keep(struct held *h, struct state_step *s, struct err *err);

/* Puts what has come since. */
void held_save(struct held *h);

#endif

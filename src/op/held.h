/* SPDX-License-Identifier: MIT */
/*
 * Rows that have to wait until it is known what becomes of them, in their
 * order, and the watermarks that came between them: all of it as bytes.
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
 * Takes out what is next behind *at (0 at first): up to a batch of rows (b has
 * n_cols columns; true with n_rows > 0), or a watermark (true with n_rows 0,
 * and *mark). False at the end.
 */
bool held_next(struct held *h, size_t *at, unsigned n_cols, struct batch *b,
    struct column *more, int64_t *mark);

#endif

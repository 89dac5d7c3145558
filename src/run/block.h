/* SPDX-License-Identifier: MIT */
/* From blocks of bytes to prepared batches, with records of any length. */
#ifndef WEIR_RUN_BLOCK_H
#define WEIR_RUN_BLOCK_H

#include "run/lane.h"

enum block_status {
	BLOCK_BATCH, /* p holds rows or bad rows */
	BLOCK_MORE,  /* more bytes are needed (or it is the end) */
};

/*
 * Decodes the next batch of a block. A record over the limit becomes one bad
 * row and b->skipping is set: what follows up to the next record is dropped
 * by block_skip.
 */
enum block_status block_next(
    struct lane *l, struct input *in, struct block *b, struct prepared *p);

/* While b->skipping: drops bytes up to the next record, if it is there. */
void block_skip(const struct input *in, struct block *b);

/* Is there anything left to decode? */
bool block_open(const struct input *in, const struct block *b);

/* For tests; see feed.h. */
extern unsigned block_rows_max;

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Times in another layout: columns about to be written whose TIME values, also
 * those inside of lists and maps, become text or numbers. Dates stay as they
 * are, and become text where a format has no type for them.
 */
#ifndef WEIR_DATA_TIMES_H
#define WEIR_DATA_TIMES_H

#include "base/when.h"
#include "data/batch.h"

/*
 * Replaces the columns of a batch that hold times in its selected rows (other
 * columns are left alone; those replaced are new ones in the batch's arena, so
 * that b->cols must be the caller's own array).
 */
void times_columns(struct batch *b, const struct when_layout *layout);

/* Packs a value as pack_put does, its dates, inside of lists and maps too, as
 * text: msgpack has no type for them. */
void dates_pack(struct buf *out, struct value v);

#endif

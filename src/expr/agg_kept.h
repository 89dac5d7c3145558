/* SPDX-License-Identifier: MIT */
/*
 * Rows kept one by one, for an aggregate that could not do otherwise: what it
 * has forgotten cannot be taken back (min, first, listagg … of rows that may
 * be retracted), or it wants its rows in another order (ORDER BY inside the
 * call). The accumulator is then a pointer to the rows in order, and the
 * result is read at one end or rank of them, or made by adding them all to a
 * fresh accumulator. So it is what it would be had the rows that were taken
 * back never come.
 *
 * A row that is taken back is the one of equal values and equal time, or else
 * the first to arrive of equal values. One that has not come yet is owed: it
 * is dropped when it comes.
 */
#ifndef WEIR_EXPR_AGG_KEPT_H
#define WEIR_EXPR_AGG_KEPT_H

#include "expr/agg_part.h"

/* True if the rows of a call are kept. */
static inline bool
agg_keeps_rows(const struct agg_call *call)
{
	return call->n_order || (call->retract && !call->agg->retracts);
}

/* Bytes of the accumulator. */
unsigned kept_size(void);

void kept_add(const struct agg_call *call, struct arena *heap,
    const struct agg_rows *rows);
void kept_merge(const struct agg_call *call, struct arena *heap, void *into,
    const void *from);
struct value kept_value(
    const struct agg_call *call, const void *acc, struct arena *out);
void kept_save(const struct agg_call *call, const void *acc, struct buf *out);
bool kept_load(const struct agg_call *call, struct arena *heap, void *acc,
    struct str bytes);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Rows kept instead of added. The last bits of a sum of floats depend on the
 * order of its terms: accumulators of rows that were added apart cannot be
 * merged to what one would have been. So what is begun apart from rows that
 * came before (a piece, state/table.h) keeps the arguments of its rows, one
 * behind another, until the accumulator before them is there; then they are
 * added to it in their order.
 *
 * Such a log has the place of the accumulator, zeros at first: up to a few
 * rows in it, more of them in the heap. Any aggregate whose result is that of
 * its rows' arguments in order can have one; it knows nothing of it.
 */
#ifndef WEIR_EXPR_AGG_LOG_H
#define WEIR_EXPR_AGG_LOG_H

#include "expr/agg.h"

/* True if pieces of the call's accumulators are logs. */
static inline bool
agg_logs(const struct agg_call *call)
{
	return agg_parts(call) == AGG_PARTS_ROWS;
}

/* As agg_add, of cells that have logs. */
void agg_log_add(const struct agg_call *call, struct arena *heap,
    const struct agg_rows *rows, const struct column *filter);

/* True if it is so long that the accumulator should be got. */
bool agg_log_is_long(const void *log);

/* Appends a log of rows that came after those of into, which is one, too. */
void agg_log_join(const struct agg_call *call, struct arena *heap, void *into,
    const void *from);

/* Adds its rows to an accumulator, or, agg_log_end, to nothing in its place. */
void agg_log_replay(const struct agg_call *call, struct arena *heap, void *acc,
    const void *log);
void agg_log_end(const struct agg_call *call, struct arena *heap, void *log);

/* As bytes, and back: load is false for what is no log. */
void agg_log_save(const void *log, struct buf *out);
bool agg_log_load(const struct agg_call *call, struct arena *heap, void *log,
    struct str bytes);

/* Are those saved bytes a log's? agg_load takes both. */
bool agg_log_is(struct str bytes);

/* Adds the rows of what agg_log_save wrote to an accumulator. */
bool agg_log_add_saved(const struct agg_call *call, struct arena *heap,
    void *acc, struct str bytes);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Values of count(DISTINCT …) that are elsewhere. What the accumulator of such
 * a call has seen may be given to somebody who keeps each value by itself (an
 * entry of the state): then the accumulator has those alone that have come
 * since, and what it has counted is all of them, or not known.
 */
#ifndef WEIR_EXPR_AGG_FAR_H
#define WEIR_EXPR_AGG_FAR_H

#include "expr/agg.h"

enum agg_far {
	AGG_NEAR,	 /* all values are in the accumulator */
	AGG_FAR_COUNTED, /* of the others is known how many more there are */
	AGG_FAR_SOME	 /* … it is not: the result is NULL */
};

/* Can values of the call be elsewhere? It has this and no more then. */
bool agg_goes_far(const struct agg_call *call);

/* acc: the cell's bytes plus the call's offset. */
enum agg_far agg_far(const struct agg_call *call, const void *acc);

/* How many values the accumulator itself has; is this one of them? */
uint64_t agg_near(const struct agg_call *call, const void *acc);
bool agg_near_has(const struct agg_call *call, const void *acc, struct str key);

/*
 * Gives the values away, as keys (data/key.h), one by one in order of arrival;
 * those that `put` does not take (false) stay. What has been counted is still
 * true then, if `counted` and it was before.
 */
void agg_give_away(const struct agg_call *call, struct arena *heap, void *acc,
    bool counted, bool (*put)(void *arg, struct str key), void *arg);

/* One of the others comes back: once all have, all values are near. */
void agg_take_back(
    const struct agg_call *call, struct arena *heap, void *acc, struct str key);

/* Rows are about to be added by agg_add, which knows its own values alone. */
void agg_far_adds(const struct agg_call *call, void *acc);

/* There are so many values, wherever they are. */
void agg_counted(const struct agg_call *call, void *acc, int64_t n);
int64_t agg_count_of(const struct agg_call *call, const void *acc);

/* Appends the values of the k-th row; false: it does not count. */
bool agg_far_key(const struct agg_call *call, const struct agg_rows *rows,
    unsigned k, const struct column *filter, struct buf *out);

/* ---- for agg.c: acc as above, set: where its set is ---- */

void agg_far_merge(const struct agg_call *call, void *into, const void *from);
void agg_far_save(
    const struct agg_call *call, const void *acc, struct buf *out);

/* Of bytes that agg_far_save wrote: what follows is the set. */
bool agg_far_is(struct str bytes);
bool agg_far_load(
    const struct agg_call *call, void *acc, struct str *bytes, int64_t *count);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The best rows of each key as they change: what the steps top and dedup do
 * where every change of their result is wanted. Dedup is the best row of a key,
 * by an order that may run backwards.
 */
#ifndef WEIR_OP_TOP_LIVE_H
#define WEIR_OP_TOP_LIVE_H

#include "op/ranked.h"
#include "op/ttl.h"

/* Part of the step's config; the step sets all but what top_live_bind says. */
struct top_live {
	struct ranked_rule rule;
	struct expr **keys;
	unsigned n_keys;
	struct expr **exprs; /* what rows are ordered by; NULL: event time */
	bool last;	     /* the last row is the best, of equal ones, too */
	uint64_t from;	     /* the first rank that is given */
	unsigned rank_col;   /* COL_RECORD: the rank is no column */
	bool filters;	     /* rows that are not the best count as filtered */
	/*
	 * The first by event time: when the watermark has passed a key's row,
	 * an earlier one comes too late.
	 */
	bool timed;

	/* By top_live_bind. */
	int64_t ttl;   /* µs a key is kept; 0 = for ever */
	bool retracts; /* rows may be taken back: all are kept */
	bool by_place; /* a row replaces the one that had its place */
};

/*
 * Says what is known of the changes and the key of op->out, which is otherwise
 * as it will be. `by`: the keys as written. 0, or -1 and *err.
 */
int top_live_bind(struct op *op, const struct bind *b, const struct arg *by,
    struct top_live *c);

/* As the hooks of struct op_kind; `c` lives as long as the plan. */
void *top_live_prepare(const struct top_live *c, const struct op *op,
    struct eval *ev, struct batch *b);
struct op_run *top_live_open(const struct top_live *c, const struct op *op);
void top_live_apply(struct op_run *run, struct batch *b, void *prepared,
    unsigned from, unsigned to, struct watermark *w);
void top_live_advance(struct op_run *run, int64_t w);
void top_live_close(struct op_run *run);
void top_live_schema(
    const struct top_live *c, const struct op *op, struct schema *out);
int top_live_restore(struct op_run *run, struct state_step *s, struct err *err);
void top_live_save(struct op_run *run);
void top_live_explain(const struct top_live *c, struct buf *out);

#endif

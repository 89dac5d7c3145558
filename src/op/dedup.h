/* SPDX-License-Identifier: MIT */
/*
 * The step `dedup` while it runs: what dedup.c (rows in and out) and
 * dedup_state.c (what is kept of them) share.
 */
#ifndef WEIR_OP_DEDUP_H
#define WEIR_OP_DEDUP_H

#include "base/heap.h"
#include "op/agenda.h"
#include "op/kept.h"
#include "op/top_live.h"
#include "op/ttl.h"

enum dedup_way {
	DEDUP_AT_ONCE, /* the first that arrives */
	DEDUP_BY_TIME, /* the first by event time */
	DEDUP_AT_END
};

struct dedup_config {
	struct expr **keys;
	unsigned n_keys;
	struct kept_order *orders;
	struct expr **exprs; /* NULL: event time */
	unsigned n_orders;
	bool last;
	enum dedup_way way;
	int64_t lateness;
	const struct top_live *live; /* NULL: rows come when they are final */
	int64_t ttl;		     /* µs a key is kept; 0 = for ever */
};

struct dedup_cell {
	struct kept_row *row; /* the best so far */
	bool come;
	bool out; /* it has come out */
	int64_t time;
};

struct dedup_run {
	struct op_run run; /* first */
	const struct dedup_config *c;
	struct table keys;   /* cell: struct dedup_cell */
	struct ttl_keys ttl; /* if there is one; at once: instead */
	struct kept kept;
	uint64_t arrivals;
	int64_t now;
	struct heap due; /* DEDUP_BY_TIME: cells by the time of their row */
	struct agenda agenda; /* where state is kept: their keys, instead */
	struct kept_row **ready;
	size_t n_ready, cap_ready;
	struct state_step *state; /* NULL: no state is kept */
};

static inline const struct top_live *
dedup_live(const struct op *op)
{
	return ((const struct dedup_config *)op->config)->live;
}

/* Hooks of op_kind. */
void dedup_schema(const struct op *op, struct schema *out);
int dedup_restore(struct op_run *run, struct state_step *s, struct err *err);
void dedup_save(struct op_run *run);
bool dedup_show(struct op_show *s, const struct op_entry *e);

#endif

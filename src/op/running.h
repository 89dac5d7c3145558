/* SPDX-License-Identifier: MIT */
/*
 * The step `running` while it runs: what running.c (batches that pass through,
 * and the step itself), running_held.c (rows that wait) and running_state.c
 * (what is kept of it) share.
 */
#ifndef WEIR_OP_RUNNING_H
#define WEIR_OP_RUNNING_H

#include "base/heap.h"
#include "op/agenda.h"
#include "op/over_far.h"
#include "op/ttl.h"
#include "state/table.h"

/* A row that was appended and will be computed when it is ready. */
struct turn {
	struct over_key *key;
	uint64_t at;
	int64_t time;
};

struct running {
	struct op_run run; /* first */
	const struct over_config *c;
	struct table keys; /* cell: struct over_key */
	struct ttl_keys ttl;
	struct kept kept;
	uint64_t arrivals;
	int64_t now;	   /* the watermark */
	int64_t forwarded; /* what later steps know of it */
	struct value *out; /* results of a row */
	bool final;

	/*
	 * Rows whose time has not come: those that came in order, from head
	 * on, and a heap of the others.
	 */
	struct kept_row **sorted;
	size_t sorted_head, n_sorted, cap_sorted;
	struct kept_row **pending;
	size_t n_pending, cap_pending;
	struct turn *turns; /* from head on */
	size_t head, n_turns, cap_turns;
	uint64_t turned; /* the number of turns[0] among all there have been */
	uint64_t turns_end; /* the number of the next one that comes */
	bool tracks;	    /* rows may stay behind the watermark */
	struct heap behind; /* of rows that were appended, by time */

	struct kept_row **all; /* OVER_END: as they came */
	size_t n_all, cap_all;
	struct arena results;

	struct state_step *state;  /* NULL: no state is kept */
	uint64_t put_from, put_to; /* numbers of turns that are in it */
	uint64_t before; /* OVER_END: arrivals below it are in it only */
	/* Rows whose time has not come, for which there was no memory. */
	struct agenda later;
	size_t far_rows; /* a key with more has them in blocks */
	/* Of an earlier run's rows those before that time have been taken. */
	int64_t passed;
	uint64_t began; /* arrivals below it are of earlier runs */
};

struct running_prep {
	struct column *slots;
	struct row_keys keys;
};

/* ---- running.c ---- */

/* The cell of the key of selected row k. */
struct over_key *running_key(struct running *r, const struct batch *b,
    const struct running_prep *p, unsigned k);

/* An op_kind.prepare. */
void *running_prepare(const struct op *op, struct eval *ev, struct batch *b);

/* The slots of a row of the batch. */
void running_slots(const struct over_config *c, const struct batch *b,
    const struct running_prep *p, unsigned row, struct value *out);

/* Keeps a row of the batch with its slots. */
struct kept_row *running_row(struct running *r, const struct batch *b,
    const struct running_prep *p, unsigned row);

/* Computes what is made of the calls' results. */
void running_items(struct running *r, struct batch *b);

/*
 * Of a row that has come out the others see its slots, and aggregates that
 * begin anew its time: so few bytes are kept of it.
 */
static inline void
running_came_out(const struct over_config *c, struct kept_row *row)
{
	row->arrival = 0;
	if (!c->anew)
		row->time = 0;
}

/* ---- running_end.c ---- */

/* Is memory limited, and what is too much for it goes into the state? */
bool running_spills(const struct running *r);

/* Then, at the end: computes all rows that have not come out, and gives them.
 */
void running_end(struct running *r);

/* ---- running_held.c ---- */

/* Gives a batch of rows on with what is made of their results. */
void running_emit(struct running *r, struct batch *b);

void running_apply_held(struct running *r, struct batch *b,
    const struct running_prep *p, unsigned from, unsigned to,
    struct watermark *w);

/* The watermark has risen to r->now; the input has ended. */
void running_advance_held(struct running *r);
void running_finish(struct running *r);

/* Lets go of rows that wait. */
void running_release_held(struct running *r);

/*
 * The codec's let_go: rows that wait go into the state; false if some have to
 * stay in memory.
 */
bool running_let_go(void *arg);

/*
 * A row waits for its time; it holds watermarks back until it has been
 * computed.
 */
void running_pend(struct running *r, struct kept_row *row);
void running_track(struct running *r, struct kept_row *row);

/* ---- running_turns.c ---- */

/* A row that has been appended waits for its turn. */
void running_turn(struct running *r, struct kept_row *row);

/* The one that is next, valid until another is asked for or comes; or NULL. */
const struct turn *running_next_turn(struct running *r);

/* No turn is taken any more: what has not come out does so in another way. */
void running_drop_turns(struct running *r);

/* All are in the state alone, and no key is pointed to. */
void running_let_turns_go(struct running *r);

void running_save_turns(struct running *r);
int running_restore_turns(struct running *r, struct err *err);

/* ---- running_state.c: hooks of op_kind ---- */

void running_schema(const struct op *op, struct schema *out);
int running_restore(struct op_run *run, struct state_step *s, struct err *err);
void running_save(struct op_run *run);

/* A row that waits goes into r->later, and is gone. */
void running_put_later(struct running *r, struct kept_row *row);

/*
 * Takes rows back that are due, not too many at once. True if there are more:
 * then all rows before *until are here.
 */
bool running_fetch(struct running *r, int64_t *until);

/* The cell of a key that is in the state, made if need be. */
struct over_key *running_key_named(struct running *r, struct str key);

/*
 * More than so many rows of a key are better in blocks, of so many each; where
 * those of the step are.
 */
size_t running_far_rows(const struct running *r, const struct kept *kept);
unsigned running_far_per(size_t rows);
struct over_far_home running_far_home(struct running *r, struct str key);

/* The key's rows go into blocks. */
void running_spread(struct running *r, struct over_key *k);

static inline void
running_grown(struct running *r, struct over_key *k)
{
	if (k->end - k->base > r->far_rows && !k->far)
		running_spread(r, k);
}

/* Bytes of what a key has that are not in its cell. */
size_t running_elsewhere(const struct over_config *c, struct over_key *k);

/* The key's cell, whose bytes elsewhere have changed. */
void running_count(struct running *r, struct over_key *k);

/* OVER_END, at the end: rows of earlier runs come before those of this one. */
void running_load_all(struct running *r);

/* OVER_END: all rows are in the state alone. */
void running_let_all_go(struct running *r);

#endif

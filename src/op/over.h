/* SPDX-License-Identifier: MIT */
/*
 * Functions over other rows (SQL's OVER): what the files of the step
 * `running` share.
 *
 *   running.c      the step, and batches that pass through it
 *   running_held.c rows that are put in order and wait
 *   over_live.c    rows that come at once, and again when they change
 *   over_bind.c    arguments to a configuration
 *   over_key.c     the sequence of a key's rows: peers, frames, what is ready
 *   over_fn.c      values of functions (their table is expr/over.c)
 *   over_agg.c     aggregates over a frame that moves
 *   over_far.c     rows of a key that are too many for memory
 *   over_state.c   a key as bytes
 *   frame.c        frames: text and meaning
 *
 * A key's rows form a sequence; each has a place in it, counted from 0. Rows
 * are appended in the order of the window and computed in that order; a frame
 * is a stretch [lo, hi) of places, and neither end moves back, so each row
 * enters every aggregate once and leaves it once. Rows that no frame will need
 * again are dropped.
 *
 * Invariant: rows [base, end) of a key are in its ring, or in blocks; next <=
 * end is the first that has not been computed.
 */
#ifndef WEIR_OP_OVER_H
#define WEIR_OP_OVER_H

#include "expr/agg.h"
#include "expr/over.h"
#include "op/frame.h"
#include "op/kept.h"

#define SLOT_NONE (~0u)

/* How an aggregate follows its frame. */
enum over_way {
	WAY_ADD,     /* the frame only grows */
	WAY_BACK,    /* rows are added and taken back */
	WAY_EXTREME, /* min, max: the candidates in order (a monotonic queue) */
	WAY_STACKS,  /* two stacks: Tangwongsan et al., VLDB 2015 */
	WAY_SLIDE,   /* accumulators of single rows are merged and unmerged */
	WAY_ANEW     /* from all rows of the frame */
};

struct over_call {
	enum over_kind kind;
	const struct node *node; /* as written */
	bool ignore_nulls;
	int64_t n;		     /* lag, lead, nth_value, ntile */
	unsigned args[AGG_ARGS_MAX]; /* slots of the arguments */
	unsigned n_args;
	unsigned otherwise; /* lag, lead: slot of the default */
	unsigned filter;    /* slot, or SLOT_NONE */
	struct agg_call *agg;
	enum over_way way;
	bool max;	/* WAY_EXTREME: the greatest is wanted */
	unsigned size;	/* of an accumulator */
	unsigned state; /* offset in a key's cell */
	unsigned col;	/* of the result */
	enum type type;
};

/* An expression kept as a slot of every row. */
struct over_slot {
	struct expr *expr; /* NULL: event time */
	unsigned filter;   /* evaluated only where this slot is true */
};

enum over_mode {
	OVER_ARRIVAL, /* rows have no order but that of arrival */
	OVER_TIME,    /* that of event time */
	OVER_END      /* known when all rows are: another one, or all count */
};

struct over_config {
	struct expr **keys;
	unsigned n_keys;
	struct kept_order *orders; /* of slots [0, n_orders) */
	unsigned n_orders;
	struct over_slot *slots;
	unsigned n_slots, cap_slots;
	struct grouping grouping; /* the aggregates' calls */
	struct frame frame;
	enum over_mode mode;
	struct over_call *calls;
	unsigned n_calls;
	unsigned cell_bytes;
	struct over_item {
		struct expr *expr;
		unsigned col;
	} * items;
	unsigned n_items;
	int64_t lateness;

	bool framed;	 /* some function looks at its frame */
	bool whole;	 /* some needs all rows of its key */
	bool in_order;	 /* OVER_END: rows come out by the order, not as come */
	bool at_once;	 /* no row waits for others: batches pass through */
	uint64_t behind; /* rows before a row that lag looks at */
	uint64_t ahead;	 /* rows after it that lead looks at */
	int64_t after;	 /* µs: RANGE … FOLLOWING over event time; or 0 */
	unsigned edge;	 /* slot that a range is measured on */
	int64_t ttl;	 /* µs a key is kept; 0 = for ever */
	bool anew;	 /* aggregates look at rows again that have come out */
	bool live;	 /* results come at once and change (over_live.h) */
	bool retracts;	 /* live: rows may be taken back */
};

static inline bool
over_looks_ahead(const struct over_config *c)
{
	return c->ahead || (c->framed && c->frame.to.kind == BOUND_FOLLOWING);
}

/* Places in order. */
struct over_queue {
	uint64_t *at;
	size_t head, n, cap; /* cap: a power of two */
};

/* A copy of a value. */
struct over_copy {
	struct value v;
	char *bytes;
	size_t cap;
	uint64_t at; /* place it is from */
	bool set;
};

/*
 * Where rows are in blocks: front has accumulators of a part alone, of rows
 * [from, to), and bounds that of the first row of each part.
 */
struct over_parts {
	char *bounds;
	size_t cap;
	unsigned per; /* rows of a part; 0: front has all */
	uint64_t from, to;
	struct arena heap;
};

/* The older rows are [from, middle); front has of each one of all from it on.
 */
struct over_stacks {
	char *front;
	size_t cap;
	uint64_t from, middle;
	struct arena heap;
	struct over_parts *parts; /* or NULL */
};

/* What a function remembers per key. */
struct over_state {
	struct over_queue queue;
	struct over_copy copy;
	struct over_copy *past; /* lag IGNORE NULLS: n of them */
	uint64_t n_past;	/* values put into past so far */
	struct over_stacks stacks;
	bool fell_back; /* WAY_BACK: floats have come */
};

/* A key's cell: this, then per call a state and an accumulator. */
struct over_key {
	struct kept_row **ring;
	size_t cap; /* a power of two */
	uint64_t base, end, next;
	uint64_t lo, hi; /* rows that are in the aggregates */
	uint64_t scan_lo, scan_hi, scan_peer;
	uint64_t last_group; /* of row end - 1 */
	int64_t last_time;
	struct arena heap;    /* of accumulators */
	size_t heap_most;     /* beyond which it is made anew */
	size_t counted;	      /* of its bytes elsewhere: see running_count */
	struct over_far *far; /* NULL: all rows are in the ring */
};

/* over_far.c: a row, one more, of rows that are in blocks. */
struct kept_row *over_far_row(const struct over_key *k, uint64_t at);
void over_far_push(struct over_key *k, struct kept_row *row);

static inline struct kept_row *
over_row(const struct over_key *k, uint64_t at)
{
	if (__builtin_expect(k->far != NULL, false))
		return over_far_row(k, at);
	return k->ring[at & (k->cap - 1)];
}

static inline struct over_state *
over_state(struct over_key *k, const struct over_call *call)
{
	return (void *)((char *)k + call->state);
}

static inline char *
over_acc(struct over_key *k, const struct over_call *call)
{
	return (char *)k + call->state + sizeof(struct over_state);
}

/* ---- over_bind.c ---- */

int over_bind(struct op *op, const struct bind *b);

/* ---- over_key.c ---- */

/* Puts a row at the end of the ring; nothing else is told of it. */
void over_push(struct over_key *k, struct kept_row *row);

/* Appends a row; its peers are told by the orders' slots. */
void over_append(
    const struct over_config *c, struct over_key *k, struct kept_row *row);

/*
 * True if row `at` can be computed. final: no more rows come; reached: rows of
 * earlier event times have all been appended (WHEN_MIN if that is not known).
 */
bool over_ready(const struct over_config *c, struct over_key *k, uint64_t at,
    bool final, int64_t reached);

/* The results of row k->next, one per call; their bytes live in `a`. */
void over_compute(const struct over_config *c, struct over_key *k,
    struct value *out, struct arena *a);

/* Drops rows that nobody needs now that [0, k->next) have been computed. */
void over_trim(
    const struct over_config *c, struct over_key *k, struct kept *kept);

/* A cell that has just been made (all zeros), and its end. */
void over_key_init(const struct over_config *c, struct over_key *k);
void over_key_release(
    const struct over_config *c, struct over_key *k, struct kept *kept);

/* ---- over_fn.c ---- */

/* A row enters the frame, or leaves it. The frame is [k->lo, k->hi). */
void over_enter(const struct over_call *call, struct over_key *k, uint64_t at);
void over_leave(const struct over_call *call, struct over_key *k, uint64_t at);

/* The frame is empty again; places below `from` will not come back. */
void over_clear(
    const struct over_call *call, struct over_key *k, uint64_t from);

/* The value for row `at`, whose frame is [lo, hi). */
struct value over_value(const struct over_call *call, struct over_key *k,
    uint64_t at, uint64_t lo, uint64_t hi, struct arena *a);

/* lead IGNORE NULLS: a row was appended; how many values are behind `at`. */
void over_appended(
    const struct over_call *call, struct over_key *k, uint64_t at);
uint64_t over_values_after(
    const struct over_call *call, struct over_key *k, uint64_t at);

void over_state_release(const struct over_call *call, struct over_state *s);

void over_queue_push(struct over_queue *q, uint64_t at);

static inline uint64_t
over_queue_at(const struct over_queue *q, size_t i)
{
	return q->at[(q->head + i) & (q->cap - 1)];
}

static inline void
over_queue_pop(struct over_queue *q)
{
	q->head++;
	q->n--;
}

/* ---- over_agg.c ---- */

/* How a call follows the frame; sets call->way, max and size. */
void over_agg_plan(struct over_call *call, const struct frame *f);

void over_agg_enter(
    const struct over_call *call, struct over_key *k, uint64_t at);
void over_agg_leave(
    const struct over_call *call, struct over_key *k, uint64_t at);
void over_agg_clear(
    const struct over_call *call, struct over_key *k, uint64_t from);
struct value over_agg_value(const struct over_call *call, struct over_key *k,
    uint64_t lo, uint64_t hi, struct arena *a);

/*
 * Makes an accumulator anew from the frame's rows, in a heap that has been
 * emptied. Values are the same to the last digit afterwards.
 */
void over_agg_anew(const struct over_call *call, struct over_key *k);

/*
 * Where the rows of [lo, hi) are there again, but nothing that was made of
 * them: middle is that of the two stacks, fell_back that of WAY_BACK.
 */
void over_agg_again(const struct over_call *call, struct over_key *k,
    uint64_t middle, bool fell_back);

/* ---- over_fn.c, for over_state.c ---- */

void over_copy_set(struct over_copy *c, struct value v, uint64_t at);

/* ---- over_state.c ---- */

/*
 * What a key remembers but its rows, as bytes; and back, into a zeroed cell,
 * where `rows` pushes those up to `end`. False: those bytes are no such thing,
 * or a row is missing.
 */
void over_key_save(
    const struct over_config *c, const struct over_key *k, struct buf *out);
bool over_key_load(const struct over_config *c, struct over_key *k,
    struct str bytes, bool (*rows)(void *arg, struct over_key *k, uint64_t end),
    void *arg);

#endif

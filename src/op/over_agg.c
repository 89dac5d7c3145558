/* SPDX-License-Identifier: MIT */
/*
 * Aggregates over a frame that moves.
 *
 * Where rows can be taken back without a trace (counts, sums of whole
 * numbers and of floats), they are added when they enter and taken back when
 * they leave. A minimum needs the rows that are less than all behind them, in
 * order: the front is the answer. Everything else that can be merged uses two
 * stacks: the older rows of the frame as accumulators of all from there to the
 * middle, the newer ones as one accumulator. When the older ones are used up,
 * the newer ones become the older: each row is merged once, and a result is one
 * merge of two. Nothing a value leaves behind outlives the frame it was in.
 */
#include "base/mem.h"
#include "op/over_far.h"

/* ---- choosing the way ---- */

static bool
is_named(const struct over_call *call, const char *name)
{
	return !strcmp(call->agg->agg->name, name);
}

static enum over_way
moving_way(const struct over_call *call)
{
	const struct agg *agg = call->agg->agg;

	if (is_named(call, "min") || is_named(call, "max"))
		return WAY_EXTREME;
	if (agg->back != AGG_BACK_TRACES)
		return WAY_BACK;
	if (call->agg->distinct && !agg->ignores_duplicates)
		return WAY_ANEW;
	/* Their values are as long as the frame anyway. */
	if (is_named(call, "array_agg") || is_named(call, "listagg"))
		return WAY_ANEW;
	return agg_unmerges(call->agg) ? WAY_SLIDE : WAY_STACKS;
}

void
over_agg_plan(struct over_call *call, const struct frame *f)
{
	call->way = f->from.kind == BOUND_FIRST ? WAY_ADD : moving_way(call);
	call->max = is_named(call, "max");
	call->agg->retract = call->way == WAY_BACK;
	call->size = (agg_size(call->agg) + 15) & ~15u;
}

/* ---- one row ---- */

static void
feed(const struct over_call *call, struct arena *heap, char *acc,
    struct kept_row *row, int8_t sign)
{
	struct column args[AGG_ARGS_MAX], filter;
	struct value params[AGG_ARGS_MAX];
	uint16_t zero = 0;
	struct agg_rows rows = {.n = 1,
	    .rows = &zero,
	    .cells = &acc,
	    .args = args,
	    .time = &row->time,
	    .sign = sign < 0 ? &sign : NULL};

	for (unsigned i = 0; i < call->n_args; i++) {
		args[i] = (struct column){.type = T_ANY, .v = &params[i]};
		params[i] = call->args[i] == SLOT_NONE
				? call->agg->params[i]
				: row->slots[call->args[i]];
	}
	if (call->filter == SLOT_NONE) {
		agg_add(call->agg, heap, &rows, NULL);
		return;
	}
	filter = (struct column){.type = T_ANY, .v = &row->slots[call->filter]};
	agg_add(call->agg, heap, &rows, &filter);
}

static bool
passes(const struct over_call *call, const struct kept_row *row)
{
	struct value v;

	if (call->filter == SLOT_NONE)
		return true;
	v = row->slots[call->filter];
	return v.type == T_BOOL && v.b;
}

static void
feed_frame(const struct over_call *call, struct arena *heap, char *acc,
    struct over_key *k, uint64_t lo, uint64_t hi)
{
	for (uint64_t at = lo; at < hi; at++)
		feed(call, heap, acc, over_row(k, at), 1);
}

/* ---- the least or greatest ---- */

static void
extreme_enter(const struct over_call *call, struct over_key *k, uint64_t at)
{
	struct over_queue *q = &over_state(k, call)->queue;
	const struct kept_row *row = over_row(k, at), *other;

	if (row->slots[call->args[0]].type == T_NULL || !passes(call, row))
		return;
	/* Who came earlier and is no better will never be the answer. */
	while (q->n) {
		int d;

		other = over_row(k, over_queue_at(q, q->n - 1));
		/* Of rows in blocks the others may have taken its place. */
		if (k->far)
			row = over_row(k, at);
		d = value_cmp(
		    other->slots[call->args[0]], row->slots[call->args[0]]);
		if (call->max ? d >= 0 : d <= 0)
			break;
		q->n--;
	}
	over_queue_push(q, at);
}

static void
extreme_leave(const struct over_call *call, struct over_key *k, uint64_t at)
{
	struct over_queue *q = &over_state(k, call)->queue;

	if (q->n && over_queue_at(q, 0) == at)
		over_queue_pop(q);
}

static struct value
extreme_value(const struct over_call *call, struct over_key *k, struct arena *a)
{
	const struct over_queue *q = &over_state(k, call)->queue;

	if (!q->n)
		return VALUE_NULL;
	return value_copy(
	    a, over_row(k, over_queue_at(q, 0))->slots[call->args[0]]);
}

/* ---- two stacks ---- */

static void
forget_newer(const struct over_call *call, struct over_key *k)
{
	memset(over_acc(k, call), 0, call->size);
}

/* The accumulator of a row, merged with that of the next (or NULL). */
static void
front_make(const struct over_call *call, struct arena *heap, char *acc,
    struct over_key *k, uint64_t at, const char *next)
{
	memset(acc, 0, call->size);
	feed(call, heap, acc, over_row(k, at), 1);
	if (next)
		agg_merge(call->agg, heap, acc, next);
}

/* Those of [lo, hi), behind which is `next`. */
static void
front_fill(const struct over_call *call, struct over_key *k, struct arena *heap,
    uint64_t lo, uint64_t hi, const char *next)
{
	struct over_stacks *s = &over_state(k, call)->stacks;

	mem_grow(&s->front, &s->cap, (size_t)(hi - lo) * call->size, 1);
	for (uint64_t at = hi; at-- > lo;) {
		char *acc = s->front + (at - lo) * call->size;

		front_make(call, heap, acc, k, at, next);
		next = acc;
	}
}

static struct over_parts *
parts_begin(struct over_stacks *s, unsigned per, size_t size)
{
	struct over_parts *p = s->parts;
	uint64_t n = (s->middle - s->from + per - 1) / per;

	if (!p) {
		p = s->parts = mem_zalloc(sizeof *p);
		arena_init(&p->heap, 256);
	}
	mem_grow(&p->bounds, &p->cap, (size_t)n * size, 1);
	p->per = per;
	p->from = p->to = s->middle;
	return p;
}

/*
 * Only the first one of each part. Those between are made again when their part
 * is looked at; here each is needed until the next one is there.
 */
static void
bounds_fill(const struct over_call *call, struct over_key *k)
{
	struct over_stacks *s = &over_state(k, call)->stacks;
	struct over_parts *p = parts_begin(s, over_far_per(k->far), call->size);
	char *two = mem_alloc(2 * (size_t)call->size), *next = NULL;
	struct arena heaps[2];

	arena_init(&heaps[0], 256);
	arena_init(&heaps[1], 256);
	for (uint64_t at = s->middle; at-- > s->from;) {
		uint64_t i = at - s->from;
		unsigned side = next == two;
		bool first = i % p->per == 0;
		char *acc = first ? p->bounds + i / p->per * call->size
				  : two + side * call->size;

		if (!first)
			arena_reset(&heaps[side]);
		front_make(
		    call, first ? &s->heap : &heaps[side], acc, k, at, next);
		next = acc;
	}
	arena_release(&heaps[0]);
	arena_release(&heaps[1]);
	mem_free(two);
}

static void
part_fill(const struct over_call *call, struct over_key *k, uint64_t part)
{
	struct over_stacks *s = &over_state(k, call)->stacks;
	struct over_parts *p = s->parts;
	const char *next = p->bounds + (part + 1) * call->size;

	p->from = s->from + part * p->per;
	p->to = p->from + p->per;
	if (p->to >= s->middle) {
		p->to = s->middle;
		next = NULL;
	}
	arena_reset(&p->heap);
	front_fill(call, k, &p->heap, p->from, p->to, next);
}

static char *
front_acc(const struct over_call *call, struct over_key *k, uint64_t at)
{
	struct over_stacks *s = &over_state(k, call)->stacks;
	struct over_parts *p = s->parts;

	if (!p || !p->per)
		return s->front + (at - s->from) * call->size;
	if (at < p->from || at >= p->to)
		part_fill(call, k, (at - s->from) / p->per);
	return s->front + (at - p->from) * call->size;
}

/* The newer rows [lo, hi) become the older ones. */
static void
turn_over(
    const struct over_call *call, struct over_key *k, uint64_t lo, uint64_t hi)
{
	struct over_stacks *s = &over_state(k, call)->stacks;

	arena_reset(&s->heap);
	s->from = lo;
	s->middle = hi;
	if (k->far)
		bounds_fill(call, k);
	else
		front_fill(call, k, &s->heap, lo, hi, NULL);
	forget_newer(call, k);
}

static struct value
stacks_value(const struct over_call *call, struct over_key *k, uint64_t lo,
    uint64_t hi, struct arena *a)
{
	struct over_stacks *s = &over_state(k, call)->stacks;
	char *acc;

	if (lo >= s->middle && lo < hi)
		turn_over(call, k, lo, hi);
	acc = arena_zalloc(a, call->size);
	if (lo < s->middle)
		agg_merge(call->agg, a, acc, front_acc(call, k, lo));
	agg_merge(call->agg, a, acc, over_acc(k, call));
	return agg_value(call->agg, acc, a);
}

static void
stacks_clear(const struct over_call *call, struct over_key *k, uint64_t from)
{
	struct over_stacks *s = &over_state(k, call)->stacks;

	s->from = s->middle = from;
	if (s->parts)
		s->parts->per = 0;
	arena_reset(&s->heap);
	forget_newer(call, k);
}

/* ---- taking back ---- */

/*
 * True if taking the row back would leave a trace. Floats that may be taken
 * back are added without rounding; decimals may have been too large together.
 */
static bool
leaves_trace(const struct over_call *call, const struct kept_row *row)
{
	struct value v;

	if (call->agg->agg->back == AGG_BACK_EXACT || !passes(call, row))
		return false;
	v = row->slots[call->args[0]];
	return v.type != T_INT && v.type != T_FLOAT && v.type != T_DURATION &&
	       v.type != T_BOOL && v.type != T_NULL;
}

/* From now on by the way that leaves no traces. */
static void
fall_back(const struct over_call *call, struct over_key *k)
{
	struct over_state *s = over_state(k, call);

	s->fell_back = true;
	stacks_clear(call, k, k->lo);
	if (!call->agg->distinct)
		feed_frame(call, &k->heap, over_acc(k, call), k, k->lo, k->hi);
}

/* ---- merging and unmerging rows ---- */

static void
slide_row(
    const struct over_call *call, struct over_key *k, uint64_t at, bool enter)
{
	struct arena scratch;
	char *one;

	arena_init(&scratch, 1024);
	one = arena_zalloc(&scratch, call->size);
	feed(call, &scratch, one, over_row(k, at), 1);
	if (enter)
		agg_merge(call->agg, &k->heap, over_acc(k, call), one);
	else
		agg_unmerge(call->agg, &k->heap, over_acc(k, call), one);
	arena_release(&scratch);
}

static struct value
anew_value(const struct over_call *call, struct over_key *k, uint64_t lo,
    uint64_t hi, struct arena *a)
{
	char *acc = arena_zalloc(a, call->size);

	feed_frame(call, a, acc, k, lo, hi);
	return agg_value(call->agg, acc, a);
}

static struct value
slide_value(const struct over_call *call, struct over_key *k, uint64_t lo,
    uint64_t hi, struct arena *a)
{
	char *acc = over_acc(k, call);

	return agg_sound(call->agg, acc) ? agg_value(call->agg, acc, a)
					 : anew_value(call, k, lo, hi, a);
}

/* ---- the same from its rows ---- */

/* Do the two stacks have the rows? */
static bool
uses_stacks(const struct over_call *call, const struct over_state *s)
{
	return call->way == WAY_STACKS ||
	       (call->way == WAY_BACK && s->fell_back && !call->agg->distinct);
}

void
over_agg_anew(const struct over_call *call, struct over_key *k)
{
	const struct over_state *s = over_state(k, call);
	uint64_t from = k->lo;

	if (call->way == WAY_EXTREME || call->way == WAY_ANEW)
		return;
	forget_newer(call, k);
	if (call->way == WAY_SLIDE) {
		for (uint64_t at = from; at < k->hi; at++)
			slide_row(call, k, at, true);
		return;
	}
	if (call->way == WAY_BACK && s->fell_back && call->agg->distinct)
		return;
	/* The older rows' accumulators are in a heap of their own. */
	if (uses_stacks(call, s) && s->stacks.middle > from)
		from = s->stacks.middle;
	feed_frame(call, &k->heap, over_acc(k, call), k, from, k->hi);
}

void
over_agg_again(const struct over_call *call, struct over_key *k,
    uint64_t middle, bool fell_back)
{
	struct over_state *s = over_state(k, call);

	s->fell_back = fell_back;
	s->stacks.from = k->lo;
	s->stacks.middle = middle < k->lo ? k->lo : middle;
	if (uses_stacks(call, s) && middle > k->lo)
		turn_over(call, k, k->lo, middle);
	if (call->way == WAY_EXTREME)
		for (uint64_t at = k->lo; at < k->hi; at++)
			extreme_enter(call, k, at);
	over_agg_anew(call, k);
}

/* ---- by way ---- */

void
over_agg_enter(const struct over_call *call, struct over_key *k, uint64_t at)
{
	struct kept_row *row = over_row(k, at);
	struct over_state *s = over_state(k, call);

	switch (call->way) {
	case WAY_EXTREME:
		extreme_enter(call, k, at);
		return;
	case WAY_SLIDE:
		slide_row(call, k, at, true);
		return;
	case WAY_ANEW:
		return;
	case WAY_BACK:
		if (!s->fell_back && leaves_trace(call, row))
			fall_back(call, k);
		if (s->fell_back && call->agg->distinct)
			return;
		break;
	case WAY_ADD:
	case WAY_STACKS:
		break;
	}
	feed(call, &k->heap, over_acc(k, call), row, 1);
}

void
over_agg_leave(const struct over_call *call, struct over_key *k, uint64_t at)
{
	switch (call->way) {
	case WAY_EXTREME:
		extreme_leave(call, k, at);
		return;
	case WAY_SLIDE:
		slide_row(call, k, at, false);
		return;
	case WAY_BACK:
		if (!over_state(k, call)->fell_back)
			feed(call, &k->heap, over_acc(k, call), over_row(k, at),
			    -1);
		return;
	case WAY_ADD:
	case WAY_STACKS:
	case WAY_ANEW:
		return;
	}
}

void
over_agg_clear(const struct over_call *call, struct over_key *k, uint64_t from)
{
	over_state(k, call)->queue.n = 0;
	over_state(k, call)->fell_back = false;
	stacks_clear(call, k, from);
}

struct value
over_agg_value(const struct over_call *call, struct over_key *k, uint64_t lo,
    uint64_t hi, struct arena *a)
{
	bool fell_back = over_state(k, call)->fell_back;

	switch (call->way) {
	case WAY_EXTREME:
		return extreme_value(call, k, a);
	case WAY_STACKS:
		return stacks_value(call, k, lo, hi, a);
	case WAY_SLIDE:
		return slide_value(call, k, lo, hi, a);
	case WAY_ANEW:
		return anew_value(call, k, lo, hi, a);
	case WAY_BACK:
		if (fell_back && call->agg->distinct)
			return anew_value(call, k, lo, hi, a);
		if (fell_back)
			return stacks_value(call, k, lo, hi, a);
		break;
	case WAY_ADD:
		break;
	}
	return agg_value(call->agg, over_acc(k, call), a);
}

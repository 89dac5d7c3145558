/* SPDX-License-Identifier: MIT */
/*
 * The sequence of a key's rows: peers, where a row's frame begins and ends,
 * when that is known, and which rows are still needed. See over.h.
 */
#include "base/mem.h"
#include "base/must.h"
#include "op/over_far.h"

/* Garbage of accumulators beyond which they are made anew. */
#define HEAP_LEAST ((size_t)64 << 10)

void
over_key_init(const struct over_config *c, struct over_key *k)
{
	arena_init(&k->heap, 256);
	k->heap_most = HEAP_LEAST;
	for (unsigned i = 0; i < c->n_calls; i++)
		arena_init(&over_state(k, &c->calls[i])->stacks.heap, 256);
}

void
over_key_release(
    const struct over_config *c, struct over_key *k, struct kept *kept)
{
	if (k->far)
		over_far_free(k);
	else
		for (uint64_t at = k->base; at < k->end; at++)
			kept_forget(kept, over_row(k, at));
	for (unsigned i = 0; i < c->n_calls; i++)
		over_state_release(&c->calls[i], over_state(k, &c->calls[i]));
	mem_free(k->ring);
	arena_release(&k->heap);
}

/* ---- appending ---- */

static void
ring_grow(struct over_key *k)
{
	size_t cap = k->cap ? 2 * k->cap : 4;
	struct kept_row **ring = mem_array(cap, sizeof(void *));

	for (uint64_t at = k->base; at < k->end; at++)
		ring[at & (cap - 1)] = over_row(k, at);
	mem_free(k->ring);
	k->ring = ring;
	k->cap = cap;
}

void
over_push(struct over_key *k, struct kept_row *row)
{
	if (k->far) {
		over_far_push(k, row);
		return;
	}
	if (k->end - k->base == k->cap)
		ring_grow(k);
	k->ring[k->end++ & (k->cap - 1)] = row;
}

void
over_append(
    const struct over_config *c, struct over_key *k, struct kept_row *row)
{
	row->at = k->end;
	/* Without an order all are peers. */
	if (k->end && c->n_orders) {
		const struct kept_row *last = over_row(k, k->end - 1);
		bool peers = !kept_order(
		    c->orders, c->n_orders, last->slots, row->slots);

		row->group = last->group + !peers;
		row->first = peers ? last->first : row->at;
	} else {
		row->group = row->first = 0;
	}
	over_push(k, row);
	k->last_group = row->group;
	k->last_time = row->time;
	for (unsigned i = 0; i < c->n_calls; i++)
		over_appended(&c->calls[i], k, row->at);
}

/* ---- ends of a frame ---- */

/* Compares a row's value with a bound, in the order of the rows. */
static int
edge_cmp(const struct over_config *c, struct value v, struct value bound)
{
	return kept_order(c->orders, 1, &v, &bound);
}

static uint64_t
plus(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

static uint64_t
minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* The first row at or behind `from` of a group that is not before `group`. */
static uint64_t
scan_group(const struct over_key *k, uint64_t from, uint64_t group)
{
	while (from < k->end && over_row(k, from)->group < group)
		from++;
	return from;
}

/*
 * The first row at or behind `from` whose value is not before the bound
 * (beyond: that is behind it).
 */
static uint64_t
scan_value(const struct over_config *c, const struct over_key *k, uint64_t from,
    struct value bound, bool beyond)
{
	while (from < k->end) {
		int d = edge_cmp(c, over_row(k, from)->slots[c->edge], bound);

		if (beyond ? d > 0 : d >= 0)
			break;
		from++;
	}
	return from;
}

/* Number of a group so far from another. */
static uint64_t
group_reach(const struct frame_bound *b, uint64_t group, bool *before_all)
{
	*before_all = false;
	switch (b->kind) {
	case BOUND_PRECEDING:
		*before_all = b->n > group;
		return minus(group, b->n);
	case BOUND_FOLLOWING:
		return plus(group, b->n);
	case BOUND_FIRST:
	case BOUND_CURRENT:
	case BOUND_LAST:
		break;
	}
	return group;
}

static uint64_t
rows_begin(const struct over_config *c, uint64_t at)
{
	const struct frame_bound *b = &c->frame.from;

	return b->kind == BOUND_PRECEDING   ? minus(at, b->n)
	       : b->kind == BOUND_FOLLOWING ? plus(at, b->n)
					    : at;
}

static uint64_t
rows_end(const struct over_config *c, uint64_t at)
{
	const struct frame_bound *b = &c->frame.to;

	if (b->kind == BOUND_PRECEDING)
		return at + 1 > b->n ? at + 1 - b->n : 0;
	return plus(at + 1, b->kind == BOUND_FOLLOWING ? b->n : 0);
}

/* A range with an offset: NULLs, and what cannot be measured, see peers. */
static bool
measured(const struct over_config *c, const struct frame_bound *b,
    struct value v, struct value *bound, struct dec *room)
{
	if (c->frame.unit != FRAME_RANGE ||
	    (b->kind != BOUND_PRECEDING && b->kind != BOUND_FOLLOWING))
		return false;
	*bound = frame_reach(v, b, c->orders[0].descending, room);
	return bound->type != T_NULL;
}

static struct frame_bound
current(void)
{
	return (struct frame_bound){.kind = BOUND_CURRENT};
}

static uint64_t
frame_begin(const struct over_config *c, struct over_key *k, uint64_t at)
{
	const struct kept_row *row = over_row(k, at);
	struct frame_bound b = c->frame.from;
	struct value bound;
	struct dec room;
	bool none;

	if (b.kind == BOUND_FIRST)
		return 0;
	if (c->frame.unit == FRAME_ROWS)
		return rows_begin(c, at);
	if (measured(c, &b, row->slots[c->edge], &bound, &room)) {
		k->scan_lo = scan_value(c, k, k->scan_lo, bound, false);
		return k->scan_lo;
	}
	if (c->frame.unit == FRAME_RANGE)
		b = current();
	k->scan_lo =
	    scan_group(k, k->scan_lo, group_reach(&b, row->group, &none));
	return k->scan_lo;
}

static uint64_t
frame_end(const struct over_config *c, struct over_key *k, uint64_t at)
{
	const struct kept_row *row = over_row(k, at);
	struct frame_bound b = c->frame.to;
	struct value bound;
	struct dec room;
	uint64_t group;
	bool none;

	if (b.kind == BOUND_LAST)
		return k->end;
	if (c->frame.unit == FRAME_ROWS)
		return rows_end(c, at) < k->end ? rows_end(c, at) : k->end;
	if (measured(c, &b, row->slots[c->edge], &bound, &room)) {
		k->scan_hi = scan_value(c, k, k->scan_hi, bound, true);
		return k->scan_hi;
	}
	if (c->frame.unit == FRAME_RANGE)
		b = current();
	group = group_reach(&b, row->group, &none);
	if (!none)
		k->scan_hi = scan_group(k, k->scan_hi, plus(group, 1));
	return k->scan_hi;
}

/* ---- what is ready ---- */

/* In an order of its own: has a row come that is beyond a range? */
static bool
range_known(const struct over_config *c, const struct over_key *k,
    const struct kept_row *row)
{
	const struct frame_bound *b = &c->frame.to;
	struct value bound;
	struct dec room;

	if (!measured(c, b, row->slots[c->edge], &bound, &room))
		return k->last_group > row->group;
	return b->kind == BOUND_PRECEDING ||
	       edge_cmp(c, over_row(k, k->end - 1)->slots[c->edge], bound) > 0;
}

static bool
end_known(const struct over_config *c, const struct over_key *k,
    const struct kept_row *row, int64_t reached)
{
	const struct frame_bound *b = &c->frame.to;
	bool none;
	uint64_t group;

	if (c->frame.unit == FRAME_ROWS)
		return b->kind != BOUND_FOLLOWING ||
		       (row->at < k->end && b->n < k->end - row->at);
	if (c->after) {
		int64_t until;

		return !__builtin_add_overflow(row->time, c->after, &until) &&
		       until < reached;
	}
	if (c->mode == OVER_END && c->frame.unit == FRAME_RANGE)
		return range_known(c, k, row);
	if (c->frame.unit == FRAME_RANGE && b->kind == BOUND_PRECEDING)
		return true;
	group = group_reach(b, row->group, &none);
	/* By time, all peers of a row are appended with it. */
	return none || k->last_group > group ||
	       (c->mode == OVER_TIME && k->last_group == group);
}

bool
over_ready(const struct over_config *c, struct over_key *k, uint64_t at,
    bool final, int64_t reached)
{
	if (final)
		return true;
	if (c->whole || (c->ahead && c->ahead >= k->end - at))
		return false;
	for (unsigned i = 0; i < c->n_calls; i++) {
		const struct over_call *call = &c->calls[i];

		if (call->kind == OVER_LEAD && call->ignore_nulls &&
		    over_values_after(call, k, at) < (uint64_t)call->n)
			return false;
	}
	return !c->framed || end_known(c, k, over_row(k, at), reached);
}

/* ---- computing ---- */

/* Accumulators without what was taken back from them. */
static void
make_anew(const struct over_config *c, struct over_key *k)
{
	arena_release(&k->heap);
	arena_init(&k->heap, 256);
	for (unsigned i = 0; i < c->n_calls; i++)
		if (c->calls[i].kind == OVER_AGGREGATE)
			over_agg_anew(&c->calls[i], k);
	k->heap_most = 4 * k->heap.total + HEAP_LEAST;
}

static void
frame_move(
    const struct over_config *c, struct over_key *k, uint64_t lo, uint64_t hi)
{
	if (lo >= k->hi) {
		for (unsigned i = 0; i < c->n_calls; i++)
			over_clear(&c->calls[i], k, lo);
		k->lo = k->hi = lo;
	}
	for (; k->lo < lo; k->lo++)
		for (unsigned i = 0; i < c->n_calls; i++)
			over_leave(&c->calls[i], k, k->lo);
	for (; k->hi < hi; k->hi++)
		for (unsigned i = 0; i < c->n_calls; i++)
			over_enter(&c->calls[i], k, k->hi);
	if (c->frame.from.kind != BOUND_FIRST && k->heap.total > k->heap_most)
		make_anew(c, k);
}

void
over_compute(const struct over_config *c, struct over_key *k, struct value *out,
    struct arena *a)
{
	uint64_t at = k->next, lo = 0, hi = 0;

	if (c->framed) {
		lo = frame_begin(c, k, at);
		hi = frame_end(c, k, at);
		frame_move(c, k, lo, hi);
		if (hi < lo)
			hi = lo;
	}
	for (unsigned i = 0; i < c->n_calls; i++)
		out[i] = over_value(&c->calls[i], k, at, lo, hi, a);
	k->next++;
}

/* ---- dropping ---- */

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The first row that is still looked at. */
static uint64_t
first_needed(const struct over_config *c, const struct over_key *k)
{
	/* The next row's peers are told by the last one. */
	uint64_t from = least(k->next, k->end - (c->n_orders > 0));

	from = least(from, minus(k->next, c->behind));
	if (!c->framed)
		return from;
	from = least(from, k->hi);
	if (c->frame.unit != FRAME_ROWS)
		from = least(from, k->scan_hi);
	if (c->frame.from.kind == BOUND_FIRST)
		return from;
	if (c->frame.unit != FRAME_ROWS)
		from = least(from, k->scan_lo);
	return least(from, k->lo);
}

void
over_trim(const struct over_config *c, struct over_key *k, struct kept *kept)
{
	uint64_t until = first_needed(c, k);

	if (k->far) {
		k->base = until > k->base ? until : k->base;
		over_far_trim(k);
		return;
	}
	for (; k->base < until; k->base++)
		kept_drop(kept, over_row(k, k->base));
}

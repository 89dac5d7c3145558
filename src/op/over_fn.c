/* SPDX-License-Identifier: MIT */
/*
 * The functions over other rows: their values for a row whose frame is known.
 * Aggregates are in over_agg.c.
 */
#include "base/mem.h"
#include "op/over.h"

/* ---- queues and copies ---- */

void
over_queue_push(struct over_queue *q, uint64_t at)
{
	if (q->n == q->cap) {
		size_t cap = q->cap ? 2 * q->cap : 16;
		uint64_t *more = mem_array(cap, sizeof *more);

		for (size_t i = 0; i < q->n; i++)
			more[i] = over_queue_at(q, i);
		mem_free(q->at);
		*q = (struct over_queue){.at = more, .n = q->n, .cap = cap};
	}
	q->at[(q->head + q->n++) & (q->cap - 1)] = at;
}

/* Forgets places before lo. */
static void
queue_from(struct over_queue *q, uint64_t lo)
{
	while (q->n && over_queue_at(q, 0) < lo)
		over_queue_pop(q);
}

void
over_copy_set(struct over_copy *c, struct value v, uint64_t at)
{
	size_t n = v.type == T_DECIMAL ? sizeof(struct dec)
		   : type_store((enum type)v.type) == STORE_STR ||
			   v.type == T_LIST || v.type == T_MAP
		       ? v.len
		       : 0;

	if (n) {
		mem_grow(&c->bytes, &c->cap, n, 1);
		memcpy(
		    c->bytes, v.type == T_DECIMAL ? (const void *)v.d : v.p, n);
		v.p = c->bytes;
	}
	c->v = v;
	c->at = at;
	c->set = true;
}

void
over_state_release(const struct over_call *call, struct over_state *s)
{
	for (int64_t i = 0; s->past && i < call->n; i++)
		mem_free(s->past[i].bytes);
	mem_free(s->past);
	mem_free(s->queue.at);
	mem_free(s->copy.bytes);
	mem_free(s->stacks.front);
	arena_release(&s->stacks.heap);
	if (!s->stacks.parts)
		return;
	mem_free(s->stacks.parts->bounds);
	arena_release(&s->stacks.parts->heap);
	mem_free(s->stacks.parts);
}

/* ---- values of the frame's rows ---- */

static struct value
arg_of(const struct over_call *call, const struct kept_row *row)
{
	return row->slots[call->args[0]];
}

static bool
counts(const struct over_call *call, const struct kept_row *row)
{
	return !call->ignore_nulls || arg_of(call, row).type != T_NULL;
}

/*
 * first_value and nth_value. Of a frame that begins with the first row the
 * value is copied when its row comes, so that rows need not be kept.
 */
static void
nth_enter(const struct over_call *call, struct over_key *k, uint64_t at)
{
	struct over_state *s = over_state(k, call);
	const struct kept_row *row = over_row(k, at);

	if (!counts(call, row))
		return;
	if (call->way != WAY_ADD) {
		if (call->ignore_nulls)
			over_queue_push(&s->queue, at);
	} else if (++s->n_past == (uint64_t)call->n) {
		over_copy_set(&s->copy, arg_of(call, row), at);
	}
}

static struct value
nth_value(
    const struct over_call *call, struct over_key *k, uint64_t lo, uint64_t hi)
{
	struct over_state *s = over_state(k, call);
	uint64_t n = (uint64_t)call->n - 1;

	if (call->way == WAY_ADD)
		return s->copy.set ? s->copy.v : VALUE_NULL;
	if (call->ignore_nulls) {
		queue_from(&s->queue, lo);
		return n < s->queue.n
			   ? arg_of(
				 call, over_row(k, over_queue_at(&s->queue, n)))
			   : VALUE_NULL;
	}
	return n < hi - lo ? arg_of(call, over_row(k, lo + n)) : VALUE_NULL;
}

static struct value
last_value(const struct over_call *call, struct over_key *k, uint64_t lo)
{
	const struct over_copy *c = &over_state(k, call)->copy;

	return c->set && c->at >= lo ? c->v : VALUE_NULL;
}

void
over_enter(const struct over_call *call, struct over_key *k, uint64_t at)
{
	switch (call->kind) {
	case OVER_AGGREGATE:
		over_agg_enter(call, k, at);
		return;
	case OVER_FIRST_VALUE:
	case OVER_NTH_VALUE:
		nth_enter(call, k, at);
		return;
	case OVER_LAST_VALUE:
		if (counts(call, over_row(k, at)))
			over_copy_set(&over_state(k, call)->copy,
			    arg_of(call, over_row(k, at)), at);
		return;
	case OVER_CUME_DIST:
	case OVER_DENSE_RANK:
	case OVER_LAG:
	case OVER_LEAD:
	case OVER_NTILE:
	case OVER_PERCENT_RANK:
	case OVER_RANK:
	case OVER_ROW_NUMBER:
		return;
	}
}

void
over_leave(const struct over_call *call, struct over_key *k, uint64_t at)
{
	if (call->kind == OVER_AGGREGATE)
		over_agg_leave(call, k, at);
}

void
over_clear(const struct over_call *call, struct over_key *k, uint64_t from)
{
	if (call->kind == OVER_AGGREGATE)
		over_agg_clear(call, k, from);
	else if (call->kind != OVER_LEAD)
		over_state(k, call)->queue.n = 0;
}

/* ---- values of rows before and behind ---- */

static struct value
otherwise(const struct over_call *call, const struct kept_row *row)
{
	return call->otherwise == SLOT_NONE ? VALUE_NULL
					    : row->slots[call->otherwise];
}

/* lag IGNORE NULLS: the last n values go round in a ring. */
static struct value
lag_value(const struct over_call *call, struct over_key *k, uint64_t at)
{
	struct over_state *s = over_state(k, call);
	const struct kept_row *row = over_row(k, at);
	uint64_t n = (uint64_t)call->n;

	if (n == 0)
		return arg_of(call, row);
	if (!call->ignore_nulls)
		return n <= at ? arg_of(call, over_row(k, at - n))
			       : otherwise(call, row);
	return s->n_past >= n ? s->past[s->n_past % n].v : otherwise(call, row);
}

/* Behind the value of the row, so that it is there for the next. */
static void
lag_passed(const struct over_call *call, struct over_key *k, uint64_t at)
{
	struct over_state *s = over_state(k, call);
	const struct kept_row *row = over_row(k, at);
	uint64_t n = (uint64_t)call->n;

	if (!call->ignore_nulls || n == 0 || !counts(call, row))
		return;
	if (!s->past)
		s->past = mem_zalloc(n * sizeof *s->past);
	over_copy_set(&s->past[s->n_past++ % n], arg_of(call, row), at);
}

void
over_appended(const struct over_call *call, struct over_key *k, uint64_t at)
{
	if (call->kind == OVER_LEAD && call->ignore_nulls &&
	    counts(call, over_row(k, at)))
		over_queue_push(&over_state(k, call)->queue, at);
}

uint64_t
over_values_after(const struct over_call *call, struct over_key *k, uint64_t at)
{
	struct over_queue *q = &over_state(k, call)->queue;

	queue_from(q, at + 1);
	return q->n;
}

static struct value
lead_value(const struct over_call *call, struct over_key *k, uint64_t at)
{
	const struct kept_row *row = over_row(k, at);
	uint64_t n = (uint64_t)call->n;

	if (n == 0)
		return arg_of(call, row);
	if (!call->ignore_nulls)
		return n < k->end - at ? arg_of(call, over_row(k, at + n))
				       : otherwise(call, row);
	if (over_values_after(call, k, at) < n)
		return otherwise(call, row);
	return arg_of(call,
	    over_row(k, over_queue_at(&over_state(k, call)->queue, n - 1)));
}

/* ---- ranks ---- */

static uint64_t
behind_peers(struct over_key *k, uint64_t at)
{
	uint64_t group = over_row(k, at)->group;

	if (k->scan_peer < at)
		k->scan_peer = at;
	while (
	    k->scan_peer < k->end && over_row(k, k->scan_peer)->group == group)
		k->scan_peer++;
	return k->scan_peer;
}

/* The first rows % n parts have one row more. */
static int64_t
ntile(uint64_t at, uint64_t rows, uint64_t n)
{
	uint64_t small = rows / n, more = rows % n;

	if (at < more * (small + 1))
		return (int64_t)(at / (small + 1)) + 1;
	return (int64_t)(more + (at - more * (small + 1)) / small) + 1;
}

static struct value
share(uint64_t rows, uint64_t of)
{
	return value_float((double)rows / (double)of);
}

static struct value
percent_rank(uint64_t first, uint64_t rows)
{
	return value_float(rows > 1 ? (double)first / (double)(rows - 1) : 0.0);
}

static struct value
value_of(const struct over_call *call, struct over_key *k, uint64_t at,
    uint64_t lo, uint64_t hi, struct arena *a)
{
	const struct kept_row *row = over_row(k, at);

	switch (call->kind) {
	case OVER_AGGREGATE:
		return over_agg_value(call, k, lo, hi, a);
	case OVER_CUME_DIST:
		return share(behind_peers(k, at), k->end);
	case OVER_DENSE_RANK:
		return value_int((int64_t)row->group + 1);
	case OVER_FIRST_VALUE:
	case OVER_NTH_VALUE:
		return nth_value(call, k, lo, hi);
	case OVER_LAG:
		return lag_value(call, k, at);
	case OVER_LAST_VALUE:
		return last_value(call, k, lo);
	case OVER_LEAD:
		return lead_value(call, k, at);
	case OVER_NTILE:
		return value_int(ntile(at, k->end, (uint64_t)call->n));
	case OVER_PERCENT_RANK:
		return percent_rank(row->first, k->end);
	case OVER_RANK:
		return value_int((int64_t)row->first + 1);
	case OVER_ROW_NUMBER:
		return value_int((int64_t)at + 1);
	}
	return VALUE_NULL;
}

struct value
over_value(const struct over_call *call, struct over_key *k, uint64_t at,
    uint64_t lo, uint64_t hi, struct arena *a)
{
	/* What an accumulator holds may change with the next row. */
	struct value v = value_copy(a, value_of(call, k, at, lo, hi, a));

	if (call->kind == OVER_LAG)
		lag_passed(call, k, at);
	return v;
}

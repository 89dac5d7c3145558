/* SPDX-License-Identifier: MIT */
/*
 * A key of the step `running` as bytes: counters, and what cannot be made of
 * its rows again, which are entries of their own (kept.h).
 *
 * An accumulator whose frame only grows is written down as it is. Those of
 * frames that move are made of the frame's rows, all of which are still there,
 * and so are queues. For two stacks it is noted where the older rows end, so
 * that the same rows are merged in the same order.
 */
#include "base/mem.h"
#include "op/over.h"
#include "op/written.h"

/* ---- copies ---- */

static void
put_copy(struct buf *out, const struct over_copy *c)
{
	written_put_int(out, c->set);
	written_put_int(out, (int64_t)c->at);
	written_put(out, c->set ? c->v : VALUE_NULL);
}

static bool
get_copy(const char **p, const char *end, struct over_copy *c)
{
	struct arena a;
	struct value v;
	int64_t set, at;
	bool found;

	arena_init(&a, 64);
	found = written_get_int(p, end, &set) && written_get_int(p, end, &at) &&
		written_get(p, end, &a, &v);
	if (found && set)
		over_copy_set(c, v, (uint64_t)at);
	arena_release(&a);
	return found;
}

/* ---- what a function remembers ---- */

static uint64_t
n_past(const struct over_call *call, const struct over_state *s)
{
	return s->n_past < (uint64_t)call->n ? s->n_past : (uint64_t)call->n;
}

static void
put_past(
    struct buf *out, const struct over_call *call, const struct over_state *s)
{
	written_put_int(out, (int64_t)s->n_past);
	for (uint64_t i = 0; i < n_past(call, s); i++)
		put_copy(out, &s->past[i]);
}

static bool
get_past(const char **p, const char *end, const struct over_call *call,
    struct over_state *s)
{
	int64_t n;

	if (!written_get_int(p, end, &n) || n < 0 || (n && call->n < 1))
		return false;
	if (n)
		s->past = mem_zalloc((size_t)call->n * sizeof *s->past);
	s->n_past = (uint64_t)n;
	for (uint64_t i = 0; i < n_past(call, s); i++)
		if (!get_copy(p, end, &s->past[i]))
			return false;
	return true;
}

static void
put_agg(struct buf *out, const struct over_call *call, struct over_key *k)
{
	const struct over_state *s = over_state(k, call);
	struct buf acc = {0};

	if (call->way != WAY_ADD) {
		written_put_int(out, (int64_t)s->stacks.middle);
		written_put_int(out, s->fell_back);
		return;
	}
	agg_save(call->agg, over_acc(k, call), &acc);
	written_put_bytes(out, buf_str(&acc));
	buf_release(&acc);
}

static bool
get_agg(const char **p, const char *end, const struct over_call *call,
    struct over_key *k)
{
	struct str acc;
	int64_t middle, fell_back;

	if (call->way == WAY_ADD)
		return written_get_bytes(p, end, &acc) &&
		       agg_load(call->agg, &k->heap, over_acc(k, call), acc);
	if (!written_get_int(p, end, &middle) ||
	    !written_get_int(p, end, &fell_back) || (uint64_t)middle > k->hi)
		return false;
	over_agg_again(call, k, (uint64_t)middle, fell_back != 0);
	return true;
}

static void
put_call(struct buf *out, const struct over_call *call, struct over_key *k)
{
	const struct over_state *s = over_state(k, call);

	switch (call->kind) {
	case OVER_AGGREGATE:
		put_agg(out, call, k);
		return;
	case OVER_FIRST_VALUE:
	case OVER_LAST_VALUE:
	case OVER_NTH_VALUE:
		written_put_int(out, (int64_t)s->n_past);
		put_copy(out, &s->copy);
		return;
	case OVER_LAG:
		if (call->ignore_nulls)
			put_past(out, call, s);
		return;
	case OVER_CUME_DIST:
	case OVER_DENSE_RANK:
	case OVER_LEAD:
	case OVER_NTILE:
	case OVER_PERCENT_RANK:
	case OVER_RANK:
	case OVER_ROW_NUMBER:
		return;
	}
}

static bool
get_value(const char **p, const char *end, const struct over_call *call,
    struct over_key *k)
{
	struct over_state *s = over_state(k, call);
	int64_t n;

	/* Fills the queue, if it has one; what it copies is read then. */
	for (uint64_t at = k->lo; at < k->hi; at++)
		if (call->way != WAY_ADD && call->kind != OVER_LAST_VALUE)
			over_enter(call, k, at);
	if (!written_get_int(p, end, &n) || !get_copy(p, end, &s->copy))
		return false;
	s->n_past = (uint64_t)n;
	return true;
}

static bool
get_call(const char **p, const char *end, const struct over_call *call,
    struct over_key *k)
{
	switch (call->kind) {
	case OVER_AGGREGATE:
		return get_agg(p, end, call, k);
	case OVER_FIRST_VALUE:
	case OVER_LAST_VALUE:
	case OVER_NTH_VALUE:
		return get_value(p, end, call, k);
	case OVER_LAG:
		return !call->ignore_nulls ||
		       get_past(p, end, call, over_state(k, call));
	case OVER_LEAD:
		for (uint64_t at = k->base; at < k->end; at++)
			over_appended(call, k, at);
		return true;
	case OVER_CUME_DIST:
	case OVER_DENSE_RANK:
	case OVER_NTILE:
	case OVER_PERCENT_RANK:
	case OVER_RANK:
	case OVER_ROW_NUMBER:
		return true;
	}
	return true;
}

/* ---- a key ---- */

enum {
	KEY_BASE,
	KEY_END,
	KEY_NEXT,
	KEY_LO,
	KEY_HI,
	KEY_SCAN_LO,
	KEY_SCAN_HI,
	KEY_SCAN_PEER,
	KEY_LAST_GROUP,
	KEY_LAST_TIME,
	KEY_NUMBERS
};

void
over_key_save(
    const struct over_config *c, const struct over_key *k, struct buf *out)
{
	const uint64_t n[KEY_NUMBERS] = {k->base, k->end, k->next, k->lo, k->hi,
	    k->scan_lo, k->scan_hi, k->scan_peer, k->last_group,
	    (uint64_t)k->last_time};

	for (unsigned i = 0; i < KEY_NUMBERS; i++)
		written_put_int(out, (int64_t)n[i]);
	for (unsigned i = 0; i < c->n_calls; i++)
		/* over_state gives what may be changed; nothing is. */
		put_call(out, &c->calls[i], (struct over_key *)(uintptr_t)k);
}

/* Is everything there that is still looked at? (over_trim's rule.) */
static bool
is_sound(const struct over_config *c, const uint64_t *n)
{
	uint64_t base = n[KEY_BASE], end = n[KEY_END];
	uint64_t next = n[KEY_NEXT];
	bool moves = c->framed && c->frame.from.kind != BOUND_FIRST;
	bool scans = c->framed && c->frame.unit != FRAME_ROWS;

	if (base > end || next > end || base > next ||
	    (end && base == end && c->n_orders) || n[KEY_LO] > n[KEY_HI] ||
	    n[KEY_HI] > end || n[KEY_SCAN_LO] > end || n[KEY_SCAN_HI] > end ||
	    n[KEY_SCAN_PEER] > end)
		return false;
	/* What lag looks at. */
	if (base > (next > c->behind ? next - c->behind : 0))
		return false;
	if (c->framed && base > n[KEY_HI])
		return false;
	if (moves && base > n[KEY_LO])
		return false;
	return !scans ||
	       (base <= n[KEY_SCAN_HI] && (!moves || base <= n[KEY_SCAN_LO]));
}

bool
over_key_load(const struct over_config *c, struct over_key *k, struct str bytes,
    bool (*rows)(void *arg, struct over_key *k, uint64_t end), void *arg)
{
	const char *p = bytes.p, *end = p + bytes.n;
	uint64_t n[KEY_NUMBERS];
	int64_t number;

	over_key_init(c, k);
	for (unsigned i = 0; i < KEY_NUMBERS; i++) {
		if (!written_get_int(&p, end, &number))
			return false;
		n[i] = (uint64_t)number;
	}
	if (!is_sound(c, n))
		return false;
	k->base = k->end = n[KEY_BASE];
	if (!rows(arg, k, n[KEY_END]) || k->end != n[KEY_END])
		return false;
	k->next = n[KEY_NEXT];
	k->lo = n[KEY_LO];
	k->hi = n[KEY_HI];
	k->scan_lo = n[KEY_SCAN_LO];
	k->scan_hi = n[KEY_SCAN_HI];
	k->scan_peer = n[KEY_SCAN_PEER];
	k->last_group = n[KEY_LAST_GROUP];
	k->last_time = (int64_t)n[KEY_LAST_TIME];
	for (unsigned i = 0; i < c->n_calls; i++)
		if (!get_call(&p, end, &c->calls[i], k))
			return false;
	return p == end;
}

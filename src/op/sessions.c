/* SPDX-License-Identifier: MIT */
/*
 * Session windows: per key, records no further apart than the gap.
 *
 * A record alone would be the window [t, t + gap). Windows of a key that
 * overlap or touch are one session (Flink: TimeWindow.intersects), so a late
 * record may join two. With a longest duration, a session takes no record at
 * or after start + max: the next one begins there.
 *
 * Open sessions hang off an index by key, those of one key in a list ordered
 * by start. A heap holds each session at least once, at or before its end (or,
 * when it has fired, before it expires); one that grew since is put back when
 * its entry comes up. Each session owns the memory of its accumulators: it
 * ends when the session does.
 */
#include <stdlib.h>

#include "base/heap.h"
#include "base/mem.h"
#include "base/must.h"
#include "data/key.h"
#include "op/group.h"
#include "state/index.h"

struct session {
	struct session *next; /* later one of the same key */
	int64_t first, last;  /* times of the earliest and latest record */
	uint64_t hash;
	uint32_t key_len;
	uint32_t written; /* times its row was written */
	unsigned queued;  /* its entries in the heap */
	bool fired;	  /* its row is written and nothing was added since */
	bool firing;	  /* in the list of those that fire now */
	bool dead;	  /* merged into another or dropped */
	struct arena heap;
	_Alignas(16) char bytes[]; /* accumulators, then the key */
};

struct shown {
	struct session *session;
	struct span span;
	struct value *values;
};

struct sessions_run {
	struct op_run run; /* first */
	const struct group_config *c;
	struct index by_key; /* of the first session of each key */
	struct heap due;
	int64_t watermark;
	struct group_rows rows;
	struct shown *shown; /* live: results that are out for a key */
	size_t n_shown, cap_shown;
	struct arena values; /* of theirs */
};

static struct str
session_key(const struct sessions_run *r, const struct session *s)
{
	return (struct str){s->bytes + r->c->cell_bytes, s->key_len};
}

/* End of a session of these times, exclusive. */
static int64_t
end_of(const struct window_spec *w, int64_t first, int64_t last)
{
	int64_t end = time_add(last, w->size), max = time_add(first, w->max);

	return end < max ? end : max;
}

static int64_t
session_end(const struct sessions_run *r, const struct session *s)
{
	return end_of(&r->c->window, s->first, s->last);
}

/* ---- the index ---- */

static uint64_t
session_hash(const void *entry)
{
	return ((const struct session *)entry)->hash;
}

/* The slot of a key, or the free one where it would be. */
static size_t
key_slot(struct sessions_run *r, struct str key, uint64_t hash)
{
	uint64_t slot, tag = index_tag(hash);
	size_t i;

	index_reserve(&r->by_key, session_hash);
	i = index_start(&r->by_key, hash);
	for (; (slot = r->by_key.slots[i]); i = (i + 1) & r->by_key.mask) {
		const struct session *s = index_pointer(slot);

		if (index_tag(slot) == tag && s->hash == hash &&
		    str_eq(session_key(r, s), key))
			break;
	}
	return i;
}

static struct session *
sessions_of_key(const struct sessions_run *r, size_t slot)
{
	uint64_t s = r->by_key.slots[slot];

	return s ? index_pointer(s) : NULL;
}

/* Makes `first` the head of the list in a slot (NULL: the key is gone). */
static void
set_sessions(
    struct sessions_run *r, size_t slot, uint64_t hash, struct session *first)
{
	bool had = r->by_key.slots[slot] != 0;

	if (!first && had) {
		index_remove(&r->by_key, slot, session_hash);
		return;
	}
	if (!first)
		return;
	if (had)
		r->by_key.n--;
	index_put(&r->by_key, slot, hash, first);
}

/* ---- sessions ---- */

static struct session *
session_new(struct sessions_run *r, struct str key, uint64_t hash, int64_t t)
{
	unsigned cell = r->c->cell_bytes;
	struct session *s = mem_zalloc(sizeof *s + cell + key.n);

	s->first = s->last = t;
	s->hash = hash;
	s->key_len = (uint32_t)key.n;
	memcpy(s->bytes + cell, key.p, key.n);
	arena_init(&s->heap, 256);
	r->run.counts.keys++;
	return s;
}

static void
session_free(struct session *s)
{
	arena_release(&s->heap);
	mem_free(s);
}

/* Would a session of times [first, last] take records up to `last_too`? */
static bool
fits(const struct window_spec *w, int64_t first, int64_t last)
{
	return w->max == WHEN_MAX || last < time_add(first, w->max);
}

/* May a record at t belong to s? */
static bool
touches(const struct window_spec *w, const struct session *s, int64_t t)
{
	int64_t first = t < s->first ? t : s->first;
	int64_t last = t > s->last ? t : s->last;

	return t <= time_add(s->last, w->size) &&
	       s->first <= time_add(t, w->size) && fits(w, first, last);
}

/* Joins s's successor into it, if they touch now. */
static bool
join_next(struct sessions_run *r, struct session *s)
{
	struct session *n = s->next;

	if (!n || n->first > time_add(s->last, r->c->window.size) ||
	    !fits(&r->c->window, s->first, n->last))
		return false;
	group_merge(r->c, GROUP_EACH, &s->heap, s->bytes, n->bytes);
	if (n->last > s->last)
		s->last = n->last;
	if (n->written > s->written)
		s->written = n->written;
	s->fired = s->fired || n->fired;
	s->next = n->next;
	n->dead = true;
	r->run.counts.keys--;
	return true;
}

static void
queue(struct sessions_run *r, struct session *s, int64_t at)
{
	s->queued++;
	heap_push(&r->due, at, s);
}

/* A session that fired and now ends later fires again, then. */
static void
reopen(struct sessions_run *r, struct session *s)
{
	int64_t end = session_end(r, s);

	if (s->fired && end > r->watermark) {
		s->fired = false;
		queue(r, s, end);
	}
}

/*
 * The session a record joins: one of its key that it touches, else a new one.
 * NULL if it is late: it would be a session of its own (or join one) that has
 * closed for good.
 */
static struct session *
session_of(struct sessions_run *r, struct str key, uint64_t hash, int64_t t)
{
	size_t slot = key_slot(r, key, hash);
	struct session *first = sessions_of_key(r, slot), *s, **at = &first;
	int64_t end;

	while ((s = *at) && s->first <= t && !touches(&r->c->window, s, t))
		at = &s->next;
	if (!s || !touches(&r->c->window, s, t)) {
		end = end_of(&r->c->window, t, t);
		if (time_add(end, r->c->allowed) <= r->watermark)
			return NULL;
		s = session_new(r, key, hash, t);
		s->next = *at;
		*at = s;
		queue(r, s, end);
		set_sessions(r, slot, hash, first);
		return s;
	}
	end = session_end(r, s);
	if (t < s->first)
		s->first = t;
	if (t > s->last)
		s->last = t;
	while (join_next(r, s))
		;
	reopen(r, s);
	/* With a longest duration an earlier start is an earlier end. */
	if (session_end(r, s) < end)
		queue(r, s, session_end(r, s));
	return s;
}

/* ---- rows ---- */

static void
write_session(struct sessions_run *r, struct session *s)
{
	struct span window = {s->first, session_end(r, s)};

	if (!group_there(r->c, s->bytes))
		return;
	group_rows_add(&r->rows, window, session_key(r, s), s->bytes,
	    s->written && !r->c->live ? s->written + 1 : 0);
	s->written++;
}

/*
 * Notes the results that are out for a key: the row at hand may change them,
 * move their edges, or join their sessions.
 */
static void
note_shown(struct sessions_run *r, struct str key, uint64_t hash)
{
	struct session *s = sessions_of_key(r, key_slot(r, key, hash));

	r->n_shown = 0;
	arena_reset(&r->values);
	for (; s; s = s->next) {
		struct shown *e;

		if (!s->fired || !group_there(r->c, s->bytes))
			continue;
		mem_grow(&r->shown, &r->cap_shown, r->n_shown + 1, sizeof *e);
		e = &r->shown[r->n_shown++];
		e->session = s;
		e->span = (struct span){s->first, session_end(r, s)};
		e->values = arena_array(
		    &r->values, r->c->grouping.n_aggs, sizeof *e->values);
		group_values(r->c, s->bytes, &r->values, e->values);
	}
}

/* The session s has a row more: those that are out no more are taken back. */
static void
give_changes(struct sessions_run *r, struct str key, struct session *s)
{
	struct value *now =
	    arena_array(&r->values, r->c->grouping.n_aggs, sizeof *now);
	struct span span = {s->first, session_end(r, s)};
	bool is = s->fired && group_there(r->c, s->bytes);

	if (is)
		group_values(r->c, s->bytes, &r->values, now);
	for (size_t i = 0; i < r->n_shown; i++) {
		const struct shown *e = &r->shown[i];

		if (e->session != s && !e->session->dead)
			continue;
		if (!is || e->session != s || e->span.start != span.start ||
		    e->span.end != span.end) {
			group_rows_change(
			    &r->rows, e->span, key, e->values, CHANGE_DELETE);
			continue;
		}
		is = false;
		if (group_same(r->c, e->values, now))
			continue;
		group_rows_change(
		    &r->rows, span, key, e->values, CHANGE_BEFORE);
		group_rows_change(&r->rows, span, key, now, CHANGE_AFTER);
	}
	if (is)
		group_rows_change(&r->rows, span, key, now, CHANGE_INSERT);
	group_rows_flush(&r->rows);
}

static void
correct(struct sessions_run *r, struct str key, struct session *s)
{
	if (r->c->live)
		give_changes(r, key, s);
	if (!s->fired)
		return;
	if (!r->c->live) {
		write_session(r, s);
		group_rows_flush(&r->rows);
	}
	r->run.counts.updates++;
}

/* A row into a session of its key; false if it is late for it. */
static bool
enter_key(struct sessions_run *r, const struct batch *b,
    const struct group_prep *p, unsigned row, struct str key, uint64_t hash)
{
	uint16_t rows[1] = {(uint16_t)row};
	char *cells[1];
	struct agg_rows add = {
	    .n = 1, .rows = rows, .cells = cells, .time = b->time};
	struct session *s;

	r->n_shown = 0;
	if (r->c->live && r->c->allowed)
		note_shown(r, key, hash);
	s = session_of(r, key, hash, b->time[row]);
	if (!s)
		return false;
	cells[0] = s->bytes;
	group_add(r->c, &s->heap, p, &add);
	/* A late session within the allowance is due at once; one that has
	 * fired is corrected at once, unless it is open again: then it fires
	 * when its new end comes. */
	if (s->fired || r->n_shown)
		correct(r, key, s);
	if (!s->fired && session_end(r, s) <= r->watermark)
		sessions_advance(&r->run, r->watermark);
	return true;
}

static void
enter(struct sessions_run *r, struct batch *b, const struct group_prep *p,
    unsigned row, unsigned k)
{
	unsigned n_late = 0;

	for (size_t i = k; i < r->c->n_sets * p->stride; i += p->stride)
		n_late += !enter_key(r, b, p, row, p->keys[i], p->hashes[i]);
	if (n_late == r->c->n_sets) {
		r->run.counts.late++;
		r->run.late(&r->run, b, row);
	} else if (n_late) {
		r->run.counts.late_some++;
	}
}

/* ---- firing ---- */

static void
session_drop(struct sessions_run *r, struct session *s)
{
	size_t slot = key_slot(r, session_key(r, s), s->hash);
	struct session *first = sessions_of_key(r, slot), **at = &first;

	while (*at && *at != s)
		at = &(*at)->next;
	must(*at == s);
	*at = s->next;
	set_sessions(r, slot, s->hash, first);
	r->run.counts.keys--;
	s->dead = true;
	if (!s->queued)
		session_free(s);
}

static int
fire_order(const void *pa, const void *pb, void *arg)
{
	const struct session *a = *(struct session *const *)pa;
	const struct session *b = *(struct session *const *)pb;
	const struct sessions_run *r = arg;
	int64_t end_a = session_end(r, a), end_b = session_end(r, b);

	if (end_a != end_b)
		return end_a < end_b ? -1 : 1;
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return key_cmp(session_key(r, a), session_key(r, b));
}

/* A session's entry came up at watermark w: true if it is to fire. */
static bool
come_up(struct sessions_run *r, struct session *s, int64_t w)
{
	int64_t end = session_end(r, s);
	int64_t expires = time_add(end, r->c->allowed);

	s->queued--;
	if (s->dead) {
		if (!s->queued)
			session_free(s);
		return false;
	}
	if (!s->fired && end <= w) {
		s->fired = s->firing = true;
		return true;
	}
	if (s->firing)
		return false;
	if (s->fired && expires <= w)
		session_drop(r, s);
	else if (!s->queued)
		queue(r, s, s->fired ? expires : end);
	return false;
}

static void
fire(struct sessions_run *r, struct session **list, size_t n, int64_t w)
{
	qsort_r(list, n, sizeof *list, fire_order, r);
	for (size_t i = 0; i < n; i++)
		write_session(r, list[i]);
	group_rows_flush(&r->rows);
	for (size_t i = 0; i < n; i++) {
		int64_t expires =
		    time_add(session_end(r, list[i]), r->c->allowed);

		list[i]->firing = false;
		if (expires <= w)
			session_drop(r, list[i]);
		else if (!list[i]->queued)
			queue(r, list[i], expires);
	}
}

void
sessions_advance(struct op_run *run, int64_t w)
{
	struct sessions_run *r = (struct sessions_run *)run;
	struct session **list = NULL;
	struct heap_item item;
	size_t n = 0, cap = 0;

	if (w > r->watermark)
		r->watermark = w;
	while (r->due.n && heap_next(&r->due) <= w) {
		heap_pop(&r->due, &item);
		if (!come_up(r, item.item, w))
			continue;
		mem_grow(&list, &cap, n + 1, sizeof *list);
		list[n++] = item.item;
	}
	if (n)
		fire(r, list, n, w);
	mem_free(list);
	r->run.forward(&r->run, w);
}

/* ---- the interface ---- */

struct op_run *
sessions_open(const struct op *op)
{
	struct sessions_run *r = mem_zalloc(sizeof *r);

	r->c = op->config;
	r->watermark = WHEN_MIN;
	r->run.op = op;
	group_rows_init(&r->rows, &r->run, r->c);
	arena_init(&r->values, 1024);
	return &r->run;
}

void
sessions_apply(struct op_run *run, struct batch *b, void *prepared,
    unsigned from, unsigned to, struct watermark *w)
{
	struct sessions_run *r = (struct sessions_run *)run;
	unsigned k = 0;

	while (k < b->n_sel && batch_row(b, k) < from)
		k++;
	if (w)
		r->watermark = w->now;
	for (unsigned row = from; row < to; row++) {
		if (k < b->n_sel && batch_row(b, k) == row)
			enter(r, b, prepared, row, k++);
		if (!w || !watermark_see(w, b->time[row]))
			continue;
		if (w->now >= heap_next(&r->due))
			sessions_advance(run, w->now);
		r->watermark = w->now;
	}
}

void
sessions_close(struct op_run *run)
{
	struct sessions_run *r = (struct sessions_run *)run;
	struct heap_item item;

	while (heap_pop(&r->due, &item)) {
		struct session *s = item.item;

		if (!--s->queued)
			session_free(s);
	}
	heap_release(&r->due);
	index_release(&r->by_key);
	group_rows_release(&r->rows);
	arena_release(&r->values);
	mem_free(r->shown);
	mem_free(r);
}

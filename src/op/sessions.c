/* SPDX-License-Identifier: MIT */
/*
 * Session windows: per key, records no further apart than the gap.
 *
 * A record alone would be the window [t, t + gap). Windows of a key that
 * overlap or touch are one session (Flink: TimeWindow.intersects), so a late
 * record may join two. With a longest duration, a session takes no record at
 * or after start + max: the next one begins there.
 *
 * Open sessions hang off a table of keys, those of one key in a list ordered
 * by start. A heap holds each session at least once, at or before its end (or,
 * when it has fired, before it expires); one that grew since is put back when
 * its entry comes up. Each session owns the memory of its accumulators: it
 * ends when the session does. Sessions that are not in memory are fetched when
 * they may be due (sessions_kept.c).
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/must.h"
#include "data/key.h"
#include "op/keys.h"
#include "op/sessions.h"

/* What the allocator takes for a session besides, and its place in the heap. */
#define SESSION_MORE 32

struct session_shown {
	struct session *session;
	struct span span;
	struct value *values;
};

/* End of a session of these times, exclusive. */
static int64_t
end_of(const struct window_spec *w, int64_t first, int64_t last)
{
	return window_session(w, first, last).end;
}

int64_t
session_end(const struct sessions_run *r, const struct session *s)
{
	return end_of(&r->c->window, s->first, s->last);
}

int64_t
session_due(const struct sessions_run *r, const struct session *s)
{
	int64_t end = session_end(r, s);

	return s->fired ? time_add(end, r->c->allowed) : end;
}

/* ---- keys ---- */

static struct session *
first_of(const struct cell *c)
{
	return c ? sessions_of(c)->first : NULL;
}

static void
set_first(struct sessions_run *r, struct cell *c, struct session *s)
{
	sessions_of(c)->first = s;
	table_touch(&r->keys, c);
}

/* The sessions of the key have changed. */
static void
touch(struct sessions_run *r, const struct session *s)
{
	if (r->keys.kept)
		table_touch(
		    &r->keys, table_find(&r->keys, session_key(r, s), s->hash));
}

/* ---- sessions ---- */

struct session *
session_new(struct sessions_run *r, struct str key, uint64_t hash, int64_t t)
{
	unsigned cell = r->c->cell_bytes;
	struct session *s = mem_zalloc(sizeof *s + cell + key.n);

	s->first = s->last = t;
	s->hash = hash;
	s->key_len = (uint32_t)key.n;
	memcpy(s->bytes + cell, key.p, key.n);
	arena_init(&s->heap, 256);
	r->keys.held += sizeof *s + cell + key.n + SESSION_MORE;
	return s;
}

void
session_free(struct sessions_run *r, struct session *s)
{
	r->keys.held -= sizeof *s + r->c->cell_bytes + s->key_len +
			SESSION_MORE + s->heap.total;
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
	r->keys.held -= s->heap.total;
	group_merge(r->c, GROUP_EACH, &s->heap, s->bytes, n->bytes);
	r->keys.held += s->heap.total;
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

void
session_queue(struct sessions_run *r, struct session *s, int64_t at)
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
		session_queue(r, s, end);
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
	struct cell *cell = table_find(&r->keys, key, hash);
	struct session *first = first_of(cell), *s, **at = &first;
	int64_t end;

	while ((s = *at) && s->first <= t && !touches(&r->c->window, s, t))
		at = &s->next;
	if (!s || !touches(&r->c->window, s, t)) {
		end = end_of(&r->c->window, t, t);
		if (time_add(end, r->c->allowed) <= r->watermark)
			return NULL;
		s = session_new(r, key, hash, t);
		r->run.counts.keys++;
		s->next = *at;
		*at = s;
		session_queue(r, s, end);
		if (!cell) {
			cell = table_cell(&r->keys, key, hash);
			sessions_of(cell)->hint = WHEN_MAX;
		}
		set_first(r, cell, first);
		return s;
	}
	table_touch(&r->keys, cell);
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
		session_queue(r, s, session_end(r, s));
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
	struct session *s = first_of(table_find(&r->keys, key, hash));

	r->n_shown = 0;
	arena_reset(&r->values);
	for (; s; s = s->next) {
		struct session_shown *e;

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
		const struct session_shown *e = &r->shown[i];

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
	r->keys.held -= s->heap.total;
	group_add(r->c, &s->heap, p, &add);
	r->keys.held += s->heap.total;
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
	struct cell *cell = table_find(&r->keys, session_key(r, s), s->hash);
	struct session *first = first_of(cell), **at = &first;

	while (*at && *at != s)
		at = &(*at)->next;
	must(*at == s);
	*at = s->next;
	if (first)
		set_first(r, cell, first);
	else
		table_remove(&r->keys, cell);
	r->run.counts.keys--;
	s->dead = true;
	if (!s->queued)
		session_free(r, s);
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

/*
 * A session's entry came up at watermark w: true if it is to fire. *done:
 * something has come to an end.
 */
static bool
come_up(struct sessions_run *r, struct session *s, int64_t w, bool *done)
{
	int64_t end = session_end(r, s);
	int64_t expires = time_add(end, r->c->allowed);

	s->queued--;
	if (s->dead) {
		if (!s->queued)
			session_free(r, s);
		return false;
	}
	if (!s->fired && end <= w) {
		s->fired = s->firing = *done = true;
		return true;
	}
	if (s->firing)
		return false;
	if (s->fired && expires <= w) {
		*done = true;
		session_drop(r, s);
	} else if (!s->queued) {
		session_queue(r, s, s->fired ? expires : end);
	}
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
		if (expires <= w) {
			session_drop(r, list[i]);
			continue;
		}
		touch(r, list[i]);
		if (!list[i]->queued)
			session_queue(r, list[i], expires);
	}
}

/* What is due at w, of the sessions in memory. */
static bool
fire_here(struct sessions_run *r, int64_t w)
{
	struct session **list = NULL;
	struct heap_item item;
	size_t n = 0, cap = 0;
	bool done = false;

	while (r->due.n && heap_next(&r->due) <= w) {
		heap_pop(&r->due, &item);
		if (!come_up(r, item.item, w, &done))
			continue;
		mem_grow(&list, &cap, n + 1, sizeof *list);
		list[n++] = item.item;
	}
	if (n)
		fire(r, list, n, w);
	mem_free(list);
	return done;
}

/*
 * All that is due at watermark w, as much at a time as memory allows. False if
 * nothing was: entries alone that came up too early do not count, as there may
 * be fewer of them after a restart.
 */
static bool
fire_until(struct sessions_run *r, int64_t w)
{
	bool done = false;
	int64_t until;

	if (w > r->watermark)
		r->watermark = w;
	while ((until = sessions_fetch(r, w)) < w) {
		done |= fire_here(r, until);
		sessions_settle(r);
	}
	return fire_here(r, w) || done;
}

void
sessions_advance(struct op_run *run, int64_t w)
{
	fire_until((struct sessions_run *)run, w);
	run->forward(run, w);
}

/* ---- the interface ---- */

struct op_run *
sessions_open(const struct op *op)
{
	struct sessions_run *r = mem_zalloc(sizeof *r);

	r->c = op->config;
	r->watermark = WHEN_MIN;
	r->run.op = op;
	r->agenda.next = WHEN_MAX;
	table_init(&r->keys, sizeof(struct session_key));
	r->keys.flat = true;
	group_rows_init(&r->rows, &r->run, r->c);
	arena_init(&r->values, 1024);
	return &r->run;
}

/* Brings the sessions of rows [from, to) into memory, all at once. */
static void
fetch_keys(struct sessions_run *r, const struct batch *b,
    const struct group_prep *p, unsigned from, unsigned to)
{
	for (size_t set = 0; set < r->c->n_sets; set++)
		keys_fetch(&r->keys, b, p->keys + set * p->stride,
		    p->hashes + set * p->stride, from, to);
}

void
sessions_apply(struct op_run *run, struct batch *b, void *prepared,
    unsigned from, unsigned to, struct watermark *w)
{
	struct sessions_run *r = (struct sessions_run *)run;
	unsigned k = 0;

	while (k < b->n_sel && batch_row(b, k) < from)
		k++;
	fetch_keys(r, b, prepared, from, to);
	if (w)
		r->watermark = w->now;
	for (unsigned row = from; row < to; row++) {
		if (k < b->n_sel && batch_row(b, k) == row)
			enter(r, b, prepared, row, k++);
		if (!w || !watermark_see(w, b->time[row]))
			continue;
		if ((w->now >= heap_next(&r->due) ||
			w->now >= r->agenda.next) &&
		    fire_until(r, w->now))
			run->forward(run, w->now);
		r->watermark = w->now;
	}
	if (r->keep.step)
		state_hold(r->keep.step,
		    r->due.cap * sizeof *r->due.items + r->agenda.held);
}

void
sessions_close(struct op_run *run)
{
	struct sessions_run *r = (struct sessions_run *)run;
	struct heap_item item;

	while (heap_pop(&r->due, &item)) {
		struct session *s = item.item;

		if (!--s->queued)
			session_free(r, s);
	}
	heap_release(&r->due);
	table_release(&r->keys);
	agenda_release(&r->agenda);
	group_keep_release(&r->keep);
	group_rows_release(&r->rows);
	arena_release(&r->values);
	mem_free(r->shown);
	mem_free(r);
}

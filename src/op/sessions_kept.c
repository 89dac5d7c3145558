/* SPDX-License-Identifier: MIT */
/*
 * Session windows: what is kept of them. A key's cell is written down with all
 * its sessions, and may leave memory with them. The agenda has a hint of each
 * cell that was written down: something may be due with the key at that time or
 * later. A session that grows leaves its hint where it is; when the hint's time
 * has come the cell is looked at, and if nothing is due yet it gets another.
 * So a run begins without reading its sessions, and of those that are not in
 * memory only such are read as may have come to an end.
 *
 * Invariant: of every cell there is a hint at or before what is due first with
 * it as it was written down last.
 */
#include "base/hash.h"
#include "base/mem.h"
#include "op/sessions.h"
#include "state/code.h"

/* Keys that are brought in at one go; if memory is short. */
#define FETCH_MOST 16384
#define FETCH_LEAST 256

static const struct str nothing = {"", 0};

/* ---- cells ---- */

/* When the first thing is due with the key. */
static int64_t
key_due(const struct sessions_run *r, const struct cell *c)
{
	int64_t due = WHEN_MAX;

	for (const struct session *s = sessions_of(c)->first; s; s = s->next)
		if (session_due(r, s) < due)
			due = session_due(r, s);
	return due;
}

static void
put_hint(struct sessions_run *r, const struct cell *c, int64_t due)
{
	agenda_put(&r->agenda, due, cell_key(&r->keys, c), nothing);
	sessions_of(c)->hint = due;
	sessions_of(c)->maybe = false;
}

/* All sessions of a key. */
static void
save_key(
    void *arg, const struct table *t, const struct cell *c, struct buf *out)
{
	struct sessions_run *r = arg;

	int64_t due = key_due(r, c), hint = sessions_of(c)->hint;

	(void)t;
	if (hint <= r->watermark || hint > due)
		put_hint(r, c, due);
	for (const struct session *s = sessions_of(c)->first; s; s = s->next) {
		size_t piece = code_put_begin(out);

		code_put_int(out, s->first);
		code_put_int(out, s->last);
		code_put_uint(out, (uint64_t)s->written << 1 | s->fired);
		group_save_acc(&r->keep, s->bytes, out);
		code_put_end(out, piece);
	}
}

static struct session *
load_session(
    struct sessions_run *r, struct str key, uint64_t hash, struct str bytes)
{
	struct session *s;
	int64_t first, last;
	uint64_t written;

	if (!code_get_int(&bytes, &first) || !code_get_int(&bytes, &last) ||
	    last < first || !code_get_uint(&bytes, &written) ||
	    written >> 1 > UINT32_MAX)
		return NULL;
	s = session_new(r, key, hash, first);
	s->last = last;
	s->written = (uint32_t)(written >> 1);
	s->fired = written & 1;
	session_queue(r, s,
	    s->fired ? time_add(session_end(r, s), r->c->allowed)
		     : session_end(r, s));
	if (group_load_acc(&r->keep, &s->heap, s->bytes, bytes)) {
		r->keys.held += s->heap.total;
		return s;
	}
	r->keys.held += s->heap.total;
	s->dead = true; /* its entry will free it */
	return NULL;
}

static bool
load_key(void *arg, struct table *t, struct cell *c, struct str bytes)
{
	struct sessions_run *r = arg;
	struct session *first = NULL, **at = &first;
	struct str key = cell_key(t, c), piece;
	bool good = group_is_key(r->c, key) && bytes.n;

	while (good && bytes.n) {
		struct session *s = NULL;

		if (code_get_str(&bytes, &piece))
			s = load_session(r, key, c->hash, piece);
		good = s != NULL;
		*at = s;
		at = good ? &s->next : at;
	}
	for (struct session *s = first; !good && s; s = s->next)
		s->dead = true;
	if (!good)
		return false;
	sessions_of(c)->first = first;
	sessions_of(c)->hint = key_due(r, c);
	sessions_of(c)->maybe = true;
	return true;
}

/* Entries of sessions that are in memory no more. */
static void
sweep(struct sessions_run *r)
{
	struct heap *h = &r->due;
	size_t n = 0;

	for (size_t i = 0; i < h->n; i++) {
		struct session *s = h->items[i].item;

		if (!s->dead)
			h->items[n++] = h->items[i];
		else if (!--s->queued)
			session_free(r, s);
	}
	h->n = n;
	heap_build(h);
	r->n_dead = 0;
}

static void
drop_key(void *arg, struct table *t, struct cell *c)
{
	struct sessions_run *r = arg;
	struct session *s = sessions_of(c)->first, *next;

	(void)t;
	for (; s; s = next) {
		next = s->next;
		s->dead = true;
		if (s->queued)
			r->n_dead++;
		else
			session_free(r, s);
	}
	sessions_of(c)->first = NULL;
	if (r->n_dead * 4 > r->due.n)
		sweep(r);
}

static const struct cell_codec sessions_codec = {
    .save = save_key, .load = load_key, .drop = drop_key, .movable = true};

/* ---- what is due ---- */

/*
 * A hint's time has come. If nothing is due yet the key needs another one,
 * unless it is known to have one in between.
 */
static void
bring(struct sessions_run *r, struct str key, int64_t w)
{
	struct cell *c = table_find(&r->keys, key, hash_bytes(key.p, key.n));
	int64_t due;

	if (!c)
		return;
	due = key_due(r, c);
	if (due <= w)
		table_touch(&r->keys, c);
	else if (sessions_of(c)->maybe || sessions_of(c)->hint <= w ||
		 sessions_of(c)->hint >= due)
		put_hint(r, c, due);
}

int64_t
sessions_fetch(struct sessions_run *r, int64_t w)
{
	struct agenda_item item;
	int64_t until = w;
	unsigned most, n = 0;

	if (!r->keep.step || r->agenda.next > w)
		return w;
	most = state_is_tight(r->keep.step, 0) ? FETCH_LEAST : FETCH_MOST;
	while (agenda_take(&r->agenda, until, &item)) {
		bring(r, item.key, w);
		/* Those of the same time belong together. */
		if (++n == most)
			until = item.at;
		if (n > most && n % most == 0 && !table_can_hold(&r->keys))
			return w;
	}
	if (n < most || r->agenda.next > w)
		return w;
	return r->agenda.next > until ? r->agenda.next - 1 : until;
}

void
sessions_settle(struct sessions_run *r)
{
	table_settle(&r->keys);
}

/* ---- the step ---- */

void
sessions_save(struct op_run *run)
{
	struct sessions_run *r = (struct sessions_run *)run;
	int64_t open = (int64_t)run->counts.keys;

	if (r->watermark != r->saved)
		group_put_number(r->own, "watermark", r->watermark);
	if (open != r->saved_open)
		group_put_number(r->own, "open", open);
	r->saved = r->watermark;
	r->saved_open = open;
}

/* What has no hints yet: an older version wrote it. */
static void
load_all(struct sessions_run *r)
{
	table_load(&r->keys);
	for (size_t i = 0; i < r->keys.n; i++) {
		struct cell *c = r->keys.cells[i];

		sessions_of(c)->hint = WHEN_MAX;
		table_touch(&r->keys, c);
		for (const struct session *s = sessions_of(c)->first; s;
		     s = s->next)
			r->run.counts.keys++;
	}
}

/* About how far ahead of the watermark sessions end. */
static int64_t
reach(const struct op_run *run)
{
	const struct group_config *c = run->op->config;
	int64_t lateness =
	    run->op->in.scan ? run->op->in.scan->lateness : WHEN_MAX;

	return time_add(time_add(c->window.size, c->allowed), lateness);
}

int
sessions_restore(struct op_run *run, struct state_step *step, struct err *err)
{
	struct sessions_run *r = (struct sessions_run *)run;
	int64_t open = 0;

	(void)err;
	group_keep_init(&r->keep, r->c, step);
	r->own = state_map(step, "step");
	group_get_number(r->own, "watermark", &r->watermark);
	r->saved = r->watermark;
	table_keep(
	    &r->keys, state_map(step, "sessions"), 0, &sessions_codec, r);
	agenda_keep(&r->agenda, state_map(step, "due"), reach(run));
	if (!group_get_number(r->own, "open", &open))
		load_all(r);
	else
		run->counts.keys = (uint64_t)open;
	r->saved_open = open;
	return 0;
}

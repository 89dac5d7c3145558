/* SPDX-License-Identifier: MIT */
/*
 * Many cursors as one, by a tree of losers (Knuth, TAOCP 3, 5.4.1): every
 * node keeps the cursor that has lost there, so the next entry is found by
 * comparing it with those on one way from leaf to root. Of equal keys the
 * newest comes first; the others are passed over.
 */
#include "base/mem.h"
#include "state/run_walk.h"

struct head {
	struct run_cursor *cursor;
	struct run_entry e;
	uint64_t prefix; /* of the key */
	bool ended;
};

struct run_merge {
	pieces_fold *fold;
	void *fold_arg;
	struct gather gather;
	struct head *heads;
	unsigned *losers; /* [0] is the winner */
	unsigned n;
	bool last, begun;
	bool has_pieces;
	bool given; /* `before` has the key of an entry */
	unsigned map;
	int64_t bucket;
	struct buf before;
};

struct run_merge *
run_merge_new(struct run_cursor **newest_first, unsigned n, bool last,
    run_dropped dropped, void *arg)
{
	struct run_merge *m = mem_zalloc(sizeof *m);

	m->n = n;
	m->last = last;
	m->heads = mem_array(n + 1u, sizeof *m->heads);
	m->losers = mem_array(n + 1u, sizeof *m->losers);
	for (unsigned i = 0; i < n; i++) {
		m->heads[i] = (struct head){.cursor = newest_first[i]};
		if (dropped)
			run_cursor_leave_out(newest_first[i], dropped, arg, i);
	}
	return m;
}

void
run_merge_free(struct run_merge *m)
{
	if (!m)
		return;
	for (unsigned i = 0; i < m->n; i++)
		run_cursor_free(m->heads[i].cursor);
	mem_free(m->heads);
	mem_free(m->losers);
	buf_release(&m->before);
	gather_release(&m->gather);
	mem_free(m);
}

void
run_merge_fold(struct run_merge *m, pieces_fold *fold, void *arg)
{
	m->fold = fold;
	m->fold_arg = arg;
}

/* Does the entry of cursor a come before that of b? */
static bool
wins(const struct run_merge *m, unsigned a, unsigned b)
{
	const struct head *x = &m->heads[a], *y = &m->heads[b];
	int c;

	if (x->ended || y->ended)
		return x->ended == y->ended ? a < b : y->ended;
	c = section_cmp(x->e.map, x->e.bucket, y->e.map, y->e.bucket);
	if (!c)
		c = (x->prefix > y->prefix) - (x->prefix < y->prefix);
	if (!c)
		c = key_cmp(x->e.key, y->e.key);
	return c ? c < 0 : a < b;
}

static int
advance(struct run_merge *m, unsigned i, struct err *err)
{
	struct head *h = &m->heads[i];
	int got = run_cursor_next(h->cursor, &h->e, err);

	if (got < 0)
		return -1;
	h->ended = !got;
	if (got)
		h->prefix = key_prefix(h->e.key);
	return 0;
}

/* Cursor i has a new entry: its way up to the root is played again. */
static void
replay(struct run_merge *m, unsigned i)
{
	unsigned winner = i;

	for (unsigned node = (i + m->n) / 2; node > 0; node /= 2)
		if (wins(m, m->losers[node], winner)) {
			unsigned loser = winner;

			winner = m->losers[node];
			m->losers[node] = loser;
		}
	m->losers[0] = winner;
}

/* The winner of a part of the tree, whose losers are noted. */
static int
begin(struct run_merge *m, struct err *err)
{
	unsigned *winners = mem_array(2 * (size_t)m->n + 1, sizeof *winners);

	for (unsigned i = 0; i < m->n; i++) {
		if (advance(m, i, err)) {
			mem_free(winners);
			return -1;
		}
		winners[m->n + i] = i;
	}
	for (unsigned node = m->n; node-- > 1;) {
		unsigned a = winners[2 * node], b = winners[2 * node + 1];
		bool first = wins(m, a, b);

		winners[node] = first ? a : b;
		m->losers[node] = first ? b : a;
	}
	m->losers[0] = m->n > 1 ? winners[1] : 0;
	m->begun = true;
	mem_free(winners);
	return 0;
}

/* Has an entry with this key been given? */
static bool
is_before(const struct run_merge *m, const struct run_entry *e)
{
	return m->given && e->map == m->map && e->bucket == m->bucket &&
	       e->key.n == m->before.n &&
	       (!e->key.n || !memcmp(e->key.p, m->before.p, e->key.n));
}

static void
remember(struct run_merge *m, const struct run_entry *e)
{
	m->given = true;
	m->map = e->map;
	m->bucket = e->bucket;
	m->before.n = 0;
	buf_adds(&m->before, e->key);
}

/* The winner's cursor goes on. */
static int
step(struct run_merge *m, struct err *err)
{
	unsigned i = m->losers[0];

	if (advance(m, i, err))
		return -1;
	replay(m, i);
	return 0;
}

/* What was gathered of the key before becomes an entry. */
static void
give_pieces(struct run_merge *m, struct run_entry *e)
{
	*e = (struct run_entry){
	    .map = m->map, .bucket = m->bucket, .key = buf_str(&m->before)};
	e->pieces = gather_give(&m->gather, m->last, m->fold, m->fold_arg,
	    m->map, e->key, &e->value);
}

/* The winner has pieces, or is the first of those that have some. */
static int
gather_key(struct run_merge *m, struct run_entry *e, struct err *err)
{
	const struct head *h;

	m->has_pieces = true;
	gather_reset(&m->gather);
	do {
		h = &m->heads[m->losers[0]];
		if (h->e.deleted)
			m->gather.whole = true;
		else
			gather_add(&m->gather, h->e.pieces, h->e.value);
		if (step(m, err))
			return -1;
		h = &m->heads[m->losers[0]];
	} while (!m->gather.whole && !h->ended && is_before(m, &h->e));
	give_pieces(m, e);
	return 1;
}

bool
run_merge_has_pieces(const struct run_merge *m)
{
	return m->has_pieces;
}

void
run_merge_reach(const struct run_merge *m, struct run_mark *mark, uint64_t *at)
{
	mark->set = m->given;
	mark->map = m->map;
	mark->bucket = m->bucket;
	mark->key.n = 0;
	buf_adds(&mark->key, buf_str(&m->before));
	for (unsigned i = 0; i < m->n; i++)
		at[i] = run_cursor_at(m->heads[i].cursor);
}

int
run_merge_next(struct run_merge *m, struct run_entry *e, struct err *err)
{
	if (!m->n)
		return 0;
	if (!m->begun && begin(m, err))
		return -1;
	for (;;) {
		const struct head *h = &m->heads[m->losers[0]];

		if (h->ended)
			return 0;
		if (!is_before(m, &h->e)) {
			remember(m, &h->e);
			if (h->e.pieces != PIECES_NONE)
				return gather_key(m, e, err);
			if (!h->e.deleted || !m->last) {
				*e = h->e;
				return 1;
			}
		}
		if (step(m, err))
			return -1;
	}
}

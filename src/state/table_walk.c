/* SPDX-License-Identifier: MIT */
/*
 * A walk over all cells of a table by key, wherever they are: those in memory,
 * sorted, beside a scan of the store's bucket. Of a key that is in both the
 * cell in memory counts. Cells of the store alone are made in arenas of the
 * walk and live there for a while only (they are `loose`), as are those that
 * are put together of what the store has and a piece in memory.
 */
#include "base/hash.h"
#include "base/mem.h"
#include "data/key.h"
#include "state/kept.h"

/* What sorting takes for a cell. */
#define SORT_BYTES 40

struct table_walk {
	struct table *table;
	struct arena arena;
	struct cell **sorted; /* in memory */
	size_t n, at;
	struct store_scan *scan; /* NULL: all are in memory, or it ended */
	struct str key, value;	 /* of the store's next */
	struct table loose;
	bool keep;
};

static void
scan_on(struct table_walk *w)
{
	const struct kept *k = w->table->kept;

	while (store_scan_next(w->scan, &w->key, &w->value)) {
		if (key_check(w->key))
			return;
		state_damaged(k->map, k->bucket, w->key);
	}
	store_scan_end(w->scan);
	w->scan = NULL;
}

struct table_walk *
table_walk_begin(struct table *t)
{
	struct table_walk *w = mem_zalloc(sizeof *w);

	w->table = t;
	arena_init(&w->arena, 4096);
	table_init(&w->loose, t->cell_bytes);
	if (t->kept)
		kept_make_room(t->kept, SORT_BYTES);
	w->n = t->n - t->n_gone;
	w->sorted = table_sorted_here(t, &w->arena);
	if (table_is_whole(t))
		return w;
	w->scan = state_scan(t->kept->map, t->kept->bucket);
	scan_on(w);
	return w;
}

void
table_walk_forget(struct table_walk *w)
{
	const struct kept *k = w->table->kept;

	for (size_t i = 0; i < w->loose.n; i++)
		if (k->codec->drop)
			k->codec->drop(k->arg, &w->loose, w->loose.cells[i]);
	w->loose.n = 0;
	arena_reset(&w->loose.arena);
	arena_reset(&w->loose.heap);
}

void
table_walk_end(struct table_walk *w)
{
	table_walk_forget(w);
	if (w->scan)
		store_scan_end(w->scan);
	table_release(&w->loose);
	arena_release(&w->arena);
	mem_free(w);
}

void
table_walk_keep(struct table_walk *w)
{
	w->keep = true;
}

size_t
table_walk_held(const struct table_walk *w)
{
	return w->loose.arena.total + w->loose.heap.total;
}

static struct cell *
load_loose(struct table_walk *w)
{
	struct cell *c =
	    table_alloc(&w->loose, w->key, hash_bytes(w->key.p, w->key.n));

	c->loose = c->stored = true;
	table_push(&w->loose, c);
	kept_read(w->table->kept, &w->loose, c, w->value);
	return c;
}

/* One that is in memory; in the store, too, if `both`. */
static struct cell *
from_memory(struct table_walk *w, bool both)
{
	struct cell *c = w->sorted[w->at++], *whole;

	if (!c->piece)
		return c;
	if (!both) {
		kept_end_piece(w->table->kept, c);
		return c;
	}
	whole = load_loose(w);
	kept_add_piece(w->table->kept, &w->loose, whole, c);
	return whole;
}

/* Is the next one in memory (< 0), in the store (> 0), or in both? */
static int
next_side(const struct table_walk *w)
{
	if (!w->scan)
		return -1;
	if (w->at == w->n)
		return 1;
	return key_cmp(cell_key(w->table, w->sorted[w->at]), w->key);
}

bool
table_walk_peek(struct table_walk *w, struct str *key)
{
	if (w->at == w->n && !w->scan)
		return false;
	*key =
	    next_side(w) <= 0 ? cell_key(w->table, w->sorted[w->at]) : w->key;
	return true;
}

struct cell *
table_walk_next(struct table_walk *w)
{
	struct cell *c;
	int side;

	if (w->at == w->n && !w->scan)
		return NULL;
	if (!w->keep && w->scan)
		table_walk_forget(w);
	side = next_side(w);
	c = side <= 0 ? from_memory(w, !side) : load_loose(w);
	if (side >= 0)
		scan_on(w);
	return c;
}

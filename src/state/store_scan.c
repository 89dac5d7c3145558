/* SPDX-License-Identifier: MIT */
/*
 * Scans: the entries of a bucket in order, out of all layers. What is in
 * memory is noted when the scan begins, and kept (memtable.h, pins); runs are
 * read as they come; those that follow each other are one layer, so what a scan
 * takes of memory does not go by their number. Of equal keys the newest layer's
 * counts.
 *
 * Layers wait in a heap by their next key. Most of them do not know most
 * keys, so the one that gave a key out is only put back once another one's
 * comes first.
 */
#include "base/mem.h"
#include "data/key.h"
#include "state/entry_sort.h"
#include "state/store_in.h"

/* One layer: of the two ways to have entries it has one. */
struct scan_layer {
	struct mem_section *section; /* pinned */
	struct entry_item *items;
	size_t n, at;

	/* Runs that follow each other, shared; those behind `run` are left. */
	struct run_handle **runs;
	struct run_cursor **cursors;
	size_t n_runs, cap_runs, cap_cursors, run;

	/* The entry that is next; it is given out and stays until then. */
	bool there;
	uint64_t prefix;
	struct str key, value;
	bool deleted;
	enum pieces pieces;
};

struct store_scan {
	struct store *store;
	struct scan_layer *layers; /* the newest first */
	size_t n, cap;
	struct scan_layer **heap; /* the least first */
	size_t n_heap;
	struct scan_layer **given; /* those that have the key given out */
	size_t n_given;
	unsigned map;
	struct gather gather; /* of the key at hand */
	bool pieces;	      /* that could not be folded */
};

static struct scan_layer *
new_layer(struct store_scan *c)
{
	mem_grow(&c->layers, &c->cap, c->n + 1, sizeof *c->layers);
	c->layers[c->n] = (struct scan_layer){.there = true};
	return &c->layers[c->n++];
}

static void
add_table(struct store_scan *c, struct mem_section *section)
{
	struct scan_layer *l = new_layer(c);
	struct entry_item *spare;
	struct mem_cursor at = {0};
	const struct mem_entry *e;

	l->section = section;
	mem_section_pin(section);
	l->items = mem_array(section->index.n, sizeof *l->items);
	spare = mem_array(section->index.n, sizeof *spare);
	while ((e = mem_section_next(section, &at)))
		l->items[l->n++].of = e;
	entry_sort(l->items, spare, l->n, entry_key);
	mem_free(spare);
}

/* The newest runs up to v->runs[end - 1] that follow each other, as a layer. */
static size_t
add_runs(struct store_scan *c, const struct version *v, size_t end,
    unsigned map, int64_t bucket)
{
	struct scan_layer *l = NULL;
	size_t from = end - 1;

	while (version_follows(v, from))
		from--;
	for (size_t i = from; i < end; i++) {
		const struct version_run *r = &v->runs[i];
		struct run_cursor *cursor;

		if (!version_run_has(r, map, bucket))
			continue;
		l = l ? l : new_layer(c);
		mem_grow(&l->runs, &l->cap_runs, l->n_runs + 1,
		    sizeof(struct run_handle *));
		mem_grow(&l->cursors, &l->cap_cursors, l->n_runs + 1,
		    sizeof(struct run_cursor *));
		atomic_fetch_add(&r->handle->users, 1);
		cursor = run_cursor_of(r->handle->file, map, bucket);
		run_cursor_from(cursor, &r->mark, r->at);
		l->runs[l->n_runs] = r->handle;
		l->cursors[l->n_runs++] = cursor;
	}
	return from;
}

/* All layers together take so much memory, however many there are. */
static void
share_memory(struct store_scan *c)
{
	size_t bytes = run_cursor_share(c->n);

	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; k < c->layers[i].n_runs; k++)
			run_cursor_chunk(c->layers[i].cursors[k], bytes);
}

struct store_scan *
store_scan_begin(struct store *s, unsigned map, int64_t bucket)
{
	struct store_scan *c = mem_zalloc(sizeof *c);
	struct memtable *tables[STORE_TABLES];
	unsigned n = store_tables(s, tables);

	c->store = s;
	c->map = map;
	for (unsigned i = 0; i < n; i++) {
		struct mem_section *section =
		    memtable_find(tables[i], map, bucket);

		if (section && section->index.n)
			add_table(c, section);
		if (memtable_hides(tables[i], map, bucket))
			return c;
	}
	for (size_t i = s->version.n; i > 0;)
		i = add_runs(c, &s->version, i, map, bucket);
	share_memory(c);
	return c;
}

static bool
next_of_run(struct store_scan *c, struct scan_layer *l)
{
	struct run_entry e;
	struct err err = {0};
	int rc = 0;

	while (l->run < l->n_runs) {
		rc = run_cursor_next(l->cursors[l->run], &e, &err);
		if (rc)
			break;
		run_cursor_free(l->cursors[l->run]);
		l->cursors[l->run++] = NULL;
	}
	if (rc < 0) {
		store_dir_note(&c->store->dir, &err);
		store_fail(c->store, &err);
		return false;
	}
	l->there = rc > 0;
	if (!l->there)
		return true;
	l->prefix = key_prefix(e.key);
	l->key = e.key;
	l->value = e.value;
	l->deleted = e.deleted;
	l->pieces = e.pieces;
	return true;
}

static void
next_of_table(struct scan_layer *l)
{
	const struct entry_item *item = &l->items[l->at];
	const struct mem_entry *e;

	l->there = l->at < l->n;
	if (!l->there)
		return;
	l->at++;
	l->prefix = item->prefix;
	e = item->of;
	l->key = mem_key(e);
	l->value = mem_value(e);
	l->deleted = mem_deleted(e);
	l->pieces = l->deleted ? PIECES_NONE : mem_pieces(e);
}

static int
cmp(const struct scan_layer *a, const struct scan_layer *b)
{
	if (a->prefix != b->prefix)
		return a->prefix < b->prefix ? -1 : 1;
	return key_cmp(a->key, b->key);
}

/* By key, then the newest first. */
static bool
before(const struct scan_layer *a, const struct scan_layer *b)
{
	int by_key = cmp(a, b);

	return by_key ? by_key < 0 : a < b;
}

static void
push(struct store_scan *c, struct scan_layer *l)
{
	size_t at = c->n_heap++;

	for (; at && before(l, c->heap[(at - 1) / 2]); at = (at - 1) / 2)
		c->heap[at] = c->heap[(at - 1) / 2];
	c->heap[at] = l;
}

/* Puts a layer into the place of the least one, which it returns. */
static struct scan_layer *
replace(struct store_scan *c, struct scan_layer *l)
{
	struct scan_layer *least = c->heap[0];
	size_t at = 0;

	for (size_t child; (child = 2 * at + 1) < c->n_heap; at = child) {
		if (child + 1 < c->n_heap &&
		    before(c->heap[child + 1], c->heap[child]))
			child++;
		if (before(l, c->heap[child]))
			break;
		c->heap[at] = c->heap[child];
	}
	c->heap[at] = l;
	return least;
}

static struct scan_layer *
pop(struct store_scan *c)
{
	struct scan_layer *last = c->heap[--c->n_heap];

	return c->n_heap ? replace(c, last) : last;
}

/* All layers have their first entry yet to come. */
static void
arrange(struct store_scan *c)
{
	c->heap = mem_array(c->n + 1, sizeof(struct scan_layer *));
	c->given = mem_array(c->n + 1, sizeof(struct scan_layer *));
	for (size_t i = 0; i < c->n; i++)
		c->given[c->n_given++] = &c->layers[i];
}

/*
 * Goes on in the layers whose entry was given. One of those that have more
 * stays out of the heap: *out, or NULL. False if the store fails.
 */
static bool
go_on(struct store_scan *c, struct scan_layer **out)
{
	*out = NULL;
	for (size_t i = 0; i < c->n_given; i++) {
		struct scan_layer *l = c->given[i];

		if (!l->n_runs)
			next_of_table(l);
		else if (!next_of_run(c, l))
			return false;
		if (!l->there)
			continue;
		if (*out)
			push(c, l);
		else
			*out = l;
	}
	c->n_given = 0;
	return true;
}

/*
 * The least entry that is left, of the newest layer that has its key; out is
 * not in the heap.
 */
static struct scan_layer *
least(struct store_scan *c, struct scan_layer *out)
{
	struct scan_layer *best = out;

	if (!best && c->n_heap)
		best = pop(c);
	else if (best && c->n_heap && before(c->heap[0], best))
		best = replace(c, best);
	if (!best)
		return NULL;
	c->given[c->n_given++] = best;
	while (c->n_heap && !cmp(c->heap[0], best))
		c->given[c->n_given++] = pop(c);
	return best;
}

/* Those of all layers that have the key. */
static void
give_pieces(struct store_scan *c, struct str key, struct str *value)
{
	struct gather *g = &c->gather;

	gather_reset(g);
	for (size_t i = 0; i < c->n_given && !g->whole; i++) {
		const struct scan_layer *l = c->given[i];

		if (l->deleted)
			g->whole = true;
		else
			gather_add(g, l->pieces, l->value);
	}
	c->pieces = gather_give(g, true, store_fold_any, c->store, c->map, key,
			value) != PIECES_NONE;
}

bool
store_scan_next(struct store_scan *c, struct str *key, struct str *value)
{
	struct scan_layer *l, *out;

	if (atomic_load(&c->store->failed))
		return false;
	if (!c->heap)
		arrange(c);
	do {
		if (!go_on(c, &out))
			return false;
		l = least(c, out);
		if (!l)
			return false;
	} while (l->deleted);
	*key = l->key;
	*value = l->value;
	c->pieces = false;
	if (l->pieces != PIECES_NONE)
		give_pieces(c, l->key, value);
	return true;
}

bool
store_scan_pieces(const struct store_scan *c)
{
	return c->pieces;
}

void
store_scan_end(struct store_scan *c)
{
	for (size_t i = 0; i < c->n; i++) {
		struct scan_layer *l = &c->layers[i];

		mem_free(l->items);
		if (l->section)
			mem_section_unpin(l->section);
		for (size_t k = 0; k < l->n_runs; k++) {
			run_cursor_free(l->cursors[k]);
			run_handle_leave(l->runs[k]);
		}
		mem_free(l->runs);
		mem_free(l->cursors);
	}
	gather_release(&c->gather);
	mem_free(c->heap);
	mem_free(c->given);
	mem_free(c->layers);
	mem_free(c);
}

/* SPDX-License-Identifier: MIT */
/*
 * Reads of a store: through its layers from the newest to the oldest until
 * one knows the key, or hides what is older. A scan takes note of the entries
 * of all layers when it begins and keeps them alive (memtable.h, pins).
 */
#include <stdlib.h>

#include "base/mem.h"
#include "data/key.h"
#include "state/store_in.h"

#define N_TABLES 3

/* Tables of changes, the newest first. */
static unsigned
tables(const struct store *s, struct memtable *out[N_TABLES])
{
	unsigned n = 0;

	out[n++] = s->pending;
	if (s->job.changes)
		out[n++] = s->job.changes;
	if (s->held)
		out[n++] = s->held;
	return n;
}

enum store_found
store_get(struct store *s, unsigned map, int64_t bucket, struct str key,
    struct buf *out)
{
	struct memtable *layers[N_TABLES];
	unsigned n = tables(s, layers);

	if (atomic_load_explicit(&s->failed, memory_order_acquire))
		return STORE_DAMAGED;
	for (unsigned i = 0; i < n; i++) {
		const struct mem_section *section =
		    memtable_find(layers[i], map, bucket);
		const struct mem_entry *e = mem_section_get(section, key);

		if (e && mem_deleted(e))
			return STORE_ABSENT;
		if (e) {
			buf_adds(out, mem_value(e));
			return STORE_FOUND;
		}
		if (memtable_hides(layers[i], map, bucket))
			return STORE_ABSENT;
	}
	return STORE_ABSENT;
}

bool
store_get_many(struct store *s, unsigned map, int64_t bucket,
    const struct str *keys, size_t n, struct str *out)
{
	/* First where they are: the buffer may move. */
	s->many.n = 0;
	for (size_t i = 0; i < n; i++) {
		size_t from = s->many.n;
		enum store_found found =
		    store_get(s, map, bucket, keys[i], &s->many);

		if (found == STORE_DAMAGED)
			return false;
		out[i].p = found == STORE_FOUND ? "" : NULL;
		out[i].n = s->many.n - from;
	}
	buf_reserve(&s->many, 1);
	for (size_t i = 0, at = 0; i < n; at += out[i].n, i++)
		if (out[i].p)
			out[i].p = s->many.p + at;
	return true;
}

/* ---- buckets ---- */

static int
by_bucket(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static bool
is_hidden(struct memtable *const *layers, unsigned above, unsigned map,
    int64_t bucket)
{
	for (unsigned i = 0; i < above; i++)
		if (memtable_hides(layers[i], map, bucket))
			return true;
	return false;
}

size_t
store_buckets(struct store *s, unsigned map, int64_t **out)
{
	struct memtable *layers[N_TABLES];
	unsigned n_layers = tables(s, layers);
	size_t n = 0, cap = 0, kept = 0;

	*out = NULL;
	for (unsigned i = 0; i < n_layers; i++)
		for (size_t k = 0; k < layers[i]->n; k++) {
			const struct mem_section *section =
			    layers[i]->sections[k];

			if (section->map != map || !section->index.n ||
			    is_hidden(layers, i, map, section->bucket))
				continue;
			mem_grow(out, &cap, n + 1, sizeof **out);
			(*out)[n++] = section->bucket;
		}
	if (n)
		qsort(*out, n, sizeof **out, by_bucket);
	for (size_t i = 0; i < n; i++)
		if (!kept || (*out)[kept - 1] != (*out)[i])
			(*out)[kept++] = (*out)[i];
	return kept;
}

bool
store_has_bucket(struct store *s, unsigned map, int64_t bucket)
{
	struct memtable *layers[N_TABLES];
	unsigned n = tables(s, layers);

	for (unsigned i = 0; i < n; i++) {
		const struct mem_section *section =
		    memtable_find(layers[i], map, bucket);

		if (section && section->index.n)
			return true;
		if (memtable_hides(layers[i], map, bucket))
			return false;
	}
	return false;
}

/* ---- scans ---- */

struct scan_item {
	uint64_t prefix;
	const struct mem_entry *entry;
};

/* The entries of one layer in order. */
struct scan_layer {
	struct mem_section *section; /* pinned */
	struct scan_item *items;
	size_t n, at;
};

struct store_scan {
	struct store *store;
	struct scan_layer layers[N_TABLES]; /* the newest first */
	unsigned n;
};

static int
cmp_items(const void *a, const void *b)
{
	const struct scan_item *x = a, *y = b;

	if (x->prefix != y->prefix)
		return x->prefix < y->prefix ? -1 : 1;
	return key_cmp(mem_key(x->entry), mem_key(y->entry));
}

static void
add_layer(struct store_scan *c, struct mem_section *section)
{
	struct scan_layer *l = &c->layers[c->n++];
	struct mem_cursor at = {0};
	const struct mem_entry *e;

	*l = (struct scan_layer){.section = section};
	mem_section_pin(section);
	l->items = mem_array(section->index.n, sizeof *l->items);
	while ((e = mem_section_next(section, &at)))
		l->items[l->n++] =
		    (struct scan_item){key_prefix(mem_key(e)), e};
	qsort(l->items, l->n, sizeof *l->items, cmp_items);
}

struct store_scan *
store_scan_begin(struct store *s, unsigned map, int64_t bucket)
{
	struct store_scan *c = mem_zalloc(sizeof *c);
	struct memtable *layers[N_TABLES];
	unsigned n = tables(s, layers);

	c->store = s;
	for (unsigned i = 0; i < n; i++) {
		struct mem_section *section =
		    memtable_find(layers[i], map, bucket);

		if (section && section->index.n)
			add_layer(c, section);
		if (memtable_hides(layers[i], map, bucket))
			break;
	}
	return c;
}

/* The least entry that is left, of the newest layer that has its key. */
static const struct mem_entry *
least(struct store_scan *c)
{
	const struct scan_item *best = NULL;

	for (unsigned i = 0; i < c->n; i++) {
		struct scan_layer *l = &c->layers[i];

		if (l->at < l->n &&
		    (!best || cmp_items(&l->items[l->at], best) < 0))
			best = &l->items[l->at];
	}
	if (!best)
		return NULL;
	for (unsigned i = 0; i < c->n; i++) {
		struct scan_layer *l = &c->layers[i];

		if (l->at < l->n && !cmp_items(&l->items[l->at], best))
			l->at++;
	}
	return best->entry;
}

bool
store_scan_next(struct store_scan *c, struct str *key, struct str *value)
{
	const struct mem_entry *e;

	if (atomic_load(&c->store->failed))
		return false;
	do {
		e = least(c);
		if (!e)
			return false;
	} while (mem_deleted(e));
	*key = mem_key(e);
	*value = mem_value(e);
	return true;
}

void
store_scan_end(struct store_scan *c)
{
	for (unsigned i = 0; i < c->n; i++) {
		mem_free(c->layers[i].items);
		mem_section_unpin(c->layers[i].section);
	}
	mem_free(c);
}

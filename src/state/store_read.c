/* SPDX-License-Identifier: MIT */
/*
 * Reads of a store: through its layers from the newest to the oldest until
 * one knows the key, or hides what is older.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "state/store_in.h"

unsigned
store_tables(const struct store *s, struct memtable *out[STORE_TABLES])
{
	unsigned n = 0;

	memtable_settle(s->pending);
	out[n++] = s->pending;
	if (s->job.changes)
		out[n++] = s->job.changes;
	if (s->held)
		out[n++] = s->held;
	return n;
}

/* What the n oldest runs have, the newest first. */
static enum store_found
get_from_runs(struct store *s, size_t n, unsigned map, int64_t bucket,
    struct str key, struct buf *out)
{
	struct err err = {0};

	for (size_t i = n; i-- > 0;) {
		const struct version_run *r = &s->version.runs[i];

		if (section_set_has(&r->dead, map, bucket))
			continue;
		switch (run_file_get(
		    r->handle->file, map, bucket, key, out, &err)) {
		case RUN_ABSENT:
			break;
		case RUN_FOUND:
			return STORE_FOUND;
		case RUN_DELETED:
			return STORE_ABSENT;
		case RUN_DAMAGED:
			store_dir_note(&s->dir, &err);
			store_fail(s, &err);
			return STORE_DAMAGED;
		}
	}
	return STORE_ABSENT;
}

/* What is in memory. False: nothing there knows the key. */
static bool
get_from_tables(struct store *s, unsigned map, int64_t bucket, struct str key,
    struct buf *out, enum store_found *found)
{
	struct memtable *layers[STORE_TABLES];
	unsigned n = store_tables(s, layers);

	*found = STORE_ABSENT;
	for (unsigned i = 0; i < n; i++) {
		const struct mem_section *section =
		    memtable_find(layers[i], map, bucket);
		const struct mem_entry *e = mem_section_get(section, key);

		if (e && mem_deleted(e))
			return true;
		if (e) {
			buf_adds(out, mem_value(e));
			*found = STORE_FOUND;
			return true;
		}
		if (memtable_hides(layers[i], map, bucket))
			return true;
	}
	return !s->version.n;
}

enum store_found
store_get(struct store *s, unsigned map, int64_t bucket, struct str key,
    struct buf *out)
{
	enum store_found found;

	if (atomic_load_explicit(&s->failed, memory_order_acquire))
		return STORE_DAMAGED;
	if (get_from_tables(s, map, bucket, key, out, &found))
		return found;
	return get_from_runs(s, s->version.n, map, bucket, key, out);
}

/* ---- many at once ---- */

/*
 * The newest runs of `n` that the key is in, if it is in any: their number. The
 * kernel is asked for the block.
 */
static size_t
fetch(const struct store *s, size_t n, unsigned map, int64_t bucket,
    struct str key)
{
	for (; n > 0; n--) {
		const struct version_run *r = &s->version.runs[n - 1];

		if (!section_set_has(&r->dead, map, bucket) &&
		    run_file_may_have(r->handle->file, map, bucket, key, true))
			break;
	}
	return n;
}

/* Did blocks have to be read since the last time? */
static bool
reads_blocks(struct store *s)
{
	uint64_t misses = s->cache ? block_cache_misses(s->cache) : 0;
	bool more = misses != s->seen_misses;

	s->seen_misses = misses;
	return more;
}

/*
 * The buffer may move while values are added: until all are there, n of what
 * was found is its length, and p its place, counted from 1.
 */
static void
note(struct store *s, struct str *out, size_t from, enum store_found found)
{
	*out = (struct str){0};
	if (found != STORE_FOUND)
		return;
	out->p = (const char *)(uintptr_t)(from + 1);
	out->n = s->many.n - from;
}

/* In place of a place: to be looked for in the n oldest runs. */
#define LATER ((const char *)(uintptr_t)UINTPTR_MAX)

bool
store_get_many(struct store *s, unsigned map, int64_t bucket,
    const struct str *keys, size_t n, struct str *out)
{
	bool ahead = n > 1 && reads_blocks(s);
	enum store_found found;

	if (atomic_load_explicit(&s->failed, memory_order_acquire))
		return false;
	s->many.n = 0;
	for (size_t i = 0; i < n; i++) {
		size_t from = s->many.n;

		if (get_from_tables(
			s, map, bucket, keys[i], &s->many, &found)) {
			note(s, &out[i], from, found);
			continue;
		}
		out[i] = (struct str){LATER, s->version.n};
		if (ahead)
			out[i].n = fetch(s, s->version.n, map, bucket, keys[i]);
	}
	for (size_t i = 0; i < n; i++) {
		size_t from = s->many.n;

		if (out[i].p != LATER)
			continue;
		found =
		    get_from_runs(s, out[i].n, map, bucket, keys[i], &s->many);
		if (found == STORE_DAMAGED)
			return false;
		note(s, &out[i], from, found);
	}
	buf_reserve(&s->many, 1);
	for (size_t i = 0; i < n; i++)
		if (out[i].p)
			out[i].p = s->many.p + ((uintptr_t)out[i].p - 1);
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

struct buckets {
	int64_t *p;
	size_t n, cap;
};

static void
add_bucket(struct buckets *b, int64_t bucket)
{
	mem_grow(&b->p, &b->cap, b->n + 1, sizeof *b->p);
	b->p[b->n++] = bucket;
}

static void
add_from_runs(struct buckets *b, const struct version *v,
    struct memtable *const *layers, unsigned n_layers, unsigned map)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct version_run *r = &v->runs[i];
		unsigned n;
		const struct run_section *s =
		    run_file_sections(r->handle->file, &n);

		for (unsigned k = 0; k < n; k++)
			if (s[k].map == map &&
			    !section_set_has(&r->dead, map, s[k].bucket) &&
			    !is_hidden(layers, n_layers, map, s[k].bucket))
				add_bucket(b, s[k].bucket);
	}
}

size_t
store_buckets(struct store *s, unsigned map, int64_t **out)
{
	struct memtable *layers[STORE_TABLES];
	unsigned n_layers = store_tables(s, layers);
	struct buckets b = {0};
	size_t kept = 0;

	for (unsigned i = 0; i < n_layers; i++)
		for (size_t k = 0; k < layers[i]->n; k++) {
			const struct mem_section *section =
			    layers[i]->sections[k];

			if (section->map == map && section->index.n &&
			    !is_hidden(layers, i, map, section->bucket))
				add_bucket(&b, section->bucket);
		}
	add_from_runs(&b, &s->version, layers, n_layers, map);
	if (b.n)
		qsort(b.p, b.n, sizeof *b.p, by_bucket);
	for (size_t i = 0; i < b.n; i++)
		if (!kept || b.p[kept - 1] != b.p[i])
			b.p[kept++] = b.p[i];
	*out = b.p;
	return kept;
}

bool
store_has_bucket(struct store *s, unsigned map, int64_t bucket)
{
	struct memtable *layers[STORE_TABLES];
	unsigned n = store_tables(s, layers);

	for (unsigned i = 0; i < n; i++) {
		const struct mem_section *section =
		    memtable_find(layers[i], map, bucket);

		if (section && section->index.n)
			return true;
		if (memtable_hides(layers[i], map, bucket))
			return false;
	}
	return version_has(&s->version, map, bucket);
}

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

	out[n++] = s->pending;
	if (s->job.changes)
		out[n++] = s->job.changes;
	if (s->held)
		out[n++] = s->held;
	return n;
}

/* What the runs have, the newest first. */
static enum store_found
get_from_runs(struct store *s, unsigned map, int64_t bucket, struct str key,
    struct buf *out)
{
	struct err err = {0};

	for (size_t i = s->version.n; i-- > 0;) {
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
			err_note(&err, "%s", s->dir.path);
			store_fail(s, &err);
			return STORE_DAMAGED;
		}
	}
	return STORE_ABSENT;
}

enum store_found
store_get(struct store *s, unsigned map, int64_t bucket, struct str key,
    struct buf *out)
{
	struct memtable *layers[STORE_TABLES];
	unsigned n = store_tables(s, layers);

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
	return get_from_runs(s, map, bucket, key, out);
}

static bool
in_tables(const struct store *s, unsigned map, int64_t bucket, struct str key)
{
	struct memtable *layers[STORE_TABLES];
	unsigned n = store_tables(s, layers);

	for (unsigned i = 0; i < n; i++)
		if (mem_section_get(
			memtable_find(layers[i], map, bucket), key) ||
		    memtable_hides(layers[i], map, bucket))
			return true;
	return false;
}

/*
 * The kernel is asked for the blocks that the keys are in, of all of them
 * before the first one is waited for. It is asked only if blocks had to be
 * read the last time.
 */
static void
fetch_ahead(struct store *s, unsigned map, int64_t bucket,
    const struct str *keys, size_t n)
{
	uint64_t misses = s->cache ? block_cache_misses(s->cache) : 0;

	if (misses == s->seen_misses)
		return;
	s->seen_misses = misses;
	for (size_t k = 0; k < n; k++) {
		if (in_tables(s, map, bucket, keys[k]))
			continue;
		for (size_t i = s->version.n; i-- > 0;) {
			const struct version_run *r = &s->version.runs[i];

			if (!section_set_has(&r->dead, map, bucket) &&
			    run_file_may_have(
				r->handle->file, map, bucket, keys[k], true))
				break;
		}
	}
}

bool
store_get_many(struct store *s, unsigned map, int64_t bucket,
    const struct str *keys, size_t n, struct str *out)
{
	if (n > 1)
		fetch_ahead(s, map, bucket, keys, n);
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

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
	if (s->aside)
		out[n++] = aside_table(s);
	return n;
}

/* What a run has, by its number in the version. */
static enum run_found
get_from_run(struct store *s, size_t i, const struct run_key *k, bool wait,
    struct buf *out)
{
	const struct version_run *r = &s->version.runs[i];
	struct err err = {0};
	enum run_found found;

	if (section_set_has(&r->dead, k->map, k->bucket))
		return RUN_ABSENT;
	found = run_file_look(r->handle->file, k, wait, out, &err);
	if (found == RUN_DAMAGED) {
		store_dir_note(&s->dir, &err);
		store_fail(s, &err);
	}
	return found;
}

/* What the n oldest runs have, the newest first. */
static enum run_found
get_from_runs(
    struct store *s, size_t n, const struct run_key *k, struct buf *out)
{
	enum run_found found = RUN_ABSENT;

	while (n > 0 && found == RUN_ABSENT)
		found = get_from_run(s, --n, k, true, out);
	return found;
}

/* The layers in memory that a bucket may be in, the newest first. */
struct layers {
	const struct mem_section *sections[STORE_TABLES];
	unsigned n;
	bool last; /* nothing is below them */
};

static struct layers
layers_of(struct store *s, unsigned map, int64_t bucket)
{
	struct memtable *tables[STORE_TABLES];
	unsigned n = store_tables(s, tables);
	struct layers l = {.last = !s->version.n};

	for (unsigned i = 0; i < n; i++) {
		const struct mem_section *section =
		    memtable_find(tables[i], map, bucket);

		if (section)
			l.sections[l.n++] = section;
		if (memtable_hides(tables[i], map, bucket)) {
			l.last = true;
			break;
		}
	}
	return l;
}

/* What is in memory. False: nothing there knows the key. */
static bool
get_from_layers(const struct layers *l, struct str key, struct buf *out,
    enum store_found *found)
{
	*found = STORE_ABSENT;
	for (unsigned i = 0; i < l->n; i++) {
		const struct mem_entry *e =
		    mem_section_get(l->sections[i], key);

		if (!e)
			continue;
		if (!mem_deleted(e)) {
			buf_adds(out, mem_value(e));
			*found = STORE_FOUND;
		}
		return true;
	}
	return l->last;
}

static enum store_found
as_found(enum run_found found)
{
	if (found == RUN_DAMAGED)
		return STORE_DAMAGED;
	return found == RUN_FOUND ? STORE_FOUND : STORE_ABSENT;
}

enum store_found
store_get(struct store *s, unsigned map, int64_t bucket, struct str key,
    struct buf *out)
{
	struct layers layers;
	enum store_found found;
	struct run_key k;

	if (atomic_load_explicit(&s->failed, memory_order_acquire))
		return STORE_DAMAGED;
	layers = layers_of(s, map, bucket);
	if (get_from_layers(&layers, key, out, &found))
		return found;
	k = run_key_of(map, bucket, key);
	return as_found(get_from_runs(s, s->version.n, &k, out));
}

/* ---- many at once ---- */

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

/* Keys whose part of a filter is fetched ahead. */
#define AHEAD 8

/* Keys that are asked for: first those whose block has to be waited for. */
struct asks {
	struct store_ask *p;
	size_t n_later, n;
};

/* Looks into a run, by its number; false if it is damaged. */
static bool
look_into(struct store *s, size_t run, struct asks *asks, struct str *out)
{
	struct run_file *file = s->version.runs[run].handle->file;
	size_t to = asks->n_later;

	for (size_t i = to; i < asks->n; i++) {
		struct store_ask a = asks->p[i];
		size_t from = s->many.n;
		enum run_found found;

		if (i + AHEAD < asks->n)
			run_file_soon(file, &asks->p[i + AHEAD].key);
		found = get_from_run(s, run, &a.key, false, &s->many);
		if (found == RUN_DAMAGED)
			return false;
		if (found == RUN_ABSENT) {
			asks->p[to++] = a;
		} else if (found == RUN_LATER) {
			a.n = run + 1;
			asks->p[to++] = asks->p[asks->n_later];
			asks->p[asks->n_later++] = a;
		} else {
			note(s, &out[a.i], from, as_found(found));
		}
	}
	asks->n = to;
	return true;
}

/*
 * Goes through the runs, the newest first, with all keys at a time: so filter
 * and index of a run are near while they are used. What is left are keys whose
 * block has to be waited for. False if the store has failed.
 */
static bool
look_at_hand(struct store *s, size_t *n_asks, struct str *out)
{
	struct asks asks = {s->asks, 0, *n_asks};

	for (size_t i = s->version.n; i > 0 && asks.n > asks.n_later; i--)
		if (!look_into(s, i - 1, &asks, out))
			return false;
	*n_asks = asks.n_later;
	return true;
}

/* Waits for the blocks. */
static bool
look_later(struct store *s, struct store_ask *asks, size_t n, struct str *out)
{
	for (size_t i = 0; i < n; i++) {
		size_t from = s->many.n;
		enum run_found found =
		    get_from_runs(s, asks[i].n, &asks[i].key, &s->many);

		if (found == RUN_DAMAGED)
			return false;
		note(s, &out[asks[i].i], from, as_found(found));
	}
	return true;
}

bool
store_get_many(struct store *s, unsigned map, int64_t bucket,
    const struct str *keys, size_t n, struct str *out)
{
	struct layers layers;
	enum store_found found;
	size_t n_asks = 0;

	if (atomic_load_explicit(&s->failed, memory_order_acquire))
		return false;
	layers = layers_of(s, map, bucket);
	s->many.n = 0;
	mem_grow(&s->asks, &s->cap_asks, n, sizeof *s->asks);
	for (size_t i = 0; i < n; i++) {
		size_t from = s->many.n;

		if (get_from_layers(&layers, keys[i], &s->many, &found)) {
			note(s, &out[i], from, found);
			continue;
		}
		out[i] = (struct str){0};
		s->asks[n_asks++] = (struct store_ask){
		    run_key_of(map, bucket, keys[i]), i, s->version.n};
	}
	/* One key alone gains nothing by being fetched ahead. */
	if ((n > 1 && !look_at_hand(s, &n_asks, out)) ||
	    !look_later(s, s->asks, n_asks, out))
		return false;
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

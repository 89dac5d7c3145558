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

static enum run_found
seen(struct store *s, enum run_found found, struct err *err)
{
	if (found == RUN_DAMAGED) {
		store_dir_note(&s->dir, err);
		store_fail(s, err);
	}
	return found;
}

/* What a run has, by its number in the version. */
static enum run_found
get_from_run(
    struct store *s, size_t i, const struct run_key *k, struct buf *out)
{
	const struct version_run *r = &s->version.runs[i];
	struct err err = {0};

	if (section_set_has(&r->dead, k->map, k->bucket) ||
	    run_mark_hides(&r->mark, k->map, k->bucket, k->key))
		return RUN_ABSENT;
	return seen(s, run_file_look(r->handle->file, k, out, &err), &err);
}

struct layers
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

enum known
get_from_layers(const struct layers *l, struct str key, struct buf *out,
    enum store_found *found)
{
	*found = STORE_ABSENT;
	for (unsigned i = 0; i < l->n; i++) {
		const struct mem_entry *e =
		    mem_section_get(l->sections[i], key);

		if (!e)
			continue;
		if (mem_deleted(e))
			return KNOWN;
		if (mem_pieces(e) != PIECES_NONE)
			return KNOWN_PIECES;
		buf_adds(out, mem_value(e));
		*found = STORE_FOUND;
		return KNOWN;
	}
	return l->last ? KNOWN : KNOWN_NOT;
}

/* ---- pieces ---- */

static void
gather_from_layers(struct gather *g, const struct layers *l, struct str key)
{
	for (unsigned i = 0; i < l->n && !g->whole; i++) {
		const struct mem_entry *e =
		    mem_section_get(l->sections[i], key);

		if (e && mem_deleted(e))
			g->whole = true;
		else if (e)
			gather_add(g, mem_pieces(e), mem_value(e));
	}
	g->whole = g->whole || l->last;
}

static bool
gather_from_run(
    struct store *s, size_t i, const struct run_key *k, struct buf *room)
{
	struct gather *g = &s->gather;

	room->n = 0;
	switch (get_from_run(s, i, k, room)) {
	case RUN_FOUND:
		gather_add(g, PIECES_NONE, buf_str(room));
		break;
	case RUN_MORE:
		gather_add(g, PIECES_MORE, buf_str(room));
		break;
	case RUN_ALL:
		gather_add(g, PIECES_ALL, buf_str(room));
		break;
	case RUN_DELETED:
		g->whole = true;
		break;
	case RUN_ABSENT:
	case RUN_LATER:
		break;
	case RUN_DAMAGED:
		return false;
	}
	return true;
}

/* A value that cannot be read as one. */
static enum store_found
unfolded(struct store *s, unsigned map, int64_t bucket)
{
	struct err err = {0};

	err_set(&err, ERR_STATE, (struct where){0},
	    "what is kept in pieces cannot be put together: map %u, bucket "
	    "%lld",
	    map, (long long)bucket);
	store_dir_note(&s->dir, &err);
	store_fail(s, &err);
	return STORE_DAMAGED;
}

enum store_found
get_pieces(struct store *s, const struct layers *l, const struct run_key *k,
    struct buf *out)
{
	struct gather *g = &s->gather;
	struct buf room = {0};
	struct str value;
	bool good = true;

	gather_reset(g);
	gather_from_layers(g, l, k->key);
	for (size_t i = s->version.n; good && !g->whole && i > 0; i--)
		good = gather_from_run(s, i - 1, k, &room);
	buf_release(&room);
	if (!good)
		return STORE_DAMAGED;
	if (!g->n)
		return STORE_ABSENT;
	if (gather_give(g, true, store_fold_any, s, k->map, k->key, &value) !=
	    PIECES_NONE)
		return unfolded(s, k->map, k->bucket);
	buf_adds(out, value);
	return STORE_FOUND;
}

enum store_found
get_from_runs(struct store *s, const struct layers *l, size_t n,
    const struct run_key *k, struct buf *out)
{
	enum run_found found = RUN_ABSENT;
	size_t from = out->n;

	while (n > 0 && found == RUN_ABSENT)
		found = get_from_run(s, --n, k, out);
	if (found == RUN_DAMAGED)
		return STORE_DAMAGED;
	if (found == RUN_MORE || found == RUN_ALL) {
		out->n = from;
		return get_pieces(s, l, k, out);
	}
	return found == RUN_FOUND ? STORE_FOUND : STORE_ABSENT;
}

enum store_found
store_get(struct store *s, unsigned map, int64_t bucket, struct str key,
    struct buf *out)
{
	struct layers layers;
	enum store_found found;
	enum known known;
	struct run_key k;

	if (atomic_load_explicit(&s->failed, memory_order_acquire))
		return STORE_DAMAGED;
	layers = layers_of(s, map, bucket);
	known = get_from_layers(&layers, key, out, &found);
	if (known == KNOWN)
		return found;
	k = run_key_of(map, bucket, key);
	return known == KNOWN_PIECES
		   ? get_pieces(s, &layers, &k, out)
		   : get_from_runs(s, &layers, s->version.n, &k, out);
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
store_has_runs(const struct store *s)
{
	return s->version.n > 0;
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

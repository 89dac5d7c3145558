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

/* What memory says of a key. */
enum known {
	KNOWN_NOT,
	KNOWN,	     /* *found: all there is to say */
	KNOWN_PIECES /* there are pieces: it is looked up by itself */
};

static enum known
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
	switch (get_from_run(s, i, k, true, room)) {
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

/* All entries of the key, folded. */
static enum store_found
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

/* What the n oldest runs have; out is not touched where there are pieces. */
static enum store_found
get_from_runs(struct store *s, const struct layers *l, size_t n,
    const struct run_key *k, struct buf *out)
{
	enum run_found found = RUN_ABSENT;
	size_t from = out->n;

	while (n > 0 && found == RUN_ABSENT)
		found = get_from_run(s, --n, k, true, out);
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

/* Keys that are asked for: first those that have to be waited for, or are in
 * pieces. */
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
		} else if (found == RUN_FOUND || found == RUN_DELETED) {
			note(s, &out[a.i], from,
			    found == RUN_FOUND ? STORE_FOUND : STORE_ABSENT);
		} else {
			s->many.n = from;
			a.n = run + 1;
			asks->p[to++] = asks->p[asks->n_later];
			asks->p[asks->n_later++] = a;
		}
	}
	asks->n = to;
	return true;
}

/* Those of which memory has pieces are left for later. */
static void
pieces_first(struct store_ask *asks, size_t n, size_t *n_pieces)
{
	for (size_t i = *n_pieces = 0; i < n; i++)
		if (asks[i].pieces) {
			struct store_ask a = asks[i];

			asks[i] = asks[*n_pieces];
			asks[(*n_pieces)++] = a;
		}
}

/*
 * Goes through the runs, the newest first, with all keys at a time: so filter
 * and index of a run are near while they are used. What is left are keys whose
 * block has to be waited for. False if the store has failed.
 */
static bool
look_at_hand(struct store *s, size_t *n_asks, struct str *out)
{
	struct asks asks = {.p = s->asks, .n = *n_asks};

	pieces_first(asks.p, asks.n, &asks.n_later);
	for (size_t i = s->version.n; i > 0 && asks.n > asks.n_later; i--)
		if (!look_into(s, i - 1, &asks, out))
			return false;
	*n_asks = asks.n_later;
	return true;
}

/* One by one, waiting for blocks. */
static bool
look_later(struct store *s, const struct layers *l, size_t n, struct str *out)
{
	for (size_t i = 0; i < n; i++) {
		const struct store_ask *a = &s->asks[i];
		size_t from = s->many.n;
		enum store_found found =
		    a->pieces ? get_pieces(s, l, &a->key, &s->many)
			      : get_from_runs(s, l, a->n, &a->key, &s->many);

		if (found == STORE_DAMAGED)
			return false;
		note(s, &out[a->i], from, found);
	}
	return true;
}

bool
store_get_many(struct store *s, unsigned map, int64_t bucket,
    const struct str *keys, size_t n, struct str *out)
{
	struct layers layers;
	enum store_found found;
	enum known known;
	size_t n_asks = 0;

	if (atomic_load_explicit(&s->failed, memory_order_acquire))
		return false;
	layers = layers_of(s, map, bucket);
	s->many.n = 0;
	mem_grow(&s->asks, &s->cap_asks, n, sizeof *s->asks);
	for (size_t i = 0; i < n; i++) {
		size_t from = s->many.n;

		known = get_from_layers(&layers, keys[i], &s->many, &found);
		if (known == KNOWN) {
			note(s, &out[i], from, found);
			continue;
		}
		out[i] = (struct str){0};
		s->asks[n_asks++] =
		    (struct store_ask){run_key_of(map, bucket, keys[i]), i,
			s->version.n, known == KNOWN_PIECES};
	}
	/* One key alone gains nothing by being fetched ahead. */
	if ((n > 1 && !look_at_hand(s, &n_asks, out)) ||
	    !look_later(s, &layers, n_asks, out))
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

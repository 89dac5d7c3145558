/* SPDX-License-Identifier: MIT */
/*
 * Kept tables: cells that are also in the store.
 *
 * A cell in memory is the newest; what is not in memory is in the store, or
 * nowhere. `changed` says that the store's entry is older than the cell, so a
 * cell may be evicted exactly when it is not set. While nothing of a bucket is
 * anywhere but in memory (not `partial`) a miss costs nothing.
 *
 * Eviction goes by generations. The arenas of a table that have become large
 * are closed and new ones begun; a cell of an old generation may have its
 * later growth in a younger one, never the other way round. The oldest
 * generation is given up as a whole: cells that were used since are written
 * down and read again into the youngest (a second chance, as CLOCK gives it),
 * the others stay in the store alone.
 */
#include "base/hash.h"
#include "base/mem.h"
#include "base/must.h"
#include "data/key.h"
#include "state/code.h"
#include "state/kept.h"

#define CELLS_CHUNK 1024
#define HEAP_CHUNK 1024
/* Chances a cell can have at most. */
#define USED_MAX 3
/* Parts of the limit that a generation may have. */
#define GENERATIONS 8
#define GENERATION_MIN ((size_t)64 << 10)
/*
 * Cells that grow stay in memory while they are smaller than that all in all:
 * this much may be put again by each commit.
 */
#define GROWN ((size_t)8 << 20)

void
table_keep(struct table *t, struct state_map *map, int64_t bucket,
    const struct cell_codec *codec, void *arg)
{
	struct state *s = map->step->state;
	struct kept *k = mem_zalloc(sizeof *k);
	bool pieces = map->pieces && codec->movable;

	must(!t->kept && !t->n);
	*k = (struct kept){.table = t,
	    .state = s,
	    .map = map,
	    .bucket = bucket,
	    .codec = codec,
	    .arg = arg,
	    .partial = store_has_bucket(s->store, map->number, bucket),
	    .pieces = pieces && (state_evicts(s) || map->pieces->grows),
	    .grows = pieces && !state_evicts(s) && map->pieces->grows,
	    .listed = !codec->movable || !state_evicts(s),
	    .place = s->n_kept};
	mem_grow(&s->kept, &s->cap_kept, s->n_kept + 1, sizeof *s->kept);
	s->kept[s->n_kept++] = k;
	t->kept = k;
}

void
kept_busy(struct kept *k)
{
	struct state *s = k->state;

	if (k->busy)
		return;
	mem_grow(&s->busy, &s->cap_busy, s->n_busy + 1, sizeof *s->busy);
	s->busy[s->n_busy++] = k;
	k->busy = s->n_busy;
}

void
kept_idle(struct kept *k)
{
	struct state *s = k->state;
	struct kept *last = s->busy[s->n_busy - 1];

	s->busy[k->busy - 1] = last;
	last->busy = k->busy;
	k->busy = 0;
	s->n_busy--;
}

void
kept_free(struct table *t)
{
	struct kept *k = t->kept;
	struct state *s = k->state;
	struct kept *last = s->kept[s->n_kept - 1];

	if (k->busy)
		kept_idle(k);
	s->kept[k->place] = last;
	last->place = k->place;
	s->n_kept--;
	s->n_changed -= k->n_changed;
	s->bytes -= k->bytes;
	for (size_t i = 0; i < k->n_old; i++) {
		arena_release(&k->old[i].arena);
		arena_release(&k->old[i].heap);
	}
	mem_free(k->old);
	mem_free(k->changed);
	absent_free(k);
	mem_free(k);
	t->kept = NULL;
}

void
table_drop(struct table *t)
{
	struct kept *k = t->kept;

	if (k && (k->put || k->partial))
		state_drop(k->map, k->bucket);
	table_release(t);
}

/* ---- changes ---- */

void
kept_changed(struct kept *k, struct cell *c)
{
	c->changed = true;
	k->state->n_changed++;
	k->n_changed++;
	if (!k->listed)
		return;
	mem_grow(
	    &k->changed, &k->cap_changed, k->n_changed, sizeof *k->changed);
	k->changed[k->n_changed - 1] = c;
}

void
kept_unchanged(struct kept *k, struct cell *c)
{
	c->changed = false;
	k->n_changed--;
	k->state->n_changed--;
}

void
kept_write(const struct kept *k, const struct cell *c, struct buf *out)
{
	code_put_uint(out, c->revision);
	k->codec->save(k->arg, k->table, c, out);
}

static bool
get_revision(struct str *value, uint64_t *revision)
{
	return code_get_uint(value, revision) && *revision < 1 << 26;
}

bool
table_saved(struct str entry, struct str *saved)
{
	uint64_t revision;

	*saved = entry;
	return get_revision(saved, &revision);
}

bool
kept_read(struct kept *k, struct table *t, struct cell *c, struct str value)
{
	uint64_t revision;

	if (get_revision(&value, &revision)) {
		c->revision = (uint32_t)revision & ((1 << 26) - 1);
		if (k->codec->load(k->arg, t, c, value))
			return true;
	}
	memset(c->bytes, 0, t->cell_bytes);
	c->revision = 0;
	state_damaged(k->map, k->bucket, cell_key(t, c));
	return false;
}

static void
shed(struct kept *k, struct cell *c)
{
	if (k->codec->shed && !c->loose)
		k->codec->shed(k->arg, k->bucket, k->table, c);
}

static void
put_cell(struct kept *k, struct cell *c)
{
	struct buf *value = &k->state->scratch;

	k->put = true;
	c->stored = true;
	shed(k, c);
	if (c->piece) {
		kept_append(k, c);
		return;
	}
	value->n = 0;
	kept_write(k, c, value);
	state_put(k->map, k->bucket, cell_key(k->table, c), buf_str(value));
}

/* Cells are fetched this many ahead of their use. */
#define AHEAD 8

static void
put_listed(struct kept *k, size_t n)
{
	while (n--) {
		struct cell *c = k->changed[k->n_changed - 1];

		if (n >= AHEAD)
			__builtin_prefetch(
			    k->changed[k->n_changed - 1 - AHEAD]);
		kept_unchanged(k, c);
		if (!c->gone)
			put_cell(k, c);
	}
}

static void
put_found(struct kept *k, size_t n)
{
	struct table *t = k->table;

	while (n) {
		struct cell *c;

		if (k->hand >= t->n)
			k->hand = 0;
		c = t->cells[k->hand++];
		if (k->hand + AHEAD < t->n)
			__builtin_prefetch(t->cells[k->hand + AHEAD]);
		if (!c->changed)
			continue;
		kept_unchanged(k, c);
		put_cell(k, c);
		n--;
	}
}

void
kept_put_some(struct kept *k, size_t max)
{
	size_t n = k->n_changed < max ? k->n_changed : max;

	if (k->listed)
		put_listed(k, n);
	else
		put_found(k, n);
}

void
table_touch(struct table *t, struct cell *c)
{
	if (!t->kept)
		return;
	if (c->loose) {
		put_cell(t->kept, c);
		kept_drop_piece(t->kept, c);
		return;
	}
	if (c->used < USED_MAX)
		c->used++;
	if (!c->changed)
		kept_changed(t->kept, c);
	kept_busy(t->kept);
}

static struct cell *
copy_cell(struct table *t, struct cell *c)
{
	struct cell *to = table_alloc(t, cell_key(t, c), c->hash);

	memcpy(to->bytes, c->bytes, t->cell_bytes);
	to->revision = c->revision;
	to->used = c->used;
	to->changed = c->changed;
	to->stored = c->stored;
	to->piece = c->piece;
	table_relink(t, c, to);
	return to;
}

/* Puts all cells close together. */
static void
copy_cells(struct table *t)
{
	struct kept *k = t->kept;
	struct arena old = t->arena;
	size_t n_changed = 0;

	arena_init(&t->arena, CELLS_CHUNK);
	for (size_t i = 0; i < t->n; i++) {
		struct cell *c = t->cells[i];

		t->cells[i] = copy_cell(t, c);
		if (c->changed && k && k->listed)
			k->changed[n_changed++] = t->cells[i];
	}
	arena_release(&old);
	if (!k)
		return;
	if (k->listed) {
		k->state->n_changed -= k->n_changed - n_changed;
		k->n_changed = n_changed;
	}
	for (size_t g = 0; g < k->n_old; g++) {
		arena_release(&k->old[g].arena);
		arena_release(&k->old[g].heap);
	}
	k->n_old = 0;
}

/* Takes what is gone out of the list of cells. */
static void
strike_gone(struct table *t)
{
	struct kept *k = t->kept;
	size_t n = 0, from = 0;

	for (size_t g = 0; k && g < k->n_old; g++) {
		size_t end = from + k->old[g].n, before = n;

		for (; from < end; from++)
			if (!t->cells[from]->gone)
				t->cells[n++] = t->cells[from];
		k->old[g].n = n - before;
	}
	for (; from < t->n; from++)
		if (!t->cells[from]->gone)
			t->cells[n++] = t->cells[from];
	t->n = n;
	t->n_gone = 0;
}

void
table_remove(struct table *t, struct cell *c)
{
	must(!c->gone && !c->loose);
	table_unlink(t, c);
	c->gone = true;
	if (t->kept && !t->kept->listed && c->changed)
		kept_unchanged(t->kept, c);
	if (t->kept && (c->stored || c->piece))
		state_delete(t->kept->map, t->kept->bucket, cell_key(t, c));
	if (++t->n_gone <= t->n / 2 + 64)
		return;
	strike_gone(t);
	if (t->flat)
		copy_cells(t);
}

/* ---- finding ---- */

bool
kept_take_back(struct kept *k, struct str key, uint64_t hash, struct str value)
{
	struct table *t = k->table;
	struct cell *c;

	table_reserve(t, 1);
	c = table_make(t, key, hash);
	if (c->stored)
		return true; /* asked for twice */
	c->stored = true;
	t->n_made--;
	return kept_read(k, t, c, value);
}

struct cell *
kept_find(struct kept *k, struct str key, uint64_t hash)
{
	struct buf *value = &k->state->scratch;
	struct cell *c = table_find_here(k->table, key, hash);

	if (c) {
		kept_complete(k, c);
		kept_busy(k);
		return c;
	}
	if (!k->partial || absent_has(k, key, hash))
		return NULL;
	value->n = 0;
	if (state_get(k->map, k->bucket, key, value) != STORE_FOUND)
		return NULL;
	kept_take_back(k, key, hash, buf_str(value));
	kept_busy(k);
	return table_find_here(k->table, key, hash);
}

/* What was missed, or was made for the same key just now. */
static struct cell *
make_cell(struct kept *k, struct str key, uint64_t hash, bool to_add)
{
	size_t before = k->table->n_made;
	struct cell *c = table_make(k->table, key, hash);

	if (to_add && k->partial && k->table->n_made != before)
		c->piece = true;
	return c;
}

void
kept_cells(struct kept *k, const struct str *keys, const uint64_t *hashes,
    const uint16_t *ix, unsigned n, bool to_add, char **out)
{
	struct table *t = k->table;
	struct cell *cells[BATCH_ROWS];
	unsigned n_missing = table_find_all(t, keys, hashes, ix, n, cells);

	must(n <= BATCH_ROWS);
	if (n_missing && k->partial && !to_add)
		kept_fetch_missing(k, keys, hashes, ix, n, cells);
	if (n_missing)
		table_reserve(t, n_missing);
	for (unsigned i = 0; i < n; i++) {
		if (!cells[i])
			cells[i] =
			    make_cell(k, keys[ix[i]], hashes[ix[i]], to_add);
		else if (cells[i]->used < USED_MAX)
			cells[i]->used++;
		if (cells[i]->piece && !to_add)
			kept_complete(k, cells[i]);
		if (!cells[i]->changed)
			kept_changed(k, cells[i]);
		out[i] = cells[i]->bytes;
	}
	kept_busy(k);
}

bool
table_is_whole(const struct table *t)
{
	return !t->kept || !t->kept->partial;
}

void
table_load(struct table *t)
{
	struct kept *k = t->kept;
	struct store_scan *scan;
	struct str key, value;

	if (!k || !k->partial)
		return;
	scan = state_scan(k->map, k->bucket);
	while (store_scan_next(scan, &key, &value)) {
		uint64_t hash = hash_bytes(key.p, key.n);

		struct cell *c;

		if (!key_check(key)) {
			state_damaged(k->map, k->bucket, key);
			continue;
		}
		c = table_find_here(t, key, hash);
		if (!c)
			kept_take_back(k, key, hash, value);
		else if (c->piece)
			kept_join(k, c, value);
	}
	store_scan_end(scan);
	/* What is a piece still has nothing before it. */
	for (size_t i = 0; k->pieces && i < t->n; i++)
		kept_end_piece(k, t->cells[i]);
	if (t->n_gone)
		strike_gone(t);
	k->partial = false;
	k->put = true; /* the entries are there as if they had been put now */
	kept_busy(k);
}

/* ---- memory ---- */

static size_t
bytes_of(const struct kept *k)
{
	const struct table *t = k->table;
	size_t n = sizeof *k + t->arena.total + t->heap.total + t->held +
		   t->cap * sizeof *t->cells +
		   k->cap_changed * sizeof *k->changed;

	if (t->index.slots)
		n += (t->index.mask + 1) * sizeof *t->index.slots;
	for (size_t i = 0; i < k->n_old; i++)
		n += k->old[i].arena.total + k->old[i].heap.total;
	return n;
}

void
kept_make_room(struct kept *k, size_t bytes)
{
	struct state *s = k->state;

	while (s->options.memory != SIZE_MAX &&
	       s->bytes + bytes * k->table->n > s->options.memory &&
	       kept_evict(k))
		kept_count(k);
}

/* Closes the generation at hand. */
static void
close_generation(struct kept *k)
{
	struct table *t = k->table;
	size_t n = t->n;

	for (size_t i = 0; i < k->n_old; i++)
		n -= k->old[i].n;
	mem_grow(&k->old, &k->cap_old, k->n_old + 1, sizeof *k->old);
	k->old[k->n_old++] = (struct generation){t->arena, t->heap, n};
	arena_init(&t->arena, CELLS_CHUNK);
	arena_init(&t->heap, HEAP_CHUNK);
	k->held = t->held;
}

/* Bytes that have come since a generation was closed. */
static size_t
bytes_of_last(const struct kept *k)
{
	const struct table *t = k->table;

	return t->arena.total + t->heap.total +
	       (t->held > k->held ? t->held - k->held : 0);
}

void
kept_count(struct kept *k)
{
	size_t now = bytes_of(k), limit = k->state->options.memory;

	k->state->bytes += now - k->bytes;
	k->bytes = now;
	if (limit != SIZE_MAX && k->codec->movable &&
	    bytes_of_last(k) > limit / GENERATIONS + GENERATION_MIN)
		close_generation(k);
}

/* Writes a cell down and reads it again, into the youngest generation. */
static void
move(struct kept *k, struct cell *c)
{
	struct table *t = k->table;
	struct buf *value = &k->state->scratch;
	struct cell *to;

	if (t->flat) {
		to = copy_cell(t, c);
	} else {
		shed(k, c);
		to = table_alloc(t, cell_key(t, c), c->hash);
		value->n = 0;
		kept_write(k, c, value);
		to->piece = c->piece;
		must(kept_read(k, t, to, buf_str(value)));
		to->changed = c->changed;
		to->stored = c->stored;
		table_relink(t, c, to);
	}
	to->used = (c->used - 1) & USED_MAX;
	table_push(t, to);
}

static void
leave(struct kept *k, struct cell *c)
{
	if (c->changed) {
		kept_unchanged(k, c);
		put_cell(k, c);
	}
	table_vacate(k->table, c);
	k->partial = true;
}

/* The cells of a generation, which are the first ones, move on or leave. */
static void
empty(struct kept *k, size_t n)
{
	struct table *t = k->table;

	for (size_t i = 0; i < n; i++) {
		struct cell *c = t->cells[i];

		if (i + 2 * AHEAD < n)
			__builtin_prefetch(t->cells[i + 2 * AHEAD]);
		if (i + AHEAD < n)
			table_near(t, t->cells[i + AHEAD]);
		if (c->gone) {
			t->n_gone--;
			continue;
		}
		if (c->used)
			move(k, c);
		else
			leave(k, c);
		/* What was copied has taken over what hangs off the cell. */
		if (k->codec->drop && !(c->used && t->flat))
			k->codec->drop(k->arg, t, c);
	}
	t->n -= n;
	memmove(t->cells, t->cells + n, t->n * sizeof *t->cells);
	table_shrink(t);
}

bool
kept_evict(struct kept *k)
{
	struct table *t = k->table;
	struct generation oldest;
	size_t held = t->held, gone;

	if (!k->codec->movable || !t->n)
		return false;
	if (k->codec->let_go && !k->codec->let_go(k->arg))
		return false;
	absent_forget(k);
	if (k->listed)
		kept_put_some(k, k->n_changed);
	if (!k->n_old)
		close_generation(k);
	oldest = k->old[0];
	memmove(k->old, k->old + 1, --k->n_old * sizeof *k->old);
	empty(k, oldest.n);
	arena_release(&oldest.arena);
	arena_release(&oldest.heap);
	gone = held > t->held ? held - t->held : 0;
	k->held -= gone < k->held ? gone : k->held;
	return true;
}

void
kept_let_grown_go(struct kept *k)
{
	const struct table *t = k->table;

	if (!k->grows || k->n_changed || k->bytes < GROWN)
		return;
	for (size_t i = 0; i < t->n; i++)
		t->cells[i]->used = 0;
	while (kept_evict(k))
		continue;
	kept_count(k);
}

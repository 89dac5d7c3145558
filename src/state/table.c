/* SPDX-License-Identifier: MIT */
/* Keyed cells; see table.h. */
#include "state/table.h"

#include "base/mem.h"
#include "base/must.h"
#include "data/key.h"
#include "state/kept.h"

/* First chunks; a table may hold one key or millions. */
#define CELLS_CHUNK 1024
#define HEAP_CHUNK 1024
/* Cells whose slots are fetched ahead when the index grows. */
#define GROW_AHEAD 12

void
table_init(struct table *t, unsigned cell_bytes)
{
	*t = (struct table){.cell_bytes = (cell_bytes + 7) & ~7u};
	arena_init(&t->arena, CELLS_CHUNK);
	arena_init(&t->heap, HEAP_CHUNK);
}

void
table_release(struct table *t)
{
	if (t->kept)
		kept_free(t);
	index_release(&t->index);
	mem_free(t->cells);
	arena_release(&t->arena);
	arena_release(&t->heap);
	t->cells = NULL;
	t->n = t->cap = t->n_gone = t->n_vacant = 0;
}

/*
 * The cells are gone through in order of arrival, which is that of memory, and
 * their slots are fetched ahead.
 */
static void
index_anew(struct table *t, size_t slots)
{
	struct index *ix = &t->index;

	mem_free(ix->slots);
	*ix = (struct index){
	    .slots = mem_zalloc(slots * sizeof *ix->slots), .mask = slots - 1};
	t->n_vacant = 0;
	for (size_t i = 0; i < t->n; i++) {
		uint64_t hash = t->cells[i]->hash;
		size_t at = index_start(ix, hash);

		if (t->cells[i]->gone)
			continue;
		if (i + GROW_AHEAD < t->n)
			__builtin_prefetch(&ix->slots[index_start(
			    ix, t->cells[i + GROW_AHEAD]->hash)]);
		while (ix->slots[at])
			at = (at + 1) & ix->mask;
		index_put(ix, at, hash, t->cells[i]);
	}
}

/* Makes room for n more keys. */
void
table_reserve(struct table *t, size_t n)
{
	struct index *ix = &t->index;
	size_t slots = ix->slots ? ix->mask + 1 : 16;

	if (ix->slots && (ix->n + n) * 8 <= slots * 5)
		return;
	/* With room to spare: vacant slots must not fill it at once again. */
	while ((ix->n - t->n_vacant + n) * 16 > slots * 9)
		slots *= 2;
	index_anew(t, slots);
}

void
table_shrink(struct table *t)
{
	size_t slots = 16;

	if (t->cap <= 4 * t->n + 64)
		return;
	t->cap = t->n + t->n / 2 + 16;
	t->cells = mem_resize(t->cells, t->cap * sizeof *t->cells);
	while ((t->n + t->n / 4) * 8 > slots * 5)
		slots *= 2;
	index_anew(t, slots);
}

struct cell *
table_alloc(struct table *t, struct str key, uint64_t hash)
{
	size_t size = sizeof(struct cell) + t->cell_bytes + key.n;
	struct cell *c = arena_alloc(&t->arena, size);

	must(((uintptr_t)c & ~(uintptr_t)INDEX_POINTER) == 0);
	c->hash = hash;
	c->key_len = (uint32_t)key.n & INT32_MAX;
	c->revision = 0;
	c->used = 0;
	c->changed = c->stored = c->gone = c->loose = c->piece = false;
	memset(c->bytes, 0, t->cell_bytes);
	if (key.n)
		memcpy(c->bytes + t->cell_bytes, key.p, key.n);
	return c;
}

void
table_push(struct table *t, struct cell *c)
{
	if (t->n == t->cap)
		mem_grow(&t->cells, &t->cap, t->n + 1, sizeof *t->cells);
	t->cells[t->n++] = c;
}

static struct cell *
cell_new(struct table *t, struct str key, uint64_t hash)
{
	struct cell *c = table_alloc(t, key, hash);

	table_push(t, c);
	t->n_made++;
	return c;
}

/* Are n bytes the same? Keys are short: no call. */
static inline bool
same_bytes(const char *a, const char *b, size_t n)
{
	uint64_t x, y, differ = 0;

	if (n < 8 || n > 64)
		return !memcmp(a, b, n);
	for (size_t i = 0; i + 8 < n; i += 8) {
		memcpy(&x, a + i, 8);
		memcpy(&y, b + i, 8);
		differ |= x ^ y;
	}
	memcpy(&x, a + n - 8, 8);
	memcpy(&y, b + n - 8, 8);
	return !(differ | (x ^ y));
}

static inline bool
is_key(
    const struct table *t, const struct cell *c, struct str key, uint64_t hash)
{
	return c->hash == hash && c->key_len == key.n &&
	       same_bytes(c->bytes + t->cell_bytes, key.p, key.n);
}

struct cell *
table_find_here(const struct table *t, struct str key, uint64_t hash)
{
	uint64_t tag = index_tag(hash), slot;

	if (!t->index.slots)
		return NULL;
	for (size_t i = index_start(&t->index, hash);
	     (slot = t->index.slots[i]); i = (i + 1) & t->index.mask) {
		struct cell *c = index_pointer(slot);

		if (index_tag(slot) == tag && is_key(t, c, key, hash))
			return c;
	}
	return NULL;
}

struct cell *
table_find(const struct table *t, struct str key, uint64_t hash)
{
	struct cell *c = table_find_here(t, key, hash);

	return !t->kept || (c && !c->piece) ? c : kept_find(t->kept, key, hash);
}

/* The cell of a key, for which there is room in the index. */
static inline struct cell *
find_or_make(struct table *t, struct str key, uint64_t hash)
{
	const struct index *ix = &t->index;
	uint64_t tag = index_tag(hash), slot;
	struct cell *c;
	size_t i;

	for (i = index_start(ix, hash); (slot = ix->slots[i]);
	     i = (i + 1) & ix->mask) {
		c = index_pointer(slot);
		if (index_tag(slot) == tag && is_key(t, c, key, hash))
			return c;
	}
	c = cell_new(t, key, hash);
	index_put(&t->index, i, hash, c);
	return c;
}

struct cell *
table_make(struct table *t, struct str key, uint64_t hash)
{
	return find_or_make(t, key, hash);
}

static inline struct cell *
cell_here(struct table *t, struct str key, uint64_t hash)
{
	table_reserve(t, 1);
	return find_or_make(t, key, hash);
}

struct cell *
table_cell(struct table *t, struct str key, uint64_t hash)
{
	static const uint16_t first = 0;
	char *bytes;

	if (!t->kept)
		return cell_here(t, key, hash);
	kept_cells(t->kept, &key, &hash, &first, 1, false, &bytes);
	return cell_of_bytes(bytes);
}

/* The slot that a cell of the table is in. */
static size_t
slot_of(const struct table *t, const struct cell *c)
{
	size_t i = index_start(&t->index, c->hash);

	while (index_pointer(t->index.slots[i]) != c) {
		must(t->index.slots[i]);
		i = (i + 1) & t->index.mask;
	}
	return i;
}

static uint64_t
cell_hash(const void *entry)
{
	return ((const struct cell *)entry)->hash;
}

void
table_unlink(struct table *t, struct cell *c)
{
	index_remove(&t->index, slot_of(t, c), cell_hash);
}

/*
 * What stands in a slot whose cell has been evicted, so that who looks for
 * those behind it goes on: no key is like it.
 */
static const struct cell vacant = {.key_len = INT32_MAX};

void
table_vacate(struct table *t, struct cell *c)
{
	t->index.slots[slot_of(t, c)] =
	    (uint64_t)(uintptr_t)&vacant & INDEX_POINTER;
	t->n_vacant++;
}

void
table_near(const struct table *t, const struct cell *c)
{
	__builtin_prefetch(&t->index.slots[index_start(&t->index, c->hash)], 1);
}

void
table_relink(struct table *t, struct cell *old, struct cell *new)
{
	t->index.slots[slot_of(t, old)] =
	    index_tag(new->hash) | (uint64_t)(uintptr_t) new;
}

/* Slots, then cells, are fetched this many keys ahead. */
#define AHEAD 12
/* Below this many keys everything is in the nearest caches anyway. */
#define PREFETCH_KEYS 4096

static inline void
fetch_slot(const struct table *t, uint64_t hash)
{
	__builtin_prefetch(&t->index.slots[index_start(&t->index, hash)]);
}

/* The slot is near: the first cell that may be the key's. */
static inline void
fetch_cell(const struct table *t, uint64_t hash)
{
	const struct index *ix = &t->index;
	uint64_t slot, tag = index_tag(hash);
	size_t i = index_start(ix, hash);

	while ((slot = ix->slots[i]) && index_tag(slot) != tag)
		i = (i + 1) & ix->mask;
	if (slot) {
		const char *cell = index_pointer(slot);

		__builtin_prefetch(cell, 1);
		/* Its key may end on the next line. */
		__builtin_prefetch(cell + 32, 1);
	}
}

/* What a run over n keys that is at the k-th will need soon. */
static inline void
fetch_ahead(const struct table *t, const uint64_t *hashes, const uint16_t *ix,
    unsigned n, unsigned k)
{
	if (k + 2 * AHEAD < n)
		fetch_slot(t, hashes[ix[k + 2 * AHEAD]]);
	if (k + AHEAD < n)
		fetch_cell(t, hashes[ix[k + AHEAD]]);
}

unsigned
table_find_all(const struct table *t, const struct str *keys,
    const uint64_t *hashes, const uint16_t *ix, unsigned n, struct cell **out)
{
	unsigned n_missing = 0;

	for (unsigned k = 0; k < n; k++) {
		if (t->n > PREFETCH_KEYS)
			fetch_ahead(t, hashes, ix, n, k);
		out[k] = table_find_here(t, keys[ix[k]], hashes[ix[k]]);
		n_missing += !out[k];
	}
	return n_missing;
}

void
table_cells(struct table *t, const struct str *keys, const uint64_t *hashes,
    const uint16_t *ix, unsigned n, char **out)
{
	if (t->kept) {
		kept_cells(t->kept, keys, hashes, ix, n, false, out);
		return;
	}
	if (t->n <= PREFETCH_KEYS) {
		for (unsigned k = 0; k < n; k++)
			out[k] =
			    cell_here(t, keys[ix[k]], hashes[ix[k]])->bytes;
		return;
	}
	table_reserve(t, n);
	for (unsigned k = 0; k < n && k < 2 * AHEAD; k++)
		fetch_slot(t, hashes[ix[k]]);
	for (unsigned k = 0; k < n; k++) {
		fetch_ahead(t, hashes, ix, n, k);
		out[k] = find_or_make(t, keys[ix[k]], hashes[ix[k]])->bytes;
	}
}

void
table_cells_to_add(struct table *t, const struct str *keys,
    const uint64_t *hashes, const uint16_t *ix, unsigned n, char **out)
{
	if (t->kept && t->kept->pieces)
		kept_cells(t->kept, keys, hashes, ix, n, true, out);
	else
		table_cells(t, keys, hashes, ix, n, out);
}

void
table_save_nothing(
    void *arg, const struct table *t, const struct cell *c, struct buf *out)
{
	(void)arg;
	(void)t;
	(void)c;
	(void)out;
}

bool
table_load_nothing(void *arg, struct table *t, struct cell *c, struct str bytes)
{
	(void)arg;
	(void)t;
	(void)c;
	return !bytes.n;
}

/* SPDX-License-Identifier: MIT */
/* Keyed cells; see table.h. */
#include "state/table.h"

#include "base/mem.h"
#include "base/must.h"
#include "data/key.h"

/* First chunks; a table may hold one key or millions. */
#define CELLS_CHUNK 1024
#define HEAP_CHUNK 1024

void
table_init(struct table *t, unsigned cell_bytes)
{
	*t = (struct table){.cell_bytes = (cell_bytes + 15) & ~15u};
	arena_init(&t->arena, CELLS_CHUNK);
	arena_init(&t->heap, HEAP_CHUNK);
}

void
table_release(struct table *t)
{
	index_release(&t->index);
	mem_free(t->cells);
	arena_release(&t->arena);
	arena_release(&t->heap);
	t->cells = NULL;
	t->n = t->cap = 0;
}

static uint64_t
cell_hash(const void *entry)
{
	return ((const struct cell *)entry)->hash;
}

static struct cell *
cell_new(struct table *t, struct str key, uint64_t hash)
{
	size_t size = sizeof(struct cell) + t->cell_bytes + key.n;
	struct cell *c = arena_alloc(&t->arena, size);

	must(((uintptr_t)c & ~(uintptr_t)INDEX_POINTER) == 0);
	c->hash = hash;
	c->key_len = (uint32_t)key.n;
	c->revision = 0;
	memset(c->bytes, 0, t->cell_bytes);
	memcpy(c->bytes + t->cell_bytes, key.p, key.n);
	if (t->n == t->cap)
		mem_grow(&t->cells, &t->cap, t->n + 1, sizeof *t->cells);
	t->cells[t->n++] = c;
	return c;
}

static inline bool
is_key(
    const struct table *t, const struct cell *c, struct str key, uint64_t hash)
{
	return c->hash == hash && c->key_len == key.n &&
	       !memcmp(c->bytes + t->cell_bytes, key.p, key.n);
}

struct cell *
table_find(const struct table *t, struct str key, uint64_t hash)
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
table_cell(struct table *t, struct str key, uint64_t hash)
{
	uint64_t tag = index_tag(hash), slot;
	struct cell *c;
	size_t i;

	index_reserve(&t->index, cell_hash);
	for (i = index_start(&t->index, hash); (slot = t->index.slots[i]);
	     i = (i + 1) & t->index.mask) {
		c = index_pointer(slot);
		if (index_tag(slot) == tag && is_key(t, c, key, hash))
			return c;
	}
	c = cell_new(t, key, hash);
	index_put(&t->index, i, hash, c);
	return c;
}

/* Slots, then cells, are fetched this many keys ahead. */
#define AHEAD 8
/* Below this many keys everything is in the nearest caches anyway. */
#define PREFETCH_KEYS 4096

static void
prefetch(const struct table *t, uint64_t hash, int stage)
{
	const uint64_t *slot = &t->index.slots[index_start(&t->index, hash)];

	if (stage == 0)
		__builtin_prefetch(slot);
	else if (*slot)
		__builtin_prefetch(index_pointer(*slot), 1);
}

void
table_cells(struct table *t, const struct str *keys, const uint64_t *hashes,
    const uint16_t *ix, unsigned n, char **out)
{
	bool far = t->n > PREFETCH_KEYS;

	for (unsigned k = 0; k < n; k++) {
		if (far && k + 2 * AHEAD < n)
			prefetch(t, hashes[ix[k + 2 * AHEAD]], 0);
		if (far && k + AHEAD < n)
			prefetch(t, hashes[ix[k + AHEAD]], 1);
		out[k] = table_cell(t, keys[ix[k]], hashes[ix[k]])->bytes;
	}
}

/* SPDX-License-Identifier: MIT */
/*
 * Keys of which it is known that the store has none: those that
 * table_fetch has looked for in vain, so that nobody asks again when they come
 * one by one. The table alone puts entries into its bucket, and only of cells
 * in memory, so what is absent stays so until a cell is evicted.
 *
 * Open addressing by the key's hash; the keys' bytes lie one behind another.
 */
#include "base/mem.h"
#include "state/kept.h"

struct slot {
	uint64_t hash;
	uint32_t at, n; /* in keys; n + 1, 0: free */
};

struct absent {
	struct slot *slots;
	size_t cap; /* a power of two */
	size_t n;
	struct buf keys;
};

void
absent_free(struct kept *k)
{
	if (!k->absent)
		return;
	mem_free(k->absent->slots);
	buf_release(&k->absent->keys);
	mem_free(k->absent);
	k->absent = NULL;
}

void
absent_forget(struct kept *k)
{
	struct absent *a = k->absent;

	if (!a || !a->n)
		return;
	memset(a->slots, 0, a->cap * sizeof *a->slots);
	a->n = a->keys.n = 0;
}

static bool
is_key(const struct absent *a, const struct slot *s, struct str key)
{
	return str_eq((struct str){a->keys.p + s->at, s->n - 1}, key);
}

/* The key's slot, or the free one where it would be. */
static struct slot *
slot_of(const struct absent *a, struct str key, uint64_t hash)
{
	size_t i = (size_t)(hash >> 32) & (a->cap - 1);

	while (a->slots[i].n &&
	       (a->slots[i].hash != hash || !is_key(a, &a->slots[i], key)))
		i = (i + 1) & (a->cap - 1);
	return &a->slots[i];
}

bool
absent_has(const struct kept *k, struct str key, uint64_t hash)
{
	const struct absent *a = k->absent;

	return a && a->n && slot_of(a, key, hash)->n;
}

size_t
absent_count(const struct kept *k)
{
	return k->absent ? k->absent->n : 0;
}

/* Twice the slots. */
static void
grow(struct absent *a)
{
	struct slot *old = a->slots;
	size_t n = a->cap;

	a->cap = n ? 2 * n : 64;
	a->slots = mem_zalloc(a->cap * sizeof *a->slots);
	for (size_t i = 0; i < n; i++)
		if (old[i].n)
			*slot_of(a,
			    (struct str){a->keys.p + old[i].at, old[i].n - 1},
			    old[i].hash) = old[i];
	mem_free(old);
}

void
absent_add(struct kept *k, struct str key, uint64_t hash)
{
	struct absent *a = k->absent;
	struct slot *s;

	if (!a)
		a = k->absent = mem_zalloc(sizeof *a);
	if (2 * a->n >= a->cap)
		grow(a);
	s = slot_of(a, key, hash);
	if (s->n)
		return;
	*s = (struct slot){hash, (uint32_t)a->keys.n, (uint32_t)key.n + 1};
	buf_adds(&a->keys, key);
	a->n++;
}

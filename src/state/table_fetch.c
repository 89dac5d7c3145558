/* SPDX-License-Identifier: MIT */
/*
 * What is not in memory is brought there for many keys at once: the more they
 * are, the closer together they lie in the store, and the less each costs.
 */
#include "base/mem.h"
#include "base/must.h"
#include "state/kept.h"

/* Keys known to be absent beyond which all of them are forgotten. */
#define ABSENT_MOST ((size_t)128 << 10)

/* Has room for so many more keys to be asked for. */
static void
reserve(struct state *s, size_t n)
{
	mem_grow(&s->keys, &s->cap_keys, s->n_keys + n, sizeof *s->keys);
	mem_grow(&s->hashes, &s->cap_hashes, s->n_keys + n, sizeof *s->hashes);
}

static void
ask_for(struct state *s, struct str key, uint64_t hash)
{
	s->keys[s->n_keys] = key;
	s->hashes[s->n_keys++] = hash;
}

/* Asks the store for the keys; what it has is made. False if it has failed. */
static bool
fetch(struct kept *k)
{
	struct state *s = k->state;

	if (!s->n_keys)
		return false;
	s->n_asked += s->n_keys;
	mem_grow(&s->values, &s->cap_values, s->n_keys, sizeof *s->values);
	if (!store_get_many(s->store, k->map->number, k->bucket, s->keys,
		s->n_keys, s->values))
		return false;
	table_reserve(k->table, s->n_keys);
	for (size_t i = 0; i < s->n_keys; i++)
		if (s->values[i].p)
			kept_take_back(
			    k, s->keys[i], s->hashes[i], s->values[i]);
	return true;
}

void
kept_fetch_missing(struct kept *k, const struct str *keys,
    const uint64_t *hashes, const uint16_t *ix, unsigned n,
    struct cell *const *cells)
{
	struct state *s = k->state;

	s->n_keys = 0;
	reserve(s, n);
	for (unsigned i = 0; i < n; i++)
		if (!cells[i] && !absent_has(k, keys[ix[i]], hashes[ix[i]]))
			ask_for(s, keys[ix[i]], hashes[ix[i]]);
	fetch(k);
}

/* Those of a list that nothing is known of are to be asked for. */
static void
look_over(struct kept *k, const struct table_keys *list)
{
	struct cell *cells[BATCH_ROWS];
	uint16_t ix[BATCH_ROWS];
	struct state *s = k->state;

	must(list->n <= BATCH_ROWS);
	for (unsigned i = 0; i < list->n; i++)
		ix[i] = (uint16_t)i;
	if (!table_find_all(
		k->table, list->keys, list->hashes, ix, list->n, cells))
		return;
	reserve(s, list->n);
	for (unsigned i = 0; i < list->n; i++)
		if (!cells[i] && !absent_has(k, list->keys[i], list->hashes[i]))
			ask_for(s, list->keys[i], list->hashes[i]);
}

void
table_fetch_all(
    struct table *t, const struct table_keys *lists, unsigned n, bool more)
{
	struct kept *k = t->kept;
	struct state *s;

	if (!k || !k->partial)
		return;
	if (!more || absent_count(k) > ABSENT_MOST)
		absent_forget(k);
	s = k->state;
	s->n_keys = 0;
	for (unsigned i = 0; i < n; i++)
		look_over(k, &lists[i]);
	if (!fetch(k))
		return;
	for (size_t i = 0; i < s->n_keys; i++)
		if (!s->values[i].p)
			absent_add(k, s->keys[i], s->hashes[i]);
	kept_busy(k);
}

void
table_fetch(
    struct table *t, const struct str *keys, const uint64_t *hashes, unsigned n)
{
	struct table_keys list = {keys, hashes, n};

	table_fetch_all(t, &list, 1, false);
}

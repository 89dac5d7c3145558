/* SPDX-License-Identifier: MIT */
/*
 * A set of seen values with their counts, for DISTINCT, mode() and topk().
 * Values are compared by their keys (1, 1.0 and 1.00 are one); each entry
 * also keeps the types its values came with, so that a set that is merged or
 * loaded adds up to the same result. Entries stay in order of arrival.
 */
#include "base/hash.h"
#include "data/cast.h"
#include "data/key.h"
#include "data/pack.h"
#include "expr/agg_part.h"

#define SLOTS_MIN 8

static void
slots_grow(struct seen_set *s, struct arena *heap)
{
	uint32_t cap = s->cap ? s->cap * 2 : SLOTS_MIN;
	struct seen *e;

	s->slots = memset(arena_array(heap, cap, sizeof *s->slots), 0,
	    cap * sizeof *s->slots);
	s->cap = cap;
	for (e = s->first; e; e = e->next) {
		uint32_t at = e->hash & (cap - 1);

		while (s->slots[at])
			at = (at + 1) & (cap - 1);
		s->slots[at] = e;
	}
}

static struct seen *
entry_new(struct arena *heap, uint32_t hash, struct str key,
    const uint8_t *types, unsigned n_types)
{
	struct seen *e =
	    arena_alloc(heap, offsetof(struct seen, bytes) + key.n + n_types);

	e->next = NULL;
	e->hash = hash;
	e->count = 0;
	e->len = (uint32_t)key.n;
	memcpy(e->bytes, key.p, key.n);
	memcpy(e->bytes + key.n, types, n_types);
	return e;
}

struct seen *
seen_find(struct seen_set **set, struct arena *heap, struct str key,
    const uint8_t *types, unsigned n_types, bool add)
{
	struct seen_set *s = *set;
	uint32_t hash = (uint32_t)hash_bytes(key.p, key.n), at;
	struct seen *e;

	if (!s) {
		if (!add)
			return NULL;
		s = *set = arena_zalloc(heap, sizeof *s);
	}
	if (s->n >= s->cap / 4 * 3)
		slots_grow(s, heap);
	for (at = hash & (s->cap - 1); (e = s->slots[at]);
	     at = (at + 1) & (s->cap - 1))
		if (e->hash == hash && e->len == key.n &&
		    !memcmp(e->bytes, key.p, key.n))
			return e;
	if (!add)
		return NULL;
	e = entry_new(heap, hash, key, types, n_types);
	s->slots[at] = e;
	if (s->last)
		s->last->next = e;
	else
		s->first = e;
	s->last = e;
	s->n++;
	return e;
}

void
seen_values(
    const struct seen *e, struct value *out, unsigned n, struct arena *a)
{
	const char *p = e->bytes, *end = p + e->len;

	for (unsigned i = 0; i < n; i++) {
		enum type t = (enum type)(uint8_t)e->bytes[e->len + i];
		struct value v = key_get(&p, end, a);

		if (v.type != t && type_is_number(t) &&
		    type_is_number((enum type)v.type))
			value_cast(a, v, t, NULL, &v);
		out[i] = v;
	}
}

void
seen_save(const struct seen_set *set, unsigned n_values, struct buf *out)
{
	struct value v[AGG_ARGS_MAX];
	struct arena a;
	uint64_t n = 0;

	arena_init(&a, 4096);
	for (const struct seen *e = set ? set->first : NULL; e; e = e->next)
		n += e->count > 0;
	agg_put_u64(out, n);
	for (const struct seen *e = set ? set->first : NULL; e; e = e->next) {
		if (!e->count)
			continue;
		agg_put_u64(out, e->count);
		seen_values(e, v, n_values, &a);
		for (unsigned i = 0; i < n_values; i++)
			pack_put(out, v[i]);
		arena_reset(&a);
	}
	arena_release(&a);
}

static bool
entry_load(struct agg_in *in, struct seen_set **set, struct arena *heap,
    unsigned n_values, struct arena *a, struct buf *key)
{
	uint64_t count = agg_get_u64(in);
	uint8_t types[AGG_ARGS_MAX];
	struct seen *e;

	key->n = 0;
	for (unsigned i = 0; i < n_values; i++) {
		struct value v = agg_get_value(in, a);

		if (v.type == T_NULL)
			return false;
		types[i] = v.type;
		key_put(key, v);
	}
	if (in->bad || count == 0 || count > UINT32_MAX)
		return false;
	e = seen_find(set, heap, buf_str(key), types, n_values, true);
	if (e->count)
		return false; /* twice */
	e->count = (uint32_t)count;
	return true;
}

bool
seen_load(struct agg_in *in, struct seen_set **set, struct arena *heap,
    unsigned n_values)
{
	uint64_t n = agg_get_u64(in);
	struct buf key = {0};
	struct arena a;
	bool good = true;

	arena_init(&a, 4096);
	for (; good && n && !in->bad; n--) {
		good = entry_load(in, set, heap, n_values, &a, &key);
		arena_reset(&a);
	}
	buf_release(&key);
	arena_release(&a);
	return good && !in->bad;
}

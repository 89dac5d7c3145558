/* SPDX-License-Identifier: MIT */
/*
 * A set of seen values with their counts, for DISTINCT, mode() and topk().
 * Values are compared by their keys (1, 1.0 and 1.00 are one); each entry
 * also keeps the types its values came with, so that a set that is merged or
 * loaded adds up to the same result. Entries stay in order of arrival.
 */
#include "base/must.h"
#include "data/cast.h"
#include "data/key.h"
#include "data/pack.h"
#include "expr/agg_part.h"
#include "state/index.h"

#define SLOTS_MIN 8
#define SLOTS_AT_ONCE ((uint32_t)1 << 28)

static size_t
entry_bytes(const struct seen_set *s, size_t len)
{
	return offsetof(struct seen, bytes) + len + s->n_types;
}

/* Takes out the dead. */
static void
bury(struct seen_set *s, struct arena *heap)
{
	struct seen *e = s->first, *next, **at = &s->first;

	for (s->last = NULL; e; e = next) {
		next = e->next;
		if (e->count) {
			*at = s->last = e;
			at = &e->next;
		} else {
			spare_give(&s->spare, heap, e, entry_bytes(s, e->len));
		}
	}
	*at = NULL;
	s->n -= s->dead;
	s->dead = 0;
}

/* Bits that a look at a slot can rule most other entries out by. */
static inline uint64_t
tag_of(uint32_t hash)
{
	return index_tag((uint64_t)hash << 32);
}

/* Makes room for more entries; in a new set, for so many. */
static void
slots_grow(struct seen_set *s, struct arena *heap, uint64_t n)
{
	uint32_t cap = s->cap ? s->cap * 2 : SLOTS_MIN;
	struct seen *e;

	while (!s->cap && cap / 4 * 3 < n && cap < SLOTS_AT_ONCE)
		cap *= 2;

	if (s->dead > s->n / 2) {
		bury(s, heap);
		cap = s->cap;
		memset(s->slots, 0, cap * sizeof *s->slots);
	} else {
		s->slots = memset(arena_array(heap, cap, sizeof *s->slots), 0,
		    cap * sizeof *s->slots);
	}
	s->cap = cap;
	for (e = s->first; e; e = e->next) {
		uint32_t at = e->hash & (cap - 1);

		while (s->slots[at])
			at = (at + 1) & (cap - 1);
		s->slots[at] = tag_of(e->hash) | (uint64_t)(uintptr_t)e;
	}
}

static struct seen *
entry_new(struct seen_set *s, struct arena *heap, uint32_t hash, struct str key,
    const uint8_t *types)
{
	struct seen *e = spare_alloc(s->spare, heap, entry_bytes(s, key.n));

	e->next = NULL;
	e->hash = hash;
	e->count = 0;
	e->len = (uint32_t)key.n;
	memcpy(e->bytes, key.p, key.n);
	memcpy(e->bytes + key.n, types, s->n_types);
	if (s->last)
		s->last->next = e;
	else
		s->first = e;
	s->last = e;
	s->n++;
	s->dead++;
	return e;
}

/* The entry of a key, made with count 0 if there is none. */
static struct seen *
seen_find(struct seen_set *s, struct arena *heap, struct str key, uint32_t hash,
    const uint8_t *types)
{
	uint64_t tag = tag_of(hash), slot;
	struct seen *e;
	uint32_t at;

	if (s->n >= s->cap / 4 * 3)
		slots_grow(s, heap, 0);
	for (at = hash & (s->cap - 1); (slot = s->slots[at]);
	     at = (at + 1) & (s->cap - 1)) {
		if (index_tag(slot) != tag)
			continue;
		e = index_pointer(slot);
		if (e->hash == hash && e->len == key.n &&
		    !memcmp(e->bytes, key.p, key.n))
			return e;
	}
	e = entry_new(s, heap, hash, key, types);
	must(((uintptr_t)e & ~(uintptr_t)INDEX_POINTER) == 0);
	s->slots[at] = tag | (uint64_t)(uintptr_t)e;
	return e;
}

bool
seen_has(const struct seen_set *s, struct str key)
{
	uint32_t hash = seen_hash(key), at = hash & (s->cap - 1);
	uint64_t tag = tag_of(hash), slot;

	for (; s->cap && (slot = s->slots[at]); at = (at + 1) & (s->cap - 1)) {
		const struct seen *e = index_pointer(slot);

		if (index_tag(slot) == tag && e->hash == hash &&
		    e->len == key.n && !memcmp(e->bytes, key.p, key.n))
			return e->count > 0;
	}
	return false;
}

void
seen_fetch_slot(const struct seen_set *s, uint32_t hash)
{
	__builtin_prefetch(&s->slots[hash & (s->cap - 1)]);
}

void
seen_fetch_entry(const struct seen_set *s, uint32_t hash)
{
	uint64_t tag = tag_of(hash), slot;
	uint32_t at = hash & (s->cap - 1);

	while ((slot = s->slots[at]) && index_tag(slot) != tag)
		at = (at + 1) & (s->cap - 1);
	if (slot)
		__builtin_prefetch(index_pointer(slot), 1);
}

int
seen_count(struct seen_set **set, struct arena *heap, struct str key,
    const uint8_t *types, unsigned n_types, int64_t by)
{
	return seen_count_hashed(
	    set, heap, key, seen_hash(key), types, n_types, by);
}

int
seen_count_hashed(struct seen_set **set, struct arena *heap, struct str key,
    uint32_t hash, const uint8_t *types, unsigned n_types, int64_t by)
{
	struct seen_set *s = *set;
	struct seen *e;
	bool before;

	if (!s) {
		s = *set = arena_zalloc(heap, sizeof *s);
		s->n_types = n_types;
	}
	e = seen_find(s, heap, key, hash, types);
	before = e->count > 0;
	s->dead -= !e->count;
	e->count += by;
	s->dead += !e->count;
	return (e->count > 0) - before;
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
		n += e->count != 0;
	agg_put_u64(out, n);
	for (const struct seen *e = set ? set->first : NULL; e; e = e->next) {
		if (!e->count)
			continue;
		agg_put_i64(out, e->count);
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
	int64_t count = agg_get_count(in);
	uint8_t types[AGG_ARGS_MAX];
	uint32_t n = *set ? (*set)->n : 0;

	key->n = 0;
	for (unsigned i = 0; i < n_values; i++) {
		struct value v = agg_get_value(in, a);

		types[i] = v.type;
		key_put(key, v);
	}
	if (in->bad || !count)
		return false;
	seen_count(set, heap, buf_str(key), types, n_values, count);
	return (*set)->n == n + 1; /* else it was there already */
}

bool
seen_load(struct agg_in *in, struct seen_set **set, struct arena *heap,
    unsigned n_values)
{
	uint64_t n = agg_get_u64(in);
	struct buf key = {0};
	struct arena a;
	bool good = true;

	/* Each takes two bytes at least, whatever is said of their number. */
	if (!*set && n > SLOTS_MIN && n <= (size_t)(in->end - in->p) / 2) {
		*set = arena_zalloc(heap, sizeof **set);
		(*set)->n_types = n_values;
		slots_grow(*set, heap, n);
	}
	arena_init(&a, 4096);
	for (; good && n && !in->bad; n--) {
		good = entry_load(in, set, heap, n_values, &a, &key);
		arena_reset(&a);
	}
	buf_release(&key);
	arena_release(&a);
	return good && !in->bad;
}

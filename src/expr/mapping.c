/* SPDX-License-Identifier: MIT */
/*
 * Maps in the making: keys and values as they come; those whose keys are equal
 * are found by sorting once all are there.
 */
#include "expr/mapping.h"

#include <stdlib.h>
#include <string.h>

#include "data/pack.h"

struct mapping
mapping_start(struct arena *arena, uint32_t cap)
{
	return (struct mapping){.arena = arena,
	    .kv = arena_array(arena, 2 * (size_t)cap + 2, sizeof(struct value)),
	    .cap = cap};
}

void
mapping_put(struct mapping *m, struct value key, struct value v)
{
	if (m->n == m->cap) {
		struct mapping more = mapping_start(m->arena, 2 * m->cap + 8);

		memcpy(more.kv, m->kv, 2 * m->n * sizeof *m->kv);
		m->kv = more.kv;
		m->cap = more.cap;
	}
	m->kv[2 * m->n] = key;
	m->kv[2 * m->n++ + 1] = v;
}

static int
by_key(const void *a, const void *b)
{
	const struct value *const *x = a, *const *y = b;
	int cmp = value_cmp(**x, **y);

	return cmp ? cmp : (*x > *y) - (*x < *y);
}

void
mapping_settle(struct mapping *m)
{
	const struct value **keys = arena_array(m->arena, m->n, sizeof *keys);
	bool *again = arena_zalloc(m->arena, m->n + 1);
	uint32_t count = 0;

	for (uint32_t i = 0; i < m->n; i++)
		keys[i] = &m->kv[2 * i];
	qsort(keys, m->n, sizeof *keys, by_key);
	for (uint32_t i = 1, first = 0; i < m->n; i++) {
		if (!value_eq(*keys[i], *keys[first])) {
			first = i;
			continue;
		}
		again[(keys[i] - m->kv) / 2] = true;
		m->kv[keys[first] - m->kv + 1] = keys[i][1];
	}
	for (uint32_t i = 0; i < m->n; i++) {
		if (again[i])
			continue;
		m->kv[2 * count] = m->kv[2 * i];
		m->kv[2 * count++ + 1] = m->kv[2 * i + 1];
	}
	m->n = count;
}

void
mapping_done(struct mapping *m, struct value *out)
{
	struct buf map = {0};

	mapping_settle(m);
	pack_put_map(&map, m->n);
	for (uint32_t i = 0; i < 2 * m->n; i++)
		pack_put(&map, m->kv[i]);
	*out = value_copy(m->arena, value_of_str(T_MAP, buf_str(&map)));
	buf_release(&map);
}

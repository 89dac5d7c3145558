/* SPDX-License-Identifier: MIT */
/*
 * Names and their numbers: a list, and an open-addressed table of numbers
 * beside it that is never more than half full.
 */
#include "io/names.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/must.h"

/* The slot that holds the name, or the free one where it would go. */
static uint32_t
slot_of(const struct names *n, struct str name)
{
	uint32_t mask = n->n_slots - 1;
	uint32_t i = (uint32_t)hash_bytes(name.p, name.n) & mask;

	while (n->slots[i] && !str_eq(n->list[n->slots[i] - 1], name))
		i = (i + 1) & mask;
	return i;
}

static void
grow_slots(struct names *n)
{
	uint32_t want = n->n_slots ? n->n_slots * 2 : 16;

	mem_free(n->slots);
	n->slots = mem_zalloc(want * sizeof *n->slots);
	n->n_slots = want;
	for (uint32_t i = 0; i < n->n; i++)
		n->slots[slot_of(n, n->list[i])] = i + 1;
}

uint32_t
names_find(const struct names *n, struct str name)
{
	uint32_t i;

	if (!n->n)
		return NAMES_NONE;
	i = n->slots[slot_of(n, name)];
	return i ? i - 1 : NAMES_NONE;
}

uint32_t
names_add(struct names *n, struct str name)
{
	uint32_t slot;

	must(n->n < UINT32_MAX / 4);
	if (n->n_slots < 2 * (n->n + 1))
		grow_slots(n);
	slot = slot_of(n, name);
	must(!n->slots[slot]);
	mem_grow(&n->list, &n->cap, (size_t)n->n + 1, sizeof *n->list);
	n->list[n->n] = name;
	n->slots[slot] = n->n + 1;
	return n->n++;
}

void
names_clear(struct names *n)
{
	if (n->n)
		memset(n->slots, 0, n->n_slots * sizeof *n->slots);
	n->n = 0;
}

void
names_release(struct names *n)
{
	mem_free(n->list);
	mem_free(n->slots);
	*n = (struct names){0};
}

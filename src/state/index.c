/* SPDX-License-Identifier: MIT */
/* A hash index of pointers; see index.h. */
#include "state/index.h"

#include "base/mem.h"
#include "base/must.h"

void
index_release(struct index *ix)
{
	mem_free(ix->slots);
	*ix = (struct index){0};
}

static void
insert(struct index *ix, uint64_t slot, uint64_t hash)
{
	size_t i = index_start(ix, hash);

	while (ix->slots[i])
		i = (i + 1) & ix->mask;
	ix->slots[i] = slot;
}

static void
grow(struct index *ix, uint64_t (*hash_of)(const void *))
{
	uint64_t *old = ix->slots;
	size_t n_old = old ? ix->mask + 1 : 0;
	size_t n = n_old ? n_old * 2 : 16;

	ix->slots = mem_zalloc(n * sizeof *ix->slots);
	ix->mask = n - 1;
	for (size_t i = 0; i < n_old; i++)
		if (old[i])
			insert(ix, old[i], hash_of(index_pointer(old[i])));
	mem_free(old);
}

void
index_reserve(struct index *ix, uint64_t (*hash_of)(const void *))
{
	/* At most 5/8 full: linear probing stays short. */
	if (!ix->slots || (ix->n + 1) * 8 > (ix->mask + 1) * 5)
		grow(ix, hash_of);
}

void
index_remove(struct index *ix, size_t i, uint64_t (*hash_of)(const void *))
{
	size_t hole = i, at = i;

	must(ix->n > 0);
	for (;;) {
		size_t home;

		at = (at + 1) & ix->mask;
		if (!ix->slots[at])
			break;
		home = index_start(ix, hash_of(index_pointer(ix->slots[at])));
		/* May the entry at `at` move back into the hole? */
		if (((at - home) & ix->mask) >= ((at - hole) & ix->mask)) {
			ix->slots[hole] = ix->slots[at];
			hole = at;
		}
	}
	ix->slots[hole] = 0;
	ix->n--;
}

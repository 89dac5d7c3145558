/* SPDX-License-Identifier: MIT */
/*
 * Sorting entries: by a prefix of eight bytes that orders like the key, in
 * radix passes over those bytes that differ at all; then those of equal
 * prefix by their keys.
 */
#include "state/entry_sort.h"

#include <stdlib.h>

#include "data/key.h"

/* Fewer are compared with one another. */
#define RADIX_MIN 64
/* Entries whose keys are fetched ahead. */
#define AHEAD 8

struct str
entry_key(const void *of)
{
	return mem_key(of);
}

static int
item_cmp(const void *a, const void *b, void *key_of)
{
	const struct entry_item *x = a, *y = b;
	entry_key_of *const *key = key_of;

	if (x->prefix != y->prefix)
		return x->prefix < y->prefix ? -1 : 1;
	return key_cmp((*key)(x->of), (*key)(y->of));
}

/* Bits in which the prefixes differ. */
static uint64_t
set_prefixes(struct entry_item *items, size_t n, entry_key_of *key_of)
{
	uint64_t differ = 0;

	for (size_t i = 0; i < n; i++) {
		if (i + AHEAD < n)
			__builtin_prefetch(items[i + AHEAD].of);
		items[i].prefix = key_prefix(key_of(items[i].of));
		differ |= items[i].prefix ^ items[0].prefix;
	}
	return differ;
}

static void
radix_pass(const struct entry_item *from, struct entry_item *to, size_t n,
    unsigned shift)
{
	size_t at[256] = {0}, sum = 0;

	for (size_t i = 0; i < n; i++)
		at[from[i].prefix >> shift & 255]++;
	for (int b = 0; b < 256; b++) {
		size_t count = at[b];

		at[b] = sum;
		sum += count;
	}
	for (size_t i = 0; i < n; i++)
		to[at[from[i].prefix >> shift & 255]++] = from[i];
}

void
entry_sort(struct entry_item *items, struct entry_item *spare, size_t n,
    entry_key_of *key_of)
{
	struct entry_item *from = items, *to = spare, *other;
	uint64_t differ = n ? set_prefixes(items, n, key_of) : 0;

	if (n < RADIX_MIN) {
		if (n)
			qsort_r(items, n, sizeof *items, item_cmp, &key_of);
		return;
	}
	for (unsigned shift = 0; shift < 64; shift += 8) {
		if (!(differ >> shift & 255))
			continue;
		radix_pass(from, to, n, shift);
		other = from;
		from = to;
		to = other;
	}
	if (from != items)
		memcpy(items, from, n * sizeof *items);
	for (size_t i = 0, k; i < n; i = k) {
		for (k = i + 1; k < n && items[k].prefix == items[i].prefix;)
			k++;
		if (k - i > 1)
			qsort_r(
			    items + i, k - i, sizeof *items, item_cmp, &key_of);
	}
}

/* SPDX-License-Identifier: MIT */
/* Entries in memory in order of their keys. */
#ifndef WEIR_STATE_ENTRY_SORT_H
#define WEIR_STATE_ENTRY_SORT_H

#include "state/memtable.h"

struct entry_item {
	uint64_t prefix; /* key_prefix, set by entry_sort */
	const struct mem_entry *entry;
};

/* Sorts n items; spare has as much room. */
void entry_sort(struct entry_item *items, struct entry_item *spare, size_t n);

/* Orders two items whose prefixes are set. */
int entry_cmp(const void *a, const void *b);

#endif

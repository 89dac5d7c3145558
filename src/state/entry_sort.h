/* SPDX-License-Identifier: MIT */
/* Things in order of their keys: entries in memory, say. */
#ifndef WEIR_STATE_ENTRY_SORT_H
#define WEIR_STATE_ENTRY_SORT_H

#include "state/memtable.h"

struct entry_item {
	uint64_t prefix; /* key_prefix, set by entry_sort */
	const void *of;
};

typedef struct str entry_key_of(const void *of);

/* Of a struct mem_entry. */
struct str entry_key(const void *of);

/* Sorts n items, whose keys key_of gives; spare has as much room. */
void entry_sort(struct entry_item *items, struct entry_item *spare, size_t n,
    entry_key_of *key_of);

#endif

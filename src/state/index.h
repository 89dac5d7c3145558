/* SPDX-License-Identifier: MIT */
/*
 * A hash index of pointers: open addressing, linear probing, removal by
 * shifting back. A slot is one word: 16 bits of the hash and a 48-bit
 * pointer, so a probe that misses rarely touches what the pointer points to.
 */
#ifndef WEIR_STATE_INDEX_H
#define WEIR_STATE_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct index {
	uint64_t *slots;
	size_t mask; /* slots - 1, or 0 with slots NULL */
	size_t n;
};

#define INDEX_POINTER 0x0000ffffffffffffu

static inline uint64_t
index_tag(uint64_t hash)
{
	return hash & ~INDEX_POINTER;
}

static inline void *
index_pointer(uint64_t slot)
{
	return (void *)(uintptr_t)(slot & INDEX_POINTER);
}

void index_release(struct index *ix);

/*
 * Makes room for one more entry; hash_of gives the hash of an entry (for
 * rehashing). Call before inserting.
 */
void index_reserve(struct index *ix, uint64_t (*hash_of)(const void *entry));

/* First slot to look at. Probing goes on at (i + 1) & mask; 0 ends it. */
static inline size_t
index_start(const struct index *ix, uint64_t hash)
{
	return (size_t)hash & ix->mask;
}

/* Puts an entry into the free slot i that a probe ended at. */
static inline void
index_put(struct index *ix, size_t i, uint64_t hash, const void *entry)
{
	ix->slots[i] = index_tag(hash) | (uint64_t)(uintptr_t)entry;
	ix->n++;
}

/* Removes the entry in slot i. */
void index_remove(
    struct index *ix, size_t i, uint64_t (*hash_of)(const void *entry));

#endif

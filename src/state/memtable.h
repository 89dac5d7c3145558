/* SPDX-License-Identifier: MIT */
/*
 * Changes in memory: sections, one per (map, bucket), of entries found by
 * their keys. An entry is a value, a tombstone, or pieces (pieces.h); those
 * that are appended to an entry of this table become part of it. A section
 * that was dropped hides what is older than this table, and so does a map that
 * was dropped.
 *
 * What is put into a large section waits in a short queue until the memory it
 * goes to has been fetched: whoever reads a table has it settled first.
 *
 * Entries lie one behind another in chunks of their section and are gone
 * through in order of arrival. What is put again is written over if there is
 * room, unless somebody is reading the section (pins): then it is appended,
 * and who reads goes on seeing the old one.
 */
#ifndef WEIR_STATE_MEMTABLE_H
#define WEIR_STATE_MEMTABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "state/index.h"
#include "state/pieces.h"

#define MEM_DELETED UINT32_MAX /* value_len of a tombstone */
#define MEM_LEN 0x3fffffffu    /* in value_len: bytes; above it enum pieces */
#define MEM_PIECES 30
#define MEM_STALE 0x80000000u /* in room: superseded, to be passed over */

struct mem_entry {
	uint32_t hash;
	uint32_t key_len;
	uint32_t value_len;
	uint32_t room; /* bytes for the value */
	char bytes[];  /* key, value */
};

struct mem_chunk {
	struct mem_chunk *next; /* newer */
	size_t used, cap;
	_Alignas(8) char bytes[];
};

struct mem_section {
	int64_t bucket;
	unsigned map;
	bool dropped;	  /* what is older is dead */
	atomic_uint pins; /* readers, and one while it is in its table */
	size_t at;	  /* its place in the table */
	struct index index;
	struct mem_chunk *first, *last;
	size_t bytes; /* of chunks that are used */
};

struct mem_queue; /* memtable.c */

struct memtable {
	struct index index; /* of sections */
	struct mem_queue *queue;
	size_t hint; /* slots of a section that grows large; 0: none */
	struct mem_section **sections;
	size_t n, cap;
	struct mem_section *recent;
	unsigned *maps; /* those that were dropped */
	size_t n_maps, cap_maps;
	size_t bytes, n_entries; /* stale ones not included */
};

struct memtable *memtable_new(void);
void memtable_free(struct memtable *m); /* NULL is fine */

/* Nothing was put, deleted or dropped. */
bool memtable_is_empty(const struct memtable *m);

/* The section or NULL; made if it is not there. */
struct mem_section *memtable_find(
    const struct memtable *m, unsigned map, int64_t bucket);
struct mem_section *memtable_section(
    struct memtable *m, unsigned map, int64_t bucket);

/* Does it say that what is older of the section is dead? */
bool memtable_hides(const struct memtable *m, unsigned map, int64_t bucket);

/* Empties the queue. Before anything but put and delete. */
void memtable_settle(struct memtable *m);

/* Slots of the largest section: a hint for a table that follows. */
size_t memtable_slots(const struct memtable *m);

void memtable_put(struct memtable *m, struct mem_section *s, struct str key,
    struct str value);
void memtable_delete(struct memtable *m, struct mem_section *s, struct str key);
/* Pieces: all of the value, or more of it. */
void memtable_put_pieces(struct memtable *m, struct mem_section *s,
    struct str key, struct str pieces, enum pieces kind);

/* Takes the entries out and hides what is older. */
void memtable_drop(struct memtable *m, unsigned map, int64_t bucket);
void memtable_drop_map(struct memtable *m, unsigned map);

/* Takes sections out and remembers nothing of it. */
void memtable_forget(struct memtable *m, unsigned map, int64_t bucket);
void memtable_forget_map(struct memtable *m, unsigned map);

/*
 * Applies all of `from`, which is newer. marks: something lies below the
 * table, so what is dropped stays noted.
 */
void memtable_absorb(struct memtable *m, struct memtable *from, bool marks);

/* The entry of a key, tombstones too, or NULL. s may be NULL. */
const struct mem_entry *mem_section_get(
    const struct mem_section *s, struct str key);

/* The entries of a section: begin with a zeroed cursor; NULL at the end. */
struct mem_cursor {
	const struct mem_chunk *chunk;
	size_t at;
	bool begun;
};
const struct mem_entry *mem_section_next(
    const struct mem_section *s, struct mem_cursor *c);

void mem_section_pin(struct mem_section *s);
void mem_section_unpin(struct mem_section *s); /* frees it if it is the last */

static inline struct str
mem_key(const struct mem_entry *e)
{
	return (struct str){e->bytes, e->key_len};
}

static inline bool
mem_deleted(const struct mem_entry *e)
{
	return e->value_len == MEM_DELETED;
}

static inline struct str
mem_value(const struct mem_entry *e)
{
	return (struct str){
	    e->bytes + e->key_len, mem_deleted(e) ? 0 : e->value_len & MEM_LEN};
}

/* What the value of an entry is that is no tombstone. */
static inline enum pieces
mem_pieces(const struct mem_entry *e)
{
	return (enum pieces)(e->value_len >> MEM_PIECES);
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Run files: immutable entries of many maps and buckets, sorted by map, bucket
 * and key, each written once, synced, and then read by block.
 *
 *   blocks    entries, prefix-compressed where keys share bytes; a checksum
 *             (CRC32C, seeded with the run's number and the block's)
 *   index     first key and place of each block, in pages of their own
 *   filter    a bloom filter, ten bits a key, one cache line a look-up
 *   sections  one per (map, bucket): where its blocks are, entries, deletions
 *   footer    lengths, checksums, the run's number, format version
 *
 * Sections are small and read when the run is opened; pages of index and
 * filter are read and verified when they are first needed, so that opening
 * costs the same however large the run is. Every read verifies a checksum.
 */
#ifndef WEIR_STATE_RUN_FILE_H
#define WEIR_STATE_RUN_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "state/pieces.h"

struct run_entry {
	unsigned map;
	int64_t bucket;
	struct str key;
	struct str value;
	bool deleted; /* a tombstone: value is empty */
	enum pieces pieces;
};

/* ---- writing, by the writer's thread ---- */

struct run_writer;

/*
 * Makes the file NAME in the directory dir_fd (O_EXCL, 0600). number: of the
 * run, unique in the directory. n_entries: about how many (for the filter).
 */
struct run_writer *run_writer_new(int dir_fd, const char *name, uint64_t number,
    uint64_t n_entries, struct err *err);

/* The file is gone with its store: nothing is synced. */
void run_writer_no_sync(struct run_writer *w);

/* Entries in order, each (map, bucket, key) once. False once it has failed. */
bool run_writer_add(struct run_writer *w, const struct run_entry *e);

/* Bytes of the file so far, more or less. */
uint64_t run_writer_size(const struct run_writer *w);

/*
 * Is its index, which is in memory until it is finished, so large that another
 * run should be begun? With long keys it is up to a quarter of the file, and
 * more.
 */
#define RUN_INDEX_MOST ((size_t)1 << 20)
bool run_writer_is_full(const struct run_writer *w);

/*
 * Writes what is left and syncs the file (not the directory). *bytes: its
 * length, *footer_crc: to be noted in the commit. -1 and *err; the file is
 * removed then. Frees the writer either way.
 */
int run_writer_finish(struct run_writer *w, uint64_t *bytes,
    uint32_t *footer_crc, struct err *err);
void run_writer_abandon(struct run_writer *w); /* removes the file */

/* ---- reading, by the owner's thread, and by merges ---- */

/*
 * A run file and its cache belong to one thread. Another one may go through
 * all of it with a cursor meanwhile.
 */
struct run_file;
struct block_cache; /* of all runs of a store, bounded in bytes */

struct block_cache *block_cache_new(size_t bytes);
void block_cache_free(struct block_cache *c);

struct run_section {
	unsigned map;
	int64_t bucket;
	uint64_t n_entries, n_deleted, bytes;
};

/*
 * Opens and verifies footer and sections against what the commit says.
 * ERR_STATE with the file's name and the place if it is damaged. cache NULL:
 * blocks are read anew each time (merges, checks).
 */
struct run_file *run_file_open(int dir_fd, const char *name, uint64_t number,
    uint64_t bytes, uint32_t footer_crc, struct block_cache *cache,
    struct err *err);
void run_file_close(struct run_file *r);

/* Sorted by map and bucket. */
const struct run_section *run_file_sections(
    const struct run_file *r, unsigned *n);

/* Are all keys of b behind all of a? An empty run follows any. */
bool run_file_follows(const struct run_file *a, const struct run_file *b);

/*
 * A place in the order of entries: behind this key. Up to there a run may have
 * been merged (merge.h): what it has before that place does not count.
 */
struct run_mark {
	bool set;
	unsigned map;
	int64_t bucket;
	struct buf key;
};

void run_mark_copy(struct run_mark *to, const struct run_mark *from);
/* Is the key before the place? */
bool run_mark_hides(
    const struct run_mark *m, unsigned map, int64_t bucket, struct str key);

/* Is no key of the run behind this one? */
bool run_file_passed(
    const struct run_file *r, unsigned map, int64_t bucket, struct str key);

/* Do all keys of b that are behind a place come behind all of a? */
bool run_file_follows_from(const struct run_file *a, const struct run_file *b,
    const struct run_mark *from);

enum run_found {
	RUN_ABSENT,
	RUN_FOUND,
	RUN_MORE, /* pieces: more of what older runs have */
	RUN_ALL,  /* pieces: all of them */
	RUN_DELETED,
	RUN_DAMAGED,
	RUN_LATER /* it would have to wait for the disk */
};

/* What is looked for, in one run after another. */
struct run_key {
	unsigned map;
	int64_t bucket;
	struct str key;
	uint32_t hash; /* for the filters */
};
struct run_key run_key_of(unsigned map, int64_t bucket, struct str key);

/* Appends the value, or pieces, to *out. RUN_DAMAGED: *err says where. */
enum run_found run_file_get(struct run_file *r, unsigned map, int64_t bucket,
    struct str key, struct buf *out, struct err *err);

/* A block of a run that has been asked for. */
struct run_later {
	uint64_t at;
	uint32_t n;
};

/* The same of a key whose hash is known. */
enum run_found run_file_look(struct run_file *r, const struct run_key *k,
    struct buf *out, struct err *err);

/*
 * Many keys of a section at once, in order of their keys. The first call finds
 * those that the run may have, and their blocks: RUN_LATER, the others are
 * RUN_ABSENT. The second one takes such asks, and reads: neighbours share
 * blocks, and blocks that are close to one another a read. Unless it is to
 * wait, what the kernel does not have at hand stays RUN_LATER: it has been
 * asked to fetch it (POSIX_FADV_WILLNEED). Values, or pieces, are appended to
 * *out: `n` bytes from `from` on. False and *err: it is damaged.
 */
struct run_ask {
	struct run_key key;
	enum run_found found;
	struct run_later later;
	size_t from, n;
};
bool run_file_find_many(
    struct run_file *r, struct run_ask *const *asks, size_t n, struct err *err);
bool run_file_read_many(struct run_file *r, struct run_ask *const *asks,
    size_t n, bool wait, struct buf *out, struct err *err);

/*
 * May it have the key? Asks the filter alone; if so and `ahead`, the kernel
 * is asked to fetch its block (POSIX_FADV_WILLNEED).
 */
bool run_file_may_have(struct run_file *r, unsigned map, int64_t bucket,
    struct str key, bool ahead);

/*
 * About how many bytes of the run are of keys that one of n older runs has,
 * too: a guess by asking for a few dozen of its keys.
 */
uint64_t run_file_covers(
    struct run_file *r, struct run_file *const *older, size_t n);

/* All entries, deletions too, of the whole run or of one section, in order. */
struct run_cursor;
struct run_cursor *run_cursor_new(struct run_file *r);
struct run_cursor *run_cursor_of(
    struct run_file *r, unsigned map, int64_t bucket);
/* 1: *e, valid until the next call; 0: the end; -1 and *err. */
int run_cursor_next(struct run_cursor *c, struct run_entry *e, struct err *err);
void run_cursor_free(struct run_cursor *c);

/*
 * Before the first entry: begins behind the place, in the block at byte `at`
 * or behind it (0: anywhere).
 */
void run_cursor_from(
    struct run_cursor *c, const struct run_mark *m, uint64_t at);
/* Before the first entry: so much is read at a time, 256 KiB otherwise. */
void run_cursor_chunk(struct run_cursor *c, size_t bytes);
/* Of each of n cursors, so that all of them take some MiB. */
size_t run_cursor_share(size_t n);
/* The byte at which the block of the entry at hand begins, or the end. */
uint64_t run_cursor_at(const struct run_cursor *c);

/*
 * Reads all of it and verifies every checksum and the order; `say` as in
 * store_check. Returns the number of damages.
 */
unsigned run_file_check(
    struct run_file *r, void (*say)(void *arg, const char *line), void *arg);

/* ---- merging ---- */

/*
 * Cursors by age, the newest first: gives each (map, bucket, key) once, as the
 * newest has it, or with the pieces of all that have some. Tombstones come,
 * too, unless `last` (nothing is older).
 * dropped (or NULL) says which sections of which cursor are dead.
 */
struct run_merge;
struct run_merge *run_merge_new(struct run_cursor **newest_first, unsigned n,
    bool last,
    bool (*dropped)(void *arg, unsigned cursor, unsigned map, int64_t bucket),
    void *arg);
/* From then on pieces become one. */
void run_merge_fold(struct run_merge *m, pieces_fold *fold, void *arg);
/* Has there been an entry of pieces so far? */
bool run_merge_has_pieces(const struct run_merge *m);
/* The last key that was gone past, and where each cursor stands then. */
void run_merge_reach(
    const struct run_merge *m, struct run_mark *mark, uint64_t *at);
int run_merge_next(struct run_merge *m, struct run_entry *e, struct err *err);
void run_merge_free(struct run_merge *m); /* and its cursors */

#endif

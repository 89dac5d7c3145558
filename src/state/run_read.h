/* SPDX-License-Identifier: MIT */
/*
 * An open run, as the files that read it see it. Inside state/run_* only.
 *
 * A run file and its cache belong to one thread at a time; who merges opens
 * the file once more, without a cache.
 */
#ifndef WEIR_STATE_RUN_READ_H
#define WEIR_STATE_RUN_READ_H

#include "state/run_block.h"

struct run_file {
	int fd;
	char *name; /* for messages */
	uint64_t bytes;
	struct run_footer footer;
	struct run_section *sections;
	struct section_place *places; /* of the same number */
	struct buf first, last;	      /* keys of the first, of the last entry */
	struct block_cache *cache;    /* or NULL */
	uint32_t in_cache;	      /* its number there */
	uint32_t *hints;	      /* where the filter's pages are there */
	uint32_t recent;	      /* the section that was asked for last */
	unsigned n_cold;    /* pages of filter and index read so far */
	struct buf scratch; /* a piece that is not kept */
	struct buf room;    /* for keys */
};

/* ERR_STATE: what is damaged, from byte `at` on. Returns -1. */
int run_damaged(
    struct err *err, const struct run_file *r, const char *what, uint64_t at);

/* Reads n bytes. -1 and *err: ERR_IO, or ERR_STATE if the file is shorter. */
int run_pread(
    const struct run_file *r, char *to, size_t n, uint64_t at, struct err *err);

/*
 * The contents of a piece, verified; valid until the next call. seed: what the
 * checksum begins with, in place of place.at (index pages count from the
 * index' start). False and *err.
 */
bool run_piece(struct run_file *r, struct place place, enum piece_kind kind,
    uint64_t seed, struct str *out, struct err *err);

/*
 * The same for a data block that is not in the cache. Unless it is to wait, it
 * is had only if the kernel has it at hand. 1; -1 and *err; 0: it has been
 * asked to fetch it.
 */
int run_block(struct run_file *r, struct place place, bool wait,
    struct str *out, struct err *err);

/* n bytes of data blocks, unverified; valid until the next call. As run_block.
 */
int run_blocks(struct run_file *r, uint64_t at, size_t n, bool wait,
    const char **out, struct err *err);

/* Is it in the cache already? */
bool run_cached(const struct run_file *r, uint64_t at);

/* The number of a section, or -1. */
int64_t run_section_find(struct run_file *r, unsigned map, int64_t bucket);

/*
 * The filter: 1 if it may have a key of that hash, 0 if not, -1 and *err. A
 * key that will be asked for soon: its part is brought near.
 */
int run_filter_ask(struct run_file *r, uint32_t hash, struct err *err);
void run_filter_soon(struct run_file *r, uint32_t hash);

/* What a block has of a key, given that it has been verified. */
enum run_found run_find_in(
    const struct block *block, struct str key, struct buf *out);

/* A page of the index; place counts from the index' start. */
bool run_page(
    struct run_file *r, struct place place, struct block *out, struct err *err);

/*
 * Goes down from the root of a section to the block that the key is in, if it
 * is in any: 1 and *out; 0: it is in none; -1 and *err.
 */
int run_descend(struct run_file *r, const struct section_place *s,
    struct str key, struct place *out, struct err *err);

/*
 * The place that an index page has of a piece on `level` (0: data); false if
 * it lies outside of where it must.
 */
bool run_child(const struct run_file *r, const struct section_place *s,
    unsigned level, struct str value, struct place *out);

/* ---- cache (run_cache.c) ---- */

/* A number for a file, never given twice. */
uint32_t block_cache_enter(struct block_cache *c);
/* Forgets the pieces of a file. */
void block_cache_leave(struct block_cache *c, uint32_t file);
/* The piece of a file at a place, or NULL. */
char *block_cache_get(struct block_cache *c, uint32_t file, uint64_t at);
/*
 * The same; *hint says where it was at the last time, if it was there. Any
 * number is a hint.
 */
char *block_cache_again(
    struct block_cache *c, uint32_t file, uint64_t at, uint32_t *hint);
bool block_cache_has(const struct block_cache *c, uint32_t file, uint64_t at);
/*
 * Room for a piece of n bytes, which takes the place of others; NULL if it is
 * too large to be kept. Valid until the next call. dear: asked for by nearly
 * every look-up, it stays longer than others.
 */
char *block_cache_put(
    struct block_cache *c, uint32_t file, uint64_t at, uint32_t n, bool dear);
/* Takes back the piece that was put last. */
void block_cache_drop(struct block_cache *c, uint32_t file, uint64_t at);

#endif

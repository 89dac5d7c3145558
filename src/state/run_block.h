/* SPDX-License-Identifier: MIT */
/*
 * Blocks: entries in order of their keys, of which those after the first of
 * every `restart` leave out the bytes that they share with the one before.
 * Behind the entries is where the whole ones begin, for a binary search.
 *
 *	entry	varint shared, varint more, varint value << 1 | deleted,
 *		`more` bytes of key, value
 *	pieces	are entries that are deleted and have a value nevertheless:
 *		a byte, enum pieces, and then the pieces
 *	end	uint32 offset of each whole entry, uint32 their number
 *
 * What reads them trusts no number in them. Inside state/run_* only.
 */
#ifndef WEIR_STATE_RUN_BLOCK_H
#define WEIR_STATE_RUN_BLOCK_H

#include "state/run_form.h"

#define BLOCK_RESTART 16 /* of data; every entry of an index page is whole */

struct block_out {
	struct buf bytes, last; /* last: key */
	struct buf first;	/* key */
	struct buf restarts;	/* as they will be on disk */
	unsigned restart, n;
};

void block_out_init(struct block_out *b, unsigned restart);
void block_out_release(struct block_out *b);
/* pieces: PIECES_NONE if it is deleted, and then value is empty. */
void block_out_add(struct block_out *b, struct str key, struct str value,
    bool deleted, enum pieces pieces);
/* Bytes so far, more or less. */
size_t block_out_size(const struct block_out *b);
/* The whole block; valid until the next call. */
struct str block_out_end(struct block_out *b);
/* Begins the next one. */
void block_out_next(struct block_out *b);

/* A block as it was read. */
struct block {
	const char *p, *end; /* of the entries */
	uint32_t n_restarts;
};

bool block_read(struct block *b, struct str bytes);

/*
 * What there is of the key. 1: found, 0: it is not there, -1: not a block
 * after all.
 */
struct block_value {
	struct str value;
	bool deleted;
	enum pieces pieces;
};
int block_find(const struct block *b, struct str key, struct block_value *out);

/* The value of the last key that is not behind this one, in an index page. */
int block_floor(const struct block *b, struct str key, struct str *value);

/*
 * The same for keys in order: *i, which is 0 at first, is the entry that was
 * found for the last one, and then for this one.
 */
int block_floor_from(
    const struct block *b, struct str key, uint32_t *i, struct str *value);

/* The key of a whole entry: in the middle of those there are, say. */
bool block_whole(const struct block *b, uint32_t i, struct str *key);

/* From the first to the last. */
struct block_walk {
	const struct block *block;
	const char *next;
	struct buf keys[2]; /* in turns: this one and the one before */
	unsigned turn;
	bool begun; /* in this block */
	struct str key, value;
	bool deleted;
	enum pieces pieces;
};

/* The key before stays, for those who compare it with the next one. */
void block_walk_begin(struct block_walk *w, const struct block *b);
/* 1: key, value, deleted are set; 0: the end; -1: damaged. */
int block_walk_next(struct block_walk *w);
/* The key before this one. */
struct str block_walk_before(const struct block_walk *w);
void block_walk_release(struct block_walk *w);

#endif

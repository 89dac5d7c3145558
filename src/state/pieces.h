/* SPDX-License-Identifier: MIT */
/*
 * Values in pieces. What is appended to a key (store_append) is put down
 * without the value it has been read; who reads the key gets all its pieces,
 * the oldest first, or what a fold (store.h) makes of them. As in RocksDB's
 * merge operands and the partial aggregates of a combiner.
 *
 * Pieces stand one behind another, each a varint with its length and so many
 * bytes. An entry of pieces says whether they are all of the value, or more
 * of what an older entry of the key has.
 */
#ifndef WEIR_STATE_PIECES_H
#define WEIR_STATE_PIECES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* What an entry's value is. */
enum pieces {
	PIECES_NONE, /* the value itself: it hides what is older */
	PIECES_MORE, /* pieces behind those that are older */
	PIECES_ALL   /* pieces, all there are */
};

void pieces_put(struct buf *out, struct str piece);

/* Takes the first piece off; false at the end, or if it is none. */
bool pieces_next(struct str *pieces, struct str *piece);

/* Are there pieces, and nothing else? */
bool pieces_valid(struct str pieces);

/* True if it is but one: *piece. */
bool pieces_single(struct str pieces, struct str *piece);

/*
 * What makes one piece of several, whole: of all that the key has. Appends it
 * to *out, or is false, and they stay as they are.
 */
typedef bool pieces_fold(void *arg, unsigned map, struct str key,
    struct str pieces, bool whole, struct buf *out);

/*
 * What the entries of a key say together; they are added from the newest to
 * the oldest. Copies what it is given. Begin with zeros.
 */
struct gather {
	struct buf bytes; /* pieces of the entries, one behind another */
	size_t *ends;	  /* of each entry's */
	size_t n, cap;
	bool whole; /* nothing that is older counts */
	struct buf all, folded;
};

void gather_release(struct gather *g);
void gather_reset(struct gather *g);

/* An entry that is no tombstone. */
void gather_add(struct gather *g, enum pieces kind, struct str value);

/* The pieces in order; valid until something is done with g. */
struct str gather_all(struct gather *g);

/*
 * What becomes of them, and of what kind it is; last: nothing is older. Valid
 * until something is done with g. fold may be NULL.
 */
enum pieces gather_give(struct gather *g, bool last, pieces_fold *fold,
    void *arg, unsigned map, struct str key, struct str *value);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * A key's rows where they are too many for memory: in blocks, which are entries
 * of the state, and a few of which are in memory.
 *
 * Whoever follows a frame goes along the rows at several places, each of which
 * moves on (or, now and then, back). So a block that was used of late is here,
 * and the others are read again when some place reaches them. A pointer to a
 * row is valid until rows of FAR_PLACES other blocks have been asked for.
 *
 * A block has the rows of a stretch of places, as many in each; the first may
 * have lost those that nobody needs any more. It is put when it is full, and
 * at a cut; when all its rows are needed no more it is deleted unread.
 */
#ifndef WEIR_OP_OVER_FAR_H
#define WEIR_OP_OVER_FAR_H

#include "op/over.h"

#define FAR_PLACES 8

/* Where blocks are put: the key of a block is this one, and its number. */
struct over_far_home {
	struct kept *kept; /* of the rows */
	struct state_map *map;
	int64_t bucket;
	struct str key;	 /* copied */
	unsigned places; /* that are looked at, at a time */
};

/* The rows of a key go into blocks of so many. */
void over_far_begin(
    struct over_key *k, const struct over_far_home *home, unsigned per);

/* The key has none but [base, end), which are in the state. */
void over_far_again(
    struct over_key *k, const struct over_far_home *home, unsigned per);

/* Is the row there? If not, the state is damaged. */
bool over_far_has(struct over_key *k, uint64_t at);

/* Rows of a block. */
unsigned over_far_per(const struct over_far *f);

/* Puts what is not in the state. */
void over_far_put(struct over_key *k);

/* base has moved on. */
void over_far_trim(struct over_key *k);

/* Lets go of all that is in memory; first deletes all blocks. */
void over_far_free(struct over_key *k);
void over_far_drop(struct over_key *k);

/* Bytes it has besides rows. */
size_t over_far_bytes(const struct over_far *f);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Results that are held back until the commit that contains them is durable
 * (--commit-output). They wait in the store as chunks of bytes, in a bucket
 * for each commit and output: so they are durable together with everything
 * else, there may be more of them than memory, and what may not have been
 * delivered before a crash is there to be sent again.
 */
#ifndef WEIR_RUN_OUTBOX_H
#define WEIR_RUN_OUTBOX_H

#include "state/store.h"

/* The map of the store; those of steps count from 1. */
#define OUTBOX_MAP 0x40000000u

struct outbox {
	struct store *store;
	int64_t bucket;	 /* of the chunks that no commit holds yet */
	uint64_t n;	 /* of them */
	int64_t sending; /* the bucket that the last commit holds; 0: none */
	struct buf key;
};

void outbox_release(struct outbox *b);

void outbox_add(struct outbox *b, struct str bytes);

/*
 * A commit is made: what was added is to be sent when it is durable; what is
 * added from now on goes to the bucket `next`.
 */
void outbox_cut(struct outbox *b, int64_t next);

/*
 * Hands out what is to be sent, chunk by chunk, until `put` says no; then it
 * is still to be sent.
 */
bool outbox_send(
    struct outbox *b, bool (*put)(void *arg, struct str bytes), void *arg);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The bytes of standard input as they come, kept in a journal (spool_file.h)
 * before they are handed on: first those that are kept, then those of the
 * pipe. From a pipe they go into the file by one call, splice(2), which takes
 * them out of the one as it puts them into the other; a process that is killed
 * has either not taken them or they are there.
 *
 * One thread at a time reads.
 */
#ifndef WEIR_RUN_SPOOL_RAW_H
#define WEIR_RUN_SPOOL_RAW_H

#include <pthread.h>
#include <sys/types.h>

#include "base/buf.h"
#include "run/spool_file.h"

struct spool_raw {
	struct spool_dir dir;
	uint32_t boot;
	/* What is read. */
	struct spool_walk walk; /* over the piece `number`; fd: -1, none */
	uint64_t number;
	size_t given;	/* bytes of its frame that were handed out */
	bool behind;	/* the walk has not come to the end yet */
	uint64_t at;	/* place of the next byte to be handed out */
	uint64_t stop;	/* nothing is handed out from there */
	bool kept_only; /* nothing is taken from the pipe */
	bool fresh;	/* nothing was handed out of this standard input */
	bool edge;	/* it ended, and another one follows */
	bool over;	/* and none does */
	/* Would what comes go on within what came? May be NULL. */
	bool (*goes_on)(void *arg);
	void *arg;
	/* What is written. */
	int out; /* the piece out_number, or -1 */
	uint64_t out_number, out_at, room;
	uint64_t end;	 /* of the stream */
	bool piped;	 /* standard input is a pipe */
	bool marked;	 /* what comes of it has been announced */
	bool ended;	 /* the last mark says that it has ended */
	struct err late; /* what was handed on could not be kept */
	/* Shared with the owner. */
	pthread_mutex_t lock;
	bool grown;    /* a piece was begun since the last sync */
	uint64_t kept; /* place up to which frames were written */
	int pinned;    /* handed out to be synced, or -1 */
};

/*
 * Reads all frames from the piece of `place` on, and mends what a death has
 * left of the last one. least: what is known to be there. *lost: bytes that
 * did not reach the disk before the machine went down. 0, or -1 and *err.
 */
int spool_raw_open(struct spool_raw *s, uint64_t place, uint64_t least,
    uint64_t *lost, struct err *err);
void spool_raw_close(struct spool_raw *s);

/* Goes on there; a place between two standard inputs is before the second. */
void spool_raw_seek(struct spool_raw *s, uint64_t place);

/* The standard input at hand, as a port does: 0 is its end (edge, over). */
ssize_t spool_raw_read(
    struct spool_raw *s, char *to, size_t n, struct err *err);
bool spool_raw_ready(const struct spool_raw *s, int ms);

/* The owner's: as spool_note, spool_sync. */
uint64_t spool_raw_kept(struct spool_raw *s);
void spool_raw_sync(struct spool_raw *s, struct buf *fds);

#endif

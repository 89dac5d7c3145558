/* SPDX-License-Identifier: MIT */
/*
 * Standard input that can be read again (--journal): what comes from a pipe is
 * written to files in the state directory before it is handed on, so that a
 * run that is killed takes nothing with it that it had read.
 *
 * All that was ever read is one stream, kept as it came (spool_raw.h): frames
 * with checksums in pieces. Standard inputs of several runs follow each other
 * in it, with a mark between them. One that is compressed is kept so, and
 * inflated as it is handed out; a run that is killed within a member goes on
 * with the rest of it, which is why a member stays until all it inflates to
 * has been applied. So there are two kinds of places: `raw` ones in the stream
 * as it is kept, and offsets in what is handed out of it. Where something
 * begins that can be read by itself (a standard input, a member) both are
 * known; a position is an offset, and the last such beginning before it.
 *
 * The first piece stays, as it says what the stream is (a header, the times'
 * field); others go when a commit is durable that is behind them.
 *
 * One thread reads, the owner notes and syncs.
 */
#ifndef WEIR_RUN_SPOOL_H
#define WEIR_RUN_SPOOL_H

#include "base/buf.h"
#include "run/port.h"

/* A header may be so long: the first piece has it, compressed or not. */
#define SPOOL_HEADER ((uint64_t)1000 << 10)

struct spool;

/* A beginning, and what else a commit says of the stream. */
struct spool_mark {
	uint64_t raw, offset;
	bool plain;	/* within something that is not compressed */
	uint64_t kept;	/* raw: all before it is there */
	uint64_t given; /* raw + 1: what begins there is damaged, as was said */
};

/* Has anything been kept in this directory? */
bool spool_is(int folder);

/*
 * What is kept in a directory, of which everything before an offset has been
 * applied. dir: its name for messages, must outlive the spool. *lost: bytes
 * that a power cut has taken. NULL and *err if it cannot be read, or if
 * something is missing or damaged.
 */
struct spool *spool_open(int folder, const char *dir, uint64_t offset,
    const struct spool_mark *mark, uint64_t inflate_max, uint64_t *lost,
    struct err *err);
void spool_close(struct spool *s);

/*
 * Looks whether everything is there: `say` gets a line for each damage.
 * Returns their number. mend: what is missing or damaged becomes blank lines,
 * and what it was is moved to lost/; -1 and *err if it cannot be.
 */
int spool_check(int folder, const char *dir, uint64_t raw, uint64_t kept,
    bool mend, void (*say)(void *arg, const char *line), void *arg,
    struct err *err);

/*
 * The stream, then standard input. If something has been applied, first the
 * beginning of the stream, as long as it is kept, with an end; spool_seek goes
 * to the offset. The spool outlives its port.
 */
struct port *spool_port(struct spool *s);
void spool_seek(struct spool *s, uint64_t offset);

/*
 * A commit is being made that says that everything before the offset has been
 * applied; what it is to say of the stream. spool_sync adds the descriptors
 * (int) to be synced before it, which stay open until the next time.
 */
struct spool_mark spool_note(struct spool *s, uint64_t offset);
void spool_sync(struct spool *s, struct buf *fds);

/* That commit is durable: pieces before its place go. */
void spool_synced(struct spool *s);

/* That the input is damaged has been said; later runs pass it over. */
void spool_give_up(struct spool *s);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Standard input that can be read again (--journal): what comes from a pipe is
 * copied to files in the state directory before it is handed on, so that a run
 * that is killed takes nothing with it that it had read.
 *
 * All that was ever read is one stream, and a place is an offset in it. The
 * files spool.NNNNNN are pieces of it: the first is SPOOL_HEAD bytes long, the
 * others SPOOL_PIECE, and so a place tells the file and where in it. They have
 * no format of their own: the last one ends wherever writing stopped. One is
 * synced before the next is begun. The first stays, as it says what the
 * stream is (a header, the times' field); others go when a commit is durable
 * that is behind them.
 *
 * One thread reads, the owner notes and syncs.
 */
#ifndef WEIR_RUN_SPOOL_H
#define WEIR_RUN_SPOOL_H

#include "base/buf.h"
#include "run/port.h"

#define SPOOL_HEAD ((uint64_t)1 << 20)
#define SPOOL_PIECE ((uint64_t)8 << 20)

struct spool;

/* Has anything been kept in this directory? */
bool spool_is(int folder);

/*
 * What is kept in a directory, of which everything before a place has been
 * applied, and everything before `end` is known to be there. dir: its name for
 * messages, must outlive the spool. NULL and *err if it cannot be read, or if
 * something is missing.
 */
struct spool *spool_open(
    int folder, const char *dir, uint64_t place, uint64_t end, struct err *err);
void spool_close(struct spool *s);

/*
 * Looks whether everything is there: `say` gets a line for each piece that is
 * missing, cut or no file. Returns their number. mend: what is missing becomes
 * blank lines, and what is no file is moved to lost/; -1 and *err if it cannot
 * be. (What the bytes must be nobody knows: they have no checksums.)
 */
int spool_check(int folder, const char *dir, uint64_t place, uint64_t end,
    bool mend, void (*say)(void *arg, const char *line), void *arg,
    struct err *err);

/*
 * The stream, then standard input. If something has been applied, first the
 * beginning of the stream, as long as it is kept, with an end; spool_seek goes
 * to the place. The spool outlives its port.
 */
struct port *spool_port(struct spool *s);
void spool_seek(struct spool *s, uint64_t place);

/*
 * A commit is being made that says that everything before the place has been
 * applied; how far the stream goes that it will be certain of. Adds the
 * descriptors (int) to be synced before it, which stay open
 * until the next time.
 */
uint64_t spool_note(struct spool *s, uint64_t place);
void spool_sync(struct spool *s, struct buf *fds);

/* That commit is durable: pieces before its place go. */
void spool_synced(struct spool *s);

#endif

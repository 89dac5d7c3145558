/* SPDX-License-Identifier: MIT */
/*
 * The files of the journal of standard input (spool.h): the stream is cut into
 * pieces, the first of SPOOL_HEAD bytes, the others of SPOOL_PIECE, so that a
 * place in the stream tells the piece. Each is a file of frames
 * (spool_frame.h).
 */
#ifndef WEIR_RUN_SPOOL_FILE_H
#define WEIR_RUN_SPOOL_FILE_H

#include "base/err.h"
#include "run/spool_frame.h"

#define SPOOL_HEAD ((uint64_t)1 << 20)
#define SPOOL_PIECE ((uint64_t)8 << 20)
#define SPOOL_NAME 32

struct spool_dir {
	const char *name; /* for messages */
	int fd;
};

uint64_t spool_piece_of(uint64_t place);
uint64_t spool_piece_begin(uint64_t number);
void spool_piece_name(char name[static SPOOL_NAME], uint64_t number);

/* The descriptor; -1 and *err, or -2: there is none. */
int spool_piece_open(
    const struct spool_dir *d, uint64_t number, int flags, struct err *err);

/*
 * *last: the greatest number. Pieces before the one of `place`, but the first,
 * are of no use any more: tidy removes them.
 */
int spool_last(const struct spool_dir *d, uint64_t place, bool tidy,
    uint64_t *last, struct err *err);

/* All n bytes, from there: 0, or -1 and errno. */
int spool_write(int fd, const char *p, size_t n, uint64_t at);

/* *err for a call that failed (errno); -1. */
int spool_fail(const struct spool_dir *d, uint64_t number, const char *what,
    struct err *err);

/* *err for a piece that is not what it was; at: SPOOL_NOWHERE, or where. */
#define SPOOL_NOWHERE UINT64_MAX
int spool_damaged(const struct spool_dir *d, uint64_t number, uint64_t at,
    const char *what, struct err *err);

#endif

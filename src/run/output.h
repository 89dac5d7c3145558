/* SPDX-License-Identifier: MIT */
/*
 * Where bytes go: standard output, a file that appears whole or not at all
 * (-o), the file of late rows, the reject file; or, with a state directory,
 * files that runs continue (lasting.h). Every write is checked; the first
 * failure is kept and ends the run.
 */
#ifndef WEIR_RUN_OUTPUT_H
#define WEIR_RUN_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "run/outbox.h"

/* A file that is continued from run to run, at a commit. */
struct extent {
	uint64_t device, inode;
	uint64_t length;
	uint64_t hash;	 /* of the last n_tail bytes before it */
	uint32_t n_tail; /* 0: they could not be read */
};

struct output {
	int fd;
	bool opened, failed;
	bool kept;    /* never written: stays in buf */
	bool synced;  /* by the owner, as it stands */
	bool broken;  /* failed because nobody reads it any more */
	bool lasting; /* continued from run to run: see lasting.h */
	int look;     /* lasting: reads and locks it, or -1 */
	int folder;   /* lasting: to be synced, for the file is new; or -1 */
	struct extent at;   /* lasting: at the cut made last */
	bool grown;	    /* lasting: since the one before */
	bool unnoted;	    /* lasting: no commit knows of this file yet */
	struct outbox *box; /* what is held back until a commit; or NULL */
	char *path;	    /* as it was named, or NULL for standard output */
	char *target;	    /* what a link of that name points to */
	char *temporary;    /* name while it is written, or NULL */
	struct buf buf;	    /* not yet written */
	uint64_t written;   /* bytes */
	struct err err;	    /* the first failure */
};

/* A regular file, whatever it is called; not known for anything else. */
struct file_id {
	bool known;
	dev_t device;
	ino_t inode;
};

struct file_id file_id_of(const char *path);
struct file_id file_id_of_fd(int fd);

static inline bool
file_id_same(struct file_id a, struct file_id b)
{
	return a.known && b.known && a.device == b.device && a.inode == b.inode;
}

#define OUTPUT_BYTES ((size_t)64 << 10)

/* To standard output. */
void output_stdout(struct output *o);

/* To memory: all of it stays in o->buf, until output_take or output_close. */
void output_memory(struct output *o);

/* What is in memory; the caller's from now on. */
struct buf output_take(struct output *o);

/*
 * To a file. atomic: written under another name beside it and renamed by
 * output_close, so that a reader never sees half of it; devices and pipes
 * are opened as they are. Otherwise the file is truncated and written.
 */
int output_open(
    struct output *o, const char *path, bool atomic, struct err *err);

/*
 * Writes the buffer out; what is held back only leaves memory. False once
 * anything has failed.
 */
bool output_flush(struct output *o);

/*
 * A commit is made: all of the buffer is written, or will be sent when it is
 * durable (outbox_cut).
 */
void output_cut(struct output *o, int64_t next_box);

/* It is: what was held back for it is written. */
bool output_send(struct output *o);

/*
 * The new file's rights: those of the file it will replace, so that what was
 * private stays so, else (NULL) those that a new file gets.
 */
struct stat;
void output_rights(const struct output *o, const struct stat *replaced);

/* "cannot WHAT the output", and what errno says; the first failure stays. */
void output_fail(struct output *o, const char *what);

/* Flushes if the buffer is large; call after adding to o->buf. */
static inline bool
output_settle(struct output *o)
{
	return o->buf.n < OUTPUT_BYTES || output_flush(o);
}

/*
 * Flushes and closes a file that has a temporary name, to be opened again by
 * output_wake before more is written to it (fd is -1 meanwhile). False if it
 * failed.
 */
bool output_rest(struct output *o);
bool output_wake(struct output *o);

/*
 * Flushes, syncs and renames (keep), or removes the unfinished file. -1 and
 * *err if anything failed, now or before.
 */
int output_close(struct output *o, bool keep, struct err *err);

#endif

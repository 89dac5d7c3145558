/* SPDX-License-Identifier: MIT */
/*
 * The directory of a store and the files in it: all of them are opened below
 * one descriptor, none through a link, and none that is another user's. Every
 * error names the file.
 */
#ifndef WEIR_STATE_STORE_DIR_H
#define WEIR_STATE_STORE_DIR_H

#include "base/buf.h"
#include "state/store.h"

#define STORE_NAME_MAX 48 /* bytes of a file's name, with the NUL */

struct store_dir {
	char *path;
	int fd;
	int lock;  /* the file LOCK, locked; -1: not */
	bool anew; /* there was no LOCK before */
};

/* What of a numbered file: "journal.000007", "run.000123". A spool
   is the caller's (store_folder). */
enum store_kind {
	STORE_JOURNAL,
	STORE_RUN,
	STORE_SPOOL,
	STORE_OTHER
};

/* Opens, or makes, the directory; takes no lock. */
int store_dir_open(struct store_dir *d, const char *path,
    const struct store_options *o, struct err *err);
int store_dir_lock(
    struct store_dir *d, const struct store_options *o, struct err *err);

/*
 * Is it still ours? Who removes LOCK lets another run in while this one is
 * stopped; then this one may write no more: -1 and *err (ERR_LOCKED, or
 * ERR_STATE: the files are gone).
 */
int store_dir_fence(const struct store_dir *d, struct err *err);

void store_dir_close(struct store_dir *d);

/*
 * openat with O_NOFOLLOW and O_CLOEXEC of a regular file of ours. -2 without
 * an error if there is none (and O_CREAT is not given).
 */
#define STORE_MISSING (-2)
int store_dir_file(
    const struct store_dir *d, const char *name, int flags, struct err *err);

/* A whole file; *found says whether it is there. */
int store_dir_read(const struct store_dir *d, const char *name, struct buf *out,
    bool *found, struct err *err);

/* Writes all of it at a place; goes on after short writes. */
int store_dir_write(const struct store_dir *d, const char *name, int fd,
    struct str bytes, uint64_t at, struct err *err);

/* fdatasync; a failure is final. */
int store_dir_sync_file(
    const struct store_dir *d, const char *name, int fd, struct err *err);
int store_dir_sync(const struct store_dir *d, struct err *err);

/* Writes a small file as a whole: a new one, synced, takes the name. */
int store_dir_replace(const struct store_dir *d, const char *name,
    struct str bytes, struct err *err);

/* Removes it; that it is gone already is fine. */
void store_dir_unlink(const struct store_dir *d, const char *name);

void store_name(
    char out[STORE_NAME_MAX], enum store_kind kind, uint64_t number);
enum store_kind store_name_kind(const char *name, uint64_t *number);

/* May it be there before there is a FORMAT? */
bool store_name_early(const char *name);

/* All names but "." and "..", each NUL-terminated, in *names. */
int store_dir_list(
    const struct store_dir *d, struct buf *names, struct err *err);

#define STORE_EACH_NAME(name, names)                                           \
	for (const char *name = (names)->p;                                    \
	     name && name < (names)->p + (names)->n; name += strlen(name) + 1)

/*
 * 0 if the directory is a state, whole or damaged, by the names in it; *begun:
 * a run was killed before there was a FORMAT, so nothing is in it yet. Else -1
 * and ERR_STATE.
 */
int store_dir_known(const struct store_dir *d, bool *begun, struct err *err);

/* ERR_STATE: somebody else's, who has `name` there. Returns -1. */
int store_foreign(const struct store_dir *d, const char *name, struct err *err);

/* Puts "PATH/" before a message that begins with a name. Returns -1. */
int store_dir_note(const struct store_dir *d, struct err *err);

/* ERR_STATE: "PATH/NAME: …". Returns -1. */
__attribute__((format(printf, 4, 5))) int store_damaged(
    const struct store_dir *d, const char *name, struct err *err,
    const char *fmt, ...);

#endif

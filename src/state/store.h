/* SPDX-License-Identifier: MIT */
/*
 * A state directory: what a pipeline remembers between runs. After any crash
 * it opens to exactly what one commit made of it.
 *
 * Contents are maps. A map is a number the caller gives meaning to; it takes
 * keys (bytes made by data/key.h) of buckets to values (any bytes), each put
 * as a whole, or appended to in pieces that are folded when it is read. A
 * bucket is a number, too: where a map's entries live and die together (those
 * of a slice of event time) it is dropped as a whole, at no cost per key;
 * elsewhere it is 0. Within a bucket entries are ordered by key_cmp.
 *
 * What is put, deleted and dropped is seen by reads at once. It becomes
 * durable, all of it and together with a note (positions of inputs, lengths
 * of outputs, watermarks, counters), at the next commit. One thread calls
 * everything here; the writing is done by a thread of the store's own.
 *
 * On disk (weir-state(5)): one append-only journal whose COMMIT frames are
 * the commit points, and immutable sorted runs. Small changes go into the
 * journal; large ones become runs, which are merged when there are too many.
 *
 * Errors. A failed write leaves the last commit as it was; a failed fsync is
 * fatal and is never tried again. Once a call has failed every later one
 * does, with the same error: the run ends, the directory stays as it was.
 */
#ifndef WEIR_STATE_STORE_H
#define WEIR_STATE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct store;

struct store_options {
	/* Looks only: takes no lock, writes nothing, not even a repair. */
	bool read_only;
	bool create; /* make the directory (0700) if it is not there */
	/*
	 * While another run holds the lock: 0 = fail at once (ERR_LOCKED, with
	 * its pid), else wait so many ms, -1 for ever. `stop` is asked now and
	 * then while waiting; true gives ERR_LOCKED.
	 */
	int lock_wait_ms;
	bool (*stop)(void);
	/* 0 = the defaults (store.c). */
	size_t journal_max; /* bytes of a journal before a new one */
	size_t inline_max;  /* changes of an epoch up to this go inline */
	size_t spill_bytes; /* uncommitted changes beyond it become a run
			       at once, which nobody sees before a commit */
	size_t cache_bytes; /* blocks of runs kept in memory */
	size_t run_bytes;   /* merges cut what they write into such runs */
	size_t part_bytes;  /* and pause after so many, if they have to */
};

/*
 * For tests: from now on stores have journals of so many bytes, runs of twice
 * as many, and merges that pause. 0: as the options say.
 */
void store_torture(size_t journal);

/*
 * Opens the directory at its newest valid commit: takes the lock, drops what
 * no commit names, cuts a torn tail off. ERR_LOCKED (another run), ERR_STATE
 * (damaged, a newer format, not ours, a link, another user's) with the file
 * and place, ERR_IO.
 */
int store_open(struct store **out, const char *dir,
    const struct store_options *options, struct err *err);

/* A store that is gone when it is closed: for more state than memory. */
int store_open_temporary(
    struct store **out, const struct store_options *options, struct err *err);

/*
 * Closes without a commit: what was put since the last one is gone. Waits for
 * the writer. 0, or -1 and *err if a commit that was begun has failed.
 */
int store_close(struct store *s, struct err *err);

/*
 * What the last commit promises is not done: closing will not say that the run
 * has ended in order (store_info.closed).
 */
void store_undone(struct store *s);

/* ---- what the last commit says ---- */

/* Its number; 0: there has been none. */
uint64_t store_epoch(const struct store *s);

/* Its note; n == 0 if there has been none. Valid until the next commit. */
struct str store_note(const struct store *s);

/*
 * The schema: a text (JSON) that says what the maps mean. n == 0: none yet. A
 * new one becomes part of the next commit.
 */
struct str store_schema(const struct store *s);
void store_set_schema(struct store *s, struct str text);

/*
 * A number that this directory alone has, made with it: for ids of rows. A
 * savepoint keeps it, so what is repeated from there has the same ids.
 */
uint64_t store_id(const struct store *s);

/*
 * The directory's descriptor, which stays the store's. The caller may keep
 * files there that are named spool.NNNNNN: they are left alone, copied into
 * savepoints, and removed with the directory.
 */
int store_folder(const struct store *s);

/* Counts the owners of this directory: +1 with every opening (fencing). */
uint64_t store_term(const struct store *s);

/* ---- changes ---- */

void store_put(struct store *s, unsigned map, int64_t bucket, struct str key,
    struct str value);
void store_delete(
    struct store *s, unsigned map, int64_t bucket, struct str key);

/*
 * One more piece of what the key has, put down unread; of a key that has
 * nothing it is the first. What there was, if it was put, is the piece before.
 */
void store_append(struct store *s, unsigned map, int64_t bucket, struct str key,
    struct str piece);

/*
 * What makes one of pieces, the oldest first (pieces_next), for reads of a map
 * and for merges: appends it to *out, or is false if they are none that were
 * put. whole: they are all that the key has, and what is made is its value;
 * else it is a piece, and false says that they are better left alone. It must
 * not matter which neighbours are folded first. Called in
 * any thread, until it is replaced (NULL: there is none), and looks at nothing
 * that changes meanwhile. Without it pieces stay as they are.
 */
typedef bool store_fold(
    void *arg, struct str key, struct str pieces, bool whole, struct buf *out);
void store_set_fold(struct store *s, unsigned map, store_fold *fold, void *arg);

/* Every entry of a bucket, of a map. */
void store_drop(struct store *s, unsigned map, int64_t bucket);
void store_drop_map(struct store *s, unsigned map);

/* Bytes put since the last commit began. */
size_t store_pending(const struct store *s);

/* ---- commits ---- */

struct store_commit {
	struct str note;
	/*
	 * Descriptors to be synced (fdatasync) before the commit point, after
	 * which it may be relied on that what was written to them so far is
	 * there. They are duplicated: the caller may close his.
	 */
	const int *sync;
	unsigned n_sync;
};

/*
 * Begins the next commit: what was put until now, and the note. Returns as
 * soon as everything is handed over (if the one before is not durable yet,
 * waits for that first); -1 and *err if the store has failed.
 */
int store_commit(
    struct store *s, const struct store_commit *c, struct err *err);

/* The last commit that is durable; polls, does not wait. */
uint64_t store_durable(struct store *s);

/* Is something still being written? Then a commit would have to wait. */
bool store_is_busy(struct store *s);

/* Waits until all that was begun is durable. 0, or -1 and *err. */
int store_wait(struct store *s, struct err *err);

/* True once something has failed; *err gets a copy. Does not wait. */
bool store_failed(struct store *s, struct err *err);

/* ---- reads ---- */

enum store_found {
	STORE_ABSENT,
	STORE_FOUND,
	STORE_DAMAGED /* the store has failed */
};

/* Appends the value to *out. */
enum store_found store_get(struct store *s, unsigned map, int64_t bucket,
    struct str key, struct buf *out);

/*
 * n keys of a bucket at once: blocks are fetched ahead. out[k].p is NULL where
 * there is no entry; values are valid until the next call of store_get_many.
 * False if the store has failed.
 */
bool store_get_many(struct store *s, unsigned map, int64_t bucket,
    const struct str *keys, size_t n, struct str *out);

/*
 * The buckets of a map that may have entries, in order (a mem.h array), and
 * how many. A bucket whose keys were all deleted may still be there.
 */
size_t store_buckets(struct store *s, unsigned map, int64_t **out);

/* Is there anything that is not in memory? */
bool store_has_runs(const struct store *s);

/* Can the bucket have entries? False is certain: then nothing is read. */
bool store_has_bucket(struct store *s, unsigned map, int64_t bucket);

/*
 * The entries of a bucket in order of their keys, as they are when the scan
 * begins. Changes may be put meanwhile; they are not seen.
 */
struct store_scan;
struct store_scan *store_scan_begin(
    struct store *s, unsigned map, int64_t bucket);
/* Key and value are valid until the next call. False at the end, or if the
 * store has failed. */
bool store_scan_next(struct store_scan *c, struct str *key, struct str *value);
/* Is the value pieces (pieces_next), since the map has no fold? */
bool store_scan_pieces(const struct store_scan *c);
void store_scan_end(struct store_scan *c);

/* ---- for weir state ---- */

/* Does it look like a state directory, whole or damaged? */
bool store_is(const char *dir);

/* The process that has its lock; 0: none has, -1: nobody knows which. */
int64_t store_owner(const char *dir);

/*
 * Removes a state directory with everything in it. Not while a run has it, and
 * not if there is anything in it that is no part of a state.
 */
int store_remove(const char *dir, struct err *err);

struct store_info {
	uint64_t epoch, term, id;
	int64_t written; /* when the last commit was made, µs */
	uint64_t journal_bytes, run_bytes, dead_bytes;
	unsigned n_journals, n_runs;
	uint64_t n_entries; /* in runs and journal, superseded ones included */
	bool closed;	    /* the last run ended in order */
};
void store_info(struct store *s, struct store_info *out);

/* Entries and bytes of a map, superseded ones included. */
void store_map_size(
    struct store *s, unsigned map, uint64_t *entries, uint64_t *bytes);

/*
 * Reads and verifies every byte of every file. Calls `say` with a line for
 * each damage found (file, offset, what is lost); *n is their number. Works on
 * a directory that does not open. -1 and *err: it is no state directory.
 */
int store_check(const char *dir, void (*say)(void *arg, const char *line),
    void *arg, unsigned *n, struct err *err);

/*
 * Makes a damaged directory open again at the newest state that is whole:
 * what is damaged is moved into lost/ beside it, never deleted. Says what is
 * lost. 0, or -1 and *err: what is no state directory stays as it is.
 */
int store_repair(const char *dir, void (*say)(void *arg, const char *line),
    void *arg, struct err *err);

/*
 * A self-contained copy of the last durable commit in a new directory, which
 * store_open takes: runs are linked if they can be, else copied. The store
 * may go on meanwhile.
 */
int store_savepoint(struct store *s, const char *to, struct err *err);

#endif

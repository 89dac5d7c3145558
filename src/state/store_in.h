/* SPDX-License-Identifier: MIT */
/*
 * Inside of a store. Two threads: the owner's, which calls store.h, and the
 * writer, to whom a commit is handed over as a job. While there is one
 * (busy), the owner only reads what the job reads, and looks at nothing that
 * the writer changes; it takes the result over (land) when it is finished.
 * More threads write runs of what nobody changes any more (store_aside.c,
 * store_merge.c).
 *
 * What reads see, the newest first: pending (put since the last commit
 * began), job.changes (being committed or spilled), held (what the journal
 * says), what was taken aside of it, the runs of version.
 *
 * version and held change by edits alone (version.h). What was applied to
 * them and is not committed yet is in job.edits; the next commit says it.
 */
#ifndef WEIR_STATE_STORE_IN_H
#define WEIR_STATE_STORE_IN_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "state/memtable.h"
#include "state/store_dir.h"
#include "state/store_head.h"
#include "state/store_recover.h"
#include "state/version.h"

/* Merges at a time. */
#define STORE_MERGES 2

/* What was handed over: a commit, or changes to be spilled. */
struct store_job {
	bool spill;  /* a run is written, nothing is committed */
	bool pieces; /* something was appended, now or before */
	bool parts;  /* or merged in part */
	bool behind; /* merges are: it waits for one */
	struct memtable *changes;
	struct buf note;
	struct buf edits;
	size_t applied;	 /* bytes of edits that the owner has applied */
	struct buf gone; /* numbers of runs that edits have removed */
	uint64_t run;	 /* the number of a run, if one is written, */
	unsigned n_runs; /* and how many numbers there are for its pieces */
	bool flushed;	 /* changes and held are in a run now */
	int *sync;	 /* duplicates; closed when they are synced */
	unsigned n_sync;
	uint64_t epoch;
	int64_t written;
};

/* The journal that is written to. */
struct store_log {
	int fd; /* -1: there is none yet, or it must not be gone on with */
	uint64_t number, nonce;
	uint64_t size;
	bool ours;  /* has a frame that says our term */
	bool renew; /* what was taken aside is in a run: begin a new one */
};

/* A file that no commit needs once one after `epoch` is durable. */
struct store_garbage {
	enum store_kind kind;
	uint64_t number, epoch;
};

struct store {
	struct store_options o;
	struct store_dir dir;
	bool temporary;
	uint64_t id, term;

	/* The owner's. */
	struct memtable *pending, *held;
	struct version version;
	struct block_cache *cache;
	struct store_aside *aside; /* store_aside.c; the writer reads it */
	struct store_merge *merges[STORE_MERGES]; /* store_merge.c */
	unsigned merge_pause; /* commits before the next one begins */
	struct buf note, schema;
	bool new_schema, was_closed, undone, busy;
	bool spilled;	/* runs of version have what is not committed */
	bool pieces;	/* something was appended */
	bool parts;	/* something was merged in part */
	bool closing;	/* no merge begins any more */
	unsigned turns; /* calls of merge_turn */
	uint64_t epoch; /* the last that is durable, and landed */
	uint64_t next_run;
	int64_t written;
	struct buf many;		      /* values of store_get_many */
	struct store_asks *asks;	      /* its keys that no table knows */
	struct gather gather;		      /* of one that is in pieces */
	struct buf piece;		      /* that is appended */
	struct memtable *trash, *trash_aside; /* freed by the next job */

	/* The writer's while busy, else the owner's. */
	struct store_job job;
	struct store_log log;
	uint64_t last_journal; /* greatest number in use */
	int head;	       /* the file HEAD, -1: not open */
	enum format_version format;
	struct store_garbage *garbage;
	size_t n_garbage, cap_garbage;

	/* For all threads: what makes one of pieces, by map. */
	pthread_rwlock_t fold_lock;
	struct store_folds *folds;
	size_t n_folds, cap_folds;

	/* Between them. */
	pthread_t thread;
	bool threaded;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool work, quit;
	atomic_bool finished; /* the job is done, or has failed */
	atomic_bool failed;
	struct err err; /* set once, before failed is */
};

struct store_folds {
	unsigned map;
	store_fold *fold;
	void *arg;
};

/* Limits where the options have none. */
#define STORE_JOURNAL_MAX ((size_t)8 << 20)
#define STORE_INLINE_MAX ((size_t)512 << 10)
#define STORE_SPILL_BYTES ((size_t)128 << 20)
#define STORE_CACHE_BYTES ((size_t)8 << 20)
#define STORE_RUN_BYTES ((size_t)64 << 20)
#define STORE_PART_BYTES ((size_t)1 << 20)

/* ---- store.c ---- */

/* A store of nothing: store_open makes one of it. */
struct store *store_new(const struct store_options *o);
void store_free(struct store *s);

/* The first failure stays; takes the message out of *err. */
void store_fail(struct store *s, struct err *err);

/* One piece of several by what the map has for it, if it has. Any thread. */
bool store_fold_any(void *store, unsigned map, struct str key,
    struct str pieces, bool whole, struct buf *out);

/* Makes it what a scanned journal says up to an epoch; opens the runs. */
int store_load(struct store *s, const struct recovery *r, uint64_t number,
    uint64_t upto, struct err *err);

/* Opens the runs that are not open. */
int store_open_runs(struct store *s, struct err *err);

/* The job's edits that are new hold for the version of the owner. */
int store_apply(struct store *s, struct err *err);

/* ---- store_check.c ---- */

/* Reads all of a run; false, and a line for each damage, if there is any. */
bool check_run(const struct store_dir *d, const struct version_run *r,
    void (*tell)(void *arg, const char *line), void *arg);

/* ---- store_flush.c ---- */

/* What is to become a run, and what is older than that. */
struct flush_what {
	const struct memtable *newer, *older; /* older may be NULL */
	const struct memtable *aside;	      /* older than both; or NULL */
	const struct version *below;
};

/* Pieces of what will be the oldest run (so merges can begin to free it). */
#define FLUSH_PIECES 16

/*
 * Writes a run in up to *n pieces, the numbers of which begin with
 * out[0].number, and syncs them. *n: how many; 0 if there is nothing to write.
 * By any thread.
 */
int flush_run(struct store *s, const struct flush_what *what,
    struct version_run *out, unsigned *n, struct err *err);

/* ---- store_aside.c ---- */

/*
 * By the owner, before a commit is handed over: begins if the journal is full,
 * adds the run to the commit's edits once it is written. What is dropped
 * meanwhile is told to it by land.
 */
void aside_begin(struct store *s);
void aside_turn(struct store *s);
void aside_drop(struct store *s, const struct memtable *changes);
struct memtable *aside_table(const struct store *s); /* or NULL */

/* By the writer, before a run of what is newer: waits, adds it to the edits.
 * The owner ends it then. */
int aside_settle(struct store *s, struct buf *edits, struct err *err);
void aside_end(struct store *s);

/* At the end: waits; is there a run that a commit should name? */
bool aside_owed(struct store *s);
void aside_stop(struct store *s); /* nobody will name it */

/* ---- store_merge.c ---- */

/*
 * Called by the owner while the writer is idle: installs what was merged by
 * edits of the next commit, and begins the next merge if one is due. Waits for
 * a merge if there are far too many runs.
 */
void merge_turn(struct store *s);
/*
 * Is there a merge that has to be installed before the store is closed? Runs
 * that are short would pile up runs otherwise. Waits for its end.
 */
bool merge_owed(struct store *s);
void merge_wait(struct store *s); /* by the writer: for a part of one */
void merge_stop(struct store *s); /* abandons a merge that is going on */

/* ---- store_write.c ---- */

/* Does the job at hand. 0, or -1 and *err. By the writer, or at opening. */
int job_do(struct store *s, struct err *err);
void job_close(struct store_job *job); /* the descriptors */
void *writer_main(void *store);

/*
 * Bytes that a journal may have with so many more of changes, and for which
 * what it holds is worth a run.
 */
size_t journal_most(const struct store *s, size_t bytes);
size_t journal_run(const struct store *s);

/* Says that the run ends in order. */
void log_close(struct store *s);

void garbage_add(
    struct store *s, enum store_kind kind, uint64_t number, uint64_t epoch);

/* ---- store_read.c ---- */

#define STORE_TABLES 4
/* Tables of changes that reads go through, the newest first. */
unsigned store_tables(
    const struct store *s, struct memtable *out[STORE_TABLES]);

/* The layers in memory that a bucket may be in, the newest first. */
struct layers {
	const struct mem_section *sections[STORE_TABLES];
	unsigned n;
	bool last; /* nothing is below them */
};
struct layers layers_of(struct store *s, unsigned map, int64_t bucket);

/* What memory says of a key; the value is appended to *out. */
enum known {
	KNOWN_NOT,
	KNOWN,	     /* *found: all there is to say */
	KNOWN_PIECES /* there are pieces: it is looked up by itself */
};
enum known get_from_layers(const struct layers *l, struct str key,
    struct buf *out, enum store_found *found);

/* All entries of the key, folded. */
enum store_found get_pieces(struct store *s, const struct layers *l,
    const struct run_key *k, struct buf *out);

/* What the n oldest runs have; out is not touched where there are pieces. */
enum store_found get_from_runs(struct store *s, const struct layers *l,
    size_t n, const struct run_key *k, struct buf *out);

/* ---- store_many.c ---- */

void asks_free(struct store_asks *asks);

/* ---- store_open.c ---- */

/* Reads the directory, cuts off what was never committed. */
int store_recover(struct store *s, struct err *err);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Inside of a store. Two threads: the owner's, which calls store.h, and the
 * writer, to whom a commit is handed over as a job. While there is one
 * (busy), the owner only reads what the job reads, and looks at nothing that
 * the writer changes; it takes the result over (land) when it is finished.
 *
 * What reads see, the newest first: pending (put since the last commit
 * began), job.changes (being committed), held (what the journal says).
 */
#ifndef WEIR_STATE_STORE_IN_H
#define WEIR_STATE_STORE_IN_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "state/memtable.h"
#include "state/store_dir.h"

/* A commit that was handed over. */
struct store_job {
	struct memtable *changes;
	struct buf note, edits;
	int *sync; /* duplicates; closed when they are synced */
	unsigned n_sync;
	uint64_t epoch;
	int64_t written;
};

/* The journal that is written to. */
struct store_log {
	int fd; /* -1: there is none yet, or it must not be gone on with */
	uint64_t number, nonce;
	uint64_t size;
	bool ours; /* has a frame that says our term */
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
	struct buf note, schema;
	bool new_schema, was_closed, busy;
	uint64_t epoch; /* the last that is durable, and landed */
	uint64_t next_run;
	int64_t written;
	struct buf many; /* values of store_get_many */

	/* The writer's while busy, else the owner's. */
	struct store_job job;
	struct store_log log;
	uint64_t last_journal; /* greatest number in use */
	int head;	       /* the file HEAD, -1: not open */
	struct store_garbage *garbage;
	size_t n_garbage, cap_garbage;

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

/* Limits where the options have none. */
#define STORE_JOURNAL_MAX ((size_t)8 << 20)
#define STORE_INLINE_MAX ((size_t)256 << 10)
#define STORE_SPILL_BYTES ((size_t)32 << 20)
#define STORE_CACHE_BYTES ((size_t)8 << 20)

/* ---- store.c ---- */

/* The first failure stays; takes the message out of *err. */
void store_fail(struct store *s, struct err *err);

/* ---- store_write.c ---- */

/* Does the job at hand. 0, or -1 and *err. By the writer, or at opening. */
int job_do(struct store *s, struct err *err);
void job_close(struct store_job *job); /* the descriptors */
void *writer_main(void *store);

/* Says that the run ends in order. */
void log_close(struct store *s);

void garbage_add(
    struct store *s, enum store_kind kind, uint64_t number, uint64_t epoch);

/* ---- store_open.c ---- */

/* Reads the directory, cuts off what was never committed. */
int store_recover(struct store *s, struct err *err);

#endif

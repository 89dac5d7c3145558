/* SPDX-License-Identifier: MIT */
/*
 * Journals: append-only files of frames (store_frame.h). Frames of an epoch
 * stand one behind another and end with its COMMIT, which was synced before
 * the next epoch's were written. From that follows what a bad frame means:
 *
 * - Frames of an epoch at least two beyond the last whole one come behind it:
 *   what is bad was synced once. The file is damaged.
 * - Only frames of the very next epoch do, or none: it was being written when
 *   the run ended. What is behind the last whole commit is cut off.
 *
 * A journal begins with everything there is (its first COMMIT needs no other
 * journal); the one before is removed one commit later.
 */
#ifndef WEIR_STATE_STORE_JOURNAL_H
#define WEIR_STATE_STORE_JOURNAL_H

#include "state/store_frame.h"
#include "state/version.h"

#define JOURNAL_VERSION 1

/* The body of HELLO. */
struct journal_hello {
	uint64_t store, number, nonce, term;
};

void hello_put(struct buf *b, const struct journal_hello *h);
bool hello_take(struct str body, struct journal_hello *h);

/* The body of COMMIT. */
struct journal_commit {
	int64_t written; /* when, µs */
	uint64_t next_run;
	struct str note, edits;
};

void commit_put(struct buf *b, const struct journal_commit *c);
bool commit_take(struct str body, struct journal_commit *c);

/* What a journal file holds. */
struct journal_scan {
	struct str file;
	bool hello; /* the first frame is one; else nothing is known */
	struct journal_hello said;
	uint64_t first, last; /* epochs of its commits; 0: none */
	size_t end;	      /* where the next epoch's frames belong */
	bool closed;	      /* the run ended in order */
	bool damaged;	      /* what was synced is bad, from bad_at on */
	size_t bad_at;	      /* the first frame that is not whole */
};

void journal_scan(struct str file, struct journal_scan *out);

/* What commits have made. */
struct replayed {
	struct memtable *held;
	struct version version;
	uint64_t epoch, term, next_run;
	int64_t written;
	struct buf note, schema;
};

/*
 * Applies the commits of a scanned journal up to an epoch. False: what is in a
 * whole frame is not what a frame holds (*at: which).
 */
bool journal_replay(const struct journal_scan *scan, uint64_t upto,
    struct replayed *r, size_t *at);
void replayed_release(struct replayed *r);

#endif

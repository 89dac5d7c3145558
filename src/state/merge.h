/* SPDX-License-Identifier: MIT */
/*
 * Doing a merge: runs that lie over each other become one, cut into pieces of
 * a bounded size. What is ready of it can take the place of what it was made
 * of while the merge goes on, or for good if it does not: a mark says how far
 * it has come, and what the inputs have before that does not count any more.
 * The oldest of them may be pieces of one themselves, which can go one by one,
 * so a merge does not need room for all it makes. It reads past the caches, so
 * it can have a thread of its own beside that of the runs' owner. What it has
 * written is nothing to anybody until a commit names it.
 */
#ifndef WEIR_STATE_MERGE_H
#define WEIR_STATE_MERGE_H

#include "state/run_file.h"

struct merge_output {
	uint64_t number, bytes, n_entries;
	uint32_t footer_crc;
};

/* How far it has come: what is behind the mark is not merged yet. */
struct merge_reach {
	struct run_mark mark;
	uint64_t *at; /* of each input: the byte to go on at */
	unsigned low; /* low inputs of which nothing is left */
};

enum merge_order {
	MERGE_GO_ON,
	MERGE_PAUSE, /* what there is is ready, and that is all */
	MERGE_STOP
};

struct merge_job {
	int dir_fd;
	struct run_file *const *inputs; /* the newest first */
	/* What counts of each (the byte to begin at, too). NULL: all. */
	const struct run_mark *const *from;
	const uint64_t *from_at;
	unsigned n;
	bool no_sync;	/* as run_writer_no_sync */
	bool last;	/* nothing lies below them: tombstones go */
	uint64_t piece; /* bytes of an output, more or less */
	/* Is that section of that input dead? */
	bool (*dropped)(
	    void *arg, unsigned input, unsigned map, int64_t bucket);
	pieces_fold *fold; /* or NULL */
	/* Asked now and then; written: bytes so far, more or less. */
	enum merge_order (*order)(void *arg, uint64_t written);
	unsigned every; /* after so many entries; 0, more: after 1024 */
	/* The number and name (NAME_MAX + 1 bytes) of the next output. */
	uint64_t (*name)(void *arg, char *name);
	/*
	 * n_low of the inputs, the last ones, are pieces of one run, the last
	 * of all with the least keys. ready: the first n outputs have what all
	 * inputs have before a mark. -1 and *err: it fails.
	 */
	unsigned n_low;
	int (*ready)(void *arg, const struct merge_output *out, size_t n,
	    const struct merge_reach *reach, struct err *err);
	void *arg;
};

/*
 * *out: a mem.h array of the runs written and synced (their directory is not),
 * in order of their keys; *n may be 0. 0; 1: it was stopped, or paused; -1 and
 * *err: in both cases its files are removed, but for those that were ready.
 */
int merge_do(const struct merge_job *job, struct merge_output **out, size_t *n,
    struct err *err);

#endif

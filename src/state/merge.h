/* SPDX-License-Identifier: MIT */
/*
 * Doing a merge: runs that lie over each other become one, cut into pieces of
 * a bounded size. The oldest of them may be pieces of one themselves: as soon
 * as the new ones have all there is of the keys of some of them, those can go,
 * so a merge does not need room for all it makes; unless values are in pieces
 * (pieces.h). It reads past the caches, so it can have a thread of its own
 * beside that of the runs' owner. What it has written is nothing to anybody
 * until a commit names it.
 */
#ifndef WEIR_STATE_MERGE_H
#define WEIR_STATE_MERGE_H

#include "state/run_file.h"

struct merge_output {
	uint64_t number, bytes, n_entries;
	uint32_t footer_crc;
};

struct merge_job {
	int dir_fd;
	struct run_file *const *inputs; /* the newest first */
	unsigned n;
	bool no_sync;	/* as run_writer_no_sync */
	bool last;	/* nothing lies below them: tombstones go */
	uint64_t piece; /* bytes of an output, more or less */
	/* Is that section of that input dead? */
	bool (*dropped)(
	    void *arg, unsigned input, unsigned map, int64_t bucket);
	pieces_fold *fold; /* or NULL */
	/* Asked now and then: true ends the merge. */
	bool (*stop)(void *arg);
	/* The number and name (NAME_MAX + 1 bytes) of the next output. */
	uint64_t (*name)(void *arg, char *name);
	/*
	 * n_low of the inputs, the last ones, are pieces of one run, the last
	 * of all with the least keys. ready: the first n outputs have what all
	 * inputs have of the keys of `low` of them. -1 and *err: it fails.
	 */
	unsigned n_low;
	int (*ready)(void *arg, const struct merge_output *out, size_t n,
	    unsigned low, struct err *err);
	void *arg;
};

/*
 * *out: a mem.h array of the runs written and synced (their directory is not),
 * in order of their keys; *n may be 0. 0; 1: it was stopped; -1 and *err: in
 * both cases its files are removed, but for those that were ready.
 */
int merge_do(const struct merge_job *job, struct merge_output **out, size_t *n,
    struct err *err);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What is to be done when: entries by time in a step's state, taken in order
 * once their time has come, however many there are.
 *
 * An entry is a time, a key (values as of data/key.h) and a value. Entries lie
 * in buckets of time, so one that has been gone through is dropped as a whole
 * and nothing is deleted one by one. The bucket at hand is read by a scan that
 * stays open; what is put into it meanwhile is held in memory, too, until the
 * scan begins anew.
 *
 * After a restart what was taken out of a bucket that had not been gone through
 * is there again: the owner passes over what is before his watermark, or finds
 * that there is nothing to be done.
 */
#ifndef WEIR_OP_AGENDA_H
#define WEIR_OP_AGENDA_H

#include "state/state.h"

struct agenda_entry;

struct agenda_item {
	int64_t at;
	struct str key, value;
};

struct agenda {
	struct state_map *map; /* NULL: there is no state, and no entry */
	int64_t width;	       /* of a bucket, µs */
	int64_t next; /* no entry is before it; WHEN_MAX: there may be none */
	int64_t *buckets; /* by number, in order */
	size_t n, cap;

	struct store_scan *scan; /* of the first bucket, once it has begun */
	bool more;		 /* ahead is what the scan gives next */
	struct agenda_item ahead;
	/* Taken last from the bucket; taken after something later. */
	struct agenda_entry *last, *late;

	struct agenda_entry **since; /* a heap: put while the bucket is read */
	size_t n_since, cap_since;
	size_t held; /* bytes of theirs */
	struct buf scratch;
};

/*
 * Takes over what the map has. reach: entries are about so far ahead of what
 * is taken, µs; WHEN_MAX: nobody knows. (Counts where the map is new.)
 */
void agenda_keep(struct agenda *a, struct state_map *map, int64_t reach);
void agenda_release(struct agenda *a);

/*
 * An entry that is put twice comes once or twice. What is put at a time before
 * that of the last one taken comes next.
 */
void agenda_put(struct agenda *a, int64_t at, struct str key, struct str value);

/*
 * Takes the first entry, by time and then key, if its time is at most `until`.
 * Valid until the next call. False: there is none, or the store has failed.
 */
bool agenda_take(struct agenda *a, int64_t until, struct agenda_item *out);

#endif

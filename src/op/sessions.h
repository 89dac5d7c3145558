/* SPDX-License-Identifier: MIT */
/*
 * Session windows while they run: what sessions.c (rows in, windows out) and
 * sessions_kept.c (what is kept of them) share.
 */
#ifndef WEIR_OP_SESSIONS_H
#define WEIR_OP_SESSIONS_H

#include "base/heap.h"
#include "op/agenda.h"
#include "op/group.h"

struct session {
	struct session *next; /* later one of the same key */
	int64_t first, last;  /* times of the earliest and latest record */
	uint64_t hash;
	uint32_t key_len;
	uint32_t written; /* times its row was written */
	unsigned queued;  /* its entries in the heap */
	bool fired;	  /* its row is written and nothing was added since */
	bool firing;	  /* in the list of those that fire now */
	bool dead;	  /* merged into another, dropped, or not in memory */
	struct arena heap;
	_Alignas(16) char bytes[]; /* accumulators, then the key */
};

/* What a key's cell is. */
struct session_key {
	struct session *first;
	int64_t hint; /* kept: the agenda has the key at that time … */
	bool maybe;   /* … or before: it is that of a cell as it was read */
};

struct sessions_run {
	struct op_run run; /* first */
	const struct group_config *c;
	struct table keys; /* cell: struct session_key */
	struct heap due;
	int64_t watermark;
	struct group_rows rows;
	struct session_shown *shown; /* live: results that are out for a key */
	size_t n_shown, cap_shown;
	struct arena values; /* of theirs */

	/* What is kept; step NULL: nothing is. */
	struct group_keep keep;
	struct state_map *own;
	struct agenda agenda;
	int64_t saved, saved_open; /* watermark and number that are noted */
	size_t n_dead;		   /* sessions that are in the heap alone */
};

static inline struct session_key *
sessions_of(const struct cell *c)
{
	return (struct session_key *)(uintptr_t)c->bytes;
}

static inline struct str
session_key(const struct sessions_run *r, const struct session *s)
{
	return (struct str){s->bytes + r->c->cell_bytes, s->key_len};
}

/* Its end, exclusive; the time at which something is to be done with it. */
int64_t session_end(const struct sessions_run *r, const struct session *s);
int64_t session_due(const struct sessions_run *r, const struct session *s);

struct session *session_new(
    struct sessions_run *r, struct str key, uint64_t hash, int64_t t);
void session_free(struct sessions_run *r, struct session *s);
void session_queue(struct sessions_run *r, struct session *s, int64_t at);

/*
 * Reads sessions that may have something due by w, as many as memory allows;
 * at least one, if there is any. Returns until when all are there.
 */
int64_t sessions_fetch(struct sessions_run *r, int64_t w);

/* Between two fetches: sees to it that there is memory for the next one. */
void sessions_settle(struct sessions_run *r);

#endif

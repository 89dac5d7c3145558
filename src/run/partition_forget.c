/* SPDX-License-Identifier: MIT */
/*
 * Files of a divided output that the state says something of, in bounds. An
 * output by days or by hosts gets new files for ever, and of most that are
 * whole nobody will hear again. So only PARTS_KEPT are kept, those that were
 * written to last, and those that this run has written to.
 *
 * A file that was forgotten is as one that somebody else wrote: should a row
 * come for it, a copy is gone on with that takes its place at a commit, or the
 * next number that is free. So what is written is the same.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "run/part.h"

struct entry {
	uint64_t used; /* the commit that noted it last */
	size_t at, n;  /* its key */
};

struct entries {
	struct entry *list; /* those that can be forgotten */
	size_t n, cap, all;
	struct buf keys;
};

static size_t parts_kept = 16384;

void
partition_torture(size_t kept)
{
	parts_kept = kept;
}

/* Has this run heard of it? Then it may be written to before the next cut. */
static bool
is_here(struct partitions *p, struct note entry)
{
	p->path.n = 0;
	buf_adds(&p->path, note_get_text(entry, "name"));
	return partition_has(p);
}

static void
look_at(
    struct partitions *p, struct entries *e, struct str key, struct note entry)
{
	e->all++;
	/* One that has no name yet gets it at the end of a run. */
	if ((note_get_bool(entry, "goes_on") &&
		!note_get_bool(entry, "named")) ||
	    is_here(p, entry))
		return;
	mem_grow(&e->list, &e->cap, e->n + 1, sizeof *e->list);
	e->list[e->n++] =
	    (struct entry){note_get_count(entry, "used"), e->keys.n, key.n};
	buf_adds(&e->keys, key);
}

static int
by_use(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->used != y->used)
		return x->used < y->used ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

void
partition_forget(struct partitions *p)
{
	struct store_scan *scan;
	struct entries e = {0};
	struct str key, value;
	struct arena arena;
	size_t least = parts_kept - parts_kept / 4;

	if (!p->n_new)
		return;
	p->n_new = 0;
	arena_init(&arena, 4096);
	scan = store_scan_begin(p->store, PARTS_MAP, p->bucket);
	while (store_scan_next(scan, &key, &value)) {
		arena_reset(&arena);
		look_at(p, &e, key, note_open(value, &arena));
	}
	store_scan_end(scan);
	if (e.all > parts_kept && e.n)
		qsort(e.list, e.n, sizeof *e.list, by_use);
	for (size_t i = 0; e.all > parts_kept && i < e.n && e.all - i > least;
	     i++)
		store_delete(p->store, PARTS_MAP, p->bucket,
		    (struct str){e.keys.p + e.list[i].at, e.list[i].n});
	arena_release(&arena);
	mem_free(e.list);
	buf_release(&e.keys);
}

bool
partition_forgets(const struct partitions *p, bool end)
{
	return end || p->n_new > parts_kept / 4;
}

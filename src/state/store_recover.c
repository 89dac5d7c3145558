/* SPDX-License-Identifier: MIT */
/* Finding out what a directory holds; see store_recover.h. */
#include "state/store_recover.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "state/store_head.h"

/* ---- what is there ---- */

static int
falling(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x < y) - (x > y);
}

int
recovery_list(struct recovery *r, struct err *err)
{
	struct buf head = {0};
	bool found;
	int rc = store_dir_read(r->dir, "HEAD", &head, &found, err);

	/* Before the journals are read: it may not lead. */
	r->head = head_epoch(buf_str(&head));
	buf_release(&head);
	if (rc || store_dir_list(r->dir, &r->names, err))
		return -1;
	STORE_EACH_NAME(name, &r->names)
	{
		uint64_t number;

		if (store_name_kind(name, &number) != STORE_JOURNAL)
			continue;
		mem_grow(&r->journals, &r->cap, r->n + 1, sizeof *r->journals);
		r->journals[r->n++] = number;
	}
	if (r->n)
		qsort(r->journals, r->n, sizeof *r->journals, falling);
	return 0;
}

void
recovery_release(struct recovery *r)
{
	mem_free(r->journals);
	buf_release(&r->names);
	buf_release(&r->file);
}

/* ---- the newest journal that says something ---- */

static int
check_scan(const struct recovery *r, uint64_t number, struct err *err)
{
	const struct journal_scan *scan = &r->scan;
	char name[STORE_NAME_MAX];

	store_name(name, STORE_JOURNAL, number);
	if (scan->hello &&
	    (scan->said.store != r->id || scan->said.number != number))
		return store_damaged(
		    r->dir, name, err, "belongs to another state directory");
	if (scan->damaged)
		return store_damaged(r->dir, name, err,
		    "is damaged at byte %zu, behind commit %" PRIu64,
		    scan->bad_at, scan->last);
	return 0;
}

int
recovery_read(struct recovery *r, uint64_t number, struct err *err)
{
	char name[STORE_NAME_MAX];
	bool found;

	store_name(name, STORE_JOURNAL, number);
	r->file.n = 0;
	if (store_dir_read(r->dir, name, &r->file, &found, err))
		return -1;
	journal_scan(buf_str(&r->file), &r->scan);
	return 0;
}

int
recovery_find(struct recovery *r, uint64_t *number, struct err *err)
{
	*number = 0;
	for (size_t i = 0; !*number && i < r->n; i++) {
		if (recovery_read(r, r->journals[i], err) ||
		    check_scan(r, r->journals[i], err))
			return -1;
		if (r->scan.last)
			*number = r->journals[i];
	}
	if (!*number)
		r->scan = (struct journal_scan){0};
	if (r->scan.last >= r->head)
		return 0;
	return store_damaged(r->dir, NULL, err,
	    "commit %" PRIu64 " was made, but only %" PRIu64
	    " is found whole: a journal is damaged",
	    r->head, r->scan.last);
}

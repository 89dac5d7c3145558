/* SPDX-License-Identifier: MIT */
/*
 * Why records were bad, counted. A reason that goes on with what is in the
 * record ("not a number: 12x") counts by what stands before the colon, so that
 * there are few; those beyond a limit are counted together.
 */
#ifndef WEIR_RUN_REASONS_H
#define WEIR_RUN_REASONS_H

#include "run/note.h"

#define REASONS_MAX 64
#define REASON_BYTES 96 /* longer ones are cut */

struct reason {
	char text[REASON_BYTES];
	uint64_t n;
};

struct reasons {
	struct reason *list;
	size_t cap;
	unsigned n;
	uint64_t others; /* records whose reasons are not in the list */
};

void reasons_release(struct reasons *r);
void reasons_add(struct reasons *r, const char *reason, uint64_t n);

/* By how often they came, then by their text. */
void reasons_sort(struct reasons *r);

/* ,"reasons":{"the time is missing":3} */
void reasons_json(struct reasons *r, struct buf *out);

/* On standard error, one a line; the rarest are summed up. */
void reasons_show(struct reasons *r);

/* For the next run of a state: key and value; and what was noted. */
void reasons_note(const struct reasons *r, struct buf *out);
void reasons_take(struct reasons *r, struct note n);

#endif

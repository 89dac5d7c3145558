/* SPDX-License-Identifier: MIT */
/*
 * What is known to have been lost of inputs: files that were gone, replaced or
 * cut before all of them was read. Counted over all runs of a state, and the
 * last few are noted in words (weir state show).
 */
#ifndef WEIR_RUN_GAPS_H
#define WEIR_RUN_GAPS_H

#include "base/buf.h"
#include "run/note.h"

#define GAPS_KEPT 16

struct gaps {
	uint64_t n;		    /* files, over all runs */
	unsigned now;		    /* of them, those of this run */
	struct buf last[GAPS_KEPT]; /* a ring; the first is n % GAPS_KEPT */
};

void gaps_release(struct gaps *g);

/* One more. say: on standard error, too. */
void gaps_add(struct gaps *g, struct str line, bool say);

/* The note's member "gaps", and what a note says of earlier runs. */
void gaps_note(const struct gaps *g, struct buf *out);
void gaps_take(struct gaps *g, struct note kept);

#endif

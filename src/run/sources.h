/* SPDX-License-Identifier: MIT */
/*
 * The files of a run: what the plan's inputs stand for (names, directories,
 * patterns), each an input with its turn. In a run that goes on (-F) rotated
 * files are a part of the log that is followed, and files that a pattern
 * means later become inputs when they come.
 */
#ifndef WEIR_RUN_SOURCES_H
#define WEIR_RUN_SOURCES_H

#include "run/files.h"
#include "run/gaps.h"
#include "run/note.h"
#include "run/run.h"
#include "run/spool.h"
#include "run/trail.h"
#include "run/turn.h"
#include "run/watch.h"

struct sources {
	const struct plan *plan;
	const struct run_options *options;
	struct arena arena; /* of names */
	struct files files; /* names of all that were ever seen */
	struct watch *watch;
	bool keeps;	      /* positions are kept */
	struct trails trails; /* they */
	int folder;	      /* of the state, or -1 */
	struct spool *spool;  /* standard input that is kept, or NULL */
	struct gaps gaps;     /* files of which something is lost */
	struct input *inputs; /* neither these */
	struct turn *turns;   /* nor these ever move */
	unsigned n, max;      /* there is room for max */
};

/*
 * Makes inputs and turns; nothing is opened. kept: what is kept of an earlier
 * run (nothing yet, if it is empty): they go on there. NULL: nothing is kept,
 * now or later. folder: of the state then, or -1. 0, or -1 and *err.
 */
int sources_make(struct sources *s, const struct plan *plan,
    const struct run_options *options, const struct note *kept, int folder,
    struct err *err);
/*
 * Fails early if an input cannot be read. total: bytes of all, 0 = not known.
 */
int sources_check(struct sources *s, uint64_t *total, struct err *err);

/* Gaps are noted; fails if something is lost and that is not allowed. 0 or -1.
 */
int sources_gaps(
    const struct sources *s, struct run_counts *counts, struct err *err);

void sources_release(struct sources *s);

/* Makes inputs of files that a pattern means by now. */
void sources_look_around(struct sources *s);

#endif

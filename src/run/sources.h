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
#include "run/run.h"
#include "run/turn.h"
#include "run/watch.h"

struct sources {
	const struct plan *plan;
	const struct run_options *options;
	struct arena arena; /* of names */
	struct files files; /* names of all that were ever seen */
	struct watch *watch;
	struct input *inputs; /* neither these */
	struct turn *turns;   /* nor these ever move */
	unsigned n, max;      /* there is room for max */
};

/* Makes inputs and turns; nothing is opened. 0, or -1 and *err. */
int sources_make(struct sources *s, const struct plan *plan,
    const struct run_options *options, struct err *err);
void sources_release(struct sources *s);

/* Makes inputs of files that a pattern means by now. */
void sources_look_around(struct sources *s);

#endif

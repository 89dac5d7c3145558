/* SPDX-License-Identifier: MIT */
/*
 * A run, as its owner sees it: the thread that applies batches in order. Shared
 * by run.c, run_on.c and checkpoint.c alone.
 */
#ifndef WEIR_RUN_OWNER_H
#define WEIR_RUN_OWNER_H

#include "run/checkpoint.h"
#include "run/feed.h"
#include "run/outputs.h"
#include "run/pipe.h"
#include "run/progress.h"
#include "run/reject.h"
#include "run/seen.h"
#include "run/sources.h"

struct run {
	const struct plan *plan;
	const struct run_options *options;
	struct run_counts *counts;
	struct err *err;
	struct input *inputs;
	struct turn *turns;
	unsigned n_inputs;
	unsigned rank; /* of the inputs that are being read */
	int64_t now;   /* their watermark */
	unsigned threads;
	struct sources sources; /* where the inputs come from */

	struct lane_plan lanes;
	struct feed *feed;
	struct pipe pipe;
	struct rejects rejects;
	struct outputs out;
	struct step_count *steps; /* by number, when the run is over */
	struct run_counts before; /* for late rows of the batch at hand */
	bool hinted;
	struct progress progress;
	uint64_t applied, total; /* bytes; total 0: not known */
	struct seen *seen;	 /* by the plan's input */
	struct err damage;	 /* of the first input that ended too early */
	struct checkpoint *kept; /* with a state directory, or NULL */
};

/* Opens an input unless it is open; as input_open. */
int owner_open(struct run *r, struct turn *t);

/* Makes sure a batch with rows is at hand, if it can be had. */
enum feed_found owner_fetch(struct run *r, struct turn *t, bool wait);

/* Rows of the batch at hand, up to this one. */
void owner_apply(struct run *r, struct turn *t, unsigned to);

/* An input has ended, or nobody waits for more of it. */
void owner_end_turn(struct run *r, struct turn *t);

/* It has ended too early: that is told now, or in the end. */
void owner_note_damage(struct run *r, struct turn *t);

/* Some input no longer holds the watermark back. */
void owner_release(struct run *r);

/* Everything known is written. */
void owner_flush(struct run *r);

/* By a signal, a failed output, or because it is enough. */
bool owner_must_stop(struct run *r);

/* -F: the inputs of the last rank go on until it must stop. 0 or -1. */
int owner_run_on(struct run *r);

#endif

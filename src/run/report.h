/* SPDX-License-Identifier: MIT */
/*
 * What a run says on standard error: the accounting line (whenever something
 * was late or bad), the counts on SIGUSR1, a hint on a terminal. And the same
 * counts as JSON for --stats.
 */
#ifndef WEIR_RUN_REPORT_H
#define WEIR_RUN_REPORT_H

#include "run/input.h"
#include "run/pipe.h"
#include "run/seen.h"

/* At the end of a run. Fails if --stats cannot be written. */
int report_end(const struct run_counts *c, const struct plan *plan,
    const struct step_count *steps, const struct run_options *o,
    struct err *err);

/*
 * At the end of a run that others follow: names the step whose results come
 * with --final only, if there is one.
 */
void report_unfinished(const struct plan *plan, const struct run_options *o);

/* What has been written for the file is thrown away. */
void report_interrupted(const char *path);

/*
 * Names the fields that the plan reads and no record had (of inputs that had
 * records at all): most likely misspelt, as JSON has no schema to check
 * against.
 */
void report_unseen(const struct plan *plan, const struct run_options *o,
    const struct seen *seen);

/* Names the first record of an input whose time is far ahead of the others'. */
void report_ahead(struct str file, uint64_t line, const struct watermark *w);

/* In the middle, asked for by SIGUSR1. */
void report_stats(const struct run_counts *c, const struct run_options *o);

/* -v: which format an input turned out to be, and where its event time is. */
void report_opened(const struct input *in, const struct run_options *o);

/*
 * On a terminal: why no result has come yet, when windows close at the end of
 * input only. True if it was said.
 */
bool report_waiting(const struct plan *plan, const struct run_options *o);

/*
 * Settings for tests: "rows=1,reads=1,commit=2,restart=5,journal=2000,evict"
 * (rows a batch, bytes a read; see checkpoint_torture, store_torture and
 * state_torture).
 */
void torture_read(const char *text);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * A line on the terminal about how far a long run is: only if standard error
 * is a terminal, standard output is not, and the run takes longer than a
 * second. The only place that looks at a clock, and it decides nothing.
 */
#ifndef WEIR_RUN_PROGRESS_H
#define WEIR_RUN_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool wanted, shown;
	unsigned skipped; /* calls since the clock was looked at */
	int64_t start_ms, last_ms;
};

void progress_init(struct progress *p, bool quiet);

/*
 * After a batch: bytes read so far of `total` (0 = not known), records so far.
 */
void progress_show(
    struct progress *p, uint64_t bytes, uint64_t total, uint64_t records);

/* Wipes the line, if there is one. */
void progress_clear(struct progress *p);

#endif

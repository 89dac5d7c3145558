/* SPDX-License-Identifier: MIT */
/* How far a run is; see progress.h. */
#include "run/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

#define FIRST_MS 1000
#define EVERY_MS 200
/* Batches between looks at the clock. */
#define LOOK 64

void
progress_init(struct progress *p, bool quiet)
{
	*p = (struct progress){.wanted = !quiet && isatty(STDERR_FILENO) &&
					 !isatty(STDOUT_FILENO)};
	if (p->wanted)
		p->start_ms = p->last_ms = clock_elapsed_ms();
}

static void
draw(const struct progress *p, uint64_t bytes, uint64_t total, uint64_t records)
{
	double seconds = (double)(p->last_ms - p->start_ms) / 1e3;
	double mb = (double)bytes / 1e6, rate = mb / seconds;

	fprintf(stderr, "\r\033[Kweir: ");
	if (total)
		fprintf(stderr, "%3.0f %%  ",
		    100.0 * (double)bytes / (double)total);
	fprintf(stderr, "%llu records  %.0f MB  %.0f MB/s",
	    (unsigned long long)records, mb, rate);
	if (total && bytes && bytes < total)
		fprintf(stderr, "  %.0f s left",
		    (double)(total - bytes) / 1e6 / rate);
}

void
progress_show(
    struct progress *p, uint64_t bytes, uint64_t total, uint64_t records)
{
	int64_t now;

	if (!p->wanted || ++p->skipped < LOOK)
		return;
	p->skipped = 0;
	now = clock_elapsed_ms();
	if (now - p->start_ms < FIRST_MS || now - p->last_ms < EVERY_MS)
		return;
	p->last_ms = now;
	p->shown = true;
	draw(p, bytes, total, records);
}

void
progress_clear(struct progress *p)
{
	if (p->shown)
		fprintf(stderr, "\r\033[K");
	p->shown = false;
}

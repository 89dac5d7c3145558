/* SPDX-License-Identifier: MIT */
/*
 * Running on (-F): inputs that may have nothing to read now and go on later.
 * Nobody waits for one of them alone.
 *
 * Where event time matters, records are applied in the order in which they
 * would be if all were there: an input that has nothing now is waited for
 * before others go past it, as long as it is not idle. An input that has
 * shown nothing for its `idle` goes idle: it holds nobody back until it speaks
 * again. That is the one place where the clock decides something. Without
 * event time, what is there is applied at once.
 */
#ifndef WEIR_RUN_LIVE_H
#define WEIR_RUN_LIVE_H

#include "run/feed.h"
#include "run/turn.h"
#include "run/watch.h"

struct live {
	struct turn *turns;
	unsigned n_turns; /* new ones are added behind by look_around */
	unsigned rank;	  /* those of lower rank have been read */
	struct watch *watch;

	/* The run: */
	void *arg;
	/* INPUT_OPENED and its batches may be asked for; or as input_open. */
	int (*open)(void *arg, struct turn *t);
	/* A batch with rows, which is then the turn's. */
	enum feed_found (*fetch)(void *arg, struct turn *t);
	/* Nobody waits for more of it. */
	bool (*enough)(void *arg, const struct turn *t);
	/* The end of a generation, or of an input that is not followed. */
	void (*over)(void *arg, struct turn *t);
	void (*apply)(void *arg, struct turn *t, unsigned to);
	/* An input no longer holds the watermark back. */
	void (*release)(void *arg);
	/* It is about to wait; false: it is to end. */
	bool (*before_wait)(void *arg);
	bool (*stop)(void *arg);
	/* There may be files that were not there before. */
	void (*look_around)(void *arg, struct live *l);
};

/* Until stop, or until every input has ended. 0 or -1 if one of open's was. */
int live_run(struct live *l);

#endif

/* SPDX-License-Identifier: MIT */
/* A run that goes on at the end of its inputs: what live.h asks of it. */
#include "run/live.h"
#include "run/owner.h"
#include "run/position.h"

static int
live_open(void *arg, struct turn *t)
{
	struct run *r = arg;
	int status = owner_open(r, t);

	if (status == INPUT_OPENED)
		feed_open(r->feed, t->input);
	return status;
}

static enum feed_found
live_fetch(void *arg, struct turn *t)
{
	return owner_fetch(arg, t, false);
}

static void
live_apply(void *arg, struct turn *t, unsigned to)
{
	owner_apply(arg, t, to);
}

static bool
live_enough(void *arg, const struct turn *t)
{
	return ((struct run *)arg)->pipe.input_done[t->source];
}

static void
live_release(void *arg)
{
	owner_release(arg);
}

static void
live_over(void *arg, struct turn *t)
{
	struct run *r = arg;

	if (!t->input->follow || r->pipe.input_done[t->source]) {
		owner_end_turn(r, t);
		return;
	}
	position_end(t, &r->sources, t->input->err.message != NULL);
	feed_close(r->feed, t->input);
	owner_note_damage(r, t);
	input_renew(t->input);
	t->offset = 0;
	t->place = (struct place){0};
	t->skip = 0;
	t->resumed = false;
}

static bool
live_before_wait(void *arg)
{
	struct run *r = arg;

	owner_flush(r);
	return !owner_must_stop(r);
}

static bool
live_stop(void *arg)
{
	return owner_must_stop(arg);
}

static void
live_look_around(void *arg, struct live *l)
{
	struct run *r = arg;

	sources_look_around(&r->sources);
	r->n_inputs = l->n_turns = r->sources.n;
}

int
owner_run_on(struct run *r)
{
	struct live l = {.turns = r->turns,
	    .n_turns = r->n_inputs,
	    .rank = r->rank,
	    .watch = r->sources.watch,
	    .arg = r,
	    .open = live_open,
	    .fetch = live_fetch,
	    .enough = live_enough,
	    .over = live_over,
	    .apply = live_apply,
	    .release = live_release,
	    .before_wait = live_before_wait,
	    .stop = live_stop,
	    .look_around = live_look_around};
	int status = live_run(&l);

	for (unsigned i = 0; i < r->n_inputs; i++)
		if (!r->turns[i].ended)
			r->counts->bytes_in += r->inputs[i].bytes;
	return status;
}

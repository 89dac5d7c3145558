/* SPDX-License-Identifier: MIT */
/* Running on; see live.h. */
#include "run/live.h"

#include "base/clock.h"

/* Inputs that are not followed wake nobody: they are looked at so often. */
#define LOOK_OTHERS_MS 5
/* As long as some input always has something, others are looked at so often. */
#define WAKE_ROUNDS 64

/* Sees to it that an input is open: 1, 0: not yet or never again, -1. */
static int
open_turn(struct live *l, struct turn *t)
{
	while (!t->input->opened) {
		if (t->input->port && !input_ready(t->input, 0))
			return 0;
		switch (l->open(l->arg, t)) {
		case INPUT_OPENED:
			break;
		case INPUT_WAITS:
			return 0;
		case INPUT_EMPTY:
			input_renew(t->input);
			break;
		default:
			return -1;
		}
	}
	return 1;
}

/* Fetches what an input has now: 1: a batch is at hand; 0; -1. */
static int
look(struct live *l, struct turn *t)
{
	if (!t->batch && !t->ended && l->enough(l->arg, t))
		l->over(l->arg, t);
	while (!t->batch && !t->ended && !t->dry) {
		int opened = open_turn(l, t);

		t->dry = !opened;
		if (opened <= 0)
			return opened;
		switch (l->fetch(l->arg, t)) {
		case FEED_BATCH:
			break;
		case FEED_WAIT:
			t->dry = true;
			return 0;
		case FEED_END:
			l->over(l->arg, t);
			break;
		}
	}
	return t->batch != NULL;
}

/* Looks at all: 0, or -1. */
static int
look_at_all(struct live *l)
{
	int64_t now = clock_elapsed_ms();

	for (unsigned i = 0; i < l->n_turns; i++) {
		struct turn *t = &l->turns[i];
		int found = t->ended ? 0 : look(l, t);

		if (found < 0)
			return -1;
		if (!found)
			continue;
		t->since_ms = now;
		t->idle = false;
	}
	return 0;
}

/*
 * Applies some of what is at hand: all of it where event time does not matter,
 * and what is next in its order. False if there is nothing that may be.
 */
static bool
apply_some(struct live *l)
{
	struct turn *t, *second;
	bool some = false;

	for (unsigned i = 0; i < l->n_turns && !l->stop(l->arg); i++) {
		t = &l->turns[i];
		if (!t->batch || t->timed)
			continue;
		l->apply(l->arg, t, t->batch->batch->n_rows);
		some = true;
	}
	t = turns_behind(l->turns, l->n_turns, l->rank, &second);
	if (!t || !t->batch || l->stop(l->arg))
		return some;
	t->w.ceiling = turns_watermark(l->turns, l->n_turns, l->rank, t);
	l->apply(l->arg, t, turn_rows_before(t, second));
	return true;
}

static bool
all_ended(const struct live *l)
{
	for (unsigned i = 0; i < l->n_turns; i++)
		if (!l->turns[i].ended)
			return false;
	return l->n_turns > 0;
}

/*
 * Inputs that have shown nothing for long enough go idle. Returns how long to
 * wait until the next one may.
 */
static int
settle_idle(struct live *l, int ms, bool *changed)
{
	int64_t now = clock_elapsed_ms();

	for (unsigned i = 0; i < l->n_turns; i++) {
		struct turn *t = &l->turns[i];
		int64_t idle = t->input->plan->time.idle / 1000;
		int64_t left = t->since_ms + idle - now;

		if (!idle || t->ended || t->idle || t->batch)
			continue;
		if (left <= 0)
			t->idle = *changed = true;
		else if (left < ms)
			ms = (int)left;
	}
	return ms;
}

/* Those that had nothing may have something now. */
static void
wake_all(struct live *l)
{
	for (unsigned i = 0; i < l->n_turns; i++)
		l->turns[i].dry = false;
}

static bool
has_others(const struct live *l)
{
	for (unsigned i = 0; i < l->n_turns; i++)
		if (!l->turns[i].ended && !l->turns[i].input->follow)
			return true;
	return false;
}

/* False if it is to end. */
static bool
rest(struct live *l)
{
	int ms = has_others(l) ? LOOK_OTHERS_MS : INPUT_LOOK_MS;
	bool changed = false;

	if (!l->before_wait(l->arg))
		return false;
	ms = settle_idle(l, ms, &changed);
	if (changed) {
		l->release(l->arg);
		return true;
	}
	if (watch_wait(l->watch, ms))
		l->look_around(l->arg, l);
	wake_all(l);
	return true;
}

int
live_run(struct live *l)
{
	int64_t now = clock_elapsed_ms();
	unsigned rounds = 0;

	for (unsigned i = 0; i < l->n_turns; i++)
		l->turns[i].since_ms = now;
	while (!l->stop(l->arg) && !all_ended(l)) {
		if (look_at_all(l))
			return -1;
		if (!apply_some(l) && !rest(l))
			break;
		if (++rounds % WAKE_ROUNDS == 0)
			wake_all(l);
	}
	return 0;
}

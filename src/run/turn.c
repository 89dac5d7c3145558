/* SPDX-License-Identifier: MIT */
/* Whose turn it is; see turn.h. */
#include "run/turn.h"

int64_t
turn_standing(const struct turn *t)
{
	struct watermark w = t->w;

	if (!t->batch)
		return t->parked ? t->first : w.greatest;
	watermark_note(&w, t->batch->batch->time[t->next]);
	return w.greatest;
}

int64_t
turn_watermark(const struct turn *t)
{
	int64_t at, standing = turn_standing(t);

	if (t->w.lateness == WHEN_MAX || standing == WHEN_MIN ||
	    __builtin_sub_overflow(standing, t->w.lateness, &at) ||
	    at < t->floor)
		return t->floor;
	return at;
}

bool
turn_is_active(const struct turn *t, unsigned rank)
{
	return t->timed && !t->ended && !t->idle &&
	       t->input->plan->rank == rank;
}

struct turn *
turns_behind(
    struct turn *turns, unsigned n, unsigned rank, struct turn **second)
{
	struct turn *first = NULL;

	*second = NULL;
	for (unsigned i = 0; i < n; i++) {
		struct turn *t = &turns[i];

		if (!turn_is_active(t, rank))
			continue;
		if (!first || turn_standing(t) < turn_standing(first)) {
			*second = first;
			first = t;
		} else if (!*second ||
			   turn_standing(t) < turn_standing(*second)) {
			*second = t;
		}
	}
	return first;
}

int64_t
turns_watermark(
    const struct turn *turns, unsigned n, unsigned rank, const struct turn *but)
{
	int64_t least = WHEN_MAX;

	for (unsigned i = 0; i < n; i++) {
		int64_t w;

		if (&turns[i] == but || !turn_is_active(&turns[i], rank))
			continue;
		w = turn_watermark(&turns[i]);
		if (w < least)
			least = w;
	}
	return least;
}

unsigned
turn_rows_before(const struct turn *t, const struct turn *second)
{
	const struct batch *b = t->batch->batch;
	struct watermark w = t->w;
	int64_t limit;
	unsigned row = t->next;

	if (!second)
		return b->n_rows;
	limit = turn_standing(second);
	/* On a tie the input named first goes first. */
	if (t > second)
		limit--;
	for (; row < b->n_rows; row++) {
		watermark_note(&w, b->time[row]);
		if (w.greatest > limit)
			break;
	}
	return row > t->next ? row : t->next + 1;
}

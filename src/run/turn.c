/* SPDX-License-Identifier: MIT */
/* Whose turn it is; see turn.h. */
#include "run/turn.h"

void
turn_begin(struct turn *t)
{
	unsigned n = t->batch->batch->n_rows;

	t->next = t->skip < n ? (unsigned)t->skip : n;
	t->first_row = t->next;
	t->next_bad = 0;
}

void
turn_pass_bad(struct turn *t)
{
	/* What stands behind the last row has not been passed. */
	while (t->next_bad < t->batch->batch->n_bad &&
	       t->batch->batch->bad[t->next_bad].row < t->skip)
		t->next_bad++;
}

size_t
turn_bad_before(const struct turn *t, unsigned row)
{
	const struct batch *b = t->batch->batch;
	size_t n = t->next_bad;

	if (row == b->n_rows)
		return b->n_bad;
	while (n < b->n_bad && b->bad[n].row < row)
		n++;
	return n;
}

/* Rows [from, to) that are neither selected nor bad. */
static unsigned
dropped_rows(const struct batch *b, unsigned from, unsigned to)
{
	unsigned n =
	    to - from - (op_selected_from(b, to) - op_selected_from(b, from));

	for (size_t i = 0; i < b->n_bad; i++)
		if (batch_is_row(b, &b->bad[i]) && !b->bad[i].branch &&
		    b->bad[i].row >= from && b->bad[i].row < to)
			n--;
	return n;
}

uint64_t
turn_filtered(const struct turn *t)
{
	const struct batch *b = t->batch->batch;

	if (t->values)
		return 0;
	/* Steps with state may have dropped more since, of rows applied. */
	if (!t->first_row && t->next == b->n_rows)
		return b->n_filtered;
	return b->n_filtered - dropped_rows(b, 0, t->first_row) -
	       dropped_rows(b, t->next, b->n_rows);
}

static struct place
place_behind(const struct turn *t)
{
	const struct prepared *p = t->batch;

	if (t->values || p->batch->more) {
		struct place place = t->place;

		place.rows += p->batch->n_rows;
		return place;
	}
	return (struct place){.offset = p->end,
	    .context = p->end_context,
	    .line = p->end_line,
	    .skipping = p->end_skipping};
}

/* The bytes before the place. */
static void
remember(struct turn *t)
{
	const struct batch *b = t->batch->batch;
	uint64_t end = t->place.offset;

	if (end < b->block_offset || t->batch->batch->more)
		return;
	if (t->tail_at != b->block_offset)
		t->tail.n = 0;
	tail_add(&t->tail, b->block, (size_t)(end - b->block_offset));
	t->tail_at = end;
}

void
turn_leave(struct turn *t)
{
	const struct prepared *p = t->batch;

	t->records += p->batch->n_rows - t->first_row + p->n_bad_read;
	t->place = place_behind(t);
	if (t->trail && !t->values)
		remember(t);
	t->skip -= t->first_row;
	t->batch = NULL;
}

struct place
turn_place(const struct turn *t)
{
	struct place place = t->place;

	if (t->batch)
		place.rows += t->next;
	else
		place.rows += t->skip;
	return place;
}

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

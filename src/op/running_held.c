/* SPDX-License-Identifier: MIT */
/*
 * running: rows that wait, for the watermark, for rows behind them, or for the
 * end of input; see running.c.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "op/running.h"

/* ---- rows on their way on ---- */

void
running_emit(struct running *r, struct batch *b)
{
	if (!b->n_rows)
		return;
	running_items(r, b);
	r->run.emit(&r->run, b);
	b->n_rows = 0;
}

static void
flush(struct running *r)
{
	running_emit(r, r->kept.out);
}

static void
put_results(struct running *r, const struct value *out, unsigned row)
{
	struct batch *b = r->kept.out;

	for (unsigned i = 0; i < r->c->n_calls; i++)
		column_put(&b->cols[r->c->calls[i].col], b->arena, row, out[i]);
	if (b->n_rows == BATCH_ROWS)
		flush(r);
}

/* The key was looked up when its row came; since then a cut may have been. */
static void
touch(struct running *r, struct over_key *k)
{
	table_touch(&r->keys, cell_of_bytes((char *)k));
}

/* Computes the next row of a key and puts it out. */
static void
put_next(struct running *r, struct over_key *k)
{
	struct kept_row *row = over_row(k, k->next);
	unsigned at = kept_put(&r->kept, row);

	touch(r, k);
	over_compute(r->c, k, r->out, r->kept.out->arena);
	put_results(r, r->out, at);
	/* A row of a block is here for a while only. */
	if (!k->far) {
		kept_let_carry_go(&r->kept, row);
		running_came_out(r->c, row);
	}
	over_trim(r->c, k, &r->kept);
	running_count(r, k);
}

/* Rows of a key up to `until` that are ready. */
static void
put_ready(struct running *r, struct over_key *k, uint64_t until)
{
	while (k->next <= until && k->next < k->end &&
	       over_ready(r->c, k, k->next, r->final,
		   r->c->mode == OVER_TIME ? r->now : WHEN_MIN))
		put_next(r, k);
}

/* ---- watermarks for later steps ---- */

void
running_track(struct running *r, struct kept_row *row)
{
	if (!r->tracks || row->held)
		return;
	row->held = true;
	heap_push(&r->behind, row->time, row);
}

/* The least time of rows that have not come out. */
static int64_t
least_behind(struct running *r)
{
	struct heap_item item;

	while (r->behind.n) {
		struct kept_row *row = r->behind.items[0].item;
		const struct over_key *k = row->owner;

		if (!row->gone && row->at >= k->next)
			return row->time;
		heap_pop(&r->behind, &item);
		row->held = false;
		if (row->gone)
			kept_drop(&r->kept, row);
	}
	return WHEN_MAX;
}

static void
forward(struct running *r, int64_t w)
{
	/* Rows that wait are not known then, nor is how far they would let w.
	 */
	if (!r->run.op->heeded && !r->final)
		return;
	if (r->tracks && !r->final) {
		int64_t least = least_behind(r);

		w = least < w ? least : w;
	}
	if (r->c->after && !r->final) {
		const struct turn *t = running_next_turn(r);

		w = t && t->time < w ? t->time : w;
	}
	if (w <= r->forwarded || (r->c->mode == OVER_END && !r->final))
		return;
	flush(r);
	r->forwarded = w;
	r->run.forward(&r->run, w);
}

/* ---- in order of event time ---- */

static bool
before(
    const struct running *r, const struct kept_row *a, const struct kept_row *b)
{
	int d = kept_order(r->c->orders, r->c->n_orders, a->slots, b->slots);

	return d ? d < 0 : a->arrival < b->arrival;
}

/* Most rows come in order; those need no heap. */
static bool
push_sorted(struct running *r, struct kept_row *row)
{
	size_t n = r->n_sorted - r->sorted_head;

	if (n && before(r, row, r->sorted[r->n_sorted - 1]))
		return false;
	if (r->sorted_head > 1024 && r->sorted_head > n) {
		memmove(
		    r->sorted, r->sorted + r->sorted_head, n * sizeof(void *));
		r->sorted_head = 0;
		r->n_sorted = n;
	}
	mem_grow(&r->sorted, &r->cap_sorted, r->n_sorted + 1, sizeof(void *));
	r->sorted[r->n_sorted++] = row;
	return true;
}

void
running_pend(struct running *r, struct kept_row *row)
{
	size_t i;

	if (push_sorted(r, row))
		return;
	i = r->n_pending++;
	mem_grow(&r->pending, &r->cap_pending, r->n_pending, sizeof(void *));
	for (; i && before(r, row, r->pending[(i - 1) / 2]); i = (i - 1) / 2)
		r->pending[i] = r->pending[(i - 1) / 2];
	r->pending[i] = row;
}

static struct kept_row *
heap_take(struct running *r)
{
	struct kept_row *first = r->pending[0];
	struct kept_row *last = r->pending[--r->n_pending];
	size_t i = 0, k;

	while ((k = 2 * i + 1) < r->n_pending) {
		if (k + 1 < r->n_pending &&
		    before(r, r->pending[k + 1], r->pending[k]))
			k++;
		if (!before(r, r->pending[k], last))
			break;
		r->pending[i] = r->pending[k];
		i = k;
	}
	r->pending[i] = last;
	return first;
}

static bool
is_first_sorted(const struct running *r)
{
	return r->sorted_head < r->n_sorted &&
	       (!r->n_pending ||
		   !before(r, r->pending[0], r->sorted[r->sorted_head]));
}

/* The first of those that wait; NULL: none does. */
static struct kept_row *
pending_first(const struct running *r)
{
	if (is_first_sorted(r))
		return r->sorted[r->sorted_head];
	return r->n_pending ? r->pending[0] : NULL;
}

static struct kept_row *
pending_pop(struct running *r)
{
	return is_first_sorted(r) ? r->sorted[r->sorted_head++] : heap_take(r);
}

/* Any of them; NULL: none is left. */
static struct kept_row *
pending_any(struct running *r)
{
	if (r->n_sorted > r->sorted_head)
		return r->sorted[--r->n_sorted];
	return r->n_pending ? r->pending[--r->n_pending] : NULL;
}

static bool
is_due(const struct running *r, int64_t time)
{
	return time < r->now || r->now == WHEN_MAX;
}

/*
 * By time a row need not wait for those of other keys that look further ahead;
 * without an order, rows keep the one they came in.
 */
static bool
turn_has_come(const struct running *r, const struct turn *t)
{
	int64_t until;

	if (r->c->mode == OVER_ARRIVAL)
		return over_ready(r->c, t->key, t->at, r->final, WHEN_MIN);
	if (!r->c->after || r->final)
		return true;
	return !__builtin_add_overflow(t->time, r->c->after, &until) &&
	       until < r->now;
}

static void
take_turns(struct running *r)
{
	const struct turn *t;

	while ((t = running_next_turn(r)) && turn_has_come(r, t)) {
		r->head++;
		put_ready(r, t->key, t->at);
	}
}

static void
append(struct running *r, struct kept_row *row)
{
	touch(r, row->owner);
	over_append(r->c, row->owner, row);
	kept_place(&r->kept, row, cell_of_bytes(row->owner), 0, row->at);
	running_grown(r, row->owner);
}

static void
append_in_turn(struct running *r, struct kept_row *row)
{
	append(r, row);
	running_turn(r, row);
}

/*
 * All rows before the watermark are appended; then those ready computed. If
 * there are too many for that, and it does not matter, some of them first.
 */
static void
drain(struct running *r)
{
	const struct kept_row *row;
	int64_t until;

	while (r->later.next < r->now && running_fetch(r, &until)) {
		while ((row = pending_first(r)) && row->time < until)
			append_in_turn(r, pending_pop(r));
		if (!over_looks_ahead(r->c)) {
			take_turns(r);
			flush(r);
		}
		table_settle(&r->keys);
	}
	while ((row = pending_first(r)) && is_due(r, row->time))
		append_in_turn(r, pending_pop(r));
	take_turns(r);
}

bool
running_let_go(void *arg)
{
	struct running *r = arg;
	struct kept_row *row;

	if (r->tracks && least_behind(r) != WHEN_MAX)
		return false;
	running_let_turns_go(r);
	while ((row = pending_any(r)))
		running_put_later(r, row);
	if (r->n_all)
		running_let_all_go(r);
	kept_measure(&r->kept);
	return true;
}

/* Its key has not come so far, but perhaps the watermark has. */
static void
take_by_time(struct running *r, struct kept_row *row)
{
	running_pend(r, row);
	kept_wait(&r->kept, row, cell_of_bytes(row->owner), row->arrival);
	if (is_due(r, row->time))
		drain(r);
}

/* ---- as rows arrive ---- */

static void
take_held(struct running *r, struct kept_row *row)
{
	append_in_turn(r, row);
	take_turns(r);
}

static bool
is_late(const struct running *r, const struct over_key *k,
    const struct batch *b, unsigned row)
{
	return r->c->mode == OVER_TIME && b->time && k->end &&
	       b->time[row] <= k->last_time;
}

static void
take(struct running *r, const struct batch *b, const struct running_prep *p,
    unsigned row, unsigned k)
{
	struct over_key *key = running_key(r, b, p, k);
	struct kept_row *new;

	if (is_late(r, key, b, row)) {
		r->run.counts.late++;
		r->run.late(&r->run, b, row);
		return;
	}
	new = running_row(r, b, p, row);
	new->owner = key;
	switch (r->c->mode) {
	case OVER_ARRIVAL:
		take_held(r, new);
		return;
	case OVER_TIME:
		take_by_time(r, new);
		return;
	case OVER_END:
		mem_grow(&r->all, &r->cap_all, r->n_all + 1, sizeof(void *));
		r->all[r->n_all++] = new;
		kept_wait(
		    &r->kept, new, cell_of_bytes(new->owner), new->arrival);
		return;
	}
}

void
running_apply_held(struct running *r, struct batch *b,
    const struct running_prep *p, unsigned from, unsigned to,
    struct watermark *w)
{
	unsigned k = op_selected_from(b, from);

	for (unsigned row = from; row < to; row++) {
		if (k < b->n_sel && batch_row(b, k) == row)
			take(r, b, p, row, k++);
		if (!w || !b->time || !watermark_see(w, b->time[row]))
			continue;
		r->now = w->now;
		if (r->c->mode == OVER_TIME)
			drain(r);
		ttl_keys_advance(&r->ttl, r->now);
		if (!r->run.ends)
			forward(r, w->now);
	}
	flush(r);
}

/* ---- the end ---- */

static int
by_turn(const void *a, const void *b)
{
	const struct kept_row *x = *(struct kept_row *const *)a;
	const struct kept_row *y = *(struct kept_row *const *)b;

	return x->arrival < y->arrival ? -1 : x->arrival > y->arrival;
}

static int
by_order(const void *a, const void *b, void *running)
{
	const struct running *r = running;
	const struct kept_row *x = *(struct kept_row *const *)a;
	const struct kept_row *y = *(struct kept_row *const *)b;

	if (x == y)
		return 0;
	return before(r, x, y) ? -1 : 1;
}

/*
 * A row that still waits. By the time it is its turn it may have gone with an
 * earlier one, if what was kept of its key is damaged.
 */
struct rest {
	struct kept_row *row; /* first, for by_order and by_turn */
	struct over_key *key;
	uint64_t at;
};

/* Rows that still wait for others get what there is, in order. */
static void
put_rest(struct running *r)
{
	struct rest *rows = NULL;
	size_t n = 0, cap = 0;

	if (over_looks_ahead(r->c))
		table_load(&r->keys);
	for (size_t i = 0; i < r->keys.n; i++) {
		struct over_key *k = (void *)r->keys.cells[i]->bytes;

		if (r->keys.cells[i]->gone)
			continue;
		for (uint64_t at = k->next; at < k->end; at++) {
			mem_grow(&rows, &cap, n + 1, sizeof *rows);
			rows[n++] = (struct rest){over_row(k, at), k, at};
		}
	}
	if (n && r->c->mode == OVER_TIME)
		qsort_r(rows, n, sizeof *rows, by_order, r);
	else if (n)
		qsort(rows, n, sizeof *rows, by_turn);
	for (size_t i = 0; i < n; i++)
		put_ready(r, rows[i].key, rows[i].at);
	mem_free(rows);
}

/* All rows, each key's in its order; they come out as they came, or by it. */
static void
compute_all(struct running *r)
{
	struct kept_row **sorted = mem_array(r->n_all, sizeof(void *));

	for (size_t i = 0; i < r->n_all; i++)
		sorted[i] = r->all[i];
	if (r->n_all)
		qsort_r(sorted, r->n_all, sizeof *sorted, by_order, r);
	for (size_t i = 0; i < r->n_all; i++)
		over_append(r->c, sorted[i]->owner, sorted[i]);
	for (size_t i = 0; i < r->keys.n; i++) {
		struct over_key *k = (void *)r->keys.cells[i]->bytes;

		while (k->next < k->end) {
			struct kept_row *row = over_row(k, k->next);

			row->results = arena_array(
			    &r->results, r->c->n_calls, sizeof *row->results);
			over_compute(r->c, k, row->results, &r->results);
		}
	}
	for (size_t i = 0; i < r->n_all; i++) {
		struct kept_row *row = r->c->in_order ? sorted[i] : r->all[i];

		put_results(r, row->results, kept_put(&r->kept, row));
		kept_let_carry_go(&r->kept, row);
	}
	mem_free(sorted);
	r->n_all = 0;
}

/* With no more of it in memory than is allowed. */
static void
finish_in_parts(struct running *r)
{
	const struct kept_row *row;
	int64_t until = WHEN_MIN;
	bool more = true;

	running_drop_turns(r);
	while (r->c->mode != OVER_END && more) {
		more = r->later.n && running_fetch(r, &until);
		while ((row = pending_first(r)) && (!more || row->time < until))
			append(r, pending_pop(r));
		table_settle(&r->keys);
	}
	running_end(r);
}

void
running_finish(struct running *r)
{
	int64_t until;

	r->final = true;
	if (r->c->mode == OVER_TIME && !over_looks_ahead(r->c)) {
		drain(r);
	} else if (running_spills(r) && !r->c->at_once) {
		finish_in_parts(r);
	} else if (r->c->mode == OVER_END) {
		running_load_all(r);
		compute_all(r);
	} else if (!r->c->at_once) {
		while (r->later.n && running_fetch(r, &until))
			;
		while (pending_first(r)) {
			struct kept_row *row = pending_pop(r);

			over_append(r->c, row->owner, row);
		}
		put_rest(r);
	}
	running_drop_turns(r);
	flush(r);
	r->run.forward(&r->run, WHEN_MAX);
}

void
running_advance_held(struct running *r)
{
	if (r->c->mode == OVER_TIME)
		drain(r);
	flush(r);
	forward(r, r->now);
}

void
running_release_held(struct running *r)
{
	struct heap_item item;
	struct kept_row *row;

	while (heap_pop(&r->behind, &item)) {
		row = item.item;

		row->held = false;
		if (row->gone)
			kept_drop(&r->kept, row);
	}
	heap_release(&r->behind);
	while ((row = pending_any(r)))
		kept_drop(&r->kept, row);
	for (size_t i = 0; i < r->n_all; i++)
		kept_drop(&r->kept, r->all[i]);
	mem_free(r->sorted);
	mem_free(r->pending);
	mem_free(r->turns);
	mem_free(r->all);
}

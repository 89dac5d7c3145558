/* SPDX-License-Identifier: MIT */
/*
 * Windows as merges of slices: tumble, hop, cumulate, calendar, all.
 *
 * Each slice of event time has a table of cells by key. The slices are found
 * by their start; a heap knows when each is next part of a window that closes.
 * When the watermark reaches a window's end, the cells of its slices are merged
 * per key and written, ordered by key; a slice is dropped when the last window
 * that contains it has closed and allowed lateness is over.
 *
 * Rows of a batch are first judged one by one, in order, against the watermark
 * before them (late or not, which slice), then entered slice by slice. Before
 * a window fires, all rows judged so far are entered.
 *
 * Invariant: every slice is in the index and exactly once in the heap, at the
 * end of its first window that has not fired, or, when all have, at the time
 * it is to be dropped.
 */
#include "op/slices.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/must.h"
#include "data/key.h"

/* ---- slices ---- */

static uint64_t
start_hash(int64_t start)
{
	return hash_bytes(&start, sizeof start);
}

static uint64_t
slice_hash(const void *entry)
{
	return start_hash(((const struct slice *)entry)->span.start);
}

static size_t
slice_slot(const struct slices_run *r, int64_t start)
{
	uint64_t slot, hash = start_hash(start);
	size_t i = index_start(&r->by_start, hash);

	for (; (slot = r->by_start.slots[i]); i = (i + 1) & r->by_start.mask) {
		const struct slice *s = index_pointer(slot);

		if (s->span.start == start)
			break;
	}
	return i;
}

struct slice *
slices_find(const struct slices_run *r, int64_t start)
{
	uint64_t slot;

	if (!r->by_start.slots)
		return NULL;
	slot = r->by_start.slots[slice_slot(r, start)];
	return slot ? index_pointer(slot) : NULL;
}

/* Puts the slice into the heap where it is due next. */
static void
slice_schedule(struct slices_run *r, struct slice *s, int64_t after)
{
	struct span window;

	if (window_next(&r->c->window, s->span, after, &window)) {
		heap_push(&r->due, window.end, s);
		return;
	}
	s->done = true;
	heap_push(&r->due, time_add(s->last_end, r->c->allowed), s);
}

struct slice *
slices_make(struct slices_run *r, struct span span)
{
	struct slice *s = mem_zalloc(sizeof *s);
	struct span first;

	s->span = span;
	s->last_end = window_last_end(&r->c->window, span);
	s->first_end = window_next(&r->c->window, span, WHEN_MIN, &first)
			   ? first.end
			   : s->last_end;
	table_init(&s->table, r->c->cell_bytes);
	if (r->cells)
		table_keep(
		    &s->table, r->cells, span.start, &group_codec, &r->keep);
	index_reserve(&r->by_start, slice_hash);
	index_put(
	    &r->by_start, slice_slot(r, span.start), start_hash(span.start), s);
	slice_schedule(r, s, r->watermark);
	return s;
}

static void
slice_free(struct slice *s)
{
	table_release(&s->table);
	mem_free(s);
}

/* Nothing needs the slice any more. */
static void
slice_drop(struct slices_run *r, struct slice *s)
{
	index_remove(&r->by_start, slice_slot(r, s->span.start), slice_hash);
	slice_tree_forget(&r->tree, s->span.start);
	slide_drop(&r->slide, s->span, &s->table);
	r->run.counts.keys -= slice_keys(s);
	if (s->n_saved)
		group_forget_slice(r->starts, s->span.start);
	group_far_drop(&r->far, s->span.start);
	table_drop(&s->table);
	if (r->last == s)
		r->last = NULL;
	slice_free(s);
}

/* ---- entering rows ---- */

static void
enter_slice(struct slices_run *r, const struct batch *b,
    const struct group_prep *p, struct slice *s, const uint16_t *rows,
    const uint16_t *ks, unsigned n)
{
	char *cells[BATCH_ROWS];
	size_t before = s->table.n_made;
	struct agg_rows add = {
	    .n = n, .rows = rows, .cells = cells, .time = b->time};
	bool pieces = s->table.kept && r->c->pieces;

	for (size_t i = 0; i < r->c->n_sets; i++) {
		const struct str *keys = p->keys + i * p->stride;
		const uint64_t *hashes = p->hashes + i * p->stride;

		if (pieces) {
			table_cells_to_add(
			    &s->table, keys, hashes, ks, n, cells);
			group_add_to_pieces(r->c, &s->table, p, &add);
		} else {
			table_cells(&s->table, keys, hashes, ks, n, cells);
			group_add(r->c, &s->table.heap, p, &add);
		}
	}
	r->run.counts.keys += s->table.n_made - before;
	slice_tree_stale(&r->tree, s->span.start);
	slide_stale(&r->slide, s->span);
}

void
slices_enter(
    struct slices_run *r, const struct batch *b, const struct group_prep *p)
{
	uint16_t rows[BATCH_ROWS], ks[BATCH_ROWS];
	unsigned at[BATCH_ROWS + 1];

	if (!r->n_wait)
		return;
	if (r->n_touched == 1) {
		enter_slice(
		    r, b, p, r->touched[0], r->wait_row, r->wait_k, r->n_wait);
		goto done;
	}
	memset(at, 0, (r->n_touched + 1) * sizeof *at);
	for (unsigned i = 0; i < r->n_wait; i++)
		at[r->wait_slice[i]->order]++;
	for (unsigned i = 0; i < r->n_touched; i++)
		at[i + 1] += at[i];
	for (unsigned i = 0; i < r->n_wait; i++) {
		unsigned to = at[r->wait_slice[i]->order - 1]++;

		rows[to] = r->wait_row[i];
		ks[to] = r->wait_k[i];
	}
	for (unsigned i = 0, from = 0; i < r->n_touched; from = at[i++])
		enter_slice(r, b, p, r->touched[i], rows + from, ks + from,
		    at[i] - from);
done:
	for (unsigned i = 0; i < r->n_touched; i++)
		r->touched[i]->order = 0;
	r->n_wait = r->n_touched = 0;
}

void
slices_wait(struct slices_run *r, struct slice *s, unsigned row, unsigned k)
{
	if (!s->order) {
		r->touched[r->n_touched++] = s;
		s->order = r->n_touched;
	}
	r->wait_row[r->n_wait] = (uint16_t)row;
	r->wait_k[r->n_wait] = (uint16_t)k;
	r->wait_slice[r->n_wait++] = s;
}

/* ---- firing ---- */

void
slices_mark(struct slices_run *r, struct table *t, struct cell *c)
{
	if (!r->c->allowed || c->revision)
		return;
	c->revision = 1;
	table_touch(t, c);
}

static void
rows_of_table(struct slices_run *r, struct table *t, struct span window)
{
	struct far_count count = {.far = &r->far, .bucket = window.start};
	struct table_walk *walk;
	struct cell *c;
	unsigned n = 0;

	group_far_shed_all(&r->far, window.start, t);
	walk = table_walk_begin(t);
	while ((c = group_rows_walk(&r->rows, walk, &n))) {
		group_far_count(&count, cell_key(t, c), c->bytes);
		slices_mark(r, t, c);
		if (group_there(r->c, c->bytes))
			group_rows_add(
			    &r->rows, window, cell_key(t, c), c->bytes, 0);
	}
	group_rows_flush(&r->rows);
	table_walk_end(walk);
	group_far_counted(&count);
}

struct table *
slices_table(const struct slices_run *r, int64_t start)
{
	struct slice *s = slices_find(r, start);

	return s && slice_keys(s) ? &s->table : NULL;
}

/* For the tree: the same with all its cells in memory. */
static struct table *
loaded_at(void *arg, int64_t start)
{
	struct table *t = slices_table(arg, start);

	if (t)
		table_load(t);
	return t;
}

/* Marks the cells of a window's slices as written. */
static void
mark_written(struct slices_run *r, struct span w)
{
	if (!r->c->allowed)
		return;
	for (int64_t t = w.start; t < w.end; t += r->c->window.slice) {
		struct table *table = loaded_at(r, t);

		for (size_t i = 0; table && i < table->n; i++)
			slices_mark(r, table, table->cells[i]);
	}
}

/* A window of several slices. */
static void
fire_merged(struct slices_run *r, struct span window)
{
	struct table *t;

	if (r->keep.step && slices_are_many(r, window)) {
		slice_tree_clear(&r->tree);
		slide_clear(&r->slide);
		slices_walk(r, window);
		return;
	}
	t = slice_tree_merge(&r->tree, window.start, window.end);
	if (t && t->n) {
		if (r->c->n_slides)
			slide_fill(&r->slide, window, t);
		rows_of_table(r, t, window);
		mark_written(r, window);
	}
	slice_tree_done(&r->tree, t);
}

static void
fire(struct slices_run *r, struct slice *any, struct span window)
{
	if (window.start == any->span.start && window.end == any->span.end)
		rows_of_table(r, &any->table, window);
	else
		fire_merged(r, window);
}

/* Fires all windows that end at `end`: one, as windows of one end are one. */
static void
fire_due(struct slices_run *r, int64_t end)
{
	struct heap_item item;
	struct span window;
	bool fired = false;

	while (heap_next(&r->due) == end && heap_pop(&r->due, &item)) {
		struct slice *s = item.item;

		if (s->done) {
			slice_drop(r, s);
			continue;
		}
		if (!fired &&
		    window_next(&r->c->window, s->span, end - 1, &window)) {
			fired = true;
			must(window.end == end);
			fire(r, s, window);
		}
		slice_schedule(r, s, end);
	}
}

/* Fires everything that is due at watermark w, in order of window end. */
static void
fire_until(struct slices_run *r, int64_t w)
{
	int64_t end;

	/* At the end of input the window over everything is due, too. */
	while ((end = heap_next(&r->due)) <= w && r->due.n) {
		if (end == WHEN_MAX && w != WHEN_MAX)
			break;
		fire_due(r, end);
	}
	if (w > r->watermark)
		r->watermark = w;
	slices_drop_corrected(r, w);
}

/* ---- the interface ---- */

struct op_run *
slices_open(const struct op *op)
{
	struct slices_run *r = mem_zalloc(sizeof *r);

	r->c = op->config;
	r->watermark = WHEN_MIN;
	r->run.op = op;
	group_rows_init(&r->rows, &r->run, r->c);
	arena_init(&r->values, 1024);
	slice_tree_init(&r->tree, r->c, loaded_at, r);
	slide_init(&r->slide, r->c, loaded_at, r);
	return &r->run;
}

/* The slice of a time; NULL if it is late for all or between windows. */
static struct slice *
slice_of(struct slices_run *r, struct batch *b, unsigned row, int64_t t)
{
	struct span span;
	struct slice *s;

	if (!window_slice(&r->c->window, t, &span)) {
		b->n_filtered++; /* a hop may leave gaps between its windows */
		return NULL;
	}
	if (time_add(window_last_end(&r->c->window, span), r->c->allowed) <=
	    r->watermark) {
		r->run.counts.late++;
		r->run.late(&r->run, b, row);
		return NULL;
	}
	s = slices_find(r, span.start);
	return r->last = s ? s : slices_make(r, span);
}

static inline void
judge(struct slices_run *r, struct batch *b, const struct group_prep *p,
    unsigned row, unsigned k, int64_t t)
{
	struct slice *s = r->last;

	if (!s || t < s->span.start || t >= s->span.end ||
	    r->watermark >= s->first_end) {
		s = slice_of(r, b, row, t);
		if (!s)
			return;
		if (r->watermark >= s->first_end) {
			slices_late_row(r, b, p, s, row, k);
			return;
		}
	}
	slices_wait(r, s, row, k);
}

void
slices_apply(struct op_run *run, struct batch *b, void *prepared, unsigned from,
    unsigned to, struct watermark *w)
{
	struct slices_run *r = (struct slices_run *)run;
	unsigned k = op_selected_from(b, from);
	const int64_t *time = r->c->window.type == WINDOW_ALL ? NULL : b->time;

	if (w)
		r->watermark = w->now;
	for (unsigned row = from; row < to; row++) {
		if (k < b->n_sel && batch_row(b, k) == row)
			judge(r, b, prepared, row, k++, time ? time[row] : 0);
		if (!w || !b->time || !watermark_see(w, b->time[row]))
			continue;
		if (w->now >= heap_next(&r->due)) {
			slices_enter(r, b, prepared);
			slices_advance(run, w->now);
		}
		r->watermark = w->now;
	}
	slices_enter(r, b, prepared);
}

/* A group without keys has a row even if nothing came in. */
static void
row_of_nothing(struct slices_run *r)
{
	struct arena heap;

	if (r->c->window.type != WINDOW_ALL || r->last)
		return;
	arena_init(&heap, 1024);
	for (unsigned set = 0; set < r->c->n_sets; set++)
		if (group_is_total(r->c, set))
			group_rows_add(&r->rows,
			    (struct span){WHEN_MIN, WHEN_MAX},
			    group_total_key(r->c, set, &heap),
			    arena_zalloc(&heap, r->c->cell_bytes), 0);
	group_rows_flush(&r->rows);
	arena_release(&heap);
}

void
slices_advance(struct op_run *run, int64_t w)
{
	struct slices_run *r = (struct slices_run *)run;

	if (w == WHEN_MAX)
		row_of_nothing(r);
	fire_until(r, w);
	r->run.forward(&r->run, w);
}

void
slices_close(struct op_run *run)
{
	struct slices_run *r = (struct slices_run *)run;
	struct heap_item item;

	while (heap_pop(&r->due, &item))
		slice_free(item.item);
	while (heap_pop(&r->forgotten, &item))
		corrected_free(item.item);
	heap_release(&r->forgotten);
	index_release(&r->corrected);
	heap_release(&r->due);
	index_release(&r->by_start);
	arena_release(&r->values);
	mem_free(r->earlier);
	if (r->cells)
		table_pieces_end(r->cells);
	slice_tree_release(&r->tree);
	slide_release(&r->slide);
	group_rows_release(&r->rows);
	group_far_release(&r->far);
	group_keep_release(&r->keep);
	mem_free(r);
}

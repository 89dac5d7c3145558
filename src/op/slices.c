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
#include "base/heap.h"
#include "base/mem.h"
#include "base/must.h"
#include "data/key.h"
#include "op/group.h"
#include "op/slice_tree.h"
#include "op/slide.h"
#include "state/code.h"
#include "state/index.h"
#include "state/table.h"

struct slice {
	struct span span;
	int64_t first_end; /* of the first window that contains it */
	int64_t last_end;  /* of the last one */
	struct table table;
	uint64_t n_before; /* keys it had when this run began */
	uint64_t n_saved;  /* keys as noted for the next run */
	unsigned order;	   /* among the slices of the rows at hand, from 1 */
	bool done;	   /* all its windows have fired */
};

/* A window that fired and was corrected since: corrections per key. */
struct corrected {
	struct span window;
	struct table revisions; /* cell: uint32_t corrections */
};

/* What a window has shown for a key. */
struct result {
	struct value *values;
	bool shown;
};

struct slices_run {
	struct op_run run; /* first */
	const struct group_config *c;
	struct index by_start; /* of struct slice */
	struct heap due;
	struct slice *last; /* the slice of the last row, or NULL */
	int64_t watermark;  /* up to which windows have fired */
	struct group_rows rows;
	struct slice_tree tree; /* merged runs of slices, for hop & co */
	struct slide slide;	/* what slides from window to window */
	struct index corrected; /* of struct corrected, by window */
	struct heap forgotten;	/* when which of them is too old to matter */
	struct result *earlier; /* live: results a late row will change */
	size_t n_earlier, cap_earlier, n_given;
	struct arena values; /* of theirs */

	/* What is kept; step NULL: nothing is. */
	struct group_keep keep;
	struct state_map *cells, *starts, *revisions, *own;
	int64_t saved; /* the watermark that is noted */

	/* Rows judged but not yet entered. */
	unsigned n_wait;
	uint16_t wait_row[BATCH_ROWS];
	uint16_t wait_k[BATCH_ROWS];
	struct slice *wait_slice[BATCH_ROWS];
	struct slice *touched[BATCH_ROWS]; /* distinct, in order */
	unsigned n_touched;
};

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

static struct slice *
slice_find(const struct slices_run *r, int64_t start)
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

static struct slice *
slice_make(struct slices_run *r, struct span span)
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
		table_keep(&s->table, r->cells, span.start, &group_codec,
		    &r->keep);
	index_reserve(&r->by_start, slice_hash);
	index_put(
	    &r->by_start, slice_slot(r, span.start), start_hash(span.start), s);
	slice_schedule(r, s, r->watermark);
	return s;
}

static uint64_t
slice_keys(const struct slice *s)
{
	return s->n_before + s->table.n_made;
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

	for (size_t i = 0; i < r->c->n_sets; i++) {
		table_cells(&s->table, p->keys + i * p->stride,
		    p->hashes + i * p->stride, ks, n, cells);
		group_add(r->c, &s->table.heap, p, &add);
	}
	r->run.counts.keys += s->table.n_made - before;
	slice_tree_stale(&r->tree, s->span.start);
	slide_stale(&r->slide, s->span);
}

/* Enters the rows judged so far, in order within each slice. */
static void
enter(struct slices_run *r, const struct batch *b, const struct group_prep *p)
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

static inline void
wait_for_entry(struct slices_run *r, struct slice *s, unsigned row, unsigned k)
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

/* The cell was part of a result: a later one of its key is a correction. */
static void
mark(struct slices_run *r, struct table *t, struct cell *c)
{
	if (!r->c->allowed || c->revision)
		return;
	c->revision = 1;
	table_touch(t, c);
}

static void
rows_of_table(struct slices_run *r, struct table *t, struct span window)
{
	struct table_walk *walk = table_walk_begin(t);
	struct cell *c;
	unsigned n = 0;

	while ((c = group_rows_walk(&r->rows, walk, &n))) {
		mark(r, t, c);
		if (group_there(r->c, c->bytes))
			group_rows_add(
			    &r->rows, window, cell_key(t, c), c->bytes, 0);
	}
	group_rows_flush(&r->rows);
	table_walk_end(walk);
}

/* The table of the slice that starts at a time, or NULL. */
static struct table *
table_at(const struct slices_run *r, int64_t start)
{
	struct slice *s = slice_find(r, start);

	return s && slice_keys(s) ? &s->table : NULL;
}

/* For the tree: the same with all its cells in memory. */
static struct table *
loaded_at(void *arg, int64_t start)
{
	struct table *t = table_at(arg, start);

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
			mark(r, table, table->cells[i]);
	}
}

static void
fire(struct slices_run *r, struct slice *any, struct span window)
{
	struct table *t;

	if (window.start == any->span.start && window.end == any->span.end) {
		rows_of_table(r, &any->table, window);
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

static uint64_t
window_hash(struct span w)
{
	return hash_bytes(&w, sizeof w);
}

static uint64_t
corrected_hash(const void *entry)
{
	return window_hash(((const struct corrected *)entry)->window);
}

static size_t
corrected_slot(const struct slices_run *r, struct span w)
{
	const struct index *ix = &r->corrected;
	size_t i = index_start(ix, window_hash(w));

	for (; ix->slots[i]; i = (i + 1) & ix->mask) {
		const struct corrected *c = index_pointer(ix->slots[i]);

		if (c->window.start == w.start && c->window.end == w.end)
			break;
	}
	return i;
}

static void
corrected_free(struct corrected *c)
{
	table_release(&c->revisions);
	mem_free(c);
}

static void
drop_corrected(struct slices_run *r, int64_t w)
{
	struct heap_item item;

	while (
	    heap_next(&r->forgotten) <= w && heap_pop(&r->forgotten, &item)) {
		struct corrected *c = item.item;

		index_remove(&r->corrected, corrected_slot(r, c->window),
		    corrected_hash);
		table_drop(&c->revisions);
		corrected_free(c);
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
	drop_corrected(r, w);
}

/* ---- late rows ---- */

static void
save_revision(void *arg, const struct table *t, const struct cell *c,
    struct buf *out)
{
	uint32_t n;

	(void)arg;
	(void)t;
	memcpy(&n, c->bytes, sizeof n);
	code_put_uint(out, n);
}

static bool
load_revision(void *arg, struct table *t, struct cell *c, struct str bytes)
{
	uint64_t n;
	uint32_t n32;

	(void)arg;
	(void)t;
	if (!code_get_uint(&bytes, &n) || bytes.n || n > UINT32_MAX)
		return false;
	n32 = (uint32_t)n;
	memcpy(c->bytes, &n32, sizeof n32);
	return true;
}

static const struct cell_codec revision_codec = {
    .save = save_revision, .load = load_revision, .movable = true};

static struct corrected *
corrected_window(struct slices_run *r, struct span w)
{
	struct corrected *c;
	size_t i;

	index_reserve(&r->corrected, corrected_hash);
	i = corrected_slot(r, w);
	if (r->corrected.slots[i])
		return index_pointer(r->corrected.slots[i]);
	c = mem_zalloc(sizeof *c);
	c->window = w;
	table_init(&c->revisions, sizeof(uint32_t));
	if (r->revisions)
		table_keep(&c->revisions, r->revisions, w.end,
		    &revision_codec, NULL);
	index_put(&r->corrected, i, window_hash(w), c);
	heap_push(&r->forgotten, time_add(w.end, r->c->allowed), c);
	return c;
}

static uint32_t
count_correction(
    struct slices_run *r, struct span window, struct str key, uint64_t hash)
{
	struct corrected *c = corrected_window(r, window);
	char *bytes = table_cell(&c->revisions, key, hash)->bytes;
	uint32_t n;

	memcpy(&n, bytes, sizeof n);
	n++;
	memcpy(bytes, &n, sizeof n);
	return n + 1;
}

/*
 * The cells of a late row's key in the slices around its own. All windows it
 * corrects contain its own slice, so each is the merge of two: from some
 * slice up to the own one, and from there on. However many windows there are,
 * a cell is merged but twice.
 */
struct near {
	int64_t start; /* of the slice */
	struct cell *cell;
	int64_t written; /* start of the first slice from here on whose cell
			    was part of a result, or WHEN_MAX */
	char *acc;	 /* up to the own slice: all from here to there */
};

struct nearby {
	struct near *list; /* in order of time */
	size_t n, cap;
	size_t own; /* that of the row's slice */
	struct arena heap;
};

static void
nearby_gather(struct slices_run *r, struct nearby *near, struct span around,
    int64_t own, struct str key, uint64_t hash)
{
	int64_t t = around.start;

	while (t < around.end) {
		struct table *table = table_at(r, t);
		struct cell *cell = table ? table_find(table, key, hash) : NULL;

		if (cell) {
			mem_grow(&near->list, &near->cap, near->n + 1,
			    sizeof *near->list);
			if (t == own)
				near->own = near->n;
			near->list[near->n++] =
			    (struct near){.start = t, .cell = cell};
		}
		if (r->c->window.type == WINDOW_CALENDAR)
			break; /* a window is one slice */
		t += r->c->window.slice;
	}
}

static void
nearby_merge(struct slices_run *r, struct nearby *near)
{
	int64_t written = WHEN_MAX;
	const char *behind = NULL;

	for (size_t i = near->n; i--;) {
		struct near *at = &near->list[i];

		if (at->cell->revision)
			written = at->start;
		at->written = written;
		if (i > near->own)
			continue;
		at->acc = arena_zalloc(&near->heap, r->c->cell_bytes);
		group_merge(
		    r->c, GROUP_EACH, &near->heap, at->acc, at->cell->bytes);
		if (behind)
			group_merge(
			    r->c, GROUP_EACH, &near->heap, at->acc, behind);
		behind = at->acc;
	}
}

/* A window's result for a key as it is before the late row is added. */
static void
note_earlier(struct slices_run *r, const char *acc, bool written)
{
	struct result *e;

	mem_grow(
	    &r->earlier, &r->cap_earlier, r->n_earlier + 1, sizeof *r->earlier);
	e = &r->earlier[r->n_earlier++];
	e->shown = written && group_there(r->c, acc);
	e->values =
	    arena_array(&r->values, r->c->grouping.n_aggs, sizeof *e->values);
	if (e->shown)
		group_values(r->c, acc, &r->values, e->values);
}

/* The change from then to now. */
static void
give_change(struct slices_run *r, struct span w, struct str key,
    const char *acc, const struct result *before)
{
	struct value *now =
	    arena_array(&r->values, r->c->grouping.n_aggs, sizeof *now);
	bool is = group_there(r->c, acc);

	if (is)
		group_values(r->c, acc, &r->values, now);
	if (is && before->shown && !group_same(r->c, before->values, now)) {
		group_rows_change(
		    &r->rows, w, key, before->values, CHANGE_BEFORE);
		group_rows_change(&r->rows, w, key, now, CHANGE_AFTER);
	} else if (is != before->shown) {
		group_rows_change(&r->rows, w, key, is ? now : before->values,
		    is ? CHANGE_INSERT : CHANGE_DELETE);
	}
}

/* One of the windows; before: note what it has shown. */
static void
correct_one(struct slices_run *r, struct span w, struct str key, uint64_t hash,
    const char *acc, bool written, bool before)
{
	if (before) {
		note_earlier(r, acc, written);
		return;
	}
	if (r->c->live)
		give_change(r, w, key, acc, &r->earlier[r->n_given++]);
	else
		group_rows_add(&r->rows, w, key, acc,
		    written ? count_correction(r, w, key, hash) : 0);
	group_rows_flush(&r->rows);
	r->run.counts.updates++;
}

/*
 * Writes the fired windows again that a late row belongs to and that end
 * behind `from`, for its key, in order of their ends; or, before the row is
 * added, notes what they have shown.
 */
static void
correct(struct slices_run *r, const struct slice *s, int64_t from,
    struct str key, uint64_t hash, bool before)
{
	struct nearby near = {0};
	struct arena scratch;
	struct span w, around = {.end = s->last_end};
	char *later, *acc;
	size_t i = 0, k;

	if (!window_next(&r->c->window, s->span, from, &w) ||
	    w.end > r->watermark)
		return;
	around.start = w.start;
	if (around.end > r->watermark)
		around.end = r->watermark;
	arena_init(&near.heap, 4096);
	arena_init(&scratch, 4096);
	nearby_gather(r, &near, around, s->span.start, key, hash);
	nearby_merge(r, &near);
	later = arena_zalloc(&near.heap, r->c->cell_bytes);
	k = near.own + 1;
	do {
		while (near.list[i].start < w.start)
			i++;
		for (; k < near.n && near.list[k].start < w.end; k++)
			group_merge(r->c, GROUP_EACH, &near.heap, later,
			    near.list[k].cell->bytes);
		arena_reset(&scratch);
		acc = arena_zalloc(&scratch, r->c->cell_bytes);
		group_merge(r->c, GROUP_EACH, &scratch, acc, near.list[i].acc);
		group_merge(r->c, GROUP_EACH, &scratch, acc, later);
		correct_one(
		    r, w, key, hash, acc, near.list[i].written < w.end, before);
	} while (window_next(&r->c->window, s->span, w.end, &w) &&
		 w.end <= r->watermark);
	if (!before) {
		near.list[near.own].cell->revision = 1;
		table_touch(table_at(r, s->span.start),
		    near.list[near.own].cell);
	}
	arena_release(&scratch);
	arena_release(&near.heap);
	mem_free(near.list);
}

/* What the windows have shown that a late row is about to correct. */
static void
note_results(struct slices_run *r, struct slice *s, int64_t from,
    const struct group_prep *p, unsigned k)
{
	size_t n = s->table.n_made;

	r->n_earlier = 0;
	arena_reset(&r->values);
	for (size_t i = k; i < r->c->n_sets * p->stride; i += p->stride) {
		table_cell(&s->table, p->keys[i], p->hashes[i]);
		correct(r, s, from, p->keys[i], p->hashes[i], true);
	}
	r->run.counts.keys += s->table.n_made - n;
}

/*
 * A row for a slice of which some windows have fired. Within allowed lateness
 * those are corrected at once; beyond it (or without) the row counts only for
 * the windows still open.
 */
static void
late_row(struct slices_run *r, struct batch *b, const struct group_prep *p,
    struct slice *s, unsigned row, unsigned k)
{
	int64_t from; /* windows that end until then take no more rows */
	struct span w;

	from = r->c->allowed == WHEN_MAX
		   ? WHEN_MIN
		   : time_add(r->watermark, -r->c->allowed);
	if (window_next(&r->c->window, s->span, WHEN_MIN, &w) && w.end <= from)
		r->run.counts.late_some++;
	if (r->c->live) {
		enter(r, b, p);
		note_results(r, s, from, p, k);
	}
	wait_for_entry(r, s, row, k);
	enter(r, b, p);
	r->n_given = 0;
	for (size_t i = k; i < r->c->n_sets * p->stride; i += p->stride)
		correct(r, s, from, p->keys[i], p->hashes[i], false);
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
	s = slice_find(r, span.start);
	return r->last = s ? s : slice_make(r, span);
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
			late_row(r, b, p, s, row, k);
			return;
		}
	}
	wait_for_entry(r, s, row, k);
}

/* First index of the selection at or after a row. */
static unsigned
selection_from(const struct batch *b, unsigned row)
{
	unsigned lo = 0, hi = b->n_sel;

	if (!b->sel)
		return row < hi ? row : hi;
	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;

		if (b->sel[mid] < row)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void
slices_apply(struct op_run *run, struct batch *b, void *prepared, unsigned from,
    unsigned to, struct watermark *w)
{
	struct slices_run *r = (struct slices_run *)run;
	unsigned k = selection_from(b, from);
	const int64_t *time = r->c->window.type == WINDOW_ALL ? NULL : b->time;

	if (w)
		r->watermark = w->now;
	for (unsigned row = from; row < to; row++) {
		if (k < b->n_sel && batch_row(b, k) == row)
			judge(r, b, prepared, row, k++, time ? time[row] : 0);
		if (!w || !b->time || !watermark_see(w, b->time[row]))
			continue;
		if (w->now >= heap_next(&r->due)) {
			enter(r, b, prepared);
			slices_advance(run, w->now);
		}
		r->watermark = w->now;
	}
	enter(r, b, prepared);
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
	slice_tree_release(&r->tree);
	slide_release(&r->slide);
	group_rows_release(&r->rows);
	group_keep_release(&r->keep);
	mem_free(r);
}

/* ---- what is kept ---- */

static void
note_slice(struct slices_run *r, struct slice *s)
{
	if (s->n_saved != slice_keys(s))
		group_note_slice(r->starts, s->span.start, slice_keys(s));
	s->n_saved = slice_keys(s);
}

void
slices_save(struct op_run *run)
{
	struct slices_run *r = (struct slices_run *)run;

	for (size_t i = 0; r->by_start.slots && i <= r->by_start.mask; i++)
		if (r->by_start.slots[i])
			note_slice(r, index_pointer(r->by_start.slots[i]));
	if (r->watermark == r->saved)
		return;
	group_put_number(r->own, "watermark", r->watermark);
	r->saved = r->watermark;
}

static void
restore_slices(struct slices_run *r)
{
	struct store_scan *scan = state_scan(r->starts, 0);
	struct group_slice noted;
	struct span span;

	while (group_next_slice(r->starts, scan, &noted)) {
		if (!window_slice(&r->c->window, noted.start, &span) ||
		    span.start != noted.start || slice_find(r, span.start)) {
			state_damaged(r->starts, 0, STR("start of a slice"));
			continue;
		}
		r->last = slice_make(r, span);
		r->last->n_before = r->last->n_saved = noted.n_keys;
		r->run.counts.keys += noted.n_keys;
	}
	store_scan_end(scan);
}

/* Windows that were corrected: they are known by their ends. */
static void
restore_corrected(struct slices_run *r)
{
	struct span slice, window;
	int64_t *ends;
	size_t n = state_buckets(r->revisions, &ends);

	for (size_t i = 0; i < n; i++)
		if (ends[i] > WHEN_MIN &&
		    window_slice(&r->c->window, ends[i] - 1, &slice) &&
		    window_next(&r->c->window, slice, ends[i] - 1, &window) &&
		    window.end == ends[i])
			corrected_window(r, window);
	mem_free(ends);
}

int
slices_restore(struct op_run *run, struct state_step *step, struct err *err)
{
	struct slices_run *r = (struct slices_run *)run;

	(void)err;
	group_keep_init(&r->keep, r->c, step);
	r->cells = state_map(step, "cells");
	r->starts = state_map(step, "slices");
	r->revisions = state_map(step, "revisions");
	r->own = state_map(step, "step");
	group_get_number(r->own, "watermark", &r->watermark);
	r->saved = r->watermark;
	restore_slices(r);
	restore_corrected(r);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Late rows over slices: the results of windows that have fired, written again
 * or given as changes.
 *
 * A window's first row for a key is a result like any other; every later one
 * counts its corrections. Those are kept by window for as long as rows for it
 * may come.
 */
#include "base/hash.h"
#include "base/mem.h"
#include "op/slices.h"
#include "state/code.h"

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

void
corrected_free(struct corrected *c)
{
	table_release(&c->revisions);
	mem_free(c);
}

void
slices_drop_corrected(struct slices_run *r, int64_t w)
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

static void
save_revision(
    void *arg, const struct table *t, const struct cell *c, struct buf *out)
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

struct corrected *
slices_corrected(struct slices_run *r, struct span w)
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
		table_keep(
		    &c->revisions, r->revisions, w.end, &revision_codec, NULL);
	index_put(&r->corrected, i, window_hash(w), c);
	heap_push(&r->forgotten, time_add(w.end, r->c->allowed), c);
	return c;
}

static uint32_t
count_correction(
    struct slices_run *r, struct span window, struct str key, uint64_t hash)
{
	struct corrected *c = slices_corrected(r, window);
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
		struct table *table = slices_table(r, t);
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
		table_touch(
		    slices_table(r, s->span.start), near.list[near.own].cell);
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

void
slices_late_row(struct slices_run *r, struct batch *b,
    const struct group_prep *p, struct slice *s, unsigned row, unsigned k)
{
	int64_t from; /* windows that end until then take no more rows */
	struct span w;

	from = r->c->allowed == WHEN_MAX
		   ? WHEN_MIN
		   : time_add(r->watermark, -r->c->allowed);
	if (window_next(&r->c->window, s->span, WHEN_MIN, &w) && w.end <= from)
		r->run.counts.late_some++;
	if (r->c->live) {
		slices_enter(r, b, p);
		note_results(r, s, from, p, k);
	}
	slices_wait(r, s, row, k);
	slices_enter(r, b, p);
	r->n_given = 0;
	for (size_t i = k; i < r->c->n_sets * p->stride; i += p->stride)
		correct(r, s, from, p->keys[i], p->hashes[i], false);
}

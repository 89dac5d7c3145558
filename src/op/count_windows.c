/* SPDX-License-Identifier: MIT */
/*
 * Windows of so many rows of a key, in order of arrival.
 *
 * After every `slide` rows of a key the last `size` ones are a result (Flink:
 * countWindow), so with a slide the first windows are shorter. Rows are added
 * to panes as long as the greatest common divisor of both; a window is a merge
 * of panes, which a key keeps in a ring. What was added to a key since its
 * last window comes out at the end of input, marked as partial, so that the
 * totals are complete.
 *
 * Each pane owns the memory of its accumulators: it is used again when the
 * ring comes round.
 */
#include "base/mem.h"
#include "op/group.h"
#include "op/keys.h"
#include "op/ttl.h"
#include "state/code.h"
#include "state/table.h"

/* A key's cell; its panes follow. */
struct counted {
	int64_t n; /* rows so far */
	int64_t time;
};

struct pane {
	struct arena heap;
	_Alignas(16) char acc[];
};

struct count_run {
	struct op_run run; /* first */
	const struct group_config *c;
	struct table table;
	struct ttl_keys ttl;
	int64_t now;
	struct group_rows rows;
	struct arena scratch; /* of a merge */
	unsigned n_panes, pane_bytes;

	/* What is kept; step NULL: nothing is. */
	struct group_keep keep;
	struct state_map *own;
	uint64_t n_before; /* keys there were when this run began */
	uint64_t n_saved;
	size_t held; /* bytes of all panes */
};

/* The pane of a row of the key, by its number. */
static struct pane *
pane_of(const struct count_run *r, char *cell, int64_t row)
{
	uint64_t nth = (uint64_t)(row / r->c->window.slice) % r->n_panes;

	return (struct pane *)(void *)(cell + sizeof(struct counted) +
				       nth * r->pane_bytes);
}

static struct pane *
nth_pane(const struct count_run *r, char *cell, unsigned nth)
{
	return pane_of(r, cell, nth * r->c->window.slice);
}

static void
drop_cell(void *arg, struct table *t, struct cell *c)
{
	struct count_run *r = arg;

	(void)t;
	for (unsigned k = 0; k < r->n_panes; k++) {
		struct pane *p = nth_pane(r, c->bytes, k);

		r->held -= p->heap.total;
		if (p->heap.chunk_size)
			arena_release(&p->heap);
	}
	if (r->keep.step)
		state_hold(r->keep.step, r->held);
}

void
count_windows_close(struct op_run *run)
{
	struct count_run *r = (struct count_run *)run;

	for (size_t i = 0; i < r->table.n; i++)
		drop_cell(r, &r->table, r->table.cells[i]);
	group_keep_release(&r->keep);
	table_release(&r->table);
	ttl_keys_release(&r->ttl);
	arena_release(&r->scratch);
	group_rows_release(&r->rows);
	mem_free(r);
}

/* The window that ends behind the key's last row. */
static void
give_window(struct count_run *r, struct str key, char *cell, int64_t start,
    bool partial)
{
	const struct counted *of = (const struct counted *)(void *)cell;
	struct span window = {start < 0 ? 0 : start, of->n};
	char *acc;

	/* Values of rows not given on yet may be slices of it. */
	if (r->scratch.total > ARENA_CHUNK_MAX)
		group_rows_flush(&r->rows);
	if (!r->rows.batch->n_rows)
		arena_reset(&r->scratch);
	acc = arena_zalloc(&r->scratch, r->c->cell_bytes);
	for (int64_t at = window.start; at < of->n; at += r->c->window.slice)
		group_merge(r->c, GROUP_EACH, &r->scratch, acc,
		    pane_of(r, cell, at)->acc);
	r->rows.time = of->time;
	group_rows_add(&r->rows, window, key, acc, partial);
}

static void
take(struct count_run *r, const struct batch *b, const struct group_prep *p,
    unsigned row, struct str key, char *cell)
{
	const struct window_spec *w = &r->c->window;
	struct counted *of = (struct counted *)(void *)cell;
	struct pane *pane = pane_of(r, cell, of->n);
	uint16_t rows[1] = {(uint16_t)row};
	char *acc = pane->acc;
	size_t before = pane->heap.total;
	struct agg_rows add = {
	    .n = 1, .rows = rows, .cells = &acc, .time = b->time};

	if (of->n % w->slice == 0) {
		if (pane->heap.chunk_size)
			arena_reset(&pane->heap);
		else
			arena_init(&pane->heap, 256);
		memset(acc, 0, r->c->cell_bytes);
	}
	group_add(r->c, &pane->heap, p, &add);
	r->held += pane->heap.total - before;
	of->n++;
	of->time = b->time ? b->time[row] : WHEN_LAST;
	if (of->n % w->slide == 0)
		give_window(r, key, cell, of->n - w->size, false);
}

/* What no window of the key has counted yet. */
static void
give_key(struct count_run *r, struct cell *c)
{
	const struct window_spec *w = &r->c->window;
	const struct counted *of = (const struct counted *)(void *)c->bytes;
	int64_t end = (of->n / w->slide + 1) * w->slide;

	/* A slide longer than the size leaves rows out. */
	if (of->n % w->slide && end - w->size < of->n)
		give_window(
		    r, cell_key(&r->table, c), c->bytes, end - w->size, true);
}

static void
give_rest(struct count_run *r)
{
	struct table_walk *walk = table_walk_begin(&r->table);
	struct cell *c;
	unsigned n = 0;

	while ((c = group_rows_walk(&r->rows, walk, &n)))
		give_key(r, c);
	group_rows_flush(&r->rows);
	table_walk_end(walk);
}

/* The key has been quiet for long: its rest comes out, its window is anew. */
static void
forget(void *run, struct str key, uint64_t hash)
{
	struct count_run *r = run;
	struct cell *c = table_find(&r->table, key, hash);

	if (!c)
		return;
	give_key(r, c);
	group_rows_flush(&r->rows);
	drop_cell(r, &r->table, c);
	memset(c->bytes, 0, r->table.cell_bytes);
	table_remove(&r->table, c);
}

struct op_run *
count_windows_open(const struct op *op)
{
	struct count_run *r = mem_zalloc(sizeof *r);

	r->run.op = op;
	r->c = op->config;
	r->n_panes = (unsigned)(r->c->window.size / r->c->window.slice);
	r->pane_bytes =
	    ((unsigned)sizeof(struct pane) + r->c->cell_bytes + 15) & ~15u;
	table_init(&r->table,
	    (unsigned)sizeof(struct counted) + r->n_panes * r->pane_bytes);
	r->now = WHEN_MIN;
	r->table.flat = true;
	ttl_keys_init(&r->ttl, r->c->ttl, forget, r);
	arena_init(&r->scratch, 1024);
	group_rows_init(&r->rows, &r->run, r->c);
	return &r->run;
}

static void
take_key(struct count_run *r, const struct batch *b, const struct group_prep *p,
    unsigned row, size_t i)
{
	ttl_keys_check(&r->ttl, p->keys[i], p->hashes[i], r->now);
	ttl_keys_touch(
	    &r->ttl, p->keys[i], b->time ? b->time[row] : WHEN_MIN, r->now);
	take(r, b, p, row, p->keys[i],
	    table_cell(&r->table, p->keys[i], p->hashes[i])->bytes);
}

void
count_windows_apply(struct op_run *run, struct batch *b, void *prepared,
    unsigned from, unsigned to, struct watermark *w)
{
	struct count_run *r = (struct count_run *)run;
	const struct group_prep *p = prepared;
	unsigned k = op_selected_from(b, from);

	for (unsigned set = 0; set < r->c->n_sets; set++)
		keys_fetch(&r->table, b, p->keys + set * p->stride,
		    p->hashes + set * p->stride, from, to);
	for (unsigned row = from; row < to; row++) {
		if (k < b->n_sel && batch_row(b, k) == row) {
			for (size_t i = k; i < r->c->n_sets * p->stride;
			     i += p->stride)
				take_key(r, b, p, row, i);
			k++;
		}
		if (!w || !b->time || !watermark_see(w, b->time[row]))
			continue;
		r->now = w->now;
		ttl_keys_advance(&r->ttl, r->now);
		if (!run->op->heeded)
			continue;
		group_rows_flush(&r->rows);
		run->forward(run, w->now);
	}
	group_rows_flush(&r->rows);
	run->counts.keys = r->n_before + r->table.n_made;
	if (r->keep.step)
		state_hold(r->keep.step, r->held);
}

void
count_windows_advance(struct op_run *run, int64_t w)
{
	struct count_run *r = (struct count_run *)run;

	r->now = w;
	ttl_keys_advance(&r->ttl, w);
	if (w == WHEN_MAX)
		give_rest(r);
	run->forward(run, w);
}

/* ---- what is kept ---- */

/* The panes that have been begun are the first ones. */
static unsigned
begun(const struct count_run *r, const struct counted *of)
{
	uint64_t n = ((uint64_t)of->n + (uint64_t)r->c->window.slice - 1) /
		     (uint64_t)r->c->window.slice;

	return n < r->n_panes ? (unsigned)n : r->n_panes;
}

static void
save_cell(
    void *arg, const struct table *t, const struct cell *c, struct buf *out)
{
	struct count_run *r = arg;
	char *bytes = (char *)(uintptr_t)c->bytes;
	const struct counted *of = (const struct counted *)(void *)bytes;

	(void)t;
	code_put_int(out, of->n);
	code_put_int(out, of->time);
	for (unsigned k = 0; k < begun(r, of); k++) {
		size_t piece = code_put_begin(out);

		group_save_acc(&r->keep, nth_pane(r, bytes, k)->acc, out);
		code_put_end(out, piece);
	}
}

static bool
load_cell(void *arg, struct table *t, struct cell *c, struct str bytes)
{
	struct count_run *r = arg;
	struct counted *of = (struct counted *)(void *)c->bytes;

	if (!group_is_key(r->c, cell_key(t, c)) ||
	    !code_get_int(&bytes, &of->n) || !code_get_int(&bytes, &of->time) ||
	    of->n < 0 || of->n > INT64_MAX / 2)
		return false;
	for (unsigned k = 0; k < begun(r, of); k++) {
		struct pane *pane = nth_pane(r, c->bytes, k);
		struct str piece;
		bool good;

		arena_init(&pane->heap, 256);
		good = code_get_str(&bytes, &piece) &&
		       group_load_acc(&r->keep, &pane->heap, pane->acc, piece);
		r->held += pane->heap.total;
		if (!good) {
			drop_cell(r, t, c);
			return false;
		}
	}
	return !bytes.n;
}

static const struct cell_codec count_codec = {
    .save = save_cell, .load = load_cell, .drop = drop_cell, .movable = true};

void
count_windows_save(struct op_run *run)
{
	struct count_run *r = (struct count_run *)run;
	uint64_t n = r->n_before + r->table.n_made;

	if (r->c->ttl)
		group_put_number(r->own, "now", r->now);
	if (n != r->n_saved)
		group_put_number(r->own, "keys", (int64_t)n);
	r->n_saved = n;
}

int
count_windows_restore(
    struct op_run *run, struct state_step *step, struct err *err)
{
	struct count_run *r = (struct count_run *)run;
	int64_t n = 0;

	(void)err;
	group_keep_init(&r->keep, r->c, step);
	/* Eviction writes cells down and drops their panes. */
	r->table.flat = false;
	table_keep(&r->table, state_map(step, "cells"), 0, &count_codec, r);
	r->own = state_map(step, "step");
	group_get_number(r->own, "keys", &n);
	group_get_number(r->own, "now", &r->now);
	ttl_keys_keep(&r->ttl, step);
	r->n_before = r->n_saved = (uint64_t)n;
	run->counts.keys = r->n_before;
	return 0;
}

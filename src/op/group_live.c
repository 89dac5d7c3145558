/* SPDX-License-Identifier: MIT */
/*
 * Aggregation over everything, row by row: the rows that come may take
 * earlier ones back, and every change of a result may be wanted.
 *
 * As in Flink's GroupAggFunction: a key's first row inserts its result, each
 * later one replaces it (-U, +U) unless the result stays as it was, and when
 * its last row is taken back the result is deleted. What is taken back though
 * it never came is left out of account. Without keys there is one result, which
 * is there even when no row is.
 *
 * A cell whose rows are all taken back stays: its accumulators are then those
 * of no rows, and their memory is used again when the key comes again.
 *
 * With a time to live keys that have been quiet for so long are forgotten
 * (ttl.h): their results stay as they were shown, and a record that comes
 * later inserts a new one.
 */
#include "base/hash.h"
#include "base/mem.h"
#include "op/group_far.h"
#include "op/keys.h"
#include "op/ttl.h"
#include "state/table.h"

struct live_run {
	struct op_run run; /* first */
	const struct group_config *c;
	struct table table;
	struct group_rows rows;
	struct arena scratch; /* values of one row, before and after */
	struct value *before, *after;
	uint64_t n_held;      /* cells that have rows */
	struct ttl_cells ttl; /* instead of the table, if there is a ttl */

	/* What is kept; step NULL: nothing is. */
	struct group_keep keep;
	struct group_far far;
	struct state_map *starts, *cells;
	uint64_t saved; /* n_held as it is noted */
	int64_t now;	/* the watermark */
};

static const struct span everything = {WHEN_MIN, WHEN_MAX};

struct op_run *
group_live_open(const struct op *op)
{
	struct live_run *r = mem_zalloc(sizeof *r);

	r->run.op = op;
	r->c = op->config;
	r->now = WHEN_MIN;
	group_rows_init(&r->rows, &r->run, r->c);
	table_init(&r->table, r->c->cell_bytes);
	if (r->c->ttl)
		ttl_init(&r->ttl, r->c->ttl, r->c->cell_bytes, &group_codec,
		    &r->keep);
	if (r->c->ttl)
		group_keep_init(&r->keep, r->c, NULL);
	arena_init(&r->scratch, 1024);
	r->before = mem_array(r->c->grouping.n_aggs, sizeof *r->before);
	r->after = mem_array(r->c->grouping.n_aggs, sizeof *r->after);
	return &r->run;
}

void
group_live_close(struct op_run *run)
{
	struct live_run *r = (struct live_run *)run;

	group_rows_release(&r->rows);
	table_release(&r->table);
	if (r->cells)
		table_pieces_end(r->cells);
	ttl_release(&r->ttl);
	group_far_release(&r->far);
	arena_release(&r->scratch);
	group_keep_release(&r->keep);
	mem_free(r->before);
	mem_free(r->after);
	mem_free(r);
}

/*
 * The change of a key's result from n_before rows to what it is now. A group
 * without keys has a result from the first row on, whatever becomes of it; its
 * cell's revision says that it was given.
 */
static void
give(
    struct live_run *r, struct str key, char *acc, int64_t n_before, bool total)
{
	struct cell *cell = cell_of_bytes(acc);
	bool was = n_before > 0 || (total && cell->revision);
	bool is = total || group_count(r->c, acc) > 0;

	cell->revision = 1;
	if (is)
		group_values(r->c, acc, &r->scratch, r->after);
	if (was && is) {
		if (!r->run.op->refreshes &&
		    group_same(r->c, r->before, r->after))
			return;
		group_rows_change(
		    &r->rows, everything, key, r->before, CHANGE_BEFORE);
		group_rows_change(
		    &r->rows, everything, key, r->after, CHANGE_AFTER);
	} else {
		group_rows_change(&r->rows, everything, key,
		    is ? r->after : r->before,
		    is ? CHANGE_INSERT : CHANGE_DELETE);
	}
}

static void
take(struct live_run *r, const struct batch *b, const struct group_prep *p,
    unsigned row, struct str key, char *acc, struct arena *heap, bool total)
{
	const struct group_config *c = r->c;
	int64_t n = group_count(c, acc);
	uint16_t rows[1] = {(uint16_t)row};
	struct agg_rows add = {
	    .n = 1, .rows = rows, .cells = &acc, .time = b->time};
	bool gone = p->sign && p->sign[row] < 0;

	if (gone && n <= 0) {
		r->run.counts.astray++;
		return;
	}
	if (c->live) {
		arena_reset(&r->scratch);
		group_values(c, acc, &r->scratch, r->before);
	}
	if (r->far.map) {
		group_count_rows(c, p, &add);
		group_far_add(&r->far, p, &r->table, &add);
	} else {
		group_add(c, heap, p, &add);
	}
	if (gone)
		r->n_held -= n == 1;
	else
		r->n_held += n == 0;
	if (c->live)
		give(r, key, acc, n, total);
}

/* The cells of all sets, of the n rows from index `first` on. */
static char **
find_cells(struct live_run *r, struct batch *b, const struct group_prep *p,
    unsigned from, unsigned to, unsigned n)
{
	char **cells =
	    arena_array(b->arena, (size_t)r->c->n_sets * n, sizeof *cells);
	unsigned first = op_selected_from(b, from);
	uint16_t ks[BATCH_ROWS], rows[BATCH_ROWS];
	struct agg_rows each = {.n = n, .rows = rows};

	for (unsigned i = 0; i < n; i++) {
		ks[i] = (uint16_t)(first + i);
		rows[i] = (uint16_t)batch_row(b, first + i);
	}
	for (size_t set = 0; b->n_ahead && set < r->c->n_sets; set++)
		keys_fetch(&r->table, b, p->keys + set * p->stride,
		    p->hashes + set * p->stride, from, to);
	for (size_t set = 0; set < r->c->n_sets; set++) {
		table_cells(&r->table, p->keys + set * p->stride,
		    p->hashes + set * p->stride, ks, n, cells + set * n);
		each.cells = cells + set * n;
		group_far_fetch(&r->far, p, &r->table, &each);
	}
	return cells;
}

/* A row is taken into its group of every set; cells NULL: they are ttl. */
static void
take_row(struct live_run *r, const struct batch *b, const struct group_prep *p,
    unsigned row, unsigned at, char **cells, size_t stride)
{
	for (unsigned set = 0; set < r->c->n_sets; set++) {
		struct str key = p->keys[(size_t)set * p->stride + at];
		struct arena *heap = &r->table.heap;
		char *acc = cells ? cells[set * stride]
				  : ttl_cell(&r->ttl, key,
					b->time ? b->time[row] : r->now, r->now,
					true, &heap);

		take(r, b, p, row, key, acc, heap, group_is_total(r->c, set));
	}
}

/* The watermark has risen. */
static void
rise(struct live_run *r, int64_t w)
{
	r->now = w;
	if (r->c->ttl)
		ttl_advance(&r->ttl, w);
}

void
group_live_apply(struct op_run *run, struct batch *b, void *prepared,
    unsigned from, unsigned to, struct watermark *w)
{
	struct live_run *r = (struct live_run *)run;
	const struct group_prep *p = prepared;
	unsigned first = op_selected_from(b, from), at = first;
	unsigned n = op_selected_from(b, to) - first;
	char **cells = r->c->ttl ? NULL : find_cells(r, b, p, from, to, n);

	for (unsigned set = 0; r->c->ttl && set < r->c->n_sets; set++)
		ttl_fetch(&r->ttl, b, p->keys + set * p->stride,
		    p->hashes + set * p->stride, from, to);
	for (unsigned row = from; row < to; row++) {
		if (at < first + n && batch_row(b, at) == row) {
			take_row(r, b, p, row, at,
			    cells ? cells + at - first : NULL, n);
			at++;
		}
		if (!w || !b->time || !watermark_see(w, b->time[row]))
			continue;
		rise(r, w->now);
		if (!run->op->heeded)
			continue;
		group_rows_flush(&r->rows);
		run->forward(run, w->now);
	}
	group_rows_flush(&r->rows);
	run->counts.keys = r->c->ttl ? ttl_count(&r->ttl) : r->n_held;
}

/* Groups without keys have a result even if nothing came. */
static void
give_totals(struct live_run *r)
{
	struct arena a;

	arena_init(&a, 256);
	for (unsigned set = 0; set < r->c->n_sets; set++) {
		struct str key;
		struct cell *cell;

		if (!group_is_total(r->c, set))
			continue;
		key = group_total_key(r->c, set, &a);
		cell = table_cell(&r->table, key, hash_bytes(key.p, key.n));
		if (cell->revision)
			continue;
		if (r->c->live)
			give(r, key, cell->bytes, 0, true);
		cell->revision = 1;
	}
	arena_release(&a);
}

/* All results there are, in order of their keys. */
static void
give_all(struct live_run *r)
{
	struct table_walk *walk = table_walk_begin(&r->table);
	struct cell *cell;
	unsigned n = 0;

	while ((cell = group_rows_walk(&r->rows, walk, &n)))
		if (cell->revision || group_count(r->c, cell->bytes) > 0)
			group_rows_add(&r->rows, everything,
			    cell_key(&r->table, cell), cell->bytes, 0);
	group_rows_flush(&r->rows);
	table_walk_end(walk);
}

void
group_live_advance(struct op_run *run, int64_t w)
{
	struct live_run *r = (struct live_run *)run;

	rise(r, w);
	if (w == WHEN_MAX && !r->c->ttl) {
		give_totals(r);
		if (!r->c->live)
			give_all(r);
		group_rows_flush(&r->rows);
	}
	run->forward(run, w);
}

/* ---- what is kept ---- */

/*
 * Under the names that slices.c has for the one slice over everything: whether
 * changes are wanted or only results at last, it is the same state.
 */
void
group_live_save(struct op_run *run)
{
	struct live_run *r = (struct live_run *)run;

	if (r->c->ttl) {
		group_put_number(r->starts, "now", r->now);
		return;
	}
	if (r->n_held != r->saved)
		group_note_slice(r->starts, everything.start, r->n_held);
	r->saved = r->n_held;
}

int
group_live_restore(struct op_run *run, struct state_step *step, struct err *err)
{
	struct live_run *r = (struct live_run *)run;
	struct group_slice all;
	struct store_scan *scan;

	(void)err;
	group_keep_release(&r->keep);
	group_keep_init(&r->keep, r->c, step);
	if (r->c->ttl) {
		ttl_keep(&r->ttl, state_map(step, "ttl"));
		r->run.counts.keys = ttl_count(&r->ttl);
		group_get_number(state_map(step, "run"), "now", &r->now);
		r->starts = state_map(step, "run");
		return 0;
	}
	r->cells = state_map(step, "cells");
	table_pieces(r->cells, &group_codec, &r->keep, r->c->cell_bytes, false);
	table_keep(
	    &r->table, r->cells, everything.start, &group_codec, &r->keep);
	group_far_init(&r->far, r->c, &r->keep, step);
	group_far_show(&r->far, everything.start, &r->table);
	r->starts = state_map(step, "slices");
	scan = state_scan(r->starts, 0);
	while (group_next_slice(r->starts, scan, &all))
		r->n_held = r->saved = all.n_keys;
	store_scan_end(scan);
	r->run.counts.keys = r->n_held;
	return 0;
}

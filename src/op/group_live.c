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
 */
#include "base/hash.h"
#include "base/mem.h"
#include "op/group.h"
#include "state/table.h"

struct live_run {
	struct op_run run; /* first */
	const struct group_config *c;
	struct table table;
	struct group_rows rows;
	struct arena scratch; /* values of one row, before and after */
	struct value *before, *after;
	uint64_t n_held; /* cells that have rows */
	bool any;	 /* without keys: a result was given */
};

static const struct span everything = {WHEN_MIN, WHEN_MAX};

struct op_run *
group_live_open(const struct op *op)
{
	struct live_run *r = mem_zalloc(sizeof *r);

	r->run.op = op;
	r->c = op->config;
	group_rows_init(&r->rows, &r->run, r->c);
	table_init(&r->table, r->c->cell_bytes);
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
	arena_release(&r->scratch);
	mem_free(r->before);
	mem_free(r->after);
	mem_free(r);
}

/* The change of a key's result from n_before rows to what it is now. */
static void
give(struct live_run *r, struct str key, char *acc, int64_t n_before)
{
	const struct group_config *c = r->c;
	bool was = n_before > 0 || (!c->n_keys && r->any);
	bool is = group_count(c, acc) > 0 || !c->n_keys;

	r->any = true;
	if (is)
		group_values(c, acc, &r->scratch, r->after);
	if (was && is) {
		if (group_same(c, r->before, r->after))
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
    unsigned row, unsigned k, char *acc)
{
	const struct group_config *c = r->c;
	int64_t n = group_count(c, acc);
	uint16_t rows[1] = {(uint16_t)row};
	struct agg_rows add = {
	    .n = 1, .rows = rows, .cells = &acc, .time = b->time};
	bool gone = p->sign && p->sign[row] < 0;

	if (gone && n <= 0) {
		r->run.counts.bad++;
		return;
	}
	if (c->live) {
		arena_reset(&r->scratch);
		group_values(c, acc, &r->scratch, r->before);
	}
	group_add(c, &r->table.heap, p, &add);
	if (gone)
		r->n_held -= n == 1;
	else
		r->n_held += n == 0;
	if (c->live)
		give(r, p->keys[k], acc, n);
}

void
group_live_apply(struct op_run *run, struct batch *b, void *prepared,
    unsigned from, unsigned to, struct watermark *w)
{
	struct live_run *r = (struct live_run *)run;
	const struct group_prep *p = prepared;
	unsigned first = op_selected_from(b, from), n = 0, at = 0;
	char *cells[BATCH_ROWS];
	uint16_t ks[BATCH_ROWS];

	while (first + n < b->n_sel && batch_row(b, first + n) < to) {
		ks[n] = (uint16_t)(first + n);
		n++;
	}
	table_cells(&r->table, p->keys, p->hashes, ks, n, cells);
	for (unsigned row = from; row < to; row++) {
		if (at < n && batch_row(b, ks[at]) == row) {
			take(r, b, p, row, ks[at], cells[at]);
			at++;
		}
		if (!w || !b->time || !watermark_see(w, b->time[row]) ||
		    !run->op->heeded)
			continue;
		group_rows_flush(&r->rows);
		run->forward(run, w->now);
	}
	group_rows_flush(&r->rows);
	run->counts.keys = r->n_held;
}

/* All results there are, in order of their keys. */
static void
give_all(struct live_run *r)
{
	const struct group_config *c = r->c;
	struct cell **cells;
	struct arena a;

	arena_init(&a, 4096);
	cells = table_sorted(&r->table, &a);
	for (size_t i = 0; i < r->table.n; i++)
		if (group_count(c, cells[i]->bytes) > 0 || !c->n_keys)
			group_rows_add(&r->rows, everything,
			    cell_key(&r->table, cells[i]), cells[i]->bytes, 0);
	group_rows_flush(&r->rows);
	arena_release(&a);
}

void
group_live_advance(struct op_run *run, int64_t w)
{
	struct live_run *r = (struct live_run *)run;
	struct str none = {"", 0};

	if (w == WHEN_MAX) {
		/* A result without keys is there even if nothing came. */
		if (!r->c->n_keys && !r->table.n) {
			char *acc = table_cell(
			    &r->table, none, hash_bytes(none.p, none.n))
					->bytes;

			if (r->c->live)
				give(r, none, acc, 0);
		}
		if (!r->c->live)
			give_all(r);
		group_rows_flush(&r->rows);
	}
	run->forward(run, w);
}

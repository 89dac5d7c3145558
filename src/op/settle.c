/* SPDX-License-Identifier: MIT */
/*
 * settle: rows as they are at the end, not how they change.
 *
 * With a key, rows come out in its order; without one in order of arrival.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "op/kept_sort.h"
#include "op/standing.h"
#include "op/written.h"

struct settle_run {
	struct op_run run; /* first */
	struct standing standing;
};

/* ---- binding ---- */

static int
settle_bind(struct op *op, const struct bind *b)
{
	if (standing_key(op, b))
		return -1;
	op->out = op->in;
	op->out.changes = op->out.steady = false;
	return 0;
}

/* ---- running ---- */

static struct op_run *
settle_open(const struct op *op)
{
	struct settle_run *r = mem_zalloc(sizeof *r);

	r->run.op = op;
	standing_init(&r->standing, op);
	return &r->run;
}

static void
settle_close(struct op_run *run)
{
	struct settle_run *r = (struct settle_run *)run;

	standing_release(&r->standing);
	mem_free(r);
}

static struct standing_row *
row_in(struct cell *cell)
{
	return (struct standing_row *)(void *)cell->bytes;
}

static int
by_arrival(const void *pa, const void *pb)
{
	uint64_t a = row_in(*(struct cell *const *)pa)->arrival;
	uint64_t b = row_in(*(struct cell *const *)pb)->arrival;

	return a < b ? -1 : a > b;
}

static void
put_by_key(struct settle_run *r)
{
	struct table_walk *walk = table_walk_begin(&r->standing.table);
	struct cell *cell;

	while ((cell = table_walk_next(walk)))
		if (row_in(cell)->count)
			standing_put(&r->standing, &r->run, row_in(cell), 1);
	table_walk_end(walk);
	standing_flush(&r->standing, &r->run);
}

/* A row goes along with one that is sorted: as what that carries. */
static int
rows_by_arrival(void *arg, const struct kept_row *a, const struct kept_row *b)
{
	(void)arg;
	return a->arrival < b->arrival ? -1 : a->arrival > b->arrival;
}

static void
add_standing(struct kept_sort *sort, const struct standing_row *row)
{
	struct kept_row *new = kept_new(sort->kept);

	kept_slots(sort->kept, new, NULL);
	kept_carry(sort->kept, new, (struct str){row->p, row->n});
	new->arrival = row->arrival;
	new->time = row->time;
	new->at = (uint64_t)row->count;
	kept_sort_add(sort, new);
}

static void
put_sorted(struct settle_run *r, const struct kept_row *row)
{
	const struct standing_row standing = {
	    .time = row->time, .p = row->carry, .n = row->carry_len};

	for (uint64_t k = 0; k < row->at; k++)
		standing_put(&r->standing, &r->run, &standing, 1);
}

/* With no more of them in memory than is allowed. */
static void
put_in_parts(struct settle_run *r)
{
	struct table *t = &r->standing.table;
	const struct kept_row *row;
	struct table_walk *walk;
	struct kept_sort sort;
	struct cell *cell;
	struct kept kept;

	kept_init(&kept, r->run.op, 0, false);
	kept.single = true;
	kept.state = r->standing.state;
	kept.n_cols = r->standing.n_cols;
	kept_sort_init(&sort, &kept, "runs", rows_by_arrival, NULL);
	walk = table_walk_begin(t);
	while ((cell = table_walk_next(walk)))
		if (row_in(cell)->count > 0)
			add_standing(&sort, row_in(cell));
	table_walk_end(walk);
	while ((row = kept_sort_next(&sort)))
		put_sorted(r, row);
	standing_flush(&r->standing, &r->run);
	kept_sort_release(&sort);
	kept_leave(&kept);
	kept_release(&kept);
}

static void
put_by_arrival(struct settle_run *r)
{
	struct table *t = &r->standing.table;
	struct arena a;
	struct cell **cells = t->cells;

	if (r->standing.state && state_room(r->standing.state) != SIZE_MAX) {
		put_in_parts(r);
		return;
	}
	arena_init(&a, 4096);
	if (r->standing.state)
		cells = table_sorted(t, &a);
	if (t->n)
		qsort(cells, t->n, sizeof *cells, by_arrival);
	for (size_t i = 0; i < t->n; i++)
		for (int64_t k = 0; k < row_in(cells[i])->count; k++)
			standing_put(
			    &r->standing, &r->run, row_in(cells[i]), 1);
	standing_flush(&r->standing, &r->run);
	arena_release(&a);
}

static void
settle_apply(struct op_run *run, struct batch *b, void *prepared, unsigned from,
    unsigned to, struct watermark *w)
{
	struct settle_run *r = (struct settle_run *)run;
	const struct standing_prep *p = prepared;
	unsigned k = op_selected_from(b, from);

	standing_fetch(&r->standing, b, p, from, to);
	for (unsigned row = from; row < to; row++) {
		if (k < b->n_sel && batch_row(b, k) == row)
			standing_take(&r->standing, b, p, k++);
		if (w && b->time)
			watermark_see(w, b->time[row]);
	}
	run->counts.keys = r->standing.table.n;
}

static void
settle_advance(struct op_run *run, int64_t w)
{
	struct settle_run *r = (struct settle_run *)run;

	if (w != WHEN_MAX)
		return;
	if (r->standing.keyed)
		put_by_key(r);
	else
		put_by_arrival(r);
	run->forward(run, w);
}

/* ---- state ---- */

static void
settle_schema(const struct op *op, struct schema *out)
{
	standing_schema(op, out);
	/* Once the step was one with `every`. */
	written_count(out, "period", 0);
}

static int
settle_restore(struct op_run *run, struct state_step *s, struct err *err)
{
	struct settle_run *r = (struct settle_run *)run;
	return standing_keep(&r->standing, s, err);
}

static void
settle_save(struct op_run *run)
{
	standing_save(&((struct settle_run *)run)->standing);
}

static void
settle_explain(const struct op *op, struct buf *out)
{
	buf_addz(out, op->in.keyed ? "one row per key, until the end"
				   : "all rows that differ, until the end");
}

// clang-format off
static const struct param settle_params[] = {
	{"key", PARAM_NAMES, false,
	    "Columns that tell rows apart: of those with the same key the last "
	    "one stays. Without it: the key the steps before have made, if "
	    "any."},
};

const struct op_kind op_settle = {
	.name = "settle",
	.doc = "Give rows as they are at the end.",
	.about =
	    "Rows that were taken back are gone, those that were updated come "
	    "once: ordered by key if there is one, else in order of arrival. "
	    "The output mode final does the same where rows change.",
	.example =
	    "- from_changelog: op\n"
	    "- settle:\n",
	.params = settle_params,
	.n_params = sizeof settle_params / sizeof *settle_params,
	.grows = "every row that is there is kept",
	.primary = "key",
	.waits = WAITS_END,
	.changes = CHANGES_END,
	.bind = settle_bind,
	.prepare = standing_prepare,
	.open = settle_open,
	.apply = settle_apply,
	.advance = settle_advance,
	.close = settle_close,
	.schema = settle_schema,
	.restore = settle_restore,
	.save = settle_save,
	.show = standing_show,
	.explain = settle_explain,
};
// clang-format on

/* SPDX-License-Identifier: MIT */
/*
 * Rows as they are, not how they change: `settle` gives those that are there
 * at the end, `every` those that have changed each time the watermark passes
 * a multiple of some duration of event time.
 *
 * With a key, rows come out in its order; without one in order of arrival.
 */
#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/must.h"
#include "data/key.h"
#include "op/kept_sort.h"
#include "op/standing.h"
#include "op/written.h"

struct settle_config {
	int64_t period; /* µs; 0: at the end only */
	unsigned gone;	/* every: column that marks deleted rows, if `marks` */
	bool marks;
	bool through; /* rows only come: nothing to wait for */
};

struct settle_run {
	struct op_run run; /* first */
	const struct settle_config *c;
	struct standing standing;
	struct cell **dirty;
	size_t n_dirty, cap_dirty;
	size_t n_put;	/* of them are in the state */
	bool more;	/* there may be others, which are not in the list */
	int64_t ticked; /* the multiple that was passed last */
};

/* ---- binding ---- */

static int
settle_bind(struct op *op, const struct bind *b)
{
	struct settle_config *c = arena_zalloc(b->arena, sizeof *c);

	op->config = c;
	if (standing_key(op, b))
		return -1;
	op->out = op->in;
	op->out.changes = op->out.steady = false;
	return 0;
}

static int
every_period(const struct op *op, const struct bind *b, int64_t *out)
{
	struct scope scope = {.params = b->params, .n_params = b->n_params};
	const struct arg_item *item = &op_arg(op, "period")->items[0];
	struct value v;

	if (expr_eval_constant(item->node, &scope, b->arena, &v, b->err))
		return -1;
	if (v.type != T_DURATION || v.i <= 0)
		return err_set(b->err, ERR_SPEC, item->where,
		    "a duration is expected here, as in 10s");
	*out = v.i;
	return 0;
}

static int
every_bind(struct op *op, const struct bind *b)
{
	static const struct str mark = {"op", 2};
	struct settle_config *c = arena_zalloc(b->arena, sizeof *c);
	struct flow *out = &op->out;

	op->config = c;
	if (standing_key(op, b) || every_period(op, b, &c->period))
		return -1;
	if (op->in.scan)
		op->in.scan->needs_time = true;
	*out = flow_copy(&op->in, 1, b->arena);
	out->changes = out->steady = out->keyed = false;
	c->through = !flow_keyed(&op->in);
	if (c->through)
		op->grows = NULL;
	if (c->through && op->in.changes)
		return flow_no_key(op, b);
	c->marks = op->in.changes && !op->in.steady;
	if (!c->marks)
		return 0;
	if (flow_find(out, mark) && !flow_find(out, mark)->dropped)
		return err_set(b->err, ERR_SPEC, op->where,
		    "there is a column \"op\" already, which would mark rows "
		    "that are gone");
	c->gone = flow_compute(out);
	flow_remove(out, flow_find(out, mark));
	flow_add(out, mark, c->gone, T_TEXT)->omit_null = true;
	return 0;
}

/* ---- running ---- */

static struct op_run *
settle_open(const struct op *op)
{
	struct settle_run *r = mem_zalloc(sizeof *r);

	r->run.op = op;
	r->c = op->config;
	r->ticked = WHEN_MIN;
	standing_init(&r->standing, op);
	return &r->run;
}

static void
settle_close(struct op_run *run)
{
	struct settle_run *r = (struct settle_run *)run;

	standing_release(&r->standing);
	mem_free(r->dirty);
	mem_free(r);
}

static void
note(struct settle_run *r, struct standing_row *row)
{
	if (!r->c->period || row->dirty)
		return;
	row->dirty = true;
	mem_grow(&r->dirty, &r->cap_dirty, r->n_dirty + 1, sizeof *r->dirty);
	r->dirty[r->n_dirty++] = cell_of_bytes((char *)row);
}

static int
cell_order(const void *pa, const void *pb, void *arg)
{
	const struct table *t = arg;

	return key_cmp(cell_key(t, *(struct cell *const *)pa),
	    cell_key(t, *(struct cell *const *)pb));
}

static struct standing_row *
row_in(struct cell *cell)
{
	return (struct standing_row *)(void *)cell->bytes;
}

/* The step's map of keys that have changed. */
static struct state_map *
changed_map(const struct settle_run *r)
{
	return state_map(r->standing.state, "changed");
}

static void
store_changed(struct settle_run *r)
{
	for (; r->n_put < r->n_dirty; r->n_put++)
		state_put(changed_map(r), 0,
		    cell_key(&r->standing.table, r->dirty[r->n_put]),
		    (struct str){"", 0});
}

/* Cells are about to be evicted: that they have changed says the state. */
static void
let_go(void *arg)
{
	struct settle_run *r = arg;

	store_changed(r);
	r->more |= r->n_dirty > 0;
	r->n_dirty = r->n_put = 0;
}

static void
put_changed(struct settle_run *r, struct standing_row *row)
{
	struct column *gone;
	unsigned at;

	row->dirty = false;
	if (!row->count && !row->shown)
		return;
	at = standing_put(&r->standing, &r->run, row, 1);
	row->shown = row->count > 0;
	table_touch(&r->standing.table, cell_of_bytes((char *)row));
	if (!r->c->marks)
		return;
	gone = &r->standing.out->cols[r->c->gone];
	column_put(gone, r->standing.out->arena, at,
	    row->count ? VALUE_NULL
		       : value_text(str_of(change_names[CHANGE_DELETE])));
}

/* All of the list, by key. */
static void
put_listed(struct settle_run *r)
{
	if (r->n_dirty)
		qsort_r(r->dirty, r->n_dirty, sizeof *r->dirty, cell_order,
		    &r->standing.table);
	for (size_t i = 0; i < r->n_dirty; i++)
		put_changed(r, row_in(r->dirty[i]));
	if (r->n_put)
		state_drop(changed_map(r), 0);
}

/* Rows between which memory is looked after. */
#define SETTLE_ROWS 1024

/* The same where the state alone has all of them. */
static void
put_stored(struct settle_run *r)
{
	struct state_map *m = changed_map(r);
	struct table *t = &r->standing.table;
	struct store_scan *scan;
	struct str key, value;
	unsigned n = 0;

	let_go(r);
	scan = state_scan(m, 0);
	while (store_scan_next(scan, &key, &value)) {
		struct cell *cell =
		    key_check(key)
			? table_find(t, key, hash_bytes(key.p, key.n))
			: NULL;

		if (!cell) {
			state_damaged(m, 0, key);
			break;
		}
		put_changed(r, row_in(cell));
		if (++n % SETTLE_ROWS == 0)
			table_settle(t);
	}
	store_scan_end(scan);
	state_drop(m, 0);
	r->more = false;
}

/* The watermark is at w: what has changed since the last time comes out. */
static void
tick(struct settle_run *r, int64_t w)
{
	int64_t period = r->c->period, at = w;

	if (w != WHEN_MAX && w != WHEN_MIN)
		at = w - ((w % period) + period) % period;
	if (at <= r->ticked)
		return;
	r->ticked = at;
	if (!r->n_dirty && !r->more)
		return;
	if (r->more)
		put_stored(r);
	else
		put_listed(r);
	r->n_dirty = r->n_put = 0;
	standing_flush(&r->standing, &r->run);
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
moved(struct settle_run *r, int64_t w)
{
	if (r->c->period)
		tick(r, w);
	/* Rows that come at the end are of no time that has passed. */
	if (r->c->period && r->run.op->heeded)
		r->run.forward(&r->run, w);
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
			note(r, standing_take(&r->standing, b, p, k++));
		if (w && b->time && watermark_see(w, b->time[row]))
			moved(r, w->now);
	}
	run->counts.keys = r->standing.table.n;
}

static void
settle_advance(struct op_run *run, int64_t w)
{
	struct settle_run *r = (struct settle_run *)run;

	if (r->c->period)
		tick(r, w);
	else if (w == WHEN_MAX && r->standing.keyed)
		put_by_key(r);
	else if (w == WHEN_MAX)
		put_by_arrival(r);
	if (r->c->period || w == WHEN_MAX)
		run->forward(run, w);
}

/* ---- state ---- */

static void
settle_schema(const struct op *op, struct schema *out)
{
	const struct settle_config *c = op->config;

	standing_schema(op, out);
	written_count(out, "period", (uint64_t)c->period);
}

/* Are there rows that are to come out at the next tick? */
static int
restore_changed(struct settle_run *r, struct err *err)
{
	struct store_scan *scan = state_scan(changed_map(r), 0);
	struct str key, value;

	r->more = store_scan_next(scan, &key, &value);
	store_scan_end(scan);
	return written_ended(changed_map(r), err);
}

static int
settle_restore(struct op_run *run, struct state_step *s, struct err *err)
{
	struct settle_run *r = (struct settle_run *)run;

	if (standing_keep(&r->standing, s, let_go, r, err) ||
	    written_load(s, "ticked", &r->ticked, 1, err) < 0)
		return -1;
	return r->c->period ? restore_changed(r, err) : 0;
}

static void
settle_save(struct op_run *run)
{
	struct settle_run *r = (struct settle_run *)run;

	standing_save(&r->standing);
	written_save(r->standing.state, "ticked", &r->ticked, 1);
	store_changed(r);
}

static void
settle_explain(const struct op *op, struct buf *out)
{
	buf_addz(out, op->in.keyed ? "one row per key, until the end"
				   : "all rows that differ, until the end");
}

/* ---- rows that only come ---- */

static void
every_apply(struct op_run *run, struct batch *b, void *prepared, unsigned from,
    unsigned to, struct watermark *w)
{
	struct settle_run *r = (struct settle_run *)run;
	struct batch whole = *b;
	unsigned k;

	if (!r->c->through) {
		settle_apply(run, b, prepared, from, to, w);
		return;
	}
	k = op_selected_from(b, from);
	b->sel = arena_array(b->arena, b->n_sel, sizeof *b->sel);
	for (b->n_sel = 0; k < whole.n_sel && batch_row(&whole, k) < to; k++)
		b->sel[b->n_sel++] = (uint16_t)batch_row(&whole, k);
	if (b->n_sel)
		run->emit(run, b);
	b->sel = whole.sel;
	b->n_sel = whole.n_sel;
	for (unsigned row = from; w && b->time && row < to; row++)
		if (watermark_see(w, b->time[row]) && run->op->heeded)
			run->forward(run, w->now);
}

// clang-format off
static const struct param settle_params[] = {
	{"key", PARAM_NAMES, false,
	    "Columns that tell rows apart: of those with the same key the last "
	    "one stays. Without it: the key the steps before have made, if "
	    "any."},
};

static const struct param every_params[] = {
	{"key", PARAM_NAMES, false,
	    "Columns that tell rows apart, if the steps before do not say."},
	{"period", PARAM_EXPR, true, "How often, in event time."},
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

const struct op_kind op_every = {
	.name = "every",
	.doc = "Give rows that have changed, every so often.",
	.about =
	    "Each time the watermark passes a multiple of the duration, the "
	    "rows that have changed since the last time come out as they are "
	    "then, ordered by key; at the end of input once more. Where rows "
	    "can vanish, those that did are marked -D in a column op. Rows "
	    "without a key are passed on as they come. The output mode every "
	    "does the same. If nothing else waits for the watermark, no row "
	    "is late, and a lateness that is not stated is 0.",
	.example =
	    "- group: [status]\n"
	    "  select: {n: count(*)}\n"
	    "- every: 10s\n",
	.params = every_params,
	.n_params = sizeof every_params / sizeof *every_params,
	.grows = "every key is kept",
	.primary = "period",
	.waits = WAITS_WATERMARK,
	.changes = CHANGES_SHOW,
	.bind = every_bind,
	.prepare = standing_prepare,
	.open = settle_open,
	.apply = every_apply,
	.advance = settle_advance,
	.close = settle_close,
	.schema = settle_schema,
	.restore = settle_restore,
	.save = settle_save,
	.show = standing_show,
	.explain = settle_explain,
};
// clang-format on

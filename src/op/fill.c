/* SPDX-License-Identifier: MIT */
/*
 * fill: rows for the steps of time in which a key has none.
 *
 * A key's rows are looked at in order of their time. Between two of them that
 * are further apart than a step, rows are made, and behind the last one up to
 * the last time that any key has a row for. What comes out so depends on the
 * rows alone, not on when the watermark moved: rows are taken when it has
 * passed them, and by then nothing before them is missing.
 *
 * A value between two others (linear) is known when the second one is there,
 * so with one of those a gap is filled when its end has come.
 *
 * With a time to live a key is filled for so long behind its last row, and then
 * forgotten: its next row is the first again.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "data/key.h"
#include "op/fill.h"
#include "op/keys.h"
#include "op/window_kind.h"

/* A gap of more steps is a mistake in a time more often than not. */
#define STEPS_MOST 100000

static void *
fill_prepare(const struct op *op, struct eval *ev, struct batch *b)
{
	const struct fill_config *c = op->config;
	struct row_keys *keys = arena_alloc(b->arena, sizeof *keys);
	struct column *cols = arena_array(b->arena, c->n_keys, sizeof *cols);

	eval_begin(ev, b);
	for (unsigned i = 0; i < c->n_keys; i++)
		cols[i] = b->cols[c->keys[i]];
	for (unsigned k = 0; k < b->n_sel; k++) {
		unsigned row = batch_row(b, k);

		struct value v = column_get(&b->cols[c->time], row);

		if (!type_is_instant(v.type))
			eval_fail(ev, row, "the row has no time to fill from");
	}
	row_keys_make(keys, cols, c->n_keys, ev, b);
	return keys;
}

/* ---- rows made and put ---- */

static struct fill_row *
out_row(struct fill_run *r, struct str key, int64_t at, int64_t time)
{
	struct fill_row *row;

	mem_grow(&r->out, &r->cap_out, r->n_out + 1, sizeof *r->out);
	row = &r->out[r->n_out++];
	*row = (struct fill_row){.at = at,
	    .time = time,
	    .key = key,
	    .values = arena_zalloc(
		&r->arena, (r->kept.n_cols + 1) * sizeof *row->values)};
	return row;
}

static double
as_float(struct value v)
{
	return v.type == T_DECIMAL ? dec_to_float(*v.d)
	       : v.type == T_FLOAT ? v.f
				   : (double)v.i;
}

/* The value on the line from a to b, `by` of `all` behind a. */
static struct value
between(struct value a, struct value b, int64_t by, int64_t all)
{
	double x, y;

	if (!type_is_number((enum type)a.type) ||
	    !type_is_number((enum type)b.type))
		return VALUE_NULL;
	x = as_float(a) * (double)(all - by);
	y = as_float(b) * (double)by;
	return value_float((x + y) / (double)all);
}

static struct value
moved(struct value v, int64_t by)
{
	if (type_is_instant(v.type) && __builtin_add_overflow(v.i, by, &v.i))
		v.i = WHEN_LAST;
	return v;
}

/* The value of a carried column `by` behind the key's last row. */
static struct value
fill_value(const struct fill_run *r, unsigned col, const struct fill_cell *cell,
    const struct kept_row *next, int64_t by)
{
	const struct fill_config *c = r->c;
	const struct value *last = cell->last->slots;
	unsigned slot = SLOT_KEYS + c->n_keys;

	if (col == c->time)
		return moved(last[SLOT_TIME], by);
	if (col == c->end)
		return moved(last[SLOT_END], by);
	for (unsigned k = 0; k < c->n_keys; k++)
		if (col == c->keys[k])
			return last[SLOT_KEYS + k];
	for (unsigned k = 0; k < c->n_columns; k++, slot++) {
		const struct fill_column *f = &c->columns[k];

		if (f->col != col)
			continue;
		if (f->how == FILL_VALUE)
			return f->value;
		if (f->how == FILL_PREVIOUS)
			return last[slot];
		if (!next)
			return VALUE_NULL;
		return between(last[slot], next->slots[slot], by,
		    next->slots[SLOT_TIME].i - last[SLOT_TIME].i);
	}
	return VALUE_NULL;
}

/* No row is made from then on: the key has been quiet for too long. */
static int64_t
fill_end(const struct fill_run *r, const struct fill_cell *cell)
{
	return r->c->ttl ? time_add(cell->last->slots[SLOT_TIME].i, r->c->ttl)
			 : INT64_MAX;
}

/* The row that was put last is whole. */
static inline void
out_done(struct fill_run *r)
{
	if (r->sort)
		fill_spill_row(r);
}

/* Steps of a key from its last row to before `until`; next: the row there. */
static void
make_rows(struct fill_run *r, struct cell *key, int64_t until,
    const struct kept_row *next)
{
	struct fill_cell *cell = fill_cell_of(key);
	int64_t from = cell->last->slots[SLOT_TIME].i, every = r->c->every;
	int64_t end = fill_end(r, cell);
	uint64_t i = (uint64_t)((cell->time - from) / every) + 1, n;

	if (until >= end) {
		until = end;
		next = NULL;
	}
	n = (uint64_t)((until - from + every - 1) / every);
	if (n > i + STEPS_MOST)
		return;
	if (i < n)
		table_touch(&r->keys, key);
	for (; i < n; i++) {
		int64_t by = (int64_t)i * every;
		struct fill_row *row = out_row(r, cell_key(&r->keys, key),
		    from + by, cell->last->time + by);

		for (unsigned k = 0; k < r->kept.n_cols; k++)
			row->values[k] = value_copy(&r->arena,
			    fill_value(r, r->kept.cols[k], cell, next, by));
		cell->time = row->at;
		out_done(r);
	}
}

void
fill_until(struct fill_run *r, struct cell *key, int64_t until)
{
	make_rows(r, key, until, NULL);
}

void
fill_pass(struct fill_run *r, struct cell *key, struct kept_row *row)
{
	struct fill_cell *cell = fill_cell_of(key);
	struct fill_row *out;
	int64_t at = row->slots[SLOT_TIME].i;

	table_touch(&r->keys, key);
	cell->pending--;
	if (cell->last && at > cell->time)
		make_rows(r, key, at, row);
	out = out_row(r, cell_key(&r->keys, key), at, row->time);
	out->arrival = row->arrival;
	kept_columns(&r->kept, row, out->values, &r->arena);
	out_done(r);
	kept_let_carry_go(&r->kept, row);
	kept_unplace(&r->kept, row);
	if (cell->last && at < cell->time) {
		kept_drop(&r->kept, row);
		return;
	}
	if (cell->last)
		kept_drop(&r->kept, cell->last);
	cell->last = row;
	cell->time = at;
	if (r->spills)
		fill_spill_hint(r, key);
}

static int
rows_in_order(const void *a, const void *b)
{
	const struct fill_row *x = a, *y = b;
	int d;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	d = key_cmp(x->key, y->key);
	return d ? d : x->arrival < y->arrival ? -1 : x->arrival > y->arrival;
}

static void
put_rows(struct fill_run *r)
{
	struct kept *k = &r->kept;

	if (r->n_out)
		qsort(r->out, r->n_out, sizeof *r->out, rows_in_order);
	for (size_t i = 0; i < r->n_out; i++) {
		const struct fill_row *row = &r->out[i];
		struct batch *b = k->out;
		unsigned at = b->n_rows;

		kept_begin(k);
		for (unsigned c = 0; c < k->n_cols; c++)
			column_put(&b->cols[k->cols[c]], b->arena, at,
			    value_copy(b->arena, row->values[c]));
		if (k->timed)
			b->time[at] = row->time;
		b->n_rows = b->n_sel = at + 1;
		if (b->n_rows < BATCH_ROWS && i + 1 < r->n_out)
			continue;
		r->run.emit(&r->run, b);
		b->n_rows = 0;
	}
	r->n_out = 0;
	arena_reset(&r->arena);
}

/* ---- running ---- */

int
fill_order(const struct kept_row *a, const struct kept_row *b)
{
	int64_t s = a->slots[SLOT_TIME].i, t = b->slots[SLOT_TIME].i;

	if (s != t)
		return s < t ? -1 : 1;
	return a->arrival < b->arrival ? -1 : a->arrival > b->arrival;
}

static int
by_time(const void *a, const void *b)
{
	return fill_order(
	    *(struct kept_row *const *)a, *(struct kept_row *const *)b);
}

static void
take_due(struct fill_run *r, int64_t w)
{
	struct kept_row **due = mem_array(r->n_pending, sizeof(void *));
	size_t n = 0, left = 0;

	for (size_t i = 0; i < r->n_pending; i++) {
		struct kept_row *row = r->pending[i];

		if (row->time < w || w == WHEN_MAX)
			due[n++] = row;
		else
			r->pending[left++] = row;
	}
	r->n_pending = left;
	if (n)
		qsort(due, n, sizeof(void *), by_time);
	for (size_t i = 0; i < n; i++) {
		if (due[i]->slots[SLOT_TIME].i > r->most)
			r->most = due[i]->slots[SLOT_TIME].i;
		fill_pass(r, due[i]->owner, due[i]);
	}
	mem_free(due);
}

/*
 * Has the watermark reached the end of the time to live, and have all rows been
 * made that are to be? What is made so depends on the rows alone.
 */
bool
fill_expired(const struct fill_run *r, const struct fill_cell *cell, int64_t w)
{
	int64_t every = r->c->every, all = (r->c->ttl - 1) / every * every;

	return w != WHEN_MAX && cell->last && !cell->pending &&
	       w >= time_add(cell->last->time, r->c->ttl) &&
	       r->most >= time_add(cell->last->slots[SLOT_TIME].i, all);
}

void
fill_forget(struct fill_run *r, struct cell *key)
{
	struct fill_cell *cell = fill_cell_of(key);

	fill_until(r, key, fill_end(r, cell));
	kept_drop(&r->kept, cell->last);
	cell->last = NULL;
	table_remove(&r->keys, key);
}

static void
forget_old(struct fill_run *r, int64_t w)
{
	struct cell **old = NULL;
	size_t n = 0, cap = 0;

	for (size_t i = 0; i < r->keys.n; i++) {
		struct cell *key = r->keys.cells[i];

		if (key->gone || !fill_expired(r, fill_cell_of(key), w))
			continue;
		mem_grow(&old, &cap, n + 1, sizeof(void *));
		old[n++] = key;
	}
	while (n)
		fill_forget(r, old[--n]);
	mem_free(old);
	r->run.counts.keys = r->keys.n - r->keys.n_gone;
}

static void
fill_advance(struct op_run *run, int64_t w)
{
	struct fill_run *r = (struct fill_run *)run;

	if (r->spills) {
		fill_spill_advance(r, w);
		run->forward(run, w);
		return;
	}
	if (r->n_pending)
		take_due(r, w);
	for (size_t i = 0; i < r->keys.n; i++) {
		struct cell *key = r->keys.cells[i];
		struct fill_cell *cell = fill_cell_of(key);

		/* One step beyond the last, for it is filled, too. */
		if (cell->last && cell->time < r->most &&
		    (!r->c->linear || w == WHEN_MAX))
			fill_until(r, key, r->most + 1);
	}
	if (r->c->ttl)
		forget_old(r, w);
	put_rows(r);
	r->now = w;
	run->forward(run, w);
}

static struct op_run *
fill_open(const struct op *op)
{
	const struct fill_config *c = op->config;
	struct fill_run *r = mem_zalloc(sizeof *r);

	r->run.op = op;
	r->c = c;
	r->most = r->now = WHEN_MIN;
	r->later.next = r->due.next = r->old.next = WHEN_MAX;
	table_init(&r->keys, (sizeof(struct fill_cell) + 15) & ~15u);
	arena_init(&r->arena, 4096);
	kept_init(&r->kept, op, SLOT_KEYS + c->n_keys + c->n_columns, true);
	return &r->run;
}

void
fill_pend(struct fill_run *r, struct kept_row *row)
{
	mem_grow(
	    &r->pending, &r->cap_pending, r->n_pending + 1, sizeof(void *));
	r->pending[r->n_pending++] = row;
}

static void
take(struct fill_run *r, const struct batch *b, const struct row_keys *keys,
    unsigned row, unsigned k)
{
	const struct fill_config *c = r->c;
	unsigned n = SLOT_KEYS + c->n_keys + c->n_columns;
	struct value *v = arena_array(b->arena, n, sizeof *v), *at = v;
	struct kept_row *new;

	*at++ = column_get(&b->cols[c->time], row);
	*at++ = c->end == COL_RECORD ? VALUE_NULL
				     : column_get(&b->cols[c->end], row);
	for (unsigned i = 0; i < c->n_keys; i++)
		*at++ = column_get(&b->cols[c->keys[i]], row);
	for (unsigned i = 0; i < c->n_columns; i++)
		*at++ = column_get(&b->cols[c->columns[i].col], row);
	new = kept_take(&r->kept, b, row, v);
	new->arrival = r->arrivals++;
	new->owner = table_cell(&r->keys, keys->keys[k], keys->hashes[k]);
	fill_cell_of(new->owner)->pending++;
	kept_wait(&r->kept, new, new->owner, new->arrival);
	r->run.counts.keys = r->keys.n - r->keys.n_gone;
	fill_pend(r, new);
}

static void
fill_apply(struct op_run *run, struct batch *b, void *prepared, unsigned from,
    unsigned to, struct watermark *w)
{
	struct fill_run *r = (struct fill_run *)run;
	const struct row_keys *keys = prepared;
	unsigned k = op_selected_from(b, from);

	keys_fetch(&r->keys, b, keys->keys, keys->hashes, from, to);
	for (unsigned row = from; row < to; row++) {
		if (k < b->n_sel && batch_row(b, k) == row)
			take(r, b, keys, row, k++);
		if (w && b->time && watermark_see(w, b->time[row]))
			fill_advance(run, w->now);
	}
	kept_settle(&r->kept);
}

static void
fill_close(struct op_run *run)
{
	struct fill_run *r = (struct fill_run *)run;

	kept_leave(&r->kept);
	for (size_t i = 0; i < r->keys.n; i++) {
		struct fill_cell *cell = fill_cell_of(r->keys.cells[i]);

		if (cell->last)
			kept_drop(&r->kept, cell->last);
	}
	for (size_t i = 0; i < r->n_pending; i++)
		kept_drop(&r->kept, r->pending[i]);
	fill_spill_release(r);
	table_release(&r->keys);
	arena_release(&r->arena);
	kept_release(&r->kept);
	mem_free(r->pending);
	mem_free(r->out);
	mem_free(r);
}

/* ---- explain ---- */

static void
fill_when(const struct op *op, struct buf *out)
{
	const struct fill_config *c = op->config;

	if (c->lateness == WHEN_MAX)
		buf_lit(out, "when the input ends");
	else if (c->linear)
		buf_lit(out, "when the watermark has passed them; rows in a "
			     "gap with the row behind it");
	else
		buf_lit(out, "when the watermark has passed them");
}

static void
fill_explain(const struct op *op, struct buf *out)
{
	(void)op;
	buf_lit(out, "the last row of each key, and rows the watermark has not "
		     "passed");
}

// clang-format off
static const struct param fill_params[] = {
	{"by", PARAM_NAMES, false, "The keys: columns; each is filled alone."},
	{"every", PARAM_EXPR, true, "The step, such as 5m."},
	{"time", PARAM_NAMES, false,
	    "The column of the rows' time; without it window_start, and "
	    "window_end with it."},
	{"with", PARAM_NAMED, false,
	    "What columns hold in rows that are made: previous, linear or a "
	    "value; NULL where nothing is said."},
};

const struct op_kind op_fill = {
	.name = "fill",
	.doc = "Make rows for steps of time in which a key has none.",
	.about =
	    "Between two rows of a key, and behind its last one up to the last "
	    "time any key has a row for, a row is made for every step. Nothing "
	    "is made before a key's first row, nor in a gap of more than "
	    "100000 steps. Rows come out in order of time, then key, when the "
	    "watermark has passed them. linear lies on a line between the "
	    "values around the gap, which is then filled with the row behind "
	    "it; behind the last row it is NULL.",
	.example =
	    "- window: tumble(5m)\n"
	    "  by: [host]\n"
	    "  select: {hits: count(*), quota: max(quota)}\n"
	    "- fill: 5m\n"
	    "  by: [host]\n"
	    "  with: {hits: 0, quota: previous}\n",
	.params = fill_params,
	.n_params = sizeof fill_params / sizeof *fill_params,
	.grows = "every key is kept",
	.forgets =
	    "a key is filled for so long behind its last row, and then "
	    "forgotten: its next row is the first again",
	.primary = "every",
	.waits = WAITS_WATERMARK,
	.bind = fill_bind,
	.prepare = fill_prepare,
	.open = fill_open,
	.apply = fill_apply,
	.advance = fill_advance,
	.close = fill_close,
	.schema = fill_schema,
	.restore = fill_restore,
	.save = fill_save,
	.show = fill_show,
	.explain = fill_explain,
	.when = fill_when,
};
// clang-format on

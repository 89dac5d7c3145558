/* SPDX-License-Identifier: MIT */
/*
 * running: functions over the rows around a row (SQL's OVER).
 *
 * Rows without an order are taken as they arrive, and come out in that order;
 * where no row waits for later ones the batch itself goes on with columns
 * added. Rows ordered by
 * event time wait in a heap until the watermark has passed them; then they are
 * appended to their keys' sequences, all that are due before the first is
 * computed. A row is late when its key has gone past its time. In any other
 * order, all rows are kept until the end of input, and come out as they came.
 *
 * over.h says which file does what.
 */
#include <stdlib.h>

#include "base/heap.h"
#include "base/mem.h"
#include "data/key.h"
#include "op/over.h"
#include "state/table.h"

/* A row that was appended and will be computed when it is ready. */
struct turn {
	struct over_key *key;
	uint64_t at;
	int64_t time;
};

struct running {
	struct op_run run; /* first */
	const struct over_config *c;
	struct table keys; /* cell: struct over_key */
	struct kept kept;
	uint64_t arrivals;
	int64_t now;	   /* the watermark */
	int64_t forwarded; /* what later steps know of it */
	struct value *out; /* results of a row */
	bool final;

	struct kept_row **pending; /* a heap: rows whose time has not come */
	size_t n_pending, cap_pending;
	struct turn *turns; /* from head on */
	size_t head, n_turns, cap_turns;
	bool tracks;	    /* rows may stay behind the watermark */
	struct heap behind; /* of rows that were appended, by time */

	struct kept_row **all; /* OVER_END: as they came */
	size_t n_all, cap_all;
	struct arena results;
};

struct running_prep {
	struct column *slots;
	struct row_keys keys;
};

/* ---- the part for any thread ---- */

/* Rows where a filter is TRUE. */
static unsigned
passing(const struct column *filter, const struct batch *b, uint16_t *out)
{
	unsigned n = 0;

	for (unsigned k = 0; k < b->n_sel; k++) {
		unsigned row = batch_row(b, k);
		struct value v = column_get(filter, row);

		if (v.type == T_BOOL && v.b)
			out[n++] = (uint16_t)row;
	}
	return n;
}

static void
evaluate(const struct over_config *c, struct eval *ev, struct batch *b,
    struct column *slots)
{
	for (unsigned i = 0; i < c->n_slots; i++) {
		const struct over_slot *s = &c->slots[i];
		uint16_t *sel = NULL;
		unsigned n = 0;

		if (!s->expr)
			continue;
		if (s->filter != SLOT_NONE) {
			sel = arena_array(b->arena, b->n_sel + 1, sizeof *sel);
			n = passing(&slots[s->filter], b, sel);
		}
		expr_eval(s->expr, ev, b, sel, n, &slots[i]);
	}
}

static void *
running_prepare(const struct op *op, struct eval *ev, struct batch *b)
{
	const struct over_config *c = op->config;
	struct running_prep *p = arena_alloc(b->arena, sizeof *p);
	struct column *cols = arena_array(b->arena, c->n_keys, sizeof *cols);

	p->slots = arena_array(b->arena, c->n_slots, sizeof *p->slots);
	eval_begin(ev, b);
	for (unsigned i = 0; i < c->n_keys; i++)
		expr_eval(c->keys[i], ev, b, NULL, 0, &cols[i]);
	evaluate(c, ev, b, p->slots);
	row_keys_make(&p->keys, cols, c->n_keys, ev, b);
	return p;
}

/* ---- rows ---- */

static bool
is_true(struct value v)
{
	return v.type == T_BOOL && v.b;
}

static struct kept_row *
row_new(struct running *r, const struct batch *b, const struct running_prep *p,
    unsigned row)
{
	const struct over_config *c = r->c;
	struct value slots[64], *v = slots;
	struct kept_row *new;

	if (c->n_slots > 64)
		v = arena_array(b->arena, c->n_slots, sizeof *v);
	for (unsigned i = 0; i < c->n_slots; i++) {
		const struct over_slot *s = &c->slots[i];

		if (!s->expr)
			v[i] = b->time ? value_time(b->time[row]) : VALUE_NULL;
		else if (s->filter != SLOT_NONE && !is_true(v[s->filter]))
			v[i] = VALUE_NULL;
		else
			v[i] = column_get(&p->slots[i], row);
	}
	new = kept_take(&r->kept, b, row, v);
	new->arrival = r->arrivals++;
	return new;
}

static struct over_key *
key_of(struct running *r, const struct running_prep *p, unsigned k)
{
	struct cell *cell =
	    table_cell(&r->keys, p->keys.keys[k], p->keys.hashes[k]);
	struct over_key *key = (void *)cell->bytes;

	if (!key->heap_most)
		over_key_init(r->c, key);
	r->run.counts.keys = r->keys.n;
	return key;
}

/* ---- rows on their way on ---- */

static void
evaluate_items(struct running *r, struct batch *b)
{
	const struct over_config *c = r->c;
	struct eval *ev = r->run.eval;

	if (!c->n_items)
		return;
	eval_begin(ev, b);
	for (unsigned i = 0; i < c->n_items; i++)
		expr_eval(c->items[i].expr, ev, b, NULL, 0,
		    flow_place(&r->run.op->out, b, c->items[i].col));
	eval_settle(ev, b);
}

static void
flush(struct running *r)
{
	struct batch *b = r->kept.out;

	if (!b->n_rows)
		return;
	evaluate_items(r, b);
	r->run.emit(&r->run, b);
	b->n_rows = 0;
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

/* Computes the next row of a key and puts it out. */
static void
put_next(struct running *r, struct over_key *k)
{
	struct kept_row *row = over_row(k, k->next);
	unsigned at = kept_put(&r->kept, row);

	over_compute(r->c, k, r->out, r->kept.out->arena);
	put_results(r, r->out, at);
	kept_let_carry_go(row);
	over_trim(r->c, k, &r->kept);
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

static void
track(struct running *r, struct kept_row *row)
{
	if (!r->tracks)
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
	if (r->tracks && !r->final) {
		int64_t least = least_behind(r);

		w = least < w ? least : w;
	}
	if (r->c->after && !r->final && r->head < r->n_turns &&
	    r->turns[r->head].time < w)
		w = r->turns[r->head].time;
	if (w <= r->forwarded ||
	    ((r->c->whole || r->c->mode == OVER_END) && !r->final))
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

static void
pending_push(struct running *r, struct kept_row *row)
{
	size_t i = r->n_pending++;

	mem_grow(&r->pending, &r->cap_pending, r->n_pending, sizeof(void *));
	for (; i && before(r, row, r->pending[(i - 1) / 2]); i = (i - 1) / 2)
		r->pending[i] = r->pending[(i - 1) / 2];
	r->pending[i] = row;
}

static struct kept_row *
pending_pop(struct running *r)
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

static void
turn_push(struct running *r, const struct kept_row *row)
{
	if (r->head == r->n_turns)
		r->head = r->n_turns = 0;
	if (r->head > 1024 && r->head > r->n_turns / 2) {
		memmove(r->turns, r->turns + r->head,
		    (r->n_turns - r->head) * sizeof *r->turns);
		r->n_turns -= r->head;
		r->head = 0;
	}
	mem_grow(&r->turns, &r->cap_turns, r->n_turns + 1, sizeof *r->turns);
	r->turns[r->n_turns++] = (struct turn){row->owner, row->at, row->time};
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
	while (r->head < r->n_turns && turn_has_come(r, &r->turns[r->head])) {
		const struct turn *t = &r->turns[r->head++];

		put_ready(r, t->key, t->at);
	}
}

/* All rows before the watermark are appended; then those ready computed. */
static void
drain(struct running *r)
{
	while (r->n_pending && is_due(r, r->pending[0]->time)) {
		struct kept_row *row = pending_pop(r);

		over_append(r->c, row->owner, row);
		track(r, row);
		turn_push(r, row);
	}
	take_turns(r);
}

/* Its key has not come so far, but perhaps the watermark has. */
static void
take_by_time(struct running *r, struct kept_row *row)
{
	pending_push(r, row);
	if (is_due(r, row->time))
		drain(r);
}

/* ---- as rows arrive ---- */

static void
take_held(struct running *r, struct kept_row *row)
{
	struct over_key *k = row->owner;

	over_append(r->c, k, row);
	track(r, row);
	turn_push(r, row);
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
	struct over_key *key = key_of(r, p, k);
	struct kept_row *new;

	if (is_late(r, key, b, row)) {
		r->run.counts.late++;
		r->run.late(&r->run, b, row);
		return;
	}
	new = row_new(r, b, p, row);
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
		return;
	}
}

static void
apply_held(struct running *r, struct batch *b, const struct running_prep *p,
    unsigned from, unsigned to, struct watermark *w)
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
		if (!r->run.ends)
			forward(r, w->now);
	}
	flush(r);
}

/* ---- batches that pass through ---- */

/* Passes on n rows of the batch with their results. */
static void
pass_on(struct running *r, struct batch *b, uint16_t *rows, unsigned n)
{
	struct batch view = *b;

	if (!n)
		return;
	view.sel = rows;
	view.n_sel = n;
	if (r->c->n_items) {
		/* What cannot be computed now is a bad result. */
		view.raw = NULL;
		view.bad = NULL;
		view.n_bad = view.cap_bad = 0;
		evaluate_items(r, &view);
		if (!view.n_bad)
			view.raw = b->raw;
	}
	r->run.emit(&r->run, &view);
}

static void
compute_here(struct running *r, struct batch *b, const struct running_prep *p,
    unsigned row, unsigned k, bool selected)
{
	const struct over_config *c = r->c;
	struct over_key *key;
	struct kept_row *new;

	if (selected) {
		key = key_of(r, p, k);
		new = row_new(r, b, p, row);
		over_append(c, key, new);
		over_compute(c, key, r->out, b->arena);
		over_trim(c, key, &r->kept);
	}
	for (unsigned i = 0; i < c->n_calls; i++)
		column_put(&b->cols[c->calls[i].col], b->arena, row,
		    selected ? r->out[i] : VALUE_NULL);
}

static void
apply_at_once(struct running *r, struct batch *b, const struct running_prep *p,
    unsigned from, unsigned to, struct watermark *w)
{
	uint16_t *rows = arena_array(b->arena, to - from + 1, sizeof *rows);
	unsigned n = 0, k = op_selected_from(b, from);

	flow_place(&r->run.op->out, b, 0);
	for (unsigned i = 0; !from && i < r->c->n_calls; i++)
		b->cols[r->c->calls[i].col] = (struct column){.type = T_NULL};
	for (unsigned row = from; row < to; row++) {
		bool selected = k < b->n_sel && batch_row(b, k) == row;

		compute_here(r, b, p, row, k, selected);
		k += selected;
		if (selected)
			rows[n++] = (uint16_t)row;
		if (!w || !b->time || !watermark_see(w, b->time[row]) ||
		    r->run.ends)
			continue;
		pass_on(r, b, rows, n);
		rows += n;
		n = 0;
		r->run.forward(&r->run, w->now);
	}
	pass_on(r, b, rows, n);
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

/* Rows that still wait for others get what there is, in order. */
static void
put_rest(struct running *r)
{
	struct kept_row **rows = NULL;
	size_t n = 0, cap = 0;

	for (size_t i = 0; i < r->keys.n; i++) {
		struct over_key *k = (void *)r->keys.cells[i]->bytes;

		for (uint64_t at = k->next; at < k->end; at++) {
			mem_grow(&rows, &cap, n + 1, sizeof(void *));
			rows[n++] = over_row(k, at);
		}
	}
	if (n && r->c->mode == OVER_TIME)
		qsort_r(rows, n, sizeof *rows, by_order, r);
	else if (n)
		qsort(rows, n, sizeof *rows, by_turn);
	for (size_t i = 0; i < n; i++)
		put_ready(r, rows[i]->owner, rows[i]->at);
	mem_free(rows);
}

/* All rows, each key's in its order; they come out as they came. */
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
	mem_free(sorted);
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
		unsigned at = kept_put(&r->kept, r->all[i]);

		put_results(r, r->all[i]->results, at);
		kept_let_carry_go(r->all[i]);
	}
	r->n_all = 0;
}

static void
finish(struct running *r)
{
	r->final = true;
	if (r->c->mode == OVER_END)
		compute_all(r);
	while (r->n_pending) {
		struct kept_row *row = pending_pop(r);

		over_append(r->c, row->owner, row);
	}
	if (!r->c->at_once)
		put_rest(r);
	r->head = r->n_turns = 0;
	flush(r);
	r->run.forward(&r->run, WHEN_MAX);
}

/* ---- the step ---- */

static struct op_run *
running_open(const struct op *op)
{
	const struct over_config *c = op->config;
	struct running *r = mem_zalloc(sizeof *r);

	r->run.op = op;
	r->c = c;
	r->now = r->forwarded = WHEN_MIN;
	r->out = mem_array(c->n_calls, sizeof *r->out);
	r->tracks = !c->at_once && !c->whole && c->mode != OVER_END &&
		    (c->ahead || c->mode == OVER_ARRIVAL ||
			(c->framed && c->frame.to.kind == BOUND_FOLLOWING &&
			    c->frame.unit != FRAME_RANGE));
	table_init(&r->keys, c->cell_bytes);
	arena_init(&r->results, 4096);
	kept_init(&r->kept, op, c->n_slots, !c->at_once);
	return &r->run;
}

static void
running_apply(struct op_run *run, struct batch *b, void *prepared,
    unsigned from, unsigned to, struct watermark *w)
{
	struct running *r = (struct running *)run;

	if (r->c->at_once)
		apply_at_once(r, b, prepared, from, to, w);
	else
		apply_held(r, b, prepared, from, to, w);
}

static void
running_advance(struct op_run *run, int64_t w)
{
	struct running *r = (struct running *)run;

	r->now = w;
	if (w == WHEN_MAX) {
		finish(r);
		return;
	}
	if (r->c->mode == OVER_TIME)
		drain(r);
	flush(r);
	forward(r, w);
}

static void
running_close(struct op_run *run)
{
	struct running *r = (struct running *)run;
	struct heap_item item;

	while (heap_pop(&r->behind, &item)) {
		struct kept_row *row = item.item;

		row->held = false;
		if (row->gone)
			kept_drop(&r->kept, row);
	}
	heap_release(&r->behind);
	for (size_t i = 0; i < r->n_pending; i++)
		kept_drop(&r->kept, r->pending[i]);
	for (size_t i = 0; i < r->n_all; i++)
		kept_drop(&r->kept, r->all[i]);
	for (size_t i = 0; i < r->keys.n; i++)
		over_key_release(
		    r->c, (void *)r->keys.cells[i]->bytes, &r->kept);
	table_release(&r->keys);
	arena_release(&r->results);
	kept_release(&r->kept);
	mem_free(r->pending);
	mem_free(r->turns);
	mem_free(r->all);
	mem_free(r->out);
	mem_free(r);
}

/* ---- explain ---- */

static void
put_after(const struct over_config *c, struct buf *out)
{
	char text[64];

	if (c->after) {
		buf_lit(out, " + ");
		buf_add(out, text,
		    (size_t)(when_put_duration(text, c->after) - text));
	}
}

static void
running_when(const struct op *op, struct buf *out)
{
	const struct over_config *c = op->config;
	bool waits = c->ahead || (c->framed && !c->after &&
				     c->frame.to.kind == BOUND_FOLLOWING);

	if (c->mode == OVER_END || c->whole ||
	    (c->mode == OVER_TIME && c->lateness == WHEN_MAX)) {
		buf_lit(out, "when the input ends, ");
		buf_addz(out, c->mode == OVER_TIME ? "in order of event time"
						   : "in the order they came");
		return;
	}
	if (c->at_once) {
		buf_lit(out, "each row at once");
		return;
	}
	if (c->mode == OVER_TIME) {
		buf_lit(out, "when the watermark passes the row's time");
		put_after(c, out);
		if (waits)
			buf_lit(out, " and the rows it looks ahead to are "
				     "there");
		return;
	}
	buf_lit(out, "when the rows it looks ahead to are there, in the order "
		     "they came");
}

static void
put_frame(const struct over_config *c, struct buf *out)
{
	const struct frame_bound *from = &c->frame.from;

	if (c->framed && from->kind == BOUND_PRECEDING) {
		buf_lit(out, ", and the rows of ");
		if (c->frame.unit == FRAME_RANGE)
			buf_lit(out, "the range before the last");
		else
			buf_printf(out, "the last %llu %s",
			    (unsigned long long)from->n,
			    c->frame.unit == FRAME_ROWS ? "places"
							: "groups of peers");
	}
	if (c->behind)
		buf_printf(out, ", and the last %llu row%s",
		    (unsigned long long)c->behind, c->behind == 1 ? "" : "s");
}

static void
running_explain(const struct op *op, struct buf *out)
{
	const struct over_config *c = op->config;

	if (c->mode == OVER_END || c->whole) {
		buf_lit(out, "all rows, until the input ends");
		return;
	}
	buf_printf(out, "one cell per key, %u bytes each", c->cell_bytes + 16);
	put_frame(c, out);
	if (c->mode == OVER_TIME)
		buf_lit(out, "; rows wait until the watermark has passed "
			     "them, and are late when their key has");
}

// clang-format off
static const struct param running_params[] = {
	{"by", PARAM_EXPRS, false, "The keys: each has rows of its own."},
	{"frame", PARAM_FRAME, false,
	    "The rows a function looks at, such as rows 9 preceding or range "
	    "between 5m preceding and current row."},
	{"order", PARAM_ORDER, false,
	    "What rows are ordered by: expressions, each with asc or desc."},
	{"select", PARAM_NAMED, true,
	    "Columns to add: functions over the rows around, and expressions "
	    "with them."},
};

const struct op_kind op_running = {
	.name = "running",
	.doc = "Add columns that look at the rows around (SQL's OVER).",
	.about =
	    "Every row stays and gets columns: row_number, rank, lag, lead and "
	    "their like, and any aggregate, over rows with the same keys. "
	    "Without an order rows count as they arrive, and come out in that "
	    "order, at once unless something looks ahead. Ordered by event time, ascending, "
	    "rows come out in that order, when the watermark has passed them "
	    "(without a stated lateness: when the input ends); a row is late "
	    "when its key has gone past its time. In any other order rows come "
	    "out when the input ends, in the order they came. The frame says "
	    "which rows an aggregate, first_value, last_value and nth_value "
	    "see: without one, all up to the row's last peer if there is an "
	    "order, else all rows of the key.",
	.example =
	    "- running: {mean: avg(ms), before: lag(ms), n: row_number()}\n"
	    "  by: [host]\n"
	    "  order: [ts]\n"
	    "  frame: rows 9 preceding\n",
	.params = running_params,
	.n_params = sizeof running_params / sizeof *running_params,
	.primary = "select",
	.waits = WAITS_WATERMARK,
	.bind = over_bind,
	.prepare = running_prepare,
	.open = running_open,
	.apply = running_apply,
	.advance = running_advance,
	.close = running_close,
	.explain = running_explain,
	.when = running_when,
};
// clang-format on

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
#include "op/running.h"

#include "base/mem.h"
#include "op/keys.h"
#include "op/over_live.h"
#include "op/show.h"

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

void *
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

void
running_slots(const struct over_config *c, const struct batch *b,
    const struct running_prep *p, unsigned row, struct value *out)
{
	for (unsigned i = 0; i < c->n_slots; i++) {
		const struct over_slot *s = &c->slots[i];

		if (!s->expr)
			out[i] =
			    b->time ? value_time(b->time[row]) : VALUE_NULL;
		else if (s->filter != SLOT_NONE && !is_true(out[s->filter]))
			out[i] = VALUE_NULL;
		else
			out[i] = column_get(&p->slots[i], row);
	}
}

struct kept_row *
running_row(struct running *r, const struct batch *b,
    const struct running_prep *p, unsigned row)
{
	const struct over_config *c = r->c;
	struct value slots[64], *v = slots;
	struct kept_row *new;

	if (c->n_slots > 64)
		v = arena_array(b->arena, c->n_slots, sizeof *v);
	running_slots(c, b, p, row, v);
	new = kept_take(&r->kept, b, row, v);
	new->arrival = r->arrivals++;
	return new;
}

struct over_key *
running_key(struct running *r, const struct batch *b,
    const struct running_prep *p, unsigned k)
{
	unsigned row = batch_row(b, k);
	struct over_key *key;

	ttl_keys_check(&r->ttl, p->keys.keys[k], p->keys.hashes[k], r->now);
	ttl_keys_touch(&r->ttl, p->keys.keys[k],
	    b->time ? b->time[row] : WHEN_MIN, r->now);
	key = (void *)table_cell(&r->keys, p->keys.keys[k], p->keys.hashes[k])
		  ->bytes;
	if (!key->heap_most)
		over_key_init(r->c, key);
	r->run.counts.keys = r->keys.n - r->keys.n_gone;
	return key;
}

/* The key has been quiet for long: its next row is the first again. */
static void
forget(void *run, struct str key, uint64_t hash)
{
	struct running *r = run;
	struct cell *cell = table_find(&r->keys, key, hash);
	struct over_key *k;

	if (!cell)
		return;
	k = (void *)cell->bytes;
	if (k->next < k->end) {
		/* Rows of it wait for others. */
		ttl_keys_touch(&r->ttl, key, WHEN_MIN, r->now);
		return;
	}
	if (k->far)
		over_far_drop(k);
	for (; k->base < k->end; k->base++)
		kept_drop(&r->kept, over_row(k, k->base));
	r->keys.held -= k->counted;
	over_key_release(r->c, k, &r->kept);
	memset(cell->bytes, 0, r->keys.cell_bytes);
	table_remove(&r->keys, cell);
}

/* ---- batches that pass through ---- */

void
running_items(struct running *r, struct batch *b)
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
		running_items(r, &view);
		if (!view.n_bad)
			view.raw = b->raw;
	}
	r->run.emit(&r->run, &view);
	b->n_filtered = view.n_filtered;
	if (r->c->n_items)
		mem_free(view.bad);
}

static void
compute_here(struct running *r, struct batch *b, const struct running_prep *p,
    unsigned row, unsigned k, bool selected)
{
	const struct over_config *c = r->c;
	struct over_key *key;
	struct kept_row *new;

	if (selected) {
		key = running_key(r, b, p, k);
		new = running_row(r, b, p, row);
		over_append(c, key, new);
		kept_place(
		    &r->kept, new, cell_of_bytes((char *)key), 0, new->at);
		running_grown(r, key);
		over_compute(c, key, r->out, b->arena);
		/* A row of a block may be in the state alone by now. */
		if (!key->far)
			running_came_out(c, new);
		over_trim(c, key, &r->kept);
		running_count(r, key);
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
		if (!w || !b->time || !watermark_see(w, b->time[row]))
			continue;
		r->now = w->now;
		ttl_keys_advance(&r->ttl, r->now);
		if (r->run.ends)
			continue;
		pass_on(r, b, rows, n);
		rows += n;
		n = 0;
		r->run.forward(&r->run, w->now);
	}
	pass_on(r, b, rows, n);
}

/* ---- the step ---- */

static bool
is_live(const struct op *op)
{
	return ((const struct over_config *)op->config)->live;
}

static void *
prepare(const struct op *op, struct eval *ev, struct batch *b)
{
	return is_live(op) ? over_live_prepare(op, ev, b)
			   : running_prepare(op, ev, b);
}

static struct op_run *
running_open(const struct op *op)
{
	const struct over_config *c = op->config;
	struct running *r;

	if (c->live)
		return over_live_open(op);
	r = mem_zalloc(sizeof *r);
	r->run.op = op;
	r->c = c;
	r->now = r->forwarded = r->passed = WHEN_MIN;
	r->far_rows = SIZE_MAX;
	r->later.next = WHEN_MAX;
	r->out = mem_array(c->n_calls, sizeof *r->out);
	r->tracks = op->heeded && !c->at_once && c->mode != OVER_END &&
		    (c->ahead || c->mode == OVER_ARRIVAL ||
			(c->framed && c->frame.to.kind == BOUND_FOLLOWING &&
			    c->frame.unit != FRAME_RANGE));
	table_init(&r->keys, c->cell_bytes);
	r->keys.flat = c->at_once;
	ttl_keys_init(&r->ttl, c->ttl, forget, r);
	arena_init(&r->results, 4096);
	kept_init(&r->kept, op, c->n_slots, !c->at_once);
	return &r->run;
}

static void
running_apply(struct op_run *run, struct batch *b, void *prepared,
    unsigned from, unsigned to, struct watermark *w)
{
	struct running *r = (struct running *)run;
	const struct running_prep *p = prepared;

	if (r->c->live) {
		over_live_apply(run, b, prepared, from, to, w);
		return;
	}
	keys_fetch(&r->keys, b, p->keys.keys, p->keys.hashes, from, to);
	ttl_keys_fetch(&r->ttl, b, p->keys.keys, p->keys.hashes, from, to);
	if (r->c->at_once)
		apply_at_once(r, b, prepared, from, to, w);
	else
		running_apply_held(r, b, prepared, from, to, w);
	kept_settle(&r->kept);
	r->far_rows = running_far_rows(r, &r->kept);
	if (r->n_all && running_spills(r) &&
	    kept_bytes(&r->kept) > state_room(r->state))
		running_let_all_go(r);
}

static void
running_advance(struct op_run *run, int64_t w)
{
	struct running *r = (struct running *)run;

	if (r->c->live) {
		over_live_advance(run, w);
		return;
	}
	r->now = w;
	if (w == WHEN_MAX) {
		running_finish(r);
		return;
	}
	running_advance_held(r);
	ttl_keys_advance(&r->ttl, w);
}

static void
running_close(struct op_run *run)
{
	struct running *r = (struct running *)run;

	if (r->c->live) {
		over_live_close(run);
		return;
	}
	kept_leave(&r->kept);
	running_release_held(r);
	for (size_t i = 0; i < r->keys.n; i++)
		over_key_release(
		    r->c, (void *)r->keys.cells[i]->bytes, &r->kept);
	agenda_release(&r->later);
	table_release(&r->keys);
	ttl_keys_release(&r->ttl);
	arena_release(&r->results);
	kept_release(&r->kept);
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

	if (c->live) {
		buf_lit(out, "each row at once, and again when its results "
			     "change");
		return;
	}
	if (c->mode == OVER_END ||
	    (c->mode == OVER_TIME && c->lateness == WHEN_MAX)) {
		buf_lit(out, "when the input ends, ");
		buf_addz(out, c->mode == OVER_TIME || c->in_order
				  ? "in order of event time"
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

	if (c->live) {
		buf_lit(out, "all rows of each key, in order");
		return;
	}
	if (c->mode == OVER_END) {
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
	    "order, at once unless something looks ahead. Ordered by event "
	    "time, ascending, rows come out in that order, when the "
	    "watermark has passed them "
	    "(without a stated lateness: when the input ends); a row is late "
	    "when its key has gone past its time. In any other order rows come "
	    "out when the input ends, in the order they came. In the output "
	    "modes that show changes (-m changelog, upsert, every) a row that "
	    "would wait for the end comes at once, and again when rows that "
	    "come later change its results; so it is with all rows where rows "
	    "before the step may be taken back. All rows are held then, and "
	    "modes upsert and every need a key, without which rows "
	    "come at the end as before. The frame says "
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
	.forgets =
	    "a key is forgotten so long after its last row: what has come out "
	    "stays, and the next row is the first again. Rows that wait for "
	    "later ones keep their key. What comes at the end is all kept",
	.primary = "select",
	.waits = WAITS_WATERMARK,
	.bind = over_bind,
	.changes = CHANGES_LIVE,
	.prepare = prepare,
	.open = running_open,
	.apply = running_apply,
	.advance = running_advance,
	.close = running_close,
	.schema = running_schema,
	.restore = running_restore,
	.save = running_save,
	.show = show_kept,
	.explain = running_explain,
	.when = running_when,
};
// clang-format on

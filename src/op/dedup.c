/* SPDX-License-Identifier: MIT */
/*
 * dedup: one row of each key, the first or the last.
 *
 * By order of arrival, the first row of a key goes on at once and all that is
 * kept is that the key has come. The first by event time is known when the
 * watermark has passed it; until then a row of an earlier time takes its
 * place. Everything else is known when the input has ended. Where every change
 * of the result is wanted, top_live.c does all but the first of these.
 *
 * With a time to live a key whose row went on at once is forgotten so much
 * later, and its next row goes on again (Flink: state.ttl, stamped when it is
 * made).
 */
#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "op/dedup.h"
#include "op/kept_sort.h"
#include "op/keys.h"

/* ---- binding ---- */

static int
bind_keep(const struct op *op, const struct bind *b, struct dedup_config *c)
{
	const struct arg *keep = op_arg(op, "keep");
	static const struct str known[] = {STR("first"), STR("last")};

	if (!keep || str_eq(keep->items[0].name, known[0]))
		return 0;
	c->last = str_eq(keep->items[0].name, known[1]);
	if (c->last)
		return 0;
	err_set(b->err, ERR_SPEC, keep->items[0].where,
	    "what is kept is first or last, not \"%.*s\"",
	    STR_ARG(keep->items[0].name));
	return err_suggest(b->err, keep->items[0].name, known, 2);
}

static int
bind_order(struct op *op, const struct bind *b, struct scope *scope,
    struct dedup_config *c)
{
	const struct arg *order = op_arg(op, "order");
	bool by_time = false;

	c->n_orders = order ? order->n_items : 0;
	c->orders = arena_array(b->arena, c->n_orders, sizeof *c->orders);
	c->exprs = arena_zalloc(b->arena, c->n_orders * sizeof *c->exprs);
	for (unsigned i = 0; i < c->n_orders; i++) {
		const struct arg_item *item = &order->items[i];

		c->orders[i] =
		    (struct kept_order){item->descending, item->nulls_first};
		if (flow_is_time(&op->in, item->node, b)) {
			if (op->in.scan)
				op->in.scan->needs_time = true;
			by_time |= !i && item->descending == c->last;
			continue;
		}
		c->exprs[i] = expr_bind(item->node, scope, b->arena, b->err);
		if (!c->exprs[i])
			return -1;
	}
	c->way = !c->n_orders ? c->last ? DEDUP_AT_END : DEDUP_AT_ONCE
		 : by_time    ? DEDUP_BY_TIME
			      : DEDUP_AT_END;
	op->acts = c->way == DEDUP_BY_TIME;
	return 0;
}

static int64_t
stated_lateness(const struct op *op, const struct bind *b)
{
	return op->in.scan ? op->in.scan->lateness : b->lateness;
}

/* The best row by the order, which runs backwards for the last. */
static int
bind_live(struct op *op, const struct bind *b, struct dedup_config *c)
{
	struct top_live *live;

	if (!op->live || (c->way == DEDUP_AT_ONCE && !op->in.changes))
		return 0;
	live = arena_zalloc(b->arena, sizeof *live);
	*live = (struct top_live){
	    .rule = {.orders = c->orders, .n_orders = c->n_orders, .limit = 1},
	    .keys = c->keys,
	    .n_keys = c->n_keys,
	    .exprs = c->exprs,
	    .last = c->last,
	    .from = 1,
	    .rank_col = COL_RECORD,
	    .filters = true,
	    .timed = c->way == DEDUP_BY_TIME};
	c->live = live;
	op->acts = live->timed && !op->in.changes &&
		   stated_lateness(op, b) != WHEN_MAX;
	return top_live_bind(op, b, op_arg(op, "by"), live);
}

static int
dedup_bind(struct op *op, const struct bind *b)
{
	struct dedup_config *c = arena_zalloc(b->arena, sizeof *c);
	struct scope scope;

	op->config = c;
	op->out = op->in;
	c->lateness = b->lateness;
	if (refuse_updates(op, b))
		return -1;
	flow_scope(&op->in, b, &scope);
	c->keys = bind_list(op_arg(op, "by"), &scope, b, &c->n_keys);
	if (!c->keys || bind_keep(op, b, c) || bind_order(op, b, &scope, c))
		return -1;
	if (bind_live(op, b, c))
		return -1;
	if (c->live || c->way == DEDUP_AT_END)
		return 0;
	c->ttl = b->ttl;
	return op_forgets(op, b);
}

static void *
dedup_prepare(const struct op *op, struct eval *ev, struct batch *b)
{
	const struct dedup_config *c = op->config;
	struct row_values *p;

	if (c->live)
		return top_live_prepare(c->live, op, ev, b);
	p = arena_alloc(b->arena, sizeof *p);
	row_values_make(p, c->keys, c->n_keys, c->exprs, c->n_orders, ev, b);
	return p;
}

/* ---- rows in ---- */

static struct dedup_cell *
cell_of(struct dedup_run *r, const struct row_values *p, unsigned k)
{
	struct cell *cell =
	    table_cell(&r->keys, p->keys.keys[k], p->keys.hashes[k]);

	r->run.counts.keys = r->keys.n - r->keys.n_gone;
	return (void *)cell->bytes;
}

/*
 * Of equal rows the first that came is the first, and the last that came the
 * last: Flink's rule.
 */
static bool
is_better(const struct dedup_config *c, const struct value *slots,
    const struct kept_row *old)
{
	int d = kept_order(c->orders, c->n_orders, slots, old->slots);

	return c->last ? d >= 0 : d < 0;
}

static void
replace(struct dedup_run *r, struct dedup_cell *cell, const struct batch *b,
    unsigned row, const struct value *slots)
{
	if (cell->row)
		kept_drop(&r->kept, cell->row);
	cell->row = kept_take(&r->kept, b, row, slots);
	cell->row->arrival = r->arrivals;
	cell->time = cell->row->time;
	if (r->c->way != DEDUP_BY_TIME)
		return;
	if (r->state)
		agenda_put(&r->agenda, cell->time,
		    cell_key(&r->keys, cell_of_bytes((char *)cell)),
		    (struct str){"", 0});
	else
		heap_push(&r->due, cell->time, cell);
}

/* A key that is out: its first row has come too late, or it is one more. */
static void
refuse(struct dedup_run *r, const struct dedup_cell *cell, struct batch *b,
    unsigned row)
{
	if (b->time && b->time[row] < cell->time) {
		r->run.counts.late++;
		r->run.late(&r->run, b, row);
	} else {
		b->n_filtered++;
	}
}

static void
take(struct dedup_run *r, struct batch *b, const struct row_values *p,
    unsigned row, unsigned k)
{
	const struct dedup_config *c = r->c;
	struct dedup_cell *cell;
	struct value slots[16], *v = slots;

	ttl_keys_check(&r->ttl, p->keys.keys[k], p->keys.hashes[k], r->now);
	cell = cell_of(r, p, k);
	r->arrivals++;
	if (cell->out) {
		refuse(r, cell, b, row);
		return;
	}
	if (c->n_orders > 16)
		v = arena_array(b->arena, c->n_orders, sizeof *v);
	for (unsigned i = 0; i < c->n_orders; i++)
		v[i] = c->exprs[i] ? column_get(&p->orders[i], row)
		       : b->time   ? value_time(b->time[row])
				   : VALUE_NULL;
	if (cell->row)
		b->n_filtered++;
	if (cell->row && !is_better(c, v, cell->row))
		return;
	replace(r, cell, b, row, v);
	ttl_keys_touch(&r->ttl, p->keys.keys[k], cell->time, r->now);
}

/* ---- rows out ---- */

static void
flush(struct dedup_run *r)
{
	if (r->kept.out->n_rows)
		r->run.emit(&r->run, r->kept.out);
	r->kept.out->n_rows = 0;
}

static int
by_time(const void *a, const void *b)
{
	const struct kept_row *x = *(struct kept_row *const *)a;
	const struct kept_row *y = *(struct kept_row *const *)b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->arrival < y->arrival ? -1 : x->arrival > y->arrival;
}

static int
by_arrival(void *arg, const struct kept_row *a, const struct kept_row *b)
{
	(void)arg;
	return a->arrival < b->arrival ? -1 : a->arrival > b->arrival;
}

static void
make_ready(struct dedup_run *r, struct dedup_cell *cell)
{
	mem_grow(&r->ready, &r->cap_ready, r->n_ready + 1, sizeof(void *));
	r->ready[r->n_ready++] = cell->row;
	cell->row = NULL;
	cell->out = true;
	table_touch(&r->keys, cell_of_bytes((char *)cell));
}

static void
put_ready(struct dedup_run *r)
{
	if (r->n_ready)
		qsort(r->ready, r->n_ready, sizeof *r->ready, by_time);
	for (size_t i = 0; i < r->n_ready; i++) {
		kept_put(&r->kept, r->ready[i]);
		kept_drop(&r->kept, r->ready[i]);
		if (r->kept.out->n_rows == BATCH_ROWS)
			flush(r);
	}
	r->n_ready = 0;
}

/* Cells whose row no other can go before any more. */
static void
fire(struct dedup_run *r, int64_t w)
{
	struct heap_item item;

	while (r->due.n && (heap_next(&r->due) < w || w == WHEN_MAX) &&
	       heap_pop(&r->due, &item)) {
		struct dedup_cell *cell = item.item;

		if (cell->row && cell->time == item.at)
			make_ready(r, cell);
	}
	put_ready(r);
}

/* Rows beyond which those that are ready go on before others are looked for. */
#define READY_MOST 1024

/* The same where the agenda knows the cells. */
static void
fire_stored(struct dedup_run *r, int64_t w)
{
	int64_t last = w == WHEN_MAX ? w : w - 1, at = WHEN_MIN;
	struct agenda_item item;

	while (agenda_take(&r->agenda, last, &item)) {
		struct dedup_cell *cell;
		struct cell *c;

		if (r->n_ready > READY_MOST && item.at > at) {
			put_ready(r);
			table_settle(&r->keys);
		}
		at = item.at;
		c = table_find(
		    &r->keys, item.key, hash_bytes(item.key.p, item.key.n));
		cell = c ? (void *)c->bytes : NULL;
		if (cell && cell->row && cell->time == at)
			make_ready(r, cell);
	}
	put_ready(r);
}

/* All rows, as they came. */
static void
fire_all(struct dedup_run *r)
{
	struct table_walk *walk = table_walk_begin(&r->keys);
	struct kept_sort sort;
	struct kept_row *row;
	struct cell *c;

	kept_sort_init(&sort, &r->kept, "runs", by_arrival, NULL);
	while ((c = table_walk_next(walk))) {
		struct dedup_cell *cell = (void *)c->bytes;

		if (!cell->row)
			continue;
		kept_sort_add(&sort, cell->row);
		cell->row = NULL;
		cell->out = true;
		table_touch(&r->keys, c);
	}
	table_walk_end(walk);
	while ((row = kept_sort_next(&sort))) {
		kept_put(&r->kept, row);
		if (r->kept.out->n_rows == BATCH_ROWS)
			flush(r);
	}
	kept_sort_release(&sort);
}

/* ---- running ---- */

/* Its row is out: the watermark is beyond that, and beyond what was due. */
static void
forget(void *run, struct str key, uint64_t hash)
{
	struct dedup_run *r = run;
	struct cell *c = table_find(&r->keys, key, hash);

	if (c && !((const struct dedup_cell *)(void *)c->bytes)->row)
		table_remove(&r->keys, c);
}

static struct op_run *
dedup_open(const struct op *op)
{
	const struct dedup_config *c = op->config;
	struct dedup_run *r;

	if (c->live)
		return top_live_open(c->live, op);
	r = mem_zalloc(sizeof *r);
	r->run.op = op;
	r->c = c;
	r->now = WHEN_MIN;
	r->agenda.next = WHEN_MAX;
	table_init(&r->keys, (sizeof(struct dedup_cell) + 15) & ~15u);
	ttl_keys_init(
	    &r->ttl, c->ttl, c->way == DEDUP_AT_ONCE ? NULL : forget, r);
	kept_init(&r->kept, op, c->n_orders, c->way != DEDUP_AT_ONCE);
	return &r->run;
}

/* Has its key come before, and been kept since? From now on it has. */
static bool
has_come(struct dedup_run *r, const struct batch *b, const struct row_values *p,
    unsigned row, unsigned k)
{
	struct dedup_cell *cell;
	bool come;

	if (r->c->ttl)
		return ttl_keys_come(&r->ttl, p->keys.keys[k],
		    b->time ? b->time[row] : WHEN_MIN, r->now);
	cell = cell_of(r, p, k);
	come = cell->come;
	cell->come = true;
	return come;
}

/* The watermark has risen. */
static void
forget_old(struct dedup_run *r)
{
	ttl_keys_advance(&r->ttl, r->now);
	if (r->c->ttl && r->c->way == DEDUP_AT_ONCE)
		r->run.counts.keys = ttl_count(&r->ttl.cells);
}

static void
apply_at_once(struct dedup_run *r, struct batch *b, const struct row_values *p,
    unsigned from, unsigned to, struct watermark *w)
{
	uint16_t *rows = arena_array(b->arena, to - from + 1, sizeof *rows);
	unsigned n = 0, k = op_selected_from(b, from);

	for (unsigned row = from; row < to; row++) {
		if (k < b->n_sel && batch_row(b, k) == row) {
			if (has_come(r, b, p, row, k++))
				b->n_filtered++;
			else
				rows[n++] = (uint16_t)row;
		}
		if (!w || !b->time || !watermark_see(w, b->time[row]))
			continue;
		r->now = w->now;
		forget_old(r);
		if (r->run.ends)
			continue;
		op_pass(&r->run, b, rows, n);
		rows += n;
		n = 0;
		r->run.forward(&r->run, w->now);
	}
	op_pass(&r->run, b, rows, n);
}

static void
dedup_advance(struct op_run *run, int64_t w)
{
	struct dedup_run *r = (struct dedup_run *)run;

	if (dedup_live(run->op)) {
		top_live_advance(run, w);
		return;
	}
	r->now = w;
	if (r->c->way == DEDUP_AT_END && w != WHEN_MAX)
		return;
	if (r->c->way == DEDUP_BY_TIME && r->state)
		fire_stored(r, w);
	else if (r->c->way == DEDUP_BY_TIME)
		fire(r, w);
	else if (w == WHEN_MAX)
		fire_all(r);
	forget_old(r);
	flush(r);
	run->forward(run, w);
}

static void
dedup_apply(struct op_run *run, struct batch *b, void *prepared, unsigned from,
    unsigned to, struct watermark *w)
{
	struct dedup_run *r = (struct dedup_run *)run;
	const struct row_values *p = prepared;
	unsigned k = op_selected_from(b, from);

	if (dedup_live(run->op)) {
		top_live_apply(run, b, prepared, from, to, w);
		return;
	}
	keys_fetch(&r->keys, b, p->keys.keys, p->keys.hashes, from, to);
	ttl_keys_fetch(&r->ttl, b, p->keys.keys, p->keys.hashes, from, to);
	if (r->c->way == DEDUP_AT_ONCE) {
		apply_at_once(r, b, prepared, from, to, w);
		return;
	}
	for (unsigned row = from; row < to; row++) {
		if (k < b->n_sel && batch_row(b, k) == row)
			take(r, b, prepared, row, k++);
		if (r->due.n && heap_next(&r->due) < r->now)
			fire(r, r->now);
		if (r->agenda.next < r->now)
			fire_stored(r, r->now);
		if (w && b->time && watermark_see(w, b->time[row]))
			dedup_advance(run, w->now);
	}
	flush(r);
	kept_settle(&r->kept);
}

static void
dedup_close(struct op_run *run)
{
	struct dedup_run *r = (struct dedup_run *)run;

	if (dedup_live(run->op)) {
		top_live_close(run);
		return;
	}
	kept_leave(&r->kept);
	for (size_t i = 0; i < r->keys.n; i++) {
		struct dedup_cell *cell = (void *)r->keys.cells[i]->bytes;

		if (cell->row)
			kept_drop(&r->kept, cell->row);
	}
	heap_release(&r->due);
	agenda_release(&r->agenda);
	table_release(&r->keys);
	ttl_keys_release(&r->ttl);
	kept_release(&r->kept);
	mem_free(r->ready);
	mem_free(r);
}

static void
dedup_when(const struct op *op, struct buf *out)
{
	const struct dedup_config *c = op->config;

	if (c->way == DEDUP_AT_ONCE)
		buf_lit(out, "each row at once");
	else if (c->way == DEDUP_BY_TIME && c->lateness != WHEN_MAX)
		buf_lit(out, "when the watermark passes the row's time");
	else
		buf_lit(out, "when the input ends");
}

static void
dedup_explain(const struct op *op, struct buf *out)
{
	const struct dedup_config *c = op->config;

	if (c->live) {
		top_live_explain(c->live, out);
		return;
	}
	buf_addz(out, c->way == DEDUP_AT_ONCE
			  ? "every key that has come"
			  : "every key that has come, and a row of each until "
			    "it comes out");
}

// clang-format off
static const struct param dedup_params[] = {
	{"by", PARAM_EXPRS, true, "The keys: one row of each comes out."},
	{"keep", PARAM_NAMES, false,
	    "first (which it is if nothing is said) or last."},
	{"order", PARAM_ORDER, false,
	    "What they are first or last by; without it, by arrival."},
};

const struct op_kind op_dedup = {
	.name = "dedup",
	.doc = "Keep one row of each key, the first or the last.",
	.about =
	    "The first to arrive comes out at once. The first by event time "
	    "comes out when the watermark has passed it, in order of event "
	    "time. Otherwise the rows come out when the input ends, in the "
	    "order they came. Of equal rows the first is the one that came "
	    "first, the last the one that came last. The others count as "
	    "filtered. In the output modes that show changes (-m changelog, "
	    "upsert, every) each row that is the one so far comes at once, and "
	    "takes the place of the one before.",
	.example = "- dedup: [user, event_id]\n",
	.params = dedup_params,
	.n_params = sizeof dedup_params / sizeof *dedup_params,
	.grows = "every key is kept",
	.remedy = "only for inputs that end",
	.forgets =
	    "a key whose first row has come is forgotten so long after that; "
	    "by event time so long after its row came; where rows replace one "
	    "another, so long after the last that did. Its next row is the "
	    "first again. Rows that come at the end are all kept",
	.primary = "by",
	.waits = WAITS_WATERMARK,
	.changes = CHANGES_LIVE,
	.bind = dedup_bind,
	.prepare = dedup_prepare,
	.open = dedup_open,
	.apply = dedup_apply,
	.advance = dedup_advance,
	.close = dedup_close,
	.schema = dedup_schema,
	.restore = dedup_restore,
	.save = dedup_save,
	.show = dedup_show,
	.explain = dedup_explain,
	.when = dedup_when,
};
// clang-format on

/* SPDX-License-Identifier: MIT */
/*
 * The best rows of each key, row by row; see top_live.h.
 *
 * As in Flink's AppendOnlyTopNFunction and RetractableTopNFunction: where rows
 * only come, a key has the best ones and no other; where they may be taken
 * back, it has all of them. A change is told by comparing what a key shows
 * before and after it. With a rank of its own each row is at a place, and who
 * moves there replaces who was there (-U, +U); without one only those rows are
 * told that enter and leave. An update that comes in both its halves from a
 * step is one change.
 *
 * What is taken back is found by its identity, and equal rows are in the order
 * they would have at the end of input (live_rows.h).
 */
#include "op/top_live.h"

#include "base/mem.h"
#include "op/keys.h"
#include "op/live_rows.h"
#include "op/standing.h"
#include "op/written.h"

/* Rows and ranks a key shows. */
struct shown {
	struct shown_row {
		struct kept_row *row;
		uint64_t rank;
	} * rows;
	size_t n, cap;
};

struct live_run {
	struct op_run run; /* first */
	const struct top_live *c;
	struct live_order order;
	struct table keys; /* cell: struct live_rows: all, or the best ones */
	struct ttl_keys ttl;
	struct kept kept;
	uint64_t arrivals;
	int64_t now;

	/* The key that changes; NULL: none does. */
	struct live_rows *changing;
	struct shown before, after;
	struct kept_row **gone; /* dropped when the change has been told */
	size_t n_gone, cap_gone;

	struct state_step *state; /* NULL: no state is kept */
};

struct live_prep {
	struct row_values values;
	struct standing_prep *same; /* identities, where rows are taken back */
};

/* ---- binding ---- */

/* The keys are columns: they tell rows apart, or do so with the rank. */
static int
key_by(struct op *op, const struct bind *b, const struct arg *by,
    const struct top_live *c, bool *found)
{
	unsigned n = by ? by->n_items : 0;
	unsigned *key = arena_array(b->arena, n + 1, sizeof *key);
	enum type type;

	*found = false;
	for (unsigned i = 0; i < n; i++)
		switch (
		    flow_pass(&op->in, by->items[i].node, b, &key[i], &type)) {
		case -1:
			return -1;
		case 0:
			return 0;
		}
	flow_hand_on(&op->in, key, n);
	*found = true;
	if (c->rank_col != COL_RECORD)
		key[n++] = c->rank_col;
	op->out.key = key;
	op->out.n_key = n;
	op->out.keyed = true;
	return 0;
}

int
top_live_bind(struct op *op, const struct bind *b, const struct arg *by,
    struct top_live *c)
{
	bool placed = c->rule.ties == RANKED_ROWS &&
		      (c->rank_col != COL_RECORD || c->from == c->rule.limit);
	bool found = false;

	c->retracts = op->in.changes;
	c->ttl = b->ttl;
	op->grows = c->retracts ? "all rows of every key are kept" : op->grows;
	if (placed && key_by(op, b, by, c, &found))
		return -1;
	if (!found) {
		op->out.keyed = flow_keyed(&op->in);
		if (op->out.keyed)
			flow_hand_on(&op->in, op->in.key, op->in.n_key);
	}
	c->by_place = placed && (found || !op->out.keyed);
	op->out.changes = true;
	op->out.steady = found && !c->retracts;
	return op_forgets(op, b);
}

void *
top_live_prepare(const struct top_live *c, const struct op *op, struct eval *ev,
    struct batch *b)
{
	struct live_prep *p = arena_alloc(b->arena, sizeof *p);
	unsigned n;

	p->same = NULL;
	/* Rows that fail are gone: both go by the rows that are left. */
	do {
		n = b->n_sel;
		if (c->retracts)
			p->same = standing_prepare(op, ev, b);
		row_values_make(&p->values, c->keys, c->n_keys, c->exprs,
		    c->rule.n_orders, ev, b);
	} while (c->retracts && b->n_sel != n);
	return p;
}

/* ---- what is shown ---- */

static bool
same_order(const struct live_run *r, const struct live_rows *l, size_t i)
{
	return i &&
	       !live_order(&r->order, l->rows[i - 1]->slots, l->rows[i]->slots);
}

/* The rank of row i, given that of the row before. */
static uint64_t
rank_of(const struct live_run *r, const struct live_rows *l, size_t i,
    uint64_t before)
{
	enum ranked_ties ties = r->c->rule.ties;

	if (ties == RANKED_ROWS || !i)
		return i + 1;
	if (same_order(r, l, i))
		return before;
	return ties == RANKED_RANK ? i + 1 : before + 1;
}

static void
show(const struct live_run *r, const struct live_rows *l, struct shown *out)
{
	uint64_t rank = 0;

	out->n = 0;
	for (size_t i = 0; i < l->n; i++) {
		rank = rank_of(r, l, i, rank);
		if (rank > r->c->rule.limit)
			return;
		if (rank < r->c->from)
			continue;
		mem_grow(&out->rows, &out->cap, out->n + 1, sizeof *out->rows);
		out->rows[out->n++] = (struct shown_row){l->rows[i], rank};
	}
}

/* ---- rows out ---- */

static void
flush(struct live_run *r)
{
	if (r->kept.out->n_rows)
		r->run.emit(&r->run, r->kept.out);
	r->kept.out->n_rows = 0;
}

static void
put(struct live_run *r, const struct shown_row *s, enum change kind)
{
	struct batch *b = r->kept.out;
	unsigned row;

	if (b->n_rows + (kind == CHANGE_BEFORE) >= BATCH_ROWS)
		flush(r);
	row = kept_put(&r->kept, s->row);
	if (!row)
		b->kind = arena_zalloc(b->arena, BATCH_ROWS);
	b->kind[row] = (uint8_t)kind;
	if (r->c->rank_col != COL_RECORD)
		column_put(&b->cols[r->c->rank_col], b->arena, row,
		    value_int((int64_t)s->rank));
}

/* Would the two be written alike? */
static bool
looks_same(const struct shown_row *a, const struct shown_row *b)
{
	return a->rank == b->rank && live_looks_same(a->row, b->row);
}

static void
put_update(struct live_run *r, const struct shown_row *old,
    const struct shown_row *new)
{
	struct shown_row a = *old, b = *new;

	if (r->c->rank_col == COL_RECORD)
		a.rank = b.rank = 0;
	if (looks_same(&a, &b))
		return;
	put(r, &a, CHANGE_BEFORE);
	put(r, &b, CHANGE_AFTER);
}

/* Place by place: whoever has one now replaces who had it. */
static void
tell_places(struct live_run *r)
{
	const struct shown *a = &r->before, *b = &r->after;

	for (size_t i = 0; i < a->n || i < b->n; i++)
		if (i >= b->n)
			put(r, &a->rows[i], CHANGE_DELETE);
		else if (i >= a->n)
			put(r, &b->rows[i], CHANGE_INSERT);
		else
			put_update(r, &a->rows[i], &b->rows[i]);
}

/* What is shown now in place of a row; NULL: nothing is. */
static const struct shown_row *
successor(const struct live_run *r, const struct shown_row *old)
{
	const struct shown *b = &r->after;

	if (old->row->first)
		return &b->rows[old->row->first - 1];
	if (!r->c->retracts || !r->run.op->out.keyed)
		return NULL;
	for (size_t i = 0; i < b->n; i++)
		if (!b->rows[i].row->group &&
		    live_same(&r->order, old->row->slots, b->rows[i].row))
			return &b->rows[i];
	return NULL;
}

/*
 * Row by row: those that leave, those that have another rank, those that enter.
 * While this is found out `group` is a row's place before, and `first` that
 * after the change, from 1.
 */
static void
tell_rows(struct live_run *r)
{
	const struct shown *a = &r->before, *b = &r->after;

	for (size_t i = 0; i < a->n; i++)
		a->rows[i].row->group = i + 1;
	for (size_t i = 0; i < b->n; i++)
		b->rows[i].row->first = i + 1;
	for (size_t i = 0; i < a->n; i++) {
		const struct shown_row *to = successor(r, &a->rows[i]);

		if (!to) {
			put(r, &a->rows[i], CHANGE_DELETE);
			continue;
		}
		to->row->group = i + 1;
		put_update(r, &a->rows[i], to);
	}
	for (size_t i = 0; i < b->n; i++)
		if (!b->rows[i].row->group)
			put(r, &b->rows[i], CHANGE_INSERT);
	for (size_t i = 0; i < a->n; i++)
		a->rows[i].row->group = a->rows[i].row->first = 0;
	for (size_t i = 0; i < b->n; i++)
		b->rows[i].row->group = b->rows[i].row->first = 0;
}

/* ---- changes of a key ---- */

static void
change_begin(struct live_run *r, struct live_rows *l)
{
	if (r->changing)
		return;
	r->changing = l;
	show(r, l, &r->before);
}

static void
change_end(struct live_run *r)
{
	show(r, r->changing, &r->after);
	if (r->c->by_place)
		tell_places(r);
	else
		tell_rows(r);
	while (r->n_gone)
		kept_drop(&r->kept, r->gone[--r->n_gone]);
	r->changing = NULL;
}

static void
take_out(struct live_run *r, struct live_rows *l, size_t at)
{
	mem_grow(&r->gone, &r->cap_gone, r->n_gone + 1, sizeof(void *));
	r->gone[r->n_gone++] = live_remove(l, at);
}

/* Where rows only come, those that no rank is left for are let go. */
static void
cut(struct live_run *r, struct live_rows *l)
{
	uint64_t rank = 0;
	size_t n = 0;

	if (r->c->rule.ties == RANKED_ROWS) {
		n = l->n < r->c->rule.limit ? l->n : (size_t)r->c->rule.limit;
	} else {
		while (n < l->n &&
		       (rank = rank_of(r, l, n, rank)) <= r->c->rule.limit)
			n++;
	}
	while (l->n > n)
		take_out(r, l, l->n - 1);
}

/* Can the row be seen at no time, whatever comes? */
static bool
is_vain(const struct live_run *r, const struct live_rows *l,
    const struct value *slots)
{
	const struct ranked_rule *rule = &r->c->rule;
	int d;

	if (!rule->limit)
		return true;
	if (r->c->retracts || rule->ties == RANKED_DENSE || l->n < rule->limit)
		return false;
	d = live_order(&r->order, slots, l->rows[l->n - 1]->slots);
	return d > 0 || (!d && rule->ties == RANKED_ROWS && !r->c->last);
}

/* False: nothing has changed by it. */
static bool
add(struct live_run *r, struct live_rows *l, const struct batch *b,
    unsigned row, const struct value *slots)
{
	uint64_t number = ++r->arrivals, arrival = number;
	struct kept_row *new;
	size_t at;

	if (is_vain(r, l, slots))
		return false;
	change_begin(r, l);
	at = live_new_place(&r->order, l, slots, &arrival);
	new = kept_take(&r->kept, b, row, slots);
	new->arrival = arrival;
	kept_place(&r->kept, new, cell_of_bytes((char *)l), 0, number);
	live_insert(l, at, new);
	if (!r->c->retracts)
		cut(r, l);
	return true;
}

static bool
take_back(struct live_run *r, struct live_rows *l, const struct value *slots)
{
	size_t at = live_find(&r->order, l, slots);

	if (at == l->n) {
		r->run.counts.astray++;
		return false;
	}
	change_begin(r, l);
	take_out(r, l, at);
	return true;
}

/* The key has been quiet for long: what is shown of it stays as it is. */
static void
forget(void *run, struct str key, uint64_t hash)
{
	struct live_run *r = run;
	struct cell *cell = table_find(&r->keys, key, hash);
	struct live_rows *l;

	if (!cell)
		return;
	l = (void *)cell->bytes;
	for (size_t i = 0; i < l->n; i++)
		kept_drop(&r->kept, l->rows[i]);
	mem_free(l->rows);
	*l = (struct live_rows){0};
	table_remove(&r->keys, cell);
}

/* ---- rows in ---- */

/* The key's row is final, and this one not it. */
static void
refuse(struct live_run *r, struct batch *b, unsigned row, int64_t time)
{
	if (b->time && b->time[row] < time) {
		r->run.counts.late++;
		r->run.late(&r->run, b, row);
	} else {
		b->n_filtered++;
	}
}

static void
read_slots(const struct live_run *r, const struct batch *b,
    const struct live_prep *p, unsigned k, struct value *out)
{
	const struct top_live *c = r->c;
	unsigned row = batch_row(b, k);

	for (unsigned i = 0; i < c->rule.n_orders; i++)
		out[i] = c->exprs[i] ? column_get(&p->values.orders[i], row)
			 : b->time   ? value_time(b->time[row])
				     : VALUE_NULL;
	if (c->retracts)
		out[c->rule.n_orders] = value_of_str(T_BYTES, p->same->keys[k]);
}

static void
take(struct live_run *r, struct batch *b, const struct live_prep *p, unsigned k)
{
	const struct top_live *c = r->c;
	struct str key = p->values.keys.keys[k];
	uint64_t hash = p->values.keys.hashes[k];
	struct value slots[16], *v = slots;
	unsigned row = batch_row(b, k);
	struct live_rows *l;
	bool changed;

	ttl_keys_check(&r->ttl, key, hash, r->now);
	l = (void *)table_cell(&r->keys, key, hash)->bytes;
	r->run.counts.keys = r->keys.n - r->keys.n_gone;
	if (c->timed && !c->retracts && l->n && l->rows[0]->time < r->now) {
		refuse(r, b, row, l->rows[0]->time);
		return;
	}
	if (c->filters && !c->retracts && l->n)
		b->n_filtered++;
	if (r->kept.n_slots > 16)
		v = arena_array(b->arena, r->kept.n_slots, sizeof *v);
	read_slots(r, b, p, k, v);
	if (c->retracts && change_takes_back(batch_change(b, row)))
		changed = take_back(r, l, v);
	else
		changed = add(r, l, b, row, v);
	if (changed)
		ttl_keys_touch(
		    &r->ttl, key, b->time ? b->time[row] : WHEN_MIN, r->now);
	if (r->changing && !live_is_half(b, &p->values.keys, k))
		change_end(r);
}

/* ---- running ---- */

struct op_run *
top_live_open(const struct top_live *c, const struct op *op)
{
	struct live_run *r = mem_zalloc(sizeof *r);

	r->run.op = op;
	r->c = c;
	r->now = WHEN_MIN;
	r->order = (struct live_order){.orders = c->rule.orders,
	    .n_orders = c->rule.n_orders,
	    .last = c->last,
	    .retracts = c->retracts,
	    .keyed = op->in.keyed,
	    .identity = c->rule.n_orders};
	table_init(&r->keys, (sizeof(struct live_rows) + 15) & ~15u);
	r->keys.flat = true;
	ttl_keys_init(&r->ttl, c->ttl, forget, r);
	kept_init(&r->kept, op, c->rule.n_orders + c->retracts, true);
	return &r->run;
}

/*
 * Windows and the like behind see the rows that are there at last, which are
 * older than what has come since: time stands still for them until the end.
 */
static bool
holds_time(const struct live_run *r)
{
	return r->run.op->awaited && !(r->c->timed && !r->c->retracts);
}

void
top_live_apply(struct op_run *run, struct batch *b, void *prepared,
    unsigned from, unsigned to, struct watermark *w)
{
	struct live_run *r = (struct live_run *)run;
	const struct live_prep *p = prepared;
	unsigned k = op_selected_from(b, from);

	keys_fetch(
	    &r->keys, b, p->values.keys.keys, p->values.keys.hashes, from, to);
	ttl_keys_fetch(
	    &r->ttl, b, p->values.keys.keys, p->values.keys.hashes, from, to);
	for (unsigned row = from; row < to; row++) {
		if (k < b->n_sel && batch_row(b, k) == row)
			take(r, b, p, k++);
		if (!w || !b->time || !watermark_see(w, b->time[row]))
			continue;
		r->now = w->now;
		ttl_keys_advance(&r->ttl, r->now);
		if (!run->op->heeded || holds_time(r))
			continue;
		flush(r);
		run->forward(run, w->now);
	}
	flush(r);
	kept_settle(&r->kept);
}

void
top_live_advance(struct op_run *run, int64_t w)
{
	struct live_run *r = (struct live_run *)run;

	r->now = w;
	ttl_keys_advance(&r->ttl, w);
	if (w == WHEN_MAX || !holds_time(r))
		run->forward(run, w);
}

void
top_live_close(struct op_run *run)
{
	struct live_run *r = (struct live_run *)run;

	kept_leave(&r->kept);
	for (size_t i = 0; i < r->keys.n; i++)
		live_release((void *)r->keys.cells[i]->bytes, &r->kept);
	table_release(&r->keys);
	ttl_keys_release(&r->ttl);
	kept_release(&r->kept);
	mem_free(r->before.rows);
	mem_free(r->after.rows);
	mem_free(r->gone);
	mem_free(r);
}

/* ---- state ---- */

void
top_live_schema(
    const struct top_live *c, const struct op *op, struct schema *out)
{
	written_word(out, "rows come out", "as they change");
	written_word(out, "rows kept", c->retracts ? "all" : "the best");
	if (c->retracts && op->in.keyed)
		written_columns(&op->in, op->in.key, op->in.n_key, "key", out);
	kept_schema(op, out);
}

static void
save_cell(
    void *arg, const struct table *t, const struct cell *cell, struct buf *out)
{
	struct live_run *r = arg;

	(void)t;
	live_save((const void *)cell->bytes, &r->kept, out);
}

static bool
load_cell(void *arg, struct table *t, struct cell *cell, struct str bytes)
{
	struct live_rows *l = (void *)cell->bytes;
	struct live_run *r = arg;

	if (live_load(&r->order, l, &r->kept, t, cell, bytes))
		return true;
	live_release(l, &r->kept);
	return false;
}

static void
drop_cell(void *arg, struct table *t, struct cell *cell)
{
	struct live_run *r = arg;

	(void)t;
	live_release((void *)cell->bytes, &r->kept);
	kept_measure(&r->kept);
}

static const struct cell_codec live_codec = {
    .save = save_cell, .load = load_cell, .drop = drop_cell, .movable = true};

int
top_live_restore(struct op_run *run, struct state_step *s, struct err *err)
{
	struct live_run *r = (struct live_run *)run;
	int64_t n[3];
	int rc;

	r->state = s;
	/* Kept rows point to their cells. */
	r->keys.flat = false;
	kept_keep(&r->kept, s, r->keys.cell_bytes);
	table_keep(&r->keys, state_map(s, "keys"), 0, &live_codec, r);
	ttl_keys_keep(&r->ttl, s);
	rc = written_load(s, "run", n, 3, err);
	if (rc < 1)
		return rc;
	r->arrivals = (uint64_t)n[0];
	r->now = n[1];
	r->kept.timed = n[2] != 0;
	return 0;
}

void
top_live_save(struct op_run *run)
{
	struct live_run *r = (struct live_run *)run;
	const int64_t n[] = {(int64_t)r->arrivals, r->now, r->kept.timed};

	kept_store(&r->kept);
	written_save(r->state, "run", n, 3);
}

void
top_live_explain(const struct top_live *c, struct buf *out)
{
	unsigned long long n = c->rule.limit;

	if (c->retracts) {
		buf_lit(out, "all rows of each key, in order");
		return;
	}
	buf_printf(
	    out, "per key the best %llu row%s so far", n, n == 1 ? "" : "s");
	if (c->rule.ties != RANKED_ROWS)
		buf_lit(out, " and those equal to the last");
}

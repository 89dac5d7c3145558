/* SPDX-License-Identifier: MIT */
/*
 * Functions over other rows, row by row; see over_live.h.
 *
 * As in Flink's non-time OVER aggregation all rows of a key are kept in their
 * order, each with the results it was shown with. A row that comes at the end
 * and changes nothing before it is computed as any other; else the key's
 * results are computed anew from its first row on, and those that differ are
 * told (-U, +U), in the order of the rows. What a row is shown with so depends
 * on the rows that are there alone, and is not part of the state.
 *
 * Ordered by event time a row is late, where rows only come, as it would be if
 * the results waited: when its key has rows of its time or later that the
 * watermark has passed.
 */
#include "op/over_live.h"

#include "base/mem.h"
#include "base/must.h"
#include "op/keys.h"
#include "op/live_rows.h"
#include "op/standing.h"
#include "op/written.h"

/* The results of a row, as they were shown; kept_row.owner. */
struct shown {
	uint32_t n;
	char bytes[];
};

struct live_cell {
	struct live_rows rows;
	_Alignas(16) struct over_key key; /* its rows are those; calls follow */
};

#define CELL_BEFORE_KEY offsetof(struct live_cell, key)

struct over_live_run {
	struct running of; /* first; its keys' cells: struct live_cell */
	struct live_order order;

	/* The key that changes; NULL: none does. */
	struct live_cell *changing;
	struct kept_row *gone, *new; /* of the change, or NULL */
	bool appended;		     /* all it does is to append `new` */

	struct buf packed;
	struct arena scratch;
};

struct over_live_prep {
	struct running_prep *rows;
	struct standing_prep *same; /* identities, where rows are taken back */
};

/* ---- binding ---- */

void
over_live_bind(struct op *op, struct over_config *c)
{
	bool keyed = flow_keyed(&op->in);

	if (!op->live || (op->wants_key && !op->in.changes && !keyed))
		return;
	if (!op->in.changes && c->mode != OVER_END && !c->whole &&
	    !(c->mode == OVER_TIME && c->lateness == WHEN_MAX))
		return;
	c->live = true;
	c->retracts = op->in.changes;
	op->acts = false;
	op->out.changes = true;
	op->out.steady = op->in.changes && op->in.steady;
	op->out.keyed = keyed;
	if (keyed)
		flow_hand_on(&op->in, op->in.key, op->in.n_key);
}

void *
over_live_prepare(const struct op *op, struct eval *ev, struct batch *b)
{
	const struct over_config *c = op->config;
	struct over_live_prep *p = arena_alloc(b->arena, sizeof *p);
	unsigned n;

	p->same = NULL;
	/* Rows that fail are gone: both go by the rows that are left. */
	do {
		n = b->n_sel;
		if (c->retracts)
			p->same = standing_prepare(op, ev, b);
		p->rows = running_prepare(op, ev, b);
	} while (c->retracts && b->n_sel != n);
	return p;
}

/* ---- rows out ---- */

static void
flush(struct over_live_run *r)
{
	struct batch *b = r->of.kept.out;

	if (b->n_rows) {
		running_items(&r->of, b);
		r->of.run.emit(&r->of.run, b);
	}
	b->n_rows = 0;
}

/* Puts a row with results. */
static void
put(struct over_live_run *r, const struct kept_row *row, enum change kind)
{
	const struct over_config *c = r->of.c;
	const struct shown *shown = row->owner;
	struct batch *b = r->of.kept.out;
	struct str bytes = {shown->bytes, shown->n};
	const char *p, *end;
	unsigned at;

	if (b->n_rows + (kind == CHANGE_BEFORE) >= BATCH_ROWS)
		flush(r);
	at = kept_put(&r->of.kept, row);
	if (!at)
		b->kind = arena_zalloc(b->arena, BATCH_ROWS);
	b->kind[at] = (uint8_t)kind;
	bytes = arena_str(b->arena, bytes);
	p = bytes.p;
	end = p + bytes.n;
	for (unsigned i = 0; i < c->n_calls; i++) {
		struct value v = VALUE_NULL;

		must(written_get(&p, end, b->arena, &v));
		column_put(&b->cols[c->calls[i].col], b->arena, at, v);
	}
}

/* Packs what has just been computed. */
static struct str
pack_results(struct over_live_run *r)
{
	r->packed.n = 0;
	for (unsigned i = 0; i < r->of.c->n_calls; i++)
		written_put(&r->packed, r->of.out[i]);
	return buf_str(&r->packed);
}

static bool
shows(const struct kept_row *row, struct str results)
{
	const struct shown *shown = row->owner;

	return shown && str_eq((struct str){shown->bytes, shown->n}, results);
}

static void
set_shown(struct kept_row *row, struct str results)
{
	struct shown *shown = mem_alloc(sizeof *shown + results.n);

	mem_free(row->owner);
	shown->n = (uint32_t)results.n;
	if (results.n)
		memcpy(shown->bytes, results.p, results.n);
	row->owner = shown;
}

/* Tells what a row is shown with now, if that is something else. */
static void
tell(struct over_live_run *r, struct kept_row *row, struct str results)
{
	const struct kept_row *old = row == r->new ? r->gone : row;

	if (!old) {
		set_shown(row, results);
		put(r, row, CHANGE_INSERT);
		return;
	}
	if (shows(old, results) && live_looks_same(old, row)) {
		if (old != row)
			set_shown(row, results);
		return;
	}
	put(r, old, CHANGE_BEFORE);
	set_shown(row, results);
	put(r, row, CHANGE_AFTER);
}

/* ---- computing ---- */

/* What was computed of the key is forgotten; its rows are not. */
static void
begin_anew(struct over_live_run *r, struct live_cell *cell)
{
	struct over_key *k = &cell->key;

	if (k->heap_most) {
		k->base = k->end;
		over_key_release(r->of.c, k, &r->of.kept);
		memset((void *)k, 0, r->of.c->cell_bytes);
	}
	over_key_init(r->of.c, k);
}

/* Computes the results of the next row. */
static struct str
compute(struct over_live_run *r, struct live_cell *cell)
{
	arena_reset(&r->scratch);
	over_compute(r->of.c, &cell->key, r->of.out, &r->scratch);
	return pack_results(r);
}

static void
append_all(struct over_live_run *r, struct live_cell *cell)
{
	begin_anew(r, cell);
	for (size_t i = 0; i < cell->rows.n; i++)
		over_append(r->of.c, &cell->key, cell->rows.rows[i]);
}

static bool
changes_peers(const struct over_config *c)
{
	return c->framed && c->frame.unit != FRAME_ROWS;
}

/* Are the results of rows before this one, the last, what they were? */
static bool
leaves_others(const struct over_live_run *r, const struct live_cell *cell)
{
	const struct over_config *c = r->of.c;
	const struct live_rows *l = &cell->rows;

	if (cell->key.end != l->n - 1 || l->rows[l->n - 1] != r->new ||
	    c->whole || c->ahead ||
	    (c->framed && c->frame.to.kind == BOUND_FOLLOWING))
		return false;
	return l->n < 2 || !changes_peers(c) ||
	       live_order(&r->order, l->rows[l->n - 2]->slots, r->new->slots);
}

/* ---- changes of a key ---- */

static void
drop(struct over_live_run *r, struct kept_row *row)
{
	mem_free(row->owner);
	row->owner = NULL;
	kept_drop(&r->of.kept, row);
}

/* Is the new row what the other has become? */
static bool
is_update(const struct over_live_run *r)
{
	return r->gone && r->new &&
	       r->order.keyed &&live_same(&r->order, r->gone->slots, r->new);
}

static void
change_end(struct over_live_run *r)
{
	struct live_cell *cell = r->changing;
	size_t at = 0;

	if (r->gone && !is_update(r)) {
		put(r, r->gone, CHANGE_DELETE);
		drop(r, r->gone);
		r->gone = NULL;
	}
	if (r->appended && leaves_others(r, cell)) {
		at = cell->rows.n - 1;
		if (!cell->key.heap_most)
			over_key_init(r->of.c, &cell->key);
		over_append(r->of.c, &cell->key, r->new);
	} else {
		append_all(r, cell);
	}
	for (; at < cell->rows.n; at++)
		tell(r, cell->rows.rows[at], compute(r, cell));
	if (r->gone)
		drop(r, r->gone);
	r->changing = NULL;
	r->gone = r->new = NULL;
}

static void
release_cell(struct over_live_run *r, struct live_cell *cell)
{
	for (size_t i = 0; i < cell->rows.n; i++) {
		mem_free(cell->rows.rows[i]->owner);
		cell->rows.rows[i]->owner = NULL;
	}
	live_release(&cell->rows, &r->of.kept);
	if (!cell->key.heap_most)
		return;
	cell->key.base = cell->key.end;
	over_key_release(r->of.c, &cell->key, &r->of.kept);
}

/* The key has been quiet for long: what is shown of it stays as it is. */
static void
forget(void *run, struct str key, uint64_t hash)
{
	struct over_live_run *r = run;
	struct cell *cell = table_find(&r->of.keys, key, hash);
	struct live_cell *live;

	if (!cell)
		return;
	live = (void *)cell->bytes;
	while (live->rows.n)
		drop(r, live->rows.rows[--live->rows.n]);
	release_cell(r, live);
	memset(cell->bytes, 0, r->of.keys.cell_bytes);
	table_remove(&r->of.keys, cell);
}

static void
change_begin(struct over_live_run *r, struct live_cell *cell)
{
	if (!r->changing)
		r->appended = true;
	r->changing = cell;
}

static void
add(struct over_live_run *r, struct live_cell *cell, const struct batch *b,
    unsigned row, const struct value *slots)
{
	uint64_t number = ++r->of.arrivals, arrival = number;
	struct kept_row *new;
	size_t at;

	change_begin(r, cell);
	at = live_new_place(&r->order, &cell->rows, slots, &arrival);
	new = kept_take(&r->of.kept, b, row, slots);
	new->arrival = arrival;
	new->owner = NULL;
	kept_place(&r->of.kept, new, cell_of_bytes((char *)cell), 0, number);
	live_insert(&cell->rows, at, new);
	r->new = new;
}

static bool
take_back(
    struct over_live_run *r, struct live_cell *cell, const struct value *slots)
{
	size_t at = live_find(&r->order, &cell->rows, slots);

	if (at == cell->rows.n) {
		r->of.run.counts.astray++;
		return false;
	}
	change_begin(r, cell);
	r->appended = false;
	r->gone = live_remove(&cell->rows, at);
	return true;
}

/* ---- rows in ---- */

/* The key has gone past the row's time. */
static bool
is_late(const struct over_live_run *r, const struct live_cell *cell,
    const struct batch *b, unsigned row)
{
	const struct live_rows *l = &cell->rows;
	size_t lo = 0, hi = l->n;

	if (r->of.c->mode != OVER_TIME || r->order.retracts || !b->time)
		return false;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (l->rows[mid]->time < b->time[row])
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < l->n && l->rows[lo]->time < r->of.now;
}

static void
take(struct over_live_run *r, const struct batch *b,
    const struct over_live_prep *p, unsigned k)
{
	const struct over_config *c = r->of.c;
	const struct row_keys *keys = &p->rows->keys;
	unsigned row = batch_row(b, k);
	struct value slots[64], *v = slots;
	struct live_cell *cell;
	bool changed = true;

	ttl_keys_check(&r->of.ttl, keys->keys[k], keys->hashes[k], r->of.now);
	cell = (void *)table_cell(&r->of.keys, keys->keys[k], keys->hashes[k])
		   ->bytes;
	r->of.run.counts.keys = r->of.keys.n - r->of.keys.n_gone;
	if (is_late(r, cell, b, row)) {
		r->of.run.counts.late++;
		r->of.run.late(&r->of.run, b, row);
		return;
	}
	if (c->n_slots >= 64)
		v = arena_array(b->arena, c->n_slots + 1, sizeof *v);
	running_slots(c, b, p->rows, row, v);
	if (c->retracts)
		v[c->n_slots] = value_of_str(T_BYTES, p->same->keys[k]);
	if (c->retracts && change_takes_back(batch_change(b, row)))
		changed = take_back(r, cell, v);
	else
		add(r, cell, b, row, v);
	if (changed)
		ttl_keys_touch(&r->of.ttl, keys->keys[k],
		    b->time ? b->time[row] : WHEN_MIN, r->of.now);
	if (r->changing && !live_is_half(b, keys, k))
		change_end(r);
}

/* ---- running ---- */

struct op_run *
over_live_open(const struct op *op)
{
	const struct over_config *c = op->config;
	struct over_live_run *r = mem_zalloc(sizeof *r);
	struct running *of = &r->of;

	of->run.op = op;
	of->c = c;
	of->now = WHEN_MIN;
	of->out = mem_array(c->n_calls, sizeof *of->out);
	r->order = (struct live_order){.orders = c->orders,
	    .n_orders = c->n_orders,
	    .retracts = c->retracts,
	    .keyed = op->in.keyed,
	    .identity = c->n_slots};
	table_init(&of->keys, (unsigned)CELL_BEFORE_KEY + c->cell_bytes);
	of->keys.flat = true;
	ttl_keys_init(&of->ttl, c->ttl, forget, r);
	arena_init(&r->scratch, 1024);
	kept_init(&of->kept, op, c->n_slots + c->retracts, true);
	return &of->run;
}

void
over_live_apply(struct op_run *run, struct batch *b, void *prepared,
    unsigned from, unsigned to, struct watermark *w)
{
	struct over_live_run *r = (struct over_live_run *)run;
	const struct over_live_prep *p = prepared;
	const struct row_keys *keys = &p->rows->keys;
	unsigned k = op_selected_from(b, from);

	keys_fetch(&r->of.keys, b, keys->keys, keys->hashes, from, to);
	ttl_keys_fetch(&r->of.ttl, b, keys->keys, keys->hashes, from, to);
	for (unsigned row = from; row < to; row++) {
		if (k < b->n_sel && batch_row(b, k) == row)
			take(r, b, p, k++);
		if (!w || !b->time || !watermark_see(w, b->time[row]))
			continue;
		r->of.now = w->now;
		ttl_keys_advance(&r->of.ttl, r->of.now);
		/* Rows that change are older than what has come since. */
		if (!run->op->heeded || run->op->awaited)
			continue;
		flush(r);
		run->forward(run, w->now);
	}
	flush(r);
	kept_settle(&r->of.kept);
}

void
over_live_advance(struct op_run *run, int64_t w)
{
	struct over_live_run *r = (struct over_live_run *)run;

	r->of.now = w;
	ttl_keys_advance(&r->of.ttl, w);
	if (w == WHEN_MAX || !run->op->awaited)
		run->forward(run, w);
}

void
over_live_close(struct op_run *run)
{
	struct over_live_run *r = (struct over_live_run *)run;

	kept_leave(&r->of.kept);
	for (size_t i = 0; i < r->of.keys.n; i++)
		release_cell(r, (void *)r->of.keys.cells[i]->bytes);
	table_release(&r->of.keys);
	ttl_keys_release(&r->of.ttl);
	kept_release(&r->of.kept);
	arena_release(&r->scratch);
	buf_release(&r->packed);
	mem_free(r->of.out);
	mem_free(r);
}

/* ---- state ---- */

static void
save_cell(
    void *arg, const struct table *t, const struct cell *cell, struct buf *out)
{
	const struct live_cell *live = (const void *)cell->bytes;
	struct over_live_run *r = arg;

	(void)t;
	live_save(&live->rows, &r->of.kept, out);
}

static bool
load_cell(void *arg, struct table *t, struct cell *cell, struct str bytes)
{
	struct live_cell *live = (void *)cell->bytes;
	struct over_live_run *r = arg;

	if (!live_load(&r->order, &live->rows, &r->of.kept, t, cell, bytes)) {
		live_release(&live->rows, &r->of.kept);
		return false;
	}
	append_all(r, live);
	for (size_t i = 0; i < live->rows.n; i++)
		set_shown(live->rows.rows[i], compute(r, live));
	return true;
}

static void
drop_cell(void *arg, struct table *t, struct cell *cell)
{
	struct over_live_run *r = arg;

	(void)t;
	release_cell(r, (void *)cell->bytes);
	kept_measure(&r->of.kept);
}

static const struct cell_codec over_live_codec = {
    .save = save_cell, .load = load_cell, .drop = drop_cell, .movable = true};

int
over_live_restore(struct op_run *run, struct state_step *s, struct err *err)
{
	struct over_live_run *r = (struct over_live_run *)run;
	struct running *of = &r->of;
	int64_t n[3];
	int rc;

	of->state = s;
	/* Kept rows point to their cells. */
	of->keys.flat = false;
	kept_keep(&of->kept, s, of->keys.cell_bytes);
	table_keep(&of->keys, state_map(s, "keys"), 0, &over_live_codec, r);
	ttl_keys_keep(&of->ttl, s);
	rc = written_load(s, "run", n, 3, err);
	if (rc < 1)
		return rc;
	of->arrivals = (uint64_t)n[0];
	of->now = n[1];
	of->kept.timed = n[2] != 0;
	return 0;
}

void
over_live_save(struct op_run *run)
{
	struct running *of = &((struct over_live_run *)run)->of;
	const int64_t n[] = {(int64_t)of->arrivals, of->now, of->kept.timed};

	kept_store(&of->kept);
	written_save(of->state, "run", n, 3);
}

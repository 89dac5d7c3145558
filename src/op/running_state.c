/* SPDX-License-Identifier: MIT */
/*
 * running: what is kept of it. Each key is a cell, found when a row of it
 * comes, and beneath it the rows that are still looked at. Rows that wait for
 * their time are apart, and so are the turns: rows that have been appended, in
 * their order, until their turn has come. Both are few, and read when the step
 * begins. In an order known only at the end (OVER_END) rows wait, too, but are
 * not read before it.
 */
#include "base/mem.h"
#include "data/pack.h"
#include "op/over_live.h"
#include "op/written.h"

/* ---- what it means ---- */

void
running_schema(const struct op *op, struct schema *out)
{
	static const char *const modes[] = {[OVER_ARRIVAL] = "as they arrive",
	    [OVER_TIME] = "by event time",
	    [OVER_END] = "at the end"};
	const struct over_config *c = op->config;
	struct buf text = {0};

	written_args(op, out, "by order frame");
	written_word(
	    out, "rows are taken", c->live ? "as they change" : modes[c->mode]);
	if (c->retracts && op->in.keyed)
		written_columns(&op->in, op->in.key, op->in.n_key, "key", out);
	for (unsigned i = 0; i < c->n_calls; i++) {
		if (i)
			buf_lit(&text, ", ");
		written_node(&text, &op->in, c->calls[i].node);
	}
	schema_add(
	    out, "functions", arena_str(out->arena, buf_str(&text)), true);
	buf_release(&text);
	if (c->at_once)
		return;
	kept_schema(op, out);
}

/* ---- keys ---- */

/* Where all rows are needed at the end, keys stay in memory. */
static bool
is_movable(const struct over_config *c)
{
	return !c->whole && (c->at_once || c->mode == OVER_TIME);
}

/* What of a key is not in its cell. */
static size_t
elsewhere(const struct over_config *c, struct over_key *k)
{
	size_t n = k->cap * sizeof(void *) + k->heap.total;

	for (unsigned i = 0; i < c->n_calls; i++) {
		const struct over_state *s = over_state(k, &c->calls[i]);

		n += s->queue.cap * sizeof *s->queue.at + s->copy.cap +
		     s->stacks.cap + s->stacks.heap.total;
		if (s->past)
			n += (size_t)c->calls[i].n * sizeof *s->past;
	}
	return n;
}

void
running_count(struct running *r, struct over_key *k)
{
	size_t n;

	if (!r->state)
		return;
	n = elsewhere(r->c, k);
	if (k->end - k->base > r->longest)
		r->longest = k->end - k->base;
	r->keys.held += n - k->counted;
	k->counted = n;
}

static void
save_key(
    void *arg, const struct table *t, const struct cell *cell, struct buf *out)
{
	const struct over_key *k = (const void *)cell->bytes;
	struct running *r = arg;

	(void)t;
	/*
	 * What begins with numbers has its rows beneath it: of those the first
	 * ones are there already.
	 */
	if (!kept_inline(&r->kept, k->ring, k->cap - 1, k->base,
		(size_t)(k->end - k->base), out))
		for (uint64_t at = k->end;
		     at > k->base && !over_row(k, at - 1)->stored; at--)
			kept_store_row(&r->kept, over_row(k, at - 1));
	over_key_save(r->c, k, out);
}

struct loading {
	struct running *r;
	const struct table *t;
	struct cell *cell;
	const char *rows, *end; /* those that come first in the cell's value */
	bool within;
};

static struct kept_row *
load_row(void *arg, uint64_t at)
{
	struct loading *l = arg;
	struct kept *kept = &l->r->kept;
	struct kept_row *row;

	if (l->within && l->rows == l->end)
		return NULL;
	row = l->within ? kept_get_inline(kept, l->cell, 0, &l->rows, l->end)
			: kept_fetch(kept, l->t, l->cell, 0, at);
	if (!row)
		return NULL;
	row->owner = l->cell->bytes;
	if (row->number == at)
		return row;
	kept_forget(kept, row);
	return NULL;
}

/* The rows that come first; false: what begins so is no row. */
static bool
find_rows(struct loading *l, struct str *bytes)
{
	const char *p = bytes->p, *end = p + bytes->n;

	l->rows = p;
	l->within = kept_is_inline(p, end);
	while (kept_is_inline(p, end))
		if (pack_skip(&p, end) != PACK_OK)
			return false;
	l->end = p;
	*bytes = (struct str){p, (size_t)(end - p)};
	return true;
}

/* Rows that have not come out yet have what they are to come out with. */
static bool
is_carried(const struct running *r, const struct over_key *k)
{
	for (uint64_t at = k->next; r->kept.n_cols && at < k->end; at++)
		if (!over_row(k, at)->carry)
			return false;
	return true;
}

static bool
load_key(void *arg, struct table *t, struct cell *cell, struct str bytes)
{
	struct running *r = arg;
	struct loading l = {.r = r, .t = t, .cell = cell};

	if (find_rows(&l, &bytes) &&
	    over_key_load(r->c, (void *)cell->bytes, bytes, load_row, &l) &&
	    l.rows == l.end && is_carried(r, (void *)cell->bytes)) {
		running_count(r, (void *)cell->bytes);
		return true;
	}
	/* The run goes on until it sees that the state is damaged. */
	over_key_release(r->c, (void *)cell->bytes, &r->kept);
	memset(cell->bytes, 0, t->cell_bytes);
	return false;
}

static void
drop_key(void *arg, struct table *t, struct cell *cell)
{
	struct running *r = arg;

	(void)t;
	r->keys.held -= ((struct over_key *)(void *)cell->bytes)->counted;
	over_key_release(r->c, (void *)cell->bytes, &r->kept);
	kept_measure(&r->kept);
}

/* Rows that wait, and turns, point to their key. */
static const struct cell_codec fixed_codec = {
    .save = save_key, .load = load_key};
static const struct cell_codec movable_codec = {.save = save_key,
    .load = load_key,
    .drop = drop_key,
    .movable = true,
    .let_go = running_let_go};

static struct over_key *
key_named(struct running *r, struct str key)
{
	struct over_key *k = (void *)kept_cell(&r->keys, key)->bytes;

	if (!k->heap_most)
		over_key_init(r->c, k);
	return k;
}

/* ---- rows that wait ---- */

/* Puts the row's key where it belongs; false: it cannot have waited. */
static bool
find_key(struct running *r, struct kept_row *row, struct str key)
{
	if (!key.p || (r->kept.n_cols && !row->carry))
		return false;
	row->owner = key_named(r, key);
	row->cell = cell_of_bytes(row->owner);
	return true;
}

static bool
take_pending(void *arg, struct kept_row *row, struct str key)
{
	struct running *r = arg;

	if (!find_key(r, row, key))
		return false;
	running_pend(r, row);
	return true;
}

static bool
take_early(void *arg, struct kept_row *row, struct str key)
{
	struct running *r = arg;

	if (!find_key(r, row, key))
		return false;
	mem_grow(&r->all, &r->cap_all, r->n_all + 1, sizeof(void *));
	r->all[r->n_all++] = row;
	return true;
}

void
running_load_all(struct running *r)
{
	struct kept_row **now = r->all;
	size_t n = r->n_all;
	struct err err = {0};

	if (!r->before)
		return;
	r->all = NULL;
	r->n_all = r->cap_all = 0;
	/* If it fails, so does the store, and with it the run. */
	if (kept_waiting(&r->kept, &r->keys, r->before, take_early, r, &err))
		err_release(&err);
	mem_grow(&r->all, &r->cap_all, r->n_all + n + 1, sizeof(void *));
	for (size_t i = 0; i < n; i++)
		r->all[r->n_all++] = now[i];
	mem_free(now);
	r->before = 0;
}

/* ---- rows that wait for long ---- */

/* Rows that are taken back at one go. */
#define FETCH_MOST 1024

void
running_put_later(struct running *r, struct kept_row *row)
{
	struct buf number = {0}, value = {0};

	written_put_bytes(
	    &value, cell_key(&r->keys, cell_of_bytes(row->owner)));
	kept_pack(&r->kept, row, &value);
	agenda_put(&r->later, row->time,
	    state_key_number(&number, row->arrival), buf_str(&value));
	kept_drop(&r->kept, row);
	buf_release(&number);
	buf_release(&value);
}

static void
take_later(struct running *r, const struct agenda_item *item)
{
	const char *p = item->value.p, *end = p + item->value.n;
	struct kept_row *row = NULL;
	struct str key;

	if (written_get_key(&p, end, &key))
		row = kept_unpack(&r->kept, (struct str){p, (size_t)(end - p)});
	if (row && row->arrival < r->began && row->time < r->passed) {
		kept_forget(&r->kept, row);
		return;
	}
	if (row && find_key(r, row, key)) {
		kept_wait(&r->kept, row, row->cell, row->arrival);
		running_pend(r, row);
		return;
	}
	if (row)
		kept_forget(&r->kept, row);
	state_damaged(r->later.map, 0, item->key);
}

bool
running_fetch(struct running *r, int64_t *until)
{
	int64_t last = r->now == WHEN_MAX ? WHEN_MAX : r->now - 1;
	struct agenda_item item;

	for (unsigned n = 0; n < FETCH_MOST; n++) {
		if (!agenda_take(&r->later, last, &item))
			return false;
		take_later(r, &item);
	}
	*until = r->later.next;
	return *until <= last;
}

/* ---- turns ---- */

static struct state_map *
turns_map(const struct running *r)
{
	return state_map(r->state, "turns");
}

static void
put_turn(struct running *r, struct state_map *m, uint64_t number,
    struct buf *key, struct buf *value)
{
	const struct turn *t = &r->turns[number - r->turned];
	struct cell *cell = cell_of_bytes((char *)t->key);

	value->n = 0;
	written_put_bytes(value, cell_key(&r->keys, cell));
	written_put_int(value, (int64_t)t->at);
	state_put(m, 0, state_key_number(key, number), buf_str(value));
}

/* Deletes turns that have been taken, and puts those that are new. */
static void
save_turns(struct running *r)
{
	uint64_t head = r->turned + r->head, end = r->turned + r->n_turns;
	struct buf key = {0}, value = {0};
	struct state_map *m = turns_map(r);

	for (; r->put_from < r->put_to && r->put_from < head; r->put_from++)
		state_delete(m, 0, state_key_number(&key, r->put_from));
	if (r->put_from == r->put_to)
		r->put_from = r->put_to = head;
	for (; r->put_to < end; r->put_to++)
		put_turn(r, m, r->put_to, &key, &value);
	buf_release(&key);
	buf_release(&value);
}

static bool
take_turn(struct running *r, struct str number, struct str value)
{
	const char *p = value.p, *end = p + value.n;
	struct over_key *k;
	struct str key;
	uint64_t n;
	int64_t at;

	if (!written_number(number, &n) || n != r->put_to ||
	    !written_get_key(&p, end, &key) || !written_get_int(&p, end, &at) ||
	    p != end)
		return false;
	k = key_named(r, key);
	if ((uint64_t)at < k->next || (uint64_t)at >= k->end)
		return false;
	running_turn(r, over_row(k, (uint64_t)at));
	r->put_to++;
	return true;
}

static int
restore_turns(struct running *r, struct err *err)
{
	struct state_map *m = turns_map(r);
	struct store_scan *scan = state_scan(m, 0);
	struct str number, value;
	int rc = 0;

	r->put_from = r->put_to = r->turned;
	while (!rc && store_scan_next(scan, &number, &value))
		if (!take_turn(r, number, value))
			rc = written_damaged(m, 0, number, err);
	store_scan_end(scan);
	return rc ? rc : written_ended(m, err);
}

/*
 * By time a row's turn may be over before the rows it looks ahead to are there:
 * then any key may have such rows, and if they hold the watermark back all are
 * needed.
 */
static void
load_behind(struct running *r)
{
	if (!r->tracks || r->c->mode != OVER_TIME)
		return;
	table_load(&r->keys);
	for (size_t i = 0; i < r->keys.n; i++) {
		struct over_key *k = (void *)r->keys.cells[i]->bytes;

		for (uint64_t at = k->next; at < k->end; at++)
			running_track(r, over_row(k, at));
	}
}

/* ---- the step ---- */

enum {
	RUN_ARRIVALS,
	RUN_NOW,
	RUN_FORWARDED,
	RUN_TIMED,
	RUN_TURNED,
	RUN_NUMBERS
};

int
running_restore(struct op_run *run, struct state_step *s, struct err *err)
{
	struct running *r = (struct running *)run;
	int64_t n[RUN_NUMBERS];
	int rc;

	if (r->c->live)
		return over_live_restore(run, s, err);
	r->state = s;
	/* Kept rows point to their cells. */
	r->keys.flat = false;
	kept_keep(&r->kept, s, r->keys.cell_bytes);
	table_keep(&r->keys, state_map(s, "keys"), 0,
	    is_movable(r->c) ? &movable_codec : &fixed_codec, r);
	if (r->c->mode == OVER_TIME)
		agenda_keep(&r->later, state_map(s, "later"), r->c->lateness);
	ttl_keys_keep(&r->ttl, s);
	rc = written_load(s, "run", n, RUN_NUMBERS, err);
	if (rc < 1)
		return rc;
	r->arrivals = (uint64_t)n[RUN_ARRIVALS];
	r->now = n[RUN_NOW];
	r->forwarded = n[RUN_FORWARDED];
	r->kept.timed = n[RUN_TIMED] != 0;
	r->turned = (uint64_t)n[RUN_TURNED];
	r->passed = r->now;
	r->began = r->arrivals;
	if (r->c->mode == OVER_END) {
		r->before = r->arrivals;
		return 0;
	}
	if (kept_waiting(&r->kept, &r->keys, UINT64_MAX, take_pending, r, err))
		return -1;
	/* No turn comes before the end. */
	if (r->c->whole)
		return 0;
	load_behind(r);
	return restore_turns(r, err);
}

void
running_save(struct op_run *run)
{
	struct running *r = (struct running *)run;

	if (r->c->live) {
		over_live_save(run);
		return;
	}
	kept_store(&r->kept);
	if (!r->c->whole)
		save_turns(r);
	written_save(r->state, "run",
	    (const int64_t[RUN_NUMBERS]){(int64_t)r->arrivals, r->now,
		r->forwarded, r->kept.timed, (int64_t)(r->turned + r->head)},
	    RUN_NUMBERS);
}

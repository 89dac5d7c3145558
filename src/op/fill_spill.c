/* SPDX-License-Identifier: MIT */
/*
 * fill where memory is limited: the same rows in the same order, but nothing is
 * looked at that nothing is due with.
 *
 * Rows whose time has not come are in an agenda once they have to leave memory.
 * Of each key another agenda says when a row may be to be made: the step behind
 * its last row, or behind the last one that was made; and a third one when it
 * may be forgotten. What has changed since gets another entry then, and the old
 * one means nothing. What comes out at one time is sorted in runs.
 */
#include "op/fill.h"

#include "base/hash.h"
#include "base/mem.h"
#include "data/key.h"
#include "op/window_kind.h"
#include "op/written.h"

/* Keys between which memory is looked after. */
#define SETTLE_KEYS 1024

static const struct str nothing = {"", 0};

/* ---- rows on their way out ---- */

/* Slots of these, and of rows that are due (the key is behind the others). */
enum {
	OUT_TIME,
	OUT_KEY,
	OUT_SLOTS
};

static struct str
text_in(const struct kept_row *row, unsigned slot)
{
	return (struct str){row->slots[slot].p, row->slots[slot].len};
}

static int
out_order(void *arg, const struct kept_row *a, const struct kept_row *b)
{
	int64_t s = a->slots[OUT_TIME].i, t = b->slots[OUT_TIME].i;
	int d;

	(void)arg;
	if (s != t)
		return s < t ? -1 : 1;
	d = key_cmp(text_in(a, OUT_KEY), text_in(b, OUT_KEY));
	return d ? d : a->arrival < b->arrival ? -1 : a->arrival > b->arrival;
}

void
fill_spill_row(struct fill_run *r)
{
	const struct fill_row *out = &r->out[--r->n_out];
	struct value slots[OUT_SLOTS] = {
	    [OUT_TIME] = value_int(out->at), [OUT_KEY] = value_text(out->key)};
	struct kept_row *row = kept_new(&r->rows);
	struct buf *packed = &r->rows.text;

	packed->n = 0;
	for (unsigned c = 0; c < r->kept.n_cols; c++)
		written_put(packed, out->values[c]);
	kept_slots(&r->rows, row, slots);
	if (r->kept.n_cols)
		kept_carry(&r->rows, row, buf_str(packed));
	row->time = out->time;
	row->arrival = out->arrival;
	arena_reset(&r->arena);
	kept_sort_add(r->sort, row);
}

static void
put_rows(struct fill_run *r)
{
	struct batch *b = r->rows.out;
	const struct kept_row *row;

	r->rows.timed = r->kept.timed;
	while ((row = kept_sort_next(r->sort))) {
		kept_put(&r->rows, row);
		if (b->n_rows < BATCH_ROWS)
			continue;
		r->run.emit(&r->run, b);
		b->n_rows = 0;
	}
	if (b->n_rows)
		r->run.emit(&r->run, b);
	b->n_rows = 0;
}

/* ---- rows that wait ---- */

static void
put_later(struct fill_run *r, struct kept_row *row)
{
	/* One that came behind the watermark is due when that moves. */
	int64_t at = row->time > r->now ? row->time : r->now;
	struct buf number = {0}, value = {0};

	written_put_bytes(&value, cell_key(&r->keys, row->owner));
	kept_pack(&r->kept, row, &value);
	agenda_put(&r->later, at, state_key_number(&number, row->arrival),
	    buf_str(&value));
	kept_drop(&r->kept, row);
	buf_release(&number);
	buf_release(&value);
}

bool
fill_let_go(void *arg)
{
	struct fill_run *r = arg;

	for (size_t i = 0; i < r->n_pending; i++)
		put_later(r, r->pending[i]);
	r->n_pending = 0;
	kept_measure(&r->kept);
	return true;
}

/* The row of an entry, and its key; NULL: it is none. */
static struct kept_row *
read_later(struct fill_run *r, const struct agenda_item *item, struct str *key)
{
	const char *p = item->value.p, *end = p + item->value.n;
	struct kept_row *row = NULL;

	if (written_get_key(&p, end, key))
		row = kept_unpack(&r->kept, (struct str){p, (size_t)(end - p)});
	if (row && fill_is_sound(row) && (row->carry || !r->kept.n_cols))
		return row;
	if (row)
		kept_forget(&r->kept, row);
	state_damaged(r->later.map, 0, item->key);
	return NULL;
}

/* ---- rows that are due ---- */

struct dues {
	struct fill_run *r;
	struct kept_sort sort;
	struct value *slots;
};

static int
due_order(void *arg, const struct kept_row *a, const struct kept_row *b)
{
	(void)arg;
	return fill_order(a, b);
}

/* Takes the row over. */
static void
add_due(struct dues *d, struct kept_row *row, struct str key)
{
	struct kept_row *new = kept_new(&d->r->dues);
	unsigned n = d->r->dues.n_slots - 1;

	for (unsigned i = 0; i < n; i++)
		d->slots[i] = row->slots[i];
	d->slots[n] = value_text(key);
	kept_slots(&d->r->dues, new, d->slots);
	if (row->carry)
		kept_carry(
		    &d->r->dues, new, (struct str){row->carry, row->carry_len});
	new->time = row->time;
	new->arrival = row->arrival;
	kept_drop(&d->r->kept, row);
	kept_sort_add(&d->sort, new);
}

static bool
is_due(int64_t time, int64_t w)
{
	return time < w || w == WHEN_MAX;
}

static void
gather(struct dues *d, int64_t w)
{
	struct fill_run *r = d->r;
	int64_t was = r->now, until = w == WHEN_MAX ? WHEN_MAX : w - 1;
	struct agenda_item item;
	size_t left = 0;

	for (size_t i = 0; i < r->n_pending; i++) {
		struct kept_row *row = r->pending[i];

		if (is_due(row->time, w))
			add_due(d, row, cell_key(&r->keys, row->owner));
		else
			r->pending[left++] = row;
	}
	r->n_pending = left;
	r->now = w;
	while (agenda_take(&r->later, until, &item)) {
		struct kept_row *row;
		struct str key;

		/* What was taken before the last cut may be there again. */
		if (item.at < was)
			continue;
		row = read_later(r, &item, &key);
		if (row)
			add_due(d, row, key);
	}
}

static struct cell *
key_of(struct fill_run *r, struct str key)
{
	return kept_cell(&r->keys, key);
}

static void
pass_dues(struct dues *d)
{
	struct fill_run *r = d->r;
	struct kept_row *row;
	unsigned n = 0;

	while ((row = kept_sort_next(&d->sort))) {
		struct kept_row *own = kept_new(&r->kept);
		struct cell *key =
		    key_of(r, text_in(row, d->r->dues.n_slots - 1));

		kept_slots(&r->kept, own, row->slots);
		if (row->carry)
			kept_carry(&r->kept, own,
			    (struct str){row->carry, row->carry_len});
		own->time = row->time;
		own->arrival = row->arrival;
		if (row->slots[SLOT_TIME].i > r->most)
			r->most = row->slots[SLOT_TIME].i;
		fill_pass(r, key, own);
		if (++n % SETTLE_KEYS == 0)
			table_settle(&r->keys);
	}
}

static void
take_due(struct fill_run *r, int64_t w)
{
	struct dues d = {.r = r};

	d.slots = mem_array(r->kept.n_slots + 1, sizeof *d.slots);
	kept_sort_init(&d.sort, &r->dues, "parts", due_order, NULL);
	gather(&d, w);
	pass_dues(&d);
	kept_sort_release(&d.sort);
	mem_free(d.slots);
}

/* ---- keys that are due ---- */

void
fill_spill_hint(struct fill_run *r, struct cell *key)
{
	const struct fill_cell *cell = fill_cell_of(key);
	int64_t from = cell->last->slots[SLOT_TIME].i, every = r->c->every;
	int64_t next =
	    time_add(cell->time, every - (cell->time - from) % every);

	if (!r->c->linear && next != WHEN_MAX)
		agenda_put(&r->due, next, cell_key(&r->keys, key), nothing);
	if (r->c->ttl && cell->time == from)
		agenda_put(&r->old, time_add(cell->last->time, r->c->ttl),
		    cell_key(&r->keys, key), nothing);
}

static struct cell *
find(struct fill_run *r, struct str key)
{
	struct cell *cell = table_find(&r->keys, key, hash_bytes(key.p, key.n));

	return cell && fill_cell_of(cell)->last ? cell : NULL;
}

/* One step beyond the last time, for it is filled, too. */
static void
make_due(struct fill_run *r)
{
	struct agenda_item item;
	unsigned n = 0;

	while (agenda_take(&r->due, r->most, &item)) {
		struct cell *key = find(r, item.key);
		int64_t was;

		if (!key)
			continue;
		was = fill_cell_of(key)->time;
		if (was < r->most)
			fill_until(r, key, r->most + 1);
		if (fill_cell_of(key)->time != was)
			fill_spill_hint(r, key);
		if (++n % SETTLE_KEYS == 0)
			table_settle(&r->keys);
	}
}

/* A value on a line is NULL behind the last row: at the end only. */
static void
make_all(struct fill_run *r)
{
	struct table_walk *walk;
	struct cell *key;

	fill_let_go(r);
	table_settle(&r->keys);
	walk = table_walk_begin(&r->keys);
	while ((key = table_walk_next(walk)))
		if (fill_cell_of(key)->last &&
		    fill_cell_of(key)->time < r->most)
			fill_until(r, key, r->most + 1);
	table_walk_end(walk);
}

static void
forget_old(struct fill_run *r, int64_t w)
{
	struct agenda_item item;
	unsigned n = 0;

	while (w != WHEN_MAX && agenda_take(&r->old, w, &item)) {
		struct cell *key = find(r, item.key);
		int64_t at;

		if (!key)
			continue;
		at = time_add(fill_cell_of(key)->last->time, r->c->ttl);
		if (fill_expired(r, fill_cell_of(key), w))
			fill_forget(r, key);
		else if (at <= w)
			/* It still waits for a row, or for rows to be made. */
			agenda_put(&r->old, time_add(w, 1),
			    cell_key(&r->keys, key), nothing);
		if (++n % SETTLE_KEYS == 0)
			table_settle(&r->keys);
	}
	r->run.counts.keys = r->keys.n - r->keys.n_gone;
}

void
fill_spill_advance(struct fill_run *r, int64_t w)
{
	struct kept_sort sort;

	kept_sort_init(&sort, &r->rows, "runs", out_order, NULL);
	r->sort = &sort;
	if (r->n_pending || r->later.next < w)
		take_due(r, w);
	r->now = w;
	if (!r->c->linear)
		make_due(r);
	else if (w == WHEN_MAX)
		make_all(r);
	if (r->c->ttl)
		forget_old(r, w);
	put_rows(r);
	r->sort = NULL;
	kept_sort_release(&sort);
	table_settle(&r->keys);
}

/* ---- from run to run ---- */

/* Keys that are in no agenda yet. */
static void
hint_all(struct fill_run *r)
{
	struct table_walk *walk = table_walk_begin(&r->keys);
	struct cell *key;

	while ((key = table_walk_next(walk)))
		if (fill_cell_of(key)->last) {
			int64_t at = fill_cell_of(key)->last->time;

			fill_spill_hint(r, key);
			/* Rows may have been made since. */
			if (r->c->ttl)
				agenda_put(&r->old, time_add(at, r->c->ttl),
				    cell_key(&r->keys, key), nothing);
		}
	table_walk_end(walk);
}

static void
forget_hints(struct state_map *map)
{
	int64_t *buckets;
	size_t n = state_buckets(map, &buckets);

	for (size_t i = 0; i < n; i++)
		state_drop(map, buckets[i]);
	mem_free(buckets);
}

/* There is memory for all again. */
static void
take_back(struct fill_run *r)
{
	struct agenda_item item;

	while (agenda_take(&r->later, WHEN_MAX, &item)) {
		struct kept_row *row = NULL;
		struct str key;

		if (item.at >= r->now)
			row = read_later(r, &item, &key);
		if (!row)
			continue;
		row->owner = key_of(r, key);
		kept_wait(&r->kept, row, row->owner, row->arrival);
		fill_pend(r, row);
	}
	agenda_release(&r->later);
	forget_hints(state_map(r->state, "due"));
	forget_hints(state_map(r->state, "old"));
}

/* A place for rows beside those that the keys have. */
static void
rows_init(struct fill_run *r, struct kept *k, unsigned n_slots)
{
	kept_init(k, r->run.op, n_slots, true);
	k->single = true;
	k->state = r->state;
}

static void
rows_release(struct kept *k)
{
	if (!k->out)
		return;
	kept_leave(k);
	kept_release(k);
}

void
fill_spill_keep(struct fill_run *r, bool hinted)
{
	if (r->spills || hinted)
		agenda_keep(
		    &r->later, state_map(r->state, "later"), r->c->lateness);
	if (!r->spills && hinted)
		take_back(r);
	if (!r->spills)
		return;
	agenda_keep(&r->due, state_map(r->state, "due"), r->c->every);
	agenda_keep(&r->old, state_map(r->state, "old"),
	    r->c->ttl ? r->c->ttl : WHEN_MAX);
	rows_init(r, &r->rows, OUT_SLOTS);
	rows_init(r, &r->dues, r->kept.n_slots + 1);
	/* What comes out and what is due take so much before they spill. */
	r->kept.more = 2 * state_room(r->state);
	if (!hinted)
		hint_all(r);
}

void
fill_spill_release(struct fill_run *r)
{
	rows_release(&r->rows);
	rows_release(&r->dues);
	agenda_release(&r->later);
	agenda_release(&r->due);
	agenda_release(&r->old);
}

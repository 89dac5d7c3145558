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

size_t
running_elsewhere(const struct over_config *c, struct over_key *k)
{
	size_t n = k->cap * sizeof(void *) + k->heap.total;

	if (k->far)
		n += over_far_bytes(k->far);
	for (unsigned i = 0; i < c->n_calls; i++) {
		const struct over_state *s = over_state(k, &c->calls[i]);

		n += s->queue.cap * sizeof *s->queue.at + s->copy.cap +
		     s->stacks.cap + s->stacks.heap.total;
		if (s->stacks.parts)
			n += s->stacks.parts->cap + s->stacks.parts->heap.total;
		if (s->past)
			n += (size_t)c->calls[i].n * sizeof *s->past;
	}
	return n;
}

struct over_far_home
running_far_home(struct running *r, struct str key)
{
	return (struct over_far_home){.kept = &r->kept,
	    .map = state_map(r->state, "blocks"),
	    .key = key,
	    .places = 2 * r->c->n_calls};
}

/* Parts of the room that a key's rows in memory may have, and its blocks. */
#define FAR_PARTS 8
#define FAR_BLOCKS 16

size_t
running_far_rows(const struct running *r, const struct kept *kept)
{
	size_t each = kept_row_size(kept) +
		      (kept->n_rows ? kept->n_bytes / kept->n_rows : 0);

	return running_spills(r) && !r->tracks
		   ? state_room(r->state) / FAR_PARTS / each + FAR_BLOCKS / 4
		   : SIZE_MAX;
}

unsigned
running_far_per(size_t rows)
{
	size_t per = rows / FAR_BLOCKS;

	return per < 4 ? 4 : per > 256 ? 256 : (unsigned)per;
}

void
running_spread(struct running *r, struct over_key *k)
{
	const struct over_far_home home =
	    running_far_home(r, cell_key(&r->keys, cell_of_bytes((char *)k)));

	over_far_begin(k, &home, running_far_per(r->far_rows));
}

void
running_count(struct running *r, struct over_key *k)
{
	size_t n;

	if (!r->state)
		return;
	n = running_elsewhere(r->c, k);
	r->keys.held += n - k->counted;
	k->counted = n;
}

/*
 * What begins with numbers has its rows beneath it: of those the first ones are
 * there already. What begins with nothing has them in blocks.
 */
static void
save_key(
    void *arg, const struct table *t, const struct cell *cell, struct buf *out)
{
	/* Blocks that are put are what they were. */
	struct over_key *k = (struct over_key *)(uintptr_t)cell->bytes;
	struct running *r = arg;

	(void)t;
	if (k->far) {
		over_far_put(k);
		written_put(out, VALUE_NULL);
		written_put_int(out, over_far_per(k->far));
	} else if (!kept_inline(&r->kept, k->ring, k->cap - 1, k->base,
		       (size_t)(k->end - k->base), out)) {
		for (uint64_t at = k->end;
		     at > k->base && !over_row(k, at - 1)->stored; at--)
			kept_store_row(&r->kept, over_row(k, at - 1));
	}
	over_key_save(r->c, k, out);
}

struct loading {
	struct running *r;
	const struct table *t;
	struct cell *cell;
	const char *rows, *end; /* those that come first in the cell's value */
	bool within;
	int64_t per; /* rows of a block; 0: there are none */
};

static struct kept_row *
load_row(struct loading *l, uint64_t at)
{
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

/* The rows of [base, end), if they are all there. */
static bool
load_rows(void *arg, struct over_key *k, uint64_t end)
{
	struct loading *l = arg;

	if (l->per) {
		const struct over_far_home home = running_far_home(
		    l->r, cell_key(l->t, cell_of_bytes((char *)k)));

		over_far_again(k, &home, (unsigned)l->per);
		k->end = end;
		return k->base == end ||
		       (over_far_has(k, k->base) && over_far_has(k, end - 1));
	}
	while (k->end < end) {
		struct kept_row *row = load_row(l, k->end);

		if (!row)
			return false;
		row->at = k->end;
		over_push(k, row);
	}
	return true;
}

/* Rows of a block are no more than these. */
#define PER_MOST 65536

/* The rows that come first; false: what begins so is no row. */
static bool
find_rows(struct loading *l, struct str *bytes)
{
	const char *p = bytes->p, *end = p + bytes->n;

	if (written_get_null(&p, end) && (!written_get_int(&p, end, &l->per) ||
					     l->per < 1 || l->per > PER_MOST))
		return false;
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
	if (k->far) /* those are looked at as they come */
		return true;
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
	    over_key_load(r->c, (void *)cell->bytes, bytes, load_rows, &l) &&
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

/* Rows that hold watermarks back point to their key. */
static const struct cell_codec fixed_codec = {
    .save = save_key, .load = load_key};
static const struct cell_codec movable_codec = {.save = save_key,
    .load = load_key,
    .drop = drop_key,
    .movable = true,
    .let_go = running_let_go};

struct over_key *
running_key_named(struct running *r, struct str key)
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
	row->owner = running_key_named(r, key);
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

void
running_let_all_go(struct running *r)
{
	kept_store(&r->kept);
	for (size_t i = 0; i < r->n_all; i++)
		kept_forget(&r->kept, r->all[i]);
	r->n_all = 0;
	r->before = r->arrivals;
	kept_measure(&r->kept);
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

/* ---- rows that hold watermarks back ---- */

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
	r->far_rows = running_far_rows(r, &r->kept);
	table_keep(&r->keys, state_map(s, "keys"), 0,
	    r->tracks && r->c->mode == OVER_ARRIVAL ? &fixed_codec
						    : &movable_codec,
	    r);
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
	load_behind(r);
	return running_restore_turns(r, err);
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
	running_save_turns(r);
	written_save(r->state, "run",
	    (const int64_t[RUN_NUMBERS]){(int64_t)r->arrivals, r->now,
		r->forwarded, r->kept.timed, (int64_t)(r->turned + r->head)},
	    RUN_NUMBERS);
}

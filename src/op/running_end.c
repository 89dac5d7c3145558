/* SPDX-License-Identifier: MIT */
/*
 * running: the end of input where memory is limited; see running.c.
 *
 * One key after another is computed and let go of: those by time or arrival
 * are in the state, and walked over, rows of another order are sorted by key
 * first. What comes out is sorted once more, into the order of the output.
 * Both sorts go to the state when they are too much (kept_sort.h), so there is
 * never more in memory than what functions look at of one key.
 */
#include "base/mem.h"
#include "data/key.h"
#include "op/kept_sort.h"
#include "op/running.h"

struct ending {
	struct running *r;
	/* Rows with results: what they come out by, then one per call. */
	struct kept rows;
	unsigned n_orders;
	struct kept_sort sort;
	struct value *slots;
	struct arena arena; /* of one row's results */
	unsigned n_looked;  /* rows since memory was looked after */
	bool full;	    /* there is too little: the run ends */
};

/* Rows between which memory is looked after. */
#define LOOK_ROWS 1024

bool
running_spills(const struct running *r)
{
	return r->state && state_room(r->state) != SIZE_MAX;
}

/* A place for rows of the step that live as long as the end. */
static void
rows_init(struct kept *k, const struct running *r, unsigned n_slots)
{
	kept_init(k, r->run.op, n_slots, true);
	k->single = true;
	k->state = r->state;
	k->timed = r->kept.timed;
}

/* ---- results ---- */

static int
out_order(void *arg, const struct kept_row *a, const struct kept_row *b)
{
	const struct ending *e = arg;
	int d = kept_order(e->r->c->orders, e->n_orders, a->slots, b->slots);

	return d ? d : a->arrival < b->arrival ? -1 : a->arrival > b->arrival;
}

static void
ending_init(struct ending *e, struct running *r)
{
	const struct over_config *c = r->c;

	*e = (struct ending){.r = r};
	e->n_orders = c->mode == OVER_TIME || c->in_order ? c->n_orders : 0;
	e->slots = mem_array(e->n_orders + c->n_calls, sizeof *e->slots);
	rows_init(&e->rows, r, e->n_orders + c->n_calls);
	kept_sort_init(&e->sort, &e->rows, "runs", out_order, e);
	arena_init(&e->arena, 4096);
}

static void
ending_release(struct ending *e)
{
	kept_sort_release(&e->sort);
	kept_leave(&e->rows);
	kept_release(&e->rows);
	arena_release(&e->arena);
	mem_free(e->slots);
}

/* What the key and its rows have is besides what comes out. */
static void
look_at_memory(struct ending *e, struct over_key *k, const struct kept *kept)
{
	struct running *r = e->r;

	if (++e->n_looked % LOOK_ROWS)
		return;
	r->kept.more = state_room(r->state) + running_elsewhere(r->c, k);
	if (kept != &r->kept)
		r->kept.more += state_room(r->state) + kept_bytes(kept);
	kept_measure(&r->kept);
	e->full = !state_can_hold(r->state);
}

/* Computes the next row of a key and adds it to what is to come out. */
static void
add_next(struct ending *e, struct over_key *k, struct kept *kept)
{
	const struct over_config *c = e->r->c;
	struct kept_row *row, *new = kept_new(&e->rows);
	uint64_t at = k->next;

	over_compute(c, k, e->slots + e->n_orders, &e->arena);
	row = over_row(k, at);
	for (unsigned i = 0; i < e->n_orders; i++)
		e->slots[i] = row->slots[i];
	kept_slots(&e->rows, new, e->slots);
	if (row->carry)
		kept_carry(
		    &e->rows, new, (struct str){row->carry, row->carry_len});
	new->time = row->time;
	new->arrival = row->arrival;
	over_trim(c, k, kept);
	arena_reset(&e->arena);
	kept_sort_add(&e->sort, new);
	look_at_memory(e, k, kept);
}

static void
put_out(struct ending *e)
{
	struct running *r = e->r;
	struct batch *b = e->rows.out;
	const struct kept_row *row;

	while ((row = kept_sort_next(&e->sort))) {
		const struct value *v = row->slots + e->n_orders;
		unsigned at = kept_put(&e->rows, row);

		for (unsigned i = 0; i < r->c->n_calls; i++)
			column_put(&b->cols[r->c->calls[i].col], b->arena, at,
			    value_copy(b->arena, v[i]));
		if (b->n_rows == BATCH_ROWS)
			running_emit(r, b);
	}
	running_emit(r, b);
}

/* ---- in order of event time, or of arrival ---- */

/*
 * All rows that have come are with their keys. Of a row that is not here the
 * key is in the state alone, so nothing is gone from the state that it has.
 */
static void
compute_keys(struct ending *e)
{
	struct running *r = e->r;
	struct table_walk *walk;
	struct cell *cell;

	/* What comes out takes so much before it goes to the state. */
	r->kept.more = state_room(r->state);
	kept_measure(&r->kept);
	table_settle(&r->keys);
	walk = table_walk_begin(&r->keys);
	while (!e->full && (cell = table_walk_next(walk))) {
		struct over_key *k = (void *)cell->bytes;

		while (!e->full && k->next < k->end)
			add_next(e, k, &r->kept);
	}
	table_walk_end(walk);
}

/* ---- in an order of its own ---- */

/* Rows by key: their slots, and the key as one more. */
struct parts {
	struct ending *e;
	struct kept rows;
	struct kept_sort sort;
	struct value *slots;
};

static struct str
key_in(const struct parts *p, const struct kept_row *row)
{
	const struct value *v = &row->slots[p->rows.n_slots - 1];

	return (struct str){v->p, v->len};
}

static int
part_order(void *arg, const struct kept_row *a, const struct kept_row *b)
{
	const struct parts *p = arg;
	const struct over_config *c = p->e->r->c;
	int d = key_cmp(key_in(p, a), key_in(p, b));

	if (!d)
		d = kept_order(c->orders, c->n_orders, a->slots, b->slots);
	return d ? d : a->arrival < b->arrival ? -1 : a->arrival > b->arrival;
}

static bool
add_part(void *arg, struct kept_row *row, struct str key)
{
	struct parts *p = arg;
	struct kept *from = &p->e->r->kept;
	struct kept_row *new;

	if (!key.p || (from->n_cols && !row->carry))
		return false;
	for (unsigned i = 0; i < from->n_slots; i++)
		p->slots[i] = row->slots[i];
	p->slots[from->n_slots] = value_text(key);
	new = kept_new(&p->rows);
	kept_slots(&p->rows, new, p->slots);
	if (row->carry)
		kept_carry(
		    &p->rows, new, (struct str){row->carry, row->carry_len});
	new->time = row->time;
	new->arrival = row->arrival;
	kept_forget(from, row);
	kept_sort_add(&p->sort, new);
	return true;
}

/* The rows of a key that are ready, or what is left of it. */
static void
compute_ready(struct parts *p, struct over_key *k, bool final)
{
	const struct over_config *c = p->e->r->c;

	while (!p->e->full && k->next < k->end &&
	       over_ready(c, k, k->next, final, WHEN_MIN))
		add_next(p->e, k, &p->rows);
}

/* Where blocks of a key are whose rows are in no cell. */
#define PARTS_BUCKET 1

static void
spread(struct parts *p, struct over_key *k)
{
	struct running *r = p->e->r;
	size_t most = running_far_rows(r, &p->rows);
	struct over_far_home home;
	struct buf name = {0};

	if (k->far || k->end - k->base <= most)
		return;
	home = running_far_home(r, state_key_text(&name, "part"));
	home.kept = &p->rows;
	home.bucket = PARTS_BUCKET;
	over_far_begin(k, &home, running_far_per(most));
	buf_release(&name);
}

static void
compute_parts(struct parts *p)
{
	const struct over_config *c = p->e->r->c;
	struct over_key *k = mem_zalloc(c->cell_bytes);
	struct buf key = {0};
	struct kept_row *row;

	over_key_init(c, k);
	while (!p->e->full && (row = kept_sort_take(&p->sort))) {
		if (k->end && !str_eq(buf_str(&key), key_in(p, row))) {
			compute_ready(p, k, true);
			if (k->far)
				over_far_drop(k);
			over_key_release(c, k, &p->rows);
			memset(k, 0, c->cell_bytes);
			over_key_init(c, k);
		}
		if (!k->end) {
			key.n = 0;
			buf_adds(&key, key_in(p, row));
		}
		over_append(c, k, row);
		spread(p, k);
		compute_ready(p, k, false);
	}
	compute_ready(p, k, true);
	over_key_release(c, k, &p->rows);
	state_drop(state_map(p->e->r->state, "blocks"), PARTS_BUCKET);
	buf_release(&key);
	mem_free(k);
}

static void
compute_all(struct ending *e)
{
	struct running *r = e->r;
	struct parts p = {.e = e};
	struct err err = {0};

	running_let_all_go(r);
	/* Nothing points to a key any more: rows have it with them. */
	table_drop(&r->keys);
	p.slots = mem_array(r->kept.n_slots + 1, sizeof *p.slots);
	rows_init(&p.rows, r, r->kept.n_slots + 1);
	kept_sort_init(&p.sort, &p.rows, "parts", part_order, &p);
	/* If it fails, so does the store, and with it the run. */
	if (kept_waiting(&r->kept, NULL, UINT64_MAX, add_part, &p, &err))
		err_release(&err);
	compute_parts(&p);
	kept_sort_release(&p.sort);
	kept_leave(&p.rows);
	kept_release(&p.rows);
	mem_free(p.slots);
}

/* ---- the end ---- */

void
running_end(struct running *r)
{
	struct ending e;

	ending_init(&e, r);
	if (r->c->mode == OVER_END)
		compute_all(&e);
	else
		compute_keys(&e);
	if (!e.full)
		put_out(&e);
	ending_release(&e);
}

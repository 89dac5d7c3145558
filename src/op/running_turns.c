/* SPDX-License-Identifier: MIT */
/*
 * running: turns. Rows that have been appended to their keys, in the order in
 * which they come out, until their turn has come.
 *
 * Each has a number. In memory are those of a window, which point to their
 * keys; behind it may be others that are in the state alone, and are brought
 * when those before them have been taken. What has come since the last cut is
 * in the window, so where all fit into memory the state has copies of them.
 */
#include "base/mem.h"
#include "op/running.h"
#include "op/written.h"

/* Turns that are brought at one go. */
#define BRING_MOST 256

static struct state_map *
turns_map(const struct running *r)
{
	return state_map(r->state, "turns");
}

static uint64_t
window_end(const struct running *r)
{
	return r->turned + r->n_turns;
}

static void
put_turn(struct running *r, const struct turn *t, uint64_t number)
{
	struct cell *cell = cell_of_bytes((char *)t->key);
	struct buf key = {0}, value = {0};

	written_put_bytes(&value, cell_key(&r->keys, cell));
	written_put_int(&value, (int64_t)t->at);
	state_put(
	    turns_map(r), 0, state_key_number(&key, number), buf_str(&value));
	buf_release(&key);
	buf_release(&value);
}

/* Those that have been taken make room. */
static void
shift(struct running *r)
{
	size_t left = r->n_turns - r->head;

	if (left && (r->head <= 1024 || r->head <= r->n_turns / 2))
		return;
	if (left)
		memmove(r->turns, r->turns + r->head, left * sizeof *r->turns);
	r->turned += r->head;
	r->n_turns = left;
	r->head = 0;
}

static void
push(struct running *r, struct turn t)
{
	shift(r);
	mem_grow(&r->turns, &r->cap_turns, r->n_turns + 1, sizeof *r->turns);
	r->turns[r->n_turns++] = t;
}

void
running_turn(struct running *r, struct kept_row *row)
{
	const struct turn t = {row->owner, row->at, row->time};

	running_track(r, row);
	if (window_end(r) == r->turns_end) {
		push(r, t);
	} else {
		put_turn(r, &t, r->turns_end);
		r->put_to = r->turns_end + 1;
	}
	r->turns_end++;
}

/* ---- from the state ---- */

static bool
read_turn(struct running *r, struct str value, struct turn *t)
{
	const char *p = value.p, *end = p + value.n;
	struct kept_row *row;
	struct str key;
	int64_t at;

	if (!written_get_key(&p, end, &key) || !written_get_int(&p, end, &at) ||
	    p != end)
		return false;
	t->key = running_key_named(r, key);
	t->at = (uint64_t)at;
	if (t->at < t->key->next || t->at >= t->key->end)
		return false;
	row = over_row(t->key, t->at);
	t->time = row->time;
	running_track(r, row);
	return true;
}

/* Brings the next one into the window; false: there is none. */
static bool
bring_one(struct running *r, struct buf *key, struct buf *value)
{
	uint64_t number = window_end(r);
	struct str name = state_key_number(key, number);
	enum store_found found;
	struct turn t;

	value->n = 0;
	found = state_get(turns_map(r), 0, name, value);
	if (found == STORE_FOUND && read_turn(r, buf_str(value), &t)) {
		push(r, t);
		return true;
	}
	if (found != STORE_DAMAGED)
		state_damaged(turns_map(r), 0, name);
	/* The run ends; until then there are no more. */
	r->turns_end = number;
	return false;
}

static void
bring(struct running *r, uint64_t most)
{
	struct buf key = {0}, value = {0};

	while (most-- && window_end(r) < r->turns_end)
		if (!bring_one(r, &key, &value))
			break;
	buf_release(&key);
	buf_release(&value);
}

const struct turn *
running_next_turn(struct running *r)
{
	if (r->head == r->n_turns && window_end(r) < r->turns_end)
		bring(r, BRING_MOST);
	return r->head < r->n_turns ? &r->turns[r->head] : NULL;
}

/* ---- into the state ---- */

void
running_save_turns(struct running *r)
{
	uint64_t head = r->turned + r->head;
	struct buf key = {0};

	for (; r->put_from < r->put_to && r->put_from < head; r->put_from++)
		state_delete(
		    turns_map(r), 0, state_key_number(&key, r->put_from));
	if (r->put_from == r->put_to)
		r->put_from = r->put_to = head;
	for (; r->put_to < window_end(r); r->put_to++)
		put_turn(r, &r->turns[r->put_to - r->turned], r->put_to);
	buf_release(&key);
}

void
running_let_turns_go(struct running *r)
{
	if (r->head == r->n_turns)
		return;
	running_save_turns(r);
	r->turned += r->head;
	r->n_turns = r->head = 0;
}

void
running_drop_turns(struct running *r)
{
	r->turned = r->turns_end;
	r->n_turns = r->head = 0;
	if (r->put_from < r->put_to)
		state_drop(turns_map(r), 0);
	r->put_from = r->put_to = r->turned;
}

int
running_restore_turns(struct running *r, struct err *err)
{
	struct state_map *m = turns_map(r);
	struct store_scan *scan = state_scan(m, 0);
	struct str key, value;
	uint64_t n;
	int rc = 0;

	r->put_from = r->put_to = r->turned;
	while (!rc && store_scan_next(scan, &key, &value))
		if (!written_number(key, &n) || n != r->put_to++)
			rc = written_damaged(m, 0, key, err);
	store_scan_end(scan);
	r->turns_end = r->put_to;
	/* Of rows that hold watermarks back all are needed. */
	if (!rc && r->tracks)
		bring(r, UINT64_MAX);
	return rc ? rc : written_ended(m, err);
}

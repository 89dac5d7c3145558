/* SPDX-License-Identifier: MIT */
/*
 * Rows kept beyond their run: their entries in the state; see kept.h.
 *
 * New rows are in a list, in the order in which they became so. A row's entry
 * is its numbers, its slots and what it carries, one packed value behind the
 * other; of those that wait, the key of their cell comes first.
 */
#include "base/mem.h"
#include "data/key.h"
#include "op/kept.h"
#include "op/written.h"

/* What the allocator takes for a row and its bytes besides. */
#define ROW_MORE 48
/* So many new rows are put without waiting for the next cut. */
#define FRESH_MOST 32768

void
kept_keep(struct kept *k, struct state_step *s, unsigned cell_bytes)
{
	k->single = true;
	k->state = s;
	k->rows = state_map(s, "rows");
	k->waits = state_map(s, "waiting");
	k->cell_bytes = cell_bytes;
}

void
kept_leave(struct kept *k)
{
	k->state = NULL;
	k->rows = k->waits = NULL;
}

static struct str
key_of(const struct kept *k, const struct kept_row *r)
{
	return r->cell ? (struct str){r->cell->bytes + k->cell_bytes,
			     r->cell->key_len}
		       : (struct str){NULL, 0};
}

/* The key of an entry beneath a cell: that of the cell, and the number. */
static struct str
entry_beneath(struct buf *out, struct str key, uint64_t number)
{
	out->n = 0;
	buf_adds(out, key);
	key_put(out, value_int((int64_t)number));
	return buf_str(out);
}

static struct str
entry_key(struct kept *k, const struct kept_row *r)
{
	if (r->waiting)
		return state_key_number(&k->text, r->number);
	return entry_beneath(&k->text, key_of(k, r), r->number);
}

static void
unlink_fresh(struct kept *k, struct kept_row *r)
{
	if (!r->fresh)
		return;
	*(r->prev ? &r->prev->next : &k->first) = r->next;
	*(r->next ? &r->next->prev : &k->last) = r->prev;
	r->next = r->prev = NULL;
	r->fresh = false;
	k->n_fresh--;
}

static void
link_fresh(struct kept *k, struct kept_row *r)
{
	if (r->fresh)
		return;
	r->fresh = true;
	r->next = NULL;
	r->prev = k->last;
	*(k->last ? &k->last->next : &k->first) = r;
	k->last = r;
	k->n_fresh++;
}

static void
unstore(struct kept *k, struct kept_row *r)
{
	unlink_fresh(k, r);
	if (r->stored && k->rows)
		state_delete(r->waiting ? k->waits : k->rows, r->bucket,
		    entry_key(k, r));
	r->stored = false;
}

void
kept_unplace(struct kept *k, struct kept_row *r)
{
	unstore(k, r);
	r->cell = NULL;
}

void
kept_forget(struct kept *k, struct kept_row *r)
{
	unlink_fresh(k, r);
	r->stored = false;
	kept_drop(k, r);
}

void
kept_drop(struct kept *k, struct kept_row *r)
{
	unstore(k, r);
	if (r->held)
		r->gone = true;
	else
		kept_recycle(k, r);
}

static void
place(struct kept *k, struct kept_row *r, bool waiting, struct cell *cell,
    int64_t bucket, uint64_t number)
{
	if (!k->rows)
		return;
	unstore(k, r);
	r->waiting = waiting;
	r->cell = cell;
	r->bucket = bucket;
	r->number = number;
	link_fresh(k, r);
}

void
kept_place(struct kept *k, struct kept_row *r, struct cell *cell,
    int64_t bucket, uint64_t number)
{
	place(k, r, false, cell, bucket, number);
}

void
kept_wait(
    struct kept *k, struct kept_row *r, struct cell *cell, uint64_t number)
{
	place(k, r, true, cell, 0, number);
}

void
kept_pack(const struct kept *k, const struct kept_row *r, struct buf *out)
{
	const int64_t numbers[KEPT_NUMBERS] = {r->time, (int64_t)r->arrival,
	    (int64_t)r->at, (int64_t)r->group, (int64_t)r->first};

	for (unsigned i = 0; i < KEPT_NUMBERS; i++)
		written_put_int(out, numbers[i]);
	for (unsigned i = 0; i < k->n_slots; i++)
		written_put(out, r->slots[i]);
	if (r->carry)
		written_put_bytes(out, (struct str){r->carry, r->carry_len});
	else
		written_put(out, VALUE_NULL);
}

static void
put_row(struct kept *k, const struct kept_row *r, struct buf *out)
{
	out->n = 0;
	if (r->waiting) {
		if (r->cell)
			written_put_bytes(out, key_of(k, r));
		else
			written_put(out, VALUE_NULL);
	}
	kept_pack(k, r, out);
	state_put(r->waiting ? k->waits : k->rows, r->bucket, entry_key(k, r),
	    buf_str(out));
}

static void
write_row(struct kept *k, struct kept_row *r, struct buf *scratch)
{
	put_row(k, r, scratch);
	unlink_fresh(k, r);
	r->stored = true;
}

void
kept_store_row(struct kept *k, struct kept_row *r)
{
	struct buf scratch = {0};

	if (r->fresh)
		write_row(k, r, &scratch);
	buf_release(&scratch);
}

void
kept_store(struct kept *k)
{
	struct buf scratch = {0};

	while (k->first)
		write_row(k, k->first, &scratch);
	buf_release(&scratch);
}

void
kept_measure(struct kept *k)
{
	size_t row = sizeof(struct kept_row) +
		     k->n_slots * sizeof(struct value) + ROW_MORE;

	if (k->state)
		state_hold(k->state, k->n_rows * row + k->n_bytes);
}

void
kept_settle(struct kept *k)
{
	if (k->n_fresh > FRESH_MOST)
		kept_store(k);
	kept_measure(k);
}

/* What a row carries; false: that is not what a row of these columns has. */
static bool
unpack_carry(
    struct kept *k, struct kept_row *r, const char **p, const char *end)
{
	struct str bytes;

	if (written_get_null(p, end))
		return true;
	if (!written_get_bytes(p, end, &bytes) ||
	    !written_is(bytes.p, bytes.p + bytes.n, k->n_cols))
		return false;
	kept_carry(k, r, bytes);
	return true;
}

static bool
unpack(struct kept *k, struct kept_row *r, const char *p, const char *end,
    struct arena *a)
{
	struct value *slots = arena_array(a, k->n_slots, sizeof *slots);
	int64_t n[KEPT_NUMBERS];

	for (unsigned i = 0; i < KEPT_NUMBERS; i++)
		if (!written_get_int(&p, end, &n[i]))
			return false;
	r->time = n[0];
	r->arrival = (uint64_t)n[1];
	r->at = (uint64_t)n[2];
	r->group = (uint64_t)n[3];
	r->first = (uint64_t)n[4];
	for (unsigned i = 0; i < k->n_slots; i++)
		if (!written_get(&p, end, a, &slots[i]))
			return false;
	kept_slots(k, r, slots);
	return unpack_carry(k, r, &p, end) && p == end;
}

struct kept_row *
kept_unpack(struct kept *k, struct str bytes)
{
	struct kept_row *r = kept_new(k);
	struct arena a;
	bool found;

	arena_init(&a, 512);
	found = unpack(k, r, bytes.p, bytes.p + bytes.n, &a);
	arena_release(&a);
	if (found)
		return r;
	kept_recycle(k, r);
	return NULL;
}

struct kept_row *
kept_fetch(struct kept *k, const struct table *t, struct cell *cell,
    int64_t bucket, uint64_t number)
{
	struct kept_row *r = NULL;
	struct buf out = {0};

	if (state_get(k->rows, bucket,
		entry_beneath(&k->text, cell_key(t, cell), number),
		&out) == STORE_FOUND)
		r = kept_unpack(k, buf_str(&out));
	buf_release(&out);
	if (!r)
		return NULL;
	r->cell = cell;
	r->bucket = bucket;
	r->number = number;
	r->stored = true;
	return r;
}

/* The row of an entry that waits, and its key. */
static struct kept_row *
read_waiting(
    struct kept *k, struct str number, struct str value, struct str *key)
{
	const char *p = value.p, *end = p + value.n;
	struct kept_row *r;
	uint64_t n;

	*key = (struct str){NULL, 0};
	if (!written_number(number, &n))
		return NULL;
	if (!written_get_null(&p, end) && !written_get_key(&p, end, key))
		return NULL;
	r = kept_unpack(k, (struct str){p, (size_t)(end - p)});
	if (!r)
		return NULL;
	r->waiting = r->stored = true;
	r->number = n;
	return r;
}

int
kept_waiting(struct kept *k, uint64_t until,
    bool (*take)(void *arg, struct kept_row *row, struct str key), void *arg,
    struct err *err)
{
	struct store_scan *scan = state_scan(k->waits, 0);
	struct str number, value, key;
	int rc = 0;

	while (!rc && store_scan_next(scan, &number, &value)) {
		struct kept_row *r = read_waiting(k, number, value, &key);

		if (r && r->number >= until) {
			kept_forget(k, r);
			break;
		}
		if (r && take(arg, r, key))
			continue;
		if (r)
			kept_forget(k, r);
		rc = written_damaged(k->waits, 0, number, err);
	}
	store_scan_end(scan);
	return rc ? rc : written_ended(k->waits, err);
}

void
kept_waited(struct kept *k)
{
	state_drop(k->waits, 0);
}

void
kept_schema(const struct op *op, struct schema *out)
{
	struct arena a;
	unsigned n, *cols;

	arena_init(&a, 1024);
	cols = flow_kept(&op->in, op->number, &a, &n);
	written_sort(&op->in, cols, n);
	written_columns(&op->in, cols, n, "columns", out);
	arena_release(&a);
}

/* SPDX-License-Identifier: MIT */
/*
 * Rows kept beyond their run: their entries in the state; see kept.h.
 *
 * New rows that wait are in a list, in the order in which they became so. A
 * row's entry is its numbers, its slots and what it carries, one packed value
 * behind the other; of those that wait, the key of their cell comes first.
 *
 * Rows of a cell are all in its own value, each as bytes, or all beneath it.
 * One that was beneath it and is in it now keeps its entry, which is known by
 * it and goes with it: so writing a cell down takes nothing out of the store.
 */
#include "base/hash.h"
#include "base/mem.h"
#include "data/key.h"
#include "op/kept.h"
#include "op/written.h"

/* So many new rows are put without waiting for the next cut. */
#define FRESH_MOST 32768

/* Rows of a cell that are in its value take no more bytes than this. */
#define INLINE_MOST 1024
/* No row takes less. */
#define ROW_LEAST 8

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
	if (waiting)
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
	if (!r->stored)
		write_row(k, r, &k->packed);
}

bool
kept_inline(struct kept *k, struct kept_row *const *ring, size_t mask,
    uint64_t from, size_t n, struct buf *out)
{
	size_t begin = out->n;

	if (n > INLINE_MOST / ROW_LEAST)
		return false;
	for (uint64_t at = from; at < from + n; at++) {
		const struct kept_row *r = ring[at & mask];

		k->packed.n = 0;
		written_put_int(&k->packed, (int64_t)r->number);
		written_put_int(&k->packed, r->stored);
		kept_pack(k, r, &k->packed);
		written_put_bytes(out, buf_str(&k->packed));
		if (out->n - begin > INLINE_MOST) {
			out->n = begin;
			return false;
		}
	}
	return true;
}

void
kept_store(struct kept *k)
{
	struct buf scratch = {0};

	while (k->first)
		write_row(k, k->first, &scratch);
	buf_release(&scratch);
}

size_t
kept_bytes(const struct kept *k)
{
	return k->n_rows * kept_row_size(k) + k->n_bytes + k->more;
}

void
kept_measure(struct kept *k)
{
	if (k->state)
		state_hold(k->state, kept_bytes(k));
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

bool
kept_is_inline(const char *p, const char *end)
{
	unsigned char c = p < end ? (unsigned char)*p : 0;

	return c >= 0xc4 && c <= 0xc6; /* msgpack: bytes */
}

bool
kept_inline_row(struct str *row, int64_t *number, int64_t *stored)
{
	const char *p = row->p, *end = p + row->n;

	if (!written_get_int(&p, end, number) ||
	    !written_get_int(&p, end, stored))
		return false;
	*row = (struct str){p, (size_t)(end - p)};
	return true;
}

struct kept_row *
kept_get_inline(struct kept *k, struct cell *cell, int64_t bucket,
    const char **p, const char *end)
{
	struct kept_row *r;
	struct str bytes;
	int64_t number, stored;

	if (!written_get_bytes(p, end, &bytes) ||
	    !kept_inline_row(&bytes, &number, &stored))
		return NULL;
	r = kept_unpack(k, bytes);
	if (!r)
		return NULL;
	r->cell = cell;
	r->bucket = bucket;
	r->number = (uint64_t)number;
	r->stored = stored != 0;
	return r;
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

struct kept_row *
kept_get(struct kept *k, const struct table *t, struct cell *cell,
    int64_t bucket, const char **p, const char *end)
{
	int64_t number;

	if (kept_is_inline(*p, end))
		return kept_get_inline(k, cell, bucket, p, end);
	if (!written_get_int(p, end, &number))
		return NULL;
	return kept_fetch(k, t, cell, bucket, (uint64_t)number);
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

/* Rows that were read together; their keys are looked up together. */
#define WAITING_LISTS 4
#define WAITING_ROWS (WAITING_LISTS * BATCH_ROWS)
struct waiting {
	struct kept_row *rows[WAITING_ROWS];
	struct str keys[WAITING_ROWS]; /* p NULL: none */
	struct str listed[WAITING_ROWS];
	uint64_t hashes[WAITING_ROWS];
	struct arena arena;
	unsigned n, n_listed;
};

static void
fetch_keys(struct table *t, const struct waiting *w)
{
	struct table_keys lists[WAITING_LISTS];
	unsigned n = 0;

	for (unsigned from = 0; from < w->n_listed; from += BATCH_ROWS) {
		unsigned more = w->n_listed - from;

		lists[n++] = (struct table_keys){w->listed + from,
		    w->hashes + from, more < BATCH_ROWS ? more : BATCH_ROWS};
	}
	table_fetch_all(t, lists, n, false);
}

/* Hands them over. The number of the first that is refused in *bad: false. */
static bool
hand_over(struct kept *k, struct table *t, struct waiting *w,
    bool (*take)(void *arg, struct kept_row *row, struct str key), void *arg,
    uint64_t *bad)
{
	bool good = true;

	if (t)
		fetch_keys(t, w);
	for (unsigned i = 0; i < w->n; i++) {
		*bad = good ? w->rows[i]->number : *bad;
		good = good && take(arg, w->rows[i], w->keys[i]);
		if (!good)
			kept_forget(k, w->rows[i]);
	}
	w->n = w->n_listed = 0;
	arena_reset(&w->arena);
	return good;
}

static void
add_waiting(struct waiting *w, struct kept_row *row, struct str key)
{
	w->rows[w->n] = row;
	w->keys[w->n].p = NULL;
	if (key.p) {
		key = arena_str(&w->arena, key);
		w->keys[w->n] = w->listed[w->n_listed] = key;
		w->hashes[w->n_listed++] = hash_bytes(key.p, key.n);
	}
	w->n++;
}

/* Reads up to `until`. 0, or -1: *bad is what cannot be. */
static int
read_all(struct kept *k, struct table *t, uint64_t until,
    bool (*take)(void *arg, struct kept_row *row, struct str key), void *arg,
    struct waiting *w, struct buf *bad)
{
	struct store_scan *scan = state_scan(k->waits, 0);
	struct str number, value, key;
	uint64_t refused = 0;
	bool good = true, more;

	do {
		struct kept_row *r = NULL;

		more = store_scan_next(scan, &number, &value);
		if (more)
			r = read_waiting(k, number, value, &key);
		if (more && !r) {
			buf_adds(bad, number);
			good = false;
		}
		if (r && r->number >= until) {
			kept_forget(k, r);
			more = false;
		} else if (r) {
			add_waiting(w, r, key);
		}
		if (!good || !more || w->n == WAITING_ROWS)
			if (!hand_over(k, t, w, take, arg, &refused) && good) {
				state_key_number(bad, refused);
				good = false;
			}
	} while (good && more);
	store_scan_end(scan);
	return good ? 0 : -1;
}

int
kept_waiting(struct kept *k, struct table *t, uint64_t until,
    bool (*take)(void *arg, struct kept_row *row, struct str key), void *arg,
    struct err *err)
{
	struct waiting *w = mem_zalloc(sizeof *w);
	struct buf bad = {0};
	int rc;

	arena_init(&w->arena, 4096);
	rc = read_all(k, t, until, take, arg, w, &bad);
	if (rc)
		rc = written_damaged(k->waits, 0, buf_str(&bad), err);
	arena_release(&w->arena);
	buf_release(&bad);
	mem_free(w);
	return rc ? rc : written_ended(k->waits, err);
}

struct cell *
kept_cell(struct table *t, struct str key)
{
	uint64_t hash = hash_bytes(key.p, key.n);
	struct cell *cell = table_find(t, key, hash);

	return cell ? cell : table_cell(t, key, hash);
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

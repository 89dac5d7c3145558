/* SPDX-License-Identifier: MIT */
/* Rows that wait; see held.h. */
#include "op/held.h"

#include "base/mem.h"
#include "base/must.h"
#include "op/written.h"

enum {
	HELD_ROW,
	HELD_MARK
};

/* So many bytes make a chunk of their own. */
#define CHUNK_BYTES ((size_t)1 << 20)

void
held_init(struct held *h, const struct op *op, unsigned n_more)
{
	struct arena a;
	unsigned n, *cols;

	arena_init(&a, 1024);
	cols = flow_kept(&op->in, op->number, &a, &n);
	*h = (struct held){
	    .cols = mem_array(n + 1, sizeof *cols), .n_more = n_more};
	written_sort(&op->in, cols, n);
	for (unsigned i = 0; i < n; i++)
		h->cols[h->n_cols++] = cols[i];
	arena_release(&a);
}

void
held_init_flow(struct held *h, const struct flow *f)
{
	*h = (struct held){.cols = mem_array(f->n_cols + 1, sizeof *h->cols)};
	for (unsigned i = 0; i < f->n_cols; i++)
		h->cols[h->n_cols++] = f->cols[i].col;
}

void
held_release(struct held *h)
{
	mem_free(h->cols);
	buf_release(&h->bytes);
	buf_release(&h->chunk);
}

/* ---- in ---- */

static void put_chunk(struct held *h);

static void
settle(struct held *h)
{
	if (h->state && h->bytes.n > CHUNK_BYTES)
		put_chunk(h);
}

void
held_row(struct held *h, const struct batch *b, const struct column *more,
    unsigned row)
{
	int64_t time = b->time ? b->time[row] : 0;

	h->timed |= b->time != NULL;
	buf_addc(&h->bytes, HELD_ROW);
	buf_add(&h->bytes, &time, sizeof time);
	for (unsigned i = 0; i < h->n_cols; i++)
		written_put(
		    &h->bytes, h->cols[i] < b->n_cols
				   ? column_get(&b->cols[h->cols[i]], row)
				   : VALUE_NULL);
	for (unsigned i = 0; i < h->n_more; i++)
		written_put(&h->bytes, column_get(&more[i], row));
	h->n_rows++;
	settle(h);
}

void
held_mark(struct held *h, int64_t w)
{
	buf_addc(&h->bytes, HELD_MARK);
	buf_add(&h->bytes, &w, sizeof w);
	settle(h);
}

/* ---- out ---- */

/* Goes behind a row; false: that is none. */
static bool
get_row(const struct held *h, const char **p, const char *end, struct batch *b,
    struct column *more, unsigned row)
{
	struct value v;

	if ((size_t)(end - *p) < sizeof *b->time)
		return false;
	memcpy(&b->time[row], *p, sizeof *b->time);
	*p += sizeof *b->time;
	for (unsigned i = 0; i < h->n_cols + h->n_more; i++) {
		struct column *c =
		    i < h->n_cols ? &b->cols[h->cols[i]] : &more[i - h->n_cols];

		if (!written_get(p, end, b->arena, &v))
			return false;
		column_put(c, b->arena, row, v);
	}
	return true;
}

/* Rows up to the next watermark, a batch of them at most. */
static bool
get_rows(struct held *h, struct str bytes, struct batch *b, struct column *more)
{
	const char *p = bytes.p + h->at, *end = bytes.p + bytes.n;
	unsigned n = 0;

	while (p != end && *p == HELD_ROW && n < BATCH_ROWS) {
		p++;
		if (!get_row(h, &p, end, b, more, n++))
			return false;
	}
	b->n_rows = b->n_sel = n;
	if (!h->timed)
		b->time = NULL;
	h->at = (size_t)(p - bytes.p);
	return n > 0;
}

static bool
get_mark(struct held *h, struct str bytes, int64_t *mark)
{
	if (bytes.n - h->at < 1 + sizeof *mark || bytes.p[h->at] != HELD_MARK)
		return false;
	memcpy(mark, bytes.p + h->at + 1, sizeof *mark);
	h->at += 1 + sizeof *mark;
	return true;
}

static struct state_map *
chunks(const struct held *h)
{
	return state_map(h->state, "held");
}

static void
damaged(struct held *h)
{
	struct buf key = {0};

	must(h->state);
	state_damaged(chunks(h), 0, state_key_number(&key, h->reading - 1));
	buf_release(&key);
}

/* Goes on to the next chunk; false: the last one has been read. */
static bool
next_chunk(struct held *h)
{
	struct buf key = {0};
	enum store_found found = STORE_FOUND;

	if (h->reading > h->n_chunks)
		return false;
	h->at = h->chunk.n = 0;
	if (h->reading++ < h->n_chunks) {
		found = state_get(chunks(h), 0,
		    state_key_number(&key, h->reading - 1), &h->chunk);
		buf_release(&key);
	}
	if (found == STORE_ABSENT)
		damaged(h);
	return found == STORE_FOUND;
}

static void
forget(struct held *h)
{
	if (h->state && h->n_chunks)
		state_drop(chunks(h), 0);
	h->bytes.n = 0;
	h->n_chunks = h->reading = 0;
	h->at = 0;
}

bool
held_next(struct held *h, unsigned n_cols, struct batch *b, struct column *more,
    int64_t *mark)
{
	const struct buf *from;

	batch_reset(b);
	batch_columns(b, n_cols);
	b->time = arena_array(b->arena, BATCH_ROWS, sizeof *b->time);
	for (unsigned i = 0; i < h->n_more; i++)
		more[i] = (struct column){.type = T_NULL};
	do {
		from = h->reading > h->n_chunks ? &h->bytes : &h->chunk;
		if (h->reading && h->at < from->n) {
			if (get_mark(h, buf_str(from), mark) ||
			    get_rows(h, buf_str(from), b, more))
				return true;
			damaged(h);
			break;
		}
	} while (next_chunk(h));
	forget(h);
	return false;
}

/* ---- state ---- */

static void
put_chunk(struct held *h)
{
	struct buf key = {0};

	state_put(chunks(h), 0, state_key_number(&key, h->n_chunks++),
	    buf_str(&h->bytes));
	buf_release(&key);
	h->bytes.n = 0;
}

int
held_keep(struct held *h, struct state_step *s, struct err *err)
{
	int64_t n[3];
	int rc;

	h->state = s;
	rc = written_load(s, "held", n, 3, err);
	if (rc == 1) {
		h->n_chunks = (uint64_t)n[0];
		h->n_rows = (uint64_t)n[1];
		h->timed = n[2] != 0;
	}
	return rc < 0 ? -1 : 0;
}

void
held_save(struct held *h)
{
	int64_t n[3];

	if (h->bytes.n)
		put_chunk(h);
	n[0] = (int64_t)h->n_chunks;
	n[1] = (int64_t)h->n_rows;
	n[2] = h->timed;
	written_save(h->state, "held", n, 3);
}

/* SPDX-License-Identifier: MIT */
/* Rows that wait; see held.h. */
#include "op/held.h"

#include "base/mem.h"
#include "base/must.h"
#include "data/pack.h"

enum {
	HELD_ROW,
	HELD_MARK
};

enum {
	FORM_PACKED,
	FORM_JSON /* text that stays as it is */
};

void
held_init(struct held *h, const struct op *op, unsigned n_more)
{
	struct arena a;
	unsigned n, *cols;

	arena_init(&a, 1024);
	cols = flow_kept(&op->in, op->number, &a, &n);
	*h = (struct held){
	    .cols = mem_array(n + 1, sizeof *cols), .n_more = n_more};
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
}

/* ---- in ---- */

static void
put_value(struct buf *out, struct value v)
{
	buf_addc(out, v.type == T_JSON ? FORM_JSON : FORM_PACKED);
	if (v.type == T_JSON)
		pack_put_text(out, value_str(v));
	else
		pack_put(out, v);
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
		put_value(&h->bytes, h->cols[i] < b->n_cols
					 ? column_get(&b->cols[h->cols[i]], row)
					 : VALUE_NULL);
	for (unsigned i = 0; i < h->n_more; i++)
		put_value(&h->bytes, column_get(&more[i], row));
	h->n_rows++;
}

void
held_mark(struct held *h, int64_t w)
{
	buf_addc(&h->bytes, HELD_MARK);
	buf_add(&h->bytes, &w, sizeof w);
}

/* ---- out ---- */

static struct value
get_value(const char **p, const char *end, struct arena *a)
{
	bool json = *(*p)++ == FORM_JSON;
	struct value v;

	must(pack_get(p, end, a, &v) == PACK_OK);
	if (json)
		v.type = T_JSON;
	return v;
}

static const char *
get_row(struct held *h, const char *p, struct batch *b, struct column *more,
    unsigned row)
{
	const char *end = h->bytes.p + h->bytes.n;

	memcpy(&b->time[row], p, sizeof *b->time);
	p += sizeof *b->time;
	for (unsigned i = 0; i < h->n_cols; i++)
		column_put(&b->cols[h->cols[i]], b->arena, row,
		    get_value(&p, end, b->arena));
	for (unsigned i = 0; i < h->n_more; i++)
		column_put(
		    &more[i], b->arena, row, get_value(&p, end, b->arena));
	return p;
}

bool
held_next(struct held *h, size_t *at, unsigned n_cols, struct batch *b,
    struct column *more, int64_t *mark)
{
	const char *start = h->bytes.p, *end = start + h->bytes.n;
	const char *p = start + *at;
	unsigned n = 0;

	if (*at == h->bytes.n)
		return false;
	batch_reset(b);
	batch_columns(b, n_cols);
	b->time = arena_array(b->arena, BATCH_ROWS, sizeof *b->time);
	for (unsigned i = 0; i < h->n_more; i++)
		more[i] = (struct column){.type = T_NULL};
	if (*p == HELD_MARK) {
		memcpy(mark, p + 1, sizeof *mark);
		*at += 1 + sizeof *mark;
		return true;
	}
	while (p != end && *p == HELD_ROW && n < BATCH_ROWS)
		p = get_row(h, p + 1, b, more, n++);
	b->n_rows = b->n_sel = n;
	if (!h->timed)
		b->time = NULL;
	*at = (size_t)(p - start);
	return true;
}

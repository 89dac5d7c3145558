/* SPDX-License-Identifier: MIT */
/*
 * Kept rows; see agg_kept.h. A row is its packed values (arguments, then what
 * ORDER BY orders by) and keys by which it is ordered. It is in two lists: in
 * its order, with its copies as weight, so that a rank is found in few steps;
 * and among rows of equal values by arrival, to find what is taken back.
 *
 * Where only values matter (min, percentile), equal rows are one with a
 * count. Memory of rows taken back is used again.
 */
#include "expr/agg_kept.h"

#include "data/key.h"
#include "data/pack.h"
#include "expr/agg_order.h"

struct kept {
	struct order_list ranks, values;
	struct spare *spare;
	uint64_t seq;		    /* number of the next row */
	uint64_t n;		    /* rows in the lists */
	uint64_t n_owed;	    /* of them taken back before they came */
	uint64_t n_floats;	    /* of them with a float as first value */
	bool distinct;		    /* a row weighs 1, whatever its count */
	const struct agg_call *how; /* while in use */
};

unsigned
kept_size(void)
{
	return sizeof(struct kept *);
}

/* ---- orders ---- */

/* Equal rows are one row with a count. */
static bool
shares(const struct agg_call *call)
{
	enum agg_keep k = call->agg->keep;

	return !call->n_order &&
	       (k == AGG_KEEP_LEAST || k == AGG_KEEP_GREATEST ||
		   k == AGG_KEEP_NUMBERS);
}

static bool
by_time(const struct agg_call *call)
{
	return !call->n_order && (call->agg->keep == AGG_KEEP_EARLIEST ||
				     call->agg->keep == AGG_KEEP_LATEST);
}

/* The key at *p, which its length precedes. */
static struct str
next_key(const char **p)
{
	struct str key;
	uint32_t n;

	memcpy(&n, *p, sizeof n);
	key = (struct str){*p + sizeof n, n};
	*p += sizeof n + n;
	return key;
}

static int
cmp_keys(struct str a, struct str b, unsigned how)
{
	/* The key of NULL is one byte long, and it is the only one. */
	bool null_a = a.n == 1 && !*a.p, null_b = b.n == 1 && !*b.p;
	int cmp;

	if (null_a != null_b && how & (AGG_NULLS_FIRST | AGG_NULLS_LAST))
		return null_a == !!(how & AGG_NULLS_FIRST) ? -1 : 1;
	cmp = key_cmp(a, b);
	return how & AGG_DESC ? -cmp : cmp;
}

/* How the i-th key orders rows. */
static unsigned
order_of(const struct agg_call *call, unsigned i)
{
	if (call->n_order)
		return call->order[i];
	return call->agg->keep == AGG_KEEP_GREATEST ||
		       call->agg->keep == AGG_KEEP_GREATEST_BY
		   ? AGG_DESC
		   : 0;
}

static int
cmp_seq(const struct order_row *a, const struct order_row *b)
{
	return (a->seq > b->seq) - (a->seq < b->seq);
}

static int
cmp_ranks(const struct agg_call *call, const struct order_row *a,
    const struct order_row *b)
{
	const char *p = order_keys(a), *q = order_keys(b);
	const char *end = p + a->n_keys;
	int cmp = 0;

	for (unsigned i = 0; !cmp && p < end; i++) {
		struct str x = next_key(&p), y = next_key(&q);

		cmp = cmp_keys(x, y, order_of(call, i));
	}
	if (!cmp && by_time(call))
		cmp = (a->time > b->time) - (a->time < b->time);
	return cmp ? cmp : cmp_seq(a, b);
}

static int
cmp_values(const struct agg_call *call, const struct order_row *a,
    const struct order_row *b)
{
	int cmp;

	(void)call;
	if (a->n_row != b->n_row)
		return a->n_row < b->n_row ? -1 : 1;
	cmp = memcmp(order_values(a), order_values(b), a->n_row);
	return cmp ? cmp : cmp_seq(a, b);
}

static bool
same_values(const struct order_row *a, const struct order_row *b)
{
	return a && a->n_row == b->n_row &&
	       !memcmp(order_values(a), order_values(b), a->n_row);
}

/* ---- rows ---- */

/* Memory of a row of so many levels and bytes. */
static size_t
row_size(unsigned levels, size_t n_bytes)
{
	return offsetof(struct order_row, links) +
	       ORDER_N * levels * sizeof(struct order_link) + n_bytes;
}

static void
row_free(struct kept *s, struct arena *heap, struct order_row *r)
{
	spare_give(&s->spare, heap, r,
	    row_size(r->levels, (size_t)r->n_row + r->n_keys));
}

/* Number of values in a row: arguments that vary, then those of ORDER BY. */
static unsigned
n_inputs(const struct agg_call *call)
{
	struct agg_call plain = *call;

	plain.n_args -= plain.n_order;
	return agg_n_inputs(&plain);
}

static void
put_key(struct buf *out, struct value v)
{
	uint32_t n = 0;
	size_t at = out->n;

	buf_add(out, &n, sizeof n);
	key_put(out, v);
	n = (uint32_t)(out->n - at - sizeof n);
	memcpy(out->p + at, &n, sizeof n);
}

/* What the values v of a row are ordered by. */
static void
put_keys(const struct agg_call *call, struct buf *out, const struct value *v)
{
	unsigned n = n_inputs(call);

	for (unsigned i = 0; i < call->n_order; i++)
		put_key(out, v[n + i]);
	if (call->n_order)
		return;
	switch (call->agg->keep) {
	case AGG_KEEP_LEAST:
	case AGG_KEEP_GREATEST:
	case AGG_KEEP_NUMBERS:
		put_key(out, v[0]);
		break;
	case AGG_KEEP_LEAST_BY:
	case AGG_KEEP_GREATEST_BY:
		put_key(out, v[1]);
		break;
	case AGG_KEEP_ALL:
	case AGG_KEEP_ARRIVED:
	case AGG_KEEP_EARLIEST:
	case AGG_KEEP_LATEST:
		break;
	}
}

static uint64_t
weight(const struct kept *s, const struct order_row *r)
{
	if (r->count <= 0)
		return 0;
	return s->distinct ? 1 : (uint64_t)r->count;
}

static struct value
first_value(const struct order_row *r, struct arena *a)
{
	const char *p = order_values(r);
	struct value v = VALUE_NULL;

	pack_get(&p, p + r->n_row, a, &v);
	return v;
}

/* Counts a row in or out. */
static void
tell(struct kept *s, const struct order_row *r, bool in)
{
	/* A packed float, see put_row. */
	bool f = r->n_row && (uint8_t)*order_values(r) == 0xcb;

	s->n += in ? 1 : -(uint64_t)1;
	s->n_floats += !f || r->count < 0 ? 0 : in ? 1 : -(uint64_t)1;
	s->n_owed += r->count >= 0 ? 0 : in ? 1 : -(uint64_t)1;
}

static bool
row_put(struct kept *s, struct arena *heap, struct order_row *r)
{
	if (!order_put(&s->values, heap, r, 1))
		return false;
	if (!order_put(&s->ranks, heap, r, weight(s, r))) {
		order_take(&s->values, r, 1);
		return false;
	}
	tell(s, r, true);
	return true;
}

static void
row_take(struct kept *s, struct arena *heap, struct order_row *r)
{
	tell(s, r, false);
	order_take(&s->values, r, 1);
	order_take(&s->ranks, r, weight(s, r));
	row_free(s, heap, r);
}

/* ---- adding and taking back ---- */

/* A row on its way in, in one piece of memory for packed values and keys. */
struct coming {
	struct buf bytes;
	uint32_t n_row;
	int64_t time;
	int64_t count;
};

/* The row as one to look for, or to keep. */
static struct order_row *
row_of(struct kept *s, struct arena *heap, const struct coming *c, uint64_t seq,
    unsigned levels)
{
	struct order_row *r =
	    spare_alloc(s->spare, heap, row_size(levels, c->bytes.n));
	char *bytes = (char *)(r->links + ORDER_N * levels);

	memset(r, 0, row_size(levels, 0));
	r->levels = levels;
	r->seq = seq;
	r->time = c->time;
	r->count = c->count;
	r->n_row = c->n_row;
	r->n_keys = (uint32_t)(c->bytes.n - c->n_row);
	memcpy(bytes, c->bytes.p, c->bytes.n);
	return r;
}

/*
 * Among rows of the values of r, from the first one on: one that stands for
 * it (any of them if they are shared; else one of the other sign, of the same
 * time if there is one); NULL if there is none.
 */
static struct order_row *
partner(const struct kept *s, const struct order_row *r)
{
	struct order_row *at = order_find(&s->values, r), *first = NULL;

	if (shares(s->how))
		return same_values(at, r) ? at : NULL;
	for (; same_values(at, r); at = order_next(&s->values, at)) {
		if ((at->count < 0) == (r->count < 0))
			continue;
		if (at->time == r->time || !by_time(s->how))
			return at;
		if (!first)
			first = at;
	}
	return first;
}

static void
change_count(
    struct kept *s, struct arena *heap, struct order_row *r, int64_t by)
{
	uint64_t before = weight(s, r);

	if (r->count + by == 0) {
		row_take(s, heap, r);
		return;
	}
	tell(s, r, false);
	r->count += by;
	tell(s, r, true);
	order_weigh(&s->ranks, r, before, weight(s, r));
}

static void
put_one(struct kept *s, struct arena *heap, const struct coming *c)
{
	struct order_row *r = row_of(s, heap, c, 0, 1), *other = NULL;

	if (shares(s->how) || c->count < 0 || s->n_owed)
		other = partner(s, r);
	row_free(s, heap, r);
	if (other) {
		change_count(s, heap, other, c->count);
		return;
	}
	r = row_of(s, heap, c, s->seq, order_levels(s->seq));
	s->seq++;
	row_put(s, heap, r);
}

/* The rows of an accumulator, in use for a call. */
static struct kept *
kept_use(const struct agg_call *call, struct kept *s)
{
	s->how = s->ranks.how = s->values.how = call;
	return s;
}

static struct kept *
kept_of(const struct agg_call *call, struct arena *heap, void *acc)
{
	struct kept **s = acc;

	if (!*s) {
		*s = arena_zalloc(heap, sizeof **s);
		(*s)->distinct = call->distinct;
		(*s)->ranks.which = ORDER_RANKS;
		(*s)->ranks.cmp = cmp_ranks;
		(*s)->values.which = ORDER_VALUES;
		(*s)->values.cmp = cmp_values;
	}
	return kept_use(call, *s);
}

/* The number a value is, for percentiles: an int or a float. */
static bool
as_number(struct value *v)
{
	struct dec space;

	if (v->type == T_DATE)
		v->type = T_TIME;
	if (v->type == T_TIME || v->type == T_DURATION)
		return true;
	if (!agg_number(*v, v, &space))
		return false;
	if (v->type == T_DECIMAL)
		*v = value_float(dec_to_float(*v->d));
	if (v->type == T_FLOAT && v->f == 0)
		v->f = 0; /* not -0 */
	return true;
}

/* True if a row does not count when its i-th value of n inputs is NULL. */
static bool
counts_not(const struct agg_call *call, unsigned i, unsigned n)
{
	enum agg_nulls nulls = call->agg->nulls;

	return i < n && nulls != AGG_NULLS_KEEP &&
	       !(i && nulls == AGG_NULLS_OTHERS);
}

/* Packs the k-th row; false if an argument is NULL: it does not count. */
static bool
pack_row(const struct agg_call *call, const struct agg_rows *rows, unsigned k,
    struct coming *c)
{
	unsigned n = n_inputs(call), all = n + call->n_order;
	struct value v[AGG_ARGS_MAX];

	c->bytes.n = 0;
	c->count = agg_sign(rows, k);
	c->time = rows->time ? rows->time[rows->rows[k]] : 0;
	for (unsigned i = 0; i < all; i++) {
		unsigned arg = i < n ? i : call->n_args - call->n_order + i - n;

		v[i] = agg_arg(rows, arg, k);
		if (v[i].type == T_NULL && counts_not(call, i, n))
			return false;
		if (call->agg->keep == AGG_KEEP_NUMBERS && !as_number(&v[0]))
			return false;
		pack_put(&c->bytes, v[i]);
	}
	c->n_row = (uint32_t)c->bytes.n;
	put_keys(call, &c->bytes, v);
	return true;
}

void
kept_add(const struct agg_call *call, struct arena *heap,
    const struct agg_rows *rows)
{
	struct coming c = {0};

	for (unsigned k = 0; k < rows->n; k++)
		if (pack_row(call, rows, k, &c))
			put_one(kept_of(call, heap, agg_acc(call, rows, k)),
			    heap, &c);
	buf_release(&c.bytes);
}

void
kept_merge(const struct agg_call *call, struct arena *heap, void *into,
    const void *from)
{
	const struct kept *const *f = from;
	struct order_row *r = *f ? order_first(&(*f)->ranks) : NULL;
	struct coming c = {0};

	for (; r; r = order_next(&(*f)->ranks, r)) {
		c.bytes.n = 0;
		buf_add(&c.bytes, order_values(r), r->n_row + r->n_keys);
		c.n_row = r->n_row;
		c.time = r->time;
		c.count = r->count;
		put_one(kept_of(call, heap, into), heap, &c);
	}
	buf_release(&c.bytes);
}

/* ---- results ---- */

/* Rows on their way into a fresh accumulator. */
struct replay {
	struct agg_call plain;
	char *cell;
	struct arena *out;
	struct column cols[AGG_ARGS_MAX];
	int64_t time[BATCH_ROWS];
	uint16_t rows[BATCH_ROWS];
	char *cells[BATCH_ROWS];
	unsigned n;
};

static void
replay_flush(struct replay *p)
{
	struct agg_rows r = {.n = p->n,
	    .rows = p->rows,
	    .cells = p->cells,
	    .args = p->cols,
	    .time = p->plain.agg->keep == AGG_KEEP_ALL ? NULL : p->time};

	if (p->n)
		agg_add(&p->plain, p->out, &r, NULL);
	p->n = 0;
}

static void
replay_row(struct replay *p, const struct order_row *r)
{
	const char *at = order_values(r), *end = at + r->n_row;
	unsigned n = agg_n_inputs(&p->plain);

	for (unsigned i = 0; i < p->plain.n_args; i++) {
		struct value *v = &p->cols[i].v[p->n];

		*v = p->plain.params[i];
		if (i < n && pack_get(&at, end, p->out, v) != PACK_OK)
			*v = VALUE_NULL;
	}
	p->rows[p->n] = (uint16_t)p->n;
	p->cells[p->n] = p->cell;
	p->time[p->n++] = r->time;
	if (p->n == BATCH_ROWS)
		replay_flush(p);
}

static struct value
value_anew(const struct agg_call *call, struct kept *s, struct arena *out)
{
	struct replay *p = arena_zalloc(out, sizeof *p);

	p->plain = *call;
	p->plain.n_args -= call->n_order;
	p->plain.n_order = 0;
	p->plain.retract = false;
	p->plain.offset = 0;
	p->out = out;
	p->cell = arena_zalloc(out, agg_size(&p->plain) + 8);
	for (unsigned i = 0; i < p->plain.n_args; i++)
		p->cols[i] = column_new(out, T_ANY);
	if (s)
		for (struct order_row *r = order_first(&s->ranks); r;
		     r = order_next(&s->ranks, r))
			if (r->count > 0)
				replay_row(p, r);
	replay_flush(p);
	return agg_value(&p->plain, p->cell, out);
}

static struct value
number_at(const struct agg_ranks *ranks, uint64_t rank)
{
	const struct kept *s = ranks->of;
	struct order_row *r = order_at(&s->ranks, rank);
	struct value v = first_value(r, NULL);

	if (s->n_floats && v.type != T_FLOAT)
		v = value_float((double)v.i);
	return v;
}

struct value
kept_value(const struct agg_call *call, const void *acc, struct arena *out)
{
	struct kept *const *set = acc;
	struct kept *s = *set;
	struct agg_ranks ranks;
	uint64_t rank = 0;

	if (call->agg->keep == AGG_KEEP_ALL)
		return value_anew(call, s, out);
	if (!s || !s->ranks.total)
		return VALUE_NULL;
	if (call->agg->keep == AGG_KEEP_NUMBERS) {
		ranks = (struct agg_ranks){s->ranks.total, number_at, s};
		return call->agg->ranked(call, &ranks, out);
	}
	if (call->agg->keep == AGG_KEEP_LATEST)
		rank = s->ranks.total - 1;
	return value_copy(out, first_value(order_at(&s->ranks, rank), out));
}

/* ---- state on disk ---- */

void
kept_save(const struct agg_call *call, const void *acc, struct buf *out)
{
	struct kept *const *set = acc;
	struct kept *s = *set;

	(void)call;
	agg_put_u8(out, AGG_SAVE_VERSION);
	agg_put_u64(out, s ? s->n : 0);
	agg_put_u64(out, s ? s->seq : 0);
	for (struct order_row *r = s ? order_first(&s->ranks) : NULL; r;
	     r = order_next(&s->ranks, r)) {
		agg_put_u64(out, r->seq);
		agg_put_i64(out, r->time);
		agg_put_i64(out, r->count);
		buf_add(out, order_values(r), r->n_row);
	}
}

/* Reads the packed values of a row; their keys are made anew. */
static bool
load_values(const struct agg_call *call, struct agg_in *in, struct coming *c)
{
	unsigned inputs = n_inputs(call), n = inputs + call->n_order;
	struct value v[AGG_ARGS_MAX];
	const char *from = in->p;
	struct arena a;
	bool good = true;

	arena_init(&a, 1024);
	for (unsigned i = 0; good && i < n; i++) {
		v[i] = agg_get_value(in, &a);
		good = !in->bad &&
		       (v[i].type != T_NULL || !counts_not(call, i, inputs));
	}
	if (good && call->agg->keep == AGG_KEEP_NUMBERS)
		good = v[0].type == T_INT || v[0].type == T_FLOAT ||
		       v[0].type == T_TIME || v[0].type == T_DURATION;
	c->bytes.n = 0;
	if (good) {
		buf_add(&c->bytes, from, (size_t)(in->p - from));
		c->n_row = (uint32_t)c->bytes.n;
		put_keys(call, &c->bytes, v);
	}
	arena_release(&a);
	return good;
}

static bool
load_row(
    struct kept *s, struct arena *heap, struct agg_in *in, struct coming *c)
{
	uint64_t seq = agg_get_u64(in);
	struct order_row *r;

	c->time = agg_get_i64(in);
	c->count = agg_get_count(in);
	if (in->bad || !c->count || seq >= s->seq ||
	    !load_values(s->how, in, c))
		return false;
	if (!shares(s->how) && c->count != 1 && c->count != -1)
		return false;
	r = row_of(s, heap, c, seq, order_levels(seq));
	if (shares(s->how) && partner(s, r))
		return false;
	return row_put(s, heap, r) && s->ranks.total < (uint64_t)1 << 61;
}

bool
kept_load(const struct agg_call *call, struct arena *heap, void *acc,
    struct str bytes)
{
	struct agg_in in = agg_in_start(bytes);
	uint64_t n = agg_get_u64(&in), seq = agg_get_u64(&in);
	struct coming c = {0};
	struct kept *s;

	if (in.bad || seq > (uint64_t)1 << 60 || n > seq)
		return false;
	if (seq) {
		s = kept_of(call, heap, acc);
		s->seq = seq;
		for (; n && !in.bad; n--)
			in.bad |= !load_row(s, heap, &in, &c);
	}
	buf_release(&c.bytes);
	return agg_in_done(&in);
}

/* SPDX-License-Identifier: MIT */
/*
 * percentile() and median(), by nearest rank: the value at place ceil(p * n)
 * of the sorted values, counted from 1 (at least 1).
 *
 * Up to EXACT_MAX values are kept as they are and the answer is exact. Then
 * they turn into a histogram whose buckets are the exponent and MANTISSA_BITS
 * of the mantissa: the answer is off by at most 1/256 (0.4 %) of itself, and
 * histograms merge by addition. Negative values have buckets of their own,
 * zero and NaN (the greatest) a counter each. Buckets lie in pages of 64
 * counters, which exist only where values are and begin with 16-bit counters.
 *
 * When values turn depends on their number alone, so the result does not
 * depend on order or merging. Times are always kept exactly: a share of the
 * distance to 1970 would be no answer.
 */
#include <math.h>

#include "expr/agg_part.h"

#define EXACT_MAX 256
#define CHUNK_MIN 4
#define CHUNK_MAX 4096

#define MANTISSA_BITS 7
#define BUCKET_SHIFT (52 - MANTISSA_BITS)
#define PAGE_BITS 6
#define PAGE_SLOTS (1u << PAGE_BITS)
#define PAGES_MAX (1u << (11 + MANTISSA_BITS - PAGE_BITS))

/* Which kinds of values have come. */
#define KIND_INT 1
#define KIND_FLOAT 2
#define KIND_TIME 4
#define KIND_DURATION 8

union number {
	int64_t i;
	double f; /* once a float has come, all values are floats */
};

struct chunk {
	struct chunk *older;
	uint32_t n, cap;
	union number v[];
};

struct page {
	uint64_t log2; /* bytes of a counter: 2, 4 or 8 */
	char counters[];
};

/* The pages [first, first + n) of one sign. */
struct side {
	uint32_t first, n;
	struct page **pages;
};

struct sketch {
	uint64_t zeros, nans;
	double min, max;     /* of what is not NaN */
	struct side side[2]; /* positive, negative */
	char *spare;	     /* memory of the exact values, for pages */
	size_t n_spare;
};

struct quant {
	union {
		struct chunk *last;
		struct sketch *sketch;
	};
	uint64_t n;
	uint8_t kinds;
	bool sketched;
};

static unsigned
quant_size(const struct agg_call *call)
{
	(void)call;
	return sizeof(struct quant);
}

/* ---- the histogram ---- */

static double
bucket_edge(uint64_t bucket)
{
	uint64_t bits = bucket << BUCKET_SHIFT;
	double x;

	memcpy(&x, &bits, sizeof x);
	return x;
}

static uint64_t
page_count(const struct page *p, unsigned slot)
{
	uint16_t c16;
	uint32_t c32;
	uint64_t c64;

	switch (p->log2) {
	case 1:
		memcpy(&c16, p->counters + 2 * slot, sizeof c16);
		return c16;
	case 2:
		memcpy(&c32, p->counters + 4 * slot, sizeof c32);
		return c32;
	default:
		memcpy(&c64, p->counters + 8 * slot, sizeof c64);
		return c64;
	}
}

static void
page_set(struct page *p, unsigned slot, uint64_t c)
{
	uint16_t c16 = (uint16_t)c;
	uint32_t c32 = (uint32_t)c;

	switch (p->log2) {
	case 1:
		memcpy(p->counters + 2 * slot, &c16, sizeof c16);
		break;
	case 2:
		memcpy(p->counters + 4 * slot, &c32, sizeof c32);
		break;
	default:
		memcpy(p->counters + 8 * slot, &c, sizeof c);
	}
}

static struct page *
page_new(struct sketch *s, struct arena *heap, uint64_t log2)
{
	size_t size = sizeof(struct page) + ((size_t)PAGE_SLOTS << log2);
	struct page *p;

	if (size <= s->n_spare) {
		p = (void *)s->spare;
		s->spare += size;
		s->n_spare -= size;
	} else {
		p = arena_alloc(heap, size);
	}
	memset(p, 0, size);
	p->log2 = log2;
	return p;
}

/* Makes the pages of a side reach to number no. */
static void
side_reach(struct side *side, struct arena *heap, uint32_t no)
{
	uint32_t lo = side->first, hi = lo + side->n, slack;
	struct page **pages;

	if (!side->n) {
		lo = no;
		hi = no + 1;
	}
	slack = (hi - lo) / 2 + 4;
	if (no < lo)
		lo = no > slack ? no - slack : 0;
	if (no >= hi || !side->n)
		hi = no + slack < PAGES_MAX ? no + slack : PAGES_MAX;
	pages = arena_array(heap, hi - lo, sizeof *pages);
	memset(pages, 0, (hi - lo) * sizeof *pages);
	if (side->n)
		memcpy(pages + (side->first - lo), side->pages,
		    side->n * sizeof *pages);
	*side = (struct side){.first = lo, .n = hi - lo, .pages = pages};
}

/* Adds n to a counter that is too narrow for it. */
static void
page_widen(struct sketch *s, struct arena *heap, struct page **page,
    unsigned slot, uint64_t count)
{
	struct page *old = *page;
	uint64_t log2 = count > UINT32_MAX ? 3 : 2;

	*page = page_new(s, heap, log2);
	for (unsigned i = 0; i < PAGE_SLOTS; i++)
		page_set(*page, i, page_count(old, i));
	page_set(*page, slot, count);
}

static void
bucket_add(struct sketch *s, struct arena *heap, bool negative, uint64_t bucket,
    uint64_t n)
{
	struct side *side = &s->side[negative];
	uint32_t no = (uint32_t)(bucket >> PAGE_BITS);
	unsigned slot = (unsigned)bucket & (PAGE_SLOTS - 1);
	struct page **page;
	uint64_t count;

	if (no - side->first >= side->n)
		side_reach(side, heap, no);
	page = &side->pages[no - side->first];
	if (!*page)
		*page = page_new(s, heap, 1);
	count = page_count(*page, slot) + n;
	if ((*page)->log2 < 3 && count >> (8u << (*page)->log2))
		page_widen(s, heap, page, slot, count);
	else
		page_set(*page, slot, count);
}

static void
sketch_put(struct sketch *s, struct arena *heap, double x)
{
	uint64_t bits;

	if (x != x) {
		s->nans++;
		return;
	}
	if (x < s->min)
		s->min = x;
	if (x > s->max)
		s->max = x;
	if (x == 0) {
		s->zeros++;
		return;
	}
	memcpy(&bits, &x, sizeof bits);
	bucket_add(s, heap, bits >> 63, bits << 1 >> (BUCKET_SHIFT + 1), 1);
}

static void
sketch_merge(struct sketch *into, struct arena *heap, const struct sketch *s)
{
	into->zeros += s->zeros;
	into->nans += s->nans;
	into->min = s->min < into->min ? s->min : into->min;
	into->max = s->max > into->max ? s->max : into->max;
	for (unsigned sign = 0; sign < 2; sign++) {
		const struct side *side = &s->side[sign];

		for (uint64_t i = 0; i < (uint64_t)side->n * PAGE_SLOTS; i++) {
			const struct page *p = side->pages[i / PAGE_SLOTS];
			uint64_t c = p ? page_count(p, i % PAGE_SLOTS) : 0;

			if (c)
				bucket_add(into, heap, sign,
				    (uint64_t)side->first * PAGE_SLOTS + i, c);
		}
	}
}

/* ---- adding ---- */

static double
as_float(const struct quant *q, union number x)
{
	return q->kinds & KIND_FLOAT ? x.f : (double)x.i;
}

static struct sketch *
sketch_new(struct arena *heap)
{
	struct sketch *s = arena_zalloc(heap, sizeof *s);

	s->min = (double)INFINITY;
	s->max = -(double)INFINITY;
	return s;
}

/* Turns exact values into a histogram. */
static void
quant_turn(struct quant *q, struct arena *heap)
{
	struct sketch *s = sketch_new(heap);
	struct chunk *c = q->last, *older;
	union number copy[CHUNK_MAX];
	uint32_t n, cap;

	for (; c; c = older) {
		older = c->older;
		n = c->n;
		cap = c->cap;
		memcpy(copy, c->v, n * sizeof *copy);
		if (cap * sizeof *copy > s->n_spare) {
			s->spare = (char *)c->v;
			s->n_spare = cap * sizeof *copy;
		}
		for (uint32_t i = 0; i < n; i++)
			sketch_put(s, heap, as_float(q, copy[i]));
	}
	q->sketch = s;
	q->sketched = true;
}

/* Notes a kind of value that has not come before. */
static void
quant_kind(struct quant *q, struct arena *heap, uint8_t kind)
{
	if (kind == KIND_FLOAT && !q->sketched)
		for (struct chunk *c = q->last; c; c = c->older)
			for (uint32_t i = 0; i < c->n; i++)
				c->v[i].f = (double)c->v[i].i;
	q->kinds |= kind;
	if (!q->sketched && q->n > EXACT_MAX && q->kinds != KIND_TIME)
		quant_turn(q, heap);
}

static void
exact_put(struct quant *q, struct arena *heap, union number x)
{
	struct chunk *c = q->last;
	uint32_t cap;

	if (!c || c->n == c->cap) {
		cap = !c ? CHUNK_MIN : c->cap < CHUNK_MAX ? c->cap * 2 : c->cap;
		c = arena_alloc(heap, sizeof *c + cap * sizeof(union number));
		*c = (struct chunk){.older = q->last, .cap = cap};
		q->last = c;
	}
	c->v[c->n++] = x;
}

/* Adds a value that is already of the accumulator's form (see number). */
static inline void
number_put(struct quant *q, struct arena *heap, union number x)
{
	if (!q->sketched && q->n >= EXACT_MAX && q->kinds != KIND_TIME)
		quant_turn(q, heap);
	q->n++;
	if (q->sketched)
		sketch_put(q->sketch, heap, as_float(q, x));
	else
		exact_put(q, heap, x);
}

static inline void
float_put(struct quant *q, struct arena *heap, double f)
{
	if (!(q->kinds & KIND_FLOAT))
		quant_kind(q, heap, KIND_FLOAT);
	number_put(q, heap, (union number){.f = f});
}

static inline void
int_put(struct quant *q, struct arena *heap, int64_t i, uint8_t kind)
{
	if (!(q->kinds & kind))
		quant_kind(q, heap, kind);
	number_put(q, heap,
	    q->kinds & KIND_FLOAT ? (union number){.f = (double)i}
				  : (union number){.i = i});
}

static void
value_put(struct quant *q, struct arena *heap, struct value v)
{
	struct dec space;

	if (v.type == T_TIME)
		int_put(q, heap, v.i, KIND_TIME);
	else if (v.type == T_DURATION)
		int_put(q, heap, v.i, KIND_DURATION);
	else if (!agg_number(v, &v, &space))
		return;
	else if (v.type == T_INT)
		int_put(q, heap, v.i, KIND_INT);
	else
		float_put(
		    q, heap, v.type == T_FLOAT ? v.f : dec_to_float(*v.d));
}

static void
quant_add(
    const struct agg_call *call, struct arena *heap, const struct agg_rows *r)
{
	const struct column *c = r->args;
	enum type t = c->constant ? T_ANY : c->type;

	for (unsigned k = 0; k < r->n; k++) {
		struct quant *q = agg_acc(call, r, k);
		unsigned row = r->rows[k];

		if (t == T_FLOAT && !agg_null(c, row))
			float_put(q, heap, c->f[row]);
		else if (t == T_INT && !agg_null(c, row))
			int_put(q, heap, c->i[row], KIND_INT);
		else if (t != T_FLOAT && t != T_INT)
			value_put(q, heap, agg_arg(r, 0, k));
	}
}

static void
merge_exact(struct quant *q, struct arena *heap, const struct quant *from)
{
	for (const struct chunk *c = from->last; c; c = c->older)
		for (uint32_t i = 0; i < c->n; i++) {
			union number x = c->v[i];

			if ((q->kinds ^ from->kinds) & KIND_FLOAT)
				x.f = (double)x.i;
			number_put(q, heap, x);
		}
}

static void
quant_merge(const struct agg_call *call, struct arena *heap, void *into,
    const void *from)
{
	const struct quant *f = from;
	struct quant *q = into;

	(void)call;
	for (unsigned kind = 1; kind <= KIND_DURATION; kind *= 2)
		if (f->kinds & ~q->kinds & kind)
			quant_kind(q, heap, (uint8_t)kind);
	if (!f->sketched) {
		merge_exact(q, heap, f);
		return;
	}
	if (!q->sketched)
		quant_turn(q, heap);
	sketch_merge(q->sketch, heap, f->sketch);
	q->n += f->n;
}

/* ---- results ---- */

/* Floats as integers of the same order, NaN last. */
static int64_t
order_of_float(double f)
{
	int64_t i;

	if (f != f)
		return INT64_MAX;
	f += 0.0; /* -0 is 0 */
	memcpy(&i, &f, sizeof i);
	return i < 0 ? i ^ INT64_MAX : i;
}

static double
float_of_order(int64_t i)
{
	double f;

	if (i == INT64_MAX)
		return (double)NAN;
	i = i < 0 ? i ^ INT64_MAX : i;
	memcpy(&f, &i, sizeof f);
	return f;
}

/*
 * The rank-th (from 0) of v[0..n), by digits of 8 bits from the highest in
 * which values differ; v is used up.
 */
static uint64_t
select_rank(uint64_t *v, size_t n, size_t rank)
{
	uint64_t all = 0;
	unsigned shift;

	for (size_t i = 1; i < n; i++)
		all |= v[i] ^ v[0];
	shift = all ? (63u - (unsigned)__builtin_clzll(all)) & ~7u : 0;
	for (; n > 1; shift -= 8) {
		uint32_t count[256] = {0};
		unsigned digit = 0;
		size_t kept = 0;

		for (size_t i = 0; i < n; i++)
			count[v[i] >> shift & 255]++;
		while (rank >= count[digit])
			rank -= count[digit++];
		for (size_t i = 0; i < n; i++)
			if ((v[i] >> shift & 255) == digit)
				v[kept++] = v[i];
		n = kept;
		if (!shift)
			break;
	}
	return v[0];
}

static struct value
number_value(const struct quant *q, union number x)
{
	switch (q->kinds) {
	case KIND_TIME:
		return value_time(x.i);
	case KIND_DURATION:
		return value_duration(x.i);
	default:
		return q->kinds & KIND_FLOAT ? value_float(x.f)
					     : value_int(x.i);
	}
}

static struct value
exact_value(const struct quant *q, uint64_t rank, struct arena *out)
{
	uint64_t *v = arena_array(out, q->n, sizeof *v), n = 0;
	const uint64_t sign = (uint64_t)1 << 63;
	union number x;

	for (const struct chunk *c = q->last; c; c = c->older)
		for (uint32_t i = 0; i < c->n; i++) {
			int64_t order = q->kinds & KIND_FLOAT
					    ? order_of_float(c->v[i].f)
					    : c->v[i].i;

			v[n++] = (uint64_t)order ^ sign;
		}
	x.i = (int64_t)(select_rank(v, n, rank) ^ sign);
	if (q->kinds & KIND_FLOAT)
		x.f = float_of_order(x.i);
	return number_value(q, x);
}

/* The middle of a bucket; of its integers, if there are only those. */
static double
bucket_middle(uint64_t bucket, bool ints)
{
	double a = bucket_edge(bucket), b = bucket_edge(bucket + 1);

	if (!isfinite(a))
		return a;
	if (!isfinite(b))
		return a;
	if (!ints)
		return a + (b - a) / 2;
	a = ceil(a);
	b = ceil(b) - 1;
	return floor(a + (b - a) / 2);
}

/* The bucket that holds rank *rank of a side, or -1 and the rest of rank. */
static int64_t
side_find(const struct side *side, bool down, uint64_t *rank)
{
	uint64_t n = (uint64_t)side->n * PAGE_SLOTS;

	for (uint64_t k = 0; k < n; k++) {
		uint64_t i = down ? n - 1 - k : k;
		const struct page *p = side->pages[i / PAGE_SLOTS];
		uint64_t c = p ? page_count(p, i % PAGE_SLOTS) : 0;

		if (*rank < c)
			return (
			    int64_t)((uint64_t)side->first * PAGE_SLOTS + i);
		*rank -= c;
	}
	return -1;
}

static double
sketch_at(const struct quant *q, uint64_t rank)
{
	const struct sketch *s = q->sketch;
	bool ints = !(q->kinds & KIND_FLOAT);
	int64_t b = side_find(&s->side[1], true, &rank);
	double x;

	if (b >= 0) {
		x = -bucket_middle((uint64_t)b, ints);
	} else if (rank < s->zeros) {
		return 0;
	} else {
		rank -= s->zeros;
		b = side_find(&s->side[0], false, &rank);
		if (b < 0)
			return (double)NAN;
		x = bucket_middle((uint64_t)b, ints);
	}
	return x < s->min ? s->min : x > s->max ? s->max : x;
}

static struct value
sketch_value(const struct quant *q, uint64_t rank)
{
	double f = sketch_at(q, rank);
	union number x;

	if (q->kinds & KIND_FLOAT)
		x.f = f;
	else if (f >= 0x1p63)
		x.i = INT64_MAX;
	else
		x.i = (int64_t)f;
	return number_value(q, x);
}

/* Place from 0 of the nearest rank, p * n rounded up exactly. */
static uint64_t
nearest_rank(struct value p, uint64_t n)
{
	struct dec d = {.v = 5, .scale = 1};
	__int128 unit = 1, rank;

	if (p.type == T_INT)
		d = dec_of_int(p.i);
	else if (p.type == T_DECIMAL)
		d = *p.d;
	else if (p.type == T_FLOAT && !dec_of_float(p.f, &d))
		d = (struct dec){0}; /* less than 1e-38 */
	if (d.scale > 18 && !dec_round(d, 18, &d))
		d = (struct dec){0};
	for (unsigned i = 0; i < d.scale; i++)
		unit *= 10;
	rank = (d.v * (__int128)n + unit - 1) / unit;
	if (rank < 1)
		rank = 1;
	return rank > (__int128)n ? n - 1 : (uint64_t)rank - 1;
}

static struct value
quant_value(const struct agg_call *call, const void *acc, struct arena *out)
{
	const struct quant *q = acc;
	uint64_t rank;

	if (!q->n)
		return VALUE_NULL;
	rank = nearest_rank(call->params[1], q->n);
	return q->sketched ? sketch_value(q, rank) : exact_value(q, rank, out);
}

/* ---- binding ---- */

static int
median_bind(struct agg_call *call, struct err *err)
{
	enum type t = agg_arg_type(call, 0);

	if (agg_bind_number(call, true, err))
		return -1;
	call->params[1] = VALUE_NULL;
	if (t == T_INT || t == T_FLOAT || t == T_TIME || t == T_DURATION)
		call->type = t;
	else if (t == T_BOOL)
		call->type = T_INT;
	else
		call->type = t == T_DECIMAL ? T_FLOAT : T_ANY;
	return 0;
}

static int
percentile_bind(struct agg_call *call, struct err *err)
{
	struct value p = call->params[1];
	bool good = type_is_number((enum type)p.type) &&
		    value_cmp(p, value_int(0)) >= 0 &&
		    value_cmp(p, value_int(1)) <= 0;

	if (!good) {
		err_set(err, ERR_SPEC, agg_arg_where(call, 1),
		    "%s() needs a share from 0 to 1 as its second argument",
		    call->agg->name);
		return err_hint(
		    err, "the 95th percentile is %s(x, 0.95)", call->agg->name);
	}
	if (median_bind(call, err))
		return -1;
	call->params[1] = p;
	return 0;
}

/* ---- state on disk ---- */

static uint64_t
side_used(const struct side *side)
{
	uint64_t used = 0;

	for (uint64_t i = 0; i < (uint64_t)side->n * PAGE_SLOTS; i++) {
		const struct page *p = side->pages[i / PAGE_SLOTS];

		used += p && page_count(p, i % PAGE_SLOTS);
	}
	return used;
}

/* Number of buckets, then bucket and counter of each. */
static void
side_save(const struct side *side, struct buf *out)
{
	agg_put_u64(out, side_used(side));
	for (uint64_t i = 0; i < (uint64_t)side->n * PAGE_SLOTS; i++) {
		const struct page *p = side->pages[i / PAGE_SLOTS];
		uint64_t c = p ? page_count(p, i % PAGE_SLOTS) : 0;

		if (!c)
			continue;
		agg_put_u64(out, (uint64_t)side->first * PAGE_SLOTS + i);
		agg_put_u64(out, c);
	}
}

static void
quant_save(const struct agg_call *call, const void *acc, struct buf *out)
{
	const struct quant *q = acc;

	(void)call;
	agg_put_u8(out, AGG_SAVE_VERSION);
	agg_put_u8(out, q->kinds);
	agg_put_u8(out, q->sketched);
	agg_put_u64(out, q->n);
	if (!q->sketched) {
		for (const struct chunk *c = q->last; c; c = c->older)
			for (uint32_t i = 0; i < c->n; i++)
				agg_put_i64(out, c->v[i].i);
		return;
	}
	agg_put_u64(out, q->sketch->zeros);
	agg_put_u64(out, q->sketch->nans);
	agg_put_f64(out, q->sketch->min);
	agg_put_f64(out, q->sketch->max);
	side_save(&q->sketch->side[0], out);
	side_save(&q->sketch->side[1], out);
}

/* Adds the counters of a side; false if they are more than *left. */
static bool
side_load(struct agg_in *in, struct sketch *s, struct arena *heap, bool sign,
    uint64_t *left)
{
	uint64_t used = agg_get_u64(in);

	for (; used && !in->bad; used--) {
		uint64_t bucket = agg_get_u64(in), c = agg_get_u64(in);

		if (in->bad || !c || c > *left ||
		    bucket >= (uint64_t)PAGES_MAX * PAGE_SLOTS)
			return false;
		*left -= c;
		bucket_add(s, heap, sign, bucket, c);
	}
	return !in->bad;
}

static bool
sketch_load(struct agg_in *in, struct quant *q, struct arena *heap)
{
	struct sketch *s = q->sketch = sketch_new(heap);
	uint64_t left = q->n;

	s->zeros = agg_get_u64(in);
	s->nans = agg_get_u64(in);
	s->min = agg_get_f64(in);
	s->max = agg_get_f64(in);
	if (in->bad || s->zeros > left || s->nans > left - s->zeros)
		return false;
	left -= s->zeros + s->nans;
	return side_load(in, s, heap, false, &left) &&
	       side_load(in, s, heap, true, &left) && !left &&
	       (s->min <= s->max || s->nans == q->n);
}

static bool
quant_load(const struct agg_call *call, struct arena *heap, void *acc,
    struct str bytes)
{
	struct agg_in in = agg_in_start(bytes);
	uint8_t kinds = agg_get_u8(&in), sketched = agg_get_u8(&in);
	uint64_t n = agg_get_u64(&in);
	struct quant *q = acc;

	(void)call;
	if (in.bad || kinds > 15 || sketched > 1 || !n != !kinds)
		return false;
	q->kinds = kinds;
	if (sketched) {
		q->n = n;
		q->sketched = true;
		return n > EXACT_MAX && kinds != KIND_TIME &&
		       sketch_load(&in, q, heap) && agg_in_done(&in);
	}
	if ((n > EXACT_MAX && kinds != KIND_TIME) ||
	    n != (uint64_t)(in.end - in.p) / 8)
		return false;
	while (n--)
		number_put(q, heap, (union number){.i = agg_get_i64(&in)});
	return agg_in_done(&in);
}

/* ---- the rows ---- */

#define QUANT_PARTS                                                            \
	.size = quant_size, .add = quant_add, .merge = quant_merge,            \
	.value = quant_value, .save = quant_save, .load = quant_load

const struct agg agg_median = {
    .name = "median",
    .aliases = "",
    .signature = "number -> same",
    .doc = "The middle value, the lower one of two: percentile(x, 0.5).",
    .example = "SELECT median(x) FROM (VALUES (1), (7), (9)) AS t(x)",
    .result = "7",
    .flink = NULL,
    .args_min = 1,
    .args_max = 1,
    .bind = median_bind,
    QUANT_PARTS,
};

const struct agg agg_percentile = {
    .name = "percentile",
    .aliases = "percentile_disc quantile approx_percentile",
    .signature = "number, number -> same",
    .doc = "The value below or at which a share of the values lies, by "
	   "nearest rank: place ceil(share * n) of the sorted values. Exact "
	   "for up to 256 values and for times, else off by at most 0.4 % of "
	   "itself. Decimals become floats.",
    .example = "SELECT percentile(x, 0.9) FROM (VALUES (1), (7), (9)) AS t(x)",
    .result = "9",
    .flink = "PERCENTILE",
    .args_min = 2,
    .args_max = 2,
    .n_constant = 1,
    .bind = percentile_bind,
    QUANT_PARTS,
};

/* SPDX-License-Identifier: MIT */
/*
 * The histogram of quantiles; see agg_histogram.h. The pages of each sign are
 * found by an array over the range of pages in use, which grows at the end
 * that is needed.
 */
#include "expr/agg_histogram.h"

#include <math.h>

#define MANTISSA_BITS 7
#define BUCKET_SHIFT (52 - MANTISSA_BITS)
#define PAGE_BITS 6
#define PAGE_SLOTS (1u << PAGE_BITS)
#define PAGES_MAX (1u << (11 + MANTISSA_BITS - PAGE_BITS))

struct page {
	uint64_t n;    /* sum of its counters */
	uint64_t log2; /* bytes of a counter: 2, 4 or 8 */
	char counters[];
};

/* The pages [first, first + n) of one sign. */
struct side {
	uint32_t first, n;
	struct page **pages;
};

struct histogram {
	uint64_t zeros, nans;
	double min, max;     /* of what is not NaN */
	struct side side[2]; /* positive, negative */
	char *spare;	     /* memory of the exact values, for pages */
	size_t n_spare;
};

/* ---- pages ---- */

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
page_new(struct histogram *h, struct arena *heap, uint64_t log2)
{
	size_t size = sizeof(struct page) + ((size_t)PAGE_SLOTS << log2);
	struct page *p;

	if (size <= h->n_spare) {
		p = (void *)h->spare;
		h->spare += size;
		h->n_spare -= size;
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
page_widen(struct histogram *h, struct arena *heap, struct page **page,
    unsigned slot, uint64_t count)
{
	struct page *old = *page;
	uint64_t log2 = count > UINT32_MAX ? 3 : 2;

	*page = page_new(h, heap, log2);
	(*page)->n = old->n;
	for (unsigned i = 0; i < PAGE_SLOTS; i++)
		page_set(*page, i, page_count(old, i));
	page_set(*page, slot, count);
}

static void
bucket_add(struct histogram *h, struct arena *heap, bool negative,
    uint64_t bucket, uint64_t n)
{
	struct side *side = &h->side[negative];
	uint32_t no = (uint32_t)(bucket >> PAGE_BITS);
	unsigned slot = (unsigned)bucket & (PAGE_SLOTS - 1);
	struct page **page;
	uint64_t count;

	if (no - side->first >= side->n)
		side_reach(side, heap, no);
	page = &side->pages[no - side->first];
	if (!*page)
		*page = page_new(h, heap, 1);
	count = page_count(*page, slot) + n;
	(*page)->n += n;
	if ((*page)->log2 < 3 && count >> (8u << (*page)->log2))
		page_widen(h, heap, page, slot, count);
	else
		page_set(*page, slot, count);
}

static uint64_t
bucket_of(double x)
{
	uint64_t bits;

	memcpy(&bits, &x, sizeof bits);
	return bits << 1 >> (BUCKET_SHIFT + 1);
}

void
histogram_put(struct histogram *h, struct arena *heap, double x)
{
	if (x != x) {
		h->nans++;
		return;
	}
	if (x < h->min)
		h->min = x;
	if (x > h->max)
		h->max = x;
	if (x == 0) {
		h->zeros++;
		return;
	}
	bucket_add(h, heap, x < 0, bucket_of(x), 1);
}

void
histogram_take(struct histogram *h, double x)
{
	struct side *side = &h->side[x < 0];
	uint64_t bucket = bucket_of(x);
	unsigned slot = (unsigned)bucket & (PAGE_SLOTS - 1);
	struct page *p;

	if (x != x) {
		h->nans--;
	} else if (x == 0) {
		h->zeros--;
	} else {
		p = side->pages[(uint32_t)(bucket >> PAGE_BITS) - side->first];
		page_set(p, slot, page_count(p, slot) - 1);
		p->n--;
	}
}

/*
 * The counter of a positive value whose page is there and narrow, and that
 * page; else NULL. The usual case, in few steps.
 */
static inline char *
narrow_counter(const struct histogram *h, double x, struct page **page)
{
	const struct side *side = &h->side[0];
	uint64_t bucket;
	uint32_t no;

	if (!(x > 0))
		return NULL;
	bucket = bucket_of(x);
	no = (uint32_t)(bucket >> PAGE_BITS) - side->first;
	if (no >= side->n || !side->pages[no] || side->pages[no]->log2 != 1)
		return NULL;
	*page = side->pages[no];
	return (*page)->counters + 2 * (bucket & (PAGE_SLOTS - 1));
}

void
histogram_put_all(
    struct histogram *h, struct arena *heap, const double *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct page *p;
		char *counter = narrow_counter(h, x[i], &p);
		uint16_t c = UINT16_MAX;

		if (counter)
			memcpy(&c, counter, sizeof c);
		if (c == UINT16_MAX) {
			histogram_put(h, heap, x[i]);
			continue;
		}
		c++;
		memcpy(counter, &c, sizeof c);
		p->n++;
		h->min = x[i] < h->min ? x[i] : h->min;
		h->max = x[i] > h->max ? x[i] : h->max;
	}
}

void
histogram_take_all(struct histogram *h, const double *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct page *p;
		char *counter = narrow_counter(h, x[i], &p);
		uint16_t c;

		if (!counter) {
			histogram_take(h, x[i]);
			continue;
		}
		memcpy(&c, counter, sizeof c);
		c--;
		memcpy(counter, &c, sizeof c);
		p->n--;
	}
}

/*
 * Adds a page of narrow counters to another at once. False, and nothing
 * done, if a counter would need more bits. Simple loops over arrays of fixed
 * length: compilers make vectors of them.
 */
static bool
page_add(struct page *into, const struct page *from)
{
	uint16_t a[PAGE_SLOTS], b[PAGE_SLOTS];
	uint16_t carry = 0;

	if (into->log2 != 1 || from->log2 != 1)
		return false;
	memcpy(a, into->counters, sizeof a);
	memcpy(b, from->counters, sizeof b);
	for (unsigned i = 0; i < PAGE_SLOTS; i++) {
		b[i] = (uint16_t)(b[i] + a[i]);
		carry |= (uint16_t)(b[i] < a[i]);
	}
	if (carry)
		return false;
	memcpy(into->counters, b, sizeof b);
	into->n += from->n;
	return true;
}

static void
page_merge(struct histogram *into, struct arena *heap, bool sign, uint32_t no,
    const struct page *p)
{
	struct side *side = &into->side[sign];
	struct page **at;

	if (no - side->first >= side->n)
		side_reach(side, heap, no);
	at = &side->pages[no - side->first];
	if (!*at)
		*at = page_new(into, heap, 1);
	if (page_add(*at, p))
		return;
	for (unsigned i = 0; i < PAGE_SLOTS; i++) {
		uint64_t c = page_count(p, i);

		if (c)
			bucket_add(
			    into, heap, sign, (uint64_t)no * PAGE_SLOTS + i, c);
	}
}

void
histogram_merge(
    struct histogram *into, struct arena *heap, const struct histogram *h)
{
	into->zeros += h->zeros;
	into->nans += h->nans;
	into->min = h->min < into->min ? h->min : into->min;
	into->max = h->max > into->max ? h->max : into->max;
	for (unsigned sign = 0; sign < 2; sign++) {
		const struct side *side = &h->side[sign];

		for (uint32_t i = 0; i < side->n; i++)
			if (side->pages[i])
				page_merge(into, heap, sign, side->first + i,
				    side->pages[i]);
	}
}

void
histogram_unmerge(struct histogram *from, const struct histogram *h)
{
	from->zeros -= h->zeros;
	from->nans -= h->nans;
	for (unsigned sign = 0; sign < 2; sign++) {
		const struct side *side = &h->side[sign];
		struct side *f = &from->side[sign];

		for (uint32_t i = 0; i < side->n; i++) {
			const struct page *p = side->pages[i];
			struct page *to;

			if (!p)
				continue;
			to = f->pages[side->first + i - f->first];
			to->n -= p->n;
			for (unsigned k = 0; k < PAGE_SLOTS; k++)
				page_set(to, k,
				    page_count(to, k) - page_count(p, k));
		}
	}
}

/* ---- the whole ---- */

struct histogram *
histogram_new(struct arena *heap)
{
	struct histogram *h = arena_zalloc(heap, sizeof *h);

	h->min = (double)INFINITY;
	h->max = -(double)INFINITY;
	return h;
}

void
histogram_spare(struct histogram *h, void *p, size_t n)
{
	if (n <= h->n_spare)
		return;
	h->spare = p;
	h->n_spare = n;
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
	for (uint32_t k = 0; k < side->n; k++) {
		uint32_t no = down ? side->n - 1 - k : k;
		const struct page *p = side->pages[no];
		uint64_t sum = p ? p->n : 0, c;

		if (*rank >= sum) {
			*rank -= sum;
			continue;
		}
		for (unsigned i = 0; i < PAGE_SLOTS; i++) {
			unsigned slot = down ? PAGE_SLOTS - 1 - i : i;

			c = page_count(p, slot);
			if (*rank < c)
				return (int64_t)(side->first + no) *
					   PAGE_SLOTS +
				       slot;
			*rank -= c;
		}
	}
	return -1;
}

/* Values in the first bucket of a side that has any, from one end. */
static uint64_t
side_edge(const struct side *side, bool down)
{
	for (uint32_t k = 0; k < side->n; k++) {
		const struct page *p = side->pages[down ? side->n - 1 - k : k];

		if (!p || !p->n)
			continue;
		for (unsigned i = 0; i < PAGE_SLOTS; i++) {
			uint64_t c =
			    page_count(p, down ? PAGE_SLOTS - 1 - i : i);

			if (c)
				return c;
		}
	}
	return 0;
}

/* Values in the outermost page of a side that has any: not less. */
static uint64_t
side_edge_page(const struct side *side, bool down)
{
	for (uint32_t k = 0; k < side->n; k++) {
		const struct page *p = side->pages[down ? side->n - 1 - k : k];

		if (p && p->n)
			return p->n;
	}
	return 0;
}

bool
histogram_inner(const struct histogram *h, uint64_t rank, uint64_t n)
{
	uint64_t low = side_edge_page(&h->side[1], true);
	uint64_t high = side_edge_page(&h->side[0], true);

	/* Most often it is not even in an outermost page. */
	if (!low && !h->zeros)
		low = side_edge_page(&h->side[0], false);
	if (low && high && rank >= low && rank < n - h->nans - high)
		return true;
	low = side_edge(&h->side[1], true);
	high = side_edge(&h->side[0], true);
	if (!low)
		low = h->zeros ? h->zeros : side_edge(&h->side[0], false);
	if (!high)
		high = h->zeros ? h->zeros : side_edge(&h->side[1], false);
	return rank >= low && rank < n - h->nans - high;
}

/* The value of a rank, before it is held between least and greatest. */
static double
middle_at(const struct histogram *h, uint64_t rank, uint64_t n, bool ints)
{
	uint64_t above = n - h->nans - 1 - rank;
	int64_t b;

	/* From the nearer end, as long as that is among the positive. */
	if (above < rank && (b = side_find(&h->side[0], true, &above)) >= 0)
		return bucket_middle((uint64_t)b, ints);
	b = side_find(&h->side[1], true, &rank);
	if (b >= 0)
		return -bucket_middle((uint64_t)b, ints);
	if (rank < h->zeros)
		return 0;
	rank -= h->zeros;
	b = side_find(&h->side[0], false, &rank);
	return bucket_middle((uint64_t)b, ints);
}

double
histogram_at(const struct histogram *h, uint64_t rank, uint64_t n, bool ints)
{
	double x;

	if (rank >= n - h->nans)
		return (double)NAN;
	x = middle_at(h, rank, n, ints);
	if (x == 0)
		return 0;
	return x < h->min ? h->min : x > h->max ? h->max : x;
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

void
histogram_save(const struct histogram *h, struct buf *out)
{
	agg_put_u64(out, h->zeros);
	agg_put_u64(out, h->nans);
	agg_put_f64(out, h->min);
	agg_put_f64(out, h->max);
	side_save(&h->side[0], out);
	side_save(&h->side[1], out);
}

/* Adds the counters of a side; false if they are more than *left. */
static bool
side_load(struct agg_in *in, struct histogram *h, struct arena *heap, bool sign,
    uint64_t *left)
{
	uint64_t used = agg_get_u64(in);

	for (; used && !in->bad; used--) {
		uint64_t bucket = agg_get_u64(in), c = agg_get_u64(in);

		if (in->bad || !c || c > *left ||
		    bucket >= (uint64_t)PAGES_MAX * PAGE_SLOTS)
			return false;
		*left -= c;
		bucket_add(h, heap, sign, bucket, c);
	}
	return !in->bad;
}

bool
histogram_load(
    struct histogram *h, struct agg_in *in, struct arena *heap, uint64_t n)
{
	uint64_t left = n;

	h->zeros = agg_get_u64(in);
	h->nans = agg_get_u64(in);
	h->min = agg_get_f64(in);
	h->max = agg_get_f64(in);
	if (in->bad || h->zeros > left || h->nans > left - h->zeros)
		return false;
	left -= h->zeros + h->nans;
	return side_load(in, h, heap, false, &left) &&
	       side_load(in, h, heap, true, &left) && !left &&
	       (h->min <= h->max || h->nans == n);
}

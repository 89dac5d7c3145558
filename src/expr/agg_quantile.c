/* SPDX-License-Identifier: MIT */
/*
 * percentile() and median(), by nearest rank: the value at place ceil(p * n)
 * of the sorted values, counted from 1 (at least 1).
 *
 * Up to EXACT_MAX values are kept as they are and the answer is exact. Then
 * they turn into a histogram, and the answer is off by at most 1/256 (0.4 %)
 * of itself.
 *
 * When values turn depends on their number alone, so the result does not
 * depend on order or merging. Times are always kept exactly: a share of the
 * distance to 1970 would be no answer.
 */
#include <math.h>

#include "expr/agg_histogram.h"
#include "expr/agg_part.h"

#define EXACT_MAX 256
#define CHUNK_MIN 4
#define CHUNK_MAX 4096

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

struct quant {
	union {
		struct chunk *last;
		struct histogram *histogram;
	};
	uint64_t n;
	uint8_t kinds;
	bool sketched;
	bool doubtful; /* taken back: which kinds are left is not known */
};

static unsigned
quant_size(const struct agg_call *call)
{
	(void)call;
	return sizeof(struct quant);
}

/* ---- adding ---- */

static double
as_float(const struct quant *q, union number x)
{
	return q->kinds & KIND_FLOAT ? x.f : (double)x.i;
}

/* Turns exact values into a histogram. */
static void
quant_turn(struct quant *q, struct arena *heap)
{
	struct histogram *h = histogram_new(heap);
	struct chunk *c = q->last, *older;
	union number copy[CHUNK_MAX];
	uint32_t n, cap;

	for (; c; c = older) {
		older = c->older;
		n = c->n;
		cap = c->cap;
		memcpy(copy, c->v, n * sizeof *copy);
		histogram_spare(h, c->v, cap * sizeof *copy);
		for (uint32_t i = 0; i < n; i++)
			histogram_put(h, heap, as_float(q, copy[i]));
	}
	q->histogram = h;
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
		histogram_put(q->histogram, heap, as_float(q, x));
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

	if (type_is_instant(v.type))
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

/* The values of a chunk, which are floats. */
static const double *
chunk_floats(const struct chunk *c)
{
	_Static_assert(
	    sizeof(union number) == sizeof(double), "values lie like floats");
	return &c->v[0].f;
}

/* True if the histogram takes the values as they are. */
static bool
floats_only(const struct quant *q, const struct quant *from)
{
	return q->sketched && (q->kinds & from->kinds & KIND_FLOAT);
}

static void
merge_exact(struct quant *q, struct arena *heap, const struct quant *from)
{
	bool floats = floats_only(q, from);

	for (const struct chunk *c = from->last; floats && c; c = c->older)
		histogram_put_all(q->histogram, heap, chunk_floats(c), c->n);
	if (floats) {
		q->n += from->n;
		return;
	}
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
	histogram_merge(q->histogram, heap, f->histogram);
	q->n += f->n;
}

/* ---- taking back ---- */

/* The newest value of the exact ones; there is one. */
static union number *
newest(struct quant *q)
{
	struct chunk *c = q->last;

	while (!c->n)
		c = c->older;
	return &c->v[--c->n];
}

static void
exact_take(struct quant *q, union number x)
{
	union number *last;

	for (struct chunk *c = q->last; c; c = c->older)
		for (uint32_t i = 0; i < c->n; i++)
			if (c->v[i].i == x.i) {
				last = newest(q);
				c->v[i] = *last;
				return;
			}
}

static void
take_exact(struct quant *q, const struct quant *from)
{
	bool floats = floats_only(q, from);

	for (const struct chunk *c = from->last; floats && c; c = c->older)
		histogram_take_all(q->histogram, chunk_floats(c), c->n);
	for (const struct chunk *c = from->last; !floats && c; c = c->older)
		for (uint32_t i = 0; i < c->n; i++)
			if (q->sketched)
				histogram_take(
				    q->histogram, as_float(from, c->v[i]));
			else
				exact_take(q, c->v[i]);
}

static void
quant_unmerge(const struct agg_call *call, struct arena *heap, void *into,
    const void *from)
{
	const struct quant *f = from;
	struct quant *q = into;

	(void)call;
	(void)heap;
	if (!f->n)
		return;
	if (q->kinds != f->kinds)
		q->doubtful = true;
	if (q->doubtful)
		return;
	if (f->sketched)
		histogram_unmerge(q->histogram, f->histogram);
	else
		take_exact(q, f);
	q->n -= f->n;
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

#define NEAR 8

/* The k-th greatest of v[0..n), k from 1 to NEAR: the usual high percentile. */
static uint64_t
near_top(const uint64_t *v, size_t n, size_t k)
{
	uint64_t best[NEAR]; /* the greatest so far, ascending */
	size_t have = 0;

	for (size_t i = 0; i < n; i++) {
		size_t at = have;

		if (have == k) {
			if (v[i] <= best[0])
				continue;
			for (at = 0; at + 1 < k && best[at + 1] < v[i]; at++)
				best[at] = best[at + 1];
			best[at] = v[i];
			continue;
		}
		for (; at > 0 && best[at - 1] > v[i]; at--)
			best[at] = best[at - 1];
		best[at] = v[i];
		have++;
	}
	return best[0];
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

	if (n - rank <= NEAR)
		return near_top(v, n, n - rank);
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

static struct value
histogram_value(const struct quant *q, uint64_t rank)
{
	double f =
	    histogram_at(q->histogram, rank, q->n, !(q->kinds & KIND_FLOAT));
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
	rank = d.v * (__int128)n + unit - 1;
	/* Dividing 128 bits is slow and hardly ever needed. */
	if (rank <= INT64_MAX && unit <= INT64_MAX)
		rank = (int64_t)rank / (int64_t)unit;
	else
		rank /= unit;
	if (rank < 1)
		rank = 1;
	return rank > (__int128)n ? n - 1 : (uint64_t)rank - 1;
}

/* Days are held as times. */
static struct value
as_asked(const struct agg_call *call, struct value v)
{
	if (call->type == T_DATE && v.type == T_TIME)
		v.type = T_DATE;
	return v;
}

static struct value
quant_value(const struct agg_call *call, const void *acc, struct arena *out)
{
	const struct quant *q = acc;
	uint64_t rank;

	if (!q->n)
		return VALUE_NULL;
	rank = nearest_rank(call->params[1], q->n);
	return as_asked(call,
	    q->sketched ? histogram_value(q, rank) : exact_value(q, rank, out));
}

static struct value
quant_ranked(const struct agg_call *call, const struct agg_ranks *ranks,
    struct arena *out)
{
	(void)out;
	return as_asked(
	    call, ranks->at(ranks, nearest_rank(call->params[1], ranks->n)));
}

/* ---- percentile_cont: between two ranks ---- */

/* a + (b - a) * part, of the type of the values. */
static struct value
between(struct value a, struct value b, double part)
{
	double x;

	if (a.type == T_FLOAT || a.type == T_INT) {
		x = a.type == T_INT ? (double)a.i : a.f;
		if (part > 0) {
			double y = b.type == T_INT ? (double)b.i : b.f;

			x = isfinite(y - x) ? x + (y - x) * part
					    : x * (1 - part) + y * part;
		}
		return value_float(x);
	}
	if (part > 0)
		a.i += llround(((double)b.i - (double)a.i) * part);
	return a;
}

/* The place of a share among n values: a rank, and the part behind it. */
static uint64_t
place(struct value share, uint64_t n, double *part)
{
	double p = 0.5, at;
	uint64_t rank;

	if (share.type == T_FLOAT)
		p = share.f;
	else if (share.type == T_DECIMAL)
		p = dec_to_float(*share.d);
	else if (share.type == T_INT)
		p = (double)share.i;
	at = p * (double)(n - 1);
	rank = (uint64_t)at;
	*part = at - (double)rank;
	return rank;
}

static struct value
cont_ranked(const struct agg_call *call, const struct agg_ranks *ranks,
    struct arena *out)
{
	double part;
	uint64_t rank = place(call->params[1], ranks->n, &part);

	(void)out;
	return between(
	    ranks->at(ranks, rank), ranks->at(ranks, rank + (part > 0)), part);
}

static struct value
cont_value(const struct agg_call *call, const void *acc, struct arena *out)
{
	const struct quant *q = acc;
	struct value a, b;
	uint64_t rank;
	double part;

	if (!q->n)
		return VALUE_NULL;
	rank = place(call->params[1], q->n, &part);
	a = q->sketched ? histogram_value(q, rank) : exact_value(q, rank, out);
	b = a;
	if (part > 0)
		b = q->sketched ? histogram_value(q, rank + 1)
				: exact_value(q, rank + 1, out);
	return between(a, b, part);
}

/*
 * What is left has the value of one that never had more, unless it would be
 * exact again, or the value is at an end of the histogram.
 */
static bool
quant_sound(const struct agg_call *call, const void *acc)
{
	const struct quant *q = acc;

	if (q->doubtful)
		return false;
	if (!q->sketched)
		return true;
	return q->n > EXACT_MAX &&
	       histogram_inner(
		   q->histogram, nearest_rank(call->params[1], q->n), q->n);
}

/* ---- binding ---- */

static int
median_bind(struct agg_call *call, struct err *err)
{
	enum type t = agg_arg_type(call, 0);

	if (agg_bind_number(call, true, err))
		return -1;
	call->params[1] = VALUE_NULL;
	if (t == T_INT || t == T_FLOAT || type_is_instant(t) || t == T_DURATION)
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

static int
cont_bind(struct agg_call *call, struct err *err)
{
	if (percentile_bind(call, err))
		return -1;
	if (call->type == T_INT)
		call->type = T_FLOAT;
	else if (call->type == T_DATE) /* between two days */
		call->type = T_TIME;
	return 0;
}

/* ---- state on disk ---- */

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
	histogram_save(q->histogram, out);
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
		q->histogram = histogram_new(heap);
		return n > EXACT_MAX && kinds != KIND_TIME &&
		       histogram_load(q->histogram, &in, heap, n) &&
		       agg_in_done(&in);
	}
	if ((n > EXACT_MAX && kinds != KIND_TIME) ||
	    n != (uint64_t)(in.end - in.p) / 8)
		return false;
	while (n--)
		number_put(q, heap, (union number){.i = agg_get_i64(&in)});
	return agg_in_done(&in);
}

/* ---- the rows ---- */

#define NUMBERS_PARTS                                                          \
	.size = quant_size, .add = quant_add, .merge = quant_merge,            \
	.parts = AGG_PARTS_EXACT, .save = quant_save, .load = quant_load,      \
	.keep = AGG_KEEP_NUMBERS

#define QUANT_PARTS                                                            \
	NUMBERS_PARTS, .unmerge = quant_unmerge, .sound = quant_sound,         \
		       .value = quant_value, .ranked = quant_ranked

const struct agg agg_median = {
    .name = "median",
    .aliases = "",
    .signature = "number -> same",
    .doc = "The middle value, the lower one of two: percentile(x, 0.5). Of "
	   "numbers, durations and times.",
    .example = "median(x) of 1, 7, 9",
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
	   "itself. Decimals become floats; durations and times stay what "
	   "they are.",
    .example = "percentile(x, 0.9) of 1, 7, 9",
    .result = "9",
    .flink = "PERCENTILE",
    .args_min = 2,
    .args_max = 2,
    .n_constant = 1,
    .bind = percentile_bind,
    QUANT_PARTS,
};

const struct agg agg_percentile_cont = {
    .name = "percentile_cont",
    .aliases = "quantile_cont",
    .signature = "number, number -> float",
    .doc = "The value at a share of the sorted values, between two of them in "
	   "proportion; exact as percentile() is. Also written "
	   "PERCENTILE_CONT(share) WITHIN GROUP (ORDER BY x).",
    .example = "percentile_cont(x, 0.75) of 1, 7, 9",
    .result = "8.0",
    .flink = "PERCENTILE",
    .args_min = 2,
    .args_max = 2,
    .n_constant = 1,
    .bind = cont_bind,
    .value = cont_value,
    .ranked = cont_ranked,
    NUMBERS_PARTS,
};

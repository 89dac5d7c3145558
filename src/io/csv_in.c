/* SPDX-License-Identifier: MIT */
/*
 * CSV and TSV into columns.
 *
 * The index (csv_index.h) knows where records and fields end. Of a record, the
 * number of its fields comes from a population count, the ends of the fields
 * up to the last wanted one from the bits, and the rest is not looked at.
 * Rules about records that do not fit are in csv.h.
 */
#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "io/csv.h"
#include "io/csv_index.h"

#define INLINE static inline __attribute__((always_inline))

struct csv_decoder {
	struct text_decoder t;
	const struct csv_layout *l;
	struct csv_index ix;
	const char **ends;    /* of the fields of a record */
	struct value *values; /* of all fields, if the whole record is wanted */
};

struct record {
	struct str raw; /* without its line end */
	const char *lf; /* the line feed, or the end of the text */
	uint32_t n;	/* fields */
	bool high;	/* has bytes that are not ASCII */
	bool marked;	/* has quotes (TSV: backslashes) */
	bool odd;	/* may have text behind a closing quote */
};

static void
configure(struct csv_index *ix, const struct csv_layout *l)
{
	ix->delim = l->delim;
	ix->quotes = l->quotes;
	ix->mark = l->quotes ? l->quote : '\\';
}

struct decoder *
csv_decoder_new(const struct layout *layout, const struct decode_spec *spec)
{
	struct csv_decoder *d = mem_zalloc(sizeof *d);
	size_t n;

	text_init(&d->t, layout, spec);
	d->l = (const struct csv_layout *)layout;
	configure(&d->ix, d->l);
	n = d->t.n_needed;
	d->ends = arena_array(&d->t.arena, n, sizeof *d->ends);
	if (d->t.n_maps)
		d->values = arena_array(
		    &d->t.arena, layout->n_fields, sizeof *d->values);
	return &d->t.base;
}

void
csv_decoder_free(struct decoder *base)
{
	struct csv_decoder *d = (struct csv_decoder *)base;

	if (!d)
		return;
	csv_index_release(&d->ix);
	text_release(&d->t);
	mem_free(d);
}

/* ---- records ---- */

/* Delimiters of the text before p (modulo 2^32). */
INLINE uint32_t
rank(const struct csv_index *ix, const char *p)
{
	size_t at = (size_t)(p - ix->base);
	const struct csv_chunk *c = &ix->chunks[at / 64];
	uint64_t below = ((uint64_t)1 << at % 64) - 1;

	return c->before + (uint32_t)__builtin_popcountll(c->delim & below);
}

/* Finds the end of the record at p; false if it is not in the text. */
INLINE bool
find_record(struct csv_index *ix, const char *p, struct record *r)
{
	const struct csv_chunk *c;
	uint64_t from, lf, upto, high, mark;
	bool odd;

again:
	c = &ix->chunks[(size_t)(p - ix->base) / 64];
	from = ~(uint64_t)0 << (size_t)(p - ix->base) % 64;
	high = mark = 0;
	odd = false;
	while (!(lf = c->lf & from)) {
		high |= c->high & from;
		mark |= c->quote & from;
		odd |= c->odd;
		from = ~(uint64_t)0;
		if (++c >= ix->chunks + ix->n) {
			if (!csv_index_more(ix, p))
				return false;
			goto again;
		}
	}
	upto = (lf & -lf) - 1;
	r->high = high | (c->high & from & upto);
	r->marked = mark | (c->quote & from & upto);
	r->odd = odd | c->odd;
	r->lf = ix->base + 64 * (c - ix->chunks) + __builtin_ctzll(lf);
	r->raw = (struct str){p, (size_t)(r->lf - p)};
	r->n = c->before + (uint32_t)__builtin_popcountll(c->delim & upto) -
	       rank(ix, p) + 1;
	if (r->raw.n && r->lf[-1] == '\r')
		r->raw.n--;
	return true;
}

/* Where the first need fields of a record end. */
INLINE void
find_fields(const struct csv_index *ix, const struct record *r,
    const char **ends, unsigned need)
{
	size_t at = (size_t)(r->raw.p - ix->base);
	const struct csv_chunk *c = &ix->chunks[at / 64];
	uint64_t bits = c->delim & ~(uint64_t)0 << at % 64;
	const char *base = ix->base + at / 64 * 64;
	unsigned i, n = need < r->n ? need : r->n - 1;

	for (i = 0; i < n; i++) {
		while (!bits) {
			bits = (++c)->delim;
			base += 64;
		}
		ends[i] = base + __builtin_ctzll(bits);
		bits &= bits - 1;
	}
	if (need >= r->n)
		ends[i] = r->raw.p + r->raw.n;
}

/* ---- fields ---- */

/* A field as it stands. */
static inline struct str
field_raw(const struct csv_decoder *d, const struct record *r, unsigned i)
{
	const char *p = i ? d->ends[i - 1] + 1 : r->raw.p;

	return (struct str){p, (size_t)(d->ends[i] - p)};
}

/* Its text without quotes or escapes, of a record that has some. */
static struct str
field_text(
    const struct csv_decoder *d, struct arena *a, struct str s, bool *quoted)
{
	const struct csv_layout *l = d->l;

	if (!s.n)
		return s;
	if (l->quotes) {
		if (*s.p != l->quote)
			return s;
		*quoted = true;
		return csv_unquote(l, a, (struct str){s.p + 1, s.n - 2});
	}
	if (!l->escapes || !memchr(s.p, '\\', s.n))
		return s;
	if (str_eq(s, STR("\\N")))
		return (struct str){s.p, 0};
	return csv_unescape(a, s);
}

/*
 * A number with a decimal comma, with a point instead; what has a point is no
 * number then. Everything else stays.
 */
static struct str
with_point(struct arena *a, struct str s, bool *text)
{
	const char *comma = NULL;
	char *copy;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '.')
			*text = true;
		if (c == ',' && !comma)
			comma = s.p + i;
		else if ((c < '0' || c > '9') && (c != '-' || i))
			return s;
	}
	if (!comma || *text)
		return s;
	copy = arena_alloc(a, s.n + SIMD_PAD);
	memcpy(copy, s.p, s.n);
	copy[comma - s.p] = '.';
	if (num_guess((struct str){copy, s.n}).kind == NUM_NONE)
		return s;
	return (struct str){copy, s.n};
}

/* Field i, as it is read. */
static inline struct str
field_value(const struct csv_decoder *d, struct arena *a,
    const struct record *r, unsigned i, bool *quoted)
{
	struct str s = field_raw(d, r, i);

	if (r->marked)
		s = field_text(d, a, s, quoted);
	if (__builtin_expect(d->l->comma, 0) && !*quoted)
		s = with_point(a, s, quoted);
	return s;
}

/* Values of all fields, for the record as a MAP. */
static void
all_values(struct csv_decoder *d, struct batch *b, const struct record *r)
{
	const struct layout *l = d->t.base.layout;

	for (unsigned i = 0; i < l->n_fields; i++) {
		struct str s;
		bool quoted = false;

		if (i >= r->n) {
			d->values[i] = VALUE_NULL;
			continue;
		}
		s = field_value(d, b->arena, r, i, &quoted);
		d->values[i] = cell_guess(b->arena, s, quoted);
	}
}

static const char *
put_fields(struct csv_decoder *d, struct batch *b, unsigned row,
    const struct record *r)
{
	const struct decode_spec *spec = d->t.base.spec;
	const char *why = NULL;

	for (unsigned i = 0; !why && i < d->t.n_wants; i++) {
		struct field_want w = d->t.wants[i];
		struct str s;
		bool quoted = false;

		if (w.field >= r->n) {
			why = cell_missing(spec, w.want, b, row);
			continue;
		}
		s = field_value(d, b->arena, r, w.field, &quoted);
		why = text_put(&d->t, w, b, row, s, quoted);
	}
	if (why)
		return why;
	if (d->t.n_maps)
		all_values(d, b, r);
	return text_row(&d->t, b, row, r->raw, d->values);
}

/* Why a record is bad as a whole, or NULL. */
static const char *
check_record(const struct csv_decoder *d, struct batch *b,
    const struct record *r, const char **at)
{
	const struct csv_layout *l = d->l;
	unsigned n = l->base.n_fields;

	if (r->odd) { /* a CR before the line feed is none */
		size_t len = (size_t)(r->lf - r->raw.p);

		*at = csv_odd(l, (struct str){r->raw.p, len});
		if (*at)
			return "text after a closing quote";
	}
	if (r->high) {
		size_t ok = utf8_check(r->raw);

		if (ok < r->raw.n) {
			*at = r->raw.p + ok;
			return "not valid UTF-8";
		}
	}
	if (r->n != n && !l->fill)
		return arena_printf(b->arena,
		    l->named ? "%u field%s where the header has %u"
			     : "%u field%s where the first record has %u",
		    r->n, r->n == 1 ? "" : "s", n)
		    .p;
	return NULL;
}

/*
 * The header again, to the byte, as where files stand one behind another. One
 * name alone may well be a value, too.
 */
static bool
is_header(const struct csv_layout *l, struct str raw)
{
	size_t bom = text_bom(raw);

	raw = (struct str){raw.p + bom, raw.n - bom};
	return l->base.n_fields > 1 && str_eq(raw, l->base.header);
}

/* Could it be? Most records have another length. */
INLINE bool
like_header(const struct csv_layout *l, struct str raw)
{
	return raw.n - l->base.header.n <= 3;
}

INLINE bool
take_record(struct csv_decoder *d, struct batch *b, unsigned row,
    const struct record *r)
{
	const char *why = NULL, *at = NULL;

	if (r->odd || r->high || r->n != d->l->base.n_fields)
		why = check_record(d, b, r, &at);
	if (!why) {
		find_fields(&d->ix, r, d->ends, d->t.n_needed);
		why = put_fields(d, b, row, r);
	}
	if (why)
		text_bad(b, row, r->raw, why, at);
	return !why;
}

/* ---- blocks ---- */

/* Behind the comment line at p; NULL if its end is not in the text. */
static const char *
skip_comment(const char *p, const char *end, bool eof)
{
	const char *lf = memchr(p, '\n', (size_t)(end - p));

	return lf ? lf + 1 : eof ? end : NULL;
}

/* Says that what began last ends with a line that is not all here. */
static const char *
run_on(struct csv_decoder *d, struct batch *b)
{
	b->runs_on = true;
	return d->ix.end;
}

/* A record without an end where it should be: where to go on. */
static const char *
give_up(struct csv_decoder *d, struct batch *b, unsigned row, const char *p)
{
	struct csv_broken broken =
	    csv_broken(d->l, p, d->ix.end, d->ix.eof, b->arena);

	text_bad(b, row, broken.raw, broken.reason, broken.at);
	if (!broken.next)
		return run_on(d, b);
	csv_index_start(&d->ix, broken.next, d->ix.end, d->ix.eof);
	return broken.next;
}

/* Takes the comment or record at p; where to go on, or NULL. */
INLINE const char *
step(struct csv_decoder *d, struct batch *b, unsigned *row, const char *p)
{
	struct csv_index *ix = &d->ix;
	bool wait = !ix->eof && (size_t)(ix->end - p) <= d->l->record_max;
	struct record r;

	if (d->l->comment.n && csv_comment(d->l, p, ix->end)) {
		p = skip_comment(p, ix->end, ix->eof);
		if (p)
			csv_index_start(ix, p, ix->end, ix->eof);
		return p || wait ? p : run_on(d, b);
	}
	if (!find_record(ix, p, &r))
		return wait ? NULL : give_up(d, b, *row, p);
	if (__builtin_expect((size_t)(r.lf - p) > d->l->record_max, 0))
		return give_up(d, b, *row, p);
	if (r.raw.n && !(like_header(d->l, r.raw) && is_header(d->l, r.raw)))
		*row += take_record(d, b, *row, &r);
	return r.lf < ix->end ? r.lf + 1 : ix->end;
}

INLINE size_t
decode(struct csv_decoder *d, const char *p, const char *end, bool eof,
    struct batch *b)
{
	const char *at = p, *next = p;
	unsigned row = 0;

	text_begin(&d->t, b);
	csv_index_start(&d->ix, p, end, eof);
	while (at < end && !text_full(b, row) && (next = step(d, b, &row, at)))
		at = next;
	text_end(b, row);
	return (size_t)(at - p);
}

#if SIMD_X86
/* The same with the machine's bit instructions. */
SIMD_AVX2
static size_t
decode_avx2(struct csv_decoder *d, const char *p, const char *end, bool eof,
    struct batch *b)
{
	return decode(d, p, end, eof, b);
}
#endif

static size_t
decode_words(struct csv_decoder *d, const char *p, const char *end, bool eof,
    struct batch *b)
{
	return decode(d, p, end, eof, b);
}

size_t
csv_decode(struct decoder *base, const char *p, const char *end, bool eof,
    struct batch *b)
{
	struct csv_decoder *d = (struct csv_decoder *)base;

#if SIMD_X86
	if (simd_avx2)
		return decode_avx2(d, p, end, eof, b);
#endif
	return decode_words(d, p, end, eof, b);
}

/* ---- framing ---- */

/* The line feed that ends the record at p, or NULL. */
static const char *
record_end(const struct csv_layout *l, const char *p, const char *end)
{
	enum csv_end how = CSV_END_FIELD;
	struct csv_field f;

	if (csv_comment(l, p, end))
		return memchr(p, '\n', (size_t)(end - p));
	while (how == CSV_END_FIELD)
		how = csv_field(l, &p, end, &f);
	return how == CSV_END_RECORD ? p - 1 : NULL;
}

/* Comment lines may hold quotes, so records are gone through one by one. */
static const char *
frame_slow(const struct csv_layout *l, const char *s, const char *end)
{
	const char *lf;

	while (s < end && (lf = record_end(l, s, end)) &&
	       ((size_t)(lf - s) <= l->record_max || csv_comment(l, s, end)))
		s = lf + 1;
	return s;
}

static const char *
frame_fast(struct csv_index *ix, const struct csv_layout *l, const char *s,
    const char *end)
{
	csv_index_start(ix, s, end, false);
	while (csv_index_next(ix)) {
		for (size_t i = 0; i < ix->n; i++) {
			const char *base = ix->base + 64 * i;
			uint64_t lf = ix->chunks[i].lf;

			if (!lf)
				continue;
			if ((size_t)(base + __builtin_ctzll(lf) - s) >
			    l->record_max)
				return s;
			s = base + 64 - __builtin_clzll(lf);
		}
	}
	return s;
}

/*
 * A record that is too long, or a quote that is never closed, is not framed:
 * where it ends depends on what is behind it, so the decoder must see it with
 * that, at the beginning of a block.
 */
size_t
csv_frame(const struct layout *layout, const char *p, size_t n)
{
	const struct csv_layout *l = (const struct csv_layout *)layout;
	const char *s, *end = p + n;
	struct csv_index ix = {0};

	if (l->comment.n)
		return (size_t)(frame_slow(l, p, end) - p);
	configure(&ix, l);
	s = frame_fast(&ix, l, p, end);
	csv_index_release(&ix);
	return (size_t)(s - p);
}

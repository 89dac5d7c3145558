/* SPDX-License-Identifier: MIT */
/*
 * JSON lines: one record per line, any JSON value (RFC 8259), an object as a
 * rule.
 *
 * Line feeds are found first, for many records at once; each record is then
 * read by itself, which lets the processor work on several at a time. Records
 * are walked along the shapes of earlier ones; one that has a new shape is
 * scanned, and its shape is learnt.
 */
#include "base/mem.h"
#include "io/json.h"

#define LINES 64	/* looked up at once */
#define LOOK 128	/* misses between looks at how shapes do */
#define REST_LEAST 1024 /* records without shapes after a bad look */
#define REST_MOST (64 * 1024)

/* ---- frames ---- */

static size_t
frame(const struct layout *layout, const char *p, size_t n)
{
	const char *feed = n ? memrchr(p, '\n', n) : NULL;

	(void)layout;
	return feed ? (size_t)(feed - p) + 1 : 0;
}

/* ---- decoder ---- */

struct decoder *
json_decoder_new(const struct layout *layout, const struct decode_spec *spec)
{
	struct json_decoder *d = mem_zalloc(sizeof *d);

	d->base = (struct decoder){.layout = layout, .spec = spec};
	d->kernel = &json_kernel_words;
#if SIMD_X86
	if (simd_avx2)
		d->kernel = &json_kernel_avx2;
#endif
	json_want_init(d);
	d->next_rest = REST_LEAST;
	return &d->base;
}

void
json_decoder_free(struct decoder *d)
{
	if (!d)
		return;
	json_want_release(json_decoder_of(d));
	mem_free(json_decoder_of(d));
}

/* ---- shapes ---- */

/*
 * Every so many misses: do shapes pay? If most records have none of those
 * that are known (names in random order, say), the scanner goes alone for a
 * while, longer each time. If the tree is full of shapes that are no longer
 * used, it begins anew.
 */
static void
look_at_shapes(struct json_decoder *d)
{
	unsigned hits = d->n_hits, misses = d->n_misses;

	d->n_hits = d->n_misses = 0;
	if (hits < misses / 2) {
		d->rest = d->next_rest;
		if (d->next_rest < REST_MOST)
			d->next_rest *= 2;
	} else {
		d->next_rest = REST_LEAST;
	}
	if (hits < misses / 2 || (d->shapes.full && hits < misses * 4))
		json_shapes_clear(&d->shapes);
}

struct json_index *
json_index_new(void)
{
	struct json_index *ix = mem_alloc(sizeof *ix);
	unsigned i, bit, n;

	memset(ix->bits, 0, sizeof ix->bits);
	for (i = 0; i < 256; i++)
		for (bit = n = 0; bit < 8; bit++)
			if (i >> bit & 1)
				ix->bits[i][n++] = (unsigned char)bit;
	return ix;
}

/* Reads a record whose shape is neither known nor to be learnt. */
static const char *
scan_odd(struct json_decoder *d, struct json_lane *l)
{
	const char *end = NULL;

	l->s->learn = NULL;
	if (d->kernel->bulk) {
		if (!d->index)
			d->index = json_index_new();
		end = d->kernel->bulk(l->s, d->index, l->p, l->feed);
	}
	return end ? end : d->kernel->scan(l->s, l->p, l->feed);
}

/* Reads a record whose shape is not known, and learns it. */
static __attribute__((noinline)) const char *
scan(struct json_decoder *d, struct json_lane *l)
{
	const char *end;

	if (d->rest || d->shapes.full) {
		end = scan_odd(d, l);
	} else {
		l->s->learn = &d->learn;
		end = d->kernel->scan(l->s, l->p, l->feed);
		if (end && !d->learn.failed)
			json_shapes_add(&d->shapes, &d->learn);
	}
	if (d->rest)
		d->rest--;
	else if (++d->n_misses == LOOK)
		look_at_shapes(d);
	return end;
}

/* ---- one record ---- */

static __attribute__((noinline, cold)) void
add_bad(struct batch *b, const struct json_lane *l, const char *in_block,
    const char *reason, const char *at)
{
	size_t n = (size_t)(json_cut_blanks(l->feed) - l->p);

	batch_bad(b, (struct bad_row){.raw = {in_block, n},
			 .reason = reason,
			 .row = b->n_rows,
			 .column = at > l->p ? (uint32_t)(at - l->p) + 1 : 0});
}

static __attribute__((noinline, cold)) void
add_long(struct batch *b, struct str line, uint32_t most)
{
	batch_bad(b, (struct bad_row){.raw = line,
			 .reason = record_too_long(b->arena, most),
			 .row = b->n_rows});
}

/* Makes a row of a record that was read, or a bad row. */
static inline void
put_record(struct json_decoder *d, struct batch *b, const struct json_lane *l,
    const char *in_block)
{
	struct str record = {l->p, (size_t)(l->end - l->p)};
	const char *at = l->p, *reason;

	reason = json_want_row(d, l->s, b, record, &at);
	if (__builtin_expect(reason != NULL, 0))
		add_bad(b, l, in_block, reason, at);
	else
		b->raw[b->n_rows++] = (struct str){in_block, record.n};
}

/* Finishes a record that the shapes know (it has its end) or do not. */
static void
finish(struct json_decoder *d, struct batch *b, struct json_lane *l,
    const char *in_block)
{
	if (__builtin_expect(!l->end, 0))
		l->end = scan(d, l);
	else
		d->n_hits++;
	if (__builtin_expect(l->end != NULL, 1))
		put_record(d, b, l, in_block);
	else
		add_bad(b, l, in_block, l->s->reason, l->s->at);
}

void
json_decode_one(struct json_decoder *d, struct batch *b, const char *in_block)
{
	struct json_lane *l = &d->lanes[0];

	if (d->blind) {
		l->end = json_cut_blanks(l->feed);
		put_record(d, b, l, in_block);
	} else {
		l->end = NULL;
		if (!d->rest)
			l->end =
			    d->kernel->walk(l->s, &d->shapes, l->p, l->feed);
		finish(d, b, l, in_block);
	}
}

/* Decodes the line from p to feed. */
static void
decode_line(
    struct json_decoder *d, struct batch *b, const char *p, const char *feed)
{
	uint32_t most = d->base.spec->limits.record_max;
	struct json_lane *l = &d->lanes[0];

	l->p = json_blanks(p);
	l->feed = feed;
	if (__builtin_expect((size_t)(feed - p) > most, 0))
		add_long(b, (struct str){p, (size_t)(feed - p)}, most);
	else if (l->p != feed)
		json_decode_one(d, b, l->p);
}

/* ---- several records ---- */

/*
 * Decodes the lines that end at feeds all at once; p is the beginning of the
 * first. False if some of them is blank or too long.
 */
static bool
decode_several(struct json_decoder *d, struct batch *b, const char *p,
    const char *const *feeds)
{
	uint32_t most = d->base.spec->limits.record_max;
	unsigned i;

	for (i = 0; i < JSON_LANES; i++) {
		struct json_lane *l = &d->lanes[i];

		l->p = json_blanks(p);
		l->feed = feeds[i];
		if (l->p == l->feed || (size_t)(l->feed - p) > most)
			return false;
		p = l->feed + 1;
	}
	d->kernel->walk_lanes(&d->shapes, d->lanes);
	for (i = 0; i < JSON_LANES; i++)
		finish(d, b, &d->lanes[i], d->lanes[i].p);
	return true;
}

/* Decodes the lines that end at feeds; returns what is behind them. */
static const char *
decode_lines(struct json_decoder *d, const char *p, const char **feeds,
    unsigned n, struct batch *b)
{
	bool lanes = d->kernel->walk_lanes && !d->blind;
	unsigned i = 0;

	while (i < n) {
		if (lanes && n - i >= JSON_LANES && !d->rest &&
		    d->shapes.first && decode_several(d, b, p, feeds + i)) {
			i += JSON_LANES;
		} else {
			decode_line(d, b, p, feeds[i++]);
		}
		p = feeds[i - 1] + 1;
	}
	return p;
}

/* ---- a block ---- */

/*
 * The last record of an input, without a line feed: scanner and walk need
 * one, so they get a copy.
 */
static void
decode_rest(
    struct json_decoder *d, const char *p, const char *end, struct batch *b)
{
	uint32_t most = d->base.spec->limits.record_max;
	size_t n = (size_t)(end - p), skipped;
	char *copy;

	if (n > most) {
		add_long(b, (struct str){p, n}, most);
		return;
	}
	copy = arena_alloc(b->arena, n + 1 + SIMD_PAD);
	memcpy(copy, p, n);
	memset(copy + n, '\n', 1 + SIMD_PAD);
	d->lanes[0].p = json_blanks(copy);
	d->lanes[0].feed = copy + n;
	skipped = (size_t)(d->lanes[0].p - copy);
	if (skipped < n)
		json_decode_one(d, b, p + skipped);
}

void
json_batch_begin(const struct json_decoder *d, struct batch *b)
{
	batch_columns(b, d->base.spec->n_wants);
	b->raw = arena_array(b->arena, BATCH_ROWS, sizeof *b->raw);
	if (d->base.spec->time >= 0)
		b->time = arena_array(b->arena, BATCH_ROWS, sizeof *b->time);
}

static size_t
decode(struct decoder *decoder, const char *p, const char *end, bool eof,
    struct batch *b)
{
	struct json_decoder *d = json_decoder_of(decoder);
	const char *from = p, *feeds[LINES + 64];

	json_batch_begin(d, b);
	while (b->n_rows < BATCH_ROWS) {
		unsigned most = BATCH_ROWS - b->n_rows, n;

		most = most < LINES ? most : LINES;
		n = d->kernel->lines(p, end, feeds, most);
		if (!n)
			break;
		p = decode_lines(d, p, feeds, n < most ? n : most, b);
	}
	if (eof && p < end && b->n_rows < BATCH_ROWS) {
		decode_rest(d, p, end, b);
		p = end;
	}
	b->n_sel = b->n_rows;
	return (size_t)(p - from);
}

/* ---- the row ---- */

const struct format format_json = {
    .name = "json",
    .look = "{ or [{",
    .doc = "JSON, one record per line",
    .about =
	"Each line is one JSON value (RFC 8259), an object as a rule; blank "
	"lines are skipped. A document is told by its beginning: a list of "
	"objects, whose elements are the records, or values that go over "
	"several lines. Where the records are a list inside of an object, "
	"json:Records (or unwrap: Records) says where; other members of that "
	"object are not read. json:lines and json:document decide what it is. "
	"Sequences of RFC 7464 (a byte 0x1e before each value, as jq --seq "
	"writes them) are told by their beginning. "
	"Fields are members, nested ones are written a.b "
	"and a.b[1]. Of members with the same name the last one counts. A "
	"record is checked as a whole; with --trust only up to the last field "
	"that is used. Integers beyond 64 bits become decimals.",
    .extensions = "json jsonl ndjson",
    .example = "{\"ts\":\"2026-03-28T22:00:00Z\",\"path\":\"/a\","
	       "\"status\":200}\n",
    .arg = "LIST | lines | document",
    .guess = json_guess,
    .start = json_start,
    .decoder_new = json_decoder_new,
    .decoder_free = json_decoder_free,
    .decode = decode,
    .frame = frame,
    .lines = true,
    .encoder_new = json_encoder_new,
    .encoder_free = json_encoder_free,
    .begin = json_encoder_begin,
    .encode = json_encode,
    .finish = json_encoder_begin,
};

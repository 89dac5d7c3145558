/* SPDX-License-Identifier: MIT */
/*
 * JSON lines: one record per line, any JSON value (RFC 8259), an object as a
 * rule.
 *
 * Line feeds are found first, for many records at once; each record is then
 * read by itself, which lets the processor work on two of them at a time.
 * Records are tried on the remembered templates, the latest that fitted
 * first. What fits none is scanned, and makes a template in passing. Making
 * templates that never fit again (names in random order) costs time, so after
 * a few in vain the next one is made later and later.
 */
#include "base/mem.h"
#include "io/json.h"

#define LINES 64   /* looked up at once */
#define IN_VAIN 16 /* templates made before waiting begins */
#define WAIT_MOST 256

/* ---- layout ---- */

static int
guess(struct str head, bool whole)
{
	struct str s = head;
	char c;

	(void)whole;
	if (str_starts(s, STR("\xef\xbb\xbf")))
		s = (struct str){s.p + 3, s.n - 3};
	s = str_trim(s);
	if (s.n < 2 || (s.p[0] != '{' && s.p[0] != '['))
		return 0;
	c = s.p[0];
	s = str_trim((struct str){s.p + 1, s.n - 1});
	if (!s.n)
		return 0;
	if (s.p[0] == '"' || s.p[0] == c + 2)
		return 90;
	return c == '[' && s.p[0] == '{' ? 90 : 0;
}

bool
json_settings_ok(const struct settings *settings, struct err *err)
{
	if (!settings || !settings->n)
		return true;
	err_set(err, ERR_SPEC, settings->list[0].where,
	    "format \"json\" has no setting \"%.*s\"",
	    STR_ARG(settings->list[0].name));
	return false;
}

static enum start_status
start(struct str head, bool eof, const struct settings *settings,
    const struct limits *limits, struct arena *arena, struct layout **out,
    size_t *used, struct err *err)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t n = head.n < 3 ? head.n : 3;

	(void)limits;
	*used = 0;
	if (!json_settings_ok(settings, err))
		return START_ERR;
	if (str_starts(head, STR("\xff\xfe")) ||
	    str_starts(head, STR("\xfe\xff"))) {
		err_set(err, ERR_INPUT, settings->where,
		    "the input is UTF-16, not UTF-8");
		err_hint(err, "convert it: iconv -f UTF-16 -t UTF-8");
		return START_ERR;
	}
	if (n && !memcmp(head.p, mark, n)) {
		if (n < 3 && !eof)
			return START_MORE;
		*used = n == 3 ? 3 : 0;
	}
	*out = arena_zalloc(arena, sizeof **out);
	(*out)->format = &format_json;
	return START_OK;
}

static size_t
frame(const struct layout *layout, const char *p, size_t n)
{
	const char *feed = n ? memrchr(p, '\n', n) : NULL;

	(void)layout;
	return feed ? (size_t)(feed - p) + 1 : 0;
}

/* ---- decoder ---- */

static struct decoder *
decoder_new(const struct layout *layout, const struct decode_spec *spec)
{
	struct json_decoder *d = mem_zalloc(sizeof *d);
	unsigned i;

	d->base = (struct decoder){.layout = layout, .spec = spec};
	d->kernel = &json_kernel_words;
#if SIMD_X86
	if (simd_avx2)
		d->kernel = &json_kernel_avx2;
#endif
	json_want_init(d);
	for (i = 0; i <= JSON_TEMPLATES; i++)
		d->recent[i] = &d->templates[i];
	return &d->base;
}

static struct json_decoder *
json_of(struct decoder *d)
{
	_Static_assert(offsetof(struct json_decoder, base) == 0, "is first");
	return (struct json_decoder *)(void *)d;
}

static void
decoder_free(struct decoder *d)
{
	if (!d)
		return;
	json_want_release(json_of(d));
	mem_free(json_of(d));
}

/* ---- one record ---- */

/* Moves the template at place i of the recent ones to the front. */
static void
to_front(struct json_decoder *d, unsigned i)
{
	struct json_template *t = d->recent[i];

	memmove(d->recent + 1, d->recent, i * sizeof *d->recent);
	d->recent[0] = t;
}

/* The template to be made of the next record, or NULL. */
static struct json_template *
template_to_make(struct json_decoder *d)
{
	if (d->wait) {
		d->wait--;
		return NULL;
	}
	if (d->idle >= IN_VAIN) {
		unsigned shift = d->idle - IN_VAIN;

		d->wait = shift < 8 ? 1u << shift : WAIT_MOST;
	}
	d->idle++;
	return d->recent[JSON_TEMPLATES];
}

static __attribute__((noinline)) const char *
scan(struct json_decoder *d, const char *p, const char *feed)
{
	struct json_scan *s = &d->scans[0];
	const char *q;

	s->learn = template_to_make(d);
	q = d->kernel->scan(s, p, feed);
	if (q && s->learn && !s->learn->failed) {
		to_front(d, JSON_TEMPLATES);
		if (d->n_templates < JSON_TEMPLATES)
			d->n_templates++;
	}
	return q;
}

/*
 * Fills the slots of the first scan; returns the end of the record's text, or
 * NULL.
 */
static const char *
read_record(struct json_decoder *d, const char *p, const char *feed)
{
	unsigned i;

	for (i = 0; i < d->n_templates; i++) {
		struct json_template *t = d->recent[i];
		const char *q = d->kernel->walk(&d->scans[0], t, p, feed);

		if (!q)
			continue;
		if (i)
			to_front(d, i);
		if (!t->used) {
			t->used = true;
			d->idle = 0;
		}
		return q;
	}
	return scan(d, p, feed);
}

static __attribute__((noinline, cold)) void
add_bad(struct batch *b, const struct json_lane *l, const char *in_block,
    const char *reason, const char *at)
{
	size_t n = (size_t)(json_cut_blanks(l->feed) - l->p);

	batch_bad(b, (struct bad_row){.raw = {in_block, n},
			 .reason = reason,
			 .row = b->n_rows,
			 .column = (uint32_t)(at - l->p)});
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

/*
 * Decodes the record of lane 0, a line that is not blank; in_block is where
 * the batch shall say that it stands.
 */
static void
decode_one(struct json_decoder *d, struct batch *b, const char *in_block)
{
	struct json_lane *l = &d->lanes[0];
	size_t n = (size_t)(l->feed - l->p);

	if (__builtin_expect(n > d->base.spec->limits.record_max, 0)) {
		add_bad(b, l, in_block, "record too long", l->p);
		return;
	}
	if (d->blind)
		l->end = json_cut_blanks(l->feed);
	else
		l->end = read_record(d, l->p, l->feed);
	if (l->end)
		put_record(d, b, l, in_block);
	else
		add_bad(b, l, in_block, l->s->reason, l->s->at);
}

/* ---- several records ---- */

/*
 * Tries to decode the lines that end at feeds all at once; p is the beginning
 * of the first. Records that come in several shapes mostly fail, so after a
 * failure the next tries are put off, longer each time.
 */
static bool
decode_several(struct json_decoder *d, struct batch *b, const char *p,
    const char *const *feeds)
{
	uint32_t most = d->base.spec->limits.record_max;
	unsigned i;

	for (i = 0; i < JSON_LANES; i++) {
		struct json_lane *l = &d->lanes[i];

		l->p = p = json_blanks(p);
		l->feed = feeds[i];
		if (p == l->feed || (size_t)(l->feed - p) > most)
			return false;
		p = l->feed + 1;
	}
	if (!d->kernel->walk_lanes(d->recent[0], d->lanes)) {
		d->misses += d->misses < 5;
		d->singly = JSON_LANES << d->misses;
		return false;
	}
	d->misses = 0;
	for (i = 0; i < JSON_LANES; i++)
		put_record(d, b, &d->lanes[i], d->lanes[i].p);
	return true;
}

static inline bool
lanes_are_of_use(struct json_decoder *d)
{
	if (d->singly) {
		d->singly--;
		return false;
	}
	return d->kernel->walk_lanes && d->n_templates && !d->blind;
}

/* Decodes the lines that end at feeds; returns what is behind them. */
static const char *
decode_lines(struct json_decoder *d, const char *p, const char **feeds,
    unsigned n, struct batch *b)
{
	unsigned i = 0;

	while (i < n) {
		if (n - i >= JSON_LANES && lanes_are_of_use(d) &&
		    decode_several(d, b, p, feeds + i)) {
			i += JSON_LANES;
		} else {
			d->lanes[0].p = json_blanks(p);
			d->lanes[0].feed = feeds[i++];
			if (d->lanes[0].p != d->lanes[0].feed)
				decode_one(d, b, d->lanes[0].p);
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
	size_t n = (size_t)(end - p), skipped;
	char *copy = arena_alloc(b->arena, n + 1 + SIMD_PAD);

	memcpy(copy, p, n);
	memset(copy + n, '\n', 1 + SIMD_PAD);
	d->lanes[0].p = json_blanks(copy);
	d->lanes[0].feed = copy + n;
	skipped = (size_t)(d->lanes[0].p - copy);
	if (skipped < n)
		decode_one(d, b, p + skipped);
}

static size_t
decode(struct decoder *decoder, const char *p, const char *end, bool eof,
    struct batch *b)
{
	struct json_decoder *d = json_of(decoder);
	const char *from = p, *feeds[LINES + 64];

	batch_columns(b, d->base.spec->n_wants);
	b->raw = arena_array(b->arena, BATCH_ROWS, sizeof *b->raw);
	if (d->base.spec->time >= 0)
		b->time = arena_array(b->arena, BATCH_ROWS, sizeof *b->time);
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
    .doc = "JSON, one record per line",
    .about =
	"Each line is one JSON value (RFC 8259), an object as a rule; blank "
	"lines are skipped. Fields are members, nested ones are written a.b "
	"and a.b[1]. Of members with the same name the last one counts. A "
	"record is checked as a whole; with --trust only up to the last field "
	"that is used. Integers beyond 64 bits become decimals.",
    .extensions = "json jsonl ndjson",
    .example = "{\"ts\":\"2026-03-28T22:00:00Z\",\"path\":\"/a\","
	       "\"status\":200}\n",
    .guess = guess,
    .start = start,
    .decoder_new = decoder_new,
    .decoder_free = decoder_free,
    .decode = decode,
    .frame = frame,
    .lines = true,
    .encoder_new = json_encoder_new,
    .encoder_free = json_encoder_free,
    .begin = json_encoder_begin,
    .encode = json_encode,
    .finish = json_encoder_begin,
};

/* SPDX-License-Identifier: MIT */
/* Headers within an input; see heads.h. */
#include "io/heads.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/utf8.h"

/* No head: there were too many. A text like that is no head's. */
static const struct str lost_text = {"\n", 1};
#define LOST 1

static struct heads *
heads_of(const struct layout *layout)
{
	return ((const struct headed_layout *)layout)->heads;
}

/* The head of a context; NULL: lost. */
static const struct head *
head_of(const struct heads *h, uint64_t context)
{
	if (!context)
		return h->first;
	return context == LOST ? NULL : (const struct head *)context;
}

/* ---- the list ---- */

static struct head *
find(struct heads *h, uint64_t hash, struct str text)
{
	struct head *at = atomic_load_explicit(
	    &h->buckets[hash % HEADS_BUCKETS], memory_order_acquire);

	while (at && (at->hash != hash || !str_eq(at->text, text)))
		at = atomic_load_explicit(&at->next, memory_order_acquire);
	return at;
}

static struct head *
add(struct heads *h, uint64_t hash, struct str text)
{
	_Atomic(struct head *) *bucket = &h->buckets[hash % HEADS_BUCKETS];
	struct head *head = arena_zalloc(h->arena, sizeof *head);

	head->hash = hash;
	head->text = arena_str(h->arena, text);
	head->layout = h->kind->make(h, head->text, h->arena);
	head->layout->format = h->format;
	head->layout->varies = true;
	((struct headed_layout *)head->layout)->heads = h;
	h->bytes += text.n;
	atomic_init(&head->next, atomic_load(bucket));
	atomic_store_explicit(bucket, head, memory_order_release);
	return head;
}

struct headed_layout *
heads_begin(const struct format *format, const struct heads_kind *kind,
    struct str text, const struct limits *limits, struct arena *a)
{
	struct heads *h = arena_zalloc(a, sizeof *h);

	h->kind = kind;
	h->format = format;
	h->arena = a;
	h->limits = *limits;
	h->first = add(h, hash_bytes(text.p, text.n), text);
	return (struct headed_layout *)h->first->layout;
}

/* The context of the head with this text: known, or added. */
static uint64_t
context_of(struct heads *h, struct str text)
{
	uint64_t hash = hash_bytes(text.p, text.n);
	struct head *head = find(h, hash, text);

	if (head == h->first)
		return 0;
	if (!head && h->bytes + text.n > HEADS_BYTES)
		return LOST;
	if (!head)
		head = add(h, hash, text);
	return (uintptr_t)head;
}

/* ---- directives ---- */

#define BOM "\xef\xbb\xbf"

/* Does a line that may have a directive begin here? */
static inline bool
like_directive(const char *p, const char *end)
{
	if (*p == '#')
		return true;
	return end - p > 3 && !memcmp(p, BOM "#", 4);
}

/* The context behind a line with #. */
static uint64_t
turn(struct heads *h, uint64_t context, struct str line)
{
	const struct head *from = head_of(h, context);
	struct str text = from ? from->text : (struct str){"", 0};
	size_t bom = text_bom(line);
	struct buf out = {0};

	line = (struct str){line.p + bom, line.n - bom};
	if (utf8_valid(line) && h->kind->turn(text, line, &out))
		context = context_of(h, buf_str(&out));
	buf_release(&out);
	return context;
}

/* The same for the line at p; one that is too long is a bad record alone. */
static uint64_t
turn_at(struct heads *h, uint64_t context, const char *p, const char *end)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p));
	struct str line = {p, (size_t)((nl ? nl : end) - p)};

	if (line.n > h->limits.record_max)
		return context;
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return turn(h, context, line);
}

size_t
heads_frame(
    const struct layout *layout, const char *p, size_t n, uint64_t *context)
{
	struct heads *h = heads_of(layout);
	size_t whole = text_frame_lines(layout, p, n);
	const char *at = p, *end = p + whole;

	while (at < end && (at = memchr(at, '#', (size_t)(end - at)))) {
		size_t before = (size_t)(at - p);
		const char *line = at++;

		if (before >= 3 && !memcmp(line - 3, BOM, 3))
			line -= 3;
		if (line == p || line[-1] == '\n')
			*context = turn_at(h, *context, line, end);
	}
	return whole;
}

/* ---- decoding ---- */

struct decoder *
heads_decoder_new(const struct layout *layout, const struct decode_spec *spec)
{
	struct headed_decoder *d =
	    heads_of(layout)->kind->decoder_new(layout, spec);

	d->now = d;
	return &d->t.base;
}

void
heads_decoder_free(struct decoder *base)
{
	struct headed_decoder *d = (struct headed_decoder *)base;
	const struct heads_kind *kind;

	if (!d)
		return;
	kind = heads_of(base->layout)->kind;
	for (size_t i = 0; i < HEADS_DECODERS; i++)
		if (d->kept[i])
			kind->decoder_free(d->kept[i]);
	kind->decoder_free(d);
}

/* The decoder of a head's records. */
static struct headed_decoder *
decoder_of(struct headed_decoder *d, uint64_t context)
{
	const struct heads_kind *kind = heads_of(d->t.base.layout)->kind;
	const struct head *head;
	struct headed_decoder **at;

	if (!context || context == LOST)
		return context ? NULL : d;
	head = (const struct head *)context;
	at = &d->kept[head->hash / HEADS_BUCKETS % HEADS_DECODERS];
	if (*at && (*at)->t.base.layout == head->layout)
		return *at;
	if (*at)
		kind->decoder_free(*at);
	*at = kind->decoder_new(head->layout, d->t.base.spec);
	return *at;
}

static void
set_context(struct headed_decoder *d, uint64_t context)
{
	if (context == d->context)
		return;
	d->context = context;
	d->now = decoder_of(d, context);
}

const char *
heads_line(struct text_decoder *t, struct batch *b, unsigned row,
    struct str line, const char **at)
{
	struct headed_decoder *d = (struct headed_decoder *)t;
	struct heads *h = heads_of(t->base.layout);

	if (like_directive(line.p, line.p + line.n)) {
		/* A text inside a record is no part of a log. */
		if (!t->base.spec->single)
			set_context(d, turn(h, d->context, line));
		return TEXT_NO_RECORD;
	}
	if (!d->now)
		return "there were too many different headers before it";
	return h->kind->row(&d->now->t, b, row, line, at);
}

size_t
heads_decode(struct decoder *base, const char *p, const char *end, bool eof,
    struct batch *b)
{
	struct headed_decoder *d = (struct headed_decoder *)base;
	size_t used;

	set_context(d, b->context);
	used = text_decode_lines(base, p, end, eof, b);
	b->context = d->context;
	return used;
}

/* ---- going on in another run ---- */

struct str
heads_note(const struct layout *layout, uint64_t context)
{
	const struct head *head;

	if (!context)
		return (struct str){NULL, 0};
	head = head_of(heads_of(layout), context);
	return head ? head->text : lost_text;
}

uint64_t
heads_recall(const struct layout *layout, struct str text)
{
	if (!text.n)
		return 0;
	return str_eq(text, lost_text) ? LOST
				       : context_of(heads_of(layout), text);
}

/* SPDX-License-Identifier: MIT */
/*
 * Records to rows. A frame of the forward protocol holds many events and may
 * hold more than fit a batch: its head is consumed like a record, and what is
 * inside is decoded as records of their own, over as many batches as it takes.
 * A frame is begun only when all of it is there. Compressed entries are
 * inflated as a whole, and what each batch needs of them is copied to it.
 *
 * msgpack has no mark between records. Where one cannot be skipped there is no
 * next one: what follows is lost, and that is one bad row.
 */
#include "base/mem.h"
#include "io/codec.h"
#include "io/msgpack.h"

#define RAW_SHOWN 256 /* of a record that has no end */

static struct msgpack_decoder *
msgpack_of(struct decoder *d)
{
	_Static_assert(offsetof(struct msgpack_decoder, base) == 0, "is first");
	return (struct msgpack_decoder *)(void *)d;
}

struct decoder *
msgpack_decoder_new(const struct layout *layout, const struct decode_spec *spec)
{
	struct msgpack_decoder *d = mem_zalloc(sizeof *d);

	d->base = (struct decoder){.layout = layout, .spec = spec};
	d->framed =
	    ((const struct msgpack_layout *)(const void *)layout)->framed;
	msgpack_want_init(d);
	return &d->base;
}

void
msgpack_decoder_free(struct decoder *decoder)
{
	struct msgpack_decoder *d;

	if (!decoder)
		return;
	d = msgpack_of(decoder);
	msgpack_scan_release(&d->scan);
	arena_release(&d->arena);
	buf_release(&d->tag);
	buf_release(&d->inflated);
	buf_release(&d->whole);
	mem_free(d);
}

/* ---- rows ---- */

/* Bytes [p, end) are a bad record; at is where it shows, NULL = nowhere. */
static __attribute__((noinline, cold)) void
add_bad(struct msgpack_decoder *d, struct batch *b, const char *p,
    const char *end, const char *reason, const char *at)
{
	struct bad_row bad = {.raw = {p, (size_t)(end - p)},
	    .place = d->packed.p,
	    .reason = reason,
	    .row = b->n_rows};

	if (at > p && at <= end)
		bad.column = (uint32_t)(at - p) + 1;
	batch_bad(b, bad);
}

static inline void
add_row(
    struct msgpack_decoder *d, struct batch *b, const struct msgpack_record *r)
{
	const char *at = NULL;
	const char *reason = msgpack_want_row(d, b, r, &at);

	if (__builtin_expect(reason != NULL, 0)) {
		add_bad(d, b, r->bytes.p, r->bytes.p + r->bytes.n, reason, at);
		return;
	}
	if (__builtin_expect(d->packed.n != 0, 0))
		batch_set_place(b, b->n_rows, d->packed.p);
	b->raw[b->n_rows++] = r->bytes;
}

/* True if the record's map has too many members: it is bad then. */
static bool
too_wide(struct msgpack_decoder *d, struct batch *b,
    const struct msgpack_parts *parts, const char *p, const char *end)
{
	const char *map = parts->map;
	unsigned most = d->base.spec->limits.fields_max;

	if (msgpack_open(&map) <= most)
		return false;
	add_bad(d, b, p, end,
	    arena_printf(b->arena, "more than %u fields", most).p, parts->map);
	return true;
}

/* A map, or an event with a time. */
static void
decode_map(struct msgpack_decoder *d, struct batch *b, enum msgpack_shape shape,
    const struct msgpack_parts *parts, struct str bytes)
{
	struct msgpack_record r = {bytes, shape, bytes};

	if (too_wide(d, b, parts, bytes.p, bytes.p + bytes.n))
		return;
	msgpack_scan(&d->scan, bytes.p, bytes.p + bytes.n, shape, parts);
	if (d->entries)
		*msgpack_tag_slot(&d->scan) = d->tag_here;
	add_row(d, b, &r);
}

/* Any other value, as {"value": it}. */
static void
decode_other(struct msgpack_decoder *d, struct batch *b, struct str bytes)
{
	static const char head[] = "\x81\xa5value";
	size_t n = sizeof head - 1;
	char *map = arena_alloc(b->arena, n + bytes.n + SIMD_PAD);
	struct msgpack_record r = {bytes, MSGPACK_OTHER, {map, n + bytes.n}};

	memcpy(map, head, n);
	memcpy(map + n, bytes.p, bytes.n);
	memset(map + n + bytes.n, 0, SIMD_PAD);
	msgpack_scan_map(&d->scan, map);
	add_row(d, b, &r);
}

/* ---- frames ---- */

static void
set_tag(struct msgpack_decoder *d, struct str tag)
{
	d->tag_here = (struct msgpack_slot){tag.p, tag.p + tag.n};
}

/* An entry that fits no template; NULL if it goes on behind end. */
static __attribute__((noinline)) const char *
decode_entry(
    struct msgpack_decoder *d, struct batch *b, const char *p, const char *end)
{
	struct msgpack_parts parts;
	enum msgpack_shape shape;
	const char *q = p;
	bool deep = false;

	switch (msgpack_skip(&q, end, d->entries, d->scan.depth_max, &deep)) {
	case MSGPACK_OK:
		break;
	case MSGPACK_SHORT:
		if ((size_t)(end - p) < d->entries)
			return NULL;
		/* fall through */
	case MSGPACK_LONG:
	case MSGPACK_RESERVED:
		add_bad(
		    d, b, p, end, "an entry of a forward frame is broken", q);
		return end;
	}
	if (deep) {
		add_bad(d, b, p, q, "nested too deep", NULL);
		return q;
	}
	shape = msgpack_shape_of(p, q, &parts);
	if (shape == MSGPACK_EVENT)
		decode_map(d, b, MSGPACK_EVENT, &parts,
		    (struct str){p, (size_t)(q - p)});
	else if (shape != MSGPACK_MARK)
		add_bad(d, b, p, q,
		    "an entry of a forward frame is not [time, record]", NULL);
	return q;
}

/* Decodes what is left of a frame; returns where to go on. */
static const char *
decode_entries(
    struct msgpack_decoder *d, struct batch *b, const char *p, const char *end)
{
	const char *last = p + d->entries, *q;

	if ((size_t)(end - p) < d->entries)
		last = end;
	for (; p < last && b->n_rows < BATCH_ROWS; p = q) {
		struct msgpack_record r;

		q = msgpack_follow(&d->scan, p, last, &r.shape);
		if (q && r.shape == MSGPACK_EVENT) {
			r.bytes = (struct str){p, (size_t)(q - p)};
			*msgpack_tag_slot(&d->scan) = d->tag_here;
			add_row(d, b, &r);
		} else {
			q = decode_entry(d, b, p, last);
			if (!q)
				break;
		}
		d->entries -= (size_t)(q - p);
	}
	if (!d->entries && (size_t)(end - p) >= d->tail) {
		p += d->tail;
		d->tail = 0;
	}
	return p;
}

/* Where so many of the inflated entries end that are left; all if one is
 * broken. */
static size_t
some_entries(const struct msgpack_decoder *d, unsigned n)
{
	const char *p = d->inflated.p + d->packed_at;
	const char *end = d->inflated.p + d->inflated.n;
	bool deep = false;

	for (; n && p < end; n--)
		if (msgpack_skip(&p, end, (size_t)(end - p), d->scan.depth_max,
			&deep) != MSGPACK_OK)
			return d->inflated.n;
	return (size_t)(p - d->inflated.p);
}

#define INFLATED_KEPT ((size_t)1 << 20) /* between frames */

/* Decodes what the batch takes of the inflated entries of the frame at p. */
static const char *
decode_packed(struct msgpack_decoder *d, struct batch *b, const char *p)
{
	d->packed.p = p;
	while (d->packed_at < d->inflated.n && b->n_rows < BATCH_ROWS) {
		size_t to = some_entries(d, BATCH_ROWS - b->n_rows);
		size_t n = to - d->packed_at;
		char *copy = arena_alloc(b->arena, n + SIMD_PAD);

		memcpy(copy, d->inflated.p + d->packed_at, n);
		memset(copy + n, 0, SIMD_PAD);
		d->entries = n;
		decode_entries(d, b, copy, copy + n);
		d->entries = 0;
		d->packed_at = to;
	}
	if (d->packed_at < d->inflated.n)
		return p;
	p += d->packed.n;
	d->packed = (struct str){NULL, 0};
	if (d->inflated.cap > INFLATED_KEPT)
		buf_release(&d->inflated);
	return p;
}

/*
 * Inflates the entries of the frame at p, which is all consumed at its end.
 * Returns where to go on.
 */
static const char *
begin_packed(struct msgpack_decoder *d, struct batch *b, const char *p,
    const char *end, const struct msgpack_parts *parts)
{
	const struct codec *c = codec_find(parts->compressed);
	struct str bytes = {
	    parts->entries, (size_t)(parts->entries_end - parts->entries)};
	const char *why = "a compression that is not known";

	d->inflated.n = 0;
	if (c)
		why = codec_inflate(
		    c, bytes, d->base.spec->limits.record_max, &d->inflated);
	if (why) {
		add_bad(d, b, p, end,
		    arena_printf(
			b->arena, "compressed entries of a frame: %s", why)
			.p,
		    parts->entries);
		return end;
	}
	memset(buf_reserve(&d->inflated, SIMD_PAD), 0, SIMD_PAD);
	d->packed = (struct str){p, (size_t)(end - p)};
	d->packed_at = 0;
	return decode_packed(d, b, p);
}

/* Begins the frame at p; returns where to go on. */
static const char *
begin_frame(struct msgpack_decoder *d, struct batch *b, const char *p,
    const char *end, const struct msgpack_parts *parts)
{
	struct str tag;

	tag.p = parts->tag;
	tag.n = (size_t)(msgpack_end(tag.p) - tag.p);
	set_tag(d, tag);
	d->tag.n = 0;
	buf_adds(&d->tag, tag);
	if (parts->compressed.n)
		return begin_packed(d, b, p, end, parts);
	d->entries = (size_t)(parts->entries_end - parts->entries);
	d->tail = (size_t)(end - parts->entries_end);
	return parts->entries;
}

/* ---- records ---- */

/* The record at p has no end; at is where that showed. */
static const char *
lose(struct msgpack_decoder *d, struct batch *b, enum msgpack_status status,
    const char *p, const char *at, const char *end)
{
	/* Only bytes that had to be seen, so that it is always the same. */
	const char *shown = status == MSGPACK_LONG && at > p ? at : at + 1;
	const char *reason = "0xc1 is not msgpack";

	if (d->framed && status != MSGPACK_LONG) {
		add_bad(d, b, p, end, reason, at);
		return end;
	}
	if (shown - p > RAW_SHOWN)
		shown = p + RAW_SHOWN;
	if (status == MSGPACK_LONG)
		reason =
		    record_too_long(b->arena, d->base.spec->limits.record_max);
	reason = arena_printf(
	    b->arena, "%s; the rest of the input is skipped", reason)
		     .p;
	add_bad(d, b, p, shown, reason, at);
	d->lost = b->lost = true;
	return end;
}

/* A whole, well-formed record; returns where to go on. */
static const char *
decode_whole(
    struct msgpack_decoder *d, struct batch *b, const char *p, const char *end)
{
	struct msgpack_parts parts;
	struct str bytes = {p, (size_t)(end - p)};
	enum msgpack_shape shape = msgpack_shape_of(p, end, &parts);

	switch (shape) {
	case MSGPACK_BARE:
	case MSGPACK_EVENT:
	case MSGPACK_MESSAGE:
		decode_map(d, b, shape, &parts, bytes);
		break;
	case MSGPACK_FRAME:
		return begin_frame(d, b, p, end, &parts);
	case MSGPACK_MARK:
		break;
	case MSGPACK_OTHER:
		decode_other(d, b, bytes);
		break;
	}
	return end;
}

/* A record that fits no template; NULL if it is not whole. */
static __attribute__((noinline)) const char *
decode_slowly(struct msgpack_decoder *d, struct batch *b, const char *p,
    const char *end, bool eof)
{
	const char *q = p;
	bool deep = false;
	enum msgpack_status status;

	status =
	    msgpack_skip(&q, end, d->scan.record_max, d->scan.depth_max, &deep);
	switch (status) {
	case MSGPACK_OK:
		break;
	case MSGPACK_SHORT:
		if (!eof)
			return NULL;
		add_bad(d, b, p, end, "the input ends within a record", NULL);
		return end;
	case MSGPACK_LONG:
	case MSGPACK_RESERVED:
		return lose(d, b, status, p, q, end);
	}
	if (deep) {
		add_bad(d, b, p, q, "nested too deep", NULL);
		return q;
	}
	return decode_whole(d, b, p, q);
}

static inline const char *
decode_record(struct msgpack_decoder *d, struct batch *b, const char *p,
    const char *end, bool eof)
{
	struct msgpack_record r;
	const char *q = msgpack_follow(&d->scan, p, end, &r.shape);

	if (__builtin_expect(!q, 0))
		return decode_slowly(d, b, p, end, eof);
	r.bytes = r.map = (struct str){p, (size_t)(q - p)};
	add_row(d, b, &r);
	return q;
}

/*
 * The same where the record's length stands before it: what is wrong with it
 * ends with it.
 */
static const char *
decode_framed(struct msgpack_decoder *d, struct batch *b, const char *p,
    const char *end, bool eof)
{
	size_t held = (size_t)(end - p);
	const char *q;

	if (!d->window) {
		if (held >= MSGPACK_LENGTH &&
		    msgpack_length(p) > d->base.spec->limits.record_max)
			return lose(d, b, MSGPACK_LONG, p, p, end);
		if (held < MSGPACK_LENGTH ||
		    msgpack_length(p) > held - MSGPACK_LENGTH) {
			if (eof)
				add_bad(d, b, p, end,
				    "the input ends within a record", NULL);
			return eof ? end : NULL;
		}
		d->window = msgpack_length(p);
		p += MSGPACK_LENGTH;
		if (!d->window)
			return p;
	}
	end = p + d->window;
	q = d->packed.n		    ? decode_packed(d, b, p)
	    : d->entries || d->tail ? decode_entries(d, b, p, end)
				    : decode_record(d, b, p, end, true);
	d->window -= (size_t)(q - p);
	if (!d->window)
		d->entries = d->tail = 0;
	return q;
}

static void
begin_batch(struct msgpack_decoder *d, struct batch *b)
{
	batch_columns(b, d->base.spec->n_wants);
	b->raw = arena_array(b->arena, BATCH_ROWS, sizeof *b->raw);
	if (d->base.spec->time >= 0)
		b->time = arena_array(b->arena, BATCH_ROWS, sizeof *b->time);
	if (d->entries || d->packed.n) /* the frame's head may be gone */
		set_tag(d, arena_str(b->arena, buf_str(&d->tag)));
	b->lost = d->lost;
}

size_t
msgpack_decode(struct decoder *decoder, const char *p, const char *end,
    bool eof, struct batch *b)
{
	struct msgpack_decoder *d = msgpack_of(decoder);
	const char *from = p;

	begin_batch(d, b);
	while (p < end && b->n_rows < BATCH_ROWS) {
		const char *q = end;

		if (d->framed && !d->lost)
			q = decode_framed(d, b, p, end, eof);
		else if (d->packed.n)
			q = decode_packed(d, b, p);
		else if (d->entries || d->tail)
			q = decode_entries(d, b, p, end);
		else if (!d->lost)
			q = decode_record(d, b, p, end, eof);
		if (!q || q == p)
			break;
		p = q;
	}
	b->n_sel = b->n_rows;
	/* Who goes on another time must do so from the frame's head. */
	b->more = d->entries || d->tail || d->packed.n;
	return (size_t)(p - from);
}

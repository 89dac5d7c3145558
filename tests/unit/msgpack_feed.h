/* SPDX-License-Identifier: MIT */
/*
 * Feeds bytes to the msgpack decoder as a run does, in chunks of any size, and
 * writes down what comes out, so that two ways of reading can be compared.
 * Each call sees a fresh copy of the bytes: a slice kept for too long, or a
 * read behind the padding, is seen by a sanitizer.
 */
#ifndef WEIR_TESTS_MSGPACK_FEED_H
#define WEIR_TESTS_MSGPACK_FEED_H

#include "base/mem.h"
#include "io/msgpack.h"

#define FEED_WANTS 16

struct feed {
	struct arena arena;
	struct limits limits;
	struct want wants[FEED_WANTS];
	struct decode_spec spec;
	struct layout *layout;
	bool templates; /* else every record is scanned */
	bool single;	/* each call sees one record, as frame() cuts it */
	unsigned rows, bad;
};

static inline void
feed_init(struct feed *f)
{
	struct settings none = {0};
	struct err err = {0};
	size_t used;

	*f = (struct feed){.limits = {16u << 20, 512, 65536},
	    .templates = true,
	    .spec = {.wants = f->wants, .time = -1}};
	f->spec.limits = f->limits;
	arena_init(&f->arena, 4096);
	format_msgpack.start((struct str){NULL, 0}, true, &none, &f->limits,
	    &f->arena, &f->layout, &used, &err);
}

static inline void
feed_limits(struct feed *f, struct limits limits)
{
	struct msgpack_layout *l = (void *)f->layout;

	f->limits = f->spec.limits = l->limits = limits;
}

/* Wants a.b.1: names and, as digits, elements; "" is the whole record. */
static inline struct want *
feed_want(struct feed *f, const char *path, enum want_as as)
{
	struct want *w = &f->wants[f->spec.n_wants++];
	struct path_step *steps = arena_zalloc(&f->arena, 16 * sizeof *steps);

	*w = (struct want){.path = {steps, 0}, .as = as};
	while (*path) {
		size_t n = strcspn(path, ".");
		struct path_step *s = &steps[w->path.n++];

		if (*path >= '0' && *path <= '9')
			s->index = (uint32_t)(*path - '0');
		else
			s->name = (struct str){path, n};
		path += n + (path[n] == '.');
	}
	return w;
}

static inline void
feed_release(struct feed *f)
{
	arena_release(&f->arena);
}

static inline void
feed_hex(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_printf(out, "%02x", (unsigned char)s.p[i]);
}

/* Texts as they are, bytes in hex, other values with their type. */
static inline void
feed_value(struct buf *out, struct value v)
{
	switch ((enum type)v.type) {
	case T_TEXT:
		json_put_text(out, value_str(v));
		break;
	case T_BYTES:
		buf_lit(out, "x");
		feed_hex(out, value_str(v));
		break;
	case T_NULL:
		buf_lit(out, "null");
		break;
	case T_INT:
	case T_MAP:
	case T_LIST:
	case T_BOOL:
		value_json(out, v);
		break;
	default:
		buf_addz(out, type_name(v.type));
		buf_addc(out, ':');
		value_print(out, v);
		break;
	}
}

static inline void
feed_row(
    const struct feed *f, struct buf *out, const struct batch *b, unsigned row)
{
	for (unsigned i = 0; i < b->n_cols; i++) {
		if (i)
			buf_addc(out, ' ');
		if ((int)i == f->spec.time)
			feed_value(out, value_time(b->time[row]));
		else if (f->wants[i].as == WANT_RAW &&
			 !column_is_null(&b->cols[i], row))
			feed_hex(out, value_str(column_get(&b->cols[i], row)));
		else
			feed_value(out, column_get(&b->cols[i], row));
	}
	buf_addc(out, '\n');
}

/* Rows and bad rows in the order of the input. */
static inline void
feed_batch(struct feed *f, struct buf *out, const struct batch *b)
{
	size_t k = 0;

	for (unsigned row = 0; row <= b->n_rows; row++) {
		for (; k < b->n_bad && b->bad[k].row == row; k++) {
			buf_printf(out, "bad: %s at %u of ", b->bad[k].reason,
			    b->bad[k].column);
			feed_hex(out, b->bad[k].raw);
			buf_addc(out, '\n');
		}
		if (row < b->n_rows)
			feed_row(f, out, b, row);
	}
	f->rows += b->n_rows;
	f->bad += (unsigned)b->n_bad;
}

static inline struct decoder *
feed_decoder(const struct feed *f)
{
	struct decoder *d = format_msgpack.decoder_new(f->layout, &f->spec);

	if (!f->templates)
		((struct msgpack_decoder *)(void *)d)->scan.wait = UINT32_MAX;
	return d;
}

/* Decodes from a copy of [p, p + n); returns the bytes consumed. */
static inline size_t
feed_once(struct feed *f, struct decoder *d, struct buf *out, const char *p,
    size_t n, bool eof, struct batch *b)
{
	char *copy = mem_alloc(n + SIMD_PAD);
	size_t used;

	memcpy(copy, p, n);
	memset(copy + n, 0xa1, SIMD_PAD);
	batch_reset(b);
	used = format_msgpack.decode(d, copy, copy + n, eof, b);
	feed_batch(f, out, b);
	memset(copy, 0xc1, n);
	mem_free(copy);
	return used;
}

/* The end of the first record at p, or n. */
static inline size_t
feed_first(const struct feed *f, const char *p, size_t n)
{
	struct buf room = {0};
	size_t whole = 0;

	buf_add(&room, p, n);
	memset(buf_reserve(&room, SIMD_PAD), 0xa1, SIMD_PAD);
	for (size_t len = 1; !whole && len <= n; len++)
		whole = format_msgpack.frame(f->layout, room.p, len);
	buf_release(&room);
	return whole ? whole : n;
}

/* Reads all of in, `chunk` bytes more at a time. */
static inline void
feed_chunks(struct feed *f, struct buf *out, struct str in, size_t chunk)
{
	struct decoder *d = feed_decoder(f);
	struct batch *b = batch_new();
	size_t from = 0, to = 0;
	bool eof = false, lost = false;

	f->rows = f->bad = 0;
	while (!eof) {
		eof = to == in.n;
		to = in.n - to < chunk ? in.n : to + chunk;
		if (lost)
			from = to;
		while (from < to) {
			size_t n = to - from, used;

			if (f->single)
				n = feed_first(f, in.p + from, n);
			used = feed_once(f, d, out, in.p + from, n,
			    eof && from + n == to, b);
			from += used;
			if (!used)
				break;
			if (b->lost) {
				lost = true;
				from = to;
			}
		}
	}
	if (from != in.n)
		buf_addz(out, "not all was consumed\n");
	batch_free(b);
	format_msgpack.decoder_free(d);
}

/*
 * Reads all of in as several threads do: cut by frame() from blocks that grow
 * until there is a whole record, each piece by another decoder.
 */
static inline void
feed_framed(struct feed *f, struct buf *out, struct str in, size_t chunk)
{
	struct batch *b = batch_new();
	size_t from = 0, to = 0;

	f->rows = f->bad = 0;
	while (from < in.n) {
		struct decoder *d;
		char *copy;
		size_t n, used;
		bool eof;

		to = in.n - to < chunk ? in.n : to + chunk;
		copy = mem_alloc(to - from + SIMD_PAD);
		memcpy(copy, in.p + from, to - from);
		memset(copy + to - from, 0xa1, SIMD_PAD);
		n = format_msgpack.frame(f->layout, copy, to - from);
		mem_free(copy);
		eof = to == in.n;
		if (eof || (!n && to - from > f->limits.record_max))
			n = to - from;
		d = feed_decoder(f);
		for (size_t at = 0; at < n; at += used) {
			used = feed_once(
			    f, d, out, in.p + from + at, n - at, eof, b);
			if (!used)
				buf_addz(out, "a block ends in a record\n");
			if (!used || b->lost)
				break;
		}
		format_msgpack.decoder_free(d);
		from = n && b->lost ? in.n : from + n;
	}
	batch_free(b);
}

#endif

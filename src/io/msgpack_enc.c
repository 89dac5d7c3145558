/* SPDX-License-Identifier: MIT */
/*
 * msgpack, written: a map {name: value, ...} per row.
 *
 * Names are encoded once. A map says in its header how many members follow,
 * so a row with members that may be missing is written behind room for the
 * widest header and moved up to the one it gets.
 */
#include "base/mem.h"
#include "data/times.h"
#include "io/msgpack.h"

#define HEADER 5 /* bytes of the widest */

struct msgpack_encoder {
	struct encoder base;
	struct arena arena;   /* of the names */
	struct arena scratch; /* of one batch */
	struct str *names;    /* encoded, by column */
	unsigned n_spread;
	bool framed; /* each record behind its length */
};

static struct msgpack_encoder *
msgpack_of(struct encoder *e)
{
	_Static_assert(offsetof(struct msgpack_encoder, base) == 0, "is first");
	return (struct msgpack_encoder *)(void *)e;
}

struct encoder *
msgpack_encoder_new(const struct encode_spec *spec, struct err *err)
{
	struct msgpack_encoder *e;
	struct buf name = {0};
	bool framed;

	if (!msgpack_settings_ok(&spec->settings, &framed, err))
		return NULL;
	e = mem_zalloc(sizeof *e);
	e->framed = framed;
	e->base.spec = spec;
	arena_init(&e->arena, 1024);
	arena_init(&e->scratch, 4096);
	e->names = arena_array(&e->arena, spec->n_cols, sizeof *e->names);
	for (unsigned i = 0; i < spec->n_cols; i++) {
		name.n = 0;
		pack_put_text(&name, spec->cols[i].name);
		e->names[i] = arena_str(&e->arena, buf_str(&name));
		e->n_spread += spec->cols[i].spread;
	}
	buf_release(&name);
	return &e->base;
}

void
msgpack_encoder_free(struct encoder *encoder)
{
	struct msgpack_encoder *e;

	if (!encoder)
		return;
	e = msgpack_of(encoder);
	arena_release(&e->arena);
	arena_release(&e->scratch);
	mem_free(e);
}

/* ---- values ---- */

/* A whole number beyond int64 that came as uint64 goes as one. */
static bool
put_uint64(struct buf *out, struct dec d)
{
	uint64_t u;

	if (d.scale || d.v <= INT64_MAX || d.v > UINT64_MAX)
		return false;
	u = (uint64_t)d.v;
	buf_addc(out, (char)0xcf);
	for (unsigned shift = 64; shift; shift -= 8)
		buf_addc(out, (char)(u >> (shift - 8)));
	return true;
}

static void
put_value(struct msgpack_encoder *e, struct buf *out, struct value v)
{
	struct value parsed;

	if (v.type == T_JSON &&
	    pack_parse_json(value_str(v), &e->scratch, &parsed))
		v = parsed;
	if (v.type != T_DECIMAL || !put_uint64(out, *v.d))
		dates_pack(out, v);
}

static void
put_element(struct msgpack_encoder *e, struct buf *out, const struct column *c,
    unsigned row)
{
	if (column_is_null(c, row)) {
		buf_addc(out, (char)0xc0);
		return;
	}
	if (c->type == T_TEXT)
		pack_put_text(out, c->s[c->constant ? 0 : row]);
	else
		put_value(e, out, column_get(c, row));
}

/* ---- a spread record ---- */

/* True if the key at p is the name of a column of its own. */
static bool
is_column(struct msgpack_encoder *e, const char *p, const char *end)
{
	const struct encode_spec *spec = e->base.spec;
	struct value key;

	if (pack_get(&p, end, &e->scratch, &key) != PACK_OK ||
	    key.type != T_TEXT)
		return false;
	for (unsigned i = 0; i < spec->n_cols; i++)
		if (!spec->cols[i].spread &&
		    str_eq(spec->cols[i].name, value_str(key)))
			return true;
	return false;
}

/* The members of a map, in pieces as long as can be; returns their number. */
static uint32_t
put_members(struct msgpack_encoder *e, struct value map, struct buf *out)
{
	const char *p = map.p, *end = p + map.len, *run;
	uint32_t n, put = 0;

	if (!pack_get_map(&p, end, &n))
		return 0;
	if (e->base.spec->n_cols == e->n_spread) { /* all of them */
		buf_add(out, p, (size_t)(end - p));
		return n;
	}
	for (run = p; n; n--) {
		const char *key = p;

		if (pack_skip(&p, end) != PACK_OK ||
		    pack_skip(&p, end) != PACK_OK) {
			p = key;
			break;
		}
		if (!is_column(e, key, p)) {
			put++;
			continue;
		}
		buf_add(out, run, (size_t)(key - run));
		run = p;
	}
	buf_add(out, run, (size_t)(p - run));
	return put;
}

/* A column whose members stand in the row; what has none stands itself. */
static uint32_t
put_spread(
    struct msgpack_encoder *e, unsigned col, struct value v, struct buf *out)
{
	struct value parsed;

	if (v.type == T_JSON &&
	    pack_parse_json(value_str(v), &e->scratch, &parsed))
		v = parsed;
	if (v.type == T_NULL)
		return 0;
	if (v.type == T_MAP)
		return put_members(e, v, out);
	if (e->base.spec->cols[col].name.n)
		buf_adds(out, e->names[col]);
	else
		pack_put_text(out, STR("value"));
	put_value(e, out, v);
	return 1;
}

/* ---- rows ---- */

/* Puts the header of n members before what was written behind room for it. */
static void
put_header(struct buf *out, size_t start, uint32_t n)
{
	char bytes[16]; /* more than a header is, so that nothing grows */
	struct buf header = {bytes, 0, sizeof bytes};
	size_t body = start + HEADER;

	pack_put_map(&header, n);
	memmove(out->p + start + header.n, out->p + body, out->n - body);
	memcpy(out->p + start, header.p, header.n);
	out->n -= HEADER - header.n;
}

static void
put_row(struct msgpack_encoder *e, const struct batch *b, unsigned row,
    struct buf *out)
{
	const struct encode_spec *spec = e->base.spec;
	size_t start = out->n;
	uint32_t n = 0;

	buf_reserve(out, HEADER);
	out->n += HEADER;
	for (unsigned i = 0; i < spec->n_cols; i++) {
		const struct column *c = &b->cols[i];

		if (spec->cols[i].spread) {
			n += put_spread(e, i, column_get(c, row), out);
			continue;
		}
		if (spec->cols[i].omit_null && column_is_null(c, row))
			continue;
		buf_adds(out, e->names[i]);
		put_element(e, out, c, row);
		n++;
	}
	put_header(out, start, n);
}

static void
put_raw(struct msgpack_encoder *e, const struct batch *b, unsigned row,
    struct buf *out)
{
	struct value v = column_get(&b->cols[0], row);

	if (v.type == T_TEXT)
		buf_adds(out, value_str(v));
	else
		put_value(e, out, v);
}

/* Fills in the length of the record whose length stands at start. */
static void
put_length(struct buf *out, size_t start)
{
	size_t n = out->n - start - MSGPACK_LENGTH;
	unsigned i;

	for (i = MSGPACK_LENGTH; i--; n >>= 8)
		out->p[start + i] = (char)(n & 0xff);
}

void
msgpack_encode(struct encoder *encoder, const struct batch *b, struct buf *out)
{
	struct msgpack_encoder *e = msgpack_of(encoder);

	for (unsigned k = 0; k < b->n_sel; k++) {
		size_t start = out->n;

		if (e->framed)
			buf_add(out, "\0\0\0", MSGPACK_LENGTH);
		if (e->base.spec->raw)
			put_raw(e, b, batch_row(b, k), out);
		else
			put_row(e, b, batch_row(b, k), out);
		if (e->framed)
			put_length(out, start);
	}
	arena_reset(&e->scratch);
}

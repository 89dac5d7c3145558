/* SPDX-License-Identifier: MIT */
/*
 * JSON lines, written: {"name":value,...} per row.
 *
 * Each member is written with a comma in front of it, and the first comma of
 * a row then becomes its brace: so members that are left out (NULL ones on
 * request, doubles of a spread record) need no bookkeeping.
 */
#include "base/mem.h"
#include "base/num.h"
#include "base/when.h"
#include "data/pack.h"
#include "io/json.h"
#include "io/json_member.h"

struct json_encoder {
	struct encoder base;
	struct arena arena;   /* of the names */
	struct arena scratch; /* of one batch */
	struct str *names;    /* ,"name": by column */
	struct buf text;      /* a member's name without escapes; a row for a
				 terminal */
};

static struct json_encoder *
json_of(struct encoder *e)
{
	_Static_assert(offsetof(struct json_encoder, base) == 0, "is first");
	return (struct json_encoder *)(void *)e;
}

/* Bytes copied at once for a name, however short it is. */
#define NAME_PAD 32

/* A copy of s with NAME_PAD readable bytes. */
static struct str
padded(struct arena *a, struct str s)
{
	char *p = arena_zalloc(a, s.n + NAME_PAD);

	memcpy(p, s.p, s.n);
	return (struct str){p, s.n};
}

struct encoder *
json_encoder_new(const struct encode_spec *spec, struct err *err)
{
	struct json_encoder *e;
	struct buf name = {0};
	unsigned i;

	if (!json_settings_ok(&spec->settings, err))
		return NULL;
	e = mem_zalloc(sizeof *e);
	e->base.spec = spec;
	arena_init(&e->arena, 1024);
	arena_init(&e->scratch, 4096);
	e->names = arena_array(&e->arena, spec->n_cols, sizeof *e->names);
	for (i = 0; i < spec->n_cols; i++) {
		name.n = 0;
		buf_addc(&name, ',');
		json_put_text(&name, spec->cols[i].name);
		buf_addc(&name, ':');
		e->names[i] = padded(&e->arena, buf_str(&name));
	}
	buf_release(&name);
	return &e->base;
}

void
json_encoder_free(struct encoder *encoder)
{
	struct json_encoder *e;

	if (!encoder)
		return;
	e = json_of(encoder);
	arena_release(&e->arena);
	arena_release(&e->scratch);
	buf_release(&e->text);
	mem_free(e);
}

void
json_encoder_begin(struct encoder *e, struct buf *out)
{
	(void)e;
	(void)out;
}

/* ---- values ---- */

/* A name behind which NAME_PAD bytes can be read: it is written at once. */
static inline void
put_name(struct buf *out, struct str name)
{
	char *p = buf_reserve(out, name.n + NAME_PAD);

	if (name.n <= NAME_PAD)
		memcpy(p, name.p, NAME_PAD);
	else
		memcpy(p, name.p, name.n);
	out->n += name.n;
}

static void
put_float(struct buf *out, double f)
{
	char *p;

	if (f - f != 0) { /* not finite */
		buf_lit(out, "null");
		return;
	}
	p = buf_reserve(out, NUM_FLOAT_MAX);
	out->n += (size_t)(num_put_float(p, f) - p);
}

static void
put_int(struct buf *out, int64_t i)
{
	char *p = buf_reserve(out, NUM_INT_MAX);

	out->n += (size_t)(num_put_int(p, i) - p);
}

static void
put_time(struct buf *out, int64_t t)
{
	char *p = buf_reserve(out, WHEN_TEXT_MAX + 2), *q = p;

	*q++ = '"';
	q = when_put(q, t);
	*q++ = '"';
	out->n += (size_t)(q - p);
}

static void
put_element(struct buf *out, const struct column *c, unsigned row)
{
	if (column_is_null(c, row)) {
		buf_lit(out, "null");
		return;
	}
	if (c->constant)
		row = 0;
	switch (c->type) {
	case T_INT:
		put_int(out, c->i[row]);
		break;
	case T_FLOAT:
		put_float(out, c->f[row]);
		break;
	case T_TEXT:
		json_put_text(out, c->s[row]);
		break;
	case T_TIME:
		put_time(out, c->i[row]);
		break;
	case T_JSON:
		buf_adds(out, c->s[row]);
		break;
	case T_NULL:
	case T_BOOL:
	case T_DECIMAL:
	case T_BYTES:
	case T_DATE:
	case T_DURATION:
	case T_LIST:
	case T_MAP:
	case T_ANY:
		value_json(out, column_get(c, row));
		break;
	}
}

/* ---- a spread record ---- */

/* True if a column of its own has this name. */
static bool
is_column(const struct json_encoder *e, struct str name)
{
	const struct encode_spec *spec = e->base.spec;
	unsigned i;

	for (i = 0; i < spec->n_cols; i++)
		if (!spec->cols[i].spread && str_eq(spec->cols[i].name, name))
			return true;
	return false;
}

static void
put_run(struct buf *out, const char *p, const char *end)
{
	if (!p)
		return;
	buf_addc(out, ',');
	buf_add(out, p, (size_t)(end - p));
}

/* The members of an object; those next to one another in one piece. */
static void
spread_json(struct json_encoder *e, struct str json, struct buf *out)
{
	struct json_members it = {json.p + 1, json.p + json.n};
	struct json_member m;
	const char *run = NULL, *end = NULL;

	while (json_member_next(&it, &m)) {
		struct str name = m.name;

		if (m.escaped) {
			name.p = buf_reserve(&e->text, name.n);
			name.n = json_unescape(e->text.p, m.name);
		}
		if (is_column(e, name)) {
			put_run(out, run, end);
			run = NULL;
			continue;
		}
		if (!run)
			run = m.name.p - 1;
		end = m.end;
	}
	put_run(out, run, end);
}

/* The text of a key that is none. */
static struct str
key_text(struct json_encoder *e, struct value key)
{
	if (key.type == T_TEXT)
		return value_str(key);
	e->text.n = 0;
	if (key.type == T_NULL)
		buf_lit(&e->text, "null");
	value_print(&e->text, key);
	return buf_str(&e->text);
}

static void
spread_map(struct json_encoder *e, struct value map, struct buf *out)
{
	const char *p = map.p, *end = map.p + map.len;
	struct value key, v;
	struct str name;
	uint32_t n;

	if (!pack_get_map(&p, end, &n))
		return;
	for (; n; n--) {
		if (pack_get(&p, end, &e->scratch, &key) != PACK_OK ||
		    pack_get(&p, end, &e->scratch, &v) != PACK_OK)
			return;
		name = key_text(e, key);
		if (is_column(e, name))
			continue;
		buf_addc(out, ',');
		json_put_text(out, name);
		buf_addc(out, ':');
		value_json(out, v);
	}
}

/* A column whose members stand in the row; what has none stands itself. */
static void
put_spread(
    struct json_encoder *e, unsigned col, struct value v, struct buf *out)
{
	if (v.type == T_NULL)
		return;
	if (v.type == T_JSON && v.len && v.p[0] == '{') {
		spread_json(e, value_str(v), out);
	} else if (v.type == T_MAP) {
		spread_map(e, v, out);
	} else {
		if (e->base.spec->cols[col].name.n)
			buf_adds(out, e->names[col]);
		else
			buf_lit(out, ",\"value\":");
		value_json(out, v);
	}
}

/* ---- rows ---- */

static void
put_row(struct json_encoder *e, const struct batch *b, unsigned row,
    struct buf *out)
{
	const struct encode_spec *spec = e->base.spec;
	size_t start = out->n;
	unsigned i;

	for (i = 0; i < spec->n_cols; i++) {
		const struct column *c = &b->cols[i];

		if (spec->cols[i].spread) {
			put_spread(e, i, column_get(c, row), out);
			continue;
		}
		if (spec->cols[i].omit_null && column_is_null(c, row))
			continue;
		put_name(out, e->names[i]);
		put_element(out, c, row);
	}
	if (out->n == start)
		buf_addc(out, '{');
	out->p[start] = '{';
	buf_lit(out, "}\n");
}

static void
put_raw(const struct batch *b, unsigned row, struct buf *out)
{
	struct value v = column_get(&b->cols[0], row);

	if (v.type == T_JSON || v.type == T_TEXT)
		buf_adds(out, value_str(v));
	else
		value_json(out, v);
	buf_addc(out, '\n');
}

void
json_encode(struct encoder *encoder, const struct batch *b, struct buf *out)
{
	struct json_encoder *e = json_of(encoder);
	size_t start = out->n;
	unsigned k;

	for (k = 0; k < b->n_sel; k++) {
		if (e->base.spec->raw)
			put_raw(b, batch_row(b, k), out);
		else
			put_row(e, b, batch_row(b, k), out);
	}
	arena_reset(&e->scratch);
	if (e->base.spec->terminal)
		json_for_terminal(out, start, &e->text);
}

/* SPDX-License-Identifier: MIT */
/*
 * logfmt and LTSV out of batches. Reading them back gives the same texts: what
 * would end a value or read back as another type is quoted or escaped.
 */
#include "io/pairs_enc.h"

#include "base/mem.h"

struct encoder *
pairs_encoder_new(const struct format *format, const struct encode_spec *spec,
    void (*put)(struct pairs_encoder *e, struct buf *out, bool first,
	struct str name, struct value v),
    struct err *err)
{
	struct pairs_encoder *e;

	if (text_no_settings(format, &spec->settings, err))
		return NULL;
	e = mem_zalloc(sizeof *e);
	e->base.spec = spec;
	e->put = put;
	e->end = spec->settings.nul ? '\0' : '\n';
	sheet_init(&e->sheet, spec);
	arena_init(&e->scratch, 256);
	return &e->base;
}

void
pairs_encoder_free(struct encoder *base)
{
	struct pairs_encoder *e = (struct pairs_encoder *)base;

	if (!e)
		return;
	sheet_release(&e->sheet);
	buf_release(&e->cell);
	arena_release(&e->scratch);
	mem_free(e->order);
	mem_free(e);
}

static void
encode_row(struct pairs_encoder *e, const struct batch *b, unsigned row,
    struct buf *out)
{
	const struct encode_spec *spec = e->base.spec;
	bool first = true;

	for (unsigned i = 0; i < spec->n_cols; i++) {
		struct value v;

		if (spec->cols[i].dropped)
			continue;
		v = column_get(&b->cols[i], row);
		if (v.type == T_NULL && spec->cols[i].omit_null)
			continue;
		e->put(e, out, first, spec->cols[i].name, v);
		first = false;
	}
}

/* Members have the names of their own record, no others. */
static void
encode_spread(struct pairs_encoder *e, const struct batch *b, unsigned row,
    struct buf *out)
{
	struct sheet *s = &e->sheet;

	sheet_clear(s);
	sheet_row(s, b, row, true);
	mem_grow(&e->order, &e->cap_order, sheet_slots(s), sizeof *e->order);
	sheet_order(s, e->order);
	for (uint32_t i = 0; i < sheet_slots(s); i++)
		e->put(e, out, !i, sheet_name(s, e->order[i]),
		    s->cells[e->order[i]]);
}

void
pairs_encode(struct encoder *base, const struct batch *b, struct buf *out)
{
	struct pairs_encoder *e = (struct pairs_encoder *)base;

	for (unsigned k = 0; k < b->n_sel; k++) {
		unsigned row = batch_row(b, k);

		if (base->spec->raw)
			text_value(out, column_get(&b->cols[0], row), NULL);
		else if (e->sheet.spreads)
			encode_spread(e, b, row, out);
		else
			encode_row(e, b, row, out);
		buf_addc(out, e->end);
	}
}

/* The text of a value, made harmless for a terminal. */
static struct str
text_of(struct pairs_encoder *e, struct value v)
{
	e->cell.n = 0;
	text_value(&e->cell, v, NULL);
	return buf_str(&e->cell);
}

/* ---- logfmt ---- */

static bool
bad_in_name(unsigned char c)
{
	return c <= ' ' || c == '=' || c == '"' || c == 0x7f;
}

static void
put_name(struct buf *out, struct str name)
{
	char *to = buf_reserve(out, name.n + 1);

	if (!name.n)
		*to++ = '_';
	for (size_t i = 0; i < name.n; i++)
		*to++ = bad_in_name((unsigned char)name.p[i]) ? '_' : name.p[i];
	out->n = (size_t)(to - out->p);
}

/* A text that would be the same without quotes. */
static bool
is_plain(struct pairs_encoder *e, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		/* Blanks beyond ASCII and controls (C1) are escaped or quoted
		 * for the reader's sake. */
		if (bad_in_name(c) || c == '\\' || c >= 0x80)
			return false;
	}
	arena_reset(&e->scratch);
	return s.n && cell_guess(&e->scratch, s, false).type == T_TEXT;
}

static void
put_escaped(struct buf *out, struct str s)
{
	static const char digits[] = "0123456789abcdef";
	char *to = buf_reserve(out, 6 * s.n);

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '"' || c == '\\') {
			*to++ = '\\';
			*to++ = (char)c;
		} else if (c >= ' ' && c != 0x7f) {
			*to++ = (char)c;
		} else if (c == '\n' || c == '\t' || c == '\r') {
			*to++ = '\\';
			*to++ = c == '\n' ? 'n' : c == '\t' ? 't' : 'r';
		} else {
			memcpy(to, "\\u00", 4);
			to[4] = digits[c >> 4];
			to[5] = digits[c & 15];
			to += 6;
		}
	}
	out->n = (size_t)(to - out->p);
}

static void
put_quoted(struct pairs_encoder *e, struct buf *out, struct str s)
{
	size_t from;

	buf_addc(out, '"');
	from = out->n;
	put_escaped(out, s);
	if (e->base.spec->terminal) {
		struct buf copy = {0};

		buf_add(&copy, out->p + from, out->n - from);
		out->n = from;
		text_visible(out, buf_str(&copy), "");
		buf_release(&copy);
	}
	buf_addc(out, '"');
}

static void
logfmt_put(struct pairs_encoder *e, struct buf *out, bool first,
    struct str name, struct value v)
{
	struct str s;

	if (!first)
		buf_addc(out, ' ');
	put_name(out, name);
	buf_addc(out, '=');
	if (v.type == T_NULL)
		return;
	if (v.type != T_TEXT && v.type < T_TEXT) {
		text_value(out, v, NULL);
		return;
	}
	s = v.type == T_TEXT ? value_str(v) : text_of(e, v);
	if (type_is_instant(v.type) || v.type == T_DURATION || is_plain(e, s))
		buf_adds(out, s);
	else
		put_quoted(e, out, s);
}

struct encoder *
logfmt_encoder_new(const struct encode_spec *spec, struct err *err)
{
	return pairs_encoder_new(&format_logfmt, spec, logfmt_put, err);
}

/* ---- LTSV ---- */

static void
put_label(struct buf *out, struct str name)
{
	char *to = buf_reserve(out, name.n + 1);

	if (!name.n)
		*to++ = '_';
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		*to++ = (unsigned char)c < ' ' || c == ':' ? '_' : c;
	}
	out->n = (size_t)(to - out->p);
}

/* What may not stand in a value, and the backslash that tells of it. */
static void
put_ltsv_text(struct buf *out, struct str s)
{
	char *to = buf_reserve(out, 2 * s.n);

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c != '\t' && c != '\n' && c != '\r' && c != '\\' && c) {
			*to++ = c;
			continue;
		}
		*to++ = '\\';
		*to++ = c == '\t'   ? 't'
			: c == '\n' ? 'n'
			: c == '\r' ? 'r'
			: c	    ? c
				    : '0';
	}
	out->n = (size_t)(to - out->p);
}

static void
ltsv_put(struct pairs_encoder *e, struct buf *out, bool first, struct str name,
    struct value v)
{
	struct str s;

	if (!first)
		buf_addc(out, '\t');
	put_label(out, name);
	buf_addc(out, ':');
	if (v.type == T_NULL)
		return;
	s = text_of(e, v);
	if (e->base.spec->terminal) {
		struct buf copy = {0};

		put_ltsv_text(&copy, s);
		text_visible(out, buf_str(&copy), "");
		buf_release(&copy);
	} else {
		put_ltsv_text(out, s);
	}
}

struct encoder *
ltsv_encoder_new(const struct encode_spec *spec, struct err *err)
{
	return pairs_encoder_new(&format_ltsv, spec, ltsv_put, err);
}

/* SPDX-License-Identifier: MIT */
/*
 * CSV and TSV out of batches. What is quoted or escaped is said in the formats'
 * `about` (csv.c); reading it back gives the same text.
 *
 * When columns spread, the header is the members of the first row. A row with
 * a member the header lacks begins a new block, an empty line and its own
 * header, so that nothing is lost (as Miller's csvlite does).
 */
#include "base/mem.h"
#include "base/num.h"
#include "io/csv.h"
#include "io/sheet.h"

struct csv_encoder {
	struct encoder base;
	struct csv_options o;
	bool special[256]; /* bytes that need quotes or an escape */
	bool plain;	   /* numbers and booleans never need them */
	const char *keep;  /* on a terminal: controls that stay */
	struct buf cell;
	struct buf safe; /* a text made safe */
	struct sheet sheet;
	uint32_t *order; /* of the slots in the header */
	size_t cap_order;
	bool headed; /* a header was written */
};

/* ---- one field ---- */

static bool
blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
needs_quotes(const struct csv_encoder *e, struct str s)
{
	if (!s.n || blank(s.p[0]) || blank(s.p[s.n - 1]))
		return true;
	for (size_t i = 0; i < s.n; i++)
		if (e->special[(unsigned char)s.p[i]])
			return true;
	return false;
}

static void
put_quoted(const struct csv_encoder *e, struct buf *out, struct str s)
{
	char *to = buf_reserve(out, 2 * s.n + 2);

	*to++ = e->o.quote;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == e->o.quote)
			*to++ = e->o.quote;
		*to++ = s.p[i];
	}
	*to++ = e->o.quote;
	out->n = (size_t)(to - out->p);
}

static char
escape_of(char c)
{
	switch (c) {
	case '\t':
		return 't';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	}
	return c;
}

static void
put_escaped(const struct csv_encoder *e, struct buf *out, struct str s)
{
	char *to = buf_reserve(out, 2 * s.n);

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (e->special[(unsigned char)c]) {
			*to++ = '\\';
			c = escape_of(c);
		}
		*to++ = c;
	}
	out->n = (size_t)(to - out->p);
}

/* Escaped for TSV and then made visible, so backslashes stay as TSV has them.
 */
static void
put_shown(const struct csv_encoder *e, struct buf *out, struct str s)
{
	struct buf escaped = {0};

	put_escaped(e, &escaped, s);
	text_visible(out, buf_str(&escaped), "");
	buf_release(&escaped);
}

static void
put_text(const struct csv_encoder *e, struct buf *out, struct str s)
{
	if (e->o.tsv && e->keep)
		put_shown(e, out, s);
	else if (e->o.tsv)
		put_escaped(e, out, s);
	else if (needs_quotes(e, s))
		put_quoted(e, out, s);
	else
		buf_adds(out, s);
}

/*
 * What a spreadsheet takes for a formula (OWASP, "CSV Injection") gets a quote
 * in front, if that is asked for.
 */
static struct str
made_safe(struct csv_encoder *e, struct str s)
{
	if (!e->o.safe || !s.n || !memchr("=+-@\t\r", s.p[0], 6))
		return s;
	e->safe.n = 0;
	buf_addc(&e->safe, '\'');
	buf_adds(&e->safe, s);
	return buf_str(&e->safe);
}

/* A text like 1,5: of these characters alone. */
static bool
has_comma(struct str s)
{
	size_t i = 0;

	while (i < s.n && memchr("0123456789-,", s.p[i], 12))
		i++;
	return i == s.n;
}

/* Would the text be a number or boolean when it is read again? */
static bool
looks_typed(const struct csv_encoder *e, struct str s)
{
	char c = s.n ? s.p[0] : 0;

	if ((c >= '0' && c <= '9') || c == '-' || c == ',')
		return num_guess(s).kind != NUM_NONE ||
		       (e->o.comma && has_comma(s));
	return str_is(s, "true") || str_is(s, "false");
}

/* A number with a decimal comma. */
static void
put_comma(struct csv_encoder *e, struct buf *out, struct value v)
{
	char *point;

	e->cell.n = 0;
	text_value(&e->cell, v, e->o.tsv ? NULL : e->keep);
	point = memchr(e->cell.p, '.', e->cell.n);
	if (point)
		*point = ',';
	put_text(e, out, buf_str(&e->cell));
}

static void
put_value(struct csv_encoder *e, struct buf *out, struct value v)
{
	if (v.type == T_NULL)
		return;
	if (v.type == T_TEXT && !e->keep) {
		struct str s = made_safe(e, value_str(v));

		if (!e->o.tsv && looks_typed(e, s))
			put_quoted(e, out, s);
		else
			put_text(e, out, s);
		return;
	}
	if (e->o.comma && (v.type == T_FLOAT || v.type == T_DECIMAL)) {
		put_comma(e, out, v);
		return;
	}
	if (e->plain && v.type != T_TEXT && v.type < T_TEXT) {
		text_value(out, v, NULL);
		return;
	}
	e->cell.n = 0;
	text_value(&e->cell, v, e->o.tsv ? NULL : e->keep);
	put_text(e, out,
	    v.type == T_TEXT ? made_safe(e, buf_str(&e->cell))
			     : buf_str(&e->cell));
}

/* ---- records ---- */

/* Ends the record that began at `from`: an empty line would be no record. */
static void
end_record(struct csv_encoder *e, struct buf *out, size_t from)
{
	if (out->n == from && e->o.tsv) {
		buf_lit(out, "\\N");
	} else if (out->n == from) {
		buf_addc(out, e->o.quote);
		buf_addc(out, e->o.quote);
	}
	buf_addc(out, '\n');
}

static void
put_header_name(
    struct csv_encoder *e, struct buf *out, struct str name, bool first)
{
	if (!first)
		buf_addc(out, e->o.delim);
	if (e->keep && !e->o.tsv) {
		e->cell.n = 0;
		text_visible(&e->cell, name, e->keep);
		name = buf_str(&e->cell);
	}
	put_text(e, out, made_safe(e, name));
}

/* The header of the slots there are now. */
static void
put_header(struct csv_encoder *e, struct buf *out)
{
	uint32_t n = sheet_slots(&e->sheet);
	size_t from;

	mem_grow(&e->order, &e->cap_order, n, sizeof *e->order);
	sheet_order(&e->sheet, e->order);
	if (e->headed)
		buf_addc(out, '\n');
	e->headed = true;
	from = out->n;
	if (e->o.header == CSV_HEADER_NO || !n)
		return;
	for (uint32_t i = 0; i < n; i++)
		put_header_name(e, out, sheet_name(&e->sheet, e->order[i]), !i);
	end_record(e, out, from);
}

void
csv_begin(struct encoder *base, struct buf *out)
{
	struct csv_encoder *e = (struct csv_encoder *)base;

	if (base->spec->raw) {
		if (base->spec->header.n) {
			buf_adds(out, base->spec->header);
			buf_addc(out, '\n');
		}
	} else if (!e->sheet.spreads) {
		put_header(e, out);
	}
}

static void
encode_raw(const struct batch *b, struct buf *out)
{
	for (unsigned k = 0; k < b->n_sel; k++) {
		value_print(out, column_get(&b->cols[0], batch_row(b, k)));
		buf_addc(out, '\n');
	}
}

static void
encode_plain(struct csv_encoder *e, const struct batch *b, struct buf *out)
{
	for (unsigned k = 0; k < b->n_sel; k++) {
		unsigned row = batch_row(b, k);
		size_t from = out->n;

		for (unsigned i = 0; i < b->n_cols; i++) {
			if (i)
				buf_addc(out, e->o.delim);
			put_value(e, out, column_get(&b->cols[i], row));
		}
		end_record(e, out, from);
	}
}

static void
encode_spread(struct csv_encoder *e, const struct batch *b, struct buf *out)
{
	struct sheet *s = &e->sheet;

	for (unsigned k = 0; k < b->n_sel; k++) {
		unsigned row = batch_row(b, k);
		size_t from;

		if (!e->headed || !sheet_row(s, b, row, false)) {
			sheet_clear(s);
			sheet_row(s, b, row, true);
			put_header(e, out);
		}
		from = out->n;
		for (uint32_t i = 0; i < sheet_slots(s); i++) {
			if (i)
				buf_addc(out, e->o.delim);
			put_value(e, out, s->cells[e->order[i]]);
		}
		end_record(e, out, from);
	}
}

void
csv_encode(struct encoder *base, const struct batch *b, struct buf *out)
{
	struct csv_encoder *e = (struct csv_encoder *)base;

	if (base->spec->raw)
		encode_raw(b, out);
	else if (e->sheet.spreads)
		encode_spread(e, b, out);
	else
		encode_plain(e, b, out);
}

void
csv_finish(struct encoder *base, struct buf *out)
{
	struct csv_encoder *e = (struct csv_encoder *)base;

	/* No row came to say which members there are. */
	if (!base->spec->raw && !e->headed && sheet_slots(&e->sheet))
		put_header(e, out);
}

/* ---- going on in a file ---- */

/*
 * What is saved is the header: that of the records that are passed on; or
 * whether there is one, and the slots.
 */
void
csv_save(const struct encoder *base, struct buf *out)
{
	const struct csv_encoder *e = (const struct csv_encoder *)base;

	if (base->spec->raw) {
		buf_adds(out, base->spec->header);
	} else {
		buf_addc(out, e->headed ? 'h' : '-');
		sheet_save(&e->sheet, out);
	}
}

bool
csv_restore(struct encoder *base, struct str saved)
{
	struct csv_encoder *e = (struct csv_encoder *)base;
	bool fits;

	if (base->spec->raw)
		return str_eq(saved, base->spec->header);
	e->headed = !saved.n || saved.p[0] == 'h';
	fits = saved.n &&
	       sheet_restore(&e->sheet, (struct str){saved.p + 1, saved.n - 1});
	/* Other members than those before begin a block of their own. */
	if (!fits && !e->sheet.spreads)
		return e->o.header == CSV_HEADER_NO;
	mem_grow(
	    &e->order, &e->cap_order, sheet_slots(&e->sheet), sizeof *e->order);
	sheet_order(&e->sheet, e->order);
	return true;
}

/* ---- making one ---- */

/* Bytes that numbers and booleans are made of. */
static bool
in_numbers(char c)
{
	return strchr("+-.", c) || (c >= '0' && c <= '9') ||
	       ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static struct encoder *
new_encoder(const struct format *format, const struct encode_spec *spec,
    struct err *err)
{
	struct csv_options o;
	struct csv_encoder *e;

	if (csv_options(format, &spec->settings, true, &o, err))
		return NULL;
	e = mem_zalloc(sizeof *e);
	e->base.spec = spec;
	e->o = o;
	e->special['\n'] = e->special['\r'] = true;
	e->special[(unsigned char)o.delim] = true;
	e->special[(unsigned char)(o.tsv ? '\\' : o.quote)] = true;
	e->plain = o.tsv || (!in_numbers(o.delim) && !in_numbers(o.quote));
	if (spec->terminal)
		e->keep = "\n\t";
	sheet_init(&e->sheet, spec);
	return &e->base;
}

struct encoder *
csv_encoder_new(const struct encode_spec *spec, struct err *err)
{
	return new_encoder(&format_csv, spec, err);
}

struct encoder *
tsv_encoder_new(const struct encode_spec *spec, struct err *err)
{
	return new_encoder(&format_tsv, spec, err);
}

void
csv_encoder_free(struct encoder *base)
{
	struct csv_encoder *e = (struct csv_encoder *)base;

	if (!e)
		return;
	sheet_release(&e->sheet);
	buf_release(&e->cell);
	buf_release(&e->safe);
	mem_free(e->order);
	mem_free(e);
}

/* SPDX-License-Identifier: MIT */
/*
 * Rows filled into a template: "{host:<12} {hits:>6} {p95:.1} ms".
 *
 * The template is cut into pieces once: a text, and the column behind it with
 * how it is to be written. Where columns spread, names are looked up in each
 * record; otherwise a name that no column has is a mistake.
 */
#include "base/dec.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "base/when.h"
#include "base/zone.h"
#include "io/sheet.h"
#include "io/text.h"

#define WIDTH_MAX 10000
#define DIGITS_MAX 30

struct piece {
	struct str text; /* before the value */
	bool value;	 /* there is one */
	struct str name;
	uint32_t slot;	  /* where the name was last found */
	char align;	  /* < > ^, or 0: numbers to the right, text left */
	bool zeros;	  /* numbers are filled up with zeros */
	unsigned width;	  /* in columns of a terminal */
	int digits;	  /* behind the point; -1: as many as there are */
	const char *time; /* a pattern for times, or NULL */
	struct str null;  /* instead of NULL */
};

struct template
{
	struct encoder base;
	struct sheet sheet;
	struct arena arena;
	struct piece *pieces;
	size_t n, cap;
	struct buf buf;
};

/* ---- reading the template ---- */

struct reader {
	struct template *t;
	struct str text;
	size_t at;
	struct where where; /* of the template */
	struct err *err;
};

static struct where
place(const struct reader *r, size_t from, size_t to)
{
	return text_where(r->where, (struct str){r->text.p + from, to - from});
}

static int
wrong(struct reader *r, size_t from, const char *what)
{
	struct where where = place(r, from, r->text.n);

	return err_set(r->err, where.src ? ERR_SPEC : ERR_USAGE, where,
	    "in the template, at \"%.*s\": %s",
	    (int)(r->text.n - from > 20 ? 20 : r->text.n - from),
	    r->text.p + from, what);
}

/* The text up to the next value; {{ and }} are braces, \n and \t blanks. */
static int
read_text(struct reader *r, struct str *out)
{
	struct buf text = {0};

	for (; r->at < r->text.n; r->at++) {
		char c = r->text.p[r->at];
		char next = r->at + 1 < r->text.n ? r->text.p[r->at + 1] : 0;

		if ((c == '{' || c == '}') && next == c)
			r->at++;
		else if (c == '{')
			break;
		else if (c == '}') {
			buf_release(&text);
			return wrong(r, r->at, "a brace is written }}");
		} else if (c == '\\' &&
			   (next == 'n' || next == 't' || next == '\\')) {
			r->at++;
			c = next == 'n' ? '\n' : next == 't' ? '\t' : '\\';
		}
		buf_addc(&text, c);
	}
	*out = arena_str(&r->t->arena, buf_str(&text));
	buf_release(&text);
	return 0;
}

static bool
read_number(struct str *s, unsigned most, unsigned *out)
{
	unsigned v = 0;

	if (!s->n || s->p[0] < '0' || s->p[0] > '9')
		return false;
	while (s->n && s->p[0] >= '0' && s->p[0] <= '9' && v <= most) {
		v = v * 10 + (unsigned)(s->p[0] - '0');
		s->p++;
		s->n--;
	}
	*out = v;
	return v <= most;
}

static void
take(struct str *s)
{
	s->p++;
	s->n--;
}

/* [<>^] [0] [width] [.digits], or a pattern of a time. */
static bool
read_style(struct reader *r, struct str s, struct piece *piece)
{
	unsigned digits;
	struct err bad = {0};

	if (s.n && memchr(s.p, '%', s.n)) {
		if (when_format_check(s, &bad)) {
			err_release(&bad);
			return false;
		}
		piece->time = arena_str(&r->t->arena, s).p;
		return true;
	}
	if (s.n && memchr("<>^", s.p[0], 3)) {
		piece->align = s.p[0];
		take(&s);
	}
	if (s.n > 1 && s.p[0] == '0') {
		piece->zeros = true;
		take(&s);
	}
	if (s.n && s.p[0] != '.' && !read_number(&s, WIDTH_MAX, &piece->width))
		return false;
	if (s.n && s.p[0] == '.') {
		take(&s);
		if (!read_number(&s, DIGITS_MAX, &digits))
			return false;
		piece->digits = (int)digits;
	}
	return s.n == 0;
}

/* {name[:style][|instead of NULL]} */
static int
read_value(struct reader *r, struct piece *piece)
{
	size_t from = r->at, end = from, mark;
	struct str inner, style;
	const char *bar, *colon;

	while (end < r->text.n && r->text.p[end] != '}')
		end++;
	if (end == r->text.n)
		return wrong(r, from, "there is no } for this {");
	r->at = end + 1;
	inner = (struct str){r->text.p + from + 1, end - from - 1};
	bar = inner.n ? memchr(inner.p, '|', inner.n) : NULL;
	if (bar) {
		piece->null = (struct str){
		    bar + 1, (size_t)(inner.p + inner.n - bar) - 1};
		inner.n = (size_t)(bar - inner.p);
	}
	colon = inner.n ? memchr(inner.p, ':', inner.n) : NULL;
	mark = colon ? (size_t)(colon - inner.p) : inner.n;
	piece->name = str_trim((struct str){inner.p, mark});
	if (!piece->name.n)
		return wrong(r, from, "a column's name is expected");
	if (!colon)
		return 0;
	style = (struct str){colon + 1, inner.n - mark - 1};
	return read_style(r, style, piece)
		   ? 0
		   : wrong(r, (size_t)(style.p - r->text.p),
			 "expected [<>^][0][WIDTH][.DIGITS] or a pattern of a "
			 "time such as %H:%M");
}

static int
read_template(struct reader *r)
{
	struct template *t = r->t;

	do {
		struct piece *p;

		mem_grow(&t->pieces, &t->cap, t->n + 1, sizeof *t->pieces);
		p = &t->pieces[t->n++];
		*p = (struct piece){.digits = -1, .slot = NAMES_NONE};
		if (read_text(r, &p->text))
			return -1;
		p->value = r->at < r->text.n;
		if (p->value && read_value(r, p))
			return -1;
	} while (r->at < r->text.n);
	return 0;
}

/* Without spreading columns all names are known now. */
static int
check_names(struct reader *r)
{
	const struct encode_spec *spec = r->t->base.spec;
	struct str *names =
	    arena_array(&r->t->arena, spec->n_cols, sizeof *names);

	for (unsigned i = 0; i < spec->n_cols; i++)
		names[i] = spec->cols[i].name;
	for (size_t i = 0; i < r->t->n && !r->t->sheet.spreads; i++) {
		const struct piece *p = &r->t->pieces[i];
		unsigned k = 0;

		while (
		    p->value && k < spec->n_cols && !str_eq(names[k], p->name))
			k++;
		if (!p->value || k < spec->n_cols)
			continue;
		wrong(r, (size_t)(p->name.p - r->text.p),
		    "there is no such column");
		return err_suggest(r->err, p->name, names, spec->n_cols);
	}
	return 0;
}

/* ---- writing ---- */

static struct value
value_of(struct template *t, struct piece *p)
{
	struct sheet *s = &t->sheet;

	if (p->slot < sheet_slots(s) && str_eq(sheet_name(s, p->slot), p->name))
		return s->cells[p->slot];
	for (uint32_t i = 0; i < sheet_slots(s); i++)
		if (str_eq(sheet_name(s, i), p->name)) {
			p->slot = i;
			return s->cells[i];
		}
	return VALUE_NULL;
}

/* A number with so many digits behind the point; false if it is none. */
static bool
put_rounded(struct buf *out, struct value v, int digits)
{
	struct dec d;

	if (v.type == T_INT)
		d = dec_of_int(v.i);
	else if (v.type == T_DECIMAL)
		d = *v.d;
	else if (v.type != T_FLOAT || !dec_of_float(v.f, &d))
		return false;
	if (!dec_round(d, digits, &d))
		return false;
	out->n += dec_print(buf_reserve(out, DEC_TEXT_MAX), d);
	return true;
}

static void
put_plain(struct template *t, const struct piece *p, struct value v)
{
	struct buf *out = &t->buf;

	out->n = 0;
	if (v.type == T_NULL)
		buf_adds(out, p->null);
	else if (v.type == T_TIME && p->time)
		when_format(out, p->time, v.i, NULL);
	else if (p->digits < 0 || !put_rounded(out, v, p->digits))
		text_value(out, v, t->base.spec->terminal ? "\t" : NULL);
}

static void
pad(struct buf *out, size_t n, char c)
{
	if (!n)
		return;
	memset(buf_reserve(out, n), c, n);
	out->n += n;
}

static void
put_piece(struct template *t, struct piece *p, struct buf *out)
{
	struct value v;
	size_t width, room, left;
	bool number;

	buf_adds(out, p->text);
	if (!p->value)
		return;
	v = value_of(t, p);
	put_plain(t, p, v);
	width = p->width ? utf8_str_width(buf_str(&t->buf)) : 0;
	room = width < p->width ? p->width - width : 0;
	number = type_is_number(v.type);
	left = p->align == '>' || (!p->align && number) ? room
	       : p->align == '^'			? room / 2
							: 0;
	if (p->zeros && number && left == room && room) {
		bool minus = t->buf.n && t->buf.p[0] == '-';

		if (minus)
			buf_addc(out, '-');
		pad(out, room, '0');
		buf_add(out, t->buf.p + minus, t->buf.n - minus);
		return;
	}
	pad(out, left, ' ');
	buf_adds(out, buf_str(&t->buf));
	pad(out, room - left, ' ');
}

/* ---- the format ---- */

static void
template_free(struct encoder *base)
{
	struct template *t = (struct template *)base;

	if (!t)
		return;
	sheet_release(&t->sheet);
	arena_release(&t->arena);
	buf_release(&t->buf);
	mem_free(t->pieces);
	mem_free(t);
}

static struct encoder *
template_new(const struct encode_spec *spec, struct err *err)
{
	static const struct str known[] = {STR("template")};
	const struct settings *s = &spec->settings;
	struct template *t;
	struct reader r = {.text = s->arg, .where = s->where, .err = err};

	for (unsigned i = 0; i < s->n; i++) {
		if (!str_is(s->list[i].name, "template")) {
			text_unknown_setting(
			    &format_template, &s->list[i], known, 1, err);
			return NULL;
		}
		r.text = s->list[i].value;
		r.where = s->list[i].where;
	}
	if (!r.text.n) {
		err_set(err, r.where.src ? ERR_SPEC : ERR_USAGE, r.where,
		    "the format template needs one");
		err_hint(err, "-t 'template:{name} {count:>6}'");
		return NULL;
	}
	t = r.t = mem_zalloc(sizeof *t);
	t->base.spec = spec;
	arena_init(&t->arena, 4096);
	sheet_init(&t->sheet, spec);
	if (!read_template(&r) && !check_names(&r))
		return &t->base;
	template_free(&t->base);
	return NULL;
}

static void
template_nothing(struct encoder *e, struct buf *out)
{
	(void)e;
	(void)out;
}

static void
template_encode(struct encoder *base, const struct batch *b, struct buf *out)
{
	struct template *t = (struct template *)base;

	for (unsigned k = 0; k < b->n_sel; k++) {
		sheet_row(&t->sheet, b, batch_row(b, k), true);
		for (size_t i = 0; i < t->n; i++)
			put_piece(t, &t->pieces[i], out);
		buf_addc(out, '\n');
	}
}

const struct format format_template = {
    .name = "template",
    .doc = "a line made of a template with {columns} (output only)",
    .about =
	"Each row is the template with its columns filled in, and a line "
	"feed. {name} is a column's value; {name:STYLE} says how: < > or ^ "
	"for the side, a width (with a 0 before it: filled up with zeros), "
	".DIGITS behind the point, as in {p95:>8.1}; for a time a pattern as "
	"in strftime, {window_start:%H:%M}. {name|-} gives what stands for "
	"NULL. {{ and }} are braces, \\n and \\t a line feed and a tab.",
    .extensions = "",
    .arg = "TEMPLATE",
    .example = "template:{path:<8}{hits:>5} hits\n"
	       "/a          2 hits",
    .encoder_new = template_new,
    .encoder_free = template_free,
    .begin = template_nothing,
    .encode = template_encode,
    .finish = template_nothing,
    .ordered = true, /* names are remembered where they were found */
};

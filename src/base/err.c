/* SPDX-License-Identifier: MIT */
/*
 * Errors: made once, where the world went wrong, and printed once, by main.
 *
 * What is printed comes from untrusted places (queries, file names, records),
 * so every byte that could move a terminal's cursor or turn its text around is
 * shown as \xHH. The caret line is laid out from the very pieces the source
 * line is made of, so the two always agree on columns.
 */
#include "base/err.h"

#include <stdarg.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/utf8.h"

#define LINE_MAX_SHOWN 160 /* bytes of a source line around the place */
#define LINE_BEFORE 60	   /* of these, before the place when it is cut */
#define SUGGEST_MAX 12	   /* names listed when none is near */
#define NAME_MAX_SHOWN 64  /* bytes of each name */
#define PATH_MAX_SHOWN 500
#define ELLIPSIS "\xe2\x80\xa6"

static char *
vtext(const char *fmt, va_list ap)
{
	va_list again;
	char *text;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	must(n >= 0);
	text = mem_alloc((size_t)n + 1);
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	return text;
}

/* The new text may have been made from the old one, so that goes last. */
static void
replace(char **slot, char *text)
{
	mem_free(*slot);
	*slot = text;
}

static void
forget_source(struct err *err)
{
	mem_free(err->kept);
	err->kept = NULL;
}

void
err_keep(struct err *err)
{
	const struct source *from = err->where.src;
	struct source *to;
	char *text;
	size_t n;

	if (!from || from == err->kept)
		return;
	n = strlen(from->name) + 1;
	to = mem_alloc(sizeof *to + n + from->text.n);
	text = (char *)(to + 1);
	memcpy(text, from->name, n);
	if (from->text.n)
		memcpy(text + n, from->text.p, from->text.n);
	*to = (struct source){text, {text + n, from->text.n}};
	forget_source(err);
	err->kept = to;
	err->where.src = to;
}

int
err_set(struct err *err, enum err_code code, struct where where,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	replace(&err->message, vtext(fmt, ap));
	va_end(ap);
	replace(&err->hint, NULL);
	if (err->kept != where.src)
		forget_source(err);
	err->code = code;
	err->where = where;
	return -1;
}

static char *
joined(const char *a, const char *sep, const char *b)
{
	struct buf text = {0};

	buf_addz(&text, a);
	buf_addz(&text, sep);
	buf_addz(&text, b);
	buf_addc(&text, 0);
	return text.p;
}

int
err_sys(struct err *err, enum err_code code, int errnum, const char *fmt, ...)
{
	va_list ap;
	char *what;

	va_start(ap, fmt);
	what = vtext(fmt, ap);
	va_end(ap);
	replace(&err->message, joined(what, ": ", strerror(errnum)));
	replace(&err->hint, NULL);
	mem_free(what);
	err->code = code;
	forget_source(err);
	err->where = (struct where){0};
	return -1;
}

int
err_hint(struct err *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	replace(&err->hint, vtext(fmt, ap));
	va_end(ap);
	return -1;
}

int
err_note(struct err *err, const char *fmt, ...)
{
	va_list ap;
	char *note;

	va_start(ap, fmt);
	note = vtext(fmt, ap);
	va_end(ap);
	replace(&err->message,
	    joined(note, ": ", err->message ? err->message : ""));
	mem_free(note);
	return -1;
}

static void
add_quoted(struct buf *b, struct str s, size_t max)
{
	b->n += err_quote(buf_reserve(b, 4 * max + 8), s, max);
}

int
err_suggest(struct err *err, struct str word, const struct str *names, size_t n)
{
	struct str near = str_nearest(word, names, n);
	struct buf hint = {0};

	if (near.p) {
		buf_lit(&hint, "did you mean \"");
		add_quoted(&hint, near, NAME_MAX_SHOWN);
		buf_lit(&hint, "\"?");
	} else if (n) {
		if (n > 1)
			buf_lit(&hint, "one of: ");
		else
			buf_lit(&hint, "there is only: ");
		for (size_t i = 0; i < n && i < SUGGEST_MAX; i++) {
			if (i)
				buf_lit(&hint, ", ");
			add_quoted(&hint, names[i], NAME_MAX_SHOWN);
		}
		if (n > SUGGEST_MAX)
			buf_lit(&hint, ", " ELLIPSIS);
	} else {
		return -1;
	}
	buf_addc(&hint, 0);
	replace(&err->hint, hint.p);
	return -1;
}

void
err_release(struct err *err)
{
	mem_free(err->message);
	mem_free(err->hint);
	forget_source(err);
	*err = (struct err){0};
}

int
err_status(enum err_code code)
{
	static const unsigned char status[ERR_COUNT] = {
#define ERR(code, status, doc) status,
#include "base/err_list.h"
#undef ERR
	};

	must((unsigned)code < ERR_COUNT);
	return status[code];
}

/* Start of the line that holds byte at. */
static size_t
line_start(struct str text, size_t at)
{
	while (at && text.p[at - 1] != '\n')
		at--;
	return at;
}

void
where_line(struct where where, unsigned *line, unsigned *col)
{
	struct str text = where.src->text;
	size_t at = where.at < text.n ? where.at : text.n;
	size_t start = line_start(text, at);

	*line = 1;
	for (size_t i = 0; i < start; i++)
		*line += text.p[i] == '\n';
	*col = 1 + (unsigned)utf8_len((struct str){text.p + start, at - start});
}

/* Characters that would spoil a line of text on a terminal. */
static bool
unprintable(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c ||
	       (c >= 0x200e && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

/*
 * Writes the character at *p as printable text to out (16 bytes of room),
 * advances *p and returns the bytes written; *width is its columns.
 */
static size_t
put_printable(char *out, const char **p, const char *end, unsigned *width)
{
	static const char hex[] = "0123456789abcdef";
	const char *from = *p;
	uint32_t c = utf8_next(p, end);
	size_t n = (size_t)(*p - from);

	if (!unprintable(c) && (c != 0xfffd || n == 3)) {
		memcpy(out, from, n);
		*width = utf8_width(c);
		return n;
	}
	for (size_t i = 0; i < n; i++) {
		out[4 * i] = '\\';
		out[4 * i + 1] = 'x';
		out[4 * i + 2] = hex[(unsigned char)from[i] >> 4];
		out[4 * i + 3] = hex[(unsigned char)from[i] & 15];
	}
	*width = (unsigned)(4 * n);
	return 4 * n;
}

size_t
err_quote(char *out, struct str s, size_t max)
{
	const char *p = s.p, *end = s.p + s.n, *stop;
	char *o = out;
	char one[16];
	unsigned width;

	stop = p + (s.n < max ? s.n : max);
	while (p < stop) {
		size_t n = put_printable(one, &p, end, &width);

		if (p > stop)
			break;
		memcpy(o, one, n);
		o += n;
	}
	if (s.n > max) {
		memcpy(o, ELLIPSIS, 3);
		o += 3;
	}
	*o = 0;
	return (size_t)(o - out);
}

/* The part [from, to) of the source that is shown for a place. */
struct window {
	size_t from, to;
	bool cut_left, cut_right;
};

/* The place's line; of a very long line only the part around the place. */
static struct window
window_of(struct str text, size_t at)
{
	struct window w = {line_start(text, at), at, false, false};

	while (w.to < text.n && text.p[w.to] != '\n')
		w.to++;
	if (w.to > w.from && w.to > at && text.p[w.to - 1] == '\r')
		w.to--;
	if (at - w.from > LINE_MAX_SHOWN - LINE_BEFORE) {
		w.from = at - LINE_BEFORE;
		while (w.from < at && ((unsigned char)text.p[w.from] >> 6) == 2)
			w.from++;
		w.cut_left = true;
	}
	if (w.to - w.from > LINE_MAX_SHOWN) {
		w.to = w.from + LINE_MAX_SHOWN;
		while (w.to > at && ((unsigned char)text.p[w.to] >> 6) == 2)
			w.to--;
		w.cut_right = true;
	}
	return w;
}

static void
add_line(struct buf *out, struct str text, struct window w)
{
	const char *p = text.p + w.from, *end = text.p + w.to;
	unsigned width;

	if (w.cut_left)
		buf_lit(out, ELLIPSIS);
	while (p < end) {
		char *to = buf_reserve(out, 16);

		if (*p == '\t') {
			buf_addc(out, *p++);
			continue;
		}
		out->n += put_printable(to, &p, end, &width);
	}
	if (w.cut_right)
		buf_lit(out, ELLIPSIS);
	buf_addc(out, '\n');
}

/* Blanks (tabs stay tabs) up to the place, then carets under it. */
static void
add_carets(struct buf *out, struct str text, struct window w, size_t at,
    size_t len, int colour)
{
	const char *p = text.p + w.from, *end = text.p + w.to;
	const char *mark = text.p + at, *stop;
	size_t carets = 0;
	char one[16];
	unsigned width;

	stop = len < (size_t)(end - mark) ? mark + len : end;
	if (w.cut_left)
		buf_addc(out, ' ');
	while (p < stop) {
		bool marked = p >= mark;

		if (*p == '\t') {
			p++;
			if (!marked)
				buf_addc(out, '\t');
			carets += marked;
			continue;
		}
		put_printable(one, &p, end, &width);
		carets += marked ? width : 0;
		for (unsigned i = 0; i < width && !marked; i++)
			buf_addc(out, ' ');
	}
	if (colour)
		buf_lit(out, "\033[1;31m");
	do
		buf_addc(out, '^');
	while (carets-- > 1);
	buf_addz(out, colour ? "\033[0m\n" : "\n");
}

static void
add_place(struct buf *out, const struct err *err, const char *kind, int colour)
{
	struct where where = err->where;
	unsigned line, col;

	where_line(where, &line, &col);
	if (colour)
		buf_lit(out, "\033[1m");
	buf_addz(out, kind ? "" : "weir: ");
	add_quoted(out, str_of(where.src->name), PATH_MAX_SHOWN);
	buf_printf(out, ":%u:%u:", line, col);
	if (!kind)
		kind = "error";
	if (colour)
		buf_printf(out, "\033[0m \033[1;%dm%s:\033[0m ",
		    strcmp(kind, "error") ? 35 : 31, kind);
	else
		buf_printf(out, " %s: ", kind);
}

static void
add_source(struct buf *out, struct where where, int colour)
{
	struct str text = where.src->text;
	size_t at = where.at < text.n ? where.at : text.n;
	struct window w = window_of(text, at);

	add_line(out, text, w);
	add_carets(out, text, w, at, where.len, colour);
}

static void
print(FILE *out, const struct err *err, const char *kind, int colour)
{
	struct buf b = {0};

	if (err->where.src)
		add_place(&b, err, kind, colour);
	else
		buf_addz(&b, colour ? "\033[1mweir:\033[0m " : "weir: ");
	buf_addz(&b, err->message ? err->message : "unknown error");
	buf_addc(&b, '\n');
	if (err->where.src)
		add_source(&b, err->where, colour);
	if (err->hint) {
		buf_addz(&b, colour ? "\033[1;36mhint:\033[0m " : "hint: ");
		buf_addz(&b, err->hint);
		buf_addc(&b, '\n');
	}
	/* One write, so that lines of other processes do not cut in. */
	fwrite(b.p, 1, b.n, out);
	buf_release(&b);
}

void
err_print(FILE *out, const struct err *err, int colour)
{
	print(out, err, NULL, colour);
}

void
err_print_finding(
    FILE *out, const struct err *err, const char *kind, int colour)
{
	print(out, err, kind, colour);
}

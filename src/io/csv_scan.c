/* SPDX-License-Identifier: MIT */
/*
 * CSV one field at a time: the plain way, for headers, for guesses, and to
 * tell what is wrong with a record. It follows the same rules as the index
 * (csv_index.h), which is the fast way.
 */
#include "base/must.h"
#include "io/csv.h"

/* The first delimiter or line feed in [p, end), or end. */
static const char *
separator(const struct csv_layout *l, const char *p, const char *end)
{
	while (p < end && *p != l->delim && *p != '\n')
		p++;
	return p;
}

/* The quote that closes, from behind the one that opened; or NULL. */
static const char *
closing(const struct csv_layout *l, const char *p, const char *end)
{
	while (p < end && (p = memchr(p, l->quote, (size_t)(end - p)))) {
		if (p + 1 == end || p[1] != l->quote)
			return p;
		p += 2;
	}
	return NULL;
}

/* How the field ends at p, and p behind the separator. */
static enum csv_end
field_end(const struct csv_layout *l, const char **p, const char *end)
{
	char c;

	if (*p >= end)
		return CSV_END_TEXT;
	c = *(*p)++;
	return c == l->delim ? CSV_END_FIELD : CSV_END_RECORD;
}

static enum csv_end
quoted_field(const struct csv_layout *l, const char **p, const char *end,
    struct csv_field *f)
{
	const char *open = *p, *close = closing(l, open + 1, end), *sep;

	f->quoted = true;
	f->open = open;
	if (!close) {
		f->text = (struct str){open + 1, (size_t)(end - open - 1)};
		*p = end;
		return CSV_END_OPEN;
	}
	f->text = (struct str){open + 1, (size_t)(close - open - 1)};
	sep = separator(l, close + 1, end);
	if (sep > close + 1 && !(sep == close + 2 && close[1] == '\r' &&
				   (sep == end || *sep == '\n')))
		f->odd = close + 1;
	*p = sep;
	return field_end(l, p, end);
}

enum csv_end
csv_field(const struct csv_layout *l, const char **p, const char *end,
    struct csv_field *f)
{
	const char *from = *p;
	enum csv_end how;

	*f = (struct csv_field){0};
	if (l->quotes && from < end && *from == l->quote)
		return quoted_field(l, p, end, f);
	*p = separator(l, from, end);
	f->text = (struct str){from, (size_t)(*p - from)};
	how = field_end(l, p, end);
	if (how != CSV_END_FIELD && f->text.n &&
	    f->text.p[f->text.n - 1] == '\r')
		f->text.n--;
	return how;
}

const char *
csv_odd(const struct csv_layout *l, struct str rec)
{
	const char *p = rec.p, *end = rec.p + rec.n;
	enum csv_end how = CSV_END_FIELD;
	struct csv_field f;

	while (how == CSV_END_FIELD) {
		how = csv_field(l, &p, end, &f);
		if (f.odd)
			return f.odd;
	}
	return NULL;
}

struct str
csv_unquote(const struct csv_layout *l, struct arena *a, struct str text)
{
	const char *p = text.p, *end = text.p + text.n;
	const char *q = text.n ? memchr(p, l->quote, text.n) : NULL;
	char *out, *to;

	if (!q)
		return text;
	to = out = arena_alloc(a, text.n + 8);
	while (q) {
		size_t n = (size_t)(q - p) + 1;

		memcpy(to, p, n);
		to += n;
		p = q + 2; /* the second half of the pair */
		q = p < end ? memchr(p, l->quote, (size_t)(end - p)) : NULL;
	}
	if (p < end) {
		memcpy(to, p, (size_t)(end - p));
		to += end - p;
	}
	return (struct str){out, (size_t)(to - out)};
}

static char
escaped(char c)
{
	switch (c) {
	case 't':
		return '\t';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case '\\':
		return '\\';
	}
	return 0;
}

struct str
csv_unescape(struct arena *a, struct str text)
{
	char *out = arena_alloc(a, text.n + 8), *to = out;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '\\' && i + 1 < text.n && escaped(text.p[i + 1]))
			c = escaped(text.p[++i]);
		*to++ = c;
	}
	return (struct str){out, (size_t)(to - out)};
}

/* The quote that is open at the end of [s, end), or NULL. */
static const char *
open_quote(const struct csv_layout *l, const char *s, const char *end)
{
	enum csv_end how = CSV_END_FIELD;
	struct csv_field f = {0};

	while (how == CSV_END_FIELD)
		how = csv_field(l, &s, end, &f);
	return how == CSV_END_OPEN ? f.open : NULL;
}

struct csv_broken
csv_broken(const struct csv_layout *l, const char *s, const char *end, bool eof,
    struct arena *a)
{
	struct csv_broken b = {0};
	bool cut = (size_t)(end - s) > l->record_max;
	const char *limit = cut ? s + l->record_max : end, *lf;

	b.at = open_quote(l, s, limit);
	lf = b.at ? b.at : limit;
	lf = lf < end ? memchr(lf, '\n', (size_t)(end - lf)) : NULL;
	b.next = lf ? lf + 1 : eof ? end : NULL;
	b.raw = (struct str){s, (size_t)((lf ? lf : end) - s)};
	if (b.raw.n && s[b.raw.n - 1] == '\r')
		b.raw.n--;
	if (b.at)
		b.reason = "a quote that is not closed";
	else if (a)
		b.reason = record_too_long(a, l->record_max);
	return b;
}

/* SPDX-License-Identifier: MIT */
/*
 * Fields of the logs that AWS's services write: words or quoted texts with a
 * blank between, "-" for nothing. Inside io/ only.
 */
#ifndef WEIR_IO_AWS_H
#define WEIR_IO_AWS_H

#include "io/cursor.h"
#include "io/fixed.h"

/* The next word or quoted text, "-" absent; false at the end. */
static inline bool
aws_token(struct cursor *c, struct str *out)
{
	bool quotes = cursor_at(c, '"');

	if (c->p == c->end)
		return cursor_fail(c, "fewer fields than such a line has");
	if (!(quotes ? cursor_quoted(c, out, "")
		     : cursor_word(c, out, "an empty field")))
		return false;
	if (quotes && c->p < c->end &&
	    !cursor_lit(c, STR(" "), "no blank behind the quote"))
		return false;
	*out = cursor_or_null(*out);
	return true;
}

/* Fields from first to last are the next tokens. */
static inline bool
aws_tokens(
    struct cursor *c, struct fixed_line *l, unsigned first, unsigned last)
{
	for (unsigned i = first; i <= last; i++)
		if (!aws_token(c, &l->f[i]))
			return false;
	return true;
}

/* address:port */
static inline bool
aws_address(struct cursor *c, struct fixed_line *l, unsigned field)
{
	const char *colon;
	struct str s;

	if (!aws_token(c, &s))
		return false;
	l->f[field] = s;
	colon = s.p && s.n ? memrchr(s.p, ':', s.n) : NULL;
	if (!colon)
		return true;
	l->f[field].n = (size_t)(colon - s.p);
	l->f[field + 1] =
	    (struct str){colon + 1, (size_t)(s.p + s.n - colon - 1)};
	return true;
}

/* The parts of a request: a method, a URL and a protocol, in this order. */
static inline void
aws_request(struct fixed_line *l, unsigned request, unsigned method)
{
	struct str r = l->f[request];
	const char *a, *b;

	if (!r.p)
		return;
	a = r.n ? memchr(r.p, ' ', r.n) : NULL;
	b = r.n ? memrchr(r.p, ' ', r.n) : NULL;
	if (!a || a == b)
		return;
	l->f[method] = cursor_or_null((struct str){r.p, (size_t)(a - r.p)});
	l->f[method + 1] =
	    cursor_or_null((struct str){a + 1, (size_t)(b - a - 1)});
	l->f[method + 2] =
	    cursor_or_null((struct str){b + 1, (size_t)(r.p + r.n - b - 1)});
}

#endif

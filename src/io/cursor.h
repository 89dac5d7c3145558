/* SPDX-License-Identifier: MIT */
/*
 * A place in a log line and the steps a scanner takes from it. Each step goes
 * behind what it read, or notes why not and stays: the place is then that of
 * the mistake.
 */
#ifndef WEIR_IO_CURSOR_H
#define WEIR_IO_CURSOR_H

#include "io/scan.h"

struct cursor {
	const char *p, *end;
	const char *why;
};

static inline bool
cursor_fail(struct cursor *c, const char *why)
{
	c->why = why;
	return false;
}

static inline bool
cursor_at(const struct cursor *c, char byte)
{
	return c->p < c->end && *c->p == byte;
}

static inline struct str
cursor_rest(const struct cursor *c)
{
	return (struct str){c->p, (size_t)(c->end - c->p)};
}

static inline bool
cursor_lit(struct cursor *c, struct str lit, const char *why)
{
	if (!str_starts(cursor_rest(c), lit))
		return cursor_fail(c, why);
	c->p += lit.n;
	return true;
}

/* What stands before the byte stop, which is passed; not nothing. */
static inline bool
cursor_until(struct cursor *c, char stop, struct str *out, const char *why)
{
	const char *q = scan_byte(c->p, c->end, stop);

	if (q == c->p || q == c->end)
		return cursor_fail(c, why);
	*out = (struct str){c->p, (size_t)(q - c->p)};
	c->p = q + 1;
	return true;
}

/* A word and the blank behind it, or the end; not nothing. */
static inline bool
cursor_word(struct cursor *c, struct str *out, const char *why)
{
	const char *q = scan_byte(c->p, c->end, ' ');

	if (q == c->p)
		return cursor_fail(c, why);
	*out = (struct str){c->p, (size_t)(q - c->p)};
	c->p = q + (q < c->end);
	return true;
}

/* "-" stands for nothing. */
static inline struct str
cursor_or_null(struct str s)
{
	if (s.n == 1 && *s.p == '-')
		s.p = NULL;
	return s;
}

/* What stands in double quotes at the place; escapes are not resolved. */
static inline bool
cursor_quoted(struct cursor *c, struct str *out, const char *why)
{
	bool escaped;
	const char *q;

	if (!cursor_at(c, '"'))
		return cursor_fail(c, why);
	q = scan_quote(c->p + 1, c->end, '"', &escaped);
	if (!q)
		return cursor_fail(c, "the quote is open");
	*out = (struct str){c->p + 1, (size_t)(q - c->p - 1)};
	c->p = q + 1;
	return true;
}

#endif

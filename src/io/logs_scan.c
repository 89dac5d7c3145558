/* SPDX-License-Identifier: MIT */
/*
 * One pass over an access log line, from mark to mark. Nothing is decoded:
 * what a server escaped (\", \x22) stays as it was written, but does not end
 * a quoted field.
 */
#include "io/logs.h"

#include <stdint.h>

struct scan {
	const char *p, *end;
	struct str *f;
	const char *why;
};

/* Fails at the place reached. */
static bool
fail(struct scan *s, const char *why)
{
	s->why = why;
	return false;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "-" stands for nothing. */
static struct str
or_null(struct str s)
{
	if (s.n == 1 && *s.p == '-')
		s.p = NULL;
	return s;
}

/* The bytes up to the next blank or the end. */
static struct str
word(struct scan *s)
{
	const char *from = s->p;

	while (s->p < s->end && *s->p != ' ')
		s->p++;
	return (struct str){from, (size_t)(s->p - from)};
}

/* A word that is not the last; goes behind the blank. */
static bool
word_and_blank(struct scan *s, struct str *out, const char *why)
{
	const char *from = s->p;

	*out = word(s);
	if (!out->n || s->p == s->end) {
		s->p = from;
		return fail(s, why);
	}
	s->p++;
	return true;
}

/* Behind the opening quote: the text up to the closing one. */
static bool
quoted(struct scan *s, struct str *out, const char *why)
{
	const char *from = s->p, *q = from, *b;

	for (;; q++) {
		q = q < s->end ? memchr(q, '"', (size_t)(s->end - q)) : NULL;
		if (!q)
			return fail(s, why);
		b = q;
		while (b > from && b[-1] == '\\')
			b--;
		if ((q - b) % 2 == 0)
			break;
	}
	*out = (struct str){from, (size_t)(q - from)};
	s->p = q + 1;
	return true;
}

static bool
at_mark(struct scan *s, const char *mark, size_t n, const char *why)
{
	if ((size_t)(s->end - s->p) < n || memcmp(s->p, mark, n))
		return fail(s, why);
	s->p += n;
	return true;
}

/* host:port with one colon; an IPv6 address has more. */
static bool
is_vhost(struct str s)
{
	const char *colon = memchr(s.p, ':', s.n), *end = s.p + s.n;

	if (!colon || colon == s.p || colon + 1 == end)
		return false;
	if (*s.p == '[') /* an IPv6 address as the name of a host */
		colon = memrchr(s.p, ':', s.n);
	for (const char *p = colon + 1; p < end; p++)
		if (!is_digit(*p))
			return false;
	return true;
}

/* "28/Mar/2026:" begins a time and not a strange name. */
static bool
like_time(const char *p, const char *end)
{
	return end - p > 12 && is_digit(p[0]) && is_digit(p[1]) &&
	       p[2] == '/' && p[6] == '/' && p[11] == ':';
}

/* The user, who may have blanks in the name, and the bracket of the time. */
static bool
scan_user(struct scan *s)
{
	const char *from = s->p, *p = from;

	while (p < s->end && (p = memchr(p, '[', (size_t)(s->end - p)))) {
		if (p > from + 1 && p[-1] == ' ' && like_time(p + 1, s->end)) {
			s->f[LOG_USER] =
			    or_null((struct str){from, (size_t)(p - 1 - from)});
			s->p = p + 1;
			return true;
		}
		p++;
	}
	return fail(s, "no [time] behind the user");
}

static bool
scan_who(struct scan *s, bool apache)
{
	if (!word_and_blank(s, &s->f[LOG_CLIENT], "no client"))
		return false;
	if (apache && is_vhost(s->f[LOG_CLIENT])) {
		s->f[LOG_VHOST] = s->f[LOG_CLIENT];
		if (!word_and_blank(s, &s->f[LOG_CLIENT], "no client"))
			return false;
	}
	if (!word_and_blank(s, &s->f[LOG_IDENT], "no user"))
		return false;
	s->f[LOG_IDENT] = or_null(s->f[LOG_IDENT]);
	return scan_user(s);
}

static bool
scan_time(struct scan *s)
{
	const char *from = s->p, *q;

	/* Nearly always 28/Mar/2026:22:00:01 +0000 */
	q = s->end - from > 26 && from[26] == ']'
		? from + 26
		: memchr(from, ']', (size_t)(s->end - from));
	if (!q)
		return fail(s, "the [time] does not end");
	s->f[LOG_TIME] = (struct str){from, (size_t)(q - from)};
	s->p = q + 1;
	return at_mark(s, " \"", 2, "no quoted request behind the time");
}

/* Digits or "-", ending at a blank or the end of the line. */
static bool
scan_number(struct scan *s, enum log_field field, const char *why)
{
	const char *from = s->p, *p = from, *end = s->end;

	while (p < end && is_digit(*p))
		p++;
	if (p == from && p < end && *p == '-')
		p++;
	else if (p > from && p - from <= 18)
		s->f[field] = (struct str){from, (size_t)(p - from)};
	else
		return fail(s, why);
	if (p < end && *p != ' ')
		return fail(s, why);
	s->p = p;
	return true;
}

static bool
scan_answer(struct scan *s)
{
	return quoted(s, &s->f[LOG_REQUEST], "the request's quote is open") &&
	       at_mark(s, " ", 1, "no status behind the request") &&
	       scan_number(s, LOG_STATUS, "the status is no number") &&
	       at_mark(s, " ", 1, "no size behind the status") &&
	       scan_number(s, LOG_BYTES, "the size is no number");
}

static bool
scan_browser(struct scan *s)
{
	if (!at_mark(s, " \"", 2, "no quoted referer behind the size") ||
	    !quoted(s, &s->f[LOG_REFERER], "the referer's quote is open") ||
	    !at_mark(s, " \"", 2, "no quoted agent behind the referer") ||
	    !quoted(s, &s->f[LOG_AGENT], "the agent's quote is open"))
		return false;
	s->f[LOG_REFERER] = or_null(s->f[LOG_REFERER]);
	s->f[LOG_AGENT] = or_null(s->f[LOG_AGENT]);
	return true;
}

/* digits[.digits] */
static bool
is_decimal(struct str s)
{
	bool dot = false;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '.' && !dot && i && i + 1 < s.n)
			dot = true;
		else if (!is_digit(s.p[i]))
			return false;
	}
	return s.n > 0 && s.n <= 32;
}

/* What stands behind the known fields: a time, and anything. */
static bool
scan_tail(struct scan *s)
{
	const char *from;
	struct str w;

	if (s->p == s->end)
		return true;
	if (!at_mark(s, " ", 1, "no blank behind a quoted field"))
		return false;
	from = s->p;
	w = word(s);
	if (is_decimal(w) || str_eq(w, STR("-"))) {
		s->f[LOG_REQUEST_TIME] = or_null(w);
		s->p += s->p < s->end;
		from = s->p;
	}
	if (from < s->end)
		s->f[LOG_REST] = (struct str){from, (size_t)(s->end - from)};
	return true;
}

/* Apache's common format ends here or goes on with something unquoted. */
static bool
has_browser(const struct scan *s, bool apache)
{
	return !apache || (s->end - s->p > 1 && s->p[1] == '"');
}

const char *
log_scan(struct log_line *l, struct str line, bool apache, const char **at)
{
	struct scan s = {line.p, line.p + line.n, l->f, NULL};

	memset(l, 0, sizeof *l);
	if (scan_who(&s, apache) && scan_time(&s) && scan_answer(&s) &&
	    (!has_browser(&s, apache) || scan_browser(&s)) && scan_tail(&s))
		return NULL;
	*at = s.p;
	return s.why;
}

/* GET, PATCH, M-SEARCH … */
static bool
is_method(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= 'A' && s.p[i] <= 'Z') || s.p[i] == '-' ||
			s.p[i] == '_'))
			return false;
	return s.n > 0;
}

void
log_split_request(struct log_line *l)
{
	struct str r = l->f[LOG_REQUEST], target;
	const char *end = r.p + r.n, *a, *b, *q;

	a = r.n ? memchr(r.p, ' ', r.n) : NULL;
	b = r.n ? memrchr(r.p, ' ', r.n) : NULL;
	if (!a || a + 1 >= b || end - b < 6 || memcmp(b, " HTTP/", 6) ||
	    !is_method((struct str){r.p, (size_t)(a - r.p)}))
		return;
	target = (struct str){a + 1, (size_t)(b - a - 1)};
	l->f[LOG_METHOD] = (struct str){r.p, (size_t)(a - r.p)};
	l->f[LOG_PROTOCOL] = (struct str){b + 1, (size_t)(end - b - 1)};
	l->f[LOG_TARGET] = l->f[LOG_PATH] = target;
	q = memchr(target.p, '?', target.n);
	if (!q)
		return;
	l->f[LOG_PATH].n = (size_t)(q - target.p);
	l->f[LOG_QUERY] =
	    (struct str){q + 1, (size_t)(target.p + target.n - q - 1)};
}

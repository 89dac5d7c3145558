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

/*
 * An address as the next word: no ident is one, so what stood before it is no
 * client ("%v %h %l %u", the vhost without a port).
 */
static bool
at_address(const struct scan *s)
{
	unsigned points = 0, colons = 0, digits = 0;
	const char *p = s->p;

	for (; p < s->end && *p != ' '; p++) {
		bool hex = (*p >= 'a' && *p <= 'f') || (*p >= 'A' && *p <= 'F');

		points += *p == '.';
		colons += *p == ':';
		digits += is_digit(*p);
		if (!hex && !is_digit(*p) && *p != '.' && *p != ':')
			return false;
		if (hex && !colons && p - s->p > 3)
			return false;
	}
	return colons >= 2 || (!colons && points == 3 && digits >= 4);
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
	if (apache && (is_vhost(s->f[LOG_CLIENT]) || at_address(s))) {
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

static bool
is_integer(struct str s)
{
	return is_decimal(s) && s.n <= 18 && !memchr(s.p, '.', s.n);
}

/* The word at p, which may be the end. */
static struct str
word_at(const struct scan *s, const char *p)
{
	struct scan at = {p, s->end, NULL, NULL};

	return word(&at);
}

/* The place behind a word and its blank. */
static const char *
behind(const struct scan *s, struct str w)
{
	const char *p = w.p + w.n;

	return p + (p < s->end);
}

static bool
has_dot(struct str s)
{
	return memchr(s.p, '.', s.n);
}

/*
 * ingress-nginx: $request_length $request_time [upstream] [alternative]
 * $upstream_addr $upstream_response_length $upstream_response_time …
 */
static bool
scan_ingress(struct scan *s)
{
	struct str length = word_at(s, s->p), time, w;
	const char *p;

	if (!is_integer(length))
		return false;
	time = word_at(s, behind(s, length));
	if (!is_decimal(time) || !has_dot(time))
		return false;
	p = behind(s, time);
	if (p == s->end || *p != '[')
		return false;
	s->f[LOG_REQUEST_LENGTH] = length;
	s->f[LOG_REQUEST_TIME] = time;
	s->f[LOG_REST] = (struct str){p, (size_t)(s->end - p)};
	for (int i = 0; i < 5; i++) {
		w = word_at(s, p);
		p = behind(s, w);
	}
	if (is_decimal(w))
		s->f[LOG_UPSTREAM_TIME] = w;
	s->p = s->end;
	return true;
}

/* The value of a pair, without its quotes. */
static struct str
pair_value(struct str w, size_t name)
{
	struct str v = {w.p + name, w.n - name};

	if (v.n > 1 && v.p[0] == '"' && v.p[v.n - 1] == '"')
		v = (struct str){v.p + 1, v.n - 2};
	return or_null(v);
}

/* rt=0.010 uct="0.000" uht="0.010" urt="0.010" */
static void
scan_pairs(struct scan *s)
{
	for (const char *p = s->p; p < s->end;) {
		struct str w = word_at(s, p);

		if (str_starts(w, STR("rt=")))
			s->f[LOG_REQUEST_TIME] = pair_value(w, 3);
		else if (str_starts(w, STR("urt=")))
			s->f[LOG_UPSTREAM_TIME] = pair_value(w, 4);
		p = behind(s, w);
	}
}

/* One time behind another: that of the server asked, or of several. */
static void
scan_upstream(struct scan *s)
{
	struct str w = word_at(s, s->p);
	const char *from = s->p;
	bool more = w.n && w.p[w.n - 1] == ',';

	while (more && is_decimal((struct str){w.p, w.n - 1})) {
		w = word_at(s, behind(s, w));
		more = w.n && w.p[w.n - 1] == ',';
	}
	if (!is_decimal(w) && !str_eq(w, STR("-")))
		return;
	s->f[LOG_UPSTREAM_TIME] =
	    or_null((struct str){from, (size_t)(w.p + w.n - from)});
	s->p = behind(s, w);
}

/* combinedio: bytes in and out, headers counted. */
static bool
scan_io(struct scan *s)
{
	struct str in = word_at(s, s->p), out = word_at(s, behind(s, in));

	if (!is_integer(in) || !is_integer(out) || out.p + out.n != s->end)
		return false;
	s->f[LOG_BYTES_IN] = in;
	s->f[LOG_BYTES_OUT] = out;
	s->p = s->end;
	return true;
}

static void
scan_times(struct scan *s, bool apache)
{
	struct str w = word_at(s, s->p);

	if (str_starts(w, STR("rt="))) {
		scan_pairs(s);
	} else if (is_decimal(w) || str_eq(w, STR("-"))) {
		s->f[LOG_REQUEST_TIME] = or_null(w);
		s->p = behind(s, w);
		if (!apache && s->p < s->end)
			scan_upstream(s);
	}
}

/* What stands behind the known fields: what is usual there, and anything. */
static bool
scan_tail(struct scan *s, bool apache)
{
	if (s->p == s->end)
		return true;
	if (!at_mark(s, " ", 1, "no blank behind a quoted field"))
		return false;
	if (!apache && s->p < s->end && *s->p == '"') {
		s->p++;
		if (!quoted(s, &s->f[LOG_FORWARDED], "a quote is open"))
			return false;
		s->f[LOG_FORWARDED] = or_null(s->f[LOG_FORWARDED]);
		s->p += s->p < s->end && *s->p == ' ';
	}
	if (apache ? !s->f[LOG_AGENT].n || !scan_io(s) : !scan_ingress(s))
		scan_times(s, apache);
	if (s->p < s->end)
		s->f[LOG_REST] = (struct str){s->p, (size_t)(s->end - s->p)};
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
	    (!has_browser(&s, apache) || scan_browser(&s)) &&
	    scan_tail(&s, apache))
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

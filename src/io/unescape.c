/* SPDX-License-Identifier: MIT */
/*
 * Escapes of quoted text in logs, as Go's strconv.Quote, JSON and C write
 * them. One that is none of them stays as it is written; bytes that are no
 * UTF-8 (\xff) become U+FFFD, as they do in JSON.
 */
#include "base/utf8.h"
#include "io/text.h"

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* n hexadecimal digits at p, or -1. */
static int64_t
hex_digits(const char *p, const char *end, int n)
{
	int64_t v = 0;

	if (end - p < n)
		return -1;
	for (int i = 0; i < n; i++) {
		int d = hex(p[i]);

		if (d < 0)
			return -1;
		v = v << 4 | d;
	}
	return v;
}

/* What a letter behind the backslash stands for, or 0. */
static char
simple(char c)
{
	static const char names[] = "abfnrtv\\\"'/";
	static const char chars[] = "\a\b\f\n\r\t\v\\\"'/";
	const char *at = c ? strchr(names, c) : NULL;

	return at ? chars[at - names] : 0;
}

/* The character \u and \U name; a pair of surrogates is one character. */
static int64_t
unicode(const char **p, const char *end, int n)
{
	int64_t c = hex_digits(*p, end, n), low;

	if (c < 0 || c > 0x10ffff)
		return -1;
	*p += n;
	if (c < 0xd800 || c > 0xdfff)
		return c;
	if (c < 0xdc00 && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u') {
		low = hex_digits(*p + 2, end, 4);
		if (low >= 0xdc00 && low <= 0xdfff) {
			*p += 6;
			return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		}
	}
	return 0xfffd;
}

/* One escape at p, behind its backslash; the end of what was written. */
static char *
one(char *to, const char **p, const char *end, bool *bytes)
{
	const char *at = *p;
	char c = *at++;
	int64_t v = -1;

	if (simple(c)) {
		*to++ = simple(c);
		*p = at;
		return to;
	}
	if (c == 'x' && (v = hex_digits(at, end, 2)) >= 0) {
		*to++ = (char)v;
		*bytes |= v >= 0x80;
		*p = at + 2;
		return to;
	}
	if (c == 'u' || c == 'U')
		v = unicode(&at, end, c == 'u' ? 4 : 8);
	if (v < 0) {
		*to++ = '\\';
		return to;
	}
	*p = at;
	return to + utf8_put(to, (uint32_t)v);
}

/* Invalid bytes as U+FFFD. */
static struct str
made_valid(struct arena *a, struct str s)
{
	const char *p = s.p, *end = s.p + s.n;
	char *out, *to;

	if (utf8_valid(s))
		return s;
	out = to = arena_alloc(a, 3 * s.n + 8);
	while (p < end)
		to += utf8_put(to, utf8_next(&p, end));
	return (struct str){out, (size_t)(to - out)};
}

struct str
text_unescape(struct arena *a, struct str s)
{
	const char *p = s.p, *end = s.p + s.n;
	char *out = arena_alloc(a, s.n + 8), *to = out;
	bool bytes = false;
	struct str made;

	while (p < end) {
		const char *next = memchr(p, '\\', (size_t)(end - p));
		size_t n = (size_t)((next ? next : end) - p);

		memcpy(to, p, n);
		to += n;
		p += n;
		if (!next)
			break;
		p++;
		if (p == end)
			*to++ = '\\';
		else
			to = one(to, &p, end, &bytes);
	}
	made = (struct str){out, (size_t)(to - out)};
	return bytes ? made_valid(a, made) : made;
}

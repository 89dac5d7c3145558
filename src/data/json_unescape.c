/* SPDX-License-Identifier: MIT */
/*
 * The escapes of JSON strings (RFC 8259 section 7). The result is never longer
 * than the text, and it is valid UTF-8 if the text is: halves of surrogate
 * pairs that stand alone become U+FFFD.
 */
#include "base/utf8.h"
#include "data/value.h"

static int
hex4(const char *p, const char *end)
{
	int i, v = 0;

	if (end - p < 4)
		return -1;
	for (i = 0; i < 4; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c >= '0' && c <= '9')
			v = v << 4 | (c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			v = v << 4 | ((c | 0x20) - 'a' + 10);
		else
			return -1;
	}
	return v;
}

/* The four digits of \uXXXX at *p, and a second half behind them. */
static int
unicode_escape(const char **p, const char *end)
{
	int hi = hex4(*p, end), lo;

	if (hi < 0)
		return -1;
	*p += 4;
	if (hi < 0xd800 || hi > 0xdfff)
		return hi;
	if (hi < 0xdc00 && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u') {
		lo = hex4(*p + 2, end);
		if (lo >= 0xdc00 && lo <= 0xdfff) {
			*p += 6;
			return 0x10000 + ((hi - 0xd800) << 10) + (lo - 0xdc00);
		}
	}
	return 0xfffd;
}

static char
escape_letter(char c)
{
	switch (c) {
	case '"':
	case '\\':
	case '/':
		return c;
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return 0;
	}
}

/* One escape, *p behind its backslash. */
static char *
unescape_one(char *o, const char **p, const char *end)
{
	char c = *p < end ? escape_letter(**p) : 0;
	int u;

	if (c) {
		++*p;
		*o++ = c;
		return o;
	}
	if (*p < end && **p == 'u') {
		const char *q = *p + 1;

		u = unicode_escape(&q, end);
		if (u >= 0) {
			*p = q;
			return o + utf8_put(o, (uint32_t)u);
		}
	}
	*o++ = '\\';
	return o;
}

size_t
json_unescape(char *out, struct str s)
{
	const char *p = s.p, *end = s.p + s.n, *back;
	char *o = out;

	while (p < end) {
		size_t n;

		back = memchr(p, '\\', (size_t)(end - p));
		n = (size_t)((back ? back : end) - p);
		memmove(o, p, n);
		o += n;
		if (!back)
			break;
		p = back + 1;
		o = unescape_one(o, &p, end);
	}
	return (size_t)(o - out);
}

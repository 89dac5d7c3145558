/* SPDX-License-Identifier: MIT */
/*
 * JSON strings with escapes in them, and the reasons why a string or number
 * is refused. Reasons are looked for only once a token is known to be bad, so
 * that the code that reads good ones has one way out.
 */
#include "base/utf8.h"
#include "io/json.h"

#define EVERY(byte) ((uint64_t)(byte)*0x0101010101010101u)

/* The value of four hexadecimal digits, or -1. */
static int
hex4(const char *p)
{
	int v = 0, i;

	for (i = 0; i < 4; i++) {
		int c = p[i];

		if (c >= '0' && c <= '9')
			c -= '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			c = (c | 0x20) - 'a' + 10;
		else
			return -1;
		v = v << 4 | c;
	}
	return v;
}

unsigned
json_escape_length(const char *p)
{
	int hi;

	switch (p[1]) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		return 2;
	case 'u':
		hi = hex4(p + 2);
		if (hi < 0 || (hi & 0xfc00) == 0xdc00)
			return 0;
		if ((hi & 0xfc00) != 0xd800)
			return 6;
		if (p[6] != '\\' || p[7] != 'u')
			return 0;
		return (hex4(p + 8) & ~0x3ff) == 0xdc00 ? 12 : 0;
	default:
		return 0;
	}
}

/* The first quote, backslash or control character; collects high bits. */
static inline const char *
next_stop(const char *p, uint64_t *high)
{
	uint64_t w, m, q, b;

	for (;; p += 8) {
		memcpy(&w, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
		w = __builtin_bswap64(w);
#endif
		q = w ^ EVERY('"');
		b = w ^ EVERY('\\');
		m = (((w - EVERY(' ')) & ~w) | ((q - EVERY(1)) & ~q) |
			((b - EVERY(1)) & ~b)) &
		    EVERY(0x80);
		if (m)
			break;
		*high |= w;
	}
	*high |= w & ((m & -m) - 1); /* bytes before the first stop */
	return p + (__builtin_ctzll(m) >> 3);
}

struct json_text
json_text_end(const char *p)
{
	const struct json_text bad = {NULL, JSON_TEXT};
	struct json_text t = bad;
	const char *from = p;
	uint64_t high = 0;
	unsigned n;

	for (;;) {
		p = next_stop(p, &high);
		if (*p != '\\')
			break;
		n = json_escape_length(p);
		if (!n)
			return bad;
		p += n;
		t.kind = JSON_ESCAPED;
	}
	if (*p != '"')
		return bad;
	if ((high & EVERY(0x80)) &&
	    !utf8_valid((struct str){from, (size_t)(p - from)}))
		return bad;
	t.end = p;
	return t;
}

/* Why the escape at p is none. */
static const char *
escape_why(const char *p, const char **at)
{
	*at = p;
	if (p[1] != 'u')
		return "unknown escape in a string";
	if (hex4(p + 2) < 0)
		return "an escape \\u without four hexadecimal digits";
	return "half of a surrogate pair in a string";
}

const char *
json_text_why(const char *p, const char **at)
{
	const char *from = p;
	uint64_t high = 0;
	const char *reason = NULL;
	size_t n;

	for (;;) {
		p = next_stop(p, &high);
		*at = p;
		if (*p != '\\')
			break;
		n = json_escape_length(p);
		if (!n) {
			reason = escape_why(p, at);
			break;
		}
		p += n;
	}
	if (!reason && *p == '\n')
		reason = "unterminated string";
	else if (!reason && *p != '"')
		reason = "control character in a string";
	/* What is wrong first is told. */
	n = utf8_check((struct str){from, (size_t)(p - from)});
	if (n < (size_t)(p - from)) {
		*at = from + n;
		return "invalid UTF-8";
	}
	return reason ? reason : "malformed string";
}

const char *
json_number_why(const char *p, const char **at)
{
	p += *p == '-';
	*at = p;
	if (*p == '0' && json_is_digit(p[1]))
		return "number with a leading zero";
	if (!json_is_digit(*p))
		return "'-' without digits behind it";
	while (json_is_digit(*p))
		p++;
	if (*p == '.' && !json_is_digit(p[1])) {
		*at = p;
		return "number without digits behind its point";
	}
	p += *p == '.';
	while (json_is_digit(*p))
		p++;
	*at = p;
	return "number without digits in its exponent";
}

const struct json_node *
json_find_escaped(struct json_scan *s, const struct json_node *node,
    const char *p, const char *end)
{
	struct str raw = {p, (size_t)(end - p)};
	struct str name = {buf_reserve(&s->name, raw.n), 0};
	unsigned i;

	name.n = json_unescape(s->name.p, raw);
	for (i = 0; i < node->n_kids; i++)
		if (node->kids[i].name.p && str_eq(node->kids[i].name, name))
			return &node->kids[i];
	return NULL;
}

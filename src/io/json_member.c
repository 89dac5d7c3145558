/* SPDX-License-Identifier: MIT */
/* Members of an object, and JSON for a terminal; see json_member.h. */
#include "io/json_member.h"

#include "base/utf8.h"

static const char *
skip_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
		p++;
	return p;
}

/* Behind the closing quote of the string whose inside is at p. */
static const char *
skip_text(const char *p, const char *end, bool *escaped)
{
	for (; p < end && *p != '"'; p++) {
		if (*p == '\\') {
			*escaped = true;
			p++;
		}
	}
	return p < end ? p + 1 : end;
}

/* The end of the value at p: its brackets are counted, not matched. */
static const char *
skip_value(const char *p, const char *end)
{
	size_t depth = 0;
	bool escaped;

	while (p < end) {
		switch (*p++) {
		case '"':
			p = skip_text(p, end, &escaped);
			if (!depth)
				return p;
			break;
		case '{':
		case '[':
			depth++;
			break;
		case '}':
		case ']':
			if (depth <= 1)
				return depth ? p : p - 1;
			depth--;
			break;
		case ',':
		case ' ':
		case '\t':
		case '\r':
			if (!depth)
				return p - 1;
			break;
		default:
			break;
		}
	}
	return end;
}

bool
json_member_next(struct json_members *it, struct json_member *out)
{
	const char *p = skip_blanks(it->p, it->end), *end = it->end;

	if (p < end && *p == ',')
		p = skip_blanks(p + 1, end);
	if (p == end || *p != '"')
		return false;
	out->name.p = ++p;
	out->escaped = false;
	p = skip_text(p, end, &out->escaped);
	out->name.n = (size_t)(p - out->name.p) - 1;
	p = skip_blanks(p, end);
	if (p == end || *p != ':')
		return false;
	it->p = out->end = skip_value(skip_blanks(p + 1, end), end);
	return true;
}

/* ---- terminals ---- */

static bool
is_harmful(uint32_t c)
{
	return (c < 0x20 && c != '\n' && c != '\t') ||
	       (c >= 0x7f && c <= 0x9f) || c == 0x61c || c == 0x200e ||
	       c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

/* No byte of [p, end) can begin something harmful. */
static bool
is_plain(const char *p, const char *end)
{
	for (; p < end; p++) {
		unsigned char c = (unsigned char)*p;

		if (c >= 0x7f || (c < 0x20 && c != '\n' && c != '\t'))
			return false;
	}
	return true;
}

static void
put_escape(struct buf *out, uint32_t c)
{
	static const char hex[] = "0123456789abcdef";
	char text[] = {'\\', 'u', hex[c >> 12 & 15], hex[c >> 8 & 15],
	    hex[c >> 4 & 15], hex[c & 15]};

	buf_add(out, text, sizeof text);
}

void
json_for_terminal(struct buf *out, size_t start, struct buf *scratch)
{
	const char *p = out->p + start, *end = out->p + out->n;

	if (is_plain(p, end))
		return;
	scratch->n = 0;
	while (p < end) {
		const char *from = p;
		uint32_t c = utf8_next(&p, end);

		if (c == '\r') /* a blank between tokens */
			buf_addc(scratch, ' ');
		else if (is_harmful(c))
			put_escape(scratch, c);
		else
			buf_add(scratch, from, (size_t)(p - from));
	}
	out->n = start;
	buf_adds(out, buf_str(scratch));
}

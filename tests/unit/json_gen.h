/* SPDX-License-Identifier: MIT */
/*
 * Random JSON records, the same in every run: of a few shapes, as logs have
 * them, with values that are nasty in length and content; and mutations of
 * single bytes. And a second opinion on what is JSON, written to be plain.
 */
#ifndef WEIR_TESTS_JSON_GEN_H
#define WEIR_TESTS_JSON_GEN_H

#include "base/buf.h"
#include "base/utf8.h"

static uint64_t gen_state = 0x9e3779b97f4a7c15u;

static inline uint32_t
gen_u32(void)
{
	gen_state ^= gen_state << 13;
	gen_state ^= gen_state >> 7;
	gen_state ^= gen_state << 17;
	return (uint32_t)(gen_state >> 16);
}

static inline uint32_t
gen_below(uint32_t n)
{
	return (uint32_t)((uint64_t)gen_u32() * n >> 32);
}

static inline void
gen_text(struct buf *out)
{
	static const char *const parts[] = {"a", "x", " ", "/", "\\n", "\\\"",
	    "\\\\", "\\u0041", "\\ud83d\\ude00", "\xc3\xa9", "\xe2\x82\xac",
	    "\xf0\x9f\x98\x80", "{", "}", "[", "]", ",", ":", "0123456789",
	    "abcdefghijklmnopqrstuvwxyz", "0", "\x7f"};
	uint32_t n = gen_below(4) ? gen_below(40) : gen_below(120);
	bool plain = gen_below(3) != 0;

	buf_addc(out, '"');
	while (n--)
		buf_addz(out, plain ? "y" : parts[gen_below(22)]);
	buf_addc(out, '"');
}

static inline void
gen_number(struct buf *out)
{
	static const char *const pool[] = {"0", "-0", "1", "-1", "7", "42",
	    "200", "12345", "1234567", "12345678", "123456789", "-12345678",
	    "9223372036854775807", "-9223372036854775808",
	    "9223372036854775808", "123456789012345678901234567890", "0.5",
	    "-0.0", "1.25", "277.988", "1234567.1234567", "12345678.12345678",
	    "0.1", "1e3", "1E-3", "1.5e+300", "1e400", "-1e400", "1e-400",
	    "1.7976931348623157e308", "4.9e-324", "0.000001", "100.0",
	    "99999999999999999999999999999999999999",
	    "999999999999999999999999999999999999999"};

	buf_addz(out, pool[gen_below(sizeof pool / sizeof *pool)]);
}

static inline void gen_value(struct buf *out, unsigned depth);

static inline void
gen_nested(struct buf *out, unsigned depth)
{
	static const char *const names[] = {"\"a\":", "\"b\":", "\"c\":",
	    "\"\":", "\"\\u0061\":", "\"key\" : ", "\"\xc3\xa9\":"};
	bool object = gen_below(2);
	uint32_t n = gen_below(4), i;

	buf_addc(out, object ? '{' : '[');
	for (i = 0; i < n; i++) {
		if (i)
			buf_addz(out, gen_below(8) ? "," : " , ");
		if (object)
			buf_addz(out, names[gen_below(7)]);
		gen_value(out, depth + 1);
	}
	buf_addc(out, object ? '}' : ']');
}

static inline void
gen_value(struct buf *out, unsigned depth)
{
	static const char *const words[] = {"true", "false", "null"};
	uint32_t what = gen_below(depth > 4 ? 6 : 8);

	if (what < 3)
		gen_text(out);
	else if (what < 5)
		gen_number(out);
	else if (what < 6)
		buf_addz(out, words[gen_below(3)]);
	else
		gen_nested(out, depth);
}

static inline void
gen_member(struct buf *out, const char *name, unsigned shape)
{
	if (out->p[out->n - 1] != '{')
		buf_addz(out, shape == 2 ? ", " : ",");
	json_put_text(out, str_of(name));
	buf_addz(out, shape == 2 ? ": " : ":");
}

static inline void
gen_time(struct buf *out)
{
	if (gen_below(30))
		buf_printf(out, "\"2026-03-%02uT10:%02u:%02u.%03uZ\"",
		    gen_below(3) + 1, gen_below(60), gen_below(60),
		    gen_below(1000));
	else
		gen_value(out, 0);
}

/* One record of a shape (0 to 3) without its line feed. */
static inline void
gen_record(struct buf *out, unsigned shape)
{
	static const char *const names[] = {"key", "status", "latency", "tags",
	    "nest", "msg", "extra", "a name that is longer than one vector is",
	    "status2", "k"};
	unsigned i;

	buf_addc(out, '{');
	gen_member(out, "ts", shape);
	gen_time(out);
	for (i = 0; i < 10; i++) {
		if (shape == 3 && gen_below(4) == 0)
			continue;
		gen_member(out, names[shape == 3 ? gen_below(10) : i], shape);
		if (i == 0 || i == 5)
			gen_text(out);
		else if (i == 1 || i == 2)
			gen_number(out);
		else
			gen_value(out, gen_below(8) ? 5 : 0);
	}
	if (shape == 1) {
		gen_member(out, "req", shape);
		buf_addc(out, '{');
		gen_member(out, "method", shape);
		gen_text(out);
		gen_member(out, "path", shape);
		gen_value(out, 5);
		buf_addc(out, '}');
	}
	buf_addz(out, gen_below(20) ? "}" : " } ");
}

/* Changes some byte of [from, out->n). */
static inline void
gen_mutate(struct buf *out, size_t from)
{
	static const char bytes[] = "\"\\{}[]:,0123456789-+.eEtfnu \t\r\x01"
				    "\xc3\xa9\x80\xf0\xff";
	size_t at = from + gen_below((uint32_t)(out->n - from));
	char c = bytes[gen_below(sizeof bytes)];

	switch (gen_below(4)) {
	case 0:
		out->p[at] = c;
		break;
	case 1:
		buf_addc(out, 0);
		memmove(out->p + at + 1, out->p + at, out->n - at - 1);
		out->p[at] = c;
		break;
	case 2:
		memmove(out->p + at, out->p + at + 1, out->n - at - 1);
		out->n--;
		break;
	default:
		out->n = at; /* the rest is missing */
		break;
	}
}

/*
 * Writes [p, p + n), one record, in another way that means the same: with
 * blanks between tokens and escapes in names and strings.
 */
static inline void
gen_loosen(struct buf *out, const char *p, size_t n)
{
	bool text = false;
	size_t i;

	for (i = 0; i < n; i++) {
		char c = p[i];
		bool mark = !text && strchr("{}[],:", c);

		while (mark && gen_below(3) == 0)
			buf_addc(out, " \t\r "[gen_below(4)]);
		if (text && c == '\\') {
			buf_addc(out, c);
			c = p[++i];
		} else if (text && c > '"' && c < 0x7f && !gen_below(9)) {
			buf_printf(out, "\\u%04x", (unsigned)c);
			continue;
		} else if (c == '"') {
			text = !text;
		}
		buf_addc(out, c);
		while (mark && gen_below(3) == 0)
			buf_addc(out, " \t\r "[gen_below(4)]);
	}
}

/* ---- the second opinion ---- */

struct check {
	const char *p, *end;
};

static inline int
check_peek(const struct check *c)
{
	return c->p < c->end ? (unsigned char)*c->p : -1;
}

static inline void
check_blanks(struct check *c)
{
	while (check_peek(c) == ' ' || check_peek(c) == '\t' ||
	       check_peek(c) == '\r')
		c->p++;
}

static inline int
check_hex4(struct check *c)
{
	int i, v = 0;

	for (i = 0; i < 4; i++, c->p++) {
		const char *digits = "0123456789abcdef0123456789ABCDEF", *d;
		int b = check_peek(c);

		d = b > 0 ? strchr(digits, b) : NULL;
		if (!d)
			return -1;
		v = v * 16 + (int)((d - digits) % 16);
	}
	return v;
}

static inline bool
check_escape(struct check *c)
{
	int hi, b = check_peek(c);

	c->p++;
	if (b != 'u')
		return b > 0 && strchr("\"\\/bfnrt", b);
	hi = check_hex4(c);
	if (hi < 0 || (hi >= 0xdc00 && hi <= 0xdfff))
		return false;
	if (hi < 0xd800 || hi > 0xdfff)
		return true;
	if (c->end - c->p < 6 || c->p[0] != '\\' || c->p[1] != 'u')
		return false;
	c->p += 2;
	hi = check_hex4(c);
	return hi >= 0xdc00 && hi <= 0xdfff;
}

static inline bool
check_text(struct check *c)
{
	if (check_peek(c) != '"')
		return false;
	for (c->p++; check_peek(c) != '"';) {
		if (check_peek(c) < ' ')
			return false;
		if (*c->p++ == '\\' && !check_escape(c))
			return false;
	}
	c->p++;
	return true;
}

static inline bool
check_digits(struct check *c)
{
	const char *from = c->p;

	while (check_peek(c) >= '0' && check_peek(c) <= '9')
		c->p++;
	return c->p > from;
}

static inline bool
check_number(struct check *c)
{
	if (check_peek(c) == '-')
		c->p++;
	if (check_peek(c) == '0')
		c->p++;
	else if (!check_digits(c))
		return false;
	if (check_peek(c) == '.') {
		c->p++;
		if (!check_digits(c))
			return false;
	}
	if (check_peek(c) != 'e' && check_peek(c) != 'E')
		return true;
	c->p++;
	if (check_peek(c) == '+' || check_peek(c) == '-')
		c->p++;
	return check_digits(c);
}

static inline bool
check_word(struct check *c, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(c->end - c->p) < n || memcmp(c->p, word, n))
		return false;
	c->p += n;
	return true;
}

static inline bool check_value(struct check *c, unsigned depth);

static inline bool
check_container(struct check *c, unsigned depth, char close)
{
	if (!depth)
		return false;
	c->p++;
	check_blanks(c);
	if (check_peek(c) == close) {
		c->p++;
		return true;
	}
	for (;; c->p++) {
		check_blanks(c);
		if (close == '}') {
			if (!check_text(c))
				return false;
			check_blanks(c);
			if (check_peek(c) != ':')
				return false;
			c->p++;
			check_blanks(c);
		}
		if (!check_value(c, depth - 1))
			return false;
		check_blanks(c);
		if (check_peek(c) == close) {
			c->p++;
			return true;
		}
		if (check_peek(c) != ',')
			return false;
	}
}

static inline bool
check_value(struct check *c, unsigned depth)
{
	switch (check_peek(c)) {
	case '{':
		return check_container(c, depth, '}');
	case '[':
		return check_container(c, depth, ']');
	case '"':
		return check_text(c);
	case 't':
		return check_word(c, "true");
	case 'f':
		return check_word(c, "false");
	case 'n':
		return check_word(c, "null");
	default:
		return check_number(c);
	}
}

/* True if s is one JSON value with blanks around it. */
static inline bool
check_json(struct str s, unsigned depth)
{
	struct check c = {s.p, s.p + s.n};

	check_blanks(&c);
	if (!check_value(&c, depth))
		return false;
	check_blanks(&c);
	return c.p == c.end && utf8_valid(s);
}

#endif

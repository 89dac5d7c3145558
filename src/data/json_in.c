/* SPDX-License-Identifier: MIT */
/*
 * JSON text (RFC 8259) to values, with a stack of its own instead of
 * recursion.
 *
 * An array's or object's header stands before its elements, whose number is
 * known behind them: one byte is left free, and when that is too small the
 * elements are moved.
 */
#include "base/num.h"
#include "data/json_scan.h"
#include "data/pack.h"

/* ---- scalars ---- */

struct open {
	size_t at; /* of the header in out */
	uint32_t n;
	bool map;
};

struct parse {
	const char *p, *end;
	struct buf out;
	struct arena *arena;
	unsigned depth;
	struct open open[PACK_DEPTH_MAX];
};

static void
skip_blanks(struct parse *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' ||
				    *s->p == '\r' || *s->p == '\t'))
		s->p++;
}

/* The byte at the place, 0 at the end. */
static char
peek(const struct parse *s)
{
	return s->p < s->end ? *s->p : 0;
}

static bool
good_escape(const char *p, const char *end)
{
	int i;

	if (p == end)
		return false;
	if (*p != 'u')
		return *p && strchr("\"\\/bfnrt", *p);
	if (end - p < 5)
		return false;
	for (i = 1; i < 5; i++)
		if (!p[i] || !strchr("0123456789abcdefABCDEF", p[i]))
			return false;
	return true;
}

/*
 * A string at the place: its inside and whether it has escapes. The place
 * goes past it; false if it is none.
 */
static bool
read_string(struct parse *s, struct str *inside, bool *escaped)
{
	const char *start = s->p + 1, *p = start;

	*escaped = false;
	for (;;) {
		p = json_plain(p, s->end);
		if (p == s->end || (unsigned char)*p < ' ')
			return false;
		if (*p == '"')
			break;
		if (!good_escape(p + 1, s->end))
			return false;
		*escaped = true;
		p += 2;
	}
	*inside = (struct str){start, (size_t)(p - start)};
	s->p = p + 1;
	return true;
}

/*
 * A number at the place. num_scan may look 8 bytes past the end it is given;
 * near the end of the text a number is cut out first.
 */
static bool
read_number(struct parse *s, struct num *num)
{
	const char *p = s->p, *q;

	if (s->end - p > 64) {
		q = num_scan(p, s->end - 8, num);
		if (q && q < s->end - 8) {
			s->p = q;
			return true;
		}
	}
	q = num_skip(p, s->end);
	if (!q)
		return false;
	s->p = q;
	*num = num_guess((struct str){p, (size_t)(s->p - p)});
	return num->kind != NUM_NONE;
}

static bool
read_scalar_number(struct parse *s, struct value *out)
{
	const char *start = s->p;
	struct num num;
	struct dec dec;

	if (!read_number(s, &num))
		return false;
	*out = value_float(num.f);
	if (num.kind == NUM_INT)
		*out = value_int(num.i);
	else if (num.kind == NUM_BIGINT &&
		 dec_parse((struct str){start, (size_t)(s->p - start)}, &dec))
		*out = value_decimal(s->arena, dec);
	return true;
}

static bool
read_word(struct parse *s, struct str word, struct value v, struct value *out)
{
	if ((size_t)(s->end - s->p) < word.n || memcmp(s->p, word.p, word.n))
		return false;
	s->p += word.n;
	*out = v;
	return true;
}

static bool
read_text(struct parse *s, struct value *out)
{
	struct str inside;
	bool escaped;

	if (!read_string(s, &inside, &escaped))
		return false;
	if (escaped) {
		char *p = arena_alloc(s->arena, inside.n);

		inside.n = json_unescape(p, inside);
		inside.p = p;
	}
	*out = value_text(inside);
	return true;
}

static bool
read_scalar(struct parse *s, struct value *out)
{
	switch (peek(s)) {
	case '"':
		return read_text(s, out);
	case 't':
		return read_word(s, STR("true"), value_bool(true), out);
	case 'f':
		return read_word(s, STR("false"), value_bool(false), out);
	case 'n':
		return read_word(s, STR("null"), VALUE_NULL, out);
	default:
		return read_scalar_number(s, out);
	}
}

/* ---- arrays and objects ---- */

static bool
open_level(struct parse *s, bool map)
{
	if (s->depth == PACK_DEPTH_MAX)
		return false;
	s->open[s->depth++] = (struct open){.at = s->out.n, .map = map};
	buf_addc(&s->out, 0);
	s->p++;
	skip_blanks(s);
	return true;
}

static void
close_level(struct parse *s)
{
	struct open *o = &s->open[--s->depth];
	size_t size = s->out.n - o->at - 1;
	unsigned more = o->n < 16 ? 0 : o->n <= UINT16_MAX ? 2 : 4;

	s->p++;
	buf_reserve(&s->out, more);
	if (more)
		memmove(
		    s->out.p + o->at + 1 + more, s->out.p + o->at + 1, size);
	s->out.n = o->at;
	if (o->map)
		pack_put_map(&s->out, o->n);
	else
		pack_put_array(&s->out, o->n);
	s->out.n += size;
}

/* A member's key and its colon. */
static bool
read_key(struct parse *s)
{
	struct value key;

	if (peek(s) != '"' || !read_text(s, &key))
		return false;
	pack_put(&s->out, key);
	skip_blanks(s);
	if (peek(s) != ':')
		return false;
	s->p++;
	skip_blanks(s);
	return true;
}

/*
 * Behind a value: goes to the next value of the innermost level that has one.
 * *more is false at the end of the whole.
 */
static bool
next_value(struct parse *s, bool *more)
{
	while (s->depth) {
		struct open *o = &s->open[s->depth - 1];

		o->n++;
		skip_blanks(s);
		if (peek(s) == ',') {
			s->p++;
			skip_blanks(s);
			*more = true;
			return !o->map || read_key(s);
		}
		if (peek(s) != (o->map ? '}' : ']'))
			return false;
		close_level(s);
	}
	*more = false;
	return true;
}

/* The value at the place, or the beginning of it; *done when it is whole. */
static bool
begin_value(struct parse *s, bool *done)
{
	struct value v;
	char c = peek(s);

	*done = true;
	if (c == '[' || c == '{') {
		if (!open_level(s, c == '{'))
			return false;
		if (peek(s) == (c == '{' ? '}' : ']')) {
			close_level(s);
			return true;
		}
		*done = false;
		return c == '[' || read_key(s);
	}
	if (!read_scalar(s, &v))
		return false;
	pack_put(&s->out, v);
	return true;
}

static bool
read_nested(struct parse *s)
{
	bool done, more = true;

	while (more) {
		if (!begin_value(s, &done))
			return false;
		if (done && !next_value(s, &more))
			return false;
	}
	return s->out.n <= UINT32_MAX;
}

bool
pack_parse_json(struct str json, struct arena *a, struct value *out)
{
	struct parse s;
	char c;
	bool good;

	s.p = json.p;
	s.end = json.p + json.n;
	s.out = (struct buf){0};
	s.arena = a;
	s.depth = 0;
	skip_blanks(&s);
	c = peek(&s);
	if (c == '[' || c == '{') {
		buf_reserve(&s.out, (size_t)(s.end - s.p) + 16);
		good = read_nested(&s);
		if (good)
			*out = value_of_str(c == '{' ? T_MAP : T_LIST,
			    arena_str(a, buf_str(&s.out)));
		buf_release(&s.out);
	} else {
		good = read_scalar(&s, out);
	}
	skip_blanks(&s);
	return good && s.p == s.end;
}

struct value
pack_of_json(struct str json, struct arena *a)
{
	struct value v;

	return pack_parse_json(json, a, &v) ? v : VALUE_NULL;
}

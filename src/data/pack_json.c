/* SPDX-License-Identifier: MIT */
/*
 * JSON to msgpack and back, both with a stack of their own instead of
 * recursion.
 *
 * An array's or object's header stands before its elements, whose number is
 * known behind them: one byte is left free, and when that is too small the
 * elements are moved.
 */
#include "base/must.h"
#include "base/num.h"
#include "data/json_scan.h"
#include "data/pack_item.h"

/* ---- reading JSON ---- */

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

/* A number at the place; num_scan may look 8 bytes past what it is given. */
static bool
read_number(struct parse *s, struct num *num)
{
	struct buf copy = {0};
	const char *p, *end = s->end;
	size_t n = (size_t)(end - s->p);

	if (n > 64) {
		end -= 8;
		p = num_scan(s->p, end, num);
		if (p && p < end) {
			s->p = p;
			return true;
		}
	}
	memset(buf_reserve(&copy, n + 8) + n, 0, 8);
	memcpy(copy.p, s->p, n);
	p = num_scan(copy.p, copy.p + n, num);
	if (p)
		s->p += p - copy.p;
	buf_release(&copy);
	return p != NULL;
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

/* ---- writing JSON ---- */

struct level {
	uint64_t n, i; /* items (a pair is two) and how many are done */
	bool map;
};

/* A key: text as it is, other scalars as text; JSON has no other keys. */
static void
put_key(struct buf *out, const struct pack_item *it)
{
	if (it->v.type == T_TEXT) {
		json_put_text(out, value_str(it->v));
		return;
	}
	buf_addc(out, '"');
	if (it->v.type == T_NULL)
		buf_lit(out, "null");
	else
		value_print(out, it->v);
	buf_addc(out, '"');
}

/* A list or map as a key: its bytes. *p is at it. */
static void
put_nested_key(struct buf *out, const char **p, const char *end)
{
	const char *start = *p;
	struct pack_item it;

	must(pack_skip(p, end) == PACK_OK);
	it.v = value_of_str(T_BYTES, (struct str){start, (size_t)(*p - start)});
	put_key(out, &it);
}

/* What stands before the next item of a level; true if it is a key. */
static bool
separate(struct buf *out, struct level *l)
{
	bool second = l->map && (l->i & 1);

	if (l->i)
		buf_addc(out, second ? ':' : ',');
	l->i++;
	return l->map && !second;
}

static void
open_json(struct buf *out, struct level *l, const struct pack_item *it)
{
	bool map = it->kind == PACK_MAP;

	*l = (struct level){.n = (uint64_t)it->n << map, .map = map};
	buf_addc(out, map ? '{' : '[');
}

void
pack_json(struct buf *out, struct value v)
{
	const char *p = v.p, *end = p + v.len, *start;
	struct level levels[PACK_WALK_MAX];
	struct pack_item it;
	unsigned depth = 0;
	bool key = false;

	do {
		start = p;
		must(pack_item_get(&p, end, &it) == PACK_OK);
		if (it.kind != PACK_SCALAR && key) {
			p = start;
			put_nested_key(out, &p, end);
		} else if (it.kind != PACK_SCALAR) {
			must(depth < PACK_WALK_MAX);
			open_json(out, &levels[depth++], &it);
		} else if (key) {
			put_key(out, &it);
		} else {
			value_json(out, it.v);
		}
		while (depth && levels[depth - 1].i == levels[depth - 1].n)
			buf_addc(out, levels[--depth].map ? '}' : ']');
		if (depth)
			key = separate(out, &levels[depth - 1]);
	} while (depth);
}

/* SPDX-License-Identifier: MIT */
/*
 * Lists and maps as JSON text. The levels that are open are kept on a stack
 * of their own, so depth costs no recursion.
 */
#include "base/must.h"
#include "data/pack_item.h"

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

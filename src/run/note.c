/* SPDX-License-Identifier: MIT */
/* Notes of a commit; see note.h. */
#include "run/note.h"

#include "base/utf8.h"

void
note_key(struct buf *out, const char *key)
{
	pack_put_text(out, str_of(key));
}

void
note_int(struct buf *out, const char *key, int64_t n)
{
	note_key(out, key);
	pack_put(out, value_int(n));
}

void
note_count(struct buf *out, const char *key, uint64_t n)
{
	note_int(out, key, n > INT64_MAX ? INT64_MAX : (int64_t)n);
}

void
note_bool(struct buf *out, const char *key, bool yes)
{
	note_key(out, key);
	pack_put(out, value_bool(yes));
}

void
note_text(struct buf *out, const char *key, struct str text)
{
	note_key(out, key);
	pack_put(out, value_of_str(utf8_valid(text) ? T_TEXT : T_BYTES, text));
}

struct note
note_open(struct str packed, struct arena *a)
{
	const char *p = packed.p;
	struct note n = {.map = VALUE_NULL, .arena = a};
	struct value v;

	if (packed.n && pack_get(&p, packed.p + packed.n, a, &v) == PACK_OK &&
	    v.type == T_MAP)
		n.map = v;
	return n;
}

static bool
find(struct note n, struct str key, enum type type, struct value *out)
{
	return n.map.type == T_MAP && pack_map_find(n.map, key, n.arena, out) &&
	       out->type == type;
}

bool
note_get(struct note n, const char *key, enum type type, struct value *out)
{
	return find(n, str_of(key), type, out);
}

int64_t
note_get_int(struct note n, const char *key, int64_t absent)
{
	struct value v;

	return note_get(n, key, T_INT, &v) ? v.i : absent;
}

uint64_t
note_get_count(struct note n, const char *key)
{
	int64_t count = note_get_int(n, key, 0);

	return count > 0 ? (uint64_t)count : 0;
}

bool
note_get_bool(struct note n, const char *key)
{
	struct value v;

	return note_get(n, key, T_BOOL, &v) && v.b;
}

struct str
note_get_text(struct note n, const char *key)
{
	struct value v;

	if (note_get(n, key, T_TEXT, &v) || note_get(n, key, T_BYTES, &v))
		return value_str(v);
	return (struct str){"", 0};
}

struct note
note_get_of(struct note n, struct str key)
{
	struct note of = {.map = VALUE_NULL, .arena = n.arena};

	if (!find(n, key, T_MAP, &of.map))
		of.map = VALUE_NULL;
	return of;
}

struct note
note_get_map(struct note n, const char *key)
{
	return note_get_of(n, str_of(key));
}

bool
note_list_at(struct note n, const char *key, uint32_t at, struct note *out)
{
	struct value list;

	*out = (struct note){.map = VALUE_NULL, .arena = n.arena};
	return note_get(n, key, T_LIST, &list) &&
	       pack_list_at(list, at, n.arena, &out->map) &&
	       out->map.type == T_MAP;
}

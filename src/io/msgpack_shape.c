/* SPDX-License-Identifier: MIT */
/*
 * The shapes msgpack records have in the wild: plain maps; fluentd's and
 * Fluent Bit's events, a time beside the map
 * (docs.fluentbit.io, "MessagePack format" of log events); and the messages of
 * the forward protocol, a tag beside them
 * (github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1: Message,
 * Forward, PackedForward and CompressedPackedForward mode).
 */
#include "io/msgpack.h"

#define EXT_FIX4 0xd6
#define EXT_FIX8 0xd7
#define EXT_8 0xc7

bool
msgpack_is_time(const char *p)
{
	unsigned char b = (unsigned char)p[0];

	if (b <= 0x7f || (b >= 0xca && b <= 0xd3)) /* a number */
		return true;
	if (b == EXT_FIX4)
		return p[1] == PACK_EXT_TIME;
	if (b == EXT_FIX8)
		return p[1] == PACK_EXT_TIME || p[1] == PACK_EXT_EVENT_TIME;
	if (b == EXT_8)
		return (p[1] == 12 && p[2] == PACK_EXT_TIME) ||
		       (p[1] == 8 && p[2] == PACK_EXT_EVENT_TIME);
	return false;
}

bool
msgpack_is_mark(const char *p)
{
	unsigned char b = (unsigned char)p[0];
	uint64_t seconds;

	if (b == EXT_FIX8 && p[1] == PACK_EXT_EVENT_TIME)
		p += 2;
	else if (b == EXT_8 && p[1] == 8 && p[2] == PACK_EXT_EVENT_TIME)
		p += 3;
	else
		return b == 0xff || b == 0xfe;
	seconds = msgpack_be32(p);
	return seconds == UINT32_MAX || seconds == UINT32_MAX - 1;
}

struct value
msgpack_time(const char *p, const char *end, struct arena *a)
{
	static const struct when_layout seconds = {.kind = WHEN_EPOCH_S};
	struct value v = VALUE_NULL;
	int64_t t;

	pack_get(&p, end, a, &v);
	if ((v.type == T_INT && when_of_int(&seconds, v.i, &t)) ||
	    (v.type == T_FLOAT && when_of_float(&seconds, v.f, &t)))
		return value_time(t);
	return v;
}

/* [time, map] or [[time, metadata], map] at p. */
static bool
is_event(const char *p, struct msgpack_parts *out)
{
	bool nested;

	if (!msgpack_is_array(p) || msgpack_open(&p) != 2)
		return false;
	nested = msgpack_is_array(p);
	if (nested && msgpack_open(&p) != 2)
		return false;
	if (!msgpack_is_time(p) && !msgpack_is_mark(p))
		return false;
	out->time = p;
	p = msgpack_end(p);
	out->meta = nested ? p : NULL;
	out->map = nested ? msgpack_end(p) : p;
	return msgpack_is_map(out->map);
}

static bool
is_bytes(const char *p)
{
	return (unsigned char)*p >= 0xc4 && (unsigned char)*p <= 0xc6;
}

/* The payload of a text or bin. */
static struct str
payload(const char *p)
{
	unsigned width;

	if (msgpack_is_text(p))
		return msgpack_text(p);
	width = 1u << ((unsigned char)*p - 0xc4);
	return (struct str){
	    p + 1 + width, (size_t)(msgpack_be32(p + 1) >> (32 - 8 * width))};
}

/* How the entries are compressed, by the option map; empty if they are not. */
static struct str
compression(const char *option, const char *end)
{
	struct value map, v;
	struct arena a;
	struct str how = {NULL, 0};

	if (!option || !msgpack_is_map(option))
		return how;
	arena_init(&a, 64);
	map = value_of_str(T_MAP, (struct str){option, (size_t)(end - option)});
	if (pack_map_find(map, STR("compressed"), &a, &v) && v.type == T_TEXT &&
	    !str_eq(value_str(v), STR("text")))
		how = value_str(v);
	arena_release(&a);
	return how;
}

/* [tag, entries, option?]: the entries are an array, or packed into bytes. */
static bool
is_frame(const char *p, const char *end, struct msgpack_parts *out)
{
	struct msgpack_parts first = {0};
	bool deep = false;
	const char *q;

	if (msgpack_is_array(p)) {
		out->entries_end = msgpack_end(p);
		msgpack_open(&p);
		out->entries = p;
	} else if (is_bytes(p) || msgpack_is_text(p)) {
		out->compressed = compression(out->option, end);
		out->entries = payload(p).p;
		out->entries_end = out->entries + payload(p).n;
		if (out->compressed.n)
			return true;
	} else {
		return false;
	}
	/* It is a frame by what is in it, not by its tag alone. */
	q = out->entries;
	return msgpack_skip(&q, out->entries_end,
		   (size_t)(out->entries_end - q), PACK_DEPTH_MAX,
		   &deep) == MSGPACK_OK &&
	       is_event(out->entries, &first);
}

/* An array that begins with a text. */
static enum msgpack_shape
tagged(const char *p, const char *end, uint32_t n, struct msgpack_parts *out)
{
	const char *second;

	out->tag = p;
	second = p = msgpack_end(p);
	p = msgpack_end(p);
	if (n >= 3 && msgpack_is_time(second) && msgpack_is_map(p)) {
		out->time = second;
		out->map = p;
		out->option = n == 4 ? msgpack_end(p) : NULL;
		return MSGPACK_MESSAGE;
	}
	out->option = n == 3 ? p : NULL;
	if (n <= 3 && is_frame(second, end, out))
		return MSGPACK_FRAME;
	return MSGPACK_OTHER;
}

enum msgpack_shape
msgpack_shape_of(const char *p, const char *end, struct msgpack_parts *out)
{
	const char *start = p;
	uint32_t n;

	*out = (struct msgpack_parts){0};
	if (msgpack_is_map(p)) {
		out->map = p;
		return MSGPACK_BARE;
	}
	if (!msgpack_is_array(p))
		return MSGPACK_OTHER;
	n = msgpack_open(&p);
	if (n == 2 && is_event(start, out))
		return msgpack_is_mark(out->time) ? MSGPACK_MARK
						  : MSGPACK_EVENT;
	if (n >= 2 && n <= 4 && msgpack_is_text(p))
		return tagged(p, end, n, out);
	return MSGPACK_OTHER;
}

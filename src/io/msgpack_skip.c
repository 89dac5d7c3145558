/* SPDX-License-Identifier: MIT */
/*
 * Skipping msgpack values (github.com/msgpack/msgpack/blob/master/spec.md).
 *
 * A scalar costs a look into a table and one load for its length, whatever it
 * is: no decision depends on its type, and on none of its bytes but the first.
 */
#include "io/msgpack.h"

/* Bytes with the header, and a length of 0, 1, 2 or 4 bytes behind it. */
#define S(bytes, width) (uint16_t)((bytes) | (32 - 8 * (width)) << 8)
#define STR_(n) [0xa0 + (n)] = S(1 + (n), 0)

// clang-format off
const uint16_t msgpack_sizes[256] = {
	[0x00 ... 0x7f] = S(1, 0), /* 0 … 127 */
	STR_(0), STR_(1), STR_(2), STR_(3), STR_(4), STR_(5), STR_(6),
	STR_(7), STR_(8), STR_(9), STR_(10), STR_(11), STR_(12), STR_(13),
	STR_(14), STR_(15), STR_(16), STR_(17), STR_(18), STR_(19), STR_(20),
	STR_(21), STR_(22), STR_(23), STR_(24), STR_(25), STR_(26), STR_(27),
	STR_(28), STR_(29), STR_(30), STR_(31),
	[0xc0] = S(1, 0), /* nil */
	[0xc2 ... 0xc3] = S(1, 0), /* false, true */
	[0xc4] = S(2, 1), [0xc5] = S(3, 2), [0xc6] = S(5, 4), /* bin */
	[0xc7] = S(3, 1), [0xc8] = S(4, 2), [0xc9] = S(6, 4), /* ext */
	[0xca] = S(5, 0), [0xcb] = S(9, 0), /* float */
	[0xcc] = S(2, 0), [0xcd] = S(3, 0), [0xce] = S(5, 0),
	[0xcf] = S(9, 0), /* uint */
	[0xd0] = S(2, 0), [0xd1] = S(3, 0), [0xd2] = S(5, 0),
	[0xd3] = S(9, 0), /* int */
	[0xd4] = S(3, 0), [0xd5] = S(4, 0), [0xd6] = S(6, 0),
	[0xd7] = S(10, 0), [0xd8] = S(18, 0), /* fixext with its type */
	[0xd9] = S(2, 1), [0xda] = S(3, 2), [0xdb] = S(5, 4), /* str */
	[0xe0 ... 0xff] = S(1, 0), /* -32 … -1 */
};
// clang-format on

#undef S
#undef STR_

#define RESERVED 0xc1

/* Bytes of the header of an array or map: 1, 3 or 5. */
static inline unsigned
header_size(unsigned char b)
{
	return b < 0xa0 ? 1 : b & 1 ? 5 : 3;
}

uint32_t
msgpack_open(const char **p)
{
	unsigned char b = (unsigned char)**p;
	uint64_t n = b & 15;

	if (b >= 0xa0) /* 0xdc … 0xdf */
		n = msgpack_be32(*p + 1) >> (b & 1 ? 0 : 16);
	*p += header_size(b);
	return (uint32_t)n;
}

/* Items left on each level; the innermost is n. */
struct levels {
	uint64_t left[PACK_DEPTH_MAX], n;
	uint64_t total;
	unsigned depth, most;
	bool deep;
};

/* Opens the array or map at *p, whose header is whole. */
static inline void
open_level(struct levels *l, const char **p)
{
	bool map = msgpack_is_map(*p);
	uint64_t n = (uint64_t)msgpack_open(p) << map;

	l->total += n;
	if (l->depth < l->most) {
		l->left[l->depth++] = l->n;
		l->n = n;
	} else {
		/* The end is where the last item of all ends; for that,
		 * whose item it is does not matter. */
		l->deep = true;
		l->n += n;
	}
}

static inline enum msgpack_status
skip(const char **pp, const char *end, size_t room, struct levels *l)
{
	const char *p = *pp, *start = p;

	for (;;) {
		size_t left = room - (size_t)(p - start), have;
		unsigned entry;
		uint64_t size;

		*pp = p;
		while (!l->n) {
			if (!l->depth)
				return MSGPACK_OK;
			l->n = l->left[--l->depth];
		}
		if (l->total > left) /* an item has a byte at least */
			return MSGPACK_LONG;
		if (p >= end)
			return MSGPACK_SHORT;
		have = (size_t)(end - p);
		entry = msgpack_sizes[(unsigned char)*p];
		l->n--;
		l->total--;
		if (entry) {
			size = entry & 255;
			if (size <= left && size <= have)
				size = msgpack_size(p, entry);
		} else if ((unsigned char)*p == RESERVED) {
			return MSGPACK_RESERVED;
		} else {
			size = header_size((unsigned char)*p);
		}
		if (size > left)
			return MSGPACK_LONG;
		if (size > have)
			return MSGPACK_SHORT;
		if (entry)
			p += size;
		else
			open_level(l, &p);
	}
}

enum msgpack_status
msgpack_skip(
    const char **p, const char *end, size_t room, unsigned depth, bool *deep)
{
	struct levels l;
	enum msgpack_status status;

	l.n = l.total = 1;
	l.depth = 0;
	l.most = depth;
	l.deep = false;
	status = skip(p, end, room, &l);
	*deep |= l.deep;
	return status;
}

const char *
msgpack_end(const char *p)
{
	uint64_t n = 1;

	for (; n; n--) {
		unsigned entry = msgpack_sizes[(unsigned char)*p];

		if (entry) {
			p += msgpack_size(p, entry);
		} else {
			bool map = msgpack_is_map(p);

			n += (uint64_t)msgpack_open(&p) << map;
		}
	}
	return p;
}

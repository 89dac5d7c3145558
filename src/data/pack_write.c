/* SPDX-License-Identifier: MIT */
/*
 * Writing msgpack: every value in its shortest form, but a float stays a
 * 64-bit float, so that reading gives the same type back.
 */
#include "data/pack.h"

#include "base/must.h"
#include "base/when.h"

/* A first byte and a big-endian integer of width bytes. */
static void
put_head(struct buf *out, unsigned byte, uint64_t n, unsigned width)
{
	char *p = buf_reserve(out, 9);
	unsigned i;

	p[0] = (char)byte;
	for (i = width; i; i--, n >>= 8)
		p[i] = (char)n;
	out->n += width + 1;
}

static void
put_int(struct buf *out, int64_t i)
{
	uint64_t u = (uint64_t)i;

	if (i >= -32 && i <= 127)
		put_head(out, (unsigned)i & 255, 0, 0);
	else if (i > 0)
		u <= UINT8_MAX	  ? put_head(out, 0xcc, u, 1)
		: u <= UINT16_MAX ? put_head(out, 0xcd, u, 2)
		: u <= UINT32_MAX ? put_head(out, 0xce, u, 4)
				  : put_head(out, 0xcf, u, 8);
	else
		i >= INT8_MIN	 ? put_head(out, 0xd0, u, 1)
		: i >= INT16_MIN ? put_head(out, 0xd1, u, 2)
		: i >= INT32_MIN ? put_head(out, 0xd2, u, 4)
				 : put_head(out, 0xd3, u, 8);
}

static void
put_float(struct buf *out, double f)
{
	uint64_t bits;

	memcpy(&bits, &f, 8);
	put_head(out, 0xcb, bits, 8);
}

void
pack_put_array(struct buf *out, uint32_t n)
{
	if (n < 16)
		put_head(out, 0x90 | n, 0, 0);
	else if (n <= UINT16_MAX)
		put_head(out, 0xdc, n, 2);
	else
		put_head(out, 0xdd, n, 4);
}

void
pack_put_map(struct buf *out, uint32_t n)
{
	if (n < 16)
		put_head(out, 0x80 | n, 0, 0);
	else if (n <= UINT16_MAX)
		put_head(out, 0xde, n, 2);
	else
		put_head(out, 0xdf, n, 4);
}

void
pack_put_text(struct buf *out, struct str s)
{
	must(s.n <= UINT32_MAX);
	if (s.n < 32)
		put_head(out, 0xa0 | (unsigned)s.n, 0, 0);
	else if (s.n <= UINT8_MAX)
		put_head(out, 0xd9, s.n, 1);
	else if (s.n <= UINT16_MAX)
		put_head(out, 0xda, s.n, 2);
	else
		put_head(out, 0xdb, s.n, 4);
	buf_adds(out, s);
}

static void
put_bytes(struct buf *out, struct str s)
{
	if (s.n <= UINT8_MAX)
		put_head(out, 0xc4, s.n, 1);
	else if (s.n <= UINT16_MAX)
		put_head(out, 0xc5, s.n, 2);
	else
		put_head(out, 0xc6, s.n, 4);
	buf_adds(out, s);
}

/* The three forms of the timestamp extension. */
static void
put_time(struct buf *out, int64_t t)
{
	int64_t s = t / WHEN_SECOND, us = t % WHEN_SECOND;
	uint64_t ns;

	if (us < 0) {
		us += WHEN_SECOND;
		s--;
	}
	ns = (uint64_t)us * 1000;
	if (s < 0 || s >> 34) {
		put_head(out, 0xc7, 12, 1);
		put_head(out, PACK_EXT_TIME & 255, ns, 4);
		put_head(out, (unsigned)((uint64_t)s >> 56), (uint64_t)s, 7);
	} else if (ns || s >> 32) {
		put_head(out, 0xd7, PACK_EXT_TIME & 255, 1);
		ns = ns << 34 | (uint64_t)s;
		put_head(out, (unsigned)(ns >> 56), ns, 7);
	} else {
		put_head(out, 0xd6, PACK_EXT_TIME & 255, 1);
		put_head(out, (unsigned)(s >> 24), (uint64_t)s, 3);
	}
}

static void
put_decimal(struct buf *out, struct dec d)
{
	unsigned __int128 v = (unsigned __int128)d.v;
	char bytes[16];
	unsigned i;

	for (i = 0; i < 16; i++, v >>= 8)
		bytes[i] = (char)v;
	put_head(out, 0xc7, 17, 1);
	put_head(out, PACK_EXT_DECIMAL, d.scale, 1);
	buf_add(out, bytes, sizeof bytes);
}

static void
put_date(struct buf *out, int64_t t)
{
	uint32_t days = (uint32_t)(int32_t)(t / WHEN_DAY);

	put_head(out, 0xd6, PACK_EXT_DATE, 1);
	put_head(out, days >> 24, days, 3);
}

static void
put_duration(struct buf *out, int64_t us)
{
	put_head(out, 0xd7, PACK_EXT_DURATION, 1);
	put_head(out, (unsigned)((uint64_t)us >> 56), (uint64_t)us, 7);
}

static void
put_json(struct buf *out, struct str json)
{
	struct arena a;

	arena_init(&a, json.n);
	pack_put(out, pack_of_json(json, &a));
	arena_release(&a);
}

void
pack_put(struct buf *out, struct value v)
{
	switch ((enum type)v.type) {
	case T_NULL:
		put_head(out, 0xc0, 0, 0);
		break;
	case T_BOOL:
		put_head(out, v.b ? 0xc3 : 0xc2, 0, 0);
		break;
	case T_INT:
		put_int(out, v.i);
		break;
	case T_FLOAT:
		put_float(out, v.f);
		break;
	case T_DECIMAL:
		put_decimal(out, *v.d);
		break;
	case T_TEXT:
		pack_put_text(out, value_str(v));
		break;
	case T_BYTES:
		put_bytes(out, value_str(v));
		break;
	case T_TIME:
		put_time(out, v.i);
		break;
	case T_DATE:
		put_date(out, v.i);
		break;
	case T_DURATION:
		put_duration(out, v.i);
		break;
	case T_LIST:
	case T_MAP:
		buf_adds(out, value_str(v));
		break;
	case T_JSON:
		put_json(out, value_str(v));
		break;
	case T_ANY:
		must(!"a value's type");
	}
}

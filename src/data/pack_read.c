/* SPDX-License-Identifier: MIT */
/*
 * Reading msgpack (github.com/msgpack/msgpack/blob/master/spec.md).
 *
 * The first byte of an item tells its shape: how many bytes follow, or how
 * many bytes of length. One table holds that, so that skipping needs no
 * decisions about types. Every length is compared with the bytes there are
 * before it is used; an array that claims more elements than there are bytes
 * is short at once.
 */
#include "data/pack.h"

#include "base/must.h"
#include "base/utf8.h"
#include "base/when.h"
#include "data/pack_item.h"

/* Shapes; the low five bits of a table entry are a size. */
enum shape {
	SHAPE_BAD,
	SHAPE_FIXED, /* size bytes follow */
	SHAPE_LEN,   /* size bytes of length, then that many bytes */
	SHAPE_EXT,   /* the same with one byte more */
	SHAPE_ARRAY, /* size bytes of count; 0: in the byte itself */
	SHAPE_MAP
};

#define S(shape, size) (uint8_t)(SHAPE_##shape << 5 | (size))
#define STR_(n) [0xa0 + (n)] = S(FIXED, n)

// clang-format off
static const uint8_t shapes[256] = {
	[0x00 ... 0x7f] = S(FIXED, 0), /* 0 … 127 */
	[0x80 ... 0x8f] = S(MAP, 0),
	[0x90 ... 0x9f] = S(ARRAY, 0),
	STR_(0), STR_(1), STR_(2), STR_(3), STR_(4), STR_(5), STR_(6),
	STR_(7), STR_(8), STR_(9), STR_(10), STR_(11), STR_(12), STR_(13),
	STR_(14), STR_(15), STR_(16), STR_(17), STR_(18), STR_(19), STR_(20),
	STR_(21), STR_(22), STR_(23), STR_(24), STR_(25), STR_(26), STR_(27),
	STR_(28), STR_(29), STR_(30), STR_(31),
	[0xc0] = S(FIXED, 0), /* nil */
	[0xc1] = S(BAD, 0),
	[0xc2 ... 0xc3] = S(FIXED, 0), /* false, true */
	[0xc4] = S(LEN, 1), [0xc5] = S(LEN, 2), [0xc6] = S(LEN, 4), /* bin */
	[0xc7] = S(EXT, 1), [0xc8] = S(EXT, 2), [0xc9] = S(EXT, 4),
	[0xca] = S(FIXED, 4), [0xcb] = S(FIXED, 8), /* float */
	[0xcc] = S(FIXED, 1), [0xcd] = S(FIXED, 2), /* uint */
	[0xce] = S(FIXED, 4), [0xcf] = S(FIXED, 8),
	[0xd0] = S(FIXED, 1), [0xd1] = S(FIXED, 2), /* int */
	[0xd2] = S(FIXED, 4), [0xd3] = S(FIXED, 8),
	[0xd4] = S(FIXED, 2), [0xd5] = S(FIXED, 3), /* fixext with its type */
	[0xd6] = S(FIXED, 5), [0xd7] = S(FIXED, 9), [0xd8] = S(FIXED, 17),
	[0xd9] = S(LEN, 1), [0xda] = S(LEN, 2), [0xdb] = S(LEN, 4), /* str */
	[0xdc] = S(ARRAY, 2), [0xdd] = S(ARRAY, 4),
	[0xde] = S(MAP, 2), [0xdf] = S(MAP, 4),
	[0xe0 ... 0xff] = S(FIXED, 0), /* -32 … -1 */
};
// clang-format on

/* An item's first byte, its shape, and its payload or count. */
struct head {
	unsigned char byte;
	enum shape shape;
	const char *body; /* first byte of the payload or of the elements */
	uint64_t n;	  /* bytes of payload, or elements or pairs */
};

/* Big-endian integer of 0, 1, 2, 4 or 8 bytes. */
static inline uint64_t
load(const char *p, unsigned width)
{
	uint64_t v = 0;
	unsigned i;

	for (i = 0; i < width; i++)
		v = v << 8 | (unsigned char)p[i];
	return v;
}

static inline enum pack_status
read_head(const char *p, const char *end, struct head *h)
{
	unsigned entry, size;

	if (p >= end)
		return PACK_SHORT;
	h->byte = (unsigned char)*p++;
	entry = shapes[h->byte];
	size = entry & 31;
	h->shape = (enum shape)(entry >> 5);
	h->n = size;
	if (h->shape >= SHAPE_LEN) {
		if (end - p < (long)size)
			return PACK_SHORT;
		h->n = size ? load(p, size) : h->byte & 15;
		h->n += h->shape == SHAPE_EXT;
		p += size;
	}
	h->body = p;
	if (h->n > (uint64_t)(end - p))
		return PACK_SHORT; /* an element has a byte at least */
	return h->shape == SHAPE_BAD ? PACK_BAD : PACK_OK;
}

enum pack_status
pack_skip(const char **pp, const char *end)
{
	uint64_t left[PACK_DEPTH_MAX], n = 1; /* items left on each level */
	const char *p = *pp;
	unsigned depth = 0;
	struct head h;

	for (;;) {
		enum pack_status status;

		while (!n) {
			if (!depth) {
				*pp = p;
				return PACK_OK;
			}
			n = left[--depth];
		}
		n--;
		status = read_head(p, end, &h);
		if (status != PACK_OK)
			return status;
		p = h.body;
		if (h.shape < SHAPE_ARRAY) {
			p += h.n;
			continue;
		}
		if (depth == PACK_DEPTH_MAX)
			return PACK_BAD;
		left[depth++] = n;
		n = h.shape == SHAPE_MAP ? 2 * h.n : h.n;
	}
}

/* ---- scalars ---- */

static struct value
bytes_of(const char *p, uint64_t n)
{
	return value_of_str(T_BYTES, (struct str){p, (size_t)n});
}

static struct value
text_of(const char *p, uint64_t n)
{
	struct str s = {p, (size_t)n};

	return value_of_str(utf8_valid(s) ? T_TEXT : T_BYTES, s);
}

static struct value
uint_of(uint64_t u, struct dec *room)
{
	if (u <= INT64_MAX)
		return value_int((int64_t)u);
	*room = (struct dec){.v = u};
	return (struct value){.d = room, .type = T_DECIMAL};
}

static struct value
int_of(const char *p, unsigned width)
{
	unsigned shift = 64 - 8 * width;

	return value_int((int64_t)(load(p, width) << shift) >> shift);
}

static struct value
float_of(const char *p, unsigned width)
{
	if (width == 4) {
		uint32_t bits = (uint32_t)load(p, 4);
		float f;

		memcpy(&f, &bits, 4);
		return value_float((double)f);
	}
	uint64_t bits = load(p, 8);
	double f;

	memcpy(&f, &bits, 8);
	return value_float(f);
}

/* Seconds and nanoseconds as a time; false if out of range. */
static bool
time_of(int64_t seconds, uint64_t ns, struct value *out)
{
	int64_t t;

	if (ns > 999999999 ||
	    __builtin_mul_overflow(seconds + (seconds < 0), WHEN_SECOND, &t) ||
	    __builtin_add_overflow(t, (int64_t)ns / 1000, &t) ||
	    __builtin_sub_overflow(t, seconds < 0 ? WHEN_SECOND : 0, &t))
		return false;
	*out = value_time(t);
	return true;
}

static bool
read_time(const char *p, uint64_t n, struct value *out)
{
	uint64_t u;

	switch (n) {
	case 4:
		return time_of((int64_t)load(p, 4), 0, out);
	case 8:
		u = load(p, 8);
		return time_of((int64_t)(u & 0x3ffffffff), u >> 34, out);
	case 12:
		return time_of((int64_t)load(p + 4, 8), load(p, 4), out);
	default:
		return false;
	}
}

static bool
read_decimal(const char *p, uint64_t n, struct dec *room, struct value *out)
{
	const __int128 limit = (__int128)10000000000000000000u *
			       (__int128)10000000000000000000u; /* 10^38 */
	unsigned __int128 v = 0;
	unsigned i;

	if (n != 17 || (unsigned char)p[0] > DEC_DIGITS_MAX)
		return false;
	for (i = 16; i; i--)
		v = v << 8 | (unsigned char)p[i];
	room->v = (__int128)v;
	room->scale = (uint8_t)p[0];
	*out = (struct value){.d = room, .type = T_DECIMAL};
	return room->v < limit && room->v > -limit;
}

/* False if it is out of the range of times. */
static bool
read_date(const char *p, struct value *out)
{
	int64_t days = (int32_t)(uint32_t)load(p, 4);

	if (days < WHEN_FIRST / WHEN_DAY || days > WHEN_LAST / WHEN_DAY)
		return false;
	*out = value_date(days * WHEN_DAY);
	return true;
}

/* n bytes at p: the type, then the payload. */
static struct value
ext_of(const char *p, uint64_t n, struct dec *room)
{
	signed char type = (signed char)*p++;
	struct value v;

	n--;
	if (type == PACK_EXT_TIME && read_time(p, n, &v))
		return v;
	if (type == PACK_EXT_EVENT_TIME && n == 8 &&
	    time_of((int64_t)load(p, 4), load(p + 4, 4), &v))
		return v;
	if (type == PACK_EXT_DECIMAL && read_decimal(p, n, room, &v))
		return v;
	if (type == PACK_EXT_DURATION && n == 8)
		return value_duration((int64_t)load(p, 8));
	if (type == PACK_EXT_DATE && n == 4 && read_date(p, &v))
		return v;
	return bytes_of(p, n);
}

static struct value
scalar_of(const struct head *h, struct dec *room)
{
	unsigned char b = h->byte;

	if (b <= 0x7f || b >= 0xe0)
		return value_int((signed char)b);
	if (b <= 0xbf || (b >= 0xd9 && b <= 0xdb))
		return text_of(h->body, h->n);
	if (b == 0xc0)
		return VALUE_NULL;
	if (b <= 0xc3)
		return value_bool(b == 0xc3);
	if (b <= 0xc6)
		return bytes_of(h->body, h->n);
	if (b <= 0xc9 || b >= 0xd4)
		return ext_of(h->body, h->n, room);
	if (b <= 0xcb)
		return float_of(h->body, (unsigned)h->n);
	if (b <= 0xcf)
		return uint_of(load(h->body, (unsigned)h->n), room);
	return int_of(h->body, (unsigned)h->n);
}

/* ---- items and values ---- */

enum pack_status
pack_item_get(const char **p, const char *end, struct pack_item *it)
{
	struct head h;
	enum pack_status status = read_head(*p, end, &h);

	if (status != PACK_OK)
		return status;
	*p = h.body;
	it->n = (uint32_t)h.n;
	if (h.shape >= SHAPE_ARRAY) {
		it->kind = h.shape == SHAPE_MAP ? PACK_MAP : PACK_ARRAY;
		return PACK_OK;
	}
	it->kind = PACK_SCALAR;
	it->v = scalar_of(&h, &it->dec);
	*p += h.n;
	return PACK_OK;
}

enum pack_status
pack_get(const char **p, const char *end, struct arena *a, struct value *out)
{
	const char *start = *p, *q = *p;
	enum pack_status status;
	struct pack_item it;

	status = pack_item_get(&q, end, &it);
	if (status != PACK_OK)
		return status;
	if (it.kind == PACK_SCALAR) {
		*out = it.v.type == T_DECIMAL ? value_decimal(a, it.dec) : it.v;
		*p = q;
		return PACK_OK;
	}
	status = pack_skip(p, end);
	if (status != PACK_OK)
		return status;
	if (*p - start > (long)UINT32_MAX) {
		*p = start;
		return PACK_BAD;
	}
	*out = value_of_str(it.kind == PACK_MAP ? T_MAP : T_LIST,
	    (struct str){start, (size_t)(*p - start)});
	return PACK_OK;
}

static bool
get_header(const char **p, const char *end, enum shape shape, uint32_t *n)
{
	struct head h;

	if (read_head(*p, end, &h) != PACK_OK || h.shape != shape)
		return false;
	*p = h.body;
	*n = (uint32_t)h.n;
	return true;
}

bool
pack_get_array(const char **p, const char *end, uint32_t *n)
{
	return get_header(p, end, SHAPE_ARRAY, n);
}

bool
pack_get_map(const char **p, const char *end, uint32_t *n)
{
	return get_header(p, end, SHAPE_MAP, n);
}

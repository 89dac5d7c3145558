/* SPDX-License-Identifier: MIT */
/*
 * Eight bytes of JSON text at a time: where is the next byte that is not
 * plain ('"', '\\' or a control character)? Inside data/ only.
 */
#ifndef WEIR_DATA_JSON_SCAN_H
#define WEIR_DATA_JSON_SCAN_H

#include <stdint.h>
#include <string.h>

#define JSON_EVERY(byte) ((uint64_t)(byte)*0x0101010101010101u)

/* The bytes at p with the first one lowest. */
static inline uint64_t
json_load8(const char *p)
{
	uint64_t w;

	memcpy(&w, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	return w;
}

static inline uint32_t
json_load4(const char *p)
{
	uint32_t w;

	memcpy(&w, p, 4);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap32(w);
#endif
	return w;
}

/*
 * The top bit of each byte that is '"', '\\' or below blank. The lowest bit
 * set is exact; bits above it may be false (a borrow).
 */
static inline uint64_t
json_special(uint64_t w)
{
	uint64_t quote = w ^ JSON_EVERY('"'), back = w ^ JSON_EVERY('\\');

	return (((w - JSON_EVERY(' ')) & ~w) |
		   ((quote - JSON_EVERY(1)) & ~quote) |
		   ((back - JSON_EVERY(1)) & ~back)) &
	       JSON_EVERY(0x80);
}

/* Number of the first byte marked in a mask that is not 0. */
static inline size_t
json_first(uint64_t mask)
{
	return (size_t)__builtin_ctzll(mask) >> 3;
}

/* The first byte in [p, end) that is not plain, or end. */
static inline const char *
json_plain(const char *p, const char *end)
{
	for (; end - p >= 8; p += 8) {
		uint64_t m = json_special(json_load8(p));

		if (m)
			return p + json_first(m);
	}
	for (; p < end; p++) {
		unsigned char c = (unsigned char)*p;

		if (c < ' ' || c == '"' || c == '\\')
			break;
	}
	return p;
}

#endif

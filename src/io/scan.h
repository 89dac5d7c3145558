/* SPDX-License-Identifier: MIT */
/*
 * Finding the end of a word or a quoted text, eight bytes at a time. The
 * words of log lines are short: a call of memchr costs more than the search.
 *
 * Up to eight bytes behind `end` are read (SIMD_PAD, simd.h), but never
 * answered with: where nothing is found, it is end.
 */
#ifndef WEIR_IO_SCAN_H
#define WEIR_IO_SCAN_H

#include <stdint.h>
#include <string.h>

#include "base/str.h"

#define SCAN_EACH(byte) ((unsigned char)(byte) * (uint64_t)0x0101010101010101u)
#define SCAN_HIGH SCAN_EACH(0x80)

static inline uint64_t
scan_load(const char *p)
{
	uint64_t w;

	memcpy(&w, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	return w;
}

/* The lowest bit set is that of the first byte equal to c. */
static inline uint64_t
scan_is(uint64_t w, char c)
{
	uint64_t x = w ^ SCAN_EACH(c);

	return (x - SCAN_EACH(1)) & ~x & SCAN_HIGH;
}

/* The same for the first byte up to and including a blank. */
static inline uint64_t
scan_is_blank(uint64_t w)
{
	return (w - SCAN_EACH(' ' + 1)) & ~w & SCAN_HIGH;
}

static inline const char *
scan_at(const char *p, const char *end, uint64_t hits)
{
	p += (unsigned)__builtin_ctzll(hits) / 8;
	return p < end ? p : end;
}

/* The first c. */
static inline const char *
scan_byte(const char *p, const char *end, char c)
{
	for (; p < end; p += 8) {
		uint64_t hits = scan_is(scan_load(p), c);

		if (hits)
			return scan_at(p, end, hits);
	}
	return end;
}

/* The first a or b. */
static inline const char *
scan_either(const char *p, const char *end, char a, char b)
{
	for (; p < end; p += 8) {
		uint64_t w = scan_load(p), hits = scan_is(w, a) | scan_is(w, b);

		if (hits)
			return scan_at(p, end, hits);
	}
	return end;
}

/* The first blank or control character. */
static inline const char *
scan_blank(const char *p, const char *end)
{
	for (; p < end; p += 8) {
		uint64_t hits = scan_is_blank(scan_load(p));

		if (hits)
			return scan_at(p, end, hits);
	}
	return end;
}

/* The first blank, control character or c. */
static inline const char *
scan_blank_or(const char *p, const char *end, char c)
{
	for (; p < end; p += 8) {
		uint64_t w = scan_load(p);
		uint64_t hits = scan_is_blank(w) | scan_is(w, c);

		if (hits)
			return scan_at(p, end, hits);
	}
	return end;
}

/*
 * The quote that ends a text (a backslash hides the character behind it), or
 * NULL; *escaped is set if there is a backslash.
 */
static inline const char *
scan_quote(const char *p, const char *end, char quote, bool *escaped)
{
	*escaped = false;
	for (;;) {
		p = scan_either(p, end, quote, '\\');
		if (p == end)
			return NULL;
		if (*p == quote)
			return p;
		*escaped = true;
		if (end - p < 2)
			return NULL;
		p += 2;
	}
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * CRC-32C by the instruction of SSE 4.2 where it is there, else by eight
 * tables, eight bytes a step (Kounavis and Berry, "Novel Table Lookup-Based
 * Algorithms for High-Performance CRC Generation", 2008).
 */
#include "base/crc.h"

#include <pthread.h>
#include <string.h>

#include "base/simd.h"

#if SIMD_X86
#include <immintrin.h>
#endif

#define POLYNOMIAL 0x82f63b78u /* bits reversed */

static uint32_t tables[8][256];
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

/* tables[k][b]: what byte b does to the sum k bytes later. */
static void
fill_tables(void)
{
	for (uint32_t b = 0; b < 256; b++) {
		uint32_t c = b;

		for (unsigned bit = 0; bit < 8; bit++)
			c = c >> 1 ^ (c & 1 ? POLYNOMIAL : 0);
		tables[0][b] = c;
	}
	for (uint32_t b = 0; b < 256; b++)
		for (unsigned k = 1; k < 8; k++)
			tables[k][b] = tables[k - 1][b] >> 8 ^
				       tables[0][tables[k - 1][b] & 255];
}

static inline uint32_t
low_first(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static uint32_t
by_tables(uint32_t c, const unsigned char *p, size_t n)
{
	pthread_once(&tables_once, fill_tables);
	for (; n >= 8; p += 8, n -= 8) {
		uint32_t lo = c ^ low_first(p), hi = low_first(p + 4);

		c = tables[7][lo & 255] ^ tables[6][lo >> 8 & 255] ^
		    tables[5][lo >> 16 & 255] ^ tables[4][lo >> 24] ^
		    tables[3][hi & 255] ^ tables[2][hi >> 8 & 255] ^
		    tables[1][hi >> 16 & 255] ^ tables[0][hi >> 24];
	}
	while (n--)
		c = c >> 8 ^ tables[0][(c ^ *p++) & 255];
	return c;
}

#if SIMD_X86
__attribute__((target("sse4.2"))) static uint32_t
by_instruction(uint32_t crc, const unsigned char *p, size_t n)
{
	uint64_t c = crc, w;

	for (; n >= 8; p += 8, n -= 8) {
		memcpy(&w, p, 8);
		c = _mm_crc32_u64(c, w);
	}
	crc = (uint32_t)c;
	while (n--)
		crc = _mm_crc32_u8(crc, *p++);
	return crc;
}
#endif

uint32_t
crc32c(uint32_t crc, const void *bytes, size_t n)
{
#if SIMD_X86
	if (simd_sse42)
		return ~by_instruction(~crc, bytes, n);
#endif
	return ~by_tables(~crc, bytes, n);
}

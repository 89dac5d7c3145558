/* SPDX-License-Identifier: MIT */
/*
 * CRC32C; see crc32c.h. The portable version takes eight bytes at a time from
 * eight tables (Kounavis and Berry, "A Systematic Approach to Building High
 * Performance, Software-based, CRC Generators", 2005).
 */
#include "state/crc32c.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/simd.h"

#if SIMD_X86
#include <nmmintrin.h>
#endif

#define POLYNOMIAL 0x82f63b78u /* reflected */

static uint32_t tables[8][256];
static bool by_processor;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
prepare(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
		tables[0][i] = crc;
	}
	for (int t = 1; t < 8; t++)
		for (int i = 0; i < 256; i++)
			tables[t][i] = tables[t - 1][i] >> 8 ^
				       tables[0][tables[t - 1][i] & 255];
#if SIMD_X86
	const char *off = getenv("WEIR_SIMD");

	__builtin_cpu_init();
	by_processor =
	    !(off && !strcmp(off, "off")) && __builtin_cpu_supports("sse4.2");
#endif
}

static uint32_t
by_tables(uint32_t crc, const unsigned char *p, size_t n)
{
	for (; n >= 8; p += 8, n -= 8) {
		crc ^= (uint32_t)p[0] | (uint32_t)p[1] << 8 |
		       (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
		crc = tables[7][crc & 255] ^ tables[6][crc >> 8 & 255] ^
		      tables[5][crc >> 16 & 255] ^ tables[4][crc >> 24] ^
		      tables[3][p[4]] ^ tables[2][p[5]] ^ tables[1][p[6]] ^
		      tables[0][p[7]];
	}
	for (; n; p++, n--)
		crc = crc >> 8 ^ tables[0][(crc ^ *p) & 255];
	return crc;
}

#if SIMD_X86
__attribute__((target("sse4.2"))) static uint32_t
by_instruction(uint32_t crc, const unsigned char *p, size_t n)
{
	uint64_t c = crc, word;

	for (; n >= 8; p += 8, n -= 8) {
		memcpy(&word, p, 8);
		c = _mm_crc32_u64(c, word);
	}
	crc = (uint32_t)c;
	for (; n; p++, n--)
		crc = _mm_crc32_u8(crc, *p);
	return crc;
}
#endif

uint32_t
crc32c(uint32_t crc, const void *bytes, size_t n)
{
	pthread_once(&once, prepare);
	crc = ~crc;
#if SIMD_X86
	if (by_processor)
		return ~by_instruction(crc, bytes, n);
#endif
	return ~by_tables(crc, bytes, n);
}

/* SPDX-License-Identifier: MIT */
/*
 * Hash of bytes by 8-byte words (multiply and fold, as in wyhash). Seeded per
 * process from the kernel, so that nobody can prepare colliding keys; order
 * of results never depends on it.
 */
#ifndef WEIR_BASE_HASH_H
#define WEIR_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

extern uint64_t hash_seed;

/* Draws the seed; call once before threads start. */
void hash_init(void);

/* A number that nobody has had: for names and marks, never for results. */
uint64_t hash_draw(void);

static inline uint64_t
hash_mum(uint64_t a, uint64_t b)
{
	unsigned __int128 r = (unsigned __int128)a * b;

	return (uint64_t)r ^ (uint64_t)(r >> 64);
}

static inline uint64_t
hash_bytes(const void *bytes, size_t n)
{
	const char *p = bytes;
	uint64_t h = hash_seed ^ (n * 0x9e3779b97f4a7c15u), w;

	for (; n >= 8; p += 8, n -= 8) {
		memcpy(&w, p, 8);
		h = hash_mum(h ^ w, 0xd6e8feb86659fd93u);
	}
	if (n >= 4) {
		uint32_t lo, hi;

		memcpy(&lo, p, 4);
		memcpy(&hi, p + n - 4, 4);
		w = (uint64_t)lo | (uint64_t)hi << 32;
		h = hash_mum(h ^ w, 0xa0761d6478bd642fu);
	} else if (n) {
		w = (uint64_t)(unsigned char)p[0] |
		    (uint64_t)(unsigned char)p[n >> 1] << 8 |
		    (uint64_t)(unsigned char)p[n - 1] << 16;
		h = hash_mum(h ^ w, 0xa0761d6478bd642fu);
	}
	return h ^ h >> 29;
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The bytes of keys: tags and little-endian integers. Keys are part of saved
 * state, so tags never change their meaning. Inside data/ only.
 */
#ifndef WEIR_DATA_KEY_FORM_H
#define WEIR_DATA_KEY_FORM_H

#include <stdint.h>
#include <string.h>

/* In value_cmp's order of types; the three numbers are one there. New ones
 * come last. */
enum key_tag {
	KEY_NULL,
	KEY_FALSE,
	KEY_TRUE,
	KEY_INT,     /* int64 */
	KEY_FLOAT,   /* bits of a double that is no int64 */
	KEY_DECIMAL, /* scale byte, int128; neither int64 nor double */
	KEY_TEXT,    /* uint32 length, bytes; also the next */
	KEY_BYTES,
	KEY_TIME, /* int64 µs; also the next */
	KEY_DURATION,
	KEY_LIST, /* uint32 length, canonical msgpack; also the next */
	KEY_MAP,
	KEY_DATE, /* as KEY_TIME, of midnight */
	KEY_TAGS
};

#define KEY_TEXT_HEAD 5 /* bytes before a text's */

static inline uint32_t
key_le32(uint32_t u)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	u = __builtin_bswap32(u);
#endif
	return u;
}

static inline uint64_t
key_le64(uint64_t u)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	u = __builtin_bswap64(u);
#endif
	return u;
}

static inline char *
key_put32(char *p, uint32_t u)
{
	u = key_le32(u);
	memcpy(p, &u, 4);
	return p + 4;
}

static inline char *
key_put64(char *p, uint64_t u)
{
	u = key_le64(u);
	memcpy(p, &u, 8);
	return p + 8;
}

static inline uint32_t
key_get32(const char *p)
{
	uint32_t u;

	memcpy(&u, p, 4);
	return key_le32(u);
}

static inline uint64_t
key_get64(const char *p)
{
	uint64_t u;

	memcpy(&u, p, 8);
	return key_le64(u);
}

#endif

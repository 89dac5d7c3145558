/* SPDX-License-Identifier: MIT */
/*
 * UTF-8 (RFC 3629): validation, decoding, encoding. Overlong forms,
 * surrogates and values above U+10FFFF are invalid.
 */
#ifndef WEIR_BASE_UTF8_H
#define WEIR_BASE_UTF8_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* True if all of s is valid. Fast on ASCII (AVX2 where the machine has it). */
bool utf8_valid(struct str s);

/* Offset of the first invalid byte, or s.n when valid. */
size_t utf8_check(struct str s);

/*
 * Decodes one character at *p (p < end), advances *p. Invalid bytes give
 * 0xFFFD and advance by one.
 */
uint32_t utf8_next(const char **p, const char *end);

/* Writes c (a valid scalar value) as 1 to 4 bytes; returns their number. */
unsigned utf8_put(char *out, uint32_t c);

/* Number of characters (not bytes). */
size_t utf8_len(struct str s);

/* Byte offset of character number i (0-based), or s.n if there are fewer. */
size_t utf8_offset(struct str s, size_t i);

/* Columns on a terminal: wide East Asian 2, combining marks 0, others 1. */
unsigned utf8_width(uint32_t c);
size_t utf8_str_width(struct str s);

/*
 * Upper- and lower-case of a character: ASCII, Latin-1, Latin Extended-A,
 * Greek and Cyrillic by simple mapping; others unchanged.
 */
uint32_t utf8_upper(uint32_t c);
uint32_t utf8_lower(uint32_t c);

#endif

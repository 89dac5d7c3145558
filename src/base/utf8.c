/* SPDX-License-Identifier: MIT */
/*
 * UTF-8: validation, decoding, encoding.
 *
 * Text is mostly ASCII, so runs of it are stepped over 32 bytes (AVX2) or 8
 * bytes at a time; what lies between goes through sequence(), the one place
 * that knows which byte sequences are well-formed (RFC 3629 section 4, the
 * grammar of UTF8-octets).
 */
#include "base/utf8.h"

#include "base/must.h"
#include "base/simd.h"

#if SIMD_X86
#include <immintrin.h>
#endif

#define HIGH_BITS 0x8080808080808080u

/*
 * Length of the well-formed sequence at p (p < end), 0 if there is none; *c
 * is its character.
 */
static inline unsigned
sequence(const unsigned char *p, const unsigned char *end, uint32_t *c)
{
	/* Bounds of the second byte by the first; they keep out overlong
	 * forms, surrogates and what is above U+10FFFF. */
	unsigned lead = p[0], lo = 0x80, hi = 0xbf, n;

	if (lead < 0x80) {
		*c = lead;
		return 1;
	}
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	n = 2u + (lead >= 0xe0) + (lead >= 0xf0);
	if (end - p < (long)n)
		return 0;
	if (lead == 0xe0)
		lo = 0xa0;
	else if (lead == 0xed)
		hi = 0x9f;
	else if (lead == 0xf0)
		lo = 0x90;
	else if (lead == 0xf4)
		hi = 0x8f;
	if (p[1] < lo || p[1] > hi)
		return 0;
	*c = (lead & (0x7fu >> n)) << 6 | (p[1] & 0x3fu);
	for (unsigned i = 2; i < n; i++) {
		if (p[i] >> 6 != 2)
			return 0;
		*c = *c << 6 | (p[i] & 0x3fu);
	}
	return n;
}

/* The first byte of [p, end) that is not ASCII, or end. */
static inline const unsigned char *
ascii_words(const unsigned char *p, const unsigned char *end)
{
	uint64_t w;

	for (; end - p >= 8; p += 8) {
		memcpy(&w, p, 8);
		if (w & HIGH_BITS)
			break;
	}
	while (p < end && *p < 0x80)
		p++;
	return p;
}

#if SIMD_X86
SIMD_AVX2
static const unsigned char *
ascii_avx2(const unsigned char *p, const unsigned char *end)
{
	for (; end - p >= 32; p += 32) {
		__m256i v = _mm256_loadu_si256((const __m256i_u *)p);
		unsigned mask = (unsigned)_mm256_movemask_epi8(v);

		if (mask)
			return p + _tzcnt_u32(mask);
	}
	return ascii_words(p, end);
}
#endif

static const unsigned char *
skip_ascii(const unsigned char *p, const unsigned char *end)
{
#if SIMD_X86
	if (simd_avx2 && end - p >= 32)
		return ascii_avx2(p, end);
#endif
	return ascii_words(p, end);
}

size_t
utf8_check(struct str s)
{
	const unsigned char *from = (const unsigned char *)s.p, *p = from;
	const unsigned char *end = p + s.n;
	uint32_t c;

	while ((p = skip_ascii(p, end)) < end) {
		/* Other scripts come in runs too. */
		do {
			unsigned n = sequence(p, end, &c);

			if (!n)
				return (size_t)(p - from);
			p += n;
		} while (p < end && *p >= 0x80);
	}
	return s.n;
}

bool
utf8_valid(struct str s)
{
	return utf8_check(s) == s.n;
}

uint32_t
utf8_next(const char **p, const char *end)
{
	uint32_t c;
	unsigned n =
	    sequence((const unsigned char *)*p, (const unsigned char *)end, &c);

	*p += n ? n : 1;
	return n ? c : 0xfffd;
}

unsigned
utf8_put(char *out, uint32_t c)
{
	unsigned n = 1u + (c >= 0x80) + (c >= 0x800) + (c >= 0x10000);

	must(c <= 0x10ffff && (c < 0xd800 || c > 0xdfff));
	if (n == 1) {
		out[0] = (char)c;
		return 1;
	}
	for (unsigned i = n - 1; i; i--) {
		out[i] = (char)(0x80 | (c & 0x3f));
		c >>= 6;
	}
	out[0] = (char)((0xf00u >> n & 0xf0) | c);
	return n;
}

size_t
utf8_len(struct str s)
{
	const char *p = s.p, *end = s.p + s.n;
	size_t len = 0;

	while (p < end) {
		const char *q = (const char *)skip_ascii(
		    (const unsigned char *)p, (const unsigned char *)end);

		len += (size_t)(q - p);
		for (p = q; p < end && *p < 0; len++)
			utf8_next(&p, end);
	}
	return len;
}

size_t
utf8_offset(struct str s, size_t i)
{
	const char *p = s.p, *end = s.p + s.n;

	for (; p < end && i; i--)
		utf8_next(&p, end);
	return (size_t)(p - s.p);
}

size_t
utf8_str_width(struct str s)
{
	const char *p = s.p, *end = s.p + s.n;
	size_t width = 0;

	while (p < end)
		width += utf8_width(utf8_next(&p, end));
	return width;
}

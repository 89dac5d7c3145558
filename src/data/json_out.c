/* SPDX-License-Identifier: MIT */
/*
 * Values as JSON (RFC 8259).
 *
 * Most of what is written is text without anything to escape, so text is
 * copied while it is looked at: 32 bytes at a time with AVX2 where it is long,
 * else 8. The copy stops in front of the first byte that needs an escape.
 */
#include "data/value.h"

#include "base/simd.h"
#include "data/json_scan.h"
#include "data/pack.h"
#if SIMD_X86
#include <immintrin.h>
#endif

/* n < 8: the same with one word put together from the two ends. */
static size_t
copy_short(char *out, const char *p, size_t n)
{
	uint64_t m;
	size_t i;

	if (n >= 4) {
		memcpy(out, p, 4);
		memcpy(out + n - 4, p + n - 4, 4);
		m = json_special(
		    json_load4(p) | (uint64_t)json_load4(p + n - 4) << 32);
		if (!m)
			return n;
		i = json_first(m);
		return i < 4 ? i : i + n - 8;
	}
	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c < ' ' || c == '"' || c == '\\')
			break;
		out[i] = p[i];
	}
	return i;
}

/*
 * Copies s to out up to the first byte that needs an escape; returns how many
 * bytes that is. Up to s.n bytes of out may be written.
 */
static size_t
copy_words(char *out, const char *p, size_t n)
{
	size_t i;
	uint64_t m;

	if (n < 8)
		return copy_short(out, p, n);
	for (i = 0; i + 8 <= n; i += 8) {
		memcpy(out + i, p + i, 8);
		m = json_special(json_load8(p + i));
		if (m)
			return i + json_first(m);
	}
	memcpy(out + n - 8, p + n - 8, 8);
	m = json_special(json_load8(p + n - 8));
	return m ? n - 8 + json_first(m) : n;
}

#if SIMD_X86
SIMD_AVX2 static size_t
copy_avx2(char *out, const char *p, size_t n)
{
	const __m256i quote = _mm256_set1_epi8('"');
	const __m256i back = _mm256_set1_epi8('\\');
	const __m256i last = _mm256_set1_epi8(0x1f);
	size_t i;

	for (i = 0; i + 32 <= n; i += 32) {
		__m256i w = _mm256_loadu_si256((const __m256i_u *)(p + i));
		__m256i hit =
		    _mm256_or_si256(_mm256_or_si256(_mm256_cmpeq_epi8(w, quote),
					_mm256_cmpeq_epi8(w, back)),
			_mm256_cmpeq_epi8(_mm256_min_epu8(w, last), w));
		unsigned m = (unsigned)_mm256_movemask_epi8(hit);

		_mm256_storeu_si256((__m256i_u *)(out + i), w);
		if (m)
			return i + (size_t)__builtin_ctz(m);
	}
	return i + copy_words(out + i, p + i, n - i);
}
#endif

static size_t
copy_clean(char *out, const char *p, size_t n)
{
#if SIMD_X86
	if (n >= 32 && simd_avx2)
		return copy_avx2(out, p, n);
#endif
	return copy_words(out, p, n);
}

static void
put_escape(struct buf *out, unsigned char c)
{
	static const char digits[] = "0123456789abcdef";
	static const char letters[] = "btn\0fr";
	char letter = 0;

	if (c == '"' || c == '\\')
		letter = (char)c;
	else if (c >= '\b' && c <= '\r')
		letter = letters[c - '\b'];
	buf_addc(out, '\\');
	if (letter) {
		buf_addc(out, letter);
		return;
	}
	buf_lit(out, "u00");
	buf_addc(out, digits[c >> 4]);
	buf_addc(out, digits[c & 15]);
}

void
json_put_text(struct buf *out, struct str s)
{
	size_t i = 0, n;

	buf_reserve(out, s.n + 2);
	out->p[out->n++] = '"';
	for (;;) {
		n = copy_clean(buf_reserve(out, s.n - i + 1), s.p + i, s.n - i);
		out->n += n;
		i += n;
		if (i == s.n)
			break;
		put_escape(out, (unsigned char)s.p[i++]);
	}
	out->p[out->n++] = '"';
}

/* ---- values ---- */

static void
put_base64(struct buf *out, struct str s)
{
	static const char abc[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = (const unsigned char *)s.p;
	char *o = buf_reserve(out, s.n / 3 * 4 + 6), *start = o;
	size_t n = s.n;

	*o++ = '"';
	for (; n; p += 3, n -= n < 3 ? n : 3) {
		unsigned w = (unsigned)p[0] << 16;

		w |= n > 1 ? (unsigned)p[1] << 8 : 0;
		w |= n > 2 ? p[2] : 0;
		*o++ = abc[w >> 18];
		*o++ = abc[w >> 12 & 63];
		*o++ = n > 1 ? abc[w >> 6 & 63] : '=';
		*o++ = n > 2 ? abc[w & 63] : '=';
	}
	*o++ = '"';
	out->n += (size_t)(o - start);
}

static void
put_quoted(struct buf *out, struct value v)
{
	buf_addc(out, '"');
	value_print(out, v);
	buf_addc(out, '"');
}

void
value_json(struct buf *out, struct value v)
{
	switch ((enum type)v.type) {
	case T_NULL:
	case T_ANY:
		buf_lit(out, "null");
		break;
	case T_FLOAT:
		if (v.f - v.f != 0) /* not finite */
			buf_lit(out, "null");
		else
			value_print(out, v);
		break;
	case T_BOOL:
	case T_INT:
	case T_DECIMAL:
		value_print(out, v);
		break;
	case T_TEXT:
		json_put_text(out, value_str(v));
		break;
	case T_BYTES:
		put_base64(out, value_str(v));
		break;
	case T_TIME:
	case T_DATE:
	case T_DURATION:
		put_quoted(out, v);
		break;
	case T_LIST:
	case T_MAP:
		pack_json(out, v);
		break;
	case T_JSON:
		buf_adds(out, value_str(v));
		break;
	}
}

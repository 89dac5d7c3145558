/* SPDX-License-Identifier: MIT */
/*
 * Tokens of JSON, inlined into scanner and walk. JSON_VECTOR says which of
 * the two sets of instructions this inclusion is for; JSON_FN marks functions
 * that use it.
 *
 * Loads run up to JSON_LITERAL bytes over the record's end (SIMD_PAD covers
 * it); what they find there does not matter, since the line feed at the
 * record's end stops every token.
 */
#include "base/utf8.h"
#include "io/json.h"

#if JSON_VECTOR
#include <immintrin.h>
#define JSON_FN SIMD_AVX2 static
#else
#define JSON_FN static
#endif
#define JSON_INLINE JSON_FN inline __attribute__((always_inline))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define EVERY(byte) ((uint64_t)(byte)*0x0101010101010101u)

JSON_INLINE uint64_t
load8(const char *p)
{
	uint64_t w;

	memcpy(&w, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	return w;
}

/* ---- literals ---- */

#if JSON_VECTOR
JSON_INLINE bool
same_literal(const char *p, const struct json_op *op)
{
	__m256i have = _mm256_loadu_si256((const __m256i_u *)p);
	__m256i want = _mm256_loadu_si256((const __m256i_u *)op->lit);
	uint32_t differ =
	    ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(have, want));

	return (differ & op->mask) == 0;
}
#else
JSON_INLINE bool
same_literal(const char *p, const struct json_op *op)
{
	unsigned n = op->len, i;

	for (i = 0; i + 8 <= n; i += 8)
		if (load8(p + i) != load8(op->lit + i))
			return false;
	if (i == n)
		return true;
	return (load8(p + i) ^ load8(op->lit + i)) << (64 - 8 * (n - i)) == 0;
}
#endif

/* ---- strings ---- */

/*
 * The closing quote of the string that begins at p (behind its quote); NULL
 * if it is not valid. Most strings end within the first load and are ASCII.
 */
#if JSON_VECTOR
JSON_INLINE const char *
text_end(const char *p, bool *escaped)
{
	const __m256i quote = _mm256_set1_epi8('"');
	const __m256i back = _mm256_set1_epi8('\\');
	const __m256i last = _mm256_set1_epi8(0x1f);
	const char *from = p;
	uint32_t high = 0;

	for (;; p += 32) {
		__m256i x = _mm256_loadu_si256((const __m256i_u *)p);
		__m256i stop = _mm256_or_si256(
		    _mm256_or_si256(_mm256_cmpeq_epi8(x, quote),
			_mm256_cmpeq_epi8(x, back)),
		    _mm256_cmpeq_epi8(_mm256_min_epu8(x, last), x));
		uint32_t m = (uint32_t)_mm256_movemask_epi8(stop);
		uint32_t h = (uint32_t)_mm256_movemask_epi8(x);

		if (LIKELY(m)) {
			high |= h & _blsmsk_u32(m);
			p += _tzcnt_u32(m);
			break;
		}
		high |= h;
	}
	if (UNLIKELY(*p != '"'))
		return json_text_end(from, p, escaped);
	if (UNLIKELY(high) && !utf8_valid((struct str){from, (size_t)(p - from)}))
		return NULL;
	return p;
}
#else
/* Flags bytes below n (at most 0x80) that are; exact up to the first. */
JSON_INLINE uint64_t
below(uint64_t w, unsigned char n)
{
	return (w - EVERY(n)) & ~w;
}

JSON_INLINE const char *
text_end(const char *p, bool *escaped)
{
	const char *from = p;
	uint64_t high = 0, w, m;

	for (;; p += 8) {
		w = load8(p);
		m = (below(w, 0x20) | below(w ^ EVERY('"'), 1) |
			below(w ^ EVERY('\\'), 1)) &
		    EVERY(0x80);
		if (m)
			break;
		high |= w;
	}
	high |= w & (m ^ (m - 1)) & ~(m & -m);
	p += __builtin_ctzll(m) >> 3;
	if (UNLIKELY(*p != '"'))
		return json_text_end(from, p, escaped);
	if (UNLIKELY(high & EVERY(0x80)) &&
	    !utf8_valid((struct str){from, (size_t)(p - from)}))
		return NULL;
	return p;
}
#endif

/* ---- numbers ---- */

/* Number of digits at p, 8 if there are at least as many; *w gets them. */
JSON_INLINE unsigned
digits(const char *p, uint64_t *w)
{
	uint64_t x = load8(p) ^ EVERY('0');
	uint64_t other = ((x + EVERY(0x76)) | x) & EVERY(0x80);

	*w = x;
	return other ? (unsigned)__builtin_ctzll(other) >> 3 : 8;
}

/* The value of the first n (1 to 7) digits. */
JSON_INLINE uint64_t
join(uint64_t w, unsigned n)
{
	w <<= 64 - 8 * n;
	w = w * 10 + (w >> 8);
	return ((w & 0x000000ff000000ffu) * 0x000f424000000064u +
		   ((w >> 16) & 0x000000ff000000ffu) * 0x0000271000000001u) >>
	    32;
}

JSON_INLINE bool
is_e(char c)
{
	return (c | 0x20) == 'e';
}

/* The byte behind the number at p, or NULL if there is none. */
JSON_INLINE const char *
number_end(const char *p, const char *end)
{
	const char *q = p + (*p == '-');
	uint64_t w;
	unsigned n = digits(q, &w);

	if (UNLIKELY(n - 1 > 6 || (*q == '0' && n > 1)))
		return num_skip(p, end);
	q += n;
	if (*q == '.') {
		n = digits(q + 1, &w);
		if (UNLIKELY(n - 1 > 6))
			return num_skip(p, end);
		q += n + 1;
	}
	return UNLIKELY(is_e(*q)) ? num_skip(p, end) : q;
}

/*
 * The same with its value. Up to 7 digits on both sides of the point are
 * exact in a double, as is the power of ten: one division rounds correctly
 * (Clinger 1990).
 */
JSON_INLINE const char *
number_take(const char *p, const char *end, struct num *out)
{
	static const uint32_t ten[8] = {
	    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};
	bool neg = *p == '-';
	const char *q = p + neg;
	uint64_t w, part, v;
	unsigned n = digits(q, &w);

	if (UNLIKELY(n - 1 > 6 || (*q == '0' && n > 1)))
		return num_scan(p, end, out);
	q += n;
	v = join(w, n);
	if (*q != '.') {
		if (UNLIKELY(is_e(*q) || (neg && !v)))
			return num_scan(p, end, out);
		out->kind = NUM_INT;
		out->i = neg ? -(int64_t)v : (int64_t)v;
		return q;
	}
	n = digits(q + 1, &part);
	q += n + 1;
	if (UNLIKELY(n - 1 > 6 || is_e(*q)))
		return num_scan(p, end, out);
	v = v * ten[n] + join(part, n);
	out->kind = NUM_FLOAT;
	out->f = (double)v / ten[n];
	if (neg)
		out->f = -out->f;
	return q;
}

/* ---- words ---- */

/* The byte behind true, false or null at p, or NULL. */
JSON_INLINE const char *
word_end(const char *p, enum json_kind *kind)
{
	uint32_t w;

	memcpy(&w, p, 4);
	if (!memcmp(&w, "true", 4)) {
		*kind = JSON_TRUE;
		return p + 4;
	}
	if (!memcmp(&w, "null", 4)) {
		*kind = JSON_NULL;
		return p + 4;
	}
	*kind = JSON_FALSE;
	return !memcmp(&w, "fals", 4) && p[4] == 'e' ? p + 5 : NULL;
}

/* ---- slots ---- */

JSON_INLINE struct json_slot *
take(struct json_scan *s, int slot, enum json_kind kind, const char *p,
    const char *end)
{
	struct json_slot *to = &s->slots[slot];

	s->left -= to->kind == JSON_MISSING;
	to->kind = kind;
	to->p = p;
	to->end = end;
	return to;
}

/* True if nothing behind the value that was just taken is of interest. */
JSON_INLINE bool
enough(const struct json_scan *s)
{
	return UNLIKELY(s->trust) && !s->left;
}

/*
 * Reads the string, number or word at p; into the slot unless it is -1.
 * Returns its end or NULL.
 */
JSON_INLINE const char *
scalar(struct json_scan *s, const char *p, const char *end, int slot)
{
	enum json_kind kind;
	const char *q;

	if (*p == '"') {
		bool escaped = false;

		q = text_end(p + 1, &escaped);
		if (!q)
			return NULL;
		if (slot >= 0)
			take(s, slot, escaped ? JSON_ESCAPED : JSON_TEXT, p + 1,
			    q);
		return q + 1;
	}
	if (json_is_digit(*p) || *p == '-') {
		struct num num;

		if (slot < 0)
			return number_end(p, end);
		q = number_take(p, end, &num);
		if (q)
			take(s, slot, JSON_NUMBER, p, q)->num = num;
		return q;
	}
	q = word_end(p, &kind);
	if (q && slot >= 0)
		take(s, slot, kind, p, q);
	return q;
}

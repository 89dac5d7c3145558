/* SPDX-License-Identifier: MIT */
/*
 * Tokens of JSON, inlined into scanner and walk. JSON_VECTOR says which of
 * the two sets of instructions this inclusion is for; JSON_FN marks functions
 * that use it.
 *
 * Loads run over the record's end, by less than SIMD_PAD; what they find there
 * does not matter, since the line feed at the record's end stops every token.
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

/* ---- texts of shapes ---- */

/* True if the first n bytes of the op's text are at p. */
#if JSON_VECTOR
JSON_INLINE bool
same_text(const char *p, const struct json_op *op, unsigned n)
{
	__m256i have = _mm256_loadu_si256((const __m256i_u *)p);
	__m256i want = _mm256_loadu_si256((const __m256i_u *)op->text);
	__m256i same = _mm256_cmpeq_epi8(have, want);

	return _bzhi_u32(~(uint32_t)_mm256_movemask_epi8(same), n) == 0;
}
#else
JSON_INLINE bool
same_text(const char *p, const struct json_op *op, unsigned n)
{
	unsigned i;

	for (i = 0; i + 8 <= n; i += 8)
		if (load8(p + i) != load8(op->text + i))
			return false;
	return i == n ||
	       (load8(p + i) ^ load8(op->text + i)) << (64 - 8 * (n - i)) == 0;
}
#endif

/* ---- strings ---- */

/*
 * Where a string that begins at p (behind its quote) ends if it is ASCII
 * without escapes; else where it is not. *is_long is set if one load was not
 * enough.
 */
#if JSON_VECTOR
/* A byte in all places; the compiler is kept from making it anew each time. */
JSON_INLINE __m256i
everywhere(char c)
{
	__m256i x = _mm256_set1_epi8(c);

	__asm__("" : "+x"(x));
	return x;
}

/*
 * A bit per byte that ends the simple case: quote, backslash, control, and
 * (negative as they are) all that is not ASCII.
 */
JSON_INLINE uint32_t
stops(const char *p)
{
	__m256i x = _mm256_loadu_si256((const __m256i_u *)p);
	__m256i quote = _mm256_cmpeq_epi8(x, everywhere('"'));
	__m256i back = _mm256_cmpeq_epi8(x, everywhere('\\'));
	__m256i low = _mm256_cmpgt_epi8(everywhere(' '), x);

	return (uint32_t)_mm256_movemask_epi8(
	    _mm256_or_si256(_mm256_or_si256(quote, back), low));
}

JSON_INLINE const char *
plain_end(const char *p, bool *is_long)
{
	uint32_t m = stops(p);

	while (UNLIKELY(!m)) {
		*is_long = true;
		p += 32;
		m = stops(p);
	}
	return p + _tzcnt_u32(m);
}

/* The same for strings that tend to be long. */
JSON_INLINE const char *
long_plain_end(const char *p)
{
	uint64_t m = stops(p) | (uint64_t)stops(p + 32) << 32;

	while (UNLIKELY(!m)) {
		p += 32;
		m = (uint64_t)stops(p + 32) << 32;
	}
	return p + _tzcnt_u64(m);
}
#else
/* Flags bytes below n (at most 0x80) that are; exact up to the first. */
JSON_INLINE uint64_t
below(uint64_t w, unsigned char n)
{
	return (w - EVERY(n)) & ~w;
}

JSON_INLINE const char *
plain_end(const char *p, bool *is_long)
{
	uint64_t w, m;

	(void)is_long; /* makes no difference here */
	for (;; p += 8) {
		w = load8(p);
		m = (w | below(w, ' ') | below(w ^ EVERY('"'), 1) |
			below(w ^ EVERY('\\'), 1)) &
		    EVERY(0x80);
		if (m)
			break;
	}
	return p + (__builtin_ctzll(m) >> 3);
}

JSON_INLINE const char *
long_plain_end(const char *p)
{
	bool is_long;

	return plain_end(p, &is_long);
}
#endif

/* The whole string: its closing quote, or NULL. */
JSON_INLINE struct json_text
text_end(const char *p)
{
	bool is_long;
	const char *q = plain_end(p, &is_long);

	if (LIKELY(*q == '"'))
		return (struct json_text){q, JSON_TEXT};
	return json_text_end(q);
}

/* ---- numbers ---- */

/* Number of digits at p, 8 if there are at least as many; *w gets them. */
JSON_INLINE unsigned
digits(const char *p, uint64_t *w)
{
	uint64_t x = load8(p) ^ EVERY('0');
	uint64_t other = ((x + EVERY(0x76)) | x) & EVERY(0x80);

	*w = x;
#if JSON_VECTOR
	return (unsigned)_tzcnt_u64(other) >> 3; /* 64 if there is none */
#else
	return other ? (unsigned)__builtin_ctzll(other) >> 3 : 8;
#endif
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

/* Moves *p behind the number there; false if there is none. */
JSON_INLINE bool
skip_number(const char **p, const char *feed)
{
	const char *q = *p;
	uint64_t w;
	unsigned n = digits(q, &w);

	if (UNLIKELY(n - 1 > 6 || (*q == '0' && n > 1)))
		goto slow;
	q += n;
	if (*q == '.') {
		n = digits(q + 1, &w);
		if (UNLIKELY(n - 1 > 6))
			goto slow;
		q += n + 1;
	}
	if (UNLIKELY(is_e(*q)))
		goto slow;
	*p = q;
	return true;
slow:
	q = num_skip(*p, feed);
	*p = q ? q : *p;
	return q != NULL;
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

static inline void
fill(
    struct json_slot *slot, enum json_kind kind, const char *p, const char *end)
{
	slot->kind = kind;
	slot->p = p;
	slot->end = end;
}

static __attribute__((noinline)) const char *
fill_number_slow(struct json_slot *slot, const char *p, const char *feed)
{
	struct num n;
	const char *q = num_scan(p, feed, &n);

	if (!q)
		return NULL;
	fill(slot, JSON_GREAT, p, q);
	if (n.kind == NUM_INT) {
		slot->kind = JSON_INT;
		slot->i = n.i;
	} else if (n.kind == NUM_FLOAT && n.f - n.f == 0) {
		slot->kind = JSON_FLOAT;
		slot->f = n.f;
	}
	return q;
}

/*
 * The number at *p into a slot; *p moves behind it. Up to 7 digits on both
 * sides of the point are exact in a double, as is the power of ten: one
 * division rounds correctly (Clinger 1990). Others, and negative ones, go the
 * long way.
 */
JSON_INLINE bool
fill_number(struct json_slot *slot, const char **p, const char *feed)
{
	static const uint32_t ten[8] = {
	    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};
	const char *q = *p;
	uint64_t w, part, v;
	unsigned n = digits(q, &w);

	if (UNLIKELY(n - 1 > 6 || (*q == '0' && n > 1)))
		goto slow;
	q += n;
	v = join(w, n);
	if (*q == '.') {
		n = digits(q + 1, &part);
		q += n + 1;
		if (UNLIKELY(n - 1 > 6 || is_e(*q)))
			goto slow;
		fill(slot, JSON_FLOAT, *p, q);
		slot->f = (double)(v * ten[n] + join(part, n)) / ten[n];
	} else {
		if (UNLIKELY(is_e(*q)))
			goto slow;
		fill(slot, JSON_INT, *p, q);
		slot->i = (int64_t)v;
	}
	*p = q;
	return true;
slow:
	q = fill_number_slow(slot, *p, feed);
	*p = q ? q : *p;
	return q != NULL;
}

/* Fills a slot, and counts it. */
JSON_INLINE void
take(struct json_scan *s, int slot, enum json_kind kind, const char *p,
    const char *end)
{
	struct json_slot *to = &s->slots[slot];

	s->left -= to->kind == JSON_MISSING;
	fill(to, kind, p, end);
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
		struct json_text t = text_end(p + 1);

		if (UNLIKELY(!t.end))
			return NULL;
		if (slot >= 0)
			take(s, slot, t.kind, p + 1, t.end);
		return t.end + 1;
	}
	if (json_is_digit(*p) || *p == '-') {
		if (slot < 0)
			return skip_number(&p, end) ? p : NULL;
		s->left -= s->slots[slot].kind == JSON_MISSING;
		return fill_number(&s->slots[slot], &p, end) ? p : NULL;
	}
	q = word_end(p, &kind);
	if (q && slot >= 0)
		take(s, slot, kind, p, q);
	return q;
}

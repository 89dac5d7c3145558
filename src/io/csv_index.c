/* SPDX-License-Identifier: MIT */
/*
 * Masks of 64 bytes at a time, by AVX2 or by 8-byte words, and which of the
 * separators stand inside quotes.
 *
 * The usual case is tried first, without a branch: if every quote is one that
 * opens at the start of a field, closes before a separator, or is doubled, then
 * the prefix XOR of the quotes tells what is inside. Where that does not hold,
 * the chunk's marks are gone through one by one.
 */
#include "io/csv_index.h"

#include <string.h>

#include "base/mem.h"
#include "base/simd.h"

#if SIMD_X86
#include <immintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))
#define STEP 64 /* chunks indexed at once: 4 KiB, so they stay in L1 */

struct masks {
	uint64_t delim, lf, high, quote;
};

/* The bits of a chunk at p that lie before the end of the text. */
static inline uint64_t
in_text(const struct csv_index *ix, const char *p)
{
	return ix->end - p < 64 ? ((uint64_t)1 << (ix->end - p)) - 1
				: ~(uint64_t)0;
}

/* ---- inside or outside of quotes ---- */

/* Bit i of the result: the XOR of bits 0 to i. */
static inline uint64_t
prefix_xor(uint64_t x)
{
	x ^= x << 1;
	x ^= x << 2;
	x ^= x << 4;
	x ^= x << 8;
	x ^= x << 16;
	x ^= x << 32;
	return x;
}

/* True if a CR at p ends a record. */
static bool
cr_ends(const struct csv_index *ix, const char *p)
{
	return p < ix->end && *p == '\r' && (p + 1 == ix->end || p[1] == '\n');
}

/* True if all the bits of at are carriage returns that end a record. */
static bool
all_cr(const struct csv_index *ix, const char *p, uint64_t at)
{
	for (; at; at &= at - 1)
		if (!cr_ends(ix, p + __builtin_ctzll(at)))
			return false;
	return true;
}

/*
 * The usual case. Gives the bytes inside quotes, from the quote that opens to
 * before the one that closes, and in *odd the quotes that open elsewhere;
 * *behind: bytes behind a closing quote that are no separators.
 */
INLINE uint64_t
resolve_usual(const struct masks *m, struct csv_carry *carry, uint64_t *odd,
    uint64_t *behind)
{
	uint64_t sep = m->delim | m->lf;
	uint64_t in = prefix_xor(m->quote) ^ carry->in;
	uint64_t closes = m->quote & ~in;
	uint64_t starts = (sep & ~in) << 1 | carry->start;
	uint64_t next = closes << 1 | carry->closed;

	*odd = m->quote & in & ~(starts | next);
	*behind = next & ~(sep | m->quote);
	*carry =
	    (struct csv_carry){-(in >> 63), (sep & ~in) >> 63, closes >> 63};
	return in;
}

/* Going through the marks of a chunk one by one. */
enum state {
	START,
	PLAIN,
	QUOTED,
	CLOSED
};

struct walk {
	enum state state;
	unsigned at; /* START: the field's first byte; CLOSED: the byte behind
			the quote */
	bool odd;
};

/* A mark at i, somewhere behind a closing quote. */
static enum state
behind_close(const struct csv_index *ix, struct walk *w, const char *p,
    unsigned i, bool is_quote)
{
	if (i == w->at)
		return is_quote ? QUOTED : PLAIN;
	if (i != w->at + 1 || !cr_ends(ix, p + w->at))
		w->odd = true;
	return PLAIN;
}

/* Takes the mark at i; true if it is inside quotes. */
static bool
walk_mark(const struct csv_index *ix, struct walk *w, const char *p, unsigned i,
    bool is_quote)
{
	if (w->state == QUOTED) {
		if (is_quote)
			*w = (struct walk){CLOSED, i + 1, w->odd};
		return true;
	}
	if (w->state == CLOSED) {
		w->state = behind_close(ix, w, p, i, is_quote);
		if (w->state == QUOTED)
			return false;
	}
	if (!is_quote)
		*w = (struct walk){START, i + 1, w->odd};
	else
		w->state = w->state == START && i == w->at ? QUOTED : PLAIN;
	return false;
}

/*
 * All cases; gives the marks inside quotes, and whether some text follows a
 * closing quote.
 */
static __attribute__((noinline)) uint64_t
resolve_marks(const struct csv_index *ix, const struct masks *m,
    struct csv_carry *carry, const char *p, bool *odd)
{
	struct walk w = {.state = carry->in	  ? QUOTED
				  : carry->closed ? CLOSED
				  : carry->start  ? START
						  : PLAIN};
	uint64_t marks = m->delim | m->lf | m->quote, in = 0;

	for (; marks; marks &= marks - 1) {
		unsigned i = (unsigned)__builtin_ctzll(marks);

		if (walk_mark(ix, &w, p, i, m->quote >> i & 1))
			in |= (uint64_t)1 << i;
	}
	if (w.state == CLOSED && w.at < 64 && p + w.at < ix->end &&
	    !(w.at == 63 && cr_ends(ix, p + 63)))
		w.odd = true;
	*odd = w.odd;
	*carry = (struct csv_carry){w.state == QUOTED ? ~(uint64_t)0 : 0,
	    w.state == START && w.at == 64, w.state == CLOSED && w.at == 64};
	return in;
}

/* Takes the separators inside quotes out of the masks of a chunk. */
INLINE bool
resolve(const struct csv_index *ix, struct masks *m, struct csv_carry *carry,
    const char *p)
{
	struct csv_carry was = *carry;
	uint64_t odd, behind, in;
	bool text = false;

	in = resolve_usual(m, carry, &odd, &behind);
	if (__builtin_expect((odd | behind) != 0, 0)) {
		behind &= in_text(ix, p);
		if (odd || !all_cr(ix, p, behind)) {
			in = resolve_marks(ix, m, &was, p, &text);
			*carry = was;
		}
	}
	m->delim &= ~in;
	m->lf &= ~in;
	return text;
}

/* ---- masks ---- */

INLINE void
put_chunk(struct csv_index *ix, struct csv_chunk *c, struct masks m,
    struct csv_carry *carry, const char *p, bool quotes)
{
	if (__builtin_expect(ix->end - p < 64, 0)) {
		uint64_t in = in_text(ix, p);

		m.delim &= in;
		m.lf &= in;
		m.high &= in;
		m.quote &= in;
	}
	c->odd = quotes && resolve(ix, &m, carry, p);
	c->delim = m.delim;
	c->lf = m.lf;
	c->high = m.high;
	c->quote = m.quote;
	c[1].before = c->before + (uint32_t)__builtin_popcountll(m.delim);
}

/* The high bits of eight bytes, gathered into the low byte. */
INLINE uint64_t
gather(uint64_t high)
{
	return (high >> 7) * 0x0102040810204080u >> 56;
}

/* 0x80 in each byte of w that equals the byte of pat (exact for all bytes). */
INLINE uint64_t
same_bytes(uint64_t w, uint64_t pat)
{
	const uint64_t low = 0x7f7f7f7f7f7f7f7fu;
	uint64_t x = w ^ pat;

	return ~(((x & low) + low) | x | low);
}

static uint64_t
fill_bytes(char c)
{
	return (unsigned char)c * (uint64_t)0x0101010101010101u;
}

INLINE void
add_words(struct csv_index *ix, size_t n, bool quotes)
{
	const uint64_t delim = fill_bytes(ix->delim);
	const uint64_t mark = fill_bytes(ix->mark), lf = fill_bytes('\n');
	const char *p = ix->base + 64 * ix->n;
	struct csv_chunk *c = ix->chunks + ix->n, *end = c + n;
	struct csv_carry carry = ix->carry;

	for (; c < end; c++, p += 64) {
		struct masks m = {0};

		for (unsigned i = 0; i < 8; i++) {
			uint64_t w;

			memcpy(&w, p + 8 * i, 8);
			m.delim |= gather(same_bytes(w, delim)) << 8 * i;
			m.quote |= gather(same_bytes(w, mark)) << 8 * i;
			m.lf |= gather(same_bytes(w, lf)) << 8 * i;
			m.high |= gather(w & 0x8080808080808080u) << 8 * i;
		}
		put_chunk(ix, c, m, &carry, p, quotes);
	}
	ix->carry = carry;
}

#if SIMD_X86
SIMD_AVX2
INLINE uint64_t
mask_avx2(__m256i a, __m256i b)
{
	return (uint32_t)_mm256_movemask_epi8(a) |
	       (uint64_t)(uint32_t)_mm256_movemask_epi8(b) << 32;
}

SIMD_AVX2
INLINE uint64_t
same_avx2(__m256i a, __m256i b, __m256i c)
{
	return mask_avx2(_mm256_cmpeq_epi8(a, c), _mm256_cmpeq_epi8(b, c));
}

SIMD_AVX2
INLINE void
add_avx2(struct csv_index *ix, size_t n, bool quotes)
{
	const __m256i delim = _mm256_set1_epi8(ix->delim);
	const __m256i mark = _mm256_set1_epi8(ix->mark);
	const __m256i lf = _mm256_set1_epi8('\n');
	const char *p = ix->base + 64 * ix->n;
	struct csv_chunk *c = ix->chunks + ix->n, *end = c + n;
	struct csv_carry carry = ix->carry;

	for (; c < end; c++, p += 64) {
		__m256i a = _mm256_loadu_si256((const __m256i_u *)p);
		__m256i b = _mm256_loadu_si256((const __m256i_u *)(p + 32));
		struct masks m = {same_avx2(a, b, delim), same_avx2(a, b, lf),
		    mask_avx2(a, b), same_avx2(a, b, mark)};

		put_chunk(ix, c, m, &carry, p, quotes);
	}
	ix->carry = carry;
}

SIMD_AVX2
static void
add_by_avx2(struct csv_index *ix, size_t n)
{
	if (ix->quotes)
		add_avx2(ix, n, true);
	else
		add_avx2(ix, n, false);
}
#endif

static void
add_by_words(struct csv_index *ix, size_t n)
{
	if (ix->quotes)
		add_words(ix, n, true);
	else
		add_words(ix, n, false);
}

/* ---- the window ---- */

void
csv_index_release(struct csv_index *ix)
{
	mem_free(ix->chunks);
	*ix = (struct csv_index){0};
}

void
csv_index_start(struct csv_index *ix, const char *p, const char *end, bool eof)
{
	mem_grow(&ix->chunks, &ix->cap, STEP + 1, sizeof *ix->chunks);
	ix->base = p;
	ix->end = end;
	ix->eof = eof;
	ix->n = 0;
	ix->chunks[0] = (struct csv_chunk){0};
	ix->carry = (struct csv_carry){.start = 1};
}

/* A last record without its line feed gets one in the index. */
static void
mark_end(struct csv_index *ix)
{
	size_t at = (size_t)(ix->end - ix->base);

	if (ix->carry.in || ix->end[-1] == '\n')
		return;
	if (at % 64 == 0) {
		ix->chunks[++ix->n] =
		    (struct csv_chunk){.before = ix->chunks[ix->n].before};
		ix->chunks[ix->n - 1].lf = 1;
	} else {
		ix->chunks[ix->n - 1].lf |= (uint64_t)1 << at % 64;
	}
}

/* Adds up to max chunks behind those there are. */
static bool
add_chunks(struct csv_index *ix, size_t max)
{
	size_t done = 64 * ix->n, left, n;

	if (ix->end <= ix->base ||
	    (left = (size_t)(ix->end - ix->base)) <= done)
		return false;
	n = (left - done + 63) / 64;
	if (n > max)
		n = max;
	mem_grow(&ix->chunks, &ix->cap, ix->n + n + 2, sizeof *ix->chunks);
#if SIMD_X86
	if (simd_avx2)
		add_by_avx2(ix, n);
	else
#endif
		add_by_words(ix, n);
	ix->n += n;
	ix->chunks[ix->n] =
	    (struct csv_chunk){.before = ix->chunks[ix->n].before};
	if (ix->eof && 64 * ix->n >= left)
		mark_end(ix);
	return true;
}

bool
csv_index_more(struct csv_index *ix, const char *keep)
{
	size_t first = (size_t)(keep - ix->base) / 64, max = STEP;

	if (first) {
		memmove(ix->chunks, ix->chunks + first,
		    (ix->n + 1 - first) * sizeof *ix->chunks);
		ix->base += 64 * first;
		ix->n -= first;
	}
	if (ix->n > max)
		max = ix->n; /* one long record: double what is looked at */
	return add_chunks(ix, max);
}

bool
csv_index_next(struct csv_index *ix)
{
	ix->chunks[0] = (struct csv_chunk){.before = ix->chunks[ix->n].before};
	ix->base += 64 * ix->n;
	ix->n = 0;
	return add_chunks(ix, STEP);
}

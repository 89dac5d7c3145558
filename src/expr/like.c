/* SPDX-License-Identifier: MIT */
/* LIKE: compiling patterns into pieces, and finding the pieces. */
#include "expr/like.h"

#include "base/simd.h"
#include "base/utf8.h"

#if SIMD_X86
#include <immintrin.h>
#endif

/* The rest of a pattern's pieces, and where the next one begins. */
struct cut {
	struct arena *arena;
	struct str pattern;
	size_t at;
	char escape;
};

/* The piece up to the next '%' or the end. */
static bool
next_piece(struct cut *c, struct like_piece *out)
{
	size_t room = c->pattern.n - c->at, n = 0;
	char *p = arena_alloc(c->arena, room);
	bool *wild = NULL;

	for (; c->at < c->pattern.n; c->at++) {
		char ch = c->pattern.p[c->at];

		if (c->escape && ch == c->escape) {
			if (++c->at == c->pattern.n)
				return false;
			p[n++] = c->pattern.p[c->at];
			continue;
		}
		if (ch == '%')
			break;
		if (ch == '_') {
			if (!wild)
				wild = arena_zalloc(c->arena, room);
			wild[n] = true;
		}
		p[n++] = ch;
	}
	*out = (struct like_piece){p, wild, n};
	return true;
}

static void
set_kind(struct like *l)
{
	const struct like_piece *p = l->pieces;
	bool before = l->n > 1 && !p[0].n, after = l->n > 1 && !p[l->n - 1].n;

	l->kind = LIKE_GENERAL;
	for (unsigned i = 0; i < l->n; i++)
		if (p[i].wild)
			return;
	if (l->n == 1)
		l->kind = LIKE_EXACT;
	else if (l->n == 2 && after)
		l->kind = LIKE_PREFIX;
	else if (l->n == 2 && before)
		l->kind = LIKE_SUFFIX;
	else if (l->n == 3 && before && after)
		l->kind = LIKE_CONTAINS;
	else
		return;
	p += l->kind == LIKE_SUFFIX || l->kind == LIKE_CONTAINS;
	l->text = (struct str){p->p, p->n};
}

bool
like_compile(struct str pattern, char escape, struct arena *arena,
    struct like *out, const char **reason)
{
	struct cut c = {arena, pattern, 0, escape};
	unsigned n = 1;

	for (size_t i = 0; i < pattern.n; i++)
		n += pattern.p[i] == '%';
	out->pieces = arena_array(arena, n, sizeof(*out->pieces));
	out->n = 0;
	for (;;) {
		struct like_piece piece;

		if (!next_piece(&c, &piece)) {
			*reason = "the pattern ends in its escape character";
			return false;
		}
		/* %% is %: an empty piece in the middle asks for nothing. */
		if (piece.n || !out->n || c.at == pattern.n)
			out->pieces[out->n++] = piece;
		if (c.at == pattern.n)
			break;
		c.at++;
	}
	set_kind(out);
	return true;
}

/* ---- finding a piece ---- */

#if SIMD_X86
/*
 * Sixteen places at once: those where the first and the last byte of the
 * needle are right are looked at (W. Mula, "SIMD-friendly algorithms for
 * substring searching", 2016). The last block overlaps the one before. For
 * needles of 2 bytes and more, texts of at least 15 bytes more than that.
 */
static const char *
find_blocks(struct str s, const char *needle, size_t n)
{
	const __m128i first = _mm_set1_epi8(needle[0]);
	const __m128i last = _mm_set1_epi8(needle[n - 1]);
	size_t end = s.n - (n - 1) - 16;

	for (size_t i = 0;; i = i + 16 < end ? i + 16 : end) {
		const char *p = s.p + i;
		__m128i a = _mm_loadu_si128((const __m128i_u *)p);
		__m128i b = _mm_loadu_si128((const __m128i_u *)(p + n - 1));
		unsigned hits = (unsigned)_mm_movemask_epi8(_mm_and_si128(
		    _mm_cmpeq_epi8(a, first), _mm_cmpeq_epi8(b, last)));

		for (; hits; hits &= hits - 1) {
			const char *q = p + __builtin_ctz(hits);

			if (!memcmp(q + 1, needle + 1, n - 2))
				return q;
		}
		if (i == end)
			return NULL;
	}
}
#endif

static const char *
find(struct str s, const char *needle, size_t n)
{
#if SIMD_X86
	if (n >= 2 && n < s.n && s.n - n >= 15)
		return find_blocks(s, needle, n);
#endif
	if (n > 8 || n > s.n)
		return memmem(s.p, s.n, needle, n);
	/* A short text: memmem would take longer to prepare than this. */
	for (size_t i = 0; i + n <= s.n; i++)
		if (s.p[i] == *needle && !memcmp(s.p + i, needle, n))
			return s.p + i;
	return NULL;
}

/* End of the character at i. */
static size_t
char_end(struct str s, size_t i)
{
	for (i++; i < s.n && ((unsigned char)s.p[i] & 0xc0) == 0x80;)
		i++;
	return i;
}

/* The offset behind the piece at i, or SIZE_MAX if it is not there. */
static size_t
piece_at(const struct like_piece *p, struct str s, size_t i)
{
	if (!p->wild)
		return s.n - i >= p->n && !memcmp(s.p + i, p->p, p->n)
			   ? i + p->n
			   : SIZE_MAX;
	for (size_t k = 0; k < p->n; k++) {
		if (i >= s.n || (!p->wild[k] && s.p[i] != p->p[k]))
			return SIZE_MAX;
		i = p->wild[k] ? char_end(s, i) : i + 1;
	}
	return i;
}

/* True if the piece ends the text without reaching before `from`. */
static bool
piece_ends(const struct like_piece *p, struct str s, size_t from)
{
	size_t i = s.n;

	for (size_t k = p->n; k-- > 0;) {
		if (i <= from)
			return false;
		i--;
		if (!p->wild || !p->wild[k]) {
			if (s.p[i] != p->p[k])
				return false;
			continue;
		}
		while (i > from && ((unsigned char)s.p[i] & 0xc0) == 0x80)
			i--;
	}
	return true;
}

/* The offset behind the first place of the piece at or after i. */
static size_t
piece_find(const struct like_piece *p, struct str s, size_t i)
{
	size_t end;
	const char *hit;

	if (!p->n)
		return i;
	if (!p->wild) {
		hit = find((struct str){s.p + i, s.n - i}, p->p, p->n);
		return hit ? (size_t)(hit - s.p) + p->n : SIZE_MAX;
	}
	for (; i < s.n; i = char_end(s, i)) {
		end = piece_at(p, s, i);
		if (end != SIZE_MAX)
			return end;
	}
	return SIZE_MAX;
}

static bool
match_general(const struct like *l, struct str s)
{
	size_t i = piece_at(&l->pieces[0], s, 0);

	if (i == SIZE_MAX)
		return false;
	if (l->n == 1)
		return i == s.n;
	for (unsigned k = 1; k + 1 < l->n; k++) {
		i = piece_find(&l->pieces[k], s, i);
		if (i == SIZE_MAX)
			return false;
	}
	return piece_ends(&l->pieces[l->n - 1], s, i);
}

bool
like_match(const struct like *l, struct str s)
{
	size_t n = l->text.n;

	if (!s.p)
		s.p = "";
	switch (l->kind) {
	case LIKE_EXACT:
		return s.n == n && !memcmp(s.p, l->text.p, n);
	case LIKE_PREFIX:
		return s.n >= n && !memcmp(s.p, l->text.p, n);
	case LIKE_SUFFIX:
		return s.n >= n && !memcmp(s.p + s.n - n, l->text.p, n);
	case LIKE_CONTAINS:
		return !n || find(s, l->text.p, n);
	case LIKE_GENERAL:
		break;
	}
	return match_general(l, s);
}

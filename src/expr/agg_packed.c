/* SPDX-License-Identifier: MIT */
/*
 * Saved accumulators without their zeros. Most accumulators are a few wide
 * integers and floats of which one or two are in use, and a state has as many
 * as it has keys: what is left out here is read, written and merged nowhere.
 *
 *	plain	AGG_SAVE_VERSION, n bytes
 *	packed	128 | n, a bit for each word of 8 bytes that is not 0, and of
 *		each of these a bit for each byte that is not 0, and those
 *
 * (as the packing of Cap'n Proto). What is longer, or would not be shorter,
 * stays plain: nothing that begins with AGG_SAVE_VERSION is ever packed.
 */
#include "expr/agg_part.h"

#define PACKED 128u
#define WORD 8u

static unsigned
n_words(unsigned n)
{
	return (n + WORD - 1) / WORD;
}

/* Appends the bytes of a word that are not 0; false if there are none. */
static bool
put_word(const char *p, unsigned n, char **to)
{
	unsigned bits = 0;
	char *q = *to + 1;
	uint64_t word = 0;

	memcpy(&word, p, n);
	if (!word)
		return false;
	for (unsigned i = 0; i < n; i++)
		if (p[i]) {
			bits |= 1u << i;
			*q++ = p[i];
		}
	**to = (char)bits;
	*to = q;
	return true;
}

void
agg_pack(struct buf *out, size_t from)
{
	char room[AGG_PACKED_MAX * 2], *to = room + 1;
	size_t n = out->n - from;
	const char *p = out->p + from + 1;
	char *words = to;

	if (!n-- || n > AGG_PACKED_MAX || out->p[from] != AGG_SAVE_VERSION)
		return;
	*room = (char)(PACKED | n);
	to += n_words(n_words((unsigned)n));
	memset(words, 0, (size_t)(to - words));
	for (unsigned i = 0; i * WORD < n; i++) {
		size_t left = n - i * WORD;

		if (put_word(
			p + i * WORD, left < WORD ? (unsigned)left : WORD, &to))
			words[i / 8] |= (char)(1u << i % 8);
	}
	if ((size_t)(to - room) > n)
		return;
	out->n = from;
	buf_add(out, room, (size_t)(to - room));
}

static bool
get_word(const char **p, const char *end, unsigned n, char *to)
{
	unsigned bits;

	if (*p == end)
		return false;
	bits = (unsigned char)*(*p)++;
	if (!bits || bits >> n)
		return false;
	for (unsigned i = 0; bits; i++, bits >>= 1) {
		if (!(bits & 1))
			continue;
		if (*p == end || !**p)
			return false;
		to[i] = *(*p)++;
	}
	return true;
}

/* The words behind the first byte; all of p must be used. */
static bool
get_words(const char *p, const char *end, unsigned n, char *to)
{
	const unsigned char *words = (const unsigned char *)p;
	unsigned count = n_words(n);

	if ((size_t)(end - p) < n_words(count))
		return false;
	p += n_words(count);
	for (unsigned i = 0; i < n_words(count) * 8; i++) {
		unsigned left = n - i * WORD;

		if (!(words[i / 8] >> i % 8 & 1))
			continue;
		if (i >= count || !get_word(&p, end, left < WORD ? left : WORD,
				      to + (size_t)i * WORD))
			return false;
	}
	return p == end;
}

bool
agg_unpack(struct str *bytes, char room[AGG_PACKED_MAX + 1])
{
	unsigned first = bytes->n ? (unsigned char)*bytes->p : 0;

	if (!(first & PACKED))
		return true;
	*room = AGG_SAVE_VERSION;
	memset(room + 1, 0, AGG_PACKED_MAX);
	if (!get_words(
		bytes->p + 1, bytes->p + bytes->n, first ^ PACKED, room + 1))
		return false;
	*bytes = (struct str){room, (first ^ PACKED) + 1};
	return true;
}

/* SPDX-License-Identifier: MIT */
/* Slices: comparison, search, and the distance behind "did you mean". */
#include "base/str.h"

#include <stdint.h>

int
str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	if (c)
		return c;
	return a.n < b.n ? -1 : a.n > b.n;
}

static unsigned char
lower(char c)
{
	unsigned char u = (unsigned char)c;

	return u >= 'A' && u <= 'Z' ? (unsigned char)(u | 0x20) : u;
}

bool
str_eq_nocase(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

bool
str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_eq((struct str){s.p, prefix.n}, prefix);
}

bool
str_ends(struct str s, struct str suffix)
{
	return s.n >= suffix.n &&
	       str_eq((struct str){s.p + s.n - suffix.n, suffix.n}, suffix);
}

static bool
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct str
str_trim(struct str s)
{
	while (s.n && blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

long
str_find(struct str s, struct str needle, size_t from)
{
	const char *hit;

	if (from > s.n || s.n - from < needle.n)
		return -1;
	if (!needle.n)
		return (long)from;
	hit = memmem(s.p + from, s.n - from, needle.p, needle.n);
	return hit ? hit - s.p : -1;
}

#define DISTANCE_MAX 64

unsigned
str_distance(struct str a, struct str b)
{
	unsigned row[3][DISTANCE_MAX + 1];
	size_t an = a.n < DISTANCE_MAX ? a.n : DISTANCE_MAX;
	size_t bn = b.n < DISTANCE_MAX ? b.n : DISTANCE_MAX;

	for (size_t j = 0; j <= bn; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= an; i++) {
		unsigned *cur = row[i % 3], *up = row[(i + 2) % 3];
		unsigned *up2 = row[(i + 1) % 3];

		cur[0] = (unsigned)i;
		for (size_t j = 1; j <= bn; j++) {
			unsigned char x = lower(a.p[i - 1]);
			unsigned char y = lower(b.p[j - 1]);
			unsigned best = up[j - 1] + (x != y);

			if (up[j] + 1 < best)
				best = up[j] + 1;
			if (cur[j - 1] + 1 < best)
				best = cur[j - 1] + 1;
			if (i > 1 && j > 1 && x == lower(b.p[j - 2]) &&
			    y == lower(a.p[i - 2]) && up2[j - 2] + 1 < best)
				best = up2[j - 2] + 1;
			cur[j] = best;
		}
	}
	return row[an % 3][bn];
}

struct str
str_nearest(struct str word, const struct str *names, size_t n)
{
	struct str best = {NULL, 0};
	/* A mistake in four letters, two in eight, then one more for every
	 * four: more of them make another word. */
	unsigned best_d = (word.n < 5	   ? 1
			      : word.n < 9 ? 2
					   : (unsigned)(word.n / 4) + 1) +
			  1;

	if (!word.n)
		return best;
	for (size_t i = 0; i < n; i++) {
		unsigned d = str_distance(word, names[i]);

		if (d < best_d && d < names[i].n) {
			best_d = d;
			best = names[i];
		}
	}
	return best;
}

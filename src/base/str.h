/* SPDX-License-Identifier: MIT */
/*
 * A slice of bytes. It never owns what it points to and need not end in NUL.
 * Whoever keeps one past the batch (or arena) it points into copies it.
 */
#ifndef WEIR_BASE_STR_H
#define WEIR_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct str {
	const char *p;
	size_t n;
};

#define STR(lit) ((struct str){("" lit), sizeof(lit) - 1})
#define STR_ARG(s) (int)(s).n, (s).p /* for "%.*s" */

static inline struct str
str_of(const char *z)
{
	return (struct str){z, strlen(z)};
}

static inline bool
str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || !memcmp(a.p, b.p, a.n));
}

static inline bool
str_is(struct str a, const char *z)
{
	return str_eq(a, str_of(z));
}

/* Bytewise order: <0, 0, >0; a prefix comes before what it begins. */
int str_cmp(struct str a, struct str b);

/* Equal when ASCII letters are taken without case. */
bool str_eq_nocase(struct str a, struct str b);

bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);

/* Without leading and trailing ASCII blanks (space, tab, CR, LF). */
struct str str_trim(struct str s);

/* Offset of the first occurrence of needle at or after from, or -1. */
long str_find(struct str s, struct str needle, size_t from);

/*
 * Edit distance for "did you mean" (Levenshtein with transpositions, letters
 * without case). Slices over 64 bytes are compared by their first 64.
 */
unsigned str_distance(struct str a, struct str b);

/*
 * The one of names[0..n) that is nearest to word, if near enough to be meant
 * (distance at most a third of the length, at least 1); else {NULL, 0}.
 */
struct str str_nearest(struct str word, const struct str *names, size_t n);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * LIKE patterns: '%' is any text, '_' one character, everything else itself.
 *
 * A pattern is cut at its '%' into pieces. The first piece must begin the
 * text, the last must end it, and those between are looked for from left to
 * right, each at its first place: that is enough, since a '%' before a piece
 * can always take what a later place would have skipped. So matching takes
 * time linear in the text for pieces without '_'.
 */
#ifndef WEIR_EXPR_LIKE_H
#define WEIR_EXPR_LIKE_H

#include "base/arena.h"
#include "base/str.h"

struct like_piece {
	const char *p;	  /* '_' stands as a byte of any value … */
	const bool *wild; /* … marked here; NULL if there is none */
	size_t n;
};

enum like_kind {
	LIKE_EXACT,    /* abc */
	LIKE_PREFIX,   /* abc% */
	LIKE_SUFFIX,   /* %abc */
	LIKE_CONTAINS, /* %abc% */
	LIKE_GENERAL
};

struct like {
	enum like_kind kind;
	struct str text; /* the piece of the simple kinds */
	struct like_piece *pieces;
	unsigned n; /* at least 1; n - 1 times '%' */
};

/* escape 0: none. False and *reason if the pattern ends in its escape. */
bool like_compile(struct str pattern, char escape, struct arena *arena,
    struct like *out, const char **reason);

bool like_match(const struct like *l, struct str text);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The rotated siblings of a log: files beside it whose names are its own and
 * what rotation adds (files.h), oldest first, each with its identity.
 */
#ifndef WEIR_RUN_SIBLINGS_H
#define WEIR_RUN_SIBLINGS_H

#include "base/arena.h"
#include "run/identity.h"

/*
 * The first IDENTITY_BYTES of a regular file, inflated, as many as can be had;
 * 0 if it cannot be read. packed: it is compressed. *failure: errno, if there
 * may be more in it than could be read; 0.
 */
size_t siblings_head(
    const char *path, struct stat *st, char *to, bool *packed, int *failure);

struct sibling {
	struct str path;
	struct str log; /* whose it is */
	struct identity id;
	struct stat st;
	size_t n_head;
	char head[IDENTITY_BYTES]; /* its first bytes, inflated */
};

struct siblings {
	struct arena arena;
	struct sibling *list;
	size_t n, cap;
	int failure; /* errno: something there could not be looked at; 0 */
};

/* Fills an empty list with what is there now. */
void siblings_look(struct siblings *s, const char *path);

/* Is it one of them, by its inode, or by its first bytes if it was copied? */
bool siblings_know(const struct siblings *s, const struct sibling *of);

/*
 * The one that is this file, which may have grown since; if none has its
 * inode, the youngest that begins like it. NULL if there is none.
 */
const struct sibling *siblings_find(
    const struct siblings *s, const struct identity *id);

void siblings_release(struct siblings *s);

#endif

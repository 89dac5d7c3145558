/* SPDX-License-Identifier: MIT */
/* A state directory for a moment, below $TMPDIR. */
#ifndef WEIR_CLI_TEMPORARY_H
#define WEIR_CLI_TEMPORARY_H

#include "base/err.h"

struct temporary {
	char *dir;   /* a new one, of ours alone */
	char *store; /* a name in it */
};

/* 0, or -1 and *err. */
int temporary_make(struct temporary *t, struct err *err);

/* Removes the store, if there is one, and the directory. */
void temporary_remove(struct temporary *t);

#endif

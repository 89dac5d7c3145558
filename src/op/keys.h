/* SPDX-License-Identifier: MIT */
/* Keys of the selected rows of a batch, made of some of its columns. */
#ifndef WEIR_OP_KEYS_H
#define WEIR_OP_KEYS_H

#include "op/op.h"
#include "state/table.h"

struct keys {
	const struct column *cols;
	unsigned n;
	struct str *list; /* by selected row */
	uint64_t *hashes;
};

/*
 * Makes them in the batch's arena. A row whose key is too long becomes a bad
 * row.
 */
void keys_make(struct keys *k, struct eval *ev, struct batch *b,
    const struct column *cols, unsigned n);

/*
 * The keys of the selected rows among [from, to) will be looked for in the
 * table, one by one: table_fetch. With them go those of batches ahead.
 */
void keys_fetch(struct table *t, const struct batch *b, const struct str *list,
    const uint64_t *hashes, unsigned from, unsigned to);

/* Some part of a row's key is NULL. */
bool keys_null(const struct keys *k, unsigned row);

#endif

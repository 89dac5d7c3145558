/* SPDX-License-Identifier: MIT */
/*
 * The best rows of a key, in order: a buffer that rows are put into and pushed
 * out of. Rows are ordered by their slots, equal ones by arrival.
 *
 * New rows go behind those in order; when there are as many of them as of the
 * others, all are put in order and what is beyond the limit is let go. So a
 * row costs O(log n), and one that is no better than the worst of a full
 * buffer costs one comparison.
 */
#ifndef WEIR_OP_RANKED_H
#define WEIR_OP_RANKED_H

#include "op/kept.h"

enum ranked_ties {
	RANKED_ROWS, /* row_number: every row has a rank of its own */
	RANKED_RANK, /* rank: equal rows share one, and then there is a gap */
	RANKED_DENSE /* dense_rank: without the gap */
};

struct ranked_rule {
	const struct kept_order *orders;
	unsigned n_orders;
	enum ranked_ties ties;
	uint64_t limit; /* the last rank that is kept */
	bool later; /* of equal rows the later is the better (RANKED_ROWS) */
};

/* Part of a cell; all zeros is empty. */
struct ranked {
	struct kept_row **rows;
	size_t n, cap;
	size_t sorted; /* rows [0, sorted) are in order, the rest new */
	bool full;     /* those in order have all the ranks there are */
};

/* False if a row of these values would not be among the best. */
bool ranked_wants(const struct ranked_rule *rule, const struct ranked *r,
    const struct value *slots);

/* Takes the row, which has its arrival; may let go of others. */
void ranked_put(const struct ranked_rule *rule, struct ranked *r,
    struct kept *kept, struct kept_row *row);

/*
 * The rows and which are in order, as bytes (kept_inline); and back. False:
 * that is nothing of the kind.
 */
void ranked_save(const struct ranked *r, struct kept *kept, struct buf *out);
bool ranked_load(struct ranked *r, struct kept *kept, const struct table *t,
    struct cell *cell, int64_t bucket, struct str bytes);

/* All rows in order, none beyond the limit. */
void ranked_settle(
    const struct ranked_rule *rule, struct ranked *r, struct kept *kept);

/* The rank of row i of a settled buffer, given that of the row before. */
uint64_t ranked_rank(const struct ranked_rule *rule, const struct ranked *r,
    size_t i, uint64_t before);

/* Lets go of the rows, whose entries stay, or are gone. */
void ranked_release(struct ranked *r, struct kept *kept);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Kept rows in order, however many: where memory is limited they go into sorted
 * runs in the state, and come back one by one.
 */
#ifndef WEIR_OP_KEPT_SORT_H
#define WEIR_OP_KEPT_SORT_H

#include "op/kept.h"
#include "op/merging.h"

/* Never 0 for two rows that are not the same. */
typedef int kept_sort_order(
    void *arg, const struct kept_row *a, const struct kept_row *b);

struct kept_sort {
	struct kept *kept;
	kept_sort_order *order;
	void *arg;
	struct kept_row **rows;
	size_t n, cap, at;
	size_t bytes; /* of the rows at hand */
	bool sorted;
	struct kept_row *given;
	struct merging merging;
};

/* runs: the name of the step's map that they go to; two sorts at a time have
 * two. */
void kept_sort_init(struct kept_sort *s, struct kept *kept, const char *runs,
    kept_sort_order *order, void *arg);
void kept_sort_release(struct kept_sort *s);

/* The row is the sort's from now on; it must have no entry in the state. */
void kept_sort_add(struct kept_sort *s, struct kept_row *row);

/* The next row, valid until the next call; NULL at the end. */
struct kept_row *kept_sort_next(struct kept_sort *s);

/* The same, but the row is the caller's from now on. */
struct kept_row *kept_sort_take(struct kept_sort *s);

#endif

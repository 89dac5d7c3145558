/* SPDX-License-Identifier: MIT */
/*
 * A binary heap of (time, item): the next thing that is due comes first.
 * Items of equal time come out in no particular order.
 */
#ifndef WEIR_BASE_HEAP_H
#define WEIR_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_item {
	int64_t at;
	void *item;
};

struct heap {
	struct heap_item *items;
	size_t n, cap;
};

void heap_release(struct heap *h);
/* Puts n items that are in any order into that of a heap. */
void heap_build(struct heap *h);
void heap_push(struct heap *h, int64_t at, void *item);

/* The earliest time, or INT64_MAX if the heap is empty. */
static inline int64_t
heap_next(const struct heap *h)
{
	return h->n ? h->items[0].at : INT64_MAX;
}

/* Removes the earliest item; false if there is none. */
bool heap_pop(struct heap *h, struct heap_item *out);

#endif

/* SPDX-License-Identifier: MIT */
/* A binary heap of (time, item). */
#include "base/heap.h"

#include "base/mem.h"

void
heap_release(struct heap *h)
{
	mem_free(h->items);
	*h = (struct heap){0};
}

void
heap_push(struct heap *h, int64_t at, void *item)
{
	size_t i = h->n;

	mem_grow(&h->items, &h->cap, h->n + 1, sizeof *h->items);
	h->n++;
	while (i && h->items[(i - 1) / 2].at > at) {
		h->items[i] = h->items[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	h->items[i] = (struct heap_item){at, item};
}

/* Puts an item into the subtree whose top, at i, is free. */
static void
sink(struct heap *h, size_t i, struct heap_item item)
{
	size_t child;

	while ((child = 2 * i + 1) < h->n) {
		if (child + 1 < h->n &&
		    h->items[child + 1].at < h->items[child].at)
			child++;
		if (h->items[child].at >= item.at)
			break;
		h->items[i] = h->items[child];
		i = child;
	}
	h->items[i] = item;
}

void
heap_build(struct heap *h)
{
	for (size_t i = h->n / 2; i-- > 0;)
		sink(h, i, h->items[i]);
}

bool
heap_pop(struct heap *h, struct heap_item *out)
{
	if (!h->n)
		return false;
	*out = h->items[0];
	h->n--;
	if (h->n)
		sink(h, 0, h->items[h->n]);
	return true;
}

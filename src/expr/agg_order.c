/* SPDX-License-Identifier: MIT */
/*
 * The skip list of rows; see agg_order.h. A trail holds, level by level, the
 * last row before a place (NULL: the head) and the weight up to and with it.
 */
#include "expr/agg_order.h"

struct trail {
	struct order_row *at[ORDER_LEVELS];
	uint64_t before[ORDER_LEVELS];
};

unsigned
order_levels(uint64_t seq)
{
	uint64_t h = (seq + 1) * 0x9e3779b97f4a7c15u;
	unsigned n = 1;

	h ^= h >> 29;
	h *= 0xbf58476d1ce4e5b9u;
	for (h ^= h >> 32; !(h & 3) && n < ORDER_LEVELS; h >>= 2)
		n++;
	return n;
}

/* The link of a row, or of the head, on a level. */
static struct order_link *
link_at(const struct order_list *l, struct order_row *r, unsigned level)
{
	return (r ? order_links(r, l->which) : l->head) + level;
}

static void
trail_to(const struct order_list *l, const struct order_row *r, struct trail *t)
{
	struct order_row *at = NULL;
	uint64_t before = 0;

	for (unsigned i = l->levels; i--;) {
		struct order_link *link = link_at(l, at, i);

		while (link->next && l->cmp(l->how, link->next, r) < 0) {
			before += link->span;
			at = link->next;
			link = link_at(l, at, i);
		}
		t->at[i] = at;
		t->before[i] = before;
	}
}

/* Makes the head as high as the highest row. */
static void
head_reach(struct order_list *l, struct arena *heap, unsigned levels)
{
	struct order_link *head;
	unsigned cap = levels < 2 ? 2 : levels;

	if (levels <= l->levels)
		return;
	head = arena_array(heap, cap, sizeof *head);
	for (unsigned i = 0; i < cap; i++)
		head[i] = i < l->levels ? l->head[i]
					: (struct order_link){.span = l->total};
	l->head = head;
	l->levels = cap;
}

bool
order_put(struct order_list *l, struct arena *heap, struct order_row *r,
    uint64_t weight)
{
	struct order_link *mine = order_links(r, l->which), *link;
	struct trail t;

	head_reach(l, heap, r->levels);
	trail_to(l, r, &t);
	link = link_at(l, t.at[0], 0);
	if (link->next && !l->cmp(l->how, link->next, r))
		return false;
	for (unsigned i = 0; i < l->levels; i++) {
		uint64_t part = t.before[0] - t.before[i];

		link = link_at(l, t.at[i], i);
		if (i >= r->levels) {
			link->span += weight;
			continue;
		}
		mine[i].next = link->next;
		mine[i].span = link->span - part;
		link->next = r;
		link->span = part + weight;
	}
	l->total += weight;
	return true;
}

void
order_take(struct order_list *l, struct order_row *r, uint64_t weight)
{
	struct trail t;

	trail_to(l, r, &t);
	for (unsigned i = 0; i < l->levels; i++) {
		struct order_link *link = link_at(l, t.at[i], i);

		link->span -= weight;
		if (link->next != r)
			continue;
		link->span += order_links(r, l->which)[i].span;
		link->next = order_links(r, l->which)[i].next;
	}
	l->total -= weight;
}

void
order_weigh(
    struct order_list *l, struct order_row *r, uint64_t from, uint64_t to)
{
	struct trail t;

	if (from == to)
		return;
	trail_to(l, r, &t);
	for (unsigned i = 0; i < l->levels; i++)
		link_at(l, t.at[i], i)->span += to - from;
	l->total += to - from;
}

struct order_row *
order_find(const struct order_list *l, const struct order_row *r)
{
	struct trail t;

	if (!l->levels)
		return NULL;
	trail_to(l, r, &t);
	return link_at(l, t.at[0], 0)->next;
}

struct order_row *
order_at(const struct order_list *l, uint64_t rank)
{
	struct order_row *at = NULL;

	for (unsigned i = l->levels; i--;) {
		struct order_link *link = link_at(l, at, i);

		while (link->next && link->span <= rank) {
			rank -= link->span;
			at = link->next;
			link = link_at(l, at, i);
		}
	}
	return link_at(l, at, 0)->next;
}

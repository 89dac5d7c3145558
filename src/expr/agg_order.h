/* SPDX-License-Identifier: MIT */
/*
 * Rows in an order, with a weight each, to be found by rank: an indexable skip
 * list (Pugh 1990) whose links carry the weight they pass over. A row can be
 * in two lists at once; how high it reaches follows from its number, so the
 * same rows make the same list always. Nothing here recurses.
 */
#ifndef WEIR_EXPR_AGG_ORDER_H
#define WEIR_EXPR_AGG_ORDER_H

#include "expr/agg_part.h"

#define ORDER_LEVELS 16 /* a quarter of the rows reach the next one */

/* Where a row may be: in its order, and among rows of equal values. */
enum order_which {
	ORDER_RANKS,
	ORDER_VALUES,
	ORDER_N
};

struct order_row {
	uint64_t seq;	 /* number of arrival */
	int64_t time;	 /* event time, or 0 */
	int64_t count;	 /* rows like it; less than 0: taken back too early */
	uint32_t n_row;	 /* bytes of its packed values */
	uint32_t n_keys; /* bytes of what it is ordered by */
	uint32_t levels;
	struct order_link {
		struct order_row *next;
		uint64_t span; /* weight behind this row up to the next */
	} links[]; /* of each list, then the values, then the keys */
};

static inline struct order_link *
order_links(struct order_row *r, enum order_which which)
{
	return r->links + which * r->levels;
}

static inline const char *
order_values(const struct order_row *r)
{
	return (const char *)(r->links + ORDER_N * r->levels);
}

static inline const char *
order_keys(const struct order_row *r)
{
	return order_values(r) + r->n_row;
}

struct order_list {
	enum order_which which;
	unsigned levels; /* of head: the highest row's */
	int (*cmp)(const struct agg_call *how, const struct order_row *a,
	    const struct order_row *b);
	const struct agg_call *how; /* set before each use */
	struct order_link *head;
	uint64_t total; /* weight of all rows */
};

/* How high the row of a number reaches, from 1. */
unsigned order_levels(uint64_t seq);

/* Puts a row of some weight in its place; false if one like it is there. */
bool order_put(struct order_list *l, struct arena *heap, struct order_row *r,
    uint64_t weight);

/* Takes a row out that is in the list with this weight. */
void order_take(struct order_list *l, struct order_row *r, uint64_t weight);

/* Changes the weight of a row from one to another. */
void order_weigh(
    struct order_list *l, struct order_row *r, uint64_t from, uint64_t to);

/* The first row that is not less, or NULL. */
struct order_row *order_find(
    const struct order_list *l, const struct order_row *r);

/* The row of a rank, from 0, below total. */
struct order_row *order_at(const struct order_list *l, uint64_t rank);

static inline struct order_row *
order_first(const struct order_list *l)
{
	return l->levels ? l->head->next : NULL;
}

static inline struct order_row *
order_next(const struct order_list *l, struct order_row *r)
{
	return order_links(r, l->which)->next;
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Lists and maps in functions: msgpack, whose items are read one after
 * another and packed anew.
 */
#ifndef WEIR_EXPR_FN_ITEMS_H
#define WEIR_EXPR_FN_ITEMS_H

#include "data/pack.h"
#include "expr/fn_part.h"

/* The items of a list, or the keys and values of a map in turn. */
struct items {
	const char *p, *end;
	struct arena *arena;
	uint32_t left;
};

static inline struct items
items_of(struct fn_frame *f, struct value v)
{
	struct items it = {
	    .p = v.p, .end = v.p + v.len, .arena = f->eval->arena};

	if (v.type == T_MAP && pack_get_map(&it.p, it.end, &it.left))
		it.left *= 2;
	else if (v.type != T_LIST || !pack_get_array(&it.p, it.end, &it.left))
		it.left = 0;
	return it;
}

static inline bool
items_next(struct items *it, struct value *v)
{
	if (!it->left)
		return false;
	it->left--;
	return pack_get(&it->p, it->end, it->arena, v) == PACK_OK;
}

/* A list under construction. */
struct making {
	struct buf items;
	uint32_t n;
};

static inline void
making_add(struct making *m, struct value v)
{
	pack_put(&m->items, v);
	m->n++;
}

static inline void
making_done(struct fn_frame *f, struct making *m, struct value *out)
{
	struct buf list = {0};

	pack_put_array(&list, m->n);
	buf_adds(&list, buf_str(&m->items));
	*out = value_copy(f->eval->arena, value_of_str(T_LIST, buf_str(&list)));
	buf_release(&list);
	buf_release(&m->items);
}

/* The items of a list in an array of their own. */
static inline struct value *
items_all(struct fn_frame *f, struct value list, uint32_t *n)
{
	struct items it = items_of(f, list);
	struct value *v = arena_array(f->eval->arena, it.left, sizeof *v);

	for (*n = 0; items_next(&it, &v[*n]);)
		++*n;
	return v;
}

/* Order of pointers to items: by value, then by place. */
static inline int
items_by_value(const void *a, const void *b)
{
	const struct value *const *x = a, *const *y = b;
	int cmp = value_cmp(**x, **y);

	return cmp ? cmp : (*x > *y) - (*x < *y);
}

#endif

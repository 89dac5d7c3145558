/* SPDX-License-Identifier: MIT */
/*
 * GROUP BY as keys, a window and, with ROLLUP, CUBE or GROUPING SETS, the sets
 * of keys by which rows are grouped: entries beside one another multiply, so
 * GROUP BY a, ROLLUP (b) is GROUPING SETS ((a, b), (a)).
 */
#include "front/sql_group.h"
#include "front/tree.h"

#define SETS_MAX 256

/* ---- sets ---- */

static int
too_many(struct group_plan *g, struct where at)
{
	return err_set(
	    g->b->s->err, ERR_SPEC, at, "more than %d grouping sets", SETS_MAX);
}

static struct group_set *
add_set(struct group_plan *g, struct group_sets *to)
{
	return plan_more(g->b->s->plan, &to->list, &to->n, sizeof *to->list);
}

static bool
has(const struct group_set *s, unsigned key)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->keys[i] == key)
			return true;
	return false;
}

/* Both sets in one. */
static struct group_set
join(struct group_plan *g, const struct group_set *a, const struct group_set *b)
{
	struct group_set s = {
	    arena_array(g->b->s->arena, a->n + b->n, sizeof *s.keys), a->n};

	if (a->n)
		memcpy(s.keys, a->keys, a->n * sizeof *s.keys);
	for (unsigned i = 0; i < b->n; i++)
		if (!has(&s, b->keys[i]))
			s.keys[s.n++] = b->keys[i];
	return s;
}

/* Every set of a with every set of b. */
static int
multiply(struct group_plan *g, struct group_sets *a, const struct group_sets *b,
    struct where at)
{
	struct group_sets all = {0};

	if (a->n * b->n > SETS_MAX)
		return too_many(g, at);
	for (unsigned i = 0; i < a->n; i++)
		for (unsigned k = 0; k < b->n; k++) {
			struct group_set s = join(g, &a->list[i], &b->list[k]);

			*add_set(g, &all) = s;
		}
	*a = all;
	return 0;
}

/* ---- entries ---- */

/* The tree an entry means; an ordinal is a select item. */
static struct node *
entry_node(struct group_plan *g, const struct sql_group *e)
{
	const struct sql_item *item;
	bool bad;

	item = sql_ordinal(g->b, e->node, &bad);
	return bad ? NULL : item ? item->node : e->node;
}

/* An expression: a set of one key, or of none if it is the window's. */
static int
expr_set(struct group_plan *g, const struct sql_group *e, struct group_set *out)
{
	struct node *n = entry_node(g, e);
	unsigned key;
	bool taken;

	*out = (struct group_set){0};
	if (!n || sql_group_window(g, n, &taken))
		return -1;
	if (taken)
		return 0;
	if (sql_group_add_key(g, n, e->where, &key))
		return -1;
	out->keys = arena_alloc(g->b->s->arena, sizeof *out->keys);
	out->keys[out->n++] = key;
	return 0;
}

static int sets_of(
    struct group_plan *g, const struct sql_group *e, struct group_sets *out);

/* (a, b): all of them at once. */
static int
tuple_set(
    struct group_plan *g, const struct sql_group *e, struct group_set *out)
{
	*out = (struct group_set){0};
	if (e->kind == SQL_GROUP_EXPR)
		return expr_set(g, e, out);
	for (unsigned i = 0; i < e->n; i++) {
		struct group_set one;

		if (e->list[i].kind != SQL_GROUP_EXPR)
			return err_set(g->b->s->err, ERR_SPEC, e->list[i].where,
			    "only keys can stand in parentheses here");
		if (expr_set(g, &e->list[i], &one))
			return -1;
		*out = join(g, out, &one);
	}
	return 0;
}

/* ROLLUP and CUBE: entries of the list are keys, or keys in parentheses. */
static int
list_sets(
    struct group_plan *g, const struct sql_group *e, struct group_set **out)
{
	*out = arena_array(g->b->s->arena, e->n, sizeof **out);
	for (unsigned i = 0; i < e->n; i++) {
		if (e->list[i].kind != SQL_GROUP_EXPR &&
		    e->list[i].kind != SQL_GROUP_TUPLE)
			return err_set(g->b->s->err, ERR_SPEC, e->list[i].where,
			    "only keys can stand in ROLLUP and CUBE");
		if (tuple_set(g, &e->list[i], &(*out)[i]))
			return -1;
	}
	return 0;
}

static int
rollup_sets(
    struct group_plan *g, const struct sql_group *e, struct group_sets *out)
{
	struct group_set *list;

	if (list_sets(g, e, &list))
		return -1;
	if (e->n >= SETS_MAX)
		return too_many(g, e->where);
	for (unsigned n = e->n + 1; n-- > 0;) {
		struct group_set s = {0};

		for (unsigned i = 0; i < n; i++)
			s = join(g, &s, &list[i]);
		*add_set(g, out) = s;
	}
	return 0;
}

static int
cube_sets(
    struct group_plan *g, const struct sql_group *e, struct group_sets *out)
{
	struct group_set *list;

	if (list_sets(g, e, &list))
		return -1;
	if (e->n > 8)
		return too_many(g, e->where);
	for (unsigned left_out = 0; left_out < 1u << e->n; left_out++) {
		struct group_set s = {0};

		for (unsigned i = 0; i < e->n; i++)
			if (!(left_out >> (e->n - 1 - i) & 1))
				s = join(g, &s, &list[i]);
		*add_set(g, out) = s;
	}
	return 0;
}

static int
sets_of(struct group_plan *g, const struct sql_group *e, struct group_sets *out)
{
	struct group_set one;

	switch (e->kind) {
	case SQL_GROUP_EXPR:
	case SQL_GROUP_TUPLE:
		if (tuple_set(g, e, &one))
			return -1;
		*add_set(g, out) = one;
		return 0;
	case SQL_GROUP_ROLLUP:
		return rollup_sets(g, e, out);
	case SQL_GROUP_CUBE:
		return cube_sets(g, e, out);
	case SQL_GROUP_SETS:
		for (unsigned i = 0; i < e->n; i++)
			if (sets_of(g, &e->list[i], out))
				return -1;
		return out->n > SETS_MAX ? too_many(g, e->where) : 0;
	case SQL_GROUP_ALL:
		break;
	}
	return 0;
}

/* ---- all of it ---- */

/* GROUP BY ALL: everything in the select list that is no aggregate. */
static int
add_all(struct group_plan *g, struct group_sets *out)
{
	const struct sql_block *b = g->b;
	struct group_set set = {0};

	for (unsigned i = 0; i < b->sel.n_items; i++) {
		struct node *n = b->sel.items[i].node;
		struct sql_group e = {
		    .node = n, .where = b->sel.items[i].where};
		struct group_set one;

		if (b->sel.items[i].aggregate || n->kind == NODE_STAR ||
		    sql_has_over(n) || n->kind == NODE_LITERAL ||
		    (g->windowed && sql_names_edge(n)))
			continue;
		if (expr_set(g, &e, &one))
			return -1;
		set = join(g, &set, &one);
	}
	*add_set(g, out) = set;
	return 0;
}

int
sql_group_read(struct group_plan *g)
{
	const struct sql_block *b = g->b;

	*add_set(g, &g->sets) = (struct group_set){0};
	for (unsigned i = 0; i < b->sel.n_groups; i++) {
		const struct sql_group *e = &b->sel.groups[i];
		struct group_sets sets = {0};

		if (e->kind == SQL_GROUP_ALL ? add_all(g, &sets)
					     : sets_of(g, e, &sets))
			return -1;
		g->has_sets |= e->kind == SQL_GROUP_ROLLUP ||
			       e->kind == SQL_GROUP_CUBE ||
			       e->kind == SQL_GROUP_SETS;
		if (multiply(g, &g->sets, &sets, e->where))
			return -1;
	}
	return 0;
}

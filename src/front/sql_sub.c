/* SPDX-License-Identifier: MIT */
/* Queries within expressions. */
#include "front/sql_lower.h"
#include "front/tree.h"

static bool
is_query(const struct node *n, const void *arg)
{
	const struct node **found = (const struct node **)(uintptr_t)arg;

	if (n->kind != NODE_QUERY)
		return false;
	if (found)
		*found = n;
	return true;
}

bool
sql_has_query(const struct node *n)
{
	return tree_any(n, is_query, NULL);
}

static int
not_yet(struct sql_block *b, const struct node *n)
{
	const struct node *found = n;

	tree_any(n, is_query, &found);
	return err_set(b->s->err, ERR_SPEC, found->where,
	    "queries within expressions are not supported yet");
}

int
sql_sub_condition(struct sql_block *b, struct node *n, struct node **rest)
{
	*rest = n;
	return sql_has_query(n) ? not_yet(b, n) : 0;
}

struct node *
sql_sub_values(struct sql_block *b, struct node *n)
{
	if (!sql_has_query(n))
		return n;
	not_yet(b, n);
	return NULL;
}

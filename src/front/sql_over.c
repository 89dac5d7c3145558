/* SPDX-License-Identifier: MIT */
/* OVER, QUALIFY, DISTINCT ON and LIMIT BY as steps. */
#include "front/sql_lower.h"
#include "front/tree.h"

static bool
is_over(const struct node *n, const void *arg)
{
	const struct node **found = (const struct node **)(uintptr_t)arg;

	if (!n->over)
		return false;
	if (found)
		*found = n;
	return true;
}

bool
sql_has_over(const struct node *n)
{
	return tree_any(n, is_over, NULL);
}

static int
not_yet(struct sql_block *b, struct where at, const char *what)
{
	return err_set(
	    b->s->err, ERR_SPEC, at, "%s is not supported yet", what);
}

int
sql_over_steps(struct sql_block *b)
{
	const struct node *found = NULL;

	for (unsigned i = 0; i < b->sel.n_items; i++)
		if (tree_any(b->sel.items[i].node, is_over, &found))
			return not_yet(b, found->where, "OVER");
	if (b->sel.qualify)
		return not_yet(b, b->sel.qualify->where, "QUALIFY");
	if (b->sel.distinct_on.n)
		return not_yet(b, b->sel.distinct_at, "DISTINCT ON");
	return 0;
}

int
sql_limit_by(struct sql_block *b)
{
	return b->limit_by.n ? not_yet(b, b->limit_at, "LIMIT BY") : 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Looking through expression trees, and changing them by copying; see tree.h.
 *
 * Recursion is as deep as the tree, which the grammar limits. Subtrees may be
 * shared, so sizes are those of the tree written out; replacing keeps to the
 * grammar's limits for both.
 */
#include "front/tree.h"

#include "expr/agg.h"

static bool
is_aggregate(const struct node *n)
{
	return n->kind == NODE_CALL && agg_find(n->name) != NULL;
}

/* Depth and size from those of the children. */
static void
measure(struct node *n)
{
	uint64_t size = 1;
	unsigned depth = 0;

	for (unsigned i = 0; i <= n->n_args; i++) {
		const struct node *arg = i < n->n_args ? n->args[i] : n->filter;

		if (!arg)
			continue;
		size += arg->size;
		if (arg->depth > depth)
			depth = arg->depth;
	}
	n->depth = depth + 1;
	n->size = size > NODE_SIZE_MAX ? NODE_SIZE_MAX + 1 : (unsigned)size;
}

static struct node *
change(struct tree_edit *edit, struct node *n, bool in_aggregate)
{
	struct node *new = edit->replace(edit, n, in_aggregate);
	struct node *filter = NULL, **args = NULL;
	bool same = true;

	if (edit->failed)
		return n;
	if (new)
		return new;
	in_aggregate |= is_aggregate(n);
	if (n->n_args)
		args = arena_array(edit->arena, n->n_args, sizeof *args);
	for (unsigned i = 0; i < n->n_args; i++) {
		args[i] = change(edit, n->args[i], in_aggregate);
		same &= args[i] == n->args[i];
	}
	if (n->filter)
		filter = change(edit, n->filter, in_aggregate);
	if (edit->failed || (same && filter == n->filter))
		return n;
	new = arena_alloc(edit->arena, sizeof *new);
	*new = *n;
	new->args = args;
	new->filter = filter;
	measure(new);
	return new;
}

struct node *
tree_change(struct tree_edit *edit, struct node *n)
{
	struct node *new = change(edit, n, false);

	if (edit->failed)
		return NULL;
	if (new->size <= NODE_SIZE_MAX &&new->depth <= NODE_DEPTH_MAX)
		return new;
	err_set(edit->err, ERR_SPEC, n->where,
	    "this expression is too large with its aliases written out");
	return NULL;
}

bool
tree_any(const struct node *n,
    bool (*test)(const struct node *n, const void *arg), const void *arg)
{
	if (test(n, arg))
		return true;
	for (unsigned i = 0; i < n->n_args; i++)
		if (tree_any(n->args[i], test, arg))
			return true;
	return n->filter && tree_any(n->filter, test, arg);
}

static bool
begins_with(const struct node *n, const void *name)
{
	return n->kind == NODE_NAME && n->path.steps[0].name.p &&
	       str_eq(n->path.steps[0].name, *(const struct str *)name);
}

bool
tree_names(const struct node *n, struct str name)
{
	return tree_any(n, begins_with, &name);
}

bool
node_is_name(const struct node *n, const char *name)
{
	return n->kind == NODE_NAME && n->path.n == 1 &&
	       str_is(n->path.steps[0].name, name);
}

/* ---- making trees ---- */

struct node *
node_name(struct arena *a, struct str name, struct where where)
{
	struct node *n = arena_zalloc(a, sizeof *n);

	n->kind = NODE_NAME;
	n->path = path_of_name(a, name);
	n->where = where;
	n->depth = n->size = 1;
	return n;
}

struct node *
node_literal(struct arena *a, struct value v, struct where where)
{
	struct node *n = arena_zalloc(a, sizeof *n);

	n->kind = NODE_LITERAL;
	n->value = v;
	n->duration_text = v.type == T_DURATION;
	n->where = where;
	n->depth = n->size = 1;
	return n;
}

struct node *
node_call(struct arena *a, const char *name, struct node **args, unsigned n,
    struct where where)
{
	struct node *call = arena_zalloc(a, sizeof *call);

	call->kind = NODE_CALL;
	call->name = str_of(name);
	call->name_at = call->where = where;
	call->args = args;
	call->n_args = n;
	measure(call);
	return call;
}

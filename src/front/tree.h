/* SPDX-License-Identifier: MIT */
/* Looking through expression trees, and changing them by copying. */
#ifndef WEIR_FRONT_TREE_H
#define WEIR_FRONT_TREE_H

#include "expr/expr.h"

/*
 * Asked for every node, parents first: the node to take instead (not looked
 * into any more), or NULL to keep it. in_aggregate: within the arguments of an
 * aggregate.
 */
struct tree_edit {
	struct node *(*replace)(
	    struct tree_edit *edit, struct node *n, bool in_aggregate);
	struct arena *arena;
	struct err *err; /* set and `failed` when replace fails */
	bool failed;
	void *owner;
};

/*
 * The tree with its replacements; what does not change is shared with it. NULL
 * and the error if it grows beyond the limits of a tree.
 */
struct node *tree_change(struct tree_edit *edit, struct node *n);

/* True if test says so of some node. */
bool tree_any(const struct node *n,
    bool (*test)(const struct node *n, const void *arg), const void *arg);

/* True if the tree names a field or column of this name (a of a.b). */
bool tree_names(const struct node *n, struct str name);

/* True for a name of one step. */
bool node_is_name(const struct node *n, const char *name);

/* Trees made here; their place is that of another. */
struct node *node_name(struct arena *a, struct str name, struct where where);
struct node *node_call(struct arena *a, const char *name, struct node **args,
    unsigned n, struct where where);
struct node *node_literal(struct arena *a, struct value v, struct where where);

#endif

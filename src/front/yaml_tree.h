/* SPDX-License-Identifier: MIT */
/*
 * YAML text as a tree with places (through libyaml's events).
 *
 * Every node knows its bytes in the source, so that a mistake can be shown
 * where it is. An alias is the node it stands for; since an anchor is known
 * only when its node is complete, there are no cycles. Limits: 1 MiB of text,
 * depth YAML_DEPTH_MAX, YAML_NODES_MAX nodes with aliases counted in full.
 *
 * Nothing is typed here: a scalar is its text, and what it means depends on
 * the field it fills. `no` in a list of names is a name.
 */
#ifndef WEIR_FRONT_YAML_TREE_H
#define WEIR_FRONT_YAML_TREE_H

#include "base/arena.h"
#include "base/err.h"

#define YAML_BYTES_MAX ((size_t)1 << 20)
#define YAML_DEPTH_MAX 64
#define YAML_NODES_MAX 10000

enum ykind {
	Y_SCALAR,
	Y_SEQ,
	Y_MAP
};

enum ystyle {
	Y_PLAIN,
	Y_SINGLE,
	Y_DOUBLE,
	Y_LITERAL,
	Y_FOLDED
};

struct ynode {
	enum ykind kind;
	enum ystyle style;    /* SCALAR */
	bool flow;	      /* SEQ, MAP: written in [] or {} */
	struct str text;      /* SCALAR */
	struct where where;   /* a block's: its first entry */
	struct ynode **keys;  /* MAP */
	struct ynode **items; /* SEQ: elements; MAP: values */
	unsigned n;
	unsigned size; /* nodes, this one included */
};

/* The one document of a text; NULL and *err on a mistake. */
struct ynode *ynode_parse(
    const struct source *src, struct arena *a, struct err *err);

/* True for an empty plain scalar: `key:` with nothing behind it. */
static inline bool
ynode_empty(const struct ynode *n)
{
	return n->kind == Y_SCALAR && n->style == Y_PLAIN && !n->text.n;
}

/* "a list", "a map", "a text": for messages. */
const char *ynode_kind(const struct ynode *n);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Expressions inside of YAML scalars, with their places in the YAML file.
 *
 * Where a scalar's text stands in the file as it is, the lexer reads the file
 * itself. Where it does not (escapes in quotes, blocks), it reads the text, and
 * places are carried back to the file afterwards.
 */
#ifndef WEIR_FRONT_YAML_EXPR_H
#define WEIR_FRONT_YAML_EXPR_H

#include "expr/expr.h"
#include "front/yaml_tree.h"

struct yexpr {
	struct lexer lx;
	struct source text;  /* of the scalar; name NULL: the file is read */
	const unsigned *map; /* byte of the text to byte of the file */
	const struct source *file;
};

/* Stands at the first token of a scalar. */
void yexpr_init(
    struct yexpr *y, const struct ynode *n, struct arena *a, struct err *err);

/* The same for bytes [from, until) of the file. */
void yexpr_init_span(struct yexpr *y, const struct source *file, unsigned from,
    unsigned until, struct arena *a, struct err *err);

/* Carries places back to the file: those of a tree; that of the error. */
void yexpr_settle(const struct yexpr *y, struct node *n);
struct where yexpr_place(const struct yexpr *y, struct where where);
int yexpr_fail(const struct yexpr *y); /* -1 */

/*
 * YAML cuts plain texts in [] and {} at commas, even within parentheses: in
 * {p95: percentile(t, 0.95)} there are two entries. Given an entry that is not
 * balanced, the number of entries that belong to it; at is its place in
 * n->items (in a map: with an empty value, of its key). 1 if it is whole.
 */
unsigned yexpr_pieces(const struct ynode *n, unsigned at);

#endif

/* SPDX-License-Identifier: MIT */
/* GROUP BY while it is lowered: what sql_group.c and its parts share. */
#ifndef WEIR_FRONT_SQL_GROUP_H
#define WEIR_FRONT_SQL_GROUP_H

#include "front/sql_lower.h"

struct group_key {
	struct node *node;
	struct str name;
	bool named; /* by a select item */
	struct where where;
};

/* A column the step makes, or shows: what of it, and its name in the end. */
struct group_column {
	struct node *node;
	struct str name;
	struct where where;
};

/* Keys by which rows are grouped at once: one of GROUPING SETS. */
struct group_set {
	unsigned *keys; /* numbers */
	unsigned n;
};

struct group_sets {
	struct group_set *list;
	unsigned n;
};

struct group_plan {
	struct sql_block *b;
	struct node *window; /* NULL: one group over everything per key */
	bool windowed;	     /* there will be one */
	bool exact;	     /* nothing is shown but the select list */
	struct group_key *keys;
	unsigned n_keys;
	bool has_sets;
	struct group_sets sets;
	struct group_column *select; /* of the step, in order */
	unsigned n_select;
	struct group_column *result; /* node: the step's column */
	unsigned n_result;
	struct node *having;
	struct node **orders;
};

/* ---- sql_group.c ---- */

struct group_key *sql_group_key(
    const struct group_plan *g, const struct node *n);

/* Makes a key of a tree, if it is none yet; *number may be NULL. */
int sql_group_add_key(
    struct group_plan *g, struct node *n, struct where where, unsigned *number);

/* Takes an entry of GROUP BY that is a window or an edge of one. */
int sql_group_window(struct group_plan *g, struct node *n, bool *taken);

/* True for window_start and window_end of the step's window. */
bool sql_group_edge(const struct group_plan *g, const struct node *n);

/* A name for a column that no other has. */
struct str sql_group_name(const struct group_plan *g, struct str want);

/* Adds a column to those the step computes. */
struct group_column *sql_group_select(
    struct group_plan *g, struct node *n, struct str name, struct where where);

/* The step itself. */
void sql_group_step(struct group_plan *g);

/* ---- sql_sets.c ---- */

/* All of GROUP BY: keys, window and, if it has such, grouping sets. */
int sql_group_read(struct group_plan *g);

/* ---- sql_stage.c ---- */

/* True if the result cannot be computed by the step alone. */
bool sql_group_is_staged(const struct group_plan *g);

/*
 * The step gives keys and aggregates, and what is selected is computed from
 * its rows as from those of any other query.
 */
int sql_group_staged(struct group_plan *g);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * A query as it was written, between the grammar (sql.c, sql_from.c) and the
 * steps it stands for (sql_plan.c). Everything lives in the plan's arena.
 */
#ifndef WEIR_FRONT_SQL_H
#define WEIR_FRONT_SQL_H

#include "expr/expr.h"
#include "plan/plan.h"

struct sql_item {
	struct node *node;
	struct str name; /* alias, or what stands for it */
	bool alias;	 /* written */
	bool self;	 /* it names a field that is called as its alias */
	bool aggregate;	 /* it calls one */
	struct where where;
};

#define SQL_ITEMS_MAX 1024 /* of a SELECT, GROUP BY or ORDER BY list */

struct sql_order {
	struct node *node;
	bool descending, nulls_first;
	struct where where;
};

struct sql_orders {
	struct sql_order *list;
	unsigned n;
};

struct sql_exprs {
	struct node **list;
	unsigned n;
};

/* A name at its place. */
struct sql_ident {
	struct str name;
	struct where where;
};

/* OVER (…), or an entry of WINDOW. */
struct sql_over {
	struct sql_ident base; /* OVER w, or the w of OVER (w …) */
	struct sql_exprs partition;
	struct sql_orders orders;
	struct node *frame; /* as frame_parse gives it, or NULL */
	struct where where;
};

struct sql_window {
	struct sql_ident name;
	struct sql_over *over;
};

struct sql_group {
	struct node *node; /* NULL: ALL */
	struct where where;
};

/* FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), …)): Flink's window functions. */
struct sql_tvf {
	struct node *window; /* as a call in the short spelling; NULL = none */
	struct node *time;   /* DESCRIPTOR's name */
	struct node **partition; /* SESSION's PARTITION BY */
	unsigned n_partition;
	struct where where;
};

struct sql_query {
	struct plan *plan;
	struct lexer lx;
	struct err *err;

	bool distinct;
	struct where distinct_at, select_at;
	struct sql_item *items;
	unsigned n_items;

	struct str from;  /* name or file, or empty */
	bool from_file;	  /* it was quoted */
	struct str alias; /* of FROM */
	struct where from_at;
	struct sql_tvf tvf;

	struct node *where;
	struct sql_group *groups;
	unsigned n_groups;
	struct where group_at; /* src NULL: no GROUP BY */
	struct node *having;
	struct sql_window *windows;
	unsigned n_windows;
	struct node *qualify;
	struct sql_order *orders;
	unsigned n_orders;
	struct node *limit, *offset; /* or NULL */
	struct sql_exprs limit_by;
	struct where limit_at;
};

/* ---- sql.c ---- */

/* True at a word that begins a clause or cannot be an alias. */
bool sql_at_clause(const struct lexer *lx);

/* [AS] name; *given tells whether one was there. */
int sql_alias(struct sql_query *q, struct str *name, bool *given);

/* "expected …" with the nearest word, or that something cannot be done yet. */
int sql_unexpected(struct sql_query *q);

/* expr [ASC|DESC] [NULLS FIRST|LAST] {, …}; BY has been taken. */
int sql_orders(struct sql_query *q, struct sql_orders *out);

/* ---- sql_over_read.c ---- */

/* OVER (…) or OVER name behind a call: the hook of the expression grammar. */
struct node *sql_over_parse(struct lexer *lx, struct node *call, void *owner);

/* WINDOW w AS (…), … and QUALIFY condition, if they are there. */
int sql_windows(struct sql_query *q);

/* ---- sql_over.c ---- */

/* True if the tree calls something OVER other rows. */
bool sql_has_over(const struct node *n);

/* The parts of a query in which such calls may be. */
struct sql_over_job {
	struct plan *plan;
	struct err *err;
	struct sql_item *items;
	unsigned *n_items;
	struct sql_order *orders;
	unsigned n_orders;
	struct node *qualify; /* or NULL; names of items written out */
	const struct sql_window *windows;
	unsigned n_windows;
	/* Settles what names in a window's tree mean. */
	int (*settle)(void *owner, struct node **n);
	void *owner;
	struct where where; /* of the query */
	struct sql_idents { /* out: columns that are not the query's */
		struct sql_ident *list;
		unsigned n;
	} hidden;
};

/*
 * Makes steps of the calls, whose values are columns then; their names stand
 * in the trees where the calls were. QUALIFY becomes a step, too.
 */
int sql_over_steps(struct sql_over_job *job);

/* The step that drops the hidden columns, if * would show them. */
void sql_over_hide(const struct sql_over_job *job);

/* ---- sql_top.c ---- */

/*
 * A condition on the plan's last rows, about to become a step: if it bounds
 * the number of rows that a step running gives, that step becomes top or
 * dedup. hidden: nobody else asks for the number, so it need not be a column.
 * True if that was done; *rest is what is left of the condition (NULL:
 * nothing), or all of it.
 */
bool sql_top(
    struct plan *p, struct node *condition, bool hidden, struct node **rest);

/* ---- sql_from.c ---- */

/* FROM, if there is one. */
int sql_from(struct sql_query *q);

/* ---- sql_name.c ---- */

/*
 * Settles what names mean before steps are made: qualifiers go, Flink's
 * functions of a group window become window_start and window_end, and aliases
 * in WHERE and GROUP BY are written out.
 */
int sql_names(struct sql_query *q);

/*
 * The tree with the names of select items written out, but not within
 * aggregates nor where keep says so. NULL and the error on failure.
 */
struct node *sql_write_out(struct sql_query *q, struct node *n,
    bool (*keep)(const void *arg, const struct node *n), const void *arg);

/*
 * The select item an ordinal (GROUP BY 1) stands for; NULL if the node is no
 * ordinal, or, with an error set and *bad, if it is out of range.
 */
const struct sql_item *sql_ordinal(
    struct sql_query *q, const struct node *n, bool *bad);

/* A tree of GROUP BY or OVER: aliases written out, qualifiers gone. */
int sql_key_name(struct sql_query *q, struct node **n);

/* The select item of that name; NULL if there is none. */
const struct sql_item *sql_item_named(
    const struct sql_query *q, struct str name);

/* True if the tree names window_start or window_end. */
bool sql_names_edge(const struct node *n);

/* Says which field holds event time: TUMBLE(ts, …), DESCRIPTOR(ts). */
int sql_set_time(struct sql_query *q, const struct node *name);

/* ---- sql_plan.c ---- */

/* The steps the query stands for. */
int sql_plan(struct sql_query *q);

/* Adds a step with one argument. */
void sql_step(struct sql_query *q, const char *kind, const char *param,
    struct node *n, struct where where);

/* ORDER BY and LIMIT as steps; keys are the trees to order by. */
void sql_order_steps(struct sql_query *q, struct node *const *keys);

/* ---- sql_group.c ---- */

/* True if rows are grouped: GROUP BY, HAVING, an aggregate, DISTINCT. */
bool sql_is_grouped(const struct sql_query *q);

/* Grouping, HAVING, ORDER BY, LIMIT and the select list as steps. */
int sql_group_steps(struct sql_query *q);

#endif

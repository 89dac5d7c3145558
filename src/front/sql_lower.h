/* SPDX-License-Identifier: MIT */
/*
 * From the tree of a query to the steps it stands for.
 *
 * A query is lowered from the inside out: what it reads becomes the plan's
 * tail (plan/plan.h), then each clause appends its step. Beside the tail goes
 * a relation: what its rows are called. Since records need no schema, a
 * relation may be open: then any name it does not know is a field of the
 * record, and what a name means is known only when the plan is bound.
 *
 *   sql_lower.c  queries: WITH, UNION and kin, VALUES, ORDER BY behind them
 *   sql_read.c   FROM
 *   sql_rel.c    relations
 *   sql_name.c   what names in a SELECT mean
 *   sql_block.c  one SELECT
 *   sql_group.c  its GROUP BY; sql_sets.c grouping sets
 *   sql_sub.c    queries within its expressions
 *   sql_emit.c   INSERT INTO
 */
#ifndef WEIR_FRONT_SQL_LOWER_H
#define WEIR_FRONT_SQL_LOWER_H

#include "front/sql.h"

/* ---- relations ---- */

/* Where a column that could be event time comes from: a field of an input. */
struct sql_origin {
	unsigned input;
	struct path field;
};

enum sql_role {
	SQL_PLAIN,
	SQL_TIME,  /* it is the rows' event time */
	SQL_CLOCK, /* PROCTIME() */
	SQL_START, /* of the relation's window; not there before sql_settle */
	SQL_END,
	SQL_WINDOW_TIME
};

struct sql_column {
	struct str name;
	struct str part; /* the source it belongs to, or empty */
	enum sql_role role;
	struct sql_origin *origins; /* of every input that is read */
	unsigned n_origins;
};

struct sql_rel {
	struct sql_column *cols;
	unsigned n_cols, cap_cols; /* cap 0: the array is another's, too */
	/* Other names are fields of the records of these inputs. */
	bool open;
	struct str open_part;
	unsigned *inputs;
	unsigned n_inputs;
	/* What can stand before a name: t.a. */
	struct str *parts;
	unsigned n_parts;
	/* Columns of the steps that are not the query's. */
	struct str *hidden;
	unsigned n_hidden;
	/*
	 * FROM TUMBLE(…) as long as nothing asked which window a row is in:
	 * either GROUP BY window_start, window_end comes, or sql_settle.
	 */
	const struct sql_tvf *window;
	struct where window_at;
	bool updates; /* rows may be corrections of earlier ones */
};

/* ---- sql_rel.c ---- */

struct sql_column *sql_rel_add(
    struct sql *s, struct sql_rel *r, struct str name);
struct sql_column *sql_rel_find(const struct sql_rel *r, struct str name);

/* Renames the relation: all of it is now called `part`; n names or none. */
int sql_rel_alias(struct sql *s, struct sql_rel *r, struct str part,
    const struct sql_idents *columns);

/* Fails for a column the relation does not have, with the nearest. */
int sql_rel_unknown(struct sql *s, const struct sql_rel *r, struct str name,
    struct where where);

/*
 * The column the tree passes on as it is (by its name alone), with what is
 * known of it; *open if it is a field of an open relation. NULL if neither.
 */
const struct sql_column *sql_rel_passes(
    struct sql *s, const struct sql_rel *r, const struct node *n);

/* True for a call of PROCTIME(). */
bool sql_is_clock(const struct node *n);

/* "there are no windows of processing time". Always -1. */
int sql_no_clock(struct sql *s, struct where where);

/* DESCRIPTOR(ts), TUMBLE(ts, …): rows go by this column's time. */
int sql_rel_time(struct sql *s, const struct sql_rel *r, const struct node *ts);

/* Rows get window_start, window_end and window_time, if they have a window. */
int sql_settle(struct sql *s, struct sql_rel *r);

/* ---- names in force ---- */

struct sql_made;

/* Queries named by WITH, innermost first, and the rows of outer queries. */
struct sql_env {
	const struct sql_env *up;
	struct sql_made *made;	   /* a named query, or */
	const struct sql_rel *rel; /* the rows of the query around */
	unsigned now; /* views and tables are as of this statement */
	bool top;     /* of the statement: not within another query */
};

/* A query that can be read several times. */
struct sql_made {
	struct str name;
	const struct sql_with *with;
	const struct sql_env *env; /* what it can see */
	bool done, open;	   /* open: it is being lowered */
	struct edge edge;
	struct sql_rel rel;
};

/* ---- sql_lower.c ---- */

/* Lowers a query; the tail and *out are its rows. */
int sql_lower(struct sql *s, const struct sql_query *q,
    const struct sql_env *env, struct sql_rel *out);

/* Adds a step with one argument. */
struct op *sql_step(struct sql *s, const char *kind, const char *param,
    struct node *n, struct where where);

/* Adds a step without arguments yet. */
struct op *sql_op(struct sql *s, const char *kind, struct where where);

/* ---- sql_read.c ---- */

/* A new input, whose number is returned: the plan's first one, if it is free.
 */
unsigned sql_input_new(struct sql *s, struct where where);

/* One row, of which no query sees a column, as the tail. */
void sql_one_row(struct sql *s, struct where where, struct sql_rel *out);

/* UNNEST of a list of the rows to its left (sql_unnest.c). */
int sql_unnest(struct sql *s, const struct sql_source *src,
    const struct sql_env *env, struct sql_rel *out);

/* What FROM reads; src NULL: the only input. */
int sql_read(struct sql *s, const struct sql_source *src,
    const struct sql_env *env, struct sql_rel *out);

/* ---- sql_block.c ---- */

/* A SELECT with its ORDER BY and LIMIT, while it is lowered. */
struct sql_block {
	struct sql *s;
	const struct sql_env *env;
	struct sql_select sel; /* a copy, changed as names are settled */
	struct sql_orders orders;
	struct node *limit, *offset;
	struct sql_exprs limit_by;
	struct where limit_at;
	struct sql_rel rel; /* its rows so far */
	struct sql_rel *out;
};

int sql_block_lower(struct sql *s, const struct sql_query *q,
    const struct sql_env *env, struct sql_rel *out);

/* Rows as they are at hand: select list, ORDER BY, LIMIT. */
int sql_plain_steps(struct sql_block *b);

/* Columns of the steps, which * must not show. */
void sql_hide(struct sql_block *b, const struct sql_idents *names);

/* ---- sql_mark.c ---- */

/* CURRENT_WATERMARK(ts) becomes a column; see there. */
int sql_mark_steps(struct sql_block *b);

/* ---- sql_block.c ---- */

/* ORDER BY and LIMIT as steps; keys are the trees to order by. */
void sql_order_steps(struct sql_block *b, struct node *const *keys);

/* ORDER BY ALL becomes the numbers of the select list. */
int sql_order_by_all(struct sql_block *b);

/* DISTINCT over rows of these columns. */
int sql_distinct_step(struct sql *s, const struct sql_rel *r, struct where at);

/* ---- sql_name.c ---- */

/*
 * Settles what names mean before steps are made: qualifiers go, Flink's
 * functions of a group window become window_start and window_end, * is written
 * out where the columns are known, and aliases in WHERE and GROUP BY are.
 */
int sql_names(struct sql_block *b);

/* The tree with its qualifiers gone. NULL and the error on failure. */
struct node *sql_unqualified(
    struct sql *s, const struct sql_rel *r, struct node *n);

/*
 * The tree with the names of select items written out, but not within
 * aggregates nor where keep says so. NULL and the error on failure.
 */
struct node *sql_write_out(struct sql_block *b, struct node *n,
    bool (*keep)(const void *arg, const struct node *n), const void *arg);

/*
 * The select item an ordinal (GROUP BY 1) stands for; NULL if the node is no
 * ordinal, or, with an error set and *bad, if it is out of range.
 */
const struct sql_item *sql_ordinal(
    struct sql_block *b, const struct node *n, bool *bad);

/* A tree of GROUP BY or OVER: aliases written out, qualifiers gone. */
int sql_key_name(struct sql_block *b, struct node **n);

/* Says that there is another item of its name. Returns -1. */
int sql_two_named(struct sql *s, const struct sql_item *item);

/* The select item of that name; NULL if there is none. */
const struct sql_item *sql_item_named(
    const struct sql_block *b, struct str name);

/* True if the tree names window_start, window_end or window_time. */
bool sql_names_edge(const struct node *n);

/* ---- sql_session.c ---- */

/* Gives every row the edges of its session, by steps that look at other rows:
 * SESSION in FROM without an aggregation over it. */
void sql_session(struct sql *s, const struct sql_tvf *w, struct where at);

/* ---- sql_over.c ---- */

/* True if the tree calls something OVER a window. */
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
	unsigned floor;		  /* steps before it are others', too */
	struct where where;	  /* of the query */
	struct sql_idents hidden; /* out: columns that are not the query's */
};

/*
 * Makes steps of the calls, whose values are columns then; their names stand
 * in the trees where the calls were. QUALIFY becomes a step, too.
 */
int sql_over_steps(struct sql_over_job *job);

/* ---- sql_top.c ---- */

/*
 * A condition on the plan's last rows, about to become a step: if it bounds
 * the number of rows that a step running gives, that step becomes top or
 * dedup. Steps before number `floor` are others', too, and stay as they are.
 * hidden: nobody else asks for the number, so it need not be a column. True if
 * that was done; *rest is what is left of the condition (NULL: nothing), or
 * all of it.
 */
bool sql_top(struct plan *p, unsigned floor, struct node *condition,
    bool hidden, struct node **rest);

/* ---- sql_group.c ---- */

/* True if rows are grouped: GROUP BY, HAVING, an aggregate. */
bool sql_is_grouped(const struct sql_block *b);

/* Grouping, HAVING, ORDER BY, LIMIT and the select list as steps. */
int sql_group_steps(struct sql_block *b);

/* ---- sql_sub.c ---- */

/* True if a query is somewhere in the tree. */
bool sql_has_query(const struct node *n);

/*
 * Makes steps of the queries in a condition, and of the condition, except
 * what is returned in *rest (NULL: nothing is left of it).
 */
int sql_sub_condition(struct sql_block *b, struct node *n, struct node **rest);

/* Makes steps of the queries in a tree, whose values are columns then. */
struct node *sql_sub_values(struct sql_block *b, struct node *n);

/* ---- sql_emit.c ---- */

/* INSERT INTO: the tail, whose rows are r, goes to the table. */
int sql_emit(struct sql *s, const struct sql_insert *ins, struct sql_rel *r);

#endif

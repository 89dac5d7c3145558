/* SPDX-License-Identifier: MIT */
/*
 * A query, or a script of statements, as it was written: the tree between the
 * grammar (sql.c, sql_select.c, sql_from.c, sql_script.c) and the steps it
 * stands for (sql_lower.h). Everything lives in the plan's arena.
 *
 * The grammar knows nothing of tables and columns; what a name means is found
 * when the tree is lowered.
 */
#ifndef WEIR_FRONT_SQL_H
#define WEIR_FRONT_SQL_H

#include "expr/expr.h"
#include "plan/plan.h"

struct sql_made;

#define SQL_ITEMS_MAX 1024 /* of a SELECT, GROUP BY or ORDER BY list */
#define SQL_DEPTH_MAX 64   /* queries within queries */

struct sql_query;

/* A name at its place: of a column list, of * EXCEPT (…). */
struct sql_ident {
	struct str name;
	struct where where;
};

struct sql_idents {
	struct sql_ident *list;
	unsigned n;
};

struct sql_exprs {
	struct node **list;
	unsigned n;
};

/* An entry of a select list. */
struct sql_item {
	struct node *node;
	struct str name; /* alias, or what stands for it */
	bool alias;	 /* written */
	bool self;	 /* it names a field that is called as its alias */
	bool aggregate;	 /* it calls one */
	struct where where;
	/* * EXCEPT (a, b) REPLACE (e AS a) */
	struct sql_idents except;
	struct sql_item *replace;
	unsigned n_replace;
};

struct sql_order {
	struct node *node;
	bool all; /* ORDER BY ALL */
	bool descending, nulls_first;
	struct where where;
};

struct sql_orders {
	struct sql_order *list;
	unsigned n;
};

/* ---- GROUP BY ---- */

enum sql_group_kind {
	SQL_GROUP_EXPR,
	SQL_GROUP_ALL,	  /* GROUP BY ALL */
	SQL_GROUP_TUPLE,  /* (a, b), () */
	SQL_GROUP_ROLLUP, /* of list */
	SQL_GROUP_CUBE,
	SQL_GROUP_SETS
};

struct sql_group {
	enum sql_group_kind kind;
	struct node *node;	/* EXPR */
	struct sql_group *list; /* the others but ALL */
	unsigned n;
	struct where where;
};

/* ---- FROM ---- */

/*
 * TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), …)): Flink's window functions. The
 * window is a call in the short spelling, tumble(5m).
 */
struct sql_tvf {
	const char *name; /* TUMBLE … */
	struct node *window;
	struct node *time;	    /* DESCRIPTOR's name */
	struct sql_exprs partition; /* SESSION's PARTITION BY */
};

enum sql_source_kind {
	SQL_TABLE, /* by name */
	SQL_FILE,  /* in quotes */
	SQL_SUBQUERY,
	SQL_TVF,    /* a window function over `left` */
	SQL_UNNEST, /* `left` and, per row, the elements of `node` */
	SQL_JOIN    /* of `left` and `right` */
};

enum sql_join_kind {
	SQL_JOIN_INNER,
	SQL_JOIN_LEFT,
	SQL_JOIN_RIGHT,
	SQL_JOIN_FULL,
	SQL_JOIN_CROSS
};

struct sql_source {
	enum sql_source_kind kind;
	struct where where;
	struct str name;	   /* TABLE, FILE */
	struct str alias;	   /* or empty */
	struct sql_idents columns; /* t(a, b) */
	struct sql_query *query;   /* SUBQUERY */
	struct sql_tvf tvf;
	struct sql_source *left, *right;

	/* UNNEST, JOIN */
	enum sql_join_kind join;
	struct where join_at; /* its words */
	bool natural, lateral;
	struct node *node; /* UNNEST: what is taken apart */
	bool ordinality;
	struct node *on;
	struct sql_idents using;
	struct node *as_of; /* FOR SYSTEM_TIME AS OF */
	struct where match; /* MATCH_RECOGNIZE: its place; src NULL: none */
};

/* ---- OVER ---- */

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

/* ---- queries ---- */

struct sql_select {
	bool distinct;
	struct where distinct_at, at;
	struct sql_exprs distinct_on;
	struct sql_item *items;
	unsigned n_items;
	struct sql_source *from; /* NULL: the input */
	struct node *where;
	struct sql_group *groups;
	unsigned n_groups;
	struct where group_at; /* src NULL: no GROUP BY */
	struct node *having;
	struct sql_window *windows;
	unsigned n_windows;
	struct node *qualify;
};

enum sql_query_kind {
	SQL_SELECT,
	SQL_VALUES,
	SQL_UNION,
	SQL_INTERSECT,
	SQL_EXCEPT,
	SQL_NESTED /* a query in parentheses with a tail of its own: left */
};

struct sql_with {
	struct sql_ident name;
	struct sql_idents columns;
	struct sql_query *query;
};

struct sql_query {
	enum sql_query_kind kind;
	struct where where;
	struct sql_with *with;
	unsigned n_with;

	struct sql_select *select;
	struct sql_exprs *rows; /* VALUES */
	unsigned n_rows;
	struct sql_query *left, *right;
	unsigned seen;	    /* clauses of the query around, so far */
	bool all;	    /* UNION ALL … */
	struct where op_at; /* the word UNION … */

	struct sql_orders orders;
	struct node *limit, *offset; /* or NULL */
	struct sql_exprs limit_by;
	struct where limit_at;
};

/* True if ORDER BY, LIMIT or OFFSET was written. */
static inline bool
sql_has_tail(const struct sql_query *q)
{
	return q->orders.n || q->limit || q->offset;
}

/* ---- statements ---- */

struct sql_option {
	struct str key, value;
	struct where key_at, value_at;
};

struct sql_column_def {
	struct sql_ident name;
	struct cast_type type;
	struct node *computed;	   /* c AS expr */
	bool metadata, is_virtual; /* METADATA [FROM 'key'] [VIRTUAL] */
	struct sql_ident key;	   /* behind FROM */
};

struct sql_table {
	struct sql_ident name;
	struct sql_column_def *columns;
	unsigned n_columns;
	struct sql_ident watermark_for; /* WATERMARK FOR … */
	struct node *watermark;
	struct sql_idents primary;
	struct sql_idents partitioned; /* PARTITIONED BY */
	struct sql_option *options;
	unsigned n_options;
	struct where where;
	unsigned since;	  /* the statement that made it */
	unsigned dropped; /* the one that dropped it, 0 = none */
	int input;	  /* number of the plan's input; -1: not read yet */
};

struct sql_view {
	struct sql_ident name;
	struct sql_idents columns;
	struct sql_query *query;
	unsigned since, dropped; /* statements, as those of a table */
	struct sql_made *made;	 /* what it is lowered to, once it was read */
};

/* INSERT INTO, or a query whose result is written out (no table). */
struct sql_insert {
	struct sql_ident table;
	struct sql_idents columns;
	struct sql_option *partition; /* PARTITION (a = 'x') */
	unsigned n_partition;
	struct sql_query *query;
	unsigned now; /* number of the statement */
};

/* ---- the parser ---- */

/* What reads a text, and what has been declared so far. */
struct sql {
	struct plan *plan;
	struct arena *arena; /* the plan's */
	struct err *err;
	struct lexer lx;
	struct lex_hooks hooks;
	unsigned depth;	   /* queries within queries */
	unsigned seen;	   /* bits: clauses of the query that were there */
	struct where bare; /* the last alias written without AS */
	unsigned floor;	   /* steps before it are read by others, too */
	unsigned n_values; /* columns made of queries so far */
	bool queried;	   /* a query writes to the plan's default output */

	struct sql_table *tables;
	unsigned n_tables;
	struct sql_view *views;
	unsigned n_views;
	unsigned now;		 /* number of the statement at hand, from 1 */
	struct sql_insert *jobs; /* what writes: INSERT, queries */
	unsigned n_jobs;
	struct str *reads; /* names in all FROMs */
	unsigned n_reads;
};

/* ---- sql.c: words, queries ---- */

/* True at a word that begins a clause or cannot be an alias. */
bool sql_at_clause(const struct lexer *lx);

/* Takes the first word of a clause, if it is here, and remembers it. */
bool sql_clause(struct sql *s, const char *word);

/* [AS] name; *given tells whether one was there. */
int sql_alias(struct sql *s, struct str *name, bool *given);

/* A name; `what` says of what, for the message. */
int sql_ident(struct sql *s, const char *what, struct sql_ident *out);

/* ( name {, name} ), the '(' not taken yet. */
int sql_ident_list(struct sql *s, const char *what, struct sql_idents *out);

/* expr {, expr}; * is refused. */
int sql_expr_list(struct sql *s, struct sql_exprs *out);

/* "expected …" with the nearest word, at the current token. Always -1. */
int sql_unexpected(struct sql *s);

/* The place from a token's start to the last token taken. */
struct where sql_since(const struct sql *s, unsigned from);

/* True at the first word of a query, or at the '(' of one. */
bool sql_at_query(const struct lexer *lx);

/* A query with WITH and its tail; NULL and the error on failure. */
struct sql_query *sql_query_parse(struct sql *s);

/* The ')' behind a query, which may be NULL (then the error is set). */
int sql_close(struct sql *s, const struct sql_query *q);

/* ---- sql_select.c ---- */

/* SELECT … QUALIFY, without ORDER BY and what follows it. */
struct sql_select *sql_select_parse(struct sql *s);

/* BY is next: expr [ASC|DESC] [NULLS FIRST|LAST] {, …}. */
int sql_orders_parse(struct sql *s, struct sql_orders *out);

/* ---- sql_over_read.c ---- */

/* OVER (…) or OVER name behind a call: the hook of the expression grammar. */
struct node *sql_over_parse(struct lexer *lx, struct node *call, void *owner);

/* WINDOW w AS (…), …, if it is there. */
int sql_windows(struct sql *s, struct sql_select *sel);

/* ---- sql_from.c ---- */

/* All of FROM, the word taken. NULL on failure. */
struct sql_source *sql_from_parse(struct sql *s);

/* ---- sql_tvf.c ---- */

/* True at TUMBLE ( and the like. */
bool sql_at_tvf(const struct lexer *lx);

/* TUMBLE(…), its table as src->left. */
int sql_tvf_parse(struct sql *s, struct sql_source *src);

/* A name or file that a window function reads, or of FROM. */
int sql_source_name(struct sql *s, struct sql_source *src);

/* ---- sql_script.c ---- */

/* Statements up to the end of the text, lowered one by one. */
int sql_script(struct sql *s);

/* Notes for -v that an option or setting means nothing here. Always 0. */
int sql_note(struct sql *s, const char *what, struct str key);

/* ---- sql_table.c ---- */

/*
 * Behind CREATE [TEMPORARY] TABLE. Where AS follows and the table is made, *as
 * is what fills it: without a place of its own the table is a view, and
 * as->query NULL.
 */
int sql_create_table(struct sql *s, unsigned from, struct sql_insert *as);

/* ---- sql_show.c ---- */

/* SHOW … and DESCRIBE t, as a query of their rows. NULL on error. */
struct sql_query *sql_show(struct sql *s);

/* The table or view of a name as of statement s->now; NULL: there is none. */
struct sql_table *sql_table_find(const struct sql *s, struct str name);
struct sql_view *sql_view_find(const struct sql *s, struct str name);

/* WITH ('key' = 'value', …), the word taken. */
int sql_options_parse(struct sql *s, struct sql_option **list, unsigned *n);

/*
 * The plan's input that a table is read from, made when first asked for.
 * -1 and the error if it cannot be read.
 */
int sql_table_input(struct sql *s, struct sql_table *t, unsigned *input);

/* The step that adds a table's computed columns to its rows. */
int sql_table_columns(struct sql *s, const struct sql_table *t);

/* Output settings of a table that INSERT INTO names. */
int sql_table_output(struct sql *s, const struct sql_table *t,
    struct where where, struct plan_output *out);

#endif

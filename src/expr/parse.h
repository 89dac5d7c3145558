/* SPDX-License-Identifier: MIT */
/*
 * The grammar's parts among themselves. Every function stands at the first
 * token of what it reads and leaves the lexer behind it; NULL means that the
 * error has been set.
 */
#ifndef WEIR_EXPR_PARSE_H
#define WEIR_EXPR_PARSE_H

#include "expr/expr.h"
#include "expr/unit.h"

#define PARSE_DEPTH_MAX 200 /* nesting of the grammar */

/* A growing list of nodes in the arena. */
struct nodes {
	struct node **p;
	unsigned n, cap;
};

void nodes_add(struct lexer *lx, struct nodes *list, struct node *n);

/* ---- parse.c ---- */

/* Counts nesting; -1 and the error if it is too deep. */
int parse_enter(struct lexer *lx);
void parse_leave(struct lexer *lx);

struct node *parse_expr(struct lexer *lx); /* OR level */
struct node *parse_sum(struct lexer *lx);  /* + - || and what binds tighter */

/* Nodes from byte `from` to the end of the last token taken. */
struct node *parse_call_of(struct lexer *lx, unsigned from, struct str name,
    struct where name_at, struct nodes args);
struct node *parse_call1(struct lexer *lx, unsigned from, const char *name,
    struct where at, struct node *a);
struct node *parse_call2(struct lexer *lx, unsigned from, const char *name,
    struct where at, struct node *a, struct node *b);
struct node *parse_literal(struct lexer *lx, unsigned from, struct value v);

/* "expected an expression, got …"; always NULL. */
struct node *parse_missing(struct lexer *lx);

/* expr {, expr} into list; 0 or -1. */
int parse_list(struct lexer *lx, struct nodes *list);

/* True at SELECT, WITH or VALUES: a query in parentheses follows. */
bool parse_at_query(const struct lexer *lx);

/* The query (the '(' is taken) and its ')'. */
struct node *parse_query(struct lexer *lx, unsigned from);

/* ---- parse_prim.c ---- */

struct node *parse_postfix(struct lexer *lx);

/* What follows the arguments of a call: ORDER BY, the ')', FILTER … */
struct node *parse_call_rest(struct lexer *lx, struct where at, struct str name,
    struct nodes args, bool distinct);

/* The call with one more condition: that x IS NOT NULL. */
struct node *parse_filtered(
    struct lexer *lx, struct node *call, struct node *x);

/* ---- parse_form.c ---- */

/*
 * Forms with words inside: CASE, CAST, EXTRACT … *found tells whether one
 * begins here.
 */
struct node *parse_form(struct lexer *lx, bool *found);

/* ---- parse_json.c ---- */

/* Behind IS JSON: [VALUE | SCALAR | ARRAY | OBJECT]. */
struct node *parse_is_json(
    struct lexer *lx, unsigned from, struct where at, struct node *x);

/* Forms of SQL/JSON, behind their '('. */
struct node *form_json_array(struct lexer *lx, unsigned from, struct where at);
struct node *form_json_arrayagg(
    struct lexer *lx, unsigned from, struct where at);
struct node *form_json_objectagg(
    struct lexer *lx, unsigned from, struct where at);
struct node *form_json_exists(struct lexer *lx, unsigned from, struct where at);
struct node *form_json_object(struct lexer *lx, unsigned from, struct where at);
struct node *form_json_query(struct lexer *lx, unsigned from, struct where at);
struct node *form_json_value(struct lexer *lx, unsigned from, struct where at);

/* ---- parse_row.c ---- */

/* A row of values, (a, b) or ROW(a, b); an interval of months. */
bool parse_is_row(const struct node *n);
bool parse_is_months(const struct node *n);

/* A comparison of two rows, an IN of a row, (a, b) OVERLAPS what follows. */
struct node *parse_compare_rows(struct lexer *lx, unsigned from,
    const char *name, struct where at, struct node *a, struct node *b);
struct node *parse_row_in(struct lexer *lx, unsigned from, struct where at,
    struct node *x, const struct nodes *list);
struct node *parse_overlaps(
    struct lexer *lx, unsigned from, struct where at, struct node *x);

/* a + b or a - b, of which one is an interval of months. */
struct node *parse_sum_months(struct lexer *lx, unsigned from, const char *name,
    struct where at, struct node *a, struct node *b);

/* ---- parse_time.c ---- */

/* DATE '…', TIMESTAMP '…', INTERVAL '…' unit. *found as above. */
struct node *parse_time_literal(struct lexer *lx, bool *found);

/* The unit of time at the current token, or UNIT_NONE with the error set. */
enum unit parse_unit(struct lexer *lx);

/* True for words that cannot be a bare name where an expression begins. */
bool parse_reserved(struct str name);

#endif

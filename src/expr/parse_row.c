/* SPDX-License-Identifier: MIT */
/*
 * What is compared and added as a whole and becomes plain operators at once:
 * rows of values, (a, b) = (1, 2), and intervals of months, which have no
 * length of their own.
 */
#include "expr/parse.h"

/* ---- times and months ---- */

bool
parse_is_months(const struct node *n)
{
	return n->kind == NODE_CALL && str_is(n->name, "interval months");
}

/* t + INTERVAL '1' MONTH, t - INTERVAL '1' YEAR: by the calendar, in UTC. */
struct node *
parse_sum_months(struct lexer *lx, unsigned from, const char *name,
    struct where at, struct node *a, struct node *b)
{
	bool swapped = parse_is_months(a) && *name == '+';
	struct node *t = swapped ? b : a, *months = swapped ? a : b, *n;

	if (parse_is_months(t))
		return parse_call2(lx, from, name, at, a, b);
	months = months->args[0];
	if (*name == '-')
		months = parse_literal(
		    lx, months->where.at, value_int(-months->value.i));
	n = parse_call2(lx, from, "timestampadd", at, months, t);
	if (n)
		n->unit = STR("month");
	return n;
}

/* ---- rows of values ---- */

bool
parse_is_row(const struct node *n)
{
	return n->kind == NODE_CALL && str_is(n->name, "row");
}

static struct node *
rows_of_unlike_length(struct lexer *lx, unsigned from)
{
	err_set(lx->err, ERR_SPEC,
	    (struct where){lx->src, from, lx->done - from},
	    "rows of values of different lengths cannot be compared");
	return NULL;
}

/* (a, b) = (c, d): a = c AND b = d. */
static struct node *
rows_equal(struct lexer *lx, unsigned from, struct where at, struct node *a,
    struct node *b)
{
	struct nodes all = {0};

	for (unsigned i = 0; i < a->n_args; i++) {
		struct node *n =
		    parse_call2(lx, from, "=", at, a->args[i], b->args[i]);

		if (!n)
			return NULL;
		nodes_add(lx, &all, n);
	}
	return all.n == 1 ? all.p[0]
			  : parse_call_of(lx, from, STR("and"), at, all);
}

/* (a, b) < (c, d): a < c OR a = c AND b < d; last: the operator there. */
static struct node *
rows_less(struct lexer *lx, unsigned from, const char *name, struct where at,
    struct node *a, struct node *b)
{
	const char *strict = *name == '<' ? "<" : ">";
	unsigned i = a->n_args - 1;
	struct node *n =
	    parse_call2(lx, from, name, at, a->args[i], b->args[i]);

	while (n && i--) {
		struct node *less =
		    parse_call2(lx, from, strict, at, a->args[i], b->args[i]);
		struct node *same =
		    parse_call2(lx, from, "=", at, a->args[i], b->args[i]);

		n = parse_call2(lx, from, "and", at, same, n);
		n = parse_call2(lx, from, "or", at, less, n);
	}
	return n;
}

struct node *
parse_compare_rows(struct lexer *lx, unsigned from, const char *name,
    struct where at, struct node *a, struct node *b)
{
	if (a->n_args != b->n_args)
		return rows_of_unlike_length(lx, from);
	if (!strcmp(name, "="))
		return rows_equal(lx, from, at, a, b);
	if (!strcmp(name, "<>"))
		return parse_call1(
		    lx, from, "not", at, rows_equal(lx, from, at, a, b));
	return rows_less(lx, from, name, at, a, b);
}

/* (a, b) IN ((1, 2), (3, 4)) */
struct node *
parse_row_in(struct lexer *lx, unsigned from, struct where at, struct node *x,
    const struct nodes *list)
{
	struct nodes any = {0};

	for (unsigned i = 0; i < list->n; i++) {
		struct node *n = list->p[i];

		if (!parse_is_row(n) || n->n_args != x->n_args)
			return rows_of_unlike_length(lx, from);
		n = rows_equal(lx, from, at, x, n);
		if (!n)
			return NULL;
		nodes_add(lx, &any, n);
	}
	return any.n == 1 ? any.p[0]
			  : parse_call_of(lx, from, STR("or"), at, any);
}

/* The end of a span that is written as its length. */
static struct node *
span_end(struct lexer *lx, struct node *row)
{
	struct node *start = row->args[0], *end = row->args[1];

	if (parse_is_months(end))
		return parse_sum_months(
		    lx, row->where.at, "+", row->where, start, end);
	if (end->kind != NODE_LITERAL || end->value.type != T_DURATION)
		return end;
	return parse_call2(lx, row->where.at, "+", row->where, start, end);
}

/* (a, b) OVERLAPS (c, d) */
struct node *
parse_overlaps(struct lexer *lx, unsigned from, struct where at, struct node *x)
{
	struct node *y = parse_sum(lx);
	struct nodes args = {0};

	if (!y)
		return NULL;
	if (!parse_is_row(x) || !parse_is_row(y) || x->n_args != 2 ||
	    y->n_args != 2) {
		err_set(lx->err, ERR_SPEC,
		    (struct where){lx->src, from, lx->done - from},
		    "OVERLAPS takes two spans: (start, end) OVERLAPS (start, "
		    "end)");
		return NULL;
	}
	nodes_add(lx, &args, x->args[0]);
	nodes_add(lx, &args, span_end(lx, x));
	nodes_add(lx, &args, y->args[0]);
	nodes_add(lx, &args, span_end(lx, y));
	for (unsigned i = 0; i < 4; i++)
		if (!args.p[i])
			return NULL;
	return parse_call_of(lx, from, STR("overlaps"), at, args);
}

/* SPDX-License-Identifier: MIT */
/*
 * A small table to evaluate expressions over, for tests: four rows with
 * ordinary values, edges, NULLs and mixed types. Cells are written as
 * expressions themselves.
 */
#ifndef WEIR_TESTS_EXPR_ROWS_H
#define WEIR_TESTS_EXPR_ROWS_H

#include "base/mem.h"
#include "data/batch.h"
#include "expr/expr.h"

#define N_ROWS 4
#define N_COLS 13

static const struct {
	const char *name;
	enum type type;
	const char *cells[N_ROWS];
} table[N_COLS] = {
    /* clang-format off */
    {"i", T_INT, {"7", "-3", "NULL", "9223372036854775807"}},
    {"j", T_INT, {"2", "0", "5", "-1"}},
    {"f", T_FLOAT, {"1.5e0", "-0.25e0", "NULL", "1e300"}},
    {"d", T_DECIMAL, {"1.50", "-2.", "NULL",
	"99999999999999999999999999999999999999"}},
    {"s", T_TEXT, {"'abc'", "''", "NULL", "'Ünï%_'"}},
    {"b", T_BOOL, {"TRUE", "FALSE", "NULL", "TRUE"}},
    {"t", T_TIME, {"TIMESTAMP '2026-03-28 22:15:30.5'",
	"TIMESTAMP '1969-12-31 23:59:59'", "NULL",
	"TIMESTAMP '9999-12-31 23:59:59.999999'"}},
    {"u", T_DURATION, {"90s", "-5m", "NULL", "0s"}},
    {"l", T_LIST, {"[1, 2, 3]", "[]", "NULL", "['a', NULL, [1]]"}},
    {"m", T_MAP, {"MAP['k', 1, 'x y', 'z']", "MAP[]", "NULL",
	"MAP['k', MAP['z', [10, 20]]]"}},
    {"a", T_ANY, {"5", "'text'", "NULL", "2.5e0"}},
    {"n", T_INT, {"NULL", "NULL", "NULL", "NULL"}},
    {"z", T_TEXT, {"'12'", "' 7 '", "NULL", "'x'"}},
    /* clang-format on */
};

static struct scope_column table_cols[N_COLS];

/* The value of a cell's text. */
__attribute__((unused)) static struct value
cell_value(const char *text, struct arena *a)
{
	struct source src = {"cell", str_of(text)};
	struct scope scope = {0};
	struct err err = {0};
	struct value v;
	struct node *n;

	n = expr_parse_text(&src, 0, (unsigned)src.text.n, a, &err);
	if (!n || expr_eval_constant(n, &scope, a, &v, &err)) {
		printf("Bail out! %s: %s\n", text, err.message);
		return VALUE_NULL;
	}
	return v;
}

/* The table as a batch; any: every column is of type ANY. */
__attribute__((unused)) static struct batch *
table_batch(bool any)
{
	struct batch *b = batch_new();

	batch_columns(b, N_COLS);
	b->n_rows = b->n_sel = N_ROWS;
	for (unsigned c = 0; c < N_COLS; c++) {
		table_cols[c] =
		    (struct scope_column){str_of(table[c].name), table[c].type};
		if (any)
			b->cols[c] = column_new(b->arena, T_ANY);
		for (unsigned r = 0; r < N_ROWS; r++)
			column_put(&b->cols[c], b->arena, r,
			    cell_value(table[c].cells[r], b->arena));
	}
	return b;
}

/* One result as text: the value, NULL, or the reason why the row is bad. */
__attribute__((unused)) static void
put_result(struct buf *out, const struct eval *ev, const struct column *c,
    unsigned row)
{
	struct value v = column_get(c, row);

	if (bit_get(ev->bad, row))
		buf_printf(out, "!%s", ev->reasons[row]);
	else if (v.type == T_NULL)
		buf_lit(out, "NULL");
	else
		value_print(out, v);
}

#endif

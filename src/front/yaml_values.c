/* SPDX-License-Identifier: MIT */
/* Columns and constant rows of an input; see yaml_values.h. */
#include "front/yaml_values.h"

#include "front/yaml_expr.h"

int
spec_columns(struct spec *s, const struct ynode *n)
{
	struct plan_input *in = s->input;
	bool map = n->kind == Y_MAP;

	if (n->kind == Y_SCALAR)
		return spec_expected(s, n, "a map of column: type");
	if (map && spec_no_doubles(s, n))
		return -1;
	in->closed = true;
	in->columns = arena_array(s->arena, n->n, sizeof *in->columns);
	for (unsigned i = 0; i < n->n; i++) {
		const struct ynode *name = map ? n->keys[i] : n->items[i];
		struct declared *d = &in->columns[in->n_columns++];

		*d = (struct declared){.type = T_ANY, .where = name->where};
		if (spec_text(s, name, &d->name))
			return -1;
		if (map && !ynode_empty(n->items[i]) &&
		    spec_type(s, n->items[i], &d->type))
			return -1;
	}
	return 0;
}

static struct node *
read_cell(struct spec *s, const struct ynode *n)
{
	struct yexpr y;
	struct node *tree;

	if (n->kind != Y_SCALAR || ynode_empty(n)) {
		spec_expected(s, n, "an expression");
		return NULL;
	}
	yexpr_init(&y, n, s->arena, s->err);
	tree = expr_parse(&y.lx);
	if (tree && y.lx.tok.kind != TOK_END) {
		lex_fail(&y.lx, "expected an operator or the end");
		tree = NULL;
	}
	if (tree)
		yexpr_settle(&y, tree);
	else
		yexpr_fail(&y);
	return tree;
}

static int
read_row(struct spec *s, const struct ynode *row, struct node **cells)
{
	if (row->kind != Y_SEQ || !row->n)
		return spec_expected(s, row, "a row (a list of expressions)");
	if (s->n_cells && row->n != s->n_cells)
		return err_set(s->err, ERR_SPEC, row->where,
		    "the first row has %u columns, this one %u", s->n_cells,
		    row->n);
	s->n_cells = row->n;
	for (unsigned i = 0; i < row->n; i++) {
		cells[i] = read_cell(s, row->items[i]);
		if (!cells[i])
			return -1;
	}
	return 0;
}

int
spec_values(struct spec *s, const struct ynode *n)
{
	struct plan_input *in = s->input;
	unsigned width;

	if (n->kind != Y_SEQ || !n->n)
		return spec_expected(s, n, "a list of rows");
	width = n->items[0]->n;
	in->values = true;
	in->n_rows = n->n;
	in->cells =
	    arena_array(s->arena, (size_t)n->n * width, sizeof *in->cells);
	s->n_cells = 0;
	for (unsigned i = 0; i < n->n; i++)
		if (read_row(s, n->items[i], in->cells + (size_t)i * width))
			return -1;
	return 0;
}

int
spec_settle_values(struct spec *s)
{
	struct plan_input *in = s->input;

	if (!in->values)
		return 0;
	if (in->n_files)
		return err_set(
		    s->err, ERR_SPEC, in->where, "either files or values");
	if (in->n_columns && in->n_columns != s->n_cells)
		return err_set(s->err, ERR_SPEC, in->where,
		    "there are %u columns, and the rows have %u", in->n_columns,
		    s->n_cells);
	if (in->n_columns)
		return 0;
	in->closed = true;
	in->columns = arena_array(s->arena, s->n_cells, sizeof *in->columns);
	for (unsigned i = 0; i < s->n_cells; i++)
		in->columns[in->n_columns++] = (struct declared){
		    .name = arena_printf(s->arena, "c%u", i + 1),
		    .type = T_ANY,
		    .where = in->where};
	return 0;
}

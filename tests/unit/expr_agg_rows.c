/* SPDX-License-Identifier: MIT */
/*
 * Every aggregate's example gives the result its documentation states. The
 * call is bound and its arguments are evaluated as a query does it, over a
 * batch of the rows the example names: once with columns of the values' type,
 * once with columns whose type is known at run time only.
 */
#include "agg_calls.h"

#define FIELDS_MAX 4
#define ROWS_MAX 8

/* An example taken apart. */
struct example {
	struct source src;
	struct node *call;
	struct scope_column fields[FIELDS_MAX];
	unsigned n_fields, n_rows;
	struct value cells[ROWS_MAX][FIELDS_MAX];
};

/* ---- reading an example ---- */

/* The fields a tree names, each once, in the order they are named. */
static void
collect_fields(struct example *e, const struct node *n)
{
	struct str name;
	unsigned i = 0;

	for (unsigned k = 0; k < n->n_args; k++)
		collect_fields(e, n->args[k]);
	if (n->kind != NODE_NAME)
		return;
	name = n->path.steps[0].name;
	while (i < e->n_fields && !str_eq(e->fields[i].name, name))
		i++;
	if (i == e->n_fields && i < FIELDS_MAX)
		e->fields[e->n_fields++].name = name;
}

static bool
read_cell(struct lexer *lx, struct value *out)
{
	struct scope none = {0};
	struct node *n = expr_parse(lx);

	return n && !expr_eval_constant(n, &none, &scratch, out, lx->err);
}

/* "3" for one field, "(1, 9)" for several. */
static bool
read_row(struct example *e, struct lexer *lx)
{
	struct value *row = e->cells[e->n_rows++];

	if (e->n_fields == 1)
		return read_cell(lx, row);
	for (unsigned i = 0; i < e->n_fields; i++)
		if (!lex_accept(lx, i ? "," : "(") || !read_cell(lx, &row[i]))
			return false;
	return lex_accept(lx, ")");
}

static bool
read_rows(struct example *e, unsigned from, struct err *err)
{
	struct lexer lx;

	lex_init(&lx, &e->src, from, (unsigned)e->src.text.n, &scratch, err);
	do {
		if (e->n_rows == ROWS_MAX || !read_row(e, &lx))
			return false;
	} while (lex_accept(&lx, ","));
	return lx.tok.kind == TOK_END;
}

static bool
read_example(struct example *e, const char *text, struct err *err)
{
	const char *of = strstr(text, " of ");

	*e = (struct example){.src = {"example", str_of(text)}};
	if (!of)
		return false;
	e->call =
	    expr_parse_text(&e->src, 0, (unsigned)(of - text), &scratch, err);
	if (!e->call)
		return false;
	collect_fields(e, e->call);
	return e->n_fields && read_rows(e, (unsigned)(of - text) + 4, err);
}

/* ---- doing what it says ---- */

static struct batch *
batch_of(struct example *e, bool any)
{
	struct batch *b = batch_new();

	batch_columns(b, e->n_fields);
	b->n_rows = b->n_sel = e->n_rows;
	for (unsigned k = 0; k < e->n_fields; k++) {
		if (any)
			b->cols[k] = column_new(b->arena, T_ANY);
		for (unsigned r = 0; r < e->n_rows; r++)
			column_put(&b->cols[k], b->arena, r, e->cells[r][k]);
		e->fields[k].type = b->cols[k].type;
	}
	return b;
}

/* The result over all rows of the batch. */
static const char *
add_up(const struct agg_call *call, struct batch *b)
{
	struct column args[AGG_ARGS_MAX] = {0};
	struct eval *ev = eval_new();
	void *acc = acc_new(call);

	eval_begin(ev, b);
	for (unsigned k = 0; k < call->n_args; k++)
		expr_eval(call->args[k], ev, b, NULL, 0, &args[k]);
	ok(!ev->any_bad, "%s: no row is bad", call->agg->name);
	feed(call, acc, args, 0, b->n_rows, NULL, NULL, NULL);
	eval_free(ev);
	return result(call, acc);
}

static void
test_example(const struct agg *a, bool any)
{
	struct scope input = {0}, scope = {0};
	struct grouping grouping = {.input = &input};
	struct err err = {0};
	struct example e;
	struct batch *b;

	if (!ok(read_example(&e, a->example, &err), "%s is an example",
		a->example)) {
		err_release(&err);
		return;
	}
	b = batch_of(&e, any);
	input.cols = e.fields;
	input.n_cols = e.n_fields;
	scope.grouping = &grouping;
	if (!ok(expr_bind(e.call, &scope, &scratch, &err), "%s can be bound",
		a->example))
		printf("# %s\n", err.message);
	else if (ok(grouping.n_aggs == 1 && grouping.aggs[0].agg == a,
		     "%s shows %s", a->example, a->name))
		same(add_up(&grouping.aggs[0], b), a->result,
		    arena_printf(&scratch, "%s, %s", a->example,
			any ? "fields of any type" : "columns of a type")
			.p);
	err_release(&err);
	batch_free(b);
}

/* ---- names ---- */

static void
test_aliases(const struct agg *a)
{
	const char *p = a->aliases;

	while (*p) {
		size_t n = strcspn(p, " ");
		struct str alias = {p, n};

		ok(agg_find(alias) == a, "%.*s is %s", (int)n, p, a->name);
		ok(!str_eq(alias, str_of(a->name)), "and not its name");
		p += n + strspn(p + n, " ");
	}
}

int
main(void)
{
	for (unsigned i = 0; i < n_aggs; i++) {
		test_example(aggs[i], false);
		test_example(aggs[i], true);
		test_aliases(aggs[i]);
		arena_reset(&scratch);
		arena_reset(&heap);
	}
	ok(n_aggs > 10, "there are aggregates");
	arena_release(&scratch);
	arena_release(&heap);
	return tap_done();
}

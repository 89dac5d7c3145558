/* SPDX-License-Identifier: MIT */
/*
 * Logic with three values, and the choices: AND OR NOT IS, CASE IF COALESCE
 * NULLIF, try.
 *
 * AND, OR and the choices evaluate an argument only for the rows whose result
 * still depends on it, so x <> 0 AND 1/x > 2 never divides by zero. A row that
 * failed in one argument stays failed, whatever the others say.
 */
#include "expr/code.h"

/* ---- AND, OR ---- */

static void
clear_null(struct column *c, unsigned row)
{
	if (c->nulls)
		c->nulls[row >> 6] &= ~((uint64_t)1 << (row & 63));
}

/*
 * Joins what an argument gave for the open rows to the result so far, and
 * writes the rows that are still open to sel: those it did not decide.
 */
static unsigned
chain_step(struct eval *ev, bool stop, const struct column *c, struct rows open,
    struct column *out, uint16_t *sel)
{
	unsigned n = 0;

	for (unsigned k = 0; k < open.n; k++) {
		uint16_t row = open.sel[k];

		sel[n] = row;
		if (column_is_null(c, row)) {
			column_set_null(out, ev->arena, row);
			n++;
		} else if (col_true(c, row) != stop) {
			n++;
		} else {
			out->b[row] = stop;
			clear_null(out, row);
		}
	}
	return n;
}

/* The same where nothing is NULL, without branches. */
static unsigned
chain_plain(bool stop, const struct column *c, struct rows open,
    struct column *out, uint16_t *sel)
{
	unsigned n = 0;

	for (unsigned k = 0; k < open.n; k++) {
		uint16_t row = open.sel[k];
		bool goes_on = (c->b[row] != 0) != stop;

		sel[n] = row;
		n += goes_on;
		out->b[row] = goes_on ? out->b[row] : stop;
	}
	return n;
}

/* `stop` is the value that decides: FALSE for AND, TRUE for OR. */
static void
eval_chain(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	bool stop = e->op;
	uint16_t *sel = rows_new(ev, rows.n); /* shortened in place */
	struct rows open = rows;

	*out = column_new(ev->arena, T_BOOL);
	for (unsigned k = 0; k < rows.n; k++)
		out->b[rows.sel[k]] = !stop;
	for (unsigned i = 0; i < e->n_args && open.n; i++) {
		struct column c;
		unsigned n;

		expr_run(e->args[i], ev, b, open, &c);
		col_bool(ev, &c, open);
		if (c.type == T_BOOL && !c.nulls && !c.constant && !out->nulls)
			n = chain_plain(stop, &c, open, out, sel);
		else
			n = chain_step(ev, stop, &c, open, out, sel);
		open = rows_of(sel, n);
	}
}

/*
 * Rows that are not TRUE so far need no further look, if what follows cannot
 * fail. If it can, rows that are UNKNOWN so far would fail there, and must.
 */
static unsigned
select_and(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, uint16_t *out)
{
	uint16_t *sel[2];

	sel[0] = rows_new(ev, rows.n);
	sel[1] = rows_new(ev, rows.n);
	for (unsigned i = 0; i + 1 < e->n_args; i++) {
		uint16_t *to = sel[i & 1];

		rows = rows_of(to, expr_select(e->args[i], ev, b, rows, to));
	}
	return expr_select(e->args[e->n_args - 1], ev, b, rows, out);
}

/* A mark per row, off for the given ones. */
static uint8_t *
marks_new(struct eval *ev, struct rows rows)
{
	uint8_t *marks = arena_alloc(ev->arena, BATCH_ROWS);

	if (rows.dense)
		memset(marks, 0, rows.n);
	else
		for (unsigned k = 0; k < rows.n; k++)
			marks[rows.sel[k]] = 0;
	return marks;
}

/*
 * Marks some[0..n) and gives the rows that are not marked, in out (which may be
 * where rows already are).
 */
static struct rows
without(struct rows rows, uint8_t *marks, const uint16_t *some, unsigned n,
    uint16_t *out)
{
	unsigned left = 0;

	if (!n)
		return rows;
	for (unsigned k = 0; k < n; k++)
		marks[some[k]] = 1;
	for (unsigned k = 0; k < rows.n; k++) {
		uint16_t row = rows.sel[k];

		out[left] = row;
		left += !marks[row];
	}
	return rows_of(out, left);
}

static unsigned
select_or(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, uint16_t *out)
{
	uint8_t *marks = marks_new(ev, rows);
	uint16_t *some = rows_new(ev, rows.n);
	uint16_t *left = rows_new(ev, rows.n);
	struct rows open = rows;
	unsigned n = 0;

	for (unsigned i = 0; i < e->n_args && open.n; i++) {
		unsigned n_some = expr_select(e->args[i], ev, b, open, some);

		if (i + 1 < e->n_args)
			open = without(open, marks, some, n_some, left);
		else
			for (unsigned k = 0; k < n_some; k++)
				marks[some[k]] = 1;
	}
	for (unsigned k = 0; k < rows.n; k++) {
		out[n] = rows.sel[k];
		n += marks[rows.sel[k]];
	}
	return n;
}

/* ---- NOT, IS ---- */

static void
eval_not(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	struct column c;
	unsigned mask;

	expr_run(e->args[0], ev, b, rows, &c);
	col_bool(ev, &c, rows);
	*out = col_null();
	if (c.type == T_NULL)
		return;
	*out = column_new(ev->arena, T_BOOL);
	mask = c.constant ? 0 : ~0u;
	for (unsigned k = 0; k < rows.n; k++)
		out->b[rows.sel[k]] = !c.b[rows.sel[k] & mask];
	out->nulls = col_nulls(ev, &c, NULL);
}

static void
eval_is_null(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	struct column c;

	expr_run(e->args[0], ev, b, rows, &c);
	*out = column_new(ev->arena, T_BOOL);
	for (unsigned k = 0; k < rows.n; k++)
		out->b[rows.sel[k]] = column_is_null(&c, rows.sel[k]);
}

/* IS TRUE (op 1), IS FALSE (op 0). */
static void
eval_is_bool(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	struct column c;

	expr_run(e->args[0], ev, b, rows, &c);
	col_bool(ev, &c, rows);
	*out = column_new(ev->arena, T_BOOL);
	for (unsigned k = 0; k < rows.n; k++) {
		unsigned row = rows.sel[k];

		out->b[row] =
		    !column_is_null(&c, row) && col_true(&c, row) == e->op;
	}
}

static void
eval_is_unknown(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	struct column c;

	expr_run(e->args[0], ev, b, rows, &c);
	col_bool(ev, &c, rows);
	*out = column_new(ev->arena, T_BOOL);
	for (unsigned k = 0; k < rows.n; k++)
		out->b[rows.sel[k]] = column_is_null(&c, rows.sel[k]);
}

/* ---- choices ---- */

/* What each branch gave, for its rows. */
struct part {
	struct column col;
	struct rows rows;
};

/* Numbers of a choice between several kinds of them are of the widest kind,
 * dates beside times are times. */
static void
widen(const struct expr *e, struct eval *ev, struct part *p)
{
	if ((e->type == T_FLOAT || e->type == T_DECIMAL || e->type == T_TIME) &&
	    p->col.type != T_NULL)
		col_convert(
		    ev, &p->col, p->rows, (struct sig_type){e->type, false});
}

/* Puts the parts together: typed if they all have one type. */
static void
join_parts(const struct expr *e, struct eval *ev, struct part *parts,
    unsigned n, struct column *out)
{
	enum type type = T_NULL;

	for (unsigned i = 0; i < n; i++) {
		if (!parts[i].rows.n)
			continue;
		widen(e, ev, &parts[i]);
		if (type == T_NULL)
			type = parts[i].col.type;
		else if (parts[i].col.type != T_NULL &&
			 parts[i].col.type != type)
			type = T_ANY;
	}
	*out = col_null();
	if (type == T_NULL)
		return;
	*out = column_new(ev->arena, type);
	for (unsigned i = 0; i < n; i++)
		if (parts[i].rows.n)
			col_scatter(ev, out, &parts[i].col, parts[i].rows);
}

static struct part *
part_add(struct part *parts, unsigned *n, struct rows rows)
{
	parts[*n] = (struct part){col_null(), rows};
	return &parts[(*n)++];
}

/* when1, then1, …, else */
static void
eval_case(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	uint8_t *marks = marks_new(ev, rows);
	struct part *parts, *p;
	struct rows open = rows;
	unsigned n = 0, i;

	parts = arena_array(ev->arena, e->n_args / 2 + 1, sizeof(*parts));
	for (i = 0; i + 1 < e->n_args && open.n; i += 2) {
		uint16_t *hit = rows_new(ev, open.n);
		unsigned n_hit = expr_select(e->args[i], ev, b, open, hit);

		if (!n_hit)
			continue;
		p = part_add(parts, &n, rows_of(hit, n_hit));
		expr_run(e->args[i + 1], ev, b, p->rows, &p->col);
		open = without(open, marks, hit, n_hit, rows_new(ev, open.n));
	}
	if (open.n) {
		p = part_add(parts, &n, open);
		expr_run(e->args[e->n_args - 1], ev, b, open, &p->col);
	}
	join_parts(e, ev, parts, n, out);
}

static void
eval_coalesce(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	uint8_t *marks = marks_new(ev, rows);
	struct part *parts, *p;
	struct rows open = rows;
	unsigned n = 0;

	parts = arena_array(ev->arena, e->n_args, sizeof(*parts));
	for (unsigned i = 0; i < e->n_args && open.n; i++) {
		struct rows hit;
		struct column c;

		expr_run(e->args[i], ev, b, open, &c);
		hit = i + 1 < e->n_args ? col_present(ev, &c, open) : open;
		p = part_add(parts, &n, hit);
		p->col = c;
		open =
		    without(open, marks, hit.sel, hit.n, rows_new(ev, open.n));
	}
	join_parts(e, ev, parts, n, out);
}

static void
eval_nullif(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	struct column x, x2, y;
	uint16_t *hit = rows_new(ev, rows.n);
	unsigned n;

	expr_run(e->args[0], ev, b, rows, &x);
	expr_run(e->args[1], ev, b, rows, &y);
	*out = x;
	x2 = x;
	n = cols_select(CMP_EQ, ev, &x2, &y, rows, hit);
	if (!n)
		return;
	*out = column_new(ev->arena, x.type);
	col_scatter(ev, out, &x, rows);
	for (unsigned k = 0; k < n; k++)
		column_set_null(out, ev->arena, hit[k]);
}

/* ---- try ---- */

/* Rows that fail inside are NULL and no longer failed; those that had failed
 * before stay so. */
static void
eval_try(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out)
{
	uint64_t before[BATCH_ROWS / 64];
	bool any_before = ev->any_bad;
	struct column c;

	memcpy(before, ev->bad, sizeof(before));
	ev->any_bad = false;
	expr_run(e->args[0], ev, b, rows, &c);
	*out = c;
	if (ev->any_bad && c.type != T_NULL) {
		*out = column_new(ev->arena, c.type);
		col_scatter(ev, out, &c, rows);
		for (unsigned k = 0; k < rows.n; k++)
			if (bit_get(ev->bad, rows.sel[k]))
				column_set_null(out, ev->arena, rows.sel[k]);
	}
	memcpy(ev->bad, before, sizeof(before));
	ev->any_bad = any_before;
}

/* ---- binding ---- */

static int
need_bool(struct binder *bd, const struct expr *e, const char *who)
{
	if (e->type == T_BOOL || e->type == T_ANY || e->type == T_NULL)
		return 0;
	return bind_fail(bd, e->where, "%s needs a condition, not %s", who,
	    type_name(e->type));
}

static int
bind_chain(struct binder *bd, const struct node *n, struct expr *e)
{
	bool is_or = str_is(n->name, "or"), later = false;

	e->safe = true;
	for (unsigned i = 0; i < e->n_args; i++) {
		e->safe &= e->args[i]->type == T_BOOL;
		later |= i && e->args[i]->fails;
		if (need_bool(bd, e->args[i], is_or ? "OR" : "AND"))
			return -1;
	}
	e->op = is_or;
	e->eval = eval_chain;
	e->select = is_or ? select_or : later ? NULL : select_and;
	e->type = T_BOOL;
	return 0;
}

static int
bind_not(struct binder *bd, const struct node *n, struct expr *e)
{
	(void)n;
	e->safe = e->args[0]->type == T_BOOL;
	e->eval = eval_not;
	e->type = T_BOOL;
	return need_bool(bd, e->args[0], "NOT");
}

static int
bind_is(struct binder *bd, const struct node *n, struct expr *e)
{
	e->type = T_BOOL;
	e->safe = e->args[0]->type == T_BOOL;
	if (str_is(n->name, "is null")) {
		e->safe = true;
		e->eval = eval_is_null;
		return 0;
	}
	e->op = str_is(n->name, "is true");
	e->eval =
	    str_is(n->name, "is unknown") ? eval_is_unknown : eval_is_bool;
	return need_bool(bd, e->args[0], "IS");
}

/* The common type of results; mixed ones are told apart at run time. */
static enum type
common_of(const struct expr *e, unsigned from, unsigned step)
{
	enum type t = T_NULL;

	for (unsigned i = from; i < e->n_args; i += step)
		t = type_common(t, e->args[i]->type);
	return t;
}

static int
bind_case(struct binder *bd, const struct node *n, struct expr *e)
{
	enum type t = e->args[e->n_args - 1]->type;

	if (e->n_args % 2 == 0)
		return bind_fail(bd, n->name_at,
		    "expected conditions and values in pairs, and a value");
	e->safe = true;
	for (unsigned i = 0; i + 1 < e->n_args; i += 2) {
		e->safe &= e->args[i]->type == T_BOOL;
		if (need_bool(bd, e->args[i], "WHEN"))
			return -1;
		t = type_common(t, e->args[i + 1]->type);
	}
	e->eval = eval_case;
	e->type = t;
	return 0;
}

/* IF(c, a [, b]) is CASE WHEN c THEN a ELSE b END. */
static int
bind_if(struct binder *bd, const struct node *n, struct expr *e)
{
	struct expr **args;

	if (e->n_args == 2) {
		args = arena_array(bd->arena, 3, sizeof(*args));
		args[0] = e->args[0];
		args[1] = e->args[1];
		args[2] = bind_constant(bd, VALUE_NULL, n->where);
		e->args = args;
		e->n_args = 3;
	}
	return bind_case(bd, n, e);
}

static int
bind_coalesce(struct binder *bd, const struct node *n, struct expr *e)
{
	(void)bd;
	(void)n;
	e->safe = true;
	e->eval = eval_coalesce;
	e->type = common_of(e, 0, 1);
	return 0;
}

static int
bind_nullif(struct binder *bd, const struct node *n, struct expr *e)
{
	(void)n;
	e->safe = true;
	e->eval = eval_nullif;
	e->type = e->args[0]->type;
	return bind_text_as(bd, &e->args[1], e->type);
}

static int
bind_try(struct binder *bd, const struct node *n, struct expr *e)
{
	(void)bd;
	(void)n;
	e->eval = eval_try;
	e->type = e->args[0]->type;
	return 0;
}

const struct op ops_logic[] = {
    {"and", 2, UINT32_MAX, bind_chain},
    {"case", 3, UINT32_MAX, bind_case},
    {"coalesce", 1, UINT32_MAX, bind_coalesce},
    {"if", 2, 3, bind_if},
    {"ifnull", 2, 2, bind_coalesce},
    {"is false", 1, 1, bind_is},
    {"is null", 1, 1, bind_is},
    {"is true", 1, 1, bind_is},
    {"is unknown", 1, 1, bind_is},
    {"not", 1, 1, bind_not},
    {"nullif", 2, 2, bind_nullif},
    {"nvl", 2, 2, bind_coalesce},
    {"or", 2, UINT32_MAX, bind_chain},
    {"try", 1, 1, bind_try},
    {NULL, 0, 0, NULL},
};

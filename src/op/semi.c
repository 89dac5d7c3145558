/* SPDX-License-Identifier: MIT */
/*
 * Ask of every row whether another flow has it: IN, EXISTS, and queries that
 * are a value.
 *
 * The rows of port 0 are asked about those of port 1, which are kept as keys,
 * and are needed completely: `first_port` lets their inputs be read first. If
 * one input feeds both ports, rows of port 0 are held, with the watermarks
 * between them, until port 1 has ended.
 *
 * IN has three values: it is unknown if nothing is equal, but NULL on either
 * side could have been. EXISTS only asks whether keys are equal, and so does
 * `within`: a row is asked about those rows alone that are equal to it there,
 * its kin.
 */
#include "op/semi.h"
#include "base/mem.h"
#include "base/must.h"
#include "data/key.h"
#include "data/pack.h"
#include "op/keys.h"

static const struct str modes[] = {
    STR("in"), STR("not in"), STR("exists"), STR("not exists"), STR("scalar")};

struct semi_prep {
	const struct column *cols;
	struct keys keys; /* with those within */
	struct keys kin;
	struct column answer; /* rows that have been asked about */
	unsigned answered;    /* SCALAR: rows of it that are written */
};

static const char several_rows[] =
    "this query gives more than one row, and it is used as a value";

enum answer {
	ANSWER_NO,
	ANSWER_YES,
	ANSWER_UNKNOWN
};

/* ---- binding ---- */

static int
bind_mode(struct op *op, const struct bind *b)
{
	struct semi_config *c = op->config;
	const struct arg *arg = op_arg(op, "mode");
	struct str word = op_word(op, "mode");

	for (unsigned i = 0; i < sizeof modes / sizeof *modes; i++)
		if (arg ? str_eq(word, modes[i]) : i == 0) {
			c->mode = (enum semi_mode)i;
			return 0;
		}
	err_set(b->err, ERR_SPEC, arg->items[0].where,
	    "\"mode\" cannot be \"%.*s\"", STR_ARG(word));
	return err_suggest(b->err, word, modes, sizeof modes / sizeof *modes);
}

/* As in comparisons: a text beside a number is read as one. */
static void
bind_types(struct semi_config *c, const struct flow *f, struct arena *arena)
{
	unsigned n = c->n_keys + c->n_within, skip = c->mode == SEMI_SCALAR;

	c->compare = arena_array(arena, n, sizeof *c->compare);
	for (unsigned k = 0, i = 0; k < f->n_cols && i < n + skip; k++) {
		if (f->cols[k].dropped)
			continue;
		if (i++ >= skip)
			c->compare[i - 1 - skip] = type_compared(
			    expr_type(c->exprs[i - 1 - skip]), f->cols[k].type);
	}
}

/* What is compared with a row: the columns of the other flow. */
static int
bind_other(struct op *op, const struct bind *b)
{
	struct semi_config *c = op->config;
	const struct flow *f = &op->ins[1];
	unsigned want = (c->mode == SEMI_SCALAR ? 1 : c->n_keys) + c->n_within;
	unsigned n = 0;

	c->cols = arena_array(b->arena, f->n_cols, sizeof *c->cols);
	for (unsigned i = 0; want && i < f->n_cols; i++) {
		if (f->cols[i].spread) {
			err_set(b->err, ERR_SPEC, op->where,
			    "the columns that rows are compared with are not "
			    "known");
			return err_hint(
			    b->err, "a select in the other flow names them");
		}
		if (f->cols[i].dropped)
			continue;
		if (!n)
			c->type = f->cols[i].type;
		c->cols[n++] = flow_value(f, &f->cols[i]);
	}
	if (n == want) {
		bind_types(c, f, b->arena);
		return 0;
	}
	return err_set(b->err, ERR_SPEC, op->where,
	    "the other flow has %u column%s, and %u %s expected", n,
	    n == 1 ? "" : "s", want, want == 1 ? "is" : "are");
}

/* Expressions of a parameter, behind those there are. */
static int
bind_list(struct op *op, const char *param, const struct bind *b,
    struct scope *scope, unsigned *n, unsigned *n_exprs)
{
	struct semi_config *c = op->config;
	const struct arg *list = op_arg(op, param);

	*n = list ? list->n_items : 0;
	for (unsigned i = 0; i < *n; i++) {
		struct expr *e =
		    expr_bind(list->items[i].node, scope, b->arena, b->err);

		if (!e)
			return -1;
		c->exprs[(*n_exprs)++] = e;
	}
	return 0;
}

static unsigned
n_items(const struct op *op, const char *param)
{
	const struct arg *arg = op_arg(op, param);

	return arg ? arg->n_items : 0;
}

static int
bind_keys(struct op *op, const struct bind *b)
{
	struct semi_config *c = op->config;
	unsigned n = 0, n_else;
	struct scope scope;

	c->exprs = arena_array(b->arena,
	    n_items(op, "keys") + n_items(op, "within") + n_items(op, "else"),
	    sizeof *c->exprs);
	flow_scope(&op->in, b, &scope);
	if (bind_list(op, "keys", b, &scope, &c->n_keys, &n) ||
	    bind_list(op, "within", b, &scope, &c->n_within, &n) ||
	    bind_list(op, "else", b, &scope, &n_else, &n))
		return -1;
	c->has_else = n_else;
	if (c->has_else && !(c->mode == SEMI_SCALAR && c->n_within))
		return err_set(b->err, ERR_SPEC, op_arg(op, "else")->where,
		    "\"else\" is for mode scalar with \"within\"");
	if (c->n_within &&
	    (c->mode == SEMI_EXISTS || c->mode == SEMI_NOT_EXISTS))
		return err_set(b->err, ERR_SPEC, op_arg(op, "within")->where,
		    "\"%.*s\" goes by its \"keys\" alone",
		    STR_ARG(modes[c->mode]));
	if (c->n_keys ? c->mode != SEMI_SCALAR
		      : c->mode != SEMI_IN && c->mode != SEMI_NOT_IN)
		return 0;
	return err_set(b->err, ERR_SPEC, op->where,
	    c->n_keys ? "a value has no \"keys\"" : "this step needs \"keys\"");
}

static int
semi_bind(struct op *op, const struct bind *b)
{
	struct semi_config *c = arena_zalloc(b->arena, sizeof *c);
	struct str as = op_word(op, "as");

	op->config = c;
	op->out = flow_copy(&op->in, 1, b->arena);
	if (bind_mode(op, b) || bind_keys(op, b) || bind_other(op, b))
		return -1;
	c->adds = as.p != NULL;
	if (!c->adds && c->mode == SEMI_SCALAR)
		return err_set(b->err, ERR_SPEC, op->where,
		    "a value needs the name of a column: \"as\"");
	if (!c->adds)
		return 0;
	if (c->has_else && expr_type(c->exprs[c->n_within]) != c->type)
		c->type = T_ANY;
	c->as = flow_compute(&op->out);
	flow_set(
	    &op->out, as, c->as, c->mode == SEMI_SCALAR ? c->type : T_BOOL);
	return 0;
}

/* ---- preparing ---- */

/* How many columns are computed for a row of the port. */
static unsigned
n_computed(const struct semi_config *c, bool other)
{
	unsigned n = other && c->mode == SEMI_SCALAR ? 1 : c->n_keys;

	return n + c->n_within + (!other && c->has_else);
}

/* Keys of columns: what is compared, and what rows are kin by. */
static void
find_keys(const struct semi_config *c, struct semi_prep *p, struct eval *ev,
    struct batch *b, const struct column *cols, bool other)
{
	unsigned first = other && c->mode == SEMI_SCALAR ? 1 : c->n_keys;

	p->cols = cols;
	p->answer = (struct column){.type = T_NULL};
	p->answered = 0;
	if (c->mode != SEMI_SCALAR)
		keys_make(&p->keys, ev, b, cols, c->n_keys + c->n_within);
	if (c->n_within)
		keys_make(&p->kin, ev, b, cols + first, c->n_within);
}

static enum type
compared_as(const struct semi_config *c, unsigned i)
{
	return i < c->n_keys + c->n_within ? c->compare[i] : T_NULL;
}

static void *
semi_prepare(const struct op *op, struct eval *ev, struct batch *b)
{
	const struct semi_config *c = op->config;
	struct semi_prep *p = arena_alloc(b->arena, sizeof *p);
	unsigned n = n_computed(c, b->port);
	struct column *cols = arena_array(b->arena, n, sizeof *cols);
	unsigned skip = b->port && c->mode == SEMI_SCALAR;
	enum type as;

	eval_begin(ev, b);
	for (unsigned i = 0; i < n; i++) {
		cols[i] = (struct column){.type = T_NULL};
		if (!b->port)
			expr_eval(c->exprs[i], ev, b, NULL, 0, &cols[i]);
		else if (c->cols[i] < b->n_cols)
			cols[i] = b->cols[c->cols[i]];
		as = i < skip ? T_NULL : compared_as(c, i - skip);
		if (as != T_NULL)
			column_compared(ev, b, as, &cols[i]);
	}
	eval_settle(ev, b);
	find_keys(c, p, ev, b, cols, b->port);
	return p;
}

static struct op_run *
semi_open(const struct op *op)
{
	struct semi_run *r = mem_zalloc(sizeof *r);

	r->run.op = op;
	r->c = op->config;
	r->mark = WHEN_MIN;
	r->out = batch_new();
	table_init(&r->rows, 0);
	table_init(&r->odd, 0);
	table_init(&r->kin, sizeof(struct semi_kin));
	held_init(&r->held, op, n_computed(r->c, false));
	return &r->run;
}

/* ---- the other flow ---- */

static void
keep_value(struct semi_run *r, struct value v)
{
	if (r->n_rows++)
		return;
	pack_put(&r->value, v);
}

/* Counts the row among its kin. */
static void
take_kin(
    struct semi_run *r, const struct semi_prep *p, unsigned k, unsigned row)
{
	struct cell *cell =
	    table_cell(&r->kin, p->kin.list[k], p->kin.hashes[k]);
	struct semi_kin *kin = (void *)cell->bytes;

	for (unsigned i = 0; i < r->c->n_keys; i++)
		if (column_is_null(&p->cols[i], row)) {
			kin->nulls++;
			break;
		}
	if (!kin->n++ && r->c->mode == SEMI_SCALAR) {
		r->value.n = 0;
		pack_put(&r->value, column_get(&p->cols[0], row));
		kin->value = arena_str(
		    &r->kin.heap, (struct str){r->value.p, r->value.n});
	}
}

static void
take_other(struct semi_run *r, const struct batch *b, const struct semi_prep *p,
    unsigned k)
{
	unsigned row = batch_row(b, k);

	if (r->c->mode == SEMI_SCALAR && !r->c->n_within) {
		keep_value(r, column_get(&p->cols[0], row));
		return;
	}
	/* What is NULL within is equal to no row. */
	if (r->c->n_within && keys_null(&p->kin, row))
		return;
	r->n_rows++;
	if (r->c->n_within)
		take_kin(r, p, k, row);
	if (r->c->mode != SEMI_SCALAR && p->keys.n) {
		bool null = keys_null(&p->keys, row);

		table_cell(null ? &r->odd : &r->rows, p->keys.list[k],
		    p->keys.hashes[k]);
		r->some |= !null;
	}
	r->run.counts.keys = r->rows.n + r->odd.n + r->kin.n;
}

/* ---- asking ---- */

/* No part of two keys is known to differ. */
static bool
may_be_equal(struct str a, struct str b, unsigned n, struct arena *arena)
{
	const char *p = a.p, *q = b.p;

	for (unsigned i = 0; i < n; i++) {
		struct value x = key_get(&p, a.p + a.n, arena);
		struct value y = key_get(&q, b.p + b.n, arena);

		if (x.type != T_NULL && y.type != T_NULL && !value_eq(x, y))
			return false;
	}
	return true;
}

/* Where not all keys are in memory. */
static bool
any_elsewhere(struct table *t, struct str key, unsigned n, struct arena *a)
{
	struct table_walk *walk = table_walk_begin(t);
	const struct cell *cell;
	bool found = false;

	while (!found && (cell = table_walk_next(walk))) {
		found = may_be_equal(key, cell_key(t, cell), n, a);
		arena_reset(a);
	}
	table_walk_end(walk);
	return found;
}

static bool
any_may_be(struct table *t, bool some, struct str key, unsigned n)
{
	struct arena a;
	bool found = false;

	/* A part that is NULL may be anything. */
	if (n == 1)
		return some;
	arena_init(&a, 256);
	if (!table_is_whole(t))
		found = any_elsewhere(t, key, n, &a);
	else
		for (size_t i = 0; i < t->n && !found; i++)
			found =
			    may_be_equal(key, cell_key(t, t->cells[i]), n, &a);
	arena_release(&a);
	return found;
}

/* The kin of a row of port 0; NULL: it has none. */
static const struct semi_kin *
find_kin(const struct semi_run *r, const struct semi_prep *p, unsigned k,
    unsigned row)
{
	const struct cell *cell = NULL;

	if (!keys_null(&p->kin, row))
		cell = table_find(&r->kin, p->kin.list[k], p->kin.hashes[k]);
	return cell ? (const void *)cell->bytes : NULL;
}

static enum answer
is_in(struct semi_run *r, const struct semi_prep *p, unsigned k, unsigned row)
{
	const struct keys *keys = &p->keys;
	bool null = keys_null(keys, row);
	struct str key = keys->list[k];
	const struct semi_kin *kin = NULL;

	if (!null && table_find(&r->rows, key, keys->hashes[k]))
		return ANSWER_YES;
	if (r->c->mode == SEMI_IN && !r->c->adds)
		return ANSWER_NO; /* so is what is unknown */
	if (r->c->n_within) {
		kin = find_kin(r, p, k, row);
		if (!kin || !(null || kin->nulls))
			return ANSWER_NO;
	}
	/* One key: NULL on either side may be equal to any of them. */
	if (kin && r->c->n_keys == 1)
		return ANSWER_UNKNOWN;
	return any_may_be(&r->odd, r->odd.n > 0, key, keys->n) ||
		       (null && any_may_be(&r->rows, r->some, key, keys->n))
		   ? ANSWER_UNKNOWN
		   : ANSWER_NO;
}

static enum answer
ask(struct semi_run *r, const struct semi_prep *p, unsigned k, unsigned row)
{
	const struct keys *keys = &p->keys;
	enum answer a = ANSWER_NO;

	switch (r->c->mode) {
	case SEMI_IN:
	case SEMI_NOT_IN:
		a = is_in(r, p, k, row);
		break;
	case SEMI_EXISTS:
	case SEMI_NOT_EXISTS:
		if (keys->n ? !keys_null(keys, row) &&
				  table_find(
				      &r->rows, keys->list[k], keys->hashes[k])
			    : r->n_rows > 0)
			a = ANSWER_YES;
		break;
	case SEMI_SCALAR:
		break;
	}
	if (r->c->mode != SEMI_NOT_IN && r->c->mode != SEMI_NOT_EXISTS)
		return a;
	return a == ANSWER_UNKNOWN ? a
	       : a == ANSWER_YES   ? ANSWER_NO
				   : ANSWER_YES;
}

/* ---- rows out ---- */

static struct column
scalar_column(const struct semi_run *r, struct batch *b)
{
	const char *p = r->value.p;
	struct value v = VALUE_NULL;

	if (r->n_rows)
		must(pack_get(&p, p + r->value.n, b->arena, &v) == PACK_OK);
	return column_const(b->arena, v);
}

/* The value of a row's kin, or the one for rows without. */
static void
note_value(struct semi_run *r, struct batch *b, struct semi_prep *p, unsigned k)
{
	unsigned row = batch_row(b, k);
	const struct semi_kin *kin = find_kin(r, p, k, row);
	struct value v = VALUE_NULL;
	const char *at;

	if (kin && kin->n > 1) {
		r->failed = true;
		r->run.fail(&r->run, several_rows);
	} else if (kin) {
		at = kin->value.p;
		must(pack_get(&at, at + kin->value.n, b->arena, &v) == PACK_OK);
	} else if (r->c->has_else) {
		v = column_get(&p->cols[r->c->n_within], row);
	}
	for (; p->answered < row; p->answered++)
		column_put(&p->answer, b->arena, p->answered, VALUE_NULL);
	column_put(&p->answer, b->arena, p->answered++, v);
}

static void
note_answer(struct semi_prep *p, struct batch *b, unsigned row, enum answer a)
{
	if (p->answer.type == T_NULL)
		p->answer = column_new(b->arena, T_BOOL);
	p->answer.b[row] = a == ANSWER_YES;
	if (a == ANSWER_UNKNOWN)
		column_set_null(&p->answer, b->arena, row);
}

/* Passes on some of the batch's rows, as its selection. */
static void
pass_on(struct semi_run *r, struct batch *b, struct semi_prep *p,
    uint16_t *rows, unsigned n)
{
	if (!n)
		return;
	if (r->c->adds)
		*flow_place(&r->run.op->out, b, r->c->as) =
		    r->c->mode == SEMI_SCALAR && !r->c->n_within
			? scalar_column(r, b)
			: p->answer;
	op_pass(&r->run, b, rows, n);
}

static bool
keeps(struct semi_run *r, struct batch *b, struct semi_prep *p, unsigned k)
{
	unsigned row = batch_row(b, k);
	enum answer a;

	/* The rows before one that fails go on, however they are cut. */
	if (r->c->mode == SEMI_SCALAR) {
		if (r->c->n_within && !r->failed)
			note_value(r, b, p, k);
		return !r->failed;
	}
	a = ask(r, p, k, row);
	if (r->c->adds) {
		note_answer(p, b, row, a);
		return true;
	}
	if (a != ANSWER_YES)
		b->n_filtered++;
	return a == ANSWER_YES;
}

/* ---- rows in ---- */

static void
mark(struct semi_run *r, int64_t w)
{
	if (w <= r->mark)
		return;
	r->mark = w;
	if (r->ended)
		r->run.forward(&r->run, w);
	else
		held_mark(&r->held, w);
}

static void
take(struct semi_run *r, struct batch *b, struct semi_prep *p, unsigned k,
    uint16_t *rows, unsigned *n)
{
	unsigned row = batch_row(b, k);

	if (b->port)
		take_other(r, b, p, k);
	else if (!r->ended)
		held_row(&r->held, b, p->cols, row);
	else if (keeps(r, b, p, k))
		rows[(*n)++] = (uint16_t)row;
}

/* All that will be looked for is brought into memory at once. */
static void
fetch(struct semi_run *r, const struct batch *b, const struct semi_prep *p,
    unsigned from, unsigned to)
{
	if (r->c->mode != SEMI_SCALAR)
		keys_fetch(&r->rows, b, p->keys.list, p->keys.hashes, from, to);
	if (r->c->n_within)
		keys_fetch(&r->kin, b, p->kin.list, p->kin.hashes, from, to);
}

static void
semi_apply(struct op_run *run, struct batch *b, void *prepared, unsigned from,
    unsigned to, struct watermark *w)
{
	struct semi_run *r = (struct semi_run *)run;
	uint16_t *rows = arena_array(b->arena, to - from, sizeof *rows);
	unsigned n = 0, k = op_selected_from(b, from);

	fetch(r, b, prepared, from, to);
	for (unsigned row = from; row < to; row++) {
		if (k < b->n_sel && batch_row(b, k) == row)
			take(r, b, prepared, k++, rows, &n);
		if (!w || !b->time || !watermark_see(w, b->time[row]))
			continue;
		pass_on(r, b, prepared, rows, n);
		rows += n;
		n = 0;
		mark(r, w->now);
	}
	pass_on(r, b, prepared, rows, n);
}

/* Rows that were held, as a batch again. */
static void
release_rows(struct semi_run *r, struct batch *b, struct column *keys)
{
	struct semi_prep p = {0};
	uint16_t *rows = arena_array(b->arena, b->n_rows, sizeof *rows);
	unsigned n = 0;

	find_keys(r->c, &p, r->run.eval, b, keys, false);
	for (unsigned k = 0; k < b->n_sel; k++)
		if (keeps(r, b, &p, k))
			rows[n++] = (uint16_t)batch_row(b, k);
	pass_on(r, b, &p, rows, n);
}

static void
semi_ended(struct op_run *run, unsigned port)
{
	struct semi_run *r = (struct semi_run *)run;
	unsigned n_cols = run->op->out.segment->n_cols;
	struct column *keys;
	int64_t w = WHEN_MIN;

	if (port != 1)
		return;
	r->ended = true;
	if (r->c->mode == SEMI_SCALAR && !r->c->n_within && r->n_rows > 1) {
		r->failed = true; /* so that no row goes on */
		run->fail(run, several_rows);
		return;
	}
	keys = mem_array(n_computed(r->c, false) + 1, sizeof *keys);
	while (held_next(&r->held, n_cols, r->out, keys, &w))
		if (r->out->n_rows)
			release_rows(r, r->out, keys);
		else
			run->forward(run, w);
	mem_free(keys);
}

static void
semi_advance(struct op_run *run, int64_t w)
{
	mark((struct semi_run *)run, w);
}

static void
semi_close(struct op_run *run)
{
	struct semi_run *r = (struct semi_run *)run;

	table_release(&r->rows);
	table_release(&r->odd);
	table_release(&r->kin);
	held_release(&r->held);
	buf_release(&r->value);
	batch_free(r->out);
	mem_free(r);
}

static void
semi_explain(const struct op *op, struct buf *out)
{
	const struct semi_config *c = op->config;

	if (c->mode == SEMI_SCALAR && c->n_within)
		buf_lit(out, "one value per key of the other flow");
	else if (c->mode == SEMI_SCALAR)
		buf_lit(out, "one value");
	else if (c->n_keys)
		buf_lit(out, "the keys of the other flow");
	else
		buf_lit(out, "a counter");
	buf_lit(out, "; rows that come before that flow has ended");
}

// clang-format off
static const struct param semi_params[] = {
	{"as", PARAM_NAME, false,
	    "A column to add that says the answer, instead of leaving rows "
	    "out. For scalar: the value."},
	{"else", PARAM_EXPR, false,
	    "For scalar with within: the value of rows that no row of the "
	    "other flow is equal to (NULL unless said otherwise)."},
	{"keys", PARAM_EXPRS, false,
	    "What is compared with the columns of the other flow, in order."},
	{"mode", PARAM_WORD, false,
	    "in (unless said otherwise), not in, exists, not exists, scalar."},
	{"with", PARAM_FLOWS, false, "The other flow."},
	{"within", PARAM_EXPRS, false,
	    "For in, not in and scalar: only rows of the other flow count "
	    "whose columns behind those of keys (or the value) are equal to "
	    "these."},
};

const struct op_kind op_semi = {
	.name = "semi",
	.doc = "Keep the rows that another flow has, or does not have.",
	.about =
	    "The other flow is read to its end first. in and not in are SQL's: "
	    "NULL is equal to nothing, and a row is kept by not in only if no "
	    "NULL could have been equal to it. exists and not exists ask "
	    "whether the other flow has a row with these keys (or any row). "
	    "scalar adds the only value of the only row of the other flow as "
	    "a column, NULL if there is none; a second row is an error. With "
	    "within that is so for each row and the rows that are equal to it "
	    "there.",
	.example = "- semi: blocked\n  keys: client_ip\n  mode: not in\n",
	.params = semi_params,
	.n_params = sizeof semi_params / sizeof *semi_params,
	.primary = "with",
	.ports_min = 2,
	.ports_max = 2,
	.first_port = 1,
	.bind = semi_bind,
	.prepare = semi_prepare,
	.open = semi_open,
	.apply = semi_apply,
	.ended = semi_ended,
	.advance = semi_advance,
	.close = semi_close,
	.schema = semi_schema,
	.restore = semi_restore,
	.save = semi_save,
	.explain = semi_explain,
};
// clang-format on

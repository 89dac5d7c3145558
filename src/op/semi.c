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
 * side could have been. EXISTS only asks whether keys are equal.
 */
#include "base/mem.h"
#include "base/must.h"
#include "data/key.h"
#include "data/pack.h"
#include "op/held.h"
#include "op/keys.h"
#include "op/written.h"
#include "state/table.h"

enum mode {
	SEMI_IN,
	SEMI_NOT_IN,
	SEMI_EXISTS,
	SEMI_NOT_EXISTS,
	SEMI_SCALAR
};

static const struct str modes[] = {
    STR("in"), STR("not in"), STR("exists"), STR("not exists"), STR("scalar")};

struct semi_config {
	enum mode mode;
	struct expr **keys; /* of port 0 */
	unsigned *cols;	    /* of port 1 */
	unsigned n_keys;
	bool adds; /* the answer becomes a column */
	unsigned as;
	enum type type; /* SCALAR */
};

struct semi_prep {
	struct keys keys;
	struct column answer; /* rows that have been asked about */
};

struct semi_run {
	struct op_run run; /* first */
	const struct semi_config *c;
	struct table rows; /* of port 1: those without NULL */
	struct table odd;  /* those with NULL */
	uint64_t n_rows;
	bool some;	  /* there is a row without NULL */
	struct buf value; /* SCALAR: packed */
	bool ended;	  /* port 1 */
	struct held held;
	int64_t mark; /* the watermark handed on or held */
	struct batch *out;
	struct state_step *state;
};

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
			c->mode = (enum mode)i;
			return 0;
		}
	err_set(b->err, ERR_SPEC, arg->items[0].where,
	    "\"mode\" cannot be \"%.*s\"", STR_ARG(word));
	return err_suggest(b->err, word, modes, sizeof modes / sizeof *modes);
}

/* What is compared with a row: the columns of the other flow. */
static int
bind_other(struct op *op, const struct bind *b)
{
	struct semi_config *c = op->config;
	const struct flow *f = &op->ins[1];
	unsigned want = c->mode == SEMI_SCALAR ? 1 : c->n_keys, n = 0;

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
		c->type = f->cols[i].type;
		c->cols[n++] = flow_value(f, &f->cols[i]);
	}
	if (n == want)
		return 0;
	return err_set(b->err, ERR_SPEC, op->where,
	    "the other flow has %u column%s, and %u %s expected", n,
	    n == 1 ? "" : "s", want, want == 1 ? "is" : "are");
}

static int
bind_keys(struct op *op, const struct bind *b)
{
	struct semi_config *c = op->config;
	const struct arg *keys = op_arg(op, "keys");
	struct scope scope;

	c->n_keys = keys ? keys->n_items : 0;
	c->keys = arena_array(b->arena, c->n_keys, sizeof(void *));
	flow_scope(&op->in, b, &scope);
	for (unsigned i = 0; i < c->n_keys; i++) {
		c->keys[i] =
		    expr_bind(keys->items[i].node, &scope, b->arena, b->err);
		if (!c->keys[i])
			return -1;
	}
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
	c->as = flow_compute(&op->out);
	flow_set(
	    &op->out, as, c->as, c->mode == SEMI_SCALAR ? c->type : T_BOOL);
	return 0;
}

/* ---- preparing ---- */

static void *
semi_prepare(const struct op *op, struct eval *ev, struct batch *b)
{
	const struct semi_config *c = op->config;
	struct semi_prep *p = arena_alloc(b->arena, sizeof *p);
	unsigned n = b->port && c->mode == SEMI_SCALAR ? 1 : c->n_keys;
	struct column *cols = arena_array(b->arena, n, sizeof *cols);

	p->answer = (struct column){.type = T_NULL};
	eval_begin(ev, b);
	for (unsigned i = 0; i < n; i++) {
		cols[i] = (struct column){.type = T_NULL};
		if (!b->port)
			expr_eval(c->keys[i], ev, b, NULL, 0, &cols[i]);
		else if (c->cols[i] < b->n_cols)
			cols[i] = b->cols[c->cols[i]];
	}
	eval_settle(ev, b);
	keys_make(&p->keys, ev, b, cols, n);
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
	held_init(&r->held, op, r->c->n_keys);
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

static void
take_other(struct semi_run *r, const struct batch *b, const struct semi_prep *p,
    unsigned k)
{
	unsigned row = batch_row(b, k);

	if (r->c->mode == SEMI_SCALAR) {
		keep_value(r, column_get(&p->keys.cols[0], row));
		return;
	}
	r->n_rows++;
	if (!p->keys.n)
		return;
	if (keys_null(&p->keys, row)) {
		table_cell(&r->odd, p->keys.list[k], p->keys.hashes[k]);
	} else {
		table_cell(&r->rows, p->keys.list[k], p->keys.hashes[k]);
		r->some = true;
	}
	r->run.counts.keys = r->rows.n + r->odd.n;
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

static bool
any_may_be(const struct table *t, bool some, struct str key, unsigned n)
{
	struct arena a;
	bool found = false;

	/* A part that is NULL may be anything. */
	if (n == 1)
		return some;
	arena_init(&a, 256);
	for (size_t i = 0; i < t->n && !found; i++)
		found = may_be_equal(key, cell_key(t, t->cells[i]), n, &a);
	arena_release(&a);
	return found;
}

static enum answer
is_in(
    const struct semi_run *r, const struct keys *keys, unsigned k, unsigned row)
{
	bool null = keys_null(keys, row);
	struct str key = keys->list[k];

	if (!null && table_find(&r->rows, key, keys->hashes[k]))
		return ANSWER_YES;
	if (r->c->mode == SEMI_IN && !r->c->adds)
		return ANSWER_NO; /* so is what is unknown */
	return any_may_be(&r->odd, r->odd.n > 0, key, keys->n) ||
		       (null && any_may_be(&r->rows, r->some, key, keys->n))
		   ? ANSWER_UNKNOWN
		   : ANSWER_NO;
}

static enum answer
ask(const struct semi_run *r, const struct keys *keys, unsigned k, unsigned row)
{
	enum answer a = ANSWER_NO;

	switch (r->c->mode) {
	case SEMI_IN:
	case SEMI_NOT_IN:
		a = is_in(r, keys, k, row);
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
	struct batch whole = *b;

	if (!n)
		return;
	if (r->c->adds)
		*flow_place(&r->run.op->out, b, r->c->as) =
		    r->c->mode == SEMI_SCALAR ? scalar_column(r, b) : p->answer;
	b->sel = rows;
	b->n_sel = n;
	r->run.emit(&r->run, b);
	b->sel = whole.sel;
	b->n_sel = whole.n_sel;
}

static bool
keeps(struct semi_run *r, struct batch *b, struct semi_prep *p, unsigned k)
{
	unsigned row = batch_row(b, k);
	enum answer a;

	if (r->c->mode == SEMI_SCALAR)
		return true;
	a = ask(r, &p->keys, k, row);
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
		held_row(&r->held, b, p->keys.cols, row);
	else if (keeps(r, b, p, k))
		rows[(*n)++] = (uint16_t)row;
}

static void
semi_apply(struct op_run *run, struct batch *b, void *prepared, unsigned from,
    unsigned to, struct watermark *w)
{
	struct semi_run *r = (struct semi_run *)run;
	uint16_t *rows = arena_array(b->arena, to - from, sizeof *rows);
	unsigned n = 0, k = op_selected_from(b, from);

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
	struct semi_prep p = {.answer = {.type = T_NULL}};
	uint16_t *rows = arena_array(b->arena, b->n_rows, sizeof *rows);
	unsigned n = 0;

	keys_make(&p.keys, r->run.eval, b, keys, r->c->n_keys);
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
	if (r->c->mode == SEMI_SCALAR && r->n_rows > 1)
		run->fail(run, "this query gives more than one row, and it is "
			       "used as a value");
	r->ended = true;
	keys = mem_array(r->c->n_keys + 1, sizeof *keys);
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
	held_release(&r->held);
	buf_release(&r->value);
	batch_free(r->out);
	mem_free(r);
}

/* ---- state ---- */

static void
semi_schema(const struct op *op, struct schema *out)
{
	const struct semi_config *c = op->config;
	struct arena a;
	unsigned n, *cols;

	arena_init(&a, 1024);
	written_args(op, out, "keys mode");
	written_columns(&op->ins[1], c->cols,
	    c->mode == SEMI_SCALAR ? 1 : c->n_keys, "compared with", out);
	cols = flow_kept(&op->in, op->number, &a, &n);
	written_sort(&op->in, cols, n);
	written_columns(&op->in, cols, n, "columns", out);
	arena_release(&a);
}

/* That the key is there says it all. */
static void
save_nothing(
    void *arg, const struct table *t, const struct cell *cell, struct buf *out)
{
	(void)arg;
	(void)t;
	(void)cell;
	(void)out;
}

static bool
load_nothing(void *arg, struct table *t, struct cell *cell, struct str bytes)
{
	(void)arg;
	(void)t;
	(void)cell;
	return !bytes.n;
}

static const struct cell_codec found_codec = {
    .save = save_nothing, .load = load_nothing, .movable = true};
/* All are looked through. */
static const struct cell_codec listed_codec = {
    .save = save_nothing, .load = load_nothing};

static int
restore_value(struct semi_run *r, struct err *err)
{
	struct state_map *m = state_map(r->state, "step");
	struct buf scratch = {0};
	struct str key = state_key_text(&scratch, "value");
	int rc = 0;

	if (state_get(m, 0, key, &r->value) != STORE_FOUND ||
	    !written_is(r->value.p, r->value.p + r->value.n, 1))
		rc = written_damaged(m, 0, key, err);
	buf_release(&scratch);
	return rc;
}

static int
semi_restore(struct op_run *run, struct state_step *s, struct err *err)
{
	struct semi_run *r = (struct semi_run *)run;
	const struct semi_config *c = r->c;
	bool lists = c->n_keys > 1 && (c->mode == SEMI_NOT_IN || c->adds);
	int64_t n[4];
	int rc;

	r->state = s;
	table_keep(&r->rows, state_map(s, "rows"), 0,
	    lists ? &listed_codec : &found_codec, NULL);
	table_keep(&r->odd, state_map(s, "odd"), 0, &listed_codec, NULL);
	table_load(&r->odd);
	if (lists)
		table_load(&r->rows);
	rc = written_load(s, "other", n, 4, err);
	if (rc < 0 || held_keep(&r->held, s, err))
		return -1;
	if (!rc)
		return 0;
	r->n_rows = (uint64_t)n[0];
	r->some = n[1] != 0;
	r->ended = n[2] != 0;
	r->mark = n[3];
	return c->mode == SEMI_SCALAR && r->n_rows ? restore_value(r, err) : 0;
}

static void
save_value(struct semi_run *r)
{
	struct buf key = {0};

	state_put(state_map(r->state, "step"), 0, state_key_text(&key, "value"),
	    buf_str(&r->value));
	buf_release(&key);
}

static void
semi_save(struct op_run *run)
{
	struct semi_run *r = (struct semi_run *)run;
	const int64_t n[] = {(int64_t)r->n_rows, r->some, r->ended, r->mark};

	if (r->c->mode == SEMI_SCALAR && r->n_rows)
		save_value(r);
	held_save(&r->held);
	written_save(r->state, "other", n, 4);
}

static void
semi_explain(const struct op *op, struct buf *out)
{
	const struct semi_config *c = op->config;

	if (c->mode == SEMI_SCALAR)
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
	{"keys", PARAM_EXPRS, false,
	    "What is compared with the columns of the other flow, in order."},
	{"mode", PARAM_WORD, false,
	    "in (unless said otherwise), not in, exists, not exists, scalar."},
	{"with", PARAM_FLOWS, false, "The other flow."},
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
	    "a column, NULL if there is none; a second row is an error.",
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

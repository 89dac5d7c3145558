/* SPDX-License-Identifier: MIT */
/*
 * Rows as sets: UNION, INTERSECT and EXCEPT, each row once, or with ALL as
 * often as it should be there.
 *
 * A cell per row that is there, with how often every port has it. A row comes
 * out as soon as it is certain: for UNION when it first comes, for INTERSECT
 * when the last port has it, too. For EXCEPT nothing is certain before all
 * ports have ended; rows of the first port come out then, in their order.
 *
 * Where changes are wanted, and rows may be taken back, or for EXCEPT, a row
 * comes and goes with the counters: as often as it should be there.
 */
#include "base/mem.h"
#include "op/held.h"
#include "op/keys.h"
#include "op/standing.h"
#include "op/ttl.h"
#include "op/unite.h"
#include "op/written.h"
#include "state/table.h"

enum setop_kind {
	SETOP_UNION,
	SETOP_INTERSECT,
	SETOP_EXCEPT
};

struct setop_config {
	struct unite unite; /* first */
	enum setop_kind kind;
	bool all;
	bool live;   /* rows come at once, and may be taken back */
	int64_t ttl; /* µs a row is kept; 0 = for ever */
};

struct setop_prep {
	struct keys keys;
	struct batch view; /* with the columns of the results */
};

struct setop_run {
	struct op_run run; /* first */
	const struct setop_config *c;
	struct table table; /* a uint64_t per port: rows that came */
	struct ttl_keys ttl;
	struct table given; /* EXCEPT: a uint64_t: rows met when giving */
	struct held held;   /* EXCEPT: rows of the first port */
	int64_t mark;
	struct batch *out;
	struct state_step *state;
};

/* ---- binding ---- */

/* Rows are told apart as wholes, if they are there once. */
static void
bind_live(struct op *op, const struct bind *b, struct setop_config *c)
{
	unsigned n = op->out.n_cols,
		 *key = arena_array(b->arena, n, sizeof *key);
	bool changes = false;

	for (unsigned k = 0; k < op->n_from; k++)
		changes |= op->ins[k].changes;
	c->live = op->live && (changes || c->kind == SETOP_EXCEPT) &&
		  (changes || !op->wants_key || !c->all);
	op->out.changes = c->live;
	op->out.steady = false;
	op->out.keyed = c->live && !c->all;
	if (!op->out.keyed)
		return;
	for (unsigned i = 0; i < n; i++)
		key[i] = flow_value(&op->out, &op->out.cols[i]);
	flow_hand_on(&op->out, key, n);
	op->out.key = key;
	op->out.n_key = n;
}

static int
setop_bind(struct op *op, const struct bind *b)
{
	struct setop_config *c = arena_zalloc(b->arena, sizeof *c);

	if (unite_bind(op, b, &c->unite, op_word_is(op, "by", "name")))
		return -1;
	if (op->out.open) {
		err_set(b->err, ERR_SPEC, op->where,
		    "the columns of the rows to compare are not known");
		return err_hint(b->err, "a select in each flow names them");
	}
	for (unsigned i = 0; i < op->out.n_cols; i++)
		flow_value(&op->out, &op->out.cols[i]);
	c->all = op_flag(op, "all");
	c->kind = op_word_is(op, "keep", "union")	? SETOP_UNION
		  : op_word_is(op, "keep", "intersect") ? SETOP_INTERSECT
							: SETOP_EXCEPT;
	op->grows = "every different row is kept";
	bind_live(op, b, c);
	if (c->kind == SETOP_EXCEPT && !c->live)
		return 0;
	c->ttl = b->ttl;
	return op_forgets(op, b);
}

/* ---- preparing ---- */

/* Columns that are compared: all there are, in order. */
static const struct column *
compared(const struct op *op, const struct column *cols, struct arena *a)
{
	struct column *out = arena_array(a, op->out.n_cols, sizeof *out);

	for (unsigned i = 0; i < op->out.n_cols; i++)
		out[i] = cols[op->out.cols[i].col];
	return out;
}

static void *
setop_prepare(const struct op *op, struct eval *ev, struct batch *b)
{
	struct setop_prep *p = arena_alloc(b->arena, sizeof *p);
	struct column *cols = unite_columns(op, ev, b);

	keys_make(
	    &p->keys, ev, b, compared(op, cols, b->arena), op->out.n_cols);
	p->view = *b;
	p->view.cols = cols;
	p->view.n_cols = op->out.segment->n_cols;
	if (((const struct setop_config *)op->config)->live)
		p->view.kind = arena_zalloc(b->arena, BATCH_ROWS);
	p->view.raw = NULL;
	p->view.bad = NULL;
	p->view.n_bad = p->view.cap_bad = 0;
	return p;
}

static void
forget(void *run, struct str key, uint64_t hash)
{
	struct setop_run *r = run;
	struct cell *cell = table_find(&r->table, key, hash);

	if (cell)
		table_remove(&r->table, cell);
}

static struct op_run *
setop_open(const struct op *op)
{
	struct setop_run *r = mem_zalloc(sizeof *r);
	unsigned bytes = op->n_from * (unsigned)sizeof(uint64_t);

	r->run.op = op;
	r->c = op->config;
	r->mark = WHEN_MIN;
	r->out = batch_new();
	table_init(&r->table, (bytes + 15) & ~15u);
	r->table.flat = true;
	ttl_keys_init(&r->ttl, r->c->ttl, forget, r);
	table_init(&r->given, 16);
	held_init_flow(&r->held, &op->out);
	return &r->run;
}

/* ---- rows in ---- */

static uint64_t *
counts_of(struct table *t, const struct keys *keys, unsigned k)
{
	struct cell *c = table_cell(t, keys->list[k], keys->hashes[k]);

	return (uint64_t *)(void *)c->bytes;
}

/* The least of all ports. */
static uint64_t
least(const uint64_t *counts, unsigned n)
{
	uint64_t out = counts[0];

	for (unsigned i = 1; i < n; i++)
		if (counts[i] < out)
			out = counts[i];
	return out;
}

static uint64_t
sum(const uint64_t *counts, unsigned n)
{
	uint64_t out = 0;

	for (unsigned i = 0; i < n; i++)
		out += counts[i];
	return out;
}

/* Counts selected row k; true if it is certain to come out now. */
static bool
take(struct setop_run *r, const struct setop_prep *p, unsigned port, unsigned k)
{
	unsigned n = r->run.op->n_from, row = batch_row(&p->view, k);
	struct str key = p->keys.list[k];
	uint64_t *counts, before;

	ttl_keys_check(&r->ttl, key, p->keys.hashes[k], r->mark);
	ttl_keys_touch(
	    &r->ttl, key, p->view.time ? p->view.time[row] : WHEN_MIN, r->mark);
	counts = counts_of(&r->table, &p->keys, k);
	switch (r->c->kind) {
	case SETOP_UNION:
		counts[port]++;
		return r->c->all || sum(counts, n) == 1;
	case SETOP_INTERSECT:
		before = least(counts, n);
		counts[port]++;
		return least(counts, n) > before && (r->c->all || !before);
	case SETOP_EXCEPT:
		break;
	}
	if (!port)
		held_row(&r->held, &p->view, NULL, batch_row(&p->view, k));
	else
		counts[port]++;
	return false;
}

/* How often the row is there now. */
static uint64_t
times_there(const struct setop_run *r, const uint64_t *counts)
{
	unsigned n = r->run.op->n_from;
	uint64_t there = 0, others;

	switch (r->c->kind) {
	case SETOP_UNION:
		there = sum(counts, n);
		break;
	case SETOP_INTERSECT:
		there = least(counts, n);
		break;
	case SETOP_EXCEPT:
		others = sum(counts + 1, n - 1);
		if (!r->c->all && others)
			return 0;
		there = counts[0] > others ? counts[0] - others : 0;
		break;
	}
	return r->c->all ? there : there > 0;
}

/* The same where rows may be taken back: selected row k comes, or goes. */
static bool
take_live(struct setop_run *r, const struct batch *b,
    const struct setop_prep *p, unsigned k)
{
	unsigned row = batch_row(b, k);
	struct str key = p->keys.list[k];
	uint64_t *counts, before, after;

	ttl_keys_check(&r->ttl, key, p->keys.hashes[k], r->mark);
	counts = counts_of(&r->table, &p->keys, k);
	before = times_there(r, counts);
	if (!change_takes_back(batch_change(b, row))) {
		counts[b->port]++;
	} else if (counts[b->port]) {
		counts[b->port]--;
	} else {
		r->run.counts.astray++;
		return false;
	}
	after = times_there(r, counts);
	ttl_keys_touch(
	    &r->ttl, key, b->time ? b->time[row] : WHEN_MIN, r->mark);
	p->view.kind[row] = after > before ? CHANGE_INSERT : CHANGE_DELETE;
	return after != before;
}

static void
give(struct setop_run *r, struct batch *view, uint16_t *rows, unsigned n)
{
	struct batch out = *view;

	if (!n)
		return;
	out.sel = rows;
	out.n_sel = n;
	out.n_filtered = 0;
	r->run.emit(&r->run, &out);
	mem_free(out.bad);
}

static void
mark(struct setop_run *r, int64_t w)
{
	if (w <= r->mark)
		return;
	r->mark = w;
	ttl_keys_advance(&r->ttl, w);
	if (r->c->live ? !r->run.op->awaited || w == WHEN_MAX
		       : r->c->kind != SETOP_EXCEPT)
		r->run.forward(&r->run, w);
}

static void
setop_apply(struct op_run *run, struct batch *b, void *prepared, unsigned from,
    unsigned to, struct watermark *w)
{
	struct setop_run *r = (struct setop_run *)run;
	struct setop_prep *p = prepared;
	uint16_t *rows = arena_array(b->arena, to - from, sizeof *rows);
	unsigned n = 0, k = op_selected_from(b, from);

	keys_fetch(&r->table, b, p->keys.list, p->keys.hashes, from, to);
	ttl_keys_fetch(&r->ttl, b, p->keys.list, p->keys.hashes, from, to);
	for (unsigned row = from; row < to; row++) {
		if (k < b->n_sel && batch_row(b, k) == row &&
		    (r->c->live ? take_live(r, b, p, k++)
				: take(r, p, b->port, k++)))
			rows[n++] = (uint16_t)row;
		if (!w || !b->time || !watermark_see(w, b->time[row]))
			continue;
		give(r, &p->view, rows, n);
		rows += n;
		n = 0;
		mark(r, w->now);
	}
	give(r, &p->view, rows, n);
	run->counts.keys = r->table.n - r->table.n_gone;
}

/* ---- EXCEPT ---- */

/* A held row comes out if the other ports do not have it (so often). */
static bool
stays(struct setop_run *r, const struct keys *keys, unsigned k)
{
	unsigned n = r->run.op->n_from;
	uint64_t others = sum(counts_of(&r->table, keys, k) + 1, n - 1);
	uint64_t met = ++*counts_of(&r->given, keys, k);

	return r->c->all ? met > others : !others && met == 1;
}

static void
give_rest(struct setop_run *r)
{
	const struct op *op = r->run.op;
	struct batch *b = r->out;
	int64_t w = WHEN_MIN;

	while (held_next(&r->held, op->out.segment->n_cols, b, NULL, &w)) {
		uint16_t *rows = arena_array(b->arena, b->n_rows, sizeof *rows);
		struct keys keys;
		unsigned n = 0;

		keys_make(&keys, r->run.eval, b,
		    compared(op, b->cols, b->arena), op->out.n_cols);
		for (unsigned k = 0; k < b->n_sel; k++)
			if (stays(r, &keys, k))
				rows[n++] = (uint16_t)k;
		give(r, b, rows, n);
	}
}

static void
setop_advance(struct op_run *run, int64_t w)
{
	struct setop_run *r = (struct setop_run *)run;

	mark(r, w);
	if (w != WHEN_MAX || r->c->kind != SETOP_EXCEPT || r->c->live)
		return;
	give_rest(r);
	run->forward(run, w);
}

static void
setop_close(struct op_run *run)
{
	struct setop_run *r = (struct setop_run *)run;

	table_release(&r->table);
	ttl_keys_release(&r->ttl);
	table_release(&r->given);
	held_release(&r->held);
	batch_free(r->out);
	mem_free(r);
}

/* ---- state ---- */

static void
setop_schema(const struct op *op, struct schema *out)
{
	const struct setop_config *c = op->config;
	unsigned *cols = mem_array(op->out.n_cols, sizeof *cols);

	for (unsigned i = 0; i < op->out.n_cols; i++)
		cols[i] = op->out.cols[i].col;
	written_args(op, out, "keep all by");
	written_count(out, "flows", op->n_from);
	if (c->live)
		written_word(out, "rows come out", "as they change");
	written_columns(&op->out, cols, op->out.n_cols, "columns", out);
	mem_free(cols);
}

static void
save_counts(
    void *arg, const struct table *t, const struct cell *cell, struct buf *out)
{
	const uint64_t *counts = (const void *)cell->bytes;
	const struct setop_run *r = arg;

	(void)t;
	for (unsigned i = 0; i < r->run.op->n_from; i++)
		written_put_int(out, (int64_t)counts[i]);
}

static bool
load_counts(void *arg, struct table *t, struct cell *cell, struct str bytes)
{
	uint64_t *counts = (void *)cell->bytes;
	const char *p = bytes.p, *end = p + bytes.n;
	const struct setop_run *r = arg;
	int64_t n;

	(void)t;
	for (unsigned i = 0; i < r->run.op->n_from; i++) {
		if (!written_get_int(&p, end, &n))
			return false;
		counts[i] = (uint64_t)n;
	}
	return p == end;
}

static const struct cell_codec setop_codec = {
    .save = save_counts, .load = load_counts, .movable = true};

static int
setop_restore(struct op_run *run, struct state_step *s, struct err *err)
{
	struct setop_run *r = (struct setop_run *)run;

	r->state = s;
	table_keep(&r->table, state_map(s, "rows"), 0, &setop_codec, r);
	ttl_keys_keep(&r->ttl, s);
	if (r->c->kind == SETOP_EXCEPT && !r->c->live &&
	    held_keep(&r->held, s, err))
		return -1;
	return written_load(s, "mark", &r->mark, 1, err) < 0 ? -1 : 0;
}

static void
setop_save(struct op_run *run)
{
	struct setop_run *r = (struct setop_run *)run;

	if (r->c->kind == SETOP_EXCEPT && !r->c->live)
		held_save(&r->held);
	written_save(r->state, "mark", &r->mark, 1);
}

static void
setop_explain(const struct op *op, struct buf *out)
{
	const struct setop_config *c = op->config;

	buf_lit(out, "a counter per flow for each different row");
	if (c->kind == SETOP_EXCEPT && !c->live)
		buf_lit(out, "; rows of the first flow, until all have ended");
}

// clang-format off
static const struct param setop_params[] = {
	{"all", PARAM_FLAG, false,
	    "Rows come out as often as they should be there, not once."},
	{"by", PARAM_WORD, false,
	    "How columns are matched: by position (unless said otherwise), or "
	    "by name."},
	{"keep", PARAM_WORD, false,
	    "union: rows of any flow (unless said otherwise); intersect: rows "
	    "that all have; except: rows of the first that no other has."},
	{"with", PARAM_FLOWS, false, "The other flows."},
};

static const struct param_words setop_words[] = {
	{"by", "position name"},
	{"keep", "union intersect except"},
};

const struct op_kind op_setop = {
	.name = "setop",
	.doc = "Unite, intersect or subtract flows as sets of rows.",
	.about =
	    "Rows are compared as wholes; NULL is equal to NULL here. What "
	    "is kept comes out once, with all: true as often as SQL's UNION "
	    "ALL, INTERSECT ALL and EXCEPT ALL say. For except rows come out "
	    "when all flows have ended. In the output modes that show changes "
	    "(-m changelog, upsert, every) they come at once, and are taken "
	    "back when another flow has them; so it is with all rows where "
	    "rows before the step may be taken back.",
	.example = "- select: [path]\n- setop: [api]\n  keep: except\n",
	.params = setop_params,
	.n_params = sizeof setop_params / sizeof *setop_params,
	.words = setop_words,
	.n_words = sizeof setop_words / sizeof *setop_words,
	.forgets =
	    "for union and intersect a row is forgotten so long after one like "
	    "it came or went last, for except where changes are shown. Rows "
	    "that come at the end are all kept",
	.primary = "with",
	.ports_min = 2,
	.ports_max = PORTS_MAX,
	.changes = CHANGES_LIVE,
	.bind = setop_bind,
	.prepare = setop_prepare,
	.open = setop_open,
	.apply = setop_apply,
	.advance = setop_advance,
	.close = setop_close,
	.schema = setop_schema,
	.restore = setop_restore,
	.save = setop_save,
	.explain = setop_explain,
};
// clang-format on

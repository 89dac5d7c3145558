/* SPDX-License-Identifier: MIT */
/*
 * Keep the first rows, after leaving out some.
 *
 * When the last row is out, no further input can matter: `done` says so and
 * the run stops reading. With keys each has counters of its own, and the run
 * goes on.
 *
 * Where rows are taken back, and every change of the result is wanted, it is
 * the best rows of each key by arrival: top_live.c does that.
 */
#include "base/mem.h"
#include "data/key.h"
#include "op/keys.h"
#include "op/show.h"
#include "op/top_live.h"
#include "op/written.h"

struct limit_config {
	struct expr **keys;
	unsigned n_keys;
	uint64_t rows, offset;
	int64_t ttl;		     /* µs a key is kept; 0 = for ever */
	const struct top_live *live; /* NULL: rows only come */
};

/* Rows still to leave out, still to keep. */
struct limit_count {
	uint64_t skip, left;
	bool begun;
};

struct limit_run {
	struct op_run run; /* first */
	const struct limit_config *c;
	struct limit_count count;
	struct table keys; /* cell: struct limit_count */
	struct ttl_keys ttl;
	int64_t now;
	struct state_step *state;
};

/* The first rows are the best by an order in which all are equal. */
static int
bind_live(struct op *op, const struct bind *b, struct limit_config *c)
{
	struct top_live *live = arena_zalloc(b->arena, sizeof *live);
	uint64_t until;

	if (__builtin_add_overflow(c->offset, c->rows, &until))
		until = UINT64_MAX;
	*live = (struct top_live){.rule = {.limit = until},
	    .keys = c->keys,
	    .n_keys = c->n_keys,
	    .from = c->offset + 1,
	    .rank_col = COL_RECORD};
	c->live = live;
	return top_live_bind(op, b, op_arg(op, "by"), live);
}

static const struct top_live *
live_of(const struct op *op)
{
	return ((const struct limit_config *)op->config)->live;
}

static int
limit_bind(struct op *op, const struct bind *b)
{
	struct limit_config *c = arena_zalloc(b->arena, sizeof *c);
	struct scope scope;

	op->config = c;
	op->out = op->in;
	flow_scope(&op->in, b, &scope);
	c->keys = bind_list(op_arg(op, "by"), &scope, b, &c->n_keys);
	if (!c->keys || op_count(op, "rows", b, UINT64_MAX, &c->rows) ||
	    op_count(op, "offset", b, 0, &c->offset))
		return -1;
	if (op->in.changes)
		return bind_live(op, b, c);
	if (!c->n_keys)
		return 0;
	op->grows = "every key is kept";
	c->ttl = b->ttl;
	return op_forgets(op, b);
}

static void
forget(void *run, struct str key, uint64_t hash)
{
	struct limit_run *r = run;
	struct cell *cell = table_find(&r->keys, key, hash);

	if (cell)
		table_remove(&r->keys, cell);
}

static struct op_run *
limit_open(const struct op *op)
{
	const struct limit_config *c = op->config;
	struct limit_run *r;

	if (c->live)
		return top_live_open(c->live, op);
	r = mem_zalloc(sizeof *r);
	r->run.op = op;
	r->c = c;
	r->count = (struct limit_count){c->offset, c->rows, true};
	r->now = WHEN_MIN;
	table_init(&r->keys, (sizeof(struct limit_count) + 15) & ~15u);
	r->keys.flat = true;
	ttl_keys_init(&r->ttl, c->ttl, forget, r);
	return &r->run;
}

static void *
limit_prepare(const struct op *op, struct eval *ev, struct batch *b)
{
	const struct limit_config *c = op->config;
	struct row_keys *keys = arena_zalloc(b->arena, sizeof *keys);
	struct column *cols = arena_array(b->arena, c->n_keys, sizeof *cols);

	if (c->live)
		return top_live_prepare(c->live, op, ev, b);
	if (!c->n_keys)
		return keys;
	eval_begin(ev, b);
	for (unsigned i = 0; i < c->n_keys; i++)
		expr_eval(c->keys[i], ev, b, NULL, 0, &cols[i]);
	row_keys_make(keys, cols, c->n_keys, ev, b);
	return keys;
}

static bool
passes(struct limit_count *count)
{
	if (count->skip) {
		count->skip--;
		return false;
	}
	if (!count->left)
		return false;
	count->left--;
	return true;
}

/* Does row k of the selection pass? Its counters are those of its key. */
static bool
takes(struct limit_run *r, const struct batch *b, const struct row_keys *keys,
    unsigned k)
{
	unsigned row = batch_row(b, k);
	struct limit_count *count;
	bool written;

	if (!r->c->n_keys)
		return passes(&r->count);
	ttl_keys_check(&r->ttl, keys->keys[k], keys->hashes[k], r->now);
	count =
	    (void *)table_cell(&r->keys, keys->keys[k], keys->hashes[k])->bytes;
	if (!count->begun)
		*count = (struct limit_count){r->c->offset, r->c->rows, true};
	r->run.counts.keys = r->keys.n - r->keys.n_gone;
	written = count->skip || count->left;
	if (written)
		ttl_keys_touch(&r->ttl, keys->keys[k],
		    b->time ? b->time[row] : WHEN_MIN, r->now);
	return passes(count);
}

static void
pass_time(struct limit_run *r, int64_t w)
{
	r->now = w;
	ttl_keys_advance(&r->ttl, w);
}

static void
limit_apply(struct op_run *run, struct batch *b, void *prepared, unsigned from,
    unsigned to, struct watermark *w)
{
	struct limit_run *r = (struct limit_run *)run;
	uint16_t *rows = arena_array(b->arena, to - from, sizeof *rows);
	const struct row_keys *keys = prepared;
	unsigned n = 0, k = op_selected_from(b, from);

	if (live_of(run->op)) {
		top_live_apply(run, b, prepared, from, to, w);
		return;
	}
	if (r->c->n_keys) {
		keys_fetch(&r->keys, b, keys->keys, keys->hashes, from, to);
		ttl_keys_fetch(&r->ttl, b, keys->keys, keys->hashes, from, to);
	}
	for (unsigned row = from; row < to; row++) {
		if (k < b->n_sel && batch_row(b, k) == row) {
			if (takes(r, b, keys, k++))
				rows[n++] = (uint16_t)row;
			else
				b->n_filtered++;
		}
		if (!w || !b->time || !watermark_see(w, b->time[row]))
			continue;
		op_pass(run, b, rows, n);
		rows += n;
		n = 0;
		pass_time(r, w->now);
		run->forward(run, w->now);
	}
	op_pass(run, b, rows, n);
}

static void
limit_advance(struct op_run *run, int64_t w)
{
	if (live_of(run->op)) {
		top_live_advance(run, w);
		return;
	}
	pass_time((struct limit_run *)run, w);
	run->forward(run, w);
}

static void
limit_close(struct op_run *run)
{
	if (live_of(run->op)) {
		top_live_close(run);
		return;
	}
	table_release(&((struct limit_run *)run)->keys);
	ttl_keys_release(&((struct limit_run *)run)->ttl);
	mem_free(run);
}

static bool
limit_done(const struct op_run *run)
{
	const struct limit_run *r = (const struct limit_run *)run;

	return !live_of(run->op) && !r->c->n_keys && !r->count.left;
}

/* ---- state ---- */

static void
limit_schema(const struct op *op, struct schema *out)
{
	const struct limit_config *c = op->config;

	written_args(op, out, "by");
	written_count(out, "rows", c->rows);
	written_count(out, "offset", c->offset);
	if (c->live)
		top_live_schema(c->live, op, out);
}

static void
save_count(
    void *arg, const struct table *t, const struct cell *cell, struct buf *out)
{
	const struct limit_count *count = (const void *)cell->bytes;

	(void)arg;
	(void)t;
	written_put_int(out, (int64_t)count->skip);
	written_put_int(out, (int64_t)count->left);
}

static bool
load_count(void *arg, struct table *t, struct cell *cell, struct str bytes)
{
	struct limit_count *count = (void *)cell->bytes;
	const char *p = bytes.p, *end = p + bytes.n;
	int64_t skip, left;

	(void)arg;
	(void)t;
	if (!written_get_int(&p, end, &skip) ||
	    !written_get_int(&p, end, &left) || p != end)
		return false;
	*count = (struct limit_count){(uint64_t)skip, (uint64_t)left, true};
	return true;
}

static const struct cell_codec limit_codec = {
    .save = save_count, .load = load_count, .movable = true};

static int
limit_restore(struct op_run *run, struct state_step *s, struct err *err)
{
	struct limit_run *r = (struct limit_run *)run;
	int64_t n[2];
	int rc;

	if (live_of(run->op))
		return top_live_restore(run, s, err);
	r->state = s;
	if (r->c->n_keys) {
		table_keep(
		    &r->keys, state_map(s, "keys"), 0, &limit_codec, NULL);
		ttl_keys_keep(&r->ttl, s);
		if (!r->c->ttl)
			return 0;
		return written_load(s, "now", &r->now, 1, err) < 0 ? -1 : 0;
	}
	rc = written_load(s, "count", n, 2, err);
	if (rc == 1)
		r->count =
		    (struct limit_count){(uint64_t)n[0], (uint64_t)n[1], true};
	return rc < 0 ? -1 : 0;
}

static void
limit_save(struct op_run *run)
{
	struct limit_run *r = (struct limit_run *)run;

	if (live_of(run->op))
		top_live_save(run);
	else if (r->c->ttl)
		written_save(r->state, "now", &r->now, 1);
	else if (!r->c->n_keys)
		written_save(r->state, "count",
		    (const int64_t[]){
			(int64_t)r->count.skip, (int64_t)r->count.left},
		    2);
}

static void
limit_explain(const struct op *op, struct buf *out)
{
	const struct limit_config *c = op->config;

	if (c->live)
		top_live_explain(c->live, out);
	else
		buf_addz(
		    out, c->n_keys ? "two counters per key" : "two counters");
}

static void
limit_when(const struct op *op, struct buf *out)
{
	const struct limit_config *c = op->config;

	buf_addz(out, c->n_keys ? "each row at once"
				: "each row at once, until there are enough");
}

// clang-format off
static const struct param limit_params[] = {
	{"by", PARAM_EXPRS, false, "Keys: so many rows of each."},
	{"offset", PARAM_COUNT, false, "How many rows to leave out first."},
	{"rows", PARAM_COUNT, true, "How many rows to keep."},
};

const struct op_kind op_limit = {
	.name = "limit",
	.doc = "Keep the first rows.",
	.about =
	    "After the last row the run ends, without reading the rest of the "
	    "input. With by, the first rows of each key are kept. Where rows "
	    "before the step may be taken back, and the output mode shows "
	    "changes (-m changelog, upsert, every), all rows are held, and "
	    "the next one takes the place of one that is taken back.",
	.example = "- limit: 10\n  offset: 20\n",
	.params = limit_params,
	.n_params = sizeof limit_params / sizeof *limit_params,
	.forgets =
	    "a key is forgotten so long after the last of its rows that was "
	    "counted, and begins anew",
	.primary = "rows",
	.changes = CHANGES_LIVE,
	.bind = limit_bind,
	.prepare = limit_prepare,
	.open = limit_open,
	.apply = limit_apply,
	.advance = limit_advance,
	.close = limit_close,
	.done = limit_done,
	.schema = limit_schema,
	.restore = limit_restore,
	.save = limit_save,
	.show = show_kept,
	.explain = limit_explain,
	.when = limit_when,
};
// clang-format on

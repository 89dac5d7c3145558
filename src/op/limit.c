/* SPDX-License-Identifier: MIT */
/*
 * Keep the first rows, after leaving out some.
 *
 * When the last row is out, no further input can matter: `done` says so and
 * the run stops reading.
 */
#include "base/mem.h"
#include "op/op.h"

struct limit_config {
	uint64_t rows, offset;
};

struct limit_run {
	struct op_run run;   /* first */
	uint64_t skip, left; /* rows still to leave out, still to keep */
};

static int
limit_bind(struct op *op, const struct bind *b)
{
	struct limit_config *c = arena_zalloc(b->arena, sizeof *c);

	op->config = c;
	op->out = op->in;
	if (op_count(op, "rows", b, UINT64_MAX, &c->rows))
		return -1;
	return op_count(op, "offset", b, 0, &c->offset);
}

static struct op_run *
limit_open(const struct op *op)
{
	const struct limit_config *c = op->config;
	struct limit_run *r = mem_zalloc(sizeof *r);

	r->run.op = op;
	r->skip = c->offset;
	r->left = c->rows;
	return &r->run;
}

/* Passes on the rows [0, n) of the list, as the batch's selection. */
static void
pass_on(struct limit_run *r, struct batch *b, uint16_t *rows, unsigned n)
{
	struct batch whole = *b;

	if (!n)
		return;
	b->sel = rows;
	b->n_sel = n;
	r->run.emit(&r->run, b);
	b->sel = whole.sel;
	b->n_sel = whole.n_sel;
}

static void
limit_apply(struct op_run *run, struct batch *b, void *prepared, unsigned from,
    unsigned to, struct watermark *w)
{
	struct limit_run *r = (struct limit_run *)run;
	uint16_t *rows = arena_array(b->arena, to - from, sizeof *rows);
	unsigned n = 0, k = op_selected_from(b, from);

	(void)prepared;
	for (unsigned row = from; row < to; row++) {
		if (k < b->n_sel && batch_row(b, k) == row) {
			k++;
			if (r->skip) {
				r->skip--;
				b->n_filtered++;
			} else if (r->left) {
				r->left--;
				rows[n++] = (uint16_t)row;
			} else {
				b->n_filtered++;
			}
		}
		if (!w || !b->time || !watermark_see(w, b->time[row]))
			continue;
		pass_on(r, b, rows, n);
		rows += n;
		n = 0;
		run->forward(run, w->now);
	}
	pass_on(r, b, rows, n);
}

static void
limit_advance(struct op_run *run, int64_t w)
{
	run->forward(run, w);
}

static void
limit_close(struct op_run *run)
{
	mem_free(run);
}

static bool
limit_done(const struct op_run *run)
{
	return !((const struct limit_run *)run)->left;
}

static void
limit_explain(const struct op *op, struct buf *out)
{
	(void)op;
	buf_lit(out, "two counters");
}

// clang-format off
static const struct param limit_params[] = {
	{"offset", PARAM_COUNT, false, "How many rows to leave out first."},
	{"rows", PARAM_COUNT, true, "How many rows to keep."},
};

const struct op_kind op_limit = {
	.name = "limit",
	.doc = "Keep the first rows.",
	.about =
	    "After the last row the run ends, without reading the rest of the "
	    "input.",
	.example = "- limit: 10\n  offset: 20\n",
	.params = limit_params,
	.n_params = sizeof limit_params / sizeof *limit_params,
	.primary = "rows",
	.changes = CHANGES_REFUSE,
	.bind = limit_bind,
	.open = limit_open,
	.apply = limit_apply,
	.advance = limit_advance,
	.close = limit_close,
	.done = limit_done,
	.explain = limit_explain,
};
// clang-format on

/* SPDX-License-Identifier: MIT */
/*
 * A column of the watermark as it stood when each row came: Flink's
 * CURRENT_WATERMARK. A row moves the watermark only after it has been looked
 * at, so one that is not late is ahead of it.
 *
 * Stateless steps see batches before it is known which watermark holds at
 * their rows; that is why this is a step of its own.
 */
#include "base/mem.h"
#include "op/written.h"

struct mark_config {
	unsigned col;
};

struct mark_run {
	struct op_run run; /* first */
	const struct mark_config *c;
	int64_t now; /* WHEN_MIN: none yet */
	struct state_step *state;
};

static int
mark_bind(struct op *op, const struct bind *b)
{
	struct mark_config *c = arena_zalloc(b->arena, sizeof *c);

	op->config = c;
	op->out = flow_copy(&op->in, 1, b->arena);
	if (op->in.scan)
		op->in.scan->needs_time = true;
	c->col = flow_compute(&op->out);
	flow_set(&op->out, op_word(op, "as"), c->col, T_TIME);
	return 0;
}

static struct op_run *
mark_open(const struct op *op)
{
	struct mark_run *r = mem_zalloc(sizeof *r);

	r->run.op = op;
	r->c = op->config;
	r->now = WHEN_MIN;
	return &r->run;
}

/* The column, which the pieces of a batch fill one after another. */
static void *
mark_prepare(const struct op *op, struct eval *ev, struct batch *b)
{
	struct column *c = arena_alloc(b->arena, sizeof *c);

	(void)op;
	(void)ev;
	*c = column_new(b->arena, T_TIME);
	return c;
}

/* Passes on some of the batch's rows, as its selection. */
static void
pass_on(struct mark_run *r, struct batch *b, const struct column *marks,
    uint16_t *rows, unsigned n)
{
	if (!n)
		return;
	*flow_place(&r->run.op->out, b, r->c->col) = *marks;
	op_pass(&r->run, b, rows, n);
}

static void
mark_advance(struct op_run *run, int64_t w)
{
	struct mark_run *r = (struct mark_run *)run;

	r->now = w;
	run->forward(run, w);
}

static void
mark_apply(struct op_run *run, struct batch *b, void *prepared, unsigned from,
    unsigned to, struct watermark *w)
{
	struct mark_run *r = (struct mark_run *)run;
	struct column *marks = prepared;
	uint16_t *rows = arena_array(b->arena, to - from, sizeof *rows);
	unsigned n = 0, k = op_selected_from(b, from);

	for (unsigned row = from; row < to; row++) {
		marks->i[row] = r->now;
		if (r->now == WHEN_MIN)
			column_set_null(marks, b->arena, row);
		if (k < b->n_sel && batch_row(b, k) == row) {
			rows[n++] = (uint16_t)row;
			k++;
		}
		if (!w || !b->time || !watermark_see(w, b->time[row]))
			continue;
		r->now = w->now;
		if (!run->op->heeded)
			continue;
		pass_on(r, b, marks, rows, n);
		rows += n;
		n = 0;
		run->forward(run, w->now);
	}
	pass_on(r, b, marks, rows, n);
}

static void
mark_close(struct op_run *run)
{
	mem_free(run);
}

/* ---- kept state ---- */

static int
mark_restore(struct op_run *run, struct state_step *s, struct err *err)
{
	struct mark_run *r = (struct mark_run *)run;

	r->state = s;
	return written_load(s, "watermark", &r->now, 1, err) < 0 ? -1 : 0;
}

static void
mark_save(struct op_run *run)
{
	struct mark_run *r = (struct mark_run *)run;

	written_save(r->state, "watermark", &r->now, 1);
}

static void
mark_schema(const struct op *op, struct schema *out)
{
	(void)op;
	schema_add(out, "watermark", STR("time"), true);
}

static void
mark_explain(const struct op *op, struct buf *out)
{
	(void)op;
	buf_lit(out, "the watermark");
}

// clang-format off
static const struct param mark_params[] = {
	{"as", PARAM_NAME, true, "Name of the column."},
};

const struct op_kind op_watermark = {
	.name = "watermark",
	.doc = "Add a column: the watermark as it stood when the row came.",
	.about =
	    "It is NULL before the first one, and where no lateness is stated. "
	    "A row whose time is not after it is late for a window that ends "
	    "there. In queries: CURRENT_WATERMARK(time).",
	.example =
	    "- watermark: passed\n"
	    "- where: time <= passed\n",
	.params = mark_params,
	.n_params = sizeof mark_params / sizeof *mark_params,
	.primary = "as",
	.waits = WAITS_NOT,
	.changes = CHANGES_REFUSE,
	.bind = mark_bind,
	.prepare = mark_prepare,
	.open = mark_open,
	.apply = mark_apply,
	.advance = mark_advance,
	.close = mark_close,
	.schema = mark_schema,
	.restore = mark_restore,
	.save = mark_save,
	.explain = mark_explain,
};
// clang-format on

/* SPDX-License-Identifier: MIT */
/*
 * Say of every row which windows it is in: the row comes out once for each of
 * them, with the window's edges beside it, and has the window's time.
 *
 * This is Flink's window table-valued function without an aggregation behind
 * it. Rows come out at once; it is their time that moves to the end of the
 * window, so that a later window can be made of the results (Flink,
 * window-tvf.md: window_time).
 */
#include "base/mem.h"
#include "op/computed.h"
#include "op/window_kind.h"

struct windowed_config {
	struct window_spec window;
	unsigned start, end, time; /* numbers of the columns */
};

static int
refuse_sessions(const struct arg *window, const struct bind *b)
{
	err_set(b->err, ERR_SPEC, window->where,
	    "which session a row is in is known only when the session ends");
	return err_hint(b->err,
	    "aggregate over it: GROUP BY window_start, window_end and the "
	    "keys");
}

static int
windowed_bind(struct op *op, const struct bind *b)
{
	struct windowed_config *c = arena_zalloc(b->arena, sizeof *c);
	const struct arg *window = op_arg(op, "window");
	struct flow *out = &op->out;

	op->config = c;
	if (window_parse(window->items[0].node, b, &c->window))
		return -1;
	if (c->window.type == WINDOW_SESSION)
		return refuse_sessions(window, b);
	if (c->window.type == WINDOW_ALL)
		return err_set(b->err, ERR_SPEC, window->where,
		    "every row is in the window of all rows");
	if (op->in.scan)
		op->in.scan->needs_time = true;
	*out = flow_copy(&op->in, 3, b->arena);
	c->start = flow_compute(out);
	c->end = flow_compute(out);
	c->time = flow_compute(out);
	flow_set(out, STR("window_start"), c->start, T_TIME);
	flow_set(out, STR("window_end"), c->end, T_TIME);
	flow_set(out, STR("window_time"), c->time, T_TIME);
	out->moved = true;
	out->time_col = c->time;
	return 0;
}

static struct op_run *
windowed_open(const struct op *op)
{
	struct op_run *r = mem_zalloc(sizeof *r);

	r->op = op;
	return r;
}

/* A batch of one row as it is in one window. */
static void
emit_row(
    struct op_run *r, const struct batch *b, unsigned row, struct span window)
{
	const struct windowed_config *c = r->op->config;
	struct arena *a = b->arena;
	unsigned n = r->op->out.segment->n_cols;
	struct batch one = *b;
	struct column *cols = arena_array(a, n, sizeof *cols);
	const struct span edges = window;

	memcpy(cols, b->cols, b->n_cols * sizeof *cols);
	for (unsigned i = b->n_cols; i < n; i++)
		cols[i] = (struct column){.type = T_NULL};
	column_put(&cols[c->start], a, row, value_time(edges.start));
	column_put(&cols[c->end], a, row, value_time(edges.end));
	column_put(&cols[c->time], a, row, value_time(edges.end - WHEN_MS));
	one.cols = cols;
	one.n_cols = n;
	one.time = arena_array(a, b->n_rows, sizeof *one.time);
	one.time[row] = edges.end - WHEN_MS;
	one.sel = arena_array(a, 1, sizeof *one.sel);
	one.sel[0] = (uint16_t)row;
	one.n_sel = 1;
	one.bad = NULL;
	one.n_bad = one.cap_bad = 0;
	r->emit(r, &one);
}

static void
windowed_row(struct op_run *r, const struct batch *b, unsigned row)
{
	const struct windowed_config *c = r->op->config;
	int64_t after = WHEN_MIN;
	struct span slice, window;

	if (!window_slice(&c->window, b->time[row], &slice))
		return;
	while (window_next(&c->window, slice, after, &window)) {
		emit_row(r, b, row, window);
		after = window.end;
	}
}

static void
windowed_apply(struct op_run *r, struct batch *b, void *prepared, unsigned from,
    unsigned to, struct watermark *w)
{
	unsigned k = op_selected_from(b, from);

	(void)prepared;
	for (unsigned row = from; row < to; row++) {
		if (k < b->n_sel && batch_row(b, k) == row) {
			k++;
			windowed_row(r, b, row);
		}
		if (w && watermark_see(w, b->time[row]))
			r->forward(r, w->now);
	}
}

static void
windowed_advance(struct op_run *r, int64_t w)
{
	r->forward(r, w);
}

static void
windowed_close(struct op_run *r)
{
	mem_free(r);
}

static void
windowed_explain(const struct op *op, struct buf *out)
{
	(void)op;
	buf_lit(out, "none");
}

// clang-format off
static const struct param windowed_params[] = {
	{"window", PARAM_WINDOW, true, "The kind of window; no sessions."},
};

const struct op_kind op_windowed = {
	.name = "windowed",
	.doc = "Say of every row which windows it is in.",
	.about =
	    "Adds `window_start`, `window_end` and `window_time`, the last "
	    "millisecond of the window. A row that is in several windows comes "
	    "out once for each. `window` aggregates over windows in one step; "
	    "this is for all else one may want to do with them.",
	.example = "- windowed: tumble(5m)\n",
	.params = windowed_params,
	.n_params = sizeof windowed_params / sizeof *windowed_params,
	.primary = "window",
	.bind = windowed_bind,
	.open = windowed_open,
	.apply = windowed_apply,
	.advance = windowed_advance,
	.close = windowed_close,
	.explain = windowed_explain,
};
// clang-format on

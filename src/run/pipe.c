/* SPDX-License-Identifier: MIT */
/*
 * Steps with state in input order; see pipe.h.
 *
 * Watermarks. All inputs of a rank have one watermark. It goes to the first
 * steps with state behind them; what a step hands on goes to the next ones,
 * which take the least of what those before them say. Lower ranks have ended:
 * what comes from them alone is at the end of time.
 */
#include "run/pipe.h"

#include "base/mem.h"
#include "base/must.h"
#include "run/fork.h"

/* ---- steps that need no more ---- */

static bool
all_dead(const struct pipe *p, const struct readers *r)
{
	for (unsigned i = 0; i < r->n; i++)
		if (r->list[i].output || !p->dead[r->list[i].number])
			return false;
	return r->n > 0;
}

void
pipe_set_dead(struct pipe *p, unsigned step)
{
	const struct plan *plan = p->plan;

	if (p->dead[step])
		return;
	p->dead[step] = true;
	for (unsigned i = plan->n_ops; i-- > 0;)
		p->dead[i] |= all_dead(p, &plan->step_readers[i]);
	p->done = true;
	for (unsigned i = 0; i < plan->n_inputs; i++) {
		p->input_done[i] = all_dead(p, &plan->input_readers[i]);
		p->done &= p->input_done[i] || !plan->inputs[i].used;
	}
}

/* ---- rows ---- */

/* Rows of a step, and those at forks, do not move the watermark. */
static struct watermark
still(const struct pipe *p, unsigned step)
{
	return (struct watermark){.greatest = WHEN_MAX,
	    .lateness = WHEN_MAX,
	    .ceiling = WHEN_MAX,
	    .now = p->watermarks[step]};
}

static void
apply_step(struct pipe *p, const struct op *op, struct batch *b, void *state,
    unsigned from, unsigned to, struct watermark *w)
{
	struct op_run *r = p->runs[op->number];

	op->kind->apply(r, b, state, from, to, w);
	if (op->kind->done && op->kind->done(r))
		pipe_set_dead(p, op->number);
}

/* Rows [from, to) of what an output gets. */
static void
write_rows(struct pipe *p, unsigned output, const struct batch *b,
    unsigned from, unsigned to)
{
	struct batch part = *b;
	unsigned k = op_selected_from(b, from);
	unsigned end = op_selected_from(b, to);

	if (k || end < b->n_sel) {
		part.n_sel = end - k;
		part.sel = arena_array(b->arena, part.n_sel, sizeof *part.sel);
		for (unsigned i = 0; i < part.n_sel; i++)
			part.sel[i] = (uint16_t)batch_row(b, k + i);
	}
	sink_rows(&p->sinks[output], &part);
}

static void
apply_leaf(struct pipe *p, struct leaf *leaf, unsigned from, unsigned to)
{
	struct watermark w;

	if (!leaf->op) {
		write_rows(p, leaf->output, &leaf->batch, from, to);
		return;
	}
	w = still(p, leaf->op->number);
	apply_step(p, leaf->op, &leaf->batch, leaf->state, from, to, &w);
}

/* ---- from step to step ---- */

/*
 * Rows that failed in an expression behind a step with state. records: if they
 * are records as they came, they have been counted as used so far.
 */
static void
report_bad(struct pipe *p, struct batch *b, bool records)
{
	bool whole = b->raw && !b->made;

	if (!b->n_bad)
		return;
	if (whole)
		rejects_records(p->rejects, &p->inputs[b->input], b);
	else
		rejects_result(p->rejects, b);
	if (whole && records)
		p->counts->bad += b->n_bad;
	else if (whole)
		p->rejects->n_results += b->n_bad;
	b->n_bad = 0;
}

static void
deliver_fork(struct pipe *p, struct edge e, struct batch *b, bool records)
{
	struct batch failed = *b;
	struct fork f;

	report_bad(p, b, records);
	fork_run(p, e, b, &f);
	failed.bad = f.bad;
	failed.n_bad = f.n_bad;
	report_bad(p, &failed, false);
	mem_free(f.bad);
	fork_serve(p, f.leaves, f.n_leaves, 0, b->n_rows,
	    p->routes.steps[e.number].meet, apply_leaf);
}

/* A batch of a step's rows goes on to whoever reads them. */
static void
deliver(struct pipe *p, struct edge e, struct batch *b, bool records)
{
	for (;;) {
		const struct readers *readers = plan_readers(p->plan, e);
		const struct reader *r = readers->list;
		const struct op *op;
		struct watermark w;
		void *state;

		if (readers->n != 1) {
			deliver_fork(p, e, b, records);
			return;
		}
		if (r->output) {
			report_bad(p, b, records);
			sink_rows(&p->sinks[r->number], b);
			return;
		}
		op = &p->plan->ops[r->number];
		b->port = r->port;
		p->steps[r->number].in += b->n_sel;
		if (p->runs[r->number]) {
			state = op->kind->prepare
				    ? op->kind->prepare(op, p->eval, b)
				    : NULL;
			report_bad(p, b, records);
			w = still(p, r->number);
			apply_step(p, op, b, state, 0, b->n_rows, &w);
			return;
		}
		op->kind->batch(op, p->eval, b);
		p->steps[r->number].out += b->n_sel;
		e = (struct edge){true, r->number};
	}
}

/* Makes room for the columns of the segment a step's result begins. */
static void
widen(const struct op *op, struct batch *b)
{
	unsigned n = op->out.segment->n_cols;
	struct column *cols;

	if (b->n_cols >= n)
		return;
	cols = arena_array(b->arena, n, sizeof *cols);
	memcpy(cols, b->cols, b->n_cols * sizeof *cols);
	for (unsigned i = b->n_cols; i < n; i++)
		cols[i] = (struct column){.type = T_NULL};
	b->cols = cols;
	b->n_cols = n;
}

static void
emit(struct op_run *from, struct batch *b)
{
	struct pipe *p = from->owner;
	unsigned step = from->op->number;
	struct edge e = {true, step};
	bool records = b->raw && !p->routes.steps[step].branch;
	struct batch view;

	widen(from->op, b);
	p->steps[step].out += b->n_sel;
	/* Those of records have been reported as they came. */
	if (!b->raw)
		report_bad(p, b, false);
	/* A step may go on with its batch: what comes behind has its own. */
	view = *b;
	view.bad = NULL;
	view.n_bad = view.cap_bad = 0;
	deliver(p, e, &view, records);
	b->n_filtered = view.n_filtered;
	mem_free(view.bad);
}

/* ---- watermarks ---- */

static void
end_port(struct pipe *p, unsigned step, unsigned port)
{
	const struct op *op = &p->plan->ops[step];

	if (p->ended[step][port])
		return;
	p->ended[step][port] = true;
	if (op->kind->ended)
		op->kind->ended(p->runs[step], port);
}

static void
raise(struct pipe *p, unsigned step, int64_t w)
{
	const struct op *op = &p->plan->ops[step];

	if (w <= p->watermarks[step])
		return;
	p->watermarks[step] = w;
	for (unsigned port = 0; w == WHEN_MAX && port < op->n_from; port++)
		end_port(p, step, port);
	op->kind->advance(p->runs[step], w);
}

/* What the inputs right before a step say. */
static int64_t
mark_of_inputs(const struct pipe *p, unsigned rank)
{
	if (rank == p->rank)
		return p->now;
	return rank < p->rank ? WHEN_MAX : WHEN_MIN;
}

/* The least of what a step hears. */
static int64_t
mark_for(const struct pipe *p, unsigned step)
{
	const struct route_step *route = &p->routes.steps[step];
	int64_t w = WHEN_MAX;

	if (route->first)
		w = mark_of_inputs(p, route->rank);
	for (unsigned i = 0; i < route->n_origins; i++)
		if (p->forwarded[route->origins[i]] < w)
			w = p->forwarded[route->origins[i]];
	return w;
}

static void
forward(struct op_run *from, int64_t w)
{
	struct pipe *p = from->owner;
	unsigned step = from->op->number;
	const struct route_step *route = &p->routes.steps[step];

	p->forwarded[step] = w;
	for (unsigned i = 0; i < route->n_targets; i++)
		raise(p, route->targets[i], mark_for(p, route->targets[i]));
}

void
pipe_advance(struct pipe *p, int64_t w)
{
	p->now = w;
	for (unsigned i = 0; i < p->plan->n_ops; i++)
		if (p->runs[i] && p->routes.steps[i].first &&
		    p->routes.steps[i].rank == p->rank)
			raise(p, i, mark_for(p, i));
}

void
pipe_end(struct pipe *p, unsigned rank)
{
	const struct plan *plan = p->plan;

	p->rank = rank;
	p->now = WHEN_MAX;
	for (unsigned i = 0; i < plan->n_ops; i++) {
		const struct op *op = &plan->ops[i];

		for (unsigned k = 0; p->runs[i] && k < op->n_from; k++)
			if (route_rank(&p->routes, op->from[k]) <= rank)
				end_port(p, i, k);
		if (p->runs[i] && p->routes.steps[i].rank <= rank)
			raise(p, i, WHEN_MAX);
	}
	p->rank = rank + 1;
	p->now = WHEN_MIN;
}

/* ---- batches that come ---- */

void
pipe_arrive(struct pipe *p, unsigned input, struct prepared *b)
{
	const struct route_input *route = &p->routes.inputs[input];
	const struct lane_path *path = &p->lanes->paths[input];
	struct fork f;

	if (path->stateful.op)
		p->steps[path->stateful.op->number].in += b->batch->n_sel;
	if (!route->forks && !route->marks)
		return;
	if (route->forks) {
		fork_run(p, path->end, b->batch, &f);
		batch_merge_bad(b->batch, f.bad, f.n_bad);
		mem_free(f.bad);
		b->leaves = f.leaves;
		b->n_leaves = f.n_leaves;
		return;
	}
	b->leaves = arena_alloc(b->batch->arena, sizeof *b->leaves);
	b->n_leaves = 1;
	*b->leaves = (struct leaf){
	    .op = path->stateful.op, .batch = *b->batch, .state = b->state};
	if (path->output)
		b->leaves->output = (unsigned)(path->output - p->plan->outputs);
}

/* Rows move the watermark; the row behind the first one that does. */
static unsigned
next_mark(const struct batch *b, unsigned from, unsigned to,
    struct watermark *w, bool *moved)
{
	*moved = false;
	if (!w || !b->time)
		return to;
	while (from < to && !*moved)
		*moved = watermark_see(w, b->time[from++]);
	return from;
}

/* Record after record as far as it matters. */
static void
apply_exactly(struct pipe *p, unsigned input, struct prepared *b, unsigned from,
    unsigned to, struct watermark *w)
{
	const struct route_input *route = &p->routes.inputs[input];
	bool moved;

	while (from < to) {
		unsigned end = next_mark(b->batch, from, to, w, &moved);

		fork_serve(p, b->leaves, b->n_leaves, from, end, route->meet,
		    apply_leaf);
		if (moved)
			pipe_advance(p, w->now);
		from = end;
	}
	if (!route->forks)
		b->batch->n_filtered = b->leaves->batch.n_filtered;
}

/* A step that the inputs' watermark goes to at once. */
static bool
hears_inputs(const struct pipe *p, unsigned step)
{
	const struct route_step *route = &p->routes.steps[step];

	return route->first && !route->n_origins && route->rank == p->rank;
}

/* True if the rows have moved w. */
static bool
apply_moving(struct pipe *p, const struct op *op, struct batch *b, void *state,
    unsigned from, unsigned to, struct watermark *w)
{
	struct watermark own = still(p, op->number);
	bool moves = w && hears_inputs(p, op->number);

	apply_step(p, op, b, state, from, to, moves ? w : &own);
	if (moves && w->now > p->watermarks[op->number])
		p->watermarks[op->number] = w->now;
	return moves;
}

/* Leaf after leaf: they do not meet, so each sees the watermark move. */
static void
apply_leaves(struct pipe *p, struct prepared *b, unsigned from, unsigned to,
    const struct watermark *w)
{
	for (unsigned i = 0; i < b->n_leaves; i++) {
		struct leaf *leaf = &b->leaves[i];
		struct watermark own;

		if (w)
			own = *w;
		if (leaf->op)
			apply_moving(p, leaf->op, &leaf->batch, leaf->state,
			    from, to, w ? &own : NULL);
		else
			apply_leaf(p, leaf, from, to);
	}
}

/*
 * The usual case: one way, and the step or output at its end. True if the rows
 * have moved w.
 */
static bool
apply_only(struct pipe *p, const struct lane_path *path, struct prepared *b,
    unsigned from, unsigned to, struct watermark *w)
{
	unsigned output;

	if (path->stateful.op)
		return apply_moving(
		    p, path->stateful.op, b->batch, b->state, from, to, w);
	output = (unsigned)(path->output - p->plan->outputs);
	if (path->encoder)
		sink_bytes(&p->sinks[output], b);
	else
		write_rows(p, output, b->batch, from, to);
	return false;
}

void
pipe_apply(struct pipe *p, unsigned input, struct prepared *b, unsigned from,
    unsigned to, struct watermark *w)
{
	const struct route_input *route = &p->routes.inputs[input];
	bool moved = false;

	if (route->marks || (route->forks && route->meet)) {
		apply_exactly(p, input, b, from, to, w);
		return;
	}
	if (route->forks)
		apply_leaves(p, b, from, to, w);
	else
		moved = apply_only(p, &p->lanes->paths[input], b, from, to, w);
	for (unsigned row = from; w && !moved && b->batch->time && row < to;
	     row++)
		watermark_see(w, b->batch->time[row]);
	if (w && w->now > p->now)
		pipe_advance(p, w->now);
}

/* ---- the interface ---- */

static void
late(struct op_run *from, const struct batch *b, unsigned row)
{
	struct pipe *p = from->owner;

	if (!p->late || !b->raw)
		return;
	buf_adds(&p->late->buf, b->raw[row]);
	buf_addc(&p->late->buf, p->late_end);
	output_settle(p->late);
}

static void
fail(struct op_run *from, const char *message)
{
	struct pipe *p = from->owner;

	if (p->failed)
		return;
	p->failed = true;
	err_set(p->err, ERR_BAD, from->op->where, "%s", message);
}

static void
open_step(struct pipe *p, unsigned i)
{
	const struct op *op = &p->plan->ops[i];
	struct op_run *r;

	p->watermarks[i] = p->forwarded[i] = WHEN_MIN;
	p->ended[i] = mem_zalloc(op->n_from * sizeof **p->ended);
	if (!op->kind->open)
		return;
	r = p->runs[i] = op->kind->open(op);
	r->op = op;
	r->eval = p->eval;
	r->emit = emit;
	r->forward = forward;
	r->late = late;
	r->fail = fail;
	r->owner = p;
}

/* Steps behind which none has state. */
static void
mark_ends(struct pipe *p)
{
	unsigned n = p->plan->n_ops;
	bool *followed = mem_zalloc(n * sizeof *followed);

	for (unsigned i = n; i-- > 0;) {
		const struct op *op = &p->plan->ops[i];

		if (p->runs[i])
			p->runs[i]->ends = !followed[i];
		for (unsigned k = 0; k < op->n_from; k++)
			if (op->from[k].step)
				followed[op->from[k].number] |=
				    followed[i] || p->runs[i];
	}
	mem_free(followed);
}

void
pipe_init(struct pipe *p, const struct plan *plan)
{
	size_t n = plan->n_ops + 1;

	p->plan = plan;
	p->eval = eval_new();
	p->now = WHEN_MIN;
	routes_init(&p->routes, plan);
	p->runs = mem_zalloc(n * sizeof *p->runs);
	p->watermarks = mem_array(n, sizeof *p->watermarks);
	p->forwarded = mem_array(n, sizeof *p->forwarded);
	p->ended = mem_array(n, sizeof *p->ended);
	p->dead = mem_zalloc(n * sizeof *p->dead);
	p->steps = mem_zalloc(n * sizeof *p->steps);
	p->input_done = mem_zalloc(plan->n_inputs * sizeof *p->input_done);
	for (unsigned i = 0; i < plan->n_ops; i++)
		open_step(p, i);
	mark_ends(p);
}

void
pipe_release(struct pipe *p)
{
	for (unsigned i = 0; i < p->plan->n_ops; i++) {
		if (p->runs[i])
			p->plan->ops[i].kind->close(p->runs[i]);
		mem_free(p->ended[i]);
	}
	mem_free(p->runs);
	mem_free(p->watermarks);
	mem_free(p->forwarded);
	mem_free(p->ended);
	mem_free(p->dead);
	mem_free(p->steps);
	mem_free(p->input_done);
	routes_release(&p->routes);
	eval_free(p->eval);
}

void
pipe_flush(struct pipe *p)
{
	for (unsigned i = 0; i < p->plan->n_outputs; i++)
		sink_settle(&p->sinks[i]);
}

void
pipe_finish(struct pipe *p)
{
	for (unsigned i = 0; i < p->plan->n_outputs; i++)
		sink_finish(&p->sinks[i]);
}

void
pipe_counts(const struct pipe *p, struct op_counts *out)
{

	*out = (struct op_counts){0};
	for (unsigned i = 0; i < p->plan->n_ops; i++) {
		const struct op_run *r = p->runs[i];
		const struct route_step *route = &p->routes.steps[i];

		if (!r)
			continue;
		/* Behind a fork, or a step, what is late is no record. */
		if (route->first && !route->branch)
			out->late += r->counts.late;
		else
			out->late_behind += r->counts.late;
		out->late_some += r->counts.late_some;
		out->updates += r->counts.updates;
		out->keys += r->counts.keys;
		out->astray += r->counts.astray;
	}
}

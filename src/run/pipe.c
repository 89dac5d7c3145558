/* SPDX-License-Identifier: MIT */
/* Stateful steps in input order; see pipe.h. */
#include "run/pipe.h"

#include "base/mem.h"
#include "base/must.h"

/* ---- the way out ---- */

static void
begin_output(struct pipe *p)
{
	const struct format *format = p->plan->outputs[0].format;

	if (!p->begun && format->begin)
		format->begin(p->encoder, &p->out->buf);
	p->begun = true;
}

static void
write_result(struct pipe *p, struct batch *b)
{
	struct batch view;

	if (b->n_bad && !b->raw)
		rejects_result(p->rejects, b);
	if (!b->n_sel)
		return;
	begin_output(p);
	result_view(&p->plan->outputs[0].result, b, &view);
	p->plan->outputs[0].format->encode(p->encoder, &view, &p->out->buf);
	p->counts->out += b->n_sel;
	output_settle(p->out);
}

/* ---- from step to step ---- */

static void
enter(struct pipe *p, unsigned step, struct batch *b)
{
	for (; step < p->plan->n_ops; step++) {
		const struct op *op = &p->plan->ops[step];
		struct op_run *r = p->runs[step];
		struct watermark w;
		void *state;

		if (!r) {
			op->kind->batch(op, p->eval, b);
			continue;
		}
		state = op->kind->prepare ? op->kind->prepare(op, p->eval, b)
					  : NULL;
		/* Rows of a step do not move the watermark by themselves. */
		w = (struct watermark){.greatest = WHEN_MAX,
		    .lateness = WHEN_MAX,
		    .ceiling = WHEN_MAX,
		    .now = p->watermarks[step]};
		op->kind->apply(r, b, state, 0, b->n_rows, &w);
		if (op->kind->done && op->kind->done(r))
			p->done = true;
		return;
	}
	write_result(p, b);
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
	widen(from->op, b);
	enter(from->owner, from->op->number + 1, b);
}

static void
advance_from(struct pipe *p, unsigned step, int64_t w)
{
	for (; step < p->plan->n_ops; step++) {
		struct op_run *r = p->runs[step];

		if (!r)
			continue;
		r->op->kind->advance(r, w);
		p->watermarks[step] = w;
		return;
	}
}

static void
forward(struct op_run *from, int64_t w)
{
	advance_from(from->owner, from->op->number + 1, w);
}

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

/* ---- the interface ---- */

void
pipe_init(struct pipe *p, const struct plan *plan, struct encoder *encoder,
    struct output *out, struct output *late_rows, struct rejects *rejects,
    struct run_counts *counts)
{
	*p = (struct pipe){.plan = plan,
	    .encoder = encoder,
	    .out = out,
	    .late = late_rows,
	    .rejects = rejects,
	    .counts = counts,
	    .eval = eval_new()};
	p->runs = mem_zalloc((plan->n_ops + 1) * sizeof *p->runs);
	p->watermarks = mem_array(plan->n_ops + 1, sizeof *p->watermarks);
	for (unsigned i = 0; i < plan->n_ops; i++) {
		const struct op *op = &plan->ops[i];
		struct op_run *r;

		p->watermarks[i] = WHEN_MIN;
		if (!op->kind->open)
			continue;
		r = p->runs[i] = op->kind->open(op);
		r->op = op;
		r->eval = p->eval;
		r->emit = emit;
		r->forward = forward;
		r->late = late;
		r->owner = p;
		r->ends = true;
		for (unsigned k = 0; k < i; k++)
			if (p->runs[k])
				p->runs[k]->ends = false;
	}
}

void
pipe_release(struct pipe *p)
{
	for (unsigned i = 0; i < p->plan->n_ops; i++)
		if (p->runs[i])
			p->plan->ops[i].kind->close(p->runs[i]);
	mem_free(p->runs);
	mem_free(p->watermarks);
	eval_free(p->eval);
}

static const struct op *
stateful_of(const struct pipe *p)
{
	unsigned i = first_stateful(p->plan);

	return i < p->plan->n_ops ? &p->plan->ops[i] : NULL;
}

void
pipe_apply(struct pipe *p, struct prepared *b, unsigned from, unsigned to,
    struct watermark *w)
{
	const struct op *op = stateful_of(p);
	struct op_run *r;

	if (op) {
		r = p->runs[op->number];
		op->kind->apply(r, b->batch, b->state, from, to, w);
		if (w)
			p->watermarks[op->number] = w->now;
		if (op->kind->done && op->kind->done(r))
			p->done = true;
	} else if (b->encoded.n) {
		begin_output(p);
		buf_adds(&p->out->buf, buf_str(&b->encoded));
		p->counts->out += b->n_out;
		output_settle(p->out);
	} else if (!b->n_out) {
		write_result(p, b->batch);
	}
}

void
pipe_advance(struct pipe *p, int64_t w)
{
	advance_from(p, first_stateful(p->plan), w);
}

void
pipe_flush(struct pipe *p)
{
	const struct format *format = p->plan->outputs[0].format;

	if (p->begun && format->flush)
		format->flush(p->encoder, &p->out->buf);
}

void
pipe_finish(struct pipe *p)
{
	const struct format *format = p->plan->outputs[0].format;

	begin_output(p);
	if (format->finish)
		format->finish(p->encoder, &p->out->buf);
}

void
pipe_counts(const struct pipe *p, struct op_counts *out)
{
	*out = (struct op_counts){0};
	for (unsigned i = 0; i < p->plan->n_ops; i++) {
		const struct op_run *r = p->runs[i];

		if (!r)
			continue;
		out->late += r->counts.late;
		out->late_some += r->counts.late_some;
		out->updates += r->counts.updates;
		out->keys += r->counts.keys;
		out->bad += r->counts.bad;
	}
}

/* SPDX-License-Identifier: MIT */
/* What one thread does with a block; see lane.h. */
#include "run/lane.h"

#include "base/mem.h"
#include "base/must.h"
#include "data/times.h"
#include "run/origin.h"

void
prepared_init(struct prepared *p)
{
	*p = (struct prepared){.batch = batch_new()};
}

void
prepared_release(struct prepared *p)
{
	batch_free(p->batch);
	buf_release(&p->encoded);
}

void
prepared_reset(struct prepared *p)
{
	batch_reset(p->batch);
	p->state = NULL;
	p->n_bad_read = 0;
	p->encoded.n = 0;
	p->n_out = 0;
	p->leaves = NULL;
}

/* ---- paths ---- */

/* The one reader of an edge; NULL if there are several. */
static const struct reader *
only_reader(const struct plan *plan, struct edge e)
{
	const struct readers *r = plan_readers(plan, e);

	return r->n == 1 ? &r->list[0] : NULL;
}

static void
find_path(const struct plan *plan, unsigned input, struct lane_path *path)
{
	const struct scan *scan = plan->inputs[input].scan;
	unsigned n = plan->inputs[input].rows.segment->n_cols;
	unsigned least = SCAN_BASE(scan->n_wants);
	const struct reader *r;

	path->n_cols = n > least ? n : least;
	path->steps = mem_array(plan->n_ops + 1, sizeof *path->steps);
	path->end = (struct edge){.number = input};
	while ((r = only_reader(plan, path->end)) && !r->output) {
		const struct op *op = &plan->ops[r->number];

		if (op->kind->open) {
			path->stateful = (struct lane_step){op, r->port};
			return;
		}
		path->steps[path->n_steps++] = (struct lane_step){op, r->port};
		path->end = (struct edge){true, r->number};
	}
	if (r)
		path->output = &plan->outputs[r->number];
}

void
lane_plan_init(struct lane_plan *l, const struct plan *plan)
{
	*l = (struct lane_plan){.plan = plan,
	    .paths = mem_zalloc(plan->n_inputs * sizeof *l->paths)};
	for (unsigned i = 0; i < plan->n_inputs; i++)
		if (plan->inputs[i].used)
			find_path(plan, i, &l->paths[i]);
}

void
lane_plan_release(struct lane_plan *l)
{
	for (unsigned i = 0; l->plan && i < l->plan->n_inputs; i++)
		mem_free(l->paths[i].steps);
	mem_free(l->paths);
}

/* ---- lanes ---- */

void
lane_init(struct lane *l, const struct lane_plan *plan, unsigned n_inputs)
{
	*l = (struct lane){.plan = plan,
	    .eval = eval_new(),
	    .decoders = mem_zalloc(n_inputs * sizeof *l->decoders),
	    .n_decoders = n_inputs};
}

void
lane_release(struct lane *l)
{
	for (unsigned i = 0; i < l->n_decoders; i++)
		must(!l->decoders[i]);
	mem_free(l->decoders);
	eval_free(l->eval);
}

void
lane_forget(struct lane *l, const struct input *in)
{
	struct decoder **d = &l->decoders[in->number];

	if (*d)
		in->layout->format->decoder_free(*d);
	*d = NULL;
}

/* Adds the columns that steps compute behind those that are decoded. */
static void
widen(struct batch *b, unsigned n_decoded, unsigned n_cols)
{
	struct column *cols = arena_array(b->arena, n_cols, sizeof *cols);

	memcpy(cols, b->cols, n_decoded * sizeof *cols);
	for (unsigned i = n_decoded; i < n_cols; i++)
		cols[i] = (struct column){.type = T_NULL};
	b->cols = cols;
	b->n_cols = n_cols;
}

static void
run_steps(struct lane *l, const struct lane_path *path, struct prepared *p)
{
	const struct lane_step *end = &path->stateful;

	for (unsigned i = 0; i < path->n_steps; i++) {
		const struct lane_step *s = &path->steps[i];

		p->batch->port = s->port;
		s->op->kind->batch(s->op, l->eval, p->batch);
	}
	if (!end->op)
		return;
	p->batch->port = end->port;
	if (end->op->kind->prepare)
		p->state = end->op->kind->prepare(end->op, l->eval, p->batch);
}

void
result_view(
    const struct plan_output *out, const struct batch *b, struct batch *view)
{
	const struct flow *f = &out->result;
	struct column *cols = arena_array(b->arena, f->n_cols, sizeof *cols);

	*view = *b;
	for (unsigned i = 0; i < f->n_cols; i++)
		cols[i] = b->cols[f->cols[i].col];
	view->cols = cols;
	view->n_cols = f->n_cols;
	if (out->times_given)
		times_columns(view, &out->times);
}

static void
encode(const struct lane_path *path, struct prepared *p)
{
	struct batch view;

	p->n_out = p->batch->n_sel;
	if (!p->n_out)
		return;
	result_view(path->output, p->batch, &view);
	path->output->format->encode(path->encoder, &view, &p->encoded);
}

void
lane_steps(struct lane *l, const struct lane_path *path, struct prepared *p)
{
	run_steps(l, path, p);
	if (path->encoder)
		encode(path, p);
}

static struct decoder *
decoder_of(struct lane *l, const struct input *in)
{
	struct decoder **d = &l->decoders[in->number];

	if (!*d)
		*d = in->layout->format->decoder_new(in->layout, &in->spec);
	return *d;
}

/* Event time that is computed from the record; without one a row is bad. */
static void
compute_time(struct lane *l, const struct expr *e, struct batch *b)
{
	struct column c;

	eval_begin(l->eval, b);
	expr_eval(e, l->eval, b, NULL, 0, &c);
	b->time = arena_array(b->arena, b->n_rows, sizeof *b->time);
	for (unsigned row = 0; row < b->n_rows; row++) {
		bool none = column_is_null(&c, row);

		b->time[row] = none ? WHEN_MIN : column_get(&c, row).i;
		if (none)
			eval_fail(l->eval, row, "the record has no event time");
	}
	eval_settle(l->eval, b);
}

/* Does nothing follow, or is what ends the block the end of a record? */
static bool
ends_whole(const struct input *in, const struct block *b)
{
	return (b->last && !b->early) ||
	       ((b->whole || b->early) && in->layout->looks_on);
}

size_t
lane_batch(struct lane *l, const struct input *in, const struct block *block,
    struct prepared *p)
{
	const char *from = block->bytes + block->from;
	const struct lane_path *path =
	    &l->plan->paths[in->plan - l->plan->plan->inputs];
	struct batch *b = p->batch;
	size_t used;

	prepared_reset(p);
	b->context = block->context;
	used = in->layout->format->decode(decoder_of(l, in), from,
	    block->bytes + block->to, ends_whole(in, block), b);
	if (!used && !b->n_bad && !b->more)
		return 0;
	b->input = in->number;
	b->block = from;
	b->block_offset = block->offset;
	b->block_line = block->line;
	p->n_bad_read = b->n_bad;
	widen(b, in->spec.n_wants, path->n_cols);
	origin_columns(in->plan->scan, in, b, block->to - block->from);
	p->read = b->cols;
	if (in->plan->time_of)
		compute_time(l, in->plan->time_of, b);
	lane_steps(l, path, p);
	return used;
}

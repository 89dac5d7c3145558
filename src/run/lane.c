/* SPDX-License-Identifier: MIT */
/* What one thread does with a block; see lane.h. */
#include "run/lane.h"

#include "base/mem.h"
#include "base/must.h"

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

unsigned
first_stateful(const struct plan *plan)
{
	unsigned i = 0;

	while (i < plan->n_ops && !plan->ops[i].kind->open)
		i++;
	return i;
}

static void
run_steps(struct lane *l, struct prepared *p)
{
	const struct plan *plan = l->plan->plan;
	const struct op *stateful = l->plan->stateful;

	unsigned n = first_stateful(plan);

	for (unsigned i = 0; i < n; i++)
		plan->ops[i].kind->batch(&plan->ops[i], l->eval, p->batch);
	p->state = stateful && stateful->kind->prepare
		       ? stateful->kind->prepare(stateful, l->eval, p->batch)
		       : NULL;
}

void
result_view(const struct flow *f, const struct batch *b, struct batch *view)
{
	struct column *cols = arena_array(b->arena, f->n_cols, sizeof *cols);

	*view = *b;
	for (unsigned i = 0; i < f->n_cols; i++)
		cols[i] = b->cols[f->cols[i].col];
	view->cols = cols;
	view->n_cols = f->n_cols;
}

static void
encode(struct lane *l, struct prepared *p)
{
	const struct plan *plan = l->plan->plan;
	struct batch view;

	p->n_out = p->batch->n_sel;
	if (!p->n_out)
		return;
	result_view(&plan->outputs[0].result, p->batch, &view);
	plan->outputs[0].format->encode(l->plan->encoder, &view, &p->encoded);
}

static struct decoder *
decoder_of(struct lane *l, const struct input *in)
{
	struct decoder **d = &l->decoders[in->number];

	if (!*d)
		*d = in->layout->format->decoder_new(in->layout, &in->spec);
	return *d;
}

size_t
lane_batch(struct lane *l, const struct input *in, const struct block *block,
    struct prepared *p)
{
	const char *from = block->bytes + block->from;
	struct batch *b = p->batch;
	size_t used;

	batch_reset(b);
	p->encoded.n = 0;
	p->n_out = 0;
	p->state = NULL;
	b->context = block->context;
	used = in->layout->format->decode(decoder_of(l, in), from,
	    block->bytes + block->to,
	    block->last || (block->whole && in->layout->looks_on), b);
	if (!used && !b->n_bad && !b->more)
		return 0;
	b->input = in->number;
	b->block = from;
	b->block_offset = block->offset;
	b->block_line = block->line;
	p->n_bad_read = b->n_bad;
	widen(b, in->spec.n_wants, l->plan->n_cols);
	run_steps(l, p);
	if (l->plan->encoder)
		encode(l, p);
	return used;
}

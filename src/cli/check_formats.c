/* SPDX-License-Identifier: MIT */
/*
 * Formats tried without a file: an input of no bytes is begun, and an encoder
 * made, so that settings, patterns and templates are read as a run would read
 * them. Only mistakes with a place in the spec count: others may be those of
 * an empty input.
 */
#include "base/mem.h"
#include "cli/pipeline.h"

static bool
try_input(const struct plan_input *in, struct err *err)
{
	const struct str empty = {"", 0};
	struct layout *layout;
	struct arena arena;
	enum start_status status;
	size_t used = 0;

	if (!in->format || !in->format->start)
		return true;
	arena_init(&arena, 4096);
	status = in->format->start(empty, true, &in->settings, &limits_default,
	    &arena, &layout, &used, err);
	arena_release(&arena);
	return status != START_ERR;
}

static bool
try_output(const struct plan_output *out, struct err *err)
{
	const struct flow *f = &out->result;
	struct encode_spec spec = {
	    .n_cols = f->n_cols, .settings = out->settings};
	struct out_column *cols;
	struct encoder *encoder;

	if (!out->format || !out->format->encoder_new)
		return true;
	cols = mem_array(f->n_cols + 1, sizeof *cols);
	for (unsigned i = 0; i < f->n_cols; i++)
		cols[i] =
		    (struct out_column){f->cols[i].name, f->cols[i].spread,
			f->cols[i].omit_null, f->cols[i].dropped};
	spec.cols = cols;
	encoder = out->format->encoder_new(&spec, err);
	if (encoder)
		out->format->encoder_free(encoder);
	mem_free(cols);
	return encoder != NULL;
}

void
check_formats(
    const struct plan *p, void (*say)(void *arg, struct err *err), void *arg)
{
	for (unsigned i = 0; i < p->n_inputs + p->n_outputs; i++) {
		struct err err = {0};
		bool ok = i < p->n_inputs
			      ? try_input(&p->inputs[i], &err)
			      : try_output(&p->outputs[i - p->n_inputs], &err);

		if (!ok && err.where.src)
			say(arg, &err);
		err_release(&err);
	}
}

/* SPDX-License-Identifier: MIT */
/* Outputs while running; see sink.h. */
#include "run/sink.h"

#include <unistd.h>

#include "base/mem.h"
#include "data/times.h"
#include "run/guess.h"

bool
sink_is_stdout(const struct plan_output *plan)
{
	return !plan->file.n || str_is(plan->file, "-");
}

int
sink_open(struct sink *s, const struct plan_output *plan, bool append,
    struct err *err)
{
	struct buf path = {0};
	int status = 0;

	s->plan = plan;
	if (sink_is_stdout(plan)) {
		output_stdout(&s->out);
		return 0;
	}
	if (plan->divided) {
		s->parts = partitions_new(plan, &s->spec);
		return 0;
	}
	buf_adds(&path, plan->target[0].text);
	status = append ? output_append(&s->out, buf_z(&path), err)
			: output_open(&s->out, buf_z(&path), true, err);
	buf_release(&path);
	return status;
}

void
sink_capture(struct sink *s, const struct plan_output *plan)
{
	s->plan = plan;
	output_memory(&s->out);
}

int
sink_encode(struct sink *s, const struct plan *plan, const struct input *in,
    const struct run_options *options, struct err *err)
{
	const struct flow *f = &s->plan->result;
	struct out_column *cols = mem_array(f->n_cols, sizeof *cols);
	bool is_stdout = !s->out.kept && sink_is_stdout(s->plan);

	for (unsigned i = 0; i < f->n_cols; i++)
		cols[i] =
		    (struct out_column){f->cols[i].name, f->cols[i].spread,
			f->cols[i].omit_null, f->cols[i].dropped};
	s->spec = (struct encode_spec){.cols = cols,
	    .n_cols = f->n_cols,
	    .raw = in && in->format && passes_records(in, plan, s->plan),
	    .settings = s->plan->settings,
	    .terminal = is_stdout && isatty(STDOUT_FILENO),
	    .colour = is_stdout && options->colour,
	    .width = is_stdout ? options->width : 0};
	s->spec.settings.nul = options->nul_data;
	if (in && in->layout)
		s->spec.header = in->layout->header;
	s->encoder = s->plan->format->encoder_new(&s->spec, err);
	return s->encoder ? 0 : -1;
}

static void
begin(struct sink *s)
{
	const struct format *format = s->plan->format;

	if (!s->begun && format->begin)
		format->begin(s->encoder, &s->out.buf);
	s->begun = true;
}

void
sink_rows(struct sink *s, const struct batch *b)
{
	struct batch view;

	if (!b->n_sel)
		return;
	result_view(s->plan, b, &view);
	s->n_rows += b->n_sel;
	if (s->parts) {
		partitions_rows(s->parts, b, &view);
		return;
	}
	begin(s);
	s->plan->format->encode(s->encoder, &view, &s->out.buf);
	output_settle(&s->out);
}

void
sink_bytes(struct sink *s, const struct prepared *p)
{
	if (!p->n_out)
		return;
	begin(s);
	buf_adds(&s->out.buf, buf_str(&p->encoded));
	s->n_rows += p->n_out;
	output_settle(&s->out);
}

void
sink_settle(struct sink *s)
{
	const struct format *format = s->plan->format;

	if (s->begun && format->flush)
		format->flush(s->encoder, &s->out.buf);
}

void
sink_finish(struct sink *s)
{
	const struct format *format = s->plan->format;

	if (s->parts)
		return;
	begin(s);
	if (format->finish)
		format->finish(s->encoder, &s->out.buf);
}

void
sink_flush(struct sink *s)
{
	if (!s->parts)
		output_flush(&s->out);
}

bool
sink_failed(const struct sink *s)
{
	return s->parts ? partitions_failed(s->parts) : s->out.failed;
}

int
sink_close(struct sink *s, bool keep, uint64_t *bytes, struct err *err)
{
	if (s->parts)
		return partitions_close(s->parts, keep, bytes, err);
	*bytes += s->out.written + s->out.buf.n;
	return output_close(&s->out, keep, err);
}

void
sink_release(struct sink *s)
{
	union {
		const struct out_column *read_only;
		void *owned;
	} cols = {.read_only = s->spec.cols};

	if (s->encoder)
		s->plan->format->encoder_free(s->encoder);
	if (s->parts)
		partitions_free(s->parts);
	mem_free(cols.owned);
}

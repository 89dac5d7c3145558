/* SPDX-License-Identifier: MIT */
/*
 * A run from beginning to end: inputs are taken in turn (in event-time order
 * where event time matters, else one after another), their batches applied in
 * order, the watermark moved along, and everything counted.
 */
#include "run/run.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/must.h"
#include "run/feed.h"
#include "run/guess.h"
#include "run/pipe.h"
#include "run/progress.h"
#include "run/report.h"
#include "run/signals.h"

/* An input and how far its batches have been applied. */
struct turn {
	struct input *input;
	struct prepared *batch; /* NULL: none at hand */
	unsigned next;		/* row of the batch */
	struct watermark w;
	uint64_t offset; /* in the input, of the batch applied last */
	bool ended;
};

struct run {
	const struct plan *plan;
	const struct run_options *options;
	struct run_counts *counts;
	struct err *err;
	bool needs_time;
	struct input *inputs;
	struct turn *turns;
	unsigned n_inputs;
	int64_t now; /* the watermark of the pipeline */

	struct lane_plan lanes;
	struct feed *feed;
	struct encode_spec encode;
	struct encoder *encoder;
	struct pipe pipe;
	struct rejects rejects;
	struct output out, late, reject;
	struct run_counts before; /* for late rows of the batch at hand */
	bool hinted;
	struct progress progress;
	uint64_t applied, total; /* bytes; total 0: not known */
	bool *seen;		 /* by wanted field: it had a value */
};

/* ---- inputs ---- */

static void
make_inputs(struct run *r)
{
	const struct plan *plan = r->plan;
	unsigned n = 0;

	for (unsigned i = 0; i < plan->n_inputs; i++)
		n += plan->inputs[i].n_files;
	r->inputs = mem_zalloc(n * sizeof *r->inputs);
	r->turns = mem_zalloc(n * sizeof *r->turns);
	for (unsigned i = 0; i < plan->n_inputs; i++)
		for (unsigned k = 0; k < plan->inputs[i].n_files; k++) {
			struct turn *t = &r->turns[r->n_inputs];

			t->input = &r->inputs[r->n_inputs];
			input_init(t->input, &plan->inputs[i],
			    plan->inputs[i].files[k], r->n_inputs++);
			t->w = (struct watermark){.greatest = WHEN_MIN,
			    .lateness = plan->inputs[i].time.lateness,
			    .ceiling = WHEN_MAX,
			    .now = WHEN_MIN};
		}
}

static int
check_inputs(struct run *r)
{
	unsigned n_stdin = 0;

	bool known = true;

	for (unsigned i = 0; i < r->n_inputs; i++) {
		if (input_check(&r->inputs[i], r->err))
			return -1;
		n_stdin += str_is(r->inputs[i].file, "-");
		known = known && r->inputs[i].size;
		r->total += r->inputs[i].size;
	}
	if (!known)
		r->total = 0;
	if (n_stdin > 1)
		return err_set(r->err, ERR_USAGE, (struct where){0},
		    "standard input is named more than once");
	return 0;
}

static int
open_input(struct run *r, struct turn *t)
{
	if (t->input->opened)
		return 0;
	return input_open(t->input, r->plan, r->options, r->needs_time,
	    r->options->threads > 1 ? BLOCK_BYTES_THREADS : BLOCK_BYTES,
	    r->err);
}

static void
close_input(struct run *r, struct turn *t)
{
	t->ended = true;
	r->counts->bytes_in += t->input->bytes;
}

/* Are inputs taken in event-time order? */
static bool
by_time(const struct run *r)
{
	return r->needs_time && r->n_inputs > 1;
}

static int
open_inputs(struct run *r)
{
	unsigned n = by_time(r) ? r->n_inputs : 1;

	for (unsigned i = 0; i < n; i++)
		if (open_input(r, &r->turns[i]))
			return -1;
	return 0;
}

/* ---- outputs ---- */

static bool
is_stdout(const struct run_options *o)
{
	return !o->output || !strcmp(o->output, "-");
}

/* No file may be read and written, unless it is replaced at the end. */
static int
refuse_input(const struct run *r, struct file_id id, const char *what)
{
	char name[512];

	for (unsigned i = 0; i < r->n_inputs; i++) {
		if (!file_id_same(id, r->inputs[i].id))
			continue;
		err_quote(name, r->inputs[i].file, 120);
		return err_set(r->err, ERR_USAGE, (struct where){0},
		    "%s is both an input and %s", name, what);
	}
	return 0;
}

/* Nor may two outputs go to one file. */
static int
refuse_twice(const struct run *r)
{
	const struct run_options *o = r->options;
	const struct {
		const char *what;
		struct file_id id;
	} to[] = {
	    {r->out.path ? "--output" : "standard output",
		r->out.path ? file_id_of(r->out.path)
			    : file_id_of_fd(r->out.fd)},
	    {"--late", r->late.opened ? file_id_of_fd(r->late.fd)
				      : (struct file_id){.known = false}},
	    {"--reject", r->reject.opened ? file_id_of_fd(r->reject.fd)
					  : (struct file_id){.known = false}},
	    {"--stats", o->stats ? file_id_of(o->stats)
				 : (struct file_id){.known = false}},
	};

	for (unsigned i = 0; i < sizeof to / sizeof *to; i++)
		for (unsigned k = 0; k < i; k++)
			if (file_id_same(to[i].id, to[k].id))
				return err_set(r->err, ERR_USAGE,
				    (struct where){0},
				    "%s and %s are the same file", to[k].what,
				    to[i].what);
	return 0;
}

static int
refuse_clashes(const struct run *r, const char *late)
{
	const struct run_options *o = r->options;

	return (is_stdout(o) && refuse_input(r, file_id_of_fd(STDOUT_FILENO),
				    "standard output")) ||
	       (late && refuse_input(r, file_id_of(late), "--late")) ||
	       (o->reject &&
		   refuse_input(r, file_id_of(o->reject), "--reject")) ||
	       (o->stats && refuse_input(r, file_id_of(o->stats), "--stats"));
}

static int
open_outputs(struct run *r)
{
	const struct run_options *o = r->options;
	const char *late =
	    r->plan->time.late == LATE_FILE ? r->plan->time.late_file.p : NULL;

	if (refuse_clashes(r, late))
		return -1;
	if (is_stdout(o))
		output_stdout(&r->out);
	else if (output_open(&r->out, o->output, true, r->err))
		return -1;
	if (late && output_open(&r->late, late, false, r->err))
		return -1;
	if (o->reject && output_open(&r->reject, o->reject, false, r->err))
		return -1;
	r->rejects.file = o->reject ? &r->reject : NULL;
	r->rejects.quiet = o->quiet;
	return refuse_twice(r);
}

static int
close_outputs(struct run *r, bool keep)
{
	struct err other = {0};
	int status = 0;

	r->counts->bytes_out = r->out.written + r->out.buf.n;
	if (output_close(&r->out, keep, r->err))
		status = -1;
	if (output_close(&r->late, true, status ? &other : r->err))
		status = -1;
	if (output_close(&r->reject, true, status ? &other : r->err))
		status = -1;
	err_release(&other);
	return status;
}

static int
make_encoder(struct run *r)
{
	const struct plan *plan = r->plan;
	const struct flow *f = &plan->outputs[0].result;
	struct out_column *cols = mem_array(f->n_cols, sizeof *cols);
	const struct input *first = &r->inputs[0];

	for (unsigned i = 0; i < f->n_cols; i++)
		cols[i] =
		    (struct out_column){f->cols[i].name, f->cols[i].spread,
			f->cols[i].omit_null, f->cols[i].dropped};
	r->encode = (struct encode_spec){.cols = cols,
	    .n_cols = f->n_cols,
	    .raw = passes_records(first, plan),
	    .header = first->layout->header,
	    .settings = plan->outputs[0].settings,
	    .terminal = is_stdout(r->options) && isatty(STDOUT_FILENO),
	    .colour = r->options->colour,
	    .width = r->options->width};
	r->encode.settings.nul = r->options->nul_data;
	r->encoder = plan->outputs[0].format->encoder_new(&r->encode, r->err);
	return r->encoder ? 0 : -1;
}

/* ---- the feed ---- */

static void
flush_outputs(struct run *r)
{
	output_flush(&r->out);
	if (r->late.opened)
		output_flush(&r->late);
	if (r->reject.opened)
		output_flush(&r->reject);
}

static bool
must_stop(struct run *r)
{
	if (signals_stats())
		report_stats(r->counts, r->options);
	return r->pipe.done || r->out.failed || r->reject.failed ||
	       r->late.failed || signals_stop();
}

/*
 * The owner may be about to wait for input: what is known now is shown now.
 * Asking first whether it will wait costs more than it saves.
 */
static bool
before_wait(void *arg, const struct input *in)
{
	struct run *r = arg;

	if (r->plan->outputs[0].format->flush && !input_ready(in, 0))
		pipe_flush(&r->pipe);
	flush_outputs(r);
	if (!r->hinted && !r->counts->out && r->counts->in &&
	    !input_ready(in, 0))
		r->hinted = report_waiting(r->plan, r->options);
	return !must_stop(r);
}

static unsigned
first_columns(const struct plan *plan)
{
	const struct flow *f = &plan->inputs[0].rows;
	unsigned least = plan->inputs[0].scan->n_wants + 1;

	return f->segment->n_cols > least ? f->segment->n_cols : least;
}

static void
start_feed(struct run *r)
{
	const struct plan *plan = r->plan;
	unsigned first = first_stateful(plan);
	const struct op *stateful =
	    first < plan->n_ops ? &plan->ops[first] : NULL;
	bool encode = !stateful && !plan->outputs[0].format->ordered;

	r->lanes = (struct lane_plan){.plan = plan,
	    .n_cols = first_columns(plan),
	    .stateful = stateful,
	    .encoder = encode ? r->encoder : NULL};
	r->feed = feed_new(&(struct feed_plan){.lanes = &r->lanes,
	    .inputs = r->inputs,
	    .n_inputs = r->n_inputs,
	    .threads = r->options->threads,
	    .before_wait = before_wait,
	    .arg = r});
	for (unsigned i = 0; i < r->n_inputs; i++)
		if (r->inputs[i].opened)
			feed_open(r->feed, &r->inputs[i]);
}

/* ---- applying ---- */

static bool
has_value(const struct column *c, unsigned n_rows)
{
	for (unsigned row = 0; row < n_rows && c->type != T_NULL; row++)
		if (!column_is_null(c, row))
			return true;
	return false;
}

/* The name is somewhere in the record: it may be there as NULL. */
static bool
is_named(const struct batch *b, const struct input *in, struct path path)
{
	struct str name = {NULL, 0};

	for (unsigned i = 0; i < path.n; i++)
		if (path.steps[i].name.p)
			name = path.steps[i].name;
	for (unsigned i = 0; i < in->layout->n_fields; i++)
		if (str_eq(in->layout->fields[i], name))
			return true;
	for (unsigned row = 0; b->raw && row < b->n_rows; row++)
		if (str_find(b->raw[row], name, 0) >= 0)
			return true;
	return false;
}

/* Records in which names are looked for. */
#define LOOK_RECORDS 1000

/* Notes which fields have had a value, or are at least named. */
static void
look_at_fields(struct run *r, const struct batch *b, const struct input *in)
{
	const struct scan *s = r->plan->inputs[0].scan;

	for (unsigned i = 0; i < s->n_wants; i++)
		if (!r->seen[i] && (has_value(&b->cols[i], b->n_rows) ||
				       (r->counts->in < LOOK_RECORDS &&
					   is_named(b, in, s->wants[i].path))))
			r->seen[i] = true;
}

/* A batch has come: its records are counted, the bad ones shown. */
static void
arrive(struct run *r, struct turn *t)
{
	struct batch *b = t->batch->batch;

	look_at_fields(r, b, t->input);
	r->counts->in += b->n_rows + t->batch->n_bad_read;
	if (b->n_bad) {
		progress_clear(&r->progress);
		rejects_records(&r->rejects, t->input, b);
	}
	r->counts->bad += b->n_bad;
}

/* All of a batch has been applied. */
static void
leave(struct run *r, struct turn *t)
{
	struct batch *b = t->batch->batch;

	r->counts->filtered += b->n_filtered;
	r->applied += b->block_offset - t->offset;
	t->offset = b->block_offset;
	progress_show(&r->progress, r->applied, r->total, r->counts->in);
	t->batch = NULL;
}

static void
apply(struct run *r, struct turn *t, unsigned to)
{
	unsigned n = t->batch->batch->n_rows;

	t->w.now = r->now;
	pipe_apply(
	    &r->pipe, t->batch, t->next, to, r->needs_time ? &t->w : NULL);
	r->now = t->w.now;
	t->next = to;
	if (to == n)
		leave(r, t);
}

/* Makes sure a batch with rows is at hand: 1, or 0 at the input's end. */
static int
fetch(struct run *r, struct turn *t)
{
	while (!t->batch) {
		int status = feed_next(r->feed, t->input, &t->batch, r->err);

		if (status <= 0) {
			t->batch = NULL;
			if (status == 0)
				close_input(r, t);
			return status;
		}
		t->next = 0;
		arrive(r, t);
		if (!t->batch->batch->n_rows)
			leave(r, t);
	}
	return 1;
}

/* Inputs one after another. */
static int
run_in_turn(struct run *r)
{
	for (unsigned i = 0; i < r->n_inputs; i++) {
		struct turn *t = &r->turns[i];
		bool opened = t->input->opened;
		int status = 0;

		if (open_input(r, t))
			return -1;
		if (!opened)
			feed_open(r->feed, t->input);
		/* Asked first: what is enough must not wait for more. */
		while (!must_stop(r) && (status = fetch(r, t)) > 0)
			apply(r, t, t->batch->batch->n_rows);
		if (status < 0)
			return -1;
		if (must_stop(r))
			return 0;
	}
	return 0;
}

/* ---- in event-time order ---- */

/*
 * Where an input stands: the greatest event time it has shown, its next
 * record's included.
 */
static int64_t
standing(const struct turn *t)
{
	int64_t next = t->batch->batch->time[t->next];

	return next > t->w.greatest ? next : t->w.greatest;
}

/* The input furthest behind, and the one furthest behind but for it. */
static struct turn *
furthest_behind(struct run *r, struct turn **second)
{
	struct turn *first = NULL;

	*second = NULL;
	for (unsigned i = 0; i < r->n_inputs; i++) {
		struct turn *t = &r->turns[i];

		if (t->ended)
			continue;
		if (!first || standing(t) < standing(first)) {
			*second = first;
			first = t;
		} else if (!*second || standing(t) < standing(*second)) {
			*second = t;
		}
	}
	return first;
}

/* Rows the input may go before the second is further behind. */
static unsigned
rows_before(const struct turn *t, const struct turn *second)
{
	const struct batch *b = t->batch->batch;
	int64_t limit, greatest = t->w.greatest;
	unsigned row = t->next;

	if (!second)
		return b->n_rows;
	limit = standing(second);
	/* On a tie the input named first goes first. */
	if (t > second)
		limit--;
	for (; row < b->n_rows; row++) {
		if (b->time[row] > greatest)
			greatest = b->time[row];
		if (greatest > limit)
			break;
	}
	return row > t->next ? row : t->next + 1;
}

static int64_t
less_lateness(const struct run *r, int64_t t)
{
	int64_t at;

	if (r->plan->inputs[0].time.lateness == WHEN_MAX)
		return WHEN_MIN;
	return __builtin_sub_overflow(t, r->plan->inputs[0].time.lateness, &at)
		   ? WHEN_MIN
		   : at;
}

/* An input has ended: it no longer holds the watermark back. */
static void
release_watermark(struct run *r)
{
	struct turn *second, *first = furthest_behind(r, &second);
	int64_t w = first ? less_lateness(r, standing(first)) : WHEN_MIN;

	if (w <= r->now)
		return;
	r->now = w;
	pipe_advance(&r->pipe, w);
}

static int
run_by_time(struct run *r)
{
	struct turn *t, *second;

	for (unsigned i = 0; i < r->n_inputs; i++)
		if (fetch(r, &r->turns[i]) < 0)
			return -1;
	while ((t = furthest_behind(r, &second)) && !must_stop(r)) {
		t->w.ceiling =
		    second ? less_lateness(r, standing(second)) : WHEN_MAX;
		apply(r, t, rows_before(t, second));
		if (t->batch)
			continue;
		switch (fetch(r, t)) {
		case -1:
			return -1;
		case 0:
			release_watermark(r);
		}
	}
	return 0;
}

/* ---- the whole ---- */

static void
count_all(struct run *r)
{
	struct run_counts *c = r->counts;
	struct op_counts ops;

	pipe_counts(&r->pipe, &ops);
	c->late = ops.late;
	c->late_some = ops.late_some;
	c->updates = ops.updates;
	c->used = c->in - c->filtered - c->late - c->bad;
}

/* A batch left half-way: rows not applied count as not read. */
static void
leave_behind(struct run *r, const struct turn *t)
{
	const struct batch *b = t->batch->batch;
	unsigned n = 0;

	while (n < b->n_sel && batch_row(b, b->n_sel - n - 1) >= t->next)
		n++;
	r->counts->in -= n;
	r->counts->filtered += b->n_filtered;
}

static int
run_inputs(struct run *r)
{
	int status;

	start_feed(r);
	pipe_init(&r->pipe, r->plan, r->encoder, &r->out,
	    r->late.opened ? &r->late : NULL, &r->rejects, r->counts);
	r->pipe.late_end = r->options->nul_data ? '\0' : '\n';
	status = by_time(r) ? run_by_time(r) : run_in_turn(r);
	if (!status && !r->out.failed) {
		pipe_advance(&r->pipe, WHEN_MAX);
		pipe_finish(&r->pipe);
	}
	for (unsigned i = 0; i < r->n_inputs; i++)
		if (r->turns[i].batch)
			leave_behind(r, &r->turns[i]);
	count_all(r);
	pipe_release(&r->pipe);
	feed_free(r->feed);
	return status;
}

static void
release(struct run *r)
{
	for (unsigned i = 0; i < r->n_inputs; i++)
		input_release(&r->inputs[i]);
	if (r->encoder)
		r->plan->outputs[0].format->encoder_free(r->encoder);
	union {
		const struct out_column *read_only;
		void *owned;
	} cols = {.read_only = r->encode.cols};

	mem_free(cols.owned);
	mem_free(r->seen);
	mem_free(r->inputs);
	mem_free(r->turns);
}

static int
too_many_bad(struct run *r)
{
	uint64_t bad = r->counts->bad + r->rejects.n_results;

	if (r->options->bad_max == BAD_ANY || bad <= r->options->bad_max)
		return 0;
	err_set(r->err, ERR_BAD, (struct where){0}, "%llu bad record%s",
	    (unsigned long long)bad, bad == 1 ? "" : "s");
	return err_hint(
	    r->err, "--reject FILE keeps them, --max-bad N allows them");
}

int
run_plan(const struct plan *plan, const struct run_options *options,
    struct run_counts *counts, struct err *err)
{
	struct run r = {.plan = plan,
	    .options = options,
	    .counts = counts,
	    .err = err,
	    .needs_time = plan->inputs[0].scan->needs_time,
	    .hinted = options->quiet || !isatty(STDERR_FILENO),
	    .now = WHEN_MIN};
	struct err other = {0};
	int status;

	*counts = (struct run_counts){0};
	r.seen = mem_zalloc(plan->inputs[0].scan->n_wants * sizeof *r.seen);
	torture_read(getenv("WEIR_TORTURE"));
	make_inputs(&r);
	progress_init(&r.progress, options->quiet);
	status = check_inputs(&r);
	if (!status)
		signals_install();
	status = status || open_outputs(&r) || open_inputs(&r) ||
			 make_encoder(&r) || run_inputs(&r)
		     ? -1
		     : 0;
	if (signals_stop() && r.out.temporary)
		report_interrupted(r.out.path);
	if (close_outputs(&r, !status && !signals_stop()))
		status = -1;
	progress_clear(&r.progress);
	if (!status && counts->in > counts->bad)
		report_unseen(plan, options, r.seen);
	if (r.feed && report_end(counts, options, status ? &other : err))
		status = -1;
	err_release(&other);
	if (!status)
		signals_raise();
	if (!status)
		status = too_many_bad(&r);
	release(&r);
	return status;
}

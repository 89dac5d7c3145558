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
#include "run/live.h"
#include "run/peek.h"
#include "run/pipe.h"
#include "run/progress.h"
#include "run/report.h"
#include "run/signals.h"
#include "run/sources.h"

struct run {
	const struct plan *plan;
	const struct run_options *options;
	struct run_counts *counts;
	struct err *err;
	bool needs_time;
	unsigned threads;
	struct input *inputs;
	struct turn *turns;
	unsigned n_inputs;
	struct sources sources; /* where those come from */
	int64_t now;		/* the watermark of the pipeline */

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
	struct err damage;	 /* of the first input that ended too early */
};

/* ---- inputs ---- */

static int
make_inputs(struct run *r)
{
	if (sources_make(&r->sources, r->plan, r->options, r->err))
		return -1;
	r->inputs = r->sources.inputs;
	r->turns = r->sources.turns;
	r->n_inputs = r->sources.n;
	return 0;
}

static int
check_inputs(struct run *r)
{
	unsigned n_stdin = 0;

	bool known = true;

	for (unsigned i = 0; i < r->n_inputs; i++) {
		if (!r->inputs[i].follow && input_check(&r->inputs[i], r->err))
			return -1;
		if (r->inputs[i].follow)
			r->inputs[i].id = file_id_of(r->inputs[i].file.p);
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
	    feed_block_bytes(r->threads, r->sources.max), r->err);
}

/*
 * The first that ended too early is the run's error, others are told now; and
 * all of them in a run that goes on.
 */
static void
note_damage(struct run *r, struct turn *t)
{
	struct err *err = &t->input->err;

	if (err->message && !r->damage.message && !r->options->follow) {
		r->damage = *err;
	} else if (err->message) {
		progress_clear(&r->progress);
		err_print(stderr, err, 0);
		if (!r->damage.message)
			err_set(&r->damage, ERR_INPUT, (struct where){0},
			    "an input could not be read to its end");
		err_release(err);
	}
	*err = (struct err){0};
}

static void
close_input(struct run *r, struct turn *t)
{
	t->ended = true;
	feed_close(r->feed, t->input);
	r->counts->bytes_in += t->input->bytes;
	note_damage(r, t);
	/* The first one's layout is that of the output, too. */
	if (t->input->number)
		input_close(t->input);
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

	for (unsigned i = 0; i < n && !r->options->follow; i++) {
		struct turn *t = &r->turns[i];

		if (open_input(r, t))
			return -1;
		if (i && n >= PEEK_INPUTS && t->input->size)
			t->parked = peek_time(t->input, &t->first);
		if (t->parked)
			input_close(t->input);
	}
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
	const struct flow *f = &plan->result;
	struct out_column *cols = mem_array(f->n_cols, sizeof *cols);
	const struct input *first = r->n_inputs ? &r->inputs[0] : NULL;

	for (unsigned i = 0; i < f->n_cols; i++)
		cols[i] =
		    (struct out_column){f->cols[i].name, f->cols[i].spread,
			f->cols[i].omit_null, f->cols[i].dropped};
	r->encode = (struct encode_spec){.cols = cols,
	    .n_cols = f->n_cols,
	    .raw = first && passes_records(first, plan),
	    .header = first && first->layout ? first->layout->header
					     : (struct str){0},
	    .settings = plan->output.settings,
	    .terminal = is_stdout(r->options) && isatty(STDOUT_FILENO),
	    .colour = r->options->colour,
	    .width = r->options->width};
	r->encode.settings.nul = r->options->nul_data;
	r->encoder = plan->output.format->encoder_new(&r->encode, r->err);
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

	if (r->plan->output.format->flush && !input_ready(in, 0))
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
	const struct flow *f = plan->n_ops ? &plan->ops[0].in : &plan->result;
	unsigned least = plan->scan->n_wants + 1;

	return f->segment->n_cols > least ? f->segment->n_cols : least;
}

static void
start_feed(struct run *r)
{
	const struct plan *plan = r->plan;
	const struct op *stateful = plan->n_stateless < plan->n_ops
					? &plan->ops[plan->n_stateless]
					: NULL;
	bool encode = !stateful && !plan->output.format->ordered;

	r->lanes = (struct lane_plan){.plan = plan,
	    .n_cols = first_columns(plan),
	    .stateful = stateful,
	    .encoder = encode ? r->encoder : NULL};
	r->feed = feed_new(&(struct feed_plan){.lanes = &r->lanes,
	    .inputs = r->inputs,
	    .n_inputs = r->sources.max,
	    .threads = r->threads,
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
	const struct scan *s = r->plan->scan;

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
	unsigned n = t->batch->batch->n_rows, from = t->next;
	bool noted = t->w.noted;

	t->w.now = r->now;
	pipe_apply(
	    &r->pipe, t->batch, t->next, to, r->needs_time ? &t->w : NULL);
	r->now = t->w.now;
	t->next = to;
	if (t->w.noted && !noted && !r->options->quiet) {
		progress_clear(&r->progress);
		report_ahead(t->input, t->batch->batch, from, &t->w);
	}
	if (to == n)
		leave(r, t);
}

/* Makes sure a batch with rows is at hand, if it can be had. */
static enum feed_found
fetch_batch(struct run *r, struct turn *t, bool wait)
{
	enum feed_found found = FEED_BATCH;

	while (!t->batch) {
		if (!wait)
			found = feed_look(r->feed, t->input, &t->batch);
		else if (!feed_next(r->feed, t->input, &t->batch))
			found = FEED_END;
		if (found != FEED_BATCH) {
			t->batch = NULL;
			return found;
		}
		t->next = 0;
		arrive(r, t);
		if (!t->batch->batch->n_rows)
			leave(r, t);
	}
	return FEED_BATCH;
}

/* Makes sure of a batch with rows; false at the input's end. */
static bool
fetch(struct run *r, struct turn *t)
{
	if (fetch_batch(r, t, true) == FEED_BATCH)
		return true;
	close_input(r, t);
	return false;
}

/* Inputs one after another. */
static int
run_in_turn(struct run *r)
{
	for (unsigned i = 0; i < r->n_inputs; i++) {
		struct turn *t = &r->turns[i];
		bool opened = t->input->opened;

		if (open_input(r, t))
			return -1;
		if (!opened)
			feed_open(r->feed, t->input);
		/* Asked first: what is enough must not wait for more. */
		while (!must_stop(r) && fetch(r, t))
			apply(r, t, t->batch->batch->n_rows);
		if (must_stop(r))
			return 0;
	}
	return 0;
}

/* ---- in event-time order ---- */

/* An input has ended: it no longer holds the watermark back. */
static void
release_watermark(struct run *r)
{
	struct turn *second;
	struct turn *first = turns_behind(r->turns, r->n_inputs, &second);
	int64_t w = first ? turn_watermark(first) : WHEN_MIN;

	if (w <= r->now)
		return;
	r->now = w;
	pipe_advance(&r->pipe, w);
}

/* It is its turn: opens what was only looked at. */
static int
unpark(struct run *r, struct turn *t)
{
	if (open_input(r, t))
		return -1;
	t->parked = false;
	feed_open(r->feed, t->input);
	return 0;
}

static int
run_by_time(struct run *r)
{
	struct turn *t, *second;

	for (unsigned i = 0; i < r->n_inputs; i++)
		if (!r->turns[i].parked)
			fetch(r, &r->turns[i]);
	while ((t = turns_behind(r->turns, r->n_inputs, &second)) &&
	       !must_stop(r)) {
		if (t->parked && unpark(r, t))
			return -1;
		if (!t->batch && !fetch(r, t)) {
			release_watermark(r);
			continue;
		}
		t->w.ceiling = second ? turn_watermark(second) : WHEN_MAX;
		apply(r, t, turn_rows_before(t, second));
		if (!t->batch && !fetch(r, t))
			release_watermark(r);
	}
	return 0;
}

/* ---- running on ---- */

static int
live_open(void *arg, struct turn *t)
{
	struct run *r = arg;
	int status = open_input(r, t);

	if (status == INPUT_OPENED)
		feed_open(r->feed, t->input);
	return status;
}

static enum feed_found
live_fetch(void *arg, struct turn *t)
{
	return fetch_batch(arg, t, false);
}

static void
live_apply(void *arg, struct turn *t, unsigned to)
{
	apply(arg, t, to);
}

static void
live_release(void *arg)
{
	release_watermark(arg);
}

static void
live_over(void *arg, struct turn *t)
{
	struct run *r = arg;

	if (!t->input->follow) {
		close_input(r, t);
		live_release(r);
		return;
	}
	feed_close(r->feed, t->input);
	note_damage(r, t);
	input_renew(t->input);
	t->offset = 0;
}

static bool
live_before_wait(void *arg)
{
	struct run *r = arg;

	if (r->plan->output.format->flush)
		pipe_flush(&r->pipe);
	flush_outputs(r);
	return !must_stop(r);
}

static bool
live_stop(void *arg)
{
	return must_stop(arg);
}

static void
live_look_around(void *arg, struct live *l)
{
	struct run *r = arg;

	sources_look_around(&r->sources);
	r->n_inputs = l->n_turns = r->sources.n;
}

static int
run_on(struct run *r)
{
	struct live l = {.turns = r->turns,
	    .n_turns = r->n_inputs,
	    .by_time = r->needs_time,
	    .idle_ms = r->plan->time.idle / 1000,
	    .watch = r->sources.watch,
	    .arg = r,
	    .open = live_open,
	    .fetch = live_fetch,
	    .over = live_over,
	    .apply = live_apply,
	    .release = live_release,
	    .before_wait = live_before_wait,
	    .stop = live_stop,
	    .look_around = live_look_around};
	int status = live_run(&l);

	for (unsigned i = 0; i < r->n_inputs; i++)
		if (!r->turns[i].ended)
			r->counts->bytes_in += r->inputs[i].bytes;
	return status;
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
	c->late_made = ops.late_made;
	c->updates = ops.updates;
	for (unsigned i = 0; i < r->n_inputs; i++)
		c->ahead += r->turns[i].w.n_ahead;
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
	status = r->options->follow ? run_on(r)
		 : by_time(r)	    ? run_by_time(r)
				    : run_in_turn(r);
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
	if (!status && r->damage.message) {
		*r->err = r->damage;
		r->damage = (struct err){0};
		status = -1;
	}
	return status;
}

static void
release(struct run *r)
{
	if (r->encoder)
		r->plan->output.format->encoder_free(r->encoder);
	union {
		const struct out_column *read_only;
		void *owned;
	} cols = {.read_only = r->encode.cols};

	mem_free(cols.owned);
	err_release(&r->damage);
	sources_release(&r->sources);
	mem_free(r->seen);
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
	    .needs_time = plan->scan->needs_time,
	    /* Who runs on waits for writers, not for threads. */
	    .threads = options->follow ? 1 : options->threads,
	    .hinted = options->quiet || !isatty(STDERR_FILENO),
	    .now = WHEN_MIN};
	struct err other = {0};
	int status;

	*counts = (struct run_counts){0};
	r.seen = mem_zalloc(plan->scan->n_wants * sizeof *r.seen);
	torture_read(getenv("WEIR_TORTURE"));
	progress_init(&r.progress, options->quiet);
	status = make_inputs(&r) || check_inputs(&r) ? -1 : 0;
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

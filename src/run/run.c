/* SPDX-License-Identifier: MIT */
/*
 * A run from beginning to end: rank after rank, inputs are taken in turn (in
 * event-time order where event time matters, else one after another), their
 * batches applied in order, the watermark moved along, and everything counted.
 */
#include "run/run.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/must.h"
#include "run/feed.h"
#include "run/outputs.h"
#include "run/pipe.h"
#include "run/progress.h"
#include "run/report.h"
#include "run/signals.h"
#include "run/values.h"

/* An input and how far its batches have been applied. */
struct turn {
	struct input *input;
	unsigned source;	/* number of the plan's input */
	bool timed;		/* event time is wanted of it */
	struct values *values;	/* constant rows instead of a file, or NULL */
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
	struct input *inputs;
	struct turn *turns;
	unsigned n_inputs;
	unsigned rank; /* of the inputs that are being read */
	int64_t now;   /* their watermark */

	struct lane_plan lanes;
	struct feed *feed;
	struct pipe pipe;
	struct rejects rejects;
	struct outputs out;
	struct run_counts before; /* for late rows of the batch at hand */
	bool hinted;
	struct progress progress;
	uint64_t applied, total; /* bytes; total 0: not known */
	struct seen *seen;	 /* by the plan's input */
};

/* ---- inputs ---- */

static void
add_turn(struct run *r, unsigned source, struct str file)
{
	const struct plan_input *plan = &r->plan->inputs[source];
	struct turn *t = &r->turns[r->n_inputs];

	*t = (struct turn){.input = &r->inputs[r->n_inputs],
	    .source = source,
	    .timed = plan->scan->needs_time,
	    .w = {.greatest = WHEN_MIN,
		.lateness = plan->time.lateness,
		.ceiling = WHEN_MAX,
		.now = WHEN_MIN}};
	input_init(t->input, plan, file, r->n_inputs++);
}

static void
make_inputs(struct run *r)
{
	const struct plan *plan = r->plan;
	unsigned n = 0;

	for (unsigned i = 0; i < plan->n_inputs; i++)
		n += plan->inputs[i].n_files + plan->inputs[i].values;
	r->inputs = mem_zalloc(n * sizeof *r->inputs);
	r->turns = mem_zalloc(n * sizeof *r->turns);
	r->seen = mem_zalloc(plan->n_inputs * sizeof *r->seen);
	for (unsigned i = 0; i < plan->n_inputs; i++) {
		const struct plan_input *in = &plan->inputs[i];

		if (!in->used)
			continue;
		r->seen[i].wants =
		    mem_zalloc(in->scan->n_wants * sizeof *r->seen[i].wants);
		if (in->values)
			add_turn(r, i, STR("VALUES"));
		for (unsigned k = 0; !in->values && k < in->n_files; k++)
			add_turn(r, i, in->files[k]);
	}
}

static int
check_inputs(struct run *r)
{
	unsigned n_stdin = 0;

	bool known = true;

	for (unsigned i = 0; i < r->n_inputs; i++) {
		if (r->inputs[i].plan->values)
			continue;
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
	if (t->input->opened || t->values)
		return 0;
	if (t->input->plan->values) {
		t->values = values_new(t->input->plan, t->input->number,
		    &r->lanes.paths[t->source], r->err);
		return t->values ? 0 : -1;
	}
	return input_open(t->input, r->plan, r->options, t->timed,
	    r->options->threads > 1 ? BLOCK_BYTES_THREADS : BLOCK_BYTES,
	    r->err);
}

static void
close_input(struct run *r, struct turn *t)
{
	t->ended = true;
	r->counts->bytes_in += t->input->bytes;
}

/* Inputs of the rank, those of which event time is wanted or the others. */
static bool
is_of(const struct run *r, const struct turn *t, bool timed)
{
	return t->input->plan->rank == r->rank && t->timed == timed;
}

/* Are inputs taken in event-time order? */
static bool
by_time(const struct run *r)
{
	unsigned n = 0;

	for (unsigned i = 0; i < r->n_inputs; i++)
		n += is_of(r, &r->turns[i], true);
	return n > 1;
}

/*
 * Mistakes are to show before anything is written: what is read first is
 * opened first.
 */
static int
open_inputs(struct run *r)
{
	bool all = by_time(r);

	for (unsigned i = 0; i < r->n_inputs; i++) {
		struct turn *t = &r->turns[i];

		if (t->input->plan->rank != r->rank || (all && !t->timed))
			continue;
		if (open_input(r, t))
			return -1;
		if (!all)
			break;
	}
	return 0;
}

static int
open_outputs(struct run *r)
{
	r->out = (struct outputs){.plan = r->plan,
	    .options = r->options,
	    .inputs = r->inputs,
	    .n_inputs = r->n_inputs};
	if (outputs_open(&r->out, r->err))
		return -1;
	r->rejects.file = r->options->reject ? &r->out.reject : NULL;
	r->rejects.quiet = r->options->quiet;
	return 0;
}

/* ---- the feed ---- */

static bool
must_stop(struct run *r)
{
	if (signals_stats()) {
		r->counts->out = outputs_rows(&r->out);
		report_stats(r->counts, r->options);
	}
	return r->pipe.done || outputs_failed(&r->out) || signals_stop();
}

static bool
holds_back(const struct run *r)
{
	for (unsigned i = 0; i < r->plan->n_outputs; i++)
		if (r->plan->outputs[i].format->flush)
			return true;
	return false;
}

/*
 * The owner may be about to wait for input: what is known now is shown now.
 * Asking first whether it will wait costs more than it saves.
 */
static bool
before_wait(void *arg, const struct input *in)
{
	struct run *r = arg;

	if (holds_back(r) && !input_ready(in, 0))
		pipe_flush(&r->pipe);
	outputs_flush(&r->out);
	if (!r->hinted && !outputs_rows(&r->out) && r->counts->in &&
	    !input_ready(in, 0))
		r->hinted = report_waiting(r->plan, r->options);
	return !must_stop(r);
}

/* Lanes encode what goes from an input to an output without a fork. */
static void
lend_encoders(struct run *r)
{
	for (unsigned i = 0; i < r->plan->n_inputs; i++) {
		struct lane_path *path = &r->lanes.paths[i];

		if (path->output && !path->output->divided &&
		    !path->output->format->ordered &&
		    !r->plan->inputs[i].scan->needs_time)
			path->encoder =
			    r->out.sinks[path->output - r->plan->outputs]
				.encoder;
	}
}

static void
start_feed(struct run *r)
{
	lend_encoders(r);
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
look_at_fields(struct run *r, const struct turn *t)
{
	const struct batch *b = t->batch->batch;
	const struct scan *s = t->input->plan->scan;
	struct seen *seen = &r->seen[t->source];

	for (unsigned i = 0; i < s->n_wants; i++)
		if (!seen->wants[i] &&
		    (has_value(&b->cols[i], b->n_rows) ||
			(seen->records < LOOK_RECORDS &&
			    is_named(b, t->input, s->wants[i].path))))
			seen->wants[i] = true;
	seen->records += b->n_rows;
}

/* A batch has come: its records are counted, the bad ones shown. */
static void
arrive(struct run *r, struct turn *t)
{
	struct batch *b = t->batch->batch;
	uint64_t bad = b->n_bad;

	if (b->n_rows) {
		look_at_fields(r, t);
		pipe_arrive(&r->pipe, t->source, t->batch);
	}
	if (b->n_bad)
		progress_clear(&r->progress);
	if (t->values) {
		rejects_result(&r->rejects, b);
		return;
	}
	r->counts->in += b->n_rows + t->batch->n_bad_read;
	rejects_records(&r->rejects, t->input, b);
	r->rejects.n_results += t->batch->n_bad_leaves;
	r->counts->bad += bad;
}

/* All of a batch has been applied. */
static void
leave(struct run *r, struct turn *t)
{
	struct batch *b = t->batch->batch;

	if (!t->values)
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
	pipe_apply(&r->pipe, t->source, t->batch, t->next, to,
	    t->timed ? &t->w : NULL);
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
		int status =
		    t->values ? values_next(t->values, &t->batch)
			      : feed_next(r->feed, t->input, &t->batch, r->err);

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

/* Nobody waits for more of it, or it is enough of all. */
static bool
is_enough(struct run *r, const struct turn *t)
{
	return r->pipe.input_done[t->source] || must_stop(r);
}

/* An input's turn has come: it is opened, unless it has been before. */
static int
begin_turn(struct run *r, struct turn *t)
{
	bool opened = t->input->opened;

	if (open_input(r, t))
		return -1;
	if (!opened && !t->values)
		feed_open(r->feed, t->input);
	return 0;
}

static int
run_one(struct run *r, struct turn *t)
{
	int status = 0;

	if (begin_turn(r, t))
		return -1;
	/* Asked first: what is enough must not wait for more. */
	while (!is_enough(r, t) && (status = fetch(r, t)) > 0)
		apply(r, t, t->batch->batch->n_rows);
	return status < 0 ? -1 : 0;
}

/* Inputs one after another. */
static int
run_in_turn(struct run *r, bool timed)
{
	for (unsigned i = 0; i < r->n_inputs; i++) {
		struct turn *t = &r->turns[i];

		if (!is_of(r, t, timed) || r->pipe.input_done[t->source])
			continue;
		if (run_one(r, t))
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

		if (t->ended || !is_of(r, t, true))
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
less_lateness(const struct turn *t, int64_t time)
{
	int64_t at;

	if (t->w.lateness == WHEN_MAX)
		return WHEN_MIN;
	return __builtin_sub_overflow(time, t->w.lateness, &at) ? WHEN_MIN : at;
}

/*
 * The watermark of the active inputs but for one (or NULL), their next records
 * included; WHEN_MAX if there are none.
 */
static int64_t
watermark_of_others(const struct run *r, const struct turn *but)
{
	int64_t least = WHEN_MAX;

	for (unsigned i = 0; i < r->n_inputs; i++) {
		const struct turn *t = &r->turns[i];
		int64_t w;

		if (t == but || t->ended || !is_of(r, t, true))
			continue;
		w = less_lateness(t, standing(t));
		if (w < least)
			least = w;
	}
	return least;
}

/* An input has ended: it no longer holds the watermark back. */
static void
release_watermark(struct run *r)
{
	int64_t w = watermark_of_others(r, NULL);

	if (w == WHEN_MAX || w <= r->now)
		return;
	r->now = w;
	pipe_advance(&r->pipe, w);
}

static int
end_turn(struct run *r, struct turn *t)
{
	if (!t->ended)
		close_input(r, t);
	release_watermark(r);
	return 0;
}

/* The next batch of an input whose last one has been applied. */
static int
next_batch(struct run *r, struct turn *t)
{
	int status;

	if (r->pipe.input_done[t->source])
		return end_turn(r, t);
	status = fetch(r, t);
	return status ? status : end_turn(r, t);
}

static int
run_by_time(struct run *r)
{
	struct turn *t, *second;

	for (unsigned i = 0; i < r->n_inputs; i++) {
		t = &r->turns[i];
		if (!is_of(r, t, true))
			continue;
		if (begin_turn(r, t) || fetch(r, t) < 0)
			return -1;
	}
	while (!must_stop(r) && (t = furthest_behind(r, &second))) {
		t->w.ceiling = watermark_of_others(r, t);
		apply(r, t, rows_before(t, second));
		if (!t->batch && next_batch(r, t) < 0)
			return -1;
	}
	return 0;
}

/* The inputs of a rank: those without event time come first. */
static int
run_rank(struct run *r)
{
	if (run_in_turn(r, false))
		return -1;
	if (must_stop(r))
		return 0;
	return by_time(r) ? run_by_time(r) : run_in_turn(r, true);
}

static unsigned
last_rank(const struct run *r)
{
	unsigned rank = 0;

	for (unsigned i = 0; i < r->n_inputs; i++)
		if (r->turns[i].input->plan->rank > rank)
			rank = r->turns[i].input->plan->rank;
	return rank;
}

/* ---- the whole ---- */

static void
count_all(struct run *r)
{
	struct run_counts *c = r->counts;
	struct op_counts ops;

	pipe_counts(&r->pipe, &ops);
	c->out = outputs_rows(&r->out);
	c->late = ops.late;
	c->late_behind = ops.late_behind;
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
run_ranks(struct run *r)
{
	unsigned last = last_rank(r);
	int status = 0;

	for (; r->rank <= last && !status; r->rank++) {
		r->now = WHEN_MIN;
		status = must_stop(r) ? 0 : run_rank(r);
		if (!status)
			pipe_end(&r->pipe, r->rank);
	}
	return status;
}

static int
run_inputs(struct run *r)
{
	int status;

	start_feed(r);
	r->pipe = (struct pipe){.lanes = &r->lanes,
	    .sinks = r->out.sinks,
	    .late = r->out.late.opened ? &r->out.late : NULL,
	    .late_end = r->options->nul_data ? '\0' : '\n',
	    .inputs = r->inputs,
	    .rejects = &r->rejects,
	    .counts = r->counts};
	pipe_init(&r->pipe, r->plan);
	status = run_ranks(r);
	if (!status && !outputs_failed(&r->out))
		pipe_finish(&r->pipe);
	for (unsigned i = 0; i < r->n_inputs; i++)
		if (r->turns[i].batch && !r->turns[i].values)
			leave_behind(r, &r->turns[i]);
	count_all(r);
	report_steps(r->plan, r->pipe.steps, r->options);
	pipe_release(&r->pipe);
	feed_free(r->feed);
	return status;
}

static void
release(struct run *r)
{
	for (unsigned i = 0; i < r->n_inputs; i++) {
		input_release(&r->inputs[i]);
		values_free(r->turns[i].values);
	}
	outputs_release(&r->out);
	for (unsigned i = 0; i < r->plan->n_inputs; i++)
		mem_free(r->seen[i].wants);
	lane_plan_release(&r->lanes);
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
	    .hinted = options->quiet || !isatty(STDERR_FILENO),
	    .now = WHEN_MIN};
	struct err other = {0};
	int status;

	*counts = (struct run_counts){0};
	lane_plan_init(&r.lanes, plan);
	torture_read(getenv("WEIR_TORTURE"));
	make_inputs(&r);
	progress_init(&r.progress, options->quiet);
	status = check_inputs(&r);
	if (!status)
		signals_install();
	status = status || open_outputs(&r) || open_inputs(&r) ||
			 outputs_encode(&r.out, err) || run_inputs(&r)
		     ? -1
		     : 0;
	for (unsigned i = 0; r.out.sinks && i < plan->n_outputs; i++)
		if (signals_stop() && r.out.sinks[i].out.temporary)
			report_interrupted(r.out.sinks[i].out.path);
	if (outputs_close(&r.out, !status && !signals_stop(),
		&counts->bytes_out, status ? &other : err))
		status = -1;
	err_release(&other);
	other = (struct err){0};
	progress_clear(&r.progress);
	if (!status)
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

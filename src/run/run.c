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
#include "run/given.h"
#include "run/outputs.h"
#include "run/owner.h"
#include "run/peek.h"
#include "run/pipe.h"
#include "run/position.h"
#include "run/progress.h"
#include "run/report.h"
#include "run/signals.h"
#include "run/sources.h"
#include "run/values.h"

/* ---- inputs ---- */

static int
make_inputs(struct run *r)
{
	struct note kept;
	bool lasts = checkpoint_lasts(r->kept);

	if (lasts)
		kept = checkpoint_note(r->kept);
	if (sources_make(&r->sources, r->plan, r->options, lasts ? &kept : NULL,
		lasts ? store_folder(checkpoint_store(r->kept)) : -1, r->err) ||
	    sources_gaps(&r->sources, r->counts, r->err))
		return -1;
	r->inputs = r->sources.inputs;
	r->turns = r->sources.turns;
	r->n_inputs = r->sources.n;
	return 0;
}

int
owner_open(struct run *r, struct turn *t)
{
	int status;

	if (t->input->opened || t->values)
		return 0;
	if (position_begin(t, &r->sources, r->err))
		return -1;
	if (t->input->plan->values) {
		t->values = values_new(t->input->plan, t->input->number,
		    &r->lanes.paths[t->source], r->err);
		return t->values ? 0 : -1;
	}
	status = input_open(t->input, r->plan, r->options, t->timed,
	    feed_block_bytes(
		r->threads, r->sources.max, r->options->memory != 0),
	    r->err);
	if (!t->input->opened)
		return status;
	report_opened(t->input, r->options);
	return position_resume(t, &r->sources, r->err);
}

/*
 * The first that ended too early is the run's error, others are told now; and
 * all of them in a run that goes on.
 */
void
owner_note_damage(struct run *r, struct turn *t)
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

/* Watermarks that are given for what begins at byte `at`: time goes on. */
static void
rise(struct run *r, struct turn *t, uint64_t at)
{
	while (given_take(t, at))
		if (t->timed)
			owner_release(r);
}

static void
close_input(struct run *r, struct turn *t)
{
	rise(r, t, UINT64_MAX);
	t->ended = true;
	feed_rest(r->feed, t->input);
	position_end(t, &r->sources, t->input->err.message != NULL);
	r->counts->bytes_in += t->input->bytes;
	if (t->values)
		return;
	feed_close(r->feed, t->input);
	owner_note_damage(r, t);
	/* The layout of a source's first may be that of an output, too. */
	if (!t->leads)
		input_close(t->input);
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

		if (t->input->plan->rank != r->rank || (all && !t->timed) ||
		    t->input->live)
			continue;
		if (owner_open(r, t))
			return -1;
		if (!all)
			break;
		if (!t->leads && !t->place.offset &&
		    r->n_inputs >= PEEK_INPUTS && t->input->size)
			t->parked = peek_time(t->input, &t->first);
		if (t->parked) {
			input_close(t->input);
			t->resumed = false;
		}
	}
	return 0;
}

/* The encoders have been made: goes on in what is there. */
static int
resume_outputs(struct run *r)
{
	return checkpoint_lasts(r->kept)
		   ? outputs_resume(&r->out, checkpoint_note(r->kept),
			 checkpoint_crashed(r->kept), r->err)
		   : 0;
}

static int
open_outputs(struct run *r)
{
	r->out = (struct outputs){.plan = r->plan,
	    .options = r->options,
	    .inputs = r->inputs,
	    .n_inputs = r->n_inputs};
	if (checkpoint_lasts(r->kept))
		r->out.keep = (struct sink_keep){checkpoint_store(r->kept),
		    r->options->state->hold, r->options->state->ids,
		    r->options->verbose};
	if (outputs_open(&r->out, r->err))
		return -1;
	r->rejects.file = r->out.reject.opened ? &r->out.reject : NULL;
	r->rejects.quiet = r->options->quiet;
	return 0;
}

/* ---- the feed ---- */

bool
owner_must_stop(struct run *r)
{
	if (signals_stats()) {
		r->counts->out = outputs_rows(&r->out);
		report_stats(r->counts, r->options);
	}
	return r->pipe.done || r->pipe.failed || outputs_failed(&r->out) ||
	       signals_stop() || checkpoint_killed(r->kept);
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
	checkpoint_idle(r);
	if (!r->hinted && !outputs_rows(&r->out) && r->counts->in &&
	    !input_ready(in, 0))
		r->hinted = report_waiting(r->plan, r->options);
	return !owner_must_stop(r);
}

void
owner_flush(struct run *r)
{
	if (holds_back(r))
		pipe_flush(&r->pipe);
	outputs_flush(&r->out);
	checkpoint_idle(r);
}

/* Lanes encode what goes from an input to an output without a fork. */
static void
lend_encoders(struct run *r)
{
	for (unsigned i = 0; i < r->plan->n_inputs; i++) {
		struct lane_path *path = &r->lanes.paths[i];

		if (path->output && !path->output->divided &&
		    !path->output->format->ordered &&
		    !r->plan->inputs[i].scan->needs_time && !r->out.keep.ids)
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
	    .n_inputs = r->sources.max,
	    .threads = r->threads,
	    .tight = r->options->memory != 0,
	    .before_wait = before_wait,
	    .ahead = checkpoint_ahead,
	    .arg = r});
	for (unsigned i = 0; i < r->n_inputs; i++)
		if (r->inputs[i].opened)
			feed_open(r->feed, &r->inputs[i]);
}

/* ---- applying ---- */

/* A batch has come. */
static void
arrive(struct run *r, struct turn *t)
{
	struct batch *b = t->batch->batch;

	turn_begin(t);
	if (b->n_rows) {
		if (!t->values)
			seen_look(&r->seen[t->source], t->input, t->batch);
		pipe_arrive(&r->pipe, t->source, t->batch);
	}
	turn_pass_bad(t);
}

/*
 * Records are counted as they are passed: rows up to this one, and the bad
 * ones before it, which are shown.
 */
static void
count(struct run *r, struct turn *t, unsigned to)
{
	struct batch part = *t->batch->batch;
	size_t n = turn_bad_before(t, to);

	part.bad += t->next_bad;
	part.n_bad = n - t->next_bad;
	t->next_bad = n;
	if (part.n_bad)
		progress_clear(&r->progress);
	if (t->values) {
		rejects_result(&r->rejects, &part);
		return;
	}
	r->counts->in += to - t->next;
	rejects_records(&r->rejects, t->input, &part);
	for (size_t i = 0; i < part.n_bad; i++) {
		if (part.bad[i].branch)
			r->rejects.n_results++;
		else
			r->counts->bad++;
		r->counts->in += !batch_is_row(&part, &part.bad[i]);
	}
}

/* All of a batch has been applied. */
static void
leave(struct run *r, struct turn *t)
{
	struct batch *b = t->batch->batch;

	count(r, t, b->n_rows);
	r->counts->filtered += turn_filtered(t);
	r->applied += b->block_offset - t->offset;
	t->offset = b->block_offset;
	progress_show(&r->progress, r->applied, r->total, r->counts->in);
	turn_leave(t);
}

/* The line of the record that was too far ahead, from this row on. */
static uint64_t
line_of(struct turn *t, unsigned row)
{
	const struct batch *b = t->batch->batch;

	while (row + 1 < b->n_rows && b->time[row] != t->w.far_time)
		row++;
	return b->raw ? reject_line_at(t->input, b, batch_place(b, row)) : 0;
}

static void
apply(struct run *r, struct turn *t, unsigned to)
{
	unsigned from = t->next;
	bool noted = t->w.noted;
	unsigned n_far = t->w.n_far;

	count(r, t, to);
	t->w.now = r->now;
	pipe_apply(&r->pipe, t->source, t->batch, t->next, to,
	    t->timed ? &t->w : NULL);
	r->now = t->w.now;
	t->next = to;
	if (t->w.n_far > n_far && !t->values)
		t->far_line = line_of(t, from);
	if (t->w.noted && !noted && !r->options->quiet && !t->values) {
		progress_clear(&r->progress);
		report_ahead(t->input->file, t->far_line, &t->w);
	}
}

void
owner_apply(struct run *r, struct turn *t, unsigned to)
{
	unsigned n = t->batch->batch->n_rows, from = t->next;

	while (t->input->given && t->next < to) {
		rise(r, t, given_offset(t, t->next));
		apply(r, t, given_row(t, to));
	}
	if (!t->input->given)
		apply(r, t, to);
	if (to == n)
		leave(r, t);
	checkpoint_piece(r, to - from);
}

/* Makes sure a batch with rows is at hand, if it can be had. */
enum feed_found
owner_fetch(struct run *r, struct turn *t, bool wait)
{
	enum feed_found found = FEED_BATCH;

	while (!t->batch) {
		if (t->values)
			found = values_next(t->values, &t->batch) ? FEED_BATCH
								  : FEED_END;
		else if (!wait)
			found = feed_look(r->feed, t->input, &t->batch);
		else if (!feed_next(r->feed, t->input, &t->batch))
			found = FEED_END;
		if (found != FEED_BATCH) {
			t->batch = NULL;
			return found;
		}
		arrive(r, t);
		if (t->next == t->batch->batch->n_rows)
			leave(r, t);
	}
	return FEED_BATCH;
}

/* An input's turn has come: it is opened, unless it has been before. */
static int
begin_turn(struct run *r, struct turn *t)
{
	bool opened = t->input->opened;

	if (owner_open(r, t))
		return -1;
	if (!opened && !t->values)
		feed_open(r->feed, t->input);
	return 0;
}

/*
 * A file has ended, and its turn goes on with another one: 1, or 0: it does
 * not, or -1.
 */
static int
go_on(struct run *r, struct turn *t)
{
	struct input *in = t->input;

	if (!t->trail || in->follow || owner_must_stop(r))
		return 0;
	position_end(t, &r->sources, in->err.message != NULL);
	if (!position_next(t))
		return 0;
	r->counts->bytes_in += in->bytes;
	feed_close(r->feed, in);
	owner_note_damage(r, t);
	input_reopen(in, t->trail->files[t->trail->at].path);
	return begin_turn(r, t) ? -1 : 1;
}

/* Makes sure of a batch with rows; false at the input's end, or if it fails. */
static bool
fetch(struct run *r, struct turn *t)
{
	int more = 1;

	while (more > 0) {
		if (owner_fetch(r, t, true) == FEED_BATCH)
			return true;
		more = position_cut_off(t, r->err) ? -1 : go_on(r, t);
	}
	if (more < 0)
		r->pipe.failed = true;
	close_input(r, t);
	return false;
}

/* Nobody waits for more of it, or it is enough of all. */
static bool
is_enough(struct run *r, const struct turn *t)
{
	return r->pipe.input_done[t->source] || owner_must_stop(r);
}

static int
run_one(struct run *r, struct turn *t)
{
	if (begin_turn(r, t))
		return -1;
	/* Asked first: what is enough must not wait for more. */
	while (!is_enough(r, t) && fetch(r, t))
		owner_apply(r, t, t->batch->batch->n_rows);
	return 0;
}

/* Inputs one after another. */
static int
run_in_turn(struct run *r, bool timed)
{
	for (unsigned i = 0; i < r->n_inputs; i++) {
		struct turn *t = &r->turns[i];

		if (!is_of(r, t, timed) || r->pipe.input_done[t->source] ||
		    t->input->live)
			continue;
		if (run_one(r, t))
			return -1;
		if (owner_must_stop(r))
			return 0;
	}
	return 0;
}

/* ---- in event-time order ---- */

/* An input has ended: it no longer holds the watermark back. */
void
owner_release(struct run *r)
{
	int64_t w = turns_watermark(r->turns, r->n_inputs, r->rank, NULL);

	if (w == WHEN_MAX || w <= r->now)
		return;
	r->now = w;
	pipe_advance(&r->pipe, w);
}

void
owner_end_turn(struct run *r, struct turn *t)
{
	if (!t->ended)
		close_input(r, t);
	owner_release(r);
}

/* It is its turn: opens what was only looked at. */
static int
unpark(struct run *r, struct turn *t)
{
	t->parked = false;
	if (begin_turn(r, t))
		return -1;
	if (r->pipe.input_done[t->source] || !fetch(r, t))
		owner_end_turn(r, t);
	return 0;
}

static int
run_by_time(struct run *r)
{
	struct turn *t, *second;

	for (unsigned i = 0; i < r->n_inputs; i++) {
		t = &r->turns[i];
		if (!is_of(r, t, true) || t->parked)
			continue;
		if (begin_turn(r, t))
			return -1;
		fetch(r, t);
	}
	while (!owner_must_stop(r) &&
	       (t = turns_behind(r->turns, r->n_inputs, r->rank, &second))) {
		if (t->parked) {
			if (unpark(r, t))
				return -1;
			continue;
		}
		t->w.ceiling =
		    turns_watermark(r->turns, r->n_inputs, r->rank, t);
		owner_apply(r, t, turn_rows_before(t, second));
		if (!t->batch &&
		    (r->pipe.input_done[t->source] || !fetch(r, t)))
			owner_end_turn(r, t);
	}
	return 0;
}

/* ---- ranks ---- */

static unsigned
last_rank(const struct run *r)
{
	unsigned rank = 0;

	for (unsigned i = 0; i < r->n_inputs; i++)
		if (r->turns[i].input->plan->rank > rank)
			rank = r->turns[i].input->plan->rank;
	return rank;
}

/* The inputs of a rank: those without event time come first. */
static int
run_rank(struct run *r)
{
	if (run_in_turn(r, false))
		return -1;
	if (owner_must_stop(r))
		return 0;
	if (r->sources.watch && r->rank == last_rank(r))
		return owner_run_on(r);
	return by_time(r) ? run_by_time(r) : run_in_turn(r, true);
}

/* ---- the whole ---- */

static void
count_all(struct run *r)
{
	struct run_counts *c = r->counts;
	struct op_counts ops;

	pipe_counts(&r->pipe, &ops);
	c->out = outputs_rows(&r->out);
	c->bad_results = r->rejects.n_results;
	c->late = ops.late;
	c->late_behind = ops.late_behind;
	c->late_some = ops.late_some;
	c->astray = ops.astray;
	c->updates = ops.updates;
	for (unsigned i = 0; i < r->n_inputs; i++)
		c->ahead += r->turns[i].w.n_ahead;
	c->used = c->in - c->filtered - c->late - c->bad;
}

/* What is open stays so for the next run, or for the time after a signal. */
static bool
stays_open(const struct run *r, unsigned last)
{
	return checkpoint_lasts(r->kept) &&
	       (signals_stop() || outputs_failed(&r->out) ||
		   (r->rank == last && !r->options->state->final));
}

static int
run_ranks(struct run *r)
{
	unsigned last = last_rank(r);
	int status = 0;

	while (r->rank <= last) {
		status = owner_must_stop(r) ? 0 : run_rank(r);
		if (r->pipe.failed)
			status = -1;
		if (status || stays_open(r, last) || checkpoint_killed(r->kept))
			return status;
		pipe_end(&r->pipe, r->rank++);
		r->now = r->pipe.now = checkpoint_now(r->kept, r->rank);
		if (r->pipe.failed)
			return -1;
	}
	return 0;
}

/* All that is to come in this run has been applied. */
static int
end_run(struct run *r)
{
	bool final = r->rank > last_rank(r);

	pipe_finish(&r->pipe);
	if (checkpoint_end(r, final))
		return -1;
	if (checkpoint_lasts(r->kept) && !final)
		report_unfinished(r->plan, r->options);
	return 0;
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
	    .err = r->err,
	    .counts = r->counts};
	pipe_init(&r->pipe, r->plan);
	status = checkpoint_restore(r) ? -1 : 0;
	if (!status && !checkpoint_finished(r->kept))
		status = run_ranks(r);
	r->counts->killed = checkpoint_killed(r->kept);
	if (!status && !outputs_failed(&r->out) && !r->counts->killed)
		status = checkpoint_finished(r->kept) ? checkpoint_end(r, true)
						      : end_run(r);
	for (unsigned i = 0; i < r->n_inputs; i++)
		if (r->turns[i].batch)
			r->counts->filtered += turn_filtered(&r->turns[i]);
	count_all(r);
	r->steps = r->pipe.steps;
	r->pipe.steps = NULL;
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
	for (unsigned i = 0; i < r->n_inputs; i++)
		values_free(r->turns[i].values);
	outputs_release(&r->out);
	mem_free(r->steps);
	reasons_release(&r->rejects.reasons);
	lane_plan_release(&r->lanes);
	seen_free(r->seen, r->plan);
	err_release(&r->damage);
	sources_release(&r->sources);
}

/* Another run has the state, and that is all right. */
static int
skip_run(struct run *r)
{
	if (r->options->verbose)
		fprintf(stderr, "weir: %s is in use by another run\n",
		    r->options->state->dir);
	signals_raise();
	checkpoint_close(r, r->err);
	release(r);
	return 0;
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
	    /* Who runs on waits for writers, not for threads. */
	    .threads = options->follow ? 1 : options->threads,
	    .hinted = options->quiet || !isatty(STDERR_FILENO),
	    .now = WHEN_MIN};
	struct err other = {0};
	int status;

	*counts = (struct run_counts){0};
	lane_plan_init(&r.lanes, plan);
	torture_read(getenv("WEIR_TORTURE"));
	if (options->state && options->state->crash)
		feed_torture(1, 0);
	progress_init(&r.progress, options->quiet);
	r.seen = seen_new(plan);
	if (options->state)
		signals_install();
	status = checkpoint_open(&r);
	if (status == CHECKPOINT_SKIPPED)
		return skip_run(&r);
	if (checkpoint_lasts(r.kept))
		signals_hold_pipe();
	status = status || make_inputs(&r) ||
			 sources_check(&r.sources, &r.total, err)
		     ? -1
		     : 0;
	if (!status && !options->state)
		signals_install();
	status = status || open_outputs(&r) || open_inputs(&r) ||
			 outputs_encode(&r.out, err) || resume_outputs(&r) ||
			 run_inputs(&r)
		     ? -1
		     : 0;
	for (unsigned i = 0; r.out.sinks && i < plan->n_outputs; i++)
		if (signals_stop() && r.out.sinks[i].out.temporary)
			report_interrupted(r.out.sinks[i].out.path);
	if (outputs_close(&r.out, !status && !signals_stop(),
		&counts->bytes_out, err->message ? &other : err))
		status = -1;
	err_release(&other);
	other = (struct err){0};
	progress_clear(&r.progress);
	if (!status)
		report_unseen(plan, options, r.seen);
	if (r.feed && report_end(counts, &r.rejects, plan, r.steps, options,
			  status ? &other : err))
		status = -1;
	err_release(&other);
	other = (struct err){0};
	if (checkpoint_close(&r, status ? &other : err))
		status = -1;
	err_release(&other);
	if (options->state && outputs_broken(&r.out))
		signals_raise_pipe();
	if (!status)
		signals_raise();
	if (!status)
		status = too_many_bad(&r);
	if (options->state && options->state->crash)
		feed_torture(0, 0);
	release(&r);
	return status;
}

/* SPDX-License-Identifier: MIT */
/* Runs that keep their state; see checkpoint.h. */
#include "run/checkpoint.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "run/owner.h"
#include "run/position.h"
#include "run/signals.h"

#define NOTE_VERSION 1
/* The clock is asked after so many rows, or so many pieces. */
#define LOOK_ROWS 4096
#define LOOK_PIECES 64

struct checkpoint {
	const struct state_run *options; /* NULL: only to save memory */
	struct store *store;
	struct state *state;
	struct state_step **steps; /* by step; NULL: it has no state */
	struct arena arena;	   /* of the note read */
	struct buf read;
	struct note note;
	bool crashed;
	bool finished; /* but for the names of files: killed too late */
	int64_t every_ms, next_ms; /* 0: at the end only */
	bool due;		   /* it is time, but there is much to put */
	unsigned rows, pieces;	   /* since the clock was asked */
	uint64_t published;	   /* the last commit told to the outputs */
	uint64_t memory;	   /* --mem; 0: any */

	/* For tests. */
	unsigned n_pieces, commit, restart;
	bool killed;
	size_t *captured; /* by output, and what was rejected: committed */
};

static unsigned torture_commit, torture_restart;

void
checkpoint_torture(unsigned commit, unsigned restart)
{
	torture_commit = commit;
	torture_restart = restart;
}

/* ---- opening ---- */

static bool
asked_to_stop(void)
{
	return signals_stop() != 0;
}

static int
open_store(struct checkpoint *c, struct err *err)
{
	const struct state_run *o = c->options;
	bool waits = o && (o->standby || o->if_locked == LOCKED_WAIT);
	struct store_options options = {.create = true,
	    .lock_wait_ms = waits ? -1 : 0,
	    .stop = asked_to_stop};
	struct state_options rest;

	state_share(c->memory, &options, &rest);
	if (!o)
		return store_open_temporary(&c->store, &options, err);
	return store_open(&c->store, o->dir, &options, err);
}

/* The schema of a step as texts that can be compared. */
static struct schema
schema_of(const struct op *op, struct arena *a)
{
	struct schema s = {.arena = a};

	if (op->kind->schema)
		op->kind->schema(op, &s);
	return s;
}

static bool
is_reset(struct checkpoint *c, struct str name)
{
	for (unsigned i = 0; c->options && i < c->options->n_reset; i++)
		if (str_is(name, c->options->reset[i]))
			return true;
	return false;
}

static int
check_resets(const struct checkpoint *c, const struct plan *p, struct err *err)
{
	for (unsigned k = 0; c->options && k < c->options->n_reset; k++) {
		struct str names[PLAN_STEPS_MAX];
		unsigned n = 0;
		bool found = false;

		for (unsigned i = 0; i < p->n_ops; i++) {
			if (!p->ops[i].kind->open)
				continue;
			names[n++] = p->ops[i].name;
			found |= str_is(p->ops[i].name, c->options->reset[k]);
		}
		if (found)
			continue;
		err_set(err, ERR_USAGE, (struct where){0},
		    "--reset: no step that keeps state is named \"%s\"",
		    c->options->reset[k]);
		return err_suggest(err, str_of(c->options->reset[k]), names, n);
	}
	return 0;
}

static int
open_step(struct checkpoint *c, const struct op *op, struct err *err)
{
	struct schema schema;

	/* Some need the owner, and remember nothing from batch to batch. */
	if (!op->kind->open || !op->kind->restore)
		return 0;
	schema = schema_of(op, &c->arena);
	c->steps[op->number] = state_step(c->state, op->name, op->kind->name,
	    &schema, is_reset(c, op->name), err);
	return c->steps[op->number] ? 0 : -1;
}

static void
say_lines(struct str text)
{
	while (text.n) {
		long end = str_find(text, STR("\n"), 0);
		size_t n = end < 0 ? text.n : (size_t)end;

		fprintf(stderr, "weir: %.*s\n", (int)n, text.p);
		n += end >= 0;
		text.p += n;
		text.n -= n;
	}
}

static int
open_steps(struct checkpoint *c, const struct run *r)
{
	const struct plan *p = r->plan;
	struct buf changes = {0};
	int status = check_resets(c, p, r->err);

	c->steps = mem_zalloc((p->n_ops + 1) * sizeof *c->steps);
	for (unsigned i = 0; i < p->n_ops && !status; i++)
		status = open_step(c, &p->ops[i], r->err);
	if (!status)
		status = state_ready(
		    c->state, c->options && c->options->drop, &changes, r->err);
	if (!status && !r->options->quiet)
		say_lines(buf_str(&changes));
	buf_release(&changes);
	return status;
}

static int
read_note(struct checkpoint *c, struct err *err)
{
	struct str note = store_note(c->store);
	struct store_info info;

	if (!note.n)
		return 0;
	buf_adds(&c->read, note);
	c->note = note_open(buf_str(&c->read), &c->arena);
	c->crashed = !note_get_bool(c->note, "ended");
	if (note_get_int(c->note, "version", 0) != NOTE_VERSION)
		return err_set(err, ERR_STATE, (struct where){0},
		    "%s: the note of the last commit is not of this version",
		    c->options->dir);
	if (!note_get_bool(c->note, "final"))
		return 0;
	store_info(c->store, &info);
	c->finished = c->options->final && !info.closed;
	if (c->finished)
		return 0;
	err_set(err, ERR_STATE, (struct where){0},
	    "%s: this state is final: --final has closed everything in it",
	    c->options->dir);
	return err_hint(err,
	    "name another directory, or begin anew: weir state rm %s",
	    c->options->dir);
}

/* ---- what a commit notes, and taking it back ---- */

static void
put_counts(const struct run *r, struct buf *out)
{
	struct run_counts c = *r->counts;

	for (unsigned i = 0; i < r->n_inputs; i++)
		if (r->turns[i].batch)
			c.filtered += turn_filtered(&r->turns[i]);
	note_key(out, "counts");
	pack_put_map(out, 8);
	note_count(out, "in", c.in);
	note_count(out, "filtered", c.filtered);
	note_count(out, "bad", c.bad);
	note_count(out, "bad_results", r->rejects.n_results);
	note_count(out, "rejected", r->rejects.n);
	reasons_note(&r->rejects.reasons, out);
	note_count(out, "out", outputs_rows(&r->out));
}

static void
take_counts(struct run *r, struct note n)
{
	r->counts->in = note_get_count(n, "in");
	r->counts->filtered = note_get_count(n, "filtered");
	r->counts->bad = note_get_count(n, "bad");
	r->rejects.n_results = note_get_count(n, "bad_results");
	r->rejects.n = note_get_count(n, "rejected");
	reasons_take(&r->rejects.reasons, n);
}

/* Fields that have been seen, for each input as a text of 0 and 1. */
static void
put_seen(const struct run *r, struct buf *out)
{
	struct buf bits = {0};

	note_key(out, "seen");
	pack_put_array(out, r->plan->n_inputs);
	for (unsigned i = 0; i < r->plan->n_inputs; i++) {
		const struct plan_input *in = &r->plan->inputs[i];

		bits.n = 0;
		pack_put_map(out, 2);
		note_count(out, "records", r->seen[i].records);
		for (unsigned k = 0; in->used && k < in->scan->n_wants; k++)
			buf_addc(&bits, r->seen[i].wants[k] ? '1' : '0');
		note_text(out, "wants", buf_str(&bits));
	}
	buf_release(&bits);
}

static void
take_seen(struct run *r, struct note note)
{
	struct note one;

	for (unsigned i = 0; i < r->plan->n_inputs; i++) {
		const struct plan_input *in = &r->plan->inputs[i];
		struct str bits;

		if (!note_list_at(note, "seen", i, &one) || !in->used)
			continue;
		bits = note_get_text(one, "wants");
		if (bits.n != in->scan->n_wants)
			continue;
		r->seen[i].records = note_get_count(one, "records");
		for (unsigned k = 0; k < bits.n; k++)
			r->seen[i].wants[k] = bits.p[k] == '1';
	}
}

static void
put_step(const struct pipe *p, const struct op *op, struct buf *out)
{
	const struct op_counts *c = &p->runs[op->number]->counts;

	pack_put_text(out, op->name);
	pack_put_map(out, 7);
	note_int(out, "watermark", p->watermarks[op->number]);
	note_int(out, "forwarded", p->forwarded[op->number]);
	note_bool(out, "dead", p->dead[op->number]);
	note_count(out, "late", c->late);
	note_count(out, "late_some", c->late_some);
	note_count(out, "updates", c->updates);
	note_count(out, "bad", c->astray);
}

static void
put_steps(const struct pipe *p, struct buf *out)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < p->plan->n_ops; i++)
		n += p->runs[i] != NULL;
	note_key(out, "steps");
	pack_put_map(out, n);
	for (unsigned i = 0; i < p->plan->n_ops; i++)
		if (p->runs[i])
			put_step(p, &p->plan->ops[i], out);
}

/* A port that had ended goes on in a run that follows, or ends once more. */
static void
take_step(struct pipe *p, const struct op *op, struct note n, bool counts)
{
	struct op_counts *c = &p->runs[op->number]->counts;

	p->watermarks[op->number] = note_get_int(n, "watermark", WHEN_MIN);
	p->forwarded[op->number] = note_get_int(n, "forwarded", WHEN_MIN);
	if (note_get_bool(n, "dead"))
		pipe_set_dead(p, op->number);
	if (!counts)
		return;
	c->late = note_get_count(n, "late");
	c->late_some = note_get_count(n, "late_some");
	c->updates = note_get_count(n, "updates");
	c->astray = note_get_count(n, "bad");
}

static void
put_note(struct run *r, bool ended, bool final, struct buf *out)
{
	pack_put_map(out, 12);
	note_int(out, "version", NOTE_VERSION);
	note_bool(out, "ended", ended);
	note_bool(out, "final", final);
	note_count(out, "rank", r->rank);
	note_int(out, "now", r->now);
	note_key(out, "inputs");
	positions_note(&r->sources, out);
	gaps_note(&r->sources.gaps, out);
	put_steps(&r->pipe, out);
	note_key(out, "outputs");
	outputs_note(&r->out, out);
	put_counts(r, out);
	put_seen(r, out);
	note_count(out, "shown", r->rejects.shown);
}

int64_t
checkpoint_now(const struct checkpoint *c, unsigned rank)
{
	if (!c || c->note.map.type != T_MAP ||
	    note_get_count(c->note, "rank") != rank)
		return WHEN_MIN;
	return note_get_int(c->note, "now", WHEN_MIN);
}

/* Where the last run was: the pipe's part is checkpoint_restore's. */
static void
go_on(struct run *r)
{
	struct checkpoint *c = r->kept;

	/*
	 * A run that had ended is followed by one that begins with what is
	 * read first: that may have grown, too.
	 */
	r->rank = c->crashed ? (unsigned)note_get_count(c->note, "rank") : 0;
	r->now = checkpoint_now(c, r->rank);
	take_seen(r, c->note);
	if (c->crashed)
		take_counts(r, note_get_map(c->note, "counts"));
	if (c->crashed)
		r->rejects.shown = (unsigned)note_get_count(c->note, "shown");
}

static int
start(struct run *r)
{
	struct checkpoint *c = r->kept;
	struct store_options store;
	struct state_options memory;

	state_share(c->memory, &store, &memory);
	if (read_note(c, r->err))
		return -1;
	c->state = state_new(c->store, &memory, r->err);
	if (!c->state || open_steps(c, r))
		return -1;
	if (c->options && c->options->spec.n)
		state_describe(c->state, c->options->spec);
	if (c->note.map.type == T_MAP)
		go_on(r);
	return 0;
}

static void
set_torture(struct checkpoint *c, const struct run *r)
{
	if (!c->options)
		return;
	c->commit = c->options->crash ? 1 : torture_commit;
	c->restart = c->options->crash ? 2 : torture_restart;
	if (r->options->captured && !c->options->crash)
		c->restart = 0;
}

enum checkpoint_opened
checkpoint_open(struct run *r)
{
	const struct state_run *options = r->options->state;
	struct checkpoint *c;

	if (!options && !r->options->memory)
		return CHECKPOINT_OPENED;
	c = r->kept = mem_zalloc(sizeof *c);
	c->options = options;
	c->memory = r->options->memory;
	c->every_ms = options ? options->every / 1000 : 0;
	arena_init(&c->arena, 4096);
	c->note = (struct note){.map = VALUE_NULL, .arena = &c->arena};
	set_torture(c, r);
	if (open_store(c, r->err)) {
		if (!options || r->err->code != ERR_LOCKED ||
		    (options->if_locked != LOCKED_SKIP && !signals_stop()))
			return CHECKPOINT_FAILED;
		err_release(r->err);
		*r->err = (struct err){0};
		return CHECKPOINT_SKIPPED;
	}
	return start(r) ? CHECKPOINT_FAILED : CHECKPOINT_OPENED;
}

bool
checkpoint_killed(const struct checkpoint *c)
{
	return c && c->killed;
}

bool
checkpoint_lasts(const struct checkpoint *c)
{
	return c && c->options;
}

bool
checkpoint_finished(const struct checkpoint *c)
{
	return c && c->finished;
}

struct note
checkpoint_note(const struct checkpoint *c)
{
	return c->note;
}

bool
checkpoint_crashed(const struct checkpoint *c)
{
	return c->crashed;
}

struct store *
checkpoint_store(const struct checkpoint *c)
{
	return c->store;
}

/* ---- commits ---- */

/* Outputs hear of what has become durable. */
static void
publish(struct run *r)
{
	uint64_t durable = store_durable(r->kept->store);

	if (durable > r->kept->published) {
		outputs_publish(&r->out, durable);
		spool_synced(r->sources.spool);
	}
	r->kept->published = durable;
}

/* What is captured stays in memory: how much of it has been committed. */
static void
note_captured(struct run *r)
{
	struct checkpoint *c = r->kept;
	unsigned n = r->plan->n_outputs;

	if (!r->options->captured)
		return;
	if (!c->captured)
		c->captured = mem_array(n + 1, sizeof *c->captured);
	for (unsigned i = 0; i < n; i++)
		c->captured[i] = r->out.sinks[i].out.buf.n;
	c->captured[n] = r->out.reject.buf.n;
}

/* The run is killed: nothing was captured since the last commit. */
static void
kill_run(struct run *r)
{
	struct checkpoint *c = r->kept;
	unsigned n = r->plan->n_outputs;

	if (!r->options->captured) {
		pipe_flush(&r->pipe);
		outputs_flush(&r->out);
		_exit(CHECKPOINT_DIED);
	}
	for (unsigned i = 0; i < n; i++)
		r->out.sinks[i].out.buf.n = c->captured[i];
	r->out.reject.buf.n = c->captured[n];
	c->killed = true;
}

/*
 * last: of this run, but for one that says that what was held back has been
 * delivered.
 */
static int
commit(struct run *r, bool last, bool ended, bool final)
{
	struct checkpoint *c = r->kept;
	struct buf note = {0};
	struct store_commit what;
	struct buf fds = {0};
	int status;

	if (state_failed(c->state, r->err))
		return -1;
	if (!ended && !outputs_can_cut(&r->out))
		return 0;
	/* Outputs are told of a commit before the next one is cut. */
	if (store_wait(c->store, r->err))
		return -1;
	publish(r);
	outputs_cut(&r->out, last);
	/* What could not be written has not been: the last commit stands. */
	if (outputs_failed(&r->out))
		return -1;
	for (unsigned i = 0; i < r->plan->n_ops; i++)
		if (r->pipe.runs[i] && r->plan->ops[i].kind->save)
			r->plan->ops[i].kind->save(r->pipe.runs[i]);
	state_cut(c->state);
	put_note(r, ended, final, &note);
	outputs_sync(&r->out, &fds);
	spool_sync(r->sources.spool, &fds);
	what = (struct store_commit){.note = buf_str(&note),
	    .sync = (const int *)(const void *)fds.p,
	    .n_sync = (unsigned)(fds.n / sizeof(int))};
	status = store_commit(c->store, &what, r->err);
	buf_release(&note);
	buf_release(&fds);
	c->due = false;
	if (c->every_ms)
		c->next_ms = clock_elapsed_ms() + c->every_ms;
	if (!status)
		note_captured(r);
	return status;
}

/* A commit that fails ends the run, unless it has failed already. */
static void
commit_or_fail(struct run *r)
{
	if (!r->pipe.failed && commit(r, false, false, false))
		r->pipe.failed = r->err->message != NULL;
}

static void
look_at_clock(struct run *r)
{
	struct checkpoint *c = r->kept;

	c->rows = c->pieces = 0;
	if (!r->pipe.failed && state_failed(c->state, r->err))
		r->pipe.failed = true;
	if (c->options)
		publish(r);
	if (c->every_ms && clock_elapsed_ms() >= c->next_ms)
		c->due = true;
}

/* For tests: commits and deaths at places that do not depend on the clock. */
static void
torture(struct run *r)
{
	struct checkpoint *c = r->kept;

	c->n_pieces++;
	if (c->restart && c->n_pieces >= c->restart && !r->pipe.failed) {
		kill_run(r);
	} else if (c->commit && c->n_pieces % c->commit == 0) {
		commit_or_fail(r);
		if (!r->pipe.failed && store_wait(c->store, r->err))
			r->pipe.failed = true;
		publish(r);
	}
}

unsigned
checkpoint_ahead(void *run)
{
	const struct checkpoint *c = ((const struct run *)run)->kept;

	return c && c->state &&
		       (c->commit || c->restart || state_is_asked(c->state))
		   ? BATCHES_AHEAD
		   : 1;
}

void
checkpoint_piece(struct run *r, unsigned rows)
{
	struct checkpoint *c = r->kept;

	if (!c)
		return;
	state_settle(c->state);
	c->rows += rows;
	if (c->rows >= LOOK_ROWS || ++c->pieces >= LOOK_PIECES)
		look_at_clock(r);
	if (c->due && state_prepare(c->state))
		commit_or_fail(r);
	if (c->commit || c->restart)
		torture(r);
}

void
checkpoint_idle(struct run *r)
{
	if (!r->kept)
		return;
	look_at_clock(r);
	if (r->kept->due)
		commit_or_fail(r);
}

/* ---- the beginning and the end ---- */

static int
restore_step(struct run *r, const struct op *op)
{
	struct checkpoint *c = r->kept;
	struct note steps = note_get_map(c->note, "steps");

	take_step(&r->pipe, op, note_get_of(steps, op->name), c->crashed);
	/* Behind the end nothing is asked of steps; some have not tidied up. */
	if (!c->steps[op->number] || c->finished)
		return 0;
	return op->kind->restore(
	    r->pipe.runs[op->number], c->steps[op->number], r->err);
}

int
checkpoint_restore(struct run *r)
{
	struct checkpoint *c = r->kept;

	if (!c)
		return 0;
	r->pipe.rank = r->rank;
	r->pipe.now = r->now;
	for (unsigned i = 0; i < r->plan->n_ops; i++)
		if (r->pipe.runs[i] && restore_step(r, &r->plan->ops[i]))
			return -1;
	if (c->every_ms)
		c->next_ms = clock_elapsed_ms() + c->every_ms;
	c->published = store_epoch(c->store);
	if (!c->options || c->finished)
		return 0;
	/*
	 * The first commit comes before the first result; and one that says
	 * that a run has begun before a file is gone on with, or what it wrote
	 * would pass for somebody else's after a crash. So does what a run
	 * writes to a file that the one which crashed did not write to.
	 */
	if (c->note.map.type == T_MAP && !outputs_unnoted(&r->out) &&
	    (c->crashed || !outputs_last(&r->out)))
		return 0;
	return commit(r, false, false, false) || store_wait(c->store, r->err)
		   ? -1
		   : 0;
}

/* The files have their names now: it is said once more, and that it is over. */
static int
commit_again(struct run *r)
{
	struct store_commit same = {.note = buf_str(&r->kept->read)};

	return store_commit(r->kept->store, &same, r->err) ||
	       store_wait(r->kept->store, r->err);
}

int
checkpoint_end(struct run *r, bool final)
{
	struct checkpoint *c = r->kept;

	if (!c)
		return 0;
	if (c->finished)
		return commit_again(r) ? -1 : 0;
	if (state_failed(c->state, r->err))
		return -1;
	if (!c->options)
		return 0;
	/* Until it is known to be delivered the run has not ended. */
	if (outputs_hold(&r->out) &&
	    (commit(r, true, false, false) || store_wait(c->store, r->err)))
		return -1;
	publish(r);
	if (outputs_failed(&r->out) || commit(r, true, true, final) ||
	    store_wait(c->store, r->err))
		return -1;
	publish(r);
	return outputs_failed(&r->out) ? -1 : 0;
}

int
checkpoint_close(struct run *r, struct err *err)
{
	struct checkpoint *c = r->kept;
	int status = 0;

	if (!c)
		return 0;
	state_free(c->state);
	/* Files may not have their names yet: the next run sees to that. */
	if (c->store && r->out.sinks && outputs_failed(&r->out))
		store_undone(c->store);
	if (c->store)
		status = store_close(c->store, err);
	mem_free(c->steps);
	mem_free(c->captured);
	buf_release(&c->read);
	arena_release(&c->arena);
	mem_free(c);
	r->kept = NULL;
	return status;
}

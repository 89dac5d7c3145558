/* SPDX-License-Identifier: MIT */
/*
 * A run that keeps its state (-s): opening the directory, going on where the
 * last commit was made, and committing now and then.
 *
 * A cut is made between two records: everything that was applied so far has
 * gone through all steps, and what has come out is written. What the steps
 * keep, where the inputs stand and how long the outputs are becomes durable as
 * one. So whatever happens, a run goes on from a state in which every record
 * has counted once.
 *
 * The note of a commit is one packed map (data/pack.h):
 *
 *	version     1
 *	ended       the run ended in order: the next one counts anew
 *	final       nothing follows
 *	rank, now   of the inputs being read, and their watermark
 *	inputs      positions (position.h)
 *	steps       by name: what they have heard of time, what has ended
 *	outputs     what was written (outputs.h)
 *	counts      of the run, as far as it has come
 *	shown       what has been said on standard error
 */
#ifndef WEIR_RUN_CHECKPOINT_H
#define WEIR_RUN_CHECKPOINT_H

#include "run/note.h"
#include "run/run.h"

struct checkpoint;
struct run;

enum checkpoint_opened {
	CHECKPOINT_OPENED = 0,
	CHECKPOINT_FAILED = -1,
	CHECKPOINT_SKIPPED = 1 /* another run has it, which is all right */
};

/*
 * Takes the directory (of a run that has only a limit of memory, a temporary
 * one) and compares what it holds with the plan; nothing is written yet. The
 * run's counts are set to where the last commit left them; inputs are made by
 * its note afterwards. CHECKPOINT_FAILED and r->err.
 */
enum checkpoint_opened checkpoint_open(struct run *r);

/*
 * The watermark of the inputs of a rank as the last run has left it; WHEN_MIN
 * if it was not with them.
 */
int64_t checkpoint_now(const struct checkpoint *c, unsigned rank);

/* Is there a directory that outlives the run, and not just a limit? */
bool checkpoint_lasts(const struct checkpoint *c);

/*
 * The last run has made its final commit and was killed before it was done
 * with its outputs: nothing is left but that.
 */
bool checkpoint_finished(const struct checkpoint *c);

/* The last commit's note; empty if there has been none. */
struct note checkpoint_note(const struct checkpoint *c);

struct store *checkpoint_store(const struct checkpoint *c);

/*
 * The last run did not end in order: what it wrote behind its last commit is
 * taken back.
 */
bool checkpoint_crashed(const struct checkpoint *c);

/* The steps have been opened: they take back what is theirs. 0, -1. */
int checkpoint_restore(struct run *r);

/*
 * How many batches of a run (struct run) should be made ready at once: what is
 * held of the keys of many costs less if it is asked for together.
 */
unsigned checkpoint_ahead(void *run);

/* Something was applied: rows. It may be time for a commit. */
void checkpoint_piece(struct run *r, unsigned rows);

/* The run is about to wait; the same. */
void checkpoint_idle(struct run *r);

/* The last commit; waits until it is durable. final: nothing follows. */
int checkpoint_end(struct run *r, bool final);

/* For tests: was the run to end without another word? */
bool checkpoint_killed(const struct checkpoint *c);

/* What was not committed is gone. 0, or -1 and *err. */
int checkpoint_close(struct run *r, struct err *err);

/* For tests: a commit after so many pieces; dies after so many. 0: never. */
void checkpoint_torture(unsigned commit, unsigned restart);

/* The exit status of a run that was to die. */
#define CHECKPOINT_DIED 75

#endif

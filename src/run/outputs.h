/* SPDX-License-Identifier: MIT */
/*
 * Everything a run writes: the plan's outputs, late rows, rejected records. No
 * two of them may be one file, nor may one be read.
 *
 * With a state directory (outputs_kept.c) results are written once, whatever
 * happens. Regular files are appended to; their lengths are part of each
 * commit, and a run begins by cutting off what no commit knows of. Files of
 * an output divided into several get their names when a commit that contains
 * them is durable. Pipes and terminals are written at once, or (hold) when
 * the commit is durable.
 *
 * A commit is made by
 *	outputs_cut	everything is written, lengths are taken
 *	outputs_note	what the commit notes of them
 *	outputs_sync	what must be synced before it
 * and, when it is durable and before the next cut,
 *	outputs_publish	names are given, what was held back is written
 */
#ifndef WEIR_RUN_OUTPUTS_H
#define WEIR_RUN_OUTPUTS_H

#include "run/sink.h"

struct outputs {
	const struct plan *plan;
	const struct run_options *options;
	const struct input *inputs; /* for what must not be written */
	unsigned n_inputs;
	struct sink *sinks; /* by the plan's output */
	struct output late, reject;
	struct sink_keep keep; /* with its store: runs continue files */
	int64_t box;	       /* the last bucket of what is held back */
	struct buf labels;
};

/* Opens them all; the caller has set plan, options and inputs. */
int outputs_open(struct outputs *o, struct err *err);

/* Makes the encoders; the inputs that are read first have been opened. */
int outputs_encode(struct outputs *o, struct err *err);

/*
 * Closes what was opened. keep: files that appear whole at the end do so, if
 * all could be written. *bytes: written to the plan's outputs.
 */
int outputs_close(
    struct outputs *o, bool keep, uint64_t *bytes, struct err *err);
void outputs_release(struct outputs *o);

void outputs_flush(struct outputs *o);

/* Some of them cannot be written any more. */
bool outputs_failed(const struct outputs *o);

/* ... and that is because nobody reads it any more. */
bool outputs_broken(const struct outputs *o);

/* Rows written so far. */
uint64_t outputs_rows(const struct outputs *o);

/* ---- with a state directory ---- */

/*
 * The encoders have been made: what the last commit noted (`outputs` of the
 * note) is taken up, and what a run wrote behind it is taken back. crashed:
 * that run did not end in order. -1 and *err.
 */
int outputs_resume(
    struct outputs *o, struct note note, bool crashed, struct err *err);

/* Are there files that are gone on with? */
bool outputs_last(const struct outputs *o);

/* Is there one that no commit knows of: begun anew, or under another name? */
bool outputs_unnoted(const struct outputs *o);

/* Is something written only when a commit is durable? */
bool outputs_hold(const struct outputs *o);

/*
 * Can a commit be made now? Formats that lay out many rows together hold them
 * back for a while.
 */
bool outputs_can_cut(const struct outputs *o);

/* end: it is the last one of the run. See outputs_failed. */
void outputs_cut(struct outputs *o, bool end);

/* Adds a packed list. */
void outputs_note(const struct outputs *o, struct buf *out);

/* Adds descriptors (int) to be synced before the commit. */
void outputs_sync(const struct outputs *o, struct buf *fds);

/*
 * The commit of the last cut is durable. See outputs_failed. What was held back
 * is delivered, which the next commit says; so a run that holds back ends with
 * one more, lest the next run delivers it again.
 */
void outputs_publish(struct outputs *o, uint64_t epoch);

#endif

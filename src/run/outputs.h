/* SPDX-License-Identifier: MIT */
/*
 * Everything a run writes: the plan's outputs, late rows, rejected records. No
 * two of them may be one file, nor may one be read.
 */
#ifndef WEIR_RUN_OUTPUTS_H
#define WEIR_RUN_OUTPUTS_H

#include "run/note.h"
#include "run/sink.h"

struct outputs {
	const struct plan *plan;
	const struct run_options *options;
	const struct input *inputs; /* for what must not be written */
	unsigned n_inputs;
	struct sink *sinks; /* by the plan's output */
	struct output late, reject;
	bool kept; /* with a state directory: files are gone on with */
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

/* ---- with a state directory ---- */

/*
 * What has been written so far, as one packed value: what stands under
 * "outputs" in a commit's note. All of it has been flushed.
 */
void outputs_note(const struct outputs *o, struct buf *out);

/* The descriptors (int) that have to be synced before that commit. */
void outputs_sync(const struct outputs *o, struct buf *fds);

/*
 * They have been opened, nothing was written: goes on behind what the note
 * says. crashed: what stands behind that was written in vain.
 */
int outputs_resume(
    struct outputs *o, struct note note, bool crashed, struct err *err);

/* The commit of that number is durable: what waited for it is shown. */
void outputs_publish(struct outputs *o, uint64_t epoch);

/* Rows written so far. */
uint64_t outputs_rows(const struct outputs *o);

#endif

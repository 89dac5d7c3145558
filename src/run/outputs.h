/* SPDX-License-Identifier: MIT */
/*
 * Everything a run writes: the plan's outputs, late rows, rejected records. No
 * two of them may be one file, nor may one be read.
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

/* Rows written so far. */
uint64_t outputs_rows(const struct outputs *o);

#endif

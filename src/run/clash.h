/* SPDX-License-Identifier: MIT */
/*
 * Files used twice: nothing may be read and written at once (unless it is
 * replaced at the end), and no two outputs may go to one file.
 */
#ifndef WEIR_RUN_CLASH_H
#define WEIR_RUN_CLASH_H

#include "run/input.h"
#include "run/sink.h"

/* What a run reads and writes. */
struct clash {
	const struct plan *plan;
	const struct run_options *options;
	const struct input *inputs;
	unsigned n_inputs;
	const struct sink *sinks;
	const char *late_name; /* or NULL */
	const struct output *late, *reject;
	struct err *err;
};

/* Before outputs are opened. 0, or -1 and *c->err. */
int clash_of_names(const struct clash *c);

/* When they are open. */
int clash_of_outputs(const struct clash *c);

#endif

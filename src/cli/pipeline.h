/* SPDX-License-Identifier: MIT */
/*
 * From the command line to a bound plan: the query or spec is parsed, options
 * override what it says, operands become its inputs. Nothing of an input is
 * read.
 */
#ifndef WEIR_CLI_PIPELINE_H
#define WEIR_CLI_PIPELINE_H

#include "cli/options.h"
#include "plan/plan.h"

/*
 * Fills *p (initialised by the caller) and binds it. Operands: the query first
 * unless there is a spec, then [NAME=]FILE.
 */
int pipeline_make(struct plan *p, const struct options *o, struct err *err);

/*
 * Reads all of a spec ("-" = standard input) into the arena as a source, but
 * not more than a spec may have.
 */
int pipeline_read(
    struct arena *arena, const char *file, struct source *out, struct err *err);

/* Sets parameters from -p; part of pipeline_make. */
int pipeline_params(struct plan *p, const struct options *o, struct err *err);

/*
 * Makes operands the plan's inputs; part of pipeline_make. A query may name
 * one of several inputs, a spec names all of its own.
 */
int pipeline_inputs(struct plan *p, const struct options *o, struct err *err);

/*
 * check_formats.c: says which inputs and outputs of a bound plan have a
 * mistake in the settings of their format. The error stays the caller's.
 */
void check_formats(
    const struct plan *p, void (*say)(void *arg, struct err *err), void *arg);

#endif

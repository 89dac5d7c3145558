/* SPDX-License-Identifier: MIT */
/*
 * The front ends: SQL and YAML text to plan, plan to YAML.
 */
#ifndef WEIR_FRONT_FRONT_H
#define WEIR_FRONT_FRONT_H

#include "base/buf.h"
#include "base/err.h"
#include "plan/plan.h"

/*
 * Parses a query, or a script of statements, into the plan (not yet bound):
 * its inputs, steps and outputs. src must live as long as the plan.
 */
int sql_parse(struct plan *p, const struct source *src, struct err *err);

/* True if a text begins like SQL, and not like a spec. */
bool sql_begins(struct str text);

/*
 * Parses a spec. Limits: 1 MiB of text, depth 64, 10,000 nodes, no aliases
 * cycles; unknown and duplicate keys are errors with place and nearest name.
 */
int yaml_parse(struct plan *p, const struct source *src, struct err *err);

/* The plan as a YAML spec (--print-spec); what yaml_parse reads back. */
void yaml_print(const struct plan *p, struct buf *out);

/*
 * A bound plan as SQL, for `weir explain --sql`. -1 and the error if a step or
 * an input has no SQL form.
 */
int sql_print(const struct plan *p, struct buf *out, struct err *err);

/* Rows of the spec's keys, for weir-spec(5) and `weir help spec`. */
struct spec_key {
	const char *path; /* "time.lateness" */
	const char *type;
	const char *doc;
};
extern const struct spec_key spec_keys[];
extern const unsigned n_spec_keys;

#endif

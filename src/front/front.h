/* SPDX-License-Identifier: MIT */
/*
 * The front ends: SQL and YAML text to plan, plan to YAML.
 */
#ifndef WEIR_FRONT_FRONT_H
#define WEIR_FRONT_FRONT_H

#include "base/buf.h"
#include "base/err.h"
#include "data/value.h"
#include "plan/plan.h"
#include "run/run.h"

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

/*
 * A test of a spec, as values. Everything of it lives in the plan's arena and
 * the spec's text.
 */
struct spec_rows {
	unsigned output;    /* of the plan */
	struct value *rows; /* maps */
	struct where *at;
	unsigned n;
};

struct spec_test {
	struct str name;
	struct where where;
	struct given *given;	  /* by the plan's input */
	struct spec_rows *expect; /* at most one of an output */
	unsigned n_expect;
	bool unordered, has_late, crash;
	uint64_t bad, late;
	int64_t now;
	struct where crash_at;
};

unsigned spec_test_count(const struct plan *p);

/* Only its name and place. */
void spec_test_name(const struct plan *p, unsigned i, struct spec_test *out);

/* Test i of a plan that was made of a spec; the plan has its outputs. */
int spec_test_read(
    struct plan *p, unsigned i, struct spec_test *out, struct err *err);

/* Gives the plan's parameters the values of its test i. */
int spec_test_params(struct plan *p, unsigned i, struct err *err);

/* The plan as a YAML spec (--print-spec); what yaml_parse reads back. */
void yaml_print(const struct plan *p, struct buf *out);

/*
 * A bound plan as SQL, for `weir explain --sql`. -1 and the error if a step or
 * an input has no SQL form.
 */
int sql_print(const struct plan *p, struct buf *out, struct err *err);

/*
 * The text of a spec (which yaml_parse has taken) in its canonical form:
 * comments stay, and it is the same plan. Appended to out.
 */
int yaml_format(const struct source *src, struct buf *out, struct err *err);

/* The form of a spec as a JSON Schema. */
void spec_schema(struct buf *out);

/* Rows of the spec's keys, for weir-spec(5) and `weir help spec`. */
struct spec_key {
	const char *path; /* "time.lateness" */
	const char *type;
	const char *doc;
};
extern const struct spec_key spec_keys[];
extern const unsigned n_spec_keys;

#endif

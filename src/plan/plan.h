/* SPDX-License-Identifier: MIT */
/*
 * A plan: inputs, a pipeline of operators, an output. The front ends (SQL,
 * YAML) fill in what was written; plan_bind resolves and checks everything,
 * after which the plan is read-only and can be run, explained, or printed in
 * any of the spellings. Nothing of an input is read before a plan is bound.
 */
#ifndef WEIR_PLAN_PLAN_H
#define WEIR_PLAN_PLAN_H

#include "base/arena.h"
#include "base/err.h"
#include "base/when.h"
#include "io/io.h"
#include "op/op.h"

struct ynode;

enum late_policy {
	LATE_DROP,
	LATE_UPDATE,
	LATE_FILE
};

/* A declared type of a field: types: {price: text}. */
struct declared {
	struct str name;
	enum type type;
	struct where where;
};

struct plan_input {
	struct str name;	     /* FROM name; "" = the only one */
	const struct format *format; /* NULL = guess */
	struct settings settings;
	struct str *files; /* "-" = standard input */
	unsigned n_files;
	struct declared *types;
	unsigned n_types;
	struct where where;
};

struct plan_time {
	struct path field; /* n == 0: the format's, or guessed */
	struct when_layout layout;
	bool layout_given;
	const struct zone *zone; /* for civil times; NULL = UTC */
	int64_t lateness;	 /* µs; WHEN_MAX = none stated */
	int64_t allowed;	 /* µs, allowed lateness */
	int64_t max_ahead;	 /* µs; 0 = any, see struct watermark */
	int64_t idle;		 /* µs an input is waited for; 0 = for ever */
	enum late_policy late;
	struct str late_file;
	struct where where;
};

struct plan_output {
	const struct format *format; /* NULL = json, or table on a terminal */
	struct settings settings;
	struct str file; /* "" = standard output */
};

struct plan_param {
	struct str name;
	enum type type;	    /* T_ANY: by content */
	struct value value; /* given or default */
	bool given, has_default;
	struct where where;
};

struct plan {
	struct arena arena; /* everything of the plan */
	struct str name;
	struct source source; /* the query or spec */

	struct plan_input *inputs; /* those that are read, at least one */
	unsigned n_inputs;
	struct plan_time time;
	struct plan_output output;
	struct plan_param *params;
	unsigned n_params;
	struct op *ops;
	unsigned n_ops;
	const struct ynode *tests; /* of the spec, as a tree, or NULL */

	/* After plan_bind: */
	struct scan *scan; /* wants, in order of their columns */
	struct flow result;
	unsigned n_stateless; /* steps before the first stateful one */
	bool bound;
};

#define PLAN_STEPS_MAX 256

/* A plan with one input, of which nothing is said yet, and no steps. */
void plan_init(struct plan *p);
void plan_release(struct plan *p);

/*
 * Makes room for one more element (of size bytes) in a list in the plan's
 * arena: *list is its array, *n its length, which is counted up. Returns the
 * new element's place; earlier elements may move.
 */
void *plan_more(struct plan *p, void *list, unsigned *n, size_t size);

/*
 * Appends an operator (args to be filled by the caller). The pointer is good
 * until the next one is added.
 */
struct op *plan_add(
    struct plan *p, const struct op_kind *kind, struct where where);

/* Adds a parameter to a step and returns it, with room for n items. */
struct arg *plan_arg(struct plan *p, struct op *op, const char *name,
    unsigned n, struct where where);

/*
 * Binds all steps in order: names, types, arguments, the fields wanted of each
 * record (plan.scan) and the columns of the result. May be called once.
 */
int plan_bind(struct plan *p, struct err *err);

/* What `weir explain` prints: steps, columns, keys, windows, state. */
void plan_explain(const struct plan *p, struct buf *out);

#endif

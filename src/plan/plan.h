/* SPDX-License-Identifier: MIT */
/*
 * A plan: inputs (sources), a graph of steps, outputs. The front ends (SQL,
 * YAML) fill in what was written; plan_bind resolves and checks everything,
 * after which the plan is read-only and can be run, explained, or printed in
 * any of the spellings. Nothing of an input is read before a plan is bound.
 *
 * Building. `tail` is the current edge: what the next step reads. plan_add
 * appends a step that reads it and becomes it, so a plan is linear by default.
 * Saving the tail and setting it again later makes a fork: an edge may be read
 * any number of times. plan_read sets the tail to an input, plan_merge appends
 * a step that reads several edges, plan_emit an output.
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

/* What comes out of a plan whose results change. */
enum plan_mode {
	MODE_FINAL,	/* results once, as they are at the end */
	MODE_CHANGELOG, /* every change */
	MODE_UPSERT,	/* the same without -U */
	MODE_EVERY	/* what has changed, each time a period has passed */
};

struct plan_time {
	struct path field; /* n == 0: the format's, or guessed */
	struct node *expr; /* or NULL: it is computed from the record */
	struct when_layout layout;
	bool layout_given;
	const struct zone *zone; /* for civil times; NULL = UTC */
	int64_t lateness;	 /* µs; WHEN_MAX = none stated */
	int64_t allowed;	 /* µs, allowed lateness */
	int64_t ttl;		 /* µs keys are kept; 0 = for ever */
	int64_t max_ahead;	 /* µs; 0 = any, see struct watermark */
	int64_t idle;		 /* µs an input is waited for; 0 = for ever */
	enum late_policy late;
	struct str late_file;
	struct where where;
};

/*
 * A source: files that are read as one stream, or constant rows. Only those
 * that a step or an output reads are opened.
 */
struct plan_input {
	struct str name;	     /* FROM name; "" = the only one */
	const struct format *format; /* NULL = guess */
	struct settings settings;
	struct str *files; /* "-" = standard input */
	unsigned n_files;
	struct declared *types; /* of single fields; others are guessed */
	unsigned n_types;
	/*
	 * closed: its columns are these and no others (CREATE TABLE, VALUES);
	 * T_ANY = by content.
	 */
	bool closed;
	struct declared *columns;
	unsigned n_columns;
	/*
	 * values: it has no files but these constant rows; cells are
	 * expressions, row by row, n_columns each.
	 */
	bool values;
	struct node **cells;
	unsigned n_rows;
	/*
	 * Its event time. What it leaves open is that of plan.time; after
	 * plan_bind this is the whole truth. allowed, ttl, late and late_file
	 * are the plan's: a run has one policy.
	 */
	struct plan_time time;
	/*
	 * Records are changes: the field that says which, "" if they are not.
	 * key: rows with the same key replace each other.
	 */
	struct str changelog;
	struct str *key;
	unsigned n_key;
	struct where where;

	/* After plan_bind: */
	bool used;		 /* something reads it */
	struct value *constants; /* values: cells as they are */
	struct scan *scan;    /* wants, in order of their columns; needs_time */
	struct flow rows;     /* what its first steps see */
	struct expr *time_of; /* time.expr, if event time is asked for */
	unsigned rank; /* those of lower rank are read first, to the end */
};

/* A part of the name of an output's file. */
enum name_kind {
	NAME_LITERAL,
	NAME_COLUMN, /* a value of the row */
	NAME_TIME    /* letters of time, as when_format has them */
};

struct name_part {
	enum name_kind kind;
	struct str text; /* column: its name; ends in a NUL */
	unsigned most;	 /* bytes of a value */
	unsigned col;	 /* after plan_bind */
};

struct plan_output {
	struct str name;	     /* in the spec; "" = the only one */
	const struct format *format; /* NULL = json, or table on a terminal */
	struct settings settings;
	struct str file; /* "" = standard output */
	struct where file_at;
	/* The file is cut into numbered parts; 0 = not for this reason. */
	uint64_t roll_bytes;
	int64_t roll_every; /* µs of event time */
	struct where roll_at;
	/* How values that are times are written, if times_given. */
	struct when_layout times;
	bool times_given;
	enum plan_mode mode;
	int64_t period;	   /* MODE_EVERY, µs */
	struct str change; /* column that says what a row does; "" = op */
	struct where mode_at;
	struct edge from;
	struct where where;

	/* After plan_bind: */
	struct flow result;
	/* Of the file; a literal alone, unless it is divided. */
	struct name_part *target;
	unsigned n_target;
	bool divided; /* into several files, or parts */
	int time_col; /* the batch's column of time that counts for it; -1: the
			 row's event time */
};

/* Who reads an edge: ports of steps in their order, then outputs. */
struct reader {
	bool output;
	unsigned number; /* of the step or the output */
	unsigned port;
};

struct readers {
	struct reader *list;
	unsigned n;
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
	bool query;	      /* it is SQL */
	struct str *notes;    /* for -v: what was read and means nothing */
	unsigned n_notes;
	bool explain; /* EXPLAIN was asked for: nothing is run */
	bool bad_any; /* bad records are no failure */

	struct plan_input *inputs; /* at least one */
	unsigned n_inputs;
	struct plan_time time; /* what inputs do not say themselves */
	struct plan_output *outputs;
	unsigned n_outputs;
	struct plan_param *params;
	unsigned n_params;
	struct op *ops; /* each behind those it reads */
	unsigned n_ops;
	struct edge tail;	   /* what the next step reads */
	const struct ynode *tests; /* of the spec, as a tree, or NULL */

	/*
	 * After plan_bind. Steps have been put into an order that depends on
	 * the graph alone: chains of steps without forks one after another.
	 */
	struct readers *input_readers; /* by input */
	struct readers *step_readers;  /* by step */
	bool bound;
};

#define PLAN_STEPS_MAX 256
#define OUTPUTS_MAX 64

/*
 * A plan with one input, of which nothing is said yet and which is the tail,
 * and no steps.
 */
void plan_init(struct plan *p);
void plan_release(struct plan *p);

/*
 * Makes room for one more element (of size bytes) in a list in the plan's
 * arena: *list is its array, *n its length, which is counted up. Returns the
 * new element's place; earlier elements may move.
 */
void *plan_more(struct plan *p, void *list, unsigned *n, size_t size);

/*
 * Another input, of which nothing is said yet; its number is n_inputs - 1. The
 * pointer is good until the next one is added.
 */
struct plan_input *plan_input_add(struct plan *p, struct where where);

/*
 * Event time of an input: what it does not say itself the plan does.
 * plan_bind writes it into the input.
 */
struct plan_time plan_time_of(
    const struct plan *p, const struct plan_input *in);

/* The next step reads the rows of this input. */
void plan_read(struct plan *p, unsigned input);

/*
 * Appends an operator that reads the tail and becomes it (args to be filled by
 * the caller). The pointer is good until the next one is added.
 */
struct op *plan_add(
    struct plan *p, const struct op_kind *kind, struct where where);

/*
 * The same for one that reads several edges, which are copied: edges[i] feeds
 * port i. Their number is checked by plan_bind.
 */
struct op *plan_merge(struct plan *p, const struct op_kind *kind,
    const struct edge *edges, unsigned n, struct where where);

/*
 * Appends an output of what the tail is; a plan without one gets the default
 * output. The pointer is good until the next one is added.
 */
struct plan_output *plan_emit(struct plan *p, struct where where);

/* How the output writes times: a layout of when_out_parse. */
int plan_out_times(struct plan *p, struct plan_output *out, struct str text,
    struct where where, struct err *err);

/* In which zone; as RFC 3339 if no layout is given. */
void plan_out_zone(struct plan_output *out, const struct zone *zone);

/* When its file is cut: a size, a duration of event time, or both: 100M,1h. */
int plan_roll(struct plan_output *out, struct str text, struct where where,
    struct err *err);

/* True if a step, an output or, without outputs, the tail reads the input. */
bool plan_is_read(const struct plan *p, unsigned input);

/* Makes sure that there is an output: of the tail, if there is none yet. */
void plan_emit_default(struct plan *p);

/* Adds a parameter to a step and returns it, with room for n items. */
struct arg *plan_arg(struct plan *p, struct op *op, const char *name,
    unsigned n, struct where where);

/*
 * Reads a mode: final, changelog, upsert or "every DURATION". An error has
 * the nearest word.
 */
int plan_mode(
    struct plan_output *out, struct str text, struct where where, struct err *);

/*
 * Adds the steps that follow from inputs that are changelogs and from the
 * modes of outputs, and says which steps are to give changes. Part of
 * plan_bind.
 */
void plan_changes(struct plan *p);

/*
 * Binds all steps in order: names, types, arguments, the fields wanted of each
 * record (plan.scan) and the columns of the result. May be called once.
 */
int plan_bind(struct plan *p, struct err *err);

/* Who reads an edge of a bound plan. */
const struct readers *plan_readers(const struct plan *p, struct edge e);

/* True if rows of the input may come out of the output. */
bool plan_feeds(const struct plan *p, unsigned input, unsigned output);

/*
 * How event time is had, for people and to be compared: "ts", or the expression
 * it is computed by, and "in ZONE" unless that is UTC. field: what was found
 * where none is stated.
 */
void plan_time_text(
    struct buf *out, const struct plan_time *t, struct path field);

/* What `weir explain` prints: steps, columns, keys, windows, state. */
void plan_explain(const struct plan *p, struct buf *out);

#endif

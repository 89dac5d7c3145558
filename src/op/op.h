/* SPDX-License-Identifier: MIT */
/*
 * Operators: the steps of a pipeline.
 *
 * An operator is a row of a table (op_list.h): its name is the action word of
 * a YAML step, its parameters say what a step may hold, and its functions
 * bind it, run it and explain it. Two kinds:
 *
 * - stateless ones (where, select, set …) change a batch in place: `batch`.
 *   They run in any thread and keep nothing between batches.
 * - stateful ones (window, group, sort, limit …) have `open`, `apply`,
 *   `advance` and `close`. `prepare`, which evaluates expressions and hashes
 *   keys, runs in any thread; everything else runs in the owner's thread, in
 *   input order. Their only memory is state (state/state.h) and what can be
 *   rebuilt from it.
 *
 * Most kinds read the rows of one edge. A kind that reads several (union,
 * semi, …) has ports: op->from[p] feeds port p, and batch.port says which of
 * them the rows of a batch come from.
 *
 * Columns. Between two stateful operators all steps share one set of columns
 * (a segment): a step that computes something puts it into a column of its
 * own, and select merely says which columns the next step sees, under which
 * names (a flow). So nothing is copied and a filter is only a shorter
 * selection.
 */
#ifndef WEIR_OP_OP_H
#define WEIR_OP_OP_H

#include "base/arena.h"
#include "base/err.h"
#include "data/batch.h"
#include "expr/expr.h"
#include "io/io.h"

struct op;
struct op_run;

/* ---- parameters as written ---- */

enum param_kind {
	PARAM_EXPR,   /* one expression */
	PARAM_EXPRS,  /* a list of expressions (by: [a, lower(b)]) */
	PARAM_NAMED,  /* name: expression pairs, or a list of expressions */
	PARAM_NAMES,  /* a list of column names */
	PARAM_RENAME, /* old: new pairs */
	PARAM_ORDER,  /* expressions, each with asc or desc */
	PARAM_COUNT,  /* a whole number */
	PARAM_WINDOW, /* tumble(5m), hop(1h, 5m), day("Europe/Berlin") … */
	PARAM_FRAME   /* rows 9 preceding, range between … and … */
};

struct param {
	const char *name; /* the YAML key */
	enum param_kind kind;
	bool required;
	const char *doc;
};

/* One entry of a parameter; single-valued ones have one. */
struct arg_item {
	struct node *node; /* EXPR, EXPRS, NAMED, ORDER, COUNT, WINDOW, FRAME */
	struct str name;   /* NAMED: the column; NAMES, RENAME: old name */
	struct str to;	   /* RENAME: new name */
	bool alias;	   /* NAMED: the name was written, not derived */
	bool descending;   /* ORDER */
	bool nulls_first;  /* ORDER: where NULLs go (default: as smallest) */
	struct where where;
};

struct arg {
	const struct param *param;
	struct arg_item *items;
	unsigned n_items;
	struct where where;
};

/* ---- what flows between steps ---- */

struct flow_column {
	struct str name;
	unsigned col; /* number of the batch's column */
	enum type type;
	bool spread;	/* a whole record whose members stand here */
	bool omit_null; /* left out of JSON when NULL (corrections' "rev") */
	/*
	 * Not there: hides the record's member of this name, from expressions
	 * and in the output. The column is NULL; omit_null is set.
	 */
	bool dropped;
};

/* Number of a spread column until plan_bind knows whether it is written. */
#define COL_RECORD (~0u)

/* Where rows come from: an input (source) of the plan, or a step. */
struct edge {
	bool step; /* the results of step `number`; else the rows of input
		      `number` */
	unsigned number;
};

/* Columns of one segment. */
struct segment {
	unsigned n_base; /* columns the batch comes with */
	unsigned n_cols; /* with the computed ones */
	/*
	 * Bit c: column c says the row's event time, as window_end does: rows
	 * are ordered by one as by the other.
	 */
	uint64_t times;
};

struct flow {
	struct flow_column *cols;
	unsigned n_cols;
	struct segment *segment;
	/*
	 * Open: any other name is a field of the record read; asking for it
	 * adds it to what is decoded.
	 */
	struct scan *open; /* NULL = closed */
	/*
	 * Set as long as the segment is that of the records read: columns
	 * below the scan's n_wants are wants.
	 */
	struct scan *scan;
	bool updates; /* rows may be corrections of earlier ones */
	/*
	 * Rows have another time than that of their records: what is in column
	 * time_col.
	 */
	bool moved;
	unsigned time_col;
};

/* Fields wanted of the input's records (the open end of a flow). */
struct scan {
	struct want *wants;
	bool *computed; /* some expression reads it (not only the output) */
	unsigned *last; /* number of the last step that reads it; for the
			   output the number of steps */
	unsigned n_wants, cap_wants;
	unsigned step;	 /* number of the step that is being bound */
	bool needs_time; /* some step asked for event time */
	/*
	 * The field of event time, n == 0 where none is stated; a step that
	 * knows it says so here. time_names: fields that are it otherwise;
	 * time_own: those are the format's own.
	 */
	struct path *time_field;
	const char *time_names;
	bool time_own;
	int64_t lateness; /* WHEN_MAX: none stated */
	struct arena *arena;
	/* Fields whose type the input declares. */
	const struct scope_column *typed;
	unsigned n_typed;
	/* Declared or known fields (a closed input); NULL = anything goes. */
	const struct scope_column *known;
	unsigned n_known;
};

#define SCAN_WANTS_MAX 1024

/*
 * The column of a field; path n == 0 is the whole record. computed: for an
 * expression (else only to be written out). -1 and *err if there are too many.
 */
int scan_want(struct scan *s, struct path path, bool computed,
    struct where where, struct err *err);

/* Type of a field: as declared, or T_ANY. */
enum type scan_type(const struct scan *s, struct path path);

/* ---- binding ---- */

struct bind {
	struct arena *arena; /* the plan's */
	const struct scope_param *params;
	unsigned n_params;
	int64_t allowed; /* --allow, µs */
	bool late_update;
	int64_t lateness; /* the greatest of the inputs; WHEN_MAX: one has
			     stated none */
	struct err *err;
};

/*
 * True if rows ordered by this tree are ordered by event time: it is the field
 * stated as such, or, where a lateness is stated but no field, has one of the
 * names that usually hold it (and from now on does), or it is an end of the
 * windows that the rows are results of.
 */
bool flow_is_time(
    const struct flow *f, const struct node *n, const struct bind *b);

/*
 * A scope for expressions over a flow. Valid while the flow is; `aliases`
 * may be added by the caller.
 */
void flow_scope(const struct flow *f, const struct bind *b, struct scope *out);

/*
 * For a step that computes one column after another: like flow_scope, with
 * room for `more` columns, which flow_scope_add makes known one by one (and
 * hides what had the name before).
 */
void flow_scope_grow(const struct flow *f, unsigned more, const struct bind *b,
    struct scope *out);
void flow_scope_add(
    struct scope *s, struct str name, unsigned col, enum type type);

/* Adds a computed column to the flow's segment; returns its number. */
unsigned flow_compute(struct flow *f);

/* The place of a column; makes room for all columns of the flow's segment. */
struct column *flow_place(const struct flow *f, struct batch *b, unsigned col);

/* The visible column of a name; NULL if there is none. */
struct flow_column *flow_find(const struct flow *f, struct str name);

/*
 * A copy of the flow with room for `more` columns: what a step begins with
 * that only adds to what it got.
 */
struct flow flow_copy(const struct flow *f, unsigned more, struct arena *a);

/* Appends a column; the caller has left room. */
struct flow_column *flow_add(
    struct flow *f, struct str name, unsigned col, enum type type);

/* Puts a column in place of the one of that name, or behind all others. */
struct flow_column *flow_set(
    struct flow *f, struct str name, unsigned col, enum type type);

/*
 * 1 if the tree is a field or column that can be passed on as it is: then its
 * column and type; 0 if it has to be computed; -1 and the error.
 */
int flow_pass(const struct flow *f, const struct node *n, const struct bind *b,
    unsigned *col, enum type *type);

/* Fails for a name the flow does not have, with the nearest. Always -1. */
int flow_unknown(
    const struct flow *f, struct str name, struct where where, struct err *err);

/* ---- a step ---- */

struct op {
	const struct op_kind *kind;
	struct str name;    /* of its state; from `name:` or derived */
	bool named;	    /* by the spec */
	struct where where; /* of the step */
	struct arg *args;   /* as written */
	unsigned n_args;
	struct edge *from; /* by port: what it reads */
	unsigned n_from;

	/* After binding; read-only while running. */
	struct flow *ins;    /* by port */
	struct flow in, out; /* in: that of port 0 */
	void *config;
	unsigned number; /* place in the order of all steps */
};

/* The items of a parameter by name; NULL if not given. */
const struct arg *op_arg(const struct op *op, const char *name);

/* First index of the selection at or after a row. */
unsigned op_selected_from(const struct batch *b, unsigned row);

/* A PARAM_COUNT: a constant whole number; `absent` if it was not given. */
int op_count(const struct op *op, const char *name, const struct bind *b,
    uint64_t absent, uint64_t *out);

/* ---- running ---- */

/*
 * The watermark while rows of one input are applied: it follows the greatest
 * event time minus lateness, but not beyond `ceiling` (the least watermark of
 * the other active inputs). now is the watermark of the whole pipeline.
 */
struct watermark {
	int64_t greatest; /* event time seen on this input; WHEN_MIN at first */
	int64_t lateness; /* WHEN_MAX: none stated, never advances */
	int64_t ceiling;
	int64_t now;
};

/* True if the row's time moved the watermark. */
static inline bool
watermark_see(struct watermark *w, int64_t time)
{
	int64_t at;

	if (time <= w->greatest)
		return false;
	w->greatest = time;
	if (w->lateness == WHEN_MAX ||
	    __builtin_sub_overflow(time, w->lateness, &at))
		return false;
	if (at > w->ceiling)
		at = w->ceiling;
	if (at <= w->now)
		return false;
	w->now = at;
	return true;
}

/* Counters of an operator, summed into the accounting. */
struct op_counts {
	uint64_t late;	    /* rows too late for every window */
	uint64_t late_some; /* rows too late for some of their windows */
	uint64_t updates;   /* results corrected by late rows */
	uint64_t keys;	    /* held now */
	uint64_t bad;	    /* rows an operator could not take */
};

/* A running operator; each kind embeds it first. */
struct op_run {
	const struct op *op;
	struct eval *eval; /* the owner's */
	struct op_counts counts;

	/* What comes out: called in order by the operator. */
	void (*emit)(struct op_run *from, struct batch *b);
	void (*forward)(struct op_run *from, int64_t watermark);
	/* A row came too late: kept or counted by the run. */
	void (*late)(struct op_run *from, const struct batch *b, unsigned row);
	void *owner; /* the run's */
	/* No step with state comes behind: nobody waits for watermarks. */
	bool ends;
};

/* When rows that went in come out again. */
enum op_waits {
	WAITS_NOT,	 /* at once */
	WAITS_WATERMARK, /* when the watermark has passed */
	WAITS_END	 /* when the input has ended */
};

struct op_kind {
	const char *name;
	const char *doc;     /* one line */
	const char *about;   /* a paragraph or two for the manual */
	const char *example; /* YAML of a step */
	const struct param *params;
	unsigned n_params;
	const char *primary; /* parameter that is the value of the action word
				itself: where: EXPR */
	enum op_waits waits;
	/* Edges it reads; 0 = 1. */
	unsigned ports_min, ports_max;
	/*
	 * Rows of this port are needed completely before those of the others
	 * can be answered (a subquery's): its inputs are read first, where
	 * they feed nothing else. 0 = none.
	 */
	unsigned first_port;

	/* Checks arguments, binds expressions, sets op->config, op->out. */
	int (*bind)(struct op *op, const struct bind *b);

	/* Stateless: changes the batch. */
	void (*batch)(const struct op *op, struct eval *ev, struct batch *b);

	/* Stateful: see the head of this file. */
	void *(*prepare)(const struct op *op, struct eval *ev, struct batch *b);
	struct op_run *(*open)(const struct op *op);
	/*
	 * Rows [from, to) of the batch (selected or not: all of them move the
	 * watermark). prepared is what prepare returned for the batch. w NULL:
	 * no event time.
	 */
	void (*apply)(struct op_run *r, struct batch *b, void *prepared,
	    unsigned from, unsigned to, struct watermark *w);
	/* The watermark rose to w (WHEN_MAX: the end): fire what is due. */
	void (*advance)(struct op_run *r, int64_t w);
	void (*close)(struct op_run *r);
	/*
	 * Optional: everything of that port has come. All ports have ended
	 * before the watermark rises to WHEN_MAX.
	 */
	void (*ended)(struct op_run *r, unsigned port);
	/* Asked after every batch: true if no further input can matter. */
	bool (*done)(const struct op_run *r);

	/* One line about state and what bounds it, for explain. */
	void (*explain)(const struct op *op, struct buf *out);
	/* When rows come out, where `waits` cannot say it for all such steps.
	 */
	void (*when)(const struct op *op, struct buf *out);
};

/* The table, sorted by name. */
extern const struct op_kind *const op_kinds[];
extern const unsigned n_op_kinds;

const struct op_kind *op_kind_find(struct str name);

/* ---- frames ---- */

/*
 * The frame of a function over other rows:
 *
 *   ROWS|RANGE|GROUPS bound, or … BETWEEN bound AND bound
 *   bound: UNBOUNDED PRECEDING|FOLLOWING, CURRENT ROW, n PRECEDING|FOLLOWING
 *
 * as a call of rows, range or groups with the two bounds, each a call of
 * "preceding", "following" (with n, or unbounded) or "current row". NULL on
 * error. frame_print writes it so that it reads back.
 */
struct node *frame_parse(struct lexer *lx);
void frame_print(struct buf *out, const struct node *n);

/* True for a call of a function over other rows, or of an aggregate. */
bool over_is_call(const struct node *n);

/* ---- windows ---- */

/*
 * True if the tree is a call of a window: tumble(…), hop(…), session(…). The
 * calendar names are functions of a time as well: day() and day("zone") are
 * windows, day(ts) is not.
 */
bool window_is(const struct node *n);

/* A row of the table of window kinds, for help and manual. */
struct window_kind {
	const char *name;
	const char *signature; /* "tumble(size [, offset])" */
	const char *doc;
	const char *drawing;
};
extern const struct window_kind window_kinds[];
extern const unsigned n_window_kinds;

#endif

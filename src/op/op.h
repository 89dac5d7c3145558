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
#include "state/state.h"

struct op;
struct op_run;

/* ---- parameters as written ---- */

enum param_kind {
	PARAM_EXPR,	/* one expression */
	PARAM_EXPRS,	/* a list of expressions (by: [a, lower(b)]) */
	PARAM_NAMED,	/* name: expression pairs, or a list of expressions */
	PARAM_NAMES,	/* a list of column names */
	PARAM_RENAME,	/* old: new pairs */
	PARAM_ORDER,	/* expressions, each with asc or desc */
	PARAM_COUNT,	/* a whole number */
	PARAM_SETS,	/* rollup, cube, or a list of lists of expressions: a
			   call `set` of them each */
	PARAM_FLAG,	/* true or false */
	PARAM_NAME,	/* one name */
	PARAM_WORD,	/* a text as it stands, or one of the kind's words */
	PARAM_SETTINGS, /* all keys that are no other parameter: name: text */
	PARAM_FLOWS,	/* what is read besides the rows at hand: edges, not
			   arguments (op.from) */
	PARAM_WINDOW,	/* tumble(5m), hop(1h, 5m), day("Europe/Berlin") … */
	PARAM_FRAME	/* rows 9 preceding, range between … and … */
};

struct param {
	const char *name; /* the YAML key */
	enum param_kind kind;
	bool required;
	const char *doc;
};

/* The words of a PARAM_WORD, blanks between; the first is the default. */
struct param_words {
	const char *param, *words;
};

/* One entry of a parameter; single-valued ones have one. */
struct arg_item {
	struct node *node; /* EXPR, EXPRS, NAMED, ORDER, COUNT, SETS, WINDOW,
			      FRAME */
	/* NAMED: the column; NAMES, RENAME: old name; NAME, WORD, FLAG: the
	   text; SETTINGS: the key */
	struct str name;
	struct str to;	  /* RENAME: new name; SETTINGS: the value */
	bool alias;	  /* NAMED: the name was written, not derived */
	bool descending;  /* ORDER */
	bool nulls_first; /* ORDER: where NULLs go (default: as smallest) */
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
	bool spread;	       /* a whole record whose members stand here */
	struct parsed *parsed; /* spread: with what a step has parsed */
	bool omit_null; /* left out of JSON when NULL (corrections' "rev") */
	/*
	 * Not there: hides the record's member of this name, from expressions
	 * and in the output. The column is NULL; omit_null is set.
	 */
	bool dropped;
};

/*
 * Number of a spread column until plan_bind knows whether it is written, and
 * of a column of a closed set that nobody reads.
 */
#define COL_RECORD (~0u)

/* Most edges a step reads. */
#define PORTS_MAX 64

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
	/*
	 * What steps have parsed, the latest first: other names are asked of
	 * it before they are fields of the record. NULL = nothing.
	 */
	struct parsed *parsed;
	bool updates; /* rows may be corrections of earlier ones */
	/*
	 * Rows may take earlier ones back (batch.kind). steady: they do so only
	 * to put another one of the same key in their place.
	 */
	bool changes, steady;
	/*
	 * Columns that tell apart all rows that are there at one time, if
	 * `keyed`; none = there is but one row.
	 */
	bool keyed;
	const unsigned *key;
	unsigned n_key;
	/*
	 * Rows have another time than that of their records: what is in column
	 * time_col.
	 */
	bool moved;
	unsigned time_col;
};

/* What can be asked of every record besides its fields: a row each. */
enum origin {
	ORIGIN_FILE,
	ORIGIN_INPUT,
	ORIGIN_LINE,
	ORIGIN_OFFSET,
	ORIGIN_N
};

struct origin_row {
	const char *name;
	enum type type;
	const char *doc;
};
extern const struct origin_row origin_rows[ORIGIN_N];

/*
 * Fields wanted of the input's records (the open end of a flow), or of the
 * rows of several flows that a step brings together.
 */
struct scan {
	/*
	 * Of an input: the field of event time, n == 0 where none is stated; a
	 * step that knows it says so here. NULL: rows of several flows.
	 */
	struct path *time_field;
	const char *time_names; /* fields that are it, if none is stated */
	bool time_own;		/* those are the format's own */
	int64_t lateness;	/* as stated; WHEN_MAX: none */
	struct want *wants;
	bool *read;	/* somebody reads it at all */
	bool *computed; /* some expression reads it (not only the output) */
	unsigned *last; /* number of the last step that reads it; for the
			   output the number of steps */
	unsigned n_wants, cap_wants;
	unsigned step;		   /* number of the step that is being bound */
	bool found;		   /* the second pass: wants are those that are
				      read */
	bool needs_time;	   /* some step asked for event time */
	unsigned origin[ORIGIN_N]; /* columns of the segment + 1; 0 = unasked */
	struct arena *arena;
	/* Fields whose type the input declares. */
	const struct scope_column *typed;
	unsigned n_typed;
	/* Declared or known fields (a closed input); NULL = anything goes. */
	const struct scope_column *known;
	unsigned n_known;
	/*
	 * A step's own: where its wants come from. `more` is called for a new
	 * want and finds that out; via[want * n_ports + port].
	 */
	int (*more)(
	    struct scan *s, unsigned want, struct where where, struct err *err);
	struct op *op; /* for more */
	unsigned n_ports;
	struct scan_via {
		struct scan *scan; /* a want of this scan as it is, or NULL */
		unsigned col;	   /* column of the port's rows */
	} * via;
};

#define SCAN_BASE(n_wants) ((n_wants) + 1) /* columns kept for a scan */

#define SCAN_WANTS_MAX 1024

/*
 * The column of a field; path n == 0 is the whole record. computed: for an
 * expression (else only to be written out). -1 and *err if there are too many.
 */
int scan_want(struct scan *s, struct path path, bool computed,
    struct where where, struct err *err);

/*
 * The column of a flow that holds a field of that path, which is asked of the
 * scan if need be; for a step that hands fields on (scan.more). -2: within a
 * computed column, or not there. *type is set unless it fails.
 */
int flow_want(const struct flow *f, struct path path, struct arena *a,
    enum type *type, struct where where, struct err *err);

/*
 * A column of a closed set: its want, which nobody has read yet. In the second
 * pass of binding COL_RECORD if nobody does. 0, or -1 and *err if there are
 * too many.
 */
int scan_column(struct scan *s, struct str name, unsigned *col,
    struct where where, struct err *err);

/*
 * The column is compared or computed with: what is a field is read for that.
 * Returns its number.
 */
unsigned flow_value(const struct flow *f, const struct flow_column *c);

/* Where a column of a flow comes from; c NULL: it has none. */
struct scan_via flow_via(const struct flow *f, const struct flow_column *c);

/* Type of a field: as declared, or T_ANY. */
enum type scan_type(const struct scan *s, struct path path);

/* ---- fields of texts that a step has parsed ---- */

/*
 * A field asked for: a column of its own, computed by the step once anything
 * reads it.
 */
struct parsed_field {
	struct path path; /* in the text; n == 0: all of it, as a MAP */
	unsigned col;
	bool used;
	/*
	 * Column with the value of rows whose text lacks the field; -1: NULL.
	 * A MAP is put together of both.
	 */
	int outer;
};

struct parsed {
	struct flow in;		 /* what the step sees */
	const struct str *known; /* fields of every text; NULL = any */
	unsigned n_known;
	bool apart; /* they stand in a column of their own, not in the row */
	bool keeps; /* a row that does not parse keeps what it had */
	struct parsed_field *fields;
	unsigned n_fields, cap_fields;
	struct arena *arena;
};

/* Adds a field and its column, which nothing reads yet; returns it. */
unsigned parsed_add(struct parsed *p, struct path path);

/* Something reads the column: if a step parses it, it will. */
void flow_read(const struct flow *f, unsigned col);

/*
 * The column of a whole record together with what was parsed of it, to be
 * written out; -1 and *err.
 */
int parsed_record(struct parsed *p, struct where where, struct err *err);

/* True if any name may be a field: of the record, or of a parsed text. */
bool flow_is_open(const struct flow *f);

/*
 * The columns of the flow's segment that steps behind `step` may read, in the
 * arena: what a step keeps of its rows. Only when all is bound.
 */
unsigned *flow_kept(
    const struct flow *f, unsigned step, struct arena *a, unsigned *n);

/* ---- binding ---- */

struct bind {
	struct arena *arena; /* the plan's */
	const struct scope_param *params;
	unsigned n_params;
	int64_t allowed; /* --allow, µs */
	int64_t ttl;	 /* µs of event time keys are kept; 0 = for ever */
	bool late_update;
	int64_t lateness; /* as stated; WHEN_MAX: none */
	/*
	 * For a step with several ports, whose results are a segment of their
	 * own: the scan of those, with the wants that are known so far; columns
	 * below own_base are kept for its wants.
	 */
	struct scan *own;
	unsigned own_base;
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

/* Takes a column of the flow out; NULL: none. */
void flow_remove(struct flow *f, const struct flow_column *c);

/* Puts a column in place of the one of that name, or behind all others. */
struct flow_column *flow_set(
    struct flow *f, struct str name, unsigned col, enum type type);

/*
 * 1 if the tree is a field or column that can be passed on as it is: then its
 * column and type; 0 if it has to be computed; -1 and the error.
 */
int flow_pass(const struct flow *f, const struct node *n, const struct bind *b,
    unsigned *col, enum type *type);

/*
 * The column of a field or column by its path, and its type; computed: for an
 * expression. -1 and *err; -2: a member of a computed column.
 */
int flow_field(const struct flow *f, struct path path, bool computed,
    struct arena *a, enum type *type, struct where where, struct err *err);

/*
 * For a step that can forget keys, and does after bind.ttl, if that is stated:
 * event time and a watermark are needed then. Sets op->may_forget and forgets.
 * -1 and *err without them.
 */
int op_forgets(struct op *op, const struct bind *b);

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

	/*
	 * By plan_bind before the step is bound. live: what it finds out is
	 * wanted as changes, row by row, and not only at the end. heeded: a
	 * step behind it acts when the watermark moves; awaited: one that does
	 * so with the rows it gets, as windows do. wants_key: what shows the
	 * changes goes by a key of the rows, and no step between makes one.
	 * implied: it follows from the mode of an output and was not written.
	 */
	bool live, heeded, awaited, wants_key, implied;
	/*
	 * Set by bind. grows: what its state grows with (at first the kind's;
	 * NULL: it is bounded). may_forget: it can forget keys; forgets: it
	 * does (bind.ttl).
	 */
	const char *grows;
	bool may_forget, forgets;
	/*
	 * By plan_bind: a step behind forgets keys, so that results go on even
	 * if they are what they were, lest it forgets them (as in Flink).
	 */
	bool refreshes;

	/*
	 * By plan_bind as the kind says, and by the step when it is bound,
	 * where it knows better: it acts when the watermark moves.
	 */
	bool acts;

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

/*
 * Emits n of the batch's rows, if there are any, as its selection; then it has
 * its own again. What steps behind filter is counted in the batch.
 */
void op_pass(struct op_run *run, struct batch *b, uint16_t *rows, unsigned n);

/* An entry of PARAM_NAMES as a tree. */
struct node *op_name_node(const struct arg_item *item, struct arena *a);
/*
 * The type that holds values of both (numbers are widened, NULL fits
 * anything); false, and *out is a, if there is none.
 */
bool type_unite(enum type a, enum type b, enum type *out);

/* Words of a PARAM_WORD; NULL if it is none. */
const char *op_words(const struct op_kind *kind, const char *param);

/* True if a PARAM_WORD has this word, given or by default. */
bool op_word_is(const struct op *op, const char *name, const char *word);

/* A PARAM_COUNT: a constant whole number; `absent` if it was not given. */
int op_count(const struct op *op, const char *name, const struct bind *b,
    uint64_t absent, uint64_t *out);

/* The text of a PARAM_NAME or PARAM_WORD; p NULL if it was not given. */
struct str op_word(const struct op *op, const char *name);

/* A PARAM_FLAG; false if it was not given. */
bool op_flag(const struct op *op, const char *name);

/* ---- running ---- */

/*
 * The watermark while rows of one input are applied: it follows the greatest
 * event time minus lateness, but not beyond `ceiling` (the least watermark of
 * the other active inputs). now is the watermark of the whole pipeline.
 *
 * One record from a clock gone wrong would close everything. With `ahead`
 * stated, a record that is further than that beyond the greatest time does not
 * move it, unless WATERMARK_BELIEVED records in a row say the same: then time
 * has gone on while nothing was written. Without it, the first record is noted
 * that jumps more than a day, and a thousand times as far as usual, if a later
 * one shows that time had not gone on.
 */
struct watermark {
	int64_t greatest; /* event time seen on this input; WHEN_MIN at first */
	int64_t lateness; /* WHEN_MAX: none stated, never advances */
	int64_t ceiling;
	int64_t now;
	int64_t ahead;	  /* 0: none stated */
	int64_t first;	  /* the first time seen */
	uint64_t n_moves; /* of the greatest time */
	uint64_t n_ahead; /* records that did not move it */
	unsigned in_row;  /* of those, the last ones without another between */
	bool noted;	  /* some record was too far ahead */
	unsigned n_far; /* it, and any that might have been before: the last */
	int64_t far_from; /* the greatest time before it */
	int64_t far_time;
};

#define WATERMARK_BELIEVED 100
#define WATERMARK_JUMP ((int64_t)86400 * 1000000)

/* A time far beyond the greatest: true if it is not to move it. */
bool watermark_far(struct watermark *w, int64_t time);

/* Notes a row's time; true if it is the greatest now. */
static inline bool
watermark_note(struct watermark *w, int64_t time)
{
	if (time <= w->greatest) {
		w->in_row = 0;
		if (w->n_far && !w->noted &&
		    time < w->far_time - WATERMARK_JUMP)
			w->noted = true;
		return false;
	}
	if (w->greatest == WHEN_MIN)
		w->first = time;
	else if (time - w->greatest > (w->ahead ? w->ahead : WATERMARK_JUMP) &&
		 watermark_far(w, time))
		return false;
	w->in_row = 0;
	w->n_moves++;
	w->greatest = time;
	return true;
}

/* True if the row's time moved the watermark. */
static inline bool
watermark_see(struct watermark *w, int64_t time)
{
	int64_t at;

	if (!watermark_note(w, time))
		return false;
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
	uint64_t late;	      /* rows too late for every window */
	uint64_t late_behind; /* the same, not of records (the run's sum) */
	uint64_t late_some;   /* rows too late for some of their windows */
	uint64_t updates;     /* results corrected by late rows */
	uint64_t keys;	      /* held now */
	uint64_t astray;      /* rows that take back what is not there */
};

/* A running operator; each kind embeds it first. */
struct op_run {
	const struct op *op;
	struct eval *eval; /* the owner's */
	struct op_counts counts;

	/* What comes out: called in order by the operator. */
	void (*emit)(struct op_run *from, struct batch *b);
	void (*forward)(struct op_run *from, int64_t watermark);
	/* The data cannot be answered: the run ends with this message. */
	void (*fail)(struct op_run *from, const char *message);
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

/* What a step does with rows that take earlier ones back. */
enum op_changes {
	CHANGES_PASS,  /* they go through; with `open`: as CHANGES_REFUSE */
	CHANGES_MAKE,  /* it makes them of the records read */
	CHANGES_TAKE,  /* takes them; makes them if op.live */
	CHANGES_LIVE,  /* if op.live as CHANGES_TAKE, else as CHANGES_REFUSE */
	CHANGES_END,   /* takes them and gives none; rows as they are at last */
	CHANGES_SHOW,  /* takes them, wants every one, and gives none */
	CHANGES_REFUSE /* is to get rows as they are at last */
};

/*
 * For `weir state dump`: the entries of a step's state for people.
 * op_show_entry is true if there is something to show: s->value, as JSON, and,
 * where it is of a window, s->when, members of an object that say which,
 * each behind a comma. The state is only looked at.
 */
struct op_entry {
	struct str map;
	int64_t bucket;
	struct str key, value; /* the key is one (key_check) */
	bool pieces;	       /* the value is pieces (state/pieces.h) */
};

struct op_show {
	const struct op *op;
	struct state_step *step;
	struct buf when, value;
	struct arena entry; /* until the next one */
	struct arena arena; /* as long as this */
	void *own;	    /* of the kind, at first NULL … */
	void (*release)(void *own);
};

void op_show_init(
    struct op_show *s, const struct op *op, struct state_step *step);
void op_show_release(struct op_show *s);
bool op_show_entry(struct op_show *s, const struct op_entry *e);

struct op_kind {
	const char *name;
	const char *doc;     /* one line */
	const char *about;   /* a paragraph or two for the manual */
	const char *example; /* YAML of a step */
	const struct param *params;
	unsigned n_params;
	const struct param_words *words; /* of each PARAM_WORD, or NULL */
	unsigned n_words;
	const char *primary; /* parameter that is the value of the action word
				itself: where: EXPR */
	/* A second key for one of the parameters; NULL: none. */
	struct {
		const char *key, *param;
	} also;
	enum op_waits waits;
	/*
	 * What its state grows with as long as the input goes on, and what
	 * would bound it; NULL: it is bounded.
	 */
	const char *grows, *remedy;
	/* What a time to live does, and what makes it begin anew; NULL:
	 * nothing.
	 */
	const char *forgets;
	/* Edges it reads; 0 = 1. */
	unsigned ports_min, ports_max;
	/*
	 * Rows of this port are needed completely before those of the others
	 * can be answered (a subquery's): its inputs are read first, where
	 * they feed nothing else. 0 = none.
	 */
	unsigned first_port;
	enum op_changes changes;

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

	/*
	 * Kept state (state/state.h), for stateful kinds; NULL for those that
	 * remember nothing from one batch to the next. What it means, as parts:
	 * two runs with equal parts understand each other's state.
	 */
	void (*schema)(const struct op *op, struct schema *out);
	/*
	 * After open and before anything else, if state is kept: binds tables
	 * to maps and takes back what an earlier run has left. 0, or -1 and
	 * *err.
	 */
	int (*restore)(struct op_run *r, struct state_step *s, struct err *err);
	/* Before every commit: puts what has changed and is in no kept table.
	 */
	void (*save)(struct op_run *r);
	/*
	 * Optional: appends what an entry says to s->value and s->when; false
	 * if it is nothing of which more can be said than its bytes.
	 */
	bool (*show)(struct op_show *s, const struct op_entry *e);

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

/* The name of a window that a misspelt one was meant to be, or {NULL, 0}. */
struct str window_near(struct str word);

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

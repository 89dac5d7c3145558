/* SPDX-License-Identifier: MIT */
/*
 * Aggregates. An aggregate is a row of a table: how large its accumulator is,
 * how to add values, take them back, merge two accumulators and read the
 * result. The accumulator is a fixed number of bytes inside a state cell; what
 * grows with the data (values of a percentile, a distinct set, the text of
 * first()) lives in the heap of the cell's table, an arena that is dropped as
 * a whole with the slice of time it belongs to.
 *
 * Results depend only on the values and, where the documentation says so, on
 * event time and order of arrival; never on how the input was cut into
 * batches or which accumulators were merged first, except that float sums
 * are taken in order of arrival (compensated, Neumaier 1974).
 */
#ifndef WEIR_EXPR_AGG_H
#define WEIR_EXPR_AGG_H

#include "base/arena.h"
#include "data/column.h"
#include "expr/expr.h"

struct agg;

#define AGG_ARGS_MAX 8

/* How an expression of ORDER BY inside a call orders rows; bits. */
enum agg_order {
	AGG_DESC = 1,
	AGG_NULLS_FIRST = 2, /* neither: NULL is the least value */
	AGG_NULLS_LAST = 4
};

/*
 * When taking rows back gives, to the last digit, what never adding them would
 * have given: floats leave rounding errors behind, ties their order of
 * arrival.
 */
enum agg_back {
	AGG_BACK_TRACES, /* never certainly */
	AGG_BACK_INTS,	 /* as long as all values are whole numbers */
	AGG_BACK_EXACT	 /* always */
};

/*
 * How rows may be added apart from those before them, so that in the end, to
 * the last bit, it is as if they had been added one after another: where
 * merging gives that, to an accumulator of their own; else they are kept as
 * they are (agg_log.h).
 */
enum agg_parts {
	AGG_PARTS_ROWS,	 /* merging never certainly gives it */
	AGG_PARTS_INTS,	 /* … it where they are known to be no floats */
	AGG_PARTS_EXACT, /* … it always */
	AGG_PARTS_NEVER	 /* rows cannot be added apart */
};

/* A call of an aggregate in a query, bound. */
struct agg_call {
	const struct agg *agg;
	const struct node *node; /* as written */
	/* Over input rows: arguments, then what ORDER BY inside orders by. */
	struct expr *args[AGG_ARGS_MAX];
	unsigned n_args;	     /* with those of ORDER BY */
	unsigned n_order;	     /* the last ones of them */
	uint8_t order[AGG_ARGS_MAX]; /* enum agg_order, of each */
	/* Constant arguments' values, each under its number in args. */
	struct value params[AGG_ARGS_MAX];
	bool distinct;
	/*
	 * Rows may be taken back (sign -1). Set by the step that adds rows,
	 * before it asks for agg_size: an aggregate that forgets rows then
	 * keeps them. Never changes afterwards.
	 */
	bool retract;
	struct expr *filter; /* FILTER (WHERE …), or NULL */
	enum type type;	     /* of the result; T_ANY if known at run time */
	unsigned offset;     /* of the accumulator within the cell's bytes */
};

/* Rows to add: k-th is row rows[k] of the columns, into the cell cells[k]. */
struct agg_rows {
	unsigned n;
	const uint16_t *rows;
	char *const *cells;	   /* first accumulator byte of each cell */
	const struct column *args; /* n_args columns */
	const int64_t *time;	   /* event time by row, or NULL */
	/* By row: +1, or -1 take back (call->retract); NULL = all +1. */
	const int8_t *sign;
};

enum agg_nulls {
	AGG_NULLS_SKIP,
	AGG_NULLS_OTHERS, /* those of all arguments but the first */
	AGG_NULLS_KEEP
};

/* How the result is read where rows are kept (agg_kept.h). */
enum agg_keep {
	AGG_KEEP_ALL,	   /* all rows are added anew, in order of arrival */
	AGG_KEEP_ARRIVED,  /* value of the first one to arrive */
	AGG_KEEP_EARLIEST, /* … of the first one by time, then arrival */
	AGG_KEEP_LATEST,   /* … of the last one by time, then arrival */
	AGG_KEEP_LEAST,	   /* … of the one whose value is least */
	AGG_KEEP_GREATEST,
	AGG_KEEP_LEAST_BY, /* … whose second argument is least */
	AGG_KEEP_GREATEST_BY,
	AGG_KEEP_NUMBERS /* by rank among the values, read as numbers */
};

/* Numbers, times or durations in order. */
struct agg_ranks {
	uint64_t n;
	struct value (*at)(const struct agg_ranks *ranks, uint64_t rank);
	const void *of;
};

/* acc, into and from: a cell's bytes plus the call's offset. */
struct agg {
	const char *name;
	const char *aliases;   /* "stddev_samp std", or "" */
	const char *signature; /* "any -> bigint", "number, float -> float" */
	const char *doc;
	/*
	 * A call, " of ", and the rows' values in order of arrival: "sum(x) of
	 * 3, 1, NULL"; where the call names several fields, in the order it
	 * names them: "arg_min(a, b) of (1, 9), (2, 8)".
	 */
	const char *example;
	const char *result;   /* of it, as value_print gives it: "4" */
	const char *flink;    /* the spelling there, or NULL */
	struct value nothing; /* of no rows; of most it is NULL */
	unsigned args_min, args_max;
	unsigned n_constant; /* the last ones of args_max must be constant */
	/* With and without DISTINCT the result is the same: no set is kept. */
	bool ignores_duplicates;
	/* Which NULLs are values like others; else their row does not count. */
	enum agg_nulls nulls;

	/* Checks arguments and sets call->type (T_ANY before). */
	int (*bind)(struct agg_call *call, struct err *err);
	/* Bytes of the accumulator (a multiple of 8), zeroed at first. */
	unsigned (*size)(const struct agg_call *call);
	/* Adds rows. NULL arguments are the aggregate's business. */
	void (*add)(const struct agg_call *call, struct arena *heap,
	    const struct agg_rows *rows);
	/*
	 * True if rows can be taken back (sign -1) from this accumulator, when
	 * call->retract is set; else they are kept, in the way of `keep`.
	 */
	bool retracts;
	enum agg_keep keep;
	/*
	 * AGG_KEEP_NUMBERS: the result, given the number of values and a way
	 * to have the one of a rank (from 0); never called without values.
	 */
	struct value (*ranked)(const struct agg_call *call,
	    const struct agg_ranks *ranks, struct arena *out);
	/*
	 * The aggregate that stands in for this one, with DISTINCT, where rows
	 * may be taken back; or NULL.
	 */
	const struct agg *exact;
	enum agg_back back;
	void (*merge)(const struct agg_call *call, struct arena *heap,
	    void *into, const void *from);
	enum agg_parts parts;
	bool grows; /* the accumulator has all the rows' values */
	/*
	 * Takes out again what was merged before, or NULL if that cannot be
	 * done. Then sound (NULL = always) says if the value of what is left
	 * is that of an accumulator that never had it; if not, it must be
	 * made anew.
	 */
	void (*unmerge)(const struct agg_call *call, struct arena *heap,
	    void *into, const void *from);
	bool (*sound)(const struct agg_call *call, const void *acc);
	/* The result; its bytes live in `out` or in the cell's heap. */
	struct value (*value)(
	    const struct agg_call *call, const void *acc, struct arena *out);
	/*
	 * The accumulator as bytes, for state on disk, and back (acc zeroed);
	 * load is false for bytes that save did not write.
	 */
	void (*save)(
	    const struct agg_call *call, const void *acc, struct buf *out);
	bool (*load)(const struct agg_call *call, struct arena *heap, void *acc,
	    struct str bytes);
};

/* By name or alias (lower case); NULL if there is none. */
const struct agg *agg_find(struct str name);

/* True if the result depends on the order of rows, so that ORDER BY inside a
 * call means something. */
bool agg_has_order(const struct agg *a);

/* All rows, sorted by name, for help and manual. */
extern const struct agg *const aggs[];
extern const unsigned n_aggs;

/*
 * Adds rows through DISTINCT and FILTER: evaluates nothing (arguments and the
 * filter's column are given), drops rows the filter does not pass, and keeps a
 * set of seen values for DISTINCT inside the accumulator.
 */
void agg_add(const struct agg_call *call, struct arena *heap,
    const struct agg_rows *rows, const struct column *filter);

/* Bytes of the accumulator including what DISTINCT needs. */
unsigned agg_size(const struct agg_call *call);

/* Adds an accumulator whose rows came after those of into. */
void agg_merge(const struct agg_call *call, struct arena *heap, void *into,
    const void *from);

/* The same of a call, with what DISTINCT and ORDER BY keep; not _INTS. */
enum agg_parts agg_parts(const struct agg_call *call);

/* Does the accumulator grow with each row, or each value that is new? */
bool agg_grows(const struct agg_call *call);

/* The same way back, if agg_unmerges; see struct agg. */
bool agg_unmerges(const struct agg_call *call);
void agg_unmerge(const struct agg_call *call, struct arena *heap, void *into,
    const void *from);
bool agg_sound(const struct agg_call *call, const void *acc);

struct value agg_value(
    const struct agg_call *call, const void *acc, struct arena *out);

/*
 * save and load including what DISTINCT keeps. A log of rows (agg_log.h) is
 * loaded as the accumulator that has them.
 */
void agg_save(const struct agg_call *call, const void *acc, struct buf *out);
bool agg_load(const struct agg_call *call, struct arena *heap, void *acc,
    struct str bytes);

#endif

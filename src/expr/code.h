/* SPDX-License-Identifier: MIT */
/*
 * A bound expression from the inside: what bind.c makes, eval.c runs and the
 * op_*.c files provide. Not included outside of src/expr.
 *
 * Each expression has a function that computes its column for some rows of a
 * batch, and conditions may have a second one that yields the rows where they
 * are TRUE without making a column. Functions look at the types of the columns
 * they got, once per batch; static types only catch mistakes early and tell
 * what the result will be.
 *
 * Rows are given as a selection, ascending. Elements of other rows are never
 * read: they may be anything.
 */
#ifndef WEIR_EXPR_CODE_H
#define WEIR_EXPR_CODE_H

#include "base/must.h"
#include "expr/expr.h"
#include "expr/fn.h"

#define INLINE inline __attribute__((always_inline))

/* Rows to compute: sel[0..n). */
struct rows {
	const uint16_t *sel;
	unsigned n;
	bool dense; /* sel is 0, 1, 2 … */
};

/* 0, 1, 2 …: rows 0..n as a selection. */
extern const uint16_t rows_all[BATCH_ROWS];

static inline struct rows
rows_dense(unsigned n)
{
	return (struct rows){rows_all, n, true};
}

static inline struct rows
rows_of(const uint16_t *sel, unsigned n)
{
	return (struct rows){sel, n, false};
}

/* An array for a selection of at most n rows. */
static inline uint16_t *
rows_new(struct eval *ev, unsigned n)
{
	return arena_alloc(ev->arena, (n + 1) * sizeof(uint16_t));
}

typedef void eval_fn(const struct expr *e, struct eval *ev,
    const struct batch *b, struct rows rows, struct column *out);

/* Writes the rows where e is TRUE to out, ascending; returns their number.
 * Failed rows are not among them. */
typedef unsigned select_fn(const struct expr *e, struct eval *ev,
    const struct batch *b, struct rows rows, uint16_t *out);

struct expr {
	eval_fn *eval;
	select_fn *select; /* NULL: by way of the column */
	enum type type;	   /* T_ANY: known at run time; T_NULL: always NULL */
	bool constant;	   /* value holds it */
	bool is_column;	   /* just column number col */
	bool varies;	   /* never folded */
	bool safe;	   /* the operator itself fails for no row … */
	bool fails;	   /* … or it or an argument may */
	unsigned op;	   /* which of a family of operators */
	unsigned col;
	const void *more; /* what the operator prepared */
	struct expr **args;
	unsigned n_args;
	struct where where;
	struct column value;
};

/* What a thread keeps between batches. */
struct eval_cache {
	struct regex_pool *regex;
	struct kept {
		const void *key;
		void *object;
		void (*drop)(void *object);
	} * kept; /* see eval_keep */
	size_t n_kept, cap_kept;
	struct column *shared; /* operands evaluated once, see bind_shared */
	size_t cap_shared;
};

/* ---- eval.c ---- */

/* The column of e for rows; conversions of JSON text included. */
void expr_run(const struct expr *e, struct eval *ev, const struct batch *b,
    struct rows rows, struct column *out);

/* The rows where e is TRUE; out has room for rows.n. */
unsigned expr_select(const struct expr *e, struct eval *ev,
    const struct batch *b, struct rows rows, uint16_t *out);

/* The evaluation of a column reference. */
eval_fn eval_column;

/* ---- cols.c: columns as vectors ---- */

/* A column that is NULL everywhere. */
static inline struct column
col_null(void)
{
	return (struct column){.type = T_NULL};
}

/* A constant NULL becomes a column of type NULL, so that only one form of it
 * need be known. */
void col_normal(struct column *c);

/* The NULL bits of either (constants excepted), in an array of their own, or
 * NULL if there are none. */
uint64_t *col_nulls(
    struct eval *ev, const struct column *a, const struct column *b);

/* Rows that are not NULL. */
struct rows col_present(
    struct eval *ev, const struct column *c, struct rows rows);

/* A constant as a full column of its type (its rows up to the last one). */
void col_spread(struct eval *ev, struct column *c, struct rows rows);

/* Copies rows of `from` (same type, or to ANY) into out. */
void col_scatter(struct eval *ev, struct column *out, const struct column *from,
    struct rows rows);

/* Marks a row failed, and NULL in the column. */
void col_fail(
    struct eval *ev, struct column *c, unsigned row, const char *reason);

/* Each value as text, as CAST gives it. */
void col_text(struct eval *ev, struct column *c, struct rows rows);

/* BOOL or NULL; other values make their row bad. */
void col_bool(struct eval *ev, struct column *c, struct rows rows);

/* An element as bool; c is BOOL and not NULL there. */
static inline bool
col_true(const struct column *c, unsigned row)
{
	return c->b[c->constant ? 0 : row] != 0;
}

/* ---- convert.c: values by the implicit conversions ---- */

/* Text as a number: int, else decimal beyond 64 bits, else float. */
bool text_number(struct arena *a, struct str s, struct value *out);

/* What a parameter of a signature takes. */
struct sig_type {
	enum type type; /* T_ANY for "any" and "number" */
	bool number;
};

/*
 * Converts a value (not NULL) to what a parameter takes; the reason why it is
 * impossible, or NULL.
 */
const char *value_convert(
    struct arena *a, struct value v, struct sig_type want, struct value *out);

/* False if no value of static type t can be converted. */
bool type_converts(enum type t, struct sig_type want);

const char *sig_type_name(struct sig_type t);

/* Converts a column in place (a new one is made). */
void col_convert(
    struct eval *ev, struct column *c, struct rows rows, struct sig_type want);

/* "reason: value" in the arena, the value cut. */
const char *reason_value(struct arena *a, const char *reason, struct value v);

/* ---- comparing, in op_compare.c ---- */

enum cmp {
	CMP_EQ,
	CMP_NE,
	CMP_LT,
	CMP_LE,
	CMP_GT,
	CMP_GE
};

/* False if values of two static types never compare. */
bool types_comparable(enum type a, enum type b);

/* Order of two values by SQL's rules; false if it is UNKNOWN. */
bool values_compare(
    struct arena *arena, struct value a, struct value b, int *order);

/* True if the order of a and b is what a op b asks for. */
static inline bool
order_is(enum cmp op, int order)
{
	switch (op) {
	case CMP_EQ:
		return order == 0;
	case CMP_NE:
		return order != 0;
	case CMP_LT:
		return order < 0;
	case CMP_LE:
		return order <= 0;
	case CMP_GT:
		return order > 0;
	case CMP_GE:
		return order >= 0;
	}
	return false;
}

/* Column of a op b, given their columns. */
void cols_compare(enum cmp op, struct eval *ev, struct column *a,
    struct column *b, struct rows rows, struct column *out);

/* Rows where a op b is TRUE. */
unsigned cols_select(enum cmp op, struct eval *ev, struct column *a,
    struct column *b, struct rows rows, uint16_t *out);

/* ---- bind.c ---- */

#define ALIAS_DEPTH_MAX 64

struct binder {
	struct scope *scope;
	struct arena *arena;
	struct err *err;
	struct eval *ev;   /* for folding; made when needed */
	struct batch *one; /* a row without columns */
	unsigned n_bound;  /* nodes so far, aliases spelled out */
	const struct scope_alias *open[ALIAS_DEPTH_MAX]; /* being resolved */
	unsigned n_open;
	struct shared *shared; /* innermost first */
	unsigned n_shared;     /* numbers given */
	bool in_aggregate;     /* an argument is being bound */
};

/*
 * The operand of a simple CASE stands in the tree once for each WHEN, but is
 * evaluated once: while the CASE is being bound its node means `slot`, which
 * reads the column that the CASE has put under its number.
 */
struct shared {
	const struct node *node;
	struct expr *slot;
	struct shared *outer;
};

/* NULL and the error if n is wrong. */
struct expr *bind_node(struct binder *bd, const struct node *n);

/* A constant. */
struct expr *bind_constant(
    struct binder *bd, struct value v, struct where where);

/* Always -1. */
__attribute__((format(printf, 3, 4))) int bind_fail(
    struct binder *bd, struct where where, const char *fmt, ...);

/*
 * If *e is a constant text and `want` a type that texts are read as (number,
 * time, duration, boolean), replaces it by the value read. -1 and the error
 * if it is not readable.
 */
int bind_text_as(struct binder *bd, struct expr **e, enum type want);

/* The common type of several (T_NULL ignored), T_ANY if they differ. */
enum type type_common(enum type a, enum type b);

/* A call of a function or aggregate (bind_call.c). */
struct expr *bind_function(struct binder *bd, const struct node *n);
struct expr *bind_aggregate(struct binder *bd, const struct node *n);

/* Folds e if all its arguments are constant. */
struct expr *bind_fold(struct binder *bd, struct expr *e);

/* A new expression with room for n arguments. */
struct expr *bind_new(struct binder *bd, const struct node *n, unsigned n_args);

/*
 * An operator: a call that is not a function of fn.h, since it evaluates its
 * arguments itself or has types of its own. bind gets e with its bound
 * arguments and sets eval, type and the rest; -1 and the error if it cannot.
 */
struct op {
	const char *name;
	unsigned args_min, args_max;
	int (*bind)(struct binder *bd, const struct node *n, struct expr *e);
};

/* The operators of each file, ended by a row without name. */
extern const struct op ops_arith[], ops_cast[], ops_compare[], ops_list[],
    ops_logic[], ops_match[], ops_time[];

#endif

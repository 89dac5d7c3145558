/* SPDX-License-Identifier: MIT */
/*
 * Expressions: text to tree (lexer and grammar shared by SQL and YAML), tree
 * to a bound expression (names resolved, types known as far as they can be,
 * constants folded), and evaluation column by column over a batch.
 *
 * A tree is what was written, with its places; it can be printed back. A bound
 * expression is read-only; all that changes during evaluation lives in a
 * struct eval, one per thread.
 *
 * SQL semantics: three-valued logic; integer division truncates; overflow,
 * division by zero and impossible casts make the row bad, never a wrong value;
 * AND, OR, CASE, COALESCE and IF evaluate a branch only for the rows that
 * need it. Where types are known only at run time (a JSON field), functions
 * decide per column or per row: number and text are compared and calculated
 * after reading the text as a number, time and text after reading the text
 * as a time, two texts in a difference as numbers or else as times; text that
 * cannot be read makes the row bad in arithmetic, and a comparison UNKNOWN
 * (NULL). What can never fit (a declared text plus a number, a boolean compared
 * with a time) is an error when binding.
 *
 * A row's result depends on that row alone: never on which rows share its
 * batch, on the type of the column that carries it, or on whether the
 * expression is a condition or a column.
 */
#ifndef WEIR_EXPR_EXPR_H
#define WEIR_EXPR_EXPR_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "data/batch.h"
#include "data/path.h"
#include "data/value.h"

/* ---- tokens ---- */

enum token_kind {
	TOK_END,
	TOK_NAME,     /* identifier, or quoted in backticks (then quoted set) */
	TOK_TEXT,     /* '…' or "…": text, doubled quote resolved */
	TOK_INT,      /* digits */
	TOK_NUMBER,   /* 1.5 (decimal), 1e3 (float) */
	TOK_DURATION, /* 5m, 250ms, 1h30m */
	TOK_PARAM,    /* $name */
	TOK_OP,	      /* operator or punctuation: one of the list in lex.c */
	TOK_BAD	      /* err has been set */
};

struct token {
	enum token_kind kind;
	bool quoted;
	struct where where;
	struct str text;   /* as written */
	struct str string; /* NAME without backticks; TEXT resolved (arena) */
	int64_t integer;   /* INT that fits, DURATION in µs */
};

struct lexer;
struct node;

/*
 * What the grammar of queries adds to that of expressions. query: stands at
 * SELECT, WITH or VALUES behind a '(' and leaves the lexer at the ')'; over:
 * stands at OVER behind a call. Both set the error when they fail. Without
 * hooks nested queries are an error, and OVER is left to the caller.
 */
struct lex_hooks {
	struct node *(*query)(struct lexer *lx, void *owner);
	struct node *(*over)(struct lexer *lx, struct node *call, void *owner);
	void *owner;
};

struct lexer {
	const struct source *src;
	unsigned at, end; /* the part of src->text to read */
	struct arena *arena;
	struct err *err;
	struct token tok;	       /* the current token */
	struct token next;	       /* one token ahead */
	unsigned done;		       /* where the token before tok ended */
	unsigned depth;		       /* nesting of the grammar, limited */
	const struct lex_hooks *hooks; /* or NULL */
};

/* Reads bytes [from, to) of src->text; lx->tok is the first token. */
void lex_init(struct lexer *lx, const struct source *src, unsigned from,
    unsigned to, struct arena *arena, struct err *err);
void lex_next(struct lexer *lx);

/* True if the current token is this keyword (without case, not quoted) or
 * operator; lex_accept also moves on. */
bool lex_is(const struct lexer *lx, const char *word);
bool lex_accept(struct lexer *lx, const char *word);
bool lex_next_is(const struct lexer *lx, const char *word);

/* Accepts or fails with "expected …, got …". 0 or -1. */
int lex_expect(struct lexer *lx, const char *word);

/*
 * Fails at the current token. Always -1. A token that could not be read keeps
 * its own error, which is the better one.
 */
__attribute__((format(printf, 2, 3))) int lex_fail(
    struct lexer *lx, const char *fmt, ...);

/* The current token for messages: "\"FROM\"", or "the end". */
const char *lex_describe(const struct lexer *lx, char *out, size_t size);

/* ---- types as written ---- */

/*
 * A type with its parameters: precision and scale of DECIMAL(p, s), digits of
 * a TIMESTAMP(p)'s fraction, longest length of VARCHAR(n); CHAR(n) also has
 * its least length in scale. -1 where not stated. TIME, the time of day, is a
 * text (see daytime.h).
 */
struct cast_type {
	enum type type;
	bool daytime;
	bool nested; /* ARRAY<…>, MAP<…>, ROW<…>: with types of elements */
	/* INSERT INTO: the column that is written. The cast was not asked for,
	 * and is a mistake between types that have little in common. */
	const struct str *column;
	int precision, scale;
	const struct cast_elements *of; /* nested: the types */
};

/* Types of a list's elements (1), of a map's keys and values (2), of a row's
 * fields (then with names). */
struct cast_elements {
	unsigned n;
	const struct cast_type *types;
	const struct str *names; /* or NULL */
};

/* Reads a type: BIGINT, DECIMAL(10, 2), TIMESTAMP(3) WITH LOCAL TIME ZONE … */
int cast_type_parse(struct lexer *lx, struct cast_type *out);
void cast_type_print(struct buf *out, struct cast_type t);
bool cast_type_eq(const struct cast_type *a, const struct cast_type *b);

/* ---- trees ---- */

enum node_kind {
	NODE_LITERAL, /* value */
	NODE_NAME,    /* path: a.b[1]; the first step may be a qualifier */
	NODE_PARAM,   /* name */
	NODE_STAR,    /* * or name.* (name in path) */
	NODE_CALL,    /* everything else: name and args */
	NODE_QUERY    /* made by lex_hooks.query: query */
};

/* Most nested operations, and most nodes, of one tree. */
#define NODE_DEPTH_MAX 1000
#define NODE_SIZE_MAX 1000000

/*
 * Operators are calls under their canonical lower-case names: + - * / % ||
 * neg = <> < <= > >= and or not "is null" "is true" "is false" "is unknown"
 * "is distinct from" between like similar in case cast try_cast extract
 * subscript regex (x ~ y) list map try if coalesce nullif. NOT forms are
 * not(…); and, or and || take two or more arguments. CASE has args when1,
 * then1, …, else (NULL literal if none); the simple form is rewritten, and so
 * are x BETWEEN SYMMETRIC (an or of two betweens) and x ILIKE y (like of
 * lower). "in query" and "exists" have a NODE_QUERY as last argument.
 *
 * A subtree may have several parents (the simple CASE's operand).
 */
struct node {
	enum node_kind kind;
	struct where where;   /* all of it */
	struct value value;   /* LITERAL */
	bool duration_text;   /* LITERAL written as 5m: print it so */
	struct path path;     /* NAME, STAR (qualifier) */
	struct str name;      /* CALL (canonical lower case), PARAM */
	struct where name_at; /* CALL: the name alone, for messages */
	struct node **args;   /* CALL */
	unsigned n_args;
	/*
	 * ORDER BY inside a call of an aggregate: the last n_order of args
	 * are what orders, and order[] (enum agg_order) says how.
	 */
	unsigned n_order;
	const uint8_t *order;
	bool distinct;	       /* count(DISTINCT x) */
	bool star;	       /* count(*) */
	struct node *filter;   /* FILTER (WHERE …) or NULL */
	bool ignore_nulls;     /* lag(x) IGNORE NULLS */
	struct cast_type cast; /* cast, try_cast */
	struct str unit;       /* extract(unit FROM …), floor(… TO unit) */
	void *query;	       /* QUERY: the hook's own */
	void *over;	       /* CALL: set by the hook */
	unsigned depth, size;  /* of the tree, for limits */
};

/*
 * Parses one expression from the lexer, which stands behind it afterwards.
 * NULL on error. Nesting is limited (200).
 */
struct node *expr_parse(struct lexer *lx);

/* Parses all of bytes [from, to) of a text as one expression. */
struct node *expr_parse_text(const struct source *src, unsigned from,
    unsigned to, struct arena *arena, struct err *err);

/*
 * Writes a tree so that parsing it again gives the same tree. Nested queries
 * are written as their source.
 */
void node_print(struct buf *out, const struct node *n);

bool node_eq(const struct node *a, const struct node *b);

/* A name as it must be written: bare, or in backticks if it is odd or a word
 * the grammar keeps for itself. */
void name_print(struct buf *out, struct str name);

/* A name for a column without alias: a.b -> "b"; count(*) -> "count"; else
 * the printed text, without OVER. */
struct str node_alias(const struct node *n, struct arena *a);

/* True if the tree calls an aggregate (outside of nested queries). */
bool node_has_aggregate(const struct node *n);

/* ---- names ---- */

struct scope_column {
	struct str name;
	enum type type; /* T_ANY when only known at run time */
};

/*
 * What names mean. Known columns come first; any other name is asked of
 * `field`, if set, which stands for the open schema of a JSON record: it
 * returns a column number (asking the decoder for the path) or -1 with an
 * error set. aliases (may be NULL): select aliases, used when no column has
 * the name.
 */
struct scope {
	const struct scope_column *cols;
	unsigned n_cols;
	int (*field)(struct scope *s, struct path path, enum type *type,
	    struct where where, struct err *err);
	const struct scope_alias {
		struct str name;
		const struct node *node;
	} * aliases;
	unsigned n_aliases;
	const struct scope_param {
		struct str name;
		struct value value;
	} * params;
	unsigned n_params;
	struct grouping *grouping; /* set: expressions over groups, see below */
	void *owner;		   /* for field */
};

/*
 * With a grouping, expressions are evaluated over result rows of a GROUP BY:
 * columns are first the named ones of the scope (window_start …), then the
 * keys, then the aggregates. A subtree equal to a key means that key; an
 * aggregate call is entered in `aggs` (once, if written twice) and its
 * arguments are bound in `input`; any other field is an error that says so.
 */
struct grouping {
	struct scope *input;
	const struct node *const *keys;
	const enum type *key_types;
	unsigned n_keys;
	struct agg_call *aggs; /* filled by expr_bind */
	unsigned n_aggs, cap_aggs;
};

struct expr;

/*
 * Resolves names and functions, checks types and arity, folds constants.
 * Everything lives in the arena. NULL and *err (with place and the nearest
 * valid name) on a mistake.
 */
struct expr *expr_bind(const struct node *n, struct scope *scope,
    struct arena *arena, struct err *err);

/* T_ANY when known only at run time. */
enum type expr_type(const struct expr *e);

/* True (and the value) if the expression is constant. */
bool expr_constant(const struct expr *e, struct value *out);

/* True (and the number) if the expression is just column number *col. */
bool expr_is_column(const struct expr *e, unsigned *col);

/* Binds and evaluates a tree that must be constant (a window size …). */
int expr_eval_constant(const struct node *n, struct scope *scope,
    struct arena *arena, struct value *out, struct err *err);

/* ---- evaluation ---- */

/*
 * A thread's evaluation state: scratch memory, PCRE2 match data, caches, and
 * the rows that failed since eval_begin.
 */
struct eval {
	struct arena *arena; /* of the batch at hand */
	uint64_t bad[BATCH_ROWS / 64];
	const char *reasons[BATCH_ROWS];
	bool any_bad;
	struct eval_cache *cache;
};

struct eval *eval_new(void);
void eval_free(struct eval *ev);

/*
 * An object that this thread keeps for `key` (an address that outlives it):
 * made when first asked for, dropped with the evaluation.
 */
void *eval_keep(struct eval *ev, const void *key,
    void *(*make)(const void *key), void (*drop)(void *object));

/* Starts on a batch: results go to its arena, no row has failed. */
void eval_begin(struct eval *ev, const struct batch *b);

/* Marks a row as failed; reason is static or in the arena. */
void eval_fail(struct eval *ev, unsigned row, const char *reason);

/*
 * The type that values of types a and b are compared as, where the two are not
 * alike: dates beside times are times, texts beside anything else are read.
 * T_NULL: each as it is.
 */
enum type type_compared(enum type a, enum type b);

/* The selected rows' values of a column as such; a text that cannot be read is
 * NULL, as it compares with nothing. */
void column_compared(
    struct eval *ev, const struct batch *b, enum type as, struct column *c);

/*
 * Evaluates for the selected rows of b (or for sel[0..n_sel) if sel is not
 * NULL). out's elements of other rows are unspecified. A row that fails gets
 * NULL and is marked in ev.
 */
void expr_eval(const struct expr *e, struct eval *ev, const struct batch *b,
    const uint16_t *sel, unsigned n_sel, struct column *out);

/*
 * Evaluates a condition and shortens b's selection to the rows where it is
 * TRUE; failed rows become bad rows. b->n_filtered counts the dropped ones.
 */
void expr_filter(const struct expr *e, struct eval *ev, struct batch *b);

/* Turns the rows marked in ev into bad rows of b. */
void eval_settle(struct eval *ev, struct batch *b);

#endif

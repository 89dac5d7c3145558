/* SPDX-License-Identifier: MIT */
/*
 * One typed column of a batch: an array with one element per row, and a bit
 * per row that is NULL.
 *
 * BOOL is bytes 0/1; INT, TIME and DURATION are int64; FLOAT is double; TEXT,
 * BYTES and JSON are slices; DECIMAL, LIST, MAP and ANY are struct value.
 * NULL has no array: every row is NULL. In columns of struct value a NULL is a
 * value of type NULL (its bit may be set, too). Elements of NULL rows written
 * by the functions here are zero. In a constant column element 0 stands for
 * all rows. Columns belong to a batch's arena and are not edited once
 * made (they may be shared).
 */
#ifndef WEIR_DATA_COLUMN_H
#define WEIR_DATA_COLUMN_H

#include "base/arena.h"
#include "data/value.h"

#define BATCH_ROWS 1024 /* most rows of a batch; a power of two */

struct column {
	enum type type;
	bool constant;
	union {
		void *data;
		uint8_t *b;
		int64_t *i;
		double *f;
		struct str *s;
		struct value *v;
	};
	uint64_t *nulls; /* BATCH_ROWS bits; NULL pointer: no row is NULL */
};

/* How elements of a type are stored. */
enum storage {
	STORE_NONE,
	STORE_BYTE,
	STORE_I64,
	STORE_F64,
	STORE_STR,
	STORE_VALUE
};

static inline enum storage
type_store(enum type t)
{
	switch (t) {
	case T_NULL:
		return STORE_NONE;
	case T_BOOL:
		return STORE_BYTE;
	case T_INT:
	case T_TIME:
	case T_DATE:
	case T_DURATION:
		return STORE_I64;
	case T_FLOAT:
		return STORE_F64;
	case T_TEXT:
	case T_BYTES:
	case T_JSON:
		return STORE_STR;
	case T_DECIMAL:
	case T_LIST:
	case T_MAP:
	case T_ANY:
		return STORE_VALUE;
	}
	return STORE_NONE;
}

/* An uninitialised column of BATCH_ROWS elements, no nulls. */
struct column column_new(struct arena *a, enum type t);

/* A constant column. v's bytes must live as long as the column. */
struct column column_const(struct arena *a, struct value v);

static inline bool
bit_get(const uint64_t *bits, unsigned row)
{
	return bits[row >> 6] >> (row & 63) & 1;
}

static inline void
bit_set(uint64_t *bits, unsigned row)
{
	bits[row >> 6] |= (uint64_t)1 << (row & 63);
}

/* Marks a row NULL (allocates the bits on first use); its element is zeroed. */
void column_set_null(struct column *c, struct arena *a, unsigned row);

static inline bool
column_is_null(const struct column *c, unsigned row)
{
	if (c->constant)
		row = 0;
	if (c->type == T_NULL)
		return true;
	if (c->nulls && bit_get(c->nulls, row))
		return true;
	return type_store(c->type) == STORE_VALUE && c->v[row].type == T_NULL;
}

/* The element of a row as a value (slices point where the column's do). */
struct value column_get(const struct column *c, unsigned row);

/*
 * Writes a row of a column under construction. If the value's type is not the
 * column's, the column becomes ANY: rows [0, row) are converted. Rows are
 * written in order 0, 1, 2 … by the caller; every row is written once. A
 * fresh column of type NULL takes the type of its first value that is not
 * NULL.
 */
void column_put(
    struct column *c, struct arena *a, unsigned row, struct value v);

/*
 * The same for one type of value, for decoders' inner loops: when the column
 * already has the type this is one test and one store.
 */
static inline void
column_put_int(struct column *c, struct arena *a, unsigned row, int64_t i)
{
	if (__builtin_expect(c->type == T_INT, 1))
		c->i[row] = i;
	else
		column_put(c, a, row, value_int(i));
}

static inline void
column_put_float(struct column *c, struct arena *a, unsigned row, double f)
{
	if (__builtin_expect(c->type == T_FLOAT, 1))
		c->f[row] = f;
	else
		column_put(c, a, row, value_float(f));
}

static inline void
column_put_text(struct column *c, struct arena *a, unsigned row, struct str s)
{
	if (__builtin_expect(c->type == T_TEXT, 1))
		c->s[row] = s;
	else
		column_put(c, a, row, value_text(s));
}

static inline void
column_put_json(struct column *c, struct arena *a, unsigned row, struct str s)
{
	if (__builtin_expect(c->type == T_JSON, 1))
		c->s[row] = s;
	else
		column_put(c, a, row, value_of_str(T_JSON, s));
}

static inline void
column_put_bool(struct column *c, struct arena *a, unsigned row, bool b)
{
	if (__builtin_expect(c->type == T_BOOL, 1))
		c->b[row] = b;
	else
		column_put(c, a, row, value_bool(b));
}

static inline void
column_put_time(struct column *c, struct arena *a, unsigned row, int64_t t)
{
	if (__builtin_expect(c->type == T_TIME, 1))
		c->i[row] = t;
	else
		column_put(c, a, row, value_time(t));
}

static inline void
column_put_null(struct column *c, struct arena *a, unsigned row)
{
	if (c->type != T_NULL)
		column_set_null(c, a, row);
}

/* Converts an array of n rows to ANY (see column_put). */
void column_to_any(struct column *c, struct arena *a, unsigned n);

#endif

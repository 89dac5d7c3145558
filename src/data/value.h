/* SPDX-License-Identifier: MIT */
/*
 * Types and single values.
 *
 * A value is 16 bytes: a type, and either the value itself or a pointer to
 * bytes it does not own (batch memory, plan memory or state). Lists and maps
 * are msgpack (see pack.h), the only serialised form of a value in the
 * program. Text is valid UTF-8; NUL may occur in it.
 *
 * JSON numbers: an integer that fits 64 bits is an int, a larger one (to 38
 * digits) a decimal, anything with a fraction or exponent a float.
 */
#ifndef WEIR_DATA_VALUE_H
#define WEIR_DATA_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/dec.h"
#include "base/str.h"

/* In type order: how values of different types sort against one another. */
enum type {
	T_NULL,
	T_BOOL,
	T_INT,	   /* int64 */
	T_FLOAT,   /* double */
	T_DECIMAL, /* exact, 38 digits */
	T_TEXT,
	T_BYTES,
	T_TIME,	    /* instant, µs since the epoch, UTC */
	T_DURATION, /* µs */
	T_LIST,	    /* msgpack array */
	T_MAP,	    /* msgpack map */
	T_DATE,	    /* a day: its midnight, µs since the epoch, UTC */
	T_JSON,	    /* a value still as JSON text; only between a JSON decoder
		       and an encoder, for fields nobody computes with */
	T_ANY	    /* as a column's type: each row has its own */
};

/*
 * "bigint", "text" … as SQL and messages write it; type_of_name (cast.h) reads
 * back those that SQL has.
 */
const char *type_name(enum type t);

struct value {
	union {
		bool b;
		int64_t i; /* INT, TIME, DURATION, DATE */
		double f;
		const struct dec *d; /* DECIMAL */
		const char *p;	     /* TEXT, BYTES, LIST, MAP, JSON */
	};
	uint32_t len; /* bytes at p */
	uint8_t type; /* enum type, never T_ANY */
};

_Static_assert(sizeof(struct value) == 16, "columns of values are dense");

#define VALUE_NULL ((struct value){.type = T_NULL})

static inline struct str
value_str(struct value v)
{
	return (struct str){v.p, v.len};
}

static inline struct value
value_of_str(enum type t, struct str s)
{
	return (struct value){
	    .p = s.p, .len = (uint32_t)s.n, .type = (uint8_t)t};
}

static inline struct value
value_text(struct str s)
{
	return value_of_str(T_TEXT, s);
}

static inline struct value
value_int(int64_t i)
{
	return (struct value){.i = i, .type = T_INT};
}

static inline struct value
value_float(double f)
{
	return (struct value){.f = f, .type = T_FLOAT};
}

static inline struct value
value_bool(bool b)
{
	return (struct value){.b = b, .type = T_BOOL};
}

static inline struct value
value_time(int64_t t)
{
	return (struct value){.i = t, .type = T_TIME};
}

static inline struct value
value_date(int64_t t)
{
	return (struct value){.i = t, .type = T_DATE};
}

static inline struct value
value_duration(int64_t t)
{
	return (struct value){.i = t, .type = T_DURATION};
}

/* The decimal is copied into the arena. */
struct value value_decimal(struct arena *a, struct dec d);

/* True for int, float, decimal. */
bool type_is_number(enum type t);

/* True for what counts as an instant where one is asked for: a time, and a
 * date, which is its midnight. */
static inline bool
type_is_instant(enum type t)
{
	return t == T_TIME || t == T_DATE;
}

/*
 * Total order over all values, for sorting, MIN/MAX and keys: by type order,
 * but all numbers compare by value among themselves (exactly: 2^53+1 against
 * a float is not rounded) and NaN is the greatest number. Text and bytes
 * compare bytewise, lists element by element, maps by sorted keys. NULL is
 * the least.
 */
int value_cmp(struct value a, struct value b);

/* value_cmp == 0. */
bool value_eq(struct value a, struct value b);

/*
 * The one form of numbers that are equal, for keys: an int if it is equal to
 * an int64, else a float if it is exactly equal to one, else a decimal without
 * trailing zeros (in *room). -0 is 0, all NaNs are one. Other values stay as
 * they are.
 */
struct value value_canon(struct value v, struct dec *room);

/*
 * A copy whose bytes (decimal included) live in the arena.
 */
struct value value_copy(struct arena *a, struct value v);

/*
 * The value as plain text, as CAST(… AS TEXT) gives it: numbers in shortest
 * form, times in RFC 3339 UTC, dates as 2026-03-28, durations as 1h30m, lists
 * and maps as JSON,
 * bytes as lower-case hex, booleans true/false, NULL nothing. Of JSON text a
 * string loses its quotes and escapes, null becomes nothing, and the rest
 * stays as it is.
 */
void value_print(struct buf *out, struct value v);

/*
 * The value as JSON (RFC 8259): text escaped (", \, controls; everything else
 * as it is), times, dates and durations as strings, not-finite floats as null,
 * bytes as base64 strings, decimals as plain numbers, T_JSON as it stands.
 */
void value_json(struct buf *out, struct value v);

/* A JSON string with quotes. */
void json_put_text(struct buf *out, struct str s);

/*
 * Resolves the escapes of the inside of a JSON string (without its quotes;
 * known to be valid, but a broken escape stays as it is). Lone surrogates
 * become U+FFFD. out has room for s.n bytes; returns the length written.
 */
size_t json_unescape(char *out, struct str s);

#endif

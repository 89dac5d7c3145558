/* SPDX-License-Identifier: MIT */
/*
 * Numbers as text, both ways, without locale and without rounding errors.
 *
 * Reading a double: the exact fast path (Clinger 1990) for up to 15-19 digits
 * and small powers of ten, else Eisel-Lemire (Lemire, "Number parsing at a
 * gigabyte per second", 2021), else a big-integer comparison; always the
 * nearest double, ties to even. Writing: the shortest digits that read back
 * (Schubfach, Giulietti 2020), laid out as ECMAScript's Number::toString.
 */
#ifndef WEIR_BASE_NUM_H
#define WEIR_BASE_NUM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define NUM_INT_MAX 24	 /* bytes num_put_int may write */
#define NUM_FLOAT_MAX 32 /* bytes num_put_float may write */

enum num_kind {
	NUM_NONE,   /* not a number by JSON's grammar */
	NUM_INT,    /* fits int64 */
	NUM_BIGINT, /* an integer beyond int64; use dec_parse */
	NUM_FLOAT   /* a fraction, an exponent, or more than 38 digits */
};

struct num {
	enum num_kind kind;
	int64_t i; /* NUM_INT */
	double f;  /* NUM_FLOAT, NUM_BIGINT: the nearest, or infinity */
};

/*
 * Reads one JSON number (RFC 8259 section 6) starting at p and returns the
 * byte after it, or NULL if there is none (leading zeros, "1.", "+1", ".5",
 * "-" are none). p must be readable 8 bytes beyond end. -0 is a NUM_FLOAT.
 * What follows the number is the caller's to check.
 */
const char *num_scan(const char *p, const char *end, struct num *out);

/*
 * The same grammar, value not wanted: the byte after it or NULL. Nothing
 * behind end is touched.
 */
const char *num_skip(const char *p, const char *end);

/* All of s as a decimal integer with optional sign; false if not or too big. */
bool num_parse_int(struct str s, int64_t *out);

/*
 * All of s as a floating number; also accepts a leading '+', ".5", "5.",
 * and (without case) inf, infinity, nan. False if malformed. Out of range
 * gives infinity or zero.
 */
bool num_parse_float(struct str s, double *out);

/*
 * What a cell of a text format looks like: NUM_INT for 0 or [1-9] digits with
 * optional '-', NUM_BIGINT and NUM_FLOAT likewise by JSON's grammar; NUM_NONE
 * for everything else ("007", "1_000", "+1", "0x1f", " 1").
 */
struct num num_guess(struct str s);

char *num_put_int(char *out, int64_t i); /* returns the end */
char *num_put_uint(char *out, uint64_t u);

/*
 * Shortest form that reads back as f: 0.1, 12.5, 3.0, 1e+21, 5e-7, -0.0.
 * Whole values keep ".0", so that what was a float is one when it is read
 * again. Not-finite prints NaN, Infinity, -Infinity (an encoder decides what
 * to do with those).
 */
char *num_put_float(char *out, double f);

/* A size such as "64M", "1G", "512k" or "1048576" (powers of 1024). */
bool num_parse_size(struct str s, uint64_t *out);

#endif

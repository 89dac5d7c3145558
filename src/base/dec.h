/* SPDX-License-Identifier: MIT */
/*
 * Exact decimals: a 128-bit integer times a power of ten, at most 38 digits,
 * scale 0 to 38. Rules of precision and scale as in SQL:2016 and Flink's
 * LogicalTypeMerging; overflow is reported, never rounded away silently.
 */
#ifndef WEIR_BASE_DEC_H
#define WEIR_BASE_DEC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define DEC_DIGITS_MAX 38
#define DEC_TEXT_MAX 48 /* bytes dec_print may write */

struct dec {
	__int128 v; /* unscaled: the number is v / 10^scale */
	uint8_t scale;
};

struct dec dec_of_int(int64_t i);

/* False if d has a fraction or does not fit. */
bool dec_to_int(struct dec d, int64_t *out);

/* Toward zero; false if it does not fit. */
bool dec_trunc_int(struct dec d, int64_t *out);

double dec_to_float(struct dec d); /* correctly rounded */

/* Shortest decimal that reads back as f; false if not finite or too long. */
bool dec_of_float(double f, struct dec *out);

/*
 * Reads [+-]digits[.digits][(e|E)[+-]digits], all of s. False if malformed or
 * not exact in 38 digits. The scale is that of the text, less the zeros at
 * its end where there is no room for them.
 */
bool dec_parse(struct str s, struct dec *out);

/* Plain notation with all of its scale: 12.30. Returns the length. */
size_t dec_print(char *out, struct dec d);

/*
 * All false on overflow of 38 digits; div and mod also on division by zero.
 * Sums and differences are exact, with the scale max(a, b), less the zeros at
 * the end where there is no room for them. So are products, with the scale
 * a + b, but that one of more than 38 digits is rounded half away from zero, to
 * not less than 6 digits of fraction.
 */
bool dec_add(struct dec a, struct dec b, struct dec *out);
bool dec_sub(struct dec a, struct dec b, struct dec *out);
bool dec_mul(struct dec a, struct dec b, struct dec *out);
/*
 * Scale of the quotient: max(6, a.scale + digits(b) + 1), less what does not
 * fit 38 digits, but not under 6; rounded half away from zero. A whole number
 * b counts with the digits of its type in SQL, 10 (INT) or 19 (BIGINT), unless
 * the quotient is exact with what its own give.
 */
bool dec_div(struct dec a, struct dec b, struct dec *out);
/* sum / n by the digits that n has. */
bool dec_div_count(struct dec sum, int64_t n, struct dec *out);
bool dec_mod(struct dec a, struct dec b, struct dec *out); /* sign of a */

/*
 * Rounds half away from zero to the given scale (widens with zeros too). A
 * negative scale rounds to tens, hundreds …, and the result has scale 0.
 */
bool dec_round(struct dec a, int scale, struct dec *out);

int dec_cmp(struct dec a, struct dec b);   /* by value */
int dec_cmp_float(struct dec a, double f); /* exact; NaN is greatest */

/* Without trailing zeros of the fraction: 1.500 -> 1.5, 2.0 -> 2. */
struct dec dec_normal(struct dec d);

#endif

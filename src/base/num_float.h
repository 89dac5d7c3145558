/* SPDX-License-Identifier: MIT */
/*
 * From decimal digits to the nearest double, ties to even. What the readers
 * of numbers share; see num.h for reading text.
 */
#ifndef WEIR_BASE_NUM_FLOAT_H
#define WEIR_BASE_NUM_FLOAT_H

#include <stdint.h>

extern const double num_ten[23]; /* 10^0 ... 10^22, all exact */

/* The double nearest to w * 10^q; infinity or zero when out of range. */
double num_float_exact(uint64_t w, int64_t q);

/*
 * Digits as they stand in a text: [whole, whole_end) before the point,
 * [part, part_end) behind it (both may be empty, not both), and the exponent
 * of ten. Their number is not limited.
 */
struct num_text {
	const char *whole, *whole_end;
	const char *part, *part_end;
	int64_t exp;
};

double num_float_text(const struct num_text *t);

/*
 * num_float_exact() with its most frequent case in line (Clinger, "How to
 * read floating point numbers accurately", 1990): both operands are exact, so
 * that one operation rounds once (where doubles are computed as doubles).
 */
static inline double
num_float(uint64_t w, int64_t q)
{
	if (__FLT_EVAL_METHOD__ == 0 &&
	    __builtin_expect(w <= UINT64_C(1) << 53 && q >= -22 && q <= 22, 1))
		return q < 0 ? (double)w / num_ten[-q] : (double)w * num_ten[q];
	return num_float_exact(w, q);
}

#endif

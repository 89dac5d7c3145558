/* SPDX-License-Identifier: MIT */
/*
 * Powers of ten, rounded up to 128 bits. Reading and printing floating
 * numbers share them: rounded up is what Schubfach asks for, and reading only
 * needs to know on which side the error is.
 */
#ifndef WEIR_BASE_NUM_POW_H
#define WEIR_BASE_NUM_POW_H

#include <stdint.h>

#define NUM_POW_MIN (-342)
#define NUM_POW_MAX 324

/* The powers within are exact, all others are a little too great. */
#define NUM_POW_EXACT_MIN 0
#define NUM_POW_EXACT_MAX 55

struct num_pow {
	uint64_t hi, lo;
};

/* Row k - NUM_POW_MIN is 10^k / 2^(num_pow_log2(k) - 127). */
extern const struct num_pow num_pow[NUM_POW_MAX - NUM_POW_MIN + 1];

/* floor(log2(10^k)) for all k of the table. */
static inline int
num_pow_log2(int k)
{
	return (k * 217706) >> 16;
}

#endif

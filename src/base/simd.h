/* SPDX-License-Identifier: MIT */
/*
 * Which vector instructions to use: AVX2 where the machine has it, else
 * 8-byte words. Chosen once, at start; WEIR_SIMD=off takes the words (tests
 * run both).
 *
 * Code with an AVX2 and a portable version marks the first SIMD_AVX2, includes
 * <immintrin.h> under #if SIMD_X86, and asks simd_avx2 once per block, not
 * per value.
 */
#ifndef WEIR_BASE_SIMD_H
#define WEIR_BASE_SIMD_H

#include <stdbool.h>

#if defined(__x86_64__)
#define SIMD_X86 1
#define SIMD_AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt,lzcnt")))
#else
#define SIMD_X86 0
#endif

/* Bytes that must be readable (any content) behind a block of input. */
#define SIMD_PAD 64

extern bool simd_avx2;
extern bool simd_sse42; /* for its CRC-32C instruction */

void simd_init(void);

#endif

/* SPDX-License-Identifier: MIT */
/* The choice of vector instructions. */
#include "base/simd.h"

#include <stdlib.h>
#include <string.h>

bool simd_avx2;
bool simd_sse42;

void
simd_init(void)
{
	const char *off = getenv("WEIR_SIMD");

	if (off && !strcmp(off, "off")) {
		simd_avx2 = simd_sse42 = false;
		return;
	}
#if SIMD_X86
	__builtin_cpu_init();
	simd_avx2 = __builtin_cpu_supports("avx2") &&
		    __builtin_cpu_supports("bmi2") &&
		    __builtin_cpu_supports("bmi");
	simd_sse42 = __builtin_cpu_supports("sse4.2");
#endif
}

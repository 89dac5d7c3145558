/* SPDX-License-Identifier: MIT */
/* Scanner and walk of JSON with AVX2; see json.h. */
#include "base/simd.h"

#if SIMD_X86
#define JSON_VECTOR 1

#include "base/mem.h"
/* In this order: each uses those before it. */
// clang-format off
#include "io/json_lex.h"
#include "io/json_record.h"
#include "io/json_index.h"
#include "io/json_bulk.h"
#include "io/json_walk.h"
#include "io/json_lanes.h"
// clang-format on

const struct json_kernel json_kernel_avx2 = {
    .scan = scan_record,
    .bulk = bulk_record,
    .walk = walk_record,
    .walk_lanes = walk_lanes,
    .lines = find_lines,
};
#else
typedef int json_avx2_not_here; /* ISO C wants something in every file */
#endif

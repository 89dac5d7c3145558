/* SPDX-License-Identifier: MIT */
/* Scanner and walk of JSON with 8-byte words; see json.h. */
#define JSON_VECTOR 0

#include "base/mem.h"
/* In this order: each uses those before it. */
// clang-format off
#include "io/json_lex.h"
#include "io/json_record.h"
#include "io/json_walk.h"
// clang-format on

const struct json_kernel json_kernel_words = {
    .scan = scan_record,
    .walk = walk_record,
    .lines = find_lines,
};

/* SPDX-License-Identifier: MIT */
/* The operators: one line each, sorted by name; see op.h. */
OP(drop)
OP(explode)
OP(group)
OP(limit)
OP(parse)
OP(rename)
OP(select)
OP(set)
OP(sort)
OP(union)
OP(where)
OP(window)

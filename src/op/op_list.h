/* SPDX-License-Identifier: MIT */
/* The operators: one line each, sorted by name; see op.h. */
OP(dedup)
OP(drop)
OP(group)
OP(limit)
OP(rename)
OP(running)
OP(select)
OP(set)
OP(sort)
OP(top)
OP(where)
OP(window)

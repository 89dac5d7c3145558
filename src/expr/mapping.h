/* SPDX-License-Identifier: MIT */
/*
 * Making a map. A key stands in it once, at its first place and with its last
 * value, whatever makes the map: MAP[…], a cast, a function. Equal is what
 * value_eq says: 1 and 1.0 are.
 */
#ifndef WEIR_EXPR_MAPPING_H
#define WEIR_EXPR_MAPPING_H

#include "base/arena.h"
#include "data/value.h"

struct mapping {
	struct arena *arena;
	struct value *kv; /* keys and values in turn */
	uint32_t n, cap;  /* of pairs */
};

/* With room for so many pairs, more if need be. */
struct mapping mapping_start(struct arena *arena, uint32_t cap);

void mapping_put(struct mapping *m, struct value key, struct value v);

/* Leaves of each key its first place and its last value. */
void mapping_settle(struct mapping *m);

/* The map, settled, packed in the arena. */
void mapping_done(struct mapping *m, struct value *out);

#endif

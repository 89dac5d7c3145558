/* SPDX-License-Identifier: MIT */
/*
 * One msgpack item without what is inside of it: a scalar, or the header of
 * an array or map. With it packed values are walked without an arena. Inside
 * data/ only.
 */
#ifndef WEIR_DATA_PACK_ITEM_H
#define WEIR_DATA_PACK_ITEM_H

#include "data/pack.h"

/*
 * Depth to which walks go: what was read is at most PACK_DEPTH_MAX deep, and
 * expressions may wrap it further.
 */
#define PACK_WALK_MAX (2 * PACK_DEPTH_MAX)

enum pack_kind {
	PACK_SCALAR,
	PACK_ARRAY,
	PACK_MAP
};

struct pack_item {
	enum pack_kind kind;
	uint32_t n;	/* elements or pairs that follow */
	struct value v; /* the scalar; a decimal points to dec */
	struct dec dec;
};

/* Reads an item at *p and advances past it (not past its elements). */
enum pack_status pack_item_get(
    const char **p, const char *end, struct pack_item *it);

#endif

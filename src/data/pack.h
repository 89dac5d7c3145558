/* SPDX-License-Identifier: MIT */
/*
 * msgpack, the only serialised form of values: nested values in batches,
 * state, and the msgpack format use it. Times are the standard timestamp
 * extension (type -1); our own extension types carry decimals (1: scale byte,
 * then 16 bytes little-endian), durations (2: int64 big-endian µs) and dates
 * (3: int32 big-endian days since 1970).
 *
 * Reading never trusts a length: it is checked against the bytes there are,
 * and nesting is limited (PACK_DEPTH_MAX), without recursion where the input
 * decides the depth.
 */
#ifndef WEIR_DATA_PACK_H
#define WEIR_DATA_PACK_H

#include "base/arena.h"
#include "base/buf.h"
#include "data/value.h"

#define PACK_DEPTH_MAX 512

#define PACK_EXT_TIME (-1)
#define PACK_EXT_DECIMAL 1
#define PACK_EXT_DURATION 2
#define PACK_EXT_DATE 3
#define PACK_EXT_EVENT_TIME 0 /* fluentd: 2 x uint32 big-endian, s and ns */

/* Writes one value (lists and maps are copied, JSON text is parsed). */
void pack_put(struct buf *out, struct value v);
void pack_put_array(struct buf *out, uint32_t n); /* header; n items follow */
void pack_put_map(struct buf *out, uint32_t n);	  /* header; n pairs follow */
void pack_put_text(struct buf *out, struct str s);

enum pack_status {
	PACK_OK,
	PACK_SHORT, /* the bytes end within the value */
	PACK_BAD    /* not msgpack, too deep, or a reserved byte (0xc1) */
};

/* Finds the end of one value at *p; checks structure and depth, not UTF-8. */
enum pack_status pack_skip(const char **p, const char *end);

/*
 * Reads one value at *p and advances. Lists and maps come as slices of the
 * input (their whole encoding), scalars as themselves; uint64 beyond int64
 * become decimals (in the arena). Text that is not valid UTF-8 comes as
 * BYTES. Unknown extensions come as BYTES of their payload.
 */
enum pack_status pack_get(
    const char **p, const char *end, struct arena *a, struct value *out);

/* Header of an array or map at *p, advanced past it; false if it is none. */
bool pack_get_array(const char **p, const char *end, uint32_t *n);
bool pack_get_map(const char **p, const char *end, uint32_t *n);

/* The value under a text key of a packed map (last one wins). */
bool pack_map_find(
    struct value map, struct str key, struct arena *a, struct value *out);

/* Element i (0-based) of a packed list. */
bool pack_list_at(
    struct value list, uint32_t i, struct arena *a, struct value *out);

/* Number of elements or pairs. */
uint32_t pack_count(struct value v);

/*
 * JSON text (one value with blanks around it, valid UTF-8) as a value: scalars
 * directly (text without escapes is a slice of json), objects and arrays
 * packed into the arena. Text escapes are resolved; lone surrogates become
 * U+FFFD. False if it is not JSON or nested deeper than PACK_DEPTH_MAX.
 */
bool pack_parse_json(struct str json, struct arena *a, struct value *out);

/* The same for what is known to be JSON; NULL if it is none after all. */
struct value pack_of_json(struct str json, struct arena *a);

/* A list or map as JSON. */
void pack_json(struct buf *out, struct value v);

/*
 * value_cmp of two lists or two maps: lists element by element, maps as the
 * lists of their keys and values sorted by key (of equal keys the last one
 * counts); what is a prefix of the other comes first.
 */
int pack_cmp(struct value a, struct value b);

/*
 * Writes a list or map so that equal ones (by value_cmp) have equal bytes:
 * numbers as value_canon has them, keys sorted and single.
 */
void pack_canon(struct buf *out, struct value v);

#endif

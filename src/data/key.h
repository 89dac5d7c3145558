/* SPDX-License-Identifier: MIT */
/*
 * Keys as bytes: the values of the key columns of a row, one after another,
 * so that equal keys have equal bytes (and hash alike). Each value is a tag
 * byte and a payload; numbers that are equal are written alike (1, 1.0 and
 * 1.00), all NULLs are one, all NaNs are one. key_cmp orders keys as value_cmp
 * orders their values, column by column.
 */
#ifndef WEIR_DATA_KEY_H
#define WEIR_DATA_KEY_H

#include "base/buf.h"
#include "data/column.h"

/* Longest key taken; a longer one is a bad row ("key too long"). */
#define KEY_MAX 65535

/* Appends the form of one value. */
void key_put(struct buf *out, struct value v);

/* Reads the next value at *p; text and the like are slices of the key. */
struct value key_get(const char **p, const char *end, struct arena *a);

/*
 * How many values a key has; -1 if key_check would be false.
 */
int key_count(struct str key);

/*
 * Could key_put have made these bytes? Keys that come from a file are asked
 * this before anything else is done with them.
 */
bool key_check(struct str key);

/* Orders two keys of the same columns. */
int key_cmp(struct str a, struct str b);

/*
 * A number that orders like key_cmp as far as it goes: if key_prefix(a) <
 * key_prefix(b) then a comes before b; if they are equal key_cmp decides.
 */
uint64_t key_prefix(struct str key);

/*
 * Eight bytes, from byte `at`, of a form of the key whose bytes order like
 * key_cmp: what sorts many keys at once compares these instead. Zero behind
 * its end. Only for keys of which key_is_plain is true.
 */
uint64_t key_window(struct str key, size_t at);

/*
 * True if the key has that form: no floats, decimals, lists and maps in it,
 * and no text with a NUL.
 */
bool key_is_plain(struct str key);

/*
 * Keys of all selected rows at once: keys[k] and hashes[k] belong to selected
 * row k; the bytes live in the arena, and hashes[k] is hash_bytes of them. A
 * key longer than KEY_MAX gets keys[k].p = NULL, as does a row with a list or
 * map of more than 16 times that. They are noted in the batch.
 */
struct batch;
void key_batch(struct batch *b, const struct column *cols, unsigned n,
    struct arena *a, struct str *keys, uint64_t *hashes);

#endif

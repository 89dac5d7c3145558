/* SPDX-License-Identifier: MIT */
/*
 * Notes: small packed maps (data/pack.h) of a commit, with text keys. Reading
 * takes nothing for granted: what is missing, or of another type, is as if it
 * had not been noted.
 */
#ifndef WEIR_RUN_NOTE_H
#define WEIR_RUN_NOTE_H

#include "data/pack.h"

/* Writing: a key, and then its value; or both. */
void note_key(struct buf *out, const char *key);
void note_int(struct buf *out, const char *key, int64_t n);
void note_count(struct buf *out, const char *key, uint64_t n);
void note_bool(struct buf *out, const char *key, bool yes);
/* Any bytes: as a text, or as bytes if they are no UTF-8. */
void note_text(struct buf *out, const char *key, struct str text);

/* Reading: a map, and where what has to be unpacked goes. */
struct note {
	struct value map; /* T_NULL: nothing has been noted */
	struct arena *arena;
};

/* All of a note; an empty one if it is no packed map. */
struct note note_open(struct str packed, struct arena *a);

/* The value of a key; false if there is none of that type. */
bool note_get(
    struct note n, const char *key, enum type type, struct value *out);
int64_t note_get_int(struct note n, const char *key, int64_t absent);
uint64_t note_get_count(struct note n, const char *key);
bool note_get_bool(struct note n, const char *key);
struct str note_get_text(struct note n, const char *key);
/* A map, or an empty one. */
struct note note_get_map(struct note n, const char *key);
struct note note_get_of(struct note n, struct str key);

/* The maps of a list, one after another: `at` counts from 0. */
bool note_list_at(
    struct note n, const char *key, uint32_t at, struct note *out);

#endif

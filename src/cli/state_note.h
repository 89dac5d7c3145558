/* SPDX-License-Identifier: MIT */
/*
 * The note of a state's last commit, as `weir state` shows it: nothing in it
 * is taken for granted, and what is not there is NULL, 0 or empty.
 */
#ifndef WEIR_CLI_STATE_NOTE_H
#define WEIR_CLI_STATE_NOTE_H

#include "base/arena.h"
#include "base/buf.h"
#include "data/value.h"

/* All of it, unpacked as far as needed. */
struct value state_note(struct str packed, struct arena *a);

struct value note_member(struct value map, const char *key, struct arena *a);
struct str note_text_of(struct value map, const char *key, struct arena *a);
int64_t note_number(struct value map, const char *key, struct arena *a);
bool note_flag(struct value map, const char *key, struct arena *a);

/*
 * Bytes of a file that have not been read: of the one that now has the name of
 * the nth of an input's files. -1 if that cannot be told by a look at it.
 */
int64_t note_unread(struct value files, uint32_t nth, struct arena *a);

/* Of all inputs; -1 if it can be told of none. */
int64_t note_behind(struct value note, struct arena *a);

/* "512", "20.0K", "1.5G". */
void put_size(struct buf *out, uint64_t n);

/* "3d", "12m", "40s": whole units. */
void put_age(struct buf *out, int64_t us);

#endif

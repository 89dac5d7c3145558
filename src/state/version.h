/* SPDX-License-Identifier: MIT */
/*
 * What a commit changes beside entries: a list of edits, applied in order
 * before the entries of the epoch are.
 *
 *   EDIT_RESET                 nothing is held, there are no runs
 *   EDIT_CLEAR                 what the journals held is in a run
 *   EDIT_DROP map bucket       what there was of the section is dead
 *   EDIT_DROP_MAP map          … of all sections of the map
 *
 * An edit is a byte, then varints.
 */
#ifndef WEIR_STATE_VERSION_H
#define WEIR_STATE_VERSION_H

#include "state/memtable.h"
#include "state/store_frame.h"

enum edit_kind {
	EDIT_RESET = 1,
	EDIT_CLEAR,
	EDIT_DROP,
	EDIT_DROP_MAP
};

/* The edits for what was dropped in a table of changes. */
void edit_put_drops(struct buf *edits, const struct memtable *changes);

/* Applies edits to what the journals hold. False: those are no edits. */
bool edit_apply(struct str edits, struct memtable **held);

/*
 * Entries as bodies of DELTA frames: a byte, 'S' map bucket, 'P' key value,
 * 'D' key. A body begins with a section.
 */
void delta_put(struct frame_sink *s, const struct memtable *m,
    const struct memtable *hidden_by); /* NULL: nothing is */
bool delta_apply(struct str body, struct memtable *held);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Positions of inputs: how far each has been applied, as a commit notes it,
 * and how a later run goes on from there.
 */
#ifndef WEIR_RUN_POSITION_H
#define WEIR_RUN_POSITION_H

#include "run/note.h"
#include "run/turn.h"

/* All inputs, as one packed value: what stands under "inputs" in the note. */
void positions_note(const struct turn *turns, unsigned n, struct buf *out);

/*
 * Gives the turns their places, watermarks and rows to be passed over. note:
 * all that a commit noted. Nothing has been opened yet.
 */
int positions_take(
    struct note note, struct turn *turns, unsigned n, struct err *err);

/* The input has been opened: it goes on at its place. 0, or -1 and *err. */
int position_resume(struct turn *t, struct err *err);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Positions of inputs: how far each has been applied, as a commit notes it,
 * and how a later run goes on from there. A turn reads the files of its trail
 * (trail.h) one after another; which these are has been found out when the
 * run began (resume.h).
 */
#ifndef WEIR_RUN_POSITION_H
#define WEIR_RUN_POSITION_H

#include "run/note.h"
#include "run/sources.h"

/* All inputs, as one packed value: what stands under "inputs" in the note. */
void positions_note(struct sources *s, struct buf *out);

/* Gives a turn its place and watermark. Nothing has been opened yet. */
void position_take(struct turn *t, struct trail *trail);

/*
 * Its input is about to be opened: sees to the name that its file has now. 0,
 * or -1 and *err: the file cannot be found.
 */
int position_begin(struct turn *t, struct sources *s, struct err *err);

/*
 * Has reading failed, where the next try may give more? Then the run is to end
 * at once, as if it was killed: if what follows was taken first, the rest would
 * be late. *err, unless there is one; only with positions.
 */
bool position_cut_off(struct turn *t, struct err *err);

/* The input has been opened: it goes on at its place. 0, or -1 and *err. */
int position_resume(struct turn *t, struct sources *s, struct err *err);

/*
 * Files that come after the one at hand have something in them: nobody adds
 * to it any more.
 */
bool position_is_over(const struct turn *t);

/* What was read has ended (a generation, a file). damaged: too early. */
void position_end(struct turn *t, struct sources *s, bool damaged);

/* The next file of the trail, which is to be opened; false: there is none. */
bool position_next(struct turn *t);

#endif

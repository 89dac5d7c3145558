/* SPDX-License-Identifier: MIT */
/*
 * An output of several files: which one a row goes to is told by its values
 * and its event time (plan_output.target), and a file may be cut into numbered
 * parts when it is large enough or when event time has gone on (roll).
 *
 * Every file is written under another name beside its own and renamed when it
 * is whole: at the end, or when it is cut. Only so many are open at a time;
 * the one not written to for longest is closed and opened again when there is
 * more for it. What is in which file depends on the rows and their order alone.
 */
#ifndef WEIR_RUN_PARTITION_H
#define WEIR_RUN_PARTITION_H

#include "plan/plan.h"
#include "run/note.h"
#include "state/store.h"

struct partitions;

/* spec: of the encoders; it must live on. */
struct partitions *partitions_new(
    const struct plan_output *plan, const struct encode_spec *spec);
void partitions_free(struct partitions *p);

/*
 * Writes the selected rows of a batch; view: the same with the columns that
 * are written.
 */
void partitions_rows(
    struct partitions *p, const struct batch *b, const struct batch *view);

/* Something could not be written: more rows are of no use. */
bool partitions_failed(const struct partitions *p);

/*
 * Ends all files. keep: they get their names if all of them could be written;
 * otherwise those not yet named are removed. *bytes: all that was written is
 * added. -1 and *err if anything failed, now or before.
 */
int partitions_close(
    struct partitions *p, bool keep, uint64_t *bytes, struct err *err);

/* ---- with a state directory: see outputs.h, partition_kept.c ---- */

/* Of the store; those of steps count from 1. */
#define PARTS_MAP 0x40000001u

/* Files are carried from run to run. label: of the output; must live on. */
void partitions_keep(
    struct partitions *p, struct store *store, struct str label);

/*
 * At the beginning of a run, whatever outputs it has: files get the names that
 * the last commit noted for them; after a crash (see partitions_crashed) they
 * are cut back to what it knows of them.
 */
int partitions_rename(struct note own, struct err *err);
void partitions_take_back(struct store *store);

/* The run before did not end in order. */
void partitions_crashed(struct partitions *p);

/* For tests: the state speaks of so many files. */
void partition_torture(size_t kept);

/* Are there rows that a commit would lose? */
bool partitions_hold(const struct partitions *p);

/* A commit: see outputs.h. */
void partitions_cut(struct partitions *p, bool end);
/* Adds "renamings" and its value to a packed map. */
void partitions_note(const struct partitions *p, struct buf *out);
void partitions_sync(const struct partitions *p, struct buf *fds);
void partitions_publish(struct partitions *p);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What a store consists of beside what its journal holds: runs, the oldest
 * first, each with the sections of it that are dead. Commits change it by
 * edits, a byte and varints each, that are applied in order:
 *
 *   EDIT_RESET                 nothing is held, there are no runs
 *   EDIT_CLEAR                 what the journal held is in a run
 *   EDIT_DROP map bucket       what there is of the section is dead
 *   EDIT_DROP_MAP map          … of all sections of the map
 *   EDIT_ADD RUN               a new run, newer than all others
 *   EDIT_MERGE n number… n RUN…
 *                              runs that follow one another are replaced
 *
 *   EDIT_PART map bucket key n (number at)… n RUN…
 *                              of runs that follow one another counts what is
 *                              behind the key (and, in the file, behind a
 *                              place); new ones below them have the rest
 *
 *   RUN = number bytes footer_crc entries n (map bucket)… of dead sections
 *
 * Entries that a commit has inline are applied behind its edits.
 */
#ifndef WEIR_STATE_VERSION_H
#define WEIR_STATE_VERSION_H

#include <stdatomic.h>

#include "state/memtable.h"
#include "state/run_file.h"
#include "state/store_frame.h"

enum edit_kind {
	EDIT_RESET = 1,
	EDIT_CLEAR,
	EDIT_DROP,
	EDIT_DROP_MAP,
	EDIT_ADD,
	EDIT_MERGE,
	EDIT_PART
};

struct section_name {
	unsigned map;
	int64_t bucket;
};

/* Sections by name, sorted. */
struct section_set {
	struct section_name *p;
	size_t n, cap;
};

bool section_set_has(const struct section_set *s, unsigned map, int64_t bucket);
void section_set_add(struct section_set *s, unsigned map, int64_t bucket);

/* An open run; scans and versions share it. */
struct run_handle {
	struct run_file *file;
	atomic_uint users; /* the writer looks on while the owner goes on */
};

struct run_handle *run_handle_new(struct run_file *file); /* one user */
void run_handle_leave(struct run_handle *h);		  /* NULL is fine */

struct version_run {
	uint64_t number, bytes, n_entries;
	uint32_t footer_crc;
	bool asked; /* what it covers is known: run_file_covers */
	uint64_t covers;
	struct section_set dead;
	struct run_handle *handle; /* NULL: not open */
	/* What counts of it, and the byte of the file to read that from. */
	struct run_mark mark;
	uint64_t at;
	/*
	 * Maps that were dropped while it was not open. Once it is, they are
	 * in dead.
	 */
	unsigned *maps;
	size_t n_maps, cap_maps;
};

struct version {
	struct version_run *runs; /* the oldest first */
	size_t n, cap;
};

void version_release(struct version *v);

/* A copy that shares the runs, all of which are open. */
void version_copy(struct version *to, const struct version *from);

/* The run is open now: its dead sections are those it has. */
void version_opened(struct version_run *r, struct run_handle *h);

/* Are all sections of an open run dead? */
bool version_run_is_dead(const struct version_run *r);

/* The index of a run, or v->n. */
size_t version_find(const struct version *v, uint64_t number);

/* May an entry of the section be in a run that is open? */
bool version_has(const struct version *v, unsigned map, int64_t bucket);

/* Has the run the section, and is it not dead there? */
bool version_run_has(const struct version_run *r, unsigned map, int64_t bucket);

/* Bytes of a run, an open one, that are of dead sections or merged. */
uint64_t version_dead_bytes(const struct version_run *r);

/* Is a merge of the run and the one before under way, or was it? */
bool version_same_part(
    const struct version_run *a, const struct version_run *b);

/* Come all keys that count of run i behind those of the run before? */
bool version_follows(const struct version *v, size_t i);

/* Has any run been merged in part? */
bool version_has_parts(const struct version *v);

/* ---- edits ---- */

/* The edits for what was dropped in a table of changes. */
void edit_put_drops(struct buf *edits, const struct memtable *changes);
void edit_put_add(struct buf *edits, const struct version_run *r);
void edit_put_merge(struct buf *edits, const uint64_t *gone, size_t n_gone,
    const struct version_run *come, size_t n_come);

/* Of n runs what is behind the mark counts; `come` have the rest. */
void edit_put_part(struct buf *edits, const struct run_mark *mark,
    const uint64_t *numbers, const uint64_t *at, size_t n,
    const struct version_run *come, size_t n_come);

/* RESET, and everything there is. */
void edit_put_all(struct buf *edits, const struct version *v);

/*
 * Applies edits to a version and to what the journal holds (held may be
 * NULL). False: those are no edits, or they do not fit. Numbers of runs that
 * are gone are added to *gone (an array of 8-byte numbers; may be NULL).
 */
bool edit_apply(struct str edits, struct version *v, struct memtable **held,
    struct buf *gone);

/* ---- entries ---- */

/*
 * Entries as bodies of DELTA frames: a byte, 'S' map bucket, 'P' key value,
 * 'D' key. A body begins with a section.
 */
void delta_put(struct frame_sink *s, const struct memtable *m,
    const struct memtable *hidden_by); /* NULL: nothing is */
bool delta_apply(struct str body, struct memtable *held);

#endif

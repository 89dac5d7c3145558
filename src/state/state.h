/* SPDX-License-Identifier: MIT */
/*
 * What steps keep: between them and the store (store.h).
 *
 * A step's state is a set of maps with names of its own ("cells", "rows" …).
 * Two ways to be kept, and nothing else survives a run:
 *
 * - Tables (table.h) whose cells are written down by a codec: table_keep binds
 *   one to a bucket of a map. From then on its cells are found in the store
 *   when they are missed in memory, what has changed is noticed (table_cell
 *   and table_cells mark what they return) and goes out at the next cut, and
 *   clean cells may be evicted when memory is short.
 * - Everything else: the step puts and deletes entries itself, as things
 *   happen or in op_kind.save, which is called at every cut.
 *
 * Without a state directory and without a memory limit there is no
 * state_step (NULL), and steps do nothing of this.
 *
 * Schema. A step says what its state means as parts: texts that are compared
 * with those it was written with. A fixed part (keys, window) that differs
 * means that the state cannot be used; of the others (aggregates) some may be
 * new and some gone. The versions there have been are kept, so a value can say
 * (by a number) with which parts it was written.
 */
#ifndef WEIR_STATE_STATE_H
#define WEIR_STATE_STATE_H

#include "base/arena.h"
#include "base/err.h"
#include "state/store.h"

struct state;
struct state_step;
struct state_map;

/* ---- schema ---- */

struct schema_part {
	struct str what; /* "keys", "window", "aggregate": for messages */
	struct str text; /* in canonical form: node_print */
	bool fixed;
};

/* Filled by op_kind.schema; texts live in the arena. */
struct schema {
	struct arena *arena;
	struct schema_part *parts;
	unsigned n, cap;
};

void schema_add(
    struct schema *s, const char *what, struct str text, bool fixed);

/* What becomes of a step's state, or of a part of it. */
enum schema_fate {
	SCHEMA_KEPT,
	SCHEMA_ADDED,	/* the part is new: begins empty */
	SCHEMA_DROPPED, /* the part is gone */
	SCHEMA_REFUSED, /* a fixed part differs */
	SCHEMA_NEW,	/* the step had no state */
	SCHEMA_GONE	/* the step is no longer there */
};

/* ---- the run's side ---- */

struct state_options {
	size_t memory; /* bytes of kept tables in memory; SIZE_MAX: any */
};

/*
 * Of so much memory (0: any): what the store gets for its blocks and for what
 * is being written, and what is left for tables.
 */
void state_share(
    size_t most, struct store_options *store, struct state_options *state);

/* The store stays the caller's. Reads the schema. NULL and *err. */
struct state *state_new(
    struct store *store, const struct state_options *options, struct err *err);
void state_free(struct state *s);

/*
 * The whole pipeline as a spec, for `weir state dump`: kept with the schema,
 * where nothing compares it. state_spec: that of the last run; n == 0: none.
 * Valid as long as the state.
 */
void state_describe(struct state *s, struct str spec);
struct str state_spec(const struct state *s);

/*
 * The share of the step of that name and kind. ERR_STATE if what is kept of it
 * does not fit (the message shows both texts), unless `reset`: then it is
 * dropped. Called once per step, before state_ready.
 */
struct state_step *state_step(struct state *s, struct str name,
    const char *kind, const struct schema *schema, bool reset, struct err *err);

/*
 * All steps are there: what belongs to none is dropped if `drop`, else an
 * error names it. *changes: lines that say what was added and dropped.
 */
int state_ready(
    struct state *s, bool drop, struct buf *changes, struct err *err);

/*
 * Compares only: `say` is called for every step and part that is not as it
 * was, and for those that are kept. 0, or -1 and *err: the text is no schema.
 */
struct schema_step {
	struct str name;
	const char *kind;
	struct schema schema;
};
int state_compare(struct str stored_schema, const struct schema_step *steps,
    unsigned n,
    void (*say)(void *arg, enum schema_fate fate, struct str step,
	struct str what, struct str was, struct str is),
    void *arg, struct err *err);

/* Puts all cells that have changed: what a commit needs, and nothing else. */
void state_cut(struct state *s);

/*
 * For a cut that is due, asked after every batch from then on: puts some of
 * the cells that have changed. True once few are left, so that the cut itself
 * takes no time to speak of.
 */
bool state_prepare(struct state *s);

/*
 * Is it worth while to ask for the keys of many batches at once? True if many
 * have been looked for in the store since the last call, or, at first, if it
 * has more than what a short run leaves.
 */
bool state_is_asked(struct state *s);

/* Between batches: sees to it that memory does not exceed the limit. */
void state_settle(struct state *s);

/*
 * True once the state cannot go on: the store has failed, or a value cannot be
 * read, or memory does not suffice. Asked after every batch, and before what
 * was computed leaves for good. *err gets a copy.
 */
bool state_failed(struct state *s, struct err *err);

/*
 * For tests: whenever the state settles, everything is evicted that can be,
 * and steps believe that memory is short.
 */
void state_torture(bool evict);

/* Bytes of memory that kept tables and what steps hold have. */
size_t state_memory(const struct state *s);

/* ---- a step's side ---- */

/* A map of the step by name; the same for every call. */
struct state_map *state_map(struct state_step *s, const char *name);

/*
 * Parts of version v of the step's schema; the version it has now. A value
 * that was written with parts that differ begins with the version's number.
 */
unsigned state_version(const struct state_step *s);
const struct schema_part *state_parts(
    const struct state_step *s, unsigned version, unsigned *n);

/*
 * The number, among the parts of version v, of what is the nth part now; -1:
 * it was not there, or was gone in between. What an old value says of it is
 * taken over, what it does not say begins empty.
 */
int state_part_of(const struct state_step *s, unsigned version, unsigned nth);

/*
 * The step has so many bytes in memory besides its tables, which cannot be
 * evicted: they count against the limit.
 */
void state_hold(struct state_step *s, size_t bytes);

/*
 * In the midst of something that takes long: false if what the step holds is
 * more than the limit. Then the run ends, and the step need not go on.
 */
bool state_can_hold(struct state_step *s);

/*
 * Would `more` bytes, which are better not evicted again soon, take a large
 * part of the memory there is? Then the step does without copies of what it
 * has, and does not load what it can walk over.
 */
bool state_is_tight(const struct state_step *s, size_t more);

/*
 * Bytes that the step may have in memory besides its tables before it puts them
 * into the state; SIZE_MAX: any.
 */
size_t state_room(const struct state_step *s);

/* Is anything kept of the step from an earlier run? */
bool state_had(const struct state_step *s);

void state_put(
    struct state_map *m, int64_t bucket, struct str key, struct str value);
void state_delete(struct state_map *m, int64_t bucket, struct str key);
void state_drop(struct state_map *m, int64_t bucket);
enum store_found state_get(
    struct state_map *m, int64_t bucket, struct str key, struct buf *out);
size_t state_buckets(struct state_map *m, int64_t **out);
struct store_scan *state_scan(struct state_map *m, int64_t bucket);
struct store *state_store(const struct state_map *m);
unsigned state_map_number(const struct state_map *m);

/* The key of a whole number, of a text; the bytes live in the buffer. */
struct str state_key_number(struct buf *scratch, uint64_t n);
struct str state_key_text(struct buf *scratch, const char *name);

/*
 * What was read cannot be what was put (a value that its codec does not
 * understand): the store fails, the run ends with ERR_STATE.
 */
void state_damaged(struct state_map *m, int64_t bucket, struct str key);

#endif

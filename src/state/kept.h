/* SPDX-License-Identifier: MIT */
/*
 * What the files of this folder know of one another: a state's share of its
 * tables.
 *
 * A kept table is in the list of its state as long as it lives. Those whose
 * cells have changed, or may have grown, since the state settled last are also
 * in the list of busy ones, so what a batch costs does not depend on how many
 * tables there are.
 */
#ifndef WEIR_STATE_KEPT_H
#define WEIR_STATE_KEPT_H

#include "data/batch.h"
#include "state/table.h"

/* Memory that a table had when the current one was full; the oldest first. */
struct generation {
	struct arena arena, heap;
	size_t n; /* cells in it, of those that follow one another */
};

struct kept {
	struct table *table;
	struct state *state;
	struct state_map *map;
	int64_t bucket;
	const struct cell_codec *codec;
	void *arg;
	/* Some entries of the bucket may not be in memory. */
	bool partial;
	bool pieces; /* cells may be begun as pieces */
	bool grows;  /* though there is memory for all */
	bool put;    /* some entry was put: there is something to drop */
	size_t busy; /* place in the list of busy ones + 1; 0: not in it */
	/*
	 * Cells that have changed: listed, or, where memory is limited and
	 * cells move, found by going over all of them from the hand on.
	 */
	bool listed;
	struct cell **changed;
	size_t n_changed, cap_changed;
	size_t hand;
	struct generation *old;
	size_t n_old, cap_old;
	size_t bytes;	       /* as counted by the state */
	size_t held;	       /* of table->held what closed generations have */
	struct absent *absent; /* what table_fetch has not found, or NULL */
	size_t place;	       /* in the list of all */
};

struct schema_version {
	struct schema_part *parts;
	unsigned n;
};

struct state_map {
	struct state_map *next; /* of the step */
	struct state_step *step;
	struct str name;
	unsigned number;
	const struct piecewise *pieces; /* NULL: its entries have none */
};

/* How pieces become cells. */
struct piecewise {
	const struct cell_codec *codec;
	void *arg;
	unsigned cell_bytes;
	bool grows;
};

struct state_step {
	struct state *state;
	struct str name, kind;
	struct state_map *maps;
	struct schema_version *versions; /* the last one is that of now */
	size_t n_versions, cap_versions;
	bool had;     /* an earlier run kept it */
	bool claimed; /* this run has it */
	size_t held;  /* bytes it says it holds, which cannot be evicted */
};

struct state {
	struct store *store;
	struct state_options options;
	struct arena arena;
	struct state_step **steps;
	size_t n_steps, cap_steps;
	unsigned next_map;
	struct str spec; /* of the pipeline; n == 0: not known */
	bool schema_changed;
	struct buf changes; /* what was added and dropped: lines */
	struct err failed;  /* message NULL: nothing has */

	struct kept **kept;
	size_t n_kept, cap_kept;
	struct kept **busy;
	size_t n_busy, cap_busy;
	size_t n_changed; /* cells of all tables */
	size_t bytes;	  /* of all tables */
	size_t hand;	  /* where eviction goes on */
	struct buf scratch;
	struct str *keys, *values; /* of misses */
	uint64_t *hashes;
	size_t n_keys, cap_keys, cap_values, cap_hashes;
	size_t n_asked; /* misses since state_is_asked, */
	bool was_asked; /* which has been called before */
};

/* ---- schemas ---- */

/* Reads the text of all schemas into steps. False: it is none. */
bool schema_read(struct state *s, struct str text);
void schema_write(const struct state *s, struct buf *out);

struct schema_said {
	enum schema_fate fate;
	struct str what, was, is;
};

/*
 * What becomes of parts; a list in the arena. Returns the worst fate:
 * SCHEMA_REFUSED, or SCHEMA_KEPT.
 */
enum schema_fate schema_diff(const struct schema_version *was,
    const struct schema_part *parts, unsigned n, struct arena *a,
    struct schema_said **out, size_t *n_out);

/* ---- tables ---- */

void kept_changed(struct kept *k, struct cell *c);
void kept_busy(struct kept *k);

void kept_idle(struct kept *k);

/* Puts up to so many of the cells that have changed. */
void kept_put_some(struct kept *k, size_t max);

/* Is memory limited? */
bool state_evicts(const struct state *s);

/* Counts the table's memory anew. */
void kept_count(struct kept *k);

/* A table of the list goes: its share of the memory is given back. */
void kept_free(struct table *t);

/*
 * Evicts cells of one generation that were not used since the last time.
 * False if there was nothing that can be evicted.
 */
bool kept_evict(struct kept *k);
/* All is put: if its cells grow (table_pieces) and are many, they leave. */
void kept_let_grown_go(struct kept *k);

/*
 * So many bytes are needed for each of its cells that are in memory: evicts
 * some of them, if need be.
 */
void kept_make_room(struct kept *k, size_t bytes);

/* Appends the cell's value. */
void kept_write(const struct kept *k, const struct cell *c, struct buf *out);

/* Reads it into a cell of t, which has the codec of k; says so if it can't. */
bool kept_read(
    struct kept *k, struct table *t, struct cell *c, struct str value);

/* Keys that the store has no entry of (absent.c). */
void absent_add(struct kept *k, struct str key, uint64_t hash);
size_t absent_count(const struct kept *k);
bool absent_has(const struct kept *k, struct str key, uint64_t hash);
void absent_forget(struct kept *k);
void absent_free(struct kept *k);

/* The slow ways of table_find, table_cell and table_cells. */
struct cell *kept_find(struct kept *k, struct str key, uint64_t hash);
void kept_cells(struct kept *k, const struct str *keys, const uint64_t *hashes,
    const uint16_t *ix, unsigned n, bool to_add, char **out);

/* What the store has of a key becomes a cell. */
bool kept_take_back(
    struct kept *k, struct str key, uint64_t hash, struct str value);
/* Looks for those cells that are NULL; those there are get made. */
void kept_fetch_missing(struct kept *k, const struct str *keys,
    const uint64_t *hashes, const uint16_t *ix, unsigned n,
    struct cell *const *cells);

/* ---- pieces (table_pieces.c) ---- */

/* What the store has of its key comes before what the cell has. */
void kept_complete(struct kept *k, struct cell *c);
/* The same, given that. */
void kept_join(struct kept *k, struct cell *c, struct str value);
/* The store has nothing of it: it is whole from now on. */
void kept_end_piece(struct kept *k, struct cell *c);
/* Adds a piece in memory, which stays what it is, to a loose cell. */
void kept_add_piece(
    struct kept *k, struct table *loose, struct cell *to, const struct cell *c);
/* Appends what it has to the store: from now on it has nothing. */
void kept_append(struct kept *k, struct cell *c);
/* The whole cell has been put: a piece that is in memory goes. */
void kept_drop_piece(struct kept *k, const struct cell *whole);
/* The cell is not, or no longer, to be put. */
void kept_unchanged(struct kept *k, struct cell *c);

/* table.c and table_sort.c, for these files. */
struct cell *table_find_here(
    const struct table *t, struct str key, uint64_t hash);
/* How many of n cells are not in memory: NULL there. */
unsigned table_find_all(const struct table *t, const struct str *keys,
    const uint64_t *hashes, const uint16_t *ix, unsigned n, struct cell **out);
/* The cell in memory, made if there is none; room was reserved. */
struct cell *table_make(struct table *t, struct str key, uint64_t hash);
/* A cell that is neither in the list nor in the index; puts it into one. */
struct cell *table_alloc(struct table *t, struct str key, uint64_t hash);
void table_push(struct table *t, struct cell *c);
void table_reserve(struct table *t, size_t n);
/* Gives up what room there is for many more cells than there are. */
void table_shrink(struct table *t);
void table_unlink(struct table *t, struct cell *c);
/* The same of many cells, without a look at their neighbours. */
void table_vacate(struct table *t, struct cell *c);
/* The cell's slot will be asked for soon. */
void table_near(const struct table *t, const struct cell *c);
void table_relink(struct table *t, struct cell *old, struct cell *new);
struct cell **table_sorted_here(const struct table *t, struct arena *a);

#endif

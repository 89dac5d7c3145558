/* SPDX-License-Identifier: MIT */
/*
 * Keyed cells: what a stateful step remembers per key.
 *
 * A table maps keys (bytes made by data/key.h) to cells. A cell is a fixed
 * number of bytes (the accumulators of a step), zeroed when it is made, that
 * never moves; what grows with the data hangs off it in the table's heap, an
 * arena. A table belongs to one slice of event time and is dropped as a
 * whole: there is no expiry per key.
 */
#ifndef WEIR_STATE_TABLE_H
#define WEIR_STATE_TABLE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "state/index.h"
#include "state/state.h"

struct cell {
	uint64_t hash; /* hash_bytes of the key, where the table is kept */
	uint32_t key_len : 31;
	uint32_t piece : 1;	   /* the store may have what came before it */
	uint32_t revision : 26;	   /* times its result was written */
	uint32_t used : 2;	   /* of late; kept tables alone have these */
	uint32_t changed : 1;	   /* since it was put */
	uint32_t stored : 1;	   /* the store has an entry of the key */
	uint32_t gone : 1;	   /* removed */
	uint32_t loose : 1;	   /* of a walk: not in the table */
	_Alignas(16) char bytes[]; /* accumulators, then the key */
};

/*
 * Pieces. Who only adds to cells need not know what they have: where memory is
 * limited, or cells grow, a cell that is not in memory is not read but begun
 * anew, as a piece of what the store has, and appended to that when it is
 * evicted. Whatever is to be known of a cell is put together first: all that is
 * got by other means than table_cells_to_add is whole.
 */

struct kept;

struct table {
	struct index index;  /* of struct cell */
	unsigned cell_bytes; /* accumulators, a multiple of 8 */
	struct cell **cells; /* in order of arrival; some may be gone */
	size_t n, cap;
	size_t n_gone;
	size_t n_vacant;    /* slots of cells that were evicted (table.c) */
	size_t n_made;	    /* cells of keys that were new, ever, or pieces */
	struct arena arena; /* the cells */
	struct arena heap;  /* what hangs off them */
	struct kept *kept;  /* NULL: lives in memory alone */
	size_t held; /* bytes of cells that are elsewhere: the owner counts */
	/*
	 * Set by the owner: nothing hangs off cells in the heap and nothing
	 * points to them while table_remove or eviction goes on, so they can
	 * be copied to another place (and are not dropped by their codec then).
	 */
	bool flat;
};

/* No memory is taken before the first key. */
void table_init(struct table *t, unsigned cell_bytes);
void table_release(struct table *t);

static inline struct str
cell_key(const struct table *t, const struct cell *c)
{
	return (struct str){c->bytes + t->cell_bytes, c->key_len};
}

/* The cell of a key, made if there is none. */
struct cell *table_cell(struct table *t, struct str key, uint64_t hash);

/* The cell of a key or NULL. */
struct cell *table_find(const struct table *t, struct str key, uint64_t hash);

/*
 * Cells of n keys at once (made where missing), by index: keys[ix[k]]. out[k]
 * is the address of the cell's bytes. Look-ups are prefetched.
 */
void table_cells(struct table *t, const struct str *keys,
    const uint64_t *hashes, const uint16_t *ix, unsigned n, char **out);

/*
 * These keys will be asked for one by one: what the store has of them is
 * brought into memory, all at once. Nothing is made, and nothing counts as
 * changed. That a key is not there is known until a cell is evicted, so it is
 * not looked for again.
 */
void table_fetch(struct table *t, const struct str *keys,
    const uint64_t *hashes, unsigned n);

/*
 * The same of several lists, of up to BATCH_ROWS keys each. more: what was
 * found out by the last call still counts.
 */
struct table_keys {
	const struct str *keys;
	const uint64_t *hashes;
	unsigned n;
};
void table_fetch_all(
    struct table *t, const struct table_keys *lists, unsigned n, bool more);

/* The cell whose bytes these are. */
static inline struct cell *
cell_of_bytes(char *bytes)
{
	return (struct cell *)(void *)(bytes - sizeof(struct cell));
}

/* ---- kept tables (state.h) ---- */

/* How the cells of a table are written down. */
struct cell_codec {
	/* The accumulators and what hangs off them, as bytes. */
	void (*save)(void *arg, const struct table *t, const struct cell *c,
	    struct buf *out);
	/*
	 * Into a zeroed cell. False: those are not bytes that save wrote. Of a
	 * cell that is a piece `piece` is set, here and in save; load takes it
	 * away if what it finds is a cell that is whole.
	 */
	bool (*load)(
	    void *arg, struct table *t, struct cell *c, struct str bytes);
	/*
	 * NULL, or: the cell's memory is about to be used for something else
	 * (it was evicted, or moved: another has been loaded in its place).
	 */
	void (*drop)(void *arg, struct table *t, struct cell *c);
	/*
	 * Nothing points to a cell or what hangs off it between two batches: it
	 * may be evicted.
	 */
	bool movable;
	/*
	 * NULL, or: adds to a cell what came behind that: a piece to any, a
	 * whole one to one that is whole, too. With load and save it is also
	 * called in other threads, for cells of no table of the step: then
	 * nothing of arg is changed.
	 */
	void (*merge)(void *arg, struct table *t, struct cell *into,
	    const struct cell *from);
	/*
	 * NULL, or: the cell is about to be written down, and may put into the
	 * state what is better there by itself.
	 */
	void (*shed)(
	    void *arg, int64_t bucket, struct table *t, struct cell *c);
	/*
	 * NULL: a piece that nothing came before is the same as a whole cell,
	 * or: makes it that. `piece` is still set.
	 */
	void (*end_piece)(void *arg, struct table *t, struct cell *c);
	/*
	 * NULL, or: makes what points to cells of the table let go of them, for
	 * some are to be evicted. False: it cannot now, and none is.
	 */
	bool (*let_go)(void *arg);
};

/* A codec's save and load where that the key is there says it all. */
void table_save_nothing(
    void *arg, const struct table *t, const struct cell *c, struct buf *out);
bool table_load_nothing(
    void *arg, struct table *t, struct cell *c, struct str bytes);

/*
 * From now on there may be pieces among the entries of the map, whose cells
 * have so many bytes: what they are together is found by the codec, here and
 * where runs are merged, until table_pieces_end. Before table_keep.
 * grows: a cell may be large, and what is added to it little: there are pieces
 * even if there is memory for all, and the cells of a large table leave it
 * when they have been put, so that no commit puts all of them again.
 */
void table_pieces(struct state_map *map, const struct cell_codec *codec,
    void *arg, unsigned cell_bytes, bool grows);
void table_pieces_end(struct state_map *map);

/*
 * As table_cells, of cells that are only added to, in a way that merge makes
 * up for: pieces will do.
 */
void table_cells_to_add(struct table *t, const struct str *keys,
    const uint64_t *hashes, const uint16_t *ix, unsigned n, char **out);

/*
 * What the store has of these cells, as table_cells_to_add gave them, is got
 * at once: none is a piece any more.
 */
void table_complete(struct table *t, char *const *cells, unsigned n);

/*
 * Binds an empty table, which stays where it is, to a bucket of a map: cells
 * are looked for in the store when they are not in memory; those handed out by
 * table_cell and table_cells count as changed and are put at the next cut.
 * Hashes are hash_bytes of the keys. codec and arg must outlive the table.
 * The cells there are in memory are those that `cells` lists.
 */
void table_keep(struct table *t, struct state_map *map, int64_t bucket,
    const struct cell_codec *codec, void *arg);

/* Of an entry of a kept table's bucket: the bytes that the codec has saved. */
bool table_saved(struct str entry, struct str *saved);

/* Forgets the table and drops its bucket: its entries are gone for good.
 * (table_release leaves what is kept alone.) */
void table_drop(struct table *t);

/* A cell that was got by table_find, or by a walk, or earlier, is changed. */
void table_touch(struct table *t, struct cell *c);

/*
 * In the midst of something that may need many cells: evicts some if memory is
 * short. Nothing may point to cells of the table, as between two batches.
 */
void table_settle(struct table *t);

/*
 * In the midst of something that needs many cells at once: false if they are
 * more than the limit allows. Then the run ends, and its owner need not go on.
 */
bool table_can_hold(struct table *t);

/*
 * Takes one cell out, of the store too. Nothing may point to it. It stays in
 * the list of cells for a while, as `gone`; its memory is freed with the
 * table's, or by eviction, or, in a flat table, when many are gone.
 */
void table_remove(struct table *t, struct cell *c);

/* Brings all kept cells into memory; none that it lists then is gone. */
void table_load(struct table *t);

/* Are all its cells in memory? */
bool table_is_whole(const struct table *t);

/*
 * All cells in order of their keys, one after another, without having more of
 * them in memory than the limit allows: the cell is valid until the next call
 * or, once table_walk_keep was called, until table_walk_forget. Nothing is
 * added to the table meanwhile. Nothing may point to a movable cell of the
 * table when a walk begins.
 */
struct table_walk;
struct table_walk *table_walk_begin(struct table *t);
struct cell *table_walk_next(struct table_walk *w);
void table_walk_end(struct table_walk *w);
/* The key of the next cell, valid until that is asked for; false: the end. */
bool table_walk_peek(struct table_walk *w, struct str *key);
void table_walk_keep(struct table_walk *w);
void table_walk_forget(struct table_walk *w);
/* Bytes of cells that are there only until they are forgotten. */
size_t table_walk_held(const struct table_walk *w);

/*
 * All cells ordered by key (type order, strings bytewise), loaded if they are
 * not in memory, without those that are gone: t->n - t->n_gone. The array
 * lives in the arena.
 */
struct cell **table_sorted(const struct table *t, struct arena *a);

#endif

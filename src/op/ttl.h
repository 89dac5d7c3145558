/* SPDX-License-Identifier: MIT */
/*
 * Cells that are forgotten: those of keys of which no record has come for so
 * much event time (Flink: state TTL, there by the clock; updated when a key's
 * state is made or written, never returned once it has expired).
 *
 * A cell bears a stamp, the time of its key's latest record (or the watermark
 * that had come by then, if that was later), and is forgotten when the
 * watermark reaches the stamp plus the time to live: exactly then, so results
 * do not depend on when memory is tidied up. Cells are in tables by stamp, each
 * for as long as cells live, so that what has expired is dropped a table at a
 * time.
 *
 * Results of a group without a window have no time of their own (WHEN_LAST):
 * then the watermark counts alone. What came before there was one is kept.
 *
 * Cells that cannot go from table to table, because rows hang off them, stay
 * where they are; then their keys are what is kept here (ttl_keys), and the
 * step is told which to forget.
 */
#ifndef WEIR_OP_TTL_H
#define WEIR_OP_TTL_H

#include "op/op.h"
#include "state/table.h"

struct ttl_table;

struct ttl_cells {
	int64_t ttl;
	unsigned cell_bytes; /* without the stamp, which follows */
	const struct cell_codec *codec;
	void *arg;
	struct ttl_table **tables; /* by time */
	size_t n, cap;
	struct state_map *map; /* NULL: they are in memory alone */
	struct buf scratch;
};

/* codec: of cells without their stamp; it and arg must live on. */
void ttl_init(struct ttl_cells *l, int64_t ttl, unsigned cell_bytes,
    const struct cell_codec *codec, void *arg);
void ttl_release(struct ttl_cells *l);

/* Keeps the cells in a map, and takes back what is there. */
void ttl_keep(struct ttl_cells *l, struct state_map *map);

/*
 * The bytes of the key's cell, zeroed if there was none, or it had expired. A
 * record of that time has come, while the watermark was w: touch moves an
 * older stamp (else only a new cell gets one). *heap: where what hangs off the
 * cell belongs. Valid until the next call.
 */
char *ttl_cell(struct ttl_cells *l, struct str key, int64_t time, int64_t w,
    bool touch, struct arena **heap);

/* The same of a key that is there, and no record has come; else NULL. */
char *ttl_find(struct ttl_cells *l, struct str key, int64_t w);

/* table_settle of all tables. */
void ttl_settle(struct ttl_cells *l);

/* ttl_cell will be called for these keys: keys_fetch for all tables. */
void ttl_fetch(struct ttl_cells *l, const struct batch *b,
    const struct str *list, const uint64_t *hashes, unsigned from, unsigned to);

/* The watermark has risen: what has expired altogether is dropped. */
void ttl_advance(struct ttl_cells *l, int64_t w);

/* Cells in memory. */
uint64_t ttl_count(const struct ttl_cells *l);

struct ttl_keys {
	struct ttl_cells cells;
	/* The key has expired: the step forgets what it has of it, if anything.
	 */
	void (*forget)(void *arg, struct str key, uint64_t hash);
	void *arg;
};

/* ttl 0: nothing is forgotten, and no call below does anything. */
void ttl_keys_init(struct ttl_keys *k, int64_t ttl,
    void (*forget)(void *arg, struct str key, uint64_t hash), void *arg);
void ttl_keys_release(struct ttl_keys *k);

/* Keeps the keys in the step's map "ttl". */
void ttl_keys_keep(struct ttl_keys *k, struct state_step *s);

/* As keys_fetch (keys.h), of the keys that are kept here. */
void ttl_keys_fetch(struct ttl_keys *k, const struct batch *b,
    const struct str *list, const uint64_t *hashes, unsigned from, unsigned to);

/* Before the step looks at what it has of a key: has it expired? */
void ttl_keys_check(
    struct ttl_keys *k, struct str key, uint64_t hash, int64_t w);

/*
 * What the step has of the key has been made or written, by a record of that
 * time. `forget` may call it, too: the key stays for now.
 */
void ttl_keys_touch(
    struct ttl_keys *k, struct str key, int64_t time, int64_t w);

/*
 * Is the key there? From now on it is, and is forgotten so long after it came
 * first. For a step that has nothing else of a key; its forget is NULL.
 */
bool ttl_keys_come(struct ttl_keys *k, struct str key, int64_t time, int64_t w);

/* The watermark has risen. No cell of the step's is in use. */
void ttl_keys_advance(struct ttl_keys *k, int64_t w);

#endif

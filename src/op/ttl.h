/* SPDX-License-Identifier: MIT */
/*
 * Cells that are forgotten: those of keys of which no record has come for so
 * much event time (Flink: state TTL, there by the clock).
 *
 * A cell bears a stamp, the time of its key's latest record (or the watermark
 * that had come by then, if that was later), and is forgotten when the
 * watermark reaches the stamp plus the time to live: exactly then, so results
 * do not depend on when memory is tidied up. Cells are in tables by stamp, each
 * for as long as cells live, so that what has expired is dropped a table at a
 * time.
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

/* ttl_cell will be called for these keys: keys_fetch for all tables. */
void ttl_fetch(struct ttl_cells *l, const struct batch *b,
    const struct str *list, const uint64_t *hashes, unsigned from, unsigned to);

/* The watermark has risen: what has expired altogether is dropped. */
void ttl_advance(struct ttl_cells *l, int64_t w);

/* Cells in memory. */
uint64_t ttl_count(const struct ttl_cells *l);

#endif

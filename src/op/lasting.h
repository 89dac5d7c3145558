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
#ifndef WEIR_OP_LASTING_H
#define WEIR_OP_LASTING_H

#include "op/op.h"
#include "state/table.h"

struct lasting_table;

struct lasting {
	int64_t ttl;
	unsigned cell_bytes; /* without the stamp, which follows */
	const struct cell_codec *codec;
	void *arg;
	struct lasting_table **tables; /* by time */
	size_t n, cap;
	struct state_map *map; /* NULL: they are in memory alone */
	struct buf scratch;
};

/* codec: of cells without their stamp; it and arg must live on. */
void lasting_init(struct lasting *l, int64_t ttl, unsigned cell_bytes,
    const struct cell_codec *codec, void *arg);
void lasting_release(struct lasting *l);

/* Keeps the cells in a map, and takes back what is there. */
void lasting_keep(struct lasting *l, struct state_map *map);

/*
 * The bytes of the key's cell, zeroed if there was none, or it had expired. A
 * record of that time has come, while the watermark was w: touch moves an
 * older stamp (else only a new cell gets one). *heap: where what hangs off the
 * cell belongs. Valid until the next call.
 */
char *lasting_cell(struct lasting *l, struct str key, int64_t time, int64_t w,
    bool touch, struct arena **heap);

/* The watermark has risen: what has expired altogether is dropped. */
void lasting_advance(struct lasting *l, int64_t w);

/* Cells in memory. */
uint64_t lasting_count(const struct lasting *l);

#endif

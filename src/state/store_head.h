/* SPDX-License-Identifier: MIT */
/*
 * Two small files of a store.
 *
 * FORMAT is text: "weir-state", what is needed to read the store (enum
 * format), the number of the store, a checksum. A higher one is a newer
 * program's.
 *
 * HEAD says how far the journals have been synced: two slots of 512 bytes, of
 * odd and of even epochs, written after each commit and never synced. It may
 * lag behind what is there, but never lead: if it does, a journal has lost
 * what was in it. A slot that is not whole says nothing.
 */
#ifndef WEIR_STATE_STORE_HEAD_H
#define WEIR_STATE_STORE_HEAD_H

#include "state/store_dir.h"

enum format_version {
	FORMAT_NONE,
	FORMAT_FIRST,
	FORMAT_PIECES, /* there may be entries of pieces */
	FORMAT_PARTS   /* runs may be merged in part */
};

/* What FORMAT says; version FORMAT_NONE: it is not there. */
struct format {
	uint64_t id;
	enum format_version version;
};

/* Makes it, or puts it in the place of what is there. */
int format_write(
    const struct store_dir *d, const struct format *f, struct err *err);

/* ERR_STATE if it is newer, or none. */
int format_read(const struct store_dir *d, struct format *f, struct err *err);

/* The epoch of the newest whole slot; 0: there is none. */
uint64_t head_epoch(struct str file);

/* How many of the slots that were written are not whole. */
unsigned head_damages(struct str file);

/* The slot for an epoch: 512 bytes are added, *at is their place. */
void head_put(struct buf *out, uint64_t epoch, uint64_t journal, uint64_t end,
    uint64_t *at);

#endif

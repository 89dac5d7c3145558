/* SPDX-License-Identifier: MIT */
/*
 * Finding out what a directory holds: for opening it, checking it, repairing
 * it. Nothing here changes anything.
 */
#ifndef WEIR_STATE_STORE_RECOVER_H
#define WEIR_STATE_STORE_RECOVER_H

#include "state/store_dir.h"
#include "state/store_journal.h"

struct recovery {
	const struct store_dir *dir;
	uint64_t id;	    /* of the store, by FORMAT */
	struct buf names;   /* of all files */
	uint64_t *journals; /* numbers, falling */
	size_t n, cap;
	uint64_t head; /* the epoch that HEAD says was synced */
	struct buf file;
	struct journal_scan scan; /* of the journal that was read last */
};

/* dir and id are set, the rest is zero. Reads HEAD, lists the files. */
int recovery_list(struct recovery *r, struct err *err);
void recovery_release(struct recovery *r);

/* Reads and scans a journal. Damage is no error here. */
int recovery_read(struct recovery *r, uint64_t number, struct err *err);

/*
 * Goes to the newest journal that has a whole commit; *number is 0 if there is
 * none, and nothing says that there was one. ERR_STATE if something is damaged.
 */
int recovery_find(struct recovery *r, uint64_t *number, struct err *err);

#endif

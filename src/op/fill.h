/* SPDX-License-Identifier: MIT */
/* The step fill as it was written: what fill.c and fill_bind.c share. */
#ifndef WEIR_OP_FILL_H
#define WEIR_OP_FILL_H

#include "op/op.h"

enum fill_how {
	FILL_VALUE,
	FILL_PREVIOUS,
	FILL_LINEAR
};

struct fill_column {
	enum fill_how how;
	struct value value;
	unsigned col;
};

/* Slots: the time, the end of the window or NULL, keys, filled columns. */
enum {
	SLOT_TIME,
	SLOT_END,
	SLOT_KEYS
};

struct fill_config {
	int64_t every;
	unsigned time, end; /* columns; COL_RECORD: there is no end */
	unsigned *keys;	    /* columns */
	unsigned n_keys;
	struct fill_column *columns;
	unsigned n_columns;
	bool linear;
	int64_t lateness;
	int64_t ttl; /* µs a key is filled behind its last row; 0 = for ever */
};

int fill_bind(struct op *op, const struct bind *b);

#endif

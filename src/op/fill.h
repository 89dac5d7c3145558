/* SPDX-License-Identifier: MIT */
/*
 * The step fill: what fill.c (rows that are made), fill_bind.c (how it was
 * written), fill_spill.c (where memory is limited) and fill_state.c (what is
 * kept of it) share.
 */
#ifndef WEIR_OP_FILL_H
#define WEIR_OP_FILL_H

#include "op/agenda.h"
#include "op/kept_sort.h"

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

struct fill_cell {
	struct kept_row *last;
	int64_t time; /* of the last row that came out, or was made */
	uint64_t pending;
};

/* A row on its way out. */
struct fill_row {
	int64_t at;   /* its time column */
	int64_t time; /* event time */
	uint64_t arrival;
	struct str key;
	struct value *values; /* of the carried columns */
};

struct fill_run {
	struct op_run run; /* first */
	const struct fill_config *c;
	struct table keys; /* cell: struct fill_cell */
	struct kept kept;
	uint64_t arrivals;
	int64_t most; /* the last time that some key has a row for */
	struct kept_row **pending;
	size_t n_pending, cap_pending;
	struct fill_row *out;
	size_t n_out, cap_out;
	struct arena arena; /* of `out` */
	struct state_step *state;

	bool spills; /* memory is limited */
	int64_t now; /* the watermark that was gone up to */
	/* Rows whose time has not come, for which there was no memory. */
	struct agenda later;
	struct agenda due; /* keys, by the next step there may be a row for */
	struct agenda old; /* keys, by when they may be forgotten */
	struct kept dues;  /* rows that are due: the key is one more slot */
	struct kept rows;  /* on their way out: the time, the key */
	struct kept_sort *sort; /* of them; NULL: `out` has them */
	bool counted; /* cells say how many rows of theirs are pending */
};

static inline struct fill_cell *
fill_cell_of(struct cell *key)
{
	return (void *)key->bytes;
}

int fill_bind(struct op *op, const struct bind *b);

/* ---- fill.c ---- */

/* A row of the key comes out, after rows in the gap before it. */
void fill_pass(struct fill_run *r, struct cell *key, struct kept_row *row);

/* Makes the key's rows up to `until`, and looks for no row behind them. */
void fill_until(struct fill_run *r, struct cell *key, int64_t until);

/* Has the key been quiet for too long? Then makes its rows, and forgets it. */
bool fill_expired(
    const struct fill_run *r, const struct fill_cell *cell, int64_t w);
void fill_forget(struct fill_run *r, struct cell *key);

/* The order in which rows that are due are gone through. */
int fill_order(const struct kept_row *a, const struct kept_row *b);

/* Its time is one, and its other slots are what they should be. */
bool fill_is_sound(const struct kept_row *row);

void fill_pend(struct fill_run *r, struct kept_row *row);

/* ---- fill_spill.c ---- */

/* From now on, if memory is limited, the state has what there is too much of.
 * What an earlier run has put there is here again, if it is not. */
void fill_spill_keep(struct fill_run *r, bool hinted);
void fill_spill_release(struct fill_run *r);

/* fill's advance where memory is limited. */
void fill_spill_advance(struct fill_run *r, int64_t w);

/* The row that was put into `out` last goes to where there is room. */
void fill_spill_row(struct fill_run *r);

/* The key has another last row, or one more that was made. */
void fill_spill_hint(struct fill_run *r, struct cell *key);

/* A codec's let_go. */
bool fill_let_go(void *arg);

/* ---- fill_state.c: hooks of op_kind ---- */

void fill_schema(const struct op *op, struct schema *out);
bool fill_show(struct op_show *s, const struct op_entry *e);
int fill_restore(struct op_run *run, struct state_step *s, struct err *err);
void fill_save(struct op_run *run);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The one structure that flows: up to BATCH_ROWS rows of typed columns, the
 * rows still selected, event time per row, an optional change kind per row,
 * and where the rows came from. Everything in it lives in its arena or in the
 * block of input it was decoded from; batch_reset makes it ready for reuse.
 *
 * Filters do not copy: they shorten the selection. Rows keep their numbers,
 * so a row's place in the input (and the watermark) can be told for filtered
 * rows, too.
 */
#ifndef WEIR_DATA_BATCH_H
#define WEIR_DATA_BATCH_H

#include "base/arena.h"
#include "data/column.h"

/* Change kinds, as in Flink's RowKind. */
enum change {
	CHANGE_INSERT,
	CHANGE_BEFORE,
	CHANGE_AFTER,
	CHANGE_DELETE
};
#define CHANGES 4

/* As Flink prints them: "+I", "-U", "+U", "-D". */
extern const char *const change_names[CHANGES];

/*
 * Reads a change kind: as it is printed, by Flink's long name (INSERT,
 * UPDATE_BEFORE, UPDATE_AFTER, DELETE) or as Debezium has it (c, r, u, d), in
 * any case.
 */
bool change_parse(struct str text, enum change *out);

/* True for rows that take an earlier one back. */
static inline bool
change_takes_back(enum change kind)
{
	return kind == CHANGE_BEFORE || kind == CHANGE_DELETE;
}

/* A record that was not understood. */
struct bad_row {
	struct str raw;	    /* its bytes, in the block (may be cut) */
	const char *place;  /* where in the block it begins, if raw is not
			       there; else NULL */
	const char *reason; /* static, or in the batch's arena */
	uint32_t row;	    /* good rows of this batch before it */
	uint32_t column;    /* byte of the record where it failed, from 1;
			       0 = not known */
	bool branch;	    /* behind a fork: the record counts as used */
};

struct batch {
	struct arena *arena; /* of this batch's columns and slices */

	unsigned n_rows;
	unsigned n_cols;
	struct column *cols;

	uint16_t *sel;	/* row numbers still selected, ascending */
	unsigned n_sel; /* all rows: sel == NULL, n_sel == n_rows */

	int64_t *time; /* event time by row, µs; NULL if the plan needs none */
	/*
	 * enum change by row; NULL = all inserts. In batches made by a step a
	 * CHANGE_BEFORE is directly followed by its CHANGE_AFTER.
	 */
	uint8_t *kind;
	struct str *raw; /* each record's bytes in the block; NULL if the rows
			    come from an operator */
	/*
	 * By row, where in the block a record begins whose bytes in raw are no
	 * slice of it (put together, or inflated); NULL for others, or for all.
	 */
	const char **place;
	bool made; /* by a step, of records that have been counted */

	/* Which of the inputs of the step it goes to the rows belong to. */
	unsigned port;

	/* Where the rows were read; lines are counted when somebody asks. */
	unsigned input;	       /* number of the input */
	const char *block;     /* first byte of the block of input */
	uint64_t block_offset; /* of that byte in the decompressed input */
	uint64_t block_line;   /* line feeds before it (not for files) */
	/*
	 * What a format has to know of the bytes before the block; set before
	 * the block is decoded, and then what is true behind it. Where it is
	 * not 0 the input must not end, unless the format notes contexts: then
	 * the decoder is called once more, with no bytes.
	 */
	uint64_t context;

	struct bad_row *bad;
	size_t n_bad, cap_bad;

	bool lost;    /* the decoder cannot find another record: nothing behind
			 this batch is to be read */
	bool runs_on; /* the last record, a bad one, goes on behind this
			 batch: the next one begins at the next line */

	bool more; /* the batch is full within a record: decode goes on where
		      this one ends, and only behind the record can another
		      decoder begin */

	unsigned n_filtered; /* rows dropped by a condition */

	struct batch_keys *keys; /* made of its rows, the first first */
	/*
	 * Batches that come behind it and are ready, too, if it is the first
	 * of several; behind: it is one of those. What is held of their keys
	 * can be asked for at once.
	 */
	struct batch *const *ahead;
	unsigned n_ahead;
	bool behind;
};

/* Batches that are made ready at once, at most. */
#define BATCHES_AHEAD 32

/* Keys of the selected rows, as key_batch has made them. */
struct batch_keys {
	struct batch_keys *next;
	const struct str *list;
	const uint64_t *hashes;
	unsigned n;
};

/* Notes keys that were made, once more for the same list if it is others. */
void batch_note_keys(
    struct batch *b, const struct str *list, const uint64_t *hashes);

/*
 * The keys of the `nth` batch ahead that were made as those of the list were
 * of this one; NULL if there are none.
 */
const struct batch_keys *batch_keys_ahead(
    const struct batch *b, const struct str *list, unsigned nth);

/* A batch with its own arena. */
struct batch *batch_new(void);
void batch_free(struct batch *b);

/* Forgets rows and columns; keeps memory for reuse. */
void batch_reset(struct batch *b);

/* Sets n_cols columns of type NULL (to be filled by column_put & co). */
void batch_columns(struct batch *b, unsigned n_cols);

/* Row number of selected row k. */
static inline unsigned
batch_row(const struct batch *b, unsigned k)
{
	return b->sel ? b->sel[k] : k;
}

static inline enum change
batch_change(const struct batch *b, unsigned row)
{
	return b->kind ? (enum change)b->kind[row] : CHANGE_INSERT;
}

/*
 * After rows of a step's batch were filtered: where one half of an update is
 * gone, the other becomes a delete or an insert.
 */
void batch_mend(struct batch *b);

/* Where in the block the row's record begins. */
static inline const char *
batch_place(const struct batch *b, unsigned row)
{
	return b->place && b->place[row] ? b->place[row] : b->raw[row].p;
}

/* The next row, of number `row`, begins there. */
void batch_set_place(struct batch *b, unsigned row, const char *place);

/* Is the bad row one of the batch's rows (an expression failed for it)? */
static inline bool
batch_is_row(const struct batch *b, const struct bad_row *bad)
{
	return b->raw && bad->row < b->n_rows &&
	       bad->raw.p == b->raw[bad->row].p;
}

/* Records a bad row; rows come in input order. */
void batch_bad(struct batch *b, struct bad_row bad);

/*
 * Adds bad rows, which are in order, to those there are, so that all are in
 * order; of equal rows those there are come first.
 */
void batch_merge_bad(struct batch *b, const struct bad_row *fresh, size_t n);

/*
 * Drops the selected rows whose bit is set in bits (BATCH_ROWS bits), as bad
 * rows for reasons[row] (static, or in the batch's arena). The list of bad
 * rows stays in input order, so it does not depend on where batches are cut.
 */
void batch_drop_bad(
    struct batch *b, const uint64_t *bits, const char *const *reasons);

#endif

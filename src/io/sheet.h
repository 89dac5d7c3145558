/* SPDX-License-Identifier: MIT */
/*
 * Rows as the cells of a sheet: what CSV, TSV and tables need when columns
 * spread, that is when the members of a MAP or JSON object stand in its place
 * and each record brings its own.
 *
 * A slot is a column of the sheet: a column of the output, or one member of a
 * column that spreads. Slots are numbered as they come up; sheet_order gives
 * the order to show them in.
 */
#ifndef WEIR_IO_SHEET_H
#define WEIR_IO_SHEET_H

#include "io/io.h"
#include "io/names.h"

struct sheet {
	const struct encode_spec *spec;
	bool spreads;	    /* some column spreads */
	struct names keys;  /* of slots: column number and name, as bytes */
	struct arena arena; /* of the keys */
	struct buf key;
	struct value *cells; /* of the row in hand, by slot */
	size_t cap_cells;
	struct arena values; /* of the cells */
	uint32_t next;	     /* the slot expected for the next member */
};

/* The slots of the columns that do not spread are there from the start. */
void sheet_init(struct sheet *s, const struct encode_spec *spec);
void sheet_release(struct sheet *s);

/* Forgets the slots of members. */
void sheet_clear(struct sheet *s);

/*
 * Takes a row apart into cells, which live until the next row. New members
 * get slots if grow is set; else a row that has any gives false (and members
 * it lacks are NULL).
 */
bool sheet_row(struct sheet *s, const struct batch *b, unsigned row, bool grow);

static inline uint32_t
sheet_slots(const struct sheet *s)
{
	return s->keys.n;
}

struct str sheet_name(const struct sheet *s, uint32_t slot);

/*
 * The slots, for another sheet of the same columns. restore: false if they are
 * not of these columns (the slots are then cleared).
 */
void sheet_save(const struct sheet *s, struct buf *out);
bool sheet_restore(struct sheet *s, struct str saved);

/* Slots by column, then as they came: sheet_slots() numbers into order. */
void sheet_order(const struct sheet *s, uint32_t *order);

#endif

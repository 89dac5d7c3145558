/* SPDX-License-Identifier: MIT */
/*
 * Columns that say where a record comes from. They are no fields of it and not
 * part of *; whoever names one gets a column that the run fills in, and if
 * nobody does they cost nothing.
 */
#include "op/parsed.h"

const struct origin_row origin_rows[ORIGIN_N] = {
    [ORIGIN_FILE] = {"_file", T_TEXT,
	"Name of the file, as it was given; - for standard input."},
    [ORIGIN_INPUT] = {"_input", T_TEXT,
	"Name of the input, NULL if it has none."},
    [ORIGIN_LINE] = {"_line", T_INT,
	"Number of the line the record begins in, from 1; in formats without "
	"lines the number of the record."},
    [ORIGIN_OFFSET] = {"_offset", T_INT,
	"Byte of the (unpacked) input at which the record begins, from 0."},
};

int
origin_field(const struct flow *f, struct path path, enum type *type)
{
	struct str name = path.steps[0].name;

	if (!f->open || path.n != 1 || !name.n || name.p[0] != '_')
		return -1;
	for (unsigned i = 0; i < ORIGIN_N; i++) {
		unsigned *col = &f->open->origin[i];

		if (!str_is(name, origin_rows[i].name))
			continue;
		if (!*col)
			*col = flow_compute((struct flow *)(uintptr_t)f) + 1;
		*type = origin_rows[i].type;
		return (int)*col - 1;
	}
	return -1;
}

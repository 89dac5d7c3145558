/* SPDX-License-Identifier: MIT */
/*
 * A list of names that also knows where each one stands: the columns of a
 * header, the members seen so far of rows that spread. Looking one up takes
 * the same time whether there are ten or sixty thousand, whoever chose them
 * (the hash is seeded).
 */
#ifndef WEIR_IO_NAMES_H
#define WEIR_IO_NAMES_H

#include <stdint.h>

#include "base/str.h"

#define NAMES_NONE UINT32_MAX

struct names {
	struct str *list; /* in order of arrival; the bytes are not owned */
	uint32_t n;
	size_t cap;
	uint32_t *slots; /* number of a name + 1, 0 = free */
	uint32_t n_slots;
};

/* The number of a name, or NAMES_NONE. */
uint32_t names_find(const struct names *n, struct str name);

/*
 * Adds a name that is not there yet and returns its number; the slice must
 * live as long as the list.
 */
uint32_t names_add(struct names *n, struct str name);

void names_clear(struct names *n);   /* forgets the names, keeps the memory */
void names_release(struct names *n); /* frees; empty and usable */

#endif

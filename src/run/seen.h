/* SPDX-License-Identifier: MIT */
/*
 * Which fields records have: a field that the plan reads and no record had is
 * most likely misspelt, as JSON has no schema to check against.
 */
#ifndef WEIR_RUN_SEEN_H
#define WEIR_RUN_SEEN_H

#include "run/lane.h"

/* What has been found in the records of an input. */
struct seen {
	bool *wants; /* by wanted field: it had a value, or is named */
	uint64_t records;
	/* Names of fields that the format or the first record has, to hint at
	 * one that may have been meant. */
	struct str *names;
	size_t n_names, cap_names;
	struct arena arena; /* the names */
};

/* One for each of the plan's inputs, and freeing them. */
struct seen *seen_new(const struct plan *plan);
void seen_free(struct seen *list, const struct plan *plan);

/* Notes which fields have had a value, or are at least named. */
void seen_look(
    struct seen *seen, const struct input *in, const struct prepared *p);

#endif

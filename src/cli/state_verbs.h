/* SPDX-License-Identifier: MIT */
/*
 * What `weir state` can do with state directories: a table of verbs, from
 * which help, manual and completions are made, too.
 */
#ifndef WEIR_CLI_STATE_VERBS_H
#define WEIR_CLI_STATE_VERBS_H

#include "cli/options.h"
#include "state/store.h"

struct arena;

struct state_verb {
	const char *name;
	const char *operands; /* "DIR FILE", for the usage */
	const char *doc;
	unsigned least, most; /* operands; directories come first */
	int (*run)(const char *const *operands, unsigned n,
	    const struct options *o, struct err *err);
	bool json; /* it can write that, too */
};

extern const struct state_verb state_verbs[];
extern const unsigned n_state_verbs;

/* ---- the verbs that have files of their own ---- */

/* A list of the states there are; one of them. */
int state_ls(const char *const *operands, unsigned n, const struct options *o,
    struct err *err);
int state_show(const char *const *operands, unsigned n, const struct options *o,
    struct err *err);

/* All that is in it as lines of JSON, and back. */
int state_dump(const char *const *operands, unsigned n, const struct options *o,
    struct err *err);
int state_load(const char *const *operands, unsigned n, const struct options *o,
    struct err *err);

/* ---- for them ---- */

/* A store that is only looked at; NULL and *err. In the arena: *dir. */
struct store *state_look(
    const char *name, struct arena *a, const char **dir, struct err *err);

/* What maps there are, from the schema: the next from *i on, false at the end.
 */
struct state_map_row {
	struct str step, kind, name;
	unsigned number;
};
struct state_maps {
	struct state_map_row *rows; /* mem_alloc'ed */
	size_t n, cap;
};
void state_maps_read(struct state_maps *m, struct str schema, struct arena *a);

#endif

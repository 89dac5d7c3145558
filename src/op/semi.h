/* SPDX-License-Identifier: MIT */
/*
 * The step `semi` while it runs: what semi.c (binding, and asking) and
 * semi_state.c (what is kept of it) share.
 */
#ifndef WEIR_OP_SEMI_H
#define WEIR_OP_SEMI_H

#include "op/held.h"
#include "state/table.h"

enum semi_mode {
	SEMI_IN,
	SEMI_NOT_IN,
	SEMI_EXISTS,
	SEMI_NOT_EXISTS,
	SEMI_SCALAR
};

struct semi_config {
	enum semi_mode mode;
	/* Of port 0: keys, within, and the value of rows without kin. */
	struct expr **exprs;
	unsigned n_keys, n_within;
	enum type *compare; /* what keys and within are compared as */
	bool has_else;
	unsigned *cols; /* of port 1: the keys or the value, within */
	bool adds;	/* the answer becomes a column */
	unsigned as;
	enum type type; /* SCALAR */
};

/* The rows of port 1 that are equal within. */
struct semi_kin {
	uint64_t n;
	uint64_t nulls;	  /* of them with NULL as key */
	struct str value; /* SCALAR: packed, the first one's */
};

struct semi_run {
	struct op_run run; /* first */
	const struct semi_config *c;
	struct table rows; /* of port 1: those without NULL */
	struct table odd;  /* those with NULL */
	struct table kin;  /* of struct semi_kin */
	uint64_t n_rows;
	bool some;	  /* there is a row without NULL */
	struct buf value; /* SCALAR: packed */
	bool ended;	  /* port 1 */
	bool failed;
	struct held held;
	int64_t mark; /* the watermark handed on or held */
	struct batch *out;
	struct state_step *state; /* NULL: no state is kept */
};

/* ---- semi_state.c: hooks of op_kind ---- */

void semi_schema(const struct op *op, struct schema *out);
int semi_restore(struct op_run *run, struct state_step *s, struct err *err);
void semi_save(struct op_run *run);

#endif

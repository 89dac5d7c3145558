/* SPDX-License-Identifier: MIT */
/*
 * What the files that write a plan as SQL share. sql_print.c writes the steps,
 * sql_print_input.c what stands before them: tables, settings, and in comments
 * what options say.
 */
#ifndef WEIR_FRONT_SQL_PRINT_H
#define WEIR_FRONT_SQL_PRINT_H

#include "front/front.h"

struct sql_writer {
	const struct plan *plan;
	struct buf *out;
	struct err *err;
	struct edge reading; /* of the step at hand */
};

/* Options that the query needs, as comments, and SET. */
void sql_put_comment(struct sql_writer *w);

/* CREATE TABLE of an input whose columns were stated. */
int sql_put_table(struct sql_writer *w, const struct plan_input *in);

#endif

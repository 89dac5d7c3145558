/* SPDX-License-Identifier: MIT */
/* Texts as operands of + - * / %: what op_arith.c reads them as. */
#ifndef WEIR_EXPR_ARITH_H
#define WEIR_EXPR_ARITH_H

#include "data/value.h"

enum arith {
	ARITH_ADD,
	ARITH_SUB,
	ARITH_MUL,
	ARITH_DIV,
	ARITH_MOD
};

/* True of a text that is a time of day, as µs since midnight. */
bool arith_daytime(struct value v, int64_t *us);

/*
 * A time of day (daytime.h) ± duration is a time of day, past midnight on the
 * next one. False if the operands are something else.
 */
bool arith_on_daytime(enum arith op, struct arena *arena, struct value x,
    struct value y, struct value *out);

/* A text less a text: times of day as durations, or times, if they are no
 * numbers. */
void arith_read_times(struct arena *arena, struct value *x, struct value *y);

/*
 * Reads a text beside a time, date or duration as one, beside everything else
 * as a number; other operands stay as they are. `left`: it is the first one.
 * NULL, or the reason why it cannot be read.
 */
const char *arith_read(struct arena *arena, enum arith op, struct value *v,
    struct value other, bool left);

#endif

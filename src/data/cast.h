/* SPDX-License-Identifier: MIT */
/* Conversion of a value to another type, by the rules of SQL's CAST. */
#ifndef WEIR_DATA_CAST_H
#define WEIR_DATA_CAST_H

#include "base/when.h"
#include "data/value.h"

/*
 * Text is parsed (blanks around a number are ignored; booleans are true,
 * false, t, f, yes, no, 1, 0 without case; times by layout, NULL = auto;
 * durations "1h30m"; lists and maps as JSON; dates as times, of which their
 * day is left, that of the layout's zone where a text is read); numbers widen,
 * or lose their fraction toward zero when the target is an integer; bool <->
 * number is 0/1; time <-> int is epoch by the layout's unit (seconds when
 * NULL); a date is a time at midnight; bytes <-> text keep the bytes (which
 * must be UTF-8 to become text); anything becomes text as value_print gives it.
 * NULL stays NULL. False if impossible or out of range. New bytes live in the
 * arena.
 */
bool value_cast(struct arena *a, struct value v, enum type to,
    const struct when_layout *layout, struct value *out);

/* A type by its SQL name ("bigint", "int", "double", "varchar" …); T_ANY if
 * there is none. */
enum type type_of_name(struct str name);

#endif

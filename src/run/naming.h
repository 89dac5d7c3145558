/* SPDX-License-Identifier: MIT */
/*
 * The name of a row's file, made of the parts of plan_output.target: values of
 * the row, made safe, and its time.
 */
#ifndef WEIR_RUN_NAMING_H
#define WEIR_RUN_NAMING_H

#include "plan/plan.h"

/* What stands for a value that is NULL, as in Hive, and for an empty one. */
#define NAMING_NULL "__HIVE_DEFAULT_PARTITION__"
#define NAMING_EMPTY "__EMPTY__"

#define NAMING_TIMELESS INT64_MIN

struct naming_memo {
	int64_t minute;
	bool known;
	struct buf text;
};

struct naming {
	const struct plan_output *plan;
	struct naming_memo *memos; /* by part of the name */
	struct buf value;
	size_t extension; /* bytes at the end, before which a number stands */
};

void naming_init(struct naming *t, const struct plan_output *plan);
void naming_release(struct naming *t);

/* Adds the path for a row. */
void naming_path(
    struct naming *t, const struct batch *b, unsigned row, struct buf *out);

/*
 * The number of the period of roll_every that the row's time is in, by the
 * clock of the output's zone; NAMING_TIMELESS if it has no time.
 */
int64_t naming_period(
    const struct naming *t, const struct batch *b, unsigned row);

/* Adds the path of a part: that of the whole unless it is to be cut. */
void naming_part(
    const struct naming *t, struct str path, unsigned number, struct buf *out);

/*
 * Adds a value as a part of a name of at most `most` bytes: what cannot stand
 * in one, or would lead elsewhere, as %XX; what is too long is cut, with a
 * hash behind it.
 */
void naming_value(struct buf *out, struct str value, unsigned most);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Whose turn it is: how far each input has been applied, and the order in
 * which several go on by event time: always the one whose times have come
 * least far, on a tie the one named first. So the order depends on the
 * records alone, not on when they can be read.
 */
#ifndef WEIR_RUN_TURN_H
#define WEIR_RUN_TURN_H

#include "op/op.h"
#include "run/identity.h"
#include "run/lane.h"
#include "run/place.h"

struct trail;
struct values;

/* An input and how far its batches have been applied. */
struct turn {
	struct input *input;
	unsigned source;	/* number of the plan's input */
	bool timed;		/* event time is wanted of it */
	bool leads;		/* it is the first of its source */
	struct values *values;	/* constant rows instead of a file, or NULL */
	struct prepared *batch; /* NULL: none at hand */
	unsigned next;		/* row of the batch */
	size_t next_bad;	/* its bad rows, up to here, were counted */
	unsigned first_row;	/* rows before it were applied by another run */
	struct place place;	/* before the batch, and rows applied of others
				   since */
	uint64_t skip;		/* rows still to come that were applied */
	/* With a state directory (position.h): */
	struct trail *trail; /* the files it reads, one after another */
	bool resumed;	     /* its input has been opened, at its place */
	struct tail tail;    /* the bytes before tail_at that are known */
	uint64_t tail_at;
	uint64_t records;   /* applied of what was opened */
	struct place begun; /* as noted before */
	uint64_t begun_records;
	struct watermark w;
	int64_t floor;	   /* its watermark is not below this: it is given */
	unsigned mark;	   /* the next that is given (run/given.h) */
	uint64_t far_line; /* of the record of w.far_time */
	uint64_t offset;   /* in the input, of the batch applied last */
	bool parked;	   /* it is closed, but it is known that its */
	int64_t first;	   /* first record has this time */
	bool ended;
	bool idle;	  /* it is not waited for */
	bool dry;	  /* live: it had nothing when it was looked at */
	int64_t since_ms; /* live: when it last had something */
};

/* ---- passing a batch ---- */

/*
 * The batch at hand has come: rows that an earlier run has applied, and what
 * goes with them, are passed over.
 */
void turn_begin(struct turn *t);
void turn_pass_bad(struct turn *t); /* once its bad rows are all known */

/* Its bad rows before this row; all of them if it has no such row. */
size_t turn_bad_before(const struct turn *t, unsigned row);

/* Its records passed so far that a condition dropped. */
uint64_t turn_filtered(const struct turn *t);

/* It has been applied: the place moves. There is no batch at hand then. */
void turn_leave(struct turn *t);

/* Where to go on if the run ended here. */
struct place turn_place(const struct turn *t);

/* ---- event time ---- */

/*
 * Where an input stands: the greatest event time it has shown, that of the
 * next record included as far as it is known.
 */
int64_t turn_standing(const struct turn *t);

/* The same, less the lateness: what its watermark is or will be. */
int64_t turn_watermark(const struct turn *t);

/* Is it one of a rank whose order is that of event time? */
bool turn_is_active(const struct turn *t, unsigned rank);

/*
 * Of the active ones of a rank: the one furthest behind, and the one furthest
 * behind but for it; NULL if there is none.
 */
struct turn *turns_behind(
    struct turn *turns, unsigned n, unsigned rank, struct turn **second);

/*
 * The least watermark of the active ones of a rank but for one (or NULL),
 * their next records included; WHEN_MAX if there are none.
 */
int64_t turns_watermark(const struct turn *turns, unsigned n, unsigned rank,
    const struct turn *but);

/* Up to which row it may go before the second is further behind. */
unsigned turn_rows_before(const struct turn *t, const struct turn *second);

#endif

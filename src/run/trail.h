/* SPDX-License-Identifier: MIT */
/*
 * What is noted of files that have been read, so that a later run goes on
 * where this one has stopped, wherever the bytes are by then.
 *
 * Files that are read one after another by the same turn (the generations of
 * a log) are a trail. Each is told by its identity (identity.h), by the place
 * up to which it has been applied, and by the bytes just before that place: a
 * file that begins alike and has other bytes there is another file. Rotated
 * siblings that were there before the first run are noted, too, since they
 * are not to be read later ("aside").
 *
 * A trail carries how far event time has come with it, as that goes on with
 * the next generation.
 */
#ifndef WEIR_RUN_TRAIL_H
#define WEIR_RUN_TRAIL_H

#include "data/value.h"
#include "op/op.h"
#include "run/identity.h"
#include "run/place.h"
#include "run/spool.h"

enum position_kind {
	POSITION_FILE,
	POSITION_STREAM,  /* a pipe or device: place counts what it gave */
	POSITION_VALUES,  /* constant rows: place.rows */
	POSITION_JOURNAL, /* a stream that is kept (spool.h): place is in it */
	POSITION_NONE	  /* to be forgotten */
};

struct position {
	enum position_kind kind;
	struct str path; /* "-": standard input */
	struct identity id;
	bool packed;   /* compressed */
	bool over;     /* read to its end, and nothing is added to it */
	bool aside;    /* nothing of it is to be read */
	bool inner;    /* names of that kind (files_is_inner) were looked for */
	uint64_t size; /* bytes of the file when it was last looked at */
	int64_t written; /* when it had last been written to by then, ns */
	struct place place;
	struct str context;	 /* what the format noted of place.context */
	uint32_t n_tail;	 /* bytes before place.offset … */
	uint64_t tail;		 /* … and their fingerprint */
	struct str format;	 /* its name; empty: not known */
	bool found;		 /* there is such a file now; not noted */
	uint64_t records;	 /* of a stream: all that were read */
	struct spool_mark begin; /* of a journal */
};

struct trail {
	struct str input;	/* name of the plan's input */
	struct position *files; /* mem_alloc'ed; in the order of reading */
	size_t n, cap;
	size_t at; /* the one that is being read; n: none is left */
	struct watermark w;
	bool timed; /* w says something */
	uint64_t far_line;
	int64_t floor; /* as struct turn has them */
	unsigned mark;
	struct str by; /* how event time is had (plan_time_text) */
	bool stated;   /* it was asked for, not found by its name */
	struct str
	    log;    /* what a turn that follows it goes on with; not noted */
	bool taken; /* some turn reads it; not noted */
};

struct trails {
	struct arena arena;  /* of names */
	struct trail **list; /* each mem_alloc'ed: they do not move */
	size_t n, cap;
};

void trails_init(struct trails *t);
void trails_release(struct trails *t);

struct trail *trails_add(struct trails *t, struct str input);
struct position *trail_add(struct trail *t, struct position p);

/* Removes one; those behind it move up. */
void trail_remove(struct trail *t, size_t k);

/* Packs all of them: a list of maps. */
void trails_note(const struct trails *t, struct buf *out);

/*
 * Takes them back from what was packed. False if that is damaged: whatever
 * the bytes are, nothing worse happens.
 */
bool trails_take(struct trails *t, struct value packed);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Going on where an earlier run has stopped: looks at the files of an input,
 * and at the rotated siblings of those that are named, finds in them what is
 * noted (match.h), and puts what is to be read into trails, each the work of
 * one turn: the rest of the old generations of a log, those that came and
 * went unseen, then the log itself.
 */
#ifndef WEIR_RUN_RESUME_H
#define WEIR_RUN_RESUME_H

#include "run/files.h"
#include "run/gaps.h"
#include "run/trail.h"

struct resume {
	struct trails *trails;	   /* of all inputs */
	struct str input;	   /* the name of this one */
	const struct files *names; /* what it stands for: [from, to) */
	size_t from, to;
	/*
	 * A log is one trail and may be missing, and nothing is left out
	 * because it has not grown.
	 */
	bool follow;
	bool quiet;
	bool journal; /* standard input that is no file is kept (spool.h) */

	/* Found out: the trails with something to read, in their order; they
	   begin with files[at]. The list is mem_alloc'ed. */
	struct trail **turns;
	size_t n_turns, cap_turns;
	struct gaps
	    *gaps; /* adds files of which something is, or may be, lost */
};

/*
 * At least one trail is there if any file of the input is. What is lost is
 * said on standard error. 0; -1 and *err if a file could not be looked at, so
 * that nobody knows which it is.
 */
int resume_input(struct resume *r, struct err *err);

/*
 * The file of a position, under whatever name it has now, which becomes its
 * path. -1 and *err if another file has its name and it cannot be found.
 */
int resume_locate(struct trails *t, struct position *p, struct err *err);

#endif

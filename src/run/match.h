/* SPDX-License-Identifier: MIT */
/*
 * Which files are those of an earlier run, whatever they are called by now,
 * and what of them is to be read.
 *
 * What is noted (trail.h) is compared with what is there: first with the
 * file of the same device and inode, then with the one of the same name (the
 * directory has moved), then with the others, a log's own rotated siblings
 * before those. It is the same file if it begins alike and has the same bytes
 * just before the place where reading stopped; the inode alone says nothing,
 * as the next file often gets the one that has become free. Each position is
 * one file at most and the other way round, so files that begin alike are
 * told apart by their order.
 *
 * What nobody knows is read from its beginning: a file that was named, and a
 * rotated sibling of a log that was read by an earlier run, since it has come
 * and gone unseen meanwhile.
 *
 * Nothing is opened here: files are looked at by whom calls it.
 */
#ifndef WEIR_RUN_MATCH_H
#define WEIR_RUN_MATCH_H

#include <sys/stat.h>

#include "run/trail.h"

/* What is to be done with a file. */
enum fate {
	FATE_PASS, /* nothing */
	FATE_READ  /* on from its position, or from its beginning */
};

struct candidate {
	struct str path;
	struct str base; /* of its log: the path without what rotation adds */
	size_t chain;	 /* the same number: files of one log */
	size_t name;	 /* which of the names it is, if it is named */
	struct stat st;
	bool named;	 /* by an operand or pattern; else: a rotated sibling */
	bool packed;	 /* compressed */
	bool blind;	 /* it cannot be opened: nobody knows what is in it */
	struct str head; /* its first bytes, inflated; at most IDENTITY_BYTES */
	struct identity hashed; /* of them; match_files sees to it */

	bool log_known; /* an earlier run has read something of its log */

	/* Found out: */
	struct trail *trail; /* to which it belongs; NULL: to none yet */
	struct position *is; /* in the trail; NULL: it is new */
	enum fate fate;
};

/* Why bytes that were not read cannot be read any more. */
enum gap_kind {
	GAP_GONE,    /* the file is gone, and some of it was not read */
	GAP_ROTATED, /* another one has its name: some of it may not have been
		      */
	GAP_CUT	     /* its contents are others */
};

struct gap {
	enum gap_kind kind;
	const struct position *of;
	uint64_t unread; /* bytes known to be lost; 0: not known */
};

struct match {
	struct trail **trails; /* of one input */
	size_t n_trails;
	/* Each file once; the siblings of a log oldest first. */
	struct candidate *list;
	size_t n;
	/*
	 * Reads n bytes before a place of a file (inflated); false if there
	 * are not so many.
	 */
	bool (*look)(void *arg, const struct candidate *c, uint64_t place,
	    char *to, size_t n);
	/* Is all of a file what the other one begins with? */
	bool (*prefix)(
	    void *arg, const struct candidate *c, const struct candidate *of);
	void *arg;

	/* Found out (mem_alloc'ed): */
	struct gap *gaps;
	size_t n_gaps, cap_gaps;
};

void match_files(struct match *m);
void match_release(struct match *m);

#endif

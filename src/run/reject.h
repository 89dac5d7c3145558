/* SPDX-License-Identifier: MIT */
/*
 * Bad records: counted, the first few shown on standard error, all of them
 * written to the reject file if there is one, as JSON lines with file, line,
 * byte offset, reason and the record's bytes.
 */
#ifndef WEIR_RUN_REJECT_H
#define WEIR_RUN_REJECT_H

#include "run/input.h"
#include "run/output.h"
#include "run/reasons.h"

#define REJECTS_SHOWN 3

struct rejects {
	struct output *file; /* or NULL */
	bool quiet;
	uint64_t n;	    /* bad records so far */
	uint64_t n_results; /* result rows an expression failed for */
	unsigned shown;
	struct reasons reasons; /* of the bad records */
};

/* The bad rows of a batch read from an input. */
void rejects_records(
    struct rejects *r, struct input *in, const struct batch *b);

/* Result rows of a step that failed in an expression. */
void rejects_result(struct rejects *r, const struct batch *b);

/*
 * Line number (from 1) of a byte offset of a regular file. The file is read
 * again, from the last place asked for; other inputs count lines as they pass
 * (see struct block).
 */
uint64_t reject_line_at(struct input *in, const struct batch *b, const char *p);
uint64_t reject_line(struct input *in, uint64_t offset);

#endif

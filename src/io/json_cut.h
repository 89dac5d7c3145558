/* SPDX-License-Identifier: MIT */
/*
 * Documents cut into records: the elements of a list, of a list inside of an
 * object, or values one after another, over as many lines as they like. What
 * is between the records is checked; a record itself only as far as it takes
 * to find its end (brackets are counted, strings are skipped), since it is
 * read as a whole behind this.
 *
 * A record is handed out when its end is certain: an object with its last
 * bracket, a number when what follows it is there.
 */
#ifndef WEIR_IO_JSON_CUT_H
#define WEIR_IO_JSON_CUT_H

#include <stdint.h>

#include "base/str.h"
#include "io/io.h"

/* Where in a document a block may begin (batch.context). */
enum json_place {
	JSON_TOP,   /* before a document; here the input may end */
	JSON_FIRST, /* in a list, before its first element */
	JSON_ITEM,  /* in a list, behind a comma */
	JSON_AFTER, /* in a list, behind an element */
	JSON_TAIL   /* behind the list, within the objects around it */
};

/* How documents are made. */
struct json_frame {
	struct layout base;
	struct str *unwrap; /* names on the way to the list of records */
	unsigned n_unwrap;  /* 0: the document itself is a list or a record */
	bool sequence;	    /* RFC 7464: JSON_BEFORE stands before each value */
};

/* A byte that no JSON text has in it. */
#define JSON_BEFORE '\x1e'

struct json_cut {
	const struct json_frame *frame;
	const char *p, *end; /* what has not been cut yet */
	bool eof;	     /* nothing follows end */
	enum json_place place;
	const char *reason; /* of JSON_BAD and JSON_LOST, static */
	const char *at;	    /* where, within the record */
};

enum json_found {
	JSON_NOTHING, /* the rest is no whole record */
	JSON_RECORD,
	JSON_BAD, /* what stands in place of a record */
	JSON_LOST /* the same, and where the next begins is not known */
};

/* The next record or what stands there instead; moves c->p behind it. */
enum json_found json_cut_next(struct json_cut *c, struct str *record);

/* The end of the value at p (not blank), or NULL if it is not before end. */
const char *json_value_end(const char *p, const char *end, bool eof);

/* p, or the first byte behind that is neither blank nor line feed. */
const char *json_spaces(const char *p, const char *end);

#endif

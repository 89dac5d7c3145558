/* SPDX-License-Identifier: MIT */
/*
 * Log lines whose fields have fixed names: a format is a table of its fields
 * and a function that takes a line apart. That function only finds where the
 * fields are; what a field's text means is worked out for those that are
 * wanted.
 */
#ifndef WEIR_IO_FIXED_H
#define WEIR_IO_FIXED_H

#include "io/text.h"

#define FIXED_MAX 64 /* fields of a format: there is a bit for each */

/* How a field's text is read. */
enum fixed_as {
	FIXED_TEXT,
	FIXED_GUESS, /* by content */
	FIXED_INT,   /* digits, '+' or '-' before; others are NULL */
	FIXED_FLOAT, /* others are NULL */
	FIXED_OWN    /* by the format's own() */
};

/* Where the record as a whole has it. */
enum fixed_in {
	FIXED_ALWAYS,	/* with NULL if it is absent */
	FIXED_IF_THERE, /* only if it is there */
	FIXED_APART	/* never: it says again what others say */
};

struct fixed_field {
	struct str name;
	enum fixed_as as;
	enum fixed_in in;
};

/* A line taken apart; p NULL: absent. */
struct fixed_line {
	struct str f[FIXED_MAX];
	int64_t num[4]; /* what scan() found out for own() */
};

struct fixed_decoder;

struct fixed_kind {
	const struct fixed_field *fields;
	unsigned n;
	/* Takes lines that are joined to the first; 0: scan() reads all. */
	unsigned rest;
	/*
	 * Takes a line apart; l->f is all absent. NULL, or why it is no such
	 * line and *at where.
	 */
	const char *(*scan)(const struct fixed_decoder *d, struct fixed_line *l,
	    struct str line, const char **at);
	/*
	 * The value of a field that is there and FIXED_OWN. zone: of times
	 * that have none (NULL = UTC). NULL, or why the record is bad.
	 */
	const char *(*own)(struct fixed_decoder *d, unsigned field,
	    const struct fixed_line *l, const struct zone *zone,
	    struct arena *a, struct value *out);
};

struct fixed_layout {
	struct layout base;
	const struct fixed_kind *kind;
	int64_t since; /* of times without a year; see struct when_layout */
};

struct fixed_decoder {
	struct text_decoder t;
	const struct fixed_kind *kind;
	uint64_t need;		   /* fields that are wanted, by bit */
	struct field_want *nested; /* paths into a field that is a MAP */
	unsigned n_nested;
	struct when_cache cache; /* for own() */
	struct buf pack;	 /* for own() */
};

/* The end of format.start; l is zeroed memory, or its beginning. */
enum start_status fixed_start_as(struct fixed_layout *l,
    const struct format *format, const struct fixed_kind *kind, struct str head,
    bool eof, const struct settings *settings, struct arena *arena,
    struct layout **out, size_t *used);

/* format.start of formats whose settings are join and multiline. */
enum start_status fixed_start(const struct format *format,
    const struct fixed_kind *kind, struct str head, bool eof,
    const struct settings *settings, struct arena *arena, struct layout **out,
    size_t *used, struct err *err);

/* format.decoder_new, decoder_free and line (scan, then fixed_row). */
struct decoder *fixed_decoder_new(
    const struct layout *layout, const struct decode_spec *spec);
void fixed_decoder_free(struct decoder *d);
const char *fixed_line(struct text_decoder *t, struct batch *b, unsigned row,
    struct str line, const char **at);

/* Puts a row of a line taken apart. NULL, or why it is bad. */
const char *fixed_row(struct fixed_decoder *d, struct batch *b, unsigned row,
    struct str raw, const struct fixed_line *l);

/* True if the first line is one of these. */
bool fixed_fits(const struct fixed_kind *kind, struct str head, bool whole);

/* True if some field from first to last is wanted. */
static inline bool
fixed_needs(const struct fixed_decoder *d, unsigned first, unsigned last)
{
	uint64_t bits = ~(uint64_t)0 >> (63 - (last - first)) << first;

	return !d || (d->need & bits);
}

#endif

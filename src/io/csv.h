/* SPDX-License-Identifier: MIT */
/*
 * CSV (RFC 4180) and TSV (IANA text/tab-separated-values, with the usual
 * backslash escapes): the parts that io/csv*.c share.
 *
 * The rules where RFC 4180 is silent: a quote opens only as the first byte of
 * a field; behind the closing quote only a separator may come (else the record
 * is bad, and the rest of the field is taken as it is); a CR before an LF is
 * part of the line end; a record of no bytes is a blank line. A quote that is
 * still open after record_max bytes, or at the end of the input, makes one bad
 * record of the lines up to the one where it opened; reading goes on behind
 * that line.
 */
#ifndef WEIR_IO_CSV_H
#define WEIR_IO_CSV_H

#include "io/text.h"

enum csv_header {
	CSV_HEADER_YES,	 /* the first record has the names */
	CSV_HEADER_NO,	 /* column_1, column_2 … */
	CSV_HEADER_NAMES /* given; the input has no header */
};

struct csv_options {
	bool tsv;
	bool delim_given;
	char delim;
	char quote;
	bool quotes; /* fields may be quoted */
	bool comma;  /* numbers are written 1,5 */
	bool fill;   /* short records are filled up, long ones cut */
	enum csv_header header;
	struct str names; /* CSV_HEADER_NAMES: separated by commas */
	struct where names_where;
	struct str comment; /* lines that begin so are skipped; or empty */
	bool safe; /* no text is written that a spreadsheet would run */
};

struct csv_layout {
	struct layout base;
	char delim, quote;
	bool quotes;  /* CSV: fields may be quoted */
	bool escapes; /* TSV: \t \n \r \\ in fields, \N is NULL */
	bool comma;   /* numbers are written 1,5 */
	bool fill;
	bool named; /* a header gave the number of fields */
	struct str comment;
	uint32_t record_max; /* at least 64 */
};

/* Settings of the format csv or tsv; reading or writing. */
int csv_options(const struct format *format, const struct settings *settings,
    bool writing, struct csv_options *out, struct err *err);

/* ---- one field at a time: headers, guesses, broken records ---- */

enum csv_end {
	CSV_END_FIELD,	/* a delimiter follows */
	CSV_END_RECORD, /* a line feed follows */
	CSV_END_TEXT,	/* nothing follows */
	CSV_END_OPEN	/* nothing follows, and the quote is not closed */
};

struct csv_field {
	struct str text; /* inside the quotes, quotes in it still doubled */
	bool quoted;
	const char *open; /* the quote that opened, or NULL */
	const char *odd;  /* text behind the closing quote, or NULL */
};

/* Reads the field at *p and advances behind its separator. */
enum csv_end csv_field(const struct csv_layout *l, const char **p,
    const char *end, struct csv_field *f);

/* The first text behind a closing quote in a record, or NULL. */
const char *csv_odd(const struct csv_layout *l, struct str rec);

/* A field's own text: quotes undoubled, escapes resolved (in the arena). */
struct str csv_unquote(
    const struct csv_layout *l, struct arena *a, struct str text);
struct str csv_unescape(struct arena *a, struct str text);

/* True at a comment line. */
static inline bool
csv_comment(const struct csv_layout *l, const char *p, const char *end)
{
	return l->comment.n && (size_t)(end - p) >= l->comment.n &&
	       !memcmp(p, l->comment.p, l->comment.n);
}

/* A record that does not end where it should. */
struct csv_broken {
	const char *reason;
	const char *at;	  /* the quote, or NULL */
	struct str raw;	  /* what is given up */
	const char *next; /* where reading goes on; NULL: not known yet */
};

/*
 * What becomes of a record at s that has no end within record_max bytes or
 * before the end of the text. The answer depends on the text from s only, not
 * on where the block ends (unless next is NULL).
 */
struct csv_broken csv_broken(const struct csv_layout *l, const char *s,
    const char *end, bool eof, struct arena *a);

/* ---- format's functions ---- */

enum start_status csv_start_as(const struct format *format, struct str head,
    bool eof, const struct settings *settings, const struct limits *limits,
    struct arena *arena, struct layout **out, size_t *used, struct err *err);

struct decoder *csv_decoder_new(
    const struct layout *layout, const struct decode_spec *spec);
void csv_decoder_free(struct decoder *d);
size_t csv_decode(struct decoder *d, const char *p, const char *end, bool eof,
    struct batch *b);
size_t csv_frame(const struct layout *layout, const char *p, size_t n);

/* Would records of an input be written as they are, with these settings? */
bool csv_same(const struct layout *in, const struct settings *settings);

int csv_guess(struct str head, bool whole);
int tsv_guess(struct str head, bool whole);

/*
 * Bytes of the line "sep=;" that spreadsheets write first, and the delimiter
 * it names; 0 if there is none.
 */
size_t csv_sep_line(struct str head, char *delim);

/* The delimiter a first record seems to have: a comma if there is one. */
char csv_pick_delimiter(struct str record, char quote);

struct encoder *csv_encoder_new(
    const struct encode_spec *spec, struct err *err);
struct encoder *tsv_encoder_new(
    const struct encode_spec *spec, struct err *err);
void csv_encoder_free(struct encoder *e);
void csv_begin(struct encoder *e, struct buf *out);
void csv_encode(struct encoder *e, const struct batch *b, struct buf *out);
void csv_finish(struct encoder *e, struct buf *out);
void csv_save(const struct encoder *e, struct buf *out);
bool csv_restore(struct encoder *e, struct str saved);

#endif

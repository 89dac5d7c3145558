/* SPDX-License-Identifier: MIT */
/*
 * An error is the world's fault: a mistake in a spec or query, an input that
 * cannot be opened, a full disk. Functions that can meet one return -1 (or
 * NULL) and fill the struct err given as last argument; it is printed once,
 * by main. Data that does not decode is no error but a bad row; a broken
 * invariant is no error but must().
 *
 * An error about text (a spec, a query, a record) carries where it is; the
 * line and a caret are shown under the message.
 */
#ifndef WEIR_BASE_ERR_H
#define WEIR_BASE_ERR_H

#include <stdio.h>

#include "base/str.h"

enum err_code {
#define ERR(code, status, doc) ERR_##code,
#include "base/err_list.h"
#undef ERR
	ERR_COUNT
};

/* A text that errors point into: a query, a spec file, a pattern. */
struct source {
	const char *name; /* shown before the line number: a file or "query" */
	struct str text;
};

/* A place: bytes [at, at + len) of src->text. src NULL: no place. */
struct where {
	const struct source *src;
	unsigned at, len;
};

struct err {
	enum err_code code;
	struct where where;
	char *message;	     /* owned; NULL: no error */
	char *hint;	     /* owned; the fix, or NULL */
	struct source *kept; /* owned; what where is in, see err_keep */
};

/* Sets *err (an earlier message is replaced); returns -1. */
__attribute__((format(printf, 4, 5))) int err_set(struct err *err,
    enum err_code code, struct where where, const char *fmt, ...);

/* The same without a place, with ": " and the text of errno behind it. */
__attribute__((format(printf, 4, 5))) int err_sys(
    struct err *err, enum err_code code, int errnum, const char *fmt, ...);

/* Adds "hint: …" below the message: the nearest word, the fix. Returns -1. */
__attribute__((format(printf, 2, 3))) int err_hint(
    struct err *err, const char *fmt, ...);

/* Puts "…: " before the message. Returns -1. */
__attribute__((format(printf, 2, 3))) int err_note(
    struct err *err, const char *fmt, ...);

/*
 * Hints 'did you mean "x"?' when one of names is near word, else lists up to
 * a dozen of the names. Returns -1.
 */
int err_suggest(
    struct err *err, struct str word, const struct str *names, size_t n);

/*
 * Copies the source that the error is in, which may go away before the error
 * is printed.
 */
void err_keep(struct err *err);

void err_release(struct err *err);

/* Exit status of a code, from the table. */
int err_status(enum err_code code);

/* Line and column (both from 1; columns count characters) of a place. */
void where_line(struct where where, unsigned *line, unsigned *col);

/*
 * Writes "weir: name:line:col: error: message", the source line, a caret and
 * the hint. Control characters of the source are shown escaped. colour: use
 * terminal colours.
 */
void err_print(FILE *out, const struct err *err, int colour);

/*
 * The same as compilers print what they find, which editors read:
 * "name:line:col: KIND: message"; kind: "error" or "warning".
 */
void err_print_finding(
    FILE *out, const struct err *err, const char *kind, int colour);

/*
 * Bytes as printable text for a message: controls, bidirectional marks and
 * invalid UTF-8 escaped as \xHH, cut to max bytes with "…". Returns the
 * length written to out (at least 4 * max + 8 bytes of room), NUL-terminated.
 */
size_t err_quote(char *out, struct str s, size_t max);

#endif

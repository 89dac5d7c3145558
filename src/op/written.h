/* SPDX-License-Identifier: MIT */
/*
 * What steps write down of what they remember (state/state.h), and how they
 * read it back: values with their form, numbers by name, and the parts of a
 * schema that are made of a step's arguments and columns.
 *
 * Reading trusts nothing: every function here that takes stored bytes checks
 * them against their end and says so if they are not what was written.
 */
#ifndef WEIR_OP_WRITTEN_H
#define WEIR_OP_WRITTEN_H

#include "op/op.h"

/* ---- values ---- */

/* Appends a value; JSON text stays as it is. */
void written_put(struct buf *out, struct value v);
void written_put_int(struct buf *out, int64_t i);
void written_put_bytes(struct buf *out, struct str s);

/*
 * Reads what was put at *p and goes behind it; slices of the input, decimals
 * in the arena. False: it is nothing of the kind, or the bytes end.
 */
bool written_get(
    const char **p, const char *end, struct arena *a, struct value *out);
bool written_get_int(const char **p, const char *end, int64_t *out);
bool written_get_null(const char **p, const char *end);
bool written_get_bytes(const char **p, const char *end, struct str *out);
/* Bytes that are a key (data/key.h). */
bool written_get_key(const char **p, const char *end, struct str *out);

/* The number that a key is (state_key_number); false: it is none. */
bool written_number(struct str key, uint64_t *n);

/* True if [p, end) is n values, and nothing behind them. */
bool written_is(const char *p, const char *end, unsigned n);

/* ---- numbers of a step ---- */

/* Puts n numbers under a name. */
void written_save(
    struct state_step *s, const char *name, const int64_t *list, unsigned n);
/*
 * Reads them back: 1; 0 if there are none (they stay as they are); -1 and
 * *err if it is not n numbers.
 */
int written_load(struct state_step *s, const char *name, int64_t *list,
    unsigned n, struct err *err);

/* An entry is not what was put: the store fails. Always -1 and *err. */
int written_damaged(
    struct state_map *m, int64_t bucket, struct str key, struct err *err);

/* After a scan: did the store fail in it? 0, or -1 and *err. */
int written_ended(struct state_map *m, struct err *err);

/* ---- schemas ---- */

/* Fixed parts of the parameters of these names (blanks between), as written. */
void written_args(const struct op *op, struct schema *out, const char *params);

/*
 * Appends an expression as it is written, and that it is of dates if it is:
 * what a version kept of it that took dates for times means something else.
 */
void written_node(struct buf *out, const struct flow *f, const struct node *n);

/* A fixed part: columns of a flow, by name, dates marked as such. */
void written_columns(const struct flow *f, const unsigned *cols, unsigned n,
    const char *what, struct schema *out);

/*
 * Appends what a column of a flow is called there: the path of a field, `*`
 * for the whole record.
 */
void written_column(struct buf *out, const struct flow *f, unsigned col);

/* A fixed part of a word, of a number. */
void written_word(struct schema *out, const char *what, const char *word);
void written_count(struct schema *out, const char *what, uint64_t n);

/*
 * Puts columns of a flow in the order of their names, which does not change
 * with what else is read.
 */
void written_sort(const struct flow *f, unsigned *cols, unsigned n);

#endif

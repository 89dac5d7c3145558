/* SPDX-License-Identifier: MIT */
/*
 * Entries of a step's state for people (op_kind.show): values as JSON. What
 * was not written by the step is never shown as if it were, and whatever the
 * bytes are, nothing worse happens.
 */
#ifndef WEIR_OP_SHOW_H
#define WEIR_OP_SHOW_H

#include "op/op.h"

/* A member of an object or an array begins: a comma, if something is before. */
void show_comma(struct buf *out);
void show_name(struct buf *out, const char *name);

/* Written values (written_put), all of the bytes, as an array; one as such. */
bool show_written(struct op_show *s, struct str bytes);

/*
 * A row of columns, each a written value, as an object. The members of a whole
 * record come first: what has been computed counts more.
 */
bool show_columns(struct op_show *s, const struct flow *f, const unsigned *cols,
    unsigned n, struct str bytes);

/* The same for those that the step keeps of a flow (flow_kept). */
bool show_row(struct op_show *s, const struct flow *f, struct str bytes);

/*
 * Steps with kept rows (kept.h): their maps "rows" and "waiting", the rows that
 * are in cells of "keys", and numbers.
 */
bool show_kept(struct op_show *s, const struct op_entry *e);

/* A row as kept_pack writes it. */
bool show_kept_row(struct op_show *s, struct str bytes);

/* The span of a window, or a part of one: "window", "slice". */
void show_span(struct op_show *s, const char *what, int64_t start, int64_t end);

#endif

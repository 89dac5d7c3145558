/* SPDX-License-Identifier: MIT */
/*
 * Patterns of times as text: the letters of Java's DateTimeFormatter, as in
 * Flink ("yyyy-MM-dd HH:mm:ss.SSS"), or strftime's if there is a '%' in it
 * (when.h).
 *
 * Java letters: y u (year), M L (month; three: Mar, four: March), d, D (day
 * of the year), Q (quarter, written only), E (Tue; four: Tuesday), a (AM, PM),
 * H, h, K, k, m, s, S (fraction, a digit each), X x Z (offset), z VV (zone),
 * 'text', ''. Reading takes exactly as many digits as letters if there are
 * two or more, else one or two; names without case.
 */
#ifndef WEIR_EXPR_STAMP_H
#define WEIR_EXPR_STAMP_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/when.h"
#include "base/zone.h"

struct stamp;

/* NULL and *err (at where) if the pattern is malformed or, when it is to be
 * read by, cannot be. */
const struct stamp *stamp_compile(struct str pattern, bool to_read,
    struct arena *a, struct where where, struct err *err);

void stamp_print(
    const struct stamp *s, int64_t t, const struct zone *z, struct buf *out);

/* All of text; z counts where the text has no offset. */
bool stamp_read(
    const struct stamp *s, struct str text, const struct zone *z, int64_t *out);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Patterns with named groups, on PCRE2 with its JIT compiler.
 *
 * A pattern is compiled for the groups somebody wants: where that is safe,
 * the other groups are rewritten not to capture, which saves about a quarter
 * of the time of a match. Subjects are valid UTF-8; one that is all ASCII is
 * matched by bytes, which is faster and comes to the same.
 *
 * Every match is limited, in steps and in memory: a pattern that explodes on
 * some record is told from one that does not match it.
 */
#ifndef WEIR_IO_PATTERN_H
#define WEIR_IO_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct pattern;

#define PATTERN_UNSET SIZE_MAX /* offset of a group that took no part */

/*
 * Checks a pattern and lists its named groups in order (in the arena). where:
 * the place of the pattern or of what it is part of. -1: it does not compile,
 * has no named groups, or one name twice.
 */
int pattern_names(struct str text, struct where where, struct arena *a,
    const struct str **names, unsigned *n, struct err *err);

/*
 * Compiles a pattern that pattern_names has accepted, to capture the given
 * names. Never fails. One per thread.
 */
struct pattern *pattern_new(
    struct str text, const struct str *names, unsigned n);
void pattern_free(struct pattern *p);

enum pattern_status {
	PATTERN_MATCH,
	PATTERN_NO_MATCH,
	PATTERN_COSTLY
};

/* Matches valid UTF-8. */
enum pattern_status pattern_match(struct pattern *p, struct str subject);

/*
 * What the named group number i (as given to pattern_new) took in the last
 * match; p is NULL if it took no part.
 */
struct str pattern_group(
    const struct pattern *p, struct str subject, unsigned i);

struct pattern_plain;

/*
 * A pattern that is only asked whether it matches, by any number of threads;
 * it lives in the arena. By bytes, whatever they are. NULL and *err if it does
 * not compile.
 */
struct pattern_plain *pattern_plain(
    struct str text, struct where where, struct arena *a, struct err *err);

/* False also if it would take too many steps to say. */
bool pattern_test(const struct pattern_plain *p, struct str subject);

/*
 * The pattern with all groups but the named ones given made non-capturing.
 * False if that might change its meaning (back references, conditions, verbs,
 * extended syntax and the like).
 */
bool pattern_trim(
    struct str text, const struct str *names, unsigned n, struct buf *out);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Regular expressions: PCRE2 in UTF mode, with JIT where the machine has it.
 *
 * A pattern is compiled once, into the arena of the plan (or, if it is only
 * known at run time, once into the evaluation's small pool), and is read-only
 * afterwards. What matching writes belongs to the struct eval of a thread. A
 * pattern that needs too many steps is stopped: the caller makes the row bad.
 */
#ifndef WEIR_EXPR_REGEX_H
#define WEIR_EXPR_REGEX_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct eval;
struct regex;

enum regex_flag {
	REGEX_NOCASE = 1,
	REGEX_WHOLE = 2, /* must match all of the text */
	REGEX_DOTALL = 4 /* "." takes newlines, too */
};

/* The row's reason when regex_match says REGEX_LIMIT. */
#define REGEX_LIMIT_REASON "pattern needs too many steps"

/* Most capture groups taken, the whole match not counted. */
#define REGEX_GROUPS_MAX 99

/* NULL and *err (at `where`, with the offset in the pattern) if malformed. */
const struct regex *regex_compile(struct str pattern, unsigned flags,
    struct arena *arena, struct where where, struct err *err);

/*
 * A pattern known only at run time: from the pool of ev, compiled if it is
 * not there. NULL and *reason (in ev's arena) if it is malformed.
 */
const struct regex *regex_pooled(
    struct eval *ev, struct str pattern, unsigned flags, const char **reason);

/* Number of capture groups; the group of a name, or -1. */
unsigned regex_groups(const struct regex *r);
int regex_group(const struct regex *r, struct str name);

enum regex_status {
	REGEX_NO,
	REGEX_YES,
	REGEX_LIMIT
};

/* A group's place in the text; from is SIZE_MAX if it took no part. */
struct regex_span {
	size_t from, until;
};

/*
 * Searches text from byte `from`. spans (may be NULL): n_spans places, the
 * whole match first, then groups 1, 2, …; places beyond the pattern's groups
 * are set to none.
 */
enum regex_status regex_match(const struct regex *r, struct eval *ev,
    struct str text, size_t from, struct regex_span *spans, unsigned n_spans);

/* SQL's SIMILAR TO pattern as a PCRE2 pattern, or NULL reason set. escape 0:
 * none. */
bool regex_of_similar(struct str pattern, char escape, struct arena *arena,
    struct str *out, const char **reason);

/* The part of a thread, in its struct eval. */
struct regex_pool;
void regex_pool_free(struct regex_pool *pool);

#endif

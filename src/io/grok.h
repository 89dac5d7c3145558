/* SPDX-License-Identifier: MIT */
/*
 * Grok: patterns made of named patterns, %{NAME:field:type}, spelled out as
 * one regular expression.
 *
 * Every capture becomes a group _0, _1 … of the expression; which field a
 * group belongs to is kept beside it, so a field may have several groups (one
 * in each branch of an alternative) and any name. A field is the first of its
 * groups that took part in the match.
 */
#ifndef WEIR_IO_GROK_H
#define WEIR_IO_GROK_H

#include "io/io.h"
#include "io/names.h"

/* Most captures of a pattern, and most bytes of it when it is spelled out. */
#define GROK_GROUPS_MAX 1000
#define GROK_TEXT_MAX ((size_t)256 << 10)

/* A pattern of somebody's own. */
struct grok_own {
	struct str text;
	struct where where; /* of the text, in its file */
};

/* Patterns read from files; the texts live in the arena given. */
struct grok_library {
	struct names names;
	struct grok_own *list; /* by the number of the name */
	size_t cap;
};

/*
 * Adds the patterns of a file, or of all files of a folder in the order of
 * their names (but for hidden ones): a line "NAME expression" each, blank
 * lines and lines that begin with # aside. A name that is there already, be
 * it weir's own, gets the new meaning. path is at `where`.
 */
int grok_read(struct grok_library *l, struct str path, struct where where,
    struct arena *a, struct err *err);
void grok_release(struct grok_library *l);

struct grok_field {
	struct str name; /* "a.b" for [a][b] */
	enum type type;	 /* T_ANY: by content */
};

/* A pattern spelled out; everything is in the arena. */
struct grok {
	struct str text; /* for pattern_new */
	struct grok_field *fields;
	unsigned n_fields;
	unsigned *groups; /* the field of group _i */
	unsigned n_groups;
};

/*
 * Spells a pattern out. all: what has no field of its own, %{NAME}, becomes
 * the field NAME if the pattern itself says so (not those it is made of).
 * Mistakes are shown at their place: unknown names with the nearest, patterns
 * that contain themselves, what PCRE2 does not take.
 */
int grok_compile(struct str pattern, struct where where,
    const struct grok_library *own, bool all, struct arena *a, struct grok *out,
    struct err *err);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * A spec as it is written: entries with the comments that belong to them, and
 * texts byte for byte. What weir fmt changes and writes again; what a spec
 * means is yaml_tree.h's business.
 *
 * libyaml's tokens leave out blanks and comments only, so comments are what
 * else stands between two tokens. One on a line of its own belongs to the entry
 * behind it, or to the end of the block whose indentation it has; one behind
 * something belongs to the entry that stands there.
 */
#ifndef WEIR_FRONT_YAML_FORM_H
#define WEIR_FRONT_YAML_FORM_H

#include "base/arena.h"
#include "base/err.h"

/* A comment, with its #. */
struct form_note {
	struct form_note *next;
	struct str text;
	struct where where;
	unsigned column; /* from 0 */
	bool blank;	 /* an empty line stands before it */
};

struct form_notes {
	struct form_note *first, *last;
};

enum form_kind {
	FORM_NONE,  /* nothing behind the colon */
	FORM_TEXT,  /* a scalar or an alias as it is written */
	FORM_BLOCK, /* | or >, with its lines */
	FORM_FLOW,  /* [] or {} as it is written */
	FORM_MAP,
	FORM_SEQ
};

struct form_entry;

struct form {
	enum form_kind kind;
	struct str props; /* an anchor, or "" */
	struct str text;  /* TEXT, BLOCK, FLOW */
	unsigned column;  /* of its block's entries; of a text: of the entry it
			     belongs to */
	struct form_entry *first, *last;
	struct form_notes tail; /* behind the last entry */
};

/* Of a map (with a key) or of a list. */
struct form_entry {
	struct form_entry *next;
	struct form_notes before;
	bool blank;	 /* an empty line before it, behind its comments */
	struct str key;	 /* as it is written */
	struct str name; /* the key's text */
	struct form value;
	struct str after; /* a comment on its line, or "" */
	struct where after_at;
};

struct form_document {
	struct form_notes head; /* apart from what follows */
	bool head_apart;	/* by an empty line */
	bool marked;		/* begins with --- */
	struct form root;
};

/* Reads a text that ynode_parse has taken; *out lives in the arena. */
int form_read(const struct source *src, struct arena *a,
    struct form_document *out, struct err *err);

/* All comments of such a text, in order. */
int form_comments(const struct source *src, struct arena *a,
    struct form_notes *out, struct err *err);

void form_note_add(struct form_notes *to, struct form_note *note);

#endif

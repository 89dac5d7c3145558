/* SPDX-License-Identifier: MIT */
/*
 * Writing YAML: a small tree of texts, lists and maps, laid out for people.
 * A list or map of texts goes on one line, in [] or {}, if it fits; all else
 * in blocks. A text is quoted only where it must be.
 */
#ifndef WEIR_FRONT_YAML_OUT_H
#define WEIR_FRONT_YAML_OUT_H

#include "base/arena.h"
#include "base/buf.h"

enum okind {
	O_TEXT,
	O_SEQ,
	O_MAP
};

struct onode {
	enum okind kind;
	bool quoted;	 /* TEXT: always in quotes */
	bool none;	 /* TEXT: nothing at all, not even quotes */
	bool flow;	 /* on one line even within a list */
	struct str key;	 /* of an entry of a map */
	struct str text; /* TEXT */
	struct onode *first, *last, *next;
};

struct onode *onode_new(struct arena *a, enum okind kind);

/* Appends a node, to a map under its key. */
void onode_put(struct onode *to, struct str key, struct onode *n);

/* The same with a new node, which is returned. */
struct onode *onode_add(
    struct arena *a, struct onode *to, const char *key, enum okind kind);
struct onode *onode_text(
    struct arena *a, struct onode *to, const char *key, struct str text);
struct onode *onode_keyed(
    struct arena *a, struct onode *to, struct str key, struct str text);

/* Writes a map as a document. */
void onode_print(struct buf *out, const struct onode *map);

#endif

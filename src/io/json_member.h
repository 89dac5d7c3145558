/* SPDX-License-Identifier: MIT */
/*
 * The members of a JSON object, one after another, and JSON for a terminal.
 * For writing: the text was checked when it was read, or the user vouched for
 * it; so what is not JSON ends the walk, but never runs over the end.
 */
#ifndef WEIR_IO_JSON_MEMBER_H
#define WEIR_IO_JSON_MEMBER_H

#include "base/buf.h"

/* A place in an object: behind its brace at first. */
struct json_members {
	const char *p, *end;
};

struct json_member {
	struct str name; /* between the quotes */
	bool escaped;	 /* the name has escapes */
	const char *end; /* of the value */
};

/* The next member; false at the end. */
bool json_member_next(struct json_members *it, struct json_member *out);

/*
 * Makes the JSON in out from byte start on harmless to a terminal: controls
 * (C0 but line feed and tab, DEL, C1) and marks that change the direction of
 * text become escapes \uXXXX, which mean the same. scratch is overwritten.
 */
void json_for_terminal(struct buf *out, size_t start, struct buf *scratch);

#endif

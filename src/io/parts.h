/* SPDX-License-Identifier: MIT */
/*
 * Lines of a container's output: each has a time, a stream, and a text that
 * may be only a part of what the program wrote. The parts of a stream are put
 * together; lines of the other stream may stand between them.
 *
 * A group is a run of lines at whose end no stream has an open part; groups
 * are decoded as a whole. So that a part whose rest never comes holds nothing
 * up, a group ends after some lines of the other stream, whatever is open.
 */
#ifndef WEIR_IO_PARTS_H
#define WEIR_IO_PARTS_H

#include "io/fixed.h"

enum part_field {
	PART_TIME,
	PART_STREAM,
	PART_TEXT,
	PART_PARTIAL, /* there: the rest of it did not come */
	PART_ATTRS,   /* docker */
	PART_ALIAS,   /* the text by another name */
	PART_FIELDS
};

struct part {
	struct str time, stream, text, attrs;
	bool open; /* another part follows */
};

/* Reads a line. NULL, or why it is none and *at where. */
typedef const char *part_fn(struct str line, struct part *out, const char **at);

struct parts_layout {
	struct fixed_layout f;
	uint32_t record_max;
};

/* format.start. */
enum start_status parts_start(const struct format *format,
    const struct fixed_kind *kind, struct str head, bool eof,
    const struct settings *settings, const struct limits *limits,
    struct arena *arena, struct layout **out, size_t *used, struct err *err);

size_t parts_decode(struct fixed_decoder *d, part_fn *fn, const char *p,
    const char *end, bool eof, struct batch *b);

size_t parts_frame(
    const struct layout *layout, part_fn *fn, const char *p, size_t n);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Headers within an input: lines that say how the records behind them are to
 * be read, as in logs that a server has begun anew, or several of them one
 * after another.
 *
 * A head is what such lines have said so far, as a text, and the layout made
 * of it. The one in force where a block begins is the block's context
 * (batch.h): its address, or 0 for the one the input begins with. Whoever cuts
 * blocks finds heads (heads_frame), so decoders of other threads know them
 * all; only when a single thread reads, or the last block is decoded, does a
 * decoder find one first. So one thread at a time adds to the list, while
 * others look things up in it.
 *
 * Inside io/ only, for formats of lines.
 */
#ifndef WEIR_IO_HEADS_H
#define WEIR_IO_HEADS_H

#include <stdatomic.h>

#include "io/text.h"

/* Bytes of different heads of an input; behind those, records are bad. */
#define HEADS_BYTES ((size_t)4 << 20)
#define HEADS_BUCKETS 256
#define HEADS_DECODERS 16 /* that a decoder keeps */

struct head {
	_Atomic(struct head *) next; /* of the same bucket */
	uint64_t hash;
	struct str text;
	struct layout *layout;
};

struct heads;
struct headed_decoder;

/* What a format says of its heads. */
struct heads_kind {
	/* What the line makes of a head, added to out; false: the same. */
	bool (*turn)(struct str head, struct str line, struct buf *out);
	/* The layout of a head's text, which lives in the arena. */
	struct layout *(*make)(
	    const struct heads *h, struct str text, struct arena *a);
	/* format.decoder_new, without heads. */
	struct headed_decoder *(*decoder_new)(
	    const struct layout *layout, const struct decode_spec *spec);
	void (*decoder_free)(struct headed_decoder *d);
	text_line_fn *row; /* of a line that is no directive */
};

struct heads {
	const struct heads_kind *kind;
	const struct format *format;
	struct arena *arena;
	struct limits limits;
	struct head *first;
	size_t bytes; /* of texts */
	_Atomic(struct head *) buckets[HEADS_BUCKETS];
};

/* Layouts of these formats begin so. */
struct headed_layout {
	struct layout base;
	struct heads *heads; /* all share those of the first */
};

/* Decoders of these formats begin so. */
struct headed_decoder {
	struct text_decoder t;
	uint64_t context;	    /* the head in force … */
	struct headed_decoder *now; /* … and who reads by it, or NULL */
	/* Those of heads behind the first, each in a place of its own. */
	struct headed_decoder *kept[HEADS_DECODERS];
};

/*
 * For format.start: the first layout, from its head's text (copied). The
 * caller ends the layout with text_start_as.
 */
struct headed_layout *heads_begin(const struct format *format,
    const struct heads_kind *kind, struct str text, const struct limits *limits,
    struct arena *a);

/* Of the format's table. */
struct decoder *heads_decoder_new(
    const struct layout *layout, const struct decode_spec *spec);
void heads_decoder_free(struct decoder *d);
size_t heads_decode(struct decoder *d, const char *p, const char *end, bool eof,
    struct batch *b);
const char *heads_line(struct text_decoder *d, struct batch *b, unsigned row,
    struct str line, const char **at);
size_t heads_frame(
    const struct layout *layout, const char *p, size_t n, uint64_t *context);
struct str heads_note(const struct layout *layout, uint64_t context);
uint64_t heads_recall(const struct layout *layout, struct str text);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Compressed formats: what each begins with, and how a piece of it is
 * inflated. A compressed file is a sequence of members (gzip members, zstd
 * frames, xz streams), each with its own beginning and checksum; a codec sees
 * one member at a time. Libraries that are not there when weir is built leave
 * a codec that knows its files but cannot inflate them.
 */
#ifndef WEIR_IO_CODEC_H
#define WEIR_IO_CODEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum codec_status {
	CODEC_GO,  /* more input, or more room, is needed */
	CODEC_END, /* the member ends here */
	CODEC_BAD  /* it is damaged: io->why */
};

/* What a step may read and write; it moves the pointers on. */
struct codec_io {
	const unsigned char *in, *in_end;
	unsigned char *out, *out_end;
	const char *why; /* static */
};

enum codec_is {
	CODEC_NO,
	CODEC_MAYBE, /* more bytes are needed to tell */
	CODEC_YES
};

struct codec {
	const char *name;
	const char *library;   /* that it needs, for messages */
	const char *extension; /* of its files */
	/* Do these bytes (some or all of the first ones) begin a member? */
	enum codec_is (*begins)(const unsigned char *p, size_t n);
	/* NULL: the library was not there when weir was built. */
	void *(*open)(void);
	/* Another member begins; false for want of memory. */
	bool (*reset)(void *run);
	/* Uses all input or all room, unless the member ends or is bad. */
	enum codec_status (*step)(void *run, struct codec_io *io);
	void (*close)(void *run);
};

extern const struct codec *const codecs[];
extern const unsigned n_codecs;

/* Bytes that are enough for every codec to tell. */
#define CODEC_HEAD 16

/*
 * Which codec the first bytes of a member belong to, if any. eof: there are
 * no others, so the answer is never CODEC_MAYBE.
 */
enum codec_is codec_of(struct str head, bool eof, const struct codec **out);

/* The codec of this name, or NULL. */
const struct codec *codec_find(struct str name);

/*
 * Inflates all members of data behind what `out` holds, up to `most` bytes.
 * NULL, or why that is not possible (static); then there may be some bytes.
 */
const char *codec_inflate(
    const struct codec *c, struct str data, size_t most, struct buf *out);

/* For `begins`: n bytes at p against a beginning of known bytes. */
enum codec_is codec_begins(
    const unsigned char *p, size_t n, const char *magic, size_t n_magic);

#endif

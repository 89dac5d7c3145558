/* SPDX-License-Identifier: MIT */
/*
 * Frames: what a journal is made of. All integers are little-endian.
 *
 *   0  magic   "wJf1"
 *   4  type    enum frame_type
 *   5  zero    three bytes
 *   8  len     bytes of the body
 *  12  chain   CRC32C over the body sums of the epoch's frames up to this one
 *  16  epoch   to which the frame belongs
 *  24  body    CRC32C of the body
 *  28  head    CRC32C of the 28 bytes before, seeded with the journal's nonce
 *              and the frame's place in the file
 *  32  the body
 *
 * So no byte of a frame can differ unnoticed, a frame of another journal, or
 * at another place, is none, and a COMMIT that is left of an attempt that was
 * torn does not adopt frames that it was not written with.
 */
#ifndef WEIR_STATE_STORE_FRAME_H
#define WEIR_STATE_STORE_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum frame_type {
	FRAME_HELLO = 1, /* the first: version, store, journal, nonce, term */
	FRAME_OWNER,	 /* another process writes on: its term */
	FRAME_SCHEMA,	 /* the schema from the next commit on */
	FRAME_DELTA,	 /* entries of the epoch */
	FRAME_COMMIT,	 /* the epoch is whole */
	FRAME_CLOSE	 /* the run ended in order */
};

#define FRAME_HEAD 32

struct frame {
	enum frame_type type;
	uint32_t chain;
	uint64_t epoch;
	struct str body;
	size_t at, end; /* in the file */
};

/* Where frames go to: a buffer that will be written at a place of a file. */
struct frame_sink {
	struct buf bytes;
	uint64_t at;	/* of the buffer's first byte in the file */
	uint64_t nonce; /* of the journal; HELLO has 0 */
	uint64_t epoch;
	uint32_t chain; /* of the epoch so far */
	size_t begun;	/* of the frame at hand, in the buffer */
};

/* Bytes that are added to s->bytes between the two are the body. */
void frame_begin(struct frame_sink *s);
void frame_end(struct frame_sink *s, enum frame_type type);

/*
 * Reads the frame at a place of a file and verifies everything but the chain.
 * False: there is none.
 */
bool frame_read(struct str file, size_t at, uint64_t nonce, struct frame *out);

/* The chain that the frame must have, behind one of `chain`. */
uint32_t frame_chain(uint32_t chain, struct str body);

/*
 * Looks for a frame at any place from `at` on whose head is whole; its epoch,
 * or 0 if there is none. *at becomes its place.
 */
uint64_t frame_seek(struct str file, size_t *at, uint64_t nonce);

/* ---- numbers in bodies ---- */

void put_u32(struct buf *b, uint32_t n);
void put_u64(struct buf *b, uint64_t n);
void put_varint(struct buf *b, uint64_t n);  /* LEB128 */
void put_signed(struct buf *b, int64_t n);   /* zigzag */
void put_bytes(struct buf *b, struct str s); /* length, bytes */

/* What is left of a body; false and *s is at the end if it does not do. */
bool take_u32(struct str *s, uint32_t *n);
bool take_u64(struct str *s, uint64_t *n);
bool take_varint(struct str *s, uint64_t *n);
bool take_varint32(struct str *s, uint32_t *n);
bool take_signed(struct str *s, int64_t *n);
bool take_bytes(struct str *s, struct str *out);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What the journal of standard input (spool.h) is made of: pieces, which are
 * files spool.NNNNNN, and in them frames. A frame is a head of SPOOL_FRAME
 * bytes and so many bytes of the stream:
 *
 *	 0  magic  4  "wSp2"
 *	 4  kind   1  enum spool_kind
 *	 5         3  zero
 *	 8  n      4  bytes of the stream
 *	12  boot   4  of which start of the machine it is (spool_boot)
 *	16  place  8  of the first of them in the stream
 *	24  body   4  checksum of them
 *	28  head   4  checksum of bytes 0 to 27
 *
 * all little-endian, the checksums CRC32C. The bytes are written before their
 * head: a file that goes on behind a head of zeros was left by a process that
 * was killed between the two, and those bytes are what it had taken from the
 * pipe. What is behind the last commit after the machine itself went down is
 * another matter: nobody knows what of it has reached the disk, so it ends at
 * the first frame that is not whole. `boot` tells the two apart.
 */
#ifndef WEIR_RUN_SPOOL_FRAME_H
#define WEIR_RUN_SPOOL_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPOOL_FRAME ((size_t)32)
#define SPOOL_FRAME_MOST ((size_t)128 << 10)

enum spool_kind {
	SPOOL_FIRST = 1, /* a piece begins; nothing else has no place 0 */
	SPOOL_DATA,	 /* bytes of the stream */
	SPOOL_BEGIN,	 /* another standard input begins */
	SPOOL_GO_ON,	 /* another one that goes on within a member */
	SPOOL_END	 /* it has come to its end */
};

struct spool_frame {
	enum spool_kind kind;
	uint32_t n, boot;
	uint64_t place;
};

/* Since the machine was started, this number is the same. */
uint32_t spool_boot(void);

void spool_frame_put(
    char to[static SPOOL_FRAME], const struct spool_frame *f, const char *body);

enum spool_step {
	SPOOL_STEP_FRAME,
	SPOOL_STEP_END,	 /* the file ends here */
	SPOOL_STEP_TAIL, /* behind a head of zeros it goes on */
	SPOOL_STEP_BAD,	 /* no whole frame of this place: why */
	SPOOL_STEP_FAIL	 /* errno */
};

/* A walk over the frames of a piece; zeroed but for fd and place. */
struct spool_walk {
	int fd;
	uint64_t at;	/* offset of the next frame */
	uint64_t place; /* that its bytes must have */
	struct spool_frame frame;
	const char *body; /* of the frame, until the next step */
	const char *why;
	bool head_good; /* BAD, but the head is whole: frame says what it was */
	char *buf;
	uint64_t from; /* offset of buf[0] */
	size_t n;
};

/* Frames are checked whole. The walk stays before a frame that is bad. */
enum spool_step spool_walk_next(struct spool_walk *w);

/* Behind a bad frame: to the next place where a head is whole; false: none. */
bool spool_walk_find(struct spool_walk *w, uint64_t most);

void spool_walk_release(struct spool_walk *w);

#endif

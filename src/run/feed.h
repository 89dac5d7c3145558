/* SPDX-License-Identifier: MIT */
/*
 * Prepared batches of each input, in input order.
 *
 * With one thread a block is decoded when the owner asks for more. With
 * several, workers take numbered blocks, decode and prepare them ahead of the
 * owner, who takes them in order and, when the next one is not ready, works
 * like a worker himself. Which thread prepared a batch cannot be seen in it.
 */
#ifndef WEIR_RUN_FEED_H
#define WEIR_RUN_FEED_H

#include "run/input.h"
#include "run/lane.h"

struct feed;

struct feed_plan {
	const struct lane_plan *lanes;
	struct input *inputs;
	unsigned n_inputs;
	unsigned threads;
	bool tight; /* --mem: blocks are smaller */
	/*
	 * Called by the owner when it may be about to wait for an input, and
	 * now and then while it does; false: it is to stop, as if the input
	 * ended before the record at hand.
	 */
	bool (*before_wait)(void *arg, const struct input *in);
	/* How many batches it is worth while to have ready at once. */
	unsigned (*ahead)(void *arg);
	void *arg;
};

struct feed *feed_new(const struct feed_plan *plan);
void feed_free(struct feed *f);

/* An input has been opened: its batches may be asked for. */
void feed_open(struct feed *f, struct input *in);

/* Nobody wants more of it: returns when no thread reads it any more. */
void feed_rest(struct feed *f, struct input *in);

/*
 * It has ended, or nobody wants more of it, and its last batch is done with:
 * all it held is freed.
 */
void feed_close(struct feed *f, struct input *in);

enum feed_found {
	FEED_BATCH,
	FEED_WAIT, /* nothing yet */
	FEED_END
};

/* The same, but does not wait. Only with one thread. */
enum feed_found feed_look(
    struct feed *f, struct input *in, struct prepared **out);

/* Bytes of a block, by the number of inputs that share the memory. */
size_t feed_block_bytes(unsigned threads, unsigned n_inputs, bool tight);

/*
 * The next batch of an input: true and *out, which is valid until the next
 * call for the same input; false at its end (in->err: it came too early).
 */
bool feed_next(struct feed *f, struct input *in, struct prepared **out);

/* ---- for tests: WEIR_TORTURE=rows=1,reads=1 ---- */

/* At most this many rows a batch, this many bytes a read. */
void feed_torture(unsigned rows, size_t read_bytes);

#endif

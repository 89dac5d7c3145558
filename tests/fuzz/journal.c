/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: the journal of a state directory. The input is what a writer
 * does: frames are made of it with right checksums, so that their bodies are
 * read, too, and some bytes are changed behind that. Whatever it is, it is
 * scanned, and applied up to every commit it has; what is applied is written
 * as entries again and must read back.
 *
 *	clang-14 -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE \
 *	    -D__SANITIZE_ADDRESS__ -Isrc -o fuzz-journal \
 *	    tests/fuzz/journal.c $(find src/base src/data src/state \
 *	    -name '*.c') -lm -lpthread
 *	./fuzz-journal -max_len=2048 CORPUS
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "state/store_journal.h"

#define NONCE 7

static void
expect(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static struct str
take(struct str *in, size_t n)
{
	struct str s = {in->p, n < in->n ? n : in->n};

	in->p += s.n;
	in->n -= s.n;
	return s;
}

static unsigned
byte(struct str *in)
{
	struct str s = take(in, 1);

	return s.n ? (unsigned char)*s.p : 0;
}

static void
put_hello(struct frame_sink *sink)
{
	struct journal_hello h = {.store = 1, .number = 1, .nonce = NONCE};

	frame_begin(sink);
	hello_put(&sink->bytes, &h);
	frame_end(sink, FRAME_HELLO);
}

/* One frame: its type, its epoch's step, its length, its body. */
static void
put_frame(struct frame_sink *sink, struct str *in)
{
	unsigned type = byte(in) % 8, step = byte(in) % 8;
	struct str body = take(in, byte(in));
	struct journal_commit c = {.next_run = 9};

	frame_begin(sink);
	if (type >= 6) {
		/* A commit that does as it should, but for its edits. */
		c.note = take(&body, 3);
		c.edits = body;
		commit_put(&sink->bytes, &c);
		type = FRAME_COMMIT;
	} else {
		buf_adds(&sink->bytes, body);
	}
	if (step == 7)
		sink->epoch += 2;
	frame_end(sink, type ? type : FRAME_DELTA);
	if (type == FRAME_COMMIT)
		sink->epoch++;
}

static void
check_held(const struct replayed *r)
{
	struct frame_sink sink = {.nonce = NONCE, .epoch = 1};
	struct memtable *again = memtable_new();
	struct frame f;

	delta_put(&sink, r->held, NULL);
	for (size_t at = 0; at < sink.bytes.n; at = f.end) {
		expect(frame_read(buf_str(&sink.bytes), at, NONCE, &f),
		    "a frame that was written is none");
		expect(delta_apply(f.body, again),
		    "entries that were written do not read back");
	}
	expect(again->n_entries == r->held->n_entries,
	    "entries are lost when they are written");
	memtable_free(again);
	buf_release(&sink.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = {(const char *)data, size};
	struct frame_sink sink = {.nonce = NONCE, .epoch = 1};
	struct journal_scan scan;
	struct replayed r;
	unsigned flips = byte(&in) % 4;
	size_t at;

	put_hello(&sink);
	while (in.n > flips * 3)
		put_frame(&sink, &in);
	for (; flips; flips--) {
		size_t place = byte(&in) | byte(&in) << 8;

		sink.bytes.p[place % sink.bytes.n] ^= (char)byte(&in);
	}
	journal_scan(buf_str(&sink.bytes), &scan);
	expect(scan.end <= sink.bytes.n, "the end is outside");
	for (uint64_t e = scan.first; e && e <= scan.last; e++) {
		if (journal_replay(&scan, e, &r, &at)) {
			expect(r.epoch == e, "another commit than asked for");
			check_held(&r);
		}
		replayed_release(&r);
	}
	buf_release(&sink.bytes);
	return 0;
}

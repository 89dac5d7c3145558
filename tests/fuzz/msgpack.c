/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: msgpack. The first byte chooses chunks and limits, the rest is
 * the input. Every byte is accounted for, and the rows are the same read in
 * one piece, in chunks, record by record, by the scan alone, and cut between
 * threads.
 *
 *	clang-14 -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE \
 *	    -D__SANITIZE_ADDRESS__ \
 *	    -Isrc -Itests/unit -o fuzz-msgpack tests/fuzz/msgpack.c \
 *	    $(find src/base src/data src/io -name '*.c') -lm
 *	./fuzz-msgpack -max_len=256 CORPUS
 */
#include "msgpack_feed.h"

#include "base/must.h"
#include "base/simd.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void
want_all(struct feed *f)
{
	feed_want(f, "", WANT_VALUE);
	feed_want(f, "", WANT_RAW);
	feed_want(f, "_time", WANT_TIME)->optional = true;
	feed_want(f, "_tag", WANT_VALUE);
	feed_want(f, "a", WANT_VALUE);
	feed_want(f, "b.a", WANT_VALUE);
	feed_want(f, "b.c.1", WANT_VALUE);
	feed_want(f, "n", WANT_TYPE)->type = T_INT;
}

static void
check(const struct buf *got, const struct buf *want)
{
	must(got->n == want->n && !memcmp(got->p, want->p, got->n));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct buf want = {0}, got = {0};
	struct feed f;
	struct str in;
	size_t chunk;

	if (n < 2)
		return 0;
	simd_init();
	chunk = (bytes[0] & 15u) + 1;
	in = (struct str){(const char *)bytes + 1, n - 1};
	feed_init(&f);
	if (bytes[0] & 16)
		feed_limits(&f, (struct limits){100, 5, 4});
	want_all(&f);
	buf_reserve(&got, 1);
	buf_reserve(&want, 1);
	feed_chunks(&f, &want, in, n);
	feed_chunks(&f, &got, in, chunk);
	check(&got, &want);
	got.n = 0;
	feed_framed(&f, &got, in, chunk);
	check(&got, &want);
	got.n = 0;
	f.single = true;
	feed_chunks(&f, &got, in, n);
	check(&got, &want);
	got.n = 0;
	f.single = f.templates = false;
	feed_chunks(&f, &got, in, n);
	check(&got, &want);
	format_msgpack.guess(in, bytes[0] & 32);
	buf_release(&want);
	buf_release(&got);
	feed_release(&f);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as msgpack: nothing crashes, every byte is accounted for, and the
 * rows are the same read in one piece, in chunks, by the scan alone, and cut
 * between threads.
 *
 *	clang -fsanitize=fuzzer,address,undefined … tests/fuzz/msgpack.c
 *
 * With -DFUZZ_STANDALONE it has a main of its own that takes files. The first
 * byte of an input chooses chunks and limits, the rest is what is read.
 */
#include "msgpack_feed.h"

#include <stdio.h>

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
	f.templates = false;
	feed_chunks(&f, &got, in, n);
	check(&got, &want);
	format_msgpack.guess(in, bytes[0] & 32);
	buf_release(&want);
	buf_release(&got);
	feed_release(&f);
	return 0;
}

#ifdef FUZZ_STANDALONE
int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct buf b = {0};
		FILE *file = fopen(argv[i], "rb");
		size_t n;

		must(file != NULL);
		while ((n = fread(buf_reserve(&b, 4096), 1, 4096, file)))
			b.n += n;
		fclose(file);
		LLVMFuzzerTestOneInput((const uint8_t *)b.p, b.n);
		buf_release(&b);
	}
	return 0;
}
#endif

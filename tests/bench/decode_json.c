/* SPDX-License-Identifier: MIT */
/*
 * Nanoseconds per record of the JSON decoder, and of writing JSON.
 *
 *	decode_json FILE [ROUNDS [FIELD...]]
 *
 * The file is held in memory and decoded in blocks of 128 KiB that were just
 * copied, as read() leaves them (copying is not counted): along templates, by
 *the scanner alone, and with trust. Fields are ts (as time), key, status and
 *latency unless others are named. The best of the rounds is printed: noise only
 *ever adds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "io/json.h"

#define BLOCK ((size_t)128 << 10)

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static struct buf
slurp(const char *name)
{
	struct buf b = {0};
	FILE *f = fopen(name, "rb");
	size_t n;

	if (!f) {
		perror(name);
		exit(1);
	}
	do {
		n = fread(buf_reserve(&b, BLOCK + SIMD_PAD), 1, BLOCK, f);
		b.n += n;
	} while (n);
	fclose(f);
	return b;
}

struct totals {
	size_t rows, bad, written;
	double took;
};

static struct totals
decode_all(struct decoder *d, struct encoder *e, struct buf *out, struct buf in)
{
	const struct format *f = &format_json;
	struct batch *b = batch_new();
	struct totals t = {0};
	const char *from = in.p, *end = in.p + in.n;
	char *block = mem_alloc(BLOCK + SIMD_PAD);

	while (from < end) {
		size_t n = (size_t)(end - from), at = 0;
		bool eof = n <= BLOCK;
		double start;

		if (!eof)
			n = f->frame(NULL, from, BLOCK);
		memcpy(block, from, n);
		from += n;
		start = now();
		while (at < n) {
			batch_reset(b);
			at += f->decode(d, block + at, block + n, eof, b);
			t.rows += b->n_rows;
			t.bad += b->n_bad;
			if (e) {
				out->n = 0;
				f->encode(e, b, out);
				t.written += out->n;
			}
		}
		t.took += now() - start;
	}
	mem_free(block);
	batch_free(b);
	return t;
}

static void
measure(const char *what, const struct decode_spec *spec,
    const struct layout *layout, struct encoder *e, bool learn, struct buf in,
    int rounds)
{
	struct buf out = {0};
	struct totals t = {0};
	double best = 1e300;
	int i;

	for (i = 0; i < rounds; i++) {
		struct decoder *d = format_json.decoder_new(layout, spec);

		if (!learn)
			((struct json_decoder *)(void *)d)->rest = UINT32_MAX;
		t = decode_all(d, e, &out, in);
		if (t.took < best)
			best = t.took;
		format_json.decoder_free(d);
	}
	printf("%-28s %7.1f ns/record %6.2f GB/s  %zu rows, %zu bad, %zu "
	       "bytes written\n",
	    what, best / (double)(t.rows + t.bad), (double)in.n / best, t.rows,
	    t.bad, t.written);
	buf_release(&out);
}

int
main(int argc, char **argv)
{
	static const char *const usual[] = {"ts", "key", "status", "latency"};
	int rounds = argc > 2 ? atoi(argv[2]) : 5;
	unsigned n = argc > 3 ? (unsigned)argc - 3 : 4, i;
	struct want wants[64] = {0};
	struct out_column cols[64] = {0};
	struct decode_spec spec = {
	    .wants = wants, .n_wants = n, .time = -1, .limits = limits_default};
	struct encode_spec out_spec = {.cols = cols, .n_cols = n};
	struct layout layout = {.format = &format_json};
	struct arena a;
	struct encoder *e;
	struct buf in;

	if (argc < 2 || n > 64)
		return 2;
	simd_init();
	arena_init(&a, 4096);
	for (i = 0; i < n; i++) {
		const char *name = argc > 3 ? argv[i + 3] : usual[i];

		wants[i].path = path_of_name(&a, str_of(name));
		cols[i].name = str_of(name);
		if (!strcmp(name, "ts"))
			wants[i].as = WANT_TIME;
	}
	in = slurp(argv[1]);
	measure("templates", &spec, &layout, NULL, true, in, rounds);
	measure("scanner", &spec, &layout, NULL, false, in, rounds);
	spec.trust = true;
	measure("templates, trust", &spec, &layout, NULL, true, in, rounds);
	spec.trust = false;
	e = format_json.encoder_new(&out_spec, NULL);
	measure("templates, and write", &spec, &layout, e, true, in, rounds);
	format_json.encoder_free(e);
	buf_release(&in);
	arena_release(&a);
	return 0;
}

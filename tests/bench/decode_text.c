/* SPDX-License-Identifier: MIT */
/*
 * Nanoseconds per record of the decoders of text formats.
 *
 *	decode_text FORMAT[:ARG] FILE [ROUNDS [FIELD...]]
 *
 * The file is held in memory and decoded in blocks of 128 KiB, as the reader
 * would give them. The first field is read as event time. A field "-" alone
 * wants none (only counting), "*" is the whole record as a MAP. The best of
 * the rounds is printed: noise only ever adds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "base/must.h"
#include "io/io.h"

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
	size_t rows, bad;
	double framing;
};

static struct totals
decode_all(const struct format *f, const struct layout *l, struct decoder *d,
    struct str in)
{
	struct batch *b = batch_new();
	struct totals t = {0};
	const char *p = in.p, *end = in.p + in.n;
	uint64_t context = 0, next = 0;

	while (p < end) {
		size_t n = (size_t)(end - p), used;
		bool eof = n <= BLOCK;
		const char *block_end;
		double from = now();

		block_end = p + (eof ? n : format_frame(l, p, BLOCK, &next));
		t.framing += now() - from;
		while (p < block_end) {
			batch_reset(b);
			b->context = context;
			used = f->decode(d, p, block_end, eof, b);
			must(used || b->more);
			context = b->context;
			p += used;
			t.rows += b->n_rows;
			t.bad += b->n_bad;
		}
	}
	batch_free(b);
	return t;
}

static void
measure(const struct format *f, const struct layout *l,
    const struct decode_spec *spec, struct str in, int rounds)
{
	double best = 1e30, framing = 1e30;
	struct totals t = {0};

	for (int i = 0; i < rounds; i++) {
		struct decoder *d = f->decoder_new(l, spec);
		double from = now(), took;

		t = decode_all(f, l, d, in);
		took = now() - from - t.framing;
		best = took < best ? took : best;
		framing = t.framing < framing ? t.framing : framing;
		f->decoder_free(d);
	}
	printf("%-6s %s %8zu rows %6zu bad %6.1f ns/record %5.2f GB/s, "
	       "framing %.1f ns\n",
	    f->name, simd_avx2 ? "avx2 " : "words", t.rows, t.bad,
	    best / (double)(t.rows + t.bad), (double)in.n / best,
	    framing / (double)(t.rows + t.bad));
}

static struct want
want_of(struct arena *a, const char *name, const struct format *f, bool time)
{
	struct want w = {0};
	struct err err = {0};

	if (strcmp(name, "*"))
		w.path = path_of_name(a, str_of(name));
	if (!time)
		return w;
	w.as = WANT_TIME;
	must(
	    !when_layout_parse(str_of(f->time_layout ? f->time_layout : "auto"),
		a, &w.layout, &err));
	return w;
}

static unsigned
all_wants(struct arena *a, const struct format *f, int argc, char **argv,
    struct want *wants)
{
	unsigned n = 0;

	if (argc > 4 && !strcmp(argv[4], "-"))
		return 0;
	for (int i = 4; i < argc && n < 64; i++, n++)
		wants[n] = want_of(a, argv[i], f, !n && argv[i][0] != '*');
	return n;
}

int
main(int argc, char **argv)
{
	struct arena a;
	struct settings settings;
	struct want wants[64];
	struct decode_spec spec = {.wants = wants, .time = -1};
	struct layout *l;
	struct err err = {0};
	const struct format *f;
	struct buf in;
	size_t used;

	if (argc < 3) {
		fprintf(stderr,
		    "usage: decode_text FORMAT FILE [ROUNDS [FIELD...]]\n");
		return 2;
	}
	simd_init();
	arena_init(&a, 4096);
	settings = (struct settings){0};
	f = format_parse(
	    str_of(argv[1]), (struct where){0}, false, &settings, &err);
	in = slurp(argv[2]);
	if (!f || f->start(buf_str(&in), true, &settings, &limits_default, &a,
		      &l, &used, &err) != START_OK) {
		err_print(stderr, &err, 0);
		return 2;
	}
	spec.limits = limits_default;
	spec.n_wants = all_wants(&a, f, argc, argv, wants);
	if (spec.n_wants && wants[0].as == WANT_TIME)
		spec.time = 0;
	measure(f, l, &spec, (struct str){in.p + used, in.n - used},
	    argc > 3 ? atoi(argv[3]) : 5);
	buf_release(&in);
	arena_release(&a);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: lines, access logs and patterns. The first byte picks the
 *settings and what is wanted, the rest is the input. Whatever the pieces it
 *comes in, with and without vector instructions, framed or not, the same must
 *come out.
 *
 *	clang-14 -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE \
 *	    -D__SANITIZE_ADDRESS__ -Isrc -Itests/unit -o fuzz-logs \
 *	    tests/fuzz/logs.c $(find src/base src/data src/io -name '*.c') \
 *	    -lpcre2-8 -lm
 *	./fuzz-logs -max_len=2048 CORPUS
 */
#include "base/simd.h"
#include "io_help.h"

static const struct job jobs[] = {
    {"nginx", "client status bytes time=event path query agent rest", 0},
    {"nginx", "*", 128},
    {"apache", "vhost client time request_time request target *=raw", 0},
    {"apache", "* status=varchar time=raw", 0},
    {"lines", "line *=raw", 16},
    {"regex:^(?<a>(x+x+)+)(?<b>[^ ]*) (?<c>\\d+)?", "a b c", 0},
    {"regex:(?i)(?<a>.{3})(?<b>\\p{L}+)", "b *", 0},
};

static void
expect(const char *how, struct str in, char *got, const char *want)
{
	if (strcmp(got, want)) {
		fprintf(stderr, "%s: %.*s\n--- has\n%s\n--- not\n%s\n", how,
		    STR_ARG(in), got, want);
		abort();
	}
	mem_free(got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct job *job;
	struct str in;
	size_t piece;
	char *want;

	if (size < 3)
		return 0;
	simd_init();
	job = &jobs[data[0] % (sizeof jobs / sizeof *jobs)];
	piece = 1 + data[1] % 100;
	in = (struct str){(const char *)data + 2, size - 2};
	want = help_run(job, in, 0);
	expect("in pieces", in, help_run(job, in, piece), want);
	simd_avx2 = false;
	expect("in words", in, help_run(job, in, 0), want);
	simd_init();
	if (strncmp(want, "error", 5))
		expect("framed", in, help_run_framed(job, in, piece), want);
	mem_free(want);
	return 0;
}

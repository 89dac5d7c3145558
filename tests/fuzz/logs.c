/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: every format of the table that is read, and settings of some.
 * The first byte picks which and what is wanted, the second the pieces and how
 * long a record may be, the rest is the input. Whatever the pieces it comes
 * in, with and without vector instructions, framed or not, the same must come
 * out; and every guess is made of it.
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
    {"kv:pair=|,assign=:,quote='", "a b c=bigint *", 0},
    {"kv:;", "a b *=raw", 0},
    {"lines", "line *=raw", 16},
    {"lines:join=indent", "line *=raw", 0},
    {"lines:multiline=^[a-z]", "line", 0},
    {"ltsv:escapes=no", "a b *", 0},
    {"ltsv:multiline=^a", "a rest *", 0},
    {"kv:join=indent", "a b rest *", 0},
    {"logfmt:join=indent", "a b rest * *=raw", 0},
    {"nginx:join=indent", "client path rest", 0},
    {"regex:join=indent,pattern=(?s)^(?<a>.)(?<b>.*)", "a b", 0},
    {"syslog:year=2024", "ts=event data app pid message facility *=raw", 0},
    {"syslog:year=2024,repeated=all", "ts message *", 0},
    {"syslog:framing=octets", "host message data.a.b", 0},
    {"syslog:join=indent", "ts=maybe message", 0},
    {"regex:^(?<a>(x+x+)+)(?<b>[^ ]*) (?<c>\\d+)?", "a b c", 0},
    {"regex:(?i)(?<a>.{3})(?<b>\\p{L}+)", "b *", 0},
};

#define N_JOBS (sizeof jobs / sizeof *jobs)

/* A format of the table with its first fields and the record as a whole. */
static struct job
job_of(const struct format *f)
{
	static char wants[256];
	const char *p = f->fields ? f->fields : "a b time MESSAGE";
	int n = (int)strlen(p);

	if (n > 200) {
		n = 200;
		while (p[n] != ' ')
			n--;
	}
	snprintf(wants, sizeof wants, "%.*s * *=raw", n, p);
	return (struct job){f->name, wants, 0};
}

/* True if the input may end behind any frame. */
static bool
has_frames(const char *name)
{
	const struct format *f =
	    format_find((struct str){name, strcspn(name, ":")});

	return f->frame || f->note;
}

/* Guesses read no byte behind the head. */
static void
check_guesses(struct str in)
{
	char *exact = mem_alloc(in.n ? in.n : 1);

	if (in.n)
		memcpy(exact, in.p, in.n);
	for (unsigned i = 0; i < 2; i++)
		if (!format_guess((struct str){exact, in.n}, i))
			abort();
	mem_free(exact);
}

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
	struct job job;
	unsigned pick;
	struct str in;
	size_t piece;
	char *want;

	if (size < 3)
		return 0;
	simd_init();
	pick = data[0] % (unsigned)(N_JOBS + n_formats);
	if (pick < N_JOBS)
		job = jobs[pick];
	else
		job = job_of(formats[pick - N_JOBS]);
	if (pick >= N_JOBS &&
	    (!formats[pick - N_JOBS]->decode || !strcmp(job.format, "regex")))
		return 0;
	if (data[1] >= 200)
		job.record_max = 100;
	piece = 1 + data[1] % 100;
	in = (struct str){(const char *)data + 2, size - 2};
	check_guesses(in);
	want = help_run(&job, in, 0);
	expect("in pieces", in, help_run(&job, in, piece), want);
	simd_avx2 = false;
	expect("in words", in, help_run(&job, in, 0), want);
	simd_init();
	if (strncmp(want, "error", 5) && has_frames(job.format))
		expect("framed", in, help_run_framed(&job, in, piece), want);
	mem_free(want);
	return 0;
}

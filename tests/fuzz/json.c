/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: JSON lines. The first byte picks what is wanted, the rest is
 * the input; its first record comes six times, so that templates are made and
 * several records are read at once. All ways to read must give the same, and
 * take a record if and only if the plain checker does.
 *
 *	clang-14 -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE \
 *	    -D__SANITIZE_ADDRESS__ \
 *	    -Isrc -Itests/unit -o fuzz-json tests/fuzz/json.c \
 *	    $(find src/base src/data src/io -name '*.c') -lm
 *	./fuzz-json -max_len=4096 CORPUS
 */
#include "json_run.h"

#include "json_gen.h"

static const struct path_step a_steps[] = {
    {.name = {"a", 1}}, {.name = {"b", 1}}, {.index = 1}};
static const struct path_step k_steps[] = {{.name = {"key", 3}}};

static const struct want wants[] = {
    {.path = {k_steps, 1}, .as = WANT_VALUE},
    {.path = {a_steps, 1}, .as = WANT_RAW},
    {.path = {a_steps, 2}, .as = WANT_VALUE},
    {.path = {a_steps, 3}, .as = WANT_VALUE},
    {.path = {k_steps, 1}, .as = WANT_TIME, .optional = true},
    {.path = {NULL, 0}, .as = WANT_RAW},
};

static void
expect(bool same, struct str input, struct buf *got, struct buf *want)
{
	if (same)
		return;
	fprintf(stderr, "%.*s\n--- has\n%s\n--- not\n%s\n", STR_ARG(input),
	    buf_z(got), buf_z(want));
	abort();
}

static void
check_verdicts(struct str in, struct buf *dump)
{
	struct decode_spec spec = {.time = -1, .limits = limits_default};
	const char *p = in.p, *end = in.p + in.n, *line, *feed;

	run_all(&(struct run){.spec = &spec}, in, dump);
	line = buf_z(dump);
	for (; p < end; p = feed + 1) {
		struct str s;

		feed = memchr(p, '\n', (size_t)(end - p));
		feed = feed ? feed : end;
		s = (struct str){p, (size_t)(feed - p)};
		if (!str_trim(s).n)
			continue;
		if (check_json(s, 512) != (*line == ' '))
			abort();
		line = strchr(line, '\n') + 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct buf in, want, got;
	struct decode_spec spec = {
	    .wants = wants, .time = -1, .limits = limits_default};
	const uint8_t *feed;
	unsigned i;

	if (size < 2)
		return 0;
	simd_init();
	spec.n_wants = 1 + data[0] % 6;
	spec.trust = data[0] >= 128;
	feed = memchr(data + 1, '\n', size - 1);
	in.n = 0;
	for (i = 0; feed && i < 5; i++)
		buf_add(&in, data + 1, (size_t)(feed - data));
	buf_add(&in, data + 1, size - 1);
	run_all(&(struct run){.spec = &spec}, buf_str(&in), &want);
	for (i = 0; i < 6; i++) {
		struct run run = {.spec = &spec,
		    .scan_only = i == 0 || i == 2,
		    .bulk_only = i == 5,
		    .words = i == 1 || i == 2,
		    .cold = i == 3,
		    .block = i == 3 || i == 4 ? 20 + data[1] : 0};

		run_all(&run, buf_str(&in), &got);
		expect(str_eq(buf_str(&got), buf_str(&want)), buf_str(&in),
		    &got, &want);
	}
	check_verdicts(buf_str(&in), &got);
	return 0;
}

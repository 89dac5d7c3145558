/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: queries and specs. The first byte picks which of the two, the
 * rest is the text. A mistake must have a message and lie within the text;
 * what is a plan must bind or say why, be explained, and, written as a spec,
 * read back as the same spec.
 *
 *	clang-14 -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE \
 *	    -D__SANITIZE_ADDRESS__ -Isrc -Itests/unit -o fuzz-front \
 *	    tests/fuzz/front.c $(find src -name '*.c' ! -path 'src/cli/*') \
 *	    -lyaml -lpcre2-8 -lz -lzstd -lm
 *	./fuzz-front -max_len=2048 CORPUS
 */
#include "front_plan.h"

static void
expect(bool holds, const char *what, struct str in)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n%.*s\n", what, STR_ARG(in));
	abort();
}

static void
check_mistake(const struct source *src, const struct err *err)
{
	expect(err->message && *err->message, "no message", src->text);
	if (!err->where.src)
		return;
	expect(err->where.src == src, "the mistake is elsewhere", src->text);
	expect(err->where.at <= src->text.n &&
		   err->where.len <= src->text.n - err->where.at,
	    "the mistake is outside of the text", src->text);
}

/* Reads what was written and writes it again. */
static void
check_written(struct plan *p, struct str in)
{
	struct buf spec = {0}, again = {0};
	struct err err = {0};
	struct source src;
	struct plan read;

	yaml_print(p, &spec);
	src = (struct source){"spec", buf_str(&spec)};
	plan_init(&read);
	expect(!yaml_parse(&read, &src, &err), err.message, in);
	yaml_print(&read, &again);
	expect(str_eq(buf_str(&spec), buf_str(&again)),
	    "the spec changes when it is written again", in);
	plan_release(&read);
	buf_release(&spec);
	buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text;
	struct source src;
	struct err err = {0};
	struct plan p;
	struct buf words = {0};

	if (!size)
		return 0;
	text = (struct str){(const char *)data + 1, size - 1};
	src = (struct source){"text", text};
	plan_init(&p);
	if ((*data & 1 ? sql_parse : yaml_parse)(&p, &src, &err) ||
	    plan_bind(&p, &err)) {
		check_mistake(&src, &err);
	} else {
		plan_explain(&p, &words);
		check_written(&p, text);
	}
	buf_release(&words);
	err_release(&err);
	plan_release(&p);
	return 0;
}

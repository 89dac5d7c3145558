/* SPDX-License-Identifier: MIT */
/* Patterns: groups as fields, mistakes at their place, limits, trimming. */
#include "base/simd.h"
#include "io/pattern.h"
#include "io_help.h"

static const struct help_case cases[] = {
    {"groups are fields", {"regex:^(?<a>\\w+) (?<b>\\d+)$", "b a *", 0},
	"x 12\ny 007\n",
	"[12,\"x\",{\"a\":\"x\",\"b\":12}]\n"
	"[\"007\",\"y\",{\"a\":\"y\",\"b\":\"007\"}]\n"},
    {"no match", {"regex:^(?<a>\\d+)$", "a *=raw", 0}, "1\nx\n\n2\r\n",
	"[1,\"1\"]\n! does not match the pattern @0 \"x\"\n[2,\"2\"]\n"},
    {"anywhere in the line", {"regex:=(?<a>\\d+)", "a", 0}, "x=1 y=2\n",
	"[1]\n"},
    {"optional groups", {"regex:^(?<a>x)?(?<b>y*)(?<c>z)?$", "a b c", 0},
	"x\nyz\n", "[\"x\",\"\",null]\n[null,\"y\",\"z\"]\n"},
    {"the order is the pattern's", {"regex:(?P<z>.)(?'y'.)(.)(?<x>.)", "*", 0},
	"abcd\n", "[{\"z\":\"a\",\"y\":\"b\",\"x\":\"d\"}]\n"},
    {"characters, not bytes", {"regex:^(?<a>.{2})(?<b>[^x])x", "a b", 0},
	"\xc3\xa9\xe6\x9d\x8e\xc3\xa9x\nabcx\n",
	"[\"\xc3\xa9\xe6\x9d\x8e\",\"\xc3\xa9\"]\n[\"ab\",\"c\"]\n"},
    {"without case beyond ASCII", {"regex:(?i)(?<a>\xc3\x89|k)", "a", 0},
	"x\xc3\xa9\n\xe2\x84\xaa\nK\nx\n",
	"[\"\xc3\xa9\"]\n[\"\xe2\x84\xaa\"]\n[\"K\"]\n"
	"! does not match the pattern @0 \"x\"\n"},
    {"times", {"regex:^(?<t>\\S+) (?<m>.*)", "t=event m", 0},
	"2026-03-01T00:00:00Z up\nx up\n",
	"[@\"2026-03-01T00:00:00Z\",\"up\"]\n"
	"! the time is not readable @0 \"x up\"\n"},
    {"back references work", {"regex:(?<a>(\\w)\\2)(?<b>.)", "b", 0}, "xaabc\n",
	"[\"b\"]\n"},
    {"a branch reset", {"regex:(?|(?<a>x)|(?<a>y))(?<b>.)", "a b", 0},
	"x1\ny2\n", "[\"x\",1]\n[\"y\",2]\n"},
    {"an explosion", {"regex:^(?<a>(a+)+)$", "a", 0},
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\naaa\n",
	"! pattern too costly for this record @0 "
	"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"\n[\"aaa\"]\n"},
    {"not UTF-8", {"regex:(?<a>.*)", "a", 0}, "\xff\nx\n",
	"! not valid UTF-8 @1 \"\xff\"\n[\"x\"]\n"},
    {"no pattern", {"regex", "a", 0}, "x\n",
	"error: the format regex needs a pattern"},
    {"no names", {"regex:(\\d+)", "a", 0}, "1\n",
	"error: the pattern names no fields"},
    {"a name twice", {"regex:(?J)(?<a>x)|(?<a>y)", "a", 0}, "x\n",
	"error: the pattern has two groups named \"a\""},
};

/* A mistake is shown where it is within the pattern. */
static void
test_place(void)
{
	const struct source src = {"command line", STR("regex:(?<a>x)(y")};
	struct where where = {&src, 0, 5};
	const struct str *names;
	struct arena a;
	struct err err = {0};
	unsigned n;
	struct str pattern = {src.text.p + 6, src.text.n - 6};

	arena_init(&a, 256);
	ok(pattern_names(pattern, where, &a, &names, &n, &err) == -1,
	    "a pattern that does not compile is an error");
	same(err.message, "in the pattern: missing closing parenthesis",
	    "PCRE2 says why");
	ok(err.where.src == &src && err.where.at == src.text.n,
	    "the place is within the pattern");
	err_release(&err);
	pattern = STR("(?<a>x))");
	ok(pattern_names(pattern, where, &a, &names, &n, &err) == -1 &&
		err.where.at == 0,
	    "or the place given, if the pattern is no part of the source");
	err_release(&err);
	arena_release(&a);
}

static void
trims(const char *text, const char *want)
{
	const struct str keep[] = {STR("a"), STR("b")};
	struct buf out = {0};
	bool safe = pattern_trim(str_of(text), keep, 2, &out);

	same(safe ? buf_z(&out) : "as it is", want, text);
	buf_release(&out);
}

static void
test_trim(void)
{
	trims("(?<a>x)(?<c>y)(z)", "(?<a>x)(?:y)(?:z)");
	trims("(?P<c>x)(?'d'y)(?'b'z)", "(?:x)(?:y)(?'b'z)");
	trims("\\((?<c>\\()[(?<d>)](?=(x))", "\\((?:\\()[(?<d>)](?=(?:x))");
	trims("[]()](y)", "[]()](?:y)");
	trims("[^]()](y)", "[^]()](?:y)");
	trims("[[:alpha:](](y)", "[[:alpha:](](?:y)");
	trims("[[(](y)", "[[(](?:y)");
	trims("[\\](](y)", "[\\](](?:y)");
	trims(
	    "(?<=(x))(?<!y)(?>z)(?i)(?i:w)", "(?<=(?:x))(?<!y)(?>z)(?i)(?i:w)");
	trims("\\c((x)", "\\c((?:x)");
	trims("(x)\\1", "as it is");
	trims("(?<a>x)\\k<a>", "as it is");
	trims("(x)\\g{1}", "as it is");
	trims("(x)(?1)", "as it is");
	trims("(x)(?R)", "as it is");
	trims("(?<c>x)(?&c)", "as it is");
	trims("(?<c>x)(?P>c)", "as it is");
	trims("(?<c>x)(?P=c)", "as it is");
	trims("(x)(?(1)y|z)", "as it is");
	trims("(?|(x)|(y))", "as it is");
	trims("(?x)(x) # (?<a>", "as it is");
	trims("\\Q(x)\\E(y)", "as it is");
	trims("[\\Q]\\E](y)", "as it is");
	trims("(*UTF)(y)", "as it is");
	trims("(?#(?<a>)(y)", "as it is");
	trims("(?C1)(y)", "as it is");
	trims("(?n)(y)", "as it is");
}

/* Trimmed and not, the groups wanted are the same. */
static void
test_same(void)
{
	const struct str text = STR("^(?<a>[^ ]+) ((?<c>\\d+)|(?<b>\\w+))(x)?");
	static const char *const lines[] = {
	    "a 1", "a b", "a 1x", "zz top", " "};
	const struct str all[] = {STR("a"), STR("b"), STR("c")};
	const struct str few[] = {STR("b")};
	struct pattern *p = pattern_new(text, all, 3);
	struct pattern *q = pattern_new(text, few, 1);
	unsigned wrong = 0;

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct str s = str_of(lines[i]);
		enum pattern_status x = pattern_match(p, s);

		wrong += x != pattern_match(q, s);
		wrong += x == PATTERN_MATCH && !str_eq(pattern_group(p, s, 1),
						   pattern_group(q, s, 0));
	}
	ok(!wrong, "a trimmed pattern matches alike");
	pattern_free(p);
	pattern_free(q);
}

int
main(void)
{
	simd_init();
	help_check_all(cases, sizeof cases / sizeof *cases);
	test_place();
	test_trim();
	test_same();
	return tap_done();
}

/* SPDX-License-Identifier: MIT */
/* Writing CSV, TSV, lines and tables; members that spread. */
#include "base/simd.h"
#include "io_help.h"

#define COL(name)                                                              \
	{                                                                      \
		STR(name), false, false, false                                 \
	}

static const struct {
	const char *what, *format;
	const char *cols; /* separated by |; * and + spread */
	const char *rows, *out;
} cases[] = {
    {"csv", "csv", "a|b,c", "[1,\"x\"]\n[-2.5,null]\n[true,\"\"]",
	"a,\"b,c\"\n1,x\n-2.5,\n"
	"true,\"\"\n"},
    {"csv: quotes where they are needed", "csv", "a|b",
	"[\"a,b\",\"say \\\"hi\\\"\"]\n[\"l1\\nl2\",\"\\r\"]\n"
	"[\" x\",\"x \"]\n[\"\\t\",\"a b\"]\n[\"5\\\"\",[1,\"x\"]]",
	"a,b\n\"a,b\",\"say \"\"hi\"\"\"\n\"l1\nl2\",\"\r\"\n\" x\",\"x \"\n"
	"\"\t\",a b\n\"5\"\"\",\"[1,\"\"x\"\"]\"\n"},
    {"csv: an only column", "csv", "a", "[null]\n[\"\"]\n[1]",
	"a\n\"\"\n\"\"\n1\n"},
    {"csv: delimiter", "csv:;", "a|b", "[\"x;y\",\"x,y\"]",
	"a;b\n\"x;y\";x,y\n"},
    {"csv: a delimiter that numbers have", "csv:.", "a|b", "[1.5,2]",
	"a.b\n\"1.5\".2\n"},
    {"csv: no header", "csv:header=no", "a|b", "[1,2]", "1,2\n"},
    {"csv: no rows", "csv", "a|b", "", "a,b\n"},
    {"csv: spread", "csv", "n|*|z",
	"[1,{\"a\":1,\"b\":\"x\"},9]\n[2,{\"b\":\"y\",\"a\":2},8]\n"
	"[3,{\"a\":3},7]\n[4,null,6]",
	"n,a,b,z\n1,1,x,9\n2,2,y,8\n3,3,,7\n4,,,6\n"},
    {"csv: a new member", "csv", "*",
	"[{\"a\":1}]\n[{\"a\":2,\"b\":3}]\n[{\"b\":4}]\n[{\"c\":5}]",
	"a\n1\n\na,b\n2,3\n,4\n\nc\n5\n"},
    {"csv: a member named like a column", "csv", "a|*|+",
	"[1,{\"a\":2},{\"a\":3}]", "a\n1\n"},
    {"csv: what does not spread keeps its name", "csv", "*", "[5]\n[6]",
	"*\n5\n6\n"},
    {"csv: spread, no rows", "csv", "n|*", "", "n\n"},
    {"csv: only spread, no rows", "csv", "*", "", ""},
    {"csv: no members", "csv", "*", "[{}]", "\"\"\n"},
    {"csv: error", "csv:ragged=fill", "a", "",
	"error: the format csv has no setting \"ragged\""},
    {"csv: error, names", "csv:header=x", "a", "",
	"error: header must be yes or no for an output"},
    {"tsv", "tsv", "a|b\tc",
	"[1,\"x\\ty\"]\n[null,\"\"]\n[\"\\\\N\",\"\\n\\r\\\\ \\\"\"]",
	"a\tb\\tc\n1\tx\\ty\n\t\n\\\\N\t\\n\\r\\\\ \"\n"},
    {"tsv: an only column", "tsv", "a", "[null]\n[2]", "a\n\\N\n2\n"},
    {"lines", "lines", "a|b|c", "[1,\"x y\",null]\n[null,{\"k\":[1]},\"\"]",
	"1\tx y\t\n\t{\"k\":[1]}\t\n"},
    {"table", "table", "path|hits|note",
	"[\"/a\",2,null]\n[\"/"
	"longer\",12345,\"x\"]\n[null,1.5,\"\xe6\x9d\x8e\"]",
	"path      hits  note\n"
	"───────  ─────  ────\n"
	"/a           2  \n"
	"/longer  12345  x\n"
	"           1.5  \xe6\x9d\x8e\n"},
    {"table: no rows", "table", "a|bc", "", "a  bc\n─  ──\n"},
    {"table: control characters", "table", "a|b",
	"[\"x\\ny\\u001b[1m\\u0085\\u202e\",1]",
	"a                        b\n───────────────────────  ─\n"
	"x\\ny\\x1b[1m\\x85\\u{202e}  1\n"},
    {"table: wide characters", "table", "a|b",
	"[\"\xe6\x9d\x8e\xe9\x9b\xb7\",1]\n[\"abc\",2]",
	"a     b\n────  ─\n\xe6\x9d\x8e\xe9\x9b\xb7  1\nabc   2\n"},
    {"table: spread", "table", "n|*|z", "[1,{\"a\":1},9]\n[2,{\"b\":\"x\"},8]",
	"n  a  b  z\n─  ─  ─  ─\n1  1     9\n2     x  8\n"},
    {"table: spread, no rows", "table", "*", "", ""},
};

static unsigned
columns(const char *names, struct out_column *cols)
{
	unsigned n = 0;

	while (*names) {
		struct str name = {names, strcspn(names, "|")};

		cols[n++] = (struct out_column){.name = name,
		    .spread = str_is(name, "*") || str_is(name, "+")};
		names += name.n + (names[name.n] == '|');
	}
	return n;
}

static void
test_cases(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (unsigned rows = 1; rows < 100; rows += 98) {
			struct out_column cols[4];
			struct encode_spec spec = {.cols = cols,
			    .n_cols = columns(cases[i].cols, cols)};
			char *got = help_encode(
			    cases[i].format, &spec, cases[i].rows, rows);

			same(got, cases[i].out, cases[i].what);
			mem_free(got);
		}
}

static void
check(const char *format, struct encode_spec *spec, const char *rows,
    const char *want, const char *what)
{
	char *got = help_encode(format, spec, rows, 10);

	same(got, want, what);
	mem_free(got);
}

static void
test_raw(void)
{
	const struct out_column col = COL("*");
	struct encode_spec spec = {
	    .cols = &col, .n_cols = 1, .raw = true, .header = STR("a,\"b\"")};

	check("csv", &spec, "[\"1,\\\"x\\\"\"]\n[\"2,3\"]",
	    "a,\"b\"\n1,\"x\"\n2,3\n", "raw records under their header");
	check("csv", &spec, "", "a,\"b\"\n", "and no records");
	spec.header = (struct str){"", 0};
	check("tsv", &spec, "[\"1\\t2\"]", "1\t2\n", "raw without a header");
	check("lines", &spec, "[\"1\\t2\"]", "1\t2\n", "raw lines");
}

static void
test_terminal(void)
{
	const struct out_column cols[] = {COL("name"), COL("n"), COL("text")};
	struct encode_spec spec = {.cols = cols, .n_cols = 3, .terminal = true};

	check("csv", &spec, "[\"\\u001b[2J\",1,\"a\\nb\"]",
	    "name,n,text\n\\x1b[2J,1,\"a\nb\"\n", "csv on a terminal");
	check("tsv", &spec, "[\"\\u001b[2J\\\\\",1,\"a\\nb\"]",
	    "name\tn\ttext\n\\x1b[2J\\\\\t1\ta\\nb\n", "tsv on a terminal");
	check("lines", &spec, "[\"\\u001b[2J\",1,\"a\\nb\\tc\"]",
	    "\\x1b[2J\t1\ta\\nb\tc\n", "lines on a terminal");
	spec.colour = true;
	check("table", &spec, "[\"x\",1,\"y\"]",
	    "\033[1mname  n  text\033[0m\n────  ─  ────\nx     1  y\n",
	    "a bold header");
	spec.colour = false;
	spec.width = 24;
	check("table", &spec,
	    "[\"a long name indeed\",123456,\"some more text\"]\n"
	    "[\"short\",1,"
	    "\"\xe6\x9d\x8e\xe6\x9d\x8e\xe6\x9d\x8e\xe6\x9d\x8e\"]",
	    "name          n  text\n───────  ──────  ───────\n"
	    "a long…  123456  some m…\n"
	    "short         1  \xe6\x9d\x8e\xe6\x9d\x8e\xe6\x9d\x8e…\n",
	    "cells are cut to the width");
	spec.width = 14;
	check("table", &spec, "[\"a long name indeed\",123456,\"some text\"]",
	    "na…    n  te…\n───  ───  ───\na …  12…  so…\n",
	    "numbers are cut last");
	spec.width = 10;
	check("table", &spec, "[\"abcd\",123456,\"ef\"]",
	    "name       n  text\n────  ──────  ────\nabcd  123456  ef\n",
	    "what cannot fit is not cut");
}

/* Widths come from the first 1000 rows and stay. */
static void
test_held(void)
{
	const struct out_column cols[] = {COL("a"), COL("b")};
	struct encode_spec spec = {.cols = cols, .n_cols = 2};
	struct buf rows = {0};
	char *got;

	for (unsigned i = 0; i < 1000; i++)
		buf_lit(&rows, "[1,\"x\"]\n");
	buf_lit(&rows, "[12345,\"y\"]\n[2,\"z\"]\n");
	got = help_encode("table", &spec, buf_z(&rows), 700);
	ok(strlen(got) == 5 + 9 + 1000 * 5 + 9 + 5, "1002 rows");
	same(got + strlen(got) - 14, "12345  y\n2  z\n",
	    "a wider cell shifts its row");
	mem_free(got);
	buf_release(&rows);
}

/* What is written is read back as it was. */
static void
test_again(void)
{
	static const char *const texts[] = {"a", "", " ", "\t", "a\tb", "\"",
	    "\"\"", "a\"b", ",", "\n", "\r", "a\r\nb", "\\", "\\t", "\\N",
	    "x,\"", "\xc3\xa9", "#", ";"};
	const struct out_column cols[] = {COL("a"), COL("b")};
	struct encode_spec spec = {.cols = cols, .n_cols = 2};

	for (unsigned tsv = 0; tsv < 2; tsv++) {
		struct job job = {
		    tsv ? "tsv" : "csv", "a=varchar b=varchar", 0};
		struct buf rows = {0}, want = {0};
		char *out, *got;

		for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
			buf_addc(&rows, '[');
			json_put_text(&rows, str_of(texts[i]));
			buf_lit(&rows, ",\"z\"]\n");
		}
		buf_adds(&want, buf_str(&rows));
		out = help_encode(job.format, &spec, buf_z(&rows), 100);
		got = help_run(&job, str_of(out), 0);
		if (tsv) { /* empty text is NULL in TSV */
			char *empty = strstr(buf_z(&want), "[\"\",");
			struct str rest = str_of(empty + 4);
			struct buf w = {0};

			buf_add(&w, want.p, (size_t)(empty - want.p));
			buf_lit(&w, "[null,");
			buf_adds(&w, rest);
			buf_release(&want);
			want = w;
		}
		same(
		    got, buf_z(&want), tsv ? "tsv read back" : "csv read back");
		mem_free(out);
		mem_free(got);
		buf_release(&rows);
		buf_release(&want);
	}
}

int
main(void)
{
	simd_init();
	test_cases();
	test_raw();
	test_terminal();
	test_held();
	test_again();
	return tap_done();
}

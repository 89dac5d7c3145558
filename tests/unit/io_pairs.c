/* SPDX-License-Identifier: MIT */
/* Records of named texts: logfmt, kv, LTSV, the journal; in and out. */
#include "base/simd.h"
#include "io_help.h"

static const struct help_case cases[] = {
    {"logfmt: values", {"logfmt", "a b c d e f g", 0},
	"a=1 b=1.50 c=true d=x-y e= f g=\"\"\n",
	"[1,1.5,true,\"x-y\",null,true,\"\"]\n"},
    {"logfmt: quotes", {"logfmt", "a b c", 0},
	"a=\"1\" b=\"x y\" c=\"\\\"\\\\ \\n\\t\\u00e9\\x41\\U0001F600\"\n",
	"[\"1\",\"x y\",\"\\\"\\\\ \\n\\t\u00e9A\U0001F600\"]\n"},
    {"logfmt: escapes that are none", {"logfmt", "a b c", 0},
	"a=\"\\q \\u12 \\ud800 \\xff\" b=\"\\ud83d\\ude00\" c=\"\\\\\"\n",
	"[\"\\\\q \\\\u12 \ufffd \ufffd\",\"\U0001F600\",\"\\\\\"]\n"},
    {"logfmt: the last of one name counts", {"logfmt", "a *", 0},
	"a=1 b=2 a=3\n", "[3,{\"a\":3,\"b\":2}]\n"},
    {"logfmt: places change", {"logfmt", "a b", 0},
	"a=1 b=2\nb=3 a=4\nc=0 a=5\nb=6\n",
	"[1,2]\n[4,3]\n[5,null]\n[null,6]\n"},
    {"logfmt: blanks, CRLF, a mark of bytes", {"logfmt", "a b", 0},
	"\xef\xbb\xbf  a=1 \t b=2  \r\n\r\n", "[1,2]\n"},
    {"logfmt: odd but good", {"logfmt", "a b", 0}, "a=b=c b=x\"y\n",
	"[\"b=c\",\"x\\\"y\"]\n"},
    {"logfmt: bad", {"logfmt", "a", 0},
	"a=\"x\na=\"x\"y\n=1\n\"a b\"=1\na=\"x\\\"\n",
	"! the quote is open @3 \"a=\\\"x\"\n"
	"! no blank behind the quote @6 \"a=\\\"x\\\"y\"\n"
	"! a value without a name @1 \"=1\"\n"
	"! a name begins with a quote @1 \"\\\"a b\\\"=1\"\n"
	"! the quote is open @3 \"a=\\\"x\\\\\\\"\"\n"},
    {"logfmt: not UTF-8", {"logfmt", "a", 0}, "a=\xff\n",
	"! not valid UTF-8 @3 \"a=\xff\"\n"},
    {"logfmt: types and times",
	{"logfmt", "t=event a=varchar b=bigint t=raw", 0},
	"t=2026-03-28T22:00:01Z a=007 b=12\nt=\"2026-03-28 22:00:01\" a=t b=\n"
	"t=x\nb=1\nt=1774735201 b=x\n",
	"[@\"2026-03-28T22:00:01Z\",\"007\",12,\"2026-03-28T22:00:01Z\"]\n"
	"[@\"2026-03-28T22:00:01Z\",\"t\",null,\"2026-03-28 22:00:01\"]\n"
	"! the time is not readable @0 \"t=x\"\n"
	"! the time is missing @0 \"b=1\"\n"
	"! a field is not an integer, or out of range @0 \"t=1774735201 "
	"b=x\"\n"},
    {"logfmt: the record", {"logfmt", "* *=raw", 8}, "a=1 b\na=\"long one\"\n",
	"[{\"a\":1,\"b\":true},\"a=1 b\"]\n"
	"! record longer than 8 bytes @0 \"a=\\\"long \"\n"},
    {"ltsv", {"ltsv", "time=event host status ua", 0},
	"time:[28/Mar/2026:22:00:01 +0100]\thost:10.0.0.7\tstatus:200\tua:a "
	"b:c\nhost:h\ttime:2026-03-28T22:00:01Z\tstatus:\n",
	"[@\"2026-03-28T21:00:01Z\",\"10.0.0.7\",200,\"a b:c\"]\n"
	"[@\"2026-03-28T22:00:01Z\",\"h\",null,null]\n"},
    {"ltsv: escapes", {"ltsv", "a b", 0}, "a:x\\ty\\\\z\\q\tb:\\x22\n",
	"[\"x\\ty\\\\z\\\\q\",\"\\\\x22\"]\n"},
    {"ltsv: without escapes", {"ltsv:escapes=no", "a", 0}, "a:C:\\temp\n",
	"[\"C:\\\\temp\"]\n"},
    {"ltsv: bad", {"ltsv", "a", 0}, "a:1\tb\n:x\na:1\t\tb:2\n",
	"! a field without a label @5 \"a:1\\tb\"\n"
	"! a field without a label @1 \":x\"\n[1]\n"},
    {"error: ltsv has no such setting", {"ltsv:escape=no", "a", 0}, "a:1\n",
	"error: the format ltsv has no setting \"escape\""},
    {"kv: what stands between is found", {"kv", "a b", 0},
	"a=1, b=\"x, y\"\na=2,b=3,\n", "[1,\"x, y\"]\n[2,3]\n"},
    {"kv: semicolons", {"kv", "a b c", 0}, "a=1; b=2 ;c\n", "[1,2,true]\n"},
    {"kv: a query", {"kv:&", "a b", 0}, "a=1&b=x%20y\n", "[1,\"x%20y\"]\n"},
    {"kv: all settings", {"kv:pair=|,assign=:,quote='", "a b c", 0},
	"a:1|b:'x|y\\'z'| c : q\n", "[1,\"x|y'z\",\"q\"]\n"},
    {"kv: a comma between", {"kv:,", "a b", 0}, "a=1,b=2\n", "[1,2]\n"},
    {"kv: bad", {"kv:pair=;", "a", 0}, "a=\"x\na=\"x\"y;b=1\n=1;a=2\n",
	"! the quote is open @3 \"a=\\\"x\"\n"
	"! text behind the quote @6 \"a=\\\"x\\\"y;b=1\"\n"
	"! a value without a name @1 \"=1;a=2\"\n"},
    {"error: kv", {"kv:pair=xy", "a", 0}, "a=1\n",
	"error: pair must be one ASCII character, or tab or space"},
    {"journal", {"journal", "__REALTIME_TIMESTAMP=event MESSAGE _PID _X", 0},
	"__REALTIME_TIMESTAMP=1342540861416351\n_PID=123\nMESSAGE=12\n\n"
	"\n__REALTIME_TIMESTAMP=1342540861416352\nMESSAGE=a=b\n_X=\n\n"
	"MESSAGE=no time\n\n"
	"broken\n\n__REALTIME_TIMESTAMP=1342540861416353",
	"[@\"2012-07-17T16:01:01.416351Z\",\"12\",123,null]\n"
	"[@\"2012-07-17T16:01:01.416352Z\",\"a=b\",null,null]\n"
	"! the time is missing @0 \"MESSAGE=no time\\n\"\n"
	"! neither = nor a value of its length behind a name @1 "
	"\"broken\\n\"\n"
	"[@\"2012-07-17T16:01:01.416353Z\",null,null,null]\n"},
};

/* Lengths are bytes with zeros among them. */
static void
test_journal_bytes(void)
{
	static const char in[] =
	    "__REALTIME_TIMESTAMP=1342540861416351\n"
	    "MESSAGE\n\7\0\0\0\0\0\0\0foo\nbar\n"
	    "_X\n\2\0\0\0\0\0\0\0\xff\xfe\n"
	    "_Y\n\2\0\0\0\0\0\0\0\n\n\n"
	    "\n"
	    "__REALTIME_TIMESTAMP=1342540861416352\nMESSAGE=x\n\n";
	struct job job = {"journal", "MESSAGE _X _Y", 0};
	struct str s = {in, sizeof in - 1};
	const char *want = "[\"foo\\nbar\",\"//4=\",\"\\n\\n\"]\n"
			   "[\"x\",null,null]\n";

	help_check("journal: values with their length", &job, s, want);
	for (size_t n = 1; n < s.n; n += 7) {
		char *got = help_run_framed(&job, s, n);

		same(got, want, "journal: framed");
		mem_free(got);
	}
}

/* ---- writing ---- */

static const char naughty[] =
    "[\"\",\"x\"]\n[\"a b\",\"a=b\"]\n[\"\\\"\",\"\\\\\"]\n"
    "[\"\\n\\t\\r\\u0001\x7f\",\"1\"]\n[\"true\",\"1e5\"]\n"
    "[\"\u00e9\u00a0\",\"null\"]\n[\" \",\"-\"]\n[\"\\u0000\",\"\\\\n\"]\n"
    "[\"{\\\"a\\\":1}\",\"\U0001F600\u2028\"]\n";

/* Writes rows, reads them back, and compares. */
static void
check_back(const char *format, const char *rows, const char *want)
{
	struct out_column cols[] = {{.name = STR("a")}, {.name = STR("b")}};
	struct encode_spec spec = {.cols = cols, .n_cols = 2};
	struct job job = {format, "a b", 0};
	char *text = help_encode(format, &spec, rows, 2), *back;

	back = help_run(&job, str_of(text), 0);
	if (!same(back, want, format))
		printf("# %s\n", text);
	mem_free(back);
	mem_free(text);
}

static void
test_encoders(void)
{
	struct out_column cols[] = {{.name = STR("a")}, {.name = STR("b c=")}};
	struct encode_spec spec = {.cols = cols, .n_cols = 2};
	char *text;

	text = help_encode("logfmt", &spec,
	    "[1,null]\n[\"x\",true]\n[\"1\",[1,\"y\"]]\n[1.5,{\"k\":\"v\"}]\n",
	    1024);
	same(text,
	    "a=1 b_c_=\na=x b_c_=true\na=\"1\" b_c_=\"[1,\\\"y\\\"]\"\n"
	    "a=1.5 b_c_=\"{\\\"k\\\":\\\"v\\\"}\"\n",
	    "logfmt written");
	mem_free(text);
	text = help_encode(
	    "ltsv", &spec, "[1,null]\n[\"x\\ty\\n\\\\\",true]\n", 1024);
	same(text, "a:1\tb c=:\na:x\\ty\\n\\\\\tb c=:true\n", "LTSV written");
	mem_free(text);
	check_back("logfmt", naughty, naughty);
	check_back("ltsv",
	    "[\"a b\",\"a:b\"]\n[\"\\\"\",\"x\\\\ty\"]\n[\"\\n\\t\\r\\u0000\","
	    "\"x\"]\n[12,null]\n",
	    "[\"a b\",\"a:b\"]\n[\"\\\"\",\"x\\\\ty\"]\n[\"\\n\\t\\r\\u0000\","
	    "\"x\"]\n[12,null]\n");
}

int
main(void)
{
	simd_init();
	help_check_all(cases, sizeof cases / sizeof *cases);
	test_journal_bytes();
	test_encoders();
	return tap_done();
}

/* SPDX-License-Identifier: MIT */
/* Access logs: as servers write them, and as attackers make them. */
#include "base/simd.h"
#include "io_help.h"

#define T "[28/Mar/2026:22:00:01 +0100]"
#define ALL                                                                    \
	"client user time=event method path query protocol status bytes "      \
	"referer agent request_time rest"

static const struct help_case cases[] = {
    {"combined", {"nginx", ALL, 0},
	"10.0.0.7 - - " T " \"GET /a?b=1&c HTTP/1.1\" 200 512 \"-\" "
	"\"curl/8.5.0\"\n",
	"[@\"2026-03-28T21:00:01Z\",\"10.0.0.7\",null,\"GET\",\"/a\","
	"\"b=1&c\",\"HTTP/1.1\",200,512,null,\"curl/8.5.0\",null,null]\n"},
    {"request time", {"nginx", "request_time rest", 0},
	"1.2.3.4 - - " T " \"GET / HTTP/2.0\" 200 5 \"-\" \"-\" 0.125\n"
	"1.2.3.4 - - " T " \"GET / HTTP/2.0\" 200 5 \"-\" \"-\" 12 0.010\n"
	"1.2.3.4 - - " T " \"GET / HTTP/2.0\" 200 5 \"-\" \"-\" -\n"
	"1.2.3.4 - - " T " \"GET / HTTP/2.0\" 200 5 \"-\" \"-\" \"-\"\n"
	"1.2.3.4 - - " T " \"GET / HTTP/2.0\" 200 5 \"-\" \"-\" rt=0.1 x\n"
	"1.2.3.4 - - " T " \"GET / HTTP/2.0\" 200 5 \"-\" \"-\" 1.2.3\n",
	"[0.125,null]\n[12.0,null]\n[null,null]\n[null,null]\n"
	"[0.1,\"rt=0.1 x\"]\n[null,\"1.2.3\"]\n"},
    {"what is usual behind the agent",
	{"nginx", "request_time upstream_time forwarded request_length rest",
	    0},
	"1.2.3.4 - - " T " \"GET / HTTP/2.0\" 200 5 \"-\" \"-\" \"1.1.1.1, "
	"2.2.2.2\" 0.125 0.120\n"
	"1.2.3.4 - - " T " \"GET / HTTP/2.0\" 200 5 \"-\" \"-\" 0.2 0.1, 0.05 "
	"x\n"
	"1.2.3.4 - - " T " \"GET / HTTP/2.0\" 200 5 \"-\" \"-\" \"-\" rt=0.010 "
	"uct=\"0.000\" uht=\"0.010\" urt=\"0.009\"\n"
	"1.2.3.4 - - " T " \"GET / HTTP/2.0\" 200 5 \"-\" \"-\" 447 0.019 "
	"[default-web-80] [] 10.0.1.3:80 12 0.018 200 abc\n",
	"[0.125,0.12,\"1.1.1.1, 2.2.2.2\",null,null]\n"
	"[0.2,\"0.1, 0.05\",null,null,\"x\"]\n"
	"[0.01,0.009,null,null,\"rt=0.010 uct=\\\"0.000\\\" uht=\\\"0.010\\\" "
	"urt=\\\"0.009\\\"\"]\n"
	"[0.019,0.018,null,447,\"[default-web-80] [] 10.0.1.3:80 12 0.018 200 "
	"abc\"]\n"},
    {"combinedio", {"apache", "request_time bytes_in bytes_out rest", 0},
	"1.2.3.4 - - " T " \"GET / HTTP/2.0\" 200 5 \"-\" \"-\" 512 1024\n"
	"1.2.3.4 - - " T " \"GET / HTTP/2.0\" 200 5 \"-\" \"-\" 512\n",
	"[null,512,1024,null]\n[512,null,null,null]\n"},
    {"user with blanks, IPv6", {"nginx", "client user ident", 0},
	"2001:db8::1 - Ann [x] B " T " \"GET / HTTP/1.1\" 200 5 \"-\" "
	"\"-\"\n"
	"::1 id - " T " \"GET / HTTP/1.1\" 200 5 \"-\" \"-\"\n",
	"[\"2001:db8::1\",\"Ann [x] B\",null]\n[\"::1\",null,\"id\"]\n"},
    {"requests that are none", {"nginx", "request method target path", 0},
	"1.1.1.1 - - " T " \"\\x16\\x03\\x01\" 400 157 \"-\" \"-\"\n"
	"1.1.1.1 - - " T " \"-\" 408 0 \"-\" \"-\"\n"
	"1.1.1.1 - - " T " \"\" 400 0 \"-\" \"-\"\n"
	"1.1.1.1 - - " T " \"GET /\" 400 0 \"-\" \"-\"\n"
	"1.1.1.1 - - " T " \"GET  HTTP/1.1\" 400 0 \"-\" \"-\"\n"
	"1.1.1.1 - - " T " \"get / HTTP/1.1\" 400 0 \"-\" \"-\"\n"
	"1.1.1.1 - - " T " \"GET /a b? c HTTP/1.0\" 400 0 \"-\" \"-\"\n",
	"[\"\\\\x16\\\\x03\\\\x01\",null,null,null]\n[\"-\",null,null,null]\n"
	"[\"\",null,null,null]\n[\"GET /\",null,null,null]\n"
	"[\"GET  HTTP/1.1\",null,null,null]\n"
	"[\"get / HTTP/1.1\",null,null,null]\n"
	"[\"GET /a b? c HTTP/1.0\",\"GET\",\"/a b? c\",\"/a b\"]\n"},
    {"escaped quotes", {"nginx", "path referer agent", 0},
	"1.1.1.1 - - " T " \"GET /\\\"x\\\\ HTTP/1.1\" 200 1 "
	"\"http://a/\\x22\" \"say \\\"hi\\\" \\\\\"\n",
	"[\"/\\\\\\\"x\\\\\\\\\",\"http://a/\\\\x22\","
	"\"say \\\\\\\"hi\\\\\\\" \\\\\\\\\"]\n"},
    {"no bytes, no status", {"apache", "status bytes", 0},
	"1.1.1.1 - - " T " \"GET / HTTP/1.1\" 304 -\n"
	"1.1.1.1 - - " T " \"GET / HTTP/1.1\" - -\n",
	"[304,null]\n[null,null]\n"},
    {"common", {"apache", "client user time path bytes agent request_time", 0},
	"1.1.1.1 - frank " T " \"GET /a HTTP/1.0\" 200 2326\n"
	"1.1.1.1 - frank " T " \"GET /a HTTP/1.0\" 200 2326 1500\n"
	"host.example - frank " T " \"GET /a HTTP/1.0\" 200 2326 \"-\" \"x\" "
	"0.25\n",
	"[\"1.1.1.1\",\"frank\",\"2026-03-28T21:00:01Z\",\"/a\",2326,null,"
	"null]\n"
	"[\"1.1.1.1\",\"frank\",\"2026-03-28T21:00:01Z\",\"/a\",2326,null,"
	"1500]\n"
	"[\"host.example\",\"frank\",\"2026-03-28T21:00:01Z\",\"/a\",2326,"
	"\"x\",0.25]\n"},
    {"vhost", {"apache", "vhost client", 0},
	"www.example.org:443 1.1.1.1 - - " T " \"GET / HTTP/1.1\" 200 5 \"-\" "
	"\"-\"\n"
	"[2001:db8::1]:80 ::1 - - " T " \"GET / HTTP/1.1\" 200 5\n"
	"2001:db8::1 - - " T " \"GET / HTTP/1.1\" 200 5\n"
	"::1 - - " T " \"GET / HTTP/1.1\" 200 5\n",
	"[\"www.example.org:443\",\"1.1.1.1\"]\n[\"[2001:db8::1]:80\",\"::1\""
	"]\n[null,\"2001:db8::1\"]\n[null,\"::1\"]\n"},
    {"the record as a map", {"nginx", "*", 0},
	"10.0.0.7 - - " T " \"GET /a HTTP/1.1\" 200 512 \"-\" \"x\" 0.5 y\n"
	"10.0.0.7 - - " T " \"\" 400 0 \"-\" \"-\"\n",
	"[{\"client\":\"10.0.0.7\",\"user\":null,"
	"\"time\":\"2026-03-28T21:00:01Z\",\"method\":\"GET\",\"path\":\"/a\","
	"\"query\":null,\"protocol\":\"HTTP/1.1\",\"status\":200,"
	"\"bytes\":512,\"referer\":null,\"agent\":\"x\",\"request_time\":0.5,"
	"\"rest\":\"y\"}]\n"
	"[{\"client\":\"10.0.0.7\",\"user\":null,"
	"\"time\":\"2026-03-28T21:00:01Z\",\"method\":null,\"path\":null,"
	"\"query\":null,\"protocol\":null,\"status\":400,\"bytes\":0,"
	"\"referer\":null,\"agent\":null,\"request\":\"\"}]\n"},
    {"other types",
	{"nginx",
	    "status=varchar status=raw time=varchar "
	    "bytes=double zone",
	    0},
	"1.1.1.1 - - " T " \"GET / HTTP/1.1\" 200 5 \"-\" \"-\"\n",
	"[\"200\",\"200\",\"28/Mar/2026:22:00:01 +0100\",5.0,null]\n"},
    {"CRLF and blank lines", {"nginx", "rest", 0},
	"\r\n1.1.1.1 - - " T " \"GET / HTTP/1.1\" 200 5 \"-\" \"-\" 1 z\r\n\n",
	"[\"z\"]\n"},
    {"lines that are none", {"nginx", "status", 0},
	"x\n"
	"1.1.1.1 - - \"GET / HTTP/1.1\" 200 5 \"-\" \"-\"\n"
	"1.1.1.1 - - " T " GET / 200 5\n"
	"1.1.1.1 - - " T " \"GET / HTTP/1.1\" 2x0 5 \"-\" \"-\"\n"
	"1.1.1.1 - - " T " \"GET / HTTP/1.1\" 200 5x \"-\" \"-\"\n"
	"1.1.1.1 - - " T " \"GET / HTTP/1.1\" 200\n"
	"1.1.1.1 - - " T " \"GET / HTTP/1.1\\\" 200 5\n"
	"1.1.1.1 - - " T " \"GET / HTTP/1.1\" 200 5\n"
	"1.1.1.1 - - " T " \"GET / HTTP/1.1\" 200 5 \"-\"\n"
	"1.1.1.1 - - " T " \"GET / HTTP/1.1\" 200 5 \"-\" \"x\n"
	"1.1.1.1 - - " T " \"GET / HTTP/1.1\" 200 5 \"-\" \"x\"y\n"
	"1.1.1.1 - - " T " \"GET / HTTP/1.1\" 1234567890123456789 5 \"-\" "
	"\"-\"\n"
	"1.1.1.1 - - [28/Mar/2026:22:00:01 +0100 \"x\" 200 5\n",
	"! no client @1 \"x\"\n"
	"! no [time] behind the user @11 \"1.1.1.1 - - \\\"GET / HTTP/1.1\\\" "
	"200 5 \\\"-\\\" \\\"-\\\"\"\n"
	"! no quoted request behind the time @41 \"1.1.1.1 - - " T
	" GET / 200 5\"\n"
	"! the status is no number @59 \"1.1.1.1 - - " T
	" \\\"GET / HTTP/1.1\\\" 2x0 5 \\\"-\\\" \\\"-\\\"\"\n"
	"! the size is no number @63 \"1.1.1.1 - - " T
	" \\\"GET / HTTP/1.1\\\" 200 5x \\\"-\\\" \\\"-\\\"\"\n"
	"! no size behind the status @62 \"1.1.1.1 - - " T
	" \\\"GET / HTTP/1.1\\\" 200\"\n"
	"! the request's quote is open @43 \"1.1.1.1 - - " T
	" \\\"GET / HTTP/1.1\\\\\\\" 200 5\"\n"
	"! no quoted referer behind the size @64 \"1.1.1.1 - - " T
	" \\\"GET / HTTP/1.1\\\" 200 5\"\n"
	"! no quoted agent behind the referer @68 \"1.1.1.1 - - " T
	" \\\"GET / HTTP/1.1\\\" 200 5 \\\"-\\\"\"\n"
	"! the agent's quote is open @70 \"1.1.1.1 - - " T
	" \\\"GET / HTTP/1.1\\\" 200 5 \\\"-\\\" \\\"x\"\n"
	"! no blank behind a quoted field @72 \"1.1.1.1 - - " T
	" \\\"GET / HTTP/1.1\\\" 200 5 \\\"-\\\" \\\"x\\\"y\"\n"
	"! the status is no number @59 \"1.1.1.1 - - " T
	" \\\"GET / HTTP/1.1\\\" 1234567890123456789 5 \\\"-\\\" \\\"-\\\"\"\n"
	"! the [time] does not end @14 \"1.1.1.1 - - "
	"[28/Mar/2026:22:00:01 +0100 \\\"x\\\" 200 5\"\n"},
    {"a time that is none", {"nginx", "time=event", 0},
	"1.1.1.1 - - [31/Feb/2026:22:00:01 +0100] \"x\" 200 5 \"-\" \"-\"\n",
	"! the time is not readable @0 \"1.1.1.1 - - "
	"[31/Feb/2026:22:00:01 +0100] \\\"x\\\" 200 5 \\\"-\\\" \\\"-\\\"\"\n"},
    {"a time that is none, as a field", {"nginx", "time", 0},
	"1.1.1.1 - - [31/Feb/2026:22:00:01 +0100] \"x\" 200 5 \"-\" \"-\"\n",
	"! the time is not readable @0 \"1.1.1.1 - - "
	"[31/Feb/2026:22:00:01 +0100] \\\"x\\\" 200 5 \\\"-\\\" \\\"-\\\"\"\n"},
    {"not UTF-8", {"nginx", "agent", 0},
	"1.1.1.1 - - " T " \"GET / HTTP/1.1\" 200 5 \"-\" \"\xe9\"\n",
	"! not valid UTF-8 @70 \"1.1.1.1 - - " T
	" \\\"GET / HTTP/1.1\\\" 200 5 \\\"-\\\" \\\"\xe9\\\"\"\n"},
};

/* Each prefix of a line is a good line or a bad one, never a crash. */
static void
test_prefixes(void)
{
	static const char line[] =
	    "h:80 1.1.1.1 - - " T
	    " \"GET /a?b HTTP/1.1\" 200 5 \"-\" \"x\" 1 z";
	struct job job = {"apache", ALL " *", 0};
	unsigned good = 0, bad = 0;

	for (size_t n = 1; n < sizeof line; n++) {
		char *got = help_run(&job, (struct str){line, n}, 0);

		good += got[0] == '[';
		bad += got[0] == '!';
		mem_free(got);
	}
	ok(good + bad == sizeof line - 1 && good > 5 && bad > 50,
	    "each prefix of a line is a record, good or bad");
}

static void
test_guess(void)
{
	const char *combined =
	    "1.1.1.1 - - " T " \"GET / HTTP/1.1\" 200 5 \"-\" \"x\"\n";
	const char *common = "1.1.1.1 - - " T " \"GET / HTTP/1.1\" 200 5\n";

	same(format_guess(str_of(combined), false)->name, "nginx",
	    "combined is nginx's");
	same(format_guess(str_of(common), false)->name, "apache",
	    "common is Apache's");
}

int
main(void)
{
	simd_init();
	help_check_all(cases, sizeof cases / sizeof *cases);
	test_prefixes();
	test_guess();
	return tap_done();
}

/* SPDX-License-Identifier: MIT */
/*
 * Log layouts with fields of fixed names, records of several lines, and what
 * is guessed of the first lines of each layout.
 */
#include "base/simd.h"
#include "io_help.h"

static const struct help_case cases[] = {
    {"syslog: RFC 3164",
	{"syslog:year=2005", "ts=event host app pid severity message", 0},
	"<34>Oct 11 22:14:15 mymachine su: 'su root' failed\n"
	"Dec 31 23:59:59 h cron[12]: x\nJan  1 00:00:01 h -- MARK --\n"
	"Oct 11 21:30:00 h a: before the first\n",
	"[@\"2005-10-11T22:14:15Z\",\"mymachine\",\"su\",null,\"crit\",\"'su "
	"root' failed\"]\n"
	"[@\"2005-12-31T23:59:59Z\",\"h\",\"cron\",12,null,\"x\"]\n"
	"[@\"2006-01-01T00:00:01Z\",\"h\",null,null,null,\"-- MARK --\"]\n"
	"[@\"2005-10-11T21:30:00Z\",\"h\",\"a\",null,null,\"before the "
	"first\"]\n"},
    {"syslog: RFC 5424",
	{"syslog", "ts=event host app pid msgid data message facility_code", 0},
	"<165>1 2003-10-11T22:14:15.003Z m.example.com evntslog - ID47 "
	"[a@1 x=\"1\" y=\"q\\\"\\]\\\\\" x=\"2\"][b z=\"\"] "
	"\xef\xbb\xbfhello\n"
	"<0>1 2003-10-11T22:14:15+02:00 - - 7 - - \n"
	"<0>1 2003-10-11T22:14:15Z - - 7 - -\n",
	"[@\"2003-10-11T22:14:15.003Z\",\"m.example.com\",\"evntslog\",null,"
	"\"ID47\",{\"a@1\":{\"x\":[\"1\",\"2\"],\"y\":\"q\\\"]\\\\\"},"
	"\"b\":{\"z\":\"\"}},\"hello\",20]\n"
	"[@\"2003-10-11T20:14:15Z\",null,null,7,null,null,\"\",0]\n"
	"[@\"2003-10-11T22:14:15Z\",null,null,7,null,null,null,0]\n"},
    {"syslog: other shapes", {"syslog:year=2005", "ts host app tag message", 0},
	"2016-12-01T10:20:30.5+01:00 host systemd[1]: up\n"
	"<13>su: no time\n"
	"Oct 11 2004 22:14:15 h a/b[c]: x\n"
	"Oct 11 22:14:15.25 su: local\n"
	"83 <34>1 2003-10-11T22:14:15Z m su - - - x\n",
	"[\"2016-12-01T09:20:30.500Z\",\"host\",\"systemd\",\"systemd[1]\","
	"\"up\"]\n"
	"[null,null,null,null,\"su: no time\"]\n"
	"[\"2004-10-11T22:14:15Z\",\"h\",\"a/b\",\"a/b[c]\",\"x\"]\n"
	"[\"2005-10-11T22:14:15.250Z\",null,\"su\",\"su\",\"local\"]\n"
	"[\"2003-10-11T22:14:15Z\",\"m\",\"su\",\"su\",\"x\"]\n"},
    {"syslog: bad", {"syslog:year=2005", "ts=event message data", 0},
	"<192>Oct 11 22:14:15 h a: x\nhello\n<34>no time\n"
	"Feb 30 22:14:15 h a: x\n"
	"<1>1 2003-10-11T22:14:15Z h a - - [x y=\"1\" z\n"
	"<1>1 2003-10-11T22:14:15Z h a - - x\n"
	"<1>1 2003-10-11T22:14:15Z h\n"
	"<1>1 2003-10-11T22:14:15 h a - - -x\n",
	"! the priority is not <0> to <191> @1 \"<192>Oct 11 22:14:15 h a: "
	"x\"\n"
	"! neither a priority nor a time at its start @1 \"hello\"\n"
	"! the time is missing @0 \"<34>no time\"\n"
	"! there is no such day @0 \"Feb 30 22:14:15 h a: x\"\n"
	"! the structured data does not end @35 \"<1>1 2003-10-11T22:14:15Z h "
	"a - - [x y=\\\"1\\\" z\"\n"
	"! no structured data behind the message id @35 \"<1>1 "
	"2003-10-11T22:14:15Z h a - - x\"\n"
	"! the line ends within its head @27 \"<1>1 2003-10-11T22:14:15Z h\"\n"
	"! no blank behind the structured data @35 \"<1>1 "
	"2003-10-11T22:14:15 h a - - -x\"\n"},
    {"syslog: repeated", {"syslog:year=2005", "app message", 0},
	"Oct 11 22:14:15 h a: message repeated 3 times: [ x [y]]\n"
	"Oct 11 22:14:15 h last message repeated 2 times\n"
	"Oct 11 22:14:15 h a: message repeated 2000000 times: [ x]\n",
	"[\"a\",\"x [y]\"]\n[\"a\",\"x [y]\"]\n[\"a\",\"x [y]\"]\n"
	"[null,\"last message repeated 2 times\"]\n"
	"! repeated more than 1000000 times @0 \"Oct 11 22:14:15 h a: message "
	"repeated 2000000 times: [ x]\"\n"},
    {"syslog: repeated, all", {"syslog:repeated=all", "app message", 0},
	"Oct 11 22:14:15 h a: x\n"
	"Oct 11 22:14:15 h last message repeated 2 times\n"
	"Oct 11 22:14:16 h b: y\n",
	"[\"a\",\"x\"]\n[\"a\",\"x\"]\n[\"a\",\"x\"]\n[\"b\",\"y\"]\n"},
    {"syslog: repeated, kept", {"syslog:repeated=keep", "message", 0},
	"Oct 11 22:14:15 h a: message repeated 3 times: [ x]\n",
	"[\"message repeated 3 times: [ x]\"]\n"},
    {"syslog: octets", {"syslog:framing=octets", "app message", 0},
	"24 <34>Oct 11 22:14:15 h a:\n23 <34>Oct 11 22:14:15 h ax <1>b\n"
	"24 <34>Oct 11 22:14:15 h b:",
	"[\"a\",\"\"]\n[null,\"a\"]\n"
	"! no count of octets before the message @0 \"x <1>b\\n\"\n"
	"[\"b\",\"\"]\n"},
    {"error: syslog's year", {"syslog:year=x", "ts", 0}, "",
	"error: year must be a year, such as 2026"},
    {"apache-error: bad", {"apache-error", "message", 0},
	"x\n[Fri Sep 31 10:42:29 2011] [error] y\n[Fri Sep 09 10:42:29 2011] "
	"y\n[Fri Sep 09 10:42:29 2011] [error\n",
	"! no [time] at its start @1 \"x\"\n"
	"! the time is not readable @2 \"[Fri Sep 31 10:42:29 2011] [error] "
	"y\"\n"
	"! no [level] behind the time @27 \"[Fri Sep 09 10:42:29 2011] y\"\n"
	"! the [level] does not end @29 \"[Fri Sep 09 10:42:29 2011] "
	"[error\"\n"},
    {"nginx-error: what looks like a note",
	{"nginx-error", "message client request", 0},
	"2026/03/28 22:00:01 [error] 1#1: *5 open() \"/x, client: 6.6.6.6\" "
	"failed, client: 1.1.1.1, server: s, request: \"GET /x, client: y "
	"HTTP/1.1\", host: \"h\"\n",
	"[\"open() \\\"/x, client: 6.6.6.6\\\" failed\",\"1.1.1.1\",\"GET /x, "
	"client: y HTTP/1.1\"]\n"},
    {"haproxy: bad", {"haproxy", "status", 0},
	"1.1.1.1:1 [06/Feb/2009:12:14:14.655] f b/s 1/2/x/4/5 200 1 - - ---- "
	"1/1/1/1/0 0/0 \"GET / HTTP/1.1\"\n"
	"1.1.1.1:1 [36/Feb/2009:12:14:14.655] f b/s 1/2/3/4/5 200\n"
	"1.1.1.1:1 [06/Feb/2009:12:14:14.655] f b\n",
	"! no timers behind the server @44 \"1.1.1.1:1 "
	"[06/Feb/2009:12:14:14.655] f b/s 1/2/x/4/5 200 1 - - ---- 1/1/1/1/0 "
	"0/0 \\\"GET / HTTP/1.1\\\"\"\n"
	"! the time is not readable @12 \"1.1.1.1:1 "
	"[36/Feb/2009:12:14:14.655] f b/s 1/2/3/4/5 200\"\n"
	"! no backend/server behind the frontend @40 \"1.1.1.1:1 "
	"[06/Feb/2009:12:14:14.655] f b\"\n"},
    {"lines: indented ones go on", {"lines:join=indent", "line", 0},
	"a\n  b\n\n\tc\nd\r\n e\r\nf",
	"[\"a\\n  b\\n\\n\\tc\"]\n[\"d\\r\\n e\"]\n[\"f\"]\n"},
    {"lines: a pattern begins", {"lines:multiline=^\\d", "line", 0},
	"x\n1 a\nb\nc\n2\n", "[\"x\"]\n[\"1 a\\nb\\nc\"]\n[\"2\"]\n"},
    {"error: lines: no pattern", {"lines:multiline=(", "line", 0}, "a\n",
	"error: in the pattern: missing closing parenthesis"},
    {"w3c: bad", {"w3c", "a b", 0},
	"#Version: 1.0\n#Fields: a b\n1 2\n1\n1 2 3\n#Fields:\n#x\n- \"q r\""
	"\n",
	"[1,2]\n! fewer fields than #Fields names @0 \"1\"\n"
	"! more fields than #Fields names @5 \"1 2 3\"\n"
	"[null,\"q r\"]\n"},
    {"error: w3c without fields", {"w3c", "a", 0}, "#x\n1\n",
	"error: there is no #Fields: before the first record"},
};

#define T "2016-10-06T00:17:09.5Z "

/* Of those the parts must be the same framed, too. */
static const struct help_case parts[] = {
    {"cri: parts", {"cri", "stream message partial time=event", 0},
	T "stdout P a\n" T "stderr F e\n" T "stdout P b\n" T "stdout F c\n" T
	  "stdout F:x d\n" T "stdout F \n" T "stdout P never\n",
	"[@\"2016-10-06T00:17:09.500Z\",\"stderr\",\"e\",null]\n"
	"[@\"2016-10-06T00:17:09.500Z\",\"stdout\",\"abc\",null]\n"
	"[@\"2016-10-06T00:17:09.500Z\",\"stdout\",\"d\",null]\n"
	"[@\"2016-10-06T00:17:09.500Z\",\"stdout\",\"\",null]\n"
	"[@\"2016-10-06T00:17:09.500Z\",\"stdout\",\"never\",true]\n"},
    {"cri: bad", {"cri", "message", 0},
	"x\n" T "out F x\n" T "stdout X x\n" T "stdout P a\nx\n" T
	"stdout F b\n",
	"! no time at its start @1 \"x\"\n"
	"! neither stdout nor stderr behind the time @24 \"" T "out F x\"\n"
	"! neither P nor F behind the stream @31 \"" T "stdout X x\"\n"
	"! no time at its start @1 \"x\"\n[\"ab\"]\n"},
    {"docker: parts", {"docker", "stream log message attrs", 0},
	"{\"log\":\"a\\\"\\n\",\"stream\":\"stdout\",\"time\":\"t\"}\n"
	"{\"log\":\"b\",\"stream\":\"stdout\"}\n"
	"{\"stream\":\"stdout\" , \"log\" : \"c\\\\n\" , \"attrs\":{\"x\":[1,"
	"\"}\"]} }\n"
	"{\"log\":\"\\r\\n\"}\n",
	"[\"stdout\",\"a\\\"\",\"a\\\"\",null]\n"
	"[\"stdout\",\"bc\\\\n\",\"bc\\\\n\",{\"x\":[1,\"}\"]}]\n"},
    {"docker: bad", {"docker", "log", 0},
	"x\n{\"log\":\"a\n{\"log\":1}\n{\"log\":\"a\\n\"} x\n{\"a\"}\n",
	"! not a JSON object @1 \"x\"\n"
	"! a member without a value @8 \"{\\\"log\\\":\\\"a\"\n"
	"! there is no log in it @0 \"{\\\"log\\\":1}\"\n"
	"! text behind the object @15 \"{\\\"log\\\":\\\"a\\\\n\\\"} x\"\n"
	"! no colon behind the name @5 \"{\\\"a\\\"}\"\n"},
};

static const struct help_case changing[] = {
    {"w3c: other fields", {"w3c", "a b *", 0},
	"#Fields: a b\n1 2\n#Fields: b a\n3 4\n#Fields: b c\n5 6\n#Fields: a\n"
	"\xef\xbb\xbf#Fields: a b\r\n7 8\n#Fields: \xff\n9 10\n",
	"[1,2,{\"a\":1,\"b\":2}]\n[4,3,{\"b\":3,\"a\":4}]\n"
	"[null,5,{\"b\":5,\"c\":6}]\n[7,8,{\"a\":7,\"b\":8}]\n"
	"! not valid UTF-8 @10 \"#Fields: \xff\"\n"
	"[9,10,{\"a\":9,\"b\":10}]\n"},
    {"w3c: a header that is too long is none", {"w3c", "a b", 14},
	"#Fields: a b\n1 2\n#Fields: b  a \n3 4\n#Fields: b   a\r\n5 6\n"
	"#Fields: b a\n7 8\n",
	"[1,2]\n[4,3]\n"
	"! record longer than 14 bytes @0 \"#Fields: b   a\"\n"
	"[6,5]\n[8,7]\n"},
    {"zeek: bad", {"zeek", "a b", 0},
	"#fields\ta\tb\n#types\tcount\tbool\n1.5\tT\n1\ttrue\n1\n1\tT\tx\n",
	"! a field is not of the type that #types says @1 \"1.5\\tT\"\n"
	"! a field is not of the type that #types says @3 \"1\\ttrue\"\n"
	"! fewer fields than #fields names @0 \"1\"\n"
	"! more fields than #fields names @5 \"1\\tT\\tx\"\n"},
    {"zeek: another log", {"zeek", "a v *", 0},
	"#separator \\x09\n#fields\ta\tv\n#types\tcount\tvector[int]\n"
	"1\t1,2\n"
	"#separator |\n#set_separator|;\n#unset_field|?\n"
	"#fields|v|b|a\n#types|vector[int]|string|string\n3;4|?|x\n"
	"#separator \\x09\n#fields\tv\ta\n5,6\t-\n",
	"[1,[1,2],{\"a\":1,\"v\":[1,2]}]\n"
	"[\"x\",[3,4],{\"v\":[3,4],\"b\":null,\"a\":\"x\"}]\n"
	"[null,\"5,6\",{\"v\":\"5,6\",\"a\":null}]\n"},
};

/* The same in frames of any size, each with a decoder of its own. */
static void
test_framed(const struct help_case *list, size_t n_list)
{
	for (size_t i = 0; i < n_list; i++) {
		struct str in = str_of(list[i].in);

		help_check(list[i].what, &list[i].job, in, list[i].out);
		for (size_t n = 1; n < in.n; n += 5) {
			char *got = help_run_framed(&list[i].job, in, n);

			same(got, list[i].out, "framed");
			mem_free(got);
		}
	}
}

/* A part whose rest does not come holds up so many lines and no more. */
static void
test_forsaken_part(void)
{
	struct job job = {"cri", "message partial", 0};
	struct buf in = {0}, want = {0};
	char *got;

	buf_lit(&in, T "stdout P a\n");
	for (int i = 0; i < 100; i++)
		buf_lit(&in, T "stderr F e\n");
	buf_lit(&in, T "stdout F b\n");
	for (int i = 0; i < 100; i++) {
		if (i == 64)
			buf_lit(&want, "[\"a\",true]\n");
		buf_lit(&want, "[\"e\",null]\n");
	}
	buf_lit(&want, "[\"b\",null]\n");
	for (size_t piece = 0; piece < 4000; piece += 777) {
		got = help_run(&job, buf_str(&in), piece);
		same(got, buf_z(&want), "a part whose rest does not come");
		mem_free(got);
	}
	buf_release(&in);
	buf_release(&want);
}

/* A message repeated more often than a batch has rows. */
static void
test_many_repeated(void)
{
	struct job job = {"syslog", "message", 0};
	struct str in = STR("Oct 11 22:14:15 h a: x\n"
			    "Oct 11 22:14:15 h a: message repeated 2500 times: "
			    "[ y]\nOct 11 22:14:15 h a: z\n");
	char *got = help_run(&job, in, 0);
	size_t n = 0;

	for (const char *p = got; (p = strstr(p, "[\"y\"]\n")); p++)
		n++;
	ok(n == 2500 && strstr(got, "[\"z\"]\n"), "2500 rows of one line");
	mem_free(got);
}

/* ---- guesses ---- */

#define CLF "10.0.0.7 - - [28/Mar/2026:22:00:01 +0000] \"GET / HTTP/1.1\" 200 5"

/* Heads of real files of each layout; by several lines, and by the first. */
static const struct {
	const char *format, *head;
} heads[] = {
    {"apache", CLF "\n"},
    {"apache", "www.example.org:443 " CLF " \"-\" \"x\"\n"},
    {"nginx", CLF " \"-\" \"curl/8.5.0\"\n"},
    {"nginx", CLF " \"-\" \"curl/8.5.0\" \"-\"\n"},
    {"apache-error",
	"[Fri Sep 09 10:42:29.902022 2011] [core:error] [pid 35708:tid "
	"4328636416] [client 72.15.99.187] File does not exist: /x\n"},
    {"apache-error",
	"[Wed Oct 11 14:32:52 2000] [error] [client 127.0.0.1] client denied "
	"by server configuration: /export/home\n"},
    {"nginx-error",
	"2026/03/28 22:00:01 [notice] 1#1: start worker process 30\n"},
    {"syslog", "Oct 11 22:14:15 mymachine su: 'su root' failed\n"},
    {"syslog", "<34>Oct 11 22:14:15 mymachine su: 'su root' failed\n"},
    {"syslog", "2016-12-01T10:20:30.123456+01:00 host systemd[1]: Started.\n"},
    {"syslog", "<165>1 2003-10-11T22:14:15.003Z m evntslog - ID47 - x\n"},
    {"haproxy",
	"Feb  6 12:14:14 localhost haproxy[14389]: 10.0.1.2:33317 "
	"[06/Feb/2009:12:14:14.655] http-in static/srv1 10/0/30/69/109 200 "
	"2750 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} \"GET /index.html "
	"HTTP/1.1\"\n"},
    {"haproxy",
	"10.0.1.2:33313 [06/Feb/2009:12:12:51.443] fnt bck/srv1 0/0/5007 212 "
	"-- 0/0/0/0/3 0/0\n"},
    {"elb", "2015-05-13T23:39:43.945958Z my-loadbalancer 192.168.131.39:2817 "
	    "10.0.0.1:80 0.000073 0.001048 0.000057 200 200 0 29 \"GET "
	    "http://www.example.com:80/ HTTP/1.1\" \"curl/7.38.0\" - -\n"},
    {"nlb",
	"tls 2.0 2018-12-20T02:59:40 net/my-nlb/c6e77e28c25b2234 "
	"g3d4b5e8bb8464cd 72.21.218.154:51341 172.100.100.185:443 5 2 98 246 - "
	"arn:aws:acm:us-east-2:671290407336:certificate/2a10 - "
	"ECDHE-RSA-AES128-SHA tlsv12 - my.elb.us-east-2.amazonaws.com\n"},
    {"s3", "79a59df9 bucket1 [06/Feb/2019:00:00:38 +0000] 192.0.2.3 79a59df9 "
	   "3E57427F3EXAMPLE REST.GET.OBJECT a/b.txt \"GET /a/b.txt HTTP/1.1\" "
	   "200 - 113 113 7 6 \"-\" \"S3Console/0.4\" -\n"},
    {"vpcflow", "2 123456789010 eni-1235b8ca123456789 172.31.16.139 "
		"172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT "
		"OK\n"},
    {"vpcflow",
	"version account-id interface-id srcaddr dstaddr srcport dstport "
	"protocol packets bytes start end action log-status\n"},
    {"w3c", "#Version: 1.0\n#Fields: date time c-ip\n2026-01-01 1:1:1 x\n"},
    {"zeek", "#separator \\x09\n#set_separator\t,\n"},
    {"cri", "2016-10-06T00:17:09.669794202Z stdout F log content 1\n"},
    {"docker",
	"{\"log\":\"x\\n\",\"stream\":\"stdout\",\"time\":\"2019-01-01T11:11:"
	"11.111111111Z\"}\n"},
    {"json", "{\"log\":\"x\",\"level\":\"info\"}\n"},
    {"json",
	"{\"__REALTIME_TIMESTAMP\":\"1423944916375353\",\"MESSAGE\":\"x\"}\n"},
    {"journal", "__CURSOR=s=bc;i=1\n__REALTIME_TIMESTAMP=1\nMESSAGE=x\n\n"},
    {"logfmt", "time=2026-03-28T22:00:01Z level=info msg=\"it is up\"\n"},
    {"logfmt",
	"at=info method=GET path=/ host=mutelight.org fwd=\"124.133.52.161\" "
	"dyno=web.2 connect=4ms service=8ms status=200 bytes=1653\n"},
    {"kv", "level=info,user=ann,took=12\n"},
    {"kv", "date=2026-01-01; action=accept; src=1.1.1.1;\n"},
    {"ltsv", "time:[28/Feb/2013:12:00:00 +0900]\thost:192.168.0.1\tsize:5\n"},
    {"csv", "ts,user,url\n1,ann,/a?x=1\n"},
    {"csv", "a;b\n1;2\n"},
    {"tsv", "ts\tuser\n1\tann\n"},
    {"lines", "hello world\n"},
    {"lines", "web-1  |  * Serving Flask app 'app.py'\n"
	      "web-1  |  * Debug mode: on\n"},
    {"lines", "2022-06-02T11:58:12.193Z info vpxd[45715] [Originator@6876 "
	      "sub=vpxLro opID=7e] [VpxLRO] -- BEGIN lro-846063 -- x -- y -- "
	      "z -- 528e6e0c(52) a b c d\n"},
    {"lines", "2025-04-24T22:09:20.854Z\tinfo\tMetrics\t{\"otelcol.id\": "
	      "\"debug\", \"x\": \"Exporter\"}\n"},
    {"lines", "see a=b\n"},
    {"lines", "2026-03-28 22:00:01,123 INFO [main] it is up\n"},
    {"lines", "2026-03-28T22:00:01Z INFO main it is up\n"},
    {"lines", "2026-03-28T22:00:01Z INFO main: it is up\n"},
    {"lines", "March came: and went\n"},
    {"lines", "# a comment\n"},
    {"lines", "[main] ERROR x\n"},
    {"lines", "x=1\n"},
    {"lines", "http://example.org/?a=1&b=2\n"},
    {"lines", "key: value\n"},
};

static void
test_guesses(void)
{
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		struct str head = str_of(heads[i].head);

		same(format_guess(head, true)->name, heads[i].format,
		    heads[i].head);
		if (strcmp(heads[i].format, "csv") &&
		    strcmp(heads[i].format, "tsv"))
			same(format_guess(head, false)->name, heads[i].format,
			    "and when there is more");
	}
	same(format_guess(STR("Hello, World!\n"), true)->name, "lines",
	    "a header alone is all words");
	same(format_guess(STR("a,b.c,\"d e\"\n"), true)->name, "csv",
	    "and then it is one");
}

/* The example of each row of the table is guessed as that or as a format
 * that reads it as well. */
static void
test_prefixes(void)
{
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		struct job job = {heads[i].format, "* time", 0};
		struct str head = str_of(heads[i].head);
		unsigned odd = 0;

		for (size_t n = 0; n <= head.n; n++) {
			char *got = help_run(&job, (struct str){head.p, n}, 0);

			odd += *got && *got != '[' && *got != '!' &&
			       strncmp(got, "error", 5);
			mem_free(got);
		}
		ok(!odd, "each prefix is read: %s", heads[i].format);
	}
}

int
main(void)
{
	simd_init();
	help_check_all(cases, sizeof cases / sizeof *cases);
	test_framed(changing, sizeof changing / sizeof *changing);
	test_framed(parts, sizeof parts / sizeof *parts);
	test_forsaken_part();
	test_many_repeated();
	test_guesses();
	test_prefixes();
	return tap_done();
}

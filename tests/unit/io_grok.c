/* SPDX-License-Identifier: MIT */
/*
 * Grok: every row of its table matches its own example from end to end; texts
 * that look alike are told apart; captures, types, nesting; mistakes.
 */
#include "base/simd.h"
#include "io/grok.h"
#include "io/pattern.h"
#include "io_help.h"

/* ---- the table ---- */

/* True if %{NAME} is all of the text. */
static bool
is_all(const char *name, const char *text)
{
	struct arena a;
	struct grok g;
	struct err err = {0};
	struct str field = STR("_0");
	struct pattern *p;
	bool yes;

	arena_init(&a, 4096);
	must(!grok_compile(arena_printf(&a, "^%%{%s:all}$", name),
	    (struct where){0}, NULL, false, &a, &g, &err));
	p = pattern_new(g.text, &field, 1);
	yes = pattern_match(p, str_of(text)) == PATTERN_MATCH;
	pattern_free(p);
	arena_release(&a);
	return yes;
}

static void
test_rows(void)
{
	for (unsigned i = 0; i < n_grok_rows; i++) {
		const struct grok_row *r = &grok_rows[i];
		size_t n = strlen(r->doc);

		ok(is_all(r->name, r->example), "%s matches its example",
		    r->name);
		ok(n > 3 && r->doc[n - 1] == '.', "%s says what it is",
		    r->name);
		ok(!i || strcmp(r[-1].name, r->name) < 0, "%s is in its place",
		    r->name);
	}
	ok(n_grok_rows >= 60, "there are patterns");
}

static const struct {
	const char *name, *text;
	bool match;
} others[] = {
    {"BASE10NUM", "1.2.3", false},
    {"BASE10NUM", ".5", true},
    {"COMBINEDAPACHELOG", "10.0.0.1 - - [x] \"GET / HTTP/1.1\" 200 1", false},
    {"DATE_EU", "32.01.2026", false},
    {"HOSTNAME", "-a.example", false},
    {"HOSTNAME", "a.example.", true},
    {"HOUR", "24", false},
    {"IPV4", "256.0.0.1", false},
    {"IPV4", "1.2.3", false},
    {"IPV6", "1:2:3:4:5:6:7:8", true},
    {"IPV6", "::", true},
    {"IPV6", "::ffff:10.0.0.1", true},
    {"IPV6", "1::2::3", false},
    {"IPV6", "1:2:3:4:5:6:7", false},
    {"IPV6", "fe80::1%eth0", true},
    {"LOGLEVEL", "warn", true},
    {"LOGLEVEL", "warm", false},
    {"MONTH", "Sept", false},
    {"MONTHDAY", "0", false},
    {"POSINT", "0", false},
    {"QUOTEDSTRING", "\"a\" b\"", false},
    {"QUOTEDSTRING", "\"\"", true},
    {"SECOND", "61", false},
    {"SYSLOGTIMESTAMP", "Mar 28 22:00", false},
    {"TIMESTAMP_ISO8601", "2026-03-28 22:00:01,250+0100", true},
    {"TIMESTAMP_ISO8601", "2026-13-28T22:00:01Z", false},
    {"UUID", "6fa459ea-ee8a-3ca4-894e-db77e160355", false},
    {"WORD", "a-b", false},
};

static void
test_others(void)
{
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		ok(is_all(others[i].name, others[i].text) == others[i].match,
		    "%s %s %s", others[i].name,
		    others[i].match ? "is" : "is not", others[i].text);
}

/* ---- lines ---- */

static const struct help_case cases[] = {
    {"fields by content", {"grok:%{IP:c} %{WORD:m} %{NUMBER:n}", "n m c *", 0},
	"10.0.0.1 GET 12.5 x\n",
	"[12.5,\"GET\",\"10.0.0.1\",{\"c\":\"10.0.0.1\",\"m\":\"GET\","
	"\"n\":12.5}]\n"},
    {"types",
	{"grok:^%{DATA:a:int} %{DATA:b:float} %{DATA:c:string} "
	 "%{DATA:d:boolean}$",
	    "a b c d", 0},
	"12.7 12 12 true\n- 1 1 1\n 1 x \n",
	"[12,12.0,\"12\",true]\n"
	"! a field is not an integer, or out of range @0 \"- 1 1 1\"\n"
	"[null,1.0,\"x\",null]\n"},
    {"a name in every branch", {"grok:^(?:a%{INT:n}|b%{INT:n})$", "n *", 0},
	"a1\nb2\nc3\n",
	"[1,{\"n\":1}]\n[2,{\"n\":2}]\n"
	"! does not match the pattern @0 \"c3\"\n"},
    {"maps",
	{"grok:%{INT:[a][b]} %{INT:c} %{INT:a.d.e}", "a.b a c a.d a.d.e *", 0},
	"1 2 3\n",
	"[1,{\"b\":1,\"d\":{\"e\":3}},2,{\"e\":3},3,"
	"{\"a\":{\"b\":1,\"d\":{\"e\":3}},\"c\":2}]\n"},
    {"only a map", {"grok:%{INT:[a][b]} %{INT:c}", "a", 0}, "1 2\n",
	"[{\"b\":1}]\n"},
    {"groups of one's own", {"grok:(?<x>[a-z]+)(?<[y][z]>\\d+)", "x y", 0},
	"ab12\n", "[\"ab\",{\"z\":12}]\n"},
    {"a class is no reference", {"grok:[%{X}]+ %{INT:n}", "n", 0}, "X%{ 7\n",
	"[7]\n"},
    {"nor is an escape", {"grok:\\%{INT} %{INT:n}", "n", 0}, "x\n",
	"! does not match the pattern @0 \"x\"\n"},
    {"no fields", {"grok:%{INT}", "a", 0}, "1\n",
	"error: the pattern names no fields"},
    {"no pattern", {"grok", "a", 0}, "1\n",
	"error: the format grok needs a pattern"},
    {"an unknown name", {"grok:%{INTT:a}", "a", 0}, "1\n",
	"error: there is no pattern \"INTT\""},
    {"an unknown type", {"grok:%{INT:a:in}", "a", 0}, "1\n",
	"error: there is no type \"in\""},
    {"an odd name", {"grok:%{INT:[a]b}", "a", 0}, "1\n",
	"error: \"[a]b\" is no name of a field"},
    {"too many parts", {"grok:%{INT:a:int:x}", "a", 0}, "1\n",
	"error: this is no reference to a pattern"},
    {"a value with members", {"grok:%{INT:a} %{INT:a.b}", "a", 0}, "1\n",
	"error: \"a\" cannot be a value and hold the field \"a.b\""},
    {"what PCRE2 does not take", {"grok:%{INT:a} (", "a", 0}, "1\n",
	"error: in the pattern: missing closing parenthesis"},
};

int
main(void)
{
	simd_init();
	test_rows();
	test_others();
	help_check_all(cases, sizeof cases / sizeof *cases);
	return tap_done();
}

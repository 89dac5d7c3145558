/* SPDX-License-Identifier: MIT */
/*
 * Reading JSON lines: what is taken and what is refused, values, and that all
 * ways to read (along templates or not, with AVX2 or not, however the input
 * is cut) give the same.
 */
#include "json_run.h"

#include "json_cases.h"
#include "json_gen.h"
#include "json_wants.h"
#include "tap.h"

/* What one input gives, as text. */
static const char *
read_all(const struct decode_spec *spec, struct str input)
{
	static struct buf out;
	struct run run = {.spec = spec};

	run_all(&run, input, &out);
	return buf_z(&out);
}

/* The same in all ways; tells if they differ. */
static bool
ways_agree(const struct decode_spec *spec, struct str input)
{
	static const struct run ways[] = {
	    {.scan_only = true},
	    {.bulk_only = true},
	    {.words = true},
	    {.words = true, .scan_only = true},
	    {.cold = true, .block = 7},
	    {.block = 1000},
	};
	struct buf want = {0}, got = {0};
	bool same = true;
	size_t i;

	run_all(&(struct run){.spec = spec}, input, &want);
	for (i = 0; i < sizeof ways / sizeof *ways && same; i++) {
		struct run run = ways[i];

		run.spec = spec;
		run_all(&run, input, &got);
		same = str_eq(buf_str(&got), buf_str(&want));
		if (!same)
			printf("# way %zu of %.*s\n# has %s\n# not %s\n", i,
			    STR_ARG(input), buf_z(&got), buf_z(&want));
	}
	buf_release(&want);
	buf_release(&got);
	return same;
}

/*
 * Tests that a record gives the line expected: once, and six times over in
 * all ways (so that its shape is known, and several are read at once).
 */
static void
gives(const struct decode_spec *spec, const char *record, const char *line,
    const char *what)
{
	struct buf in = {0}, want_out = {0};
	int i;

	for (i = 0; i < 6; i++) {
		buf_addz(&in, record);
		buf_addc(&in, '\n');
		buf_addz(&want_out, line);
		buf_addc(&want_out, '\n');
	}
	if (strcmp(read_all(spec, buf_str(&in)), buf_z(&want_out)))
		same(read_all(spec, buf_str(&in)), buf_z(&want_out), what);
	else
		ok(ways_agree(spec, buf_str(&in)), "%s", what);
	buf_release(&in);
	buf_release(&want_out);
}

/* ---- the grammar ---- */

/* True if every record of the input is taken, or with good false, refused. */
static bool
all_are(bool good, const struct decode_spec *spec, struct str input)
{
	static struct buf out;
	struct run run = {.spec = spec};
	int way;
	const char *p;

	for (way = 0; way < 5; way++) {
		run.scan_only = way & 1;
		run.words = way & 2;
		run.bulk_only = way & 4;
		run_all(&run, input, &out);
		if (!out.n)
			return false;
		for (p = buf_z(&out); *p; p = strchr(p, '\n') + 1)
			if (strncmp(p, "bad ", 4) == 0 ? good : !good)
				return false;
	}
	return true;
}

/* A text by itself, as a member, and as an element; each twice. */
static bool
case_is(bool good, struct str text, const struct decode_spec *spec)
{
	static const char *const around[] = {"%.*s\n%.*s\n",
	    "{\"a\":%.*s}\n{\"a\":%.*s}\n", "[%.*s]\n[%.*s]\n",
	    "{\"x\":{\"y\":[0,%.*s]},\"z\":1}\n{\"x\":{\"y\":[0,%.*s]},\"z\":1}"
	    "\n"};
	struct buf b = {0};
	bool right = true;
	unsigned i;

	for (i = 0; i < 4; i++) {
		const char *p = around[i], *hole;

		b.n = 0;
		while ((hole = strstr(p, "%.*s"))) {
			buf_add(&b, p, (size_t)(hole - p));
			buf_adds(&b, text);
			p = hole + 4;
		}
		buf_addz(&b, p);
		right &= all_are(good, spec, buf_str(&b));
	}
	buf_release(&b);
	return right;
}

/*
 * A text that is put into records whose shape is known, where a number, a
 * string or nothing was. Each is taken if and only if it is JSON.
 */
static bool
is_seen_through(struct str text, const struct decode_spec *spec)
{
	static const char *const around[][2] = {{"{\"a\":", ",\"b\":\"x\"}"},
	    {"{\"a\":1,\"b\":", "}"}, {"{\"a\":1,\"b\":\"x\"}", ""}};
	const char *known = "{\"a\":1,\"b\":\"x\"}\n";
	struct buf in = {0}, line = {0};
	bool right = true;
	unsigned i, k;

	for (i = 0; i < 3; i++) {
		in.n = line.n = 0;
		for (k = 0; k < 2; k++)
			buf_addz(&in, known);
		buf_addz(&line, around[i][0]);
		buf_adds(&line, text);
		buf_addz(&line, around[i][1]);
		buf_adds(&in, buf_str(&line));
		buf_addc(&in, '\n');
		for (k = 0; k < 6; k++)
			buf_addz(&in, known);
		right &=
		    ways_agree(spec, buf_str(&in)) &&
		    check_json(buf_str(&line), 100) !=
			(strstr(read_all(spec, buf_str(&in)), "bad ") != NULL);
	}
	buf_release(&in);
	buf_release(&line);
	return right;
}

/* A bad text may become good inside of another: "1,2" in brackets. */
static bool
is_bad_everywhere(struct str text)
{
	struct buf b = {0};
	bool bad;

	buf_addz(&b, "[0,");
	buf_adds(&b, text);
	buf_addz(&b, "]");
	bad = !check_json(buf_str(&b), 100);
	b.n = 0;
	buf_addz(&b, "{\"a\":");
	buf_adds(&b, text);
	buf_addz(&b, "}");
	bad &= !check_json(buf_str(&b), 100);
	buf_release(&b);
	return bad;
}

static void
test_grammar(void)
{
	const struct want wants[] = {
	    want("", WANT_RAW), want("a", WANT_RAW), want("x.y[1]", WANT_RAW)};
	struct decode_spec spec = spec_of(wants, 3);
	char shown[400];
	size_t i;

	for (i = 0; i < sizeof good_cases / sizeof *good_cases; i++) {
		err_quote(shown, good_cases[i], 80);
		ok(check_json(good_cases[i], 100) &&
			case_is(true, good_cases[i], &spec) &&
			is_seen_through(good_cases[i], &spec),
		    "taken: %zu %s", i, shown);
	}
	for (i = 0; i < sizeof bad_cases / sizeof *bad_cases; i++) {
		struct str s = bad_cases[i];
		bool right;

		err_quote(shown, s, 80);
		right = is_bad_everywhere(s) ? case_is(false, s, &spec)
					     : all_are(false, &spec, s);
		right &= is_seen_through(s, &spec);
		ok(!check_json(s, 100) && right, "refused: %zu %s", i, shown);
	}
}

/* ---- reasons ---- */

static void
test_reasons(void)
{
	static const struct {
		const char *text, *bad;
	} cases[] = {
	    {"{\"a\":\"x", "bad 7 unterminated string: "},
	    {"{\"a\":\"x\x01\"}", "bad 7 control character in a string: "},
	    {"{\"a\":\"\\q\"}", "bad 6 unknown escape in a string: "},
	    {"{\"a\":\"\\u12x4\"}",
		"bad 6 an escape \\u without four hexadecimal digits: "},
	    {"{\"a\":\"\\udc00\"}",
		"bad 6 half of a surrogate pair in a string: "},
	    {"{\"a\":\"ab\xff\"}", "bad 8 invalid UTF-8: "},
	    {"{\"a\":\"\xc3\"\"}", "bad 6 invalid UTF-8: "},
	    {"{\"\xff\":1}", "bad 2 invalid UTF-8: "},
	    {"{\"a\":01}", "bad 5 number with a leading zero: "},
	    {"{\"a\":-x}", "bad 6 '-' without digits behind it: "},
	    {"{\"a\":1.x}", "bad 6 number without digits behind its point: "},
	    {"{\"a\":1e}", "bad 6 number without digits in its exponent: "},
	    {"{\"a\":nul}", "bad 5 expected true, false or null: "},
	    {"{\"a\":?}", "bad 5 expected a value: "},
	    {"{\"a\":", "bad 5 the record ends too early: "},
	    {"{\"a\":1", "bad 6 the record ends too early: "},
	    {"{\"a\"", "bad 4 the record ends too early: "},
	    {"{", "bad 1 the record ends too early: "},
	    {"[1", "bad 2 the record ends too early: "},
	    {"{\"a\"=1}", "bad 4 expected ':' behind the name: "},
	    {"{a:1}", "bad 1 expected a name in quotes: "},
	    {"{\"a\":1,}", "bad 7 expected a name in quotes: "},
	    {"{\"a\":1;}", "bad 6 expected ',' or '}': "},
	    {"[1;2]", "bad 2 expected ',' or ']': "},
	    {"{} x", "bad 3 more behind the record: "},
	    {"  {\"a\":1}}", "bad 7 more behind the record: "},
	};
	struct decode_spec spec = spec_of(NULL, 0);
	char want_line[200];
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *text = cases[i].text;

		snprintf(want_line, sizeof want_line, "%s%s\n", cases[i].bad,
		    text + strspn(text, " "));
		same(read_all(&spec, str_of(text)), want_line, text);
	}
}

/* ---- values ---- */

static void
test_values(void)
{
	const struct want a = want("a", WANT_VALUE), raw = want("a", WANT_RAW);
	struct decode_spec spec = spec_of(&a, 1), raw_spec = spec_of(&raw, 1);
	static const struct {
		const char *json, *value, *raw;
	} cases[] = {
	    {"1", "bigint 1", "1"},
	    {"-1", "bigint -1", "-1"},
	    {"-0", "double -0.0", "-0"},
	    {"12345678", "bigint 12345678", "12345678"},
	    {"9223372036854775807", "bigint 9223372036854775807",
		"9223372036854775807"},
	    {"9223372036854775808", "decimal 9223372036854775808",
		"9223372036854775808"},
	    {"-9223372036854775808", "bigint -9223372036854775808",
		"-9223372036854775808"},
	    {"1.0", "double 1.0", "1.0"},
	    {"277.988", "double 277.988", "277.988"},
	    {"-12.5", "double -12.5", "-12.5"},
	    {"1234567.1234567", "double 1234567.1234567", "1234567.1234567"},
	    {"12345678.12345678", "double 12345678.12345678",
		"12345678.12345678"},
	    {"1e3", "double 1000.0", "1e3"},
	    {"1.5E-3", "double 0.0015", "1.5E-3"},
	    {"0", "bigint 0", "0"},
	    {"true", "boolean true", "true"},
	    {"false", "boolean false", "false"},
	    {"null", "null null", "null"},
	    {"\"\"", "text \"\"", "\"\""},
	    {"\"x\"", "text \"x\"", "\"x\""},
	    {"\"\\u0041\\n\\/\"", "text \"A\\n/\"", "\"\\u0041\\n\\/\""},
	    {"\"\\ud83d\\ude00\"", "text \"\xf0\x9f\x98\x80\"",
		"\"\\ud83d\\ude00\""},
	    {"\"\\u0000\"", "text \"\\u0000\"", "\"\\u0000\""},
	    {"\"\xc3\xa9\"", "text \"\xc3\xa9\"", "\"\xc3\xa9\""},
	    {"[1,\"x\",[2.5]]", "array [1,\"x\",[2.5]]", "[1,\"x\",[2.5]]"},
	    {"{\"b\":{\"c\":null}}", "map {\"b\":{\"c\":null}}",
		"{\"b\":{\"c\":null}}"},
	    {"{}", "map {}", "{}"},
	};
	struct buf json = {0}, line = {0};
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		json.n = line.n = 0;
		buf_printf(&json, "{\"a\":%s}", cases[i].json);
		buf_printf(&line, "%s| %s\n", cases[i].value, buf_z(&json));
		same(read_all(&spec, buf_str(&json)), buf_z(&line),
		    cases[i].json);
		line.n = 0;
		buf_printf(&line, "%s %s| %s\n", type_name(T_JSON),
		    cases[i].raw, buf_z(&json));
		same(read_all(&raw_spec, buf_str(&json)), buf_z(&line), "raw");
	}
	buf_release(&json);
	buf_release(&line);
	gives(&spec, "{\"b\":1}", "null null| {\"b\":1}",
	    "a member that is missing");
	same(read_all(&spec, STR("[1]\n7\n\"a\"\n")),
	    "null null| [1]\nnull null| 7\nnull null| \"a\"\n",
	    "records that are no objects have no members");
	gives(&spec, "{\"a\":1e999}",
	    "bad 5 number out of range: {\"a\":1e999}",
	    "a wanted number out of range");
	gives(&spec, "{\"b\":1e999}", "null null| {\"b\":1e999}",
	    "one that nobody wants");
	same(read_all(&raw_spec, STR("{\"a\":1e999}")),
	    "json 1e999| {\"a\":1e999}\n", "one that is passed on");
}

static void
test_paths(void)
{
	const struct want wants[] = {want("a", WANT_VALUE),
	    want("a.b", WANT_VALUE), want("a.b[1]", WANT_VALUE),
	    want("l[0].x", WANT_VALUE), want("l[2]", WANT_VALUE),
	    want("a long name, longer than eight", WANT_VALUE),
	    want("", WANT_VALUE), want("", WANT_RAW)};
	struct decode_spec spec = spec_of(wants, 1);

	gives(&spec, "{\"a\":1,\"a\":2}", "bigint 2| {\"a\":1,\"a\":2}",
	    "the last of two members counts");
	gives(&spec, "{\"a\":1e999,\"a\":2}", "bigint 2| {\"a\":1e999,\"a\":2}",
	    "whatever the first one is");
	gives(&spec, "{\"\\u0061\":1}", "bigint 1| {\"\\u0061\":1}",
	    "a name with escapes");
	gives(&spec, "{\"A\":1,\"aa\":2,\"\":3}",
	    "null null| {\"A\":1,\"aa\":2,\"\":3}", "names are exact");
	spec.wants = wants + 1;
	gives(&spec, "{\"a\":{\"b\":1},\"a\":{\"c\":2}}",
	    "null null| {\"a\":{\"b\":1},\"a\":{\"c\":2}}",
	    "the last of two objects counts, with what it has not");
	gives(&spec, "{\"a\":{\"b\":1},\"a\":3}",
	    "null null| {\"a\":{\"b\":1},\"a\":3}", "also if it is none");
	gives(&spec, "{\"b\":{\"b\":1},\"a\":{\"b\":2}}",
	    "bigint 2| {\"b\":{\"b\":1},\"a\":{\"b\":2}}",
	    "the same name elsewhere");
	spec.wants = wants + 2;
	gives(&spec, "{\"a\":{\"b\":[1,2,3]}}",
	    "bigint 2| {\"a\":{\"b\":[1,2,3]}}", "an element");
	gives(&spec, "{\"a\":{\"b\":[1]}}", "null null| {\"a\":{\"b\":[1]}}",
	    "an element that is not");
	gives(&spec, "{\"a\":{\"b\":{\"1\":2}}}",
	    "null null| {\"a\":{\"b\":{\"1\":2}}}", "a name is no element");
	spec.wants = wants + 3;
	gives(&spec, "{\"l\":[{\"x\":\"y\"},{\"x\":\"z\"}]}",
	    "text \"y\"| {\"l\":[{\"x\":\"y\"},{\"x\":\"z\"}]}",
	    "a member of an element");
	spec.wants = wants + 5;
	gives(&spec,
	    "{\"a long name, longer than eighs\":1,"
	    "\"a long name, longer than eight\":2}",
	    "bigint 2| {\"a long name, longer than eighs\":1,"
	    "\"a long name, longer than eight\":2}",
	    "a long name is compared to its end");
	gives(&spec,
	    "{\"a long name, longer than eight\":1,"
	    "\"a long name, longer than eighs\":2}",
	    "bigint 1| {\"a long name, longer than eight\":1,"
	    "\"a long name, longer than eighs\":2}",
	    "whatever comes behind it");
	spec.wants = wants + 6;
	spec.n_wants = 2;
	same(read_all(&spec, STR(" {\"a\" : 1} \r\n\"x\"\n")),
	    "map {\"a\":1}|json {\"a\" : 1}| {\"a\" : 1}\n"
	    "text \"x\"|json \"x\"| \"x\"\n",
	    "the whole record");
	spec.wants = wants;
	spec.n_wants = 5;
	gives(&spec, "{\"l\":[1,2,{\"x\":3}],\"a\":{\"b\":[4,5]}}",
	    "map {\"b\":[4,5]}|array [4,5]|bigint 5|null null|map {\"x\":3}| "
	    "{\"l\":[1,2,{\"x\":3}],\"a\":{\"b\":[4,5]}}",
	    "paths through one another");
}

/* Names that have much in common. */
static void
test_names(void)
{
	static const struct path_step empty[] = {{.name = {"", 0}}};
	const struct want wants[] = {want("abcdefghi", WANT_VALUE),
	    want("abcdefgh", WANT_VALUE), want("abcdefg", WANT_VALUE),
	    want("[0]", WANT_VALUE), {.path = {empty, 1}, .as = WANT_VALUE}};
	struct decode_spec spec = spec_of(wants, 5);

	gives(&spec,
	    "{\"abcdefghi\":1,\"abcdefg\":2,\"abcdefgh\":3,\"\":4,"
	    "\"abcdefg\\u0000\":5,\"abcdefghj\":6,\"0\":7}",
	    "bigint 1|bigint 3|bigint 2|null null|bigint 4| "
	    "{\"abcdefghi\":1,\"abcdefg\":2,\"abcdefgh\":3,\"\":4,"
	    "\"abcdefg\\u0000\":5,\"abcdefghj\":6,\"0\":7}",
	    "names are told apart");
	gives(&spec, "[1,2]",
	    "null null|null null|null null|bigint 1|null null| [1,2]",
	    "an element of the record");
}

/* Decimal fractions are the nearest doubles. */
static void
test_fractions(void)
{
	const struct want a = want("a", WANT_VALUE);
	struct decode_spec spec = spec_of(&a, 1);
	struct layout layout = {.format = &format_json};
	struct decoder *d = format_json.decoder_new(&layout, &spec);
	struct batch *b = batch_new();
	struct buf in = {0};
	double want_f[1000];
	unsigned i, k, wrong = 0;

	for (i = 0; i < 1000; i++) {
		size_t from = in.n + 5;

		buf_printf(&in, "{\"a\":%u.", gen_u32() >> gen_below(31));
		for (k = gen_below(9) + 1; k; k--)
			buf_addc(&in, (char)('0' + gen_below(10)));
		num_parse_float(
		    (struct str){in.p + from, in.n - from}, &want_f[i]);
		buf_lit(&in, "}\n");
	}
	buf_reserve(&in, SIMD_PAD);
	format_json.decode(d, in.p, in.p + in.n, true, b);
	for (i = 0; i < b->n_rows; i++)
		wrong +=
		    b->cols[0].f[i] < want_f[i] || b->cols[0].f[i] > want_f[i];
	ok(b->n_rows == 1000 && !wrong, "a thousand decimal fractions");
	batch_free(b);
	format_json.decoder_free(d);
	buf_release(&in);
}

static void
test_conversions(void)
{
	struct want wants[] = {
	    want("t", WANT_TIME), want("n", WANT_TYPE), want("t", WANT_RAW)};
	struct decode_spec spec = spec_of(wants, 3);

	spec.time = 0;
	wants[1].type = T_INT;
	gives(&spec, "{\"t\":\"2026-03-01T10:00:00.5Z\",\"n\":\"12\"}",
	    "timestamp \"2026-03-01T10:00:00.500Z\"|bigint 12|json "
	    "\"2026-03-01T10:00:00.5Z\"| "
	    "{\"t\":\"2026-03-01T10:00:00.5Z\",\"n\":\"12\"}",
	    "a time and a number in quotes");
	gives(&spec, "{\"t\":1767225600,\"n\":null}",
	    "timestamp \"2026-01-01T00:00:00Z\"|null null|json 1767225600| "
	    "{\"t\":1767225600,\"n\":null}",
	    "an epoch");
	gives(&spec, "{\"t\":1767225600.25}",
	    "timestamp \"2026-01-01T00:00:00.250Z\"|null null|json "
	    "1767225600.25| {\"t\":1767225600.25}",
	    "with a fraction");
	gives(&spec, "{\"t\":\"2026-03-01T10:00:00\\u005a\"}",
	    "timestamp \"2026-03-01T10:00:00Z\"|null null|json "
	    "\"2026-03-01T10:00:00\\u005a\"| "
	    "{\"t\":\"2026-03-01T10:00:00\\u005a\"}",
	    "a time with an escape");
	same(read_all(&spec, STR("{\"t\":\"yesterday\"}\n{\"n\":1}\n")),
	    "bad 6 the time is not readable: {\"t\":\"yesterday\"}\n"
	    "bad 0 the time is missing: {\"n\":1}\n",
	    "event time is needed");
	same(read_all(&spec, STR("{\"t\":true}\n{\"t\":null}\n{\"t\":[]}\n")),
	    "bad 5 the time is not readable: {\"t\":true}\n"
	    "bad 5 the time is missing: {\"t\":null}\n"
	    "bad 5 the time is not readable: {\"t\":[]}\n",
	    "and is a text or a number");
	gives(&spec, "{\"t\":1,\"n\":\"x\"}",
	    "bad 12 a field is not an integer, or out of range: "
	    "{\"t\":1,\"n\":\"x\"}",
	    "a type that does not fit");
	spec.time = -1;
	wants[0].optional = true;
	spec.n_wants = 1;
	same(read_all(&spec, STR("{\"t\":\"yesterday\"}\n{}\n{\"t\":0}\n")),
	    "null null| {\"t\":\"yesterday\"}\nnull null| {}\n"
	    "timestamp \"1970-01-01T00:00:00Z\"| {\"t\":0}\n",
	    "an optional time is NULL");
}

/* A bad row must leave nothing behind in the columns. */
static void
test_bad_between(void)
{
	struct want wants[] = {
	    want("a", WANT_VALUE), want("b", WANT_VALUE), want("n", WANT_TYPE)};
	struct decode_spec spec = spec_of(wants, 3);

	wants[2].type = T_INT;
	same(read_all(&spec,
		 STR("{\"a\":1,\"b\":2}\n{\"a\":null,\"b\":\"x\",\"n\":\"x\"}\n"
		     "{\"a\":3,\"b\":4}\nx\n{\"a\":5,\"b\":6}\n")),
	    "bigint 1|bigint 2|null null| {\"a\":1,\"b\":2}\n"
	    "bad 23 a field is not an integer, or out of range: "
	    "{\"a\":null,\"b\":\"x\",\"n\":\"x\"}\n"
	    "bigint 3|bigint 4|null null| {\"a\":3,\"b\":4}\n"
	    "bad 0 expected a value: x\n"
	    "bigint 5|bigint 6|null null| {\"a\":5,\"b\":6}\n",
	    "rows around bad rows");
}

/* ---- lines and limits ---- */

static void
test_lines(void)
{
	const struct want a = want("a", WANT_VALUE);
	struct decode_spec spec = spec_of(&a, 1);
	struct run run = {.spec = &spec};
	struct buf in = {0}, got = {0};
	unsigned i, n;

	same(read_all(&spec, STR("\n \n\r\n\t\n")), "", "blank lines");
	same(read_all(&spec, STR("{\"a\":1}\r\n\r\n{\"a\":2}")),
	    "bigint 1| {\"a\":1}\nbigint 2| {\"a\":2}\n",
	    "CR LF, and no LF at the end");
	same(read_all(&spec, STR("{\"a\":1}\n\"x")),
	    "bigint 1| {\"a\":1}\nbad 2 unterminated string: \"x\n",
	    "the end within a string");
	for (i = 0; i < 5000; i++)
		buf_printf(&in, "{\"a\":%u}\n", i);
	run_all(&run, buf_str(&in), &got);
	for (i = n = 0; i < got.n; i++)
		n += got.p[i] == '\n';
	ok(n == 5000, "more rows than a batch has: %u", n);
	ok(ways_agree(&spec, buf_str(&in)), "in all ways");
	buf_release(&in);
	buf_release(&got);
}

static void
test_limits(void)
{
	const struct want whole = want("", WANT_VALUE);
	struct decode_spec spec = spec_of(NULL, 0);
	struct run run = {.spec = &spec};
	struct buf in = {0}, got = {0};
	int i;

	for (i = 0; i < 100000; i++)
		buf_addz(&in, i & 1 ? "[" : "{\"a\":");
	run_all(&run, buf_str(&in), &got);
	ok(str_starts(buf_str(&got), STR("bad 1536 nested too deeply: {")),
	    "100,000 levels, mixed");
	in.n = 0;
	for (i = 0; i < 100000; i++)
		buf_addc(&in, '[');
	run_all(&run, buf_str(&in), &got);
	ok(str_starts(buf_str(&got), STR("bad 512 nested too deeply: [")),
	    "100,000 levels of arrays");
	in.n = 512;
	for (i = 0; i < 512; i++)
		buf_addc(&in, ']');
	run_all(&run, buf_str(&in), &got);
	ok(!str_starts(buf_str(&got), STR("bad")), "512 are taken");
	in.n = 0;
	spec.limits.depth_max = 100000;
	for (i = 0; i < 99999; i++)
		buf_addc(&in, '[');
	for (i = 0; i < 99999; i++)
		buf_addc(&in, ']');
	run_all(&run, buf_str(&in), &got);
	ok(!str_starts(buf_str(&got), STR("bad")), "more if that is asked for");
	spec.wants = &whole;
	spec.n_wants = 1;
	run_all(&run, buf_str(&in), &got);
	ok(str_starts(buf_str(&got), STR("bad 0 a nested value is too deep")),
	    "but not as a value");
	spec.n_wants = 0;
	spec.limits.depth_max = 2;
	same(read_all(&spec, STR("{\"a\":{}}\n{\"a\":{}}\n{\"a\":[{}]}\n")),
	    " {\"a\":{}}\n {\"a\":{}}\n"
	    "bad 6 nested too deeply: {\"a\":[{}]}\n",
	    "depth counts along templates, too");
	spec.limits.fields_max = 2;
	same(
	    read_all(&spec, STR("{\"a\":1,\"b\":2}\n{\"a\":1,\"b\":2,\"c\":3}\n"
				"[1,2,3]\n")),
	    " {\"a\":1,\"b\":2}\n"
	    "bad 17 too many fields: {\"a\":1,\"b\":2,\"c\":3}\n [1,2,3]\n",
	    "members of a record");
	spec.limits.record_max = 10;
	same(read_all(&spec, STR("{\"a\":1234}\n{\"a\":12345}\n")),
	    " {\"a\":1234}\nbad 0 record longer than 10 bytes: {\"a\":12345}\n",
	    "bytes of a record");
	buf_release(&in);
	buf_release(&got);
}

static void
test_trust(void)
{
	const struct want wants[] = {want("a", WANT_VALUE),
	    want("l[1]", WANT_VALUE), want("o", WANT_RAW)};
	const struct want more[] = {want("k", WANT_VALUE),
	    want("l[0].x", WANT_VALUE), want("a.b", WANT_VALUE),
	    want("c", WANT_VALUE)};
	struct decode_spec spec = spec_of(wants, 1);

	spec.trust = true;
	same(read_all(&spec, STR("{\"a\":1,oops\n{\"a\":2}\n{\"a\":3,]\n")),
	    "bigint 1| {\"a\":1,oops\nbigint 2| {\"a\":2}\n"
	    "bigint 3| {\"a\":3,]\n",
	    "behind the last field nothing is looked at");
	same(read_all(&spec, STR("{\"b\":oops,\"a\":1}\n{\"b\":1,oops\n")),
	    "bad 5 expected a value: {\"b\":oops,\"a\":1}\n"
	    "bad 7 expected a name in quotes: {\"b\":1,oops\n",
	    "before it all is");
	ok(ways_agree(&spec,
	       STR("{\"a\":1,oops\n{\"a\":2}\n{\"b\":1}\n{\"b\":1,oops\n")),
	    "in all ways");
	spec.wants = wants + 1;
	spec.n_wants = 2;
	ok(ways_agree(&spec, STR("{\"o\":{\"x\":1},\"l\":[1,2,oops\n"
				 "{\"o\":{\"x\":1},\"l\":[1]\n"
				 "{\"o\":{\"x\":1},\"l\":[1,2]}\n"
				 "{\"o\":{\"x\":1},\"l\":[1]}\n"
				 "{\"l\":[1,2],\"o\":{\"x\":1}oops\n"
				 "{\"l\":[1,2],\"o\":{\"x\":1}}\n"
				 "{\"l\":[1,2],\"o\":{\"x\":2}oops\n"
				 "{\"l\":[1],\"o\":{\"x\":2}oops\n"
				 "{\"l\":[1,2],\"o\":{\"x\":oops\n")),
	    "with elements and objects");
	spec.wants = more;
	gives(&spec, "{\"k\":1,\"l\":[{\"x\":1,\"x\":2}],\"z\":0}",
	    "bigint 1|bigint 1| {\"k\":1,\"l\":[{\"x\":1,\"x\":2}],\"z\":0}",
	    "with all found, the next of the same name is not");
	ok(ways_agree(&spec,
	       STR("{\"k\":1,\"l\":[],\"z\":0}\n{\"k\":1,\"l\":[],\"z\":0}\n"
		   "{\"k\":1,\"l\":[{\"x\":1,\"x\":2}],\"z\":0}\n")),
	    "also if the shape is known");
	spec.wants = more + 2;
	gives(&spec, "{\"a\":{\"b\":1},\"a\":{\"x\":1},\"c\":2,oops",
	    "bad 31 expected a name in quotes: "
	    "{\"a\":{\"b\":1},\"a\":{\"x\":1},\"c\":2,oops",
	    "what is lost again is not found");
	spec.n_wants = 0;
	same(read_all(&spec, STR("oops\n{}\n")), " oops\n {}\n",
	    "nothing is wanted: nothing is looked at");
}

/* ---- all ways agree ---- */

static struct buf
random_input(unsigned records, unsigned mutations)
{
	struct buf in = {0};
	unsigned shape = 0, i, k;

	for (i = 0; i < records; i++) {
		size_t from = in.n;

		if (gen_below(10) == 0) /* logs stay with a shape for a while */
			shape = gen_below(4);
		gen_record(&in, shape);
		k = gen_below(4) ? 0 : gen_below(mutations + 1);
		for (; k && in.n > from; k--)
			gen_mutate(&in, from);
		if (gen_below(50) == 0)
			buf_addc(&in, '\r');
		if (i + 1 < records || gen_below(2))
			buf_addc(&in, '\n');
	}
	return in;
}

/* Every record that is taken is JSON, and every one that is not is none. */
static bool
verdicts_right(struct str in)
{
	struct decode_spec spec = spec_of(NULL, 0);
	struct buf got = {0};
	const char *p = in.p, *end = in.p + in.n, *line, *feed;
	bool right = true;

	run_all(&(struct run){.spec = &spec}, in, &got);
	line = buf_z(&got);
	for (; p < end && right; p = feed + 1) {
		struct str s;

		feed = memchr(p, '\n', (size_t)(end - p));
		feed = feed ? feed : end;
		s = str_trim((struct str){p, (size_t)(feed - p)});
		if (!s.n)
			continue;
		right = check_json(s, 512) == (*line == ' ');
		if (!right)
			printf("# %.*s\n# %.200s\n", STR_ARG(s), line);
		line = memchr(line, '\n', SIZE_MAX >> 1);
		line++;
	}
	right &= line == got.p + got.n;
	buf_release(&got);
	return right;
}

static void
test_random(void)
{
	struct want wants[] = {want("ts", WANT_TIME), want("key", WANT_VALUE),
	    want("status", WANT_VALUE), want("latency", WANT_VALUE),
	    want("req", WANT_RAW), want("req.method", WANT_VALUE),
	    want("nest.a", WANT_VALUE), want("tags[1]", WANT_VALUE),
	    want("tags", WANT_RAW), want("nest.a.b[0].c", WANT_VALUE),
	    want("k", WANT_TYPE), want("", WANT_RAW), want("ts", WANT_RAW),
	    want("", WANT_VALUE)};
	struct decode_spec spec = spec_of(wants, 13);
	bool agree = true, right = true;
	unsigned i;

	wants[0].optional = true;
	wants[10].type = T_TEXT;
	for (i = 0; i < 60; i++) {
		struct buf in = random_input(80, i % 6);

		/* Some or all of the wants; the last is the whole as a map. */
		spec.wants = wants + i % 6;
		spec.n_wants = 14 - i % 6 - (i % 3 != 0) * (1 + i % 7);
		spec.trust = i % 5 == 4;
		agree &= ways_agree(&spec, buf_str(&in));
		right &= verdicts_right(buf_str(&in));
		buf_release(&in);
	}
	ok(agree, "random records read alike in all ways");
	ok(right, "and are taken if and only if they are JSON");
}

/* One input in blocks cut at every place. */
static void
test_cuts(void)
{
	const struct want wants[] = {
	    want("key", WANT_VALUE), want("status", WANT_VALUE)};
	struct decode_spec spec = spec_of(wants, 2);
	struct buf in = random_input(12, 2), want_out = {0}, got = {0};
	bool agree = true;
	size_t cut;

	run_all(&(struct run){.spec = &spec}, buf_str(&in), &want_out);
	for (cut = 1; cut < in.n && agree; cut++) {
		struct run run = {
		    .spec = &spec, .block = cut, .words = cut & 1};

		run_all(&run, buf_str(&in), &got);
		agree = str_eq(buf_str(&got), buf_str(&want_out));
		if (!agree)
			printf("# cut at %zu\n", cut);
	}
	ok(agree, "blocks of any size give the same");
	buf_release(&in);
	buf_release(&want_out);
	buf_release(&got);
}

/* Many shapes, one after another and mixed: templates come and go. */
static void
test_shapes(void)
{
	const struct want wants[] = {want("x", WANT_VALUE),
	    want("m7", WANT_VALUE), want("o.x", WANT_VALUE)};
	struct decode_spec spec = spec_of(wants, 3);
	struct buf in = {0};
	unsigned i, k;

	for (i = 0; i < 3000; i++) {
		unsigned shape = i < 1000 ? i / 100 : gen_below(20);

		buf_addc(&in, '{');
		for (k = 0; k < shape; k++)
			buf_printf(&in, "\"m%u\":%u,", (k * 7 + shape) % 20, i);
		buf_printf(&in, "\"o\":{\"x\":%s},\"x\":%u}\n",
		    i % 11 ? "\"text\"" : "null", i);
	}
	ok(ways_agree(&spec, buf_str(&in)), "twenty shapes");
	in.n = 0;
	for (i = 0; i < 300; i++) {
		buf_addz(&in, "{\"first\":0");
		for (k = 0; k < 600; k++)
			buf_printf(&in, ",\"member number %u\":%u", k, i);
		buf_printf(&in, ",\"x\":%u}\n", i);
	}
	ok(ways_agree(&spec, buf_str(&in)), "more members than a template has");
	buf_release(&in);
}

/* How many of the records had a shape that was known. */
static unsigned
known_shapes(const struct decode_spec *spec, struct str in)
{
	struct run run = {.spec = spec};
	struct buf out = {0};
	struct json_decoder *d;
	unsigned hits;

	run.decoder = run_decoder(&run);
	run_all(&run, in, &out);
	d = (struct json_decoder *)(void *)run.decoder;
	hits = d->n_hits;
	format_json.decoder_free(run.decoder);
	buf_release(&out);
	return hits;
}

/* Shapes must be of use for what logs have, or reading is three times slower.
 */
static void
test_shapes_known(void)
{
	const struct want wants[] = {want("o", WANT_RAW),
	    want("l[1]", WANT_VALUE), want("k", WANT_VALUE)};
	struct decode_spec spec = spec_of(wants, 3);
	struct buf in = {0};
	unsigned i, hits;

	for (i = 0; i < 1000; i++) {
		buf_printf(&in, "{\"l\":[%u,%s],\"e\":%s,\"f\":%s,", i,
		    i % 2 ? "[2]" : "{\"x\":1}", i % 3 ? "null" : "\"text\"",
		    i % 5 ? "1.5" : "false");
		if (i % 7)
			buf_printf(&in, "\"o\":{\"p\":%u,\"q\":\"\"},", i);
		else
			buf_printf(&in, "\"o\":null,");
		if (i % 11)
			buf_printf(
			    &in, "\"a name that is longer than all\":%u,", i);
		buf_printf(&in, "\"k\":\"%u\"}\n", i);
	}
	ok(ways_agree(&spec, buf_str(&in)), "1,000 records of some shapes");
	hits = known_shapes(&spec, buf_str(&in));
	ok(hits >= 984, "are scanned a few times: %u", 1000 - hits);
	buf_release(&in);
}

int
main(void)
{
	simd_init();
	arena_init(&plan, 4096);
	test_grammar();
	test_reasons();
	test_values();
	test_paths();
	test_names();
	test_fractions();
	test_conversions();
	test_bad_between();
	test_lines();
	test_limits();
	test_trust();
	test_random();
	test_cuts();
	test_shapes();
	test_shapes_known();
	arena_release(&plan);
	return tap_done();
}

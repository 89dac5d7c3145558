/* SPDX-License-Identifier: MIT */
/* CSV: the corners of RFC 4180, blocks cut anywhere, frames, settings. */
#include "base/simd.h"
#include "io/csv.h"
#include "io_help.h"

static const struct help_case cases[] = {
    {"plain", {"csv", "a b", 0}, "a,b\n1,x\n2.5,true\n",
	"[1,\"x\"]\n[2.5,true]\n"},
    {"no final newline", {"csv", "a b", 0}, "a,b\n1,2\n3,4", "[1,2]\n[3,4]\n"},
    {"CRLF", {"csv", "a b", 0}, "a,b\r\n1,2\r\n3,\"4\"\r\n",
	"[1,2]\n[3,\"4\"]\n"},
    {"CR at the very end", {"csv", "b", 0}, "a,b\r\n1,\"2\"\r", "[\"2\"]\n"},
    {"byte order mark", {"csv", "a", 0},
	"\xef\xbb\xbf"
	"a,b\n1,2\n",
	"[1]\n"},
    {"types by content", {"csv", "a", 0},
	"a,b\n007,\n-0,\n1e3,\n12345678901234567890,\n+1,\n0.1,\n-12.50,\n"
	"1.,\n.5,\n-,\n1.2.3,\ntrue,\nTRUE,\nfalse,\nfalsey,\n0,\n"
	"123456789.25,\n999999999999999999,\n1234567890123456.5,\n",
	"[\"007\"]\n[-0.0]\n[1000.0]\n[12345678901234567890]\n[\"+1\"]\n[0.1]\n"
	"[-12.5]\n[\"1.\"]\n[\".5\"]\n[\"-\"]\n[\"1.2.3\"]\n[true]\n"
	"[\"TRUE\"]\n[false]\n[\"falsey\"]\n[0]\n[123456789.25]\n"
	"[999999999999999999]\n[1234567890123456.5]\n"},
    {"empty is NULL, quoted empty is text", {"csv", "a b", 0},
	"a,b\n,\"\"\n\"\",\n", "[null,\"\"]\n[\"\",null]\n"},
    {"quoted numbers are text", {"csv", "a b", 0}, "a,b\n\"1\",\"true\"\n",
	"[\"1\",\"true\"]\n"},
    {"delimiters and line feeds in quotes", {"csv", "a b c", 0},
	"a,b,c\n\"x,y\",\"l1\nl2\r\nl3\",z\n1,2,3\n",
	"[\"x,y\",\"l1\\nl2\\r\\nl3\",\"z\"]\n[1,2,3]\n"},
    {"doubled quotes", {"csv", "a b", 0},
	"a,b\n\"say \"\"hi\"\"\",\"\"\"\"\n\"\"\"a\",\"b\"\"\"\n",
	"[\"say \\\"hi\\\"\",\"\\\"\"]\n[\"\\\"a\",\"b\\\"\"]\n"},
    {"a quote inside a field is literal", {"csv", "a b", 0},
	"a,b\n5\" pipe,x\"y\"z\n1,a\"\"b\n",
	"[\"5\\\" pipe\",\"x\\\"y\\\"z\"]\n[1,\"a\\\"\\\"b\"]\n"},
    {"blank before a quote makes it literal", {"csv", "a b", 0},
	"a,b\n1, \"x\"\n2,3\n", "[1,\" \\\"x\\\"\"]\n[2,3]\n"},
    {"text after a closing quote", {"csv", "a b", 0},
	"a,b\n\"x\"y,1\n\"z\" ,2\n3,4\n",
	"! text after a closing quote @4 \"\\\"x\\\"y,1\"\n"
	"! text after a closing quote @4 \"\\\"z\\\" ,2\"\n[3,4]\n"},
    {"text after a quote, then a quoted field", {"csv", "a b", 0},
	"a,b\n\"x\"y\"z,\"1\n2\"\n3,4\n",
	"! text after a closing quote @4 \"\\\"x\\\"y\\\"z,\\\"1\\n2\\\"\"\n"
	"[3,4]\n"},
    {"CR after a closing quote is text", {"csv", "a b", 0},
	"a,b\n\"x\"\ry,1\n3,4\n",
	"! text after a closing quote @4 \"\\\"x\\\"\\ry,1\"\n[3,4]\n"},
    {"a quote that is not closed", {"csv", "a b", 0}, "a,b\n1,\"x\n2,3\n4,5\n",
	"! a quote that is not closed @3 \"1,\\\"x\"\n[2,3]\n[4,5]\n"},
    {"not closed on the second line of a record", {"csv", "a b", 0},
	"a,b\n\"1\n2\",\"x\n3,4\n",
	"! a quote that is not closed @7 \"\\\"1\\n2\\\",\\\"x\"\n[3,4]\n"},
    {"a lone quote at the end", {"csv", "a", 0}, "a,b\n1,2\n\"",
	"[1]\n! a quote that is not closed @1 \"\\\"\"\n"},
    {"half a doubled quote at the end", {"csv", "a", 0}, "a\n\"x\"\"",
	"! a quote that is not closed @1 \"\\\"x\\\"\\\"\"\n"},
    {"blank lines", {"csv", "a b", 0}, "\n\r\na,b\n\n1,2\n\r\n\n3,4\n\n",
	"[1,2]\n[3,4]\n"},
    {"too few and too many fields", {"csv", "a b c", 0},
	"a,b,c\n1\n1,2\n1,2,3\n1,2,3,4\n",
	"! 1 field where the header has 3 @0 \"1\"\n"
	"! 2 fields where the header has 3 @0 \"1,2\"\n[1,2,3]\n"
	"! 4 fields where the header has 3 @0 \"1,2,3,4\"\n"},
    {"ragged=fill", {"csv:ragged=fill", "a b c *", 0},
	"a,b,c\n1\n1,2\n1,2,3,4\n",
	"[1,null,null,{\"a\":1,\"b\":null,\"c\":null}]\n"
	"[1,2,null,{\"a\":1,\"b\":2,\"c\":null}]\n"
	"[1,2,3,{\"a\":1,\"b\":2,\"c\":3}]\n"},
    {"header names", {"csv", "a a_2 column_3 a_2_2 x,y *", 0},
	"a,a,,a_2,\"x,y\"\n1,2,3,4,5\n",
	"[1,2,3,4,5,{\"a\":1,\"a_2\":2,\"column_3\":3,\"a_2_2\":4,"
	"\"x,y\":5}]\n"},
    {"header with a line feed", {"csv", "l1\nl2", 0}, "\"l1\nl2\",b\r\n1,2\n",
	"[1]\n"},
    {"no header", {"csv:header=no", "column_1 column_2", 0}, "\n1,2\n3,4\n",
	"[1,2]\n[3,4]\n"},
    {"header given", {"csv:header=x, y", "y x", 0}, "1,2\n3,4\n",
	"[2,1]\n[4,3]\n"},
    {"header given, other delimiter",
	{"csv:delimiter=;,header=x,y,quote='", "y x", 0}, "'a;b';2\n3;\"4\n",
	"[2,\"a;b\"]\n[\"\\\"4\",3]\n"},
    {"delimiter alone", {"csv:|", "b", 0}, "a|b\n1,5|2\n", "[2]\n"},
    {"delimiter tab", {"csv:tab", "b", 0}, "a\tb\n1\t\"2\n3\"\n",
	"[\"2\\n3\"]\n"},
    {"a comma as the delimiter", {"csv:,", "b", 0}, "a;b,b\n1,2\n", "[2]\n"},
    {"semicolons found", {"csv", "b", 0}, "a;b;c\n1;2,5;3\n", "[\"2,5\"]\n"},
    {"quote=none", {"csv:quote=none", "a b", 0}, "a,b\n\"x,y\"\n",
	"[\"\\\"x\",\"y\\\"\"]\n"},
    {"comments", {"csv:comment=#", "a b", 0},
	"# made \"by hand\na,b\n#,\"\n1,2\n# \"x\",\n3,#4\n#",
	"[1,2]\n[3,\"#4\"]\n"},
    {"missing and nested names", {"csv", "a z a.b x.y", 0}, "a,a.b\n1,2\n",
	"[1,null,2,null]\n"},
    {"a name twice", {"csv", "a a=varchar a=raw", 0}, "a,b\n12,2\n",
	"[12,\"12\",\"12\"]\n"},
    {"types and times", {"csv", "t=event n=bigint d=varchar", 0},
	"t,n,d\n2026-03-01T00:00:00Z,5,7\nx,5,7\n2026-03-01,x,7\n"
	"\"2026-03-01\",\" 6 \",\n",
	"[@\"2026-03-01T00:00:00Z\",5,\"7\"]\n"
	"! the time is not readable @0 \"x,5,7\"\n"
	"! a field is not an integer, or out of range @0 "
	"\"2026-03-01,x,7\"\n[@\"2026-03-01T00:00:00Z\",6,null]\n"},
    {"time missing or unreadable", {"csv", "t=maybe u=time", 0},
	"t,u\n,1767225600\nx,1767225600\n1767225600,\n",
	"[null,\"2026-01-01T00:00:00Z\"]\n[null,\"2026-01-01T00:00:00Z\"]\n"
	"! the time is missing @0 \"1767225600,\"\n"},
    {"no such time field", {"csv", "t=event", 0}, "a\n1\n",
	"! the time is missing @0 \"1\"\n"},
    {"the record's bytes", {"csv", "*=raw b", 0}, "a,b\n\"x\n\",1\r\n2,3\n",
	"[\"\\\"x\\n\\\",1\",1]\n[\"2,3\",3]\n"},
    {"the record as a map", {"csv", "*", 0}, "a,b\n\"1\",007\n,true\n",
	"[{\"a\":\"1\",\"b\":\"007\"}]\n[{\"a\":null,\"b\":true}]\n"},
    {"nothing wanted", {"csv", "", 0}, "a,b\n1,2\n1\n",
	"[]\n! 1 field where the header has 2 @0 \"1\"\n"},
    {"UTF-8", {"csv", "a b", 0}, "a,b\nZo\xc3\xab,\xe6\x9d\x8e\n",
	"[\"Zo\xc3\xab\",\"\xe6\x9d\x8e\"]\n"},
    {"not UTF-8", {"csv", "a b", 0},
	"a,b\n1,2\n\xff,2\n\"x\n\xc3\",3\n\xc3\xa9,4\n",
	"[1,2]\n! not valid UTF-8 @1 \"\xff,2\"\n"
	"! not valid UTF-8 @4 \"\\\"x\\n\xc3\\\",3\"\n[\"\xc3\xa9\",4]\n"},
    {"NUL is a byte as others", {"csv:header=a", "a", 0}, "\"\"\n", "[\"\"]\n"},
    {"only a header", {"csv", "a b", 0}, "a,b", ""},
    {"nothing at all", {"csv", "a", 0}, "", ""},
    {"a record too long", {"csv:header=a,b", "a b", 64},
	"1,2\n3,4xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	"xxxxxxxxxxxxxxxxxx\n5,6\n",
	"[1,2]\n! record longer than 64 bytes @0 \"3,4xxxxxxxxxxxxxxxxxxxx"
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"\n"
	"[5,6]\n"},
    {"a quote open for too long", {"csv:header=a,b", "a b", 64},
	"1,2\n3,\"4\n5,6\n7,8\n9,xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	"xxxxxxxxxxxxxxxxxx\n\"10\",11\n12,13\n",
	"[1,2]\n! a quote that is not closed @3 \"3,\\\"4\"\n[5,6]\n[7,8]\n"
	"[9,\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\""
	"]\n[\"10\",11]\n[12,13]\n"},
    {"error: header not UTF-8", {"csv", "a", 0}, "a\xff,b\n1,2\n",
	"error: the first record is not valid UTF-8 (byte 2)"},
    {"error: header with an open quote", {"csv", "a", 0}, "a,\"b\n1,2\n",
	"error: the first record has a quote that is not closed (byte 3)"},
    {"error: text after a quote in the header", {"csv", "a", 0},
	"\"a\"b,c\n1,2\n",
	"error: the header has text after a closing quote (byte 4)"},
    {"error: unknown setting", {"csv:delimeter=;", "a", 0}, "a\n",
	"error: the format csv has no setting \"delimeter\""},
    {"error: delimiter too long", {"csv:;;", "a", 0}, "a\n",
	"error: delimiter must be one ASCII character, or tab"},
    {"error: delimiter is the quote", {"csv:\"", "a", 0}, "a\n",
	"error: delimiter and quote are the same character"},
    {"error: ragged", {"csv:ragged=maybe", "a", 0}, "a\n",
	"error: ragged must be error or fill"},
};

/* Fields of 60 to 70 bytes put every mark on both sides of a chunk's edge. */
static void
test_edges(void)
{
	static const char *const marks[] = {",", "\"\",", "\"a\"\"b\",",
	    "\"a\nb\",", "\"a\",\n", "\"a\"\r\n", "\"a\"b,", "a\"b\",",
	    "\"\"\"\",\"\"\"\"\n"};
	unsigned failed = 0;

	for (size_t m = 0; m < sizeof marks / sizeof *marks; m++) {
		for (unsigned pad = 50; pad < 80; pad++) {
			struct job job = {
			    "csv:ragged=fill,header=a,b,c,d", "a b c d", 0};
			struct buf in = {0};
			char *a, *b;

			for (unsigned k = 0; k < pad; k++)
				buf_addc(&in, 'x');
			buf_addc(&in, ',');
			buf_addz(&in, marks[m]);
			buf_addz(&in, "z\n1,2,3\n");
			a = help_run(&job, buf_str(&in), 0);
			b = help_run(&job, buf_str(&in), 1);
			failed += strcmp(a, b) != 0;
			simd_avx2 = !simd_avx2;
			mem_free(b);
			b = help_run(&job, buf_str(&in), 0);
			failed += strcmp(a, b) != 0;
			failed += !strstr(a, "[1,2,3,null]");
			simd_avx2 = !simd_avx2;
			mem_free(a);
			mem_free(b);
			buf_release(&in);
		}
	}
	ok(!failed, "marks at the edges of chunks");
}

/* ---- random texts ---- */

static uint64_t seed = 88172645463325252u;

static uint64_t
rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}

/* Text with many marks, or few. */
static void
random_text(struct buf *out, size_t n)
{
	static const char marks[] = ",,,,\n\n\n\"\"\"\"\"\"\"a1\r ";
	unsigned rare = (unsigned)(rnd() % 12);

	out->n = 0;
	while (out->n < n) {
		if (rnd() % (rare + 1) == 0)
			buf_addc(out, marks[rnd() % (sizeof marks - 1)]);
		else
			buf_addc(out, "ab1"[rnd() % 3]);
	}
}

/* A reference: one byte at a time, one state. */
struct ref {
	struct buf *out;
	struct buf field;
	struct value row[3];
	unsigned n;
	struct arena *a;
};

static void
ref_field(struct ref *r, bool quoted)
{
	struct str s = arena_str(r->a, buf_str(&r->field));

	if (r->n < 3)
		r->row[r->n] = cell_guess(r->a, s, quoted);
	r->n++;
	r->field.n = 0;
}

static void
ref_record(struct ref *r, bool blank, bool odd)
{
	if (!blank && odd)
		buf_lit(r->out, "!\n");
	for (unsigned i = 0; !blank && !odd && i < 3; i++) {
		buf_addc(r->out, i ? ',' : '[');
		value_json(r->out, i < r->n ? r->row[i] : VALUE_NULL);
	}
	if (!blank && !odd)
		buf_lit(r->out, "]\n");
	r->n = 0;
	r->field.n = 0;
}

/* Bytes of whole records; decoded to out ("!" for text behind a quote). */
static size_t
reference(struct str in, struct buf *out)
{
	enum {
		FIELD,
		PLAIN,
		IN,
		CLOSED
	} state = FIELD;
	struct arena a;
	struct ref r = {.out = out, .a = &a};
	size_t whole = 0, start = 0;
	bool odd = false, quoted = false;

	arena_init(&a, 4096);
	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];
		bool cr = c == '\r' && i + 1 < in.n && in.p[i + 1] == '\n';

		if (state == IN && c == '"' && i + 1 < in.n &&
		    in.p[i + 1] == '"') {
			buf_addc(&r.field, c);
			i++;
		} else if (state == IN && c == '"') {
			state = CLOSED;
		} else if (state == IN) {
			buf_addc(&r.field, c);
		} else if (c == ',') {
			ref_field(&r, quoted);
			quoted = false;
			state = FIELD;
		} else if (c == '\n') {
			ref_field(&r, quoted);
			ref_record(&r,
			    i == start ||
				(i == start + 1 && in.p[start] == '\r'),
			    odd);
			whole = start = i + 1;
			odd = quoted = false;
			state = FIELD;
		} else if (state == FIELD && c == '"') {
			state = IN;
			quoted = true;
		} else if (!cr) {
			odd |= state == CLOSED || (state == PLAIN && quoted);
			buf_addc(&r.field, c);
			state = PLAIN;
		}
	}
	buf_release(&r.field);
	arena_release(&a);
	return whole;
}

/* Drops what stands behind "!" on lines of bad records. */
static void
drop_reasons(char *z)
{
	char *to = z;

	while (*z) {
		bool bad = *z == '!';
		size_t n = strcspn(z, "\n") + 1;

		if (bad) {
			*to++ = '!';
			*to++ = '\n';
		} else {
			memmove(to, z, n);
			to += n;
		}
		z += n;
	}
	*to = 0;
}

static void
test_random(void)
{
	struct job job = {"csv:ragged=fill,header=a,b,c", "a b c", 0};
	struct buf in = {0}, want = {0};
	unsigned wrong = 0, wrong_frames = 0;

	for (unsigned i = 0; i < 3000; i++) {
		struct csv_layout l = {.delim = ',',
		    .quote = '"',
		    .quotes = true,
		    .record_max = 1u << 20};
		size_t whole, framed;
		char *got;

		random_text(&in, 1 + rnd() % 400);
		buf_reserve(&in, SIMD_PAD);
		want.n = 0;
		whole = reference(buf_str(&in), &want);
		simd_avx2 = i % 2 && __builtin_cpu_supports("avx2");
		framed = csv_frame(&l.base, in.p, in.n);
		wrong_frames += framed != whole;
		in.n = whole;
		got = help_run(&job, buf_str(&in), i % 3 ? 0 : 1 + rnd() % 99);
		drop_reasons(got);
		if (strcmp(got, buf_z(&want)) && !wrong++)
			printf("# %.*s\n# got %s# want %s", (int)in.n, in.p,
			    got, buf_z(&want));
		mem_free(got);
	}
	ok(!wrong, "3000 random texts decode as a plain reference does");
	ok(!wrong_frames, "and are framed alike");
	simd_init();
	buf_release(&in);
	buf_release(&want);
}

/* Short limits: what comes out depends on the text only. */
static void
test_broken(void)
{
	struct job job = {"csv:ragged=fill,header=a,b,c", "a b c *=raw", 64};
	struct buf in = {0};
	unsigned wrong = 0, framed = 0;

	for (unsigned i = 0; i < 400; i++) {
		char *want, *got;

		random_text(&in, 1 + rnd() % 600);
		want = help_run(&job, buf_str(&in), 0);
		simd_avx2 = !simd_avx2;
		got = help_run(&job, buf_str(&in), 1 + rnd() % 200);
		wrong += strcmp(got, want) != 0;
		mem_free(got);
		got = help_run_framed(&job, buf_str(&in), 1 + rnd() % 300);
		framed += strcmp(got, want) != 0;
		mem_free(got);
		mem_free(want);
	}
	ok(!wrong, "records too long or never closed: the same in any pieces");
	ok(!framed, "and the same when framed");
	simd_init();
	buf_release(&in);
}

/* More rows than a batch has; many bad ones. */
static void
test_long(void)
{
	struct job job = {"csv", "a b", 0};
	struct buf in = {0}, want = {0};
	char *got;

	buf_lit(&in, "a,b\n");
	for (unsigned i = 0; i < 5000; i++) {
		if (i % 3 == 2) {
			buf_lit(&in, "x\n");
			buf_lit(&want,
			    "! 1 field where the header has 2 @0 \"x\"\n");
			continue;
		}
		buf_printf(&in, "%u,\"%u\"\n", i, i);
		buf_printf(&want, "[%u,\"%u\"]\n", i, i);
	}
	got = help_run(&job, buf_str(&in), 0);
	ok(!strcmp(got, buf_z(&want)), "5000 records, some bad");
	mem_free(got);
	got = help_run(&job, buf_str(&in), 4096);
	ok(!strcmp(got, buf_z(&want)), "in blocks of 4096 bytes");
	mem_free(got);
	buf_release(&in);
	buf_release(&want);
}

static void
test_guess(void)
{
	static const struct {
		const char *in, *format;
	} heads[] = {
	    {"a,b\n1,2\n", "csv"},
	    {"a;b\n1;2\n", "csv"},
	    {"a\tb\n1\t2\n", "tsv"},
	    {"\xef\xbb\xbfts,\"n\"\n1,\"2\n3\"\n4,5\n", "csv"},
	    {"a,b\n1,2,3\n", "lines"},
	    {"2026-03-01 10:00:00,123 INFO x\n2026-03-01 10:00:00,456 y\n",
		"lines"},
	    {"hello\nworld\n", "lines"},
	    {"{\"a\":1,\"b\":2}\n", "json"},
	};

	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		const struct format *f =
		    format_guess(str_of(heads[i].in), true);

		same(f->name, heads[i].format, "guess");
	}
}

int
main(void)
{
	simd_init();
	help_check_all(cases, sizeof cases / sizeof *cases);
	test_edges();
	test_random();
	test_broken();
	test_long();
	test_guess();
	return tap_done();
}

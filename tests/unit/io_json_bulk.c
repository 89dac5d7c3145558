/* SPDX-License-Identifier: MIT */
/*
 * The bulk reader of JSON: it takes an object if and only if the scanner does,
 * and gives the same values. Without AVX2 there is none: all is the scanner.
 */
#include "json_run.h"

#include "json_cases.h"
#include "json_gen.h"
#include "json_wants.h"
#include "tap.h"

static void
fill(struct buf *out, const char *z, size_t n)
{
	while (n--)
		buf_addz(out, z);
}

/* A value that was read: the same text, kind and number? */
static bool
same_slot(const struct json_slot *a, const struct json_slot *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == JSON_MISSING)
		return true;
	return a->p == b->p && a->end == b->end &&
	       (a->kind != JSON_INT || a->i == b->i) &&
	       (a->kind != JSON_FLOAT || !memcmp(&a->f, &b->f, 8));
}

/*
 * Reads one object both ways: the bulk reader must take it if and only if the
 * scanner does, with the same values.
 */
static bool
bulk_agrees(struct json_decoder *d, const char *p, const char *feed)
{
	struct json_index *index = json_index_new();
	struct json_slot got[16];
	struct json_scan *s = &d->scans[0];
	const char *want, *end;
	bool same;
	unsigned i;

	end = d->kernel->bulk(s, index, p, feed);
	for (i = 0; i < s->n_slots; i++)
		got[i] = s->slots[i];
	s->learn = NULL;
	want = d->kernel->scan(s, p, feed);
	same = want == end;
	for (i = 0; i < s->n_slots && want && same; i++)
		same = same_slot(&got[i], &s->slots[i]);
	if (!same)
		printf("# %.*s\n", (int)(feed - p), p);
	mem_free(index);
	return same;
}

/* All objects of the input. */
static bool
bulk_agrees_on(const struct decode_spec *spec, struct str in)
{
	struct decoder *decoder = run_decoder(&(struct run){.spec = spec});
	struct json_decoder *d = (struct json_decoder *)(void *)decoder;
	char *copy = mem_alloc(in.n + 1 + SIMD_PAD);
	const char *p = copy, *end = copy + in.n, *feed;
	bool same = true;

	memcpy(copy, in.p, in.n);
	memset(copy + in.n, '\n', 1 + SIMD_PAD);
	for (; p < end && d->kernel->bulk; p = feed + 1) {
		p = json_blanks(p);
		feed = memchr(p, '\n', SIZE_MAX >> 1);
		if (*p == '{')
			same &= bulk_agrees(d, p, feed);
	}
	mem_free(copy);
	format_json.decoder_free(decoder);
	return same;
}

#ifndef ROUNDS
#define ROUNDS 300
#endif

static void
test_random(void)
{
	const struct want wants[] = {want("ts", WANT_VALUE),
	    want("key", WANT_VALUE), want("status", WANT_VALUE),
	    want("latency", WANT_VALUE), want("req", WANT_RAW),
	    want("req.method", WANT_VALUE), want("nest.a", WANT_VALUE),
	    want("tags[1]", WANT_VALUE), want("tags", WANT_RAW),
	    want("nest.a.b[0].c", WANT_VALUE), want("k", WANT_VALUE)};
	struct decode_spec spec = spec_of(wants, 11);
	bool agree = true;
	unsigned i, k;

	for (i = 0; i < ROUNDS; i++) {
		struct buf in = {0}, record = {0};

		for (k = 0; k < 10; k++) {
			size_t from = in.n;
			unsigned n = gen_below(4);

			record.n = 0;
			gen_record(&record, gen_below(4));
			gen_loosen(&in, record.p, record.n);
			while (n-- && in.n > from)
				gen_mutate(&in, from);
			buf_addc(&in, '\n');
		}
		spec.n_wants = gen_below(12);
		agree &= bulk_agrees_on(&spec, buf_str(&in));
		buf_release(&in);
		buf_release(&record);
	}
	ok(agree, "random objects are read alike in bulk and by the scanner");
}

/* The text in places where a value, or more of an object, may stand. */
static bool
case_agrees(const struct decode_spec *spec, struct str text)
{
	static const char *const around[][2] = {{"{\"a\":", "}"},
	    {"{\"x\":", ",\"a\":2}"}, {"{\"x\":[1,", "],\"a\":2}"},
	    {"{\"a\":{\"b\":", "}}"}, {"{\"x\":{\"b\":1,\"c\" :", " } }"},
	    {"{\"a\":1", "}"}, {"{", "}"}, {"{\"a\":1}", ""}, {"", ""}};
	struct buf in = {0};
	bool agree;
	unsigned i;

	for (i = 0; i < sizeof around / sizeof *around; i++) {
		buf_addz(&in, around[i][0]);
		buf_adds(&in, text);
		buf_addz(&in, around[i][1]);
		buf_addc(&in, '\n');
	}
	agree = bulk_agrees_on(spec, buf_str(&in));
	buf_release(&in);
	return agree;
}

static void
test_cases(void)
{
	static const char *const more[] = {"{\"b\":1]", "[1}", "{\"b\":[}]",
	    "1}", "1]", "[[1],[2]", "\"b\":1", "\"b\":1,\"c\":{}",
	    ",\"a\":{},\"a\":{\"b\":2}", ",\"a\":{\"b\":2},\"a\":[]",
	    ",\"a\":{\"b\":2},\"a\":null", ",\"\\u0061\":3,\"x\":1",
	    "1234567890123456789012345678901",
	    "-1.5e-0000000000000000000000001",
	    "0.123456789012345678901234567890", "1.", "1.e1", "-", "-e1", "1e",
	    "1e+", "1.5e+-1", "01", "-01", "1.2.3", "1e1e1", "1e1.1", "--1",
	    "1234567890123456789012345678901x", "truex", "falsee", "nul", "\f",
	    "1\f2", "\x1a", "1\x1a", "\"\\ud83d\\ude00\"", "\"\\ud83d\"",
	    "\"\\ude00\"", "\"\\ud83dxude00\"", "\"\\ud83d\\ud83d\\ude00\"",
	    "\"\\u12g4\"", "\"\\x\"", "\"\t\"", "\"\xc3\"", "\"\xc3\xa9\"",
	    "\xc3\xa9", "\\\"1\"", "\"a\"\"b\"", "1\"b\"", "\"b\"1", "[1,]",
	    "[,1]", "[1 2]", "{\"b\"}", "{\"b\":}", "{\"b\":1,}", "{,}",
	    "{1:2}", "[\"b\":1]", "{\"b\":1:2}", "{[]:1}"};
	const struct want wants[] = {want("a", WANT_VALUE),
	    want("a.b", WANT_VALUE), want("x[1]", WANT_VALUE)};
	struct decode_spec spec = spec_of(wants, 3);
	bool agree = true;
	size_t i;

	for (i = 0; i < sizeof good_cases / sizeof *good_cases; i++)
		agree &= case_agrees(&spec, good_cases[i]);
	ok(agree, "good texts");
	for (i = 0; i < sizeof bad_cases / sizeof *bad_cases; i++)
		agree &= case_agrees(&spec, bad_cases[i]);
	ok(agree, "bad texts");
	for (i = 0; i < sizeof more / sizeof *more; i++)
		agree &= case_agrees(&spec, str_of(more[i]));
	ok(agree, "brackets, numbers, words and strings");
}

/* Names that are hard to tell: alike, long, with quotes, with escapes. */
static void
test_names(void)
{
	static const char *const names[] = {"a", "a\":1", "a\"b", "\\", "a\\",
	    "abcdefgh", "abcdefgi", "abcdefghi", "abcdefghj", "ab", "ab\"c",
	    "b", "\xc3\xa9", "\t", "zz", "q"};
	struct want wants[13];
	struct decode_spec spec = spec_of(wants, 13);
	struct buf in = {0}, record = {0};
	bool agree = true;
	unsigned i, k;

	for (i = 0; i < 13; i++)
		wants[i] = want(names[i], WANT_VALUE);
	for (i = 0; i < 2000; i++) {
		record.n = 0;
		for (k = gen_below(8); k != UINT32_MAX; k--) {
			buf_addz(&record, record.n ? "," : "{");
			json_put_text(&record, str_of(names[gen_below(16)]));
			buf_printf(&record, ":%u", k);
		}
		buf_addz(&record, ",\"\":0}");
		gen_loosen(&in, record.p, record.n);
		buf_addc(&in, '\n');
		spec.n_wants = 1 + i % 13;
		if (i % 20 == 0) {
			agree &= bulk_agrees_on(&spec, buf_str(&in));
			in.n = 0;
		}
	}
	ok(agree, "names that are hard to tell");
	buf_release(&in);
	buf_release(&record);
}

/* Runs of backslashes, at all places of a block of 64 bytes. */
static void
test_backslashes(void)
{
	const struct want wants[] = {want("a", WANT_VALUE)};
	struct decode_spec spec = spec_of(wants, 1);
	struct buf in = {0};
	unsigned before, n;
	bool agree = true;

	for (before = 0; before < 64; before++) {
		in.n = 0;
		for (n = 0; n < 70; n++) {
			buf_printf(&in, "{%*s\"a\":\"", (int)before, "");
			fill(&in, "\\", n);
			buf_addz(&in, "\",\"u\":\"\\u0020\"}\n");
		}
		agree &= bulk_agrees_on(&spec, buf_str(&in));
	}
	ok(agree, "runs of backslashes across blocks");
	buf_release(&in);
}

/* Containers and members at all places among 64 tokens, good and bad. */
static void
test_places(void)
{
	static const char *const ends[] = {
	    "\"a\":[1,\"t\",{\"b\":[2,3],\"c\":\"d\"},[4,5],{}],\"k\":6}\n",
	    "\"a\":[1,\"t\",{\"b\":[2,3],\"c\"},[4,5],{}],\"k\":6}\n",
	    "\"a\":[1,\"t\",{\"b\":[,3],\"c\":1},[4,5],{}],\"k\":6}\n",
	    "\"a\":[1,\"t\",{\"b\":[2,3],4},[4,5],{}],\"k\":6}\n",
	    "\"a\":[1,\"t\",{\"b\":[2,3,],\"c\":1},[4,5],{}],\"k\":6}\n",
	    "\"a\":[1,\"t\",{\"b\":[2 3],\"c\":1},[4,5],{}],\"k\":6}\n",
	    "\"a\":[1,\"t\":2,{\"b\":[2,3],\"c\":1},[4,5],{}],\"k\":6}\n",
	    "\"a\":[1,\"t\",{\"b\":[2,3},\"c\":1],[4,5],{}],\"k\":6}\n"};
	const struct want wants[] = {want("a[2].b", WANT_RAW),
	    want("a[3][1]", WANT_VALUE), want("k", WANT_VALUE)};
	struct decode_spec spec = spec_of(wants, 3);
	struct buf in = {0};
	unsigned n, i;

	for (n = 0; n < 200; n++) {
		for (i = 0; i < sizeof ends / sizeof *ends; i++) {
			buf_addz(&in, n & 1 ? "{\"y\":{}," : "{");
			buf_addz(&in, "\"x\":[0");
			fill(&in, ",0", n / 2);
			buf_addz(&in, "],");
			buf_addz(&in, ends[i]);
		}
	}
	ok(bulk_agrees_on(&spec, buf_str(&in)), "containers at all places");
	buf_release(&in);
}

/* The same rows and bad rows from both, through the whole decoder? */
static bool
both_give(const struct decode_spec *spec, struct str in)
{
	struct buf got = {0}, want_out = {0};
	bool same;

	run_all(&(struct run){.spec = spec, .scan_only = true}, in, &want_out);
	run_all(&(struct run){.spec = spec, .bulk_only = true}, in, &got);
	same = str_eq(buf_str(&got), buf_str(&want_out));
	buf_release(&got);
	buf_release(&want_out);
	return same;
}

/* Objects at the limits of the bulk reader, and at those that are set. */
static void
test_limits(void)
{
	const struct want wants[] = {want("b", WANT_VALUE)};
	struct decode_spec spec = spec_of(wants, 1);
	struct buf in = {0};
	unsigned n;

	for (n = 1; n < 140; n++) {
		buf_addz(&in, "{\"a\":");
		fill(&in, "[", n);
		fill(&in, "]", n);
		buf_printf(&in, ",\"b\":%u}\n", n);
	}
	ok(both_give(&spec, buf_str(&in)), "deep objects");
	spec.limits.depth_max = 7;
	ok(both_give(&spec, buf_str(&in)), "and with a lower limit");
	spec.limits.fields_max = 1;
	ok(both_give(&spec, buf_str(&in)), "too many fields");
	in.n = 0;
	spec.limits = limits_default;
	for (n = JSON_BULK - 30; n < JSON_BULK + 5; n++) {
		buf_addz(&in, "{\"b\":[");
		fill(&in, " ", n);
		buf_addz(&in, "]}\n{\"b\":[0");
		fill(&in, ",0", n / 2);
		fill(&in, " ", n & 1);
		buf_addz(&in, "]}\n{\"b\":\"");
		fill(&in, "\\n", n / 2);
		fill(&in, " ", n & 1);
		buf_addz(&in, "\"}\n");
	}
	ok(both_give(&spec, buf_str(&in)), "long objects");
	buf_release(&in);
}

int
main(void)
{
	simd_init();
	arena_init(&plan, 4096);
	test_cases();
	test_names();
	test_random();
	test_backslashes();
	test_places();
	test_limits();
	arena_release(&plan);
	return tap_done();
}

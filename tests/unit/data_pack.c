/* SPDX-License-Identifier: MIT */
/*
 * msgpack: exact bytes, the way back, JSON both ways, and hostile bytes. What
 * is read lies in memory of exactly its size, so that a sanitizer sees a read
 * beyond it.
 */
#include "data/pack.h"

#include "base/mem.h"
#include "base/when.h"
#include "data/path.h"
#include "data_gen.h"
#include "tap.h"

static struct arena arena;

/* A copy that ends where its memory ends. */
static struct str
tight(struct str s)
{
	char *p = mem_alloc(s.n);

	if (s.n)
		memcpy(p, s.p, s.n);
	return (struct str){p, s.n};
}

static void
drop(struct str s)
{
	char *p;

	memcpy(&p, &s.p, sizeof p);
	mem_free(p);
}

static enum pack_status
skip(struct str s, size_t *used)
{
	struct str t = tight(s);
	const char *p = t.p;
	enum pack_status status = pack_skip(&p, t.p + t.n);

	*used = (size_t)(p - t.p);
	drop(t);
	return status;
}

/* The bytes lie in the arena (with a gap behind them under ASan). */
static enum pack_status
get(struct str s, struct value *v, size_t *used)
{
	char *copy = arena_alloc(&arena, s.n);
	const char *p = copy;
	enum pack_status status;

	if (s.n)
		memcpy(copy, s.p, s.n);
	status = pack_get(&p, copy + s.n, &arena, v);
	*used = (size_t)(p - copy);
	return status;
}

static struct value
json(const char *text)
{
	return pack_of_json(str_of(text), &arena);
}

static void
test_bytes(void)
{
	struct dec d = {-5, 1};
	const struct {
		struct value v;
		struct str bytes;
		const char *what;
	} cases[] = {
	    {VALUE_NULL, STR("\xc0"), "nil"},
	    {value_bool(true), STR("\xc3"), "true"},
	    {value_int(127), STR("\x7f"), "127"},
	    {value_int(128), STR("\xcc\x80"), "128"},
	    {value_int(256), STR("\xcd\x01\x00"), "256"},
	    {value_int(65536), STR("\xce\x00\x01\x00\x00"), "65536"},
	    {value_int((int64_t)1 << 32),
		STR("\xcf\x00\x00\x00\x01\x00\x00\x00\x00"), "2^32"},
	    {value_int(-32), STR("\xe0"), "-32"},
	    {value_int(-33), STR("\xd0\xdf"), "-33"},
	    {value_int(-129), STR("\xd1\xff\x7f"), "-129"},
	    {value_int(-32768), STR("\xd1\x80\x00"), "-32768"},
	    {value_int(-32769), STR("\xd2\xff\xff\x7f\xff"), "-32769"},
	    {value_int(INT64_MIN), STR("\xd3\x80\x00\x00\x00\x00\x00\x00\x00"),
		"the least int"},
	    {value_float(1), STR("\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00"),
		"1.0 stays a float"},
	    {value_text(STR("a")),
		STR("\xa1"
		    "a"),
		"text"},
	    {value_of_str(T_BYTES, STR("a")),
		STR("\xc4\x01"
		    "a"),
		"bytes"},
	    {value_of_str(T_JSON, STR("[1,\"a\"]")),
		STR("\x92\x01\xa1"
		    "a"),
		"JSON text"},
	    {value_time(1000000), STR("\xd6\xff\x00\x00\x00\x01"),
		"timestamp 32"},
	    {value_time(1000001),
		STR("\xd7\xff\x00\x00\x0f\xa0\x00\x00\x00\x01"),
		"timestamp 64"},
	    {value_time(-1),
		STR("\xc7\x0c\xff\x3b\x9a\xc6\x18"
		    "\xff\xff\xff\xff\xff\xff\xff\xff"),
		"timestamp 96"},
	    {value_duration(-2),
		STR("\xd7\x02\xff\xff\xff\xff\xff\xff\xff\xfe"), "duration"},
	    {value_date(-WHEN_DAY), STR("\xd6\x03\xff\xff\xff\xff"), "date"},
	    {value_date(20540 * WHEN_DAY), STR("\xd6\x03\x00\x00\x50\x3c"),
		"later date"},
	    {value_decimal(&arena, d),
		STR("\xc7\x11\x01\x01\xfb\xff\xff\xff\xff\xff\xff\xff"
		    "\xff\xff\xff\xff\xff\xff\xff\xff"),
		"decimal"},
	};
	size_t i, used;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf out = {0};
		struct value v;

		pack_put(&out, cases[i].v);
		ok(str_eq(buf_str(&out), cases[i].bytes), "bytes of %s",
		    cases[i].what);
		ok(get(cases[i].bytes, &v, &used) == PACK_OK &&
			used == cases[i].bytes.n &&
			(cases[i].v.type == T_JSON ||
			    (v.type == cases[i].v.type &&
				value_eq(v, cases[i].v))),
		    "%s read back", cases[i].what);
		buf_release(&out);
	}
}

/* What others write and we do not. */
static void
test_foreign(void)
{
	const struct {
		struct str bytes;
		const char *type, *text;
	} cases[] = {
	    {STR("\xca\x3f\x00\x00\x00"), "double", "0.5"},
	    {STR("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), "decimal",
		"18446744073709551615"},
	    {STR("\xcf\x7f\xff\xff\xff\xff\xff\xff\xff"), "bigint",
		"9223372036854775807"},
	    {STR("\xd3\x00\x00\x00\x00\x00\x00\x00\x05"), "bigint", "5"},
	    {STR("\xdb\x00\x00\x00\x01"
		 "a"),
		"text", "a"},
	    {STR("\xa2\xc3\x28"), "bytes", "c328"},
	    {STR("\xd7\x00\x00\x00\x00\x01\x3b\x9a\xc9\xff"), "timestamp",
		"1970-01-01T00:00:01.999999Z"},
	    {STR("\xc7\x08\x00\x00\x00\x00\x01\x00\x00\x00\x00"), "timestamp",
		"1970-01-01T00:00:01Z"},
	    {STR("\xd7\x00\x00\x00\x00\x01\x3b\x9a\xca\x00"), "bytes",
		"000000013b9aca00"},
	    {STR("\xd4\x63\xab"), "bytes", "ab"},
	    {STR("\xc7\x00\x63"), "bytes", ""},
	    {STR("\xc7\x0c\xff\x00\x00\x00\x00"
		 "\x7f\xff\xff\xff\xff\xff\xff\xff"),
		"bytes", "000000007fffffffffffffff"},
	    {STR("\xc7\x11\x01\x27\x01\x00\x00\x00\x00\x00\x00\x00"
		 "\x00\x00\x00\x00\x00\x00\x00\x00"),
		"bytes", "2701000000000000000000000000000000"},
	    {STR("\xc7\x11\x01\x00\xff\xff\xff\xff\xff\xff\xff\xff"
		 "\xff\xff\xff\xff\xff\xff\xff\x7f"),
		"bytes", "00ffffffffffffffffffffffffffffff7f"},
	    {STR("\xdc\x00\x02\x01\xdf\x00\x00\x00\x01\x05\xc4\x01\xff"),
		"array", "[1,{\"5\":\"/w==\"}]"},
	    {STR("\x82\xc0\x01\x91\x05\x02"), "map", "{\"null\":1,\"9105\":2}"},
	};
	struct buf out = {0};
	struct value v;
	size_t i, used;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		out.n = 0;
		if (!ok(get(cases[i].bytes, &v, &used) == PACK_OK &&
			    used == cases[i].bytes.n,
			"%s %s is read", cases[i].type, cases[i].text))
			continue;
		same(type_name(v.type), cases[i].type, "as its type");
		value_print(&out, v);
		same(buf_z(&out), cases[i].text, "with its value");
	}
	buf_release(&out);
}

/* Writes every item of a value again, by pack_get and pack_put. */
static void
rewrite(struct buf *out, struct value v, unsigned depth)
{
	const char *p = v.p, *end = p + v.len;
	uint32_t n;
	uint64_t i;

	if (v.type == T_LIST && pack_get_array(&p, end, &n)) {
		pack_put_array(out, n);
		i = n;
	} else if (v.type == T_MAP && pack_get_map(&p, end, &n)) {
		pack_put_map(out, n);
		i = 2 * (uint64_t)n;
	} else {
		pack_put(out, v);
		return;
	}
	for (; i; i--) {
		struct value x = VALUE_NULL;

		if (depth > 5 || pack_get(&p, end, &arena, &x) != PACK_OK)
			break;
		rewrite(out, x, depth + 1);
	}
}

static void
test_random(void)
{
	struct buf bytes = {0}, again = {0};
	unsigned i, trip = 0, cut = 0, skips = 0;
	size_t n, used;

	for (i = 0; i < 2000; i++) {
		struct value v = VALUE_NULL;

		bytes.n = again.n = 0;
		gen_pack(&bytes, &arena, 3);
		trip += get(buf_str(&bytes), &v, &used) != PACK_OK;
		rewrite(&again, v, 0);
		trip += !str_eq(buf_str(&again), buf_str(&bytes));
		skips +=
		    skip(buf_str(&bytes), &used) != PACK_OK || used != bytes.n;
		for (n = 0; n < bytes.n && n < 300; n++) {
			struct str s = {bytes.p, n};

			cut += skip(s, &used) != PACK_SHORT || used;
			cut += get(s, &v, &used) != PACK_SHORT || used;
		}
		arena_reset(&arena);
	}
	ok(!trip, "random values come back with the same bytes");
	ok(!skips, "random values are skipped whole");
	ok(!cut, "random values are short at each byte");
	buf_release(&bytes);
	buf_release(&again);
}

/* Random bytes: nothing is promised but to end within them. */
static void
test_noise(void)
{
	struct buf bytes = {0}, out = {0};
	unsigned i, k, wrong = 0;
	size_t used, also;

	for (i = 0; i < 50000; i++) {
		struct value v = VALUE_NULL;
		enum pack_status status;

		bytes.n = out.n = 0;
		for (k = gen_below(40); k; k--)
			buf_addc(
			    &bytes, (char)(gen_below(3) ? 0x80 + gen_below(0x60)
							: gen_u32() & 255));
		status = get(buf_str(&bytes), &v, &used);
		wrong += status != skip(buf_str(&bytes), &also);
		wrong += used != also || used > bytes.n;
		if (status == PACK_OK && v.type != T_NULL) {
			value_json(&out, v);
			wrong += value_cmp(v, v) != 0;
			wrong += !value_eq(v, value_copy(&arena, v));
		}
		arena_reset(&arena);
	}
	ok(!wrong, "noise is read within its bounds");
	buf_release(&bytes);
	buf_release(&out);
}

static struct str
nested(struct buf *out, unsigned char byte, size_t depth)
{
	out->n = 0;
	memset(buf_reserve(out, depth + 1), byte, depth);
	out->p[depth] = (char)0xc0;
	out->n = depth + 1;
	return buf_str(out);
}

static void
test_hostile(void)
{
	const struct str huge[] = {STR("\xdd\xff\xff\xff\xff"),
	    STR("\xdd\xff\xff\xff\xff\x01\x02"),
	    STR("\xdf\xff\xff\xff\xff\x01\x02"),
	    STR("\xdb\xff\xff\xff\xff"
		"abc"),
	    STR("\xc6\xff\xff\xff\xff"), STR("\xc9\xff\xff\xff\xff\x01"),
	    STR("\x92\xdd\xff\xff\xff\xff"), STR("")};
	struct buf out = {0};
	struct value v;
	size_t i, used;

	for (i = 0; i < sizeof huge / sizeof *huge; i++)
		ok(skip(huge[i], &used) == PACK_SHORT &&
			get(huge[i], &v, &used) == PACK_SHORT,
		    "a length beyond the bytes, %zu", i);
	ok(skip(STR("\xc1"), &used) == PACK_BAD, "0xc1 is reserved");
	ok(get(STR("\x92\x01\xc1"), &v, &used) == PACK_BAD && !used,
	    "also within an array");
	ok(skip(nested(&out, 0x91, 100000), &used) == PACK_BAD,
	    "100000 arrays deep");
	ok(skip(nested(&out, 0x81, 100000), &used) == PACK_BAD,
	    "100000 maps deep, in keys");
	ok(skip(nested(&out, 0x91, PACK_DEPTH_MAX + 1), &used) == PACK_BAD,
	    "one too deep");
	ok(skip(nested(&out, 0x91, PACK_DEPTH_MAX), &used) == PACK_OK,
	    "as deep as may be");
	ok(get(buf_str(&out), &v, &used) == PACK_OK && value_eq(v, v),
	    "and read");
	out.n = 0;
	buf_addc(&out, (char)0x91);
	memset(buf_reserve(&out, 512), 0x91, 512);
	out.n += 512;
	buf_addc(&out, (char)0xc0);
	v = value_of_str(T_LIST, tight(buf_str(&out)));
	out.n = 0;
	pack_json(&out, v);
	pack_canon(&out, v);
	ok(out.n == 513 * 2 + 4 + 514, "lists that were wrapped are written");
	drop(value_str(v));
	buf_release(&out);
}

/* n maps within one another, each {"b": …, "a": 0}, and a number. */
static struct value
deep_map(struct buf *out, size_t n, struct value inner)
{
	size_t i;

	out->n = 0;
	for (i = 0; i < n; i++)
		buf_lit(out, "\x82\xa1"
			     "b");
	pack_put(out, inner);
	for (i = 0; i < n; i++)
		buf_lit(out, "\xa1"
			     "a\x00");
	return value_of_str(T_MAP, buf_str(out));
}

static void
test_deep(void)
{
	struct buf x = {0}, y = {0};
	struct value a = deep_map(&x, PACK_DEPTH_MAX, value_int(1));
	struct value b = deep_map(&y, PACK_DEPTH_MAX, value_float(1));

	ok(value_eq(a, b), "deep maps that are equal");
	b = deep_map(&y, PACK_DEPTH_MAX, value_float(1.5));
	ok(value_cmp(a, b) < 0 && value_cmp(b, a) > 0, "deep maps in order");
	b = deep_map(&y, PACK_DEPTH_MAX - 1, value_int(1));
	ok(value_cmp(a, b) > 0, "a map is more than a number");
	buf_release(&x);
	buf_release(&y);
}

static void
test_find(void)
{
	struct value v = json("{\"a\":[1,[2,3],{\"b\":\"x\"}],\"c\":2,"
			      "\"c\":null,\"\":9,\"d\":{}}"),
		     x;
	const struct path_step deep[] = {
	    {STR("a"), 0}, {{NULL, 0}, 2}, {STR("b"), 0}, {STR("c"), 0}};
	struct path p = {deep, 3};
	struct buf out = {0};

	ok(pack_count(v) == 5, "pairs are counted");
	ok(pack_map_find(v, STR("c"), &arena, &x) && x.type == T_NULL,
	    "of equal keys the last");
	ok(pack_map_find(v, STR(""), &arena, &x) && x.i == 9, "no name");
	ok(!pack_map_find(v, STR("e"), &arena, &x), "no such key");
	ok(pack_map_find(v, STR("a"), &arena, &x) && x.type == T_LIST &&
		pack_count(x) == 3,
	    "a list");
	ok(!pack_map_find(x, STR("a"), &arena, &v), "a list has no keys");
	ok(!pack_list_at(x, 3, &arena, &v), "beyond the end");
	ok(pack_list_at(x, 1, &arena, &v) && pack_list_at(v, 1, &arena, &v) &&
		v.i == 3,
	    "element of an element");
	v = json("{\"a\":[0,[],{\"b\":\"x\"}]}");
	ok(str_is(value_str(path_get(v, p, 0, &arena)), "x"), "a path");
	ok(str_is(value_str(path_get(value_of_str(T_JSON, STR("{\"b\":\"x\"}")),
		      p, 2, &arena)),
	       "x"),
	    "its end, through JSON text");
	p.n = 4;
	ok(path_get(v, p, 0, &arena).type == T_NULL, "through a text");
	ok(path_eq(p, p) && !path_eq(p, (struct path){deep, 3}) &&
		!path_eq((struct path){deep + 1, 1}, (struct path){deep, 1}),
	    "equality of paths");
	path_print(&out, (struct path){deep, 3});
	same(buf_z(&out), "a[3].b", "a path printed");
	out.n = 0;
	path_print(&out, path_of_name(&arena, STR("a`b c")));
	same(buf_z(&out), "`a``b c`", "an odd name");
	buf_release(&out);
}

static void
test_json(void)
{
	static const char *const good[] = {"[]", "{}", "[[],{},[{}]]",
	    "{\"a\":{\"b\":[1,2,{\"c\":null}]},\"\":true}",
	    "[1,-1,0,-0.0,0.5,1e+21,12345678901234567890,false,\"\"]",
	    "[123456789012345678901234567890]",
	    "{\"\\\"\\\\\":\"\\u0000\\n\xc3\xa9\"}"};
	static const char *const bad[] = {"", " ", "[", "]", "{", "[1", "[1,",
	    "[1,]", "[,1]", "[1 2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}",
	    "{a:1}", "{1:1}", "{\"a\" 1}", "[1}", "{\"a\":1]", "01", "1.", "+1",
	    "-", ".5", "1e", "tru", "nul", "True", "\"", "\"\\\"", "\"\\x\"",
	    "\"\\u12g4\"", "\"\\u12", "\"\\u123", "\"a\nb\"", "[] []", "[]x",
	    "1 1", "[\"a\":1]", "NaN", "'a'",
	    "[1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,"
	    "9,0,1,2,3,4,5,6,7,8,9,0,01]"};
	struct buf out = {0};
	struct value v;
	size_t i;

	for (i = 0; i < sizeof good / sizeof *good; i++) {
		struct str s = tight(str_of(good[i]));

		out.n = 0;
		ok(pack_parse_json(s, &arena, &v), "%s is JSON", good[i]);
		value_json(&out, v);
		same(buf_z(&out), good[i], "and comes back");
		drop(s);
	}
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct str s = tight(str_of(bad[i]));

		ok(!pack_parse_json(s, &arena, &v), "not JSON: %s",
		    strchr(bad[i], '\n') ? "a newline" : bad[i]);
		drop(s);
	}
	v = json(" { \"a\" : [ 1 , 2 ] , \"b\" : { } }\n");
	out.n = 0;
	pack_json(&out, v);
	same(buf_z(&out), "{\"a\":[1,2],\"b\":{}}", "blanks");
	ok(json("\"\\ud83d\\ude00\"").len == 4, "a text with escapes");
	ok(json("12345678901234567890").type == T_DECIMAL, "a big integer");
	ok(json("1e2").type == T_FLOAT && json("100").type == T_INT,
	    "an exponent makes a float");
	buf_release(&out);
}

static void
test_json_depth(void)
{
	struct buf out = {0};
	struct value v;
	size_t i, n;

	for (n = PACK_DEPTH_MAX; n <= PACK_DEPTH_MAX + 1; n++) {
		out.n = 0;
		for (i = 0; i < n; i++)
			buf_addc(&out, '[');
		for (i = 0; i < n; i++)
			buf_addc(&out, ']');
		ok(pack_parse_json(buf_str(&out), &arena, &v) ==
			(n == PACK_DEPTH_MAX),
		    "JSON %zu deep", n);
	}
	out.n = 0;
	for (i = 0; i < 100000; i++)
		buf_addz(&out, "{\"a\":");
	ok(!pack_parse_json(buf_str(&out), &arena, &v), "100000 deep");
	for (n = 14; n < 70000; n = n * 2 + n % 3) {
		struct buf list = {0};

		out.n = 0;
		buf_addc(&out, '[');
		pack_put_array(&list, (uint32_t)n);
		for (i = 0; i < n; i++) {
			buf_printf(&out, i ? ",%zu" : "%zu", i % 97);
			buf_addc(&list, (char)(i % 97));
		}
		buf_addc(&out, ']');
		ok(pack_parse_json(buf_str(&out), &arena, &v) &&
			str_eq(value_str(v), buf_str(&list)),
		    "%zu elements have the right header", n);
		buf_release(&list);
	}
	buf_release(&out);
}

/* JSON with a few bytes changed: read or refused within its bounds. */
static void
test_json_noise(void)
{
	static const char bytes[] = "{}[]\",:\\u0e19-.tfn \x01";
	static const char seed[] = "{\"a\":[1,-0,\"\\u12aB\\n\"],"
				   "\"b\":{\"c\":null,\"d\":2.5e3}}";
	struct buf out = {0};
	unsigned i, k, wrong = 0, good = 0;

	for (i = 0; i < 50000; i++) {
		struct str s = tight(str_of(seed));
		struct value v, w;
		char *p;

		memcpy(&p, &s.p, sizeof p);
		for (k = gen_below(4); k; k--)
			p[gen_below((uint32_t)s.n)] =
			    bytes[gen_below(sizeof bytes - 1)];
		if (gen_below(4) == 0)
			s.n = gen_below((uint32_t)s.n);
		if (pack_parse_json(s, &arena, &v)) {
			good++;
			out.n = 0;
			value_json(&out, v);
			wrong += !pack_parse_json(buf_str(&out), &arena, &w) ||
				 !value_eq(v, w);
		}
		drop(s);
		arena_reset(&arena);
	}
	ok(good > 1000 && !wrong, "what is taken is JSON (%u)", good);
	buf_release(&out);
}

/* JSON, packed, JSON: nothing changes; the text is in tight memory. */
static void
test_json_random(void)
{
	struct buf bytes = {0}, first = {0}, second = {0};
	unsigned i, wrong = 0, read = 0;

	for (i = 0; i < 3000; i++) {
		struct value v = VALUE_NULL, w = VALUE_NULL;
		struct str s;
		size_t used;

		bytes.n = first.n = second.n = 0;
		gen_pack(&bytes, &arena, 3);
		get(buf_str(&bytes), &v, &used);
		value_json(&first, v);
		s = tight(buf_str(&first));
		if (pack_parse_json(s, &arena, &w)) {
			value_json(&second, w);
			read++;
		}
		wrong += v.type >= T_LIST &&
			 !str_eq(buf_str(&first), buf_str(&second)) &&
			 !memchr(first.p, '.', first.n);
		drop(s);
		arena_reset(&arena);
	}
	ok(read == i, "random values' JSON is JSON");
	ok(!wrong, "random values: JSON to values to JSON is the same");
	buf_release(&bytes);
	buf_release(&first);
	buf_release(&second);
}

int
main(void)
{
	arena_init(&arena, 1 << 16);
	test_bytes();
	test_foreign();
	test_find();
	test_random();
	test_noise();
	test_hostile();
	test_deep();
	test_json();
	test_json_depth();
	test_json_noise();
	test_json_random();
	arena_release(&arena);
	return tap_done();
}

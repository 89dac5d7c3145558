/* SPDX-License-Identifier: MIT */
/* Values: order, copies, plain text and JSON. */
#include "data/value.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/simd.h"
#include "data/cast.h"
#include "data_gen.h"
#include "tap.h"

static struct arena arena;
static struct buf out;

static struct value
decimal(const char *text)
{
	struct dec d = {0};

	if (!dec_parse(str_of(text), &d))
		ok(0, "decimal %s", text);
	return value_decimal(&arena, d);
}

static struct value
json(const char *text)
{
	return pack_of_json(str_of(text), &arena);
}

static const char *
printed(struct value v)
{
	out.n = 0;
	value_print(&out, v);
	return buf_z(&out);
}

static const char *
as_json(struct value v)
{
	out.n = 0;
	value_json(&out, v);
	return buf_z(&out);
}

static void
test_numbers(void)
{
	const struct value big = value_int(9007199254740993);
	const struct value nan = value_float(__builtin_nan(""));

	ok(value_cmp(big, value_float(9007199254740992.0)) > 0,
	    "2^53+1 is more than the float 2^53");
	ok(value_cmp(value_float(9007199254740992.0), big) < 0,
	    "the other way round");
	ok(value_cmp(value_int(INT64_MAX), value_float(0x1p63)) < 0,
	    "the greatest int is less than 2^63");
	ok(value_eq(value_int(INT64_MIN), value_float(-0x1p63)),
	    "the least int is -2^63");
	ok(value_cmp(value_int(-3), value_float(-3.5)) > 0, "-3 > -3.5");
	ok(value_cmp(value_int(3), value_float(3.5)) < 0, "3 < 3.5");
	ok(value_eq(value_float(-0.0), value_int(0)), "-0 is 0");
	ok(value_eq(nan, nan), "NaN equals itself");
	ok(value_cmp(nan, value_float(__builtin_inf())) > 0,
	    "NaN is more than infinity");
	ok(value_cmp(nan, decimal("1")) > 0, "NaN is more than a decimal");
	ok(value_eq(decimal("1.00"), value_int(1)), "1.00 is 1");
	ok(value_eq(decimal("0.5"), value_float(0.5)), "0.5 is 0.5");
	ok(value_cmp(decimal("0.1"), value_float(0.1)) < 0,
	    "0.1 is less than the double next to it");
	ok(value_cmp(value_float(0.1), decimal("0.1")) > 0,
	    "the other way round");
	ok(value_cmp(decimal("9223372036854775808"), value_int(INT64_MAX)) > 0,
	    "a decimal beyond int64");
}

static void
test_types(void)
{
	const struct value rising[] = {VALUE_NULL, value_bool(false),
	    value_bool(true), value_int(5), value_text(STR("")),
	    value_text(STR("a")), value_text(STR("a\0b")),
	    value_text(STR("ab")), value_of_str(T_BYTES, STR("")),
	    value_time(-1), value_time(0), value_duration(-5), json("[]"),
	    json("[1]"), json("[1,0]"), json("[2]"), json("{}"),
	    json("{\"a\":1}"), json("{\"a\":1,\"b\":0}"), json("{\"a\":2}"),
	    json("{\"b\":0}"), value_date(-WHEN_DAY), value_date(0)};
	unsigned i, j, n = sizeof rising / sizeof *rising, wrong = 0;

	for (i = 0; i < n; i++)
		for (j = 0; j < n; j++) {
			int c = value_cmp(rising[i], rising[j]);

			wrong += (c > 0) - (c < 0) != (i > j) - (i < j);
		}
	ok(!wrong, "order of types and within types");
	ok(value_eq(json("{\"a\":1,\"b\":2}"), json("{\"b\":2,\"a\":1.0}")),
	    "maps are equal in any order of keys");
	ok(value_eq(json("{\"a\":1,\"a\":2}"), json("{\"a\":2}")),
	    "of equal keys the last counts");
	ok(value_cmp(json("[{\"b\":1,\"a\":1}]"), json("[{\"a\":1}]")) > 0,
	    "maps within lists");
}

static int
cmp_values(const void *a, const void *b)
{
	return value_cmp(*(const struct value *)a, *(const struct value *)b);
}

static void
test_total_order(void)
{
	enum {
		N = 600
	};
	static struct value v[N];
	unsigned i, j, wrong = 0, copies = 0;

	for (i = 0; i < N; i++)
		v[i] = gen_value(&arena);
	for (i = 0; i < N; i++)
		copies += !value_eq(v[i], value_copy(&arena, v[i]));
	qsort(v, N, sizeof *v, cmp_values);
	for (i = 0; i < N; i++)
		for (j = i; j < N; j++) {
			int c = value_cmp(v[i], v[j]);
			int d = value_cmp(v[j], v[i]);

			wrong += c > 0 || (c < 0) != (d > 0) || (i == j && c) ||
				 value_eq(v[i], v[j]) != !c;
		}
	ok(!wrong, "random values: the order is total");
	ok(!copies, "random values: copies are equal");
}

static void
test_copy(void)
{
	char bytes[] = "abc";
	struct value v = value_text((struct str){bytes, 3}), c;
	struct value d = decimal("12.5"), e;

	c = value_copy(&arena, v);
	bytes[0] = 'x';
	ok(str_is(value_str(c), "abc"), "a copy has its own bytes");
	e = value_copy(&arena, d);
	ok(e.d != d.d && value_eq(d, e), "a decimal is copied, too");
}

static void
test_print(void)
{
	same(printed(VALUE_NULL), "", "NULL prints nothing");
	same(printed(value_bool(true)), "true", "bool");
	same(printed(value_int(INT64_MIN)), "-9223372036854775808", "int");
	same(printed(value_float(0.1)), "0.1", "float");
	same(printed(value_float(3)), "3.0", "integral float");
	same(printed(decimal("12.30")), "12.30", "decimal keeps its scale");
	same(printed(value_of_str(T_BYTES, STR("\x01\xab"))), "01ab", "bytes");
	same(printed(value_time(1774735200250000)), "2026-03-28T22:00:00.250Z",
	    "time");
	same(printed(value_duration(5400000000)), "1h30m", "duration");
	same(printed(value_date(-WHEN_DAY)), "1969-12-31", "date");
	same(printed(json("[1,{\"a\":null}]")), "[1,{\"a\":null}]", "nested");
	same(printed(value_of_str(T_JSON, STR("\"a\\nb\""))), "a\nb",
	    "a JSON string without its quotes");
	same(printed(value_of_str(T_JSON, STR("null"))), "", "JSON null");
	same(printed(value_of_str(T_JSON, STR("[1, 2]"))), "[1, 2]",
	    "other JSON as it stands");
}

static void
test_json(void)
{
	same(as_json(VALUE_NULL), "null", "null");
	same(as_json(value_float(__builtin_nan(""))), "null", "NaN is null");
	same(as_json(value_float(-__builtin_inf())), "null", "so is -inf");
	same(as_json(value_float(1e21)), "1e+21", "float");
	same(as_json(decimal("100000000000000000000.10")),
	    "100000000000000000000.10", "decimal");
	same(as_json(value_time(0)), "\"1970-01-01T00:00:00Z\"", "time");
	same(as_json(value_duration(1000)), "\"1ms\"", "duration");
	same(as_json(value_date(0)), "\"1970-01-01\"", "date");
	same(as_json(value_of_str(T_BYTES, STR(""))), "\"\"", "no bytes");
	same(as_json(value_of_str(T_BYTES, STR("f"))), "\"Zg==\"", "base64 1");
	same(as_json(value_of_str(T_BYTES, STR("fo"))), "\"Zm8=\"", "base64 2");
	same(as_json(value_of_str(T_BYTES, STR("foobar"))), "\"Zm9vYmFy\"",
	    "base64 6");
	same(as_json(value_of_str(T_BYTES, STR("\xff\xfe\xfd"))), "\"//79\"",
	    "base64 of high bytes");
	same(as_json(value_of_str(T_JSON, STR(" [1] "))), " [1] ",
	    "JSON as it stands");
	same(as_json(value_text(STR("\"\\/\b\f\n\r\t\x01\x1f\x7f\xc3\xa9"))),
	    "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\xc3\xa9\"",
	    "escapes");
	ok(str_eq((as_json(value_text(STR("a\0b"))), buf_str(&out)),
	       STR("\"a\\u0000b\"")),
	    "NUL within a text");
}

/* JSON text one byte at a time. */
static void
put_plainly(struct buf *to, struct str s)
{
	static const char names[] = "\b\f\n\r\t\"\\", letters[] = "bfnrt\"\\";
	size_t i;

	buf_addc(to, '"');
	for (i = 0; i < s.n; i++) {
		const char *name = s.p[i] ? strchr(names, s.p[i]) : NULL;

		if (name)
			buf_printf(to, "\\%c", letters[name - names]);
		else if ((unsigned char)s.p[i] < ' ')
			buf_printf(to, "\\u%04x", (unsigned)s.p[i]);
		else
			buf_addc(to, s.p[i]);
	}
	buf_addc(to, '"');
}

/* Every length and place of one special byte; no byte behind is readable. */
static unsigned
check_json_text(void)
{
	static const char special[] = "\"\\\n\x1f\x01\0";
	struct buf plain = {0}, back = {0};
	unsigned wrong = 0;
	size_t n, at, k;

	for (n = 0; n < 100; n++)
		for (at = 0; at <= n; at++) {
			char *p = mem_alloc(n);

			for (k = 0; k < n; k++)
				p[k] = "a\x7f\xc3\xa9 \xff!#[]"[k % 10];
			if (at < n)
				p[at] = special[(n + at) % 6];
			out.n = plain.n = 0;
			json_put_text(&out, (struct str){p, n});
			put_plainly(&plain, (struct str){p, n});
			wrong += !str_eq(buf_str(&out), buf_str(&plain));
			buf_reserve(&back, plain.n);
			back.n = json_unescape(
			    back.p, (struct str){plain.p + 1, plain.n - 2});
			wrong += !str_eq(buf_str(&back), (struct str){p, n});
			mem_free(p);
		}
	buf_release(&plain);
	buf_release(&back);
	return wrong;
}

static void
test_unescape(void)
{
	static const char *const cases[][2] = {
	    {"\\u00e9", "\xc3\xa9"},
	    {"\\ud83d\\ude00!", "\xf0\x9f\x98\x80!"},
	    {"\\ud83d", "\xef\xbf\xbd"},
	    {"\\ude00\\ud83d", "\xef\xbf\xbd\xef\xbf\xbd"},
	    {"\\ud83d\\u0041", "\xef\xbf\xbd"
			       "A"},
	    {"a\\/b", "a/b"},
	    {"\\", "\\"},
	    {"\\x", "\\x"},
	    {"\\ud800\\udc00", "\xf0\x90\x80\x80"},
	    {"\\u12", "\\u12"},
	    {"\\u123", "\\u123"},
	    {"\\ud83d\\u12", "\xef\xbf\xbd\\u12"},
	};
	char text[64];
	size_t i, n;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct str s = str_of(cases[i][0]);
		char *p = mem_alloc(s.n);

		memcpy(p, s.p, s.n);
		n = json_unescape(text, (struct str){p, s.n});
		text[n] = 0;
		same(text, cases[i][1], cases[i][0]);
		mem_free(p);
	}
}

static void
test_names(void)
{
	enum type t;
	unsigned wrong = 0;

	for (t = T_BOOL; t <= T_MAP; t++)
		wrong += type_of_name(str_of(type_name(t))) != t;
	ok(!wrong, "every type's name is read back");
	ok(type_of_name(STR("VarChar")) == T_TEXT, "without case");
	ok(type_of_name(STR("nonesuch")) == T_ANY &&
		type_of_name(STR("json")) == T_ANY,
	    "no such type");
}

int
main(void)
{
	arena_init(&arena, 4096);
	test_names();
	test_numbers();
	test_types();
	test_total_order();
	test_copy();
	test_print();
	test_json();
	simd_avx2 = false;
	ok(!check_json_text(), "JSON text, by words");
	simd_init();
	ok(!check_json_text(), "JSON text, by this machine's vectors");
	test_unescape();
	arena_release(&arena);
	buf_release(&out);
	return tap_done();
}

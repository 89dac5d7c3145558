/* SPDX-License-Identifier: MIT */
/* CAST: one line per conversion that matters. */
#include "data/cast.h"

#include "data/pack.h"
#include "tap.h"

static struct arena arena;

static struct value
text(const char *z)
{
	return value_text(str_of(z));
}

static struct value
decimal(const char *z)
{
	struct dec d = {0};

	dec_parse(str_of(z), &d);
	return value_decimal(&arena, d);
}

/* The result as its type and text, or "-" if the cast fails. */
static void
check_layout(
    struct value v, enum type to, enum when_kind kind, const char *want)
{
	struct when_layout layout = {.kind = kind};
	struct buf out = {0}, what = {0};
	struct value got;

	buf_printf(&what, "%s ", type_name(v.type));
	value_json(&what, v);
	buf_printf(&what, " to %s", type_name(to));
	if (!value_cast(&arena, v, to, kind ? &layout : NULL, &got)) {
		buf_addz(&out, "-");
	} else {
		ok(got.type == (v.type == T_NULL ? T_NULL : to), "its type");
		value_json(&out, got);
	}
	same(buf_z(&out), want, buf_z(&what));
	buf_release(&out);
	buf_release(&what);
}

static void
check(struct value v, enum type to, const char *want)
{
	check_layout(v, to, WHEN_AUTO, want);
}

static void
test_bool(void)
{
	check(text("true"), T_BOOL, "true");
	check(text(" YES "), T_BOOL, "true");
	check(text("T"), T_BOOL, "true");
	check(text("1"), T_BOOL, "true");
	check(text("f"), T_BOOL, "false");
	check(text("No"), T_BOOL, "false");
	check(text("0"), T_BOOL, "false");
	check(text("on"), T_BOOL, "-");
	check(text(""), T_BOOL, "-");
	check(value_int(2), T_BOOL, "true");
	check(value_float(0), T_BOOL, "false");
	check(value_float(__builtin_nan("")), T_BOOL, "-");
	check(decimal("0.00"), T_BOOL, "false");
	check(value_time(0), T_BOOL, "-");
}

static void
test_int(void)
{
	check(text(" 42\n"), T_INT, "42");
	check(text("+7"), T_INT, "7");
	check(text("-12.9"), T_INT, "-12");
	check(text("1e3"), T_INT, "1000");
	check(text("9223372036854775808"), T_INT, "-");
	check(text("1x"), T_INT, "-");
	check(text(""), T_INT, "-");
	check(value_float(-2.9), T_INT, "-2");
	check(value_float(0x1p63), T_INT, "-");
	check(value_float(-0x1p63), T_INT, "-9223372036854775808");
	check(value_float(-0x1.0000000000001p63), T_INT, "-");
	check(value_float(__builtin_nan("")), T_INT, "-");
	check(decimal("99.99"), T_INT, "99");
	check(decimal("9223372036854775808"), T_INT, "-");
	check(value_bool(true), T_INT, "1");
	check(value_time(1500000), T_INT, "1");
	check(value_time(-1), T_INT, "-1");
	check_layout(value_time(1500000), T_INT, WHEN_EPOCH_MS, "1500");
	check_layout(value_time(1500000), T_INT, WHEN_EPOCH_US, "1500000");
	check_layout(value_time(1500000), T_INT, WHEN_EPOCH_NS, "1500000000");
	check_layout(value_time(INT64_MAX), T_INT, WHEN_EPOCH_NS, "-");
	check(value_duration(5), T_INT, "-");
	check(VALUE_NULL, T_INT, "null");
}

static void
test_numbers(void)
{
	check(text(" 1.5 "), T_FLOAT, "1.5");
	check(text("1,5"), T_FLOAT, "-");
	check(value_int(3), T_FLOAT, "3.0");
	check(decimal("0.10"), T_FLOAT, "0.1");
	check(value_bool(false), T_FLOAT, "0.0");
	check(value_time(1500000), T_FLOAT, "1.5");
	check(text("1.50"), T_DECIMAL, "1.50");
	check(text("1.5.0"), T_DECIMAL, "-");
	check(value_int(-3), T_DECIMAL, "-3");
	check(value_float(0.1), T_DECIMAL, "0.1");
	check(value_float(__builtin_inf()), T_DECIMAL, "-");
	check(value_time(1500000), T_DECIMAL, "1.5");
	check_layout(value_time(1500001), T_DECIMAL, WHEN_EPOCH_MS, "1500.001");
	check(value_of_str(T_BYTES, STR("1")), T_DECIMAL, "-");
}

static void
test_text(void)
{
	check(value_int(-5), T_TEXT, "\"-5\"");
	check(value_float(1e21), T_TEXT, "\"1e+21\"");
	check(decimal("-99999999999999999999999999999999999999"), T_TEXT,
	    "\"-99999999999999999999999999999999999999\"");
	check(value_bool(false), T_TEXT, "\"false\"");
	check(value_time(0), T_TEXT, "\"1970-01-01T00:00:00Z\"");
	check(value_duration(90000000), T_TEXT, "\"1m30s\"");
	check(value_of_str(T_BYTES, STR("ab")), T_TEXT, "\"ab\"");
	check(value_of_str(T_BYTES, STR("\xff")), T_TEXT, "-");
	check(pack_of_json(STR("[1,\"a\"]"), &arena), T_TEXT,
	    "\"[1,\\\"a\\\"]\"");
	check(value_of_str(T_JSON, STR("\"x\"")), T_TEXT, "\"x\"");
	check(text("ab"), T_BYTES, "\"YWI=\"");
	check(value_int(1), T_BYTES, "-");
	check(value_int(7), T_JSON, "7");
}

static void
test_times(void)
{
	check(
	    text(" 2026-03-28T22:00:00Z "), T_TIME, "\"2026-03-28T22:00:00Z\"");
	check(text("28/Mar/2026:22:00:01 +0000"), T_TIME,
	    "\"2026-03-28T22:00:01Z\"");
	check(text("yesterday"), T_TIME, "-");
	check(value_int(1), T_TIME, "\"1970-01-01T00:00:01Z\"");
	check_layout(value_int(1), T_TIME, WHEN_EPOCH_MS,
	    "\"1970-01-01T00:00:00.001Z\"");
	check(value_int(INT64_MAX), T_TIME, "-");
	check(value_float(1.5), T_TIME, "\"1970-01-01T00:00:01.500Z\"");
	check(decimal("1774735200.123456"), T_TIME,
	    "\"2026-03-28T22:00:00.123456Z\"");
	check(decimal("-0.0000001"), T_TIME, "\"1969-12-31T23:59:59.999999Z\"");
	check_layout(decimal("1.5"), T_TIME, WHEN_EPOCH_MS,
	    "\"1970-01-01T00:00:00.001500Z\"");
	check(decimal("99999999999999999999"), T_TIME, "-");
	check(value_bool(true), T_TIME, "-");
	check(text(" 2026-03-28 "), T_DATE, "\"2026-03-28\"");
	check(value_time(-1), T_DATE, "\"1969-12-31\"");
	check(value_int(86400), T_DATE, "\"1970-01-02\"");
	check(value_date(0), T_TIME, "\"1970-01-01T00:00:00Z\"");
	check(value_date(0), T_BOOL, "-");
	check(text("2026-13-01"), T_DATE, "-");
	check(text("1h30m"), T_DURATION, "\"1h30m\"");
	check(text("-250ms"), T_DURATION, "\"-250ms\"");
	check(text("1"), T_DURATION, "-");
	check(value_int(1), T_DURATION, "-");
}

static void
test_nested(void)
{
	struct value map = pack_of_json(STR("{\"a\":1}"), &arena);

	check(text(" [1, 2] "), T_LIST, "[1,2]");
	check(text("{}"), T_LIST, "-");
	check(text("{\"a\":1}"), T_MAP, "{\"a\":1}");
	check(text("[1,"), T_LIST, "-");
	check(map, T_MAP, "{\"a\":1}");
	check(map, T_LIST, "-");
	check(map, T_INT, "-");
	check(value_of_str(T_JSON, STR("{\"a\":1}")), T_MAP, "{\"a\":1}");
	check(VALUE_NULL, T_MAP, "null");
}

int
main(void)
{
	arena_init(&arena, 4096);
	test_bool();
	test_int();
	test_numbers();
	test_text();
	test_times();
	test_nested();
	arena_release(&arena);
	return tap_done();
}

/* SPDX-License-Identifier: MIT */
/* Writing JSON lines: values, spread records, raw records, terminals. */
#include "base/simd.h"
#include "data/pack.h"
#include "io/json.h"
#include "io/json_member.h"
#include "tap.h"

static struct batch *b;

static void
columns(unsigned n)
{
	batch_reset(b);
	batch_columns(b, n);
}

/* Puts a value into the next row of a column. */
static void
put(unsigned col, unsigned row, struct value v)
{
	column_put(&b->cols[col], b->arena, row, v);
	if (row >= b->n_rows)
		b->n_rows = b->n_sel = row + 1;
}

static const char *
encode(const struct encode_spec *spec)
{
	static struct buf out;
	struct err err = {0};
	struct encoder *e = format_json.encoder_new(spec, &err);

	out.n = 0;
	if (!e)
		return "no encoder";
	format_json.begin(e, &out);
	format_json.encode(e, b, &out);
	format_json.finish(e, &out);
	format_json.encoder_free(e);
	return buf_z(&out);
}

static struct value
json(const char *z)
{
	return value_of_str(T_JSON, str_of(z));
}

static void
test_values(void)
{
	struct out_column cols[] = {{.name = STR("a")}, {.name = STR("b\"c")}};
	struct encode_spec spec = {.cols = cols, .n_cols = 2};
	struct value values[] = {value_int(1), value_int(INT64_MIN),
	    value_float(0.1), value_float(1e21), value_float(3),
	    value_float(-0.0), value_float(__builtin_nan("")),
	    value_float(__builtin_inf()), value_bool(true), value_bool(false),
	    VALUE_NULL, value_text(STR("x\"\n\x01\xc3\xa9\x7f")),
	    value_time(1767225600000000), value_time(1767225600250000),
	    value_duration(90000000), value_of_str(T_BYTES, STR("\xff\x00")),
	    json("{\"k\": [1, 2]}")};
	static const char *const want[] = {"1", "-9223372036854775808", "0.1",
	    "1e+21", "3.0", "-0.0", "null", "null", "true", "false", "null",
	    "\"x\\\"\\n\\u0001\xc3\xa9\x7f\"", "\"2026-01-01T00:00:00Z\"",
	    "\"2026-01-01T00:00:00.250Z\"", "\"1m30s\"", "\"/wA=\"",
	    "{\"k\": [1, 2]}"};
	struct buf line = {0};
	size_t i;

	/* Each in a column of its type, and all in one of any type. */
	for (i = 0; i < sizeof values / sizeof *values; i++) {
		columns(2);
		put(0, 0, values[i]);
		put(1, 0, value_int(7));
		line.n = 0;
		buf_printf(&line, "{\"a\":%s,\"b\\\"c\":7}\n", want[i]);
		same(encode(&spec), buf_z(&line), want[i]);
	}
	columns(1);
	line.n = 0;
	spec.n_cols = 1;
	for (i = 0; i < sizeof values / sizeof *values; i++) {
		put(0, (unsigned)i, values[i]);
		buf_printf(&line, "{\"a\":%s}\n", want[i]);
	}
	same(encode(&spec), buf_z(&line), "a column of any type");
	buf_release(&line);
}

static void
test_nulls(void)
{
	struct out_column cols[] = {{.name = STR("a"), .omit_null = true},
	    {.name = STR("b")}, {.name = STR("c"), .omit_null = true}};
	struct encode_spec spec = {.cols = cols, .n_cols = 3};

	columns(3);
	put(0, 0, VALUE_NULL);
	put(1, 0, VALUE_NULL);
	put(2, 0, VALUE_NULL);
	put(0, 1, value_int(1));
	put(1, 1, value_int(2));
	put(2, 1, value_int(3));
	same(encode(&spec), "{\"b\":null}\n{\"a\":1,\"b\":2,\"c\":3}\n",
	    "NULL is left out where asked for");
	spec.n_cols = 1;
	same(encode(&spec), "{}\n{\"a\":1}\n", "nothing is left");
}

static void
test_selection(void)
{
	struct out_column col = {.name = STR("a")};
	struct encode_spec spec = {.cols = &col, .n_cols = 1};
	uint16_t sel[] = {0, 2};

	columns(1);
	put(0, 0, value_int(0));
	put(0, 1, value_int(1));
	put(0, 2, value_int(2));
	b->sel = sel;
	b->n_sel = 2;
	same(encode(&spec), "{\"a\":0}\n{\"a\":2}\n", "selected rows only");
	b->cols[0] = column_const(b->arena, value_text(STR("x")));
	same(encode(&spec), "{\"a\":\"x\"}\n{\"a\":\"x\"}\n",
	    "a constant column");
}

/* SELECT *, 9 AS b: the record's members around a column of its own. */
static const char *
spread(struct value v)
{
	static struct out_column cols[] = {{.name = STR("a")},
	    {.name = STR("*"), .spread = true}, {.name = STR("b")}};
	struct encode_spec spec = {.cols = cols, .n_cols = 3};

	columns(3);
	put(0, 0, value_int(8));
	put(1, 0, v);
	put(2, 0, value_int(9));
	return encode(&spec);
}

static void
test_spread(void)
{
	struct buf map = {0};

	same(spread(json("{\"x\":1,\"y\":{\"b\":2}}")),
	    "{\"a\":8,\"x\":1,\"y\":{\"b\":2},\"b\":9}\n", "members");
	same(spread(json("{\"a\":1,\"x\":2,\"b\":3}")),
	    "{\"a\":8,\"x\":2,\"b\":9}\n", "those of other columns are not");
	same(spread(json("{\"x\":2,\"\\u0062\":3,\"z\":\"}\"}")),
	    "{\"a\":8,\"x\":2,\"z\":\"}\",\"b\":9}\n", "by name, not bytes");
	same(spread(json("{ \"x\" : [1, {\"a\":2}] , \"y\" : \"\\\"b\" }")),
	    "{\"a\":8,\"x\" : [1, {\"a\":2}] , \"y\" : \"\\\"b\",\"b\":9}\n",
	    "blanks are kept");
	same(spread(json("{}")), "{\"a\":8,\"b\":9}\n", "an empty object");
	same(spread(json("{\"a\":1}")), "{\"a\":8,\"b\":9}\n", "none is left");
	same(spread(VALUE_NULL), "{\"a\":8,\"b\":9}\n", "NULL");
	same(spread(json("[1,2]")), "{\"a\":8,\"*\":[1,2],\"b\":9}\n",
	    "what has no members stands itself");
	same(spread(json("{\"x\":1,oops")), "{\"a\":8,\"x\":1,\"b\":9}\n",
	    "a record that was trusted");
	same(spread(json("{\"x")), "{\"a\":8,\"b\":9}\n", "a piece of one");
	same(spread(json("{\"x\":\"\\")), "{\"a\":8,\"x\":\"\\,\"b\":9}\n",
	    "nothing behind its end is read");
	pack_put_map(&map, 4);
	pack_put_text(&map, STR("x\n"));
	pack_put(&map, value_int(1));
	pack_put_text(&map, STR("b"));
	pack_put(&map, value_int(2));
	pack_put(&map, value_int(3));
	pack_put(&map, value_text(STR("three")));
	pack_put(&map, VALUE_NULL);
	pack_put(&map, VALUE_NULL);
	same(spread(value_of_str(T_MAP, buf_str(&map))),
	    "{\"a\":8,\"x\\n\":1,\"3\":\"three\",\"null\":null,\"b\":9}\n",
	    "a map");
	buf_release(&map);
}

static void
test_raw(void)
{
	struct out_column col = {.name = STR("r")};
	struct encode_spec spec = {.cols = &col, .n_cols = 1, .raw = true};

	columns(1);
	put(0, 0, json("{\"a\": 1}"));
	put(0, 1, json("[ ]"));
	same(encode(&spec), "{\"a\": 1}\n[ ]\n", "records as they were");
}

static void
test_terminal(void)
{
	struct out_column col = {.name = STR("a")};
	struct encode_spec spec = {.cols = &col, .n_cols = 1, .terminal = true};

	columns(1);
	put(0, 0,
	    value_text(STR("\x1b[0m\x7f\xc2\x9b\xe2\x80\xae\xe2\x81\xa6"
			   "\xd8\x9c\xc3\xa9\xe2\x82\xac\xe2\x80\x8b")));
	put(0, 1, json("{\"\xc2\x85\":1,\r\"k\":\t2}"));
	same(encode(&spec),
	    "{\"a\":\"\\u001b[0m\\u007f\\u009b\\u202e\\u2066\\u061c\xc3\xa9"
	    "\xe2\x82\xac\xe2\x80\x8b\"}\n"
	    "{\"a\":{\"\\u0085\":1, \"k\":\t2}}\n",
	    "controls and marks of direction are escaped");
	columns(1);
	put(0, 0, value_text(STR("plain")));
	same(encode(&spec), "{\"a\":\"plain\"}\n", "plain text is not");
}

static void
test_settings(void)
{
	struct setting list[] = {{.name = STR("x"), .value = STR("1")}};
	struct encode_spec spec = {.settings = {.list = list, .n = 1}};
	struct err err = {0};

	ok(!format_json.encoder_new(&spec, &err) && err.code == ERR_SPEC &&
		strstr(err.message, "\"x\""),
	    "a setting that there is not");
	err_release(&err);
}

/* What was written reads back as it was. */
static void
test_there_and_back(void)
{
	struct want wants[1] = {{.as = WANT_VALUE}};
	struct decode_spec in_spec = {
	    .wants = wants, .n_wants = 1, .time = -1, .limits = limits_default};
	struct out_column col = {.name = STR("m"), .spread = true};
	struct encode_spec spec = {.cols = &col, .n_cols = 1};
	static const char text[160] = "{\"a\":1,\"b\":[true,null,-2.5e-7],"
				      "\"c\":{\"d\":\"\\u0001x\"}}\n";
	struct layout layout = {.format = &format_json};
	struct decoder *d = format_json.decoder_new(&layout, &in_spec);

	batch_reset(b);
	format_json.decode(d, text, text + strlen(text), true, b);
	same(encode(&spec), text, "there and back");
	format_json.decoder_free(d);
}

int
main(void)
{
	simd_init();
	b = batch_new();
	test_values();
	test_nulls();
	test_selection();
	test_spread();
	test_raw();
	test_terminal();
	test_settings();
	test_there_and_back();
	batch_free(b);
	return tap_done();
}

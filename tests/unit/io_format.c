/* SPDX-License-Identifier: MIT */
/*
 * How a format is found (by name, file name, first bytes), how JSON begins
 * and is framed, and cells.
 */
#include "base/simd.h"
#include "data/column.h"
#include "io/io.h"
#include "tap.h"

static const char *
name_of(const struct format *f)
{
	return f ? f->name : "none";
}

static void
test_table(void)
{
	bool sorted = true, whole = true;
	unsigned i;

	for (i = 0; i < n_formats; i++) {
		const struct format *f = formats[i];

		sorted &= !i || strcmp(formats[i - 1]->name, f->name) < 0;
		whole &=
		    f->doc && f->about && f->extensions && f->example &&
		    (f->decode || f->encode) && !f->decode == !f->decoder_new &&
		    !f->decode == !f->start && !f->encode == !f->encoder_new;
	}
	ok(n_formats && sorted, "the table is sorted");
	ok(whole, "every row is whole");
	same(name_of(format_find(STR("json"))), "json", "by name");
	same(name_of(format_find(STR("jso"))), "none", "the whole name");
}

static void
test_file_names(void)
{
	same(name_of(format_of_name(STR("a.json"))), "json", "a.json");
	same(name_of(format_of_name(STR("a.jsonl"))), "json", "a.jsonl");
	same(name_of(format_of_name(STR("/x.d/a.NDJSON"))), "json", "case");
	same(name_of(format_of_name(STR("a.json.gz"))), "json", "compressed");
	same(name_of(format_of_name(STR("a.json.zst"))), "json", "compressed");
	same(name_of(format_of_name(STR("a.gz"))), "none", "only compressed");
	same(name_of(format_of_name(STR("json"))), "none", "no dot");
	same(name_of(format_of_name(STR(".json"))), "none", "a hidden file");
	same(name_of(format_of_name(STR("x.json/a"))), "none", "a directory");
	same(name_of(format_of_name(STR("a."))), "none", "nothing behind it");
	same(name_of(format_of_name(STR(""))), "none", "nothing");
}

static void
test_parse(void)
{
	struct settings settings = {0};
	struct where where = {0};
	struct err err = {0};

	same(name_of(format_parse(STR("json"), where, false, &settings, &err)),
	    "json", "json");
	ok(!format_parse(STR("jsom"), where, true, &settings, &err) &&
		err.code == ERR_USAGE && err.hint && strstr(err.hint, "json"),
	    "a name that is near");
	ok(!format_parse(STR("zeek:x"), where, false, &settings, &err) &&
		strstr(err.message, "colon"),
	    "zeek takes no argument");
	err_release(&err);
}

static int
guess(const char *z)
{
	return format_find(STR("json"))->guess(str_of(z), false);
}

static void
test_guess(void)
{
	ok(guess("{\"a\":1}\n") == 90, "an object");
	ok(guess("\xef\xbb\xbf \n {}\n") == 90, "behind a mark and blanks");
	ok(guess("[{\"a\":1}]\n") == 90, "an array");
	ok(guess("[\"x\"]\n") == 90, "of texts");
	ok(guess("{ \"a\"") == 90, "with a blank");
	ok(guess("[error] x\n") == 0, "a log with brackets");
	ok(guess("[2026-03-01] x\n") == 0, "and with times in them");
	ok(guess("{x}\n") == 0, "braces");
	ok(guess("a,b\n") == 0 && guess("") == 0, "others");
	ok(guess("{\n") == (50 | GUESS_UNSURE) &&
		guess(" [") == (50 | GUESS_UNSURE),
	    "a document's first line");
	same(
	    name_of(format_guess(STR("{\"a\":1}\n"), true)), "json", "guessed");
}

/* How JSON begins; returns the bytes used, -1 more, -2 an error. */
static int
begin(struct str head, bool eof)
{
	const struct format *f = format_find(STR("json"));
	struct settings settings = {0};
	struct layout *layout = NULL;
	struct arena a;
	struct err err = {0};
	size_t used = 99;
	enum start_status status;

	arena_init(&a, 1024);
	status = f->start(
	    head, eof, &settings, &limits_default, &a, &layout, &used, &err);
	if (status == START_OK && layout->format != f)
		used = 98;
	arena_release(&a);
	err_release(&err);
	return status == START_OK ? (int)used : status == START_MORE ? -1 : -2;
}

static void
test_begin(void)
{
	const struct format *f = format_find(STR("json"));

	ok(begin(STR("{}\n"), false) == 0, "no mark");
	ok(begin(STR("\xef\xbb\xbf{}"), true) == 3, "a byte order mark");
	ok(begin(STR("\xef\xbb"), false) == -1, "a piece of one");
	ok(begin(STR("\xef\xbb"), true) == 0, "and no more");
	ok(begin(STR(""), true) == 0, "nothing");
	ok(begin(STR("\xff\xfe{\0"), false) == -2, "UTF-16");
	ok(f->frame(NULL, "a\nb\nc", 5) == 4, "whole lines");
	ok(f->frame(NULL, "abc", 3) == 0 && f->frame(NULL, "", 0) == 0, "none");
}

/* ---- cells ---- */

static struct batch *b;

static const char *
shown(struct value v)
{
	static struct buf out;

	out.n = 0;
	buf_printf(&out, "%s ", type_name(v.type));
	value_json(&out, v);
	return buf_z(&out);
}

static void
test_cell_guess(void)
{
	static const struct {
		const char *text, *value;
	} cases[] = {
	    {"", "null null"},
	    {"1", "bigint 1"},
	    {"-5", "bigint -5"},
	    {"1.50", "double 1.5"},
	    {"1e3", "double 1000.0"},
	    {"1e999", "text \"1e999\""},
	    {"007", "text \"007\""},
	    {"+1", "text \"+1\""},
	    {" 1", "text \" 1\""},
	    {"9223372036854775808", "decimal 9223372036854775808"},
	    {"true", "boolean true"},
	    {"false", "boolean false"},
	    {"True", "text \"True\""},
	    {"null", "text \"null\""},
	    {"x", "text \"x\""},
	};
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++)
		same(shown(cell_guess(b->arena, str_of(cases[i].text), false)),
		    cases[i].value, cases[i].text);
	same(shown(cell_guess(b->arena, STR("1"), true)), "text \"1\"",
	    "in quotes");
	same(shown(cell_guess(b->arena, STR(""), true)), "text \"\"",
	    "empty in quotes");
}

/* A cell of one want, as its column then has it, or the reason. */
static const char *
cell(struct want want, const char *text, bool quoted, int time)
{
	struct decode_spec spec = {.wants = &want, .n_wants = 1, .time = time};
	struct when_cache cache = {0};
	int64_t times[1] = {-1};
	const char *reason;

	batch_reset(b);
	batch_columns(b, 1);
	b->time = times;
	if (text)
		reason = cell_put(&spec, 0, &cache, b, 0, str_of(text), quoted);
	else
		reason = cell_missing(&spec, 0, b, 0);
	if (reason)
		return reason;
	return shown(
	    time < 0 ? column_get(&b->cols[0], 0) : value_time(times[0]));
}

static void
test_cells(void)
{
	struct want value = {.as = WANT_VALUE}, raw = {.as = WANT_RAW};
	struct want time = {.as = WANT_TIME};
	struct want typed = {.as = WANT_TYPE, .type = T_INT};
	struct want text = {.as = WANT_TYPE, .type = T_TEXT};
	const char *noon = "2026-03-01T12:00:00Z";

	same(cell(value, "12", false, -1), "bigint 12", "by content");
	same(cell(value, "12", true, -1), "text \"12\"", "quoted");
	same(cell(value, "", false, -1), "null null", "empty");
	same(cell(value, NULL, false, -1), "null null", "missing");
	same(cell(raw, "12", false, -1), "text \"12\"", "raw");
	same(cell(raw, "", false, -1), "text \"\"", "raw and empty");
	same(cell(typed, "12", true, -1), "bigint 12", "declared");
	same(cell(typed, "", false, -1), "null null", "declared and empty");
	same(cell(typed, "x", false, -1),
	    "a field is not an integer, or out of range", "does not fit");
	same(cell(text, "007", false, -1), "text \"007\"", "declared as text");
	same(cell(time, noon, false, -1), "timestamp \"2026-03-01T12:00:00Z\"",
	    "a time");
	same(cell(time, noon, false, 0), "timestamp \"2026-03-01T12:00:00Z\"",
	    "event time");
	same(cell(time, "x", false, -1), "the time is not readable", "no time");
	same(cell(time, "", false, -1), "the time is missing", "empty");
	same(cell(time, NULL, false, 0), "the time is missing", "missing");
	time.optional = true;
	same(cell(time, "x", false, -1), "null null", "an optional time");
	same(cell(time, "x", false, 0), "the time is not readable",
	    "event time never is");
}

/* A row that was given up leaves no NULL behind. */
static void
test_given_up(void)
{
	struct want want = {.as = WANT_VALUE};
	struct decode_spec spec = {.wants = &want, .n_wants = 1, .time = -1};
	struct when_cache cache = {0};

	batch_reset(b);
	batch_columns(b, 1);
	cell_put(&spec, 0, &cache, b, 0, STR("1"), false);
	cell_missing(&spec, 0, b, 1);
	cell_put(&spec, 0, &cache, b, 1, STR("2"), false);
	same(shown(column_get(&b->cols[0], 1)), "bigint 2",
	    "a row that is written again");
}

int
main(void)
{
	simd_init();
	b = batch_new();
	test_table();
	test_file_names();
	test_parse();
	test_guess();
	test_begin();
	test_cell_guess();
	test_cells();
	test_given_up();
	batch_free(b);
	return tap_done();
}

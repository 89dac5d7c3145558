/* SPDX-License-Identifier: MIT */
/*
 * Functions that read a text as a record of some input format. The format is
 * found when the query is bound, with mistakes shown at their place; a thread
 * keeps its decoder in its evaluation.
 */
#include "data/pack.h"
#include "expr/fn_part.h"
#include "io/io.h"

/* A format for texts; what it yields is the whole record. */
struct reader {
	const struct layout *layout;
	struct want whole;
	bool lenient; /* no match is NULL */
};

static void *
parser_new(const void *key)
{
	const struct reader *r = key;

	return record_parser_new(r->layout, &r->whole, 1);
}

static void
parser_free(void *object)
{
	record_parser_free(object);
}

static struct where
place(const struct where *at, unsigned i)
{
	return at ? at[i] : (struct where){0};
}

/*
 * A constant as it stands in the query, so that mistakes in it can be shown at
 * their place; one with doubled quotes stays as it is.
 */
static struct str
as_written(struct str text, struct where at)
{
	struct str all;

	if (!at.src || at.len != text.n + 2)
		return text;
	all = (struct str){at.src->text.p + at.at + 1, text.n};
	return str_eq(all, text) ? all : text;
}

static int
read_format(struct str format, const struct setting *list, unsigned n,
    struct where at, struct arena *arena, struct reader **out, struct err *err)
{
	struct settings settings = {.list = list, .n = n};
	const struct format *f;

	*out = arena_zalloc(arena, sizeof **out);
	f = format_parse(format, at, false, &settings, err);
	if (!f)
		return -1;
	(*out)->layout = record_layout(f, &settings, arena, err);
	if ((*out)->layout)
		return 0;
	if (!err->where.src) {
		err->where = at;
		err->code = at.src ? ERR_SPEC : err->code;
	}
	return -1;
}

FN_ROW(reader_row)
{
	const struct reader *r = f->prepared;
	struct record_parser *p =
	    eval_keep(f->eval, r, parser_new, parser_free);
	const char *why =
	    record_parse(p, value_str(args[0]), f->eval->arena, out);

	if (!why)
		return;
	*out = VALUE_NULL;
	if (!r->lenient || strcmp(why, NO_MATCH_REASON) != 0)
		fn_fail(f, why);
}

/* ---- by name ---- */

FN_PREPARE(parse_record_prepare)
{
	struct reader *r;
	struct str format;

	(void)n;
	if (fn_constant(args, at, 1, "format", err))
		return -1;
	format = as_written(value_str(args[1]), place(at, 1));
	if (read_format(format, NULL, 0, place(at, 1), arena, &r, err))
		return -1;
	*prepared = r;
	return 0;
}

FN_PREPARE(grok_prepare)
{
	struct setting pattern = {
	    .name = STR("pattern"), .where = place(at, 1)};
	struct reader *r;

	(void)n;
	if (fn_constant(args, at, 1, "pattern", err))
		return -1;
	pattern.value = as_written(value_str(args[1]), place(at, 1));
	if (read_format(STR("grok"), &pattern, 1, place(at, 1), arena, &r, err))
		return -1;
	r->lenient = true;
	*prepared = r;
	return 0;
}

static int
prepare_fixed(const char *format, const struct where *at, struct arena *arena,
    const void **prepared, struct err *err)
{
	struct reader *r;

	if (read_format(str_of(format), NULL, 0, place(at, 0), arena, &r, err))
		return -1;
	*prepared = r;
	return 0;
}

FN_PREPARE(logfmt_prepare)
{
	(void)args;
	(void)n;
	return prepare_fixed("logfmt", at, arena, prepared, err);
}

FN_PREPARE(syslog_prepare)
{
	(void)args;
	(void)n;
	return prepare_fixed("syslog", at, arena, prepared, err);
}

FN_PREPARE(kv_prepare)
{
	struct setting list[] = {
	    {.name = STR("pair")}, {.name = STR("assign")}};
	struct reader *r;

	(void)n;
	for (unsigned i = 0; i < 2; i++) {
		if (fn_constant(args, at, i + 1, "separator", err))
			return -1;
		list[i].value = value_str(args[i + 1]);
		list[i].where = place(at, i + 1);
	}
	if (read_format(STR("kv"), list, 2, place(at, 0), arena, &r, err))
		return -1;
	*prepared = r;
	return 0;
}

/* ---- CSV ---- */

FN_PREPARE(csv_prepare)
{
	struct str sep;

	(void)n;
	(void)arena;
	*prepared = NULL;
	if (fn_constant(args, at, 1, "delimiter", err))
		return -1;
	sep = value_str(args[1]);
	if (sep.n == 1 && sep.p[0] > 0 && sep.p[0] != '"' && sep.p[0] != '\n' &&
	    sep.p[0] != '\r')
		return 0;
	return err_set(err, ERR_SPEC, place(at, 1),
	    "the delimiter must be one ASCII character, and no quote");
}

/* A field in quotes at *p: its text without them; false if it has no end. */
static bool
quoted_field(
    struct fn_frame *f, const char **p, const char *end, struct str *field)
{
	struct growing g = {.f = f};
	struct value v;

	for (++*p; *p < end; ++*p) {
		if (**p == '"') {
			if (++*p == end || **p != '"')
				break;
		}
		growing_addc(&g, **p);
	}
	if ((*p)[-1] != '"' || g.over)
		return false;
	growing_done(&g, &v);
	*field = value_str(v);
	return true;
}

static bool
csv_field(struct fn_frame *f, const char **p, const char *end, char sep,
    struct buf *list)
{
	const char *from = *p;
	struct str field;
	bool quoted = *p < end && **p == '"';

	if (quoted) {
		if (!quoted_field(f, p, end, &field) ||
		    (*p < end && **p != sep))
			return false;
	} else {
		while (*p < end && **p != sep)
			++*p;
		field = (struct str){from, (size_t)(*p - from)};
	}
	pack_put(list, cell_guess(f->eval->arena, field, quoted));
	return true;
}

FN_ROW(parse_csv_row)
{
	struct str s = value_str(args[0]);
	const char *p = s.p, *end = s.p + s.n;
	char sep = value_str(args[1]).p[0];
	struct buf items = {0}, list = {0};
	uint32_t n_items = 0;
	bool good = true;

	while (end > p && (end[-1] == '\n' || end[-1] == '\r'))
		end--;
	while (good) {
		good = csv_field(f, &p, end, sep, &items);
		n_items++;
		if (p == end)
			break;
		p++;
	}
	*out = VALUE_NULL;
	if (good) {
		pack_put_array(&list, n_items);
		buf_adds(&list, buf_str(&items));
		*out = value_of_str(
		    T_LIST, arena_str(f->eval->arena, buf_str(&list)));
	} else {
		fn_fail(f, "a quoted field does not end");
	}
	buf_release(&items);
	buf_release(&list);
}

/* ---- the rows ---- */

/* clang-format off */
const struct fn fn_parse_rows[] = {
	{.name = "grok", .aliases = "", .family = "text",
	 .signature = "text, text -> map",
	 .doc = "Map of the fields that a grok pattern finds in the text; NULL "
		"if it does not match.",
	 .example = "grok('GET /a 12', '%{WORD:verb} %{NOTSPACE:path} "
		    "%{INT:ms:int}')",
	 .result = "{\"verb\":\"GET\",\"path\":\"/a\",\"ms\":12}",
	 .prepare = grok_prepare, .row = reader_row},
	{.name = "parse_csv", .aliases = "", .family = "text",
	 .signature = "text, text = ',' -> list",
	 .doc = "List of the fields of a line of CSV; numbers, booleans or "
		"texts by what they look like, texts if they are in quotes.",
	 .example = "parse_csv('1,\"x, y\",,true')",
	 .result = "[1,\"x, y\",null,true]",
	 .prepare = csv_prepare, .row = parse_csv_row},
	{.name = "parse_kv", .aliases = "", .family = "text",
	 .signature = "text, text = ' ', text = '=' -> map",
	 .doc = "Map of the pairs in the text; the second text stands between "
		"pairs, the third between name and value.",
	 .example = "parse_kv('a:1|b:x', '|', ':')",
	 .result = "{\"a\":1,\"b\":\"x\"}",
	 .prepare = kv_prepare, .row = reader_row},
	{.name = "parse_logfmt", .aliases = "", .family = "text",
	 .signature = "text -> map",
	 .doc = "Map of the pairs in a text of the format logfmt.",
	 .example = "parse_logfmt('level=info took=12 msg=\"all is well\"')",
	 .result = "{\"level\":\"info\",\"took\":12,\"msg\":\"all is well\"}",
	 .prepare = logfmt_prepare, .row = reader_row},
	{.name = "parse_record", .aliases = "", .family = "text",
	 .signature = "text, text -> any",
	 .doc = "The text as a record of a format, NAME or NAME:ARG, as a map; "
		"a text that is none makes the row bad.",
	 .example = "parse_record('x 7', 'regex:(?<k>\\w) (?<n>\\d)')",
	 .result = "{\"k\":\"x\",\"n\":7}",
	 .prepare = parse_record_prepare, .row = reader_row},
	{.name = "parse_syslog", .aliases = "", .family = "text",
	 .signature = "text -> map",
	 .doc = "Map of the fields of a message of syslog (RFC 5424 or 3164).",
	 .example = "parse_syslog('<34>1 2026-03-28T22:00:01Z web su 77 - - "
		    "x')",
	 .result = "{\"ts\":\"2026-03-28T22:00:01Z\",\"host\":\"web\","
		   "\"app\":\"su\",\"pid\":77,\"facility\":\"auth\","
		   "\"severity\":\"crit\","
		   "\"message\":\"x\"}",
	 .prepare = syslog_prepare, .row = reader_row},
};
/* clang-format on */
const unsigned fn_parse_n = sizeof fn_parse_rows / sizeof *fn_parse_rows;

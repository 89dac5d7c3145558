/* SPDX-License-Identifier: MIT */
/*
 * Functions that make JSON text, and that look at it as a whole. Objects and
 * lists are written as to_json() writes them, objects in the order of their
 * keys' arguments.
 */
#include "data/pack.h"
#include "expr/fn_items.h"
#include "expr/mapping.h"

/* ---- making ---- */

static void
give_text(struct fn_frame *f, struct buf *b, struct value *out)
{
	if (b->n > FN_TEXT_MAX) {
		fn_fail(f, "text too long");
		*out = VALUE_NULL;
	} else {
		*out = value_text(arena_str(f->eval->arena, buf_str(b)));
	}
	buf_release(b);
}

static void
object(struct fn_frame *f, const struct value *args, unsigned n, bool nulls,
    struct value *out)
{
	struct mapping m = mapping_start(f->eval->arena, n / 2);
	struct buf b = {0};

	*out = VALUE_NULL;
	if (n % 2) {
		fn_fail(f, "a key without a value");
		return;
	}
	for (unsigned i = 0; i < n; i += 2) {
		if (args[i].type == T_NULL) {
			fn_fail(f, "a key is NULL");
			return;
		}
		if (args[i + 1].type != T_NULL || nulls)
			mapping_put(
			    &m, value_text(fn_print(f, args[i])), args[i + 1]);
	}
	mapping_settle(&m);
	buf_addc(&b, '{');
	for (unsigned i = 0; i < m.n; i++) {
		if (i)
			buf_addc(&b, ',');
		value_json(&b, m.kv[2 * i]);
		buf_addc(&b, ':');
		value_json(&b, m.kv[2 * i + 1]);
	}
	buf_addc(&b, '}');
	give_text(f, &b, out);
}

FN_ROW(json_object_row)
{
	object(f, args, n, true, out);
}

FN_ROW(json_object_absent_row)
{
	object(f, args, n, false, out);
}

static void
array(struct fn_frame *f, const struct value *args, unsigned n, bool nulls,
    struct value *out)
{
	struct buf b = {0};

	buf_addc(&b, '[');
	for (unsigned i = 0; i < n; i++) {
		if (args[i].type == T_NULL && !nulls)
			continue;
		if (b.n > 1)
			buf_addc(&b, ',');
		value_json(&b, args[i]);
	}
	buf_addc(&b, ']');
	give_text(f, &b, out);
}

FN_ROW(json_array_row)
{
	array(f, args, n, false, out);
}

FN_ROW(json_array_null_row)
{
	array(f, args, n, true, out);
}

FN_ROW(json_quote_row)
{
	struct buf b = {0};

	json_put_text(&b, value_str(args[0]));
	give_text(f, &b, out);
}

FN_ROW(json_unquote_row)
{
	struct str s = value_str(args[0]);
	struct value v;

	*out = args[0];
	if (s.n > 1 && *s.p == '"' && s.p[s.n - 1] == '"' &&
	    pack_parse_json(s, f->eval->arena, &v) && v.type == T_TEXT)
		*out = v;
}

/* ---- looking ---- */

static bool
parsed(struct fn_frame *f, struct value v, struct value *out)
{
	if (v.type == T_JSON)
		*out = pack_of_json(value_str(v), f->eval->arena);
	else if (v.type != T_TEXT)
		*out = v;
	else
		return pack_parse_json(value_str(v), f->eval->arena, out);
	return true;
}

FN_ROW(json_type_row)
{
	const char *name = "string";
	struct value v;

	*out = VALUE_NULL;
	if (!parsed(f, args[0], &v))
		return;
	if (v.type == T_MAP)
		name = "object";
	else if (v.type == T_LIST)
		name = "array";
	else if (v.type == T_BOOL)
		name = "boolean";
	else if (v.type == T_NULL)
		name = "null";
	else if (type_is_number((enum type)v.type))
		name = "number";
	*out = value_text(str_of(name));
}

FN_ROW(json_length_row)
{
	struct value v;

	*out = VALUE_NULL;
	if (parsed(f, args[0], &v))
		*out = value_int(v.type == T_LIST || v.type == T_MAP
				     ? (int64_t)pack_count(v)
				     : 1);
}

FN_ROW(json_keys_row)
{
	struct making m = {0};
	struct value v, k;
	struct items it;

	*out = VALUE_NULL;
	if (!parsed(f, args[0], &v) || v.type != T_MAP)
		return;
	it = items_of(f, v);
	while (items_next(&it, &k)) {
		making_add(&m, k);
		items_next(&it, &v);
	}
	making_done(f, &m, out);
}

/* ---- merging ---- */

#define MERGE_DEPTH_MAX 64

static void merge(struct fn_frame *f, struct value v, struct value patch,
    unsigned depth, struct buf *out);

/* The patch's value of a key; false if it has none. */
static bool
patched(
    struct fn_frame *f, struct value patch, struct value key, struct value *out)
{
	return key.type == T_TEXT &&
	       pack_map_find(patch, value_str(key), f->eval->arena, out);
}

static void
merge_maps(struct fn_frame *f, struct value v, struct value patch,
    unsigned depth, struct buf *out)
{
	struct value none = value_of_str(T_MAP, STR("\x80")), k, x, p;
	struct items it = items_of(f, v);
	struct buf b = {0};
	uint32_t count = 0;

	while (items_next(&it, &k) && items_next(&it, &x)) {
		bool there = patched(f, patch, k, &p);

		if (there && p.type == T_NULL)
			continue;
		pack_put(&b, k);
		if (there)
			merge(f, x, p, depth, &b);
		else
			pack_put(&b, x);
		count++;
	}
	it = items_of(f, patch);
	while (items_next(&it, &k) && items_next(&it, &p)) {
		if (p.type == T_NULL || patched(f, v, k, &x))
			continue;
		pack_put(&b, k);
		merge(f, none, p, depth, &b);
		count++;
	}
	pack_put_map(out, count);
	buf_adds(out, buf_str(&b));
	buf_release(&b);
}

/* RFC 7396. Beyond a depth the patch replaces what was there. */
static void
merge(struct fn_frame *f, struct value v, struct value patch, unsigned depth,
    struct buf *out)
{
	if (patch.type != T_MAP || depth == MERGE_DEPTH_MAX)
		pack_put(out, patch);
	else
		merge_maps(f,
		    v.type == T_MAP ? v : value_of_str(T_MAP, STR("\x80")),
		    patch, depth + 1, out);
}

FN_ROW(json_merge_row)
{
	struct buf packed = {0}, text = {0};
	struct value v, patch;
	const char *p;

	*out = VALUE_NULL;
	if (!parsed(f, args[0], &v) || !parsed(f, args[1], &patch))
		return;
	merge(f, v, patch, 0, &packed);
	p = packed.p;
	pack_get(&p, packed.p + packed.n, f->eval->arena, &v);
	value_json(&text, v);
	give_text(f, &text, out);
	buf_release(&packed);
}

/* ---- giving up a row ---- */

FN_ROW(error_row)
{
	*out = VALUE_NULL;
	fn_fail(f, arena_strdup(f->eval->arena,
		       arena_str(f->eval->arena, value_str(args[0])).p));
}

/* clang-format off */
#define JSON .family = "json", .aliases = ""

const struct fn fn_json_make_rows[] = {
	{.name = "error", .family = "logic", .aliases = "",
	 .signature = "text -> any",
	 .doc = "Makes the row bad, with a reason: for CASE and COALESCE.",
	 .example = "CASE WHEN 1 > 2 THEN error('no') ELSE 1 END",
	 .result = "1",
	 .flink = NULL, .flags = FN_VOLATILE, .row = error_row},
	{.name = "json_array", JSON, .signature = "any ... = NULL -> text",
	 .doc = "A JSON list of the arguments that are not NULL. Also written "
		"JSON_ARRAY(a, b NULL ON NULL), which keeps them.",
	 .example = "json_array(1, 'a', NULL)", .result = "[1,\"a\"]",
	 .flink = "JSON_ARRAY", .flags = FN_NULLS, .row = json_array_row},
	{.name = "json_array_null", JSON, .signature = "any ... = NULL -> text",
	 .doc = "A JSON list of the arguments: JSON_ARRAY(… NULL ON NULL).",
	 .example = "json_array_null(1, NULL)", .result = "[1,null]",
	 .flink = "JSON_ARRAY", .flags = FN_NULLS,
	 .row = json_array_null_row},
	{.name = "json_keys", JSON, .signature = "any -> list",
	 .doc = "List of the keys of a JSON object; NULL if it is none.",
	 .example = "json_keys('{\"a\":1,\"b\":2}')",
	 .result = "[\"a\",\"b\"]",
	 .flink = NULL, .row = json_keys_row},
	{.name = "json_length", .family = "json",
	 .aliases = "json_array_length", .signature = "any -> bigint",
	 .doc = "Number of items of a JSON list or object, 1 of other values; "
		"NULL if it is not JSON.",
	 .example = "json_length('[1,[2,3]]')", .result = "2",
	 .flink = NULL, .row = json_length_row},
	{.name = "json_merge", .family = "json",
	 .aliases = "json_merge_patch", .signature = "any, any -> text",
	 .doc = "A JSON value changed by a merge patch (RFC 7396): keys are "
		"replaced, those that are null there go.",
	 .example = "json_merge('{\"a\":1,\"b\":2}', '{\"b\":null,\"c\":3}')",
	 .result = "{\"a\":1,\"c\":3}",
	 .flink = NULL, .row = json_merge_row},
	{.name = "json_object", JSON, .signature = "any ... = NULL -> text",
	 .doc = "A JSON object of keys and values in turn; of equal keys the "
		"last one's value. Also written JSON_OBJECT(KEY 'a' VALUE 1, "
		"'b' VALUE 2 ABSENT ON NULL).",
	 .example = "json_object('a', 1, 'b', NULL)",
	 .result = "{\"a\":1,\"b\":null}",
	 .flink = "JSON_OBJECT", .flags = FN_NULLS, .row = json_object_row},
	{.name = "json_object_absent", JSON,
	 .signature = "any ... = NULL -> text",
	 .doc = "A JSON object without the keys whose value is NULL: "
		"JSON_OBJECT(… ABSENT ON NULL).",
	 .example = "json_object_absent('a', 1, 'b', NULL)",
	 .result = "{\"a\":1}",
	 .flink = "JSON_OBJECT", .flags = FN_NULLS,
	 .row = json_object_absent_row},
	{.name = "json_quote", JSON, .signature = "text -> text",
	 .doc = "Text as a JSON string, with its quotes.",
	 .example = "json_quote('a\"b')", .result = "\"a\\\"b\"",
	 .flink = "JSON_QUOTE", .row = json_quote_row},
	{.name = "json_type", JSON, .signature = "any -> text",
	 .doc = "object, array, string, number, boolean or null: what JSON "
		"text is; NULL if it is not JSON.",
	 .example = "json_type('[1]')", .result = "array",
	 .flink = NULL, .row = json_type_row},
	{.name = "json_unquote", JSON, .signature = "text -> text",
	 .doc = "The text of a JSON string; other text as it is.",
	 .example = "json_unquote('\"a\\u0062\"')", .result = "ab",
	 .flink = "JSON_UNQUOTE", .row = json_unquote_row},
};
/* clang-format on */
const unsigned fn_json_make_n =
    sizeof fn_json_make_rows / sizeof *fn_json_make_rows;

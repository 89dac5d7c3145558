/* SPDX-License-Identifier: MIT */
/*
 * Aggregates of SQL/JSON: array_agg() and map_agg() whose result is JSON text.
 * Of no rows it is an empty list or object, not NULL. What is done with NULLs
 * is part of the name; the grammar knows SQL's way to say it.
 */
#include "expr/agg_part.h"

static int
text_bind(struct agg_call *call, struct err *err)
{
	(void)err;
	call->type = T_TEXT;
	return 0;
}

static struct value
as_json(struct value v, const char *empty, struct arena *out)
{
	struct buf text = {0};
	struct str s;

	if (v.type == T_NULL)
		return value_text(str_of(empty));
	value_json(&text, v);
	s = arena_str(out, buf_str(&text));
	buf_release(&text);
	return value_text(s);
}

static struct value
json_list(const struct agg_call *call, const void *acc, struct arena *out)
{
	return as_json(array_value(call, acc, out), "[]", out);
}

static struct value
json_map(const struct agg_call *call, const void *acc, struct arena *out)
{
	return as_json(map_value(call, acc, out), "{}", out);
}

#define LIST_PARTS                                                             \
	.aliases = "", .signature = "any -> text", .args_min = 1,              \
	.nothing = {.p = "[]", .len = 2, .type = T_TEXT}, .args_max = 1,       \
	.bind = text_bind, .size = grown_size, .add = array_add,               \
	.merge = array_merge, .parts = AGG_PARTS_EXACT, .grows = true,         \
	.value = json_list, .save = grown_save, .load = array_load

const struct agg agg_json_arrayagg = {
    .name = "json_arrayagg",
    .doc = "JSON list of the values that are not NULL, in order of arrival or "
	   "of ORDER BY inside. Also written json_arrayagg(x NULL ON NULL), "
	   "which keeps them.",
    .example = "json_arrayagg(x) of 'a', NULL, 1",
    .result = "[\"a\",1]",
    .flink = "JSON_ARRAYAGG",
    LIST_PARTS,
};

const struct agg agg_json_arrayagg_null = {
    .name = "json_arrayagg_null",
    .doc = "JSON list of the values, also of those that are NULL: "
	   "json_arrayagg(x NULL ON NULL).",
    .example = "json_arrayagg_null(x) of 'a', NULL, 1",
    .result = "[\"a\",null,1]",
    .flink = "JSON_ARRAYAGG",
    .nulls = AGG_NULLS_KEEP,
    LIST_PARTS,
};

const struct agg agg_json_objectagg = {
    .name = "json_objectagg",
    .nothing = {.p = "{}", .len = 2, .type = T_TEXT},
    .aliases = "",
    .signature = "any, any -> text",
    .doc = "JSON object of the first argument's values as keys, in their "
	   "order, to the second's; of equal keys the last to arrive counts. "
	   "Also written json_objectagg(KEY k VALUE v ABSENT ON NULL), which "
	   "leaves out values that are NULL.",
    .example = "json_objectagg(k, v) of ('b', 1), ('a', NULL)",
    .result = "{\"a\":null,\"b\":1}",
    .flink = "JSON_OBJECTAGG",
    .args_min = 2,
    .args_max = 2,
    .nulls = AGG_NULLS_OTHERS,
    .bind = text_bind,
    .size = grown_size,
    .add = map_add,
    .merge = map_merge,
    .parts = AGG_PARTS_EXACT,
    .grows = true,
    .value = json_map,
    .save = grown_save,
    .load = map_load,
};

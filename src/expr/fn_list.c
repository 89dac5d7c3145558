/* SPDX-License-Identifier: MIT */
/*
 * Functions of lists and maps, which are msgpack: items are read one after
 * another and results packed anew. Places in lists count from 1.
 */
#include <stdlib.h>

#include "expr/fn_items.h"

/* ---- looking ---- */

FN_ROW(cardinality_row)
{
	struct value v = args[0];

	*out = VALUE_NULL;
	if (v.type == T_LIST || v.type == T_MAP)
		*out = value_int(pack_count(v));
	else
		fn_fail(f, "neither a list nor a map");
}

/* Place of a value from 1, 0 if it is not there. */
static int64_t
find(struct fn_frame *f, struct value list, struct value want)
{
	struct items it = items_of(f, list);
	struct value v;

	for (int64_t i = 1; items_next(&it, &v); i++)
		if (value_eq(v, want))
			return i;
	return 0;
}

FN_ROW(array_contains_row)
{
	*out = args[0].type == T_NULL
		   ? VALUE_NULL
		   : value_bool(find(f, args[0], args[1]) > 0);
}

FN_ROW(array_position_row)
{
	*out = value_int(find(f, args[0], args[1]));
}

FN_ROW(element_row)
{
	struct items it = items_of(f, args[0]);

	*out = VALUE_NULL;
	if (it.left > 1)
		fn_fail(f, "the list has more than one element");
	else
		items_next(&it, out);
}

static void
extreme(struct fn_frame *f, struct value list, bool max, struct value *out)
{
	struct items it = items_of(f, list);
	struct value v;

	*out = VALUE_NULL;
	while (items_next(&it, &v))
		if (v.type != T_NULL &&
		    (out->type == T_NULL || (max ? value_cmp(v, *out) > 0
						 : value_cmp(v, *out) < 0)))
			*out = v;
}

FN_ROW(array_max_row)
{
	extreme(f, args[0], true, out);
}

FN_ROW(array_min_row)
{
	extreme(f, args[0], false, out);
}

/* ---- making lists ---- */

FN_ROW(array_append_row)
{
	struct items it = items_of(f, args[0]);
	struct making m = {0};
	struct value v;

	if (args[0].type == T_NULL) {
		*out = VALUE_NULL;
		return;
	}
	while (items_next(&it, &v))
		making_add(&m, v);
	making_add(&m, args[1]);
	making_done(f, &m, out);
}

FN_ROW(array_concat_row)
{
	struct making m = {0};
	struct value v;

	for (unsigned i = 0; i < n; i++) {
		struct items it = items_of(f, args[i]);

		while (items_next(&it, &v))
			making_add(&m, v);
	}
	making_done(f, &m, out);
}

FN_ROW(array_reverse_row)
{
	struct making m = {0};
	uint32_t left;
	struct value *v = items_all(f, args[0], &left);

	while (left)
		making_add(&m, v[--left]);
	making_done(f, &m, out);
}

/* Marks all but the first of equal items as taken. */
static void
mark_repeated(
    struct fn_frame *f, const struct value *v, uint32_t n, bool *again)
{
	const struct value **sorted =
	    arena_array(f->eval->arena, n, sizeof *sorted);

	for (uint32_t i = 0; i < n; i++)
		sorted[i] = &v[i];
	qsort(sorted, n, sizeof *sorted, items_by_value);
	for (uint32_t i = 1; i < n; i++)
		again[sorted[i] - v] = value_eq(*sorted[i], *sorted[i - 1]);
}

FN_ROW(array_distinct_row)
{
	struct making m = {0};
	uint32_t count;
	struct value *v = items_all(f, args[0], &count);
	bool *again = arena_zalloc(f->eval->arena, count + 1);

	mark_repeated(f, v, count, again);
	for (uint32_t i = 0; i < count; i++)
		if (!again[i])
			making_add(&m, v[i]);
	making_done(f, &m, out);
}

FN_ROW(array_sort_row)
{
	struct making m = {0};
	uint32_t count;
	struct value *v = items_all(f, args[0], &count);
	const struct value **sorted =
	    arena_array(f->eval->arena, count, sizeof *sorted);

	for (uint32_t i = 0; i < count; i++)
		sorted[i] = &v[i];
	qsort(sorted, count, sizeof *sorted, items_by_value);
	for (uint32_t i = 0; i < count; i++)
		making_add(&m, *sorted[i]);
	making_done(f, &m, out);
}

FN_ROW(array_remove_row)
{
	struct items it = items_of(f, args[0]);
	struct making m = {0};
	struct value v;

	if (args[0].type == T_NULL) {
		*out = VALUE_NULL;
		return;
	}
	while (items_next(&it, &v))
		if (!value_eq(v, args[1]))
			making_add(&m, v);
	making_done(f, &m, out);
}

/* Places [from, to], from the end if negative. */
FN_ROW(array_slice_row)
{
	uint32_t count;
	struct value *v = items_all(f, args[0], &count);
	int64_t from = args[1].i, to = args[2].i;
	struct making m = {0};

	from = from < 0 ? from + count + 1 : from;
	to = to < 0 ? to + count + 1 : to;
	if (from < 1)
		from = 1;
	if (to > count)
		to = count;
	for (; from <= to; from++)
		making_add(&m, v[from - 1]);
	making_done(f, &m, out);
}

FN_ROW(array_join_row)
{
	struct items it = items_of(f, args[0]);
	struct growing g = {.f = f};
	bool first = true;
	struct value v;

	while (items_next(&it, &v)) {
		if (v.type == T_NULL)
			continue;
		if (!first)
			growing_add(&g, value_str(args[1]));
		growing_add(&g, fn_print(f, v));
		first = false;
	}
	growing_done(&g, out);
}

FN_ROW(split_row)
{
	struct str s = value_str(args[0]), mark = value_str(args[1]);
	struct making m = {0};
	long at;

	while (mark.n && (at = str_find(s, mark, 0)) >= 0) {
		making_add(&m, value_text((struct str){s.p, (size_t)at}));
		s.p += (size_t)at + mark.n;
		s.n -= (size_t)at + mark.n;
	}
	making_add(&m, value_text(s));
	making_done(f, &m, out);
}

/* ---- maps ---- */

static void
every_second(
    struct fn_frame *f, struct value map, bool values, struct value *out)
{
	struct items it = items_of(f, map);
	struct making m = {0};
	bool is_value = false;
	struct value v;

	for (; items_next(&it, &v); is_value = !is_value)
		if (is_value == values)
			making_add(&m, v);
	making_done(f, &m, out);
}

FN_ROW(map_keys_row)
{
	every_second(f, args[0], false, out);
}

FN_ROW(map_values_row)
{
	every_second(f, args[0], true, out);
}

static void
made_map(struct fn_frame *f, struct making *m, struct value *out)
{
	struct buf map = {0};

	pack_put_map(&map, m->n / 2);
	buf_adds(&map, buf_str(&m->items));
	*out = value_copy(f->eval->arena, value_of_str(T_MAP, buf_str(&map)));
	buf_release(&map);
	buf_release(&m->items);
}

FN_ROW(map_from_arrays_row)
{
	struct items keys = items_of(f, args[0]);
	struct items values = items_of(f, args[1]);
	struct making m = {0};
	struct value k, v;

	*out = VALUE_NULL;
	if (keys.left != values.left) {
		fn_fail(f, "the lists have different lengths");
		return;
	}
	while (items_next(&keys, &k) && items_next(&values, &v)) {
		making_add(&m, k);
		making_add(&m, v);
	}
	made_map(f, &m, out);
}

/* "a=1,b=2" by two marks; a piece without the second one has no value. */
FN_ROW(str_to_map_row)
{
	struct str s = value_str(args[0]), pair = value_str(args[1]);
	struct making m = {0};
	bool more = true;

	while (more) {
		long end = pair.n ? str_find(s, pair, 0) : -1, at;
		struct str one = {s.p, end < 0 ? s.n : (size_t)end};

		more = end >= 0;
		if (more) {
			s.p += one.n + pair.n;
			s.n -= one.n + pair.n;
		}
		at = args[2].len ? str_find(one, value_str(args[2]), 0) : -1;
		if (at < 0) {
			making_add(&m, value_text(one));
			making_add(&m, VALUE_NULL);
			continue;
		}
		making_add(&m, value_text((struct str){one.p, (size_t)at}));
		one.p += (size_t)at + args[2].len;
		one.n -= (size_t)at + args[2].len;
		making_add(&m, value_text(one));
	}
	made_map(f, &m, out);
}

/* ---- the rows ---- */

/* clang-format off */
#define LIST .family = "list", .aliases = ""

const struct fn fn_list_rows[] = {
	{.name = "array_append", LIST, .signature = "list, any -> list",
	 .doc = "The list with a value behind it.",
	 .example = "array_append(ARRAY[1, 2], 3)", .result = "[1,2,3]",
	 .flink = "ARRAY_APPEND", .flags = FN_NULLS, .row = array_append_row},
	{.name = "array_concat", LIST, .signature = "list ... -> list",
	 .doc = "The items of all lists.",
	 .example = "array_concat(ARRAY[1], ARRAY[2, 3])",
	 .result = "[1,2,3]",
	 .flink = "ARRAY_CONCAT", .row = array_concat_row},
	{.name = "array_contains", LIST, .signature = "list, any -> bool",
	 .doc = "True if the value is in the list.",
	 .example = "array_contains(ARRAY[1, 2], 2)", .result = "true",
	 .flink = "ARRAY_CONTAINS", .flags = FN_NULLS,
	 .row = array_contains_row},
	{.name = "array_distinct", LIST, .signature = "list -> list",
	 .doc = "The list without what is in it already.",
	 .example = "array_distinct(ARRAY[2, 1, 2])", .result = "[2,1]",
	 .flink = "ARRAY_DISTINCT", .row = array_distinct_row},
	{.name = "array_join", LIST, .signature = "list, text = ',' -> text",
	 .doc = "The items that are not NULL as one text, with a separator "
		"between them.",
	 .example = "array_join(ARRAY['a', 'b'], '-')", .result = "a-b",
	 .flink = "ARRAY_JOIN", .row = array_join_row},
	{.name = "array_max", LIST, .signature = "list -> any",
	 .doc = "Greatest item.",
	 .example = "array_max(ARRAY[1, 3, 2])", .result = "3",
	 .flink = "ARRAY_MAX", .row = array_max_row},
	{.name = "array_min", LIST, .signature = "list -> any",
	 .doc = "Least item.",
	 .example = "array_min(ARRAY[2, 1, 3])", .result = "1",
	 .flink = "ARRAY_MIN", .row = array_min_row},
	{.name = "array_position", LIST, .signature = "list, any -> bigint",
	 .doc = "Place of a value in the list, from 1; 0 if it is not there.",
	 .example = "array_position(ARRAY['a', 'b'], 'b')", .result = "2",
	 .flink = "ARRAY_POSITION", .row = array_position_row},
	{.name = "array_remove", LIST, .signature = "list, any -> list",
	 .doc = "The list without a value.",
	 .example = "array_remove(ARRAY[1, 2, 1], 1)", .result = "[2]",
	 .flink = "ARRAY_REMOVE", .flags = FN_NULLS, .row = array_remove_row},
	{.name = "array_reverse", LIST, .signature = "list -> list",
	 .doc = "The items from last to first.",
	 .example = "array_reverse(ARRAY[1, 2])", .result = "[2,1]",
	 .flink = "ARRAY_REVERSE", .row = array_reverse_row},
	{.name = "array_slice", LIST,
	 .signature = "list, bigint, bigint = 9223372036854775807 -> list",
	 .doc = "The items from one place to another, from the end if "
		"negative.",
	 .example = "array_slice(ARRAY[1, 2, 3], 2, 3)", .result = "[2,3]",
	 .flink = "ARRAY_SLICE", .row = array_slice_row},
	{.name = "array_sort", LIST, .signature = "list -> list",
	 .doc = "The items in ascending order.",
	 .example = "array_sort(ARRAY[2, 3, 1])", .result = "[1,2,3]",
	 .flink = "ARRAY_SORT", .row = array_sort_row},
	{.name = "cardinality", LIST, .signature = "any -> bigint",
	 .doc = "Number of items of a list, or of pairs of a map.",
	 .example = "cardinality(ARRAY[1, 2])", .result = "2",
	 .flink = "CARDINALITY", .row = cardinality_row},
	{.name = "element", LIST, .signature = "list -> any",
	 .doc = "The only item of a list, NULL if it is empty.",
	 .example = "element(ARRAY[7])", .result = "7",
	 .flink = "ELEMENT", .row = element_row},
	{.name = "map_from_arrays", LIST, .signature = "list, list -> map",
	 .doc = "A map of a list of keys and a list of values.",
	 .example = "map_from_arrays(ARRAY['a', 'b'], ARRAY[1, 2])",
	 .result = "{\"a\":1,\"b\":2}",
	 .flink = "MAP_FROM_ARRAYS", .row = map_from_arrays_row},
	{.name = "map_keys", LIST, .signature = "map -> list",
	 .doc = "List of the keys of a map.",
	 .example = "map_keys(MAP['a', 1, 'b', 2])",
	 .result = "[\"a\",\"b\"]",
	 .flink = "MAP_KEYS", .row = map_keys_row},
	{.name = "map_values", LIST, .signature = "map -> list",
	 .doc = "List of the values of a map.",
	 .example = "map_values(MAP['a', 1, 'b', 2])", .result = "[1,2]",
	 .flink = "MAP_VALUES", .row = map_values_row},
	{.name = "split", LIST, .signature = "text, text -> list",
	 .doc = "List of the pieces of a text between occurrences of another.",
	 .example = "split('a,b', ',')", .result = "[\"a\",\"b\"]",
	 .flink = "SPLIT", .row = split_row},
	{.name = "str_to_map", LIST,
	 .signature = "text, text = ',', text = '=' -> map",
	 .doc = "A map of a text of pairs: what separates pairs, and keys from "
		"values (as they stand, not patterns).",
	 .example = "str_to_map('a=1,b=2')",
	 .result = "{\"a\":\"1\",\"b\":\"2\"}",
	 .flink = "STR_TO_MAP", .row = str_to_map_row},
};
/* clang-format on */
const unsigned fn_list_n = sizeof fn_list_rows / sizeof *fn_list_rows;

/* SPDX-License-Identifier: MIT */
/*
 * Functions of lists, which are msgpack: items are read one after another and
 * results packed anew. Places in lists count from 1.
 */
#include <stdlib.h>

#include "base/utf8.h"
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

/* args: the list, ascending, NULLs first (if NULL: as ascending says). */
FN_ROW(array_sort_row)
{
	struct making m = {0};
	uint32_t count, nulls = 0;
	struct value *v;
	const struct value **sorted;
	bool ascending = args[1].i, first;

	*out = VALUE_NULL;
	if (args[0].type == T_NULL || args[1].type == T_NULL)
		return;
	first = args[2].type == T_NULL ? ascending : args[2].i;
	v = items_all(f, args[0], &count);
	sorted = arena_array(f->eval->arena, count, sizeof *sorted);
	for (uint32_t i = 0; i < count; i++) {
		sorted[i] = &v[i];
		nulls += v[i].type == T_NULL;
	}
	/* NULLs are the least, so they come first. */
	qsort(sorted, count, sizeof *sorted, items_by_value);
	for (uint32_t i = 0; first && i < nulls; i++)
		making_add(&m, VALUE_NULL);
	for (uint32_t i = nulls; i < count; i++)
		making_add(
		    &m, *sorted[ascending ? i : count - 1 - (i - nulls)]);
	for (uint32_t i = 0; !first && i < nulls; i++)
		making_add(&m, VALUE_NULL);
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

	if (args[0].type == T_NULL || args[1].type == T_NULL) {
		*out = VALUE_NULL;
		return;
	}
	while (items_next(&it, &v)) {
		if (v.type == T_NULL)
			v = args[2];
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

	if (!mark.n) { /* into characters */
		for (const char *p = s.p, *end = s.p + s.n; p < end;) {
			const char *from = p;

			utf8_next(&p, end);
			making_add(&m,
			    value_text((struct str){from, (size_t)(p - from)}));
		}
		making_done(f, &m, out);
		return;
	}
	while ((at = str_find(s, mark, 0)) >= 0) {
		making_add(&m, value_text((struct str){s.p, (size_t)at}));
		s.p += (size_t)at + mark.n;
		s.n -= (size_t)at + mark.n;
	}
	making_add(&m, value_text(s));
	making_done(f, &m, out);
}

/* ---- the rows ---- */

/* clang-format off */
#define LIST .family = "list", .aliases = ""

const struct fn fn_list_rows[] = {
	{.name = "array_append", .family = "list", .aliases = "list_append",
	 .signature = "list, any -> list",
	 .doc = "The list with a value behind it.",
	 .example = "array_append(ARRAY[1, 2], 3)", .result = "[1,2,3]",
	 .flink = "ARRAY_APPEND", .flags = FN_NULLS, .row = array_append_row},
	{.name = "array_concat", .family = "list", .aliases = "list_concat",
	 .signature = "list ... -> list",
	 .doc = "The items of all lists.",
	 .example = "array_concat(ARRAY[1], ARRAY[2, 3])",
	 .result = "[1,2,3]",
	 .flink = "ARRAY_CONCAT", .row = array_concat_row},
	{.name = "array_contains", .family = "list",
	 .aliases = "list_contains list_has",
	 .signature = "list, any -> bool",
	 .doc = "True if the value is in the list.",
	 .example = "array_contains(ARRAY[1, 2], 2)", .result = "true",
	 .flink = "ARRAY_CONTAINS", .flags = FN_NULLS,
	 .row = array_contains_row},
	{.name = "array_distinct", .family = "list", .aliases = "list_distinct",
	 .signature = "list -> list",
	 .doc = "The list without what is in it already.",
	 .example = "array_distinct(ARRAY[2, 1, 2])", .result = "[2,1]",
	 .flink = "ARRAY_DISTINCT", .row = array_distinct_row},
	{.name = "array_join", .family = "list", .aliases = "array_to_string",
	 .signature = "list, text = ',', text = NULL -> text",
	 .doc = "The items that are not NULL as one text, with a separator "
		"between them; with a third argument, that for those that are "
		"NULL.",
	 .example = "array_join(ARRAY['a', NULL, 'b'], '-', '?')",
	 .result = "a-?-b",
	 .flink = "ARRAY_JOIN", .flags = FN_NULLS, .row = array_join_row},
	{.name = "array_max", .family = "list", .aliases = "list_max",
	 .signature = "list -> any",
	 .doc = "Greatest item.",
	 .example = "array_max(ARRAY[1, 3, 2])", .result = "3",
	 .flink = "ARRAY_MAX", .row = array_max_row},
	{.name = "array_min", .family = "list", .aliases = "list_min",
	 .signature = "list -> any",
	 .doc = "Least item.",
	 .example = "array_min(ARRAY[2, 1, 3])", .result = "1",
	 .flink = "ARRAY_MIN", .row = array_min_row},
	{.name = "array_position", .family = "list", .aliases = "list_position",
	 .signature = "list, any -> bigint",
	 .doc = "Place of a value in the list, from 1; 0 if it is not there.",
	 .example = "array_position(ARRAY['a', 'b'], 'b')", .result = "2",
	 .flink = "ARRAY_POSITION", .row = array_position_row},
	{.name = "array_remove", LIST, .signature = "list, any -> list",
	 .doc = "The list without a value.",
	 .example = "array_remove(ARRAY[1, 2, 1], 1)", .result = "[2]",
	 .flink = "ARRAY_REMOVE", .flags = FN_NULLS, .row = array_remove_row},
	{.name = "array_reverse", .family = "list", .aliases = "list_reverse",
	 .signature = "list -> list",
	 .doc = "The items from last to first.",
	 .example = "array_reverse(ARRAY[1, 2])", .result = "[2,1]",
	 .flink = "ARRAY_REVERSE", .row = array_reverse_row},
	{.name = "array_slice", .family = "list", .aliases = "list_slice",
	 .signature = "list, bigint, bigint = 9223372036854775807 -> list",
	 .doc = "The items from one place to another, from the end if "
		"negative.",
	 .example = "array_slice(ARRAY[1, 2, 3], 2, 3)", .result = "[2,3]",
	 .flink = "ARRAY_SLICE", .row = array_slice_row},
	{.name = "array_sort", .family = "list", .aliases = "list_sort",
	 .signature = "list, bool = TRUE, bool = NULL -> list",
	 .doc = "The items in ascending order, or, if the second argument is "
		"false, in descending order; NULLs come first in the one and "
		"last in the other, or as the third says: true for first.",
	 .example = "array_sort(ARRAY[2, 3, NULL, 1], false, true)",
	 .result = "[null,3,2,1]",
	 .flink = "ARRAY_SORT", .flags = FN_NULLS, .row = array_sort_row},
	{.name = "cardinality", .family = "list",
	 .aliases = "array_length list_length",
	 .signature = "any -> bigint",
	 .doc = "Number of items of a list, or of pairs of a map.",
	 .example = "cardinality(ARRAY[1, 2])", .result = "2",
	 .flink = "CARDINALITY", .row = cardinality_row},
	{.name = "element", LIST, .signature = "list -> any",
	 .doc = "The only item of a list, NULL if it is empty.",
	 .example = "element(ARRAY[7])", .result = "7",
	 .flink = "ELEMENT", .row = element_row},
	{.name = "split", .family = "list",
	 .aliases = "string_split string_to_array",
	 .signature = "text, text -> list",
	 .doc = "List of the pieces of a text between occurrences of another.",
	 .example = "split('a,b', ',')", .result = "[\"a\",\"b\"]",
	 .flink = "SPLIT", .row = split_row},
};
/* clang-format on */
const unsigned fn_list_n = sizeof fn_list_rows / sizeof *fn_list_rows;

/* SPDX-License-Identifier: MIT */
/*
 * Lists as sets, and lists of numbers. Of equal items the first one stays, in
 * its place. Equal is what value_eq says: 1 and 1.0 are.
 */
#include <stdlib.h>

#include "expr/fn_items.h"

#define ITEMS_MAX 1000000 /* of a list that is made of nothing */

/* ---- sets ---- */

/* Items of a list in order of value, to be looked up. */
struct sorted {
	const struct value **v;
	uint32_t n;
};

static struct sorted
sort_items(struct fn_frame *f, struct value list)
{
	struct sorted s;
	struct value *v = items_all(f, list, &s.n);

	s.v = arena_array(f->eval->arena, s.n, sizeof *s.v);
	for (uint32_t i = 0; i < s.n; i++)
		s.v[i] = &v[i];
	qsort(s.v, s.n, sizeof *s.v, items_by_value);
	return s;
}

static bool
has(const struct sorted *s, struct value v)
{
	uint32_t lo = 0, hi = s->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		int cmp = value_cmp(*s->v[mid], v);

		if (!cmp)
			return true;
		if (cmp < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

/* Items of the first list that are (or are not) in the second, each once. */
static void
choose(struct fn_frame *f, struct value list, struct value other, bool in,
    struct value *out)
{
	struct sorted have = sort_items(f, other), own;
	struct value *v = items_all(f, list, &own.n);
	bool *again = arena_zalloc(f->eval->arena, own.n + 1);
	struct making m = {0};

	own.v = arena_array(f->eval->arena, own.n, sizeof *own.v);
	for (uint32_t i = 0; i < own.n; i++)
		own.v[i] = &v[i];
	qsort(own.v, own.n, sizeof *own.v, items_by_value);
	for (uint32_t i = 1; i < own.n; i++)
		again[own.v[i] - v] = value_eq(*own.v[i], *own.v[i - 1]);
	for (uint32_t i = 0; i < own.n; i++)
		if (!again[i] && has(&have, v[i]) == in)
			making_add(&m, v[i]);
	making_done(f, &m, out);
}

FN_ROW(array_intersect_row)
{
	choose(f, args[0], args[1], true, out);
}

FN_ROW(array_except_row)
{
	choose(f, args[0], args[1], false, out);
}

/* A list of the items of both. */
static void
both(struct fn_frame *f, struct value a, struct value b, struct value *out)
{
	struct items it = items_of(f, a);
	struct making m = {0};
	struct value v;

	while (items_next(&it, &v))
		making_add(&m, v);
	it = items_of(f, b);
	while (items_next(&it, &v))
		making_add(&m, v);
	making_done(f, &m, out);
}

FN_ROW(array_union_row)
{
	struct value all, none = value_of_str(T_LIST, STR("\x90"));

	both(f, args[0], args[1], &all);
	choose(f, all, none, false, out);
}

FN_ROW(array_overlap_row)
{
	struct sorted have = sort_items(f, args[1]);
	struct items it = items_of(f, args[0]);
	bool found = false;
	struct value v;

	while (!found && items_next(&it, &v))
		found = v.type != T_NULL && has(&have, v);
	*out = value_bool(found);
}

FN_ROW(array_contains_all_row)
{
	struct sorted have = sort_items(f, args[0]);
	struct items it = items_of(f, args[1]);
	bool all = true;
	struct value v;

	while (all && items_next(&it, &v))
		all = has(&have, v);
	*out = value_bool(all);
}

/* ---- items ---- */

FN_ROW(array_prepend_row)
{
	struct items it = items_of(f, args[0]);
	struct making m = {0};
	struct value v;

	if (args[0].type == T_NULL) {
		*out = VALUE_NULL;
		return;
	}
	making_add(&m, args[1]);
	while (items_next(&it, &v))
		making_add(&m, v);
	making_done(f, &m, out);
}

FN_ROW(array_compact_row)
{
	struct items it = items_of(f, args[0]);
	struct making m = {0};
	struct value v;

	while (items_next(&it, &v))
		if (v.type != T_NULL)
			making_add(&m, v);
	making_done(f, &m, out);
}

FN_ROW(array_flatten_row)
{
	struct items it = items_of(f, args[0]), inner;
	struct making m = {0};
	struct value v, w;

	while (items_next(&it, &v)) {
		if (v.type != T_LIST) {
			making_add(&m, v);
			continue;
		}
		inner = items_of(f, v);
		while (items_next(&inner, &w))
			making_add(&m, w);
	}
	making_done(f, &m, out);
}

FN_ROW(array_count_row)
{
	struct items it = items_of(f, args[0]);
	int64_t count = 0;
	struct value v;

	while (items_next(&it, &v))
		count += value_eq(v, args[1]);
	*out = value_int(count);
}

FN_ROW(array_first_row)
{
	struct items it = items_of(f, args[0]);

	if (!items_next(&it, out))
		*out = VALUE_NULL;
}

FN_ROW(array_last_row)
{
	struct items it = items_of(f, args[0]);

	*out = VALUE_NULL;
	while (items_next(&it, out))
		;
}

/* Lists of the first items, the second ones …; NULL where one is shorter. */
FN_ROW(array_zip_row)
{
	struct items *it = arena_array(f->eval->arena, n, sizeof *it);
	struct making m = {0};
	uint32_t most = 0;

	for (unsigned i = 0; i < n; i++) {
		it[i] = items_of(f, args[i]);
		most = it[i].left > most ? it[i].left : most;
	}
	for (; most; most--) {
		struct making row = {0};
		struct value v;

		for (unsigned i = 0; i < n; i++)
			making_add(
			    &row, items_next(&it[i], &v) ? v : VALUE_NULL);
		making_done(f, &row, &v);
		making_add(&m, v);
	}
	making_done(f, &m, out);
}

FN_ROW(sequence_row)
{
	int64_t from = args[0].i, until = args[1].i, step = args[2].i;
	__int128 count;
	struct making m = {0};

	*out = VALUE_NULL;
	if (!step) {
		fn_fail(f, "a step of 0");
		return;
	}
	count = ((__int128)until - from) / step + 1;
	if (step > 0 ? from > until : from < until)
		count = 0;
	if (count > ITEMS_MAX) {
		fn_fail(f, "list too long");
		return;
	}
	for (int64_t i = 0; i < count; i++)
		making_add(&m, value_int(from + i * step));
	making_done(f, &m, out);
}

/* ---- lists of numbers ---- */

/* Exact until a float comes; NULLs and what is no number are left out. */
static bool
add_up(struct fn_frame *f, struct value list, struct value *sum, int64_t *count)
{
	struct items it = items_of(f, list);
	struct dec total = {0}, d;
	bool floats = false, decimals = false, good = true;
	double x = 0;
	struct value v;
	int64_t i;

	for (*count = 0; good && items_next(&it, &v);) {
		if (!type_is_number((enum type)v.type))
			continue;
		++*count;
		if (v.type == T_FLOAT) {
			floats = true;
			x += v.f;
			continue;
		}
		decimals |= v.type == T_DECIMAL;
		d = v.type == T_INT ? dec_of_int(v.i) : *v.d;
		good = dec_add(total, d, &total);
	}
	if (floats)
		*sum = value_float(x + dec_to_float(total));
	else if (!decimals && dec_to_int(total, &i))
		*sum = value_int(i);
	else
		*sum = value_decimal(f->eval->arena, total);
	return good;
}

FN_ROW(array_sum_row)
{
	int64_t count;

	if (!add_up(f, args[0], out, &count))
		fn_fail(f, "decimal overflow");
	else if (count)
		return;
	*out = VALUE_NULL;
}

FN_ROW(array_avg_row)
{
	struct value sum;
	int64_t count;
	double x;

	*out = VALUE_NULL;
	if (!add_up(f, args[0], &sum, &count)) {
		fn_fail(f, "decimal overflow");
	} else if (count) {
		x = sum.type == T_INT	  ? (double)sum.i
		    : sum.type == T_FLOAT ? sum.f
					  : dec_to_float(*sum.d);
		*out = value_float(x / (double)count);
	}
}

/* clang-format off */
#define LIST .family = "list", .aliases = ""
#define OURS LIST, .flink = NULL

const struct fn fn_set_rows[] = {
	{.name = "array_avg", .family = "list", .aliases = "list_avg",
	 .flink = NULL, .signature = "list -> float",
	 .doc = "Average of the numbers in a list.",
	 .example = "array_avg([1, 2, NULL])", .result = "1.5",
	 .row = array_avg_row},
	{.name = "array_compact", OURS, .signature = "list -> list",
	 .doc = "The list without its NULLs.",
	 .example = "array_compact([1, NULL, 2])", .result = "[1,2]",
	 .row = array_compact_row},
	{.name = "array_contains_all", OURS, .signature = "list, list -> bool",
	 .doc = "True if all items of the second list are in the first.",
	 .example = "array_contains_all([1, 2, 3], [3, 1])", .result = "true",
	 .row = array_contains_all_row},
	{.name = "array_count", OURS, .signature = "list, any -> bigint",
	 .doc = "How often a value is in the list.",
	 .example = "array_count([1, 2, 1], 1)", .result = "2",
	 .row = array_count_row},
	{.name = "array_except", LIST, .signature = "list, list -> list",
	 .doc = "Items of the first list that are not in the second, each "
		"once.",
	 .example = "array_except([1, 2, 2, 3], [3])", .result = "[1,2]",
	 .flink = "ARRAY_EXCEPT", .row = array_except_row},
	{.name = "array_first", OURS, .signature = "list -> any",
	 .doc = "First item of a list; NULL if it is empty.",
	 .example = "array_first([3, 1])", .result = "3",
	 .row = array_first_row},
	{.name = "array_flatten", OURS, .signature = "list -> list",
	 .doc = "The list with the items of lists in it in their place.",
	 .example = "array_flatten([[1], 2, [3, 4]])", .result = "[1,2,3,4]",
	 .row = array_flatten_row},
	{.name = "array_intersect", LIST, .signature = "list, list -> list",
	 .doc = "Items of the first list that are in the second, too, each "
		"once.",
	 .example = "array_intersect([1, 2, 2, 3], [3, 2])",
	 .result = "[2,3]",
	 .flink = "ARRAY_INTERSECT", .row = array_intersect_row},
	{.name = "array_last", OURS, .signature = "list -> any",
	 .doc = "Last item of a list; NULL if it is empty.",
	 .example = "array_last([3, 1])", .result = "1",
	 .row = array_last_row},
	{.name = "array_overlap", .family = "list",
	 .aliases = "arrays_overlap", .flink = NULL,
	 .signature = "list, list -> bool",
	 .doc = "True if some item, not NULL, is in both lists.",
	 .example = "array_overlap([1, 2], [2, 3])", .result = "true",
	 .row = array_overlap_row},
	{.name = "array_prepend", LIST, .signature = "list, any -> list",
	 .doc = "The list with a value in front of it.",
	 .example = "array_prepend([2], 1)", .result = "[1,2]",
	 .flink = "ARRAY_PREPEND", .flags = FN_NULLS,
	 .row = array_prepend_row},
	{.name = "array_sum", .family = "list", .aliases = "list_sum",
	 .flink = NULL, .signature = "list -> number",
	 .doc = "Sum of the numbers in a list, exact for integers and "
		"decimals; NULL if there are none.",
	 .example = "array_sum([1, 2, NULL])", .result = "3",
	 .row = array_sum_row},
	{.name = "array_union", LIST, .signature = "list, list -> list",
	 .doc = "Items of both lists, each once.",
	 .example = "array_union([1, 2, 1], [3, 2])", .result = "[1,2,3]",
	 .flink = "ARRAY_UNION", .row = array_union_row},
	{.name = "array_zip", .family = "list", .aliases = "arrays_zip",
	 .flink = NULL, .signature = "list ... -> list",
	 .doc = "List of the lists of the first items, of the second ones …, "
		"with NULL where a list is shorter.",
	 .example = "array_zip([1, 2], ['a'])",
	 .result = "[[1,\"a\"],[2,null]]", .row = array_zip_row},
	{.name = "sequence", .family = "list", .aliases = "generate_series",
	 .flink = NULL, .signature = "bigint, bigint, bigint = 1 -> list",
	 .doc = "List of the integers from one to another, by a step.",
	 .example = "sequence(1, 7, 3)", .result = "[1,4,7]",
	 .row = sequence_row},
};
/* clang-format on */
const unsigned fn_set_n = sizeof fn_set_rows / sizeof *fn_set_rows;

/* SPDX-License-Identifier: MIT */
/*
 * Lists as sets, lists of numbers, and functions of maps. Of equal items the
 * first one stays, in its place; a key stands in a map once. Equal is what
 * value_eq says: 1 and 1.0 are.
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

/* ---- maps ---- */

/* A map under construction; an entry of a key that is there replaces it. */
struct mapping {
	struct value *kv; /* keys and values in turn */
	uint32_t n, cap;  /* of pairs */
};

static struct mapping
mapping_start(struct fn_frame *f, uint32_t cap)
{
	return (struct mapping){.kv = arena_array(f->eval->arena,
				    2 * (size_t)cap + 2, sizeof(struct value)),
	    .cap = cap};
}

static void
mapping_put(struct mapping *m, struct value key, struct value v)
{
	m->kv[2 * m->n] = key;
	m->kv[2 * m->n++ + 1] = v;
}

static int
by_key(const void *a, const void *b)
{
	const struct value *const *x = a, *const *y = b;
	int cmp = value_cmp(**x, **y);

	return cmp ? cmp : (*x > *y) - (*x < *y);
}

/* The map: each key at its first place with its last value. */
static void
mapping_done(struct fn_frame *f, struct mapping *m, struct value *out)
{
	const struct value **keys =
	    arena_array(f->eval->arena, m->n, sizeof *keys);
	bool *again = arena_zalloc(f->eval->arena, m->n + 1);
	uint32_t count = 0;
	struct buf b = {0}, map = {0};

	for (uint32_t i = 0; i < m->n; i++)
		keys[i] = &m->kv[2 * i];
	qsort(keys, m->n, sizeof *keys, by_key);
	for (uint32_t i = 1, first = 0; i < m->n; i++) {
		if (!value_eq(*keys[i], *keys[first])) {
			first = i;
			continue;
		}
		again[(keys[i] - m->kv) / 2] = true;
		m->kv[keys[first] - m->kv + 1] = keys[i][1];
	}
	for (uint32_t i = 0; i < m->n; i++) {
		if (again[i])
			continue;
		pack_put(&b, m->kv[2 * i]);
		pack_put(&b, m->kv[2 * i + 1]);
		count++;
	}
	pack_put_map(&map, count);
	buf_adds(&map, buf_str(&b));
	*out = value_copy(f->eval->arena, value_of_str(T_MAP, buf_str(&map)));
	buf_release(&b);
	buf_release(&map);
}

FN_ROW(map_concat_row)
{
	struct mapping m;
	struct value k, v;
	uint32_t cap = 0;

	for (unsigned i = 0; i < n; i++)
		cap += items_of(f, args[i]).left / 2;
	m = mapping_start(f, cap);
	for (unsigned i = 0; i < n; i++) {
		struct items it = items_of(f, args[i]);

		while (items_next(&it, &k) && items_next(&it, &v))
			mapping_put(&m, k, v);
	}
	mapping_done(f, &m, out);
}

FN_ROW(map_contains_key_row)
{
	struct items it = items_of(f, args[0]);
	bool found = false;
	struct value k, v;

	while (!found && items_next(&it, &k) && items_next(&it, &v))
		found = value_eq(k, args[1]);
	*out = value_bool(found);
}

FN_ROW(map_remove_row)
{
	struct items it = items_of(f, args[0]);
	struct mapping m = mapping_start(f, it.left / 2);
	struct value k, v;

	while (items_next(&it, &k) && items_next(&it, &v))
		if (!value_eq(k, args[1]))
			mapping_put(&m, k, v);
	mapping_done(f, &m, out);
}

/* [{"key": k, "value": v}, …], as Flink's rows of an entry are in JSON. */
FN_ROW(map_entries_row)
{
	struct items it = items_of(f, args[0]);
	struct making m = {0};
	struct value k, v, entry;

	while (items_next(&it, &k) && items_next(&it, &v)) {
		struct mapping e = mapping_start(f, 2);

		mapping_put(&e, value_text(STR("key")), k);
		mapping_put(&e, value_text(STR("value")), v);
		mapping_done(f, &e, &entry);
		making_add(&m, entry);
	}
	making_done(f, &m, out);
}

/* Entries are maps with key and value, or lists of two. */
FN_ROW(map_from_entries_row)
{
	struct items it = items_of(f, args[0]);
	struct mapping m = mapping_start(f, it.left);
	struct arena *a = f->eval->arena;
	struct value e, k, v;

	*out = VALUE_NULL;
	while (items_next(&it, &e)) {
		bool good = e.type == T_MAP
				? pack_map_find(e, STR("key"), a, &k) &&
				      pack_map_find(e, STR("value"), a, &v)
				: e.type == T_LIST && pack_count(e) == 2 &&
				      pack_list_at(e, 0, a, &k) &&
				      pack_list_at(e, 1, a, &v);

		if (!good) {
			fn_fail(f, "an entry is a key and a value");
			return;
		}
		mapping_put(&m, k, v);
	}
	mapping_done(f, &m, out);
}

/* clang-format off */
#define LIST .family = "list", .aliases = ""
#define OURS LIST, .flink = NULL

const struct fn fn_set_rows[] = {
	{.name = "array_avg", OURS, .signature = "list -> float",
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
	{.name = "array_sum", OURS, .signature = "list -> number",
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
	{.name = "map_concat", .family = "list", .aliases = "map_union",
	 .signature = "map ... -> map",
	 .doc = "The entries of all maps; of equal keys the last one's value.",
	 .example = "map_concat(MAP['a', 1, 'b', 2], MAP['a', 3])",
	 .result = "{\"a\":3,\"b\":2}",
	 .flink = "MAP_UNION", .row = map_concat_row},
	{.name = "map_contains_key", OURS, .signature = "map, any -> bool",
	 .doc = "True if the map has the key.",
	 .example = "map_contains_key(MAP['a', 1], 'a')", .result = "true",
	 .row = map_contains_key_row},
	{.name = "map_entries", LIST, .signature = "map -> list",
	 .doc = "List of the entries of a map, each a map with key and value.",
	 .example = "map_entries(MAP['a', 1])",
	 .result = "[{\"key\":\"a\",\"value\":1}]",
	 .flink = "MAP_ENTRIES", .row = map_entries_row},
	{.name = "map_from_entries", OURS, .signature = "list -> map",
	 .doc = "A map of a list of entries, each a map with key and value or "
		"a list of both.",
	 .example = "map_from_entries([['a', 1], ['b', 2]])",
	 .result = "{\"a\":1,\"b\":2}", .row = map_from_entries_row},
	{.name = "map_remove", OURS, .signature = "map, any -> map",
	 .doc = "The map without a key.",
	 .example = "map_remove(MAP['a', 1, 'b', 2], 'a')",
	 .result = "{\"b\":2}", .row = map_remove_row},
	{.name = "sequence", .family = "list", .aliases = "generate_series",
	 .flink = NULL, .signature = "bigint, bigint, bigint = 1 -> list",
	 .doc = "List of the integers from one to another, by a step.",
	 .example = "sequence(1, 7, 3)", .result = "[1,4,7]",
	 .row = sequence_row},
};
/* clang-format on */
const unsigned fn_set_n = sizeof fn_set_rows / sizeof *fn_set_rows;

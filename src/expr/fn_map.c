/* SPDX-License-Identifier: MIT */
/*
 * Functions of maps (mapping.h).
 */
#include "expr/fn_items.h"
#include "expr/mapping.h"
#include "expr/regex.h"

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

FN_ROW(map_from_arrays_row)
{
	struct items keys = items_of(f, args[0]);
	struct items values = items_of(f, args[1]);
	struct mapping m = mapping_start(f->eval->arena, keys.left);
	struct value k, v;

	*out = VALUE_NULL;
	if (keys.left != values.left) {
		fn_fail(f, "the lists have different lengths");
		return;
	}
	while (items_next(&keys, &k) && items_next(&values, &v))
		mapping_put(&m, k, v);
	mapping_done(&m, out);
}

/*
 * What stands between pairs, or between key and value: a pattern, as in Flink,
 * but a single character is that character.
 */
struct mark {
	const struct regex *re; /* NULL: text, or no constant */
	bool known;
};

struct marks {
	struct mark at[3]; /* of the arguments 1 and 2 */
};

FN_PREPARE(marks_prepare)
{
	struct marks *m = arena_zalloc(arena, sizeof *m);

	*prepared = m;
	for (unsigned i = 1; i < n && i < 3; i++) {
		m->at[i].known = args[i].type == T_TEXT;
		if (!m->at[i].known || args[i].len <= 1)
			continue;
		m->at[i].re = regex_compile(value_str(args[i]), 0, arena,
		    at ? at[i] : (struct where){0}, err);
		if (!m->at[i].re)
			return -1;
	}
	return 0;
}

/* Where argument i next occurs in s; false if it does not. */
static bool
find_mark(struct fn_frame *f, const struct value *args, unsigned i,
    struct str s, struct regex_span *at)
{
	const struct marks *m = f->prepared;
	struct str text = value_str(args[i]);
	const struct regex *re = m->at[i].re;
	const char *reason;
	long found;

	if (!re && !m->at[i].known && text.n > 1) {
		re = regex_pooled(f->eval, text, 0, &reason);
		if (!re)
			fn_fail(f, reason);
		if (!re)
			return false;
	}
	if (re) {
		enum regex_status status =
		    regex_match(re, f->eval, s, 0, at, 1);

		if (status == REGEX_LIMIT)
			fn_fail(f, REGEX_LIMIT_REASON);
		return status == REGEX_YES && at->until > at->from;
	}
	found = text.n ? str_find(s, text, 0) : -1;
	if (found >= 0)
		*at =
		    (struct regex_span){(size_t)found, (size_t)found + text.n};
	return found >= 0;
}

/* "a=1,b=2" by two marks; a piece without the second one has no value. */
FN_ROW(str_to_map_row)
{
	struct mapping m = mapping_start(f->eval->arena, 8);
	struct str s = value_str(args[0]);
	struct regex_span at;

	while (s.n) {
		bool more = find_mark(f, args, 1, s, &at);
		struct str one = {s.p, more ? at.from : s.n};
		size_t until = more ? at.until : s.n;
		struct value v = VALUE_NULL;

		s = (struct str){s.p + until, s.n - until};
		if (find_mark(f, args, 2, one, &at)) {
			v = value_text(
			    (struct str){one.p + at.until, one.n - at.until});
			one.n = at.from;
		}
		mapping_put(&m, value_text(one), v);
	}
	mapping_done(&m, out);
}

FN_ROW(map_concat_row)
{
	struct mapping m;
	struct value k, v;
	uint32_t cap = 0;

	for (unsigned i = 0; i < n; i++)
		cap += items_of(f, args[i]).left / 2;
	m = mapping_start(f->eval->arena, cap);
	for (unsigned i = 0; i < n; i++) {
		struct items it = items_of(f, args[i]);

		while (items_next(&it, &k) && items_next(&it, &v))
			mapping_put(&m, k, v);
	}
	mapping_done(&m, out);
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
	struct mapping m = mapping_start(f->eval->arena, it.left / 2);
	struct value k, v;

	while (items_next(&it, &k) && items_next(&it, &v))
		if (!value_eq(k, args[1]))
			mapping_put(&m, k, v);
	mapping_done(&m, out);
}

/* [{"key": k, "value": v}, …], as Flink's rows of an entry are in JSON. */
FN_ROW(map_entries_row)
{
	struct items it = items_of(f, args[0]);
	struct making m = {0};
	struct value k, v, entry;

	while (items_next(&it, &k) && items_next(&it, &v)) {
		struct mapping e = mapping_start(f->eval->arena, 2);

		mapping_put(&e, value_text(STR("key")), k);
		mapping_put(&e, value_text(STR("value")), v);
		mapping_done(&e, &entry);
		making_add(&m, entry);
	}
	making_done(f, &m, out);
}

/* Entries are maps with key and value, or lists of two. */
FN_ROW(map_from_entries_row)
{
	struct items it = items_of(f, args[0]);
	struct mapping m = mapping_start(f->eval->arena, it.left);
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
	mapping_done(&m, out);
}

/* clang-format off */
#define LIST .family = "list", .aliases = ""
#define OURS LIST, .flink = NULL

const struct fn fn_map_rows[] = {
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
	{.name = "map_from_arrays", LIST, .signature = "list, list -> map",
	 .doc = "A map of a list of keys and a list of values; of equal keys "
		"the last one's.",
	 .example = "map_from_arrays(ARRAY['a', 'b'], ARRAY[1, 2])",
	 .result = "{\"a\":1,\"b\":2}",
	 .flink = "MAP_FROM_ARRAYS", .row = map_from_arrays_row},
	{.name = "map_from_entries", OURS, .signature = "list -> map",
	 .doc = "A map of a list of entries, each a map with key and value or "
		"a list of both; of equal keys the last one's value.",
	 .example = "map_from_entries([['a', 1], ['b', 2]])",
	 .result = "{\"a\":1,\"b\":2}", .row = map_from_entries_row},
	{.name = "map_keys", LIST, .signature = "map -> list",
	 .doc = "List of the keys of a map.",
	 .example = "map_keys(MAP['a', 1, 'b', 2])",
	 .result = "[\"a\",\"b\"]",
	 .flink = "MAP_KEYS", .row = map_keys_row},
	{.name = "map_remove", OURS, .signature = "map, any -> map",
	 .doc = "The map without a key.",
	 .example = "map_remove(MAP['a', 1, 'b', 2], 'a')",
	 .result = "{\"b\":2}", .row = map_remove_row},
	{.name = "map_values", LIST, .signature = "map -> list",
	 .doc = "List of the values of a map.",
	 .example = "map_values(MAP['a', 1, 'b', 2])", .result = "[1,2]",
	 .flink = "MAP_VALUES", .row = map_values_row},
	{.name = "str_to_map", LIST,
	 .signature = "text, text = ',', text = '=' -> map",
	 .doc = "A map of a text of pairs: what separates pairs, and keys from "
		"values. A single character stands for itself, anything longer "
		"is a regular expression.",
	 .example = "str_to_map('a=1,b=2')",
	 .result = "{\"a\":\"1\",\"b\":\"2\"}",
	 .flink = "STR_TO_MAP", .prepare = marks_prepare,
	 .row = str_to_map_row},
};
/* clang-format on */
const unsigned fn_map_n = sizeof fn_map_rows / sizeof *fn_map_rows;

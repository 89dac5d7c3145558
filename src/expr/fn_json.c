/* SPDX-License-Identifier: MIT */
/*
 * Functions of JSON text. Paths are those of SQL/JSON without filters:
 * $.a.b[0]['c d'], with "lax" or "strict" before them; a constant path is read
 * when the query is bound. [*] and .* stand for all elements and members: what
 * they lead to is one list. Text that is not JSON, or has nothing
 * at the path, gives NULL (json_exists: FALSE), as Flink's functions do
 * without ON EMPTY and ON ERROR.
 */
#include "data/pack.h"
#include "data/path.h"
#include "expr/fn_items.h"

#define STEPS_MAX 100
#define ALL UINT32_MAX /* the index of a step to everything */

/* ---- paths ---- */

/* A name in quotes at *p, behind the first one. */
static bool
quoted_name(const char **p, const char *end, struct str *name)
{
	char quote = (*p)[-1];
	const char *from = *p;

	while (*p < end && **p != quote)
		++*p;
	*name = (struct str){from, (size_t)(*p - from)};
	return (*p)++ < end;
}

static bool
bare(char c)
{
	return c != '.' && c != '[' && c != ' ' && c != '*' && c != '(' &&
	       c != ')' && c != '?' && c != '@';
}

/* [n] or ['name'] behind the '['. */
static bool
bracket_step(const char **p, const char *end, struct path_step *step)
{
	uint64_t i = 0;
	const char *from = *p;

	if (*p < end && (**p == '\'' || **p == '"')) {
		++*p;
		if (!quoted_name(p, end, &step->name))
			return false;
	} else if (*p < end && **p == '*') {
		++*p;
		step->index = ALL;
	} else {
		for (; *p < end && **p >= '0' && **p <= '9'; ++*p) {
			i = i * 10 + (uint64_t)(**p - '0');
			if (i >= ALL)
				return false;
		}
		if (*p == from)
			return false;
		step->index = (uint32_t)i;
	}
	return *p < end && *(*p)++ == ']';
}

static bool
name_step(const char **p, const char *end, struct path_step *step)
{
	const char *from = *p;

	if (*p < end && **p == '"') {
		++*p;
		return quoted_name(p, end, &step->name);
	}
	if (*p < end && **p == '[') { /* $.['a'], as Flink has it */
		++*p;
		return bracket_step(p, end, step);
	}
	if (*p < end && **p == '*') {
		++*p;
		step->index = ALL;
		return true;
	}
	while (*p < end && bare(**p))
		++*p;
	step->name = (struct str){from, (size_t)(*p - from)};
	return step->name.n > 0;
}

/* Reads "$.a[0]"; false if it is malformed or has filters. */
static bool
read_path(struct str s, struct arena *a, struct path *out)
{
	struct path_step *steps;
	const char *p, *end;
	bool good = true;

	s = str_trim(s);
	if (str_starts(s, STR("lax ")))
		s = str_trim((struct str){s.p + 4, s.n - 4});
	else if (str_starts(s, STR("strict ")))
		s = str_trim((struct str){s.p + 7, s.n - 7});
	if (!s.n || *s.p != '$')
		return false;
	s = arena_str(a, s);
	end = s.p + s.n;
	steps = arena_array(a, STEPS_MAX, sizeof *steps);
	*out = (struct path){.steps = steps};
	for (p = s.p + 1; good && p < end; out->n++) {
		struct path_step step = {.name = {NULL, 0}};
		char c = *p++;

		if (out->n == STEPS_MAX)
			return false;
		good = c == '[' ? bracket_step(&p, end, &step)
				: c == '.' && name_step(&p, end, &step);
		steps[out->n] = step;
	}
	return good;
}

FN_PREPARE(path_prepare)
{
	struct path *path;

	(void)n;
	*prepared = NULL;
	if (args[1].type != T_TEXT)
		return 0;
	path = arena_zalloc(arena, sizeof *path);
	*prepared = path;
	if (read_path(value_str(args[1]), arena, path))
		return 0;
	err_set(
	    err, ERR_SPEC, at ? at[1] : (struct where){0}, "not a JSON path");
	return err_hint(err, "paths are like $.name.list[0] or $['odd name']");
}

/* One step into a value; false if there is nothing. */
static bool
step_into(struct value *v, const struct path_step *step, struct arena *a)
{
	if (step->name.p)
		return v->type == T_MAP && pack_map_find(*v, step->name, a, v);
	return v->type == T_LIST && pack_list_at(*v, step->index, a, v);
}

/* The values a path with wildcards has led to so far. */
struct hits {
	struct value *v;
	size_t n, cap;
};

static void
hit(struct hits *h, struct arena *a, struct value v)
{
	if (h->n == h->cap) {
		size_t cap = h->cap ? 2 * h->cap : 8;
		struct value *more = arena_array(a, cap, sizeof *more);

		if (h->n)
			memcpy(more, h->v, h->n * sizeof *more);
		h->v = more;
		h->cap = cap;
	}
	h->v[h->n++] = v;
}

/* All elements of a list or values of a map. */
static void
hit_all(struct fn_frame *f, struct hits *h, struct value of)
{
	struct items it = items_of(f, of);
	bool map = of.type == T_MAP, key = true;
	struct value v;

	for (; items_next(&it, &v); key = !key)
		if (!map || !key)
			hit(h, f->eval->arena, v);
}

/* From v along the steps, of which the first is a wildcard: a list of all
 * there is; false if there is nothing. */
static bool
find_all(struct fn_frame *f, const struct path_step *steps, unsigned n,
    struct value *v)
{
	struct arena *a = f->eval->arena;
	struct hits at = {0}, next = {0}, swap;
	struct making list = {0};

	hit(&at, a, *v);
	for (unsigned i = 0; i < n; i++) {
		next.n = 0;
		for (size_t k = 0; k < at.n; k++)
			if (!steps[i].name.p && steps[i].index == ALL)
				hit_all(f, &next, at.v[k]);
			else if (step_into(&at.v[k], &steps[i], a))
				hit(&next, a, at.v[k]);
		swap = at;
		at = next;
		next = swap;
	}
	for (size_t k = 0; k < at.n; k++)
		making_add(&list, at.v[k]);
	making_done(f, &list, v);
	return at.n > 0;
}

/* What is at the path of args[1] in the JSON of args[0]. */
static bool
find(struct fn_frame *f, const struct value *args, struct value *v)
{
	const struct path *path = f->prepared;
	struct arena *a = f->eval->arena;
	struct path own;

	if (!path) {
		path = &own;
		if (!read_path(value_str(args[1]), a, &own)) {
			fn_fail(f, "not a JSON path");
			return false;
		}
	}
	*v = args[0];
	if (v->type == T_JSON)
		*v = pack_of_json(value_str(*v), a);
	else if (v->type == T_TEXT &&
		 !pack_parse_json(value_str(args[0]), a, v))
		return false;
	for (unsigned i = 0; i < path->n; i++) {
		const struct path_step *step = &path->steps[i];

		if (!step->name.p && step->index == ALL)
			return find_all(f, step, path->n - i, v);
		if (!step_into(v, step, a))
			return false;
	}
	return true;
}

FN_ROW(json_exists_row)
{
	struct value v;

	*out = value_bool(find(f, args, &v));
}

FN_ROW(json_value_row)
{
	struct value v;

	*out = VALUE_NULL;
	if (find(f, args, &v) && v.type != T_NULL && v.type != T_LIST &&
	    v.type != T_MAP)
		*out = value_text(fn_print(f, v));
}

FN_ROW(json_query_row)
{
	struct value v;

	*out = VALUE_NULL;
	if (find(f, args, &v) && (v.type == T_LIST || v.type == T_MAP))
		*out = value_text(fn_print(f, v));
}

FN_ROW(json_extract_row)
{
	struct buf b = {0};
	struct value v;

	*out = VALUE_NULL;
	if (!find(f, args, &v))
		return;
	value_json(&b, v);
	*out = value_text(arena_str(f->eval->arena, buf_str(&b)));
	buf_release(&b);
}

/* ---- whole values ---- */

FN_ROW(is_json_row)
{
	struct value v;

	*out =
	    value_bool(pack_parse_json(value_str(args[0]), f->eval->arena, &v));
}

FN_ROW(to_json_row)
{
	struct buf b = {0};

	value_json(&b, args[0]);
	*out = value_text(arena_str(f->eval->arena, buf_str(&b)));
	buf_release(&b);
}

FN_ROW(try_parse_json_row)
{
	if (!pack_parse_json(value_str(args[0]), f->eval->arena, out))
		*out = VALUE_NULL;
}

FN_ROW(parse_json_row)
{
	if (!pack_parse_json(value_str(args[0]), f->eval->arena, out)) {
		fn_fail(f, "not JSON");
		*out = VALUE_NULL;
	}
}

/* clang-format off */
#define JSON .family = "json"
#define PATH JSON, .aliases = "", .prepare = path_prepare

const struct fn fn_json_rows[] = {
	{.name = "is_json", JSON, .aliases = "", .signature = "text -> bool",
	 .doc = "True if the text is JSON.",
	 .example = "is_json('{\"a\":1}')", .result = "true",
	 .flink = NULL, .row = is_json_row},
	{.name = "json_exists", PATH, .signature = "any, text -> bool",
	 .doc = "True if there is something at the path.",
	 .example = "json_exists('{\"a\":{\"b\":1}}', '$.a.b')",
	 .result = "true",
	 .flink = "JSON_EXISTS", .row = json_exists_row},
	{.name = "json_extract", PATH, .signature = "any, text -> text",
	 .doc = "Whatever is at the path, as JSON; NULL if there is nothing. "
		"[*] and .* in a path are all elements and members, and what "
		"they lead to is a list.",
	 .example = "json_extract('[{\"s\":1},{\"s\":2}]', '$[*].s')",
	 .result = "[1,2]",
	 .flink = NULL, .row = json_extract_row},
	{.name = "json_query", PATH, .signature = "any, text -> text",
	 .doc = "The list or map at the path, as JSON; NULL if there is none. "
		"SQL's form is known, too: JSON_QUERY(j, path WITH WRAPPER "
		"EMPTY ARRAY ON EMPTY NULL ON ERROR).",
	 .example = "json_query('{\"a\":[1,2]}', '$.a')", .result = "[1,2]",
	 .flink = "JSON_QUERY", .row = json_query_row},
	{.name = "json_value", PATH, .signature = "any, text -> text",
	 .doc = "The text, number or boolean at the path, as text; NULL if "
		"there is none. SQL's form is known, too: JSON_VALUE(j, path "
		"RETURNING INTEGER DEFAULT 0 ON EMPTY ERROR ON ERROR).",
	 .example = "json_value('{\"a\":[1,{\"b\":\"x\"}]}', '$.a[1].b')",
	 .result = "x",
	 .flink = "JSON_VALUE", .row = json_value_row},
	{.name = "parse_json", JSON, .aliases = "json",
	 .signature = "text -> any",
	 .doc = "The value of JSON text; other text makes the row bad.",
	 .example = "parse_json('[1,2]')", .result = "[1,2]",
	 .flink = "PARSE_JSON", .row = parse_json_row},
	{.name = "to_json", JSON, .aliases = "json_string",
	 .signature = "any -> text",
	 .doc = "The value as JSON text.",
	 .example = "to_json('a\"b')", .result = "\"a\\\"b\"",
	 .flink = "JSON_STRING", .row = to_json_row},
	{.name = "try_parse_json", JSON, .aliases = "",
	 .signature = "text -> any",
	 .doc = "The value of JSON text; NULL of other text.",
	 .example = "try_parse_json('{') IS NULL", .result = "true",
	 .flink = "TRY_PARSE_JSON", .row = try_parse_json_row},
};
/* clang-format on */
const unsigned fn_json_n = sizeof fn_json_rows / sizeof *fn_json_rows;

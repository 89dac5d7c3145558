/* SPDX-License-Identifier: MIT */
/*
 * Functions of regular expressions (PCRE2). They search: a pattern need not
 * match all of the text. A constant pattern is compiled when the query is
 * bound and a mistake in it shown at its place; other patterns are compiled
 * once per thread, and a malformed one makes the row bad.
 */
#include "base/utf8.h"
#include "data/pack.h"
#include "expr/fn_part.h"
#include "expr/regex.h"

FN_PREPARE(pattern_prepare)
{
	(void)n;
	*prepared = NULL;
	if (args[1].type != T_TEXT)
		return 0;
	*prepared = regex_compile(
	    value_str(args[1]), 0, arena, at ? at[1] : (struct where){0}, err);
	return *prepared ? 0 : -1;
}

/* The pattern of a row, or NULL and the row is bad. */
static const struct regex *
pattern_of(struct fn_frame *f, const struct value *args)
{
	const struct regex *r = f->prepared;
	const char *reason;

	if (r)
		return r;
	r = regex_pooled(f->eval, value_str(args[1]), 0, &reason);
	if (!r)
		fn_fail(f, reason);
	return r;
}

/* One match after another through a text. */
struct search {
	struct fn_frame *f;
	const struct regex *re;
	struct str text;
	size_t from; /* of the next search */
	bool over;
	struct regex_span spans[REGEX_GROUPS_MAX + 1];
};

static bool
search_start(struct search *s, struct fn_frame *f, const struct value *args)
{
	s->f = f;
	s->re = pattern_of(f, args);
	s->text = value_str(args[0]);
	s->from = 0;
	s->over = false;
	return s->re != NULL;
}

/* Finds the next match; false at the end or when the row has failed. */
static bool
search_next(struct search *s, unsigned n_spans)
{
	enum regex_status status;
	const char *p;

	if (s->over || s->from > s->text.n)
		return false;
	status =
	    regex_match(s->re, s->f->eval, s->text, s->from, s->spans, n_spans);
	if (status == REGEX_LIMIT)
		fn_fail(s->f, REGEX_LIMIT_REASON);
	s->over = status != REGEX_YES;
	if (s->over)
		return false;
	s->from = s->spans[0].until;
	if (s->spans[0].until > s->spans[0].from)
		return true;
	/* Behind an empty match the search goes on a character later. */
	p = s->text.p + s->from;
	if (s->from == s->text.n)
		s->over = true;
	else
		utf8_next(&p, s->text.p + s->text.n);
	s->from = (size_t)(p - s->text.p);
	return true;
}

/* A group's text; false if it took no part in the match. */
static bool
group_text(const struct search *s, int64_t group, struct str *out)
{
	struct regex_span at = s->spans[group];

	if (at.from == SIZE_MAX)
		return false;
	*out = (struct str){s->text.p + at.from, at.until - at.from};
	return true;
}

static bool
group_exists(const struct search *s, int64_t group)
{
	return group >= 0 && group <= (int64_t)regex_groups(s->re) &&
	       group <= REGEX_GROUPS_MAX;
}

FN_ROW(regexp_row)
{
	struct search s;

	*out = VALUE_NULL;
	if (search_start(&s, f, args)) {
		*out = value_bool(search_next(&s, 1));
	}
}

FN_ROW(regexp_extract_row)
{
	int64_t group = args[2].i;
	struct search s;
	struct str text;

	*out = VALUE_NULL;
	if (search_start(&s, f, args) && group_exists(&s, group) &&
	    search_next(&s, (unsigned)group + 1) &&
	    group_text(&s, group, &text))
		*out = value_text(text);
}

FN_ROW(regexp_substr_row)
{
	struct search s;
	struct str text;

	*out = VALUE_NULL;
	if (search_start(&s, f, args) && search_next(&s, 1) &&
	    group_text(&s, 0, &text))
		*out = value_text(text);
}

FN_ROW(regexp_extract_all_row)
{
	int64_t group = args[2].i;
	struct buf items = {0}, list = {0};
	uint32_t count = 0;
	struct search s;
	struct str text;

	*out = VALUE_NULL;
	if (!search_start(&s, f, args) || !group_exists(&s, group))
		return;
	while (search_next(&s, (unsigned)group + 1))
		if (group_text(&s, group, &text)) {
			pack_put_text(&items, text);
			count++;
		}
	pack_put_array(&list, count);
	buf_adds(&list, buf_str(&items));
	*out = value_copy(f->eval->arena, value_of_str(T_LIST, buf_str(&list)));
	buf_release(&items);
	buf_release(&list);
}

FN_ROW(regexp_count_row)
{
	struct search s;
	int64_t count = 0;

	*out = VALUE_NULL;
	if (!search_start(&s, f, args))
		return;
	while (search_next(&s, 1))
		count++;
	*out = value_int(count);
}

FN_ROW(regexp_split_row)
{
	struct buf items = {0}, list = {0};
	uint32_t count = 0;
	struct search s;
	size_t at = 0;

	*out = VALUE_NULL;
	if (!search_start(&s, f, args))
		return;
	while (search_next(&s, 1)) {
		/* An empty match at either end parts nothing. */
		if (s.spans[0].until == s.spans[0].from &&
		    (s.spans[0].from == 0 || s.spans[0].from == s.text.n))
			continue;
		pack_put_text(
		    &items, (struct str){s.text.p + at, s.spans[0].from - at});
		at = s.spans[0].until;
		count++;
	}
	pack_put_text(&items, (struct str){s.text.p + at, s.text.n - at});
	pack_put_array(&list, count + 1);
	buf_adds(&list, buf_str(&items));
	*out = value_of_str(T_LIST, arena_str(f->eval->arena, buf_str(&list)));
	buf_release(&items);
	buf_release(&list);
}

FN_ROW(regexp_instr_row)
{
	struct search s;
	struct str before;

	*out = VALUE_NULL;
	if (!search_start(&s, f, args))
		return;
	*out = value_int(0);
	if (!search_next(&s, 1))
		return;
	before = (struct str){s.text.p, s.spans[0].from};
	*out = value_int((int64_t)utf8_len(before) + 1);
}

/* The replacement with \0 … \9 standing for groups. */
static void
add_replacement(struct growing *g, const struct search *s, struct str with)
{
	struct str text;

	for (size_t i = 0; i < with.n; i++) {
		char next = i + 1 < with.n ? with.p[i + 1] : 0;

		if (with.p[i] != '\\' ||
		    (next != '\\' && (next < '0' || next > '9'))) {
			growing_addc(g, with.p[i]);
			continue;
		}
		i++;
		if (next == '\\')
			growing_addc(g, next);
		else if (group_exists(s, next - '0') &&
			 group_text(s, next - '0', &text))
			growing_add(g, text);
	}
}

FN_ROW(regexp_replace_row)
{
	struct growing g = {.f = f};
	struct search s;
	size_t done = 0;

	*out = VALUE_NULL;
	if (!search_start(&s, f, args))
		return;
	while (search_next(&s, 10)) {
		growing_add(
		    &g, (struct str){s.text.p + done, s.spans[0].from - done});
		add_replacement(&g, &s, value_str(args[2]));
		done = s.spans[0].until;
	}
	growing_add(&g, (struct str){s.text.p + done, s.text.n - done});
	growing_done(&g, out);
}

/* ---- the rows ---- */

/* clang-format off */
#define PATTERN .family = "text", .prepare = pattern_prepare

const struct fn fn_pattern_rows[] = {
	{.name = "regexp", .aliases = "regexp_like", PATTERN,
	 .signature = "text, text -> bool",
	 .doc = "True if the pattern matches somewhere in the text.",
	 .example = "regexp('GET /a', '^(GET|HEAD) ')", .result = "true",
	 .flink = "REGEXP", .row = regexp_row},
	{.name = "regexp_count", .aliases = "", PATTERN,
	 .signature = "text, text -> bigint",
	 .doc = "How often the pattern matches in the text.",
	 .example = "regexp_count('a1b22', '[0-9]+')", .result = "2",
	 .flink = "REGEXP_COUNT", .row = regexp_count_row},
	{.name = "regexp_extract", .aliases = "", PATTERN,
	 .signature = "text, text, bigint = 0 -> text",
	 .doc = "What the pattern, or one of its groups, matches first; NULL "
		"if nothing.",
	 .example = "regexp_extract('id=42;', 'id=(\\d+)', 1)", .result = "42",
	 .flink = "REGEXP_EXTRACT", .row = regexp_extract_row},
	{.name = "regexp_extract_all", .aliases = "", PATTERN,
	 .signature = "text, text, bigint = 0 -> list",
	 .doc = "List of all that the pattern, or one of its groups, matches.",
	 .example = "regexp_extract_all('a1b22', '[0-9]+')",
	 .result = "[\"1\",\"22\"]",
	 .flink = "REGEXP_EXTRACT_ALL", .row = regexp_extract_all_row},
	{.name = "regexp_instr", .aliases = "", PATTERN,
	 .signature = "text, text -> bigint",
	 .doc = "Number of the character where the pattern first matches, 0 "
		"if it does not.",
	 .example = "regexp_instr('ab12', '[0-9]')", .result = "3",
	 .flink = "REGEXP_INSTR", .row = regexp_instr_row},
	{.name = "regexp_replace", .aliases = "", PATTERN,
	 .signature = "text, text, text -> text",
	 .doc = "All that the pattern matches replaced by the third text, in "
		"which \\1 to \\9 stand for groups, \\0 for the match and "
		"\\\\ for a backslash.",
	 .example = "regexp_replace('2026-03', '(\\d+)-(\\d+)', '\\2/\\1')",
	 .result = "03/2026",
	 .flink = "REGEXP_REPLACE", .row = regexp_replace_row},
	{.name = "regexp_split", .aliases = "regexp_split_to_array", PATTERN,
	 .signature = "text, text -> list",
	 .doc = "List of the pieces of a text between matches of a pattern.",
	 .example = "regexp_split('a1b22c', '[0-9]+')",
	 .result = "[\"a\",\"b\",\"c\"]",
	 .flink = NULL, .row = regexp_split_row},
	{.name = "regexp_substr", .aliases = "", PATTERN,
	 .signature = "text, text -> text",
	 .doc = "What the pattern matches first; NULL if nothing.",
	 .example = "regexp_substr('a12b3', '[0-9]+')", .result = "12",
	 .flink = "REGEXP_SUBSTR", .row = regexp_substr_row},
};
/* clang-format on */
const unsigned fn_pattern_n = sizeof fn_pattern_rows / sizeof *fn_pattern_rows;

/* SPDX-License-Identifier: MIT */
/*
 * Functions of text. Places and lengths count characters, not bytes; the
 * first character has number 1 (but SPLIT_INDEX counts from 0, as in Flink).
 * Text that is all ASCII takes a short way where it pays.
 */
#include "base/utf8.h"
#include "expr/fn_part.h"

static struct str
arg_str(const struct value *args, unsigned i)
{
	return value_str(args[i]);
}

static struct str
part(struct str s, size_t from, size_t until)
{
	return (struct str){s.p + from, until - from};
}

/* Characters [from, from + n) of s, counted from 0. */
static struct str
chars(struct str s, int64_t from, int64_t n)
{
	size_t a, b;

	if (from >= (int64_t)s.n || n <= 0)
		return (struct str){s.p, 0};
	a = utf8_offset(s, (size_t)from);
	s = part(s, a, s.n);
	if (n >= (int64_t)s.n)
		return s;
	b = utf8_offset(s, (size_t)n);
	return part(s, 0, b);
}

/* ---- case ---- */

/* Changes the case of ASCII; false if there is other text. */
static bool
ascii_case(struct str s, bool upper, char *to)
{
	char first = upper ? 'a' : 'A';

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c & 0x80)
			return false;
		to[i] = (char)((unsigned char)(c - first) < 26 ? c ^ 32 : c);
	}
	return true;
}

static void
put_case(struct growing *g, uint32_t c, bool upper)
{
	if (upper && c == 0xdf) /* sharp s has no capital in use */
		growing_add(g, STR("SS"));
	else
		growing_char(g, upper ? utf8_upper(c) : utf8_lower(c));
}

static void
change_case(struct fn_frame *f, struct str s, bool upper, struct value *out)
{
	struct growing g = {.f = f};
	char *p = fn_room(f, s.n);

	if (p && ascii_case(s, upper, p)) {
		*out = value_text((struct str){p, s.n});
		return;
	}
	for (const char *at = s.p; at < s.p + s.n;)
		put_case(&g, utf8_next(&at, s.p + s.n), upper);
	growing_done(&g, out);
}

FN_ROW(upper_row)
{
	change_case(f, arg_str(args, 0), true, out);
}

FN_ROW(lower_row)
{
	change_case(f, arg_str(args, 0), false, out);
}

static bool
is_word(uint32_t c)
{
	return c >= 0x80 || (c >= '0' && c <= '9') ||
	       ((c | 32) >= 'a' && (c | 32) <= 'z');
}

FN_ROW(initcap_row)
{
	struct str s = arg_str(args, 0);
	struct growing g = {.f = f};
	bool inside = false;

	for (const char *at = s.p; at < s.p + s.n;) {
		uint32_t c = utf8_next(&at, s.p + s.n);

		put_case(&g, c, !inside && is_word(c) && c != 0xdf);
		inside = is_word(c);
	}
	growing_done(&g, out);
}

/* ---- trimming ---- */

/* True if character c is one of set. */
static bool
among(uint32_t c, struct str set)
{
	for (const char *p = set.p; p < set.p + set.n;)
		if (utf8_next(&p, set.p + set.n) == c)
			return true;
	return false;
}

static struct str
trim_left(struct str s, struct str set)
{
	const char *end = s.p + s.n;

	while (s.p < end) {
		const char *next = s.p;

		if (!among(utf8_next(&next, end), set))
			break;
		s.p = next;
	}
	s.n = (size_t)(end - s.p);
	return s;
}

static struct str
trim_right(struct str s, struct str set)
{
	while (s.n) {
		size_t at = s.n - 1;
		const char *p;

		while (at && (s.p[at] & 0xc0) == 0x80)
			at--;
		p = s.p + at;
		if (!among(utf8_next(&p, s.p + s.n), set))
			break;
		s.n = at;
	}
	return s;
}

FN_ROW(ltrim_row)
{
	*out = value_text(trim_left(arg_str(args, 0), arg_str(args, 1)));
}

FN_ROW(rtrim_row)
{
	*out = value_text(trim_right(arg_str(args, 0), arg_str(args, 1)));
}

FN_ROW(trim_row)
{
	struct str set = arg_str(args, 1);

	*out = value_text(trim_right(trim_left(arg_str(args, 0), set), set));
}

/* ---- parts ---- */

FN_ROW(substring_row)
{
	struct str s = arg_str(args, 0);
	int64_t from = args[1].i, n_chars;

	if (from > 0) {
		from--;
	} else if (from < 0) {
		n_chars = (int64_t)utf8_len(s);
		if (from < -n_chars) {
			*out = value_text(STR(""));
			return;
		}
		from += n_chars;
	}
	*out = value_text(chars(s, from, n > 2 ? args[2].i : INT64_MAX));
}

FN_ROW(left_row)
{
	*out = value_text(chars(arg_str(args, 0), 0, args[1].i));
}

FN_ROW(right_row)
{
	struct str s = arg_str(args, 0);
	int64_t n_chars = (int64_t)utf8_len(s);
	int64_t want = args[1].i < n_chars ? args[1].i : n_chars;

	if (want <= 0)
		*out = value_text(STR(""));
	else
		*out = value_text(chars(s, n_chars - want, want));
}

FN_ROW(overlay_row)
{
	struct str s = arg_str(args, 0), with = arg_str(args, 1);
	struct growing g = {.f = f};
	int64_t from = args[2].i - 1, until;
	int64_t len = n > 3 ? args[3].i : INT64_MAX;

	if (from < 0 || from > (int64_t)utf8_len(s)) {
		*out = args[0];
		return;
	}
	if (len < 0 || len == INT64_MAX) /* as many as the other text has */
		len = (int64_t)utf8_len(with);
	if (__builtin_add_overflow(from, len, &until))
		until = INT64_MAX;
	growing_add(&g, chars(s, 0, from));
	growing_add(&g, with);
	growing_add(&g, chars(s, until, INT64_MAX));
	growing_done(&g, out);
}

/* Piece number i of s between occurrences of mark; false if none. */
static bool
piece(struct str s, struct str mark, int64_t i, struct str *out)
{
	long at = mark.n ? str_find(s, mark, 0) : -1;

	for (; i > 0 && at >= 0; i--) {
		s = part(s, (size_t)at + mark.n, s.n);
		at = str_find(s, mark, 0);
	}
	*out = at >= 0 ? part(s, 0, (size_t)at) : s;
	return i == 0;
}

FN_ROW(split_index_row)
{
	struct str s = arg_str(args, 0);

	if (s.n && args[2].i >= 0 && piece(s, arg_str(args, 1), args[2].i, &s))
		*out = value_text(s);
	else
		*out = VALUE_NULL;
}

/* ---- lengths and places ---- */

/* Nexmark's own function, which its query 14 registers. */
FN_ROW(count_char_row)
{
	struct str text = arg_str(args, 0), c = arg_str(args, 1);
	int64_t found = 0;
	long at = c.n ? str_find(text, c, 0) : -1;

	for (; at >= 0; found++)
		at = str_find(text, c, (size_t)at + c.n);
	*out = value_int(found);
}

FN_ROW(char_length_row)
{
	*out = value_int((int64_t)utf8_len(arg_str(args, 0)));
}

FN_ROW(octet_length_row)
{
	*out = value_int(args[0].type == T_BYTES
			     ? args[0].len
			     : (int64_t)fn_print(f, args[0]).n);
}

/* Number of the first character of the nth hit from character `from`. */
static int64_t
place(struct str s, struct str needle, int64_t from, int64_t nth)
{
	size_t start;
	long at = -1;

	if (from < 1 || from > (int64_t)utf8_len(s) + 1 || nth < 1)
		return 0;
	start = utf8_offset(s, (size_t)from - 1);
	for (; nth > 0 && start <= s.n; nth--) {
		at = str_find(s, needle, start);
		if (at < 0)
			return 0;
		start = (size_t)at + 1;
	}
	return nth ? 0 : (int64_t)utf8_len(part(s, 0, (size_t)at)) + 1;
}

FN_ROW(position_row)
{
	*out = value_int(place(arg_str(args, 1), arg_str(args, 0), 1, 1));
}

FN_ROW(locate_row)
{
	*out =
	    value_int(place(arg_str(args, 1), arg_str(args, 0), args[2].i, 1));
}

FN_ROW(instr_row)
{
	*out = value_int(
	    place(arg_str(args, 0), arg_str(args, 1), args[2].i, args[3].i));
}

FN_ROW(starts_with_row)
{
	*out = value_bool(str_starts(arg_str(args, 0), arg_str(args, 1)));
}

FN_ROW(ends_with_row)
{
	*out = value_bool(str_ends(arg_str(args, 0), arg_str(args, 1)));
}

FN_ROW(contains_row)
{
	*out = value_bool(str_find(arg_str(args, 0), arg_str(args, 1), 0) >= 0);
}

/* ---- making text ---- */

FN_ROW(replace_row)
{
	struct str s = arg_str(args, 0), old = arg_str(args, 1);
	struct growing g = {.f = f};
	long at;

	if (!old.n || str_find(s, old, 0) < 0) {
		*out = args[0];
		return;
	}
	while ((at = str_find(s, old, 0)) >= 0) {
		growing_add(&g, part(s, 0, (size_t)at));
		growing_add(&g, arg_str(args, 2));
		s = part(s, (size_t)at + old.n, s.n);
	}
	growing_add(&g, s);
	growing_done(&g, out);
}

/* Number of character c in set, or -1. */
static int64_t
index_of(uint32_t c, struct str set)
{
	int64_t i = 0;

	for (const char *p = set.p; p < set.p + set.n; i++)
		if (utf8_next(&p, set.p + set.n) == c)
			return i;
	return -1;
}

FN_ROW(translate_row)
{
	struct str s = arg_str(args, 0), to = arg_str(args, 2);
	struct growing g = {.f = f};

	for (const char *p = s.p; p < s.p + s.n;) {
		uint32_t c = utf8_next(&p, s.p + s.n);
		int64_t i = index_of(c, arg_str(args, 1));

		if (i < 0)
			growing_char(&g, c);
		else
			growing_add(&g, chars(to, i, 1));
	}
	growing_done(&g, out);
}

/* Adds n characters of pad, over and over. */
static void
add_padding(struct growing *g, struct str pad, int64_t n)
{
	int64_t whole = (int64_t)utf8_len(pad);

	for (; n >= whole && !g->over; n -= whole)
		growing_add(g, pad);
	growing_add(g, chars(pad, 0, n));
}

static void
pad(struct fn_frame *f, const struct value *args, bool left, struct value *out)
{
	struct str s = arg_str(args, 0), fill = arg_str(args, 2);
	int64_t n = args[1].i, have = (int64_t)utf8_len(s);
	struct growing g = {.f = f};

	if (n < 0 || !fill.n) {
		*out = VALUE_NULL;
		return;
	}
	if (left && n > have)
		add_padding(&g, fill, n - have);
	growing_add(&g, chars(s, 0, n));
	if (!left && n > have)
		add_padding(&g, fill, n - have);
	growing_done(&g, out);
}

FN_ROW(lpad_row)
{
	pad(f, args, true, out);
}

FN_ROW(rpad_row)
{
	pad(f, args, false, out);
}

FN_ROW(reverse_row)
{
	struct str s = arg_str(args, 0);
	char *p = fn_room(f, s.n), *to;

	*out = VALUE_NULL;
	if (!p)
		return;
	to = p + s.n;
	for (const char *at = s.p; at < s.p + s.n;) {
		const char *from = at;
		size_t len;

		utf8_next(&at, s.p + s.n);
		len = (size_t)(at - from);
		to -= len;
		memcpy(to, from, len);
	}
	*out = value_text((struct str){p, s.n});
}

FN_ROW(repeat_row)
{
	struct str s = arg_str(args, 0);
	struct growing g = {.f = f};

	for (int64_t i = 0; s.n && i < args[1].i && !g.over; i++)
		growing_add(&g, s);
	growing_done(&g, out);
}

FN_ROW(concat_row)
{
	struct growing g = {.f = f};

	for (unsigned i = 0; i < n; i++)
		growing_add(&g, fn_print(f, args[i]));
	growing_done(&g, out);
}

FN_ROW(concat_ws_row)
{
	struct growing g = {.f = f};
	bool first = true;

	if (args[0].type == T_NULL) {
		*out = VALUE_NULL;
		return;
	}
	for (unsigned i = 1; i < n; i++) {
		if (args[i].type == T_NULL)
			continue;
		if (!first)
			growing_add(&g, arg_str(args, 0));
		growing_add(&g, fn_print(f, args[i]));
		first = false;
	}
	growing_done(&g, out);
}

FN_ROW(ascii_row)
{
	*out = value_int(args[0].len ? (unsigned char)args[0].p[0] : 0);
}

FN_ROW(chr_row)
{
	struct growing g = {.f = f};

	if (args[0].i >= 0)
		growing_char(&g, (uint32_t)(args[0].i & 255));
	growing_done(&g, out);
}

/* ---- the rows ---- */

/* clang-format off */
#define TEXT .family = "text"

const struct fn fn_text_rows[] = {
	{.name = "ascii", .aliases = "", TEXT,
	 .signature = "text -> bigint",
	 .doc = "Number of the first byte of a text; 0 if it is empty.",
	 .example = "ascii('abc')", .result = "97",
	 .flink = "ASCII", .row = ascii_row},
	{.name = "char_length", .aliases = "character_length length len", TEXT,
	 .signature = "text -> bigint",
	 .doc = "Number of characters.",
	 .example = "char_length('Größe')", .result = "5",
	 .flink = "CHAR_LENGTH", .row = char_length_row},
	{.name = "chr", .aliases = "", TEXT,
	 .signature = "bigint -> text",
	 .doc = "The character with a number, of which the last 8 bits count; "
		"an empty text if it is negative.",
	 .example = "chr(97)", .result = "a",
	 .flink = "CHR", .row = chr_row},
	{.name = "concat", .aliases = "", TEXT,
	 .signature = "any ... -> text",
	 .doc = "The arguments as one text; NULL if one of them is.",
	 .example = "concat('a', 1, 'b')", .result = "a1b",
	 .flink = "CONCAT", .row = concat_row},
	{.name = "concat_ws", .aliases = "", TEXT,
	 .signature = "text, any ... -> text",
	 .doc = "The arguments that are not NULL as one text, with the first "
		"argument between them.",
	 .example = "concat_ws('-', 'a', NULL, 'b')", .result = "a-b",
	 .flink = "CONCAT_WS", .flags = FN_NULLS, .row = concat_ws_row},
	{.name = "contains", .aliases = "", TEXT,
	 .signature = "text, text -> bool",
	 .doc = "True if the second text occurs in the first.",
	 .example = "contains('weir', 'ei')", .result = "true",
	 .flink = NULL, .row = contains_row},
	{.name = "count_char", .aliases = "", TEXT,
	 .signature = "text, text -> bigint",
	 .doc = "How often the second text occurs in the first.",
	 .example = "count_char('abcabc', 'c')", .result = "2",
	 .row = count_char_row},
	{.name = "ends_with", .aliases = "endswith", TEXT,
	 .signature = "text, text -> bool",
	 .doc = "True if the first text ends with the second.",
	 .example = "ends_with('a.log', '.log')", .result = "true",
	 .flink = "ENDSWITH", .row = ends_with_row},
	{.name = "initcap", .aliases = "", TEXT,
	 .signature = "text -> text",
	 .doc = "The first letter of each word in upper case, the others in "
		"lower case.",
	 .example = "initcap('hello wORLD')", .result = "Hello World",
	 .flink = "INITCAP", .row = initcap_row},
	{.name = "instr", .aliases = "", TEXT,
	 .signature = "text, text, bigint = 1, bigint = 1 -> bigint",
	 .doc = "Where the second text occurs in the first: from the character "
		"of a number on, the n-th time; 0 if it does not.",
	 .example = "instr('banana', 'an', 1, 2)", .result = "4",
	 .flink = "INSTR", .row = instr_row},
	{.name = "left", .aliases = "", TEXT,
	 .signature = "text, bigint -> text",
	 .doc = "The first n characters.",
	 .example = "left('weir', 2)", .result = "we",
	 .flink = "LEFT", .row = left_row},
	{.name = "locate", .aliases = "", TEXT,
	 .signature = "text, text, bigint = 1 -> bigint",
	 .doc = "Where the first text occurs in the second, from the character "
		"of a number on; 0 if it does not.",
	 .example = "locate('an', 'banana', 3)", .result = "4",
	 .flink = "LOCATE", .row = locate_row},
	{.name = "lower", .aliases = "lcase", TEXT,
	 .signature = "text -> text",
	 .doc = "In lower case.",
	 .example = "lower('ÄBC')", .result = "äbc",
	 .flink = "LOWER", .row = lower_row},
	{.name = "lpad", .aliases = "", TEXT,
	 .signature = "text, bigint, text = ' ' -> text",
	 .doc = "Filled up at the left, or cut, to n characters; NULL if n is "
		"negative or there is nothing to fill with.",
	 .example = "lpad('7', 3, '0')", .result = "007",
	 .flink = "LPAD", .row = lpad_row},
	{.name = "ltrim", .aliases = "", TEXT,
	 .signature = "text, text = ' ' -> text",
	 .doc = "Without the blanks, or the characters of the second text, at "
		"the left.",
	 .example = "ltrim('007', '0')", .result = "7",
	 .flink = "LTRIM", .row = ltrim_row},
	{.name = "octet_length", .aliases = "", TEXT,
	 .signature = "any -> bigint",
	 .doc = "Number of bytes of a text or bytes.",
	 .example = "octet_length('Größe')", .result = "7",
	 .flink = "OCTET_LENGTH", .row = octet_length_row},
	{.name = "overlay", .aliases = "", TEXT,
	 .signature = "text, text, bigint, "
		      "bigint = 9223372036854775807 -> text",
	 .doc = "The first text with n characters from a place on (by default "
		"as many as the second text has) replaced by the second.",
	 .example = "overlay('abcdef' PLACING 'xyz' FROM 3)",
	 .result = "abxyzf",
	 .flink = "OVERLAY", .row = overlay_row},
	{.name = "position", .aliases = "", TEXT,
	 .signature = "text, text -> bigint",
	 .doc = "Where the first text occurs in the second, from 1; 0 if it "
		"does not. Also written POSITION(a IN b).",
	 .example = "position('ei' IN 'weir')", .result = "2",
	 .flink = "POSITION", .row = position_row},
	{.name = "repeat", .aliases = "", TEXT,
	 .signature = "text, bigint -> text",
	 .doc = "The text n times.",
	 .example = "repeat('ab', 3)", .result = "ababab",
	 .flink = "REPEAT", .row = repeat_row},
	{.name = "replace", .aliases = "", TEXT,
	 .signature = "text, text, text -> text",
	 .doc = "Every occurrence of the second text replaced by the third.",
	 .example = "replace('a-b-c', '-', '+')", .result = "a+b+c",
	 .flink = "REPLACE", .row = replace_row},
	{.name = "reverse", .aliases = "", TEXT,
	 .signature = "text -> text",
	 .doc = "The characters from last to first.",
	 .example = "reverse('weir')", .result = "riew",
	 .flink = "REVERSE", .row = reverse_row},
	{.name = "right", .aliases = "", TEXT,
	 .signature = "text, bigint -> text",
	 .doc = "The last n characters.",
	 .example = "right('weir', 2)", .result = "ir",
	 .flink = "RIGHT", .row = right_row},
	{.name = "rpad", .aliases = "", TEXT,
	 .signature = "text, bigint, text = ' ' -> text",
	 .doc = "Filled up at the right, or cut, to n characters; NULL if n is "
		"negative or there is nothing to fill with.",
	 .example = "rpad('ab', 5, '.')", .result = "ab...",
	 .flink = "RPAD", .row = rpad_row},
	{.name = "rtrim", .aliases = "", TEXT,
	 .signature = "text, text = ' ' -> text",
	 .doc = "Without the blanks, or the characters of the second text, at "
		"the right.",
	 .example = "rtrim('weir  ')", .result = "weir",
	 .flink = "RTRIM", .row = rtrim_row},
	{.name = "split_index", .aliases = "", TEXT,
	 .signature = "text, text, bigint -> text",
	 .doc = "A piece of the text between occurrences of the second text; "
		"the first piece has number 0. NULL if there is none.",
	 .example = "split_index('a,b,c', ',', 1)", .result = "b",
	 .flink = "SPLIT_INDEX", .row = split_index_row},
	{.name = "starts_with", .aliases = "startswith", TEXT,
	 .signature = "text, text -> bool",
	 .doc = "True if the first text begins with the second.",
	 .example = "starts_with('/api/v1', '/api/')", .result = "true",
	 .flink = "STARTSWITH", .row = starts_with_row},
	{.name = "substring", .aliases = "substr mid", TEXT,
	 .signature = "text, bigint, bigint = 9223372036854775807 -> text",
	 .doc = "As many characters as are asked for, or all, from a place on: "
		"counted from 1, or from the end if it is negative.",
	 .example = "substring('weir', 2, 2)", .result = "ei",
	 .flink = "SUBSTRING", .row = substring_row},
	{.name = "translate", .aliases = "", TEXT,
	 .signature = "text, text, text -> text",
	 .doc = "Each character that is in the second text replaced by the one "
		"at the same place of the third, or left out.",
	 .example = "translate('a-b_c', '-_', '+')", .result = "a+bc",
	 .flink = "TRANSLATE", .row = translate_row},
	{.name = "trim", .aliases = "btrim", TEXT,
	 .signature = "text, text = ' ' -> text",
	 .doc = "Without the blanks, or the characters of the second text, at "
		"both ends. Also written TRIM(BOTH 'x' FROM s).",
	 .example = "trim('  weir ')", .result = "weir",
	 .flink = "TRIM", .row = trim_row},
	{.name = "upper", .aliases = "ucase", TEXT,
	 .signature = "text -> text",
	 .doc = "In upper case.",
	 .example = "upper('Straße')", .result = "STRASSE",
	 .flink = "UPPER", .row = upper_row},
};
/* clang-format on */
const unsigned fn_text_n = sizeof fn_text_rows / sizeof *fn_text_rows;

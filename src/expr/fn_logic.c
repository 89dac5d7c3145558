/* SPDX-License-Identifier: MIT */
/* Functions that tell what a value is. */
#include "base/num.h"
#include "base/utf8.h"
#include "expr/fn_part.h"

/* True if s is not empty and every character is one of a kind. */
static bool
every(struct str s, bool (*kind)(uint32_t c))
{
	for (const char *p = s.p; p < s.p + s.n;)
		if (!kind(utf8_next(&p, s.p + s.n)))
			return false;
	return s.n > 0;
}

static bool
digit(uint32_t c)
{
	return c >= '0' && c <= '9';
}

/* ASCII letters, and what has a case elsewhere. */
static bool
letter(uint32_t c)
{
	return ((c | 32) >= 'a' && (c | 32) <= 'z') ||
	       (c >= 0x80 && utf8_upper(c) != utf8_lower(c)) || c == 0xdf;
}

FN_ROW(is_digit_row)
{
	*out = value_bool(every(value_str(args[0]), digit));
}

FN_ROW(is_alpha_row)
{
	*out = value_bool(every(value_str(args[0]), letter));
}

FN_ROW(is_decimal_row)
{
	struct str s = value_str(args[0]);
	double x;

	*out = value_bool(s.n && (s.p[s.n - 1] | 32) != 'n' &&
			  (s.p[s.n - 1] | 32) != 'f' &&
			  (s.p[s.n - 1] | 32) != 'y' && num_parse_float(s, &x));
}

FN_ROW(typeof_row)
{
	*out = value_text(str_of(type_name((enum type)args[0].type)));
}

/* clang-format off */
#define LOGIC .family = "logic", .aliases = ""

const struct fn fn_logic_rows[] = {
	{.name = "is_alpha", LOGIC, .signature = "text -> bool",
	 .doc = "True if all characters are letters.",
	 .example = "is_alpha('weir')", .result = "true",
	 .flink = "IS_ALPHA", .row = is_alpha_row},
	{.name = "is_decimal", LOGIC, .signature = "text -> bool",
	 .doc = "True if the text is a number.",
	 .example = "is_decimal('-1.5')", .result = "true",
	 .flink = "IS_DECIMAL", .row = is_decimal_row},
	{.name = "is_digit", LOGIC, .signature = "text -> bool",
	 .doc = "True if all characters are digits.",
	 .example = "is_digit('007')", .result = "true",
	 .flink = "IS_DIGIT", .row = is_digit_row},
	{.name = "typeof", LOGIC, .signature = "any -> text",
	 .doc = "Name of the type of a value.",
	 .example = "typeof(1)", .result = "bigint",
	 .flink = NULL, .flags = FN_NULLS, .row = typeof_row},
};
/* clang-format on */
const unsigned fn_logic_n = sizeof fn_logic_rows / sizeof *fn_logic_rows;

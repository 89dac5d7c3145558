/* SPDX-License-Identifier: MIT */
/*
 * Functions that tell what a value is, choose among values, and draw random
 * ones. Random results differ from run to run, as those of now() do.
 */
#include <stdatomic.h>

#include "base/hash.h"
#include "base/num.h"
#include "base/utf8.h"
#include "data/key.h"
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

FN_ROW(nvl2_row)
{
	*out = args[0].type == T_NULL ? args[2] : args[1];
}

FN_ROW(num_nulls_row)
{
	int64_t nulls = 0;

	for (unsigned i = 0; i < n; i++)
		nulls += args[i].type == T_NULL;
	*out = value_int(nulls);
}

FN_ROW(is_number_row)
{
	*out = value_bool(type_is_number((enum type)args[0].type));
}

/* ---- random values ---- */

/* SplitMix64 over a count of draws, from the seed of the process. */
static uint64_t
draw(void)
{
	static _Atomic uint64_t count;
	uint64_t h =
	    hash_seed + (atomic_fetch_add(&count, 1) + 1) * 0x9e3779b97f4a7c15u;

	h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9u;
	h = (h ^ h >> 27) * 0x94d049bb133111ebu;
	return h ^ h >> 31;
}

static double
unit_float(uint64_t h)
{
	return (double)(h >> 11) * 0x1p-53;
}

/* FNV-1a of the key's bytes from the seed, and SplitMix64's finish: the same
 * for every process. */
static uint64_t
draw_by(int64_t seed, struct value key)
{
	uint64_t h = 0xcbf29ce484222325u + (uint64_t)seed * 0x9e3779b97f4a7c15u;
	struct buf b = {0};

	key_put(&b, key);
	for (size_t i = 0; i < b.n; i++)
		h = (h ^ (uint8_t)b.p[i]) * 0x100000001b3u;
	buf_release(&b);
	h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9u;
	h = (h ^ h >> 27) * 0x94d049bb133111ebu;
	return h ^ h >> 31;
}

static void
integer_below(struct fn_frame *f, uint64_t h, int64_t bound, struct value *out)
{
	*out = VALUE_NULL;
	if (bound > 0)
		*out = value_int(
		    (int64_t)((unsigned __int128)h * (uint64_t)bound >> 64));
	else
		fn_fail(f, "a random number below 1");
}

FN_ROW(rand_by_row)
{
	*out = value_float(unit_float(draw_by(args[0].i, args[1])));
}

FN_ROW(rand_integer_by_row)
{
	integer_below(f, draw_by(args[0].i, args[1]), args[2].i, out);
}

FN_ROW(rand_row)
{
	*out = value_float(unit_float(draw()));
}

FN_ROW(rand_integer_row)
{
	integer_below(f, draw(), args[0].i, out);
}

/* Version 4 of RFC 9562. */
FN_ROW(uuid_row)
{
	uint64_t a = draw(), b = draw();

	*out = value_text(
	    arena_printf(f->eval->arena, "%08x-%04x-4%03x-%04x-%012llx",
		(unsigned)(a >> 32), (unsigned)(a >> 16 & 0xffff),
		(unsigned)(a & 0xfff), (unsigned)(b >> 48 & 0x3fff) | 0x8000,
		(unsigned long long)(b & 0xffffffffffffu)));
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
	{.name = "is_number", LOGIC, .signature = "any -> bool",
	 .doc = "True if the value is a number: no text, no boolean.",
	 .example = "is_number(1.5)", .result = "true",
	 .flink = NULL, .row = is_number_row},
	{.name = "num_nulls", LOGIC, .signature = "any ... -> bigint",
	 .doc = "How many of the arguments are NULL.",
	 .example = "num_nulls(1, NULL, 'a')", .result = "1",
	 .flink = NULL, .flags = FN_NULLS, .row = num_nulls_row},
	{.name = "nvl2", LOGIC, .signature = "any, any, any -> any",
	 .doc = "The second argument if the first is not NULL, else the third.",
	 .example = "nvl2(NULL, 'there', 'not there')", .result = "not there",
	 .flink = NULL, .flags = FN_NULLS, .row = nvl2_row},
	{.name = "rand", .family = "math", .aliases = "random",
	 .signature = "-> float",
	 .doc = "A random number from 0 to below 1. Results that depend on it "
		"differ from run to run; RAND(seed) is rand_by(seed, _offset), "
		"the same in every run.",
	 .example = "rand() < 1", .result = "true",
	 .flink = "RAND", .flags = FN_VOLATILE, .row = rand_row},
	{.name = "rand_by", .family = "math", .aliases = "",
	 .signature = "bigint, any -> float",
	 .doc = "A number from 0 to below 1 that looks random, and is always "
		"the same for a seed and a key.",
	 .example = "round(rand_by(42, 'weir'), 6)", .result = "0.184267",
	 .flink = NULL, .row = rand_by_row},
	{.name = "rand_integer", .family = "math", .aliases = "",
	 .signature = "bigint -> bigint",
	 .doc = "A random integer from 0 to below a bound; RAND_INTEGER(seed, "
		"bound) is rand_integer_by(seed, _offset, bound).",
	 .example = "rand_integer(1)", .result = "0",
	 .flink = "RAND_INTEGER", .flags = FN_VOLATILE,
	 .row = rand_integer_row},
	{.name = "rand_integer_by", .family = "math", .aliases = "",
	 .signature = "bigint, any, bigint -> bigint",
	 .doc = "An integer from 0 to below a bound by a seed and a key.",
	 .example = "rand_integer_by(42, 'weir', 100)", .result = "18",
	 .flink = NULL, .row = rand_integer_by_row},
	{.name = "typeof", LOGIC, .signature = "any -> text",
	 .doc = "Name of the type of a value, as CAST has it; of NULL null.",
	 .example = "typeof(1)", .result = "bigint",
	 .flink = "TYPEOF", .flags = FN_NULLS, .row = typeof_row},
	{.name = "uuid", LOGIC, .signature = "-> text",
	 .doc = "A random UUID (version 4).",
	 .example = "char_length(uuid())", .result = "36",
	 .flink = "UUID", .flags = FN_VOLATILE, .row = uuid_row},
};
/* clang-format on */
const unsigned fn_logic_n = sizeof fn_logic_rows / sizeof *fn_logic_rows;

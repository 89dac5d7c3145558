/* SPDX-License-Identifier: MIT */
/*
 * Further functions of text: how alike two texts are, pieces, and charsets.
 * Characters are counted, not bytes. Costs that grow with the product of two
 * lengths are limited.
 */
#include "base/utf8.h"
#include "data/pack.h"
#include "expr/fn_part.h"
#include "expr/regex.h"

#define ALIKE_MAX 10000 /* characters of a text that is compared */

/* ---- how alike ---- */

/* The characters of a text; NULL and a bad row if there are too many. */
static uint32_t *
characters(struct fn_frame *f, struct str s, size_t *n)
{
	uint32_t *c;
	const char *p = s.p;

	*n = utf8_len(s);
	if (*n > ALIKE_MAX) {
		fn_fail(f, "text too long to be compared");
		return NULL;
	}
	c = arena_array(f->eval->arena, *n + 1, sizeof *c);
	for (size_t i = 0; i < *n; i++)
		c[i] = utf8_next(&p, s.p + s.n);
	return c;
}

/* One row of the table of distances after another. */
static size_t
edits(struct fn_frame *f, const uint32_t *a, size_t na, const uint32_t *b,
    size_t nb)
{
	size_t *row = arena_array(f->eval->arena, nb + 1, sizeof *row);

	for (size_t k = 0; k <= nb; k++)
		row[k] = k;
	for (size_t i = 0; i < na; i++) {
		size_t before =
		    row[0]++; /* of the row above, one to the left */

		for (size_t k = 0; k < nb; k++) {
			size_t above = row[k + 1], best;

			best = before + (a[i] != b[k]);
			if (above + 1 < best)
				best = above + 1;
			if (row[k] + 1 < best)
				best = row[k] + 1;
			before = above;
			row[k + 1] = best;
		}
	}
	return row[nb];
}

FN_ROW(levenshtein_row)
{
	size_t na, nb;
	uint32_t *a = characters(f, value_str(args[0]), &na), *b;

	*out = VALUE_NULL;
	b = a ? characters(f, value_str(args[1]), &nb) : NULL;
	if (b)
		*out = value_int((int64_t)edits(f, a, na, b, nb));
}

FN_ROW(similarity_row)
{
	size_t na, nb, most, apart;
	uint32_t *a = characters(f, value_str(args[0]), &na), *b;

	*out = VALUE_NULL;
	b = a ? characters(f, value_str(args[1]), &nb) : NULL;
	if (!b)
		return;
	most = na > nb ? na : nb;
	apart = edits(f, a, na, b, nb);
	*out = value_float(most ? 1 - (double)apart / (double)most : 1);
}

FN_ROW(hamming_row)
{
	size_t na, nb;
	uint32_t *a = characters(f, value_str(args[0]), &na), *b;
	int64_t differ = 0;

	*out = VALUE_NULL;
	b = a ? characters(f, value_str(args[1]), &nb) : NULL;
	if (!b || na != nb)
		return;
	for (size_t i = 0; i < na; i++)
		differ += a[i] != b[i];
	*out = value_int(differ);
}

/* Marks characters of both that are equal and near; their number. */
static size_t
matches(const uint32_t *a, size_t na, const uint32_t *b, size_t nb, bool *ma,
    bool *mb)
{
	size_t most = na > nb ? na : nb, near = most / 2, n = 0;

	near = near ? near - 1 : 0;
	for (size_t i = 0; i < na; i++) {
		size_t from = i > near ? i - near : 0;

		for (size_t k = from; k < nb && k <= i + near; k++) {
			if (mb[k] || a[i] != b[k])
				continue;
			ma[i] = mb[k] = true;
			n++;
			break;
		}
	}
	return n;
}

/* Jaro 1989, Winkler 1990. */
static double
jaro_winkler(struct fn_frame *f, const uint32_t *a, size_t na,
    const uint32_t *b, size_t nb)
{
	bool *ma = arena_zalloc(f->eval->arena, na + 1);
	bool *mb = arena_zalloc(f->eval->arena, nb + 1);
	size_t n = matches(a, na, b, nb, ma, mb), k = 0, turned = 0, same = 0;
	double m = (double)n, jaro;

	if (!na && !nb)
		return 1;
	if (m == 0)
		return 0;
	for (size_t i = 0; i < na; i++) {
		if (!ma[i])
			continue;
		while (!mb[k])
			k++;
		turned += a[i] != b[k++];
	}
	jaro =
	    (m / (double)na + m / (double)nb + (m - (double)(turned / 2)) / m) /
	    3;
	while (same < 4 && same < na && same < nb && a[same] == b[same])
		same++;
	return jaro + (double)same * 0.1 * (1 - jaro);
}

FN_ROW(jaro_winkler_row)
{
	size_t na, nb;
	uint32_t *a = characters(f, value_str(args[0]), &na), *b;

	*out = VALUE_NULL;
	b = a ? characters(f, value_str(args[1]), &nb) : NULL;
	if (b)
		*out = value_float(jaro_winkler(f, a, na, b, nb));
}

/* The code of Russell and Odell for names: a letter and three digits. */
FN_ROW(soundex_row)
{
	static const char codes[] = "01230120022455012623010202";
	struct str s = value_str(args[0]);
	char code[4], last = 0;
	unsigned k = 0;

	for (size_t i = 0; i < s.n && k < 4; i++) {
		char c = (char)(s.p[i] & ~32), digit;

		if (c < 'A' || c > 'Z')
			continue;
		digit = codes[c - 'A'];
		if (!k)
			code[k++] = c;
		else if (digit != '0' && digit != last)
			code[k++] = digit;
		/* H and W do not part equal sounds, vowels do. */
		if (c != 'H' && c != 'W')
			last = digit;
	}
	if (!k) {
		*out = value_text(STR(""));
		return;
	}
	while (k < 4)
		code[k++] = '0';
	*out = value_text(
	    arena_str(f->eval->arena, (struct str){code, sizeof code}));
}

/* ---- pieces ---- */

/* Piece number n from 1, from the end if negative. */
FN_ROW(split_part_row)
{
	struct str s = value_str(args[0]), by = value_str(args[1]);
	int64_t want = args[2].i, count = 1;
	size_t at = 0;
	long mark;

	*out = value_text(STR(""));
	if (!want) {
		fn_fail(f, "pieces are counted from 1");
		*out = VALUE_NULL;
		return;
	}
	if (!by.n) {
		if (want == 1 || want == -1)
			*out = args[0];
		return;
	}
	for (mark = 0; (mark = str_find(s, by, (size_t)mark)) >= 0;
	     mark += (long)by.n)
		count++;
	want = want < 0 ? want + count + 1 : want;
	for (int64_t i = 1; i <= want; i++) {
		mark = str_find(s, by, at);
		if (i == want)
			*out = value_text((struct str){
			    s.p + at, (mark < 0 ? s.n : (size_t)mark) - at});
		if (mark < 0)
			break;
		at = (size_t)mark + by.n;
	}
}

/* What is before the n-th mark; behind the n-th from the end if negative. */
FN_ROW(substring_index_row)
{
	struct str s = value_str(args[0]), by = value_str(args[1]);
	int64_t want = args[2].i, count = 0;
	long mark = 0;

	*out = want && by.n ? args[0] : value_text(STR(""));
	if (!want || !by.n)
		return;
	while ((mark = str_find(s, by, (size_t)mark)) >= 0) {
		count++;
		mark += (long)by.n;
	}
	if (want < 0 ? count < -want : count < want)
		return;
	want = want < 0 ? count + want + 1 : want;
	for (mark = -(long)by.n; want--;)
		mark = str_find(s, by, (size_t)(mark + (long)by.n));
	if (args[2].i > 0)
		*out = value_text((struct str){s.p, (size_t)mark});
	else
		*out = value_text(
		    (struct str){s.p + mark + by.n, s.n - (size_t)mark - by.n});
}

FN_ROW(elt_row)
{
	*out = VALUE_NULL;
	if (args[0].type == T_INT && args[0].i >= 1 && args[0].i < n)
		*out = args[args[0].i];
}

FN_ROW(squeeze_row)
{
	struct str s = str_trim(value_str(args[0]));
	struct growing g = {.f = f};

	for (size_t i = 0; i < s.n; i++) {
		bool blank =
		    s.p[i] == ' ' || (s.p[i] >= '\t' && s.p[i] <= '\r');

		if (!blank)
			growing_addc(&g, s.p[i]);
		else if (g.n && g.p[g.n - 1] != ' ')
			growing_addc(&g, ' ');
	}
	growing_done(&g, out);
}

/* The end of an escape sequence at *p (ECMA-48), or p itself. */
static const char *
skip_escape(const char *p, const char *end)
{
	const char *at = p + 1;

	if (*p != 0x1b || at == end)
		return p;
	if (*at == ']') { /* up to BEL or ESC \ */
		for (at++; at < end; at++)
			if (*at == 7 ||
			    (*at == 0x1b && at + 1 < end && at[1] == '\\'))
				return at + (*at == 7 ? 1 : 2);
		return end;
	}
	if (*at != '[')
		return *at >= '@' && *at <= '_' ? at + 1 : p;
	for (at++; at < end && *at >= ' ' && *at <= '?'; at++)
		;
	return at < end ? at + 1 : end;
}

FN_ROW(strip_ansi_row)
{
	struct str s = value_str(args[0]);
	struct growing g = {.f = f};
	const char *p = s.p, *end = s.p + s.n;

	if (!s.n || !memchr(s.p, 0x1b, s.n)) {
		*out = args[0];
		return;
	}
	while (p < end) {
		const char *next = skip_escape(p, end);

		if (next == p)
			growing_addc(&g, *p++);
		else
			p = next;
	}
	growing_done(&g, out);
}

FN_ROW(unicode_row)
{
	const char *p = args[0].p;

	*out = value_int(
	    args[0].len ? (int64_t)utf8_next(&p, p + args[0].len) : 0);
}

/* ---- charsets ---- */

enum charset {
	CHARSET_UTF8,
	CHARSET_ASCII,
	CHARSET_LATIN1,
	CHARSET_UTF16BE,
	CHARSET_UTF16LE,
	CHARSET_NONE
};

static enum charset
charset_of(struct fn_frame *f, struct value v)
{
	static const struct {
		const char *name;
		enum charset set;
	} names[] = {{"UTF-8", CHARSET_UTF8}, {"UTF8", CHARSET_UTF8},
	    {"US-ASCII", CHARSET_ASCII}, {"ASCII", CHARSET_ASCII},
	    {"ISO-8859-1", CHARSET_LATIN1}, {"LATIN1", CHARSET_LATIN1},
	    {"UTF-16BE", CHARSET_UTF16BE}, {"UTF-16", CHARSET_UTF16BE},
	    {"UTF-16LE", CHARSET_UTF16LE}};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (str_eq_nocase(value_str(v), str_of(names[i].name)))
			return names[i].set;
	fn_fail(f, "unknown charset");
	return CHARSET_NONE;
}

static void
put_unit(struct growing *g, enum charset set, uint32_t unit)
{
	char hi = (char)(unit >> 8 & 255), lo = (char)(unit & 255);

	growing_addc(g, set == CHARSET_UTF16BE ? hi : lo);
	growing_addc(g, set == CHARSET_UTF16BE ? lo : hi);
}

static void
put_encoded(struct growing *g, enum charset set, uint32_t c)
{
	if (set == CHARSET_ASCII || set == CHARSET_LATIN1) {
		growing_addc(g,
		    c < (set == CHARSET_ASCII ? 128u : 256u) ? (char)c : '?');
	} else if (c < 0x10000) {
		put_unit(g, set, c);
	} else {
		put_unit(g, set, 0xd800 + ((c - 0x10000) >> 10));
		put_unit(g, set, 0xdc00 + ((c - 0x10000) & 1023));
	}
}

FN_ROW(encode_row)
{
	enum charset set = charset_of(f, args[1]);
	struct str s = value_str(args[0]);
	struct growing g = {.f = f};

	*out = VALUE_NULL;
	if (set == CHARSET_NONE)
		return;
	if (set == CHARSET_UTF8) {
		*out = value_of_str(T_BYTES, s);
		return;
	}
	for (const char *p = s.p; p < s.p + s.n;)
		put_encoded(&g, set, utf8_next(&p, s.p + s.n));
	growing_done(&g, out);
	if (out->type == T_TEXT)
		out->type = T_BYTES;
}

static uint32_t
unit_at(enum charset set, const char *p)
{
	uint32_t a = (unsigned char)p[0], b = (unsigned char)p[1];

	return set == CHARSET_UTF16BE ? a << 8 | b : b << 8 | a;
}

/* UTF-16 as text; what is no character becomes U+FFFD. */
static void
decode_units(struct growing *g, enum charset set, struct str s)
{
	for (size_t i = 0; i + 1 < s.n; i += 2) {
		uint32_t c = unit_at(set, s.p + i), low = 0;

		if (c >= 0xd800 && c < 0xdc00 && i + 3 < s.n)
			low = unit_at(set, s.p + i + 2);
		if (low >= 0xdc00 && low < 0xe000) {
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			i += 2;
		} else if (c >= 0xd800 && c < 0xe000) {
			c = 0xfffd;
		}
		growing_char(g, c);
	}
	if (s.n % 2)
		growing_char(g, 0xfffd);
}

FN_ROW(decode_row)
{
	enum charset set = charset_of(f, args[1]);
	struct str s = value_str(args[0]);
	struct growing g = {.f = f};

	*out = VALUE_NULL;
	if (set == CHARSET_NONE)
		return;
	if (set == CHARSET_UTF16BE || set == CHARSET_UTF16LE)
		decode_units(&g, set, s);
	else if (set == CHARSET_UTF8)
		for (const char *p = s.p; p < s.p + s.n;)
			growing_char(&g, utf8_next(&p, s.p + s.n));
	else
		for (size_t i = 0; i < s.n; i++) {
			uint32_t c = (unsigned char)s.p[i];

			growing_char(
			    &g, set == CHARSET_ASCII && c > 127 ? 0xfffd : c);
		}
	growing_done(&g, out);
}

/* clang-format off */
#define TEXT .family = "text"
#define ALIKE TEXT, .flink = NULL

const struct fn fn_words_rows[] = {
	{.name = "decode", TEXT, .aliases = "",
	 .signature = "bytes, text = 'UTF-8' -> text",
	 .doc = "Bytes as text in a charset: UTF-8, US-ASCII, ISO-8859-1, "
		"UTF-16BE, UTF-16LE. What is no character becomes U+FFFD.",
	 .example = "decode(X'e4', 'ISO-8859-1')", .result = "ä",
	 .flink = "DECODE", .row = decode_row},
	{.name = "elt", TEXT, .aliases = "",
	 .signature = "bigint, any ... -> any",
	 .doc = "The argument of a number, from 1; NULL if there is none.",
	 .example = "elt(2, 'a', 'b')", .result = "b",
	 .flink = "ELT", .flags = FN_NULLS, .row = elt_row},
	{.name = "encode", TEXT, .aliases = "",
	 .signature = "text, text = 'UTF-8' -> bytes",
	 .doc = "Text as bytes in a charset: UTF-8, US-ASCII, ISO-8859-1, "
		"UTF-16BE, UTF-16LE. What the charset lacks becomes '?'.",
	 .example = "encode('ä', 'ISO-8859-1')", .result = "e4",
	 .flink = "ENCODE", .row = encode_row},
	{.name = "hamming", ALIKE, .aliases = "",
	 .signature = "text, text -> bigint",
	 .doc = "Number of places where two texts of one length differ; NULL "
		"if they are not of one length.",
	 .example = "hamming('karolin', 'kathrin')", .result = "3",
	 .row = hamming_row},
	{.name = "jaro_winkler", ALIKE, .aliases = "jaro_winkler_similarity",
	 .signature = "text, text -> float",
	 .doc = "How alike two short texts are, 0 to 1, by Jaro and Winkler.",
	 .example = "round(jaro_winkler('martha', 'marhta'), 4)",
	 .result = "0.9611", .row = jaro_winkler_row},
	{.name = "levenshtein", ALIKE, .aliases = "edit_distance",
	 .signature = "text, text -> bigint",
	 .doc = "Number of characters to insert, leave out or replace to turn "
		"one text into the other.",
	 .example = "levenshtein('kitten', 'sitting')", .result = "3",
	 .row = levenshtein_row},
	{.name = "similarity", ALIKE, .aliases = "",
	 .signature = "text, text -> float",
	 .doc = "How alike two texts are, 0 to 1: 1 less the Levenshtein "
		"distance by the longer one's length.",
	 .example = "similarity('abcd', 'abce')", .result = "0.75",
	 .row = similarity_row},
	{.name = "soundex", ALIKE, .aliases = "", .signature = "text -> text",
	 .doc = "A letter and three digits for the sound of an English name.",
	 .example = "soundex('Tymczak')", .result = "T522",
	 .row = soundex_row},
	{.name = "split_part", ALIKE, .aliases = "",
	 .signature = "text, text, bigint -> text",
	 .doc = "A piece of the text between occurrences of the second text, "
		"counted from 1, or from the end if negative; an empty text "
		"if there is none.",
	 .example = "split_part('a/b/c', '/', -1)", .result = "c",
	 .row = split_part_row},
	{.name = "squeeze", ALIKE, .aliases = "", .signature = "text -> text",
	 .doc = "Each run of blanks as one blank, none at the ends.",
	 .example = "squeeze('  a   b ')", .result = "a b",
	 .row = squeeze_row},
	{.name = "strip_ansi", ALIKE, .aliases = "",
	 .signature = "text -> text",
	 .doc = "Without escape sequences of terminals (colours and the like).",
	 .example = "strip_ansi(chr(27) || '[31mred' || chr(27) || '[0m')",
	 .result = "red", .row = strip_ansi_row},
	{.name = "substring_index", ALIKE, .aliases = "",
	 .signature = "text, text, bigint -> text",
	 .doc = "What is before the n-th occurrence of the second text; if n "
		"is negative, what is behind the n-th from the end.",
	 .example = "substring_index('a.b.c', '.', 2)", .result = "a.b",
	 .row = substring_index_row},
	{.name = "unicode", ALIKE, .aliases = "codepoint",
	 .signature = "text -> bigint",
	 .doc = "Number of the first character of a text; 0 if it is empty.",
	 .example = "unicode('€')", .result = "8364", .row = unicode_row},
};
/* clang-format on */
const unsigned fn_words_n = sizeof fn_words_rows / sizeof *fn_words_rows;

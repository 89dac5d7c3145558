/* SPDX-License-Identifier: MIT */
/*
 * Encodings: base64 (RFC 4648), hexadecimal, and the percent encoding of
 * forms (application/x-www-form-urlencoded, a blank is '+'). Text that is not
 * of the encoding gives NULL.
 */
#include "base/utf8.h"
#include "expr/fn_part.h"

/* The bytes of a text or of bytes; of other values, those of their text. */
static struct str
bytes_of(struct fn_frame *f, struct value v)
{
	return v.type == T_BYTES ? value_str(v) : fn_print(f, v);
}

/* Bytes as text if they are, or the row is bad. */
static void
give_text(struct fn_frame *f, struct str s, struct value *out)
{
	*out = value_text(s);
	if (!utf8_valid(s)) {
		fn_fail(f, "not UTF-8 when decoded");
		*out = VALUE_NULL;
	}
}

/* ---- base64 ---- */

static const char digits64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

FN_ROW(to_base64_row)
{
	struct str s = bytes_of(f, args[0]);
	char *p = fn_room(f, (s.n + 2) / 3 * 4), *to = p;

	*out = VALUE_NULL;
	if (!p)
		return;
	for (size_t i = 0; i < s.n; i += 3) {
		uint32_t w = (uint32_t)(uint8_t)s.p[i] << 16;

		if (i + 1 < s.n)
			w |= (uint32_t)(uint8_t)s.p[i + 1] << 8;
		if (i + 2 < s.n)
			w |= (uint8_t)s.p[i + 2];
		*to++ = digits64[w >> 18];
		*to++ = digits64[w >> 12 & 63];
		*to++ = i + 1 < s.n ? digits64[w >> 6 & 63] : '=';
		*to++ = i + 2 < s.n ? digits64[w & 63] : '=';
	}
	*out = value_text((struct str){p, (size_t)(to - p)});
}

/* Value of a digit (also of the URL alphabet), or -1. */
static int
digit64(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

/* Decodes into to; false if s is not base64. */
static bool
decode64(struct str s, char *to, size_t *n)
{
	uint32_t w = 0;
	unsigned bits = 0;

	while (s.n && s.p[s.n - 1] == '=')
		s.n--;
	*n = 0;
	for (size_t i = 0; i < s.n; i++) {
		int d = digit64(s.p[i]);

		if (d < 0)
			return false;
		w = w << 6 | (uint32_t)d;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			to[(*n)++] = (char)(w >> bits & 255);
		}
	}
	return s.n % 4 != 1;
}

FN_ROW(from_base64_row)
{
	struct str s = value_str(args[0]);
	char *p = fn_room(f, s.n);
	size_t len;

	*out = VALUE_NULL;
	if (p && decode64(s, p, &len))
		give_text(f, (struct str){p, len}, out);
}

/* ---- hexadecimal ---- */

static const char digits16[] = "0123456789ABCDEF";

static struct str
hex_int(uint64_t u, char out[16])
{
	unsigned at = 16;

	do {
		out[--at] = digits16[u & 15];
		u >>= 4;
	} while (u);
	return (struct str){out + at, 16 - at};
}

FN_ROW(hex_row)
{
	char digits[16], *p;
	struct str s;

	if (args[0].type == T_INT) {
		s = hex_int((uint64_t)args[0].i, digits);
		*out = value_text(arena_str(f->eval->arena, s));
		return;
	}
	s = bytes_of(f, args[0]);
	p = fn_room(f, 2 * s.n);
	*out = VALUE_NULL;
	if (!p)
		return;
	for (size_t i = 0; i < s.n; i++) {
		p[2 * i] = digits16[(uint8_t)s.p[i] >> 4];
		p[2 * i + 1] = digits16[s.p[i] & 15];
	}
	*out = value_text((struct str){p, 2 * s.n});
}

static int
digit16(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 32);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte of two digits, or -1. */
static int
two_digits(const char *p)
{
	int hi = digit16(p[0]), lo = digit16(p[1]);

	return hi < 0 || lo < 0 ? -1 : hi << 4 | lo;
}

FN_ROW(unhex_row)
{
	struct str s = value_str(args[0]);
	char *p = fn_room(f, s.n / 2 + 1);
	size_t len = 0;
	int b;

	*out = VALUE_NULL;
	if (!p)
		return;
	if (s.n % 2) {
		b = digit16(*s.p);
		if (b < 0)
			return;
		p[len++] = (char)b;
	}
	for (size_t i = s.n % 2; i < s.n; i += 2) {
		b = two_digits(s.p + i);
		if (b < 0)
			return;
		p[len++] = (char)b;
	}
	*out = value_of_str(T_BYTES, (struct str){p, len});
}

FN_ROW(bin_row)
{
	uint64_t u = (uint64_t)args[0].i;
	char digits[64];
	unsigned at = 64;

	do {
		digits[--at] = (char)('0' + (u & 1));
		u >>= 1;
	} while (u);
	*out = value_text(
	    arena_str(f->eval->arena, (struct str){digits + at, 64 - at}));
}

/* ---- percent encoding ---- */

static bool
plain_in_url(char c)
{
	return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
	       c == '-' || c == '_' || c == '.' || c == '*';
}

FN_ROW(url_encode_row)
{
	struct str s = value_str(args[0]);
	struct growing g = {.f = f};

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (plain_in_url(c)) {
			growing_addc(&g, c);
		} else if (c == ' ') {
			growing_addc(&g, '+');
		} else {
			growing_addc(&g, '%');
			growing_addc(&g, digits16[(uint8_t)c >> 4]);
			growing_addc(&g, digits16[c & 15]);
		}
	}
	growing_done(&g, out);
}

FN_ROW(url_decode_row)
{
	struct str s = value_str(args[0]);
	char *p = fn_room(f, s.n);
	size_t len = 0;
	int b;

	*out = VALUE_NULL;
	if (!p)
		return;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '%') {
			p[len++] = s.p[i] == '+' ? ' ' : s.p[i];
			continue;
		}
		b = i + 2 < s.n ? two_digits(s.p + i + 1) : -1;
		if (b < 0)
			return;
		p[len++] = (char)b;
		i += 2;
	}
	if (utf8_valid((struct str){p, len}))
		*out = value_text((struct str){p, len});
}

/* ---- the rows ---- */

/* clang-format off */
#define TEXT .family = "text"

const struct fn fn_code_rows[] = {
	{.name = "bin", .aliases = "", TEXT,
	 .signature = "bigint -> text",
	 .doc = "Binary digits of an integer (two's complement).",
	 .example = "bin(10)", .result = "1010",
	 .flink = "BIN", .row = bin_row},
	{.name = "from_base64", .aliases = "", TEXT,
	 .signature = "text -> text",
	 .doc = "The text that was encoded in base64; NULL if it is none.",
	 .example = "from_base64('d2Vpcg==')", .result = "weir",
	 .flink = "FROM_BASE64", .row = from_base64_row},
	{.name = "hex", .aliases = "", TEXT,
	 .signature = "any -> text",
	 .doc = "Hexadecimal digits of an integer, or of the bytes of a text.",
	 .example = "hex('weir')", .result = "77656972",
	 .flink = "HEX", .row = hex_row},
	{.name = "to_base64", .aliases = "base64", TEXT,
	 .signature = "any -> text",
	 .doc = "A text or bytes in base64.",
	 .example = "to_base64('weir')", .result = "d2Vpcg==",
	 .flink = "TO_BASE64", .row = to_base64_row},
	{.name = "unhex", .aliases = "", TEXT,
	 .signature = "text -> bytes",
	 .doc = "The bytes that hexadecimal digits stand for; NULL if there "
		"are other characters.",
	 .example = "CAST(unhex('77656972') AS text)", .result = "weir",
	 .flink = "UNHEX", .row = unhex_row},
	{.name = "url_decode", .aliases = "", TEXT,
	 .signature = "text -> text",
	 .doc = "The text of a URL's encoded part: %2F is /, + a blank. NULL "
		"if it is not well formed.",
	 .example = "url_decode('a%2Fb+c')", .result = "a/b c",
	 .flink = "URL_DECODE", .row = url_decode_row},
	{.name = "url_encode", .aliases = "", TEXT,
	 .signature = "text -> text",
	 .doc = "Encoded as part of a URL.",
	 .example = "url_encode('a/b c')", .result = "a%2Fb+c",
	 .flink = "URL_ENCODE", .row = url_encode_row},
};
/* clang-format on */
const unsigned fn_code_n = sizeof fn_code_rows / sizeof *fn_code_rows;

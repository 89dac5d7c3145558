/* SPDX-License-Identifier: MIT */
/* TSV and lines read; the usual cells against cell_put, the rule. */
#include "base/simd.h"
#include "io/text.h"
#include "io_help.h"

static const struct help_case cases[] = {
    {"plain", {"tsv", "a b", 0}, "a\tb\n1\tx y\n2.5\ttrue\n",
	"[1,\"x y\"]\n[2.5,true]\n"},
    {"quotes mean nothing", {"tsv", "a b", 0}, "a\tb\n\"1\t\"\n\"\t2\n",
	"[\"\\\"1\",\"\\\"\"]\n[\"\\\"\",2]\n"},
    {"escapes", {"tsv", "a b", 0},
	"a\tb\nx\\ty\\nz\\r\\\\\tC:\\dir\\\n1\\\\\t\\\\N\n",
	"[\"x\\ty\\nz\\r\\\\\",\"C:\\\\dir\\\\\"]\n[\"1\\\\\",\"\\\\N\"]\n"},
    {"NULL", {"tsv", "a b", 0}, "a\tb\n\t\\N\n\\N\t\\N \n",
	"[null,null]\n[null,\"\\\\N \"]\n"},
    {"CRLF, BOM, no final newline", {"tsv", "b", 0},
	"\xef\xbb\xbf"
	"a\tb\r\n1\t2\r\n3\t4",
	"[2]\n[4]\n"},
    {"too few fields", {"tsv", "b", 0}, "a\tb\n1\n2\t3\n4\t5\t6\n",
	"! 1 field where the header has 2 @0 \"1\"\n[3]\n"
	"! 3 fields where the header has 2 @0 \"4\\t5\\t6\"\n"},
    {"filled", {"tsv:ragged=fill", "b *", 0}, "a\tb\n1\n4\t5\t6\n",
	"[null,{\"a\":1,\"b\":null}]\n[5,{\"a\":4,\"b\":5}]\n"},
    {"escaped header", {"tsv", "x\ty", 0}, "a\tx\\ty\n1\t2\n", "[2]\n"},
    {"header given", {"tsv:header=a,b,comment=--", "b *=raw", 0},
	"-- x\n1\t2\n", "[2,\"1\\t2\"]\n"},
    {"an only column", {"tsv", "a", 0}, "a\n1\n\n2\n", "[1]\n[2]\n"},
    {"error: no delimiter here", {"tsv:delimiter=;", "a", 0}, "a\n",
	"error: the format tsv has no setting \"delimiter\""},
    {"lines", {"lines", "line", 0}, "a b\n\n12\r\n\xc3\xa9",
	"[\"a b\"]\n[\"12\"]\n[\"\xc3\xa9\"]\n"},
    {"lines: not UTF-8", {"lines", "line", 0}, "a\n\xc3\n\xc3\xa9\n b\xe9\n",
	"[\"a\"]\n! not valid UTF-8 @1 \"\xc3\"\n[\"\xc3\xa9\"]\n"
	"! not valid UTF-8 @3 \" b\xe9\"\n"},
    {"lines: all that can be wanted", {"lines", "line=bigint x * *=raw", 0},
	"12\nx\n",
	"[12,null,{\"line\":\"12\"},\"12\"]\n"
	"! a field is not an integer, or out of range @0 \"x\"\n"},
    {"lines: too long", {"lines", "line", 3}, "abc\nabcd\nab\n",
	"[\"abc\"]\n! record longer than 3 bytes @0 \"abc\"\n[\"ab\"]\n"},
    {"lines: byte order mark", {"lines", "line", 0},
	"\xef\xbb\xbf"
	"a\n",
	"[\"a\"]\n"},
    {"lines: nothing", {"lines", "line", 0}, "", ""},
    {"error: lines has no such setting", {"lines:x", "line", 0}, "a\n",
	"error: the format lines has no setting \"x\""},
};

/* The value text_put gives, or cell_put. */
static char *
put_one(struct text_decoder *d, struct str s, bool usual)
{
	static const char one[16] = "1"; /* readable behind its end */
	struct batch *b = batch_new();
	struct buf out = {0};
	struct value v;
	const char *why;
	char *z;

	text_begin(d, b);
	/* Row 0 is NULL, so that a NULL bit would be seen in row 1. */
	why = text_put(d, d->wants[0], b, 0, (struct str){one, 1}, false);
	must(!why);
	column_set_null(&b->cols[0], b->arena, 1);
	why = usual ? text_put(d, d->wants[0], b, 1, s, false)
		    : cell_put(d->base.spec, 0, NULL, b, 1, s, false);
	must(!why);
	v = column_get(&b->cols[0], 1);
	buf_printf(&out, "%s ", type_name(v.type));
	value_json(&out, v);
	z = mem_strdup(buf_z(&out));
	buf_release(&out);
	batch_free(b);
	return z;
}

static unsigned
differ(struct text_decoder *d, const char *z, size_t n)
{
	char padded[64] = {0};
	char *a, *b;
	unsigned wrong;

	memcpy(padded, z, n);
	a = put_one(d, (struct str){padded, n}, true);
	b = put_one(d, (struct str){padded, n}, false);
	wrong = strcmp(a, b) != 0;
	if (wrong)
		printf("# %.*s: %s, should be %s\n", (int)n, z, a, b);
	mem_free(a);
	mem_free(b);
	return wrong;
}

/* All short texts over the letters numbers and booleans are made of. */
static void
test_usual(void)
{
	static const char alphabet[] = "019.-e+t";
	static const char *const odd[] = {"true", "false", "tru", "falsey",
	    "1234567", "12345678", "123456789", "1234567.8", "123456.78",
	    "12345678.9", "-12345678", "-1234567", "999999999999999999",
	    "1000000000000000000", "9223372036854775807", "9223372036854775808",
	    "-9223372036854775808", "0.1", "-0.0", "123456789012.345",
	    "1234567890123.456", "12345678901234.56", "0.000000000000001",
	    "10.0.0.1", "2026-03-01", "1e400", "-1e400",
	    "1.7976931348623157e308", "00", "-00", "0.30000000000000004",
	    "4.35", "0.1e1", "9007199254740993", "9007199254740993.0", "8.41",
	    "1:2", "1/2", "\x80"};
	struct str field = STR("a");
	struct layout l = {.fields = &field, .n_fields = 1};
	struct arena a;
	struct want want;
	struct decode_spec spec = {.wants = &want, .n_wants = 1, .time = -1};
	struct text_decoder d = {0};
	unsigned wrong = 0, n = sizeof alphabet - 1;

	arena_init(&a, 256);
	want = (struct want){.path = path_of_name(&a, field)};
	text_init(&d, &l, &spec);
	for (unsigned len = 0, all = 1; len <= 5; len++, all *= n)
		for (unsigned i = 0; i < all; i++) {
			char z[8];

			for (unsigned k = 0, x = i; k < len; k++, x /= n)
				z[k] = alphabet[x % n];
			wrong += differ(&d, z, len);
		}
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
		wrong += differ(&d, odd[i], strlen(odd[i]));
	ok(!wrong, "usual cells are what cell_put makes of them");
	text_release(&d);
	arena_release(&a);
}

int
main(void)
{
	simd_init();
	help_check_all(cases, sizeof cases / sizeof *cases);
	test_usual();
	return tap_done();
}

/* SPDX-License-Identifier: MIT */
/* UTF-8: every character, every short sequence, both widths of stride. */
#include "base/utf8.h"

#include <locale.h>
#include <wctype.h>

#include "base/simd.h"
#include "tap.h"

/* The table of well-formed sequences, Unicode 14.0 table 3-7, as written. */
static const unsigned char well_formed[][8] = {
    {0x00, 0x7f},
    {0xc2, 0xdf, 0x80, 0xbf},
    {0xe0, 0xe0, 0xa0, 0xbf, 0x80, 0xbf},
    {0xe1, 0xec, 0x80, 0xbf, 0x80, 0xbf},
    {0xed, 0xed, 0x80, 0x9f, 0x80, 0xbf},
    {0xee, 0xef, 0x80, 0xbf, 0x80, 0xbf},
    {0xf0, 0xf0, 0x90, 0xbf, 0x80, 0xbf, 0x80, 0xbf},
    {0xf1, 0xf3, 0x80, 0xbf, 0x80, 0xbf, 0x80, 0xbf},
    {0xf4, 0xf4, 0x80, 0x8f, 0x80, 0xbf, 0x80, 0xbf},
};

static size_t
oracle(struct str s)
{
	size_t at = 0;

next:
	while (at < s.n) {
		for (size_t row = 0; row < 9; row++) {
			const unsigned char *w = well_formed[row];
			size_t n = 0;

			while (n < 4 && (n == 0 || w[2 * n + 1]) &&
			       at + n < s.n &&
			       (unsigned char)s.p[at + n] >= w[2 * n] &&
			       (unsigned char)s.p[at + n] <= w[2 * n + 1])
				n++;
			if (n && (n == 4 || !w[2 * n + 1])) {
				at += n;
				goto next;
			}
		}
		return at;
	}
	return s.n;
}

static void
test_all_characters(void)
{
	unsigned wrong = 0;

	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		char out[4];
		const char *p = out;
		unsigned n;

		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		n = utf8_put(out, c);
		wrong += utf8_next(&p, out + n) != c || p != out + n ||
			 !utf8_valid((struct str){out, n});
	}
	ok(!wrong, "every character goes out and comes back");
}

static void
test_all_sequences(void)
{
	static const unsigned char tail[] = {'a', 0x80, 0x9f, 0xbf, 0xc3};
	unsigned wrong = 0;

	for (unsigned i = 0; i < 1u << 16; i++) {
		for (size_t j = 0; j < sizeof tail * sizeof tail; j++) {
			char b[4] = {(char)(i >> 8), (char)i,
			    (char)tail[j % sizeof tail],
			    (char)tail[j / sizeof tail]};

			for (size_t n = 2; n <= 4; n++) {
				struct str s = {b, n};

				wrong += utf8_check(s) != oracle(s);
			}
		}
	}
	ok(!wrong, "sequences of 2 to 4 bytes as in Unicode's table 3-7");
}

static void
test_positions(const char *how)
{
	unsigned wrong = 0;
	char b[100];

	for (size_t n = 0; n <= sizeof b; n++) {
		for (size_t at = 0; at < n; at++) {
			struct str s = {b, n};

			memset(b, 'x', sizeof b);
			b[at] = (char)0xff;
			wrong += utf8_check(s) != at || utf8_valid(s);
			b[at] = (char)0xc3;
			wrong += utf8_check(s) != at;
			if (at + 1 < n) {
				b[at + 1] = (char)0xa9;
				wrong += utf8_check(s) != n;
				wrong += utf8_len(s) != n - 1;
			}
		}
	}
	ok(!wrong, "a bad byte at every place of every length, %s", how);
}

static void
test_strings(void)
{
	struct str s = STR("a\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80z");
	struct str odd = STR("\xe6\x97x\xff");

	ok(utf8_len(s) == 5, "characters are counted");
	ok(utf8_len(odd) == 4, "invalid bytes count one each");
	ok(utf8_offset(s, 0) == 0 && utf8_offset(s, 2) == 3 &&
		utf8_offset(s, 4) == 10 && utf8_offset(s, 5) == 11 &&
		utf8_offset(s, 99) == 11,
	    "offsets");
	ok(utf8_str_width(s) == 7, "wide characters take two columns");
	ok(utf8_len(STR("")) == 0 && utf8_valid(STR("")), "empty");
}

static void
test_width(void)
{
	ok(utf8_width('a') == 1 && utf8_width(0xe9) == 1 &&
		utf8_width(0x3b1) == 1 && utf8_width(0x2500) == 1 &&
		utf8_width(0xff61) == 1 && utf8_width(0xe000) == 1,
	    "narrow");
	ok(utf8_width(0x4e00) == 2 && utf8_width(0x3042) == 2 &&
		utf8_width(0xac00) == 2 && utf8_width(0xff21) == 2 &&
		utf8_width(0x1f600) == 2 && utf8_width(0x20000) == 2 &&
		utf8_width(0x1100) == 2,
	    "wide");
	ok(utf8_width(0x301) == 0 && utf8_width(0x200d) == 0 &&
		utf8_width(0xfe0f) == 0 && utf8_width(0x20e3) == 0 &&
		utf8_width(0xe01ef) == 0,
	    "no width");
	ok(utf8_width(0x10ffff) == 1, "the last");
}

static void
test_case(void)
{
	unsigned wrong = 0;

	if (!setlocale(LC_CTYPE, "C.UTF-8")) {
		ok(1, "case mappings # SKIP no C.UTF-8 to compare with");
		return;
	}
	for (uint32_t c = 0; c < 0x530; c++) {
		if (c >= 0x180 && c < 0x370)
			continue;
		wrong += utf8_upper(c) != towupper(c);
		wrong += utf8_lower(c) != towlower(c);
	}
	ok(!wrong, "case mappings as the C library's (%u differ)", wrong);
	ok(utf8_upper(0x10d0) == 0x10d0 && utf8_lower(0x1e00) == 0x1e00,
	    "other scripts are left alone");
}

int
main(void)
{
	test_all_characters();
	test_all_sequences();
	test_positions("by words");
	simd_init();
	test_positions(simd_avx2 ? "by AVX2" : "by words again");
	test_strings();
	test_width();
	test_case();
	return tap_done();
}

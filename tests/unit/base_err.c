/* SPDX-License-Identifier: MIT */
/* Errors: what is kept, where it points, and how it is printed. */
#include "base/err.h"

#include <errno.h>
#include <stdlib.h>

#include "tap.h"

static const char *
printed(const struct err *err, int colour)
{
	static char *text;
	size_t n;
	FILE *f;

	free(text);
	f = open_memstream(&text, &n);
	err_print(f, err, colour);
	fclose(f);
	return text;
}

static struct where
at(const struct source *src, unsigned from, unsigned len)
{
	return (struct where){src, from, len};
}

static void
test_set(void)
{
	struct err err = {0};

	ok(err_set(&err, ERR_SPEC, (struct where){0}, "no %s", "x") == -1,
	    "err_set returns -1");
	same(err.message, "no x", "the message");
	err_set(&err, ERR_SPEC, (struct where){0}, "(%s)", err.message);
	same(err.message, "(no x)", "a message made of the old one");
	err_note(&err, "step %d", 3);
	same(err.message, "step 3: (no x)", "a note comes before");
	err_hint(&err, "try %s", "y");
	same(printed(&err, 0), "weir: step 3: (no x)\nhint: try y\n",
	    "printed without a place");
	err_sys(&err, ERR_INPUT, ENOENT, "cannot open %s", "f");
	same(err.message, "cannot open f: No such file or directory",
	    "the system's reason");
	ok(!err.hint, "a new error has no hint of the old one");
	ok(err_status(ERR_INPUT) == 1 && err_status(ERR_SPEC) == 2 &&
		err_status(ERR_LOCKED) == 4 && err_status(ERR_STATE) == 5,
	    "exit statuses");
	err_release(&err);
	ok(!err.message && !err.hint, "released");
}

static void
test_place(void)
{
	struct source src = {"query", STR("select a\n\tfrom b c\nwhere d\n")};
	struct source wide = {
	    "f.yaml", STR("x: \xe6\x97\xa5\xe6\x9c\xac \xc3\xa9 "
			  "bad # e\xcc\x81\r\ny")};
	struct err err = {0};

	err_set(&err, ERR_SPEC, at(&src, 17, 3), "unknown");
	same(printed(&err, 0),
	    "weir: query:2:9: error: unknown\n"
	    "\tfrom b c\n"
	    "\t       ^\n",
	    "tabs are kept, the mark ends with the line");
	err_set(&err, ERR_SPEC, at(&src, 0, 6), "unknown");
	same(printed(&err, 0),
	    "weir: query:1:1: error: unknown\nselect a\n^^^^^^\n",
	    "at the start");
	err_set(&err, ERR_SPEC, at(&src, 8, 0), "more");
	same(printed(&err, 0),
	    "weir: query:1:9: error: more\nselect a\n        ^\n",
	    "at the end of a line");
	err_set(&err, ERR_SPEC, at(&src, 999, 5), "more");
	same(printed(&err, 0), "weir: query:4:1: error: more\n\n^\n",
	    "behind the end");
	err_set(&err, ERR_SPEC, at(&wide, 13, 3), "no");
	same(printed(&err, 0),
	    "weir: f.yaml:1:9: error: no\n"
	    "x: \xe6\x97\xa5\xe6\x9c\xac \xc3\xa9 bad # e\xcc\x81\n"
	    "          ^^^\n",
	    "wide characters take two columns, CR is not shown");
	err_set(&err, ERR_SPEC, at(&wide, 3, 6), "no");
	same(strrchr(printed(&err, 0), ' ') + 1, "^^^^\n",
	    "carets under wide characters");
	err_release(&err);
}

static void
test_hostile(void)
{
	struct source src = {"q\x1b", STR("a\x1b[2J\xe2\x80\xae\xff z")};
	struct err err = {0};
	char *line = malloc(100001);
	struct source big = {"q", {line, 100000}};

	err_set(&err, ERR_SPEC, at(&src, 10, 1), "no");
	same(printed(&err, 0),
	    "weir: q\\x1b:1:9: error: no\n"
	    "a\\x1b[2J\\xe2\\x80\\xae\\xff z\n"
	    "                         ^\n",
	    "controls, marks and invalid bytes are escaped");
	memset(line, 'x', 100000);
	line[50000] = '#';
	err_set(&err, ERR_SPEC, at(&big, 50000, 60000), "no");
	ok(strlen(printed(&err, 0)) < 400, "a long line is cut");
	ok(strstr(printed(&err, 0), "xxx#xxx"), "but shows the place");
	ok(strstr(printed(&err, 0), "\n" /* 61 blanks */
				    "                                        "
				    "                     ^^^^^"),
	    "and the caret fits");
	free(line);
	err_release(&err);
}

static void
test_keep(void)
{
	char *text = strdup("a b c");
	struct source src = {"f", {text, 5}};
	struct err err = {0};

	err_set(&err, ERR_SPEC, at(&src, 2, 1), "no");
	err_keep(&err);
	memset(text, 'x', 5);
	err_hint(&err, "yes");
	same(printed(&err, 0),
	    "weir: f:1:3: error: no\na b c\n  ^\nhint: yes\n",
	    "a source that is kept may go away");
	err_set(&err, ERR_SPEC, at(&src, 0, 1), "other");
	same(printed(&err, 0), "weir: f:1:1: error: other\nxxxxx\n^\n",
	    "the next error has its own");
	free(text);
	err_release(&err);
}

static void
test_colour(void)
{
	struct source src = {"q", STR("ab")};
	struct err err = {0};

	err_set(&err, ERR_SPEC, at(&src, 1, 1), "no");
	same(printed(&err, 1),
	    "\033[1mweir: q:1:2:\033[0m \033[1;31merror:\033[0m no\n"
	    "ab\n \033[1;31m^\033[0m\n",
	    "colour");
	err_release(&err);
}

static void
test_suggest(void)
{
	const struct str names[] = {STR("tumble"), STR("hop"), STR("session")};
	struct str many[20];
	struct err err = {0};

	err_suggest(&err, STR("tumbel"), names, 3);
	same(err.hint, "did you mean \"tumble\"?", "the nearest");
	err_suggest(&err, STR("zzzzzz"), names, 3);
	same(err.hint, "one of: tumble, hop, session", "all of them");
	for (int i = 0; i < 20; i++)
		many[i] = STR("qq");
	err_suggest(&err, STR("zzzzzz"), many, 20);
	same(err.hint,
	    "one of: qq, qq, qq, qq, qq, qq, qq, qq, qq, qq, qq, qq, "
	    "\xe2\x80\xa6",
	    "a dozen at most");
	err_suggest(&err, STR("zzzzzz"), names + 1, 1);
	same(err.hint, "there is only: hop", "the only one");
	err_release(&err);
	err_suggest(&err, STR("zzzzzz"), names, 0);
	ok(!err.hint, "nothing to suggest");
}

static const char *
quoted(struct str s, size_t max)
{
	static char out[4 * 64 + 8];

	ok(err_quote(out, s, max) == strlen(out), "length of a quote");
	return out;
}

static void
test_quote(void)
{
	same(quoted(STR("plain \xc3\xa9"), 20), "plain \xc3\xa9", "as it is");
	same(quoted(STR("a\nb\x7f\xc2\x85"), 20), "a\\x0ab\\x7f\\xc2\\x85",
	    "controls");
	same(quoted(STR("\xed\xa0\x80\xef\xbf\xbd"), 20),
	    "\\xed\\xa0\\x80\xef\xbf\xbd", "invalid bytes");
	same(quoted(STR("abcdef"), 3), "abc\xe2\x80\xa6", "cut");
	same(quoted(STR("ab\xc3\xa9"), 3), "ab\xe2\x80\xa6",
	    "cut before a character");
	same(quoted(STR("\x01\x01\x01\x01\x01"), 4),
	    "\\x01\\x01\\x01\\x01\xe2\x80\xa6", "the longest");
	same(quoted(STR(""), 4), "", "empty");
}

int
main(void)
{
	test_set();
	test_place();
	test_hostile();
	test_keep();
	test_colour();
	test_suggest();
	test_quote();
	return tap_done();
}

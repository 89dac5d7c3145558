/* SPDX-License-Identifier: MIT */
/* Tokens: kinds, values, places, what is refused. */
#include "base/buf.h"
#include "expr/expr.h"
#include "tap.h"

static struct arena arena;

/* All tokens of a text as "kind:text kind:text …", or the error. */
static const char *
tokens(const char *text, size_t len)
{
	static struct buf out;
	static const char *const kinds[] = {"end", "name", "text", "int",
	    "number", "duration", "param", "op", "bad"};
	struct source src = {"query", {text, len}};
	struct err err = {0};
	struct lexer lx;

	out.n = 0;
	lex_init(&lx, &src, 0, (unsigned)len, &arena, &err);
	while (lx.tok.kind != TOK_END && lx.tok.kind != TOK_BAD) {
		if (out.n)
			buf_addc(&out, ' ');
		buf_addz(&out, kinds[lx.tok.kind]);
		buf_addc(&out, ':');
		if (lx.tok.kind == TOK_INT || lx.tok.kind == TOK_DURATION)
			buf_printf(&out, "%lld", (long long)lx.tok.integer);
		else if (lx.tok.string.p)
			buf_adds(&out, lx.tok.string);
		else
			buf_adds(&out, lx.tok.text);
		lex_next(&lx);
	}
	if (lx.tok.kind == TOK_BAD) {
		out.n = 0;
		buf_printf(&out, "%u: %s", err.where.at, err.message);
	}
	err_release(&err);
	return buf_z(&out);
}

static void
check(const char *text, const char *want)
{
	same(tokens(text, strlen(text)), want, text);
}

static void
test_kinds(void)
{
	check("", "");
	check("  \t\n ", "");
	check("a _b c$d @timestamp", "name:a name:_b name:c$d name:@timestamp");
	check("`odd name` ```x`", "name:odd name name:`x");
	check("caf\xc3\xa9", "name:caf\xc3\xa9");
	check("'it''s' \"say \"\"x\"\"\"", "text:it's text:say \"x\"");
	check("'' \"\"", "text: text:");
	check("$limit", "param:limit");
	check("a -- b\n c", "name:a name:c");
	check("a /* b ' */ c /*+ hint */", "name:a name:c");
	check("a--b", "name:a");
}

static void
test_numbers(void)
{
	check("0 007 42", "int:0 int:7 int:42");
	check("9223372036854775807", "int:9223372036854775807");
	check("9223372036854775808", "number:9223372036854775808");
	check("1.5 .5 1. 1e3 1.5E-3", "number:1.5 number:.5 number:1. "
				      "number:1e3 number:1.5E-3");
	check("a.5", "name:a op:. int:5");
	check("x[1].y", "name:x op:[ int:1 op:] op:. name:y");
	check("5m 250ms 1h30m 1.5h", "duration:300000000 duration:250000 "
				     "duration:5400000000 duration:5400000000");
	check("1e", "0: neither a number nor a duration");
	check("12abc", "0: neither a number nor a duration");
	check("1..2", "int:1 op:. number:.2");
	check("1.a", "int:1 op:. name:a");
	check("5-3", "int:5 op:- int:3");
}

static void
test_operators(void)
{
	check("a<=b<>c!=d==e", "name:a op:<= name:b op:<> name:c op:!= "
			       "name:d op:== name:e");
	check("a||b|c", "name:a op:|| name:b op:| name:c");
	check("x=>1::int", "name:x op:=> int:1 op::: name:int");
	check("(){}[],;.", "op:( op:) op:{ op:} op:[ op:] op:, op:; op:.");
	check("a !~ b ~* c", "name:a op:!~ name:b op:~* name:c");
	check("a # b", "2: the character \"#\" means nothing here");
	check("a \x01", "2: the character \"\\x01\" means nothing here");
}

static void
test_escapes(void)
{
	check("e'a\\nb\\'c\\\\'", "text:a\nb'c\\");
	check("E'\\x41\\u00e9\\U0001F600'", "text:A\xc3\xa9\xf0\x9f\x98\x80");
	check("e'\\ud800'", "0: malformed escape in this text");
	check("e'\\u12'", "0: malformed escape in this text");
	check("U&'\\263a \\+01f600 \\\\'", "text:\xe2\x98\xba "
					   "\xf0\x9f\x98\x80 \\");
	check("U&'!263a' UESCAPE '!' x", "text:\xe2\x98\xba name:x");
	check("U&'\\26'", "0: malformed escape in this text");
	check("'a\\nb'", "text:a\\nb");
}

static void
test_open_ends(void)
{
	check("x 'abc", "2: the quote that opens here is not closed");
	check("\"abc", "0: the quote that opens here is not closed");
	check("`abc", "0: the backtick that opens here is not closed");
	check("``", "0: a name cannot be empty");
	check("a /* b", "2: the comment is not closed");
	check("'\xff'", "0: this text is not valid UTF-8");
	check("a\xff", "0: this name is not valid UTF-8");
	check("e'\\", "0: the quote that opens here is not closed");
	check("$", "op:$");
	ok(!strcmp(tokens("'a\0b'", 5), "text:a"), "NUL is a character");
}

static void
test_range(void)
{
	struct source src = {"spec", STR("xx a + b yy")};
	struct err err = {0};
	struct lexer lx;

	lex_init(&lx, &src, 3, 8, &arena, &err);
	ok(lx.tok.where.at == 3 && lex_is(&lx, "A"), "begins in the middle");
	ok(lex_next_is(&lx, "+"), "one token ahead");
	ok(lex_accept(&lx, "a") && lex_accept(&lx, "+"), "accepts");
	ok(lex_expect(&lx, ")") == -1, "expects in vain");
	same(err.message, "expected ), got \"b\"", "says what it got");
	ok(err.where.at == 7 && err.where.len == 1, "and where");
	lex_next(&lx);
	ok(lx.tok.kind == TOK_END, "ends in the middle");
	err_release(&err);
}

int
main(void)
{
	arena_init(&arena, 1 << 16);
	test_kinds();
	test_numbers();
	test_operators();
	test_escapes();
	test_open_ends();
	test_range();
	arena_release(&arena);
	return tap_done();
}

/* SPDX-License-Identifier: MIT */
/*
 * Tokens of SQL and of the expressions in a spec.
 *
 * There are no reserved words here: a name is a name, and the grammar asks for
 * words where it expects them. 'x' and "x" are both text (a query usually sits
 * inside the shell's single quotes), `x` is a name. Text and names are checked
 * to be UTF-8, so that every text value made from a query is valid.
 *
 * The lexer holds the current token and one ahead. Once a token is bad it
 * stays bad: the error is set, and the grammar stops at it.
 */
#include <stdarg.h>

#include "base/num.h"
#include "base/utf8.h"
#include "base/when.h"
#include "expr/expr.h"

/* Longer ones first where one begins another. */
static const char *const operators[] = {"||", "==", "<>",
    "!=", "<=", ">=", "=>", "!~", "~*", "::", "(", ")", "[", "]", "{", "}", ",",
    ";", ".", "+", "-", "*", "/", "%", "=", "<", ">", "~", "|", "?", "^", "$",
    ":", "&"};

#define N_OPERATORS (sizeof(operators) / sizeof(operators[0]))

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_' ||
	       (unsigned char)c >= 0x80;
}

/* '@' begins names as they occur in logs: @timestamp. */
static bool
begins_name(char c)
{
	return is_letter(c) || c == '@';
}

static bool
in_name(char c)
{
	return is_letter(c) || is_digit(c) || c == '$';
}

/* The byte i places behind the reading point, or 0 at the end. */
static char
peek(const struct lexer *lx, unsigned i)
{
	size_t at = (size_t)lx->at + i;

	return at < lx->end ? lx->src->text.p[at] : 0;
}

static bool
at_end(const struct lexer *lx)
{
	return lx->at >= lx->end;
}

static struct where
place(const struct lexer *lx, unsigned from, unsigned until)
{
	return (struct where){lx->src, from, until - from};
}

__attribute__((format(printf, 4, 5))) static void
bad(struct lexer *lx, struct token *t, unsigned from, const char *fmt, ...)
{
	char text[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	t->kind = TOK_BAD;
	t->where = place(lx, from, lx->at > from ? lx->at : from + 1);
	err_set(lx->err, ERR_SPEC, t->where, "%s", text);
	lx->at = lx->end;
}

static bool
skip_comment(struct lexer *lx, struct token *t)
{
	unsigned from = lx->at;

	if (peek(lx, 0) == '-') {
		while (!at_end(lx) && peek(lx, 0) != '\n')
			lx->at++;
		return true;
	}
	for (lx->at += 2; !at_end(lx); lx->at++) {
		if (peek(lx, 0) == '*' && peek(lx, 1) == '/') {
			lx->at += 2;
			return true;
		}
	}
	lx->at = from + 2;
	bad(lx, t, from, "the comment is not closed");
	return false;
}

/* False if a comment is not closed. */
static bool
skip_blank(struct lexer *lx, struct token *t)
{
	while (!at_end(lx)) {
		char c = peek(lx, 0);

		if (c == ' ' || (c >= '\t' && c <= '\r'))
			lx->at++;
		else if ((c == '-' && peek(lx, 1) == '-') ||
			 (c == '/' && peek(lx, 1) == '*')) {
			if (!skip_comment(lx, t))
				return false;
		} else {
			break;
		}
	}
	return true;
}

static void
finish(struct lexer *lx, struct token *t, enum token_kind kind, unsigned from)
{
	t->kind = kind;
	t->where = place(lx, from, lx->at);
	t->text = (struct str){lx->src->text.p + from, lx->at - from};
}

/* Up to n hexadecimal digits at the reading point; false if there are fewer
 * than least. */
static bool
read_hex(struct lexer *lx, unsigned least, unsigned n, uint32_t *out)
{
	unsigned i = 0;

	for (*out = 0; i < n; i++, lx->at++) {
		char c = peek(lx, 0), low = (char)(c | 32);

		if (is_digit(c))
			*out = *out << 4 | (uint32_t)(c - '0');
		else if (low >= 'a' && low <= 'f')
			*out = *out << 4 | (uint32_t)(low - 'a' + 10);
		else
			break;
	}
	return i >= least;
}

static bool
put_char(struct buf *out, uint32_t c)
{
	if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return false;
	out->n += utf8_put(buf_reserve(out, 4), c);
	return true;
}

/* One escape of e'…', the reading point behind the backslash. */
static bool
read_escape(struct lexer *lx, struct buf *out)
{
	static const char from[] = "nrtbf0", to[] = "\n\r\t\b\f\0";
	char c = peek(lx, 0);
	const char *hit = c ? strchr(from, c) : NULL;
	uint32_t code;

	lx->at++;
	if (hit) {
		buf_addc(out, to[hit - from]);
		return true;
	}
	if (c == 'x')
		return read_hex(lx, 1, 2, &code) && put_char(out, code);
	if (c == 'u')
		return read_hex(lx, 4, 4, &code) && put_char(out, code);
	if (c == 'U')
		return read_hex(lx, 8, 8, &code) && put_char(out, code);
	buf_addc(out, c);
	return c != 0;
}

/* Bytes of a text up to its closing quote; escape 0, or '\\' for e'…'. */
static bool
read_quoted(struct lexer *lx, char quote, bool escapes, struct buf *out)
{
	for (lx->at++; !at_end(lx);) {
		char c = peek(lx, 0);

		lx->at++;
		if (c == quote) {
			if (peek(lx, 0) != quote)
				return true;
			lx->at++;
		} else if (c == '\\' && escapes) {
			if (!read_escape(lx, out))
				return false;
			continue;
		}
		buf_addc(out, c);
	}
	return false;
}

/* Resolves \XXXX and \+XXXXXX of U&'…'. */
static bool
resolve_unicode(struct str s, char escape, struct buf *out)
{
	/* A lexer of its own over the text, for its digits. */
	struct source src = {.text = s};
	struct lexer in = {.src = &src, .end = (unsigned)s.n};

	while (!at_end(&in)) {
		char c = peek(&in, 0);
		uint32_t code;

		in.at++;
		if (c != escape || peek(&in, 0) == escape) {
			in.at += c == escape;
			buf_addc(out, c);
			continue;
		}
		if (peek(&in, 0) == '+') {
			in.at++;
			if (!read_hex(&in, 6, 6, &code))
				return false;
		} else if (!read_hex(&in, 4, 4, &code)) {
			return false;
		}
		if (!put_char(out, code))
			return false;
	}
	return true;
}

/* UESCAPE 'c' behind U&'…'; the default is a backslash. */
static char
read_uescape(struct lexer *lx, struct token *t)
{
	unsigned back = lx->at;
	char c;

	if (!skip_blank(lx, t))
		return 0;
	if (lx->end - lx->at > 7 &&
	    str_eq_nocase(
		(struct str){lx->src->text.p + lx->at, 7}, STR("UESCAPE"))) {
		lx->at += 7;
		if (!skip_blank(lx, t))
			return 0;
		c = peek(lx, 1);
		if (peek(lx, 0) == '\'' && peek(lx, 2) == '\'') {
			lx->at += 3;
			return c;
		}
	}
	lx->at = back;
	return '\\';
}

static void
text_token(struct lexer *lx, struct token *t, unsigned from, bool escapes,
    bool unicode)
{
	struct buf bytes = {0}, resolved = {0};
	char escape;

	if (!read_quoted(lx, peek(lx, 0), escapes, &bytes)) {
		bool closed = !at_end(lx);

		if (!closed)
			lx->at = from + 1;
		bad(lx, t, from,
		    closed ? "malformed escape in this text"
			   : "the quote that opens here is not closed");
		goto out;
	}
	escape = unicode ? read_uescape(lx, t) : 0;
	if (unicode && t->kind == TOK_BAD)
		goto out;
	if (unicode && !resolve_unicode(buf_str(&bytes), escape, &resolved))
		bad(lx, t, from, "malformed escape in this text");
	else if (!utf8_valid(buf_str(unicode ? &resolved : &bytes)))
		bad(lx, t, from, "this text is not valid UTF-8");
	else
		finish(lx, t, TOK_TEXT, from);
	t->string = arena_str(lx->arena, buf_str(unicode ? &resolved : &bytes));
out:
	buf_release(&bytes);
	buf_release(&resolved);
}

static void
quoted_name(struct lexer *lx, struct token *t)
{
	unsigned from = lx->at;
	struct buf bytes = {0};

	t->quoted = true;
	if (!read_quoted(lx, '`', false, &bytes)) {
		lx->at = from + 1;
		bad(lx, t, from, "the backtick that opens here is not closed");
	} else if (!bytes.n) {
		bad(lx, t, from, "a name cannot be empty");
	} else if (!utf8_valid(buf_str(&bytes))) {
		bad(lx, t, from, "this name is not valid UTF-8");
	} else {
		finish(lx, t, TOK_NAME, from);
		t->string = arena_str(lx->arena, buf_str(&bytes));
	}
	buf_release(&bytes);
}

static void
name_token(struct lexer *lx, struct token *t)
{
	unsigned from = lx->at;
	char c = (char)(peek(lx, 0) | 32);

	if (c == 'e' && peek(lx, 1) == '\'') {
		lx->at++;
		text_token(lx, t, from, true, false);
		return;
	}
	if (c == 'u' && peek(lx, 1) == '&' && peek(lx, 2) == '\'') {
		lx->at += 2;
		text_token(lx, t, from, false, true);
		return;
	}
	for (lx->at++; in_name(peek(lx, 0));)
		lx->at++;
	finish(lx, t, TOK_NAME, from);
	if (!utf8_valid(t->text))
		bad(lx, t, from, "this name is not valid UTF-8");
	else
		t->string = arena_str(lx->arena, t->text);
}

static void
param_token(struct lexer *lx, struct token *t)
{
	unsigned from = lx->at;

	for (lx->at++; is_letter(peek(lx, 0)) || is_digit(peek(lx, 0));)
		lx->at++;
	finish(lx, t, TOK_PARAM, from);
	t->string = (struct str){t->text.p + 1, t->text.n - 1};
	if (!utf8_valid(t->string))
		bad(lx, t, from, "this name is not valid UTF-8");
}

static void
skip_digits(struct lexer *lx)
{
	while (is_digit(peek(lx, 0)))
		lx->at++;
}

/* A fraction: "1." is a number, too, but "1..2" and "1.x" are not. */
static bool
skip_fraction(struct lexer *lx)
{
	char c = peek(lx, 1);

	if (peek(lx, 0) != '.' || c == '.' || c == '*' || begins_name(c))
		return false;
	lx->at++;
	skip_digits(lx);
	return true;
}

static bool
skip_exponent(struct lexer *lx)
{
	unsigned sign = peek(lx, 1) == '+' || peek(lx, 1) == '-';

	if ((peek(lx, 0) | 32) != 'e' || !is_digit(peek(lx, 1 + sign)))
		return false;
	lx->at += 1 + sign;
	skip_digits(lx);
	return true;
}

static void
number_token(struct lexer *lx, struct token *t)
{
	unsigned from = lx->at;
	bool number;

	skip_digits(lx);
	number = skip_fraction(lx);
	number |= skip_exponent(lx);
	if (!is_letter(peek(lx, 0))) {
		finish(lx, t, TOK_NUMBER, from);
		if (!number && num_parse_int(t->text, &t->integer))
			t->kind = TOK_INT;
		return;
	}
	while (in_name(peek(lx, 0)) ||
	       (peek(lx, 0) == '.' && is_digit(peek(lx, 1))))
		lx->at++;
	finish(lx, t, TOK_DURATION, from);
	if (!when_parse_duration(t->text, &t->integer)) {
		bad(lx, t, from, "neither a number nor a duration");
		err_hint(lx->err, "durations are written 250ms 30s 5m 1h30m");
	}
}

static void
operator_token(struct lexer *lx, struct token *t)
{
	unsigned from = lx->at;
	char c = peek(lx, 0), shown[16];

	for (size_t i = 0; i < N_OPERATORS; i++) {
		size_t n = strlen(operators[i]);

		if (n <= lx->end - lx->at &&
		    !memcmp(lx->src->text.p + lx->at, operators[i], n)) {
			lx->at += (unsigned)n;
			finish(lx, t, TOK_OP, from);
			return;
		}
	}
	lx->at++;
	err_quote(shown, (struct str){&c, 1}, 2);
	bad(lx, t, from, "the character \"%s\" means nothing here", shown);
}

/* ".5" is a number unless something before it can have fields. */
static bool
begins_number(const struct lexer *lx, const struct token *before)
{
	if (is_digit(peek(lx, 0)))
		return true;
	if (peek(lx, 0) != '.' || !is_digit(peek(lx, 1)))
		return false;
	/* A field stands right behind the dot's left side: SELECT .5 */
	if (!before || before->where.at + before->where.len < lx->at)
		return true;
	return !(before->kind == TOK_NAME ||
		 (before->kind == TOK_OP &&
		     (before->text.p[0] == ')' || before->text.p[0] == ']')));
}

static void
scan(struct lexer *lx, struct token *t, const struct token *before)
{
	char c;

	*t = (struct token){0};
	if (!skip_blank(lx, t))
		return;
	c = peek(lx, 0);
	if (at_end(lx))
		finish(lx, t, TOK_END, lx->at);
	else if (c == '\'' || c == '"')
		text_token(lx, t, lx->at, false, false);
	else if (c == '`')
		quoted_name(lx, t);
	else if (begins_number(lx, before))
		number_token(lx, t);
	else if (begins_name(c))
		name_token(lx, t);
	else if (c == '$' && is_letter(peek(lx, 1)))
		param_token(lx, t);
	else
		operator_token(lx, t);
}

void
lex_init(struct lexer *lx, const struct source *src, unsigned from, unsigned to,
    struct arena *arena, struct err *err)
{
	*lx = (struct lexer){
	    .src = src, .at = from, .end = to, .arena = arena, .err = err};
	scan(lx, &lx->tok, NULL);
	if (lx->tok.kind == TOK_BAD)
		lx->next = lx->tok;
	else
		scan(lx, &lx->next, &lx->tok);
}

void
lex_next(struct lexer *lx)
{
	lx->done = lx->tok.where.at + lx->tok.where.len;
	lx->tok = lx->next;
	if (lx->tok.kind != TOK_BAD && lx->tok.kind != TOK_END)
		scan(lx, &lx->next, &lx->tok);
}

static bool
token_is(const struct token *t, const char *word)
{
	if (t->kind == TOK_OP)
		return str_is(t->text, word);
	return t->kind == TOK_NAME && !t->quoted &&
	       str_eq_nocase(t->text, str_of(word));
}

bool
lex_is(const struct lexer *lx, const char *word)
{
	return token_is(&lx->tok, word);
}

bool
lex_next_is(const struct lexer *lx, const char *word)
{
	return token_is(&lx->next, word);
}

bool
lex_accept(struct lexer *lx, const char *word)
{
	if (!lex_is(lx, word))
		return false;
	lex_next(lx);
	return true;
}

const char *
lex_describe(const struct lexer *lx, char *out, size_t size)
{
	char shown[4 * 40 + 8];

	if (lx->tok.kind == TOK_END)
		return "the end";
	err_quote(shown, lx->tok.text, 40);
	snprintf(out, size, "\"%s\"", shown);
	return out;
}

int
lex_expect(struct lexer *lx, const char *word)
{
	char got[180];

	if (lex_accept(lx, word))
		return 0;
	return lex_fail(lx, "expected %s, got %s", word,
	    lex_describe(lx, got, sizeof(got)));
}

int
lex_fail(struct lexer *lx, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	if (lx->tok.kind == TOK_BAD)
		return -1;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(lx->err, ERR_SPEC, lx->tok.where, "%s", text);
}

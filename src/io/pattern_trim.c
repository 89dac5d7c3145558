/* SPDX-License-Identifier: MIT */
/*
 * A pattern with fewer captures. PCRE2 cannot be told which groups are wanted,
 * so `(?<name>` and `(` are written as `(?:`. Whatever could refer to a group
 * by its number or name, or could change how the pattern's text is read, makes
 * this give up: the pattern then stays as it is.
 */
#include "io/pattern.h"

struct trim {
	const char *p, *end;
	const struct str *names;
	unsigned n;
	struct buf *out;
};

static void
copy(struct trim *t, size_t n)
{
	if ((size_t)(t->end - t->p) < n)
		n = (size_t)(t->end - t->p);
	buf_add(t->out, t->p, n);
	t->p += n;
}

static char
peek(const struct trim *t, size_t i)
{
	return (size_t)(t->end - t->p) > i ? t->p[i] : 0;
}

/* At a backslash. */
static bool
trim_escape(struct trim *t)
{
	char c = peek(t, 1);

	if ((c >= '1' && c <= '9') || c == 'g' || c == 'k' || c == 'Q' ||
	    c == 'E')
		return false;
	copy(t, c == 'c' ? 3 : 2);
	return true;
}

/* Length of a "[:alpha:]" here, or 0: its ']' does not end the class. */
static size_t
posix_class(const struct trim *t)
{
	size_t i = 2;

	if (peek(t, 1) != ':')
		return 0;
	i += peek(t, i) == '^';
	while (peek(t, i) >= 'a' && peek(t, i) <= 'z')
		i++;
	return peek(t, i) == ':' && peek(t, i + 1) == ']' ? i + 2 : 0;
}

/* At a '[': copies the class. */
static bool
trim_class(struct trim *t)
{
	copy(t, 1);
	if (peek(t, 0) == '^')
		copy(t, 1);
	if (peek(t, 0) == ']')
		copy(t, 1);
	while (t->p < t->end && *t->p != ']') {
		if (*t->p == '\\') {
			if (!trim_escape(t))
				return false;
			continue;
		}
		if (*t->p == '[' && posix_class(t)) {
			copy(t, posix_class(t));
			continue;
		}
		copy(t, 1);
	}
	copy(t, 1);
	return true;
}

/* At "(?<name>", "(?P<name>" or "(?'name'"; head: bytes before the name. */
static bool
trim_named(struct trim *t, size_t head, char close)
{
	const char *from = t->p + head;
	const char *to = memchr(from, close, (size_t)(t->end - from));

	if (!to)
		return false;
	for (unsigned i = 0; i < t->n; i++)
		if (str_eq(
			t->names[i], (struct str){from, (size_t)(to - from)}))
			goto keep;
	buf_lit(t->out, "(?:");
	t->p = to + 1;
	return true;
keep:
	copy(t, (size_t)(to + 1 - t->p));
	return true;
}

/* At "(?": options, as in (?i) and (?i:…). */
static bool
trim_options(struct trim *t)
{
	size_t i = 2;

	while (peek(t, i) && strchr("imsU-^", peek(t, i)))
		i++;
	if (i == 2 || !(peek(t, i) == ')' || peek(t, i) == ':'))
		return false;
	copy(t, i);
	return true;
}

/* At a '('. */
static bool
trim_group(struct trim *t)
{
	char c = peek(t, 2), d = peek(t, 3);

	if (peek(t, 1) == '*')
		return false;
	if (peek(t, 1) != '?') {
		buf_lit(t->out, "(?:");
		t->p++;
		return true;
	}
	if (c == '<' && d != '=' && d != '!' && d != '*')
		return trim_named(t, 3, '>');
	if (c == 'P' && d == '<')
		return trim_named(t, 4, '>');
	if (c == '\'')
		return trim_named(t, 3, '\'');
	if (c == ':' || c == '=' || c == '!' || c == '>' || c == '<') {
		copy(t, 3);
		return true;
	}
	return trim_options(t);
}

bool
pattern_trim(
    struct str text, const struct str *names, unsigned n, struct buf *out)
{
	struct trim t = {text.p, text.p + text.n, names, n, out};
	bool safe = true;

	while (safe && t.p < t.end) {
		if (*t.p == '\\')
			safe = trim_escape(&t);
		else if (*t.p == '[')
			safe = trim_class(&t);
		else if (*t.p == '(')
			safe = trim_group(&t);
		else
			copy(&t, 1);
	}
	return safe;
}

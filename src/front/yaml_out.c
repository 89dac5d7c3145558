/* SPDX-License-Identifier: MIT */
/* Writing YAML; see yaml_out.h. Depth is that of our own trees: small. */
#include "front/yaml_out.h"

#include "base/utf8.h"

#define LINE_MAX_BYTES 80
#define KEY_MAX_BYTES 1000 /* YAML takes longer ones only behind "? " */

/* ---- making trees ---- */

struct onode *
onode_new(struct arena *a, enum okind kind)
{
	struct onode *n = arena_zalloc(a, sizeof *n);

	n->kind = kind;
	return n;
}

void
onode_put(struct onode *to, struct str key, struct onode *n)
{
	n->key = key;
	if (to->last)
		to->last->next = n;
	else
		to->first = n;
	to->last = n;
}

struct onode *
onode_add(struct arena *a, struct onode *to, const char *key, enum okind kind)
{
	struct onode *n = onode_new(a, kind);

	onode_put(to, key ? str_of(key) : (struct str){NULL, 0}, n);
	return n;
}

struct onode *
onode_text(struct arena *a, struct onode *to, const char *key, struct str text)
{
	struct onode *n = onode_add(a, to, key, O_TEXT);

	n->text = text;
	return n;
}

struct onode *
onode_keyed(struct arena *a, struct onode *to, struct str key, struct str text)
{
	struct onode *n = onode_new(a, O_TEXT);

	onode_put(to, key, n);
	n->text = text;
	return n;
}

/* ---- texts ---- */

/* Characters that YAML refuses, or takes for the end of a line. */
static bool
is_odd(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 ||
	       c == 0x2029 || c == 0xfeff || c == 0xfffe || c == 0xffff;
}

static bool
has_odd(struct str s, bool lines)
{
	const char *p = s.p, *end = p + s.n;

	while (p < end) {
		uint32_t c = utf8_next(&p, end);

		if (is_odd(c) && !(lines && c == '\n'))
			return true;
	}
	return false;
}

/* Words that other readers of YAML take for something else than text. */
static bool
is_word(struct str s)
{
	static const char *const words[] = {"yes", "no", "on", "off", "null"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (str_eq_nocase(s, str_of(words[i])))
			return true;
	return false;
}

/* Would YAML read these bytes, without quotes, as this text? */
static bool
is_plain(struct str s, bool flow)
{
	static const char first[] = "-?:,[]{}#&*!|>'\"%@`=~";

	if (!s.n || has_odd(s, false) || is_word(s) || s.p[0] == ' ' ||
	    s.p[s.n - 1] == ' ' || s.p[s.n - 1] == ':')
		return false;
	if (memchr(first, s.p[0], sizeof first - 1) &&
	    !(s.p[0] == '-' && s.n > 1 && s.p[1] > ' ' && s.p[1] != '-'))
		return false;
	if (str_starts(s, STR("...")) || str_find(s, STR(": "), 0) >= 0 ||
	    str_find(s, STR(" #"), 0) >= 0)
		return false;
	for (size_t i = 0; flow && i < s.n; i++)
		if (memchr(",[]{}", s.p[i], 5))
			return false;
	return true;
}

static void
put_escaped(struct buf *out, struct str s)
{
	const char *p = s.p, *end = p + s.n;

	buf_addc(out, '"');
	while (p < end) {
		const char *from = p;
		uint32_t c = utf8_next(&p, end);

		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", (char)c);
		else if (c == '\n')
			buf_lit(out, "\\n");
		else if (c == '\t')
			buf_lit(out, "\\t");
		else if (is_odd(c))
			buf_printf(out, "\\u%04x", c);
		else
			buf_add(out, from, (size_t)(p - from));
	}
	buf_addc(out, '"');
}

static void
put_text(struct buf *out, struct str s, bool quoted, bool flow)
{
	if (!quoted && is_plain(s, flow)) {
		buf_adds(out, s);
		return;
	}
	if (has_odd(s, false)) {
		put_escaped(out, s);
		return;
	}
	buf_quoted(out, s, '\'');
}

/* ---- one line ---- */

/* Can it stand as lines behind `|`, and is that better than in quotes? */
static bool
is_block(const struct onode *n)
{
	struct str s = n->text;

	if (!s.n || s.p[0] == ' ' || s.p[0] == '\n' || has_odd(s, true))
		return false;
	if (s.n > 1 && s.p[s.n - 1] == '\n' && s.p[s.n - 2] == '\n')
		return false;
	return memchr(s.p, '\n', s.n) != NULL;
}

/* A list or map of texts that need no quotes for commas and brackets. */
static bool
put_flow(struct buf *out, const struct onode *n)
{
	bool map = n->kind == O_MAP;

	buf_addc(out, map ? '{' : '[');
	for (const struct onode *c = n->first; c; c = c->next) {
		if (c->none) {
			if (!map)
				return false;
		} else if (c->kind != O_TEXT || is_block(c) ||
			   (is_plain(c->text, false) &&
			       !is_plain(c->text, true)))
			return false;
		if (c != n->first)
			buf_lit(out, ", ");
		if (map) {
			put_text(out, c->key, false, true);
			buf_lit(out, ": ");
		}
		if (!c->none)
			put_text(out, c->text, c->quoted, true);
	}
	buf_addc(out, map ? '}' : ']');
	return true;
}

/* Takes back what was written if it did not fit on the line. */
static bool
try_flow(struct buf *out, const struct onode *n, unsigned column)
{
	size_t before = out->n;

	/* Nothing in [] or {} has no other form. */
	if (put_flow(out, n) &&
	    (!n->first || out->n - before + column <= LINE_MAX_BYTES))
		return true;
	out->n = before;
	return false;
}

/* ---- blocks ---- */

static void
put_indent(struct buf *out, unsigned indent)
{
	for (unsigned i = 0; i < indent; i++)
		buf_addc(out, ' ');
}

static void put_entries(
    struct buf *out, const struct onode *n, unsigned indent, bool here);

static unsigned
column_of(const struct buf *out)
{
	size_t i = out->n;

	while (i && out->p[i - 1] != '\n')
		i--;
	return (unsigned)(out->n - i);
}

static void
put_lines(struct buf *out, struct str s, unsigned indent)
{
	bool ends = s.p[s.n - 1] == '\n';

	buf_addz(out, ends ? " |\n" : " |-\n");
	s.n -= ends;
	for (const char *p = s.p, *end = p + s.n; p <= end;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));

		nl = nl ? nl : end;
		if (nl > p)
			put_indent(out, indent + 2);
		buf_add(out, p, (size_t)(nl - p));
		buf_addc(out, '\n');
		p = nl + 1;
	}
}

/* Behind "key:" or "-". */
static void
put_value(struct buf *out, const struct onode *n, unsigned indent, bool dash)
{
	if (n->kind == O_TEXT && is_block(n)) {
		put_lines(out, n->text, indent);
		return;
	}
	if (n->none) {
		buf_addc(out, '\n');
		return;
	}
	if (n->kind == O_TEXT) {
		buf_addc(out, ' ');
		put_text(out, n->text, n->quoted, false);
		buf_addc(out, '\n');
		return;
	}
	/* Steps, which are maps in a list, are easier to read as blocks. */
	if (!n->first || n->flow || !dash) {
		size_t before = out->n;

		buf_addc(out, ' ');
		if (try_flow(out, n, column_of(out))) {
			buf_addc(out, '\n');
			return;
		}
		out->n = before;
	}
	if (dash) {
		buf_addc(out, ' ');
		put_entries(out, n, indent + 2, true);
		return;
	}
	buf_addc(out, '\n');
	put_entries(out, n, indent + 2, false);
}

static void
put_key(struct buf *out, struct str key, unsigned indent)
{
	size_t from = out->n;

	put_text(out, key, false, false);
	if (out->n - from > KEY_MAX_BYTES) {
		out->n = from;
		buf_lit(out, "? ");
		put_text(out, key, false, false);
		buf_addc(out, '\n');
		put_indent(out, indent);
	}
	buf_addc(out, ':');
}

/* here: the first entry goes on at the current place. */
static void
put_entries(struct buf *out, const struct onode *n, unsigned indent, bool here)
{
	for (const struct onode *c = n->first; c; c = c->next) {
		if (!here || c != n->first)
			put_indent(out, indent);
		if (n->kind == O_MAP)
			put_key(out, c->key, indent);
		else
			buf_addc(out, '-');
		put_value(out, c, indent, n->kind == O_SEQ);
	}
}

void
onode_print(struct buf *out, const struct onode *map)
{
	put_entries(out, map, 0, false);
}

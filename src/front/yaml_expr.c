/* SPDX-License-Identifier: MIT */
/* Expressions inside of YAML scalars; see yaml_expr.h. */
#include "front/yaml_expr.h"

/* ---- from a scalar's text to the file ---- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* First byte of a scalar's content: behind the quote, or `|` and its line. */
static unsigned
content_start(const struct ynode *n)
{
	struct str file = n->where.src->text;
	unsigned at = n->where.at;

	if (n->style == Y_PLAIN)
		return at;
	if (n->style == Y_SINGLE || n->style == Y_DOUBLE)
		return at + 1;
	while (at < file.n && file.p[at] != '\n')
		at++;
	return at;
}

/* Bytes of the file that an escape in double quotes takes. */
static unsigned
escape_length(struct str file, unsigned at)
{
	char c = at + 1 < file.n ? file.p[at + 1] : 0;

	return c == 'x' ? 4 : c == 'u' ? 6 : c == 'U' ? 10 : 2;
}

/*
 * Walks text and file side by side. Bytes of the text that are not blank stand
 * in the file in the same order; between them there are blanks, doubled quotes
 * and escapes. An escape is where its (first) character is.
 */
static unsigned *
map_text(const struct ynode *n, struct arena *a)
{
	struct str file = n->where.src->text, text = n->text;
	unsigned *map = arena_array(a, text.n + 1, sizeof *map);
	unsigned at = content_start(n), end = n->where.at + n->where.len;
	size_t i = 0;

	while (i < text.n) {
		unsigned step = 1;

		while (at < end && is_blank(file.p[at]) && !is_blank(text.p[i]))
			at++;
		map[i] = at;
		if (n->style == Y_DOUBLE && at < end && file.p[at] == '\\')
			step = escape_length(file, at);
		else if (n->style == Y_SINGLE && text.p[i] == '\'')
			step = 2;
		else if (is_blank(text.p[i]) &&
			 (at >= end || !is_blank(file.p[at])))
			step = 0; /* folded away */
		i++;
		/* An escape may stand for a character of several bytes. */
		while (step > 2 && i < text.n &&
		       ((unsigned char)text.p[i] & 0xc0) == 0x80)
			map[i++] = at;
		at = at + step < end ? at + step : end;
	}
	map[i] = at;
	return map;
}

/* ---- reading ---- */

void
yexpr_init_span(struct yexpr *y, const struct source *file, unsigned from,
    unsigned until, struct arena *a, struct err *err)
{
	*y = (struct yexpr){.file = file};
	lex_init(&y->lx, file, from, until, a, err);
}

void
yexpr_init(
    struct yexpr *y, const struct ynode *n, struct arena *a, struct err *err)
{
	const struct source *file = n->where.src;
	unsigned at = content_start(n);
	size_t left = file->text.n - at;

	if (n->style != Y_LITERAL && n->style != Y_FOLDED &&
	    n->text.n <= left &&
	    (!n->text.n || !memcmp(file->text.p + at, n->text.p, n->text.n))) {
		yexpr_init_span(y, file, at, at + (unsigned)n->text.n, a, err);
		return;
	}
	*y = (struct yexpr){
	    .file = file, .text = {file->name, n->text}, .map = map_text(n, a)};
	lex_init(&y->lx, &y->text, 0, (unsigned)n->text.n, a, err);
}

/* ---- places ---- */

struct where
yexpr_place(const struct yexpr *y, struct where w)
{
	unsigned last;

	if (w.src != &y->text)
		return w;
	if (w.at > y->text.text.n)
		w.at = (unsigned)y->text.text.n;
	last = w.at + w.len;
	if (last > y->text.text.n)
		last = (unsigned)y->text.text.n;
	w.len = w.len ? y->map[last - 1] + 1 - y->map[w.at] : 0;
	w.at = y->map[w.at];
	w.src = y->file;
	return w;
}

void
yexpr_settle(const struct yexpr *y, struct node *n)
{
	/* Shared subtrees are met again, but only once in the text. */
	if (!y->map || n->where.src != &y->text)
		return;
	n->where = yexpr_place(y, n->where);
	n->name_at = yexpr_place(y, n->name_at);
	for (unsigned i = 0; i < n->n_args; i++)
		yexpr_settle(y, n->args[i]);
	if (n->filter)
		yexpr_settle(y, n->filter);
}

int
yexpr_fail(const struct yexpr *y)
{
	y->lx.err->where = yexpr_place(y, y->lx.err->where);
	return -1;
}

/* ---- entries cut at commas ---- */

struct balance {
	char quote; /* within a text: which quote ends it */
	int open;   /* ( and [ without their partners */
};

static void
weigh(struct balance *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (b->quote) {
			if (c == b->quote)
				b->quote = 0;
		} else if (c == '\'' || c == '"' || c == '`') {
			b->quote = c;
		} else if (c == '(' || c == '[') {
			b->open++;
		} else if (c == ')' || c == ']') {
			b->open--;
		}
	}
}

/* The entry if it is one text; NULL if it is something else. */
static const struct ynode *
text_entry(const struct ynode *n, unsigned at)
{
	const struct ynode *entry = n->items[at];

	if (n->kind == Y_MAP) {
		if (!ynode_empty(entry))
			return NULL;
		entry = n->keys[at];
	}
	return entry->kind == Y_SCALAR ? entry : NULL;
}

/* As it stands in the file, quotes and all. */
static struct str
source_of(const struct ynode *n)
{
	return (struct str){n->where.src->text.p + n->where.at, n->where.len};
}

unsigned
yexpr_pieces(const struct ynode *n, unsigned at)
{
	const struct ynode *first = n->items[at];
	struct balance b = {0};
	unsigned k = at + 1;

	if (n->kind == Y_MAP && ynode_empty(first))
		first = n->keys[at];
	if (!n->flow || first->kind != Y_SCALAR || first->style != Y_PLAIN)
		return 1;
	weigh(&b, source_of(first));
	while ((b.quote || b.open > 0) && k < n->n) {
		const struct ynode *next = text_entry(n, k);

		if (!next)
			break;
		weigh(&b, source_of(next));
		k++;
	}
	return b.quote || b.open > 0 ? 1 : k - at;
}

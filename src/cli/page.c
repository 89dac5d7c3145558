/* SPDX-License-Identifier: MIT */
/* Laying out help as plain text or man(7) source; see page.h. */
#include "cli/page.h"

#include "base/utf8.h"

#define CODE '`'
#define SLOT '\1'
#define CODE_INDENT 4
#define TERM_INDENT 2

void
page_release(struct page *page)
{
	buf_release(&page->text);
}

/* ---- manual pages ---- */

/* What roff would take for a request or an escape. */
static void
roff_char(struct buf *out, uint32_t c)
{
	switch (c) {
	case '\\':
		buf_lit(out, "\\e");
		return;
	case '-':
		buf_lit(out, "\\-");
		return;
	case '\'':
		buf_lit(out, "\\(aq");
		return;
	case '^':
		buf_lit(out, "\\(ha");
		return;
	case '~':
		buf_lit(out, "\\(ti");
		return;
	case CODE:
		buf_lit(out, "\\(ga");
		return;
	case '"':
		buf_lit(out, "\\(dq");
		return;
	}
	if (c < 0x80)
		buf_addc(out, (char)c);
	else
		buf_printf(out, "\\[u%04X]", c);
}

/* One line of source; with markup or, for code, without. */
static void
roff_line(struct buf *out, struct str s, bool marked)
{
	const char *p = s.p, *end = s.p + s.n;
	bool in_code = false, in_slot = false;

	if (s.n && s.p[0] == '.')
		buf_lit(out, "\\&");
	while (p < end) {
		if (marked && *p == CODE) {
			in_code = !in_code;
			buf_addz(out, in_code ? "\\fB" : "\\fR");
			p++;
		} else if (marked && *p == SLOT) {
			in_slot = !in_slot;
			buf_addz(out, in_slot ? "\\fI" : "\\fR");
			p++;
		} else if (*p == '\n') {
			buf_addc(out, ' ');
			p++;
		} else {
			roff_char(out, utf8_next(&p, end));
		}
	}
	buf_addc(out, '\n');
}

/* ---- plain text ---- */

static void
spaces(struct buf *out, unsigned n)
{
	while (n--)
		buf_addc(out, ' ');
}

/* Terms lose their backticks, prose keeps them unless there is bold. */
struct plain {
	bool bold, keep;
	bool in_code;
};

static unsigned
shown_width(struct str s, bool keep)
{
	const char *p = s.p, *end = s.p + s.n;
	unsigned n = 0;

	while (p < end) {
		uint32_t c = utf8_next(&p, end);

		if (c != SLOT && (keep || c != CODE))
			n += utf8_width(c);
	}
	return n;
}

static void
put_word(struct buf *out, struct str word, struct plain *how)
{
	for (size_t i = 0; i < word.n; i++) {
		char c = word.p[i];

		if (c == SLOT)
			continue;
		if (c != CODE) {
			buf_addc(out, c);
			continue;
		}
		how->in_code = !how->in_code;
		if (how->bold)
			buf_addz(out, how->in_code ? "\033[1m" : "\033[0m");
		else if (how->keep)
			buf_addc(out, c);
	}
}

static struct str
next_word(struct str *text)
{
	struct str word;
	size_t n = 0;

	while (text->n && (*text->p == ' ' || *text->p == '\n'))
		*text = (struct str){text->p + 1, text->n - 1};
	while (n < text->n && text->p[n] != ' ' && text->p[n] != '\n')
		n++;
	word = (struct str){text->p, n};
	*text = (struct str){text->p + n, text->n - n};
	return word;
}

/* Fills lines from column `at` on; following lines begin in `indent`. */
static void
fill(struct page *page, struct str text, unsigned at, unsigned indent)
{
	struct plain how = {.bold = page->colour, .keep = !page->colour};
	struct str word;
	bool first = true;

	while (word = next_word(&text), word.n) {
		unsigned width = shown_width(word, how.keep);

		if (!first && at + 1 + width > page->width) {
			buf_addc(&page->text, '\n');
			spaces(&page->text, indent);
			at = indent;
		} else if (!first) {
			buf_addc(&page->text, ' ');
			at++;
		}
		put_word(&page->text, word, &how);
		at += width;
		first = false;
	}
	buf_addc(&page->text, '\n');
}

/* ---- both ---- */

/* The text up to a blank line; *text is what follows it. */
static struct str
next_paragraph(struct str *text)
{
	long end = str_find(*text, STR("\n\n"), 0);
	struct str para = *text;

	if (end < 0) {
		*text = (struct str){text->p + text->n, 0};
		return str_trim(para);
	}
	para.n = (size_t)end;
	*text = (struct str){text->p + end + 2, text->n - (size_t)end - 2};
	return str_trim(para);
}

void
page_gap(struct page *page)
{
	if (!page->roff)
		buf_addc(&page->text, '\n');
}

void
page_heading(struct page *page, const char *text)
{
	if (page->roff) {
		buf_lit(&page->text, ".SS ");
		roff_line(&page->text, str_of(text), true);
		return;
	}
	if (page->text.n)
		buf_addc(&page->text, '\n');
	buf_printf(
	    &page->text, page->colour ? "\033[1m%s\033[0m\n" : "%s\n", text);
}

void
page_para(struct page *page, const char *text)
{
	struct str rest = str_of(text);
	bool first = true;

	while (rest.n) {
		struct str para = next_paragraph(&rest);

		if (page->roff) {
			buf_addz(&page->text, page->indent ? ".IP\n" : ".PP\n");
			roff_line(&page->text, para, true);
			continue;
		}
		if (!first)
			buf_addc(&page->text, '\n');
		spaces(&page->text, page->indent);
		fill(page, para, page->indent, page->indent);
		first = false;
	}
}

void
page_item(
    struct page *page, const char *term, const char *text, unsigned indent)
{
	struct plain how = {.bold = page->colour};
	unsigned at = page->indent + TERM_INDENT;

	if (page->roff) {
		buf_addz(&page->text, page->indent ? ".RS\n.TP\n" : ".TP\n");
		roff_line(&page->text, str_of(term), true);
		roff_line(&page->text, str_of(text), true);
		buf_addz(&page->text, page->indent ? ".RE\n" : "");
		return;
	}
	indent += page->indent;
	spaces(&page->text, at);
	at += shown_width(str_of(term), false);
	put_word(&page->text, str_of(term), &how);
	if (at + 2 > indent) {
		buf_addc(&page->text, '\n');
		at = 0;
	}
	spaces(&page->text, indent - at);
	fill(page, str_of(text), indent, indent);
}

static struct str
next_line(struct str *text)
{
	long end = str_find(*text, STR("\n"), 0);
	size_t n = end < 0 ? text->n : (size_t)end;
	struct str line = {text->p, n};

	n += end >= 0;
	*text = (struct str){text->p + n, text->n - n};
	return line;
}

void
page_code(struct page *page, const char *text)
{
	struct str rest = str_of(text);

	if (page->roff)
		buf_lit(&page->text, ".IP\n.EX\n");
	while (rest.n) {
		struct str line = next_line(&rest);

		if (page->roff) {
			roff_line(&page->text, line, false);
			continue;
		}
		spaces(&page->text, line.n ? page->indent + CODE_INDENT : 0);
		buf_adds(&page->text, line);
		buf_addc(&page->text, '\n');
	}
	if (page->roff)
		buf_lit(&page->text, ".EE\n");
}

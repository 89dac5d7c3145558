/* SPDX-License-Identifier: MIT */
/*
 * A page of help, laid out as plain text for a terminal or as man(7) source
 * for a manual page. What is written is the same: headings, paragraphs, terms
 * with an explanation, code.
 *
 * Texts may set words apart: between backticks is code (bold in a manual),
 * between two \1 is something to be replaced (italic). Blank lines part
 * paragraphs.
 */
#ifndef WEIR_CLI_PAGE_H
#define WEIR_CLI_PAGE_H

#include "base/buf.h"
#include "base/err.h"

struct page {
	struct buf text;
	bool roff;
	bool colour;	 /* plain: bold for what is set apart */
	unsigned width;	 /* plain: columns to fill */
	unsigned indent; /* of paragraphs and code: set, they belong to the
			    item before them */
};

void page_release(struct page *page);

void page_heading(struct page *page, const char *text);
void page_para(struct page *page, const char *text);

/*
 * A term and what it is. Plain: text begins in column `indent`, on the line
 * of the term if that is short enough.
 */
void page_item(
    struct page *page, const char *term, const char *text, unsigned indent);

/* Lines as they stand, each indented. */
void page_code(struct page *page, const char *text);

/* An empty line (plain only). */
void page_gap(struct page *page);

#endif

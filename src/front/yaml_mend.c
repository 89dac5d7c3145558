/* SPDX-License-Identifier: MIT */
/* Covering what YAML cannot read of expressions; see yaml_mend.h. */
#include "front/yaml_mend.h"

#include <stdint.h>
#include <yaml.h>

#include "base/must.h"
#include "base/utf8.h"
#include "front/yaml_tree.h"

#define MENDS_MAX 256
#define BYTES_READ_MAX ((size_t)8 << 20) /* of all attempts together */

struct stumble {
	bool found;
	size_t at;  /* byte where libyaml gave up */
	bool alias; /* within *name */
};

/* The byte of a character. */
static size_t
byte_of(struct str text, size_t index)
{
	return utf8_offset(text, index);
}

/* Reads all events; says where they end early, unless that is too deep. */
static struct stumble
read_through(struct str text)
{
	struct stumble s = {0};
	yaml_parser_t p;
	unsigned depth = 0;
	bool end = false;

	must(yaml_parser_initialize(&p));
	yaml_parser_set_encoding(&p, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&p, (const unsigned char *)text.p, text.n);
	while (!end && depth <= YAML_DEPTH_MAX) {
		yaml_event_t ev;

		if (!yaml_parser_parse(&p, &ev)) {
			s.found = p.error == YAML_PARSER_ERROR ||
				  p.error == YAML_SCANNER_ERROR;
			s.at = byte_of(text, p.problem_mark.index);
			s.alias = p.context && strstr(p.context, "an alias");
			break;
		}
		end = ev.type == YAML_STREAM_END_EVENT;
		depth += ev.type == YAML_SEQUENCE_START_EVENT ||
			 ev.type == YAML_MAPPING_START_EVENT;
		depth -= ev.type == YAML_SEQUENCE_END_EVENT ||
			 ev.type == YAML_MAPPING_END_EVENT;
		yaml_event_delete(&ev);
	}
	yaml_parser_delete(&p);
	return s;
}

static void
cover(char *text, size_t from, size_t until)
{
	memset(text + from, 'x', until - from);
}

static size_t
line_start(const char *text, size_t at)
{
	while (at && text[at - 1] != '\n')
		at--;
	return at;
}

/* Are there more ( than ) on the line before this byte? */
static bool
within_parentheses(const char *text, size_t at)
{
	int open = 0;

	for (size_t i = line_start(text, at); i < at; i++)
		open += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
	return open > 0;
}

/* f(a, 'b'): stumbled behind the quoted text. */
static bool
cover_quoted(char *text, size_t at)
{
	char quote = at ? text[at - 1] : 0;
	size_t from = at - 1, start = line_start(text, at);

	if ((quote != '\'' && quote != '"') || at < 2)
		return false;
	for (;;) {
		if (from <= start)
			return false;
		from--;
		if (text[from] != quote)
			continue;
		if (from > start && text[from - 1] == quote)
			from--; /* doubled: it goes on */
		else
			break;
	}
	if (!within_parentheses(text, from))
		return false;
	cover(text, from, at);
	return true;
}

/* a[1]: stumbled at the bracket. */
static bool
cover_index(char *text, size_t n, size_t at)
{
	size_t until = at;
	char before = at ? text[at - 1] : 0;

	if (at >= n || text[at] != '[' ||
	    !((before | 32) >= 'a' && (before | 32) <= 'z'
		    ? 1
		    : (before >= '0' && before <= '9') || before == '_' ||
			  before == ')'))
		return false;
	while (until < n && text[until] != ']')
		if (strchr("\n,{}#", text[until++]))
			return false;
	if (until == n)
		return false;
	cover(text, at, until + 1);
	return true;
}

/* `odd name`: stumbled at the first backtick. */
static bool
cover_name(char *text, size_t n, size_t at)
{
	size_t until = at + 1;

	if (at >= n || text[at] != '`')
		return false;
	while (until < n && text[until] != '`')
		if (text[until++] == '\n')
			return false;
	if (until >= n)
		return false;
	cover(text, at, until + 1);
	return true;
}

/* * alone: stumbled behind it, since no name of an anchor follows. */
static bool
cover_star(char *text, size_t n, size_t at)
{
	if (!at || text[at - 1] != '*' ||
	    (at < n && !strchr(" \t\r\n,]}", text[at])))
		return false;
	cover(text, at - 1, at);
	return true;
}

struct str
yaml_mend(struct str text, struct arena *a)
{
	struct str mended = text;
	size_t read = 0;
	char *copy = NULL;

	for (unsigned i = 0; i < MENDS_MAX && read <= BYTES_READ_MAX; i++) {
		struct stumble s = read_through(mended);

		read += text.n;
		if (!s.found)
			break;
		if (!copy) {
			copy = arena_alloc(a, text.n + 1);
			memcpy(copy, text.p, text.n);
			copy[text.n] = 0;
		}
		if (s.alias ? !cover_star(copy, text.n, s.at)
			    : !cover_quoted(copy, s.at) &&
				  !cover_index(copy, text.n, s.at) &&
				  !cover_name(copy, text.n, s.at))
			break;
		mended.p = copy;
	}
	return mended;
}

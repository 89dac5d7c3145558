/* SPDX-License-Identifier: MIT */
/* YAML text as a tree with places; see yaml_tree.h. */
#include "front/yaml_tree.h"

#include <yaml.h>

#include "base/mem.h"
#include "base/must.h"
#include "base/utf8.h"
#include "front/yaml_mend.h"

struct anchor {
	struct str name;
	struct ynode *node;
};

struct level {
	struct ynode *node;
	struct str anchor;
	struct ynode *key; /* MAP: waits for its value */
	unsigned cap;
};

struct reader {
	const struct source *src;
	struct arena *arena;
	struct err *err;
	yaml_parser_t parser;
	unsigned skip;	 /* bytes before the text given to libyaml */
	uint32_t *bytes; /* byte of each character; NULL: all ASCII */
	size_t n_chars;
	struct level levels[YAML_DEPTH_MAX];
	unsigned depth;
	struct anchor *anchors;
	size_t n_anchors, cap_anchors;
	struct ynode *root;
	unsigned nodes;
};

const char *
ynode_kind(const struct ynode *n)
{
	static const char *const names[] = {"a text", "a list", "a map"};

	return ynode_empty(n) ? "nothing" : names[n->kind];
}

/* ---- places ---- */

/* libyaml counts characters. */
static int
index_characters(struct reader *r, struct str text)
{
	const char *p = text.p, *end = p + text.n;
	size_t n = utf8_len(text);

	if (n == text.n)
		return 0;
	r->bytes = arena_array(r->arena, n + 1, sizeof *r->bytes);
	while (p < end) {
		r->bytes[r->n_chars++] = (uint32_t)(p - text.p);
		utf8_next(&p, end);
	}
	r->bytes[r->n_chars] = (uint32_t)text.n;
	return 0;
}

static unsigned
byte_of(const struct reader *r, yaml_mark_t mark)
{
	size_t at = mark.index;

	if (r->bytes)
		at = r->bytes[at < r->n_chars ? at : r->n_chars];
	at += r->skip;
	return (unsigned)(at < r->src->text.n ? at : r->src->text.n);
}

static struct where
place(const struct reader *r, yaml_mark_t from, yaml_mark_t until)
{
	unsigned at = byte_of(r, from);

	return (struct where){r->src, at, byte_of(r, until) - at};
}

/* ---- mistakes that YAML itself finds ---- */

static const char *
advice(const struct reader *r, unsigned at)
{
	const char *problem = r->parser.problem;
	char c = at < r->src->text.n ? r->src->text.p[at] : 0;

	if (c == '\t')
		return "YAML is indented with spaces, not tabs";
	if (strstr(problem, "cannot start any token") ||
	    strstr(problem, "alphabetic or numeric"))
		return "put the text in quotes";
	if (strstr(problem, "mapping values are not allowed"))
		return "put a text that contains \": \" in quotes, and check "
		       "the indentation";
	if (strstr(problem, "expected ',' or"))
		return "within [] and {}, put texts with quotes or brackets "
		       "in quotes, or write one entry a line";
	if (strstr(problem, "did not find expected"))
		return "check the indentation and the quotes above";
	return NULL;
}

static struct ynode *
yaml_mistake(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	struct where at = place(r, p->problem_mark, p->problem_mark);
	const char *hint;

	if (p->error == YAML_READER_ERROR) {
		at.at = (unsigned)p->problem_offset + r->skip;
		if (at.at > r->src->text.n)
			at.at = (unsigned)r->src->text.n;
	}
	at.len = at.at < r->src->text.n;
	if (p->context && strstr(p->context, "quoted scalar") &&
	    strstr(p->problem, "end of stream")) {
		at = place(r, p->context_mark, p->context_mark);
		at.len = 1;
		err_set(r->err, ERR_SPEC, at,
		    "the quote that opens here is not closed");
		return NULL;
	}
	err_set(r->err, ERR_SPEC, at, "%s",
	    p->problem ? p->problem : "this is no YAML");
	hint = p->problem ? advice(r, at.at) : NULL;
	if (hint)
		err_hint(r->err, "%s", hint);
	return NULL;
}

/* ---- building ---- */

static int
count(struct reader *r, unsigned more, struct where where)
{
	r->nodes += more;
	if (r->nodes <= YAML_NODES_MAX)
		return 0;
	return err_set(r->err, ERR_SPEC, where,
	    "more than %d values, aliases written out", YAML_NODES_MAX);
}

static struct ynode **
more(struct reader *r, struct ynode **list, unsigned n, unsigned cap)
{
	struct ynode **p = arena_array(r->arena, cap, sizeof *p);

	for (unsigned i = 0; i < n; i++)
		p[i] = list[i];
	return p;
}

/* Puts a finished node where it belongs. */
static int
put(struct reader *r, struct ynode *n)
{
	struct level *top;
	struct ynode *to;

	if (!r->depth) {
		r->root = n;
		return 0;
	}
	top = &r->levels[r->depth - 1];
	to = top->node;
	if (to->kind == Y_MAP && !top->key) {
		if (n->kind != Y_SCALAR)
			return err_set(r->err, ERR_SPEC, n->where,
			    "a key must be a text, not %s", ynode_kind(n));
		top->key = n;
		return 0;
	}
	if (to->n == top->cap) {
		top->cap = top->cap ? 2 * top->cap : 4;
		to->items = more(r, to->items, to->n, top->cap);
		if (to->kind == Y_MAP)
			to->keys = more(r, to->keys, to->n, top->cap);
	}
	if (to->kind == Y_MAP)
		to->keys[to->n] = top->key;
	to->items[to->n++] = n;
	to->size += n->size + (to->kind == Y_MAP);
	top->key = NULL;
	return 0;
}

static void
remember(struct reader *r, struct str anchor, struct ynode *n)
{
	if (!anchor.n)
		return;
	mem_grow(
	    &r->anchors, &r->cap_anchors, r->n_anchors + 1, sizeof *r->anchors);
	r->anchors[r->n_anchors++] = (struct anchor){anchor, n};
}

static struct str
copy(struct reader *r, const yaml_char_t *s)
{
	if (!s)
		return (struct str){NULL, 0};
	return arena_str(r->arena, str_of((const char *)s));
}

static int
no_tag(struct reader *r, const yaml_char_t *tag, struct where where)
{
	if (!tag)
		return 0;
	err_set(r->err, ERR_SPEC, where, "tags are not used here");
	return err_hint(r->err, "a value is read as its field needs it");
}

/* ---- events ---- */

/* A plain text as the source has it, where libyaml may have seen it covered. */
static struct str
source_text(const struct ynode *n, struct str text)
{
	struct str source = {n->where.src->text.p + n->where.at, text.n};

	if (n->style == Y_PLAIN && n->where.len == text.n)
		return source;
	return text;
}

static int
on_scalar(struct reader *r, const yaml_event_t *ev)
{
	static const enum ystyle styles[] = {[YAML_ANY_SCALAR_STYLE] = Y_PLAIN,
	    [YAML_PLAIN_SCALAR_STYLE] = Y_PLAIN,
	    [YAML_SINGLE_QUOTED_SCALAR_STYLE] = Y_SINGLE,
	    [YAML_DOUBLE_QUOTED_SCALAR_STYLE] = Y_DOUBLE,
	    [YAML_LITERAL_SCALAR_STYLE] = Y_LITERAL,
	    [YAML_FOLDED_SCALAR_STYLE] = Y_FOLDED};
	struct ynode *n = arena_zalloc(r->arena, sizeof *n);
	struct str text;

	n->kind = Y_SCALAR;
	n->size = 1;
	n->style = styles[ev->data.scalar.style];
	n->where = place(r, ev->start_mark, ev->end_mark);
	text = (struct str){
	    (const char *)ev->data.scalar.value, ev->data.scalar.length};
	n->text = arena_str(r->arena, source_text(n, text));
	if (no_tag(r, ev->data.scalar.tag, n->where) || count(r, 1, n->where))
		return -1;
	remember(r, copy(r, ev->data.scalar.anchor), n);
	return put(r, n);
}

static int
on_start(struct reader *r, const yaml_event_t *ev, bool map)
{
	struct ynode *n = arena_zalloc(r->arena, sizeof *n);

	n->kind = map ? Y_MAP : Y_SEQ;
	n->size = 1;
	n->flow =
	    map ? ev->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE
		: ev->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
	n->where = place(r, ev->start_mark, ev->end_mark);
	if (no_tag(r,
		map ? ev->data.mapping_start.tag : ev->data.sequence_start.tag,
		n->where) ||
	    count(r, 1, n->where))
		return -1;
	if (r->depth == YAML_DEPTH_MAX)
		return err_set(r->err, ERR_SPEC, n->where,
		    "nested deeper than %d", YAML_DEPTH_MAX);
	r->levels[r->depth++] = (struct level){.node = n,
	    .anchor = copy(r, map ? ev->data.mapping_start.anchor
				  : ev->data.sequence_start.anchor)};
	return 0;
}

/* A flow's place reaches to its bracket, a block's is its first entry. */
static int
on_end(struct reader *r, const yaml_event_t *ev)
{
	struct level *top = &r->levels[--r->depth];
	struct ynode *n = top->node;

	if (n->flow)
		n->where.len = byte_of(r, ev->end_mark) - n->where.at;
	else if (n->n)
		n->where =
		    n->kind == Y_MAP ? n->keys[0]->where : n->items[0]->where;
	remember(r, top->anchor, n);
	return put(r, n);
}

static int
on_alias(struct reader *r, const yaml_event_t *ev)
{
	struct str name = copy(r, ev->data.alias.anchor);
	struct where at = place(r, ev->start_mark, ev->end_mark);

	/* A later anchor of the same name hides the earlier one. */
	for (size_t i = r->n_anchors; i--;) {
		struct ynode *n = r->anchors[i].node;

		if (!str_eq(r->anchors[i].name, name))
			continue;
		return count(r, n->size, at) ? -1 : put(r, n);
	}
	return err_set(r->err, ERR_SPEC, at,
	    "there is no anchor \"%.*s\" before this", STR_ARG(name));
}

static int
on_document(struct reader *r, const yaml_event_t *ev)
{
	if (!r->root)
		return 0;
	return err_set(r->err, ERR_SPEC, place(r, ev->start_mark, ev->end_mark),
	    "only one document is possible");
}

static int
on_event(struct reader *r, const yaml_event_t *ev)
{
	switch (ev->type) {
	case YAML_DOCUMENT_START_EVENT:
		return on_document(r, ev);
	case YAML_ALIAS_EVENT:
		return on_alias(r, ev);
	case YAML_SCALAR_EVENT:
		return on_scalar(r, ev);
	case YAML_SEQUENCE_START_EVENT:
		return on_start(r, ev, false);
	case YAML_MAPPING_START_EVENT:
		return on_start(r, ev, true);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return on_end(r, ev);
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		break;
	}
	return 0;
}

static struct ynode *
read_events(struct reader *r)
{
	bool end = false;

	while (!end) {
		yaml_event_t ev;
		int bad;

		if (!yaml_parser_parse(&r->parser, &ev))
			return yaml_mistake(r);
		end = ev.type == YAML_STREAM_END_EVENT;
		bad = on_event(r, &ev);
		yaml_event_delete(&ev);
		if (bad)
			return NULL;
	}
	if (!r->root)
		err_set(r->err, ERR_SPEC, (struct where){r->src, 0, 0},
		    "the spec is empty");
	return r->root;
}

static int
check_text(struct reader *r)
{
	struct str text = r->src->text;
	size_t bad = utf8_check(text);

	if (text.n > YAML_BYTES_MAX)
		return err_set(r->err, ERR_SPEC, (struct where){r->src, 0, 0},
		    "the spec is longer than 1 MiB");
	if (bad < text.n)
		return err_set(r->err, ERR_SPEC,
		    (struct where){r->src, (unsigned)bad, 1},
		    "this byte is not UTF-8");
	return 0;
}

struct ynode *
ynode_parse(const struct source *src, struct arena *a, struct err *err)
{
	struct reader r = {.src = src, .arena = a, .err = err};
	struct str text = src->text;
	struct ynode *root;

	if (check_text(&r))
		return NULL;
	if (str_starts(text, STR("\xef\xbb\xbf"))) {
		r.skip = 3;
		text.p += 3;
		text.n -= 3;
	}
	text = yaml_mend(text, a);
	index_characters(&r, text);
	must(yaml_parser_initialize(&r.parser));
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
	    &r.parser, (const unsigned char *)text.p, text.n);
	root = read_events(&r);
	yaml_parser_delete(&r.parser);
	mem_free(r.anchors);
	return root;
}

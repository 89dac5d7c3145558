/* SPDX-License-Identifier: MIT */
/* A spec as it is written; see yaml_form.h. */
#include "front/yaml_form.h"

#include <yaml.h>

#include "base/must.h"
#include "base/utf8.h"
#include "front/yaml_mend.h"

struct former {
	const struct source *src;
	struct arena *arena;
	struct err *err;
	yaml_parser_t parser;
	yaml_token_t token; /* at hand */
	bool has_token;
	unsigned from, to; /* its bytes */
	unsigned end;	   /* of the token before it */
	unsigned kept;	   /* up to here, empty lines are part of a text */
	unsigned skip;	   /* bytes before the text given to libyaml */
	uint32_t *bytes;   /* byte of each character; NULL: all ASCII */
	size_t n_chars;
	struct form_notes pending; /* comments on lines of their own */
	struct form_notes *all;	   /* instead: every comment */
	struct form_entry *at;	   /* what a comment behind something is of */
	bool within;		   /* [] or {}: comments stay where they are */
	bool failed;
};

/* ---- bytes ---- */

static char
byte(const struct former *f, size_t at)
{
	return at < f->src->text.n ? f->src->text.p[at] : '\n';
}

static struct str
bytes(const struct former *f, unsigned from, unsigned to)
{
	return (struct str){f->src->text.p + from, to - from};
}

static unsigned
line_start(const struct former *f, unsigned at)
{
	while (at > f->skip && byte(f, at - 1) != '\n')
		at--;
	return at;
}

static unsigned
column_of(const struct former *f, unsigned at)
{
	return at - line_start(f, at);
}

/* Only blanks on the line before it. */
static bool
begins_line(const struct former *f, unsigned at)
{
	while (
	    at > f->skip && (byte(f, at - 1) == ' ' || byte(f, at - 1) == '\t'))
		at--;
	return at == f->skip || byte(f, at - 1) == '\n';
}

/* The line before the one of this byte is empty. */
static bool
blank_before(const struct former *f, unsigned at)
{
	unsigned start = line_start(f, at);

	return start > f->skip && start > f->kept &&
	       begins_line(
		   f, start - 1 - (start > 1 && byte(f, start - 2) == '\r'));
}

static void
index_characters(struct former *f, struct str text)
{
	const char *p = text.p, *end = p + text.n;
	size_t n = utf8_len(text);

	if (n == text.n)
		return;
	f->bytes = arena_array(f->arena, n + 1, sizeof *f->bytes);
	while (p < end) {
		f->bytes[f->n_chars++] = (uint32_t)(p - text.p);
		utf8_next(&p, end);
	}
	f->bytes[f->n_chars] = (uint32_t)text.n;
}

static unsigned
byte_of(const struct former *f, yaml_mark_t mark)
{
	size_t at = mark.index;

	if (f->bytes)
		at = f->bytes[at < f->n_chars ? at : f->n_chars];
	at += f->skip;
	return (unsigned)(at < f->src->text.n ? at : f->src->text.n);
}

/* ---- comments ---- */

void
form_note_add(struct form_notes *to, struct form_note *note)
{
	note->next = NULL;
	if (to->last)
		to->last->next = note;
	else
		to->first = note;
	to->last = note;
}

/* Bytes [at, end) are a comment. */
static void
on_comment(struct former *f, unsigned at, unsigned end)
{
	struct form_note *note = arena_zalloc(f->arena, sizeof *note);

	while (end > at && strchr(" \t\r", byte(f, end - 1)))
		end--;
	note->text = bytes(f, at, end);
	note->where = (struct where){f->src, at, end - at};
	note->column = column_of(f, at);
	note->blank = blank_before(f, at);
	if (f->all) {
		form_note_add(f->all, note);
		return;
	}
	if (begins_line(f, at) || !f->at) {
		form_note_add(&f->pending, note);
		return;
	}
	if (f->at->after.n) { /* one there already: it goes before the entry */
		struct form_note *old = arena_zalloc(f->arena, sizeof *old);

		old->text = f->at->after;
		old->where = f->at->after_at;
		form_note_add(&f->at->before, old);
	}
	f->at->after = note->text;
	f->at->after_at = note->where;
}

/* Between two tokens there are blanks and comments. */
static void
read_gap(struct former *f, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		unsigned end = i;

		if (byte(f, i) != '#')
			continue;
		while (end < f->src->text.n && byte(f, end) != '\n')
			end++;
		if (!f->within)
			on_comment(f, i, end);
		i = end;
	}
}

/*
 * A block scalar's first line may end in a comment, which stays with it, and
 * is one of all.
 */
static void
read_header(struct former *f)
{
	unsigned end = f->from;

	if (!f->all)
		return;
	while (end < f->to && byte(f, end) != '\n' && byte(f, end) != '#')
		end++;
	if (end < f->to && byte(f, end) == '#')
		read_gap(f, end, end + 1);
}

/* ---- tokens ---- */

static bool
is_block_scalar(const struct former *f)
{
	return f->token.type == YAML_SCALAR_TOKEN &&
	       (f->token.data.scalar.style == YAML_LITERAL_SCALAR_STYLE ||
		   f->token.data.scalar.style == YAML_FOLDED_SCALAR_STYLE);
}

/* |+ */
static bool
keeps_lines(const struct former *f)
{
	unsigned i = f->from + 1;

	while (i < f->to && strchr("+-123456789", byte(f, i)))
		if (byte(f, i++) == '+')
			return true;
	return false;
}

static int
next(struct former *f)
{
	if (f->has_token) {
		f->end = f->to;
		yaml_token_delete(&f->token);
	}
	f->has_token = yaml_parser_scan(&f->parser, &f->token) != 0;
	if (!f->has_token) {
		f->failed = true;
		return err_set(f->err, ERR_SPEC,
		    (struct where){f->src, f->end, 0}, "this is no YAML");
	}
	f->from = byte_of(f, f->token.start_mark);
	f->to = byte_of(f, f->token.end_mark);
	if (f->from < f->end) /* what is only thought to be there */
		f->from = f->end;
	if (f->to < f->from)
		f->to = f->from;
	read_gap(f, f->end, f->from);
	if (is_block_scalar(f)) {
		read_header(f);
		if (keeps_lines(f))
			f->kept = f->to;
	}
	return 0;
}

static bool
is(const struct former *f, yaml_token_type_t type)
{
	return f->has_token && f->token.type == type;
}

static void
former_init(struct former *f, const struct source *src, struct arena *a,
    struct err *err)
{
	struct str text = src->text;

	*f = (struct former){.src = src, .arena = a, .err = err};
	if (str_starts(text, STR("\xef\xbb\xbf"))) {
		f->skip = f->end = 3;
		text.p += 3;
		text.n -= 3;
	}
	text = yaml_mend(text, a);
	index_characters(f, text);
	must(yaml_parser_initialize(&f->parser));
	yaml_parser_set_encoding(&f->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
	    &f->parser, (const unsigned char *)text.p, text.n);
}

static void
former_release(struct former *f)
{
	if (f->has_token)
		yaml_token_delete(&f->token);
	yaml_parser_delete(&f->parser);
}

/* ---- the tree ---- */

/*
 * Blocks that are open. The text has passed ynode_parse, so its depth is
 * limited and so is the recursion of the functions here.
 */
static int read_value(
    struct former *f, struct form *out, unsigned column, bool in_list);

/* Comments with at least this indentation end the block. */
static void
take_tail(struct former *f, struct form *block)
{
	while (f->pending.first && f->pending.first->column >= block->column) {
		struct form_note *note = f->pending.first;

		f->pending.first = note->next;
		if (!f->pending.first)
			f->pending.last = NULL;
		form_note_add(&block->tail, note);
	}
}

static struct form_entry *
begin_entry(struct former *f, struct form *block)
{
	struct form_entry *e = arena_zalloc(f->arena, sizeof *e);

	e->before = f->pending;
	f->pending = (struct form_notes){0};
	e->blank = begins_line(f, f->from) && blank_before(f, f->from);
	if (block->last)
		block->last->next = e;
	else
		block->first = e;
	block->last = e;
	f->at = e;
	return e;
}

/* Comments that came between a key and a text below it. */
static void
keep_pending(struct former *f, struct form_entry *e)
{
	while (f->pending.first) {
		struct form_note *note = f->pending.first;

		f->pending.first = note->next;
		form_note_add(&e->before, note);
	}
	f->pending.last = NULL;
}

static int
read_key(struct former *f, struct form_entry *e)
{
	unsigned from = f->from;

	while (is(f, YAML_ANCHOR_TOKEN) || is(f, YAML_TAG_TOKEN))
		if (next(f))
			return -1;
	if (is(f, YAML_SCALAR_TOKEN))
		e->name = arena_str(f->arena,
		    (struct str){(const char *)f->token.data.scalar.value,
			f->token.data.scalar.length});
	e->key = bytes(f, from, f->to);
	return next(f);
}

static int
read_map(struct former *f, struct form *out)
{
	out->kind = FORM_MAP;
	out->column = column_of(f, f->from);
	if (next(f))
		return -1;
	while (is(f, YAML_KEY_TOKEN)) {
		struct form_entry *e = begin_entry(f, out);

		if (next(f) || read_key(f, e))
			return -1;
		if (!is(f, YAML_VALUE_TOKEN))
			continue;
		f->at = e;
		if (next(f) || read_value(f, &e->value, out->column, false))
			return -1;
	}
	take_tail(f, out);
	return next(f); /* BLOCK-END */
}

/* bare: without an indentation of its own, so without an end. */
static int
read_list(struct former *f, struct form *out, bool bare)
{
	out->kind = FORM_SEQ;
	if (!bare && next(f))
		return -1;
	out->column = column_of(f, f->from);
	while (is(f, YAML_BLOCK_ENTRY_TOKEN)) {
		struct form_entry *e = begin_entry(f, out);

		if (next(f) || read_value(f, &e->value, out->column, true))
			return -1;
	}
	if (bare)
		return 0;
	take_tail(f, out);
	return next(f);
}

/* All of a [] or {}: its bytes stay as they are. */
static int
read_flow(struct former *f, struct form *out)
{
	unsigned from = f->from, depth = 0;

	f->within = true;
	do {
		switch (f->token.type) {
		case YAML_FLOW_SEQUENCE_START_TOKEN:
		case YAML_FLOW_MAPPING_START_TOKEN:
			depth++;
			break;
		case YAML_FLOW_SEQUENCE_END_TOKEN:
		case YAML_FLOW_MAPPING_END_TOKEN:
			depth--;
			break;
		case YAML_STREAM_END_TOKEN:
			return err_set(f->err, ERR_SPEC,
			    (struct where){f->src, from, 1},
			    "this bracket is not closed");
		default:
			break;
		}
		if (!depth) {
			out->kind = FORM_FLOW;
			out->text = bytes(f, from, f->to);
			f->within = false;
		}
		if (next(f))
			return -1;
	} while (depth);
	return 0;
}

static int
read_scalar(struct former *f, struct form *out)
{
	out->kind = is_block_scalar(f) ? FORM_BLOCK : FORM_TEXT;
	out->text = bytes(f, f->from, f->to);
	return next(f);
}

/* column: of the entry it belongs to. */
static int
read_value(struct former *f, struct form *out, unsigned column, bool in_list)
{
	struct form_entry *entry = f->at;
	unsigned from = f->from;

	while (is(f, YAML_ANCHOR_TOKEN) || is(f, YAML_TAG_TOKEN)) {
		out->props = bytes(f, from, f->to);
		if (next(f))
			return -1;
	}
	out->column = column;
	if (is(f, YAML_BLOCK_MAPPING_START_TOKEN))
		return read_map(f, out);
	if (is(f, YAML_BLOCK_SEQUENCE_START_TOKEN))
		return read_list(f, out, false);
	if (is(f, YAML_BLOCK_ENTRY_TOKEN) && !in_list)
		return read_list(f, out, true);
	f->at = entry;
	if (entry && (is(f, YAML_SCALAR_TOKEN) || is(f, YAML_ALIAS_TOKEN) ||
			 is(f, YAML_FLOW_SEQUENCE_START_TOKEN) ||
			 is(f, YAML_FLOW_MAPPING_START_TOKEN)))
		keep_pending(f, entry);
	if (is(f, YAML_FLOW_SEQUENCE_START_TOKEN) ||
	    is(f, YAML_FLOW_MAPPING_START_TOKEN))
		return read_flow(f, out);
	if (is(f, YAML_SCALAR_TOKEN) || is(f, YAML_ALIAS_TOKEN))
		return read_scalar(f, out);
	return 0;
}

/* ---- the document ---- */

static bool
is_for_programs(struct str note)
{
	return str_starts(note, STR("#!")) ||
	       str_find(note, STR("yaml-language-server"), 0) >= 0;
}

/*
 * Comments at the top that an empty line sets apart, or that are meant for
 * programs, stay at the top whatever comes first.
 */
static void
split_head(struct form_document *d)
{
	struct form_entry *e = d->root.first;
	struct form_note *last = NULL, *rest;

	if (d->root.kind != FORM_MAP || !e)
		return;
	for (struct form_note *n = e->before.first; n; n = n->next) {
		bool apart = n->next ? n->next->blank : e->blank;

		if (!apart && !is_for_programs(n->text))
			continue;
		last = n;
		d->head_apart = apart;
	}
	if (!last)
		return;
	rest = last->next;
	d->head = (struct form_notes){e->before.first, last};
	last->next = NULL;
	e->before.first = rest;
	if (!rest)
		e->before.last = NULL;
}

int
form_read(const struct source *src, struct arena *a, struct form_document *out,
    struct err *err)
{
	struct former f;
	int failed;

	former_init(&f, src, a, err);
	*out = (struct form_document){0};
	failed = next(&f) || next(&f); /* STREAM-START */
	while (!failed && (is(&f, YAML_VERSION_DIRECTIVE_TOKEN) ||
			      is(&f, YAML_TAG_DIRECTIVE_TOKEN) ||
			      is(&f, YAML_DOCUMENT_START_TOKEN))) {
		out->marked = true;
		failed = next(&f);
	}
	failed = failed || read_value(&f, &out->root, 0, false);
	while (!failed && !is(&f, YAML_STREAM_END_TOKEN))
		failed = next(&f);
	if (!failed)
		split_head(out);
	for (struct form_note *n = f.pending.first, *more; n; n = more) {
		more = n->next;
		form_note_add(&out->root.tail, n);
	}
	former_release(&f);
	return failed ? -1 : 0;
}

int
form_comments(const struct source *src, struct arena *a, struct form_notes *out,
    struct err *err)
{
	struct former f;
	int failed = 0;

	former_init(&f, src, a, err);
	*out = (struct form_notes){0};
	f.all = out;
	do
		failed = next(&f);
	while (!failed && !is(&f, YAML_STREAM_END_TOKEN));
	former_release(&f);
	return failed;
}

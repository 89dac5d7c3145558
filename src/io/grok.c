/* SPDX-License-Identifier: MIT */
/* Spelling out patterns of named patterns; see grok.h. */
#include "io/grok.h"

#include <stdlib.h>

#include "base/mem.h"
#include "io/pattern.h"
#include "io/text.h"

#define DEPTH_MAX 32 /* patterns within patterns */
#define SEGMENTS_MAX 16

/* A pattern that is being spelled out. */
struct level {
	const struct level *outer;
	struct str name; /* empty: the pattern given */
	struct where where;
	unsigned depth;
};

/* An own pattern as it was spelled out: bytes of the text. */
struct used {
	size_t from, to;
	struct str name;
	struct where where;
};

struct spell {
	const struct grok_library *own;
	bool all;
	struct arena *arena;
	struct err *err;
	struct buf out;
	struct names fields;
	struct grok *grok;
	size_t cap_fields, cap_groups;
	struct used *used;
	unsigned n_used;
	size_t cap_used;
	struct piece {
		size_t out;	 /* byte of the text … */
		const char *src; /* … that stands here in the pattern given */
	} * pieces;
	unsigned n_pieces;
	size_t cap_pieces;
};

/* ---- names ---- */

static const struct grok_row *
find_row(struct str name)
{
	unsigned lo = 0, hi = n_grok_rows;

	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;
		int order = str_cmp(str_of(grok_rows[mid].name), name);

		if (!order)
			return &grok_rows[mid];
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/* The text of a name; its place only if it is in a file. */
static bool
find_pattern(
    const struct spell *s, struct str name, struct str *text, struct where *at)
{
	const struct grok_row *row;
	uint32_t i = NAMES_NONE;

	if (s->own)
		i = names_find(&s->own->names, name);
	if (i != NAMES_NONE) {
		*text = s->own->list[i].text;
		*at = s->own->list[i].where;
		return true;
	}
	row = find_row(name);
	*at = (struct where){0};
	if (row)
		*text = str_of(row->text);
	return row != NULL;
}

static int
unknown(struct spell *s, struct str name, struct where where)
{
	uint32_t n = s->own ? s->own->names.n : 0;
	struct str *names =
	    arena_array(s->arena, n + n_grok_rows, sizeof *names);
	struct str near;

	for (uint32_t i = 0; i < n; i++)
		names[i] = s->own->names.list[i];
	for (unsigned i = 0; i < n_grok_rows; i++)
		names[n++] = str_of(grok_rows[i].name);
	err_set(s->err, ERR_SPEC, where, "there is no pattern \"%.*s\"",
	    STR_ARG(name));
	near = str_nearest(name, names, n);
	if (near.p)
		return err_hint(
		    s->err, "did you mean \"%.*s\"?", STR_ARG(near));
	return err_hint(s->err, "`weir help grok` lists them");
}

static int
circular(struct spell *s, const struct level *in, struct str name,
    struct where where)
{
	struct str way = name;

	for (; in && !str_eq(in->name, name); in = in->outer)
		way = arena_printf(
		    s->arena, "%.*s > %.*s", STR_ARG(in->name), STR_ARG(way));
	return err_set(s->err, ERR_SPEC, where,
	    "the pattern %.*s contains itself: %.*s > %.*s", STR_ARG(name),
	    STR_ARG(name), STR_ARG(way));
}

/* ---- fields ---- */

static bool
is_name_byte(char c)
{
	return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
	       c == '_' || c == '@' || c == '-' || (c & 0x80);
}

/* "[a][b]" or "a.b" as "a.b"; p NULL if it is neither. */
static struct str
field_name(struct spell *s, struct str text)
{
	char *out = arena_alloc(s->arena, text.n + 1);
	bool brackets = text.n && text.p[0] == '[';
	size_t n = 0, segments = 0, i = 0;

	while (i < text.n && segments++ < SEGMENTS_MAX) {
		size_t from;

		if (brackets && text.p[i++] != '[')
			break;
		for (from = i; i < text.n && is_name_byte(text.p[i]); i++)
			out[n++] = text.p[i];
		if (i == from)
			break;
		if (brackets && (i == text.n || text.p[i++] != ']'))
			break;
		if (i == text.n)
			return (struct str){out, n};
		if (!brackets && text.p[i++] != '.')
			break;
		out[n++] = '.';
	}
	return (struct str){NULL, 0};
}

static bool
field_type(struct str text, enum type *type)
{
	static const struct {
		const char *name;
		enum type type;
	} types[] = {{"int", T_INT}, {"integer", T_INT}, {"long", T_INT},
	    {"float", T_FLOAT}, {"double", T_FLOAT}, {"string", T_TEXT},
	    {"text", T_TEXT}, {"boolean", T_BOOL}, {"bool", T_BOOL}};

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (str_is(text, types[i].name)) {
			*type = types[i].type;
			return true;
		}
	return false;
}

/* A name must not be a value in one place and hold fields in another. */
static int
check_nesting(struct spell *s, struct str name, struct where where)
{
	for (uint32_t i = 0; i < s->fields.n; i++) {
		struct str a = s->fields.list[i], b = name;

		if (a.n > b.n) {
			struct str swap = a;

			a = b;
			b = swap;
		}
		if (a.n < b.n && b.p[a.n] == '.' && str_starts(b, a))
			return err_set(s->err, ERR_SPEC, where,
			    "\"%.*s\" cannot be a value and hold the field "
			    "\"%.*s\"",
			    STR_ARG(a), STR_ARG(b));
	}
	return 0;
}

/* Begins the group of a field. */
static int
begin_group(
    struct spell *s, struct str field, enum type type, struct where where)
{
	struct grok *g = s->grok;
	struct str name = field_name(s, field);
	uint32_t i;

	if (!name.p) {
		err_set(s->err, ERR_SPEC, where,
		    "\"%.*s\" is no name of a field", STR_ARG(field));
		return err_hint(s->err, "field, a.b or [a][b]");
	}
	if (g->n_groups == GROK_GROUPS_MAX)
		return err_set(s->err, ERR_SPEC, where,
		    "more than %d captures in a pattern", GROK_GROUPS_MAX);
	i = names_find(&s->fields, name);
	if (i == NAMES_NONE) {
		if (check_nesting(s, name, where))
			return -1;
		i = names_add(&s->fields, name);
		mem_grow(&g->fields, &s->cap_fields, i + 1, sizeof *g->fields);
		g->fields[g->n_fields++] = (struct grok_field){name, T_ANY};
	}
	if (g->fields[i].type == T_ANY)
		g->fields[i].type = type;
	mem_grow(
	    &g->groups, &s->cap_groups, g->n_groups + 1, sizeof *g->groups);
	g->groups[g->n_groups] = i;
	buf_printf(&s->out, "(?<_%u>", g->n_groups++);
	return 0;
}

/* ---- texts ---- */

static int spell_text(struct spell *s, const struct level *in, struct str text);

/* The place of part of a text of this level. */
static struct where
place(const struct level *in, struct str part)
{
	return text_where(in->where, part);
}

static void
note_piece(struct spell *s, const struct level *in, const char *at)
{
	if (in->depth)
		return;
	mem_grow(
	    &s->pieces, &s->cap_pieces, s->n_pieces + 1, sizeof *s->pieces);
	s->pieces[s->n_pieces++] = (struct piece){s->out.n, at};
}

/* The text of a name in place of a reference, which is at `where`. */
static int
spell_name(struct spell *s, const struct level *in, struct str name,
    struct where where)
{
	struct level level = {in, name, where, in->depth + 1};
	struct str text;
	struct where at;
	size_t from = s->out.n;

	for (const struct level *l = in; l; l = l->outer)
		if (str_eq(l->name, name))
			return circular(s, in, name, where);
	if (!find_pattern(s, name, &text, &at))
		return unknown(s, name, where);
	if (level.depth > DEPTH_MAX)
		return err_set(s->err, ERR_SPEC, where,
		    "patterns within patterns more than %d deep", DEPTH_MAX);
	if (at.src)
		level.where = at;
	if (spell_text(s, &level, text))
		return -1;
	if (s->out.n > GROK_TEXT_MAX)
		return err_set(s->err, ERR_SPEC, where,
		    "the pattern is too long when it is spelled out");
	if (!at.src)
		return 0;
	mem_grow(&s->used, &s->cap_used, s->n_used + 1, sizeof *s->used);
	s->used[s->n_used++] = (struct used){from, s->out.n, name, at};
	return 0;
}

static int
malformed(struct spell *s, const struct level *in, struct str part)
{
	err_set(s->err, ERR_SPEC, place(in, part),
	    "this is no reference to a pattern");
	return err_hint(s->err, "%%{NAME}, %%{NAME:field} or "
				"%%{NAME:field:type}");
}

/* At "%{": the reference that ends at `close`. */
static int
spell_reference(
    struct spell *s, const struct level *in, const char *p, const char *close)
{
	struct str whole = {p, (size_t)(close + 1 - p)}, parts[3] = {{NULL, 0}};
	const char *at = p + 2;
	enum type type = T_ANY;
	unsigned n = 0;

	for (; n < 3; n++) {
		const char *colon = memchr(at, ':', (size_t)(close - at));
		const char *end = colon ? colon : close;

		parts[n] = (struct str){at, (size_t)(end - at)};
		if (!parts[n].n)
			return malformed(s, in, whole);
		at = end + 1;
		if (!colon)
			break;
	}
	if (n == 3)
		return malformed(s, in, whole);
	for (size_t i = 0; i < parts[0].n; i++)
		if (!is_name_byte(parts[0].p[i]))
			return malformed(s, in, whole);
	if (parts[2].n && !field_type(parts[2], &type)) {
		const struct str known[] = {STR("int"), STR("long"),
		    STR("float"), STR("double"), STR("string"), STR("boolean")};

		err_set(s->err, ERR_SPEC, place(in, parts[2]),
		    "there is no type \"%.*s\"", STR_ARG(parts[2]));
		return err_suggest(s->err, parts[2], known, 6);
	}
	if (!parts[1].n && s->all && !in->depth)
		parts[1] = parts[0];
	note_piece(s, in, p);
	if (!parts[1].n)
		buf_lit(&s->out, "(?:");
	else if (begin_group(s, parts[1], type, place(in, parts[1])))
		return -1;
	if (spell_name(s, in, parts[0], place(in, parts[0])))
		return -1;
	buf_addc(&s->out, ')');
	return 0;
}

/* Length of the head of a named group here, "(?<", or 0. */
static size_t
group_head(const char *p, const char *end)
{
	size_t n = (size_t)(end - p);

	if (n > 3 && p[1] == '?' && p[2] == '<' && p[3] != '=' && p[3] != '!')
		return 3;
	if (n > 4 && p[1] == '?' && p[2] == 'P' && p[3] == '<')
		return 4;
	return n > 3 && p[1] == '?' && p[2] == '\'' ? 3 : 0;
}

/* Behind a class that begins here. */
static const char *
class_end(const char *p, const char *end)
{
	p++;
	p += p < end && *p == '^';
	p += p < end && *p == ']';
	while (p < end && *p != ']') {
		if (*p == '[' && end - p > 1 && p[1] == ':') {
			const char *close =
			    memchr(p + 2, ']', (size_t)(end - p - 2));

			p = close ? close + 1 : end;
			continue;
		}
		p += *p == '\\' && end - p > 1 ? 2 : 1;
	}
	return p < end ? p + 1 : end;
}

/* Copies what stands for itself; the end of it. */
static const char *
copy(struct spell *s, const char *p, size_t n)
{
	buf_add(&s->out, p, n);
	return p + n;
}

/* A group that names a field; *p moves behind its head. */
static int
spell_group(struct spell *s, const struct level *in, const char **p,
    const char *end, size_t head)
{
	const char *name = *p + head, *close;

	close =
	    memchr(name, name[-1] == '\'' ? '\'' : '>', (size_t)(end - name));
	if (!close) {
		*p = copy(s, *p, head); /* PCRE2 says what is wrong */
		return 0;
	}
	*p = close + 1;
	return begin_group(s, (struct str){name, (size_t)(close - name)}, T_ANY,
	    place(in, (struct str){name, (size_t)(close - name)}));
}

static int
spell_text(struct spell *s, const struct level *in, struct str text)
{
	const char *p = text.p, *end = text.p + text.n;

	while (p < end) {
		const char *close = NULL;
		size_t head = *p == '(' ? group_head(p, end) : 0;

		if (*p == '%' && end - p > 2 && p[1] == '{')
			close = memchr(p, '}', (size_t)(end - p));
		note_piece(s, in, p);
		if (close && is_name_byte(p[2])) {
			if (spell_reference(s, in, p, close))
				return -1;
			p = close + 1;
		} else if (head) {
			if (spell_group(s, in, &p, end, head))
				return -1;
		} else if (*p == '\\' && end - p > 1) {
			p = copy(s, p, 2);
		} else if (*p == '[') {
			p = copy(s, p, (size_t)(class_end(p, end) - p));
		} else {
			p = copy(s, p, 1);
		}
	}
	return 0;
}

/* ---- the whole ---- */

/* Where byte `at` of the text comes from in the pattern given. */
static struct where
origin(const struct spell *s, struct str pattern, struct where where, size_t at)
{
	struct str part = {pattern.p + pattern.n, 0};

	for (unsigned i = 0; i < s->n_pieces && s->pieces[i].out <= at; i++)
		part.p = s->pieces[i].src;
	part.n = part.p < pattern.p + pattern.n;
	return text_where(where, part);
}

static int
check_text(struct spell *s, struct str pattern, struct where where)
{
	const char *why;
	size_t at;

	if (!s->grok->n_groups) {
		err_set(s->err, ERR_SPEC, where, "the pattern names no fields");
		return err_hint(
		    s->err, "%%{NUMBER:bytes} makes what it matches a field");
	}
	for (unsigned i = 0; i < s->n_used; i++) {
		const struct used *u = &s->used[i];
		struct str text = {s->out.p + u->from, u->to - u->from};

		if (pattern_wrong(text, s->arena, &why, &at))
			return err_set(s->err, ERR_SPEC, u->where,
			    "in the pattern %.*s: %s", STR_ARG(u->name), why);
	}
	if (!pattern_wrong(buf_str(&s->out), s->arena, &why, &at))
		return 0;
	return err_set(s->err, ERR_SPEC, origin(s, pattern, where, at),
	    "in the pattern: %s", why);
}

/* Moves what has grown on the heap into the arena. */
static void *
settle(struct arena *a, void *list, size_t n, size_t size)
{
	void *copy = arena_array(a, n, size);

	if (n)
		memcpy(copy, list, n * size);
	mem_free(list);
	return copy;
}

int
grok_compile(struct str pattern, struct where where,
    const struct grok_library *own, bool all, struct arena *a, struct grok *out,
    struct err *err)
{
	struct level top = {.where = where};
	struct spell s = {
	    .own = own, .all = all, .arena = a, .err = err, .grok = out};
	int rc;

	*out = (struct grok){0};
	rc = spell_text(&s, &top, pattern) || check_text(&s, pattern, where)
		 ? -1
		 : 0;
	out->text = arena_str(a, buf_str(&s.out));
	out->fields =
	    settle(a, out->fields, out->n_fields, sizeof *out->fields);
	out->groups =
	    settle(a, out->groups, out->n_groups, sizeof *out->groups);
	mem_free(s.used);
	mem_free(s.pieces);
	names_release(&s.fields);
	buf_release(&s.out);
	return rc;
}

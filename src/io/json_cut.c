/* SPDX-License-Identifier: MIT */
/* Records of documents; see json_cut.h. */
#include "io/json_cut.h"

#include <string.h>

/* ---- skipping ---- */

static bool
is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

const char *
json_spaces(const char *p, const char *end)
{
	while (p < end && is_space(*p))
		p++;
	return p;
}

/* Behind the string at p, or NULL. */
static const char *
string_end(const char *p, const char *end)
{
	const char *q = p + 1;

	while ((q = memchr(q, '"', (size_t)(end - q)))) {
		const char *back = q;

		/* The one at p is no backslash. */
		while (back[-1] == '\\')
			back--;
		q++;
		if ((q - 1 - back) % 2 == 0)
			return q;
	}
	return NULL;
}

/* Behind the object or list at p, or NULL. */
static const char *
container_end(const char *p, const char *end)
{
	size_t depth = 0;

	while (p < end) {
		switch (*p) {
		case '"':
			p = string_end(p, end);
			if (!p)
				return NULL;
			continue;
		case '{':
		case '[':
			depth++;
			break;
		case '}':
		case ']':
			if (!--depth)
				return p + 1;
			break;
		default:;
		}
		p++;
	}
	return NULL;
}

static bool
ends_word(char c)
{
	return is_space(c) || c == ',' || c == ']' || c == '}' || c == '{' ||
	       c == '[' || c == ':' || c == '"';
}

const char *
json_value_end(const char *p, const char *end, bool eof)
{
	if (p == end)
		return NULL;
	if (*p == '{' || *p == '[')
		return container_end(p, end);
	if (*p == '"')
		return string_end(p, end);
	while (p < end && !ends_word(*p))
		p++;
	return p < end || eof ? p : NULL;
}

/* ---- what ends badly ---- */

/*
 * From p to the end there is nothing that could be read. What is shown of it
 * ends where that is seen, so that it is the same however much is there.
 */
static enum json_found
lost(struct json_cut *c, const char *p, const char *at, const char *reason,
    struct str *record)
{
	const char *end = at < c->end ? at + 1 : c->end;

	c->reason = reason;
	c->at = at;
	*record = (struct str){p, (size_t)(end - p)};
	c->p = c->end;
	return JSON_LOST;
}

/* The input ends where more has to come; or more has to be read. */
static enum json_found
incomplete(struct json_cut *c, const char *p, struct str *record)
{
	if (!c->eof)
		return JSON_NOTHING;
	return lost(c, p, c->end, "the document ends too early", record);
}

/* ---- the object around a list ---- */

/* Where the way through a document's objects has come to. */
struct way {
	const char *p;
	unsigned level;	 /* objects open on the way to the list */
	bool first;	 /* no member of the innermost one has come yet */
	bool behind;	 /* a member has just ended */
	const char *odd; /* what was expected instead of what there is */
};

enum way_end {
	WAY_MORE, /* the document goes on behind what is there */
	WAY_ODD,  /* it is none */
	WAY_END,  /* all objects are closed */
	WAY_FOUND /* w->p is the value that is looked for */
};

static enum way_end
odd(struct way *w, const char *p, const char *expected)
{
	w->p = p;
	w->odd = expected;
	return WAY_ODD;
}

/*
 * A member's name and colon, from w->p on; then w->p is its value. WAY_END:
 * so far all is well.
 */
static enum way_end
walk_name(const struct json_cut *c, struct way *w, struct str *name)
{
	const char *from = w->p, *end, *p;

	if (*from != '"')
		return odd(w, from, "expected a name in quotes");
	end = string_end(from, c->end);
	if (!end)
		return WAY_MORE;
	*name = (struct str){from + 1, (size_t)(end - from) - 2};
	p = json_spaces(end, c->end);
	if (p == c->end)
		return WAY_MORE;
	if (*p != ':')
		return odd(w, p, "expected ':' behind the name");
	w->p = json_spaces(p + 1, c->end);
	return w->p == c->end ? WAY_MORE : WAY_END;
}

/* A member; WAY_END: it has ended, or its object is on the way to the list. */
static enum way_end
walk_member(const struct json_cut *c, struct way *w, bool looking)
{
	const struct json_frame *f = c->frame;
	struct str name;
	const char *end;
	enum way_end status = walk_name(c, w, &name);

	if (status != WAY_END)
		return status;
	if (looking && str_eq(name, f->unwrap[w->level - 1])) {
		if (w->level == f->n_unwrap)
			return WAY_FOUND;
		if (*w->p == '{') {
			w->p++;
			w->level++;
			w->first = true;
			return WAY_END;
		}
	}
	end = json_value_end(w->p, c->end, false);
	if (!end)
		return WAY_MORE;
	if (end == w->p)
		return odd(w, end, "expected a value");
	w->p = end;
	w->behind = true;
	return WAY_END;
}

/*
 * Goes over the members of the objects that are open; looking: into those on
 * the way to the list.
 */
static enum way_end
walk(const struct json_cut *c, struct way *w, bool looking)
{
	for (;;) {
		enum way_end status;

		w->p = json_spaces(w->p, c->end);
		if (w->p == c->end)
			return WAY_MORE;
		if (*w->p == '}' && (w->first || w->behind)) {
			w->p++;
			w->first = false;
			w->behind = true;
			if (!--w->level)
				return WAY_END;
			continue;
		}
		if (w->behind) {
			if (*w->p != ',')
				return odd(w, w->p, "expected ',' or '}'");
			w->p++;
			w->behind = false;
			continue;
		}
		w->first = false;
		status = walk_member(c, w, looking);
		if (status != WAY_END)
			return status;
	}
}

/* Behind the list, at p: the rest of the objects around it. */
static enum json_found
tail(struct json_cut *c, const char *p, struct str *record)
{
	struct way w = {.p = p, .level = c->frame->n_unwrap, .behind = true};

	switch (walk(c, &w, false)) {
	case WAY_MORE:
		return incomplete(c, c->p, record);
	case WAY_END:
		c->place = JSON_TOP;
		c->p = w.p;
		return JSON_NOTHING;
	default:
		return lost(c, c->p, w.p, w.odd, record);
	}
}

static enum json_found
go_on(struct json_cut *c, enum json_place place, const char *p)
{
	c->place = place;
	c->p = p;
	return JSON_NOTHING;
}

/* At the '{' of a document: finds its list. */
static enum json_found
unwrap(struct json_cut *c, struct str *record)
{
	struct way w = {.p = c->p + 1, .level = 1, .first = true};
	const char *from = c->p, *end;

	switch (walk(c, &w, true)) {
	case WAY_MORE:
		return incomplete(c, from, record);
	case WAY_ODD:
		return lost(c, from, w.p, w.odd, record);
	case WAY_END:
		c->p = w.p;
		*record = (struct str){from, (size_t)(w.p - from)};
		c->reason = "the document has no such list of records";
		c->at = from;
		return JSON_BAD;
	case WAY_FOUND:
		break;
	}
	if (*w.p == '[')
		return go_on(c, JSON_FIRST, w.p + 1);
	/* One record instead of a list. */
	if (*w.p != '{')
		return lost(c, from, w.p, "expected a list of records", record);
	end = json_value_end(w.p, c->end, false);
	if (!end)
		return incomplete(c, from, record);
	c->place = JSON_TAIL;
	c->p = end;
	*record = (struct str){w.p, (size_t)(end - w.p)};
	return JSON_RECORD;
}

/* ---- records ---- */

/* A line that holds no value: what follows it may be one. */
static enum json_found
odd_line(struct json_cut *c, const char *p, const char *at, struct str *record)
{
	const char *feed = memchr(p, '\n', (size_t)(c->end - p));

	if (!feed && !c->eof) {
		c->p = p; /* all of the line is needed */
		return JSON_NOTHING;
	}
	c->p = feed ? feed + 1 : c->end;
	*record = (struct str){p, (size_t)((feed ? feed : c->end) - p)};
	c->reason = at > p ? "more behind the record" : "expected a value";
	c->at = at;
	return JSON_BAD;
}

/* True if the value's last byte shows that it has ended. */
static bool
shows_its_end(const char *p)
{
	return *p == '{' || *p == '[' || *p == '"';
}

static enum json_found
top(struct json_cut *c, const char *p, struct str *record)
{
	const char *end;

	c->p = p;
	if (p == c->end)
		return JSON_NOTHING;
	if (c->frame->n_unwrap)
		return *p == '{' ? unwrap(c, record)
				 : odd_line(c, p, p, record);
	if (*p == '[' && !c->frame->sequence)
		return go_on(c, JSON_FIRST, p + 1);
	end = json_value_end(p, c->end, c->eof);
	if (!end)
		return incomplete(c, p, record);
	if (end == p)
		return odd_line(c, p, p, record);
	c->p = end;
	if (!shows_its_end(p) && end < c->end) {
		if (!is_space(*end))
			return odd_line(c, p, end, record);
		c->p++;
	}
	*record = (struct str){p, (size_t)(end - p)};
	return JSON_RECORD;
}

static enum json_place
behind_list(const struct json_cut *c)
{
	return c->frame->n_unwrap ? JSON_TAIL : JSON_TOP;
}

/*
 * The element at p. A number needs what follows it to show its end: that is
 * taken along, so that a block can end there.
 */
static enum json_found
element(struct json_cut *c, const char *p, struct str *record)
{
	const char *end = json_value_end(p, c->end, c->eof);

	if (!end)
		return incomplete(c, p, record);
	if (end == p)
		return lost(c, p, p, "expected a value", record);
	c->place = JSON_AFTER;
	c->p = end;
	if (!shows_its_end(p) && end < c->end) {
		if (*end == ',')
			c->place = JSON_ITEM;
		else if (*end == ']')
			c->place = behind_list(c);
		else if (!is_space(*end))
			return lost(c, p, end, "expected ',' or ']'", record);
		c->p++;
	}
	*record = (struct str){p, (size_t)(end - p)};
	return JSON_RECORD;
}

static enum json_found
in_list(struct json_cut *c, const char *p, struct str *record)
{
	if (p == c->end)
		return incomplete(c, c->p, record);
	if (*p == ']' && c->place != JSON_ITEM)
		return go_on(c, behind_list(c), p + 1);
	if (c->place != JSON_AFTER)
		return element(c, p, record);
	if (*p != ',')
		return lost(c, p, p, "expected ',' or ']'", record);
	return go_on(c, JSON_ITEM, p + 1);
}

static enum json_found
cut_next(struct json_cut *c, struct str *record)
{
	for (;;) {
		const char *from = c->p, *p = json_spaces(from, c->end);
		enum json_place place = c->place;
		enum json_found found;

		switch (place) {
		case JSON_TOP:
			found = top(c, p, record);
			break;
		case JSON_TAIL:
			found = tail(c, p, record);
			break;
		default:
			found = in_list(c, p, record);
		}
		/* Nothing, but on the way: a bracket was opened or closed. */
		if (found != JSON_NOTHING || c->place == place)
			return found;
	}
}

/* The same up to where the next document is announced. */
static enum json_found
cut_one(struct json_cut *c, const char *next, struct str *record)
{
	const char *end = c->end;
	bool eof = c->eof;
	enum json_found found;

	c->end = next;
	c->eof = true;
	found = cut_next(c, record);
	c->end = end;
	c->eof = eof;
	if (found != JSON_LOST)
		return found;
	c->place = JSON_TOP;
	return JSON_BAD;
}

/*
 * In a sequence a document ends where the next one is announced, even if it
 * was cut off: nothing behind it is lost.
 */
enum json_found
json_cut_next(struct json_cut *c, struct str *record)
{
	enum json_found found = JSON_NOTHING;

	if (!c->frame->sequence)
		return cut_next(c, record);
	while (found == JSON_NOTHING) {
		const char *next;

		while (c->place == JSON_TOP && c->p < c->end &&
		       (*c->p == JSON_BEFORE || is_space(*c->p)))
			c->p++;
		next = c->p < c->end
			   ? memchr(c->p, JSON_BEFORE, (size_t)(c->end - c->p))
			   : NULL;
		if (!next)
			return cut_next(c, record);
		found = cut_one(c, next, record);
	}
	return found;
}

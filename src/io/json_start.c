/* SPDX-License-Identifier: MIT */
/*
 * The beginning of JSON: is it lines or a document?
 *
 * What is said (json:lines, json:document, unwrap) holds. Otherwise a list of
 * objects is a document, and so is a value whose first line ends where more
 * of it has to come, as it does when it was printed over several lines.
 */
#include "io/json.h"
#include "io/json_cut.h"

static struct str
without_mark(struct str head)
{
	return str_starts(head, STR("\xef\xbb\xbf"))
		   ? (struct str){head.p + 3, head.n - 3}
		   : head;
}

/* RFC 7464: a mark stands before each value. */
static bool
is_sequence(struct str head)
{
	struct str s = str_trim(without_mark(head));

	return s.n && *s.p == JSON_BEFORE;
}

int
json_guess(struct str head, bool whole)
{
	struct str s = str_trim(without_mark(head));
	char c;

	if (is_sequence(head))
		s = str_trim((struct str){s.p + 1, s.n - 1});
	if (!s.n || (s.p[0] != '{' && s.p[0] != '['))
		return 0;
	c = s.p[0];
	s = str_trim((struct str){s.p + 1, s.n - 1});
	if (!s.n) /* the first line of one that was printed over several */
		return whole ? 50 : 50 | GUESS_UNSURE;
	if (s.p[0] == '"' || s.p[0] == (c == '{' ? '}' : ']'))
		return 90;
	return c == '[' && s.p[0] == '{' ? 90 : 0;
}

/* ---- lines or a document ---- */

enum kind {
	KIND_LINES,
	KIND_DOCUMENT,
	KIND_MORE /* that cannot be said yet */
};

/* The first line of an object: it goes on, and what follows fits. */
static enum kind
kind_of_object(const char *p, const char *feed, const char *end)
{
	const char *last = json_cut_blanks(feed) - 1;
	const char *next = json_spaces(feed, end);

	if (json_value_end(p, feed, false) ||
	    (*last != '{' && *last != '[' && *last != ','))
		return KIND_LINES;
	if (next == end)
		return KIND_MORE;
	if (*last == '[')
		return KIND_DOCUMENT;
	/* The next line of a document goes on with a member, or closes. */
	return *next == '"' || *next == '}' ? KIND_DOCUMENT : KIND_LINES;
}

static enum kind
kind_of_list(const char *p, const char *feed, const char *end, bool eof)
{
	const char *next = json_spaces(p + 1, end);

	if (next == end)
		return KIND_DOCUMENT;
	if (*next == ']' && eof && json_spaces(next + 1, end) == end)
		return KIND_DOCUMENT;
	if (*next == '{' || next > feed)
		return KIND_DOCUMENT;
	if (json_value_end(p, feed, false))
		return KIND_LINES;
	/* [1 and, on the next line, ] */
	next = json_spaces(feed, end);
	return next < end && (*next == ']' || *next == ',') ? KIND_DOCUMENT
							    : KIND_LINES;
}

static enum kind
kind_of(struct str head, bool eof)
{
	const char *end = head.p + head.n, *p = json_spaces(head.p, end);
	const char *feed = memchr(p, '\n', (size_t)(end - p));
	enum kind kind;

	if (p < end && *p == JSON_BEFORE)
		return KIND_DOCUMENT;
	if (p == end || (*p != '{' && *p != '['))
		return KIND_LINES;
	if (!feed && !eof)
		return KIND_MORE;
	if (!feed)
		feed = end;
	kind = *p == '{' ? kind_of_object(p, feed, end)
			 : kind_of_list(p, feed, end, eof);
	return kind == KIND_MORE && eof ? KIND_LINES : kind;
}

/* ---- settings ---- */

struct wish {
	bool lines, document;
	struct str unwrap;
	struct where where; /* of it */
};

static int
read_wish(const struct settings *settings, struct wish *w, struct err *err)
{
	unsigned i;

	*w = (struct wish){.where = settings->where};
	if (str_is(settings->arg, "lines"))
		w->lines = true;
	else if (str_is(settings->arg, "document"))
		w->document = true;
	else
		w->unwrap = settings->arg;
	for (i = 0; i < settings->n; i++) {
		const struct setting *s = &settings->list[i];

		if (!str_is(s->name, "unwrap")) {
			err_set(err, ERR_SPEC, s->where,
			    "format \"json\" has no setting \"%.*s\"",
			    STR_ARG(s->name));
			return err_hint(err,
			    "there is unwrap, the list of records in a "
			    "document");
		}
		w->unwrap = s->value;
		w->where = s->where;
	}
	return 0;
}

bool
json_settings_ok(const struct settings *settings, struct err *err)
{
	if (!settings || (!settings->n && !settings->arg.n))
		return true;
	err_set(err, ERR_SPEC,
	    settings->n ? settings->list[0].where : settings->where,
	    "format \"json\" has no setting \"%.*s\" when it is written",
	    STR_ARG(settings->n ? settings->list[0].name : settings->arg));
	return false;
}

/* The names of a.b.c. */
static int
split(struct json_frame *f, struct str path, struct where where,
    struct arena *a, struct err *err)
{
	const char *p = path.p, *end;

	if (!path.n)
		return 0;
	end = path.p + path.n;
	f->unwrap = arena_array(a, path.n, sizeof *f->unwrap);
	while (p && p <= end) {
		const char *dot = memchr(p, '.', (size_t)(end - p));
		const char *to = dot ? dot : end;

		if (to == p)
			return err_set(err, where.src ? ERR_SPEC : ERR_USAGE,
			    where,
			    "\"%.*s\" does not name a list: write json:Records "
			    "or json:a.b",
			    STR_ARG(path));
		f->unwrap[f->n_unwrap++] =
		    arena_str(a, (struct str){p, (size_t)(to - p)});
		p = dot ? dot + 1 : NULL;
	}
	return 0;
}

/* ---- the beginning ---- */

static bool
is_utf16(struct str head, struct where where, struct err *err)
{
	if (!str_starts(head, STR("\xff\xfe")) &&
	    !str_starts(head, STR("\xfe\xff")))
		return false;
	err_set(err, ERR_INPUT, where, "the input is UTF-16, not UTF-8");
	err_hint(err, "convert it: iconv -f UTF-16 -t UTF-8");
	return true;
}

static enum start_status
begin(struct str head, bool eof, const struct wish *w, struct arena *arena,
    struct layout **out, size_t *used, struct err *err)
{
	static const char mark[] = "\xef\xbb\xbf";
	struct json_frame *f;
	enum kind kind = w->lines ? KIND_LINES : KIND_DOCUMENT;

	*used = 0;
	if (is_utf16(head, w->where, err))
		return START_ERR;
	if (head.n < 3 && !memcmp(head.p, mark, head.n) && head.n && !eof)
		return START_MORE;
	*used = head.n - without_mark(head).n;
	if (!w->lines && !w->document && !w->unwrap.n)
		kind = kind_of(without_mark(head), eof);
	if (kind == KIND_MORE)
		return START_MORE;
	f = arena_zalloc(arena, sizeof *f);
	f->base.format =
	    kind == KIND_LINES ? &format_json : &format_json_document;
	f->sequence = kind == KIND_DOCUMENT && is_sequence(head);
	if (split(f, w->unwrap, w->where, arena, err))
		return START_ERR;
	*out = &f->base;
	return START_OK;
}

enum start_status
json_start(struct str head, bool eof, const struct settings *settings,
    const struct limits *limits, struct arena *arena, struct layout **out,
    size_t *used, struct err *err)
{
	static const struct settings none;
	struct wish w;

	(void)limits;
	if (read_wish(settings ? settings : &none, &w, err))
		return START_ERR;
	return begin(head, eof, &w, arena, out, used, err);
}

enum start_status
json_start_wrapped(struct str head, bool eof, const char *unwrap,
    const struct settings *settings, struct arena *arena, struct layout **out,
    size_t *used, struct err *err)
{
	struct wish w = {.unwrap = str_of(unwrap), .where = settings->where};

	if (settings->n || settings->arg.n) {
		err_set(err, settings->where.src ? ERR_SPEC : ERR_USAGE,
		    settings->n ? settings->list[0].where : settings->where,
		    "this format has no settings");
		return START_ERR;
	}
	return begin(head, eof, &w, arena, out, used, err);
}

/* SPDX-License-Identifier: MIT */
/*
 * Pairs with other marks than logfmt's: a=1,b=2; a:1|b:2; query strings. Names
 * and values lose the blanks around them; either quote may hide the marks.
 */
#include "base/mem.h"
#include "io/option.h"
#include "io/pairs.h"
#include "io/scan.h"

struct kv_settings {
	struct text_join_options join; /* first */
	char between, assign, quote;   /* quote 0: there are none */
	bool between_given;
};

struct kv_layout {
	struct layout base;
	struct kv_settings set;
};

/* ---- settings ---- */

static int
set_pair(void *to, const struct setting *s, struct err *err)
{
	struct kv_settings *o = to;

	o->between_given = true;
	return option_char(s, &o->between, err);
}

static int
set_assign(void *to, const struct setting *s, struct err *err)
{
	return option_char(s, &((struct kv_settings *)to)->assign, err);
}

static int
set_quote(void *to, const struct setting *s, struct err *err)
{
	struct kv_settings *o = to;

	o->quote = 0;
	return str_is(s->value, "none") ? 0 : option_char(s, &o->quote, err);
}

static const struct option list[] = {
    {{"assign", 6}, set_assign},
    {{"pair", 4}, set_pair},
    {{"quote", 5}, set_quote},
    TEXT_JOIN_OPTIONS,
};
static const struct options options = {
    list, sizeof list / sizeof *list, "pair"};

/* ---- pairs ---- */

static struct str
trim(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (p < end && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	return (struct str){p, (size_t)(end - p)};
}

static const char quote_open[] = "the quote is open";

/* Behind what the quote at p quotes, or the end. */
static const char *
behind_quote(const struct kv_settings *o, const char *p, const char *end)
{
	bool escaped;
	const char *q = scan_quote(p + 1, end, o->quote, &escaped);

	return q ? q + 1 : end;
}

/* Behind the assignment: the value; the place of what ends it, or NULL. */
static const char *
lex_value(const struct kv_settings *o, const char *p, const char *end,
    struct pair *out, const char **why)
{
	const char *from = p, *q;
	bool escaped;

	while (p < end && (*p == ' ' || *p == '\t') && *p != o->between)
		p++;
	if (!o->quote || p == end || *p != o->quote) {
		q = scan_byte(p, end, o->between);
		out->value = trim(p, q);
		out->form = PAIR_PLAIN;
		return q;
	}
	from = p++;
	q = scan_quote(p, end, o->quote, &escaped);
	if (!q) {
		*why = quote_open;
		return from;
	}
	out->value = (struct str){p, (size_t)(q - p)};
	out->form = escaped ? PAIR_ESCAPED : PAIR_TEXT;
	for (p = q + 1; p < end && *p != o->between; p++)
		if (*p != ' ' && *p != '\t') {
			*why = "text behind the quote";
			return p;
		}
	return p;
}

/* The pair at p, which is not the end; the place behind it. */
static const char *
lex_pair(const struct kv_settings *o, const char *p, const char *end,
    struct pair *out, const char **why)
{
	const char *q = scan_either(p, end, o->assign, o->between);

	*why = NULL;
	out->name = trim(p, q);
	if (q < end && *q == o->assign) {
		if (!out->name.n) {
			*why = "a value without a name";
			return q;
		}
		return lex_value(o, q + 1, end, out, why);
	}
	out->value = (struct str){q, 0};
	out->form = PAIR_TRUE;
	return q;
}

/* ---- the guess ---- */

static bool
like_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (((c | 0x20) < 'a' || (c | 0x20) > 'z') &&
		    (c < '0' || c > '9') && !(c && strchr("_.-/@", c)))
			return false;
	}
	return s.n && s.n <= 64;
}

/*
 * How many pairs there are if this stands between them; 0: it does not. alone:
 * names without a value may be among them.
 */
static unsigned
pairs_by(const struct kv_settings *o, struct str line, bool alone)
{
	const char *p = line.p, *end = line.p + line.n, *why;
	struct pair pair = {0};
	unsigned n = 0;

	for (; p < end; p += p < end) {
		p = lex_pair(o, p, end, &pair, &why);
		if (!why && pair.form == PAIR_TRUE && !pair.name.n)
			continue; /* nothing between two marks */
		if (why || !like_name(pair.name) ||
		    (pair.form == PAIR_TRUE && !alone))
			return 0;
		if (pair.form == PAIR_PLAIN && pair.value.n &&
		    (memchr(pair.value.p, o->assign, pair.value.n)))
			return 0;
		n += pair.form != PAIR_TRUE;
	}
	return n;
}

/* What stands between the pairs of a line, or 0. */
static char
find_between(struct kv_settings o, struct str line, bool alone)
{
	for (const char *c = ",;|&\t "; *c; c++) {
		o.between = *c;
		if (pairs_by(&o, line, alone) >= 2)
			return *c;
	}
	return 0;
}

static int
kv_guess(struct str head, bool whole)
{
	struct kv_settings o = {.assign = '=', .quote = '"'};
	char room[TEXT_LOOK], c;
	struct str line;

	if (!text_look(head, whole, room, &line))
		return 0;
	c = find_between(o, line, false);
	return c && c != ' ' ? 70 : 0;
}

/* ---- the start ---- */

static enum start_status
kv_start(struct str head, bool eof, const struct settings *settings,
    const struct limits *limits, struct arena *arena, struct layout **out,
    size_t *used, struct err *err)
{
	struct kv_layout *l = arena_zalloc(arena, sizeof *l);
	char room[TEXT_LOOK];
	struct str line;

	l->set =
	    (struct kv_settings){.between = ' ', .assign = '=', .quote = '"'};
	if (options_read(&format_kv, &options, settings, &l->set, err) ||
	    text_join_make(&l->set.join, arena, &l->base, err))
		return START_ERR;
	if (!l->set.between_given) {
		bool none;

		if (text_start_line(
			head, eof, limits->record_max, room, &line, &none))
			l->set.between = find_between(l->set, line, true);
		else if (!none)
			return START_MORE;
		if (!l->set.between)
			l->set.between = ' ';
	}
	return text_start_as(
	    &l->base, &format_kv, head, eof, settings, out, used);
}

/* ---- decoding ---- */

static const char *
kv_line(struct text_decoder *t, struct batch *b, unsigned row, struct str line,
    const char **at)
{
	struct pairs_decoder *d = (struct pairs_decoder *)t;
	const struct kv_settings *o =
	    &((const struct kv_layout *)t->base.layout)->set;
	const char *p = line.p, *all = line.p + line.n, *end, *why;
	struct pair pair;
	struct text_lines lines = text_join_cut(t->base.layout, line);

	pairs_begin(d);
	end = p + lines.first.n;
	while (p < end) {
		const char *from = p;

		*at = p;
		p = lex_pair(o, p, end, &pair, &why);
		if (why == quote_open && lines.rest.n) {
			const char *q = behind_quote(o, p, all);

			lines = text_join_cut(
			    t->base.layout, (struct str){q, (size_t)(all - q)});
			end = q + lines.first.n;
			p = lex_pair(o, from, end, &pair, &why);
		}
		if (why) {
			*at = p;
			return why;
		}
		p += p < end;
		if (!pair.name.n)
			continue; /* nothing between two marks */
		if (!pairs_take(d, pair.name, pair.value, pair.form))
			return PAIRS_TOO_MANY;
	}
	*at = NULL;
	pairs_take_rest(d, lines.rest);
	return pairs_row(d, b, row, line);
}

static struct decoder *
kv_decoder_new(const struct layout *layout, const struct decode_spec *spec)
{
	struct decoder *base = pairs_decoder_new(layout, spec);

	((struct pairs_decoder *)base)->unescape = text_unescape;
	return base;
}

const struct format format_kv = {
    .name = "kv",
    .look = "name=value with a comma, semicolon, bar or & between",
    .doc = "pairs with marks of your choice: a=1,b=2 or a:1|b:2",
    .about =
	"Settings: pair is the character between pairs (a comma, semicolon, "
	"bar, ampersand, tab or blank is found in the first record if it is "
	"not stated), assign the one between name and value (=), quote the "
	"one around values that contain them (a double quote, or none). On the "
	"command "
	"line pair can stand alone: kv:';'. Blanks around names and values "
	"are dropped. Values are as in logfmt: escapes in quotes are "
	"resolved, a name alone is true, an empty value is "
	"NULL." PAIRS_JOIN_ABOUT,
    .extensions = "",
    .arg = "SETTINGS",
    .example = "level=info, user=ann, took=12, text=\"a, b\"",
    .guess = kv_guess,
    .start = kv_start,
    .decoder_new = kv_decoder_new,
    .decoder_free = pairs_decoder_free,
    .decode = text_decode_lines,
    .line = kv_line,
    .frame = text_frame_lines,
    .lines = true,
    .nul = true,
};

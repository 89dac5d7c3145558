/* SPDX-License-Identifier: MIT */
/*
 * Lines by a pattern: the named groups of a regular expression are the fields,
 * in the order they stand. A line that does not match is a bad record.
 */
#include "base/mem.h"
#include "io/option.h"
#include "io/pattern.h"
#include "io/text.h"

struct regex_layout {
	struct layout base;
	struct str pattern;
};

struct regex_decoder {
	struct text_decoder t;
	struct pattern *pattern;
	uint32_t *group; /* of each field, as pattern_new numbered it */
	struct value *values;
};

struct asked {
	struct text_join_options join; /* first */
	struct str pattern;
	struct where where;
};

static int
set_pattern(void *to, const struct setting *s, struct err *err)
{
	struct asked *ask = to;

	(void)err;
	ask->pattern = s->value;
	ask->where = text_where(s->where, s->value);
	return 0;
}

static const struct option list[] = {
    {{"pattern", 7}, set_pattern}, TEXT_JOIN_OPTIONS};
static const struct options options = {list, sizeof list / sizeof *list, NULL};

/* The pattern stands behind the colon, or is a setting. */
static int
take_settings(
    struct asked *ask, const struct settings *settings, struct err *err)
{
	struct settings named = *settings;

	ask->pattern = settings->arg;
	ask->where = settings->where;
	named.arg = (struct str){NULL, 0};
	if (text_join_before(&format_regex, &ask->pattern, settings->where,
		&ask->join, err) ||
	    options_read(&format_regex, &options, &named, ask, err))
		return -1;
	if (ask->pattern.n)
		return 0;
	err_set(err, ERR_SPEC, ask->where, "the format regex needs a pattern");
	return err_hint(err, "regex:'(?<level>[A-Z]+) (?<text>.*)'");
}

static enum start_status
regex_start(struct str head, bool eof, const struct settings *settings,
    const struct limits *limits, struct arena *arena, struct layout **out,
    size_t *used, struct err *err)
{
	struct regex_layout *l = arena_zalloc(arena, sizeof *l);
	struct asked ask = {.join = {0}};

	(void)limits;
	if (take_settings(&ask, settings, err) ||
	    pattern_names(ask.pattern, ask.where, arena, &l->base.fields,
		&l->base.n_fields, err) ||
	    text_join_make(&ask.join, arena, &l->base, err))
		return START_ERR;
	l->pattern = arena_str(arena, ask.pattern);
	return text_start_as(
	    &l->base, &format_regex, head, eof, settings, out, used);
}

/* ---- decoding ---- */

static struct decoder *
regex_decoder_new(const struct layout *layout, const struct decode_spec *spec)
{
	const struct regex_layout *l = (const struct regex_layout *)layout;
	struct regex_decoder *d = mem_zalloc(sizeof *d);
	struct arena *a = &d->t.arena;
	struct str *names;
	unsigned n = 0;

	text_init(&d->t, layout, spec);
	names = arena_array(a, layout->n_fields, sizeof *names);
	d->group = arena_array(a, layout->n_fields, sizeof *d->group);
	for (uint32_t i = 0, w = 0; i < layout->n_fields; i++) {
		while (w < d->t.n_wants && d->t.wants[w].field < i)
			w++;
		d->group[i] = n;
		if (d->t.n_maps ||
		    (w < d->t.n_wants && d->t.wants[w].field == i))
			names[n++] = layout->fields[i];
	}
	if (d->t.n_maps)
		d->values = arena_array(a, layout->n_fields, sizeof *d->values);
	d->pattern = pattern_new(l->pattern, names, n);
	return &d->t.base;
}

static void
regex_decoder_free(struct decoder *base)
{
	struct regex_decoder *d = (struct regex_decoder *)base;

	if (!d)
		return;
	pattern_free(d->pattern);
	text_release(&d->t);
	mem_free(d);
}

static const char *
put_group(struct regex_decoder *d, struct batch *b, unsigned row,
    struct str line, struct field_want w)
{
	struct str s = pattern_group(d->pattern, line, d->group[w.field]);

	if (!s.p)
		return cell_missing(d->t.base.spec, w.want, b, row);
	/* A group that matched nothing has empty text, not NULL. */
	return text_put(&d->t, w, b, row, s, !s.n);
}

static const char *
regex_line(struct text_decoder *t, struct batch *b, unsigned row,
    struct str line, const char **at)
{
	struct regex_decoder *d = (struct regex_decoder *)t;
	const char *why = NULL;

	(void)at;
	switch (pattern_match(d->pattern, line)) {
	case PATTERN_MATCH:
		break;
	case PATTERN_NO_MATCH:
		return NO_MATCH_REASON;
	case PATTERN_COSTLY:
		return "pattern too costly for this record";
	}
	for (unsigned i = 0; !why && i < t->n_wants; i++)
		why = put_group(d, b, row, line, t->wants[i]);
	for (unsigned i = 0; d->values && i < t->base.layout->n_fields; i++) {
		struct str s = pattern_group(d->pattern, line, d->group[i]);

		d->values[i] = s.p ? cell_guess(b->arena, s, !s.n) : VALUE_NULL;
	}
	return why ? why : text_row(t, b, row, line, d->values);
}

const struct format format_regex = {
    .name = "regex",
    .look = "none of the others, but every line is alike",
    .doc = "lines by a regular expression; named groups are the fields",
    .about =
	"The pattern is a Perl-compatible regular expression (PCRE2). Each "
	"named group (?<name>...) is a field; its value is a number, a "
	"boolean or text by what it looks like, NULL if the group took no "
	"part in the match. The pattern may match anywhere in the line: ^ "
	"and $ tie it down. A line that does not match is a bad record, and "
	"so is one that takes more than 100000 steps to match. Negated "
	"classes such as [^\"]* are faster than .*?" TEXT_JOIN_ABOUT
	" On the command line they stand before the pattern: "
	"regex:join=indent,pattern=... (in a record of several lines (?s) "
	"lets . match line feeds, too).",
    .extensions = "",
    .arg = "PATTERN",
    .example = "regex:'^(?<time>\\S+) (?<level>[A-Z]+) (?<text>.*)'",
    .start = regex_start,
    .decoder_new = regex_decoder_new,
    .decoder_free = regex_decoder_free,
    .decode = text_decode_lines,
    .line = regex_line,
    .frame = text_frame_lines,
    .lines = true,
    .nul = true,
};

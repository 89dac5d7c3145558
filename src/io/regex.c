/* SPDX-License-Identifier: MIT */
/*
 * Lines by a pattern: the named groups of a regular expression are the fields,
 * in the order they stand. A line that does not match is a bad record.
 */
#include "base/mem.h"
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

/* The pattern among the settings: behind the colon or by name. */
static int
find_pattern(const struct settings *settings, struct str *pattern,
    struct where *where, struct err *err)
{
	const struct str known[] = {STR("pattern")};

	*pattern = settings->arg;
	*where = settings->where;
	for (unsigned i = 0; i < settings->n; i++) {
		const struct setting *s = &settings->list[i];

		if (!str_is(s->name, "pattern"))
			return text_unknown_setting(
			    &format_regex, s, known, 1, err);
		*pattern = s->value;
		*where = text_where(s->where, s->value);
	}
	if (pattern->n)
		return 0;
	err_set(err, ERR_SPEC, *where, "the format regex needs a pattern");
	return err_hint(err, "regex:'(?<level>[A-Z]+) (?<text>.*)'");
}

static enum start_status
regex_start(struct str head, bool eof, const struct settings *settings,
    const struct limits *limits, struct arena *arena, struct layout **out,
    size_t *used, struct err *err)
{
	const struct settings none = {
	    .where = settings->where, .nul = settings->nul};
	struct regex_layout *l;
	struct where where;
	struct str pattern;
	enum start_status status;

	(void)limits;
	if (find_pattern(settings, &pattern, &where, err))
		return START_ERR;
	l = arena_zalloc(arena, sizeof *l);
	if (pattern_names(
		pattern, where, arena, &l->base.fields, &l->base.n_fields, err))
		return START_ERR;
	status = text_start(&format_regex, l->base.fields, l->base.n_fields,
	    head, eof, &none, arena, out, used, err);
	if (status != START_OK)
		return status;
	l->base.format = &format_regex;
	l->pattern = arena_str(arena, pattern);
	*out = &l->base;
	return START_OK;
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
	"classes such as [^\"]* are faster than .*?",
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

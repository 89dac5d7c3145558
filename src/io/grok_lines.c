/* SPDX-License-Identifier: MIT */
/*
 * Lines by a grok pattern. A field of the name a.b is the member b of a field
 * a, which is a map: how maps are put together is worked out once, as a list
 * of their members in the order they are packed.
 */
#include "base/mem.h"
#include "data/cast.h"
#include "data/pack.h"
#include "io/grok.h"
#include "io/pattern.h"
#include "io/text.h"

#define NO_FIELD UINT32_MAX

/* A member of a map, in the order of packing: a field, or a map of n. */
struct member {
	struct str key;
	uint32_t field; /* NO_FIELD: a map; its members come next */
	uint32_t n;
};

struct grok_layout {
	struct layout base; /* its fields: the pattern's, then the maps */
	struct grok grok;
	struct member *members; /* of the record */
	unsigned n_members;
	unsigned n_top;	  /* members of the record itself */
	unsigned *map_at; /* member of each map, by its field - n_fields */
};

struct grok_decoder {
	struct text_decoder t;
	struct pattern *pattern;
	unsigned *first; /* by field: its groups in `list`, up to the next's */
	unsigned *list;	 /* groups, as pattern_new numbered them */
	struct value *values; /* by field, if maps are wanted */
	bool *needed;	      /* by field: in some map */
};

static struct grok_layout *
layout_of(const struct layout *l)
{
	return (struct grok_layout *)(uintptr_t)l;
}

/* ---- settings ---- */

struct asked {
	struct text_join_options join;
	struct str pattern;
	struct where where;
	struct grok_library own;
	bool all;
};

static int
set_captures(struct asked *ask, const struct setting *s, struct err *err)
{
	ask->all = str_is(s->value, "all");
	if (ask->all || str_is(s->value, "named"))
		return 0;
	return err_set(
	    err, ERR_SPEC, s->where, "captures must be named or all");
}

/* "patterns=DIR,PATTERN" behind the colon. */
static int
take_arg(struct asked *ask, const struct settings *settings, struct arena *a,
    struct err *err)
{
	const struct str key = STR("patterns=");
	struct str arg = settings->arg, path;
	const char *comma;

	ask->where = settings->where;
	if (text_join_before(
		&format_grok, &arg, settings->where, &ask->join, err))
		return -1;
	if (str_starts(arg, key)) {
		path.p = arg.p + key.n;
		comma = memchr(path.p, ',', arg.n - key.n);
		if (!comma)
			return err_set(err, ERR_SPEC,
			    text_where(settings->where, arg),
			    "a comma and a pattern are missing");
		path.n = (size_t)(comma - path.p);
		if (grok_read(&ask->own, path,
			text_where(settings->where, path), a, err))
			return -1;
		arg.n -= path.n + key.n + 1;
		arg.p = comma + 1;
	}
	ask->pattern = arg;
	if (arg.n)
		ask->where = text_where(ask->where, arg);
	return 0;
}

static int
take_settings(struct asked *ask, const struct settings *settings,
    struct arena *a, struct err *err)
{
	const struct str known[] = {STR("pattern"), STR("patterns"),
	    STR("captures"), STR("join"), STR("multiline")};

	if (take_arg(ask, settings, a, err))
		return -1;
	for (unsigned i = 0; i < settings->n; i++) {
		const struct setting *s = &settings->list[i];

		if (str_is(s->name, "pattern")) {
			ask->pattern = s->value;
			ask->where = text_where(s->where, s->value);
		} else if (str_is(s->name, "patterns")) {
			if (grok_read(&ask->own, s->value,
				text_where(s->where, s->value), a, err))
				return -1;
		} else if (str_is(s->name, "captures")) {
			if (set_captures(ask, s, err))
				return -1;
		} else if (str_is(s->name, "join")) {
			if (text_set_join(&ask->join, s, err))
				return -1;
		} else if (str_is(s->name, "multiline")) {
			if (text_set_multiline(&ask->join, s, err))
				return -1;
		} else {
			return text_unknown_setting(&format_grok, s, known,
			    sizeof known / sizeof *known, err);
		}
	}
	if (ask->pattern.n)
		return 0;
	err_set(err, ERR_SPEC, ask->where, "the format grok needs a pattern");
	return err_hint(err, "grok:'%%{COMBINEDAPACHELOG}'");
}

/* ---- maps ---- */

/* The segment of a name behind a prefix of so many bytes. */
static struct str
segment(struct str name, size_t prefix)
{
	const char *p = name.p + prefix;
	const char *dot = memchr(p, '.', name.n - prefix);

	return (struct str){p, dot ? (size_t)(dot - p) : name.n - prefix};
}

/*
 * Lists the members of the map that all fields with this prefix are in; its
 * number of members. Fields of one map need not stand together.
 */
static uint32_t
list_members(struct grok_layout *l, struct str prefix)
{
	const struct grok *g = &l->grok;
	uint32_t n = 0;

	for (unsigned i = 0; i < g->n_fields; i++) {
		struct str name = g->fields[i].name, key;
		unsigned at = l->n_members, k;

		if (!str_starts(name, prefix))
			continue;
		key = segment(name, prefix.n);
		for (k = 0; k < i; k++)
			if (str_starts(g->fields[k].name, prefix) &&
			    str_eq(segment(g->fields[k].name, prefix.n), key))
				break;
		if (k < i)
			continue;
		n++;
		l->members[l->n_members++] = (struct member){key, i, 0};
		if (prefix.n + key.n == name.n)
			continue;
		l->map_at[l->base.n_fields - g->n_fields] = at;
		((struct str *)(uintptr_t)l->base.fields)[l->base.n_fields++] =
		    (struct str){name.p, prefix.n + key.n};
		l->members[at].field = NO_FIELD;
		l->members[at].n =
		    list_members(l, (struct str){name.p, prefix.n + key.n + 1});
	}
	return n;
}

static void
list_fields(struct grok_layout *l, struct arena *a)
{
	const struct grok *g = &l->grok;
	struct str *fields;
	size_t maps = 0;

	for (unsigned i = 0; i < g->n_fields; i++)
		for (size_t k = 0; k < g->fields[i].name.n; k++)
			maps += g->fields[i].name.p[k] == '.';
	fields = arena_array(a, g->n_fields + maps, sizeof *fields);
	for (unsigned i = 0; i < g->n_fields; i++)
		fields[i] = g->fields[i].name;
	l->base.fields = fields;
	l->base.n_fields = g->n_fields;
	l->members = arena_array(a, g->n_fields + maps, sizeof *l->members);
	l->map_at = arena_array(a, maps, sizeof *l->map_at);
	l->n_top = list_members(l, STR(""));
}

static enum start_status
grok_start(struct str head, bool eof, const struct settings *settings,
    const struct limits *limits, struct arena *arena, struct layout **out,
    size_t *used, struct err *err)
{
	struct asked ask = {.all = false};
	struct grok_layout *l = arena_zalloc(arena, sizeof *l);
	bool good;

	(void)limits;
	good = !take_settings(&ask, settings, arena, err) &&
	       !text_join_make(&ask.join, arena, &l->base, err) &&
	       !grok_compile(ask.pattern, ask.where, &ask.own, ask.all, arena,
		   &l->grok, err);
	grok_release(&ask.own);
	/* Files of patterns are in the arena, which goes with the input. */
	if (!good && err->where.src != settings->where.src)
		err_keep(err);
	if (!good)
		return START_ERR;
	list_fields(l, arena);
	return text_start_as(
	    &l->base, &format_grok, head, eof, settings, out, used);
}

/* ---- decoding ---- */

/* Behind a member and all that is in it. */
static unsigned
behind(const struct grok_layout *l, unsigned at)
{
	unsigned left = 1;

	for (; left; at++) {
		left--;
		if (l->members[at].field == NO_FIELD)
			left += l->members[at].n;
	}
	return at;
}

/* Which fields are read at all. */
static bool *
read_fields(struct grok_decoder *d, const struct grok_layout *l)
{
	struct text_decoder *t = &d->t;
	unsigned n = l->grok.n_fields;
	bool *read = arena_zalloc(&t->arena, n + 1);

	d->needed = arena_zalloc(&t->arena, n + 1);
	for (unsigned i = 0; i < t->n_wants; i++) {
		unsigned f = t->wants[i].field, at, to;

		if (f < n) {
			read[f] = true;
			continue;
		}
		at = l->map_at[f - n];
		for (to = behind(l, at); at < to; at++)
			if (l->members[at].field != NO_FIELD)
				d->needed[l->members[at].field] = true;
	}
	for (unsigned f = 0; f < n; f++) {
		d->needed[f] |= t->n_maps > 0;
		read[f] |= d->needed[f];
	}
	d->values = arena_array(&t->arena, n, sizeof *d->values);
	return read;
}

static struct decoder *
grok_decoder_new(const struct layout *layout, const struct decode_spec *spec)
{
	const struct grok_layout *l = layout_of(layout);
	const struct grok *g = &l->grok;
	struct grok_decoder *d = mem_zalloc(sizeof *d);
	struct arena *a = &d->t.arena;
	struct str *names;
	unsigned n = 0;
	bool *read;

	text_init(&d->t, layout, spec);
	read = read_fields(d, l);
	names = arena_array(a, g->n_groups, sizeof *names);
	d->list = arena_array(a, g->n_groups, sizeof *d->list);
	d->first = arena_array(a, g->n_fields + 1, sizeof *d->first);
	for (unsigned f = 0; f < g->n_fields; f++) {
		d->first[f] = n;
		for (unsigned i = 0; read[f] && i < g->n_groups; i++)
			if (g->groups[i] == f) {
				d->list[n] = n;
				names[n++] = arena_printf(a, "_%u", i);
			}
	}
	d->first[g->n_fields] = n;
	d->pattern = pattern_new(g->text, names, n);
	return &d->t.base;
}

static void
grok_decoder_free(struct decoder *base)
{
	struct grok_decoder *d = (struct grok_decoder *)base;

	if (!d)
		return;
	pattern_free(d->pattern);
	text_release(&d->t);
	mem_free(d);
}

/* What the first group of a field that took part has matched. */
static struct str
field_text(const struct grok_decoder *d, struct str line, unsigned f)
{
	struct str s = {NULL, 0};

	for (unsigned i = d->first[f]; !s.p && i < d->first[f + 1]; i++)
		s = pattern_group(d->pattern, line, d->list[i]);
	return s;
}

static const char *
not_a(enum type t)
{
	switch (t) {
	case T_INT:
		return "a field is not an integer, or out of range";
	case T_FLOAT:
		return "a field is not a number, or out of range";
	default:
		return "a field is not a boolean";
	}
}

/* A text as the type that the pattern states. */
static const char *
typed(struct arena *a, enum type type, struct str s, struct value *out)
{
	struct value v;

	*out = s.n || type == T_TEXT ? value_text(s) : VALUE_NULL;
	if (type == T_TEXT || !s.n)
		return NULL;
	v = type == T_INT ? cell_guess(a, s, false) : *out;
	return value_cast(a, v, type, NULL, out) ? NULL : not_a(type);
}

static const char *
field_value(const struct grok_decoder *d, struct arena *a, struct str line,
    unsigned f, struct value *out)
{
	enum type type = layout_of(d->t.base.layout)->grok.fields[f].type;
	struct str s = field_text(d, line, f);

	*out = VALUE_NULL;
	if (!s.p)
		return NULL;
	if (type != T_ANY)
		return typed(a, type, s, out);
	*out = cell_guess(a, s, !s.n);
	return NULL;
}

/* Packs members [at, to) of the values. */
static void
pack_members(struct grok_decoder *d, unsigned at, unsigned to)
{
	const struct grok_layout *l = layout_of(d->t.base.layout);
	struct buf *out = &d->t.pack;

	for (; at < to; at++) {
		const struct member *m = &l->members[at];

		pack_put_text(out, m->key);
		if (m->field == NO_FIELD)
			pack_put_map(out, m->n);
		else
			pack_put(out, d->values[m->field]);
	}
}

static struct value
map_value(struct grok_decoder *d, struct arena *a, unsigned n, unsigned at,
    unsigned to)
{
	d->t.pack.n = 0;
	pack_put_map(&d->t.pack, n);
	pack_members(d, at, to);
	return value_of_str(T_MAP, arena_str(a, buf_str(&d->t.pack)));
}

static const char *
put_field(struct grok_decoder *d, struct batch *b, unsigned row,
    struct str line, struct field_want w)
{
	const struct grok_layout *l = layout_of(d->t.base.layout);
	struct value v = VALUE_NULL;
	const char *why = NULL;

	if (w.field >= l->grok.n_fields) {
		unsigned at = l->map_at[w.field - l->grok.n_fields];

		v = map_value(
		    d, b->arena, l->members[at].n, at + 1, behind(l, at));
	} else if (l->grok.fields[w.field].type == T_ANY) {
		struct str s = field_text(d, line, w.field);

		/* What matched nothing has empty text, not NULL. */
		if (s.p)
			return text_put(&d->t, w, b, row, s, !s.n);
	} else {
		why = field_value(d, b->arena, line, w.field, &v);
	}
	if (why)
		return why;
	return v.type == T_NULL ? cell_missing(d->t.base.spec, w.want, b, row)
				: text_put_value(&d->t, w, b, row, v);
}

static const char *
grok_line(struct text_decoder *t, struct batch *b, unsigned row,
    struct str line, const char **at)
{
	struct grok_decoder *d = (struct grok_decoder *)t;
	const struct grok_layout *l = layout_of(t->base.layout);
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
	for (unsigned f = 0; !why && f < l->grok.n_fields; f++)
		if (d->needed[f])
			why = field_value(d, b->arena, line, f, &d->values[f]);
	for (unsigned i = 0; !why && i < t->n_wants; i++)
		why = put_field(d, b, row, line, t->wants[i]);
	if (!why && t->n_maps)
		why = text_map(t, b, row,
		    map_value(d, b->arena, l->n_top, 0, l->n_members));
	return why ? why : text_row(t, b, row, line, NULL);
}

const struct format format_grok = {
    .name = "grok",
    .doc = "lines by a pattern of named patterns, as Logstash has them",
    .about =
	"The pattern is a Perl-compatible regular expression (PCRE2) in which "
	"%{NAME} stands for one of the patterns that `weir help grok` lists. "
	"%{NAME:field} makes what it matches a field, and so does a group "
	"(?<field>...); [a][b] or a.b is the member b of a map a. A field is a "
	"number, a boolean or text by what it looks like, unless a type is "
	"stated: %{NUMBER:bytes:int}, float, string or boolean. It is NULL if "
	"it took no part in the match; if several groups have one name, the "
	"first that took part counts. The pattern may match anywhere in the "
	"line: ^ and $ tie it down. A line that does not match is a bad "
	"record. The setting patterns names a file or folder of your own "
	"patterns, lines of NAME and an expression (on the command line: "
	"grok:patterns=DIR,PATTERN); captures: all makes %{NAME} a field, "
	"too." TEXT_JOIN_ABOUT " On the command line they stand first: "
	"grok:join=indent,pattern=PATTERN.",
    .extensions = "",
    .arg = "PATTERN",
    .look = "lines that other programs already have grok patterns for",
    .example = "grok:'%{IP:client} %{WORD:method} %{NUMBER:ms:float}'",
    .start = grok_start,
    .decoder_new = grok_decoder_new,
    .decoder_free = grok_decoder_free,
    .decode = text_decode_lines,
    .line = grok_line,
    .frame = text_frame_lines,
    .lines = true,
    .nested = true,
    .nul = true,
};

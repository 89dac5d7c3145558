/* SPDX-License-Identifier: MIT */
/* Log lines with fields of fixed names; see fixed.h. */
#include "io/fixed.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/num.h"
#include "data/pack.h"

/* ---- the start ---- */

enum start_status
fixed_start_as(struct fixed_layout *l, const struct format *format,
    const struct fixed_kind *kind, struct str head, bool eof,
    const struct settings *settings, struct arena *arena, struct layout **out,
    size_t *used)
{
	struct str *names = arena_array(arena, kind->n, sizeof *names);

	must(kind->n <= FIXED_MAX);
	for (unsigned i = 0; i < kind->n; i++)
		names[i] = kind->fields[i].name;
	l->kind = kind;
	l->base.fields = names;
	l->base.n_fields = kind->n;
	return text_start_as(&l->base, format, head, eof, settings, out, used);
}

enum start_status
fixed_start(const struct format *format, const struct fixed_kind *kind,
    struct str head, bool eof, const struct settings *settings,
    struct arena *arena, struct layout **out, size_t *used, struct err *err)
{
	struct fixed_layout *l = arena_zalloc(arena, sizeof *l);

	if (text_join_read(format, settings, arena, &l->base, err))
		return START_ERR;
	/* Clocks differ: a record may be a day later than the last write. */
	l->since = when_year_before(
	    (settings && settings->written != WHEN_MIN ? settings->written
						       : clock_now()) +
	    WHEN_DAY);
	return fixed_start_as(
	    l, format, kind, head, eof, settings, arena, out, used);
}

bool
fixed_fits(const struct fixed_kind *kind, struct str head, bool whole)
{
	char room[TEXT_LOOK];
	struct fixed_line l;
	const char *at;
	struct str line;

	if (!text_look(head, whole, room, &line))
		return false;
	memset(&l, 0, sizeof l);
	return !kind->scan(NULL, &l, line, &at);
}

/* ---- binding ---- */

/* A path into a field that has a map: data.origin.ip */
static void
bind_nested(struct fixed_decoder *d, unsigned want)
{
	struct path path = d->t.base.spec->wants[want].path;
	struct str name;

	if (path.n < 2 || !path.steps[0].name.p)
		return;
	name = path.steps[0].name;
	for (unsigned i = 0; i < d->kind->n; i++) {
		if (d->kind->fields[i].as != FIXED_OWN ||
		    !str_eq(d->kind->fields[i].name, name))
			continue;
		d->nested[d->n_nested++] = (struct field_want){
		    .field = i, .want = want, .how = TEXT_OTHER};
		for (unsigned k = 0; k < d->t.n_missing; k++)
			if (d->t.missing[k] == want)
				d->t.missing[k] =
				    d->t.missing[--d->t.n_missing];
	}
}

struct decoder *
fixed_decoder_new(const struct layout *layout, const struct decode_spec *spec)
{
	const struct fixed_layout *l = (const struct fixed_layout *)layout;
	struct fixed_decoder *d = mem_zalloc(sizeof *d);

	text_init(&d->t, layout, spec);
	d->kind = l->kind;
	d->nested = arena_array(&d->t.arena, spec->n_wants, sizeof *d->nested);
	for (unsigned i = 0; i < spec->n_wants; i++)
		bind_nested(d, i);
	d->t.n_rest = d->t.n_missing + d->t.n_raws + d->t.n_maps;
	for (unsigned i = 0; i < d->t.n_wants; i++)
		d->need |= (uint64_t)1 << d->t.wants[i].field;
	for (unsigned i = 0; i < d->n_nested; i++)
		d->need |= (uint64_t)1 << d->nested[i].field;
	if (d->t.n_maps)
		d->need = ~(uint64_t)0;
	return &d->t.base;
}

void
fixed_decoder_free(struct decoder *base)
{
	struct fixed_decoder *d = (struct fixed_decoder *)base;

	if (!d)
		return;
	text_release(&d->t);
	buf_release(&d->pack);
	mem_free(d);
}

/* ---- rows ---- */

/* A field's value of its own type; NULL value if its text is absent. */
static const char *
own_value(struct fixed_decoder *d, unsigned field, const struct fixed_line *l,
    const struct zone *zone, struct arena *a, struct value *out)
{
	struct str s = l->f[field];
	int64_t i;
	double f;

	*out = VALUE_NULL;
	if (!s.p)
		return NULL;
	switch (d->kind->fields[field].as) {
	case FIXED_TEXT:
		*out = value_text(s);
		break;
	case FIXED_GUESS:
		*out = cell_guess(a, s, false);
		break;
	case FIXED_INT:
		if (num_parse_int(s, &i))
			*out = value_int(i);
		break;
	case FIXED_FLOAT:
		if (num_parse_float(s, &f))
			*out = value_float(f);
		break;
	case FIXED_OWN:
		return d->kind->own(d, field, l, zone, a, out);
	}
	return NULL;
}

static const char *
put_field(struct fixed_decoder *d, struct batch *b, unsigned row,
    struct field_want w, const struct fixed_line *l)
{
	const struct decode_spec *spec = d->t.base.spec;
	const struct want *want = &spec->wants[w.want];
	enum fixed_as as = d->kind->fields[w.field].as;
	struct str s = l->f[w.field];
	const char *why;
	struct value v;

	if (!s.p)
		return cell_missing(spec, w.want, b, row);
	/* Whoever says how a time is written gets what is written. */
	if (as == FIXED_TEXT || want->as == WANT_RAW ||
	    (want->as == WANT_TIME && want->layout.kind != WHEN_AUTO))
		return text_put(&d->t, w, b, row, s, true);
	if (as == FIXED_GUESS)
		return text_put(&d->t, w, b, row, s, false);
	why = own_value(d, w.field, l, want->layout.zone, b->arena, &v);
	if (why)
		return why;
	if (w.how == TEXT_EVENT && v.type == T_TIME) {
		b->time[row] = v.i;
		return NULL;
	}
	return text_put_value(&d->t, w, b, row, v);
}

static const char *
put_nested(struct fixed_decoder *d, struct batch *b, unsigned row,
    struct field_want w, const struct fixed_line *l)
{
	const struct decode_spec *spec = d->t.base.spec;
	const struct want *want = &spec->wants[w.want];
	struct value v;
	const char *why =
	    own_value(d, w.field, l, want->layout.zone, b->arena, &v);

	if (why)
		return why;
	v = path_get(v, want->path, 1, b->arena);
	return cell_value(spec, w.want, &d->t.caches[w.want], b, row, v);
}

static bool
in_map(
    const struct fixed_decoder *d, unsigned field, const struct fixed_line *l)
{
	switch (d->kind->fields[field].in) {
	case FIXED_ALWAYS:
		return true;
	case FIXED_IF_THERE:
		return l->f[field].p;
	case FIXED_APART:
		break;
	}
	return false;
}

static const char *
put_map(struct fixed_decoder *d, struct batch *b, unsigned row,
    const struct fixed_line *l)
{
	const struct zone *zone =
	    d->t.base.spec->wants[d->t.maps[0]].layout.zone;
	struct buf *pack = &d->t.pack;
	unsigned n = 0;

	for (unsigned i = 0; i < d->kind->n; i++)
		n += in_map(d, i, l);
	pack->n = 0;
	pack_put_map(pack, n);
	for (unsigned i = 0; i < d->kind->n; i++) {
		struct value v;
		const char *why;

		if (!in_map(d, i, l))
			continue;
		why = own_value(d, i, l, zone, b->arena, &v);
		if (why)
			return why;
		pack_put_text(pack, d->kind->fields[i].name);
		pack_put(pack, v);
	}
	return text_map(&d->t, b, row,
	    value_of_str(T_MAP, arena_str(b->arena, buf_str(pack))));
}

const char *
fixed_row(struct fixed_decoder *d, struct batch *b, unsigned row,
    struct str raw, const struct fixed_line *l)
{
	const char *why = NULL;

	for (unsigned i = 0; !why && i < d->t.n_wants; i++)
		why = put_field(d, b, row, d->t.wants[i], l);
	for (unsigned i = 0; !why && i < d->n_nested; i++)
		why = put_nested(d, b, row, d->nested[i], l);
	if (!why && d->t.n_maps)
		why = put_map(d, b, row, l);
	return why ? why : text_row(&d->t, b, row, raw, NULL);
}

const char *
fixed_line(struct text_decoder *t, struct batch *b, unsigned row,
    struct str line, const char **at)
{
	struct fixed_decoder *d = (struct fixed_decoder *)t;
	struct text_lines lines = {.first = line};
	struct fixed_line l;
	const char *why;

	memset(l.f, 0, d->kind->n * sizeof *l.f);
	if (d->kind->rest)
		lines = text_join_cut(t->base.layout, line);
	why = d->kind->scan(d, &l, lines.first, at);
	if (why)
		return why;
	if (lines.rest.n)
		l.f[d->kind->rest] =
		    text_join_rest(l.f[d->kind->rest], lines.rest);
	return fixed_row(d, b, row, line, &l);
}

/* SPDX-License-Identifier: MIT */
/* Wants bound to fields, rows, and bad rows, for all text formats. */
#include "io/text.h"

#include <stdlib.h>

#include "base/mem.h"
#include "data/pack.h"
#include "io/names.h"

/* ---- binding ---- */

struct str
text_path_name(struct buf *scratch, struct path p)
{
	if (p.n == 1 && p.steps[0].name.p)
		return p.steps[0].name;
	scratch->n = 0;
	for (unsigned i = 0; i < p.n; i++) {
		if (!p.steps[i].name.p) {
			buf_printf(scratch, "[%lu]",
			    (unsigned long)p.steps[i].index + 1);
			continue;
		}
		if (i)
			buf_addc(scratch, '.');
		buf_adds(scratch, p.steps[i].name);
	}
	return buf_str(scratch);
}

static int
by_field(const void *a, const void *b)
{
	const struct field_want *x = a, *y = b;

	if (x->field != y->field)
		return x->field < y->field ? -1 : 1;
	return x->want < y->want ? -1 : x->want > y->want;
}

/* A want that nothing serves costs no work per row, if NULL is all it is. */
static bool
stays_null(const struct decode_spec *spec, unsigned want)
{
	enum want_as as = spec->wants[want].as;

	return (int)want != spec->time && (as == WANT_VALUE || as == WANT_RAW);
}

static void
bind_want(struct text_decoder *d, const struct names *fields, unsigned want,
    struct buf *scratch)
{
	const struct decode_spec *spec = d->base.spec;
	const struct want *w = &spec->wants[want];
	enum text_how how;
	uint32_t field;

	if (!w->path.n) {
		if (w->as == WANT_RAW)
			d->raws[d->n_raws++] = want;
		else
			d->maps[d->n_maps++] = want;
		return;
	}
	how = w->as == WANT_VALUE && (int)want != spec->time ? TEXT_GUESS
	      : w->as != WANT_TIME			     ? TEXT_OTHER
	      : (int)want == spec->time			     ? TEXT_EVENT
							     : TEXT_TIME;
	field = names_find(fields, text_path_name(scratch, w->path));
	if (field != NAMES_NONE)
		d->wants[d->n_wants++] = (struct field_want){field, want, how};
	else if (d->base.layout->varies || !stays_null(spec, want))
		d->missing[d->n_missing++] = want;
}

void
text_init(struct text_decoder *d, const struct layout *layout,
    const struct decode_spec *spec)
{
	size_t n = spec->n_wants;
	struct names fields = {0};
	struct buf scratch = {0};

	d->base = (struct decoder){layout, spec};
	arena_init(&d->arena, 4096);
	d->wants = arena_array(&d->arena, n, sizeof *d->wants);
	d->missing = arena_array(&d->arena, n, sizeof *d->missing);
	d->raws = arena_array(&d->arena, n, sizeof *d->raws);
	d->maps = arena_array(&d->arena, n, sizeof *d->maps);
	d->caches = arena_zalloc(&d->arena, n * sizeof *d->caches);
	for (unsigned i = 0; i < layout->n_fields; i++)
		names_add(&fields, layout->fields[i]);
	for (unsigned i = 0; i < spec->n_wants; i++)
		bind_want(d, &fields, i, &scratch);
	if (d->n_wants) {
		qsort(d->wants, d->n_wants, sizeof *d->wants, by_field);
		d->n_needed = d->wants[d->n_wants - 1].field + 1;
	}
	if (d->n_maps)
		d->n_needed = layout->n_fields;
	d->n_rest = d->n_missing + d->n_raws + d->n_maps;
	names_release(&fields);
	buf_release(&scratch);
}

void
text_release(struct text_decoder *d)
{
	arena_release(&d->arena);
	buf_release(&d->pack);
}

struct decoder *
text_decoder_new(const struct layout *layout, const struct decode_spec *spec)
{
	struct text_decoder *d = mem_zalloc(sizeof *d);

	text_init(d, layout, spec);
	return &d->base;
}

void
text_decoder_free(struct decoder *base)
{
	struct text_decoder *d = (struct text_decoder *)base;

	if (!d)
		return;
	text_release(d);
	mem_free(d);
}

/* ---- rows ---- */

void
text_begin(struct text_decoder *d, struct batch *b)
{
	const struct decode_spec *spec = d->base.spec;

	batch_columns(b, spec->n_wants);
	if (spec->time >= 0)
		b->time = arena_array(b->arena, BATCH_ROWS, sizeof *b->time);
	b->raw = arena_array(b->arena, BATCH_ROWS, sizeof *b->raw);
}

void
text_end(struct batch *b, unsigned rows)
{
	b->n_rows = rows;
	b->n_sel = rows;
}

void
text_bad(struct batch *b, unsigned row, struct str raw, const char *reason,
    const char *at)
{
	size_t column = at ? (size_t)(at - raw.p) + 1 : 0;

	batch_bad(b, (struct bad_row){.raw = raw,
			 .reason = reason,
			 .row = row,
			 .column = column > UINT32_MAX ? 0 : (uint32_t)column});
}

/* The whole record as a packed MAP in the batch. */
static struct value
record_map(struct text_decoder *d, struct arena *a, const struct value *values)
{
	const struct layout *l = d->base.layout;

	d->pack.n = 0;
	pack_put_map(&d->pack, l->n_fields);
	for (unsigned i = 0; i < l->n_fields; i++) {
		pack_put_text(&d->pack, l->fields[i]);
		pack_put(&d->pack, values[i]);
	}
	return value_of_str(T_MAP, arena_str(a, buf_str(&d->pack)));
}

const char *
text_map(
    struct text_decoder *d, struct batch *b, unsigned row, struct value map)
{
	const char *why = NULL;

	for (unsigned i = 0; !why && i < d->n_maps; i++)
		why = cell_value(d->base.spec, d->maps[i],
		    &d->caches[d->maps[i]], b, row, map);
	return why;
}

const char *
text_rest(struct text_decoder *d, struct batch *b, unsigned row, struct str raw,
    const struct value *values)
{
	const char *why = NULL;

	for (unsigned i = 0; !why && i < d->n_missing; i++)
		why = cell_missing(d->base.spec, d->missing[i], b, row);
	for (unsigned i = 0; !why && i < d->n_raws; i++)
		why =
		    cell_put(d->base.spec, d->raws[i], NULL, b, row, raw, true);
	if (d->n_maps && !why && values)
		why = text_map(d, b, row, record_map(d, b->arena, values));
	return why;
}

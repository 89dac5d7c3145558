/* SPDX-License-Identifier: MIT */
/* Records of named texts; see pairs.h. */
#include "io/pairs.h"

#include "base/mem.h"
#include "data/pack.h"

/* ---- binding ---- */

static enum text_how
how_of(const struct decode_spec *spec, unsigned want)
{
	enum want_as as = spec->wants[want].as;

	if ((int)want == spec->time)
		return as == WANT_TIME ? TEXT_EVENT : TEXT_OTHER;
	return as == WANT_VALUE	 ? TEXT_GUESS
	       : as == WANT_TIME ? TEXT_TIME
				 : TEXT_OTHER;
}

static void
bind_want(struct pairs_decoder *d, unsigned want, struct buf *scratch)
{
	const struct decode_spec *spec = d->t.base.spec;
	struct str name;
	uint32_t slot;

	if (!spec->wants[want].path.n)
		return; /* text_init has seen to the record as a whole */
	name = text_path_name(scratch, spec->wants[want].path);
	slot = names_find(&d->names, name);
	if (slot == NAMES_NONE)
		slot = names_add(&d->names, arena_str(&d->t.arena, name));
	d->wants[d->n_wants++] =
	    (struct field_want){slot, want, how_of(spec, want)};
}

void
pairs_init(struct pairs_decoder *d, const struct layout *layout,
    const struct decode_spec *spec)
{
	struct buf scratch = {0};
	size_t n = spec->n_wants;

	text_init(&d->t, layout, spec);
	d->t.n_missing = 0; /* there is no field it could have found */
	d->t.n_rest = d->t.n_raws + d->t.n_maps;
	d->wants = arena_array(&d->t.arena, n, sizeof *d->wants);
	for (unsigned i = 0; i < spec->n_wants; i++)
		bind_want(d, i, &scratch);
	d->slots = arena_zalloc(&d->t.arena, n * sizeof *d->slots);
	buf_release(&scratch);
}

void
pairs_release(struct pairs_decoder *d)
{
	text_release(&d->t);
	names_release(&d->names);
	names_release(&d->all);
	mem_free(d->places);
	mem_free(d->list);
}

struct decoder *
pairs_decoder_new(const struct layout *layout, const struct decode_spec *spec)
{
	struct pairs_decoder *d = mem_zalloc(sizeof *d);

	pairs_init(d, layout, spec);
	return &d->t.base;
}

void
pairs_decoder_free(struct decoder *base)
{
	struct pairs_decoder *d = (struct pairs_decoder *)base;

	if (!d)
		return;
	pairs_release(d);
	mem_free(d);
}

/* ---- pairs ---- */

/* Names longer than this are looked up each time. */
#define REMEMBERED 64
/* What the table of a record's names may keep when a wide record has left. */
#define ALL_SLOTS_KEPT 1024

/* Remembers what a place has; its bytes are kept for the next name. */
static void
remember(struct pairs_decoder *d, size_t place, struct str name, uint32_t slot)
{
	struct pair_place *p;

	if (place > d->n_places || name.n > REMEMBERED)
		return;
	mem_grow(&d->places, &d->cap_places, place + 1, sizeof *d->places);
	p = &d->places[place];
	if (place == d->n_places) {
		p->bytes = arena_alloc(&d->t.arena, REMEMBERED);
		d->n_places++;
	}
	memcpy(p->bytes, name.p, name.n);
	p->name = (struct str){p->bytes, name.n};
	p->slot = slot;
}

uint32_t
pairs_learn(struct pairs_decoder *d, size_t place, struct str name)
{
	uint32_t slot = names_find(&d->names, name);

	remember(d, place, name, slot);
	return slot;
}

void
pairs_keep(struct pairs_decoder *d, struct pair pair)
{
	uint32_t at;

	if (!d->n_list && d->all.n_slots > ALL_SLOTS_KEPT)
		names_release(&d->all); /* clearing it would cost each record */
	else if (!d->n_list)
		names_clear(&d->all);
	at = names_find(&d->all, pair.name);
	if (at == NAMES_NONE) {
		at = names_add(&d->all, pair.name);
		mem_grow(
		    &d->list, &d->cap_list, d->n_list + 1, sizeof *d->list);
		d->n_list++;
	}
	d->list[at] = pair;
}

/* ---- rows ---- */

/* A common log time stands in brackets, in LTSV as elsewhere. */
static struct str
unbracket(struct str s)
{
	if (s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']')
		return (struct str){s.p + 1, s.n - 2};
	return s;
}

static const char *
put(struct pairs_decoder *d, struct batch *b, unsigned row, struct field_want w,
    const struct pair_slot *s)
{
	const struct decode_spec *spec = d->t.base.spec;
	struct str text = s->value;

	if (s->record != d->record)
		return cell_missing(spec, w.want, b, row);
	switch (s->form) {
	case PAIR_PLAIN:
		if (w.how == TEXT_EVENT || w.how == TEXT_TIME)
			text = unbracket(text);
		return text_put(&d->t, w, b, row, text, false);
	case PAIR_ESCAPED:
		text = d->unescape(b->arena, text);
		return text_put(&d->t, w, b, row, text, true);
	case PAIR_TEXT:
		return text_put(&d->t, w, b, row, text, true);
	case PAIR_TRUE:
		return text_put_value(&d->t, w, b, row, value_bool(true));
	case PAIR_BYTES:
		return text_put_value(
		    &d->t, w, b, row, value_of_str(T_BYTES, text));
	}
	return NULL;
}

static struct value
own_value(struct pairs_decoder *d, struct arena *a, const struct pair *p)
{
	switch (p->form) {
	case PAIR_PLAIN:
		return cell_guess(a, p->value, false);
	case PAIR_ESCAPED:
		return value_text(d->unescape(a, p->value));
	case PAIR_TEXT:
		return value_text(p->value);
	case PAIR_TRUE:
		return value_bool(true);
	case PAIR_BYTES:
		return value_of_str(T_BYTES, p->value);
	}
	return VALUE_NULL;
}

static const char *
put_map(struct pairs_decoder *d, struct batch *b, unsigned row)
{
	struct buf *pack = &d->t.pack;

	pack->n = 0;
	pack_put_map(pack, (uint32_t)d->n_list);
	for (size_t i = 0; i < d->n_list; i++) {
		pack_put_text(pack, d->list[i].name);
		pack_put(pack, own_value(d, b->arena, &d->list[i]));
	}
	return text_map(&d->t, b, row,
	    value_of_str(T_MAP, arena_str(b->arena, buf_str(pack))));
}

const char *
pairs_row(
    struct pairs_decoder *d, struct batch *b, unsigned row, struct str raw)
{
	const char *why = NULL;

	for (unsigned i = 0; !why && i < d->n_wants; i++)
		why = put(d, b, row, d->wants[i], &d->slots[d->wants[i].field]);
	if (!why && d->t.n_maps)
		why = put_map(d, b, row);
	return why ? why : text_row(&d->t, b, row, raw, NULL);
}

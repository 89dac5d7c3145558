/* SPDX-License-Identifier: MIT */
/*
 * Records that are pairs of a name and a text, each record with names of its
 * own: logfmt, kv, LTSV, the journal's export format.
 *
 * A format finds the pairs of a record and hands them to pairs_take, in
 * order; pairs_row puts what is wanted. Records of one origin have the same
 * names at the same places, so each place remembers the name it had last and
 * which want that was: the usual pair costs one compare.
 *
 * Of pairs with one name the last one counts.
 */
#ifndef WEIR_IO_PAIRS_H
#define WEIR_IO_PAIRS_H

#include "io/names.h"
#include "io/text.h"

enum pair_form {
	PAIR_PLAIN,   /* typed by content, empty is NULL */
	PAIR_TEXT,    /* always text */
	PAIR_ESCAPED, /* text; the decoder's unescape resolves it */
	PAIR_TRUE,    /* a name alone */
	PAIR_BYTES    /* bytes that are no text */
};

struct pair {
	struct str name, value;
	enum pair_form form;
};

/* What a place in the record had last. */
struct pair_place {
	struct str name; /* = {bytes, n} */
	char *bytes;
	uint32_t slot;
};

/* A name that is wanted, and its value in the record at hand. */
struct pair_slot {
	struct str value;
	enum pair_form form;
	uint64_t record; /* number of the record it is of */
};

struct pairs_decoder {
	struct text_decoder t;
	/* Text with its escapes resolved, in the arena or as it stands. */
	struct str (*unescape)(struct arena *a, struct str s);
	struct names names;	  /* wanted ones */
	struct pair_slot *slots;  /* by name */
	struct field_want *wants; /* field: the slot */
	unsigned n_wants;
	struct pair_place *places;
	size_t n_places, cap_places;
	size_t place; /* of the next pair */
	uint64_t record;
	/* For the record as a MAP. */
	struct names all;
	struct pair *list;
	size_t n_list, cap_list;
	const void *settings; /* the format's own */
};

void pairs_init(struct pairs_decoder *d, const struct layout *layout,
    const struct decode_spec *spec);
void pairs_release(struct pairs_decoder *d);

/* A decoder without anything of its own: decoder_new and decoder_free. */
struct decoder *pairs_decoder_new(
    const struct layout *layout, const struct decode_spec *spec);
void pairs_decoder_free(struct decoder *d);

/* Begins a record. */
static inline void
pairs_begin(struct pairs_decoder *d)
{
	d->record++;
	d->place = 0;
	d->n_list = 0;
}

/* The slow half of pairs_slot: looks the name up and remembers it. */
uint32_t pairs_learn(struct pairs_decoder *d, size_t place, struct str name);

/* Keeps a pair for the record as a MAP. */
void pairs_keep(struct pairs_decoder *d, struct pair pair);

/* One more pair of the record. False: there are too many. */
static inline bool
pairs_take(struct pairs_decoder *d, struct str name, struct str value,
    enum pair_form form)
{
	size_t i = d->place++;
	uint32_t slot;

	if (i < d->n_places && str_eq(d->places[i].name, name))
		slot = d->places[i].slot;
	else if (i < d->t.base.spec->limits.fields_max)
		slot = pairs_learn(d, i, name);
	else
		return false;
	if (slot != NAMES_NONE)
		d->slots[slot] = (struct pair_slot){value, form, d->record};
	if (d->t.n_maps)
		pairs_keep(d, (struct pair){name, value, form});
	return true;
}

/* Takes these lines, which have no names of their own. */
static inline void
pairs_take_rest(struct pairs_decoder *d, struct str rest)
{
	if (rest.n)
		(void)pairs_take(d, STR("rest"), rest, PAIR_TEXT);
}

#define PAIRS_JOIN_ABOUT                                                       \
	TEXT_JOIN_ABOUT                                                        \
	" Then the lines behind the first are the field rest, unless a quote " \
	"is open."

/* Why a record is bad for which pairs_take was false. */
#define PAIRS_TOO_MANY "too many fields"

/* Ends a record: puts its row. NULL, or why it is bad. */
const char *pairs_row(
    struct pairs_decoder *d, struct batch *b, unsigned row, struct str raw);

#endif

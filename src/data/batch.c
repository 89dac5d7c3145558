/* SPDX-License-Identifier: MIT */
/*
 * Batches: their memory, and the rows that leave them as bad.
 *
 * A batch is used again and again; after a few rounds its arena is one chunk
 * that is large enough, and no round allocates.
 */
#include "data/batch.h"

#include "base/mem.h"

#define ARENA_FIRST ((size_t)64 << 10)
#define ARENA_MOST                                                             \
	((size_t)8 << 20) /* larger chunks are not kept in reserve             \
			   */

struct batch *
batch_new(void)
{
	struct batch *b = mem_zalloc(sizeof *b);

	b->arena = mem_alloc(sizeof *b->arena);
	arena_init(b->arena, ARENA_FIRST);
	return b;
}

void
batch_free(struct batch *b)
{
	if (!b)
		return;
	arena_release(b->arena);
	mem_free(b->arena);
	mem_free(b->bad);
	mem_free(b);
}

void
batch_reset(struct batch *b)
{
	struct batch fresh = {
	    .arena = b->arena, .bad = b->bad, .cap_bad = b->cap_bad};
	struct arena *a = b->arena;

	if (a->total > a->chunk_size)
		a->chunk_size = a->total < ARENA_MOST ? a->total : ARENA_MOST;
	if (a->total > 2 * ARENA_MOST)
		arena_release(a); /* one huge record must not stay for ever */
	else
		arena_reset(a);
	*b = fresh;
}

void
batch_note_keys(struct batch *b, const struct str *list, const uint64_t *hashes)
{
	struct batch_keys **at = &b->keys;

	while (*at && (*at)->list != list)
		at = &(*at)->next;
	if (!*at)
		*at = arena_zalloc(b->arena, sizeof **at);
	(*at)->list = list;
	(*at)->hashes = hashes;
	(*at)->n = b->n_sel;
}

const struct batch_keys *
batch_keys_ahead(const struct batch *b, const struct str *list, unsigned nth)
{
	const struct batch_keys *own = b->keys, *k = b->ahead[nth]->keys;

	while (own && own->list != list) {
		own = own->next;
		k = k ? k->next : NULL;
	}
	return own ? k : NULL;
}

void
batch_columns(struct batch *b, unsigned n_cols)
{
	b->n_cols = n_cols;
	b->cols = arena_zalloc(b->arena, n_cols * sizeof *b->cols);
}

void
batch_set_place(struct batch *b, unsigned row, const char *place)
{
	if (!b->place) {
		b->place = arena_array(b->arena, BATCH_ROWS, sizeof *b->place);
		memset(b->place, 0, BATCH_ROWS * sizeof *b->place);
	}
	b->place[row] = place;
}

void
batch_bad(struct batch *b, struct bad_row bad)
{
	mem_grow(&b->bad, &b->cap_bad, b->n_bad + 1, sizeof *b->bad);
	b->bad[b->n_bad++] = bad;
}

/* Merges the bad rows [old, n_bad) among the older ones, from the back. */
static void
merge_bad(struct batch *b, size_t old, const struct bad_row *fresh)
{
	size_t to = b->n_bad, n_fresh = b->n_bad - old;

	while (n_fresh) {
		if (old && b->bad[old - 1].row > fresh[n_fresh - 1].row)
			b->bad[--to] = b->bad[--old];
		else
			b->bad[--to] = fresh[--n_fresh];
	}
}

void
batch_merge_bad(struct batch *b, const struct bad_row *fresh, size_t n)
{
	size_t old = b->n_bad;

	for (size_t i = 0; i < n; i++)
		batch_bad(b, fresh[i]);
	if (old && n && b->bad[old - 1].row > fresh[0].row)
		merge_bad(b, old, fresh);
}

/* The selection as an array that may be shortened. */
static uint16_t *
own_sel(struct batch *b)
{
	unsigned k;

	if (!b->sel) {
		b->sel = arena_array(b->arena, BATCH_ROWS, sizeof *b->sel);
		for (k = 0; k < b->n_sel; k++)
			b->sel[k] = (uint16_t)k;
	}
	return b->sel;
}

void
batch_drop_bad(
    struct batch *b, const uint64_t *bits, const char *const *reasons)
{
	uint16_t *sel = own_sel(b);
	size_t old = b->n_bad, n;
	struct bad_row *fresh;
	unsigned k, kept = 0;

	for (k = 0; k < b->n_sel; k++) {
		unsigned row = sel[k];

		if (!bit_get(bits, row)) {
			sel[kept++] = (uint16_t)row;
			continue;
		}
		batch_bad(
		    b, (struct bad_row){
			   .raw = b->raw ? b->raw[row] : (struct str){NULL, 0},
			   .place = b->place ? b->place[row] : NULL,
			   .reason = reasons[row],
			   .row = row});
	}
	b->n_sel = kept;
	if (!b->raw)
		batch_mend(b);
	n = b->n_bad - old;
	if (!old || !n || b->bad[old - 1].row <= b->bad[old].row)
		return;
	fresh = arena_array(b->arena, n, sizeof *fresh);
	memcpy(fresh, b->bad + old, n * sizeof *fresh);
	merge_bad(b, old, fresh);
}

/* ---- change kinds ---- */

const char *const change_names[CHANGES] = {"+I", "-U", "+U", "-D"};

bool
change_parse(struct str text, enum change *out)
{
	static const struct {
		const char *word;
		enum change kind;
	} words[] = {
	    {"+I", CHANGE_INSERT},
	    {"-U", CHANGE_BEFORE},
	    {"+U", CHANGE_AFTER},
	    {"-D", CHANGE_DELETE},
	    {"INSERT", CHANGE_INSERT},
	    {"UPDATE_BEFORE", CHANGE_BEFORE},
	    {"UPDATE_AFTER", CHANGE_AFTER},
	    {"DELETE", CHANGE_DELETE},
	    {"c", CHANGE_INSERT},
	    {"r", CHANGE_INSERT},
	    {"u", CHANGE_AFTER},
	    {"d", CHANGE_DELETE},
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (str_eq_nocase(text, str_of(words[i].word))) {
			*out = words[i].kind;
			return true;
		}
	return false;
}

/* The kind a selected row has when the other half of its update is gone. */
static enum change
mended(const struct batch *b, unsigned k)
{
	unsigned row = batch_row(b, k);

	switch (batch_change(b, row)) {
	case CHANGE_BEFORE:
		if (k + 1 < b->n_sel && batch_row(b, k + 1) == row + 1)
			return CHANGE_BEFORE;
		return CHANGE_DELETE;
	case CHANGE_AFTER:
		if (k && batch_row(b, k - 1) + 1 == row)
			return CHANGE_AFTER;
		return CHANGE_INSERT;
	case CHANGE_INSERT:
	case CHANGE_DELETE:
		break;
	}
	return batch_change(b, row);
}

void
batch_mend(struct batch *b)
{
	uint8_t *kind;

	/* Other steps may see the same rows: their kinds stay. */
	if (!b->kind || b->n_sel == b->n_rows)
		return;
	kind = arena_array(b->arena, b->n_rows, sizeof *kind);
	memcpy(kind, b->kind, b->n_rows);
	for (unsigned k = 0; k < b->n_sel; k++) {
		enum change now = mended(b, k);

		kind[batch_row(b, k)] = (uint8_t)now;
	}
	b->kind = kind;
}

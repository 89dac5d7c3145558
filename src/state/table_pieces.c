/* SPDX-License-Identifier: MIT */
/*
 * Cells in pieces (table.h). A cell in memory that is a piece has what was
 * added since it was begun, or since it was put last: then that was appended
 * to the store's entry, and the cell begins anew with nothing. So the cell is
 * what the store has and, behind it, what the piece has.
 *
 * Merging is exact and associative (the owner sees to it), so it does not
 * matter where a value was cut, nor which neighbours were folded before. How a
 * piece has what was added may differ from how a whole cell has it: it may
 * still be to be added.
 */
#include "base/mem.h"
#include "base/must.h"
#include "state/code.h"
#include "state/kept.h"
#include "state/pieces.h"

#define REVISION_MAX ((1u << 26) - 1)
/* Pieces of so many bytes are better left alone until all there are is known.
 */
#define FOLD_BYTES ((size_t)16 << 20)

/* ---- without a table: in any thread ---- */

static bool
read_piece(const struct piecewise *p, struct table *t, struct cell *c,
    struct str piece)
{
	uint64_t revision;

	if (!code_get_uint(&piece, &revision) || revision > REVISION_MAX)
		return false;
	c->revision = (uint32_t)revision & REVISION_MAX;
	return p->codec->load(p->arg, t, c, piece);
}

static void
merge(const struct cell_codec *codec, void *arg, struct table *t,
    struct cell *into, const struct cell *from)
{
	codec->merge(arg, t, into, from);
	if (from->revision > into->revision)
		into->revision = from->revision;
}

/*
 * As store_fold. Of pieces that were written in different ways none is made,
 * only the value they have in the end.
 */
static bool
fold(void *arg, struct str key, struct str pieces, bool whole, struct buf *out)
{
	const struct piecewise *p = arg;
	struct table t;
	struct cell *all, *one;
	struct str piece;
	bool good;

	table_init(&t, p->cell_bytes);
	all = table_alloc(&t, key, 0);
	one = table_alloc(&t, key, 0);
	all->piece = !whole;
	good = (whole || pieces.n <= FOLD_BYTES) &&
	       pieces_next(&pieces, &piece) && read_piece(p, &t, all, piece);
	while (good && pieces_next(&pieces, &piece)) {
		memset(one->bytes, 0, t.cell_bytes);
		one->piece = true;
		good = read_piece(p, &t, one, piece) &&
		       (whole || one->piece == all->piece);
		if (good)
			merge(p->codec, p->arg, &t, all, one);
	}
	if (good && !pieces.n) {
		code_put_uint(out, all->revision);
		p->codec->save(p->arg, &t, all, out);
	}
	table_release(&t);
	return good && !pieces.n;
}

void
table_pieces(struct state_map *map, const struct cell_codec *codec, void *arg,
    unsigned cell_bytes, bool grows)
{
	struct state *s = map->step->state;
	struct piecewise *p = arena_alloc(&s->arena, sizeof *p);

	must(codec->merge);
	*p = (struct piecewise){codec, arg, cell_bytes, grows};
	map->pieces = p;
	store_set_fold(s->store, map->number, fold, p);
}

void
table_pieces_end(struct state_map *map)
{
	map->pieces = NULL;
	store_set_fold(map->step->state->store, map->number, NULL, NULL);
}

/* ---- cells of a table ---- */

void
kept_join(struct kept *k, struct cell *c, struct str value)
{
	struct table *t = k->table;
	struct buf own = {0};
	struct cell *more;

	c->stored = true;
	if (c->changed)
		kept_write(k, c, &own);
	c->piece = false;
	memset(c->bytes, 0, t->cell_bytes);
	if (kept_read(k, t, c, value) && c->changed) {
		more = table_alloc(t, cell_key(t, c), c->hash);
		more->piece = true;
		must(kept_read(k, t, more, buf_str(&own)));
		merge(k->codec, k->arg, t, c, more);
	}
	buf_release(&own);
}

void
kept_end_piece(struct kept *k, struct cell *c)
{
	if (c->piece && c->changed && k->codec->end_piece)
		k->codec->end_piece(k->arg, k->table, c);
	c->piece = false;
}

void
kept_complete(struct kept *k, struct cell *c)
{
	struct buf value = {0};

	if (!c->piece)
		return;
	if (state_get(k->map, k->bucket, cell_key(k->table, c), &value) ==
	    STORE_FOUND)
		kept_join(k, c, buf_str(&value));
	else
		kept_end_piece(k, c);
	buf_release(&value);
}

void
table_complete(struct table *t, char *const *cells, unsigned n)
{
	struct kept *k = t->kept;
	struct state *s = k->state;

	mem_grow(&s->keys, &s->cap_keys, n, sizeof *s->keys);
	mem_grow(&s->values, &s->cap_values, n, sizeof *s->values);
	for (unsigned i = 0; i < n; i++)
		s->keys[i] = cell_key(t, cell_of_bytes(cells[i]));
	if (!store_get_many(
		s->store, k->map->number, k->bucket, s->keys, n, s->values))
		return;
	for (unsigned i = 0; i < n; i++) {
		struct cell *c = cell_of_bytes(cells[i]);

		if (c->piece && s->values[i].p)
			kept_join(k, c, s->values[i]);
		else
			kept_end_piece(k, c);
	}
}

void
kept_add_piece(
    struct kept *k, struct table *loose, struct cell *to, const struct cell *c)
{
	if (c->changed)
		merge(k->codec, k->arg, loose, to, c);
}

void
kept_append(struct kept *k, struct cell *c)
{
	struct state *s = k->state;
	struct buf *value = &s->scratch;

	value->n = 0;
	kept_write(k, c, value);
	store_append(s->store, k->map->number, k->bucket, cell_key(k->table, c),
	    buf_str(value));
	memset(c->bytes, 0, k->table->cell_bytes);
	c->revision = 0;
}

void
kept_drop_piece(struct kept *k, const struct cell *whole)
{
	struct table *t = k->table;
	struct cell *c = table_find_here(t, cell_key(t, whole), whole->hash);

	if (!c || !c->piece)
		return;
	if (c->changed)
		kept_unchanged(k, c);
	absent_forget(k);
	table_unlink(t, c);
	c->gone = true;
	t->n_gone++;
}

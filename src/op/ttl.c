/* SPDX-License-Identifier: MIT */
/* Cells that are forgotten; see ttl.h. */
#include "op/ttl.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/must.h"
#include "op/keys.h"
#include "op/window_kind.h"
#include "state/code.h"

struct ttl_table {
	struct ttl_cells *of;
	int64_t bucket;
	struct table table;
	struct cell_codec codec; /* with the stamp */
};

/* ---- cells ---- */

static int64_t
stamp_of(const struct ttl_cells *l, const char *cell)
{
	int64_t stamp;

	memcpy(&stamp, cell + l->cell_bytes, sizeof stamp);
	return stamp;
}

static void
set_stamp(const struct ttl_cells *l, char *cell, int64_t stamp)
{
	memcpy(cell + l->cell_bytes, &stamp, sizeof stamp);
}

static void
save_cell(
    void *arg, const struct table *t, const struct cell *c, struct buf *out)
{
	struct ttl_table *of = arg;

	code_put_int(out, stamp_of(of->of, c->bytes));
	of->of->codec->save(of->of->arg, t, c, out);
}

static bool
load_cell(void *arg, struct table *t, struct cell *c, struct str bytes)
{
	struct ttl_table *of = arg;
	int64_t stamp;

	if (!code_get_int(&bytes, &stamp) ||
	    !of->of->codec->load(of->of->arg, t, c, bytes))
		return false;
	set_stamp(of->of, c->bytes, stamp);
	return true;
}

/* ---- tables ---- */

static struct ttl_table *
table_new(struct ttl_cells *l, int64_t bucket)
{
	struct ttl_table *t = mem_zalloc(sizeof *t);

	t->of = l;
	t->bucket = bucket;
	t->codec = (struct cell_codec){
	    .save = save_cell, .load = load_cell, .movable = l->codec->movable};
	table_init(&t->table, l->cell_bytes + (unsigned)sizeof(int64_t));
	if (l->map)
		table_keep(&t->table, l->map, bucket, &t->codec, t);
	return t;
}

static int64_t
bucket_of(const struct ttl_cells *l, int64_t stamp)
{
	return stamp / l->ttl - (stamp % l->ttl < 0);
}

/* The table of a stamp, made if there is none. */
static struct ttl_table *
table_at(struct ttl_cells *l, int64_t stamp)
{
	int64_t bucket = bucket_of(l, stamp);
	size_t at = l->n;

	while (at && l->tables[at - 1]->bucket > bucket)
		at--;
	if (at && l->tables[at - 1]->bucket == bucket)
		return l->tables[at - 1];
	mem_grow(&l->tables, &l->cap, l->n + 1, sizeof(void *));
	memmove(l->tables + at + 1, l->tables + at,
	    (l->n - at) * sizeof *l->tables);
	l->n++;
	return l->tables[at] = table_new(l, bucket);
}

void
ttl_init(struct ttl_cells *l, int64_t ttl, unsigned cell_bytes,
    const struct cell_codec *codec, void *arg)
{
	must(ttl > 0 && cell_bytes % 8 == 0);
	*l = (struct ttl_cells){
	    .ttl = ttl, .cell_bytes = cell_bytes, .codec = codec, .arg = arg};
}

void
ttl_release(struct ttl_cells *l)
{
	for (size_t i = 0; i < l->n; i++) {
		table_release(&l->tables[i]->table);
		mem_free(l->tables[i]);
	}
	mem_free(l->tables);
	buf_release(&l->scratch);
}

void
ttl_keep(struct ttl_cells *l, struct state_map *map)
{
	int64_t *buckets;
	size_t n;

	must(!l->n);
	l->map = map;
	n = state_buckets(map, &buckets);
	for (size_t i = 0; i < n; i++) {
		mem_grow(&l->tables, &l->cap, l->n + 1, sizeof(void *));
		l->tables[l->n++] = table_new(l, buckets[i]);
	}
	mem_free(buckets);
}

/* ---- finding ---- */

static bool
has_expired(const struct ttl_cells *l, int64_t stamp, int64_t w)
{
	return stamp != WHEN_MIN && w >= time_add(stamp, l->ttl);
}

/* The stamp for a record of that time. */
static int64_t
stamp_for(int64_t time, int64_t w)
{
	return time > w && time < WHEN_LAST ? time : w;
}

/* The key's cell, wherever it is; one that has expired is taken out. */
static struct cell *
find(struct ttl_cells *l, struct str key, uint64_t hash, int64_t w,
    struct ttl_table **in)
{
	for (size_t i = l->n; i-- > 0;) {
		struct table *t = &l->tables[i]->table;
		struct cell *c = table_find(t, key, hash);

		if (!c)
			continue;
		*in = l->tables[i];
		if (!has_expired(l, stamp_of(l, c->bytes), w))
			return c;
		table_remove(t, c);
		return NULL;
	}
	return NULL;
}

/* Another table is that of its stamp now. */
static struct cell *
move(struct ttl_cells *l, struct ttl_table *from, struct cell *c,
    struct ttl_table *to)
{
	struct cell *moved =
	    table_cell(&to->table, cell_key(&from->table, c), c->hash);

	l->scratch.n = 0;
	l->codec->save(l->arg, &from->table, c, &l->scratch);
	must(l->codec->load(l->arg, &to->table, moved, buf_str(&l->scratch)));
	moved->revision = c->revision;
	table_remove(&from->table, c);
	return moved;
}

char *
ttl_cell(struct ttl_cells *l, struct str key, int64_t time, int64_t w,
    bool touch, struct arena **heap)
{
	uint64_t hash = hash_bytes(key.p, key.n);
	int64_t stamp = stamp_for(time, w);
	struct ttl_table *in = NULL, *to;
	struct cell *c = find(l, key, hash, w, &in);

	if (c && (!touch || stamp_of(l, c->bytes) >= stamp)) {
		table_touch(&in->table, c);
	} else {
		to = table_at(l, stamp);
		if (!c)
			c = table_cell(&to->table, key, hash);
		else if (in == to)
			table_touch(&to->table, c);
		else
			c = move(l, in, c, to);
		in = to;
		set_stamp(l, c->bytes, stamp);
	}
	*heap = &in->table.heap;
	return c->bytes;
}

char *
ttl_find(struct ttl_cells *l, struct str key, int64_t w)
{
	struct ttl_table *in = NULL;
	struct cell *c = find(l, key, hash_bytes(key.p, key.n), w, &in);

	if (!c)
		return NULL;
	table_touch(&in->table, c);
	return c->bytes;
}

void
ttl_settle(struct ttl_cells *l)
{
	for (size_t i = 0; i < l->n; i++)
		table_settle(&l->tables[i]->table);
}

void
ttl_fetch(struct ttl_cells *l, const struct batch *b, const struct str *list,
    const uint64_t *hashes, unsigned from, unsigned to)
{
	for (size_t i = 0; i < l->n; i++)
		keys_fetch(&l->tables[i]->table, b, list, hashes, from, to);
}

/* The tables [*from, until) of which everything has expired. */
static size_t
expired(const struct ttl_cells *l, int64_t w, size_t *from)
{
	size_t n;

	/* What came before there was a watermark has no stamp. */
	n = *from = l->n && l->tables[0]->bucket == bucket_of(l, WHEN_MIN);
	/* A table's last stamp is just before the next one's first. */
	while (n < l->n && w != WHEN_MAX &&
	       l->tables[n]->bucket < WHEN_MAX / l->ttl - 2 &&
	       w >= (l->tables[n]->bucket + 2) * l->ttl)
		n++;
	return n;
}

void
ttl_advance(struct ttl_cells *l, int64_t w)
{
	size_t from, until = expired(l, w, &from);

	if (until == from)
		return;
	for (size_t i = from; i < until; i++) {
		table_drop(&l->tables[i]->table);
		mem_free(l->tables[i]);
	}
	memmove(l->tables + from, l->tables + until,
	    (l->n - until) * sizeof *l->tables);
	l->n -= until - from;
}

uint64_t
ttl_count(const struct ttl_cells *l)
{
	uint64_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += l->tables[i]->table.n - l->tables[i]->table.n_gone;
	return n;
}

/* ---- keys of cells that are elsewhere ---- */

static const struct cell_codec key_codec = {
    .save = table_save_nothing, .load = table_load_nothing, .movable = true};

void
ttl_keys_init(struct ttl_keys *k, int64_t ttl,
    void (*forget)(void *arg, struct str key, uint64_t hash), void *arg)
{
	*k = (struct ttl_keys){.forget = forget, .arg = arg};
	if (ttl)
		ttl_init(&k->cells, ttl, 0, &key_codec, NULL);
}

void
ttl_keys_release(struct ttl_keys *k)
{
	ttl_release(&k->cells);
}

void
ttl_keys_keep(struct ttl_keys *k, struct state_step *s)
{
	if (k->cells.ttl)
		ttl_keep(&k->cells, state_map(s, "ttl"));
}

void
ttl_keys_fetch(struct ttl_keys *k, const struct batch *b,
    const struct str *list, const uint64_t *hashes, unsigned from, unsigned to)
{
	if (k->cells.ttl)
		ttl_fetch(&k->cells, b, list, hashes, from, to);
}

void
ttl_keys_check(struct ttl_keys *k, struct str key, uint64_t hash, int64_t w)
{
	struct ttl_table *in = NULL;

	if (k->cells.ttl && !find(&k->cells, key, hash, w, &in) && in)
		k->forget(k->arg, key, hash);
}

void
ttl_keys_touch(struct ttl_keys *k, struct str key, int64_t time, int64_t w)
{
	struct arena *heap;

	if (k->cells.ttl)
		ttl_cell(&k->cells, key, time, w, true, &heap);
}

bool
ttl_keys_come(struct ttl_keys *k, struct str key, int64_t time, int64_t w)
{
	uint64_t hash = hash_bytes(key.p, key.n);
	struct ttl_table *in = NULL;
	struct arena *heap;

	if (find(&k->cells, key, hash, w, &in))
		return true;
	ttl_cell(&k->cells, key, time, w, false, &heap);
	return false;
}

void
ttl_keys_advance(struct ttl_keys *k, int64_t w)
{
	struct ttl_cells *l = &k->cells;
	size_t from, until;

	if (!l->ttl)
		return;
	until = expired(l, w, &from);
	for (size_t i = from; k->forget && i < until; i++) {
		struct table *t = &l->tables[i]->table;
		struct table_walk *walk = table_walk_begin(t);
		struct cell *c;

		while ((c = table_walk_next(walk)))
			k->forget(k->arg, cell_key(t, c), c->hash);
		table_walk_end(walk);
	}
	ttl_advance(l, w);
}

/* SPDX-License-Identifier: MIT */
/*
 * Rows of a key in blocks; see over_far.h. A block's entry is the place of its
 * first row, and its rows, each as bytes (kept_pack).
 */
#include "op/over_far.h"

#include "base/mem.h"
#include "data/key.h"
#include "op/written.h"

struct far_block {
	uint64_t number;
	uint64_t used;		 /* when it was asked for last */
	bool changed;		 /* since it was put */
	struct kept_row *rows[]; /* NULL: not there */
};

struct over_far {
	struct over_far_home home;
	struct buf name; /* home.key, and a block's number behind it */
	unsigned per;
	uint64_t first; /* number of the first block there is */
	struct far_block **blocks;
	unsigned n, most;
	uint64_t clock;
	struct far_block *last; /* asked for last, or NULL */
};

static struct str
name_of(struct over_far *f, uint64_t number)
{
	f->name.n = f->home.key.n;
	key_put(&f->name, value_int((int64_t)number));
	return buf_str(&f->name);
}

/* ---- blocks as bytes ---- */

static void
put_block(struct over_far *f, struct far_block *b)
{
	struct buf value = {0}, row = {0};
	unsigned i = 0;

	while (i < f->per && !b->rows[i])
		i++;
	written_put_int(&value, (int64_t)i);
	for (; i < f->per && b->rows[i]; i++) {
		row.n = 0;
		kept_pack(f->home.kept, b->rows[i], &row);
		written_put_bytes(&value, buf_str(&row));
	}
	state_put(f->home.map, f->home.bucket, name_of(f, b->number),
	    buf_str(&value));
	b->changed = false;
	buf_release(&value);
	buf_release(&row);
}

static bool
read_block(struct over_far *f, struct far_block *b, struct str value)
{
	const char *p = value.p, *end = p + value.n;
	struct str bytes;
	int64_t from;

	if (!written_get_int(&p, end, &from) || from < 0)
		return false;
	for (uint64_t i = (uint64_t)from; p < end; i++) {
		struct kept_row *row = NULL;

		if (i < f->per && written_get_bytes(&p, end, &bytes))
			row = kept_unpack(f->home.kept, bytes);
		if (!row)
			return false;
		row->at = b->number * f->per + i;
		b->rows[i] = row;
	}
	return true;
}

/* ---- blocks in memory ---- */

static struct far_block *
block_new(struct over_far *f, uint64_t number)
{
	struct far_block *b =
	    mem_zalloc(sizeof *b + f->per * sizeof(struct kept_row *));

	b->number = number;
	b->used = ++f->clock;
	return b;
}

static void
block_free(struct over_far *f, struct far_block *b)
{
	for (unsigned i = 0; i < f->per; i++)
		if (b->rows[i])
			kept_forget(f->home.kept, b->rows[i]);
	if (f->last == b)
		f->last = NULL;
	mem_free(b);
}

/* The one that was not asked for for the longest time makes room. */
static void
make_room(struct over_far *f)
{
	unsigned oldest = 0;

	if (f->n < f->most)
		return;
	for (unsigned i = 1; i < f->n; i++)
		if (f->blocks[i]->used < f->blocks[oldest]->used)
			oldest = i;
	if (f->blocks[oldest]->changed)
		put_block(f, f->blocks[oldest]);
	block_free(f, f->blocks[oldest]);
	f->blocks[oldest] = f->blocks[--f->n];
}

static struct far_block *
add_block(struct over_far *f, uint64_t number)
{
	struct far_block *b = block_new(f, number);

	make_room(f);
	f->blocks[f->n++] = b;
	return b;
}

static struct far_block *
fetch(struct over_far *f, uint64_t number)
{
	struct far_block *b = add_block(f, number);
	struct str name = name_of(f, number);
	struct buf value = {0};
	enum store_found found;

	found = state_get(f->home.map, f->home.bucket, name, &value);
	if (found != STORE_DAMAGED &&
	    (found != STORE_FOUND || !read_block(f, b, buf_str(&value))))
		state_damaged(f->home.map, f->home.bucket, name);
	buf_release(&value);
	return b;
}

/* The one in memory, or NULL. */
static struct far_block *
find(struct over_far *f, uint64_t number)
{
	if (f->last && f->last->number == number)
		return f->last;
	for (unsigned i = 0; i < f->n; i++)
		if (f->blocks[i]->number == number)
			return f->blocks[i];
	return NULL;
}

static struct far_block *
use(struct over_far *f, struct far_block *b)
{
	b->used = ++f->clock;
	return f->last = b;
}

/* ---- rows ---- */

bool
over_far_has(struct over_key *k, uint64_t at)
{
	struct over_far *f = k->far;
	struct far_block *b = find(f, at / f->per);

	b = use(f, b ? b : fetch(f, at / f->per));
	return b->rows[at % f->per] != NULL;
}

/* In place of one that is not what it should be: the run ends. */
static struct kept_row *
blank_row(struct over_far *f, struct far_block *b, uint64_t at)
{
	struct kept_row *row = kept_new(f->home.kept);
	struct buf nothing = {0};

	state_damaged(f->home.map, f->home.bucket, name_of(f, b->number));
	for (unsigned i = 0; i < f->home.kept->n_slots; i++)
		row->slots[i] = VALUE_NULL;
	for (unsigned i = 0; i < f->home.kept->n_cols; i++)
		written_put(&nothing, VALUE_NULL);
	kept_carry(f->home.kept, row, buf_str(&nothing));
	row->at = at;
	buf_release(&nothing);
	return row;
}

struct kept_row *
over_far_row(const struct over_key *k, uint64_t at)
{
	struct over_far *f = k->far;
	struct far_block *b = find(f, at / f->per);
	struct kept_row **row;

	b = use(f, b ? b : fetch(f, at / f->per));
	row = &b->rows[at % f->per];
	/* What has not come out yet has what it is to come out with. */
	if (*row && (at < k->next || (*row)->carry || !f->home.kept->n_cols))
		return *row;
	if (*row)
		kept_forget(f->home.kept, *row);
	return *row = blank_row(f, b, at);
}

void
over_far_push(struct over_key *k, struct kept_row *row)
{
	struct over_far *f = k->far;
	uint64_t at = k->end++;
	struct far_block *b = find(f, at / f->per);

	/* Of one that begins there is nothing anywhere. */
	if (!b)
		b = at % f->per == 0 || at == k->base
			? add_block(f, at / f->per)
			: fetch(f, at / f->per);
	use(f, b);
	b->rows[at % f->per] = row;
	b->changed = true;
	if ((at + 1) % f->per == 0)
		put_block(f, b);
}

void
over_far_put(struct over_key *k)
{
	struct over_far *f = k->far;

	for (unsigned i = 0; i < f->n; i++)
		if (f->blocks[i]->changed)
			put_block(f, f->blocks[i]);
}

void
over_far_trim(struct over_key *k)
{
	struct over_far *f = k->far;

	for (; (f->first + 1) * f->per <= k->base; f->first++) {
		state_delete(f->home.map, f->home.bucket, name_of(f, f->first));
		for (unsigned i = 0; i < f->n; i++)
			if (f->blocks[i]->number == f->first) {
				block_free(f, f->blocks[i]);
				f->blocks[i] = f->blocks[--f->n];
				break;
			}
	}
}

/* ---- from rows in memory, and back ---- */

void
over_far_again(
    struct over_key *k, const struct over_far_home *home, unsigned per)
{
	struct over_far *f = mem_zalloc(sizeof *f);

	f->home = *home;
	f->per = per;
	f->first = k->base / per;
	buf_adds(&f->name, home->key);
	f->home.key.p = NULL;
	f->most = FAR_PLACES + home->places;
	f->blocks = mem_array(f->most, sizeof *f->blocks);
	k->far = f;
}

void
over_far_begin(
    struct over_key *k, const struct over_far_home *home, unsigned per)
{
	struct kept_row **ring = k->ring;
	size_t mask = k->cap - 1;
	uint64_t end = k->end;

	over_far_again(k, home, per);
	k->ring = NULL;
	k->cap = 0;
	for (k->end = k->base; k->end < end;) {
		struct kept_row *row = ring[k->end & mask];

		kept_unplace(home->kept, row);
		over_far_push(k, row);
	}
	mem_free(ring);
}

unsigned
over_far_per(const struct over_far *f)
{
	return f->per;
}

void
over_far_free(struct over_key *k)
{
	struct over_far *f = k->far;

	while (f->n)
		block_free(f, f->blocks[--f->n]);
	mem_free(f->blocks);
	buf_release(&f->name);
	mem_free(f);
	k->far = NULL;
}

void
over_far_drop(struct over_key *k)
{
	struct over_far *f = k->far;

	for (uint64_t b = f->first; k->end && b <= (k->end - 1) / f->per; b++)
		state_delete(f->home.map, f->home.bucket, name_of(f, b));
	over_far_free(k);
	k->base = k->end;
}

size_t
over_far_bytes(const struct over_far *f)
{
	return sizeof *f + f->most * sizeof(struct far_block *) +
	       f->n * (sizeof(struct far_block) +
			  f->per * sizeof(struct kept_row *));
}

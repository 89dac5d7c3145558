/* SPDX-License-Identifier: MIT */
/*
 * Many keys of a bucket at once. What no layer in memory knows is put in the
 * order of keys, and goes through the runs some thousand keys at a time, the
 * newest run first: so filter and index of a run are near while they are used,
 * neighbours share what is read, and many blocks are on their way at once.
 *
 * Keys of which there are pieces are looked up by themselves, at the end.
 */
#include "base/mem.h"
#include "state/entry_sort.h"
#include "state/store_in.h"

/* Keys that go through the runs together. */
#define ROUND 4096u

struct ask {
	struct run_ask run; /* first */
	struct str *out;    /* of the caller */
	size_t n;	    /* runs that are left to be looked at, the oldest */
	bool waits;	    /* for its block, of the newest of them */
	bool done;
};

struct store_asks {
	struct entry_item *items, *spare; /* keys asked for, sorted */
	size_t cap_items, cap_spare;
	struct ask asks[ROUND];
	struct ask *open[ROUND];     /* those that are not done */
	struct run_ask *some[ROUND]; /* those for the run at hand */
	size_t n_open, n_some;
	uint32_t *alone; /* numbers of keys in pieces */
	size_t n_alone, cap_alone;
};

void
asks_free(struct store_asks *asks)
{
	if (!asks)
		return;
	mem_free(asks->items);
	mem_free(asks->spare);
	mem_free(asks->alone);
	mem_free(asks);
}

/* What is asked for. */
struct want {
	unsigned map;
	int64_t bucket;
	const struct str *keys;
	struct str *out;
};

/*
 * The buffer may move while values are added: until all are there, n of what
 * was found is its length, and p its place, counted from 1.
 */
static struct str
noted(size_t from, size_t n)
{
	return (struct str){(const char *)(uintptr_t)(from + 1), n};
}

/*
 * A key in pieces has some in several runs: the kernel is asked to fetch them
 * all.
 */
static void
fetch_pieces(struct store *s, const struct run_key *k)
{
	for (size_t i = s->version.n; i > 0; i--) {
		const struct version_run *r = &s->version.runs[i - 1];

		if (!section_set_has(&r->dead, k->map, k->bucket) &&
		    !run_mark_hides(&r->mark, k->map, k->bucket, k->key))
			run_file_may_have(
			    r->handle->file, k->map, k->bucket, k->key, true);
	}
}

static void
let_alone(struct store *s, const struct run_key *k, size_t i)
{
	struct store_asks *asks = s->asks;

	mem_grow(&asks->alone, &asks->cap_alone, asks->n_alone + 1,
	    sizeof *asks->alone);
	asks->alone[asks->n_alone++] = (uint32_t)i;
	fetch_pieces(s, k);
}

/* What a run, of which there are n - 1 older ones, has said. */
static void
take(struct store *s, const struct want *w, struct ask *a, size_t n)
{
	switch (a->run.found) {
	case RUN_FOUND:
		*a->out = noted(a->run.from, a->run.n);
		a->done = true;
		break;
	case RUN_DELETED:
		a->done = true;
		break;
	case RUN_MORE:
	case RUN_ALL:
		let_alone(s, &a->run.key, (size_t)(a->out - w->out));
		a->done = true;
		break;
	case RUN_LATER:
		a->waits = true;
		a->n = n;
		break;
	case RUN_ABSENT:
	case RUN_DAMAGED:
		a->waits = false;
		a->n = n - 1;
		break;
	}
}

static bool
fail(struct store *s, struct err *err)
{
	store_dir_note(&s->dir, err);
	store_fail(s, err);
	return false;
}

static void
drop_done(struct store_asks *asks)
{
	size_t n = 0;

	for (size_t i = 0; i < asks->n_open; i++)
		if (!asks->open[i]->done)
			asks->open[n++] = asks->open[i];
	asks->n_open = n;
}

/* Reads what some, which are found, are to have of a run. */
static bool
read_some(struct store *s, const struct want *w, size_t n, bool wait)
{
	struct store_asks *asks = s->asks;
	struct run_file *file = s->version.runs[n - 1].handle->file;
	struct err err = {0};

	if (!run_file_read_many(
		file, asks->some, asks->n_some, wait, &s->many, &err))
		return fail(s, &err);
	for (size_t i = 0; i < asks->n_some; i++)
		take(s, w, (struct ask *)asks->some[i], n);
	return true;
}

/* Looks into the newest of n runs. */
static bool
look_into(struct store *s, const struct want *w, size_t n)
{
	const struct version_run *r = &s->version.runs[n - 1];
	struct store_asks *asks = s->asks;
	struct err err = {0};
	size_t m = 0;

	if (section_set_has(&r->dead, w->map, w->bucket))
		return true;
	asks->n_some = 0;
	for (size_t i = 0; i < asks->n_open; i++)
		if (!asks->open[i]->waits && asks->open[i]->n >= n &&
		    !run_mark_hides(&r->mark, w->map, w->bucket,
			asks->open[i]->run.key.key))
			asks->some[asks->n_some++] = &asks->open[i]->run;
	if (!run_file_find_many(
		r->handle->file, asks->some, asks->n_some, &err))
		return fail(s, &err);
	for (size_t i = 0; i < asks->n_some; i++)
		if (asks->some[i]->found != RUN_ABSENT)
			asks->some[m++] = asks->some[i];
	asks->n_some = m;
	if (!read_some(s, w, n, false))
		return false;
	drop_done(asks);
	return true;
}

/* Waits for blocks of the newest of n runs. */
static bool
wait_for(struct store *s, const struct want *w, size_t n)
{
	struct store_asks *asks = s->asks;

	asks->n_some = 0;
	for (size_t i = 0; i < asks->n_open; i++)
		if (asks->open[i]->waits && asks->open[i]->n == n)
			asks->some[asks->n_some++] = &asks->open[i]->run;
	return !asks->n_some || read_some(s, w, n, true);
}

/*
 * Once through all runs, and then to the blocks that had to be waited for.
 * Left are those whose block did not have them, since the filter was wrong.
 */
static bool
look_once(struct store *s, const struct want *w)
{
	struct store_asks *asks = s->asks;

	for (size_t n = s->version.n; n > 0 && asks->n_open; n--)
		if (!look_into(s, w, n))
			return false;
	for (size_t i = 0; i < asks->n_open; i++)
		asks->open[i]->done = !asks->open[i]->waits;
	drop_done(asks);
	for (size_t n = s->version.n; n > 0 && asks->n_open; n--)
		if (!wait_for(s, w, n))
			return false;
	drop_done(asks);
	return true;
}

static bool
look(struct store *s, const struct want *w, const struct entry_item *items,
    size_t n)
{
	struct store_asks *asks = s->asks;

	for (size_t i = 0; i < n; i++) {
		const struct str *key = items[i].of;

		asks->asks[i] =
		    (struct ask){.run.key = run_key_of(w->map, w->bucket, *key),
			.out = w->out + (key - w->keys),
			.n = s->version.n};
		asks->open[i] = &asks->asks[i];
	}
	asks->n_open = n;
	while (asks->n_open)
		if (!look_once(s, w))
			return false;
	return true;
}

static struct str
key_of(const void *of)
{
	return *(const struct str *)of;
}

/* n keys, which no layer knows, are in items. */
static bool
look_at_runs(struct store *s, const struct want *w, size_t n)
{
	struct store_asks *asks = s->asks;

	mem_grow(&asks->spare, &asks->cap_spare, n, sizeof *asks->spare);
	entry_sort(asks->items, asks->spare, n, key_of);
	for (size_t i = 0; i < n; i += ROUND)
		if (!look(s, w, asks->items + i, n - i < ROUND ? n - i : ROUND))
			return false;
	return true;
}

static bool
look_at_one(
    struct store *s, const struct layers *l, const struct want *w, size_t i)
{
	struct run_key k = run_key_of(w->map, w->bucket, w->keys[i]);
	size_t from = s->many.n;
	enum store_found found =
	    get_from_runs(s, l, s->version.n, &k, &s->many);

	if (found == STORE_FOUND)
		w->out[i] = noted(from, s->many.n - from);
	return found != STORE_DAMAGED;
}

static bool
look_at_pieces(
    struct store *s, const struct layers *l, const struct want *w, size_t i)
{
	struct run_key k = run_key_of(w->map, w->bucket, w->keys[i]);
	size_t from = s->many.n;
	enum store_found found = get_pieces(s, l, &k, &s->many);

	if (found == STORE_FOUND)
		w->out[i] = noted(from, s->many.n - from);
	return found != STORE_DAMAGED;
}

/* What memory knows; the others become items. Returns how many. */
static size_t
look_at_layers(
    struct store *s, const struct layers *l, const struct want *w, size_t n)
{
	struct store_asks *asks = s->asks;
	enum store_found found;
	size_t left = 0;

	mem_grow(&asks->items, &asks->cap_items, n, sizeof *asks->items);
	asks->n_alone = 0;
	for (size_t i = 0; i < n; i++) {
		size_t from = s->many.n;
		struct run_key k;

		w->out[i] = (struct str){0};
		switch (get_from_layers(l, w->keys[i], &s->many, &found)) {
		case KNOWN:
			if (found == STORE_FOUND)
				w->out[i] = noted(from, s->many.n - from);
			break;
		case KNOWN_PIECES:
			k = run_key_of(w->map, w->bucket, w->keys[i]);
			let_alone(s, &k, i);
			break;
		case KNOWN_NOT:
			asks->items[left++].of = &w->keys[i];
			break;
		}
	}
	return left;
}

bool
store_get_many(struct store *s, unsigned map, int64_t bucket,
    const struct str *keys, size_t n, struct str *out)
{
	struct want w = {map, bucket, keys, out};
	struct layers layers;
	size_t left;

	if (atomic_load_explicit(&s->failed, memory_order_acquire))
		return false;
	if (!s->asks)
		s->asks = mem_zalloc(sizeof *s->asks);
	layers = layers_of(s, map, bucket);
	s->many.n = 0;
	left = look_at_layers(s, &layers, &w, n);
	/* One key alone gains nothing by being fetched ahead. */
	if (left == 1 &&
	    !look_at_one(s, &layers, &w,
		(size_t)((const struct str *)s->asks->items[0].of - keys)))
		return false;
	if (left > 1 && !look_at_runs(s, &w, left))
		return false;
	for (size_t i = 0; i < s->asks->n_alone; i++)
		if (!look_at_pieces(s, &layers, &w, s->asks->alone[i]))
			return false;
	buf_reserve(&s->many, 1);
	for (size_t i = 0; i < n; i++)
		if (out[i].p)
			out[i].p = s->many.p + ((uintptr_t)out[i].p - 1);
	return true;
}

/* SPDX-License-Identifier: MIT */
/*
 * Kept tables beside a plain model: cells that are counted up, removed, put,
 * evicted, walked over and found again by another run, in random order.
 */
#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/must.h"
#include "data/key.h"
#include "state/code.h"
#include "state/kept.h"
#include "state/table.h"
#include "tap.h"

#define KEYS 3000

/* A cell: a counter, and a text that grows with it. */
struct counter {
	int64_t n;
	char *text; /* in the heap: as many bytes as n says, at most 40 */
};

struct counter_keep {
	uint64_t drops;
};

static unsigned
text_len(int64_t n)
{
	return n > 40 ? 40 : (unsigned)n;
}

static struct counter *
counter_of(char *bytes)
{
	return (struct counter *)(void *)bytes;
}

static void
count_up(struct table *t, char *bytes, int64_t key)
{
	struct counter *c = counter_of(bytes);

	c->n++;
	c->text = arena_alloc(&t->heap, text_len(c->n));
	memset(c->text, 'a' + (int)(key % 26), text_len(c->n));
}

static void
save_counter(
    void *arg, const struct table *t, const struct cell *c, struct buf *out)
{
	const struct counter *of =
	    (const struct counter *)(const void *)c->bytes;

	(void)arg;
	(void)t;
	code_put_int(out, of->n);
	code_put_str(out, (struct str){of->text, text_len(of->n)});
}

static bool
load_counter(void *arg, struct table *t, struct cell *c, struct str bytes)
{
	struct counter *of = counter_of(c->bytes);
	struct str text;

	(void)arg;
	if (!code_get_int(&bytes, &of->n) || of->n < 0 ||
	    !code_get_str(&bytes, &text) || text.n != text_len(of->n) ||
	    bytes.n)
		return false;
	of->text = arena_alloc(&t->heap, text.n);
	memcpy(of->text, text.p, text.n);
	return true;
}

static void
drop_counter(void *arg, struct table *t, struct cell *c)
{
	struct counter_keep *k = arg;

	(void)t;
	(void)c;
	k->drops++;
}

static const struct cell_codec counter_codec = {.save = save_counter,
    .load = load_counter,
    .drop = drop_counter,
    .movable = true};
static const struct cell_codec fast_codec = {
    .save = save_counter, .load = load_counter};

struct world {
	struct store *store;
	struct state *state;
	struct state_map *map;
	struct table table;
	struct counter_keep keep;
	const struct cell_codec *codec;
	size_t memory;
	uint64_t random;
	int64_t model[KEYS]; /* 0: there is none */
	int bad;
};

static uint64_t
roll(struct world *w, uint64_t n)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (w->random >> 11) % n;
}

static struct str
key_of(struct buf *b, int64_t i)
{
	b->n = 0;
	key_put(b, value_int(i));
	return buf_str(b);
}

static void
begin_run(struct world *w)
{
	const struct state_options options = {.memory = w->memory};
	struct schema schema = {0};
	struct state_step *step;
	struct err err = {0};
	struct buf said = {0};
	struct arena a;

	arena_init(&a, 1024);
	schema.arena = &a;
	schema_add(&schema, "keys", STR("i"), true);
	w->state = state_new(w->store, &options, &err);
	step =
	    state_step(w->state, STR("count"), "group", &schema, false, &err);
	must(step && !state_ready(w->state, false, &said, &err));
	w->map = state_map(step, "cells");
	table_init(&w->table, sizeof(struct counter));
	table_keep(&w->table, w->map, -7, w->codec, &w->keep);
	buf_release(&said);
	arena_release(&a);
}

static void
end_run(struct world *w)
{
	table_release(&w->table);
	state_free(w->state);
}

static void
commit(struct world *w)
{
	const struct store_commit c = {.note = STR("note")};
	struct err err = {0};

	state_cut(w->state);
	w->bad += store_commit(w->store, &c, &err) != 0;
	err_release(&err);
}

static void
count_some(struct world *w)
{
	enum {
		N = 64
	};
	struct buf bytes = {0};
	struct str keys[N];
	uint64_t hashes[N];
	uint16_t ix[N];
	char *cells[N];
	int64_t at[N];
	size_t ends[N];

	for (unsigned i = 0; i < N; i++) {
		at[i] = (int64_t)roll(w, roll(w, 2) ? KEYS : 50);
		key_put(&bytes, value_int(at[i]));
		ends[i] = bytes.n;
		ix[i] = (uint16_t)(N - 1 - i);
	}
	for (unsigned i = 0; i < N; i++) {
		size_t from = i ? ends[i - 1] : 0;

		keys[i] = (struct str){bytes.p + from, ends[i] - from};
		hashes[i] = hash_bytes(keys[i].p, keys[i].n);
	}
	if (roll(w, 2)) {
		table_fetch(&w->table, keys, hashes, N);
		for (unsigned i = 0; i < N; i++)
			cells[i] =
			    table_cell(&w->table, keys[ix[i]], hashes[ix[i]])
				->bytes;
	} else {
		table_cells(&w->table, keys, hashes, ix, N, cells);
	}
	for (unsigned i = 0; i < N; i++) {
		count_up(&w->table, cells[i], at[ix[i]]);
		w->model[at[ix[i]]]++;
	}
	buf_release(&bytes);
}

static void
remove_one(struct world *w)
{
	int64_t i = (int64_t)roll(w, KEYS);
	struct buf b = {0};
	struct str key = key_of(&b, i);
	struct cell *c = table_find(&w->table, key, hash_bytes(key.p, key.n));

	w->bad += (c != NULL) != (w->model[i] != 0);
	if (c)
		table_remove(&w->table, c);
	w->model[i] = 0;
	buf_release(&b);
}

static bool
is_right(const struct cell *c, int64_t key, int64_t n)
{
	const struct counter *of =
	    (const struct counter *)(const void *)c->bytes;

	if (of->n != n)
		return false;
	for (unsigned i = 0; i < text_len(n); i++)
		if (of->text[i] != 'a' + (int)(key % 26))
			return false;
	return true;
}

/* A walk gives every key once, in order; some cells are changed on the way. */
static void
walk(struct world *w, bool change)
{
	struct table_walk *walk = table_walk_begin(&w->table);
	struct cell *c;
	int64_t i = 0;

	while ((c = table_walk_next(walk))) {
		struct str key = cell_key(&w->table, c);
		const char *p = key.p;
		int64_t at = key_get(&p, key.p + key.n, NULL).i;

		for (; i < at; i++)
			w->bad += w->model[i] != 0;
		w->bad += !is_right(c, at, w->model[at]);
		i = at + 1;
		if (!change || roll(w, 5))
			continue;
		/* The text has its full length already, or c is skipped. */
		if (counter_of(c->bytes)->n > 40) {
			counter_of(c->bytes)->n++;
			w->model[at]++;
			table_touch(&w->table, c);
		}
	}
	for (; i < KEYS; i++)
		w->bad += w->model[i] != 0;
	table_walk_end(walk);
}

static void
look_at_all(struct world *w)
{
	struct buf b = {0};

	for (int64_t i = 0; i < KEYS; i++) {
		struct str key = key_of(&b, i);
		struct cell *c =
		    table_find(&w->table, key, hash_bytes(key.p, key.n));

		w->bad += (c != NULL) != (w->model[i] != 0) ||
			  (c && !is_right(c, i, w->model[i]));
	}
	buf_release(&b);
}

static void
test_random(size_t memory, const struct cell_codec *codec, const char *what)
{
	struct world *w = mem_zalloc(sizeof *w);
	const struct store_options options = {0};
	struct err err = {0};

	w->memory = memory;
	w->codec = codec;
	w->random = 88172645463325252u;
	must(!store_open_temporary(&w->store, &options, &err));
	begin_run(w);
	for (unsigned round = 0; round < 3000; round++) {
		unsigned what_now = (unsigned)roll(w, 100);

		if (what_now < 80)
			count_some(w);
		else if (what_now < 90)
			remove_one(w);
		else if (what_now < 92)
			walk(w, what_now & 1);
		else if (what_now < 93)
			commit(w);
		else if (what_now < 94)
			state_prepare(w->state);
		else if (what_now == 94 && !roll(w, 8))
			table_load(&w->table);
		else if (what_now == 95 && !roll(w, 4))
			look_at_all(w);
		if (what_now == 96 && !roll(w, 4)) {
			commit(w);
			end_run(w);
			begin_run(w);
		}
		state_settle(w->state);
		if (memory != SIZE_MAX)
			w->bad += state_memory(w->state) > memory;
	}
	look_at_all(w);
	walk(w, false);
	ok(w->bad == 0, "%s: as the model has it", what);
	ok(!state_failed(w->state, &err), "%s: nothing has failed", what);
	ok(memory == SIZE_MAX || w->keep.drops > KEYS,
	    "%s: cells were evicted when memory is short", what);
	end_run(w);
	store_close(w->store, &err);
	mem_free(w);
}

/* A bucket is dropped with its cells, in memory and stored ones. */
static void
test_drop(void)
{
	struct world *w = mem_zalloc(sizeof *w);
	const struct store_options options = {0};
	struct err err = {0};

	w->memory = SIZE_MAX;
	w->codec = &counter_codec;
	w->random = 1234567;
	must(!store_open_temporary(&w->store, &options, &err));
	begin_run(w);
	count_some(w);
	commit(w);
	count_some(w);
	table_drop(&w->table);
	ok(!w->table.kept && !w->table.n, "a dropped table is empty");
	state_free(w->state);
	begin_run(w);
	memset(w->model, 0, sizeof w->model);
	walk(w, false);
	look_at_all(w);
	ok(!w->bad, "and so is its bucket");
	count_some(w);
	commit(w);
	end_run(w);
	begin_run(w);
	table_load(&w->table);
	table_drop(&w->table);
	state_free(w->state);
	begin_run(w);
	memset(w->model, 0, sizeof w->model);
	look_at_all(w);
	ok(!w->bad, "also where all of it had been loaded");
	end_run(w);
	store_close(w->store, &err);
	mem_free(w);
}

static struct cell *
find_key(struct world *w, int64_t i)
{
	struct buf b = {0};
	struct str key = key_of(&b, i);
	struct cell *c = table_find(&w->table, key, hash_bytes(key.p, key.n));

	buf_release(&b);
	return c;
}

/*
 * Keys that will be asked for are brought into memory at once, and those that
 * are not there are known until something is evicted.
 */
static void
test_fetch(void)
{
	struct world *w = mem_zalloc(sizeof *w);
	const struct store_options options = {0};
	struct err err = {0};
	struct buf b[3] = {{0}};
	struct str keys[3];
	uint64_t hashes[3];
	struct cell *c;

	w->memory = SIZE_MAX;
	w->codec = &counter_codec;
	must(!store_open_temporary(&w->store, &options, &err));
	begin_run(w);
	for (unsigned i = 0; i < 3; i++) {
		keys[i] = key_of(&b[i], i);
		hashes[i] = hash_bytes(keys[i].p, keys[i].n);
	}
	for (unsigned i = 0; i < 2; i++)
		count_up(&w->table,
		    table_cell(&w->table, keys[i], hashes[i])->bytes, i);
	commit(w);
	end_run(w);
	begin_run(w);
	table_fetch(&w->table, keys + 1, hashes + 1, 2);
	ok(w->table.n == 1 && !w->table.n_made && !w->table.cells[0]->changed,
	    "what is there is in memory, unchanged, and nothing is made");
	/* Nobody but the table puts what is in its bucket: now somebody does.
	 */
	state_delete(w->map, -7, keys[1]);
	state_put(w->map, -7, keys[2],
	    STR("\x00\x02\x01"
		"c"));
	c = find_key(w, 1);
	ok(c && is_right(c, 1, 1), "it is not read again");
	ok(!find_key(w, 2), "what is not there is not looked for again");
	ok(find_key(w, 0) != NULL, "another key is");
	while (w->table.n)
		must(kept_evict(w->table.kept));
	ok(find_key(w, 2) != NULL, "until cells are evicted");
	ok(!state_failed(w->state, &err), "nothing has failed");
	for (unsigned i = 0; i < 3; i++)
		buf_release(&b[i]);
	end_run(w);
	store_close(w->store, &err);
	mem_free(w);
}

/* Bytes that are no value are damage, and nothing worse. */
static void
test_damage(void)
{
	static const struct str bad[] = {{"", 0}, {"\x00", 1}, {"\x00\x02", 2},
	    {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11},
	    {"\x00\x04\x02"
	     "aa",
		5},
	    {"\x00\x04\x02"
	     "a",
		4}};
	const struct store_options options = {0};
	struct err err = {0};
	struct buf b = {0};
	int missed = 0;

	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct world *w = mem_zalloc(sizeof *w);
		struct str key = key_of(&b, 5);

		w->memory = SIZE_MAX;
		w->codec = i & 1 ? &counter_codec : &fast_codec;
		must(!store_open_temporary(&w->store, &options, &err));
		begin_run(w);
		state_put(w->map, -7, key, bad[i]);
		end_run(w);
		begin_run(w);
		if (i & 2)
			table_load(&w->table);
		else
			table_find(&w->table, key, hash_bytes(key.p, key.n));
		/* {0, 4, 2, a, a} is the value of a counter of 2. */
		missed += state_failed(w->state, &err) != (i != 4);
		err_release(&err);
		end_run(w);
		store_close(w->store, &err);
		mem_free(w);
	}
	ok(!missed, "damaged values are found");
	buf_release(&b);
}

/* What has to stay ends the run when it is too much. */
static void
test_too_much(void)
{
	struct world *w = mem_zalloc(sizeof *w);
	const struct store_options options = {0};
	struct err err = {0};

	w->memory = 64 << 10;
	w->codec = &fast_codec;
	w->random = 99;
	must(!store_open_temporary(&w->store, &options, &err));
	begin_run(w);
	for (unsigned i = 0; i < 300; i++) {
		count_some(w);
		state_settle(w->state);
	}
	ok(state_failed(w->state, &err) && err.code == ERR_MEMORY &&
		strstr(err.message, "\"count\""),
	    "a step that cannot let go of enough is named");
	err_release(&err);
	end_run(w);
	store_close(w->store, &err);
	mem_free(w);
}

int
main(void)
{
	test_random(SIZE_MAX, &counter_codec, "without a limit");
	test_random(SIZE_MAX, &fast_codec, "cells that stay");
	test_random((size_t)256 << 10, &counter_codec, "256 KiB");
	test_random((size_t)160 << 10, &counter_codec, "160 KiB");
	test_drop();
	test_fetch();
	test_damage();
	test_too_much();
	return tap_done();
}

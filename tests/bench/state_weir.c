/* SPDX-License-Identifier: MIT */
/* The store of weir, for the benchmark of stores. */
#include "data/key.h"
#include "state.h"
#include "state/pieces.h"
#include "state/store.h"

#include <time.h>

#include "base/mem.h"

struct db {
	struct store *store;
	struct buf keys;
};

static void
failed(struct err *err)
{
	give_up("weir", err->message);
}

/* The first has all of the value, the others have counts. */
static bool
fold(void *arg, struct str key, struct str pieces, bool whole, struct buf *out)
{
	size_t from = out->n;
	struct str piece;

	(void)arg, (void)key, (void)whole;
	while (pieces_next(&pieces, &piece) && piece.n == VALUE)
		if (out->n == from)
			buf_adds(out, piece);
		else
			add_counter(out->p + from, piece.p);
	return out->n > from;
}

static void *
open_db(const char *dir, size_t cache)
{
	struct store_options o = {.create = true, .cache_bytes = cache};
	struct db *db = mem_zalloc(sizeof *db);
	struct err err = {0};

	if (store_open(&db->store, dir, &o, &err))
		failed(&err);
	store_set_fold(db->store, 0, fold, NULL);
	return db;
}

static void
close_db(void *arg)
{
	struct db *db = arg;
	struct err err = {0};

	if (store_close(db->store, &err))
		failed(&err);
	buf_release(&db->keys);
	mem_free(db);
}

static struct str
key_of(struct buf *room, const char *key)
{
	size_t at = room->n;

	key_put(room, value_of_str(T_BYTES, (struct str){key, KEY}));
	return (struct str){room->p + at, room->n - at};
}

static void
put(void *arg, int bucket, const char *key, const char *value)
{
	struct db *db = arg;

	db->keys.n = 0;
	store_put(db->store, 0, bucket, key_of(&db->keys, key),
	    (struct str){value, VALUE});
}

static void
commit(void *arg, bool wait, uint64_t *pause_ns)
{
	struct db *db = arg;
	struct store_commit c = {.note = {"offsets", 7}};
	uint64_t begin = now_ns();
	struct err err = {0};

	if (store_commit(db->store, &c, &err))
		failed(&err);
	*pause_ns = now_ns() - begin;
	if (wait && store_wait(db->store, &err))
		failed(&err);
}

static bool
idle(void *arg)
{
	struct db *db = arg;

	return !store_is_busy(db->store);
}

static size_t
get(void *arg, const char *keys, size_t n, char *out)
{
	struct db *db = arg;
	struct str *names = mem_array(n, sizeof *names);
	struct str *values = mem_array(n, sizeof *values);
	size_t found = 0;

	db->keys.n = 0;
	buf_reserve(&db->keys, n * (KEY + 16));
	for (size_t i = 0; i < n; i++)
		names[i] = key_of(&db->keys, keys + i * KEY);
	if (!store_get_many(db->store, 0, 0, names, n, values)) {
		struct err err = {0};

		store_failed(db->store, &err);
		failed(&err);
	}
	for (size_t i = 0; i < n; i++)
		if (values[i].p && values[i].n == VALUE) {
			memcpy(out + i * VALUE, values[i].p, VALUE);
			found++;
		}
	mem_free(names);
	mem_free(values);
	return found;
}

static size_t
scan(void *arg)
{
	struct db *db = arg;
	struct store_scan *c = store_scan_begin(db->store, 0, 0);
	struct str key, value;
	size_t n = 0;

	while (store_scan_next(c, &key, &value))
		n++;
	store_scan_end(c);
	return n;
}

static void
drop(void *arg, int from, int to)
{
	struct db *db = arg;

	for (int i = from; i < to; i++)
		store_drop(db->store, 0, i);
}

/* Merges are installed by commits. */
static void
settle(void *arg)
{
	struct timespec tick = {.tv_nsec = 100000000};
	struct db *db = arg;
	struct store_info before, after = {0};
	unsigned still = 0;
	uint64_t pause;

	while (still < 20) {
		before = after;
		nanosleep(&tick, NULL);
		commit(db, true, &pause);
		store_info(db->store, &after);
		still = before.n_runs == after.n_runs &&
				before.run_bytes == after.run_bytes
			    ? still + 1
			    : 0;
	}
}

static void
add(void *arg, const char *key, const char *one)
{
	struct db *db = arg;

	db->keys.n = 0;
	store_append(
	    db->store, 0, 0, key_of(&db->keys, key), (struct str){one, VALUE});
}

const struct engine engine_weir = {
    "weir", open_db, close_db, put, commit, idle, get, scan, drop, settle, add};

/* SPDX-License-Identifier: MIT */
/*
 * RocksDB, for the benchmark of stores: a synced log, bloom filters of ten
 * bits, dynamic levels, no compression (values are random), two background
 * jobs. The bucket comes before the key.
 */
#include <rocksdb/c.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "state.h"

#define MANY 256

struct db {
	rocksdb_t *db;
	rocksdb_options_t *options;
	rocksdb_writeoptions_t *sync;
	rocksdb_readoptions_t *read;
	rocksdb_writebatch_t *batch;
};

static void
check(char *why)
{
	if (why)
		give_up("RocksDB", why);
}

/* ---- the merge operator: counters are added ---- */

static char *
fold(const char *const *ones, const size_t *lengths, int n, char *all,
    unsigned char *success, size_t *length)
{
	for (int i = 0; i < n; i++)
		if (lengths[i] == VALUE)
			add_counter(all, ones[i]);
	*success = 1;
	*length = VALUE;
	return all;
}

static char *
full_merge(void *state, const char *key, size_t key_n, const char *value,
    size_t n, const char *const *ones, const size_t *lengths, int n_ones,
    unsigned char *success, size_t *length)
{
	char *all = calloc(1, VALUE);

	(void)state, (void)key, (void)key_n;
	if (value && n == VALUE)
		memcpy(all, value, VALUE);
	return fold(ones, lengths, n_ones, all, success, length);
}

static char *
partial_merge(void *state, const char *key, size_t key_n,
    const char *const *ones, const size_t *lengths, int n_ones,
    unsigned char *success, size_t *length)
{
	(void)state, (void)key, (void)key_n;
	return fold(ones, lengths, n_ones, calloc(1, VALUE), success, length);
}

static void
forget(void *state)
{
	(void)state;
}

static const char *
operator_name(void *state)
{
	(void)state;
	return "counter";
}

static void *
open_db(const char *dir, size_t cache)
{
	struct db *db = calloc(1, sizeof *db);
	rocksdb_block_based_table_options_t *table =
	    rocksdb_block_based_options_create();
	char *why = NULL;

	db->options = rocksdb_options_create();
	rocksdb_options_set_create_if_missing(db->options, 1);
	rocksdb_options_set_compression(db->options, rocksdb_no_compression);
	rocksdb_options_set_level_compaction_dynamic_level_bytes(
	    db->options, 1);
	rocksdb_options_increase_parallelism(db->options, 2);
	rocksdb_block_based_options_set_block_cache(
	    table, rocksdb_cache_create_lru(cache));
	rocksdb_block_based_options_set_filter_policy(
	    table, rocksdb_filterpolicy_create_bloom_full(10));
	rocksdb_options_set_block_based_table_factory(db->options, table);
	rocksdb_options_set_merge_operator(
	    db->options, rocksdb_mergeoperator_create(NULL, forget, full_merge,
			     partial_merge, NULL, operator_name));
	db->sync = rocksdb_writeoptions_create();
	rocksdb_writeoptions_set_sync(db->sync, 1);
	db->read = rocksdb_readoptions_create();
	db->batch = rocksdb_writebatch_create();
	db->db = rocksdb_open(db->options, dir, &why);
	check(why);
	return db;
}

static void
close_db(void *arg)
{
	struct db *db = arg;

	rocksdb_close(db->db);
	free(db);
}

static void
put(void *arg, int bucket, const char *key, const char *value)
{
	struct db *db = arg;
	char full[FULL_KEY];

	full_key(full, bucket, key);
	rocksdb_writebatch_put(db->batch, full, FULL_KEY, value, VALUE);
}

static void
commit(void *arg, bool wait, uint64_t *pause_ns)
{
	struct db *db = arg;
	uint64_t from = now_ns();
	char *why = NULL;

	rocksdb_write(db->db, db->sync, db->batch, &why);
	check(why);
	rocksdb_writebatch_clear(db->batch);
	(void)wait; /* it always does */
	*pause_ns = now_ns() - from;
}

static size_t
get_some(struct db *db, const char *keys, size_t n, char *out)
{
	static char full[MANY][FULL_KEY];
	const char *p[MANY];
	size_t sizes[MANY], lengths[MANY], found = 0;
	char *values[MANY], *why[MANY];

	for (size_t i = 0; i < n; i++) {
		full_key(full[i], 0, keys + i * KEY);
		p[i] = full[i];
		sizes[i] = FULL_KEY;
	}
	rocksdb_multi_get(db->db, db->read, n, p, sizes, values, lengths, why);
	for (size_t i = 0; i < n; i++) {
		check(why[i]);
		if (!values[i] || lengths[i] != VALUE)
			continue;
		memcpy(out + i * VALUE, values[i], VALUE);
		rocksdb_free(values[i]);
		found++;
	}
	return found;
}

static bool
idle(void *db)
{
	(void)db;
	return true;
}

static size_t
get(void *arg, const char *keys, size_t n, char *out)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i += MANY)
		found += get_some(arg, keys + i * KEY,
		    n - i < MANY ? n - i : MANY, out + i * VALUE);
	return found;
}

static size_t
scan(void *arg)
{
	struct db *db = arg;
	rocksdb_iterator_t *it = rocksdb_create_iterator(db->db, db->read);
	size_t n = 0;

	for (rocksdb_iter_seek_to_first(it); rocksdb_iter_valid(it);
	     rocksdb_iter_next(it))
		n++;
	rocksdb_iter_destroy(it);
	return n;
}

static void
drop(void *arg, int from, int to)
{
	static const char zero[KEY];
	struct db *db = arg;
	char a[FULL_KEY], b[FULL_KEY];

	full_key(a, from, zero);
	full_key(b, to, zero);
	rocksdb_writebatch_delete_range(db->batch, a, FULL_KEY, b, FULL_KEY);
}

static uint64_t
busy(rocksdb_t *db, const char *property)
{
	uint64_t n = 0;

	rocksdb_property_int(db, property, &n);
	return n;
}

static void
settle(void *arg)
{
	struct db *db = arg;
	rocksdb_flushoptions_t *f = rocksdb_flushoptions_create();
	struct timespec wait = {.tv_nsec = 10000000};
	char *why = NULL;

	rocksdb_flush(db->db, f, &why);
	check(why);
	rocksdb_flushoptions_destroy(f);
	while (busy(db->db, "rocksdb.num-running-compactions") ||
	       busy(db->db, "rocksdb.compaction-pending"))
		nanosleep(&wait, NULL);
}

static void
add(void *arg, const char *key, const char *one)
{
	struct db *db = arg;
	char full[FULL_KEY];

	full_key(full, 0, key);
	rocksdb_writebatch_merge(db->batch, full, FULL_KEY, one, VALUE);
}

const struct engine engine_rocksdb = {"RocksDB", open_db, close_db, put, commit,
    idle, get, scan, drop, settle, add};

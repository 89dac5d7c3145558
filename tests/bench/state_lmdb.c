/* SPDX-License-Identifier: MIT */
/*
 * LMDB, for the benchmark of stores: its default durability, no read-ahead.
 * The bucket comes before the key. What is put is kept sorted by it as it
 * comes; puts in ascending order are appended.
 */
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

struct db {
	MDB_env *env;
	MDB_dbi dbi;
	MDB_txn *txn;
	char last[FULL_KEY];
	bool ascending;
};

static void
check(int rc)
{
	if (rc)
		give_up("LMDB", mdb_strerror(rc));
}

static void *
open_db(const char *dir, size_t cache)
{
	struct db *db = calloc(1, sizeof *db);
	MDB_txn *txn;

	(void)cache;
	check(mdb_env_create(&db->env));
	check(mdb_env_set_mapsize(db->env, (size_t)64 << 30));
	check(mdb_env_open(db->env, dir, MDB_NORDAHEAD, 0600));
	check(mdb_txn_begin(db->env, NULL, 0, &txn));
	check(mdb_dbi_open(txn, NULL, 0, &db->dbi));
	check(mdb_txn_commit(txn));
	return db;
}

static void
close_db(void *arg)
{
	struct db *db = arg;

	mdb_env_close(db->env);
	free(db);
}

static void
begin(struct db *db)
{
	if (!db->txn)
		check(mdb_txn_begin(db->env, NULL, 0, &db->txn));
}

static void
put(void *arg, int bucket, const char *key, const char *value)
{
	struct db *db = arg;
	char full[FULL_KEY], bytes[VALUE];
	MDB_val k = {sizeof full, full}, v = {VALUE, bytes};
	bool more;
	int rc = MDB_KEYEXIST;

	begin(db);
	full_key(full, bucket, key);
	memcpy(bytes, value, VALUE);
	more = memcmp(full, db->last, sizeof full) > 0;
	if (more)
		rc = mdb_put(db->txn, db->dbi, &k, &v, MDB_APPEND);
	if (rc == MDB_KEYEXIST)
		rc = mdb_put(db->txn, db->dbi, &k, &v, 0);
	check(rc);
	memcpy(db->last, full, sizeof full);
}

static void
commit(void *arg, bool wait, uint64_t *pause_ns)
{
	struct db *db = arg;
	uint64_t from = now_ns();

	begin(db);
	check(mdb_txn_commit(db->txn));
	db->txn = NULL;
	(void)wait; /* it always does */
	*pause_ns = now_ns() - from;
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
	struct db *db = arg;
	MDB_txn *txn = db->txn;
	size_t found = 0;

	if (!txn)
		check(mdb_txn_begin(db->env, NULL, MDB_RDONLY, &txn));
	for (size_t i = 0; i < n; i++) {
		char full[FULL_KEY];
		MDB_val k = {sizeof full, full}, v;

		full_key(full, 0, keys + i * KEY);
		if (mdb_get(txn, db->dbi, &k, &v) || v.mv_size != VALUE)
			continue;
		memcpy(out + i * VALUE, v.mv_data, VALUE);
		found++;
	}
	if (txn != db->txn)
		mdb_txn_abort(txn);
	return found;
}

static size_t
scan(void *arg)
{
	struct db *db = arg;
	MDB_cursor *c;
	MDB_txn *txn;
	MDB_val k, v;
	size_t n = 0;

	check(mdb_txn_begin(db->env, NULL, MDB_RDONLY, &txn));
	check(mdb_cursor_open(txn, db->dbi, &c));
	while (!mdb_cursor_get(c, &k, &v, MDB_NEXT))
		n++;
	mdb_cursor_close(c);
	mdb_txn_abort(txn);
	return n;
}

static void
drop(void *arg, int from, int to)
{
	struct db *db = arg;
	char full[FULL_KEY], end[FULL_KEY], zero[KEY] = {0};
	MDB_val k = {sizeof full, full}, v;
	MDB_cursor *c;

	begin(db);
	full_key(full, from, zero);
	full_key(end, to, zero);
	check(mdb_cursor_open(db->txn, db->dbi, &c));
	if (!mdb_cursor_get(c, &k, &v, MDB_SET_RANGE))
		do {
			if (memcmp(k.mv_data, end, sizeof end) >= 0)
				break;
			check(mdb_cursor_del(c, 0));
		} while (!mdb_cursor_get(c, &k, &v, MDB_GET_CURRENT) ||
			 !mdb_cursor_get(c, &k, &v, MDB_NEXT));
	mdb_cursor_close(c);
}

static void
settle(void *arg)
{
	(void)arg;
}

const struct engine engine_lmdb = {"LMDB", open_db, close_db, put, commit, idle,
    get, scan, drop, settle, NULL};

/* SPDX-License-Identifier: MIT */
/*
 * A store as the benchmark of stores (state.c) sees it. Each engine gets what
 * it does best by itself: its own batches, its own way to read many keys.
 */
#ifndef WEIR_BENCH_STATE_H
#define WEIR_BENCH_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define KEY 16
#define VALUE 48
#define FULL_KEY (2 + KEY)

/* Engines that know no buckets have theirs in front of the key. */
static inline void
full_key(char to[FULL_KEY], int bucket, const char *key)
{
	to[0] = (char)(bucket >> 8);
	to[1] = (char)bucket;
	memcpy(to + 2, key, KEY);
}

struct engine {
	const char *name;
	/* cache: bytes that it may keep in memory of its own. */
	void *(*open)(const char *dir, size_t cache);
	void (*close)(void *db);
	/* Part of the next commit. bucket: where the key lives. */
	void (*put)(void *db, int bucket, const char *key, const char *value);
	/*
	 * Durable when it returns, or, without wait, soon: then the next one
	 * waits for it, if the engine can do that. *pause_ns: until the caller
	 * could have gone on.
	 */
	void (*commit)(void *db, bool wait, uint64_t *pause_ns);
	/* Is all that was committed durable? */
	bool (*idle)(void *db);
	/* n keys of bucket 0, values to out (n * VALUE); how many were found.
	 */
	size_t (*get)(void *db, const char *keys, size_t n, char *out);
	/* All entries of bucket 0; their number. */
	size_t (*scan)(void *db);
	/* Everything in buckets [from, to); part of the next commit. */
	void (*drop)(void *db, int from, int to);
	/* Waits until nothing is done in the background. */
	void (*settle)(void *db);
	/*
	 * Adds one to the counter (COUNT_AT) of a key of bucket 0, where the
	 * engine can do that unread: one is a value with nothing else in it.
	 * Part of the next commit.
	 */
	void (*add)(void *db, const char *key, const char *one);
};

/* Eight bytes of a value are a number, in the order of this machine. */
#define COUNT_AT 8

static inline void
add_counter(char *to, const char *more)
{
	uint64_t a, b;

	memcpy(&a, to + COUNT_AT, sizeof a);
	memcpy(&b, more + COUNT_AT, sizeof b);
	a += b;
	memcpy(to + COUNT_AT, &a, sizeof a);
}

extern const struct engine engine_lmdb, engine_rocksdb, engine_weir;

uint64_t now_ns(void);
_Noreturn void give_up(const char *what, const char *why);

#endif

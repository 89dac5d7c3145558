/* SPDX-License-Identifier: MIT */
/*
 * Runs for tests: a directory of their own, random entries in order, and the
 * same written to a file.
 */
#ifndef WEIR_TESTS_RUN_GEN_H
#define WEIR_TESTS_RUN_GEN_H

#include "state/run_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/must.h"
#include "data/key.h"
#include "data_gen.h"
#include "tap.h"

struct entries {
	struct run_entry *at;
	size_t n, cap;
	struct arena arena;
};

static char run_dir[4096];
static int run_dir_fd;

static inline void
run_dir_make(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(
	    run_dir, sizeof run_dir, "%s/weir-run-XXXXXX", tmp ? tmp : "/tmp");
	must(mkdtemp(run_dir));
	run_dir_fd = open(run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(run_dir_fd >= 0);
}

static inline void
run_dir_remove(void)
{
	close(run_dir_fd);
	must(!rmdir(run_dir));
}

static inline void
entries_release(struct entries *e)
{
	mem_free(e->at);
	arena_release(&e->arena);
	*e = (struct entries){0};
}

static inline struct run_entry *
entries_add(struct entries *e, unsigned map, int64_t bucket, struct str key,
    struct str value, bool deleted)
{
	mem_grow(&e->at, &e->cap, e->n + 1, sizeof *e->at);
	e->at[e->n] = (struct run_entry){map, bucket, arena_str(&e->arena, key),
	    arena_str(&e->arena, deleted ? (struct str){0} : value), deleted,
	    PIECES_NONE};
	return &e->at[e->n++];
}

static inline int
entry_cmp(const void *x, const void *y)
{
	const struct run_entry *a = x, *b = y;

	if (a->map != b->map)
		return a->map < b->map ? -1 : 1;
	if (a->bucket != b->bucket)
		return a->bucket < b->bucket ? -1 : 1;
	return key_cmp(a->key, b->key);
}

/* Sorts; of equal ones the first stays. */
static inline void
entries_sort(struct entries *e)
{
	size_t n = 0;

	qsort(e->at, e->n, sizeof *e->at, entry_cmp);
	for (size_t i = 0; i < e->n; i++)
		if (!n || entry_cmp(&e->at[n - 1], &e->at[i]))
			e->at[n++] = e->at[i];
	e->n = n;
}

static inline struct str
key_of_int(struct buf *b, int64_t i)
{
	b->n = 0;
	key_put(b, value_int(i));
	return buf_str(b);
}

/* n entries (about) of random keys, values, maps and buckets. */
static inline void
entries_random(struct entries *e, size_t n, unsigned maps, unsigned most)
{
	static const int64_t buckets[] = {INT64_MIN, -1, 0, 1, INT64_MAX};
	struct buf key = {0};

	for (size_t i = 0; i < n; i++) {
		bool deleted = !gen_below(5);
		struct str value = gen_text(&e->arena, gen_below(most + 1));

		key.n = 0;
		for (uint32_t k = gen_below(4); k; k--)
			key_put(&key, gen_value(&e->arena));
		if (gen_below(2))
			key_put(&key, value_int(gen_below(1000)));
		entries_add(e, gen_below(maps) * 77,
		    buckets[gen_below(sizeof buckets / sizeof *buckets)],
		    buf_str(&key), deleted ? (struct str){0} : value, deleted);
	}
	buf_release(&key);
	entries_sort(e);
}

struct written {
	uint64_t bytes;
	uint32_t crc;
};

static inline struct written
run_write(const struct entries *e, const char *name, uint64_t number)
{
	struct err err = {0};
	struct written got = {0};
	struct run_writer *w =
	    run_writer_new(run_dir_fd, name, number, e->n, &err);

	must(w);
	for (size_t i = 0; i < e->n; i++)
		must(run_writer_add(w, &e->at[i]));
	must(!run_writer_finish(w, &got.bytes, &got.crc, &err));
	return got;
}

/* NULL if it does not open; says why. */
static inline struct run_file *
run_open(const char *name, uint64_t number, struct written w,
    struct block_cache *cache)
{
	struct err err = {0};
	struct run_file *r = run_file_open(
	    run_dir_fd, name, number, w.bytes, w.crc, cache, &err);

	if (!r)
		printf("# %s\n", err.message);
	err_release(&err);
	return r;
}

static inline bool
entry_same(const struct run_entry *a, const struct run_entry *b)
{
	return !entry_cmp(a, b) && a->deleted == b->deleted &&
	       str_eq(a->value, b->value) && str_eq(a->key, b->key);
}

static inline void
print_line(void *arg, const char *line)
{
	(void)arg;
	printf("# %s\n", line);
}

static inline void
no_line(void *arg, const char *line)
{
	(void)arg;
	(void)line;
}

#endif

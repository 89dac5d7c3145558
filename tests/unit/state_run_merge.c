/* SPDX-License-Identifier: MIT */
/*
 * Merges of random runs, beside a plain model: the newest of every key, with
 * tombstones and without them, sections left out.
 */
#include "run_gen.h"

#define RUNS_MAX 20

/* Sections of which dead() says so are left out. */
static bool
dead(void *arg, unsigned cursor, unsigned map, int64_t bucket)
{
	const unsigned *salt = arg;

	return (cursor * 31 + map + (unsigned)(bucket & 7) + *salt) % 4 == 0;
}

static void
expect(struct entries *want, const struct entries *runs, unsigned n, bool last,
    unsigned *salt)
{
	size_t kept = 0;

	/* Sorting is not stable: the newest is found first, then looked up. */
	for (unsigned i = 0; i < n; i++) {
		size_t old = want->n;

		for (size_t k = 0; k < runs[i].n; k++) {
			const struct run_entry *x = &runs[i].at[k];

			if (salt && dead(salt, i, x->map, x->bucket))
				continue;
			if (old &&
			    bsearch(x, want->at, old, sizeof *x, entry_cmp))
				continue;
			entries_add(want, x->map, x->bucket, x->key, x->value,
			    x->deleted);
		}
		entries_sort(want);
	}
	for (size_t i = 0; i < want->n; i++)
		if (!last || !want->at[i].deleted)
			want->at[kept++] = want->at[i];
	want->n = kept;
}

static void
one_merge(unsigned n, size_t size, bool last, unsigned *salt)
{
	struct entries runs[RUNS_MAX] = {0}, want = {0};
	struct run_file *files[RUNS_MAX];
	struct run_cursor *cursors[RUNS_MAX];
	struct run_merge *m;
	struct run_entry e;
	struct err err = {0};
	size_t wrong = 0, at = 0;
	char name[16];
	int got;

	for (unsigned i = 0; i < n; i++) {
		entries_random(&runs[i], gen_below((uint32_t)size), 3, 30);
		snprintf(name, sizeof name, "run%u", i);
		files[i] =
		    run_open(name, i, run_write(&runs[i], name, i), NULL);
		must(files[i]);
		cursors[i] = run_cursor_new(files[i]);
		unlinkat(run_dir_fd, name, 0);
	}
	expect(&want, runs, n, last, salt);
	m = run_merge_new(cursors, n, last, salt ? dead : NULL, salt);
	while ((got = run_merge_next(m, &e, &err)) > 0) {
		wrong += at == want.n || !entry_same(&e, &want.at[at]);
		at += at < want.n;
	}
	ok(!got && !wrong && at == want.n,
	    "%u runs of up to %zu%s%s: %zu entries, %zu wrong", n, size,
	    last ? ", the last" : "", salt ? ", some dead" : "", want.n, wrong);
	run_merge_free(m);
	for (unsigned i = 0; i < n; i++) {
		run_file_close(files[i]);
		entries_release(&runs[i]);
	}
	entries_release(&want);
}

/* A run that is damaged within ends the merge with an error. */
static void
test_damage(void)
{
	struct entries e = {0};
	struct run_file *files[2];
	struct run_cursor *cursors[2];
	struct run_merge *m;
	struct run_entry x;
	struct err err = {0};
	struct buf key = {0};
	int fd, got;

	for (int64_t i = 0; i < 100000; i++)
		entries_add(
		    &e, 0, 0, key_of_int(&key, i), key_of_int(&key, i), false);
	files[0] = run_open("a", 1, run_write(&e, "a", 1), NULL);
	files[1] = run_open("b", 2, run_write(&e, "b", 2), NULL);
	must(files[0] && files[1]);
	fd = openat(run_dir_fd, "b", O_WRONLY | O_CLOEXEC);
	must(fd >= 0 && pwrite(fd, "ouch", 4, 1000000) == 4);
	close(fd);
	cursors[0] = run_cursor_new(files[0]);
	cursors[1] = run_cursor_new(files[1]);
	m = run_merge_new(cursors, 2, true, NULL, NULL);
	while ((got = run_merge_next(m, &x, &err)) > 0)
		;
	ok(got < 0 && err.code == ERR_STATE, "damage ends it: %s",
	    err.message ? err.message : "");
	run_merge_free(m);
	run_file_close(files[0]);
	run_file_close(files[1]);
	entries_release(&e);
	err_release(&err);
	buf_release(&key);
	unlinkat(run_dir_fd, "a", 0);
	unlinkat(run_dir_fd, "b", 0);
}

int
main(void)
{
	static const unsigned counts[] = {0, 1, 2, 3, 5, 8, 13, RUNS_MAX};

	run_dir_make();
	for (unsigned i = 0; i < sizeof counts / sizeof *counts; i++)
		for (unsigned salt = 0; salt < 3; salt++) {
			one_merge(counts[i], 2000, salt & 1, NULL);
			one_merge(counts[i], 2000, salt & 1, &salt);
		}
	test_damage();
	run_dir_remove();
	return tap_done();
}

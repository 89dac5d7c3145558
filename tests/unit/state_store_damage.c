/* SPDX-License-Identifier: MIT */
/*
 * Damage: every byte of every file of a small directory with a bit turned (with
 * WEIR_FAULTS=full, every bit), every file cut off at every length, every file
 * gone. The store says so, or
 * has what was committed; never anything else. Whatever it is, a repair brings
 * the directory back to a commit.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "store_dir.h"

#define KEYS 12
#define COMMITS 11

static const struct store_options look = {.read_only = true};
static const struct store_options own = {0};

static bool every_bit;

/* The last commit: closing makes one more if a run was still being written. */
static uint64_t last;

static void
make(const char *dir)
{
	struct store_options o = {
	    .create = true, .journal_max = 900, .inline_max = 230};
	struct store *s = test_open(dir, &o);

	for (int e = 1; e <= COMMITS; e++) {
		for (int k = 0; k < KEYS; k++) {
			char text[40];

			if ((e * 7 + k) % 3 || (k > 4 && e % 2))
				continue;
			snprintf(text, sizeof text, "commit %d", e);
			store_put(s, 1, k % 2, test_key(k), str_of(text));
		}
		store_set_schema(s, STR("schema"));
		test_commit(s, "note");
	}
	test_close(s);
	s = test_open(dir, &look);
	last = store_epoch(s);
	test_close(s);
}

/* In which commit key k was put last, as seen after commit e. */
static int
wanted(int e, int k)
{
	while (e > 0 && ((e * 7 + k) % 3 || (k > 4 && e % 2)))
		e--;
	return e;
}

/* Is everything as after commit e, as far as it can be read? */
static bool
is_commit(struct store *s, int e, bool *whole)
{
	bool right = true;

	/* Closing commits once more if what the journal held is in a run. */
	e = e < COMMITS ? e : COMMITS;
	*whole = true;
	for (int k = 0; k < KEYS; k++) {
		const char *got = test_get(s, 1, k % 2, test_key(k));
		char text[40] = "-";

		if (wanted(e, k))
			snprintf(text, sizeof text, "commit %d", wanted(e, k));
		if (!strcmp(got, "damaged"))
			*whole = false;
		else if (strcmp(got, text))
			right = false;
	}
	return right;
}

static void
ignore(void *arg, const char *line)
{
	(void)arg;
	if (getenv("VERBOSE"))
		printf("# %s\n", line);
}

static void
copy(const char *from, char *to, size_t n)
{
	char command[700];

	snprintf(to, n, "%s", test_dir("copy"));
	test_remove(to);
	snprintf(command, sizeof command, "cp -a '%s' '%s'", from, to);
	if (system(command))
		perror(command);
}

/* Repairs that have kept some commit, and did not begin anew. */
static unsigned n_kept;

/* A repaired copy is what some commit made. */
static unsigned
damages(const char *dir)
{
	struct err err = {0};
	unsigned n;

	/* That it is taken for no state is seen, too. */
	if (store_check(dir, ignore, NULL, &n, &err))
		n = 1;
	err_release(&err);
	return n;
}

static bool
repairs(const char *dir)
{
	struct err err = {0};
	char to[300];
	struct store *s;
	bool right, whole;

	copy(dir, to, sizeof to);
	if (store_repair(to, ignore, NULL, &err)) {
		printf("# %s\n", err.message);
		err_release(&err);
		return false;
	}
	s = test_open(to, &own);
	if (!s)
		return false;
	n_kept += store_epoch(s) > 0;
	right = is_commit(s, (int)store_epoch(s), &whole) && whole;
	right &= !test_commit(s, "after") && !test_close(s);
	if (damages(to))
		right = false;
	return right;
}

struct tally {
	unsigned n, detected, harmless, wrong, unseen, repaired, unrepaired;
};

/* Looks at a directory that is damaged somehow. */
static void
try(const char *dir, struct tally *t)
{
	struct err err = {0};
	struct store *s;
	bool whole = false, right = true;
	bool opens = !store_open(&s, dir, &look, &err);

	if (opens) {
		right = is_commit(s, (int)store_epoch(s), &whole) &&
			store_epoch(s) == last;
		test_close(s);
	} else if (err.code != ERR_STATE) {
		printf("# %s\n", err.message);
		right = false;
	}
	err_release(&err);
	t->n++;
	t->wrong += !right;
	t->detected += !whole;
	t->harmless += whole;
	if (!whole && !damages(dir))
		t->unseen++;
	if (t->n % 23 == 0) {
		t->repaired++;
		t->unrepaired += !repairs(dir);
	}
}

static void
each_flip(
    const char *dir, int at, const char *name, off_t size, struct tally *t)
{
	int fd = openat(at, name, O_RDWR);
	/* One of each byte, or all of them: those of one byte are alike. */
	unsigned step = every_bit ? 1 : 8;

	for (off_t k = 0; k < size * 8; k += step) {
		off_t i = k / 8, bit = every_bit ? k % 8 : i * 5 % 8;
		unsigned char byte, bad;

		if (pread(fd, &byte, 1, i) != 1)
			break;
		bad = (unsigned char)(byte ^ 1u << bit);
		if (pwrite(fd, &bad, 1, i) != 1)
			break;
		try(dir, t);
		if (pwrite(fd, &byte, 1, i) != 1)
			break;
	}
	close(fd);
}

static void
each_length(
    const char *dir, int at, const char *name, off_t size, struct tally *t)
{
	char *bytes = mem_alloc((size_t)size + 1);
	int fd = openat(at, name, O_RDWR);

	if (pread(fd, bytes, (size_t)size, 0) == size)
		for (off_t i = size - 1; i >= 0;
		     i -= every_bit ? 1 : 1 + i / 40) {
			if (ftruncate(fd, i))
				break;
			try(dir, t);
		}
	if (pwrite(fd, bytes, (size_t)size, 0) != size)
		perror(name);
	close(fd);
	mem_free(bytes);
}

static void
gone(const char *dir, int at, const char *name, struct tally *t)
{
	if (renameat(at, name, at, "../away"))
		perror(name);
	try(dir, t);
	if (renameat(at, "../away", at, name))
		perror(name);
}

static void
report(const char *what, const struct tally *t)
{
	printf("# %s: %u tried, %u seen when read, %u without effect\n", what,
	    t->n, t->detected, t->harmless);
	ok(t->n && !t->wrong, "%s: never a wrong answer (%u)", what, t->wrong);
	ok(!t->unseen, "%s: a check finds it (%u not)", what, t->unseen);
	ok(t->repaired && !t->unrepaired, "%s: repaired (%u of %u not)", what,
	    t->unrepaired, t->repaired);
}

int
main(void)
{
	const char *dir = test_dir("damage");
	struct tally flips = {0}, lengths = {0}, files = {0};
	unsigned n_files = 0;
	struct dirent *e;
	char top[300];
	DIR *d;

	every_bit =
	    str_eq(str_of(getenv("WEIR_FAULTS") ? getenv("WEIR_FAULTS") : ""),
		STR("full"));
	snprintf(top, sizeof top, "%s", dir);
	make(top);
	ok(last == COMMITS || last == COMMITS + 1, "all commits are there");
	ok(!damages(top), "nothing is damaged at first");
	ok(repairs(top), "and repairing it changes nothing");
	d = opendir(top);
	while (d && (e = readdir(d))) {
		struct stat st;

		if (*e->d_name == '.' || !strcmp(e->d_name, "LOCK") ||
		    fstatat(dirfd(d), e->d_name, &st, 0))
			continue;
		printf("# %s: %lld bytes\n", e->d_name, (long long)st.st_size);
		n_files++;
		each_flip(top, dirfd(d), e->d_name, st.st_size, &flips);
		each_length(top, dirfd(d), e->d_name, st.st_size, &lengths);
		gone(top, dirfd(d), e->d_name, &files);
	}
	closedir(d);
	ok(n_files > 3, "a directory of %u files", n_files);
	ok(n_kept > (flips.repaired + lengths.repaired) / 4,
	    "repairs keep what is whole (%u of %u)", n_kept,
	    flips.repaired + lengths.repaired + files.repaired);
	report("bits", &flips);
	report("lengths", &lengths);
	ok(files.n && !files.wrong, "a file that is gone is missed");
	ok(!damages(top), "nothing is damaged at last");
	test_remove(test_dir(""));
	return tap_done();
}

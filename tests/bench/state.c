/* SPDX-License-Identifier: MIT */
/*
 * state TEST DIR KEYS [ENGINE...]: the store of weir beside RocksDB and LMDB,
 * those that were there when this was built. Keys of 16 bytes, values of 48,
 * both random; the same ones for everybody.
 *
 *	load	KEYS keys, in order, a commit each 500000
 *	open	cold: until one key is read
 *	full	cold: all of it, in order
 *	commit	15 times 100000 changed keys, anywhere: put, made durable
 *	amplify	300 commits of one key in a hundred: bytes written, disk taken
 *	latency	keys anywhere are put, as fast as it goes, and a commit is
 *		begun each 20 ms: how long it stops who puts, and until it is
 *		durable; 300 keys for a commit, 3000, and 1000000
 *	rmw	keys anywhere are read and changed, a commit each 25000, for
 *		20 s; to be run under a memory limit (README.md)
 *	count	right after load: keys anywhere are counted one up, unread where
 *		the engine can do that (pieces, a merge operator); likewise
 *	expire	500000 keys of 10 buckets are dropped
 *	all	load, open, full, commit, rmw, expire, in this order
 *
 * The directory must be empty before load; each engine has one of its own in
 * it. Caches are of 64 MiB, or
 * STATE_CACHE_MB. Answers are verified.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "state.h"

#define CACHE ((size_t)64 << 20)
#define BATCH 256

static const struct engine *const engines[] = {
    &engine_weir,
#if HAVE_ROCKSDB
    &engine_rocksdb,
#endif
#if HAVE_LMDB
    &engine_lmdb,
#endif
};

struct bench {
	const struct engine *e;
	char dir[4096];
	uint64_t keys;
	uint64_t random;
	void *db;
};

void
give_up(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	exit(1);
}

uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t
mix(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static uint64_t
below(struct bench *b, uint64_t n)
{
	b->random += 0x9e3779b97f4a7c15u;
	return (uint64_t)((unsigned __int128)mix(b->random) * n >> 64);
}

/* Key i: they ascend with i, at random distances. */
static void
key_of(const struct bench *b, uint64_t i, char *key)
{
	uint64_t step = UINT64_MAX / b->keys;
	uint64_t high = step * i + mix(i) % step, low = mix(i ^ 77);

	for (unsigned k = 0; k < 8; k++) {
		key[k] = (char)(high >> (56 - 8 * k));
		key[8 + k] = (char)(low >> (8 * k));
	}
}

static void
value_of(uint64_t i, uint64_t round, char *value)
{
	uint64_t word = i;

	for (unsigned k = 0; k < VALUE; k += 8) {
		memcpy(value + k, &word, 8);
		word = mix(word + round + k);
	}
}

static void
put(struct bench *b, uint64_t i, uint64_t round)
{
	char key[KEY], value[VALUE];

	key_of(b, i, key);
	value_of(i, round, value);
	b->e->put(b->db, 0, key, value);
}

static void
say(const struct bench *b, const char *test, const char *what, double n,
    const char *unit)
{
	printf("%-8s %-8s %-28s %10.2f %s\n", test, b->e->name, what, n, unit);
	fflush(stdout);
}

static void
commit(struct bench *b, bool wait)
{
	uint64_t pause;

	b->e->commit(b->db, wait, &pause);
}

static double
ms_since(uint64_t begin)
{
	return (double)(now_ns() - begin) / 1e6;
}

/* Bytes given to write(2) by this process. */
static double
written(void)
{
	unsigned long long n = 0;
	FILE *f = fopen("/proc/self/io", "r");

	if (!f || fscanf(f, "rchar: %*u wchar: %llu", &n) != 1)
		give_up("/proc/self/io", "cannot read");
	fclose(f);
	return (double)n;
}

/* Disk taken by the files; cold: and out of the page cache with them. */
static double
files(const struct bench *b, bool cold)
{
	DIR *d = opendir(b->dir);
	struct dirent *e;
	double n = 0;

	if (!d)
		return 0;
	if (cold)
		sync();
	while ((e = readdir(d))) {
		struct stat st;
		int fd = openat(dirfd(d), e->d_name, O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			continue;
		if (!fstat(fd, &st) && S_ISREG(st.st_mode)) {
			n += (double)st.st_blocks * 512;
			if (cold)
				posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		}
		close(fd);
	}
	closedir(d);
	return n;
}

static void
open_db(struct bench *b)
{
	const char *mb = getenv("STATE_CACHE_MB");

	b->db = b->e->open(
	    b->dir, mb ? (size_t)strtoul(mb, NULL, 10) << 20 : CACHE);
}

static void
close_db(struct bench *b)
{
	b->e->close(b->db);
}

/* Reads n keys anywhere and verifies them. */
static void
read_keys(struct bench *b, const uint64_t *which, size_t n)
{
	static char keys[BATCH * KEY], values[BATCH * VALUE];

	for (size_t i = 0; i < n; i++)
		key_of(b, which[i], keys + i * KEY);
	if (b->e->get(b->db, keys, n, values) != n)
		give_up(b->e->name, "a key is not there");
	for (size_t i = 0; i < n; i++)
		if (memcmp(values + i * VALUE, &which[i], 8) != 0)
			give_up(b->e->name, "a wrong value");
}

/* ---- tests ---- */

static void
test_load(struct bench *b)
{
	uint64_t begin = now_ns();
	double from = written(), raw = (double)b->keys * (KEY + VALUE);

	open_db(b);
	for (uint64_t i = 0; i < b->keys; i++) {
		put(b, i, 0);
		if (i % 500000 == 499999)
			commit(b, true);
	}
	commit(b, true);
	say(b, "load", "time", ms_since(begin) / 1e3, "s");
	b->e->settle(b->db);
	close_db(b);
	say(b, "load", "written / data", (written() - from) / raw, "");
	say(b, "load", "disk / data", files(b, false) / raw, "");
}

static void
test_open(struct bench *b)
{
	uint64_t begin, one = below(b, b->keys), some[BATCH];

	files(b, true);
	begin = now_ns();
	open_db(b);
	read_keys(b, &one, 1);
	say(b, "open", "cold, to one key", ms_since(begin), "ms");
	begin = now_ns();
	for (unsigned i = 0; i < 4; i++) {
		for (unsigned k = 0; k < BATCH; k++)
			some[k] = below(b, b->keys);
		read_keys(b, some, BATCH);
	}
	say(b, "open", "and 1024 more", ms_since(begin), "ms");
	close_db(b);
	begin = now_ns();
	open_db(b);
	read_keys(b, &one, 1);
	say(b, "open", "warm, to one key", ms_since(begin), "ms");
	close_db(b);
}

static void
test_full(struct bench *b)
{
	for (unsigned warm = 0; warm < 2; warm++) {
		uint64_t begin;
		size_t n;

		if (!warm)
			files(b, true);
		begin = now_ns();
		open_db(b);
		n = b->e->scan(b->db);
		if (n < b->keys)
			give_up(b->e->name, "keys are missing");
		say(b, "full", warm ? "warm, keys" : "cold, keys",
		    (double)n / ms_since(begin) / 1e3, "M/s");
		close_db(b);
	}
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
test_commit(struct bench *b)
{
	enum {
		TURNS = 15,
		CHANGED = 100000
	};
	double all[TURNS], commits[TURNS], pauses[TURNS], from;

	open_db(b);
	b->e->settle(b->db);
	from = written();
	for (unsigned t = 0; t < TURNS; t++) {
		uint64_t begin = now_ns(), put_at, pause;

		for (unsigned i = 0; i < CHANGED; i++)
			put(b, below(b, b->keys), t + 1);
		put_at = now_ns();
		b->e->commit(b->db, true, &pause);
		all[t] = ms_since(begin);
		commits[t] = ms_since(put_at);
		pauses[t] = (double)pause / 1e6;
	}
	b->e->settle(b->db);
	qsort(all, TURNS, sizeof *all, by_size);
	qsort(commits, TURNS, sizeof *all, by_size);
	qsort(pauses, TURNS, sizeof *all, by_size);
	say(b, "commit", "put and durable, median", all[TURNS / 2], "ms");
	say(b, "commit", "durable alone, median", commits[TURNS / 2], "ms");
	say(b, "commit", "put and durable, worst", all[TURNS - 1], "ms");
	say(b, "commit", "pause, median", pauses[TURNS / 2], "ms");
	say(b, "commit", "written / changed",
	    (written() - from) / (CHANGED * TURNS * (KEY + VALUE + 0.0)), "");
	close_db(b);
}

/* Commits at a distance, each of `changed` keys. */
static void
latency(struct bench *b, unsigned turns, uint64_t changed, uint64_t tick_ns)
{
	double *pauses = calloc(turns, sizeof *pauses);
	double *waits = calloc(turns, sizeof *waits);
	uint64_t due = now_ns();
	char what[64];

	open_db(b);
	for (unsigned t = 0; t < turns; t++) {
		uint64_t pause = 0, begin;
		bool done = false;

		due += tick_ns;
		for (uint64_t i = 0; i < changed; i++)
			put(b, below(b, b->keys), t + 1);
		while (now_ns() < due)
			;
		begin = now_ns();
		b->e->commit(b->db, false, &pause);
		pauses[t] = (double)pause / 1e6;
		while (!done)
			done = b->e->idle(b->db);
		waits[t] = ms_since(begin);
		if (now_ns() > due)
			due = now_ns();
	}
	qsort(pauses, turns, sizeof *pauses, by_size);
	qsort(waits, turns, sizeof *waits, by_size);
	for (unsigned i = 0; i < 3; i++) {
		static const unsigned parts[] = {50, 98, 100};
		unsigned at = (turns - 1) * parts[i] / 100;

		snprintf(what, sizeof what, "%llu keys, pause, %u%%",
		    (unsigned long long)changed, parts[i]);
		say(b, "latency", what, pauses[at], "ms");
		snprintf(what, sizeof what, "%llu keys, durable, %u%%",
		    (unsigned long long)changed, parts[i]);
		say(b, "latency", what, waits[at], "ms");
	}
	free(pauses);
	free(waits);
	close_db(b);
}

static void
test_latency(struct bench *b)
{
	latency(b, 500, 300, 20000000);
	latency(b, 300, 3000, 20000000);
	latency(b, 5, 1000000, 20000000);
}

static void
test_amplify(struct bench *b)
{
	uint64_t changed = b->keys / 100, begin = now_ns();
	double from, most = 0, raw = (double)b->keys * (KEY + VALUE);
	double worst = 0;

	open_db(b);
	from = written();
	for (unsigned t = 0; t < 300; t++) {
		uint64_t at = now_ns();
		double disk;

		for (uint64_t i = 0; i < changed; i++)
			put(b, below(b, b->keys), t + 1);
		commit(b, true);
		worst = ms_since(at) > worst ? ms_since(at) : worst;
		disk = files(b, false);
		most = disk > most ? disk : most;
	}
	b->e->settle(b->db);
	say(b, "amplify", "written / changed",
	    (written() - from) / ((double)changed * 300 * (KEY + VALUE)), "");
	say(b, "amplify", "disk at most / data", most / raw, "");
	say(b, "amplify", "disk at the end / data", files(b, false) / raw, "");
	say(b, "amplify", "worst commit", worst, "ms");
	say(b, "amplify", "time", ms_since(begin) / 1e3, "s");
	close_db(b);
}

static void
test_rmw(struct bench *b)
{
	enum {
		EACH = 25000
	};
	uint64_t begin, n = 0, round = 100, which[BATCH];
	double seconds;

	open_db(b);
	begin = now_ns();
	do {
		for (unsigned k = 0; k < BATCH; k++)
			which[k] = below(b, b->keys);
		read_keys(b, which, BATCH);
		for (unsigned k = 0; k < BATCH; k++)
			put(b, which[k], round);
		if (n / EACH != (n + BATCH) / EACH) {
			commit(b, false);
			round++;
		}
		n += BATCH;
		seconds = ms_since(begin) / 1e3;
	} while (seconds < 20);
	commit(b, true);
	seconds = ms_since(begin) / 1e3;
	say(b, "rmw", "read, changed, committed", (double)n / seconds / 1e3,
	    "K/s");
	close_db(b);
}

/* One more for each of n keys, in the way the engine does it best. */
static void
count(struct bench *b, const uint64_t *which, size_t n)
{
	static char keys[BATCH * KEY], values[BATCH * VALUE];
	char one[VALUE] = {[COUNT_AT] = 1};

	for (size_t i = 0; i < n; i++)
		key_of(b, which[i], keys + i * KEY);
	if (!b->e->add && b->e->get(b->db, keys, n, values) != n)
		give_up(b->e->name, "a key is not there");
	for (size_t i = 0; i < n; i++) {
		char *value = values + i * VALUE;

		if (b->e->add) {
			b->e->add(b->db, keys + i * KEY, one);
			continue;
		}
		/* A key that is there twice counts once. */
		add_counter(value, one);
		b->e->put(b->db, 0, keys + i * KEY, value);
	}
}

/* Those that were counted have what they had, and so many more. */
static void
verify_counts(struct bench *b, const uint8_t *counts)
{
	char key[KEY], want[VALUE], got[VALUE], one[VALUE] = {[COUNT_AT] = 1};

	for (unsigned n = 0; n < 20000; n++) {
		uint64_t i = below(b, b->keys);

		key_of(b, i, key);
		value_of(i, 0, want);
		for (unsigned k = 0; k < counts[i]; k++)
			add_counter(want, one);
		if (b->e->get(b->db, key, 1, got) != 1 ||
		    (counts[i] < 255 && memcmp(want, got, VALUE) != 0))
			give_up(b->e->name, "a wrong count");
	}
}

static void
test_count(struct bench *b)
{
	enum {
		EACH = 25000
	};
	uint8_t *counts = calloc(b->keys, 1);
	uint64_t begin, n = 0, which[BATCH];
	double seconds;

	open_db(b);
	begin = now_ns();
	do {
		for (unsigned k = 0; k < BATCH; k++) {
			uint64_t i = which[k] = below(b, b->keys);
			bool again = false;

			/* All do the same work: none twice in a batch. */
			for (unsigned m = 0; m < k && !again; m++)
				again = which[m] == i;
			k -= again;
			if (!again && counts[i] < 255)
				counts[i]++;
		}
		count(b, which, BATCH);
		if (n / EACH != (n + BATCH) / EACH)
			commit(b, false);
		n += BATCH;
		seconds = ms_since(begin) / 1e3;
	} while (seconds < 20);
	commit(b, true);
	seconds = ms_since(begin) / 1e3;
	say(b, "count", "one more, committed", (double)n / seconds / 1e3,
	    "K/s");
	begin = now_ns();
	b->e->settle(b->db);
	say(b, "count", "until all is merged", ms_since(begin) / 1e3, "s");
	verify_counts(b, counts);
	free(counts);
	close_db(b);
}

static void
test_expire(struct bench *b)
{
	uint64_t begin;

	open_db(b);
	for (int bucket = 1; bucket <= 10; bucket++)
		for (uint64_t i = 0; i < 50000; i++) {
			char key[KEY], value[VALUE];
			uint64_t k = i * (b->keys / 50000);

			key_of(b, k, key);
			value_of(k, 0, value);
			b->e->put(b->db, bucket, key, value);
		}
	commit(b, true);
	b->e->settle(b->db);
	begin = now_ns();
	b->e->drop(b->db, 1, 11);
	say(b, "expire", "500000 keys, dropped", ms_since(begin), "ms");
	commit(b, true);
	say(b, "expire", "and durable", ms_since(begin), "ms");
	close_db(b);
}

static const struct test {
	const char *name;
	void (*run)(struct bench *b);
	bool apart; /* not one of all */
} tests[] = {
    {"load", test_load, false},
    {"open", test_open, false},
    {"full", test_full, false},
    {"commit", test_commit, false},
    {"latency", test_latency, true},
    {"amplify", test_amplify, true},
    {"rmw", test_rmw, false},
    {"count", test_count, true},
    {"expire", test_expire, false},
};

/* Each has a process of its own. */
static void
run_test(const struct test *t, const struct engine *e, const char *dir,
    uint64_t keys)
{
	struct bench b = {.e = e, .keys = keys, .random = 1};
	pid_t pid = fork();
	int status;

	if (pid < 0)
		give_up("fork", strerror(errno));
	if (pid) {
		if (waitpid(pid, &status, 0) != pid || status)
			fprintf(stderr, "%s %s: failed (%d)\n", t->name,
			    e->name, status);
		return;
	}
	snprintf(b.dir, sizeof b.dir, "%s/%s", dir, e->name);
	if (mkdir(b.dir, 0700) && errno != EEXIST)
		give_up(b.dir, strerror(errno));
	t->run(&b);
	exit(0);
}

static bool
wanted(const struct engine *e, int n, char **names)
{
	for (int i = 0; i < n; i++)
		if (!strcasecmp(names[i], e->name))
			return true;
	return n <= 0;
}

int
main(int argc, char **argv)
{
	uint64_t keys = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
	bool found = false;

	if (keys < 50000) {
		fprintf(stderr, "usage: state TEST DIR KEYS [ENGINE...]\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
		bool all = !strcmp(argv[1], "all") && !tests[i].apart;

		if (!all && strcmp(argv[1], tests[i].name) != 0)
			continue;
		found = true;
		for (size_t k = 0; k < sizeof engines / sizeof *engines; k++)
			if (wanted(engines[k], argc - 4, argv + 4))
				run_test(&tests[i], engines[k], argv[2], keys);
	}
	return found ? 0 : 2;
}

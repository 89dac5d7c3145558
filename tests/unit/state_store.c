/* SPDX-License-Identifier: MIT */
/*
 * The store: what was committed is there again, and nothing else; the lock;
 * directories that are not ours.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/must.h"
#include "store_dir.h"

static const struct store_options make = {.create = true};

static void
put(struct store *s, int64_t bucket, int64_t key, const char *value)
{
	store_put(s, 1, bucket, test_key(key), str_of(value));
}

static const char *
get(struct store *s, int64_t bucket, int64_t key)
{
	return test_get(s, 1, bucket, test_key(key));
}

static void
test_basics(void)
{
	const char *dir = test_dir("basics/deep");
	struct store *s = test_open(dir, &make);
	uint64_t id = store_id(s);

	ok(store_epoch(s) == 0 && !store_note(s).n, "a new store is empty");
	same(get(s, 0, 1), "-", "no key is there");
	put(s, 0, 1, "one");
	put(s, 0, 2, "two");
	same(get(s, 0, 1), "one", "what was put is seen");
	put(s, 0, 1, "one again");
	same(get(s, 0, 1), "one again", "what was put over it, too");
	store_set_schema(s, STR("{}"));
	ok(!test_commit(s, "first"), "a commit");
	ok(store_epoch(s) == 1 && store_durable(s) == 1, "is the first");
	put(s, 0, 3, "three");
	store_delete(s, 1, 0, test_key(2));
	same(get(s, 0, 2), "-", "what was deleted is gone");
	ok(!test_close(s), "closed");

	s = test_open(dir, &make);
	same(get(s, 0, 1), "one again", "committed");
	same(get(s, 0, 2), "two", "the deletion was not");
	same(get(s, 0, 3), "-", "nor the third");
	ok(store_id(s) == id && store_term(s) == 2, "id and term");
	ok(str_is(store_note(s), "first") && str_is(store_schema(s), "{}"),
	    "note and schema");
	store_delete(s, 1, 0, test_key(1));
	put(s, 7, 1, "seven");
	put(s, 8, 1, "eight");
	test_commit(s, "second");
	store_drop(s, 1, 7);
	put(s, 7, 2, "after");
	same(get(s, 7, 1), "-", "dropped");
	same(get(s, 7, 2), "after", "put after it was dropped");
	test_commit(s, "third");
	test_close(s);

	s = test_open(dir, &make);
	same(get(s, 0, 1), "-", "deleted for good");
	same(get(s, 7, 1), "-", "dropped for good");
	same(get(s, 7, 2), "after", "what was put after it is there");
	store_drop_map(s, 1);
	put(s, 9, 1, "nine");
	same(get(s, 8, 1), "-", "a map is dropped");
	test_commit(s, "fourth");
	test_close(s);
	s = test_open(dir, &make);
	same(get(s, 8, 1), "-", "the map was dropped for good");
	same(get(s, 9, 1), "nine", "but for what came after");
	test_close(s);
}

static void
test_scan(void)
{
	struct store *s = test_open(test_dir("scan"), &make);
	struct store_scan *c;
	struct str key, value;
	struct buf all = {0};
	int64_t *buckets;
	size_t n;

	put(s, 5, 3, "c");
	put(s, 5, 1, "a");
	put(s, -2, 1, "x");
	test_commit(s, "");
	put(s, 5, 2, "b");
	put(s, 5, 3, "C");
	store_delete(s, 1, 5, test_key(1));
	put(s, 5, 9, "i");
	c = store_scan_begin(s, 1, 5);
	put(s, 5, 4, "d");
	put(s, 5, 2, "B");
	put(s, 5, 9, "a longer one");
	while (store_scan_next(c, &key, &value))
		buf_adds(&all, value);
	store_scan_end(c);
	same(buf_z(&all), "bCi", "a scan sees what there was when it began");
	buf_release(&all);
	n = store_buckets(s, 1, &buckets);
	ok(n == 2 && buckets[0] == -2 && buckets[1] == 5, "buckets");
	mem_free(buckets);
	ok(store_has_bucket(s, 1, 5) && !store_has_bucket(s, 1, 6) &&
		!store_has_bucket(s, 2, 5),
	    "has a bucket or has not");
	store_drop(s, 1, 5);
	n = store_buckets(s, 1, &buckets);
	ok(n == 1 && buckets[0] == -2, "but those that were dropped");
	mem_free(buckets);
	test_close(s);
}

static void
test_many(void)
{
	struct store *s = test_open(test_dir("many"), &make);
	struct buf bytes = {0};
	struct str keys[3], out[3];
	size_t at[4] = {0};

	put(s, 0, 1, "one");
	put(s, 0, 3, "");
	for (int i = 0; i < 3; i++) {
		key_put(&bytes, value_int(i + 1));
		at[i + 1] = bytes.n;
	}
	for (int i = 0; i < 3; i++)
		keys[i] = (struct str){bytes.p + at[i], at[i + 1] - at[i]};
	ok(store_get_many(s, 1, 0, keys, 3, out), "many at once");
	ok(str_is(out[0], "one") && !out[1].p && out[2].p && !out[2].n,
	    "found, not found, empty");
	buf_release(&bytes);
	test_close(s);
}

/* Makes the kernel forget what it has of the files of a directory. */
static void
cool(const char *dir)
{
	DIR *d = opendir(dir);
	const struct dirent *e;

	must(d);
	while ((e = readdir(d))) {
		int fd = openat(dirfd(d), e->d_name, O_RDONLY | O_CLOEXEC);

		must(fd >= 0);
		(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		close(fd);
	}
	closedir(d);
}

/* Of the keys that get_many is asked for, how many differ from what get says.
 */
static unsigned
many_wrong(struct store *s, int64_t first, int64_t step)
{
	struct str keys[500], out[500];
	struct buf bytes = {0}, one = {0};
	size_t at[501] = {0};
	unsigned n_wrong = 0;

	for (int i = 0; i < 500; i++) {
		key_put(&bytes, value_int(first + i * step));
		at[i + 1] = bytes.n;
	}
	for (int i = 0; i < 500; i++)
		keys[i] = (struct str){bytes.p + at[i], at[i + 1] - at[i]};
	must(store_get_many(s, 1, 0, keys, 500, out));
	for (int i = 0; i < 500; i++) {
		bool found;

		one.n = 0;
		found = store_get(s, 1, 0, keys[i], &one) == STORE_FOUND;
		n_wrong += found != !!out[i].p ||
			   (found && !str_eq(out[i], buf_str(&one)));
	}
	buf_release(&bytes);
	buf_release(&one);
	return n_wrong;
}

/* Keys in runs over each other, which have to be read from the disk or not. */
static void
test_many_runs(void)
{
	const char *dir = test_dir("runs");
	struct store_options o = {.create = true, .inline_max = 1};
	struct store *s = test_open(dir, &o);
	struct store_info is;
	char text[32];

	for (int run = 1; run <= 4; run++) {
		for (int64_t k = 0; k < 12000; k += run) {
			snprintf(text, sizeof text, "%d:%d", run, (int)k);
			if (k % (7 * run))
				put(s, 0, k, text);
			else
				store_delete(s, 1, 0, test_key(k));
		}
		test_commit(s, "more");
	}
	test_close(s);
	cool(dir);
	s = test_open(dir, &o);
	store_info(s, &is);
	ok(is.n_runs > 1, "%u runs", is.n_runs);
	same(get(s, 0, 12), "4:12", "the newest");
	same(get(s, 0, 28), "-", "what it deleted");
	same(get(s, 0, 13), "1:13", "what it does not know");
	ok(!many_wrong(s, 0, 39), "many from a cold disk");
	ok(!many_wrong(s, 3, 40), "and when some are at hand");
	ok(!many_wrong(s, 0, 39), "and when all are");
	put(s, 0, 39, "changed");
	ok(!many_wrong(s, 0, 39), "and when some are in memory");
	test_close(s);
}

/* What opening the directory says: the code of the error, 0 for none. */
static enum err_code
fails(const char *dir, const struct store_options *o, const char *words)
{
	struct err err = {0};
	enum err_code code = 0;
	struct store *s;

	if (!store_open(&s, dir, o, &err)) {
		test_close(s);
		return 0;
	}
	code = err.code;
	if (words && !strstr(err.message, words)) {
		printf("# %s\n", err.message);
		code = ERR_COUNT;
	}
	err_release(&err);
	return code;
}

static int asked;

static bool
stop_soon(void)
{
	return ++asked > 3;
}

static void
test_lock(void)
{
	const char *dir = test_dir("lock");
	struct store_options wait = make;
	struct store *s = test_open(dir, &make);
	char pid[40];

	snprintf(pid, sizeof pid, "in use by process %ld", (long)getpid());
	ok(fails(dir, &make, pid) == ERR_LOCKED, "a second owner is told who");
	wait.lock_wait_ms = 30;
	ok(fails(dir, &wait, pid) == ERR_LOCKED, "or waits, in vain");
	wait.lock_wait_ms = -1;
	wait.stop = stop_soon;
	ok(fails(dir, &wait, pid) == ERR_LOCKED, "or for ever, until told");
	test_commit(s, "note");
	wait = (struct store_options){.read_only = true};
	ok(!fails(dir, &wait, NULL), "who only looks needs no lock");
	if (!fork()) {
		usleep(50000);
		_exit(0);
	}
	test_close(s);
	ok(!fails(dir, &make, NULL), "a child does not hold the lock");
	waitpid(-1, NULL, 0);
}

static void
test_foreign(void)
{
	struct store_options only = {0};
	char path[400];
	int fd;

	ok(fails(test_dir("none"), &only, "no such state directory") ==
		ERR_STATE,
	    "no directory");
	mkdir(test_dir("empty"), 0700);
	ok(fails(test_dir("empty"), &only, "no state in the directory") ==
		ERR_STATE,
	    "an empty one");
	mkdir(test_dir("other"), 0700);
	snprintf(path, sizeof path, "%s/file", test_dir("other"));
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	close(fd);
	ok(fails(test_dir("other"), &make, "it has file") == ERR_STATE,
	    "one with another's files");
	snprintf(path, sizeof path, "%s/LOCK", test_dir("other"));
	ok(access(path, F_OK) != 0, "nothing was made there");
	snprintf(path, sizeof path, "%s", test_dir("basics/deep"));
	if (symlink(path, test_dir("link")))
		perror("symlink");
	ok(fails(test_dir("link"), &make, "symbolic link") == ERR_STATE,
	    "a link");
	mkfifo(test_dir("fifo"), 0600);
	ok(fails(test_dir("fifo"), &make, "not a directory") == ERR_STATE,
	    "no directory at all");
	test_close(test_open(test_dir("newer"), &make));
	snprintf(path, sizeof path, "%s/FORMAT", test_dir("newer"));
	fd = open(path, O_WRONLY);
	ok(pwrite(fd, "3", 1, 11) == 1, "a number that is damaged");
	close(fd);
	ok(fails(test_dir("newer"), &make, "FORMAT: is damaged") == ERR_STATE,
	    "is not a newer one");
	fd = open(path, O_WRONLY | O_TRUNC);
	ok(write(fd, "weir-state 4\n", 13) == 13, "a format to come");
	close(fd);
	ok(fails(test_dir("newer"), &make, "newer weir") == ERR_STATE,
	    "is refused");
	unlink(path);
	mkfifo(path, 0600);
	ok(fails(test_dir("newer"), &make, "FORMAT: is not a regular") ==
		ERR_STATE,
	    "as is a pipe in its place");
}

static void
test_savepoint(void)
{
	struct store_options o = {.create = true, .inline_max = 1};
	struct store *s = test_open(test_dir("live"), &o), *t;
	struct store_info was, is;
	struct err err = {0};

	put(s, 0, 1, "one");
	store_set_schema(s, STR("schema"));
	test_commit(s, "first");
	put(s, 0, 1, "changed");
	put(s, 0, 2, "two");
	ok(!store_savepoint(s, test_dir("point"), &err), "a savepoint");
	ok(store_savepoint(s, test_dir("point"), &err) &&
		strstr(err.message, "not empty"),
	    "not where there is one");
	err_release(&err);
	test_commit(s, "second");
	store_info(s, &was);
	t = test_open(test_dir("point"), &make);
	store_info(t, &is);
	ok(is.epoch == 1 && is.closed && is.id == was.id && is.n_runs == 1,
	    "is a store of its own");
	same(get(t, 0, 1), "one", "what was committed is in it");
	same(get(t, 0, 2), "-", "what was not is not");
	ok(str_is(store_note(t), "first") && str_is(store_schema(t), "schema"),
	    "note and schema, too");
	test_close(s);
	put(t, 0, 3, "three");
	ok(!test_commit(t, "own") && !test_close(t), "it goes its own way");
}

static void
test_temporary(void)
{
	struct store_options o = {0};
	struct err err = {0};
	struct store *s;

	ok(!store_open_temporary(&s, &o, &err), "a temporary one");
	put(s, 0, 1, "one");
	same(get(s, 0, 1), "one", "keeps what is put");
	test_commit(s, "note");
	same(get(s, 0, 1), "one", "over a commit, too");
	ok(!test_close(s), "closed");
}

#define HELD 60000 /* keys: their run takes a while */

static bool
is_as_left(struct store *s)
{
	return !strcmp(get(s, 0, 1), "newer") && !strcmp(get(s, 0, 2), "-") &&
	       !strcmp(get(s, 0, 3), "held") && !strcmp(get(s, 5, 3), "-") &&
	       !strcmp(get(s, 5, 4), "again") && !strcmp(get(s, 6, 3), "held");
}

/* Commits while the journal's contents become a run. */
static void
test_aside(void)
{
	struct store_options o = {
	    .create = true, .journal_max = 2200000, .inline_max = 100 << 20};
	const char *dir = test_dir("aside");
	struct store *s = test_open(dir, &o);
	struct store_info info;
	bool right;

	for (int k = 0; k < 2 * HELD; k++) {
		put(s, k % 8, k % HELD / 8, "held");
		if (k == HELD)
			test_commit(s, "much");
	}
	put(s, 0, 1, "newer");
	store_delete(s, 1, 0, test_key(2));
	test_commit(s, "begins");
	store_info(s, &info);
	ok(!info.n_runs, "a commit does not wait for the run");
	store_drop(s, 1, 5);
	put(s, 5, 4, "again");
	right = is_as_left(s) && !test_commit(s, "while it is made");
	store_delete(s, 1, 0, test_key(7));
	test_commit(s, "again");
	ok(right && is_as_left(s), "meanwhile everything is seen");
	ok(!test_close(s), "closed");
	s = test_open(dir, &make);
	store_info(s, &info);
	/* What came meanwhile may have become one, too. */
	ok(info.n_runs && info.n_runs < 3 && info.n_journals == 1,
	    "then it is there");
	ok(is_as_left(s) && !strcmp(get(s, 0, 7), "-"), "with what is newer");
	test_close(s);
}

static unsigned
count_journals(const char *dir)
{
	DIR *d = opendir(dir);
	const struct dirent *e;
	unsigned n = 0;

	while (d && (e = readdir(d)))
		n += !strncmp(e->d_name, "journal.", 8);
	if (d)
		closedir(d);
	return n;
}

/* A bucket a commit, the one before dropped: journals that follow each other.
 */
static void
test_journals(void)
{
	struct store_options o = {.create = true, .journal_max = 20000};
	const char *dir = test_dir("journals");
	struct store *s = test_open(dir, &o);
	unsigned most = 0, alone = 0;
	char value[600];
	bool right = true;

	memset(value, 'v', sizeof value - 1);
	value[sizeof value - 1] = 0;
	for (int i = 0; i < 120; i++) {
		int64_t *buckets;
		unsigned n;

		put(s, i, 1, value);
		if (i)
			store_drop(s, 1, i - 1);
		test_commit(s, "");
		n = count_journals(dir);
		most = n > most ? n : most;
		alone += n == 1;
		if (i % 3)
			continue;
		test_close(s);
		s = test_open(dir, &o);
		right &= store_buckets(s, 1, &buckets) == 1 &&
			 buckets[0] == i && !strcmp(get(s, i, 1), value);
		mem_free(buckets);
	}
	ok(right, "what was dropped does not come with a new journal");
	ok(most == 2 && alone > 60, "the one before stays for one commit");
	test_close(s);
}

/* Runs over a large one, which is not merged with them. */
static void
test_merge_above(void)
{
	struct store_options o = {.create = true, .inline_max = 1};
	const char *dir = test_dir("above");
	struct store *s = test_open(dir, &o);
	struct store_info info = {0};
	char value[6000];
	unsigned most = 0;
	bool right = true, merged = false;

	memset(value, 'v', sizeof value - 1);
	value[sizeof value - 1] = 0;
	for (int k = 0; k < 400; k++)
		put(s, 0, k, value);
	test_commit(s, "large");
	for (int i = 0; i < 400 && !merged; i++) {
		store_delete(s, 1, 0, test_key(i));
		put(s, 1, i, "small");
		test_commit(s, "");
		store_info(s, &info);
		most = info.n_runs > most ? info.n_runs : most;
		merged = i > 30 && info.n_runs < most;
	}
	ok(merged && info.n_runs > 1, "small runs are merged by themselves");
	for (int k = 0; k < 30; k++)
		right &= !strcmp(get(s, 0, k), "-");
	test_close(s);
	s = test_open(dir, &o);
	for (int k = 0; k < 30; k++)
		right &= !strcmp(get(s, 0, k), "-");
	ok(right, "and still hide what is below them");
	test_close(s);
}

int
main(void)
{
	test_basics();
	test_aside();
	test_journals();
	test_merge_above();
	test_scan();
	test_many();
	test_many_runs();
	test_lock();
	test_foreign();
	test_savepoint();
	test_temporary();
	test_remove(test_dir(""));
	return tap_done();
}

/* SPDX-License-Identifier: MIT */
/*
 * A store whose owner is killed at any moment, or whose writes fail: what is
 * there afterwards is what one commit made, at least the last that was said to
 * be durable. Each epoch's changes follow from its number.
 */
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "base/num.h"
#include "store_dir.h"

#define BUCKETS 3
#define KEYS 60
#define PUTS 40

static const struct store_options options = {.create = true,
    .journal_max = 12000,
    .inline_max = 1500,
    .spill_bytes = 4000,
    .run_bytes = 4000,
    .part_bytes = 300};

static uint64_t
mix(uint64_t n)
{
	n ^= n >> 31;
	n *= 0x7fb5d329728ea185u;
	n ^= n >> 27;
	n *= 0x81dadef4bc2dd44du;
	return n ^ n >> 33;
}

/* The values after an epoch: numbers of the epochs that put them. */
struct model {
	int values[BUCKETS][KEYS];
};

static void
text_of(char *text, size_t size, int e, int k)
{
	snprintf(
	    text, size, "%d %*s", e, (int)(mix((uint64_t)(e + k)) % 60), "");
}

/* What epoch e does, to a model, a store, or both. */
static void
change(int e, struct model *m, struct store *s)
{
	char text[80];
	int n = e % 5 ? PUTS : 3;

	for (int i = 0; i < n; i++) {
		uint64_t r = mix((uint64_t)e << 16 | (uint64_t)i);
		int b = (int)(r % BUCKETS), k = (int)(r >> 8) % KEYS;

		k = k < 0 ? -k : k;
		if ((r >> 50) % 61 == 0) {
			memset(m->values[b], 0, sizeof m->values[b]);
			if (s)
				store_drop(s, 2, b);
		} else if ((r >> 50) % 7 == 0) {
			m->values[b][k] = 0;
			if (s)
				store_delete(s, 2, b, test_key(k));
		} else {
			m->values[b][k] = e;
			text_of(text, sizeof text, e, k);
			if (s)
				store_put(s, 2, b, test_key(k), str_of(text));
		}
	}
}

static bool
is_epoch(struct store *s, int e)
{
	struct model m = {0};
	char text[80], note[16];
	int bad = 0;

	for (int i = 1; i <= e; i++)
		change(i, &m, NULL);
	for (int b = 0; b < BUCKETS; b++)
		for (int k = 0; k < KEYS; k++) {
			snprintf(text, sizeof text, "-");
			if (m.values[b][k])
				text_of(text, sizeof text, m.values[b][k], k);
			bad +=
			    strcmp(test_get(s, 2, b, test_key(k)), text) != 0;
		}
	snprintf(note, sizeof note, "%d", e);
	if (e && !str_is(store_note(s), note))
		bad++;
	if (bad)
		printf("# %d values differ after commit %d\n", bad, e);
	return !bad;
}

/* The epoch that the note names. */
static int
noted(struct store *s)
{
	int64_t e = 0;

	num_parse_int(store_note(s), &e);
	return (int)e;
}

/*
 * Commits are begun in turn; says those that are durable on fd. A commit of
 * the store's own, at its end, repeats a note: epochs count by it.
 */
static int
work(const char *dir, int fd, int upto)
{
	struct model m = {0};
	struct err err = {0};
	struct store *s;
	int e, rc = 0;

	if (store_open(&s, dir, &options, &err)) {
		printf("# %s\n", err.message);
		return 2;
	}
	e = noted(s);
	for (int i = 1; i <= e; i++)
		change(i, &m, NULL);
	while (!rc && e < upto) {
		char note[16];
		struct store_commit c = {.note = {note, 0}};

		change(++e, &m, s);
		c.note.n = (size_t)snprintf(note, sizeof note, "%d", e);
		rc = store_commit(s, &c, &err);
		if (!rc && e % 2)
			rc = store_wait(s, &err);
		if (!rc && e % 2 && write(fd, &e, sizeof e) != sizeof e)
			break;
	}
	if (!rc)
		rc = store_close(s, &err);
	if (rc) {
		printf("# %s\n", err.message);
		fflush(stdout);
		rc = strchr(err.message, '/') && strstr(err.message, ": ") ? 1
									   : 3;
	}
	return rc;
}

static int
last_said(int fd)
{
	int e = 0, last = 0;

	while (read(fd, &e, sizeof e) == sizeof e)
		last = e;
	close(fd);
	return last;
}

/* Opens it and compares; *e: the commit it is at. */
static bool
verify(const char *dir, int said, int *e)
{
	struct store *s = test_open(dir, &options);
	bool right;

	if (!s)
		return false;
	*e = noted(s);
	right = *e >= said && is_epoch(s, *e);
	if (*e < said)
		printf(
		    "# commit %d was said to be durable, not %d\n", said, *e);
	return !test_close(s) && right;
}

static void
test_kills(int times)
{
	const char *dir = test_dir("kill");
	int e = 0, wrong = 0, dead = 0;

	/* More of them where the machine is slow. */
	for (int i = 0; i < times || (e <= 5 && i < 9 * times); i++) {
		struct timespec t = {0, (long)(mix((uint64_t)i) % 12000000)};
		int pipe_fds[2], status;
		pid_t child;

		if (pipe(pipe_fds))
			perror("pipe");
		fflush(stdout);
		child = fork();
		if (!child)
			_exit(work(dir, pipe_fds[1], 1 << 30));
		close(pipe_fds[1]);
		nanosleep(&t, NULL);
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
		dead += !WIFSIGNALED(status);
		wrong += !verify(dir, last_said(pipe_fds[0]), &e);
	}
	printf("# commit %d in the end\n", e);
	ok(!dead && !wrong, "killed at any moment (%d wrong)", wrong);
	ok(e > 5, "it gets on");
}

/* No file may be longer: writes fail as on a full disk. */
static void
test_full(void)
{
	int wrong = 0, failed = 0, done = 0, unnamed = 0;

	for (rlim_t limit = 0; limit < 14000; limit += 230) {
		const char *dir = test_dir("full");
		int pipe_fds[2], status, e;
		pid_t child;

		test_remove(dir);
		if (pipe(pipe_fds))
			perror("pipe");
		fflush(stdout);
		child = fork();
		if (!child) {
			struct rlimit r = {limit, limit};

			signal(SIGXFSZ, SIG_IGN);
			setrlimit(RLIMIT_FSIZE, &r);
			_exit(work(dir, pipe_fds[1], 25));
		}
		close(pipe_fds[1]);
		waitpid(child, &status, 0);
		status = WIFEXITED(status) ? WEXITSTATUS(status) : 9;
		failed += status != 0;
		done += status == 0;
		unnamed += status > 2;
		wrong += !verify(dir, last_said(pipe_fds[0]), &e);
	}
	printf("# %d failed, %d did not\n", failed, done);
	ok(failed > 5, "writes that fail");
	ok(!wrong, "the last commit stays (%d wrong)", wrong);
	ok(!unnamed, "and the error has a name (%d not)", unnamed);
}

/* Fewer and fewer descriptors. */
static void
test_descriptors(void)
{
	int wrong = 0, odd = 0;

	for (rlim_t limit = 3; limit < 20; limit++) {
		const char *dir = test_dir("files");
		int pipe_fds[2], status, e;
		pid_t child;

		if (pipe(pipe_fds))
			perror("pipe");
		fflush(stdout);
		child = fork();
		if (!child) {
			struct rlimit r = {limit, limit};

			setrlimit(RLIMIT_NOFILE, &r);
			_exit(work(dir, pipe_fds[1], 6 * (int)limit));
		}
		close(pipe_fds[1]);
		waitpid(child, &status, 0);
		odd += !WIFEXITED(status) || WEXITSTATUS(status) > 2;
		wrong += !verify(dir, last_said(pipe_fds[0]), &e);
	}
	ok(!odd && !wrong, "too few descriptors (%d, %d wrong)", odd, wrong);
}

int
main(void)
{
	test_kills(120);
	test_full();
	test_descriptors();
	test_remove(test_dir(""));
	return tap_done();
}

/* SPDX-License-Identifier: MIT */
/* The directory of a store and the files in it; see store_dir.h. */
#include "state/store_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"

/* One write takes at most so much. */
#define WRITE_MAX ((size_t)1 << 30)

static const char *const kinds[] = {"journal", "run", "spool"};

/* ---- names ---- */

void
store_name(char out[STORE_NAME_MAX], enum store_kind kind, uint64_t number)
{
	snprintf(out, STORE_NAME_MAX, "%s.%06llu", kinds[kind],
	    (unsigned long long)number);
}

enum store_kind
store_name_kind(const char *name, uint64_t *number)
{
	const char *dot = strchr(name, '.');
	char again[STORE_NAME_MAX];
	int64_t n;

	if (!dot || !num_parse_int(str_of(dot + 1), &n) || n < 0)
		return STORE_OTHER;
	for (unsigned k = STORE_JOURNAL; k < STORE_OTHER; k++) {
		store_name(again, k, (uint64_t)n);
		if (!strcmp(name, again)) {
			*number = (uint64_t)n;
			return k;
		}
	}
	return STORE_OTHER;
}

bool
store_name_early(const char *name)
{
	return !strcmp(name, "LOCK") || !strcmp(name, "FORMAT.tmp") ||
	       !strcmp(name, "lost");
}

int
store_damaged(const struct store_dir *d, const char *name, struct err *err,
    const char *fmt, ...)
{
	struct buf text = {0};
	char words[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof words, fmt, ap);
	va_end(ap);
	buf_printf(&text, "%s%s%s: %s", d->path, name ? "/" : "",
	    name ? name : "", words);
	err_set(err, ERR_STATE, (struct where){0}, "%s", buf_z(&text));
	buf_release(&text);
	return -1;
}

int
store_foreign(const struct store_dir *d, const char *name, struct err *err)
{
	return store_damaged(d, NULL, err,
	    "is not a state directory, and not empty (it has %s)", name);
}

int
store_dir_note(const struct store_dir *d, struct err *err)
{
	struct err whole = {0};

	err_set(&whole, err->code, (struct where){0}, "%s/%s", d->path,
	    err->message);
	if (err->hint)
		err_hint(&whole, "%s", err->hint);
	err_release(err);
	*err = whole;
	return -1;
}

static int
failed(const struct store_dir *d, const char *name, const char *what,
    struct err *err)
{
	int e = errno;

	return err_sys(err, ERR_IO, e, "%s%s%s: cannot %s", d->path,
	    name ? "/" : "", name ? name : "", what);
}

/* ---- the directory ---- */

/* A new directory is there for good when the one above it is synced. */
static int
make_one(struct store_dir *d, bool last, struct err *err)
{
	struct buf above = {0};
	int fd, rc = 0;

	if (mkdir(d->path, 0700)) {
		if (last && errno != EEXIST)
			return failed(d, NULL, "make the directory", err);
		return 0;
	}
	buf_printf(&above, "%s/..", d->path);
	fd = open(buf_z(&above), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd))
		rc = failed(d, NULL, "sync the directory above", err);
	if (fd >= 0)
		close(fd);
	buf_release(&above);
	return rc;
}

/* mkdir -p, of what is above it, too. */
static int
make(struct store_dir *d, struct err *err)
{
	char *p = d->path;

	while (*p == '/')
		p++;
	for (;; p++) {
		char was = *p;
		int rc;

		if (was && was != '/')
			continue;
		*p = '\0';
		rc = make_one(d, !was, err);
		*p = was;
		if (!was || rc)
			return rc;
	}
}

static int
check_dir(struct store_dir *d, bool read_only, struct err *err)
{
	struct stat st;
	bool other;

	if (fstat(d->fd, &st))
		return failed(d, NULL, "look at it", err);
	other = st.st_uid != geteuid() && !(read_only && !geteuid());
	if (other)
		return store_damaged(
		    d, NULL, err, "the state directory is another user's");
	if (st.st_mode & S_IWOTH) {
		store_damaged(d, NULL, err, "anybody may write to it");
		return err_hint(err, "chmod 700 %s", d->path);
	}
	return 0;
}

static int
open_failed(struct store_dir *d, struct err *err)
{
	struct stat st;
	int e = errno;

	if (!lstat(d->path, &st) && S_ISLNK(st.st_mode))
		return store_damaged(
		    d, NULL, err, "is a symbolic link, which is not followed");
	if (e == ENOTDIR)
		return store_damaged(d, NULL, err, "is not a directory");
	if (e == ENOENT)
		return store_damaged(
		    d, NULL, err, "there is no such state directory");
	errno = e;
	return failed(d, NULL, "open the state directory", err);
}

int
store_dir_open(struct store_dir *d, const char *path,
    const struct store_options *o, struct err *err)
{
	size_t n = strlen(path);

	*d = (struct store_dir){.path = mem_strdup(path), .fd = -1, .lock = -1};
	/* A link with a slash behind it would be followed. */
	while (n > 1 && d->path[n - 1] == '/')
		d->path[--n] = '\0';
	if (!*d->path)
		return err_set(err, ERR_STATE, (struct where){0},
		    "the name of the state directory is empty");
	if (o->create && !o->read_only && access(d->path, F_OK) && make(d, err))
		return -1;
	d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (d->fd < 0)
		return open_failed(d, err);
	return check_dir(d, o->read_only, err);
}

void
store_dir_close(struct store_dir *d)
{
	if (d->lock >= 0) {
		/* A forked child may have the descriptor, too. */
		(void)flock(d->lock, LOCK_UN);
		close(d->lock);
	}
	if (d->fd >= 0)
		close(d->fd);
	mem_free(d->path);
	*d = (struct store_dir){.fd = -1, .lock = -1};
}

/* ---- the lock ---- */

static int
locked(const struct store_dir *d, int fd, struct err *err)
{
	char pid[24] = "";
	ssize_t n = pread(fd, pid, sizeof pid - 1, 0);
	size_t digits;

	pid[n > 0 ? n : 0] = '\0';
	digits = strspn(pid, "0123456789");
	pid[digits] = '\0';
	err_set(err, ERR_LOCKED, (struct where){0},
	    "%s: the state directory is in use by %s%s", d->path,
	    digits ? "process " : "another run", pid);
	return -1;
}

/* Is what we have locked still what has the name? */
static bool
still_there(const struct store_dir *d, int fd)
{
	struct stat a, b;

	return !fstat(fd, &a) &&
	       !fstatat(d->fd, "LOCK", &b, AT_SYMLINK_NOFOLLOW) &&
	       a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

static void
nap(int ms)
{
	struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};

	nanosleep(&t, NULL);
}

/* 0: ours; 1: another's. */
static int
try_lock(struct store_dir *d, int fd, struct err *err)
{
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return 0;
	if (errno == EWOULDBLOCK || errno == EINTR)
		return 1;
	return failed(d, "LOCK", "lock", err);
}

/* Waits as long as the options say. */
static int
lock_file(
    struct store_dir *d, int fd, const struct store_options *o, struct err *err)
{
	int left = o->lock_wait_ms, pause = 1, rc;

	while ((rc = try_lock(d, fd, err)) == 1) {
		if (!left || (o->stop && o->stop()))
			return locked(d, fd, err);
		if (left > 0 && pause > left)
			pause = left;
		nap(pause);
		if (left > 0)
			left -= pause;
		if (pause < 50)
			pause *= 2;
	}
	return rc;
}

int
store_dir_lock(
    struct store_dir *d, const struct store_options *o, struct err *err)
{
	char pid[24];
	int fd, n;

	for (;;) {
		fd = store_dir_file(d, "LOCK", O_RDWR, err);
		d->anew = fd == STORE_MISSING;
		if (d->anew)
			fd = store_dir_file(d, "LOCK", O_RDWR | O_CREAT, err);
		if (fd < 0)
			return -1;
		if (lock_file(d, fd, o, err)) {
			close(fd);
			return -1;
		}
		if (still_there(d, fd))
			break;
		close(fd);
	}
	d->lock = fd;
	/* For people; that it is ours the kernel knows. */
	n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) || pwrite(fd, pid, (size_t)n, 0) != n) {
		/* A full disk: then the message has no number. */
	}
	return 0;
}

int
store_dir_fence(const struct store_dir *d, struct err *err)
{
	struct stat st;

	if (d->lock < 0 || still_there(d, d->lock))
		return 0;
	if (!fstatat(d->fd, "LOCK", &st, AT_SYMLINK_NOFOLLOW))
		return err_set(err, ERR_LOCKED, (struct where){0},
		    "%s: another run has taken over, since LOCK was removed",
		    d->path);
	if (errno != ENOENT)
		return failed(d, "LOCK", "look at it", err);
	return store_damaged(
	    d, "LOCK", err, "was removed while a run had the state");
}

/* ---- files ---- */

int
store_dir_file(
    const struct store_dir *d, const char *name, int flags, struct err *err)
{
	struct stat st;
	int fd;

	do {
		fd = openat(d->fd, name,
		    flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		    0600);
	} while (fd < 0 && errno == EINTR);
	if (fd < 0 && errno == ENOENT && !(flags & O_CREAT))
		return STORE_MISSING;
	if (fd < 0 && errno == ELOOP)
		return store_damaged(
		    d, name, err, "is a symbolic link, which is not followed");
	if (fd < 0)
		return failed(d, name, "open", err);
	if (fstat(fd, &st))
		failed(d, name, "look at it", err);
	else if (!S_ISREG(st.st_mode))
		store_damaged(d, name, err, "is not a regular file");
	else if (st.st_uid != geteuid() && geteuid())
		store_damaged(d, name, err, "is another user's");
	else
		return fd;
	close(fd);
	return -1;
}

static int
read_all(const struct store_dir *d, const char *name, int fd, struct buf *out,
    struct err *err)
{
	struct stat st;
	size_t piece = 65536;

	if (!fstat(fd, &st) && st.st_size > 0)
		piece = (size_t)st.st_size + 1;
	for (;;) {
		char *to = buf_reserve(out, piece);
		ssize_t n = read(fd, to, piece);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failed(d, name, "read", err);
		if (!n)
			return 0;
		out->n += (size_t)n;
		if (piece > 65536)
			piece = 65536;
	}
}

int
store_dir_read(const struct store_dir *d, const char *name, struct buf *out,
    bool *found, struct err *err)
{
	int fd = store_dir_file(d, name, O_RDONLY, err), rc;

	*found = fd >= 0;
	if (fd < 0)
		return fd == STORE_MISSING ? 0 : -1;
	rc = read_all(d, name, fd, out, err);
	close(fd);
	return rc;
}

int
store_dir_write(const struct store_dir *d, const char *name, int fd,
    struct str bytes, uint64_t at, struct err *err)
{
	while (bytes.n) {
		size_t want = bytes.n < WRITE_MAX ? bytes.n : WRITE_MAX;
		ssize_t n = pwrite(fd, bytes.p, want, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failed(d, name, "write", err);
		if (!n) {
			errno = EIO;
			return failed(d, name, "write", err);
		}
		bytes.p += n;
		bytes.n -= (size_t)n;
		at += (uint64_t)n;
	}
	return 0;
}

int
store_dir_sync_file(
    const struct store_dir *d, const char *name, int fd, struct err *err)
{
	/* Never again after a failure: the kernel has dropped the pages. */
	return fdatasync(fd) ? failed(d, name, "sync", err) : 0;
}

int
store_dir_sync(const struct store_dir *d, struct err *err)
{
	return fsync(d->fd) ? failed(d, NULL, "sync the directory", err) : 0;
}

int
store_dir_replace(const struct store_dir *d, const char *name, struct str bytes,
    struct err *err)
{
	char tmp[STORE_NAME_MAX + 8];
	int fd, rc;

	snprintf(tmp, sizeof tmp, "%s.tmp", name);
	store_dir_unlink(d, tmp);
	fd = store_dir_file(d, tmp, O_WRONLY | O_CREAT | O_EXCL, err);
	if (fd < 0)
		return -1;
	rc = store_dir_write(d, tmp, fd, bytes, 0, err);
	if (!rc)
		rc = store_dir_sync_file(d, tmp, fd, err);
	close(fd);
	if (!rc && renameat(d->fd, tmp, d->fd, name))
		rc = failed(d, name, "rename to", err);
	if (rc)
		store_dir_unlink(d, tmp);
	return rc ? rc : store_dir_sync(d, err);
}

void
store_dir_unlink(const struct store_dir *d, const char *name)
{
	/* What stays is removed by a later opening. */
	(void)unlinkat(d->fd, name, 0);
}

int
store_dir_list(const struct store_dir *d, struct buf *names, struct err *err)
{
	int fd = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!dir) {
		failed(d, NULL, "list", err);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	errno = 0;
	while ((e = readdir(dir))) {
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			buf_add(names, e->d_name, strlen(e->d_name) + 1);
		errno = 0;
	}
	if (errno) {
		failed(d, NULL, "list", err);
		closedir(dir);
		return -1;
	}
	closedir(dir);
	return 0;
}

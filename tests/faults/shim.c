/* SPDX-License-Identifier: MIT */
/*
 * A shim between the program and the C library (LD_PRELOAD): counts, records
 * and spoils calls that change files, so that tests can stop a run at each of
 * them. All calls of all threads share one count, from 1.
 *
 *	FAULT_LOG=FILE	  writes down every call (see note()), for explore.py
 *	FAULT_KILL=N	  SIGKILL instead of the N-th call
 *	FAULT_AFTER=N	  SIGKILL right behind the N-th call
 *	FAULT_FAIL=N:E	  the N-th call fails with errno E
 *	FAULT_ONLY=NAMES  counts only these calls, with commas between
 *	FAULT_SHORT=1	  every write is cut to half of its bytes
 *	FAULT_NOSYNC=1	  fsync and fdatasync do nothing: the negative control
 *	FAULT_COUNT=FILE  the number of calls is written there at exit
 *	FAULT_READS=1	  opening to read, listing and reading count, too
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* The library's own function of that name. */
#define REAL(name) ((__typeof__(&name))next(#name))

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static long count, kill_at, kill_after, fail_at;
static int fail_with;
static const char *only;
static bool ready, nosync, shortens, reads;
static int log_fd = -1;
static char count_file[PATH_MAX];

static void *
next(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

static long
number(const char *name)
{
	const char *s = getenv(name);

	return s ? strtol(s, NULL, 10) : 0;
}

static void
prepare(void)
{
	const char *s;

	if (ready)
		return;
	ready = true;
	kill_at = number("FAULT_KILL");
	kill_after = number("FAULT_AFTER");
	nosync = getenv("FAULT_NOSYNC") != NULL;
	shortens = getenv("FAULT_SHORT") != NULL;
	reads = getenv("FAULT_READS") != NULL;
	only = getenv("FAULT_ONLY");
	if ((s = getenv("FAULT_FAIL"))) {
		fail_at = strtol(s, (char **)&s, 10);
		fail_with = *s == ':' ? atoi(s + 1) : EIO;
	}
	if ((s = getenv("FAULT_COUNT")))
		snprintf(count_file, sizeof count_file, "%s", s);
	if ((s = getenv("FAULT_LOG")))
		log_fd = REAL(open)(
		    s, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

__attribute__((destructor)) static void
finish(void)
{
	FILE *f = *count_file ? fopen(count_file, "w") : NULL;

	if (f) {
		fprintf(f, "%ld\n", count);
		fclose(f);
	}
}

/* Is the call one of those that are looked at? */
static bool
counts(const char *call)
{
	const char *at = only;
	size_t n = strlen(call);

	if (!only)
		return true;
	while ((at = strstr(at, call))) {
		if ((at == only || at[-1] == ',') && (!at[n] || at[n] == ','))
			return true;
		at += n;
	}
	return false;
}

/* Before a call, with the lock: false if it is to fail. */
static bool
begin(const char *call)
{
	prepare();
	if (!counts(call))
		return true;
	count++;
	if (count == kill_at)
		kill(getpid(), SIGKILL);
	if (count != fail_at)
		return true;
	errno = fail_with;
	return false;
}

static void
end(const char *call)
{
	if (kill_after && count == kill_after && counts(call))
		kill(getpid(), SIGKILL);
}

/* A call that has been made: "CALL PATH NUMBER PATH|BYTES", bytes in hex. */
static void
note(const char *call, const char *path, long long n, const char *more,
    const char *bytes, size_t n_bytes)
{
	static const char hex[] = "0123456789abcdef";
	size_t room = strlen(path) + (more ? strlen(more) : 0) + 2 * n_bytes;
	char *line, *p;

	if (log_fd < 0)
		return;
	line = malloc(room + 64);
	p = line + snprintf(line, room + 64, "%s\t%s\t%lld\t%s", call, path, n,
		       more ? more : "");
	for (size_t i = 0; i < n_bytes; i++) {
		*p++ = hex[(unsigned char)bytes[i] >> 4];
		*p++ = hex[bytes[i] & 15];
	}
	*p++ = '\n';
	if (REAL(write)(log_fd, line, (size_t)(p - line)) < 0)
		_exit(99);
	free(line);
}

static const char *
path_of(int fd, char *out)
{
	char name[64];
	ssize_t n;

	snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	n = readlink(name, out, PATH_MAX - 1);
	out[n > 0 ? n : 0] = '\0';
	return out;
}

/* The whole path of a name in a directory. */
static const char *
path_at(int dir, const char *name, char *out)
{
	char base[PATH_MAX];

	if (*name == '/')
		snprintf(out, PATH_MAX, "%s", name);
	else if (dir == AT_FDCWD && getcwd(base, sizeof base))
		snprintf(out, PATH_MAX, "%s/%s", base, name);
	else
		snprintf(out, PATH_MAX, "%s/%s", path_of(dir, base), name);
	return out;
}

static bool
is_file(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode) && fd != log_fd;
}

/* ---- opening ---- */

static int
open_common(int dir, const char *name, int flags, mode_t mode)
{
	bool changes = flags & (O_CREAT | O_TRUNC), was;
	char path[PATH_MAX];
	struct stat st;
	int fd;

	pthread_mutex_lock(&lock);
	prepare();
	if ((changes || reads) && !begin(changes ? "open" : "openread")) {
		pthread_mutex_unlock(&lock);
		return -1;
	}
	path_at(dir, name, path);
	was = !stat(path, &st);
	fd = REAL(openat)(dir, name, flags, mode);
	if (fd >= 0 && (flags & O_CREAT) && !was)
		note("create", path, 0, NULL, NULL, 0);
	else if (fd >= 0 && (flags & O_TRUNC) && S_ISREG(st.st_mode))
		note("truncate", path, 0, NULL, NULL, 0);
	if (changes)
		end("open");
	pthread_mutex_unlock(&lock);
	return fd;
}

#define MODE_OF(flags, mode)                                                   \
	do {                                                                   \
		va_list ap;                                                    \
		va_start(ap, flags);                                           \
		mode = (flags)&O_CREAT ? (mode_t)va_arg(ap, int) : 0;          \
		va_end(ap);                                                    \
	} while (0)

int
open(const char *name, int flags, ...)
{
	mode_t mode;

	MODE_OF(flags, mode);
	return open_common(AT_FDCWD, name, flags, mode);
}

int
openat(int dir, const char *name, int flags, ...)
{
	mode_t mode;

	MODE_OF(flags, mode);
	return open_common(dir, name, flags, mode);
}

int
open64(const char *name, int flags, ...)
{
	mode_t mode;

	MODE_OF(flags, mode);
	return open_common(AT_FDCWD, name, flags, mode);
}

int
openat64(int dir, const char *name, int flags, ...)
{
	mode_t mode;

	MODE_OF(flags, mode);
	return open_common(dir, name, flags, mode);
}

int __open_2(const char *name, int flags);
int __openat_2(int dir, const char *name, int flags);

int
__open_2(const char *name, int flags)
{
	return open_common(AT_FDCWD, name, flags, 0);
}

int
__openat_2(int dir, const char *name, int flags)
{
	return open_common(dir, name, flags, 0);
}

/* ---- writing ---- */

static ssize_t
write_common(int fd, const void *p, size_t n, bool at, off_t offset)
{
	char path[PATH_MAX];
	ssize_t done = -1;
	bool file;

	pthread_mutex_lock(&lock);
	prepare();
	file = is_file(fd);
	if (fd == STDERR_FILENO || begin("write")) {
		if (shortens && file && n > 1)
			n = n / 2;
		done =
		    at ? REAL(pwrite)(fd, p, n, offset) : REAL(write)(fd, p, n);
		if (done > 0 && file) {
			if (!at)
				offset = lseek(fd, 0, SEEK_CUR) - done;
			note("write", path_of(fd, path), offset, NULL, p,
			    (size_t)done);
		}
		if (fd != STDERR_FILENO)
			end("write");
	}
	pthread_mutex_unlock(&lock);
	return done;
}

ssize_t
write(int fd, const void *p, size_t n)
{
	return write_common(fd, p, n, false, 0);
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t offset)
{
	return write_common(fd, p, n, true, offset);
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off_t offset)
{
	return write_common(fd, p, n, true, offset);
}

/* Bytes that no process sees: what they were is read back. */
ssize_t
splice(int from, off64_t *from_at, int to, off64_t *to_at, size_t n,
    unsigned flags)
{
	char path[PATH_MAX], bytes[1 << 16];
	ssize_t done = -1;
	off64_t at;

	pthread_mutex_lock(&lock);
	if (begin("splice")) {
		at = to_at ? *to_at : 0;
		if (n > sizeof bytes)
			n = sizeof bytes;
		done = REAL(splice)(from, from_at, to, to_at, n, flags);
		if (done > 0 && is_file(to) && log_fd >= 0 &&
		    REAL(pread)(to, bytes, (size_t)done, at) == done)
			note("write", path_of(to, path), at, NULL, bytes,
			    (size_t)done);
		end("splice");
	}
	pthread_mutex_unlock(&lock);
	return done;
}

static int
truncate_common(int fd, off_t length)
{
	char path[PATH_MAX];
	int rc = -1;

	pthread_mutex_lock(&lock);
	if (begin("ftruncate")) {
		rc = REAL(ftruncate)(fd, length);
		if (!rc)
			note("truncate", path_of(fd, path), length, NULL, NULL,
			    0);
		end("ftruncate");
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

int
ftruncate(int fd, off_t length)
{
	return truncate_common(fd, length);
}

int
ftruncate64(int fd, off_t length)
{
	return truncate_common(fd, length);
}

/* Room alone (FALLOC_FL_KEEP_SIZE): nothing that is read changes. */
int
fallocate(int fd, int mode, off_t at, off_t n)
{
	int rc = -1;

	pthread_mutex_lock(&lock);
	if (begin("fallocate")) {
		rc = REAL(fallocate)(fd, mode, at, n);
		end("fallocate");
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

/* ---- syncing ---- */

static int
sync_common(int fd, const char *call, int (*sync)(int fd))
{
	char path[PATH_MAX];
	int rc = -1;

	pthread_mutex_lock(&lock);
	if (begin(call)) {
		rc = nosync ? 0 : sync(fd);
		if (!rc && !nosync)
			note("sync", path_of(fd, path), 0, NULL, NULL, 0);
		end(call);
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

int
fsync(int fd)
{
	return sync_common(fd, "fsync", REAL(fsync));
}

int
fdatasync(int fd)
{
	return sync_common(fd, "fdatasync", REAL(fdatasync));
}

/* It makes nothing certain; but what could not be written may be said here. */
int
sync_file_range(int fd, off_t at, off_t n, unsigned flags)
{
	int rc = -1;

	pthread_mutex_lock(&lock);
	if (begin("sync_file_range")) {
		rc = REAL(sync_file_range)(fd, at, n, flags);
		end("sync_file_range");
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

/* What it makes certain is not told from what a sync of each file does. */
int
syncfs(int fd)
{
	int rc = -1;

	pthread_mutex_lock(&lock);
	if (begin("syncfs")) {
		rc = nosync ? 0 : REAL(syncfs)(fd);
		end("syncfs");
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

/* ---- names ---- */

static int
rename_common(
    int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	char a[PATH_MAX], b[PATH_MAX];
	int rc = -1;

	pthread_mutex_lock(&lock);
	if (begin("rename")) {
		path_at(from_dir, from, a);
		path_at(to_dir, to, b);
		rc = REAL(renameat2)(from_dir, from, to_dir, to, flags);
		if (!rc)
			note("rename", a, 0, b, NULL, 0);
		end("rename");
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

int
rename(const char *from, const char *to)
{
	return rename_common(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int
renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	return rename_common(from_dir, from, to_dir, to, 0);
}

int
renameat2(
    int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	return rename_common(from_dir, from, to_dir, to, flags);
}

static int
unlink_common(int dir, const char *name, int flags)
{
	char path[PATH_MAX];
	int rc = -1;

	pthread_mutex_lock(&lock);
	if (begin("unlink")) {
		path_at(dir, name, path);
		rc = REAL(unlinkat)(dir, name, flags);
		if (!rc)
			note("unlink", path, flags & AT_REMOVEDIR, NULL, NULL,
			    0);
		end("unlink");
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

int
unlink(const char *name)
{
	return unlink_common(AT_FDCWD, name, 0);
}

int
unlinkat(int dir, const char *name, int flags)
{
	return unlink_common(dir, name, flags);
}

int
rmdir(const char *name)
{
	return unlink_common(AT_FDCWD, name, AT_REMOVEDIR);
}

static int
mkdir_common(int dir, const char *name, mode_t mode)
{
	char path[PATH_MAX];
	int rc = -1;

	pthread_mutex_lock(&lock);
	if (begin("mkdir")) {
		path_at(dir, name, path);
		rc = REAL(mkdirat)(dir, name, mode);
		if (!rc)
			note("mkdir", path, 0, NULL, NULL, 0);
		end("mkdir");
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

int
mkdir(const char *name, mode_t mode)
{
	return mkdir_common(AT_FDCWD, name, mode);
}

int
mkdirat(int dir, const char *name, mode_t mode)
{
	return mkdir_common(dir, name, mode);
}

int
linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
	char a[PATH_MAX], b[PATH_MAX];
	int rc = -1;

	pthread_mutex_lock(&lock);
	if (begin("link")) {
		path_at(from_dir, from, a);
		path_at(to_dir, to, b);
		rc = REAL(linkat)(from_dir, from, to_dir, to, flags);
		if (!rc)
			note("link", a, 0, b, NULL, 0);
		end("link");
	}
	pthread_mutex_unlock(&lock);
	return rc;
}

int
link(const char *from, const char *to)
{
	return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

/* ---- reading, where that is asked for ---- */

DIR *
opendir(const char *name)
{
	DIR *d = NULL;

	pthread_mutex_lock(&lock);
	prepare();
	if (!reads || begin("opendir"))
		d = REAL(opendir)(name);
	pthread_mutex_unlock(&lock);
	return d;
}

static ssize_t
read_common(int fd, void *p, size_t n, bool at, off_t offset)
{
	ssize_t done = -1;
	bool looked;

	pthread_mutex_lock(&lock);
	prepare();
	looked = reads && is_file(fd);
	if (looked && !begin("read")) {
		pthread_mutex_unlock(&lock);
		return -1;
	}
	pthread_mutex_unlock(&lock);
	done = at ? REAL(pread)(fd, p, n, offset) : REAL(read)(fd, p, n);
	return done;
}

ssize_t
read(int fd, void *p, size_t n)
{
	return read_common(fd, p, n, false, 0);
}

ssize_t
pread(int fd, void *p, size_t n, off_t offset)
{
	return read_common(fd, p, n, true, offset);
}

ssize_t
pread64(int fd, void *p, size_t n, off_t offset)
{
	return read_common(fd, p, n, true, offset);
}

/* May it go on? False: errno is that of the fault. */
static bool
may_read(int fd)
{
	bool may;

	pthread_mutex_lock(&lock);
	prepare();
	may = !reads || !is_file(fd) || begin("read");
	pthread_mutex_unlock(&lock);
	return may;
}

ssize_t
preadv(int fd, const struct iovec *to, int n, off_t offset)
{
	return may_read(fd) ? REAL(preadv)(fd, to, n, offset) : -1;
}

ssize_t
preadv2(int fd, const struct iovec *to, int n, off_t offset, int flags)
{
	return may_read(fd) ? REAL(preadv2)(fd, to, n, offset, flags) : -1;
}

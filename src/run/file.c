/* SPDX-License-Identifier: MIT */
/* Regular files with few descriptors; see file.h. */
#include "run/file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

/* Descriptors left for outputs, state, directories, libraries. */
#define SPARE 24
#define FEWEST 4
#define MOST 4096

struct file {
	struct port port;
	const char *path;
	int fd; /* -1: closed for now */
	dev_t device;
	ino_t inode;
	uint64_t base, at;	    /* where reading began; bytes read since */
	unsigned pins;		    /* reads going on */
	int failure;		    /* errno of a read that failed; 0 */
	struct file *older, *newer; /* among those that are open and may be
				       closed */
};

/*
 * Descriptors belong to the process, and so does their list. The lock is held
 * for a moment at the beginning and end of a read, not during it.
 */
static struct {
	pthread_mutex_t lock;
	struct file *oldest, *newest;
	unsigned n, max;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- the pool, with the lock held ---- */

static void
know_limit(void)
{
	struct rlimit r;

	if (pool.max)
		return;
	pool.max = MOST;
	if (getrlimit(RLIMIT_NOFILE, &r))
		return;
	if (r.rlim_cur < r.rlim_max && r.rlim_cur < MOST + SPARE) {
		rlim_t soft = r.rlim_cur;

		r.rlim_cur =
		    r.rlim_max < MOST + SPARE ? r.rlim_max : MOST + SPARE;
		if (setrlimit(RLIMIT_NOFILE, &r))
			r.rlim_cur = soft;
	}
	if (r.rlim_cur < MOST + SPARE)
		pool.max = r.rlim_cur > SPARE + FEWEST
			       ? (unsigned)(r.rlim_cur - SPARE)
			       : FEWEST;
}

static void
leave_list(struct file *f)
{
	*(f->older ? &f->older->newer : &pool.oldest) = f->newer;
	*(f->newer ? &f->newer->older : &pool.newest) = f->older;
	f->older = f->newer = NULL;
	pool.n--;
}

static void
join_list(struct file *f)
{
	f->older = pool.newest;
	f->newer = NULL;
	*(f->older ? &f->older->newer : &pool.oldest) = f;
	pool.newest = f;
	pool.n++;
}

/* Closes what was not read for longest, to make room for one more. */
static void
make_room(void)
{
	struct file *f = pool.oldest;

	while (f && pool.n >= pool.max) {
		struct file *next = f->newer;

		if (!f->pins) {
			leave_list(f);
			close(f->fd);
			f->fd = -1;
		}
		f = next;
	}
}

static int
open_again(struct file *f)
{
	struct stat st;

	make_room();
	f->fd = open(f->path, O_RDONLY | O_CLOEXEC);
	if (f->fd < 0)
		return -1;
	if (fstat(f->fd, &st) || st.st_dev != f->device ||
	    st.st_ino != f->inode) {
		close(f->fd);
		f->fd = -1;
		errno = ESTALE;
		return -1;
	}
	join_list(f);
	return 0;
}

/* ---- reading ---- */

static int
pin(struct file *f)
{
	int status = 0;

	if (!f->path)
		return 0;
	pthread_mutex_lock(&pool.lock);
	if (f->fd < 0) {
		status = open_again(f);
	} else if (f != pool.newest) {
		leave_list(f);
		join_list(f);
	}
	f->pins += status == 0;
	pthread_mutex_unlock(&pool.lock);
	return status;
}

static void
unpin(struct file *f)
{
	if (!f->path)
		return;
	pthread_mutex_lock(&pool.lock);
	f->pins--;
	pthread_mutex_unlock(&pool.lock);
}

/* What errno says is kept; returns -1. */
static ssize_t
fail(struct file *f)
{
	int errnum = errno;

	pthread_mutex_lock(&pool.lock);
	f->failure = errnum;
	pthread_mutex_unlock(&pool.lock);
	errno = errnum;
	return -1;
}

ssize_t
file_read_at(struct file *f, void *to, size_t n, uint64_t offset)
{
	ssize_t got;

	if (pin(f))
		return fail(f);
	do
		got = pread(f->fd, to, n, (off_t)(f->base + offset));
	while (got < 0 && errno == EINTR);
	if (got < 0)
		(void)fail(f);
	unpin(f);
	return got;
}

int
file_failure(const struct file *f)
{
	int failure;

	pthread_mutex_lock(&pool.lock);
	failure = f->failure;
	pthread_mutex_unlock(&pool.lock);
	return failure;
}

bool
file_stat(struct file *f, struct stat *st)
{
	bool found;

	if (pin(f))
		return false;
	found = !fstat(f->fd, st);
	unpin(f);
	return found;
}

static ssize_t
file_read(struct port *p, char *to, size_t n, struct err *err)
{
	struct file *f = (struct file *)p;
	ssize_t got;

	if (n > port_read_max)
		n = port_read_max;
	/* Who gave us standard input may want to know how far we came. */
	got = f->path ? file_read_at(f, to, n, f->at) : read(f->fd, to, n);
	if (got < 0)
		return port_read_failed(
		    f->path ? str_of(f->path) : STR("-"), err);
	f->at += (uint64_t)got;
	return got;
}

static bool
file_ready(struct port *p, int ms)
{
	(void)p;
	(void)ms;
	return true;
}

static void
file_free(struct port *p)
{
	struct file *f = (struct file *)p;

	pthread_mutex_lock(&pool.lock);
	if (f->path && f->fd >= 0)
		leave_list(f);
	pthread_mutex_unlock(&pool.lock);
	if (f->fd > STDIN_FILENO)
		close(f->fd);
	mem_free(f);
}

/* ---- the interface ---- */

struct file *
file_new(int fd, const char *path)
{
	static const struct port_kind kind = {file_read, file_ready, file_free};
	struct file *f = mem_zalloc(sizeof *f);
	off_t at = lseek(fd, 0, SEEK_CUR);
	struct stat st = {0};

	(void)fstat(fd, &st);
	f->port.kind = &kind;
	f->path = path;
	f->fd = fd;
	f->device = st.st_dev;
	f->inode = st.st_ino;
	f->base = at > 0 ? (uint64_t)at : 0;
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	if (path) {
		pthread_mutex_lock(&pool.lock);
		join_list(f);
		pthread_mutex_unlock(&pool.lock);
	}
	return f;
}

int
file_open(const char *path)
{
	pthread_mutex_lock(&pool.lock);
	know_limit();
	make_room();
	pthread_mutex_unlock(&pool.lock);
	return open(path, O_RDONLY | O_CLOEXEC);
}

void
file_seek(struct file *f, uint64_t offset)
{
	f->at = offset;
	if (!f->path)
		(void)lseek(f->fd, (off_t)(f->base + offset), SEEK_SET);
}

struct port *
file_port(struct file *f)
{
	return &f->port;
}

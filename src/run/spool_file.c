/* SPDX-License-Identifier: MIT */
/* Files of the journal of standard input; see spool_file.h. */
#include "run/spool_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "run/spool.h"

uint64_t
spool_piece_of(uint64_t place)
{
	return place < SPOOL_HEAD ? 0 : 1 + (place - SPOOL_HEAD) / SPOOL_PIECE;
}

uint64_t
spool_piece_begin(uint64_t number)
{
	return number ? SPOOL_HEAD + (number - 1) * SPOOL_PIECE : 0;
}

void
spool_piece_name(char name[static SPOOL_NAME], uint64_t number)
{
	snprintf(name, SPOOL_NAME, "spool.%06llu", (unsigned long long)number);
}

int
spool_fail(const struct spool_dir *d, uint64_t number, const char *what,
    struct err *err)
{
	int errnum = errno;

	return err_sys(err, ERR_IO, errnum, "%s/spool.%06llu: cannot %s",
	    d->name, (unsigned long long)number, what);
}

int
spool_damaged(const struct spool_dir *d, uint64_t number, uint64_t at,
    const char *what, struct err *err)
{
	char where[32] = "";

	if (at != SPOOL_NOWHERE)
		snprintf(
		    where, sizeof where, ", byte %llu", (unsigned long long)at);
	err_set(err, ERR_STATE, (struct where){0}, "%s/spool.%06llu%s: %s",
	    d->name, (unsigned long long)number, where, what);
	return err_hint(err,
	    "weir state repair %s; or to begin anew: weir state rm %s", d->name,
	    d->name);
}

int
spool_piece_open(
    const struct spool_dir *d, uint64_t number, int flags, struct err *err)
{
	char name[SPOOL_NAME];
	struct stat st;
	int fd;

	spool_piece_name(name, number);
	do
		fd = openat(d->fd, name,
		    flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		    0600);
	while (fd < 0 && errno == EINTR);
	if (fd < 0 && errno == ENOENT && !(flags & O_CREAT))
		return -2;
	if (fd < 0)
		return spool_fail(d, number, "open", err);
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return spool_damaged(
	    d, number, SPOOL_NOWHERE, "is not a regular file", err);
}

bool
spool_is(int folder)
{
	struct stat st;

	return folder >= 0 &&
	       !fstatat(folder, "spool.000000", &st, AT_SYMLINK_NOFOLLOW);
}

/* Is it the name of a piece? */
static bool
take_name(const char *name, uint64_t *number)
{
	char again[SPOOL_NAME];
	int64_t n;

	if (strncmp(name, "spool.", 6) != 0 ||
	    !num_parse_int(str_of(name + 6), &n) || n < 0)
		return false;
	spool_piece_name(again, (uint64_t)n);
	*number = (uint64_t)n;
	return !strcmp(name, again);
}

int
spool_last(const struct spool_dir *d, uint64_t place, bool tidy, uint64_t *last,
    struct err *err)
{
	int fd = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;
	uint64_t number;

	*last = 0;
	if (!list) {
		err_sys(err, ERR_IO, errno, "%s: cannot list", d->name);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while ((e = readdir(list))) {
		if (!take_name(e->d_name, &number))
			continue;
		if (number && number < spool_piece_of(place)) {
			if (tidy)
				(void)unlinkat(d->fd, e->d_name, 0);
		} else if (number > *last)
			*last = number;
	}
	closedir(list);
	return 0;
}

int
spool_write(int fd, const char *p, size_t n, uint64_t at)
{
	while (n) {
		ssize_t put = pwrite(fd, p, n, (off_t)at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0) {
			if (!put)
				errno = EIO;
			return -1;
		}
		p += put;
		at += (uint64_t)put;
		n -= (size_t)put;
	}
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* Where bytes go; see output.h. */
#include "run/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

void
output_stdout(struct output *o)
{
	*o = (struct output){
	    .fd = STDOUT_FILENO, .look = -1, .folder = -1, .opened = true};
}

void
output_memory(struct output *o)
{
	*o = (struct output){
	    .fd = -1, .look = -1, .folder = -1, .opened = true, .kept = true};
}

struct buf
output_take(struct output *o)
{
	struct buf taken = o->buf;

	o->buf = (struct buf){0};
	return taken;
}

static const char *
shown_name(const struct output *o, char *name)
{
	if (!o->path)
		return "standard output";
	err_quote(name, str_of(o->path), 120);
	return name;
}

void
output_fail(struct output *o, const char *what)
{
	char name[512];
	int errnum = errno;

	if (!o->failed)
		err_sys(&o->err, ERR_OUTPUT, errnum, "cannot %s %s", what,
		    shown_name(o, name));
	o->failed = true;
	o->broken = errnum == EPIPE;
	o->buf.n = 0;
}

/* ---- which file it is ---- */

static struct file_id
id_of(const struct stat *st)
{
	/* Devices and pipes may well be used for several things. */
	if (!S_ISREG(st->st_mode))
		return (struct file_id){.known = false};
	return (struct file_id){
	    .known = true, .device = st->st_dev, .inode = st->st_ino};
}

struct file_id
file_id_of(const char *path)
{
	struct stat st = {0};

	return stat(path, &st) ? (struct file_id){.known = false} : id_of(&st);
}

struct file_id
file_id_of_fd(int fd)
{
	struct stat st = {0};

	return fstat(fd, &st) ? (struct file_id){.known = false} : id_of(&st);
}

/* ---- opening ---- */

void
output_rights(const struct output *o, const struct stat *replaced)
{
	mode_t mask = umask(0);

	umask(mask);
	if (!replaced) {
		(void)fchmod(o->fd, 0666 & ~mask);
		return;
	}
	if (fchown(o->fd, replaced->st_uid, replaced->st_gid))
		errno = 0; /* not ours to give away: it becomes our own */
	(void)fchmod(o->fd, replaced->st_mode & 0777);
}

/* A new file beside the final one, which is not a link. */
static void
open_temporary(struct output *o, const struct stat *replaced)
{
	char target[PATH_MAX];
	size_t n;

	if (replaced && access(o->path, W_OK))
		return;
	if (!replaced || !realpath(o->path, target))
		o->target = mem_strdup(o->path);
	else
		o->target = mem_strdup(target);
	n = strlen(o->target) + 16;
	o->temporary = mem_alloc(n);
	snprintf(o->temporary, n, "%s.XXXXXX", o->target);
	o->fd = mkostemp(o->temporary, O_CLOEXEC);
	if (o->fd >= 0)
		output_rights(o, replaced);
}

static void
release_names(struct output *o)
{
	mem_free(o->path);
	mem_free(o->target);
	mem_free(o->temporary);
	o->path = o->target = o->temporary = NULL;
}

int
output_open(struct output *o, const char *path, bool atomic, struct err *err)
{
	struct stat st;
	bool there = !stat(path, &st);
	bool special = there && !S_ISREG(st.st_mode);

	*o = (struct output){
	    .fd = -1, .look = -1, .folder = -1, .path = mem_strdup(path)};
	if (atomic && !special)
		open_temporary(o, there ? &st : NULL);
	else
		o->fd = open(path,
		    O_WRONLY | O_CREAT | O_CLOEXEC | (special ? 0 : O_TRUNC),
		    0666);
	if (o->fd < 0) {
		output_fail(o, "create");
		*err = o->err;
		o->err = (struct err){0};
		release_names(o);
		return -1;
	}
	o->opened = true;
	return 0;
}

static bool
write_all(struct output *o, struct str bytes)
{
	size_t done = 0;

	while (done < bytes.n && !o->failed) {
		ssize_t n = write(o->fd, bytes.p + done, bytes.n - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			output_fail(o, "write to");
		else
			done += (size_t)n;
	}
	o->written += done;
	return !o->failed;
}

bool
output_flush(struct output *o)
{
	if (o->kept)
		return true;
	if (o->box && o->buf.n < OUTPUT_BYTES)
		return !o->failed;
	if (o->box)
		outbox_add(o->box, buf_str(&o->buf));
	else
		write_all(o, buf_str(&o->buf));
	o->buf.n = 0;
	return !o->failed;
}

void
output_cut(struct output *o, int64_t next_box)
{
	if (!o->box) {
		output_flush(o);
		return;
	}
	outbox_add(o->box, buf_str(&o->buf));
	o->buf.n = 0;
	outbox_cut(o->box, next_box);
}

static bool
put_chunk(void *output, struct str bytes)
{
	return write_all(output, bytes);
}

bool
output_send(struct output *o)
{
	return !o->box || outbox_send(o->box, put_chunk, o);
}

bool
output_rest(struct output *o)
{
	output_flush(o);
	if (close(o->fd) && !o->failed)
		output_fail(o, "close");
	o->fd = -1;
	return !o->failed;
}

bool
output_wake(struct output *o)
{
	const char *path = o->temporary ? o->temporary : o->target;

	o->fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	if (o->fd < 0 && errno == EACCES)
		o->fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	return o->fd >= 0;
}

static void
finish_file(struct output *o, bool keep)
{
	if (o->temporary && keep && !o->failed && !o->synced && fsync(o->fd))
		output_fail(o, "sync");
	if (o->fd >= 0 && close(o->fd) && !o->failed)
		output_fail(o, "close");
	if (!o->temporary)
		return;
	if (keep && !o->failed && rename(o->temporary, o->target))
		output_fail(o, "rename to");
	if (!keep || o->failed)
		unlink(o->temporary);
}

int
output_close(struct output *o, bool keep, struct err *err)
{
	if (!o->opened)
		return 0;
	/* Nobody wants more of it than was committed. */
	if ((o->lasting && !keep) || o->box)
		o->buf.n = 0;
	output_flush(o);
	if (o->path)
		finish_file(o, keep);
	if (o->look >= 0 && o->look != o->fd)
		close(o->look);
	if (o->folder >= 0)
		close(o->folder);
	if (o->box)
		outbox_release(o->box);
	mem_free(o->box);
	o->box = NULL;
	buf_release(&o->buf);
	release_names(o);
	o->opened = false;
	if (!o->failed)
		return 0;
	err_release(err);
	*err = o->err;
	return -1;
}

/* SPDX-License-Identifier: MIT */
/* Where bytes go; see output.h. */
#include "run/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

void
output_stdout(struct output *o)
{
	*o = (struct output){.fd = STDOUT_FILENO, .opened = true};
}

static const char *
shown_name(const struct output *o, char *name)
{
	if (!o->path)
		return "standard output";
	err_quote(name, str_of(o->path), 120);
	return name;
}

static void
fail(struct output *o, const char *what)
{
	char name[512];
	int errnum = errno;

	if (!o->failed)
		err_sys(&o->err, ERR_OUTPUT, errnum, "cannot %s %s", what,
		    shown_name(o, name));
	o->failed = true;
	o->buf.n = 0;
}

/* A new file beside the final one, with the rights a new file would have. */
static int
open_temporary(struct output *o)
{
	size_t n = strlen(o->path) + 16;
	mode_t mask = umask(0);

	umask(mask);
	o->temporary = mem_alloc(n);
	snprintf(o->temporary, n, "%s.XXXXXX", o->path);
	o->fd = mkostemp(o->temporary, O_CLOEXEC);
	if (o->fd < 0) {
		mem_free(o->temporary);
		o->temporary = NULL;
		return -1;
	}
	return fchmod(o->fd, 0666 & ~mask);
}

int
output_open(struct output *o, const char *path, bool atomic, struct err *err)
{
	struct stat st;
	bool special = !stat(path, &st) && !S_ISREG(st.st_mode);

	*o = (struct output){.fd = -1, .path = mem_strdup(path)};
	if (atomic && !special)
		(void)open_temporary(o);
	else
		o->fd = open(path,
		    O_WRONLY | O_CREAT | O_CLOEXEC | (special ? 0 : O_TRUNC),
		    0666);
	if (o->fd < 0) {
		fail(o, "create");
		*err = o->err;
		o->err = (struct err){0};
		mem_free(o->path);
		return -1;
	}
	o->opened = true;
	return 0;
}

bool
output_flush(struct output *o)
{
	size_t done = 0;

	while (done < o->buf.n && !o->failed) {
		ssize_t n = write(o->fd, o->buf.p + done, o->buf.n - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			fail(o, "write to");
		else
			done += (size_t)n;
	}
	o->written += done;
	o->buf.n = 0;
	return !o->failed;
}

static void
finish_file(struct output *o, bool keep)
{
	if (o->temporary && keep && !o->failed && fsync(o->fd))
		fail(o, "sync");
	if (close(o->fd) && !o->failed)
		fail(o, "close");
	if (!o->temporary)
		return;
	if (keep && !o->failed && rename(o->temporary, o->path))
		fail(o, "rename to");
	if (!keep || o->failed)
		unlink(o->temporary);
}

int
output_close(struct output *o, bool keep, struct err *err)
{
	if (!o->opened)
		return 0;
	output_flush(o);
	if (o->path)
		finish_file(o, keep);
	buf_release(&o->buf);
	mem_free(o->path);
	mem_free(o->temporary);
	o->opened = false;
	if (!o->failed)
		return 0;
	err_release(err);
	*err = o->err;
	return -1;
}

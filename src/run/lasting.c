/* SPDX-License-Identifier: MIT */
/* Files that runs continue; see lasting.h. */
#include "run/lasting.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "run/identity.h"

const char *
lasting_name(const struct output *o, char name[static 512])
{
	if (!o->path)
		return "standard output";
	err_quote(name, str_of(o->path), 120);
	return name;
}

struct str
lasting_path(const struct output *o)
{
	if (!o->lasting)
		return STR("");
	return o->target ? str_of(o->target) : STR("-");
}

/* ---- extents ---- */

/* Reads the n bytes before a place; false if they are not all there. */
static bool
read_before(int fd, uint64_t at, char *out, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t got =
		    pread(fd, out + done, n - done, (off_t)(at - n + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		done += (size_t)got;
	}
	return true;
}

bool
extent_of(int fd, uint64_t length, struct extent *out)
{
	char bytes[TAIL_BYTES];
	size_t n = length < TAIL_BYTES ? (size_t)length : TAIL_BYTES;
	struct stat st;

	if (fstat(fd, &st))
		return false;
	*out = (struct extent){.device = (uint64_t)st.st_dev,
	    .inode = (uint64_t)st.st_ino,
	    .length = length};
	if (!read_before(fd, length, bytes, n))
		return false;
	out->n_tail = (uint32_t)n;
	out->hash = identity_hash(bytes, n);
	return true;
}

bool
extent_matches(int fd, const struct extent *was)
{
	char bytes[TAIL_BYTES];

	errno = 0;
	if (!was->n_tail)
		return true;
	return was->n_tail <= TAIL_BYTES && was->n_tail <= was->length &&
	       read_before(fd, was->length, bytes, was->n_tail) &&
	       identity_hash(bytes, was->n_tail) == was->hash;
}

void
extent_put(struct buf *map, const struct extent *e)
{
	note_int(map, "device", (int64_t)e->device);
	note_int(map, "inode", (int64_t)e->inode);
	note_count(map, "length", e->length);
	note_count(map, "tail", e->n_tail);
	note_int(map, "tail_hash", (int64_t)e->hash);
}

bool
extent_get(struct note map, struct extent *out)
{
	struct value length;
	uint64_t n_tail = note_get_count(map, "tail");

	*out =
	    (struct extent){.device = (uint64_t)note_get_int(map, "device", 0),
		.inode = (uint64_t)note_get_int(map, "inode", 0),
		.length = note_get_count(map, "length"),
		.hash = (uint64_t)note_get_int(map, "tail_hash", 0),
		.n_tail = n_tail <= TAIL_BYTES ? (uint32_t)n_tail : TAIL_BYTES};
	return note_get(map, "length", T_INT, &length) && length.i >= 0 &&
	       n_tail <= TAIL_BYTES && n_tail <= out->length;
}

/* ---- opening ---- */

static int
fail(struct output *o, const char *what, struct err *err)
{
	char name[512];
	int errnum = errno;

	err_sys(err, ERR_OUTPUT, errnum, "cannot %s %s", what,
	    lasting_name(o, name));
	return -1;
}

/* The lock goes with the descriptor, which no other process has. */
static int
lock(struct output *o, struct err *err)
{
	char name[512];

	if (o->look < 0 || !flock(o->look, LOCK_EX | LOCK_NB) ||
	    errno != EWOULDBLOCK)
		return 0; /* a file system without locks has none */
	err_set(err, ERR_OUTPUT, (struct where){0},
	    "another run is writing to %s", lasting_name(o, name));
	return -1;
}

/* A new file is there after a power cut only if its directory was synced. */
static void
open_folder(struct output *o)
{
	char *slash = strrchr(o->target, '/');
	char *folder = mem_strdup(slash ? o->target : ".");

	if (slash)
		folder[slash == o->target ? 1 : slash - o->target] = 0;
	o->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	mem_free(folder);
}

static int
open_regular(struct output *o, struct err *err)
{
	const int flags = O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY;
	char target[PATH_MAX];

	o->fd = o->look = open(o->path, O_RDWR | flags, 0666);
	if (o->fd < 0 && errno == EACCES)
		o->fd = open(o->path, O_WRONLY | flags, 0666);
	if (o->fd < 0)
		return fail(o, "open", err);
	o->opened = o->lasting = true;
	o->target = mem_strdup(realpath(o->path, target) ? target : o->path);
	return lock(o, err);
}

int
lasting_open(struct output *o, const char *path, struct err *err)
{
	struct stat st;

	if (!stat(path, &st) && !S_ISREG(st.st_mode))
		return output_open(o, path, false, err);
	*o = (struct output){
	    .fd = -1, .look = -1, .folder = -1, .path = mem_strdup(path)};
	if (!open_regular(o, err))
		return 0;
	if (o->opened) {
		struct err none = {0};

		(void)output_close(o, false, &none);
		err_release(&none);
	} else {
		mem_free(o->path);
		o->path = NULL;
	}
	return -1;
}

int
lasting_stdout(struct output *o, struct err *err)
{
	struct stat st;

	output_stdout(o);
	if (fstat(o->fd, &st) || !S_ISREG(st.st_mode))
		return 0;
	o->lasting = true;
	/* Standard output is often shared and can often not be read. */
	o->look = open("/proc/self/fd/1", O_RDONLY | O_CLOEXEC);
	return lock(o, err);
}

/* ---- going on ---- */

/* Where the next byte goes, and how long the file is. */
static bool
place(const struct output *o, struct stat *st, uint64_t *at)
{
	int flags = fcntl(o->fd, F_GETFL);
	off_t offset;

	if (flags < 0 || fstat(o->fd, st))
		return false;
	*at = (uint64_t)st->st_size;
	if (flags & O_APPEND)
		return true;
	offset = lseek(o->fd, 0, SEEK_CUR);
	*at = (uint64_t)offset;
	return offset >= 0;
}

static int
refuse(const struct output *o, const char *how, struct err *err)
{
	char name[512];

	err_set(err, ERR_STATE, (struct where){0},
	    "%s %s when the state was last saved", lasting_name(o, name), how);
	return err_hint(err,
	    "move the file away, and a new one is begun; or write to another "
	    "file");
}

/* Cuts off what no commit knows of. */
static int
cut_back(struct output *o, uint64_t length, struct err *err)
{
	o->at.length = length;
	if (ftruncate(o->fd, (off_t)length) || fsync(o->fd))
		return fail(o, "cut back", err);
	if (!(fcntl(o->fd, F_GETFL) & O_APPEND) &&
	    lseek(o->fd, (off_t)length, SEEK_SET) < 0)
		return fail(o, "cut back", err);
	return 0;
}

/*
 * Is it the file that was noted, in which a run may go on? An empty one under
 * the old name is the next one of a rotation; what the shell has begun anew
 * is another file, or not at the old place.
 */
static bool
is_noted(const struct output *o, const struct extent *was,
    const struct stat *st, uint64_t at)
{
	bool same = was->device == (uint64_t)st->st_dev &&
		    was->inode == (uint64_t)st->st_ino;

	if (o->path)
		return same || (at && was->n_tail);
	if (!same)
		return false;
	if (fcntl(o->fd, F_GETFL) & O_APPEND)
		return at || !was->length;
	return at >= was->length &&
	       (o->look < 0 || extent_matches(o->look, was));
}

int
lasting_resume(struct output *o, const struct extent *was, bool ended,
    enum lasting_from *from, struct err *err)
{
	struct stat st;
	uint64_t at;

	if (!place(o, &st, &at))
		return fail(o, "look at", err);
	if (o->path && !at)
		open_folder(o);
	o->at.length = at;
	*from = at ? LASTING_FOREIGN : LASTING_NEW;
	o->unnoted = !was || !is_noted(o, was, &st, at);
	if (o->unnoted)
		return 0;
	if (at < was->length)
		return refuse(o, "is shorter than", err);
	if (o->look >= 0 && !extent_matches(o->look, was))
		return errno ? fail(o, "read", err)
			     : refuse(o, "is not what it was", err);
	*from = was->length ? LASTING_CONTINUED : LASTING_NEW;
	if (at == was->length)
		return 0;
	if (!ended)
		return cut_back(o, was->length, err);
	if (!was->length)
		*from = LASTING_FOREIGN;
	return 0;
}

bool
lasting_cut(struct output *o)
{
	struct stat st;
	uint64_t at;

	if (!place(o, &st, &at)) {
		output_fail(o, "look at");
		return false;
	}
	o->grown = at != o->at.length;
	if (o->look >= 0 && !extent_of(o->look, at, &o->at)) {
		output_fail(o, "read");
		return false;
	}
	if (o->look >= 0)
		return true;
	o->at = (struct extent){.device = (uint64_t)st.st_dev,
	    .inode = (uint64_t)st.st_ino,
	    .length = at};
	return true;
}

void
lasting_sync(const struct output *o, struct buf *fds)
{
	if (!o->lasting)
		return;
	if (o->grown)
		buf_add(fds, &o->fd, sizeof o->fd);
	if (o->folder >= 0)
		buf_add(fds, &o->folder, sizeof o->folder);
}

void
lasting_synced(struct output *o)
{
	if (o->folder >= 0)
		close(o->folder);
	o->folder = -1;
}
